// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/safety_view.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "ems/core/decimal.hpp"
#include "ems/runtime/decision_view.hpp"

namespace ems::runtime {
namespace {

/// Rules about an input that is not there at all.
bool is_of_missing(safety::Rule rule) noexcept {
  return (rule >= safety::Rule::cell_voltages_missing &&
          rule <= safety::Rule::temperatures_missing) ||
         rule == safety::Rule::hazard_input_missing || rule == safety::Rule::bms_alarm_unknown;
}

/// Reasons in the order a person wants them: what is wrong, what is missing, what follows from it;
/// of equals the hardest first.
int rank_of(const safety::Reason& reason) noexcept {
  if (reason.cause == safety::Cause::exceeded) return 0;
  if (is_of_missing(reason.rule)) return 1;
  return reason.cause == safety::Cause::missing ? 2 : 3;
}

Severity severity_of(safety::Action action) noexcept {
  switch (action) {
    case safety::Action::latch:
      return Severity::critical;
    case safety::Action::inhibit:
      return Severity::alarm;
    case safety::Action::derate:
    case safety::Action::warn:
      break;
  }
  return Severity::warning;
}

std::string_view name_of(safety::Direction direction) noexcept {
  switch (direction) {
    case safety::Direction::charge:
      return "charge";
    case safety::Direction::discharge:
      return "discharge";
    case safety::Direction::both:
      break;
  }
  return "both";
}

SafetyReason view_of(AssetId asset, const safety::Reason& rule) {
  SafetyReason reason;
  reason.asset = asset;
  reason.name = safety::to_string(rule.rule);
  reason.severity = severity_of(rule.action);
  reason.signal = rule.signal;
  if (rule.cause != safety::Cause::missing && !is_of_missing(rule.rule)) {
    reason.value = rule.value;
    reason.limit = rule.limit;
  }
  reason.text = safety::to_string(rule.cause);
  reason.element = rule.element;
  if (rule.action != safety::Action::warn) reason.direction = name_of(rule.direction);
  return reason;
}

SafetyReason view_of(const safety::Trip& trip) {
  SafetyReason reason;
  reason.asset = trip.asset;
  reason.name = "trip_" + std::string(safety::to_string(trip.cause));
  reason.text = "latched; a technician must reset it";
  reason.direction = "both";
  return reason;
}

SafetyReason plain_reason(AssetId asset, std::string name, std::string text) {
  SafetyReason reason;
  reason.asset = asset;
  reason.name = std::move(name);
  reason.severity = Severity::info;
  reason.text = std::move(text);
  return reason;
}

/// One side of one inverter's interval.
class Side {
 public:
  Side(bool charging, std::size_t index, const Tick& tick, const ControlConfig& config)
      : charging_(charging),
        share_(tick.distribution.shares[index]),
        verdict_(tick.safety.inverters[index]),
        tick_(tick),
        config_(config),
        index_(index) {}

  [[nodiscard]] Watt bound() const noexcept {
    return charging_ ? share_.bounds.lo : share_.bounds.hi;
  }
  [[nodiscard]] Watt rated() const noexcept {
    const Watt rated = config_.inverters[index_].rated;
    return charging_ ? -rated : rated;
  }
  /// What the envelope takes of the rating.
  [[nodiscard]] std::int64_t lost() const noexcept {
    const std::int64_t rest = std::int64_t{rated().count()} - bound().count();
    return charging_ ? -rest : rest;
  }
  [[nodiscard]] SafetyReason because(const safety::Latch& latch) const;

 private:
  [[nodiscard]] bool mine(AssetId asset) const noexcept;
  [[nodiscard]] bool feeds(std::size_t battery) const noexcept {
    return (config_.safety.inverters[index_].batteries >> battery & 1U) != 0;
  }
  [[nodiscard]] std::optional<SafetyReason> rule() const;
  [[nodiscard]] SafetyReason current_limit() const;

  bool charging_;
  const distribute::Share& share_;
  const safety::InverterVerdict& verdict_;
  const Tick& tick_;
  const ControlConfig& config_;
  std::size_t index_;
};

bool Side::mine(AssetId asset) const noexcept {
  if (asset == kSite || asset == verdict_.asset) return true;
  for (std::size_t i = 0; i < tick_.safety.batteries.size(); ++i) {
    if (feeds(i) && tick_.safety.batteries[i].asset == asset) return true;
  }
  return false;
}

/// The hardest rule of this direction; of equals the first in a person's order.
std::optional<SafetyReason> Side::rule() const {
  const auto direction = charging_ ? safety::Direction::charge : safety::Direction::discharge;
  const safety::Reason* hardest = nullptr;
  AssetId asset{};
  for (std::size_t i = 0; i < tick_.safety.batteries.size(); ++i) {
    if (!feeds(i)) continue;
    for (const safety::Reason& reason : tick_.safety.batteries[i].reasons) {
      const bool counts =
          reason.action >= safety::Action::derate && safety::includes(reason.direction, direction);
      const bool harder = hardest == nullptr || reason.action > hardest->action ||
                          (reason.action == hardest->action && rank_of(reason) < rank_of(*hardest));
      if (!counts || !harder) continue;
      hardest = &reason;
      asset = tick_.safety.batteries[i].asset;
    }
  }
  if (hardest == nullptr) return std::nullopt;
  return view_of(asset, *hardest);
}

SafetyReason Side::current_limit() const {
  SafetyReason reason =
      plain_reason(verdict_.asset, "current_limit",
                   charging_ ? "charge current limit" : "discharge current limit");
  reason.signal = charging_ ? Signal::charge_current_limit : Signal::discharge_current_limit;
  for (std::size_t i = 0; i < tick_.safety.batteries.size(); ++i) {
    if (!feeds(i)) continue;
    const safety::BatteryVerdict& battery = tick_.safety.batteries[i];
    const MilliAmp most = charging_ ? battery.charge_current_max : battery.discharge_current_max;
    if (reason.limit && *reason.limit <= most.count()) continue;
    reason.asset = battery.asset;
    reason.limit = most.count();
  }
  return reason;
}

SafetyReason Side::because(const safety::Latch& latch) const {
  if (verdict_.state == safety::SafetyState::tripped) {
    for (const safety::Trip& trip : latch) {
      if (mine(trip.asset)) return view_of(trip);
    }
  }
  if (auto reason = rule(); reason && lost() > 0) return std::move(*reason);
  if (share_.reason == distribute::Reason::unavailable) {
    return plain_reason(verdict_.asset, "unavailable", "does not answer, or cannot be commanded");
  }
  if (verdict_.command != CommandKind::follow) {
    return plain_reason(verdict_.asset, "dc_pv",
                        "PV on its dc side must not flow into the battery");
  }
  if (lost() <= 0) {
    SafetyReason reason = plain_reason(verdict_.asset, "rated_power", "rated power");
    reason.signal = Signal::active_power;
    reason.limit = config_.inverters[index_].rated.count();
    return reason;
  }
  if (verdict_.state >= safety::SafetyState::safe) {
    return plain_reason(kSite, "late", "the control loop was late, or its clock went back");
  }
  return current_limit();
}

std::string subject_of(const SafetyReason& reason, const SignalInfo& info) {
  if (reason.name.starts_with("cell_imbalance")) return "cells apart by";
  if (reason.name == "temperature_spread") return "temperature sensors apart by";
  const std::string number = reason.element == 0 ? "" : " " + std::to_string(reason.element);
  const bool cell = reason.signal == Signal::cell_voltage ||
                    reason.signal == Signal::cell_voltage_max ||
                    reason.signal == Signal::cell_voltage_min;
  if (cell && reason.element != 0) return "cell" + number;
  const bool sensor = reason.signal == Signal::temperature ||
                      reason.signal == Signal::cell_temp_max ||
                      reason.signal == Signal::cell_temp_min;
  if (sensor && reason.element != 0) return "temperature sensor" + number;
  std::string name(info.name);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name + number;
}

}  // namespace

std::string value_text(Signal signal, std::int64_t value) {
  const SignalInfo* info = find_signal(signal);
  if (info == nullptr) return std::to_string(value);
  if (info->unit == Unit::boolean) return value != 0 ? "on" : "off";
  if (info->unit == Unit::watt) return power_text(Watt{static_cast<std::int32_t>(value)});
  if (info->unit == Unit::alarm_bits) {
    std::string names;
    for (unsigned bit = 0; bit < 31; ++bit) {
      if ((value >> bit & 1) == 0) continue;
      const auto name = alarm_name(bit);
      names += (names.empty() ? "" : " ") + (name ? std::string(*name) : std::to_string(bit));
    }
    return names.empty() ? "none" : names;
  }
  const UnitInfo& unit = unit_info(info->unit);
  std::array<char, kDecimalTextSize> buffer{};
  std::string text(format_decimal(value, unit.digits, buffer));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  if (!unit.symbol.empty()) text += (unit.symbol == "%" ? "" : " ") + std::string(unit.symbol);
  return text;
}

std::string reason_text(const SafetyReason& reason) {
  std::string text(to_name(reason.asset).view());
  const SignalInfo* info = reason.signal ? find_signal(*reason.signal) : nullptr;
  const std::string name = " (" + reason.name + ")";
  if (info == nullptr) return text + " " + reason.text + name;
  // Not a rule but a rating: its words say what the number is.
  if (!reason.value && reason.limit) {
    return text + " " + reason.text + " " + value_text(*reason.signal, *reason.limit);
  }
  text += " " + subject_of(reason, *info);
  if (reason.value) {
    const bool apart = text.ends_with(" by");
    text += (apart                         ? " "
             : info->unit == Unit::boolean ? " is "
                                           : " at ") +
            value_text(*reason.signal, *reason.value);
    if (info->unit != Unit::boolean && info->unit != Unit::alarm_bits && reason.limit) {
      text += ", limit " + value_text(*reason.signal, *reason.limit);
    }
  } else {
    text += reason.text == "waiting" ? " is there" : " missing";
  }
  if (reason.text == "waiting") text += ", not yet good for long enough";
  return text + name;
}

std::vector<SafetyReason> safety_reasons(const safety::Output& output, const safety::Latch& latch) {
  std::vector<SafetyReason> reasons;
  for (const safety::Trip& trip : latch) reasons.push_back(view_of(trip));
  for (const safety::BatteryVerdict& verdict : output.batteries) {
    std::vector<safety::Reason> rules(verdict.reasons.begin(), verdict.reasons.end());
    std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) {
      if (rank_of(a) != rank_of(b)) return rank_of(a) < rank_of(b);
      return a.action > b.action;
    });
    for (const safety::Reason& rule : rules) reasons.push_back(view_of(verdict.asset, rule));
  }
  return reasons;
}

std::vector<BoundView> envelope_bounds(const Tick& tick, const ControlConfig& config,
                                       const safety::Latch& latch) {
  const Interval envelope = tick.decision.resolution.envelope();
  std::vector<BoundView> bounds;
  for (const bool charging : {true, false}) {
    BoundView view;
    view.side = charging ? "charge" : "discharge";
    view.power = charging ? envelope.lo : envelope.hi;
    std::optional<Side> speaker;
    for (std::size_t i = 0; i < tick.distribution.shares.size(); ++i) {
      const Side side(charging, i, tick, config);
      if (!speaker || side.lost() > speaker->lost()) speaker.emplace(side);
    }
    view.because = speaker ? speaker->because(latch)
                           : plain_reason(kSite, "no_inverter", "there is no inverter to command");
    bounds.push_back(std::move(view));
  }
  return bounds;
}

}  // namespace ems::runtime
