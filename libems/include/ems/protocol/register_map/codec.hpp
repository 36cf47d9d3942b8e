// SPDX-License-Identifier: Apache-2.0
/// @file Batteries on Modbus RTU that are one table each (map.hpp), behind the interface that the
/// Poller, `emsctl decode`, Python and the firmware use.
#pragma once

#include "ems/protocol/poll_codec.hpp"
#include "ems/protocol/register_map/map.hpp"

namespace ems::protocol::register_map {

/// The protocol of a Map. Poll numbers are Block::number.
///
/// Vendor values of a request: `request_address` (unit), `request_command` (function),
/// `request_register`, `request_count`, `request_write` (0 or 1) and, where one register is
/// written, `request_value`.
///
/// @memory        24 bytes on a 64-bit machine; the Map is static.
/// @thread_safety Stateless.
/// @source        docs/protocols/register_map.md.
class MapCodec final : public PollCodec {
 public:
  /// With CodecOptions{}. @param map  Outlives the codec.
  constexpr explicit MapCodec(const Map& map) noexcept
      : map_(&map), address_(map.info.addresses[0]) {}

  /// The same protocol with options. @errors as PollCodec::with().
  [[nodiscard]] Result<MapCodec> configured(const CodecOptions& options) const noexcept;

  [[nodiscard]] const Map& map() const noexcept { return *map_; }
  [[nodiscard]] std::uint8_t address() const noexcept { return address_; }
  /// Place in ProtocolInfo::variants.
  [[nodiscard]] std::uint8_t variant() const noexcept { return variant_; }

  [[nodiscard]] const ProtocolInfo& info() const noexcept override { return map_->info; }
  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override;
  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override;
  [[nodiscard]] Duration reply_timeout() const noexcept override { return map_->reply_timeout; }
  [[nodiscard]] Duration request_gap() const noexcept override { return map_->request_gap; }
  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override;
  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override;
  [[nodiscard]] Result<std::size_t> encode_balance(const BalanceCommand& command,
                                                   MutableBytes out) const noexcept override;
  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override;
  /// Without a request a reply is taken for the one block of the map that has its function and
  /// size; where there is none or more than one: invalid_argument.
  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override;
  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override;
  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override;

 private:
  [[nodiscard]] Result<void> give(const Reply& reply, ReadingSink& sink) const noexcept;

  const Map* map_;
  std::uint8_t address_;
  std::uint8_t variant_ = 0;
  std::uint8_t cell_count_ = 0;
  std::uint8_t temperature_count_ = 0;
};

}  // namespace ems::protocol::register_map
