// SPDX-License-Identifier: Apache-2.0
/// @file What every battery protocol on a CAN bus looks like from outside: the battery sends by
/// itself, one message spread over frames. The CanListener (can_listener.hpp) keeps the
/// conversation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/can_frame.hpp"
#include "ems/protocol/can_mailbox.hpp"
#include "ems/protocol/codec.hpp"

namespace ems::protocol {

/// A frame the host sends by itself: a keep-alive, or a query that makes the battery speak.
struct CanSend {
  std::string_view name;  ///< For logs: `keep-alive`.
  CanFrame frame;
  Duration every;            ///< > 0.
  bool until_heard = false;  ///< Only while the battery is silent.
};

/// What became of a frame.
enum class CanTaken : std::uint8_t {
  ignored = 0,  ///< Not one of this protocol's: another node's, or our own. No error.
  decoded = 1,  ///< One of ours; its values were given.
};

/// One protocol on a CAN bus. See Codec.
///
/// @thread_safety Pure but for the mailbox and the sink it is given.
class CanCodec : public Codec {
 public:
  [[nodiscard]] CodecKind kind() const noexcept final { return CodecKind::can; }
  /// This protocol with options. Those of the protocol's codec() are CodecOptions{}.
  ///
  /// @param room  Gets the codec; outlives it. Unchanged on failure.
  /// @errors      invalid_argument  no such variant, or an address where the protocol has none.
  ///              out_of_range      an address that the protocol cannot have.
  [[nodiscard]] virtual Result<const CanCodec*> with(const CodecOptions& options,
                                                     CodecRoom& room) const noexcept = 0;
  /// Bits per second on the bus.
  [[nodiscard]] virtual std::uint32_t bit_rate() const noexcept = 0;
  /// What the host sends; empty when the battery needs nothing. At most kCanSendsMax.
  [[nodiscard]] virtual std::span<const CanSend> send_plan() const noexcept = 0;
  /// The frame of an item of the send plan, to this battery's address.
  [[nodiscard]] virtual CanFrame frame_of(const CanSend& item) const noexcept { return item.frame; }
  /// A battery of which no frame decoded for so long is gone, and a value not renewed for so long
  /// is stale. > 0.
  [[nodiscard]] virtual Duration quiet_after() const noexcept = 0;

  /// Decodes one frame and gives its values to `sink`, field by field: a field that a short frame
  /// does not have is not given. On failure nothing is given and the mailbox is unchanged.
  ///
  /// @param frame    @pre frame.valid().
  /// @param now      When it arrived; not earlier than in any call with this mailbox before.
  /// @param mailbox  Of this conversation, used with this codec only.
  /// @errors length              one of ours, too short for its first field; offset = its size.
  ///         out_of_range        a field that makes the whole frame unbelievable; offset = its
  ///                             first byte.
  ///         resource_exhausted  the mailbox is full.
  [[nodiscard]] virtual Result<CanTaken> decode(const CanFrame& frame, Instant now,
                                                CanMailbox& mailbox,
                                                ReadingSink& sink) const noexcept = 0;

 protected:
  CanCodec() = default;
  CanCodec(const CanCodec&) = default;
  CanCodec& operator=(const CanCodec&) = default;
  ~CanCodec() = default;
};

/// Most items a send plan may have.
inline constexpr std::size_t kCanSendsMax = 16;

}  // namespace ems::protocol
