// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/jbd_server.hpp"

#include <gtest/gtest.h>

#include "sim_test_support.hpp"

namespace ems::sim {
namespace {

JbdServer server_of(Plant& plant, std::string model = "LIBEMS-SIM") {
  return {plant, [&plant] { return plant.state(); }, std::move(model)};
}

// Captured frames; tests/vectors/bms_serial_jbd.json has their sources.
TEST(JbdServer, EncodesTheStateOfACapturedBoardByteForByte) {  // jbd-basic-sp04s034
  BatteryState board;
  board.cell_v = {3.9, 3.9, 3.9, 3.9};
  board.voltage_v = 15.60;
  board.current_a = 0.0;
  board.remaining_ah = 4.98;
  board.full_ah = 5.0;
  board.soc_pct = 100.0;
  board.temperature_degc = {22.4, 22.3, 21.7};
  JbdBasicInfo info = jbd_basic_of(board);
  info.manufacture_date = 0x2C7C;  // 2022-03-28
  info.software_version = 0x80;
  EXPECT_EQ(hex(jbd_basic_reply(info)),
            "DD03001D0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84FA8D77");
}

TEST(JbdServer, EncodesADischargingBoardByteForByte) {  // jbd-basic-alarm-bit0
  BatteryState board;
  board.cell_v = {3.9, 3.9, 3.9, 3.9};
  board.voltage_v = 15.60;
  board.current_a = 2.87;  // The wire counts charging positive: FEE1.
  board.remaining_ah = 4.97;
  board.full_ah = 5.0;
  board.cycles = 42;
  board.soc_pct = 100.0;
  board.protection = 1;
  board.temperature_degc = {22.4, 22.3, 21.7};
  JbdBasicInfo info = jbd_basic_of(board);
  info.remaining_10mah = 0x01F2;
  info.manufacture_date = 0x2C7C;
  info.software_version = 0x80;
  EXPECT_EQ(info.charge_current_10ma, -287);
  EXPECT_EQ(info.cycles, 42);
  EXPECT_EQ(hex(jbd_basic_reply(info)),
            "DD03001D0618FEE101F201F4002A2C7C00000000000180640304030B8B0B8A0B84F88377");
}

TEST(JbdServer, EncodesCellsByteForByte) {  // jbd-cells-aio
  EXPECT_EQ(hex(jbd_cells_reply({3430, 3425, 3432, 3417})), "DD0400080D660D610D680D59FE3C77");
}

TEST(JbdServer, AnswersModelAndCountersAsTheCaptures) {
  Plant plant({}, 1);
  JbdServer server = server_of(plant, "0123456789");
  EXPECT_EQ(hex(server.answer(bytes("DDA50500FFFB77"))),
            "DD05000A30313233343536373839FDE977");  // jbd-hwver-specv4
  EXPECT_EQ(hex(server.answer(bytes("DDA5AA00FF5677"))),
            "DDAA001600000000000000000000000000000000000000000000FFEA77");
}

TEST(JbdServer, SwitchCommandActsOnThePlant) {
  Plant plant({}, 1);
  JbdServer server = server_of(plant);
  EXPECT_EQ(hex(server.answer(bytes("DD5AE1020001FF1C77"))), "DDE10000000077");
  plant.step(milliseconds(10));
  EXPECT_FALSE(plant.state().battery.charge_on);
  EXPECT_TRUE(plant.state().battery.discharge_on);
  PcsControl charge;
  charge.enabled = true;
  charge.watts = -1000;
  plant.write_pcs(charge, true);
  plant.step(seconds(2));
  EXPECT_EQ(plant.state().battery_ac_w, 0.0);
  EXPECT_TRUE(plant.state().throttled);
  EXPECT_EQ(jbd_basic_of(plant.state().battery).switches, 2u);
  EXPECT_EQ(hex(server.answer(bytes("DD5AE1020000FF1D77"))), "DDE10000000077");
  plant.step(seconds(2));
  EXPECT_NEAR(plant.state().battery_ac_w, -1000.0, 1e-6);
}

TEST(JbdServer, RefusesWhatItDoesNotHaveAndIgnoresWhatIsBroken) {
  Plant plant({}, 1);
  JbdServer server = server_of(plant);
  const struct {
    const char* why;
    const char* request;
    const char* reply;
  } cases[] = {
      {"unknown register", "DDA51000FFF077", "DD108000FF8077"},
      {"write to a reading register", "DD5A03020000FFFB77", "DD038000FF8077"},
      {"switch value out of range", "DD5AE1020004FF1977", "DDE18000FF8077"},
      {"read with data", "DDA50301FFFFFD77", ""},
      {"wrong checksum", "DDA50300FFFE77", ""},
      {"too short", "DDA503", ""},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(hex(server.answer(bytes(c.request))), c.reply) << c.why;
  }
  EXPECT_TRUE(plant.state().battery.charge_on);
}

TEST(JbdServer, ScanFindsRequestsInNoiseAndWaitsForTheRest) {
  Plant plant({}, 1);
  const JbdServer server = server_of(plant);
  const struct {
    const char* received;
    std::size_t noise, size;
  } cases[] = {
      {"", 0, 0},
      {"DD", 0, 0},
      {"DDA503", 0, 0},
      {"DDA50300FFFD", 0, 0},
      {"DDA50300FFFD77", 0, 7},
      {"DDA50300FFFD77DDA5", 0, 7},
      {"0011DDA50300FFFD77", 2, 7},
      {"DD00DDA50300FFFD77", 2, 7},
      {"DDA50300FFFD00DDA50400FFFC77", 7, 7},
      {"DD5AE1020001FF1C77", 0, 9},
      {"001122", 3, 0},
  };
  for (const auto& c : cases) {
    const protocol::FrameScan found = server.scan(bytes(c.received));
    EXPECT_EQ(found.noise, c.noise) << c.received;
    EXPECT_EQ(found.size, c.size) << c.received;
  }
}

TEST(JbdServer, ExtremeValuesAreCutNotWrapped) {
  BatteryState state;
  state.cell_v = {3.3};
  state.voltage_v = 1e6;
  state.current_a = -1e6;
  state.temperature_degc = {-400};
  const JbdBasicInfo info = jbd_basic_of(state);
  EXPECT_EQ(info.voltage_10mv, 0xFFFF);
  EXPECT_EQ(info.charge_current_10ma, 32767);
  EXPECT_EQ(info.temperature_100mk[0], 0);
}

}  // namespace
}  // namespace ems::sim
