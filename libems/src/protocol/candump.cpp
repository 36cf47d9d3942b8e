// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/candump.hpp"

namespace ems::protocol {
namespace {

constexpr std::uint32_t kErrorFlag = 0x20000000;  // In 8-digit identifiers.
constexpr std::size_t kShortIdDigits = 3;
constexpr std::size_t kLongIdDigits = 8;
constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ - 1.
constexpr std::size_t kSecondDigitsMax = 12;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::uint8_t kFdFlagsMax = 3;
constexpr std::string_view kRemoteRequest = "remote request";
constexpr std::string_view kErrorFrame = "ERRORFRAME";

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_fd_size(std::size_t size) noexcept {
  return size <= kCanDataSize || size == 12 || size == 16 || size == 20 || size == 24 ||
         size == 32 || size == 48 || size == kCanFdDataSize;
}

/// Reads one line from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] bool done() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip(std::size_t count = 1) noexcept { at_ += count; }
  void skip_rest() noexcept { at_ = text_.size(); }
  bool take(char c) noexcept {
    if (peek() != c || done()) return false;
    skip();
    return true;
  }
  bool take(std::string_view word) noexcept {
    if (text_.substr(at_).substr(0, word.size()) != word) return false;
    skip(word.size());
    return true;
  }
  std::size_t skip_spaces() noexcept {
    const std::size_t start = at_;
    while (peek() == ' ') skip();
    return at_ - start;
  }
  /// The word up to the next space; the scanner moves behind it.
  std::string_view word() noexcept {
    const std::size_t start = at_;
    while (!done() && peek() != ' ') skip();
    return text_.substr(start, at_ - start);
  }
  [[nodiscard]] Failure wrong(const char* what) const noexcept {
    return fail(Errc::syntax, at_, what);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// `1699999999.123456)`: 6 digits behind the point, or 9, of which 3 are dropped.
Result<Duration> parse_time(Scanner& in) noexcept {
  const std::size_t start = in.at();
  std::int64_t whole = 0;
  while (is_digit(in.peek())) {
    if (in.at() - start == kSecondDigitsMax) {
      return fail(Errc::out_of_range, start, "the time does not fit");
    }
    whole = whole * 10 + (in.peek() - '0');
    in.skip();
  }
  if (in.at() == start || !in.take('.')) return in.wrong("seconds.microseconds expected");
  std::int64_t micros = 0;
  const std::size_t fraction = in.at();
  for (; is_digit(in.peek()); in.skip()) {
    if (in.at() - fraction < 6) micros = micros * 10 + (in.peek() - '0');
  }
  const std::size_t digits = in.at() - fraction;
  if ((digits != 6 && digits != 9) || !in.take(')')) {
    return in.wrong("seconds.microseconds expected");
  }
  return Duration{whole * kMicrosPerSecond + micros};
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

/// One byte, two digits. @pre the next character is a digit.
Result<void> parse_byte(Scanner& in, std::size_t size_max, CandumpRecord& record) noexcept {
  const int high = hex_value(in.peek());
  const int low = hex_value(in.peek(1));
  if (high < 0) return in.wrong("a hexadecimal byte expected");
  if (low < 0) return fail(Errc::syntax, in.at() + 1, "a hexadecimal byte expected");
  if (record.size == size_max) {
    return fail(Errc::length, in.at(), "more bytes than the frame holds");
  }
  record.data[record.size++] = static_cast<std::byte>(high << 4 | low);
  in.skip(2);
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

/// What follows the identifier: `[8]  14 02 74 0E 74 0E CC 01`. CAN FD writes `[08]`.
Result<void> parse_console_data(Scanner& in, CandumpRecord& record) noexcept {
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
  if (fd && record.kind == CandumpKind::data) record.kind = CandumpKind::fd;
  in.skip_spaces();
  if (record.kind == CandumpKind::data && in.take(kRemoteRequest)) {
    record.kind = CandumpKind::remote;
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
  if (record.kind == CandumpKind::error && in.take(kErrorFrame)) return {};
  if (in.peek() == '\'') in.skip_rest();  // The bytes once more, as text.
  return {};
}

std::string_view trimmed(std::string_view line) noexcept {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

/// Writes from left to right; the room is checked once, by print_candump().
class Printer {
 public:
  explicit Printer(std::span<char> out) noexcept : out_(out) {}
  void put(char c) noexcept { out_[size_++] = c; }
  void put(std::string_view text) noexcept {
    for (const char c : text) put(c);
  }
  void hex(std::uint32_t value, unsigned digits) noexcept {
    for (unsigned i = digits; i-- > 0;) put("0123456789ABCDEF"[value >> (4 * i) & 0xFU]);
  }
  void decimal(std::uint64_t value, unsigned digits) noexcept {
    std::array<char, 20> text{};
    std::size_t count = 0;
    for (; value > 0 || count < digits; value /= 10) {
      text[count++] = static_cast<char>('0' + value % 10);
    }
    while (count > 0) put(text[--count]);
  }
  [[nodiscard]] std::string_view text() const noexcept { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
};

}  // namespace

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
  const Result<void> data = is_log ? parse_log_data(in, record) : parse_console_data(in, record);
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

Result<CanFrame> to_can_frame(const CandumpRecord& record) noexcept {
  if (record.kind == CandumpKind::fd) {
    return fail(Errc::unimplemented, 0, "a CAN FD frame; battery protocols use classic CAN");
  }
  if (record.kind == CandumpKind::error) {
    return fail(Errc::unimplemented, 0, "an error frame: a report of the controller, no bus data");
  }
  CanFrame frame{.id = record.id,
                 .extended = record.extended,
                 .remote = record.kind == CandumpKind::remote,
                 .size = record.size};
  const Bytes data = record.payload();
  std::copy(data.begin(), data.end(), frame.data.begin());
  return frame;
}

CandumpRecord to_candump(const CanFrame& frame, std::optional<Duration> time,
                         std::string_view interface_name) noexcept {
  EMS_ASSERT(frame.valid());
  CandumpRecord record{.time = time, .interface_name = FixedString<16>(interface_name)};
  record.kind = frame.remote ? CandumpKind::remote : CandumpKind::data;
  record.id = frame.id;
  record.extended = frame.extended;
  record.size = frame.size;
  const Bytes data = frame.payload();
  std::copy(data.begin(), data.end(), record.data.begin());
  return record;
}

}  // namespace ems::protocol
