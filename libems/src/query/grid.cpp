// SPDX-License-Identifier: Apache-2.0
#include "ems/query/grid.hpp"

namespace ems::query {

Result<Grid> Grid::of(std::vector<UtcInstant> edges) {
  if (const auto sound = aggregate::GridView::of(edges); !sound) return fail(sound.error());
  return Grid{std::move(edges)};
}

Result<Grid> Grid::uniform(UtcInstant from, UtcInstant to, Duration width) {
  const auto view = aggregate::GridView::uniform(from, to, width);
  if (!view) return fail(view.error());
  std::vector<UtcInstant> edges;
  edges.reserve(view->size() + 1);
  for (std::size_t i = 0; i < view->size(); ++i) edges.push_back(view->begin_of(i));
  edges.push_back(to);
  return Grid{std::move(edges)};
}

}  // namespace ems::query
