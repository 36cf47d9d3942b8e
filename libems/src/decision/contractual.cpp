// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/contractual.hpp"

#include <algorithm>

#include "contractual_hold.hpp"
#include "ems/core/assert.hpp"

namespace ems::decision {

PolicyOutput hold(HoldState& state, PolicyId policy, Duration lease,
                  const std::optional<Sample<Watt>>& gated, Instant now) noexcept {
  if (!state.held) state.held = gated ? max_of(gated->value, Watt{}) : Watt{};
  const bool lease_lives = state.fresh_at && now - *state.fresh_at < lease;
  PolicyOutput output =
      output_of(policy, lease_lives ? PolicyStatus::holding : PolicyStatus::fallback);
  output.demand.constraint = Band::point(lease_lives ? *state.held : Watt{});
  return output;
}

// ---- dimming -----------------------------------------------------------------------------------

DimmingStep dimming(const DimmingState& state, const DimmingConfig& config,
                    const std::optional<LimitCommand>& command, Instant now) noexcept {
  EMS_ASSERT(config.failsafe >= Watt{} && config.protective >= Watt{});
  EMS_ASSERT(config.failsafe_min > Duration::zero() && config.lease_max > Duration::zero());

  if (alive(command, config.lease_max, now)) {
    if (!command->limits.charge_max) {
      return {.state = {}, .output = output_of(PolicyId::dimming, PolicyStatus::no_demand)};
    }
    PolicyOutput output = output_of(PolicyId::dimming, PolicyStatus::acting);
    output.source = LimitSource::command;
    output.demand.constraint = Band::at_least(-max_of(*command->limits.charge_max, Watt{}));
    return {.state = {}, .output = output};
  }
  const Instant since = state.failsafe_since.value_or(now);
  const bool failsafe = now - since < config.failsafe_min;
  PolicyOutput output = output_of(PolicyId::dimming, PolicyStatus::fallback);
  output.source = failsafe ? LimitSource::failsafe : LimitSource::fallback;
  output.demand.constraint = Band::at_least(-(failsafe ? config.failsafe : config.protective));
  return {.state = {.failsafe_since = since}, .output = output};
}

// ---- import_limit, export_limit ----------------------------------------------------------------

ImportLimitStep import_limit(const ImportLimitState& state, const ImportLimitConfig& config,
                             const std::optional<NetLoad>& net_load,
                             const std::optional<Sample<Watt>>& gated, Instant now) noexcept {
  EMS_ASSERT(config.limit >= Watt{});
  EMS_ASSERT(config.hold > Duration::zero());

  if (!net_load) {
    ImportLimitStep out{.state = state, .output = {}};
    out.output = hold(out.state, PolicyId::import_limit, config.hold, gated, now);
    return out;
  }
  PolicyOutput output = output_of(PolicyId::import_limit, PolicyStatus::acting);
  output.demand.constraint = Band::at_least(net_load->power - config.limit);
  return {.state = {.fresh_at = now, .held = std::nullopt}, .output = output};
}

PolicyOutput export_limit(const ExportLimitConfig& config,
                          const std::optional<NetLoad>& net_load) noexcept {
  EMS_ASSERT(config.limit >= Watt{});
  PolicyOutput output =
      output_of(PolicyId::export_limit, net_load ? PolicyStatus::acting : PolicyStatus::fallback);
  output.demand.constraint = Band::at_most(net_load ? net_load->power + config.limit : Watt{});
  return output;
}

// ---- backup_reserve ----------------------------------------------------------------------------

BackupReserveStep backup_reserve(const BackupReserveState& state, const BackupReserveConfig& config,
                                 const Measured<BasisPoints>& soc,
                                 const Measured<bool>& grid_connected, Instant now) noexcept {
  if (grid_connected.usable(now) && !grid_connected.sample->value) {
    return {.state = {},
            .output = output_of(PolicyId::backup_reserve, PolicyStatus::not_applicable)};
  }
  BackupReserveStep out{.state = state,
                        .output = output_of(PolicyId::backup_reserve, PolicyStatus::fallback)};
  if (soc.usable(now)) {
    // A full battery is enough, whatever the hysteresis; unless all of it is the reserve.
    const BasisPoints above = config.reserve + BasisPoints{1};
    const BasisPoints enough =
        out.state.reached
            ? max_of(above, min_of(config.reserve + config.hysteresis, BasisPoints{10'000}))
            : above;
    out.state.reached = soc.sample->value < enough;
    out.output.status = out.state.reached ? PolicyStatus::acting : PolicyStatus::watching;
  }
  if (out.output.status != PolicyStatus::watching) {
    out.output.demand.constraint = Band::at_most(Watt{});
  }
  return out;
}

// ---- setpoint, remote_setpoint, schedule -------------------------------------------------------

PolicyOutput setpoint(PolicyId policy, const SetpointConfig& config,
                      const std::optional<SetpointCommand>& command, Instant now) noexcept {
  EMS_ASSERT(config.lease_max > Duration::zero());
  if (!command) return output_of(policy, PolicyStatus::no_demand);
  if (command->given_at > now) {  // A clock fault is no command.
    return output_of(policy, PolicyStatus::stale);
  }
  if (!alive(command, config.lease_max, now)) return output_of(policy, PolicyStatus::expired);
  PolicyOutput output = output_of(policy, PolicyStatus::acting);
  output.demand.preference = Band::point(command->power);
  return output;
}

Result<void> validate(std::span<const ScheduleEntry> schedule) noexcept {
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    const auto index = static_cast<std::uint16_t>(std::min<std::size_t>(i, 65'535));
    if (schedule[i].to <= schedule[i].from) {
      return fail(Errc::out_of_range, index, "schedule: an entry ends before it begins");
    }
    if (i > 0 && schedule[i].from < schedule[i - 1].to) {
      return fail(Errc::out_of_range, index, "schedule: an entry begins before the last one ends");
    }
  }
  return {};
}

const ScheduleEntry* find_entry(std::span<const ScheduleEntry> schedule, UtcInstant utc) noexcept {
  const auto after = std::upper_bound(
      schedule.begin(), schedule.end(), utc,
      [](UtcInstant moment, const ScheduleEntry& entry) { return moment < entry.from; });
  if (after == schedule.begin()) return nullptr;
  const ScheduleEntry& last_begun = *(after - 1);
  return utc < last_begun.to ? &last_begun : nullptr;
}

PolicyOutput schedule(std::span<const ScheduleEntry> schedule, const WallTime& wall) noexcept {
  if (!wall.set()) return output_of(PolicyId::schedule, PolicyStatus::clock_unset);
  const ScheduleEntry* entry = find_entry(schedule, wall.utc);
  if (entry == nullptr) return output_of(PolicyId::schedule, PolicyStatus::no_demand);
  PolicyOutput output = output_of(PolicyId::schedule, PolicyStatus::acting);
  output.demand.preference = Band::point(entry->power);
  return output;
}

// ---- configuration -----------------------------------------------------------------------------

Result<void> validate(const DimmingConfig& config) noexcept {
  if (config.failsafe < Watt{}) {
    return fail(Errc::out_of_range, 0, "dimming.failsafe is below 0");
  }
  if (config.protective < Watt{}) {
    return fail(Errc::out_of_range, 0, "dimming.protective is below 0");
  }
  if (config.failsafe_min <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "dimming.failsafe_min is not above 0");
  }
  if (config.lease_max <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "dimming.lease_max is not above 0");
  }
  return {};
}

Result<void> validate(const ImportLimitConfig& config) noexcept {
  if (config.limit < Watt{}) {
    return fail(Errc::out_of_range, 0, "import_limit.limit is below 0");
  }
  if (config.hold <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "import_limit.hold is not above 0");
  }
  return {};
}

Result<void> validate(const ExportLimitConfig& config) noexcept {
  if (config.limit < Watt{}) {
    return fail(Errc::out_of_range, 0, "export_limit.limit is below 0");
  }
  return {};
}

Result<void> validate(const DemandLimitConfig& config) noexcept {
  constexpr std::int64_t kDay = seconds(86'400).count();
  if (config.limit < Watt{} || config.limit > kDemandMax) {
    return fail(Errc::out_of_range, 0, "demand_limit.limit is not 0 .. 134 MW");
  }
  if (config.import_max < config.limit || config.import_max > kDemandMax) {
    return fail(Errc::out_of_range, 0, "demand_limit.import_max is not limit .. 134 MW");
  }
  if (config.window < seconds(60) || config.window > seconds(3'600) ||
      kDay % config.window.count() != 0) {
    return fail(Errc::out_of_range, 0,
                "demand_limit.window is not 1 min .. 1 h, or no whole part of a day");
  }
  if (config.offset < Duration::zero() || config.offset >= config.window) {
    return fail(Errc::out_of_range, 0, "demand_limit.offset is not 0 .. below the window");
  }
  if (config.hold <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "demand_limit.hold is not above 0");
  }
  if (config.glide < seconds(1) || config.glide > Duration{config.window.count() / 2}) {
    return fail(Errc::out_of_range, 0, "demand_limit.glide is not 1 s .. half the window");
  }
  return {};
}

Result<void> validate(const BackupReserveConfig& config) noexcept {
  const auto bad = [](BasisPoints part) { return part < 0_bp || part > 10'000_bp; };
  if (bad(config.reserve)) {
    return fail(Errc::out_of_range, 0, "backup_reserve.reserve is not 0 .. 100 %");
  }
  if (bad(config.hysteresis)) {
    return fail(Errc::out_of_range, 0, "backup_reserve.hysteresis is not 0 .. 100 %");
  }
  return {};
}

}  // namespace ems::decision
