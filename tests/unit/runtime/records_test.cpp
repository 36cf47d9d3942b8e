// SPDX-License-Identifier: Apache-2.0
// The durable records of the runtime: the latch and the explained decision.
#include <gtest/gtest.h>

#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/latch_record.hpp"
#include "ems/runtime/status_text.hpp"
#include "ems/telemetry/row.hpp"
#include "support/all_policies.hpp"
#include "support/plain_site.hpp"

namespace ems::runtime {
namespace {

safety::Latch two_trips() {
  safety::Latch latch;
  latch.push_back({safety::TripCause::estop, kSite, Instant{}});
  latch.push_back({safety::TripCause::cell_overvoltage, battery(300), Instant{}});
  return latch;
}

TEST(LatchRecord, ReadsBackWhatItWrote) {
  const auto record = encode_latch(two_trips());
  const Result<safety::Latch> back = decode_latch(record);
  ASSERT_TRUE(back);
  EXPECT_TRUE(*back == two_trips());
  EXPECT_TRUE(decode_latch(encode_latch({}))->empty());
}

TEST(LatchRecord, RefusesEveryTruncationAndForeignByte) {
  const auto record = encode_latch(two_trips());
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(decode_latch(Bytes(record).first(size))) << size;
  }
  const struct {
    std::size_t at;
    unsigned value;
  } wrong[] = {{0, 2}, {1, 1}, {1, 255}, {2, 99}, {3, 42}};
  for (const auto& w : wrong) {
    auto broken = record;
    broken[w.at] = static_cast<std::byte>(w.value);
    EXPECT_FALSE(decode_latch(broken)) << w.at;
  }
}

DecisionView some_view() {
  test::PlainSite site;
  ControlLoop loop(test::plain_config(), safety::State{});
  Tick tick;
  Instant now{seconds(50)};
  for (int i = 0; i < 400; ++i) {
    now = now + 100_ms;
    site.healthy(now, Watt{9'400});
    tick = loop.tick(site.image, {.inverters_ready = 1}, now);
  }
  return make_view(tick, loop.config(), loop.safety_state().latch(),
                   UtcInstant{seconds(1'700'000'000)}, now);
}

TEST(DecisionRecord, ReadsBackWhatItWrote) {
  const DecisionView view = some_view();
  const Result<DecisionView> back = from_record(to_record(view));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_record(*back), to_record(view));
  EXPECT_EQ(back->winner, "import_limit");
  EXPECT_EQ(back->target, 1'400_w);
  EXPECT_EQ(back->levels.size(), decision::kLevelCount);
}

TEST(DecisionRecord, ANameCutInsideACharacterIsStoredAndShown) {
  DecisionView view = some_view();
  view.leases.push_back(
      {"setpoint", std::string(47, 'a') + "\xC3", "id", seconds(5), 1'000_w, {}, {}});
  view.summary += "\xC3";
  const Result<DecisionView> back = from_record(to_record(view));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->leases.size(), 1U);
  EXPECT_EQ(back->leases[0].actor, std::string(47, 'a') + "\xEF\xBF\xBD");
  EXPECT_NE(decision_json(view).find("setpoint"), std::string::npos);
  Explanation explanation;
  explanation.decision = view;
  EXPECT_NE(explanation_json(explanation).find("setpoint"), std::string::npos);
}

TEST(StatusText, AWordThatIsNoUtf8IsShownNotFatal) {
  SiteStatus status;
  status.uplink.last_error = "refused \xC3";
  EXPECT_NE(status_json(status).find("refused \xEF\xBF\xBD"), std::string::npos);
}

TEST(DecisionRecord, EveryPolicyWithTheLongestNamesFitsUncut) {
  constexpr UtcInstant kDay{seconds(1'767'225'600)};
  const test::DayTables day(kDay);
  ControlConfig config = test::plain_config();
  config.decision = test::all_policies();
  test::PlainSite site;
  ControlLoop loop(config, safety::State{});
  const decision::ActorName name(std::string(48, 'n'));
  const Instant start{seconds(50)};
  Tick tick;
  Instant now = start;
  for (int i = 0; i < 400; ++i) {
    now = now + 100_ms;
    site.healthy(now, Watt{9'400});
    site.put(meter(1), Signal::frequency, 49'700, now);
    site.put(meter(1), Signal::energy_imported, 123'456'789, now);
    TickInputs inputs{.inverters_ready = 1};
    inputs.setpoint = decision::SetpointCommand{Watt{-99'999'999}, now, now + 30_s, name};
    inputs.remote_setpoint = decision::SetpointCommand{Watt{99'999'999}, now, now + 30_s, name};
    inputs.active_power_limit = decision::LimitCommand{{8'000_w, 8'000_w}, now, now + 30_s, name};
    inputs.dimming = decision::LimitCommand{{std::nullopt, 6'000_w}, now, now + 30_s, name};
    inputs.wall = {.utc = kDay + seconds(9'000), .quality = ClockQuality::synced};
    inputs.schedule = day.schedule();
    inputs.plan = day.plan();
    inputs.prices = day.prices();
    tick = loop.tick(site.image, inputs, now);
  }
  EXPECT_EQ(tick.decision.policies.size() + 1, decision::policy_table().size());
  const CommandIds ids = [](std::uint64_t) { return std::string(64, 'i'); };
  const DecisionView view =
      make_view(tick, loop.config(), loop.safety_state().latch(), kDay, now, ids);
  const std::string record = to_record(view);
  EXPECT_EQ(record.find("\"cut\""), std::string::npos) << record.size();
  EXPECT_LE(record.size(), telemetry::kRecordSizeMax);
}

TEST(DecisionRecord, RefusesWhatItDidNotWrite) {
  for (const char* text : {"", "[]", "{}", "{\"at_us\":\"x\"}", "nonsense"}) {
    const Result<DecisionView> view = from_record(text);
    ASSERT_FALSE(view) << text;
    EXPECT_EQ(view.error().code, Errc::corrupt);
  }
}

TEST(DecisionRecord, ExplainsInWordsWithTheNumbersOfTheRecord) {
  const std::string text = explain(some_view());
  for (const char* part : {"import_limit", "1.4 kW", "inverter/1 follow 1.4 kW", "contractual"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST(PowerText, IsExact) {
  EXPECT_EQ(power_text(Watt{4'200}), "4.2 kW");
  EXPECT_EQ(power_text(Watt{-12'345}), "-12.345 kW");
  EXPECT_EQ(power_text(Watt{950}), "950 W");
  EXPECT_EQ(power_text(Watt::min()), "-2147483.648 kW");
}

TEST(StatusText, WhatIsStaleOrBadIsUnknownNotANumber) {
  SiteStatus status;
  status.points = {{{battery(1), Signal::soc, 0}, 5'000, Quality::good, 1_s, false},
                   {{battery(1), Signal::pack_voltage, 0}, 52'800, Quality::good, 9_s, true},
                   {{battery(1), Signal::cell_voltage, 1}, 3'300, Quality::uncertain, 1_s, false},
                   {{battery(1), Signal::cell_voltage, 3}, 0, Quality::bad, 1_s, false}};
  const std::string json = status_json(status);
  EXPECT_NE(json.find("\"soc_pct\":50.0"), std::string::npos) << json;
  EXPECT_NE(json.find("\"pack_voltage_v\":null"), std::string::npos) << json;
  EXPECT_NE(json.find("\"cell_voltages_v\":[3.3,null,null]"), std::string::npos) << json;
  EXPECT_NE(json.find("\"cell_voltages_v\":\"bad\""), std::string::npos) << json;
  EXPECT_NE(status_text(status).find("unknown"), std::string::npos);
}

}  // namespace
}  // namespace ems::runtime
