// SPDX-License-Identifier: Apache-2.0
#include "ems/aggregate/downsample.hpp"

#include "query.hpp"

struct alignas(ems::capi::kAlignment) ems_downsampler {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::downsampler;
  explicit ems_downsampler(const ems::aggregate::Downsampler& made) noexcept : core(made) {}

  ems::capi::Tag tag = kTag;
  ems::aggregate::Downsampler core;
  ems::capi::RowRoom room;
};

namespace ems::capi {
namespace {

using aggregate::Downsampler;

constexpr const char* kNoDownsampler = "downsampler is NULL or not a downsampler";
constexpr const char* kBadOut = "out is NULL or its struct_size is too small";

// As the header promises.
static_assert(sizeof(ems_downsampler) <= 12288 && sizeof(aggregate::Bucket) <= 80 &&
              sizeof(Downsampler::Track) <= 40 && sizeof(aggregate::Claimed::Span) <= 16);
static_assert(EMS_DOWNSAMPLE_POINTS_MAX <= Downsampler::kTracksMax);

ems_downsample_config_t downsample_defaults() noexcept {
  constexpr aggregate::DownsampleRule kRule{};
  ems_downsample_config_t config{};
  config.point_capacity = 64;
  config.gap_max_us = kRule.gap_max.count();
  config.quality_min = static_cast<std::int32_t>(kRule.quality_min);
  config.break_capacity = 64;
  return config;
}

aggregate::DownsampleRule rule_of(const ems_downsample_config_t& config) noexcept {
  return {.gap_max = microseconds(config.gap_max_us),
          .quality_min = static_cast<Quality>(config.quality_min)};
}

ems_status_t check_points(const ems_point_t* points, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const auto offset = static_cast<std::uint16_t>(i);
    if (points[i].asset.kind > EMS_ASSET_LOAD) {
      return failed(EMS_E_OUT_OF_RANGE, "points: an asset kind", offset);
    }
    const auto same = [&](const ems_point_t& before) {
      return point_of(before) == point_of(points[i]);
    };
    if (std::any_of(points, points + i, same)) {
      return failed(EMS_E_INVALID_ARGUMENT, "points: one is given twice", offset);
    }
  }
  return EMS_OK;
}

/// Takes over what the caller set; everything that does not need memory is checked.
ems_status_t request_of(const ems_downsample_config_t* config, ems_downsample_config_t& own,
                        GridRequest& grid) noexcept {
  if (!sized(config)) return invalid("config is NULL or its struct_size is too small");
  own = downsample_defaults();
  if (!take_over(config, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if (own.point_capacity == 0 || own.point_capacity > EMS_DOWNSAMPLE_POINTS_MAX ||
      own.point_count > own.point_capacity || !breaks_fit(own.break_capacity)) {
    return failed(EMS_E_OUT_OF_RANGE, "point_capacity, point_count or break_capacity");
  }
  if ((own.points == nullptr) != (own.point_count == 0)) {
    return invalid("points and point_count do not agree");
  }
  if (own.quality_min < EMS_QUALITY_BAD || own.quality_min > EMS_QUALITY_GOOD ||
      !aggregate::check(rule_of(own))) {
    return failed(EMS_E_OUT_OF_RANGE, "gap_max_us or quality_min");
  }
  const ems_status_t points = check_points(own.points, static_cast<std::size_t>(own.point_count));
  return points == EMS_OK ? grid_of(own.grid, grid) : points;
}

std::uint64_t bytes_of(const ems_downsample_config_t& config, const GridRequest& grid) noexcept {
  const std::uint64_t points = config.point_capacity;
  return sizeof(ems_downsampler) + Parts::bytes_of<UtcInstant>(grid.edges.size()) +
         Parts::bytes_of<Point>(config.point_count) + Parts::bytes_of<Downsampler::Track>(points) +
         Parts::bytes_of<aggregate::Bucket>(points * grid.buckets()) +
         Parts::bytes_of<aggregate::Claimed::Span>(config.break_capacity);
}

ems_bucket_t bucket_to_c(const aggregate::Bucket& bucket, std::int64_t begin_us,
                         std::int64_t end_us) noexcept {
  ems_bucket_t out{};
  out.begin_us = begin_us;
  out.end_us = end_us;
  out.min = bucket.min;
  out.max = bucket.max;
  out.last = bucket.last;
  out.last_at_us = to_us(bucket.last_at);
  out.count = bucket.count;
  out.doubted = bucket.doubted;
  out.known_us = bucket.known.count();
  out.mean_milli = bucket.mean_milli().value_or(0);
  out.weighted_high = bucket.weighted.high();
  out.weighted_low = bucket.weighted.low();
  return out;
}

aggregate::Bucket bucket_from_c(const ems_bucket_t& bucket) noexcept {
  return {.min = bucket.min,
          .max = bucket.max,
          .last = bucket.last,
          .last_at = utc(bucket.last_at_us),
          .count = bucket.count,
          .doubted = bucket.doubted,
          .known = microseconds(bucket.known_us),
          .weighted = aggregate::Wide::of_words(bucket.weighted_high, bucket.weighted_low)};
}

}  // namespace

extern "C" {

EMS_API ems_status_t ems_downsample_config_default(ems_downsample_config_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadOut);
    give(out, downsample_defaults());
    return EMS_OK;
  });
}

EMS_API std::size_t ems_downsampler_size(const ems_downsample_config_t* config) {
  const LastError kept = last_error;  // Not a call that returns a status.
  ems_downsample_config_t own;
  GridRequest grid;
  const bool sound = request_of(config, own, grid) == EMS_OK;
  last_error = kept;
  return sound ? possible(bytes_of(own, grid)) : 0;
}

EMS_API ems_status_t ems_downsampler_init(void* memory, std::size_t size,
                                          const ems_downsample_config_t* config,
                                          ems_downsampler_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    ems_downsample_config_t own;
    GridRequest grid;
    const ems_status_t sound = request_of(config, own, grid);
    if (sound != EMS_OK) return sound;
    const ems_status_t room = check_memory(memory, size, possible(bytes_of(own, grid)));
    if (room != EMS_OK) return room;
    Parts parts(static_cast<std::byte*>(memory) + sizeof(ems_downsampler));
    const aggregate::GridView view = parts.take(grid);
    const auto points = parts.take<Point>(static_cast<std::size_t>(own.point_count));
    std::transform(own.points, own.points + points.size(), points.begin(),
                   [](const ems_point_t& point) { return point_of(point); });
    const Downsampler::Room rooms{parts.take<Downsampler::Track>(own.point_capacity),
                                  parts.take<aggregate::Bucket>(own.point_capacity * view.size()),
                                  parts.take<aggregate::Claimed::Span>(own.break_capacity)};
    const Result<Downsampler> made = Downsampler::create(view, points, rule_of(own), rooms);
    if (!made) return failed(made.error());
    *out = place<ems_downsampler>(memory, *made);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_downsampler_row(ems_downsampler_t* downsampler, std::int64_t utc_us,
                                         const ems_point_t* points, const ems_row_value_t* values,
                                         std::size_t count) {
  return guarded([&]() -> ems_status_t {
    if (!is(downsampler)) return invalid(kNoDownsampler);
    telemetry::Row row;
    const ems_status_t sound = downsampler->room.fill(utc_us, points, values, count, row);
    return sound == EMS_OK ? status_of(downsampler->core.row(row)) : sound;
  });
}

EMS_API ems_status_t ems_downsampler_gap(ems_downsampler_t* downsampler) {
  return guarded([&]() -> ems_status_t {
    if (!is(downsampler)) return invalid(kNoDownsampler);
    downsampler->core.gap();
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_downsampler_get_status(const ems_downsampler_t* downsampler,
                                                ems_downsample_status_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(downsampler)) return invalid(kNoDownsampler);
    if (!sized(out)) return invalid(kBadOut);
    ems_downsample_status_t full{};
    full.point_count = static_cast<std::uint32_t>(downsampler->core.size());
    full.bucket_count = downsampler->core.grid().size();
    full.breaks_closed = downsampler->core.forgotten();
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_downsampler_point_at(const ems_downsampler_t* downsampler,
                                              std::size_t index, ems_point_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(downsampler)) return invalid(kNoDownsampler);
    if (out == nullptr) return invalid("out is NULL");
    if (index >= downsampler->core.size()) return failed(EMS_E_OUT_OF_RANGE, "no such point");
    const Point& point = downsampler->core.point(index);
    *out = {to_c(point.asset), static_cast<std::uint16_t>(point.signal), point.element};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_downsampler_bucket_at(const ems_downsampler_t* downsampler,
                                               std::size_t point, std::size_t bucket,
                                               ems_bucket_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(downsampler)) return invalid(kNoDownsampler);
    if (!sized(out)) return invalid(kBadOut);
    const Downsampler& core = downsampler->core;
    if (point >= core.size() || bucket >= core.grid().size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such point or bucket");
    }
    give(out, bucket_to_c(core.buckets(point)[bucket], to_us(core.grid().begin_of(bucket)),
                          to_us(core.grid().end_of(bucket))));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_bucket_merge(ems_bucket_t* into, const ems_bucket_t* other) {
  return guarded([&]() -> ems_status_t {
    if (!sized(into) || !sized(other)) {
      return invalid("a bucket is NULL or its struct_size is too small");
    }
    ems_bucket_t a;
    ems_bucket_t b;
    if (!take(into, a) || !take(other, b)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    aggregate::Bucket both = bucket_from_c(a);
    both.merge(bucket_from_c(b));
    give(into, bucket_to_c(both, std::min(a.begin_us, b.begin_us), std::max(a.end_us, b.end_us)));
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
