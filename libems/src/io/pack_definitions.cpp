// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "ems/core/decimal.hpp"
#include "ems/device_pack/value.hpp"
#include "io/pack_compiler.hpp"

namespace ems::io::detail {
namespace {

using device_pack::PointUse;
using device_pack::RegisterPoint;
using device_pack::WireType;
using device_pack::WordOrder;

struct TypeRow {
  std::string_view name;
  WireType type;
  bool has_absent = false;
  std::uint64_t absent = 0;
  bool is_scale = false;
};

// @source SunSpec Device Information Model Specification V1.2-1-1, section "Data types" and their
// not-implemented values.
constexpr std::array kSunspecTypes = {
    TypeRow{"int16", WireType::s16, true, 0x8000},
    TypeRow{"uint16", WireType::u16, true, 0xFFFF},
    TypeRow{"int32", WireType::s32, true, 0x8000'0000},
    TypeRow{"uint32", WireType::u32, true, 0xFFFF'FFFF},
    TypeRow{"int64", WireType::s64, true, 0x8000'0000'0000'0000},
    TypeRow{"uint64", WireType::u64, true, 0xFFFF'FFFF'FFFF'FFFF},
    TypeRow{"acc16", WireType::u16, true, 0},
    TypeRow{"acc32", WireType::u32, true, 0},
    TypeRow{"acc64", WireType::u64, true, 0},
    TypeRow{"enum16", WireType::u16, true, 0xFFFF},
    TypeRow{"enum32", WireType::u32, true, 0xFFFF'FFFF},
    TypeRow{"bitfield16", WireType::u16, true, 0xFFFF},
    TypeRow{"bitfield32", WireType::u32, true, 0xFFFF'FFFF},
    TypeRow{"bitfield64", WireType::u64, true, 0xFFFF'FFFF'FFFF'FFFF},
    TypeRow{"float32", WireType::f32},
    TypeRow{"string", WireType::text},
    TypeRow{"sunssf", WireType::s16, true, 0x8000, true},
};
constexpr std::array kPlainTypes = {
    TypeRow{"s16", WireType::s16}, TypeRow{"u16", WireType::u16},     TypeRow{"s32", WireType::s32},
    TypeRow{"u32", WireType::u32}, TypeRow{"s64", WireType::s64},     TypeRow{"u64", WireType::u64},
    TypeRow{"f32", WireType::f32}, TypeRow{"string", WireType::text},
};

struct UnitRow {
  std::string_view name;
  Unit unit;
  std::int64_t factor;  // Catalogue units in one of it.
};
constexpr std::array kUnits = {
    UnitRow{"V", Unit::millivolt, 1'000},
    UnitRow{"mV", Unit::millivolt, 1},
    UnitRow{"A", Unit::milliamp, 1'000},
    UnitRow{"mA", Unit::milliamp, 1},
    UnitRow{"degC", Unit::millicelsius, 1'000},
    UnitRow{"Hz", Unit::millihertz, 1'000},
    UnitRow{"W", Unit::watt, 1},
    UnitRow{"kW", Unit::watt, 1'000},
    UnitRow{"var", Unit::var, 1},
    UnitRow{"kvar", Unit::var, 1'000},
    UnitRow{"VA", Unit::volt_amp, 1},
    UnitRow{"kVA", Unit::volt_amp, 1'000},
    UnitRow{"Wh", Unit::watt_hour, 1},
    UnitRow{"kWh", Unit::watt_hour, 1'000},
    UnitRow{"MWh", Unit::watt_hour, 1'000'000},
    UnitRow{"mAh", Unit::microamp_hour, 1'000},
    UnitRow{"Ah", Unit::microamp_hour, 1'000'000},
    UnitRow{"pct", Unit::basis_points, 100},
    UnitRow{"mohm", Unit::milliohm, 1},
    UnitRow{"ohm", Unit::milliohm, 1'000},
    UnitRow{"kohm", Unit::kiloohm, 1},
    UnitRow{"s", Unit::second, 1},
};
constexpr std::int64_t kRatioFactor = 1'000'000;  // A plain 1 is 1e6 of Unit::ratio.
constexpr int kScaleDigits = 9;
constexpr std::int64_t kScaleOne = 1'000'000'000;
constexpr std::int64_t kScaleMax = 1'000'000 * kScaleOne;
constexpr std::int64_t kFactorMax = 1'000'000'000'000;
constexpr int kFloatDigitsMax = 9;

template <class Rows>
std::vector<std::string_view> names_of(const Rows& rows) {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

constexpr std::array<std::string_view, 14> kPointKeys = {
    "name", "at",    "type",   "size",   "order",   "absent", "sf",
    "unit", "scale", "invert", "signal", "element", "text",   "mask"};

// Multiplier and divisor of the point from its unit and `scale`.
void read_factor(PackReader& reader, const YAML::Node& node, std::optional<Unit> wanted,
                 Definition& definition) {
  RegisterPoint& point = definition.point;
  std::int64_t factor = wanted == Unit::ratio ? kRatioFactor : 1;
  const std::vector<std::string_view> unit_names = names_of(kUnits);
  const auto unit = reader.choice(node, "unit", unit_names, false);
  if (unit) {
    const UnitRow& row = kUnits[*unit];
    factor = row.factor;
    definition.unit = std::string(row.name);
    if (wanted && row.unit != *wanted) {
      reader.error(Errc::wrong_type, node["unit"],
                   "unit: the signal is in " + std::string(unit_info(*wanted).name));
    }
  } else if (wanted && !unit_info(*wanted).symbol.empty() && !node["unit"].IsDefined()) {
    reader.error(Errc::missing_key, node, "key 'unit' is missing: the signal has one");
  }
  const auto scale = reader.decimal(node, "scale", kScaleDigits, 1, kScaleMax, false);
  std::int64_t numerator = scale.value_or(kScaleOne);
  std::int64_t denominator = kScaleOne;
  std::int64_t common = std::gcd(numerator, denominator);
  numerator /= common;
  denominator /= common;
  common = std::gcd(factor, denominator);
  denominator /= common;
  factor /= common;
  if (__builtin_mul_overflow(numerator, factor, &numerator) || numerator > kFactorMax) {
    reader.error(Errc::out_of_range, node, "scale and unit together are too large");
    return;
  }
  const bool invert = reader.boolean(node, "invert", false).value_or(false);
  point.multiplier = invert ? -numerator : numerator;
  point.divisor = denominator;
  if (point.type != WireType::f32) return;
  int digits = 0;
  for (; numerator % 10 == 0; numerator /= 10) ++digits;
  if (denominator != 1 || numerator != 1 || digits > kFloatDigitsMax) {
    reader.error(Errc::out_of_range, node,
                 "a float's scale and unit must make a power of ten, 1 to 1e9");
    return;
  }
  point.float_digits = static_cast<std::uint8_t>(digits);
  point.multiplier = invert ? -1 : 1;
  point.divisor = 1;
}

void read_signal(PackReader& reader, const YAML::Node& node, const SignalInfo& info,
                 Definition& definition) {
  RegisterPoint& point = definition.point;
  point.signal = info.signal;
  definition.is_value = true;
  switch (info.unit) {
    case Unit::boolean:
      point.use = PointUse::boolean;
      break;
    case Unit::enumeration:
    case Unit::bits:
      point.use = PointUse::bits;
      break;
    case Unit::alarm_bits:
      reader.error(Errc::invalid_argument, node["signal"],
                   "signal: a device's own bits go to vendor_alarms or inverter_alarms");
      break;
    default:
      point.use = PointUse::number;
  }
  const bool element = info.kind == SignalKind::element;
  const auto number = reader.integer(node, "element", 1, 0xFFFF, element);
  if (!element && number) {
    reader.error(Errc::invalid_argument, node["element"], "element: the signal has none");
  }
  point.element = static_cast<std::uint16_t>(element ? number.value_or(1) : 0);
}

const SignalInfo* find_exact_signal(PackReader& reader, const YAML::Node& node) {
  const auto name = reader.text(node, "signal", false);
  if (!name) return nullptr;
  const SignalInfo* info = find_signal(*name);
  if (info != nullptr && info->name == *name) return info;
  const auto names = names_of(signal_table());
  reader.error(Errc::not_found, node["signal"],
               "signal: no '" + *name + "' in the catalogue" + suggestion(*name, names));
  return nullptr;
}

void read_text_field(PackReader& reader, const YAML::Node& node, Definition& definition) {
  static constexpr std::array kFields = {
#define EMS_TEXT(name, number) TextField::name,
#include "ems/model/texts.def"
#undef EMS_TEXT
  };
  std::vector<std::string_view> names;
  for (const TextField field : kFields) names.push_back(text_name(field));
  const auto index = reader.choice(node, "text", names, false);
  if (!index) return;
  definition.point.text = kFields[*index];
  definition.point.use = PointUse::text;
  definition.is_value = true;
}

void read_type(PackReader& reader, const YAML::Node& node, bool sunspec, Definition& definition) {
  RegisterPoint& point = definition.point;
  const std::span<const TypeRow> rows =
      sunspec ? std::span<const TypeRow>{kSunspecTypes} : std::span<const TypeRow>{kPlainTypes};
  const auto index = reader.choice(node, "type", names_of(rows), true);
  if (!index) return;
  const TypeRow& row = rows[*index];
  point.type = row.type;
  point.has_absent = row.has_absent;
  point.absent = row.absent;
  definition.is_scale = row.is_scale;
  const bool text = row.type == WireType::text;
  const auto size = reader.integer(node, "size", 1, device_pack::kTextRegistersMax, text);
  if (size && !text) reader.error(Errc::invalid_argument, node["size"], "size: only for strings");
  point.registers = static_cast<std::uint8_t>(
      text ? size.value_or(1) : static_cast<std::int64_t>(device_pack::registers_of(row.type)));

  static constexpr std::array<std::string_view, 2> kOrders = {"high_low", "low_high"};
  if (const auto order = reader.choice(node, "order", kOrders, false)) {
    point.order = *order == 0 ? WordOrder::high_low : WordOrder::low_high;
    if (sunspec) reader.error(Errc::invalid_argument, node["order"], "order: fixed by SunSpec");
  }
  if (const auto absent = reader.integer(node, "absent", 0, INT64_MAX, false)) {
    point.has_absent = true;
    point.absent = static_cast<std::uint64_t>(*absent);
    if (sunspec || text) {
      reader.error(Errc::invalid_argument, node["absent"], "absent: fixed by the type");
    } else if (point.registers < 4 && point.absent >> (16U * point.registers) != 0) {
      reader.error(Errc::out_of_range, node["absent"], "absent: wider than the type");
    }
  }
}

std::optional<Definition> read_definition(PackReader& reader, const YAML::Node& node,
                                          bool sunspec) {
  if (!reader.is_map(node, "point", kPointKeys)) return std::nullopt;
  Definition definition;
  definition.mark = node.Mark();
  definition.name = reader.text(node, "name", true).value_or("");
  const auto at = reader.integer(node, "at", 0, 0xFFFE, true);
  definition.point.offset = static_cast<std::uint16_t>(at.value_or(0));
  read_type(reader, node, sunspec, definition);

  const SignalInfo* signal = find_exact_signal(reader, node);
  const bool text = definition.point.type == WireType::text;
  if (text) {
    if (node["signal"].IsDefined()) {
      reader.error(Errc::invalid_argument, node["signal"], "signal: a string has `text` instead");
    }
    read_text_field(reader, node, definition);
  } else if (node["text"].IsDefined()) {
    reader.error(Errc::invalid_argument, node["text"], "text: only for strings");
  } else if (signal != nullptr) {
    read_signal(reader, node, *signal, definition);
  } else if (node["element"].IsDefined()) {
    reader.error(Errc::invalid_argument, node["element"], "element: only with a signal");
  }
  const bool scalable = signal == nullptr || definition.point.use == PointUse::number;
  if (!scalable) {
    for (const char* key : {"unit", "scale", "invert", "sf"}) {
      if (node[key].IsDefined()) {
        reader.error(Errc::invalid_argument, node[key],
                     std::string(key) + ": the signal is not a number with a unit");
      }
    }
    if (definition.point.type == WireType::f32) {
      reader.error(Errc::invalid_argument, node["type"], "type: a float cannot be bits");
    }
  } else {
    read_factor(reader, node, signal != nullptr ? std::optional<Unit>{signal->unit} : std::nullopt,
                definition);
    if (sunspec) definition.scale_name = reader.text(node, "sf", false).value_or("");
  }
  if (!sunspec && node["sf"].IsDefined()) {
    reader.error(Errc::invalid_argument, node["sf"], "sf: only with addressing sunspec");
  }
  if (const auto mask = reader.integer(node, "mask", 1, INT64_MAX, false)) {
    definition.point.mask = static_cast<std::uint64_t>(*mask);
    if (definition.point.use != PointUse::boolean) {
      reader.error(Errc::invalid_argument, node["mask"], "mask: only for a boolean signal");
    }
  }
  return definition;
}

}  // namespace

std::vector<Definition> read_definitions(PackReader& reader, const YAML::Node& list, bool sunspec) {
  std::vector<Definition> definitions;
  for (const YAML::Node& node : list) {
    auto definition = read_definition(reader, node, sunspec);
    if (!definition) continue;
    const auto same = [&](const Definition& d) { return d.name == definition->name; };
    if (std::any_of(definitions.begin(), definitions.end(), same)) {
      reader.error(Errc::already_exists, node, "point '" + definition->name + "' stands twice");
    }
    definitions.push_back(std::move(*definition));
  }
  return definitions;
}

}  // namespace ems::io::detail
