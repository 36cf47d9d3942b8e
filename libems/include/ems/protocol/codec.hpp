// SPDX-License-Identifier: Apache-2.0
/// @file What every battery protocol has in common, and the registry of those compiled in.
///
/// Two kinds of conversation exist: a PollCodec (poll_codec.hpp) asks over a byte stream and takes
/// the reply; a CanCodec (can_codec.hpp) listens to frames that a battery sends by itself. A codec
/// of either kind is stateless and knows no link, no clock and no asset: the Poller and the
/// CanListener keep the conversation, and the driver adds asset and time. `emsctl decode`, Python,
/// the fuzzers and the firmware use the same objects.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"

namespace ems::protocol {

enum class CodecKind : std::uint8_t {
  poll = 0,  ///< Requests and replies over a byte stream: a PollCodec.
  can = 1,   ///< Frames on a CAN bus: a CanCodec.
};

/// Name of a kind: `poll`, `can`. @thread_safety Pure function.
[[nodiscard]] std::string_view to_string(CodecKind kind) noexcept;

class PollCodec;
class CanCodec;

/// One protocol. Implementations are stateless and constexpr-constructible.
///
/// @thread_safety Every function is pure.
class Codec {
 public:
  /// Name in configuration and tools: `jbd`.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Which of the two interfaces it has; as_poll() and as_can() give it.
  [[nodiscard]] virtual CodecKind kind() const noexcept = 0;
  /// Name of a bit of `vendor_alarms`; nullopt when the vendor does not define it.
  [[nodiscard]] virtual std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept = 0;

 protected:
  Codec() = default;
  Codec(const Codec&) = default;
  Codec& operator=(const Codec&) = default;
  ~Codec() = default;
};

/// The codec as a PollCodec; nullptr when it is of the other kind. @thread_safety Pure functions.
[[nodiscard]] const PollCodec* as_poll(const Codec& codec) noexcept;
/// The codec as a CanCodec; nullptr when it is of the other kind.
[[nodiscard]] const CanCodec* as_can(const Codec& codec) noexcept;

/// All codecs compiled in. @thread_safety Pure functions.
[[nodiscard]] std::span<const Codec* const> codecs() noexcept;
/// @errors unknown_protocol  no codec of that name.
[[nodiscard]] Result<const Codec*> find_codec(std::string_view name) noexcept;

}  // namespace ems::protocol
