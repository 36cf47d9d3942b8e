// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/site_image.hpp"

namespace ems::runtime {

SiteImage::SiteImage() : storage_(kSitePointsMax), image_(storage_) {}

void SiteImage::set_text(AssetId asset, TextField field, std::string_view text) {
  texts_[{asset, field}] = std::string(text);
}

void SiteImage::set(const Point& point, std::int64_t value, Instant taken_at, Quality quality,
                    Duration stale_after) noexcept {
  if (!image_.set({point, value, taken_at, quality}, stale_after)) ++refused_;
}

void AssetSink::reading(const Reading& reading) {
  image_.set({module_of(reading.module), reading.signal, reading.element}, reading.value, taken_at_,
             reading.quality, stale_after_);
}

void AssetSink::text(TextField field, std::string_view text, std::uint8_t module) {
  image_.set_text(module_of(module), field, text);
}

}  // namespace ems::runtime
