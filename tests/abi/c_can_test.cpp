// SPDX-License-Identifier: Apache-2.0
// Batteries on a CAN bus through the C ABI: heard, decoded from a mailbox, and spoken for.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "c_site.hpp"

namespace ems::test {
namespace {

TEST(CApi, ACanBatteryIsHeardAndFallsSilent) {
  const ems_codec_t* codec = nullptr;
  ASSERT_EQ(ems_codec_find("pylontech-lv-can", &codec), EMS_OK);
  std::uint64_t memory[EMS_CAN_LISTENER_WORDS];
  ems_can_listener_t* listener = nullptr;
  ASSERT_EQ(ems_can_listener_init(memory, sizeof memory, codec, &listener), EMS_OK);
  auto line = sized<ems_candump_line_t>();
  ASSERT_EQ(ems_candump_parse("(1699999999.250000) can0 351#1402740E740ECC01", &line), EMS_OK);
  EXPECT_EQ(line.has_time, 1U);
  EXPECT_EQ(line.time_us, 1'699'999'999'250'000);
  EXPECT_STREQ(line.interface_name, "can0");
  ems_value_t values[EMS_VALUES_MAX];
  auto readings = sized<ems_readings_t>();
  readings.values = values;
  readings.value_capacity = EMS_VALUES_MAX;
  EXPECT_EQ(ems_can_listener_receive(listener, &line.frame, 0, &readings),
            EMS_E_FAILED_PRECONDITION);
  ASSERT_EQ(ems_can_listener_link_up(listener, 0), EMS_OK);
  ASSERT_EQ(ems_can_listener_receive(listener, &line.frame, 10, &readings), EMS_OK);
  ASSERT_EQ(readings.value_count, 4U);
  EXPECT_EQ(values[0].signal, EMS_SIGNAL_CHARGE_VOLTAGE_LIMIT);
  EXPECT_EQ(values[0].value, 53'200);
  auto late = readings;
  EXPECT_EQ(ems_can_listener_receive(listener, &line.frame, 9, &late), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(late.value_count, 0U);  // No old values that could be stored as new.
  late = readings;
  EXPECT_EQ(ems_can_listener_receive(listener, nullptr, 10, &late), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(late.value_count, 0U);
  ems_can_frame_t bad = line.frame;
  bad.size = 9;
  EXPECT_EQ(ems_can_listener_receive(listener, &bad, 10, &readings), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(readings.value_count, 0U);
  auto info = sized<ems_codec_info_t>();
  ASSERT_EQ(ems_codec_describe(codec, &info), EMS_OK);
  auto action = sized<ems_can_action_t>();
  ASSERT_EQ(ems_can_listener_next(listener, 10 + info.quiet_after_ms, &action), EMS_OK);
  auto status = sized<ems_can_listener_status_t>();
  ASSERT_EQ(ems_can_listener_get_status(listener, &status), EMS_OK);
  EXPECT_EQ(status.health, EMS_LINK_RECOVERING);
  EXPECT_EQ(status.silences, 1U);
  EXPECT_EQ(status.errors, 1U);
  EXPECT_EQ(ems_candump_parse("nonsense", &line), EMS_E_SYNTAX);
}

TEST(CApi, AMailboxDecodesFramesAndNothingElse) {
  const ems_codec_t* codec = nullptr;
  ASSERT_EQ(ems_codec_find("pylontech-lv-can", &codec), EMS_OK);
  std::uint64_t memory[EMS_CAN_MAILBOX_WORDS];
  ems_can_mailbox_t* mailbox = nullptr;
  ASSERT_EQ(ems_can_mailbox_init(memory, sizeof memory, codec, &mailbox), EMS_OK);
  ems_value_t values[EMS_VALUES_MAX];
  auto readings = sized<ems_readings_t>();
  readings.values = values;
  readings.value_capacity = EMS_VALUES_MAX;
  std::int32_t taken = -1;
  const auto decoded = [&](ems_can_frame_t frame, std::int64_t at) {
    taken = -1;
    return ems_can_mailbox_decode(mailbox, &frame, at, &readings, &taken);
  };
  const ems_can_frame_t limits{0x351, 0, 0, 8, 0, {0x14, 2, 0x74, 0x0E, 0x74, 0x0E, 0xCC, 1}};
  ASSERT_EQ(decoded(limits, 10), EMS_OK);
  EXPECT_EQ(taken, EMS_CAN_DECODED);
  EXPECT_EQ(readings.value_count, 4U);
  EXPECT_EQ(values[0].value, 53'200);
  ASSERT_EQ(decoded({0x123, 0, 0, 8, 0, {}}, 10), EMS_OK);
  EXPECT_EQ(taken, EMS_CAN_IGNORED);
  EXPECT_EQ(readings.value_count, 0U);
  EXPECT_EQ(decoded({0x351, 0, 0, 1, 0, {}}, 10), EMS_E_LENGTH);
  EXPECT_EQ(ems_last_error_offset(), 1U);
  EXPECT_EQ(decoded({0x351, 0, 0, 9, 0, {}}, 10), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(decoded({0x800, 0, 0, 8, 0, {}}, 10), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(decoded(limits, 9), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(taken, -1);
  readings.value_capacity = 3;
  EXPECT_EQ(decoded(limits, 11), EMS_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(readings.dropped, 1U);

  // 371 is the second half of a name only behind the first, which a cleared mailbox forgot.
  ems_text_t texts[2];
  readings.texts = texts;
  readings.text_capacity = 2;
  const ems_can_frame_t first{0x370, 0, 0, 8, 0, {'U', 'S', '5', '0', '0', '0', ' ', ' '}};
  const ems_can_frame_t second{0x371, 0, 0, 8, 0, {'B', ' ', ' ', ' ', ' ', ' ', ' ', ' '}};
  ASSERT_EQ(decoded(first, 20), EMS_OK);
  ASSERT_EQ(decoded(second, 20), EMS_OK);
  EXPECT_EQ(readings.text_count, 1U);
  ASSERT_EQ(ems_can_mailbox_clear(mailbox), EMS_OK);
  ASSERT_EQ(decoded(second, 0), EMS_OK);  // Another time, too.
  EXPECT_EQ(readings.text_count, 0U);

  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  EXPECT_EQ(ems_can_mailbox_init(memory, sizeof memory, jbd, &mailbox), EMS_E_UNIMPLEMENTED);
  EXPECT_EQ(ems_can_mailbox_init(memory, 8, codec, &mailbox), EMS_E_RESOURCE_EXHAUSTED);
}

TEST(CApi, WhatTheHostSendsOnACanBusCanBeListed) {
  const ems_codec_t* codec = nullptr;
  ASSERT_EQ(ems_codec_find("pylontech-lv-can", &codec), EMS_OK);
  auto info = sized<ems_codec_info_t>();
  ASSERT_EQ(ems_codec_describe(codec, &info), EMS_OK);
  ASSERT_EQ(info.send_count, 1U);
  auto item = sized<ems_can_send_t>();
  ASSERT_EQ(ems_codec_send_item(codec, 0, &item), EMS_OK);
  EXPECT_EQ(item.frame.id, 0x305U);
  EXPECT_EQ(item.frame.size, 8U);
  EXPECT_EQ(item.every_ms, 1000);
  EXPECT_STRNE(item.name, "");
  EXPECT_EQ(ems_codec_send_item(codec, 1, &item), EMS_E_OUT_OF_RANGE);
  ASSERT_EQ(ems_codec_find("jbd", &codec), EMS_OK);
  EXPECT_EQ(ems_codec_send_item(codec, 0, &item), EMS_E_UNIMPLEMENTED);
}

TEST(CApi, ABatterySpokenForIsHeardWithLimitsNoLooser) {
  const std::int64_t now = 10'000;
  std::vector<ems_sample_t> battery;
  const auto add = [&](std::uint16_t signal, std::int64_t value) {
    battery.push_back(sample(kBattery, signal, value, now - 900));
  };
  add(EMS_SIGNAL_SOC, 6100);
  add(EMS_SIGNAL_PACK_VOLTAGE, 52'810);
  add(EMS_SIGNAL_PACK_CURRENT, -2300);
  add(EMS_SIGNAL_TEMPERATURE, 25'000);
  add(EMS_SIGNAL_CHARGE_VOLTAGE_LIMIT, 53'290);
  add(EMS_SIGNAL_DISCHARGE_VOLTAGE_LIMIT, 46'010);
  add(EMS_SIGNAL_CHARGE_CURRENT_LIMIT, 37'050);
  add(EMS_SIGNAL_DISCHARGE_CURRENT_LIMIT, 40'000);
  add(EMS_SIGNAL_CHARGE_ENABLE, 1);
  add(EMS_SIGNAL_DISCHARGE_ENABLE, 1);
  add(EMS_SIGNAL_ALARMS, 0);
  add(EMS_SIGNAL_WARNINGS, 0);

  const auto heard = [&](std::int64_t at) {
    auto burst = sized<ems_can_burst_t>();
    EXPECT_EQ(ems_pylontech_encode(battery.data(), battery.size(), at, 1000, &burst), EMS_OK);
    EXPECT_GE(burst.count, 4U);
    const ems_codec_t* codec = nullptr;
    EXPECT_EQ(ems_codec_find("pylontech-lv-can", &codec), EMS_OK);
    Memory memory(ems_can_listener_size());
    ems_can_listener_t* listener = nullptr;
    EXPECT_EQ(ems_can_listener_init(memory.data(), memory.size(), codec, &listener), EMS_OK);
    EXPECT_EQ(ems_can_listener_link_up(listener, at), EMS_OK);
    std::map<int, std::int64_t> found;
    for (std::uint32_t i = 0; i < burst.count; ++i) {
      ems_value_t values[EMS_VALUES_MAX];
      auto readings = sized<ems_readings_t>();
      readings.values = values;
      readings.value_capacity = EMS_VALUES_MAX;
      EXPECT_EQ(ems_can_listener_receive(listener, &burst.frames[i], at, &readings), EMS_OK);
      for (std::uint32_t v = 0; v < readings.value_count; ++v) {
        found[values[v].signal] = values[v].value;
      }
    }
    return found;
  };
  std::map<int, std::int64_t> fresh = heard(now);
  EXPECT_EQ(fresh[EMS_SIGNAL_CHARGE_VOLTAGE_LIMIT], 53'200);
  EXPECT_EQ(fresh[EMS_SIGNAL_DISCHARGE_VOLTAGE_LIMIT], 46'100);
  EXPECT_EQ(fresh[EMS_SIGNAL_CHARGE_CURRENT_LIMIT], 37'000);
  EXPECT_EQ(fresh[EMS_SIGNAL_PACK_CURRENT], -2300);
  EXPECT_EQ(fresh[EMS_SIGNAL_CHARGE_ENABLE], 1);
  std::map<int, std::int64_t> stale = heard(now + 100);  // Exactly max_age_ms old.
  EXPECT_EQ(stale[EMS_SIGNAL_CHARGE_CURRENT_LIMIT], 0);
  EXPECT_EQ(stale[EMS_SIGNAL_DISCHARGE_CURRENT_LIMIT], 0);
  EXPECT_EQ(stale[EMS_SIGNAL_CHARGE_ENABLE], 0);
  EXPECT_EQ(stale[EMS_SIGNAL_DISCHARGE_ENABLE], 0);

  auto burst = sized<ems_can_burst_t>();
  battery[1].signal = EMS_SIGNAL_SOC;
  EXPECT_EQ(ems_pylontech_encode(battery.data(), 2, now, 1000, &burst), EMS_E_ALREADY_EXISTS);
  EXPECT_EQ(ems_last_error_offset(), 1U);
  battery[1].signal = EMS_SIGNAL_FREQUENCY;
  EXPECT_EQ(ems_pylontech_encode(battery.data(), 2, now, 1000, &burst), EMS_E_NOT_FOUND);
  EXPECT_EQ(ems_pylontech_encode(nullptr, 0, now, 0, &burst), EMS_E_OUT_OF_RANGE);
}

TEST(CApi, ABatteryIsSpokenForInTheDialectOfACodec) {
  const std::int64_t now = 1'000'000;
  const auto codec_of = [](const char* name) {
    const ems_codec_t* codec = nullptr;
    EXPECT_EQ(ems_codec_find(name, &codec), EMS_OK);
    return codec;
  };
  std::vector<ems_sample_t> battery;
  const auto add = [&](std::uint16_t signal, std::int64_t value) {
    battery.push_back(sample(kBattery, signal, value, now));
  };
  add(EMS_SIGNAL_SOC, 6100);
  add(EMS_SIGNAL_PACK_VOLTAGE, 53'300);
  add(EMS_SIGNAL_PACK_CURRENT, 1400);
  add(EMS_SIGNAL_TEMPERATURE, 22'000);
  add(EMS_SIGNAL_DESIGN_CAPACITY, 230'000'000);
  add(EMS_SIGNAL_CELL_VOLTAGE_MAX, 3335);
  add(EMS_SIGNAL_CELL_VOLTAGE_MIN, 3333);
  add(EMS_SIGNAL_CELL_TEMP_MAX, 24'000);
  add(EMS_SIGNAL_CELL_TEMP_MIN, 23'000);
  ems_can_frame_t frames[EMS_CAN_SPEAK_FRAMES];
  std::size_t count = 0;
  const auto speak = [&](const char* name, std::size_t capacity) {
    return ems_can_speak(codec_of(name), battery.data(), battery.size(), now, 1000, frames,
                         capacity, &count);
  };
  const auto data_of = [&](std::uint32_t id) {
    for (std::size_t i = 0; i < count; ++i) {
      if (frames[i].id == id) return std::vector<int>(frames[i].data, frames[i].data + 8);
    }
    return std::vector<int>{};
  };
  ASSERT_EQ(speak("deye-lv-can", EMS_CAN_SPEAK_FRAMES), EMS_OK);
  EXPECT_EQ(data_of(0x356), (std::vector<int>{0xD2, 0x14, 0x0E, 0, 0xDC, 0, 0, 0}));
  EXPECT_EQ(data_of(0x361), (std::vector<int>{0x07, 0x0D, 0x05, 0x0D, 0xF0, 0, 0xE6, 0}));
  ASSERT_EQ(speak("victron-can-bms", EMS_CAN_SPEAK_FRAMES), EMS_OK);
  EXPECT_EQ(data_of(0x356), (std::vector<int>{0xD2, 0x14, 0xF2, 0xFF, 0xDC, 0, 0, 0}));
  EXPECT_EQ(data_of(0x379), (std::vector<int>{0xE6, 0, 0, 0, 0, 0, 0, 0}));

  const std::size_t before = count;
  EXPECT_EQ(speak("deye-lv-can", 4), EMS_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(speak("discover-lv-can", EMS_CAN_SPEAK_FRAMES), EMS_E_UNIMPLEMENTED);
  EXPECT_EQ(speak("jbd", EMS_CAN_SPEAK_FRAMES), EMS_E_UNIMPLEMENTED);
  battery[8].signal = EMS_SIGNAL_CELL_TEMP_MAX;
  EXPECT_EQ(speak("sma-lv-can", EMS_CAN_SPEAK_FRAMES), EMS_E_ALREADY_EXISTS);
  EXPECT_EQ(ems_last_error_offset(), 8U);
  EXPECT_EQ(count, before);
}

}  // namespace
}  // namespace ems::test
