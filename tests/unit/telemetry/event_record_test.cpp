// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/event_record.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace ems;
using namespace ems::telemetry;

const Event kEvent{.severity = Severity::alarm,
                   .asset = battery(2),
                   .name = "cell_overvoltage",
                   .active = false,
                   .value = -3651,
                   .signal = Signal::cell_voltage_max};

TEST(EventRecord, RoundTrips) {
  const auto payload = encode_event(kEvent);
  ASSERT_TRUE(payload);
  const auto event = decode_event(payload->view());
  ASSERT_TRUE(event) << event.error().what;
  EXPECT_EQ(event->severity, Severity::alarm);
  EXPECT_EQ(event->asset, battery(2));
  EXPECT_EQ(event->name.view(), "cell_overvoltage");
  EXPECT_FALSE(event->active);
  EXPECT_EQ(event->value, -3651);
  EXPECT_EQ(event->signal, Signal::cell_voltage_max);
}

TEST(EventRecord, NamesThatDoNotFitAreRefusedNotCut) {
  const std::string longest(kEventNameMax, 'n');
  const std::string longer = longest + "n";
  Event event = kEvent;
  event.name = longest.c_str();
  EXPECT_TRUE(encode_event(event));
  event.name = longer.c_str();
  EXPECT_EQ(encode_event(event).error().code, Errc::out_of_range);
  event.name = "";
  EXPECT_EQ(encode_event(event).error().code, Errc::out_of_range);
}

TEST(EventRecord,
     NamesAreSnakeCaseInBothDirections) {  // Found by fuzz_event_record: a name with NUL.
  const auto sound = encode_event(kEvent);
  ASSERT_TRUE(sound);
  for (const char c : {'\0', '\n', 'A', '-', ' ', '\x7f', '\xc3'}) {
    EventPayload payload = *sound;
    payload[kEventRecordFixedSize + 4] = static_cast<std::byte>(c);
    EXPECT_EQ(decode_event(payload.view()).error(), (Error{Errc::out_of_range, 22, ""})) << int{c};
    const char name[] = {'c', 'e', 'l', 'l', c == '\0' ? '.' : c, 'x', '\0'};
    Event event = kEvent;
    event.name = name;
    EXPECT_EQ(encode_event(event).error(), (Error{Errc::out_of_range, 22, ""})) << int{c};
  }
}

TEST(EventRecord, MalformedPayloadsHaveANameAndAnOffset) {
  const auto sound = encode_event(kEvent);
  ASSERT_TRUE(sound);
  const struct {
    std::size_t at;
    int value;
    Error expect;
  } cases[] = {{0, 2, {Errc::header, 0, ""}},         {1, 4, {Errc::out_of_range, 1, ""}},
               {2, 2, {Errc::out_of_range, 2, ""}},   {3, 6, {Errc::out_of_range, 3, ""}},
               {17, 0, {Errc::out_of_range, 17, ""}}, {17, 49, {Errc::out_of_range, 17, ""}},
               {17, 15, {Errc::length, 33, ""}},      {17, 17, {Errc::truncated, 34, ""}}};
  for (const auto& c : cases) {
    EventPayload payload = *sound;
    payload[c.at] = static_cast<std::byte>(c.value);
    const auto event = decode_event(payload.view());
    ASSERT_FALSE(event) << c.at;
    EXPECT_EQ(event.error(), c.expect) << c.at;
  }
  for (std::size_t size = 0; size < sound->size(); ++size) {
    EXPECT_EQ(decode_event(sound->view().first(size)).error().code, Errc::truncated) << size;
  }
}

}  // namespace
