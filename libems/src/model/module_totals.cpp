// SPDX-License-Identifier: Apache-2.0
#include "ems/model/module_totals.hpp"

#include <algorithm>

namespace ems {
namespace {

enum class How : std::uint8_t { sum, mean, weakest, lowest, highest, all, any };

struct Row {
  Signal signal;
  How how;
  Signal elements{};  ///< Where it can be had from elements instead; the signal itself: it cannot.
};

constexpr Row row(Signal signal, How how) noexcept { return {signal, how, signal}; }

constexpr Row kRows[] = {
    row(Signal::pack_voltage, How::mean),
    row(Signal::pack_current, How::sum),
    row(Signal::pack_power, How::sum),
    row(Signal::soh, How::lowest),
    row(Signal::cycle_count, How::highest),
    row(Signal::remaining_capacity, How::sum),
    row(Signal::full_capacity, How::sum),
    row(Signal::design_capacity, How::sum),
    row(Signal::cell_count, How::highest),
    {Signal::cell_voltage_max, How::highest, Signal::cell_voltage},
    {Signal::cell_voltage_min, How::lowest, Signal::cell_voltage},
    {Signal::cell_temp_max, How::highest, Signal::temperature},
    {Signal::cell_temp_min, How::lowest, Signal::temperature},
    row(Signal::mosfet_temperature, How::highest),
    row(Signal::ambient_temperature, How::highest),
    row(Signal::charge_voltage_limit, How::lowest),
    row(Signal::discharge_voltage_limit, How::highest),
    row(Signal::charge_current_limit, How::weakest),
    row(Signal::discharge_current_limit, How::weakest),
    row(Signal::charge_fet_on, How::all),
    row(Signal::discharge_fet_on, How::all),
    row(Signal::balancing, How::any),
    row(Signal::charge_enable, How::all),
    row(Signal::discharge_enable, How::all),
    row(Signal::force_charge, How::any),
    row(Signal::full_charge_request, How::any),
    row(Signal::heater_on, How::any),
    row(Signal::alarms, How::any),
    row(Signal::warnings, How::any),
    row(Signal::vendor_alarms, How::any),
    row(Signal::energy_charged, How::sum),
    row(Signal::energy_discharged, How::sum),
};
static_assert(std::size(kRows) + 2 <= kModuleTotalsMax);  // And soc, module_count.

struct Part {
  std::int64_t value = 0;
  Instant taken_at{};
};

bool usable(const ImageEntry& entry, Instant now) noexcept {
  const PointSample& sample = entry.sample;
  return (sample.quality == Quality::good || sample.quality == Quality::substituted) &&
         sample.taken_at <= now && now - sample.taken_at < entry.stale_after;
}

std::optional<Part> part_of(const ProcessImage& image, const Point& point, Instant now) noexcept {
  const ImageEntry* entry = image.find(point);
  if (entry == nullptr || !usable(*entry, now)) return std::nullopt;
  return Part{entry->sample.value, entry->sample.taken_at};
}

/// The extreme of one module's elements; nullopt unless every one of them is usable.
std::optional<Part> extreme_of(const ProcessImage& image, AssetId module, Signal signal,
                               bool highest, Instant now) noexcept {
  std::optional<Part> extreme;
  for (const ImageEntry& entry : image.elements(module, signal)) {
    if (!usable(entry, now)) return std::nullopt;
    const Part part{entry.sample.value, entry.sample.taken_at};
    if (!extreme) {
      extreme = part;
      continue;
    }
    extreme->value =
        highest ? std::max(extreme->value, part.value) : std::min(extreme->value, part.value);
    extreme->taken_at = std::min(extreme->taken_at, part.taken_at);
  }
  return extreme;
}

/// Sum with an end: a value that cannot be is no reason to overflow.
std::optional<std::int64_t> add(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

std::int64_t rounded(std::int64_t sum, std::int64_t divisor) noexcept {
  const std::int64_t half = divisor / 2;
  return (sum + (sum < 0 ? -half : half)) / divisor;
}

std::optional<std::int64_t> joined(How how, std::int64_t a, std::int64_t b) noexcept {
  switch (how) {
    case How::sum:
    case How::mean:
      return add(a, b);
    case How::weakest:
    case How::lowest:
      return std::min(a, b);
    case How::highest:
      return std::max(a, b);
    case How::all:
      return a & b;
    case How::any:
      return a | b;
  }
  return std::nullopt;
}

class Totals {
 public:
  Totals(const ProcessImage& image, AssetId battery, std::uint8_t modules, Instant now) noexcept
      : image_(image), battery_(battery), modules_(modules), now_(now) {}

  [[nodiscard]] std::optional<Part> total(const Row& row) const noexcept {
    std::optional<Part> whole;
    for (unsigned number = 1; number <= modules_; ++number) {
      const AssetId module{battery_.kind, static_cast<std::uint8_t>(number), battery_.index};
      std::optional<Part> part = part_of(image_, {module, row.signal, 0}, now_);
      if (!part && row.elements != row.signal) {
        part = extreme_of(image_, module, row.elements, row.how == How::highest, now_);
      }
      if (!part) return std::nullopt;
      if (!whole) {
        whole = part;
        continue;
      }
      const std::optional<std::int64_t> value = joined(row.how, whole->value, part->value);
      if (!value) return std::nullopt;
      whole = Part{*value, std::min(whole->taken_at, part->taken_at)};
    }
    if (!whole) return std::nullopt;
    if (row.how == How::mean) whole->value = rounded(whole->value, modules_);
    if (row.how == How::weakest &&
        __builtin_mul_overflow(whole->value, std::int64_t{modules_}, &whole->value)) {
      return std::nullopt;
    }
    return whole;
  }

  [[nodiscard]] std::optional<Part> state_of_charge() const noexcept {
    const std::optional<Part> left = total(row(Signal::remaining_capacity, How::sum));
    const std::optional<Part> full = total(row(Signal::full_capacity, How::sum));
    const std::optional<Part> said = total(row(Signal::soc, How::mean));
    constexpr std::int64_t kFull = 10'000;
    constexpr std::int64_t kLargest = INT64_MAX / (2 * kFull);
    const bool known = left && full && left->value >= 0 && left->value <= full->value &&
                       full->value > 0 && full->value < kLargest;
    if (!known) return said;
    return Part{rounded(left->value * kFull, full->value),
                std::min(left->taken_at, full->taken_at)};
  }

 private:
  const ProcessImage& image_;
  AssetId battery_;
  std::uint8_t modules_;
  Instant now_;
};

}  // namespace

ModuleTotals module_totals(const ProcessImage& image, AssetId battery, std::uint8_t modules,
                           Instant now) noexcept {
  EMS_ASSERT(battery.module == 0 && modules > 0);
  ModuleTotals totals;
  const Totals whole(image, battery, modules, now);
  const auto give = [&](Signal signal, const std::optional<Part>& part) {
    if (!part) return;
    totals.push_back({{battery, signal, 0}, part->value, part->taken_at, Quality::substituted});
  };
  give(Signal::soc, whole.state_of_charge());
  for (const Row& line : kRows) give(line.signal, whole.total(line));
  give(Signal::module_count, Part{modules, now});
  return totals;
}

}  // namespace ems
