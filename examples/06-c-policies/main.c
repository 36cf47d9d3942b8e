/* SPDX-License-Identifier: Apache-2.0 */
/* A day of decisions in C: safety, a policy of each of three levels and the gate, once a second;
 * who decides, and why; an alarm and the person who sees it. The site is SIMULATED, in this file.
 * All memory is static; nothing is allocated. */
#include <ems/ems.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 32, CELLS = 16, CELL_MV = 3300, CAPACITY_WH = 10000, MINUTE = 60, HOUR = 3600 };

static const int64_t midnight_utc_us = INT64_C(1799971200000000); /* Friday, 2027-01-15. */
static const ems_asset_t battery = {EMS_ASSET_BATTERY, 0, 1};
static const ems_asset_t inverter = {EMS_ASSET_INVERTER, 0, 1};
static const ems_asset_t meter = {EMS_ASSET_METER, 0, 1};

static uint64_t image_memory[16 + 8 * POINTS];
static uint64_t control_memory[EMS_CONTROL_WORDS];
static uint64_t alarms_memory[EMS_ALARMS_WORDS];
static ems_image_t* image;
static ems_control_t* control;
static const ems_safety_t* safety;
static const ems_decision_t* decision;
static ems_alarms_t* alarms;

/* A call that fails here is a mistake of this program: say it and stop. */
static void must(ems_status_t status, const char* call) {
  if (status == EMS_OK) return;
  fprintf(stderr, "%s: %s: %s\n", call, ems_status_name(status), ems_last_error_message());
  exit(1);
}
#define MUST(call) must((call), #call)

/* ---- the site ---- */

static int64_t second; /* Of the day. */
static int32_t battery_w;
static int64_t stored_ws = (int64_t)CAPACITY_WH * 40 / 100 * HOUR;

static int32_t load_w(void) {
  if (second >= 3 * HOUR && second < 4 * HOUR) return 1800;                 /* A car charges. */
  if (second >= 21 * HOUR + 30 * MINUTE && second < 22 * HOUR) return 4000; /* The oven. */
  return 400;
}

static void put(ems_asset_t asset, uint16_t signal, uint16_t element, int64_t value) {
  const ems_sample_t sample = {.value = value,
                               .taken_at_ms = second * 1000,
                               .stale_after_ms = 3000,
                               .asset = asset,
                               .signal = signal,
                               .element = element,
                               .quality = EMS_QUALITY_GOOD};
  MUST(ems_image_set(image, &sample));
}

static void measure(void) {
  int32_t pack_mv = 0;
  for (uint16_t cell = 1; cell <= CELLS; ++cell) { /* One drifts from 12:00 to 13:00. */
    const int drifts = cell == 7 && second >= 12 * HOUR && second < 13 * HOUR;
    const int32_t mv = CELL_MV + (drifts ? 40 : 0);
    put(battery, EMS_SIGNAL_CELL_VOLTAGE, cell, mv);
    pack_mv += mv;
  }
  put(battery, EMS_SIGNAL_PACK_VOLTAGE, 0, pack_mv);
  put(battery, EMS_SIGNAL_PACK_CURRENT, 0, (int64_t)battery_w * 1000000 / pack_mv);
  put(battery, EMS_SIGNAL_SOC, 0, stored_ws * 10000 / HOUR / CAPACITY_WH);
  put(battery, EMS_SIGNAL_TEMPERATURE, 1, 24000);
  put(inverter, EMS_SIGNAL_ACTIVE_POWER, 0, battery_w);
  put(meter, EMS_SIGNAL_ACTIVE_POWER, 0, load_w() - battery_w);
}

/* ---- the controller ---- */

static void init(void) {
  ems_safety_limits_t limits = {.struct_size = sizeof limits};
  MUST(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits));
  MUST(ems_safety_limits_set_currents(&limits, 100000, 100000));
  const ems_safety_battery_t pack = {.struct_size = sizeof pack,
                                     .asset = battery,
                                     .cells_in_series = CELLS,
                                     .limits = &limits,
                                     .fuse_current_ma = 125000};
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
  safe.tick_period_ms = 1000;

  const ems_time_of_use_window_t windows[] = {{.from_minute = 2 * 60,
                                               .to_minute = 5 * 60,
                                               .days = EMS_DAYS_ALL, /* Charge by night, */
                                               .action = EMS_WINDOW_CHARGE,
                                               .power_w = 2500,
                                               .has_soc_stop = 1,
                                               .soc_stop_bp = 9000},
                                              {.from_minute = 17 * 60,
                                               .to_minute = 21 * 60,
                                               .days = EMS_DAYS_ALL, /* give it back. */
                                               .action = EMS_WINDOW_DISCHARGE,
                                               .power_w = 2500,
                                               .has_soc_stop = 1,
                                               .soc_stop_bp = 2000}};
  ems_decision_config_t policies = {.struct_size = sizeof policies};
  MUST(ems_decision_config_default(&policies));
  policies.policies =
      EMS_DECISION_ACTIVE_POWER_LIMIT | EMS_DECISION_IMPORT_LIMIT | EMS_DECISION_TIME_OF_USE;
  policies.active_power_limit = (ems_power_limits_t){1, 1, {0}, 5000, 5000};
  policies.import_limit_w = 3000;
  policies.time_of_use_windows = windows;
  policies.time_of_use_window_count = 2;

  static const int64_t capacity_wh[] = {CAPACITY_WH};
  const ems_control_config_t config = {.struct_size = sizeof config,
                                       .armed = 1,
                                       .safety = &safe,
                                       .decision = &policies,
                                       .battery_capacity_wh = capacity_wh,
                                       .has_pcc_meter = 1,
                                       .pcc_meter = meter};
  MUST(ems_image_init(image_memory, sizeof image_memory, POINTS, &image));
  MUST(ems_control_init(control_memory, sizeof control_memory, &config, &control));
  MUST(ems_control_safety(control, &safety));
  MUST(ems_control_decision(control, &decision));
  ems_alarms_config_t book = {.struct_size = sizeof book};
  MUST(ems_alarms_config_default(&book));
  MUST(ems_alarms_init(alarms_memory, sizeof alarms_memory, &book, &alarms));
}

/* From 18:00 the grid operator lets the batteries deliver 1 kW, for half an hour. */
static void hear_operator(ems_control_inputs_t* inputs) {
  if (second < 18 * HOUR) return;
  inputs->valid |= EMS_CONTROL_HAS_ACTIVE_POWER_LIMIT;
  inputs->active_power_limit.given_at_ms = INT64_C(18) * HOUR * 1000;
  inputs->active_power_limit.lease_end_ms = (INT64_C(18) * HOUR + 30 * MINUTE) * 1000;
  inputs->active_power_limit.limits =
      (ems_power_limits_t){.has_discharge_max = 1, .discharge_max_w = 1000};
  strcpy(inputs->active_power_limit.actor, "grid operator");
}

static void print_time(void) {
  printf("%02d:%02d  ", (int)(second / HOUR), (int)(second % HOUR / MINUTE));
}

static void print_change(const ems_alarm_change_t* change) {
  static const char* const words[] = {"",        "raised",    "cleared",  "acknowledged", "reset",
                                      "shelved", "unshelved", "repeated", "dropped"};
  if (change->transition == EMS_ALARM_CHANGE_NONE) return;
  print_time();
  printf("alarm %u %s: %s", change->alarm.id, words[change->transition], change->alarm.name);
  if (change->actor[0] != '\0') printf(", by %s: %s", change->actor, change->text);
  printf("\n");
}

static void keep_alarms(uint32_t event_count) {
  const int64_t now_ms = second * 1000;
  const int64_t utc_us = midnight_utc_us + second * 1000000;
  ems_alarm_change_t change = {.struct_size = sizeof change};
  for (uint32_t i = 0; i < event_count; ++i) {
    ems_event_t event;
    MUST(ems_safety_event_at(safety, i, &event));
    const bool latching = event.severity == EMS_SEVERITY_CRITICAL;
    MUST(ems_alarms_take(alarms, &event, latching, now_ms, utc_us, &change));
    print_change(&change);
  }
  do {
    MUST(ems_alarms_next(alarms, now_ms, utc_us, &change));
    print_change(&change);
  } while (change.transition != EMS_ALARM_CHANGE_NONE);
  if (second != 12 * HOUR + 10 * MINUTE) return;
  ems_alarm_t alarm = {.struct_size = sizeof alarm}; /* Ada looks at the list. */
  MUST(ems_alarms_at(alarms, 0, &alarm));
  MUST(ems_alarms_acknowledge(alarms, alarm.id, "Ada", "cell 7, I look at it", now_ms, utc_us,
                              &change));
  print_change(&change);
}

static void print_winner(void) {
  static uint8_t last;
  static int32_t last_w;
  ems_decision_result_t decided = {.struct_size = sizeof decided};
  MUST(ems_decision_get_result(decision, &decided));
  const uint8_t winner = (decided.valid & EMS_DECISION_HAS_WINNER) != 0 ? decided.winner : 0;
  if (winner == last && decided.target_w == last_w) return;
  last = winner;
  last_w = decided.target_w;
  char why[EMS_EXPLANATION_SIZE];
  MUST(ems_decision_explain(decision, sizeof why, why));
  print_time();
  printf("%s: %d W\n       %s\n", winner == 0 ? "nobody" : ems_policy_name(winner),
         decided.target_w, why);
}

int main(void) {
  static char output[8192];
  setvbuf(stdout, output, _IOFBF, sizeof output); /* printf, too, does without the heap. */
  if (ems_abi_version() != EMS_ABI_VERSION) return 1;
  init();
  for (; second < 24 * HOUR; ++second) {
    measure();
    ems_control_inputs_t inputs = {
        .struct_size = sizeof inputs,
        .inverters_ready = 1,
        .wall = {.utc_us = midnight_utc_us + second * 1000000, .quality = EMS_CLOCK_SYNCED}};
    hear_operator(&inputs);
    ems_control_result_t result = {.struct_size = sizeof result};
    MUST(ems_control_step(control, image, &inputs, second * 1000, &result));
    ems_order_t order = {.struct_size = sizeof order}; /* It went through the gate. */
    MUST(ems_control_order_at(control, 0, &order));
    battery_w = order.send && order.command.kind == EMS_COMMAND_FOLLOW ? order.command.p_w : 0;
    stored_ws -= battery_w;
    print_winner();
    keep_alarms(result.event_count);
  }
  ems_alarms_summary_t book = {.struct_size = sizeof book};
  MUST(ems_alarms_get_summary(alarms, &book));
  printf("24:00  %u warnings are active, %d %% are stored\n", book.active[EMS_SEVERITY_WARNING],
         (int)(stored_ws * 100 / HOUR / CAPACITY_WH));
  return 0;
}
