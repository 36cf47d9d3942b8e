// SPDX-License-Identifier: Apache-2.0
/// @file Which battery protocol is spoken on a CAN bus? It only listens. Sans I/O: frames go in.
/// Its counterpart on a byte stream is detect.hpp.
///
/// Identifiers are the evidence, never one frame: protocols share identifiers, and some of them
/// differ in nothing but the order of bytes or the sign of a current.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ems/core/static_vector.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/detect.hpp"

namespace ems::protocol {

/// Frames that are kept: the newest of each identifier and first byte, kCanDetectPerId of each
/// identifier at most. Overflow rule: further ones only count.
inline constexpr std::size_t kCanDetectFrames = 256;
inline constexpr std::size_t kCanDetectPerId = 8;
/// A protocol is believed from this many of its messages on.
inline constexpr std::size_t kCanEvidenceMin = 2;

/// What speaks for one protocol.
struct CanDetected {
  const CanCodec* codec = nullptr;  ///< Of codecs().
  std::size_t messages = 0;  ///< Heard, and read by it: identifiers, and parts that share one.
  std::size_t refused = 0;   ///< Frames of its own with contents that it refuses.
  bool telling = false;      ///< An identifier was heard that speaks for it among its relatives.
  bool own = false;          ///< One that none of its relatives sends.
};

/// See the file's comment.
///
/// @memory        About 6 kB, inline; never allocates.
/// @thread_safety Not synchronised: one strand drives it.
class CanDetector {
 public:
  /// Takes one frame from the bus.
  /// @param frame  @pre frame.valid().
  void receive(const CanFrame& frame) noexcept;

  /// Weighs what was heard so far.
  /// @return  `found`, `several` (equal evidence: a person has to choose) or `nothing`.
  [[nodiscard]] DetectVerdict weigh() noexcept;

  /// Every protocol with at least kCanEvidenceMin messages, best first, as weigh() left it.
  [[nodiscard]] std::span<const CanDetected> ranked() const noexcept { return ranked_.view(); }
  /// Those of ranked() that the verdict is about: 0, 1, or more of equal evidence.
  [[nodiscard]] std::span<const CanDetected> found() const noexcept {
    return ranked_.view().first(best_);
  }
  [[nodiscard]] std::uint32_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::size_t identifiers() const noexcept { return identifiers_; }

 private:
  [[nodiscard]] CanDetected weigh(const CanCodec& codec) const noexcept;
  [[nodiscard]] bool heard(std::uint32_t id, bool extended) const noexcept;

  StaticVector<CanFrame, kCanDetectFrames> heard_{};
  StaticVector<CanDetected, 32> ranked_{};
  std::size_t best_ = 0;
  std::uint32_t frames_ = 0;
  std::size_t identifiers_ = 0;
};

}  // namespace ems::protocol
