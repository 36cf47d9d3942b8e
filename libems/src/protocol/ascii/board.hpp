// SPDX-License-Identifier: Apache-2.0
/// @file Private: the battery's side of the conversation that Pylontech, Seplos V2, PACE and EG4
/// share. A protocol says what the INFO of a reply holds.
#pragma once

#include "protocol/ascii/codec.hpp"
#include "protocol/ascii/modules.hpp"
#include "protocol/boards.hpp"
#include "protocol/draft.hpp"

namespace ems::protocol::ascii {

/// What a board was asked, and how its reply begins.
struct Asked {
  std::uint8_t command = 0;  ///< CID2.
  std::uint8_t pack = 0;     ///< Of the board.
  bool all = false;          ///< All packs.
  Frame own{};               ///< VER, ADR, CID1; INFO is that of the request.
};

/// How a protocol writes INFO. @return false: the board does not know the command.
using WriteInfo = bool(const Asked& asked, const CodecOptions& options, Draft& info) noexcept;

/// Answers a request to the codec with `options`; RTN 04 to a command that it does not know.
[[nodiscard]] Answer answer(const PollCodec& codec, const CodecOptions& options,
                            const BoardState& state, Bytes request, MutableBytes out,
                            WriteInfo& write) noexcept;

/// Writes what read_modules() reads: the pack asked for, or all of them.
void write_modules(const Asked& asked, Draft& info, void (&write)(Draft& info)) noexcept;

/// Raised, the other way: what the battery raises as codes and event bytes. Say the codes before
/// the events: what only the vendor knows as a code goes into the first list.
class Raising {
 public:
  explicit Raising(Draft& info) noexcept;

  /// Appends a count and one code for each, the first of them raised.
  void codes(std::size_t count, Alarm low, Alarm high) noexcept;
  /// Appends one code; too high goes before too low.
  void code(Alarm low, Alarm high) noexcept;
  /// Sets the bits of `count` event bytes that are there. Where several rows say the same, and the
  /// bytes do not yet say it, the first does.
  void events(std::size_t at, std::size_t count, std::span<const EventBit> rows,
              unsigned first = 0) noexcept;
  /// Something else says it.
  void said(Alarm alarm) noexcept { said_ |= alarm_bit(alarm); }

 private:
  Draft& info_;
  std::uint64_t alarms_;
  std::uint64_t warnings_;
  std::uint64_t vendor_;
  std::uint64_t said_ = 0;  ///< Of alarms_.
};

/// Writes what give_version() reads.
void write_version(Draft& info, std::string_view version, std::size_t parts) noexcept;
/// Writes what read_maker() reads.
void write_maker(Draft& info) noexcept;
/// What read_protocol_version() reads: VER, where something is said of it.
[[nodiscard]] std::uint8_t version_said(const BoardState& state, std::uint8_t version) noexcept;

/// Cells being balanced, bytes that are there: the first where the battery balances and the bytes
/// name none, none where it does not.
void write_balanced(Draft& info, std::size_t at, std::size_t size) noexcept;

/// Cells that the battery says it has.
[[nodiscard]] std::size_t cells_of(const Draft& info) noexcept;

}  // namespace ems::protocol::ascii
