// SPDX-License-Identifier: Apache-2.0
// One decision with every policy there is, on inputs that move from call to call.
#include <cstdlib>
#include <memory>

#include "bench/measure.hpp"
#include "ems/decision/decision.hpp"
#include "support/all_policies.hpp"

namespace {

using namespace ems;

constexpr int kBatches = 2'000;
constexpr int kPerBatch = 50;
constexpr UtcInstant kDay{seconds(1'767'225'600)};  // 2026-01-01

decision::Inputs inputs_at(Instant now, std::uint64_t i, const test::DayTables& day) {
  const auto measured = [now](auto value) {
    return decision::Measured<decltype(value)>{Sample<decltype(value)>{value, now}, seconds(3)};
  };
  const auto wave = static_cast<std::int32_t>(i * 37 % 4'000);
  decision::Inputs in;
  in.envelope = {-10'000_w, 10'000_w};
  in.pcc_power = measured(Watt{wave - 1'000});
  in.battery_power = measured(Watt{wave / 2});
  in.gated = Sample<Watt>{Watt{wave / 2}, now - milliseconds(100), Quality::substituted};
  const Instant given = now - seconds(5);
  in.setpoint = decision::SetpointCommand{Watt{wave - 2'000}, given, now + seconds(60)};
  in.remote_setpoint = decision::SetpointCommand{1'000_w, given, now + seconds(60)};
  in.active_power_limit = decision::LimitCommand{{8'000_w, 8'000_w}, given, now + seconds(60)};
  in.dimming = decision::LimitCommand{{std::nullopt, 6'000_w}, given, now + seconds(60)};
  in.frequency = measured(MilliHertz{49'900 + wave / 20});
  in.grid_connected = measured(true);
  in.energy_imported = measured(WattHour{1'000'000 + static_cast<std::int64_t>(i / 1'000)});
  in.batteries.soc = measured(BasisPoints{5'000 + wave / 10});
  in.batteries.soc_min = measured(BasisPoints{4'900 + wave / 10});
  in.batteries.soc_max = measured(BasisPoints{5'100 + wave / 10});
  in.batteries.temperature_min = measured(MilliCelsius{9'000 + wave});
  in.batteries.temperature_max = measured(MilliCelsius{33'000 + wave});
  in.batteries.capacity = 20'000_wh;
  in.wall = {.utc = kDay + (now - Instant{}), .utc_offset = {}, .quality = ClockQuality::synced};
  in.schedule = day.schedule();
  in.plan = day.plan();
  in.prices = day.prices();
  return in;
}

}  // namespace

int main() {
  const test::DayTables day(kDay);
  const decision::Config config = test::all_policies();
  if (!decision::validate(config)) return 1;
  auto state = std::make_unique<decision::State>();
  std::size_t policies = 0;
  Watt sum{};
  const auto step = [&](std::uint64_t i) {
    const Instant now{seconds(100) + milliseconds(100) * static_cast<std::int64_t>(i)};
    const decision::Step next = decision::step(*state, config, inputs_at(now, i, day), now);
    *state = next.state;
    policies = next.decision.policies.size() + 1;  // And safety, which is the envelope.
    sum += max_of(next.decision.target(), -next.decision.target());
  };
  const bench::Figures all = bench::measure(kBatches, kPerBatch, step);
  const bench::Figures making = bench::measure(kBatches, kPerBatch, [&](std::uint64_t i) {
    bench::keep(
        inputs_at(Instant{seconds(100) + milliseconds(static_cast<std::int64_t>(i))}, i, day));
  });
  if (sum == Watt{}) return 2;  // It really decided something.
  std::printf("{\"compiler\": \"%s\", \"flags\": \"%s\", \"policies\": %zu,\n", __VERSION__,
              EMS_BENCH_FLAGS, policies);
  bench::print("step_and_inputs", all);
  bench::print("inputs_alone", making, "}");
  return 0;
}
