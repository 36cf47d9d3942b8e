// SPDX-License-Identifier: Apache-2.0
#include "protocol/ant/status.hpp"

#include <algorithm>

#include "protocol/ant/fets.hpp"
#include "protocol/ant/layout.hpp"

namespace ems::protocol::ant {
namespace {

/// 1 degC; -40 says that there is none.
std::optional<std::int64_t> sensor_at(Bytes frame, std::size_t at) noexcept {
  const std::int64_t degc = load(frame, at, FieldWire::s16, ByteOrder::little);
  return degc == kAbsentDegC ? std::nullopt : std::optional(degc * 1'000);
}

void give_current(const Publisher& out, Bytes rest, std::uint8_t state, bool plus_charges) {
  const std::int64_t sign = plus_charges ? -1 : 1;
  const std::int64_t milliamp =
      sign * 100 * load(rest, kCurrentAt, FieldWire::s16, ByteOrder::little);
  const std::int64_t watt = sign * load(rest, kPowerAt, FieldWire::s32, ByteOrder::little);
  if ((state == kCharging && milliamp > 0) || (state == kDischarging && milliamp < 0)) {
    out.missing(Signal::pack_current);
    out.missing(Signal::pack_power);
    out.vendor("current_contradicts_state_ma", milliamp);
    return;
  }
  out.value(Signal::pack_current, milliamp);
  out.value(Signal::pack_power, watt);
}

void give_states(const Publisher& out, Bytes rest, std::uint8_t state, bool swapped) {
  const std::uint8_t first = load_u8(rest, kFirstFetAt);
  const std::uint8_t second = load_u8(rest, kSecondFetAt);
  const std::uint8_t charge = swapped ? second : first;
  const std::uint8_t discharge = swapped ? first : second;
  // What flows flows through the transistor of its direction.
  const bool against =
      (state == kCharging && charge != kFetOn) || (state == kDischarging && discharge != kFetOn);
  // A voltage that stops the charge of an empty battery, or the discharge of a full one, says that
  // the two bytes come the other way round. Which alarm it is then is not known.
  const bool half_full = load_le16(rest, kSocAt) >= kHalfFull;
  const bool swapped_voltages =
      (of_voltage(discharge) && half_full) || (of_voltage(charge) && !half_full);
  give_fets(out, charge, discharge, !against, !(swapped_voltages && charge != discharge));
}

}  // namespace

Result<void> read_status(Dialect dialect, Bytes frame, std::size_t end,
                         ReadingSink& sink) noexcept {
  if (end < kListsAt) return fail(Errc::length, end, "ANT status cut short");
  const std::size_t cells = load_u8(frame, kCellsAt);
  const std::size_t sensors = std::min<std::size_t>(load_u8(frame, kSensorsAt), kSensorsMax);
  if (cells == 0 || cells > kCellsMax) {
    return fail(Errc::length, kCellsAt, "ANT boards have 1 .. 32 cells");
  }
  const std::size_t sensors_at = kListsAt + 2 * cells;
  const std::size_t rest_at = sensors_at + 2 * sensors;
  if (end < rest_at + kRestSize) return fail(Errc::length, end, "ANT status cut short");

  const Publisher out(sink);
  out.value(Signal::cell_count, static_cast<std::int64_t>(cells));
  out.count(Signal::cell_voltage, cells);
  for (std::size_t i = 0; i < cells; ++i) {
    out.cell(Signal::cell_voltage, load_le16(frame, kListsAt + 2 * i),
             static_cast<std::uint16_t>(i + 1));
  }
  out.count(Signal::temperature, sensors);
  for (std::size_t i = 0; i < sensors; ++i) {
    out.sensor(Signal::temperature, sensor_at(frame, sensors_at + 2 * i),
               static_cast<std::uint16_t>(i + 1));
  }
  const Bytes rest = frame.subspan(rest_at, kRestSize);
  out.sensor(Signal::mosfet_temperature, sensor_at(rest, kMosfetAt));
  if (const auto balancer = sensor_at(rest, kBalancerAt)) {
    out.vendor("balancer_temperature_mdegc", *balancer);
  }
  const std::uint8_t state = load_u8(frame, kStateAt);
  give_current(out, rest, state, dialect.plus_charges);
  give_states(out, rest, state, dialect.swapped_fets);
  for (const FrameField& row : kRows) {
    give(out, row.meaning, load(rest, row.at, row.wire, ByteOrder::little));
  }
  out.value(Signal::vendor_alarms, static_cast<std::int64_t>(load_le64(frame, kProtectionAt)));
  out.vendor("warning_mask", static_cast<std::int64_t>(load_le64(frame, kWarningAt)));
  out.vendor("balancing_mask", static_cast<std::int64_t>(load_le64(frame, kBalancingAt)));
  out.vendor("battery_state", state);
  out.vendor("permission", load_u8(frame, kPermissionAt));
  return {};
}

}  // namespace ems::protocol::ant
