// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/board.hpp"
#include "ems/protocol/seplos_v2/codec.hpp"
#include "protocol/seplos_v2/layout.hpp"
#include "protocol/seplos_v2/replies.hpp"

namespace ems::protocol::seplos_v2 {
namespace {

void write_head(Draft& info) noexcept {
  constexpr std::int64_t kFlags = 0;
  constexpr std::int64_t kFirstGroup = 1;
  info.u8(kFlags);
  info.u8(info.state().vendor("group").value_or(kFirstGroup));
}

void write_telemetry(bool few, Draft& info) noexcept {
  const std::size_t cells = ascii::cells_of(info);
  const std::size_t sensors = info.state().count(Signal::temperature);
  write_head(info);
  info.u8(static_cast<std::int64_t>(cells));
  info.cells(cells);
  info.u8(static_cast<std::int64_t>(sensors));
  info.sensors(sensors, kZeroCelsius, kAbsentSensor);
  const std::size_t items = few ? kFewItems : kItemsSeen;
  const std::size_t at = info.zeros(kFullAt + 2 * items);
  info.put(at, kTelemetryFields);
  info.store(at + kItemsAt, FieldWire::u8, static_cast<std::int64_t>(items));
  if (few) {
    info.put(at, kFewFields);
  } else {
    info.put(at, kMoreFields);
  }
}

void write_alarms(Draft& info) noexcept {
  write_head(info);
  ascii::Raising raising(info);
  raising.codes(ascii::cells_of(info), Alarm::cell_undervoltage, Alarm::cell_overvoltage);
  raising.codes(info.state().count(Signal::temperature), Alarm::undertemperature,
                Alarm::overtemperature);
  const std::size_t at = info.size();
  raising.code(Alarm::discharge_overcurrent, Alarm::charge_overcurrent);
  raising.code(Alarm::pack_undervoltage, Alarm::pack_overvoltage);
  info.zeros(at + kEventsAt + kStatesSeen - info.size());
  info.store(at + kStatesAt, FieldWire::u8, kStatesSeen);
  info.put(at, kStateBytes);
  info.put(at, kSwitches);
  if (load_be16(info.part(at, info.size() - at), kDisconnectedAt) != 0) {
    raising.said(Alarm::internal_failure);
  }
  raising.events(at + kEventsAt, kEventBytes, kEvents);
  raising.events(at + kMemoryAt, 1, kMemory, kMemoryFrom);
  ascii::write_balanced(info, at + kBalanceAt, kBalanceBytes);
}

bool write_info(const ascii::Asked& asked, const CodecOptions& options, Draft& info) noexcept {
  switch (asked.command) {
    case kTelemetry:
      write_telemetry(options.variant == kVariants[kBoqiang], info);
      return true;
    case kAlarms:
      write_alarms(info);
      return true;
    case kProtocolVersion:
      return true;
    case kMaker:
      ascii::write_maker(info);
      return true;
    default:
      return false;
  }
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  return ascii::answer(codec(), options, state, request, out, write_info);
}

}  // namespace ems::protocol::seplos_v2
