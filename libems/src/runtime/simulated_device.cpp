// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulated_device.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ems/protocol/modbus/pdu.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/tcp.hpp"

namespace ems::runtime {
namespace {

namespace modbus = protocol::modbus;

/// What arrives in time, in one piece.
sim::ByteVector ask(sim::Port& port, Bytes request, Duration timeout) {
  sim::ByteVector received;
  for (const sim::Reply& reply : port.receive(request)) {
    if (reply.delay > timeout) continue;
    received.insert(received.end(), reply.bytes.begin(), reply.bytes.end());
  }
  port.idle();
  return received;
}

Failure no_answer() noexcept { return fail(Errc::timeout, 0, "modbus: no answer in time"); }

std::vector<std::byte> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

// ---- battery -----------------------------------------------------------------------------------

SimulatedBattery::SimulatedBattery(sim::Site& site, AssetId asset, const protocol::PollCodec& codec,
                                   Duration period)
    : port_(site, sim::Device::battery),
      asset_(asset),
      codec_(codec),
      period_(period),
      poller_(codec, {.period = period}) {}

void SimulatedBattery::read(SiteImage& image, Instant now) {
  if (!std::exchange(up_, true)) poller_.link_up(now);
  AssetSink sink(image, asset_, now, stale_after(period_));
  std::array<std::byte, protocol::kRequestSize> request{};
  while (true) {
    const protocol::PollerAction action = poller_.next(now, request);
    if (action.size == 0) return;
    const auto received = ask(port_, Bytes(request).first(action.size), codec_.reply_timeout());
    poller_.receive(received, now, sink);
  }
}

// ---- Modbus ------------------------------------------------------------------------------------

SimulatedUnit::SimulatedUnit(sim::Port& port, sim::ModbusFraming framing, std::uint8_t unit,
                             AssetId asset, std::shared_ptr<const io::LoadedPack> pack)
    : port_(port),
      framing_(framing),
      unit_(unit),
      asset_(asset),
      pack_(std::move(pack)),
      device_(pack_->pack()),
      walker_(pack_->pack()) {}

Result<std::vector<std::byte>> SimulatedUnit::exchange(Bytes pdu) {
  const Duration timeout = pack_->pack().reply_timeout;
  if (framing_ == sim::ModbusFraming::rtu) {
    std::array<std::byte, modbus::kRtuFrameSize> frame{};
    const Result<std::size_t> size = modbus::encode_rtu(unit_, pdu, frame);
    if (!size) return fail(size.error());
    const sim::ByteVector received = ask(port_, Bytes(frame).first(*size), timeout);
    const auto found = modbus::scan_rtu_response(Bytes(frame).first(1 + pdu.size()), received);
    if (found.size == 0) return no_answer();
    const auto answer = modbus::decode_rtu(Bytes(received).subspan(found.noise, found.size));
    if (!answer) return fail(answer.error());
    return copy(answer->pdu);
  }
  std::array<std::byte, modbus::kTcpFrameSize> frame{};
  const Result<std::size_t> size = modbus::encode_tcp(++transaction_, unit_, pdu, frame);
  if (!size) return fail(size.error());
  const sim::ByteVector received = ask(port_, Bytes(frame).first(*size), timeout);
  const auto found = modbus::scan_tcp(received);
  if (found.size == 0) return no_answer();
  const auto answer = modbus::decode_tcp(Bytes(received).subspan(found.noise, found.size));
  if (!answer) return fail(answer.error());
  if (answer->transaction != transaction_ || answer->unit != unit_) return no_answer();
  return copy(answer->pdu);
}

Result<std::vector<std::uint16_t>> SimulatedUnit::registers(
    const device_pack::ReadRequest& request) {
  std::array<std::byte, modbus::kPduSize> pdu{};
  const Result<std::size_t> size =
      modbus::encode_read_request(request.function, request.address, request.count, pdu);
  if (!size) return fail(size.error());
  const Bytes sent = Bytes(pdu).first(*size);
  const Result<std::vector<std::byte>> answer = exchange(sent);
  if (!answer) return fail(answer.error());
  std::vector<std::uint16_t> values(request.count);
  const Result<std::size_t> read = modbus::decode_read_response(sent, *answer, values);
  if (!read) return fail(read.error());
  return values;
}

bool SimulatedUnit::walk() {
  walker_.reset();
  while (const auto request = walker_.next_discovery()) {
    const auto read = registers(*request);
    Result<void> step;
    if (read) {
      step = walker_.discovered(*read);
    } else if (read.error().code == Errc::exception) {
      step = walker_.discovery_refused(read.error());
    } else {
      step = fail(read.error());
    }
    if (!step) return false;
  }
  if (!walker_.ready()) return false;
  device_ = walker_;
  written_.reset();  // It was away: nobody knows what it holds now.
  rounds_ = 0;
  return true;
}

void SimulatedUnit::read(SiteImage& image, Instant now, Duration period) {
  online_ = false;
  if (walk_needed_ && !walk()) return;
  walk_needed_ = true;  // Until the round is whole.
  for (const device_pack::BoundBlock& block : device_.blocks()) {
    const bool due = block.every == 0 ? rounds_ == 0 : rounds_ % block.every == 0;
    if (!due) continue;
    const auto read = registers(block.request);
    if (!read && read.error().code != Errc::exception) return;
    if (!read) continue;  // It refuses this block; the others may still be had.
    AssetSink sink(image, asset_, now,
                   stale_after(period * std::max<std::int64_t>(block.every, 1)));
    // A block that makes no sense gives nothing: its points go stale by themselves.
    (void)device_.decode_block(block, *read, sink);
  }
  walk_needed_ = false;
  online_ = true;
  ++rounds_;
}

void SimulatedUnit::command(const InverterCommand& command, Instant now, Duration lease) {
  if (!device_.ready()) return;
  const bool refresh = written_ && now - written_->at >= Duration{lease.count() / 3};
  if (written_ && written_->command == command && !refresh) return;
  written_.reset();
  Result<device_pack::WritePlan> plan = device_.encode_command(command, lease);
  if (!plan && command.kind == CommandKind::open && plan.error().code == Errc::unimplemented) {
    plan = device_.encode_command({CommandKind::stop, Watt{}, Var{}}, lease);
  }
  if (!plan) return;
  for (const device_pack::BoundWrite& write : *plan) {
    std::array<std::byte, modbus::kPduSize> pdu{};
    const Result<std::size_t> size = write.encode(pdu);
    if (!size) return;
    const Bytes sent = Bytes(pdu).first(*size);
    const auto answer = exchange(sent);
    if (!answer || !modbus::decode_write_response(sent, *answer)) return;
  }
  written_ = Written{command, now};
}

}  // namespace ems::runtime
