// SPDX-License-Identifier: Apache-2.0
/// @file What a stretch of work costs: wall time, and CPU time of the whole process.
#pragma once

#include <sys/resource.h>
#include <time.h>

namespace ems::bench {

struct Spent {
  double wall_s = 0;
  double cpu_s = 0;   ///< Of all threads, user and kernel.
  double user_s = 0;  ///< Of it outside the kernel.
};

class Stopwatch {
 public:
  [[nodiscard]] Spent spent() const {
    return {seconds_of(CLOCK_MONOTONIC) - wall_, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_,
            user_mode_s() - user_};
  }

 private:
  static double seconds_of(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  static double user_mode_s() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec) * 1e-6;
  }
  double wall_ = seconds_of(CLOCK_MONOTONIC);
  double cpu_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  double user_ = user_mode_s();
};

}  // namespace ems::bench
