// SPDX-License-Identifier: Apache-2.0
// emsctl store: works on a store's file, whether its program runs or not.
#include <memory>
#include <string>

#include "command.hpp"
#include "ems/io/store/snapshot.hpp"
#include "query_command.hpp"

namespace ems::cli {
namespace {

struct SnapshotOptions {
  std::string store;
  std::string to;
};

void snapshot(const SnapshotOptions& options) {
  const Result<std::uint64_t> size = io::snapshot_store(options.store, options.to);
  if (!size) end_with(options.store, size.error());
  print(options.to + ": " + std::to_string(*size) + " bytes");
}

}  // namespace

void add_store_command(CLI::App& app) {
  CLI::App* store = app.add_subcommand("store", "The file of telemetry of an agent or a server");
  store->require_subcommand(1);
  add_store_queries(*store);
  const auto options = std::make_shared<SnapshotOptions>();
  CLI::App* command = store->add_subcommand(
      "snapshot", "Copy a store while its program writes on: everything committed so far");
  command->add_option("STORE", options->store, "The store's file")->required();
  command->add_option("--to", options->to, "The copy; must not exist")->required();
  command->callback([options] { snapshot(*options); });
}

}  // namespace ems::cli
