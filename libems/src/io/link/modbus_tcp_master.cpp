// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <random>
#include <utility>

#include "ems/io/clock.hpp"
#include "ems/io/link/modbus_master.hpp"
#include "ems/protocol/modbus/tcp.hpp"
#include "io/link/modbus_exchange.hpp"
#include "io/link/tcp_writer.hpp"

namespace ems::io {
namespace {

using asio::ip::tcp;
using detail::TcpWriter;
using detail::Waiting;
namespace modbus = protocol::modbus;

constexpr std::uint8_t kUnitMax = 255;
// After so many timeouts in a row without a byte from the peer the connection itself is suspect.
constexpr int kSilentTimeoutsMax = 3;

std::chrono::microseconds to_chrono(Duration d) { return std::chrono::microseconds(d.count()); }

// Everything lives here, shared with the handlers of outstanding operations. `epoch_` makes the
// handlers of an earlier connection void.
class TcpMasterCore : public std::enable_shared_from_this<TcpMasterCore> {
 public:
  TcpMasterCore(asio::any_io_executor executor, ModbusTcpOptions options)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        name_("modbus-tcp://" + options_.host + ":" + std::to_string(options_.port)),
        resolver_(executor_),
        socket_(executor_),
        timer_(executor_),
        random_(std::random_device{}()) {}

  void start() {
    asio::post(executor_, [self = shared_from_this()] { self->connect(); });
  }
  void transact(const ModbusRequest& request, ModbusCallback callback) {
    ++counters_.requests;
    if (closed_) return refuse(std::move(callback), fail(Errc::cancelled, 0, "modbus: closed"));
    Result<Waiting> made = detail::make_waiting(request, callback, 0, kUnitMax);
    if (!made) return refuse(std::move(callback), fail(made.error()));
    if (!connected_ && attempted_) {
      return refuse(std::move(made->callback),
                    fail(Errc::unavailable, 0, "modbus TCP: not connected"));
    }
    drop_superseded();  // Before this one goes in: it is of after the stop.
    Waiting waiting = std::move(*made);
    if (waiting.urgent) {
      for (Waiting& overtaken : queue_.take_writes(waiting.unit)) {
        refuse(std::move(overtaken.callback),
               fail(Errc::cancelled, 0, "modbus TCP: an urgent request took its place"));
      }
    }
    if (!queue_.push(std::move(waiting))) {
      return refuse(std::move(waiting.callback),
                    fail(Errc::resource_exhausted, 0, "modbus TCP: queue is full"));
    }
    dispatch();
  }
  void close() {
    if (closed_) return;
    closed_ = true;
    drop_connection(fail(Errc::cancelled, 0, "modbus: closed"));
  }
  // For the destructor: nobody may be called any more.
  void abandon() {
    alive_ = false;
    close();
  }

  const std::string& name() const { return name_; }
  const std::string& last_error() const { return last_error_; }
  const ModbusCounters& counters() const { return counters_; }
  bool connected() const { return connected_; }
  TcpWriter& writer() { return writer_; }

 private:
  struct InFlight {
    Waiting request;
    std::unique_ptr<asio::steady_timer> timer;
  };

  void finish(ModbusCallback callback, Result<ModbusResponse> result) {
    asio::post(executor_, [self = shared_from_this(), callback = std::move(callback),
                           result = std::move(result)]() mutable {
      if (self->alive_ && callback) callback(std::move(result));
    });
  }
  void refuse(ModbusCallback callback, Failure why) {
    detail::count(counters_, why.error);
    finish(std::move(callback), why);
  }

  // ---- connection ----
  void connect() {
    if (closed_) return;
    const auto epoch = ++epoch_;
    timer_.expires_after(to_chrono(options_.connect_timeout));
    timer_.async_wait([self = shared_from_this(), epoch](const std::error_code& cancelled) {
      if (!cancelled && self->epoch_ == epoch) self->lost("no connection in time");
    });
    resolver_.async_resolve(
        options_.host, std::to_string(options_.port),
        [self = shared_from_this(), epoch](const std::error_code& error,
                                           const tcp::resolver::results_type& found) {
          if (self->epoch_ != epoch) return;
          if (error) return self->lost(error.message());
          asio::async_connect(self->socket_, found,
                              [self, epoch](const std::error_code& failed, const tcp::endpoint&) {
                                if (self->epoch_ != epoch) return;
                                if (failed) return self->lost(failed.message());
                                self->established();
                              });
        });
  }
  void established() {
    timer_.cancel();
    std::error_code ignored;  // An option of comfort: the connection works without it.
    socket_.set_option(tcp::no_delay(true), ignored);
    writer_.attach(socket_.native_handle());
    connected_ = attempted_ = true;
    failures_ = 0;
    silent_timeouts_ = 0;
    last_error_.clear();
    ++counters_.connects;
    received_.clear();
    read();
    dispatch();
  }
  void lost(const std::string& why) {
    last_error_ = name_ + ": " + why;
    ++counters_.disconnects;
    // What TCP has not delivered goes with the connection: it must not arrive after what the next
    // one says.
    std::error_code ignored;
    socket_.set_option(tcp::socket::linger(true, 0), ignored);
    drop_connection(fail(Errc::unavailable, 0, "modbus TCP: connection lost or refused"));
    if (closed_) return;
    const auto epoch = epoch_;
    timer_.expires_after(to_chrono(backoff()));
    timer_.async_wait([self = shared_from_this(), epoch](const std::error_code& cancelled) {
      if (!cancelled && self->epoch_ == epoch) self->connect();
    });
  }
  Duration backoff() {
    std::int64_t pause = options_.backoff_first.count();
    for (int i = 0; i < failures_ && pause < options_.backoff_max.count(); ++i) pause *= 2;
    pause = std::min(pause, options_.backoff_max.count());
    ++failures_;
    std::uniform_int_distribution<std::int64_t> jitter(pause / 2, pause);  // Half to whole.
    return microseconds(jitter(random_));
  }
  void drop_connection(Failure why) {
    ++epoch_;
    connected_ = false;
    attempted_ = true;
    timer_.cancel();
    resolver_.cancel();
    writer_.detach();
    std::error_code ignored;  // The socket is thrown away.
    socket_.close(ignored);
    waiting_to_write_ = false;
    for (auto& [transaction, flight] : std::exchange(in_flight_, {})) {
      flight.timer->cancel();
      detail::judge(breakers_[flight.request.unit], why.error, clock_.now());
      refuse(std::move(flight.request.callback), why);
    }
    for (Waiting& waiting : queue_.take_all()) refuse(std::move(waiting.callback), why);
  }

  // ---- requests ----
  bool busy(std::uint8_t unit) const {
    return std::any_of(in_flight_.begin(), in_flight_.end(),
                       [unit](const auto& item) { return item.second.request.unit == unit; });
  }
  /// The watchdog stopped the line's devices: what was wanted before no longer holds.
  void drop_superseded() {
    const std::uint64_t stops = writer_.stops();
    if (std::exchange(stops_seen_, stops) == stops) return;
    for (Waiting& waiting : queue_.take_all()) {
      refuse(std::move(waiting.callback),
             fail(Errc::cancelled, 0, "modbus TCP: the watchdog stopped the device meanwhile"));
    }
  }
  void dispatch() {
    drop_superseded();
    while (connected_ && in_flight_.size() < std::max<std::size_t>(1, options_.outstanding_max)) {
      auto next = queue_.pop([this](std::uint8_t unit) { return !busy(unit); });
      if (!next) return;
      if (!breakers_[next->unit].allow(clock_.now()) && !next->urgent) {
        ++counters_.circuit_open;
        finish(std::move(next->callback),
               fail(Errc::unavailable, 0, "modbus: the unit's circuit is open"));
        continue;
      }
      send(std::move(*next));
    }
  }
  void send(Waiting request) {
    do {
      transaction_ = static_cast<std::uint16_t>((transaction_ + 1) % detail::kStopTransaction);
    } while (in_flight_.contains(transaction_));
    std::array<std::byte, modbus::kTcpFrameSize> frame{};
    const auto size = modbus::encode_tcp(transaction_, request.unit, request.pdu, frame);
    EMS_ASSERT(size && "the PDU was checked when it was queued");
    auto timer = std::make_unique<asio::steady_timer>(executor_, to_chrono(request.timeout));
    timer->async_wait([self = shared_from_this(), epoch = epoch_,
                       transaction = transaction_](const std::error_code& cancelled) {
      if (!cancelled && self->epoch_ == epoch) self->timed_out(transaction);
    });
    in_flight_.emplace(transaction_, InFlight{std::move(request), std::move(timer)});
    written(writer_.put(Bytes{frame}.first(*size)));
  }
  void written(TcpWriter::Sent sent) {
    if (sent == TcpWriter::Sent::all) return;
    if (sent == TcpWriter::Sent::broken) {  // Not from within: the caller goes through a queue.
      return asio::post(executor_, [self = shared_from_this(), epoch = epoch_] {
        if (self->epoch_ == epoch) self->lost("the peer takes no bytes");
      });
    }
    if (std::exchange(waiting_to_write_, true)) return;
    socket_.async_wait(tcp::socket::wait_write,
                       [self = shared_from_this(), epoch = epoch_](const std::error_code& error) {
                         if (self->epoch_ != epoch) return;
                         self->waiting_to_write_ = false;
                         if (error) return self->lost(error.message());
                         self->written(self->writer_.flush());
                       });
  }
  void timed_out(std::uint16_t transaction) {
    const auto at = in_flight_.find(transaction);
    if (at == in_flight_.end()) return;
    complete(at, fail(Errc::timeout, 0, "modbus TCP: no answer in time"));
    if (++silent_timeouts_ >= kSilentTimeoutsMax) return lost("silent: no answer to anything");
    dispatch();
  }
  void complete(std::map<std::uint16_t, InFlight>::iterator at, Result<ModbusResponse> result) {
    InFlight flight = std::move(at->second);
    in_flight_.erase(at);
    flight.timer->cancel();
    const std::optional<Error> error = result ? std::nullopt : std::optional<Error>{result.error()};
    detail::judge(breakers_[flight.request.unit], error, clock_.now());
    detail::count(counters_, error);
    finish(std::move(flight.request.callback), std::move(result));
  }

  // ---- answers ----
  void read() {
    socket_.async_read_some(
        asio::buffer(chunk_), [self = shared_from_this(), epoch = epoch_](
                                  const std::error_code& error, std::size_t size) {
          if (self->epoch_ != epoch) return;
          if (error) return self->lost(error.message());
          const auto end = self->chunk_.begin() + static_cast<std::ptrdiff_t>(size);
          self->received_.insert(self->received_.end(), self->chunk_.begin(), end);
          self->take_frames();
          if (self->epoch_ != epoch) return;
          self->dispatch();
          self->read();
        });
  }
  void take_frames() {
    std::size_t used = 0;
    while (used < received_.size()) {
      const Bytes rest = Bytes{received_}.subspan(used);
      const FrameScan found = modbus::scan_tcp(rest);
      // TCP loses nothing: noise means that the peer and we no longer agree where frames begin.
      if (found.noise > 0) return lost("the peer sent what is no Modbus TCP frame");
      if (found.size == 0) break;
      used += found.size;
      const auto frame = modbus::decode_tcp(rest.first(found.size));
      EMS_ASSERT(frame && "a scanned frame decodes");
      answered(*frame);
    }
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(used));
  }
  void answered(const modbus::TcpFrame& frame) {
    silent_timeouts_ = 0;
    const auto at = in_flight_.find(frame.transaction);
    if (at == in_flight_.end()) {
      ++counters_.late_answers;  // Its request timed out, or the peer invented it.
      return;
    }
    const Waiting& request = at->second.request;
    if (frame.unit != request.unit) {
      return complete(at, fail(Errc::header, 6, "modbus TCP: another unit answered"));
    }
    const Result<void> checked = detail::check_answer(request.pdu, frame.pdu);
    if (!checked) return complete(at, fail(checked.error()));
    complete(at, ModbusResponse(frame.pdu.begin(), frame.pdu.end()));
  }

  using FrameScan = protocol::FrameScan;
  asio::any_io_executor executor_;
  ModbusTcpOptions options_;
  std::string name_;
  std::string last_error_;
  SystemClock clock_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;  // Of the connect attempt, or of the pause before the next.
  std::mt19937_64 random_;
  std::uint64_t epoch_ = 0;
  bool alive_ = true;
  bool closed_ = false;
  bool connected_ = false;
  bool attempted_ = false;
  bool waiting_to_write_ = false;
  int failures_ = 0;
  int silent_timeouts_ = 0;
  std::uint16_t transaction_ = 0;
  detail::WaitingQueue queue_;
  std::map<std::uint16_t, InFlight> in_flight_;
  std::map<std::uint8_t, modbus::CircuitBreaker> breakers_;
  TcpWriter writer_;
  std::uint64_t stops_seen_ = 0;
  std::vector<std::byte> received_;
  std::array<std::byte, 2048> chunk_{};
  ModbusCounters counters_;
};

class TcpMaster final : public ModbusMaster {
 public:
  TcpMaster(asio::any_io_executor executor, ModbusTcpOptions options)
      : core_(std::make_shared<TcpMasterCore>(std::move(executor), std::move(options))) {
    core_->start();
  }
  ~TcpMaster() override { core_->abandon(); }
  TcpMaster(const TcpMaster&) = delete;
  TcpMaster& operator=(const TcpMaster&) = delete;

  void transact(const ModbusRequest& request, ModbusCallback callback) override {
    core_->transact(request, std::move(callback));
  }
  void close() override { core_->close(); }
  [[nodiscard]] bool connected() const override { return core_->connected(); }
  [[nodiscard]] std::string last_error() const override { return core_->last_error(); }
  [[nodiscard]] ModbusCounters counters() const override { return core_->counters(); }
  [[nodiscard]] std::string_view name() const override { return core_->name(); }

  void set_stop(const StopPlan& plan) override { core_->writer().set_stop(plan); }
  [[nodiscard]] std::uint64_t stops() const noexcept override { return core_->writer().stops(); }
  void begin_stop() noexcept override { core_->writer().begin_stop(); }
  [[nodiscard]] bool advance_stop() noexcept override { return core_->writer().advance_stop(); }
  void end_stop() noexcept override { core_->writer().end_stop(); }

 private:
  std::shared_ptr<TcpMasterCore> core_;
};

}  // namespace

std::unique_ptr<ModbusMaster> make_modbus_tcp_master(asio::any_io_executor executor,
                                                     ModbusTcpOptions options) {
  return std::make_unique<TcpMaster>(std::move(executor), std::move(options));
}

}  // namespace ems::io
