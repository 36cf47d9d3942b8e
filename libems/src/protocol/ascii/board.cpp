// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/board.hpp"

namespace ems::protocol::ascii {
namespace {

constexpr std::uint8_t kDone = 0x00;
constexpr std::uint8_t kUnknownCommand = 0x04;
constexpr std::uint8_t kProtocolVersion = 0x4F;

constexpr std::int64_t kLow = 0x01;
constexpr std::int64_t kHigh = 0x02;
constexpr std::int64_t kOther = 0xF0;

/// The request, when it is one to this board.
std::optional<Asked> asked_of(const PollCodec& codec, const CodecOptions& options,
                              Bytes request) noexcept {
  CodecRoom room;
  const Result<const PollCodec*> own_codec = codec.with(options, room);
  if (!own_codec) return std::nullopt;
  std::array<std::byte, kRequestSize> probe{};  // What our own master asks says who we are.
  const Result<std::size_t> size =
      (*own_codec)->encode_poll((*own_codec)->poll_plan().front().number, probe);
  EMS_ASSERT(size.has_value());
  const Result<Frame> own = parse(Bytes(probe).first(*size));
  const Result<Frame> asked = parse(request);
  EMS_ASSERT(own.has_value());
  if (!asked || asked->version != own->version || asked->address != own->address ||
      asked->device != own->device) {
    return std::nullopt;
  }
  const std::uint8_t pack = own->info.empty() ? own->address : own->info.u8(0);
  const std::uint8_t named = asked->info.empty() ? pack : asked->info.u8(0);
  if (named != pack && named != kAllModules) return std::nullopt;
  return Asked{.command = asked->code, .pack = pack, .all = named == kAllModules, .own = *asked};
}

}  // namespace

Answer answer(const PollCodec& codec, const CodecOptions& options, const BoardState& state,
              Bytes request, MutableBytes out, WriteInfo& write) noexcept {
  const std::optional<Asked> asked = asked_of(codec, options, request);
  if (!asked) return {};
  Draft info(state);
  const bool known = write(*asked, options, info);
  if (!info.fits()) return {};
  Frame head = asked->own;
  head.code = known ? kDone : kUnknownCommand;
  if (asked->command == kProtocolVersion) head.version = version_said(state, head.version);
  const Result<std::size_t> size = encode(head, known ? info.bytes() : Bytes(), out);
  return {.size = size ? *size : 0};
}

void write_modules(const Asked& asked, Draft& info, void (&write)(Draft& info)) noexcept {
  constexpr std::int64_t kFlags = 0;
  info.u8(kFlags);
  if (!asked.all) {
    info.u8(asked.pack);
    return write(info);
  }
  const std::int64_t count = std::clamp<std::int64_t>(
      info.state().value(Signal::module_count).value_or(0), 0, kAllModules - 1);
  info.u8(std::max<std::int64_t>(count, 1));
  if (count == 0) return write(info);  // The battery is its only pack.
  for (std::int64_t module = 1; module <= count; ++module) {
    info.of_module(static_cast<std::uint8_t>(module));
    write(info);
  }
}

Raising::Raising(Draft& info) noexcept : info_(info) {
  const auto bits = [&info](Signal signal) {
    return static_cast<std::uint64_t>(info.state().value(signal, 0, info.module()).value_or(0));
  };
  alarms_ = bits(Signal::alarms);
  warnings_ = bits(Signal::warnings);
  vendor_ = bits(Signal::vendor_alarms);
}

void Raising::codes(std::size_t count, Alarm low, Alarm high) noexcept {
  info_.u8(static_cast<std::int64_t>(count));
  std::size_t at = info_.zeros(count);
  const std::size_t end = at + count;
  const auto raise = [&](bool raised, std::int64_t code) {
    if (raised && at < end) info_.store(at++, FieldWire::u8, code);
  };
  raise((warnings_ & alarm_bit(low)) != 0, kLow);
  raise((warnings_ & alarm_bit(high)) != 0, kHigh);
  const std::uint64_t other = std::uint64_t{1} << kOtherCodeBit;
  raise((vendor_ & other) != 0, kOther);
  vendor_ &= ~other;
}

void Raising::code(Alarm low, Alarm high) noexcept {
  info_.u8((warnings_ & alarm_bit(high)) != 0  ? kHigh
           : (warnings_ & alarm_bit(low)) != 0 ? kLow
                                               : 0);
}

void Raising::events(std::size_t at, std::size_t count, std::span<const EventBit> rows,
                     unsigned first) noexcept {
  const MutableBytes bytes = info_.part(at, count);
  std::uint64_t word = 0;
  std::uint64_t named = 0;
  for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{load_u8(bytes, i)} << 8 * i;
  for (const EventBit& row : rows) {
    const std::uint64_t bit = std::uint64_t{1} << (8U * row.byte + row.bit);
    named |= bit;
    if (row.severity == Severity::status) continue;
    const std::uint64_t raised = row.severity == Severity::protection ? alarms_ : warnings_;
    if ((raised & alarm_bit(row.alarm)) == 0) word &= ~bit;
    if (row.severity == Severity::protection && (word & bit) != 0) said(row.alarm);
  }
  std::uint64_t warned = 0;
  for (const EventBit& row : rows) {
    const std::uint64_t bit = std::uint64_t{1} << (8U * row.byte + row.bit);
    if (row.severity == Severity::warning && (word & bit) != 0) warned |= alarm_bit(row.alarm);
  }
  for (const EventBit& row : rows) {
    if (row.severity == Severity::status) continue;
    const bool acts = row.severity == Severity::protection;
    std::uint64_t& done = acts ? said_ : warned;
    if (((acts ? alarms_ : warnings_) & ~done & alarm_bit(row.alarm)) == 0) continue;
    word |= std::uint64_t{1} << (8U * row.byte + row.bit);
    done |= alarm_bit(row.alarm);
  }
  word = (word & named) | (vendor_ >> first & ~named);
  for (std::size_t i = 0; i < count; ++i) {
    store_u8(bytes, i, static_cast<std::uint8_t>(word >> 8 * i & 0xFF));
  }
}

void write_version(Draft& info, std::string_view version, std::size_t parts) noexcept {
  for (std::size_t i = 0; i < parts; ++i) {
    std::int64_t number = 0;
    while (!version.empty() && version.front() != '.') {
      number = number * 10 + (version.front() - '0');
      version.remove_prefix(1);
    }
    if (!version.empty()) version.remove_prefix(1);
    info.u8(number);
  }
}

void write_maker(Draft& info) noexcept {
  const BoardState& state = info.state();
  info.text(state.text(TextField::device_model), kNumbersAt, ' ');
  write_version(info, state.text(TextField::firmware_version), kMakerAt - kNumbersAt);
  info.text(state.text(TextField::manufacturer), kMakerSize - kMakerAt, ' ');
}

std::uint8_t version_said(const BoardState& state, std::uint8_t version) noexcept {
  const auto major = state.vendor("protocol_version.major");
  const auto minor = state.vendor("protocol_version.minor");
  if (!major || !minor) return version;
  return static_cast<std::uint8_t>(*major << 4 | *minor);
}

void write_balanced(Draft& info, std::size_t at, std::size_t size) noexcept {
  const auto balancing = info.state().value(Signal::balancing, 0, info.module());
  const MutableBytes cells = info.part(at, size);
  const bool named = std::ranges::any_of(cells, [](std::byte b) { return b != std::byte{0}; });
  if (!balancing || (*balancing != 0) == named) return;
  std::ranges::fill(cells, std::byte{0});
  if (*balancing != 0) store_u8(cells, 0, 1);
}

std::size_t cells_of(const Draft& info) noexcept {
  const std::size_t counted = info.state().count(Signal::cell_voltage, info.module());
  if (counted != 0) return counted;
  return static_cast<std::size_t>(
      info.state().value(Signal::cell_count, 0, info.module()).value_or(0));
}

}  // namespace ems::protocol::ascii
