// SPDX-License-Identifier: Apache-2.0
/// @file The conversation with one battery on a CAN bus: what it says, whether it still speaks, and
/// what the host sends. Sans I/O: frames and `now` go in, frames and the next wake-up time come
/// out. The counterpart of the Poller.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/can_frame.hpp"
#include "ems/protocol/can_mailbox.hpp"
#include "ems/protocol/link_health.hpp"

namespace ems::protocol {

/// Monotonic since construction; they wrap.
struct CanListenerCounters {
  std::uint32_t received = 0;  ///< Frames given to receive() while the link was up.
  std::uint32_t decoded = 0;
  std::uint32_t ignored = 0;     ///< Not of this protocol.
  std::uint32_t errors = 0;      ///< Of this protocol, but refused.
  std::uint32_t sent = 0;        ///< Frames handed out by next().
  std::uint32_t silences = 0;    ///< Times the battery fell silent for quiet_after().
  std::uint32_t recoveries = 0;  ///< Times it spoke again after that.
  friend constexpr bool operator==(const CanListenerCounters&,
                                   const CanListenerCounters&) noexcept = default;
};

/// What to do now and when to call again.
struct CanAction {
  std::optional<CanFrame> frame{};  ///< To send now.
  Instant wake_at{};                ///< Call next() no later than this, and after every receive().
  std::string_view what{};          ///< Name of the frame, for logs; empty when nothing is sent.
};

/// See the file's comment.
///
/// The battery is online while one of the codec's own frames decoded within quiet_after(). Foreign
/// frames and refused ones do not count: a busy bus is not a living battery.
///
/// @memory        About 2.5 kB, inline; never allocates.
/// @thread_safety Not synchronised: one strand drives it.
class CanListener {
 public:
  /// @param codec        Outlives the listener.
  /// @param listen_only  Nothing is ever sent: for a bus that an inverter shares, which the battery
  ///                     would mistake us for.
  explicit CanListener(const CanCodec& codec, bool listen_only = false) noexcept;

  /// The bus is there: the send plan starts at once. Everything known from an earlier connection is
  /// dropped.
  void link_up(Instant now) noexcept;
  /// The bus is gone.
  void link_down(Instant now) noexcept;

  /// Takes one frame from the bus. Ignored while the link is down.
  ///
  /// @param frame  A frame that is not valid() is refused: out_of_range.
  /// @param now    Not earlier than in any call before.
  /// @param sink   Gets the values of a sound frame.
  void receive(const CanFrame& frame, Instant now, ReadingSink& sink) noexcept;

  /// Advances time. At most one frame per call; when several are due wake_at is not after `now`.
  [[nodiscard]] CanAction next(Instant now) noexcept;

  [[nodiscard]] LinkHealth health() const noexcept { return health_; }
  /// Why the battery is silent, or why the last frame was refused; nullopt before the first
  /// failure. Kept after recovery.
  [[nodiscard]] std::optional<Error> last_error() const noexcept { return last_error_; }
  [[nodiscard]] const CanListenerCounters& counters() const noexcept { return counters_; }

 private:
  void check_silence(Instant now) noexcept;

  [[nodiscard]] std::span<const CanSend> sends() const noexcept;

  const CanCodec& codec_;
  bool listen_only_;
  CanMailbox mailbox_{};
  CanListenerCounters counters_{};
  LinkHealth health_ = LinkHealth::offline;
  std::optional<Error> last_error_{};
  Instant heard_at_{};                ///< Last sound frame, or when its absence was last noted.
  bool fell_silent_ = false;          ///< Spoke on this link before, and does not now.
  std::uint32_t foreign_before_ = 0;  ///< counters_.ignored at heard_at_.
  std::array<Instant, kCanSendsMax> due_at_{};
};

}  // namespace ems::protocol
