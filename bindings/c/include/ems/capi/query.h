/* SPDX-License-Identifier: Apache-2.0 */
/** @file Rows into few figures: buckets of time (min, max, mean, last, count) and the energy ledger
 *  (what each asset took and gave). Rows come from ems_block_reader_next_row() or are just made. */
#ifndef EMS_CAPI_QUERY_H
#define EMS_CAPI_QUERY_H

#include <ems/capi/telemetry.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fills buckets from rows, in memory of the caller. The time for which values speak counts once,
 *  even when a clock was set back over it; samples count as they come. */
typedef struct ems_downsampler ems_downsampler_t;

/** Fills the energy ledger from rows, in memory of the caller. A moment counts once, even when a
 *  clock was set back over it. */
typedef struct ems_energy ems_energy_t;

enum {
  EMS_TIME_GRID_MAX = 1000000,      /**< Buckets of one grid at most. */
  EMS_DOWNSAMPLE_POINTS_MAX = 4096, /**< Points of one downsampler at most. */
  EMS_ENERGY_ACCOUNTS_MAX = 4096,   /**< Accounts of one ledger at most. */
  EMS_QUERY_BREAKS_MIN = 3,         /**< Least break_capacity. */
  EMS_QUERY_CAPACITY_MAX = 1048576  /**< Largest break_capacity and waiting_capacity. */
};

/** Which way the energy went. */
enum {
  EMS_ENERGY_FLOW_IMPORTED = 1,  /**< Taken from the grid; for an inverter, taken by it at ac. */
  EMS_ENERGY_FLOW_EXPORTED = 2,  /**< Given to the grid; for an inverter, given by it at ac. */
  EMS_ENERGY_FLOW_CHARGED = 3,   /**< Into the battery: at dc for a battery, at ac for the site. */
  EMS_ENERGY_FLOW_DISCHARGED = 4 /**< Out of the battery, likewise. */
};

/** Where a figure comes from. */
enum {
  EMS_ENERGY_SOURCE_NONE = 0,    /**< Nothing is known of this period. */
  EMS_ENERGY_SOURCE_COUNTER = 1, /**< The device's own energy counter. */
  EMS_ENERGY_SOURCE_POWER = 2,   /**< Measured power, added up. */
  EMS_ENERGY_SOURCE_MIXED = 3    /**< Counter for a part of the time, power for another. */
};

/** Buckets of time, neighbours without a hole: of one width, or between edges. A moment belongs to
 *  the bucket that begins at or before it and ends after it. */
typedef struct ems_time_grid {
  int64_t from_us;  /**< Microseconds since 1970. */
  int64_t to_us;    /**< After from_us. */
  int64_t width_us; /**< Above 0; the last bucket ends at to_us and may be shorter. */
  /** Not NULL: the bounds of the buckets, strictly ascending, copied; from_us, to_us and width_us
   *  are 0 then. For days and months of a calendar. */
  const int64_t* edges_us;
  uint64_t edge_count; /**< Buckets + 1. */
} ems_time_grid_t;

/** What a downsampler is told once. ems_downsample_config_default() fills it; grid is the
 *  caller's. A program of older headers gets the defaults of what it does not know. */
typedef struct ems_downsample_config {
  uint32_t struct_size;      /**< sizeof(ems_downsample_config_t). */
  uint32_t point_capacity;   /**< Points at most, 1 .. EMS_DOWNSAMPLE_POINTS_MAX; default 64. */
  ems_time_grid_t grid;      /**< No default. */
  const ems_point_t* points; /**< Points wanted, copied; NULL: every point that occurs. */
  uint64_t point_count;      /**< Of points, 0 .. point_capacity. */
  /** A value speaks from its moment to the next row, if that comes within so much time; else for
   *  nothing. Take three times the period of the rows. 1 us .. 1 h; default 10 s. */
  int64_t gap_max_us;
  int32_t quality_min; /**< EMS_QUALITY_*: lower ones are doubted; default substituted. */
  /** Interruptions that are remembered, so that a clock that was set back counts no moment twice.
   *  EMS_QUERY_BREAKS_MIN .. EMS_QUERY_CAPACITY_MAX; default 64. */
  uint32_t break_capacity;
} ems_downsample_config_t;

/** What a downsampler has. */
typedef struct ems_downsample_status {
  uint32_t struct_size;  /**< In: sizeof(ems_downsample_status_t). Out: bytes filled. */
  uint32_t point_count;  /**< Points it has buckets of. */
  uint64_t bucket_count; /**< Buckets of each point. */
  /** Interruptions beyond break_capacity. While it is 0 the figures are those of unlimited memory;
   *  else time that comes into the oldest ones later, by a clock set back, counts as unknown. */
  uint64_t breaks_closed;
} ems_downsample_status_t;

/** One point in one bucket. Values are in the unit of the signal's catalogue row. */
typedef struct ems_bucket {
  uint32_t struct_size;   /**< sizeof(ems_bucket_t), as input and output. */
  uint32_t reserved;      /**< Zero. */
  int64_t begin_us;       /**< Microseconds since 1970. */
  int64_t end_us;         /**< The first moment after it. */
  int64_t min;            /**< Of the samples in it; means nothing while count is 0. */
  int64_t max;            /**< Likewise. */
  int64_t last;           /**< Likewise: the one of the latest moment. */
  int64_t last_at_us;     /**< When that was. */
  uint64_t count;         /**< Samples in it that are trusted. */
  uint64_t doubted;       /**< Samples that are not, and count for nothing. */
  int64_t known_us;       /**< For so much of the bucket a trusted value speaks. */
  int64_t mean_milli;     /**< Over known_us, not over samples, in thousandths of the unit, to
                               nearest; saturates. Means nothing while known_us is 0. */
  uint64_t weighted_high; /**< The sum behind the mean, exactly: value x microseconds, in two's
                               complement of 128 bits. High word. */
  uint64_t weighted_low;  /**< Low word. */
} ems_bucket_t;

/** What a ledger is told once. ems_energy_config_default() fills it; grid is the caller's. A
 *  program of older headers gets the defaults of what it does not know. */
typedef struct ems_energy_config {
  uint32_t struct_size;      /**< sizeof(ems_energy_config_t). */
  uint32_t account_capacity; /**< Accounts at most, 1 .. EMS_ENERGY_ACCOUNTS_MAX; default 16. */
  ems_time_grid_t grid;      /**< No default. */
  /** A power speaks from its moment to the next row, if that comes within so much time; else for
   *  nothing. Take three times the period of the rows. 1 us .. 1 h; default 10 s. */
  int64_t gap_max_us;
  /** The longest outage that a counter's difference is believed over. gap_max_us .. 31 d; default
   *  24 h. */
  int64_t bridge_max_us;
  /** More than any asset can: a counter that rises faster was replaced, or lies. 0, the default:
   *  not known, then only 1 GW is refused. */
  int64_t power_max_w;
  /** The counters count modulo this; 0, the default: not known, then a counter that falls was reset
   *  or replaced. Takes a power_max_w. */
  int64_t counter_modulus_wh;
  int32_t quality_min;    /**< EMS_QUALITY_*: lower ones count as unknown; default substituted. */
  ems_asset_t grid_meter; /**< Whose counters are the site's import and export; the site itself, the
                               default: the site's are taken from power. */
  /** Powers of one account that wait for its counter: the rows between two of its readings with
   *  different power. 1 .. EMS_QUERY_CAPACITY_MAX; default 128. */
  uint32_t waiting_capacity;
  uint32_t break_capacity; /**< As in ems_downsample_config_t, per account. */
} ems_energy_config_t;

/** What a ledger has. */
typedef struct ems_energy_status {
  uint32_t struct_size;      /**< In: sizeof(ems_energy_status_t). Out: bytes filled. */
  uint32_t account_count;    /**< Accounts it has figures of. */
  uint64_t period_count;     /**< Figures of each account. */
  uint64_t breaks_closed;    /**< As in ems_downsample_status_t, of all accounts. */
  uint64_t counters_dropped; /**< Times that no room was left to wait for a counter: it was given up
                                as if bridge_max_us were over, and power counted. */
  int64_t settled_until_us;  /**< Figures up to here stay as they are, but for a clock set back;
                                  meaningful when settled. */
  uint8_t settled;           /**< 0: no row was given, or none since the last gap. */
  uint8_t counters_began;    /**< Every counter that rows have a place for gave a reading: whoever
                                  reads a store need not begin earlier. */
  uint8_t reserved[6];       /**< Zero. */
} ems_energy_status_t;

/** One line of the ledger. */
typedef struct ems_energy_account {
  ems_asset_t asset;
  int32_t flow; /**< EMS_ENERGY_FLOW_*. */
} ems_energy_account_t;

/** One flow of one asset in one period. */
typedef struct ems_energy_figure {
  uint32_t struct_size; /**< sizeof(ems_energy_figure_t), as input and output. */
  int32_t source;       /**< EMS_ENERGY_SOURCE_*. */
  int64_t begin_us;     /**< Microseconds since 1970. */
  int64_t end_us;       /**< The first moment after it. */
  int64_t energy_mwh;   /**< Milliwatt-hours of the time that is known, to nearest, never negative;
                             means nothing while source is none. */
  int64_t counter_mwh;  /**< The part of it by the counter. */
  uint64_t power_high;  /**< The part of it by power, exactly: microwatts x microseconds, in two's
                             complement of 128 bits. High word. */
  uint64_t power_low;   /**< Low word. */
  int64_t known_counter_us; /**< For so much of the period the counter answers. */
  int64_t known_power_us;   /**< For so much of the rest power does. */
  int64_t spread_us; /**< So much of known_counter_us lies in an outage that reaches beyond the
                          period: its energy is measured, how it divides is in proportion to
                          time. */
  uint32_t resets;   /**< Times the counter began anew: reset, replaced, or implausible. */
  uint32_t wraps;    /**< Times it passed its end. */
} ems_energy_figure_t;

/**
 * A configuration for every point that occurs, with every default set and no grid.
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
EMS_API ems_status_t ems_downsample_config_default(ems_downsample_config_t* out);

/**
 * Bytes that ems_downsampler_init() needs.
 *
 * @param config  As for ems_downsampler_init().
 * @return         At most 12288 + (80 * buckets + 40) * point_capacity + 16 * break_capacity
 *                 + 8 * edge_count; 0 when ems_downsampler_init() would refuse config.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_downsampler_size(const ems_downsample_config_t* config);

/**
 * Makes a downsampler with empty buckets in memory of the caller.
 *
 * @param memory  Aligned to 8; the downsampler lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param config  Copied, edges and points too.
 * @param out     Gets the downsampler. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the downsampler.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, struct_size is too
 *                                   small, the grid is none, or a point is given twice; offset =
 *                                   the edge or the point.
 * @retval EMS_E_OUT_OF_RANGE        another field of config, or the asset kind of a point.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is below ems_downsampler_size(config), or more than
 *                                   EMS_TIME_GRID_MAX buckets.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_downsampler_init(void* memory, size_t size,
                                          const ems_downsample_config_t* config,
                                          ems_downsampler_t** out);

/**
 * The next row, in the order they were made. Rows beside the grid matter too: the one before it
 * speaks into it, the one after it ends what the last one says.
 *
 * @param downsampler  From ems_downsampler_init().
 * @param utc_us       Microseconds since 1970.
 * @param points       Strictly ascending by asset, signal, element.
 * @param values       One per point.
 * @param count        1 .. EMS_TELEMETRY_POINTS_MAX.
 *
 * @retval EMS_OK                    the row counts.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a downsampler, or points not ascending;
 *                                   offset = the point.
 * @retval EMS_E_OUT_OF_RANGE        count, an asset kind or a quality.
 * @retval EMS_E_RESOURCE_EXHAUSTED  new points, more than point_capacity; the row counts for
 *                                   nothing.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one downsampler.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_downsampler_row(ems_downsampler_t* downsampler, int64_t utc_us,
                                         const ems_point_t* points, const ems_row_value_t* values,
                                         size_t count);

/**
 * Rows are missing here: what came before speaks no further.
 *
 * @param downsampler  From ems_downsampler_init().
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  downsampler is NULL or not a downsampler.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one downsampler.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_downsampler_gap(ems_downsampler_t* downsampler);

/**
 * How many points and buckets there are, and whether memory was short.
 *
 * @param downsampler  From ems_downsampler_init().
 * @param out          struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a downsampler, or struct_size is too
 * small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one downsampler.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_downsampler_get_status(const ems_downsampler_t* downsampler,
                                                ems_downsample_status_t* out);

/**
 * One of the points: in the order asked for, or as they occurred.
 *
 * @param downsampler  From ems_downsampler_init().
 * @param index        0 .. point_count - 1.
 * @param out          Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a downsampler.
 * @retval EMS_E_OUT_OF_RANGE      no such point.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one downsampler.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_downsampler_point_at(const ems_downsampler_t* downsampler, size_t index,
                                              ems_point_t* out);

/**
 * One bucket of one point, as filled so far.
 *
 * @param downsampler  From ems_downsampler_init().
 * @param point        0 .. point_count - 1, as for ems_downsampler_point_at().
 * @param bucket       0 .. bucket_count - 1.
 * @param out          struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a downsampler, or struct_size is too
 * small.
 * @retval EMS_E_OUT_OF_RANGE      no such point or bucket.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one downsampler.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_downsampler_bucket_at(const ems_downsampler_t* downsampler, size_t point,
                                               size_t bucket, ems_bucket_t* out);

/**
 * Takes in a bucket of the same point beside it: minutes become hours. Exact.
 *
 * @param into   From ems_downsampler_bucket_at(). Changed only on EMS_OK.
 * @param other  Likewise.
 *
 * @retval EMS_OK                  into holds both.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure but for into.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_bucket_merge(ems_bucket_t* into, const ems_bucket_t* other);

/**
 * A configuration with every default set and no grid.
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
EMS_API ems_status_t ems_energy_config_default(ems_energy_config_t* out);

/**
 * Bytes that ems_energy_init() needs.
 *
 * @param config  As for ems_energy_init().
 * @return         At most 12288 + (64 * periods + 384 + 24 * waiting_capacity + 16 *
 * break_capacity)
 *                 * account_capacity + 8 * edge_count; 0 when ems_energy_init() would refuse
 * config.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_energy_size(const ems_energy_config_t* config);

/**
 * Makes an empty ledger in memory of the caller. Its accounts appear with the points that feed
 * them:
 *
 * | asset      | flows               | counter                           | power              |
 * |------------|---------------------|-----------------------------------|--------------------|
 * | site       | imported, exported  | those of grid_meter               | site_grid_power    |
 * | site       | charged, discharged | none                              | site_battery_power |
 * | meter/N    | imported, exported  | energy_imported, energy_exported  | active_power       |
 * | inverter/N | imported, exported  | energy_imported, energy_exported  | active_power       |
 * | battery/N  | charged, discharged | energy_charged, energy_discharged | pack_power, else
 * pack_voltage x pack_current |
 *
 * @param memory  Aligned to 8; the ledger lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param config  Copied, edges too.
 * @param out     Gets the ledger. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the ledger.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, struct_size is too
 *                                   small, or the grid is none; offset = the edge.
 * @retval EMS_E_OUT_OF_RANGE        another field of config.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is below ems_energy_size(config), or more than
 *                                   EMS_TIME_GRID_MAX periods.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_init(void* memory, size_t size, const ems_energy_config_t* config,
                                     ems_energy_t** out);

/**
 * The next row, in the order they were made. Rows beside the grid matter too, as far as
 * bridge_max_us.
 *
 * @param energy  From ems_energy_init().
 * @param utc_us  Microseconds since 1970.
 * @param points  Strictly ascending by asset, signal, element.
 * @param values  One per point.
 * @param count   1 .. EMS_TELEMETRY_POINTS_MAX.
 *
 * @retval EMS_OK                    the row counts.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a ledger, or points not ascending;
 *                                   offset = the point.
 * @retval EMS_E_OUT_OF_RANGE        count, an asset kind or a quality.
 * @retval EMS_E_RESOURCE_EXHAUSTED  new accounts, more than account_capacity; the row counts for
 *                                   nothing.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one ledger.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_row(ems_energy_t* energy, int64_t utc_us, const ems_point_t* points,
                                    const ems_row_value_t* values, size_t count);

/**
 * Rows are missing here: no power speaks across; a counter does.
 *
 * @param energy  From ems_energy_init().
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  energy is NULL or not a ledger.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one ledger.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_gap(ems_energy_t* energy);

/**
 * The last row was given: power that waited for a counter's next reading counts.
 *
 * @param energy  From ems_energy_init().
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  energy is NULL or not a ledger.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one ledger.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_finish(ems_energy_t* energy);

/**
 * How many accounts and periods there are, what is settled, and whether memory was short.
 *
 * @param energy  From ems_energy_init().
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a ledger, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one ledger.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_get_status(const ems_energy_t* energy, ems_energy_status_t* out);

/**
 * One of the accounts, ascending by asset and flow. A new one may move those behind it.
 *
 * @param energy  From ems_energy_init().
 * @param index   0 .. account_count - 1.
 * @param out     Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a ledger.
 * @retval EMS_E_OUT_OF_RANGE      no such account.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one ledger.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_account_at(const ems_energy_t* energy, size_t index,
                                           ems_energy_account_t* out);

/**
 * One period of one account, as filled so far.
 *
 * @param energy   From ems_energy_init().
 * @param account  0 .. account_count - 1, as for ems_energy_account_at().
 * @param period   0 .. period_count - 1.
 * @param out      struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a ledger, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such account or period.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one ledger.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_figure_at(const ems_energy_t* energy, size_t account, size_t period,
                                          ems_energy_figure_t* out);

/**
 * Takes in a period of the same account beside it: hours become days. Exact.
 *
 * @param into   From ems_energy_figure_at(). Changed only on EMS_OK.
 * @param other  Likewise.
 *
 * @retval EMS_OK                  into holds both.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure but for into.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_energy_figure_merge(ems_energy_figure_t* into,
                                             const ems_energy_figure_t* other);

#ifdef __cplusplus
}
#endif

#endif
