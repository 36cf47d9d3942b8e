// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "protocol/ant/fets.hpp"
#include "protocol/ant/frame.hpp"
#include "protocol/ant/layout.hpp"
#include "protocol/ant/status.hpp"
#include "protocol/board_parts.hpp"
#include "protocol/boards.hpp"

namespace ems::protocol::ant {
namespace {

std::int64_t degrees_of(std::optional<std::int64_t> milli_degc) noexcept {
  if (!milli_degc) return kAbsentDegC;
  return cut(FieldWire::s16, nearest(*milli_degc, 1'000));
}

/// What the battery says it does, unless its current or its transistors say otherwise.
std::int64_t state_of(const BoardState& state, const FetCodes& fets) noexcept {
  const std::int64_t milliamp = state.value(Signal::pack_current).value_or(0);
  const bool charging = milliamp < 0 && fets.charge == kFetOn;
  const bool discharging = milliamp > 0 && fets.discharge == kFetOn;
  const std::int64_t seen = charging ? kCharging : discharging ? kDischarging : kIdle;
  const std::int64_t told = state.vendor("battery_state").value_or(seen);
  return told == kCharging || told == kDischarging ? seen : told;
}

void store_u64(Draft& frame, std::size_t at, std::int64_t word) noexcept {
  frame.store(at, FieldWire::u32, word & 0xFFFF'FFFF);
  frame.store(at + 4, FieldWire::u32, word >> 32);
}

/// @pre The battery says its cells.
void say_status(Draft& frame, Dialect dialect) noexcept {
  const BoardState& state = frame.state();
  const std::size_t cells = std::min(state.count(Signal::cell_voltage), kCellsMax);
  const std::size_t sensors = std::min(state.count(Signal::temperature), kSensorsMax);
  const bool half_full =
      nearest(state.value(Signal::soc).value_or(kFullBasisPoints), 100) >= kHalfFull;
  const FetCodes fets = fets_of(state, half_full);
  frame.zeros(kListsAt);
  frame.store(kPermissionAt, FieldWire::u8, state.vendor("permission").value_or(0));
  frame.store(kStateAt, FieldWire::u8, state_of(state, fets));
  frame.store(kSensorsAt, FieldWire::u8, static_cast<std::int64_t>(sensors));
  frame.store(kCellsAt, FieldWire::u8, static_cast<std::int64_t>(cells));
  store_u64(frame, kProtectionAt, state.value(Signal::vendor_alarms).value_or(0));
  store_u64(frame, kWarningAt, state.vendor("warning_mask").value_or(0));
  store_u64(frame, kBalancingAt, state.vendor("balancing_mask").value_or(0));
  frame.cells(cells);
  for (std::size_t i = 1; i <= sensors; ++i) {
    frame.u16(degrees_of(state.value(Signal::temperature, static_cast<std::uint16_t>(i))));
  }
  const std::size_t rest = frame.zeros(kRestSize);
  frame.put(rest, kRows);
  frame.store(rest + kMosfetAt, FieldWire::s16,
              degrees_of(state.value(Signal::mosfet_temperature)));
  frame.store(rest + kBalancerAt, FieldWire::s16,
              degrees_of(state.vendor("balancer_temperature_mdegc")));
  frame.store(rest + kBalanceMaskAt, FieldWire::u32, balance_mask_of(state));
  const std::int64_t sign = dialect.plus_charges ? -1 : 1;
  const std::int64_t steps = nearest(state.value(Signal::pack_current).value_or(0), 100);
  frame.store(rest + kCurrentAt, FieldWire::s16, cut(FieldWire::s16, sign * steps));
  frame.store(rest + kPowerAt, FieldWire::s32, cut(FieldWire::s32, sign * power_of(state)));
  const bool swapped = dialect.swapped_fets;
  frame.store(rest + kFirstFetAt, FieldWire::u8, swapped ? fets.discharge : fets.charge);
  frame.store(rest + kSecondFetAt, FieldWire::u8, swapped ? fets.charge : fets.discharge);
}

void say_about(Draft& frame) noexcept {
  frame.text(frame.state().text(TextField::hardware_version), kTextSize, '\0');
  frame.text(frame.state().text(TextField::software_version), kTextSize, '\0');
}

/// A setting, where the battery says that one. @return false: it does not.
bool say_setting(Draft& frame, const Asked& asked) noexcept {
  const BoardState& state = frame.state();
  const auto value = state.vendor("value");
  if (!value || state.vendor("register") != asked.number) return false;
  if (asked.length != 2 && asked.length != 4) return false;
  const FieldWire wire = asked.length == 2 ? FieldWire::u16 : FieldWire::u32;
  frame.number(wire, cut(wire, *value));
  return true;
}

/// The frame up to the end of its data. @return false: the board does not answer that.
bool say(Draft& frame, const Asked& asked, Dialect dialect) noexcept {
  if (asked.function == kAskStatus) {
    if (frame.state().count(Signal::cell_voltage) == 0) return false;
    say_status(frame, dialect);
    return true;
  }
  if (asked.function != kAskRegisters) return false;
  frame.zeros(kDataAt);
  if (asked.number != kAboutRegister) return say_setting(frame, asked);
  say_about(frame);
  return true;
}

/// Behind the checksum of what they are boards have bytes that nothing covers: zeros.
/// @return Bytes of the frame; 0: they do not fit.
std::size_t with_spare(std::size_t size, MutableBytes out) noexcept {
  const std::size_t spare = spare_of(out.first(size));
  if (out.size() < size + spare) return 0;
  const std::size_t end_at = size - kEnd.size();
  std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(end_at), spare, std::byte{0});
  for (std::size_t i = 0; i < kEnd.size(); ++i) store_u8(out, end_at + spare + i, kEnd[i]);
  return size + spare;
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  const Result<Asked> asked = parse_request(request);
  if (!asked) return {};
  Draft frame(state, ByteOrder::little);
  if (!say(frame, *asked, dialect_of(place_of(kVariants, options.variant)))) return {};
  frame.store(0, FieldWire::u8, kStart);
  frame.store(1, FieldWire::u8, kSecond);
  frame.store(kFunctionAt, FieldWire::u8, answer_to(asked->function));
  frame.store(kRegisterAt, FieldWire::u16, asked->number);
  frame.store(kLengthAt, FieldWire::u8, static_cast<std::int64_t>(frame.size() - kDataAt));
  const Result<std::size_t> size =
      framed::seal(kReply, frame.bytes().first(kDataAt), frame.bytes().subspan(kDataAt), sum, out);
  if (!size) return {};
  return {.size = with_spare(*size, out)};
}

}  // namespace ems::protocol::ant
