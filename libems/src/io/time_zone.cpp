// SPDX-License-Identifier: Apache-2.0
#include "ems/io/time_zone.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace ems::io {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kHeaderSize = 44;
constexpr std::size_t kFileSizeMax = 256 * 1024;
constexpr std::size_t kNameMax = 64;
constexpr std::int64_t kOffsetMax = 26 * 3'600;  // RFC 8536, 3.2: utoff.

/// Big-endian reads that never leave the data.
class Cursor {
 public:
  explicit Cursor(Bytes data) : data_(data) {}
  [[nodiscard]] bool has(std::size_t size) const noexcept { return data_.size() - at_ >= size; }
  std::uint64_t number(std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | std::to_integer<std::uint8_t>(data_[at_ + i]);
    }
    at_ += size;
    return value;
  }
  std::int32_t int32() noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4)));
  }
  void skip(std::size_t size) noexcept { at_ += size; }
  [[nodiscard]] Bytes rest() const noexcept { return data_.subspan(at_); }

 private:
  Bytes data_;
  std::size_t at_ = 0;
};

/// The counts of a TZif header.
struct Counts {
  std::size_t ut = 0, std = 0, leap = 0, time = 0, type = 0, chars = 0;
  [[nodiscard]] std::size_t data_size(std::size_t time_size) const noexcept {
    return time * time_size + time + type * 6 + chars + leap * (time_size + 4) + std + ut;
  }
};

Result<Counts> read_header(Cursor& in) {
  constexpr std::uint32_t kMagic = 0x545A6966;  // "TZif"
  if (!in.has(kHeaderSize)) return fail(Errc::corrupt, 0, "time zone: not a TZif file");
  if (in.number(4) != kMagic) return fail(Errc::corrupt, 0, "time zone: not a TZif file");
  if (in.number(1) < '2') return fail(Errc::corrupt, 0, "time zone: a TZif file of version 1");
  in.skip(15);
  Counts counts;
  for (std::size_t* count :
       {&counts.ut, &counts.std, &counts.leap, &counts.time, &counts.type, &counts.chars}) {
    *count = in.number(4);
    if (*count > kFileSizeMax) return fail(Errc::corrupt, 0, "time zone: a count is too large");
  }
  return counts;
}

std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) noexcept {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month},
                            std::chrono::day{day}};
  return sys_days{date}.time_since_epoch().count();
}

bool is_leap(std::int64_t year) noexcept {
  return std::chrono::year{static_cast<int>(year)}.is_leap();
}

}  // namespace

/// The TZ rule in the footer: `CET-1CEST,M3.5.0,M10.5.0/3`.
class TimeZone::FooterText {
 public:
  explicit FooterText(std::string_view text) : text_(text) {}

  std::optional<Footer> read() {
    Footer footer;
    std::int64_t west = 0;
    if (!name() || !time(west)) return std::nullopt;
    footer.standard_s = footer.daylight_s = static_cast<std::int32_t>(-west);
    if (text_.empty()) return footer;
    footer.has_daylight = true;
    footer.daylight_s = footer.standard_s + 3'600;
    if (!name()) return std::nullopt;
    if (!text_.empty() && text_.front() != ',') {
      if (!time(west)) return std::nullopt;
      footer.daylight_s = static_cast<std::int32_t>(-west);
    }
    if (!rule(footer.begin) || !rule(footer.end) || !text_.empty()) return std::nullopt;
    return footer;
  }

 private:
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// Three or more letters, or anything between < and >.
  bool name() {
    if (take('<')) {
      const std::size_t end = text_.find('>');
      if (end == std::string_view::npos) return false;
      text_.remove_prefix(end + 1);
      return true;
    }
    std::size_t size = 0;
    while (size < text_.size() && ((text_[size] >= 'a' && text_[size] <= 'z') ||
                                   (text_[size] >= 'A' && text_[size] <= 'Z'))) {
      ++size;
    }
    text_.remove_prefix(size);
    return size >= 3;
  }
  bool number(std::int64_t& value, std::int64_t max) {
    std::size_t size = 0;
    value = 0;
    while (size < text_.size() && text_[size] >= '0' && text_[size] <= '9' && size < 4) {
      value = value * 10 + (text_[size++] - '0');
    }
    text_.remove_prefix(size);
    return size > 0 && value <= max;
  }
  /// [+-]hh[:mm[:ss]] in seconds; up to 167 h (RFC 8536, 3.3.1).
  bool time(std::int64_t& seconds) {
    const bool negative = take('-');
    if (!negative) (void)take('+');  // Says nothing.
    std::int64_t part = 0;
    if (!number(part, 167)) return false;
    seconds = part * 3'600;
    for (const std::int64_t scale : {60, 1}) {
      if (!take(':')) break;
      if (!number(part, 59)) return false;
      seconds += part * scale;
    }
    if (negative) seconds = -seconds;
    return true;
  }
  bool rule(Rule& out) {
    if (!take(',')) return false;
    std::int64_t value = 0;
    if (take('M')) {
      if (!number(value, 12) || value < 1 || !take('.')) return false;
      out.month = static_cast<std::int32_t>(value);
      if (!number(value, 5) || value < 1 || !take('.')) return false;
      out.week = static_cast<std::int32_t>(value);
      if (!number(value, 6)) return false;
      out.day = static_cast<std::int32_t>(value);
    } else {
      out.kind = take('J') ? Rule::Kind::julian : Rule::Kind::day_of_year;
      if (!number(value, 365)) return false;
      out.day = static_cast<std::int32_t>(value);
    }
    if (!take('/')) return true;
    if (!time(value)) return false;
    out.second = static_cast<std::int32_t>(value);
    return true;
  }

  std::string_view text_;
};

Result<TimeZone> TimeZone::load(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  };
  if (name.empty() || name.size() > kNameMax || name.front() == '/' || name.back() == '/' ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    return fail(Errc::invalid_argument, 0, "not the name of a time zone");
  }
  const char* folder = std::getenv("TZDIR");
  const std::filesystem::path path =
      std::filesystem::path(folder != nullptr ? folder : "/usr/share/zoneinfo") / name;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    if (name == "UTC") return TimeZone{};  // A machine without a database knows UTC, too.
    return fail(Errc::not_found, 0, "not in this machine's zone database");
  }
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> data;
  for (std::istreambuf_iterator<char> at(file), end; at != end && data.size() <= kFileSizeMax;
       ++at) {
    data.push_back(static_cast<std::byte>(*at));
  }
  if (!file || data.size() > kFileSizeMax) return fail(Errc::io, 0, "cannot be read");
  return parse(data);
}

Result<TimeZone> TimeZone::parse(Bytes tzif) {
  Cursor in(tzif);
  const Result<Counts> old = read_header(in);  // The version 1 block in front.
  if (!old) return fail(old.error());
  if (!in.has(old->data_size(4))) return fail(Errc::corrupt, 0, "time zone: cut off");
  in.skip(old->data_size(4));
  const Result<Counts> counts = read_header(in);
  if (!counts) return fail(counts.error());
  if (!in.has(counts->data_size(8))) return fail(Errc::corrupt, 0, "time zone: cut off");
  if (counts->type == 0) return fail(Errc::corrupt, 0, "time zone: no local time");

  TimeZone zone;
  for (std::size_t i = 0; i < counts->time; ++i) {
    zone.transitions_.push_back({static_cast<std::int64_t>(in.number(8)), 0});
  }
  std::vector<std::size_t> types;
  for (std::size_t i = 0; i < counts->time; ++i) types.push_back(in.number(1));
  std::vector<std::int32_t> offsets;
  for (std::size_t i = 0; i < counts->type; ++i) {
    offsets.push_back(in.int32());
    in.skip(2);
    if (offsets.back() < -kOffsetMax || offsets.back() > kOffsetMax) {
      return fail(Errc::corrupt, 0, "time zone: an offset beyond a day");
    }
  }
  zone.first_offset_s_ = offsets.front();
  for (std::size_t i = 0; i < counts->time; ++i) {
    const bool ascending = i == 0 || zone.transitions_[i - 1].utc_s < zone.transitions_[i].utc_s;
    if (types[i] >= offsets.size() || !ascending) {
      return fail(Errc::corrupt, 0, "time zone: transitions out of order");
    }
    zone.transitions_[i].offset_s = offsets[types[i]];
  }
  in.skip(counts->chars + counts->leap * 12 + counts->std + counts->ut);

  std::string text;
  for (const std::byte byte : in.rest()) text += static_cast<char>(byte);
  if (text.size() < 2 || text.front() != '\n' || text.back() != '\n') {
    return fail(Errc::corrupt, 0, "time zone: no footer");
  }
  zone.footer_.reset();
  if (text.size() > 2) {
    zone.footer_ = FooterText(std::string_view(text).substr(1, text.size() - 2)).read();
    if (!zone.footer_) return fail(Errc::corrupt, 0, "time zone: a footer that is no TZ rule");
  }
  return zone;
}

/// Local seconds since 1970 at which a rule applies in a year.
std::int64_t TimeZone::moment_of(const Rule& rule, std::int64_t year) noexcept {
  std::int64_t day = 0;
  switch (rule.kind) {
    case Rule::Kind::julian:  // 1 .. 365, 29 February never counted.
      day = days_of(year, 1, 1) + rule.day - 1 + (is_leap(year) && rule.day >= 60 ? 1 : 0);
      break;
    case Rule::Kind::day_of_year:  // 0 .. 365.
      day = days_of(year, 1, 1) + rule.day;
      break;
    case Rule::Kind::month_week_day: {
      const std::int64_t first = days_of(year, static_cast<unsigned>(rule.month), 1);
      const std::int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday.
      day = first + (rule.day - weekday + 7) % 7 + (rule.week - 1) * 7;
      const std::int64_t next = rule.month == 12
                                    ? days_of(year + 1, 1, 1)
                                    : days_of(year, static_cast<unsigned>(rule.month) + 1, 1);
      while (day >= next) day -= 7;  // Week 5 is the last one.
      break;
    }
  }
  return day * kSecondsPerDay + rule.second;
}

std::int32_t TimeZone::footer_offset(std::int64_t utc_s) const noexcept {
  const Footer& footer = *footer_;
  if (!footer.has_daylight) return footer.standard_s;
  using namespace std::chrono;
  const std::int64_t local = utc_s + footer.standard_s;
  const std::int64_t midnight =
      local >= 0 ? local / kSecondsPerDay : -((kSecondsPerDay - 1 - local) / kSecondsPerDay);
  const year_month_day date{sys_days{days{midnight}}};
  const std::int64_t year = static_cast<int>(date.year());
  const std::int64_t begin = moment_of(footer.begin, year) - footer.standard_s;
  const std::int64_t end = moment_of(footer.end, year) - footer.daylight_s;
  const bool daylight = begin < end ? utc_s >= begin && utc_s < end
                                    : utc_s >= begin || utc_s < end;  // South of the equator.
  return daylight ? footer.daylight_s : footer.standard_s;
}

Duration TimeZone::offset_at(UtcInstant at) const noexcept {
  const std::int64_t micros = at.since_epoch().count();
  const std::int64_t utc_s = micros >= 0 ? micros / 1'000'000 : -((999'999 - micros) / 1'000'000);
  const auto after =
      std::upper_bound(transitions_.begin(), transitions_.end(), utc_s,
                       [](std::int64_t moment, const Transition& t) { return moment < t.utc_s; });
  std::int32_t offset = first_offset_s_;
  if (after == transitions_.end() && footer_) {
    offset = footer_offset(utc_s);
  } else if (after != transitions_.begin()) {
    offset = std::prev(after)->offset_s;
  }
  return seconds(offset);
}

}  // namespace ems::io
