// SPDX-License-Identifier: Apache-2.0
/// @file Pylontech low-voltage batteries on CAN, and the many that imitate them: 11-bit frames the
/// battery sends once a second by itself.
#pragma once

#include "ems/protocol/can_codec.hpp"

namespace ems::protocol::can_lv {

/// The protocol `pylontech-lv-can`: frames 351 355 356 359 35A 35C 35E 35F 370 371 373 379.
///
/// The temperature of frame 356 is one value for the whole pack: element 0 of `temperature`.
/// Alarms of 359 and 35A are united; an event of 35A stays until the battery takes it back.
///
/// Vendor values: `capacity_ah`, `battery_type`, `bms_version`, `manufacturer_id`,
/// `cell_temp_max_k`, `cell_temp_min_k`, `vendor_warnings` (bits of 359 that no document names),
/// `alarm_pairs_known` (bit per pair of 35A that the battery reports at all, alarms from bit 0,
/// warnings from bit 16).
///
/// @thread_safety Stateless.
/// @source        docs/protocols/pylontech-lv-can.md; vectors tests/vectors/bms_can_pylontech.json.
class Codec final : public CanCodec {
 public:
  constexpr Codec() = default;

  [[nodiscard]] const ProtocolInfo& info() const noexcept override;
  [[nodiscard]] Result<const CanCodec*> with(const CodecOptions& options,
                                             CodecRoom& room) const noexcept override;
  [[nodiscard]] std::uint32_t bit_rate() const noexcept override;
  [[nodiscard]] std::span<const CanSend> send_plan() const noexcept override;
  [[nodiscard]] Duration quiet_after() const noexcept override;
  [[nodiscard]] Result<CanTaken> decode(const CanFrame& frame, Instant now, CanMailbox& mailbox,
                                        ReadingSink& sink) const noexcept override;
  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override;
};

/// The one instance; stateless.
[[nodiscard]] const Codec& codec() noexcept;

}  // namespace ems::protocol::can_lv
