// SPDX-License-Identifier: Apache-2.0
/// @file Answers recorded requests with their recorded responses, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ems/sim/server.hpp"

namespace ems::sim {

/// One exchange of a capture.
struct Recording {
  ByteVector request;   ///< Not empty.
  ByteVector response;  ///< Not empty; right or wrong, it goes out as it is.
};

/// A request must match exactly. Where several recordings have the same request they take turns.
/// Bytes that begin no recorded request are unknown: no answer, and a counter.
class ReplayServer final : public FrameServer {
 public:
  /// @errors invalid_argument  no recording, or an empty request or response; offset = its index.
  [[nodiscard]] static Result<ReplayServer> make(std::vector<Recording> recordings);

  /// Bytes that cannot begin a recorded request count as one frame, up to where one could begin.
  [[nodiscard]] protocol::FrameScan scan(Bytes received) const override;
  [[nodiscard]] ByteVector answer(Bytes request) override;

  /// Requests answered, and runs of bytes that were no recorded request.
  [[nodiscard]] std::uint64_t answered() const noexcept { return answered_; }
  [[nodiscard]] std::uint64_t unknown() const noexcept { return unknown_; }

 private:
  struct Slot {
    ByteVector request;
    std::vector<ByteVector> responses;
    std::size_t next = 0;
  };
  std::vector<Slot> slots_;
  std::uint64_t answered_ = 0;
  std::uint64_t unknown_ = 0;
};

}  // namespace ems::sim
