// SPDX-License-Identifier: Apache-2.0
#include <modbus.h>
#include <pthread.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "ems/io/clock.hpp"
#include "ems/io/link/modbus_master.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "io/link/modbus_exchange.hpp"
#include "io/link/serial_port.hpp"

namespace ems::io {
namespace {

using detail::Waiting;
using SteadyTime = std::chrono::steady_clock::time_point;
namespace modbus = protocol::modbus;

constexpr std::uint8_t kUnitMin = 1;
constexpr std::uint8_t kUnitMax = 247;
constexpr std::int64_t kMicros = 1'000'000;
// MODBUS over Serial Line V1.02, 2.5.1.1: 3.5 characters of 11 bits, and 1.75 ms above 19200 baud.
constexpr std::int64_t kSilenceBits = 39;
constexpr std::int64_t kSilenceFast = 1'750;
constexpr int kSilenceFastAbove = 19'200;

std::chrono::microseconds frame_gap(int baud) {
  if (baud > kSilenceFastAbove || baud <= 0) return std::chrono::microseconds(kSilenceFast);
  return std::chrono::microseconds(kSilenceBits * kMicros / baud);
}

// errno after a failed libmodbus call, as our codes.
Failure failure_of(int error_number) {
  switch (error_number) {
    case ETIMEDOUT:
      return fail(Errc::timeout, 0, "modbus RTU: no answer in time");
    case EMBBADCRC:
      return fail(Errc::checksum, 0, "modbus RTU: CRC of the answer");
    case EMBBADDATA:
    case EMBMDATA:
      return fail(Errc::length, 0, "modbus RTU: the answer is too long");
    case EMBBADSLAVE:
    case EMBBADEXC:
      return fail(Errc::header, 0, "modbus RTU: not an answer to this request");
    default:  // EIO, EBADF, ENXIO, ECONNRESET ...: the line itself is gone.
      return fail(Errc::unavailable, 0, "modbus RTU: line lost");
  }
}

/// One libmodbus context; used by the line's thread only.
class RtuLine {
 public:
  explicit RtuLine(ModbusRtuOptions options) : options_(std::move(options)) {}
  ~RtuLine() { close(); }
  RtuLine(const RtuLine&) = delete;
  RtuLine& operator=(const RtuLine&) = delete;

  [[nodiscard]] bool is_open() const { return context_ != nullptr; }
  /// Opens, if the last attempt is long enough ago. @return why not; empty: open.
  [[nodiscard]] std::string open() {
    if (SteadyTime::clock::now() < retry_at_) return error_;
    retry_at_ = SteadyTime::clock::now() + std::chrono::microseconds(options_.reopen_every.count());
    error_ = try_open();
    if (!error_.empty()) close();
    return error_;
  }
  void close() {
    if (context_ == nullptr) return;
    ::modbus_close(context_);
    ::modbus_free(context_);
    context_ = nullptr;
  }

  /// Request and answer on the open line. `late` counts stale bytes that lay on it before.
  [[nodiscard]] Result<ModbusResponse> exchange(const Waiting& request, std::uint64_t& late) {
    std::this_thread::sleep_until(quiet_at_);
    late += ::modbus_flush(context_) > 0 ? 1U : 0U;
    std::vector<std::uint8_t> raw{request.unit};
    for (const std::byte b : request.pdu) raw.push_back(std::to_integer<std::uint8_t>(b));
    const std::int64_t timeout = request.timeout.count();
    ::modbus_set_slave(context_, request.unit);
    ::modbus_set_response_timeout(context_, static_cast<std::uint32_t>(timeout / kMicros),
                                  static_cast<std::uint32_t>(timeout % kMicros));
    std::array<std::uint8_t, MODBUS_RTU_MAX_ADU_LENGTH> answer{};
    int size = ::modbus_send_raw_request(context_, raw.data(), static_cast<int>(raw.size()));
    if (size >= 0) size = ::modbus_receive_confirmation(context_, answer.data());
    const int error_number = errno;
    quiet_at_ = SteadyTime::clock::now() + frame_gap(options_.baud);
    if (size < 0) return failure_of(error_number);
    if (size < static_cast<int>(modbus::kRtuOverhead) + 1 || answer[0] != request.unit) {
      return fail(Errc::header, 0, "modbus RTU: another unit answered");  // libmodbus: size 0.
    }
    const auto pdu = std::as_bytes(std::span{answer})
                         .subspan(1, static_cast<std::size_t>(size) - modbus::kRtuOverhead);
    const Result<void> checked = detail::check_answer(request.pdu, pdu);
    if (!checked) return fail(checked.error());
    return ModbusResponse(pdu.begin(), pdu.end());
  }

 private:
  std::string try_open() {
    if (!detail::is_standard_baud(options_.baud)) {
      return options_.device + ": " + std::to_string(options_.baud) +
             " is not a standard baud rate";
    }
    context_ = ::modbus_new_rtu(options_.device.c_str(), options_.baud, options_.parity, 8,
                                options_.stop_bits);
    if (context_ == nullptr) return options_.device + ": not a device name";
    if (::modbus_connect(context_) != 0) {
      return detail::system_error(options_.device, errno).message;
    }
    if (auto taken = detail::lock_line(::modbus_get_socket(context_), options_.device)) {
      return taken->message;
    }
    ::modbus_set_byte_timeout(context_, 0,
                              0);  // The response timeout then bounds the whole answer.
    return {};
  }

  ModbusRtuOptions options_;
  modbus_t* context_ = nullptr;
  std::string error_;
  SteadyTime retry_at_{};
  SteadyTime quiet_at_{};  // The line has been silent long enough from here on.
};

class RtuMaster final : public ModbusMaster {
 public:
  RtuMaster(asio::any_io_executor executor, ModbusRtuOptions options)
      : executor_(std::move(executor)),
        name_("modbus-rtu://" + options.device),
        line_(std::move(options)),
        thread_([this] { run(); }) {}
  ~RtuMaster() override {
    alive_->store(false);
    close();
    thread_.join();  // Longest wait: the timeout of the request on the line.
  }
  RtuMaster(const RtuMaster&) = delete;
  RtuMaster& operator=(const RtuMaster&) = delete;

  void transact(const ModbusRequest& request, ModbusCallback callback) override {
    const std::lock_guard lock(mutex_);
    ++counters_.requests;
    if (closed_) return refuse(std::move(callback), fail(Errc::cancelled, 0, "modbus: closed"));
    Result<Waiting> made = detail::make_waiting(request, callback, kUnitMin, kUnitMax);
    if (!made) return refuse(std::move(callback), fail(made.error()));
    Waiting waiting = std::move(*made);
    // Tracked, so that run() of the executor does not end while the line's thread has an answer.
    waiting.callback = [callback = std::move(waiting.callback),
                        work = asio::make_work_guard(executor_)](Result<ModbusResponse> result) {
      if (callback) callback(std::move(result));
    };
    if (waiting.urgent) {
      for (Waiting& overtaken : queue_.take_writes(waiting.unit)) {
        refuse(std::move(overtaken.callback),
               fail(Errc::cancelled, 0, "modbus RTU: an urgent request took its place"));
      }
    }
    if (!queue_.push(std::move(waiting))) {
      return refuse(std::move(waiting.callback),
                    fail(Errc::resource_exhausted, 0, "modbus RTU: queue is full"));
    }
    wake_.notify_one();
  }
  void close() override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    for (Waiting& waiting : queue_.take_all()) {
      refuse(std::move(waiting.callback), fail(Errc::cancelled, 0, "modbus: closed"));
    }
    wake_.notify_one();
  }
  [[nodiscard]] bool connected() const override {
    const std::lock_guard lock(mutex_);
    return open_;
  }
  [[nodiscard]] std::string last_error() const override {
    const std::lock_guard lock(mutex_);
    return last_error_;
  }
  [[nodiscard]] ModbusCounters counters() const override {
    const std::lock_guard lock(mutex_);
    return counters_;
  }
  [[nodiscard]] std::string_view name() const override { return name_; }

  void set_stop(const StopPlan& plan) override {
    StopPlan made = plan;
    if (made.timeout <= Duration{}) made.timeout = kModbusReplyTimeout;
    const std::lock_guard lock(stop_mutex_);
    for (StopPlan& known : stop_plans_) {
      if (known.unit == plan.unit) return std::swap(known, made);
    }
    stop_plans_.push_back(std::move(made));
  }
  [[nodiscard]] std::uint64_t stops() const noexcept override { return stops_.load(); }
  // The line's thread sends; it is asked through an atomic, and woken without its mutex: a wake-up
  // that is lost is made up for by the next.
  void begin_stop() noexcept override {
    stop_wanted_ = true;
    wake_.notify_one();
  }
  [[nodiscard]] bool advance_stop() noexcept override {
    wake_.notify_one();
    return !stop_wanted_;
  }
  void end_stop() noexcept override { stop_wanted_ = false; }

 private:
  void finish(ModbusCallback callback, Result<ModbusResponse> result) {
    asio::post(executor_, [alive = alive_, callback = std::move(callback),
                           result = std::move(result)]() mutable {
      if (alive->load() && callback) callback(std::move(result));
    });
  }
  // With mutex_ held.
  void refuse(ModbusCallback callback, Failure why) {
    detail::count(counters_, why.error);
    finish(std::move(callback), why);
  }

  // ---- the line's thread ----
  void run() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // Signals are the main thread's.
    while (has_work()) {
      if (stop_wanted_) {
        stop_units();
        continue;
      }
      auto request = next();
      if (!request) continue;
      if (!ensure_open()) {
        ended(std::move(*request),
              fail(Errc::unavailable, 0, "modbus RTU: the line cannot be opened"));
        continue;
      }
      std::uint64_t late = 0;
      Result<ModbusResponse> result = line_.exchange(*request, late);
      if (!result && result.error().code == Errc::unavailable) lose_line();
      {
        const std::lock_guard lock(mutex_);
        counters_.late_answers += late;
      }
      ended(std::move(*request), std::move(result));
    }
  }
  /// Waits for something to do. @return false: the end.
  bool has_work() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return closed_ || stop_wanted_ || !queue_.empty(); });
    return !closed_;
  }
  std::optional<Waiting> next() {
    const std::lock_guard lock(mutex_);
    auto request = queue_.pop([](std::uint8_t) { return true; });
    if (!request || breakers_[request->unit].allow(clock_.now()) || request->urgent) {
      return request;
    }
    ++counters_.circuit_open;
    finish(std::move(request->callback),
           fail(Errc::unavailable, 0, "modbus: the unit's circuit is open"));
    return std::nullopt;
  }
  /// What the strand wanted before a stop is void.
  void drop_superseded() {
    const std::lock_guard lock(mutex_);
    for (Waiting& waiting : queue_.take_all()) {
      refuse(std::move(waiting.callback),
             fail(Errc::cancelled, 0, "modbus RTU: the watchdog stopped the device meanwhile"));
    }
  }
  /// The stop of every unit, step by step. What a unit answers changes nothing: the watchdog asks
  /// again as long as the strand hangs.
  void stop_units() {
    drop_superseded();
    std::vector<StopPlan> plans;
    std::size_t steps = 0;
    {
      const std::lock_guard lock(stop_mutex_);
      plans = stop_plans_;
    }
    for (const StopPlan& plan : plans) steps = std::max(steps, plan.pdus.size());
    const bool open = steps > 0 && ensure_open();
    if (open) ++stops_;
    for (std::size_t step = 0; open && step < steps; ++step) {
      for (const StopPlan& plan : plans) {
        if (step >= plan.pdus.size()) continue;
        std::uint64_t late = 0;
        const Result<ModbusResponse> answer =
            line_.exchange({plan.unit, true, plan.timeout, plan.pdus[step], {}}, late);
        if (answer || answer.error().code != Errc::unavailable) continue;
        lose_line();
        stop_wanted_ = false;
        return;
      }
    }
    stop_wanted_ = false;
  }
  bool ensure_open() {
    if (line_.is_open()) return true;
    const std::string error = line_.open();
    const std::lock_guard lock(mutex_);
    open_ = error.empty();
    last_error_ = error;
    ++(open_ ? counters_.connects : counters_.disconnects);
    return open_;
  }
  void lose_line() {
    line_.close();
    const std::lock_guard lock(mutex_);
    open_ = false;
    last_error_ = name_ + ": line lost";
    ++counters_.disconnects;
  }
  void ended(Waiting request, Result<ModbusResponse> result) {
    const std::lock_guard lock(mutex_);
    const std::optional<Error> error = result ? std::nullopt : std::optional<Error>{result.error()};
    detail::judge(breakers_[request.unit], error, clock_.now());
    detail::count(counters_, error);
    finish(std::move(request.callback), std::move(result));
  }

  asio::any_io_executor executor_;
  std::string name_;
  SystemClock clock_;
  RtuLine line_;  // The thread's, after construction.
  std::shared_ptr<std::atomic<bool>> alive_ = std::make_shared<std::atomic<bool>>(true);

  std::atomic<bool> stop_wanted_{false};
  std::atomic<std::uint64_t> stops_{0};
  std::mutex stop_mutex_;  // Guards stop_plans_; never held with mutex_.
  std::vector<StopPlan> stop_plans_;

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable wake_;
  bool closed_ = false;
  bool open_ = false;
  std::string last_error_;
  detail::WaitingQueue queue_;
  std::map<std::uint8_t, modbus::CircuitBreaker> breakers_;
  ModbusCounters counters_;

  std::thread thread_;  // Last: starts when all else is there.
};

}  // namespace

std::unique_ptr<ModbusMaster> make_modbus_rtu_master(asio::any_io_executor executor,
                                                     ModbusRtuOptions options) {
  return std::make_unique<RtuMaster>(std::move(executor), std::move(options));
}

}  // namespace ems::io
