// SPDX-License-Identifier: Apache-2.0
// Growable structs, errors, codecs, conversations and the image through the C ABI.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <vector>

#include "c_site.hpp"

namespace ems::test {
namespace {

TEST(CApi, AStructOfNewerHeadersIsTakenWhenItAsksForNothingUnknown) {
  struct Newer {
    ems_poller_settings_t known;
    std::uint64_t later;
  } newer{sized<ems_poller_settings_t>(), 0};
  ASSERT_EQ(ems_poller_settings_default(&newer.known), EMS_OK);
  newer.known.struct_size = sizeof newer;
  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  Memory memory(ems_poller_size());
  ems_poller_t* poller = nullptr;
  EXPECT_EQ(ems_poller_init(memory.data(), memory.size(), jbd, &newer.known, &poller), EMS_OK);
  newer.later = 1;
  EXPECT_EQ(ems_poller_init(memory.data(), memory.size(), jbd, &newer.known, &poller),
            EMS_E_UNIMPLEMENTED);
}

TEST(CApi, ANewerCallerLearnsHowMuchWasFilled) {
  struct Newer {
    ems_codec_info_t known;
    std::uint64_t later;
  } newer{sized<ems_codec_info_t>(), 7};
  newer.known.struct_size = sizeof newer;
  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  ASSERT_EQ(ems_codec_describe(jbd, &newer.known), EMS_OK);
  EXPECT_EQ(newer.known.struct_size, sizeof(ems_codec_info_t));
  EXPECT_EQ(newer.later, 7U);
}

TEST(CApi, AMessageGoesWithTheNextSuccess) {
  auto info = sized<ems_signal_info_t>();
  EXPECT_EQ(ems_signal_find("no_such_thing", &info), EMS_E_NOT_FOUND);
  EXPECT_STRNE(ems_last_error_message(), "");
  EXPECT_EQ(ems_signal_find("pack_voltage", &info), EMS_OK);
  EXPECT_STREQ(ems_last_error_message(), "");
  EXPECT_STREQ(info.integer_name, "pack_voltage_mv");
  EXPECT_EQ(info.number, EMS_SIGNAL_PACK_VOLTAGE);
}

TEST(CApi, EveryCodecAndEverySignalCanBeListed) {
  for (std::size_t i = 0; i < ems_codec_count(); ++i) {
    const ems_codec_t* codec = nullptr;
    auto info = sized<ems_codec_info_t>();
    ASSERT_EQ(ems_codec_at(i, &codec), EMS_OK);
    ASSERT_EQ(ems_codec_describe(codec, &info), EMS_OK);
    for (std::uint32_t item = 0; item < info.poll_count; ++item) {
      auto plan = sized<ems_poll_item_t>();
      std::uint8_t request[EMS_REQUEST_SIZE];
      std::size_t size = 0;
      ASSERT_EQ(ems_codec_poll_item(codec, item, &plan), EMS_OK) << info.name;
      EXPECT_EQ(ems_codec_encode_poll(codec, plan.number, request, sizeof request, &size), EMS_OK);
      EXPECT_EQ(ems_codec_encode_poll(codec, plan.number, request, size - 1, &size),
                EMS_E_RESOURCE_EXHAUSTED);
    }
  }
  for (std::size_t i = 0; i < ems_signal_count(); ++i) {
    auto at = sized<ems_signal_info_t>();
    auto by_number = sized<ems_signal_info_t>();
    auto by_name = sized<ems_signal_info_t>();
    ASSERT_EQ(ems_signal_at(i, &at), EMS_OK);
    EXPECT_EQ(ems_signal_get(at.number, &by_number), EMS_OK);
    EXPECT_EQ(ems_signal_find(at.si_name, &by_name), EMS_OK) << at.si_name;
    EXPECT_EQ(by_number.number, by_name.number);
  }
}

TEST(CApi, ReadingsThatDoNotFitAreCountedNotLost) {
  const std::uint8_t cells[] = {0xDD, 0x04, 0x00, 0x08, 0x0D, 0x66, 0x0D, 0x61,
                                0x0D, 0x68, 0x0D, 0x59, 0xFE, 0x3C, 0x77};
  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  ems_value_t values[3];
  auto readings = sized<ems_readings_t>();
  readings.values = values;
  readings.value_capacity = 3;
  EXPECT_EQ(ems_codec_decode(jbd, nullptr, 0, cells, sizeof cells, &readings),
            EMS_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(readings.value_count, 3U);
  EXPECT_EQ(readings.dropped, 1U);
  EXPECT_EQ(values[2].value, 3432);
  // A refused frame leaves no values of the one before.
  EXPECT_EQ(ems_codec_decode(jbd, nullptr, 0, cells, sizeof cells - 1, &readings), EMS_E_TRUNCATED);
  EXPECT_EQ(readings.value_count, 0U);
  // Nor does any other call that fails.
  readings.value_count = readings.dropped = 2;
  EXPECT_EQ(ems_codec_decode(jbd, nullptr, 0, nullptr, 0, &readings), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(readings.value_count + readings.dropped, 0U);
  readings.vendor_value_count = 2;
  EXPECT_EQ(ems_codec_decode_request(nullptr, cells, sizeof cells, &readings),
            EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(readings.vendor_value_count, 0U);
}

TEST(CApi, APollerAsksAndTakesTheAnswerInPieces) {
  const std::uint8_t basic[] = {0xDD, 0x03, 0x00, 0x1D, 0x06, 0x18, 0x00, 0x00, 0x01,
                                0xF2, 0x01, 0xF4, 0x00, 0x00, 0x2C, 0x7C, 0x00, 0x00,
                                0x00, 0x00, 0x00, 0x00, 0x80, 0x64, 0x03, 0x04, 0x03,
                                0x0B, 0x8B, 0x0B, 0x8A, 0x0B, 0x84, 0xFA, 0x8D, 0x77};
  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  std::uint64_t memory[EMS_POLLER_WORDS];
  ems_poller_t* poller = nullptr;
  ASSERT_EQ(ems_poller_init(memory, sizeof memory, jbd, nullptr, &poller), EMS_OK);
  auto status = sized<ems_poller_status_t>();
  ASSERT_EQ(ems_poller_get_status(poller, &status), EMS_OK);
  EXPECT_EQ(status.health, EMS_LINK_OFFLINE);
  EXPECT_EQ(ems_poller_request_switch(poller, true, false), EMS_E_UNAVAILABLE);

  ASSERT_EQ(ems_poller_link_up(poller, 100), EMS_OK);
  auto action = sized<ems_poller_action_t>();
  std::uint8_t request[EMS_REQUEST_SIZE];
  ASSERT_EQ(ems_poller_next(poller, 100, request, sizeof request, &action), EMS_OK);
  ASSERT_EQ(action.size, 7U);
  ASSERT_EQ(request[2], 0x03);  // Basic information comes first.
  EXPECT_STRNE(action.what, "");
  EXPECT_GT(action.wake_at_ms, 100);
  ems_value_t values[EMS_VALUES_MAX];
  auto readings = sized<ems_readings_t>();
  readings.values = values;
  readings.value_capacity = EMS_VALUES_MAX;
  ASSERT_EQ(ems_poller_receive(poller, basic, 5, 120, &readings), EMS_OK);
  EXPECT_EQ(readings.value_count, 0U);
  ASSERT_EQ(ems_poller_receive(poller, basic + 5, sizeof basic - 5, 130, &readings), EMS_OK);
  EXPECT_GT(readings.value_count, 10U);
  auto late = readings;
  EXPECT_EQ(ems_poller_receive(poller, nullptr, 0, 129, &late), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(late.value_count, 0U);  // No old values that could be stored as new.
  ASSERT_EQ(ems_poller_get_status(poller, &status), EMS_OK);
  EXPECT_EQ(status.health, EMS_LINK_ONLINE);
  EXPECT_EQ(status.replies, 1U);
  EXPECT_EQ(status.last_error, EMS_OK);

  EXPECT_EQ(ems_poller_request_switch(poller, true, false), EMS_OK);
  ASSERT_EQ(ems_poller_next(poller, 140, request, sizeof request, &action), EMS_OK);
  EXPECT_EQ(request[2], 0xE1);
  const std::uint8_t accepted[] = {0xDD, 0xE1, 0x00, 0x00, 0x00, 0x00, 0x77};
  ASSERT_EQ(ems_poller_receive(poller, accepted, sizeof accepted, 150, &readings), EMS_OK);
  EXPECT_EQ(readings.acknowledged, 1U);
  ASSERT_EQ(ems_poller_get_status(poller, &status), EMS_OK);
  EXPECT_EQ(status.command_state, EMS_COMMAND_STATE_ACKNOWLEDGED);
  EXPECT_EQ(ems_poller_link_down(poller, 149), EMS_E_OUT_OF_RANGE);
}

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

TEST(CApi, AnImageTakesAllOfAFrameOrNothing) {
  Memory memory(ems_image_size(2));
  ems_image_t* image = nullptr;
  ASSERT_EQ(ems_image_init(memory.data(), memory.size(), 2, &image), EMS_OK);
  ems_value_t values[3]{};
  for (std::uint16_t i = 0; i < 3; ++i) {
    values[i].signal = EMS_SIGNAL_CELL_VOLTAGE;
    values[i].element = static_cast<std::uint16_t>(i + 1);
    values[i].quality = EMS_QUALITY_GOOD;
  }
  auto readings = sized<ems_readings_t>();
  readings.values = values;
  readings.value_capacity = readings.value_count = 3;
  EXPECT_EQ(ems_image_apply(image, kBattery, &readings, 0, 2000), EMS_E_RESOURCE_EXHAUSTED);
  std::size_t count = 1;
  ASSERT_EQ(ems_image_count(image, &count), EMS_OK);
  EXPECT_EQ(count, 0U);
  values[2].element = 2;  // The same point twice needs no more room.
  values[2].value = 9;
  EXPECT_EQ(ems_image_apply(image, kBattery, &readings, 5, 2000), EMS_OK);
  ems_sample_t got{};
  ASSERT_EQ(ems_image_get(image, kBattery, EMS_SIGNAL_CELL_VOLTAGE, 2, &got), EMS_OK);
  EXPECT_EQ(got.value, 9);
  EXPECT_EQ(got.taken_at_ms, 5);
  EXPECT_EQ(got.stale_after_ms, 2000);
  values[0].quality = 4;
  EXPECT_EQ(ems_image_apply(image, kBattery, &readings, 5, 2000), EMS_E_OUT_OF_RANGE);
}

TEST(CApi, AssetsHaveNames) {
  char name[EMS_ASSET_NAME_SIZE];
  ASSERT_EQ(ems_asset_name({EMS_ASSET_BATTERY, 3, 1}, sizeof name, name), EMS_OK);
  EXPECT_STREQ(name, "battery/1/module/3");
  EXPECT_EQ(ems_asset_name({EMS_ASSET_BATTERY, 3, 1}, std::strlen(name), name),
            EMS_E_RESOURCE_EXHAUSTED);
  ems_asset_t asset{};
  ASSERT_EQ(ems_asset_parse("meter/2", &asset), EMS_OK);
  EXPECT_EQ(asset.kind, EMS_ASSET_METER);
  EXPECT_EQ(asset.index, 2U);
  EXPECT_EQ(ems_asset_parse("meter/x", &asset), EMS_E_SYNTAX);
}

TEST(CApi, TheAssertionHandlerIsGivenBack) {
  const ems_assertion_handler_t mine = [](const char*, const char*, int) {};
  EXPECT_EQ(ems_set_assertion_handler(mine), nullptr);
  EXPECT_EQ(ems_set_assertion_handler(nullptr), mine);
  EXPECT_EQ(ems_abi_version(), static_cast<std::uint32_t>(EMS_ABI_VERSION));
  EXPECT_STREQ(ems_version(), "0.1.0");
}

}  // namespace
}  // namespace ems::test
