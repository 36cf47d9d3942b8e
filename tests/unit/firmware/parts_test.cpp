// SPDX-License-Identifier: Apache-2.0
// The small parts on their own, the limits that are built in, and what chip and host must agree on.
#include <gtest/gtest.h>

#include "app/loop.hpp"
#include "ems/io/config/limits_config.hpp"
#include "tests/cases.hpp"
#include "unit/firmware/world.hpp"

namespace ems::firmware::test {
namespace {

TEST(FirmwareCases, TheHostGivesTheSameBitsAsTheChip) {
  for (const Case& one : cases()) EXPECT_EQ(one.digest(), one.expected) << one.name;
}

TEST(FirmwareLimits, AreThoseOfTheLimitsFile) {
  const auto loaded = io::load_limits_config(EMS_FIRMWARE_LIMITS_YAML);
  ASSERT_TRUE(loaded) << io::to_text(loaded.errors);
  EXPECT_EQ(kLimits, loaded.value->limits);
  EXPECT_EQ(kChemistry, loaded.value->chemistry);
  EXPECT_EQ(kLimitsHash, loaded.value->hash.prefix());
  EXPECT_TRUE(safety::validate(kLimits, kChemistry));
}

TEST(FirmwareDeadMan, LivesOnChangedCountsOnly) {  // SAF-062
  DeadMan dead_man(1_s);
  EXPECT_FALSE(dead_man.alive(Instant{}));
  dead_man.beat(7, Instant{10_s});
  EXPECT_TRUE(dead_man.alive(Instant{10_s + 999_ms}));
  EXPECT_FALSE(dead_man.alive(Instant{11_s})) << "exactly a second is too old";
  dead_man.beat(7, Instant{11_s});
  EXPECT_FALSE(dead_man.alive(Instant{11_s}));
  dead_man.beat(8, Instant{11_s});
  EXPECT_TRUE(dead_man.alive(Instant{11_s}));
  EXPECT_EQ(dead_man.age(Instant{11_s + 5_ms}), 5_ms);
}

TEST(FirmwareLeasedCommand, BeginsWithStopAndEndsAtZero) {  // SAF-064
  LeasedCommand command;
  EXPECT_EQ(command.at(Instant{}).kind, CommandKind::stop);
  command.set({CommandKind::follow, 500_w, Var{}}, 2_s, Instant{1_s});
  EXPECT_EQ(command.at(Instant{3_s - 1_us}).p, 500_w);
  EXPECT_EQ(command.left(Instant{1_s}), 2_s);
  EXPECT_EQ(command.at(Instant{3_s}), (InverterCommand{CommandKind::follow, 0_w, Var{}}));
  command.set({CommandKind::standby, 0_w, Var{}}, Duration::zero(), Instant{3_s});
  EXPECT_EQ(command.at(Instant{100_s}).kind, CommandKind::standby);
}

TEST(FirmwareLatchRecord, EveryDamageIsSeen) {  // SAF-066
  safety::Latch latch;
  latch.push_back({safety::TripCause::estop, kSite, {}});
  latch.push_back({safety::TripCause::overtemperature, battery(3), {}});
  const LatchRecord record = encode_latch(latch);
  const auto read = decode_latch(record);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, latch);
  for (std::size_t i = 0; i < record.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      LatchRecord torn = record;
      torn[i] ^= static_cast<std::byte>(1U << bit);
      EXPECT_FALSE(decode_latch(torn)) << i << "." << bit;
    }
  }
  EXPECT_FALSE(decode_latch(Bytes{record}.first(record.size() - 1)));
  EXPECT_FALSE(decode_latch(LatchRecord{}));
}

/// Keeps what was asked of it; nothing moves by itself.
class FakeBoard final : public hal::Board {
 public:
  struct Port final : hal::SerialPort {
    std::vector<std::byte> in;
    std::vector<std::byte> out;
    std::size_t read(MutableBytes to) noexcept override {
      const std::size_t size = std::min(to.size(), in.size());
      std::copy_n(in.begin(), size, to.begin());
      in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size));
      return size;
    }
    bool write(Bytes bytes) noexcept override {
      out.insert(out.end(), bytes.begin(), bytes.end());
      return true;
    }
  };
  Instant now() noexcept override { return time; }
  hal::SerialPort& console() noexcept override { return console_port; }
  hal::SerialPort& battery() noexcept override { return battery_port; }
  hal::SerialPort& host() noexcept override { return host_port; }
  DigitalInputs inputs() noexcept override { return contacts; }
  void set_relays(const Relays& relays) noexcept override {
    log.push_back(relays == Relays{} ? "open" : "closed");
  }
  MutableBytes latch_memory() noexcept override {
    log.push_back("latch");
    return memory;
  }
  StackUse stack_use() noexcept override { return {100, 200}; }
  void sleep() noexcept override {}
  [[noreturn]] void fail_safe() noexcept override { std::abort(); }

  Instant time{1_s};
  Port console_port, battery_port, host_port;
  DigitalInputs contacts{};
  LatchRecord memory = nothing_latched();
  std::vector<std::string> log;
};

TEST(FirmwareLoop, OpensTheRelaysBeforeAnythingElse) {  // SAF-060
  FakeBoard board;
  const safety::Config config = safety_config();
  const Loop loop(board, {.safety = config}, protocol::jbd::codec());
  ASSERT_FALSE(board.log.empty());
  EXPECT_EQ(board.log.front(), "open");
}

TEST(FirmwareLoop, StoresTheLatchAfterTheRelaysWereSet) {  // SAF-066
  FakeBoard board;
  const safety::Config config = safety_config();
  Loop loop(board, {.safety = config}, protocol::jbd::codec());
  board.log.clear();
  loop.once();  // The e-stop's circuit is open.
  EXPECT_EQ(board.log, (std::vector<std::string>{"open", "latch"}));
  EXPECT_NE(board.memory, nothing_latched());
  EXPECT_FALSE(board.battery_port.out.empty()) << "the battery was asked";
  board.log.clear();
  board.time = board.time + 100_ms;
  loop.once();
  EXPECT_EQ(board.log, (std::vector<std::string>{"open"})) << "nothing new to store";
}

}  // namespace
}  // namespace ems::firmware::test
