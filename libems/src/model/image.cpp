// SPDX-License-Identifier: Apache-2.0
#include "ems/model/image.hpp"

#include <algorithm>

namespace ems {

std::size_t ProcessImage::lower_bound(const Point& point) const noexcept {
  const std::span<const ImageEntry> used = entries();
  const auto it = std::lower_bound(
      used.begin(), used.end(), point,
      [](const ImageEntry& entry, const Point& p) { return entry.sample.point < p; });
  return static_cast<std::size_t>(it - used.begin());
}

Result<void> ProcessImage::set(const PointSample& sample, Duration stale_after) noexcept {
  const std::size_t at = lower_bound(sample.point);
  if (at < size_ && storage_[at].sample.point == sample.point) {
    storage_[at] = {sample, stale_after};
    return {};
  }
  if (size_ == storage_.size())
    return fail(Errc::resource_exhausted, size_, "process image: no room for another point");
  for (std::size_t i = size_; i > at; --i) storage_[i] = storage_[i - 1];
  storage_[at] = {sample, stale_after};
  ++size_;
  return {};
}

const ImageEntry* ProcessImage::find(const Point& point) const noexcept {
  const std::size_t at = lower_bound(point);
  return at < size_ && storage_[at].sample.point == point ? &storage_[at] : nullptr;
}

std::span<const ImageEntry> ProcessImage::elements(AssetId asset, Signal signal) const noexcept {
  const std::size_t from = lower_bound({asset, signal, 1});
  std::size_t to = from;
  while (to < size_ && storage_[to].sample.point.asset == asset &&
         storage_[to].sample.point.signal == signal)
    ++to;
  return entries().subspan(from, to - from);
}

}  // namespace ems
