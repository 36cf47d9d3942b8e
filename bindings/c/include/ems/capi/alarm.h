/* SPDX-License-Identifier: Apache-2.0 */
/** @file Alarms in the shape of ISA-18.2: raised, acknowledged, cleared, latched, shelved. A fixed
 *  book of them, fed by events. docs/explanation/alarms.md */
#ifndef EMS_CAPI_ALARM_H
#define EMS_CAPI_ALARM_H

#include <ems/capi/decision.h>
#include <ems/capi/safety.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One site's alarms, in memory of the caller. */
typedef struct ems_alarms ems_alarms_t;

enum {
  EMS_ALARMS_WORDS = 6144, /**< uint64_t words of memory it needs at most, in every 0.x. */
  EMS_ALARMS_MAX = 128,    /**< Alarms that a book holds at most. */
  EMS_ALARM_NAME_SIZE = 49,
  EMS_ALARM_TEXT_SIZE = 129 /**< Bytes of a comment or reason with its NUL. */
};

/** States of an alarm. */
enum {
  EMS_ALARM_STATE_NORMAL = 1,
  EMS_ALARM_STATE_UNACKNOWLEDGED = 2,         /**< The condition holds; nobody has seen it. */
  EMS_ALARM_STATE_ACKNOWLEDGED = 3,           /**< The condition holds; somebody has seen it. */
  EMS_ALARM_STATE_CLEARED_UNACKNOWLEDGED = 4, /**< The condition is gone; nobody has seen it. */
  EMS_ALARM_STATE_LATCHED_UNACKNOWLEDGED = 5, /**< Gone; it waits for the reset. */
  EMS_ALARM_STATE_LATCHED_ACKNOWLEDGED = 6    /**< The same, seen. */
};

/** What happened to an alarm. */
enum {
  EMS_ALARM_CHANGE_NONE = 0,
  EMS_ALARM_CHANGE_RAISED = 1,
  EMS_ALARM_CHANGE_CLEARED = 2,
  EMS_ALARM_CHANGE_ACKNOWLEDGED = 3,
  EMS_ALARM_CHANGE_RESET = 4,
  EMS_ALARM_CHANGE_SHELVED = 5,
  EMS_ALARM_CHANGE_UNSHELVED = 6,
  EMS_ALARM_CHANGE_REPEATED = 7, /**< It came and went so often that only count was kept. */
  EMS_ALARM_CHANGE_DROPPED = 8   /**< The book was full; it is no longer watched. */
};

/** One alarm. (asset, name) is what it is about; the id is what people call it. */
typedef struct ems_alarm {
  uint32_t struct_size; /**< In: sizeof(ems_alarm_t). Out: bytes filled. */
  uint32_t id;          /**< Ascends; never 0. */
  ems_asset_t asset;
  uint16_t signal;          /**< EMS_SIGNAL_*, or 0 when none. */
  uint8_t severity;         /**< EMS_SEVERITY_*; P1 is critical, P4 info. */
  uint8_t state;            /**< EMS_ALARM_STATE_*; not read by ems_alarms_init(). */
  int64_t value;            /**< In the signal's unit; 0 when there is none. */
  int64_t raised_at_utc_us; /**< The newest time. */
  int64_t changed_at_utc_us;
  int64_t shelved_until_utc_us;   /**< 0 unless shelved. */
  uint32_t count;                 /**< Times it was raised; saturates. */
  uint8_t active;                 /**< 1: the condition holds. */
  uint8_t latching;               /**< 1: when the condition is gone it waits for the reset. */
  uint8_t latched;                /**< 1: it waits for the reset. */
  uint8_t seen;                   /**< 1: acknowledged since it was last raised. */
  uint8_t shelved;                /**< 1: out of sight. */
  char name[EMS_ALARM_NAME_SIZE]; /**< NUL-terminated. */
  char acknowledged_by[EMS_ACTOR_SIZE]; /**< NUL-terminated; empty: nobody. */
  uint8_t reserved[5];                  /**< Zero. */
} ems_alarm_t;

/** One change: a row of the history. */
typedef struct ems_alarm_change {
  uint32_t struct_size; /**< In: sizeof(ems_alarm_change_t). Out: bytes filled. */
  int32_t transition;   /**< EMS_ALARM_CHANGE_*; none: nothing else here means anything. */
  int64_t at_utc_us;
  char actor[EMS_ACTOR_SIZE];     /**< NUL-terminated; empty: the site itself. */
  char text[EMS_ALARM_TEXT_SIZE]; /**< Comment or reason, NUL-terminated. */
  uint8_t reserved[6];
  ems_alarm_t alarm; /**< As it is after that. */
} ems_alarm_change_t;

/** Everything a book is told once. ems_alarms_config_default() fills it. */
typedef struct ems_alarms_config {
  uint32_t struct_size;      /**< sizeof(ems_alarms_config_t). */
  uint32_t flood_changes;    /**< Rows of one alarm in a window; the rest is counted. 1 .. 255. */
  int64_t flood_window_ms;   /**< So long quiet, and an alarm is calm again; > 0. */
  int64_t confirm_after_ms;  /**< Restored, and not raised again in time: cleared. >= 0. */
  int64_t shelve_max_ms;     /**< Longest time on the shelf; >= 0. */
  const ems_alarm_t* alarms; /**< What a store kept; copied. May be NULL when alarm_count is 0. */
  uint32_t alarm_count;      /**< 0 .. EMS_ALARMS_MAX. */
  uint32_t next_id;          /**< First id to give; above all that were ever given. > 0. */
  int64_t now_ms;            /**< Monotonic. */
  int64_t utc_us;            /**< Microseconds since 1970. */
} ems_alarms_config_t;

/** A book in a few numbers. The arrays count by EMS_SEVERITY_*. */
typedef struct ems_alarms_summary {
  uint32_t struct_size;       /**< In: sizeof(ems_alarms_summary_t). Out: bytes filled. */
  uint32_t alarm_count;       /**< For ems_alarms_at(). */
  uint32_t active[4];         /**< The condition holds, or it is latched; without shelved ones. */
  uint32_t unacknowledged[4]; /**< Nobody has seen them, active or not; without shelved ones. */
  uint32_t shelved[4];
  uint64_t revision; /**< Changes with every change. */
  uint64_t dropped;  /**< Alarms given up for room. */
  uint32_t next_id;  /**< Store it with the alarms. */
  uint32_t reserved;
} ems_alarms_summary_t;

/**
 * The product's defaults, and nothing to restore.
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
EMS_API ems_status_t ems_alarms_config_default(ems_alarms_config_t* out);

/**
 * Bytes that ems_alarms_init() needs.
 *
 * @return         At most 8 * EMS_ALARMS_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_alarms_size(void);

/**
 * Makes a book in memory of the caller, with what a store kept. Alarms that were active must be
 * raised again within confirm_after_ms.
 *
 * @param memory  Aligned to 8; the book lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param config  Copied.
 * @param out     Gets the book. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the book.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, or a struct_size is
 * too small.
 * @retval EMS_E_OUT_OF_RANGE        a number is outside its range; offset: the stored alarm.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_init(void* memory, size_t size, const ems_alarms_config_t* config,
                                     ems_alarms_t** out);

/**
 * Takes an event: raises an alarm, or clears one. Severity info is no alarm and changes nothing.
 *
 * @param alarms    From ems_alarms_init().
 * @param event     From ems_safety_event_at(), or your own.
 * @param latching  When the condition is gone it waits for ems_alarms_reset(); of safety, an event
 *                  whose severity is critical.
 * @param now_ms    Monotonic.
 * @param utc_us    Microseconds since 1970.
 * @param out       struct_size set. Gets what changed. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_OUT_OF_RANGE      a severity or an asset that does not exist, or an empty name.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one book.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_take(ems_alarms_t* alarms, const ems_event_t* event, bool latching,
                                     int64_t now_ms, int64_t utc_us, ems_alarm_change_t* out);

/**
 * A person has seen an alarm. To have seen it before changes nothing.
 *
 * @param alarms   From ems_alarms_init().
 * @param id       Of the alarm.
 * @param actor    Who.
 * @param comment  What they say; empty for nothing.
 * @param now_ms   Monotonic.
 * @param utc_us   Microseconds since 1970.
 * @param out      struct_size set. Gets what changed. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_NOT_FOUND         no such alarm, or it is normal.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one book.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_acknowledge(ems_alarms_t* alarms, uint32_t id, const char* actor,
                                            const char* comment, int64_t now_ms, int64_t utc_us,
                                            ems_alarm_change_t* out);

/**
 * Takes an alarm out of sight for a time, whatever it does meanwhile; 0 takes it back.
 *
 * @param alarms       From ems_alarms_init().
 * @param id           Of the alarm.
 * @param duration_ms  0 .. ems_alarms_config_t.shelve_max_ms.
 * @param actor        Who.
 * @param reason       Why; not empty unless duration_ms is 0.
 * @param now_ms       Monotonic.
 * @param utc_us       Microseconds since 1970.
 * @param out          struct_size set. Gets what changed. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not of its kind, struct_size too small, or
 * there is no reason.
 * @retval EMS_E_NOT_FOUND         no such alarm, or it is normal.
 * @retval EMS_E_OUT_OF_RANGE      duration_ms.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one book.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_shelve(ems_alarms_t* alarms, uint32_t id, int64_t duration_ms,
                                       const char* actor, const char* reason, int64_t now_ms,
                                       int64_t utc_us, ems_alarm_change_t* out);

/**
 * The latch was reset: latched alarms end, and those whose condition still holds latch no more. The
 * changes come from ems_alarms_next().
 *
 * @param alarms  From ems_alarms_init().
 * @param actor   Who.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a book.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one book.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_reset(ems_alarms_t* alarms, const char* actor);

/**
 * The next change that is due by itself: given up for room, reset, a shelf that ends, a flood
 * summed up, a restored alarm that nobody raised again. Call it once a tick until transition is
 * none.
 *
 * @param alarms  From ems_alarms_init().
 * @param now_ms  Monotonic.
 * @param utc_us  Microseconds since 1970.
 * @param out     struct_size set. Gets what changed. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not of its kind, or struct_size too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one book.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_next(ems_alarms_t* alarms, int64_t now_ms, int64_t utc_us,
                                     ems_alarm_change_t* out);

/**
 * The book in a few numbers.
 *
 * @param alarms  From ems_alarms_init().
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not of its kind, or struct_size too small.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody changes the book.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_get_summary(const ems_alarms_t* alarms, ems_alarms_summary_t* out);

/**
 * One alarm of the list. Also those that are normal again and still calming down.
 *
 * @param alarms  From ems_alarms_init().
 * @param index   0 .. alarm_count - 1, in the order they came.
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not of its kind, or struct_size too small.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody changes the book.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_alarms_at(const ems_alarms_t* alarms, size_t index, ems_alarm_t* out);

#ifdef __cplusplus
}
#endif

#endif
