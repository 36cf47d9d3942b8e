// SPDX-License-Identifier: Apache-2.0
#include "protocol/pylontech_rs485/replies.hpp"

namespace ems::protocol::pylontech_rs485 {
namespace {

using ascii::EventBit;
using ascii::Info;
using ascii::Lists;
using ascii::Module;
using ascii::Raised;
using ascii::Severity;

// 42, behind the lists.
constexpr std::size_t kCurrentAt = 0;    // s16, 0.1 A
constexpr std::size_t kVoltageAt = 2;    // mV
constexpr std::size_t kRemainingAt = 4;  // mAh
constexpr std::size_t kItemsAt = 6;
constexpr std::size_t kTotalAt = 7;  // mAh
constexpr std::size_t kCyclesAt = 9;
constexpr std::size_t kWideRemainingAt = 11;  // u24, mAh
constexpr std::size_t kWideTotalAt = 14;
constexpr std::uint8_t kNarrowItems = 2;
constexpr std::uint8_t kWideItems = 4;
constexpr std::size_t kNarrowSize = 11;
constexpr std::size_t kWideSize = 17;
constexpr std::uint16_t kNotHere = 0xFFFF;

// 44, behind the lists.
constexpr std::size_t kChargeCodeAt = 0;
constexpr std::size_t kVoltageCodeAt = 1;
constexpr std::size_t kDischargeCodeAt = 2;
constexpr std::size_t kProtectionsAt = 3;
constexpr std::size_t kSwitchesAt = 4;
constexpr std::size_t kStateAt = 5;
constexpr std::size_t kCellFaultsAt = 6;
constexpr std::size_t kCellFaultBytes = 2;
constexpr std::size_t kStatusSize = 8;
constexpr std::size_t kStatusSizeSeen = 9;  // Every captured module has a byte more.

constexpr EventBit kProtections[] = {
    {0, 0, Severity::protection, Alarm::pack_overvoltage},
    {0, 1, Severity::protection, Alarm::cell_undervoltage},
    {0, 2, Severity::protection, Alarm::charge_overcurrent},
    {0, 4, Severity::protection, Alarm::discharge_overcurrent},
    {0, 5, Severity::protection, Alarm::discharge_overtemperature},
    {0, 6, Severity::protection, Alarm::charge_overtemperature},
    {0, 7, Severity::protection, Alarm::pack_undervoltage},
};

// vendor_alarms: status 1, then the cells' faults, then the four bytes of 62.
constexpr unsigned kCellFaultsFrom = 8;
constexpr unsigned kSystemAlarmsFrom = 24;
constexpr std::size_t kSystemAlarmBytes = 4;
constexpr ascii::VendorBit kVendorBits[] = {
    {8, "cell_1_fault"},   {9, "cell_2_fault"},   {10, "cell_3_fault"},  {11, "cell_4_fault"},
    {12, "cell_5_fault"},  {13, "cell_6_fault"},  {14, "cell_7_fault"},  {15, "cell_8_fault"},
    {16, "cell_9_fault"},  {17, "cell_10_fault"}, {18, "cell_11_fault"}, {19, "cell_12_fault"},
    {20, "cell_13_fault"}, {21, "cell_14_fault"}, {22, "cell_15_fault"}, {23, "cell_16_fault"},
};

// 92 without its first byte, and 63.
constexpr std::size_t kLimitsSize = 9;
constexpr std::size_t kSystemAnalogSize = 49;
constexpr std::size_t kParametersSize = 25;
constexpr std::size_t kSerialSize = 17;
constexpr std::size_t kFirmwareSize = 6;

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
  out.value(Signal::pack_current, ascii::discharging(info.s16(at + kCurrentAt), 100));
  out.value(Signal::pack_voltage, info.u16(at + kVoltageAt));
  out.value(Signal::cycle_count, info.u16(at + kCyclesAt));
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
  const std::uint8_t switches = info.u8(at + kSwitchesAt);
  out.flag(Signal::charge_fet_on, has(switches, 1));
  out.flag(Signal::discharge_fet_on, has(switches, 2));
  out.flag(Signal::heater_on, has(info.u8(at + kStateAt), 5));
}

/// What only this vendor says of one module.
void give_status_details(const Publisher& out, const Info& info, const Module& module) noexcept {
  static constexpr std::string_view kNames[] = {"status.1", "status.2", "status.3", "status.4",
                                                "status.5"};
  std::size_t at = module.at + kProtectionsAt;
  for (const std::string_view name : kNames) out.vendor(name, info.u8(at++));
  const std::uint8_t state = info.u8(module.at + kStateAt);
  out.vendor("charging", has(state, 7) ? 1 : 0);
  out.vendor("discharging", has(state, 6) ? 1 : 0);
  out.vendor("fully_charged", has(state, 3) ? 1 : 0);
  out.vendor("precharge_fet_on", has(info.u8(module.at + kSwitchesAt), 0) ? 1 : 0);
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
    give_status_details(Publisher(sink), info, *reader.find(info, ascii::kModulesAt));
  }
  return read;
}

/// The limits at `at`: the reply to 92 behind its address, or to 63.
void give_limits(const Publisher& out, const Info& info, std::size_t at,
                 std::int64_t step) noexcept {
  constexpr std::int64_t kAny = INT64_MAX;
  out.value(Signal::charge_voltage_limit, info.u16(at));
  out.value(Signal::discharge_voltage_limit, info.u16(at + 2));
  out.within(Signal::charge_current_limit, info.s16(at + 4) * step, 0, kAny);
  const std::int32_t discharge = info.s16(at + 6);  // With the sign of a discharge current.
  out.value(Signal::discharge_current_limit, (discharge < 0 ? -discharge : discharge) * step);
  const std::uint8_t flags = info.u8(at + 8);
  out.flag(Signal::charge_enable, has(flags, 7));
  out.flag(Signal::discharge_enable, has(flags, 6));
  out.flag(Signal::force_charge, has(flags, 5) || has(flags, 4));
  out.flag(Signal::full_charge_request, has(flags, 3));
  out.vendor("charge_immediately_1", has(flags, 5) ? 1 : 0);
  out.vendor("charge_immediately_2", has(flags, 4) ? 1 : 0);
}

Result<void> read_limits(const Info& info, std::size_t at, std::int64_t step,
                         ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(at + kLimitsSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  if (at > 0) out.vendor("address", info.u8(0));
  give_limits(out, info, at, step);
  return {};
}

/// Reply to 61: no flags, no address.
Result<void> read_system_analog(const Info& info, std::int64_t current_step,
                                ReadingSink& sink) noexcept {
  const Result<void> sized = info.expect_size(kSystemAnalogSize);
  if (!sized) return fail(sized.error());
  const Publisher out(sink);
  out.value(Signal::pack_voltage, info.u16(0));
  out.value(Signal::pack_current, ascii::discharging(info.s16(2), current_step));
  constexpr std::int64_t kBasisPointsPerPercent = 100;
  out.percent(Signal::soc, info.u8(4) * kBasisPointsPerPercent);
  out.value(Signal::cycle_count, info.u16(5));
  out.vendor("cycle_count_max", info.u16(7));
  out.percent(Signal::soh, info.u8(9) * kBasisPointsPerPercent);
  out.vendor("soh_min_pct", info.u8(10));
  out.cell(Signal::cell_voltage_max, info.u16(11));
  out.vendor("cell_voltage_max_id", info.u16(13));
  out.cell(Signal::cell_voltage_min, info.u16(15));
  out.vendor("cell_voltage_min_id", info.u16(17));
  static constexpr struct {
    std::size_t at;
    Signal signal;
  } kTemperatures[] = {
      {21, Signal::cell_temp_max}, {25, Signal::cell_temp_min}, {29, Signal::mosfet_temperature}};
  for (const auto& row : kTemperatures) out.sensor(row.signal, from_decikelvin(info.u16(row.at)));
  static constexpr struct {
    std::size_t at;
    std::string_view name;
  } kRaw[] = {
      {19, "cell_temp_average_k10"}, {23, "cell_temp_max_id"},     {27, "cell_temp_min_id"},
      {31, "mosfet_temp_max_k10"},   {33, "mosfet_temp_max_id"},   {35, "mosfet_temp_min_k10"},
      {37, "mosfet_temp_min_id"},    {39, "bms_temp_average_k10"}, {41, "bms_temp_max_k10"},
      {43, "bms_temp_max_id"},       {45, "bms_temp_min_k10"},     {47, "bms_temp_min_id"}};
  for (const auto& row : kRaw) out.vendor(row.name, info.u16(row.at));
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
  static constexpr struct {
    std::size_t at;
    std::string_view name;
    bool temperature;
  } kRows[] = {{1, "cell_high_voltage_limit_mv", false},
               {3, "cell_low_voltage_limit_mv", false},
               {5, "cell_under_voltage_limit_mv", false},
               {7, "charge_high_temperature_limit_mdegc", true},
               {9, "charge_low_temperature_limit_mdegc", true},
               {13, "module_high_voltage_limit_mv", false},
               {15, "module_low_voltage_limit_mv", false},
               {17, "module_under_voltage_limit_mv", false},
               {19, "discharge_high_temperature_limit_mdegc", true},
               {21, "discharge_low_temperature_limit_mdegc", true}};
  const Publisher out(sink);
  for (const auto& row : kRows) {
    const std::uint16_t raw = info.u16(row.at);
    if (!row.temperature) {
      out.vendor(row.name, raw);
    } else if (const std::optional<std::int64_t> value = from_decikelvin(raw)) {
      out.vendor(row.name, *value);
    }
  }
  constexpr std::int64_t kMilliAmp = 100;
  constexpr std::int64_t kAny = INT64_MAX;
  out.within(Signal::charge_current_limit, info.s16(11) * kMilliAmp, 0, kAny);
  const std::int32_t discharge = info.s16(23);
  out.value(Signal::discharge_current_limit, (discharge < 0 ? -discharge : discharge) * kMilliAmp);
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
  ascii::give_version(out, TextField::firmware_version, info, 1, 2);
  ascii::give_version(out, TextField::software_version, info, 3, 3);  // "Mainline".
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
