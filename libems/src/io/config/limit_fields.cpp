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

template <class Q>
std::vector<CurvePoint> points_of(const safety::DerateCurve<Q>& curve) {
  std::vector<CurvePoint> points;
  for (const auto& point : curve) points.push_back({point.x.count(), point.share.count()});
  return points;
}

template <class Q>
void assign_curve(safety::DerateCurve<Q>& curve, std::span<const CurvePoint> points) {
  curve = {};
  for (const CurvePoint& point : points) {
    safety::DeratePoint<Q> one;
    assign(one.x, point.x);
    assign(one.share, point.share);
    curve.push_back(one);  // The schema takes no more than fit.
  }
}
static_assert(kCurvePointsMax == safety::kCurvePointsMax);

#define EMS_LIMIT(key_text, member_name, canonical_text, follows_text)                             \
  {                                                                                                \
    .key = key_text, .member = #member_name, .canonical = canonical_text, .follows = follows_text, \
    .get = [](const safety::Limits& l) -> std::int64_t { return l.member_name.count(); },          \
    .set = [](safety::Limits& l, std::int64_t n) { assign(l.member_name, n); }                     \
  }
#define EMS_THRESHOLD(name, si, unit)                                                   \
  EMS_LIMIT(#name ".trip" si, name.trip, #name ".trip" unit, ""),                       \
      EMS_LIMIT(#name ".clear" si, name.clear, #name ".clear" unit, #name ".trip" si),  \
      EMS_LIMIT(#name ".clear_after_s", name.clear_after, #name ".clear_after_us", ""), \
      EMS_LIMIT(#name ".trip_after_s", name.trip_after, #name ".trip_after_us", "")
#define EMS_CURVE(name, si, unit)                                            \
  {                                                                          \
    .key = #name si, .member = #name, .canonical = #name unit "_bp",         \
    .curve = [](const safety::Limits& l) { return points_of(l.name); },      \
    .set_curve = [](safety::Limits& l, std::span<const CurvePoint> points) { \
      assign_curve(l.name, points);                                          \
    }                                                                        \
  }
#define EMS_OVERLOAD(name)                                             \
  EMS_LIMIT(#name ".factor_pct", name.factor, #name ".factor_bp", ""), \
      EMS_LIMIT(#name ".time_s", name.time, #name ".time_us", ""),     \
      EMS_LIMIT(#name ".clear_after_s", name.clear_after, #name ".clear_after_us", "")
#define EMS_CHECK(name, si, unit) \
  EMS_LIMIT("plausibility." #name si, plausibility.name, "plausibility." #name unit, "")
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
    EMS_CURVE(discharge_temp_derate, "_degc", "_mdegc"),
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
    EMS_THRESHOLD(cell_voltage_high, "_v", "_mv"),
    EMS_THRESHOLD(cell_voltage_low, "_v", "_mv"),
    EMS_THRESHOLD(temperature_high, "_degc", "_mdegc"),
    EMS_THRESHOLD(temperature_low, "_degc", "_mdegc"),
    EMS_THRESHOLD(soc_high_warning, "_pct", "_bp"),
    EMS_THRESHOLD(soc_low_warning, "_pct", "_bp"),
    EMS_CURVE(charge_voltage_derate, "_v", "_mv"),
    EMS_CURVE(discharge_voltage_derate, "_v", "_mv"),
    EMS_CURVE(charge_temp_derate, "_degc", "_mdegc"),
    EMS_OVERLOAD(charge_overload),
    EMS_OVERLOAD(discharge_overload),
    EMS_THRESHOLD(temperature_spread, "_degc", "_mdegc"),
    EMS_THRESHOLD(cell_imbalance_warning, "_v", "_mv"),
    EMS_CURVE(cell_imbalance_derate, "_v", "_mv"),
    EMS_THRESHOLD(cell_imbalance, "_v", "_mv"),
    EMS_THRESHOLD(insulation_low, "_kohm", "_kohm"),
    EMS_SINGLE(insulation_latch_min, "_kohm", "_kohm"),
    EMS_SINGLE(latch_after, "_s", "_us"),
    EMS_CHECK(soc_jump, "_pct", "_bp"),
    EMS_CHECK(temperature_jump, "_degc", "_mdegc"),
    EMS_CHECK(cell_voltage_jump, "_v", "_mv"),
    EMS_CHECK(frozen_charge, "_pct", "_bp"),
    EMS_CHECK(frozen_after, "_s", "_us"),
    EMS_CHECK(power_tolerance, "_pct", "_bp"),
    EMS_CHECK(power_floor, "_w", "_w"),
    EMS_CHECK(power_after, "_s", "_us"),
    EMS_CHECK(obey_tolerance, "_pct", "_bp"),
    EMS_CHECK(obey_floor, "_a", "_ma"),
    EMS_CHECK(obey_after, "_s", "_us"),
    EMS_CHECK(contactor_current, "_a", "_ma"),
    EMS_CHECK(contactor_after, "_s", "_us"),
    EMS_CHECK(skew_max, "_s", "_us"),
    EMS_CHECK(clear_after, "_s", "_us"),
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
      {.path = name ".clear_after_s",                                                        \
       .type = T::quantity,                                                                  \
       .digits = kSecondDigits,                                                              \
       .min = millis_us(1),                                                                  \
       .max = seconds_us(3'600),                                                             \
       .doc = "Continuous good time before it clears."},                                     \
  {                                                                                          \
    .path = name ".trip_after_s", .type = T::quantity, .digits = kSecondDigits, .min = 0,    \
    .max = seconds_us(60), .doc = "Continuous time beyond the trip before it acts."          \
  }
#define EMS_CURVE_KEY(name, unit_digits, lowest, highest, text)                           \
  {                                                                                       \
    .path = name, .type = T::curve, .digits = unit_digits, .min = lowest, .max = highest, \
    .doc = text                                                                           \
  }
#define EMS_OVERLOAD_KEYS(name, text)                                            \
  {.path = name, .type = T::section, .doc = text},                               \
      {.path = name ".factor_pct",                                               \
       .type = T::quantity,                                                      \
       .digits = kPercentDigits,                                                 \
       .min = percent_bp(100),                                                   \
       .max = percent_bp(1'000),                                                 \
       .doc = "This many times the maximum ..."},                                \
      {.path = name ".time_s",                                                   \
       .type = T::quantity,                                                      \
       .digits = kSecondDigits,                                                  \
       .min = millis_us(1),                                                      \
       .max = seconds_us(3'600),                                                 \
       .doc = "... is carried for this long; more for less, less for longer."},  \
  {                                                                              \
    .path = name ".clear_after_s", .type = T::quantity, .digits = kSecondDigits, \
    .min = millis_us(1), .max = seconds_us(3'600),                               \
    .doc = "Good time after the excess has cooled down."                         \
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
constexpr std::int64_t kInsulationMax = 1'000'000;
constexpr std::int64_t kPowerMax = 10'000'000;

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
    EMS_CURVE_KEY("discharge_temp_derate_degc", kDegcDigits, kTempMin, kTempMax,
                  "How much of `discharge_current_max_a` is allowed, by the coldest and the hottest sensor; straight between the points."),
    EMS_SINGLE_KEY("temp_latch_max_degc", kDegcDigits, kTempMin, kTempMax, "At or above: trips until a person resets it."),
    EMS_SINGLE_KEY("temp_latch_min_degc", kDegcDigits, kTempMin, kTempMax, "At or below: trips until a person resets it."),
    {.path = "charge_current_max_a", .type = T::quantity, .digits = kAmpDigits, .min = 0, .max = kCurrentMax, .required = true,
     .doc = "Most a battery is charged with; 0 forbids charging. No chemistry knows it, so there is no default."},
    {.path = "discharge_current_max_a", .type = T::quantity, .digits = kAmpDigits, .min = 0, .max = kCurrentMax, .required = true,
     .doc = "Most a battery is discharged with; 0 forbids discharging. No default."},
    EMS_THRESHOLD_KEYS("charge_overcurrent", "_a", kAmpDigits, 0, kCurrentMax,
                       "Measured charge current: forbids charging. By default a fifth (at least 2 A) above the maximum; what lies between is the overload's."),
    EMS_THRESHOLD_KEYS("discharge_overcurrent", "_a", kAmpDigits, 0, kCurrentMax,
                       "Measured discharge current: forbids discharging. By default a fifth (at least 2 A) above the maximum; what lies between is the overload's."),
    EMS_THRESHOLD_KEYS("soc_max", "_pct", kPercentDigits, 0, kSocMax, "State of charge: forbids charging."),
    EMS_THRESHOLD_KEYS("soc_min", "_pct", kPercentDigits, 0, kSocMax, "State of charge: forbids discharging."),
    {.path = "sum_of_cells", .type = T::section,
     .doc = "How far the sum of the cells may be from the voltage at the terminals (the larger of both figures); beyond it the battery goes to SAFE."},
    {.path = "sum_of_cells.trip_per_cell_v", .type = T::quantity, .digits = kVoltDigits, .min = 0, .max = kCellMax, .doc = "Acts at this, per cell."},
    {.path = "sum_of_cells.clear_per_cell_v", .type = T::quantity, .digits = kVoltDigits, .min = 0, .max = kCellMax, .doc = "Clears below this, per cell."},
    {.path = "sum_of_cells.trip_share_pct", .type = T::quantity, .digits = kPercentDigits, .min = 0, .max = kSocMax, .doc = "Acts at this share of the smaller voltage."},
    {.path = "sum_of_cells.clear_share_pct", .type = T::quantity, .digits = kPercentDigits, .min = 0, .max = kSocMax, .doc = "Clears below this share."},
    {.path = "sum_of_cells.clear_after_s", .type = T::quantity, .digits = kSecondDigits, .min = millis_us(1), .max = seconds_us(3'600),
     .doc = "Continuous good time before it clears."},
    {.path = "stale_after_max_s", .type = T::quantity, .digits = kSecondDigits, .min = millis_us(1), .max = seconds_us(3'600),
     .doc = "No input older than this is used."},
    {.path = "input_clear_after_s", .type = T::quantity, .digits = kSecondDigits, .min = millis_us(1), .max = seconds_us(3'600),
     .doc = "Good time after an input was missing, a BMS flag was off, or a derate ended."},
    EMS_THRESHOLD_KEYS("cell_voltage_high", "_v", kVoltDigits, 0, kCellMax, "Highest cell: warns."),
    EMS_THRESHOLD_KEYS("cell_voltage_low", "_v", kVoltDigits, 0, kCellMax, "Lowest cell: warns."),
    EMS_THRESHOLD_KEYS("temperature_high", "_degc", kDegcDigits, kTempMin, kTempMax, "Hottest sensor: warns."),
    EMS_THRESHOLD_KEYS("temperature_low", "_degc", kDegcDigits, kTempMin, kTempMax, "Coldest sensor: warns."),
    EMS_THRESHOLD_KEYS("soc_high_warning", "_pct", kPercentDigits, 0, kSocMax, "State of charge: warns."),
    EMS_THRESHOLD_KEYS("soc_low_warning", "_pct", kPercentDigits, 0, kSocMax, "State of charge: warns."),
    EMS_CURVE_KEY("charge_voltage_derate_v", kVoltDigits, 0, kCellMax,
                  "How much of `charge_current_max_a` is allowed, by the lowest and the highest cell; straight between the points."),
    EMS_CURVE_KEY("discharge_voltage_derate_v", kVoltDigits, 0, kCellMax,
                  "How much of `discharge_current_max_a` is allowed, by the lowest and the highest cell."),
    EMS_CURVE_KEY("charge_temp_derate_degc", kDegcDigits, kTempMin, kTempMax,
                  "How much of `charge_current_max_a` is allowed, by the coldest and the hottest sensor."),
    EMS_OVERLOAD_KEYS("charge_overload", "Charge current above the maximum for too long: forbids charging."),
    EMS_OVERLOAD_KEYS("discharge_overload", "Discharge current above the maximum for too long: forbids discharging."),
    EMS_THRESHOLD_KEYS("temperature_spread", "_degc", kDegcDigits, 0, kTempMax, "Hottest less coldest sensor: forbids both."),
    EMS_THRESHOLD_KEYS("cell_imbalance_warning", "_v", kVoltDigits, 0, kCellMax, "Highest less lowest cell: warns."),
    EMS_CURVE_KEY("cell_imbalance_derate_v", kVoltDigits, 0, kCellMax,
                  "How much of both currents is allowed, by the highest less the lowest cell."),
    EMS_THRESHOLD_KEYS("cell_imbalance", "_v", kVoltDigits, 0, kCellMax, "Highest less lowest cell: forbids both."),
    EMS_THRESHOLD_KEYS("insulation_low", "_kohm", kKiloOhmDigits, 1, kInsulationMax, "Insulation resistance: warns."),
    EMS_SINGLE_KEY("insulation_latch_min_kohm", kKiloOhmDigits, 1, kInsulationMax, "At or below: trips until a person resets it."),
    EMS_SINGLE_KEY("latch_after_s", kSecondDigits, 0, seconds_us(60),
                   "Continuous time beyond a latching voltage, temperature or insulation before it trips. Smoke, gas and the emergency stop never wait."),
    {.path = "plausibility", .type = T::section,
     .doc = "What a device that lies looks like. Beyond any of these the battery goes to SAFE, or a warning is given."},
    EMS_SINGLE_KEY("plausibility.soc_jump_pct", kPercentDigits, 1, kSocMax, "State of charge, from one sample to the next."),
    EMS_SINGLE_KEY("plausibility.temperature_jump_degc", kDegcDigits, 1, kTempMax, "Temperature, from one sample to the next."),
    EMS_SINGLE_KEY("plausibility.cell_voltage_jump_v", kVoltDigits, 1, kCellMax,
                   "Cell voltage, from one sample to the next; times the cells in series for the terminals."),
    EMS_SINGLE_KEY("plausibility.frozen_charge_pct", kPercentDigits, 1, kSocMax, "Share of the capacity that moves while no value changes."),
    EMS_SINGLE_KEY("plausibility.frozen_after_s", kSecondDigits, millis_us(1), seconds_us(86'400), "The same where the capacity is unknown: so long."),
    EMS_SINGLE_KEY("plausibility.power_tolerance_pct", kPercentDigits, 1, kSocMax, "How far two ways to one power may be apart."),
    EMS_SINGLE_KEY("plausibility.power_floor_w", kWattDigits, 1, kPowerMax, "Differences below it never count."),
    EMS_SINGLE_KEY("plausibility.power_after_s", kSecondDigits, millis_us(1), seconds_us(3'600), "How long two powers may disagree."),
    EMS_SINGLE_KEY("plausibility.obey_tolerance_pct", kPercentDigits, 1, kSocMax, "How far beyond a limit a current may be, as a share of the battery's largest ..."),
    EMS_SINGLE_KEY("plausibility.obey_floor_a", kAmpDigits, 1, kCurrentMax, "... and at least this."),
    EMS_SINGLE_KEY("plausibility.obey_after_s", kSecondDigits, millis_us(1), seconds_us(3'600), "How long a device has to obey a limit. The fifth time it does not trips."),
    EMS_SINGLE_KEY("plausibility.contactor_current_a", kAmpDigits, 1, kCurrentMax, "An open contactor carries less."),
    EMS_SINGLE_KEY("plausibility.contactor_after_s", kSecondDigits, millis_us(1), seconds_us(3'600),
                   "How long a contactor's feedback may disagree with what it is told before it trips."),
    EMS_SINGLE_KEY("plausibility.skew_max_s", kSecondDigits, millis_us(1), seconds_us(60), "Two samples this near to each other are of one moment."),
    EMS_SINGLE_KEY("plausibility.clear_after_s", kSecondDigits, millis_us(1), seconds_us(3'600), "Good time before any of these checks clears."),
};
// clang-format on

}  // namespace

const Schema& limits_schema() noexcept {
  static constexpr Schema kSchema{"limits", "The limits file", kKeys};
  return kSchema;
}

}  // namespace ems::io
