// SPDX-License-Identifier: Apache-2.0
#include "ems/aggregate/grid.hpp"

namespace ems::aggregate {

namespace {

/// Modulo 2^64: differences are exact where int64 would not hold them.
std::uint64_t word_of(UtcInstant at) {
  return static_cast<std::uint64_t>(at.since_epoch().count());
}

}  // namespace

Result<GridView> GridView::of(std::span<const UtcInstant> edges) {
  if (edges.size() < 2) return fail(Errc::invalid_argument, 0, "grid: two edges or more");
  if (edges.size() - 1 > kGridMax) {
    return fail(Errc::resource_exhausted, 0, "grid: more than a million buckets");
  }
  for (std::size_t i = 1; i < edges.size(); ++i) {
    if (edges[i] <= edges[i - 1]) {
      return fail(Errc::invalid_argument, i, "grid: edges must ascend");
    }
  }
  return GridView(edges);
}

Result<GridView> GridView::uniform(UtcInstant from, UtcInstant to, Duration width) {
  if (width <= Duration::zero()) {
    return fail(Errc::invalid_argument, 0, "grid: a bucket's width is above 0");
  }
  if (to <= from) return fail(Errc::invalid_argument, 0, "grid: the range must end after it began");
  const std::uint64_t span = word_of(to) - word_of(from);
  const std::uint64_t whole = (span - 1) / static_cast<std::uint64_t>(width.count());
  if (whole >= kGridMax) {
    return fail(Errc::resource_exhausted, 0, "grid: more than a million buckets");
  }
  return GridView(static_cast<std::size_t>(whole) + 1, from, to, width);
}

UtcInstant GridView::begin_of(std::size_t bucket) const noexcept {
  if (edges_ != nullptr) return edges_[bucket];
  const std::uint64_t offset = static_cast<std::uint64_t>(width_.count()) * bucket;
  return UtcInstant{microseconds(static_cast<std::int64_t>(word_of(from_) + offset))};
}

std::optional<std::size_t> GridView::bucket_at(UtcInstant at) const noexcept {
  if (at < from_ || at >= to_) return std::nullopt;
  if (edges_ == nullptr) {
    return static_cast<std::size_t>((word_of(at) - word_of(from_)) /
                                    static_cast<std::uint64_t>(width_.count()));
  }
  const UtcInstant* after = std::upper_bound(edges_, edges_ + size_ + 1, at);
  return static_cast<std::size_t>(after - edges_) - 1;
}

void Claimed::add(Span span) {
  // The usual case first: time went on.
  if (!spans_.empty() && spans_.back().end == span.begin) {
    spans_.back().end = span.end;
    return;
  }
  Span* const first = std::partition_point(spans_.begin(), spans_.end(),
                                           [&](const Span& s) { return s.end < span.begin; });
  Span* const last =
      std::partition_point(first, spans_.end(), [&](const Span& s) { return s.begin <= span.end; });
  if (first == last && spans_.full()) {
    spans_[1].begin = spans_[0].begin;
    spans_.erase(0, 1);
    ++forgotten_;
    return add(span);
  }
  if (first != last) {
    span.begin = std::min(span.begin, first->begin);
    span.end = std::max(span.end, (last - 1)->end);
  }
  const auto index = static_cast<std::size_t>(first - spans_.begin());
  spans_.erase(index, static_cast<std::size_t>(last - spans_.begin()));
  spans_.insert(index, span);
}

}  // namespace ems::aggregate
