// SPDX-License-Identifier: Apache-2.0
/// @file Where the uplink takes rows from and where it says what the server has: the edge store as
/// seen from another thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/io/store/edge_store.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::runtime {

/// The store as the uplink needs it.
///
/// @thread_safety Called from the uplink's thread only; an implementation passes each call to the
///                store's thread and waits.
/// @errors        unavailable  the store is closing; io, corrupt, disk_full  as the store's own.
class UplinkSource {
 public:
  /// Where each stream stands, in the order of telemetry::kStreams; all of one epoch.
  [[nodiscard]] virtual Result<std::array<io::Mark, telemetry::kStreamCount>> marks() = 0;
  /// As io::EdgeStore::peek().
  [[nodiscard]] virtual Result<std::vector<io::StoredItem>> peek(telemetry::Stream stream,
                                                                 telemetry::Sequence after,
                                                                 std::size_t bytes_max) = 0;
  /// As io::EdgeStore::acknowledge().
  [[nodiscard]] virtual Result<void> acknowledge(telemetry::Stream stream,
                                                 const telemetry::Epoch& epoch,
                                                 telemetry::Sequence up_to) = 0;
  /// As io::EdgeStore::rewind().
  [[nodiscard]] virtual Result<void> rewind(telemetry::Stream stream, const telemetry::Epoch& epoch,
                                            telemetry::Sequence mark) = 0;
  /// As io::EdgeStore::open_new_epoch(); the implementation also raises the alarm.
  [[nodiscard]] virtual Result<telemetry::Epoch> open_new_epoch() = 0;

 protected:
  UplinkSource() = default;
  UplinkSource(const UplinkSource&) = default;
  UplinkSource& operator=(const UplinkSource&) = default;
  ~UplinkSource() = default;
};

}  // namespace ems::runtime
