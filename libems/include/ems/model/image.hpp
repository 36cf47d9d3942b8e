// SPDX-License-Identifier: Apache-2.0
/// @file The process image: the newest sample of every point. Within one control tick it does not
/// change.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "ems/core/sample.hpp"
#include "ems/model/point.hpp"

namespace ems {

/// One slot of the image.
struct ImageEntry {
  PointSample sample{};
  Duration stale_after{};  ///< A sample this old counts as missing.
};

/// Newest sample of each point, sorted by point, in storage the caller owns.
///
/// @memory        None of its own: capacity is the storage's size.
/// @thread_safety Not synchronised: one strand writes and reads.
class ProcessImage {
 public:
  /// @param storage  Outlives the image.
  explicit ProcessImage(std::span<ImageEntry> storage) noexcept : storage_(storage) {}

  /// Stores a sample as the newest of its point.
  ///
  /// @errors resource_exhausted  the point is new and the storage is full; nothing changed.
  [[nodiscard]] Result<void> set(const PointSample& sample, Duration stale_after) noexcept;

  /// Slot of a point; nullptr when it was never set.
  [[nodiscard]] const ImageEntry* find(const Point& point) const noexcept;

  /// Typed newest value, whatever its age and quality; nullopt when it was never set or does not
  /// fit Q.
  template <class Q>
  [[nodiscard]] std::optional<Sample<Q>> get(AssetId asset, Signal signal,
                                             std::uint16_t element = 0) const noexcept {
    const ImageEntry* entry = find({asset, signal, element});
    if (entry == nullptr) return std::nullopt;
    const auto narrow = static_cast<typename Q::Rep>(entry->sample.value);
    if (narrow != entry->sample.value) return std::nullopt;
    return Sample<Q>{Q{narrow}, entry->sample.taken_at, entry->sample.quality};
  }
  /// Like get(), but only a sample that is good or substituted, not from the future and not stale
  /// at `now`.
  template <class Q>
  [[nodiscard]] std::optional<Sample<Q>> usable(AssetId asset, Signal signal, Instant now,
                                                std::uint16_t element = 0) const noexcept {
    const ImageEntry* entry = find({asset, signal, element});
    if (entry == nullptr) return std::nullopt;
    const std::optional<Sample<Q>> sample = get<Q>(asset, signal, element);
    if (!sample || !sample->usable(now, entry->stale_after)) return std::nullopt;
    return sample;
  }

  /// All elements of one signal in order, e.g. every cell voltage.
  [[nodiscard]] std::span<const ImageEntry> elements(AssetId asset, Signal signal) const noexcept;
  [[nodiscard]] std::span<const ImageEntry> entries() const noexcept {
    return storage_.first(size_);
  }

 private:
  [[nodiscard]] std::size_t lower_bound(const Point& point) const noexcept;

  std::span<ImageEntry> storage_;
  std::size_t size_ = 0;
};

}  // namespace ems
