// SPDX-License-Identifier: Apache-2.0
#include "io/dbc_units.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace ems::io::detail {
namespace {

/// What a DBC file calls a unit, and how much of the catalogue's it is.
struct UnitName {
  std::string_view name;
  Unit unit;
  DbcNumber factor;
  DbcNumber offset{};
};
constexpr UnitName kUnits[] = {
    {"V", Unit::millivolt, {1'000, 1}},
    {"mV", Unit::millivolt, {1, 1}},
    {"kV", Unit::millivolt, {1'000'000, 1}},
    {"A", Unit::milliamp, {1'000, 1}},
    {"mA", Unit::milliamp, {1, 1}},
    {"%", Unit::basis_points, {100, 1}},
    {"Ah", Unit::microamp_hour, {1'000'000, 1}},
    {"mAh", Unit::microamp_hour, {1'000, 1}},
    {"degC", Unit::millicelsius, {1'000, 1}},
    {"deg C", Unit::millicelsius, {1'000, 1}},
    {"C", Unit::millicelsius, {1'000, 1}},
    {"\xC2\xB0"
     "C",
     Unit::millicelsius,
     {1'000, 1}},
    {"\xB0"
     "C",
     Unit::millicelsius,
     {1'000, 1}},
    {"K", Unit::millicelsius, {1'000, 1}, {-273'150, 1}},
    {"W", Unit::watt, {1, 1}},
    {"kW", Unit::watt, {1'000, 1}},
    {"Wh", Unit::watt_hour, {1, 1}},
    {"kWh", Unit::watt_hour, {1'000, 1}},
    {"kOhm", Unit::kiloohm, {1, 1}},
    {"Ohm", Unit::kiloohm, {1, 1'000}},
    {"MOhm", Unit::kiloohm, {1'000, 1}},
};
std::optional<DbcNumber> product(const DbcNumber& a, const DbcNumber& b) {
  const std::int64_t left = std::gcd(a.numerator, b.denominator);
  const std::int64_t right = std::gcd(b.numerator, a.denominator);
  DbcNumber made;
  if (__builtin_mul_overflow(a.numerator / left, b.numerator / right, &made.numerator) ||
      __builtin_mul_overflow(a.denominator / right, b.denominator / left, &made.denominator)) {
    return std::nullopt;
  }
  return made;
}

std::optional<std::int32_t> whole(const std::optional<DbcNumber>& number) {
  if (!number || number->denominator != 1 || !std::in_range<std::int32_t>(number->numerator)) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(number->numerator);
}

/// The names of a unit's units, for a message.
std::string names_of(Unit unit) {
  std::string all;
  for (const UnitName& row : kUnits) {
    const bool plain = row.name.front() > ' ' && row.unit == unit;
    if (plain) all += (all.empty() ? "" : ", ") + std::string(row.name);
  }
  return all;
}

}  // namespace

DbcScale scale_of(const DbcSignal& signal, Unit unit, std::string_view named,
                  const DbcNumber& scale) {
  DbcNumber factor{1, 1};
  DbcNumber offset{};
  if (unit != Unit::count && unit != Unit::boolean) {
    const std::string_view name = named.empty() ? signal.unit : named;
    const auto known = std::ranges::find_if(
        kUnits, [&](const UnitName& row) { return row.unit == unit && row.name == name; });
    if (known == std::end(kUnits)) {
      return {std::nullopt, Errc::not_found,
              "unit '" + std::string(name) + "' is not known here; write unit: one of " +
                  names_of(unit)};
    }
    factor = known->factor;
    offset = known->offset;
  }
  const auto all = product(factor, scale);
  const auto step = all && signal.factor ? product(*all, *signal.factor) : std::nullopt;
  if (!step || step->numerator == 0 || !std::in_range<std::int32_t>(step->numerator) ||
      !std::in_range<std::int32_t>(step->denominator)) {
    return {std::nullopt, Errc::off_grid, "its factor is no exact number of 32 bits"};
  }
  const auto shift = whole(all && signal.offset ? product(*all, *signal.offset) : std::nullopt);
  const std::int64_t sum = shift.value_or(0) + offset.numerator;
  if (!shift || !std::in_range<std::int32_t>(sum)) {
    return {std::nullopt, Errc::off_grid,
            "its offset is no whole number in the unit of libems (" +
                std::string(unit_info(unit).name) + ")"};
  }
  return {protocol::Linear{.scale = static_cast<std::int32_t>(step->numerator),
                           .offset = static_cast<std::int32_t>(sum),
                           .divide = static_cast<std::int32_t>(step->denominator)},
          Errc{},
          {}};
}

}  // namespace ems::io::detail
