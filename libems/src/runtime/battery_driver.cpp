// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/battery_driver.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace ems::runtime {
namespace {

constexpr std::array kReopenWaits = {seconds(1), seconds(5), seconds(15), seconds(60)};

std::chrono::microseconds to_chrono(Duration duration) noexcept {
  return std::chrono::microseconds(std::max<std::int64_t>(duration.count(), 0));
}

}  // namespace

BatteryDriver::BatteryDriver(const DriverWiring& wiring, AssetId asset,
                             std::unique_ptr<io::ByteLink> link, const protocol::PollCodec& codec,
                             const protocol::PollerSettings& settings)
    : wiring_(wiring),
      asset_(asset),
      link_(std::move(link)),
      poller_(codec, settings),
      stale_after_(stale_after(settings.period)),
      wake_(wiring.executor),
      reopen_(wiring.executor) {
  link_->on_receive([this](Bytes bytes) { received(bytes); });
  link_->on_down([this](const io::LinkError& error) { lost(error); });
}

BatteryDriver::~BatteryDriver() { stop(); }

void BatteryDriver::start() {
  running_ = true;
  open();
}

void BatteryDriver::stop() {
  running_ = false;
  wake_.cancel();
  reopen_.cancel();
  link_->close();
}

void BatteryDriver::open() {
  link_->open([this](const io::LinkError* error) { opened(error); });
}

void BatteryDriver::opened(const io::LinkError* error) {
  if (!running_) return;
  if (error != nullptr) {
    if (link_error_ != error->message) {  // Once per cause, not once per attempt.
      wiring_.log.warn("event=link_open_failed asset={} link={} error=\"{}\"",
                       to_name(asset_).view(), link_->name(), error->message);
    }
    link_error_ = error->message;
    open_later();
    return;
  }
  open_failures_ = 0;
  link_error_.clear();
  poller_.link_up(wiring_.clock.now());
  pump();
}

void BatteryDriver::lost(const io::LinkError& error) {
  link_error_ = error.message;
  wiring_.log.warn("event=link_lost asset={} link={} error=\"{}\"", to_name(asset_).view(),
                   link_->name(), error.message);
  poller_.link_down(wiring_.clock.now());
  report_health();
  wake_.cancel();
  open_later();
}

void BatteryDriver::open_later() {
  if (!running_) return;
  const Duration wait = kReopenWaits[std::min(open_failures_, kReopenWaits.size() - 1)];
  ++open_failures_;
  reopen_.expires_after(to_chrono(wait));
  reopen_.async_wait([this](const std::error_code& error) {
    if (!error && running_) open();
  });
}

void BatteryDriver::received(Bytes bytes) {
  const Instant now = wiring_.clock.now();
  AssetSink sink(wiring_.image, asset_, now, stale_after_);
  poller_.receive(bytes, now, sink);
  pump();
}

void BatteryDriver::pump() {
  if (!running_ || !link_->is_open()) return;
  const Instant now = wiring_.clock.now();
  std::array<std::byte, protocol::kRequestSize> request{};
  const protocol::PollerAction action = poller_.next(now, request);
  report_health();
  if (action.size > 0) {
    const Result<void> written = link_->write(Bytes(request).first(action.size));
    if (!written) {
      // Not written is not answered: the poller's own timeout repeats it.
      wiring_.log.warn("event=link_write_failed asset={} what=\"{}\" code={}",
                       to_name(asset_).view(), action.what, to_string(written.error().code));
    }
  }
  wake_.expires_after(to_chrono(action.wake_at - now));
  wake_.async_wait([this](const std::error_code& error) {
    if (!error) pump();
  });
}

void BatteryDriver::report_health() {
  const protocol::LinkHealth health = poller_.health();
  if (health == reported_) return;
  reported_ = health;
  const auto last = poller_.last_error();
  wiring_.log.info("event=device_health asset={} health={} last_error={}", to_name(asset_).view(),
                   protocol::to_string(health), last ? to_string(last->code) : "none");
}

LinkStatus BatteryDriver::status() const {
  const protocol::PollerCounters& counters = poller_.counters();
  const auto last = poller_.last_error();
  LinkStatus status;
  status.asset = asset_;
  status.link = std::string(link_->name());
  status.online = poller_.health() == protocol::LinkHealth::online;
  status.requests = counters.requests;
  status.timeouts = counters.timeouts;
  status.errors =
      std::uint64_t{counters.checksum_errors} + counters.device_errors + counters.other_errors;
  if (!link_error_.empty()) {
    status.last_error = link_error_;
  } else if (!status.online && last) {
    status.last_error = std::string(to_string(last->code)) + ": " + last->what;
  }
  return status;
}

}  // namespace ems::runtime
