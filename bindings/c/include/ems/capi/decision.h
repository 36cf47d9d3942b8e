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
  EMS_ACTOR_SIZE = 49 /**< Bytes of an actor's name with its NUL. */
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

/** Bits of ems_decision_config_t.policies: which policies speak. */
enum {
  EMS_DECISION_IMPORT_LIMIT = 1 << 0,
  EMS_DECISION_SETPOINT = 1 << 1,
  EMS_DECISION_SELF_CONSUMPTION = 1 << 2
};

/** Everything decision is told once. ems_decision_config_default() fills it. */
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
} ems_decision_config_t;

/** A measured power. */
typedef struct ems_power_sample {
  int64_t taken_at_ms;    /**< Monotonic. */
  int64_t stale_after_ms; /**< From this age on it counts as missing; > 0. */
  int32_t power_w;
  uint8_t quality;     /**< EMS_QUALITY_*. */
  uint8_t reserved[3]; /**< Zero. */
} ems_power_sample_t;

/** A power that a person asked for. */
typedef struct ems_setpoint {
  int64_t given_at_ms;        /**< Monotonic. */
  int64_t lease_end_ms;       /**< Monotonic; from here on it no longer counts. */
  int32_t power_w;            /**< Of all batteries together, at ac; + discharges. */
  char actor[EMS_ACTOR_SIZE]; /**< Who asked; NUL-terminated. */
  uint8_t reserved[3];        /**< Zero. */
} ems_setpoint_t;

/** Bits of ems_decision_inputs_t.valid. A field whose bit is clear is not read: it is unknown. */
enum {
  EMS_DECISION_HAS_PCC_POWER = 1 << 0,
  EMS_DECISION_HAS_BATTERY_POWER = 1 << 1,
  EMS_DECISION_HAS_GATED_POWER = 1 << 2,
  EMS_DECISION_HAS_SETPOINT = 1 << 3
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
  int64_t age_ms;  /**< Meaningful when has_age. */
  uint8_t policy;  /**< EMS_POLICY_* number. */
  uint8_t input;   /**< EMS_INPUT_*. */
  uint8_t usable;  /**< 1: present, trusted, not from the future, not stale. */
  uint8_t has_age; /**< 0: there was no sample. */
  uint8_t reserved[4];
} ems_input_age_t;

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
 * @retval EMS_E_OUT_OF_RANGE         envelope.lo_w > envelope.hi_w, a quality, a stale_after_ms, or
 *                                    now_ms before that of the last step.
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
