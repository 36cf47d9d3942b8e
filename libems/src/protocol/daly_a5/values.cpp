// SPDX-License-Identifier: Apache-2.0
#include "protocol/daly_a5/values.hpp"

#include <array>

#include "protocol/daly_a5/layout.hpp"

namespace ems::protocol::daly_a5 {
namespace {

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
  return (std::int64_t{raw} - kDegreesBelow) * 1'000;
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
  const std::uint64_t bits = bits_of(reply, kFaultBytes);
  const std::uint64_t first = common_alarms(bits, kFirstLevel);
  out.value(Signal::alarms, static_cast<std::int64_t>(first | common_alarms(bits, kSecondLevel)));
  out.value(Signal::warnings, static_cast<std::int64_t>(first));
  out.value(Signal::vendor_alarms,
            static_cast<std::int64_t>(vendor_bits(vendor_bits(bits, kFirstLevel), kSecondLevel)));
}

void give_balancing(const Publisher& out, Bytes reply) {
  const std::uint64_t mask = bits_of(reply, kMaskBytes);
  out.flag(Signal::balancing, mask != 0);
  out.vendor("balance_mask", static_cast<std::int64_t>(mask));
}

void give_date(const Publisher& out, Bytes reply) {
  const std::uint32_t year = data_at(reply, kYearAt);
  const std::uint32_t month = data_at(reply, kMonthAt);
  const std::uint32_t day = data_at(reply, kDayAt);
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
      out.sensor(Signal::cell_temp_max, temperature(data_at(reply, kTempMaxAt)));
      out.sensor(Signal::cell_temp_min, temperature(data_at(reply, kTempMinAt)));
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
