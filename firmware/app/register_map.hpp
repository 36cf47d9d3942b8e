// SPDX-License-Identifier: Apache-2.0
/// @file The board's Modbus registers: what the host reads and what it may write. Pure.
///
/// @source docs/protocols/libems-io.md; the host's side is libems/packs/libems_io.yaml.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "app/dead_man.hpp"
#include "app/leased_command.hpp"
#include "app/relays.hpp"
#include "app/rtu_server.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "ems/protocol/modbus/server.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/safety/kernel.hpp"

namespace ems::firmware {

inline constexpr std::uint16_t kMapVersion = 1;
inline constexpr std::size_t kInputRegisters = 64;   ///< FC 04, from address 0.
inline constexpr std::size_t kHoldingRegisters = 5;  ///< FC 03, 06 and 16, from address 0.
inline constexpr std::uint16_t kLeaseMaxSeconds = 3600;

/// Register `operating_state`.
enum class OperatingState : std::uint8_t {
  waiting = 0,      ///< All open: the battery has not yet shown good health.
  ready = 1,        ///< Main contactor closed; the enables are as safety and host want them.
  host_silent = 2,  ///< Main contactor closed, both enables open: no heartbeat.
  tripped = 3,      ///< Latched; only the reset key takes it back.
};

/// Bits of register `alarms`.
enum class BoardAlarm : std::uint8_t {
  estop = 0,           ///< The e-stop latched.
  host_silent = 1,     ///< No heartbeat for the dead-man's time.
  battery_silent = 2,  ///< The BMS does not answer.
  tripped = 3,         ///< Something is latched, whatever it is.
  estop_loop = 4,      ///< The e-stop's circuit is open now.
  image_full = 5,      ///< The battery gives more values than there is room for.
};

/// What the battery says, as far as it can be used now; nullopt is absent on the wire.
struct BatteryValues {
  std::optional<MilliVolt> pack_voltage{};
  std::optional<MilliAmp> pack_current{};  ///< + discharges.
  std::optional<BasisPoints> soc{};
  std::optional<MilliVolt> cell_voltage_max{};
  std::optional<MilliVolt> cell_voltage_min{};
  std::optional<MilliCelsius> temp_max{};
  std::optional<MilliCelsius> temp_min{};
};

/// Stack of the main program, in bytes.
struct StackUse {
  std::uint16_t used_max = 0;  ///< Painted high-water mark since boot.
  std::uint16_t size = 0;
};

/// What the newest tick made of it all.
struct Status {
  OperatingState state = OperatingState::waiting;
  std::uint16_t alarms = 0;  ///< BoardAlarm bits.
  Relays relays{};
  safety::SafetyState safety = safety::SafetyState::init;
  Interval envelope{};
  Watt setpoint{};  ///< As the gate let it through.
  BatteryValues battery{};
  MilliAmp charge_current_max{};
  MilliAmp discharge_current_max{};
  std::uint64_t rules = 0;  ///< Bit per safety::Rule that is active.
  std::uint32_t ticks = 0;
  std::uint32_t late_ticks = 0;
  std::uint32_t host_losses = 0;  ///< Times the dead-man acted.
  StackUse stack{};
};

/// The registers of one request.
///
/// @thread_safety None; the main loop's.
class RegisterMap final : public protocol::modbus::RegisterAccess {
 public:
  /// References outlive the map; `limits_hash` is LimitsHash::prefix() of what was built in.
  RegisterMap(const Status& status, const protocol::PollerCounters& battery,
              std::uint64_t limits_hash, DeadMan& dead_man, LeasedCommand& command) noexcept
      : status_(status),
        battery_(battery),
        limits_hash_(limits_hash),
        dead_man_(dead_man),
        command_(command) {}

  /// Time of the requests that follow.
  void at(Instant now) noexcept { now_ = now; }
  void host_counters(const RtuCounters& counters) noexcept { host_ = counters; }

  std::optional<protocol::modbus::ExceptionCode> read(protocol::modbus::Function function,
                                                      std::uint16_t address,
                                                      std::span<std::uint16_t> out) override;
  /// The heartbeat alone; the mode alone (stop, standby); or mode, set-point and lease in one
  /// request. Anything else is refused and changes nothing. @requirement SAF-064.
  std::optional<protocol::modbus::ExceptionCode> write(
      std::uint16_t address, std::span<const std::uint16_t> values) override;

 private:
  void fill(std::array<std::uint16_t, kInputRegisters>& out) const noexcept;
  std::optional<protocol::modbus::ExceptionCode> command(
      std::span<const std::uint16_t> values) noexcept;

  const Status& status_;
  const protocol::PollerCounters& battery_;
  std::uint64_t limits_hash_;
  DeadMan& dead_man_;
  LeasedCommand& command_;
  RtuCounters host_{};
  Instant now_{};
  std::array<std::uint16_t, kHoldingRegisters> holding_{};  ///< As last written.
};

}  // namespace ems::firmware
