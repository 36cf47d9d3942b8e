// SPDX-License-Identifier: Apache-2.0
/// @file One battery on one byte stream: pumps bytes between a ByteLink and a protocol::Poller, and
/// the values into the site's image.
#pragma once

#include <asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "ems/io/link/byte_link.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/runtime/driver_wiring.hpp"
#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

/// Keeps the conversation with one battery going, for ever: a lost link is opened again after 1, 5,
/// 15, then every 60 s.
///
/// @thread_safety The site's strand only; it is also where every callback runs.
class BatteryDriver {
 public:
  BatteryDriver(const DriverWiring& wiring, AssetId asset, std::unique_ptr<io::ByteLink> link,
                const protocol::PollCodec& codec, const protocol::PollerSettings& settings);
  ~BatteryDriver();
  BatteryDriver(const BatteryDriver&) = delete;
  BatteryDriver& operator=(const BatteryDriver&) = delete;

  void start();
  /// Closes the link; no callback runs afterwards.
  void stop();

  [[nodiscard]] LinkStatus status() const;

 private:
  void open();
  void opened(const io::LinkError* error);
  void lost(const io::LinkError& error);
  void open_later();
  void received(Bytes bytes);
  void pump();
  void report_health();

  DriverWiring wiring_;
  AssetId asset_;
  std::unique_ptr<io::ByteLink> link_;
  protocol::Poller poller_;
  Duration stale_after_;
  asio::steady_timer wake_;
  asio::steady_timer reopen_;
  std::size_t open_failures_ = 0;
  protocol::LinkHealth reported_ = protocol::LinkHealth::offline;
  std::string link_error_;
  bool running_ = false;
};

}  // namespace ems::runtime
