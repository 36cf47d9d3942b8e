// SPDX-License-Identifier: Apache-2.0
/// @file A time zone of the machine's database (TZif files), without touching the process's own
/// time zone: the C library has only a global one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::io {

/// The offsets of one zone from UTC, past and future.
///
/// @source RFC 8536 (TZif), 3.2 and 3.3; POSIX.1-2017, 8.3 (the TZ rule in its footer).
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;

  /// Reads a zone by its IANA name from /usr/share/zoneinfo (or $TZDIR).
  ///
  /// @param name  `Europe/Berlin`; letters, digits and `_+-/` only.
  /// @errors invalid_argument  no such name can exist.
  ///         not_found         the database has no such zone.
  ///         corrupt           the file is not a TZif file of version 2 or later. io  unreadable.
  /// @thread_safety Any thread; reads one file.
  [[nodiscard]] static Result<TimeZone> load(std::string_view name);

  /// Reads a TZif file's bytes. @errors corrupt  anything that RFC 8536 forbids.
  /// @thread_safety Pure function.
  [[nodiscard]] static Result<TimeZone> parse(Bytes tzif);

  /// Local time less UTC at a moment; daylight saving included.
  ///
  /// @thread_safety Pure function, O(log n) of the transitions; never allocates.
  [[nodiscard]] Duration offset_at(UtcInstant at) const noexcept;

 private:
  /// When daylight saving begins or ends each year, in local time.
  struct Rule {
    enum class Kind : std::uint8_t { month_week_day, julian, day_of_year };
    Kind kind = Kind::month_week_day;
    std::int32_t month = 0;
    std::int32_t week = 0;
    std::int32_t day = 0;
    std::int32_t second = 7'200;  ///< Of that day; may be negative or beyond 24 h.
  };
  struct Footer {
    std::int32_t standard_s = 0;  ///< Offset east of UTC.
    std::int32_t daylight_s = 0;
    bool has_daylight = false;
    Rule begin{};
    Rule end{};
  };
  struct Transition {
    std::int64_t utc_s = 0;
    std::int32_t offset_s = 0;  ///< From then on.
  };
  class FooterText;

  [[nodiscard]] static std::int64_t moment_of(const Rule& rule, std::int64_t year) noexcept;
  [[nodiscard]] std::int32_t footer_offset(std::int64_t utc_s) const noexcept;

  std::int32_t first_offset_s_ = 0;  ///< Before the first transition.
  std::vector<Transition> transitions_;
  std::optional<Footer> footer_ = Footer{};
};

}  // namespace ems::io
