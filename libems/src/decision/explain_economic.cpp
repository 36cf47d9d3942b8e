// SPDX-License-Identifier: Apache-2.0
#include "decision/line.hpp"

namespace ems::decision {

namespace {

constexpr int kMinutesPerHour = 60;

/// "06:05"
Line& tell_clock(Line& line, std::uint16_t minute) noexcept {
  const auto two = [&line](int number) -> Line& {
    return (line << (number < 10 ? "0" : "")).number(number, 0);
  };
  two(minute / kMinutesPerHour) << ":";
  return two(minute % kMinutesPerHour);
}

/// "plan p-7, 900.0 s left", and what it aims at where that is the meter.
void tell_plan(Line& line, const Decision& decision) noexcept {
  const auto utc_s = value_of(decision, PolicyId::plan, Input::wall_clock);
  if (!decision.plan || !utc_s) return;
  line << "plan " << decision.plan_id.view() << ", ";
  line.time(decision.plan->end.since_epoch() - seconds(*utc_s)) << " left";
  if (decision.plan->pcc_target && decision.net_load) {
    (line << ", ").kw(*decision.plan->pcc_target) << " kW wanted at the meter, ";
    tell_net_load(line, decision.net_load->power);
  }
  line << ": ";
}

/// "window 22:00-06:00, charge until 80.0 %", with the state of charge once it is there.
void tell_window(Line& line, const Decision& decision, PolicyStatus status) noexcept {
  if (!decision.window) return;
  const TimeOfUseWindow& window = *decision.window;
  tell_clock(line << "window ", window.when.from);
  tell_clock(line << "-", window.when.to) << ", " << to_string(window.action);
  if (window.soc_stop) (line << " until ").percent(window.soc_stop->count());
  const auto soc = value_of(decision, PolicyId::time_of_use, Input::soc);
  if (status == PolicyStatus::satisfied && soc) (line << ", now ").percent(*soc);
  line << ": ";
}

/// "energy costs 0.1 BRL/kWh, export earns 0.05 BRL/kWh", with the state of charge that ends it.
void tell_price(Line& line, const Decision& decision, PolicyStatus status) noexcept {
  if (!decision.price) return;
  const auto money = [&line, &decision](std::string_view what, Price price) {
    (line << what).number(price.count(), 6) << " " << decision.currency.view() << "/kWh";
  };
  money("energy costs ", decision.price->buy);
  money(", export earns ", decision.price->sell);
  const auto soc = value_of(decision, PolicyId::price, Input::soc);
  if (status == PolicyStatus::satisfied && soc) (line << ", charged ").percent(*soc);
  line << ": ";
}

void tell_self_consumption(Line& line, const Decision& decision, PolicyStatus status) noexcept {
  if (!decision.net_load) return;
  tell_net_load(line, decision.net_load->power);
  const auto soc = value_of(decision, PolicyId::self_consumption, Input::soc);
  if (status == PolicyStatus::satisfied && soc) (line << ", charged ").percent(*soc);
  line << ": ";
}

/// "batteries 10.0 to 25.0 % charged", "cells at 4.0 to 41.5 degC".
void tell_range(Line& line, const Decision& decision, PolicyId policy) noexcept {
  const bool warm = policy == PolicyId::gentle_temperature;
  const auto lo = value_of(decision, policy, warm ? Input::temperature_min : Input::soc_min);
  const auto hi = value_of(decision, policy, warm ? Input::temperature_max : Input::soc_max);
  if (!lo || !hi) return;
  (line << (warm ? "cells at " : "batteries ")).number(*lo, warm ? 3 : 2) << " to ";
  line.number(*hi, warm ? 3 : 2) << (warm ? " degC: " : " % charged: ");
}

}  // namespace

void tell_economic_cause(Line& line, const Decision& decision,
                         const PolicyOutput& output) noexcept {
  switch (output.demand.policy) {
    case PolicyId::zero_export:
      if (!decision.net_load) return;
      tell_net_load(line, decision.net_load->power);
      line << ": ";
      return;
    case PolicyId::plan:
      return tell_plan(line, decision);
    case PolicyId::time_of_use:
      return tell_window(line, decision, output.status);
    case PolicyId::price:
      return tell_price(line, decision, output.status);
    case PolicyId::self_consumption:
      return tell_self_consumption(line, decision, output.status);
    case PolicyId::gentle_current:
      if (const auto wh = value_of(decision, PolicyId::gentle_current, Input::capacity)) {
        (line << "capacity ").number(*wh, 3) << " kWh: ";
      }
      return;
    case PolicyId::comfort_band:
    case PolicyId::gentle_temperature:
      return tell_range(line, decision, output.demand.policy);
    default:
      return;
  }
}

}  // namespace ems::decision
