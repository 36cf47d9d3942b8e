// SPDX-License-Identifier: Apache-2.0
#include "protocol/jk_4e57/tags.hpp"

#include <array>
#include <optional>

#include "protocol/jk_4e57/layout.hpp"

namespace ems::protocol::jk_4e57 {
namespace {

constexpr unsigned kVendorFrom = 12;
constexpr std::string_view kVendorNames[] = {"protection_309_a", "protection_309_b", "reserved_14",
                                             "reserved_15"};

/// Bytes of a tag's value; 0: the tag is not known. @param rest  What follows the tag.
std::size_t size_of(std::uint8_t tag, Bytes rest) noexcept {
  if (tag == kCells) return rest.empty() ? 1 : 1 + load_u8(rest, 0);
  for (const Row& row : kNumbers) {
    if (row.tag == tag) return width(row.wire);
  }
  for (const Other& other : kOthers) {
    if (other.tag == tag) return other.size;
  }
  return 0;
}

/// Where the values are, by tag.
class Tags {
 public:
  explicit Tags(Bytes data) noexcept : data_(data) {}
  /// @param at  Of the tag in the data.
  void set(std::uint8_t tag, std::size_t at) noexcept {
    values_[tag - kFirst] = static_cast<std::uint16_t>(at + 1);
  }
  [[nodiscard]] std::optional<Bytes> get(std::uint8_t tag) const noexcept {
    const std::size_t at = values_[tag - kFirst];
    if (at == 0) return std::nullopt;
    const Bytes rest = data_.subspan(at);
    return rest.first(size_of(tag, rest));
  }
  [[nodiscard]] std::optional<std::int64_t> number(std::uint8_t tag,
                                                   FieldWire wire = FieldWire::u16) const noexcept {
    const auto value = get(tag);
    if (!value) return std::nullopt;
    return load(*value, 0, wire, ByteOrder::big);
  }

 private:
  Bytes data_;
  std::array<std::uint16_t, kLast - kFirst + 1> values_{};  // 0: not in the reply.
};

Result<void> check_cells(Bytes cells, std::size_t at) noexcept {
  if ((cells.size() - 1) % kCellSize != 0) {
    return fail(Errc::length, at, "JK cells are not three bytes each");
  }
  for (std::size_t cell = 1; 1 + cell * kCellSize <= cells.size(); ++cell) {
    const std::size_t number_at = 1 + (cell - 1) * kCellSize;
    if (load_u8(cells, number_at) != cell) {
      return fail(Errc::out_of_range, at + number_at, "JK cells are not numbered from 1");
    }
  }
  return {};
}

Result<Tags> split(Bytes data) noexcept {
  Tags tags(data);
  bool whole = false;
  for (std::size_t at = 0; at < data.size();) {
    const std::uint8_t tag = load_u8(data, at);
    const Bytes rest = data.subspan(at + 1);
    const std::size_t size = size_of(tag, rest);
    if (size == 0) {
      // Newer firmware appends tags.
      if (whole && tag > kLast) return tags;
      return fail(Errc::unimplemented, at, "no source of libems knows this JK tag");
    }
    if (rest.size() < size) return fail(Errc::length, at, "JK value longer than the data");
    const Bytes value = rest.first(size);
    if (tag == kCells) {
      const Result<void> sound = check_cells(value, at + 1);
      if (!sound) return fail(sound.error());
    }
    tags.set(tag, at);
    whole = tag == kLast;
    at += 1 + size;
  }
  return tags;
}

std::optional<std::int64_t> temperature(std::int64_t raw) noexcept {
  if (raw > kColdest) return std::nullopt;
  return (raw <= kHottest ? raw : kHottest - raw) * 1'000;
}

/// libems's sign; nullopt: no source knows the format.
std::optional<std::int64_t> current(std::int64_t raw, std::int64_t format) noexcept {
  constexpr std::int64_t kZero = 10'000;
  if (format == 0) return (raw - kZero) * kMilliAmpPerStep;
  if (format != 1) return std::nullopt;
  const std::int64_t magnitude = (raw & ~kCharging) * kMilliAmpPerStep;
  return (raw & kCharging) != 0 ? -magnitude : magnitude;
}

void give_cells(const Publisher& out, Bytes cells) {
  const std::size_t count = (cells.size() - 1) / kCellSize;
  out.count(Signal::cell_voltage, count);
  for (std::size_t i = 0; i < count; ++i) {
    out.cell(Signal::cell_voltage, load_be16(cells, 2 + i * kCellSize),
             static_cast<std::uint16_t>(i + 1));
  }
}

/// @param alone  Only the current was asked for: nothing says in which format it is.
void give_current(const Publisher& out, const Tags& tags, bool alone) {
  const auto raw = tags.number(kCurrent);
  if (!raw) return;
  // Boards that do not say the format have the old one.
  const std::int64_t format = tags.number(kCurrentFormat, FieldWire::u8).value_or(0);
  out.maybe(Signal::pack_current, alone ? std::nullopt : current(*raw, format));
  out.vendor("current_raw", *raw);
}

void give_sensors(const Publisher& out, const Tags& tags) {
  if (const auto raw = tags.number(kMosTemperature)) {
    out.sensor(Signal::mosfet_temperature, temperature(*raw));
  }
  std::uint16_t sensor = 0;
  for (const std::uint8_t tag : {kBoxTemperature, kBatteryTemperature}) {
    ++sensor;
    if (const auto raw = tags.number(tag))
      out.sensor(Signal::temperature, temperature(*raw), sensor);
  }
}

void give_states(const Publisher& out, const Tags& tags) {
  if (const auto word = tags.number(kAlarms)) {
    const auto bits = static_cast<std::uint64_t>(*word);
    out.value(Signal::alarms, static_cast<std::int64_t>(common_alarms(bits, kAlarmBits)));
    out.value(Signal::vendor_alarms, static_cast<std::int64_t>(vendor_bits(bits, kAlarmBits)));
  }
  if (const auto status = tags.get(kStatus)) {
    for (const FlagBit& row : kStatusBits) {
      give(out, row.meaning, load_u8(*status, row.at) >> row.bit & 1);
    }
  }
}

}  // namespace

Result<void> read_tags(Bytes data, ReadingSink& sink) noexcept {
  if (data.empty()) return fail(Errc::length, 0, "JK reply without a value");
  const Result<Tags> tags = split(data);
  if (!tags) return fail(tags.error());
  const Publisher out(sink);
  if (const auto cells = tags->get(kCells)) give_cells(out, *cells);
  constexpr std::size_t kOneNumber = 3;
  give_current(out, *tags, data.size() == kOneNumber);
  give_sensors(out, *tags);
  give_states(out, *tags);
  for (const Row& row : kNumbers) {
    if (const auto raw = tags->number(row.tag, row.wire)) give(out, row.meaning, *raw);
  }
  for (const Other& row : kOthers) {
    if (!row.text) continue;
    if (const auto text = tags->get(row.tag)) out.text(*row.text, *text);
  }
  return {};
}

std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept {
  if (bit < kVendorFrom || bit >= kVendorFrom + std::size(kVendorNames)) return std::nullopt;
  return kVendorNames[bit - kVendorFrom];
}

}  // namespace ems::protocol::jk_4e57
