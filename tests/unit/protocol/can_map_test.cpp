// SPDX-License-Identifier: Apache-2.0
// The engine behind the CAN batteries that are one table each, on a table of this test; its own
// battery against every protocol compiled in.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "ems/protocol/can_map/battery.hpp"
#include "support/can_talk.hpp"
#include "support/recording_sink.hpp"
#include "support/seed.hpp"

namespace ems::protocol::can_map {
namespace {

using test::bits_of;
using test::can;
using test::CanTalk;
using test::RecordingSink;

// Bit by bit, as DBC files are explained: upwards, or downwards and on in the next byte.
std::vector<unsigned> slow_places(Bits where) {
  std::vector<unsigned> lowest_first;
  unsigned at = where.start;
  for (unsigned i = 0; i < where.size; ++i) {
    if (where.big_endian) {
      lowest_first.insert(lowest_first.begin(), at);
      at = at % 8 == 0 ? at + 15 : at - 1;
    } else {
      lowest_first.push_back(at++);
    }
  }
  return lowest_first;
}

std::optional<std::int64_t> slow_read(Bytes payload, Bits where) {
  std::uint64_t raw = 0;
  const std::vector<unsigned> places = slow_places(where);
  for (unsigned i = 0; i < where.size; ++i) {
    if (places[i] / 8 >= payload.size()) return std::nullopt;
    const unsigned byte = std::to_integer<unsigned>(payload[places[i] / 8]);
    raw |= std::uint64_t{byte >> (places[i] % 8) & 1U} << i;
  }
  if (where.is_signed && where.size < 64 && (raw >> (where.size - 1) & 1U) != 0) {
    raw -= std::uint64_t{1} << where.size;
  }
  return static_cast<std::int64_t>(raw);
}

TEST(CanMapBits, ReadAndWriteAgreeWithASlowReferenceInBothOrders) {
  const test::Seed seed(20261122);
  auto random = seed.engine();
  const int cases = test::Seed::cases(20'000);
  for (int i = 0; i < cases; ++i) {
    Bits where{.start = static_cast<std::uint8_t>(random() % 64),
               .size = static_cast<std::uint8_t>(1 + random() % 64),
               .big_endian = random() % 2 != 0,
               .is_signed = random() % 2 != 0};
    std::array<std::byte, 8> data{};
    for (std::byte& byte : data) byte = static_cast<std::byte>(random());
    const Bytes payload = Bytes(data).first(random() % 9);
    ASSERT_EQ(read(payload, where), slow_read(payload, where))
        << unsigned{where.start} << '|' << unsigned{where.size} << '@' << where.big_endian;
    if (!slow_read(data, where)) continue;
    const std::array<std::byte, 8> before = data;
    const auto value = static_cast<std::int64_t>(random());
    write(data, where, value);
    const std::vector<unsigned> places = slow_places(where);
    for (unsigned bit = 0; bit < 64; ++bit) {
      const auto place = std::find(places.begin(), places.end(), bit);
      const auto was = std::to_integer<unsigned>(before[bit / 8]) >> (bit % 8) & 1U;
      const auto is = std::to_integer<unsigned>(data[bit / 8]) >> (bit % 8) & 1U;
      const unsigned wanted =
          place == places.end()
              ? was
              : static_cast<std::uint64_t>(value) >> (place - places.begin()) & 1U;
      ASSERT_EQ(is, wanted) << bit;
    }
  }
}

TEST(CanMapBits, NumbersFollowOneAnotherWithoutGaps) {
  EXPECT_EQ(following(u16le(2), 1).start, u16le(4).start);
  EXPECT_EQ(following(u16be(1), 2).start, u16be(5).start);
  const Bits thirteen{.start = 11, .size = 13, .big_endian = true};
  EXPECT_EQ(following(thirteen, 1).start, 30);
  EXPECT_EQ(following(thirteen, 2).start, 33);
  EXPECT_EQ(following(thirteen, 3).start, 52);
}

constexpr std::uint32_t kPack = 0x100;
constexpr std::uint32_t kAlarm = 0x110;
constexpr std::uint32_t kEvents = 0x120;
constexpr std::uint32_t kMux = 0x130;
constexpr std::uint32_t kCells = 0x140;
constexpr std::uint32_t kName = 0x150;
constexpr std::uint32_t kNameRest = 0x160;
constexpr std::uint32_t kMarked = 0x180;
constexpr std::uint32_t kFlagged = 0x1234'0170;

constexpr Row kRows[] = {
    value(kPack, u16le(0), Signal::pack_voltage, {.scale = 100}, kAllOnes),
    value(kPack, s16be(2), Signal::pack_current, {.scale = -100}),
    percent(kPack, u8(4), Signal::soc, 100),
    magnitude(kPack, s8(5), Signal::charge_current_limit, {.scale = 1'000}),
    amount(kPack, s8(6), Signal::remaining_capacity),
    flag(kPack, bit(7, 0), Signal::balancing),
    equals(kPack, bits(7, 1, 2), 2, Signal::charge_enable),
    differs(kPack, bits(7, 3, 2), 2, Signal::discharge_enable),
    vendor(kPack, bits(7, 5, 3), "state"),
    when(1, cell(kMux, u16le(1), Signal::cell_voltage_max)),
    when(2, cell(kMux, u16le(1), Signal::cell_voltage_min)),
    sensor(kMux, s8(3), Signal::temperature, {.scale = 1'000}),
    unless(bit(1, 7), value(kMarked, u8(0), Signal::cycle_count)),
};
constexpr Series kSeries[] = {
    {.id = kCells, .number = u8(0), .first = 1, .last = 3, .where = u16be(1), .per_frame = 3},
    {.id = kFlagged,
     .where = s8(1),
     .per_frame = 3,
     .use = Use::sensor,
     .linear = {.scale = 1'000},
     .absent = 0,
     .element = 5,
     .flags = bit(0, 4)},
};
constexpr TextPart kParts[] = {{.id = kName, .at = 2}, {.id = kNameRest}};
constexpr Text kTexts[] = {{TextField::manufacturer, kParts}};
constexpr AlarmRow kAlarms[] = {
    alarm(kAlarm, bit(0, 0), Alarm::cell_overvoltage),
    alarm(kAlarm, bit(0, 1), "gyro"),
    warning(kAlarm, bit(1, 0), Alarm::cell_overvoltage),
    pair(alarm(kEvents, bits(0, 0, 2), Alarm::pack_overvoltage)),
    pair(alarm(kEvents, bits(0, 2, 2), Alarm::pack_undervoltage)),
};
constexpr Selector kSelectors[] = {{kMux, u8(0)}};
constexpr std::uint32_t kOthers[] = {0x7F0};
constexpr Map kMaps[] = {{.address_mask = 0xF,
                          .send_address_mask = 0xF0,
                          .rows = kRows,
                          .series = kSeries,
                          .texts = kTexts,
                          .alarms = kAlarms,
                          .selectors = kSelectors,
                          .others = kOthers}};
constexpr std::uint8_t kAddresses[] = {3, 5};
constexpr std::uint32_t kBitRates[] = {500'000};
constexpr Protocol kProtocol{
    .info = {.name = "test", .bit_rates = kBitRates, .addresses = kAddresses},
    .quiet_after = seconds(5),
    .maps = kMaps};
constexpr MapCodec kCodec(kProtocol);

TEST(CanMap, RowsGiveWhatTheirUseSays) {
  CanTalk talk(kCodec);
  const RecordingSink sink = talk.hear("103#0102FFFE63F0FFFF");
  EXPECT_EQ(sink.value(Signal::pack_voltage), 51'300);
  EXPECT_EQ(sink.value(Signal::pack_current), 200);
  EXPECT_EQ(sink.value(Signal::soc), 9'900);
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 16'000);
  EXPECT_EQ(sink.value(Signal::remaining_capacity), std::nullopt);
  EXPECT_EQ(sink.missing_points.size(), 1U);
  EXPECT_EQ(sink.value(Signal::balancing), 1);
  EXPECT_EQ(sink.value(Signal::charge_enable), 0);
  EXPECT_EQ(sink.value(Signal::discharge_enable), 1);
  EXPECT_EQ(sink.vendor.at("state"), 7);
  const RecordingSink absent = talk.hear("103#FFFF000065");
  EXPECT_EQ(absent.missing_points, (std::vector<std::pair<Signal, std::uint16_t>>{
                                       {Signal::pack_voltage, 0}, {Signal::soc, 0}}));
}

TEST(CanMap, ShortFramesGiveTheFieldsTheyHave) {
  CanTalk talk(kCodec);
  const RecordingSink sink = talk.hear("103#0102FF");
  EXPECT_EQ(sink.readings.size(), 1U);
  EXPECT_TRUE(sink.missing_points.empty());
  const auto short_frame = talk.take("103#01");
  ASSERT_FALSE(short_frame);
  EXPECT_EQ(short_frame.error().code, Errc::length);
  EXPECT_EQ(short_frame.error().offset, 1U);
  const auto no_number = talk.take("133#");
  ASSERT_FALSE(no_number);
  EXPECT_EQ(no_number.error().code, Errc::length);
  EXPECT_FALSE(talk.take("113#"));
  EXPECT_FALSE(talk.take("153#0000"));
  EXPECT_FALSE(talk.take("143#0200"));
  EXPECT_EQ(talk.kept(), 1U);
  EXPECT_FALSE(talk.take("7F3#"));
  EXPECT_TRUE(talk.hear("7F3#00").empty());
}

TEST(CanMap, FramesOfOthersAreIgnored) {
  CanTalk talk(kCodec);
  EXPECT_TRUE(talk.ignores("00000103#0102"));  // 29 bits.
  EXPECT_TRUE(talk.ignores("203#0102"));
  EXPECT_TRUE(talk.ignores("103#R"));
  EXPECT_EQ(talk.kept(), 0U);
}

TEST(CanMap, OneAddressIsHeard) {
  CanTalk first(kCodec);
  (void)first.hear("105#0102");
  EXPECT_TRUE(first.ignores("103#0102"));
  (void)first.hear("145#010CE4");
  CanTalk chosen(kCodec, {.address = 3});
  EXPECT_TRUE(chosen.ignores("105#0102"));
  (void)chosen.hear("103#0102");
  CodecRoom room;
  const auto beyond = kCodec.with({.address = 16}, room);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, Errc::out_of_range);
  const CanSend send{"", {.id = 0x700}, seconds(1)};
  EXPECT_EQ(chosen.codec().frame_of(send).id, 0x730U);
  EXPECT_EQ(kCodec.frame_of(send).id, 0x700U);
}

TEST(CanMap, PartsOfAMultiplexedMessageHaveTheirOwnRows) {
  CanTalk talk(kCodec);
  const RecordingSink one = talk.hear("133#01E40C19");
  EXPECT_EQ(one.value(Signal::cell_voltage_max), 3'300);
  EXPECT_EQ(one.value(Signal::cell_voltage_min), std::nullopt);
  EXPECT_EQ(one.value(Signal::temperature), 25'000);
  const RecordingSink two = talk.hear("133#02E40C19");
  EXPECT_EQ(two.value(Signal::cell_voltage_min), 3'300);
  EXPECT_EQ(talk.hear("133#09E40C19").readings.size(), 1U);
}

TEST(CanMap, SeriesCountCellsAndFlagsMakeThemMissing) {
  CanTalk talk(kCodec);
  const RecordingSink second = talk.hear("143#020CE40CE50000");
  EXPECT_EQ(second.value(Signal::cell_voltage, 4), 3'300);
  EXPECT_EQ(second.value(Signal::cell_voltage, 5), 3'301);
  EXPECT_EQ(second.readings.size(), 2U);
  EXPECT_TRUE(second.missing_points.empty());  // Nobody said that there is a sixth.
  EXPECT_TRUE(talk.hear("143#000CE40CE50000").empty());
  EXPECT_TRUE(talk.hear("143#040CE40CE50000").empty());
  CanTalk counted(kCodec, {.cell_count = 5});
  EXPECT_EQ(counted.hear("143#020CE400000CE5").missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::cell_voltage, 5}}));
  const RecordingSink flagged = talk.hear("12340173#2019FF1B");
  EXPECT_EQ(flagged.value(Signal::temperature, 5), 25'000);
  EXPECT_EQ(flagged.value(Signal::temperature, 7), 27'000);
  EXPECT_EQ(flagged.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::temperature, 6}}));
}

TEST(CanMap, AFlagMakesANumberMissingAndSoDoesItsAbsence) {
  CanTalk talk(kCodec);
  EXPECT_EQ(talk.hear("183#0700").value(Signal::cycle_count), 7);
  for (const std::string_view text : {"183#0780", "183#07"}) {
    EXPECT_EQ(talk.hear(text).missing_points,
              (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::cycle_count, 0}}));
  }
}

TEST(CanMap, TextsAreGivenWhenTheyAreWhole) {
  CanTalk talk(kCodec);
  EXPECT_TRUE(talk.hear("153#0000414243444546").texts.empty());
  EXPECT_EQ(talk.hear("163#4748200000000000").texts.at(TextField::manufacturer), "ABCDEFGH");
  EXPECT_EQ(talk.hear("153#0000410042").texts.at(TextField::manufacturer), "A");
}

TEST(CanMap, AllIsWellOnlyWhenAllAlarmFramesSaySoNow) {
  CanTalk talk(kCodec);
  EXPECT_EQ(talk.hear("113#0000").value(Signal::alarms), std::nullopt);
  const RecordingSink well = talk.hear("123#0A");
  EXPECT_EQ(well.value(Signal::alarms), 0);
  EXPECT_EQ(well.value(Signal::vendor_alarms), 0);
  const RecordingSink bad = talk.hear("113#0301", Instant{seconds(1)});
  EXPECT_EQ(bad.value(Signal::alarms), bits_of({Alarm::cell_overvoltage}));
  EXPECT_EQ(bad.value(Signal::vendor_alarms), 1);
  EXPECT_EQ(talk.codec().vendor_alarm_name(0), "gyro");
  EXPECT_EQ(bad.value(Signal::warnings), bits_of({Alarm::cell_overvoltage}));
  // The frame of it stopped coming: it stays. Other frames cannot say that all is well.
  EXPECT_EQ(talk.hear("123#0A", Instant{seconds(9)}).value(Signal::alarms),
            bits_of({Alarm::cell_overvoltage}));
  CanTalk stale(kCodec);
  (void)stale.hear("113#0000");
  EXPECT_EQ(stale.hear("123#0A", Instant{seconds(5)}).value(Signal::alarms), std::nullopt);
  CanTalk cut(kCodec);
  (void)cut.hear("123#0A");
  const RecordingSink half = cut.hear("113#00");
  EXPECT_EQ(half.value(Signal::alarms), 0);
  EXPECT_EQ(half.value(Signal::warnings), std::nullopt);
}

TEST(CanMap, PairsBeginAndEnd) {
  CanTalk talk(kCodec);
  (void)talk.hear("113#0000");
  EXPECT_EQ(talk.hear("123#00").value(Signal::alarms), std::nullopt);  // Nothing was ever said.
  EXPECT_EQ(talk.hear("123#01").value(Signal::alarms), bits_of({Alarm::pack_overvoltage}));
  EXPECT_EQ(talk.hear("123#04").value(Signal::alarms),
            bits_of({Alarm::pack_overvoltage, Alarm::pack_undervoltage}));
  EXPECT_EQ(talk.hear("123#0C").value(Signal::alarms),
            bits_of({Alarm::pack_overvoltage, Alarm::pack_undervoltage}));
  EXPECT_EQ(talk.hear("123#0A").value(Signal::alarms), 0);
}

TEST(CanMap, AFullMailboxRefusesAndSaysNothing) {
  CanMailbox mailbox;
  for (std::uint32_t id = 0; id < kCanMailboxSize; ++id) {
    ASSERT_NE(mailbox.put({.id = 0x200 + id * 16 + 3, .extended = true, .size = 1}, Instant{}),
              nullptr);
  }
  RecordingSink sink;
  const auto taken = kCodec.decode(can("103#0102"), Instant{}, mailbox, sink);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::resource_exhausted);
  EXPECT_TRUE(sink.empty());
}

RecordingSink heard(const Battery& battery, const MapCodec& codec) {
  CanMailbox mailbox;
  RecordingSink sink;
  for (const CanFrame& frame : battery.frames()) {
    const auto taken = codec.decode(frame, Instant{}, mailbox, sink);
    EXPECT_TRUE(taken && *taken == CanTaken::decoded) << frame.id;
  }
  return sink;
}

TEST(CanMapBattery, SpeaksWhatWasSetTowardsZero) {
  Battery battery(kCodec);
  ASSERT_TRUE(battery.set(Signal::pack_voltage, 51'299));
  ASSERT_TRUE(battery.set(Signal::pack_current, -199));
  ASSERT_TRUE(battery.set(Signal::charge_enable, 1));
  ASSERT_TRUE(battery.set(Signal::discharge_enable, 0));
  ASSERT_TRUE(battery.set(Signal::cell_voltage, 3'300, 9));
  ASSERT_TRUE(battery.set(Signal::temperature, -7'900, 6));
  ASSERT_TRUE(battery.set(Signal::cell_voltage_max, 3'400));
  ASSERT_TRUE(battery.set(Signal::temperature, 21'000));  // In each part of the message.
  ASSERT_TRUE(battery.set(Signal::cell_voltage_min, 3'200));
  for (const CanFrame& frame : battery.frames()) {
    if (frame.id == (kMux | 3)) {
      EXPECT_EQ(frame.data[3], std::byte{21});
    }
  }
  ASSERT_TRUE(battery.set(Signal::temperature, 22'000));
  ASSERT_TRUE(battery.set_vendor("state", 5));
  ASSERT_TRUE(battery.set_text(TextField::manufacturer, "SIX+2345"));
  ASSERT_TRUE(battery.clear_alarms());
  ASSERT_TRUE(battery.set_alarm("gyro", false, true));
  const RecordingSink sink = heard(battery, kCodec);
  EXPECT_EQ(sink.value(Signal::pack_voltage), 51'200);
  EXPECT_EQ(sink.value(Signal::pack_current), -100);
  EXPECT_EQ(sink.value(Signal::charge_enable), 1);
  EXPECT_EQ(sink.value(Signal::discharge_enable), 0);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 9), 3'300);
  EXPECT_EQ(sink.value(Signal::temperature, 6), -7'000);
  EXPECT_EQ(sink.value(Signal::temperature), 22'000);
  EXPECT_EQ(sink.value(Signal::cell_voltage_max), 3'400);
  EXPECT_EQ(sink.value(Signal::cell_voltage_min), 3'200);
  EXPECT_EQ(sink.vendor.at("state"), 5);
  EXPECT_EQ(sink.texts.at(TextField::manufacturer), "SIX+2345");
  EXPECT_EQ(sink.value(Signal::alarms), 0);
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 1);
  EXPECT_EQ(battery.frames()[0].id & 0xFU, 3U);
}

TEST(CanMapBattery, RefusesWhatTheWireCannotHold) {
  Battery battery(kCodec);
  EXPECT_FALSE(battery.set(Signal::pack_voltage, 6'553'500));  // FFFF: not there.
  EXPECT_FALSE(battery.set(Signal::pack_voltage, 6'553'600));
  EXPECT_FALSE(battery.set(Signal::pack_voltage, -100));
  EXPECT_FALSE(battery.set(Signal::pack_current, std::numeric_limits<std::int64_t>::min()));
  EXPECT_FALSE(battery.set(Signal::soc, 10'100));
  EXPECT_FALSE(battery.set(Signal::cell_voltage_max, 0));
  EXPECT_FALSE(battery.set(Signal::cell_voltage, 3'300, 10));
  EXPECT_FALSE(battery.set(Signal::temperature, 1'000, 4));
  EXPECT_FALSE(battery.set(Signal::frequency, 50));
  EXPECT_FALSE(battery.set_vendor("status", 0));
  EXPECT_FALSE(battery.set_alarm(Alarm::short_circuit, false, true));
  EXPECT_FALSE(battery.set_text(TextField::manufacturer, "fifteen letters"));
  EXPECT_TRUE(battery.frames().empty());
}

/// Each variant of each protocol that is a table.
template <class Check>
int for_each_map(Check check) {
  int maps = 0;
  for (const Codec* codec : codecs()) {
    const auto* plain = dynamic_cast<const MapCodec*>(codec);
    if (plain == nullptr) continue;
    std::vector<std::string_view> variants(plain->info().variants.begin(),
                                           plain->info().variants.end());
    if (variants.empty()) variants.emplace_back();
    for (const std::string_view variant : variants) {
      CodecRoom room;
      const auto* made =
          dynamic_cast<const MapCodec*>(plain->with({.variant = variant}, room).value());
      SCOPED_TRACE(std::string(plain->name()) + " " + std::string(variant));
      check(*made);
      ++maps;
    }
  }
  return maps;
}

TEST(CanMapBattery, EveryRowOfEveryProtocolIsReadBackWithinAStep) {
  const test::Seed seed(20261123);
  auto random = seed.engine();
  const int maps = for_each_map([&random](const MapCodec& codec) {
    for (const Row& row : codec.map().rows) {
      int read_back = 0;
      for (int i = 0; i < 200; ++i) {
        const bool is_flag =
            row.use == Use::flag || row.use == Use::equals || row.use == Use::differs;
        std::array<std::byte, 8> bytes{};
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
        const std::int64_t raw =
            read(bytes, {.size = row.where.size, .is_signed = row.where.is_signed}).value() >>
            random() % row.where.size;
        const std::int64_t value =
            is_flag ? raw & 1 : raw * row.linear.scale / row.linear.divide + row.linear.offset;
        Battery battery(codec);
        const bool vendor = row.use == Use::vendor;
        if (!(vendor ? battery.set_vendor(row.name, value)
                     : battery.set(row.signal, value, row.element))) {
          continue;
        }
        ++read_back;
        const RecordingSink sink = heard(battery, codec);
        const std::int64_t told = vendor ? sink.vendor.at(std::string(row.name))
                                         : sink.value(row.signal, row.element).value();
        ASSERT_LE(std::abs(told - value), std::abs(row.linear.scale)) << row.id << ' ' << value;
        ASSERT_LE(std::abs(told), std::abs(value)) << row.id;
      }
      EXPECT_GT(read_back, 0) << std::hex << row.id << " bit " << std::dec
                              << unsigned{row.where.start} << " signal "
                              << static_cast<int>(row.signal) << ' ' << row.name;
    }
  });
  EXPECT_GE(maps, 9);
}

TEST(CanMapBattery, EveryAlarmSeriesAndTextOfEveryProtocolIsReadBack) {
  for_each_map([](const MapCodec& codec) {
    for (const AlarmRow& row : codec.map().alarms) {
      Battery battery(codec);
      ASSERT_TRUE(battery.clear_alarms());
      const Signal signal = row.warns ? Signal::warnings : Signal::alarms;
      ASSERT_EQ(heard(battery, codec).value(signal), 0);
      const auto set = [&battery, &row](bool on) {
        return row.alarm ? battery.set_alarm(*row.alarm, row.warns, on)
                         : battery.set_alarm(row.name, row.warns, on);
      };
      ASSERT_TRUE(set(true));
      const RecordingSink sink = heard(battery, codec);
      if (row.alarm) {
        EXPECT_EQ(sink.value(signal), bits_of({*row.alarm}));
        Battery by_name(codec);
        ASSERT_TRUE(by_name.clear_alarms());
        if (!row.name.empty() && !row.warns) {
          ASSERT_TRUE(by_name.set_alarm(row.name, row.warns, true));
          EXPECT_NE(heard(by_name, codec).value(Signal::vendor_alarms).value_or(0), 0) << row.name;
        }
      } else if (row.warns) {
        EXPECT_NE(sink.vendor.at("vendor_warnings"), 0) << row.name;
      } else {
        EXPECT_NE(sink.value(Signal::vendor_alarms).value_or(0), 0) << row.name;
      }
      ASSERT_TRUE(set(false));
      EXPECT_EQ(heard(battery, codec).value(signal), 0);
    }
    for (const Series& series : codec.map().series) {
      const bool cells = series.use == Use::cell;
      const Signal signal = cells ? Signal::cell_voltage : Signal::temperature;
      const unsigned frames = 1U + series.last - series.first;
      Battery battery(codec);
      for (unsigned i = 0; i < frames * series.per_frame; ++i) {
        const auto element = static_cast<std::uint16_t>(series.element + i);
        const std::int64_t value = cells ? 3'000 + i % 400 : 1'000 * (1 + i % 40);
        ASSERT_TRUE(battery.set(signal, value, element)) << element;
      }
      const RecordingSink sink = heard(battery, codec);
      for (unsigned i = 0; i < frames * series.per_frame; ++i) {
        const std::int64_t value = cells ? 3'000 + i % 400 : 1'000 * (1 + i % 40);
        ASSERT_EQ(sink.value(signal, static_cast<std::uint16_t>(series.element + i)), value);
      }
    }
    for (const Text& text : codec.map().texts) {
      Battery battery(codec);
      ASSERT_TRUE(battery.set_text(text.field, "AB 12"));
      EXPECT_EQ(heard(battery, codec).texts.at(text.field), "AB 12");
    }
  });
}

}  // namespace
}  // namespace ems::protocol::can_map
