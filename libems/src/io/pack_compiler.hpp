// SPDX-License-Identifier: Apache-2.0
/// @file A parsed pack document to device_pack tables. Private to the pack loader.
#pragma once

#include <yaml-cpp/yaml.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/pack_loader.hpp"
#include "io/pack_reader.hpp"

namespace ems::io::detail {

/// The storage behind one Pack. Addresses never move once made: deques of strings and vectors.
class PackStorage final : public LoadedPack {
 public:
  [[nodiscard]] const device_pack::Pack& pack() const noexcept override { return pack_; }

  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  template <class T>
  std::span<const T> keep(std::deque<std::vector<T>>& where, std::vector<T> items) {
    return where.emplace_back(std::move(items));
  }

  device_pack::Pack pack_;
  std::vector<device_pack::Section> sections_;
  device_pack::PowerControl control_;
  std::deque<std::vector<device_pack::RegisterPoint>> points_;
  std::deque<std::vector<device_pack::ReadBlock>> blocks_;
  std::deque<std::vector<device_pack::WriteField>> fields_;
  std::deque<std::vector<device_pack::WriteStep>> steps_;

 private:
  std::deque<std::string> texts_;
};

/// One register definition of a section: what a point, a scale factor or a written field is.
struct Definition {
  std::string name;
  YAML::Mark mark;
  device_pack::RegisterPoint point;  ///< Name and scale_at are not set yet.
  std::string scale_name;            ///< Empty: none.
  bool is_scale = false;
  bool is_value = false;  ///< Has a signal or a text.
  std::string unit;
};

struct ReadRules {
  std::int64_t registers_max = 125;
  std::int64_t gap_max = 0;
};

/// Reads the definitions of one section's `points`.
[[nodiscard]] std::vector<Definition> read_definitions(PackReader& reader, const YAML::Node& list,
                                                       bool sunspec);

/// Whole document. Errors are in the reader; the result counts only without errors.
[[nodiscard]] std::shared_ptr<PackStorage> compile_pack(PackReader& reader, const YAML::Node& root);

/// The `control` map. Needs the sections' definitions and blocks.
void compile_control(PackReader& reader, const YAML::Node& node, PackStorage& storage,
                     const std::vector<std::vector<Definition>>& definitions);

}  // namespace ems::io::detail
