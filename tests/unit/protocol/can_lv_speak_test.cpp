// SPDX-License-Identifier: Apache-2.0
// A battery spoken for in the dialects of Victron, SMA and Deye: the frames that were captured, and
// what their codecs hear of it.
#include <gtest/gtest.h>

#include <map>

#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_lv/emulator.hpp"
#include "unit/protocol/can_lv_talk.hpp"

namespace ems::protocol::can_lv {
namespace {

using test::RecordingSink;

constexpr Instant kNow{seconds(100)};
constexpr Duration kMaxAge = seconds(2);
constexpr Dialect kSpoken[] = {Dialect::pylontech, Dialect::victron, Dialect::sma, Dialect::deye};

template <class Q>
Sample<Q> fresh(Q value) {
  return {value, kNow - seconds(1), Quality::good};
}

/// The pack of vector `seplos-shenergy-venus`.
EmulatedBattery seplos() {
  EmulatedBattery battery;
  battery.soc = fresh(BasisPoints{6'020});
  battery.soh = fresh(BasisPoints{10'000});
  battery.pack_voltage = fresh(MilliVolt{52'170});
  battery.pack_current = fresh(MilliAmp{30'100});
  battery.temperature = fresh(MilliCelsius{23'500});
  battery.charge_voltage_limit = fresh(MilliVolt{57'900});
  battery.discharge_voltage_limit = fresh(MilliVolt{46'400});
  battery.charge_current_limit = fresh(MilliAmp{100'000});
  battery.discharge_current_limit = fresh(MilliAmp{195'000});
  battery.charge_enable = fresh(true);
  battery.discharge_enable = fresh(true);
  battery.alarms = fresh(std::uint64_t{0});
  battery.warnings = fresh(std::uint64_t{0});
  battery.cell_voltage_max = fresh(MilliVolt{3'266});
  battery.cell_voltage_min = fresh(MilliVolt{3'257});
  battery.cell_temp_max = fresh(MilliCelsius{23'000});
  battery.cell_temp_min = fresh(MilliCelsius{22'000});
  battery.capacity_ah = 304;
  battery.version = 0x0410;
  battery.manufacturer = "SHEnergy";
  return battery;
}

/// The pack of vector `deye-vendor-app-labelled`.
EmulatedBattery deye() {
  EmulatedBattery battery = seplos();
  battery.soc = fresh(BasisPoints{9'540});
  battery.pack_voltage = fresh(MilliVolt{53'300});
  battery.pack_current = fresh(MilliAmp{0});
  battery.temperature = fresh(MilliCelsius{23'000});
  battery.charge_voltage_limit = fresh(MilliVolt{58'400});
  battery.discharge_voltage_limit = fresh(MilliVolt{48'000});
  battery.discharge_current_limit = fresh(MilliAmp{230'000});
  battery.charge_enable = fresh(false);
  battery.cell_voltage_max = fresh(MilliVolt{3'335});
  battery.cell_voltage_min = fresh(MilliVolt{3'333});
  battery.cell_temp_max = fresh(MilliCelsius{24'000});
  battery.cell_temp_min = fresh(MilliCelsius{23'000});
  battery.capacity_ah = 230;
  battery.manufacturer = "";
  return battery;
}

/// Identifier -> data of the frames sent, as candump writes them.
std::map<std::string, std::string> sent(const EmulatedBattery& battery, Dialect dialect) {
  std::map<std::string, std::string> frames;
  for (const CanFrame& frame : encode_burst(battery, dialect, kNow, kMaxAge)) {
    EXPECT_TRUE(frame.valid());
    std::array<char, kCandumpLineSize> room{};
    const std::string line(print_candump(to_candump(frame, {}, "x"), room).substr(2));
    EXPECT_TRUE(frames.emplace(line.substr(0, 3), line.substr(4)).second) << line;
  }
  return frames;
}

RecordingSink heard(const EmulatedBattery& battery, Dialect dialect) {
  RecordingSink sink;
  CanMailbox mailbox;
  for (const CanFrame& frame : encode_burst(battery, dialect, kNow, kMaxAge)) {
    EXPECT_EQ(codec(dialect).decode(frame, kNow, mailbox, sink).value(), CanTaken::decoded)
        << frame.id;
  }
  return sink;
}

TEST(CanLvSpeak, SomeDialectsAreSpoken) {
  for (std::size_t i = 0; i < kDialects; ++i) {
    const auto dialect = static_cast<Dialect>(i);
    EXPECT_EQ(is_spoken(dialect),
              std::find(std::begin(kSpoken), std::end(kSpoken), dialect) != std::end(kSpoken));
  }
}

TEST(CanLvSpeak, VictronFramesAreThoseThatWereCaptured) {
  const std::map<std::string, std::string> captured = {
      {"351", "4302E8039E07D001"}, {"355", "3C00640084170000"},
      {"356", "6114D3FEEB000000"},  // Captured with 1A in byte 6, which nobody explains.
      {"35A", "AAAAAA02AAAAAA02"}, {"35E", "5348456E65726779"},
      {"35F", "0000100430010000"}, {"372", "0100000000000000"},
      {"373", "B90CC20C27012801"}, {"379", "3001000000000000"}};
  EXPECT_EQ(sent(seplos(), Dialect::victron), captured);
  std::map<std::string, std::string> fewer = captured;
  for (const char* id : {"372", "373", "379"}) fewer.erase(id);
  EXPECT_EQ(sent(seplos(), Dialect::sma), fewer);
}

TEST(CanLvSpeak, ExtremesThatCannotBeAreNotSaid) {
  const auto said = [](MilliVolt low, MilliVolt high, MilliCelsius cold, MilliCelsius hot) {
    EmulatedBattery battery = deye();
    battery.cell_voltage_min->value = low;
    battery.cell_voltage_max->value = high;
    battery.cell_temp_min->value = cold;
    battery.cell_temp_max->value = hot;
    return sent(battery, Dialect::deye).contains("361") &&
           sent(battery, Dialect::victron).contains("373");
  };
  constexpr MilliVolt kLow{3'300}, kHigh{3'400};
  constexpr MilliCelsius kCold{-5'000}, kHot{20'000};
  EXPECT_TRUE(said(kLow, kHigh, kCold, kHot));
  EXPECT_TRUE(said(kHigh, kHigh, kHot, kHot));
  EXPECT_TRUE(said(kLow, kHigh, MilliCelsius{-273'150}, kHot));
  EXPECT_FALSE(said(MilliVolt{70'000}, kHigh, kCold, kHot));
  EXPECT_FALSE(said(kHigh, kLow, kCold, kHot));
  EXPECT_FALSE(said(kLow, MilliVolt{-1}, kCold, kHot));
  EXPECT_FALSE(said(MilliVolt{0}, kHigh, kCold, kHot));
  EXPECT_FALSE(said(kLow, kHigh, MilliCelsius{-273'151}, kHot));
  EXPECT_FALSE(said(kLow, kHigh, MilliCelsius{-300'000}, kHot));
  EXPECT_FALSE(said(kLow, kHigh, kHot, kCold));
}

TEST(CanLvSpeak, DeyeFramesAreThoseThatWereCaptured) {
  EXPECT_EQ(sent(deye(), Dialect::deye), (std::map<std::string, std::string>{
                                             {"110", "0000000000000021"},
                                             {"150", "15020000BA03E803"},
                                             {"351", "48020000FC08E001"},
                                             {"355", "5F00640000000000"},  // 95.4 % rounded down.
                                             {"356", "D2140000E6000000"},
                                             {"359", "0000000000000000"},
                                             {"35C", "4000000000000000"},
                                             {"35E", "445930303100FC08"},
                                             {"361", "070D050DF000E600"},
                                             {"364", "0101000001000000"},
                                             {"371", "0000FC0800000000"}}));
}

TEST(CanLvSpeak, TheSignOfTheCurrentIsTheDialects) {
  for (const Dialect dialect : kSpoken) {
    for (const std::int32_t current : {14'000, -14'000}) {
      EmulatedBattery battery = seplos();
      battery.pack_current = fresh(MilliAmp{current});
      EXPECT_EQ(heard(battery, dialect).value(Signal::pack_current), current);
    }
  }
  EmulatedBattery battery = seplos();
  battery.pack_current = fresh(MilliAmp{1'400});
  EXPECT_EQ(sent(battery, Dialect::deye)["356"].substr(4, 4), "0E00");
  EXPECT_EQ(sent(battery, Dialect::victron)["356"].substr(4, 4), "F2FF");
}

TEST(CanLvSpeak, WhatIsSaidIsHeard) {
  for (const Dialect dialect : kSpoken) {
    const RecordingSink sink = heard(seplos(), dialect);
    EXPECT_EQ(sink.value(Signal::pack_voltage), 52'170);
    EXPECT_EQ(sink.value(Signal::temperature), 23'500);
    EXPECT_EQ(sink.value(Signal::charge_voltage_limit), 57'900);
    EXPECT_EQ(sink.value(Signal::discharge_voltage_limit), 46'400);
    EXPECT_EQ(sink.value(Signal::charge_current_limit), 100'000);
    EXPECT_EQ(sink.value(Signal::discharge_current_limit), 195'000);
    EXPECT_EQ(sink.value(Signal::soc), dialect == Dialect::pylontech ? 6'000 : 6'020);
    EXPECT_EQ(sink.value(Signal::soh), 10'000);
    EXPECT_EQ(sink.value(Signal::alarms), 0);
    EXPECT_EQ(sink.value(Signal::warnings), 0);
    EXPECT_TRUE(sink.missing_points.empty());
  }
  for (const Dialect dialect : {Dialect::victron, Dialect::deye}) {
    const RecordingSink sink = heard(seplos(), dialect);
    EXPECT_EQ(sink.value(Signal::cell_voltage_max), 3'266);
    EXPECT_EQ(sink.value(Signal::cell_voltage_min), 3'257);
    EXPECT_EQ(sink.value(Signal::cell_temp_max), 23'000);
    EXPECT_EQ(sink.value(Signal::cell_temp_min), 22'000);
    EXPECT_EQ(sink.value(Signal::design_capacity), 304'000'000);
    EXPECT_EQ(sink.value(Signal::module_count), 1);
  }
}

TEST(CanLvSpeak, TemperaturesOfCellsAreRoundedAwayFromTheMiddle) {
  EmulatedBattery battery = seplos();
  battery.cell_temp_max = fresh(MilliCelsius{-1'010});
  battery.cell_temp_min = fresh(MilliCelsius{-2'990});
  const RecordingSink kelvins = heard(battery, Dialect::victron);
  EXPECT_EQ(kelvins.value(Signal::cell_temp_max), -1'000);
  EXPECT_EQ(kelvins.value(Signal::cell_temp_min), -3'000);
  const RecordingSink tenths = heard(battery, Dialect::deye);
  EXPECT_EQ(tenths.value(Signal::cell_temp_max), -1'000);
  EXPECT_EQ(tenths.value(Signal::cell_temp_min), -3'000);
  battery.cell_temp_max = fresh(MilliCelsius{23'010});
  battery.cell_temp_min = fresh(MilliCelsius{22'990});
  EXPECT_EQ(heard(battery, Dialect::deye).value(Signal::cell_temp_max), 23'100);
  EXPECT_EQ(heard(battery, Dialect::deye).value(Signal::cell_temp_min), 22'900);
}

/// Alarms of `mask` one by one, as heard alone.
void expect_itself(Dialect dialect, std::initializer_list<Alarm> own, bool warning) {
  for (const Alarm alarm : own) {
    EmulatedBattery battery = seplos();
    (warning ? battery.warnings : battery.alarms) = fresh(alarm_bit(alarm));
    const RecordingSink sink = heard(battery, dialect);
    const auto bit = static_cast<std::int64_t>(alarm_bit(alarm));
    EXPECT_EQ(sink.value(Signal::alarms), warning ? 0 : bit) << static_cast<int>(alarm);
    EXPECT_EQ(sink.value(Signal::warnings), warning ? bit : 0) << static_cast<int>(alarm);
  }
}

TEST(CanLvSpeak, AlarmsWithABitOfTheirOwnArriveAsThemselves) {
  for (const bool warning : {false, true}) {
    for (const Dialect dialect : {Dialect::victron, Dialect::sma}) {
      expect_itself(
          dialect,
          {Alarm::pack_overvoltage, Alarm::pack_undervoltage, Alarm::overtemperature,
           Alarm::undertemperature, Alarm::charge_overtemperature, Alarm::charge_undertemperature,
           Alarm::discharge_overcurrent, Alarm::charge_overcurrent, Alarm::contactor_failure,
           Alarm::short_circuit, Alarm::internal_failure, Alarm::cell_imbalance},
          warning);
    }
    expect_itself(
        Dialect::deye,
        {Alarm::cell_overvoltage, Alarm::cell_undervoltage, Alarm::pack_overvoltage,
         Alarm::pack_undervoltage, Alarm::charge_overcurrent, Alarm::discharge_overcurrent,
         Alarm::charge_overtemperature, Alarm::charge_undertemperature,
         Alarm::discharge_overtemperature, Alarm::discharge_undertemperature, Alarm::cell_imbalance,
         Alarm::mosfet_overtemperature},
        warning);
  }
  expect_itself(Dialect::deye,
                {Alarm::short_circuit, Alarm::overtemperature, Alarm::undertemperature,
                 Alarm::internal_failure, Alarm::communication_failure, Alarm::contactor_failure,
                 Alarm::precharge_failure},
                false);
}

TEST(CanLvSpeak, NoAlarmIsLost) {
  for (const Dialect dialect : kSpoken) {
    for (unsigned bit = 0; bit <= static_cast<unsigned>(Alarm::soc_low); ++bit) {
      EmulatedBattery alarmed = seplos();
      alarmed.alarms = Sample<std::uint64_t>{std::uint64_t{1} << bit, Instant{}, Quality::good};
      EXPECT_GT(heard(alarmed, dialect).value(Signal::alarms).value_or(0), 0) << bit;
      EmulatedBattery warned = seplos();
      warned.warnings = fresh(std::uint64_t{1} << bit);
      const RecordingSink sink = heard(warned, dialect);
      const std::int64_t told =
          sink.value(Signal::alarms).value_or(0) | sink.value(Signal::warnings).value_or(0);
      EXPECT_EQ(told != 0, bit != static_cast<unsigned>(Alarm::soc_low)) << bit;
    }
  }
}

TEST(CanLvSpeak, ABatteryThatIsNotKnownMovesNothingAndSaysSo) {
  for (const Dialect dialect : kSpoken) {
    EmulatedBattery battery = seplos();
    battery.soc->taken_at = kNow - kMaxAge;
    const RecordingSink sink = heard(battery, dialect);
    EXPECT_EQ(sink.value(Signal::charge_current_limit), 0);
    EXPECT_EQ(sink.value(Signal::discharge_current_limit), 0);
    EXPECT_NE(sink.value(Signal::charge_enable).value_or(0), 1);
    EXPECT_NE(sink.value(Signal::charge_fet_on).value_or(0), 1);
    EXPECT_EQ(sink.value(Signal::soc), std::nullopt);
    const std::int64_t told =
        sink.value(Signal::alarms).value_or(0) | sink.value(Signal::warnings).value_or(0);
    EXPECT_NE(told, 0);
  }
}

TEST(CanLvSpeak, AlarmsThatAreNotOfNowAreNotCalledInactive) {
  EmulatedBattery battery = seplos();
  battery.alarms = Sample<std::uint64_t>{alarm_bit(Alarm::overtemperature), Instant{}, {}};
  battery.warnings.reset();
  EXPECT_EQ(sent(battery, Dialect::victron)["35A"], "4000000000004000");
}

TEST(CanLvSpeak, WhatIsNotKnownIsNotSaid) {
  EmulatedBattery battery = seplos();
  battery.soh.reset();
  battery.temperature.reset();
  battery.discharge_voltage_limit.reset();
  battery.cell_temp_min.reset();
  battery.capacity_ah = 0;
  auto victron = sent(battery, Dialect::victron);
  EXPECT_EQ(victron["351"].substr(12), "FFFF");
  EXPECT_EQ(victron["355"], "3C00FFFF84170000");
  EXPECT_EQ(victron["356"].substr(8, 4), "0080");
  EXPECT_EQ(victron.count("373") + victron.count("379"), 0U);
  EXPECT_EQ(victron["372"], "0000010001000100");  // Not known: offline.
  auto own = sent(battery, Dialect::deye);
  EXPECT_EQ(own["351"].size(), 12U);
  EXPECT_EQ(own["355"], "3C00");
  EXPECT_EQ(own["356"].size(), 8U);
  EXPECT_EQ(own["150"].size(), 12U);
  EXPECT_EQ(own.count("361"), 0U);
  EXPECT_EQ(own["35E"].substr(12), "0000");
  for (const Dialect dialect : kSpoken) {
    const RecordingSink sink = heard(battery, dialect);
    EXPECT_EQ(sink.value(Signal::soh), std::nullopt);
    EXPECT_EQ(sink.value(Signal::temperature), std::nullopt);
    EXPECT_EQ(sink.value(Signal::discharge_voltage_limit), std::nullopt);
  }
}

TEST(CanLvSpeak, ExtremesThatTheWireCannotSayAreNotSaid) {
  for (const std::int32_t millivolts : {0, -1}) {
    EmulatedBattery battery = seplos();
    battery.cell_voltage_min = fresh(MilliVolt{millivolts});
    EXPECT_EQ(sent(battery, Dialect::victron).count("373"), 0U);
    EXPECT_EQ(sent(battery, Dialect::deye).count("361"), 0U);
  }
  EmulatedBattery hot = seplos();
  hot.cell_temp_max = fresh(MilliCelsius{3'276'800});
  EXPECT_EQ(sent(hot, Dialect::victron).count("373"), 0U);
}

TEST(CanLvSpeak, NamesAreTheDialectsUnlessGiven) {
  EmulatedBattery battery = seplos();
  EXPECT_EQ(sent(battery, Dialect::deye)["35E"], "445930303100E00B");
  battery.manufacturer = {};
  EXPECT_EQ(heard(battery, Dialect::pylontech).texts.at(TextField::manufacturer), "PYLON");
  EXPECT_EQ(heard(battery, Dialect::victron).texts.at(TextField::manufacturer), "LIBEMS");
  EXPECT_EQ(heard(battery, Dialect::deye).texts.at(TextField::manufacturer), "DY001");
}

}  // namespace
}  // namespace ems::protocol::can_lv
