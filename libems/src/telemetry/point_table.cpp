// SPDX-License-Identifier: Apache-2.0
#include "block_layout.hpp"

namespace ems::telemetry::detail {
namespace {

constexpr std::uint64_t kU16Max = 0xFFFF;

bool follows(const Point& point, const Point& before) noexcept {
  return point.asset == before.asset && point.signal == before.signal &&
         point.element == before.element + 1;
}

/// A varint that fits 16 bits.
Result<std::uint16_t> load_u16(Bytes data, std::size_t& at) noexcept {
  const std::size_t from = at;
  const Result<std::uint64_t> value = load_varint(data, at);
  if (!value) return fail(value.error());
  if (*value > kU16Max)
    return fail(Errc::out_of_range, from, "block: more than 16 bits in a point");
  return static_cast<std::uint16_t>(*value);
}

/// One run: its first point and how many there are.
struct Run {
  Point first{};
  std::size_t length = 1;
};

Result<AssetId> load_asset(Bytes data, std::size_t& at) noexcept {
  if (data.size() - at < 2) {
    return fail(Errc::truncated, data.size(), "block: a point ends early");
  }
  AssetId asset{.kind = static_cast<AssetKind>(load_u8(data, at)),
                .module = load_u8(data, at + 1),
                .index = 0};
  at += 2;
  const Result<std::uint16_t> index = load_u16(data, at);
  if (!index) return fail(index.error());
  asset.index = *index;
  return asset;
}

Result<Run> load_run(Bytes data, std::size_t& at, const Point* before) noexcept {
  const std::size_t from = at;
  const Result<std::uint64_t> head = load_varint(data, at);
  if (!head) return fail(head.error());
  Run run{.first = {.asset = before != nullptr ? before->asset : AssetId{}, .signal = {}}};
  std::uint64_t signal = *head >> kRunSignalShift;
  if ((*head & kRunNewAsset) != 0) {
    const Result<AssetId> asset = load_asset(data, at);
    if (!asset) return fail(asset.error());
    run.first.asset = *asset;
    if (before != nullptr && !(before->asset < *asset)) {
      return fail(Errc::out_of_range, from, "block: assets are not strictly ascending");
    }
  } else if (before == nullptr) {
    return fail(Errc::out_of_range, from, "block: the first point has no asset");
  } else {
    signal += static_cast<std::uint64_t>(before->signal);
  }
  if (signal > kU16Max) return fail(Errc::out_of_range, from, "block: more than 16 bits of signal");
  run.first.signal = static_cast<Signal>(signal);
  if ((*head & kRunElements) != 0) {
    const Result<std::uint16_t> element = load_u16(data, at);
    if (!element) return fail(element.error());
    const Result<std::uint16_t> more = load_u16(data, at);
    if (!more) return fail(more.error());
    run.first.element = *element;
    run.length = std::size_t{*more} + 1;
    if (*element + std::uint64_t{*more} > kU16Max || (*element == 0 && *more == 0)) {
      return fail(Errc::out_of_range, from, "block: elements of a run");
    }
  }
  if (before != nullptr && (!(*before < run.first) || follows(run.first, *before))) {
    return fail(Errc::out_of_range, from, "block: points not strictly ascending, or a run broken");
  }
  return run;
}

}  // namespace

std::size_t store_points(MutableBytes out, std::size_t at, std::span<const Point> points) noexcept {
  for (std::size_t i = 0; i < points.size();) {
    const Point& first = points[i];
    std::size_t length = 1;
    while (i + length < points.size() && follows(points[i + length], points[i + length - 1])) {
      ++length;
    }
    const bool new_asset = i == 0 || points[i - 1].asset != first.asset;
    const bool elements = first.element != 0 || length > 1;
    std::uint64_t signal = static_cast<std::uint64_t>(first.signal);
    if (!new_asset) signal -= static_cast<std::uint64_t>(points[i - 1].signal);
    at = store_varint(
        out, at,
        signal << kRunSignalShift | (new_asset ? kRunNewAsset : 0) | (elements ? kRunElements : 0));
    if (new_asset) {
      store_u8(out, at++, static_cast<std::uint8_t>(first.asset.kind));
      store_u8(out, at++, first.asset.module);
      at = store_varint(out, at, first.asset.index);
    }
    if (elements) {
      at = store_varint(out, at, first.element);
      at = store_varint(out, at, length - 1);
    }
    i += length;
  }
  return at;
}

Result<void> load_points(Bytes data, std::size_t& at, std::size_t count,
                         StaticVector<Point, kPointsMax>& points) noexcept {
  while (points.size() < count) {
    const std::size_t from = at;
    const Result<Run> run = load_run(data, at, points.empty() ? nullptr : &points.back());
    if (!run) return fail(run.error());
    if (run->length > count - points.size()) {
      return fail(Errc::out_of_range, from, "block: more points than the header counts");
    }
    Point point = run->first;
    for (std::size_t i = 0; i < run->length; ++i, ++point.element) points.push_back(point);
  }
  return {};
}

}  // namespace ems::telemetry::detail
