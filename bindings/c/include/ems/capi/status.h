/* SPDX-License-Identifier: Apache-2.0 */
/** @file Version, status names, the last error of a thread, the assertion handler. */
#ifndef EMS_CAPI_STATUS_H
#define EMS_CAPI_STATUS_H

#include <ems/capi/codes.h>
#include <ems/capi/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Number of this ABI: the N of libems.so.N. The headers in use are those of EMS_ABI_VERSION. */
enum { EMS_ABI_VERSION = 0 };

/**
 * ABI of the library that was loaded. A program stops when it is not EMS_ABI_VERSION.
 *
 * @return         The number.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API uint32_t ems_abi_version(void);

/**
 * Version of the library, `MAJOR.MINOR.PATCH`.
 *
 * @return         Static text.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API const char* ems_version(void);

/**
 * Name of a status, the same in C++, gRPC and Python: `out_of_range`.
 *
 * @param status   Any number.
 * @return         Static text; "ok" for EMS_OK, "unknown" for a number outside the table.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API const char* ems_status_name(ems_status_t status);

/**
 * What a status means, in one sentence for people.
 *
 * @param status   Any number.
 * @return         Static text; empty for a number outside the table.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API const char* ems_status_meaning(ems_status_t status);

/**
 * Why the last call on this thread that returns a status failed.
 *
 * @return         Static text, valid for ever; empty when that call succeeded.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread; each has its own.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API const char* ems_last_error_message(void);

/**
 * Where the last call on this thread failed: mostly the first wrong byte; each function says.
 *
 * @return         The place; 0 when that call succeeded or has no place. Saturates at 65535.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread; each has its own.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API uint16_t ems_last_error_offset(void);

/** Told of a bug in libems itself. Must not return: open the contactors, then reset. */
typedef void (*ems_assertion_handler_t)(const char* expression, const char* file, int line);

/**
 * Sets what happens when libems finds a bug of its own. Wrong arguments never get there.
 *
 * @param handler  The new handler; may be NULL: the default, which prints and traps.
 * @return         The handler that was set before; NULL for the default.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread; the handler is the process's.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_assertion_handler_t ems_set_assertion_handler(ems_assertion_handler_t handler);

#ifdef __cplusplus
}
#endif

#endif
