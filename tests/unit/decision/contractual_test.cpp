// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/contractual.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }

// ---- import_limit ------------------------------------------------------------------------------

constexpr ImportLimitConfig kLimit{.limit = w(8'000), .hold = 30_s};
std::optional<NetLoad> load(std::int32_t watts) { return NetLoad{w(watts), at(0), at(0)}; }
std::optional<Sample<Watt>> gated(std::int32_t watts) { return Sample<Watt>{w(watts), at(0)}; }

TEST(ImportLimit, AsksForTheDifferenceAndNeverForLess) {
  const struct {
    std::int32_t net_load;
    std::int32_t at_least;
  } cases[] = {{9'400, 1'400}, {8'001, 1},      {8'000, 0},
               {7'999, -1},    {3'000, -5'000}, {-2'000, -10'000}};
  for (const auto& c : cases) {
    const ImportLimitStep step = import_limit({}, kLimit, load(c.net_load), gated(777), at(100));
    EXPECT_EQ(step.output.status, PolicyStatus::acting);
    EXPECT_EQ(step.output.demand.policy, PolicyId::import_limit);
    EXPECT_EQ(step.output.demand.level, Level::contractual);
    EXPECT_EQ(step.output.demand.constraint, Band::at_least(w(c.at_least)));
    EXPECT_EQ(step.output.demand.preference, std::nullopt);
    EXPECT_EQ(step.state, (ImportLimitState{at(100), std::nullopt}));
  }
}

TEST(ImportLimit, HoldsTheLastDischargeUntilItsLeaseEndsThenZero) {
  ImportLimitState state = import_limit({}, kLimit, load(9'400), gated(0), at(0)).state;
  const auto blind = [&state](std::optional<Sample<Watt>> last, std::int64_t ms) {
    const ImportLimitStep step = import_limit(state, kLimit, std::nullopt, last, at(ms));
    state = step.state;
    return step.output;
  };
  PolicyOutput out = blind(gated(1'400), 2'000);
  EXPECT_EQ(out.status, PolicyStatus::holding);
  EXPECT_EQ(out.demand.constraint, Band::point(w(1'400)));
  // What the gate says later is not the last target from when we could see.
  EXPECT_EQ(blind(gated(900), 29'999).demand.constraint, Band::point(w(1'400)));
  out = blind(gated(1'400), 30'000);
  EXPECT_EQ(out.status, PolicyStatus::fallback);
  EXPECT_EQ(out.demand.constraint, Band::point(w(0)));
  EXPECT_EQ(blind(gated(1'400), 99'000).demand.constraint, Band::point(w(0)));
  // Sight again: acts at once, and the next loss holds what was commanded then.
  EXPECT_EQ(
      import_limit(state, kLimit, load(3'000), gated(0), at(100'000)).output.demand.constraint,
      Band::at_least(w(-5'000)));
  state = import_limit(state, kLimit, load(3'000), gated(0), at(100'000)).state;
  EXPECT_EQ(blind(gated(300), 102'000).demand.constraint, Band::point(w(300)));
}

TEST(ImportLimit, BlindMeansNoCharging) {
  const ImportLimitState seen{at(0), std::nullopt};
  EXPECT_EQ(import_limit(seen, kLimit, {}, gated(-3'000), at(100)).output.demand.constraint,
            Band::point(w(0)));
  EXPECT_EQ(import_limit(seen, kLimit, {}, std::nullopt, at(100)).output.demand.constraint,
            Band::point(w(0)));
  // After a restart nothing is known to have been commanded under a lease of ours.
  const ImportLimitStep fresh = import_limit({}, kLimit, {}, gated(1'400), at(100));
  EXPECT_EQ(fresh.output.status, PolicyStatus::fallback);
  EXPECT_EQ(fresh.output.demand.constraint, Band::point(w(0)));
}

// ---- setpoint ----------------------------------------------------------------------------------

TEST(Setpoint, PrefersThePowerWhileTheLeaseLives) {
  const SetpointConfig config{.lease_max = 60_s};
  const SetpointCommand command{w(-2'500), at(1'000), at(11'000), ActorName{"anna"}};
  const struct {
    std::int64_t now;
    PolicyStatus status;
  } cases[] = {{999, PolicyStatus::stale},
               {1'000, PolicyStatus::acting},
               {10'999, PolicyStatus::acting},
               {11'000, PolicyStatus::expired},
               {99'000, PolicyStatus::expired}};
  for (const auto& c : cases) {
    const PolicyOutput out = setpoint(PolicyId::setpoint, config, command, at(c.now));
    EXPECT_EQ(out.status, c.status) << c.now;
    const bool asks = c.status == PolicyStatus::acting;
    EXPECT_EQ(out.demand.preference, asks ? std::optional(Band::point(w(-2'500))) : std::nullopt);
    EXPECT_EQ(out.demand.constraint, std::nullopt);
    EXPECT_EQ(out.demand.level, Level::contractual);
  }
  EXPECT_EQ(setpoint(PolicyId::setpoint, config, std::nullopt, at(0)).status,
            PolicyStatus::no_demand);
}

TEST(Setpoint, ALeaseIsCutToTheMaximum) {
  const SetpointConfig config{.lease_max = 5_s};
  SetpointCommand command{w(1), at(1'000), at(11'000), {}};
  EXPECT_EQ(lease_end_of(command, config.lease_max), at(6'000));
  EXPECT_EQ(setpoint(PolicyId::setpoint, config, command, at(5'999)).status, PolicyStatus::acting);
  EXPECT_EQ(setpoint(PolicyId::setpoint, config, command, at(6'000)).status, PolicyStatus::expired);
  command.lease_end = Instant{Duration::max()};  // "For ever" is no lease.
  EXPECT_EQ(lease_end_of(command, config.lease_max), at(6'000));
}

TEST(Setpoint, TheServersIsTheSameUnderItsOwnName) {
  const SetpointCommand command{w(700), at(0), at(1'000), ActorName{"server"}};
  const PolicyOutput out = setpoint(PolicyId::remote_setpoint, {60_s}, command, at(500));
  EXPECT_EQ(out.demand.policy, PolicyId::remote_setpoint);
  EXPECT_EQ(out.demand.preference, Band::point(w(700)));
  EXPECT_EQ(setpoint(PolicyId::remote_setpoint, {60_s}, command, at(1'000)).status,
            PolicyStatus::expired);
}

// ---- dimming -----------------------------------------------------------------------------------

constexpr DimmingConfig kDimming{
    .failsafe = w(4'200), .failsafe_min = 7'200_s, .protective = w(1'400), .lease_max = 120_s};

LimitCommand dim(std::optional<Watt> charge, std::int64_t given, std::int64_t end) {
  return {{w(1), charge}, at(given), at(end), ActorName{"dso"}, 0};
}

TEST(Dimming, FollowsTheCommandThenTheFailsafeThenTheProtectiveValue) {
  DimmingState state;
  const auto see = [&state](const std::optional<LimitCommand>& command, std::int64_t ms) {
    const DimmingStep step = dimming(state, kDimming, command, at(ms));
    state = step.state;
    return step.output;
  };
  const LimitCommand command = dim(w(2'000), 1'000, 61'000);
  PolicyOutput out = see(command, 1'000);
  EXPECT_EQ(out.demand.constraint, Band::at_least(w(-2'000)));
  EXPECT_EQ(out.demand.level, Level::contractual);
  EXPECT_EQ(out.source, LimitSource::command);
  EXPECT_EQ(out.status, PolicyStatus::acting);
  EXPECT_EQ(see(command, 60'999).source, LimitSource::command);
  // The heartbeat is lost: the failsafe value for two hours.
  out = see(command, 61'000);
  EXPECT_EQ(out.demand.constraint, Band::at_least(w(-4'200)));
  EXPECT_EQ(out.source, LimitSource::failsafe);
  EXPECT_EQ(out.status, PolicyStatus::fallback);
  EXPECT_EQ(see(std::nullopt, 61'000 + 7'199'999).source, LimitSource::failsafe);
  // And never unlimited after it.
  out = see(std::nullopt, 61'000 + 7'200'000);
  EXPECT_EQ(out.demand.constraint, Band::at_least(w(-1'400)));
  EXPECT_EQ(out.source, LimitSource::fallback);
  EXPECT_EQ(see(std::nullopt, 99'000'000'000).demand.constraint, Band::at_least(w(-1'400)));
  // A new command ends it at once, and the next loss begins the two hours anew.
  const std::int64_t later = 100'000'000'000;
  EXPECT_EQ(see(dim(w(0), later, later + 10'000), later).demand.constraint, Band::at_least(w(0)));
  EXPECT_EQ(see(std::nullopt, later + 10'000).source, LimitSource::failsafe);
}

TEST(Dimming, ALivingCommandWithoutALimitDimsNothingAndNoCommandAtAllDoes) {
  const DimmingStep released = dimming({at(0)}, kDimming, dim({}, 0, 60'000), at(5'000));
  EXPECT_EQ(released.output.status, PolicyStatus::no_demand);
  EXPECT_EQ(released.output.demand.constraint, std::nullopt);
  EXPECT_EQ(released.state, DimmingState{});
  // Since the start nobody has spoken: failsafe, not freedom.
  EXPECT_EQ(dimming({}, kDimming, std::nullopt, at(0)).output.demand.constraint,
            Band::at_least(w(-4'200)));
  // An endless lease is cut; a limit below 0 forbids charging.
  LimitCommand endless = dim(w(-5), 0, 0);
  endless.lease_end = Instant{Duration::max()};
  EXPECT_EQ(dimming({}, kDimming, endless, at(119'999)).output.demand.constraint,
            Band::at_least(w(0)));
  EXPECT_EQ(dimming({}, kDimming, endless, at(120'000)).output.source, LimitSource::failsafe);
  EXPECT_EQ(dimming({}, kDimming, dim(w(1), 5'000, 9'000), at(4'999)).output.source,
            LimitSource::failsafe);
}

// ---- export_limit ------------------------------------------------------------------------------

TEST(ExportLimit, LeavesRoomForTheLimitAndNoMore) {
  const ExportLimitConfig config{.limit = w(2'000)};
  const struct {
    std::int32_t net_load;
    std::int32_t at_most;
  } cases[] = {{-5'000, -3'000}, {-2'001, -1}, {-2'000, 0}, {0, 2'000}, {1'500, 3'500}};
  for (const auto& c : cases) {
    const PolicyOutput out = export_limit(config, load(c.net_load));
    EXPECT_EQ(out.demand.constraint, Band::at_most(w(c.at_most)));
    EXPECT_EQ(out.status, PolicyStatus::acting);
    EXPECT_EQ(out.demand.level, Level::contractual);
  }
  const PolicyOutput blind = export_limit(config, std::nullopt);
  EXPECT_EQ(blind.demand.constraint, Band::at_most(w(0)));
  EXPECT_EQ(blind.status, PolicyStatus::fallback);
}

// ---- backup_reserve ----------------------------------------------------------------------------

Measured<BasisPoints> charge(std::int32_t bp, Quality quality = Quality::good) {
  return {Sample<BasisPoints>{BasisPoints{bp}, at(0), quality}, 2_s};
}
Measured<bool> grid(bool there) { return {Sample<bool>{there, at(0)}, 2_s}; }

TEST(BackupReserve, NoDischargingAtOrBelowTheReserveWithHysteresis) {
  const BackupReserveConfig config{.reserve = 2'000_bp, .hysteresis = 200_bp};
  BackupReserveState state;
  const struct {
    std::int32_t soc;
    bool held;
  } walk[] = {{5'000, false}, {2'001, false}, {2'000, true}, {2'199, true},
              {2'200, false}, {2'001, false}, {1'000, true}, {9'000, false}};
  for (const auto& at_soc : walk) {
    const BackupReserveStep step =
        backup_reserve(state, config, charge(at_soc.soc), grid(true), at(100));
    state = step.state;
    EXPECT_EQ(step.output.demand.constraint,
              at_soc.held ? std::optional(Band::at_most(w(0))) : std::nullopt)
        << at_soc.soc;
    EXPECT_EQ(step.output.status, at_soc.held ? PolicyStatus::acting : PolicyStatus::watching);
  }
  // Without hysteresis the reserve itself is still kept.
  const BackupReserveConfig sharp{.reserve = 2'000_bp, .hysteresis = 0_bp};
  EXPECT_TRUE(backup_reserve({}, sharp, charge(2'000), grid(true), at(0)).state.reached);
}

TEST(BackupReserve, AFullBatteryIsAboveItsHysteresisButNotAboveAReserveOfAll) {
  const auto status = [](BasisPoints reserve, BasisPoints soc) {
    const Measured<BasisPoints> full{Sample<BasisPoints>{soc, at(0)}, 3_s};
    const BackupReserveConfig config{.reserve = reserve, .hysteresis = 200_bp};
    return backup_reserve({.reached = true}, config, full, {}, at(0)).output.status;
  };
  EXPECT_EQ(status(9'900_bp, 9'999_bp), PolicyStatus::acting);
  EXPECT_EQ(status(9'900_bp, 10'000_bp), PolicyStatus::watching);
  EXPECT_EQ(status(10'000_bp, 10'000_bp), PolicyStatus::acting);
}

TEST(BackupReserve, AnUnknownStateOfChargeIsAnEmptyBatteryAndAnUnknownGridIsThere) {
  const BackupReserveConfig config{.reserve = 2'000_bp};
  for (const Measured<BasisPoints>& soc :
       {Measured<BasisPoints>{}, charge(9'000, Quality::uncertain)}) {
    const BackupReserveStep step = backup_reserve({}, config, soc, grid(true), at(100));
    EXPECT_EQ(step.output.demand.constraint, Band::at_most(w(0)));
    EXPECT_EQ(step.output.status, PolicyStatus::fallback);
  }
  const Measured<BasisPoints> low = charge(1'000);
  EXPECT_EQ(backup_reserve({}, config, low, {}, at(100)).output.status, PolicyStatus::acting);
  EXPECT_EQ(backup_reserve({}, config, low, grid(false), at(1'999)).output.status,
            PolicyStatus::not_applicable);
  EXPECT_EQ(backup_reserve({}, config, low, grid(false), at(2'000)).output.status,
            PolicyStatus::fallback);  // Stale, and so is the state of charge.
  EXPECT_EQ(backup_reserve({true}, config, {}, grid(false), at(100)).output.demand.constraint,
            std::nullopt);
}

// ---- schedule ----------------------------------------------------------------------------------

UtcInstant utc(std::int64_t s) { return UtcInstant{seconds(s)}; }
WallTime wall(std::int64_t s) { return {.utc = utc(s), .quality = ClockQuality::synced}; }

TEST(Schedule, PrefersTheEntryOfNow) {
  const std::array entries{ScheduleEntry{utc(100), utc(200), w(1'000)},
                           ScheduleEntry{utc(200), utc(300), w(-2'000)},
                           ScheduleEntry{utc(400), utc(500), w(0)}};
  EXPECT_TRUE(validate(entries));
  const struct {
    std::int64_t s;
    std::optional<Watt> asked;
  } cases[] = {{99, {}},         {100, w(1'000)}, {199, w(1'000)}, {200, w(-2'000)},
               {299, w(-2'000)}, {300, {}},       {400, w(0)},     {500, {}}};
  for (const auto& c : cases) {
    const PolicyOutput out = schedule(entries, wall(c.s));
    EXPECT_EQ(out.demand.preference, c.asked ? std::optional(Band::point(*c.asked)) : std::nullopt)
        << c.s;
    EXPECT_EQ(out.status, c.asked ? PolicyStatus::acting : PolicyStatus::no_demand) << c.s;
  }
  EXPECT_EQ(schedule({}, wall(100)).status, PolicyStatus::no_demand);
  EXPECT_EQ(schedule(entries, {.utc = utc(150)}).status, PolicyStatus::clock_unset);
}

TEST(Schedule, ValidateNamesTheEntry) {
  const auto error = [](std::span<const ScheduleEntry> entries) {
    const Result<void> result = validate(entries);
    return result ? std::pair(std::string(), 0)
                  : std::pair(std::string(result.error().what), int{result.error().offset});
  };
  const ScheduleEntry first{utc(100), utc(200), {}};
  EXPECT_EQ(error({}), std::pair(std::string(), 0));
  EXPECT_EQ(error(std::array{first, ScheduleEntry{utc(300), utc(300), {}}}),
            std::pair(std::string("schedule: an entry ends before it begins"), 1));
  EXPECT_EQ(error(std::array{first, ScheduleEntry{utc(199), utc(300), {}}}),
            std::pair(std::string("schedule: an entry begins before the last one ends"), 1));
}

// ---- configuration -----------------------------------------------------------------------------

template <class Config>
std::string complaint(Config config, auto change) {
  change(config);
  const Result<void> result = validate(config);
  return result ? "" : result.error().what;
}

TEST(Contractual, ValidateNamesTheMistake) {
  const auto dimmed = [](auto change) { return complaint(kDimming, change); };
  EXPECT_EQ(dimmed([](auto&) {}), "");
  EXPECT_EQ(dimmed([](auto& c) { c.failsafe = c.protective = w(0); }), "");
  EXPECT_EQ(dimmed([](auto& c) { c.failsafe = w(-1); }), "dimming.failsafe is below 0");
  EXPECT_EQ(dimmed([](auto& c) { c.protective = w(-1); }), "dimming.protective is below 0");
  EXPECT_EQ(dimmed([](auto& c) { c.failsafe_min = {}; }), "dimming.failsafe_min is not above 0");
  EXPECT_EQ(dimmed([](auto& c) { c.lease_max = {}; }), "dimming.lease_max is not above 0");
  EXPECT_EQ(complaint(ExportLimitConfig{}, [](auto& c) { c.limit = w(-1); }),
            "export_limit.limit is below 0");
  EXPECT_EQ(complaint(ExportLimitConfig{}, [](auto&) {}), "");
  const auto reserved = [](auto change) { return complaint(BackupReserveConfig{}, change); };
  EXPECT_EQ(reserved([](auto&) {}), "");
  EXPECT_EQ(reserved([](auto& c) { c.reserve = c.hysteresis = 10'000_bp; }), "");
  EXPECT_EQ(reserved([](auto& c) { c.reserve = c.hysteresis = 0_bp; }), "");
  const std::string reserve = "backup_reserve.reserve is not 0 .. 100 %";
  EXPECT_EQ(reserved([](auto& c) { c.reserve = BasisPoints{-1}; }), reserve);
  EXPECT_EQ(reserved([](auto& c) { c.reserve = BasisPoints{10'001}; }), reserve);
  const std::string hysteresis = "backup_reserve.hysteresis is not 0 .. 100 %";
  EXPECT_EQ(reserved([](auto& c) { c.hysteresis = BasisPoints{-1}; }), hysteresis);
  EXPECT_EQ(reserved([](auto& c) { c.hysteresis = BasisPoints{10'001}; }), hysteresis);
}

}  // namespace
}  // namespace ems::decision
