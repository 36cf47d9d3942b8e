// SPDX-License-Identifier: Apache-2.0
/// @file Batteries on CAN that are one table each (map.hpp), behind the interface that the
/// CanListener, `emsctl decode`, Python and the firmware use.
#pragma once

#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/can_map/map.hpp"

namespace ems::protocol::can_map {

/// The protocol of a Protocol.
///
/// Address: with CodecOptions::address only frames of that address are the battery's. Without one,
/// the first address that speaks is, until it was silent for quiet_after(); with several batteries
/// on a bus say which.
///
/// Alarms: what the frames of all alarm rows say together. They are given when all of those frames
/// came within quiet_after(), or when any of them says that something is wrong; an alarm of a frame
/// that stopped coming stays.
///
/// @memory        32 bytes on a 64-bit machine; the Protocol is static.
/// @thread_safety Stateless.
/// @source        docs/protocols/can_map.md.
class MapCodec final : public CanCodec {
 public:
  /// With CodecOptions{}. @param protocol  Outlives the codec.
  constexpr explicit MapCodec(const Protocol& protocol) noexcept : protocol_(&protocol) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override { return protocol_->info; }
  [[nodiscard]] const Protocol& protocol() const noexcept { return *protocol_; }
  [[nodiscard]] const Map& map() const noexcept { return protocol_->maps[variant_]; }
  /// nullopt: the first that speaks.
  [[nodiscard]] std::optional<std::uint8_t> address() const noexcept { return address_; }

  [[nodiscard]] Result<const CanCodec*> with(const CodecOptions& options,
                                             CodecRoom& room) const noexcept override;
  [[nodiscard]] std::uint32_t bit_rate() const noexcept override { return info().bit_rates[0]; }
  [[nodiscard]] std::span<const CanSend> send_plan() const noexcept override { return map().sends; }
  [[nodiscard]] CanFrame frame_of(const CanSend& item) const noexcept override;
  [[nodiscard]] Duration quiet_after() const noexcept override { return protocol_->quiet_after; }
  [[nodiscard]] Result<CanTaken> decode(const CanFrame& frame, Instant now, CanMailbox& mailbox,
                                        ReadingSink& sink) const noexcept override;
  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override;

 private:
  const Protocol* protocol_;
  std::uint8_t variant_ = 0;
  std::uint8_t cell_count_ = 0;
  std::uint8_t temperature_count_ = 0;
  std::optional<std::uint8_t> address_{};
};

}  // namespace ems::protocol::can_map
