// SPDX-License-Identifier: Apache-2.0
/// @file JBD battery, server side: registers 03, 04, 05, AA and the switch command E1.
///
/// Written from the vendor's table, not from libems's decoder, so that a test of one by the other
/// proves something.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ems/sim/server.hpp"

namespace ems::sim {

/// Register 03 in the wire's own units and sign.
/// @source JBD General Protocol V4, register 03; docs/protocols/jbd.md.
struct JbdBasicInfo {
  std::uint16_t voltage_10mv = 0;
  std::int16_t charge_current_10ma = 0;  ///< The wire's sign: + charges.
  std::uint16_t remaining_10mah = 0;
  std::uint16_t full_10mah = 0;
  std::uint16_t cycles = 0;
  std::uint16_t manufacture_date = 0;  ///< (year - 2000) << 9 | month << 5 | day.
  std::uint32_t balance = 0;           ///< Bit 0: first cell.
  std::uint16_t protection = 0;
  std::uint8_t software_version = 0;  ///< 0x12 is 1.2.
  std::uint8_t soc_pct = 0;
  std::uint8_t switches = 0;  ///< Bit 0 charge on, bit 1 discharge on.
  std::uint8_t cells = 0;
  std::vector<std::uint16_t> temperature_100mk;  ///< 0.1 K.
};

/// A whole reply frame: register echo, status, length, data, checksum. @pre data <= 255 bytes.
/// @thread_safety Pure functions.
[[nodiscard]] ByteVector jbd_reply(std::uint8_t reg, std::uint8_t status, Bytes data);
/// The reply to register 03.
[[nodiscard]] ByteVector jbd_basic_reply(const JbdBasicInfo& info);
/// The reply to register 04.
[[nodiscard]] ByteVector jbd_cells_reply(const std::vector<std::uint16_t>& cells_mv);

/// What a battery's state looks like in register 03: rounded to the nearest wire step, cut to what
/// the field holds.
[[nodiscard]] JbdBasicInfo jbd_basic_of(const BatteryState& battery);

/// A request with a wrong checksum or end gets no answer, like on the boards. A register that the
/// server does not have, or a write to one that cannot be written, is refused with status 0x80.
class JbdServer final : public FrameServer {
 public:
  /// @param plant     Takes the switch command; must outlive the server.
  /// @param measured  Gives the state to report.
  /// @param model     Answer to register 05, at most 31 ASCII characters.
  JbdServer(Plant& plant, Measured measured, std::string model = "LIBEMS-SIM");

  [[nodiscard]] protocol::FrameScan scan(Bytes received) const override;
  [[nodiscard]] ByteVector answer(Bytes request) override;

 private:
  [[nodiscard]] ByteVector counters_reply(const BatteryState& battery) const;

  Plant& plant_;
  Measured measured_;
  std::string model_;
};

}  // namespace ems::sim
