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

constexpr std::int64_t kWhole = 10'000;  ///< Basis points.

/// Capacities are scaled to at most this each, so that any product with a site's watts fits 63
/// bits.
constexpr std::int64_t kCapacityMax = std::int64_t{1} << 24;

void assert_sound(const Inverter& inverter) noexcept {
  EMS_ASSERT(inverter.rating.contains(Watt{}));
  for (const Interval& phase : inverter.phases) EMS_ASSERT(phase.contains(Watt{}));
  for (const Battery& battery : inverter.batteries) {
    EMS_ASSERT(battery.bounds.lo <= battery.bounds.hi);
    EMS_ASSERT(battery.capacity >= WattHour{});
    EMS_ASSERT(!battery.soc || (*battery.soc >= BasisPoints{} && *battery.soc <= 10'000_bp));
    EMS_ASSERT(BasisPoints{} <= battery.soc_min && battery.soc_min <= battery.soc_max &&
               battery.soc_max <= 10'000_bp);
  }
}

/// Rating and phases together.
Interval limits_of(const Inverter& inverter) noexcept {
  Interval out{max_of(inverter.rating.lo, -kRatingMax), min_of(inverter.rating.hi, kRatingMax)};
  const auto phases = static_cast<std::int32_t>(inverter.phases.size());
  for (const Interval& phase : inverter.phases) {
    out.lo = max_of(out.lo, phase.lo * phases);
    out.hi = min_of(out.hi, phase.hi * phases);
  }
  return out;
}

WattHour capacity_of(const Inverter& inverter) noexcept {
  WattHour sum{};
  for (const Battery& battery : inverter.batteries) sum += battery.capacity;
  return sum;
}

/// Energy to go in one direction; nullopt when any battery's state of charge is unknown. Batteries
/// on one bus share its current: the one with the least left ends it for all.
std::optional<WattHour> energy_of(const Inverter& inverter, bool discharging) noexcept {
  std::int64_t least = kWhole;
  for (const Battery& battery : inverter.batteries) {
    if (!battery.soc) return std::nullopt;
    const BasisPoints span =
        discharging ? *battery.soc - battery.soc_min : battery.soc_max - *battery.soc;
    least = std::clamp<std::int64_t>(span.count(), 0, least);
  }
  // Divided first where the product would not fit.
  const std::int64_t capacity = capacity_of(inverter).count();
  return WattHour{capacity / kWhole * least + capacity % kWhole * least / kWhole};
}

std::int64_t sum_of(const PerInverter& values) noexcept {
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value;
  return sum;
}

/// Energies as weights; all 0 when there is none. Scaled down together where they are large, and
/// evened out below kEnergyFloor.
PerInverter weights_of(PerInverter energy, PerInverter capacity) noexcept {
  while (*std::max_element(capacity.begin(), capacity.end()) > kCapacityMax) {
    for (std::int64_t& one : capacity) one /= 2;
    for (std::int64_t& one : energy) one /= 2;
  }
  const std::int64_t all = sum_of(energy);
  if (all == 0) return {};
  const std::int64_t missing = sum_of(capacity) * kEnergyFloor.count() / kWhole - all;
  const auto count = std::count_if(capacity.begin(), capacity.end(), [](auto c) { return c > 0; });
  if (missing <= 0) return energy;
  for (std::size_t i = 0; i < kInvertersMax; ++i) {
    if (capacity[i] > 0) energy[i] += missing / count;
  }
  return energy;
}

/// The inverter with room and the most weight for each watt, had it one more; the first of equals.
/// kInvertersMax when nobody with a weight has room.
std::size_t next_in_turn(const PerInverter& weights, const PerInverter& room,
                         const PerInverter& given) noexcept {
  std::size_t best = kInvertersMax;
  for (std::size_t i = 0; i < kInvertersMax; ++i) {
    if (weights[i] == 0 || given[i] == room[i]) continue;
    const bool better =
        best == kInvertersMax || weights[i] * (given[best] + 1) > weights[best] * (given[i] + 1);
    if (better) best = i;
  }
  return best;
}

/// Gives out `rest` as if watt by watt to whoever is next_in_turn(): first what each is certain to
/// get, in one stroke. @return what nobody with a weight has room for.
std::int64_t give_by_weight(std::int64_t rest, const PerInverter& weights, const PerInverter& room,
                            PerInverter& given) noexcept {
  PerInverter open = weights;  // Of those that are not full.
  for (bool filled = true; filled;) {
    filled = false;
    const std::int64_t sum = sum_of(open);
    const std::int64_t level = rest;
    for (std::size_t i = 0; i < kInvertersMax; ++i) {
      if (open[i] == 0 || level * open[i] < room[i] * sum) continue;
      given[i] = room[i];
      rest -= room[i];
      open[i] = 0;
      filled = true;
    }
  }
  const std::int64_t sum = sum_of(open);
  const std::int64_t level = rest;
  for (std::size_t i = 0; i < kInvertersMax; ++i) {
    if (open[i] == 0) continue;
    given[i] = level * open[i] / sum;
    rest -= given[i];
  }
  while (rest > 0) {  // Fewer watts than inverters.
    const std::size_t next = next_in_turn(weights, room, given);
    if (next == kInvertersMax) break;
    ++given[next];
    --rest;
  }
  return rest;
}

/// Splits `rest` >= 0 into parts 0 .. room: by weight, then to those without one by room.
PerInverter share_out(std::int64_t rest, const PerInverter& weights,
                      const PerInverter& room) noexcept {
  PerInverter given{};
  rest = give_by_weight(rest, weights, room, given);
  if (rest > 0) {
    PerInverter others = room;
    for (std::size_t i = 0; i < kInvertersMax; ++i) {
      if (weights[i] > 0) others[i] = 0;
    }
    rest = give_by_weight(rest, others, room, given);
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
  const Interval limits = limits_of(inverter);
  return {limits.nearest(sum.lo), limits.nearest(sum.hi)};
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
  PerInverter energy{};
  PerInverter capacity{};
  bool energy_known = true;
  for (std::size_t i = 0; i < inverters.size(); ++i) {
    if (!can_be_commanded(inverters[i])) continue;
    Share& share = out.shares[i];
    room[i] = upwards ? std::int64_t{share.bounds.hi.count()} - share.power.count()
                      : std::int64_t{share.power.count()} - share.bounds.lo.count();
    const std::optional<WattHour> known = energy_of(inverters[i], upwards);
    if (known) {
      energy[i] = known->count();
      capacity[i] = capacity_of(inverters[i]).count();
    }
    if (room[i] == 0) continue;
    share.energy = known;
    energy_known = energy_known && known;
  }
  PerInverter weights = energy_known ? weights_of(energy, capacity) : PerInverter{};
  const bool by_energy = weights != PerInverter{};
  if (!by_energy) weights.fill(1);

  const PerInverter given = share_out(rest, weights, room);
  // Of those that can move: is one too small for its part, so that the others take more than
  // theirs?
  std::int64_t weight_sum = 0;
  for (std::size_t i = 0; i < kInvertersMax; ++i) weight_sum += room[i] > 0 ? weights[i] : 0;
  bool somebody_full = false;
  for (std::size_t i = 0; i < kInvertersMax; ++i) {
    somebody_full = somebody_full || (room[i] > 0 && room[i] * weight_sum < rest * weights[i]);
  }

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
    } else if (somebody_full) {
      share.reason = Reason::takes_rest;
    } else {
      share.reason = by_energy ? Reason::by_energy : Reason::equally;
    }
  }
  out.cross_charging = charges && discharges;
  return out;
}

}  // namespace ems::distribute
