// SPDX-License-Identifier: Apache-2.0
#include "ems/device_pack/device.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "support/recording_sink.hpp"

namespace ems::device_pack {
namespace {

using test::RecordingSink;

// A model 901 with a value and its scale factor, and a model 902 with a set-point.
constexpr std::array kPoints = {
    RegisterPoint{.name = "W",
                  .offset = 2,
                  .type = WireType::s16,
                  .signal = Signal::active_power,
                  .scale_at = 5,
                  .has_absent = true,
                  .absent = 0x8000},
    RegisterPoint{.name = "St",
                  .offset = 3,
                  .use = PointUse::bits,
                  .signal = Signal::operating_state,
                  .has_absent = true,
                  .absent = 0xFFFF},
    RegisterPoint{.name = "Id",
                  .offset = 6,
                  .registers = 2,
                  .type = WireType::text,
                  .use = PointUse::text,
                  .text = TextField::serial_number},
};
constexpr std::array kBlocks = {ReadBlock{.offset = 2, .count = 6, .point_count = 3}};
constexpr std::array kControlPoints = {
    RegisterPoint{.name = "Set",
                  .offset = 3,
                  .registers = 2,
                  .type = WireType::s32,
                  .signal = Signal::power_setpoint,
                  .scale_at = 7},
};
constexpr std::array kControlBlocks = {ReadBlock{.offset = 2, .count = 6, .point_count = 1}};
constexpr std::array kSections = {
    Section{.name = "measure", .model = 901, .registers = 8, .points = kPoints, .blocks = kBlocks},
    Section{.name = "control",
            .model = 902,
            .registers = 8,
            .points = kControlPoints,
            .blocks = kControlBlocks},
};
constexpr std::array kSetFields = {
    WriteField{.name = "Set",
               .offset = 3,
               .type = WireType::s32,
               .source = WriteSource::setpoint,
               .scale_at = 7},
    WriteField{
        .name = "Tms", .offset = 5, .type = WireType::u16, .source = WriteSource::lease_seconds},
};
constexpr std::array kEnableFields = {WriteField{.name = "Ena", .offset = 2, .constant = 1}};
constexpr std::array kSteps = {WriteStep{kSetFields}, WriteStep{kEnableFields}};
constexpr PowerControl kControl{.section = 1,
                                .setpoint = kSteps,
                                .lease_min = seconds(1),
                                .lease_max = seconds(600),
                                .device_reverts = true,
                                .stop = CommandSupport::zero_power};
constexpr Pack kPack{.name = "test",
                     .kind = AssetKind::inverter,
                     .sunspec = true,
                     .sunspec_base = 40000,
                     .reply_timeout = seconds(1),
                     .sections = kSections,
                     .control = &kControl};

// A device as a map of registers; reading what is not there is an exception.
class Registers {
 public:
  void put(std::uint16_t at, std::initializer_list<std::uint16_t> values) {
    for (const std::uint16_t v : values) cells_[at++] = v;
  }
  [[nodiscard]] std::optional<std::vector<std::uint16_t>> read(const ReadRequest& request) const {
    std::vector<std::uint16_t> out;
    for (std::uint32_t at = request.address; at < std::uint32_t{request.address} + request.count;
         ++at) {
      const auto found = cells_.find(static_cast<std::uint16_t>(at));
      if (found == cells_.end()) return std::nullopt;
      out.push_back(found->second);
    }
    return out;
  }

 private:
  std::map<std::uint16_t, std::uint16_t> cells_;
};

constexpr Error kRefused{Errc::exception, 2, "illegal data address"};

Result<void> discover(PackDevice& device, const Registers& registers) {
  while (const auto request = device.next_discovery()) {
    const auto answer = registers.read(*request);
    const Result<void> step =
        answer ? device.discovered(*answer) : device.discovery_refused(kRefused);
    if (!step) return step;
  }
  return {};
}

Registers whole_device() {
  Registers r;
  r.put(40000, {0x5375, 0x6E53});
  r.put(40002, {64001, 3, 7, 7, 7});                        // A vendor's, skipped.
  r.put(40007, {901, 6, 0xFFF6, 4, 0, 2, 0x4142, 0x4300});  // W -10 * 10^2.
  r.put(40015, {902, 6, 0, 0, 0, 0, 0xFFFF, 1});            // Scale 10^1.
  r.put(40023, {0xFFFF, 0});
  return r;
}

TEST(PackDevice, WalksTheChainAndReadsValuesWithTheirScale) {
  const Registers registers = whole_device();
  PackDevice device(kPack);
  ASSERT_TRUE(discover(device, registers));
  ASSERT_TRUE(device.ready());
  ASSERT_EQ(device.blocks().size(), 2U);
  EXPECT_EQ(device.blocks()[0].request, (ReadRequest{Function::read_holding_registers, 40009, 6}));
  RecordingSink sink;
  const BoundBlock block = device.blocks()[0];
  ASSERT_TRUE(device.decode_block(block, *registers.read(block.request), sink));
  EXPECT_EQ(sink.value(Signal::active_power), -1000);
  EXPECT_EQ(sink.value(Signal::operating_state), 4);
  EXPECT_EQ(sink.texts[TextField::serial_number], "ABC");
}

TEST(PackDevice, DiscoveryNamesWhatIsWrong) {
  const struct {
    const char* why;
    Registers registers;
    Errc code;
    std::uint16_t missing;
  } cases[] = {
      {"no marker",
       [] {
         Registers r;
         r.put(40000, {1, 2});
         return r;
       }(),
       Errc::header, 0},
      {"nothing at the base", {}, Errc::exception, 0},
      {"second model missing",
       [] {
         Registers r;
         r.put(40000, {0x5375, 0x6E53, 901, 6, 0, 0, 0, 0, 0, 0, 0xFFFF, 0});
         return r;
       }(),
       Errc::not_found, 902},
      {"end marker without a length",
       [] {
         Registers r;
         r.put(40000, {0x5375, 0x6E53, 902, 6, 0, 0, 0, 0, 0, 0, 0xFFFF});
         return r;
       }(),
       Errc::not_found, 901},
      {"chain runs out",
       [] {
         Registers r;
         r.put(40000, {0x5375, 0x6E53, 5, 0xFFF0});
         return r;
       }(),
       Errc::out_of_range, 0},
      {"chain breaks off",
       [] {
         Registers r;
         r.put(40000, {0x5375, 0x6E53, 5, 1, 0});
         return r;
       }(),
       Errc::exception, 0},
  };
  for (const auto& c : cases) {
    PackDevice device(kPack);
    const Result<void> result = discover(device, c.registers);
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error().code, c.code) << c.why;
    EXPECT_EQ(device.missing_model(), c.missing) << c.why;
    EXPECT_FALSE(device.ready()) << c.why;
    EXPECT_TRUE(device.blocks().empty()) << c.why;
    EXPECT_FALSE(device.next_discovery()) << c.why;
  }
}

TEST(PackDevice, AnEndlessChainOfEmptyModelsEnds) {
  PackDevice device(kPack);
  ASSERT_TRUE(device.discovered(std::array<std::uint16_t, 2>{0x5375, 0x6E53}));
  Result<void> step;
  int steps = 0;
  while (step && steps < 1000) {
    step = device.discovered(std::array<std::uint16_t, 2>{7, 0});
    ++steps;
  }
  EXPECT_EQ(step.error().code, Errc::out_of_range);
  EXPECT_EQ(steps, 129);
}

TEST(PackDevice, AShorterModelGivesFewerValuesNotWrongOnes) {
  Registers registers;
  registers.put(40000, {0x5375, 0x6E53});
  registers.put(40002, {901, 2, 55, 4});  // Ends before the scale factor and the text.
  registers.put(40006, {902, 6, 0, 0, 0, 0, 0, 0});
  PackDevice device(kPack);
  ASSERT_TRUE(discover(device, registers));
  const BoundBlock block = device.blocks()[0];
  EXPECT_EQ(block.request.count, 2);
  RecordingSink sink;
  ASSERT_TRUE(device.decode_block(block, *registers.read(block.request), sink));
  EXPECT_EQ(sink.value(Signal::active_power), std::nullopt) << "no scale factor, no value";
  EXPECT_EQ(sink.value(Signal::operating_state), 4);
  EXPECT_TRUE(sink.texts.empty());
}

TEST(PackDevice, UnimplementedValuesAndScalesMakeNoReading) {
  PackDevice device(kPack);
  ASSERT_TRUE(discover(device, whole_device()));
  const BoundBlock block = device.blocks()[0];
  const struct {
    const char* why;
    std::array<std::uint16_t, 6> registers;
  } cases[] = {
      {"value", {0x8000, 0xFFFF, 0, 2, 0, 0}},
      {"scale not implemented", {5, 0xFFFF, 0, 0x8000, 0, 0}},
      {"scale out of range", {5, 0xFFFF, 0, 11, 0, 0}},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    ASSERT_TRUE(device.decode_block(block, c.registers, sink));
    EXPECT_TRUE(sink.empty()) << c.why;
  }
  RecordingSink sink;
  EXPECT_EQ(device.decode_block(block, std::array<std::uint16_t, 5>{}, sink).error(),
            (Error{Errc::truncated, 5}));
  EXPECT_EQ(device.decode_block(block, std::array<std::uint16_t, 7>{}, sink).error(),
            (Error{Errc::length, 7}));
  EXPECT_TRUE(sink.empty());
}

class ReadyDevice : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(discover(device_, registers_)); }
  void read_control() {
    RecordingSink sink;
    const BoundBlock block = device_.blocks()[1];
    ASSERT_TRUE(device_.decode_block(block, *registers_.read(block.request), sink));
  }
  Registers registers_ = whole_device();
  PackDevice device_{kPack};
};

TEST_F(ReadyDevice, WritesTheSetpointThenEnablesIt) {
  read_control();
  const auto plan = device_.encode_setpoint(Watt{-1239}, milliseconds(59'001));
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->size(), 2U);
  EXPECT_EQ((*plan)[0].address, 40018);
  const std::vector<std::uint16_t> first((*plan)[0].values.begin(), (*plan)[0].values.end());
  EXPECT_EQ(first, (std::vector<std::uint16_t>{0xFFFF, 0xFF85, 60}));  // -123 * 10 W, 60 s.
  EXPECT_EQ((*plan)[1].address, 40017);
  EXPECT_EQ((*plan)[1].values[0], 1);
  std::array<std::byte, 253> pdu{};
  EXPECT_EQ(*(*plan)[1].encode(pdu), 8U);
}

TEST_F(ReadyDevice, ZeroNeedsNoScaleButPowerDoes) {
  EXPECT_TRUE(device_.encode_setpoint(Watt{}, seconds(10)));
  EXPECT_EQ(device_.encode_setpoint(Watt{100}, seconds(10)).error().code,
            Errc::failed_precondition);
  const auto stop = device_.encode_command({.kind = CommandKind::stop}, seconds(10));
  ASSERT_TRUE(stop);
  EXPECT_EQ((*stop)[0].values[1], 0);
}

TEST_F(ReadyDevice, RefusesWhatTheDeviceCannotDo) {
  read_control();
  EXPECT_EQ(device_.encode_setpoint(Watt{1}, milliseconds(999)).error(),
            (Error{Errc::out_of_range, 1}));
  EXPECT_EQ(device_.encode_setpoint(Watt{1}, seconds(601)).error(), (Error{Errc::out_of_range, 1}));
  for (const CommandKind kind : {CommandKind::standby, CommandKind::form, CommandKind::open}) {
    EXPECT_EQ(device_.encode_command({.kind = kind}, seconds(9)).error().code, Errc::unimplemented);
  }
  EXPECT_EQ(device_.encode_command({.kind = CommandKind::follow, .p = {}, .q = Var{1}}, seconds(9))
                .error()
                .code,
            Errc::unimplemented);
  device_.reset();
  EXPECT_EQ(device_.encode_setpoint(Watt{}, seconds(9)).error().code, Errc::failed_precondition);
}

TEST_F(ReadyDevice, AScaleThatDisappearsIsForgotten) {
  read_control();
  ASSERT_TRUE(device_.encode_setpoint(Watt{100}, seconds(10)));
  RecordingSink sink;
  const std::array<std::uint16_t, 6> unimplemented = {0, 0, 0, 0, 0, 0x8000};
  ASSERT_TRUE(device_.decode_block(device_.blocks()[1], unimplemented, sink));
  EXPECT_FALSE(device_.encode_setpoint(Watt{100}, seconds(10)));
}

TEST(PackDevice, AFixedMapIsReadyAtOnce) {
  static constexpr std::array kFixed = {
      Section{.name = "all", .base = 100, .points = kPoints, .blocks = kBlocks}};
  static constexpr Pack kPlain{.name = "plain", .reply_timeout = seconds(1), .sections = kFixed};
  PackDevice device(kPlain);
  EXPECT_TRUE(device.ready());
  ASSERT_EQ(device.blocks().size(), 1U);
  EXPECT_EQ(device.blocks()[0].request.address, 102);
  EXPECT_FALSE(device.control());
  EXPECT_EQ(device.encode_setpoint(Watt{}, seconds(1)).error().code, Errc::unimplemented);
}

}  // namespace
}  // namespace ems::device_pack
