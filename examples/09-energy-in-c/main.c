// SPDX-License-Identifier: Apache-2.0
/* An inverter that keeps its own ledger: rows go into a telemetry buffer as they are made; later
 * its blocks are read back into hours of energy and quarters of power. No heap: all memory is here.
 * The rows are those of example 08, and so are the figures. */
#include <ems/ems.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROW_SECONDS = 5, ENERGY_BYTES = 32768, BUCKETS_BYTES = 32768, BUFFER_BYTES = 65536 };

static const int64_t kBegin = INT64_C(1790000000) / 3600 * 3600; /* A whole hour of UTC. */
static const ems_point_t kPoints[] = {
    {{EMS_ASSET_METER, 0, 1}, EMS_SIGNAL_ACTIVE_POWER, 0},
    {{EMS_ASSET_METER, 0, 1}, EMS_SIGNAL_ENERGY_IMPORTED, 0},
};

static uint64_t telemetry_memory[(BUFFER_BYTES + 16384) / 8];
static uint64_t reader_memory[EMS_BLOCK_READER_WORDS];
static uint64_t energy_memory[ENERGY_BYTES / 8];
static uint64_t buckets_memory[BUCKETS_BYTES / 8];

static void check(ems_status_t status, const char* what) {
  if (status == EMS_OK) return;
  fprintf(stderr, "%s: %s: %s\n", what, ems_status_name(status), ems_last_error_message());
  exit(1);
}

/* Two hours: 2 kW taken; nobody is there from 00:50 to 01:20, then the meter is a new one. */
static void record(ems_telemetry_t* telemetry) {
  int64_t s;
  for (s = 0; s <= 7200; s += ROW_SECONDS) {
    const int64_t counter = s < 6000 ? 50000 + s * 2000 / 3600 : (s - 6000) * 5 / 9;
    const ems_row_value_t values[] = {{2000, 1, EMS_QUALITY_GOOD, {0}},
                                      {counter, 1, EMS_QUALITY_GOOD, {0}}};
    if (s > 3000 && s < 4800) continue;
    check(ems_telemetry_append(telemetry, (kBegin + s) * 1000000, kPoints, values, 2, NULL),
          "append");
  }
}

/* Every row of the buffer, oldest first, into both. */
static void summarise(ems_telemetry_t* telemetry, ems_energy_t* energy,
                      ems_downsampler_t* buckets) {
  static ems_row_value_t values[EMS_TELEMETRY_POINTS_MAX];
  static ems_point_t points[EMS_TELEMETRY_POINTS_MAX];
  ems_block_t block;
  uint64_t after = 0;
  while (ems_telemetry_peek(telemetry, after, &block) == EMS_OK) {
    ems_block_reader_t* reader = NULL;
    ems_block_info_t info = {.struct_size = sizeof info};
    ems_row_t row;
    uint32_t i;
    check(
        ems_block_reader_init(reader_memory, sizeof reader_memory, block.data, block.size, &reader),
        "block");
    check(ems_block_reader_describe(reader, &info), "describe");
    for (i = 0; i < info.point_count; ++i) {
      check(ems_block_reader_point_at(reader, i, &points[i]), "point");
    }
    while (ems_block_reader_next_row(reader, values, EMS_TELEMETRY_POINTS_MAX, &row) == EMS_OK) {
      check(ems_energy_row(energy, row.utc_us, points, values, info.point_count), "ledger");
      check(ems_downsampler_row(buckets, row.utc_us, points, values, info.point_count), "buckets");
    }
    after = block.last;
  }
  check(ems_energy_finish(energy), "finish");
}

static void print_hours(const ems_energy_t* energy) {
  static const char* const kSources[] = {"nothing", "counter", "power", "mixed"};
  ems_energy_status_t status = {.struct_size = sizeof status};
  ems_energy_figure_t total = {.struct_size = sizeof total};
  uint64_t hour;
  check(ems_energy_get_status(energy, &status), "status");
  for (hour = 0; hour < status.period_count; ++hour) { /* Account 0: meter/1 imported. */
    ems_energy_figure_t figure = {.struct_size = sizeof figure};
    check(ems_energy_figure_at(energy, 0, hour, &figure), "figure");
    printf("hour %" PRIu64 ": %" PRId64 " mWh by %s, known %" PRId64 " s, spread %" PRId64
           " s, resets %" PRIu32 "\n",
           hour, figure.energy_mwh, kSources[figure.source],
           (figure.known_counter_us + figure.known_power_us) / 1000000, figure.spread_us / 1000000,
           figure.resets);
    if (hour == 0) {
      total = figure;
    } else {
      check(ems_energy_figure_merge(&total, &figure), "merge");
    }
  }
  printf("together: %" PRId64 " mWh; memory was %s\n", total.energy_mwh,
         status.breaks_closed + status.counters_dropped == 0 ? "enough" : "short");
}

static void print_quarters(const ems_downsampler_t* buckets) {
  ems_downsample_status_t status = {.struct_size = sizeof status};
  uint64_t quarter;
  check(ems_downsampler_get_status(buckets, &status), "status");
  for (quarter = 0; quarter < status.bucket_count; ++quarter) {
    ems_bucket_t bucket = {.struct_size = sizeof bucket};
    check(ems_downsampler_bucket_at(buckets, 0, quarter, &bucket), "bucket");
    printf("quarter %" PRIu64 ": %" PRIu64 " samples, known %" PRId64 " s", quarter, bucket.count,
           bucket.known_us / 1000000);
    if (bucket.known_us > 0) printf(", mean %" PRId64 " W", bucket.mean_milli / 1000);
    printf("\n");
  }
}

int main(void) {
  static char out[4096];
  ems_telemetry_t* telemetry = NULL;
  ems_energy_t* energy = NULL;
  ems_downsampler_t* buckets = NULL;
  ems_telemetry_config_t buffer = {.struct_size = sizeof buffer,
                                   .stream = EMS_STREAM_TELEMETRY,
                                   .epoch_random = {9}, /* A real device takes random bits. */
                                   .epoch_counter = 1,
                                   .first_sequence = 1};
  ems_energy_config_t ledger = {.struct_size = sizeof ledger};
  ems_downsample_config_t quarters = {.struct_size = sizeof quarters};
  setvbuf(stdout, out, _IOFBF, sizeof out); /* Else stdio takes its buffer from the heap. */

  check(ems_energy_config_default(&ledger), "ledger defaults");
  ledger.grid.from_us = kBegin * 1000000;
  ledger.grid.to_us = (kBegin + 7200) * 1000000;
  ledger.grid.width_us = INT64_C(3600000000);
  ledger.account_capacity = 2; /* meter/1 imported and exported. */
  check(ems_downsample_config_default(&quarters), "bucket defaults");
  quarters.grid = ledger.grid;
  quarters.grid.width_us = INT64_C(900000000);
  quarters.points = kPoints; /* The power only. */
  quarters.point_count = 1;
  quarters.point_capacity = 1;

  check(ems_telemetry_init(telemetry_memory, sizeof telemetry_memory, &buffer, &telemetry),
        "buffer");
  check(ems_energy_init(energy_memory, sizeof energy_memory, &ledger, &energy), "ledger");
  check(ems_downsampler_init(buckets_memory, sizeof buckets_memory, &quarters, &buckets),
        "buckets");
  record(telemetry);
  summarise(telemetry, energy, buckets);
  print_hours(energy);
  print_quarters(buckets);
  return 0;
}
