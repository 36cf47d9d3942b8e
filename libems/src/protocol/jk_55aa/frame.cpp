// SPDX-License-Identifier: Apache-2.0
// Offsets count bytes of the frame; section 4.2 of the sources' summary, docs/protocols/jk_55aa.md.
#include <algorithm>
#include <array>

#include "ems/protocol/jk_55aa/codec.hpp"
#include "protocol/jk_55aa/layout.hpp"
#include "protocol/jk_55aa/wire.hpp"

namespace ems::protocol::jk_55aa {
namespace {

constexpr std::int64_t load(Bytes frame, std::size_t at, FieldWire wire) noexcept {
  return protocol::load(frame, at, wire, ByteOrder::little);
}

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
  const std::uint8_t mask = load_u8(frame, place(layout, kSensorMaskAt));
  // 0: not told.
  const auto fitted = [mask](unsigned bit) {
    return mask == 0 || (unsigned{mask} >> bit & 1U) != 0;
  };
  give_sensor(out, Signal::mosfet_temperature, frame, mos_temperature_at(layout),
              fitted(mos_sensor_bit(layout)));
  out.count(Signal::temperature, kTemperatures);
  for (unsigned i = 0; i < kTemperatures; ++i) {
    give_sensor(out, Signal::temperature, frame, place(layout, kTemperaturesAt + 2 * i),
                fitted(sensor_bit(layout, i)), static_cast<std::uint16_t>(i + 1));
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
    if (!has(layout, row)) continue;
    give(out, row.meaning, load(frame, place(layout, row.at), row.wire));
  }
  const Alarms raised =
      split_alarms(static_cast<std::uint32_t>(load(frame, alarms_at(layout), alarms_wire(layout))));
  out.value(Signal::alarms, static_cast<std::int64_t>(raised.alarms));
  out.value(Signal::vendor_alarms, static_cast<std::int64_t>(raised.vendor_alarms));
  return {};
}

void read_settings(Layout layout, Bytes frame, ReadingSink& sink) {
  const Publisher out(sink);
  for (const Row& row : kSettings) {
    if (has(layout, row)) give(out, row.meaning, load(frame, row.at, row.wire));
  }
}

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
