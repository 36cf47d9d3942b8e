// SPDX-License-Identifier: Apache-2.0
/// @file A Modbus unit behind its device pack, driven in simulated time: one request outstanding,
/// a deadline for each, writes before reads. What the drivers do over Asio, without links or clock.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ems/device_pack/device.hpp"
#include "ems/io/pack_loader.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/tcp.hpp"
#include "ems/sim/modbus_server.hpp"
#include "support/frames.hpp"

namespace ems::test {

class ModbusUnit {
 public:
  ModbusUnit(sim::ModbusFraming framing, std::uint8_t unit,
             std::shared_ptr<const io::LoadedPack> pack, Duration period)
      : framing_(framing),
        unit_(unit),
        period_(period),
        pack_(std::move(pack)),
        device_(pack_->pack()) {}

  /// The map is known and the last request was answered.
  [[nodiscard]] bool ready() const { return device_.ready() && !failed_; }
  /// Nothing of an earlier connection counts.
  void reset() { *this = ModbusUnit(framing_, unit_, pack_, period_); }

  /// Takes what arrived, gives readings to `sink`; returns what to send now, empty for nothing.
  Frame step(Bytes arrived, Instant now, ReadingSink& sink) {
    received_.insert(received_.end(), arrived.begin(), arrived.end());
    if (waits_ && take(sink)) {
      waits_ = false;
    } else if (waits_ && now >= deadline_) {  // Forget it all and look at the device again.
      waits_ = false;
      failed_ = true;
      device_.reset();
      writes_.clear();
      written_.reset();
    }
    return waits_ ? Frame{} : ask(now);
  }

  /// Wants `command`; written when it changed and after a third of the lease.
  void command(const InverterCommand& command, Duration lease, Instant now) {
    if (!ready()) return;
    if (written_ && written_->first == command && (now - written_->second) * 3 < lease) return;
    const auto plan = device_.encode_command(command, lease);
    if (!plan) return;
    written_ = {command, now};
    writes_.clear();
    for (const device_pack::BoundWrite& write : plan->view()) {
      Frame pdu(protocol::modbus::kPduSize);
      pdu.resize(write.encode(pdu).value());
      writes_.push_back(std::move(pdu));
    }
  }

 private:
  Frame ask(Instant now) {
    received_.clear();
    Frame pdu(protocol::modbus::kPduSize);
    block_.reset();
    if (!writes_.empty()) {
      pdu = writes_.front();
      writes_.pop_front();
    } else if (const auto request = next_read(now)) {
      pdu.resize(protocol::modbus::encode_read_request(request->function, request->address,
                                                       request->count, pdu)
                     .value());
    } else {
      return {};
    }
    request_ = pdu;
    waits_ = true;
    deadline_ = now + pack_->pack().reply_timeout;
    return framed(pdu);
  }

  std::optional<device_pack::ReadRequest> next_read(Instant now) {
    if (const auto walk = device_.next_discovery()) return walk;
    if (!device_.ready()) {
      device_.reset();
      return std::nullopt;
    }
    if (next_block_ >= device_.blocks().size()) {
      if (now - round_at_ < period_) return std::nullopt;
      next_block_ = 0;
    }
    if (next_block_ == 0) round_at_ = now;
    block_ = device_.blocks()[next_block_++];
    return block_->request;
  }

  Frame framed(Bytes pdu) {
    Frame out(protocol::modbus::kTcpFrameSize);
    const auto size = framing_ == sim::ModbusFraming::rtu
                          ? protocol::modbus::encode_rtu(unit_, pdu, out)
                          : protocol::modbus::encode_tcp(++transaction_, unit_, pdu, out);
    out.resize(size.value());
    return out;
  }

  /// The answer's PDU, once all of it has arrived sound.
  std::optional<Bytes> answer() {
    Frame address{static_cast<std::byte>(unit_)};
    address.insert(address.end(), request_.begin(), request_.end());
    const bool rtu = framing_ == sim::ModbusFraming::rtu;
    const auto found = rtu ? protocol::modbus::scan_rtu_response(address, received_)
                           : protocol::modbus::scan_tcp(received_);
    if (found.size == 0 || found.noise + found.size > received_.size()) return std::nullopt;
    const Bytes frame = Bytes(received_).subspan(found.noise, found.size);
    if (rtu) {
      const auto taken = protocol::modbus::decode_rtu(frame);
      return taken ? std::optional(taken->pdu) : std::nullopt;
    }
    const auto taken = protocol::modbus::decode_tcp(frame);
    if (!taken || taken->transaction != transaction_) return std::nullopt;
    return taken->pdu;
  }

  bool take(ReadingSink& sink) {
    const std::optional<Bytes> pdu = answer();
    if (!pdu) return false;
    const bool read = load_u8(request_, 0) <= 4;
    if (!read) {
      failed_ = !protocol::modbus::decode_write_response(request_, *pdu);
      return true;
    }
    std::array<std::uint16_t, protocol::modbus::kReadRegistersMax> words{};
    const auto count = protocol::modbus::decode_read_response(request_, *pdu, words);
    const std::span<const std::uint16_t> values(words.data(), count ? *count : 0);
    failed_ = !count;
    if (block_) {
      if (count) failed_ = !device_.decode_block(*block_, values, sink);
    } else if (count) {
      failed_ = !device_.discovered(values);
    } else {
      failed_ = !device_.discovery_refused(count.error());
    }
    return true;
  }

  sim::ModbusFraming framing_;
  std::uint8_t unit_;
  Duration period_;
  std::shared_ptr<const io::LoadedPack> pack_;
  device_pack::PackDevice device_;
  bool waits_ = false;
  bool failed_ = true;
  Instant deadline_{};
  Instant round_at_{};
  std::size_t next_block_ = 0;
  std::optional<device_pack::BoundBlock> block_;
  std::uint16_t transaction_ = 0;
  Frame request_;
  Frame received_;
  std::deque<Frame> writes_;
  std::optional<std::pair<InverterCommand, Instant>> written_;
};

}  // namespace ems::test
