// SPDX-License-Identifier: Apache-2.0
/// @file Eastron SDM630 meter, server side: FC 04, float32 high word first, + imports.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ems/protocol/modbus/server.hpp"
#include "ems/sim/server.hpp"

namespace ems::sim {

inline constexpr std::uint16_t kSdm630Registers = 382;  ///< Input registers 0 .. 381.

/// Parameters are two registers at even addresses. Unused ones inside the range read as 0.0, as on
/// the meter; an odd address or count is refused with exception 3, one beyond the range with 2,
/// every other function with 1.
///
/// @source Eastron SDM630 Modbus protocol, input register table; docs/protocols/sdm630.md.
class Sdm630Server final : public protocol::modbus::RegisterAccess {
 public:
  /// @param measured  Gives the state to report.
  explicit Sdm630Server(Measured measured) : measured_(std::move(measured)) {}

  std::optional<protocol::modbus::ExceptionCode> read(protocol::modbus::Function function,
                                                      std::uint16_t address,
                                                      std::span<std::uint16_t> out) override;
  std::optional<protocol::modbus::ExceptionCode> write(
      std::uint16_t address, std::span<const std::uint16_t> values) override;

 private:
  Measured measured_;
};

}  // namespace ems::sim
