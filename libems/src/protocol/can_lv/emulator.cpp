// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_lv/emulator.hpp"

#include <initializer_list>

#include "ems/core/bytes.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_lv/frames.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr std::int64_t kS16Max = 0x7FFF;
constexpr std::int64_t kS16Min = -0x8000;
constexpr std::int64_t kU16Max = 0xFFFF;
constexpr std::int64_t kVoltageMax = 0xFFFE;  // FFFF is what nobody filled.
constexpr std::int64_t kMilliPerTenth = 100;
constexpr std::int64_t kMilliPerHundredth = 10;
constexpr std::int64_t kFull = 10'000;  // Basis points.
constexpr std::int64_t kBasisPointsPerPercent = 100;

/// One frame that grows field by field.
class Writer {
 public:
  explicit Writer(FrameId id) noexcept { frame_.id = static_cast<std::uint32_t>(id); }
  void u8(std::uint8_t value) noexcept { store_u8(frame_.data, frame_.size++, value); }
  void u16(std::int64_t value) noexcept {
    store_le16(frame_.data, frame_.size, static_cast<std::uint16_t>(value & kU16Max));
    frame_.size += 2;
  }
  [[nodiscard]] const CanFrame& frame() const noexcept { return frame_; }

 private:
  CanFrame frame_{};
};

/// Steps of `step`, nearest; nullopt outside of what a signed word holds.
std::optional<std::int64_t> to_nearest(std::int64_t value, std::int64_t step) noexcept {
  const std::int64_t half = step / 2;
  const std::int64_t steps = (value < 0 ? value - half : value + half) / step;
  if (steps < kS16Min || steps > kS16Max) return std::nullopt;
  return steps;
}

/// A limit from above in tenths: down, and no more than the wire holds.
std::int64_t maximum(std::int64_t milli, std::int64_t wire_max) noexcept {
  const std::int64_t tenths = milli < 0 ? 0 : milli / kMilliPerTenth;
  return tenths < wire_max ? tenths : wire_max;
}

/// A limit from below in tenths: up; nullopt when the wire cannot say one so high.
std::optional<std::int64_t> minimum(std::int64_t milli) noexcept {
  const std::int64_t tenths = milli < 0 ? 0 : (milli + kMilliPerTenth - 1) / kMilliPerTenth;
  if (tenths > kVoltageMax) return std::nullopt;
  return tenths;
}

/// The battery as it can be used and said now.
struct Known {
  Known(const EmulatedBattery& battery, Instant now, Duration max_age) noexcept
      : now_(now), max_age_(max_age) {
    if (const auto* value = usable(battery.pack_voltage); value && value->count() >= 0) {
      voltage = to_nearest(value->count(), kMilliPerHundredth);
    }
    if (const auto* value = usable(battery.pack_current)) {
      current = to_nearest(-static_cast<std::int64_t>(value->count()), kMilliPerTenth);
    }
    if (const auto* value = usable(battery.temperature)) {
      temperature = to_nearest(value->count(), kMilliPerTenth);
    }
    soc = percent(usable(battery.soc));
    soh = percent(usable(battery.soh));
    alive = voltage && current && temperature && soc;
    alarms = usable(battery.alarms) != nullptr;
    const auto* ceiling = usable(battery.charge_voltage_limit);
    const auto* floor = usable(battery.discharge_voltage_limit);
    // An inverter may take a ceiling of 0 for none.
    charge = alive && ceiling != nullptr && maximum(ceiling->count(), kVoltageMax) > 0 &&
             usable(battery.charge_current_limit) != nullptr && on(battery.charge_enable);
    discharge = alive && floor != nullptr && minimum(floor->count()) &&
                usable(battery.discharge_current_limit) != nullptr && on(battery.discharge_enable);
  }

  std::optional<std::int64_t> voltage, current, temperature, soc, soh;  ///< In wire steps.
  bool alive = false;
  bool alarms = false;  ///< What they say is of now.
  bool charge = false;
  bool discharge = false;

 private:
  template <class Q>
  [[nodiscard]] const Q* usable(const std::optional<Sample<Q>>& sample) const noexcept {
    return sample && sample->usable(now_, max_age_) ? &sample->value : nullptr;
  }
  [[nodiscard]] bool on(const std::optional<Sample<bool>>& flag) const noexcept {
    const bool* value = usable(flag);
    return value != nullptr && *value;
  }
  /// Whole percent, rounded down.
  [[nodiscard]] static std::optional<std::int64_t> percent(const BasisPoints* value) noexcept {
    if (value == nullptr || value->count() < 0 || value->count() > kFull) return std::nullopt;
    return value->count() / kBasisPointsPerPercent;
  }

  Instant now_;
  Duration max_age_;
};

CanFrame limits_frame(const EmulatedBattery& battery, const Known& known) noexcept {
  Writer out(FrameId::limits);
  // A limit that has grown old still bounds: beside a current limit of 0 it loosens nothing.
  const auto& ceiling = battery.charge_voltage_limit;
  out.u16(ceiling ? maximum(ceiling->value.count(), kVoltageMax) : 0);
  out.u16(known.charge ? maximum(battery.charge_current_limit->value.count(), kS16Max) : 0);
  out.u16(known.discharge ? maximum(battery.discharge_current_limit->value.count(), kS16Max) : 0);
  if (const auto& floor = battery.discharge_voltage_limit) {
    out.u16(minimum(floor->value.count()).value_or(kVoltageMax));
  }
  return out.frame();
}

constexpr std::uint64_t mask_of(std::initializer_list<Alarm> alarms) noexcept {
  std::uint64_t mask = 0;
  for (const Alarm alarm : alarms) mask |= alarm_bit(alarm);
  return mask;
}

struct AlarmRow {
  std::uint64_t alarms;  ///< Any of these.
  std::uint16_t bit;
};

constexpr AlarmRow kRows[] = {
    {mask_of({Alarm::pack_overvoltage, Alarm::cell_overvoltage}), kOvervoltage},
    {mask_of({Alarm::pack_undervoltage, Alarm::cell_undervoltage}), kUndervoltage},
    {mask_of({Alarm::overtemperature, Alarm::charge_overtemperature,
              Alarm::discharge_overtemperature, Alarm::mosfet_overtemperature}),
     kOvertemperature},
    {mask_of({Alarm::undertemperature, Alarm::charge_undertemperature,
              Alarm::discharge_undertemperature}),
     kUndertemperature},
    {mask_of({Alarm::discharge_overcurrent, Alarm::short_circuit}), kDischargeOvercurrent},
    {mask_of({Alarm::charge_overcurrent}), kChargeOvercurrent},
};

/// The bits of half a frame 359; what no row names is the bit that stands for the rest.
std::uint16_t alarm_word(std::uint64_t mask) noexcept {
  std::uint16_t word = 0;
  for (const AlarmRow& row : kRows) {
    if ((mask & row.alarms) != 0) word = static_cast<std::uint16_t>(word | row.bit);
    mask &= ~row.alarms;
  }
  return static_cast<std::uint16_t>(mask != 0 ? word | kSystemError : word);
}

CanFrame alarm_frame(const EmulatedBattery& battery, const Known& known) noexcept {
  constexpr std::uint64_t kUnsaid = mask_of({Alarm::soc_low});
  std::uint16_t warnings = alarm_word(battery.warnings ? battery.warnings->value & ~kUnsaid : 0);
  if (!known.alive || !known.alarms) warnings = static_cast<std::uint16_t>(warnings | kSystemError);
  Writer out(FrameId::alarms);
  out.u16(alarm_word(battery.alarms ? battery.alarms->value : 0));
  out.u16(warnings);
  out.u8(battery.module_count);
  out.u8('P');
  out.u8('N');
  return out.frame();
}

CanFrame requests_frame(const Known& known) noexcept {
  Writer out(FrameId::requests);
  unsigned bits = 0;
  if (known.charge) bits |= kChargeEnable;
  if (known.discharge) bits |= kDischargeEnable;
  out.u8(static_cast<std::uint8_t>(bits));
  out.u8(0);
  return out.frame();
}

CanFrame manufacturer_frame(std::string_view name) noexcept {
  Writer out(FrameId::manufacturer);
  for (std::size_t i = 0; i < kCanDataSize; ++i) {
    const char c = i < name.size() ? name[i] : ' ';
    out.u8(static_cast<std::uint8_t>(c >= ' ' && c <= '~' ? c : ' '));
  }
  return out.frame();
}

}  // namespace

Burst encode_burst(const EmulatedBattery& battery, Instant now, Duration max_age) noexcept {
  EMS_ASSERT(max_age > Duration::zero());
  const Known known(battery, now, max_age);
  Burst burst;
  burst.push_back(limits_frame(battery, known));
  if (known.soc) {
    Writer out(FrameId::state);
    out.u16(*known.soc);
    if (known.soh) out.u16(*known.soh);
    burst.push_back(out.frame());
  }
  if (known.voltage && known.current) {
    Writer out(FrameId::measured);
    out.u16(*known.voltage);
    out.u16(*known.current);
    if (known.temperature) out.u16(*known.temperature);
    burst.push_back(out.frame());
  }
  burst.push_back(alarm_frame(battery, known));
  burst.push_back(requests_frame(known));
  burst.push_back(manufacturer_frame(battery.manufacturer));
  return burst;
}

}  // namespace ems::protocol::can_lv
