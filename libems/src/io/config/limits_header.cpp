// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "ems/io/config/limits_config.hpp"
#include "io/config/limit_fields.hpp"
#include "io/config/reader.hpp"
#include "io/config/tables.hpp"

namespace ems::io {
namespace {

/// The type of a field, from the unit its canonical name ends in.
std::string_view type_of(std::string_view canonical) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"_mv", "MilliVolt"}, {"_ma", "MilliAmp"}, {"_mdegc", "MilliCelsius"}, {"_bp", "BasisPoints"},
      {"_us", "Duration"},  {"_w", "Watt"},      {"_kohm", "KiloOhm"},
  };
  for (const auto& [suffix, type] : kTypes) {
    if (canonical.ends_with(suffix)) return type;
  }
  EMS_ASSERT(false && "a limit whose unit has no type");
  return {};
}

std::string number_of(const config::LimitField& field, const safety::Limits& limits) {
  return std::string(type_of(field.canonical)) + '{' + std::to_string(field.get(limits)) + '}';
}

/// `safety::derate_curve<MilliVolt>({{MilliVolt{3550}, BasisPoints{10000}}, ...})`.
std::string curve_of(const config::LimitField& field, const safety::Limits& limits) {
  std::string_view canonical = field.canonical;
  canonical.remove_suffix(std::string_view("_bp").size());
  const std::string type(type_of(canonical));
  std::string points;
  for (const config::CurvePoint& point : field.curve(limits)) {
    if (!points.empty()) points += ", ";
    points += '{' + type + '{' + std::to_string(point.x) + "}, BasisPoints{" +
              std::to_string(point.share) + "}}";
  }
  return "safety::derate_curve<" + type + ">({" + points + "})";
}

}  // namespace

std::string print_limits_header(const LimitsConfig& config) {
  const std::vector<std::string_view> names =
      config::split_words(limits_schema().keys.front().choices);
  std::string out =
      "// SPDX-License-Identifier: Apache-2.0\n"
      "/// @file Safety limits as constants. Printed by `emsctl limits header`; do not edit.\n"
      "// clang-format off\n"
      "#pragma once\n\n"
      "#include \"ems/safety/limits.hpp\"\n\n"
      "namespace ems::firmware {\n\n"
      "inline constexpr safety::Chemistry kChemistry = safety::Chemistry::";
  out += names.at(static_cast<std::size_t>(config.chemistry));
  out += ";\n/// First 8 bytes of the hash that `emsctl limits show` prints.\n";
  out +=
      "inline constexpr std::uint64_t kLimitsHash = 0x" + config.hash.hex().substr(0, 16) + ";\n";
  out +=
      "inline constexpr safety::Limits kLimits = [] {\n"
      "  safety::Limits limits = safety::kLfpBounds.widest;\n";
  for (const config::LimitField& field : config::limit_fields()) {
    out += "  limits." + std::string(field.member) + " = ";
    out +=
        field.curve == nullptr ? number_of(field, config.limits) : curve_of(field, config.limits);
    out += ";\n";
  }
  return out + "  return limits;\n}();\n\n}  // namespace ems::firmware\n";
}

}  // namespace ems::io
