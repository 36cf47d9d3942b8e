// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/fault.hpp"

#include <gtest/gtest.h>

namespace ems::sim {
namespace {

TEST(Fault, ReadsEveryKind) {
  const auto peak = parse_fault("at=20,for=8,kind=load_peak,w=6000");
  ASSERT_TRUE(peak.has_value());
  EXPECT_EQ(peak->kind, FaultKind::load_peak);
  EXPECT_EQ(peak->at, Instant{seconds(20)});
  EXPECT_EQ(peak->lasts, seconds(8));
  EXPECT_EQ(peak->extra_load_w, 6000.0);

  const auto cell = parse_fault("kind=cell_voltage cell=3  to_mv=3700 for=2.5", Instant{5_s});
  ASSERT_TRUE(cell.has_value());
  EXPECT_EQ(cell->at, Instant{5_s});
  EXPECT_EQ(cell->cell, 3u);
  EXPECT_DOUBLE_EQ(cell->cell_to_v.value(), 3.7);
  EXPECT_EQ(cell->lasts, milliseconds(2500));

  const auto slow = parse_fault("kind=slow,device=pcs,for=1,at=1,delay_ms=700", Instant{5_s});
  ASSERT_TRUE(slow.has_value());
  EXPECT_EQ(slow->device, Device::pcs);
  EXPECT_EQ(slow->delay, milliseconds(700));
  EXPECT_EQ(slow->at, Instant{6_s});

  for (const FaultKind kind :
       {FaultKind::silence, FaultKind::garbage, FaultKind::wrong_sign, FaultKind::stuck}) {
    for (const Device device : kDevices) {
      const auto fault = parse_fault("for=1,kind=" + std::string(to_string(kind)) +
                                     ",device=" + std::string(to_string(device)));
      ASSERT_TRUE(fault.has_value());
      EXPECT_EQ(fault->kind, kind);
      EXPECT_EQ(fault->device, device);
    }
  }
}

TEST(Fault, IsActiveFromItsBeginningToBeforeItsEnd) {
  const Fault fault = parse_fault("at=2,for=3,kind=silence,device=meter").value();
  EXPECT_FALSE(fault.active(Instant{1'999'999_us}));
  EXPECT_TRUE(fault.active(Instant{2_s}));
  EXPECT_TRUE(fault.active(Instant{4'999'999_us}));
  EXPECT_FALSE(fault.active(Instant{5_s}));
}

TEST(Fault, ErrorsNameThePair) {
  const struct {
    const char* text;
    Errc code;
    unsigned offset;
  } cases[] = {
      {"", Errc::missing_key, 0},
      {"for=1", Errc::missing_key, 0},
      {"kind=silence,device=meter", Errc::missing_key, 0},
      {"kind=silence,for=1", Errc::missing_key, 0},
      {"kind=slow,for=1,device=pcs", Errc::missing_key, 0},
      {"kind=load_peak,for=1", Errc::missing_key, 0},
      {"kind=cell_voltage,for=1,cell=1", Errc::missing_key, 0},
      {"kind=cell_voltage,for=1,cell=1,mv=1,to_mv=2", Errc::missing_key, 0},
      {"kind=cell_voltage,for=1,mv=1", Errc::missing_key, 0},
      {"kind=burn,for=1", Errc::unknown_key, 0},
      {"kind=silence,for=1,device=roof", Errc::unknown_key, 19},
      {"kind=cell_voltage,for=1,cell=1,mv=1,device=pcs", Errc::unknown_key, 36},
      {"kind=silence,for=1,device=pcs,w=3", Errc::unknown_key, 30},
      {"kind=silence,for=1,for=2,device=pcs", Errc::already_exists, 19},
      {"kind=silence for", Errc::syntax, 13},
      {"kind=silence for=", Errc::syntax, 13},
      {"kind=silence,for=x,device=pcs", Errc::syntax, 13},
      {"kind=silence,for=1s,device=pcs", Errc::syntax, 13},
      {"kind=silence,for=0,device=pcs", Errc::out_of_range, 13},
      {"kind=silence,for=1,at=-1,device=pcs", Errc::out_of_range, 19},
      {"kind=load_peak,for=1,w=-5", Errc::out_of_range, 21},
      {"kind=cell_voltage,for=1,cell=0,mv=1", Errc::out_of_range, 24},
      {"kind=cell_voltage,for=1,cell=1.5,mv=1", Errc::out_of_range, 24},
      {"kind=load_peak,for=1,w=inf", Errc::syntax, 21},
  };
  for (const auto& c : cases) {
    const auto fault = parse_fault(c.text);
    ASSERT_FALSE(fault.has_value()) << c.text;
    EXPECT_EQ(fault.error().code, c.code) << c.text;
    EXPECT_EQ(fault.error().offset, c.offset) << c.text;
  }
}

TEST(Scenario, ReadsLinesAndNamesTheLineOfAnError) {
  const auto good = parse_scenario(
      "# demo\n\nat=5 for=2 kind=silence device=meter\r\nat=9,for=1,kind=load_peak,w=100\n");
  ASSERT_TRUE(good.has_value());
  ASSERT_EQ(good.value().size(), 2u);
  EXPECT_EQ(good.value()[1].at, Instant{9_s});
  const auto bad = parse_scenario("# demo\nat=5 for=2 kind=nothing\n");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, Errc::unknown_key);
  EXPECT_EQ(bad.error().offset, 2u);
}

TEST(Control, ReadsItsForms) {
  const Instant now{100_s};
  const auto fault_of = [now](const char* line) {
    const auto command = parse_control(line, now);
    EXPECT_TRUE(command.has_value()) << line;
    EXPECT_EQ(command->verb, ControlCommand::Verb::fault) << line;
    EXPECT_EQ(command->fault.at, now) << line;
    return command->fault;
  };
  const Fault silence = fault_of("fault battery silence 8");
  EXPECT_EQ(silence.kind, FaultKind::silence);
  EXPECT_EQ(silence.device, Device::battery);
  EXPECT_EQ(silence.lasts, 8_s);
  EXPECT_EQ(fault_of("fault pcs slow 3 delay_ms=250").delay, 250_ms);
  const Fault load = fault_of("load +6000 for 10");
  EXPECT_EQ(load.kind, FaultKind::load_peak);
  EXPECT_EQ(load.extra_load_w, 6000.0);
  EXPECT_EQ(load.lasts, 10_s);
  const Fault cell = fault_of("cell 3 +200mv for 10");
  EXPECT_EQ(cell.kind, FaultKind::cell_voltage);
  EXPECT_EQ(cell.cell, 3u);
  EXPECT_DOUBLE_EQ(cell.cell_add_v, 0.2);
  EXPECT_DOUBLE_EQ(fault_of("cell 1 -50mv for 1").cell_add_v, -0.05);
  EXPECT_DOUBLE_EQ(fault_of("cell 1 =3700mv for 1").cell_to_v.value(), 3.7);
  EXPECT_EQ(parse_control("quit", now)->verb, ControlCommand::Verb::quit);
  EXPECT_EQ(parse_control(" clear ", now)->verb, ControlCommand::Verb::clear);
  EXPECT_EQ(parse_control("status", now)->verb, ControlCommand::Verb::status);
}

TEST(Control, RefusesTheRest) {
  const struct {
    const char* line;
    Errc code;
  } cases[] = {
      {"", Errc::missing_key},
      {"stop", Errc::unknown_key},
      {"quit now", Errc::syntax},
      {"fault battery silence", Errc::missing_key},
      {"fault roof silence 8", Errc::unknown_key},
      {"fault battery load_peak 8", Errc::unknown_key},
      {"fault battery cell_voltage 8", Errc::unknown_key},
      {"fault battery silence eight", Errc::syntax},
      {"fault battery silence 8 9", Errc::syntax},
      {"fault pcs slow 3", Errc::syntax},
      {"fault pcs slow 3 delay=2", Errc::missing_key},
      {"load 100", Errc::syntax},
      {"load -100 for 3", Errc::out_of_range},
      {"cell 3 200 for 10", Errc::syntax},
      {"cell 3 xmv for 10", Errc::syntax},
  };
  for (const auto& c : cases) {
    const auto command = parse_control(c.line, Instant{});
    ASSERT_FALSE(command.has_value()) << c.line;
    EXPECT_EQ(command.error().code, c.code) << c.line;
  }
}

}  // namespace
}  // namespace ems::sim
