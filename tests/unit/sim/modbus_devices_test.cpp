// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>

#include "ems/sim/modbus_server.hpp"
#include "ems/sim/sdm630_server.hpp"
#include "ems/sim/sunspec_server.hpp"
#include "sim_test_support.hpp"

namespace ems::sim {
namespace {

using protocol::modbus::ExceptionCode;
using protocol::modbus::Function;

constexpr std::uint16_t kModel704 = 40'000 + 2 + 68 + 155;

struct Pcs704 {
  Plant plant{{}, 1};
  SunSpecServer server{plant, [this] { return plant.state(); }};

  std::optional<ExceptionCode> put(std::uint16_t offset, std::vector<std::uint16_t> values) {
    return server.write(static_cast<std::uint16_t>(kModel704 + offset), values);
  }
  std::vector<std::uint16_t> get(std::uint16_t address, std::size_t count) {
    std::vector<std::uint16_t> out(count);
    EXPECT_EQ(server.read(Function::read_holding_registers, address, out), std::nullopt);
    return out;
  }
};

TEST(SunSpecServer, ChainOfModelsIsWhereTheStandardPutsIt) {
  Pcs704 pcs;
  EXPECT_EQ(pcs.get(40'000, 4), (std::vector<std::uint16_t>{0x5375, 0x6E53, 1, 66}));
  EXPECT_EQ(pcs.get(40'070, 2), (std::vector<std::uint16_t>{701, 153}));
  EXPECT_EQ(pcs.get(40'225, 2), (std::vector<std::uint16_t>{704, 65}));
  EXPECT_EQ(pcs.get(40'292, 2), (std::vector<std::uint16_t>{0xFFFF, 0}));
  EXPECT_EQ(sunspec_model_address(704), kModel704);
  EXPECT_EQ(sunspec_model_address(702), std::nullopt);
}

TEST(SunSpecServer, SetpointWritesReachThePlantAndTheTimerRuns) {
  Pcs704 pcs;
  // WSetEna, WSetMod, WSet = -1500, WSetRvrt, WSetPct, WSetPctRvrt, EnaRvrt, RvrtTms = 6.
  EXPECT_EQ(pcs.put(22, {1, 1, 0xFFFF, 0xFA24, 0, 0, 0, 0, 0, 0, 6}), std::nullopt);
  pcs.plant.step(milliseconds(2500));
  EXPECT_NEAR(pcs.plant.state().battery_ac_w, -1500.0, 1e-6);
  EXPECT_EQ(pcs.get(kModel704 + 33, 2), (std::vector<std::uint16_t>{0, 4}));  // 3.5 s, upwards.
  EXPECT_EQ(pcs.get(40'080, 1)[0], static_cast<std::uint16_t>(-1500));        // 701 W
  pcs.plant.step(seconds(5));
  EXPECT_EQ(pcs.get(kModel704 + 22, 1)[0], 0);  // Reverted to disabled.
  EXPECT_EQ(pcs.plant.state().battery_ac_w, 0.0);
  EXPECT_EQ(pcs.get(kModel704 + 33, 2), (std::vector<std::uint16_t>{0, 0}));
}

TEST(SunSpecServer, OnlyEnableAndRevertTimeRestartTheTimer) {
  Pcs704 pcs;
  ASSERT_EQ(pcs.put(22, {1, 1, 0, 1000, 0, 0, 0, 0, 0, 0, 6}), std::nullopt);
  pcs.plant.step(seconds(4));
  ASSERT_EQ(pcs.put(24, {0, 1200}), std::nullopt);
  EXPECT_EQ(pcs.plant.state().revert_remaining, seconds(2));
  ASSERT_EQ(pcs.put(31, {0, 9}), std::nullopt);
  EXPECT_EQ(pcs.plant.state().revert_remaining, seconds(9));
  pcs.plant.step(seconds(4));
  ASSERT_EQ(pcs.put(22, {1}), std::nullopt);
  EXPECT_EQ(pcs.plant.state().revert_remaining, seconds(9));
}

TEST(SunSpecServer, RefusedWritesChangeNothing) {
  using enum ExceptionCode;
  const struct {
    const char* why;
    std::uint16_t offset;
    std::vector<std::uint16_t> values;
    ExceptionCode code;
  } cases[] = {
      {"read-only", 33, {0, 1}, illegal_data_address},
      {"not implemented", 15, {50}, illegal_data_address},
      {"half a point", 24, {0}, illegal_data_address},
      {"second half", 25, {0}, illegal_data_address},
      {"model ID", 0, {704}, illegal_data_address},
      {"good then read-only", 31, {0, 5, 0, 0}, illegal_data_address},
      {"enum out of range", 22, {2}, illegal_data_value},
      {"beyond the rating", 24, {0, 5001}, illegal_data_value},
      {"beyond the rating, charging", 24, {0xFFFF, 0xEC77}, illegal_data_value},
      {"percent above 100", 28, {10'001}, illegal_data_value},
      {"not implemented time", 31, {0xFFFF, 0xFFFF}, illegal_data_value},
      {"good then bad", 22, {1, 7}, illegal_data_value},
  };
  for (const auto& c : cases) {
    Pcs704 pcs;
    EXPECT_EQ(pcs.put(c.offset, c.values), c.code) << c.why;
    EXPECT_EQ(pcs.plant.pcs().control(), PcsControl{}) << c.why;
  }
}

TEST(SunSpecServer, ReadsOutsideTheModelsAreRefused) {
  Pcs704 pcs;
  std::array<std::uint16_t, 2> out{};
  using enum ExceptionCode;
  EXPECT_EQ(pcs.server.read(Function::read_holding_registers, 39'999, out), illegal_data_address);
  EXPECT_EQ(pcs.server.read(Function::read_holding_registers, 40'293, out), illegal_data_address);
  EXPECT_EQ(pcs.server.read(Function::read_input_registers, 40'000, out), illegal_function);
}

TEST(SunSpecServer, LargeRatingsGetAScale) {
  PlantConfig config;
  config.pcs.rating_w = 100'000;
  config.pcs.ramp_w_per_s = 1e6;
  config.battery.cells = 32;
  config.battery.capacity_ah = 5000;
  config.battery.cell_resistance_ohm = 1e-6;
  config.battery.bms.discharge_overcurrent_a = 1e6;
  Plant plant(config, 1);
  SunSpecServer server(plant, [&plant] { return plant.state(); });
  PcsControl control;
  control.enabled = true;
  control.watts = 80'000;
  plant.write_pcs(control, true);
  plant.step(seconds(1));
  std::array<std::uint16_t, 1> w{}, sf{};
  ASSERT_EQ(server.read(Function::read_holding_registers, 40'080, w), std::nullopt);
  ASSERT_EQ(server.read(Function::read_holding_registers, 40'070 + 116, sf), std::nullopt);
  EXPECT_EQ(w[0], 8000);
  EXPECT_EQ(sf[0], 1);
}

float float_at(std::span<const std::uint16_t> registers, std::size_t at) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(registers[at]) << 16 | registers[at + 1]);
}

TEST(Sdm630Server, ReportsThePccInBothDirections) {
  for (const double watts : {-4000.0, 4000.0}) {
    PlantConfig config;
    config.profile = Profile::from_csv("t_s,load_w,pv_w\n0,1000,200\n").value();
    Plant plant(config, 1);
    Sdm630Server meter([&plant] { return plant.state(); });
    PcsControl control;
    control.enabled = true;
    control.watts = watts;
    plant.write_pcs(control, true);
    plant.step(seconds(3600));
    std::array<std::uint16_t, 76> low{};
    ASSERT_EQ(meter.read(Function::read_input_registers, 0, low), std::nullopt);
    const PlantState& truth = plant.state();
    EXPECT_NEAR(float_at(low, 52), truth.grid_w, 0.01);
    EXPECT_NEAR(float_at(low, 12) + float_at(low, 14) + float_at(low, 16), truth.grid_w, 0.01);
    EXPECT_NEAR(float_at(low, 0), 230.0, 2.0);
    EXPECT_NEAR(float_at(low, 6) * float_at(low, 0), std::abs(truth.phase_w[0]), 0.1);
    EXPECT_NEAR(float_at(low, 70), 50.0, 0.1);
    EXPECT_NEAR(float_at(low, 72) * 3.6e6, truth.books.grid_import_j, 100.0);
    EXPECT_NEAR(float_at(low, 74) * 3.6e6, truth.books.grid_export_j, 100.0);
  }
}

TEST(Sdm630Server, RefusesWhatTheMeterRefuses) {
  Plant plant({}, 1);
  Sdm630Server meter([&plant] { return plant.state(); });
  using enum ExceptionCode;
  std::array<std::uint16_t, 2> two{};
  std::array<std::uint16_t, 1> one{};
  EXPECT_EQ(meter.read(Function::read_holding_registers, 0, two), illegal_function);
  EXPECT_EQ(meter.read(Function::read_input_registers, 1, two), illegal_data_value);
  EXPECT_EQ(meter.read(Function::read_input_registers, 0, one), illegal_data_value);
  EXPECT_EQ(meter.read(Function::read_input_registers, 382, two), illegal_data_address);
  EXPECT_EQ(meter.read(Function::read_input_registers, 380, two), std::nullopt);
  EXPECT_EQ(meter.write(0, two), illegal_function);
}

TEST(ModbusServer, AnswersItsUnitOnlyAndActsOnBroadcasts) {
  Plant plant({}, 1);
  SunSpecServer registers(plant, [&plant] { return plant.state(); });
  ModbusServer rtu(ModbusFraming::rtu, 7, registers);
  EXPECT_EQ(hex(rtu.answer(with_crc("07039C400002"))), hex(with_crc("07030453756E53")));
  EXPECT_TRUE(rtu.answer(with_crc("08039C400002")).empty());
  EXPECT_TRUE(rtu.answer(bytes("07039C4000020000")).empty());
  EXPECT_EQ(hex(rtu.answer(with_crc("070300000002"))), hex(with_crc("078302")));
  // Broadcast: WSetEna = 1.
  EXPECT_TRUE(rtu.answer(with_crc("00069D370001")).empty());
  EXPECT_TRUE(plant.state().control.enabled);

  ModbusServer tcp(ModbusFraming::tcp, 1, registers);
  EXPECT_EQ(hex(tcp.answer(bytes("ABCD0000000601039C400002"))), "ABCD0000000701030453756E53");
  EXPECT_TRUE(tcp.answer(bytes("ABCD0000000602039C400002")).empty());
}

}  // namespace
}  // namespace ems::sim
