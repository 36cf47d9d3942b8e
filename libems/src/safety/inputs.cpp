// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/inputs.hpp"

#include <limits>

#include "ems/core/assert.hpp"

namespace ems::safety {

namespace {

constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();

/// Arrived whole and is of now; it may still be uncertain.
bool intact(const ImageEntry& entry, Instant now) noexcept {
  const Instant taken_at = entry.sample.taken_at;
  return entry.sample.quality != Quality::bad && taken_at <= now &&
         now - taken_at < entry.stale_after;
}

bool same_battery(AssetId a, AssetId battery) noexcept {
  return a.kind == battery.kind && a.index == battery.index;
}

template <class Q>
OptionalInput<Q> to_input(const ImageEntry& entry) noexcept {
  const auto narrow = static_cast<typename Q::Rep>(entry.sample.value);
  if (narrow != entry.sample.value) {  // Given, but not a value we can judge.
    return Input<Q>{{Q{}, entry.sample.taken_at, Quality::bad}, entry.stale_after};
  }
  return Input<Q>{{Q{narrow}, entry.sample.taken_at, entry.sample.quality}, entry.stale_after};
}

template <class Q>
OptionalInput<Q> read(const ProcessImage& image, AssetId asset, Signal signal) noexcept {
  const ImageEntry* entry = image.find({asset, signal, 0});
  return entry == nullptr ? std::nullopt : to_input<Q>(*entry);
}

/// Many sensors as one value with the worst age, the shortest staleness and the worst quality.
template <class Q>
class Group {
 public:
  enum class Keep : std::uint8_t { highest, lowest };
  explicit Group(Keep keep) noexcept : keep_(keep) {}

  void add(const ImageEntry& entry, Instant now) noexcept {
    Input<Q> input = *to_input<Q>(entry);
    if (!intact(entry, now)) input.sample.quality = Quality::bad;  // Spoils the whole group.
    const std::uint16_t element = entry.sample.point.element;
    if (!all_) {
      all_ = input;
      element_ = element;
      return;
    }
    const Q value = input.sample.value;
    Q& kept = all_->sample.value;
    if (keep_ == Keep::highest ? value > kept : value < kept) {
      kept = value;
      element_ = element;
    }
    worsen(*all_, input);
  }
  /// Takes the age, staleness and quality of `input` over where they are worse.
  template <class R>
  static void worsen(Input<Q>& into, const Input<R>& input) noexcept {
    if (input.sample.taken_at < into.sample.taken_at) into.sample.taken_at = input.sample.taken_at;
    if (input.sample.quality < into.sample.quality) into.sample.quality = input.sample.quality;
    into.stale_after = min_of(into.stale_after, input.stale_after);
  }
  [[nodiscard]] const OptionalInput<Q>& result() const noexcept { return all_; }
  /// Of the extreme, counted from 1; 0: unknown.
  [[nodiscard]] std::uint16_t element() const noexcept { return element_; }

 private:
  Keep keep_;
  std::uint16_t element_ = 0;
  OptionalInput<Q> all_{};
};

using Volts = Group<MilliVolt>;
using Temps = Group<MilliCelsius>;

/// Sum of the cells of one asset (the battery or one module).
struct ModuleSum {
  Input<MilliVolt> sum{};
  std::uint16_t cells = 0;
};

ModuleSum sum_cells(std::span<const ImageEntry> cells, Instant now) noexcept {
  EMS_ASSERT(!cells.empty());
  Volts worst(Volts::Keep::highest);
  std::int64_t sum = 0;
  for (const ImageEntry& cell : cells) {
    worst.add(cell, now);
    sum += cell.sample.value > kInt32Max || cell.sample.value < 0 ? kInt32Max : cell.sample.value;
  }
  ModuleSum result{*worst.result(), static_cast<std::uint16_t>(cells.size())};
  result.sum.sample.value = MilliVolt{static_cast<std::int32_t>(sum < kInt32Max ? sum : kInt32Max)};
  return result;
}

std::int64_t distance(const CellSum& sum) noexcept {
  const std::int64_t d =
      static_cast<std::int64_t>(sum.sum.sample.value.count()) - sum.terminals.sample.value.count();
  return d < 0 ? -d : d;
}

/// The module whose cells disagree most with its terminals; a module that cannot be judged wins.
class WorstSum {
 public:
  void add(const ModuleSum& module, const OptionalInput<MilliVolt>& terminals) noexcept {
    CellSum candidate{module.sum, {}, module.cells};
    const bool judged = terminals.has_value();
    if (judged) candidate.terminals = *terminals;
    if (!judged) candidate.terminals.sample.quality = Quality::bad;
    const auto broken = [](const CellSum& s) {
      return s.sum.sample.quality == Quality::bad || s.terminals.sample.quality == Quality::bad;
    };
    const bool first = !worst_;
    const bool worse =
        !first && (broken(candidate) != broken(*worst_) ? broken(candidate)
                                                        : distance(candidate) > distance(*worst_));
    if (first || worse) worst_ = candidate;
  }
  [[nodiscard]] const std::optional<CellSum>& result() const noexcept { return worst_; }

 private:
  std::optional<CellSum> worst_{};
};

void read_cells(BatteryInputs& in, const ProcessImage& image, std::uint16_t expected,
                Instant now) noexcept {
  Volts highest(Volts::Keep::highest);
  Volts lowest(Volts::Keep::lowest);
  WorstSum sums;
  std::size_t elements = 0;
  AssetId previous{};  // Entries are sorted by asset, so a module's cells stand together.
  for (const ImageEntry& entry : image.entries()) {
    const Point& point = entry.sample.point;
    if (!same_battery(point.asset, in.asset)) continue;
    if (point.signal == Signal::cell_voltage) {
      highest.add(entry, now);
      lowest.add(entry, now);
      ++elements;
      if (point.asset != previous) {
        previous = point.asset;
        OptionalInput<MilliVolt> own = read<MilliVolt>(image, point.asset, Signal::pack_voltage);
        if (!own) own = in.pack_voltage;
        sums.add(sum_cells(image.elements(point.asset, Signal::cell_voltage), now), own);
      }
    }
    if (point.signal == Signal::cell_voltage_max) highest.add(entry, now);
    if (point.signal == Signal::cell_voltage_min) lowest.add(entry, now);
  }
  if (elements != 0 && elements != expected)
    return;  // A cell without a value is not a healthy one.
  in.cell_voltage_max = highest.result();
  in.cell_voltage_min = lowest.result();
  in.cell_max_element = highest.element();
  in.cell_min_element = lowest.element();
  in.cell_sum = sums.result();
}

void read_temperatures(BatteryInputs& in, const ProcessImage& image, Instant now) noexcept {
  Temps highest(Temps::Keep::highest);
  Temps lowest(Temps::Keep::lowest);
  for (const ImageEntry& entry : image.entries()) {
    const Point& point = entry.sample.point;
    if (!same_battery(point.asset, in.asset)) continue;
    const bool sensor = point.signal == Signal::temperature;
    if (sensor || point.signal == Signal::cell_temp_max) highest.add(entry, now);
    if (sensor || point.signal == Signal::cell_temp_min) lowest.add(entry, now);
  }
  in.temp_max = highest.result();
  in.temp_min = lowest.result();
  in.temp_max_element = highest.element();
  in.temp_min_element = lowest.element();
}

}  // namespace

BatteryInputs read_inputs(const ProcessImage& image, AssetId battery, std::uint16_t expected_cells,
                          Instant now) noexcept {
  BatteryInputs in{};
  in.asset = battery;
  in.pack_voltage = read<MilliVolt>(image, battery, Signal::pack_voltage);
  in.pack_current = read<MilliAmp>(image, battery, Signal::pack_current);
  in.soc = read<BasisPoints>(image, battery, Signal::soc);
  read_cells(in, image, expected_cells, now);
  read_temperatures(in, image, now);
  in.charge_voltage_limit = read<MilliVolt>(image, battery, Signal::charge_voltage_limit);
  in.discharge_voltage_limit = read<MilliVolt>(image, battery, Signal::discharge_voltage_limit);
  in.charge_current_limit = read<MilliAmp>(image, battery, Signal::charge_current_limit);
  in.discharge_current_limit = read<MilliAmp>(image, battery, Signal::discharge_current_limit);
  in.charge_fet_on = read<Flag>(image, battery, Signal::charge_fet_on);
  in.discharge_fet_on = read<Flag>(image, battery, Signal::discharge_fet_on);
  in.charge_enable = read<Flag>(image, battery, Signal::charge_enable);
  in.discharge_enable = read<Flag>(image, battery, Signal::discharge_enable);
  in.alarms = read<AlarmBits>(image, battery, Signal::alarms);
  in.pack_power = read<Watt>(image, battery, Signal::pack_power);
  in.insulation_resistance = read<KiloOhm>(image, battery, Signal::insulation_resistance);
  in.smoke_detected = read<Flag>(image, battery, Signal::smoke_detected);
  in.gas_detected = read<Flag>(image, battery, Signal::gas_detected);
  in.contactor_closed = read<Flag>(image, battery, Signal::contactor_closed);
  in.contactor_commanded = read<Flag>(image, battery, Signal::contactor_commanded);
  return in;
}

InverterInputs read_inverter_inputs(const ProcessImage& image, AssetId inverter) noexcept {
  return {inverter, read<Watt>(image, inverter, Signal::dc_pv_power),
          read<Watt>(image, inverter, Signal::active_power)};
}

bool read_estop(const ProcessImage& image, std::size_t declared, Instant now) noexcept {
  std::size_t released = 0;
  for (const ImageEntry& entry : image.entries()) {
    if (entry.sample.point.signal != Signal::estop_pressed) continue;
    const bool known = entry.sample.quality != Quality::uncertain && intact(entry, now);
    if (!known || entry.sample.value != 0) return true;
    ++released;
  }
  return released < declared;
}

}  // namespace ems::safety
