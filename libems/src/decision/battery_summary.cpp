// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/battery_summary.hpp"

#include <cstdint>

#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

/// One number of many batteries, on the way.
template <class Q>
class Combined {
 public:
  void add(Measured<Q> one, bool highest, Instant now) noexcept {
    if (one.sample && one.sample->taken_at > now) one.sample->quality = Quality::bad;
    missing_ = missing_ || !one.sample;
    if (missing_ || !all_.sample) {
      all_ = missing_ ? Measured<Q>{} : one;
      return;
    }
    Sample<Q>& kept = *all_.sample;
    kept.value =
        highest ? max_of(kept.value, one.sample->value) : min_of(kept.value, one.sample->value);
    if (one.sample->quality < kept.quality) kept.quality = one.sample->quality;
    if (one.sample->taken_at + one.stale_after < kept.taken_at + all_.stale_after) {
      kept.taken_at = one.sample->taken_at;
      all_.stale_after = one.stale_after;
    }
  }
  [[nodiscard]] const Measured<Q>& result() const noexcept { return all_; }

 private:
  bool missing_ = false;  ///< One that counts has never been measured.
  Measured<Q> all_{};
};

/// A state of charge outside 0 .. 100 % is none.
Measured<BasisPoints> checked(Measured<BasisPoints> soc) noexcept {
  if (soc.sample &&
      (soc.sample->value < BasisPoints{} || soc.sample->value > BasisPoints{10'000})) {
    soc.sample->quality = Quality::bad;
    soc.sample->value = clamp_to(soc.sample->value, BasisPoints{}, BasisPoints{10'000});
  }
  return soc;
}

/// Weights stop growing here, at a terawatt-hour, so that no sum leaves 64 bit.
constexpr WattHour kWeightMax{std::int64_t{1} << 40};

/// Mean state of charge, by capacity or, where one is unknown, plainly.
class Mean {
 public:
  void add(BasisPoints soc, WattHour capacity) noexcept {
    const std::int64_t weight = min_of(capacity, kWeightMax).count();
    every_capacity_known_ = every_capacity_known_ && weight > 0;
    count_ += 1;
    sum_ += soc.count();
    weight_ += weight;
    weighted_ += weight * soc.count();
  }
  /// @pre something was added.
  [[nodiscard]] BasisPoints value() const noexcept {
    return BasisPoints{
        static_cast<std::int32_t>(every_capacity_known_ ? weighted_ / weight_ : sum_ / count_)};
  }

 private:
  std::int64_t count_ = 0;
  std::int64_t sum_ = 0;
  std::int64_t weight_ = 0;
  std::int64_t weighted_ = 0;
  bool every_capacity_known_ = true;
};

}  // namespace

BatterySummary summarise(std::span<const BatteryView> batteries, Instant now) noexcept {
  EMS_ASSERT(batteries.size() <= 64);
  Combined<BasisPoints> soc_min;
  Combined<BasisPoints> soc_max;
  Combined<MilliCelsius> temperature_min;
  Combined<MilliCelsius> temperature_max;
  Mean mean;
  BatterySummary out;
  for (const BatteryView& battery : batteries) {
    const auto counts = [&battery, now](const auto& measured) {
      return battery.can_move || measured.usable(now);
    };
    if (const Measured<BasisPoints> soc = checked(battery.soc); counts(soc)) {
      soc_min.add(soc, false, now);
      soc_max.add(soc, true, now);
      out.capacity += battery.capacity;
      if (soc.sample) mean.add(soc.sample->value, battery.capacity);
    }
    if (counts(battery.temperature_min)) temperature_min.add(battery.temperature_min, false, now);
    if (counts(battery.temperature_max)) temperature_max.add(battery.temperature_max, true, now);
  }
  out.soc_min = soc_min.result();
  out.soc_max = soc_max.result();
  out.temperature_min = temperature_min.result();
  out.temperature_max = temperature_max.result();
  out.soc = out.soc_min;
  if (out.soc.sample) out.soc.sample->value = mean.value();
  return out;
}

}  // namespace ems::decision
