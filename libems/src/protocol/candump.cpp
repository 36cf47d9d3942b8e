// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/candump.hpp"

#include "protocol/can_text.hpp"

namespace ems::protocol {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace): the words of this file

constexpr std::uint32_t kErrorFlag = 0x20000000;  // In 8-digit identifiers.
constexpr std::size_t kShortIdDigits = 3;
constexpr std::size_t kLongIdDigits = 8;
constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ - 1.
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::uint8_t kFdFlagsMax = 3;

/// `1699999999.123456)`: 6 digits behind the point, or 9, of which 3 are dropped.
Result<Duration> parse_time(Scanner& in) noexcept {
  const Result<Decimal> time = parse_decimal(in);
  if (!time) return fail(time.error());
  if ((time->decimals != 6 && time->decimals != 9) || !in.take(')')) {
    return in.wrong("seconds.microseconds expected");
  }
  return Duration{time->millionths};
}

/// 3 digits: 11 bit; 8 digits: 29 bit, or the class of an error frame.
Result<void> parse_id(Scanner& in, CandumpRecord& record) noexcept {
  const std::size_t start = in.at();
  std::uint32_t id = 0;
  for (; hex_value(in.peek()) >= 0; in.skip()) {
    if (in.at() - start == kLongIdDigits) return in.wrong("an identifier has 3 or 8 digits");
    id = id << 4U | static_cast<std::uint32_t>(hex_value(in.peek()));
  }
  const std::size_t digits = in.at() - start;
  if (digits != kShortIdDigits && digits != kLongIdDigits) {
    return in.wrong("an identifier has 3 or 8 digits");
  }
  const bool is_long = digits == kLongIdDigits;
  if (is_long && (id & kErrorFlag) != 0) {
    record.kind = CandumpKind::error;
    id &= ~kErrorFlag;
  } else {
    record.extended = is_long;
  }
  if (id > (is_long ? kCanExtendedIdMax : kCanIdMax)) {
    return fail(Errc::out_of_range, start, "the identifier does not fit its width");
  }
  record.id = id;
  return {};
}

/// `_9` .. `_F`: what the length code of an 8-byte frame really was.
Result<void> parse_raw_dlc(Scanner& in, CandumpRecord& record) noexcept {
  if (record.size != kCanDataSize || !in.take('_')) return {};
  const int dlc = hex_value(in.peek());
  if (dlc <= static_cast<int>(kCanDataSize)) return in.wrong("a length code of 9 .. F expected");
  record.raw_dlc = static_cast<std::uint8_t>(dlc);
  in.skip();
  return {};
}

/// What follows the first `#`.
Result<void> parse_log_data(Scanner& in, CandumpRecord& record) noexcept {
  const bool error = record.kind == CandumpKind::error;
  if (in.peek() == 'R' && !error) {
    in.skip();
    record.kind = CandumpKind::remote;
    if (in.peek() >= '0' && in.peek() <= '8') {
      record.size = static_cast<std::uint8_t>(in.peek() - '0');
      in.skip();
    }
    return parse_raw_dlc(in, record);
  }
  std::size_t size_max = kCanDataSize;
  if (in.peek() == '#' && !error) {
    in.skip();
    const int flags = hex_value(in.peek());
    if (flags < 0 || flags > kFdFlagsMax) return in.wrong("CAN FD flags of 0 .. 3 expected");
    in.skip();
    record.kind = CandumpKind::fd;
    record.fd_flags = static_cast<std::uint8_t>(flags);
    size_max = kCanFdDataSize;
  }
  while (hex_value(in.peek()) >= 0) {
    if (const Result<void> byte = parse_byte(in, size_max, record); !byte) return byte;
    if (in.peek() == '.' && hex_value(in.peek(1)) >= 0) in.skip();
  }
  if (record.kind == CandumpKind::fd) {
    if (is_fd_size(record.size)) return {};
    return fail(Errc::length, in.at(), "no CAN FD frame has so many bytes");
  }
  return parse_raw_dlc(in, record);
}

Result<void> parse_log_frame(Scanner& in, CandumpRecord& record) noexcept {
  if (const Result<void> id = parse_id(in, record); !id) return id;
  if (!in.take('#')) return in.wrong("# expected");
  return parse_log_data(in, record);
}

}  // namespace

Result<void> detail::parse_sized_data(Scanner& in, CanRecord& record) noexcept {
  if (!in.take('[')) return in.wrong("[ expected");
  const std::size_t start = in.at();
  std::size_t size = 0;
  for (; is_digit(in.peek()) && in.at() - start < 2; in.skip()) {
    size = size * 10 + static_cast<std::size_t>(in.peek() - '0');
  }
  const bool fd = in.at() - start == 2;
  if (in.at() == start || !in.take(']')) return in.wrong("a length in brackets expected");
  if (fd ? !is_fd_size(size) : size > kCanDataSize) {
    return fail(Errc::length, start, "no frame has so many bytes");
  }
  if (fd && record.kind == CanRecordKind::data) record.kind = CanRecordKind::fd;
  in.skip_spaces();
  if (record.kind == CanRecordKind::data && in.take("remote request")) {
    record.kind = CanRecordKind::remote;
    record.size = static_cast<std::uint8_t>(size);
    return {};
  }
  while (record.size < size) {
    if (const Result<void> byte = parse_byte(in, size, record); !byte) return byte;
    if (in.skip_spaces() == 0 && !in.done()) return in.wrong("a space expected");
  }
  if (hex_value(in.peek()) >= 0 && hex_value(in.peek(1)) >= 0) {
    return fail(Errc::length, in.at(), "more bytes than the line says");
  }
  if (record.kind == CanRecordKind::error && in.take("ERRORFRAME")) return {};
  if (in.peek() == '\'') in.skip_rest();  // The bytes once more, as text.
  return {};
}

Result<CandumpRecord> parse_can_text(std::string_view text) noexcept {
  CandumpRecord record;
  Scanner in(text);
  if (const Result<void> frame = parse_log_frame(in, record); !frame) return fail(frame.error());
  if (!in.done()) return in.wrong("nothing may follow the frame");
  return record;
}

Result<CandumpRecord> parse_candump(std::string_view line) noexcept {
  CandumpRecord record;
  Scanner in(trimmed(line));
  in.skip_spaces();
  if (in.take('(')) {
    const Result<Duration> time = parse_time(in);
    if (!time) return fail(time.error());
    record.time = *time;
    if (in.skip_spaces() == 0) return in.wrong("a space expected");
  }
  const std::size_t name_at = in.at();
  const std::string_view name = in.word();
  if (name.empty() || name.size() > kInterfaceNameMax) {
    return fail(Errc::syntax, name_at, "the name of a CAN interface expected");
  }
  record.interface_name = FixedString<16>(name);
  if (in.skip_spaces() == 0) return in.wrong("a frame expected");
  if (const Result<void> id = parse_id(in, record); !id) return fail(id.error());
  const bool is_log = in.take('#');
  if (!is_log && in.skip_spaces() == 0) return in.wrong("# or a space expected");
  const Result<void> data = is_log ? parse_log_data(in, record) : parse_sized_data(in, record);
  if (!data) return fail(data.error());
  if (is_log && !in.take(" R")) (void)in.take(" T");  // The direction, where `-x` asked for it.
  if (!in.done()) return in.wrong("nothing may follow the frame");
  return record;
}

std::string_view print_candump(const CandumpRecord& record, std::span<char> out) noexcept {
  EMS_ASSERT(out.size() >= kCandumpLineSize);
  Printer line(out);
  if (record.time) {
    const auto micros = static_cast<std::uint64_t>(max_of(*record.time, Duration::zero()).count());
    line.put('(');
    line.decimal(micros / kMicrosPerSecond, 10);
    line.put('.');
    line.decimal(micros % kMicrosPerSecond, 6);
    line.put(") ");
  }
  line.put(record.interface_name.view());
  line.put(' ');
  const bool error = record.kind == CandumpKind::error;
  const bool is_long = record.extended || error;
  line.hex(record.id | (error ? kErrorFlag : 0U),
           static_cast<unsigned>(is_long ? kLongIdDigits : kShortIdDigits));
  line.put('#');
  if (record.kind == CandumpKind::fd) {
    line.put('#');
    line.hex(record.fd_flags, 1);
  }
  if (record.kind == CandumpKind::remote) {
    line.put('R');
    if (record.size > 0) line.hex(record.size, 1);
  }
  for (const std::byte byte : record.payload()) line.hex(std::to_integer<std::uint32_t>(byte), 2);
  if (record.raw_dlc > 0) {
    line.put('_');
    line.hex(record.raw_dlc, 1);
  }
  return line.text();
}

}  // namespace ems::protocol
