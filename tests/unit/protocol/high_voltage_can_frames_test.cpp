// SPDX-License-Identifier: Apache-2.0
// The CAN batteries that are tables of this library (can_map): each of them.
#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "ems/protocol/afore/codec.hpp"
#include "ems/protocol/byd_hv/codec.hpp"
#include "ems/protocol/growatt_hv/codec.hpp"
#include "ems/protocol/growatt_lv/codec.hpp"
#include "ems/protocol/pylontech_hv/codec.hpp"
#include "ems/protocol/schneider/codec.hpp"
#include "ems/protocol/sma_byd_hv/codec.hpp"
#include "ems/protocol/solax_hv/codec.hpp"
#include "ems/protocol/sungrow_sbr/codec.hpp"
#include "support/can_talk.hpp"

namespace ems::protocol {
namespace {

using test::bits_of;
using test::CanTalk;
using test::RecordingSink;
using test::vendor_alarm_bit;
using Points = std::vector<std::pair<Signal, std::uint16_t>>;

TEST(PylontechHv, ThreeVariantsWriteNumbersDifferently) {
  const auto hear = [](std::string_view variant, const char* text) {
    return CanTalk(pylontech_hv::codec(), {.variant = variant}).hear(text);
  };
  // 369.1 V, 10.0 A charging, 33.0 degC.
  for (const auto& [variant, frame] : {std::pair{"offset", "00004210#6B0E947532056463"},
                                       std::pair{"plain", "00004210#6B0E640032056463"},
                                       std::pair{"big_endian", "00004210#0E6B006405326463"}}) {
    const RecordingSink sink = hear(variant, frame);
    EXPECT_EQ(sink.value(Signal::pack_voltage), 369'100) << variant;
    EXPECT_EQ(sink.value(Signal::pack_current), -10'000) << variant;
    EXPECT_EQ(sink.value(Signal::temperature), 33'000) << variant;
    EXPECT_EQ(sink.value(Signal::soc), 10'000) << variant;
    EXPECT_EQ(sink.value(Signal::soh), 9'900) << variant;
  }
  const RecordingSink limits = hear("plain", "00004220#2D09000764009CFF");
  EXPECT_EQ(limits.value(Signal::charge_current_limit), 10'000);
  EXPECT_EQ(limits.value(Signal::discharge_current_limit), 10'000);
}

TEST(PylontechHv, LimitsAreMagnitudes) {
  CanTalk talk(pylontech_hv::codec());
  const RecordingSink paper = talk.hear("00004220#2D0900072A763674");
  EXPECT_EQ(paper.value(Signal::charge_current_limit), 25'000);
  EXPECT_EQ(paper.value(Signal::discharge_current_limit), 25'000);
  EXPECT_EQ(talk.hear("00004220#2D0900072A762A76").value(Signal::discharge_current_limit), 25'000);
  EXPECT_EQ(talk.hear("00004220#2D09000730753075").value(Signal::charge_current_limit), 0);
}

TEST(PylontechHv, OneBatteryOfSeveralIsHeard) {
  CanTalk first(pylontech_hv::codec());
  EXPECT_EQ(first.hear("00004212#6B0E").value(Signal::pack_voltage), 369'100);
  EXPECT_TRUE(first.ignores("00004213#6B0E"));
  EXPECT_FALSE(first.ignores("00004282#0000"));
  CanTalk third(pylontech_hv::codec(), {.address = 3});
  EXPECT_TRUE(third.ignores("00004212#6B0E"));
  EXPECT_EQ(third.hear("00004213#6B0E").value(Signal::pack_voltage), 369'100);
  CodecRoom room;
  EXPECT_EQ(pylontech_hv::codec().with({.address = 16}, room).error().code, Errc::out_of_range);
}

TEST(PylontechHv, EveryAlarmBitHasItsName) {
  const Alarm protections[] = {Alarm::cell_undervoltage,          Alarm::cell_overvoltage,
                               Alarm::pack_undervoltage,          Alarm::pack_overvoltage,
                               Alarm::charge_undertemperature,    Alarm::charge_overtemperature,
                               Alarm::discharge_undertemperature, Alarm::discharge_overtemperature,
                               Alarm::charge_overcurrent,         Alarm::discharge_overcurrent};
  for (unsigned bit = 0; bit < 12; ++bit) {
    for (const bool warns : {false, true}) {
      std::array<std::byte, 8> data{};
      data[(warns ? 4U : 6U) + bit / 8] = static_cast<std::byte>(1U << (bit % 8));
      CanMailbox mailbox;
      RecordingSink sink;
      ASSERT_TRUE(pylontech_hv::codec().decode(make_can_frame(0x4250, true, data).value(),
                                               Instant{}, mailbox, sink));
      const std::int64_t common = bit < 10 ? bits_of({protections[bit]})
                                  : warns  ? 0
                                           : bits_of({protections[bit - 8]});  // Of a module.
      const std::int64_t own =
          bit < 10 ? 0
                   : vendor_alarm_bit(pylontech_hv::codec(),
                                      bit == 10 ? "module_undervoltage" : "module_overvoltage");
      EXPECT_EQ(sink.value(Signal::alarms), warns ? 0 : common) << bit;
      EXPECT_EQ(sink.value(Signal::vendor_alarms), warns ? 0 : own) << bit;
      EXPECT_EQ(sink.value(Signal::warnings), warns ? common : 0) << bit;
      EXPECT_EQ(sink.vendor.at("vendor_warnings"), warns ? own : 0) << bit;
    }
  }
  CanTalk talk(pylontech_hv::codec());
  EXPECT_EQ(talk.hear("00004250#0300002400000000").value(Signal::alarms),
            bits_of({Alarm::communication_failure, Alarm::contactor_failure}));
  EXPECT_EQ(talk.hear("00004250#0300001000000000").value(Signal::vendor_alarms),
            vendor_alarm_bit(pylontech_hv::codec(), "reversed"));
  EXPECT_EQ(talk.hear("00004250#03000000").value(Signal::alarms), std::nullopt);  // Cut off.
}

TEST(PylontechHv, StateAndPermissions) {
  CanTalk talk(pylontech_hv::codec());
  const RecordingSink state = talk.hear("00004250#1941010000000000");
  EXPECT_EQ(state.vendor.at("state"), 1);
  EXPECT_EQ(state.value(Signal::force_charge), 1);
  EXPECT_EQ(state.value(Signal::full_charge_request), 1);
  EXPECT_EQ(state.value(Signal::cycle_count), 321);
  EXPECT_EQ(talk.hear("00004280#AA00").value(Signal::charge_enable), 0);
  EXPECT_EQ(talk.hear("00004280#AA00").value(Signal::discharge_enable), 1);
}

TEST(BydHv, TellsItsNameAndVersion) {
  CanTalk talk(byd_hv::codec());
  EXPECT_EQ(talk.hear("250#0316006600330209").texts.at(TextField::firmware_version), "3.22");
  EXPECT_EQ(talk.hear("250#0A06000000330209").vendor.at("capacity_wh"), 5'100);
  EXPECT_TRUE(talk.hear("3D0#0042617474657279").texts.empty());
  EXPECT_TRUE(talk.hear("3D0#012D426F78205072").texts.empty());
  EXPECT_TRUE(talk.hear("3D0#02656D69756D2048").texts.empty());
  EXPECT_EQ(talk.hear("3D0#0356530000000000").texts.at(TextField::device_model),
            "Battery-Box Premium HVS");
}

TEST(BydHv, FramesThatNobodyExplainsSayNothingOfAlarms) {
  CanTalk talk(byd_hv::codec());
  EXPECT_TRUE(talk.hear("190#0000000400000000").empty());
  EXPECT_TRUE(talk.hear("290#0000000000000000").empty());
}

TEST(SmaBydHv, EveryPairHasItsNameAndStaysUntilItGoes) {
  const Alarm order[] = {Alarm::internal_failure,       Alarm::cell_overvoltage,
                         Alarm::cell_undervoltage,      Alarm::overtemperature,
                         Alarm::undertemperature,       Alarm::charge_overtemperature,
                         Alarm::charge_undertemperature};
  for (unsigned pair = 0; pair < 16; ++pair) {
    for (const bool warns : {false, true}) {
      std::array<std::byte, 8> data;
      data.fill(std::byte{0xAA});
      data[(warns ? 4U : 0U) + pair / 4] ^= static_cast<std::byte>(3U << (pair % 4 * 2));
      CanMailbox mailbox;
      RecordingSink sink;
      ASSERT_TRUE(sma_byd_hv::codec().decode(make_can_frame(0x158, false, data).value(), Instant{},
                                             mailbox, sink));
      const std::int64_t alarms = *sink.value(Signal::alarms) | *sink.value(Signal::vendor_alarms);
      const std::int64_t warnings = *sink.value(Signal::warnings) | sink.vendor["vendor_warnings"];
      EXPECT_EQ(alarms != 0, !warns) << pair;
      EXPECT_EQ(warnings != 0, warns) << pair;
      if (pair < std::size(order)) {
        EXPECT_EQ(*sink.value(warns ? Signal::warnings : Signal::alarms), bits_of({order[pair]}));
      }
    }
  }
  CanTalk talk(sma_byd_hv::codec());
  EXPECT_EQ(talk.hear("158#0000000000000000").value(Signal::alarms), std::nullopt);
  EXPECT_EQ(talk.hear("158#AAAA9AAAAAAAAAAA").value(Signal::alarms),
            bits_of({Alarm::short_circuit}));
  EXPECT_EQ(talk.hear("158#AAAA00AAAAAAAAAA").value(Signal::alarms),
            bits_of({Alarm::short_circuit}));
  EXPECT_EQ(talk.hear("158#AAAAAAAAAAAAAAAA").value(Signal::alarms), 0);
  EXPECT_EQ(talk.hear("158#AA6AAAAAAAAAAAAA").value(Signal::vendor_alarms),
            vendor_alarm_bit(sma_byd_hv::codec(), "overload"));
}

TEST(SmaBydHv, CellExtremesComeInStepsOf25MilliVolt) {
  const RecordingSink sink = CanTalk(sma_byd_hv::codec()).hear("518#014A012510108586");
  EXPECT_EQ(sink.value(Signal::cell_voltage_min), 3'325);
  EXPECT_EQ(sink.value(Signal::cell_voltage_max), 3'350);
  EXPECT_EQ(sink.vendor.at("cell_voltage_sum_mv"), 411'200);
}

TEST(SolaxHv, ExtremesInTenthsOfAVoltGiveWayToThoseInMilliVolt) {
  CanTalk talk(solax_hv::codec());
  EXPECT_EQ(talk.hear("00001874#0401F00023002200").value(Signal::cell_voltage_max), 3'500);
  EXPECT_EQ(talk.hear("00001874#0401F000F70D020D").value(Signal::cell_voltage_min), 3'330);
  EXPECT_EQ(talk.hear("00001874#0401F00070170000").value(Signal::cell_voltage_max), 6'000);
  EXPECT_EQ(talk.hear("00001874#0401F00071173D00").missing_points,
            (Points{{Signal::cell_voltage_max, 0}}));  // 6.001 V; 61 mV is a value like others.
  EXPECT_EQ(talk.hear("00001876#0000F70D0000020D").value(Signal::cell_voltage_max), 3'575);
  const RecordingSink coarse = talk.hear("00001874#0401F00023002200");
  EXPECT_EQ(coarse.value(Signal::cell_voltage_max), std::nullopt);
  EXPECT_EQ(coarse.value(Signal::cell_temp_max), 26'000);
}

TEST(SolaxHv, PermissionContactorAndErrors) {
  CanTalk talk(solax_hv::codec());
  EXPECT_EQ(talk.hear("00001876#0000F70D0000020D").value(Signal::charge_enable), 1);
  EXPECT_EQ(talk.hear("00001876#0100F70D0000020D").value(Signal::charge_enable), 0);
  EXPECT_EQ(talk.hear("00001875#5401080001").value(Signal::contactor_closed), 1);
  EXPECT_EQ(talk.hear("00001875#5401080000").value(Signal::contactor_closed), 0);
  EXPECT_EQ(talk.hear("00001877#0000000050002202").value(Signal::vendor_alarms), 0);
  const RecordingSink bad = talk.hear("00001877#0001000050002202");
  EXPECT_EQ(bad.value(Signal::vendor_alarms), vendor_alarm_bit(solax_hv::codec(), "error"));
  EXPECT_EQ(bad.vendor.at("error"), 256);
  EXPECT_EQ(bad.vendor.at("module"), 2);
}

TEST(SolaxHv, AnErrorStaysUntilTheSamePackTakesItBack) {
  for (const CanCodec* codec : {&solax_hv::codec(), &solax_hv::foxess_codec()}) {
    CanTalk talk(*codec);
    const std::int64_t failure = bits_of({Alarm::internal_failure});
    EXPECT_EQ(talk.hear("00001877#0200000084001F30").value(Signal::alarms), failure);
    EXPECT_EQ(talk.hear("00001877#0000000084001F40").value(Signal::alarms), failure);
    EXPECT_EQ(talk.hear("00001877#0000000084001F01").value(Signal::vendor_alarms), 1);
    const Instant later{seconds(20)};  // Packs that come seldom are no reason to say nothing.
    EXPECT_EQ(talk.hear("00001877#0000000084001F30", later).value(Signal::alarms), 0);
    EXPECT_EQ(talk.hear("00001877#0000000084001F01", later).value(Signal::alarms), 0);
  }
}

TEST(PylontechHv, BytesThatNobodyFilledAreNoLimitAndNoCurrent) {
  const Points limits = {{Signal::charge_current_limit, 0}, {Signal::discharge_current_limit, 0}};
  CanTalk talk(pylontech_hv::codec());
  EXPECT_EQ(talk.hear("00004220#2D090007FFFFFFFF").missing_points, limits);
  EXPECT_EQ(talk.hear("00004220#2D09000700000000").missing_points, limits);
  EXPECT_EQ(talk.hear("00004220#2D090007FA00FA00").missing_points, limits);     // Of a plain pack.
  EXPECT_EQ(talk.hear("00004220#2D090007409C2075").missing_points.size(), 0U);  // +1000, 1.6 A.
  EXPECT_EQ(talk.hear("00004220#2D09000750C32075").value(Signal::charge_current_limit), 2'000'000);
  EXPECT_EQ(talk.hear("00004220#2D09000751C32075").missing_points.size(), 1U);
  for (const char* frame :
       {"00004210#6B0EFFFF3205", "00004210#6B0E00003205", "00004210#6B0E64003205"}) {
    EXPECT_EQ(talk.hear(frame).missing_points, (Points{{Signal::pack_current, 0}})) << frame;
  }
  EXPECT_EQ(talk.hear("00004240#00000000").missing_points,
            (Points{{Signal::cell_temp_max, 0}, {Signal::cell_temp_min, 0}}));
  CanTalk plain(pylontech_hv::codec(), {.variant = "plain"});
  EXPECT_EQ(plain.hear("00004220#2D090007FFFF0080").missing_points, limits);
  EXPECT_EQ(plain.hear("00004220#2D09000700000000").value(Signal::charge_current_limit), 0);
}

TEST(PylontechHv, SystemAndCyclesAreLowByteFirstInEveryVariant) {
  for (const char* variant : {"offset", "plain", "big_endian"}) {
    CanTalk talk(pylontech_hv::codec(), {.variant = variant});
    const RecordingSink system = talk.hear("00007320#7800080F80016400");
    EXPECT_EQ(system.value(Signal::cell_count), 120) << variant;
    EXPECT_EQ(system.vendor.at("nominal_voltage_v"), 384) << variant;
    EXPECT_EQ(system.vendor.at("capacity_ah"), 100) << variant;
    EXPECT_EQ(talk.hear("00004250#034101").value(Signal::cycle_count), 321) << variant;
  }
}

TEST(Afore, ZerosAreNoMeasurement) {
  CanTalk talk(afore::codec());
  EXPECT_EQ(talk.hear("350#490800000000").missing_points,
            (Points{{Signal::pack_current, 0}, {Signal::temperature, 0}}));
  EXPECT_EQ(talk.hear("355#00000000").missing_points,
            (Points{{Signal::cell_temp_max, 0}, {Signal::cell_temp_min, 0}}));
}

TEST(SungrowSbr, AnExtremeOfZeroIsMissing) {
  CanTalk talk(sungrow_sbr::codec());
  const RecordingSink low = talk.hear("717#00008D8200000000");
  EXPECT_EQ(low.missing_points, (Points{{Signal::cell_voltage_min, 0}}));
  EXPECT_EQ(low.readings.size(), 1U);
  EXPECT_EQ(talk.hear("717#6982000000000000").missing_points,
            (Points{{Signal::cell_voltage_max, 0}}));
}

TEST(BydHv, APartOfTheNameThatNobodyKnowsChangesNothing) {
  CanTalk talk(byd_hv::codec());
  for (const char* part : {"3D0#0042617474657279", "3D0#012D426F78205072", "3D0#02656D69756D2048",
                           "3D0#0458595A00000000"}) {
    EXPECT_TRUE(talk.hear(part).texts.empty());
  }
  EXPECT_EQ(talk.hear("3D0#0356530000000000").texts.at(TextField::device_model),
            "Battery-Box Premium HVS");
}

TEST(GrowattHv, EachFrame) {
  CanTalk talk(growatt_hv::codec());
  EXPECT_EQ(talk.hear("00003110#08E0000000FA3041").value(Signal::charge_enable), 0);
  const RecordingSink measured = talk.hear("00003130#0858007B00FB57E2");
  EXPECT_EQ(measured.value(Signal::pack_voltage), 213'600);
  EXPECT_EQ(measured.value(Signal::cell_temp_max), 25'100);
  EXPECT_EQ(measured.value(Signal::soc), 8'700);
  EXPECT_EQ(measured.value(Signal::soh), 9'800);
  const RecordingSink capacity = talk.hear("00003140#21FC271047540141");
  EXPECT_EQ(capacity.value(Signal::remaining_capacity), 87'000'000);
  EXPECT_EQ(capacity.value(Signal::full_capacity), 100'000'000);
  EXPECT_EQ(capacity.value(Signal::cycle_count), 321);
  EXPECT_EQ(talk.hear("00003160#000001020203FFF4").value(Signal::cell_temp_min), -1'200);
  const RecordingSink cells = talk.hear("00003190#000CFA0CF0000000");
  EXPECT_EQ(cells.value(Signal::cell_voltage_max), 3'322);
  EXPECT_EQ(cells.value(Signal::cell_voltage_min), 3'312);
  EXPECT_EQ(talk.hear("00003200#4754010000000E42").texts.at(TextField::manufacturer), "GT");
  EXPECT_EQ(talk.hear("00003220#0000000000006400").vendor.at("capacity_wh"), 10'000);
  const RecordingSink energies = talk.hear("00003240#0101000001000100");
  EXPECT_EQ(energies.vendor.at("energy_pack_discharged_wh"), 6'553'600);
  EXPECT_EQ(energies.vendor.at("energy_pack_charged_wh"), 25'600);
  EXPECT_TRUE(talk.hear("00003230#0000000000000000").empty());
}

TEST(GrowattHv, CellsInSeriesAreThoseOfOnePack) {
  CanTalk talk(growatt_hv::codec());
  const RecordingSink one = talk.hear("00003150#06A800FB00400004");
  EXPECT_EQ(one.value(Signal::discharge_voltage_limit), 170'400);
  EXPECT_EQ(one.value(Signal::temperature), 25'100);
  EXPECT_EQ(one.value(Signal::cell_count), std::nullopt);  // Of how many packs?
  EXPECT_TRUE(one.missing_points.empty());
  EXPECT_EQ(one.value(Signal::module_count), 4);
  talk.hear("00003180#4754000200800000");
  EXPECT_EQ(talk.hear("00003150#06A800FB00800004").value(Signal::cell_count), 64);
  EXPECT_EQ(talk.hear("00003150#06A800FB00810004").value(Signal::cell_count), std::nullopt);
  talk.hear("00003180#4754000000800000");
  EXPECT_EQ(talk.hear("00003150#06A800FB00800004").value(Signal::cell_count), std::nullopt);
}

TEST(GrowattHv, AFaultAndUnreadBitsAreAlarmsUnlessAVariantSaysThatTheyWarn) {
  CanTalk talk(growatt_hv::codec());
  EXPECT_EQ(talk.hear("00003110#08E0000000003045").value(Signal::vendor_alarms),
            vendor_alarm_bit(growatt_hv::codec(), "fault"));
  (void)talk.hear("00003160#000001020203FFF4");
  (void)talk.hear("00003120#0000000000000000");
  EXPECT_EQ(talk.hear("00003110#08E0000000003041").value(Signal::vendor_alarms), 0);
  const RecordingSink bits = talk.hear("00003120#0000000000000001");
  EXPECT_EQ(bits.value(Signal::vendor_alarms),
            vendor_alarm_bit(growatt_hv::codec(), "protection_bits"));
  EXPECT_EQ(bits.value(Signal::alarms), bits_of({Alarm::internal_failure}));
  CanTalk warned(growatt_hv::codec(), {.variant = "discharge_positive_bits_warn"});
  const RecordingSink warning = warned.hear("00003120#0000000000000001");
  EXPECT_NE(warning.vendor.at("vendor_warnings"), 0);
  EXPECT_EQ(warning.value(Signal::alarms).value_or(0), 0);
}

TEST(GrowattLv, CellsEndAtTheirNumber) {
  CanTalk plain(growatt_lv::codec());
  const RecordingSink cells = plain.hear("318#0CFA0CF90CF80000");
  EXPECT_EQ(cells.value(Signal::cell_voltage, 13), 3'322);
  EXPECT_EQ(cells.value(Signal::cell_voltage, 15), 3'320);
  EXPECT_EQ(cells.readings.size(), 3U);
  EXPECT_TRUE(cells.missing_points.empty());
  CanTalk counted(growatt_lv::codec(), {.cell_count = 16});
  EXPECT_EQ(counted.hear("318#0CFA0CF90CF80000").missing_points,
            (Points{{Signal::cell_voltage, 16}}));
  CanTalk fifteen(growatt_lv::codec(), {.cell_count = 15});
  EXPECT_EQ(fifteen.hear("318#0CFA0CF90CF80CF8").readings.size(), 3U);
}

TEST(GrowattLv, EveryAlarmBitArrivesSomewhere) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    if (bit % 16 == 8 || bit % 16 == 9) continue;  // Not used.
    std::array<std::byte, 8> data{};
    data[bit / 8] = static_cast<std::byte>(1U << (bit % 8));
    CanMailbox mailbox;
    RecordingSink sink;
    ASSERT_TRUE(growatt_lv::codec().decode(make_can_frame(0x312, false, data).value(), Instant{},
                                           mailbox, sink));
    EXPECT_EQ(sink.value(Signal::alarms).value_or(0) != 0, bit < 16) << bit;
    EXPECT_EQ(sink.value(Signal::warnings).value_or(0) != 0, bit >= 16) << bit;
  }
}

TEST(GrowattLv, ForcedChargeIsEitherOfTwoBits) {
  CanTalk talk(growatt_lv::codec());
  EXPECT_EQ(talk.hear("319#10").value(Signal::force_charge), 1);
  EXPECT_EQ(talk.hear("319#20").value(Signal::force_charge), 1);
  EXPECT_EQ(talk.hear("319#C2").value(Signal::force_charge), 0);
  EXPECT_EQ(talk.hear("319#40").value(Signal::charge_enable), 0);
  EXPECT_EQ(talk.hear("319#40").value(Signal::discharge_enable), 1);
}

TEST(SungrowSbr, CopiesOfAFrameAreNotHeard) {
  CanTalk talk(sungrow_sbr::codec());
  EXPECT_TRUE(talk.ignores("504#DB076700DC07BB00"));
  EXPECT_TRUE(talk.ignores("004#DB0799FFDC07BB00"));
  EXPECT_EQ(talk.hear("704#DB0799FFDC07BB00").value(Signal::pack_current), 10'300);
}

TEST(SungrowSbr, ExtremesOfAModuleAreReadingsOfIt) {
  const RecordingSink sink = CanTalk(sungrow_sbr::codec()).hear("717#69828D8200000000");
  ASSERT_EQ(sink.readings.size(), 2U);
  EXPECT_EQ(sink.readings[0].module, 5);
  EXPECT_EQ(sink.readings[0].value, 3'338);
  EXPECT_EQ(sink.readings[1].signal, Signal::cell_voltage_max);
}

TEST(Afore, EveryFaultBitIsAnAlarm) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::array<std::byte, 8> data{};
    data[bit / 8] = static_cast<std::byte>(1U << (bit % 8));
    CanMailbox mailbox;
    RecordingSink sink;
    ASSERT_TRUE(afore::codec().decode(make_can_frame(0x353, false, data).value(), Instant{},
                                      mailbox, sink));
    EXPECT_NE(
        sink.value(Signal::alarms).value_or(0) | sink.value(Signal::vendor_alarms).value_or(0), 0)
        << bit;
  }
}

TEST(Afore, AlarmsNeedBothOfTheirFrames) {
  CanTalk talk(afore::codec());
  EXPECT_EQ(talk.hear("353#0000000000000000").value(Signal::alarms), std::nullopt);
  EXPECT_EQ(talk.hear("351#4C63640A23006800").value(Signal::alarms), 0);
  EXPECT_EQ(talk.hear("351#4C63640A83006800").value(Signal::vendor_alarms),
            vendor_alarm_bit(afore::codec(), "state_fault"));
  talk.hear("357#0000");
  EXPECT_EQ(talk.hear("351#4C63640A63006800").vendor.at("vendor_warnings"),
            vendor_alarm_bit(afore::codec(), "state_warning"));
  EXPECT_EQ(talk.hear("351#4C63640A63006800").value(Signal::vendor_alarms), 0);
}

TEST(Schneider, StopForbidsBoth) {
  CanTalk talk(schneider::codec());
  const auto enables = [&talk](const char* text) {
    const RecordingSink sink = talk.hear(text);
    return std::pair{*sink.value(Signal::charge_enable), *sink.value(Signal::discharge_enable)};
  };
  EXPECT_EQ(enables("00000325#000200000000"), std::pair(std::int64_t{1}, std::int64_t{0}));
  EXPECT_EQ(enables("00000325#000400000000"), std::pair(std::int64_t{0}, std::int64_t{1}));
  EXPECT_EQ(enables("00000325#000600000000"), std::pair(std::int64_t{1}, std::int64_t{1}));
  EXPECT_EQ(enables("00000325#000E00000000"), std::pair(std::int64_t{0}, std::int64_t{0}));
  EXPECT_EQ(enables("00000325#000000000000"), std::pair(std::int64_t{0}, std::int64_t{0}));
}

TEST(Schneider, FaultsWithoutANameAreAlarmsToo) {
  CanTalk talk(schneider::codec());
  EXPECT_EQ(talk.hear("00000325#000600008000").value(Signal::vendor_alarms),
            vendor_alarm_bit(schneider::codec(), "fault_unnamed"));
  EXPECT_EQ(talk.hear("00000325#000601000000").value(Signal::warnings),
            bits_of({Alarm::internal_failure}));
  EXPECT_EQ(talk.hear("00000325#000600000080").value(Signal::alarms),
            bits_of({Alarm::communication_failure}));
}

}  // namespace
}  // namespace ems::protocol
