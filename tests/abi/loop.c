// SPDX-License-Identifier: Apache-2.0
// What an inverter does: decode a frame, keep the image, run safety and decision, buffer telemetry,
// explain, read its own blocks into buckets and the energy ledger. usage: abi_loop TICKS. No call
// of libems may allocate; malloc and its kin are counted here (not under a sanitizer, which owns
// them: ABI_COUNT_MALLOC 0).
#include <ems/ems.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long allocations;
#if ABI_COUNT_MALLOC
extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* memory, size_t size);
void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
#endif

static uint64_t poller_memory[EMS_POLLER_WORDS];
static uint64_t control_memory[EMS_CONTROL_WORDS];
static uint64_t safety_memory[EMS_SAFETY_WORDS];
static uint64_t image_memory[16 + 8 * 128];
static uint64_t telemetry_memory[(EMS_TELEMETRY_BUFFER_MIN + 16384) / 8];
static uint64_t reader_memory[EMS_BLOCK_READER_WORDS];
static uint64_t buckets_memory[65536];
static uint64_t energy_memory[65536];

static void check(ems_status_t status, const char* what) {
  if (status == EMS_OK) return;
  fprintf(stderr, "%s: %s: %s\n", what, ems_status_name(status), ems_last_error_message());
  exit(1);
}

// Captured replies of a JBD board: basic info and four cells (tests/vectors/bms_serial_jbd.json).
static const uint8_t kBasic[] = {0xDD, 0x03, 0x00, 0x1D, 0x06, 0x18, 0x00, 0x00, 0x01,
                                 0xF2, 0x01, 0xF4, 0x00, 0x00, 0x2C, 0x7C, 0x00, 0x00,
                                 0x00, 0x00, 0x00, 0x00, 0x80, 0x64, 0x03, 0x04, 0x03,
                                 0x0B, 0x8B, 0x0B, 0x8A, 0x0B, 0x84, 0xFA, 0x8D, 0x77};
static const uint8_t kCells[] = {0xDD, 0x04, 0x00, 0x08, 0x0D, 0x66, 0x0D, 0x61,
                                 0x0D, 0x68, 0x0D, 0x59, 0xFE, 0x3C, 0x77};

/// The captured frame's device is of another moment: it now says what the cells and the inverter
/// do.
static void make_plausible(const ems_readings_t* readings, int32_t power_w) {
  enum { PACK_MV = 13710 };
  for (uint32_t i = 0; i < readings->value_count; ++i) {
    ems_value_t* value = &readings->values[i];
    if (value->signal == EMS_SIGNAL_PACK_VOLTAGE) value->value = PACK_MV;
    if (value->signal == EMS_SIGNAL_PACK_CURRENT) {
      value->value = (int64_t)power_w * 1000000 / PACK_MV;
    }
    if (value->signal == EMS_SIGNAL_SOC) value->value = 6000;
  }
}

/// Every row of a block above `seen`, into both; returns the last sequence.
static uint64_t summarise(const ems_block_t* block, uint64_t seen, ems_downsampler_t* buckets,
                          ems_energy_t* energy) {
  static ems_point_t points[EMS_TELEMETRY_POINTS_MAX];
  static ems_row_value_t row_values[EMS_TELEMETRY_POINTS_MAX];
  ems_block_reader_t* reader = NULL;
  ems_block_info_t info = {.struct_size = sizeof info};
  ems_row_t row;
  check(
      ems_block_reader_init(reader_memory, sizeof reader_memory, block->data, block->size, &reader),
      "reader");
  check(ems_block_reader_describe(reader, &info), "describe");
  for (size_t i = 0; i < info.point_count; ++i) {
    check(ems_block_reader_point_at(reader, i, &points[i]), "point");
  }
  while (ems_block_reader_next_row(reader, row_values, EMS_TELEMETRY_POINTS_MAX, &row) == EMS_OK) {
    if (row.sequence <= seen) continue;
    check(ems_downsampler_row(buckets, row.utc_us, points, row_values, info.point_count), "row");
    check(ems_energy_row(energy, row.utc_us, points, row_values, info.point_count), "row");
  }
  return info.last;
}

int main(int argc, char** argv) {
  const long ticks = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
  const ems_asset_t battery = {EMS_ASSET_BATTERY, 0, 1};
  const ems_asset_t inverter = {EMS_ASSET_INVERTER, 0, 1};
  const ems_asset_t meter = {EMS_ASSET_METER, 0, 1};
  const int64_t capacity_wh = 10000;
  const ems_codec_t* jbd = NULL;
  ems_image_t* image = NULL;
  ems_poller_t* poller = NULL;
  ems_control_t* control = NULL;
  ems_safety_t* safety = NULL;
  ems_telemetry_t* telemetry = NULL;

  ems_safety_limits_t limits = {.struct_size = sizeof limits};
  check(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits), "limits");
  check(ems_safety_limits_set_currents(&limits, 50000, 50000), "currents");
  ems_safety_battery_t battery_config = {.struct_size = sizeof battery_config,
                                         .asset = battery,
                                         .cells_in_series = 4,
                                         .limits = &limits};
  ems_safety_inverter_t inverter_config = {.struct_size = sizeof inverter_config,
                                           .asset = inverter,
                                           .batteries = 1,
                                           .no_dc_pv = 1,
                                           .apparent_max_va = 3000,
                                           .charge_max_w = 3000,
                                           .discharge_max_w = 3000,
                                           .efficiency_bp = 9500};
  ems_safety_config_t safety_config = {.struct_size = sizeof safety_config};
  check(ems_safety_config_default(&safety_config), "safety config");
  safety_config.battery_count = 1;
  safety_config.batteries = &battery_config;
  safety_config.inverter_count = 1;
  safety_config.inverters = &inverter_config;
  ems_decision_config_t decision_config = {.struct_size = sizeof decision_config};
  check(ems_decision_config_default(&decision_config), "decision config");
  decision_config.policies = EMS_DECISION_IMPORT_LIMIT | EMS_DECISION_SELF_CONSUMPTION;
  decision_config.import_limit_w = 5000;
  ems_control_config_t config = {.struct_size = sizeof config,
                                 .armed = 1,
                                 .safety = &safety_config,
                                 .decision = &decision_config,
                                 .battery_capacity_wh = &capacity_wh,
                                 .has_pcc_meter = 1,
                                 .pcc_meter = meter};
  ems_telemetry_config_t buffer = {.struct_size = sizeof buffer,
                                   .stream = EMS_STREAM_TELEMETRY,
                                   .epoch_random = {1},
                                   .epoch_counter = 1,
                                   .first_sequence = 1};

  const ems_time_grid_t hours = {.to_us = INT64_C(86400000000), .width_us = INT64_C(3600000000)};
  ems_downsample_config_t buckets_config = {.struct_size = sizeof buckets_config};
  check(ems_downsample_config_default(&buckets_config), "buckets config");
  buckets_config.grid = hours;
  ems_energy_config_t energy_config = {.struct_size = sizeof energy_config};
  check(ems_energy_config_default(&energy_config), "energy config");
  energy_config.grid = hours;

  const unsigned long before = allocations;
  check(ems_codec_find("jbd", &jbd), "codec");
  check(ems_poller_init(poller_memory, sizeof poller_memory, jbd, NULL, &poller), "poller");
  check(ems_image_init(image_memory, sizeof image_memory, 128, &image), "image");
  check(ems_control_init(control_memory, sizeof control_memory, &config, &control), "control");
  check(ems_safety_init(safety_memory, sizeof safety_memory, &safety_config, &safety), "safety");
  check(ems_telemetry_init(telemetry_memory, sizeof telemetry_memory, &buffer, &telemetry),
        "telemetry");
  ems_downsampler_t* buckets = NULL;
  ems_energy_t* energy = NULL;
  uint64_t seen = 0;
  check(ems_downsampler_init(buckets_memory, sizeof buckets_memory, &buckets_config, &buckets),
        "buckets");
  check(ems_energy_init(energy_memory, sizeof energy_memory, &energy_config, &energy), "energy");
  check(ems_poller_link_up(poller, 0), "link");

  static ems_value_t values[EMS_VALUES_MAX];
  ems_readings_t readings = {
      .struct_size = sizeof readings, .values = values, .value_capacity = EMS_VALUES_MAX};
  ems_control_inputs_t inputs = {.struct_size = sizeof inputs, .inverters_ready = 1};
  ems_control_result_t result = {.struct_size = sizeof result};
  ems_safety_result_t safe = {.struct_size = sizeof safe};
  ems_order_t order = {.struct_size = sizeof order};
  static char text[EMS_EXPLANATION_SIZE];
  uint8_t request[EMS_REQUEST_SIZE];
  int64_t moved_w = 0;

  for (long tick = 0; tick < ticks; ++tick) {
    const int64_t now_ms = tick * 100;
    ems_poller_action_t action = {.struct_size = sizeof action};
    check(ems_poller_next(poller, now_ms, request, sizeof request, &action), "next");
    if (action.size > 0) {  // The device answers at once; it has no version text.
      const int cells = request[2] == 0x04;
      check(ems_poller_receive(poller, cells ? kCells : kBasic,
                               cells ? sizeof kCells : sizeof kBasic, now_ms, &readings),
            "receive");
      make_plausible(&readings, result.gated_w);
      check(ems_image_apply(image, battery, &readings, now_ms, 3000), "apply");
    }
    const uint8_t* frame = tick % 2 == 0 ? kBasic : kCells;
    const size_t size = tick % 2 == 0 ? sizeof kBasic : sizeof kCells;
    check(ems_codec_decode(jbd, NULL, 0, frame, size, &readings), "decode");
    make_plausible(&readings, result.gated_w);
    check(ems_image_apply(image, battery, &readings, now_ms, 3000), "apply");
    const ems_sample_t grid = {.value = tick % 4000,
                               .taken_at_ms = now_ms,
                               .stale_after_ms = 2000,
                               .asset = meter,
                               .signal = EMS_SIGNAL_ACTIVE_POWER,
                               .quality = EMS_QUALITY_GOOD};
    ems_sample_t own = grid;
    own.asset = inverter;
    own.value = result.gated_w;
    check(ems_image_set(image, &grid), "meter");
    check(ems_image_set(image, &own), "inverter");
    check(ems_safety_step(safety, image, false, now_ms, &safe), "safety");
    check(ems_control_step(control, image, &inputs, now_ms, &result), "control");
    check(ems_control_order_at(control, 0, &order), "order");
    if (order.send && order.command.kind == EMS_COMMAND_FOLLOW) moved_w += order.command.p_w;
    if (tick % 10 == 0) {
      check(ems_telemetry_append_image(telemetry, image, now_ms, now_ms * 1000, NULL), "append");
    }
    if (tick % 1000 == 0) {
      const ems_decision_t* decision = NULL;
      check(ems_control_decision(control, &decision), "decision");
      check(ems_decision_explain(decision, sizeof text, text), "explain");
      ems_block_t block;
      while (ems_telemetry_peek(telemetry, seen, &block) == EMS_OK) {
        seen = summarise(&block, seen, buckets, energy);
      }
      check(ems_telemetry_acknowledge(telemetry, seen), "acknowledge");
    }
  }
  check(ems_energy_finish(energy), "finish");
  ems_energy_account_t account;
  ems_energy_figure_t figure = {.struct_size = sizeof figure};
  check(ems_energy_account_at(energy, 0, &account), "account");
  check(ems_energy_figure_at(energy, 0, 0, &figure), "figure");
  const unsigned long after = allocations;
  printf("%ld ticks, %lu allocations, safety %d, %s\n", ticks, after - before, (int)safe.state,
         text);
  if (after != before) return 1;
  if (ticks > 1000 && figure.source != EMS_ENERGY_SOURCE_POWER) return 1;
  return ticks < 200 || (moved_w != 0 && safe.state == EMS_SAFETY_NORMAL) ? 0 : 1;
}
