// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "ems/model/catalogue.hpp"
#include "unit/protocol/can_lv_talk.hpp"

namespace ems::protocol::can_lv {
namespace {

using test::RecordingSink;

constexpr const char* kOutgoing = "356#D2140E00DC000000";  // +1.4 A on the wire.
constexpr const char* kOwn = "361#070D050DF000E600";
constexpr const char* kOther = "35F#001CF005FC084459";

constexpr std::int64_t bits(std::initializer_list<Alarm> alarms) {
  std::uint64_t mask = 0;
  for (const Alarm alarm : alarms) mask |= alarm_bit(alarm);
  return static_cast<std::int64_t>(mask);
}

std::optional<std::int64_t> current(const RecordingSink& sink) {
  EXPECT_NE(sink.value(Signal::pack_current).has_value(), is_missing(sink, Signal::pack_current));
  return sink.value(Signal::pack_current);
}

TEST(CanLvDeye, TheConfiguredProfileHoldsFromTheFirstFrame) {
  EXPECT_EQ(current(Talk(Dialect::deye).hear(kOutgoing)), 1'400);
}

TEST(CanLvDeye, WithoutEvidenceTheSignIsUncertain) {
  const auto quality = [](std::initializer_list<const char*> before, std::int64_t later) {
    Talk talk(Dialect::deye);
    for (const char* frame : before) (void)talk.hear(frame);
    const RecordingSink sink = talk.hear(kOutgoing, later);
    const auto is_current = [](const Reading& one) { return one.signal == Signal::pack_current; };
    return std::ranges::find_if(sink.readings, is_current)->quality;
  };
  EXPECT_EQ(quality({}, 0), Quality::uncertain);
  EXPECT_EQ(quality({"355#60006400"}, 0), Quality::uncertain);
  EXPECT_EQ(quality({kOwn}, 9'999), Quality::good);
  EXPECT_EQ(quality({kOwn}, 10'000), Quality::uncertain);
  EXPECT_EQ(quality({"150#15020000BA03E803"}, 4'999), Quality::good);
  EXPECT_EQ(quality({"150#15020000BA03E803"}, 5'000), Quality::uncertain);
  Talk victron(Dialect::deye);
  (void)victron.hear(kOther);
  (void)victron.hear(kOther, 1'001);
  EXPECT_EQ(victron.hear(kOutgoing, 1'001).readings.at(1),
            (Reading{.signal = Signal::pack_current, .value = -1'400}));
}

TEST(CanLvDeye, OneFrameOfTheOtherProfileMakesTheSignUnknown) {
  for (const char* other : {kOther, "35A#AAAAAAAAAAAAAAAA"}) {
    Talk talk(Dialect::deye);
    (void)talk.hear(kOwn);
    (void)talk.hear(other, 100);
    const RecordingSink sink = talk.hear(kOutgoing, 200);
    EXPECT_EQ(current(sink), std::nullopt) << other;
    EXPECT_EQ(sink.value(Signal::pack_voltage), 53'300);
    EXPECT_EQ(current(talk.hear(kOutgoing, 10'099)), std::nullopt) << other;
    EXPECT_EQ(current(talk.hear(kOutgoing, 10'100)), 1'400) << other;  // Forgotten.
  }
}

TEST(CanLvDeye, AProfileThatGoesOnAloneIsDecided) {
  Talk talk(Dialect::deye);
  (void)talk.hear(kOwn);
  (void)talk.hear(kOther, 500);
  (void)talk.hear(kOther, 1'500);
  EXPECT_EQ(current(talk.hear(kOutgoing, 1'500)), std::nullopt);  // For a second, not longer.
  (void)talk.hear(kOther, 1'501);
  EXPECT_EQ(current(talk.hear(kOutgoing, 1'501)), -1'400);
  // And back.
  (void)talk.hear(kOwn, 2'000);
  EXPECT_EQ(current(talk.hear(kOutgoing, 2'000)), std::nullopt);
  (void)talk.hear(kOwn, 2'501);
  EXPECT_EQ(current(talk.hear(kOutgoing, 2'501)), std::nullopt);
  (void)talk.hear(kOwn, 2'502);
  EXPECT_EQ(current(talk.hear(kOutgoing, 2'502)), 1'400);
}

TEST(CanLvDeye, AFrameAfterALongPauseIsNoRepetition) {
  Talk talk(Dialect::deye);
  (void)talk.hear(kOther);
  (void)talk.hear(kOther, 10'000);
  EXPECT_EQ(current(talk.hear(kOutgoing, 10'000)), std::nullopt);
  (void)talk.hear(kOther, 11'001);
  EXPECT_EQ(current(talk.hear(kOutgoing, 11'001)), -1'400);
}

TEST(CanLvDeye, TwoProfilesAtOnceAreNeverDecided) {
  Talk talk(Dialect::deye);
  for (int second = 0; second < 20; ++second) {
    (void)talk.hear(kOwn, second * 1'000);
    (void)talk.hear(kOther, second * 1'000 + 500);
    EXPECT_EQ(current(talk.hear(kOutgoing, second * 1'000 + 600)), std::nullopt);
  }
}

TEST(CanLvDeye, EventPairsAloneDecideNothing) {
  Talk talk(Dialect::deye);
  for (int second = 0; second < 20; ++second) {
    const RecordingSink pairs = talk.hear("35A#0400000000000000", second * 1'000);
    EXPECT_EQ(pairs.value(Signal::alarms), bits({Alarm::pack_overvoltage}));
    EXPECT_EQ(current(talk.hear(kOutgoing, second * 1'000)), std::nullopt);
  }
}

TEST(CanLvDeye, Frame150ContradictsAWrongSign) {
  Talk talk(Dialect::deye);
  (void)talk.hear("150#1502F6FFBA03E803");  // -1.0 A: charging.
  EXPECT_EQ(current(talk.hear("356#D2140A00DC00")), std::nullopt);
  EXPECT_EQ(current(talk.hear("356#D2140900DC00")), 900);     // Too small to tell.
  EXPECT_EQ(current(talk.hear("356#D214F6FFDC00")), -1'000);  // They agree.
  (void)talk.hear("150#15020A00BA03E803");
  EXPECT_EQ(current(talk.hear("356#D214F6FFDC00")), std::nullopt);
  EXPECT_EQ(current(talk.hear("356#D214F6FFDC00", 5'000)), -1'000);  // 150 is stale.
}

TEST(CanLvDeye, Frame150SpeaksForTheCurrentOnlyWhere356DoesNotCome) {
  Talk talk(Dialect::deye);
  const RecordingSink alone = talk.hear("150#15020A00BA03E803");
  EXPECT_EQ(alone.value(Signal::pack_current), 1'000);
  EXPECT_EQ(alone.value(Signal::pack_voltage), 53'300);
  EXPECT_EQ(alone.value(Signal::soc), 9'540);
  EXPECT_EQ(alone.value(Signal::soh), 10'000);
  (void)talk.hear(kOutgoing);
  const RecordingSink beside = talk.hear("150#15020A00BA03E803");
  EXPECT_EQ(beside.value(Signal::pack_current), std::nullopt);
  EXPECT_EQ(beside.value(Signal::pack_voltage), std::nullopt);
}

TEST(CanLvDeye, TheFinerStateOfChargeStands) {
  Talk talk(Dialect::deye);
  EXPECT_EQ(talk.hear("355#6000640000000000").value(Signal::soc), 9'600);
  (void)talk.hear("150#15020000BA03E803", 1'000);
  const RecordingSink coarse = talk.hear("355#6000640000000000", 5'999);
  EXPECT_EQ(coarse.value(Signal::soc), std::nullopt);
  EXPECT_EQ(coarse.vendor.at("soc_355_pct"), 96);
  EXPECT_EQ(talk.hear("355#6000640000000000", 6'000).value(Signal::soc), 9'600);
}

TEST(CanLvDeye, AStateOfChargeAboveFullRefusesTheFrameAndRefreshesNothing) {
  Talk talk(Dialect::deye);
  (void)talk.hear("150#15020000BA03E803");
  EXPECT_EQ(talk.unheard("355#65006400", 1).error(), (Error{Errc::out_of_range, 0}));
  EXPECT_EQ(talk.unheard("150#15020000E903E803", 4'000).error(), (Error{Errc::out_of_range, 4}));
  EXPECT_EQ(talk.hear("355#60006400", 5'000).value(Signal::soc), 9'600);  // 150 is stale.
  EXPECT_EQ(talk.hear("355#64006400", 5'001).value(Signal::soc), 10'000);
}

TEST(CanLvDeye, APulseOfTheChargeLimitWithTheTransistorOpenIsNone) {
  Talk talk(Dialect::deye);
  constexpr const char* kPulse = "351#48024408FC08E001";  // 211.6 A.
  EXPECT_EQ(talk.hear(kPulse).value(Signal::charge_current_limit), 211'600);
  (void)talk.hear("110#0000000000000021");
  const RecordingSink open = talk.hear(kPulse);
  EXPECT_EQ(open.value(Signal::charge_current_limit), 0);
  EXPECT_EQ(open.value(Signal::discharge_current_limit), 230'000);
  EXPECT_EQ(talk.hear(kPulse, 5'000).value(Signal::charge_current_limit), 211'600);
  (void)talk.hear("110#0000000000000031", 5'000);
  EXPECT_EQ(talk.hear(kPulse, 5'000).value(Signal::charge_current_limit), 211'600);
}

TEST(CanLvDeye, EveryBitOfTheTablesArrivesAndHasAName) {
  for (const unsigned id : {0x110U, 0x359U}) {
    for (unsigned bit = 0; bit < 56; ++bit) {
      std::array<std::byte, 8> data{};
      data[bit / 8] = static_cast<std::byte>(1U << (bit % 8));
      CanMailbox mailbox;
      RecordingSink sink;
      ASSERT_TRUE(
          codec(Dialect::deye).decode(make_can_frame(id, false, data).value(), {}, mailbox, sink));
      const bool warning = bit / 8 == 4 || bit / 8 == 5;
      const std::int64_t vendor = *sink.value(Signal::vendor_alarms);
      EXPECT_EQ((*sink.value(Signal::alarms) | vendor) != 0, !warning) << bit;
      EXPECT_EQ((*sink.value(Signal::warnings) | sink.vendor["vendor_warnings"]) != 0, warning);
      EXPECT_TRUE(vendor == 0 || codec(Dialect::deye).vendor_alarm_name(bit)) << bit;
    }
  }
}

TEST(CanLvDeye, WarningsAreTheFirstTwoTablesAgain) {
  for (unsigned bit = 0; bit < 14; ++bit) {
    std::array<std::byte, 8> data{};
    data[bit / 8] = data[4 + bit / 8] = static_cast<std::byte>(1U << (bit % 8));
    CanMailbox mailbox;
    RecordingSink sink;
    ASSERT_TRUE(
        codec(Dialect::deye).decode(make_can_frame(0x110, false, data).value(), {}, mailbox, sink));
    EXPECT_EQ(sink.value(Signal::alarms), sink.value(Signal::warnings)) << bit;
    EXPECT_EQ(sink.value(Signal::vendor_alarms), sink.vendor["vendor_warnings"]) << bit;
  }
}

TEST(CanLvDeye, TheAlarmsOfAllFramesHoldTogether) {
  Talk talk(Dialect::deye);
  (void)talk.hear("110#0100000000000031");
  EXPECT_EQ(talk.hear("359#0200000000000000").value(Signal::alarms),
            bits({Alarm::cell_overvoltage, Alarm::cell_undervoltage}));
  EXPECT_EQ(
      talk.hear("35A#0004000000000000").value(Signal::alarms),
      bits({Alarm::cell_overvoltage, Alarm::cell_undervoltage, Alarm::charge_overtemperature}));
  // An alarm stays when its frame no longer comes.
  EXPECT_EQ(talk.hear("359#0000000000000000", 60'000).value(Signal::alarms),
            bits({Alarm::cell_overvoltage, Alarm::charge_overtemperature}));
}

TEST(CanLvDeye, PartOfTheTablesNeverSaysThatAllIsWell) {
  Talk talk(Dialect::deye);
  const RecordingSink six = talk.hear("110#000000000000");
  EXPECT_EQ(six.value(Signal::alarms), std::nullopt);
  EXPECT_EQ(six.value(Signal::warnings), 0);
  EXPECT_EQ(talk.hear("110#0000000000").value(Signal::warnings), std::nullopt);
  const RecordingSink seven = talk.hear("110#00000000000000");
  EXPECT_EQ(seven.value(Signal::alarms), 0);
  EXPECT_EQ(seven.value(Signal::charge_fet_on), std::nullopt);
}

TEST(CanLvDeye, PylontechsOwnFrame359IsReadAsSuch) {
  const RecordingSink sink = Talk(Dialect::deye).hear("359#0200000003504E");
  EXPECT_EQ(sink.value(Signal::alarms), bits({Alarm::pack_overvoltage}));
  EXPECT_EQ(sink.value(Signal::warnings), 0);
  EXPECT_EQ(sink.value(Signal::module_count), 3);
  EXPECT_EQ(Talk(Dialect::deye).hear("359#0000000003").value(Signal::module_count), std::nullopt);
}

TEST(CanLvDeye, AHeaterWithoutASensorIsNotGiven) {
  Talk talk(Dialect::deye);
  const RecordingSink none = talk.hear("250#220170FED300E600");
  EXPECT_EQ(none.value(Signal::mosfet_temperature), 29'000);
  EXPECT_EQ(none.vendor.count("heating_film_mdegc"), 0U);
  EXPECT_EQ(none.vendor.at("pack_charge_limit_a"), 211);
  EXPECT_EQ(talk.hear("250#220171FED300E600").vendor.at("heating_film_mdegc"), -39'900);
}

TEST(CanLvDeye, BalancingAndModeComeFromFrame400) {
  const RecordingSink sink = Talk(Dialect::deye).hear("400#0200070009000800");
  EXPECT_EQ(sink.value(Signal::cycle_count), 7);
  EXPECT_EQ(sink.value(Signal::balancing), 1);
  EXPECT_EQ(sink.vendor.at("balance_mask"), 9);
  EXPECT_EQ(sink.vendor.at("operation_mode"), 2);
  EXPECT_EQ(Talk(Dialect::deye).hear("400#0200070000000800").value(Signal::balancing), 0);
}

TEST(CanLvDeye, OnlyDeyesNameCarriesACapacity) {
  const RecordingSink own = Talk(Dialect::deye).hear("35E#445930303141FC08");
  EXPECT_EQ(own.vendor.at("cell_maker"), 0x41);
  EXPECT_EQ(own.value(Signal::design_capacity), 230'000'000);
  const RecordingSink other = Talk(Dialect::deye).hear("35E#50594C4F4E202020");
  EXPECT_EQ(other.texts.at(TextField::manufacturer), "PYLON");
  EXPECT_EQ(other.value(Signal::design_capacity), std::nullopt);
}

}  // namespace
}  // namespace ems::protocol::can_lv
