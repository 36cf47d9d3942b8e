// SPDX-License-Identifier: Apache-2.0
/// @file A recorded day of a site, lived again: the same code on the chip and on the host, whose
/// output must be the same bytes (tests/e2e/test_replay_on_chip.py).
#pragma once

#include <cstdint>
#include <optional>

#include "ems/core/bytes.hpp"

namespace ems::firmware::test {

/// Where the log comes from and the output goes.
class ReplayFiles {
 public:
  /// Fills `out` with the next bytes of the log. @return  How many there still were.
  [[nodiscard]] virtual std::size_t read(MutableBytes out) = 0;
  /// Takes the next bytes of the output. @return  False when they could not be kept.
  [[nodiscard]] virtual bool write(Bytes bytes) = 0;

 protected:
  ~ReplayFiles() = default;
};

/// One line of the log: kRecordSize bytes, little-endian. firmware/tests/replay_log.py makes them.
///
///   offset  0  1  2     3       4      6       8        12      16     24
///           u8 u8 u8    u8      u16    u16     u16      u32     i64    i64
///   sample  1  q  kind  module  index  signal  element  stale   value  taken_at
///   set     2  c  -     -       -      -       -        ttl     watt   given_at
///   unset   3  c  -     -       -      -       -        -       -      -
///   reset   4  -  -     -       -      -       -        -       -      now
///   tick    5  m  e     -       -      -       -        -       utc    now
///
/// q: Quality; kind .. element: the point; stale, ttl in ms; times in us; utc: wall clock, 0: not
/// set; c: 0 set-point, 1 remote set-point, 2 active-power limit, 3 dimming; m: bit i, inverter i
/// answers; e: 1, the emergency stop is pressed. At 10 two bytes are 0.
inline constexpr std::size_t kRecordSize = 32;

struct Replayed {
  std::uint32_t ticks = 0;
  std::uint64_t digest = 0;  ///< FNV-1a, 64 bits, of all bytes written.
};

/// Lives the log of the site in replay.cpp: two batteries, two inverters, one meter, every policy.
/// Every tick writes all that ControlLoop gives out; every hundredth also its explanation in words.
///
/// @return  nullopt when a record is no record, the log ends in the middle of one, or the output
///          could not be written.
[[nodiscard]] std::optional<Replayed> replay(ReplayFiles& files);

}  // namespace ems::firmware::test
