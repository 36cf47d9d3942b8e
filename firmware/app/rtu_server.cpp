// SPDX-License-Identifier: Apache-2.0
#include "app/rtu_server.hpp"

#include <algorithm>

namespace ems::firmware {

namespace modbus = protocol::modbus;

std::size_t RtuServer::receive(Bytes bytes, Instant now, MutableBytes out) noexcept {
  EMS_ASSERT(out.size() >= modbus::kRtuFrameSize);
  if (!bytes.empty()) {
    if (now - received_at_ >= kFrameTimeout) size_ = 0;
    received_at_ = now;
  }
  std::size_t response = 0;
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), buffer_.size() - size_);
    std::copy_n(bytes.begin(), taken, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += taken;
    bytes = bytes.subspan(taken);
    for (;;) {
      const Bytes received{buffer_.data(), size_};
      const auto scan = modbus::scan_rtu_request(received);
      if (scan.size != 0) response = answer(received.subspan(scan.noise, scan.size), out);
      // A start that fills the buffer without becoming a frame was noise.
      const bool stuck = scan.size == 0 && scan.noise == 0 && size_ == buffer_.size();
      const std::size_t done = stuck ? 1 : scan.noise + scan.size;
      std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(done),
                buffer_.begin() + static_cast<std::ptrdiff_t>(size_), buffer_.begin());
      size_ -= done;
      if (scan.size == 0 && !stuck) break;
    }
  }
  return response;
}

std::size_t RtuServer::answer(Bytes frame, MutableBytes out) noexcept {
  const Result<modbus::RtuFrame> request = modbus::decode_rtu(frame);
  if (!request) return 0;
  if (request->unit != unit_) return 0;
  // The PDU is answered in place, one byte in: encode_rtu() would need a second buffer.
  const MutableBytes pdu = out.subspan(1, modbus::kPduSize);
  const std::size_t size = modbus::serve(request->pdu, registers_, pdu);
  if (size == 0) return 0;
  ++counters_.answered;
  if (load_u8(pdu, 0) >= modbus::kExceptionFlag) ++counters_.refused;
  store_u8(out, 0, unit_);
  store_le16(out, 1 + size, modbus::crc16(out.first(1 + size)));
  return size + modbus::kRtuOverhead;
}

}  // namespace ems::firmware
