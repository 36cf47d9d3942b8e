// SPDX-License-Identifier: Apache-2.0
#include "ems/io/utc_text.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace ems::io {
namespace {

constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int number(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

Result<UtcInstant> parse_utc(std::string_view text) {
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool ok = i < text.size() && (kForm[i] == 'd' ? is_digit(text[i]) : text[i] == kForm[i]);
    if (!ok) return fail(Errc::syntax, i, "expected YYYY-MM-DDTHH:MM:SSZ");
  }
  std::size_t at = kForm.size();
  std::int64_t micros = 0;
  if (at < text.size() && text[at] == '.') {
    std::int64_t scale = 100'000;
    for (++at; at < text.size() && is_digit(text[at]) && scale > 0; ++at, scale /= 10) {
      micros += (text[at] - '0') * scale;
    }
  }
  if (at + 1 != text.size() || text[at] != 'Z') return fail(Errc::syntax, at, "expected Z (UTC)");

  using namespace std::chrono;
  const year_month_day date{year{number(text, 0, 4)},
                            month{static_cast<unsigned>(number(text, 5, 2))},
                            day{static_cast<unsigned>(number(text, 8, 2))}};
  const int hour = number(text, 11, 2);
  const int minute = number(text, 14, 2);
  const int second = number(text, 17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    return fail(Errc::out_of_range, 0, "no such day or time");
  }
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  const std::int64_t total = days * 86'400 + hour * 3'600 + minute * 60 + second;
  return UtcInstant{ems::seconds(total) + ems::microseconds(micros)};
}

std::string format_utc(UtcInstant at) {
  using namespace std::chrono;
  const sys_time<std::chrono::microseconds> moment{
      std::chrono::microseconds(at.since_epoch().count())};
  const sys_days midnight = floor<days>(moment);
  const year_month_day date{midnight};
  const hh_mm_ss time{floor<std::chrono::milliseconds>(moment - midnight)};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

}  // namespace ems::io
