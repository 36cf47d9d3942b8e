// SPDX-License-Identifier: Apache-2.0
/// @file UplinkSource over an EdgeStore that another thread owns.
#pragma once

#include <functional>
#include <utility>

#include "ems/io/store/edge_store.hpp"
#include "ems/runtime/uplink_source.hpp"

namespace ems::rpc {

/// Work on a store.
using StoreWork = std::function<void(io::EdgeStore&)>;
/// Runs the work on the store's thread and returns when it is done; false: it will never be done,
/// because the store is closing.
using StoreExecutor = std::function<bool(const StoreWork&)>;

/// @thread_safety As UplinkSource.
class EdgeStoreSource final : public runtime::UplinkSource {
 public:
  /// @param after_new_epoch  Called on the store's thread after a new epoch was opened, to raise
  /// the
  ///                         alarm; may be empty.
  explicit EdgeStoreSource(StoreExecutor executor, StoreWork after_new_epoch = {})
      : executor_(std::move(executor)), after_new_epoch_(std::move(after_new_epoch)) {}

  [[nodiscard]] Result<std::array<io::Mark, telemetry::kStreamCount>> marks() override;
  [[nodiscard]] Result<std::vector<io::StoredItem>> peek(telemetry::Stream stream,
                                                         telemetry::Sequence after,
                                                         std::size_t bytes_max) override;
  [[nodiscard]] Result<void> acknowledge(telemetry::Stream stream, const telemetry::Epoch& epoch,
                                         telemetry::Sequence up_to) override;
  [[nodiscard]] Result<void> rewind(telemetry::Stream stream, const telemetry::Epoch& epoch,
                                    telemetry::Sequence mark) override;
  [[nodiscard]] Result<telemetry::Epoch> open_new_epoch() override;

 private:
  StoreExecutor executor_;
  StoreWork after_new_epoch_;
};

}  // namespace ems::rpc
