// SPDX-License-Identifier: Apache-2.0
/// @file Private: one frame as it is heard, how a dialect's variant reads it, and the readers of
/// the frames that dialects share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/can_lv/frames.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::can_lv {

// Batteries send every second; gaps of 2.5 s were measured on healthy buses.
inline constexpr Duration kQuietAfter = seconds(5);

inline constexpr std::int64_t kMilliPerTenth = 100;
inline constexpr std::int64_t kMicroPerAmpHour = 1'000'000;
inline constexpr std::int64_t kUnset = 0xFFFF;     ///< A u16 that its sender never filled.
inline constexpr std::int64_t kInvalid = -0x8000;  ///< SMA's "invalid" of a signed field.

/// What a field of a current says; 8000 is no amount in any dialect.
[[nodiscard]] constexpr std::optional<std::int64_t> amount(
    std::optional<std::int64_t> raw) noexcept {
  return raw == kInvalid ? std::nullopt : raw;
}

/// What a step of frame 356's voltage is.
enum class VoltageStep : std::uint8_t {
  hundredth,   ///< 0.01 V.
  by_ceiling,  ///< 0.01 V or 0.1 V: whichever lies near the charge voltage limit.
};

/// What + means in frame 356.
enum class CurrentSign : std::uint8_t {
  charging,
  discharging,
  by_profile,  ///< Deye: whichever profile the other frames show.
  unproven,    ///< Taken as charging, and given as uncertain.
};

/// How bits of frame 359 are laid out.
enum class AlarmLayout : std::uint8_t {
  pylontech,
  hybrid,
  marked,  ///< As Pylontech's, and only where Pylontech's letters follow.
  deye,    ///< Seven tables, unless Pylontech's letters follow.
};

/// How one variant of a dialect reads.
struct Rules {
  VoltageStep voltage = VoltageStep::hundredth;
  CurrentSign current = CurrentSign::charging;
  AlarmLayout alarms = AlarmLayout::pylontech;
  bool big_endian = false;
  bool invalid_marks = false;  ///< SMA: signed 8000 and unsigned FFFF say that nothing is known.
};

/// Fields of one frame, each there or not: short frames are legal.
class Fields {
 public:
  Fields(const CanFrame& frame, bool big_endian) noexcept
      : data_(frame.payload()), big_endian_(big_endian) {}
  [[nodiscard]] std::optional<std::int64_t> u8(std::size_t at) const noexcept {
    if (!has(at, 1)) return std::nullopt;
    return load_u8(data_, at);
  }
  [[nodiscard]] std::optional<std::int64_t> u16(std::size_t at) const noexcept {
    if (!has(at, 2)) return std::nullopt;
    return big_endian_ ? load_be16(data_, at) : load_le16(data_, at);
  }
  [[nodiscard]] std::optional<std::int64_t> s16(std::size_t at) const noexcept {
    const auto raw = u16(at);
    if (!raw) return std::nullopt;
    return static_cast<std::int16_t>(*raw);
  }
  [[nodiscard]] std::optional<std::int64_t> u32(std::size_t at) const noexcept {
    if (!has(at, 4)) return std::nullopt;
    return big_endian_ ? load_be32(data_, at) : load_le32(data_, at);
  }
  [[nodiscard]] Bytes all() const noexcept { return data_; }

 private:
  [[nodiscard]] bool has(std::size_t at, std::size_t size) const noexcept {
    return at + size <= data_.size();
  }
  Bytes data_;
  bool big_endian_;
};

/// One frame of ours that has just come.
struct Heard {
  Fields in;
  ReadingSink& sink;
  Publisher out;  ///< Into `sink`.
  const Rules& rules;
  const CanMailbox& mailbox;
  CanSlot& slot;                      ///< The frame's own.
  std::optional<Instant> previous{};  ///< When the frame before it came.
  Instant now{};

  [[nodiscard]] const CanSlot* find(FrameId id) const noexcept {
    return mailbox.find(static_cast<std::uint32_t>(id));
  }
  /// The slot of a frame that still comes; nullptr otherwise.
  [[nodiscard]] const CanSlot* fresh(FrameId id) const noexcept {
    const CanSlot* found = find(id);
    return found != nullptr && now - found->received_at < kQuietAfter ? found : nullptr;
  }
  [[nodiscard]] Fields fields(const CanSlot& other) const noexcept {
    return {other.frame, rules.big_endian};
  }
  void vendor(std::string_view name, std::optional<std::int64_t> value,
              std::int64_t scale = 1) const {
    if (value) out.vendor(name, *value * scale);
  }
};

/// What a dialect is.
struct FrameRow;
struct DialectRow {
  ProtocolInfo info;
  std::span<const Rules> rules;      ///< One per variant.
  std::span<const FrameRow> own;     ///< Looked at first.
  std::span<const FrameRow> shared;  ///< Then these.
  std::span<const CanSend> sends;
};
[[nodiscard]] const DialectRow& row_of(Dialect dialect) noexcept;

/// One identifier of a dialect.
struct FrameRow {
  FrameId id{};
  std::uint8_t first_field = 1;          ///< Bytes that a frame must have to say anything.
  void (*give)(const Heard&) = nullptr;  ///< nullptr: kept, but not one of ours.
  std::uint8_t soc_at = 0;               ///< Deye: where the state of charge lies that refuses ...
  std::uint16_t soc_max = 0;  ///< ... the whole frame when it is above this; 0: none does.
};

// Readers of frames that dialects share (common.cpp).
void give_limits(const Heard& heard);
void give_state(const Heard& heard);
void give_measured(const Heard& heard);
void give_requests(const Heard& heard);
void give_manufacturer(const Heard& heard);
void give_product(const Heard& heard);
void give_extremes(const Heard& heard);
void give_name(const Heard& heard);
void give_cell_extremes(const Heard& heard);
void give_capacity(const Heard& heard);
void give_charge_left(const Heard& heard);

/// The state of charge of frame 355, in basis points. @pre it has the field.
[[nodiscard]] std::int64_t state_of_charge(const Fields& in) noexcept;
/// Limits of a battery whose charge transistor is open: nothing may be charged.
void give_limits(const Heard& heard, bool charge_open);
/// Frame 356 but its current, which is `current` (+ discharges, mA; nullopt: not to be told).
void give_measured(const Heard& heard, std::optional<std::int64_t> current, Quality quality);
/// Tenths of a degree; what is not there is not given.
void give_tenths(const Heard& heard, Signal signal, std::optional<std::int64_t> tenths);
/// A cell's voltage in mV. 0 cannot be told from bytes that nobody filled.
void give_cell(const Heard& heard, Signal signal, std::optional<std::int64_t> millivolts);
/// A text in two frames; nothing while its first half has not come.
void give_text(const Heard& heard, TextField field, FrameId first, FrameId second);

// Alarms of frames 359, 35A and 110 taken together (alarms.cpp).
void give_alarm_bits(const Heard& heard);
void give_alarm_pairs(const Heard& heard);
void give_alarms(const Heard& heard);
inline constexpr unsigned kGeneralBit = 16;      ///< `general` in `vendor_alarms`.
inline constexpr unsigned kDeyeGeneralBit = 56;  ///< The same: Deye's tables take 0 .. 55.
[[nodiscard]] std::optional<std::string_view> deye_alarm_name(unsigned bit) noexcept;

// Deye (deye.cpp).
inline constexpr std::size_t kDeyeFrameCount = 21;
extern const FrameRow kDeyeFrames[kDeyeFrameCount];
/// True while frames that only Deye's own profile sends were heard lately.
[[nodiscard]] bool hears_deye(const Heard& heard) noexcept;

}  // namespace ems::protocol::can_lv
