// SPDX-License-Identifier: Apache-2.0
/// @file A small file beside the database that remembers how far it had come, so that a restored
/// copy is noticed. Not installed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ems/core/result.hpp"
#include "ems/fleet/fleet_store.hpp"

namespace ems::fleet {

/// `<generation in hex> <groups committed>\n`. Written after each group without fsync: after a
/// power cut it may be behind the database, which proves nothing; ahead of it is a restored copy.
class Witness {
 public:
  struct Seen {
    Id128 generation{};
    std::uint64_t groups = 0;
  };

  Witness() noexcept = default;
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// @return What the file says; nullopt when it is not there or is not readable.
  /// @errors read_only, io  it cannot be opened for writing.
  [[nodiscard]] Result<std::optional<Seen>> open(const std::string& path);
  void write(const Seen& seen) noexcept;

 private:
  int fd_ = -1;
};

}  // namespace ems::fleet
