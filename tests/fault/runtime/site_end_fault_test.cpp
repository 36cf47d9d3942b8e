// SPDX-License-Identifier: Apache-2.0
// A site that ends: what its inverters are told last, and what it still takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ems/runtime/latch_record.hpp"
#include "support/live_site.hpp"

namespace ems::runtime {
namespace {

using test::LiveSite;
using test::soon;
using test::TimedInverter;
using Wire = TimedInverter::Wire;

class EndingSite : public ::testing::Test {
 protected:
  /// Posted behind what the strand has to do; it acts although nobody waits for it any more.
  std::optional<Errc> emergency_stop() {
    Command command;
    command.id = "stop-1";
    command.ttl = seconds(10);
    command.actor = "ada";
    command.action = EmergencyStopAction{"test"};
    const Result<CommandStep> step = live.site->command(command);
    return step ? std::nullopt : std::optional(step.error().code);
  }
  std::string stored(std::string_view key) {
    const auto value = live.worker.call([key](io::EdgeStore& store) { return store.get(key); });
    if (!value || !*value) return {};
    return {reinterpret_cast<const char*>((*value)->data()), (*value)->size()};
  }

  TimedInverter inverter{Wire::tcp};
  LiveSite live{{test::link_to(inverter, Wire::tcp)}};
};

// SAF-071
TEST_F(EndingSite, TakesAnEmergencyStopWhichIsThenItsLastWord) {
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= 3; })) << "the first 0 W";
  const auto release = live.hang();  // So that the stop comes after the end began, and before it.
  std::promise<bool> ended;
  live.site->stop(seconds(20), [&ended](bool confirmed) { ended.set_value(confirmed); });
  EXPECT_EQ(emergency_stop(), Errc::timeout) << "the strand hangs";
  release->set_value();
  EXPECT_TRUE(ended.get_future().get()) << "confirmed";
  EXPECT_TRUE(soon([&] {  // The store's thread writes it.
    return stored(kCommandBookKey).find("latched; confirmed by 1 of 1") != std::string::npos;
  })) << stored(kCommandBookKey);
  const std::string stored_latch = stored(kLatchKey);
  const Result<safety::Latch> latch = decode_latch(std::as_bytes(std::span(stored_latch)));
  ASSERT_TRUE(latch);
  ASSERT_EQ(latch->size(), 1U);
  EXPECT_EQ((*latch)[0].cause, safety::TripCause::estop);
}

TEST_F(EndingSite, TakesNothingWhenItHasEnded) {
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= 3; })) << "the first 0 W";
  std::promise<bool> ended;
  live.site->stop(seconds(20), [&ended](bool confirmed) { ended.set_value(confirmed); });
  EXPECT_TRUE(ended.get_future().get());
  EXPECT_EQ(emergency_stop(), Errc::unavailable) << "there is nobody left to tell";
}

TEST(AlarmHistory, ARecordThatNobodyCanReadHidesNoOther) {
  TimedInverter inverter(Wire::tcp);
  LiveSite live({test::link_to(inverter, Wire::tcp)});
  const std::vector<std::byte> garbage(5);
  const UtcInstant now = io::SystemClock{}.utc();
  live.worker.append(telemetry::Stream::audit, now, telemetry::RecordType::alarm, garbage);
  live.site->raise({Severity::alarm, kSite, "raised_after_it", true});
  const auto told = [&] {
    const auto history = live.site->alarm_history(now + -60_s, now + 60_s, 100);
    return history && std::ranges::any_of(*history, [](const alarm::Change& change) {
             return change.alarm.name.view() == "raised_after_it";
           });
  };
  EXPECT_TRUE(soon(told));
}

}  // namespace
}  // namespace ems::runtime
