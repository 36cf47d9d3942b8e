// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "protocol/ascii/board.hpp"
#include "protocol/boards.hpp"
#include "protocol/draft.hpp"
#include "protocol/seplos_v2_bin/frame.hpp"
#include "protocol/seplos_v2_bin/layout.hpp"
#include "protocol/seplos_v2_bin/replies.hpp"

namespace ems::protocol::seplos_v2_bin {
namespace {

// What captured boards send besides what is read: zeros here.
constexpr std::size_t kSystemItems = 7;
constexpr std::size_t kBehindStates = 4;  // Of a pack.
constexpr std::size_t kListMax = 0xFF;

void say_numbers(Draft& data, std::size_t items, std::span<const FrameField> rows) noexcept {
  const std::size_t at = data.zeros(kFirstItemAt + 2 * items);
  data.put(at, rows);
  data.store(at + kItemsAt, FieldWire::u8, static_cast<std::int64_t>(items));
}

void say_states(Draft& data) noexcept {
  const std::size_t at = data.zeros(kFirstEventAt + kEventBytes);
  data.store(at + kSystemStateAt, FieldWire::u8, data.state().vendor("system_state").value_or(0));
  data.put(at, kSwitches);
  data.store(at + kEventsAt, FieldWire::u8, kEventBytes);
  ascii::Raising raising(data);
  const std::size_t events = at + kFirstEventAt;
  raising.events(events, kSummedEvents, seplos_v2::kEvents);
  raising.events(events + kEventBytes - 1, 1, seplos_v2::kMemory, seplos_v2::kMemoryFrom);
}

void say_maker(Draft& data) noexcept {
  data.zeros(kModelAt);
  data.text(data.state().text(TextField::device_model), kModelSize, ' ');
  ascii::write_version(data, data.state().text(TextField::software_version), 2);
  data.zeros(kPacksAt - data.size());
  data.u8(data.state().value(Signal::module_count).value_or(1));
}

/// Warnings are said by their events, so the codes are all normal.
void say_pack(Draft& data, std::uint8_t address) noexcept {
  const BoardState& state = data.state();
  const std::size_t cells = std::min(state.count(Signal::cell_voltage), kListMax);
  const std::size_t sensors = std::min(state.count(Signal::temperature), kListMax);
  data.zeros(kPackAt);
  data.u8(state.vendor("group").value_or(address));
  data.u8(static_cast<std::int64_t>(cells));
  data.cells(cells);
  data.u8(static_cast<std::int64_t>(sensors));
  data.sensors(sensors);
  say_numbers(data, kItemsNeeded, kPackNumbers);
  data.zeros(cells + sensors + 2);
  say_states(data);
  data.zeros(kBehindStates);
}

void say_system(Draft& data) noexcept {
  data.zeros(kNumbersAt);
  data.put(0, kSystemFields);
  say_numbers(data, kSystemItems, kSystemNumbers);
  say_states(data);
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  const Result<Asked> asked = parse_request(request);
  const std::uint8_t address = options.address.value_or(0);
  if (!asked || (asked->address != address && asked->address != 0)) return {};
  Draft data(state);
  switch (asked->command) {
    case kMaker:
      say_maker(data);
      break;
    case kPack:
      if (state.count(Signal::cell_voltage) == 0) return {};
      say_pack(data, address);
      break;
    case kSystem:
      say_system(data);
      break;
    default:
      return {};
  }
  if (!data.fits()) return {};
  constexpr std::byte kDone{0};
  const std::byte header[kDataAt] = {std::byte{kStart},
                                     std::byte{kReplies},
                                     std::byte{address},
                                     std::byte{asked->command},
                                     kDone,
                                     static_cast<std::byte>(data.size() >> 8),
                                     static_cast<std::byte>(data.size() & 0xFF)};
  const Result<std::size_t> size = framed::seal(kShape, header, data.bytes(), sum, out);
  return {.size = size ? *size : 0};
}

}  // namespace ems::protocol::seplos_v2_bin
