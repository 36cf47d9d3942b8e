// SPDX-License-Identifier: Apache-2.0
#include "ems/alarm/alarm.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ems::alarm {
namespace {

constexpr Event kHot{Severity::alarm, battery(1),         "overtemperature", true,
                     51'000,          Signal::temperature};

Moment at(Duration time) { return {Instant{time}, UtcInstant{1'000'000_s + time}}; }

Event ended(Event event) {
  event.active = false;
  return event;
}

/// Changes that are due at that time.
std::vector<Transition> due(Book& book, Duration time) {
  std::vector<Transition> changes;
  while (const auto change = book.next(at(time))) changes.push_back(change->transition);
  return changes;
}

/// A name of its own for each number; lives as long as the test.
const char* name(int number) {
  static std::vector<std::string> names;
  if (names.empty()) {
    for (int i = 0; i < 1000; ++i) names.push_back("alarm_" + std::to_string(i));
  }
  return names[static_cast<std::size_t>(number)].c_str();
}

TEST(AlarmBook, GoesThroughTheStatesOfIsa182) {
  Book book;
  const auto raised = book.take(kHot, false, at(1_s));
  ASSERT_TRUE(raised);
  EXPECT_EQ(raised->transition, Transition::raised);
  EXPECT_EQ(raised->at, at(1_s).utc);
  EXPECT_EQ(raised->alarm.id, 1U);
  EXPECT_EQ(raised->alarm.state(), State::unacknowledged);
  EXPECT_EQ(raised->alarm.value, 51'000);
  EXPECT_EQ(raised->alarm.signal, Signal::temperature);
  EXPECT_FALSE(book.take(kHot, false, at(2_s))) << "it is active already";

  const auto seen = book.acknowledge(1, "anna", "fan is dirty", at(3_s));
  ASSERT_TRUE(seen && *seen);
  EXPECT_EQ((*seen)->alarm.state(), State::acknowledged);
  EXPECT_EQ((*seen)->actor.view(), "anna");
  EXPECT_EQ((*seen)->text.view(), "fan is dirty");
  EXPECT_EQ((*seen)->alarm.acknowledged_by.view(), "anna");
  const auto again = book.acknowledge(1, "bert", "", at(4_s));
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again) << "seen already";
  EXPECT_EQ(book.find(1)->acknowledged_by.view(), "anna");

  const auto cleared = book.take(ended(kHot), false, at(5_s));
  ASSERT_TRUE(cleared);
  EXPECT_EQ(cleared->alarm.state(), State::normal);
  EXPECT_EQ(book.acknowledge(1, "anna", "", at(6_s)).error().code, Errc::not_found);

  // Back again: a new occurrence must be seen anew, under the same number.
  const auto back = book.take(kHot, false, at(7_s));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->alarm.id, 1U);
  EXPECT_EQ(back->alarm.count, 2U);
  EXPECT_EQ(back->alarm.state(), State::unacknowledged);
  EXPECT_TRUE(back->alarm.acknowledged_by.empty());
  ASSERT_TRUE(book.take(ended(kHot), false, at(8_s)));
  EXPECT_EQ(book.find(1)->state(), State::cleared_unacknowledged);
  ASSERT_TRUE(book.acknowledge(1, "anna", "", at(9_s)));
  EXPECT_EQ(book.find(1)->state(), State::normal);
}

TEST(AlarmBook, InfoIsNoAlarmAndAnEndWithoutABeginningIsNothing) {
  Book book;
  Event info = kHot;
  info.severity = Severity::info;
  EXPECT_FALSE(book.take(info, false, at(1_s)));
  EXPECT_FALSE(book.take(ended(kHot), false, at(1_s)));
  EXPECT_EQ(book.revision(), 0U);
}

TEST(AlarmBook, AGraverOccurrenceOfAnActiveAlarmMustBeSeenAnew) {
  Book book;
  (void)book.take(kHot, false, at(1_s));
  (void)book.acknowledge(1, "anna", "", at(2_s));
  Event worse = kHot;
  worse.severity = Severity::critical;
  const auto raised = book.take(worse, false, at(3_s));
  ASSERT_TRUE(raised);
  EXPECT_EQ(raised->alarm.severity, Severity::critical);
  EXPECT_EQ(raised->alarm.state(), State::unacknowledged);
  EXPECT_FALSE(book.take(kHot, false, at(4_s))) << "a lesser one changes nothing";
  EXPECT_EQ(book.find(1)->severity, Severity::critical);
}

TEST(AlarmBook, ALatchedAlarmWaitsForTheReset) {
  Book book;
  (void)book.take(kHot, true, at(1_s));
  (void)book.take(ended(kHot), true, at(2_s));
  EXPECT_EQ(book.find(1)->state(), State::latched_unacknowledged);
  (void)book.acknowledge(1, "anna", "", at(3_s));
  EXPECT_EQ(book.find(1)->state(), State::latched_acknowledged);
  EXPECT_EQ(book.count(Severity::alarm).active, 1U);
  EXPECT_TRUE(due(book, 1000_s).empty()) << "nothing but a reset ends it";
  book.reset("tina");
  const auto reset = book.next(at(1001_s));
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->transition, Transition::reset);
  EXPECT_EQ(reset->actor.view(), "tina");
  EXPECT_EQ(reset->alarm.state(), State::normal);
  EXPECT_EQ(book.count(Severity::alarm).active, 0U);
}

TEST(AlarmBook, AResetBeforeTheConditionIsGoneCounts) {
  Book book;
  (void)book.take(kHot, true, at(1_s));
  book.reset("tina");
  EXPECT_TRUE(due(book, 2_s).empty());
  EXPECT_EQ(book.find(1)->state(), State::unacknowledged) << "the condition holds all the same";
  (void)book.take(ended(kHot), true, at(3_s));
  EXPECT_EQ(book.find(1)->state(), State::cleared_unacknowledged);
  (void)book.take(kHot, true, at(4_s));
  (void)book.take(ended(kHot), true, at(5_s));
  EXPECT_EQ(book.find(1)->state(), State::latched_unacknowledged) << "a new one latches anew";
}

TEST(AlarmBook, AFloodIsCountedAndSummedUpOnceAWindow) {
  Book book;
  int rows = 0;
  for (int i = 0; i < 100; ++i) {  // On and off ten times a second.
    const Duration time = 10_s + milliseconds(100 * i);
    if (book.take(i % 2 == 0 ? kHot : ended(kHot), false, at(time))) ++rows;
    EXPECT_TRUE(due(book, time).empty());
  }
  EXPECT_EQ(rows, 6);
  EXPECT_EQ(book.find(1)->count, 50U);
  EXPECT_FALSE(book.find(1)->active) << "its state stays true";
  EXPECT_EQ(due(book, 69'999_ms), std::vector<Transition>{});
  const auto sum = book.next(at(70_s));
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->transition, Transition::repeated);
  EXPECT_EQ(sum->alarm.count, 50U);
  EXPECT_TRUE(due(book, 71_s).empty()) << "one row a window";
  // Calm for a window: it is worth rows again.
  EXPECT_TRUE(book.take(kHot, false, at(140_s)));
}

TEST(AlarmBook, ARestlessAlarmGivesOneRowAWindowForEver) {
  Book book;
  int rows = 0;
  for (int i = 0; i < 6000; ++i) {  // Ten minutes.
    const Duration time = milliseconds(100 * i);
    if (book.take(i % 2 == 0 ? kHot : ended(kHot), false, at(time))) ++rows;
    rows += static_cast<int>(due(book, time).size());
  }
  EXPECT_LE(rows, 6 + 10);
  EXPECT_GE(rows, 6 + 8);
}

TEST(AlarmBook, ShelvingHidesForATimeAndNeedsAReason) {
  Book book;
  (void)book.take(kHot, false, at(1_s));
  EXPECT_EQ(book.shelve(1, 60_s, "anna", "", at(2_s)).error().code, Errc::invalid_argument);
  EXPECT_EQ(book.shelve(1, 86'401_s, "anna", "why", at(2_s)).error().code, Errc::out_of_range);
  EXPECT_EQ(book.shelve(1, seconds(-1), "anna", "why", at(2_s)).error().code, Errc::out_of_range);
  EXPECT_EQ(book.shelve(9, 60_s, "anna", "why", at(2_s)).error().code, Errc::not_found);
  const auto shelved = book.shelve(1, 60_s, "anna", "sensor on order", at(2_s));
  ASSERT_TRUE(shelved && *shelved);
  EXPECT_EQ((*shelved)->alarm.shelved_until, at(62_s).utc);
  EXPECT_EQ(book.count(Severity::alarm).active, 0U);
  EXPECT_EQ(book.count(Severity::alarm).shelved, 1U);
  EXPECT_TRUE(due(book, 61'999_ms).empty());
  EXPECT_EQ(due(book, 62_s), std::vector{Transition::unshelved});
  EXPECT_EQ(book.count(Severity::alarm).active, 1U);

  ASSERT_TRUE(*book.shelve(1, 60_s, "anna", "again", at(70_s)));
  const auto back = book.shelve(1, 0_s, "anna", "", at(71_s));
  ASSERT_TRUE(back && *back);
  EXPECT_EQ((*back)->transition, Transition::unshelved);
  EXPECT_FALSE(*book.shelve(1, 0_s, "anna", "", at(72_s))) << "it is in sight already";
}

TEST(AlarmBook, AFullBookGivesUpTheLeastAndNeverACriticalOneForLess) {
  Book book;
  for (int i = 0; i < static_cast<int>(kAlarmsMax); ++i) {
    const Severity severity = i == 5 ? Severity::warning : Severity::critical;
    ASSERT_TRUE(book.take({severity, kSite, name(i)}, false, at(seconds(i))));
  }
  EXPECT_FALSE(book.take({Severity::warning, kSite, name(500)}, false, at(999_s)) &&
               book.find(6) != nullptr)
      << "as grave and older: the new one takes its place";
  EXPECT_EQ(book.dropped(), 1U);
  const auto gone = book.next(at(999_s));
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->transition, Transition::dropped);
  EXPECT_EQ(gone->alarm.name.view(), name(5));
  // A critical one comes: the warning goes.
  ASSERT_TRUE(book.take({Severity::critical, kSite, name(501)}, false, at(1000_s)));
  EXPECT_EQ(book.count(Severity::critical).active, kAlarmsMax);
  // Only critical ones: nothing less gets in.
  EXPECT_FALSE(book.take({Severity::alarm, kSite, name(502)}, false, at(1001_s)));
  EXPECT_EQ(book.count(Severity::critical).active, kAlarmsMax);
  EXPECT_EQ(book.dropped(), 3U);
  // And of critical ones a cleared one goes before an active one.
  (void)book.take({Severity::critical, kSite, name(7), false}, false, at(1002_s));
  ASSERT_TRUE(book.take({Severity::critical, kSite, name(503)}, false, at(1003_s)));
  EXPECT_EQ(book.count(Severity::critical).active, kAlarmsMax);
}

TEST(AlarmBook, CalmAlarmsMakeRoomWithoutBeingCounted) {
  Book book;
  for (int i = 0; i < static_cast<int>(kAlarmsMax); ++i) {
    (void)book.take({Severity::critical, kSite, name(i)}, false, at(1_s));
    (void)book.acknowledge(static_cast<Id>(i + 1), "anna", "", at(2_s));
  }
  (void)book.take({Severity::critical, kSite, name(3), false}, false, at(3_s));
  EXPECT_TRUE(book.take({Severity::warning, kSite, name(400)}, false, at(4_s)));
  EXPECT_EQ(book.dropped(), 0U);
}

TEST(AlarmBook, RestoredAlarmsThatNobodyRaisesAgainEnd) {
  Book old;
  (void)old.take(kHot, false, at(1_s));
  (void)old.take({Severity::critical, kSite, "estop"}, true, at(1_s));
  (void)old.acknowledge(2, "anna", "", at(2_s));
  std::vector<Alarm> kept;
  old.for_each([&](const Alarm& alarm) { kept.push_back(alarm); });

  Book book;
  book.restore(kept, old.next_id(), at(5_s));
  EXPECT_EQ(book.find(2)->state(), State::acknowledged) << "who saw it is remembered";
  EXPECT_FALSE(book.take(kHot, false, at(6_s))) << "as before the restart: no new occurrence";
  EXPECT_TRUE(due(book, 124_s).empty());
  EXPECT_EQ(due(book, 125_s), std::vector{Transition::cleared});
  EXPECT_EQ(book.find(1)->state(), State::unacknowledged);
  EXPECT_EQ(book.find(2)->state(), State::latched_acknowledged);
  ASSERT_TRUE(book.take({Severity::warning, kSite, "other"}, false, at(126_s)));
  EXPECT_NE(book.find(3), nullptr) << "numbers go on";
}

TEST(AlarmBook, ARestoredShelfEndsOnTimeAndNotLaterThanAllowed) {
  Alarm alarm;
  alarm.id = 4;
  alarm.name = FixedString<kNameMax>("noisy");
  alarm.active = true;
  alarm.shelved_until = at(100_s).utc;
  Book book;
  book.restore(std::span(&alarm, 1), 5, at(50_s));
  EXPECT_EQ(book.count(Severity::alarm).shelved, 1U);
  EXPECT_TRUE(due(book, 99_s).empty());
  EXPECT_EQ(due(book, 100_s), std::vector{Transition::unshelved});
  alarm.shelved_until = at(200'000_s).utc;  // The clock was set back meanwhile.
  Book back;
  back.restore(std::span(&alarm, 1), 5, at(50_s));
  EXPECT_EQ(due(back, 51_s), std::vector{Transition::unshelved});
}

TEST(AlarmBook, PrioritiesAreThoseOfTheSeverities) {
  EXPECT_EQ(priority_of(Severity::critical), "P1");
  EXPECT_EQ(priority_of(Severity::alarm), "P2");
  EXPECT_EQ(priority_of(Severity::warning), "P3");
  EXPECT_EQ(priority_of(Severity::info), "P4");
}

}  // namespace
}  // namespace ems::alarm
