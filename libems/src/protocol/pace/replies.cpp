// SPDX-License-Identifier: Apache-2.0
#include "protocol/pace/layout.hpp"

namespace ems::protocol::pace {
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
  ascii::give(out, info, at, kAnalogFields);
  ascii::give_soc(out, info.u16(at + kRemainingAt), info.u16(at + kFullAt));
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
  ascii::give(out, info, at, kStatusFlags);
  out.flag(Signal::balancing, info.u16(at + kBalanceAt) != 0);
}

constexpr ascii::ModuleReader kAnalogReader{
    .find = analog_at, .give = give_analog, .spare = kSpareBytes};
constexpr ascii::ModuleReader kStatusReader{
    .find = status_at, .give = give_status, .spare = kSpareBytes};

Result<void> read_status(const ascii::Exchange& exchange, ReadingSink& sink) noexcept {
  const Result<void> read = ascii::read_modules(exchange, kStatusReader, sink);
  const Info& info = exchange.reply.info;
  if (read && ascii::all_modules(info, kStatusReader) == false) {
    ascii::give(Publisher(sink), info, status_at(info, ascii::kModulesAt)->at, kStatusBytes);
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
