// SPDX-License-Identifier: Apache-2.0
/// @file One battery of the site: the values of its BMS into the site's image, whatever link and
/// protocol it has.
#pragma once

#include "ems/runtime/battery_orders.hpp"
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

  /// Orders the battery to do something; see BatteryOrders::give(). It goes out at once.
  /// @errors unimplemented  a battery that is only listened to.
  [[nodiscard]] virtual Result<void> order(const protocol::BatteryCommand& command, Duration wait) {
    static_cast<void>(command);
    static_cast<void>(wait);
    return fail(Errc::unimplemented, 0, "this battery is only listened to: it takes no commands");
  }
  /// See BatteryOrders::end(). Nothing, when none is under way.
  virtual void end_order(OrderKind kind, const char* why) {
    static_cast<void>(kind);
    static_cast<void>(why);
  }
  [[nodiscard]] virtual OrderProgress order_progress(OrderKind kind) const {
    static_cast<void>(kind);
    return {};
  }
};

}  // namespace ems::runtime
