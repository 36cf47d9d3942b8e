// SPDX-License-Identifier: Apache-2.0
#include "protocol/pylontech_rs485/replies.hpp"

#include "protocol/pylontech_rs485/layout.hpp"

namespace ems::protocol::pylontech_rs485 {
namespace {

using ascii::Info;
using ascii::Lists;
using ascii::Module;
using ascii::Raised;

Result<Module> analog_at(const Info& info, std::size_t start) noexcept {
  const Result<Lists> lists = ascii::read_lists(info, start, 2);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  if (info.size() <= at + kItemsAt) return info.wrong(info.size());
  const std::uint8_t items = info.u8(at + kItemsAt);
  if (items != kNarrowItems && items != kWideItems) return info.wrong(at + kItemsAt);
  const std::size_t end = at + (items == kWideItems ? kWideSize : kNarrowSize);
  if (info.size() < end) return info.wrong(info.size());
  return Module{.lists = *lists, .at = at, .end = end};
}

template <std::size_t kSize>
Result<Module> status_at(const Info& info, std::size_t start) noexcept {
  const Result<Lists> lists = ascii::read_lists(info, start, 1);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  if (info.size() < at + kSize) return info.wrong(info.size());
  return Module{.lists = *lists, .at = at, .end = at + kSize};
}

void give_analog(const Publisher& out, const Info& info, const Module& module) noexcept {
  const std::size_t at = module.at;
  ascii::give_cells(out, info, module.lists.cells);
  ascii::give_sensors(out, info, module.lists.sensors);
  ascii::give(out, info, at, kAnalogFields);
  const bool wide = info.u8(at + kItemsAt) == kWideItems;
  const auto capacity = [&info, wide](std::size_t narrow_at, std::size_t wide_at) {
    if (wide) return std::optional<std::int64_t>(info.u24(wide_at));
    const std::uint16_t raw = info.u16(narrow_at);
    return raw == kNotHere ? std::nullopt : std::optional<std::int64_t>(raw);
  };
  const auto remaining = capacity(at + kRemainingAt, at + kWideRemainingAt);
  const auto total = capacity(at + kTotalAt, at + kWideTotalAt);
  constexpr std::int64_t kMicroPerMilli = 1'000;
  out.maybe(Signal::remaining_capacity,
            remaining ? std::optional(*remaining * kMicroPerMilli) : std::nullopt);
  out.maybe(Signal::full_capacity, total ? std::optional(*total * kMicroPerMilli) : std::nullopt);
  ascii::give_soc(out, remaining, total);
}

void give_status(const Publisher& out, const Info& info, const Module& module) noexcept {
  const std::size_t at = module.at;
  Raised raised;
  raised.codes(info, module.lists.cells, Alarm::cell_undervoltage, Alarm::cell_overvoltage);
  raised.codes(info, module.lists.sensors, Alarm::undertemperature, Alarm::overtemperature);
  raised.code(info.u8(at + kChargeCodeAt), Alarm::charge_overcurrent, Alarm::charge_overcurrent);
  raised.code(info.u8(at + kVoltageCodeAt), Alarm::pack_undervoltage, Alarm::pack_overvoltage);
  raised.code(info.u8(at + kDischargeCodeAt), Alarm::discharge_overcurrent,
              Alarm::discharge_overcurrent);
  raised.events(info, at + kProtectionsAt, 1, kProtections);
  raised.events(info, at + kCellFaultsAt, kCellFaultBytes, {}, kCellFaultsFrom);
  raised.give(out);
  out.value(Signal::cell_count, static_cast<std::int64_t>(module.lists.cells.count));
  ascii::give(out, info, at, kStatusFlags);
}

constexpr ascii::ModuleReader kAnalog{.find = analog_at, .give = give_analog};
constexpr ascii::ModuleReader kStatus{.find = status_at<kStatusSize>, .give = give_status};
constexpr ascii::ModuleReader kStatusSeen{.find = status_at<kStatusSizeSeen>, .give = give_status};

/// The reader whose modules fill INFO.
const ascii::ModuleReader& status_reader(const Info& info) noexcept {
  return ascii::all_modules(info, kStatusSeen) ? kStatusSeen : kStatus;
}

Result<void> read_status(const ascii::Exchange& exchange, ReadingSink& sink) noexcept {
  const Info& info = exchange.reply.info;
  const ascii::ModuleReader& reader = status_reader(info);
  const Result<void> read = ascii::read_modules(exchange, reader, sink);
  if (read && ascii::all_modules(info, reader) == false) {
    const std::size_t at = reader.find(info, ascii::kModulesAt)->at;
    ascii::give(Publisher(sink), info, at, kStatusBytes);
    ascii::give(Publisher(sink), info, at, kStatusDetails);
  }
  return read;
}

/// A current limit of either sign as a magnitude.
void give_discharge_limit(const Publisher& out, std::int64_t raw, std::int64_t step) noexcept {
  out.value(Signal::discharge_current_limit, (raw < 0 ? -raw : raw) * step);
}

/// The limits at `at`: the reply to 92 behind its address, or to 63.
void give_limits(const Publisher& out, const Info& info, std::size_t at,
                 std::int32_t step) noexcept {
  ascii::give(out, info, at, limit_fields(step));
  give_discharge_limit(out, info.s16(at + kDischargeLimitAt), step);
  ascii::give(out, info, at, kLimitFlags);
  bool force = false;
  for (const FlagBit& row : kForceFlags) force = force || has(info.u8(at + row.at), row.bit);
  out.flag(Signal::force_charge, force);
  ascii::give(out, info, at, kForceFlags);
}

Result<void> read_limits(const Info& info, std::size_t at, std::int32_t step,
                         ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(at + kLimitsSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  if (at > 0) out.vendor("address", info.u8(0));
  give_limits(out, info, at, step);
  return {};
}

/// Reply to 61: no flags, no address.
Result<void> read_system_analog(const Info& info, std::int32_t current_step,
                                ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(kSystemAnalogSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  protocol::give(out, ascii::charging(current_step), info.s16(kSystemCurrentAt));
  ascii::give(out, info, 0, kSystemFields);
  return {};
}

/// Reply to 62. What the bits mean differs from firmware to firmware.
Result<void> read_system_alarms(const Info& info, ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(kSystemAlarmBytes);
  if (!sized) return fail(sized.error());
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kSystemAlarmBytes; ++i) bits |= std::uint64_t{info.u8(i)} << 8 * i;
  // What a bit means differs from firmware to firmware; that one is set does not.
  const auto raised = [](bool any) {
    return static_cast<std::int64_t>(any ? alarm_bit(Alarm::internal_failure) : 0);
  };
  const Publisher out(sink);
  out.value(Signal::warnings, raised(info.u16(0) != 0));
  out.value(Signal::alarms, raised(info.u16(2) != 0));
  out.value(Signal::vendor_alarms, static_cast<std::int64_t>(bits << kSystemAlarmsFrom));
  return {};
}

/// Reply to 47: what the module protects itself with. The limits of now are those of 92.
Result<void> read_parameters(const Info& info, ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(kParametersSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  for (const Parameter& row : kParameters) {
    const std::uint16_t raw = info.u16(row.at);
    if (!row.temperature) {
      out.vendor(row.name, raw);
    } else if (const std::optional<std::int64_t> value = from_decikelvin(raw)) {
      out.vendor(row.name, *value);
    }
  }
  ascii::give(out, info, 0, kParameterFields);
  give_discharge_limit(out, info.s16(kParameterDischargeAt), kParameterStep);
  return {};
}

Result<void> read_serial_number(const Info& info, ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(kSerialSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  out.vendor("address", info.u8(0));
  ascii::give_text(out, TextField::serial_number, info, 1, kSerialSize - 1);
  return {};
}

Result<void> read_firmware(const Info& info, ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(kFirmwareSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  out.vendor("address", info.u8(0));
  ascii::give_version(out, TextField::firmware_version, info, 1, kFirmwareParts);
  ascii::give_version(out, TextField::software_version, info, 1 + kFirmwareParts, kMainlineParts);
  return {};
}

Result<void> read_pack_count(const Info& info, ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(1);
  if (!sized) return fail(sized.error());
  Publisher(sink).value(Signal::module_count, info.u8(0));
  return {};
}

Result<void> read_acknowledgement(const Info& info, ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(0);
  if (!sized) return fail(sized.error());
  sink.acknowledged();
  return {};
}

}  // namespace

Result<void> read_reply(const ascii::Exchange& exchange, const SystemSteps& steps,
                        ReadingSink& sink) noexcept {
  const Info& info = exchange.reply.info;
  switch (static_cast<Command>(exchange.command)) {
    case Command::analog:
      return ascii::read_modules(exchange, kAnalog, sink);
    case Command::status:
      return read_status(exchange, sink);
    case Command::parameters:
      return read_parameters(info, sink);
    case Command::protocol_version:
      return ascii::read_protocol_version(exchange.reply, sink);
    case Command::maker:
      return ascii::read_maker(info, sink);
    case Command::system_analog:
      return read_system_analog(info, steps.current, sink);
    case Command::system_alarms:
      return read_system_alarms(info, sink);
    case Command::system_limits:
      return read_limits(info, 0, steps.limit, sink);
    case Command::pack_count:
      return read_pack_count(info, sink);
    case Command::limits:
      return read_limits(info, 1, SystemSteps{}.limit, sink);
    case Command::serial_number:
      return read_serial_number(info, sink);
    case Command::set_limits:
    case Command::turn_off:
      return read_acknowledgement(info, sink);
    case Command::firmware:
      return read_firmware(info, sink);
  }
  return ascii::not_read();
}

std::optional<std::uint8_t> recognise_reply(const Info& info) noexcept {
  const auto shape = [](Command command, bool fits) {
    return ascii::Shape{static_cast<std::uint8_t>(command), fits};
  };
  return ascii::only_fit(
      {shape(Command::analog, ascii::all_modules(info, kAnalog).has_value()),
       shape(Command::status, ascii::begins_with_codes(info, ascii::kModulesAt) &&
                                  ascii::all_modules(info, status_reader(info)).has_value())},
      {shape(Command::parameters, info.size() == kParametersSize),
       shape(Command::maker, info.size() == ascii::kMakerSize),
       shape(Command::system_analog, info.size() == kSystemAnalogSize),
       shape(Command::system_alarms, info.size() == kSystemAlarmBytes),
       shape(Command::system_limits, info.size() == kLimitsSize),
       shape(Command::limits, info.size() == 1 + kLimitsSize),
       shape(Command::serial_number, info.size() == kSerialSize),
       shape(Command::firmware, info.size() == kFirmwareSize)});
}

std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept {
  return ascii::name_of(kVendorBits, bit);
}

}  // namespace ems::protocol::pylontech_rs485
