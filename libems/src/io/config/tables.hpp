// SPDX-License-Identifier: Apache-2.0
/// @file What the three schema tables share.
#pragma once

#include <cstdint>

#include "ems/io/config/schema.hpp"
#include "io/config/reader.hpp"

namespace ems::io::config {

// Decimal digits behind each suffix (model/units.def).
inline constexpr int kVoltDigits = 3;
inline constexpr int kAmpDigits = 3;
inline constexpr int kDegcDigits = 3;
inline constexpr int kAmpHourDigits = 6;
inline constexpr int kPercentDigits = 2;
inline constexpr int kSecondDigits = 6;
inline constexpr int kWattDigits = 0;
inline constexpr int kKiloOhmDigits = 0;
inline constexpr int kHertzDigits = 3;
inline constexpr int kRatioDigits = 6;
inline constexpr int kPriceDigits = 6;

// Ranges are written in the base unit and scaled here.
consteval std::int64_t volts_mv(std::int64_t n) { return n * 1'000; }
consteval std::int64_t amps_ma(std::int64_t n) { return n * 1'000; }
consteval std::int64_t degc_mdegc(std::int64_t n) { return n * 1'000; }
consteval std::int64_t percent_bp(std::int64_t n) { return n * 100; }
consteval std::int64_t millis_us(std::int64_t n) { return n * 1'000; }
consteval std::int64_t seconds_us(std::int64_t n) { return n * 1'000'000; }

inline constexpr std::string_view kMetricsDoc =
    "Prometheus metrics, over HTTP without authentication. Absent: none.";
inline constexpr std::string_view kMetricsListenDoc =
    "Where GET /metrics is answered; a loopback address (127.0.0.1, [::1] or localhost) only.";
inline constexpr std::string_view kLogLevels = "trace debug info warning error";
inline constexpr std::string_view kChemistries = "lfp";

}  // namespace ems::io::config
