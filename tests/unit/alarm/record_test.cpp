// SPDX-License-Identifier: Apache-2.0
#include "ems/alarm/record.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ems::alarm {
namespace {

Change full() {
  Change change;
  change.transition = Transition::acknowledged;
  change.at = UtcInstant{1'700'000'000'123'456_us};
  change.actor = FixedString<kActorMax>("user:anna");
  change.text = FixedString<kTextMax>("fan is dirty");
  Alarm& alarm = change.alarm;
  alarm.id = 0xDEADBEEF;
  alarm.severity = Severity::critical;
  alarm.asset = {.kind = AssetKind::battery, .module = 3, .index = 513};
  alarm.name = FixedString<kNameMax>("cell_overvoltage");
  alarm.signal = Signal::cell_voltage;
  alarm.value = -5;
  alarm.active = true;
  alarm.latching = true;
  alarm.seen = true;
  alarm.count = 7;
  alarm.raised_at = UtcInstant{1_s};
  alarm.changed_at = UtcInstant{2_s};
  alarm.acknowledged_by = FixedString<kActorMax>("user:anna");
  alarm.shelved_until = UtcInstant{3_s};
  return change;
}

TEST(AlarmRecord, ComesBackWhole) {
  const auto payload = encode_change(full());
  ASSERT_TRUE(payload);
  const auto back = decode_change(payload->view());
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, full());
  Change least;
  least.alarm.name = FixedString<kNameMax>("x");
  least.alarm.latched = true;
  const auto small = encode_change(least);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->size(), kRecordFixedSize + 5);
  EXPECT_EQ(*decode_change(small->view()), least);
}

TEST(AlarmRecord, TheLongestFits) {
  Change change = full();
  change.alarm.name = FixedString<kNameMax>(std::string(kNameMax, 'n'));
  change.alarm.acknowledged_by = FixedString<kActorMax>(std::string(kActorMax, 'a'));
  change.actor = change.alarm.acknowledged_by;
  change.text = FixedString<kTextMax>(std::string(kTextMax, 't'));
  const auto payload = encode_change(change);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->size(), kRecordSizeMax);
  EXPECT_EQ(*decode_change(payload->view()), change);
}

TEST(AlarmRecord, WhatIsNoneIsRefusedWithItsPlace) {
  EXPECT_EQ(encode_change({}).error().code, Errc::out_of_range);
  const auto good = encode_change(full());
  ASSERT_TRUE(good);
  for (std::size_t size = 0; size < good->size(); ++size) {
    EXPECT_FALSE(decode_change(good->view().first(size))) << size;
  }
  std::vector<std::byte> longer(good->begin(), good->end());
  longer.push_back(std::byte{0});
  EXPECT_EQ(decode_change(longer).error().code, Errc::length);
  const auto with = [&good](std::size_t place, std::uint8_t value) {
    std::vector<std::byte> bytes(good->begin(), good->end());
    bytes[place] = std::byte{value};
    const auto result = decode_change(bytes);
    return result ? Errc::internal : result.error().code;
  };
  EXPECT_EQ(with(0, 2), Errc::header);
  EXPECT_EQ(with(1, 0), Errc::out_of_range);
  EXPECT_EQ(with(1, 9), Errc::out_of_range);
  EXPECT_EQ(with(2, 4), Errc::out_of_range);
  EXPECT_EQ(with(3, 0x20), Errc::out_of_range);
  EXPECT_EQ(with(4, 99), Errc::out_of_range);
  EXPECT_EQ(with(kRecordFixedSize, 0), Errc::out_of_range) << "no name";
  EXPECT_EQ(with(kRecordFixedSize, 200), Errc::out_of_range);
  EXPECT_EQ(with(kRecordFixedSize + 1, 'X'), Errc::out_of_range) << "not snake_case";
  EXPECT_EQ(with(good->size() - 1, '\n'), Errc::out_of_range);
}

}  // namespace
}  // namespace ems::alarm
