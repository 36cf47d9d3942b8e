// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include "ems/model/catalogue.hpp"

namespace ems::capi {
namespace {

constexpr std::uint32_t kImagePointsMax = 65'535;
static_assert(sizeof(ems_image) % kAlignment == 0 && alignof(ImageEntry) <= kAlignment);
static_assert(sizeof(ems_image) <= 128 && sizeof(ImageEntry) <= 64);  // As the header promises.

/// nullptr, or what no codec and no image can have.
const char* wrong_with(std::uint16_t signal, std::uint16_t element, std::uint8_t quality) noexcept {
  const SignalInfo* info = find_signal(static_cast<Signal>(signal));
  if (info == nullptr) return "no signal has that number";
  if (info->kind == SignalKind::scalar && element != 0) return "a scalar signal has element 0";
  return quality > EMS_QUALITY_GOOD ? "quality is no EMS_QUALITY_*" : nullptr;
}

Point point_of(ems_asset_t asset, std::uint16_t signal, std::uint16_t element) noexcept {
  return {from_c(asset), static_cast<Signal>(signal), element};
}

ems_sample_t sample_of(const ImageEntry& entry) noexcept {
  ems_sample_t sample{};
  sample.value = entry.sample.value;
  sample.taken_at_ms = entry.sample.taken_at.since_zero().count() / 1000;
  sample.stale_after_ms = entry.stale_after.count() / 1000;
  sample.asset = to_c(entry.sample.point.asset);
  sample.signal = static_cast<std::uint16_t>(entry.sample.point.signal);
  sample.element = entry.sample.point.element;
  sample.quality = static_cast<std::uint8_t>(entry.sample.quality);
  return sample;
}

ems_asset_t module_of(ems_asset_t asset, std::uint8_t module) noexcept {
  if (module != 0) asset.module = module;
  return asset;
}

/// How many points of the readings the image does not have yet, each counted once.
std::size_t new_points(const ProcessImage& image, ems_asset_t asset,
                       std::span<const ems_value_t> values) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto point = [asset](const ems_value_t& value) {
      return point_of(module_of(asset, value.module), value.signal, value.element);
    };
    if (image.find(point(values[i])) != nullptr) continue;
    const auto before = values.first(i);
    count += std::none_of(before.begin(), before.end(), [&](const ems_value_t& earlier) {
      return point(earlier) == point(values[i]);
    });
  }
  return count;
}

}  // namespace

extern "C" {

EMS_API std::size_t ems_image_size(std::uint32_t points) {
  if (points == 0 || points > kImagePointsMax) return 0;
  return sizeof(ems_image) + points * sizeof(ImageEntry);
}

EMS_API ems_status_t ems_image_init(void* memory, std::size_t size, std::uint32_t points,
                                    ems_image_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    const std::size_t needed = ems_image_size(points);
    if (needed == 0) return failed(EMS_E_OUT_OF_RANGE, "points is not 1 .. 65535");
    if (const ems_status_t room = check_memory(memory, size, needed); room != EMS_OK) return room;
    auto* entries = static_cast<std::byte*>(memory) + sizeof(ems_image);
    for (std::size_t i = 0; i < points; ++i) place<ImageEntry>(entries + i * sizeof(ImageEntry));
    const std::span storage(std::launder(reinterpret_cast<ImageEntry*>(entries)), points);
    *out = place<ems_image>(memory, storage);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_image_set(ems_image_t* image, const ems_sample_t* sample) {
  return guarded([&]() -> ems_status_t {
    if (!is(image)) return invalid(kNoImage);
    if (sample == nullptr) return invalid("sample is NULL");
    if (find_signal(static_cast<Signal>(sample->signal)) == nullptr) {
      return failed(EMS_E_NOT_FOUND, "no signal has that number");
    }
    if (!valid(sample->asset)) return failed(EMS_E_OUT_OF_RANGE, "asset is none a site can have");
    if (const char* what = wrong_with(sample->signal, sample->element, sample->quality)) {
      return failed(EMS_E_OUT_OF_RANGE, what);
    }
    if (sample->stale_after_ms <= 0) {
      return failed(EMS_E_OUT_OF_RANGE, "stale_after_ms is not above 0");
    }
    const PointSample stored{point_of(sample->asset, sample->signal, sample->element),
                             sample->value, instant(sample->taken_at_ms),
                             static_cast<Quality>(sample->quality)};
    const Result<void> set = image->image.set(stored, milliseconds(sample->stale_after_ms));
    return status_of(set);
  });
}

EMS_API ems_status_t ems_image_apply(ems_image_t* image, ems_asset_t asset,
                                     const ems_readings_t* readings, std::int64_t taken_at_ms,
                                     std::int64_t stale_after_ms) {
  return guarded([&]() -> ems_status_t {
    if (!is(image)) return invalid(kNoImage);
    if (!sized(readings)) return invalid("readings is NULL or its struct_size is too small");
    if (!valid(asset) || asset.module != 0) {
      return failed(EMS_E_OUT_OF_RANGE, "asset is none a site can have, or a module");
    }
    if (stale_after_ms <= 0) return failed(EMS_E_OUT_OF_RANGE, "stale_after_ms is not above 0");
    if (readings->value_count > readings->value_capacity ||
        (readings->values == nullptr && readings->value_count > 0)) {
      return failed(EMS_E_OUT_OF_RANGE, "readings: more values than room for them");
    }
    const std::span values(std::as_const(readings->values), readings->value_count);
    for (const ems_value_t& value : values) {
      if (const char* what = wrong_with(value.signal, value.element, value.quality)) {
        return failed(EMS_E_OUT_OF_RANGE, what);
      }
    }
    if (new_points(image->image, asset, values) > image->capacity - image->image.entries().size()) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "the image has no room for the new points");
    }
    for (const ems_value_t& value : values) {
      const PointSample stored{
          point_of(module_of(asset, value.module), value.signal, value.element), value.value,
          instant(taken_at_ms), static_cast<Quality>(value.quality)};
      const Result<void> set = image->image.set(stored, milliseconds(stale_after_ms));
      EMS_ASSERT(set.has_value());
    }
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_image_get(const ems_image_t* image, ems_asset_t asset,
                                   std::uint16_t signal, std::uint16_t element, ems_sample_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(image)) return invalid(kNoImage);
    if (out == nullptr) return invalid("out is NULL");
    const ImageEntry* entry = image->image.find(point_of(asset, signal, element));
    if (entry == nullptr) return failed(EMS_E_NOT_FOUND, "the point was never set");
    *out = sample_of(*entry);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_image_count(const ems_image_t* image, std::size_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(image)) return invalid(kNoImage);
    if (out == nullptr) return invalid("out is NULL");
    *out = image->image.entries().size();
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_image_at(const ems_image_t* image, std::size_t index, ems_sample_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(image)) return invalid(kNoImage);
    if (out == nullptr) return invalid("out is NULL");
    const auto entries = image->image.entries();
    if (index >= entries.size()) return failed(EMS_E_OUT_OF_RANGE, "no such place");
    *out = sample_of(entries[index]);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
