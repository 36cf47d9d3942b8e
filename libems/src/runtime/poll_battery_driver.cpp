// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/poll_battery_driver.hpp"

#include <spdlog/spdlog.h>

#include <array>

namespace ems::runtime {

PollBatteryDriver::PollBatteryDriver(const DriverWiring& wiring, AssetId asset,
                                     std::unique_ptr<io::ByteLink> link,
                                     const protocol::PollCodec& codec,
                                     const protocol::PollerSettings& settings)
    : wiring_(wiring),
      asset_(asset),
      link_(std::move(link)),
      poller_(codec, settings),
      keeper_(wiring, asset,
              [this] { link_->open([this](const io::LinkError* error) { opened(error); }); }),
      stale_after_(stale_after(settings.period)),
      wake_(wiring.executor) {
  link_->on_receive([this](Bytes bytes) { received(bytes); });
  link_->on_down([this](const io::LinkError& error) { lost(error); });
}

PollBatteryDriver::~PollBatteryDriver() { PollBatteryDriver::stop(); }

void PollBatteryDriver::start() { keeper_.start(link_->name()); }

void PollBatteryDriver::stop() {
  keeper_.stop();
  wake_.cancel();
  link_->close();
}

void PollBatteryDriver::opened(const io::LinkError* error) {
  if (!keeper_.opened(error)) return;
  poller_.link_up(wiring_.clock.now());
  pump();
}

void PollBatteryDriver::lost(const io::LinkError& error) {
  poller_.link_down(wiring_.clock.now());
  keeper_.lost(error);
  keeper_.report(poller_.health(), poller_.last_error());
  wake_.cancel();
}

void PollBatteryDriver::received(Bytes bytes) {
  const Instant now = wiring_.clock.now();
  AssetSink sink(wiring_.image, asset_, now, stale_after_);
  poller_.receive(bytes, now, sink);
  pump();
}

void PollBatteryDriver::pump() {
  if (!keeper_.running() || !link_->is_open()) return;
  const Instant now = wiring_.clock.now();
  std::array<std::byte, protocol::kRequestSize> request{};
  const protocol::PollerAction action = poller_.next(now, request);
  keeper_.report(poller_.health(), poller_.last_error());
  if (action.size > 0) {
    const Result<void> written = link_->write(Bytes(request).first(action.size));
    if (!written) {
      // Not written is not answered: the poller's own timeout repeats it.
      wiring_.log.warn("event=link_write_failed asset={} what=\"{}\" code={}",
                       to_name(asset_).view(), action.what, to_string(written.error().code));
    }
  }
  wake_.expires_after(wait_of(action.wake_at - now));
  wake_.async_wait([this](const std::error_code& error) {
    if (!error) pump();
  });
}

LinkStatus PollBatteryDriver::status() const {
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
  if (!keeper_.error().empty()) {
    status.last_error = keeper_.error();
  } else if (!status.online && last) {
    status.last_error = std::string(to_string(last->code)) + ": " + last->what;
  }
  return status;
}

}  // namespace ems::runtime
