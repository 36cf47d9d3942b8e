// SPDX-License-Identifier: Apache-2.0
// For every battery that is a table: what the board holds is what is read, and no damaged reply is.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>

#include "ems/protocol/daly_modbus/codec.hpp"
#include "ems/protocol/daly_p81/codec.hpp"
#include "ems/protocol/eg4_ll/codec.hpp"
#include "ems/protocol/jk_pb_modbus/codec.hpp"
#include "ems/protocol/pace_modbus/codec.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/protocol/pylontech_rt/codec.hpp"
#include "ems/protocol/register_map/device.hpp"
#include "ems/protocol/renogy/codec.hpp"
#include "ems/protocol/seplos_v3/codec.hpp"
#include "support/recording_sink.hpp"
#include "support/seed.hpp"

namespace ems::protocol::register_map {
namespace {

using test::RecordingSink;

constexpr std::uint32_t kSeed = 20261122;

std::vector<MapCodec> every_codec() {
  std::vector<MapCodec> all;
  for (const MapCodec* codec :
       {&daly_modbus::codec(), &daly_p81::codec(), &eg4_ll::codec(), &pace_modbus::codec(),
        &pylontech_rt::codec(), &renogy::codec(), &seplos_v3::codec()}) {
    if (codec->info().variants.empty()) all.push_back(*codec);
    for (const std::string_view variant : codec->info().variants) {
      all.push_back(codec->configured({.variant = variant}).value());
    }
  }
  all.push_back(jk_pb_modbus::registers().configured({.variant = "registers"}).value());
  return all;
}

using Frame = std::vector<std::byte>;

Frame request_of(const PollCodec& codec, const PollItem& item) {
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = codec.encode_poll(item.number, out).value();
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

Frame answer(Device& device, const Frame& request) {
  std::array<std::byte, 256> out{};
  const std::size_t size = device.answer(request, out);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

std::int64_t between(std::mt19937& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

/// A value that the signal can have and that a healthy sensor gives; never a mark of absence.
std::int64_t some_value(std::mt19937& random, const Field& field) {
  switch (field.use) {
    case Use::cell:
      return between(random, 1, 5'999);
    case Use::sensor:
      return between(random, -35'000, 100'000);
    case Use::percent:
      return between(random, 1, 10'000);
    case Use::flag:
      return between(random, 0, 1);
    default:
      return between(random, field.signal == Signal::pack_current ? -30'000 : 1'000, 200'000);
  }
}

/// One step of the wire, in the catalogue's unit.
std::int64_t step(const Field& field) {
  const std::int64_t scale = std::abs(field.linear.scale);
  return (scale + field.linear.divide - 1) / field.linear.divide;
}

using Wanted = std::map<std::pair<Signal, std::uint16_t>, std::pair<std::int64_t, std::int64_t>>;

/// Fills the board; gives every value it set with the tolerance of its wire step.
Wanted fill(Device& device, const MapCodec& codec, std::mt19937& random) {
  Wanted wanted;
  const Map& map = codec.map();
  const auto put = [&](const Field& field, std::uint16_t element) {
    const auto key = std::pair{field.signal, element};
    if (const auto twice = wanted.find(key); twice != wanted.end()) {
      twice->second.second = std::max(twice->second.second, step(field));
      return;
    }
    if (field.use == Use::vendor || field.use == Use::text || field.signal == Signal::cell_count) {
      return;
    }
    const std::int64_t value = some_value(random, field);
    if (device.set(field.signal, value, element)) wanted[key] = {value, step(field)};
  };
  for (const auto fields : {map.registers, map.coils}) {
    for (const Field& field : fields) {
      const bool mine = field.variants == 0 || (field.variants >> codec.variant() & 1U) != 0;
      if (!mine) continue;
      if (field.elements == 0 || field.use == Use::text) put(field, 0);
      for (std::uint16_t i = 1; field.use != Use::text && i <= field.elements; ++i) put(field, i);
    }
  }
  EXPECT_EQ(device.set_count(Signal::cell_voltage, map.cells_max), map.cells.has_value());
  EXPECT_EQ(device.set_count(Signal::temperature, map.temperatures_max),
            map.temperatures.has_value());
  return wanted;
}

TEST(RegisterMapProperty, WhatTheBoardHoldsIsWhatIsRead) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  for (const MapCodec& codec : every_codec()) {
    SCOPED_TRACE(testing::Message() << codec.name() << " variant " << unsigned{codec.variant()});
    for (int round = 0; round < 20; ++round) {
      Device device(codec);
      const Wanted wanted = fill(device, codec, random);
      EXPECT_GE(wanted.size(), 8U);
      RecordingSink sink;
      std::size_t seen = 0;
      for (const PollItem& item : codec.poll_plan()) {
        const Frame request = request_of(codec, item);
        ASSERT_TRUE(codec.decode(request, answer(device, request), sink)) << item.name;
      }
      for (const auto& [key, value] : wanted) {
        const auto read = sink.value(key.first, key.second);
        if (!read) continue;  // Of another plan: the pack's registers while the system is read.
        const bool unlisted = codec.map().extra != nullptr && codec.variant() == 1;
        if (unlisted && find_signal(key.first)->unit == Unit::millicelsius) continue;  // EIB's.
        ++seen;
        EXPECT_LE(std::abs(*read - value.first), value.second)
            << find_signal(key.first)->name << " " << key.second;
      }
      EXPECT_GE(seen, 8U);
    }
  }
}

TEST(RegisterMapProperty, EveryAlarmComesThrough) {
  for (const MapCodec& codec : every_codec()) {
    SCOPED_TRACE(codec.name());
    std::uint64_t known = 0;
    for (const Alarms& group : codec.map().alarms) {
      for (const Bit& bit : group.bits) {
        if (bit.level != Level::warning) known |= alarm_bit(bit.alarm);
      }
    }
    for (std::uint64_t left = known; left != 0; left &= left - 1) {
      const auto alarm = static_cast<std::int64_t>(left & ~(left - 1));
      Device device(codec);
      ASSERT_TRUE(device.set(Signal::alarms, alarm));
      RecordingSink sink;
      for (const PollItem& item : codec.poll_plan()) {
        const Frame request = request_of(codec, item);
        ASSERT_TRUE(codec.decode(request, answer(device, request), sink)) << item.name;
      }
      EXPECT_EQ(sink.value(Signal::alarms), alarm);
    }
  }
}

TEST(RegisterMapProperty, NoDamagedReplyIsRead) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  for (const MapCodec& codec : every_codec()) {
    SCOPED_TRACE(codec.name());
    Device device(codec);
    fill(device, codec, random);
    for (const PollItem& item : codec.poll_plan()) {
      const Frame request = request_of(codec, item);
      const Frame good = answer(device, request);
      for (std::size_t at = 0; at < good.size(); ++at) {
        RecordingSink sink;
        Frame flipped = good;
        flipped[at] ^= static_cast<std::byte>(between(random, 1, 255));
        EXPECT_FALSE(codec.decode(request, flipped, sink)) << item.name << " byte " << at;
        const Result<void> cut = codec.decode(request, Bytes(good).first(at), sink);
        ASSERT_FALSE(cut);
        EXPECT_EQ(cut.error().code, Errc::truncated) << item.name << " " << at;
        EXPECT_TRUE(sink.empty());
      }
    }
  }
}

TEST(RegisterMapProperty, APollerReadsTheBoardThroughNoiseAndEcho) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  for (const MapCodec& codec : every_codec()) {
    SCOPED_TRACE(codec.name());
    Device device(codec);
    fill(device, codec, random);
    Poller poller(codec, {});
    Instant now{};
    poller.link_up(now);
    RecordingSink sink;
    std::array<std::byte, kRequestSize> out{};
    for (int i = 0; i < 40; ++i) {
      const PollerAction action = poller.next(now, out);
      now = action.wake_at;
      if (action.size == 0) continue;
      const Frame request(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(action.size));
      Frame line;
      for (std::int64_t n = between(random, 0, 20); n > 0; --n) {
        line.push_back(static_cast<std::byte>(between(random, 0, 255)));
      }
      line.insert(line.end(), request.begin(), request.end());  // RS485 adapters echo.
      const Frame reply = answer(device, request);
      line.insert(line.end(), reply.begin(), reply.end());
      poller.receive(line, now - milliseconds(1), sink);
    }
    EXPECT_EQ(poller.counters().timeouts, 0U);
    EXPECT_EQ(poller.counters().device_errors, 0U);
    EXPECT_GE(poller.counters().replies, 10U);
    EXPECT_EQ(poller.health(), LinkHealth::online);
  }
}

}  // namespace
}  // namespace ems::protocol::register_map
