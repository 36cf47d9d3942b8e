// SPDX-License-Identifier: Apache-2.0
// Device packs from YAML. Input: the text of a pack.
#include <algorithm>
#include <array>

#include "ems/device_pack/device.hpp"
#include "ems/io/pack_loader.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

namespace {

void check_bounds(const device_pack::Pack& pack) {
  require(pack.sections.size() <= device_pack::kSectionsMax, "sections are bounded");
  std::size_t blocks = 0;
  for (const device_pack::Section& section : pack.sections) {
    blocks += section.blocks.size();
    for (const device_pack::ReadBlock& block : section.blocks) {
      require(block.count >= 1 && block.count <= protocol::modbus::kReadRegistersMax,
              "one request reads a block");
      require(std::size_t{block.first_point} + block.point_count <= section.points.size(),
              "a block's points are the section's");
      for (const auto& point : section.points.subspan(block.first_point, block.point_count)) {
        require(point.offset >= block.offset &&
                    point.offset + point.registers <= block.offset + block.count,
                "a point lies in its block");
        require(point.divisor > 0, "a divisor is positive");
      }
    }
  }
  require(blocks <= device_pack::kBlocksMax, "blocks are bounded");
  if (pack.control == nullptr) return;
  require(pack.control->section < pack.sections.size(), "the set-point has a section");
  require(
      pack.control->lease_min > Duration{} && pack.control->lease_min <= pack.control->lease_max,
      "leases are positive");
  device_pack::PackDevice device(pack);
  std::array<std::byte, protocol::modbus::kPduSize> out{};
  const auto plan = device.encode_setpoint(Watt{}, pack.control->lease_min);
  if (!plan) return;
  for (const device_pack::BoundWrite& write : plan->view()) {
    require(write.encode(out).has_value(), "a write of the plan has a request");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Feed(data, size).text();
  const io::PackLoad load = io::load_pack(text, "f.yaml");
  require((load.loaded != nullptr) == load.errors.empty(), "a pack, or why not");
  const auto lines = std::ranges::count(text, '\n') + 1;
  for (const io::PackError& error : load.errors) {
    require(error.line >= 0 && error.line <= lines, "the line lies within the file");
    require(!error.message.empty() && error.file == "f.yaml", "a mistake says what and where");
  }
  if (load.loaded) check_bounds(load.loaded->pack());
  return 0;
}
