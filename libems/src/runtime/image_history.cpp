// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/image_history.hpp"

namespace ems::runtime {

void ImageHistory::add(const ProcessImage& image, Instant now) {
  const std::size_t row = times_.size();
  times_.push_back(now);
  for (const ImageEntry& entry : image.entries()) {
    const PointSample& sample = entry.sample;
    const bool known = sample.quality != Quality::bad && sample.taken_at <= now &&
                       now - sample.taken_at < entry.stale_after;
    Track& track = tracks_.try_emplace(sample.point, Track{row, {}, {}, {}}).first->second;
    track.values.push_back(known ? sample.value : 0);
    track.valid.push_back(known ? 1 : 0);
    track.qualities.push_back(known ? static_cast<std::uint8_t>(sample.quality) : 0);
  }
}

}  // namespace ems::runtime
