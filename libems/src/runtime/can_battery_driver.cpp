// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/can_battery_driver.hpp"

#include <spdlog/spdlog.h>

namespace ems::runtime {

CanBatteryDriver::CanBatteryDriver(const DriverWiring& wiring, AssetId asset,
                                   std::unique_ptr<io::CanLink> link,
                                   const protocol::CanCodec& codec,
                                   const protocol::CodecOptions& options, bool listen_only)
    : wiring_(wiring),
      asset_(asset),
      link_(std::move(link)),
      codec_(*codec.with(options, room_).value()),
      listener_(codec_, listen_only),
      keeper_(wiring, asset,
              [this] { link_->open([this](const io::LinkError* error) { opened(error); }); }),
      stale_after_(codec_.quiet_after()),
      wake_(wiring.executor) {
  link_->on_receive([this](const protocol::CanFrame& frame) { received(frame); });
  link_->on_down([this](const io::LinkError& error) { lost(error); });
}

CanBatteryDriver::~CanBatteryDriver() { CanBatteryDriver::stop(); }

void CanBatteryDriver::start() { keeper_.start(link_->name()); }

void CanBatteryDriver::stop() {
  keeper_.stop();
  wake_.cancel();
  link_->close();
}

void CanBatteryDriver::opened(const io::LinkError* error) {
  if (!keeper_.opened(error)) return;
  listener_.link_up(wiring_.clock.now());
  pump();
}

void CanBatteryDriver::lost(const io::LinkError& error) {
  listener_.link_down(wiring_.clock.now());
  keeper_.lost(error);
  keeper_.report(listener_.health(), listener_.last_error());
  wake_.cancel();
}

void CanBatteryDriver::received(const protocol::CanFrame& frame) {
  const Instant now = wiring_.clock.now();
  AssetSink sink(wiring_.image, asset_, now, stale_after_);
  listener_.receive(frame, now, sink);
  pump();
}

void CanBatteryDriver::pump() {
  if (!keeper_.running() || !link_->is_open()) return;
  const Instant now = wiring_.clock.now();
  const protocol::CanAction action = listener_.next(now);
  keeper_.report(listener_.health(), listener_.last_error());
  if (action.frame) {
    const Result<void> written = link_->write(*action.frame);
    if (!written) {  // It is due again in its own time.
      wiring_.log.warn("event=link_write_failed asset={} what=\"{}\" code={}",
                       to_name(asset_).view(), action.what, to_string(written.error().code));
    }
  }
  wake_.expires_after(wait_of(action.wake_at - now));
  wake_.async_wait([this](const std::error_code& error) {
    if (!error) pump();
  });
}

LinkStatus CanBatteryDriver::status() const {
  const protocol::CanListenerCounters& counters = listener_.counters();
  const auto last = listener_.last_error();
  const io::CanLinkCounters on_link = link_->counters();
  LinkStatus status;
  status.asset = asset_;
  status.link = std::string(link_->name());
  status.online = listener_.health() == protocol::LinkHealth::online;
  status.requests = counters.sent;
  status.timeouts = counters.silences;
  status.errors = counters.errors + on_link.refused + on_link.unsent;
  if (!keeper_.error().empty()) {
    status.last_error = keeper_.error();
  } else if (!status.online && last) {
    status.last_error = std::string(to_string(last->code)) + ": " + last->what;
  }
  return status;
}

}  // namespace ems::runtime
