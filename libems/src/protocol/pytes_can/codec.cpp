// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pytes_can/codec.hpp"

#include <array>

#include "protocol/publish.hpp"

namespace ems::protocol::pytes_can {
namespace {

using namespace can_map;

constexpr std::uint32_t kLimits = 0x400;
constexpr std::uint32_t kCells = 0x401;
constexpr std::uint32_t kTemperatures = 0x402;
constexpr std::uint32_t kState = 0x404;
constexpr std::uint32_t kMeasured = 0x405;
constexpr std::uint32_t kEnables = 0x408;
constexpr std::uint32_t kCharge = 0x409;
constexpr std::uint32_t kName = 0x40A;

constexpr auto rows(std::int32_t current_scale) noexcept {
  return std::array{
      value(kLimits, u16le(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16le(2), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16le(4), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16le(6), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
      cell(kCells, u16le(0), Signal::cell_voltage_max),
      cell(kCells, u16le(2), Signal::cell_voltage_min),
      vendor(kCells, u16le(4), "cell_voltage_max_at"),
      vendor(kCells, u16le(6), "cell_voltage_min_at"),
      sensor(kTemperatures, s16le(0), Signal::cell_temp_max, kDeciCelsius),
      sensor(kTemperatures, s16le(2), Signal::cell_temp_min, kDeciCelsius),
      percent(kState, u16le(2), Signal::soh, 100),
      value(kState, u16le(6), Signal::cycle_count),
      value(kMeasured, u16le(0), Signal::pack_voltage, {.scale = 10}),
      value(kMeasured, s16le(2), Signal::pack_current, {.scale = current_scale}),
      sensor(kMeasured, s16le(4), Signal::temperature, kDeciCelsius),
      flag(kEnables, u8(0), Signal::charge_enable),
      flag(kEnables, u8(1), Signal::discharge_enable),
      value(kCharge, u32le(0), Signal::full_capacity, {.scale = 1'000}, kZeroOrAllOnes),
      value(kCharge, u32le(4), Signal::remaining_capacity, {.scale = 1'000}, kAllOnes),
  };
}
constexpr auto kCharging = rows(-100);
constexpr auto kDischarging = rows(100);

constexpr TextPart kNameParts[] = {{.id = kName}};
constexpr Text kTexts[] = {{TextField::manufacturer, kNameParts}};
constexpr std::uint32_t kOthers[] = {0x403, 0x406, 0x407};  // No source says what they mean.

/// The charge there is of the charge there could be.
void give_soc(const Extra& extra) noexcept {
  if (extra.id != kCharge) return;
  const Bytes payload = extra.frame.payload();
  const std::int64_t total = read(payload, u32le(0)).value_or(0);
  const std::optional<std::int64_t> left = read(payload, u32le(4));
  if (!left) return;
  const Publisher out(extra.sink);
  constexpr std::int64_t kNone = 0xFFFF'FFFF;
  if (total == 0 || total == kNone || *left > total) return out.missing(Signal::soc);
  out.computed(Signal::soc, *left * kFullBasisPoints / total);
}

constexpr Map map(std::span<const Row> rows) noexcept {
  return {.rows = rows, .texts = kTexts, .others = kOthers, .extra = give_soc};
}
constexpr Map kMaps[] = {map(kCharging), map(kDischarging)};

constexpr Protocol kProtocol{
    .info = {.name = "pytes-native-can",
             .title = "Pytes with its own frames",
             .evidence = Evidence::captured_frames,
             .bit_rates = k500kbit,
             .variants = kSignVariants},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::pytes_can
