// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/byd_hv/codec.hpp"

#include "ems/core/static_vector.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::byd_hv {
namespace {

using namespace can_map;

constexpr std::uint32_t kLimits = 0x110;
constexpr std::uint32_t kIdentify = 0x151;  // Host to battery.
constexpr std::uint32_t kCharge = 0x150;
constexpr std::uint32_t kAlarms = 0x190;
constexpr std::uint32_t kMeasured = 0x1D0;
constexpr std::uint32_t kTemperatures = 0x210;
constexpr std::uint32_t kVersion = 0x250;
constexpr std::uint32_t kModules = 0x290;
constexpr std::uint32_t kManufacturer = 0x2D0;
constexpr std::uint32_t kModel = 0x3D0;

constexpr CanSend kSends[] = {
    {"identification",
     {.id = kIdentify, .size = kCanDataSize, .data = {std::byte{1}}},
     seconds(10)},
};

/// @param ampere  What 0.1 A of the wire are, in mA.
constexpr auto rows(std::int32_t ampere) noexcept {
  return std::array{
      value(kLimits, u16be(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(2), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(4), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(6), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
      percent(kCharge, u16be(0), Signal::soc, 1),
      percent(kCharge, u16be(2), Signal::soh, 1),
      value(kCharge, u16be(4), Signal::remaining_capacity, {.scale = 100'000}, kAllOnes),
      value(kCharge, u16be(6), Signal::full_capacity, {.scale = 100'000}, kAllOnes),
      value(kMeasured, u16be(0), Signal::pack_voltage, {.scale = 100}, kAllOnes),
      value(kMeasured, s16be(2), Signal::pack_current, {.scale = ampere}, kLowest),
      sensor(kMeasured, s16be(4), Signal::temperature, kDeciCelsius, 0, kLowest),
      sensor(kTemperatures, s16be(0), Signal::cell_temp_max, kDeciCelsius, 0, kLowest),
      sensor(kTemperatures, s16be(2), Signal::cell_temp_min, kDeciCelsius, 0, kLowest),
      vendor(kVersion, u16be(4), "capacity_wh", {.scale = 100}),
  };
}
constexpr auto kChargePositive = rows(-100);
constexpr auto kDischargePositive = rows(100);

constexpr Selector kSelectors[] = {{kModel, u8(0)}};
constexpr TextPart kManufacturerParts[] = {{.id = kManufacturer, .at = 1}};
constexpr TextPart kModelParts[] = {{.id = kModel, .at = 1, .selector = 0},
                                    {.id = kModel, .at = 1, .selector = 1},
                                    {.id = kModel, .at = 1, .selector = 2},
                                    {.id = kModel, .at = 1, .selector = 3}};
constexpr Text kTexts[] = {{TextField::manufacturer, kManufacturerParts},
                           {TextField::device_model, kModelParts}};

constexpr std::uint32_t kOthers[] = {kAlarms, kModules};  // Nobody has said what they mean.

/// `3.22`: the first two bytes are numbers.
void extra(const Extra& heard) noexcept {
  if (heard.id != kVersion) return;
  const Bytes payload = heard.frame.payload();
  FixedString<8> text;
  append_number(text, load_u8(payload, 0));
  text.append(".");
  append_number(text, load_u8(payload, 1));
  Publisher(heard.sink).text(TextField::firmware_version, text.view());
}

constexpr Map map(std::span<const Row> rows) noexcept {
  return {.sends = kSends,
          .rows = rows,
          .texts = kTexts,
          .selectors = kSelectors,
          .others = kOthers,
          .extra = extra};
}
constexpr Map kMaps[] = {map(kChargePositive), map(kDischargePositive)};

constexpr Protocol kProtocol{
    .info = {.name = "byd-hv-can",
             .title = "BYD Battery-Box Premium HVS, HVM",
             .evidence = Evidence::captured_frames,
             .bit_rates = k500kbit,
             .variants = kSignVariants},
    .quiet_after = seconds(30),  // It measures every 10 s.
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::byd_hv
