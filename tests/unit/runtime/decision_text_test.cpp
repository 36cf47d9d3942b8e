// SPDX-License-Identifier: Apache-2.0
// What a person reads at three in the morning: golden texts of whole explanations.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/safety_view.hpp"
#include "ems/telemetry/row.hpp"
#include "support/plain_site.hpp"

namespace ems::runtime {
namespace {

using nlohmann::json;

constexpr UtcInstant kUtc{seconds(1'790'000'000)};  // 2026-09-21T14:13:20Z

/// A plain site that has run for 40 s.
class Explained : public testing::Test {
 protected:
  Explained() : Explained(test::plain_config()) {}
  explicit Explained(const ControlConfig& config) : loop_(config, safety::State{}) {}

  void run(Watt pcc, int ticks = 400) {
    for (int i = 0; i < ticks; ++i) {
      now_ = now_ + 100_ms;
      site_.healthy(now_, pcc);
      if (change_) change_();
      tick_ = loop_.tick(site_.image, inputs_, now_);
    }
  }
  [[nodiscard]] DecisionView view(const CommandIds& ids = {}) const {
    return make_view(tick_, loop_.config(), loop_.safety_state().latch(), kUtc, now_, ids);
  }
  /// All cells alike, but the seventh.
  void cells(std::int64_t all, std::int64_t seventh) {
    for (std::uint16_t cell = 1; cell <= test::kCells; ++cell) {
      site_.put(battery(1), Signal::cell_voltage, cell == 7 ? seventh : all, now_, cell);
    }
    site_.put(battery(1), Signal::pack_voltage, all * (test::kCells - 1) + seventh, now_);
  }
  void raise_cell_7() { cells(3'540, 3'652); }
  [[nodiscard]] const BoundView& bound(const DecisionView& view, std::string_view side) const {
    return view.bounds.at(side == "charge" ? 0 : 1);
  }

  test::PlainSite site_;
  ControlLoop loop_;
  TickInputs inputs_{.inverters_ready = 1};
  std::function<void()> change_;
  Instant now_{seconds(50)};
  Tick tick_;
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(Explained, APeakIsTold) {
  run(9'400_w);
  EXPECT_EQ(
      explain(view()),
      "2026-09-21T14:13:20.000Z: discharging 1.4 kW, decided by import_limit\n"
      "  because     grid import would be 9.4 kW, above the 8.0 kW limit: import_limit asks >= "
      "1.4 kW discharge; safety allows [-5.0, 5.0] kW; discharging 1.4 kW\n"
      "  safety      normal\n"
      "              allows at most 5.0 kW charge: inverter/1 rated power 5.0 kW\n"
      "              allows at most 5.0 kW discharge: inverter/1 rated power 5.0 kW\n"
      "  narrowed    contractual leaves [1.4 kW, 5.0 kW] (import_limit / safety)\n"
      "  inputs      grid power 9.4 kW, 0.0 s old; battery power 0 W, 0.0 s old; last sent 1.4 "
      "kW, 0.1 s old\n"
      "  orders      inverter/1 follow 1.4 kW\n");
}

// The envelope's own reason: which rule of which battery, which cell, value and limit.
TEST_F(Explained, ACellThatStopsChargingIsNamed) {
  change_ = [this] { raise_cell_7(); };
  run(2'000_w);
  const DecisionView seen = view();
  const SafetyReason& because = bound(seen, "charge").because;
  EXPECT_EQ(bound(seen, "charge").power, Watt{});
  EXPECT_EQ(because.name, "cell_overvoltage");
  EXPECT_EQ(because.element, 7);
  EXPECT_EQ(because.value, 3'652);
  EXPECT_EQ(because.limit, 3'650);
  const std::string text = explain(seen);
  EXPECT_NE(text.find("allows at most 0 W charge: battery/1 cell 7 at 3.652 V, limit 3.65 V "
                      "(cell_overvoltage)\n"),
            std::string::npos)
      << text;
  EXPECT_GE(lines_of(text), 6U);
  EXPECT_LE(lines_of(text), 12U);
  // Good again, but not yet for long enough: the limit that was exceeded is still named.
  change_ = [this] { cells(3'500, 3'500); };
  run(2'000_w, 10);
  EXPECT_NE(explain(view()).find("not yet good for long enough (cell_overvoltage)"),
            std::string::npos)
      << explain(view());
}

TEST_F(Explained, CellsThatAreFarApartAreTold) {
  change_ = [this] { cells(3'200, 3'520); };
  run(2'000_w);
  EXPECT_NE(explain(view()).find("battery/1 cells apart by 0.32 V, limit 0.3 V (cell_imbalance)"),
            std::string::npos)
      << explain(view());
}

TEST_F(Explained, AMissingInputIsNamedAndUnusable) {
  run(2'000_w);
  for (int i = 0; i < 60; ++i) {  // Everything falls silent.
    now_ = now_ + 100_ms;
    tick_ = loop_.tick(site_.image, inputs_, now_);
  }
  const std::string text = explain(view());
  EXPECT_NE(text.find("safety      safe\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" missing (cell_voltages_missing)"), std::string::npos) << text;
  EXPECT_NE(text.find("not usable: grid power (6.0 s old), battery power (6.0 s old)"),
            std::string::npos)
      << text;
  // They are back: no value and no limit of a rule that has neither.
  run(2'000_w, 10);
  EXPECT_NE(explain(view()).find("battery/1 cell voltage is there, not yet good for long enough "
                                 "(cell_voltages_missing)"),
            std::string::npos)
      << explain(view());
}

TEST_F(Explained, AnEmergencyStopAndADeadInverterAreTold) {
  run(2'000_w);
  inputs_.inverters_ready = 0;
  run(2'000_w, 2);
  EXPECT_EQ(bound(view(), "discharge").because.name, "unavailable");
  EXPECT_NE(explain(view()).find("inverter/1 does not answer, or cannot be commanded"),
            std::string::npos);
  inputs_.inverters_ready = 1;
  inputs_.estop = true;
  run(2'000_w, 2);
  EXPECT_EQ(bound(view(), "discharge").because.name, "trip_estop");
  EXPECT_NE(explain(view()).find("site latched; a technician must reset it (trip_estop)"),
            std::string::npos)
      << explain(view());
}

TEST_F(Explained, ACommandCarriesItsIdActorAndLease) {
  inputs_.setpoint =
      decision::SetpointCommand{-1'000_w, now_, now_ + 60_s, decision::ActorName("anna"), 17};
  run(2'000_w, 300);
  const auto ids = [](std::uint64_t tag) { return "c-" + std::to_string(tag); };
  const DecisionView seen = view(ids);
  ASSERT_EQ(seen.leases.size(), 1U);
  EXPECT_EQ(seen.leases[0].id, "c-17");
  EXPECT_EQ(seen.leases[0].left, 30_s);
  EXPECT_NE(
      explain(seen).find("  commands    setpoint charging 1.0 kW of anna, 30.0 s left, id c-17\n"),
      std::string::npos)
      << explain(seen);
}

TEST_F(Explained, JsonHasNamesAndUnitsForPeople) {
  change_ = [this] { raise_cell_7(); };
  run(9'400_w);
  const json seen = json::parse(decision_json(view()));
  EXPECT_EQ(seen["at"], "2026-09-21T14:13:20.000Z");
  EXPECT_EQ(seen["target_w"], 1'400);
  EXPECT_EQ(seen["winner"], "import_limit");
  EXPECT_EQ(seen["bounds"][0], json::parse(R"({"side":"charge","power_w":0,"asset":"battery/1",
                "name":"cell_overvoltage","severity":"alarm","text":"exceeded",
                "direction":"charge","signal":"cell_voltage","element":7,
                "value_v":3.652,"limit_v":3.65})"))
      << seen["bounds"][0];
  const json& grid = seen["inputs"][0];
  EXPECT_EQ(grid["name"], "pcc_power");
  EXPECT_EQ(grid["asset"], "meter/1");
  EXPECT_EQ(grid["value_w"], 9'400);
  EXPECT_EQ(grid["age_s"], 0.0);
  EXPECT_EQ(grid["quality"], "good");
  EXPECT_EQ(grid["used_by"], json::array({"import_limit"}));
  EXPECT_EQ(seen["policies"][0]["constraint"], json::parse(R"({"lo_w":1400})"));
  EXPECT_EQ(seen["runner_up"], nullptr);
  EXPECT_FALSE(seen.contains("asked"));
}

TEST_F(Explained, ThePastSaysWhenItWasStoredAndWhatHappened) {
  run(9'400_w);
  Explanation past;
  past.decision = view();
  past.asked = kUtc + 30_s;
  EXPECT_NE(explain(past).find("  stored      30.0 s before 2026-09-21T14:13:50.000Z; in force "
                               "until then\n"),
            std::string::npos)
      << explain(past);
  past.asked = kUtc + seconds(7'260);
  past.happened = {{kUtc + 40_s, "site_stopped by ems-agent: asked to end"}};
  past.happened_before = 2;
  EXPECT_NE(
      explain(past).find("  stored      2 h 1 min before 2026-09-21T16:14:20.000Z; nothing is "
                         "stored after it, so the agent did not run for most of that time\n"
                         "  meanwhile   2 earlier; 2026-09-21T14:14:00.000Z site_stopped by "
                         "ems-agent: asked to end\n"),
      std::string::npos)
      << explain(past);
  const json seen = json::parse(explanation_json(past));
  EXPECT_EQ(seen["asked"], "2026-09-21T16:14:20.000Z");
  EXPECT_EQ(seen["happened"][0]["text"], "site_stopped by ems-agent: asked to end");
  EXPECT_EQ(seen["happened_before"], 2);
}

// A record never outgrows its place in the store, whatever a site is configured with; winner,
// binders and inputs survive.
TEST_F(Explained, TheLongestRecordFits) {
  run(9'400_w);
  DecisionView view = this->view();
  view.summary = std::string(decision::kExplanationSize, 's');
  const std::string id(64, 'i');
  for (std::size_t i = 0; i < decision::kPoliciesMax; ++i) {
    view.policies.push_back({"gentle_temperature", "longevity", "clock_unset", "configured",
                             Watt::min(), Watt::max(), Watt::min(), Watt::max()});
    view.policies.push_back({"gentle_temperature", "longevity", "clock_unset", ""});
    view.conflicts.push_back({"contractual", "active_power_limit", Watt::max(), "frequency_droop"});
    view.conflicts.push_back({"contractual", "active_power_limit", Watt::max(), "frequency_droop"});
  }
  const InputView input = view.inputs.front();
  for (int i = 0; i < 20; ++i) view.inputs.push_back(input);
  for (int i = 0; i < 4; ++i) {
    view.leases.push_back({"active_power_limit",
                           std::string(48, 'a'),
                           id,
                           seconds(86'400),
                           {},
                           Watt::max(),
                           Watt::max()});
  }
  for (int i = 1; i < 8; ++i)
    view.orders.push_back({inverter(1), {CommandKind::follow, Watt::min()}});
  const std::string record = to_record(view);
  EXPECT_LE(record.size(), telemetry::kRecordSizeMax);
  const Result<DecisionView> back = from_record(record);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->winner, "import_limit");
  EXPECT_EQ(back->inputs.size(), view.inputs.size());
  EXPECT_EQ(back->bounds.size(), 2U);
  EXPECT_EQ(back->levels.size(), decision::kLevelCount);
  EXPECT_EQ(back->summary, view.summary);
  EXPECT_TRUE(json::parse(record)["cut"]);
}

TEST(DecisionRecord, OfAnOlderVersionIsStillExplained) {
  const Result<DecisionView> view = from_record(
      R"({"at_us":1790000000000000,"target_w":0,"gated_w":0,"winner":"","runner_up":"",
          "summary":"idle","levels":[],"conflicts":[{"level":"economic","policy":"price",
          "shortfall_w":5}],"inputs":[{"asset":"meter/1","signal":64,"usable":true,
          "age_us":390000}],"orders":[],"setpoint":{"power_w":1,"lease_left_us":1,"actor":"a"}})");
  ASSERT_TRUE(view) << view.error().what;
  EXPECT_NE(explain(*view).find("active power, 0.3 s old"), std::string::npos) << explain(*view);
  EXPECT_EQ(json::parse(decision_json(*view))["inputs"][0]["value_w"], nullptr);
}

}  // namespace
}  // namespace ems::runtime
