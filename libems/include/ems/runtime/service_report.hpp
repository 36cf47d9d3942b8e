// SPDX-License-Identifier: Apache-2.0
/// @file What a service manager is told of a running site, and on what evidence.
#pragma once

#include <cstdint>
#include <string>

#include "ems/core/result.hpp"
#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

/// Turns looks at a site into lines for io::ServiceNotifier. A site is alive while its ticks go on:
/// a control strand that answers without ticking, or does not answer, is not.
class ServiceReport {
 public:
  /// @param status  From SitePort::status(), just now.
  /// @return        `WATCHDOG=1` only when the site ticked since the look before, `READY=1` with
  ///                the first of them, and always `STATUS=` with the state in words.
  [[nodiscard]] std::string look(const Result<SiteStatus>& status);

  /// Whether `READY=1` was said.
  [[nodiscard]] bool ready() const noexcept { return ready_; }

 private:
  std::uint64_t tick_ = 0;
  bool ready_ = false;
};

}  // namespace ems::runtime
