// SPDX-License-Identifier: Apache-2.0
/// @file The one table of configuration keys. Files are checked against it; the reference page and
/// the JSON Schemas are printed from it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace ems::io {

/// What a key holds.
enum class SchemaType : std::uint8_t {
  section,       ///< A map of keys.
  section_list,  ///< A list of maps.
  integer,       ///< A whole number without a unit.
  quantity,      ///< A decimal number; the key's suffix is its unit.
  integer_list,  ///< A list of whole numbers.
  name,          ///< [a-z0-9-]{1,63}.
  text,          ///< Any text without control characters, 1 to 255 bytes.
  text_list,     ///< A list of texts.
  path,          ///< A path; relative ones are relative to the file that says so.
  address,       ///< HOST:PORT.
  choice,        ///< One of the words in `choices`.
  flag,          ///< `true` or `false`.
  choice_list,   ///< A list of words in `choices`, none twice.
  clock,         ///< A time of day, HH:MM, 00:00 to 24:00.
  utc,           ///< A moment, 2026-11-21T08:15:30Z.
  curve,         ///< A list of [x, share]: x in the unit of the key's suffix, the share in percent.
};

/// Most points of a curve.
inline constexpr std::size_t kCurvePointsMax = 6;

/// One row: a key and everything there is to know about it.
struct SchemaKey {
  /// From the root, a dot between levels and `[]` after a list of sections:
  /// `batteries[].serial.baud`.
  std::string_view path{};
  SchemaType type = SchemaType::text;
  /// Decimal digits of the integer unit behind a quantity: 3 for V -> mV.
  int digits = 0;
  /// Range in the integer unit, both ends allowed. Numbers only.
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool required = false;  ///< In each section that is there.
  /// As it would be written in the file; empty: none, absent is a state of its own.
  std::string_view default_text{};
  std::string_view choices{};  ///< Words of a choice, one space between.
  /// Keys of one section with the same group: exactly one of them must be there.
  std::string_view one_of{};
  std::string_view doc{};  ///< One or two sentences.
};

/// One kind of file.
struct Schema {
  std::string_view name;            ///< `site`: the file is site.yaml by habit.
  std::string_view title;           ///< Heading of its part of the reference page.
  std::span<const SchemaKey> keys;  ///< A section comes before its keys.
};

/// @thread_safety Pure functions, all of this file.
[[nodiscard]] const Schema& site_schema() noexcept;
[[nodiscard]] const Schema& limits_schema() noexcept;
[[nodiscard]] const Schema& server_schema() noexcept;
// The files that policies follow; see tables_config.hpp.
[[nodiscard]] const Schema& schedule_schema() noexcept;
[[nodiscard]] const Schema& plan_schema() noexcept;
[[nodiscard]] const Schema& price_schema() noexcept;
/// All of them, in the order of the reference page.
[[nodiscard]] std::span<const Schema* const> all_schemas() noexcept;

/// The reference page (Markdown) of all files.
[[nodiscard]] std::string reference_markdown();
/// JSON Schema (draft 2020-12) of one file, for editors.
[[nodiscard]] std::string json_schema(const Schema& schema);

}  // namespace ems::io
