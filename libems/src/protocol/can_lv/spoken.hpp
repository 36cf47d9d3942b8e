// SPDX-License-Identifier: Apache-2.0
/// @file Private: a battery as it can be said now, in steps of the wire.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include "ems/core/bytes.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_lv/emulator.hpp"
#include "ems/protocol/can_lv/frames.hpp"

namespace ems::protocol::can_lv {

inline constexpr std::int64_t kS16Max = 0x7FFF;
inline constexpr std::int64_t kS16Min = -0x8000;
inline constexpr std::int64_t kU16Max = 0xFFFF;
inline constexpr std::int64_t kLimitMax = 0x7FFF;    ///< Limits of currents are signed words.
inline constexpr std::int64_t kVoltageMax = 0xFFFE;  ///< FFFF is what nobody filled.
inline constexpr std::int64_t kTenth = 100;          ///< Milli-units.
inline constexpr std::int64_t kHundredth = 10;

/// One frame that grows field by field.
class Writer {
 public:
  explicit Writer(FrameId id) noexcept { frame_.id = static_cast<std::uint32_t>(id); }
  void u8(unsigned value) noexcept {
    store_u8(frame_.data, frame_.size++, static_cast<std::uint8_t>(value));
  }
  void u16(std::int64_t value) noexcept {
    store_le16(frame_.data, frame_.size, static_cast<std::uint16_t>(value & kU16Max));
    frame_.size += 2;
  }
  /// Fills the frame up with zeros.
  Writer& pad() noexcept {
    frame_.size = kCanDataSize;
    return *this;
  }
  [[nodiscard]] const CanFrame& frame() const noexcept { return frame_; }

 private:
  CanFrame frame_{};
};

/// The battery as it can be used and said now.
struct Spoken {
  Spoken(const EmulatedBattery& battery, Instant now, Duration max_age) noexcept;

  std::optional<std::int64_t> voltage;      ///< 0.01 V.
  std::optional<std::int64_t> current;      ///< 0.1 A, + discharges.
  std::optional<std::int64_t> temperature;  ///< 0.1 degC.
  std::optional<std::int64_t> soc, soh;     ///< 0.01 %.
  struct Extremes {
    std::int64_t millivolts_max, millivolts_min;
    std::int64_t millicelsius_max, millicelsius_min;
  };
  std::optional<Extremes> cells;  ///< All four, or none.

  std::int64_t ceiling = 0;             ///< 0.1 V.
  std::optional<std::int64_t> floor{};  ///< 0.1 V.
  std::int64_t charge_limit = 0;        ///< 0.1 A; 0 when not `charge`.
  std::int64_t discharge_limit = 0;     ///< 0.1 A; 0 when not `discharge`.

  std::uint64_t alarms = 0;    ///< However old.
  std::uint64_t warnings = 0;  ///< However old, without those that need not be said.
  bool alive = false;
  bool alarms_known = false;  ///< What they say is of now.
  bool warnings_known = false;
  bool charge = false;
  bool discharge = false;

  /// Nobody knows what the battery does, or whether it is well.
  [[nodiscard]] bool lost() const noexcept { return !alive || !alarms_known; }
};

/// Any of these alarms is said by that bit or pair.
struct AlarmRow {
  std::uint64_t alarms;
  std::uint8_t bit;
};

[[nodiscard]] constexpr std::uint64_t mask_of(std::initializer_list<Alarm> alarms) noexcept {
  std::uint64_t mask = 0;
  for (const Alarm alarm : alarms) mask |= alarm_bit(alarm);
  return mask;
}

/// The bits of `mask` by their rows; `rest` gets those that have none.
[[nodiscard]] constexpr std::uint64_t bits_of(std::uint64_t mask, std::span<const AlarmRow> rows,
                                              std::uint64_t& rest) noexcept {
  std::uint64_t bits = 0;
  rest = mask;
  for (const AlarmRow& row : rows) {
    if ((mask & row.alarms) != 0) bits |= std::uint64_t{1} << row.bit;
    rest &= ~row.alarms;
  }
  return bits;
}

/// Frame 35E, blanks behind the name.
[[nodiscard]] CanFrame manufacturer_frame(std::string_view name) noexcept;

// One dialect each; they append to `burst`.
void speak_pylontech(const EmulatedBattery& battery, const Spoken& spoken, Burst& burst) noexcept;
/// @param victron  SMA's paper has fewer frames.
void speak_victron(const EmulatedBattery& battery, const Spoken& spoken, bool victron,
                   Burst& burst) noexcept;
void speak_deye(const EmulatedBattery& battery, const Spoken& spoken, Burst& burst) noexcept;

}  // namespace ems::protocol::can_lv
