// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_map/battery.hpp"

#include <algorithm>
#include <bit>

#include "protocol/can_map/lookup.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::can_map {
namespace {

constexpr std::uint64_t magnitude_of(std::int64_t value) noexcept {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

bool fits(std::int64_t raw, Bits where) noexcept {
  std::array<std::byte, sizeof(std::int64_t)> probe{};
  const Bits alone{.size = where.size, .is_signed = where.is_signed};
  write(probe, alone, raw);
  return read(probe, alone) == raw;
}

/// What the decoder would take for impossible.
bool is_possible(Use use, std::int64_t value) noexcept {
  switch (use) {
    case Use::magnitude:
    case Use::amount:
      return value >= 0;
    case Use::cell:
      return value >= 0 && value <= kCellMilliVoltMax;
    case Use::sensor:
      return value >= kSensorMilliDegCMin && value <= kSensorMilliDegCMax;
    case Use::percent:
      return value >= 0 && value <= kFullBasisPoints;
    default:
      return true;
  }
}

/// The number on the wire that is nearest to `value` without exceeding it; nullopt: none is.
std::optional<std::int64_t> raw_of(const Row& row, std::int64_t value) noexcept {
  if (!is_possible(row.use, value) || is_too_large(row, value)) return std::nullopt;
  const Linear& linear = row.linear;
  std::int64_t scaled_up = 0;
  if (__builtin_sub_overflow(value, std::int64_t{linear.offset}, &scaled_up) ||
      __builtin_mul_overflow(scaled_up, std::int64_t{linear.divide}, &scaled_up)) {
    return std::nullopt;
  }
  const std::int64_t near = scaled_up / linear.scale;
  for (const std::int64_t raw : {near, near + 1, near - 1}) {  // An offset turns the rounding.
    const std::optional<std::int64_t> read_back = scaled(raw, linear);
    const bool toward_zero =
        read_back && magnitude_of(*read_back) <= magnitude_of(value) &&
        magnitude_of(value) - magnitude_of(*read_back) <= magnitude_of(linear.scale) &&
        ((*read_back < 0) == (value < 0) || *read_back == 0);
    if (!toward_zero) continue;
    if (!fits(raw, row.where) || is_absent(raw, row.where, row.absent)) return std::nullopt;
    return raw;
  }
  return std::nullopt;
}

/// What a row has to hold for a flag; `now` where that says so already.
std::int64_t raw_of_flag(const Row& row, std::int64_t now, bool on) noexcept {
  if (row.use == Use::flag) return (now != 0) == on ? now : (on ? 1 : 0);
  const bool equal = (row.use == Use::equals) == on;
  if ((now == row.operand) == equal) return now;
  return equal ? row.operand : (row.operand == 0 ? 1 : 0);
}

constexpr bool is_flag(Use use) noexcept {
  return use == Use::flag || use == Use::equals || use == Use::differs;
}

bool active(const AlarmRow& row, std::int64_t raw) noexcept {
  return raw >= row.level && raw < row.below;
}

/// What an alarm's bits have to be.
std::int64_t raw_of_alarm(const AlarmRow& row, std::int64_t now, bool on) noexcept {
  if (row.sense == Sense::pair) return on ? 1 : 2;
  if (active(row, now) == on) return now;
  return on ? row.level : 0;
}

}  // namespace

Battery::Battery(const MapCodec& codec) noexcept : codec_(codec) {}

CanFrame* Battery::frame(std::uint32_t id, const Selector* selector, std::int64_t number) noexcept {
  const Map& map = codec_.map();
  const auto& addresses = codec_.info().addresses;
  const std::uint32_t address =
      codec_.address().value_or(addresses.empty() ? std::uint8_t{0} : addresses[0]);
  CanFrame made{.id = id, .extended = is_extended(map, id), .size = kCanDataSize};
  if (map.address_mask != 0) made.id |= address << std::countr_zero(map.address_mask);
  const CanFrame* sibling = nullptr;
  for (CanFrame& known : frames_) {
    if (known.id != made.id || known.extended != made.extended) continue;
    if (selector == nullptr || read(known.payload(), selector->where) == number) return &known;
    sibling = &known;
  }
  if (selector != nullptr) write(made.data, selector->where, number);
  for (const Row& row : map.rows) {  // What is in every part of a multiplexed message.
    if (sibling == nullptr || row.id != id || row.selector != kAnySelector) continue;
    write(made.data, row.where, read(sibling->payload(), row.where).value_or(0));
  }
  for (const Series& series : map.series) {
    for (unsigned i = 0; series.id == id && series.flags.size != 0 && i < series.per_frame; ++i) {
      write(made.data, following(series.flags, i), series.flag_is_valid ? 0 : 1);
    }
  }
  return frames_.try_push_back(made) ? &frames_.back() : nullptr;
}

CanFrame* Battery::frame(std::uint32_t id, std::int32_t selector) noexcept {
  return frame(id, find_selector(codec_.map(), id), std::max<std::int32_t>(selector, 0));
}

void Battery::put(std::uint32_t id, std::int32_t selector, Bits where, std::int64_t raw) noexcept {
  CanFrame* own = frame(id, selector);
  EMS_ASSERT(own != nullptr);  // room() came before.
  const std::uint32_t wire_id = own->id;
  const bool extended = own->extended;
  write(own->data, where, raw);
  if (selector != kAnySelector) return;
  for (CanFrame& part : frames_) {
    if (part.id == wire_id && part.extended == extended) write(part.data, where, raw);
  }
}

std::int64_t Battery::now(std::uint32_t id, std::int32_t selector, Bits where) noexcept {
  const CanFrame* own = frame(id, selector);
  return own == nullptr ? 0 : read(own->payload(), where).value_or(0);
}

template <class Is>
bool Battery::set_rows(Is is, std::int64_t value) noexcept {
  const std::span<const Row> rows = codec_.map().rows;
  std::size_t count = 0;
  for (const Row& row : rows) {
    if (!is(row)) continue;
    if (!is_flag(row.use) && !raw_of(row, value)) return false;
    ++count;
  }
  if (count == 0 || !room(count)) return false;
  for (const Row& row : rows) {
    if (!is(row)) continue;
    const std::int64_t raw =
        is_flag(row.use) ? raw_of_flag(row, now(row.id, row.selector, row.where), value != 0)
                         : *raw_of(row, value);
    put(row.id, row.selector, row.where, raw);
  }
  return true;
}

bool Battery::set_of_series(Signal signal, std::int64_t value, std::uint16_t element) noexcept {
  const Use use = signal == Signal::cell_voltage ? Use::cell : Use::sensor;
  for (const Series& series : codec_.map().series) {
    if (series.use != use || element < series.element || series.per_frame == 0) continue;
    const unsigned index = element - series.element;
    const unsigned number = series.first + index / series.per_frame;
    if (number > series.last) continue;
    const unsigned place = index % series.per_frame;
    const Bits where = following(series.where, place);
    const auto raw = raw_of(
        {.where = where, .use = use, .absent = series.absent, .linear = series.linear}, value);
    if (!raw || !room(1)) return false;
    const Selector numbered{series.id, series.number};
    CanFrame* own = frame(series.id, series.number.size == 0 ? nullptr : &numbered, number);
    write(own->data, where, *raw);
    if (series.flags.size != 0) {
      write(own->data, following(series.flags, place), series.flag_is_valid ? 1 : 0);
    }
    return true;
  }
  return false;
}

bool Battery::set(Signal signal, std::int64_t value, std::uint16_t element) noexcept {
  const auto is = [signal, element](const Row& row) {
    return row.use != Use::vendor && row.signal == signal && row.element == element;
  };
  if (set_rows(is, value)) return true;
  const bool in_series = signal == Signal::cell_voltage || signal == Signal::temperature;
  return in_series && element != 0 && set_of_series(signal, value, element);
}

bool Battery::set_vendor(std::string_view name, std::int64_t value) noexcept {
  const auto is = [name](const Row& row) { return row.use == Use::vendor && row.name == name; };
  return set_rows(is, value);
}

template <class Is>
bool Battery::set_alarms(Is is, bool on) noexcept {
  const std::span<const AlarmRow> rows = codec_.map().alarms;
  const auto count = static_cast<std::size_t>(std::ranges::count_if(rows, is));
  if (count == 0 || !room(count)) return false;
  for (const AlarmRow& row : rows) {
    if (!is(row)) continue;
    const std::int64_t raw = raw_of_alarm(row, now(row.id, kAnySelector, row.where), on);
    put(row.id, kAnySelector, row.where, raw);
  }
  return true;
}

bool Battery::set_alarm(Alarm alarm, bool warns, bool on) noexcept {
  return set_alarms(
      [alarm, warns](const AlarmRow& row) { return row.warns == warns && row.alarm == alarm; }, on);
}

bool Battery::set_alarm(std::string_view vendor_name, bool warns, bool on) noexcept {
  const auto is = [vendor_name, warns](const AlarmRow& row) {
    return row.warns == warns && row.name == vendor_name;
  };
  return set_alarms(is, on);
}

bool Battery::clear_alarms() noexcept {
  return set_alarms([](const AlarmRow&) { return true; }, false);
}

bool Battery::set_text(TextField field, std::string_view text) noexcept {
  for (const Text& row : codec_.map().texts) {
    if (row.field != field) continue;
    std::size_t capacity = 0;
    for (const TextPart& part : row.parts) capacity += kCanDataSize - part.at;
    if (text.size() > capacity || !room(row.parts.size())) return false;
    for (const TextPart& part : row.parts) {
      CanFrame* own = frame(part.id, part.selector);
      for (std::size_t i = part.at; i < kCanDataSize; ++i) {
        store_u8(own->data, i, text.empty() ? 0 : static_cast<std::uint8_t>(text.front()));
        text.remove_prefix(text.empty() ? 0 : 1);
      }
    }
    return true;
  }
  return false;
}

}  // namespace ems::protocol::can_map
