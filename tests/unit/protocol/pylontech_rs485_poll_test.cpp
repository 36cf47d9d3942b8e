// SPDX-License-Identifier: Apache-2.0
// The poller and a module that answers: round trips, noise, limits that are read back.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "ems/protocol/poller.hpp"
#include "ems/protocol/pylontech_rs485/codec.hpp"
#include "support/pylontech_module.hpp"
#include "support/recording_sink.hpp"
#include "support/seed.hpp"

namespace ems::protocol {
namespace {

using test::Frame;
using test::PylontechModule;
using test::RecordingSink;

constexpr std::uint32_t kSeed = 20260611;

int between(std::mt19937& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

TEST(PylontechRs485Poll, WhatTheModuleHoldsIsWhatIsRead) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  const PollCodec& codec = pylontech_rs485::codec();
  for (int i = 0; i < 500; ++i) {
    PylontechModule module;
    module.cells_mv.resize(static_cast<std::size_t>(between(random, 1, 32)));
    for (int& mv : module.cells_mv) mv = between(random, 0, 6'000);
    module.deci_kelvin.resize(static_cast<std::size_t>(between(random, 0, 8)));
    for (int& raw : module.deci_kelvin) raw = between(random, 2'000, 4'000);
    module.charge_deciamp = between(random, -0x8000, 0x7FFF);
    module.total_mah = between(random, 1, 200'000);
    module.remaining_mah = between(random, 0, module.total_mah);
    RecordingSink sink;
    std::array<std::byte, kRequestSize> out{};
    for (const std::uint8_t number : {std::uint8_t{0x42}, std::uint8_t{0x44}, std::uint8_t{0x92}}) {
      const std::size_t size = codec.encode_poll(number, out).value();
      const Frame asked(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_TRUE(codec.decode(asked, module.answer(asked), sink)) << "case " << i;
    }
    EXPECT_EQ(sink.value(Signal::pack_current), -100 * module.charge_deciamp);
    EXPECT_EQ(sink.value(Signal::remaining_capacity), module.remaining_mah * 1'000LL);
    EXPECT_EQ(sink.value(Signal::full_capacity), module.total_mah * 1'000LL);
    EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
    EXPECT_EQ(sink.value(Signal::charge_current_limit), module.charge_limit * 100);
    EXPECT_EQ(sink.value(Signal::discharge_current_limit), module.discharge_limit * 100);
    EXPECT_EQ(sink.counts[Signal::temperature], static_cast<int>(module.deci_kelvin.size()));
    for (std::size_t cell = 0; cell < module.cells_mv.size(); ++cell) {
      EXPECT_EQ(sink.value(Signal::cell_voltage, static_cast<std::uint16_t>(cell + 1)),
                module.cells_mv[cell]);
    }
    if (HasFailure()) return;
  }
}

TEST(PylontechRs485Poll, ANoisyLineGivesOnlyWhatTheModuleHoldsAndLimitsAreReadBack) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  Poller poller(pylontech_rs485::codec(), {});
  PylontechModule module;
  RecordingSink sink;
  Instant now{};
  poller.link_up(now);
  for (int i = 0; i < 3'000; ++i) {
    std::array<std::byte, kRequestSize> out{};
    const PollerAction action = poller.next(now, out);
    if (action.size == 0) {
      now = action.wake_at;
      continue;
    }
    const Frame asked(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(action.size));
    Frame line = between(random, 0, 1) == 1 ? asked : Frame{};  // An adapter that echoes.
    for (int n = between(random, 0, 9); n > 0; --n) {
      line.push_back(static_cast<std::byte>(between(random, 0, 255)));
    }
    const Frame reply = module.answer(asked);
    ASSERT_FALSE(reply.empty());
    line.insert(line.end(), reply.begin(), reply.end());
    if (between(random, 0, 4) == 0) {
      const int at = between(random, 0, static_cast<int>(line.size()) - 1);
      line[static_cast<std::size_t>(at)] ^= static_cast<std::byte>(1 << between(random, 0, 7));
    }
    now = now + milliseconds(20);
    poller.receive(line, now, sink);
    if (i == 1'000) {
      ASSERT_TRUE(poller.request(LimitCommand{.charge_voltage = MilliVolt{52'000},
                                              .discharge_voltage = MilliVolt{46'000},
                                              .charge_current = MilliAmp{20'000},
                                              .discharge_current = MilliAmp{10'000}}));
    }
  }
  EXPECT_EQ(poller.command_state(), CommandState::acknowledged);
  EXPECT_EQ(sink.acks, 1);
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 20'000);
  EXPECT_EQ(sink.value(Signal::discharge_current_limit), 10'000);
  EXPECT_EQ(sink.value(Signal::charge_voltage_limit), 52'000);
  EXPECT_EQ(sink.texts[TextField::serial_number], "HPTBH02240A01235");
  for (const Reading& reading : sink.readings) {
    if (reading.signal == Signal::pack_voltage) {
      ASSERT_EQ(reading.value, 49'800);
    }
    if (reading.signal == Signal::soc) {
      ASSERT_EQ(reading.value, 5'000);
    }
  }
  EXPECT_GT(poller.counters().replies, 1'000U);
  EXPECT_GT(poller.counters().noise_bytes, 1'000U);
}

}  // namespace
}  // namespace ems::protocol
