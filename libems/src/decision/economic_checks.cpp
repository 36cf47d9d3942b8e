// SPDX-License-Identifier: Apache-2.0
#include "decision/slots.hpp"
#include "decision/soc_stop.hpp"
#include "ems/decision/economic.hpp"

namespace ems::decision {

namespace {

constexpr bool is_price(Price price) noexcept { return -kPriceMax <= price && price <= kPriceMax; }

constexpr bool is_currency(const Currency& currency) noexcept {
  for (const char c : currency.view()) {
    if (c < 'A' || c > 'Z') return false;
  }
  return currency.view().size() == 3;
}

Result<void> validate(const TimeOfUseWindow& window, std::uint16_t at) noexcept {
  if (const Result<void> when = validate(window.when); !when) {
    return fail(Errc::out_of_range, at, when.error().what);
  }
  const bool moves = window.action != WindowAction::hold;
  if (moves ? window.power <= Watt{} : window.power != Watt{}) {
    return fail(Errc::out_of_range, at, "time_of_use: a window's power does not fit its action");
  }
  if (window.soc_stop && (!moves || !is_share(*window.soc_stop))) {
    return fail(Errc::out_of_range, at, "time_of_use: a window's soc_stop");
  }
  return {};
}

}  // namespace

Result<void> validate(const ZeroExportConfig& config) noexcept {
  if (config.tolerance < Watt{}) {
    return fail(Errc::out_of_range, 0, "zero_export.tolerance is below 0");
  }
  return {};
}

Result<void> validate(const TimeOfUseConfig& config) noexcept {
  if (config.windows.empty()) return fail(Errc::out_of_range, 0, "time_of_use: it has no window");
  for (std::size_t i = 0; i < config.windows.size(); ++i) {
    if (const auto checked = validate(config.windows[i], offset_of(i)); !checked) return checked;
  }
  if (!is_share(config.soc_hysteresis)) {
    return fail(Errc::out_of_range, 0, "time_of_use.soc_hysteresis is not within 0 and 100 %");
  }
  return {};
}

Result<void> validate(const PriceConfig& config) noexcept {
  if (!is_currency(config.currency)) {
    return fail(Errc::out_of_range, 0, "price.currency is not three capital letters");
  }
  if (!is_price(config.buy_below) || !is_price(config.sell_above) ||
      config.buy_below > config.sell_above) {
    return fail(Errc::out_of_range, 0, "price: buy_below is above sell_above, or one is absurd");
  }
  if (config.power <= Watt{}) return fail(Errc::out_of_range, 0, "price.power is not above 0");
  if (!is_share(config.share_at_threshold) || !is_share(config.soc_hysteresis)) {
    return fail(Errc::out_of_range, 0,
                "price: share_at_threshold or soc_hysteresis is not within 0 and 100 %");
  }
  if (!is_share(config.soc_sell_min) || !is_share(config.soc_buy_max) ||
      config.soc_sell_min >= config.soc_buy_max) {
    return fail(Errc::out_of_range, 0, "price: soc_sell_min and soc_buy_max are no band");
  }
  if (config.age_max <= Duration{}) {
    return fail(Errc::out_of_range, 0, "price.age_max is not above 0");
  }
  return {};
}

Result<void> validate(const PriceTable& table) noexcept {
  if (!is_currency(table.currency)) {
    return fail(Errc::out_of_range, 0, "prices: the currency is not three capital letters");
  }
  if (table.slots.empty()) return fail(Errc::out_of_range, 0, "prices: there is no slot");
  for (std::size_t i = 0; i < table.slots.size(); ++i) {
    const PriceSlot& slot = table.slots[i];
    if (i > 0 && slot.start <= table.slots[i - 1].start) {
      return fail(Errc::out_of_range, offset_of(i),
                  "prices: a slot does not start after the one before");
    }
    if (!is_price(slot.buy) || !is_price(slot.sell)) {
      return fail(Errc::out_of_range, offset_of(i), "prices: more than a million per kWh");
    }
  }
  if (table.end <= table.slots.back().start) {
    return fail(Errc::out_of_range, offset_of(table.slots.size() - 1),
                "prices: the last slot ends before it begins");
  }
  return {};
}

Result<void> validate(const SelfConsumptionConfig& config) noexcept {
  if (config.deadband < Watt{}) {
    return fail(Errc::out_of_range, 0, "self_consumption.deadband is below 0");
  }
  if (config.surplus_stop < Watt{} || config.surplus_stop > config.surplus_start) {
    return fail(Errc::out_of_range, 0,
                "self_consumption.surplus_stop is below 0 or above surplus_start");
  }
  if (!is_share(config.soc_feed_min) || !is_share(config.soc_store_max) ||
      config.soc_feed_min >= config.soc_store_max) {
    return fail(Errc::out_of_range, 0,
                "self_consumption: soc_feed_min and soc_store_max are no band");
  }
  if (!is_share(config.soc_hysteresis)) {
    return fail(Errc::out_of_range, 0, "self_consumption.soc_hysteresis is not within 0 and 100 %");
  }
  return {};
}

}  // namespace ems::decision
