// SPDX-License-Identifier: Apache-2.0
/// @file Tells whether a row that two stores number alike is the same row.
#pragma once

#include <cstdint>
#include <optional>

#include "ems/core/bytes.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::rpc {

/// A row of a stream and epoch, and a hash of its moment and content. It does not depend on how the
/// row is packed, so both ends compute the same.
struct Fingerprint {
  telemetry::Sequence sequence = 0;
  std::uint64_t hash = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// @return nullopt: `block` is not sound or not of that place.
[[nodiscard]] std::optional<Fingerprint> fingerprint_of_first(Bytes block);
[[nodiscard]] std::optional<Fingerprint> fingerprint_of_last(Bytes block);

}  // namespace ems::rpc
