// SPDX-License-Identifier: Apache-2.0
// The packs that come with libems, from registers to readings and from set-points to registers.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <map>
#include <utility>
#include <vector>

#include "ems/device_pack/device.hpp"
#include "ems/io/pack_loader.hpp"
#include "support/recording_sink.hpp"

namespace ems::io {
namespace {

using device_pack::BoundBlock;
using device_pack::PackDevice;
using device_pack::ReadRequest;
using test::RecordingSink;

constexpr std::uint16_t kModel701 = 40070;  // After SunS (2) and model 1 (68).
constexpr std::uint16_t kModel704 = kModel701 + 155;

// A SunSpec device in which everything optional is not implemented.
class Pcs {
 public:
  Pcs() {
    put(40000, {0x5375, 0x6E53, 1, 66});
    put(kModel701, {701, 153});
    put(kModel704, {704, 65});
    put(kModel704 + 67, {0xFFFF, 0});
  }
  void put(std::uint16_t at, std::initializer_list<std::uint16_t> values) {
    for (const std::uint16_t v : values) cells_[at++] = v;
  }
  [[nodiscard]] std::vector<std::uint16_t> read(const ReadRequest& request) const {
    std::vector<std::uint16_t> out;
    for (int at = request.address; at < request.address + request.count; ++at) {
      const auto found = cells_.find(static_cast<std::uint16_t>(at));
      out.push_back(found == cells_.end() ? std::uint16_t{0x8000} : found->second);
    }
    return out;
  }

 private:
  std::map<std::uint16_t, std::uint16_t> cells_;
};

class SunspecPcs : public ::testing::Test {
 protected:
  void find() {
    while (const auto request = device_.next_discovery()) {
      ASSERT_TRUE(device_.discovered(pcs_.read(*request)));
    }
    ASSERT_TRUE(device_.ready());
  }
  RecordingSink read(std::size_t block) {
    RecordingSink sink;
    const BoundBlock bound = device_.blocks()[block];
    EXPECT_TRUE(device_.decode_block(bound, pcs_.read(bound.request), sink));
    return sink;
  }
  Pcs pcs_;
  PackLoad load_ = find_pack("sunspec_pcs");
  PackDevice device_{load_.loaded->pack()};
};

TEST_F(SunspecPcs, ReadsBothDirectionsOfPower) {
  pcs_.put(kModel701 + 113, {0xFFFF, 0xFFFF, 0xFFFD, 1});  // A -1, V -1, Hz -3, W 1.
  find();
  for (const auto& [raw, watts] : {std::pair{250, 2'500}, std::pair{0xFF06, -2'500}}) {
    pcs_.put(kModel701 + 10, {static_cast<std::uint16_t>(raw)});
    pcs_.put(kModel701 + 15, {4'001});
    pcs_.put(kModel701 + 17, {0, 49'987});
    const RecordingSink sink = read(1);
    EXPECT_EQ(sink.value(Signal::active_power), watts);
    EXPECT_EQ(sink.value(Signal::line_voltage), 400'100);
    EXPECT_EQ(sink.value(Signal::frequency), 49'987);
  }
}

TEST_F(SunspecPcs, WritesTheLeaseBeforeItEnables) {
  pcs_.put(kModel704 + 55, {0});
  find();
  static_cast<void>(read(2));
  const auto plan = device_.encode_setpoint(Watt{-2'500}, milliseconds(30'500));
  ASSERT_TRUE(plan);
  const std::vector<std::pair<int, std::vector<std::uint16_t>>> wanted = {
      {kModel704 + 23, {1, 0xFFFF, 0xF63C, 0, 0}},  // WATTS, -2500, reversion 0 W.
      {kModel704 + 30, {1, 0, 31}},                 // ENABLED after reversion, 31 s.
      {kModel704 + 22, {1}},                        // Take effect.
  };
  ASSERT_EQ(plan->size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ((*plan)[i].address, wanted[i].first);
    const auto values = (*plan)[i].values.view();
    EXPECT_EQ(std::vector<std::uint16_t>(values.begin(), values.end()), wanted[i].second);
  }
}

TEST_F(SunspecPcs, AStopIsZeroPowerAndNeedsNothingRead) {
  find();
  const auto plan = device_.encode_command({.kind = CommandKind::stop}, seconds(10));
  ASSERT_TRUE(plan);
  const auto values = (*plan)[0].values.view();
  EXPECT_EQ(std::vector<std::uint16_t>(values.begin(), values.end()),
            (std::vector<std::uint16_t>{1, 0, 0, 0, 0}));
  EXPECT_EQ(device_.control()->stop, device_pack::CommandSupport::zero_power);
}

TEST_F(SunspecPcs, ReadsTheSetpointAndTheTimeLeftBack) {
  pcs_.put(kModel704 + 22, {1, 1, 0xFFFF, 0xF63C});
  pcs_.put(kModel704 + 33, {0, 17});
  pcs_.put(kModel704 + 55, {0});
  find();
  const RecordingSink sink = read(2);
  EXPECT_EQ(sink.value(Signal::power_setpoint), -2'500);
  EXPECT_EQ(sink.value(Signal::power_setpoint_enabled), 1);
  EXPECT_EQ(sink.value(Signal::revert_time_left), 17);
}

TEST(EastronSdm630, ReadsFloatsInBothDirections) {
  const PackLoad load = find_pack("eastron_sdm630");
  ASSERT_NE(load.loaded, nullptr);
  PackDevice device(load.loaded->pack());
  const auto block = device.blocks()[1];
  ASSERT_EQ(block.request, (ReadRequest{device_pack::Function::read_input_registers, 52, 24}));
  std::vector<std::uint16_t> registers(block.request.count);
  const auto put = [&registers](std::size_t at, float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    registers[at - 52] = static_cast<std::uint16_t>(bits >> 16U);
    registers[at - 51] = static_cast<std::uint16_t>(bits & 0xFFFFU);
  };
  put(70, 49.98F);
  put(72, 1234.567F);
  put(74, 0.25F);
  for (const float watts : {1500.4F, -1500.4F}) {
    put(52, watts);
    RecordingSink sink;
    ASSERT_TRUE(device.decode_block(block, registers, sink));
    EXPECT_EQ(sink.value(Signal::active_power), watts > 0 ? 1'500 : -1'500);
    EXPECT_EQ(sink.value(Signal::frequency), 49'980);
    EXPECT_EQ(sink.value(Signal::energy_imported), 1'234'567);
    EXPECT_EQ(sink.value(Signal::energy_exported), 250);
  }
}

}  // namespace
}  // namespace ems::io
