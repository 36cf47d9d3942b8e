// SPDX-License-Identifier: Apache-2.0
/// @file The watchdog: a thread of its own that stops every inverter when the control strand hangs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/io/link/stop_path.hpp"
#include "ems/io/watchdog_device.hpp"
#include "ems/model/clock.hpp"

namespace ems::runtime {

struct WatchdogSettings {
  Duration tick{};  ///< How often pet() is due.
  /// Links to be stopped; they outlive the watchdog. Empty: nothing is ever sent.
  std::vector<std::shared_ptr<io::StopPath>> links;
  bool realtime = false;  ///< Thread under SCHED_FIFO, where that is allowed.
};

/// Watches one strand. A stop begins at most io::watchdog_silence() and one tick after the last
/// pet(), is sent again after every further io::watchdog_silence(), and ends with the next pet().
/// Between its requests it sleeps io::kStopPause; it waits for nothing else, and takes no memory.
class Watchdog {
 public:
  /// @param clock  Monotonic time; outlives the watchdog.
  Watchdog(const Clock& clock, WatchdogSettings settings);
  /// Ends the thread. The device is left armed, unless end() was called.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Starts the thread; from now on pet() is awaited. Once.
  /// @param device  Petted as long as the strand is; nullopt: there is none.
  void start(std::optional<io::WatchdogDevice> device);
  /// The strand is alive: a tick's orders went out. @thread_safety The strand; wait-free.
  void pet() noexcept { petted_.store(clock_.now().since_zero().count()); }
  /// The site ends in order: nothing is awaited any more, and the device is disarmed.
  /// @thread_safety Any thread but its own; waits for the thread, some milliseconds.
  void end();

  /// So long since the last pet() that a stop may have gone out, or another is about to.
  /// @thread_safety The strand; wait-free.
  [[nodiscard]] bool expired() const noexcept;

  /// Times that the strand hung. @thread_safety Any thread, as those that follow.
  [[nodiscard]] std::uint64_t hangs() const noexcept { return hangs_.load(); }
  /// Stops that were sent, on all links together.
  [[nodiscard]] std::uint64_t stops() const noexcept;
  /// The hardware watchdog took the newest pet(); true when there is none.
  [[nodiscard]] bool device_ok() const noexcept { return device_ok_.load(); }

 private:
  void run();
  void watch(Instant now);
  void pet_device(Instant now);

  const Clock& clock_;
  WatchdogSettings settings_;
  Duration silence_;
  std::optional<io::WatchdogDevice> device_;
  std::atomic<std::int64_t> petted_{0};
  std::atomic<std::uint64_t> hangs_{0};
  std::atomic<bool> device_ok_{true};

  // The thread's own.
  bool acting_ = false;
  bool sending_ = false;
  Instant next_stop_{};
  Instant next_device_{};

  std::mutex mutex_;  // Guards ending_; the strand never takes it.
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace ems::runtime
