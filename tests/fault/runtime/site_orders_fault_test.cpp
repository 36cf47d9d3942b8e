// SPDX-License-Identifier: Apache-2.0
// What a site says at once to a command for a battery that it will not pass on.
#include <gtest/gtest.h>

#include "support/live_site.hpp"

namespace ems::runtime {
namespace {

using io::BatteryConfig;

BatteryConfig battery_of(std::uint16_t id, const std::string& protocol, io::BatteryLink link) {
  BatteryConfig config;
  config.id = id;
  config.protocol = protocol;
  config.link = std::move(link);
  config.poll_period = seconds(1);
  config.charge_current_max = 50'000_ma;
  config.discharge_current_max = 80'000_ma;
  return config;
}

/// Nobody listens there.
const std::vector<io::ModbusLink> kInverter{io::ModbusTcpEndpoint{{"127.0.0.1", 1}, 1}};

/// 1 is silent, 2 a recording.
test::LiveOptions options(safety::Arming arming = safety::Arming::armed) {
  test::LiveOptions options;
  options.arming = arming;
  options.batteries = {
      battery_of(1, "jbd", io::SerialEndpoint{.device = "nowhere.tty", .baud = 9600}),
      battery_of(2, "pylontech-lv-can", io::CandumpEndpoint{.file = "nowhere.log"})};
  return options;
}

Result<CommandStep> give(test::LiveSite& live, CommandAction action) {
  return live.site->command({"", 5_s, "ada", CommandOrigin::local, std::move(action)});
}
Errc refusal(test::LiveSite& live, CommandAction action) {
  const Result<CommandStep> step = give(live, std::move(action));
  return step ? Errc::internal : step.error().code;
}
BatterySwitchAction outputs(std::uint16_t battery, bool charge_on, bool discharge_on) {
  return {battery, {charge_on, discharge_on}};
}
BatteryLimitsAction limits(MilliAmp charge, MilliAmp discharge) {
  return {1, {56'000_mv, 46'000_mv, charge, discharge}, 60_s};
}

TEST(SiteOrders, WhatNobodyWouldObeyIsRefusedAtOnce) {
  test::LiveSite live(kInverter, options());
  EXPECT_EQ(refusal(live, outputs(3, false, false)), Errc::not_found);
  EXPECT_EQ(refusal(live, outputs(2, false, false)), Errc::failed_precondition) << "a recording";
  EXPECT_EQ(refusal(live, outputs(1, false, false)), Errc::unavailable) << "it does not answer";
  EXPECT_EQ(refusal(live, limits(50'001_ma, 0_ma)), Errc::out_of_range);
  EXPECT_EQ(refusal(live, limits(0_ma, 80'001_ma)), Errc::out_of_range);
  EXPECT_EQ(refusal(live, limits(50'000_ma, 80'000_ma)), Errc::unavailable);
  const auto book = live.site->commands();
  ASSERT_TRUE(book);
  ASSERT_EQ(book->size(), 6U);
  EXPECT_EQ(book->back().step.message, "not_found: the site has no such battery");
  EXPECT_EQ(book->back().kind, "battery_switch");
  EXPECT_EQ(book->front().kind, "battery_limits");
}

TEST(SiteOrders, VoltagesBeyondThoseOfTheCellsAreRefused) {
  test::LiveSite live(kInverter, options());
  const auto volts = [&live](MilliVolt charge, MilliVolt discharge) {
    return refusal(live, BatteryLimitsAction{1, {charge, discharge, 0_ma, 0_ma}, 60_s});
  };
  const safety::BatteryConfig guard = test::plain_config().safety.batteries[0];
  const auto pack = [&guard](MilliVolt cell) {
    return MilliVolt{cell.count() * guard.cells_in_series};
  };
  const MilliVolt high = pack(guard.limits.cell_voltage_max.trip);
  const MilliVolt low = pack(guard.limits.cell_voltage_min.trip);
  EXPECT_EQ(volts(high, low), Errc::unavailable) << "only the silence";
  EXPECT_EQ(volts(high + 1_mv, low), Errc::out_of_range);
  EXPECT_EQ(volts(high, low - 1_mv), Errc::out_of_range);
  ASSERT_TRUE(give(live, EmergencyStopAction{"test"}));
  EXPECT_EQ(volts(high + 1_mv, low), Errc::out_of_range) << "while tripped, too";
}

TEST(SiteOrders, WhileControlIsDisarmedNothingIsSent) {
  test::LiveSite live(kInverter, options(safety::Arming::disarmed));
  EXPECT_EQ(refusal(live, outputs(1, true, true)), Errc::disarmed);
  EXPECT_EQ(refusal(live, outputs(1, false, false)), Errc::disarmed);
  EXPECT_EQ(refusal(live, limits(0_ma, 0_ma)), Errc::disarmed);
  EXPECT_EQ(refusal(live, BatteryBalanceAction{1, {false}}), Errc::disarmed);
}

TEST(SiteOrders, ATripLetsOnlyOffThrough) {
  test::LiveSite live(kInverter, options());
  ASSERT_TRUE(give(live, EmergencyStopAction{"test"}));
  EXPECT_EQ(refusal(live, outputs(1, true, true)), Errc::latched);
  EXPECT_EQ(refusal(live, outputs(1, true, false)), Errc::latched);
  EXPECT_EQ(refusal(live, outputs(1, false, true)), Errc::latched);
  EXPECT_EQ(refusal(live, BatteryBalanceAction{1, {true}}), Errc::latched);
  EXPECT_EQ(refusal(live, outputs(1, false, false)), Errc::unavailable) << "only the silence";
  EXPECT_EQ(refusal(live, BatteryBalanceAction{1, {false}}), Errc::unavailable);
  EXPECT_EQ(refusal(live, limits(0_ma, 0_ma)), Errc::unavailable) << "they only bound";
}

}  // namespace
}  // namespace ems::runtime
