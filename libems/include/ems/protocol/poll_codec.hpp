// SPDX-License-Identifier: Apache-2.0
/// @file What every request/reply battery protocol looks like from outside: bytes and values in,
/// bytes and values out. The Poller (poller.hpp) keeps its conversation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/codec.hpp"

namespace ems::protocol {

/// Largest request any codec makes.
inline constexpr std::size_t kRequestSize = 64;
/// Largest reply any codec takes.
inline constexpr std::size_t kReplySize = 512;

/// One request of the poll plan.
struct PollItem {
  std::string_view name;  ///< What it asks for, for logs: `basic info`.
  std::uint8_t number;    ///< The codec's own number of the request, for encode_poll().
  std::uint16_t every;    ///< Asked every n-th round; 0: once after each connect.
};

/// How the next reply lies in the bytes received so far.
struct FrameScan {
  std::size_t noise = 0;  ///< Leading bytes that belong to no frame: drop them first.
  std::size_t size = 0;   ///< Bytes of the whole frame after the noise; 0: not complete yet.
};

/// A battery-side command that changes an output. Limits and set-points have their own types.
struct SwitchCommand {
  bool charge_on = true;
  bool discharge_on = true;
};

/// Limits that the battery is to keep, and to tell an inverter on its own bus. They lapse in the
/// battery (PollCodec::limits_lease()) unless they are sent again.
struct LimitCommand {
  MilliVolt charge_voltage{};     ///< Highest pack voltage.
  MilliVolt discharge_voltage{};  ///< Lowest pack voltage.
  MilliAmp charge_current{};      ///< A magnitude.
  MilliAmp discharge_current{};   ///< A magnitude.
};

/// Lets the battery balance its cells, or forbids it.
struct BalanceCommand {
  bool on = true;
};

/// What one can tell a battery to do.
using BatteryCommand = std::variant<SwitchCommand, LimitCommand, BalanceCommand>;

/// One request/reply protocol. See Codec.
///
/// @thread_safety Every function is pure.
class PollCodec : public Codec {
 public:
  [[nodiscard]] CodecKind kind() const noexcept final { return CodecKind::poll; }
  /// This protocol with options. Those of the protocol's codec() are CodecOptions{}.
  ///
  /// @param room  Gets the codec; outlives it. Unchanged on failure.
  /// @errors      invalid_argument  no such variant, or an address where the protocol has none.
  ///              out_of_range      an address or a count that the protocol cannot have.
  [[nodiscard]] virtual Result<const PollCodec*> with(const CodecOptions& options,
                                                      CodecRoom& room) const noexcept = 0;
  /// What to ask, in order. One request is outstanding at a time.
  [[nodiscard]] virtual std::span<const PollItem> poll_plan() const noexcept = 0;
  /// Time from a request to the end of its reply that a healthy device never exceeds, at the
  /// protocol's slowest usual baud rate.
  [[nodiscard]] virtual Duration reply_timeout() const noexcept = 0;
  /// Silence that the device needs between the end of a reply and the next request; >= 0.
  [[nodiscard]] virtual Duration request_gap() const noexcept { return Duration::zero(); }

  /// Writes the request of a plan item.
  /// @param out  At least kRequestSize bytes.
  /// @return     Bytes written.
  /// @errors     invalid_argument    not a number of the poll plan.
  ///             resource_exhausted  out is too small.
  [[nodiscard]] virtual Result<std::size_t> encode_poll(std::uint8_t number,
                                                        MutableBytes out) const noexcept = 0;

  /// Writes the request that switches the battery's outputs.
  /// @errors unimplemented       the protocol has no such command.
  ///         resource_exhausted  out is too small.
  [[nodiscard]] virtual Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                          MutableBytes out) const noexcept = 0;

  /// Writes the request that sets the battery's limits; rounded to the safe side of a wire step.
  /// @errors unimplemented       the protocol has no such command.
  ///         out_of_range        a value that the wire cannot say, or a negative one.
  ///         resource_exhausted  out is too small.
  [[nodiscard]] virtual Result<std::size_t> encode_limits(const LimitCommand& command,
                                                          MutableBytes out) const noexcept {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "the protocol cannot set limits");
  }
  /// Time after which the battery forgets limits that are not sent again; zero: it never does.
  [[nodiscard]] virtual Duration limits_lease() const noexcept { return Duration::zero(); }

  /// Writes the request that switches balancing.
  /// @errors unimplemented       the protocol has no such command.
  ///         resource_exhausted  out is too small.
  [[nodiscard]] virtual Result<std::size_t> encode_balance(const BalanceCommand& command,
                                                           MutableBytes out) const noexcept {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "the protocol cannot switch balancing");
  }

  /// Finds the reply to `request` in a stream, skipping noise before it: whatever cannot be that
  /// reply, frames that answer something else included. Checks only what delimits a frame.
  [[nodiscard]] virtual FrameScan scan(Bytes request, Bytes received) const noexcept = 0;

  /// Decodes one whole reply, strictly, and gives its values to `sink`. Gives nothing on failure.
  ///
  /// @param request  The request it answers, as sent; empty when it is not known (a log, a
  ///                 capture): then the reply alone says what it is, and no echo is checked.
  /// @param reply    Exactly one frame.
  /// @errors header truncated length tail checksum device_error exception out_of_range; offset =
  ///         first wrong byte of the reply.
  ///         invalid_argument  `request` is not a request of this protocol; offset counts its
  ///         bytes. unimplemented     a sound reply whose content this codec does not read.
  [[nodiscard]] virtual Result<void> decode(Bytes request, Bytes reply,
                                            ReadingSink& sink) const noexcept = 0;

  /// Says what a request asks for, as vendor values (`request_register` ...).
  ///
  /// @errors header truncated length tail checksum; offset = first wrong byte of the request.
  [[nodiscard]] virtual Result<void> decode_request(Bytes request,
                                                    ReadingSink& sink) const noexcept = 0;

 protected:
  PollCodec() = default;
  PollCodec(const PollCodec&) = default;
  PollCodec& operator=(const PollCodec&) = default;
  ~PollCodec() = default;
};

}  // namespace ems::protocol
