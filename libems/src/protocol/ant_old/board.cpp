// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "protocol/ant/fets.hpp"
#include "protocol/ant_old/layout.hpp"
#include "protocol/board_parts.hpp"
#include "protocol/boards.hpp"

namespace ems::protocol::ant_old {
namespace {

/// The first sensor is the transistors': where the battery has no list, it is all that is known.
std::int64_t degrees_of(const BoardState& state, std::size_t sensor) noexcept {
  const std::optional<std::int64_t> said =
      state.count(Signal::temperature) == 0
          ? state.value(Signal::mosfet_temperature)
          : state.value(Signal::temperature, static_cast<std::uint16_t>(sensor));
  return said ? cut(FieldWire::s16, nearest(*said, 1'000)) : kAbsentDegC;
}

void say_status(Draft& data, bool plus_charges) noexcept {
  const BoardState& state = data.state();
  const std::int64_t sign = plus_charges ? -1 : 1;
  data.zeros(kStatusSize);
  data.put(0, kRows);
  for (std::size_t at = 0; at < kStart.size(); ++at) data.store(at, FieldWire::u8, kStart[at]);
  const std::size_t cells = std::min(state.count(Signal::cell_voltage), kCellsMax);
  data.store(kCellsAt, FieldWire::u8, static_cast<std::int64_t>(cells));
  for (std::size_t i = 0; i < cells; ++i) {
    data.store(kFirstCellAt + 2 * i, FieldWire::u16, cell_of(state, i + 1));
  }
  const std::size_t sensors =
      std::clamp<std::size_t>(state.count(Signal::temperature), 1, kSensorsMax);
  for (std::size_t i = 0; i < sensors; ++i) {
    data.store(kFirstSensorAt + 2 * i, FieldWire::s16, degrees_of(state, i + 1));
  }
  const std::int64_t milliamp = state.value(Signal::pack_current).value_or(0);
  data.store(kCurrentAt, FieldWire::s32, cut(FieldWire::s32, sign * nearest(milliamp, 100)));
  data.store(kPowerAt, FieldWire::s32, cut(FieldWire::s32, sign * power_of(state)));
  data.store(kBalanceMaskAt, FieldWire::u32, balance_mask_of(state));
  const ant::FetCodes fets = ant::fets_of(state);
  data.store(kChargeFetAt, FieldWire::u8, fets.charge);
  data.store(kDischargeFetAt, FieldWire::u8, fets.discharge);
  const Bytes summed = data.bytes().subspan(kStart.size(), kSumAt - kStart.size());
  data.store(kSumAt, FieldWire::u16, sum_of(summed));
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  if (!check_request(request) || !is_status_request(request) || out.size() < kStatusSize) return {};
  Draft data(state);
  say_status(data, (place_of(kVariants, options.variant) & 2U) != 0);
  std::ranges::copy(data.bytes(), out.begin());
  return {.size = kStatusSize};
}

}  // namespace ems::protocol::ant_old
