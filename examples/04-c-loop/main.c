/* SPDX-License-Identifier: Apache-2.0 */
/* A control loop of 100 ms in C: read the battery, ask safety, decide, pass the gate, command. All
 * memory is static: after init, and before it too, nothing is allocated. ems_control_step() does
 * steps 2 to 4 in one call, for up to 8 inverters. */
#include <ems/ems.h>
#include <stdio.h>
#include <stdlib.h>

#include "board.h"

enum { POINTS = 64, CELLS = 16, STALE_AFTER_MS = 3000 };

static const ems_asset_t battery = {EMS_ASSET_BATTERY, 0, 1};
static const ems_asset_t inverter = {EMS_ASSET_INVERTER, 0, 1};

static uint64_t poller_memory[EMS_POLLER_WORDS];
static uint64_t image_memory[16 + 8 * POINTS];
static uint64_t safety_memory[EMS_SAFETY_WORDS];
static uint64_t decision_memory[EMS_DECISION_WORDS];
static ems_poller_t* poller;
static ems_image_t* image;
static ems_safety_t* safety;
static ems_decision_t* decision;
static ems_value_t values[EMS_VALUES_MAX];

/* What tripped. A restart must not forget it: only a person may take it back (ems_safety_reset). */
static struct {
  uint32_t count;
  ems_trip_t trips[EMS_SAFETY_TRIPS_MAX];
} latch;

/* A call that fails here is a mistake of this program: say it and stop. */
static void must(ems_status_t status, const char* call) {
  if (status == EMS_OK) return;
  fprintf(stderr, "%s: %s: %s\n", call, ems_status_name(status), ems_last_error_message());
  board_stop();
  exit(1);
}
#define MUST(call) must((call), #call)

static void init(void) {
  const ems_codec_t* jbd = NULL;
  MUST(ems_codec_find("jbd", &jbd));
  MUST(ems_poller_init(poller_memory, sizeof poller_memory, jbd, NULL, &poller));
  MUST(ems_image_init(image_memory, sizeof image_memory, POINTS, &image));

  ems_safety_limits_t limits = {.struct_size = sizeof limits};
  MUST(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits));
  MUST(ems_safety_limits_set_currents(&limits, 100000, 100000));
  const ems_safety_battery_t pack = {
      .struct_size = sizeof pack, .asset = battery, .cells_in_series = CELLS, .limits = &limits};
  const ems_safety_inverter_t pcs = {.struct_size = sizeof pcs,
                                     .asset = inverter,
                                     .batteries = 1,
                                     .no_dc_pv = 1,
                                     .apparent_max_va = 5000,
                                     .charge_max_w = 5000,
                                     .discharge_max_w = 5000,
                                     .efficiency_bp = 9500};
  ems_safety_config_t safe = {.struct_size = sizeof safe};
  MUST(ems_safety_config_default(&safe));
  safe.batteries = &pack;
  safe.battery_count = 1;
  safe.inverters = &pcs;
  safe.inverter_count = 1;
  safe.latch_unreadable = board_load(&latch, sizeof latch) != 0;
  safe.trips = latch.trips;
  safe.trip_count = latch.count;
  safe.start_ms = board_now_ms();
  MUST(ems_safety_init(safety_memory, sizeof safety_memory, &safe, &safety));

  ems_decision_config_t policies = {.struct_size = sizeof policies};
  MUST(ems_decision_config_default(&policies));
  policies.policies = EMS_DECISION_SELF_CONSUMPTION;
  policies.self_consumption_deadband_w = 50;
  MUST(ems_decision_init(decision_memory, sizeof decision_memory, &policies, &decision));
  MUST(ems_poller_link_up(poller, board_now_ms()));
}

/* 1. Bytes of the battery into the image, the next request out. */
static void read_battery(int64_t now_ms) {
  uint8_t bytes[EMS_REPLY_SIZE];
  ems_readings_t readings = {
      .struct_size = sizeof readings, .values = values, .value_capacity = EMS_VALUES_MAX};
  MUST(ems_poller_receive(poller, bytes, board_read(bytes, sizeof bytes), now_ms, &readings));
  MUST(ems_image_apply(image, battery, &readings, now_ms, STALE_AFTER_MS));

  ems_poller_action_t action = {.struct_size = sizeof action};
  MUST(ems_poller_next(poller, now_ms, bytes, sizeof bytes, &action));
  if (action.size > 0) board_write(bytes, action.size);
}

static ems_power_sample_t measured(int32_t power_w, int64_t now_ms) {
  return (ems_power_sample_t){now_ms, STALE_AFTER_MS, power_w, EMS_QUALITY_GOOD, {0}};
}

static void print(int64_t now_ms, const ems_inverter_verdict_t* verdict,
                  const ems_gate_result_t* gated) {
  static const char* const states[] = {"init", "normal", "derated", "safe", "tripped"};
  static const char* const commands[] = {"stop", "follow", "form", "standby", "open"};
  printf("%2d s  %-8s envelope %5d .. %4d W  command %-6s %5d W", (int)(now_ms / 1000),
         states[verdict->state], verdict->ac.lo_w, verdict->ac.hi_w, commands[gated->command.kind],
         gated->command.p_w);
  ems_battery_verdict_t pack = {.struct_size = sizeof pack};
  MUST(ems_safety_battery_at(safety, 0, &pack));
  for (uint32_t i = 0; i < pack.reason_count; ++i) {
    ems_reason_t reason;
    MUST(ems_safety_reason_at(safety, 0, i, &reason));
    if (reason.cause == EMS_CAUSE_WAITING) continue;
    if (reason.cause == EMS_CAUSE_MISSING) {
      printf("  %s: missing", reason.rule);
    } else {
      printf("  %s: %d, limit %d", reason.rule, reason.value, reason.limit);
    }
    break;
  }
  printf("\n");
}

static void store_latch(uint32_t count) {
  for (latch.count = 0; latch.count < count; ++latch.count) {
    MUST(ems_safety_trip_at(safety, latch.count, &latch.trips[latch.count]));
  }
  board_store(&latch, sizeof latch);
}

static void tick(int64_t now_ms) {
  static int32_t gated_w;
  static int64_t gated_at_ms = -1;
  read_battery(now_ms);

  /* 2. What is safe now. */
  ems_safety_result_t safe = {.struct_size = sizeof safe};
  MUST(ems_safety_step(safety, image, board_estop(), now_ms, &safe));
  ems_inverter_verdict_t verdict = {.struct_size = sizeof verdict};
  MUST(ems_safety_inverter_at(safety, 0, &verdict));

  /* 3. What is wanted, inside that. */
  ems_decision_inputs_t inputs = {
      .struct_size = sizeof inputs,
      .valid = EMS_DECISION_HAS_PCC_POWER | EMS_DECISION_HAS_BATTERY_POWER,
      .envelope = verdict.ac,
      .pcc_power = measured(board_grid_w(), now_ms),
      .battery_power = measured(board_battery_w(), now_ms)};
  if (gated_at_ms >= 0) {
    inputs.valid |= EMS_DECISION_HAS_GATED_POWER;
    inputs.gated_power = measured(gated_w, gated_at_ms);
  }
  ems_decision_result_t decided = {.struct_size = sizeof decided};
  MUST(ems_decision_step(decision, &inputs, now_ms, &decided));

  /* 4. The gate, and the command. */
  const ems_command_t wanted = {.kind = EMS_COMMAND_FOLLOW, .p_w = decided.target_w};
  ems_gate_result_t gated = {.struct_size = sizeof gated};
  MUST(ems_safety_gate(safety, 0, &wanted, true, now_ms, &gated));
  if (gated.send && gated.command.kind == EMS_COMMAND_FOLLOW) {
    board_follow(gated.command.p_w);
  } else if (gated.send && gated.command.kind == EMS_COMMAND_OPEN) {
    board_open();
  } else if (gated.send) {
    board_stop();
  }
  gated_w = gated.command.p_w;
  gated_at_ms = now_ms;
  if (safe.latch_changed) store_latch(safe.trip_count); /* After the command went out. */
  if (now_ms % 6000 == 0) print(now_ms, &verdict, &gated);
}

int main(void) {
  static char output[4096];
  setvbuf(stdout, output, _IOFBF, sizeof output); /* printf, too, does without the heap. */
  if (ems_abi_version() != EMS_ABI_VERSION) return 1;
  init();
  for (; board_now_ms() <= 48000; board_wait_100ms()) tick(board_now_ms());

  char why[EMS_EXPLANATION_SIZE];
  MUST(ems_decision_explain(decision, sizeof why, why));
  printf("%s\n", why);
  return 0;
}
