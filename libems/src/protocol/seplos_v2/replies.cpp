// SPDX-License-Identifier: Apache-2.0
#include "protocol/seplos_v2/replies.hpp"

#include "protocol/seplos_v2/layout.hpp"

namespace ems::protocol::seplos_v2 {
namespace {

using ascii::Info;
using ascii::Lists;
using ascii::Raised;

/// Checks the reply to 42; gives its lists.
Result<Lists> telemetry_of(const Info& info) noexcept {
  const Result<Lists> lists = ascii::read_lists(info, kListsAt, 2);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  if (info.size() <= at + kItemsAt) return info.wrong(info.size());
  const std::size_t items = info.u8(at + kItemsAt);
  if (items != kFewItems && items < kItemsNeeded) return info.wrong(at + kItemsAt);
  const Result<void> sized = info.expect_size(at + kFullAt + 2 * items);
  if (!sized) return fail(sized.error());
  return *lists;
}

/// Checks the reply to 44; gives its lists.
Result<Lists> alarms_of(const Info& info) noexcept {
  const Result<Lists> lists = ascii::read_lists(info, kListsAt, 1);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  if (info.size() <= at + kStatesAt) return info.wrong(info.size());
  const std::size_t states = info.u8(at + kStatesAt);
  if (states < kStatesNeeded) return info.wrong(at + kStatesAt);
  const Result<void> sized = info.expect_size(at + kEventsAt + states);
  if (!sized) return fail(sized.error());
  return *lists;
}

Result<void> read_telemetry(const Info& info, ReadingSink& sink) noexcept {
  const Result<Lists> lists = telemetry_of(info);
  if (!lists) return fail(lists.error());
  const ascii::List& sensors = lists->sensors;
  const std::size_t at = sensors.end;
  const Publisher out(sink);
  out.vendor("group", info.u8(kGroupAt));
  ascii::give_cells(out, info, lists->cells);
  ascii::give_sensors(out, info, sensors, kZeroCelsius, kAbsentSensor);
  if (sensors.count == kNamedSensors) {
    const auto sensor = [&info, &sensors](std::size_t place) {
      const std::uint16_t raw = info.u16(sensors.at + 2 * place);
      return raw == kAbsentSensor ? std::nullopt : from_decikelvin(raw);
    };
    out.sensor(Signal::ambient_temperature, sensor(kAmbientSensor));
    out.sensor(Signal::mosfet_temperature, sensor(kPowerSensor));
  }
  ascii::give(out, info, at, kTelemetryFields);
  if (info.u8(at + kItemsAt) == kFewItems) {
    ascii::give(out, info, at, kFewFields);
  } else {
    ascii::give(out, info, at, kMoreFields);
  }
  return {};
}

Result<void> read_alarms(const Info& info, ReadingSink& sink) noexcept {
  const Result<Lists> lists = alarms_of(info);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  Raised raised;
  raised.codes(info, lists->cells, Alarm::cell_undervoltage, Alarm::cell_overvoltage);
  raised.codes(info, lists->sensors, Alarm::undertemperature, Alarm::overtemperature);
  // The current is signed: too low is too much of discharging.
  raised.code(info.u8(at + kCurrentCodeAt), Alarm::discharge_overcurrent,
              Alarm::charge_overcurrent);
  raised.code(info.u8(at + kVoltageCodeAt), Alarm::pack_undervoltage, Alarm::pack_overvoltage);
  raised.events(info, at + kEventsAt, kEventBytes, kEvents);
  raised.events(info, at + kMemoryAt, 1, kMemory, kMemoryFrom);
  if (info.u16(at + kDisconnectedAt) != 0) raised.protection(Alarm::internal_failure);
  const Publisher out(sink);
  raised.give(out);
  out.value(Signal::cell_count, static_cast<std::int64_t>(lists->cells.count));
  ascii::give(out, info, at, kSwitches);
  out.flag(Signal::balancing, info.u16(at + kBalanceAt) != 0);
  out.vendor("group", info.u8(kGroupAt));
  ascii::give(out, info, at, kStateBytes);
  return {};
}

}  // namespace

Result<void> read_reply(const ascii::Exchange& exchange, ReadingSink& sink) noexcept {
  const Info& info = exchange.reply.info;
  switch (exchange.command) {
    case kTelemetry:
      return read_telemetry(info, sink);
    case kAlarms:
      return read_alarms(info, sink);
    case kProtocolVersion:
      return ascii::read_protocol_version(exchange.reply, sink);
    case kMaker:
      return ascii::read_maker(info, sink);
    default:
      return ascii::not_read();
  }
}

std::optional<std::uint8_t> recognise_reply(const Info& info) noexcept {
  return ascii::only_fit(
      {{kTelemetry, telemetry_of(info).has_value()},
       {kAlarms, ascii::begins_with_codes(info, kListsAt) && alarms_of(info).has_value()}},
      {{kMaker, info.size() == ascii::kMakerSize}});
}

std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept {
  return ascii::name_of(kVendorBits, bit);
}

}  // namespace ems::protocol::seplos_v2
