// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "ems/protocol/jbd/codec.hpp"
#include "ems/protocol/jbd/frame.hpp"
#include "ems/protocol/poller.hpp"
#include "support/frames.hpp"
#include "support/jbd_device.hpp"
#include "support/recording_sink.hpp"
#include "support/seed.hpp"

namespace ems::protocol {
namespace {

using test::Frame;
using test::frame;
using test::JbdDevice;
using test::RecordingSink;

constexpr std::uint32_t kSeed = 20250211;

int between(std::mt19937& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

Frame random_bytes(std::mt19937& random, int size) {
  Frame bytes;
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(between(random, 0, 255)));
  return bytes;
}

JbdDevice random_device(std::mt19937& random) {
  JbdDevice device;
  device.pack_centivolt = between(random, 0, 0xFFFF);
  device.charge_centiamp = between(random, -0x8000, 0x7FFF);
  device.remaining_10mah = between(random, 0, 0xFFFF);
  device.full_10mah = between(random, 0, 0xFFFF);
  device.cycles = between(random, 0, 0xFFFF);
  device.soc_percent = between(random, 0, 100);
  device.protection = static_cast<unsigned>(between(random, 0, 0xFFFF));
  device.cells_mv.resize(static_cast<std::size_t>(between(random, 1, 32)));
  for (int& mv : device.cells_mv) mv = between(random, 0, 0xFFFF);
  device.deci_kelvin.resize(static_cast<std::size_t>(between(random, 0, 8)));
  for (int& raw : device.deci_kelvin) raw = between(random, 1, 0xFFFE);
  return device;
}

void expect_basic_info(const JbdDevice& device, const RecordingSink& sink) {
  EXPECT_EQ(sink.value(Signal::pack_voltage), device.pack_centivolt * 10);
  EXPECT_EQ(sink.value(Signal::pack_current), -device.charge_centiamp * 10);
  EXPECT_EQ(sink.value(Signal::remaining_capacity), device.remaining_10mah * 10'000LL);
  EXPECT_EQ(sink.value(Signal::full_capacity), device.full_10mah * 10'000LL);
  EXPECT_EQ(sink.value(Signal::cycle_count), device.cycles);
  EXPECT_EQ(sink.value(Signal::soc), device.soc_percent * 100);
  EXPECT_EQ(sink.value(Signal::cell_count), static_cast<int>(device.cells_mv.size()));
  for (std::size_t i = 0; i < device.deci_kelvin.size(); ++i) {
    EXPECT_EQ(sink.value(Signal::temperature, static_cast<std::uint16_t>(i + 1)),
              device.deci_kelvin[i] * 100 - 273'100);
  }
}

TEST(JbdProperty, WhatTheBoardHoldsIsWhatIsRead) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  for (int i = 0; i < 2'000; ++i) {
    SCOPED_TRACE(testing::Message() << "case " << i);
    JbdDevice device = random_device(random);
    const SwitchCommand command{between(random, 0, 1) == 1, between(random, 0, 1) == 1};
    std::array<std::byte, kRequestSize> out{};
    const Bytes write = Bytes(out).first(jbd::codec().encode_switch(command, out).value());
    RecordingSink sink;
    ASSERT_TRUE(jbd::codec().decode(write, device.answer(write), sink));
    ASSERT_EQ(sink.acks, 1);
    for (const PollItem& item : jbd::codec().poll_plan()) {
      const Bytes read = Bytes(out).first(jbd::codec().encode_poll(item.number, out).value());
      ASSERT_TRUE(jbd::codec().decode(read, device.answer(read), sink)) << item.name;
    }
    expect_basic_info(device, sink);
    EXPECT_EQ(sink.value(Signal::charge_fet_on), command.charge_on ? 1 : 0);
    EXPECT_EQ(sink.value(Signal::discharge_fet_on), command.discharge_on ? 1 : 0);
    for (std::size_t cell = 0; cell < device.cells_mv.size(); ++cell) {
      EXPECT_EQ(sink.value(Signal::cell_voltage, static_cast<std::uint16_t>(cell + 1)),
                device.cells_mv[cell]);
    }
    if (HasFailure()) return;
  }
}

TEST(JbdProperty, EverySingleBitFlipOfAReplyIsRefused) {
  int flips = 0;
  for (const auto& vector : test::vectors("bms_serial_jbd.json")) {
    if (!vector.contains("expect") || !vector["response_hex"].is_string()) continue;
    const Frame request = frame(vector["request_hex"].get<std::string>());
    const Frame reply = frame(vector["response_hex"].get<std::string>());
    for (std::size_t bit = 0; bit < reply.size() * 8; ++bit) {
      Frame flipped = reply;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      RecordingSink sink;
      EXPECT_FALSE(jbd::codec().decode(request, flipped, sink)) << vector["id"] << " bit " << bit;
      EXPECT_TRUE(sink.empty());
      ++flips;
    }
  }
  EXPECT_GT(flips, 4'000);
}

TEST(JbdProperty, EveryCutOfAReplyIsTruncated) {
  for (const auto& vector : test::vectors("bms_serial_jbd.json")) {
    if (!vector.contains("expect") || !vector["response_hex"].is_string()) continue;
    const Frame request = frame(vector["request_hex"].get<std::string>());
    const Frame reply = frame(vector["response_hex"].get<std::string>());
    for (std::size_t size = 0; size < reply.size(); ++size) {
      RecordingSink sink;
      EXPECT_EQ(jbd::codec().decode(request, Bytes(reply).first(size), sink).error(),
                (Error{Errc::truncated, static_cast<std::uint16_t>(size)}))
          << vector["id"];
    }
  }
}

/// True when the bytes are a sound reply to `number`, by the device's own arithmetic.
bool is_sound(const Frame& bytes, std::uint8_t number) {
  if (bytes.size() < 7) return false;
  const Frame data(bytes.begin() + 4, bytes.end() - 3);
  return bytes == JbdDevice{}.reply(number, 0, data);
}

TEST(JbdProperty, RandomBytesNeverYieldReadingsWithoutASoundFrame) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  const std::uint8_t numbers[] = {0x03, 0x04, 0x05, 0xAA};
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::uint8_t number = numbers[static_cast<std::size_t>(between(random, 0, 3))];
    Frame bytes = random_bytes(random, between(random, 0, 60));
    // Half of them get a plausible shape, so that the later checks are reached too.
    if (bytes.size() >= 7 && between(random, 0, 1) == 1) {
      bytes[0] = std::byte{0xDD};
      bytes[1] = static_cast<std::byte>(number);
      bytes[2] = std::byte{0};
      bytes[3] = static_cast<std::byte>(bytes.size() - 7);
      bytes.back() = std::byte{0x77};
      if (between(random, 0, 3) == 0) {
        bytes = JbdDevice{}.reply(number, 0, Frame(bytes.begin() + 4, bytes.end() - 3));
      }
    }
    std::array<std::byte, kRequestSize> out{};
    const Bytes request = Bytes(out).first(jbd::codec().encode_poll(number, out).value());
    RecordingSink sink;
    const Result<void> result = jbd::codec().decode(request, bytes, sink);
    if (result) {
      ++accepted;
      ASSERT_TRUE(is_sound(bytes, number)) << "case " << i;
    } else {
      ASSERT_TRUE(sink.empty()) << "case " << i;
      ASSERT_LE(result.error().offset, bytes.size()) << "case " << i;
    }
  }
  EXPECT_GT(accepted, 1'000);  // The property was not empty.
}

TEST(JbdProperty, ANoisyLineGivesOnlyWhatTheBoardHolds) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  Poller poller(jbd::codec(), {.period = seconds(1), .reply_timeout = milliseconds(200)});
  JbdDevice device;
  RecordingSink sink;
  Instant now{};
  poller.link_up(now);
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::byte, kRequestSize> out{};
    const PollerAction action = poller.next(now, out);
    ASSERT_GE(action.wake_at, now) << "case " << i;
    if (action.size == 0) {
      now = action.wake_at;
      continue;
    }
    Frame bytes = random_bytes(random, between(random, 0, 3) == 0 ? between(random, 0, 12) : 0);
    if (between(random, 0, 9) != 0) {  // One request in ten stays without an answer.
      Frame reply = device.answer(Bytes(out).first(action.size));
      if (between(random, 0, 4) == 0) {
        const auto bit = static_cast<std::size_t>(between(random, 0, 7));
        const auto at =
            static_cast<std::size_t>(between(random, 0, static_cast<int>(reply.size()) - 1));
        reply[at] ^= static_cast<std::byte>(1U << bit);
      }
      bytes.insert(bytes.end(), reply.begin(), reply.end());
    }
    while (!bytes.empty()) {  // In pieces.
      const auto piece =
          std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(between(random, 1, 20)));
      now = now + milliseconds(1);
      poller.receive(Bytes(bytes).first(piece), now, sink);
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(piece));
    }
  }
  for (const Reading& reading : sink.readings) {
    if (reading.signal == Signal::pack_voltage) {
      ASSERT_EQ(reading.value, 53'120);
    }
    if (reading.signal == Signal::pack_current) {
      ASSERT_EQ(reading.value, 0);
    }
    if (reading.signal == Signal::cell_voltage) {
      ASSERT_EQ(reading.value, 3'320);
    }
    if (reading.signal == Signal::soc) {
      ASSERT_EQ(reading.value, 5'000);
    }
  }
  const PollerCounters& counters = poller.counters();
  EXPECT_GT(counters.replies, 5'000U);
  EXPECT_GT(counters.checksum_errors, 100U);
  EXPECT_GT(counters.timeouts, 100U);
  EXPECT_LE(counters.replies + counters.timeouts, counters.requests);
}

}  // namespace
}  // namespace ems::protocol
