// SPDX-License-Identifier: Apache-2.0
// What the C ABI does beyond passing calls on: growable structs, errors, memory, and the whole way
// of a sample to a command and to a block, as a C program goes it.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

template <class T>
T sized() {
  T value{};
  value.struct_size = sizeof value;
  return value;
}

/// Memory for one object; freed at the end of the test, never by the library.
class Memory {
 public:
  explicit Memory(std::size_t size) : words_((size + 7) / 8), size_(size) {}
  void* data() { return words_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

constexpr ems_asset_t kBattery{EMS_ASSET_BATTERY, 0, 1};
constexpr ems_asset_t kInverter{EMS_ASSET_INVERTER, 0, 1};
constexpr ems_asset_t kMeter{EMS_ASSET_METER, 0, 1};

ems_sample_t sample(ems_asset_t asset, std::uint16_t signal, std::int64_t value, std::int64_t now,
                    std::uint16_t element = 0, std::uint8_t quality = EMS_QUALITY_GOOD) {
  ems_sample_t out{};
  out.value = value;
  out.taken_at_ms = now;
  out.stale_after_ms = 2000;
  out.asset = asset;
  out.signal = signal;
  out.element = element;
  out.quality = quality;
  return out;
}

/// A site of one battery, one inverter and a meter.
class Site {
 public:
  Site() : image_memory_(ems_image_size(64)), control_memory_(ems_control_size()) {
    EXPECT_EQ(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits), EMS_OK);
    EXPECT_EQ(ems_safety_limits_set_currents(&limits, 50'000, 40'000), EMS_OK);
    battery.asset = kBattery;
    battery.cells_in_series = 4;
    battery.limits = &limits;
    inverter.asset = kInverter;
    inverter.batteries = 1;
    inverter.apparent_max_va = inverter.charge_max_w = inverter.discharge_max_w = 3000;
    inverter.efficiency_bp = 10'000;
    EXPECT_EQ(ems_safety_config_default(&safety), EMS_OK);
    safety.battery_count = 1;
    safety.batteries = &battery;
    safety.inverter_count = 1;
    safety.inverters = &inverter;
    EXPECT_EQ(ems_decision_config_default(&decision), EMS_OK);
    decision.policies = EMS_DECISION_SELF_CONSUMPTION | EMS_DECISION_SETPOINT;
    config.armed = 1;
    config.safety = &safety;
    config.decision = &decision;
    config.battery_capacity_wh = &capacity_wh;
    config.has_pcc_meter = 1;
    config.pcc_meter = kMeter;
    EXPECT_EQ(ems_image_init(image_memory_.data(), image_memory_.size(), 64, &image), EMS_OK);
  }
  ems_status_t start() {
    return ems_control_init(control_memory_.data(), control_memory_.size(), &config, &control);
  }
  void measure(std::int64_t now, std::int64_t grid_w, std::int64_t cell_mv = 3300) {
    set(sample(kBattery, EMS_SIGNAL_PACK_VOLTAGE, 4 * cell_mv, now));
    set(sample(kBattery, EMS_SIGNAL_PACK_CURRENT, 0, now));
    set(sample(kBattery, EMS_SIGNAL_SOC, 5000, now));
    for (std::uint16_t cell = 1; cell <= 4; ++cell) {
      set(sample(kBattery, EMS_SIGNAL_CELL_VOLTAGE, cell_mv, now, cell));
    }
    set(sample(kBattery, EMS_SIGNAL_TEMPERATURE, 25'000, now, 1));
    set(sample(kInverter, EMS_SIGNAL_ACTIVE_POWER, 0, now));
    set(sample(kMeter, EMS_SIGNAL_ACTIVE_POWER, grid_w, now));
  }
  void set(const ems_sample_t& one) { EXPECT_EQ(ems_image_set(image, &one), EMS_OK); }
  /// Steps every 100 ms with healthy values until `until`.
  void run(std::int64_t until, std::int64_t grid_w) {
    for (; now <= until; now += 100) {
      measure(now, grid_w);
      ASSERT_EQ(ems_control_step(control, image, &inputs, now, &result), EMS_OK);
    }
  }
  ems_order_t order() {
    auto out = sized<ems_order_t>();
    EXPECT_EQ(ems_control_order_at(control, 0, &out), EMS_OK);
    return out;
  }

  ems_safety_limits_t limits = sized<ems_safety_limits_t>();
  ems_safety_battery_t battery = sized<ems_safety_battery_t>();
  ems_safety_inverter_t inverter = sized<ems_safety_inverter_t>();
  ems_safety_config_t safety = sized<ems_safety_config_t>();
  ems_decision_config_t decision = sized<ems_decision_config_t>();
  ems_control_config_t config = sized<ems_control_config_t>();
  ems_control_inputs_t inputs = [] {
    auto out = sized<ems_control_inputs_t>();
    out.inverters_ready = 1;
    return out;
  }();
  ems_control_result_t result = sized<ems_control_result_t>();
  std::int64_t capacity_wh = 10'000;
  std::int64_t now = 0;
  ems_image_t* image = nullptr;
  ems_control_t* control = nullptr;

 private:
  Memory image_memory_;
  Memory control_memory_;
};

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

TEST(CApi, FromSamplesToACommandAndTheReason) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  auto order = sized<ems_order_t>();
  EXPECT_EQ(ems_control_order_at(site.control, 0, &order), EMS_E_OUT_OF_RANGE);  // No tick yet.
  site.run(8000, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_NORMAL);
  EXPECT_EQ(site.result.target_w, 400);
  EXPECT_EQ(site.result.gated_w, 400);
  order = site.order();
  EXPECT_EQ(order.send, 1U);
  EXPECT_EQ(order.command.kind, EMS_COMMAND_FOLLOW);
  EXPECT_EQ(order.command.p_w, 400);
  EXPECT_STREQ(order.share_text, "by_energy");

  const ems_decision_t* decision = nullptr;
  ASSERT_EQ(ems_control_decision(site.control, &decision), EMS_OK);
  auto decided = sized<ems_decision_result_t>();
  ASSERT_EQ(ems_decision_get_result(decision, &decided), EMS_OK);
  EXPECT_NE(decided.valid & EMS_DECISION_HAS_WINNER, 0U);
  EXPECT_EQ(decided.winner, EMS_POLICY_SELF_CONSUMPTION);
  EXPECT_STREQ(ems_policy_name(decided.winner), "self_consumption");
  char text[EMS_EXPLANATION_SIZE];
  ASSERT_EQ(ems_decision_explain(decision, sizeof text, text), EMS_OK);
  EXPECT_NE(std::string(text).find("self_consumption"), std::string::npos) << text;
  ems_level_trace_t level{};
  ASSERT_EQ(ems_decision_level_at(decision, EMS_LEVEL_ECONOMIC, &level), EMS_OK);
  EXPECT_EQ(level.after.lo_w, 400);
  EXPECT_EQ(level.lo_by, EMS_POLICY_SELF_CONSUMPTION);
  ems_policy_output_t policy{};
  ASSERT_EQ(ems_decision_policy_at(decision, decided.policy_count - 1, &policy), EMS_OK);
  EXPECT_EQ(policy.status, EMS_POLICY_ACTING);
  EXPECT_EQ(policy.preference_hi_w, 400);

  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  auto verdict = sized<ems_battery_verdict_t>();
  ASSERT_EQ(ems_safety_battery_at(safety, 0, &verdict), EMS_OK);
  EXPECT_EQ(verdict.charge_current_max_ma, 50'000);
  EXPECT_EQ(verdict.discharge_current_max_ma, 40'000);
  auto outcome = sized<ems_safety_result_t>();
  EXPECT_EQ(ems_safety_step(const_cast<ems_safety_t*>(safety), site.image, false, 0, &outcome),
            EMS_E_FAILED_PRECONDITION);
}

TEST(CApi, APersonsSetpointWinsWhileItsLeaseLives) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.inputs.has_setpoint = 1;
  site.inputs.setpoint.power_w = -200;
  site.inputs.setpoint.lease_end_ms = 9000;
  std::strcpy(site.inputs.setpoint.actor, "Ada");
  site.run(8900, 400);
  EXPECT_EQ(site.order().command.p_w, -200);
  site.run(9100, 400);
  EXPECT_EQ(site.order().command.p_w, 400);
}

TEST(CApi, StaleAndMissingValuesNeverLookHealthy) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  ASSERT_EQ(ems_control_step(site.control, site.image, &site.inputs, 10'100, &site.result),
            EMS_OK);  // 2.1 s later nothing has come.
  EXPECT_EQ(site.result.envelope.hi_w, 0);
  EXPECT_EQ(site.order().command.p_w, 0);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  ems_reason_t reason{};
  ASSERT_EQ(ems_safety_reason_at(safety, 0, 0, &reason), EMS_OK);
  EXPECT_EQ(reason.cause, EMS_CAUSE_MISSING);
  for (std::size_t i = 0; i < site.result.value_count; ++i) {
    ems_value_t value{};
    ASSERT_EQ(ems_control_value_at(site.control, i, &value), EMS_OK);
    if (value.signal == EMS_SIGNAL_SITE_GRID_POWER) {
      EXPECT_EQ(value.quality, EMS_QUALITY_BAD);
    }
  }
}

TEST(CApi, AnEmergencyStopLatchesThroughARestart) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  site.inputs.estop = 1;
  site.run(8100, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_TRIPPED);
  EXPECT_EQ(site.result.latch_changed, 1U);
  EXPECT_NE(site.order().command.kind, EMS_COMMAND_FOLLOW);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  ems_trip_t trip{};
  ASSERT_EQ(ems_safety_trip_at(safety, 0, &trip), EMS_OK);
  EXPECT_EQ(trip.cause, EMS_TRIP_ESTOP);
  EXPECT_EQ(trip.since_ms, 8100);
  EXPECT_EQ(ems_safety_trip_at(safety, 1, &trip), EMS_E_OUT_OF_RANGE);

  Site again;  // After a restart, with the stored trip.
  again.safety.trips = &trip;
  again.safety.trip_count = 1;
  ASSERT_EQ(again.start(), EMS_OK);
  again.run(8000, 400);
  EXPECT_EQ(again.result.safety_state, EMS_SAFETY_TRIPPED);
  auto request = sized<ems_safety_reset_request_t>();
  request.name = "Ada";
  request.cause = "button released";
  EXPECT_EQ(ems_control_reset(again.control, again.image, &request, 8000), EMS_E_PERMISSION_DENIED);
  request.technician = 1;
  EXPECT_EQ(ems_control_reset(again.control, again.image, &request, 8000), EMS_OK);
  again.run(16'000, 400);
  EXPECT_EQ(again.result.safety_state, EMS_SAFETY_NORMAL);
}

TEST(CApi, AnUnreadableLatchStartsTripped) {
  Site site;
  site.safety.latch_unreadable = 1;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_TRIPPED);
}

TEST(CApi, DisarmedControlSendsNothing) {
  Site site;
  site.config.armed = 0;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 400);
  EXPECT_EQ(site.order().send, 0U);
  EXPECT_EQ(site.order().command.kind, EMS_COMMAND_STOP);
  EXPECT_STREQ(site.order().why_text, "disarmed");
}

TEST(CApi, ConfigurationErrorsNameTheFieldAndThePlace) {
  Site wide;
  wide.limits.cell_voltage_max_mv.trip = 3700;
  EXPECT_EQ(ems_safety_limits_validate(&wide.limits), EMS_E_TOO_WIDE);
  EXPECT_NE(std::string(ems_last_error_message()).find("cell_voltage_max"), std::string::npos);
  EXPECT_EQ(wide.start(), EMS_E_TOO_WIDE);
  EXPECT_EQ(wide.control, nullptr);
  Site unknown;
  unknown.inverter.batteries = 2;
  EXPECT_EQ(unknown.start(), EMS_E_NOT_FOUND);
  Site empty;
  empty.capacity_wh = 0;
  EXPECT_EQ(empty.start(), EMS_E_OUT_OF_RANGE);
  Site policy;
  policy.decision.policies = 1U << 31;
  EXPECT_EQ(policy.start(), EMS_E_UNIMPLEMENTED);
  Site small;
  Memory memory(ems_control_size() - 8);
  EXPECT_EQ(ems_control_init(memory.data(), memory.size(), &small.config, &small.control),
            EMS_E_RESOURCE_EXHAUSTED);
}

TEST(CApi, TheFourStepsOneByOneGiveTheSameAsTheTick) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  Memory safety_memory(ems_safety_size());
  Memory decision_memory(ems_decision_size());
  ems_safety_t* safety = nullptr;
  ems_decision_t* decision = nullptr;
  ASSERT_EQ(ems_safety_init(safety_memory.data(), safety_memory.size(), &site.safety, &safety),
            EMS_OK);
  ASSERT_EQ(
      ems_decision_init(decision_memory.data(), decision_memory.size(), &site.decision, &decision),
      EMS_OK);
  std::int64_t gated_w = 0;
  for (std::int64_t now = 0; now <= 10'000; now += 100) {
    const std::int64_t grid_w = (now * 7) % 1200 - 600;
    site.measure(now, grid_w);
    ASSERT_EQ(ems_control_step(site.control, site.image, &site.inputs, now, &site.result), EMS_OK);

    auto outcome = sized<ems_safety_result_t>();
    auto verdict = sized<ems_inverter_verdict_t>();
    ASSERT_EQ(ems_safety_step(safety, site.image, false, now, &outcome), EMS_OK);
    ASSERT_EQ(ems_safety_inverter_at(safety, 0, &verdict), EMS_OK);
    ems_distribute_battery_t store{};
    if (verdict.command == EMS_COMMAND_FOLLOW) store.bounds = verdict.ac;
    store.capacity_wh = site.capacity_wh;
    store.soc_bp = 5000;
    store.has_soc = 1;
    store.soc_max_bp = 10'000;
    const ems_distribute_inverter_t inverter{{-3000, 3000}, &store, 1, 1};
    ems_share_t share{};
    auto bounds = sized<ems_distribution_t>();
    ASSERT_EQ(ems_distribute(&inverter, 1, 0, &share, &bounds), EMS_OK);

    auto inputs = sized<ems_decision_inputs_t>();
    inputs.valid = EMS_DECISION_HAS_PCC_POWER | EMS_DECISION_HAS_BATTERY_POWER;
    inputs.envelope = bounds.bounds;
    inputs.pcc_power = {now, 2000, static_cast<std::int32_t>(grid_w), EMS_QUALITY_GOOD, {}};
    inputs.battery_power = {now, 2000, 0, EMS_QUALITY_GOOD, {}};
    auto decided = sized<ems_decision_result_t>();
    ASSERT_EQ(ems_decision_step(decision, &inputs, now, &decided), EMS_OK);
    ASSERT_EQ(ems_distribute(&inverter, 1, decided.target_w, &share, &bounds), EMS_OK);
    const ems_command_t wanted{EMS_COMMAND_FOLLOW, share.power_w, 0};
    auto gated = sized<ems_gate_result_t>();
    ASSERT_EQ(ems_safety_gate(safety, 0, &wanted, true, &gated), EMS_OK);

    const ems_order_t order = site.order();
    ASSERT_EQ(outcome.state, site.result.safety_state) << now;
    ASSERT_EQ(decided.target_w, site.result.target_w) << now;
    ASSERT_EQ(gated.command.kind, order.command.kind) << now;
    ASSERT_EQ(gated.command.p_w, order.command.p_w) << now;
    gated_w += gated.command.p_w;
  }
  EXPECT_NE(gated_w, 0);
  EXPECT_EQ(ems_decision_get_result(decision, nullptr), EMS_E_INVALID_ARGUMENT);
}

TEST(CApi, TheGateStopsWhatItDoesNotKnow) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 0);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  auto gated = sized<ems_gate_result_t>();
  for (const std::int32_t kind : {-1, 5, 1000, static_cast<int>(EMS_COMMAND_FORM)}) {
    const ems_command_t wanted{kind, 100, 0};
    ASSERT_EQ(ems_safety_gate(safety, 0, &wanted, true, &gated), EMS_OK);
    EXPECT_EQ(gated.command.kind, EMS_COMMAND_STOP);
    EXPECT_EQ(gated.why, EMS_GATE_UNKNOWN_COMMAND);
  }
  const ems_command_t far{EMS_COMMAND_FOLLOW, 100'000, 0};
  ASSERT_EQ(ems_safety_gate(safety, 0, &far, true, &gated), EMS_OK);
  EXPECT_LE(gated.command.p_w, 3000);
  EXPECT_EQ(gated.why, EMS_GATE_ACTIVE_POWER);
  ASSERT_EQ(ems_safety_gate(safety, 7, &far, true, &gated), EMS_OK);
  EXPECT_EQ(gated.command.kind, EMS_COMMAND_STOP);
}

/// A telemetry buffer of one stream.
struct Buffer {
  explicit Buffer(std::int32_t stream) : memory(ems_telemetry_size(EMS_TELEMETRY_BUFFER_MIN)) {
    auto config = sized<ems_telemetry_config_t>();
    config.stream = stream;
    config.epoch_counter = 3;
    config.epoch_random[0] = 0xAB;
    config.first_sequence = 1;
    EXPECT_EQ(ems_telemetry_init(memory.data(), memory.size(), &config, &telemetry), EMS_OK);
  }
  ems_telemetry_status_t status() const {
    auto out = sized<ems_telemetry_status_t>();
    EXPECT_EQ(ems_telemetry_get_status(telemetry, &out), EMS_OK);
    return out;
  }
  Memory memory;
  ems_telemetry_t* telemetry = nullptr;
};

TEST(CApi, TelemetryComesBackAsItWent) {
  Site site;
  Buffer buffer(EMS_STREAM_TELEMETRY);
  auto context = sized<ems_telemetry_context_t>();
  context.clock_quality = EMS_CLOCK_SYNCED;
  context.limits_hash = 77;
  ASSERT_EQ(ems_telemetry_set_context(buffer.telemetry, &context), EMS_OK);
  for (std::int64_t i = 0; i < 100; ++i) {
    site.measure(i * 1000, i);
    site.set(sample(kBattery, EMS_SIGNAL_SOH, 9900, 0));  // Never renewed: stale after 2 s.
    std::uint64_t sequence = 0;
    ASSERT_EQ(ems_telemetry_append_image(buffer.telemetry, site.image, i * 1000, i * 1'000'000,
                                         &sequence),
              EMS_OK);
    EXPECT_EQ(sequence, static_cast<std::uint64_t>(i + 1));
  }
  std::uint64_t after = 0;
  std::int64_t row = 0;
  ems_block_t block{};
  while (ems_telemetry_peek(buffer.telemetry, after, &block) == EMS_OK) {
    std::uint64_t memory[EMS_BLOCK_READER_WORDS];
    ems_block_reader_t* reader = nullptr;
    ASSERT_EQ(ems_block_reader_init(memory, sizeof memory, block.data, block.size, &reader),
              EMS_OK);
    auto info = sized<ems_block_info_t>();
    ASSERT_EQ(ems_block_reader_describe(reader, &info), EMS_OK);
    EXPECT_EQ(info.first, after + 1);
    EXPECT_EQ(info.limits_hash, 77U);
    EXPECT_EQ(info.clock_quality, EMS_CLOCK_SYNCED);
    EXPECT_EQ(info.epoch_random[0], 0xAB);
    EXPECT_EQ(info.catalogue_hash, ems_catalogue_hash());
    std::vector<ems_row_value_t> values(info.point_count);
    ems_row_t at{};
    EXPECT_EQ(ems_block_reader_next_row(reader, values.data(), info.point_count - 1, &at),
              EMS_E_RESOURCE_EXHAUSTED);
    ems_status_t status;
    while ((status = ems_block_reader_next_row(reader, values.data(), values.size(), &at)) ==
           EMS_OK) {
      EXPECT_EQ(at.utc_us, row * 1'000'000);
      for (std::uint32_t i = 0; i < info.point_count; ++i) {
        ems_point_t point{};
        ASSERT_EQ(ems_block_reader_point_at(reader, i, &point), EMS_OK);
        if (point.signal == EMS_SIGNAL_SOH) {
          EXPECT_EQ(values[i].valid, row < 2 ? 1 : 0);
        }
        if (point.asset.kind == EMS_ASSET_METER) {
          EXPECT_EQ(values[i].value, row);
        }
      }
      ++row;
    }
    EXPECT_EQ(status, EMS_E_NOT_FOUND);
    ems_record_t record{};
    EXPECT_EQ(ems_block_reader_next_record(reader, &record), EMS_E_FAILED_PRECONDITION);
    after = block.last;
  }
  EXPECT_EQ(row, 100);
}

TEST(CApi, AFullBufferCountsWhatItLost) {
  Buffer buffer(EMS_STREAM_TELEMETRY);
  const ems_point_t point{kBattery, EMS_SIGNAL_PACK_VOLTAGE, 0};
  std::uint64_t noise = 1;
  while (buffer.status().rows_lost == 0) {
    noise = noise * 48'271 % 2'147'483'647;
    const auto value = static_cast<std::int64_t>(noise * noise);
    const ems_row_value_t row{value, 1, EMS_QUALITY_GOOD, {}};
    ASSERT_EQ(ems_telemetry_append(buffer.telemetry, value, &point, &row, 1, nullptr), EMS_OK);
    ASSERT_LT(buffer.status().next_sequence, 100'000U);
  }
  ems_telemetry_status_t status = buffer.status();
  EXPECT_EQ(status.gap_first, 1U);
  EXPECT_EQ(status.gap_last, status.first_held - 1);
  EXPECT_EQ(status.rows_lost, status.gap_last);
  EXPECT_LE(status.bytes_used, status.bytes_capacity);
  ASSERT_EQ(ems_telemetry_acknowledge(buffer.telemetry, status.gap_last), EMS_OK);
  EXPECT_EQ(buffer.status().gap_first, 0U);
  EXPECT_EQ(ems_telemetry_acknowledge(buffer.telemetry, status.next_sequence), EMS_E_OUT_OF_RANGE);
}

TEST(CApi, EventsGoIntoTheAuditStreamAndBack) {
  Buffer buffer(EMS_STREAM_AUDIT);
  const ems_event_t event{"cell_overvoltage", 3700, kBattery, EMS_SIGNAL_CELL_VOLTAGE_MAX,
                          EMS_SEVERITY_ALARM, 1};
  std::uint8_t payload[EMS_EVENT_PAYLOAD_MAX];
  std::size_t size = 0;
  ASSERT_EQ(ems_event_encode(&event, payload, sizeof payload, &size), EMS_OK);
  ASSERT_EQ(
      ems_telemetry_append_record(buffer.telemetry, 5, EMS_RECORD_EVENT, payload, size, nullptr),
      EMS_OK);
  ems_block_t block{};
  ASSERT_EQ(ems_telemetry_peek(buffer.telemetry, 0, &block), EMS_OK);
  std::uint64_t memory[EMS_BLOCK_READER_WORDS];
  ems_block_reader_t* reader = nullptr;
  ASSERT_EQ(ems_block_reader_init(memory, sizeof memory, block.data, block.size, &reader), EMS_OK);
  ems_record_t record{};
  ASSERT_EQ(ems_block_reader_next_record(reader, &record), EMS_OK);
  EXPECT_EQ(record.type, EMS_RECORD_EVENT);
  auto read = sized<ems_event_record_t>();
  ASSERT_EQ(ems_event_decode(record.payload, record.size, &read), EMS_OK);
  EXPECT_STREQ(read.name, "cell_overvoltage");
  EXPECT_EQ(read.value, 3700);
  EXPECT_EQ(read.severity, EMS_SEVERITY_ALARM);
  EXPECT_EQ(ems_block_reader_next_record(reader, &record), EMS_E_NOT_FOUND);
  EXPECT_EQ(ems_telemetry_append_image(buffer.telemetry, Site().image, 0, 0, nullptr),
            EMS_E_FAILED_PRECONDITION);
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
