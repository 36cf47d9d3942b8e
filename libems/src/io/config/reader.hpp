// SPDX-License-Identifier: Apache-2.0
/// @file Checks a document against a schema and keeps what is valid, with its places.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/config/diagnostic.hpp"
#include "ems/io/config/schema.hpp"
#include "ems/io/config/site_config.hpp"
#include "io/config/document.hpp"

namespace ems::io::config {

/// Choices that the caller of the loader knows.
inline constexpr std::string_view kKnownProtocols = "@protocols";
inline constexpr std::string_view kKnownPacks = "@packs";
/// Asset ids and the items of an integer list.
inline constexpr std::int64_t kIdMin = 1;
inline constexpr std::int64_t kIdMax = 65535;

struct Section;

/// A valid value of one key. Which members count follows from the row's type.
struct Value {
  Place place{};  ///< Of the value; line 0 when it is the default.
  /// integer, quantity (integer unit); choice: index of the word; flag: 0 or 1; clock: minutes;
  /// utc: microseconds since 1970.
  std::int64_t number = 0;
  std::string text{};      ///< name, text, path, address, choice.
  TcpEndpoint endpoint{};  ///< address.
  std::vector<Value>
      list{};  ///< integer_list, text_list, choice_list; curve: points, each a list of two.
  std::vector<Section> sections;  ///< section (one) or section_list.
};

/// A checked map. Keys that are absent without a default, or that are wrong, are not in it.
struct Section {
  Place place{};
  std::map<std::string_view, Value> values{};  ///< By the last part of the key.
  std::set<std::string_view> wrong{};          ///< Keys that are there (or misspelt) but not valid.

  [[nodiscard]] const Value* find(std::string_view key) const;
  /// @pre The key is there: required or defaulted, and the file has no errors.
  [[nodiscard]] const Value& at(std::string_view key) const;
  [[nodiscard]] const Section* section(std::string_view key) const;
  /// Items of a section_list; empty when it is absent.
  [[nodiscard]] const std::vector<Section>& list(std::string_view key) const;
};

/// Checks a file against its schema.
class Reader {
 public:
  /// @param known  Words of rows whose choices are `@protocols` or `@packs`; nullptr: none.
  Reader(const Schema& schema, std::string file, const KnownNames* known);

  /// Parses and checks a whole text. Errors are kept in errors().
  [[nodiscard]] Section read(std::string_view text);

  /// The words given to the constructor; nullptr: none.
  [[nodiscard]] const KnownNames* known() const noexcept { return known_; }

  void error(const Place& place, Errc code, std::string message, std::string suggestion = {});
  /// All errors so far, in the order of the file.
  [[nodiscard]] std::vector<ConfigError> take_errors();
  [[nodiscard]] bool ok() const { return errors_.empty(); }

 private:
  [[nodiscard]] Section check_section(const Node& node, const std::string& prefix);
  void check_keys(const Node& node, const std::string& prefix, Section& section,
                  std::vector<std::string>& meant, std::vector<std::string_view>& present);
  void check_absent(const std::string& prefix, const Place& place, Section& section,
                    const std::vector<std::string>& meant,
                    const std::vector<std::string_view>& present);
  [[nodiscard]] bool check_value(const Node& node, const SchemaKey& row, Value& value);
  [[nodiscard]] bool check_list(const Node& node, const SchemaKey& row, Value& value);
  [[nodiscard]] bool check_curve(const Node& node, const SchemaKey& row, Value& value);
  [[nodiscard]] bool check_number(const Node& node, const SchemaKey& row, Value& value);
  [[nodiscard]] bool check_time(const Node& node, const SchemaKey& row, Value& value);
  [[nodiscard]] bool check_text(const Node& node, const SchemaKey& row, Value& value);
  [[nodiscard]] bool check_choice(const Node& node, const SchemaKey& row, Value& value);
  [[nodiscard]] std::vector<std::string_view> words_of(const SchemaKey& row) const;

  const Schema& schema_;
  std::string file_;
  const KnownNames* known_;
  std::vector<ConfigError> errors_;
};

/// Last part of a key path.
[[nodiscard]] std::string_view leaf_of(std::string_view path);
/// Everything before the last dot; empty at the root.
[[nodiscard]] std::string_view parent_of(std::string_view path);
/// Words of a choice.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view words);
/// `0.02 .. 1 s`; the open side of a range is left out, empty when both are.
[[nodiscard]] std::string range_text(const SchemaKey& row);
/// Symbol of a quantity's unit, from the suffix of its key; empty when it has none.
[[nodiscard]] std::string_view symbol_of(std::string_view key);
/// A count of 10^-digits as people write it, without a trailing `.0`.
[[nodiscard]] std::string decimal_text(std::int64_t count, int digits);
/// HOST:PORT, [V6]:PORT. False when it is neither.
[[nodiscard]] bool parse_endpoint(std::string_view text, TcpEndpoint& endpoint);
/// A path of a file, joined to the folder of the file that names it.
[[nodiscard]] std::filesystem::path joined(const std::filesystem::path& file,
                                           const std::string& path);

}  // namespace ems::io::config
