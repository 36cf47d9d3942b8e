// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/uplink_client.hpp"

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "rpc/uplink_session.hpp"

namespace ems::rpc {

class UplinkClient::Impl {
 public:
  Impl(UplinkOptions options, runtime::UplinkSource& source, CommandHandler handler,
       const Clock& clock, RandomSource random, spdlog::logger& logger)
      : backoff_(options.backoff_min, options.backoff_max, random),
        shared_(std::move(options), source, std::move(handler), clock, logger) {
    for (std::size_t at = 0; at < shared_.instance.size(); at += sizeof(std::uint64_t)) {
      const std::uint64_t number = random();
      std::memcpy(&shared_.instance[at], &number, sizeof number);
    }
  }

  void start() {
    if (thread_.joinable()) return;
    thread_ = std::thread{[this] { run(); }};
  }

  void stop() {
    {
      const std::scoped_lock lock{shared_.mutex};
      shared_.stopping = true;
      if (shared_.context != nullptr) shared_.context->TryCancel();
      shared_.changed.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

  void notify() {
    const std::scoped_lock lock{shared_.mutex};
    shared_.notified = true;
    shared_.changed.notify_all();
  }

  void publish(LiveValues values) {
    const std::scoped_lock lock{shared_.mutex};
    if (shared_.state != runtime::UplinkState::online) {
      ++shared_.counters.live_dropped;
      return;
    }
    if (shared_.live) ++shared_.counters.live_dropped;
    shared_.live = std::move(values);
    shared_.changed.notify_all();
  }

  void report(CommandStep step) {
    const std::scoped_lock lock{shared_.mutex};
    if (shared_.state != runtime::UplinkState::online || shared_.steps.size() >= kStepsMax) return;
    shared_.steps.push_back(std::move(step));
    shared_.changed.notify_all();
  }

  runtime::UplinkView view() {
    const std::scoped_lock lock{shared_.mutex};
    runtime::UplinkView view{shared_.state, shared_.options.address, shared_.last_error, attempts_,
                             std::nullopt};
    if (shared_.last_ack_at) view.last_ack_age = shared_.clock.now() - *shared_.last_ack_at;
    return view;
  }

  UplinkCounters counters() {
    const std::scoped_lock lock{shared_.mutex};
    return shared_.counters;
  }

 private:
  void run() {
    while (true) {
      {
        const std::scoped_lock lock{shared_.mutex};
        if (shared_.stopping) return;
        shared_.state = runtime::UplinkState::connecting;
        ++attempts_;
      }
      const std::uint64_t connects_before = counters().connects;
      UplinkSession session{shared_};
      const std::string why = session.run();
      if (session.progressed()) backoff_.reset();
      if (!wait(why, counters().connects != connects_before)) return;
    }
  }

  // Waits before the next attempt; false: stopping.
  bool wait(const std::string& why, bool was_online) {
    std::unique_lock lock{shared_.mutex};
    if (shared_.stopping) return false;
    const Duration pause = backoff_.next();
    if (was_online) attempts_ = 0;
    shared_.state = runtime::UplinkState::waiting;
    shared_.last_error = why;
    shared_.live.reset();
    ++shared_.counters.failures;
    shared_.logger.warn("uplink failed server={} attempt={} wait_ms={} why=\"{}\"",
                        shared_.options.address, backoff_.attempts(), pause.count() / 1000, why);
    return !shared_.changed.wait_for(lock, std::chrono::microseconds{pause.count()},
                                     [this] { return shared_.stopping; });
  }

  Backoff backoff_;
  std::uint64_t attempts_ = 0;  // Guarded by shared_.mutex.
  UplinkShared shared_;
  std::thread thread_;
};

UplinkClient::UplinkClient(UplinkOptions options, runtime::UplinkSource& source,
                           CommandHandler handler, const Clock& clock, RandomSource random,
                           spdlog::logger& logger)
    : impl_(std::make_unique<Impl>(std::move(options), source, std::move(handler), clock,
                                   std::move(random), logger)) {}
UplinkClient::~UplinkClient() { stop(); }
void UplinkClient::start() { impl_->start(); }
void UplinkClient::stop() { impl_->stop(); }
void UplinkClient::notify() { impl_->notify(); }
void UplinkClient::report(CommandStep step) { impl_->report(std::move(step)); }
void UplinkClient::publish(LiveValues values) { impl_->publish(std::move(values)); }
runtime::UplinkView UplinkClient::view() const { return impl_->view(); }
UplinkCounters UplinkClient::counters() const { return impl_->counters(); }

}  // namespace ems::rpc
