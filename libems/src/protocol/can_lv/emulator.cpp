// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_lv/emulator.hpp"

#include "protocol/can_lv/spoken.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr std::int64_t kFull = 10'000;  // Basis points.
constexpr std::int64_t kBasisPointsPerPercent = 100;
constexpr std::int64_t kAbsoluteZero = -273'150;  // Millidegrees.

/// Steps of `step`, nearest; nullopt outside of what a signed word holds in either direction.
std::optional<std::int64_t> to_nearest(std::int64_t value, std::int64_t step) noexcept {
  const std::int64_t half = step / 2;
  const std::int64_t steps = (value < 0 ? value - half : value + half) / step;
  if (steps < -kS16Max || steps > kS16Max) return std::nullopt;
  return steps;
}

/// A limit from above in tenths: down, and no more than the wire holds.
std::int64_t maximum(std::int64_t milli, std::int64_t wire_max) noexcept {
  const std::int64_t tenths = milli < 0 ? 0 : milli / kTenth;
  return tenths < wire_max ? tenths : wire_max;
}

/// A limit from below in tenths: up; nullopt when the wire cannot say one so high.
std::optional<std::int64_t> minimum(std::int64_t milli) noexcept {
  const std::int64_t tenths = milli < 0 ? 0 : (milli + kTenth - 1) / kTenth;
  if (tenths > kVoltageMax) return std::nullopt;
  return tenths;
}

/// Says whether a sample may be used.
class Judge {
 public:
  Judge(Instant now, Duration max_age) noexcept : now_(now), max_age_(max_age) {}
  template <class Q>
  [[nodiscard]] const Q* usable(const std::optional<Sample<Q>>& sample) const noexcept {
    return sample && sample->usable(now_, max_age_) ? &sample->value : nullptr;
  }
  [[nodiscard]] bool on(const std::optional<Sample<bool>>& flag) const noexcept {
    const bool* value = usable(flag);
    return value != nullptr && *value;
  }
  [[nodiscard]] std::optional<std::int64_t> percent(
      const std::optional<Sample<BasisPoints>>& sample) const noexcept {
    const BasisPoints* value = usable(sample);
    if (value == nullptr || value->count() < 0 || value->count() > kFull) return std::nullopt;
    return value->count();
  }

 private:
  Instant now_;
  Duration max_age_;
};

std::optional<Spoken::Extremes> extremes(const EmulatedBattery& battery,
                                         const Judge& judge) noexcept {
  const auto* high = judge.usable(battery.cell_voltage_max);
  const auto* low = judge.usable(battery.cell_voltage_min);
  const auto* hot = judge.usable(battery.cell_temp_max);
  const auto* cold = judge.usable(battery.cell_temp_min);
  if (high == nullptr || low == nullptr || hot == nullptr || cold == nullptr) return std::nullopt;
  // 0 mV would be read as a field that nobody filled.
  const bool fits = low->count() > 0 && low->count() <= high->count() &&
                    high->count() < kVoltageMax && cold->count() >= kAbsoluteZero &&
                    cold->count() <= hot->count() && to_nearest(hot->count(), kTenth);
  if (!fits) return std::nullopt;
  return Spoken::Extremes{high->count(), low->count(), hot->count(), cold->count()};
}

constexpr AlarmRow kRows[] = {
    {mask_of({Alarm::pack_overvoltage, Alarm::cell_overvoltage}), 1},
    {mask_of({Alarm::pack_undervoltage, Alarm::cell_undervoltage}), 2},
    {mask_of({Alarm::overtemperature, Alarm::charge_overtemperature,
              Alarm::discharge_overtemperature, Alarm::mosfet_overtemperature}),
     3},
    {mask_of({Alarm::undertemperature, Alarm::charge_undertemperature,
              Alarm::discharge_undertemperature}),
     4},
    {mask_of({Alarm::discharge_overcurrent, Alarm::short_circuit}), 7},
    {mask_of({Alarm::charge_overcurrent}), 8},
};

/// The bits of half a frame 359; what no row names is the bit that stands for the rest.
std::int64_t alarm_word(std::uint64_t mask) noexcept {
  std::uint64_t rest = 0;
  const std::uint64_t word = bits_of(mask, kRows, rest);
  return static_cast<std::int64_t>(rest != 0 ? word | kSystemError : word);
}

}  // namespace

Spoken::Spoken(const EmulatedBattery& battery, Instant now, Duration max_age) noexcept {
  constexpr std::uint64_t kUnsaid = mask_of({Alarm::soc_low});
  const Judge judge(now, max_age);
  if (const auto* value = judge.usable(battery.pack_voltage); value && value->count() >= 0) {
    voltage = to_nearest(value->count(), kHundredth);
  }
  if (const auto* value = judge.usable(battery.pack_current)) {
    current = to_nearest(value->count(), kTenth);
  }
  if (const auto* value = judge.usable(battery.temperature)) {
    temperature = to_nearest(value->count(), kTenth);
  }
  soc = judge.percent(battery.soc);
  soh = judge.percent(battery.soh);
  cells = extremes(battery, judge);
  alive = voltage && current && temperature && soc;
  if (battery.alarms) alarms = battery.alarms->value;
  if (battery.warnings) warnings = battery.warnings->value & ~kUnsaid;
  alarms_known = judge.usable(battery.alarms) != nullptr;
  warnings_known = judge.usable(battery.warnings) != nullptr;

  // A limit that has grown old still bounds: beside a current limit of 0 it loosens nothing.
  if (const auto& high = battery.charge_voltage_limit) {
    ceiling = maximum(high->value.count(), kVoltageMax);
  }
  if (const auto& low = battery.discharge_voltage_limit) {
    floor = minimum(low->value.count()).value_or(kVoltageMax);
  }
  const auto* high = judge.usable(battery.charge_voltage_limit);
  const auto* low = judge.usable(battery.discharge_voltage_limit);
  const auto* in = judge.usable(battery.charge_current_limit);
  const auto* out = judge.usable(battery.discharge_current_limit);
  // An inverter may take a ceiling of 0 for none.
  charge =
      alive && high != nullptr && ceiling > 0 && in != nullptr && judge.on(battery.charge_enable);
  discharge = alive && low != nullptr && minimum(low->count()) && out != nullptr &&
              judge.on(battery.discharge_enable);
  if (charge) charge_limit = maximum(in->count(), kLimitMax);
  if (discharge) discharge_limit = maximum(out->count(), kLimitMax);
}

CanFrame manufacturer_frame(std::string_view name) noexcept {
  Writer out(FrameId::manufacturer);
  for (std::size_t i = 0; i < kCanDataSize; ++i) {
    const char c = i < name.size() ? name[i] : ' ';
    out.u8(static_cast<unsigned char>(c >= ' ' && c <= '~' ? c : ' '));
  }
  return out.frame();
}

void speak_pylontech(const EmulatedBattery& battery, const Spoken& spoken, Burst& burst) noexcept {
  Writer limits(FrameId::limits);
  limits.u16(spoken.ceiling);
  limits.u16(spoken.charge_limit);
  limits.u16(spoken.discharge_limit);
  if (spoken.floor) limits.u16(*spoken.floor);
  burst.push_back(limits.frame());
  if (spoken.soc) {  // Whole percent, rounded down.
    Writer out(FrameId::state);
    out.u16(*spoken.soc / kBasisPointsPerPercent);
    if (spoken.soh) out.u16(*spoken.soh / kBasisPointsPerPercent);
    burst.push_back(out.frame());
  }
  if (spoken.voltage && spoken.current) {
    Writer out(FrameId::measured);
    out.u16(*spoken.voltage);
    out.u16(-*spoken.current);
    if (spoken.temperature) out.u16(*spoken.temperature);
    burst.push_back(out.frame());
  }
  Writer alarms(FrameId::alarms);
  alarms.u16(alarm_word(spoken.alarms));
  alarms.u16(alarm_word(spoken.warnings) | (spoken.lost() ? kSystemError : 0));
  alarms.u8(battery.module_count);
  alarms.u8('P');
  alarms.u8('N');
  burst.push_back(alarms.frame());
  Writer requests(FrameId::requests);
  requests.u8((spoken.charge ? kChargeEnable : 0U) | (spoken.discharge ? kDischargeEnable : 0U));
  requests.u8(0);
  burst.push_back(requests.frame());
  burst.push_back(
      manufacturer_frame(battery.manufacturer.empty() ? "PYLON" : battery.manufacturer));
}

bool is_spoken(Dialect dialect) noexcept {
  return dialect == Dialect::pylontech || dialect == Dialect::victron || dialect == Dialect::sma ||
         dialect == Dialect::deye;
}

std::optional<Dialect> spoken_dialect(const protocol::Codec& codec) noexcept {
  for (std::size_t i = 0; i < kDialects; ++i) {
    const auto dialect = static_cast<Dialect>(i);
    if (is_spoken(dialect) && can_lv::codec(dialect).name() == codec.name()) return dialect;
  }
  return std::nullopt;
}

Burst encode_burst(const EmulatedBattery& battery, Dialect dialect, Instant now,
                   Duration max_age) noexcept {
  EMS_ASSERT(is_spoken(dialect));
  EMS_ASSERT(max_age > Duration::zero());
  const Spoken spoken(battery, now, max_age);
  Burst burst;
  if (dialect == Dialect::deye) {
    speak_deye(battery, spoken, burst);
  } else if (dialect == Dialect::pylontech) {
    speak_pylontech(battery, spoken, burst);
  } else {
    speak_victron(battery, spoken, dialect == Dialect::victron, burst);
  }
  return burst;
}

}  // namespace ems::protocol::can_lv
