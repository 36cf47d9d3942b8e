// SPDX-License-Identifier: Apache-2.0
#include "ems/query/downsample.hpp"

#include <algorithm>

namespace ems::query {

static_assert(sizeof(Bucket) == 72);  // Its documents say so.

namespace {
constexpr std::size_t kNowhere = SIZE_MAX;
}

std::optional<double> Bucket::mean() const noexcept {
  if (known <= Duration::zero()) return std::nullopt;
  return to_double(weighted) / static_cast<double>(known.count());
}

Result<Downsampler> Downsampler::create(Grid grid, std::span<const Point> points,
                                        const DownsampleOptions& options) {
  const auto sound =
      aggregate::check({.gap_max = options.gap_max, .quality_min = options.quality_min});
  if (!sound) return fail(sound.error());
  Downsampler made(std::move(grid), options);
  made.all_ = points.empty();
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (made.index_.contains(points[i])) {
      return fail(Errc::invalid_argument, i, "downsample: a point is given twice");
    }
    if (const auto added = made.add(points[i]); !added) return fail(added.error());
  }
  return made;
}

Result<std::size_t> Downsampler::add(const Point& point) {
  if (grid_.size() > options_.buckets_max / (points_.size() + 1)) {
    return fail(Errc::resource_exhausted, 0,
                "downsample: too many buckets; ask for fewer points or wider buckets");
  }
  index_.emplace(point, points_.size());
  points_.push_back(point);
  buckets_.emplace_back(grid_.size());
  held_.emplace_back();
  return points_.size() - 1;
}

Result<void> Downsampler::learn(std::span<const Point> points) {
  table_.clear();  // Whatever fails below, the next row is looked at anew.
  place_.clear();
  for (const Point& point : points) {
    const auto found = index_.find(point);
    std::size_t place = found != index_.end() ? found->second : kNowhere;
    if (found == index_.end() && all_ && (!options_.wanted || options_.wanted(point))) {
      const Result<std::size_t> added = add(point);
      if (!added) return fail(added.error());
      place = *added;
    }
    place_.push_back(place);
  }
  table_.assign(points.begin(), points.end());
  return {};
}

void Downsampler::speak(UtcInstant until) {
  if (!before_ || until <= *before_ || until - *before_ > options_.gap_max) return;
  moments_.reserve(claimed_.spans(), 1);
  claimed_.claim_in(grid_.view(), *before_, until,
                    [this](std::size_t bucket, UtcInstant from, UtcInstant to) {
                      for (std::size_t i = 0; i < held_.size(); ++i) {
                        if (held_[i]) buckets_[i][bucket].speak(*held_[i], to - from);
                      }
                    });
}

void Downsampler::take(const telemetry::Row& row) {
  const std::optional<std::size_t> bucket = grid_.bucket_at(row.at);
  std::fill(held_.begin(), held_.end(), std::nullopt);
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const telemetry::RowValue& value = row.values[i];
    if (!value.valid || place_[i] == kNowhere) continue;
    const bool trusted = value.quality >= options_.quality_min;
    if (trusted) held_[place_[i]] = value.value;
    if (!bucket) continue;
    Bucket& filled = buckets_[place_[i]][*bucket];
    if (trusted) {
      filled.take(row.at, value.value);
    } else {
      ++filled.doubted;
    }
  }
}

Result<void> Downsampler::row(const telemetry::Row& row) {
  if (!std::equal(row.points.begin(), row.points.end(), table_.begin(), table_.end())) {
    if (const Result<void> learnt = learn(row.points); !learnt) return learnt;
  }
  speak(row.at);
  take(row);
  before_ = row.at;
  return {};
}

void Downsampler::gap() noexcept { before_.reset(); }

}  // namespace ems::query
