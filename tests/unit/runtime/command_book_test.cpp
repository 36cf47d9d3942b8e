// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/command_book.hpp"

#include <gtest/gtest.h>

#include "ems/runtime/alarm_memory.hpp"

namespace ems::runtime {
namespace {

const UtcInstant kUtc{1'700'000'000_s};

Command setpoint(const std::string& id, Duration ttl = 60_s) {
  return {id, ttl, "anna", CommandOrigin::remote, SetpointAction{Watt{1500}, 30_s}};
}
CommandStep accepted(const std::string& id) { return {id, CommandState::accepted, {}, kUtc}; }

/// Takes a command in as the site does.
bool take(CommandBook& book, const Command& command, Instant now,
          std::optional<Errc> refused = std::nullopt) {
  if (!book.make_room(command, now)) return false;
  CommandStep step = accepted(command.id);
  if (refused) step.state = CommandState::rejected;
  book.add(command, step, refused, now);
  return true;
}

TEST(CommandCheck, RefusesWhatIsNotOfItsForm) {
  EXPECT_TRUE(check_command(setpoint("a")));
  EXPECT_TRUE(check_command(setpoint("")));
  EXPECT_TRUE(check_command(setpoint(std::string(64, '~'))));
  const auto refused = [](const Command& command) {
    const auto checked = check_command(command);
    return !checked && checked.error().code == Errc::invalid_argument;
  };
  EXPECT_TRUE(refused(setpoint(std::string(65, 'a'))));
  EXPECT_TRUE(refused(setpoint("a b")));
  EXPECT_TRUE(refused(setpoint("a\"b")));
  EXPECT_TRUE(refused(setpoint("\xc3\xa9")));
  EXPECT_TRUE(refused(setpoint("a", 3601_s)));
  Command command = setpoint("a");
  command.actor.clear();
  EXPECT_TRUE(refused(command));
  command.actor = std::string(49, 'x');
  EXPECT_TRUE(refused(command));
  command.actor = "a\nb";
  EXPECT_TRUE(refused(command));
  const auto with = [](CommandAction action) {
    return Command{"a", 1_s, "anna", CommandOrigin::local, std::move(action)};
  };
  EXPECT_TRUE(refused(with(SetpointAction{Watt{1}, 0_s})));
  EXPECT_TRUE(refused(with(ActivePowerLimitAction{{}, {}, 0_s})));
  EXPECT_TRUE(refused(with(ActivePowerLimitAction{Watt{-1}, {}, 1_s})));
  EXPECT_TRUE(refused(with(ActivePowerLimitAction{{}, Watt{-1}, 1_s})));
  EXPECT_TRUE(check_command(with(ActivePowerLimitAction{{}, {}, 1_s}))) << "a release";
  EXPECT_TRUE(refused(with(DimmingAction{Watt{-1}, 1_s})));
  EXPECT_TRUE(refused(with(DimmingAction{Watt{1}, 0_s})));
  EXPECT_TRUE(refused(with(ResetAction{""})));
  EXPECT_TRUE(check_command(with(EmergencyStopAction{""}))) << "a stop needs no words";
  EXPECT_TRUE(refused(with(AcknowledgeAlarmAction{1, std::string(129, 'x')})));
  const auto limits = [&](protocol::LimitCommand wanted, Duration lease) {
    return with(BatteryLimitsAction{1, wanted, lease});
  };
  EXPECT_TRUE(check_command(limits({56'000_mv, 46'000_mv, 0_ma, 0_ma}, 86'400_s)));
  EXPECT_TRUE(refused(limits({56'000_mv, 46'000_mv, 0_ma, 0_ma}, 0_s)));
  EXPECT_TRUE(refused(limits({56'000_mv, 46'000_mv, 0_ma, 0_ma}, 86'401_s)));
  EXPECT_TRUE(refused(limits({56'000_mv, 56'000_mv, 0_ma, 0_ma}, 1_s)));
  EXPECT_TRUE(refused(limits({56'000_mv, 46'000_mv, MilliAmp{-1}, 0_ma}, 1_s)));
  EXPECT_TRUE(refused(limits({56'000_mv, 46'000_mv, 0_ma, MilliAmp{-1}}, 1_s)));
  EXPECT_TRUE(refused(limits({56'000_mv, MilliVolt{-1}, 0_ma, 0_ma}, 1_s)));
}

// An id stands for all that was asked: two orders with one id are told apart by these words.
TEST(CommandWords, SayEverythingOfAnOrderToABattery) {
  EXPECT_EQ(text_of(BatterySwitchAction{2, {.charge_on = false, .discharge_on = true}}),
            "battery 2: charge off, discharge on");
  EXPECT_EQ(text_of(BatteryLimitsAction{2, {56'400_mv, 48'000_mv, 50'500_ma, 60'000_ma}, 90_s}),
            "battery 2: charge to 56.4 V with 50.5 A, discharge to 48.0 V with 60.0 A for 90 s");
  EXPECT_EQ(text_of(BatteryBalanceAction{2, {false}}), "battery 2: balancing off");
  EXPECT_EQ(kind_of(CommandAction{BatterySwitchAction{}}), "battery_switch");
  EXPECT_EQ(kind_of(CommandAction{BatteryLimitsAction{}}), "battery_limits");
  EXPECT_EQ(kind_of(CommandAction{BatteryBalanceAction{}}), "battery_balance");
}

// It does not come back when the agent does, and has not ended with it: only its end is unknown.
TEST(CommandBook, ARestartLeavesTheOutputsAsTheyWereOrdered) {
  CommandBook book;
  ASSERT_TRUE(take(book, {"o", 60_s, "anna", CommandOrigin::local, BatterySwitchAction{}}, {}));
  ASSERT_TRUE(take(book, {"l", 60_s, "anna", CommandOrigin::local, BatteryLimitsAction{}}, {}));
  CommandBook after;
  const auto cut_short = after.restore(book.to_text(), {}, kUtc);
  ASSERT_TRUE(cut_short);
  EXPECT_EQ(after.find("o")->step.state, CommandState::failed);
  EXPECT_EQ(after.find("o")->step.message,
            "the agent was restarted before the battery confirmed it");
  EXPECT_EQ(after.find("l")->step.message, "the agent was restarted; it is no longer in force");
}

// Whoever presses the button is not asked to spell.
TEST(CommandCheck, NoWordsKeepAnEmergencyStopFromItsWay) {
  const auto tidy = [](Command command) {
    command.action = EmergencyStopAction{std::get<EmergencyStopAction>(command.action)};
    return tidied(std::move(command));
  };
  const auto stop = [](std::string id, std::string actor, std::string reason) {
    return Command{std::move(id), 7200_s, std::move(actor), CommandOrigin::remote,
                   EmergencyStopAction{std::move(reason)}};
  };
  const Command odd = tidy(stop("a b", "", "smoke at \"rack 3\"\n" + std::string(300, 'x')));
  EXPECT_TRUE(check_command(odd));
  EXPECT_EQ(odd.id, "") << "it is given one";
  EXPECT_EQ(odd.actor, "unknown");
  EXPECT_TRUE(std::get<EmergencyStopAction>(odd.action).reason.starts_with("smoke at 'rack 3' x"));
  EXPECT_TRUE(check_command(tidy(stop("a", std::string(47, 'x') + "\xc3\xa9", "r"))));
  EXPECT_EQ(tidy(stop("a", std::string(47, 'x') + "\xc3\xa9", "r")).actor, std::string(47, 'x'))
      << "no half of a character";
  const Command good = stop("a", "anna", "smoke");
  EXPECT_EQ(tidied(good).id, "a");
  EXPECT_EQ(tidied(good).actor, "anna");
  const Command other{"a b", 1_s, "", CommandOrigin::local, ResetAction{""}};
  EXPECT_FALSE(check_command(tidied(other))) << "of nothing else";
}

TEST(CommandBook, AStopIsRememberedForItsTimeToLiveAndThenActsAgain) {
  CommandBook book;
  const Command stop{"panic", 10_s, "anna", CommandOrigin::local, EmergencyStopAction{"x"}};
  ASSERT_TRUE(take(book, stop, Instant{}));
  EXPECT_TRUE(*book.known(stop, Instant{60_s})) << "it is under way";
  book.set({"panic", CommandState::done, "reset", kUtc});
  EXPECT_TRUE(*book.known(stop, Instant{9_s}));
  EXPECT_FALSE(*book.known(stop, Instant{10_s})) << "somebody presses the same button again";
  ASSERT_TRUE(take(book, stop, Instant{10_s}));
  EXPECT_EQ(book.newest_first().size(), 1U);
  EXPECT_EQ(book.find("panic")->step.state, CommandState::accepted);
  // Of a set-point nothing is forgotten before it must be.
  ASSERT_TRUE(take(book, setpoint("a"), Instant{}));
  book.set({"a", CommandState::done, "", kUtc});
  EXPECT_TRUE(*book.known(setpoint("a"), Instant{3600_s}));
}

TEST(CommandBook, ARepeatedIdIsAnsweredWithTheFirst) {
  CommandBook book;
  ASSERT_TRUE(take(book, setpoint("a"), Instant{}));
  EXPECT_TRUE(book.set({"a", CommandState::executing, "3 kW less", kUtc, "import_limit", 3000_w}));
  const auto known = book.known(setpoint("a"), Instant{});
  ASSERT_TRUE(known && *known);
  EXPECT_EQ((*known)->state, CommandState::executing);
  EXPECT_EQ((*known)->overruled_by, "import_limit");
  EXPECT_FALSE(*book.known(setpoint("b"), Instant{}));
  // Somebody else's words under the same id are not that command.
  Command other = setpoint("a");
  other.actor = "bert";
  EXPECT_EQ(book.known(other, Instant{}).error().code, Errc::already_exists);
  other = setpoint("a");
  other.action = SetpointAction{Watt{1501}, 30_s};
  EXPECT_EQ(book.known(other, Instant{}).error().code, Errc::already_exists);
  other.action = ClearSetpointAction{};
  EXPECT_EQ(book.known(other, Instant{}).error().code, Errc::already_exists);
  // What was refused is refused alike.
  ASSERT_TRUE(take(book, setpoint("c"), Instant{}, Errc::latched));
  EXPECT_EQ(book.known(setpoint("c"), Instant{}).error().code, Errc::latched);
}

TEST(CommandBook, WhatHasEndedDoesNotChange) {
  CommandBook book;
  ASSERT_TRUE(take(book, setpoint("a"), Instant{}));
  EXPECT_TRUE(book.set({"a", CommandState::done, "its lease ended", kUtc}));
  EXPECT_FALSE(book.set({"a", CommandState::failed, "", kUtc}));
  EXPECT_EQ(book.find("a")->step.state, CommandState::done);
  EXPECT_FALSE(book.set({"b", CommandState::done, "", kUtc}));
}

TEST(CommandBook, ForgetsOnlyWhatHasEndedAndOutlivedItsTime) {
  CommandBook book;
  for (std::size_t i = 0; i < kCommandsMax; ++i) {
    ASSERT_TRUE(take(book, setpoint("c" + std::to_string(i)), Instant{}));
  }
  EXPECT_FALSE(take(book, setpoint("new"), Instant{61_s})) << "none has ended";
  book.set({"c7", CommandState::done, "", kUtc});
  EXPECT_TRUE(take(book, setpoint("new"), Instant{60_s}));
  EXPECT_EQ(book.find("c7"), nullptr);
  EXPECT_NE(book.find("c6"), nullptr);
  // An emergency stop finds room whatever there is.
  EXPECT_TRUE(take(book, {"stop", 1_s, "anna", CommandOrigin::remote, EmergencyStopAction{"x"}},
                   Instant{60_s}));
  EXPECT_NE(book.find("stop"), nullptr);
}

// A script that gives a set-point every second, each to live for ten minutes.
TEST(CommandBook, WhatWasReplacedFreesItsPlaceAndDoesNotActAgain) {
  CommandBook book;
  const auto id = [](std::size_t i) { return "c" + std::to_string(i); };
  const std::size_t most = kCommandsMax + kForgottenMax;
  for (std::size_t i = 0; i < most; ++i) {
    ASSERT_TRUE(take(book, setpoint(id(i), 600_s), Instant{1_s})) << i;
    book.set({id(i), CommandState::done, "replaced", kUtc});
  }
  EXPECT_FALSE(take(book, setpoint("new", 600_s), Instant{600_s})) << "but not for ever";
  EXPECT_EQ(book.newest_first().size(), kCommandsMax);
  const auto acts = [&](CommandBook& one, std::size_t i, Instant now) {
    const auto known = one.known(setpoint(id(i), 600_s), now);
    return known && !*known;
  };
  CommandBook next;
  const std::string text = book.to_text();
  EXPECT_LT(text.size(), 128U * 1024U);
  ASSERT_TRUE(next.restore(text, Instant{500_s}, kUtc));
  for (std::size_t i = 0; i < most; ++i) {
    ASSERT_FALSE(acts(book, i, Instant{600_s})) << i;
    ASSERT_FALSE(acts(next, i, Instant{1099_s})) << i;
  }
  EXPECT_EQ(book.known(setpoint("c0", 600_s), Instant{600_s}).error().code, Errc::already_exists);
  EXPECT_TRUE(acts(book, 0, Instant{601_s})) << "its time to live is over";
  EXPECT_TRUE(take(book, setpoint("new", 600_s), Instant{601_s}));
}

TEST(CommandBook, AStopGoesOnOverARestart) {
  CommandBook book;
  ASSERT_TRUE(take(book, {"stop", 1_s, "anna", CommandOrigin::remote, EmergencyStopAction{"x"}},
                   Instant{}));
  book.set({"stop", CommandState::executing, "", kUtc});
  CommandBook next;
  const auto cut = next.restore(book.to_text(), Instant{5_s}, kUtc);
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->empty()) << "its latch is in the store; nobody may read that it is not in force";
  EXPECT_EQ(next.find("stop")->step.state, CommandState::executing);
}

TEST(CommandBook, SurvivesARestart) {
  CommandBook book;
  ASSERT_TRUE(take(book, setpoint("live"), Instant{}));
  ASSERT_TRUE(take(book, setpoint("over"), Instant{}));
  ASSERT_TRUE(take(book, setpoint("no"), Instant{}, Errc::disarmed));
  book.set({"over", CommandState::done, "its lease ended", kUtc});
  CommandBook next;
  const auto cut = next.restore(book.to_text(), Instant{5_s}, kUtc + 9_s);
  ASSERT_TRUE(cut);
  ASSERT_EQ(cut->size(), 1U);
  EXPECT_EQ(cut->front().id, "live");
  EXPECT_EQ(cut->front().state, CommandState::failed) << "who held it is gone";
  const auto known = next.known(setpoint("over"), Instant{});
  ASSERT_TRUE(known && *known);
  EXPECT_EQ((*known)->state, CommandState::done);
  EXPECT_EQ((*known)->message, "its lease ended");
  EXPECT_EQ(next.known(setpoint("live"), Instant{}).value()->state, CommandState::failed)
      << "and does not act again";
  EXPECT_EQ(next.known(setpoint("no"), Instant{}).error().code, Errc::disarmed);
  EXPECT_EQ(next.newest_first().front().step.id, "no");
}

TEST(CommandBook, ADamagedRecordIsRefusedWhole) {
  CommandBook book;
  ASSERT_TRUE(take(book, setpoint("a"), Instant{}));
  const std::string good = book.to_text();
  CommandBook next;
  for (const std::string& text :
       {std::string{}, std::string{"{}"}, std::string{"[1]"}, std::string{"nonsense"},
        good.substr(0, good.size() - 3), std::string{R"({"version":2,"commands":[]})"},
        std::string{R"({"version":1,"commands":[{"id":"a"}]})"}}) {
    EXPECT_EQ(next.restore(text, Instant{}, kUtc).error().code, Errc::corrupt) << text;
    EXPECT_TRUE(next.newest_first().empty());
  }
}

TEST(CommandBook, MakesIdsThatNobodyHas) {
  CommandBook book;
  const std::string first = book.make_id(kUtc);
  ASSERT_TRUE(take(book, setpoint(first), Instant{}));
  EXPECT_NE(book.make_id(kUtc), first);
  CommandBook next;  // After a restart with a clock that stands still.
  ASSERT_TRUE(next.restore(book.to_text(), Instant{}, kUtc));
  EXPECT_NE(next.make_id(kUtc), first);
}

TEST(CommandBook, AMessageIsNotCutWithinACharacter) {
  CommandBook book;
  ASSERT_TRUE(take(book, setpoint("a"), Instant{}));
  const std::string whole(kCommandTextMax - 1, 'x');
  book.set({"a", CommandState::done, whole + "\xc3\xa9 and more", kUtc});
  EXPECT_EQ(book.find("a")->step.message, whole) << "protobuf refuses half a character";
}

TEST(CommandBook, WordsWithoutMeaningInUtf8DoNotStopTheRecord) {
  CommandBook book;
  Command command = setpoint("a");
  command.actor = "\xff\xfe";
  ASSERT_TRUE(take(book, command, Instant{}));
  CommandBook next;
  EXPECT_TRUE(next.restore(book.to_text(), Instant{}, kUtc));
}

TEST(AlarmMemory, ComesBackWholeAndRefusesDamage) {
  alarm::Book book;
  (void)book.take({Severity::critical, kSite, "estop"}, true, {Instant{1_s}, kUtc});
  (void)book.take({Severity::warning, battery(2), "cold"}, false, {Instant{1_s}, kUtc});
  (void)book.acknowledge(1, "anna", "", {Instant{2_s}, kUtc});
  const auto bytes = encode_alarms(book);
  const auto memory = decode_alarms(bytes);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->next_id, 3U);
  ASSERT_EQ(memory->alarms.size(), 2U);
  EXPECT_EQ(memory->alarms[0], *book.find(1));
  EXPECT_EQ(memory->alarms[1], *book.find(2));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (size == 5) continue;  // An empty book.
    const auto cut = decode_alarms(Bytes(bytes).first(size));
    if (cut) {
      EXPECT_LT(cut->alarms.size(), 2U) << size;
    }
  }
  EXPECT_FALSE(decode_alarms(Bytes(bytes).first(7)));
  auto bad = bytes;
  bad[0] = std::byte{9};
  EXPECT_EQ(decode_alarms(bad).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace ems::runtime
