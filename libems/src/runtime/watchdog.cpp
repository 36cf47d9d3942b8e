// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/watchdog.hpp"

#include <pthread.h>

#include <chrono>
#include <csignal>
#include <utility>

#include "ems/io/realtime.hpp"

namespace ems::runtime {
namespace {

/// Ten times as often as it needs.
constexpr Duration kDevicePeriod = seconds(1);

}  // namespace

Watchdog::Watchdog(const Clock& clock, WatchdogSettings settings)
    : clock_(clock),
      settings_(std::move(settings)),
      silence_(io::watchdog_silence(settings_.tick)) {
  pet();
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::start(std::optional<io::WatchdogDevice> device) {
  device_ = std::move(device);
  pet();
  thread_ = std::thread([this] { run(); });
}

void Watchdog::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (device_) device_ok_ = device_->disarm().has_value();
  device_.reset();
}

bool Watchdog::expired() const noexcept {
  return clock_.now() - Instant{microseconds(petted_.load())} >= silence_;
}

std::uint64_t Watchdog::stops() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& link : settings_.links) sum += link->stops();
  return sum;
}

void Watchdog::run() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);               // Signals are the main thread's.
  (void)::pthread_setname_np(::pthread_self(), "watchdog");  // For people who look.
  // The control thread says why when it is refused: both may, or neither.
  if (settings_.realtime) (void)io::enter_realtime(io::kWatchdogPriority);
  std::unique_lock lock(mutex_);
  while (!ending_) {
    lock.unlock();
    watch(clock_.now());
    lock.lock();
    const Duration pause = sending_ ? min_of(io::kStopPause, settings_.tick) : settings_.tick;
    wake_.wait_for(lock, std::chrono::microseconds(pause.count()), [this] { return ending_; });
  }
}

void Watchdog::watch(Instant now) {
  const Instant petted{microseconds(petted_.load())};
  if (now - petted < silence_) {  // As expired(), at the moment that `now` is.
    if (std::exchange(acting_, false)) {
      for (const auto& link : settings_.links) link->end_stop();
    }
    sending_ = false;
    return pet_device(now);
  }
  if (!acting_ || now >= next_stop_) {
    if (!acting_) ++hangs_;
    acting_ = sending_ = true;
    next_stop_ = now + silence_;
    for (const auto& link : settings_.links) link->begin_stop();
  }
  if (!sending_) return;
  sending_ = false;
  for (const auto& link : settings_.links) {
    if (!link->advance_stop()) sending_ = true;
  }
}

void Watchdog::pet_device(Instant now) {
  if (!device_ || now < next_device_) return;
  next_device_ = now + kDevicePeriod;
  device_ok_ = device_->pet().has_value();
}

}  // namespace ems::runtime
