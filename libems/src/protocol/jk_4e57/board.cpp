// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "protocol/board_parts.hpp"
#include "protocol/boards.hpp"
#include "protocol/draft.hpp"
#include "protocol/jk_4e57/frame.hpp"
#include "protocol/jk_4e57/layout.hpp"

namespace ems::protocol::jk_4e57 {
namespace {

constexpr std::size_t kCellsMax = 0xFF / kCellSize;

std::int64_t temperature_of(std::optional<std::int64_t> milli_degc) noexcept {
  if (!milli_degc) return kColdest + 1;
  const std::int64_t degc = nearest(*milli_degc, 1'000);
  return degc >= 0 ? std::min(degc, kHottest) : std::min(kHottest - degc, kColdest);
}

/// In format 1.
std::int64_t current_of(std::int64_t milliamp) noexcept {
  const std::int64_t steps = nearest(milliamp, kMilliAmpPerStep);
  const std::int64_t size = std::min(steps < 0 ? -steps : steps, kCharging - 1);
  return steps < 0 ? size | kCharging : size;
}

void say_cells(Draft& data) noexcept {
  const std::size_t cells = std::min(data.state().count(Signal::cell_voltage), kCellsMax);
  data.u8(static_cast<std::int64_t>(kCellSize * cells));
  for (std::size_t cell = 1; cell <= cells; ++cell) {
    data.u8(static_cast<std::int64_t>(cell));
    data.u16(cell_of(data.state(), cell));
  }
}

/// A percentage can say that it is missing.
bool is_said(const BoardState& state, const Meaning& meaning) noexcept {
  if (meaning.use == Meaning::Use::percent) return true;
  return meaning.use == Meaning::Use::vendor ? state.vendor(meaning.name).has_value()
                                             : state.value(meaning.signal).has_value();
}

/// A tag that is not one number. What is nobody's business is blank.
void say_other(Draft& data, const Other& row) noexcept {
  const BoardState& state = data.state();
  switch (row.tag) {
    case kMosTemperature:
      return data.u16(temperature_of(state.value(Signal::mosfet_temperature)));
    case kBoxTemperature:
      return data.u16(temperature_of(state.value(Signal::temperature, 1)));
    case kBatteryTemperature:
      return data.u16(temperature_of(state.value(Signal::temperature, 2)));
    case kCurrent:
      return data.u16(current_of(state.value(Signal::pack_current).value_or(0)));
    case kAlarms:
      return data.u16(static_cast<std::int64_t>(alarm_word(state, kAlarmBits) & 0xFFFF));
    case kStatus: {
      const std::size_t at = data.zeros(row.size);
      return data.put(at, kStatusBits);
    }
    case kCurrentFormat:
      return data.u8(1);
    default: {
      const std::string_view text = row.text ? state.text(*row.text) : std::string_view{};
      const bool other_form = row.text == TextField::manufacture_date && text.size() != row.size;
      return data.text(other_form ? std::string_view{} : text, row.size, '\0');
    }
  }
}

/// One tag with its value; nothing where the battery does not say its number.
void say(Draft& data, std::uint8_t tag) noexcept {
  if (tag == kCells) {
    data.u8(tag);
    return say_cells(data);
  }
  for (const Row& row : kNumbers) {
    if (row.tag != tag || !is_said(data.state(), row.meaning)) continue;
    data.u8(tag);
    data.put(data.zeros(width(row.wire)), row.wire, row.meaning);
  }
  for (const Other& row : kOthers) {
    if (row.tag != tag) continue;
    data.u8(tag);
    say_other(data, row);
  }
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  static_cast<void>(options);  // There is neither an address nor a variant.
  const Result<Request> asked = parse_request(request);
  if (!asked || (asked->command != kReadAll && asked->command != kReadOne)) return {};
  Draft data(state);
  const std::optional<std::uint8_t> only = asked->tag();
  for (unsigned tag = only.value_or(kFirst); tag <= only.value_or(kLast); ++tag) {
    say(data, static_cast<std::uint8_t>(tag));
  }
  if (data.size() == 0 || !data.fits()) return {};
  const Result<std::size_t> size =
      encode({.command = asked->command, .source = kFromBoard, .type = kReply}, data.bytes(), out);
  return {.size = size ? *size : 0};
}

}  // namespace ems::protocol::jk_4e57
