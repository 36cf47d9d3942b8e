// SPDX-License-Identifier: Apache-2.0
/// @file Real-time scheduling of a thread, and memory that is never paged out.
#pragma once

#include "ems/core/result.hpp"

namespace ems::io {

/// Priorities under SCHED_FIFO: the watchdog goes before the control thread it watches; both stay
/// below the kernel's own interrupt threads (50).
inline constexpr int kControlPriority = 40;
inline constexpr int kWatchdogPriority = 45;

/// Puts the calling thread under SCHED_FIFO; threads that it makes are ordinary ones.
///
/// @errors permission_denied  the process may not (RLIMIT_RTPRIO, CAP_SYS_NICE).
///         io                 the kernel refuses otherwise; offset = errno.
/// @source sched(7)
[[nodiscard]] Result<void> enter_realtime(int priority) noexcept;

/// Locks every page of the process once it was touched, those of now and of later, so that none has
/// to be read back in the middle of a tick. Untouched room of stacks stays free.
///
/// @errors permission_denied, resource_exhausted  the process may not, or not so much
///         (RLIMIT_MEMLOCK); io  otherwise; offset = errno.
/// @source mlockall(2), MCL_ONFAULT
[[nodiscard]] Result<void> lock_memory() noexcept;

}  // namespace ems::io
