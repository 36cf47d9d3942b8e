// SPDX-License-Identifier: Apache-2.0
/// @file What the simulated devices have in common: bytes in, bytes out, over the state of a plant.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "ems/sim/plant.hpp"

namespace ems::sim {

using ByteVector = std::vector<std::byte>;

/// One answer, and how much later than at once it goes out.
struct Reply {
  ByteVector bytes;  ///< Never empty.
  Duration delay;    ///< >= 0, wall time.
};

/// The server side of one device's protocol.
///
/// @thread_safety None; one thread.
class FrameServer {
 public:
  /// Finds the next request in what was received.
  [[nodiscard]] virtual protocol::FrameScan scan(Bytes received) const = 0;
  /// Answers one whole request.
  /// @return The bytes to send; empty for none.
  [[nodiscard]] virtual ByteVector answer(Bytes request) = 0;

 protected:
  FrameServer() = default;
  FrameServer(const FrameServer&) = default;
  FrameServer& operator=(const FrameServer&) = default;
  ~FrameServer() = default;
};

/// Gives a server the state it reports: the truth, or what a fault makes of it.
using Measured = std::function<PlantState()>;

}  // namespace ems::sim
