// SPDX-License-Identifier: Apache-2.0
/// @file What every battery protocol has in common, and the registry of those compiled in.
///
/// Two kinds of conversation exist: a PollCodec (poll_codec.hpp) asks over a byte stream and takes
/// the reply; a CanCodec (can_codec.hpp) listens to frames that a battery sends by itself. A codec
/// of either kind is stateless and knows no link, no clock and no asset: the Poller and the
/// CanListener keep the conversation, and the driver adds asset and time. `emsctl decode`, Python,
/// the fuzzers and the firmware use the same objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "ems/core/result.hpp"

namespace ems::protocol {

enum class CodecKind : std::uint8_t {
  poll = 0,  ///< Requests and replies over a byte stream: a PollCodec.
  can = 1,   ///< Frames on a CAN bus: a CanCodec.
};

/// Name of a kind: `poll`, `can`. @thread_safety Pure function.
[[nodiscard]] std::string_view to_string(CodecKind kind) noexcept;

/// What a codec's correctness rests on; the protocol's page says more.
enum class Evidence : std::uint8_t {
  captured_frames = 0,  ///< Frames that others captured from devices decode right.
  vendor_document = 1,  ///< Frames and tables of a vendor's document decode right.
  simulator_only = 2,   ///< Proven against our own simulator only.
};

/// Name of an evidence: `captured_frames`, ... @thread_safety Pure function.
[[nodiscard]] std::string_view to_string(Evidence evidence) noexcept;

/// What people and tools have to know of a protocol before they open a port. Static.
struct ProtocolInfo {
  std::string_view name{};   ///< In configuration and tools: `jbd`.
  std::string_view title{};  ///< Who speaks it: `JBD, Xiaoxiang, Overkill Solar, LLT`.
  Evidence evidence = Evidence::simulator_only;
  /// Bit/s that devices are found at, the usual one first. 8 data bits, no parity, 1 stop bit. On
  /// CAN: of the bus.
  std::span<const std::uint32_t> bit_rates{};
  /// Addresses that devices are found at, the usual one first; empty: the protocol has none.
  std::span<const std::uint8_t> addresses{};
  /// Readings of the protocol that its sources do not agree about, the safe one first; empty: one.
  std::span<const std::string_view> variants{};
  /// The only way to ask is a request that writes (JK's trigger): port detection tries it last.
  bool asks_by_writing = false;
};

/// What the frames of a protocol alone cannot tell. A codec refuses an address or a variant that
/// its protocol has not; the counts help those protocols whose frames depend on them.
struct CodecOptions {
  std::optional<std::uint8_t> address{};  ///< nullopt: the first of ProtocolInfo::addresses.
  std::string_view variant{};             ///< Empty: the first of ProtocolInfo::variants.
  std::uint8_t cell_count = 0;            ///< Cells in series; 0: not known.
  std::uint8_t temperature_count = 0;     ///< Temperature sensors; 0: not known.
};

/// Room for one codec with options, inline.
///
/// @memory        32 bytes on a 64-bit machine; never allocates.
/// @thread_safety Like an array.
class CodecRoom {
 public:
  CodecRoom() = default;
  CodecRoom(const CodecRoom&) = delete;  // The codec inside would stay behind.
  CodecRoom& operator=(const CodecRoom&) = delete;

  /// Puts a copy of `codec` in; what was there before is gone.
  template <class C>
  const C& put(const C& codec) noexcept {
    static_assert(sizeof(C) <= sizeof(room_) && alignof(C) <= alignof(void*));
    static_assert(std::is_trivially_destructible_v<C>);
    return *new (&room_) C(codec);
  }

 private:
  alignas(void*) std::byte room_[4 * sizeof(void*)];
};

class PollCodec;
class CanCodec;

/// One protocol. Implementations are immutable, trivially destructible, and
/// constexpr-constructible.
///
/// @thread_safety Every function is pure.
class Codec {
 public:
  /// Static description. The name is unique among codecs().
  [[nodiscard]] virtual const ProtocolInfo& info() const noexcept = 0;
  /// Name in configuration and tools: `jbd`.
  [[nodiscard]] std::string_view name() const noexcept { return info().name; }
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
