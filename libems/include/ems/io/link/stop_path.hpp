// SPDX-License-Identifier: Apache-2.0
/// @file A line's way to stop its inverters while the control strand hangs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ems/core/time.hpp"

namespace ems::io {

/// From one request of a stop to the next: a device gets time to answer, and the line to be quiet.
inline constexpr Duration kStopPause = milliseconds(20);

/// Silence of the control strand after which every inverter is stopped, and the time from one stop
/// to the next while it lasts: ten ticks, but no less than a second: a busy machine that is no
/// real-time system lets a process wait for some hundred milliseconds now and then.
/// @thread_safety Pure function.
[[nodiscard]] constexpr Duration watchdog_silence(Duration tick) noexcept {
  return max_of(tick * 10, Duration{seconds(1)});
}

/// The requests that stop one unit, in order.
struct StopPlan {
  std::uint8_t unit = 1;
  Duration timeout{};                        ///< RTU: of each answer; zero: kModbusReplyTimeout.
  std::vector<std::vector<std::byte>> pdus;  ///< Each 1 .. 253 bytes; empty: nothing to send.
};

/// Stop requests are encoded beforehand, by the strand, and sent by another thread: the watchdog's.
/// While they go out the strand hangs, so nothing it holds is needed: no lock but those it holds
/// for a copy, no memory, no name to resolve, no file.
///
/// A stop that went out makes void what the strand had queued before it: those requests end with
/// `cancelled`.
class StopPath {
 public:
  virtual ~StopPath() = default;

  /// Keeps the stop of a unit; replaces the one it has. @thread_safety The strand.
  virtual void set_stop(const StopPlan& plan) = 0;
  /// Stops that began to go out since this was made. @thread_safety Any thread.
  [[nodiscard]] virtual std::uint64_t stops() const noexcept = 0;

  // ---- the watchdog: one thread, not the strand's; nothing here waits --------------------------
  /// Begins the stop of every unit that has one, from the first request.
  virtual void begin_stop() noexcept = 0;
  /// Does what can be done now; call it every kStopPause until it returns true.
  /// @return true  the last request went out, or there is none.
  [[nodiscard]] virtual bool advance_stop() noexcept = 0;
  /// The strand is back.
  virtual void end_stop() noexcept = 0;

 protected:
  StopPath() = default;
  StopPath(const StopPath&) = default;
  StopPath& operator=(const StopPath&) = default;
};

}  // namespace ems::io
