// SPDX-License-Identifier: Apache-2.0
/// @file What a fleet world is told to want: policies of all levels, tables and commands, sensible,
/// crossed and hostile, by seed. Everything the configuration check accepts may come.
#pragma once

#include <array>
#include <optional>

#include "ems/decision/decision.hpp"
#include "support/world_plant.hpp"

namespace ems::test {

inline constexpr UtcInstant kWorldStart{milliseconds(1'700'000'000'000)};

/// Small powers meet and cross often; now and then the ends of the type.
inline Watt hostile_power(Dice& dice) {
  if (dice.one_in(20)) return dice.one_in(2) ? Watt::min() : Watt::max();
  return Watt{static_cast<std::int32_t>(dice.between(-15'000, 15'000))};
}
inline Watt magnitude(Dice& dice) {
  if (dice.one_in(30)) return Watt{std::int32_t{1} << 27};
  return Watt{static_cast<std::int32_t>(dice.one_in(8) ? 1 : 1 + dice.below(15'000))};
}

inline decision::PowerLimits some_limits(Dice& dice) {
  decision::PowerLimits limits;
  if (!dice.one_in(3)) limits.discharge_max = magnitude(dice);
  if (!dice.one_in(3)) limits.charge_max = magnitude(dice);
  return limits;
}

inline decision::TimeOfUseConfig windows(Dice& dice) {
  decision::TimeOfUseConfig config;
  const std::int64_t count = dice.between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    decision::TimeOfUseWindow window;
    window.when.from = static_cast<std::uint16_t>(dice.below(1'440));
    window.when.to =
        static_cast<std::uint16_t>(1 + (window.when.from + 30 + dice.below(600)) % 1'440);
    window.action = static_cast<decision::WindowAction>(dice.between(1, 3));
    if (window.action != decision::WindowAction::hold) window.power = magnitude(dice);
    if (window.when.to != window.when.from) config.windows.push_back(window);
  }
  return config;
}

/// A configuration that the check accepts.
inline decision::Config some_policies(Dice& dice) {
  using namespace ems::decision;
  Config c;
  const auto some = [&dice] { return dice.one_in(2); };
  if (some()) {
    c.active_power_limit = {
        {magnitude(dice), magnitude(dice)}, {magnitude(dice), magnitude(dice)}, dice.up_to_s(900)};
  }
  if (some()) c.frequency_droop = {.grid = kEn50549, .reference = magnitude(dice)};
  if (some()) c.ramp = {.up_per_s = magnitude(dice), .down_per_s = magnitude(dice)};
  if (some()) c.dimming = {.failsafe = magnitude(dice), .protective = magnitude(dice)};
  if (some()) c.import_limit = {magnitude(dice), dice.up_to_s(60)};
  if (some()) c.export_limit = {magnitude(dice)};
  if (some()) {
    const Watt limit = Watt{static_cast<std::int32_t>(1 + dice.below(8'000))};
    c.demand_limit = {
        .limit = limit, .import_max = limit * 2, .offset = {}, .hold = dice.up_to_s(60)};
  }
  if (some())
    c.backup_reserve = {.reserve = BasisPoints{static_cast<std::int32_t>(dice.below(9'000))}};
  if (!dice.one_in(4)) c.setpoint = {dice.up_to_s(300)};
  if (!dice.one_in(4)) c.remote_setpoint = {dice.up_to_s(300)};
  if (some()) c.schedule = ScheduleConfig{};
  if (some()) c.zero_export = ZeroExportConfig{};
  if (some()) c.plan = PlanConfig{};
  if (some()) c.time_of_use = windows(dice);
  if (some()) {
    c.price = PriceConfig{.currency = Currency("EUR"),
                          .buy_below = Price{120'000},
                          .sell_above = Price{300'000},
                          .power = magnitude(dice)};
  }
  if (!dice.one_in(4)) {
    c.self_consumption = {.pcc_target = Watt{static_cast<std::int32_t>(dice.between(-500, 500))},
                          .deadband = Watt{static_cast<std::int32_t>(dice.below(200))}};
  }
  if (some())
    c.comfort_band = {.power = magnitude(dice), .restore = some() ? magnitude(dice) : 0_w};
  if (some()) c.gentle_current = GentleCurrentConfig{};
  if (some()) c.gentle_temperature = {.power = magnitude(dice)};
  return c;
}

/// Schedule, plan and prices in quarter hours, with gaps and hostile powers.
class WorldTables {
 public:
  explicit WorldTables(Dice& dice) {
    const auto quarter = [](std::size_t n) {
      return kWorldStart + seconds(900) * static_cast<std::int64_t>(n);
    };
    for (std::size_t i = 0; i < schedule_.size(); ++i) {
      schedule_[i] = {quarter(2 * i), quarter(2 * i + 1), hostile_power(dice)};
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i] = {quarter(i), quarter(i) + seconds(700), hostile_power(dice), std::nullopt};
      if (dice.one_in(3)) slots_[i].pcc_target = hostile_power(dice);
    }
    for (std::size_t i = 0; i < prices_.size(); ++i) {
      const decision::Price price{dice.between(-100'000, 500'000)};
      prices_[i] = {quarter(i), price, price};
    }
  }
  [[nodiscard]] std::span<const decision::ScheduleEntry> schedule() const { return schedule_; }
  [[nodiscard]] decision::Plan plan() const {
    return {.slots = slots_,
            .made_at = kWorldStart,
            .valid_for = seconds(3'000),
            .id = decision::PlanId("world")};
  }
  [[nodiscard]] decision::PriceTable prices() const {
    return {.slots = prices_,
            .end = kWorldStart + seconds(900 * 8),
            .made_at = kWorldStart,
            .currency = decision::Currency("EUR")};
  }

 private:
  std::array<decision::ScheduleEntry, 4> schedule_{};
  std::array<decision::PlanSlot, 8> slots_{};
  std::array<decision::PriceSlot, 8> prices_{};
};

/// The chemistry's limits, or some that are reached more often.
inline safety::Limits world_limits(Dice& dice) {
  safety::Limits limits = safety::default_limits(safety::Chemistry::lfp);
  if (dice.one_in(2)) {
    limits.cell_voltage_high.trip = MilliVolt{3'400};
    limits.cell_voltage_high.clear = MilliVolt{3'340};
    limits.cell_voltage_max.trip = MilliVolt{3'430};
    limits.cell_voltage_max.clear = MilliVolt{3'360};
    limits.cell_voltage_low.trip = MilliVolt{3'170};
    limits.cell_voltage_low.clear = MilliVolt{3'230};
    limits.cell_voltage_min.trip = MilliVolt{3'140};
    limits.cell_voltage_min.clear = MilliVolt{3'220};
  }
  EMS_ASSERT(safety::validate(limits, safety::Chemistry::lfp).has_value());
  return limits;
}

/// One to three batteries, one to three inverters, wired by seed; armed.
inline runtime::ControlConfig some_fleet(Dice& dice) {
  runtime::ControlConfig config;
  const std::int64_t batteries = dice.between(1, 3);
  const std::int64_t inverters = dice.between(1, 3);
  for (std::int64_t b = 0; b < batteries; ++b) {
    safety::BatteryConfig one;
    one.asset = battery(static_cast<std::uint16_t>(b + 1));
    one.cells_in_series = kWorldCells;
    one.limits = world_limits(dice);
    const MilliAmp most{static_cast<std::int32_t>(dice.between(20, 120) * 1'000)};
    safety::set_current_limits(one.limits, most, most);
    one.breaking_current_max = MilliAmp{5'000};
    one.capacity = MicroAmpHour{dice.between(4, 40) * 1'000'000};
    config.batteries.push_back({WattHour{one.capacity.count() * 512 / 10'000'000}});
    config.safety.batteries.push_back(one);
  }
  for (std::int64_t i = 0; i < inverters; ++i) {
    safety::InverterConfig one;
    one.asset = inverter(static_cast<std::uint16_t>(i + 1));
    auto mask = static_cast<unsigned>(1U << (i % batteries));
    if (i + 1 == inverters) {
      for (std::int64_t b = inverters; b < batteries; ++b) mask |= 1U << b;  // Nobody is left out.
    }
    if (dice.one_in(4)) mask |= 1U << dice.below(batteries);
    one.batteries = static_cast<std::uint8_t>(mask);
    const auto rating = static_cast<std::int32_t>(dice.between(1'000, 6'000));
    one.apparent_max = VoltAmp{rating};
    one.charge_max = one.discharge_max = Watt{rating};
    one.efficiency = 9'500_bp;
    one.has_dc_pv = dice.one_in(4);
    one.can_curtail_pv = one.has_dc_pv && dice.one_in(2);
    config.safety.inverters.push_back(one);
    config.inverters.push_back({Watt{rating}});
  }
  config.pcc_meter = meter(1);
  config.decision = some_policies(dice);
  config.arming = safety::Arming::armed;
  config.estop_inputs = dice.one_in(2) ? 1 : 0;
  return config;
}

}  // namespace ems::test
