// SPDX-License-Identifier: Apache-2.0
#include "protocol/boards.hpp"
#include "protocol/draft.hpp"
#include "protocol/tdt/layout.hpp"

namespace ems::protocol::tdt {
namespace {

constexpr std::uint16_t kUnknownBit = 0x4000;  // Set in every capture.
// The boards with 4 and with 16 cells: what is behind the switches nobody has published.
constexpr std::size_t states_size(std::size_t cells) noexcept { return 13 + (cells + 7) / 8; }

std::size_t cells_of(const BoardState& state) noexcept {
  const std::size_t counted = state.count(Signal::cell_voltage);
  return counted != 0 ? counted
                      : static_cast<std::size_t>(state.value(Signal::cell_count).value_or(0));
}

void say_telemetry(Draft& data) noexcept {
  const std::size_t cells = cells_of(data.state());
  const std::size_t sensors = data.state().count(Signal::temperature);
  data.u8(static_cast<std::int64_t>(cells));
  data.cells(cells);
  data.u8(static_cast<std::int64_t>(sensors));
  data.sensors(sensors);
  const std::size_t at = data.zeros(kTelemetrySize);
  const std::int64_t current = data.state().value(Signal::pack_current).value_or(0);
  const std::int64_t magnitude =
      std::min<std::int64_t>(nearest(current < 0 ? -current : current, 100), kCurrentBits);
  data.store(at + kCurrentAt, FieldWire::u16,
             magnitude | kUnknownBit | (current > 0 ? kDischarging : 0));
  data.put(at, kTelemetryFields);
}

/// A list of codes of which as many are raised as the vendor value says.
void say_codes(Draft& data, std::size_t count, std::string_view raised) noexcept {
  const std::int64_t codes = data.state().vendor(raised).value_or(0);
  data.u8(static_cast<std::int64_t>(count));
  for (std::size_t i = 0; i < count; ++i) data.u8(static_cast<std::int64_t>(i) < codes ? 1 : 0);
}

void say_states(Draft& data) noexcept {
  say_codes(data, cells_of(data.state()), "cells_with_code");
  say_codes(data, data.state().count(Signal::temperature), "sensors_with_code");
  const std::size_t at = data.zeros(states_size(cells_of(data.state())));
  data.put(at + kProblemsAt, FieldWire::u16, value(Signal::vendor_alarms));
  data.put(at, kSwitches);
}

/// @return false: the board does not know the command.
bool say(Draft& data, std::uint8_t command) noexcept {
  switch (command) {
    case kTelemetry:
      say_telemetry(data);
      return true;
    case kStates:
      say_states(data);
      return true;
    case kAbout:
      for (const TextField field : kTexts) data.text(data.state().text(field), kTextSize, '\0');
      return true;
    default:
      return false;
  }
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  const Result<Asked> asked = parse_request(request);
  const std::uint8_t start = kStarts[options.variant == kVariants[1] ? 1 : 0];
  if (!asked || load_u8(request, 0) != start || asked->address != options.address.value_or(1)) {
    return {};
  }
  Draft data(state);
  if (!say(data, asked->command) || !data.fits()) return {};
  std::array<std::byte, kDataAt> header{};
  store_u8(header, 0, kStarts[0]);
  store_u8(header, kAddressAt, asked->address);
  store_u8(header, kKindAt, kKind);
  store_u8(header, kCommandAt, asked->command);
  store_be16(header, kLengthAt, static_cast<std::uint16_t>(data.size()));
  const Result<std::size_t> size = framed::seal(kShape, header, data.bytes(), sum, out);
  return {.size = size ? *size : 0};
}

}  // namespace ems::protocol::tdt
