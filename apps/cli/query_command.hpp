// SPDX-License-Identifier: Apache-2.0
// Queries of emsctl: buckets, energy and export, of a store's file or of a server.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/store/read_query.hpp"
#include "ems/rpc/fleet_client.hpp"

namespace ems::cli {

/// Where answers come from. What fails ends the program with its words.
class QuerySource {
 public:
  virtual ~QuerySource() = default;
  /// Gives the series in pieces of time; within one, a series per point.
  virtual void buckets(const rpc::BucketRequest& request, const std::vector<Point>& points,
                       const std::function<void(const rpc::BucketSeriesView&)>& take) = 0;
  [[nodiscard]] virtual std::vector<rpc::EnergyView> energy(const rpc::EnergyRequest& request) = 0;
  virtual void export_rows(const std::vector<Point>& points, const io::UtcRange& range,
                           const io::ExportOptions& options,
                           const std::function<bool(std::string_view)>& write) = 0;

 protected:
  QuerySource() = default;
  QuerySource(const QuerySource&) = default;
  QuerySource& operator=(const QuerySource&) = default;
};

/// Adds query, energy and export.
/// @param open   Called when one of them runs.
/// @param extra  Adds to each what says whose rows they are.
void add_query_commands(CLI::App& parent, const std::function<std::unique_ptr<QuerySource>()>& open,
                        const std::function<void(CLI::App&)>& extra);
/// Adds them, and points, for a store's file.
void add_store_queries(CLI::App& store);
/// Rows of an agent, from a server. @param whose  Its tenant may be empty.
[[nodiscard]] std::unique_ptr<QuerySource> query_server(std::unique_ptr<rpc::FleetClient> client,
                                                        fleet::AgentKey whose);

}  // namespace ems::cli
