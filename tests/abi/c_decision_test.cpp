// SPDX-License-Identifier: Apache-2.0
// Every policy through the C ABI: configuration, commands, tables by time, and the record.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "c_site.hpp"

namespace ems::test {
namespace {

constexpr std::int64_t kUtc = 1'800'000'000'000'000;  // 2027-01-15, a Friday, 08:00.
constexpr std::int64_t kHour = 3'600'000'000;

ems_measurement_t measured(std::int64_t value, std::int64_t now = 0) {
  return {value, now, 60'000, EMS_QUALITY_GOOD, {}};
}

/// One decision maker that sees a grid at 0 W and may do +-10 kW.
class Maker {
 public:
  explicit Maker(std::uint32_t policies) : memory_(ems_decision_size()) {
    EXPECT_EQ(ems_decision_config_default(&config), EMS_OK);
    config.policies = policies;
    inputs.envelope = {-10'000, 10'000};
    inputs.valid = EMS_DECISION_HAS_PCC_POWER | EMS_DECISION_HAS_BATTERY_POWER;
    inputs.pcc_power = inputs.battery_power = {0, 60'000, 0, EMS_QUALITY_GOOD, {}};
    inputs.wall = {kUtc, 0, 0, EMS_CLOCK_SYNCED};
    tables.plan_valid_for_ms = 86'400'000;
    tables.plan_made_at_utc_us = tables.price_made_at_utc_us = kUtc - kHour;
    std::strcpy(tables.plan_id, "p1");
    std::strcpy(tables.price_currency, "BRL");
    std::strcpy(config.price_currency, "BRL");
  }
  ems_status_t start() {
    return ems_decision_init(memory_.data(), memory_.size(), &config, &decision);
  }
  std::int32_t target(std::int64_t now = 0) {
    if (decision == nullptr) EXPECT_EQ(start(), EMS_OK) << ems_last_error_message();
    EXPECT_EQ(ems_decision_step(decision, &inputs, now, &result), EMS_OK)
        << ems_last_error_message();
    return result.target_w;
  }
  ems_policy_output_t policy(std::uint8_t number) {
    ems_policy_output_t out{};
    for (std::size_t i = 0; ems_decision_policy_at(decision, i, &out) == EMS_OK; ++i) {
      if (out.policy == number) return out;
    }
    ADD_FAILURE() << "no policy " << int{number};
    return {};
  }
  ems_in_force_t in_force() {
    auto out = sized<ems_in_force_t>();
    EXPECT_EQ(ems_decision_in_force(decision, &out), EMS_OK);
    return out;
  }

  ems_decision_config_t config = sized<ems_decision_config_t>();
  ems_decision_inputs_t inputs = sized<ems_decision_inputs_t>();
  ems_decision_tables_t tables = sized<ems_decision_tables_t>();
  ems_decision_result_t result = sized<ems_decision_result_t>();
  ems_decision_t* decision = nullptr;

 private:
  Memory memory_;
};

TEST(CDecision, EachPolicyHasItsBitAndItsChecks) {
  struct Row {
    std::uint8_t policy;
    void (*complete)(ems_decision_config_t&);  ///< What has no default.
    void (*spoil)(ems_decision_config_t&);
    const char* word;  ///< Of the message.
  };
  static const ems_time_of_use_window_t window{0, 60, 0x7F, EMS_WINDOW_CHARGE, 0, 0, 1000, 0};
  using C = ems_decision_config_t;
  const auto nothing = [](C&) {};
  const Row rows[] = {
      {EMS_POLICY_IMPORT_LIMIT, nothing, [](C& c) { c.import_limit_w = -1; }, "import_limit"},
      {EMS_POLICY_SETPOINT, nothing, [](C& c) { c.setpoint_lease_max_ms = 0; }, "setpoint"},
      {EMS_POLICY_SELF_CONSUMPTION, nothing,
       [](C& c) { c.self_consumption_soc_store_max_bp = 10'001; }, "self_consumption"},
      {EMS_POLICY_ACTIVE_POWER_LIMIT,
       [](C& c) {
         c.active_power_limit = {1, 1, {}, 5000, 5000};
       },
       [](C& c) { c.active_power_limit_lease_max_ms = 0; }, "active_power_limit"},
      {EMS_POLICY_FREQUENCY_DROOP, [](C& c) { c.droop_reference_w = 1000; },
       [](C& c) { c.droop_bp = 99; }, "droop"},
      {EMS_POLICY_RAMP, [](C& c) { c.ramp_up_w_per_s = c.ramp_down_w_per_s = 100; },
       [](C& c) { c.ramp_step_max_ms = 0; }, "ramp"},
      {EMS_POLICY_DIMMING, nothing, [](C& c) { c.dimming_failsafe_min_ms = 0; }, "dimming"},
      {EMS_POLICY_EXPORT_LIMIT, nothing, [](C& c) { c.export_limit_w = -1; }, "export_limit"},
      {EMS_POLICY_DEMAND_LIMIT, [](C& c) { c.demand_limit_import_max_w = 100; },
       [](C& c) { c.demand_limit_window_ms = 7000; }, "demand_limit"},
      {EMS_POLICY_BACKUP_RESERVE, nothing, [](C& c) { c.backup_reserve_bp = 10'001; },
       "backup_reserve"},
      {EMS_POLICY_REMOTE_SETPOINT, nothing, [](C& c) { c.remote_setpoint_lease_max_ms = 0; },
       "setpoint"},
      {EMS_POLICY_ZERO_EXPORT, nothing, [](C& c) { c.zero_export_tolerance_w = -1; },
       "zero_export"},
      {EMS_POLICY_PLAN, nothing, [](C& c) { c.plan_age_max_ms = 0; }, "plan"},
      {EMS_POLICY_TIME_OF_USE,
       [](C& c) {
         c.time_of_use_windows = &window;
         c.time_of_use_window_count = 1;
       },
       [](C& c) { c.time_of_use_soc_hysteresis_bp = -1; }, "time_of_use"},
      {EMS_POLICY_PRICE,
       [](C& c) {
         c.price_power_w = 1000;
         c.price_sell_above = 1;
       },
       [](C& c) { c.price_soc_buy_max_bp = c.price_soc_sell_min_bp; }, "price"},
      {EMS_POLICY_COMFORT_BAND, [](C& c) { c.comfort_power_w = 1000; },
       [](C& c) { c.comfort_soc_max_bp = 1000; }, "comfort_band"},
      {EMS_POLICY_GENTLE_CURRENT, nothing, [](C& c) { c.gentle_charge_ppm = 0; }, "gentle_current"},
      {EMS_POLICY_GENTLE_TEMPERATURE, [](C& c) { c.gentle_temperature_power_w = 1000; },
       [](C& c) { c.gentle_hot_zero_mdegc = c.gentle_hot_full_mdegc; }, "gentle_temperature"},
  };
  for (const Row& row : rows) {
    Maker maker(1U << (row.policy - 2U));
    row.complete(maker.config);
    (void)maker.target();
    EXPECT_EQ(maker.result.policy_count, 1U) << row.word;
    EXPECT_NE(maker.policy(row.policy).status, EMS_POLICY_DISABLED);
    row.spoil(maker.config);
    EXPECT_EQ(maker.start(), EMS_E_OUT_OF_RANGE) << row.word;
    EXPECT_NE(std::string(ems_last_error_message()).find(row.word), std::string::npos)
        << ems_last_error_message();
  }
  Maker unknown(1U << 19U);
  EXPECT_EQ(unknown.start(), EMS_E_UNIMPLEMENTED);
}

ems_limit_command_t limit(std::int32_t discharge_w, std::int32_t charge_w, std::int64_t end_ms) {
  ems_limit_command_t command{};
  command.lease_end_ms = end_ms;
  command.limits = {1, 1, {}, discharge_w, charge_w};
  std::strcpy(command.actor, "dso");
  return command;
}

TEST(CDecision, TheOperatorsLimitHoldsForItsLeaseThenTheFallback) {
  Maker maker(EMS_DECISION_ACTIVE_POWER_LIMIT | EMS_DECISION_SETPOINT);
  maker.config.active_power_limit_fallback = {1, 1, {}, 2000, 1000};
  maker.inputs.valid |= EMS_DECISION_HAS_SETPOINT | EMS_DECISION_HAS_ACTIVE_POWER_LIMIT;
  maker.inputs.setpoint.power_w = 9000;
  maker.inputs.setpoint.lease_end_ms = 100'000;
  maker.inputs.active_power_limit = limit(3000, 4000, 50'000);
  EXPECT_EQ(maker.target(0), 3000);
  ems_in_force_t now = maker.in_force();
  EXPECT_EQ(now.active_power_limit_source, EMS_LIMIT_COMMAND);
  ASSERT_NE(now.valid & EMS_IN_FORCE_ACTIVE_POWER_LIMIT, 0U);
  EXPECT_EQ(now.active_power_limit.limits.charge_max_w, 4000);
  EXPECT_EQ(now.active_power_limit.lease_end_ms, 50'000);
  EXPECT_STREQ(now.active_power_limit.actor, "dso");
  EXPECT_NE(now.valid & EMS_IN_FORCE_SETPOINT, 0U);
  EXPECT_EQ(now.setpoint.power_w, 9000);
  char text[EMS_EXPLANATION_SIZE];
  ASSERT_EQ(ems_decision_explain(maker.decision, sizeof text, text), EMS_OK);
  EXPECT_NE(std::string(text).find("active_power_limit"), std::string::npos) << text;

  EXPECT_EQ(maker.target(50'000), 2000);
  now = maker.in_force();
  EXPECT_EQ(now.active_power_limit_source, EMS_LIMIT_FALLBACK);
  EXPECT_EQ(now.valid & EMS_IN_FORCE_ACTIVE_POWER_LIMIT, 0U);
  EXPECT_EQ(maker.policy(EMS_POLICY_ACTIVE_POWER_LIMIT).status, EMS_POLICY_FALLBACK);
}

TEST(CDecision, DimmingBoundsChargingAndTheServersSetpointComesAfterThePersons) {
  Maker maker(EMS_DECISION_DIMMING | EMS_DECISION_SETPOINT | EMS_DECISION_REMOTE_SETPOINT);
  maker.inputs.valid |= EMS_DECISION_HAS_DIMMING | EMS_DECISION_HAS_REMOTE_SETPOINT;
  maker.inputs.dimming = limit(0, 1500, 50'000);
  maker.inputs.remote_setpoint.power_w = -6000;
  maker.inputs.remote_setpoint.lease_end_ms = 50'000;
  EXPECT_EQ(maker.target(0), -1500);
  EXPECT_EQ(maker.in_force().dimming_source, EMS_LIMIT_COMMAND);
  EXPECT_NE(maker.in_force().valid & EMS_IN_FORCE_REMOTE_SETPOINT, 0U);
  EXPECT_EQ(maker.in_force().remote_setpoint.power_w, -6000);
  maker.inputs.valid |= EMS_DECISION_HAS_SETPOINT;
  maker.inputs.setpoint.power_w = -700;
  maker.inputs.setpoint.lease_end_ms = 50'000;
  EXPECT_EQ(maker.target(1), -700);
  maker.inputs.valid &= ~static_cast<std::uint32_t>(EMS_DECISION_HAS_SETPOINT);
  EXPECT_EQ(maker.target(50'000), 0);
  EXPECT_EQ(maker.in_force().dimming_source, EMS_LIMIT_FAILSAFE);
}

TEST(CDecision, FrequencyAnswersByTheGridsProfile) {
  Maker maker(EMS_DECISION_FREQUENCY_DROOP);
  maker.config.droop_reference_w = 10'000;
  EXPECT_EQ(ems_decision_config_set_grid(&maker.config, 3), EMS_E_OUT_OF_RANGE);
  ASSERT_EQ(ems_decision_config_set_grid(&maker.config, EMS_GRID_IEEE_1547), EMS_OK);
  EXPECT_EQ(maker.config.droop_nominal_mhz, 60'000);
  EXPECT_EQ(maker.config.droop_deadband_over_mhz, 36);
  ASSERT_EQ(ems_decision_config_set_grid(&maker.config, EMS_GRID_EN_50549), EMS_OK);
  EXPECT_EQ(maker.config.droop_nominal_mhz, 50'000);
  maker.config.struct_size = offsetof(ems_decision_config_t, active_power_limit_lease_max_ms);
  EXPECT_EQ(ems_decision_config_set_grid(&maker.config, EMS_GRID_EN_50549), EMS_E_INVALID_ARGUMENT);
  maker.config.struct_size = sizeof maker.config;
  maker.inputs.valid |= EMS_DECISION_HAS_FREQUENCY;
  maker.inputs.frequency_mhz = measured(49'550);  // 250 mHz under the deadband: a tenth.
  EXPECT_EQ(maker.target(), 1000);
  EXPECT_NE(maker.in_force().valid & EMS_IN_FORCE_DROOP, 0U);

  bool seen = false;
  ems_input_age_t input{};
  for (std::size_t i = 0; ems_decision_input_at(maker.decision, i, &input) == EMS_OK; ++i) {
    if (input.input != EMS_INPUT_FREQUENCY) continue;
    std::int64_t value = 0;
    EXPECT_EQ(input.has_value, 1);
    EXPECT_EQ(input.quality, EMS_QUALITY_GOOD);
    ASSERT_EQ(ems_decision_input_value(maker.decision, i, &value), EMS_OK);
    EXPECT_EQ(value, 49'550);
    seen = true;
  }
  EXPECT_TRUE(seen);
  std::int64_t value = 0;
  EXPECT_EQ(ems_decision_input_value(maker.decision, maker.result.input_count, &value),
            EMS_E_OUT_OF_RANGE);

  maker.inputs.valid = 0;
  (void)maker.target(10);
  for (std::size_t i = 0; ems_decision_input_at(maker.decision, i, &input) == EMS_OK; ++i) {
    if (input.input != EMS_INPUT_FREQUENCY) continue;
    EXPECT_EQ(input.quality, EMS_QUALITY_BAD);
    EXPECT_EQ(ems_decision_input_value(maker.decision, i, &value), EMS_E_NOT_FOUND);
  }
}

TEST(CDecision, AWindowOfTheLocalDayIsFollowed) {
  Maker maker(EMS_DECISION_TIME_OF_USE);
  const ems_time_of_use_window_t windows[] = {
      {8 * 60, 9 * 60, EMS_DAYS_MONDAY_TO_FRIDAY, EMS_WINDOW_DISCHARGE, 1, 0, 3000, 2000},
      {0, 1440, EMS_DAYS_ALL, EMS_WINDOW_CHARGE, 0, 0, 1000, 0}};
  maker.config.time_of_use_windows = windows;
  maker.config.time_of_use_window_count = 2;
  maker.inputs.valid |= EMS_DECISION_HAS_SOC;
  maker.inputs.soc_bp = measured(5000);
  EXPECT_EQ(maker.target(), 3000);
  const ems_in_force_t now = maker.in_force();
  ASSERT_NE(now.valid & EMS_IN_FORCE_TIME_OF_USE, 0U);
  EXPECT_EQ(std::memcmp(&now.window, &windows[0], sizeof now.window), 0);
  maker.inputs.wall.utc_offset_s = 3600;  // 09:00 there.
  EXPECT_EQ(maker.target(1), -1000);
  maker.inputs.wall.utc_offset_s = 0;
  maker.inputs.soc_bp = measured(2000);
  EXPECT_EQ(maker.target(2), 0);
  EXPECT_EQ(maker.policy(EMS_POLICY_TIME_OF_USE).status, EMS_POLICY_SATISFIED);
  maker.inputs.wall.quality = EMS_CLOCK_UNSET;
  EXPECT_EQ(maker.target(3), 0);
  EXPECT_EQ(maker.policy(EMS_POLICY_TIME_OF_USE).status, EMS_POLICY_CLOCK_UNSET);

  maker.config.time_of_use_window_count = EMS_TIME_OF_USE_WINDOWS_MAX + 1;
  EXPECT_EQ(maker.start(), EMS_E_OUT_OF_RANGE);
  maker.config.time_of_use_window_count = 1;
  maker.config.time_of_use_windows = nullptr;
  EXPECT_EQ(maker.start(), EMS_E_INVALID_ARGUMENT);
  ems_time_of_use_window_t bad = windows[0];
  bad.action = 0;
  maker.config.time_of_use_windows = &bad;
  EXPECT_EQ(maker.start(), EMS_E_OUT_OF_RANGE);
}

TEST(CDecision, AScheduleIsFollowedFromEdgeToEdge) {
  Maker maker(EMS_DECISION_SCHEDULE);
  const ems_schedule_entry_t entries[] = {{kUtc, kUtc + kHour, 1000, 0},
                                          {kUtc + 2 * kHour, kUtc + 3 * kHour, -2000, 0},
                                          {kUtc + 3 * kHour, kUtc + 4 * kHour, 3000, 0}};
  maker.tables.schedule = entries;
  maker.tables.schedule_count = 3;
  maker.inputs.tables = &maker.tables;
  const struct {
    std::int64_t at;
    std::int32_t target;
  } rows[] = {{-1, 0},
              {0, 1000},
              {kHour - 1, 1000},
              {kHour, 0},
              {2 * kHour, -2000},
              {3 * kHour - 1, -2000},
              {3 * kHour, 3000},
              {4 * kHour - 1, 3000},
              {4 * kHour, 0}};
  std::int64_t now = 0;
  for (const auto& row : rows) {
    maker.inputs.wall.utc_us = kUtc + row.at;
    EXPECT_EQ(maker.target(now++), row.target) << row.at;
    EXPECT_EQ((maker.in_force().valid & EMS_IN_FORCE_SCHEDULE) != 0, row.target != 0);
  }
  maker.inputs.wall.utc_us = kUtc;
  (void)maker.target(now);
  EXPECT_EQ(maker.in_force().schedule.to_utc_us, kUtc + kHour);
}

TEST(CDecision, APlanIsFollowedWhileItIsYoung) {
  Maker maker(EMS_DECISION_PLAN);
  const ems_plan_slot_t slots[] = {{kUtc, kUtc + kHour, 1500, 0, 0, 0},
                                   {kUtc + kHour, kUtc + 2 * kHour, 0, -400, 1, 0}};
  maker.tables.plan = slots;
  maker.tables.plan_count = 2;
  maker.inputs.tables = &maker.tables;
  EXPECT_EQ(maker.target(0), 1500);
  EXPECT_STREQ(maker.in_force().plan_id, "p1");
  maker.inputs.wall.utc_us = kUtc + kHour;
  EXPECT_EQ(maker.target(1), 400);  // The meter at -400 W.
  EXPECT_EQ(maker.in_force().plan.has_pcc_target, 1U);
  EXPECT_EQ(maker.in_force().plan.pcc_target_w, -400);
  maker.inputs.wall.utc_us = kUtc + 2 * kHour;
  EXPECT_EQ(maker.target(2), 0);
  EXPECT_EQ(maker.policy(EMS_POLICY_PLAN).status, EMS_POLICY_NOT_COVERED);
  maker.inputs.wall.utc_us = kUtc + kHour;
  maker.tables.plan_valid_for_ms = 1;
  EXPECT_EQ(maker.target(3), 0);
  EXPECT_EQ(maker.policy(EMS_POLICY_PLAN).status, EMS_POLICY_TOO_OLD);
  maker.tables.plan_valid_for_ms = 86'400'000;
  maker.inputs.wall.quality = EMS_CLOCK_HOLDOVER;
  maker.inputs.wall.unsynced_ms = maker.config.plan_adrift_max_ms + 1;
  EXPECT_EQ(maker.target(4), 0);
  EXPECT_EQ(maker.policy(EMS_POLICY_PLAN).status, EMS_POLICY_CLOCK_ADRIFT);
}

TEST(CDecision, PricesDecideInTheirOwnSlot) {
  Maker maker(EMS_DECISION_PRICE);
  maker.config.price_buy_below = 100'000;
  maker.config.price_sell_above = 500'000;
  maker.config.price_power_w = 2000;
  maker.inputs.valid |= EMS_DECISION_HAS_SOC | EMS_DECISION_HAS_SOC_MIN | EMS_DECISION_HAS_SOC_MAX;
  maker.inputs.soc_bp = maker.inputs.soc_min_bp = maker.inputs.soc_max_bp = measured(5000);
  const ems_price_slot_t slots[] = {
      {kUtc, -1, -1}, {kUtc + kHour, 300'000, 200'000}, {kUtc + 2 * kHour, 2'000'000, 1'000'000}};
  maker.tables.prices = slots;
  maker.tables.price_count = 3;
  maker.tables.price_end_utc_us = kUtc + 3 * kHour;
  maker.inputs.tables = &maker.tables;
  const struct {
    std::int64_t at;
    std::int32_t target;
    std::uint8_t status;
  } rows[] = {{-1, 0, EMS_POLICY_NOT_COVERED},       {0, -2000, EMS_POLICY_ACTING},
              {kHour - 1, -2000, EMS_POLICY_ACTING}, {kHour, 0, EMS_POLICY_WATCHING},
              {2 * kHour, 2000, EMS_POLICY_ACTING},  {3 * kHour - 1, 2000, EMS_POLICY_ACTING},
              {3 * kHour, 0, EMS_POLICY_NOT_COVERED}};
  std::int64_t now = 0;
  for (const auto& row : rows) {
    maker.inputs.wall.utc_us = kUtc + row.at;
    EXPECT_EQ(maker.target(now++), row.target) << row.at;
    EXPECT_EQ(maker.policy(EMS_POLICY_PRICE).status, row.status) << row.at;
  }
  maker.inputs.wall.utc_us = kUtc;
  (void)maker.target(now);
  const ems_in_force_t force = maker.in_force();
  ASSERT_NE(force.valid & EMS_IN_FORCE_PRICE, 0U);
  EXPECT_EQ(force.price.buy, -1);
  EXPECT_STREQ(force.price_currency, "BRL");
}

TEST(CDecision, AWrongTableIsRefusedByItsRow) {
  Maker maker(EMS_DECISION_SCHEDULE | EMS_DECISION_PLAN);
  std::vector<ems_schedule_entry_t> entries;
  std::vector<ems_plan_slot_t> slots;
  std::vector<ems_price_slot_t> prices;
  for (int i = 0; i < 4; ++i) {
    entries.push_back({kUtc + i * kHour, kUtc + (i + 1) * kHour, 1, 0});
    slots.push_back({kUtc + i * kHour, kUtc + (i + 1) * kHour, 1, 0, 0, 0});
    prices.push_back({kUtc + i * kHour, 1, 1});
  }
  ems_decision_tables_t& tables = maker.tables;
  tables.schedule = entries.data();
  tables.plan = slots.data();
  tables.prices = prices.data();
  tables.schedule_count = tables.plan_count = tables.price_count = 4;
  tables.price_end_utc_us = kUtc + 4 * kHour;
  ASSERT_EQ(ems_decision_tables_validate(&tables), EMS_OK) << ems_last_error_message();
  const auto refused = [&](std::uint16_t offset) {
    EXPECT_EQ(ems_decision_tables_validate(&tables), EMS_E_OUT_OF_RANGE);
    EXPECT_EQ(ems_last_error_offset(), offset) << ems_last_error_message();
  };
  entries[2].from_utc_us -= 1;
  refused(2);
  entries[2].from_utc_us += 1;
  slots[3].end_utc_us = slots[3].start_utc_us;
  refused(3);
  maker.inputs.tables = &tables;
  ASSERT_EQ(maker.start(), EMS_OK);
  EXPECT_EQ(ems_decision_step(maker.decision, &maker.inputs, 0, &maker.result), EMS_E_OUT_OF_RANGE);
  slots[3].end_utc_us += 1;
  prices[1].start_utc_us = prices[0].start_utc_us;
  refused(1);
  prices[1].start_utc_us += kHour;
  tables.price_end_utc_us = prices[3].start_utc_us;
  refused(3);
  tables.price_end_utc_us += 1;
  tables.price_currency[3] = 'X';
  EXPECT_EQ(ems_decision_tables_validate(&tables), EMS_E_OUT_OF_RANGE);
  tables.price_currency[3] = '\0';
  tables.plan_id[0] = '\0';
  EXPECT_EQ(ems_decision_tables_validate(&tables), EMS_E_OUT_OF_RANGE);
  tables.plan_count = 0;
  EXPECT_EQ(ems_decision_tables_validate(&tables), EMS_OK);
  tables.schedule = nullptr;
  EXPECT_EQ(ems_decision_tables_validate(&tables), EMS_E_INVALID_ARGUMENT);
}

TEST(CDecision, TheClockAndMeasurementsAreChecked) {
  Maker maker(EMS_DECISION_COMFORT_BAND);
  maker.config.comfort_power_w = 1000;
  ASSERT_EQ(maker.start(), EMS_OK);
  const auto refused = [&](void (*spoil)(ems_decision_inputs_t&)) {
    ems_decision_inputs_t inputs = maker.inputs;
    spoil(inputs);
    EXPECT_EQ(ems_decision_step(maker.decision, &inputs, 0, &maker.result), EMS_E_OUT_OF_RANGE);
  };
  refused([](ems_decision_inputs_t& i) { i.wall.quality = 3; });
  refused([](ems_decision_inputs_t& i) { i.wall.unsynced_ms = -1; });
  refused([](ems_decision_inputs_t& i) { i.wall.utc_offset_s = 86'401; });
  refused([](ems_decision_inputs_t& i) { i.capacity_wh = -1; });
  refused([](ems_decision_inputs_t& i) {
    i.valid |= EMS_DECISION_HAS_SOC;
    i.soc_bp = measured(std::int64_t{1} << 32U);
  });
  refused([](ems_decision_inputs_t& i) {
    i.valid |= EMS_DECISION_HAS_TEMPERATURE_MAX;
    i.temperature_max_mdegc = measured(1);
    i.temperature_max_mdegc.stale_after_ms = 0;
  });
  EXPECT_EQ(maker.target(), 0);
}

TEST(CDecision, CellsAreSparedWhereNobodyElseAsks) {
  Maker maker(EMS_DECISION_SELF_CONSUMPTION | EMS_DECISION_COMFORT_BAND |
              EMS_DECISION_GENTLE_CURRENT | EMS_DECISION_GENTLE_TEMPERATURE);
  maker.config.comfort_power_w = maker.config.gentle_temperature_power_w = 10'000;
  maker.config.self_consumption_deadband_w = 5000;
  maker.inputs.valid |= EMS_DECISION_HAS_SOC_MIN | EMS_DECISION_HAS_SOC_MAX |
                        EMS_DECISION_HAS_TEMPERATURE_MIN | EMS_DECISION_HAS_TEMPERATURE_MAX;
  maker.inputs.soc_min_bp = measured(4000);
  maker.inputs.soc_max_bp = measured(9000);
  maker.inputs.temperature_min_mdegc = measured(20'000);
  maker.inputs.temperature_max_mdegc = measured(40'000);
  maker.inputs.capacity_wh = 8000;
  (void)maker.target();
  EXPECT_EQ(maker.policy(EMS_POLICY_COMFORT_BAND).preference_lo_w, 0);
  EXPECT_EQ(maker.policy(EMS_POLICY_GENTLE_CURRENT).preference_lo_w, -4000);
  EXPECT_EQ(maker.policy(EMS_POLICY_GENTLE_TEMPERATURE).preference_hi_w, 5000);
}

TEST(CDecision, TheReserveAndTheDemandWindowSeeTheirInputs) {
  Maker maker(EMS_DECISION_BACKUP_RESERVE | EMS_DECISION_DEMAND_LIMIT);
  maker.config.backup_reserve_bp = 3000;
  maker.config.demand_limit_w = 1000;
  maker.config.demand_limit_import_max_w = 5000;
  maker.inputs.valid |=
      EMS_DECISION_HAS_SOC | EMS_DECISION_HAS_GRID_CONNECTED | EMS_DECISION_HAS_ENERGY_IMPORTED;
  maker.inputs.soc_bp = measured(2000);
  maker.inputs.grid_connected = measured(1);
  maker.inputs.energy_imported_wh = measured(123'456);
  (void)maker.target();
  EXPECT_EQ(maker.policy(EMS_POLICY_BACKUP_RESERVE).status, EMS_POLICY_ACTING);
  ASSERT_NE(maker.in_force().valid & EMS_IN_FORCE_DEMAND_WINDOW, 0U);
  EXPECT_EQ(maker.in_force().demand_start_utc_us % 900'000'000, 0);
  maker.inputs.grid_connected = measured(0, 1);
  (void)maker.target(1);
  EXPECT_EQ(maker.policy(EMS_POLICY_BACKUP_RESERVE).status, EMS_POLICY_NOT_APPLICABLE);
}

TEST(CDecision, ATickTakesCommandsTablesAndPhases) {
  Site site;
  site.decision.policies |= EMS_DECISION_SCHEDULE | EMS_DECISION_ACTIVE_POWER_LIMIT;
  site.decision.active_power_limit = {1, 1, {}, 2500, 2500};
  const ems_phase_limits_t phases{2, {{-200, 200}, {-250, 250}, {}}};
  const ems_schedule_entry_t entry{kUtc, kUtc + kHour, -500, 0};
  auto tables = sized<ems_decision_tables_t>();
  tables.schedule = &entry;
  tables.schedule_count = 1;
  site.inputs.tables = &tables;
  site.inputs.wall = {kUtc, 0, 0, EMS_CLOCK_SYNCED};
  ASSERT_EQ(site.start(), EMS_OK) << ems_last_error_message();
  site.run(8000, 400);
  EXPECT_EQ(site.result.target_w, -500);
  site.inputs.valid = EMS_CONTROL_HAS_ACTIVE_POWER_LIMIT;
  site.inputs.active_power_limit = limit(100, 300, 100'000);
  site.run(site.now, 400);
  EXPECT_EQ(site.result.target_w, -300);

  Site phased;
  phased.config.phase_limits = &phases;
  ASSERT_EQ(phased.start(), EMS_OK) << ems_last_error_message();
  phased.run(8000, 400);
  EXPECT_EQ(phased.result.envelope.lo_w, -400);  // Evenly loaded: twice the worst.
  const ems_phase_limits_t bad{1, {{1, 900}, {}, {}}};
  site.config.phase_limits = &bad;
  EXPECT_EQ(site.start(), EMS_E_OUT_OF_RANGE);

  site.config.phase_limits = nullptr;
  ASSERT_EQ(site.start(), EMS_OK);
  site.inputs.wall.quality = 7;
  EXPECT_EQ(ems_control_step(site.control, site.image, &site.inputs, 0, &site.result),
            EMS_E_OUT_OF_RANGE);
  auto order = sized<ems_order_t>();
  EXPECT_EQ(ems_control_order_at(site.control, 0, &order), EMS_E_OUT_OF_RANGE);
}

}  // namespace
}  // namespace ems::test
