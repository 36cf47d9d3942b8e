// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "ems/model/catalogue.hpp"
#include "unit/protocol/can_lv_talk.hpp"

namespace ems::protocol::can_lv {
namespace {

using test::RecordingSink;

TEST(CanLvDialects, EachIsFoundByItsNameAndTakesItsVariants) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDialects; ++i) {
    const Codec& plain = codec(static_cast<Dialect>(i));
    EXPECT_EQ(plain.dialect(), static_cast<Dialect>(i));
    EXPECT_EQ(find_codec(plain.name()).value(), &plain);
    EXPECT_EQ(plain.bit_rate(), 500'000U);
    names.insert(plain.name());
    CodecRoom room;
    for (const std::string_view variant : plain.info().variants) {
      ASSERT_TRUE(plain.with({.variant = variant}, room)) << variant;
    }
    EXPECT_EQ(plain.with({.variant = "no such"}, room).error().code, Errc::invalid_argument);
    EXPECT_EQ(plain.with({.address = 1}, room).error().code, Errc::invalid_argument);
  }
  EXPECT_EQ(names.size(), kDialects);
}

TEST(CanLvDialects, OnlyWhereFrame305IsAKeepAliveIsItSent) {
  for (const Dialect dialect : {Dialect::pylontech, Dialect::victron, Dialect::deye,
                                Dialect::discover, Dialect::luxpower, Dialect::sol_ark}) {
    ASSERT_EQ(codec(dialect).send_plan().size(), 1U);
    EXPECT_EQ(codec(dialect).send_plan()[0].frame, can("305#0000000000000000"));
  }
  EXPECT_TRUE(codec(Dialect::sma).send_plan().empty());
  EXPECT_TRUE(codec(Dialect::sofar).send_plan().empty());
}

TEST(CanLvDialects, FramesOfOtherDialectsAreIgnored) {
  const struct {
    Dialect dialect;
    const char* text;
  } cases[] = {
      {Dialect::pylontech, "378#E803000039300000"},
      {Dialect::pylontech, "110#0100000000000021"},
      {Dialect::victron, "110#0100000000000021"},
      {Dialect::sma, "35C#C0"},
      {Dialect::sma, "372#0100000000000000"},
      {Dialect::discover, "373#0100000000000000"},
      {Dialect::discover, "372#0000000200000000"},
      {Dialect::deye, "373#B90CC20C27012801"},
      {Dialect::sofar, "35C#C0"},
      {Dialect::sol_ark, "30F#0003"},
      {Dialect::deye, "00000110#0100000000000021"},
      {Dialect::deye, "110#R8"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Talk(c.dialect).unheard(c.text).value(), CanTaken::ignored) << c.text;
  }
}

TEST(CanLvDialects, TheStepOfTheVoltageIsToldByTheLimit) {
  Talk talk(Dialect::discover);
  const RecordingSink before = talk.hear("356#0A0211FFBE00");
  EXPECT_EQ(before.value(Signal::pack_voltage), std::nullopt);
  EXPECT_FALSE(is_missing(before, Signal::pack_voltage));
  EXPECT_EQ(before.value(Signal::pack_current), 23'900);
  EXPECT_EQ(talk.hear("351#2E02040B040BB001").value(Signal::pack_voltage), 52'200);
  // From then on 356 speaks for itself.
  EXPECT_EQ(talk.hear("351#2E02040B040BB001").value(Signal::pack_voltage), std::nullopt);
  EXPECT_EQ(talk.hear("356#0A0211FFBE00").value(Signal::pack_voltage), 52'200);
  EXPECT_EQ(talk.hear("356#641411FFBE00").value(Signal::pack_voltage), 52'200);  // 0.01 V.
  EXPECT_EQ(talk.hear("356#000011FFBE00").value(Signal::pack_voltage), 0);       // In any step.
}

TEST(CanLvDialects, AVoltageNearNoLimitIsMissing) {
  Talk talk(Dialect::discover);
  (void)talk.hear("351#2E02040B040BB001");  // 55.8 V: from 27.9 V to 69.75 V.
  EXPECT_EQ(talk.hear("356#170100000000").value(Signal::pack_voltage), 27'900);
  EXPECT_TRUE(is_missing(talk.hear("356#160100000000"), Signal::pack_voltage));
  EXPECT_EQ(talk.hear("356#B90200000000").value(Signal::pack_voltage), 69'700);
  EXPECT_TRUE(is_missing(talk.hear("356#BA0200000000"), Signal::pack_voltage));
  EXPECT_EQ(talk.hear("356#E60A00000000").value(Signal::pack_voltage), 27'900);
  EXPECT_TRUE(is_missing(talk.hear("356#E50A00000000"), Signal::pack_voltage));
}

TEST(CanLvDialects, ALimitThatNoLongerComesTellsNoStep) {
  Talk talk(Dialect::sofar);
  (void)talk.hear("351#2E02040B040BB001");
  EXPECT_EQ(talk.hear("356#0A0211FFBE00", 4'999).value(Signal::pack_voltage), 52'200);
  EXPECT_EQ(talk.hear("356#0A0211FFBE00", 5'000).value(Signal::pack_voltage), std::nullopt);
  Talk unset(Dialect::sofar);
  (void)unset.hear("351#FFFF040B040BB001");
  EXPECT_EQ(unset.hear("356#0A0211FFBE00").value(Signal::pack_voltage), std::nullopt);
}

TEST(CanLvDialects, AVoltageThatWaitedTooLongForItsLimitIsNotGiven) {
  Talk talk(Dialect::sol_ark);
  (void)talk.hear("356#0A0211FFBE00");
  EXPECT_EQ(talk.hear("351#2E02040B040BB001", 5'000).value(Signal::pack_voltage), std::nullopt);
}

TEST(CanLvDialects, ACurrentOfUnprovenSignIsUncertain) {
  const auto heard = [](std::string_view variant) {
    Talk talk(Dialect::sol_ark, variant);
    for (const Reading& reading : talk.hear("356#130264000000").readings) {
      if (reading.signal == Signal::pack_current) return reading;
    }
    return Reading{};
  };
  EXPECT_EQ(heard("").quality, Quality::uncertain);
  EXPECT_EQ(heard("").value, -10'000);
  EXPECT_EQ(heard("charging_positive").quality, Quality::good);
  EXPECT_EQ(heard("charging_positive").value, -10'000);
  EXPECT_EQ(heard("discharging_positive").quality, Quality::good);
  EXPECT_EQ(heard("discharging_positive").value, 10'000);
}

TEST(CanLvDialects, HybridHasBitsOfItsOwn) {
  Talk standard(Dialect::pylontech);
  const RecordingSink plain = standard.hear("359#0010001800");
  EXPECT_EQ(plain.value(Signal::alarms), 0);
  EXPECT_EQ(plain.value(Signal::vendor_alarms), 1 << 12);
  EXPECT_EQ(plain.value(Signal::warnings),
            static_cast<std::int64_t>(alarm_bit(Alarm::communication_failure)));
  Talk hybrid(Dialect::pylontech, "hybrid");
  const RecordingSink own = hybrid.hear("359#0010001800");
  EXPECT_EQ(own.value(Signal::alarms), static_cast<std::int64_t>(alarm_bit(Alarm::cell_imbalance)));
  EXPECT_EQ(own.value(Signal::vendor_alarms), 0);
  EXPECT_EQ(own.value(Signal::warnings),
            static_cast<std::int64_t>(alarm_bit(Alarm::cell_imbalance) |
                                      alarm_bit(Alarm::internal_failure)));
  (void)hybrid.hear("351#2E02040B040BB001");
  EXPECT_EQ(hybrid.hear("356#0A0211FFBE00").value(Signal::pack_voltage), 52'200);
}

TEST(CanLvDialects, LuxpowerPutsExtremesWhereOthersPutNothing) {
  Talk talk(Dialect::luxpower);
  const RecordingSink state = talk.hear("355#4B0063004C1DD90C");
  EXPECT_EQ(state.value(Signal::soc), 7'500);  // 0x1D4C is 75.00 %, and no cell.
  EXPECT_TRUE(is_missing(state, Signal::cell_voltage_max));
  EXPECT_EQ(state.value(Signal::cell_voltage_min), 3'289);
  const RecordingSink fine = talk.hear("355#4B006300401D");
  EXPECT_EQ(fine.value(Signal::soc), 7'500);
  EXPECT_EQ(talk.hear("35C#C0007B00").value(Signal::cycle_count), 123);
  Talk high(Dialect::luxpower, "high_voltage");
  (void)high.hear("351#A00FE8032003900B");  // 400.0 V.
  EXPECT_EQ(high.hear("356#D80E64000901F000").value(Signal::pack_voltage), 380'000);
}

// Victron and SMA.

TEST(CanLvVictron, FieldsMarkedInvalidAreMissing) {
  Talk talk(Dialect::victron);
  const RecordingSink limits = talk.hear("351#FFFF0080FFFFFFFF");
  EXPECT_TRUE(limits.readings.empty());
  EXPECT_EQ(limits.missing_points.size(), 4U);
  const RecordingSink measured = talk.hear("356#008000800080");
  EXPECT_TRUE(measured.readings.empty());
  EXPECT_EQ(measured.missing_points.size(), 3U);
  EXPECT_EQ(talk.hear("355#FFFFFFFFFFFF").missing_points.size(), 2U);
  EXPECT_EQ(talk.hear("373#FFFFFFFFFFFFFFFF").missing_points.size(), 4U);
  EXPECT_TRUE(talk.hear("379#FFFF").readings.empty());
  EXPECT_TRUE(is_missing(talk.hear("354#2C01FFFF"), Signal::remaining_capacity));
}

TEST(CanLvVictron, AProductNameSaysMoreThanTheNameOfItsBoard) {
  Talk talk(Dialect::victron);
  EXPECT_EQ(talk.hear("370#4241540000000000").texts.at(TextField::device_model), "BAT");
  EXPECT_EQ(talk.hear("382#5052454D49554D00").texts.at(TextField::device_model), "PREMIUM");
  EXPECT_TRUE(talk.hear("370#4241540000000000").texts.empty());
}

TEST(CanLvVictron, TheSystemStatusIsAPairOfItsOwn) {
  Talk talk(Dialect::victron);
  EXPECT_EQ(talk.hear("35A#AAAAAA02AAAAAA02").vendor.count("system_online"), 0U);
  EXPECT_EQ(talk.hear("35A#AAAAAA02AAAAAA0A").vendor.at("system_online"), 1);
  const RecordingSink offline = talk.hear("35A#AAAAAA02AAAAAA06");
  EXPECT_EQ(offline.vendor.at("system_online"), 0);
  EXPECT_EQ(offline.value(Signal::warnings), 0);  // It is no alarm.
}

TEST(CanLvVictron, AGeneralAlarmInAShortFrameArrives) {
  const RecordingSink sink = Talk(Dialect::victron).hear("35A#01");
  EXPECT_EQ(sink.value(Signal::vendor_alarms), std::int64_t{1} << 16);
  EXPECT_EQ(sink.value(Signal::warnings), std::nullopt);
}

TEST(CanLvVictron, FramesOfDeyesOwnProfileMakeTheSignUnknown) {
  for (const char* own : {"361#070D050DF000E600", "363#0A100200", "364#0100000001"}) {
    Talk talk(Dialect::victron);
    EXPECT_EQ(talk.hear("356#D2140E00DC00").value(Signal::pack_current), -1'400);
    EXPECT_EQ(talk.unheard(own).value(), CanTaken::ignored);
    const RecordingSink sink = talk.hear("356#D2140E00DC00", 9'999);
    EXPECT_TRUE(is_missing(sink, Signal::pack_current)) << own;
    EXPECT_EQ(sink.value(Signal::pack_voltage), 53'300);
    EXPECT_EQ(talk.hear("356#D2140E00DC00", 10'000).value(Signal::pack_current), -1'400);
  }
}

TEST(CanLvVictron, PylontechsFramesBesideItsOwnHoldToo) {
  Talk talk(Dialect::victron);
  (void)talk.hear("35A#AAAAAA02AAAAAA02");
  const RecordingSink marked = talk.hear("359#0200000003504E");
  EXPECT_EQ(marked.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::pack_overvoltage)));
  EXPECT_EQ(marked.value(Signal::module_count), 3);
  EXPECT_EQ(talk.hear("35C#40").value(Signal::charge_enable), 0);
  // Without the letters it is somebody else's: nobody knows what its bits mean.
  const RecordingSink other = talk.hear("359#0200000003000000");
  EXPECT_EQ(other.value(Signal::alarms), 0);  // Of 35A.
  EXPECT_EQ(other.value(Signal::module_count), std::nullopt);
}

TEST(CanLvVictron, EventsAndEnergiesAreGiven) {
  Talk talk(Dialect::victron);
  const RecordingSink events = talk.hear("35B#0100008002000000");
  EXPECT_EQ(events.vendor.at("event_pairs_0"), 0x80000001);
  EXPECT_EQ(events.vendor.at("event_pairs_1"), 2);
  const RecordingSink energy = talk.hear("378#0A000000FFFFFFFF");
  EXPECT_EQ(energy.value(Signal::energy_charged), 1'000);
  EXPECT_EQ(energy.value(Signal::energy_discharged), 429'496'729'500);
  EXPECT_EQ(talk.hear("360#01").value(Signal::force_charge), 1);
  EXPECT_EQ(talk.hear("360#00").value(Signal::force_charge), 0);
}

TEST(CanLvSma, TheOrderOfBytesIsAVariant) {
  Talk big(Dialect::sma, "big_endian");
  EXPECT_EQ(big.hear("356#14C1FF8D00E6").value(Signal::pack_current), 11'500);
  EXPECT_EQ(big.hear("356#14C1FF8D00E6").value(Signal::pack_voltage), 53'130);
  EXPECT_TRUE(is_missing(big.hear("356#14C1800000E6"), Signal::pack_current));
}

TEST(CanLvDialects, ACurrentOf8000IsMissingInEveryDialect) {
  for (std::size_t i = 0; i < kDialects; ++i) {
    const RecordingSink sink = Talk(static_cast<Dialect>(i)).hear("356#D21400800000");
    EXPECT_TRUE(is_missing(sink, Signal::pack_current)) << i;
    EXPECT_EQ(sink.value(Signal::pack_current), std::nullopt) << i;
  }
  const RecordingSink pack = Talk(Dialect::deye).hear("150#15020080BA03E803");
  EXPECT_TRUE(is_missing(pack, Signal::pack_current));
}

TEST(CanLvDialects, AMissingCurrentOfDeyesPackSpeaksForNoSign) {
  Talk talk(Dialect::deye);
  (void)talk.hear("150#15020080BA03E803");
  EXPECT_EQ(talk.hear("356#D2142C010000").value(Signal::pack_current), 30'000);
}

}  // namespace
}  // namespace ems::protocol::can_lv
