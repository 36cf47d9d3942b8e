// SPDX-License-Identifier: Apache-2.0
#include "ems/core/errc.hpp"

namespace ems {
namespace {

constexpr ErrcInfo kTable[] = {
#define EMS_ERRC(name, number, grpc, python, meaning) {Errc::name, #name, #grpc, #python, meaning},
#include "ems/core/errc.def"
#undef EMS_ERRC
};

constexpr bool strictly_ascending() {
  for (std::size_t i = 1; i < std::size(kTable); ++i) {
    if (kTable[i - 1].code >= kTable[i].code) return false;
  }
  return true;
}
static_assert(strictly_ascending(), "errc.def: numbers must be unique and ascending");

}  // namespace

std::string_view to_string(Errc code) noexcept {
  for (const ErrcInfo& info : kTable) {
    if (info.code == code) return info.name;
  }
  return "unknown";
}

std::span<const ErrcInfo> errc_table() noexcept { return kTable; }

}  // namespace ems
