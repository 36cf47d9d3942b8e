/* SPDX-License-Identifier: Apache-2.0 */
/** @file The catalogue of signals: what the numbers in ems_value_t mean. */
#ifndef EMS_CAPI_CATALOGUE_H
#define EMS_CAPI_CATALOGUE_H

#include <ems/capi/codes.h>
#include <ems/capi/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One row of the catalogue. Every `const char *` is static text, never NULL. */
typedef struct ems_signal_info {
  uint32_t struct_size;    /**< In: sizeof(ems_signal_info_t). Out: bytes filled. */
  uint16_t number;         /**< EMS_SIGNAL_*; append-only. */
  uint8_t unit;            /**< EMS_UNIT_*. */
  uint8_t digits;          /**< Decimal digits to the unit of people: 3650 mV is 3.65 V: 3. */
  uint8_t has_elements;    /**< 1: elements count from 1; 0: a scalar, element 0. */
  uint8_t reserved[7];     /**< Zero. */
  int64_t stale_after_ms;  /**< 0: three poll periods, at least 2000. */
  const char* name;        /**< `cell_voltage`. */
  const char* list_name;   /**< `cell_voltages`; empty for a scalar. */
  const char* unit_name;   /**< `millivolt`. */
  const char* unit_symbol; /**< Of the unit of people: `V`. */
  const char* meaning;     /**< One line. */
  char integer_name[44];   /**< Name with the unit of `value`: `cell_voltages_mv`. */
  char si_name[44];        /**< Name with the unit of people: `cell_voltages_v`. */
} ems_signal_info_t;

/**
 * Number of signals this version knows.
 *
 * @return         Rows; ems_signal_at() takes 0 .. rows - 1.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_signal_count(void);

/**
 * Row of the catalogue by place, ascending by number.
 *
 * @param index  0 .. ems_signal_count() - 1.
 * @param out    struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the row.
 * @retval EMS_E_INVALID_ARGUMENT  out is NULL or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_signal_at(size_t index, ems_signal_info_t* out);

/**
 * Row of the catalogue by number.
 *
 * @param number  EMS_SIGNAL_*.
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the row.
 * @retval EMS_E_INVALID_ARGUMENT  out is NULL or struct_size is too small.
 * @retval EMS_E_NOT_FOUND         this version has no such signal.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_signal_get(uint16_t number, ems_signal_info_t* out);

/**
 * Row of the catalogue by any of its names: `cell_voltage`, `cell_voltages_mv`, `cell_voltages_v`.
 *
 * @param name  NUL-terminated.
 * @param out   struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the row.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or struct_size is too small.
 * @retval EMS_E_NOT_FOUND         no signal has that name.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_signal_find(const char* name, ems_signal_info_t* out);

/**
 * Name of a bit of the signals `alarms` and `warnings`.
 *
 * @param bit      0 .. 63.
 * @return         Static text; NULL for a bit without a name.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API const char* ems_alarm_name(uint32_t bit);

/**
 * Name of a text field: `serial_number`.
 *
 * @param field    EMS_TEXT_*.
 * @return         Static text; NULL for a number this version does not know.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API const char* ems_text_field_name(uint8_t field);

/**
 * Hash over the whole catalogue: two peers with equal hashes mean the same by every number.
 *
 * @return         FNV-1a, 64 bit.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API uint64_t ems_catalogue_hash(void);

/** Room for any asset's name, with its NUL. */
enum { EMS_ASSET_NAME_SIZE = 41 };

/**
 * Writes an asset's name: `battery/1/module/3`.
 *
 * @param asset  Any asset.
 * @param size   Room at name; EMS_ASSET_NAME_SIZE always suffices.
 * @param name   Gets NUL-terminated text. Written only on EMS_OK.
 *
 * @retval EMS_OK                    name holds the text.
 * @retval EMS_E_INVALID_ARGUMENT    name is NULL, or asset.kind is not an EMS_ASSET_*.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_asset_name(ems_asset_t asset, size_t size, char* name);

/**
 * Reads an asset's name.
 *
 * @param name  NUL-terminated: `site`, `meter/1`, `battery/1/module/3`.
 * @param out   Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the asset.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL.
 * @retval EMS_E_SYNTAX            not an asset's name; offset = the character.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_asset_parse(const char* name, ems_asset_t* out);

#ifdef __cplusplus
}
#endif

#endif
