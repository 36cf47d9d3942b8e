// SPDX-License-Identifier: Apache-2.0
/// @file What a site file promises: how late a stop may go out on each line, and how fast the site
/// reacts. Printed and enforced by `emsctl config check`.
#pragma once

#include <string>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/io/config/diagnostic.hpp"
#include "ems/io/config/site_config.hpp"

namespace ems::io {

/// A stop must go out within this on a line that carries a controlled device (DESIGN section 3).
inline constexpr Duration kStopLatencyMax = milliseconds(500);

/// One line (a tty or a TCP peer) and what hangs on it.
struct LineReport {
  std::string line;                  ///< `/dev/ttyUSB0` or `127.0.0.1:1502`.
  std::vector<std::string> devices;  ///< `battery/1`, `inverter/1`.
  bool controlled = false;           ///< An inverter is on it.
  /// What a stop waits at most before the next frame boundary. On a tty: the longest reply timeout
  /// plus the time of one longest frame at its baud rate. On TCP, where units do not wait for each
  /// other: the longest reply timeout of the line's controlled devices, or of its battery.
  Duration stop_latency{};
};

/// What one inverter's reaction is made of.
struct ReactionReport {
  std::string inverter;
  Duration meter_poll{};
  Duration dead_time{};
  /// From rated charge to rated discharge power at the declared ramp, or, where policy `ramp` is
  /// slower, of the whole site at its rate: it delays a contractual limit.
  Duration ramp{};
  bool by_policy = false;  ///< The ramp is the policy's.
  Duration ticks{};
  /// The sum: an excursion at the PCC lasts no longer.
  Duration total{};
};

struct SiteReport {
  std::vector<LineReport> lines;
  std::vector<ReactionReport> reactions;  ///< One per inverter; empty without a PCC meter.
  Duration reaction{};                    ///< The slowest of them; zero when there is none.
  /// A control loop that hangs: so long after its last tick the watchdog's stop is given to the
  /// lines, where it waits as any other. Zero without inverters.
  Duration watchdog{};
  /// Lines whose stop latency is over kStopLatencyMax; a tick over half a pack's heartbeat period.
  std::vector<ConfigError> errors;

  /// Lines for people.
  [[nodiscard]] std::string text() const;
};

/// @thread_safety Pure function.
[[nodiscard]] SiteReport report_site(const SiteConfig& site);

}  // namespace ems::io
