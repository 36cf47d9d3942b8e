// SPDX-License-Identifier: Apache-2.0
/// @file Registers of a simulated device behind Modbus framing.
#pragma once

#include <cstdint>

#include "ems/protocol/modbus/server.hpp"
#include "ems/sim/server.hpp"

namespace ems::sim {

/// How frames lie on the link.
enum class ModbusFraming : std::uint8_t { rtu, tcp };

/// A unit on a line (RTU: delimited by content, so pauses inside a frame do no harm) or a TCP
/// connection. Requests to other units get no answer; broadcasts act and get none.
class ModbusServer final : public FrameServer {
 public:
  /// @param registers  Must outlive the server.
  ModbusServer(ModbusFraming framing, std::uint8_t unit,
               protocol::modbus::RegisterAccess& registers)
      : framing_(framing), unit_(unit), registers_(registers) {}

  [[nodiscard]] protocol::FrameScan scan(Bytes received) const override;
  [[nodiscard]] ByteVector answer(Bytes request) override;

 private:
  ModbusFraming framing_;
  std::uint8_t unit_;
  protocol::modbus::RegisterAccess& registers_;
};

/// Two units on one line: whoever is meant answers.
class ModbusLine final : public FrameServer {
 public:
  /// Both outlive the line and speak the same framing.
  ModbusLine(ModbusServer& first, ModbusServer& second) : first_(first), second_(second) {}

  [[nodiscard]] protocol::FrameScan scan(Bytes received) const override {
    return first_.scan(received);
  }
  [[nodiscard]] ByteVector answer(Bytes request) override {
    ByteVector answer = first_.answer(request);
    return answer.empty() ? second_.answer(request) : answer;
  }

 private:
  ModbusServer& first_;
  ModbusServer& second_;
};

}  // namespace ems::sim
