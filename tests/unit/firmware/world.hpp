// SPDX-License-Identifier: Apache-2.0
/// @file A controller with a healthy JBD battery and a host that a test moves by hand.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "app/controller.hpp"
#include "app/limits.hpp"
#include "ems/protocol/jbd/codec.hpp"
#include "support/frames.hpp"
#include "support/jbd_device.hpp"

namespace ems::firmware::test {

using namespace ems::literals;  // NOLINT(google-build-using-namespace)

inline safety::Config safety_config(MilliAmp breaking = 0_ma) {
  safety::Config config;
  config.batteries.push_back({.asset = battery(1),
                              .chemistry = kChemistry,
                              .cells_in_series = 16,
                              .limits = kLimits,
                              .breaking_current_max = breaking});
  config.inverters.push_back({.asset = inverter(1),
                              .batteries = 1,
                              .apparent_max = VoltAmp{5000},
                              .charge_max = Watt{5000},
                              .discharge_max = Watt{5000},
                              .efficiency = BasisPoints{9500}});
  return config;
}

inline LatchRecord nothing_latched() { return encode_latch({}); }

struct World {
  explicit World(const LatchRecord& stored = nothing_latched(), MilliAmp breaking = 0_ma)
      : config(safety_config(breaking)),
        controller({.safety = config, .limits_hash = kLimitsHash}, protocol::jbd::codec(), stored,
                   now) {}

  safety::Config config;
  ems::test::JbdDevice device;
  bool battery_answers = true;
  bool host_beats = false;
  std::uint16_t beat = 0;
  DigitalInputs contacts{.estop_closed = true, .reset_pressed = false};
  Instant now{1_s};
  Controller controller;

  /// Ticks of 100 ms; the battery answers at once, the host beats every 500 ms.
  const Relays& run(Duration time) {
    const Relays* relays = &controller.status().relays;
    for (const Instant end = now + time; now < end;) {
      now = now + 100_ms;
      if (host_beats && now.since_zero().count() % 500'000 == 0) write(0, {++beat});
      for (int i = 0; i < 4; ++i) exchange();
      relays = &controller.tick(contacts, now);
    }
    return *relays;
  }
  void exchange() {
    std::array<std::byte, protocol::kRequestSize> request{};
    const auto action = controller.poll_battery(now, request);
    if (action.size == 0 || !battery_answers) return;
    controller.from_battery(device.answer(Bytes{request}.first(action.size)), now);
  }
  /// A whole exchange with the host; the answer's PDU.
  std::vector<std::byte> host(const std::vector<std::byte>& pdu, std::uint8_t unit = 1) {
    std::array<std::byte, protocol::modbus::kRtuFrameSize> frame{};
    const auto size = protocol::modbus::encode_rtu(unit, pdu, frame);
    std::array<std::byte, protocol::modbus::kRtuFrameSize> out{};
    const std::size_t answer = controller.from_host(Bytes{frame}.first(*size), now, out);
    if (answer == 0) return {};
    const auto decoded = protocol::modbus::decode_rtu(Bytes{out}.first(answer));
    return {decoded->pdu.begin(), decoded->pdu.end()};
  }
  std::vector<std::byte> write(std::uint16_t address, const std::vector<std::uint16_t>& values,
                               std::uint8_t unit = 1) {
    std::vector<std::byte> pdu(protocol::modbus::kPduSize);
    pdu.resize(*protocol::modbus::encode_write_multiple_request(address, values, pdu));
    return host(pdu, unit);
  }
  std::vector<std::byte> follow(std::int32_t watts, std::uint16_t lease_s) {
    const auto raw = static_cast<std::uint32_t>(watts);
    return write(
        1, {1, static_cast<std::uint16_t>(raw >> 16U), static_cast<std::uint16_t>(raw), lease_s});
  }
  std::array<std::uint16_t, kInputRegisters> registers() {
    std::vector<std::byte> pdu(5);
    const auto function = protocol::modbus::Function::read_input_registers;
    EXPECT_TRUE(protocol::modbus::encode_read_request(function, 0, kInputRegisters, pdu));
    const std::vector<std::byte> answer = host(pdu);
    std::array<std::uint16_t, kInputRegisters> out{};
    EXPECT_TRUE(protocol::modbus::decode_read_response(pdu, answer, out));
    return out;
  }
  [[nodiscard]] std::int32_t s32(std::size_t at) {
    const auto all = registers();
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(all[at]) << 16U | all[at + 1]);
  }
  /// A healthy board under a host that beats and follows.
  void make_ready() {
    host_beats = true;
    EXPECT_FALSE(follow(0, 3600).empty());
    run(12_s);
    EXPECT_EQ(controller.status().relays, (Relays{true, true, true}));
  }
};

}  // namespace ems::firmware::test
