// SPDX-License-Identifier: Apache-2.0
/// @file One battery on one byte stream: pumps bytes between a ByteLink and the Pollers of its
/// modules, and the values into the site's image.
#pragma once

#include <asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "ems/io/link/byte_link.hpp"
#include "ems/protocol/bus_poller.hpp"
#include "ems/runtime/battery_driver.hpp"
#include "ems/runtime/link_keeper.hpp"

namespace ems::runtime {

/// See BatteryDriver. A value is stale after three poll periods, at least 2 s.
///
/// A battery of several modules is one asset per module, `battery/1/module/2`, and the battery
/// itself: their totals (ems/model/module_totals.hpp), computed after each answer.
///
/// @thread_safety The site's strand only; it is also where every callback runs.
class PollBatteryDriver final : public BatteryDriver {
 public:
  /// @param codec    The protocol; outlives the driver.
  /// @param modules  What the codec of each module has to know, in the order of the modules; at
  ///                 least one. What PollCodec::with() refuses is a bug of the caller: a site file
  ///                 is checked for it.
  PollBatteryDriver(const DriverWiring& wiring, AssetId asset, std::unique_ptr<io::ByteLink> link,
                    const protocol::PollCodec& codec,
                    const std::vector<protocol::CodecOptions>& modules,
                    const protocol::PollerSettings& settings);
  ~PollBatteryDriver() override;
  PollBatteryDriver(const PollBatteryDriver&) = delete;
  PollBatteryDriver& operator=(const PollBatteryDriver&) = delete;

  void start() override;
  void stop() override;
  [[nodiscard]] LinkStatus status() const override;
  [[nodiscard]] Result<void> order(const protocol::BatteryCommand& command, Duration wait) override;
  void end_order(OrderKind kind, const char* why) override { orders_.end(kind, why); }
  [[nodiscard]] OrderProgress order_progress(OrderKind kind) const override {
    return orders_.progress(kind);
  }

 private:
  void opened(const io::LinkError* error);
  void lost(const io::LinkError& error);
  void received(Bytes bytes);
  void pump();
  void publish_totals(Instant now);
  void report();
  [[nodiscard]] std::optional<Error> last_error() const;

  DriverWiring wiring_;
  AssetId asset_;
  std::unique_ptr<io::ByteLink> link_;
  struct Module;
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<protocol::Poller*> pollers_;
  protocol::BusPoller bus_;
  BatteryOrders orders_;
  LinkKeeper keeper_;
  Duration stale_after_;
  asio::steady_timer wake_;
};

}  // namespace ems::runtime
