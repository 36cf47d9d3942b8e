/* SPDX-License-Identifier: Apache-2.0 */
/** @file One control tick: safety opens it, decision and distribution fill it, the gate closes it.
 *  The four steps are also there one by one: safety.h, decision.h, and ems_distribute() here. */
#ifndef EMS_CAPI_CONTROL_H
#define EMS_CAPI_CONTROL_H

#include <ems/capi/decision.h>
#include <ems/capi/image.h>
#include <ems/capi/safety.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One site's control, in memory of the caller. */
typedef struct ems_control ems_control_t;

/** uint64_t words of memory that control needs at most, in every 0.x. */
enum { EMS_CONTROL_WORDS = 6144 };

/** What each phase may carry of what one inverter does; each contains 0. */
typedef struct ems_phase_limits {
  uint32_t count; /**< 0 .. 3; 0: no such limit. */
  ems_interval_t phases[3];
} ems_phase_limits_t;

/** Everything control is told once. */
typedef struct ems_control_config {
  uint32_t struct_size; /**< sizeof(ems_control_config_t). */
  uint32_t armed; /**< 1: armed, and the limits are accepted. 0: monitor only, nothing to send. */
  const ems_safety_config_t* safety;     /**< Copied. */
  const ems_decision_config_t* decision; /**< Copied. */
  const int64_t* battery_capacity_wh;    /**< One per battery, > 0; the split goes by energy. */
  const ems_asset_t* pv_meters;          /**< May be NULL when pv_meter_count is 0. */
  uint32_t pv_meter_count;               /**< 0 .. 8. */
  uint32_t has_pcc_meter;                /**< 0: the import is unknown. */
  ems_asset_t pcc_meter;
  uint32_t reserved;                      /**< Zero. */
  const ems_phase_limits_t* phase_limits; /**< One per inverter, or NULL: no phase limits one. */
} ems_control_config_t;

/** Bits of ems_control_inputs_t.valid. A field whose bit is clear is not read. */
enum {
  EMS_CONTROL_HAS_REMOTE_SETPOINT = 1 << 0,
  EMS_CONTROL_HAS_ACTIVE_POWER_LIMIT = 1 << 1,
  EMS_CONTROL_HAS_DIMMING = 1 << 2
};

/** What people and devices want of this tick. */
typedef struct ems_control_inputs {
  uint32_t struct_size;     /**< sizeof(ems_control_inputs_t). */
  uint32_t estop;           /**< 1: somebody asks for an emergency stop; level, not edge. */
  uint32_t inverters_ready; /**< Bit i: the i-th inverter answers and can be commanded. */
  uint32_t has_setpoint;    /**< 0: setpoint is not read. */
  ems_setpoint_t setpoint;

  uint32_t valid;                         /**< EMS_CONTROL_HAS_*. */
  uint32_t reserved;                      /**< Zero. */
  ems_setpoint_t remote_setpoint;         /**< The server's. */
  ems_limit_command_t active_power_limit; /**< The grid operator's. */
  ems_limit_command_t dimming;            /**< The grid operator's; charge_max_w counts. */
  ems_wall_time_t wall;
  const ems_decision_tables_t* tables; /**< Borrowed for the call; NULL: there are none. */
} ems_control_inputs_t;

/** One tick's outcome; the rest is asked for: ems_control_order_at(), ems_control_value_at(), and
 *  through ems_control_safety() and ems_control_decision(). */
typedef struct ems_control_result {
  uint32_t struct_size;    /**< In: sizeof(ems_control_result_t). Out: bytes filled. */
  int32_t target_w;        /**< What decision wants of all inverters together; + discharges. */
  int32_t gated_w;         /**< What the orders add up to after the gate. */
  int32_t safety_state;    /**< EMS_SAFETY_*: the worst of everything. */
  ems_interval_t envelope; /**< What safety allows all ready inverters together. */
  uint32_t order_count;    /**< For ems_control_order_at(). */
  uint32_t value_count;    /**< For ems_control_value_at(). */
  uint32_t event_count;    /**< For ems_safety_event_at(). */
  uint32_t latch_changed;  /**< 1: store the trips, after the outputs went out. */
} ems_control_result_t;

/** What one inverter is told in this tick. */
typedef struct ems_order {
  uint32_t struct_size; /**< In: sizeof(ems_order_t). Out: bytes filled. */
  ems_asset_t asset;
  uint32_t send; /**< 1: send command now. 0: send nothing; command is stop. */
  ems_command_t command;
  int32_t share_w;        /**< What distribution gave it before the gate. */
  int32_t why;            /**< EMS_GATE_*. */
  const char* why_text;   /**< Static name of why. */
  const char* share_text; /**< Static name of distribution's reason: `by_energy`. */
} ems_order_t;

/** One battery as its inverter sees it. */
typedef struct ems_distribute_battery {
  ems_interval_t bounds; /**< What safety allows at ac. */
  int64_t capacity_wh;   /**< >= 0. */
  int32_t soc_bp;        /**< 0 .. 10000; not read unless has_soc. */
  uint32_t has_soc;      /**< 0: unknown, or not to be trusted. */
  int32_t soc_min_bp;    /**< Operating band, 0 .. soc_max_bp. */
  int32_t soc_max_bp;    /**< soc_min_bp .. 10000. */
} ems_distribute_battery_t;

/** One inverter and the batteries behind it. */
typedef struct ems_distribute_inverter {
  ems_interval_t rating;                     /**< What it can do at ac; contains 0. */
  const ems_distribute_battery_t* batteries; /**< May be NULL when battery_count is 0. */
  uint32_t battery_count;                    /**< 0 .. 8. */
  uint32_t available;                        /**< 0: it cannot be commanded now. */
} ems_distribute_inverter_t;

/** Why a share is what it is. */
enum {
  EMS_SHARE_UNAVAILABLE = 0,
  EMS_SHARE_IDLE = 1,
  EMS_SHARE_BY_ENERGY = 2,
  EMS_SHARE_EQUALLY = 3, /**< Somebody's energy is unknown. */
  EMS_SHARE_AT_LIMIT = 4,
  EMS_SHARE_TAKES_REST = 5, /**< More than its part: others are at their limits. */
  EMS_SHARE_FORCED = 6      /**< Its bounds exclude 0. */
};

/** What one inverter is to do. */
typedef struct ems_share {
  int32_t power_w;
  ems_interval_t bounds;
  int32_t reason; /**< EMS_SHARE_*. */
} ems_share_t;

/** A target split. */
typedef struct ems_distribution {
  uint32_t struct_size;    /**< In: sizeof(ems_distribution_t). Out: bytes filled. */
  int32_t target_w;        /**< What was asked, clamped to bounds: exactly the shares' sum. */
  ems_interval_t bounds;   /**< What all inverters can do together. */
  uint32_t cross_charging; /**< 1: one inverter charges while another discharges. */
} ems_distribution_t;

/**
 * Bytes that ems_control_init() needs.
 *
 * @return         At most 8 * EMS_CONTROL_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_control_size(void);

/**
 * Makes a site's control in memory of the caller; checks the whole configuration.
 *
 * @param memory  Aligned to 8; control lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param config  Copied.
 * @param out     Gets the control. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds it.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, a struct_size is too
 *                                   small, or limits contradict themselves.
 * @retval EMS_E_TOO_WIDE            limits wider than the absolute bounds; offset = the battery.
 * @retval EMS_E_ALREADY_EXISTS      an asset is listed twice; offset = its place.
 * @retval EMS_E_NOT_FOUND           no battery, or an inverter names one that is not there.
 * @retval EMS_E_OUT_OF_RANGE        a number is outside its range; the message names it.
 * @retval EMS_E_UNIMPLEMENTED       a policy bit this version does not know.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_control_init(void* memory, size_t size, const ems_control_config_t* config,
                                      ems_control_t** out);

/**
 * Runs one tick. Never fails open: what cannot be judged is unsafe, and when the call fails there
 * is no order until one succeeds.
 *
 * @param control  From ems_control_init().
 * @param image    The newest samples.
 * @param inputs   What people and devices want.
 * @param now_ms   Monotonic.
 * @param out      struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  the orders of this tick are ready.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_OUT_OF_RANGE      the wall time, or a table (offset: its first wrong row).
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one control.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_control_step(ems_control_t* control, const ems_image_t* image,
                                      const ems_control_inputs_t* inputs, int64_t now_ms,
                                      ems_control_result_t* out);

/**
 * What one inverter is told in the last tick. It does not look at the time: send it right after the
 * step. Who sends later, or in another thread, asks ems_safety_gate(), which knows when a verdict
 * is too old.
 *
 * @param control   From ems_control_init().
 * @param inverter  Its place in the configuration.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not control, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such inverter, or no tick yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_control_order_at(const ems_control_t* control, size_t inverter,
                                          ems_order_t* out);

/**
 * One value that the last tick computed of the site as a whole: `site_load_power`, `envelope_lo`.
 *
 * @param control  From ems_control_init().
 * @param index    0 .. value_count - 1.
 * @param out      Written only on EMS_OK. Quality is bad where an input was missing.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not control.
 * @retval EMS_E_OUT_OF_RANGE      no such place, or no tick yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_control_value_at(const ems_control_t* control, size_t index,
                                          ems_value_t* out);

/**
 * The safety of this control, for the functions that read its last step.
 *
 * @param control  From ems_control_init().
 * @param out      Gets a handle that lives as long as control. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the handle.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not control.
 * @memory         Allocates nothing; borrowed.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_control_safety(const ems_control_t* control, const ems_safety_t** out);

/**
 * The decision of this control, for the functions that read its last step.
 *
 * @param control  From ems_control_init().
 * @param out      Gets a handle that lives as long as control. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the handle.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not control.
 * @memory         Allocates nothing; borrowed.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_control_decision(const ems_control_t* control, const ems_decision_t** out);

/**
 * Takes every latch back; see ems_safety_reset().
 *
 * @param control  From ems_control_init().
 * @param image    The newest samples: every cause must be gone.
 * @param request  Who, and what was put right.
 * @param now_ms   Monotonic.
 *
 * @retval EMS_OK                     nothing is latched; store that.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not of its kind, struct_size too small, or
 *                                    name (offset 1) or cause (offset 2) is blank.
 * @retval EMS_E_PERMISSION_DENIED    not a technician.
 * @retval EMS_E_FAILED_PRECONDITION  nothing is latched (offset 0), or a cause is still there
 *                                    (offset = its place from 1).
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one control.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_control_reset(ems_control_t* control, const ems_image_t* image,
                                       const ems_safety_reset_request_t* request, int64_t now_ms);

/**
 * Splits a target over inverters by their energy.
 *
 * @param inverters  Borrowed for the call.
 * @param count      1 .. EMS_SAFETY_INVERTERS_MAX.
 * @param target_w   For all of them together, at ac; + discharges.
 * @param shares     Gets one share per inverter. Written only on EMS_OK.
 * @param out        struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  shares and out are filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      count, a rating without 0, bounds with lo > hi, a capacity or a
 *                                 state of charge; offset = the inverter.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_distribute(const ems_distribute_inverter_t* inverters, uint32_t count,
                                    int32_t target_w, ems_share_t* shares, ems_distribution_t* out);

#ifdef __cplusplus
}
#endif

#endif
