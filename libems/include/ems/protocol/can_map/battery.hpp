// SPDX-License-Identifier: Apache-2.0
/// @file The battery's side of a Map: frames in memory that say what was set. For simulators and
/// tests.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/static_vector.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::can_map {

/// A battery that speaks one protocol, in the codec's variant and at its address (or else the first
/// of ProtocolInfo::addresses). It sends the frames that something was set in, filled with zeros:
/// say all that they carry, or the rest of them reads as zero.
///
/// What Map::extra computes cannot be set; neither can what no row has.
///
/// @memory        About 14 kB, inline; never allocates.
/// @thread_safety Not synchronised.
class Battery {
 public:
  static constexpr std::size_t kFrames = 512;  ///< That one battery can send.

  /// @param codec  Copied; its Protocol outlives the battery.
  explicit Battery(const MapCodec& codec) noexcept;

  /// Puts a value wherever the map has it, in whole wire steps (towards zero).
  ///
  /// @param value    Catalogue unit, libems sign; alarms and warnings: see set_alarm().
  /// @param element  0 for scalars; elements count from 1.
  /// @return         false: no row has it, a row cannot hold it, or no room is left; nothing
  ///                 changed then.
  [[nodiscard]] bool set(Signal signal, std::int64_t value, std::uint16_t element = 0) noexcept;
  /// Puts what only the vendor names. @return false as set().
  [[nodiscard]] bool set_vendor(std::string_view name, std::int64_t value) noexcept;
  /// Begins or ends an alarm wherever the map has it; pairs that are on end as events do.
  /// @param warns  A warning. @return false: no row has it; nothing changed then.
  [[nodiscard]] bool set_alarm(Alarm alarm, bool warns, bool on) noexcept;
  [[nodiscard]] bool set_alarm(std::string_view vendor_name, bool warns, bool on) noexcept;
  /// No alarm and no warning of the map is active, and all of their frames speak.
  /// @return false: no room is left.
  [[nodiscard]] bool clear_alarms() noexcept;
  /// @return false: no such text, or it does not fit; nothing changed then.
  [[nodiscard]] bool set_text(TextField field, std::string_view text) noexcept;

  /// What the battery sends, as often as it speaks; in the order in which it was first set.
  [[nodiscard]] std::span<const CanFrame> frames() const noexcept { return frames_.view(); }

 private:
  /// The frame, made where there is none; nullptr: no room is left.
  [[nodiscard]] CanFrame* frame(std::uint32_t id, const Selector* selector,
                                std::int64_t number) noexcept;
  [[nodiscard]] CanFrame* frame(std::uint32_t id, std::int32_t selector) noexcept;
  [[nodiscard]] bool room(std::size_t frames) const noexcept {
    return frames_.size() + frames <= kFrames;
  }
  [[nodiscard]] std::int64_t now(std::uint32_t id, std::int32_t selector, Bits where) noexcept;
  void put(std::uint32_t id, std::int32_t selector, Bits where, std::int64_t raw) noexcept;
  template <class Is>
  [[nodiscard]] bool set_rows(Is is, std::int64_t value) noexcept;
  template <class Is>
  [[nodiscard]] bool set_alarms(Is is, bool on) noexcept;
  [[nodiscard]] bool set_of_series(Signal signal, std::int64_t value,
                                   std::uint16_t element) noexcept;

  MapCodec codec_;
  StaticVector<CanFrame, kFrames> frames_{};
};

}  // namespace ems::protocol::can_map
