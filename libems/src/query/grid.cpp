// SPDX-License-Identifier: Apache-2.0
#include "ems/query/grid.hpp"

#include <algorithm>
#include <limits>

namespace ems::query {

Result<Grid> Grid::of(std::vector<UtcInstant> edges) {
  if (edges.size() < 2) return fail(Errc::invalid_argument, 0, "grid: two edges or more");
  if (edges.size() - 1 > kGridMax) {
    return fail(Errc::resource_exhausted, 0, "grid: more than a million buckets");
  }
  for (std::size_t i = 1; i < edges.size(); ++i) {
    if (edges[i] <= edges[i - 1]) {
      return fail(Errc::invalid_argument, i, "grid: edges must ascend");
    }
  }
  return Grid{std::move(edges)};
}

Result<Grid> Grid::uniform(UtcInstant from, UtcInstant to, Duration width) {
  if (width <= Duration::zero()) {
    return fail(Errc::invalid_argument, 0, "grid: a bucket's width is above 0");
  }
  if (to <= from) return fail(Errc::invalid_argument, 0, "grid: the range must end after it began");
  if (((to - from).count() - 1) / width.count() >= static_cast<std::int64_t>(kGridMax)) {
    return fail(Errc::resource_exhausted, 0, "grid: more than a million buckets");
  }
  std::vector<UtcInstant> edges;
  for (UtcInstant at = from; at < to; at = at + width) edges.push_back(at);
  edges.push_back(to);
  return Grid{std::move(edges)};
}

std::optional<std::size_t> Grid::bucket_at(UtcInstant at) const noexcept {
  if (at < from() || at >= to()) return std::nullopt;
  const auto after = std::upper_bound(edges_.begin(), edges_.end(), at);
  return static_cast<std::size_t>(after - edges_.begin()) - 1;
}

void Claimed::append(Span span) {
  if (!spans_.empty() && spans_.back().end == span.begin) {
    spans_.back().end = span.end;
  } else {
    spans_.push_back(span);
  }
}

std::vector<Claimed::Span> Claimed::unclaimed(UtcInstant begin, UtcInstant end) const {
  std::vector<Span> fresh;
  auto at = std::partition_point(spans_.begin(), spans_.end(),
                                 [begin](const Span& span) { return span.end <= begin; });
  for (; at != spans_.end() && at->begin < end; ++at) {
    if (begin < at->begin) fresh.push_back({begin, at->begin});
    begin = at->end;
  }
  if (begin < end) fresh.push_back({begin, end});
  return fresh;
}

void Claimed::merge(Span span) {
  const auto first = std::partition_point(spans_.begin(), spans_.end(),
                                          [&](const Span& s) { return s.end < span.begin; });
  const auto last =
      std::partition_point(first, spans_.end(), [&](const Span& s) { return s.begin <= span.end; });
  if (first != last) {
    span.begin = std::min(span.begin, first->begin);
    span.end = std::max(span.end, std::prev(last)->end);
  }
  const auto hole = spans_.erase(first, last);
  spans_.insert(hole, span);
}

}  // namespace ems::query
