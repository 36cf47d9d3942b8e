// SPDX-License-Identifier: Apache-2.0
#include "safety/values.hpp"

namespace ems::safety::detail {

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

Values::Values(const Battery& battery) noexcept {
  const auto take = [&](Source source, const auto& input, std::uint16_t element = 0) {
    if (!input) return;
    if (optional(source)) given_ = static_cast<std::uint16_t>(given_ | seen_bit(source));
    if (const auto value = battery.value(input)) at(source) = {true, *value, element};
  };
  const BatteryInputs& in = battery.in;
  for_each_optional(in, [&take](Source source, Signal, const auto& input) { take(source, input); });
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
  if (soc.value < 0 || soc.value > kWhole) soc = {};
  if (at(Source::alarms).known)
    alarms_ = static_cast<std::uint64_t>(in.alarms->sample.value.count());
}

}  // namespace ems::safety::detail
