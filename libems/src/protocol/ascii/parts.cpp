// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/parts.hpp"

#include <array>

namespace ems::protocol::ascii {
namespace {

constexpr std::size_t kTextSizeMax = 40;

constexpr std::uint8_t kNormal = 0x00;
constexpr std::uint8_t kLow = 0x01;
constexpr std::uint8_t kHigh = 0x02;
constexpr std::uint8_t kFaultsFrom = 0x80;

}  // namespace

Result<List> read_list(const Info& info, std::size_t at, std::size_t width) noexcept {
  if (at >= info.size()) return info.wrong(info.size());
  const std::size_t count = info.u8(at);
  const std::size_t end = at + 1 + count * width;
  if (end > info.size()) return info.wrong(at);
  return List{.at = at + 1, .count = count, .end = end};
}

Result<Lists> read_lists(const Info& info, std::size_t at, std::size_t width) noexcept {
  const Result<List> cells = read_list(info, at, width);
  if (!cells) return fail(cells.error());
  if (cells->count == 0) return info.wrong(at);
  const Result<List> sensors = read_list(info, cells->end, width);
  if (!sensors) return fail(sensors.error());
  return Lists{.cells = *cells, .sensors = *sensors};
}

bool begins_with_codes(const Info& info, std::size_t at) noexcept {
  const Result<List> cells = read_list(info, at, 1);
  if (!cells) return false;
  for (std::size_t i = cells->at; i < cells->end; ++i) {
    if (info.u8(i) > kHigh && info.u8(i) < kFaultsFrom) return false;
  }
  return true;
}

void give_cells(const Publisher& out, const Info& info, const List& cells) noexcept {
  out.value(Signal::cell_count, static_cast<std::int64_t>(cells.count));
  out.count(Signal::cell_voltage, cells.count);
  for (std::size_t i = 0; i < cells.count; ++i) {
    out.cell(Signal::cell_voltage, info.u16(cells.at + 2 * i), static_cast<std::uint16_t>(i + 1));
  }
}

void give_sensors(const Publisher& out, const Info& info, const List& sensors, std::int32_t zero,
                  std::uint16_t absent) noexcept {
  out.count(Signal::temperature, sensors.count);
  for (std::size_t i = 0; i < sensors.count; ++i) {
    const std::uint16_t raw = info.u16(sensors.at + 2 * i);
    out.sensor(Signal::temperature, raw == absent ? std::nullopt : from_decikelvin(raw, zero),
               static_cast<std::uint16_t>(i + 1));
  }
}

namespace {

std::int64_t load(const Info& info, std::size_t at, FieldWire wire) noexcept {
  switch (wire) {
    case FieldWire::u8:
      return info.u8(at);
    case FieldWire::u16:
      return info.u16(at);
    case FieldWire::s16:
      return info.s16(at);
    case FieldWire::u32:
      return info.u32(at);
    case FieldWire::s32:
      break;
  }
  return as_signed(info.u32(at));
}

}  // namespace

void give(const Publisher& out, const Info& info, std::size_t at,
          std::span<const FrameField> rows) noexcept {
  for (const FrameField& row : rows) {
    protocol::give(out, row.meaning, load(info, at + row.at, row.wire));
  }
}

void give(const Publisher& out, const Info& info, std::size_t at,
          std::span<const FlagBit> rows) noexcept {
  for (const FlagBit& row : rows) {
    protocol::give(out, row.meaning, has(info.u8(at + row.at), row.bit) ? 1 : 0);
  }
}

std::optional<std::string_view> name_of(std::span<const VendorBit> names, unsigned bit) noexcept {
  for (const VendorBit& name : names) {
    if (name.bit == bit) return name.name;
  }
  if (bit == kOtherCodeBit) return "other_code";
  return std::nullopt;
}

void Raised::codes(const Info& info, const List& list, Alarm low, Alarm high) noexcept {
  for (std::size_t i = 0; i < list.count; ++i) code(info.u8(list.at + i), low, high);
}

void Raised::code(std::uint8_t code, Alarm low, Alarm high) noexcept {
  if (code == kNormal) return;
  if (code == kLow) {
    warnings_ |= alarm_bit(low);
  } else if (code == kHigh) {
    warnings_ |= alarm_bit(high);
  } else {
    vendor_ |= std::uint64_t{1} << kOtherCodeBit;
  }
}

void Raised::events(const Info& info, std::size_t at, std::size_t count,
                    std::span<const EventBit> rows, unsigned first) noexcept {
  EMS_ASSERT(first + 8 * count <= 64);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{info.u8(at + i)} << 8 * i;
  events(word, rows, first);
}

void Raised::events(std::uint64_t word, std::span<const EventBit> rows, unsigned first) noexcept {
  for (const EventBit& row : rows) {
    const std::uint64_t bit = std::uint64_t{1} << (8U * row.byte + row.bit);
    if ((word & bit) == 0) continue;
    word &= ~bit;
    if (row.severity == Severity::protection) alarms_ |= alarm_bit(row.alarm);
    if (row.severity == Severity::warning) warnings_ |= alarm_bit(row.alarm);
  }
  vendor_ |= word << first;
}

void Raised::give(const Publisher& out) const noexcept {
  out.value(Signal::alarms, static_cast<std::int64_t>(alarms_));
  out.value(Signal::warnings, static_cast<std::int64_t>(warnings_));
  out.value(Signal::vendor_alarms, static_cast<std::int64_t>(vendor_));
}

void give_text(const Publisher& out, TextField field, const Info& info, std::size_t at,
               std::size_t size, bool dashed) noexcept {
  EMS_ASSERT(size <= kTextSizeMax);
  std::array<std::byte, kTextSizeMax> room{};
  const MutableBytes text(room.data(), size);
  info.copy(at, text);
  for (std::size_t i = size; dashed && i > 0; --i) {
    const std::uint8_t c = load_u8(text, i - 1);
    if (c != '-' && c != ' ' && c != 0) break;
    store_u8(text, i - 1, 0);
  }
  out.text(field, Bytes(text));
}

void give_version(const Publisher& out, TextField field, const Info& info, std::size_t at,
                  std::size_t parts) noexcept {
  FixedString<16> text;
  for (std::size_t i = 0; i < parts; ++i) {
    if (i > 0) text.append(".");
    append_number(text, info.u8(at + i));
  }
  out.text(field, text.view());
}

Result<void> read_protocol_version(const Frame& reply, ReadingSink& sink) noexcept {
  const Result<void> sized = reply.info.expect_size(0);
  if (!sized) return fail(sized.error());
  sink.vendor_value("protocol_version.major", reply.version >> 4);
  sink.vendor_value("protocol_version.minor", reply.version & 0xF);
  return {};
}

Result<void> read_maker(const Info& info, ReadingSink& sink) noexcept {
  constexpr std::size_t kModelAt = 0;
  const Result<void> sized = info.expect_size(kMakerSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  give_text(out, TextField::device_model, info, kModelAt, kNumbersAt - kModelAt, true);
  give_version(out, TextField::firmware_version, info, kNumbersAt, kMakerAt - kNumbersAt);
  give_text(out, TextField::manufacturer, info, kMakerAt, kMakerSize - kMakerAt, true);
  return {};
}

}  // namespace ems::protocol::ascii
