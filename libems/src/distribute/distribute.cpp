// SPDX-License-Identifier: Apache-2.0
#include "ems/distribute/distribute.hpp"

#include <algorithm>
#include <array>

#include "ems/core/assert.hpp"

namespace ems::distribute {

namespace {

static_assert(kInvertersMax <= static_cast<std::size_t>(Watt::max().count() / kRatingMax.count()));

/// One number per inverter, in 64 bit.
using PerInverter = std::array<std::int64_t, kInvertersMax>;

/// Weights are scaled so that their sum is at most this; times a site's watts it fits 63 bits.
constexpr std::int64_t kWeightSumMax = std::int64_t{1} << 27;

void assert_sound(const Inverter& inverter) noexcept {
  EMS_ASSERT(inverter.rating.lo <= Watt{} && Watt{} <= inverter.rating.hi);
  for (const Battery& battery : inverter.batteries) {
    EMS_ASSERT(battery.bounds.lo <= battery.bounds.hi);
    EMS_ASSERT(battery.capacity >= WattHour{});
    EMS_ASSERT(!battery.soc || (*battery.soc >= BasisPoints{} && *battery.soc <= 10'000_bp));
    EMS_ASSERT(BasisPoints{} <= battery.soc_min && battery.soc_min <= battery.soc_max &&
               battery.soc_max <= 10'000_bp);
  }
}

/// Energy above soc_min (discharging) or room below soc_max (charging); nullopt when any battery's
/// state of charge is unknown.
std::optional<WattHour> energy_of(const Inverter& inverter, bool discharging) noexcept {
  WattHour sum{};
  for (const Battery& battery : inverter.batteries) {
    if (!battery.soc) return std::nullopt;
    const BasisPoints span =
        discharging ? *battery.soc - battery.soc_min : battery.soc_max - *battery.soc;
    const std::int64_t points = std::max<std::int32_t>(span.count(), 0);
    // Divided first where the product would not fit: a battery that large loses at most 1e-4 Wh.
    const std::int64_t whole = battery.capacity.count() / 10'000 * points;
    const std::int64_t rest = battery.capacity.count() % 10'000 * points / 10'000;
    sum += WattHour{whole + rest};
  }
  return sum;
}

std::int64_t sum_of(const PerInverter& values) noexcept {
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value;
  return sum;
}

/// Scales weights down together until their sum is at most kWeightSumMax; none becomes negative.
PerInverter scaled(PerInverter weights) noexcept {
  // Each alone first, so that the sum cannot overflow.
  const auto too_large = [&weights] {
    for (const std::int64_t weight : weights) {
      if (weight > kWeightSumMax / static_cast<std::int64_t>(kInvertersMax)) return true;
    }
    return false;
  };
  while (too_large()) {
    for (std::int64_t& weight : weights) weight /= 2;
  }
  return weights;
}

/// Gives out `rest` in proportion to weights, each at most its room; nothing where the weight is 0.
/// @return what remains because of the rooms.
std::int64_t give_by_weight(std::int64_t rest, const PerInverter& raw_weights,
                            const PerInverter& room, PerInverter& given) noexcept {
  const PerInverter weights = scaled(raw_weights);
  const std::int64_t sum = sum_of(weights);
  if (sum == 0) return rest;
  std::int64_t remaining = rest;
  for (std::size_t i = 0; i < kInvertersMax; ++i) {
    const std::int64_t part = std::min(rest * weights[i] / sum, room[i] - given[i]);
    given[i] += part;
    remaining -= part;
  }
  // The watts that integer division left over: one each, in order.
  for (std::size_t i = 0; i < kInvertersMax && remaining > 0; ++i) {
    if (weights[i] == 0 || given[i] == room[i]) continue;
    ++given[i];
    --remaining;
  }
  return remaining;
}

/// Splits `rest` >= 0 into parts 0 .. room: by weight, then by the room left, then in order.
PerInverter share_out(std::int64_t rest, const PerInverter& weights, const PerInverter& room,
                      PerInverter& proportional) noexcept {
  PerInverter given{};
  rest = give_by_weight(rest, weights, room, given);
  proportional = given;

  PerInverter room_left{};
  for (std::size_t i = 0; i < kInvertersMax; ++i) room_left[i] = room[i] - given[i];
  rest = give_by_weight(rest, room_left, room, given);

  for (std::size_t i = 0; i < kInvertersMax; ++i) {
    const std::int64_t part = std::min(rest, room[i] - given[i]);
    given[i] += part;
    rest -= part;
  }
  EMS_ASSERT(rest == 0);
  return given;
}

bool can_be_commanded(const Inverter& inverter) noexcept {
  return inverter.available && !inverter.batteries.empty();
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::unavailable:
      return "unavailable";
    case Reason::idle:
      return "idle";
    case Reason::by_energy:
      return "by_energy";
    case Reason::equally:
      return "equally";
    case Reason::at_limit:
      return "at_limit";
    case Reason::takes_rest:
      return "takes_rest";
    case Reason::forced:
      return "forced";
  }
  return "unknown";
}

Interval inverter_bounds(const Inverter& inverter) noexcept {
  assert_sound(inverter);
  if (!can_be_commanded(inverter)) return {};
  Interval sum{};
  for (const Battery& battery : inverter.batteries) sum = sum + battery.bounds;
  const Interval rating{max_of(inverter.rating.lo, -kRatingMax),
                        min_of(inverter.rating.hi, kRatingMax)};
  return {rating.nearest(sum.lo), rating.nearest(sum.hi)};
}

Interval site_bounds(std::span<const Inverter> inverters) noexcept {
  EMS_ASSERT(inverters.size() <= kInvertersMax);
  Interval sum{};
  for (const Inverter& inverter : inverters) sum = sum + inverter_bounds(inverter);
  return sum;
}

Distribution split(Watt target, std::span<const Inverter> inverters) noexcept {
  Distribution out;
  out.asked = target;
  out.bounds = site_bounds(inverters);
  out.target = out.bounds.nearest(target);

  // Everybody starts at the power of its bounds nearest to 0; the rest moves all in one direction.
  std::int64_t start = 0;
  for (const Inverter& inverter : inverters) {
    const Interval bounds = inverter_bounds(inverter);
    out.shares.push_back({.power = bounds.nearest(Watt{}), .bounds = bounds, .energy = {}});
    start += out.shares.back().power.count();
  }
  const bool upwards = out.target.count() >= start;
  const std::int64_t rest = upwards ? out.target.count() - start : start - out.target.count();

  PerInverter room{};
  PerInverter weights{};
  bool energy_known = true;
  for (std::size_t i = 0; i < inverters.size(); ++i) {
    Share& share = out.shares[i];
    if (!can_be_commanded(inverters[i])) continue;
    room[i] = upwards ? std::int64_t{share.bounds.hi.count()} - share.power.count()
                      : std::int64_t{share.power.count()} - share.bounds.lo.count();
    if (room[i] == 0) continue;
    share.energy = energy_of(inverters[i], upwards);
    weights[i] = share.energy ? share.energy->count() : 0;
    energy_known = energy_known && share.energy;
  }
  const bool by_energy = energy_known && scaled(weights) != PerInverter{};
  if (!by_energy) {
    for (std::size_t i = 0; i < inverters.size(); ++i) weights[i] = room[i] > 0 ? 1 : 0;
  }

  PerInverter proportional{};
  const PerInverter given = share_out(rest, weights, room, proportional);

  bool charges = false;
  bool discharges = false;
  for (std::size_t i = 0; i < inverters.size(); ++i) {
    Share& share = out.shares[i];
    const bool starts_forced = share.power != Watt{};
    const std::int64_t moved = upwards ? given[i] : -given[i];
    share.power = Watt{static_cast<std::int32_t>(share.power.count() + moved)};
    charges = charges || share.power < Watt{};
    discharges = discharges || share.power > Watt{};

    if (!can_be_commanded(inverters[i])) {
      share.reason = Reason::unavailable;
    } else if (given[i] == 0) {
      share.reason = starts_forced ? Reason::forced : Reason::idle;
    } else if (given[i] == room[i]) {
      share.reason = Reason::at_limit;
    } else if (given[i] > proportional[i]) {
      share.reason = Reason::takes_rest;
    } else {
      share.reason = by_energy ? Reason::by_energy : Reason::equally;
    }
  }
  out.cross_charging = charges && discharges;
  return out;
}

}  // namespace ems::distribute
