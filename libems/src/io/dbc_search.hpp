// SPDX-License-Identifier: Apache-2.0
/// @file What a mapping names, found in its DBC file. What is not there, or cannot be read, is an
/// error at the mapping's place. Private to dbc_mapping.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/dbc.hpp"
#include "ems/protocol/can_map/map.hpp"
#include "io/pack_reader.hpp"

namespace ems::io::detail {

class DbcSearch {
 public:
  struct Found {
    const DbcMessage* message;
    const DbcSignal* signal;
  };

  /// All outlive this. @param name  Of the file, for messages.
  DbcSearch(const Dbc& dbc, std::string_view name, PackReader& reader)
      : dbc_(dbc), name_(name), reader_(reader) {}

  /// @param text  `Message.Signal`.
  std::optional<Found> find(const YAML::Node& node, std::string_view text);
  /// The digits that stand for * where there is a signal, ascending by number and without a gap;
  /// empty: it was an error. @param pattern  `Message.Cell_*`.
  std::vector<std::string_view> numbered(const YAML::Node& node, std::string_view pattern);
  /// Where the signal lies, if libems can read it.
  std::optional<protocol::can_map::Bits> place(const YAML::Node& node, const Found& found);
  /// A number, or the name that VAL_ gives it.
  std::optional<std::int32_t> value_of(const YAML::Node& node, const Found& found,
                                       const std::string& text);
  /// The error `Message.Signal (file:line): why`.
  void refuse(const YAML::Node& node, const Found& found, Errc code, const std::string& why);

 private:
  const DbcMessage* message(const YAML::Node& node, std::string_view name);
  template <class Items>
  void not_found(const YAML::Node& node, std::string_view name, const std::string& what,
                 const Items& items);

  const Dbc& dbc_;
  std::string name_;
  PackReader& reader_;
};

}  // namespace ems::io::detail
