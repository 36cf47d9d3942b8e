// SPDX-License-Identifier: Apache-2.0
/// @file The battery's side of the poll protocols: requests in, replies out that say what a state
/// says. For simulators and tests; sim/board_server.hpp puts it on a link.
///
/// The replies come from the tables that the decoder reads, so what both have wrong stays unseen:
/// it proves that the two agree, never that a device does. Evidence is what others captured.
///
/// How a protocol `p` gets one: `src/protocol/<p>/board.cpp` defines `p::answer`, declared with one
/// line of `src/protocol/boards.hpp` and registered with one row of `src/protocol/board.cpp`. The
/// tables stand in a private header that decoder and board include; `protocol/draft.hpp` puts the
/// values of a `Meaning` (protocol/field.hpp) into bytes. tests/property/protocol/
/// board_property_test.cpp then takes the protocol by itself: decode(answer(state)) == state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol {

/// What a battery says of itself, by signal. A ReadingSink: what a codec decodes into it can be
/// answered again.
///
/// @memory        About 20 kB, inline; never allocates.
/// @thread_safety Not synchronised.
class BoardState final : public ReadingSink {
 public:
  static constexpr std::size_t kReadings = 512;

  /// Says a value; a later one of the same point replaces it. A reading of quality bad: missing.
  void reading(const Reading& reading) override;
  void text(TextField field, std::string_view text, std::uint8_t module) override;
  void acknowledged() override {}
  void element_count(Signal signal, std::uint16_t count, std::uint8_t module) override;
  void vendor_value(std::string_view name, std::int64_t value) override;

  /// reading() in short. @param value  Catalogue unit, libems sign.
  void set(Signal signal, std::int64_t value, std::uint16_t element = 0, std::uint8_t module = 0) {
    reading({.signal = signal, .element = element, .value = value, .module = module});
  }

  /// nullopt: nothing was said of it, or that it is missing.
  [[nodiscard]] std::optional<std::int64_t> value(Signal signal, std::uint16_t element = 0,
                                                  std::uint8_t module = 0) const noexcept;
  /// value() of a boolean; false where nothing was said.
  [[nodiscard]] bool is_on(Signal signal, std::uint8_t module = 0) const noexcept {
    return value(signal, 0, module).value_or(0) != 0;
  }
  /// Elements of a signal: as was said, or else the highest one of which something was said.
  [[nodiscard]] std::size_t count(Signal signal, std::uint8_t module = 0) const noexcept;
  /// Empty: nothing was said.
  [[nodiscard]] std::string_view text(TextField field, std::uint8_t module = 0) const noexcept;
  [[nodiscard]] std::optional<std::int64_t> vendor(std::string_view name) const noexcept;

  /// Everything said, in the order in which it was first said.
  [[nodiscard]] std::span<const Reading> readings() const noexcept { return readings_.view(); }
  /// Something was said for which no room was left.
  [[nodiscard]] bool overflown() const noexcept { return overflown_; }

 private:
  struct Count {
    Signal signal{};
    std::uint16_t count = 0;
    std::uint8_t module = 0;
  };
  struct Text {
    TextField field{};
    std::uint8_t module = 0;
    FixedString<64> text{};
  };
  struct Vendor {
    std::string_view name{};
    std::int64_t value = 0;
  };

  StaticVector<Reading, kReadings> readings_{};
  StaticVector<Count, 48> counts_{};
  StaticVector<Text, 16> texts_{};
  StaticVector<Vendor, 96> vendor_{};
  bool overflown_ = false;
};

/// What a board makes of a request.
struct Answer {
  std::size_t size = 0;             ///< Bytes of the reply; 0: silence.
  std::optional<bool> charge_on{};  ///< What the request switches; nullopt: not that.
  std::optional<bool> discharge_on{};
};

/// Answers one whole request as a board would that has the address and the variant of `options` and
/// says `state`. Values go in whole wire steps (nearest), cut to what the field holds; what the
/// state does not say is missing where the protocol can say so, else zero. A damaged request, and
/// one to another address, gets silence; a command that the board does not have, the protocol's
/// refusal or silence.
///
/// @param options  Sound: the codec's with() takes them.
/// @param out      At least kReplySize bytes; silence where the reply does not fit.
/// @thread_safety  Pure function.
using BoardAnswer = Answer(const CodecOptions& options, const BoardState& state, Bytes request,
                           MutableBytes out) noexcept;

/// The board of a protocol; nullptr: it has none. @thread_safety Pure function.
[[nodiscard]] BoardAnswer* find_board(std::string_view protocol) noexcept;

/// Finds the next request of a protocol in what a board received. What cannot be one is noise.
///
/// @thread_safety Pure function.
[[nodiscard]] FrameScan scan_request(const PollCodec& codec, Bytes received) noexcept;

}  // namespace ems::protocol
