// SPDX-License-Identifier: Apache-2.0
#include "io/pack_compiler.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "ems/device_pack/value.hpp"

namespace ems::io::detail {
namespace {

using device_pack::kNoRegister;
using device_pack::Pack;
using device_pack::ReadBlock;
using device_pack::RegisterPoint;
using device_pack::Section;

constexpr std::int64_t kReplyMinUs = 1'000;
constexpr std::int64_t kReplyMaxUs = 10'000'000;
constexpr std::int64_t kHeaderRegisters = 2;  // Model ID and L.

// A value and its scale factor span these registers; both must come in one answer.
struct Extent {
  std::int64_t first = 0;
  std::int64_t end = 0;
  RegisterPoint point;
  YAML::Mark mark;
};

std::vector<Extent> extents_of(PackReader& reader, PackStorage& storage,
                               std::vector<Definition>& definitions) {
  std::vector<Extent> extents;
  std::vector<std::string_view> scale_names;
  for (const Definition& d : definitions) {
    if (d.is_scale) scale_names.push_back(d.name);
  }
  for (Definition& definition : definitions) {
    RegisterPoint& point = definition.point;
    point.name = storage.keep(definition.name);
    if (!definition.scale_name.empty()) {
      const auto scale = std::find_if(
          definitions.begin(), definitions.end(),
          [&](const Definition& d) { return d.is_scale && d.name == definition.scale_name; });
      if (scale == definitions.end()) {
        reader.error(Errc::not_found, definition.mark,
                     "sf: no point '" + definition.scale_name + "' of type sunssf here" +
                         suggestion(definition.scale_name, scale_names));
        continue;
      }
      point.scale_at = scale->point.offset;
    }
    if (!definition.is_value) continue;
    Extent extent{point.offset, point.offset + point.registers, point, definition.mark};
    if (point.scale_at != kNoRegister) {
      extent.first = std::min<std::int64_t>(extent.first, point.scale_at);
      extent.end = std::max<std::int64_t>(extent.end, point.scale_at + 1);
    }
    extents.push_back(extent);
  }
  std::stable_sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::tie(a.first, a.point.offset) < std::tie(b.first, b.point.offset);
  });
  return extents;
}

void make_blocks(PackReader& reader, PackStorage& storage, const ReadRules& rules,
                 std::vector<Definition>& definitions, Section& section) {
  std::vector<RegisterPoint> points;
  std::vector<ReadBlock> blocks;
  std::int64_t end = 0;
  for (const Extent& extent : extents_of(reader, storage, definitions)) {
    if (extent.end - extent.first > rules.registers_max) {
      reader.error(Errc::out_of_range, extent.mark,
                   "'" + std::string(extent.point.name) +
                       "' and its scale factor do not fit one "
                       "read of " +
                       std::to_string(rules.registers_max) + " registers");
      continue;
    }
    const bool joins = !blocks.empty() && extent.first - end <= rules.gap_max &&
                       std::max(end, extent.end) - blocks.back().offset <= rules.registers_max;
    if (!joins) {
      blocks.push_back({.offset = static_cast<std::uint16_t>(extent.first),
                        .count = 0,
                        .first_point = static_cast<std::uint16_t>(points.size()),
                        .point_count = 0});
      end = extent.end;
    }
    end = std::max(end, extent.end);
    blocks.back().count = static_cast<std::uint16_t>(end - blocks.back().offset);
    ++blocks.back().point_count;
    points.push_back(extent.point);
  }
  section.points = storage.keep(storage.points_, std::move(points));
  section.blocks = storage.keep(storage.blocks_, std::move(blocks));
}

void check_extent(PackReader& reader, const Section& section,
                  const std::vector<Definition>& definitions) {
  const std::int64_t limit = section.registers != 0 ? section.registers : 0x10000 - section.base;
  for (const Definition& d : definitions) {
    if (d.point.offset + d.point.registers > limit) {
      reader.error(Errc::out_of_range, d.mark, "point '" + d.name + "' lies beyond the section");
    }
  }
}

Section compile_section(PackReader& reader, const YAML::Node& node, bool sunspec,
                        const ReadRules& rules, PackStorage& storage,
                        std::vector<Definition>& definitions) {
  Section section;
  const bool ok =
      sunspec ? reader.is_map(node, "section", {"name", "model", "length", "every", "points"})
              : reader.is_map(node, "section", {"name", "base", "function", "every", "points"});
  if (!ok) return section;
  section.name = storage.keep(reader.text(node, "name", true).value_or(""));
  section.every =
      static_cast<std::uint16_t>(reader.integer(node, "every", 0, 10'000, false).value_or(1));
  if (sunspec) {
    section.model =
        static_cast<std::uint16_t>(reader.integer(node, "model", 1, 0xFFFE, true).value_or(1));
    section.registers = static_cast<std::uint16_t>(
        reader.integer(node, "length", 1, 0xFFF0, true).value_or(1) + kHeaderRegisters);
  } else {
    static constexpr std::array<std::string_view, 2> kFunctions = {"holding", "input"};
    section.base =
        static_cast<std::uint16_t>(reader.integer(node, "base", 0, 0xFFFF, true).value_or(0));
    section.function = reader.choice(node, "function", kFunctions, true).value_or(0) == 0
                           ? device_pack::Function::read_holding_registers
                           : device_pack::Function::read_input_registers;
  }
  const auto list = reader.find(node, "points", true);
  if (!list || !reader.is_list(*list, "points")) return section;
  definitions = read_definitions(reader, *list, sunspec);
  check_extent(reader, section, definitions);
  make_blocks(reader, storage, rules, definitions, section);
  return section;
}

// The same (signal, element) or text from two registers would fight in the process image.
void check_unique(PackReader& reader, const std::vector<std::vector<Definition>>& sections) {
  std::map<std::tuple<bool, int, int>, std::string> seen;
  for (const auto& definitions : sections) {
    for (const Definition& d : definitions) {
      if (!d.is_value) continue;
      const bool text = d.point.use == device_pack::PointUse::text;
      const int what = text ? static_cast<int>(d.point.text) : static_cast<int>(d.point.signal);
      const auto [at, fresh] = seen.emplace(std::tuple{text, what, d.point.element}, d.name);
      if (!fresh) {
        reader.error(Errc::already_exists, d.mark,
                     "'" + d.name + "' and '" + at->second + "' give the same value");
      }
    }
  }
}

void compile_sections(PackReader& reader, const YAML::Node& root, const ReadRules& rules,
                      PackStorage& storage, std::vector<std::vector<Definition>>& definitions) {
  const auto list = reader.find(root, "sections", true);
  if (!list || !reader.is_list(*list, "sections")) return;
  if (list->size() > device_pack::kSectionsMax) {
    reader.error(Errc::out_of_range, *list,
                 "sections: at most " + std::to_string(device_pack::kSectionsMax));
    return;
  }
  std::size_t blocks = 0;
  for (const YAML::Node& node : *list) {
    const bool sunspec = storage.pack_.sunspec;
    storage.sections_.push_back(
        compile_section(reader, node, sunspec, rules, storage, definitions.emplace_back()));
    blocks += storage.sections_.back().blocks.size();
  }
  if (blocks > device_pack::kBlocksMax) {
    reader.error(
        Errc::out_of_range, *list,
        "sections: more than " + std::to_string(device_pack::kBlocksMax) + " reads; raise gap_max");
  }
  check_unique(reader, definitions);
}

}  // namespace

std::shared_ptr<PackStorage> compile_pack(PackReader& reader, const YAML::Node& root) {
  auto storage = std::make_shared<PackStorage>();
  if (!reader.is_map(root, "pack",
                     {"pack", "title", "source", "kind", "addressing", "base", "reply_timeout_s",
                      "read", "sections", "control"})) {
    return storage;
  }
  Pack& pack = storage->pack_;
  pack.name = storage->keep(reader.text(root, "pack", true).value_or(""));
  pack.title = storage->keep(reader.text(root, "title", true).value_or(""));
  pack.source = storage->keep(reader.text(root, "source", true).value_or(""));
  static constexpr std::array<std::string_view, 5> kKinds = {"battery", "inverter", "meter", "pv",
                                                             "load"};
  static_assert(static_cast<int>(AssetKind::battery) == 1 &&
                static_cast<int>(AssetKind::load) == 5);
  pack.kind = static_cast<AssetKind>(reader.choice(root, "kind", kKinds, true).value_or(0) + 1);
  static constexpr std::array<std::string_view, 2> kAddressing = {"fixed", "sunspec"};
  pack.sunspec = reader.choice(root, "addressing", kAddressing, true).value_or(0) == 1;
  if (pack.sunspec) {
    pack.sunspec_base =
        static_cast<std::uint16_t>(reader.integer(root, "base", 0, 0xFFF0, true).value_or(0));
  } else if (root["base"].IsDefined()) {
    reader.error(Errc::invalid_argument, root["base"], "base: only with addressing sunspec");
  }
  pack.reply_timeout = microseconds(
      reader.decimal(root, "reply_timeout_s", 6, kReplyMinUs, kReplyMaxUs, true).value_or(1));
  ReadRules rules;
  if (const auto read = reader.find(root, "read", false);
      read && reader.is_map(*read, "read", {"registers_max", "gap_max"})) {
    rules.registers_max =
        reader.integer(*read, "registers_max", 1, protocol::modbus::kReadRegistersMax, false)
            .value_or(rules.registers_max);
    rules.gap_max = reader.integer(*read, "gap_max", 0, protocol::modbus::kReadRegistersMax, false)
                        .value_or(rules.gap_max);
  }
  std::vector<std::vector<Definition>> definitions;
  definitions.reserve(device_pack::kSectionsMax);
  compile_sections(reader, root, rules, *storage, definitions);
  pack.sections = storage->sections_;
  if (const auto control = reader.find(root, "control", false)) {
    compile_control(reader, *control, *storage, definitions);
    pack.control = &storage->control_;
  }
  return storage;
}

}  // namespace ems::io::detail
