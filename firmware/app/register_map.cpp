// SPDX-License-Identifier: Apache-2.0
#include "app/register_map.hpp"

#include <algorithm>

namespace ems::firmware {
namespace {

using protocol::modbus::ExceptionCode;
using protocol::modbus::Function;

// Input registers, docs/protocols/libems-io.md.
constexpr std::size_t kVersionAt = 0;
constexpr std::size_t kStateAt = 1;
constexpr std::size_t kAlarmsAt = 2;
constexpr std::size_t kRelaysAt = 3;
constexpr std::size_t kSafetyStateAt = 4;
constexpr std::size_t kEnvelopeLoAt = 5;     // s32
constexpr std::size_t kEnvelopeHiAt = 7;     // s32
constexpr std::size_t kSetpointAt = 9;       // s32
constexpr std::size_t kLeaseLeftAt = 11;     // Seconds, rounded up.
constexpr std::size_t kHeartbeatAgeAt = 12;  // Milliseconds.
constexpr std::size_t kLimitsHashAt = 13;    // u64
constexpr std::size_t kRulesHighAt = 18;     // u32: rules 32 and on.
constexpr std::size_t kPackVoltageAt = 20;   // s32
constexpr std::size_t kPackCurrentAt = 22;   // s32
constexpr std::size_t kSocAt = 24;           // s32, like all that may be absent
constexpr std::size_t kCellMaxAt = 26;
constexpr std::size_t kCellMinAt = 28;
constexpr std::size_t kTempMaxAt = 30;
constexpr std::size_t kTempMinAt = 32;
constexpr std::size_t kChargeLimitAt = 34;     // s32
constexpr std::size_t kDischargeLimitAt = 36;  // s32
constexpr std::size_t kRulesAt = 38;           // u32
constexpr std::size_t kCountersAt = 40;        // u32 each.
constexpr std::size_t kStackUsedAt = 62;
constexpr std::size_t kStackSizeAt = 63;
static_assert(kStackSizeAt + 1 == kInputRegisters);

// Holding registers.
constexpr std::uint16_t kHeartbeat = 0;
constexpr std::uint16_t kMode = 1;  // 2, 3: set-point, s32; 4: lease in seconds.
constexpr std::size_t kCommandRegisters = 4;
static_assert(kMode + kCommandRegisters == kHoldingRegisters);

constexpr std::uint32_t kAbsent = 0x8000'0000;
constexpr std::uint16_t kNever = 0xFFFF;

enum class Mode : std::uint16_t { stop = 0, follow = 1, standby = 2 };

using Registers = std::array<std::uint16_t, kInputRegisters>;

void put32(Registers& out, std::size_t at, std::uint32_t value) noexcept {
  out[at] = static_cast<std::uint16_t>(value >> 16U);
  out[at + 1] = static_cast<std::uint16_t>(value & 0xFFFFU);
}
template <class Q>
void put(Registers& out, std::size_t at, Q value) noexcept {
  put32(out, at, static_cast<std::uint32_t>(value.count()));
}
template <class Q>
void put(Registers& out, std::size_t at, const std::optional<Q>& value) noexcept {
  put32(out, at, value ? static_cast<std::uint32_t>(value->count()) : kAbsent);
}

std::uint16_t relay_bits(const Relays& relays) noexcept {
  return static_cast<std::uint16_t>((relays.charge_enable ? 1U : 0U) |
                                    (relays.discharge_enable ? 2U : 0U) |
                                    (relays.main_contactor ? 4U : 0U));
}

std::uint16_t seconds_up(Duration duration) noexcept {
  return static_cast<std::uint16_t>((duration.count() + seconds(1).count() - 1) /
                                    seconds(1).count());
}

}  // namespace

void RegisterMap::fill(Registers& out) const noexcept {
  out[kVersionAt] = kMapVersion;
  out[kStateAt] = static_cast<std::uint16_t>(status_.state);
  out[kAlarmsAt] = status_.alarms;
  out[kRelaysAt] = relay_bits(status_.relays);
  out[kSafetyStateAt] = static_cast<std::uint16_t>(status_.safety);
  put(out, kEnvelopeLoAt, status_.envelope.lo);
  put(out, kEnvelopeHiAt, status_.envelope.hi);
  put(out, kSetpointAt, status_.setpoint);
  out[kLeaseLeftAt] = seconds_up(command_.left(now_));
  const std::optional<Duration> age = dead_man_.age(now_);
  out[kHeartbeatAgeAt] = age ? static_cast<std::uint16_t>(std::min<std::int64_t>(
                                   age->count() / milliseconds(1).count(), kNever))
                             : kNever;
  put32(out, kLimitsHashAt, static_cast<std::uint32_t>(limits_hash_ >> 32U));
  put32(out, kLimitsHashAt + 2, static_cast<std::uint32_t>(limits_hash_));

  const BatteryValues& battery = status_.battery;
  put(out, kPackVoltageAt, battery.pack_voltage);
  put(out, kPackCurrentAt, battery.pack_current);
  put(out, kSocAt, battery.soc);
  put(out, kCellMaxAt, battery.cell_voltage_max);
  put(out, kCellMinAt, battery.cell_voltage_min);
  put(out, kTempMaxAt, battery.temp_max);
  put(out, kTempMinAt, battery.temp_min);
  put(out, kChargeLimitAt, status_.charge_current_max);
  put(out, kDischargeLimitAt, status_.discharge_current_max);
  put32(out, kRulesAt, static_cast<std::uint32_t>(status_.rules));
  put32(out, kRulesHighAt, static_cast<std::uint32_t>(status_.rules >> 32U));

  const std::array<std::uint32_t, 11> counters = {battery_.requests,
                                                  battery_.replies,
                                                  battery_.timeouts,
                                                  battery_.checksum_errors,
                                                  battery_.device_errors + battery_.other_errors,
                                                  battery_.recoveries,
                                                  host_.answered,
                                                  host_.refused,
                                                  status_.ticks,
                                                  status_.late_ticks,
                                                  status_.host_losses};
  static_assert(kCountersAt + 2 * counters.size() == kStackUsedAt);
  for (std::size_t i = 0; i < counters.size(); ++i) put32(out, kCountersAt + 2 * i, counters[i]);
  out[kStackUsedAt] = status_.stack.used_max;
  out[kStackSizeAt] = status_.stack.size;
}

std::optional<ExceptionCode> RegisterMap::read(Function function, std::uint16_t address,
                                               std::span<std::uint16_t> out) {
  const std::size_t end = address + out.size();
  if (function == Function::read_holding_registers) {
    if (end > kHoldingRegisters) return ExceptionCode::illegal_data_address;
    std::copy_n(holding_.begin() + address, out.size(), out.begin());
    return std::nullopt;
  }
  if (end > kInputRegisters) return ExceptionCode::illegal_data_address;
  Registers all{};
  fill(all);
  std::copy_n(all.begin() + address, out.size(), out.begin());
  return std::nullopt;
}

std::optional<ExceptionCode> RegisterMap::write(std::uint16_t address,
                                                std::span<const std::uint16_t> values) {
  std::optional<ExceptionCode> refused;
  if (address == kHeartbeat && values.size() == 1) {
    dead_man_.beat(values[0], now_);
  } else if (address == kMode && (values.size() == 1 || values.size() == kCommandRegisters)) {
    refused = command(values);
  } else {
    return ExceptionCode::illegal_data_address;
  }
  if (!refused) std::copy(values.begin(), values.end(), holding_.begin() + address);
  return refused;
}

std::optional<ExceptionCode> RegisterMap::command(std::span<const std::uint16_t> values) noexcept {
  const Mode mode{values[0]};
  if (mode == Mode::stop || mode == Mode::standby) {
    const CommandKind kind = mode == Mode::stop ? CommandKind::stop : CommandKind::standby;
    command_.set({kind, Watt::zero(), Var::zero()}, Duration::zero(), now_);
    return std::nullopt;
  }
  if (mode != Mode::follow || values.size() != kCommandRegisters) {
    return ExceptionCode::illegal_data_value;
  }
  const std::uint16_t lease = values[3];
  if (lease == 0 || lease > kLeaseMaxSeconds) return ExceptionCode::illegal_data_value;
  const auto raw = static_cast<std::uint32_t>(values[1]) << 16U | values[2];
  if (raw == kAbsent) return ExceptionCode::illegal_data_value;
  const Watt power{static_cast<std::int32_t>(raw)};
  command_.set({CommandKind::follow, power, Var::zero()}, seconds(lease), now_);
  return std::nullopt;
}

}  // namespace ems::firmware
