// SPDX-License-Identifier: Apache-2.0
#include "safety/values.hpp"

namespace ems::safety::detail {

template <class Q>
void Values::take(Source source, const OptionalInput<Q>& input, std::uint16_t element) noexcept {
  if (!input) return;
  if (optional(source)) given_ = static_cast<std::uint16_t>(given_ | seen_bit(source));
  if (!input->usable(now_, stale_after_max_)) return;
  at(source) = {true, static_cast<std::int32_t>(input->sample.value.count()), element};
}

void Values::pair(Source highest, Source lowest, Source spread) noexcept {
  Value& hi = at(highest);
  Value& lo = at(lowest);
  if (!hi.known || !lo.known || lo.value > hi.value) {
    hi = lo = {};
    return;
  }
  const MilliVolt width = MilliVolt{hi.value} - MilliVolt{lo.value};  // Saturates; any unit.
  at(spread) = {true, width.count(), hi.element};
}

Values::Values(const BatteryInputs& in, const Limits& limits, Instant now) noexcept
    : stale_after_max_(limits.stale_after_max), now_(now) {
  take(Source::charge_voltage_limit, in.charge_voltage_limit);
  take(Source::discharge_voltage_limit, in.discharge_voltage_limit);
  take(Source::charge_current_limit, in.charge_current_limit);
  take(Source::discharge_current_limit, in.discharge_current_limit);
  take(Source::charge_fet_on, in.charge_fet_on);
  take(Source::discharge_fet_on, in.discharge_fet_on);
  take(Source::charge_enable, in.charge_enable);
  take(Source::discharge_enable, in.discharge_enable);
  take(Source::alarms, in.alarms);
  take(Source::insulation, in.insulation_resistance);
  take(Source::smoke, in.smoke_detected);
  take(Source::gas, in.gas_detected);
  take(Source::contactor, in.contactor_closed);
  take(Source::cell_max, in.cell_voltage_max, in.cell_max_element);
  take(Source::cell_min, in.cell_voltage_min, in.cell_min_element);
  take(Source::temp_max, in.temp_max, in.temp_max_element);
  take(Source::temp_min, in.temp_min, in.temp_min_element);
  take(Source::voltage, in.pack_voltage);
  take(Source::discharging, in.pack_current);
  take(Source::soc, in.soc);

  pair(Source::cell_max, Source::cell_min, Source::cell_spread);
  pair(Source::temp_max, Source::temp_min, Source::temp_spread);
  at(Source::charging) = at(Source::discharging);
  at(Source::charging).value = (-MilliAmp{at(Source::discharging).value}).count();
  Value& soc = at(Source::soc);
  if (soc.value < 0 || soc.value > 10'000) soc = {};
  if (at(Source::alarms).known)
    alarms_ = static_cast<std::uint64_t>(in.alarms->sample.value.count());
}

}  // namespace ems::safety::detail
