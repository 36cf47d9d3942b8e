/* SPDX-License-Identifier: Apache-2.0 */
/** @file Words that every part of the C ABI shares. The rules are in docs/reference/c-abi.md. */
#ifndef EMS_CAPI_TYPES_H
#define EMS_CAPI_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef EMS_API
#if defined(__GNUC__)
#define EMS_API __attribute__((visibility("default")))
#else
#define EMS_API
#endif
#endif

/** EMS_OK, or one of EMS_E_* in codes.h. A plain enum would be 1 byte on some targets. */
typedef int32_t ems_status_t;

/** Kinds of assets. */
enum {
  EMS_ASSET_SITE = 0,
  EMS_ASSET_BATTERY = 1,
  EMS_ASSET_INVERTER = 2,
  EMS_ASSET_METER = 3,
  EMS_ASSET_PV = 4,
  EMS_ASSET_LOAD = 5
};

/** How far a value can be trusted. Only good and substituted ones are used by safety. */
enum {
  EMS_QUALITY_BAD = 0,         /**< The device says so, or its sensor is missing. */
  EMS_QUALITY_UNCERTAIN = 1,   /**< Arrived intact, but a physics check failed. */
  EMS_QUALITY_SUBSTITUTED = 2, /**< Computed from good values. */
  EMS_QUALITY_GOOD = 3
};

/** How far UTC can be trusted. */
enum { EMS_CLOCK_UNSET = 0, EMS_CLOCK_HOLDOVER = 1, EMS_CLOCK_SYNCED = 2 };

/** A thing of the site: {EMS_ASSET_BATTERY, 3, 1} is `battery/1/module/3`. */
typedef struct ems_asset {
  uint8_t kind;   /**< EMS_ASSET_*. */
  uint8_t module; /**< 0: the whole asset; modules count from 1. */
  uint16_t index; /**< 0 for the site, else counts from 1. */
} ems_asset_t;

/** What a codec reads out of a frame. `value` counts the unit of the signal's catalogue row. */
typedef struct ems_value {
  int64_t value;       /**< libems sign; 0 and meaningless when quality is EMS_QUALITY_BAD. */
  uint16_t signal;     /**< EMS_SIGNAL_*. */
  uint16_t element;    /**< Cells, sensors, phases count from 1; 0: a scalar, or all of them. */
  uint8_t module;      /**< 0: the whole device. */
  uint8_t quality;     /**< EMS_QUALITY_*. */
  uint8_t reserved[2]; /**< Zero. */
} ems_value_t;

/** One value of one point, with its time. */
typedef struct ems_sample {
  int64_t value;          /**< In the unit of the signal's catalogue row. */
  int64_t taken_at_ms;    /**< Monotonic. */
  int64_t stale_after_ms; /**< From this age on it counts as missing; > 0. */
  ems_asset_t asset;
  uint16_t signal;  /**< EMS_SIGNAL_*. */
  uint16_t element; /**< As in ems_value_t. */
  uint8_t quality;  /**< EMS_QUALITY_*. */
  uint8_t reserved[7];
} ems_sample_t;

/** Active power at ac, W; + delivers into the site. lo <= hi. */
typedef struct ems_interval {
  int32_t lo_w;
  int32_t hi_w;
} ems_interval_t;

/** Kinds of inverter commands. */
enum {
  EMS_COMMAND_STOP = 0,
  EMS_COMMAND_FOLLOW = 1,  /**< Grid-following at p_w, q_var. */
  EMS_COMMAND_FORM = 2,    /**< Grid-forming. */
  EMS_COMMAND_STANDBY = 3, /**< Connected, no power. */
  EMS_COMMAND_OPEN = 4     /**< Open the contactor. */
};

/** What one inverter is told. */
typedef struct ems_command {
  int32_t kind; /**< EMS_COMMAND_*. */
  int32_t p_w;  /**< At ac; + delivers into the site. 0 unless kind is follow. */
  int32_t q_var;
} ems_command_t;

#endif
