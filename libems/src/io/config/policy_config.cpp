// SPDX-License-Identifier: Apache-2.0
#include "io/config/policy_config.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "io/config/bind.hpp"

namespace ems::io::config {
namespace {

using decision::GridProfile;

GridProfile grid_of(GridProfileName name) noexcept {
  switch (name) {
    case GridProfileName::hz50:
      break;
    case GridProfileName::hz60:
      return {.f_nom = MilliHertz{60'000}};
    case GridProfileName::en50549:
      return decision::kEn50549;
    case GridProfileName::ieee1547:
      return decision::kIeee1547;
  }
  return {};
}

decision::PowerLimits limits(const Section& section) {
  return {maybe<Watt>(section, "discharge_max_w"), maybe<Watt>(section, "charge_max_w")};
}

decision::ActivePowerLimitConfig active_power_limit(const Section& section) {
  decision::ActivePowerLimitConfig out;
  out.configured = limits(section);
  if (const Section* fallback = section.section("fallback")) out.fallback = limits(*fallback);
  out.lease_max = quantity<Duration>(section, "lease_max_s");
  return out;
}

decision::FrequencyDroopConfig frequency_droop(const Section& section, GridProfileName name) {
  GridProfile grid = grid_of(name);
  grid.deadband_over = maybe<MilliHertz>(section, "deadband_over_hz").value_or(grid.deadband_over);
  grid.deadband_under =
      maybe<MilliHertz>(section, "deadband_under_hz").value_or(grid.deadband_under);
  grid.droop = maybe<BasisPoints>(section, "droop_pct").value_or(grid.droop);
  grid.release_after = maybe<Duration>(section, "release_after_s").value_or(grid.release_after);
  grid.response = maybe<Duration>(section, "response_s").value_or(grid.response);
  return {grid, maybe<Watt>(section, "reference_w").value_or(Watt{})};
}

decision::DemandLimitConfig demand_limit(const Section& section) {
  decision::DemandLimitConfig out;
  out.limit = quantity<Watt>(section, "limit_w");
  out.import_max = quantity<Watt>(section, "import_max_w");
  out.window = quantity<Duration>(section, "window_s");
  out.offset = quantity<Duration>(section, "offset_s");
  out.glide = quantity<Duration>(section, "glide_s");
  return out;
}

decision::TimeOfUseWindow window(const Section& item) {
  constexpr std::array kActions{decision::WindowAction::charge, decision::WindowAction::discharge,
                                decision::WindowAction::hold};
  decision::TimeOfUseWindow out;
  if (const Value* days = item.find("days")) {
    out.when.days = 0;
    for (const Value& day : days->list) {
      out.when.days |= decision::day_bit(static_cast<decision::Weekday>(day.number));
    }
  }
  out.when.from = integer<std::uint16_t>(item, "from");
  out.when.to = integer<std::uint16_t>(item, "to");
  if (out.when.to == 0) out.when.to = decision::kMinutesPerDay;  // 00:00 is the end of the day.
  out.action = kActions.at(static_cast<std::size_t>(item.at("action").number));
  out.power = maybe<Watt>(item, "power_w").value_or(Watt{});
  out.soc_stop = maybe<BasisPoints>(item, "soc_stop_pct");
  return out;
}

decision::TimeOfUseConfig time_of_use(const Section& section) {
  decision::TimeOfUseConfig out;
  for (const Section& item : section.list("windows")) out.windows.push_back(window(item));
  out.soc_hysteresis = quantity<BasisPoints>(section, "soc_hysteresis_pct");
  out.only_without_prices = flag(section, "only_without_prices");
  return out;
}

decision::PriceConfig price(const Section& section) {
  decision::PriceConfig out;
  out.currency = decision::Currency(section.at("currency").text);
  out.buy_below = quantity<decision::Price>(section, "buy_below_per_kwh");
  out.sell_above = quantity<decision::Price>(section, "sell_above_per_kwh");
  out.power = quantity<Watt>(section, "power_w");
  out.share_at_threshold = quantity<BasisPoints>(section, "share_at_threshold_pct");
  out.soc_buy_max = quantity<BasisPoints>(section, "soc_buy_max_pct");
  out.soc_sell_min = quantity<BasisPoints>(section, "soc_sell_min_pct");
  out.soc_hysteresis = quantity<BasisPoints>(section, "soc_hysteresis_pct");
  out.age_max = quantity<Duration>(section, "age_max_s");
  return out;
}

decision::SelfConsumptionConfig self_consumption(const Section& section) {
  decision::SelfConsumptionConfig out;
  out.pcc_target = quantity<Watt>(section, "target_w");
  out.deadband = quantity<Watt>(section, "deadband_w");
  out.surplus_start = quantity<Watt>(section, "surplus_start_w");
  out.surplus_stop = quantity<Watt>(section, "surplus_stop_w");
  out.soc_store_max = quantity<BasisPoints>(section, "soc_store_max_pct");
  out.soc_feed_min = quantity<BasisPoints>(section, "soc_feed_min_pct");
  out.soc_hysteresis = quantity<BasisPoints>(section, "soc_hysteresis_pct");
  return out;
}

decision::ComfortBandConfig comfort_band(const Section& section) {
  decision::ComfortBandConfig out;
  out.soc_min = quantity<BasisPoints>(section, "soc_min_pct");
  out.soc_max = quantity<BasisPoints>(section, "soc_max_pct");
  out.taper = quantity<BasisPoints>(section, "taper_pct");
  out.restore = quantity<Watt>(section, "restore_w");
  return out;
}

decision::GentleTemperatureConfig gentle_temperature(const Section& section) {
  decision::GentleTemperatureConfig out;
  out.cold_zero = quantity<MilliCelsius>(section, "cold_zero_degc");
  out.cold_full = quantity<MilliCelsius>(section, "cold_full_degc");
  out.hot_full = quantity<MilliCelsius>(section, "hot_full_degc");
  out.hot_zero = quantity<MilliCelsius>(section, "hot_zero_degc");
  return out;
}

}  // namespace

PoliciesConfig bind_policies(const Section& policies, GridProfileName grid,
                             const std::filesystem::path& file) {
  PoliciesConfig out;
  const auto with = [&policies](const char* name, const auto& bind) {
    if (const Section* section = policies.section(name)) bind(*section);
  };
  const auto path = [&file](const Section& section) {
    return joined(file, section.at("file").text);
  };
  with("active_power_limit",
       [&](const Section& s) { out.active_power_limit = active_power_limit(s); });
  with("frequency_droop",
       [&](const Section& s) { out.frequency_droop = frequency_droop(s, grid); });
  with("ramp", [&](const Section& s) {
    out.ramp = decision::RampConfig{.up_per_s = quantity<Watt>(s, "up_w_per_s"),
                                    .down_per_s = quantity<Watt>(s, "down_w_per_s")};
  });
  with("dimming", [&](const Section& s) {
    out.dimming = decision::DimmingConfig{
        quantity<Watt>(s, "failsafe_w"), quantity<Duration>(s, "failsafe_min_s"),
        quantity<Watt>(s, "protective_w"), quantity<Duration>(s, "lease_max_s")};
  });
  with("import_limit", [&](const Section& s) {
    out.import_limit = decision::ImportLimitConfig{.limit = quantity<Watt>(s, "limit_w")};
  });
  with("export_limit", [&](const Section& s) {
    out.export_limit = decision::ExportLimitConfig{quantity<Watt>(s, "limit_w")};
  });
  with("demand_limit", [&](const Section& s) { out.demand_limit = demand_limit(s); });
  with("backup_reserve", [&](const Section& s) {
    out.backup_reserve = decision::BackupReserveConfig{quantity<BasisPoints>(s, "soc_pct"),
                                                       quantity<BasisPoints>(s, "hysteresis_pct")};
  });
  with("setpoint", [&](const Section& s) {
    out.setpoint = decision::SetpointConfig{quantity<Duration>(s, "lease_max_s")};
  });
  with("remote_setpoint", [&](const Section& s) {
    out.remote_setpoint = decision::SetpointConfig{quantity<Duration>(s, "lease_max_s")};
  });
  with("schedule", [&](const Section& s) { out.schedule_file = path(s); });
  with("zero_export", [&](const Section& s) {
    out.zero_export = decision::ZeroExportConfig{quantity<Watt>(s, "tolerance_w")};
  });
  with("plan", [&](const Section& s) {
    out.plan = decision::PlanConfig{quantity<Duration>(s, "age_max_s"),
                                    quantity<Duration>(s, "adrift_max_s")};
    out.plan_file = path(s);
  });
  with("time_of_use", [&](const Section& s) { out.time_of_use = time_of_use(s); });
  with("price", [&](const Section& s) {
    out.price = price(s);
    out.price_file = path(s);
  });
  with("self_consumption", [&](const Section& s) { out.self_consumption = self_consumption(s); });
  with("comfort_band", [&](const Section& s) { out.comfort_band = comfort_band(s); });
  with("gentle_current", [&](const Section& s) {
    out.gentle_current = decision::GentleCurrentConfig{quantity<Ratio>(s, "charge_rate"),
                                                       quantity<Ratio>(s, "discharge_rate")};
  });
  with("gentle_temperature",
       [&](const Section& s) { out.gentle_temperature = gentle_temperature(s); });
  return out;
}

// ---- rules -------------------------------------------------------------------------------------

namespace {

/// Reports unless `smaller` <= `larger` (< when strict); both are keys of one section.
void in_order(const Section& section, const char* smaller, const char* larger, bool strict,
              Reader& reader) {
  const Value* a = section.find(smaller);
  const Value* b = section.find(larger);
  if (a == nullptr || b == nullptr) return;  // Reported already.
  if (strict ? a->number < b->number : a->number <= b->number) return;
  // A default has no place: point at the other one, else at the section.
  const Place place = a->place.line != 0 ? a->place : b->place.line != 0 ? b->place : section.place;
  reader.error(place, Errc::invalid_argument,
               "\"" + std::string(smaller) + "\" must be " + (strict ? "below" : "at most") +
                   " \"" + larger + "\"");
}

/// A command ends: then there must be a limit on each side that can be commanded.
void check_active_power(const Section& section, Reader& reader) {
  const Section* fallback = section.section("fallback");
  for (const char* side : {"discharge_max_w", "charge_max_w"}) {
    const bool wrong = section.wrong.count(side) != 0 || section.wrong.count("fallback") != 0 ||
                       (fallback != nullptr && fallback->wrong.count(side) != 0);
    const bool there =
        section.find(side) != nullptr || (fallback != nullptr && fallback->find(side) != nullptr);
    if (wrong || there) continue;
    reader.error(section.place, Errc::missing_key,
                 "missing key \"" + std::string(side) +
                     "\", here or in \"fallback\": what holds while no command does");
  }
}

void check_demand(const Section& section, Reader& reader) {
  in_order(section, "limit_w", "import_max_w", false, reader);
  in_order(section, "offset_s", "window_s", true, reader);
  const Value* glide = section.find("glide_s");
  const Value* window = section.find("window_s");
  if (glide == nullptr || window == nullptr || glide->number * 2 <= window->number) return;
  reader.error(glide->place.line != 0 ? glide->place : window->place, Errc::invalid_argument,
               "\"glide_s\" must be at most half of \"window_s\"");
}

void check_windows(const Section& section, Reader& reader) {
  for (const Section& window : section.list("windows")) {
    const Value* from = window.find("from");
    const Value* to = window.find("to");
    const Value* action = window.find("action");
    const Value* power = window.find("power_w");
    if (from != nullptr && from->number == decision::kMinutesPerDay) {
      reader.error(from->place, Errc::out_of_range, "\"from\" must be before 24:00");
    } else if (from != nullptr && to != nullptr && from->number == to->number) {
      reader.error(to->place, Errc::invalid_argument,
                   "\"from\" and \"to\" are the same; the whole day is 00:00 to 24:00");
    }
    if (action == nullptr || window.wrong.count("power_w") != 0) continue;
    if (action->text == "hold" && power != nullptr) {
      reader.error(power->place, Errc::invalid_argument, "\"hold\" has no \"power_w\"");
    } else if (action->text != "hold" && power == nullptr) {
      reader.error(window.place, Errc::missing_key, "missing key \"power_w\"");
    }
  }
}

void check_price(const Section& section, Reader& reader) {
  in_order(section, "buy_below_per_kwh", "sell_above_per_kwh", false, reader);
  in_order(section, "soc_sell_min_pct", "soc_buy_max_pct", true, reader);
  const Value* currency = section.find("currency");
  if (currency == nullptr) return;
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (currency->text.size() == 3 &&
      std::all_of(currency->text.begin(), currency->text.end(), letter))
    return;
  reader.error(currency->place, Errc::invalid_argument,
               "\"currency\": \"" + currency->text + "\" is not three capital letters (ISO 4217)");
}

void check_comfort(const Section& section, Reader& reader) {
  in_order(section, "soc_min_pct", "soc_max_pct", true, reader);
  const Value* taper = section.find("taper_pct");
  const Value* lowest = section.find("soc_min_pct");
  const Value* highest = section.find("soc_max_pct");
  if (taper == nullptr || lowest == nullptr || highest == nullptr) return;
  if (lowest->number >= highest->number || taper->number * 2 <= highest->number - lowest->number)
    return;
  reader.error(taper->place.line != 0 ? taper->place : section.place, Errc::invalid_argument,
               "\"taper_pct\" must be at most half of the band");
}

}  // namespace

void check_policies(const Section& policies, Reader& reader) {
  if (const Section* s = policies.section("active_power_limit")) check_active_power(*s, reader);
  if (const Section* s = policies.section("demand_limit")) check_demand(*s, reader);
  if (const Section* s = policies.section("time_of_use")) check_windows(*s, reader);
  if (const Section* s = policies.section("price")) check_price(*s, reader);
  if (const Section* s = policies.section("comfort_band")) check_comfort(*s, reader);
  if (const Section* s = policies.section("self_consumption")) {
    in_order(*s, "surplus_stop_w", "surplus_start_w", false, reader);
    in_order(*s, "soc_feed_min_pct", "soc_store_max_pct", true, reader);
  }
  if (const Section* s = policies.section("gentle_temperature")) {
    in_order(*s, "cold_zero_degc", "cold_full_degc", true, reader);
    in_order(*s, "cold_full_degc", "hot_full_degc", false, reader);
    in_order(*s, "hot_full_degc", "hot_zero_degc", true, reader);
  }
}

}  // namespace ems::io::config
