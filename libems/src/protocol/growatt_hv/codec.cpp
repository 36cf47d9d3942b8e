// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/growatt_hv/codec.hpp"

#include "protocol/publish.hpp"

namespace ems::protocol::growatt_hv {
namespace {

using namespace can_map;

constexpr std::uint32_t kLimits = 0x3110;
constexpr std::uint32_t kProtections = 0x3120;
constexpr std::uint32_t kMeasured = 0x3130;
constexpr std::uint32_t kCapacity = 0x3140;
constexpr std::uint32_t kWorking = 0x3150;
constexpr std::uint32_t kFaults = 0x3160;
constexpr std::uint32_t kTemperatures = 0x3170;
constexpr std::uint32_t kPacks = 0x3180;
constexpr std::uint32_t kCells = 0x3190;
constexpr std::uint32_t kMaker = 0x3200;
constexpr std::uint32_t kDerating = 0x3220;
constexpr std::uint32_t kEnergies = 0x3240;

constexpr Bits u24be(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at + 7), .size = 24, .big_endian = true};
}

/// @param ampere  What 0.1 A of the wire are, in mA.
constexpr auto rows(std::int32_t ampere) noexcept {
  return std::array{
      value(kLimits, u16be(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(2), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(4), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
      vendor(kLimits, bit(6, 5), "iso_detected"),
      vendor(kLimits, bit(6, 4), "status_normal"),
      vendor(kLimits, bits(7, 0, 2), "state"),
      equals(kLimits, bit(7, 5), 0, Signal::discharge_enable),
      equals(kLimits, bit(7, 6), 0, Signal::charge_enable),
      vendor(kProtections, u32be(0), "protection_bits"),
      vendor(kProtections, u32be(4), "protection_bits_rest"),
      value(kMeasured, u16be(0), Signal::pack_voltage, {.scale = 100}, kAllOnes),
      value(kMeasured, s16be(2), Signal::pack_current, {.scale = ampere}, kLowest),
      sensor(kMeasured, s16be(4), Signal::cell_temp_max, kDeciCelsius, 0, kLowest),
      percent(kMeasured, u8(6), Signal::soc, 100),
      percent(kMeasured, bits(7, 0, 7), Signal::soh, 100),
      value(kCapacity, u16be(0), Signal::remaining_capacity, {.scale = 10'000}, kAllOnes),
      value(kCapacity, u16be(2), Signal::full_capacity, {.scale = 10'000}, kAllOnes),
      vendor(kCapacity, u16be(4), "maker_code"),
      value(kCapacity, u16be(6), Signal::cycle_count, {}, kAllOnes),
      value(kWorking, u16be(0), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
      sensor(kWorking, s16be(2), Signal::temperature, kDeciCelsius, 0, kLowest),
      vendor(kWorking, u16be(4), "cells_total"),
      value(kWorking, u16be(6), Signal::module_count, {}, kZeroOrAllOnes),
      vendor(kFaults, u16be(0), "fault_flags"),
      vendor(kFaults, u16be(2), "cell_voltage_max_at"),
      vendor(kFaults, u16be(4), "cell_voltage_min_at"),
      sensor(kFaults, s16be(6), Signal::cell_temp_min, kDeciCelsius, 0, kLowest),
      vendor(kTemperatures, u16be(0), "cell_temp_max_at"),
      vendor(kTemperatures, u16be(2), "cell_temp_min_at"),
      vendor(kPacks, u16be(2), "packs_parallel"),
      cell(kCells, u16be(1), Signal::cell_voltage_max),
      cell(kCells, u16be(3), Signal::cell_voltage_min),
      vendor(kMaker, u16be(6), "cell_charge_voltage_mv"),
      vendor(kDerating, u16be(0), "derating"),
      vendor(kDerating, u16be(2), "system_fault"),
      vendor(kDerating, u16be(5), "capacity_wh", {.scale = 100}),
      vendor(kEnergies, u8(0), "energy_pack"),
      vendor(kEnergies, u24be(1), "energy_pack_discharged_wh", {.scale = 100}),
      vendor(kEnergies, u24be(5), "energy_pack_charged_wh", {.scale = 100}),
  };
}
constexpr auto kChargePositive = rows(-100);
constexpr auto kDischargePositive = rows(100);

/// Two letters; a revision follows that is no text.
constexpr TextPart kMakerParts[] = {{.id = kMaker}};
constexpr Text kTexts[] = {{TextField::manufacturer, kMakerParts}};

constexpr AlarmRow kFault = alarm(kLimits, bit(7, 2), "fault", Alarm::internal_failure);
constexpr AlarmRow kUnsafe = warning(kMeasured, bit(7, 7), "soh_unsafe");
// The bits of 3120 and 3160 are in the vendor's paper, of which nobody has published them: whatever
// is set there is an alarm. Where a battery sets some for ever, a variant makes them warnings.
constexpr AlarmRow kAlarms[] = {
    kFault,
    alarm(kProtections, u32be(0), "protection_bits", Alarm::internal_failure),
    alarm(kProtections, u32be(4), "protection_bits", Alarm::internal_failure),
    alarm(kFaults, u16be(0), "fault_flags", Alarm::internal_failure),
    kUnsafe,
};
constexpr AlarmRow kWarnings[] = {
    kFault,
    warning(kProtections, u32be(0), "protection_bits"),
    warning(kProtections, u32be(4), "protection_bits"),
    warning(kFaults, u16be(0), "fault_flags"),
    kUnsafe,
};

constexpr Direction kDirection{
    .id = kLimits, .where = bits(7, 0, 2), .charging = 2, .discharging = 3};

/// Upgrade state, serial numbers in parts of several packs, histories, versions.
constexpr std::uint32_t kOthers[] = {0x3210, 0x3230, 0x3250, 0x3260, 0x3270, 0x3280, 0x3290};

/// Frame 3150 counts the cells of all packs; in series are those of one.
void extra(const Extra& heard) noexcept {
  if (heard.id != kWorking) return;
  const CanSlot* packs_frame = heard.mailbox.find(kPacks, true);
  if (packs_frame == nullptr) return;
  const std::int64_t packs = read(packs_frame->frame.payload(), u16be(2)).value_or(0);
  const std::optional<std::int64_t> cells = read(heard.frame.payload(), u16be(4));
  if (!cells || *cells == 0) return;
  const bool whole = packs > 0 && *cells % packs == 0;
  Publisher(heard.sink)
      .maybe(Signal::cell_count, whole ? std::optional(*cells / packs) : std::nullopt);
}

constexpr Map map(std::span<const Row> rows, std::span<const AlarmRow> alarms) noexcept {
  return {.extended = true,
          .rows = rows,
          .texts = kTexts,
          .alarms = alarms,
          .direction = kDirection,
          .others = kOthers,
          .extra = extra};
}
constexpr Map kMaps[] = {map(kChargePositive, kAlarms), map(kDischargePositive, kAlarms),
                         map(kChargePositive, kWarnings), map(kDischargePositive, kWarnings)};

constexpr std::string_view kVariants[] = {"charge_positive", "discharge_positive",
                                          "charge_positive_bits_warn",
                                          "discharge_positive_bits_warn"};

constexpr Protocol kProtocol{
    .info = {.name = "growatt-hv-can",
             .title = "Growatt high voltage (ARK, APX), V1.10",
             .evidence = Evidence::captured_frames,
             .bit_rates = k500kbit,
             .variants = kVariants},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::growatt_hv
