// SPDX-License-Identifier: Apache-2.0
// Offsets count bytes of the frame; section 4.2 of the sources' summary, docs/protocols/jk_55aa.md.
#include <algorithm>
#include <array>

#include "ems/protocol/jk_55aa/codec.hpp"
#include "protocol/field.hpp"
#include "protocol/jk_55aa/wire.hpp"

namespace ems::protocol::jk_55aa {
namespace {

constexpr std::size_t kSumAt = kFrameSize - 1;
constexpr std::size_t kPayloadAt = 6;

constexpr std::int64_t load(Bytes frame, std::size_t at, FieldWire wire) noexcept {
  return protocol::load(frame, at, wire, ByteOrder::little);
}

struct Row {
  std::uint16_t at = 0;  ///< In the layout of 32 cells.
  FieldWire wire = FieldWire::u32;
  Meaning meaning{};
  bool both = true;  ///< The other layout has it too.
};

/// Where a field stands. The shorter layout lacks 8 cells, and then 8 resistances of their wires.
constexpr std::size_t place(Layout layout, std::size_t at) noexcept {
  constexpr std::size_t kBehindCells = 70;
  constexpr std::size_t kBehindResistances = 144;
  constexpr std::size_t kLess = 16;
  if (layout == Layout::cells_32 || at < kBehindCells) return at;
  return at < kBehindResistances ? at - kLess : at - 2 * kLess;
}

// Status.

constexpr std::size_t kMaskAt = 70;  // u32, bit 0 is cell 1.
constexpr std::size_t kMosTemperatureAt = 144;
constexpr std::size_t kMosTemperatureAt24 = 134;
constexpr std::size_t kPowerAt = 154;    // u32 mW, a magnitude.
constexpr std::size_t kCurrentAt = 158;  // s32 mA, + charges.
constexpr std::size_t kTemperaturesAt = 162;
constexpr std::size_t kTemperatures = 2;
constexpr std::size_t kAlarmsAt = 166;    // u32
constexpr std::size_t kAlarmsAt24 = 136;  // u16
constexpr std::size_t kSensorMaskAt = 214;
constexpr unsigned kMosSensorBit = 0;
constexpr unsigned kMosSensorBit24 = 2;
constexpr std::int64_t kCellThere = 1'000;  // mV: no loose input reads as much.

constexpr Row kStatus[] = {
    {74, FieldWire::u16, vendor("cell_average_mv")},
    {76, FieldWire::u16, vendor("cell_delta_mv")},
    {78, FieldWire::u8, vendor("cell_max_index", 1, 1)},  // From 0 on the wire.
    {79, FieldWire::u8, vendor("cell_min_index", 1, 1)},
    {146, FieldWire::u32, vendor("wire_resistance_mask")},
    {150, FieldWire::u32, value(Signal::pack_voltage)},
    {kCurrentAt, FieldWire::s32, value(Signal::pack_current, -1)},
    {170, FieldWire::s16, vendor("balance_current_ma")},
    {172, FieldWire::u8, flag(Signal::balancing)},  // 1 charges a cell, 2 discharges one.
    {173, FieldWire::u8, percent(Signal::soc, 100)},
    {174, FieldWire::s32, amount(Signal::remaining_capacity, 1'000)},
    {178, FieldWire::u32, value(Signal::full_capacity, 1'000)},
    {182, FieldWire::u32, value(Signal::cycle_count)},
    {186, FieldWire::u32, vendor("cycle_capacity_mah")},
    {190, FieldWire::u8, percent(Signal::soh, 100)},
    {191, FieldWire::u8, vendor("precharge")},
    {194, FieldWire::u32, vendor("runtime_s")},
    {198, FieldWire::u8, flag(Signal::charge_fet_on)},
    {199, FieldWire::u8, flag(Signal::discharge_fet_on)},
    {215, FieldWire::u8, flag(Signal::heater_on), false},
    {236, FieldWire::u16, vendor("heater_current_ma"), false},
    {256, FieldWire::s16, vendor("temperature_3_mdegc", 100), false},
    {258, FieldWire::s16, vendor("temperature_4_mdegc", 100), false},
};

constexpr AlarmBit kAlarmBits[] = {
    {1, Alarm::mosfet_overtemperature},     {3, Alarm::internal_failure},  // Current sensor.
    {4, Alarm::cell_overvoltage},           {5, Alarm::pack_overvoltage},
    {6, Alarm::charge_overcurrent},         {7, Alarm::short_circuit},  // While charging.
    {8, Alarm::charge_overtemperature},     {9, Alarm::charge_undertemperature},
    {10, Alarm::communication_failure},  // With the coprocessor.
    {11, Alarm::cell_undervoltage},         {12, Alarm::pack_undervoltage},
    {13, Alarm::discharge_overcurrent},     {14, Alarm::short_circuit},      // While discharging.
    {15, Alarm::discharge_overtemperature}, {16, Alarm::contactor_failure},  // Charge transistor.
    {17, Alarm::contactor_failure},  // Discharge transistor.
    {20, Alarm::contactor_failure},  // Discharging could not be switched on.
    {21, Alarm::overtemperature},           {22, Alarm::internal_failure},  // Temperature sensor.
};

constexpr std::string_view kVendorNames[32] = {"wire_resistance",
                                               "",
                                               "cell_count_mismatch",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "",
                                               "gps_lost",
                                               "change_password",
                                               "",
                                               "",
                                               "",
                                               "parallel_module",
                                               "reserved_24",
                                               "reserved_25",
                                               "reserved_26",
                                               "reserved_27",
                                               "reserved_28",
                                               "reserved_29",
                                               "reserved_30",
                                               "reserved_31"};

constexpr std::size_t slots(Layout layout) noexcept { return layout == Layout::cells_32 ? 32 : 24; }

constexpr std::int64_t cell_at(Bytes frame, std::size_t cell) noexcept {
  return load(frame, kPayloadAt + 2 * cell, FieldWire::u16);
}

/// Every cell that has a voltage is in the mask; in a frame of the other layout they are not.
bool mask_fits(Layout layout, Bytes frame, std::uint32_t mask) noexcept {
  if (slots(layout) < 32 && mask >> slots(layout) != 0) return false;
  for (std::size_t cell = 0; cell < slots(layout); ++cell) {
    const bool counted = (mask >> cell & 1U) != 0;
    if (!counted && cell_at(frame, cell) >= kCellThere) return false;
  }
  return true;
}

/// Some boards send 10 °C below zero as 110: what says 99 or more is not known.
void give_sensor(const Publisher& out, Signal signal, Bytes frame, std::size_t at, bool fitted,
                 std::uint16_t element = 0) {
  constexpr std::int64_t kAmbiguous = 990;
  const std::int64_t deci = load(frame, at, FieldWire::s16);
  const bool known = fitted && deci < kAmbiguous;
  out.sensor(signal, known ? std::optional(deci * 100) : std::nullopt, element);
}

void give_cells(const Publisher& out, Bytes frame, std::uint32_t mask) {
  std::size_t cells = 32;
  while (cells > 0 && (mask >> (cells - 1) & 1U) == 0) --cells;
  out.value(Signal::cell_count, static_cast<std::int64_t>(cells));
  out.count(Signal::cell_voltage, cells);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const auto element = static_cast<std::uint16_t>(cell + 1);
    if ((mask >> cell & 1U) != 0) {
      out.cell(Signal::cell_voltage, cell_at(frame, cell), element);
    } else {
      out.missing(Signal::cell_voltage, element);
    }
  }
}

void give_sensors(const Publisher& out, Layout layout, Bytes frame) {
  const bool wide = layout == Layout::cells_32;
  const std::uint8_t mask = load_u8(frame, place(layout, kSensorMaskAt));
  // Bits of the mask: the transistors' sensor first, or last; 0: not told.
  const auto fitted = [mask](unsigned bit) {
    return mask == 0 || (unsigned{mask} >> bit & 1U) != 0;
  };
  give_sensor(out, Signal::mosfet_temperature, frame,
              wide ? kMosTemperatureAt : kMosTemperatureAt24,
              fitted(wide ? kMosSensorBit : kMosSensorBit24));
  out.count(Signal::temperature, kTemperatures);
  for (unsigned i = 0; i < kTemperatures; ++i) {
    give_sensor(out, Signal::temperature, frame, place(layout, kTemperaturesAt + 2 * i),
                fitted(wide ? i + 1 : i), static_cast<std::uint16_t>(i + 1));
  }
}

void give_power(const Publisher& out, Layout layout, Bytes frame) {
  constexpr std::int64_t kMilliPerWatt = 1'000;
  const std::int64_t watt =
      (load(frame, place(layout, kPowerAt), FieldWire::u32) + kMilliPerWatt / 2) / kMilliPerWatt;
  const bool charging = load(frame, place(layout, kCurrentAt), FieldWire::s32) > 0;
  out.value(Signal::pack_power, charging ? -watt : watt);
}

Result<void> read_status(Layout layout, Bytes frame, ReadingSink& sink) noexcept {
  const std::size_t mask_at = place(layout, kMaskAt);
  const std::uint32_t mask = load_le32(frame, mask_at);
  if (!mask_fits(layout, frame, mask)) {
    return fail(Errc::out_of_range, mask_at, "JK cells not in their mask: the other variant's?");
  }
  const Publisher out(sink);
  give_cells(out, frame, mask);
  give_sensors(out, layout, frame);
  give_power(out, layout, frame);
  for (const Row& row : kStatus) {
    if (layout == Layout::cells_24 && !row.both) continue;
    give(out, row.meaning, load(frame, place(layout, row.at), row.wire));
  }
  const Alarms raised =
      split_alarms(layout == Layout::cells_32 ? load_le32(frame, kAlarmsAt)
                                              : std::uint32_t{load_le16(frame, kAlarmsAt24)});
  out.value(Signal::alarms, static_cast<std::int64_t>(raised.alarms));
  out.value(Signal::vendor_alarms, static_cast<std::int64_t>(raised.vendor_alarms));
  return {};
}

// Settings: PB boards have them at Modbus register 1000, 6 less.

constexpr Row kSettings[] = {
    {6, FieldWire::u32, vendor("smart_sleep_mv")},
    {10, FieldWire::u32, vendor("cell_undervoltage_mv")},
    {14, FieldWire::u32, vendor("cell_undervoltage_recovery_mv")},
    {18, FieldWire::u32, vendor("cell_overvoltage_mv")},
    {22, FieldWire::u32, vendor("cell_overvoltage_recovery_mv")},
    {26, FieldWire::u32, vendor("balance_trigger_mv")},
    {30, FieldWire::u32, vendor("cell_full_mv")},
    {34, FieldWire::u32, vendor("cell_empty_mv")},
    {38, FieldWire::u32, vendor("cell_charge_request_mv")},
    {42, FieldWire::u32, vendor("cell_float_request_mv")},
    {46, FieldWire::u32, vendor("power_off_mv")},
    {50, FieldWire::u32, vendor("charge_overcurrent_ma")},
    {54, FieldWire::u32, vendor("charge_overcurrent_delay_s")},
    {58, FieldWire::u32, vendor("charge_overcurrent_recovery_s")},
    {62, FieldWire::u32, vendor("discharge_overcurrent_ma")},
    {66, FieldWire::u32, vendor("discharge_overcurrent_delay_s")},
    {70, FieldWire::u32, vendor("discharge_overcurrent_recovery_s")},
    {74, FieldWire::u32, vendor("short_circuit_recovery_s")},
    {78, FieldWire::u32, vendor("balance_current_max_ma")},
    {82, FieldWire::s32, vendor("charge_overtemperature_mdegc", 100)},
    {86, FieldWire::s32, vendor("charge_overtemperature_recovery_mdegc", 100)},
    {90, FieldWire::s32, vendor("discharge_overtemperature_mdegc", 100)},
    {94, FieldWire::s32, vendor("discharge_overtemperature_recovery_mdegc", 100)},
    {98, FieldWire::s32, vendor("charge_undertemperature_mdegc", 100)},
    {102, FieldWire::s32, vendor("charge_undertemperature_recovery_mdegc", 100)},
    {106, FieldWire::s32, vendor("mosfet_overtemperature_mdegc", 100)},
    {110, FieldWire::s32, vendor("mosfet_overtemperature_recovery_mdegc", 100)},
    {114, FieldWire::u32, value(Signal::cell_count)},
    {118, FieldWire::u32, vendor("charge_switch")},
    {122, FieldWire::u32, vendor("discharge_switch")},
    {126, FieldWire::u32, vendor("balance_switch")},
    {130, FieldWire::u32, value(Signal::design_capacity, 1'000)},
    {134, FieldWire::u32, vendor("short_circuit_delay_us")},
    {138, FieldWire::u32, vendor("balance_start_mv")},
    {270, FieldWire::u32, vendor("device_address"), false},
    {274, FieldWire::u32, vendor("precharge_s"), false},
    {282, FieldWire::u16, vendor("setting_bits"), false},
};

void read_settings(Layout layout, Bytes frame, ReadingSink& sink) {
  const Publisher out(sink);
  for (const Row& row : kSettings) {
    if (layout == Layout::cells_32 || row.both)
      give(out, row.meaning, load(frame, row.at, row.wire));
  }
}

// About.

struct Words {
  TextField field{};
  std::uint16_t at = 0;
  std::uint16_t size = 0;
};

constexpr std::size_t kSoftwareAt = 30;
constexpr std::size_t kSoftwareSize = 8;
constexpr Words kWords[] = {
    {TextField::device_model, 6, 16},
    {TextField::hardware_version, 22, 8},
    {TextField::software_version, kSoftwareAt, kSoftwareSize},
    {TextField::serial_number, 86, 16},
};
constexpr Row kAbout[] = {
    {38, FieldWire::u32, vendor("runtime_s")},
    {42, FieldWire::u32, vendor("power_on_count")},
};

/// Up to the first NUL: what stands behind it is left over from something else.
Bytes words_at(Bytes frame, std::size_t at, std::size_t size) noexcept {
  const Bytes all = frame.subspan(at, size);
  const auto end = std::find(all.begin(), all.end(), std::byte{0});
  return all.first(static_cast<std::size_t>(end - all.begin()));
}

/// The number that a version begins with; nullopt: none.
std::optional<unsigned> major_of(Bytes version) noexcept {
  std::optional<unsigned> major;
  for (const std::byte byte : version) {
    const auto c = std::to_integer<unsigned>(byte);
    if (c < '0' || c > '9') break;
    major = major.value_or(0) * 10 + (c - '0');
  }
  return major;
}

void read_about(Layout layout, Bytes frame, ReadingSink& sink) {
  constexpr unsigned kFirstWide = 11;
  const Publisher out(sink);
  for (const Words& words : kWords) out.text(words.field, words_at(frame, words.at, words.size));
  for (const Row& row : kAbout) give(out, row.meaning, load(frame, row.at, row.wire));
  if (const auto major = major_of(words_at(frame, kSoftwareAt, kSoftwareSize))) {
    out.vendor("other_variant", (*major >= kFirstWide) != (layout == Layout::cells_32) ? 1 : 0);
  }
}

}  // namespace

Result<void> decode_frame(Layout layout, Bytes frame, ReadingSink& sink) noexcept {
  for (std::size_t at = 0; at < std::min(frame.size(), kStart.size()); ++at) {
    if (load_u8(frame, at) != kStart[at]) {
      return fail(Errc::header, at, "JK frame does not start with 55 AA EB 90");
    }
  }
  if (frame.size() < kFrameSize) {
    return fail(Errc::truncated, frame.size(), "JK frame cut short");
  }
  if (frame.size() > kFrameSize) {
    return fail(Errc::length, kFrameSize, "bytes behind the JK frame");
  }
  if (load_u8(frame, kSumAt) != sum_of(frame.first(kSumAt))) {
    return fail(Errc::checksum, kSumAt, "JK checksum mismatch");
  }
  switch (static_cast<FrameType>(load_u8(frame, kTypeAt))) {
    case FrameType::settings:
      read_settings(layout, frame, sink);
      return {};
    case FrameType::status:
      return read_status(layout, frame, sink);
    case FrameType::about:
      read_about(layout, frame, sink);
      return {};
  }
  return fail(Errc::unimplemented, kTypeAt, "libems does not read this type of JK frame");
}

Alarms split_alarms(std::uint32_t word) noexcept {
  return {.alarms = common_alarms(word, kAlarmBits),
          .vendor_alarms = vendor_bits(word, kAlarmBits)};
}

std::optional<std::string_view> alarm_name(unsigned bit) noexcept {
  if (bit >= std::size(kVendorNames) || kVendorNames[bit].empty()) return std::nullopt;
  return kVendorNames[bit];
}

}  // namespace ems::protocol::jk_55aa
