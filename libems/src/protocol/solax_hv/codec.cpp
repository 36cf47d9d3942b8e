// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/solax_hv/codec.hpp"

#include "protocol/publish.hpp"

namespace ems::protocol::solax_hv {
namespace {

using namespace can_map;

constexpr std::uint32_t kPoll = 0x1871;  // Host to battery; the first byte says what is asked.
constexpr std::uint32_t kLimits = 0x1872;
constexpr std::uint32_t kMeasured = 0x1873;
constexpr std::uint32_t kExtremes = 0x1874;
constexpr std::uint32_t kStatus = 0x1875;
constexpr std::uint32_t kCells = 0x1876;
constexpr std::uint32_t kErrors = 0x1877;
constexpr std::uint32_t kStatistics = 0x1878;
constexpr std::uint32_t kFlags = 0x1879;

constexpr CanSend kSends[] = {
    {"poll",
     {.id = kPoll, .extended = true, .size = kCanDataSize, .data = {std::byte{1}}},
     seconds(1)},
};

constexpr Row kRows[] = {
    value(kLimits, u16le(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(2), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(4), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(6), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
    value(kMeasured, u16le(0), Signal::pack_voltage, {.scale = 100}, kAllOnes),
    value(kMeasured, s16le(2), Signal::pack_current, {.scale = -100}, kLowest),
    percent(kMeasured, u16le(4), Signal::soc, 100),
    vendor(kMeasured, u16le(6), "remaining_energy_wh", {.scale = 10}),
    sensor(kExtremes, s16le(0), Signal::cell_temp_max, kDeciCelsius, 0, kLowest),
    sensor(kExtremes, s16le(2), Signal::cell_temp_min, kDeciCelsius, 0, kLowest),
    sensor(kStatus, s16le(0), Signal::temperature, kDeciCelsius, 0, kLowest),
    vendor(kStatus, u8(2), "pack_status"),
    value(kStatus, u8(3), Signal::module_count, {}, kZero),
    flag(kStatus, u8(4), Signal::contactor_closed),
    value(kStatus, u16le(6), Signal::cycle_count),
    equals(kCells, bit(0, 0), 0, Signal::charge_enable),
    cell(kCells, u16le(2), Signal::cell_voltage_max),
    cell(kCells, u16le(6), Signal::cell_voltage_min),
    vendor(kErrors, u16le(0), "error"),
    vendor(kErrors, u8(4), "battery_type"),
    vendor(kErrors, u8(6), "firmware"),
    vendor(kErrors, u8(7), "module"),
    vendor(kStatistics, u32le(4), "energy_wh"),
    vendor(kFlags, u32le(0), "flags"),
};

constexpr AlarmRow kAlarms[] = {
    // Which bit means what nobody has said.
    alarm(kErrors, u16le(0), "error", Alarm::internal_failure),
};

/// Frame 1874 has the extremes in mV or, in steps of 100 mV, small numbers: no cell has 60 mV or
/// less, and none more than 6 V.
constexpr std::int64_t kDecivoltMax = 60;

void give_extreme(const Publisher& out, Bytes payload, Bits where, Signal signal) {
  const std::optional<std::int64_t> raw = read(payload, where);
  if (!raw || *raw == 0) return;
  out.cell(signal, *raw <= kDecivoltMax ? *raw * 100 : *raw);
}

/// Only where frame 1876 does not say it better.
void extra(const Extra& heard) noexcept {
  if (heard.id != kExtremes || heard.mailbox.find(kCells, true) != nullptr) return;
  const Publisher out(heard.sink);
  give_extreme(out, heard.frame.payload(), u16le(4), Signal::cell_voltage_max);
  give_extreme(out, heard.frame.payload(), u16le(6), Signal::cell_voltage_min);
}

/// The errors of the whole and of each pack come in turn: master, packs as SolaX numbers them, and
/// as FoxESS does.
constexpr Selector kSelectors[] = {{kErrors, u8(7)}};
constexpr std::int32_t kKept[] = {1,    2,    3,    4,    5,    6,    7,    8,
                                  0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80};

constexpr Map kMaps[] = {{.extended = true,
                          .sends = kSends,
                          .rows = kRows,
                          .alarms = kAlarms,
                          .selectors = kSelectors,
                          .kept = kKept,
                          .extra = extra}};

constexpr Protocol kSolax{
    .info = {.name = "solax-hv-can",
             .title = "SolaX Triple Power",
             .evidence = Evidence::captured_frames,
             .bit_rates = k500kbit},
    .quiet_after = seconds(5),
    .maps = kMaps,
};
constexpr Protocol kFoxess{
    .info = {.name = "foxess-hv-can",
             .title = "FoxESS HV2600, ECS",
             .evidence = Evidence::simulator_only,
             .bit_rates = k500kbit},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kSolax);
  return kCodec;
}

const MapCodec& foxess_codec() noexcept {
  static constexpr MapCodec kCodec(kFoxess);
  return kCodec;
}

}  // namespace ems::protocol::solax_hv
