// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/board_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ems/sim/site.hpp"
#include "sim_test_support.hpp"
#include "support/recording_sink.hpp"

namespace ems::sim {
namespace {

using protocol::CodecOptions;
using protocol::PollCodec;

/// A discharging site whose battery speaks a protocol, and its master.
class Line {
 public:
  explicit Line(std::string_view protocol, const CodecOptions& options = {})
      : codec_(as_poll(*protocol::find_codec(protocol).value())->with(options, room_).value()),
        site_([] {
          SiteConfig config;
          config.plant.profile = Profile::from_csv("t_s,load_w,pv_w\n0,3000,0\n").value();
          return config;
        }()),
        port_(site_, Device::battery) {
    EXPECT_TRUE(site_.speak_battery(protocol, options));
  }

  [[nodiscard]] Site& site() { return site_; }
  [[nodiscard]] const PollCodec& codec() const { return *codec_; }
  [[nodiscard]] ByteVector ask(const ByteVector& request) {
    const auto replies = port_.receive(request);
    return replies.empty() ? ByteVector() : replies.front().bytes;
  }
  [[nodiscard]] ByteVector request(std::uint8_t number) const {
    ByteVector out(protocol::kRequestSize);
    out.resize(codec_->encode_poll(number, out).value());
    return out;
  }
  /// Everything of one round.
  [[nodiscard]] test::RecordingSink round() {
    test::RecordingSink sink;
    for (const auto& item : codec_->poll_plan()) {
      const ByteVector reply = ask(request(item.number));
      const auto found = codec_->scan(request(item.number), reply);
      EXPECT_GT(found.size, 0U) << item.name;
      EXPECT_TRUE(codec_->decode(request(item.number), Bytes(reply).first(found.size), sink))
          << item.name;
    }
    return sink;
  }

 private:
  protocol::CodecRoom room_;
  const PollCodec* codec_;
  Site site_;
  Port port_;
};

class EveryBoard : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryBoard, SaysTheTruthOfTheSimulatedBattery) {
  CodecOptions options;
  if (GetParam().starts_with("daly_a5")) {
    options.cell_count = 16;
    options.temperature_count = 2;
  }
  Line line(GetParam(), options);
  PcsControl control;
  control.enabled = true;
  control.watts = 2'000.0;
  line.site().plant().write_pcs(control, true);
  line.site().advance(seconds(5));
  const BatteryState truth = line.site().truth().battery;
  ASSERT_GT(truth.current_a, 20.0);
  const test::RecordingSink heard = line.round();
  int said = 0;
  const auto near = [&](Signal signal, double value, double tolerance, std::uint16_t element = 0) {
    const auto found = heard.value(signal, element);
    if (!found) return;
    ++said;
    EXPECT_NEAR(static_cast<double>(*found), value, tolerance) << find_signal(signal)->name;
  };
  // The coarsest steps are 0.1 V, 0.1 A and 1 %; register tables round towards zero.
  near(Signal::pack_voltage, truth.voltage_v * 1e3, 101.0);
  near(Signal::pack_current, truth.current_a * 1e3, 101.0);
  near(Signal::soc, truth.soc_pct * 100, 101.0);
  near(Signal::cell_voltage_max, std::ranges::max(truth.cell_v) * 1e3, 101.0);
  for (std::uint16_t cell = 1; cell <= truth.cell_v.size(); ++cell) {
    near(Signal::cell_voltage, truth.cell_v[cell - 1U] * 1e3, 101.0, cell);
  }
  EXPECT_GE(said, 4) << "voltage, current, charge left, and at least one cell";
}

INSTANTIATE_TEST_SUITE_P(All, EveryBoard, testing::ValuesIn(board_protocols()),
                         [](const auto& name) { return std::string(name.param); });

TEST(BoardServer, SwitchesOneTransistorAndLeavesTheOtherAsItWasCommanded) {
  Line line("daly_a5");
  // DA 00: charging off, one frame.
  EXPECT_EQ(hex(line.ask(bytes("A540DA080000000000000000C7"))), "A501DA08000000000000000088");
  line.site().advance(seconds(1));
  EXPECT_FALSE(line.site().truth().battery.charge_on);
  EXPECT_TRUE(line.site().truth().battery.discharge_on);
  // D9 00: discharging off too.
  EXPECT_EQ(hex(line.ask(bytes("A540D9080000000000000000C6"))), "A501D908000000000000000087");
  line.site().advance(seconds(1));
  EXPECT_FALSE(line.site().truth().battery.charge_on);
  EXPECT_FALSE(line.site().truth().battery.discharge_on);
  const test::RecordingSink heard = line.round();
  EXPECT_EQ(heard.value(Signal::charge_fet_on), 0);
  EXPECT_EQ(heard.value(Signal::discharge_fet_on), 0);
}

TEST(BoardServer, TellsProtectionsByTheirNames) {
  Line line("pace");
  ASSERT_TRUE(
      line.site().add_fault(parse_fault("for=60,kind=cell_voltage,cell=3,to_mv=3800").value()));
  line.site().advance(seconds(5));
  const test::RecordingSink heard = line.round();
  EXPECT_EQ(heard.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::cell_overvoltage)));
  EXPECT_EQ(heard.value(Signal::charge_fet_on), 0);
  EXPECT_EQ(heard.value(Signal::cell_voltage, 3), 3'800);
}

TEST(BoardServer, AnswersAtItsAddressAndInItsVariantOnly) {
  Line line("pylontech", {.address = 3, .variant = "system"});
  EXPECT_FALSE(line.ask(line.request(0x61)).empty());
  Line other("pylontech", {.address = 2, .variant = "system"});
  EXPECT_TRUE(line.ask(other.request(0x61)).empty());
  EXPECT_FALSE(other.ask(other.request(0x61)).empty());
}

TEST(BoardServer, FaultsReachIt) {
  Line line("tdt");
  ASSERT_TRUE(line.site().add_fault(parse_fault("for=2,kind=silence,device=battery").value()));
  EXPECT_TRUE(line.ask(line.request(0x8C)).empty());
  line.site().advance(seconds(3));
  EXPECT_FALSE(line.ask(line.request(0x8C)).empty());
}

TEST(BoardServer, RefusesWhatNoBoardSpeaks) {
  Site site(SiteConfig{});
  EXPECT_EQ(site.speak_battery("nobody", {}).error().code, Errc::unknown_protocol);
  EXPECT_EQ(site.speak_battery("jk-can", {}).error().code, Errc::unimplemented);
  EXPECT_EQ(site.speak_battery("pace", {.address = 16}).error().code, Errc::out_of_range);
  EXPECT_EQ(site.speak_battery("tdt", {.variant = "2e"}).error().code, Errc::invalid_argument);
  EXPECT_EQ(site.speak_battery("jbd", {.address = 1}).error().code, Errc::invalid_argument);
  EXPECT_TRUE(site.speak_battery("jbd", {}));
}

}  // namespace
}  // namespace ems::sim
