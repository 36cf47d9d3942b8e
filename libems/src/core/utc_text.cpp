// SPDX-License-Identifier: Apache-2.0
#include "ems/core/utc_text.hpp"

#include <cstdint>

#include "ems/core/assert.hpp"

namespace ems {
namespace {

constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

struct Date {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

// Days since 1970-01-01 to a Gregorian date and back, with years that begin in March: the day that
// a leap year adds is then its last. <chrono> knows this too, but brings clocks, which L0 has not.
// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (public domain).
constexpr std::int64_t kToMarch0000 = 719'468;
constexpr std::int64_t kEraDays = 146'097;  // 400 years.

Date date_of(std::int64_t days) noexcept {
  days += kToMarch0000;
  const std::int64_t era = (days >= 0 ? days : days - kEraDays + 1) / kEraDays;
  const std::int64_t day_of_era = days - era * kEraDays;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;  // From March.
  const bool next_year = month >= 10;
  return {year_of_era + era * 400 + (next_year ? 1 : 0), next_year ? month - 9 : month + 3,
          day_of_year - (153 * month + 2) / 5 + 1};
}

std::int64_t days_to(Date date) noexcept {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month = (date.month + 9) % 12;  // From March.
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                                  (153 * month + 2) / 5 + date.day - 1;
  return era * kEraDays + day_of_era - kToMarch0000;
}

bool is_date(Date date) noexcept {
  if (date.month < 1 || date.month > 12) return false;
  const Date back = date_of(days_to(date));  // The 31st of a month of 30 days is another's first.
  return date.day >= 1 && date.day <= 31 && back.month == date.month && back.day == date.day;
}

bool is_decimal(char c) noexcept { return c >= '0' && c <= '9'; }

std::int64_t number(std::string_view text, std::size_t at, std::size_t size) noexcept {
  std::int64_t value = 0;
  for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
  return value;
}

/// Writes the last digits of numbers one behind the other.
class Writer {
 public:
  explicit Writer(UtcText& room) noexcept : room_(room) {}
  void put(char c) noexcept {
    EMS_ASSERT(size_ < room_.size());
    room_[size_++] = c;
  }
  void put(std::int64_t value, int digits) noexcept {
    std::int64_t unit = 1;
    while (--digits > 0) unit *= 10;
    for (; unit > 0; unit /= 10) put(static_cast<char>('0' + value / unit % 10));
  }
  [[nodiscard]] std::string_view text() const noexcept { return {room_.data(), size_}; }

 private:
  UtcText& room_;
  std::size_t size_ = 0;
};

}  // namespace

Result<UtcInstant> parse_utc(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool ok =
        i < text.size() && (kForm[i] == 'd' ? is_decimal(text[i]) : text[i] == kForm[i]);
    if (!ok) return fail(Errc::syntax, i, "expected YYYY-MM-DDTHH:MM:SSZ");
  }
  std::size_t at = kForm.size();
  std::int64_t micros = 0;
  if (at < text.size() && text[at] == '.') {
    std::int64_t scale = kSecond / 10;
    for (++at; at < text.size() && is_decimal(text[at]) && scale > 0; ++at, scale /= 10) {
      micros += (text[at] - '0') * scale;
    }
    if (text[at - 1] == '.') return fail(Errc::syntax, at, "expected a digit");
  }
  if (at + 1 != text.size() || text[at] != 'Z') return fail(Errc::syntax, at, "expected Z (UTC)");

  const Date date{number(text, 0, 4), number(text, 5, 2), number(text, 8, 2)};
  const std::int64_t hour = number(text, 11, 2);
  const std::int64_t minute = number(text, 14, 2);
  const std::int64_t second = number(text, 17, 2);
  if (!is_date(date) || hour > 23 || minute > 59 || second > 59) {
    return fail(Errc::out_of_range, 0, "no such day or time");
  }
  const std::int64_t of_day = (hour * 60 + minute) * 60 + second;
  return UtcInstant{microseconds(days_to(date) * kDay + of_day * kSecond + micros)};
}

std::string_view format_utc(UtcInstant at, int digits, UtcText& room) noexcept {
  EMS_ASSERT(digits >= 0 && digits <= 6);
  const std::int64_t micros = at.since_epoch().count();
  std::int64_t days = micros / kDay;
  std::int64_t rest = micros % kDay;
  if (rest < 0) {
    --days;
    rest += kDay;
  }
  const Date date = date_of(days);
  const bool before_christ = date.year < 0;
  const std::int64_t year = before_christ ? -date.year : date.year;
  Writer out(room);
  if (before_christ) out.put('-');
  out.put(year, year > 99'999 ? 6 : year > 9'999 ? 5 : 4);
  out.put('-');
  out.put(date.month, 2);
  out.put('-');
  out.put(date.day, 2);
  out.put('T');
  out.put(rest / (3'600 * kSecond), 2);
  out.put(':');
  out.put(rest / (60 * kSecond) % 60, 2);
  out.put(':');
  out.put(rest / kSecond % 60, 2);
  if (digits > 0) {
    std::int64_t unit = kSecond;
    for (int i = 0; i < digits; ++i) unit /= 10;
    out.put('.');
    out.put(rest % kSecond / unit, digits);
  }
  out.put('Z');
  return out.text();
}

}  // namespace ems
