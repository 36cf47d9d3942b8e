// SPDX-License-Identifier: Apache-2.0
#include "query.hpp"

namespace ems::capi {

ems_status_t grid_of(const ems_time_grid_t& grid, GridRequest& out) noexcept {
  if (grid.edges_us == nullptr) {
    if (grid.edge_count != 0) return invalid("grid: edge_count without edges_us");
    const auto uniform = aggregate::GridView::uniform(utc(grid.from_us), utc(grid.to_us),
                                                      microseconds(grid.width_us));
    if (!uniform) return failed(uniform.error());
    out.uniform = *uniform;
    return EMS_OK;
  }
  if (grid.from_us != 0 || grid.to_us != 0 || grid.width_us != 0) {
    return invalid("grid: edges_us, or from_us, to_us and width_us; not both");
  }
  if (grid.edge_count < 2) return invalid("grid: two edges or more");
  if (grid.edge_count > aggregate::kGridMax + 1) {
    return failed(EMS_E_RESOURCE_EXHAUSTED, "grid: more than a million buckets");
  }
  out.edges = {grid.edges_us, static_cast<std::size_t>(grid.edge_count)};
  for (std::size_t i = 1; i < out.edges.size(); ++i) {
    if (out.edges[i] <= out.edges[i - 1]) {
      return failed(EMS_E_INVALID_ARGUMENT, "grid: edges must ascend",
                    static_cast<std::uint16_t>(std::min<std::size_t>(i, UINT16_MAX)));
    }
  }
  return EMS_OK;
}

aggregate::GridView Parts::take(const GridRequest& request) noexcept {
  if (request.uniform) return *request.uniform;
  const std::span<UtcInstant> edges = take<UtcInstant>(request.edges.size());
  for (std::size_t i = 0; i < edges.size(); ++i) edges[i] = utc(request.edges[i]);
  return aggregate::GridView(edges);
}

ems_status_t RowRoom::fill(std::int64_t utc_us, const ems_point_t* points,
                           const ems_row_value_t* values, std::size_t count,
                           telemetry::Row& out) noexcept {
  if (points == nullptr || values == nullptr) return invalid("points or values is NULL");
  if (count == 0 || count > telemetry::kPointsMax) {
    return failed(EMS_E_OUT_OF_RANGE, "count is not 1 .. EMS_TELEMETRY_POINTS_MAX");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto offset = static_cast<std::uint16_t>(i);
    if (points[i].asset.kind > EMS_ASSET_LOAD || values[i].quality > EMS_QUALITY_GOOD) {
      return failed(EMS_E_OUT_OF_RANGE, "an asset kind or a quality", offset);
    }
    points_[i] = point_of(points[i]);
    values_[i] = {values[i].value, static_cast<Quality>(values[i].quality), values[i].valid != 0};
    if (i > 0 && points_[i] <= points_[i - 1]) {
      return failed(EMS_E_INVALID_ARGUMENT, "points must ascend", offset);
    }
  }
  out = {utc(utc_us), std::span(points_).first(count), std::span(values_).first(count)};
  return EMS_OK;
}

}  // namespace ems::capi
