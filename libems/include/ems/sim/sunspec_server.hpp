// SPDX-License-Identifier: Apache-2.0
/// @file SunSpec PCS, server side: models 1, 701 and 704 from base 40000.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ems/protocol/modbus/server.hpp"
#include "ems/sim/server.hpp"

namespace ems::sim {

inline constexpr std::uint16_t kSunSpecBase = 40'000;  ///< 0-based address of "SunS".

enum class SunSpecType : std::uint8_t {
  uint16,
  int16,
  enum16,
  uint32,
  int32,
  bitfield32,
  uint64,
  string,
  pad,
  sunssf
};

/// One point of the simulated device.
/// @source Official model definitions 1, 701, 704; tests/conformance/sim compares them.
struct SunSpecPoint {
  std::uint16_t model;
  std::uint16_t offset;   ///< Registers from the model's ID register.
  std::string_view name;  ///< GROUP_NAME inside a group.
  SunSpecType type;
  std::uint16_t registers;
  bool writable;  ///< By definition; the device takes only the WSet group.
};

/// All points in the order of the registers. @thread_safety Pure function.
[[nodiscard]] std::span<const SunSpecPoint> sunspec_points() noexcept;

/// Address of a model's ID register in the simulated device; nullopt: not one of its models.
/// @thread_safety Pure function.
[[nodiscard]] std::optional<std::uint16_t> sunspec_model_address(std::uint16_t model) noexcept;

/// FC 03, 06 and 16. What the simulator does not know reads as not implemented.
///
/// Writes: whole points of the WSet group only, all of a request or nothing. Exception 2 for an
/// address outside the models, a read-only or not implemented point, or part of a point; exception
/// 3 for a value outside its range (a set-point beyond the rating among them). A write that names
/// WSetEna or WSetRvrtTms starts the revert timer anew.
class SunSpecServer final : public protocol::modbus::RegisterAccess {
 public:
  /// @param plant     Takes the set-points; must outlive the server.
  /// @param measured  Gives the state to report.
  SunSpecServer(Plant& plant, Measured measured);

  std::optional<protocol::modbus::ExceptionCode> read(protocol::modbus::Function function,
                                                      std::uint16_t address,
                                                      std::span<std::uint16_t> out) override;
  std::optional<protocol::modbus::ExceptionCode> write(
      std::uint16_t address, std::span<const std::uint16_t> values) override;

  /// The registers from kSunSpecBase to the end marker, as they read now.
  [[nodiscard]] std::vector<std::uint16_t> image() const;

 private:
  Plant& plant_;
  Measured measured_;
};

}  // namespace ems::sim
