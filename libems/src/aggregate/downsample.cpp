// SPDX-License-Identifier: Apache-2.0
#include "ems/aggregate/downsample.hpp"

#include <algorithm>

namespace ems::aggregate {

std::optional<std::int64_t> Bucket::mean_milli() const noexcept {
  if (known <= Duration::zero()) return std::nullopt;
  constexpr std::int64_t kMilli = 1'000;
  const std::int64_t whole = weighted.floor_div(known.count());
  Wide rest = weighted;
  rest += -Wide::product(whole, known.count());
  const auto part = static_cast<std::int64_t>(rest.low());  // 0 .. known - 1.
  return ems::detail::saturating_add(ems::detail::saturating_mul(whole, kMilli),
                                     Wide::product(part, kMilli).round_div(known.count()));
}

void Bucket::merge(const Bucket& other) noexcept {
  if (other.count > 0) {
    min = count > 0 ? std::min(min, other.min) : other.min;
    max = count > 0 ? std::max(max, other.max) : other.max;
    if (count == 0 || other.last_at >= last_at) {
      last = other.last;
      last_at = other.last_at;
    }
  }
  count += other.count;
  doubted += other.doubted;
  known += other.known;
  weighted += other.weighted;
}

Result<void> check(const DownsampleRule& rule) {
  if (rule.gap_max <= Duration::zero() || rule.gap_max > seconds(3'600)) {
    return fail(Errc::invalid_argument, 0, "downsample: gap_max is above 0, at most 1 h");
  }
  if (rule.quality_min > Quality::good) {
    return fail(Errc::invalid_argument, 0, "downsample: no such quality");
  }
  return {};
}

Result<Downsampler> Downsampler::create(const GridView& grid, std::span<const Point> points,
                                        const DownsampleRule& rule, const Room& room) {
  if (const Result<void> sound = check(rule); !sound) return fail(sound.error());
  if (room.tracks.empty() || room.tracks.size() > kTracksMax ||
      room.buckets.size() / grid.size() < room.tracks.size() ||
      room.moments.size() < Claimed::kRoomMin) {
    return fail(Errc::invalid_argument, 0, "downsample: the room does not fit the grid");
  }
  Downsampler made(grid, rule, room);
  std::fill(room.buckets.begin(), room.buckets.end(), Bucket{});
  made.all_ = points.empty();
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (made.find(points[i])) {
      return fail(Errc::invalid_argument, i, "downsample: a point is given twice");
    }
    if (const Result<void> added = made.add(points[i]); !added) return fail(added.error());
  }
  return made;
}

/// How many tracks have a point below this one.
std::size_t Downsampler::rank_of(const Point& point) const noexcept {
  const Track* at = std::partition_point(tracks_.begin(), tracks_.end(), [&](const Track& ranked) {
    return tracks_[ranked.rank].point < point;
  });
  return static_cast<std::size_t>(at - tracks_.begin());
}

std::optional<std::uint16_t> Downsampler::find(const Point& point) const noexcept {
  const std::size_t rank = rank_of(point);
  if (rank == tracks_.size() || tracks_[tracks_[rank].rank].point != point) return std::nullopt;
  return tracks_[rank].rank;
}

Result<void> Downsampler::add(const Point& point) {
  if (tracks_.full()) {
    return fail(Errc::resource_exhausted, 0, "downsample: more points than there is room for");
  }
  const std::size_t rank = rank_of(point);
  const auto own = static_cast<std::uint16_t>(tracks_.size());
  tracks_.push_back({.point = point});
  for (std::size_t i = own; i > rank; --i) tracks_[i].rank = tracks_[i - 1].rank;
  tracks_[rank].rank = own;
  return {};
}

Result<void> Downsampler::learn(std::span<const Point> points) {
  table_size_ = 0;  // Whatever fails below, the next row is looked at anew.
  if (points.size() > table_.size()) {
    return fail(Errc::resource_exhausted, 0, "downsample: a row of more points than rows have");
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::optional<std::uint16_t> place = find(points[i]);
    if (!place && all_) {
      if (const Result<void> added = add(points[i]); !added) return added;
      place = static_cast<std::uint16_t>(tracks_.size() - 1);
    }
    table_[i] = points[i];
    place_[i] = place.value_or(kNowhere);
  }
  table_size_ = points.size();
  return {};
}

void Downsampler::speak(UtcInstant until) {
  if (!before_ || until <= *before_ || until - *before_ > rule_.gap_max) return;
  claimed_.claim_in(grid_, *before_, until,
                    [this](std::size_t bucket, UtcInstant from, UtcInstant to) {
                      for (std::size_t i = 0; i < tracks_.size(); ++i) {
                        if (tracks_[i].speaks)
                          buckets(i)[bucket].speak(tracks_[i].value, to - from);
                      }
                    });
}

void Downsampler::take(const telemetry::Row& row) {
  const std::optional<std::size_t> bucket = grid_.bucket_at(row.at);
  for (Track& track : tracks_) track.speaks = false;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const telemetry::RowValue& value = row.values[i];
    if (!value.valid || place_[i] == kNowhere) continue;
    const bool trusted = value.quality >= rule_.quality_min;
    if (trusted) {
      tracks_[place_[i]].speaks = true;
      tracks_[place_[i]].value = value.value;
    }
    if (!bucket) continue;
    Bucket& filled = buckets(place_[i])[*bucket];
    if (trusted) {
      filled.take(row.at, value.value);
    } else {
      ++filled.doubted;
    }
  }
}

Result<void> Downsampler::row(const telemetry::Row& row) {
  if (!std::equal(row.points.begin(), row.points.end(), table_.begin(),
                  table_.begin() + table_size_)) {
    if (const Result<void> learnt = learn(row.points); !learnt) return learnt;
  }
  speak(row.at);
  take(row);
  before_ = row.at;
  return {};
}

}  // namespace ems::aggregate
