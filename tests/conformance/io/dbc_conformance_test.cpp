// SPDX-License-Identifier: Apache-2.0
// foxBMS 2's own DBC file, described by a mapping, against the codec that libems has for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "ems/io/dbc.hpp"
#include "ems/protocol/foxbms2/codec.hpp"
#include "support/recording_sink.hpp"

namespace ems::io {
namespace {

using protocol::CanFrame;
using protocol::can_map::Row;
using protocol::can_map::Use;

constexpr std::string_view kMapping = R"(
name: foxbms
signals:
  pack_voltage: f_PackValuesP0.BatteryVoltage
  pack_current: f_PackValuesP0.Current
  pack_power: f_PackValuesP0.Power
  soc: f_PackStateEstimation.MinimumSoc
  soh: f_PackStateEstimation.Soh
  cell_voltage_min: f_PackMinMaxCellVoltage.MinimumCellVoltage
  cell_voltage_max: f_PackMinMaxCellVoltage.MaximumCellVoltage
  cell_temp_min: f_PackMinMaxCellTemperature.MinimumCellTemperature
  cell_temp_max: f_PackMinMaxCellTemperature.MaximumCellTemperature
  charge_current_limit: f_PackLimits.MaximumChargeCurrent
  discharge_current_limit: f_PackLimits.MaximumDischargeCurrent
  charge_voltage_limit: f_PackLimits.MaximumBatteryVoltage
  discharge_voltage_limit: f_PackLimits.MinimumBatteryVoltage
  heater_on: f_BmsState.HeaterState
  cell_voltages: {from: f_CellVoltages.CellVoltage_*, unless: f_CellVoltages.CellVoltage_*_invalidFlag}
  temperatures:
    from: f_CellTemperatures.CellTemperature_*
    unless: f_CellTemperatures.CellTemperature_*_invalidFlag
vendor: {bms_state_id: f_BmsState.BmsState}
alarms:
  internal_failure: [f_BmsState.SystemMonitoringError, f_BmsState.NvramCrcError]
  communication_failure: f_BmsState.CanTimingError
)";

std::string whole(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<CanFrame> frames_of(const std::string& trace) {
  std::vector<CanFrame> frames;
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, time, bus, direction, id, dash, byte;
    unsigned size = 0;
    if (!(words >> number >> time >> bus >> direction >> id >> dash >> size)) continue;
    if (direction != "Rx") continue;
    CanFrame frame{.id = static_cast<std::uint32_t>(std::stoul(id, nullptr, 16)),
                   .size = static_cast<std::uint8_t>(size)};
    for (unsigned i = 0; i < size && words >> byte; ++i) {
      frame.data[i] = static_cast<std::byte>(std::stoi(byte, nullptr, 16));
    }
    frames.push_back(frame);
  }
  return frames;
}

class FoxBmsFile : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("EMS_THIRD_PARTY");
    if (folder == nullptr) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
    folder_ = std::string(folder) + "/can/";
    const std::string dbc = whole(folder_ + "foxbms.dbc");
    ASSERT_GT(dbc.size(), 200'000U);
    described_ = describe_battery(dbc, "foxbms.dbc", kMapping, "foxbms.yaml");
    ASSERT_NE(described_.battery, nullptr) << to_string(described_.errors.at(0));
  }
  std::string folder_;
  BatteryDescription described_;
};

TEST_F(FoxBmsFile, GivesTheRowsThatOurCodecHas) {
  const auto& ours = protocol::foxbms2::codec().map().rows;
  const auto& theirs = described_.battery->codec().map().rows;
  int compared = 0;
  for (const Row& row : ours) {
    if (row.use == Use::vendor) continue;
    const auto same = std::ranges::find_if(theirs, [&row](const Row& other) {
      return other.signal == row.signal && other.element == 0 && other.use != Use::vendor;
    });
    ASSERT_NE(same, theirs.end()) << static_cast<int>(row.signal);
    SCOPED_TRACE(static_cast<int>(row.signal));
    EXPECT_EQ(same->id, row.id);
    EXPECT_EQ(same->where.start, row.where.start);
    EXPECT_EQ(same->where.size, row.where.size);
    EXPECT_EQ(same->where.big_endian, row.where.big_endian);
    EXPECT_EQ(same->where.is_signed, row.where.is_signed);
    EXPECT_EQ(same->linear.offset, row.linear.offset);
    EXPECT_EQ(same->linear.scale, row.linear.scale * same->linear.divide);
    EXPECT_EQ(same->absent, row.absent);
    ++compared;
  }
  EXPECT_EQ(compared, 14);
}

TEST_F(FoxBmsFile, ReadsItsTraceAsOurCodecDoes) {
  const std::vector<CanFrame> frames = frames_of(whole(folder_ + "foxbms-can-log.trc"));
  ASSERT_EQ(frames.size(), 9U);
  protocol::CanMailbox our_mailbox;
  protocol::CanMailbox their_mailbox;
  test::RecordingSink ours;
  test::RecordingSink theirs;
  for (const CanFrame& frame : frames) {
    ASSERT_TRUE(protocol::foxbms2::codec().decode(frame, Instant{}, our_mailbox, ours));
    ASSERT_TRUE(described_.battery->codec().decode(frame, Instant{}, their_mailbox, theirs));
  }
  EXPECT_EQ(ours.vendor.at("bms_state_id"), theirs.vendor.at("bms_state_id"));
  EXPECT_EQ(ours.value(Signal::alarms), theirs.value(Signal::alarms));
  int cells = 0;
  for (const Reading& reading : theirs.readings) {
    if (reading.signal == Signal::alarms || reading.signal == Signal::vendor_alarms) continue;
    ASSERT_EQ(ours.value(reading.signal, reading.element),
              theirs.value(reading.signal, reading.element))
        << static_cast<int>(reading.signal) << ' ' << reading.element;
    cells += reading.signal == Signal::cell_voltage ? 1 : 0;
  }
  EXPECT_EQ(cells, 4);
}

}  // namespace
}  // namespace ems::io
