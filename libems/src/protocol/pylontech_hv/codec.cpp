// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pylontech_hv/codec.hpp"

namespace ems::protocol::pylontech_hv {
namespace {

using namespace can_map;

constexpr std::uint32_t kEnsemble = 0x4200;  // Host to battery; the first byte says what is asked.
constexpr std::uint32_t kMeasured = 0x4210;
constexpr std::uint32_t kLimits = 0x4220;
constexpr std::uint32_t kCells = 0x4230;
constexpr std::uint32_t kTemperatures = 0x4240;
constexpr std::uint32_t kState = 0x4250;
constexpr std::uint32_t kModules = 0x4260;
constexpr std::uint32_t kForbidden = 0x4280;
constexpr std::uint32_t kVersions = 0x7310;
constexpr std::uint32_t kSystem = 0x7320;
constexpr std::uint32_t kName = 0x7330;
constexpr std::uint32_t kNameRest = 0x7340;
constexpr std::int32_t kYes = 0xAA;

constexpr CanSend kSends[] = {
    {"ensemble info", {.id = kEnsemble, .extended = true, .size = kCanDataSize}, seconds(1)},
    {"equipment info",
     {.id = kEnsemble, .extended = true, .size = kCanDataSize, .data = {std::byte{2}}},
     seconds(2)},
};

/// How the three variants write numbers.
struct Wire {
  Bits (*u16)(std::uint8_t at) noexcept;
  Bits (*s16)(std::uint8_t at) noexcept;
  bool offset;
};
constexpr Wire kOffsetWire{u16le, s16le, true};
constexpr Wire kPlainWire{u16le, s16le, false};
constexpr Wire kBigEndianWire{u16be, s16be, false};

/// No battery of the family has so many mA: frames of another variant are taken for it.
constexpr std::int32_t kMilliAmpMax = 2'000'000;

/// The wire counts charging positive, in 0.1 A.
constexpr Row current(const Wire& wire) noexcept {
  return at_most(
      kMilliAmpMax,
      wire.offset ? value(kMeasured, wire.u16(2), Signal::pack_current,
                          {.scale = -100, .offset = 3'000'000}, kZeroOrAllOnes)
                  : value(kMeasured, wire.s16(2), Signal::pack_current, {.scale = -100}, kLowest));
}
/// The paper makes the discharge limit negative, several packs do not: the magnitude is meant.
constexpr Row limit(const Wire& wire, std::uint8_t at, Signal signal) noexcept {
  return at_most(
      kMilliAmpMax,
      wire.offset ? magnitude(kLimits, wire.u16(at), signal, {.scale = 100, .offset = -3'000'000},
                              kZeroOrAllOnes)
                  : magnitude(kLimits, wire.s16(at), signal, {.scale = 100}, kAllOnes | kLowest));
}
constexpr Linear kCelsiusFrom1000{.scale = 100, .offset = -100'000};
constexpr Row celsius(const Wire& wire, std::uint32_t id, std::uint8_t at, Signal signal,
                      std::uint16_t element = 0) noexcept {
  return wire.offset ? sensor(id, wire.u16(at), signal, kCelsiusFrom1000, element, kZeroOrAllOnes)
                     : sensor(id, wire.s16(at), signal, kDeciCelsius, element, kLowest);
}

constexpr auto rows(const Wire& wire) noexcept {
  return std::array{
      value(kMeasured, wire.u16(0), Signal::pack_voltage, {.scale = 100}),
      current(wire),
      // Never plain: also who writes the others so adds 100 degC here.
      sensor(kMeasured, wire.u16(4), Signal::temperature, kCelsiusFrom1000, 0, kZeroOrAllOnes),
      percent(kMeasured, u8(6), Signal::soc, 100),
      percent(kMeasured, u8(7), Signal::soh, 100),
      value(kLimits, wire.u16(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, wire.u16(2), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
      limit(wire, 4, Signal::charge_current_limit),
      limit(wire, 6, Signal::discharge_current_limit),
      cell(kCells, wire.u16(0), Signal::cell_voltage_max),
      cell(kCells, wire.u16(2), Signal::cell_voltage_min),
      vendor(kCells, wire.u16(4), "cell_voltage_max_at"),
      vendor(kCells, wire.u16(6), "cell_voltage_min_at"),
      celsius(wire, kTemperatures, 0, Signal::cell_temp_max),
      celsius(wire, kTemperatures, 2, Signal::cell_temp_min),
      vendor(kState, bits(0, 0, 3), "state"),
      flag(kState, bit(0, 3), Signal::force_charge),
      flag(kState, bit(0, 4), Signal::full_charge_request),
      value(kState, u16le(1), Signal::cycle_count),
      vendor(kModules, wire.u16(0), "module_voltage_max_mv"),
      vendor(kModules, wire.u16(2), "module_voltage_min_mv"),
      differs(kForbidden, u8(0), kYes, Signal::charge_enable),
      differs(kForbidden, u8(1), kYes, Signal::discharge_enable),
      value(kSystem, u16le(0), Signal::cell_count),
      value(kSystem, u8(2), Signal::module_count),
      vendor(kSystem, u8(3), "cells_per_module"),
      vendor(kSystem, u16le(4), "nominal_voltage_v"),
      vendor(kSystem, u16le(6), "capacity_ah"),
  };
}
constexpr auto kOffsetRows = rows(kOffsetWire);
constexpr auto kPlainRows = rows(kPlainWire);
constexpr auto kBigEndianRows = rows(kBigEndianWire);

constexpr TextPart kNameParts[] = {{.id = kName}, {.id = kNameRest}};
constexpr Text kTexts[] = {{TextField::manufacturer, kNameParts}};

// Bit numbers of byte 6 and 7 are those of a little-endian word: protections; bytes 4 and 5 the
// same as warnings.
constexpr AlarmRow kAlarms[] = {
    alarm(kState, bit(3, 0), "voltage_sensor", Alarm::internal_failure),
    alarm(kState, bit(3, 1), "temperature_sensor", Alarm::internal_failure),
    alarm(kState, bit(3, 2), Alarm::communication_failure),
    alarm(kState, bit(3, 3), "dc_overvoltage", Alarm::pack_overvoltage),
    alarm(kState, bit(3, 4), "reversed", Alarm::internal_failure),
    alarm(kState, bit(3, 5), Alarm::contactor_failure),
    alarm(kState, bit(3, 6), "damaged", Alarm::internal_failure),
    alarm(kState, bit(3, 7), Alarm::internal_failure),
    alarm(kState, bit(6, 0), Alarm::cell_undervoltage),
    alarm(kState, bit(6, 1), Alarm::cell_overvoltage),
    alarm(kState, bit(6, 2), Alarm::pack_undervoltage),
    alarm(kState, bit(6, 3), Alarm::pack_overvoltage),
    alarm(kState, bit(6, 4), Alarm::charge_undertemperature),
    alarm(kState, bit(6, 5), Alarm::charge_overtemperature),
    alarm(kState, bit(6, 6), Alarm::discharge_undertemperature),
    alarm(kState, bit(6, 7), Alarm::discharge_overtemperature),
    alarm(kState, bit(7, 0), Alarm::charge_overcurrent),
    alarm(kState, bit(7, 1), Alarm::discharge_overcurrent),
    alarm(kState, bit(7, 2), "module_undervoltage", Alarm::pack_undervoltage),
    alarm(kState, bit(7, 3), "module_overvoltage", Alarm::pack_overvoltage),
    warning(kState, bit(4, 0), Alarm::cell_undervoltage),
    warning(kState, bit(4, 1), Alarm::cell_overvoltage),
    warning(kState, bit(4, 2), Alarm::pack_undervoltage),
    warning(kState, bit(4, 3), Alarm::pack_overvoltage),
    warning(kState, bit(4, 4), Alarm::charge_undertemperature),
    warning(kState, bit(4, 5), Alarm::charge_overtemperature),
    warning(kState, bit(4, 6), Alarm::discharge_undertemperature),
    warning(kState, bit(4, 7), Alarm::discharge_overtemperature),
    warning(kState, bit(5, 0), Alarm::charge_overcurrent),
    warning(kState, bit(5, 1), Alarm::discharge_overcurrent),
    warning(kState, bit(5, 2), "module_undervoltage"),
    warning(kState, bit(5, 3), "module_overvoltage"),
};

constexpr std::uint32_t kOthers[] = {kVersions};  // No source says what its bytes mean.

constexpr Direction kDirection{
    .id = kState, .where = bits(0, 0, 3), .charging = 1, .discharging = 2};

constexpr Map map(std::span<const Row> rows) noexcept {
  return {.extended = true,
          .address_mask = 0xF,
          .sends = kSends,
          .rows = rows,
          .texts = kTexts,
          .alarms = kAlarms,
          .direction = kDirection,
          .others = kOthers};
}
constexpr Map kMaps[] = {map(kOffsetRows), map(kPlainRows), map(kBigEndianRows)};

constexpr std::uint8_t kAddresses[] = {0, 1};
constexpr std::string_view kVariants[] = {"offset", "plain", "big_endian"};

constexpr Protocol kProtocol{
    .info = {.name = "pylontech-hv-can",
             .title = "Pylontech high voltage (Force H, Powercube) and what imitates it",
             .evidence = Evidence::captured_frames,
             .bit_rates = k500kbit,
             .addresses = kAddresses,
             .variants = kVariants},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::pylontech_hv
