// SPDX-License-Identifier: Apache-2.0
/// @file The embedded back end of FleetStore: one SQLite file, WAL, synchronous=FULL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ems/core/result.hpp"
#include "ems/fleet/fleet_store.hpp"

namespace ems::fleet {

struct SqliteFleetOptions {
  bool create = true;      ///< Make the file when it is not there.
  bool read_only = false;  ///< For readers beside a running server: queries only.
  std::string vfs{};       ///< Name of a registered SQLite VFS; empty: the default one.
  /// Hard limit of the file in SQLite pages of 4 KiB; 0: none. A quota, and how tests fill a disk.
  std::uint32_t pages_max = 0;
  /// Streams of agents whose mark and newest block are remembered, about 270 bytes each; the others
  /// are read from the file when something comes for them.
  std::size_t lanes_max = 16'384;
  /// Points that latest() remembers, of all agents together, about 96 bytes each (48 MiB in all);
  /// an agent takes 4 more. Beyond, the agents nobody asked for longest are read from the file when
  /// somebody asks again.
  std::size_t latest_points_max = 524'288;
};

/// Opens or creates a fleet store.
///
/// A restored file is noticed by `<path>.generation`, a small file beside it that a copy of the
/// database does not carry: when the two disagree, a new generation is made.
///
/// @errors not_found  no file and options.create is false.
///         header     a file of something else; it is left alone.
///         schema     made by a newer version.
///         corrupt    the integrity check failed.
///         read_only, disk_full, io  the operating system refused.
///         unavailable  another process has it open for writing.
[[nodiscard]] Result<std::unique_ptr<FleetStore>> open_sqlite_fleet_store(
    const std::string& path, const SqliteFleetOptions& options = {});

}  // namespace ems::fleet
