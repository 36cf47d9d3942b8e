// SPDX-License-Identifier: Apache-2.0
/// @file Which battery protocol answers on a byte stream? Sans I/O: bytes and `now` go in;
/// requests, bit rates and the next wake-up time come out. Its counterpart on CAN is
/// can_detect.hpp.
///
/// It listens first: a line on which another master speaks is left alone. Then it asks, one request
/// at a time, what a Poller would ask first, the most usual protocols first and by bit rate, so
/// that the line is seldom opened anew. No request changes anything in a device; the one way of
/// asking that writes (JK's trigger) is used only on demand, and last.
///
/// A reply counts when the protocol's own codec reads values from it. After the first, the rest of
/// the protocol's poll plan is asked once, and so are the protocols that could read that reply too:
/// when one of them is answered as well, the verdict is `several`. Only a reading in which the
/// cells do not add up to the pack voltage gives way to one in which they do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol {

/// Most protocols that one line is said to answer to; further ones are not named.
inline constexpr std::size_t kDetectedMax = 8;

struct DetectSettings {
  /// nullopt: each protocol at the rates it is found at. A rate: all protocols at this one. 0: all
  /// at the rate that the line has (TCP), which nobody can set.
  std::optional<std::uint32_t> bit_rate{};
  std::optional<std::uint8_t> address{};  ///< nullopt: the usual one of each protocol.
  bool all_addresses = false;             ///< The others too, after everything else.
  bool ask_by_writing = false;            ///< Allows the requests that write.
  bool even_if_busy = false;              ///< Asks although another master was heard.
  Duration listen = seconds(2);           ///< Before the first request; >= 0.
  Duration settle = milliseconds(50);     ///< Silence between two exchanges; >= 0.
  /// Requests until a protocol is given up: the first of its poll plan, then the next; > 0.
  std::uint8_t attempts = 2;
};

/// One way of asking.
struct DetectCandidate {
  const PollCodec* codec = nullptr;       ///< Of codecs().
  std::string_view variant{};             ///< Empty: the protocol has none.
  std::optional<std::uint8_t> address{};  ///< nullopt: the usual one of the variant, or none.
  std::uint32_t bit_rate = 0;             ///< 0: as the line is.
};

/// What came of asking a candidate; from nothing to everything.
enum class DetectOutcome : std::uint8_t {
  silent = 0,    ///< No byte.
  echo = 1,      ///< Our own request and nothing else.
  noise = 2,     ///< Bytes, but no reply of this protocol.
  damaged = 3,   ///< What may be its reply, but its codec refuses it: `error`.
  refused = 4,   ///< A sound refusal: somebody understands the frame, not the request. `error`.
  answered = 5,  ///< A reply, with values.
};

inline constexpr std::size_t kDetectOutcomes = 6;

/// `silent`, `echo`, ... @thread_safety Pure function.
[[nodiscard]] std::string_view to_string(DetectOutcome outcome) noexcept;

/// A candidate that is done.
struct DetectTried {
  DetectCandidate candidate{};
  DetectOutcome outcome = DetectOutcome::silent;
  std::uint32_t bytes = 0;       ///< Received meanwhile.
  std::optional<Error> error{};  ///< Of the last refused reply.
};

/// A protocol that is spoken here.
struct Detected {
  DetectCandidate candidate{};
  /// Bit i: the reply fits ProtocolInfo::variants[i], asked for in the same way. More than one: the
  /// line does not tell which it is; the candidate's is the safe one of them.
  std::uint32_t variants = 0;
  std::uint8_t asked = 0;     ///< Requests of the poll plan that were sent; 0: only listened to.
  std::uint8_t answered = 0;  ///< Those of them that had a reply with values.
  /// The cells add up to the pack voltage, to a tenth; nullopt: one of them was not said.
  std::optional<bool> adds_up{};
};

enum class DetectVerdict : std::uint8_t {
  running = 0,
  found = 1,    ///< One protocol.
  several = 2,  ///< More than one, which read the same replies: a person has to choose.
  nothing = 3,  ///< None answered; heard() says what came instead.
  busy = 4,     ///< Somebody else speaks: nothing was sent. found() has what it sounds like.
};

/// `running`, `found`, ... @thread_safety Pure function.
[[nodiscard]] std::string_view to_string(DetectVerdict verdict) noexcept;

/// All that came in.
struct DetectHeard {
  std::uint32_t unasked = 0;  ///< Bytes while we listened.
  std::uint32_t bytes = 0;    ///< Bytes after our requests.
  /// Candidates that ended so; [DetectOutcome::answered] too.
  std::array<std::uint32_t, kDetectOutcomes> outcomes{};

  [[nodiscard]] std::uint32_t count(DetectOutcome outcome) const noexcept {
    return outcomes[static_cast<std::size_t>(outcome)];
  }
};

/// What to do now and when to call again.
struct DetectAction {
  /// Open the line, anew if it is open, at this rate (0: as it is), then call line_open().
  std::optional<std::uint32_t> open_at{};
  std::size_t size = 0;  ///< Bytes of `out` to send; 0: nothing.
  Instant wake_at{};     ///< Call next() no later than this, and after every receive().
  std::optional<DetectTried> tried{};  ///< A candidate that is done.
};

/// See the file's comment.
///
/// @memory        About 2 kB, inline; never allocates.
/// @thread_safety Not synchronised: one strand drives it.
class Detector {
 public:
  /// @param settings  Checked: a wrong one is a bug of the caller.
  explicit Detector(const DetectSettings& settings) noexcept;
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  /// Ways of asking, when nobody answers any.
  [[nodiscard]] std::size_t candidate_count() const noexcept;
  /// How long it takes when nobody answers; opening the line not counted.
  [[nodiscard]] Duration longest() const noexcept;

  /// The line is open at the rate that open_at said. What came before is dropped.
  void line_open(Instant now) noexcept;
  /// Takes bytes from the stream, in pieces of any size.
  void receive(Bytes bytes, Instant now) noexcept;
  /// Advances time. At most one request, and one candidate that is done, per call.
  ///
  /// @param now  Not earlier than in any call before.
  /// @param out  At least kRequestSize bytes.
  [[nodiscard]] DetectAction next(Instant now, MutableBytes out) noexcept;

  /// `running` until the work is done; then next() does nothing more.
  [[nodiscard]] DetectVerdict verdict() const noexcept { return verdict_; }
  /// Best first: the share of its requests that were answered, then the order of asking.
  [[nodiscard]] std::span<const Detected> found() const noexcept { return found_.view(); }
  [[nodiscard]] const DetectHeard& heard() const noexcept { return heard_; }

 private:
  enum class Stage : std::uint8_t { opening, listening, asking, done };

  /// Place in the order of candidates. Passes: usual rates and addresses; other rates; other
  /// addresses; requests that write.
  struct Cursor {
    std::size_t pass = 0;
    std::size_t rate = 0;
    std::size_t codec = 0;
    std::size_t variant = 0;
    std::size_t address = 0;
  };

  void order_codecs() noexcept;
  void order_rates() noexcept;
  void step(Cursor& cursor) const noexcept;
  [[nodiscard]] std::optional<DetectCandidate> at(const Cursor& cursor) const noexcept;
  [[nodiscard]] std::optional<DetectCandidate> first_from(Cursor& cursor) const noexcept;
  [[nodiscard]] Duration pause(const PollCodec& codec) const noexcept;

  void listened() noexcept;
  void identify_heard() noexcept;
  void choose() noexcept;
  void begin(const DetectCandidate& candidate) noexcept;
  [[nodiscard]] bool askable(std::size_t item) const noexcept;
  [[nodiscard]] std::size_t send(Instant now, MutableBytes out) noexcept;
  void compare_with_request(Bytes bytes) noexcept;
  void take_buffer(Instant now) noexcept;
  void refused(const Error& error, Instant now) noexcept;
  void answered(Bytes frame, Instant now) noexcept;
  void exchange_failed(Instant now) noexcept;
  void next_item(Instant now) noexcept;
  void candidate_done(Instant now) noexcept;
  void hit(Bytes frame) noexcept;
  void find_siblings(Bytes frame) noexcept;
  void drop_contradictions() noexcept;
  void finish() noexcept;
  void raise_to(DetectOutcome outcome) noexcept;
  void drop(std::size_t bytes) noexcept;

  DetectSettings settings_;
  StaticVector<const PollCodec*, 64> codecs_{};  // Most usual first.
  StaticVector<std::uint32_t, 16> rates_{};      // Most usual first.
  Cursor cursor_{};
  Stage stage_ = Stage::opening;
  DetectVerdict verdict_ = DetectVerdict::running;
  std::uint32_t rate_ = 0;  // Of the line, or the one it is to be opened at.
  std::size_t listened_rates_ = 0;
  bool listening_over_ = false;
  Instant listen_until_{};

  // The candidate being asked.
  DetectTried current_{};
  CodecRoom room_{};
  const PollCodec* codec_ = nullptr;  // In room_; nullptr: no candidate.
  std::size_t item_ = 0;              // Of its poll plan.
  std::uint8_t attempt_ = 0;          // From 1, once sent.
  bool known_ = false;                // It has answered.
  bool outstanding_ = false;
  Instant deadline_{};
  Instant not_before_{};
  std::optional<DetectTried> tried_{};
  std::optional<std::int64_t> pack_mv_{};
  std::optional<std::int64_t> cells_mv_{};

  bool spoke_ = false;  // Somebody answered: only siblings_ are asked from now on.
  StaticVector<DetectCandidate, kDetectedMax> siblings_{};
  std::size_t sibling_ = 0;
  StaticVector<Detected, kDetectedMax> found_{};
  DetectHeard heard_{};

  std::array<std::byte, kRequestSize> request_{};
  std::size_t request_size_ = 0;
  std::size_t came_ = 0;  // Bytes since the request.
  bool echo_ = false;     // So far they are the request.
  std::array<std::byte, kReplySize> buffer_{};
  std::size_t buffered_ = 0;
};

}  // namespace ems::protocol
