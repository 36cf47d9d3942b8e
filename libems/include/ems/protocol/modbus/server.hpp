// SPDX-License-Identifier: Apache-2.0
/// @file A Modbus server as a pure function over somebody's registers: for the simulator, the
/// firmware and the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/core/bytes.hpp"
#include "ems/protocol/modbus/pdu.hpp"

namespace ems::protocol::modbus {

/// The registers of one unit. Each call is one request: all of it happens, or none.
class RegisterAccess {
 public:
  /// Fills `out` with the registers from `address`.
  /// @return nullopt on success, else the exception to answer.
  virtual std::optional<ExceptionCode> read(Function function, std::uint16_t address,
                                            std::span<std::uint16_t> out) = 0;
  /// Takes `values` into the holding registers from `address`.
  virtual std::optional<ExceptionCode> write(std::uint16_t address,
                                             std::span<const std::uint16_t> values) = 0;

 protected:
  RegisterAccess() = default;
  RegisterAccess(const RegisterAccess&) = default;
  RegisterAccess& operator=(const RegisterAccess&) = default;
  ~RegisterAccess() = default;
};

/// Answers one request PDU, with an exception response where the request or the access says so.
///
/// @param request   Request PDU, any bytes.
/// @param access    The unit's registers.
/// @param response  At least kPduSize bytes.
/// @return          Size of the response PDU; 0 for an empty request or a stray response.
/// @thread_safety   Like `access`.
[[nodiscard]] std::size_t serve(Bytes request, RegisterAccess& access,
                                MutableBytes response) noexcept;

}  // namespace ems::protocol::modbus
