// SPDX-License-Identifier: Apache-2.0
/// @file Periods by a local calendar: quarter hours, hours, days and months as a bill has them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/io/time_zone.hpp"
#include "ems/query/grid.hpp"

namespace ems::io {

/// A period of the calendar. Numbers are append-only: wire.
enum class Period : std::uint8_t { quarter_hour = 1, hour = 2, day = 3, month = 4 };
inline constexpr std::array<Period, 4> kPeriods{Period::quarter_hour, Period::hour, Period::day,
                                                Period::month};
[[nodiscard]] std::string_view to_string(Period period) noexcept;
/// `quarter_hour`, `hour`, `day`, `month`; nullopt for another word.
[[nodiscard]] std::optional<Period> parse_period(std::string_view word) noexcept;

/// The periods that [from, to) touches, in a zone's local time; the first and last one are cut at
/// `from` and `to`.
///
/// A day on which summer time begins has 23 hours, one on which it ends 25: the hour that comes
/// twice is two periods. A day whose midnight is left out begins with its first moment. Where a
/// zone moves by half an hour, the hour of the change is as much longer or shorter.
///
/// @param from  1970 to 2199, like `to`.
/// @errors invalid_argument    `to` is not after `from`.
///         out_of_range        a moment outside those years.
///         resource_exhausted  more than query::kGridMax periods.
/// @thread_safety Pure function.
[[nodiscard]] Result<query::Grid> calendar_grid(const TimeZone& zone, UtcInstant from,
                                                UtcInstant to, Period period);

/// `2026-10-25T02:00:00+01:00`: local time of a zone and its offset, rounded down.
///
/// @param digits  Of the fraction of a second, 0 .. 6: with 3 it is 02:00:00.250+01:00.
/// @thread_safety Pure function.
[[nodiscard]] std::string format_local(UtcInstant at, const TimeZone& zone, int digits = 0);

}  // namespace ems::io
