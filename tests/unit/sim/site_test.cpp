// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/site.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "ems/protocol/modbus/rtu.hpp"
#include "sim_test_support.hpp"

namespace ems::sim {
namespace {

constexpr const char* kBasic = "DDA50300FFFD77";
constexpr const char* kCells = "DDA50400FFFC77";

SiteConfig site_config(std::vector<Fault> faults = {}) {
  SiteConfig config;
  config.plant.profile = Profile::from_csv("t_s,load_w,pv_w\n0,1000,300\n").value();
  config.faults = std::move(faults);
  return config;
}

std::string ask(Port& port, const ByteVector& request) {
  std::string all;
  for (const Reply& reply : port.receive(request)) all += hex(reply.bytes);
  return all;
}
std::string ask(Port& port, const char* request) { return ask(port, bytes(request)); }

double meter_w(Port& port) {
  const std::string reply = ask(port, with_crc("010400340002"));
  EXPECT_EQ(reply.size(), 18u);
  const ByteVector data = bytes(reply);
  return std::bit_cast<float>(load_be32(data, 3));
}

int battery_10ma(Port& port) {
  const ByteVector data = bytes(ask(port, kBasic));
  EXPECT_GT(data.size(), 8u);
  return static_cast<std::int16_t>(load_be16(data, 6));
}

void follow(Site& site, double watts) {
  PcsControl control;
  control.enabled = true;
  control.watts = watts;
  site.plant().write_pcs(control, true);
}

TEST(Port, AnswersWholeRequestsHoweverTheyArrive) {
  Site site(site_config());
  Port port(site, Device::battery);
  const std::string whole = ask(port, kBasic);
  EXPECT_EQ(whole.substr(0, 8), "DD03001B");  // 23 bytes and two sensors.
  std::string by_byte;
  for (const std::byte b : bytes(kBasic)) {
    for (const Reply& reply : port.receive(Bytes(&b, 1))) by_byte += hex(reply.bytes);
  }
  EXPECT_EQ(by_byte, whole);
  EXPECT_EQ(ask(port, (std::string("00FF") + kBasic + kBasic).c_str()), whole + whole);
  EXPECT_EQ(ask(port, "DDA503"), "");
  port.idle();
  EXPECT_EQ(ask(port, kBasic), whole);
}

TEST(Faults, SilenceIsDeafTooAndEnds) {
  Site site(site_config(parse_scenario("at=1 for=2 kind=silence device=battery").value()));
  Port battery(site, Device::battery);
  Port meter(site, Device::meter);
  EXPECT_NE(ask(battery, kBasic), "");
  site.advance(milliseconds(1000));
  EXPECT_EQ(ask(battery, kBasic), "");
  EXPECT_EQ(ask(battery, "DD5AE1020001FF1C77"), "");
  EXPECT_NEAR(meter_w(meter), 700.0, 0.01);
  site.advance(milliseconds(2000));
  EXPECT_NE(ask(battery, kBasic), "");
  EXPECT_TRUE(site.truth().battery.charge_on);
}

TEST(Faults, GarbageNeverHoldsAValidAnswerAndIsReproducible) {
  const auto run = [](std::uint64_t seed) {
    SiteConfig config =
        site_config(parse_scenario("for=9 kind=garbage device=battery\nfor=9 kind=garbage "
                                   "device=meter")
                        .value());
    config.seed = seed;
    Site site(config);
    Port battery(site, Device::battery);
    Port meter(site, Device::meter);
    const ByteVector request = bytes(kBasic);
    std::string all;
    for (int i = 0; i < 300; ++i) {
      const ByteVector reply = bytes(ask(battery, kBasic));
      EXPECT_FALSE(reply.empty());
      // The reply to register 03 of this site has 34 bytes: 7 of frame, 27 of data.
      for (std::size_t at = 0; at + 34 <= reply.size(); ++at) {
        EXPECT_FALSE(load_u8(reply, at) == 0xDD && load_u8(reply, at + 33) == 0x77);
      }
      const ByteVector line = bytes(ask(meter, with_crc("010400340002")));
      for (std::size_t at = 0; at + 9 <= line.size(); ++at) {
        EXPECT_FALSE(protocol::modbus::decode_rtu(Bytes(line).subspan(at, 9)).has_value());
      }
      all += hex(reply) + hex(line);
    }
    return all;
  };
  const std::string first = run(1);
  EXPECT_EQ(first, run(1));
  EXPECT_NE(first, run(2));
}

TEST(Faults, WrongSignTurnsWhatIsReportedNotWhatIsTrue) {
  Site site(site_config());
  Port battery(site, Device::battery);
  Port meter(site, Device::meter);
  follow(site, 2000);
  site.advance(seconds(2));
  const int truth_10ma = battery_10ma(battery);
  EXPECT_LT(truth_10ma, -3000);
  const double truth_w = meter_w(meter);
  EXPECT_NEAR(truth_w, -1300.0, 0.01);
  for (const char* line : {"fault battery wrong_sign 5", "fault meter wrong_sign 5"}) {
    ASSERT_TRUE(site.add_fault(parse_control(line, site.now())->fault).has_value());
  }
  EXPECT_EQ(battery_10ma(battery), -truth_10ma);
  EXPECT_NEAR(meter_w(meter), -truth_w, 0.01);
  EXPECT_NEAR(site.truth().grid_w, truth_w, 0.01);
}

TEST(Faults, StuckHoldsTheValuesOfItsBeginning) {
  Site site(site_config());
  Port meter(site, Device::meter);
  Port pcs(site, Device::pcs);
  ASSERT_TRUE(site.add_fault(parse_control("fault meter stuck 5", site.now())->fault));
  ASSERT_TRUE(site.add_fault(parse_control("fault pcs stuck 5", site.now())->fault));
  follow(site, 2000);
  site.advance(seconds(4));
  EXPECT_NEAR(meter_w(meter), 700.0, 0.01);
  EXPECT_NEAR(site.truth().grid_w, -1300.0, 0.01);
  // 701 W is stuck at 0, but what was written reads back.
  EXPECT_EQ(ask(pcs, "00010000000601039C900001"), "0001000000050103020000");
  EXPECT_EQ(ask(pcs, "00020000000601039D370001"), "0002000000050103020001");
  site.advance(seconds(1));
  EXPECT_NEAR(meter_w(meter), -1300.0, 0.01);
}

TEST(Faults, CellVoltageShowsInTheCellAndInThePackSum) {
  Site site(site_config());
  Port port(site, Device::battery);
  const auto read = [&port] {
    const ByteVector basic = bytes(ask(port, kBasic));
    const ByteVector cells = bytes(ask(port, kCells));
    int sum_mv = 0;
    for (std::size_t i = 0; i < 16; ++i) sum_mv += load_be16(cells, 4 + 2 * i);
    return std::array<int, 3>{load_be16(basic, 4) * 10, sum_mv, load_be16(cells, 4 + 2 * 2)};
  };
  const auto before = read();
  ASSERT_TRUE(site.add_fault(parse_control("cell 3 =3700mv for 4", site.now())->fault));
  site.advance(milliseconds(20));
  const auto during = read();
  EXPECT_NEAR(during[2], 3700, 1);
  EXPECT_NEAR(during[0] - before[0], 3700 - before[2], 11);
  EXPECT_NEAR(during[0], during[1], 15);
  site.advance(seconds(5));
  EXPECT_NEAR(read()[2], before[2], 2);
}

TEST(Faults, CellBeyondTheBmsLimitOpensTheChargeSwitch) {
  Site site(site_config(parse_scenario("at=1 for=5 kind=cell_voltage cell=1 to_mv=3800").value()));
  follow(site, -1000);
  site.advance(milliseconds(2500));
  EXPECT_FALSE(site.truth().battery.charge_on);
  EXPECT_EQ(site.truth().battery_ac_w, 0.0);
  follow(site, 1000);
  site.advance(seconds(1));
  EXPECT_NEAR(site.truth().battery_ac_w, 1000.0, 1e-6);
}

TEST(Faults, LoadPeakIsExactlyAsLongAsAsked) {
  Site site(site_config(parse_scenario("at=0.5 for=1 kind=load_peak w=6000").value()));
  int peak_steps = 0;
  for (int i = 0; i < 300; ++i) {
    site.advance(kPhysicsStep);
    if (site.truth().load_w > 6000) ++peak_steps;
  }
  EXPECT_EQ(peak_steps, 100);
  EXPECT_EQ(site.truth().load_w, 1000.0);
}

TEST(Faults, SlowDelaysTheAnswer) {
  Site site(site_config(parse_scenario("for=1 kind=slow device=battery delay_ms=700").value()));
  Port port(site, Device::battery);
  ASSERT_EQ(port.receive(bytes(kBasic)).size(), 1u);
  EXPECT_EQ(port.receive(bytes(kBasic))[0].delay, milliseconds(700));
  site.clear_faults();
  EXPECT_EQ(port.receive(bytes(kBasic))[0].delay, Duration::zero());
}

TEST(Faults, ACellThatIsNotThereIsRefused) {
  Site site(site_config());
  const auto added = site.add_fault(parse_control("cell 17 +1mv for 1", site.now())->fault);
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, Errc::out_of_range);
}

TEST(Site, SameSeedSameBytes) {
  const auto run = [](std::uint64_t seed) {
    SiteConfig config;
    config.seed = seed;
    config.plant.profile = Profile::shaped({}, seed);
    config.faults = parse_scenario("at=3 for=1 kind=garbage device=meter").value();
    Site site(config);
    Port battery(site, Device::battery);
    Port meter(site, Device::meter);
    std::string all;
    for (int i = 0; i < 100; ++i) {
      site.advance(milliseconds(100));
      all += ask(battery, kBasic) + ask(battery, kCells);
      all += ask(meter, with_crc("01040000004C"));
    }
    return all;
  };
  EXPECT_EQ(run(4), run(4));
  EXPECT_NE(run(4), run(5));
}

TEST(ReplayServer, GivesRecordedBytesInTurnAndCountsTheUnknown) {
  const char* first = "DD03001D0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84FA8D77";
  const char* second = "DD030017000000000000271000002C500000000000002000011000FF0577";
  auto replay = ReplayServer::make({{bytes(kBasic), bytes(first)},
                                    {bytes(kCells), bytes("DD0400080D660D610D680D59FE3C77")},
                                    {bytes(kBasic), bytes(second)}});
  ASSERT_TRUE(replay.has_value());
  Site site(site_config());
  site.replay_battery(std::move(replay.value()));
  Port port(site, Device::battery);
  EXPECT_EQ(ask(port, kBasic), first);
  EXPECT_EQ(ask(port, kCells), "DD0400080D660D610D680D59FE3C77");
  EXPECT_EQ(ask(port, kBasic), second);
  EXPECT_EQ(ask(port, kBasic), first);
  EXPECT_EQ(ask(port, "DDA50500FFFB77"), "");
  EXPECT_EQ(site.replay()->unknown(), 1u);
  EXPECT_EQ(ask(port, (std::string("001122") + kBasic).c_str()), second);
  EXPECT_EQ(site.replay()->unknown(), 2u);
  EXPECT_EQ(ask(port, "DDA503"), "");
  EXPECT_EQ(ask(port, "00FFFD77"), first);
  EXPECT_EQ(site.replay()->answered(), 6u);
}

TEST(ReplayServer, RefusesEmptyRecordings) {
  EXPECT_EQ(ReplayServer::make({}).error().code, Errc::invalid_argument);
  const auto made = ReplayServer::make({{bytes(kBasic), bytes("00")}, {bytes(kBasic), {}}});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().offset, 1u);
}

TEST(Truth, RowHasAsManyColumnsAsTheHeader) {
  Site site(site_config());
  site.advance(seconds(1));
  const std::string header = truth_csv_header();
  const std::string row = truth_csv_row(site.truth());
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(row.begin(), row.end(), ','));
  EXPECT_EQ(header.substr(0, 40), "t_s,load_w,pv_w,battery_ac_w,grid_w,setp");
  EXPECT_EQ(row.substr(0, 28), "1.00,1000.0,300.0,0.0,700.0,");
  EXPECT_EQ(row.back(), '\n');
  EXPECT_NE(truth_json(site.truth()).find("\"grid_w\": 700.0"), std::string::npos);
}

}  // namespace
}  // namespace ems::sim
