// SPDX-License-Identifier: Apache-2.0
/// @file A copy of a store that is in use.
#pragma once

#include <cstdint>
#include <string>

#include "ems/core/result.hpp"

namespace ems::io {

/// Copies an edge or fleet store to a new file, while its program writes on (SQLite's online
/// backup): everything committed when the copy began, nothing later, in one file without a log.
/// The copy is checked and synced before it has its name; what fails leaves nothing.
///
/// It grows as `<to>.partial-<32 random hex digits>`, which no other file is taken for; one that a
/// crash left behind is removed by the next snapshot to the same name. Of two snapshots to one name
/// at once each makes its own copy; the first to be ready takes the name, the other one is refused.
///
/// Put back in the store's place it is a backup that was restored, and is noticed as one: an agent
/// opens a new epoch, a server announces a new generation.
///
/// @param path  The store.
/// @param to    The copy; must not exist. It is readable by owner and group (0640, less the umask).
/// @return      Bytes of the copy.
/// @errors not_found       there is no store.
///         header          a file of something else.
///         already_exists  `to` exists, or came to exist meanwhile; it is left as it is.
///         corrupt         the store is damaged; its program repairs it at its next start.
///         disk_full, read_only, io, unavailable  the operating system refused.
/// @thread_safety Any thread, any process. It reads the whole store: not from a control loop.
[[nodiscard]] Result<std::uint64_t> snapshot_store(const std::string& path, const std::string& to);

}  // namespace ems::io
