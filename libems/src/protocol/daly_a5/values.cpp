// SPDX-License-Identifier: Apache-2.0
#include "protocol/daly_a5/values.hpp"

#include <array>

#include "protocol/daly_a5/frames.hpp"
#include "protocol/field.hpp"

namespace ems::protocol::daly_a5 {
namespace {

/// A number in the one frame of a reply.
struct Row {
  Command command{};
  std::uint8_t at = 0;  ///< In the data.
  FieldWire wire = FieldWire::u8;
  Meaning meaning{};
};

constexpr Row kRows[] = {
    {kPack, 0, FieldWire::u16, value(Signal::pack_voltage, 100)},
    {kPack, 2, FieldWire::u16, vendor("gather_voltage_mv", 100)},
    {kPack, 4, FieldWire::u16, value(Signal::pack_current, 100, -3'000'000)},  // + discharges.
    {kPack, 6, FieldWire::u16, percent(Signal::soc, 10)},
    {kCellExtremes, 0, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {kCellExtremes, 2, FieldWire::u8, vendor("cell_max_index")},
    {kCellExtremes, 3, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {kCellExtremes, 5, FieldWire::u8, vendor("cell_min_index")},
    {kTempExtremes, 1, FieldWire::u8, vendor("temp_max_index")},
    {kTempExtremes, 3, FieldWire::u8, vendor("temp_min_index")},
    {kSwitches, 0, FieldWire::u8, vendor("state")},  // 0 idle, 1 charging, 2 discharging.
    {kSwitches, 1, FieldWire::u8, flag(Signal::charge_fet_on)},
    {kSwitches, 2, FieldWire::u8, flag(Signal::discharge_fet_on)},
    {kSwitches, 3, FieldWire::u8, vendor("heartbeat")},
    {kSwitches, 4, FieldWire::u32, value(Signal::remaining_capacity, 1'000)},
    {kStatus, 0, FieldWire::u8, value(Signal::cell_count)},
    {kStatus, 1, FieldWire::u8, vendor("temperature_count")},
    {kStatus, 2, FieldWire::u8, vendor("charger_connected")},
    {kStatus, 3, FieldWire::u8, vendor("load_connected")},
    {kStatus, 4, FieldWire::u8, vendor("dio_bits")},
    {kStatus, 5, FieldWire::u16, value(Signal::cycle_count)},
    {kFaults, 7, FieldWire::u8, vendor("fault_code")},
    {kRated, 0, FieldWire::u32, value(Signal::design_capacity, 1'000)},
    {kRated, 4, FieldWire::u32, vendor("cell_nominal_mv")},
};

// Commands that libems reads and that have no row.
constexpr Command kOthers[] = {kCells, kTemperatures, kBalancing, kDate,
                               kCode,  kSetDischarge, kSetCharge};

// Faults: bit = 8 * byte + bit of the byte. Most come in two levels: the first warns.
constexpr AlarmBit kFirstLevel[] = {
    {0, Alarm::cell_overvoltage},
    {2, Alarm::cell_undervoltage},
    {4, Alarm::pack_overvoltage},
    {6, Alarm::pack_undervoltage},
    {8, Alarm::charge_overtemperature},
    {10, Alarm::charge_undertemperature},
    {12, Alarm::discharge_overtemperature},
    {14, Alarm::discharge_undertemperature},
    {16, Alarm::charge_overcurrent},
    {18, Alarm::discharge_overcurrent},
    {22, Alarm::soc_low},
    {24, Alarm::cell_imbalance},
};
constexpr AlarmBit kSecondLevel[] = {
    {1, Alarm::cell_overvoltage},
    {3, Alarm::cell_undervoltage},
    {5, Alarm::pack_overvoltage},
    {7, Alarm::pack_undervoltage},
    {9, Alarm::charge_overtemperature},
    {11, Alarm::charge_undertemperature},
    {13, Alarm::discharge_overtemperature},
    {15, Alarm::discharge_undertemperature},
    {17, Alarm::charge_overcurrent},
    {19, Alarm::discharge_overcurrent},
    {23, Alarm::soc_low},
    {25, Alarm::cell_imbalance},
    {32, Alarm::mosfet_overtemperature},  // Charging.
    {33, Alarm::mosfet_overtemperature},  // Discharging.
    {34, Alarm::internal_failure},        // Sensor at the charge transistors.
    {35, Alarm::internal_failure},        // Sensor at the discharge transistors.
    {36, Alarm::contactor_failure},       // Charge transistor stuck.
    {37, Alarm::contactor_failure},       // Discharge transistor stuck.
    {38, Alarm::contactor_failure},       // Charge transistor open.
    {39, Alarm::contactor_failure},       // Discharge transistor open.
    {40, Alarm::internal_failure},        // Analogue front end.
    {41, Alarm::internal_failure},        // Cell sampling.
    {42, Alarm::internal_failure},        // Temperature sensor.
    {43, Alarm::internal_failure},        // EEPROM.
    {44, Alarm::internal_failure},        // Clock.
    {45, Alarm::precharge_failure},
    {46, Alarm::communication_failure},  // With the vehicle.
    {47, Alarm::communication_failure},  // Inside.
    {48, Alarm::internal_failure},       // Current module.
    {49, Alarm::internal_failure},       // Voltage module.
    {50, Alarm::short_circuit},
};

struct VendorBit {
  std::uint8_t bit = 0;
  std::string_view name{};
};
constexpr VendorBit kVendorBits[] = {
    {20, "soc_high_1"},
    {21, "soc_high_2"},
    {26, "temperature_difference_1"},
    {27, "temperature_difference_2"},
    {28, "reserved_28"},
    {29, "reserved_29"},
    {30, "reserved_30"},
    {31, "reserved_31"},
    {51, "low_voltage_charge_forbidden"},
    {52, "reserved_52"},
    {53, "reserved_53"},
    {54, "reserved_54"},
    {55, "reserved_55"},
};

/// Byte `at` of the data of frame `frame`.
std::uint8_t data_at(Bytes reply, std::size_t at, std::size_t frame = 0) noexcept {
  return load_u8(reply, frame * kFrame + kDataAt + at);
}

/// The first `bytes` bytes of the data, the first of them lowest.
std::uint64_t bits_of(Bytes reply, std::size_t bytes) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t at = bytes; at > 0; --at) bits = bits << 8 | data_at(reply, at - 1);
  return bits;
}

/// Whole degrees from -40; 0 and FF: no sensor.
std::optional<std::int64_t> temperature(std::uint8_t raw) noexcept {
  if (raw == 0 || raw == 0xFF) return std::nullopt;
  return (std::int64_t{raw} - 40) * 1'000;
}

/// One value of a run that goes on from frame to frame, behind the number of each.
std::size_t run_at(std::size_t index, std::size_t per_frame, std::size_t size) noexcept {
  return index / per_frame * kFrame + kDataAt + 1 + index % per_frame * size;
}

template <class Load>
std::size_t used(std::size_t known, std::size_t slots, Load load) noexcept {
  if (known != 0) return known;
  while (slots > 0 && load(slots - 1) == 0) --slots;  // Zeros behind the last are no cells.
  return slots;
}

void give_cells(const Publisher& out, Bytes reply, std::size_t known) {
  const auto raw = [reply](std::size_t i) {
    return load_be16(reply, run_at(i, kCellsPerFrame, 2));
  };
  const std::size_t count = used(known, reply.size() / kFrame * kCellsPerFrame, raw);
  if (known != 0) out.count(Signal::cell_voltage, known);
  for (std::size_t i = 0; i < count; ++i) {
    out.cell(Signal::cell_voltage, raw(i), static_cast<std::uint16_t>(i + 1));
  }
}

void give_temperatures(const Publisher& out, Bytes reply, std::size_t known) {
  const auto raw = [reply](std::size_t i) {
    return load_u8(reply, run_at(i, kSensorsPerFrame, 1));
  };
  const std::size_t count = used(known, reply.size() / kFrame * kSensorsPerFrame, raw);
  if (known != 0) out.count(Signal::temperature, known);
  for (std::size_t i = 0; i < count; ++i) {
    out.sensor(Signal::temperature, temperature(raw(i)), static_cast<std::uint16_t>(i + 1));
  }
}

void give_faults(const Publisher& out, Bytes reply) {
  constexpr std::size_t kFaultBytes = 7;
  const std::uint64_t bits = bits_of(reply, kFaultBytes);
  const std::uint64_t first = common_alarms(bits, kFirstLevel);
  out.value(Signal::alarms, static_cast<std::int64_t>(first | common_alarms(bits, kSecondLevel)));
  out.value(Signal::warnings, static_cast<std::int64_t>(first));
  out.value(Signal::vendor_alarms,
            static_cast<std::int64_t>(vendor_bits(vendor_bits(bits, kFirstLevel), kSecondLevel)));
}

void give_balancing(const Publisher& out, Bytes reply) {
  constexpr std::size_t kMaskBytes = 6;
  const std::uint64_t mask = bits_of(reply, kMaskBytes);
  out.flag(Signal::balancing, mask != 0);
  out.vendor("balance_mask", static_cast<std::int64_t>(mask));
}

void give_date(const Publisher& out, Bytes reply) {
  const std::uint32_t year = data_at(reply, 2);
  const std::uint32_t month = data_at(reply, 3);
  const std::uint32_t day = data_at(reply, 4);
  if (month < 1 || month > 12 || day < 1 || day > 31) return;
  FixedString<12> date;
  append_number(date, 2000 + year, 4);
  date.append("-");
  append_number(date, month, 2);
  date.append("-");
  append_number(date, day, 2);
  out.text(TextField::manufacture_date, date.view());
}

void give_code(const Publisher& out, Bytes reply) {
  std::array<std::byte, kFramesMax * kSensorsPerFrame> code{};
  std::size_t size = 0;
  for (; size < reply.size() / kFrame * kSensorsPerFrame; ++size) {
    code[size] = reply[run_at(size, kSensorsPerFrame, 1)];
  }
  out.text(TextField::serial_number, Bytes(code).first(size));
}

}  // namespace

Result<void> give_values(std::uint8_t command, Bytes reply, std::uint8_t cells,
                         std::uint8_t sensors, ReadingSink& sink) noexcept {
  const Publisher out(sink);
  bool known = false;
  for (const Row& row : kRows) {
    if (row.command != command) continue;
    known = true;
    give(out, row.meaning, load(reply, kDataAt + row.at, row.wire, ByteOrder::big));
  }
  for (const Command other : kOthers) known = known || other == command;
  if (!known) return fail(Errc::unimplemented, kCommandAt, "libems does not read this Daly reply");
  switch (command) {
    case kTempExtremes:
      out.sensor(Signal::cell_temp_max, temperature(data_at(reply, 0)));
      out.sensor(Signal::cell_temp_min, temperature(data_at(reply, 2)));
      break;
    case kCells:
      give_cells(out, reply, cells);
      break;
    case kTemperatures:
      give_temperatures(out, reply, sensors);
      break;
    case kBalancing:
      give_balancing(out, reply);
      break;
    case kFaults:
      give_faults(out, reply);
      break;
    case kDate:
      give_date(out, reply);
      break;
    case kCode:
      give_code(out, reply);
      break;
    case kSetDischarge:
    case kSetCharge:
      out.acknowledged();
      break;
    default:
      break;
  }
  return {};
}

std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept {
  for (const VendorBit& row : kVendorBits) {
    if (row.bit == bit) return row.name;
  }
  return std::nullopt;
}

}  // namespace ems::protocol::daly_a5
