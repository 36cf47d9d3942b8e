/* SPDX-License-Identifier: Apache-2.0 */
/** @file Safety: what each battery and inverter may do now, and the gate that every command passes.
 *  Never fails open: what cannot be judged is unsafe. */
#ifndef EMS_CAPI_SAFETY_H
#define EMS_CAPI_SAFETY_H

#include <ems/capi/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One safety kernel, in memory of the caller. */
typedef struct ems_safety ems_safety_t;

enum {
  EMS_SAFETY_WORDS = 5120, /**< uint64_t words of memory it needs at most, in every 0.x. */
  EMS_SAFETY_BATTERIES_MAX = 8,
  EMS_SAFETY_INVERTERS_MAX = 8,
  EMS_SAFETY_TRIPS_MAX = 82, /**< Trips that are latched at once at most: room to store them. */
  EMS_CURVE_POINTS_MAX = 6
};

/** Cell chemistries. */
enum { EMS_CHEMISTRY_LFP = 0 };

/** States, ascending by severity. */
enum {
  EMS_SAFETY_INIT = 0, /**< Good health has not been shown yet. */
  EMS_SAFETY_NORMAL = 1,
  EMS_SAFETY_DERATED = 2,
  EMS_SAFETY_SAFE = 3,
  EMS_SAFETY_TRIPPED = 4 /**< Latched: a person must reset it. */
};

/** Bits of ems_safety_battery_t.bms_required, and from the ninth on of bms_required_more. */
enum {
  EMS_BMS_CHARGE_VOLTAGE_LIMIT = 1 << 0,
  EMS_BMS_DISCHARGE_VOLTAGE_LIMIT = 1 << 1,
  EMS_BMS_CHARGE_CURRENT_LIMIT = 1 << 2,
  EMS_BMS_DISCHARGE_CURRENT_LIMIT = 1 << 3,
  EMS_BMS_CHARGE_FET_ON = 1 << 4,
  EMS_BMS_DISCHARGE_FET_ON = 1 << 5,
  EMS_BMS_CHARGE_ENABLE = 1 << 6,
  EMS_BMS_DISCHARGE_ENABLE = 1 << 7,
  EMS_BMS_ALARMS = 1 << 8
};

/** Bits of ems_safety_battery_t.hazards_wired. */
enum {
  EMS_HAZARD_INSULATION = 1 << 0,
  EMS_HAZARD_SMOKE = 1 << 1,
  EMS_HAZARD_GAS = 1 << 2,
  EMS_HAZARD_CONTACTOR = 1 << 3
};

/** A limit with hysteresis: acts at `trip`, clears inside `clear` after a time. */
typedef struct ems_threshold {
  int32_t trip;
  int32_t clear;
  int64_t clear_after_ms; /**< Continuous good time needed; > 0. */
} ems_threshold_t;

/** The same with a time that it must be exceeded for. */
typedef struct ems_delayed_threshold {
  int32_t trip;
  int32_t clear;
  int64_t clear_after_ms; /**< Continuous good time needed; > 0. */
  int64_t trip_after_ms;  /**< Continuous time beyond trip before it acts; 0: at once. */
} ems_delayed_threshold_t;

/** One point of a derate curve. */
typedef struct ems_derate_point {
  int32_t x;        /**< In the unit of the curve's name. */
  int32_t share_bp; /**< Of the largest current; 0 .. 10000. */
} ems_derate_point_t;

/** How much of the largest current is allowed: linear between the points, held outside of them,
 *  rounded down. x ascends; the shares rise, then fall. */
typedef struct ems_derate_curve {
  uint32_t count; /**< 1 .. EMS_CURVE_POINTS_MAX. */
  ems_derate_point_t points[EMS_CURVE_POINTS_MAX];
} ems_derate_curve_t;

/** Inverse-time overload: the integral of I^2 - Imax^2 may reach what factor x Imax gives in time.
 */
typedef struct ems_overload {
  int32_t factor_bp;      /**< Of the current maximum; > 10000. */
  int32_t reserved;       /**< Zero. */
  int64_t time_ms;        /**< > 0. */
  int64_t clear_after_ms; /**< Good time after the integral is back at 0. */
} ems_overload_t;

/** What a device that lies looks like; docs/explanation/safety.md. Every field > 0. */
typedef struct ems_plausibility_limits {
  int64_t frozen_after_ms;    /**< Where the capacity is unknown: no value changed for so long. */
  int64_t power_after_ms;     /**< How long two powers may disagree. */
  int64_t obey_after_ms;      /**< What a device has to obey a limit in. */
  int64_t contactor_after_ms; /**< How long feedback and command may disagree. */
  int64_t skew_max_ms;        /**< Two samples this near to each other are of one moment. */
  int64_t clear_after_ms;     /**< Good time before any of these checks clears. */
  int32_t soc_jump_bp;        /**< From one sample to the next. */
  int32_t temperature_jump_mdegc; /**< The same. */
  int32_t cell_voltage_jump_mv;   /**< The same; times the cells in series for the terminals. */
  int32_t frozen_charge_bp;       /**< Of the capacity, moved without any value changing. */
  int32_t power_tolerance_bp;     /**< Of the larger power. */
  int32_t power_floor_w;          /**< Differences below it never count. */
  int32_t obey_tolerance_bp;      /**< Of the limit in force. */
  int32_t obey_floor_ma;          /**< At least this much beyond the limit. */
  int32_t contactor_current_ma;   /**< An open contactor carries less. */
  uint32_t reserved;              /**< Zero. */
} ems_plausibility_limits_t;

/** All limits of one battery; the unit of a threshold is in its field's name.
 *  ems_safety_limits_default() fills it. A program of older headers gets the defaults of what it
 *  does not know. */
typedef struct ems_safety_limits {
  uint32_t struct_size;                        /**< sizeof(ems_safety_limits_t). */
  int32_t chemistry;                           /**< EMS_CHEMISTRY_*; bounds all that follows. */
  ems_threshold_t cell_voltage_max_mv;         /**< Trip inhibits charging. */
  ems_threshold_t cell_voltage_min_mv;         /**< Trip inhibits discharging. */
  int32_t cell_voltage_latch_max_mv;           /**< At or above: TRIPPED. */
  int32_t cell_voltage_latch_min_mv;           /**< At or below: TRIPPED. */
  ems_threshold_t charge_temp_max_mdegc;       /**< Trip inhibits charging. */
  ems_threshold_t charge_temp_min_mdegc;       /**< Trip inhibits charging. */
  ems_threshold_t discharge_temp_max_mdegc;    /**< Trip inhibits discharging. */
  ems_threshold_t discharge_temp_min_mdegc;    /**< Trip inhibits discharging. */
  ems_threshold_t discharge_temp_derate_mdegc; /**< From trip on discharging falls, to 0 at
                                                    discharge_temp_max_mdegc.trip; not read when
                                                    discharge_temp_curve_mdegc has points. */
  int32_t temp_latch_max_mdegc;                /**< At or above: TRIPPED. */
  int32_t temp_latch_min_mdegc;                /**< At or below: TRIPPED. */
  int32_t charge_current_max_ma;               /**< Magnitude; 0 forbids charging. */
  int32_t discharge_current_max_ma;            /**< Magnitude; 0 forbids discharging. */
  ems_threshold_t charge_overcurrent_ma;       /**< Measured magnitude; trip above the maximum. */
  ems_threshold_t discharge_overcurrent_ma;    /**< Measured magnitude; trip above the maximum. */
  ems_threshold_t soc_max_bp;                  /**< Trip inhibits charging. */
  ems_threshold_t soc_min_bp;                  /**< Trip inhibits discharging. */
  int32_t sum_of_cells_trip_per_cell_mv;       /**< Sum of cells against terminals: SAFE. */
  int32_t sum_of_cells_clear_per_cell_mv;
  int32_t sum_of_cells_trip_share_bp; /**< The larger of share and per-cell counts. */
  int32_t sum_of_cells_clear_share_bp;
  int64_t sum_of_cells_clear_after_ms;
  int64_t stale_after_max_ms;   /**< No input older than this is used. */
  int64_t input_clear_after_ms; /**< Good time after an input was missing. */

  /* Continuous time beyond the trips above before they act; 0: at once. */
  int64_t cell_voltage_max_trip_after_ms;
  int64_t cell_voltage_min_trip_after_ms;
  int64_t charge_temp_max_trip_after_ms;
  int64_t charge_temp_min_trip_after_ms;
  int64_t discharge_temp_max_trip_after_ms;
  int64_t discharge_temp_min_trip_after_ms;
  int64_t charge_overcurrent_trip_after_ms;
  int64_t discharge_overcurrent_trip_after_ms;
  int64_t soc_max_trip_after_ms;
  int64_t soc_min_trip_after_ms;
  int64_t latch_after_ms; /**< Beyond a latching threshold before it trips. Smoke, gas and the
                               emergency stop never wait. */

  ems_delayed_threshold_t cell_voltage_high_mv;      /**< Trip warns. */
  ems_delayed_threshold_t cell_voltage_low_mv;       /**< Trip warns. */
  ems_delayed_threshold_t temperature_high_mdegc;    /**< Trip warns. */
  ems_delayed_threshold_t temperature_low_mdegc;     /**< Trip warns. */
  ems_delayed_threshold_t soc_high_warning_bp;       /**< Trip warns. */
  ems_delayed_threshold_t soc_low_warning_bp;        /**< Trip warns. */
  ems_delayed_threshold_t temperature_spread_mdegc;  /**< Hottest less coldest; inhibits both. */
  ems_delayed_threshold_t cell_imbalance_warning_mv; /**< Highest less lowest cell; warns. */
  ems_delayed_threshold_t cell_imbalance_mv;         /**< Trip inhibits both. */
  ems_delayed_threshold_t insulation_low_kohm;       /**< Trip warns. */
  ems_overload_t charge_overload;                    /**< Trip inhibits charging. */
  ems_overload_t discharge_overload;                 /**< Trip inhibits discharging. */
  ems_plausibility_limits_t plausibility;
  int32_t insulation_latch_min_kohm;             /**< At or below: TRIPPED. */
  ems_derate_curve_t discharge_temp_curve_mdegc; /**< Of discharging; without points:
                                                      discharge_temp_derate_mdegc. */
  ems_derate_curve_t charge_temp_curve_mdegc;    /**< Of charging. */
  ems_derate_curve_t charge_voltage_curve_mv;    /**< Of charging, by the cells. */
  ems_derate_curve_t discharge_voltage_curve_mv; /**< Of discharging, by the cells. */
  ems_derate_curve_t cell_imbalance_curve_mv;    /**< Of both, by highest less lowest cell. */
} ems_safety_limits_t;

/** One battery. */
typedef struct ems_safety_battery {
  uint32_t struct_size;              /**< sizeof(ems_safety_battery_t). */
  ems_asset_t asset;                 /**< Module 0. */
  uint16_t cells_in_series;          /**< > 0. */
  uint8_t bms_required;              /**< EMS_BMS_* the device is known to give. */
  uint8_t reserved;                  /**< Zero. */
  int32_t breaking_current_max_ma;   /**< Contactors may open below it; 0: unknown. */
  const ems_safety_limits_t* limits; /**< Copied. */
  int64_t capacity_uah;              /**< Nominal, microampere hours; 0: unknown. */
  int32_t fuse_current_ma;           /**< No current maximum may exceed it; 0: none declared. */
  uint16_t bms_required_more;        /**< EMS_BMS_ALARMS; bits 0 to 7 are in bms_required. */
  uint8_t hazards_wired;             /**< EMS_HAZARD_*: inhibits both while one is missing. */
  uint8_t reserved2;                 /**< Zero. */
} ems_safety_battery_t;

/** One inverter. */
typedef struct ems_safety_inverter {
  uint32_t struct_size; /**< sizeof(ems_safety_inverter_t). */
  ems_asset_t asset;
  uint8_t batteries;       /**< Bit i: the i-th battery feeds it. */
  uint8_t no_dc_pv;        /**< 1: known to have no PV on its own dc bus. */
  uint8_t can_curtail_pv;  /**< 1: it switches its dc PV off when told. */
  uint8_t reserved;        /**< Zero. */
  int32_t apparent_max_va; /**< Nameplate; > 0. */
  int32_t charge_max_w;    /**< Magnitude at ac; > 0. */
  int32_t discharge_max_w; /**< Magnitude at ac; > 0. */
  int32_t efficiency_bp;   /**< dc to ac, the lowest of the operating range; 1 .. 10000. */
  uint32_t reserved2;      /**< Zero. */
} ems_safety_inverter_t;

/** Why something is TRIPPED. */
enum {
  EMS_TRIP_UNREADABLE = 0, /**< The stored latch could not be read. */
  EMS_TRIP_ESTOP = 1,
  EMS_TRIP_CELL_OVERVOLTAGE = 2,
  EMS_TRIP_CELL_UNDERVOLTAGE = 3,
  EMS_TRIP_OVERTEMPERATURE = 4,
  EMS_TRIP_UNDERTEMPERATURE = 5,
  EMS_TRIP_SMOKE = 6,
  EMS_TRIP_GAS = 7,
  EMS_TRIP_INSULATION = 8,
  EMS_TRIP_CONTACTOR = 9,
  EMS_TRIP_LIMIT_DISOBEYED = 10
};

/** One latched trip. Store cause and asset durably; since_ms means nothing after a restart. */
typedef struct ems_trip {
  int64_t since_ms;  /**< Monotonic. */
  int32_t cause;     /**< EMS_TRIP_*. */
  ems_asset_t asset; /**< The site, a battery, or an inverter: that one and its batteries. */
} ems_trip_t;

/** Everything the kernel is told once. ems_safety_config_default() fills what has a default. */
typedef struct ems_safety_config {
  uint32_t struct_size;                   /**< sizeof(ems_safety_config_t). */
  uint32_t battery_count;                 /**< 1 .. EMS_SAFETY_BATTERIES_MAX. */
  const ems_safety_battery_t* batteries;  /**< Copied. */
  const ems_safety_inverter_t* inverters; /**< Copied; may be NULL when inverter_count is 0. */
  uint32_t inverter_count;                /**< 0 .. EMS_SAFETY_INVERTERS_MAX. */
  uint32_t latch_unreadable; /**< 1: the stored latch cannot be read: starts TRIPPED. */
  const ems_trip_t* trips;   /**< The stored latch; may be NULL when trip_count is 0. */
  uint32_t trip_count;
  uint32_t reserved;      /**< Zero. */
  int64_t tick_period_ms; /**< 1 .. 1000. */
  int64_t start_grace_ms; /**< Missing inputs are not announced before this; >= 0. */
  int64_t start_ms;       /**< Monotonic now: the restored trips' since_ms. */
  uint32_t estop_inputs; /**< Signals estop_pressed that the site has, 0 .. 255: one that is silent,
                              or one more that was ever given, is pressed. */
  uint32_t monitor_only; /**< 1: verdicts do not reach the devices, so nobody can disobey them.
                              ems_control_t goes by ems_control_config_t.armed. */
} ems_safety_config_t;

/** One cycle's outcome; the verdicts are asked for one by one. */
typedef struct ems_safety_result {
  uint32_t struct_size;    /**< In: sizeof(ems_safety_result_t). Out: bytes filled. */
  int32_t state;           /**< EMS_SAFETY_*: the worst of everything. */
  uint32_t battery_count;  /**< For ems_safety_battery_at(). */
  uint32_t inverter_count; /**< For ems_safety_inverter_at(). */
  uint32_t event_count;    /**< For ems_safety_event_at(). */
  uint32_t trip_count;     /**< For ems_safety_trip_at(). */
  uint32_t latch_changed;  /**< 1: store the trips, after the outputs went out. */
  uint32_t reserved;       /**< Zero. */
  int64_t late_ticks;      /**< Whole periods this cycle came late. */
} ems_safety_result_t;

/** What one battery may do at its dc terminals. */
typedef struct ems_battery_verdict {
  uint32_t struct_size; /**< In: sizeof(ems_battery_verdict_t). Out: bytes filled. */
  ems_asset_t asset;
  int32_t state;                    /**< EMS_SAFETY_*. */
  int32_t charge_current_max_ma;    /**< Magnitude; 0 forbids charging. */
  int32_t discharge_current_max_ma; /**< Magnitude; 0 forbids discharging. */
  int32_t charge_voltage_max_mv;    /**< 0 while charging is forbidden. */
  int32_t discharge_voltage_min_mv; /**< Meaningful while discharging is allowed. */
  uint32_t plausibility_failed;     /**< 1: the device contradicts itself; a reason says how. */
  uint32_t reason_count;            /**< For ems_safety_reason_at(). */
  uint32_t reasons_dropped;         /**< Weaker ones that there was no room for. */
} ems_battery_verdict_t;

/** How hard a rule acts. */
enum { EMS_ACTION_WARN = 0, EMS_ACTION_DERATE = 1, EMS_ACTION_INHIBIT = 2, EMS_ACTION_LATCH = 3 };

/** Why a rule is active. */
enum {
  EMS_CAUSE_EXCEEDED = 0, /**< At or beyond the limit. */
  EMS_CAUSE_MISSING = 1,  /**< Input absent, stale, uncertain, bad or from the future. */
  EMS_CAUSE_WAITING = 2   /**< Inside, but not yet for long enough. */
};

/** One active rule of one battery. */
typedef struct ems_reason {
  const char* rule;  /**< Static: `cell_overvoltage`. */
  int32_t number;    /**< The rule's number, append-only. */
  uint8_t charge;    /**< 1: it acts on charging. */
  uint8_t discharge; /**< 1: it acts on discharging. */
  uint8_t action;    /**< EMS_ACTION_*. */
  uint8_t cause;     /**< EMS_CAUSE_*. */
  uint16_t signal;   /**< EMS_SIGNAL_*: the unit of value and limit. */
  uint16_t element;  /**< Which cell or sensor, from 1; 0: unknown, or not of one. */
  int32_t value;     /**< 0 when cause is missing. */
  int32_t limit;
  uint32_t reserved2; /**< Zero. */
} ems_reason_t;

/** What one inverter may do at its ac terminals. */
typedef struct ems_inverter_verdict {
  uint32_t struct_size; /**< In: sizeof(ems_inverter_verdict_t). Out: bytes filled. */
  ems_asset_t asset;
  ems_interval_t ac; /**< Contains 0 unless dc PV forces delivery. */
  int32_t command;   /**< Strongest EMS_COMMAND_* let through; never form. */
  int32_t state;     /**< EMS_SAFETY_*. */
  int32_t apparent_max_va;
  uint32_t curtail_pv; /**< 1: its dc PV must be off or curtailed. */
  uint32_t may_open;   /**< 1: its contactor may open now. */
} ems_inverter_verdict_t;

/** Severity of an event. */
enum {
  EMS_SEVERITY_INFO = 0,
  EMS_SEVERITY_WARNING = 1,
  EMS_SEVERITY_ALARM = 2,
  EMS_SEVERITY_CRITICAL = 3
};

/** Something a person or the audit must know. */
typedef struct ems_event {
  const char* name; /**< Stable: `cell_overvoltage`. Lives as long as what gave it. */
  int64_t value;    /**< In the signal's unit; 0 when there is none. */
  ems_asset_t asset;
  uint16_t signal;  /**< EMS_SIGNAL_*, or 0 when none. */
  uint8_t severity; /**< EMS_SEVERITY_*. */
  uint8_t active;   /**< 0: it has cleared. */
} ems_event_t;

/** Why the gate changed a command. */
enum {
  EMS_GATE_NONE = 0,
  EMS_GATE_DISARMED = 1,         /**< Monitor only: send nothing. */
  EMS_GATE_UNKNOWN_INVERTER = 2, /**< No verdict: stop. */
  EMS_GATE_FORCED = 3,           /**< Safety's own standby, stop or open. */
  EMS_GATE_UNKNOWN_COMMAND = 4,  /**< A kind the gate cannot bound, form included: stop. */
  EMS_GATE_BREAKING_LIMIT = 5,   /**< Open was asked for under load: stop comes first. */
  EMS_GATE_ACTIVE_POWER = 6,     /**< P was outside the interval. */
  EMS_GATE_REACTIVE_POWER = 7    /**< Q did not fit beside P. */
};

/** What the gate let through. */
typedef struct ems_gate_result {
  uint32_t struct_size; /**< In: sizeof(ems_gate_result_t). Out: bytes filled. */
  uint32_t send;        /**< 1: send command. 0: send nothing; command is stop. */
  uint32_t changed;     /**< 1: not what was wanted. */
  int32_t why;          /**< EMS_GATE_*. */
  const char* why_text; /**< Static name of why. */
  ems_command_t command;
  uint32_t reserved; /**< Zero. */
} ems_gate_result_t;

/** Who takes a latch back, and why. */
typedef struct ems_safety_reset_request {
  uint32_t struct_size; /**< sizeof(ems_safety_reset_request_t). */
  uint32_t technician;  /**< 1: the person has the role technician; nobody else may. */
  const char* name;     /**< The person; not blank. */
  const char* cause;    /**< What was found and put right; not blank. */
} ems_safety_reset_request_t;

/**
 * Limits that sit at the chemistry's absolute bounds, except the currents, which are 0 and forbid
 * everything until ems_safety_limits_set_currents() names them.
 *
 * @param chemistry  EMS_CHEMISTRY_*.
 * @param out        struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  out is NULL or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such chemistry.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_limits_default(int32_t chemistry, ems_safety_limits_t* out);

/**
 * Sets both current maxima and, 20 % above each (at least 2 A), the over-current trips.
 *
 * @param limits        Changed in place; only on EMS_OK.
 * @param charge_ma     Magnitude, >= 0.
 * @param discharge_ma  Magnitude, >= 0.
 *
 * @retval EMS_OK                  limits is changed.
 * @retval EMS_E_INVALID_ARGUMENT  limits is NULL or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      a current is negative.
 * @memory         Allocates nothing.
 * @thread_safety  Pure but for limits.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_limits_set_currents(ems_safety_limits_t* limits, int32_t charge_ma,
                                                    int32_t discharge_ma);

/**
 * Checks limits against the chemistry's absolute bounds and against themselves.
 *
 * @param limits  struct_size set.
 *
 * @retval EMS_OK                  they are accepted.
 * @retval EMS_E_INVALID_ARGUMENT  limits is NULL, struct_size is too small, or a field contradicts
 *                                 another; the message names it.
 * @retval EMS_E_TOO_WIDE          wider than the absolute bound; the message names the field.
 * @retval EMS_E_OUT_OF_RANGE      no such chemistry.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_limits_validate(const ems_safety_limits_t* limits);

/**
 * A configuration without batteries, with every default set.
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
EMS_API ems_status_t ems_safety_config_default(ems_safety_config_t* out);

/**
 * Bytes that ems_safety_init() needs.
 *
 * @return         At most 8 * EMS_SAFETY_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_safety_size(void);

/**
 * Makes a safety kernel in memory of the caller; checks the whole configuration.
 *
 * @param memory  Aligned to 8; the kernel lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param config  Copied.
 * @param out     Gets the kernel. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the kernel.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, a struct_size is too
 *                                   small, or limits contradict themselves; offset = the battery.
 * @retval EMS_E_TOO_WIDE            limits wider than the absolute bounds; offset = the battery.
 * @retval EMS_E_ALREADY_EXISTS      an asset is listed twice; offset = its place.
 * @retval EMS_E_NOT_FOUND           no battery, or an inverter names one that is not there.
 * @retval EMS_E_OUT_OF_RANGE        a number is outside its range; the message names it.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_init(void* memory, size_t size, const ems_safety_config_t* config,
                                     ems_safety_t** out);

/**
 * Advances safety by one cycle. When it fails, no verdict is left: until a step succeeds the gate
 * stops every inverter.
 *
 * @param safety  From ems_safety_init().
 * @param image   The newest samples.
 * @param estop   Somebody asks for an emergency stop. The inputs in the image count, too; see
 *                ems_safety_config_t.estop_inputs.
 * @param now_ms  Monotonic. Going backwards is a clock fault: SAFE.
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                     the envelope of this cycle is in force.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_FAILED_PRECONDITION  safety belongs to an ems_control_t, which steps it.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one kernel.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_step(ems_safety_t* safety, const ems_image_t* image, bool estop,
                                     int64_t now_ms, ems_safety_result_t* out);

/**
 * The outcome of the last step once more.
 *
 * @param safety  From ems_safety_init() or ems_control_safety().
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                     out is filled.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not a kernel, or struct_size is too small.
 * @retval EMS_E_FAILED_PRECONDITION  no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_get_result(const ems_safety_t* safety, ems_safety_result_t* out);

/**
 * What one battery may do, as of the last step.
 *
 * @param safety   From ems_safety_init() or ems_control_safety().
 * @param battery  Its place in the configuration.
 * @param out      struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a kernel, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such battery, or no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_battery_at(const ems_safety_t* safety, size_t battery,
                                           ems_battery_verdict_t* out);

/**
 * One active rule of one battery, as of the last step.
 *
 * @param safety   From ems_safety_init() or ems_control_safety().
 * @param battery  Its place in the configuration.
 * @param index    0 .. reason_count - 1.
 * @param out      Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a kernel.
 * @retval EMS_E_OUT_OF_RANGE      no such battery or reason, or no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_reason_at(const ems_safety_t* safety, size_t battery, size_t index,
                                          ems_reason_t* out);

/**
 * What one inverter may do, as of the last step.
 *
 * @param safety    From ems_safety_init() or ems_control_safety().
 * @param inverter  Its place in the configuration.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a kernel, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such inverter, or no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_inverter_at(const ems_safety_t* safety, size_t inverter,
                                            ems_inverter_verdict_t* out);

/**
 * One event of the last step.
 *
 * @param safety  From ems_safety_init() or ems_control_safety().
 * @param index   0 .. event_count - 1.
 * @param out     Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a kernel.
 * @retval EMS_E_OUT_OF_RANGE      no such event.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_event_at(const ems_safety_t* safety, size_t index,
                                         ems_event_t* out);

/**
 * One latched trip: what must be stored durably whenever latch_changed says so.
 *
 * @param safety  From ems_safety_init() or ems_control_safety().
 * @param index   0 .. trip_count - 1.
 * @param out     Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a kernel.
 * @retval EMS_E_OUT_OF_RANGE      no such trip.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_trip_at(const ems_safety_t* safety, size_t index, ems_trip_t* out);

/**
 * Takes every latch back. All rules start again from inhibited.
 *
 * @param safety   From ems_safety_init().
 * @param image    The newest samples: every cause must be gone. For an emergency stop: estop of the
 *                 last step.
 * @param request  Who, and what was put right.
 * @param now_ms   Monotonic.
 *
 * @retval EMS_OK                     nothing is latched; store that.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not of its kind, struct_size too small, or
 *                                    name (offset 1) or cause (offset 2) is blank.
 * @retval EMS_E_PERMISSION_DENIED    not a technician.
 * @retval EMS_E_FAILED_PRECONDITION  nothing is latched (offset 0), a cause is still there (offset
 *                                    = its place from 1), or safety belongs to an ems_control_t.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one kernel.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_reset(ems_safety_t* safety, const ems_image_t* image,
                                      const ems_safety_reset_request_t* request, int64_t now_ms);

/**
 * Lets a command through only inside the inverter's own verdict of the last step. A verdict ten
 * tick periods old, or from the future, is none: stop. So an interrupt may gate while the main loop
 * hangs.
 *
 * @param safety    From ems_safety_init() or ems_control_safety().
 * @param inverter  Its place in the configuration; an unknown one gives stop.
 * @param wanted    What is asked for.
 * @param armed     Control is armed and its limits are accepted; else nothing is to be sent.
 * @param now_ms    Monotonic, of the same clock as the step's.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out says what to send.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a kernel, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_safety_gate(const ems_safety_t* safety, size_t inverter,
                                     const ems_command_t* wanted, bool armed, int64_t now_ms,
                                     ems_gate_result_t* out);

#ifdef __cplusplus
}
#endif

#endif
