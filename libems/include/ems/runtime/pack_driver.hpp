// SPDX-License-Identifier: Apache-2.0
/// @file One Modbus device described by a pack: discovery, polling, and for inverters the leased
/// set-point.
#pragma once

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
#include "ems/model/power.hpp"
#include "ems/runtime/driver_wiring.hpp"
#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

/// How one device is polled and, when it is an inverter, commanded.
struct PackDriverSettings {
  std::uint8_t unit = 1;
  Duration period = milliseconds(500);
  Duration reply_timeout{};  ///< Zero: the pack's.
  Duration lease{};          ///< Inverters: device-side revert timer, refreshed at a third.
  Watt write_step{};         ///< A change smaller than this waits for the next refresh.
  bool watched = false;      ///< Its stop is left with the link, for a strand that hangs.
};

/// Polls one device through its pack, and writes its set-point.
///
/// A command is written when its kind changes, when P moves by at least `write_step`, when the last
/// written P is no longer inside `bound`, and in any case after a third of the lease. One write
/// sequence is under way at a time; a stop, or a command that takes power back, replaces it at the
/// next frame boundary. What a device was told is forgotten when it was away: it may have
/// restarted.
///
/// A pack with a heartbeat gets one every `heartbeat_period` as long as command() is called: it
/// stops with the control loop, with disarming and with finish().
///
/// A device that misses an answer is walked again; until that succeeds, writes go to the map that
/// was known, so a stop does not wait for discovery. A device without a contactor of its own is
/// told `stop` where `open` is wanted.
///
/// The stop of a watched device is encoded as soon as its map is known, and again when it changed.
/// What the watchdog stopped is written anew; a sequence that it came into is void.
///
/// @thread_safety The site's strand only; it is also where every callback runs.
class PackDriver {
 public:
  /// @param master  The line or gateway; shared by the units on it.
  PackDriver(const DriverWiring& wiring, AssetId asset, std::shared_ptr<io::ModbusMaster> master,
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

  /// Writes `command` as the last one, whatever was written before, again and again until the
  /// device has it; command() is ignored from now on. For shutting down.
  /// @param done  Called once, on the strand, when the device has it.
  void finish(const InverterCommand& command, std::function<void()> done);

  /// The device answers, all its values were read at least once, and it takes what is written.
  [[nodiscard]] bool ready() const noexcept;
  /// Its map was found at least once: writes can be tried.
  [[nodiscard]] bool known() const noexcept { return device_.ready(); }
  [[nodiscard]] LinkStatus status() const;
  /// What the device last confirmed; nullopt: nothing, or it was away since.
  [[nodiscard]] std::optional<CommandKind> holds() const noexcept {
    return written_ ? std::optional(written_->command.kind) : std::nullopt;
  }
  /// Why the newest write failed; nullopt when it succeeded or none was made.
  [[nodiscard]] const std::optional<Error>& write_error() const noexcept { return write_error_; }

 private:
  struct Written {
    InverterCommand command{};
    Instant at{};
  };
  using Registers = Result<std::vector<std::uint16_t>>;

  void arm_timer();
  void round();
  void walk();
  void read_block(std::size_t index);
  void failed(const Error& error);
  void refused(const Error& error);
  [[nodiscard]] bool due(const InverterCommand& command, const Interval& bound,
                         Instant now) const noexcept;
  void beat(Instant now);
  [[nodiscard]] Result<device_pack::WritePlan> encode(const InverterCommand& command) const;
  void leave_stop();
  void look_at_watchdog();
  void begin_write(const InverterCommand& command);
  void write_step(std::size_t index);
  void end_write(const Result<void>& result);
  void read(const device_pack::ReadRequest& request, std::function<void(const Registers&)> done);

  DriverWiring wiring_;
  AssetId asset_;
  std::shared_ptr<io::ModbusMaster> master_;
  std::shared_ptr<const io::LoadedPack> pack_;
  PackDriverSettings settings_;
  device_pack::PackDevice device_;  ///< The map that is known.
  device_pack::PackDevice walker_;  ///< The map being found again.
  bool walk_needed_ = true;
  bool primed_ = false;  ///< A whole round was read since the last walk.
  asio::steady_timer timer_;
  asio::steady_timer write_timer_;  ///< Of finish(); nothing else may cancel it.
  std::uint64_t timer_turn_ = 0;  ///< A handler that was queued before a cancel() knows it is old.
  Instant round_started_{};
  std::uint64_t rounds_ = 0;
  bool running_ = false;
  bool online_ = false;
  bool in_round_ = false;
  bool again_ = false;
  bool refusal_said_ = false;  ///< A refused block was logged since the last walk.
  std::function<void()> on_round_;

  std::optional<Written> written_;
  std::optional<InverterCommand> writing_;
  std::optional<InverterCommand> next_;  ///< Replaces writing_ at the next frame boundary.
  device_pack::WritePlan plan_;
  std::uint64_t write_turn_ = 0;  ///< An answer to a sequence that is void knows it is old.
  std::uint64_t stops_seen_ = 0;  ///< Of the link's watchdog.
  std::optional<Error> write_error_;
  std::optional<InverterCommand> refused_;
  unsigned write_failures_ = 0;
  Instant write_retry_at_{};
  std::optional<Instant> beat_at_;  ///< When the newest heartbeat was sent.
  std::uint32_t beats_ = 0;
  bool beating_ = false;                         ///< Its answer is awaited.
  std::optional<InverterCommand> last_command_;  ///< Of finish().
  std::function<void()> finished_;

  std::shared_ptr<char> alive_ = std::make_shared<char>();  ///< Callbacks hold it weakly.
  std::uint64_t requests_ = 0;
  std::uint64_t timeouts_ = 0;
  std::uint64_t errors_ = 0;
  std::string last_error_;
};

}  // namespace ems::runtime
