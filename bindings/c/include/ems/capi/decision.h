/* SPDX-License-Identifier: Apache-2.0 */
/** @file Decision: from the envelope and the policies to one power, with the reason for every watt.
 */
#ifndef EMS_CAPI_DECISION_H
#define EMS_CAPI_DECISION_H

#include <ems/capi/codes.h>
#include <ems/capi/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One decision maker, in memory of the caller. */
typedef struct ems_decision ems_decision_t;

enum {
  EMS_DECISION_WORDS = 1024,   /**< uint64_t words of memory it needs at most, in every 0.x. */
  EMS_EXPLANATION_SIZE = 1537, /**< Bytes that any explanation needs, with its NUL. */
  EMS_LEVEL_COUNT = 5,
  EMS_ACTOR_SIZE = 49,   /**< Bytes of an actor's name with its NUL. */
  EMS_PLAN_ID_SIZE = 49, /**< Bytes of a plan's id with its NUL. */
  EMS_TIME_OF_USE_WINDOWS_MAX = 16
};

/** Policies: who may ask for power. Append-only; 128 .. 255 are the host's own. */
enum {
  EMS_POLICY_SAFETY = 1, /**< The envelope. */
  EMS_POLICY_IMPORT_LIMIT = 2,
  EMS_POLICY_SETPOINT = 3,
  EMS_POLICY_SELF_CONSUMPTION = 4,
  EMS_POLICY_ACTIVE_POWER_LIMIT = 5,
  EMS_POLICY_FREQUENCY_DROOP = 6,
  EMS_POLICY_RAMP = 7,
  EMS_POLICY_DIMMING = 8,
  EMS_POLICY_EXPORT_LIMIT = 9,
  EMS_POLICY_DEMAND_LIMIT = 10,
  EMS_POLICY_BACKUP_RESERVE = 11,
  EMS_POLICY_REMOTE_SETPOINT = 12,
  EMS_POLICY_SCHEDULE = 13,
  EMS_POLICY_ZERO_EXPORT = 14,
  EMS_POLICY_PLAN = 15,
  EMS_POLICY_TIME_OF_USE = 16,
  EMS_POLICY_PRICE = 17,
  EMS_POLICY_COMFORT_BAND = 18,
  EMS_POLICY_GENTLE_CURRENT = 19,
  EMS_POLICY_GENTLE_TEMPERATURE = 20
};

/** Levels, strongest first. */
enum {
  EMS_LEVEL_SAFETY = 1,
  EMS_LEVEL_GRID_CODE = 2,
  EMS_LEVEL_CONTRACTUAL = 3,
  EMS_LEVEL_ECONOMIC = 4,
  EMS_LEVEL_LONGEVITY = 5
};

/** What a policy did this cycle. */
enum {
  EMS_POLICY_DISABLED = 0,
  EMS_POLICY_ACTING = 1,
  EMS_POLICY_HOLDING = 2,        /**< Inputs stale: what was last commanded, no charging. */
  EMS_POLICY_FALLBACK = 3,       /**< Inputs stale, or no lease alive: what it falls back to. */
  EMS_POLICY_STALE = 4,          /**< Inputs stale: abstains. */
  EMS_POLICY_NO_DEMAND = 5,      /**< Nobody asked for anything. */
  EMS_POLICY_EXPIRED = 6,        /**< The lease has ended. */
  EMS_POLICY_SATISFIED = 7,      /**< The state of charge it works towards is reached. */
  EMS_POLICY_NOT_COVERED = 8,    /**< Its plan or table says nothing about now. */
  EMS_POLICY_TOO_OLD = 9,        /**< Its plan or table is older than it may be. */
  EMS_POLICY_CLOCK_UNSET = 10,   /**< The clock on the wall is not set. */
  EMS_POLICY_CLOCK_ADRIFT = 11,  /**< The clock has not been synced for too long. */
  EMS_POLICY_WATCHING = 12,      /**< Its inputs are good and nothing calls for it. */
  EMS_POLICY_NOT_APPLICABLE = 13 /**< Not in this situation. */
};

/** Bits of ems_decision_config_t.policies: which policies speak. The bit of a policy is its number
 *  less 2. */
enum {
  EMS_DECISION_IMPORT_LIMIT = 1 << 0,
  EMS_DECISION_SETPOINT = 1 << 1,
  EMS_DECISION_SELF_CONSUMPTION = 1 << 2,
  EMS_DECISION_ACTIVE_POWER_LIMIT = 1 << 3,
  EMS_DECISION_FREQUENCY_DROOP = 1 << 4,
  EMS_DECISION_RAMP = 1 << 5,
  EMS_DECISION_DIMMING = 1 << 6,
  EMS_DECISION_EXPORT_LIMIT = 1 << 7,
  EMS_DECISION_DEMAND_LIMIT = 1 << 8,
  EMS_DECISION_BACKUP_RESERVE = 1 << 9,
  EMS_DECISION_REMOTE_SETPOINT = 1 << 10,
  EMS_DECISION_SCHEDULE = 1 << 11,
  EMS_DECISION_ZERO_EXPORT = 1 << 12,
  EMS_DECISION_PLAN = 1 << 13,
  EMS_DECISION_TIME_OF_USE = 1 << 14,
  EMS_DECISION_PRICE = 1 << 15,
  EMS_DECISION_COMFORT_BAND = 1 << 16,
  EMS_DECISION_GENTLE_CURRENT = 1 << 17,
  EMS_DECISION_GENTLE_TEMPERATURE = 1 << 18
};

/** What the batteries may deliver and take. */
typedef struct ems_power_limits {
  uint8_t has_discharge_max;
  uint8_t has_charge_max;
  uint8_t reserved[2];     /**< Zero. */
  int32_t discharge_max_w; /**< Magnitude at ac, >= 0; not read unless has_discharge_max. */
  int32_t charge_max_w;    /**< Magnitude at ac, >= 0; not read unless has_charge_max. */
} ems_power_limits_t;

/** Days of a window, Monday first. */
enum { EMS_DAYS_MONDAY_TO_FRIDAY = 0x1F, EMS_DAYS_ALL = 0x7F };

/** What a time-of-use window does. */
enum { EMS_WINDOW_CHARGE = 1, EMS_WINDOW_DISCHARGE = 2, EMS_WINDOW_HOLD = 3 };

/** One window of policy time_of_use: from <= local time < to. */
typedef struct ems_time_of_use_window {
  uint16_t from_minute; /**< Of the day; 0 .. 1439. */
  uint16_t to_minute;   /**< 1 .. 1440; at or before from_minute it crosses midnight. */
  uint8_t days;         /**< Bit 0: it opens on Mondays. */
  uint8_t action;       /**< EMS_WINDOW_*. */
  uint8_t has_soc_stop;
  uint8_t reserved;    /**< Zero. */
  int32_t power_w;     /**< Of charging or discharging; > 0; 0 for hold. */
  int32_t soc_stop_bp; /**< Charging stops at or above, discharging at or below it. */
} ems_time_of_use_window_t;

/** Everything decision is told once. ems_decision_config_default() fills it; what has no default
 *  there is 0. A program of older headers gets the defaults of what it does not know. */
typedef struct ems_decision_config {
  uint32_t struct_size;              /**< sizeof(ems_decision_config_t). */
  uint32_t policies;                 /**< EMS_DECISION_*: the fields of the others are not read. */
  int64_t pair_skew_max_ms;          /**< Farthest apart a meter and a battery sample may be. */
  int64_t import_limit_hold_ms;      /**< How long a discharge is held on stale input; > 0. */
  int64_t setpoint_lease_max_ms;     /**< A longer lease ends here; > 0. */
  int32_t import_limit_w;            /**< Largest import at the site's meter; >= 0. */
  int32_t self_consumption_target_w; /**< Power wanted at the site's meter; + imports. */
  int32_t self_consumption_deadband_w; /**< >= 0. */
  uint32_t reserved;                   /**< Zero. */

  int64_t active_power_limit_lease_max_ms;        /**< A longer lease ends here; > 0. */
  ems_power_limits_t active_power_limit;          /**< Always in force; a command only tightens. */
  ems_power_limits_t active_power_limit_fallback; /**< In force while no command is. Each side is
                                                       in one of the two at least. */
  /* frequency_droop; ems_decision_config_set_grid() fills what the grid decides. */
  int64_t droop_release_after_ms;       /**< Back inside the deadband this long ends the answer. */
  int64_t droop_response_ms;            /**< Oldest frequency that is acted on; > 0. */
  int32_t droop_nominal_mhz;            /**< 40000 .. 70000. */
  int32_t droop_deadband_over_mhz;      /**< 1 .. nominal / 20. */
  int32_t droop_deadband_under_mhz;     /**< The same. */
  int32_t droop_bp;                     /**< Of nominal, for one reference power; 100 .. 2000. */
  int32_t droop_reference_w;            /**< Usually the plant's rating; > 0. */
  int32_t ramp_up_w_per_s;              /**< Towards discharging; > 0. */
  int32_t ramp_down_w_per_s;            /**< Towards charging; > 0. */
  int32_t dimming_failsafe_w;           /**< Charging allowed once no command lives; >= 0. */
  int32_t dimming_protective_w;         /**< After the failsafe's time; >= 0. */
  int32_t export_limit_w;               /**< Largest export at the site's meter; >= 0. */
  int64_t ramp_step_max_ms;             /**< No step is larger than this time allows; > 0. */
  int64_t dimming_failsafe_min_ms;      /**< For at least this long; > 0. */
  int64_t dimming_lease_max_ms;         /**< A longer lease ends here; > 0. */
  int64_t demand_limit_window_ms;       /**< 60 s .. 1 h, a whole part of a day. */
  int64_t demand_limit_offset_ms;       /**< Of the windows from UTC midnight; 0 .. < window. */
  int64_t demand_limit_hold_ms;         /**< As import_limit_hold_ms; > 0. */
  int64_t demand_limit_glide_ms;        /**< In which the import allowed moves by the limit. */
  int64_t remote_setpoint_lease_max_ms; /**< A longer lease ends here; > 0. */
  int64_t plan_age_max_ms;              /**< A plan valid for longer ends here; > 0. */
  int64_t plan_adrift_max_ms;           /**< Longest holdover of the clock; >= 0. */
  int64_t price_age_max_ms;             /**< An older table counts for nothing; > 0. */
  int64_t price_buy_below;              /**< Millionths per kWh: charges while energy costs less. */
  int64_t price_sell_above;             /**< Discharges while export earns more. */
  const ems_time_of_use_window_t* time_of_use_windows; /**< Copied; the first open one counts. May
                                                            be NULL when the count is 0. */
  uint32_t time_of_use_window_count;                   /**< 0 .. EMS_TIME_OF_USE_WINDOWS_MAX. */
  uint32_t time_of_use_only_without_prices; /**< 1: only while price has no price for now. */
  int32_t time_of_use_soc_hysteresis_bp;
  int32_t demand_limit_w;            /**< Largest mean import over a window; >= 0. */
  int32_t demand_limit_import_max_w; /**< Largest import at any moment; >= demand_limit_w. */
  int32_t backup_reserve_bp;         /**< State of charge kept for an outage; 0 .. 10000. */
  int32_t backup_reserve_hysteresis_bp;
  int32_t zero_export_tolerance_w;     /**< An export this small is none; >= 0. */
  char price_currency[4];              /**< ISO 4217, NUL-terminated. */
  int32_t price_power_w;               /**< At the best price; > 0. */
  int32_t price_share_at_threshold_bp; /**< Of price_power_w; rises with the distance from it. */
  int32_t price_soc_buy_max_bp;        /**< Does not buy at or above. */
  int32_t price_soc_sell_min_bp;       /**< Does not sell at or below. */
  int32_t price_soc_hysteresis_bp;
  int32_t self_consumption_surplus_start_w;  /**< Stores from this surplus on, */
  int32_t self_consumption_surplus_stop_w;   /**< until less than this is left. */
  int32_t self_consumption_soc_store_max_bp; /**< At or above, surplus is not stored. */
  int32_t self_consumption_soc_feed_min_bp;  /**< At or below, the load is not fed. */
  int32_t self_consumption_soc_hysteresis_bp;
  int32_t comfort_soc_min_bp;
  int32_t comfort_soc_max_bp;
  int32_t comfort_taper_bp;           /**< Inside the band, where power falls to 0. */
  int32_t comfort_power_w;            /**< Where the taper begins: the site's rating; > 0. */
  int32_t comfort_restore_w;          /**< Moves back into the band with up to this; 0: does not. */
  int32_t gentle_charge_ppm;          /**< Of the capacity per hour; 500000 is C/2. > 0. */
  int32_t gentle_discharge_ppm;       /**< The same. */
  int32_t gentle_cold_zero_mdegc;     /**< No power at or below; */
  int32_t gentle_cold_full_mdegc;     /**< comfortable from here, */
  int32_t gentle_hot_full_mdegc;      /**< to here; */
  int32_t gentle_hot_zero_mdegc;      /**< no power at or above. */
  int32_t gentle_temperature_power_w; /**< Let through at the comfortable edge; > 0. */
} ems_decision_config_t;

/** Grids that ems_decision_config_set_grid() knows. */
enum {
  EMS_GRID_IEEE_1547 = 1, /**< 60 Hz, +-36 mHz, 5 %. */
  EMS_GRID_EN_50549 = 2   /**< 50 Hz, +-200 mHz, 5 %. */
};

/** A measured power. */
typedef struct ems_power_sample {
  int64_t taken_at_ms;    /**< Monotonic. */
  int64_t stale_after_ms; /**< From this age on it counts as missing; > 0. */
  int32_t power_w;
  uint8_t quality;     /**< EMS_QUALITY_*. */
  uint8_t reserved[3]; /**< Zero. */
} ems_power_sample_t;

/** A measured value that is no power; its unit is in the field's name. */
typedef struct ems_measurement {
  int64_t value;
  int64_t taken_at_ms;    /**< Monotonic. */
  int64_t stale_after_ms; /**< From this age on it counts as missing; > 0. */
  uint8_t quality;        /**< EMS_QUALITY_*. */
  uint8_t reserved[7];    /**< Zero. */
} ems_measurement_t;

/** A power that a person, or the server, asked for. */
typedef struct ems_setpoint {
  int64_t given_at_ms;        /**< Monotonic. */
  int64_t lease_end_ms;       /**< Monotonic; from here on it no longer counts. */
  int32_t power_w;            /**< Of all batteries together, at ac; + discharges. */
  char actor[EMS_ACTOR_SIZE]; /**< Who asked; NUL-terminated. */
  uint8_t reserved[3];        /**< Zero. */
} ems_setpoint_t;

/** A limit that the grid operator gave. With both sides absent it says, for the time of its lease,
 *  that there is no limit. No command at all is not a release. */
typedef struct ems_limit_command {
  int64_t given_at_ms;  /**< Monotonic. */
  int64_t lease_end_ms; /**< Monotonic; from here on the fallback counts instead. */
  ems_power_limits_t limits;
  char actor[EMS_ACTOR_SIZE]; /**< Who asked; NUL-terminated. */
  uint8_t reserved[3];        /**< Zero. */
} ems_limit_command_t;

/** What the clock on the wall says now. Zeroed: it is not set. */
typedef struct ems_wall_time {
  int64_t utc_us;       /**< Microseconds since 1970. */
  int64_t unsynced_ms;  /**< Since it was last synced; counts only in holdover; >= 0. */
  int32_t utc_offset_s; /**< Local time less UTC at the site now, summer time included. */
  int32_t quality;      /**< EMS_CLOCK_*. */
} ems_wall_time_t;

/** A power agreed on for a time: from <= t < to. */
typedef struct ems_schedule_entry {
  int64_t from_utc_us;
  int64_t to_utc_us;
  int32_t power_w;   /**< Of all batteries together, at ac; + discharges. */
  uint32_t reserved; /**< Zero. */
} ems_schedule_entry_t;

/** A stretch of a plan: start <= t < end. */
typedef struct ems_plan_slot {
  int64_t start_utc_us;
  int64_t end_utc_us;
  int32_t power_w;      /**< Of all batteries together, at ac; + discharges. */
  int32_t pcc_target_w; /**< With has_pcc_target: this power at the meter instead, + imports. */
  uint32_t has_pcc_target;
  uint32_t reserved; /**< Zero. */
} ems_plan_slot_t;

/** What energy costs from start until the next slot; millionths of the currency per kWh. */
typedef struct ems_price_slot {
  int64_t start_utc_us;
  int64_t buy;  /**< Paid for import. */
  int64_t sell; /**< Got for export. */
} ems_price_slot_t;

/** Tables by time, in order and without overlap. They are borrowed for the call, and checked in it:
 *  check what comes from elsewhere with ems_decision_tables_validate() when it comes. A count of 0:
 *  there is none. */
typedef struct ems_decision_tables {
  uint32_t struct_size; /**< sizeof(ems_decision_tables_t). */
  uint32_t schedule_count;
  const ems_schedule_entry_t* schedule; /**< May be NULL when schedule_count is 0. */
  const ems_plan_slot_t* plan;          /**< May be NULL when plan_count is 0. */
  uint32_t plan_count;
  char plan_id[EMS_PLAN_ID_SIZE]; /**< Not empty; NUL-terminated. */
  uint8_t reserved[3];            /**< Zero. */
  int64_t plan_made_at_utc_us;
  int64_t plan_valid_for_ms;      /**< From then; > 0. */
  const ems_price_slot_t* prices; /**< May be NULL when price_count is 0. */
  uint32_t price_count;
  char price_currency[4]; /**< ISO 4217, NUL-terminated. */
  int64_t price_made_at_utc_us;
  int64_t price_end_utc_us; /**< Of the last slot. */
} ems_decision_tables_t;

/** Bits of ems_decision_inputs_t.valid. A field whose bit is clear is not read: it is unknown. */
enum {
  EMS_DECISION_HAS_PCC_POWER = 1 << 0,
  EMS_DECISION_HAS_BATTERY_POWER = 1 << 1,
  EMS_DECISION_HAS_GATED_POWER = 1 << 2,
  EMS_DECISION_HAS_SETPOINT = 1 << 3,
  EMS_DECISION_HAS_REMOTE_SETPOINT = 1 << 4,
  EMS_DECISION_HAS_ACTIVE_POWER_LIMIT = 1 << 5,
  EMS_DECISION_HAS_DIMMING = 1 << 6,
  EMS_DECISION_HAS_FREQUENCY = 1 << 7,
  EMS_DECISION_HAS_GRID_CONNECTED = 1 << 8,
  EMS_DECISION_HAS_ENERGY_IMPORTED = 1 << 9,
  EMS_DECISION_HAS_SOC = 1 << 10,
  EMS_DECISION_HAS_SOC_MIN = 1 << 11,
  EMS_DECISION_HAS_SOC_MAX = 1 << 12,
  EMS_DECISION_HAS_TEMPERATURE_MIN = 1 << 13,
  EMS_DECISION_HAS_TEMPERATURE_MAX = 1 << 14
};

/** What one step needs. */
typedef struct ems_decision_inputs {
  uint32_t struct_size;             /**< sizeof(ems_decision_inputs_t). */
  uint32_t valid;                   /**< EMS_DECISION_HAS_*. */
  ems_interval_t envelope;          /**< What safety allows: the inverters' verdicts, summed. */
  ems_power_sample_t pcc_power;     /**< The site's meter; + imports. */
  ems_power_sample_t battery_power; /**< All controlled inverters at ac; + discharges. */
  ems_power_sample_t gated_power;   /**< Sum of the commands that last left the gate. */
  ems_setpoint_t setpoint;          /**< The newest, not taken back. */

  uint32_t reserved;                       /**< Zero. */
  ems_setpoint_t remote_setpoint;          /**< The server's. */
  ems_limit_command_t active_power_limit;  /**< The grid operator's. */
  ems_limit_command_t dimming;             /**< The grid operator's; charge_max_w counts. */
  ems_measurement_t frequency_mhz;         /**< Of the grid. */
  ems_measurement_t grid_connected;        /**< 0: the site is an island. */
  ems_measurement_t energy_imported_wh;    /**< The site's meter's counter. */
  ems_measurement_t soc_bp;                /**< Stored energy over capacity, all together. */
  ems_measurement_t soc_min_bp;            /**< The emptiest battery. */
  ems_measurement_t soc_max_bp;            /**< The fullest battery. */
  ems_measurement_t temperature_min_mdegc; /**< The coldest cell. */
  ems_measurement_t temperature_max_mdegc; /**< The hottest cell. */
  int64_t capacity_wh;                     /**< All batteries; 0: unknown. */
  ems_wall_time_t wall;
  const ems_decision_tables_t* tables; /**< Borrowed for the call; NULL: there are none. */
} ems_decision_inputs_t;

/** Bits of ems_decision_result_t.valid. */
enum {
  EMS_DECISION_HAS_WINNER = 1 << 0,    /**< Clear: idle. */
  EMS_DECISION_HAS_RUNNER_UP = 1 << 1, /**< Clear: nobody wanted something else. */
  EMS_DECISION_HAS_NET_LOAD = 1 << 2   /**< Clear: the net load is unknown. */
};

/** The outcome of one step; the record behind it is asked for one by one. */
typedef struct ems_decision_result {
  uint32_t struct_size;    /**< In: sizeof(ems_decision_result_t). Out: bytes filled. */
  uint32_t valid;          /**< EMS_DECISION_HAS_*. */
  int32_t target_w;        /**< Of all batteries together, inside the envelope; + discharges. */
  int32_t net_load_w;      /**< What the site would import if the battery did nothing. */
  uint8_t winner;          /**< EMS_POLICY_*: who set the target. */
  uint8_t runner_up;       /**< EMS_POLICY_*: who wanted something else. */
  uint8_t reserved[2];     /**< Zero. */
  uint32_t policy_count;   /**< For ems_decision_policy_at(). */
  uint32_t conflict_count; /**< For ems_decision_conflict_at(). */
  uint32_t input_count;    /**< For ems_decision_input_at(). */
} ems_decision_result_t;

/** What one level did to the interval that was left. */
typedef struct ems_level_trace {
  ems_interval_t before;
  ems_interval_t after;
  uint8_t level; /**< EMS_LEVEL_*. */
  uint8_t lo_by; /**< EMS_POLICY_*: who last moved after.lo_w, here or above. */
  uint8_t hi_by; /**< EMS_POLICY_*: who last moved after.hi_w, here or above. */
  uint8_t reserved;
} ems_level_trace_t;

/** Bits of ems_policy_output_t.valid. A side whose bit is clear is open. */
enum {
  EMS_POLICY_HAS_CONSTRAINT_LO = 1 << 0,
  EMS_POLICY_HAS_CONSTRAINT_HI = 1 << 1,
  EMS_POLICY_HAS_PREFERENCE_LO = 1 << 2,
  EMS_POLICY_HAS_PREFERENCE_HI = 1 << 3
};

/** What one policy asked for. */
typedef struct ems_policy_output {
  uint8_t policy; /**< EMS_POLICY_* number. */
  uint8_t level;  /**< EMS_LEVEL_*. */
  uint8_t status; /**< EMS_POLICY_DISABLED .. EMS_POLICY_NOT_APPLICABLE. */
  uint8_t valid;  /**< EMS_POLICY_HAS_*. */
  int32_t constraint_lo_w;
  int32_t constraint_hi_w;
  int32_t preference_lo_w;
  int32_t preference_hi_w;
} ems_policy_output_t;

/** A demand that could not be met. */
typedef struct ems_conflict {
  uint8_t policy;           /**< EMS_POLICY_* number. */
  uint8_t level;            /**< EMS_LEVEL_*. */
  uint8_t is_preference;    /**< 0: a constraint. */
  uint8_t bound_by;         /**< Who had set the bound it ran into. */
  int32_t shortfall_w;      /**< Distance to the demand; >= 0. */
  int32_t against_itself_w; /**< Lower minus upper of a demand that contradicts itself; >= 0. */
} ems_conflict_t;

/** What a policy looked at. */
enum {
  EMS_INPUT_PCC_POWER = 1,
  EMS_INPUT_BATTERY_POWER = 2,
  EMS_INPUT_GATED_POWER = 3,
  EMS_INPUT_SETPOINT = 4,
  EMS_INPUT_FREQUENCY = 5,
  EMS_INPUT_ACTIVE_POWER_LIMIT = 6,
  EMS_INPUT_DIMMING = 7,
  EMS_INPUT_REMOTE_SETPOINT = 8,
  EMS_INPUT_SCHEDULE = 9,
  EMS_INPUT_WALL_CLOCK = 10,
  EMS_INPUT_ENERGY_IMPORTED = 11,
  EMS_INPUT_SOC = 12,
  EMS_INPUT_GRID_CONNECTED = 13,
  EMS_INPUT_SOC_MIN = 14,
  EMS_INPUT_SOC_MAX = 15,
  EMS_INPUT_TEMPERATURE_MIN = 16,
  EMS_INPUT_TEMPERATURE_MAX = 17,
  EMS_INPUT_PLAN = 18,
  EMS_INPUT_PRICE = 19,
  EMS_INPUT_CAPACITY = 20
};

/** How old an input was when a policy used it, or refused to. */
typedef struct ems_input_age {
  int64_t age_ms;    /**< Meaningful when has_age. */
  uint8_t policy;    /**< EMS_POLICY_* number. */
  uint8_t input;     /**< EMS_INPUT_*. */
  uint8_t usable;    /**< 1: present, trusted, not from the future, not stale. */
  uint8_t has_age;   /**< 0: there was no sample. */
  uint8_t quality;   /**< EMS_QUALITY_*; bad also when there was no sample. */
  uint8_t has_value; /**< 1: ems_decision_input_value() has it. */
  uint8_t reserved[2];
} ems_input_age_t;

/** Where the numbers of a limit in force come from. */
enum {
  EMS_LIMIT_NONE = 0,
  EMS_LIMIT_CONFIGURED = 1,
  EMS_LIMIT_COMMAND = 2,
  EMS_LIMIT_FALLBACK = 3,
  EMS_LIMIT_FAILSAFE = 4
};

/** Bits of ems_in_force_t.valid. A field whose bit is clear is 0. */
enum {
  EMS_IN_FORCE_IMPORT_LIMIT = 1 << 0,
  EMS_IN_FORCE_EXPORT_LIMIT = 1 << 1,
  EMS_IN_FORCE_DEMAND_WINDOW = 1 << 2,
  EMS_IN_FORCE_DROOP = 1 << 3,
  EMS_IN_FORCE_SETPOINT = 1 << 4,
  EMS_IN_FORCE_REMOTE_SETPOINT = 1 << 5,
  EMS_IN_FORCE_ACTIVE_POWER_LIMIT = 1 << 6,
  EMS_IN_FORCE_DIMMING = 1 << 7,
  EMS_IN_FORCE_SCHEDULE = 1 << 8,
  EMS_IN_FORCE_PLAN = 1 << 9,
  EMS_IN_FORCE_TIME_OF_USE = 1 << 10,
  EMS_IN_FORCE_PRICE = 1 << 11
};

/** What policies acted on in the last step: limits, commands, and the slots of now. */
typedef struct ems_in_force {
  uint32_t struct_size; /**< In: sizeof(ems_in_force_t). Out: bytes filled. */
  uint32_t valid;       /**< EMS_IN_FORCE_*. */
  int32_t import_limit_w;
  int32_t export_limit_w;
  int32_t droop_start_w;             /**< Power when the frequency left the deadband. */
  uint8_t active_power_limit_source; /**< EMS_LIMIT_*. */
  uint8_t dimming_source;            /**< EMS_LIMIT_*. */
  uint8_t demand_by_counter; /**< 1: the meter's counter said more than its power samples. */
  uint8_t reserved;
  int64_t demand_start_utc_us;
  int64_t demand_left_ms;
  int64_t demand_energy_wh; /**< Imported so far, unseen time counted as at the limit. */
  int32_t demand_allowed_w; /**< Import that may flow now. */
  char price_currency[4];   /**< NUL-terminated. */
  ems_setpoint_t setpoint;  /**< Leases of commands are cut to their maximum. */
  ems_setpoint_t remote_setpoint;
  ems_limit_command_t active_power_limit;
  ems_limit_command_t dimming;
  ems_schedule_entry_t schedule;
  ems_plan_slot_t plan;
  ems_time_of_use_window_t window;
  ems_price_slot_t price;
  char plan_id[EMS_PLAN_ID_SIZE]; /**< NUL-terminated. */
  uint8_t reserved2[7];
} ems_in_force_t;

/**
 * Name of a policy: `import_limit`.
 *
 * @param policy   0 .. 255.
 * @return         Static text; "host" from 128 on, "unknown" for a number without a row.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API const char* ems_policy_name(uint8_t policy);

/**
 * A configuration without policies, with every default set.
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
EMS_API ems_status_t ems_decision_config_default(ems_decision_config_t* out);

/**
 * Writes what a grid decides of policy frequency_droop: everything but droop_reference_w.
 *
 * @param config  Changed in place; only on EMS_OK.
 * @param grid    EMS_GRID_*.
 *
 * @retval EMS_OK                  config is changed.
 * @retval EMS_E_INVALID_ARGUMENT  config is NULL or struct_size is too small to hold it.
 * @retval EMS_E_OUT_OF_RANGE      no such grid.
 * @memory         Allocates nothing.
 * @thread_safety  Pure but for config.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_config_set_grid(ems_decision_config_t* config, int32_t grid);

/**
 * Checks tables when they come.
 *
 * @param tables  struct_size set.
 *
 * @retval EMS_OK                  a step will take them.
 * @retval EMS_E_INVALID_ARGUMENT  tables or one with a count is NULL, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      a row is out of order or has no length, the plan no id, the
 * prices no currency; offset: the first wrong row, 65535 at most.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_tables_validate(const ems_decision_tables_t* tables);

/**
 * Bytes that ems_decision_init() needs.
 *
 * @return         At most 8 * EMS_DECISION_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_decision_size(void);

/**
 * Makes a decision maker in memory of the caller; checks the configuration.
 *
 * @param memory  Aligned to 8; it lives there until the memory is used otherwise.
 * @param size    Its bytes.
 * @param config  Copied.
 * @param out     Gets the decision maker. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds it.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, or struct_size too
 *                                   small.
 * @retval EMS_E_OUT_OF_RANGE        a number is outside its range; the message names it.
 * @retval EMS_E_UNIMPLEMENTED       a policy bit this version does not know.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_init(void* memory, size_t size,
                                       const ems_decision_config_t* config, ems_decision_t** out);

/**
 * Runs every policy and resolves what they ask for.
 *
 * @param decision  From ems_decision_init().
 * @param inputs    The same for the whole cycle.
 * @param now_ms    Monotonic.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                     out holds the target.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_OUT_OF_RANGE         envelope.lo_w > envelope.hi_w, a quality, a stale_after_ms, a
 *                                    value, the wall time, a table (offset: its first wrong row),
 * or now_ms before that of the last step.
 * @retval EMS_E_FAILED_PRECONDITION  decision belongs to an ems_control_t, which steps it.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one decision maker.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_step(ems_decision_t* decision,
                                       const ems_decision_inputs_t* inputs, int64_t now_ms,
                                       ems_decision_result_t* out);

/**
 * The outcome of the last step once more.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                     out is filled.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_FAILED_PRECONDITION  no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_get_result(const ems_decision_t* decision,
                                             ems_decision_result_t* out);

/**
 * What one level did, as of the last step.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param level     EMS_LEVEL_*.
 * @param out       Written only on EMS_OK.
 *
 * @retval EMS_OK                     out is filled.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL or not a decision maker.
 * @retval EMS_E_OUT_OF_RANGE         no such level.
 * @retval EMS_E_FAILED_PRECONDITION  no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_level_at(const ems_decision_t* decision, int32_t level,
                                           ems_level_trace_t* out);

/**
 * What one policy asked for, as of the last step.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param index     0 .. policy_count - 1, strongest first.
 * @param out       Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a decision maker.
 * @retval EMS_E_OUT_OF_RANGE      no such place, or no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_policy_at(const ems_decision_t* decision, size_t index,
                                            ems_policy_output_t* out);

/**
 * One demand that could not be met, as of the last step.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param index     0 .. conflict_count - 1, in the order they arose.
 * @param out       Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a decision maker.
 * @retval EMS_E_OUT_OF_RANGE      no such place, or no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_conflict_at(const ems_decision_t* decision, size_t index,
                                              ems_conflict_t* out);

/**
 * How old one input was, as of the last step.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param index     0 .. input_count - 1.
 * @param out       Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a decision maker.
 * @retval EMS_E_OUT_OF_RANGE      no such place, or no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_input_at(const ems_decision_t* decision, size_t index,
                                           ems_input_age_t* out);

/**
 * What one input said, as of the last step.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param index     0 .. input_count - 1.
 * @param out_value Gets the value in the input's unit: W; mHz, Wh, bp, mdegC for frequency, energy,
 *                  state of charge, temperature; 0 or 1 for grid_connected; seconds of UTC for the
 *                  wall clock; millionths of the currency per kWh for the price of buying; W for a
 *                  limit: of discharging, else of charging as a negative number. Written only on
 *                  EMS_OK.
 *
 * @retval EMS_OK                  out_value is written.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a decision maker.
 * @retval EMS_E_OUT_OF_RANGE      no such place, or no step yet.
 * @retval EMS_E_NOT_FOUND         this input had no value.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_input_value(const ems_decision_t* decision, size_t index,
                                              int64_t* out_value);

/**
 * What the policies acted on, as of the last step.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                     out is filled.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_FAILED_PRECONDITION  no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_in_force(const ems_decision_t* decision, ems_in_force_t* out);

/**
 * Says in one line why the target is what it is.
 *
 * @param decision  From ems_decision_init() or ems_control_decision().
 * @param size      Room at text; at least EMS_EXPLANATION_SIZE.
 * @param text      Gets NUL-terminated text. Written only on EMS_OK.
 *
 * @retval EMS_OK                     text holds the explanation.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL or not a decision maker.
 * @retval EMS_E_RESOURCE_EXHAUSTED   size is below EMS_EXPLANATION_SIZE.
 * @retval EMS_E_FAILED_PRECONDITION  no step yet.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody steps.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_decision_explain(const ems_decision_t* decision, size_t size, char* text);

#ifdef __cplusplus
}
#endif

#endif
