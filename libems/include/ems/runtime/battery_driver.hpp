// SPDX-License-Identifier: Apache-2.0
/// @file One battery of the site: the values of its BMS into the site's image, whatever link and
/// protocol it has.
#pragma once

#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

/// Keeps the conversation with one battery going, for ever: a lost link is opened again after 1, 5,
/// 15, then every 60 s.
///
/// @thread_safety The site's strand only; it is also where every callback runs.
class BatteryDriver {
 public:
  virtual ~BatteryDriver() = default;
  virtual void start() = 0;
  /// Closes the link; no callback runs afterwards.
  virtual void stop() = 0;
  [[nodiscard]] virtual LinkStatus status() const = 0;
};

}  // namespace ems::runtime
