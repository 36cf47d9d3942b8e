// SPDX-License-Identifier: Apache-2.0
/// @file The hardware watchdog: a timer outside the processor's reach that restarts the machine
/// when nobody resets it.
#pragma once

#include <string>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::io {

/// After so long without a pet() the machine restarts.
inline constexpr Duration kWatchdogDeviceTimeout = seconds(10);

/// An open watchdog device. From open() on it must be petted, whatever happens: only disarm() ends
/// that in order. The destructor closes without it, and a process that ends does too, so that a
/// hang or a crash restarts the machine.
///
/// @thread_safety One thread at a time.
/// @source Linux, Documentation/watchdog/watchdog-api.rst
class WatchdogDevice {
 public:
  /// Opens and sets kWatchdogDeviceTimeout; a driver with a fixed time keeps its own.
  /// @param path  `/dev/watchdog0`.
  /// @errors io                   cannot be opened; offset = errno (another program has it, or it
  ///                              is not ours to open).
  ///         failed_precondition  it is no watchdog device, or restarts sooner than in 3 s.
  [[nodiscard]] static Result<WatchdogDevice> open(const std::string& path);
  /// Takes a descriptor as it is, as if open() had set it up: for a stand-in in tests.
  explicit WatchdogDevice(int fd) noexcept : fd_(fd) {}
  ~WatchdogDevice();
  WatchdogDevice(WatchdogDevice&& other) noexcept;
  WatchdogDevice& operator=(WatchdogDevice&& other) noexcept;

  /// Begins its time anew. Never blocks. @errors io  offset = errno.
  [[nodiscard]] Result<void> pet() noexcept;
  /// Ends it (the "magic close"): the machine is not restarted any more. A kernel built with
  /// CONFIG_WATCHDOG_NOWAYOUT restarts it all the same. @errors io  offset = errno.
  [[nodiscard]] Result<void> disarm() noexcept;

 private:
  [[nodiscard]] Result<void> put(char byte) noexcept;

  int fd_ = -1;
};

}  // namespace ems::io
