// SPDX-License-Identifier: Apache-2.0
#include "protocol/pace/replies.hpp"

namespace ems::protocol::pace {
namespace {

using ascii::EventBit;
using ascii::Info;
using ascii::Lists;
using ascii::Module;
using ascii::Raised;

constexpr auto kActs = ascii::Severity::protection;
constexpr auto kWarns = ascii::Severity::warning;
constexpr auto kState = ascii::Severity::status;

// Some boards put a byte behind the content.
constexpr std::size_t kSpareBytes = 1;

// 42, behind the lists.
constexpr std::size_t kCurrentAt = 0;    // s16, 10 mA
constexpr std::size_t kVoltageAt = 2;    // mV
constexpr std::size_t kRemainingAt = 4;  // 10 mAh
constexpr std::size_t kItemsAt = 6;      // Number of the items, two bytes each.
constexpr std::size_t kFullAt = 7;       // 10 mAh
constexpr std::size_t kCyclesAt = 9;
constexpr std::size_t kDesignAt = 11;  // 10 mAh
constexpr std::size_t kItemsNeeded = 3;

// 44, behind the lists.
constexpr std::size_t kChargeCodeAt = 0;
constexpr std::size_t kVoltageCodeAt = 1;
constexpr std::size_t kDischargeCodeAt = 2;
constexpr std::size_t kProtectionsAt = 3;
constexpr std::size_t kProtectionBytes = 2;
constexpr std::size_t kInstructionAt = 5;
constexpr std::size_t kControlAt = 6;
constexpr std::size_t kFaultAt = 7;
constexpr std::size_t kBalanceAt = 8;
constexpr std::size_t kWarningsAt = 10;
constexpr std::size_t kWarningBytes = 2;
constexpr std::size_t kStatusSize = 12;

constexpr EventBit kProtections[] = {
    {0, 0, kActs, Alarm::cell_overvoltage},
    {0, 1, kActs, Alarm::cell_undervoltage},
    {0, 2, kActs, Alarm::pack_overvoltage},
    {0, 3, kActs, Alarm::pack_undervoltage},
    {0, 4, kActs, Alarm::charge_overcurrent},
    {0, 5, kActs, Alarm::discharge_overcurrent},
    {0, 6, kActs, Alarm::short_circuit},
    {1, 0, kActs, Alarm::charge_overtemperature},
    {1, 1, kActs, Alarm::discharge_overtemperature},
    {1, 2, kActs, Alarm::charge_undertemperature},
    {1, 3, kActs, Alarm::discharge_undertemperature},
    {1, 4, kActs, Alarm::mosfet_overtemperature},
    {1, 5, kActs, Alarm::overtemperature},
    {1, 6, kActs, Alarm::undertemperature},
    {1, 7, kState},  // Fully charged.
};
constexpr EventBit kFaults[] = {
    {0, 0, kActs, Alarm::internal_failure},  // Charge transistor.
    {0, 1, kActs, Alarm::internal_failure},  // Discharge transistor.
    {0, 2, kActs, Alarm::internal_failure},  // Temperature sensor.
    {0, 4, kActs, Alarm::internal_failure},  // Cell.
    {0, 5, kActs, Alarm::internal_failure},  // Sampling.
};
constexpr EventBit kWarnings[] = {
    {0, 0, kWarns, Alarm::cell_overvoltage},
    {0, 1, kWarns, Alarm::cell_undervoltage},
    {0, 2, kWarns, Alarm::pack_overvoltage},
    {0, 3, kWarns, Alarm::pack_undervoltage},
    {0, 4, kWarns, Alarm::charge_overcurrent},
    {0, 5, kWarns, Alarm::discharge_overcurrent},
    {1, 0, kWarns, Alarm::charge_overtemperature},
    {1, 1, kWarns, Alarm::discharge_overtemperature},
    {1, 2, kWarns, Alarm::charge_undertemperature},
    {1, 3, kWarns, Alarm::discharge_undertemperature},
    {1, 4, kWarns, Alarm::overtemperature},
    {1, 5, kWarns, Alarm::undertemperature},
    {1, 6, kWarns, Alarm::mosfet_overtemperature},
    {1, 7, kWarns, Alarm::soc_low},
};
constexpr EventBit kInstructions[] = {
    {0, 0, kState}, {0, 1, kState}, {0, 2, kState}, {0, 3, kState},
    {0, 5, kState}, {0, 6, kState}, {0, 7, kState},
};

// vendor_alarms: protections, instruction, fault, warnings.
constexpr unsigned kInstructionsFrom = 16;
constexpr unsigned kFaultsFrom = 24;
constexpr unsigned kWarningsFrom = 32;
constexpr ascii::VendorBit kVendorBits[] = {{20, "reverse_polarity"}};

constexpr std::size_t kTextSize = 20;
constexpr std::size_t kLongTextSize = 40;

Result<Module> analog_at(const Info& info, std::size_t start) noexcept {
  const Result<Lists> lists = ascii::read_lists(info, start, 2);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  if (info.size() <= at + kItemsAt) return info.wrong(info.size());
  const std::size_t items = info.u8(at + kItemsAt);
  const std::size_t end = at + kFullAt + 2 * items;
  if (items < kItemsNeeded) return info.wrong(at + kItemsAt);
  if (info.size() < end) return info.wrong(info.size());
  return Module{.lists = *lists, .at = at, .end = end};
}

Result<Module> status_at(const Info& info, std::size_t start) noexcept {
  const Result<Lists> lists = ascii::read_lists(info, start, 1);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  if (info.size() < at + kStatusSize) return info.wrong(info.size());
  return Module{.lists = *lists, .at = at, .end = at + kStatusSize};
}

void give_analog(const Publisher& out, const Info& info, const Module& module) noexcept {
  const std::size_t at = module.at;
  ascii::give_cells(out, info, module.lists.cells);
  ascii::give_sensors(out, info, module.lists.sensors, kZero);
  out.value(Signal::pack_current, ascii::discharging(info.s16(at + kCurrentAt), 10));
  out.value(Signal::pack_voltage, info.u16(at + kVoltageAt));
  const std::uint16_t remaining = info.u16(at + kRemainingAt);
  const std::uint16_t full = info.u16(at + kFullAt);
  out.value(Signal::remaining_capacity, ascii::from_10_mah(remaining));
  out.value(Signal::full_capacity, ascii::from_10_mah(full));
  out.value(Signal::design_capacity, ascii::from_10_mah(info.u16(at + kDesignAt)));
  out.value(Signal::cycle_count, info.u16(at + kCyclesAt));
  ascii::give_soc(out, remaining, full);
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
  raised.events(info, at + kProtectionsAt, kProtectionBytes, kProtections);
  raised.events(info, at + kInstructionAt, 1, kInstructions, kInstructionsFrom);
  raised.events(info, at + kFaultAt, 1, kFaults, kFaultsFrom);
  raised.events(info, at + kWarningsAt, kWarningBytes, kWarnings, kWarningsFrom);
  raised.give(out);
  out.value(Signal::cell_count, static_cast<std::int64_t>(module.lists.cells.count));
  const std::uint8_t instruction = info.u8(at + kInstructionAt);
  out.flag(Signal::charge_fet_on, has(instruction, 1));
  out.flag(Signal::discharge_fet_on, has(instruction, 2));
  out.flag(Signal::balancing, info.u16(at + kBalanceAt) != 0);
}

constexpr ascii::ModuleReader kAnalogReader{
    .find = analog_at, .give = give_analog, .spare = kSpareBytes};
constexpr ascii::ModuleReader kStatusReader{
    .find = status_at, .give = give_status, .spare = kSpareBytes};

/// What only this vendor says of one pack.
void give_status_details(const Publisher& out, const Info& info, const Module& module) noexcept {
  static constexpr struct {
    std::size_t at;
    std::string_view name;
  } kRows[] = {{kProtectionsAt, "status.protection_1"},
               {kProtectionsAt + 1, "status.protection_2"},
               {kInstructionAt, "status.instruction"},
               {kControlAt, "status.control"},
               {kFaultAt, "status.fault"},
               {kBalanceAt, "balance.cells_1_8"},
               {kBalanceAt + 1, "balance.cells_9_16"},
               {kWarningsAt, "status.warning_1"},
               {kWarningsAt + 1, "status.warning_2"}};
  for (const auto& row : kRows) out.vendor(row.name, info.u8(module.at + row.at));
}

Result<void> read_status(const ascii::Exchange& exchange, ReadingSink& sink) noexcept {
  const Result<void> read = ascii::read_modules(exchange, kStatusReader, sink);
  const Info& info = exchange.reply.info;
  if (read && ascii::all_modules(info, kStatusReader) == false) {
    give_status_details(Publisher(sink), info, *status_at(info, ascii::kModulesAt));
  }
  return read;
}

Result<void> read_text(const Info& info, TextField field, ReadingSink& sink) noexcept {
  if (info.size() != kTextSize && info.size() != kLongTextSize) {
    return info.wrong(info.size() < kTextSize ? info.size() : kTextSize);
  }
  ascii::give_text(Publisher(sink), field, info, 0, info.size());
  return {};
}

}  // namespace

Result<void> read_reply(const ascii::Exchange& exchange, ReadingSink& sink) noexcept {
  const Info& info = exchange.reply.info;
  switch (exchange.command) {
    case kAnalog:
      return ascii::read_modules(exchange, kAnalogReader, sink);
    case kStatus:
      return read_status(exchange, sink);
    case kPackCount: {
      const Result<void> sized = info.expect_size(1);
      if (sized) Publisher(sink).value(Signal::module_count, info.u8(0));
      return sized;
    }
    case kSoftware:
      return read_text(info, TextField::software_version, sink);
    case kProduct:
      return read_text(info, TextField::serial_number, sink);
    default:
      return ascii::not_read();
  }
}

std::optional<std::uint8_t> recognise_reply(const Info& info) noexcept {
  return ascii::only_fit({{kAnalog, ascii::all_modules(info, kAnalogReader).has_value()},
                          {kStatus, ascii::begins_with_codes(info, ascii::kModulesAt) &&
                                        ascii::all_modules(info, kStatusReader).has_value()}},
                         {{kPackCount, info.size() == 1},
                          {kSoftware, info.size() == kTextSize},
                          {kProduct, info.size() == kTextSize || info.size() == kLongTextSize}});
}

std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept {
  return ascii::name_of(kVendorBits, bit);
}

}  // namespace ems::protocol::pace
