// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/slcan.hpp"

#include <algorithm>
#include <utility>

#include "protocol/can_text.hpp"

namespace ems::protocol {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace): the words of this file

constexpr char kBell = 0x07;
constexpr std::size_t kTimestampDigits = 4;
constexpr std::uint32_t kTimestampMax = 59'999;
constexpr std::uint8_t kBitRateSwitch = 1;

/// What the first letter of a frame says.
struct FrameRow {
  char letter;
  CanRecordKind kind;
  bool extended;
  std::uint8_t fd_flags;
};
constexpr FrameRow kFrames[] = {
    {'t', CanRecordKind::data, false, 0},
    {'T', CanRecordKind::data, true, 0},
    {'x', CanRecordKind::data, true, 0},  // CANDapter.
    {'r', CanRecordKind::remote, false, 0},
    {'R', CanRecordKind::remote, true, 0},
    {'d', CanRecordKind::fd, false, 0},
    {'D', CanRecordKind::fd, true, 0},
    {'b', CanRecordKind::fd, false, kBitRateSwitch},
    {'B', CanRecordKind::fd, true, kBitRateSwitch},
};

/// What the first letter of an answer says, and how many characters follow; 0: any number.
struct AnswerRow {
  char letter;
  SlcanEventKind kind;
  std::size_t size;
};
constexpr AnswerRow kAnswers[] = {
    {'V', SlcanEventKind::version, 4},
    {'v', SlcanEventKind::version, 0},
    {'N', SlcanEventKind::serial, 4},
    {'F', SlcanEventKind::status, 2},
};

constexpr std::uint8_t kSizeOfFdCode[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64};

/// Hexadecimal digits, exactly so many.
Result<std::uint32_t> parse_digits(Scanner& in, std::size_t count) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i, in.skip()) {
    if (in.done()) return fail(Errc::truncated, in.at(), "slcan: more digits expected");
    const int digit = hex_value(in.peek());
    if (digit < 0) return fail(Errc::syntax, in.at(), "slcan: a hexadecimal digit expected");
    value = value << 4U | static_cast<std::uint32_t>(digit);
  }
  return value;
}

Result<void> parse_frame(Scanner& in, const FrameRow& row, SlcanEvent& event) noexcept {
  CanRecord& record = event.record;
  record.kind = row.kind;
  record.extended = row.extended;
  record.fd_flags = row.fd_flags;
  const std::size_t id_at = in.at();
  const Result<std::uint32_t> id = parse_digits(in, row.extended ? 8 : 3);
  if (!id) return fail(id.error());
  if (*id > (row.extended ? kCanExtendedIdMax : kCanIdMax)) {
    return fail(Errc::out_of_range, id_at, "slcan: the identifier does not fit its width");
  }
  record.id = *id;
  const std::size_t code_at = in.at();
  const Result<std::uint32_t> code = parse_digits(in, 1);
  if (!code) return fail(code.error());
  if (row.kind != CanRecordKind::fd && *code > kCanDataSize) {
    return fail(Errc::length, code_at, "slcan: a classic frame has at most 8 bytes");
  }
  record.size = kSizeOfFdCode[*code];
  for (std::size_t i = 0; i < record.payload().size(); ++i) {
    const Result<std::uint32_t> byte = parse_digits(in, 2);
    if (!byte) return fail(byte.error());
    record.data[i] = static_cast<std::byte>(*byte);
  }
  if (in.done()) return {};
  const std::size_t time_at = in.at();
  const Result<std::uint32_t> time = parse_digits(in, kTimestampDigits);
  if (!time || !in.done()) {
    return fail(Errc::length, time_at, "slcan: more digits than the frame needs");
  }
  if (*time > kTimestampMax) {
    return fail(Errc::out_of_range, time_at, "slcan: a time is 0 .. 59999 ms");
  }
  event.timestamp_ms = static_cast<std::uint16_t>(*time);
  return {};
}

Result<void> parse_answer(std::string_view text, const AnswerRow& row, SlcanEvent& event) noexcept {
  if (text.empty() || (row.size != 0 && text.size() < row.size)) {
    return fail(Errc::truncated, 1 + text.size(), "slcan: a longer answer expected");
  }
  if (row.size != 0 && text.size() > row.size) {
    return fail(Errc::length, 1 + row.size, "slcan: a shorter answer expected");
  }
  const auto* odd = std::find_if(text.begin(), text.end(), [&row](char c) {
    return row.kind == SlcanEventKind::status ? hex_value(c) < 0 : c <= ' ' || c > '~';
  });
  if (odd != text.end()) {
    return fail(Errc::syntax, 1 + static_cast<std::size_t>(odd - text.begin()),
                "slcan: a printable answer expected");
  }
  event.text = FixedString<16>(text);
  return {};
}

SlcanEvent refused(const Failure& why) noexcept {
  return {.kind = SlcanEventKind::refused, .why = why.error};
}

}  // namespace

std::string_view to_string(SlcanEventKind kind) noexcept {
  constexpr std::string_view kNames[] = {"ok",      "tx_ok",  "error",  "frame",
                                         "version", "serial", "status", "refused"};
  return kNames[static_cast<std::size_t>(kind)];
}

SlcanEvent parse_slcan(std::string_view line) noexcept {
  SlcanEvent event;
  if (line.empty()) return event;
  if (line == "z" || line == "Z") {
    event.kind = SlcanEventKind::sent;
    return event;
  }
  Result<void> read = fail(Errc::header, 0, "slcan: an unknown command");
  for (const FrameRow& row : kFrames) {
    if (row.letter != line.front()) continue;
    Scanner in(line);
    in.skip();
    event.kind = SlcanEventKind::frame;
    read = parse_frame(in, row, event);
  }
  for (const AnswerRow& row : kAnswers) {
    if (row.letter != line.front()) continue;
    event.kind = row.kind;
    read = parse_answer(line.substr(1), row, event);
  }
  if (!read) return refused(fail(read.error()));
  return event;
}

std::optional<SlcanEvent> SlcanParser::push(std::byte byte) noexcept {
  const char c = std::to_integer<char>(byte);
  if (c == kBell) {
    size_ = 0;
    return SlcanEvent{.kind = SlcanEventKind::error};
  }
  if (c == '\r') {
    const std::size_t size = std::exchange(size_, 0);
    if (size <= line_.size()) return parse_slcan({line_.data(), size});
    return refused(fail(Errc::length, kSlcanLineMax, "slcan: the line is too long"));
  }
  if (c == '\n' && size_ == 0) return std::nullopt;  // Of an adapter that ends lines with both.
  if (size_ < line_.size()) line_[size_] = c;
  if (size_ <= line_.size()) ++size_;
  return std::nullopt;
}

std::string_view encode_slcan(const CanFrame& frame, std::span<char> out) noexcept {
  EMS_ASSERT(frame.valid() && out.size() >= kSlcanFrameSize);
  Printer line(out);
  const char letter = frame.remote ? 'r' : 't';
  line.put(frame.extended ? static_cast<char>(letter - 'a' + 'A') : letter);
  line.hex(frame.id, frame.extended ? 8 : 3);
  line.hex(frame.size, 1);
  for (const std::byte byte : frame.payload()) line.hex(std::to_integer<std::uint32_t>(byte), 2);
  line.put('\r');
  return line.text();
}

Result<std::string_view> slcan_open_sequence(std::uint32_t bit_rate, bool listen_only,
                                             std::span<char> out) noexcept {
  EMS_ASSERT(out.size() >= kSlcanOpenSize);
  const auto* found = std::find(kSlcanBitRates.begin(), kSlcanBitRates.end(), bit_rate);
  if (found == kSlcanBitRates.end()) {
    return fail(Errc::invalid_argument, 0, "slcan: adapters have no name for this bit rate");
  }
  Printer line(out);
  line.put("C\rC\rC\rS");
  line.decimal(static_cast<std::uint64_t>(found - kSlcanBitRates.begin()), 1);
  line.put(listen_only ? "\rL\r" : "\rO\r");
  return line.text();
}

}  // namespace ems::protocol
