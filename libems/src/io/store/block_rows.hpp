// SPDX-License-Identifier: Apache-2.0
/// @file Gives stored blocks and gaps to a sink; shared by both stores' readers.
#pragma once

#include "ems/core/result.hpp"
#include "ems/io/store/row_source.hpp"
#include "sqlite.hpp"

namespace ems::io {

/// Walks a statement of columns (is gap, first, last, reason, utc_min_us, utc_max_us, bytes). A
/// block that fails its check is given as a gap of reason `corrupt`.
/// @return false when the sink wants no more.
[[nodiscard]] Result<bool> give_items(sqlite::Statement& items, telemetry::Stream stream,
                                      const telemetry::Epoch& epoch, const UtcRange& range,
                                      RowSink& sink);

}  // namespace ems::io
