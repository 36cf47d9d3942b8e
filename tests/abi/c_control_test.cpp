// SPDX-License-Identifier: Apache-2.0
// From samples to a command through the C ABI: one tick, its four steps, and what it refuses.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "c_site.hpp"

namespace ems::test {
namespace {

TEST(CControl, FromSamplesToACommandAndTheReason) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  auto order = sized<ems_order_t>();
  EXPECT_EQ(ems_control_order_at(site.control, 0, &order), EMS_E_OUT_OF_RANGE);  // No tick yet.
  site.run(8000, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_NORMAL);
  EXPECT_EQ(site.result.target_w, 400);
  EXPECT_EQ(site.result.gated_w, 400);
  order = site.order();
  EXPECT_EQ(order.send, 1U);
  EXPECT_EQ(order.command.kind, EMS_COMMAND_FOLLOW);
  EXPECT_EQ(order.command.p_w, 400);
  EXPECT_STREQ(order.share_text, "by_energy");

  const ems_decision_t* decision = nullptr;
  ASSERT_EQ(ems_control_decision(site.control, &decision), EMS_OK);
  auto decided = sized<ems_decision_result_t>();
  ASSERT_EQ(ems_decision_get_result(decision, &decided), EMS_OK);
  EXPECT_NE(decided.valid & EMS_DECISION_HAS_WINNER, 0U);
  EXPECT_EQ(decided.winner, EMS_POLICY_SELF_CONSUMPTION);
  EXPECT_STREQ(ems_policy_name(decided.winner), "self_consumption");
  char text[EMS_EXPLANATION_SIZE];
  ASSERT_EQ(ems_decision_explain(decision, sizeof text, text), EMS_OK);
  EXPECT_NE(std::string(text).find("self_consumption"), std::string::npos) << text;
  ems_level_trace_t level{};
  ASSERT_EQ(ems_decision_level_at(decision, EMS_LEVEL_ECONOMIC, &level), EMS_OK);
  EXPECT_EQ(level.after.lo_w, 400);
  EXPECT_EQ(level.lo_by, EMS_POLICY_SELF_CONSUMPTION);
  ems_policy_output_t policy{};
  ASSERT_EQ(ems_decision_policy_at(decision, decided.policy_count - 1, &policy), EMS_OK);
  EXPECT_EQ(policy.status, EMS_POLICY_ACTING);
  EXPECT_EQ(policy.preference_hi_w, 400);

  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  auto verdict = sized<ems_battery_verdict_t>();
  ASSERT_EQ(ems_safety_battery_at(safety, 0, &verdict), EMS_OK);
  EXPECT_EQ(verdict.charge_current_max_ma, 50'000);
  EXPECT_EQ(verdict.discharge_current_max_ma, 40'000);
  auto outcome = sized<ems_safety_result_t>();
  EXPECT_EQ(ems_safety_step(const_cast<ems_safety_t*>(safety), site.image, false, 0, &outcome),
            EMS_E_FAILED_PRECONDITION);
}

TEST(CControl, APersonsSetpointWinsWhileItsLeaseLives) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.inputs.has_setpoint = 1;
  site.inputs.setpoint.power_w = -200;
  site.inputs.setpoint.lease_end_ms = 9000;
  std::strcpy(site.inputs.setpoint.actor, "Ada");
  site.run(8900, 400);
  EXPECT_EQ(site.order().command.p_w, -200);
  site.run(9100, 400);
  EXPECT_EQ(site.order().command.p_w, 400);
}

TEST(CControl, StaleAndMissingValuesNeverLookHealthy) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  ASSERT_EQ(ems_control_step(site.control, site.image, &site.inputs, 10'100, &site.result),
            EMS_OK);  // 2.1 s later nothing has come.
  EXPECT_EQ(site.result.envelope.hi_w, 0);
  EXPECT_EQ(site.order().command.p_w, 0);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  ems_reason_t reason{};
  ASSERT_EQ(ems_safety_reason_at(safety, 0, 0, &reason), EMS_OK);
  EXPECT_EQ(reason.cause, EMS_CAUSE_MISSING);
  for (std::size_t i = 0; i < site.result.value_count; ++i) {
    ems_value_t value{};
    ASSERT_EQ(ems_control_value_at(site.control, i, &value), EMS_OK);
    if (value.signal == EMS_SIGNAL_SITE_GRID_POWER) {
      EXPECT_EQ(value.quality, EMS_QUALITY_BAD);
    }
  }
}

TEST(CControl, AnEmergencyStopLatchesThroughARestart) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  site.inputs.estop = 1;
  site.run(8100, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_TRIPPED);
  EXPECT_EQ(site.result.latch_changed, 1U);
  EXPECT_NE(site.order().command.kind, EMS_COMMAND_FOLLOW);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  ems_trip_t trip{};
  ASSERT_EQ(ems_safety_trip_at(safety, 0, &trip), EMS_OK);
  EXPECT_EQ(trip.cause, EMS_TRIP_ESTOP);
  EXPECT_EQ(trip.since_ms, 8100);
  EXPECT_EQ(ems_safety_trip_at(safety, 1, &trip), EMS_E_OUT_OF_RANGE);

  Site again;  // After a restart, with the stored trip.
  again.safety.trips = &trip;
  again.safety.trip_count = 1;
  ASSERT_EQ(again.start(), EMS_OK);
  again.run(8000, 400);
  EXPECT_EQ(again.result.safety_state, EMS_SAFETY_TRIPPED);
  auto request = sized<ems_safety_reset_request_t>();
  request.name = "Ada";
  request.cause = "button released";
  EXPECT_EQ(ems_control_reset(again.control, again.image, &request, 8000), EMS_E_PERMISSION_DENIED);
  request.technician = 1;
  EXPECT_EQ(ems_control_reset(again.control, again.image, &request, 8000), EMS_OK);
  again.run(16'000, 400);
  EXPECT_EQ(again.result.safety_state, EMS_SAFETY_NORMAL);
}

TEST(CControl, AnUnreadableLatchStartsTripped) {
  Site site;
  site.safety.latch_unreadable = 1;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_TRIPPED);
}

TEST(CControl, DisarmedControlSendsNothing) {
  Site site;
  site.config.armed = 0;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  EXPECT_EQ(site.order().send, 0U);
  EXPECT_EQ(site.order().command.kind, EMS_COMMAND_STOP);
  EXPECT_STREQ(site.order().why_text, "disarmed");
}

TEST(CControl, ConfigurationErrorsNameTheFieldAndThePlace) {
  Site wide;
  wide.limits.cell_voltage_max_mv.trip = 3700;
  EXPECT_EQ(ems_safety_limits_validate(&wide.limits), EMS_E_TOO_WIDE);
  EXPECT_NE(std::string(ems_last_error_message()).find("cell_voltage_max"), std::string::npos);
  EXPECT_EQ(wide.start(), EMS_E_TOO_WIDE);
  EXPECT_EQ(wide.control, nullptr);
  Site unknown;
  unknown.inverter.batteries = 2;
  EXPECT_EQ(unknown.start(), EMS_E_NOT_FOUND);
  Site empty;
  empty.capacity_wh = 0;
  EXPECT_EQ(empty.start(), EMS_E_OUT_OF_RANGE);
  Site policy;
  policy.decision.policies = 1U << 31;
  EXPECT_EQ(policy.start(), EMS_E_UNIMPLEMENTED);
  Site small;
  Memory memory(ems_control_size() - 8);
  EXPECT_EQ(ems_control_init(memory.data(), memory.size(), &small.config, &small.control),
            EMS_E_RESOURCE_EXHAUSTED);
}

TEST(CControl, TheFourStepsOneByOneGiveTheSameAsTheTick) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  Memory safety_memory(ems_safety_size());
  Memory decision_memory(ems_decision_size());
  ems_safety_t* safety = nullptr;
  ems_decision_t* decision = nullptr;
  ASSERT_EQ(ems_safety_init(safety_memory.data(), safety_memory.size(), &site.safety, &safety),
            EMS_OK);
  ASSERT_EQ(
      ems_decision_init(decision_memory.data(), decision_memory.size(), &site.decision, &decision),
      EMS_OK);
  std::int64_t gated_w = 0;
  for (std::int64_t now = 0; now <= 10'000; now += 100) {
    const std::int64_t grid_w = (now * 7) % 1200 - 600;
    site.measure(now, grid_w);
    ASSERT_EQ(ems_control_step(site.control, site.image, &site.inputs, now, &site.result), EMS_OK);

    auto outcome = sized<ems_safety_result_t>();
    auto verdict = sized<ems_inverter_verdict_t>();
    ASSERT_EQ(ems_safety_step(safety, site.image, false, now, &outcome), EMS_OK);
    ASSERT_EQ(ems_safety_inverter_at(safety, 0, &verdict), EMS_OK);
    ems_distribute_battery_t store{};
    if (verdict.command == EMS_COMMAND_FOLLOW) store.bounds = verdict.ac;
    store.capacity_wh = site.capacity_wh;
    store.soc_bp = 5000;
    store.has_soc = 1;
    store.soc_max_bp = 10'000;
    const ems_distribute_inverter_t inverter{{-3000, 3000}, &store, 1, 1};
    ems_share_t share{};
    auto bounds = sized<ems_distribution_t>();
    ASSERT_EQ(ems_distribute(&inverter, 1, 0, &share, &bounds), EMS_OK);

    auto inputs = sized<ems_decision_inputs_t>();
    inputs.valid = EMS_DECISION_HAS_PCC_POWER | EMS_DECISION_HAS_BATTERY_POWER;
    inputs.envelope = bounds.bounds;
    inputs.pcc_power = {now, 2000, static_cast<std::int32_t>(grid_w), EMS_QUALITY_GOOD, {}};
    inputs.battery_power = {now, 2000, 0, EMS_QUALITY_GOOD, {}};
    auto decided = sized<ems_decision_result_t>();
    ASSERT_EQ(ems_decision_step(decision, &inputs, now, &decided), EMS_OK);
    ASSERT_EQ(ems_distribute(&inverter, 1, decided.target_w, &share, &bounds), EMS_OK);
    const ems_command_t wanted{EMS_COMMAND_FOLLOW, share.power_w, 0};
    auto gated = sized<ems_gate_result_t>();
    ASSERT_EQ(ems_safety_gate(safety, 0, &wanted, true, now, &gated), EMS_OK);

    const ems_order_t order = site.order();
    ASSERT_EQ(outcome.state, site.result.safety_state) << now;
    ASSERT_EQ(decided.target_w, site.result.target_w) << now;
    ASSERT_EQ(gated.command.kind, order.command.kind) << now;
    ASSERT_EQ(gated.command.p_w, order.command.p_w) << now;
    gated_w += gated.command.p_w;
  }
  EXPECT_NE(gated_w, 0);
  EXPECT_EQ(ems_decision_get_result(decision, nullptr), EMS_E_INVALID_ARGUMENT);
}

TEST(CControl, AStepThatFailsLeavesNothingToSend) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  ASSERT_EQ(site.order().command.p_w, 400);
  EXPECT_EQ(ems_control_step(site.control, nullptr, &site.inputs, 8100, &site.result),
            EMS_E_INVALID_ARGUMENT);
  auto order = sized<ems_order_t>();
  EXPECT_EQ(ems_control_order_at(site.control, 0, &order), EMS_E_OUT_OF_RANGE);
  const ems_safety_t* view = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &view), EMS_OK);
  const ems_command_t wanted{EMS_COMMAND_FOLLOW, 400, 0};
  auto gated = sized<ems_gate_result_t>();
  ASSERT_EQ(ems_safety_gate(view, 0, &wanted, true, 8000, &gated), EMS_OK);
  EXPECT_EQ(gated.command.kind, EMS_COMMAND_STOP);
  auto outcome = sized<ems_safety_result_t>();
  EXPECT_EQ(ems_safety_get_result(view, &outcome), EMS_E_FAILED_PRECONDITION);
  site.run(8100, 400);  // The next one that succeeds goes on from where it was.
  EXPECT_EQ(site.order().command.p_w, 400);

  Memory memory(ems_safety_size());
  ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_safety_init(memory.data(), memory.size(), &site.safety, &safety), EMS_OK);
  for (std::int64_t now = 0; now <= 8000; now += 100) {
    site.measure(now, 400);
    ASSERT_EQ(ems_safety_step(safety, site.image, false, now, &outcome), EMS_OK);
  }
  ASSERT_EQ(ems_safety_gate(safety, 0, &wanted, true, 8000, &gated), EMS_OK);
  ASSERT_EQ(gated.command.kind, EMS_COMMAND_FOLLOW);
  outcome.struct_size = 0;
  EXPECT_EQ(ems_safety_step(safety, site.image, false, 8100, &outcome), EMS_E_INVALID_ARGUMENT);
  ASSERT_EQ(ems_safety_gate(safety, 0, &wanted, true, 8100, &gated), EMS_OK);
  EXPECT_EQ(gated.command.kind, EMS_COMMAND_STOP);
}

TEST(CControl, AButtonThatIsStillPressedCannotBeReset) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  site.inputs.estop = 1;
  site.run(8100, 400);
  auto request = sized<ems_safety_reset_request_t>();
  request.technician = 1;
  request.name = "Ada";
  request.cause = "button released";
  EXPECT_EQ(ems_control_reset(site.control, site.image, &request, 8100), EMS_E_FAILED_PRECONDITION);
  EXPECT_EQ(ems_last_error_offset(), 1);  // Place of the trip, from 1.
  site.inputs.estop = 0;
  site.run(8200, 400);
  EXPECT_EQ(ems_control_reset(site.control, site.image, &request, 8200), EMS_OK);

  Memory memory(ems_safety_size());
  ems_safety_t* safety = nullptr;
  auto outcome = sized<ems_safety_result_t>();
  ASSERT_EQ(ems_safety_init(memory.data(), memory.size(), &site.safety, &safety), EMS_OK);
  ASSERT_EQ(ems_safety_step(safety, site.image, true, 8200, &outcome), EMS_OK);
  EXPECT_EQ(ems_safety_reset(safety, site.image, &request, 8200), EMS_E_FAILED_PRECONDITION);
  EXPECT_EQ(ems_last_error_offset(), 1);
  ASSERT_EQ(ems_safety_step(safety, site.image, false, 8300, &outcome), EMS_OK);
  EXPECT_EQ(ems_safety_reset(safety, site.image, &request, 8300), EMS_OK);
}

TEST(CControl, ArraysWhoseItemsAreNotAlignedAreRefused) {
  Site site;
  constexpr std::size_t kOdd = sizeof(ems_safety_battery_t) + 1;
  std::uint64_t items[2 * sizeof(ems_safety_battery_t) / sizeof(std::uint64_t) + 1] = {};
  for (std::uint16_t i = 0; i < 2; ++i) {
    ems_safety_battery_t one = site.battery;
    one.struct_size = kOdd;
    one.asset.index = static_cast<std::uint16_t>(i + 1);
    std::memcpy(reinterpret_cast<char*>(items) + i * kOdd, &one, sizeof one);
  }
  site.safety.batteries = reinterpret_cast<const ems_safety_battery_t*>(items);
  site.safety.battery_count = 2;
  Memory memory(ems_safety_size());
  ems_safety_t* safety = nullptr;
  EXPECT_EQ(ems_safety_init(memory.data(), memory.size(), &site.safety, &safety),
            EMS_E_INVALID_ARGUMENT);
}

TEST(CControl, TheGateStopsWhatItDoesNotKnow) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 0);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  auto gated = sized<ems_gate_result_t>();
  for (const std::int32_t kind : {-1, 5, 1000, static_cast<int>(EMS_COMMAND_FORM)}) {
    const ems_command_t wanted{kind, 100, 0};
    ASSERT_EQ(ems_safety_gate(safety, 0, &wanted, true, 8000, &gated), EMS_OK);
    EXPECT_EQ(gated.command.kind, EMS_COMMAND_STOP);
    EXPECT_EQ(gated.why, EMS_GATE_UNKNOWN_COMMAND);
  }
  const ems_command_t far{EMS_COMMAND_FOLLOW, 100'000, 0};
  ASSERT_EQ(ems_safety_gate(safety, 0, &far, true, 8000, &gated), EMS_OK);
  EXPECT_LE(gated.command.p_w, 3000);
  EXPECT_EQ(gated.why, EMS_GATE_ACTIVE_POWER);
  ASSERT_EQ(ems_safety_gate(safety, 7, &far, true, 8000, &gated), EMS_OK);
  EXPECT_EQ(gated.command.kind, EMS_COMMAND_STOP);
}

TEST(CControl, TheGateStopsOnAVerdictThatIsOldOrOfTheFuture) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 0);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  const ems_command_t wanted{EMS_COMMAND_FOLLOW, 100, 0};
  const struct {
    std::int64_t now_ms;
    std::int32_t kind;
  } cases[] = {{7999, EMS_COMMAND_STOP},
               {8000, EMS_COMMAND_FOLLOW},
               {8999, EMS_COMMAND_FOLLOW},
               {9000, EMS_COMMAND_STOP}};
  for (const auto& [now_ms, kind] : cases) {
    auto gated = sized<ems_gate_result_t>();
    ASSERT_EQ(ems_safety_gate(safety, 0, &wanted, true, now_ms, &gated), EMS_OK);
    EXPECT_EQ(gated.command.kind, kind) << now_ms;
  }
}

}  // namespace
}  // namespace ems::test
