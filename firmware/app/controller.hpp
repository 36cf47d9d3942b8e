// SPDX-License-Identifier: Apache-2.0
/// @file The board's application: battery in, safety in the middle, relays and registers out. Pure:
/// bytes, contacts and `now` go in; bytes and relays come out. No register of the chip.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "app/dead_man.hpp"
#include "app/latch_record.hpp"
#include "app/leased_command.hpp"
#include "app/register_map.hpp"
#include "app/relays.hpp"
#include "app/rtu_server.hpp"
#include "ems/core/bytes.hpp"
#include "ems/model/image.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/safety/in_place.hpp"

namespace ems::firmware {

/// What a board is built for. Lives in flash.
struct Settings {
  const safety::Config& safety;  ///< One battery, battery/1, behind one inverter, inverter/1.
  std::uint64_t limits_hash = 0;
  std::uint8_t modbus_unit = 1;
  Duration poll_period = milliseconds(500);
  Duration host_timeout = seconds(1);
};

/// Contacts at one moment. Default: what a cut cable looks like.
struct DigitalInputs {
  bool estop_closed = false;   ///< The e-stop's circuit; open is pressed, cut or unplugged.
  bool reset_pressed = false;  ///< The reset key; acts when it goes down.
};

/// Values of one battery there is room for.
inline constexpr std::size_t kImagePoints = 40;

/// See the file's comment.
///
/// @memory        Inline; never allocates.
/// @thread_safety None; the main loop's.
class Controller {
 public:
  /// @param codec   Of the battery; outlives the controller, like the settings' configuration.
  /// @param stored  Latch record as it was found at boot. @requirement SAF-066.
  Controller(const Settings& settings, const protocol::PollCodec& codec, Bytes stored,
             Instant now) noexcept;

  /// Next request to the battery, if one is due. @param out  At least kRequestSize bytes.
  [[nodiscard]] protocol::PollerAction poll_battery(Instant now, MutableBytes out) noexcept {
    return poller_.next(now, out);
  }
  void from_battery(Bytes bytes, Instant now) noexcept;
  /// @param out  At least kRtuFrameSize bytes. @return  Bytes of `out` to send.
  [[nodiscard]] std::size_t from_host(Bytes bytes, Instant now, MutableBytes out) noexcept;

  /// One control cycle; every tick_period. Set the relays first, then store the latch record if
  /// there is one.
  /// @requirement SAF-060 .. SAF-066.
  const Relays& tick(const DigitalInputs& inputs, Instant now) noexcept;
  /// Record to store because the latch changed in the newest tick.
  [[nodiscard]] std::optional<LatchRecord> latch_to_store() const noexcept;

  [[nodiscard]] const Status& status() const noexcept { return status_; }
  void stack_use(const StackUse& use) noexcept { status_.stack = use; }

 private:
  class BatterySink;

  // Parts of a tick, not inlined: each has its frame to itself, and 8 KiB are little.
  [[gnu::noinline]] safety::BatteryInputs read_battery(Instant now) const noexcept;
  [[gnu::noinline]] void read_reset_key(const DigitalInputs& inputs,
                                        const safety::Inputs& safety_inputs, Instant now) noexcept;
  [[gnu::noinline]] void step_safety(const safety::Inputs& inputs, Instant now) noexcept;
  [[gnu::noinline]] void apply(const DigitalInputs& inputs, Instant now) noexcept;
  [[gnu::noinline]] void read_battery_values(const safety::BatteryInputs& battery,
                                             Instant now) noexcept;

  Settings settings_;
  std::array<ImageEntry, kImagePoints> storage_{};
  ProcessImage image_{storage_};
  protocol::Poller poller_;
  safety::Step safety_{};  ///< State and the newest tick's output.
  bool latch_changed_ = false;
  bool reset_was_pressed_ = true;  ///< A key that is held down at boot is no reset.
  bool image_full_ = false;
  bool host_was_alive_ = false;
  DeadMan dead_man_;
  LeasedCommand command_{};
  Status status_{};
  RegisterMap registers_;
  RtuServer server_;
};

}  // namespace ems::firmware
