// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/mode.hpp"

#include <gtest/gtest.h>

namespace ems::runtime {
namespace {

constexpr Duration kAfter = 900_s;
const UtcInstant kUtc{1'700'000'000_s};

/// Steps once a second from `from` to `to`, both included.
void run(ModeKeeper& mode, bool connected, Duration from, Duration to) {
  for (Duration t = from; t <= to; t = t + 1_s) (void)mode.step(connected, Instant{t});
}

TEST(Mode, ASiteWithoutServersIsAutonomousAtOnceAndForEver) {
  ModeKeeper mode(kAfter, false);
  EXPECT_EQ(mode.mode(), Mode::autonomous);
  EXPECT_FALSE(mode.step(true, Instant{1_s}));
  EXPECT_EQ(mode.mode(), Mode::autonomous);
  EXPECT_FALSE(mode.due());
}

TEST(Mode, OnlineNeedsAServerThatWasHeard) {
  ModeKeeper mode(kAfter, true);
  EXPECT_EQ(mode.mode(), Mode::autonomous);
  EXPECT_FALSE(mode.step(false, Instant{0_s}));
  EXPECT_EQ(mode.step(true, Instant{1_s}), Mode::online);
  EXPECT_TRUE(mode.due());
}

TEST(Mode, AutonomousAfterTheConfiguredSilenceAndNotBefore) {
  ModeKeeper mode(kAfter, true);
  (void)mode.step(true, Instant{0_s});
  run(mode, false, 1_s, 899_s);
  EXPECT_EQ(mode.mode(), Mode::online);
  EXPECT_EQ(mode.step(false, Instant{900_s}), Mode::autonomous);
  EXPECT_FALSE(mode.step(false, Instant{901_s})) << "said once";
  EXPECT_EQ(mode.step(true, Instant{902_s}), Mode::online);
  run(mode, false, 903_s, 1801_s);
  EXPECT_EQ(mode.mode(), Mode::online) << "the silence counts anew";
}

TEST(Mode, ARestartDoesNotBeginTheSilenceAnew) {
  ModeKeeper before(kAfter, true);
  (void)before.step(true, Instant{0_s});
  run(before, false, 1_s, 600_s);
  const ModeRecord record = before.record(kUtc);
  EXPECT_EQ(record.mode, Mode::online);
  EXPECT_EQ(record.silence, 600_s);

  ModeKeeper quick(kAfter, true);  // No clock: what was counted is kept.
  quick.restore(record, std::nullopt);
  EXPECT_EQ(quick.mode(), Mode::online);
  (void)quick.step(false, Instant{0_s});
  run(quick, false, 1_s, 299_s);
  EXPECT_EQ(quick.mode(), Mode::online);
  EXPECT_EQ(quick.step(false, Instant{300_s}), Mode::autonomous);

  ModeKeeper slow(kAfter, true);  // Away for 400 s: 1000 s without a server.
  slow.restore(record, kUtc + 400_s);
  EXPECT_EQ(slow.mode(), Mode::autonomous);
  EXPECT_TRUE(slow.due());

  ModeKeeper back(kAfter, true);  // A clock that went back takes nothing away.
  back.restore(record, kUtc + seconds(-5000));
  EXPECT_EQ(back.record(kUtc).silence, 600_s);
}

TEST(Mode, WhoWasAutonomousStaysSoOverARestart) {
  ModeKeeper mode(kAfter, true);
  mode.restore(ModeRecord{Mode::autonomous, 5_s, kUtc}, kUtc + 1_s);
  EXPECT_EQ(mode.mode(), Mode::autonomous);
  run(mode, false, 1_s, 3_s);
  EXPECT_EQ(mode.mode(), Mode::autonomous);
  EXPECT_EQ(mode.step(true, Instant{4_s}), Mode::online);
}

TEST(Mode, WhileOnlineItIsStoredOnceAMinute) {
  ModeKeeper mode(kAfter, true);
  (void)mode.step(true, Instant{0_s});
  mode.stored();
  run(mode, true, 1_s, 59_s);
  EXPECT_FALSE(mode.due());
  run(mode, true, 60_s, 60_s);
  EXPECT_TRUE(mode.due()) << "else a restart would take the whole time for silence";
}

TEST(ModeRecord, ComesBackWholeOrNotAtAll) {
  const ModeRecord record{Mode::online, 123'456_us, kUtc};
  const auto bytes = encode_mode(record);
  ASSERT_TRUE(decode_mode(bytes));
  EXPECT_EQ(*decode_mode(bytes), record);
  auto bad = bytes;
  bad[1] = std::byte{3};
  EXPECT_EQ(decode_mode(bad).error().code, Errc::corrupt);
  bad = bytes;
  bad[0] = std::byte{2};
  EXPECT_EQ(decode_mode(bad).error().code, Errc::corrupt);
  bad = bytes;
  bad.pop_back();
  EXPECT_EQ(decode_mode(bad).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace ems::runtime
