/* SPDX-License-Identifier: Apache-2.0 */
/** @file The conversation with one device over one byte stream: what to ask, when, and what to do
 *  when no answer comes. Bytes and `now` go in; bytes and the next wake-up time come out. */
#ifndef EMS_CAPI_POLLER_H
#define EMS_CAPI_POLLER_H

#include <ems/capi/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One conversation, in memory of the caller. */
typedef struct ems_poller ems_poller_t;

/** uint64_t words of static memory that a poller needs at most, in every 0.x. */
enum { EMS_POLLER_WORDS = 256 };

/** How to ask. ems_poller_settings_default() fills it. */
typedef struct ems_poller_settings {
  uint32_t struct_size;        /**< sizeof(ems_poller_settings_t). */
  uint32_t retries;            /**< Fast repetitions of one request, 0 .. 255. */
  int64_t period_ms;           /**< Between the starts of two rounds; > 0. */
  int64_t reply_timeout_ms;    /**< 0: the codec's. */
  int64_t settle_ms;           /**< Silence after a failed attempt; >= 0. */
  int64_t recovery_wait_ms[3]; /**< Between probes of a silent device; the last for ever. > 0. */
} ems_poller_settings_t;

/** What to do now, and when to call again. */
typedef struct ems_poller_action {
  uint32_t struct_size; /**< In: sizeof(ems_poller_action_t). Out: bytes filled. */
  uint32_t size;        /**< Bytes of the buffer to send now; 0: nothing. */
  int64_t wake_at_ms;   /**< Call ems_poller_next() no later, and after every receive. */
  const char* what;     /**< Name of the request, for logs; static, empty when size is 0. */
} ems_poller_action_t;

/** How a link does. */
enum {
  EMS_LINK_OFFLINE = 0,    /**< The link is down. */
  EMS_LINK_RECOVERING = 1, /**< The device has not spoken yet, or no longer does. */
  EMS_LINK_ONLINE = 2
};

/** What became of the newest command. */
enum {
  EMS_COMMAND_STATE_NONE = 0,
  EMS_COMMAND_STATE_QUEUED = 1,
  EMS_COMMAND_STATE_SENT = 2,
  EMS_COMMAND_STATE_ACKNOWLEDGED = 3,
  EMS_COMMAND_STATE_FAILED = 4
};

/** How the conversation goes. Counters count since ems_poller_init() and wrap. */
typedef struct ems_poller_status {
  uint32_t struct_size;       /**< In: sizeof(ems_poller_status_t). Out: bytes filled. */
  int32_t health;             /**< EMS_LINK_*. */
  ems_status_t last_error;    /**< Of the last failed attempt, kept; EMS_OK before the first. */
  int32_t command_state;      /**< EMS_COMMAND_STATE_*. */
  ems_status_t command_error; /**< Why the newest command failed; else EMS_OK. */
  uint32_t requests;          /**< Sent, repetitions included. */
  uint32_t replies;           /**< Sound replies. */
  uint32_t timeouts;
  uint32_t checksum_errors;
  uint32_t device_errors; /**< Sound refusals. */
  uint32_t other_errors;
  uint32_t noise_bytes;
  uint32_t recoveries;
  uint32_t reserved;           /**< Zero. */
  const char* last_error_text; /**< Static; empty before the first failure. */
} ems_poller_status_t;

/**
 * Bytes that ems_poller_init() needs.
 *
 * @return         At most 8 * EMS_POLLER_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_poller_size(void);

/**
 * Settings that suit most devices.
 *
 * @param out  struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  out is NULL or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_settings_default(ems_poller_settings_t* out);

/**
 * Makes a poller in memory of the caller.
 *
 * @param memory    Aligned to 8; the poller lives in it until the memory is used otherwise.
 * @param size      Its bytes.
 * @param codec     A poll codec; outlives the poller.
 * @param settings  Copied; may be NULL: the default ones.
 * @param out       Gets the poller. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the poller.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, memory is not aligned, or a
 *                                   struct_size is too small.
 * @retval EMS_E_UNIMPLEMENTED       a CAN codec.
 * @retval EMS_E_OUT_OF_RANGE        a setting is outside its range; the message names it.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_init(void* memory, size_t size, const ems_codec_t* codec,
                                     const ems_poller_settings_t* settings, ems_poller_t** out);

/**
 * The byte stream is open: asks at once. What an earlier connection left is dropped.
 *
 * @param poller  From ems_poller_init().
 * @param now_ms  Monotonic; not before that of any call before.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  poller is NULL or not a poller.
 * @retval EMS_E_OUT_OF_RANGE      now_ms went backwards.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_link_up(ems_poller_t* poller, int64_t now_ms);

/**
 * The byte stream is gone. A command that has no reply yet fails.
 *
 * @param poller  From ems_poller_init().
 * @param now_ms  Monotonic; not before that of any call before.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  poller is NULL or not a poller.
 * @retval EMS_E_OUT_OF_RANGE      now_ms went backwards.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_link_down(ems_poller_t* poller, int64_t now_ms);

/**
 * Advances time; at most one request per call.
 *
 * @param poller  From ems_poller_init().
 * @param now_ms  Monotonic; not before that of any call before.
 * @param buffer  Gets the request.
 * @param size    Room at buffer; at least EMS_REQUEST_SIZE.
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out says what to send and when to call again.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a poller, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE        now_ms went backwards.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is below EMS_REQUEST_SIZE.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_next(ems_poller_t* poller, int64_t now_ms, uint8_t* buffer,
                                     size_t size, ems_poller_action_t* out);

/**
 * Takes bytes from the stream, in pieces of any size.
 *
 * @param poller  From ems_poller_init().
 * @param bytes   What arrived; may be NULL when size is 0.
 * @param size    Its bytes.
 * @param now_ms  Monotonic; not before that of any call before.
 * @param out     Gets the values when a sound reply became complete; else all counts are 0.
 *
 * @retval EMS_OK                    the bytes were taken.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a poller, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE        now_ms went backwards.
 * @retval EMS_E_RESOURCE_EXHAUSTED  the bytes were taken; an array of out is too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_receive(ems_poller_t* poller, const uint8_t* bytes, size_t size,
                                        int64_t now_ms, ems_readings_t* out);

/**
 * Queues a command that switches the battery's outputs; it is sent before the next poll. It is
 * never kept across a lost link.
 *
 * @param poller        From ems_poller_init().
 * @param charge_on     The charge output is to conduct.
 * @param discharge_on  The discharge output is to conduct.
 *
 * @retval EMS_OK                  queued; ems_poller_get_status() says what becomes of it.
 * @retval EMS_E_INVALID_ARGUMENT  poller is NULL or not a poller.
 * @retval EMS_E_UNAVAILABLE       the device does not answer now.
 * @retval EMS_E_UNIMPLEMENTED     the protocol has no such command.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_request_switch(ems_poller_t* poller, bool charge_on,
                                               bool discharge_on);

/**
 * Queues a command that sets the battery's limits, as ems_poller_request_switch() does. It is sent
 * once: ask again within limits_lease_ms for limits that last.
 *
 * @param poller  From ems_poller_init().
 * @param limits  struct_size set; copied.
 *
 * @retval EMS_OK                  queued; ems_poller_get_status() says what becomes of it.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a poller, or struct_size is too small.
 * @retval EMS_E_UNAVAILABLE       the device does not answer now.
 * @retval EMS_E_UNIMPLEMENTED     the protocol has no such command, or a limit of newer headers.
 * @retval EMS_E_OUT_OF_RANGE      a value that the wire cannot say, or a negative one.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_request_limits(ems_poller_t* poller,
                                               const ems_battery_limits_t* limits);

/**
 * Queues a command that lets the battery balance its cells, or forbids it, as
 * ems_poller_request_switch() does.
 *
 * @param poller  From ems_poller_init().
 * @param on      The battery may balance.
 *
 * @retval EMS_OK                  queued; ems_poller_get_status() says what becomes of it.
 * @retval EMS_E_INVALID_ARGUMENT  poller is NULL or not a poller.
 * @retval EMS_E_UNAVAILABLE       the device does not answer now.
 * @retval EMS_E_UNIMPLEMENTED     the protocol has no such command.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_request_balance(ems_poller_t* poller, bool on);

/**
 * How the conversation goes.
 *
 * @param poller  From ems_poller_init().
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a poller, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one poller.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_poller_get_status(const ems_poller_t* poller, ems_poller_status_t* out);

#ifdef __cplusplus
}
#endif

#endif
