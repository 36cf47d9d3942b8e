// SPDX-License-Identifier: Apache-2.0
// Growable structs, errors, codecs, conversations and the image through the C ABI.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

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

TEST(CApi, ACodecSaysWhatPeopleHaveToKnowOfIt) {
  for (std::size_t i = 0; i < ems_codec_count(); ++i) {
    const ems_codec_t* codec = nullptr;
    auto info = sized<ems_codec_info_t>();
    ASSERT_EQ(ems_codec_at(i, &codec), EMS_OK);
    ASSERT_EQ(ems_codec_describe(codec, &info), EMS_OK);
    EXPECT_STRNE(info.title, "") << info.name;
    ASSERT_GT(info.bit_rate_count, 0U) << info.name;
    EXPECT_GE(info.bit_rates[0], 1200U) << info.name;
    const char* variant = nullptr;
    for (std::uint32_t v = 0; v < info.variant_count; ++v) {
      ASSERT_EQ(ems_codec_variant(codec, v, &variant), EMS_OK);
      std::uint64_t memory[EMS_CODEC_WORDS];
      auto options = sized<ems_codec_options_t>();
      options.variant = variant;
      EXPECT_EQ(ems_codec_init(memory, sizeof memory, codec, &options, &codec), EMS_OK) << variant;
      ASSERT_EQ(ems_codec_at(i, &codec), EMS_OK);
    }
    EXPECT_EQ(ems_codec_variant(codec, info.variant_count, &variant), EMS_E_OUT_OF_RANGE);
  }
  auto info = sized<ems_codec_info_t>();
  const ems_codec_t* codec = nullptr;
  ASSERT_EQ(ems_codec_find("pylontech", &codec), EMS_OK);
  ASSERT_EQ(ems_codec_describe(codec, &info), EMS_OK);
  EXPECT_EQ(info.evidence, EMS_EVIDENCE_CAPTURED_FRAMES);
  EXPECT_EQ(info.addresses[0], 2U);
  EXPECT_EQ(info.limits_lease_ms, 10'000);
  EXPECT_EQ(info.asks_by_writing, 0U);
  ASSERT_EQ(ems_codec_find("jk_pb_modbus", &codec), EMS_OK);
  ASSERT_EQ(ems_codec_describe(codec, &info), EMS_OK);
  EXPECT_EQ(info.asks_by_writing, 1U);
  EXPECT_EQ(info.request_gap_ms, 100);
}

TEST(CApi, ACallerOfTheFirstLayoutGetsThePrefixItKnows) {
  struct {
    unsigned char first[offsetof(ems_codec_info_t, title)];
    std::uint64_t behind;
  } room{{}, 7};
  ems_codec_info_t info{};
  info.struct_size = sizeof room.first;
  std::memcpy(&room, &info, sizeof room.first);
  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  ASSERT_EQ(ems_codec_describe(jbd, reinterpret_cast<ems_codec_info_t*>(&room)), EMS_OK);
  EXPECT_EQ(room.behind, 7U);
  std::memcpy(&info, &room, sizeof room.first);
  EXPECT_EQ(info.struct_size, sizeof room.first);
  EXPECT_STREQ(info.name, "jbd");
}

TEST(CApi, ACodecWithOptionsGoesWhereverACodecGoes) {
  const std::uint8_t one_sensor[] = {0xA5, 0x01, 0x96, 0x08, 0x01, 0x37, 0x00, 0x00, 0x00,
                                     0x00, 0x00, 0x00, 0x7C, 0xA5, 0x01, 0x96, 0x08, 0x02,
                                     0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};
  const ems_codec_t* plain = nullptr;
  ASSERT_EQ(ems_codec_find("daly_a5", &plain), EMS_OK);
  std::uint64_t memory[EMS_CODEC_WORDS];
  auto options = sized<ems_codec_options_t>();
  options.temperature_count = 2;
  const ems_codec_t* codec = nullptr;
  ASSERT_EQ(ems_codec_init(memory, sizeof memory, plain, &options, &codec), EMS_OK);
  const auto sensors = [&](const ems_codec_t* with) {
    ems_value_t values[EMS_VALUES_MAX];
    auto readings = sized<ems_readings_t>();
    readings.values = values;
    readings.value_capacity = EMS_VALUES_MAX;
    EXPECT_EQ(ems_codec_decode(with, nullptr, 0, one_sensor, sizeof one_sensor, &readings), EMS_OK);
    EXPECT_EQ(readings.value_count == 2 && values[1].quality == EMS_QUALITY_BAD,
              readings.value_count == 2);
    return readings.value_count;
  };
  EXPECT_EQ(sensors(plain), 1U);
  EXPECT_EQ(sensors(codec), 2U);
  // Again in its own memory: what it was goes, options and all.
  ASSERT_EQ(ems_codec_init(memory, sizeof memory, codec, nullptr, &codec), EMS_OK);
  EXPECT_EQ(sensors(codec), 1U);

  std::uint64_t poller_memory[EMS_POLLER_WORDS];
  ems_poller_t* poller = nullptr;
  EXPECT_EQ(ems_poller_init(poller_memory, sizeof poller_memory, codec, nullptr, &poller), EMS_OK);
  std::uint64_t can_memory[EMS_CAN_LISTENER_WORDS];
  ems_can_listener_t* listener = nullptr;
  EXPECT_EQ(ems_can_listener_init(can_memory, sizeof can_memory, codec, &listener),
            EMS_E_UNIMPLEMENTED);
}

TEST(CApi, OptionsThatAProtocolCannotHaveAreRefusedAndNothingIsWritten) {
  const ems_codec_t* daly = nullptr;
  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("daly_a5", &daly), EMS_OK);
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  struct Newer {
    ems_codec_options_t known;
    std::uint64_t later;
  };
  const auto made = [](const ems_codec_t* codec, auto&& set, std::size_t words = EMS_CODEC_WORDS) {
    Newer newer{sized<ems_codec_options_t>(), 0};
    set(newer);
    Memory memory(words * 8);
    const ems_codec_t* out = nullptr;
    const ems_status_t status =
        ems_codec_init(memory.data(), memory.size(), codec, &newer.known, &out);
    EXPECT_EQ(out != nullptr, status == EMS_OK);
    const auto* word = static_cast<const std::uint64_t*>(memory.data());
    EXPECT_EQ(*word != 0, status == EMS_OK);
    return status;
  };
  EXPECT_EQ(made(daly, [](Newer&) {}), EMS_OK);
  EXPECT_EQ(made(daly, [](Newer& o) { o.known.variant = ""; }), EMS_OK);
  EXPECT_EQ(made(daly, [](Newer& o) { o.known.variant = "no_such"; }), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(made(daly, [](Newer& o) { o.known.address = 7; }), EMS_OK);  // It does not count.
  EXPECT_EQ(made(daly, [](Newer& o) { o.known.has_address = 1, o.known.address = 7; }),
            EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(made(daly, [](Newer& o) { o.known.cell_count = 200; }), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(made(jbd, [](Newer& o) { o.known.has_address = 1; }), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(made(daly, [](Newer& o) { o.known.struct_size = sizeof o; }), EMS_OK);
  EXPECT_EQ(made(daly, [](Newer& o) { o.known.struct_size = sizeof o, o.later = 1; }),
            EMS_E_UNIMPLEMENTED);
  EXPECT_EQ(made(
                daly, [](Newer&) {}, 1),
            EMS_E_RESOURCE_EXHAUSTED);
}

TEST(CApi, CommandsAreWrittenForTheAddressOfTheCodec) {
  const ems_codec_t* plain = nullptr;
  ASSERT_EQ(ems_codec_find("pylontech", &plain), EMS_OK);
  std::uint64_t memory[EMS_CODEC_WORDS];
  auto options = sized<ems_codec_options_t>();
  options.has_address = 1;
  options.address = 0x13;
  const ems_codec_t* codec = nullptr;
  ASSERT_EQ(ems_codec_init(memory, sizeof memory, plain, &options, &codec), EMS_OK);
  auto limits = sized<ems_battery_limits_t>();
  limits.charge_voltage_mv = 53'251;
  limits.discharge_voltage_mv = 45'001;
  limits.charge_current_ma = 37'099;
  limits.discharge_current_ma = 25'050;
  std::uint8_t request[EMS_REQUEST_SIZE];
  std::size_t size = 0;
  ASSERT_EQ(ems_codec_encode_limits(codec, &limits, request, sizeof request, &size), EMS_OK);
  const std::string text(reinterpret_cast<const char*>(request), size);
  EXPECT_EQ(text.substr(0, 13), "~20134694D012");
  EXPECT_EQ(text.substr(13, 18), "13D003AFC9017200FA");
  EXPECT_EQ(ems_codec_encode_limits(codec, &limits, request, size - 1, &size),
            EMS_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(ems_codec_encode_balance(codec, true, request, sizeof request, &size),
            EMS_E_UNIMPLEMENTED);

  limits.charge_current_ma = -1;
  EXPECT_EQ(ems_codec_encode_limits(codec, &limits, request, sizeof request, &size),
            EMS_E_OUT_OF_RANGE);
  ASSERT_EQ(ems_codec_find("jk_pb_modbus", &codec), EMS_OK);
  std::uint8_t off[EMS_REQUEST_SIZE];
  std::size_t off_size = 0;
  ASSERT_EQ(ems_codec_encode_balance(codec, true, request, sizeof request, &size), EMS_OK);
  ASSERT_EQ(ems_codec_encode_balance(codec, false, off, sizeof off, &off_size), EMS_OK);
  EXPECT_EQ(size, off_size);
  EXPECT_NE(std::memcmp(request, off, size), 0);
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

TEST(CApi, APollerQueuesLimitsOnceTheBatteryAnswers) {
  constexpr char kAnalog[] =  // Vector pylontech-analog-us3000c.
      "~20024600F07A00020F0D0B0D0D0D0A0D0E0D0A0D0A0D0A0D0B0D0B0D0B0D0B0D0C0D0A0D0D0D0A"
      "050BBD0BAE0BAB0BAB0BAD0017C3A7FFFF04FFFF003700C394012110E21E\r";
  const ems_codec_t* codec = nullptr;
  ASSERT_EQ(ems_codec_find("pylontech", &codec), EMS_OK);
  std::uint64_t memory[EMS_POLLER_WORDS];
  ems_poller_t* poller = nullptr;
  ASSERT_EQ(ems_poller_init(memory, sizeof memory, codec, nullptr, &poller), EMS_OK);
  auto limits = sized<ems_battery_limits_t>();
  limits.charge_voltage_mv = 53'000;
  limits.discharge_voltage_mv = 45'000;
  EXPECT_EQ(ems_poller_request_limits(poller, &limits), EMS_E_UNAVAILABLE);
  ASSERT_EQ(ems_poller_link_up(poller, 0), EMS_OK);
  std::uint8_t request[EMS_REQUEST_SIZE];
  auto action = sized<ems_poller_action_t>();
  ASSERT_EQ(ems_poller_next(poller, 0, request, sizeof request, &action), EMS_OK);
  auto readings = sized<ems_readings_t>();
  ASSERT_EQ(ems_poller_receive(poller, reinterpret_cast<const std::uint8_t*>(kAnalog),
                               sizeof kAnalog - 1, 50, &readings),
            EMS_OK);
  EXPECT_EQ(ems_poller_request_balance(poller, true), EMS_E_UNIMPLEMENTED);
  limits.discharge_current_ma = -1;
  EXPECT_EQ(ems_poller_request_limits(poller, &limits), EMS_E_OUT_OF_RANGE);
  limits.discharge_current_ma = 0;
  ASSERT_EQ(ems_poller_request_limits(poller, &limits), EMS_OK);
  ASSERT_EQ(ems_poller_next(poller, 1000, request, sizeof request, &action), EMS_OK);
  ASSERT_GT(action.size, 9U);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(request), 9), "~20024694");
  auto status = sized<ems_poller_status_t>();
  ASSERT_EQ(ems_poller_get_status(poller, &status), EMS_OK);
  EXPECT_EQ(status.command_state, EMS_COMMAND_STATE_SENT);
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
