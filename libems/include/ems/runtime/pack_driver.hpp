// SPDX-License-Identifier: Apache-2.0
/// @file One Modbus device described by a pack: discovery, polling, and for inverters the leased
/// set-point.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ems/device_pack/device.hpp"
#include "ems/io/link/modbus_master.hpp"
#include "ems/io/pack_loader.hpp"
#include "ems/model/clock.hpp"
#include "ems/model/power.hpp"
#include "ems/runtime/site_image.hpp"
#include "ems/runtime/site_port.hpp"

namespace spdlog {
class logger;
}

namespace ems::runtime {

/// How one device is polled and, when it is an inverter, commanded.
struct PackDriverSettings {
  std::uint8_t unit = 1;
  Duration period = milliseconds(500);
  Duration reply_timeout{};  ///< Zero: the pack's.
  Duration lease{};          ///< Inverters: device-side revert timer, refreshed at a third.
  Watt write_step{};         ///< A change smaller than this waits for the next refresh.
};

/// Polls one device through its pack, and writes its set-point.
///
/// A command is written when its kind changes, when P moves by at least `write_step`, when the last
/// written P is no longer inside `bound`, and in any case after a third of the lease. One write
/// sequence is under way at a time; the newest command replaces one that waits.
///
/// @thread_safety The site's strand only; it is also where every callback runs.
class PackDriver {
 public:
  struct Wiring {
    asio::any_io_executor executor;
    const Clock& clock;
    SiteImage& image;
    spdlog::logger& log;
  };

  /// @param master  The line or gateway; shared by the units on it.
  PackDriver(const Wiring& wiring, AssetId asset, std::shared_ptr<io::ModbusMaster> master,
             std::shared_ptr<const io::LoadedPack> pack, const PackDriverSettings& settings);
  ~PackDriver();
  PackDriver(const PackDriver&) = delete;
  PackDriver& operator=(const PackDriver&) = delete;

  void start();
  void stop();

  /// Called on the strand after each complete round of reads. Set before start().
  void on_round(std::function<void()> handler) { on_round_ = std::move(handler); }
  /// Reads now instead of at the end of the period: somebody else's sample wants a partner of the
  /// same moment. While a round is under way, another follows it.
  void poll_now();

  /// Wants `command` in force from now on. Call it every tick: that is what keeps the lease alive.
  ///
  /// @param bound  What safety allows this inverter now.
  void command(const InverterCommand& command, const Interval& bound);

  /// Writes `command` as the last one, whatever was written before, and says when the device has
  /// it; command() is ignored from now on. For shutting down.
  /// @param done  Called once, on the strand.
  void finish(const InverterCommand& command, std::function<void(Result<void>)> done);

  /// The device answers and its map is known.
  [[nodiscard]] bool ready() const noexcept { return device_.ready(); }
  [[nodiscard]] LinkStatus status() const;
  /// Why the newest write failed; nullopt when it succeeded or none was made.
  [[nodiscard]] const std::optional<Error>& write_error() const noexcept { return write_error_; }

 private:
  struct Written {
    InverterCommand command{};
    Instant at{};
  };

  void arm_timer();
  void round();
  void discover();
  void read_block(std::size_t index);
  void failed(const Error& error);
  void begin_write(const InverterCommand& command);
  void write_step(std::size_t index);
  void end_write(const Result<void>& result);
  void read(const device_pack::ReadRequest& request,
            std::function<void(Result<std::vector<std::uint16_t>>)> done);

  Wiring wiring_;
  AssetId asset_;
  std::shared_ptr<io::ModbusMaster> master_;
  std::shared_ptr<const io::LoadedPack> pack_;
  PackDriverSettings settings_;
  device_pack::PackDevice device_;
  asio::steady_timer timer_;
  Instant round_started_{};
  std::uint64_t rounds_ = 0;
  bool running_ = false;
  bool online_ = false;
  bool in_round_ = false;
  bool again_ = false;
  std::function<void()> on_round_;

  std::optional<Written> written_;
  std::optional<InverterCommand> writing_;
  device_pack::WritePlan plan_;
  std::optional<Error> write_error_;
  Instant write_retry_at_{};
  std::optional<InverterCommand> last_command_;  ///< Of finish().
  std::function<void(Result<void>)> finished_;

  std::shared_ptr<char> alive_ = std::make_shared<char>();  ///< Callbacks hold it weakly.
  std::uint64_t requests_ = 0;
  std::uint64_t timeouts_ = 0;
  std::uint64_t errors_ = 0;
  std::string last_error_;
};

}  // namespace ems::runtime
