// SPDX-License-Identifier: Apache-2.0
/// @file ems_image_t: the process image with its storage behind it.
#pragma once

#include "capi.hpp"
#include "ems/model/image.hpp"

/// Aligned so that the entries can follow it.
struct alignas(ems::capi::kAlignment) ems_image {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::image;
  explicit ems_image(std::span<ems::ImageEntry> storage) noexcept
      : capacity(static_cast<std::uint32_t>(storage.size())), image(storage) {}

  ems::capi::Tag tag = kTag;
  std::uint32_t capacity;
  ems::ProcessImage image;
};

namespace ems::capi {

inline constexpr const char* kNoImage = "image is NULL or not an image";

}  // namespace ems::capi
