// SPDX-License-Identifier: Apache-2.0
// What an inverter hears of an emulated battery is never looser than what is known of it; no frame
// and no line of text can break the decoders.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/can_lv/emulator.hpp"
#include "ems/protocol/candump.hpp"
#include "support/recording_sink.hpp"
#include "support/seed.hpp"

namespace ems::protocol::can_lv {
namespace {

using test::RecordingSink;
using Random = std::mt19937_64;

constexpr std::uint64_t kSeed = 20261121;
constexpr Instant kNow{seconds(1'000)};
constexpr Duration kMaxAge = seconds(2);

std::int64_t between(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

template <class Q>
void fill(Random& random, std::optional<Sample<Q>>& sample, std::int64_t low, std::int64_t high) {
  if (between(random, 0, 15) == 0) return;
  Q value{};
  if constexpr (std::is_same_v<Q, bool>) {
    value = between(random, low, high) != 0;
  } else if constexpr (std::is_same_v<Q, std::uint64_t>) {
    value = static_cast<std::uint64_t>(between(random, low, high));
  } else {
    value = Q{static_cast<typename Q::Rep>(between(random, low, high))};
  }
  const bool stale = between(random, 0, 15) == 0;
  sample = Sample<Q>{value, kNow - (stale ? kMaxAge : milliseconds(between(random, 0, 1'999))),
                     between(random, 0, 15) == 0 ? Quality::uncertain : Quality::good};
}

EmulatedBattery random_battery(Random& random) {
  const bool wide = between(random, 0, 3) == 0;  // Now and then beyond what the wire holds.
  const std::int64_t scale = wide ? 100 : 1;
  EmulatedBattery battery;
  fill(random, battery.soc, 0, 10'000 + (wide ? 100 : 0));
  fill(random, battery.soh, 0, 10'000);
  fill(random, battery.pack_voltage, wide ? -1'000 : 0, 60'000 * scale);
  fill(random, battery.pack_current, -300'000 * scale, 300'000 * scale);
  fill(random, battery.temperature, -40'000, 80'000 * scale);
  fill(random, battery.charge_voltage_limit, 0, 60'000 * scale);
  fill(random, battery.discharge_voltage_limit, 1, 60'000 * scale * 2);
  fill(random, battery.charge_current_limit, wide ? -1'000 : 0, 300'000 * scale);
  fill(random, battery.discharge_current_limit, wide ? -1'000 : 0, 300'000 * scale);
  fill(random, battery.charge_enable, 0, 3);
  fill(random, battery.discharge_enable, 0, 3);
  fill(random, battery.alarms, 0, between(random, 0, 1) * 0x1FFFFF);
  fill(random, battery.warnings, 0, between(random, 0, 1) * 0x1FFFFF);
  return battery;
}

/// True when every one of these may be used.
template <class... S>
bool all_usable(const S&... samples) {
  return (... && (samples && samples->usable(kNow, kMaxAge)));
}

void expect_not_looser(const EmulatedBattery& in, const RecordingSink& out) {
  const bool known = all_usable(in.soc, in.pack_voltage, in.pack_current, in.temperature);
  const std::int64_t charge = *out.value(Signal::charge_current_limit);
  const std::int64_t discharge = *out.value(Signal::discharge_current_limit);
  if (charge > 0 || out.value(Signal::charge_enable) == 1) {
    ASSERT_TRUE(known &&
                all_usable(in.charge_current_limit, in.charge_voltage_limit, in.charge_enable));
    EXPECT_TRUE(in.charge_enable->value);
    EXPECT_LE(charge, std::max(0, in.charge_current_limit->value.count()));
    EXPECT_GT(*out.value(Signal::charge_voltage_limit), 0) << "0 may be taken for no limit";
  }
  if (discharge > 0 || out.value(Signal::discharge_enable) == 1) {
    ASSERT_TRUE(known && all_usable(in.discharge_current_limit, in.discharge_voltage_limit,
                                    in.discharge_enable));
    EXPECT_TRUE(in.discharge_enable->value);
    EXPECT_LE(discharge, std::max(0, in.discharge_current_limit->value.count()));
    EXPECT_GE(*out.value(Signal::discharge_voltage_limit),
              in.discharge_voltage_limit->value.count());
  }
  const std::int64_t ceiling = *out.value(Signal::charge_voltage_limit);
  EXPECT_LE(ceiling, in.charge_voltage_limit ? in.charge_voltage_limit->value.count() : 0);
  const std::int64_t alarms = out.value(Signal::alarms).value_or(0);
  if (in.alarms && in.alarms->value != 0) {
    EXPECT_NE(alarms, 0);
  }
  if (!known || !all_usable(in.alarms)) {
    EXPECT_NE(alarms | out.value(Signal::warnings).value_or(0), 0);
  }
}

constexpr Dialect kSpoken[] = {Dialect::pylontech, Dialect::victron, Dialect::sma, Dialect::deye};

class CanLvProperty : public testing::TestWithParam<Dialect> {};
INSTANTIATE_TEST_SUITE_P(Spoken, CanLvProperty, testing::ValuesIn(kSpoken),
                         [](const auto& dialect) {
                           std::string name(codec(dialect.param).name());
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_P(CanLvProperty, WhatIsHeardIsNeverLooserThanWhatIsKnown) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<Random>();
  int allowed = 0;
  for (int i = 0; i < 50'000; ++i) {
    const EmulatedBattery battery = random_battery(random);
    RecordingSink sink;
    CanMailbox mailbox;
    for (const CanFrame& frame : encode_burst(battery, GetParam(), kNow, kMaxAge)) {
      ASSERT_EQ(codec(GetParam()).decode(frame, kNow, mailbox, sink).value(), CanTaken::decoded);
    }
    expect_not_looser(battery, sink);
    allowed += *sink.value(Signal::charge_current_limit) > 0 ? 1 : 0;
    if (HasFailure()) FAIL() << "case " << i;
  }
  EXPECT_GT(allowed, 1'000);  // The property is not true of a battery that says no to everything.
}

TEST_P(CanLvProperty, WithinTheWireOnlyItsStepIsLost) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<Random>();
  for (int i = 0; i < 20'000; ++i) {
    EmulatedBattery battery;
    const auto now = [](auto value) { return Sample{value, kNow, Quality::good}; };
    const auto current = static_cast<std::int32_t>(between(random, -3'276'700, 3'276'700));
    const auto voltage = static_cast<std::int32_t>(between(random, 0, 327'670));
    battery.soc = now(BasisPoints{static_cast<std::int32_t>(between(random, 0, 10'000))});
    battery.pack_voltage = now(MilliVolt{voltage});
    battery.pack_current = now(MilliAmp{current});
    RecordingSink sink;
    CanMailbox mailbox;
    for (const CanFrame& frame : encode_burst(battery, GetParam(), kNow, kMaxAge)) {
      ASSERT_TRUE(codec(GetParam()).decode(frame, kNow, mailbox, sink));
    }
    EXPECT_LE(std::abs(*sink.value(Signal::pack_voltage) - voltage), 5);
    EXPECT_LE(std::abs(*sink.value(Signal::pack_current) - current), 50);
    const std::int64_t lost = battery.soc->value.count() - *sink.value(Signal::soc);
    EXPECT_TRUE(lost >= 0 && lost < 100) << lost;
    if (HasFailure()) FAIL() << "case " << i;
  }
}

TEST(CanLvDialectProperty, AnyFrameIsDecodedIgnoredOrRefused) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<Random>();
  CanMailbox mailboxes[kDialects];
  for (std::size_t i = 0; i < 200'000; ++i) {
    const auto dialect = static_cast<Dialect>(i % kDialects);
    CanFrame frame{.id = static_cast<std::uint32_t>(between(random, 0x350, 0x383)),
                   .extended = between(random, 0, 20) == 0,
                   .remote = between(random, 0, 20) == 0,
                   .size = static_cast<std::uint8_t>(between(random, 0, 8))};
    for (std::size_t at = 0; at < frame.size; ++at) {
      frame.data[at] = static_cast<std::byte>(between(random, 0, 255));
    }
    RecordingSink sink;
    const auto taken = codec(dialect).decode(frame, kNow, mailboxes[i % kDialects], sink);
    if (!taken || *taken == CanTaken::ignored) {
      EXPECT_TRUE(sink.empty());
      continue;
    }
    for (const Reading& reading : sink.readings) {
      if (reading.signal == Signal::soc || reading.signal == Signal::soh) {
        EXPECT_TRUE(reading.value >= 0 && reading.value <= 10'000);
      }
      if (reading.signal == Signal::charge_current_limit ||
          reading.signal == Signal::discharge_current_limit) {
        EXPECT_GE(reading.value, 0);
      }
    }
    for (const auto& [field, text] : sink.texts) {
      for (const char c : text) EXPECT_TRUE(c >= ' ' && c <= '~');
    }
    if (HasFailure()) FAIL() << "case " << i;
  }
}

TEST(CandumpProperty, ALineThatIsReadIsWrittenSoThatItReadsTheSame) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<Random>();
  const std::string lines[] = {"(1699999999.123456) can0 351#1402740E740ECC01",
                               "  can0  351   [4]  11 22 33 44", "can0 123##1112233",
                               "can0 123#R8_9 T", "can0 32345678#112233"};
  constexpr std::string_view kAlphabet = "0123456789ABCDEFabcdefR#._[]() \tTxcan'";
  int read = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string line = lines[static_cast<std::size_t>(between(random, 0, 4))];
    for (std::int64_t n = between(random, 0, 3); n > 0; --n) {
      const auto at =
          static_cast<std::size_t>(between(random, 0, static_cast<std::int64_t>(line.size()) - 1));
      const char c = kAlphabet[static_cast<std::size_t>(
          between(random, 0, static_cast<std::int64_t>(kAlphabet.size()) - 1))];
      if (between(random, 0, 1) == 0) {
        line[at] = c;
      } else {
        line.insert(at, 1, c);
      }
    }
    const auto record = parse_candump(line);
    if (!record) {
      EXPECT_LE(record.error().offset, line.size()) << line;
      continue;
    }
    ++read;
    std::array<char, kCandumpLineSize> room{};
    const auto again = parse_candump(print_candump(*record, room));
    ASSERT_TRUE(again) << line;
    EXPECT_EQ(*again, *record) << line;
  }
  EXPECT_GT(read, 10'000);
}

}  // namespace
}  // namespace ems::protocol::can_lv
