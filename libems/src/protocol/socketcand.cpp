// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/socketcand.hpp"

#include <algorithm>

#include "protocol/can_text.hpp"

namespace ems::protocol {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace): the words of this file

constexpr std::uint32_t kErrorFlag = 0x20000000;
constexpr std::size_t kShortIdDigits = 3;
constexpr std::size_t kLongIdDigits = 8;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

/// Up to 3 digits: 11 bit; up to 8: 29 bit. Servers and clients alike leave out zeros.
Result<void> parse_frame_id(Scanner& in, CanRecord& record) noexcept {
  const std::size_t start = in.at();
  std::uint32_t id = 0;
  for (; hex_value(in.peek()) >= 0; in.skip()) {
    if (in.at() - start == kLongIdDigits) return in.wrong("an identifier has up to 8 digits");
    id = id << 4U | static_cast<std::uint32_t>(hex_value(in.peek()));
  }
  if (in.at() == start) return in.wrong("an identifier expected");
  record.extended = in.at() - start > kShortIdDigits;
  if (record.kind == CanRecordKind::error) {
    record.extended = false;
    id &= ~kErrorFlag;
  }
  const bool wide = record.extended || record.kind == CanRecordKind::error;
  if (id > (wide ? kCanExtendedIdMax : kCanIdMax)) {
    return fail(Errc::out_of_range, start, "the identifier does not fit its width");
  }
  record.id = id;
  return {};
}

Result<void> parse_space(Scanner& in) noexcept {
  if (in.skip_spaces() == 0 && !in.done()) return in.wrong("a space expected");
  return {};
}

Result<void> parse_time(Scanner& in, CanRecord& record) noexcept {
  const Result<Decimal> time = parse_decimal(in);
  if (!time) return fail(time.error());
  record.time = Duration{time->millionths};
  return parse_space(in);
}

/// `351 23.424242 1402740E`: the bytes in one word, or (BCM mode) one word each.
Result<void> parse_frame(Scanner& in, CanRecord& record) noexcept {
  if (const Result<void> id = parse_frame_id(in, record); !id) return id;
  if (in.skip_spaces() == 0) return in.wrong("a time expected");
  if (const Result<void> time = parse_time(in, record); !time) return time;
  while (!in.done()) {
    if (const Result<void> byte = parse_byte(in, kCanDataSize, record); !byte) return byte;
    in.skip_spaces();
  }
  return {};
}

/// `1AAAAAAA 2 1 f1`: the number of bytes, then one or two digits each.
Result<void> parse_send(Scanner& in, CanRecord& record) noexcept {
  if (const Result<void> id = parse_frame_id(in, record); !id) return id;
  if (in.skip_spaces() == 0) return in.wrong("a number of bytes expected");
  const std::size_t size_at = in.at();
  if (!is_digit(in.peek())) return in.wrong("a number of bytes expected");
  const auto size = static_cast<std::size_t>(in.peek() - '0');
  in.skip();
  if (size > kCanDataSize || is_digit(in.peek())) {
    return fail(Errc::length, size_at, "a frame holds at most 8 bytes");
  }
  if (const Result<void> space = parse_space(in); !space) return space;
  while (record.size < size && !in.done()) {
    const int high = hex_value(in.peek());
    if (high < 0) return in.wrong("a hexadecimal byte expected");
    in.skip();
    const int low = hex_value(in.peek());
    if (low >= 0) in.skip();
    record.data[record.size++] = static_cast<std::byte>(low < 0 ? high : high << 4 | low);
    if (const Result<void> space = parse_space(in); !space) return space;
  }
  if (record.size == size && in.done()) return {};
  return fail(Errc::length, size_at, "other bytes than the message says");
}

/// `20000004 1700000000.5 00..`: told of the controller. Other errors are sentences.
bool is_bus_error(std::string_view rest) noexcept {
  Scanner in(rest);
  CanRecord record{.kind = CanRecordKind::error};
  return parse_frame_id(in, record) && in.skip_spaces() > 0 && parse_time(in, record);
}

std::string_view stripped(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

void put_id(Printer& line, const CanFrame& frame) noexcept {
  line.hex(frame.id, static_cast<unsigned>(frame.extended ? kLongIdDigits : kShortIdDigits));
  line.put(' ');
}

}  // namespace

Result<SocketcandMessage> parse_socketcand(std::string_view text) noexcept {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  Scanner in(text);
  in.skip_spaces();
  const std::string_view word = in.word();
  in.skip_spaces();
  const std::string_view rest = text.substr(in.at());
  SocketcandMessage message;
  Result<void> read{};
  if (word == "hi") {
    message.kind = SocketcandKind::hi;
  } else if (word == "ok") {
    message.kind = SocketcandKind::ok;
  } else if (word == "frame") {
    message.kind = SocketcandKind::frame;
    read = parse_frame(in, message.record);
  } else if (word == "send") {
    message.kind = SocketcandKind::send;
    read = parse_send(in, message.record);
  } else if (word == "error" && is_bus_error(rest)) {
    message.kind = SocketcandKind::bus_error;
    message.record.kind = CanRecordKind::error;
    read = parse_frame(in, message.record);
  } else if (word == "error") {
    message.kind = SocketcandKind::error;
    message.text = FixedString<64>(stripped(rest));
  } else if (word == "fdframe" || word == "fdsend") {
    read = fail(Errc::unimplemented, 0, "a CAN FD frame; battery protocols use classic CAN");
  }
  if (!read) return fail(read.error());
  return message;
}

std::optional<Result<SocketcandMessage>> SocketcandScanner::push(std::byte byte) noexcept {
  const char c = std::to_integer<char>(byte);
  if (c == '<') {
    inside_ = true;
    size_ = 0;
    return std::nullopt;
  }
  if (!inside_) return std::nullopt;
  if (c == '>') {
    inside_ = false;
    if (size_ <= text_.size()) return parse_socketcand({text_.data(), size_});
    return fail(Errc::length, kSocketcandMessageMax, "the message is too long");
  }
  if (size_ < text_.size()) text_[size_] = c;
  if (size_ <= text_.size()) ++size_;
  return std::nullopt;
}

Result<std::string_view> encode_socketcand(const CanFrame& frame, std::span<char> out) noexcept {
  EMS_ASSERT(frame.valid() && out.size() >= kSocketcandFrameSize);
  if (frame.remote) return fail(Errc::unimplemented, 0, "socketcand sends no remote frames");
  Printer line(out);
  line.put("< send ");
  put_id(line, frame);
  line.decimal(frame.size, 1);
  for (const std::byte byte : frame.payload()) {
    const auto value = std::to_integer<std::uint32_t>(byte);
    line.put(' ');
    for (unsigned digit = value > 0xF ? 2 : 1; digit-- > 0;) {
      line.put("0123456789abcdef"[value >> (4 * digit) & 0xFU]);
    }
  }
  line.put(" >");
  return line.text();
}

std::string_view print_socketcand(const CanFrame& frame, Duration time,
                                  std::span<char> out) noexcept {
  EMS_ASSERT(frame.valid() && !frame.remote && time >= Duration::zero());
  EMS_ASSERT(out.size() >= kSocketcandFrameSize);
  Printer line(out);
  line.put("< frame ");
  put_id(line, frame);
  const auto micros = static_cast<std::uint64_t>(time.count());
  line.decimal(micros / kMicrosPerSecond, 1);
  line.put('.');
  line.decimal(micros % kMicrosPerSecond, 6);
  line.put(' ');
  for (const std::byte byte : frame.payload()) line.hex(std::to_integer<std::uint32_t>(byte), 2);
  line.put(" >");
  return line.text();
}

bool is_socketcand_bus(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kSocketcandBusMax &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '<' && c != '>'; });
}

SocketcandClient::SocketcandClient(std::string_view bus) noexcept {
  EMS_ASSERT(is_socketcand_bus(bus));
  for (const std::string_view part : {std::string_view("< open "), bus, std::string_view(" >")}) {
    EMS_ASSERT(open_.append(part));
  }
}

std::string_view SocketcandClient::take(const SocketcandMessage& message) noexcept {
  if (state_ == State::open || state_ == State::refused) return {};
  if (message.kind == SocketcandKind::error) {
    state_ = State::refused;
    reason_ = message.text;
    return {};
  }
  if (message.kind == SocketcandKind::hi && state_ == State::greeting) {
    state_ = State::opening;
    return open_.view();
  }
  if (message.kind != SocketcandKind::ok) return {};
  if (state_ == State::opening) {
    state_ = State::choosing_mode;
    return "< rawmode >";
  }
  if (state_ == State::choosing_mode) state_ = State::open;
  return {};
}

}  // namespace ems::protocol
