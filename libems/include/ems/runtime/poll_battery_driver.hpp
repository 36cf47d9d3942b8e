// SPDX-License-Identifier: Apache-2.0
/// @file One battery on one byte stream: pumps bytes between a ByteLink and a protocol::Poller, and
/// the values into the site's image.
#pragma once

#include <asio/steady_timer.hpp>
#include <memory>

#include "ems/io/link/byte_link.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/runtime/battery_driver.hpp"
#include "ems/runtime/link_keeper.hpp"

namespace ems::runtime {

/// See BatteryDriver. A value is stale after three poll periods, at least 2 s.
///
/// @thread_safety The site's strand only; it is also where every callback runs.
class PollBatteryDriver final : public BatteryDriver {
 public:
  PollBatteryDriver(const DriverWiring& wiring, AssetId asset, std::unique_ptr<io::ByteLink> link,
                    const protocol::PollCodec& codec, const protocol::PollerSettings& settings);
  ~PollBatteryDriver() override;
  PollBatteryDriver(const PollBatteryDriver&) = delete;
  PollBatteryDriver& operator=(const PollBatteryDriver&) = delete;

  void start() override;
  void stop() override;
  [[nodiscard]] LinkStatus status() const override;

 private:
  void opened(const io::LinkError* error);
  void lost(const io::LinkError& error);
  void received(Bytes bytes);
  void pump();

  DriverWiring wiring_;
  AssetId asset_;
  std::unique_ptr<io::ByteLink> link_;
  protocol::Poller poller_;
  LinkKeeper keeper_;
  Duration stale_after_;
  asio::steady_timer wake_;
};

}  // namespace ems::runtime
