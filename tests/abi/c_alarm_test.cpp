// SPDX-License-Identifier: Apache-2.0
// The alarm book through the C ABI: what a person sees, what a store needs.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <cstring>

#include "c_site.hpp"

namespace ems::test {
namespace {

constexpr std::int64_t kUtc = 1'800'000'000'000'000;

class Book {
 public:
  explicit Book(const ems_alarms_config_t& config = defaults()) : memory_(ems_alarms_size()) {
    EXPECT_EQ(ems_alarms_init(memory_.data(), memory_.size(), &config, &alarms), EMS_OK)
        << ems_last_error_message();
  }
  static ems_alarms_config_t defaults() {
    auto config = sized<ems_alarms_config_t>();
    EXPECT_EQ(ems_alarms_config_default(&config), EMS_OK);
    return config;
  }
  ems_alarm_change_t take(std::uint8_t severity, bool active, bool latching = false) {
    const ems_event_t event{"smoke",  1,
                            kBattery, EMS_SIGNAL_SMOKE_DETECTED,
                            severity, static_cast<std::uint8_t>(active ? 1 : 0)};
    auto change = sized<ems_alarm_change_t>();
    EXPECT_EQ(ems_alarms_take(alarms, &event, latching, now, kUtc + now * 1000, &change), EMS_OK);
    return change;
  }
  ems_alarm_change_t next() {
    auto change = sized<ems_alarm_change_t>();
    EXPECT_EQ(ems_alarms_next(alarms, now, kUtc + now * 1000, &change), EMS_OK);
    return change;
  }
  ems_alarms_summary_t summary() {
    auto out = sized<ems_alarms_summary_t>();
    EXPECT_EQ(ems_alarms_get_summary(alarms, &out), EMS_OK);
    return out;
  }
  ems_alarm_t first() {
    auto out = sized<ems_alarm_t>();
    EXPECT_EQ(ems_alarms_at(alarms, 0, &out), EMS_OK);
    return out;
  }

  ems_alarms_t* alarms = nullptr;
  std::int64_t now = 0;

 private:
  Memory memory_;
};

TEST(CAlarm, AnAlarmIsRaisedSeenLatchedAndReset) {
  Book book;
  EXPECT_EQ(book.take(EMS_SEVERITY_INFO, true).transition, EMS_ALARM_CHANGE_NONE);
  const ems_alarm_change_t raised = book.take(EMS_SEVERITY_CRITICAL, true, true);
  EXPECT_EQ(raised.transition, EMS_ALARM_CHANGE_RAISED);
  EXPECT_EQ(raised.at_utc_us, kUtc);
  EXPECT_EQ(raised.alarm.state, EMS_ALARM_STATE_UNACKNOWLEDGED);
  EXPECT_STREQ(raised.alarm.name, "smoke");
  EXPECT_EQ(raised.alarm.asset.index, kBattery.index);
  EXPECT_EQ(raised.alarm.signal, EMS_SIGNAL_SMOKE_DETECTED);
  EXPECT_EQ(raised.alarm.value, 1);
  EXPECT_EQ(raised.alarm.latching, 1);
  EXPECT_EQ(raised.alarm.count, 1U);
  EXPECT_EQ(book.take(EMS_SEVERITY_CRITICAL, true, true).transition, EMS_ALARM_CHANGE_NONE);

  const std::uint64_t before = book.summary().revision;
  EXPECT_EQ(book.summary().active[EMS_SEVERITY_CRITICAL], 1U);
  EXPECT_EQ(book.summary().unacknowledged[EMS_SEVERITY_CRITICAL], 1U);
  auto change = sized<ems_alarm_change_t>();
  book.now = 1000;
  ASSERT_EQ(ems_alarms_acknowledge(book.alarms, raised.alarm.id, "Ada", "I look", 1000, kUtc + 7,
                                   &change),
            EMS_OK);
  EXPECT_EQ(change.transition, EMS_ALARM_CHANGE_ACKNOWLEDGED);
  EXPECT_STREQ(change.actor, "Ada");
  EXPECT_STREQ(change.text, "I look");
  EXPECT_STREQ(change.alarm.acknowledged_by, "Ada");
  EXPECT_EQ(change.alarm.seen, 1);
  EXPECT_GT(book.summary().revision, before);
  EXPECT_EQ(book.summary().unacknowledged[EMS_SEVERITY_CRITICAL], 0U);
  ASSERT_EQ(ems_alarms_acknowledge(book.alarms, raised.alarm.id, "Ada", "", 1000, kUtc, &change),
            EMS_OK);
  EXPECT_EQ(change.transition, EMS_ALARM_CHANGE_NONE);

  book.now = 2000;
  EXPECT_EQ(book.take(EMS_SEVERITY_CRITICAL, false).alarm.state,
            EMS_ALARM_STATE_LATCHED_ACKNOWLEDGED);
  EXPECT_EQ(book.first().latched, 1);
  EXPECT_EQ(book.next().transition, EMS_ALARM_CHANGE_NONE);
  ASSERT_EQ(ems_alarms_reset(book.alarms, "Bob"), EMS_OK);
  const ems_alarm_change_t reset = book.next();
  EXPECT_EQ(reset.transition, EMS_ALARM_CHANGE_RESET);
  EXPECT_STREQ(reset.actor, "Bob");
  EXPECT_EQ(reset.alarm.state, EMS_ALARM_STATE_NORMAL);
  EXPECT_EQ(book.next().transition, EMS_ALARM_CHANGE_NONE);
}

TEST(CAlarm, AShelfNeedsAReasonAndEnds) {
  Book book;
  const std::uint32_t id = book.take(EMS_SEVERITY_WARNING, true).alarm.id;
  auto change = sized<ems_alarm_change_t>();
  EXPECT_EQ(ems_alarms_shelve(book.alarms, id, 5000, "Ada", "", 0, kUtc, &change),
            EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(ems_alarms_shelve(book.alarms, id, -1, "Ada", "x", 0, kUtc, &change),
            EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(ems_alarms_shelve(book.alarms, id + 1, 5000, "Ada", "x", 0, kUtc, &change),
            EMS_E_NOT_FOUND);
  ASSERT_EQ(ems_alarms_shelve(book.alarms, id, 5000, "Ada", "sensor on order", 0, kUtc, &change),
            EMS_OK);
  EXPECT_EQ(change.transition, EMS_ALARM_CHANGE_SHELVED);
  EXPECT_EQ(change.alarm.shelved, 1);
  EXPECT_EQ(change.alarm.shelved_until_utc_us, kUtc + 5'000'000);
  EXPECT_EQ(book.summary().shelved[EMS_SEVERITY_WARNING], 1U);
  EXPECT_EQ(book.summary().active[EMS_SEVERITY_WARNING], 0U);
  book.now = 5000;
  EXPECT_EQ(book.next().transition, EMS_ALARM_CHANGE_UNSHELVED);
  EXPECT_EQ(book.first().shelved, 0);
}

TEST(CAlarm, AStoreGivesBackWhatItKept) {
  Book before;
  before.take(EMS_SEVERITY_ALARM, true);
  auto change = sized<ems_alarm_change_t>();
  ASSERT_EQ(ems_alarms_shelve(before.alarms, 1, 600'000, "Ada", "x", 0, kUtc, &change), EMS_OK);
  const ems_event_t other{"gas", 0, {EMS_ASSET_SITE, 0, 0}, 0, EMS_SEVERITY_WARNING, 1};
  ASSERT_EQ(ems_alarms_take(before.alarms, &other, false, 0, kUtc, &change), EMS_OK);
  ems_alarm_t stored[2] = {sized<ems_alarm_t>(), sized<ems_alarm_t>()};
  ASSERT_EQ(before.summary().alarm_count, 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(ems_alarms_at(before.alarms, i, &stored[i]), EMS_OK);
  }
  ems_alarm_t none = sized<ems_alarm_t>();
  EXPECT_EQ(ems_alarms_at(before.alarms, 2, &none), EMS_E_OUT_OF_RANGE);

  auto config = Book::defaults();
  config.alarms = stored;
  config.alarm_count = 2;
  config.next_id = before.summary().next_id;
  config.utc_us = kUtc;
  Book after(config);
  ASSERT_EQ(after.summary().alarm_count, 2U);
  ems_alarm_t back = after.first();
  EXPECT_EQ(std::memcmp(&back, &stored[0], sizeof back), 0);
  EXPECT_EQ(after.summary().next_id, 3U);
  after.now = config.confirm_after_ms;  // Nobody raised them again.
  EXPECT_EQ(after.next().transition, EMS_ALARM_CHANGE_CLEARED);

  stored[1].severity = EMS_SEVERITY_CRITICAL + 1;
  Memory memory(ems_alarms_size());
  ems_alarms_t* out = nullptr;
  EXPECT_EQ(ems_alarms_init(memory.data(), memory.size(), &config, &out), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(ems_last_error_offset(), 1);
  config.alarm_count = EMS_ALARMS_MAX + 1;
  EXPECT_EQ(ems_alarms_init(memory.data(), memory.size(), &config, &out), EMS_E_OUT_OF_RANGE);
  config = Book::defaults();
  config.flood_changes = 256;
  EXPECT_EQ(ems_alarms_init(memory.data(), memory.size(), &config, &out), EMS_E_OUT_OF_RANGE);
  config = Book::defaults();
  config.next_id = 0;
  EXPECT_EQ(ems_alarms_init(memory.data(), memory.size(), &config, &out), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(out, nullptr);
}

TEST(CAlarm, AFullBookCountsWhatItGivesUp) {
  Book book;
  auto change = sized<ems_alarm_change_t>();
  for (std::uint16_t i = 1; i <= EMS_ALARMS_MAX + 1; ++i) {
    const ems_event_t event{"x", 0, {EMS_ASSET_BATTERY, 0, i}, 0, EMS_SEVERITY_WARNING, 1};
    ASSERT_EQ(ems_alarms_take(book.alarms, &event, false, i, kUtc + i, &change), EMS_OK);
  }
  EXPECT_EQ(book.summary().alarm_count, static_cast<std::uint32_t>(EMS_ALARMS_MAX));
  EXPECT_EQ(book.summary().dropped, 1U);
}

TEST(CAlarm, AnEventThatNamesNothingIsRefused) {
  Book book;
  auto change = sized<ems_alarm_change_t>();
  const ems_event_t bad[] = {{"", 0, kBattery, 0, EMS_SEVERITY_WARNING, 1},
                             {"x", 0, kBattery, 0, EMS_SEVERITY_CRITICAL + 1, 1},
                             {"x", 0, {EMS_ASSET_BATTERY, 0, 0}, 0, EMS_SEVERITY_WARNING, 1}};
  for (const ems_event_t& event : bad) {
    EXPECT_EQ(ems_alarms_take(book.alarms, &event, false, 0, kUtc, &change), EMS_E_OUT_OF_RANGE);
  }
  EXPECT_EQ(book.summary().alarm_count, 0U);
}

}  // namespace
}  // namespace ems::test
