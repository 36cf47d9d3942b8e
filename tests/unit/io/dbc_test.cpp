// SPDX-License-Identifier: Apache-2.0
#include "ems/io/dbc.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "support/can_talk.hpp"

namespace ems::io {
namespace {

using protocol::CanTaken;
using test::RecordingSink;

constexpr std::string_view kDbc = R"dbc(VERSION "1"

NS_ :
	CM_
	BA_DEF_
	VAL_

BS_:

BU_: Bms Host

BO_ 256 Pack: 8 Bms
 SG_ Voltage : 0|16@1+ (0.1,0) [0|6553.5] "V" Host
 SG_ Current : 23|16@0- (0.05,-100) [-1000|1000] "A"  Host,Bms
 SG_ Soc : 32|8@1+ (0.4,0) [0|100] "%" Host
 SG_ State : 40|4@1+ (1,0) [0|15] "" Host
 SG_ Fine : 48|16@1+ (1e-05,0.0005) [0|1] "V" Host

BO_ 257 Cells: 8 Bms
 SG_ Number M : 0|8@1+ (1,0) [0|255] "" Host
 SG_ Cell_010 m1 : 8|13@1+ (1,0) [0|8191] "mV" Host
 SG_ Cell_011 m1 : 24|13@1+ (1,0) [0|8191] "mV" Host
 SG_ Cell_010_bad m1 : 21|1@1+ (1,0) [0|1] "" Host
 SG_ Cell_011_bad m1 : 37|1@1+ (1,0) [0|1] "" Host
 SG_ Cell_009 m0 : 8|13@1+ (1,0) [0|8191] "mV" Host
 SG_ Cell_009_bad m0 : 21|1@1+ (1,0) [0|1] "" Host
 SG_ Kelvin m2 : 8|16@1+ (0.1,0) [0|500] "K" Host
 SG_ Trip m2 : 24|1@1+ (1,0) [0|1] "" Host

BO_ 2566848512 Faults: 4 Bms
 SG_ High : 0|1@1+ (1,0) [0|1] "" Host
 SG_ Low : 9|2@1- (1,0) [0|1] "" Host
 SG_ Beyond : 60|8@1+ (1,0) [0|1] "" Host
 SG_ Real : 32|32@1- (1,0) [0|1] "V" Host
BO_ 300 Deep: 8 Bms
 SG_ Outer M : 0|8@1+ (1,0) [0|1] "" Host
 SG_ Inner m1M : 8|8@1+ (1,0) [0|1] "" Host
 SG_ Far m2 : 16|8@1+ (1,0) [0|1] "V" Host

CM_ SG_ 256 Voltage "says; more
 SG_ Nothing : this is text";
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_ "GenMsgCycleTime" BO_ 256 100;
VAL_ 256 State 0 "OFF" 1 "IDLE"
  9 "CHARGE; RUN" ;
SIG_VALTYPE_ 2566848512 Real : 1;
)dbc";

constexpr std::string_view kMapping = R"(
name: own-bms
title: Own BMS
quiet_after_s: 2
signals:
  pack_voltage: Pack.Voltage
  pack_current: {from: Pack.Current, sign: -1}
  soc: {from: Pack.Soc, absent: [all_ones]}
  charge_enable: {from: Pack.State, on: CHARGE; RUN}
  cell_voltages: {from: Cells.Cell_*, unless: Cells.Cell_*_bad}
  cell_temp_max: Cells.Kelvin
vendor: {state: Pack.State}
alarms: {cell_overvoltage: Faults.High, "vendor:odd": [Faults.Low]}
warnings: {cell_undervoltage: Faults.Low}
)";

BatteryDescription describe(std::string_view mapping, std::string_view dbc = kDbc) {
  return describe_battery(dbc, "own.dbc", mapping, "own.yaml");
}

TEST(Dbc, ReadsMessagesSignalsAndNamesOfValues) {
  const Dbc dbc = parse_dbc(kDbc, "own.dbc");
  ASSERT_TRUE(dbc.errors.empty()) << to_string(dbc.errors[0]);
  ASSERT_EQ(dbc.messages.size(), 4U);
  const DbcSignal& current = dbc.messages[0].signals[1];
  EXPECT_EQ(current.name, "Current");
  EXPECT_EQ(current.start, 23U);
  EXPECT_EQ(current.size, 16U);
  EXPECT_TRUE(current.big_endian);
  EXPECT_TRUE(current.is_signed);
  EXPECT_EQ(current.factor, (DbcNumber{1, 20}));
  EXPECT_EQ(current.offset, (DbcNumber{-100, 1}));
  EXPECT_EQ(current.unit, "A");
  EXPECT_EQ(current.line, 14);
  EXPECT_EQ(dbc.messages[0].signals[4].factor, (DbcNumber{1, 100'000}));
  ASSERT_EQ(dbc.messages[0].signals[3].values.size(), 3U);
  EXPECT_EQ(dbc.messages[0].signals[3].values[2].name, "CHARGE; RUN");
  EXPECT_TRUE(dbc.messages[1].signals[0].selects);
  EXPECT_EQ(dbc.messages[1].signals[1].part, 1);
  EXPECT_EQ(dbc.messages[2].id, 0x18FF'0000U);
  EXPECT_TRUE(dbc.messages[2].extended);
  EXPECT_TRUE(dbc.messages[2].signals[3].is_float);
  EXPECT_TRUE(dbc.messages[3].nested);
  EXPECT_FALSE(dbc.messages[1].nested);
}

TEST(Dbc, ErrorsSayWhichLineAndWhatWasExpected) {
  const auto only = [](std::string_view text, Errc code, int line) {
    const Dbc dbc = parse_dbc(text, "f.dbc");
    ASSERT_EQ(dbc.errors.size(), 1U) << text;
    EXPECT_EQ(dbc.errors[0].code, code) << text;
    EXPECT_EQ(dbc.errors[0].line, line) << text;
    EXPECT_EQ(dbc.errors[0].file, "f.dbc");
    EXPECT_FALSE(dbc.errors[0].message.empty());
  };
  only("BO_ 1 A: 8 X\n SG_ S : 0|8@2+ (1,0) [0|1] \"\" X\n", Errc::syntax, 2);
  only("BO_ 1 A: 8 X\n SG_ S : 0|8@1 (1,0) [0|1] \"\" X\n", Errc::syntax, 2);
  only("BO_ 1 A: 8 X\n SG_ S : 0|8@1+ (1,) [0|1] \"\" X\n", Errc::syntax, 2);
  only("BO_ 1 A: 8 X\n SG_ S : 0|8@1+ (1,0) [0|1] \"V\n", Errc::syntax, 2);
  only("BO_ 1 A: 8 X\n SG_ S m : 0|8@1+ (1,0) [0|1] \"\" X\n", Errc::syntax, 2);
  only("BO_ 1 A: 8 X\n SG_ S q1 : 0|8@1+ (1,0) [0|1] \"\" X\n", Errc::syntax, 2);
  only("BO_ 1 A: 8 X\n SG_ S : 0|65@1+ (1,0) [0|1] \"\" X\n", Errc::out_of_range, 2);
  only("BO_ 1 A: 8 X\n SG_ S : 0|0@1+ (1,0) [0|1] \"\" X\n", Errc::out_of_range, 2);
  only("SG_ S : 0|8@1+ (1,0) [0|1] \"\" X\n", Errc::syntax, 1);
  only("\nBO_ one A: 8 X\n", Errc::syntax, 2);
  only("BO_ 1 A: 8 X\nBO_ 1 B: 8 X\n", Errc::already_exists, 2);
  only("BO_ 1 A: 8 X\n SG_ S : 0|8@1+ (1,0) [0|1] \"\" X\n SG_ S : 8|8@1+ (1,0) [0|1] \"\" X\n",
       Errc::already_exists, 3);
  only("BO_ 1 A: 8 X\nVAL_ 1 S 0 \"a\";\n", Errc::not_found, 2);
  only("BO_ 1 A: 8 X\n SG_ S : 0|8@1+ (1,0) [0|1] \"\" X\nVAL_ 1 S 0 ;\n", Errc::syntax, 3);
  only("BOO_ 1 A: 8 X\n", Errc::unknown_key, 1);
  only("SG_MUL_VAL_ 7 a b 1-2;\n", Errc::not_found, 1);
  EXPECT_LE(parse_dbc(std::string(5'000, ';') + "\n", "f").errors.size(), 50U);
  const std::string many = [] {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "?\n";
    return text;
  }();
  EXPECT_EQ(parse_dbc(many, "f.dbc").errors.size(), 50U);
  EXPECT_TRUE(parse_dbc("", "f.dbc").errors.empty());
}

TEST(Dbc, NumbersAreExactOrNotThere) {
  const auto factor = [](const std::string& text) {
    const std::string line = "BO_ 1 A: 8 X\n SG_ S : 0|8@1+ (" + text + ",0) [0|1] \"\" X\n";
    return parse_dbc(line, "f").messages.at(0).signals.at(0).factor;
  };
  EXPECT_EQ(factor("0.25"), (DbcNumber{1, 4}));
  EXPECT_EQ(factor("-1.5E+2"), (DbcNumber{-150, 1}));
  EXPECT_EQ(factor("+10.00"), (DbcNumber{10, 1}));
  EXPECT_EQ(factor("0"), (DbcNumber{0, 1}));
  EXPECT_EQ(factor("1e-18"), (DbcNumber{1, 1'000'000'000'000'000'000}));
  EXPECT_EQ(factor("1e-19"), std::nullopt);
  EXPECT_EQ(factor("1e19"), std::nullopt);
  EXPECT_EQ(factor("0.12345678901234567890123"), std::nullopt);
  EXPECT_EQ(factor("1.2.3"), std::nullopt);
  EXPECT_EQ(factor("e5"), std::nullopt);
}

TEST(DescribedBattery, SpeaksAsTheFilesSay) {
  const BatteryDescription made = describe(kMapping);
  ASSERT_NE(made.battery, nullptr) << to_string(made.errors.at(0));
  EXPECT_TRUE(made.errors.empty());
  const protocol::can_map::MapCodec& codec = made.battery->codec();
  EXPECT_EQ(codec.name(), "own-bms");
  EXPECT_EQ(codec.info().title, "Own BMS");
  EXPECT_EQ(codec.bit_rate(), 500'000U);
  EXPECT_EQ(codec.quiet_after(), seconds(2));
  EXPECT_TRUE(codec.send_plan().empty());
  test::CanTalk talk(codec);
  const RecordingSink pack = talk.hear("100#000200C8FA190000");
  EXPECT_EQ(pack.value(Signal::pack_voltage), 51'200);
  EXPECT_EQ(pack.value(Signal::pack_current), 90'000);  // -(200 * 0.05 - 100) A
  EXPECT_EQ(pack.value(Signal::soc), 10'000);
  EXPECT_EQ(pack.value(Signal::charge_enable), 1);
  EXPECT_EQ(pack.vendor.at("state"), 9);
  EXPECT_EQ(talk.hear("100#000200C8FF080000").value(Signal::soc), std::nullopt);
  EXPECT_EQ(talk.hear("101#00E40C0000000000").value(Signal::cell_voltage, 1), 3'300);
  const RecordingSink cells = talk.hear("101#01E40CE52C000000");
  EXPECT_EQ(cells.value(Signal::cell_voltage, 2), 3'300);
  EXPECT_EQ(cells.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::cell_voltage, 3}}));
  EXPECT_EQ(talk.hear("101#02A50B0000000000").value(Signal::cell_temp_max), 24'950);
  const RecordingSink faults = talk.hear("18FF0000#01060000");
  EXPECT_EQ(faults.value(Signal::alarms), test::bits_of({Alarm::cell_overvoltage}));
  EXPECT_EQ(faults.value(Signal::warnings), test::bits_of({Alarm::cell_undervoltage}));
  EXPECT_EQ(faults.value(Signal::vendor_alarms), 1);
  EXPECT_EQ(codec.vendor_alarm_name(0), "odd");
  EXPECT_TRUE(talk.ignores("12C#00"));
}

TEST(DescribedBattery, MistakesAreNamedWithTheNearestThatExists) {
  const auto only = [](std::string mapping, Errc code, std::string_view part) {
    const BatteryDescription made = describe("name: x\nsignals:\n  " + mapping + "\n");
    EXPECT_EQ(made.battery, nullptr) << mapping;
    ASSERT_EQ(made.errors.size(), 1U) << mapping;
    EXPECT_EQ(made.errors[0].code, code) << mapping;
    EXPECT_NE(made.errors[0].message.find(part), std::string::npos) << made.errors[0].message;
    EXPECT_EQ(made.errors[0].file, "own.yaml");
    EXPECT_GE(made.errors[0].line, 1) << mapping;
  };
  only("pack_voltage: Pack.Voltag", Errc::not_found, "'Voltage'");
  only("pack_voltage: Pak.Voltage", Errc::not_found, "'Pack'");
  only("pack_voltage: Voltage", Errc::wrong_type, "Message.Signal");
  only("pack_volt: Pack.Voltage", Errc::not_found, "'pack_voltage'");
  only("active_power: Pack.Voltage", Errc::not_found, "no signal of a battery");
  only("alarms: Pack.State", Errc::not_found, "no signal of a battery");
  only("pack_voltage: Pack.Current", Errc::not_found, "unit 'A'");
  only("pack_voltage: {from: Pack.State}", Errc::not_found, "V, mV, kV");
  only("pack_voltage: Pack.Fine", Errc::off_grid, "offset");
  only("pack_voltage: {from: Pack.Voltage, unit: volts}", Errc::not_found, "'volts'");
  only("pack_voltage: {from: Pack.Voltage, on: 1}", Errc::invalid_argument, "switches");
  only("pack_voltage: {from: Pack.Voltage, sign: 0}", Errc::out_of_range, "sign");
  only("pack_voltage: {from: Pack.Voltage, factor: 2}", Errc::unknown_key, "factor");
  only("pack_voltage: {from: Pack.Voltage, absent: [ff]}", Errc::not_found, "all_ones");
  only("pack_voltage: {from: Pack.Voltage, unless: Faults.High}", Errc::invalid_argument,
       "same frame");
  only("charge_enable: {from: Pack.State, on: IDEL}", Errc::not_found, "'IDLE'");
  only("pack_voltage: Faults.Real", Errc::unimplemented, "floating");
  only("balancing: Faults.Beyond", Errc::out_of_range, "8 bytes");
  only("balancing: Deep.Far", Errc::unimplemented, "twice");
  only("cell_voltages: Cells.Zell_*", Errc::not_found, "Zell_");
  only("cell_voltages: Cells.Cell_010", Errc::wrong_type, "*");
  only("soc: Pack.Soc\nalarms: {short_circuit: Cells.Trip}", Errc::unimplemented, "part");
  only("soc: Pack.Soc\nalarms: {short_circut: Faults.High}", Errc::not_found, "'short_circuit'");
  only("soc: Pack.Soc\nwarnings: {}\nalarm: {}", Errc::unknown_key, "alarm");
  EXPECT_EQ(describe("signals: {}\n").errors.at(0).code, Errc::missing_key);
  EXPECT_EQ(describe("name: [\n").errors.at(0).code, Errc::syntax);
  EXPECT_EQ(describe("name: Own BMS\nsignals: {}\n").errors.at(0).code, Errc::out_of_range);
  EXPECT_EQ(describe(kMapping, "BO_ x\n").errors.at(0).file, "own.dbc");
}

TEST(DescribedBattery, AnAlarmOfAllBitsIsRefused) {
  const auto alarm_of = [](std::string_view size) {
    const std::string dbc =
        "BO_ 1 A: 8 X\n SG_ S : 0|" + std::string(size) + "@1+ (1,0) [0|1] \"\" X\n";
    return describe("name: x\nsignals: {}\nalarms: {short_circuit: A.S}\n", dbc);
  };
  const BatteryDescription whole = alarm_of("64");
  ASSERT_EQ(whole.errors.size(), 1U);
  EXPECT_EQ(whole.errors[0].code, Errc::unimplemented);
  const BatteryDescription most = alarm_of("63");
  ASSERT_NE(most.battery, nullptr);
  test::CanTalk talk(most.battery->codec());
  EXPECT_EQ(talk.hear("001#0000000000000040").value(Signal::alarms),
            test::bits_of({Alarm::short_circuit}));
}

TEST(DescribedBattery, PartsAreNumberedFromZeroWhateverTheirNumbersSign) {
  const auto parts_of = [](std::string_view size_and_sign, std::string_view part) {
    const std::string dbc = "BO_ 1 A: 8 X\n SG_ M M : 0|" + std::string(size_and_sign) +
                            " (1,0) [0|1] \"\" X\n SG_ S m" + std::string(part) +
                            " : 32|8@1+ (1,0) [0|1] \"%\" X\n";
    return describe("name: x\nsignals: {soc: A.S}\n", dbc);
  };
  const BatteryDescription made = parts_of("8@1-", "200");
  ASSERT_NE(made.battery, nullptr);
  test::CanTalk talk(made.battery->codec());
  EXPECT_EQ(talk.hear("001#C800000032").value(Signal::soc), 5'000);
  EXPECT_NE(parts_of("31@1+", "5").battery, nullptr);
  const BatteryDescription wide = parts_of("32@1+", "5");
  ASSERT_EQ(wide.errors.size(), 1U);
  EXPECT_EQ(wide.errors[0].code, Errc::unimplemented);
}

TEST(DescribedBattery, ANegativeChargeLimitIsMissingUnlessItsSignIsSaid) {
  constexpr std::string_view kLimits =
      "BO_ 1 A: 8 X\n SG_ In : 0|16@1- (0.1,0) [0|1] \"A\" X\n"
      " SG_ Out : 16|16@1- (0.1,0) [0|1] \"A\" X\n";
  const auto hear = [&](std::string_view sign) {
    const BatteryDescription made = describe(
        "name: x\nsignals:\n  charge_current_limit: {from: A.In, sign: " + std::string(sign) +
            "}\n  discharge_current_limit: A.Out\n",
        kLimits);
    return test::CanTalk(made.battery->codec()).hear("001#9CFF9CFF");
  };
  EXPECT_EQ(hear("1").value(Signal::charge_current_limit), std::nullopt);
  EXPECT_EQ(hear("1").missing_points.size(), 1U);
  EXPECT_EQ(hear("-1").value(Signal::charge_current_limit), 10'000);
  EXPECT_EQ(hear("1").value(Signal::discharge_current_limit), 10'000);
}

TEST(DescribedBattery, TheLowestNumberHasNoMagnitude) {
  const BatteryDescription made = describe("name: x\nsignals: {discharge_current_limit: A.S}\n",
                                           "BO_ 1 A: 8 X\n SG_ S : 0|64@1- (1,0) [0|1] \"mA\" X\n");
  ASSERT_NE(made.battery, nullptr);
  test::CanTalk talk(made.battery->codec());
  EXPECT_EQ(talk.hear("001#0000000000000080").missing_points.size(), 1U);
  EXPECT_EQ(talk.hear("001#0100000000000080").value(Signal::discharge_current_limit), INT64_MAX);
}

TEST(DescribedBattery, ElementsAreCountedWithoutGapsUpTo1024) {
  const auto cells = [](const std::vector<int>& numbers) {
    std::string dbc = "BO_ 1 A: 8 X\n";
    for (const int number : numbers) {
      dbc += " SG_ C" + std::to_string(number) + " : 0|16@1+ (1,0) [0|1] \"mV\" X\n";
    }
    return describe("name: x\nsignals: {cell_voltages: A.C*}\n", dbc);
  };
  EXPECT_NE(cells({0, 1, 2}).battery, nullptr);
  const BatteryDescription gap = cells({1, 2, 4});
  ASSERT_EQ(gap.errors.size(), 1U);
  EXPECT_EQ(gap.errors[0].code, Errc::unimplemented);
  EXPECT_NE(gap.errors[0].message.find("4 follows 2"), std::string::npos) << gap.errors[0].message;
  std::vector<int> many(1'024);
  std::iota(many.begin(), many.end(), 1);
  EXPECT_NE(cells(many).battery, nullptr);
  many.push_back(1'025);
  const BatteryDescription beyond = cells(many);
  ASSERT_EQ(beyond.errors.size(), 1U);
  EXPECT_EQ(beyond.errors[0].code, Errc::out_of_range);
}

TEST(DescribedBattery, APipeIsNoFile) {
  const std::filesystem::path pipe =
      std::filesystem::temp_directory_path() / ("ems_dbc_" + std::to_string(::getpid()));
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const BatteryDescription made = describe_battery(pipe, pipe);
  std::filesystem::remove(pipe);
  ASSERT_EQ(made.errors.size(), 1U);
  EXPECT_EQ(made.errors[0].code, Errc::io);
}

TEST(DescribedBattery, ShortAndLongLowIdentifiersDoNotMix) {
  constexpr std::string_view kBoth =
      "BO_ 256 A: 8 X\n SG_ S : 0|8@1+ (1,0) [0|1] \"%\" X\n"
      "BO_ 2147483905 B: 8 X\n SG_ S : 0|8@1+ (1,0) [0|1] \"%\" X\n";
  const BatteryDescription mixed = describe("name: x\nsignals: {soc: A.S, soh: B.S}\n", kBoth);
  ASSERT_EQ(mixed.errors.size(), 1U);
  EXPECT_EQ(mixed.errors[0].code, Errc::unimplemented);
  const BatteryDescription extended = describe("name: x\nsignals: {soh: B.S}\n", kBoth);
  ASSERT_NE(extended.battery, nullptr);
  test::CanTalk talk(extended.battery->codec());
  EXPECT_EQ(talk.hear("00000101#32").value(Signal::soh), 5'000);
  EXPECT_TRUE(talk.ignores("101#32"));
}

TEST(DescribedBattery, FilesThatCannotBeReadAreNamed) {
  const BatteryDescription made =
      describe_battery(std::filesystem::path("no-such.dbc"), std::filesystem::path("no.yaml"));
  ASSERT_EQ(made.errors.size(), 1U);
  EXPECT_EQ(made.errors[0].code, Errc::io);
  EXPECT_EQ(made.errors[0].file, "no-such.dbc");
}

}  // namespace
}  // namespace ems::io
