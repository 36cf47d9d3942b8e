// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pace_eg4/codec.hpp"

#include "protocol/ascii/codec.hpp"
#include "protocol/ascii/parts.hpp"

namespace ems::protocol::pace_eg4 {
namespace {

using ascii::EventBit;
using ascii::Info;
using ascii::Lists;
using ascii::Raised;

constexpr auto kActs = ascii::Severity::protection;
constexpr auto kWarns = ascii::Severity::warning;
constexpr auto kState = ascii::Severity::status;

constexpr std::uint8_t kAnalog = 0x42;
constexpr std::uint8_t kStatus = 0x44;
constexpr PollItem kPollPlan[] = {{"analog values", kAnalog, 1}, {"status", kStatus, 1}};

constexpr std::uint8_t kAddressMax = 15;
constexpr std::int32_t kZero = 2730;

// Both replies begin with a constant and the pack.
constexpr std::size_t kPackAt = 1;
constexpr std::size_t kListsAt = 2;
// The count of the sensors does not count the two of the board.
constexpr std::size_t kBoardSensors = 2;

// 42, behind the lists.
constexpr std::size_t kCurrentAt = 0;    // s16, 10 mA
constexpr std::size_t kVoltageAt = 2;    // 10 mV
constexpr std::size_t kRemainingAt = 4;  // 10 mAh
constexpr std::size_t kFullAt = 6;       // 10 mAh
constexpr std::size_t kCyclesAt = 8;
constexpr std::size_t kAnalogMarkAt = 10;
constexpr std::uint8_t kAnalogMark = 0x0F;
constexpr std::size_t kSocAt = 11;  // %
constexpr std::size_t kSohAt = 13;  // %
constexpr std::size_t kCellMaxAt = 15;
constexpr std::size_t kCellMinAt = 17;
constexpr std::size_t kTempMaxAt = 21;
constexpr std::size_t kTempMinAt = 23;
constexpr std::size_t kChargedAt = 25;     // u32, 10 mAh
constexpr std::size_t kDischargedAt = 29;  // u32, 10 mAh
constexpr std::size_t kAnalogSize = 33;    // What follows is not known.

// 44, behind the lists.
constexpr std::size_t kCurrentCodeAt = 0;
constexpr std::size_t kVoltageCodeAt = 1;
constexpr std::size_t kStatusMarkAt = 2;
constexpr std::uint8_t kStatusMark = 0x09;
constexpr std::size_t kEventsAt = 3;
constexpr std::size_t kEventBytes = 6;
constexpr std::size_t kSwitchesAt = 9;
constexpr std::size_t kSystemAt = 10;
constexpr std::size_t kBalanceAt = 11;
constexpr std::size_t kStatusSize = 15;

constexpr EventBit kEvents[] = {
    {0, 0, kState},  // Balancing.
    {0, 4, kWarns, Alarm::cell_imbalance},
    {0, 5, kActs, Alarm::internal_failure},  // Charge transistor.
    {0, 6, kActs, Alarm::internal_failure},  // Discharge transistor.
    {1, 0, kWarns, Alarm::cell_overvoltage},
    {1, 1, kActs, Alarm::cell_overvoltage},
    {1, 2, kWarns, Alarm::cell_undervoltage},
    {1, 3, kActs, Alarm::cell_undervoltage},
    {1, 4, kWarns, Alarm::pack_overvoltage},
    {1, 5, kActs, Alarm::pack_overvoltage},
    {1, 6, kWarns, Alarm::pack_undervoltage},
    {1, 7, kActs, Alarm::pack_undervoltage},
    {2, 0, kWarns, Alarm::overtemperature},
    {2, 1, kActs, Alarm::overtemperature},
    {2, 2, kWarns, Alarm::undertemperature},
    {2, 3, kActs, Alarm::undertemperature},
    {2, 4, kActs, Alarm::mosfet_overtemperature},
    {2, 5, kActs, Alarm::internal_failure},  // Fire: vendor bits are shown, alarms are acted on.
    {3, 0, kWarns, Alarm::charge_overtemperature},
    {3, 1, kActs, Alarm::charge_overtemperature},
    {3, 2, kWarns, Alarm::charge_undertemperature},
    {3, 3, kActs, Alarm::charge_undertemperature},
    {3, 4, kWarns, Alarm::discharge_overtemperature},
    {3, 5, kActs, Alarm::discharge_overtemperature},
    {3, 6, kWarns, Alarm::discharge_undertemperature},
    {3, 7, kActs, Alarm::discharge_undertemperature},
    {4, 0, kWarns, Alarm::charge_overcurrent},
    {4, 1, kActs, Alarm::charge_overcurrent},
    {4, 2, kWarns, Alarm::discharge_overcurrent},
    {4, 3, kActs, Alarm::discharge_overcurrent},
    {4, 4, kActs, Alarm::discharge_overcurrent},
    {4, 5, kActs, Alarm::short_circuit},
    {4, 6, kActs, Alarm::discharge_overcurrent},
    {4, 7, kActs, Alarm::short_circuit},
    {5, 0, kWarns, Alarm::soc_low},
};

/// The lists, with as many sensors as put `mark` where it has to be.
Result<Lists> lists_of(const Info& info, std::size_t width, std::size_t mark_at, std::uint8_t mark,
                       std::size_t size) noexcept {
  Result<Lists> lists = ascii::read_lists(info, kListsAt, width);
  if (!lists) return lists;
  ascii::List counted = lists->sensors;
  for (const std::size_t more : {kBoardSensors, std::size_t{0}}) {
    lists->sensors.count = counted.count + more;
    lists->sensors.end = counted.end + more * width;
    const std::size_t at = lists->sensors.end;
    if (info.size() >= at + size && info.u8(at + mark_at) == mark) return lists;
  }
  return info.wrong(counted.at - 1);
}

Result<Lists> analog_of(const Info& info) noexcept {
  return lists_of(info, 2, kAnalogMarkAt, kAnalogMark, kAnalogSize);
}
Result<Lists> status_of(const Info& info) noexcept {
  return lists_of(info, 1, kStatusMarkAt, kStatusMark, kStatusSize);
}

Result<void> read_analog(const Info& info, ReadingSink& sink) noexcept {
  const Result<Lists> lists = analog_of(info);
  if (!lists) return fail(lists.error());
  const std::size_t at = lists->sensors.end;
  const Publisher out(sink);
  out.vendor("address", info.u8(kPackAt));
  ascii::give_cells(out, info, lists->cells);
  ascii::give_sensors(out, info, lists->sensors, kZero);
  out.value(Signal::pack_current, ascii::discharging(info.s16(at + kCurrentAt), 10));
  out.value(Signal::pack_voltage, std::int64_t{info.u16(at + kVoltageAt)} * 10);
  out.value(Signal::remaining_capacity, ascii::from_10_mah(info.u16(at + kRemainingAt)));
  out.value(Signal::full_capacity, ascii::from_10_mah(info.u16(at + kFullAt)));
  out.value(Signal::cycle_count, info.u16(at + kCyclesAt));
  constexpr std::int64_t kBasisPoints = 100;
  out.percent(Signal::soc, info.u16(at + kSocAt) * kBasisPoints);
  out.percent(Signal::soh, info.u16(at + kSohAt) * kBasisPoints);
  out.cell(Signal::cell_voltage_max, info.u16(at + kCellMaxAt));
  out.cell(Signal::cell_voltage_min, info.u16(at + kCellMinAt));
  out.sensor(Signal::cell_temp_max, from_decikelvin(info.u16(at + kTempMaxAt), kZero));
  out.sensor(Signal::cell_temp_min, from_decikelvin(info.u16(at + kTempMinAt), kZero));
  out.vendor("charged_mah", std::int64_t{info.u32(at + kChargedAt)} * 10);
  out.vendor("discharged_mah", std::int64_t{info.u32(at + kDischargedAt)} * 10);
  return {};
}

Result<void> read_status(const Info& info, ReadingSink& sink) noexcept {
  const Result<Lists> lists = status_of(info);
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
  const Publisher out(sink);
  out.vendor("address", info.u8(kPackAt));
  raised.give(out);
  out.value(Signal::cell_count, static_cast<std::int64_t>(lists->cells.count));
  const std::uint8_t switches = info.u8(at + kSwitchesAt);
  out.flag(Signal::discharge_fet_on, has(switches, 0));
  out.flag(Signal::charge_fet_on, has(switches, 1));
  out.flag(Signal::heater_on, has(switches, 3));
  out.flag(Signal::balancing, has(info.u8(at + kEventsAt), 0) || info.u32(at + kBalanceAt) != 0);
  out.vendor("system_state", info.u8(at + kSystemAt));
  out.vendor("balance_mask", info.u32(at + kBalanceAt));
  return {};
}

class Codec final : public ascii::AsciiCodec {
 public:
  constexpr explicit Codec(ascii::Settings settings) noexcept : AsciiCodec(settings) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600};
    static constexpr std::uint8_t kAddresses[] = {1, 2,  3,  4,  5,  6,  7,  8,
                                                  9, 10, 11, 12, 13, 14, 15, 0};
    static constexpr ProtocolInfo kInfo{.name = "pace_eg4",
                                        .title = "EG4, LifePower (RS485, version 20)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates,
                                        .addresses = kAddresses};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<Chosen> chosen = choose(info(), options, kAddressMax);
    if (!chosen) return fail(chosen.error());
    return &room.put(Codec({.address = chosen->address}));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    static_cast<void>(bit);  // What is the vendor's own has no names.
    return std::nullopt;
  }

 protected:
  [[nodiscard]] const ascii::Dialect& dialect() const noexcept override {
    static constexpr ascii::Dialect kDialect{.device = 0x4A, .version_echoed = true};
    return kDialect;
  }
  [[nodiscard]] bool names_pack(std::uint8_t command) const noexcept override {
    static_cast<void>(command);
    return false;
  }
  [[nodiscard]] Result<void> read(const ascii::Exchange& exchange,
                                  ReadingSink& sink) const noexcept override {
    const Info& info = exchange.reply.info;
    if (exchange.command == kAnalog) return read_analog(info, sink);
    if (exchange.command == kStatus) return read_status(info, sink);
    return ascii::not_read();
  }
  [[nodiscard]] std::optional<std::uint8_t> recognise(const Info& info) const noexcept override {
    return ascii::only_fit(
        {{kAnalog, analog_of(info).has_value()}, {kStatus, status_of(info).has_value()}});
  }
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec({.address = 1});
  return kCodec;
}

}  // namespace ems::protocol::pace_eg4
