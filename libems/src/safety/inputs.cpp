// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/inputs.hpp"

#include "ems/core/assert.hpp"
#include "safety/values.hpp"

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
Input<Q> to_input(const ImageEntry& entry) noexcept {
  const auto narrow = static_cast<typename Q::Rep>(entry.sample.value);
  if (narrow != entry.sample.value) {  // Given, but not a value we can judge.
    return {{Q{}, entry.sample.taken_at, Quality::bad}, entry.stale_after};
  }
  return {{Q{narrow}, entry.sample.taken_at, entry.sample.quality}, entry.stale_after};
}

template <class Q>
void read(OptionalInput<Q>& input, const ProcessImage& image, AssetId asset,
          Signal signal) noexcept {
  const ImageEntry* entry = image.find({asset, signal, 0});
  if (entry != nullptr) input = to_input<Q>(*entry);
}

/// Many sensors as one value with the worst age, the shortest staleness and the worst quality.
template <class Q>
struct Group {
  bool highest;  ///< Keeps the highest; else the lowest.
  OptionalInput<Q> all{};
  std::uint16_t element = 0;  ///< Of the extreme, counted from 1; 0: unknown.

  void add(const ImageEntry& entry, Instant now) noexcept {
    Input<Q> input = to_input<Q>(entry);
    if (!intact(entry, now)) input.sample.quality = Quality::bad;  // Spoils the whole group.
    if (!all) {
      all = input;
      element = entry.sample.point.element;
      return;
    }
    Sample<Q>& kept = all->sample;
    const Q value = input.sample.value;
    if (highest ? value > kept.value : value < kept.value) {
      kept.value = value;
      element = entry.sample.point.element;
    }
    if (input.sample.taken_at < kept.taken_at) kept.taken_at = input.sample.taken_at;
    if (input.sample.quality < kept.quality) kept.quality = input.sample.quality;
    all->stale_after = min_of(all->stale_after, input.stale_after);
  }
};

/// Sum of the cells of one asset (the battery or one module), and its terminals; terminals that
/// were never given are bad.
CellSum sum_cells(std::span<const ImageEntry> cells, const OptionalInput<MilliVolt>& terminals,
                  Instant now) noexcept {
  EMS_ASSERT(!cells.empty());
  Group<MilliVolt> worst{true};
  std::int64_t sum = 0;
  for (const ImageEntry& cell : cells) {
    worst.add(cell, now);
    sum += cell.sample.value > kInt32Max || cell.sample.value < 0 ? kInt32Max : cell.sample.value;
  }
  CellSum result{*worst.all, {}, static_cast<std::uint16_t>(cells.size())};
  result.sum.sample.value = MilliVolt{detail::narrow(sum)};
  result.terminals.sample.quality = Quality::bad;
  if (terminals) result.terminals = *terminals;
  return result;
}

/// True when `a` disagrees more with its terminals than `b`; what cannot be judged is the worst.
bool worse(const CellSum& a, const CellSum& b) noexcept {
  const auto broken = [](const CellSum& s) {
    return s.sum.sample.quality == Quality::bad || s.terminals.sample.quality == Quality::bad;
  };
  const auto distance = [](const CellSum& s) {
    return detail::magnitude(std::int64_t{s.sum.sample.value.count()} -
                             s.terminals.sample.value.count());
  };
  return broken(a) != broken(b) ? broken(a) : distance(a) > distance(b);
}

void read_cells(BatteryInputs& in, const ProcessImage& image, std::uint16_t expected,
                Instant now) noexcept {
  Group<MilliVolt> highest{true};
  Group<MilliVolt> lowest{false};
  std::optional<CellSum> worst;
  std::size_t elements = 0;
  AssetId previous{};  // Entries are sorted by asset, so a module's cells stand together.
  for (const ImageEntry& entry : image.entries()) {
    const Point& point = entry.sample.point;
    if (!same_battery(point.asset, in.asset)) continue;
    const bool cell = point.signal == Signal::cell_voltage;
    if (cell && point.element == 0) return;  // One value for all cells hides every one of them.
    if (cell || point.signal == Signal::cell_voltage_max) highest.add(entry, now);
    if (cell || point.signal == Signal::cell_voltage_min) lowest.add(entry, now);
    if (!cell) continue;
    ++elements;
    if (point.asset == previous) continue;
    previous = point.asset;
    OptionalInput<MilliVolt> terminals = in.pack_voltage;
    read(terminals, image, point.asset, Signal::pack_voltage);  // Its own, where it has them.
    const CellSum sum =
        sum_cells(image.elements(point.asset, Signal::cell_voltage), terminals, now);
    if (!worst || worse(sum, *worst)) worst = sum;
  }
  if (elements != 0 && elements != expected)
    return;  // A cell without a value is not a healthy one.
  in.cell_voltage_max = highest.all;
  in.cell_voltage_min = lowest.all;
  in.cell_max_element = highest.element;
  in.cell_min_element = lowest.element;
  in.cell_sum = worst;
}

void read_temperatures(BatteryInputs& in, const ProcessImage& image, Instant now) noexcept {
  Group<MilliCelsius> highest{true};
  Group<MilliCelsius> lowest{false};
  for (const ImageEntry& entry : image.entries()) {
    const Point& point = entry.sample.point;
    if (!same_battery(point.asset, in.asset)) continue;
    const bool sensor = point.signal == Signal::temperature;
    if (sensor || point.signal == Signal::cell_temp_max) highest.add(entry, now);
    if (sensor || point.signal == Signal::cell_temp_min) lowest.add(entry, now);
  }
  in.temp_max = highest.all;
  in.temp_min = lowest.all;
  in.temp_max_element = highest.element;
  in.temp_min_element = lowest.element;
}

}  // namespace

BatteryInputs read_inputs(const ProcessImage& image, AssetId battery, std::uint16_t expected_cells,
                          Instant now) noexcept {
  BatteryInputs in{};
  in.asset = battery;
  read(in.pack_voltage, image, battery, Signal::pack_voltage);
  read(in.pack_current, image, battery, Signal::pack_current);
  read(in.soc, image, battery, Signal::soc);
  read(in.pack_power, image, battery, Signal::pack_power);
  read(in.contactor_commanded, image, battery, Signal::contactor_commanded);
  detail::for_each_optional(
      in, [&](detail::Source, Signal signal, auto& input) { read(input, image, battery, signal); });
  read_cells(in, image, expected_cells, now);
  read_temperatures(in, image, now);
  return in;
}

InverterInputs read_inverter_inputs(const ProcessImage& image, AssetId inverter) noexcept {
  InverterInputs in{inverter};
  read(in.dc_pv_power, image, inverter, Signal::dc_pv_power);
  read(in.active_power, image, inverter, Signal::active_power);
  return in;
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
