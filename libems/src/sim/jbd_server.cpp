// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/jbd_server.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "ems/core/assert.hpp"

namespace ems::sim {
namespace {

// JBD General Protocol V4: request DD A5|5A reg len data chk chk 77, reply DD reg status len data
// chk chk 77; the checksum is the negated sum of the bytes from reg (request) or status (reply) up
// to it.
constexpr std::uint8_t kStart = 0xDD;
constexpr std::uint8_t kRead = 0xA5;
constexpr std::uint8_t kWrite = 0x5A;
constexpr std::uint8_t kEnd = 0x77;
constexpr std::size_t kOverhead = 7;
constexpr std::size_t kLengthAt = 3;
constexpr std::uint8_t kOk = 0x00;
constexpr std::uint8_t kRefused = 0x80;

constexpr std::uint8_t kBasicRegister = 0x03;
constexpr std::uint8_t kCellsRegister = 0x04;
constexpr std::uint8_t kModelRegister = 0x05;
constexpr std::uint8_t kCountersRegister = 0xAA;
constexpr std::uint8_t kSwitchRegister = 0xE1;

constexpr std::uint8_t kChargeBit = 1;
constexpr std::uint8_t kDischargeBit = 2;
constexpr std::uint16_t kManufactured = (26u << 9) | (1u << 5) | 1u;  // 2026-01-01.
constexpr std::uint8_t kSoftware = 0x10;
constexpr double kZeroCelsius_100mk = 2731.0;

void put8(ByteVector& out, unsigned value) { out.push_back(static_cast<std::byte>(value & 0xFF)); }
void put16(ByteVector& out, unsigned value) {
  put8(out, value >> 8);
  put8(out, value);
}

/// Nearest wire step that the field can hold.
template <class T>
T wire(double value) {
  const double lo = std::numeric_limits<T>::min();
  const double hi = std::numeric_limits<T>::max();
  return static_cast<T>(std::clamp(std::round(value), lo, hi));
}

unsigned checksum(Bytes covered) {
  unsigned sum = 0;
  for (const std::byte b : covered) sum += std::to_integer<unsigned>(b);
  return (0x10000u - (sum & 0xFFFF)) & 0xFFFF;
}

}  // namespace

ByteVector jbd_reply(std::uint8_t reg, std::uint8_t status, Bytes data) {
  EMS_ASSERT(data.size() <= 0xFF);
  ByteVector frame;
  put8(frame, kStart);
  put8(frame, reg);
  put8(frame, status);
  put8(frame, static_cast<unsigned>(data.size()));
  frame.insert(frame.end(), data.begin(), data.end());
  put16(frame, checksum(Bytes(frame).subspan(2)));
  put8(frame, kEnd);
  return frame;
}

ByteVector jbd_basic_reply(const JbdBasicInfo& info) {
  ByteVector data;
  put16(data, info.voltage_10mv);
  put16(data, static_cast<std::uint16_t>(info.charge_current_10ma));
  put16(data, info.remaining_10mah);
  put16(data, info.full_10mah);
  put16(data, info.cycles);
  put16(data, info.manufacture_date);
  put16(data, info.balance & 0xFFFF);
  put16(data, info.balance >> 16);
  put16(data, info.protection);
  put8(data, info.software_version);
  put8(data, info.soc_pct);
  put8(data, info.switches);
  put8(data, info.cells);
  put8(data, static_cast<unsigned>(info.temperature_100mk.size()));
  for (const std::uint16_t t : info.temperature_100mk) put16(data, t);
  return jbd_reply(kBasicRegister, kOk, data);
}

ByteVector jbd_cells_reply(const std::vector<std::uint16_t>& cells_mv) {
  ByteVector data;
  for (const std::uint16_t mv : cells_mv) put16(data, mv);
  return jbd_reply(kCellsRegister, kOk, data);
}

JbdBasicInfo jbd_basic_of(const BatteryState& battery) {
  constexpr double kPer10Milli = 100.0;
  JbdBasicInfo info;
  info.voltage_10mv = wire<std::uint16_t>(battery.voltage_v * kPer10Milli);
  info.charge_current_10ma = wire<std::int16_t>(-battery.current_a * kPer10Milli);
  info.remaining_10mah = wire<std::uint16_t>(battery.remaining_ah * kPer10Milli);
  info.full_10mah = wire<std::uint16_t>(battery.full_ah * kPer10Milli);
  info.cycles = wire<std::uint16_t>(battery.cycles);
  info.manufacture_date = kManufactured;
  info.protection = battery.protection;
  info.software_version = kSoftware;
  info.soc_pct = wire<std::uint8_t>(battery.soc_pct);
  info.switches = static_cast<std::uint8_t>((battery.charge_on ? kChargeBit : 0) |
                                            (battery.discharge_on ? kDischargeBit : 0));
  info.cells = static_cast<std::uint8_t>(battery.cell_v.size());
  for (const double degc : battery.temperature_degc) {
    info.temperature_100mk.push_back(wire<std::uint16_t>(degc * 10.0 + kZeroCelsius_100mk));
  }
  return info;
}

JbdServer::JbdServer(Plant& plant, Measured measured, std::string model)
    : plant_(plant), measured_(std::move(measured)), model_(std::move(model)) {
  EMS_ASSERT(model_.size() <= 31);
}

protocol::FrameScan JbdServer::scan(Bytes received) const {
  protocol::FrameScan found;
  for (; found.noise < received.size(); ++found.noise) {
    const Bytes rest = received.subspan(found.noise);
    if (load_u8(rest, 0) != kStart) continue;
    if (rest.size() == 1) return found;
    const std::uint8_t direction = load_u8(rest, 1);
    if (direction != kRead && direction != kWrite) continue;
    if (rest.size() <= kLengthAt) return found;
    const std::size_t size = kOverhead + load_u8(rest, kLengthAt);
    if (rest.size() < size) return found;
    if (load_u8(rest, size - 1) != kEnd) continue;
    found.size = size;
    return found;
  }
  return found;
}

ByteVector JbdServer::answer(Bytes request) {
  if (request.size() < kOverhead) return {};
  const std::size_t sum_at = request.size() - 3;
  if (load_be16(request, sum_at) != checksum(request.subspan(2, sum_at - 2))) return {};
  const std::uint8_t reg = load_u8(request, 2);
  const Bytes data = request.subspan(kLengthAt + 1, sum_at - kLengthAt - 1);

  if (load_u8(request, 1) == kWrite) {
    constexpr std::size_t kSwitchSize = 2;
    constexpr unsigned kSwitchMax = kChargeBit | kDischargeBit;
    if (reg != kSwitchRegister || data.size() != kSwitchSize || load_be16(data, 0) > kSwitchMax) {
      return jbd_reply(reg, kRefused, {});
    }
    const unsigned off = load_be16(data, 0);  // Bits set switch off.
    plant_.command_switches((off & kChargeBit) == 0, (off & kDischargeBit) == 0);
    return jbd_reply(reg, kOk, {});
  }
  const BatteryState battery = measured_().battery;
  switch (data.empty() ? reg : 0) {
    case kBasicRegister:
      return jbd_basic_reply(jbd_basic_of(battery));
    case kCellsRegister: {
      constexpr double kMilliPerVolt = 1000.0;
      std::vector<std::uint16_t> cells_mv;
      for (const double v : battery.cell_v) {
        cells_mv.push_back(wire<std::uint16_t>(v * kMilliPerVolt));
      }
      return jbd_cells_reply(cells_mv);
    }
    case kModelRegister:
      return jbd_reply(reg, kOk, std::as_bytes(std::span<const char>(model_)));
    case kCountersRegister:
      return counters_reply(battery);
    default:
      return jbd_reply(reg, kRefused, {});
  }
}

ByteVector JbdServer::counters_reply(const BatteryState& battery) const {
  // Order of the counters, as bits of the protection word.
  constexpr std::array<std::size_t, 11> kOrder{10, 8, 9, 0, 1, 4, 5, 6, 7, 2, 3};
  ByteVector data;
  for (const std::size_t bit : kOrder) put16(data, battery.protection_count[bit]);
  return jbd_reply(kCountersRegister, kOk, data);
}

}  // namespace ems::sim
