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

/// A failed write is tried again after this; the tick would otherwise hammer a refusing device, and
/// a dead unit would take the line from the others.
constexpr Duration kWriteRetry = milliseconds(500);
constexpr Duration kWriteRetryOffline = seconds(2);
/// So many refused writes in a row, and the device is no longer given a share of the power.
constexpr unsigned kWriteFailuresMax = 3;

std::chrono::microseconds to_chrono(Duration duration) noexcept {
  return std::chrono::microseconds(std::max<std::int64_t>(duration.count(), 0));
}

/// Only what takes power away goes before everything else and through an open circuit.
bool is_urgent(const InverterCommand& command) noexcept {
  return command.kind != CommandKind::follow || command.p == Watt::zero();
}

}  // namespace

PackDriver::PackDriver(const DriverWiring& wiring, AssetId asset,
                       std::shared_ptr<io::ModbusMaster> master,
                       std::shared_ptr<const io::LoadedPack> pack,
                       const PackDriverSettings& settings)
    : wiring_(wiring),
      asset_(asset),
      master_(std::move(master)),
      pack_(std::move(pack)),
      settings_(settings),
      device_(pack_->pack()),
      walker_(pack_->pack()),
      timer_(wiring.executor),
      write_timer_(wiring.executor) {
  if (settings_.reply_timeout == Duration::zero()) {
    settings_.reply_timeout = pack_->pack().reply_timeout;
  }
}

PackDriver::~PackDriver() { stop(); }

void PackDriver::start() {
  running_ = true;
  if (device_.ready()) leave_stop();  // A map that needs no walk.
  round();
}

void PackDriver::stop() {
  running_ = false;
  timer_.cancel();
  write_timer_.cancel();
}

bool PackDriver::ready() const noexcept {
  return device_.ready() && online_ && primed_ && write_failures_ < kWriteFailuresMax;
}

void PackDriver::read(const device_pack::ReadRequest& request,
                      std::function<void(const Registers&)> done) {
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

// ---- reading -----------------------------------------------------------------------------------

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
  if (std::exchange(again_, false) && !walk_needed_) return round();
  const Instant next = round_started_ + settings_.period;
  timer_.expires_after(to_chrono(next - wiring_.clock.now()));
  timer_.async_wait([this, turn = ++timer_turn_](const std::error_code& error) {
    if (!error && turn == timer_turn_ && !in_round_) round();
  });
}

void PackDriver::round() {
  if (!running_) return;
  in_round_ = true;
  ++timer_turn_;
  round_started_ = wiring_.clock.now();
  if (walk_needed_) {
    walker_.reset();
    walk();
  } else {
    read_block(0);
  }
}

void PackDriver::walk() {
  const std::optional<device_pack::ReadRequest> request = walker_.next_discovery();
  if (!request) {
    if (!walker_.ready()) return arm_timer();  // Why was said when it failed.
    device_ = walker_;
    walk_needed_ = false;
    primed_ = false;
    refusal_said_ = false;
    rounds_ = 0;
    written_.reset();  // It was away: nobody knows what it holds now.
    leave_stop();
    return read_block(0);
  }
  read(*request, [this](const Registers& registers) {
    if (!running_) return;
    Result<void> step;
    if (registers) {
      step = walker_.discovered(*registers);
    } else if (registers.error().code == Errc::exception) {
      step = walker_.discovery_refused(registers.error());
    } else {
      step = fail(registers.error());
    }
    if (!step) {
      failed(step.error());
      if (walker_.missing_model() != 0) {
        last_error_ += " (model " + std::to_string(walker_.missing_model()) + ")";
      }
      return arm_timer();
    }
    walk();
  });
}

void PackDriver::read_block(std::size_t index) {
  const auto blocks = device_.blocks();
  while (index < blocks.size()) {
    const std::uint16_t every = blocks[index].every;
    const bool is_due = every == 0 ? rounds_ == 0 : rounds_ % every == 0;
    if (is_due) break;
    ++index;
  }
  if (index >= blocks.size()) {
    ++rounds_;
    primed_ = true;
    if (on_round_) on_round_();
    return arm_timer();
  }

  const device_pack::BoundBlock block = blocks[index];
  read(block.request, [this, block, index](const Registers& registers) {
    if (!running_) return;
    if (!registers && registers.error().code != Errc::exception) {
      failed(registers.error());
      // A device that was away may come back restarted, or as another one: find its map again.
      walk_needed_ = true;
      return arm_timer();
    }
    Result<void> decoded;
    if (registers) {
      const Duration period = settings_.period * std::max<std::int64_t>(block.every, 1);
      AssetSink sink(wiring_.image, asset_, wiring_.clock.now(), stale_after(period));
      decoded = device_.decode_block(block, *registers, sink);
    } else {
      decoded = fail(registers.error());  // It refuses this block; the others may still be had.
    }
    if (!decoded) {
      refused(decoded.error());
      return read_block(index + 1);
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

/// One block is refused or makes no sense; the device answers all the same.
void PackDriver::refused(const Error& error) {
  ++errors_;
  if (std::exchange(refusal_said_, true)) return;
  wiring_.log.warn("event=block_refused asset={} code={} error=\"{}\"", to_name(asset_).view(),
                   to_string(error.code), error.what);
}

// ---- writing -----------------------------------------------------------------------------------

bool PackDriver::due(const InverterCommand& command, const Interval& bound,
                     Instant now) const noexcept {
  if (!written_ || written_->command.kind != command.kind) return true;
  const InverterCommand& old = written_->command;
  if (old.q != command.q) return true;
  if (now - written_->at >= Duration{settings_.lease.count() / 3}) return true;
  if (old.p == command.p) return false;
  const bool far = std::abs((old.p - command.p).count()) >= settings_.write_step.count();
  return far || !bound.contains(old.p) || command.p == Watt::zero();
}

void PackDriver::command(const InverterCommand& command, const Interval& bound) {
  if (!running_ || last_command_ || !device_.ready()) return;
  beat(wiring_.clock.now());
  look_at_watchdog();
  if (writing_) {
    // What is being written no longer holds: the sequence ends at the next frame boundary.
    const bool takes_back = command.kind != writing_->kind || !bound.contains(writing_->p);
    if (takes_back && is_urgent(command) && !is_urgent(*writing_)) {
      // Nor does a stop wait behind what the old one waits for: the link puts it first.
      ++write_turn_;
      written_.reset();
      begin_write(command);
    } else if (takes_back) {
      next_ = command;
    } else {
      next_.reset();  // What was to replace it is no longer wanted.
    }
    return;
  }
  const Instant now = wiring_.clock.now();
  // A refused command waits before it is tried again; one that takes power back does not.
  if (refused_ && now < write_retry_at_) {
    const bool takes_back = refused_->kind != command.kind || !bound.contains(refused_->p) ||
                            (command.p == Watt::zero() && refused_->p != Watt::zero());
    if (!takes_back) return;
  }
  if (due(command, bound, now)) begin_write(command);
}

void PackDriver::beat(Instant now) {
  const std::optional<device_pack::ControlInfo> control = device_.control();
  if (!control || control->heartbeat_period == Duration::zero() || beating_) return;
  if (beat_at_ && now - *beat_at_ < control->heartbeat_period) return;
  const Result<device_pack::BoundWrite> write = device_.encode_heartbeat(beats_);
  std::array<std::byte, modbus::kPduSize> pdu{};
  const Result<std::size_t> size = write ? write->encode(pdu) : fail(write.error());
  if (!size) return refused(size.error());
  beat_at_ = now;
  ++beats_;
  ++requests_;
  beating_ = true;
  const std::vector<std::byte> sent(pdu.begin(), pdu.begin() + static_cast<std::ptrdiff_t>(*size));
  master_->transact({settings_.unit, sent, settings_.reply_timeout, false},
                    [this, alive = std::weak_ptr<char>(alive_),
                     sent](const Result<io::ModbusResponse>& response) {
                      if (alive.expired()) return;
                      beating_ = false;
                      const Result<void> ok = response
                                                  ? modbus::decode_write_response(sent, *response)
                                                  : fail(response.error());
                      if (ok) return;
                      if (ok.error().code == Errc::cancelled) return beat_at_.reset();  // Soon.
                      refused(ok.error());  // The reads say when the device is away.
                    });
}

void PackDriver::finish(const InverterCommand& command, std::function<void()> done) {
  last_command_ = command;
  finished_ = std::move(done);
  if (writing_) {
    next_ = command;
  } else {
    begin_write(command);
  }
}

Result<device_pack::WritePlan> PackDriver::encode(const InverterCommand& command) const {
  Result<device_pack::WritePlan> plan = device_.encode_command(command, settings_.lease);
  if (!plan && command.kind == CommandKind::open && plan.error().code == Errc::unimplemented) {
    return device_.encode_command({CommandKind::stop, Watt{}, Var{}}, settings_.lease);
  }
  return plan;
}

/// Leaves with the link what stops the device without us.
void PackDriver::leave_stop() {
  if (!settings_.watched) return;
  io::StopPlan stop{settings_.unit, settings_.reply_timeout, {}};
  const Result<device_pack::WritePlan> plan = encode({CommandKind::stop, Watt{}, Var{}});
  std::array<std::byte, modbus::kPduSize> pdu{};
  for (std::size_t i = 0; plan && i < plan->size(); ++i) {
    const Result<std::size_t> size = (*plan)[i].encode(pdu);
    if (!size) break;
    stop.pdus.emplace_back(pdu.begin(), pdu.begin() + static_cast<std::ptrdiff_t>(*size));
  }
  if (!plan || stop.pdus.size() != plan->size()) {
    wiring_.log.critical("event=watchdog_stop_not_encoded asset={} code={}", to_name(asset_).view(),
                         plan ? "out_of_range" : to_string(plan.error().code));
    stop.pdus.clear();  // Half a stop is none.
  }
  master_->set_stop(stop);
}

/// What the watchdog stopped does not hold what was written any more, and what is being written is
/// void.
void PackDriver::look_at_watchdog() {
  const std::uint64_t stops = master_->stops();
  if (std::exchange(stops_seen_, stops) == stops) return;
  ++write_turn_;
  written_.reset();
  writing_.reset();
  next_.reset();
}

void PackDriver::begin_write(const InverterCommand& command) {
  writing_ = command;
  next_.reset();
  const Result<device_pack::WritePlan> plan = encode(command);
  if (!plan) return end_write(fail(plan.error()));
  plan_ = *plan;
  write_step(0);
}

void PackDriver::write_step(std::size_t index) {
  if (next_) {
    const InverterCommand replacement = *next_;
    written_.reset();  // Half a sequence was written.
    return begin_write(replacement);
  }
  if (index == plan_.size()) return end_write({});
  std::array<std::byte, modbus::kPduSize> pdu{};
  const Result<std::size_t> size = plan_[index].encode(pdu);
  if (!size) return end_write(fail(size.error()));
  ++requests_;
  const std::vector<std::byte> sent(pdu.begin(), pdu.begin() + static_cast<std::ptrdiff_t>(*size));
  const bool urgent = is_urgent(*writing_);
  master_->transact({settings_.unit, sent, settings_.reply_timeout, urgent},
                    [this, alive = std::weak_ptr<char>(alive_), sent, index,
                     turn = write_turn_](const Result<io::ModbusResponse>& response) {
                      if (alive.expired()) return;
                      look_at_watchdog();
                      if (turn != write_turn_) {  // The next tick says what holds now.
                        if (last_command_ && !writing_) begin_write(*last_command_);
                        return;
                      }
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
    refused_.reset();
    write_failures_ = 0;
  } else {
    if (!write_error_) {
      wiring_.log.error("event=setpoint_write_failed asset={} kind={} p_w={} code={} error=\"{}\"",
                        to_name(asset_).view(), to_string(command.kind), command.p.count(),
                        to_string(result.error().code), result.error().what);
    }
    written_.reset();  // Nobody knows what the device holds now: write again.
    write_error_ = result.error();
    refused_ = command;
    ++write_failures_;
    write_retry_at_ = now + (online_ ? kWriteRetry : kWriteRetryOffline);
  }
  if (next_) return begin_write(*std::exchange(next_, std::nullopt));
  if (!last_command_ || !finished_) return;
  if (result && command == *last_command_) return std::exchange(finished_, nullptr)();
  write_timer_.expires_after(to_chrono(kWriteRetry));
  write_timer_.async_wait([this](const std::error_code& error) {
    if (!error && running_ && !writing_) begin_write(*last_command_);
  });
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
  if (status.last_error.empty() && write_error_) {
    status.last_error =
        "write refused: " + std::string(to_string(write_error_->code)) + ": " + write_error_->what;
  }
  return status;
}

}  // namespace ems::runtime
