// SPDX-License-Identifier: Apache-2.0
/// @file How the benchmarks of pure functions measure: CPU time of this thread in batches, and the
/// heap's allocations. Include in one file of a program: it replaces operator new.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

namespace ems::bench {

inline std::uint64_t allocations = 0;

/// CPU time of this thread.
inline double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct Figures {
  double p50_ns = 0;  ///< Of one call; a batch's calls count as equal.
  double p99_ns = 0;
  std::uint64_t calls = 0;
  std::uint64_t allocations = 0;  ///< Of all calls together.
};

/// Calls `work(i)` `batches` * `per_batch` times, i counting up. One batch hides the clock's cost.
template <class Work>
Figures measure(int batches, int per_batch, Work&& work) {
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(batches));
  const std::uint64_t before = allocations;
  std::uint64_t i = 0;
  for (int b = 0; b < batches; ++b) {
    const double from = cpu_ns();
    for (int n = 0; n < per_batch; ++n) work(i++);
    times.push_back((cpu_ns() - from) / per_batch);
  }
  const std::uint64_t made = allocations - before;
  std::sort(times.begin(), times.end());
  const auto at = [&times](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  return {at(0.50), at(0.99), i, made};
}

/// Keeps the optimiser from dropping what a benchmark computes.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

/// One JSON member.
inline void print(const char* name, const Figures& f, const char* end = ",") {
  std::printf(
      "\"%s\": {\"p50_ns\": %.1f, \"p99_ns\": %.1f, \"calls\": %llu, \"allocations\": %llu}%s\n",
      name, f.p50_ns, f.p99_ns, static_cast<unsigned long long>(f.calls),
      static_cast<unsigned long long>(f.allocations), end);
}

}  // namespace ems::bench

// The hook: every allocation of the program comes through here.
void* operator new(std::size_t size) {
  ++ems::bench::allocations;
  if (void* room = std::malloc(size)) return room;
  std::abort();
}
void operator delete(void* room) noexcept { std::free(room); }
void operator delete(void* room, std::size_t) noexcept { std::free(room); }
