// SPDX-License-Identifier: Apache-2.0
#include "ems/io/realtime.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <thread>

namespace ems::io {
namespace {

struct Outcome {
  std::optional<Errc> refused;
  int policy = -1;
  int priority = -1;
};

/// In a thread that ends, so that the tests after this one are ordinary again.
Outcome enter(bool privileged) {
  Outcome out;
  std::thread([&] {
    constexpr long kNobody = 65'534;
    // The system call, not the library's function: of this thread only.
    if (!privileged) ::syscall(SYS_setresuid, kNobody, kNobody, kNobody);
    const Result<void> done = enter_realtime(kControlPriority);
    if (!done) out.refused = done.error().code;
    out.policy = ::sched_getscheduler(0);
    sched_param parameters{};
    ::sched_getparam(0, &parameters);
    out.priority = parameters.sched_priority;
  }).join();
  return out;
}

TEST(Realtime, IsWhatTheKernelSaysAfterwards) {
  const Outcome out = enter(true);
  if (out.refused) {
    EXPECT_EQ(out.refused, Errc::permission_denied);
    EXPECT_EQ(out.policy, SCHED_OTHER);
    GTEST_SKIP() << "this process may not";
  }
  EXPECT_EQ(out.policy & ~SCHED_RESET_ON_FORK, SCHED_FIFO);
  EXPECT_EQ(out.priority, kControlPriority);
}

TEST(Realtime, WhoMayNotIsRefusedByNameAndGoesOnAsItWas) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_RTPRIO, &limit), 0);
  if (limit.rlim_cur >= static_cast<rlim_t>(kControlPriority)) GTEST_SKIP() << "everybody may here";
  const Outcome out = enter(false);
  EXPECT_EQ(out.refused, Errc::permission_denied);
  EXPECT_EQ(out.policy, SCHED_OTHER);
}

}  // namespace
}  // namespace ems::io
