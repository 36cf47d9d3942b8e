// SPDX-License-Identifier: Apache-2.0
/// @file The low-voltage CAN family: 11-bit frames 351 355 356 ... that a battery sends once a
/// second by itself. Pylontech and SMA began it, many imitate it; each dialect is one row of a
/// table (src/protocol/can_lv/dialects.cpp).
#pragma once

#include "ems/protocol/can_codec.hpp"

namespace ems::protocol::can_lv {

/// Who speaks, by the name of the protocol in the registry.
enum class Dialect : std::uint8_t {
  pylontech = 0,  ///< `pylontech-lv-can`.
  victron = 1,    ///< `victron-can-bms`.
  sma = 2,        ///< `sma-lv-can`.
  deye = 3,       ///< `deye-lv-can`.
  discover = 4,   ///< `discover-lv-can`.
  luxpower = 5,   ///< `luxpower-lv-can`.
  sofar = 6,      ///< `sofar-lv-can`.
  sol_ark = 7,    ///< `sol-ark-lv-can`.
};
inline constexpr std::size_t kDialects = 8;

/// One dialect.
///
/// The temperature of frame 356 is one value for the whole pack: element 0 of `temperature`.
/// Alarms of all alarm frames are united; an event of 35A stays until the battery takes it back.
/// What the page of the dialect calls undecided is not given: `deye` gives no current while the
/// frames tell two profiles at once, and an uncertain one while they tell none; dialects of 0.1 V
/// give no voltage before frame 351 tells the step.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/pylontech-lv-can.md and the page of each dialect; vectors
///                tests/vectors/bms_can_pylontech.json, bms_can_victron.json, bms_can_deye.json,
///                bms_can_discover.json.
class Codec final : public CanCodec {
 public:
  /// @param variant  @pre a place in the dialect's ProtocolInfo::variants, or 0.
  constexpr explicit Codec(Dialect dialect, std::uint8_t variant = 0) noexcept
      : dialect_(dialect), variant_(variant) {}

  [[nodiscard]] Dialect dialect() const noexcept { return dialect_; }
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

 private:
  Dialect dialect_;
  std::uint8_t variant_;
};

/// The instance of a dialect with the defaults of its options; static.
/// @thread_safety Pure function.
[[nodiscard]] const Codec& codec(Dialect dialect = Dialect::pylontech) noexcept;

}  // namespace ems::protocol::can_lv
