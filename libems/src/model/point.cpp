// SPDX-License-Identifier: Apache-2.0
#include "ems/model/point.hpp"

namespace ems {
namespace {

struct KindName {
  AssetKind kind;
  std::string_view name;
};
constexpr KindName kKinds[] = {
    {AssetKind::battery, "battery"}, {AssetKind::inverter, "inverter"}, {AssetKind::meter, "meter"},
    {AssetKind::pv, "pv"},           {AssetKind::load, "load"},
};
constexpr std::string_view kModule = "/module/";

/// Reads a number without leading zeros at `at`; 0 when there is none or it exceeds `max`.
constexpr std::uint32_t take_number(std::string_view text, std::size_t& at,
                                    std::uint32_t max) noexcept {
  std::uint32_t value = 0;
  if (at < text.size() && text[at] == '0') return 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    value = value * 10 + static_cast<std::uint32_t>(text[at] - '0');
    if (value > max) return 0;
    ++at;
  }
  return value;
}

void append_number(AssetName& name, unsigned number) noexcept {
  char digits[10];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  name.append({digits + at, sizeof digits - at});
}

}  // namespace

AssetName to_name(AssetId asset) noexcept {
  AssetName name;
  for (const KindName& kind : kKinds) {
    if (kind.kind != asset.kind) continue;
    name.append(kind.name);
    name.append("/");
    append_number(name, asset.index);
    if (asset.module != 0) {
      name.append(kModule);
      append_number(name, asset.module);
    }
    return name;
  }
  name.append("site");
  return name;
}

Result<AssetId> parse_asset(std::string_view text) noexcept {
  if (text == "site") return kSite;
  for (const KindName& kind : kKinds) {
    if (!text.starts_with(kind.name) || text.size() <= kind.name.size() ||
        text[kind.name.size()] != '/')
      continue;
    std::size_t at = kind.name.size() + 1;
    const std::uint32_t index = take_number(text, at, 0xFFFF);
    if (index == 0) return fail(Errc::syntax, at, "asset name: expected a number from 1");
    std::uint32_t module = 0;
    if (text.substr(at).starts_with(kModule)) {
      at += kModule.size();
      module = take_number(text, at, 0xFF);
      if (module == 0) return fail(Errc::syntax, at, "asset name: expected a module number from 1");
    }
    if (at != text.size())
      return fail(Errc::syntax, at, "asset name: unexpected text after the number");
    return AssetId{kind.kind, static_cast<std::uint8_t>(module), static_cast<std::uint16_t>(index)};
  }
  return fail(Errc::syntax, 0,
              "asset name: expected site, battery/N, inverter/N, meter/N, pv/N or load/N");
}

}  // namespace ems
