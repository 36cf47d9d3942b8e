// SPDX-License-Identifier: Apache-2.0
#include "io/config/limit_fields.hpp"

#include "io/config/tables.hpp"

namespace ems::io {
namespace config {
namespace {

template <class Q>
void assign(Q& field, std::int64_t count) {
  field = Q{static_cast<typename Q::Rep>(count)};  // The schema's range fits Rep.
}

#define EMS_LIMIT(key_text, member_name, canonical_text, follows_text)                             \
  {                                                                                                \
    .key = key_text, .member = #member_name, .canonical = canonical_text, .follows = follows_text, \
    .get = [](const safety::Limits& l) -> std::int64_t { return l.member_name.count(); },          \
    .set = [](safety::Limits& l, std::int64_t n) { assign(l.member_name, n); }                     \
  }
#define EMS_THRESHOLD(name, si, unit)                                                  \
  EMS_LIMIT(#name ".trip" si, name.trip, #name ".trip" unit, ""),                      \
      EMS_LIMIT(#name ".clear" si, name.clear, #name ".clear" unit, #name ".trip" si), \
      EMS_LIMIT(#name ".clear_after_s", name.clear_after, #name ".clear_after_us", "")
#define EMS_SINGLE(name, si, unit) EMS_LIMIT(#name si, name, #name unit, "")

// clang-format off
constexpr LimitField kFields[] = {
    EMS_THRESHOLD(cell_voltage_max, "_v", "_mv"),
    EMS_THRESHOLD(cell_voltage_min, "_v", "_mv"),
    EMS_SINGLE(cell_voltage_latch_max, "_v", "_mv"),
    EMS_SINGLE(cell_voltage_latch_min, "_v", "_mv"),
    EMS_THRESHOLD(charge_temp_max, "_degc", "_mdegc"),
    EMS_THRESHOLD(charge_temp_min, "_degc", "_mdegc"),
    EMS_THRESHOLD(discharge_temp_max, "_degc", "_mdegc"),
    EMS_THRESHOLD(discharge_temp_min, "_degc", "_mdegc"),
    EMS_SINGLE(temp_latch_max, "_degc", "_mdegc"),
    EMS_SINGLE(temp_latch_min, "_degc", "_mdegc"),
    EMS_SINGLE(charge_current_max, "_a", "_ma"),
    EMS_SINGLE(discharge_current_max, "_a", "_ma"),
    EMS_THRESHOLD(charge_overcurrent, "_a", "_ma"),
    EMS_THRESHOLD(discharge_overcurrent, "_a", "_ma"),
    EMS_THRESHOLD(soc_max, "_pct", "_bp"),
    EMS_THRESHOLD(soc_min, "_pct", "_bp"),
    EMS_LIMIT("sum_of_cells.trip_per_cell_v", sum_of_cells.trip_per_cell, "sum_of_cells.trip_per_cell_mv", ""),
    EMS_LIMIT("sum_of_cells.clear_per_cell_v", sum_of_cells.clear_per_cell, "sum_of_cells.clear_per_cell_mv", ""),
    EMS_LIMIT("sum_of_cells.trip_share_pct", sum_of_cells.trip_share, "sum_of_cells.trip_share_bp", ""),
    EMS_LIMIT("sum_of_cells.clear_share_pct", sum_of_cells.clear_share, "sum_of_cells.clear_share_bp", ""),
    EMS_LIMIT("sum_of_cells.clear_after_s", sum_of_cells.clear_after, "sum_of_cells.clear_after_us", ""),
    EMS_SINGLE(stale_after_max, "_s", "_us"),
    EMS_SINGLE(input_clear_after, "_s", "_us"),
};
// clang-format on

}  // namespace

std::span<const LimitField> limit_fields() noexcept { return kFields; }

}  // namespace config

namespace {

using namespace config;  // NOLINT(google-build-using-namespace): the table's own words
using T = SchemaType;

#define EMS_THRESHOLD_KEYS(name, si, unit_digits, lowest, highest, text)                     \
  {.path = name, .type = T::section, .doc = text},                                           \
      {.path = name ".trip" si,                                                              \
       .type = T::quantity,                                                                  \
       .digits = unit_digits,                                                                \
       .min = lowest,                                                                        \
       .max = highest,                                                                       \
       .doc = "Acts at this value."},                                                        \
      {.path = name ".clear" si,                                                             \
       .type = T::quantity,                                                                  \
       .digits = unit_digits,                                                                \
       .min = lowest,                                                                        \
       .max = highest,                                                                       \
       .doc =                                                                                \
           "Clears beyond this value. Absent while the trip is there: as far from it as by " \
           "default."},                                                                      \
  {                                                                                          \
    .path = name ".clear_after_s", .type = T::quantity, .digits = kSecondDigits,             \
    .min = millis_us(1), .max = seconds_us(86'400),                                          \
    .doc = "Continuous good time before it clears."                                          \
  }
#define EMS_SINGLE_KEY(name, unit_digits, lowest, highest, text)                             \
  {                                                                                          \
    .path = name, .type = T::quantity, .digits = unit_digits, .min = lowest, .max = highest, \
    .doc = text                                                                              \
  }

constexpr std::int64_t kCellMax = volts_mv(5);
constexpr std::int64_t kTempMin = degc_mdegc(-60);
constexpr std::int64_t kTempMax = degc_mdegc(120);
constexpr std::int64_t kCurrentMax = amps_ma(10'000);
constexpr std::int64_t kSocMax = percent_bp(100);

// clang-format off
constexpr SchemaKey kKeys[] = {
    {.path = "chemistry", .type = T::choice, .required = true, .choices = kChemistries,
     .doc = "Gives the defaults and the absolute bounds. Must be that of the site's batteries."},
    EMS_THRESHOLD_KEYS("cell_voltage_max", "_v", kVoltDigits, 0, kCellMax, "Highest cell: forbids charging."),
    EMS_THRESHOLD_KEYS("cell_voltage_min", "_v", kVoltDigits, 0, kCellMax, "Lowest cell: forbids discharging."),
    EMS_SINGLE_KEY("cell_voltage_latch_max_v", kVoltDigits, 0, kCellMax, "At or above: trips until a person resets it."),
    EMS_SINGLE_KEY("cell_voltage_latch_min_v", kVoltDigits, 0, kCellMax, "At or below: trips until a person resets it."),
    EMS_THRESHOLD_KEYS("charge_temp_max", "_degc", kDegcDigits, kTempMin, kTempMax, "Hottest sensor: forbids charging."),
    EMS_THRESHOLD_KEYS("charge_temp_min", "_degc", kDegcDigits, kTempMin, kTempMax, "Coldest sensor: forbids charging."),
    EMS_THRESHOLD_KEYS("discharge_temp_max", "_degc", kDegcDigits, kTempMin, kTempMax, "Hottest sensor: forbids discharging."),
    EMS_THRESHOLD_KEYS("discharge_temp_min", "_degc", kDegcDigits, kTempMin, kTempMax, "Coldest sensor: forbids discharging."),
    EMS_SINGLE_KEY("temp_latch_max_degc", kDegcDigits, kTempMin, kTempMax, "At or above: trips until a person resets it."),
    EMS_SINGLE_KEY("temp_latch_min_degc", kDegcDigits, kTempMin, kTempMax, "At or below: trips until a person resets it."),
    {.path = "charge_current_max_a", .type = T::quantity, .digits = kAmpDigits, .min = 0, .max = kCurrentMax, .required = true,
     .doc = "Most a battery is charged with; 0 forbids charging. No chemistry knows it, so there is no default."},
    {.path = "discharge_current_max_a", .type = T::quantity, .digits = kAmpDigits, .min = 0, .max = kCurrentMax, .required = true,
     .doc = "Most a battery is discharged with; 0 forbids discharging. No default."},
    EMS_THRESHOLD_KEYS("charge_overcurrent", "_a", kAmpDigits, 0, kCurrentMax,
                       "Measured charge current: forbids charging. By default a tenth (at least 1 A) above the maximum."),
    EMS_THRESHOLD_KEYS("discharge_overcurrent", "_a", kAmpDigits, 0, kCurrentMax,
                       "Measured discharge current: forbids discharging. By default a tenth (at least 1 A) above the maximum."),
    EMS_THRESHOLD_KEYS("soc_max", "_pct", kPercentDigits, 0, kSocMax, "State of charge: forbids charging."),
    EMS_THRESHOLD_KEYS("soc_min", "_pct", kPercentDigits, 0, kSocMax, "State of charge: forbids discharging."),
    {.path = "sum_of_cells", .type = T::section,
     .doc = "How far the sum of the cells may be from the voltage at the terminals (the larger of both figures); beyond it the battery goes to SAFE."},
    {.path = "sum_of_cells.trip_per_cell_v", .type = T::quantity, .digits = kVoltDigits, .min = 0, .max = kCellMax, .doc = "Acts at this, per cell."},
    {.path = "sum_of_cells.clear_per_cell_v", .type = T::quantity, .digits = kVoltDigits, .min = 0, .max = kCellMax, .doc = "Clears below this, per cell."},
    {.path = "sum_of_cells.trip_share_pct", .type = T::quantity, .digits = kPercentDigits, .min = 0, .max = kSocMax, .doc = "Acts at this share of the smaller voltage."},
    {.path = "sum_of_cells.clear_share_pct", .type = T::quantity, .digits = kPercentDigits, .min = 0, .max = kSocMax, .doc = "Clears below this share."},
    {.path = "sum_of_cells.clear_after_s", .type = T::quantity, .digits = kSecondDigits, .min = millis_us(1), .max = seconds_us(86'400),
     .doc = "Continuous good time before it clears."},
    {.path = "stale_after_max_s", .type = T::quantity, .digits = kSecondDigits, .min = millis_us(1), .max = seconds_us(3'600),
     .doc = "No input older than this is used."},
    {.path = "input_clear_after_s", .type = T::quantity, .digits = kSecondDigits, .min = millis_us(1), .max = seconds_us(86'400),
     .doc = "Good time after an input was missing, or a BMS flag was off."},
};
// clang-format on

}  // namespace

const Schema& limits_schema() noexcept {
  static constexpr Schema kSchema{"limits", "The limits file", kKeys};
  return kSchema;
}

}  // namespace ems::io
