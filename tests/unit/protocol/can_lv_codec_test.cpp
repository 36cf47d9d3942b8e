// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_lv/codec.hpp"

#include <gtest/gtest.h>

#include "ems/model/catalogue.hpp"
#include "ems/protocol/candump.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::can_lv {
namespace {

using test::RecordingSink;

CanFrame can(std::string_view text) { return to_can_frame(parse_can_text(text).value()).value(); }

/// A conversation: one mailbox, a fresh sink per frame.
class Talk {
 public:
  RecordingSink hear(std::string_view text, Instant now = Instant{}) {
    RecordingSink sink;
    const Result<CanTaken> taken = codec().decode(can(text), now, mailbox, sink);
    EXPECT_TRUE(taken && *taken == CanTaken::decoded) << text;
    return sink;
  }
  CanMailbox mailbox;
};

constexpr std::int64_t bits(std::initializer_list<Alarm> alarms) {
  std::uint64_t mask = 0;
  for (const Alarm alarm : alarms) mask |= alarm_bit(alarm);
  return static_cast<std::int64_t>(mask);
}

TEST(PylontechCodec, IsFoundByItsNameAndIsOfTheCanKind) {
  const Codec& found = codec();
  EXPECT_EQ(find_codec("pylontech-lv-can").value(), &found);
  EXPECT_EQ(as_can(found), &found);
  EXPECT_EQ(as_poll(found), nullptr);
  EXPECT_EQ(as_can(**find_codec("jbd")), nullptr);
  EXPECT_EQ(as_poll(**find_codec("jbd")), find_codec("jbd").value());
  EXPECT_EQ(to_string(found.kind()), "can");
  EXPECT_EQ(found.bit_rate(), 500'000U);
  EXPECT_EQ(found.quiet_after(), seconds(5));
}

TEST(PylontechCodec, KeepsTheBatteryAliveOnceASecond) {
  ASSERT_EQ(codec().send_plan().size(), 1U);
  EXPECT_EQ(codec().send_plan()[0].frame, can("305#0000000000000000"));
  EXPECT_EQ(codec().send_plan()[0].every, seconds(1));
}

TEST(PylontechCodec, CurrentHasTheSignOfTheSite) {
  Talk talk;
  EXPECT_EQ(talk.hear("356#7B13E9FE6B01").value(Signal::pack_current), 27'900);
  EXPECT_EQ(talk.hear("356#7B1317016B01").value(Signal::pack_current), -27'900);
}

TEST(PylontechCodec, LimitsAreMagnitudesAndNeverLooserThanMeant) {
  Talk talk;
  const RecordingSink discharge = talk.hear("351#440264009CFF3F02");
  EXPECT_EQ(discharge.value(Signal::charge_voltage_limit), 58'000);
  EXPECT_EQ(discharge.value(Signal::charge_current_limit), 10'000);
  EXPECT_EQ(discharge.value(Signal::discharge_current_limit), 10'000);  // -10.0 A on the wire.
  EXPECT_EQ(discharge.value(Signal::discharge_voltage_limit), 57'500);
  // A negative charge limit means no charging, not its magnitude.
  EXPECT_EQ(talk.hear("351#44029CFF6400").value(Signal::charge_current_limit), 0);
  EXPECT_EQ(talk.hear("351#440200000180").value(Signal::discharge_current_limit), 3'276'700);
  const RecordingSink lowest = talk.hear("351#440200000080");
  ASSERT_EQ(lowest.missing_points.size(), 1U);
  EXPECT_EQ(lowest.missing_points[0].first, Signal::discharge_current_limit);
  EXPECT_EQ(talk.hear("351#44020000FF7F0000").value(Signal::discharge_voltage_limit), std::nullopt);
}

TEST(PylontechCodec, ShortFramesGiveTheFieldsTheyHave) {
  Talk talk;
  const RecordingSink limits = talk.hear("351#4402640064");
  EXPECT_EQ(limits.value(Signal::charge_current_limit), 10'000);
  EXPECT_EQ(limits.value(Signal::discharge_current_limit), std::nullopt);  // Half a field.
  EXPECT_EQ(talk.hear("355#6400").readings.size(), 1U);
  EXPECT_EQ(talk.hear("356#7B13E9FE").readings.size(), 2U);
  EXPECT_EQ(talk.hear("35C#C0").value(Signal::charge_enable), 1);
  EXPECT_EQ(talk.hear("359#0000").value(Signal::module_count), std::nullopt);
}

TEST(PylontechCodec, AFrameWithoutItsFirstFieldIsAnErrorAndLeavesNoTrace) {
  for (const char* text : {"351#", "351#10", "355#10", "356#10", "359#", "35A#", "35C#", "35E#",
                           "35F#10", "370#10", "371#", "373#10", "379#10"}) {
    CanMailbox mailbox;
    RecordingSink sink;
    const CanFrame frame = can(text);
    const auto result = codec().decode(frame, Instant{}, mailbox, sink);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error(), (Error{Errc::length, frame.size})) << text;
    EXPECT_TRUE(sink.empty() && mailbox.size() == 0) << text;
  }
}

TEST(PylontechCodec, ForeignFramesAreIgnored) {
  for (const char* text : {"305#0000000000000000", "00000351#1002C012C012C201", "351#R8", "352#00",
                           "306#00", "110#0000000000000021"}) {
    CanMailbox mailbox;
    RecordingSink sink;
    EXPECT_EQ(codec().decode(can(text), Instant{}, mailbox, sink).value(), CanTaken::ignored)
        << text;
    EXPECT_TRUE(sink.empty() && mailbox.size() == 0) << text;
  }
}

TEST(PylontechCodec, TheFineStateOfChargeCountsOnlyWhereItAgrees) {
  Talk talk;
  EXPECT_EQ(talk.hear("355#5D006400").value(Signal::soc), 9'300);
  EXPECT_EQ(talk.hear("355#5D0064006924").value(Signal::soc), 9'321);
  EXPECT_EQ(talk.hear("355#5D006400F023").value(Signal::soc), 9'200);      // 1 % below.
  EXPECT_EQ(talk.hear("355#5D006400EF23").value(Signal::soc), 9'300);      // 1.01 % below.
  EXPECT_EQ(talk.hear("355#5D00640009000F00").value(Signal::soc), 9'300);  // Something else.
  EXPECT_EQ(talk.hear("355#0100640000000000").value(Signal::soc), 100);    // Not filled in.
  EXPECT_EQ(talk.hear("355#640064001127").value(Signal::soc), 10'000);     // 100.01 %.
}

TEST(PylontechCodec, WhatCannotBeIsMissing) {
  Talk talk;
  const RecordingSink state = talk.hear("355#65006500");
  EXPECT_TRUE(state.readings.empty());
  EXPECT_EQ(state.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::soc, 0}, {Signal::soh, 0}}));
  EXPECT_EQ(talk.hear("355#640064").value(Signal::soh), std::nullopt);
  // Within 1 % of a state of charge that cannot be does not make it possible.
  EXPECT_EQ(talk.hear("355#650064001027").value(Signal::soc), std::nullopt);
  const RecordingSink measured = talk.hear("356#FFFF00000080");
  EXPECT_EQ(measured.missing_points, (std::vector<std::pair<Signal, std::uint16_t>>{
                                         {Signal::pack_voltage, 0}, {Signal::temperature, 0}}));
}

TEST(PylontechCodec, BytesThatNobodyFilledAreNoVoltage) {
  const std::vector<std::pair<Signal, std::uint16_t>> cells = {{Signal::cell_voltage_min, 0},
                                                               {Signal::cell_voltage_max, 0}};
  for (const char* frame : {"373#0000FFFF1B011C01", "373#FFFF00001B011C01"}) {
    EXPECT_EQ(Talk().hear(frame).missing_points, cells) << frame;
  }
  EXPECT_EQ(Talk().hear("370#76006C0000000000").value(Signal::cell_voltage_max), std::nullopt);
  const RecordingSink limits = Talk().hear("351#FFFF64006400FFFF");
  EXPECT_EQ(limits.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::charge_voltage_limit, 0},
                                                           {Signal::discharge_voltage_limit, 0}}));
  EXPECT_EQ(limits.value(Signal::charge_current_limit), 10'000);
}

TEST(PylontechCodec, RequestsAreBits) {
  Talk talk;
  const struct {
    const char* text;
    std::int64_t charge, discharge, force, full;
  } cases[] = {
      {"35C#80", 1, 0, 0, 0}, {"35C#40", 0, 1, 0, 0}, {"35C#20", 0, 0, 1, 0},
      {"35C#10", 0, 0, 1, 0}, {"35C#08", 0, 0, 0, 1}, {"35C#07", 0, 0, 0, 0},
  };
  for (const auto& c : cases) {
    const RecordingSink sink = talk.hear(c.text);
    EXPECT_EQ(sink.value(Signal::charge_enable), c.charge) << c.text;
    EXPECT_EQ(sink.value(Signal::discharge_enable), c.discharge) << c.text;
    EXPECT_EQ(sink.value(Signal::force_charge), c.force) << c.text;
    EXPECT_EQ(sink.value(Signal::full_charge_request), c.full) << c.text;
  }
}

TEST(PylontechCodec, EveryBitOfTheAlarmFrameArrivesSomewhere) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::array<std::byte, 4> data{};
    data[bit / 8] = static_cast<std::byte>(1U << (bit % 8));
    CanMailbox mailbox;
    RecordingSink sink;
    ASSERT_TRUE(
        codec().decode(make_can_frame(0x359, false, data).value(), Instant{}, mailbox, sink));
    const std::int64_t alarms = *sink.value(Signal::alarms) | *sink.value(Signal::vendor_alarms);
    const std::int64_t warnings = *sink.value(Signal::warnings) | sink.vendor["vendor_warnings"];
    EXPECT_EQ(alarms != 0, bit < 16) << bit;
    EXPECT_EQ(warnings != 0, bit >= 16) << bit;
  }
}

TEST(PylontechCodec, HalfAnAlarmWordNeverSaysThatAllIsWell) {
  Talk talk;
  EXPECT_EQ(talk.hear("359#00").value(Signal::alarms), std::nullopt);
  EXPECT_EQ(talk.hear("359#02").value(Signal::alarms), bits({Alarm::pack_overvoltage}));
  EXPECT_EQ(talk.hear("359#0000").value(Signal::alarms), 0);
  EXPECT_EQ(talk.hear("359#000000").value(Signal::warnings), std::nullopt);
  EXPECT_EQ(talk.hear("359#00000000").value(Signal::warnings), 0);
}

TEST(PylontechCodec, AnEventStaysUntilTheBatteryTakesItBack) {
  Talk talk;
  const std::int64_t high = bits({Alarm::pack_overvoltage});
  EXPECT_EQ(talk.hear("35A#0000000000000000").value(Signal::alarms), 0);
  EXPECT_EQ(talk.hear("35A#0C00000000000000").value(Signal::alarms), 0);  // 11: no change.
  EXPECT_EQ(talk.hear("35A#0400000000000000").value(Signal::alarms), high);
  EXPECT_EQ(talk.hear("35A#0000000000000000").value(Signal::alarms), high);  // Not reported.
  EXPECT_EQ(talk.hear("35A#0C00000000000000").value(Signal::alarms), high);  // 11: no change.
  EXPECT_EQ(talk.hear("35A#0800000000000000").value(Signal::alarms), 0);     // 10: gone.
  const RecordingSink sink = talk.hear("35A#0100000000000000");
  EXPECT_EQ(sink.value(Signal::vendor_alarms), std::int64_t{1} << 16);
  EXPECT_EQ(codec().vendor_alarm_name(16), "general");
  EXPECT_EQ(codec().vendor_alarm_name(0), std::nullopt);
  EXPECT_EQ(sink.vendor.at("alarm_pairs_known"), 3);
}

TEST(PylontechCodec, EveryPairHasItsName) {
  const Alarm order[] = {
      Alarm::pack_overvoltage,      Alarm::pack_undervoltage,      Alarm::overtemperature,
      Alarm::undertemperature,      Alarm::charge_overtemperature, Alarm::charge_undertemperature,
      Alarm::discharge_overcurrent, Alarm::charge_overcurrent,     Alarm::contactor_failure,
      Alarm::short_circuit,         Alarm::internal_failure,       Alarm::cell_imbalance};
  for (unsigned pair = 1; pair <= 12; ++pair) {
    for (const unsigned half : {0U, 4U}) {
      std::array<std::byte, 8> data{};
      data[half + pair / 4] = static_cast<std::byte>(1U << (pair % 4 * 2));
      CanMailbox mailbox;
      RecordingSink sink;
      ASSERT_TRUE(
          codec().decode(make_can_frame(0x35A, false, data).value(), Instant{}, mailbox, sink));
      const std::int64_t bit = bits({order[pair - 1]});
      EXPECT_EQ(sink.value(Signal::alarms), half == 0 ? bit : 0) << pair;
      EXPECT_EQ(sink.value(Signal::warnings), half == 0 ? 0 : bit) << pair;
    }
  }
}

TEST(PylontechCodec, TwoAlarmFramesAreUnited) {
  Talk talk;
  (void)talk.hear("359#0200000001504E");  // Only the next sink is looked at.
  EXPECT_EQ(talk.hear("35A#0000010000000000").value(Signal::alarms),
            bits({Alarm::pack_overvoltage, Alarm::charge_overcurrent}));
  EXPECT_EQ(talk.hear("359#0000000001504E").value(Signal::alarms),
            bits({Alarm::charge_overcurrent}));
}

TEST(PylontechCodec, AnAlarmFrameThatNoLongerComesDoesNotSayThatAllIsWell) {
  const Instant later{codec().quiet_after()};
  Talk talk;
  (void)talk.hear("359#0000000001504E");
  EXPECT_EQ(talk.hear("35A#00", later - microseconds(1)).value(Signal::alarms), 0);
  const RecordingSink sink = talk.hear("35A#00", later);
  EXPECT_EQ(sink.value(Signal::alarms), std::nullopt);
  EXPECT_EQ(sink.value(Signal::warnings), std::nullopt);
  Talk pairs;
  (void)pairs.hear("35A#AAAAAAAAAAAAAAAA");
  EXPECT_EQ(pairs.hear("359#00", later).value(Signal::alarms), std::nullopt);
}

TEST(PylontechCodec, AnAlarmStaysWhenItsFrameNoLongerComes) {
  Talk talk;
  (void)talk.hear("359#0200000001504E");
  EXPECT_EQ(talk.hear("35A#AAAAAAAAAAAAAAAA", Instant{seconds(1'000)}).value(Signal::alarms),
            bits({Alarm::pack_overvoltage}));
}

TEST(PylontechCodec, NamesEndAtTheFirstByteThatIsNoText) {
  Talk talk;
  EXPECT_EQ(talk.hear("35E#50594C4F4E020300").texts.at(TextField::manufacturer), "PYLON");
  EXPECT_EQ(talk.hear("35E#50594C4F4E202020").texts.at(TextField::manufacturer), "PYLON");
  EXPECT_TRUE(talk.hear("35E#0059").texts.empty());
  EXPECT_TRUE(talk.hear("35E#2020").texts.empty());
}

TEST(PylontechCodec, ANameInTwoPartsIsPutTogether) {
  Talk talk;
  EXPECT_TRUE(talk.hear("371#2D31324141").texts.empty());  // Its first half is not known yet.
  EXPECT_EQ(talk.hear("370#4241545445525920").texts.at(TextField::device_model), "BATTERY -12AA");
  EXPECT_EQ(talk.hear("371#5859").texts.at(TextField::device_model), "BATTERY XY");
  EXPECT_EQ(talk.hear("370#4241540000000000").texts.at(TextField::device_model), "BAT");
  EXPECT_TRUE(talk.hear("370#0000000000000000").empty());
}

TEST(PylontechCodec, ExtremesComeInTenthsOrElseInKelvins) {
  Talk talk;
  const RecordingSink coarse = talk.hear("373#CA0CCF0C1B011C01");
  EXPECT_EQ(coarse.value(Signal::cell_voltage_min), 3'274);
  EXPECT_EQ(coarse.value(Signal::cell_voltage_max), 3'279);
  EXPECT_EQ(coarse.value(Signal::cell_temp_min), 10'000);
  EXPECT_EQ(coarse.value(Signal::cell_temp_max), 11'000);
  EXPECT_EQ(coarse.vendor.at("cell_temp_max_k"), 284);
  const RecordingSink fine = talk.hear("370#76006C00CF0CCA0C");
  EXPECT_EQ(fine.value(Signal::cell_temp_max), 11'800);
  EXPECT_EQ(fine.value(Signal::cell_temp_min), 10'800);
  EXPECT_EQ(talk.hear("373#CA0CCF0C1B011C01").value(Signal::cell_temp_max), std::nullopt);
  EXPECT_EQ(talk.hear("370#F6FFECFFCF0CCA0C").value(Signal::cell_temp_min), -2'000);
  Talk named;
  (void)named.hear("370#4241545445525920");  // A name: only the next sink is looked at.
  EXPECT_EQ(named.hear("373#CA0CCF0C1B011C01").value(Signal::cell_temp_max), 11'000);
  const RecordingSink none = Talk().hear("373#CA0CCF0C00000000");
  EXPECT_EQ(none.missing_points.size(), 2U);
}

TEST(PylontechCodec, AFullMailboxIsAnError) {
  CanMailbox mailbox;
  for (std::uint32_t id = 0; id < kCanMailboxSize; ++id) {
    ASSERT_NE(mailbox.put({.id = id, .extended = true}, Instant{}), nullptr);
  }
  RecordingSink sink;
  EXPECT_EQ(codec().decode(can("35C#C0"), Instant{}, mailbox, sink).error().code,
            Errc::resource_exhausted);
  EXPECT_TRUE(sink.empty());
}

}  // namespace
}  // namespace ems::protocol::can_lv
