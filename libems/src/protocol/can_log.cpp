// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_log.hpp"

#include <algorithm>
#include <utility>

#include "ems/protocol/candump.hpp"
#include "protocol/can_text.hpp"

namespace ems::protocol {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace): the words of this file

constexpr std::size_t kTraceShortIdDigits = 4;
constexpr std::size_t kTraceLongIdDigits = 8;
constexpr std::uint32_t kTraceStatusId = 0xFFFFFFFF;  // Of version 1.0: no frame.
constexpr std::int64_t kMillisPerSecond = 1'000;
constexpr std::uint8_t kBitRateSwitch = 1;
constexpr std::uint8_t kErrorState = 2;
constexpr std::uint8_t kSizeOfFdCode[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64};

constexpr std::string_view kVersionKey = ";$FILEVERSION=";
constexpr std::string_view kColumnsKey = ";$COLUMNS=";
constexpr std::string_view kKnownColumns = "NOTBIdRLlD";

struct VersionRow {
  std::string_view version;
  std::string_view columns;
  bool numbered_types;
};
constexpr VersionRow kVersions[] = {
    {"1.0", "NOIlD", false},    {"1.1", "NOTIlD", false}, {"1.2", "NOBTIlD", false},
    {"1.3", "NOBTIRlD", false}, {"2.0", "NOTIdlD", true}, {"2.1", "NOTBIdRlD", true},
};

/// The types of version 2 that are frames.
struct TypeRow {
  std::string_view word;
  CanRecordKind kind;
  std::uint8_t fd_flags;
};
constexpr TypeRow kTypes[] = {
    {"DT", CanRecordKind::data, 0},         {"RR", CanRecordKind::remote, 0},
    {"FD", CanRecordKind::fd, 0},           {"FB", CanRecordKind::fd, kBitRateSwitch},
    {"FE", CanRecordKind::fd, kErrorState}, {"BI", CanRecordKind::fd, kBitRateSwitch | kErrorState},
};

/// Hexadecimal digits; how many tells the width.
Result<void> parse_hex_id(Scanner& in, std::size_t& digits, std::uint32_t& id) noexcept {
  const std::size_t start = in.at();
  id = 0;
  for (; hex_value(in.peek()) >= 0; in.skip()) {
    if (in.at() - start == kTraceLongIdDigits) {
      return in.wrong("an identifier has at most 8 digits");
    }
    id = id << 4U | static_cast<std::uint32_t>(hex_value(in.peek()));
  }
  digits = in.at() - start;
  if (digits == 0) return in.wrong("an identifier expected");
  return {};
}

Result<void> parse_trace_id(Scanner& in, CanRecord& record) noexcept {
  const std::size_t start = in.at();
  std::size_t digits = 0;
  if (const Result<void> id = parse_hex_id(in, digits, record.id); !id) return id;
  if (digits != kTraceShortIdDigits && digits != kTraceLongIdDigits) {
    return fail(Errc::syntax, start, "an identifier has 4 or 8 digits");
  }
  if (record.id == kTraceStatusId) {
    return fail(Errc::unimplemented, start, "a report of the adapter, no frame");
  }
  record.extended = digits == kTraceLongIdDigits;
  if (record.id > (record.extended ? kCanExtendedIdMax : kCanIdMax)) {
    return fail(Errc::out_of_range, start, "the identifier does not fit its width");
  }
  return {};
}

Result<void> parse_trace_type(Scanner& in, bool numbered, CanRecord& record) noexcept {
  const std::size_t start = in.at();
  const std::string_view word = in.word();
  if (!numbered && (word == "Rx" || word == "Tx")) return {};
  for (const TypeRow& row : kTypes) {
    if (!numbered || row.word != word) continue;
    record.kind = row.kind;
    record.fd_flags = row.fd_flags;
    return {};
  }
  return fail(Errc::unimplemented, start, "a report of the adapter, no frame");
}

/// `L`: bytes; `l`: the length code, which is the same up to 8.
Result<void> parse_trace_size(Scanner& in, bool is_code, CanRecord& record) noexcept {
  const std::size_t start = in.at();
  std::size_t size = 0;
  for (; is_digit(in.peek()) && in.at() - start < 2; in.skip()) {
    size = size * 10 + static_cast<std::size_t>(in.peek() - '0');
  }
  if (in.at() == start || is_digit(in.peek())) return in.wrong("a length expected");
  const bool fd = record.kind == CanRecordKind::fd;
  if (fd && is_code && size < std::size(kSizeOfFdCode)) size = kSizeOfFdCode[size];
  if (fd ? !is_fd_size(size) : size > kCanDataSize) {
    return fail(Errc::length, start, "no frame has so many bytes");
  }
  record.size = static_cast<std::uint8_t>(size);
  return {};
}

/// The bytes, or `RTR`.
Result<void> parse_trace_data(Scanner& in, CanRecord& record) noexcept {
  if (record.kind == CanRecordKind::data && in.take("RTR")) record.kind = CanRecordKind::remote;
  if (record.kind == CanRecordKind::remote) {
    if (in.done()) return {};
    return fail(Errc::length, in.at(), "more bytes than the frame holds");
  }
  const std::size_t size = std::exchange(record.size, 0);
  while (record.size < size) {
    if (const Result<void> byte = parse_byte(in, size, record); !byte) return byte;
    if (in.skip_spaces() == 0 && !in.done()) return in.wrong("a space expected");
  }
  if (in.done()) return {};
  return fail(Errc::length, in.at(), "more bytes than the line says");
}

/// `     1)`, or without the parenthesis.
Result<void> parse_trace_number(Scanner& in) noexcept {
  const std::size_t start = in.at();
  while (is_digit(in.peek())) in.skip();
  if (in.at() == start) return in.wrong("a number expected");
  (void)in.take(')');  // Version 2 has none.
  return {};
}

Result<void> parse_trace_time(Scanner& in, CanRecord& record) noexcept {
  const Result<Decimal> millis = parse_decimal(in);
  if (!millis) return fail(millis.error());
  record.time = Duration{millis->millionths / kMillisPerSecond};
  return {};
}

Result<void> parse_column(Scanner& in, char column, bool numbered, CanRecord& record) noexcept {
  switch (column) {
    case 'N':
      return parse_trace_number(in);
    case 'O':
      return parse_trace_time(in, record);
    case 'T':
      return parse_trace_type(in, numbered, record);
    case 'I':
      return parse_trace_id(in, record);
    case 'L':
      return parse_trace_size(in, false, record);
    case 'l':
      return parse_trace_size(in, true, record);
    case 'B':
      record.interface_name = FixedString<16>(in.word());
      return {};
    default:
      (void)in.word();
      return {};  // Direction and what is reserved.
  }
}

/// The length, and in version 2 the type, decide how the data are read; these are the rest.
bool can_be_read(std::string_view columns, bool numbered_types) noexcept {
  const std::size_t length = columns.find_first_of("Ll");
  return length < columns.size() && columns.back() == 'D' && columns.find('I') < length &&
         (!numbered_types || columns.find('T') < length);
}

std::string_view value_behind(std::string_view key, std::string_view line) noexcept {
  return line.substr(0, key.size()) == key ? line.substr(key.size()) : std::string_view{};
}

bool is_battery_emulator(std::string_view line) noexcept {
  if (line.empty() || line.front() != '(') return false;
  const std::size_t close = line.find(") ");
  const std::string_view name =
      close == std::string_view::npos ? "" : line.substr(close + 2).substr(0, 3);
  return name.size() == 3 && (name.starts_with("RX") || name.starts_with("TX")) &&
         is_digit(name[2]);
}

/// `     1)`: the first column of a trace without a header.
bool is_numbered(std::string_view line) noexcept {
  Scanner in(line);
  in.skip_spaces();
  const std::size_t start = in.at();
  while (is_digit(in.peek())) in.skip();
  return in.at() > start && in.peek() == ')';
}

}  // namespace

Result<CanRecord> parse_battery_emulator(std::string_view line) noexcept {
  CanRecord record;
  Scanner in(trimmed(line));
  if (!in.take('(')) return in.wrong("( expected");
  const Result<Decimal> time = parse_decimal(in);
  if (!time) return fail(time.error());
  record.time = Duration{time->millionths};
  if (!in.take(") ")) return in.wrong(") and a space expected");
  const std::size_t name_at = in.at();
  const std::string_view name = in.word();
  if (name.size() < 3 || name.size() > 15 || !(name.starts_with("RX") || name.starts_with("TX"))) {
    return fail(Errc::syntax, name_at, "RX or TX with a number expected");
  }
  record.interface_name = FixedString<16>(name);
  if (in.skip_spaces() == 0) return in.wrong("a frame expected");
  const std::size_t id_at = in.at();
  std::size_t digits = 0;
  if (const Result<void> id = parse_hex_id(in, digits, record.id); !id) return fail(id.error());
  if (record.id > kCanExtendedIdMax) {
    return fail(Errc::out_of_range, id_at, "the identifier does not fit its width");
  }
  record.extended = record.id > kCanIdMax;
  if (in.skip_spaces() == 0) return in.wrong("a space expected");
  if (const Result<void> data = parse_sized_data(in, record); !data) return fail(data.error());
  if (!in.done()) return in.wrong("nothing may follow the frame");
  return record;
}

Result<void> PcanTraceReader::read_header(std::string_view line) noexcept {
  std::string_view columns;
  char room[kKnownColumns.size() * 2] = {};
  if (const std::string_view version = value_behind(kVersionKey, line); !version.empty()) {
    known_ = false;
    for (const VersionRow& row : kVersions) {
      if (row.version != version) continue;
      numbered_types_ = row.numbered_types;
      columns = row.columns;
    }
    if (columns.empty()) {
      return fail(Errc::unimplemented, kVersionKey.size(), "a version that is not known");
    }
  } else if (const std::string_view named = value_behind(kColumnsKey, line); !named.empty()) {
    known_ = false;
    std::size_t count = 0;
    for (std::size_t i = 0; i < named.size(); ++i) {
      if (i % 2 == 1 ? named[i] == ',' : kKnownColumns.find(named[i]) < kKnownColumns.size()) {
        if (i % 2 == 0 && count < std::size(room)) room[count++] = named[i];
        continue;
      }
      return fail(Errc::unimplemented, kColumnsKey.size() + i, "a column that is not known");
    }
    columns = {room, count};
  } else {
    return {};  // A comment.
  }
  if (columns.size() > columns_.size() || !can_be_read(columns, numbered_types_)) {
    return fail(Errc::unimplemented, kColumnsKey.size(), "columns in an order that is not known");
  }
  columns_ = {};
  std::copy(columns.begin(), columns.end(), columns_.begin());
  known_ = true;
  return {};
}

Result<std::optional<CanRecord>> PcanTraceReader::read(std::string_view line) noexcept {
  line = trimmed(line);
  if (line.find_first_not_of(" \t") == std::string_view::npos) return std::optional<CanRecord>{};
  if (line.front() == ';') {
    if (const Result<void> header = read_header(line); !header) return fail(header.error());
    return std::optional<CanRecord>{};
  }
  if (!known_) return fail(Errc::unimplemented, 0, "a version that is not known");
  CanRecord record;
  Scanner in(line);
  for (const char column : columns_) {
    in.skip_spaces();
    const Result<void> read = column == 'D' ? parse_trace_data(in, record)
                                            : parse_column(in, column, numbered_types_, record);
    if (!read) return fail(read.error());
    if (column == 'D') break;
    if (!in.done() && in.peek() != ' ') return in.wrong("a space expected");
  }
  return std::optional{record};
}

Result<std::optional<CanRecord>> CanLogReader::read(std::string_view line) noexcept {
  line = trimmed(line);
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] == '#') return std::optional<CanRecord>{};
  if (line[first] == ';') is_trace_ = true;
  if (is_trace_ || is_numbered(line)) return trace_.read(line);
  const Result<CanRecord> record =
      is_battery_emulator(line) ? parse_battery_emulator(line) : parse_candump(line);
  if (!record) return fail(record.error());
  return std::optional{*record};
}

}  // namespace ems::protocol
