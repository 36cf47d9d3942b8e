// SPDX-License-Identifier: Apache-2.0
/// @file Every policy there is, configured so that each has something to say: what benchmarks and
/// the replay on the chip decide with. Freestanding.
#pragma once

#include <array>

#include "ems/decision/decision.hpp"

namespace ems::test {

/// For a site of two inverters of 5 kW.
inline decision::Config all_policies() {
  decision::Config c;
  c.active_power_limit = decision::ActivePowerLimitConfig{
      .configured = {9'500_w, 9'500_w}, .fallback = {9'000_w, 9'000_w}, .lease_max = seconds(900)};
  c.frequency_droop =
      decision::FrequencyDroopConfig{.grid = decision::kEn50549, .reference = 10'000_w};
  c.ramp = decision::RampConfig{.up_per_s = 4'000_w, .down_per_s = 4'000_w};
  c.dimming = decision::DimmingConfig{};
  c.import_limit = decision::ImportLimitConfig{8'000_w, 30_s};
  c.export_limit = decision::ExportLimitConfig{5'000_w};
  c.demand_limit = decision::DemandLimitConfig{
      .limit = 6'000_w, .import_max = 10'000_w, .offset = {}, .hold = 30_s};
  c.backup_reserve = decision::BackupReserveConfig{.reserve = BasisPoints{2'000}};
  c.setpoint = decision::SetpointConfig{seconds(3'600)};
  c.remote_setpoint = decision::SetpointConfig{seconds(900)};
  c.schedule = decision::ScheduleConfig{};
  c.zero_export = decision::ZeroExportConfig{};
  c.plan = decision::PlanConfig{};
  c.time_of_use.emplace();
  c.time_of_use->windows.push_back({.when = {.from = 60, .to = 300},
                                    .action = decision::WindowAction::charge,
                                    .power = 2'000_w,
                                    .soc_stop = BasisPoints{8'000}});
  c.time_of_use->windows.push_back({.when = {.from = 1'020, .to = 1'260},
                                    .action = decision::WindowAction::discharge,
                                    .power = 3'000_w,
                                    .soc_stop = BasisPoints{3'000}});
  c.price = decision::PriceConfig{.currency = decision::Currency("EUR"),
                                  .buy_below = decision::Price{120'000},
                                  .sell_above = decision::Price{300'000},
                                  .power = 4'000_w};
  c.self_consumption =
      decision::SelfConsumptionConfig{.surplus_start = 1'000_w, .surplus_stop = 200_w};
  c.comfort_band = decision::ComfortBandConfig{.power = 10'000_w};
  c.gentle_current = decision::GentleCurrentConfig{};
  c.gentle_temperature = decision::GentleTemperatureConfig{.power = 10'000_w};
  return c;
}

/// A schedule, a plan and prices of one day from `start` on, with gaps.
class DayTables {
 public:
  explicit DayTables(UtcInstant start) {
    const auto hour = [start](std::size_t n) {
      return start + seconds(3'600) * static_cast<std::int64_t>(n);
    };
    for (std::size_t i = 0; i < schedule_.size(); ++i) {
      schedule_[i] = {hour(3 * i + 2), hour(3 * i + 3), Watt{i % 2 == 0 ? 1'500 : -1'500}};
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i] = {hour(i), hour(i) + seconds(3'000), Watt{static_cast<std::int32_t>(i) * 100},
                   std::nullopt};
      if (i % 3 == 0) slots_[i].pcc_target = 500_w;
    }
    for (std::size_t i = 0; i < prices_.size(); ++i) {
      const auto buy = static_cast<std::int64_t>(50'000 + 40'000 * (i * 5 % 8));
      prices_[i] = {hour(i), decision::Price{buy}, decision::Price{buy}};
    }
    plan_ = {.slots = slots_,
             .made_at = start,
             .valid_for = seconds(24 * 3'600),
             .id = decision::PlanId("day")};
    table_ = {.slots = prices_,
              .end = hour(prices_.size()),
              .made_at = start,
              .currency = decision::Currency("EUR")};
  }
  DayTables(const DayTables&) = delete;
  DayTables& operator=(const DayTables&) = delete;

  [[nodiscard]] std::span<const decision::ScheduleEntry> schedule() const { return schedule_; }
  [[nodiscard]] const decision::Plan& plan() const { return plan_; }
  [[nodiscard]] const decision::PriceTable& prices() const { return table_; }

 private:
  std::array<decision::ScheduleEntry, 7> schedule_{};
  std::array<decision::PlanSlot, 24> slots_{};
  std::array<decision::PriceSlot, 24> prices_{};
  decision::Plan plan_{};
  decision::PriceTable table_{};
};

}  // namespace ems::test
