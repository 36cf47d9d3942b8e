// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <optional>

#include "decision.hpp"
#include "ems/distribute/distribute.hpp"
#include "ems/runtime/control_loop.hpp"
#include "safety.hpp"

struct ems_control {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::control;
  ems_control(const ems::runtime::ControlConfig& config, const ems::safety::State& state) noexcept
      : loop(config, state) {
    safety.state = &loop.safety_state();
    safety.output = &tick.safety;
    decision.last = &tick.decision;
  }

  ems::capi::Tag tag = kTag;
  ems::runtime::ControlLoop loop;
  ems::runtime::Tick tick;  ///< Of the last step; empty before.
  ems_safety safety;
  ems_decision decision;
};

namespace ems::capi {
namespace {

static_assert(sizeof(ems_control) <= sizeof(std::uint64_t) * EMS_CONTROL_WORDS);
static_assert(EMS_SHARE_FORCED == static_cast<int>(distribute::Reason::forced));

constexpr const char* kNoControl = "control is NULL or not control";
constexpr std::size_t kDistributeBatteriesMax = 8;

/// What each phase may carry of one inverter.
ems_status_t phases_from(const ems_phase_limits_t& given, std::uint16_t place,
                         runtime::InverterTraits& inverter) noexcept {
  if (given.count > distribute::kPhasesMax) {
    return failed(EMS_E_OUT_OF_RANGE, "phase_limits: count is above 3", place);
  }
  for (std::size_t i = 0; i < given.count; ++i) {
    const ems_interval_t& phase = given.phases[i];
    if (phase.lo_w > 0 || phase.hi_w < 0) {
      return failed(EMS_E_OUT_OF_RANGE, "phase_limits: one does not contain 0", place);
    }
    inverter.phases.push_back({Watt{phase.lo_w}, Watt{phase.hi_w}});
  }
  return EMS_OK;
}

ems_status_t control_config_from(const ems_control_config_t& given, runtime::ControlConfig& config,
                                 safety::State& state) noexcept {
  SafetyStart start;
  ems_status_t read = safety_config_from(given.safety, config.safety, start);
  if (read != EMS_OK) return read;
  state = start.state;
  config.estop_inputs = start.estop_inputs;
  read = decision_config_from(given.decision, config.decision);
  if (read != EMS_OK) return read;
  if (given.battery_capacity_wh == nullptr) return invalid("battery_capacity_wh is NULL");
  for (std::size_t i = 0; i < config.safety.batteries.size(); ++i) {
    if (given.battery_capacity_wh[i] <= 0) {
      return failed(EMS_E_OUT_OF_RANGE, "battery_capacity_wh is not above 0",
                    static_cast<std::uint16_t>(i));
    }
    config.batteries.push_back({WattHour{given.battery_capacity_wh[i]}});
  }
  // Safety bounds each direction by itself; distribution only needs the larger.
  for (const safety::InverterConfig& inverter : config.safety.inverters) {
    const auto place = static_cast<std::uint16_t>(config.inverters.size());
    runtime::InverterTraits traits{max_of(inverter.charge_max, inverter.discharge_max)};
    if (given.phase_limits != nullptr) {
      read = phases_from(given.phase_limits[place], place, traits);
      if (read != EMS_OK) return read;
    }
    config.inverters.push_back(traits);
  }
  if (given.has_pcc_meter != 0) {
    if (!valid(given.pcc_meter)) {
      return failed(EMS_E_OUT_OF_RANGE, "pcc_meter is none a site can have");
    }
    config.pcc_meter = from_c(given.pcc_meter);
  }
  if (given.pv_meter_count > 0 && given.pv_meters == nullptr) return invalid("pv_meters is NULL");
  for (std::size_t i = 0; i < given.pv_meter_count; ++i) {
    if (!valid(given.pv_meters[i]) || !config.pv_meters.try_push_back(from_c(given.pv_meters[i]))) {
      return failed(EMS_E_OUT_OF_RANGE, "pv_meters: more than 8, or none a site can have",
                    static_cast<std::uint16_t>(i));
    }
  }
  config.arming = given.armed != 0 ? safety::Arming::armed : safety::Arming::disarmed;
  return EMS_OK;
}

/// Reads the inputs of a tick; the tables stay in `tables`.
ems_status_t tick_inputs_from(const ems_control_inputs_t& given, TablesOfNow& tables,
                              runtime::TickInputs& inputs) noexcept {
  inputs.estop = given.estop != 0;
  inputs.inverters_ready = static_cast<std::uint8_t>(given.inverters_ready);
  if (given.has_setpoint != 0) inputs.setpoint = setpoint_from(given.setpoint);
  if ((given.valid & EMS_CONTROL_HAS_REMOTE_SETPOINT) != 0) {
    inputs.remote_setpoint = setpoint_from(given.remote_setpoint);
  }
  if ((given.valid & EMS_CONTROL_HAS_ACTIVE_POWER_LIMIT) != 0) {
    inputs.active_power_limit = limit_from(given.active_power_limit);
  }
  if ((given.valid & EMS_CONTROL_HAS_DIMMING) != 0) inputs.dimming = limit_from(given.dimming);
  ems_status_t read = wall_from(given.wall, inputs.wall);
  if (read != EMS_OK) return read;
  read = tables.read(given.tables, inputs.wall.utc);
  if (read != EMS_OK) return read;
  inputs.schedule = tables.schedule;
  inputs.plan = tables.plan;
  inputs.prices = tables.prices;
  return EMS_OK;
}

ems_control_result_t control_result(const ems_control& control) noexcept {
  const runtime::Tick& tick = control.tick;
  const Interval envelope = tick.decision.resolution.envelope();
  ems_control_result_t result{};
  result.target_w = tick.decision.target().count();
  result.gated_w = tick.gated.count();
  result.safety_state = static_cast<std::int32_t>(tick.safety.site);
  result.envelope = {envelope.lo.count(), envelope.hi.count()};
  result.order_count = static_cast<std::uint32_t>(tick.orders.size());
  result.value_count = static_cast<std::uint32_t>(tick.derived.size());
  result.event_count = static_cast<std::uint32_t>(tick.safety.events.size());
  result.latch_changed = tick.latch_changed ? 1 : 0;
  return result;
}

/// nullptr, or what distribute::Battery does not allow.
const char* battery_for(const ems_distribute_battery_t& given,
                        distribute::Battery& battery) noexcept {
  if (given.bounds.lo_w > given.bounds.hi_w) return "battery: bounds with lo_w above hi_w";
  if (given.capacity_wh < 0) return "battery: capacity_wh is below 0";
  if (given.soc_min_bp < 0 || given.soc_min_bp > given.soc_max_bp || given.soc_max_bp > 10'000) {
    return "battery: soc_min_bp and soc_max_bp are not 0 .. 10000";
  }
  battery.bounds = {Watt{given.bounds.lo_w}, Watt{given.bounds.hi_w}};
  battery.capacity = WattHour{given.capacity_wh};
  battery.soc_min = BasisPoints{given.soc_min_bp};
  battery.soc_max = BasisPoints{given.soc_max_bp};
  if (given.has_soc != 0) {
    if (given.soc_bp < 0 || given.soc_bp > 10'000) return "battery: soc_bp is not 0 .. 10000";
    battery.soc = BasisPoints{given.soc_bp};
  }
  return nullptr;
}

using DistributeBatteries = std::array<distribute::Battery, kDistributeBatteriesMax>;

ems_status_t inverter_for(const ems_distribute_inverter_t& given, std::uint16_t place,
                          DistributeBatteries& batteries, distribute::Inverter& inverter) noexcept {
  if (given.rating.lo_w > 0 || given.rating.hi_w < 0) {
    return failed(EMS_E_OUT_OF_RANGE, "inverter: rating does not contain 0", place);
  }
  if (given.battery_count > batteries.size()) {
    return failed(EMS_E_OUT_OF_RANGE, "inverter: battery_count is above 8", place);
  }
  if (given.batteries == nullptr && given.battery_count > 0) {
    return failed(EMS_E_INVALID_ARGUMENT, "inverter: batteries is NULL", place);
  }
  for (std::size_t i = 0; i < given.battery_count; ++i) {
    const char* what = battery_for(given.batteries[i], batteries[i]);
    if (what != nullptr) return failed(EMS_E_OUT_OF_RANGE, what, place);
  }
  inverter = {.available = given.available != 0,
              .rating = {Watt{given.rating.lo_w}, Watt{given.rating.hi_w}},
              .batteries = std::span(batteries).first(given.battery_count)};
  return EMS_OK;
}

}  // namespace

extern "C" {

EMS_API std::size_t ems_control_size(void) { return sizeof(ems_control); }

EMS_API ems_status_t ems_control_init(void* memory, std::size_t size,
                                      const ems_control_config_t* config, ems_control_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    if (!sized(config)) return invalid("config is NULL or its struct_size is too small");
    const ems_status_t room = check_memory(memory, size, sizeof(ems_control));
    if (room != EMS_OK) return room;
    ems_control_config_t given;
    if (!take(config, given)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    runtime::ControlConfig own;
    safety::State state;
    const ems_status_t read = control_config_from(given, own, state);
    if (read != EMS_OK) return read;
    *out = place<ems_control>(memory, own, state);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_control_step(ems_control_t* control, const ems_image_t* image,
                                      const ems_control_inputs_t* inputs, std::int64_t now_ms,
                                      ems_control_result_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(control)) return invalid(kNoControl);
    control->tick.orders.clear();  // What was right a tick ago must not go out again.
    control->tick.derived.clear();
    forget_verdicts(control->safety, control->tick.safety);
    if (!is(image)) return invalid(kNoImage);
    if (!sized(inputs)) return invalid("inputs is NULL or its struct_size is too small");
    if (!sized(out)) return invalid(kBadOut);
    ems_control_inputs_t given;
    if (!take(inputs, given)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    runtime::TickInputs own;
    TablesOfNow tables;
    if (const ems_status_t read = tick_inputs_from(given, tables, own); read != EMS_OK) return read;
    const Instant now = instant(now_ms);
    control->tick = control->loop.tick(image->image, own, now);
    mark_stepped(control->safety, control->loop.config().safety, now);
    control->decision.stepped = true;
    control->safety.latch_changed = control->tick.latch_changed;
    give(out, control_result(*control));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_control_order_at(const ems_control_t* control, std::size_t inverter,
                                          ems_order_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(control)) return invalid(kNoControl);
    if (!sized(out)) return invalid(kBadOut);
    const runtime::Tick& tick = control->tick;
    if (inverter >= tick.orders.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such inverter, or no tick yet");
    }
    const safety::GateResult& order = tick.orders[inverter];
    const distribute::Share& share = tick.distribution.shares[inverter];
    const InverterCommand command = order.command.value_or(InverterCommand{});
    ems_order_t full{};
    full.asset = to_c(control->loop.config().safety.inverters[inverter].asset);
    full.send = order.command ? 1 : 0;
    full.command = {static_cast<std::int32_t>(command.kind), command.p.count(), command.q.count()};
    full.share_w = share.power.count();
    full.why = static_cast<std::int32_t>(order.why);
    full.why_text = safety::to_string(order.why).data();  // Literals, both.
    full.share_text = distribute::to_string(share.reason).data();
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_control_value_at(const ems_control_t* control, std::size_t index,
                                          ems_value_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(control)) return invalid(kNoControl);
    if (out == nullptr) return invalid("out is NULL");
    if (index >= control->tick.derived.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such value, or no tick yet");
    }
    const runtime::DerivedValue& derived = control->tick.derived[index];
    ems_value_t full{};
    full.value = derived.value;
    full.signal = static_cast<std::uint16_t>(derived.signal);
    full.quality = static_cast<std::uint8_t>(derived.quality);
    *out = full;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_control_safety(const ems_control_t* control, const ems_safety_t** out) {
  return guarded([&]() -> ems_status_t {
    if (!is(control)) return invalid(kNoControl);
    if (out == nullptr) return invalid("out is NULL");
    *out = &control->safety;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_control_decision(const ems_control_t* control,
                                          const ems_decision_t** out) {
  return guarded([&]() -> ems_status_t {
    if (!is(control)) return invalid(kNoControl);
    if (out == nullptr) return invalid("out is NULL");
    *out = &control->decision;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_control_reset(ems_control_t* control, const ems_image_t* image,
                                       const ems_safety_reset_request_t* request,
                                       std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    if (!is(control)) return invalid(kNoControl);
    if (!is(image)) return invalid(kNoImage);
    safety::ResetRequest own;
    if (const ems_status_t read = reset_request_from(request, own); read != EMS_OK) return read;
    const Result<void> done = control->loop.reset(image->image, instant(now_ms), own);
    return status_of(done);
  });
}

EMS_API ems_status_t ems_distribute(const ems_distribute_inverter_t* inverters, std::uint32_t count,
                                    std::int32_t target_w, ems_share_t* shares,
                                    ems_distribution_t* out) {
  return guarded([&]() -> ems_status_t {
    if (inverters == nullptr || shares == nullptr) return invalid("inverters or shares is NULL");
    if (!sized(out)) return invalid(kBadOut);
    if (count == 0 || count > distribute::kInvertersMax) {
      return failed(EMS_E_OUT_OF_RANGE, "count is 0, or above what this build has room for");
    }
    std::array<DistributeBatteries, distribute::kInvertersMax> batteries{};
    std::array<distribute::Inverter, distribute::kInvertersMax> own{};
    for (std::size_t i = 0; i < count; ++i) {
      const auto place = static_cast<std::uint16_t>(i);
      const ems_status_t read = inverter_for(inverters[i], place, batteries[i], own[i]);
      if (read != EMS_OK) return read;
    }
    const distribute::Distribution split =
        distribute::split(Watt{target_w}, std::span(own).first(count));
    for (std::size_t i = 0; i < count; ++i) {
      const distribute::Share& share = split.shares[i];
      shares[i] = {share.power.count(),
                   {share.bounds.lo.count(), share.bounds.hi.count()},
                   static_cast<std::int32_t>(share.reason)};
    }
    ems_distribution_t full{};
    full.target_w = split.target.count();
    full.bounds = {split.bounds.lo.count(), split.bounds.hi.count()};
    full.cross_charging = split.cross_charging ? 1 : 0;
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
