// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ems/aggregate/energy_ledger.hpp"

namespace ems::aggregate {

namespace {

constexpr std::int64_t kMilliPerUnit = 1'000;
constexpr std::int64_t kMicroPerUnit = 1'000'000;
constexpr std::int64_t kMicrosPerHour = 3'600'000'000;

/// The value at a place of a row, when it is known and trusted.
std::optional<std::int64_t> value_of(const telemetry::Row& row, std::optional<std::size_t> place,
                                     Quality quality_min) {
  if (!place) return std::nullopt;
  const telemetry::RowValue& value = row.values[*place];
  if (!value.valid || value.quality < quality_min) return std::nullopt;
  return value.value;
}

std::optional<std::int64_t> product(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  if (!a || !b) return std::nullopt;
  return ems::detail::saturating_mul(*a, *b);
}

/// A rise that the asset could have made; one count of 1 kWh is always possible.
bool plausible(std::int64_t wh, Duration time, const EnergyOptions& options) {
  constexpr std::int64_t kCoarseCount = 1'000;
  const std::int64_t power_max_w = options.power_max_w > 0 ? options.power_max_w : kPowerNonsenseW;
  return wh <= kCoarseCount ||
         wh - kCoarseCount <= Wide::product(power_max_w, time.count()).floor_div(kMicrosPerHour);
}

}  // namespace

void EnergyLine::row(const GridView& grid, const EnergyOptions& options,
                     std::optional<UtcInstant> before, const telemetry::Row& row) {
  if (held_uw_ && before && row.at > *before && row.at - *before <= options.gap_max) {
    power(grid, {*before, row.at, *held_uw_});
  }
  const auto watts = value_of(row, places.power, options.quality_min);
  held_uw_ = watts ? product(watts, kMicroPerUnit)
                   : product(value_of(row, places.voltage, options.quality_min),
                             value_of(row, places.current, options.quality_min));
  const auto counter = value_of(row, places.counter, options.quality_min);
  if (counter && *counter >= 0) read(grid, options, {row.at, *counter});
  if (base_ && row.at - base_->at > options.bridge_max) give_up(grid);  // Silent for too long.
}

/// A power counts at once, or waits while a counter may answer for it.
void EnergyLine::power(const GridView& grid, const Segment& segment) {
  if (segment.begin >= grid.to() || segment.end <= grid.from()) return;  // Nobody asked.
  if (base_ && !waiting_.empty() && waiting_.back().end == segment.begin &&
      waiting_.back().uw == segment.uw) {
    waiting_.back().end = segment.end;
    return;
  }
  if (base_ && waiting_.full()) {
    give_up(grid);
    ++given_up_;
  }
  if (base_) {
    waiting_.push_back(segment);
  } else {
    speak(grid, segment);
  }
}

void EnergyLine::give_up(const GridView& grid) {
  settle(grid);
  base_.reset();
  suspect_.reset();
}

/// A reading: believed when it goes on from the one before.
void EnergyLine::read(const GridView& grid, const EnergyOptions& options, const Reading& reading) {
  if (!base_) {
    base_ = reading;
    return;
  }
  const Duration time = reading.at - base_->at;
  if (time <= Duration::zero() || time > options.bridge_max) {  // The clock was set back, or ...
    settle(grid);
    base_ = reading;
    suspect_.reset();
    return;
  }
  const bool rose = reading.wh >= base_->wh;
  if (!rose || !plausible(reading.wh - base_->wh, time, options)) {
    return strayed(grid, options, reading);
  }
  count(grid, options, *base_, reading, reading.wh - base_->wh);
  base_ = reading;
  suspect_.reset();
}

/// A reading that does not go on from the base: the end of the counter, one slip, or a counter that
/// began anew, which takes a second reading that goes on from it to be believed.
void EnergyLine::strayed(const GridView& grid, const EnergyOptions& options,
                         const Reading& reading) {
  const std::int64_t modulus = options.counter_modulus_wh;
  if (modulus > base_->wh && reading.wh < base_->wh) {
    const std::int64_t wh = modulus - base_->wh + reading.wh;
    if (plausible(wh, reading.at - base_->at, options)) {
      note(grid, reading.at, &EnergyFigure::wraps);
      count(grid, options, *base_, reading, wh);
      base_ = reading;
      suspect_.reset();
      return;
    }
  }
  const bool goes_on = suspect_ && reading.wh >= suspect_->wh &&
                       plausible(reading.wh - suspect_->wh, reading.at - suspect_->at, options);
  if (!goes_on) {
    suspect_ = reading;
    return;
  }
  const Reading begin = *suspect_;
  note(grid, begin.at, &EnergyFigure::resets);
  // Between the two counters nothing is taken from either: power answers, or nothing does.
  for (Segment& segment : waiting_) segment.end = std::min(segment.end, begin.at);
  settle(grid);
  count(grid, options, begin, reading, reading.wh - begin.wh);
  base_ = reading;
  suspect_.reset();
}

/// Energy between two readings, over the periods in proportion to time.
void EnergyLine::count(const GridView& grid, const EnergyOptions& options, const Reading& from,
                       const Reading& to, std::int64_t wh) {
  waiting_.clear();
  const std::int64_t mwh = ems::detail::saturating_mul(wh, kMilliPerUnit);
  const Duration time = to.at - from.at;
  // Whole differences of one rising function: the shares of a pair always add up to it.
  const auto until = [&](UtcInstant at) {
    return at == to.at ? mwh : Wide::product(mwh, (at - from.at).count()).floor_div(time.count());
  };
  claimed_.claim_in(
      grid, from.at, to.at, [&](std::size_t bucket, UtcInstant first, UtcInstant last) {
        EnergyFigure& figure = figures_[bucket];
        figure.counter_mwh =
            ems::detail::saturating_add(figure.counter_mwh, until(last) - until(first));
        figure.known_counter += last - first;
        const bool beyond = from.at < grid.begin_of(bucket) || to.at > grid.end_of(bucket);
        if (beyond && time > options.gap_max) figure.spread += last - first;
      });
}

void EnergyLine::speak(const GridView& grid, const Segment& segment) {
  const bool counts = segment.uw != 0 && (segment.uw > 0) == (sign_ > 0);
  claimed_.claim_in(grid, segment.begin, segment.end,
                    [&](std::size_t bucket, UtcInstant first, UtcInstant last) {
                      EnergyFigure& figure = figures_[bucket];
                      const Duration time = last - first;
                      figure.known_power += time;
                      if (!counts) return;
                      const Wide energy = Wide::product(segment.uw, time.count());
                      figure.power += sign_ > 0 ? energy : -energy;
                    });
}

void EnergyLine::settle(const GridView& grid) {
  for (const Segment& segment : waiting_) speak(grid, segment);
  waiting_.clear();
}

void EnergyLine::note(const GridView& grid, UtcInstant at, std::uint32_t EnergyFigure::*counter) {
  if (const auto bucket = grid.bucket_at(at)) ++(figures_[*bucket].*counter);
}

}  // namespace ems::aggregate
