// SPDX-License-Identifier: Apache-2.0
// Time of one control tick (safety, decision, distribute, gate) with one battery of 16 cells, in
// CPU time of this thread. There is no peer for it: no other library offers the step to be timed.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ems/runtime/decision_view.hpp"
#include "support/plain_site.hpp"

namespace {

double cpu_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ems;
  const int ticks = argc > 1 ? std::atoi(argv[1]) : 10'000;
  test::PlainSite site;
  runtime::ControlLoop loop(test::plain_config(), safety::State{});
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(ticks));
  Instant now{seconds(100)};
  std::int64_t checksum = 0;
  for (int i = 0; i < ticks; ++i) {
    now = now + 100_ms;
    // Devices answer once a second; the load moves, so that decisions do too.
    if (i % 10 == 0) site.healthy(now, Watt{6'000 + (i * 37) % 5'000});
    const double from = cpu_us();
    const runtime::Tick tick = loop.tick(site.image, {.inverters_ready = 1}, now);
    times.push_back(cpu_us() - from);
    checksum += tick.gated.count();
  }
  std::sort(times.begin(), times.end());
  const auto at = [&times](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf(
      "{\"ticks\": %d, \"median_us\": %.2f, \"p99_us\": %.2f, \"max_us\": %.2f, \"checksum_w\": "
      "%lld}\n",
      ticks, at(0.5), at(0.99), at(1.0), static_cast<long long>(checksum));
  return checksum == 0 ? 1 : 0;  // The loop really decided something.
}
