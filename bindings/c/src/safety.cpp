// SPDX-License-Identifier: Apache-2.0
#include "safety.hpp"

#include "ems/safety/inputs.hpp"

namespace ems::capi {
namespace {

struct OwnedSafety {
  OwnedSafety(const safety::Config& given, const SafetyStart& start) noexcept
      : config(given),
        state(start.state),
        estop_inputs(start.estop_inputs),
        armed(!start.monitor_only) {
    handle.owner = true;
    handle.state = &state;
    handle.output = &output;
  }
  ems_safety handle;
  safety::Config config;
  safety::State state;
  std::uint8_t estop_inputs;
  bool armed;
  safety::Output output;
  std::array<safety::BatteryInputs, safety::kMaxBatteries> batteries{};
  std::array<safety::InverterInputs, safety::kMaxInverters> inverters{};
};

static_assert(std::is_standard_layout_v<ems_safety> && offsetof(OwnedSafety, handle) == 0);
static_assert(sizeof(OwnedSafety) <= sizeof(std::uint64_t) * EMS_SAFETY_WORDS);
static_assert(EMS_SAFETY_BATTERIES_MAX >= safety::kMaxBatteries);  // A small build has fewer.
static_assert(EMS_SAFETY_INVERTERS_MAX >= safety::kMaxInverters);
static_assert(EMS_SAFETY_TRIPS_MAX >= safety::Latch::capacity());
static_assert(EMS_SAFETY_TRIPPED == static_cast<int>(safety::SafetyState::tripped));
static_assert(EMS_BMS_DISCHARGE_ENABLE == safety::bms_bit(safety::BmsSignal::discharge_enable));
static_assert(EMS_BMS_ALARMS == safety::bms_bit(safety::BmsSignal::alarms));
static_assert(EMS_HAZARD_CONTACTOR == safety::hazard_bit(safety::HazardInput::contactor));
static_assert(EMS_CURVE_POINTS_MAX == safety::kCurvePointsMax);
static_assert(EMS_TRIP_LIMIT_DISOBEYED == static_cast<int>(safety::TripCause::limit_disobeyed));
static_assert(EMS_ACTION_LATCH == static_cast<int>(safety::Action::latch));
static_assert(EMS_CAUSE_WAITING == static_cast<int>(safety::Cause::waiting));
static_assert(EMS_SEVERITY_CRITICAL == static_cast<int>(Severity::critical));
static_assert(EMS_GATE_REACTIVE_POWER == static_cast<int>(safety::GateReason::reactive_power));
static_assert(EMS_COMMAND_OPEN == static_cast<int>(CommandKind::open));

OwnedSafety* owned(ems_safety_t* safety) noexcept {
  return reinterpret_cast<OwnedSafety*>(safety);  // The handle is its first member.
}

safety::Inputs read_image(OwnedSafety& own, const ProcessImage& image, bool estop,
                          Instant now) noexcept {
  const std::size_t batteries = own.config.batteries.size();
  const std::size_t inverters = own.config.inverters.size();
  for (std::size_t i = 0; i < batteries; ++i) {
    const safety::BatteryConfig& battery = own.config.batteries[i];
    own.batteries[i] = safety::read_inputs(image, battery.asset, battery.cells_in_series, now);
  }
  for (std::size_t i = 0; i < inverters; ++i) {
    own.inverters[i] = safety::read_inverter_inputs(image, own.config.inverters[i].asset);
  }
  safety::Inputs inputs;
  inputs.batteries = std::span<const safety::BatteryInputs>(own.batteries).first(batteries);
  inputs.inverters = std::span<const safety::InverterInputs>(own.inverters).first(inverters);
  inputs.estop = estop || safety::read_estop(image, own.estop_inputs, now);
  inputs.armed = own.armed;
  return inputs;
}

constexpr const char* kOfControl = "this safety belongs to an ems_control_t, which steps it";

}  // namespace

ems_safety_result_t safety_result(const ems_safety& safety) noexcept {
  ems_safety_result_t result{};
  result.state = static_cast<std::int32_t>(safety.output->site);
  result.battery_count = static_cast<std::uint32_t>(safety.output->batteries.size());
  result.inverter_count = static_cast<std::uint32_t>(safety.output->inverters.size());
  result.event_count = static_cast<std::uint32_t>(safety.output->events.size());
  result.trip_count = static_cast<std::uint32_t>(safety.state->latch().size());
  result.latch_changed = safety.latch_changed ? 1 : 0;
  result.late_ticks = safety.output->late_ticks;
  return result;
}

ems_status_t reset_request_from(const ems_safety_reset_request_t* given,
                                safety::ResetRequest& request) noexcept {
  if (!sized(given)) return invalid("request is NULL or its struct_size is too small");
  ems_safety_reset_request_t own;
  if (!take(given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if (own.name == nullptr) return failed(EMS_E_INVALID_ARGUMENT, "request: name is NULL", 1);
  if (own.cause == nullptr) return failed(EMS_E_INVALID_ARGUMENT, "request: cause is NULL", 2);
  request.role = own.technician != 0 ? safety::Role::technician : safety::Role::viewer;
  request.name = own.name;
  request.cause = own.cause;
  return EMS_OK;
}

extern "C" {

EMS_API std::size_t ems_safety_size(void) { return sizeof(OwnedSafety); }

EMS_API ems_status_t ems_safety_init(void* memory, std::size_t size,
                                     const ems_safety_config_t* config, ems_safety_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    const ems_status_t room = check_memory(memory, size, sizeof(OwnedSafety));
    if (room != EMS_OK) return room;
    safety::Config own;
    SafetyStart start;
    const ems_status_t read = safety_config_from(config, own, start);
    if (read != EMS_OK) return read;
    *out = &place<OwnedSafety>(memory, own, start)->handle;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_step(ems_safety_t* safety, const ems_image_t* image, bool estop,
                                     std::int64_t now_ms, ems_safety_result_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (safety->owner) forget_verdicts(*safety, owned(safety)->output);
    if (!is(image)) return invalid(kNoImage);
    if (!sized(out)) return invalid(kBadOut);
    if (!safety->owner) return failed(EMS_E_FAILED_PRECONDITION, kOfControl);
    OwnedSafety& own = *owned(safety);
    const Instant now = instant(now_ms);
    const safety::Inputs inputs = read_image(own, image->image, estop, now);
    const safety::Step step = safety::step(own.state, own.config, inputs, now);
    safety->latch_changed = !(step.state.latch() == own.state.latch());
    own.state = step.state;
    own.output = step.output;
    safety->estop = estop;
    mark_stepped(*safety, own.config, now);
    give(out, safety_result(*safety));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_get_result(const ems_safety_t* safety, ems_safety_result_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (!sized(out)) return invalid(kBadOut);
    if (!safety->stepped) return failed(EMS_E_FAILED_PRECONDITION, "no step yet");
    give(out, safety_result(*safety));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_battery_at(const ems_safety_t* safety, std::size_t battery,
                                           ems_battery_verdict_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (!sized(out)) return invalid(kBadOut);
    if (battery >= safety->output->batteries.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such battery, or no step yet");
    }
    const safety::BatteryVerdict& verdict = safety->output->batteries[battery];
    ems_battery_verdict_t full{};
    full.asset = to_c(verdict.asset);
    full.state = static_cast<std::int32_t>(verdict.state);
    full.charge_current_max_ma = verdict.charge_current_max.count();
    full.discharge_current_max_ma = verdict.discharge_current_max.count();
    full.charge_voltage_max_mv = verdict.charge_voltage_max.count();
    full.discharge_voltage_min_mv = verdict.discharge_voltage_min.count();
    full.plausibility_failed = verdict.plausibility_failed ? 1 : 0;
    full.reason_count = static_cast<std::uint32_t>(verdict.reasons.size());
    full.reasons_dropped = verdict.reasons_dropped;
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_reason_at(const ems_safety_t* safety, std::size_t battery,
                                          std::size_t index, ems_reason_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (out == nullptr) return invalid("out is NULL");
    if (battery >= safety->output->batteries.size() ||
        index >= safety->output->batteries[battery].reasons.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such battery or reason, or no step yet");
    }
    const safety::Reason& reason = safety->output->batteries[battery].reasons[index];
    ems_reason_t full{};
    full.rule = safety::rule_info(reason.rule).name;
    full.number = static_cast<std::int32_t>(reason.rule);
    full.charge = includes(reason.direction, safety::Direction::charge) ? 1 : 0;
    full.discharge = includes(reason.direction, safety::Direction::discharge) ? 1 : 0;
    full.action = static_cast<std::uint8_t>(reason.action);
    full.cause = static_cast<std::uint8_t>(reason.cause);
    full.signal = static_cast<std::uint16_t>(reason.signal);
    full.element = reason.element;
    full.value = reason.value;
    full.limit = reason.limit;
    *out = full;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_inverter_at(const ems_safety_t* safety, std::size_t inverter,
                                            ems_inverter_verdict_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (!sized(out)) return invalid(kBadOut);
    if (inverter >= safety->output->inverters.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such inverter, or no step yet");
    }
    const safety::InverterVerdict& verdict = safety->output->inverters[inverter];
    ems_inverter_verdict_t full{};
    full.asset = to_c(verdict.asset);
    full.ac = {verdict.ac.lo.count(), verdict.ac.hi.count()};
    full.command = static_cast<std::int32_t>(verdict.command);
    full.state = static_cast<std::int32_t>(verdict.state);
    full.apparent_max_va = verdict.apparent_max.count();
    full.curtail_pv = verdict.curtail_pv ? 1 : 0;
    full.may_open = verdict.may_open ? 1 : 0;
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_event_at(const ems_safety_t* safety, std::size_t index,
                                         ems_event_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (out == nullptr) return invalid("out is NULL");
    if (index >= safety->output->events.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such event");
    }
    const Event& event = safety->output->events[index];
    *out = {event.name,
            event.value,
            to_c(event.asset),
            static_cast<std::uint16_t>(event.signal),
            static_cast<std::uint8_t>(event.severity),
            static_cast<std::uint8_t>(event.active ? 1 : 0)};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_trip_at(const ems_safety_t* safety, std::size_t index,
                                        ems_trip_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (out == nullptr) return invalid("out is NULL");
    if (index >= safety->state->latch().size()) return failed(EMS_E_OUT_OF_RANGE, "no such trip");
    const safety::Trip& trip = safety->state->latch()[index];
    *out = {ceil_ms(trip.since), static_cast<std::int32_t>(trip.cause), to_c(trip.asset)};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_reset(ems_safety_t* safety, const ems_image_t* image,
                                      const ems_safety_reset_request_t* request,
                                      std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (!is(image)) return invalid(kNoImage);
    safety::ResetRequest own;
    if (const ems_status_t read = reset_request_from(request, own); read != EMS_OK) return read;
    if (!safety->owner) return failed(EMS_E_FAILED_PRECONDITION, kOfControl);
    OwnedSafety& kernel = *owned(safety);
    const Instant now = instant(now_ms);
    const safety::Inputs inputs = read_image(kernel, image->image, safety->estop, now);
    const Result<safety::State> state =
        safety::reset(kernel.state, kernel.config, inputs, now, own);
    if (!state) return failed(state.error());
    kernel.state = *state;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_gate(const ems_safety_t* safety, std::size_t inverter,
                                     const ems_command_t* wanted, bool armed, std::int64_t now_ms,
                                     ems_gate_result_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(safety)) return invalid(kNoSafety);
    if (wanted == nullptr) return invalid("wanted is NULL");
    if (!sized(out)) return invalid(kBadOut);
    // A kind that does not exist reaches the gate as one it cannot bound, and becomes stop.
    const bool known = wanted->kind >= EMS_COMMAND_STOP && wanted->kind <= EMS_COMMAND_OPEN;
    const InverterCommand command{
        known ? static_cast<CommandKind>(wanted->kind) : CommandKind::form, Watt{wanted->p_w},
        Var{wanted->q_var}};
    const std::size_t known_inverter = fresh(*safety, instant(now_ms)) ? inverter : SIZE_MAX;
    const safety::GateResult gated =
        safety::gate(*safety->output, known_inverter, command,
                     armed ? safety::Arming::armed : safety::Arming::disarmed);
    const InverterCommand sent = gated.command.value_or(InverterCommand{});
    ems_gate_result_t full{};
    full.send = gated.command ? 1 : 0;
    full.changed = gated.changed ? 1 : 0;
    full.why = static_cast<std::int32_t>(gated.why);
    full.why_text = safety::to_string(gated.why).data();  // A string literal.
    full.command = {static_cast<std::int32_t>(sent.kind), sent.p.count(), sent.q.count()};
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
