// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "ems/core/decimal.hpp"
#include "ems/query/export.hpp"

namespace ems::query {

namespace {
constexpr std::int64_t kNumberMax = std::numeric_limits<std::uint16_t>::max();
}

std::string point_name(const Point& point) {
  const SignalInfo* info = find_signal(point.signal);
  std::string name(to_name(point.asset).view());
  name += ' ';
  if (info != nullptr) {
    name += si_name(*info).view();
  } else {
    name += std::to_string(static_cast<unsigned>(point.signal));
  }
  if (point.element != 0) name += ' ' + std::to_string(point.element);
  return name;
}

Result<Point> parse_point_name(std::string_view name) {
  const std::size_t space = name.find(' ');
  const Result<AssetId> asset = parse_asset(name.substr(0, space));
  if (!asset) return fail(asset.error());
  if (space == std::string_view::npos) {
    return fail(Errc::syntax, name.size(), "point: expected \"ASSET SIGNAL [ELEMENT]\"");
  }
  const std::string_view rest = name.substr(space + 1);
  const std::size_t second = rest.find(' ');
  Point point{*asset, {}, 0};
  const SignalInfo* info = find_signal(rest.substr(0, second));
  if (info != nullptr) {
    point.signal = info->signal;
  } else {
    const Result<std::int64_t> number = parse_decimal(rest.substr(0, second), 0);
    if (!number || *number < 1 || *number > kNumberMax) {
      return fail(Errc::not_found, space + 1, "point: no such signal");
    }
    point.signal = static_cast<Signal>(*number);
    info = find_signal(point.signal);
  }
  if (second == std::string_view::npos) {
    if (info != nullptr && info->kind == SignalKind::element) {
      return fail(Errc::syntax, name.size(), "point: say which element: \"ASSET SIGNAL 1\"");
    }
    return point;
  }
  const Result<std::int64_t> element = parse_decimal(rest.substr(second + 1), 0);
  if (!element || *element < 1 || *element > kNumberMax) {
    return fail(Errc::syntax, space + second + 2, "point: bad element number");
  }
  if (info != nullptr && info->kind != SignalKind::element) {
    return fail(Errc::syntax, space + second + 2, "point: this signal has no elements");
  }
  point.element = static_cast<std::uint16_t>(*element);
  return point;
}

}  // namespace ems::query
