// SPDX-License-Identifier: Apache-2.0
#include "ems/io/realtime.hpp"

#include <sched.h>
#include <sys/mman.h>

#include <cerrno>

namespace ems::io {

Result<void> enter_realtime(int priority) noexcept {
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) == 0) return {};
  if (errno == EPERM) {
    return fail(Errc::permission_denied, 0, "SCHED_FIFO needs RLIMIT_RTPRIO or CAP_SYS_NICE");
  }
  return fail(Errc::io, static_cast<std::size_t>(errno), "SCHED_FIFO is refused");
}

Result<void> lock_memory() noexcept {
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) return {};
  if (errno == EPERM) {
    return fail(Errc::permission_denied, 0, "memory is not locked: needs RLIMIT_MEMLOCK");
  }
  if (errno == ENOMEM) {
    return fail(Errc::resource_exhausted, 0, "memory is not locked: RLIMIT_MEMLOCK is too small");
  }
  return fail(Errc::io, static_cast<std::size_t>(errno), "memory is not locked");
}

}  // namespace ems::io
