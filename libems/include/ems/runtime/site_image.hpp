// SPDX-License-Identifier: Apache-2.0
/// @file The site's process image with its storage, the devices' words, and the sinks that drivers
/// write through.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/model/image.hpp"
#include "ems/model/point.hpp"

namespace ems::runtime {

/// Points one site can hold. A further point is refused and counted; it never pushes another out.
inline constexpr std::size_t kSitePointsMax = 1024;

/// Staleness of a value polled every `period`: three periods, at least 2 s.
[[nodiscard]] constexpr Duration stale_after(Duration period) noexcept {
  return max_of(seconds(2), period * 3);
}

/// Newest samples and words of every device of a site.
///
/// @thread_safety Not synchronised: the site's strand only.
class SiteImage {
 public:
  SiteImage();

  [[nodiscard]] ProcessImage& image() noexcept { return image_; }
  [[nodiscard]] const ProcessImage& image() const noexcept { return image_; }
  [[nodiscard]] const std::map<std::pair<AssetId, TextField>, std::string>& texts() const noexcept {
    return texts_;
  }
  void set_text(AssetId asset, TextField field, std::string_view text);  ///< The newest wins.

  /// Samples refused because the image was full.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

  /// Stores one sample; a full image counts it as refused.
  void set(const Point& point, std::int64_t value, Instant taken_at, Quality quality,
           Duration stale_after) noexcept;

 private:
  std::vector<ImageEntry> storage_;
  ProcessImage image_;
  std::map<std::pair<AssetId, TextField>, std::string> texts_;
  std::uint64_t refused_ = 0;
};

/// Gives the readings of one device to the image, as of one moment.
class AssetSink final : public ReadingSink {
 public:
  /// @param taken_at  When the bytes of the answer arrived.
  AssetSink(SiteImage& image, AssetId asset, Instant taken_at, Duration stale_after) noexcept
      : image_(image), asset_(asset), taken_at_(taken_at), stale_after_(stale_after) {}

  void reading(const Reading& reading) override;
  void text(TextField field, std::string_view text, std::uint8_t module) override;
  void acknowledged() override {}

 private:
  [[nodiscard]] AssetId module_of(std::uint8_t module) const noexcept {
    return {asset_.kind, module, asset_.index};
  }
  SiteImage& image_;
  AssetId asset_;
  Instant taken_at_;
  Duration stale_after_;
};

}  // namespace ems::runtime
