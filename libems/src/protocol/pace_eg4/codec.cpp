// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pace_eg4/codec.hpp"

#include "protocol/ascii/codec.hpp"
#include "protocol/pace_eg4/layout.hpp"

namespace ems::protocol::pace_eg4 {
namespace {

using ascii::Info;
using ascii::Lists;
using ascii::Raised;

constexpr PollItem kPollPlan[] = {{"analog values", kAnalog, 1}, {"status", kStatus, 1}};

constexpr std::uint8_t kAddressMax = 15;
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
  ascii::give(out, info, at, kAnalogFields);
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
  ascii::give(out, info, at, kSwitches);
  out.flag(Signal::balancing, has(info.u8(at + kEventsAt), 0) || info.u32(at + kBalanceAt) != 0);
  ascii::give(out, info, at, kStatusFields);
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
