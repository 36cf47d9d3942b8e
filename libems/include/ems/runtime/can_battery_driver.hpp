// SPDX-License-Identifier: Apache-2.0
/// @file One battery on one CAN bus: pumps frames between a CanLink and a protocol::CanListener,
/// and the values into the site's image.
#pragma once

#include <asio/steady_timer.hpp>
#include <memory>

#include "ems/io/link/can_link.hpp"
#include "ems/protocol/can_listener.hpp"
#include "ems/runtime/battery_driver.hpp"
#include "ems/runtime/link_keeper.hpp"

namespace ems::runtime {

/// See BatteryDriver. A value is stale after the codec's quiet_after().
///
/// @thread_safety The site's strand only; it is also where every callback runs.
class CanBatteryDriver final : public BatteryDriver {
 public:
  /// @param options      @pre codec.with() takes them.
  /// @param listen_only  See CanListener.
  CanBatteryDriver(const DriverWiring& wiring, AssetId asset, std::unique_ptr<io::CanLink> link,
                   const protocol::CanCodec& codec, const protocol::CodecOptions& options = {},
                   bool listen_only = false);
  ~CanBatteryDriver() override;
  CanBatteryDriver(const CanBatteryDriver&) = delete;
  CanBatteryDriver& operator=(const CanBatteryDriver&) = delete;

  void start() override;
  void stop() override;
  /// `requests` counts frames sent, `timeouts` the times the battery fell silent.
  [[nodiscard]] LinkStatus status() const override;

 private:
  void opened(const io::LinkError* error);
  void lost(const io::LinkError& error);
  void received(const protocol::CanFrame& frame);
  void pump();

  DriverWiring wiring_;
  AssetId asset_;
  std::unique_ptr<io::CanLink> link_;
  protocol::CodecRoom room_;
  const protocol::CanCodec& codec_;  ///< In room_, or static.
  protocol::CanListener listener_;
  LinkKeeper keeper_;
  Duration stale_after_;
  asio::steady_timer wake_;
};

}  // namespace ems::runtime
