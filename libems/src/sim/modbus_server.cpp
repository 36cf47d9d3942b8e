// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/modbus_server.hpp"

#include <array>

#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/tcp.hpp"

namespace ems::sim {

namespace modbus = protocol::modbus;

protocol::FrameScan ModbusServer::scan(Bytes received) const {
  return framing_ == ModbusFraming::rtu ? modbus::scan_rtu_request(received)
                                        : modbus::scan_tcp(received);
}

ByteVector ModbusServer::answer(Bytes request) {
  std::array<std::byte, modbus::kPduSize> pdu{};
  std::array<std::byte, modbus::kTcpFrameSize> frame{};
  std::size_t size = 0;
  if (framing_ == ModbusFraming::rtu) {
    const Result<modbus::RtuFrame> in = modbus::decode_rtu(request);
    if (!in || (in->unit != unit_ && in->unit != modbus::kBroadcastUnit)) return {};
    const std::size_t pdu_size = modbus::serve(in->pdu, registers_, pdu);
    if (pdu_size == 0 || in->unit == modbus::kBroadcastUnit) return {};
    size = modbus::encode_rtu(unit_, Bytes(pdu).first(pdu_size), frame).value();
  } else {
    const Result<modbus::TcpFrame> in = modbus::decode_tcp(request);
    if (!in || in->unit != unit_) return {};
    const std::size_t pdu_size = modbus::serve(in->pdu, registers_, pdu);
    if (pdu_size == 0) return {};
    size = modbus::encode_tcp(in->transaction, unit_, Bytes(pdu).first(pdu_size), frame).value();
  }
  return {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace ems::sim
