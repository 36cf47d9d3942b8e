// SPDX-License-Identifier: Apache-2.0
#include "app/register_map.hpp"

#include <gtest/gtest.h>

#include "ems/device_pack/device.hpp"
#include "ems/io/pack_loader.hpp"
#include "support/recording_sink.hpp"
#include "unit/firmware/world.hpp"

namespace ems::firmware::test {
namespace {

TEST(FirmwareRegisters, ShowWhatIsThereAndMarkWhatIsNot) {
  World world;
  EXPECT_EQ(world.registers()[12], 0xFFFF) << "never a heartbeat";
  EXPECT_EQ(world.s32(20), INT32_MIN) << "no voltage yet";
  world.make_ready();
  const auto all = world.registers();
  EXPECT_EQ(all[0], kMapVersion);
  EXPECT_EQ(all[1], 1);
  EXPECT_EQ(all[2], 0);
  EXPECT_EQ(all[3], 7);
  EXPECT_EQ(all[4], 1);
  EXPECT_LT(all[12], 1'000);
  EXPECT_EQ(static_cast<std::uint64_t>(all[13]) << 48U |
                static_cast<std::uint64_t>(all[14]) << 32U |
                static_cast<std::uint64_t>(all[15]) << 16U | all[16],
            kLimitsHash);
  EXPECT_EQ(world.s32(20), 53'120);
  EXPECT_EQ(world.s32(22), 0);
  EXPECT_EQ(world.s32(24), 5'000);
  EXPECT_EQ(world.s32(26), 3'320);
  EXPECT_EQ(world.s32(30), 26'000);
  EXPECT_EQ(world.s32(34), 100'000);
  EXPECT_EQ(world.s32(38), 0) << "no rule is active";
  world.battery_answers = false;
  world.run(5_s);
  EXPECT_EQ(world.s32(20), INT32_MIN) << "stale is absent, not the last value";
  EXPECT_NE(world.s32(38), 0);
}

TEST(FirmwareRegisters, GiveNothingThatContradictsItself) {
  World world;
  world.make_ready();
  world.device.pack_centivolt = 4'800;  // The cells say 53.1 V.
  world.run(2_s);
  EXPECT_FALSE(world.controller.status().relays.charge_enable);
  for (const std::size_t at : {20U, 22U, 24U, 26U, 28U, 30U, 32U}) {
    EXPECT_EQ(world.s32(at), INT32_MIN) << at << ": a value not to be believed";
  }
  world.device.pack_centivolt = 5'312;
  world.run(8_s);
  EXPECT_EQ(world.s32(20), 53'120);
}

TEST(FirmwareRegisters, RefuseAnythingButAWholeCommand) {  // SAF-064
  World world;
  world.make_ready();
  world.follow(700, 60);
  world.run(200_ms);
  const std::vector<std::pair<std::uint16_t, std::vector<std::uint16_t>>> refused = {
      {0, {1, 1}},
      {1, {1}},
      {1, {3}},
      {1, {1, 0}},
      {1, {1, 0, 5}},
      {2, {0, 5, 9}},
      {4, {9}},
      {5, {1}},
      {1, {1, 0, 5, 0}},
      {1, {1, 0, 5, 3601}},
      {1, {1, 0x8000, 0, 60}},  // Absent is no set-point.
  };
  for (const auto& [address, values] : refused) {
    const std::vector<std::byte> answer = world.write(address, values);
    ASSERT_FALSE(answer.empty());
    EXPECT_EQ(std::to_integer<int>(answer[0]), 0x90) << address << " x " << values.size();
  }
  world.run(200_ms);
  EXPECT_EQ(world.controller.status().setpoint, 700_w) << "nothing changed";
  EXPECT_EQ(world.s32(54), static_cast<std::int32_t>(refused.size())) << "and it was counted";
}

TEST(FirmwareRegisters, OtherUnitsAndBroadcastsAreLeftAlone) {
  World world;
  world.make_ready();
  for (const std::uint8_t unit : {std::uint8_t{2}, std::uint8_t{0}}) {
    EXPECT_TRUE(world.write(1, {0}, unit).empty());
    world.run(200_ms);
    EXPECT_TRUE(world.controller.status().relays.charge_enable) << "unit " << int{unit};
  }
}

/// The agent's side of the map: the pack reads and writes what the board means.
TEST(FirmwareRegisters, ThePackAndTheMapAgree) {
  World world;
  world.make_ready();
  const io::PackLoad load = io::find_pack("libems_io");
  ASSERT_TRUE(load.loaded) << (load.errors.empty() ? "" : to_string(load.errors.front()));
  device_pack::PackDevice device(load.loaded->pack());
  ems::test::RecordingSink sink;
  for (const device_pack::BoundBlock& block : device.blocks()) {
    std::vector<std::byte> pdu(5);
    ASSERT_TRUE(protocol::modbus::encode_read_request(block.request.function, block.request.address,
                                                      block.request.count, pdu));
    std::vector<std::uint16_t> registers(block.request.count);
    ASSERT_TRUE(protocol::modbus::decode_read_response(pdu, world.host(pdu), registers));
    ASSERT_TRUE(device.decode_block(block, registers, sink));
  }
  EXPECT_EQ(sink.value(Signal::pack_voltage), 53'120);
  EXPECT_EQ(sink.value(Signal::soc), 5'000);
  EXPECT_EQ(sink.value(Signal::cell_temp_max), 26'000);
  EXPECT_EQ(sink.value(Signal::charge_enable), 1);
  EXPECT_EQ(sink.value(Signal::discharge_enable), 1);
  EXPECT_EQ(sink.value(Signal::safety_state), 1);
  EXPECT_EQ(sink.value(Signal::operating_state), 1);

  const auto send = [&world](const device_pack::BoundWrite& write) {
    return world.write(write.address, {write.values.begin(), write.values.end()});
  };
  const auto setpoint = device.encode_setpoint(Watt{-1'234}, 30_s);
  ASSERT_TRUE(setpoint);
  for (const device_pack::BoundWrite& write : *setpoint) EXPECT_EQ(send(write)[0], std::byte{16});
  world.run(100_ms);
  EXPECT_EQ(world.controller.status().setpoint, Watt{-1'234});
  EXPECT_EQ(world.registers()[11], 30);
  world.host_beats = false;
  for (std::uint32_t beat = 40'000; beat < 40'006; ++beat) {
    const auto write = device.encode_heartbeat(beat);
    ASSERT_TRUE(write);
    EXPECT_EQ(send(*write)[0], std::byte{16});
    world.run(500_ms);
    EXPECT_TRUE(world.controller.status().relays.charge_enable);
  }
  for (const CommandKind kind : {CommandKind::standby, CommandKind::stop}) {
    world.follow(0, 60);
    const auto plan = device.encode_command({kind, Watt{}, Var{}}, 30_s);
    ASSERT_TRUE(plan && plan->size() == 1);
    EXPECT_EQ(send((*plan)[0])[0], std::byte{16});
    world.run(100_ms);
    EXPECT_FALSE(world.controller.status().relays.charge_enable);
  }
}

}  // namespace
}  // namespace ems::firmware::test
