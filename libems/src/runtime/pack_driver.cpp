// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/pack_driver.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "ems/protocol/modbus/pdu.hpp"

namespace ems::runtime {
namespace {

namespace modbus = protocol::modbus;

/// A failed write is tried again after this; the tick would otherwise hammer a refusing device.
constexpr Duration kWriteRetry = milliseconds(500);

std::chrono::microseconds to_chrono(Duration duration) noexcept {
  return std::chrono::microseconds(std::max<std::int64_t>(duration.count(), 0));
}

}  // namespace

PackDriver::PackDriver(const Wiring& wiring, AssetId asset,
                       std::shared_ptr<io::ModbusMaster> master,
                       std::shared_ptr<const io::LoadedPack> pack,
                       const PackDriverSettings& settings)
    : wiring_(wiring),
      asset_(asset),
      master_(std::move(master)),
      pack_(std::move(pack)),
      settings_(settings),
      device_(pack_->pack()),
      timer_(wiring.executor) {
  if (settings_.reply_timeout == Duration::zero()) {
    settings_.reply_timeout = pack_->pack().reply_timeout;
  }
}

PackDriver::~PackDriver() { stop(); }

void PackDriver::start() {
  running_ = true;
  round();
}

void PackDriver::stop() {
  running_ = false;
  timer_.cancel();
}

void PackDriver::read(const device_pack::ReadRequest& request,
                      std::function<void(Result<std::vector<std::uint16_t>>)> done) {
  std::array<std::byte, modbus::kPduSize> pdu{};
  const Result<std::size_t> size =
      modbus::encode_read_request(request.function, request.address, request.count, pdu);
  if (!size) return done(fail(size.error()));
  ++requests_;
  const std::vector<std::byte> sent(pdu.begin(), pdu.begin() + static_cast<std::ptrdiff_t>(*size));
  master_->transact({settings_.unit, sent, settings_.reply_timeout, false},
                    [alive = std::weak_ptr<char>(alive_), sent, count = request.count,
                     done = std::move(done)](const Result<io::ModbusResponse>& response) {
                      if (alive.expired()) return;
                      if (!response) return done(fail(response.error()));
                      std::vector<std::uint16_t> registers(count);
                      const Result<std::size_t> read =
                          modbus::decode_read_response(sent, *response, registers);
                      if (!read) return done(fail(read.error()));
                      done(std::move(registers));
                    });
}

void PackDriver::poll_now() {
  if (!running_ || !device_.ready()) return;
  if (in_round_) {
    again_ = true;
  } else {
    timer_.cancel();
    round();
  }
}

void PackDriver::arm_timer() {
  in_round_ = false;
  if (!running_) return;
  if (std::exchange(again_, false) && device_.ready()) return round();
  const Instant next = round_started_ + settings_.period;
  timer_.expires_after(to_chrono(next - wiring_.clock.now()));
  timer_.async_wait([this](const std::error_code& error) {
    if (!error) round();
  });
}

void PackDriver::round() {
  if (!running_) return;
  in_round_ = true;
  round_started_ = wiring_.clock.now();
  if (device_.ready()) {
    read_block(0);
    ++rounds_;
  } else {
    device_.reset();
    discover();
  }
}

void PackDriver::discover() {
  const std::optional<device_pack::ReadRequest> request = device_.next_discovery();
  if (!request) {
    if (device_.ready()) {
      rounds_ = 0;
      read_block(0);
      ++rounds_;
    } else {
      arm_timer();
    }
    return;
  }
  read(*request, [this](const Result<std::vector<std::uint16_t>>& registers) {
    if (!running_) return;
    Result<void> step;
    if (registers) {
      step = device_.discovered(*registers);
    } else if (registers.error().code == Errc::exception) {
      step = device_.discovery_refused(registers.error());
    } else {
      step = fail(registers.error());
    }
    if (!step) {
      failed(step.error());
      if (device_.missing_model() != 0) {
        last_error_ += " (model " + std::to_string(device_.missing_model()) + ")";
      }
      return arm_timer();
    }
    discover();
  });
}

void PackDriver::read_block(std::size_t index) {
  const auto blocks = device_.blocks();
  while (index < blocks.size()) {
    const std::uint16_t every = blocks[index].every;
    const bool due = every == 0 ? rounds_ == 0 : rounds_ % every == 0;
    if (due) break;
    ++index;
  }
  if (index >= blocks.size()) {
    if (on_round_) on_round_();
    return arm_timer();
  }

  const device_pack::BoundBlock block = blocks[index];
  read(block.request, [this, block, index](const Result<std::vector<std::uint16_t>>& registers) {
    if (!running_) return;
    if (!registers) {
      failed(registers.error());
      // A device that was away may come back as another one, or restarted: walk its map again.
      if (registers.error().code != Errc::exception) device_.reset();
      return arm_timer();
    }
    const Duration period = settings_.period * std::max<std::int64_t>(block.every, 1);
    AssetSink sink(wiring_.image, asset_, wiring_.clock.now(), stale_after(period));
    const Result<void> decoded = device_.decode_block(block, *registers, sink);
    if (!decoded) {
      failed(decoded.error());
      return arm_timer();
    }
    if (!online_) {
      online_ = true;
      wiring_.log.info("event=device_health asset={} health=online", to_name(asset_).view());
    }
    last_error_.clear();
    read_block(index + 1);
  });
}

void PackDriver::failed(const Error& error) {
  if (error.code == Errc::timeout) {
    ++timeouts_;
  } else {
    ++errors_;
  }
  std::string text = std::string(to_string(error.code)) + ": " + error.what;
  if (const std::string line = master_->last_error(); !line.empty()) text += " (" + line + ")";
  if (online_ || last_error_.empty()) {
    wiring_.log.warn("event=device_health asset={} health=recovering error=\"{}\"",
                     to_name(asset_).view(), text);
  }
  online_ = false;
  last_error_ = std::move(text);
}

void PackDriver::command(const InverterCommand& command, const Interval& bound) {
  if (!running_ || last_command_ || writing_ || !device_.ready()) return;
  const Instant now = wiring_.clock.now();
  if (now < write_retry_at_) return;
  if (written_ && written_->command.kind == command.kind) {
    const InverterCommand& old = written_->command;
    const bool moved = old.p != command.p &&
                       (std::abs((old.p - command.p).count()) >= settings_.write_step.count() ||
                        !bound.contains(old.p) || command.p == Watt::zero());
    const bool refresh = now - written_->at >= Duration{settings_.lease.count() / 3};
    if (!moved && old.q == command.q && !refresh) return;
  }
  begin_write(command);
}

void PackDriver::finish(const InverterCommand& command, std::function<void(Result<void>)> done) {
  last_command_ = command;
  finished_ = std::move(done);
  if (!writing_) begin_write(command);
}

void PackDriver::begin_write(const InverterCommand& command) {
  writing_ = command;
  Result<device_pack::WritePlan> plan = device_.encode_command(command, settings_.lease);
  if (!plan) return end_write(fail(plan.error()));
  plan_ = *plan;
  write_step(0);
}

void PackDriver::write_step(std::size_t index) {
  if (index == plan_.size()) return end_write({});
  std::array<std::byte, modbus::kPduSize> pdu{};
  const Result<std::size_t> size = plan_[index].encode(pdu);
  if (!size) return end_write(fail(size.error()));
  ++requests_;
  const std::vector<std::byte> sent(pdu.begin(), pdu.begin() + static_cast<std::ptrdiff_t>(*size));
  master_->transact({settings_.unit, sent, settings_.reply_timeout, true},
                    [this, alive = std::weak_ptr<char>(alive_), sent,
                     index](const Result<io::ModbusResponse>& response) {
                      if (alive.expired()) return;
                      if (!response) return end_write(fail(response.error()));
                      const Result<void> ok = modbus::decode_write_response(sent, *response);
                      if (!ok) return end_write(ok);
                      write_step(index + 1);
                    });
}

void PackDriver::end_write(const Result<void>& result) {
  const InverterCommand command = *writing_;
  writing_.reset();
  const Instant now = wiring_.clock.now();
  if (result) {
    written_ = {command, now};
    write_error_.reset();
  } else {
    if (!write_error_) {
      wiring_.log.error("event=setpoint_write_failed asset={} kind={} p_w={} code={} error=\"{}\"",
                        to_name(asset_).view(), to_string(command.kind), command.p.count(),
                        to_string(result.error().code), result.error().what);
    }
    written_.reset();  // Nobody knows what the device holds now: write again.
    write_error_ = result.error();
    write_retry_at_ = now + kWriteRetry;
  }
  if (!last_command_) return;
  if (command == *last_command_ || !result) {
    if (finished_) std::exchange(finished_, nullptr)(result);
    return;
  }
  begin_write(*last_command_);  // The sequence that was under way has ended; now the last one.
}

LinkStatus PackDriver::status() const {
  LinkStatus status;
  status.asset = asset_;
  status.link = std::string(master_->name()) + "/" + std::to_string(settings_.unit);
  status.online = online_;
  status.requests = requests_;
  status.timeouts = timeouts_;
  status.errors = errors_;
  status.last_error = last_error_;
  return status;
}

}  // namespace ems::runtime
