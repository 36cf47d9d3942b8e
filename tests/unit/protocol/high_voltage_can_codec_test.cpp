// SPDX-License-Identifier: Apache-2.0
// The CAN batteries that are tables of this library (can_map): what their vectors do not show.
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

using test::can;
using test::CanTalk;
using test::RecordingSink;
using Points = std::vector<std::pair<Signal, std::uint16_t>>;

const can_map::MapCodec* const kAll[] = {
    &afore::codec(),           &byd_hv::codec(),      &growatt_hv::codec(), &growatt_lv::codec(),
    &pylontech_hv::codec(),    &schneider::codec(),   &sma_byd_hv::codec(), &solax_hv::codec(),
    &solax_hv::foxess_codec(), &sungrow_sbr::codec(),
};

TEST(HighVoltageCan, EachIsFoundByItsNameAndHeardAtHalfAMegabit) {
  for (const can_map::MapCodec* codec : kAll) {
    EXPECT_EQ(find_codec(codec->name()).value(), codec) << codec->name();
    EXPECT_EQ(codec->bit_rate(), 500'000U) << codec->name();
    EXPECT_EQ(codec->info().variants.size() > 1 ? codec->info().variants.size() : 1U,
              codec->protocol().maps.size())
        << codec->name();
  }
}

TEST(HighVoltageCan, OnlyQuestionsAreSent) {
  const struct {
    const CanCodec& codec;
    std::vector<const char*> frames;
  } cases[] = {
      {afore::codec(), {}},
      {byd_hv::codec(), {"151#0100000000000000"}},
      {growatt_hv::codec(), {}},
      {growatt_lv::codec(), {}},
      {pylontech_hv::codec(), {"00004200#0000000000000000", "00004200#0200000000000000"}},
      {schneider::codec(), {}},
      {sma_byd_hv::codec(), {}},
      {solax_hv::codec(), {"00001871#0100000000000000"}},
      {solax_hv::foxess_codec(), {"00001871#0100000000000000"}},
      {sungrow_sbr::codec(), {}},
  };
  for (const auto& c : cases) {
    ASSERT_EQ(c.codec.send_plan().size(), c.frames.size()) << c.codec.name();
    for (std::size_t i = 0; i < c.frames.size(); ++i) {
      const CanSend& item = c.codec.send_plan()[i];
      EXPECT_EQ(c.codec.frame_of(item), can(c.frames[i])) << c.codec.name();
      EXPECT_TRUE(CanTalk(c.codec).ignores(c.frames[i])) << "our own: " << c.frames[i];
    }
  }
}

TEST(HighVoltageCan, AFrameWithoutItsFirstFieldIsAnErrorAndLeavesNoTrace) {
  for (const can_map::MapCodec* codec : kAll) {
    for (const can_map::Row& row : codec->map().rows) {
      CanMailbox mailbox;
      RecordingSink sink;
      const CanFrame empty{.id = row.id, .extended = codec->map().extended};
      const auto result = codec->decode(empty, Instant{}, mailbox, sink);
      ASSERT_FALSE(result) << codec->name() << std::hex << row.id;
      EXPECT_EQ(result.error(), (Error{Errc::length, 0})) << codec->name() << std::hex << row.id;
      EXPECT_TRUE(sink.empty() && mailbox.size() == 0);
    }
  }
}

TEST(HighVoltageCan, FramesOfOthersAreIgnored) {
  for (const char* text : {"110#R8", "00000110#0920064001000100", "091#00", "000007FF#00", "7FF#00",
                           "1FFFFFFF#00", "305#0000000000000000"}) {
    EXPECT_TRUE(CanTalk(byd_hv::codec()).ignores(text)) << text;
  }
  EXPECT_TRUE(CanTalk(solax_hv::codec()).ignores("00001871#0200010001000000"));
  EXPECT_TRUE(CanTalk(solax_hv::codec()).ignores("0100A001#"));
  EXPECT_TRUE(CanTalk(growatt_hv::codec()).ignores("00003010#0EEF140000000000"));
  EXPECT_TRUE(CanTalk(schneider::codec()).ignores("323#0000906C0000034D"));
}

TEST(HighVoltageCan, ShortFramesGiveTheFieldsTheyHave) {
  const RecordingSink byd = CanTalk(byd_hv::codec()).hear("110#092006");
  EXPECT_EQ(byd.value(Signal::charge_voltage_limit), 233'600);
  EXPECT_EQ(byd.readings.size(), 1U);
  EXPECT_EQ(CanTalk(solax_hv::codec()).hear("00001873#840F0000").readings.size(), 2U);
  EXPECT_EQ(CanTalk(sma_byd_hv::codec()).hear("518#014A0125").readings.size(), 2U);
}

TEST(HighVoltageCan, BytesThatNobodyFilledAreNoMeasurement) {
  EXPECT_EQ(CanTalk(byd_hv::codec()).hear("110#FFFFFFFFFFFFFFFF").missing_points.size(), 4U);
  EXPECT_EQ(
      CanTalk(byd_hv::codec()).hear("1D0#FFFF80008000").missing_points,
      (Points{{Signal::pack_voltage, 0}, {Signal::pack_current, 0}, {Signal::temperature, 0}}));
  EXPECT_EQ(CanTalk(sma_byd_hv::codec()).hear("518#800080001010FFFF").missing_points,
            (Points{{Signal::cell_temp_max, 0},
                    {Signal::cell_temp_min, 0},
                    {Signal::cell_voltage_min, 0},
                    {Signal::cell_voltage_max, 0}}));
  EXPECT_EQ(CanTalk(solax_hv::codec()).hear("00001875#0080000000").missing_points,
            (Points{{Signal::temperature, 0}, {Signal::module_count, 0}}));
  EXPECT_EQ(CanTalk(afore::codec()).hear("350#FFFFFFFFFFFF").missing_points.size(), 3U);
}

TEST(HighVoltageCan, WhatCannotBeIsMissing) {
  EXPECT_EQ(CanTalk(byd_hv::codec()).hear("150#271127112710").missing_points,
            (Points{{Signal::soc, 0}, {Signal::soh, 0}}));
  EXPECT_EQ(CanTalk(schneider::codec()).hear("00000323#FFFFFFFF80000000").missing_points,
            (Points{{Signal::pack_voltage, 0}, {Signal::pack_current, 0}}));
  EXPECT_EQ(CanTalk(sungrow_sbr::codec()).hear("706#0000000071170000").missing_points,
            (Points{{Signal::cell_voltage_max, 0}, {Signal::cell_voltage_min, 0}}));
}

// The wire says + 10.0 A.
TEST(HighVoltageCan, WhatAPositiveCurrentMeansIsAnOption) {
  const struct {
    const CanCodec& codec;
    const char* frame;
  } cases[] = {{byd_hv::codec(), "1D0#08490064"},
               {sma_byd_hv::codec(), "4D8#08490064"},
               {growatt_hv::codec(), "00003130#08490064"},
               {growatt_lv::codec(), "313#08490064"},
               {schneider::codec(), "00000323#00009088000003E8"}};
  for (const auto& c : cases) {
    const auto current = [&](std::string_view variant) {
      return CanTalk(c.codec, {.variant = variant}).hear(c.frame).value(Signal::pack_current);
    };
    EXPECT_EQ(current(""), -10'000) << c.codec.name();
    EXPECT_EQ(current("charge_positive"), -10'000) << c.codec.name();
    EXPECT_EQ(current("discharge_positive"), 10'000) << c.codec.name();
  }
  EXPECT_EQ(CanTalk(solax_hv::codec()).hear("00001873#49086400").value(Signal::pack_current),
            -10'000);
  EXPECT_EQ(CanTalk(sungrow_sbr::codec()).hear("704#49086400").value(Signal::pack_current),
            -10'000);
  EXPECT_EQ(CanTalk(afore::codec()).hear("350#4908EC13").value(Signal::pack_current), -10'000);
}

TEST(HighVoltageCan, ACurrentThatContradictsTheBatterysDirectionIsMissing) {
  const Points missing = {{Signal::pack_current, 0}};
  const struct {
    const CanCodec& codec;
    const char* charging;
    const char* discharging;
    const char* idle;
    const char* plus_10_a;  // Charges, as the wire says by default.
    const char* minus_10_a;
    const char* plus_1_a;
  } cases[] = {
      {growatt_hv::codec(), "00003110#08E0000000000002", "00003110#08E0000000000003",
       "00003110#08E0000000000001", "00003130#08490064", "00003130#0849FF9C", "00003130#0849000A"},
      {growatt_lv::codec(), "311#0238000000000002", "311#0238000000000003", "311#0238000000000001",
       "313#08490064", "313#0849FF9C", "313#0849000A"},
      {pylontech_hv::codec(), "00004250#01", "00004250#02", "00004250#03", "00004210#49089475",
       "00004210#4908CC74", "00004210#49083A75"},
  };
  for (const auto& c : cases) {
    CanTalk talk(c.codec);
    EXPECT_EQ(talk.hear(c.plus_10_a).value(Signal::pack_current), -10'000) << c.codec.name();
    talk.hear(c.charging);
    EXPECT_EQ(talk.hear(c.plus_10_a).value(Signal::pack_current), -10'000) << c.codec.name();
    EXPECT_EQ(talk.hear(c.minus_10_a).missing_points, missing) << c.codec.name();
    talk.hear(c.discharging);
    EXPECT_EQ(talk.hear(c.plus_10_a).missing_points, missing) << c.codec.name();
    EXPECT_EQ(talk.hear(c.minus_10_a).value(Signal::pack_current), 10'000) << c.codec.name();
    EXPECT_EQ(talk.hear(c.plus_1_a).value(Signal::pack_current), -1'000) << c.codec.name();
    // A direction that is no longer said contradicts nothing.
    const Instant later{c.codec.quiet_after()};
    EXPECT_EQ(talk.hear(c.plus_10_a, later).value(Signal::pack_current), -10'000);
    talk.hear(c.idle, later);
    EXPECT_EQ(talk.hear(c.plus_10_a, later).value(Signal::pack_current), -10'000);
  }
}

}  // namespace
}  // namespace ems::protocol
