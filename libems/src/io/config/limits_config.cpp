// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/limits_config.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "io/config/limit_fields.hpp"
#include "io/config/reader.hpp"

namespace ems::io {
namespace {

using config::CurvePoint;
using config::LimitField;
using config::Place;
using config::Reader;
using config::Section;
using config::Value;

constexpr std::string_view kHexDigits = "0123456789abcdef";

const Value* find_value(const Section& root, std::string_view key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return root.find(key);
  const Section* section = root.section(key.substr(0, dot));
  return section == nullptr ? nullptr : section->find(key.substr(dot + 1));
}

const LimitField* find_field(std::string_view name, std::string_view LimitField::*column) {
  for (const LimitField& field : config::limit_fields()) {
    if (field.*column == name) return &field;
  }
  return nullptr;
}

std::vector<CurvePoint> points_of(const Value& curve) {
  std::vector<CurvePoint> points;
  for (const Value& point : curve.list) {
    points.push_back({point.list.at(0).number, point.list.at(1).number});
  }
  return points;
}

/// Effective limits: the defaults, the currents, then what the file says.
safety::Limits effective(const Section& root, const safety::Limits& defaults) {
  safety::Limits limits = defaults;
  for (const LimitField& field : config::limit_fields()) {
    const Value* value = find_value(root, field.key);
    if (field.curve != nullptr) {
      if (value != nullptr) field.set_curve(limits, points_of(*value));
    } else if (value != nullptr) {
      field.set(limits, value->number);
    } else if (const Value* trip = find_value(root, field.follows)) {
      const LimitField* trip_field = find_field(field.follows, &LimitField::key);
      field.set(limits, field.get(defaults) + trip->number - trip_field->get(defaults));
    }
  }
  return limits;
}

/// Where to point for a field: at its value, else at its trip, else at its section, else at the
/// top of the file.
Place place_of(const Section& root, const LimitField& field) {
  if (const Value* value = find_value(root, field.key)) return value->place;
  if (const Value* trip = find_value(root, field.follows)) return trip->place;
  const Section* section = root.section(field.key.substr(0, field.key.find('.')));
  return section != nullptr ? section->place : root.place;
}

std::string value_text(const LimitField& field, const safety::Limits& limits) {
  const auto& keys = limits_schema().keys;
  const auto row = std::find_if(keys.begin(), keys.end(),
                                [&](const SchemaKey& key) { return key.path == field.key; });
  return config::decimal_text(field.get(limits), row->digits) + ' ' +
         std::string(config::symbol_of(field.key));
}

/// validate() names one fault at a time: each is written down, its group is put back to the
/// defaults, and the rest is checked again.
void check_bounds(Reader& reader, const Section& root, safety::Chemistry chemistry,
                  safety::Limits limits, const safety::Limits& defaults) {
  std::set<std::string_view> reported;
  for (;;) {
    const Result<void> valid = safety::validate(limits, chemistry);
    if (valid) return;
    const std::string_view what = valid.error().what;
    const std::size_t colon = std::min(what.find(':'), what.size());
    const LimitField* field = find_field(what.substr(0, colon), &LimitField::member);
    if (field == nullptr) {
      reader.error(root.place, valid.error().code, std::string(what));
      return;
    }
    if (!reported.insert(field->key).second) return;
    const bool written = place_of(root, *field).line != root.place.line ||
                         place_of(root, *field).column != root.place.column;
    std::string message = '"' + std::string(field->key) + '"';
    if (field->curve == nullptr) message += " is " + value_text(*field, limits);
    message += what.substr(colon);
    // A default that only follows from a fault already written down is not a fault of its own.
    if (written || reader.ok()) {
      reader.error(place_of(root, *field), valid.error().code, std::move(message));
    }
    const std::string_view group = field->member.substr(0, field->member.find('.'));
    for (const LimitField& other : config::limit_fields()) {
      if (other.member.substr(0, other.member.find('.')) != group) continue;
      if (other.curve != nullptr) {
        other.set_curve(limits, other.curve(defaults));
      } else {
        other.set(limits, other.get(defaults));
      }
    }
  }
}

}  // namespace

std::uint64_t LimitsHash::prefix() const noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | bytes[i];
  return value;
}

std::string LimitsHash::hex() const {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0xF];
  }
  return out;
}

std::string canonical_limits(safety::Chemistry chemistry, const safety::Limits& limits) {
  const std::vector<std::string_view> names =
      config::split_words(limits_schema().keys.front().choices);
  std::string out = "ems-limits 1\nchemistry=";
  out += names.at(static_cast<std::size_t>(chemistry));
  out += '\n';
  for (const LimitField& field : config::limit_fields()) {
    out += std::string(field.canonical) + '=';
    if (field.curve == nullptr) {
      out += std::to_string(field.get(limits));
    } else {
      const char* comma = "";
      for (const CurvePoint& point : field.curve(limits)) {
        out +=
            std::exchange(comma, ",") + std::to_string(point.x) + ':' + std::to_string(point.share);
      }
    }
    out += '\n';
  }
  return out;
}

LimitsHash limits_hash(safety::Chemistry chemistry, const safety::Limits& limits) {
  const std::string text = canonical_limits(chemistry, limits);
  LimitsHash hash;
  static_assert(SHA256_DIGEST_LENGTH == sizeof hash.bytes);
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.bytes.data());
  return hash;
}

Loaded<LimitsConfig> parse_limits_config(std::string_view text, const std::filesystem::path& path) {
  Reader reader(limits_schema(), path.string(), nullptr);
  const Section root = reader.read(text);
  const Value* chemistry_value = root.find("chemistry");
  if (chemistry_value == nullptr) return {std::nullopt, reader.take_errors()};
  const auto chemistry = static_cast<safety::Chemistry>(chemistry_value->number);

  const auto current = [&](std::string_view key) {
    const Value* value = root.find(key);
    return MilliAmp{value == nullptr ? 0 : static_cast<std::int32_t>(value->number)};
  };
  const MilliAmp charge = current("charge_current_max_a");
  const MilliAmp discharge = current("discharge_current_max_a");
  safety::Limits defaults = safety::default_limits(chemistry);
  safety::set_current_limits(defaults, charge, discharge);
  const safety::Limits limits = effective(root, defaults);
  const MilliAmp bound = safety::absolute_bounds(chemistry).widest.charge_current_max;
  safety::set_current_limits(defaults, min_of(charge, bound), min_of(discharge, bound));
  check_bounds(reader, root, chemistry, limits, defaults);
  if (!reader.ok()) return {std::nullopt, reader.take_errors()};
  return {LimitsConfig{path, chemistry, limits, limits_hash(chemistry, limits)}, {}};
}

Loaded<LimitsConfig> load_limits_config(const std::filesystem::path& path) {
  std::vector<ConfigError> errors;
  const std::optional<std::string> text = config::read_file(path, errors);
  if (!text) return {std::nullopt, std::move(errors)};
  return parse_limits_config(*text, path);
}

}  // namespace ems::io
