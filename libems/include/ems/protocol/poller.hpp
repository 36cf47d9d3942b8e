// SPDX-License-Identifier: Apache-2.0
/// @file The conversation with one device over one byte stream: what to ask, when, what to do when
/// no answer comes. Sans I/O: bytes and `now` go in, bytes and the next wake-up time come out.
///
/// One request is outstanding at a time. Each round asks the items of the codec's poll plan that
/// are due; a round starts every `period`. A request without a sound reply is sent again at once,
/// up to `retries` times. An item that then still has no answer makes the poller ask the first item
/// of the plan once: if that answers, the device merely does not know the item (it is skipped, and
/// asked with a single attempt from then on); if not, the poller waits 5, 15, then 60 s between
/// single probes until one is answered, and starts afresh.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/link_health.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol {

struct PollerSettings {
  Duration period = seconds(1);             ///< Between the starts of two rounds; > 0.
  std::optional<Duration> reply_timeout{};  ///< > 0; nullopt: the codec's.
  Duration settle = milliseconds(50);       ///< Silence after a failed attempt; what arrives is
                                            ///< a late reply and is dropped. >= 0.
  std::uint8_t retries = 3;                 ///< Fast repetitions of one request.
  std::array<Duration, 3> recovery_waits = {seconds(5), seconds(15), seconds(60)};  ///< Last: for
                                                                                    ///< ever.
};

/// Monotonic since construction; they wrap.
struct PollerCounters {
  std::uint32_t requests = 0;         ///< Sent, repetitions included.
  std::uint32_t replies = 0;          ///< Sound replies to an outstanding request.
  std::uint32_t timeouts = 0;         ///< Attempts that ran out of time.
  std::uint32_t checksum_errors = 0;  ///< Whole frames with a wrong checksum.
  std::uint32_t device_errors = 0;    ///< Sound refusals by the device.
  std::uint32_t other_errors = 0;     ///< Frames refused for any other reason.
  std::uint32_t noise_bytes = 0;      ///< Bytes that belonged to no awaited reply.
  std::uint32_t recoveries = 0;       ///< Times a device answered again after recovery waits.
  friend constexpr bool operator==(const PollerCounters&, const PollerCounters&) noexcept = default;
};

enum class CommandState : std::uint8_t { none, queued, sent, acknowledged, failed };

/// What to do now and when to call again.
struct PollerAction {
  std::size_t size = 0;     ///< Bytes of `out` to send; 0: nothing.
  Instant wake_at{};        ///< Call next() no later than this, and after every receive().
  std::string_view what{};  ///< Name of the request, for logs; empty when nothing is sent.
};

/// See the file's comment.
///
/// @memory        About 700 bytes, inline; never allocates.
/// @thread_safety Not synchronised: one strand drives it.
class Poller {
 public:
  /// @param codec     Outlives the poller. Its plan has 1 .. 32 items.
  /// @param settings  Checked: a wrong one is a bug of the caller.
  Poller(const PollCodec& codec, const PollerSettings& settings) noexcept;

  /// The byte stream is open: asks at once. Everything known from an earlier connection is dropped.
  void link_up(Instant now) noexcept;
  /// The byte stream is gone. A command that waits or has no reply yet fails with `unavailable`.
  void link_down(Instant now) noexcept;

  /// Advances time. At most one request per call.
  ///
  /// @param now  Not earlier than in any call before.
  /// @param out  At least kRequestSize bytes.
  [[nodiscard]] PollerAction next(Instant now, MutableBytes out) noexcept;

  /// Takes bytes from the stream, in pieces of any size.
  ///
  /// The buffer holds kReplySize bytes. Overflow rule: a frame start that fills it without becoming
  /// a whole frame was noise; its first byte is dropped and the search starts behind it.
  ///
  /// @param sink  Gets the values of a sound reply; at most one reply per request.
  void receive(Bytes bytes, Instant now, ReadingSink& sink) noexcept;

  /// Queues a command; it is sent before the next poll. A newer command replaces one that waits or
  /// is being repeated. It is never kept across a lost link or a recovery wait.
  ///
  /// Limits are sent once: a caller that wants them to last asks again within limits_lease(), and
  /// one that dies leaves the battery with its own.
  ///
  /// @errors unavailable    the device does not answer now; nothing is queued.
  ///         unimplemented  the protocol has no such command.
  ///         out_of_range   the wire cannot say such a limit.
  [[nodiscard]] Result<void> request(const BatteryCommand& command) noexcept;
  /// What request() would say; queues nothing. @errors as request().
  [[nodiscard]] Result<void> check(const BatteryCommand& command) const noexcept;
  /// The newest command is not wanted any more: it is not sent (again), and has failed with `why`.
  /// One whose answer is awaited may still act. Nothing, when it has ended.
  void withdraw(const Error& why) noexcept;

  /// State of the newest command. `failed` has its reason in command_error().
  [[nodiscard]] CommandState command_state() const noexcept { return command_state_; }
  [[nodiscard]] std::optional<Error> command_error() const noexcept { return command_error_; }

  /// A request is on its way and its answer is awaited.
  [[nodiscard]] bool awaiting() const noexcept { return outstanding_; }
  /// End of the silence that the last exchange needs; another device on the line waits for it too.
  [[nodiscard]] Instant line_free_at() const noexcept { return line_free_at_; }
  [[nodiscard]] LinkHealth health() const noexcept { return health_; }
  /// Why the last failed attempt failed; nullopt before the first failure. Kept after recovery.
  [[nodiscard]] std::optional<Error> last_error() const noexcept { return last_error_; }
  [[nodiscard]] const PollerCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] const PollCodec& codec() const noexcept { return codec_; }

 private:
  enum class Exchange : std::uint8_t { none, item, probe, command };
  enum class Suspect : std::uint8_t { nothing, item, command };

  [[nodiscard]] bool choose(Instant now, Instant& wake_at) noexcept;
  [[nodiscard]] PollerAction send(Instant now, MutableBytes out) noexcept;
  [[nodiscard]] bool due(std::size_t index) const noexcept;
  [[nodiscard]] std::uint8_t attempts_allowed() const noexcept;
  void start_afresh(Instant now) noexcept;
  void end_exchange() noexcept;
  void attempt_failed(const Error& error, Instant now) noexcept;
  void give_up(const Error& error, Instant now) noexcept;
  void enter_recovery(Instant now) noexcept;
  void fail_command(const Error& error) noexcept;
  /// The command of this exchange is the one that command_state() speaks of.
  [[nodiscard]] bool is_newest() const noexcept { return !queued_ && !unwanted_; }
  void take_buffer(Instant now, ReadingSink& sink) noexcept;
  [[nodiscard]] Result<void> take_frame(Bytes frame, ReadingSink& sink) noexcept;
  void answered(Instant now) noexcept;
  void item_done() noexcept;
  void drop(std::size_t bytes) noexcept;
  void drop_noise(std::size_t bytes) noexcept;

  const PollCodec& codec_;
  PollerSettings settings_;
  PollerCounters counters_{};
  LinkHealth health_ = LinkHealth::offline;
  std::optional<Error> last_error_{};

  // The exchange under way: chosen (attempts count) and, while outstanding_, sent.
  Exchange exchange_ = Exchange::none;
  bool outstanding_ = false;
  std::uint8_t attempts_ = 0;
  Instant deadline_{};
  Instant not_before_{};
  Instant line_free_at_{};

  // Plan.
  std::size_t cursor_ = 0;
  std::uint32_t round_ = 0;
  Instant round_started_{};
  bool in_round_ = false;
  std::uint32_t once_done_ = 0;  // Bit per item.
  std::uint32_t silent_ = 0;     // Bit per item: had no answer while the device had others.

  // Recovery.
  Suspect suspect_ = Suspect::nothing;  // What failed while the device may still be there.
  std::optional<std::size_t> recovery_step_{};

  // Command.
  std::optional<BatteryCommand> queued_{};
  BatteryCommand current_{};
  bool unwanted_ = false;  // current_ was withdrawn while its answer was awaited.
  CommandState command_state_ = CommandState::none;
  std::optional<Error> command_error_{};

  std::array<std::byte, kRequestSize> request_{};
  std::size_t request_size_ = 0;
  std::array<std::byte, kReplySize> buffer_{};
  std::size_t buffered_ = 0;
};

}  // namespace ems::protocol
