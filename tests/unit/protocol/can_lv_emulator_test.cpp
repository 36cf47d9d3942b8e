// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_lv/emulator.hpp"

#include <gtest/gtest.h>

#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/candump.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::can_lv {
namespace {

using test::RecordingSink;

constexpr Instant kNow{seconds(100)};
constexpr Duration kMaxAge = seconds(2);

template <class Q>
Sample<Q> fresh(Q value) {
  return {value, kNow - seconds(1), Quality::good};
}

EmulatedBattery healthy() {
  EmulatedBattery battery;
  battery.soc = fresh(BasisPoints{8'450});
  battery.soh = fresh(BasisPoints{9'999});
  battery.pack_voltage = fresh(MilliVolt{49'876});
  battery.pack_current = fresh(MilliAmp{27'949});
  battery.temperature = fresh(MilliCelsius{-2'649});
  battery.charge_voltage_limit = fresh(MilliVolt{53'299});
  battery.discharge_voltage_limit = fresh(MilliVolt{45'001});
  battery.charge_current_limit = fresh(MilliAmp{99'999});
  battery.discharge_current_limit = fresh(MilliAmp{100'000});
  battery.charge_enable = fresh(true);
  battery.discharge_enable = fresh(true);
  battery.alarms = fresh(std::uint64_t{0});
  battery.warnings = fresh(std::uint64_t{0});
  return battery;
}

RecordingSink heard(const EmulatedBattery& battery, Instant now = kNow) {
  RecordingSink sink;
  CanMailbox mailbox;
  for (const CanFrame& frame : encode_burst(battery, Dialect::pylontech, now, kMaxAge)) {
    EXPECT_TRUE(codec().decode(frame, now, mailbox, sink)) << std::hex << frame.id;
  }
  return sink;
}

std::string text_of(const EmulatedBattery& battery) {
  std::string all;
  for (const CanFrame& frame : encode_burst(battery, Dialect::pylontech, kNow, kMaxAge)) {
    std::array<char, kCandumpLineSize> room{};
    all += std::string(print_candump(to_candump(frame, {}, "x"), room).substr(2)) + "\n";
  }
  return all;
}

TEST(PylontechEmulator, SaysAHealthyBatteryWithLimitsOnTheSafeSide) {
  EXPECT_EQ(text_of(healthy()),
            "351#1402E703E803C301\n"  // 53.2 V, 99.9 A, 100.0 A, 45.1 V
            "355#54006300\n"          // 84 %, 99 %
            "356#7C13E9FEE6FF\n"      // 49.88 V, 27.9 A discharging, -2.6 C
            "359#0000000001504E\n"
            "35C#C000\n"
            "35E#50594C4F4E202020\n");
}

void expect_forbidden(const EmulatedBattery& battery, bool charge, bool discharge, const char* why,
                      Instant now = kNow) {
  const RecordingSink sink = heard(battery, now);
  EXPECT_EQ(sink.value(Signal::charge_enable), charge ? 0 : 1) << why;
  EXPECT_EQ(sink.value(Signal::discharge_enable), discharge ? 0 : 1) << why;
  EXPECT_EQ(sink.value(Signal::charge_current_limit) == 0, charge) << why;
  EXPECT_EQ(sink.value(Signal::discharge_current_limit) == 0, discharge) << why;
}

TEST(PylontechEmulator, EachMissingInputForbidsWhatNeedsIt) {
  using Battery = EmulatedBattery;
  const struct {
    const char* name;
    void (*spoil)(Battery&);
    bool charge, discharge;
  } cases[] = {
      {"nothing", [](Battery&) {}, false, false},
      {"soh", [](Battery& b) { b.soh.reset(); }, false, false},
      {"soc", [](Battery& b) { b.soc.reset(); }, true, true},
      {"soc beyond 100 %", [](Battery& b) { b.soc->value = BasisPoints{10'001}; }, true, true},
      {"soc below 0 %", [](Battery& b) { b.soc->value = BasisPoints{-1}; }, true, true},
      {"voltage", [](Battery& b) { b.pack_voltage.reset(); }, true, true},
      {"voltage below 0", [](Battery& b) { b.pack_voltage->value = MilliVolt{-1}; }, true, true},
      {"voltage beyond the wire", [](Battery& b) { b.pack_voltage->value = MilliVolt{327'675}; },
       true, true},
      {"current", [](Battery& b) { b.pack_current.reset(); }, true, true},
      {"current beyond the wire", [](Battery& b) { b.pack_current->value = MilliAmp::min(); }, true,
       true},
      {"temperature", [](Battery& b) { b.temperature.reset(); }, true, true},
      {"uncertain", [](Battery& b) { b.soc->quality = Quality::uncertain; }, true, true},
      {"CVL", [](Battery& b) { b.charge_voltage_limit.reset(); }, true, false},
      {"CVL that the wire says as 0, which an inverter may take for none",
       [](Battery& b) { b.charge_voltage_limit->value = MilliVolt{99}; }, true, false},
      {"CCL", [](Battery& b) { b.charge_current_limit.reset(); }, true, false},
      {"negative CCL", [](Battery& b) { b.charge_current_limit->value = MilliAmp{-1}; }, true,
       false},
      {"very negative CCL", [](Battery& b) { b.charge_current_limit->value = MilliAmp{-9'900}; },
       true, false},
      {"very negative DCL", [](Battery& b) { b.discharge_current_limit->value = MilliAmp{-9'900}; },
       false, true},
      {"charge enable", [](Battery& b) { b.charge_enable.reset(); }, true, false},
      {"DVL", [](Battery& b) { b.discharge_voltage_limit.reset(); }, false, true},
      {"DVL beyond the wire",
       [](Battery& b) { b.discharge_voltage_limit->value = MilliVolt{6'553'501}; }, false, true},
      {"DCL", [](Battery& b) { b.discharge_current_limit.reset(); }, false, true},
      {"discharge enable", [](Battery& b) { b.discharge_enable.reset(); }, false, true},
  };
  for (const auto& c : cases) {
    EmulatedBattery battery = healthy();
    c.spoil(battery);
    const RecordingSink sink = heard(battery);
    EXPECT_EQ(sink.value(Signal::charge_current_limit) == 0, c.charge) << c.name;
    EXPECT_EQ(sink.value(Signal::discharge_current_limit) == 0, c.discharge) << c.name;
    // A limit of 0 that the source itself gives is no reason to clear the enable.
    if (std::string_view(c.name).find("negative") == std::string_view::npos) {
      EXPECT_EQ(sink.value(Signal::charge_enable), c.charge ? 0 : 1) << c.name;
      EXPECT_EQ(sink.value(Signal::discharge_enable), c.discharge ? 0 : 1) << c.name;
    }
  }
}

TEST(PylontechEmulator, TheLimitsAgeOutInTheVeryNextBurst) {
  const EmulatedBattery battery = healthy();
  expect_forbidden(battery, false, false, "a microsecond before",
                   kNow + seconds(1) - microseconds(1));
  expect_forbidden(battery, true, true, "exactly stale", kNow + seconds(1));
  expect_forbidden(battery, true, true, "from the future", kNow - seconds(1) - microseconds(1));
}

TEST(PylontechEmulator, EachInputAgesByItself) {
  EmulatedBattery battery = healthy();
  battery.charge_current_limit->taken_at = kNow - kMaxAge;
  expect_forbidden(battery, true, false, "CCL");
  battery = healthy();
  battery.discharge_enable->taken_at = kNow - kMaxAge;
  expect_forbidden(battery, false, true, "discharge enable");
  battery = healthy();
  battery.pack_current->taken_at = kNow - kMaxAge;
  expect_forbidden(battery, true, true, "current");
}

TEST(PylontechEmulator, AnEnableThatIsOffForbids) {
  EmulatedBattery battery = healthy();
  battery.charge_enable->value = false;
  expect_forbidden(battery, true, false, "charge off");
  battery = healthy();
  battery.discharge_enable->value = false;
  expect_forbidden(battery, false, true, "discharge off");
}

TEST(PylontechEmulator, AlarmsStayHoweverOld) {
  EmulatedBattery battery = healthy();
  battery.alarms = {alarm_bit(Alarm::cell_overvoltage), Instant{}, Quality::bad};
  battery.warnings = {alarm_bit(Alarm::charge_overtemperature), Instant{}, Quality::bad};
  const RecordingSink sink = heard(battery, kNow + seconds(1'000));
  EXPECT_EQ(sink.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::pack_overvoltage)));
  EXPECT_EQ(sink.value(Signal::warnings),
            static_cast<std::int64_t>(alarm_bit(Alarm::overtemperature) |
                                      alarm_bit(Alarm::communication_failure)));
}

TEST(PylontechEmulator, ABatteryThatIsNotKnownNeverLooksHealthy) {
  const std::int64_t lost = static_cast<std::int64_t>(alarm_bit(Alarm::communication_failure));
  EXPECT_EQ(text_of({}),
            "351#000000000000\n"
            "359#0000000801504E\n"
            "35C#0000\n"
            "35E#50594C4F4E202020\n");
  EXPECT_EQ(heard({}).value(Signal::warnings), lost);
  EmulatedBattery battery = healthy();
  battery.alarms.reset();
  EXPECT_EQ(heard(battery).value(Signal::warnings), lost);
  EXPECT_EQ(heard(healthy()).value(Signal::warnings), 0);
}

TEST(PylontechEmulator, AnOldWordThatAllIsWellIsNotRepeated) {
  const std::int64_t lost = static_cast<std::int64_t>(alarm_bit(Alarm::communication_failure));
  EmulatedBattery battery = healthy();
  battery.alarms->taken_at = kNow - kMaxAge;
  EXPECT_EQ(heard(battery).value(Signal::warnings), lost);
  battery = healthy();
  battery.alarms->quality = Quality::uncertain;
  EXPECT_EQ(heard(battery).value(Signal::warnings), lost);
}

TEST(PylontechEmulator, EveryAlarmIsSaidAndOnlySocLowIsNoWarning) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    EmulatedBattery battery = healthy();
    battery.alarms->value = std::uint64_t{1} << bit;
    EXPECT_NE(heard(battery).value(Signal::alarms), 0) << bit;
    battery = healthy();
    battery.warnings->value = std::uint64_t{1} << bit;
    const bool said = heard(battery).value(Signal::warnings) != 0;
    EXPECT_EQ(said, bit != static_cast<unsigned>(Alarm::soc_low)) << bit;
  }
}

TEST(PylontechEmulator, LimitsAreCutToWhatTheWireHolds) {
  EmulatedBattery battery = healthy();
  battery.charge_voltage_limit->value = MilliVolt::max();
  battery.charge_current_limit->value = MilliAmp::max();
  battery.discharge_current_limit->value = MilliAmp{3'276'700};
  battery.discharge_voltage_limit->value = MilliVolt{6'553'400};
  RecordingSink sink = heard(battery);
  EXPECT_EQ(sink.value(Signal::charge_voltage_limit), 6'553'400);
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 3'276'700);
  EXPECT_EQ(sink.value(Signal::discharge_current_limit), 3'276'700);
  EXPECT_EQ(sink.value(Signal::discharge_voltage_limit), 6'553'400);
  battery.charge_voltage_limit->value = MilliVolt{-9'900};
  battery.discharge_voltage_limit->value = MilliVolt{-9'900};
  sink = heard(battery);
  EXPECT_EQ(sink.value(Signal::charge_voltage_limit), 0);
  EXPECT_EQ(sink.value(Signal::discharge_voltage_limit), std::nullopt);  // 0: none.
}

TEST(PylontechEmulator, WhatIsNotUsableIsNotSaid) {
  EmulatedBattery battery = healthy();
  battery.temperature.reset();
  battery.soh.reset();
  const RecordingSink sink = heard(battery);
  EXPECT_EQ(sink.value(Signal::pack_voltage), 49'880);
  EXPECT_EQ(sink.value(Signal::temperature), std::nullopt);
  EXPECT_EQ(sink.value(Signal::soc), 8'400);
  EXPECT_EQ(sink.value(Signal::soh), std::nullopt);
}

TEST(PylontechEmulator, TheNameIsCutAndCleaned) {
  EmulatedBattery battery = healthy();
  battery.manufacturer = "A\x01LONGNAME";
  battery.module_count = 10;
  const RecordingSink sink = heard(battery);
  EXPECT_EQ(sink.texts.at(TextField::manufacturer), "A LONGNA");
  EXPECT_EQ(sink.value(Signal::module_count), 10);
}

}  // namespace
}  // namespace ems::protocol::can_lv
