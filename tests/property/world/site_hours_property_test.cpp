// SPDX-License-Identifier: Apache-2.0
/// @file Site-hours in which everything goes wrong, by seed. EMS_SEED is the first world,
/// EMS_WORLDS how many (seed, seed + 1, ...), EMS_WORLD_MINUTES how long each one lasts, and
/// EMS_WORLD_UNTIL_S ends a run after so much wall time, at the end of a world. A wrong world is
/// told and the next one is lived.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "property/world/fleet_judge.hpp"
#include "support/seed.hpp"

namespace ems::test {
namespace {

constexpr std::uint64_t kSeed = 1;

struct Life {
  std::uint64_t fingerprint = 0;
  std::string wrong;
  FleetCounts counts;
  std::array<std::uint64_t, kHappened> happened{};
};

/// What a person who replays an hour looks at first: truth, what was told, verdicts, orders.
void describe(const FleetWorld& world) {
  const runtime::Tick& tick = world.tick();
  for (std::size_t b = 0; b < world.config().batteries.size(); ++b) {
    const sim::BatteryState& truth = world.plant().battery(b);
    const auto& told = world.told().battery_heard(b);
    const Allowed& allowed = world.oracle().allowed(b);
    std::printf("  battery %zu: truth %.3f V %.2f A %.1f %%; told %lld mV %lld mA %lld bp\n", b + 1,
                truth.voltage_v, truth.current_a, truth.soc_pct,
                static_cast<long long>(told[kPackVoltage].value),
                static_cast<long long>(told[kPackCurrent].value),
                static_cast<long long>(told[kSoc].value));
    if (b >= tick.safety.batteries.size()) continue;
    const safety::BatteryVerdict& verdict = tick.safety.batteries[b];
    std::printf("    %s, charge %d mA, discharge %d mA; the judge: %.0f, %.0f by%s;",
                std::string(to_string(verdict.state)).c_str(), verdict.charge_current_max.count(),
                verdict.discharge_current_max.count(), allowed.charge_ma, allowed.discharge_ma,
                world.oracle().battery_oracle(b).blocked().c_str());
    for (const safety::Reason& reason : verdict.reasons) {
      std::printf(" %s/%s", std::string(to_string(reason.rule)).c_str(),
                  std::string(to_string(reason.cause)).c_str());
    }
    std::printf("\n");
  }
  for (std::size_t i = 0; i < world.plant().inverters().size(); ++i) {
    const PlantInverter& inverter = world.plant().inverters()[i];
    std::printf("  inverter %zu: batteries %#x, output %.0f W, PV %.0f W, conduct %d;", i + 1,
                inverter.batteries, inverter.output_w, inverter.pv_w,
                static_cast<int>(inverter.conduct));
    if (i >= tick.orders.size() || !tick.orders[i].command) continue;
    const safety::InverterVerdict& verdict = tick.safety.inverters[i];
    std::printf(" order %s %d W in [%d, %d]%s\n",
                std::string(to_string(tick.orders[i].command->kind)).c_str(),
                tick.orders[i].command->p.count(), verdict.ac.lo.count(), verdict.ac.hi.count(),
                verdict.curtail_pv ? ", PV off" : "");
  }
}

Life live(std::uint64_t seed, std::uint64_t minutes) {
  FleetWorld world(seed);
  FleetJudge judge(world);
  Life life;
  const Instant end = Instant{} + seconds(static_cast<std::int64_t>(minutes) * 60);
  while (world.now() < end && life.wrong.empty()) {
    const bool ran = world.step();
    life.wrong = judge.watch(ran);
  }
  if (!life.wrong.empty()) {
    std::printf("WRONG at %.1f s of world %llu: %s\n",
                static_cast<double>((world.now() - Instant{}).count()) / 1e6,
                static_cast<unsigned long long>(seed), life.wrong.c_str());
    describe(world);
    std::printf("replay: scripts/world --seed %llu --hours 1\n",
                static_cast<unsigned long long>(seed));
  }
  life.fingerprint = world.fingerprint();
  life.counts = judge.counts();
  for (std::size_t i = 0; i < kHappened; ++i) {
    life.happened[i] = world.happened(static_cast<Happened>(i));
  }
  return life;
}

void add(Life& all, const Life& one) {
  const auto sum = [](auto& to, const auto& from, auto... members) {
    ((to.*members += from.*members), ...);
  };
  sum(all.counts, one.counts, &FleetCounts::ticks, &FleetCounts::moving, &FleetCounts::safe,
      &FleetCounts::tripped, &FleetCounts::estop, &FleetCounts::at_limit, &FleetCounts::lost_inputs,
      &FleetCounts::leases_ended, &FleetCounts::disobeyed, &FleetCounts::conflicts,
      &FleetCounts::explained);
  for (std::size_t i = 0; i < kHappened; ++i) all.happened[i] += one.happened[i];
  all.fingerprint = all.fingerprint * 31 + one.fingerprint;
}

/// Lines of `name: number`, which scripts/world adds up.
void print(const Life& all) {
  const auto line = [](const char* name, std::uint64_t number) {
    std::printf("%s: %llu\n", name, static_cast<unsigned long long>(number));
  };
  line("ticks", all.counts.ticks);
  line("ticks moving power", all.counts.moving);
  line("ticks safe", all.counts.safe);
  line("ticks tripped", all.counts.tripped);
  line("ticks stopped by a person", all.counts.estop);
  line("ticks at a limit", all.counts.at_limit);
  line("ticks disobeyed", all.counts.disobeyed);
  line("ticks with conflicts", all.counts.conflicts);
  line("ticks after a lease", all.counts.leases_ended);
  line("inputs lost", all.counts.lost_inputs);
  line("decisions in words", all.counts.explained);
  for (std::size_t i = 0; i < kHappened; ++i) line(kHappenedNames[i], all.happened[i]);
  std::printf("fingerprint: %016llx\n", static_cast<unsigned long long>(all.fingerprint));
}

TEST(SiteHours, NoUnsafeCommandAndNoUnexplainedDecision) {  // SAF-030 SAF-031 SAF-036 SAF-040
  const Seed first(kSeed);
  const std::uint64_t worlds = Seed::number("EMS_WORLDS", 12);
  const std::uint64_t minutes = Seed::number("EMS_WORLD_MINUTES", 10);
  const std::uint64_t until_s = Seed::number("EMS_WORLD_UNTIL_S", 0);
  const auto start = std::chrono::steady_clock::now();
  Life all;
  std::uint64_t lived = 0;
  for (std::uint64_t i = 0; i < worlds; ++i) {
    std::fprintf(stderr, "world %llu\n",  // The last one, should it end the process.
                 static_cast<unsigned long long>(first.value() + i));
    const Life one = live(first.value() + i, minutes);
    add(all, one);
    ++lived;
    EXPECT_EQ(one.wrong, "") << "world " << first.value() + i;
    const auto gone = std::chrono::steady_clock::now() - start;
    if (until_s > 0 && gone >= std::chrono::seconds(until_s)) break;
  }
  std::printf("worlds: %llu\n", static_cast<unsigned long long>(lived));
  print(all);
  if (worlds < 12 || minutes < 10) return;  // A replay need not see everything.
  const FleetCounts& counts = all.counts;   // The property was not empty.
  EXPECT_GT(counts.moving * 5, counts.ticks);
  EXPECT_GT(counts.safe * 20, counts.ticks);
  EXPECT_GT(counts.tripped, 500U);
  EXPECT_GT(counts.estop, 50U);
  EXPECT_GT(counts.disobeyed, 500U);
  EXPECT_GT(counts.conflicts, 1'000U);
  EXPECT_GT(counts.leases_ended, 1'000U);
  for (std::size_t i = 0; i < kHappened; ++i) EXPECT_GT(all.happened[i], 3U) << kHappenedNames[i];
}

TEST(SiteHours, SameSeedSameBitsOtherSeedOtherBits) {
  const Seed seed(kSeed);
  const std::uint64_t once = live(seed.value(), 3).fingerprint;
  EXPECT_EQ(once, live(seed.value(), 3).fingerprint);
  EXPECT_NE(once, live(seed.value() + 1, 3).fingerprint);
}

}  // namespace
}  // namespace ems::test
