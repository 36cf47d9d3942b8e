// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/economic.hpp"

#include <algorithm>

#include "decision/slots.hpp"
#include "decision/soc_stop.hpp"
#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

constexpr std::int64_t kWhole = 10'000;  // Basis points.

constexpr Watt share_of(Watt power, std::int64_t share_bp) noexcept {
  return Watt{mul_div(power.count(), static_cast<std::int32_t>(share_bp), kWhole)};
}

/// Power to buy with. @pre price < config.buy_below.
Watt buying(const PriceConfig& config, Price price) noexcept {
  if (price < Price{}) return config.power;
  const std::int64_t below = config.buy_below.count();
  const std::int64_t share = (below - price.count()) * kWhole / below;
  return share_of(config.power, std::max<std::int64_t>(share, config.share_at_threshold.count()));
}

/// Power to sell with. @pre price > config.sell_above.
Watt selling(const PriceConfig& config, Price price) noexcept {
  if (config.sell_above <= Price{}) return config.power;
  const std::int64_t above = config.sell_above.count();
  const std::int64_t share =
      config.share_at_threshold.count() +
      min_of(price - config.sell_above, config.sell_above).count() * kWhole / above;
  return share_of(config.power, std::min(share, kWhole));
}

/// The price of now, or why there is none.
struct Lookup {
  std::optional<PriceSlot> slot{};
  PolicyStatus status = PolicyStatus::acting;
};

Lookup price_at(const PriceConfig& config, const std::optional<PriceTable>& prices,
                const WallTime& wall) noexcept {
  if (!prices) return {.status = PolicyStatus::no_demand};
  if (!wall.set()) return {.status = PolicyStatus::clock_unset};
  if (prices->made_at > wall.utc) return {.status = PolicyStatus::stale};
  if (wall.utc - prices->made_at >= config.age_max) return {.status = PolicyStatus::too_old};
  const PriceSlot* slot = slot_at(prices->slots, wall.utc);
  if (slot == nullptr || prices->end <= wall.utc || !(prices->currency == config.currency)) {
    return {.status = PolicyStatus::not_covered};
  }
  return {.slot = *slot};
}

/// The first open window; nullopt when none is.
std::optional<std::uint8_t> open_window(const TimeOfUseConfig& config,
                                        const LocalTime& local) noexcept {
  for (std::size_t i = 0; i < config.windows.size(); ++i) {
    if (is_open(config.windows[i].when, local)) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

}  // namespace

PolicyOutput zero_export(const ZeroExportConfig& config,
                         const std::optional<NetLoad>& net_load) noexcept {
  EMS_ASSERT(validate(config).has_value());
  if (!net_load) return output_of(PolicyId::zero_export, PolicyStatus::stale);
  PolicyOutput output = output_of(PolicyId::zero_export, PolicyStatus::acting);
  output.demand.constraint = Band::at_most(net_load->power + config.tolerance);
  return output;
}

std::string_view to_string(WindowAction action) noexcept {
  switch (action) {
    case WindowAction::charge:
      return "charge";
    case WindowAction::discharge:
      return "discharge";
    case WindowAction::hold:
      return "hold";
  }
  return "unknown";
}

TimeOfUseStep time_of_use(const TimeOfUseState& state, const TimeOfUseConfig& config,
                          const WallTime& wall, const BatterySummary& batteries, bool priced,
                          Instant now) noexcept {
  const auto abstain = [](PolicyStatus status) {
    return TimeOfUseStep{.output = output_of(PolicyId::time_of_use, status)};
  };
  if (config.only_without_prices && priced) return abstain(PolicyStatus::not_applicable);
  const std::optional<LocalTime> local = local_time(wall);
  if (!local) return abstain(PolicyStatus::clock_unset);
  const std::optional<std::uint8_t> open = open_window(config, *local);
  if (!open) return abstain(PolicyStatus::watching);

  const TimeOfUseWindow& window = config.windows[*open];
  const bool charges = window.action == WindowAction::charge;
  TimeOfUseStep out{.state = {.window = open},
                    .output = output_of(PolicyId::time_of_use, PolicyStatus::acting)};
  if (window.soc_stop) {
    if (!batteries.soc.usable(now)) {
      out.output.status = PolicyStatus::stale;
      return out;
    }
    const auto reached = charges ? reached_above : reached_below;
    const bool before = state.window == open && state.stopped;
    out.state.stopped =
        reached(before, batteries.soc.sample->value, *window.soc_stop, config.soc_hysteresis);
  }
  if (out.state.stopped) out.output.status = PolicyStatus::satisfied;
  if (out.state.stopped || window.action == WindowAction::hold) {
    out.output.demand.preference = Band::at_most(Watt{});
  } else {
    out.output.demand.preference = Band::point(charges ? -window.power : window.power);
  }
  return out;
}

PriceStep price(const PriceState& state, const PriceConfig& config,
                const std::optional<PriceTable>& prices, const WallTime& wall,
                const BatterySummary& batteries, Instant now) noexcept {
  EMS_ASSERT(config.power > Watt{} && config.buy_below <= config.sell_above);
  const Lookup found = price_at(config, prices, wall);
  PriceStep out{
      .state = state, .output = output_of(PolicyId::price, found.status), .slot = found.slot};
  if (!found.slot) return out;
  if (!batteries.soc.usable(now)) {
    out.output.status = PolicyStatus::stale;
    return out;
  }
  const BasisPoints soc = batteries.soc.sample->value;
  out.state.full = reached_above(state.full, soc, config.soc_buy_max, config.soc_hysteresis);
  out.state.empty = reached_below(state.empty, soc, config.soc_sell_min, config.soc_hysteresis);

  auto& preference = out.output.demand.preference;
  if (found.slot->buy < config.buy_below) {
    if (out.state.full) out.output.status = PolicyStatus::satisfied;
    preference =
        out.state.full ? Band::at_most(Watt{}) : Band::point(-buying(config, found.slot->buy));
  } else if (found.slot->sell > config.sell_above) {
    if (out.state.empty) {
      out.output.status = PolicyStatus::satisfied;
    } else {
      preference = Band::point(selling(config, found.slot->sell));
    }
  } else {
    out.output.status = PolicyStatus::watching;
  }
  return out;
}

SelfConsumptionStep self_consumption(const SelfConsumptionState& state,
                                     const SelfConsumptionConfig& config,
                                     const std::optional<NetLoad>& net_load,
                                     const BatterySummary& batteries, Instant now) noexcept {
  EMS_ASSERT(validate(config).has_value());
  SelfConsumptionStep out{.state = state,
                          .output = output_of(PolicyId::self_consumption, PolicyStatus::acting)};
  out.state.storing = false;
  if (!net_load || (needs_soc(config) && !batteries.soc.usable(now))) {
    out.output.status = PolicyStatus::stale;
    return out;
  }
  if (needs_soc(config)) {
    const BasisPoints soc = batteries.soc.sample->value;
    out.state.full = config.soc_store_max < BasisPoints{kWhole} &&
                     reached_above(state.full, soc, config.soc_store_max, config.soc_hysteresis);
    out.state.empty = config.soc_feed_min > BasisPoints{} &&
                      reached_below(state.empty, soc, config.soc_feed_min, config.soc_hysteresis);
  }

  const Watt middle = net_load->power - config.pcc_target;
  const Watt surplus = -middle;
  if (surplus > Watt{}) {
    out.state.storing = surplus >= (state.storing ? config.surplus_stop : config.surplus_start);
    if (!out.state.storing) {
      out.output.status = PolicyStatus::watching;
      return out;
    }
  }
  Band band{middle - config.deadband, middle + config.deadband};
  if (out.state.full) band = {max_of(*band.lo, Watt{}), max_of(*band.hi, Watt{})};
  if (out.state.empty) band = {min_of(*band.lo, Watt{}), min_of(*band.hi, Watt{})};
  if (out.state.full ? surplus > Watt{} : out.state.empty && middle > Watt{}) {
    out.output.status = PolicyStatus::satisfied;
  }
  out.output.demand.preference = band;
  return out;
}

}  // namespace ems::decision
