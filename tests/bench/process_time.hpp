// SPDX-License-Identifier: Apache-2.0
/// @file What a stretch of work costs: wall time, and CPU time of the whole process.
#pragma once

#include <time.h>

namespace ems::bench {

struct Spent {
  double wall_s = 0;
  double cpu_s = 0;  ///< Of all threads, user and kernel.
};

class Stopwatch {
 public:
  [[nodiscard]] Spent spent() const {
    return {seconds_of(CLOCK_MONOTONIC) - wall_, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_};
  }

 private:
  static double seconds_of(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  double wall_ = seconds_of(CLOCK_MONOTONIC);
  double cpu_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
};

}  // namespace ems::bench
