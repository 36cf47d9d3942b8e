// SPDX-License-Identifier: Apache-2.0
#include "protocol/seplos_v2/replies.hpp"

#include "protocol/seplos_v2/events.hpp"

namespace ems::protocol::seplos_v2 {
namespace {

using ascii::Info;
using ascii::Lists;
using ascii::Raised;

// Both replies begin with flags and the group.
constexpr std::size_t kGroupAt = 1;
constexpr std::size_t kListsAt = 2;

// 42, behind the lists.
constexpr std::size_t kCurrentAt = 0;    // s16, 10 mA
constexpr std::size_t kVoltageAt = 2;    // 10 mV
constexpr std::size_t kRemainingAt = 4;  // 10 mAh
constexpr std::size_t kItemsAt = 6;      // Number of the items, two bytes each.
constexpr std::size_t kFullAt = 7;       // 10 mAh
constexpr std::size_t kSocAt = 9;        // 0.1 %
constexpr std::size_t kRatedAt = 11;     // 10 mAh
constexpr std::size_t kCyclesAt = 13;
constexpr std::size_t kSohAt = 15;          // 0.1 %
constexpr std::size_t kPortVoltageAt = 17;  // 10 mV
constexpr std::size_t kItemsNeeded = 6;
// A Boqiang board has two items only.
constexpr std::size_t kFewItems = 2;
constexpr std::size_t kFewCyclesAt = 9;

constexpr std::uint16_t kAbsentSensor = 0x0853;  // -60 degC: Boqiang boards.
constexpr std::size_t kNamedSensors = 6;         // Four cells, ambient, power stage.
constexpr std::size_t kAmbientSensor = 4;
constexpr std::size_t kPowerSensor = 5;

// 44, behind the lists.
constexpr std::size_t kCurrentCodeAt = 0;
constexpr std::size_t kVoltageCodeAt = 1;
constexpr std::size_t kStatesAt = 2;  // Number of the bytes behind it.
constexpr std::size_t kEventsAt = 3;
constexpr std::size_t kEventBytes = 6;
constexpr std::size_t kSwitchesAt = 9;
constexpr std::size_t kBalanceAt = 10;
constexpr std::size_t kSystemAt = 12;
constexpr std::size_t kDisconnectedAt = 13;
constexpr std::size_t kWaitsAt = 15;
constexpr std::size_t kMemoryAt = 16;
constexpr std::size_t kStatesNeeded = 14;

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
  out.value(Signal::pack_current, ascii::discharging(info.s16(at + kCurrentAt), 10));
  out.value(Signal::pack_voltage, std::int64_t{info.u16(at + kVoltageAt)} * 10);
  out.value(Signal::remaining_capacity, ascii::from_10_mah(info.u16(at + kRemainingAt)));
  out.value(Signal::full_capacity, ascii::from_10_mah(info.u16(at + kFullAt)));
  if (info.u8(at + kItemsAt) == kFewItems) {
    out.value(Signal::cycle_count, info.u16(at + kFewCyclesAt));
    return {};
  }
  constexpr std::int64_t kBasisPoints = 10;
  out.percent(Signal::soc, info.u16(at + kSocAt) * kBasisPoints);
  out.value(Signal::design_capacity, ascii::from_10_mah(info.u16(at + kRatedAt)));
  out.value(Signal::cycle_count, info.u16(at + kCyclesAt));
  out.percent(Signal::soh, info.u16(at + kSohAt) * kBasisPoints);
  out.vendor("port_voltage_mv", std::int64_t{info.u16(at + kPortVoltageAt)} * 10);
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
  const std::uint8_t switches = info.u8(at + kSwitchesAt);
  out.flag(Signal::discharge_fet_on, has(switches, 0));
  out.flag(Signal::charge_fet_on, has(switches, 1));
  out.flag(Signal::heater_on, has(switches, 3));
  out.flag(Signal::balancing, info.u16(at + kBalanceAt) != 0);
  out.vendor("group", info.u8(kGroupAt));
  out.vendor("limiter_on", has(switches, 2) ? 1 : 0);
  out.vendor("balance.cells_1_8", info.u8(at + kBalanceAt));
  out.vendor("balance.cells_9_16", info.u8(at + kBalanceAt + 1));
  out.vendor("disconnected.cells_1_8", info.u8(at + kDisconnectedAt));
  out.vendor("disconnected.cells_9_16", info.u8(at + kDisconnectedAt + 1));
  out.vendor("system_state", info.u8(at + kSystemAt));
  static constexpr std::string_view kNames[] = {"event.1", "event.2", "event.3",
                                                "event.4", "event.5", "event.6"};
  for (std::size_t i = 0; i < kEventBytes; ++i) {
    out.vendor(kNames[i], info.u8(at + kEventsAt + i));
  }
  out.vendor("event.7", info.u8(at + kWaitsAt));
  out.vendor("event.8", info.u8(at + kMemoryAt));
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
