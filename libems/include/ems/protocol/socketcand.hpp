// SPDX-License-Identifier: Apache-2.0
/// @file A CAN bus over TCP: the messages of socketcand, `< frame 351 23.424242 1402740E >`, as its
/// client. Sans I/O, heapless.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/protocol/can_record.hpp"

namespace ems::protocol {

/// Longest message that is understood, between `<` and `>`.
inline constexpr std::size_t kSocketcandMessageMax = 256;
/// Room that encode_socketcand() and print_socketcand() need.
inline constexpr std::size_t kSocketcandFrameSize = 64;
/// Longest name of a bus: IFNAMSIZ - 1.
inline constexpr std::size_t kSocketcandBusMax = 15;

enum class SocketcandKind : std::uint8_t {
  hi = 0,         ///< The server greets.
  ok = 1,         ///< It has done what was asked.
  error = 2,      ///< It has not: `text` says why.
  frame = 3,      ///< A frame of the bus: `record`, with its time.
  send = 4,       ///< What a client sends: `record`, without a time.
  bus_error = 5,  ///< What the controller reports: `record`.
  other = 6,      ///< Any other word; not for us.
};

struct SocketcandMessage {
  SocketcandKind kind = SocketcandKind::other;
  CanRecord record{};
  FixedString<64> text{};
};

/// Reads one message.
///
/// @param text    What stands between `<` and `>`.
/// @errors        syntax         a frame whose words are not as they should be; offset = the
///                               character.
///                out_of_range   an identifier or a time that does not fit.
///                length         more data than a frame holds, or other than it says.
///                unimplemented  a CAN FD frame.
/// @thread_safety Pure function.
/// @source        docs/protocols/socketcand.md; vectors socketcand-*.
[[nodiscard]] Result<SocketcandMessage> parse_socketcand(std::string_view text) noexcept;

/// Finds the messages in a stream that has no line ends, however it is cut. What stands between
/// messages is skipped; `<` begins a message anew, even within one.
///
/// @memory        About 260 bytes, inline.
/// @thread_safety Not synchronised.
class SocketcandScanner {
 public:
  /// @return  What the byte completed, or why it was refused: as parse_socketcand(); length: the
  ///          message was too long. nullopt: nothing yet.
  [[nodiscard]] std::optional<Result<SocketcandMessage>> push(std::byte byte) noexcept;
  /// Forgets a message that was begun: the connection is another.
  void reset() noexcept { inside_ = false; }

 private:
  std::array<char, kSocketcandMessageMax> text_{};
  std::size_t size_ = 0;  ///< May exceed the text by 1: it is too long.
  bool inside_ = false;
};

/// Writes `< send 1AAAAAAA 2 1 f1 >`.
///
/// @param frame   @pre frame.valid().
/// @param out     At least kSocketcandFrameSize characters.
/// @errors        unimplemented  a remote frame: the protocol has none.
/// @thread_safety Pure function.
[[nodiscard]] Result<std::string_view> encode_socketcand(const CanFrame& frame,
                                                         std::span<char> out) noexcept;

/// Writes `< frame 351 23.424242 1402740E740ECC01 >`: what a server says.
///
/// @param frame   @pre frame.valid(), and not remote.
/// @param time    >= 0.
/// @param out     At least kSocketcandFrameSize characters.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view print_socketcand(const CanFrame& frame, Duration time,
                                                std::span<char> out) noexcept;

/// Whether a bus can have this name: 1 to 15 characters, no space, no `<` and no `>`.
/// @thread_safety Pure function.
[[nodiscard]] bool is_socketcand_bus(std::string_view name) noexcept;

/// The conversation up to the first frame: greeting, `< open can0 >`, `< rawmode >`.
///
/// @thread_safety Not synchronised.
class SocketcandClient {
 public:
  enum class State : std::uint8_t { greeting, opening, choosing_mode, open, refused };

  /// @param bus  @pre is_socketcand_bus(bus).
  explicit SocketcandClient(std::string_view bus) noexcept;

  /// Takes a message of the server.
  /// @return  What to send now, valid until the next call; empty: nothing.
  [[nodiscard]] std::string_view take(const SocketcandMessage& message) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  /// What the server said when it refused.
  [[nodiscard]] std::string_view reason() const noexcept { return reason_.view(); }

 private:
  State state_ = State::greeting;
  FixedString<32> open_{};
  FixedString<64> reason_{};
};

}  // namespace ems::protocol
