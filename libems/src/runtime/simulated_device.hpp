// SPDX-License-Identifier: Apache-2.0
/// @file The two ends of a conversation with a simulated device, without a link between: what the
/// drivers do over Asio, done at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/device_pack/device.hpp"
#include "ems/io/pack_loader.hpp"
#include "ems/model/power.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/runtime/site_image.hpp"
#include "ems/sim/site.hpp"

namespace ems::runtime {

/// A battery behind its codec and poller. Answers later than the codec waits are lost; all others
/// count as instant.
class SimulatedBattery {
 public:
  SimulatedBattery(sim::Site& site, AssetId asset, const protocol::PollCodec& codec,
                   Duration period);
  /// Lets the poller ask what is due and gives the answers to the image.
  void read(SiteImage& image, Instant now);

 private:
  sim::Port port_;
  AssetId asset_;
  const protocol::PollCodec& codec_;
  Duration period_;
  protocol::Poller poller_;
  bool up_ = false;
};

/// A Modbus unit behind its device pack.
class SimulatedUnit {
 public:
  /// @param port  Outlives the unit; may be shared by the units of a line.
  SimulatedUnit(sim::Port& port, sim::ModbusFraming framing, std::uint8_t unit, AssetId asset,
                std::shared_ptr<const io::LoadedPack> pack);

  /// Finds the device's map when it must, and reads every block that is due.
  void read(SiteImage& image, Instant now, Duration period);
  /// The last round was answered, so it takes what is written.
  [[nodiscard]] bool ready() const noexcept { return online_ && device_.ready(); }
  /// Writes what is wanted when it changed or a third of the lease has passed.
  void command(const InverterCommand& command, Instant now, Duration lease);

 private:
  struct Written {
    InverterCommand command;
    Instant at;
  };
  [[nodiscard]] Result<std::vector<std::byte>> exchange(Bytes pdu);
  [[nodiscard]] Result<std::vector<std::uint16_t>> registers(
      const device_pack::ReadRequest& request);
  [[nodiscard]] bool walk();

  sim::Port& port_;
  sim::ModbusFraming framing_;
  std::uint8_t unit_;
  AssetId asset_;
  std::shared_ptr<const io::LoadedPack> pack_;
  device_pack::PackDevice device_;  ///< The map that is known.
  device_pack::PackDevice walker_;  ///< The map being found.
  bool walk_needed_ = true;
  bool online_ = false;
  std::uint64_t rounds_ = 0;
  std::uint16_t transaction_ = 0;
  std::optional<Written> written_;
};

}  // namespace ems::runtime
