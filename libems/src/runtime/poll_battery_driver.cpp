// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/poll_battery_driver.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "ems/model/module_totals.hpp"

namespace ems::runtime {
namespace {

const protocol::PollCodec& configured(const protocol::PollCodec& codec,
                                      const protocol::CodecOptions& options,
                                      protocol::CodecRoom& room) {
  const Result<const protocol::PollCodec*> made = codec.with(options, room);
  EMS_ASSERT(made.has_value() && "options that the site file's check should have refused");
  return **made;
}

/// Gives the readings on, and those of the module that has answered to its orders.
class OrderSink final : public ReadingSink {
 public:
  OrderSink(ReadingSink& sink, BatteryOrders& orders, std::size_t turn) noexcept
      : sink_(sink), orders_(orders), turn_(turn) {}

  void reading(const Reading& reading) override {
    // A module that the codec itself names is a part of what answers, not the whole.
    if (reading.module == 0 || reading.module == turn_ + 1) {
      orders_.heard(turn_, reading);
    }
    sink_.reading(reading);
  }
  void text(TextField field, std::string_view text, std::uint8_t module) override {
    sink_.text(field, text, module);
  }
  void acknowledged() override { sink_.acknowledged(); }
  void missing(Signal signal, std::uint16_t element, std::uint8_t module) override {
    sink_.missing(signal, element, module);
  }
  void element_count(Signal signal, std::uint16_t count, std::uint8_t module) override {
    sink_.element_count(signal, count, module);
  }
  void vendor_value(std::string_view name, std::int64_t value) override {
    sink_.vendor_value(name, value);
  }

 private:
  ReadingSink& sink_;
  BatteryOrders& orders_;
  std::size_t turn_;
};

}  // namespace

/// One module: the codec with its options, and the conversation.
struct PollBatteryDriver::Module {
  Module(const protocol::PollCodec& codec, const protocol::CodecOptions& options,
         const protocol::PollerSettings& settings)
      : poller(configured(codec, options, room), settings) {}
  protocol::CodecRoom room;
  protocol::Poller poller;
};

PollBatteryDriver::PollBatteryDriver(const DriverWiring& wiring, AssetId asset,
                                     std::unique_ptr<io::ByteLink> link,
                                     const protocol::PollCodec& codec,
                                     const std::vector<protocol::CodecOptions>& modules,
                                     const protocol::PollerSettings& settings)
    : wiring_(wiring),
      asset_(asset),
      link_(std::move(link)),
      modules_([&] {
        std::vector<std::unique_ptr<Module>> made;
        for (const protocol::CodecOptions& options : modules) {
          made.push_back(std::make_unique<Module>(codec, options, settings));
        }
        return made;
      }()),
      pollers_([&] {
        std::vector<protocol::Poller*> all;
        for (const std::unique_ptr<Module>& module : modules_) all.push_back(&module->poller);
        return all;
      }()),
      bus_(pollers_),
      orders_(pollers_),
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
  bus_.link_up(wiring_.clock.now());
  pump();
}

void PollBatteryDriver::lost(const io::LinkError& error) {
  bus_.link_down(wiring_.clock.now());
  static_cast<void>(orders_.advance(wiring_.clock.now()));  // They hear of it; nothing can be sent.
  keeper_.lost(error);
  report();
  wake_.cancel();
}

void PollBatteryDriver::received(Bytes bytes) {
  const Instant now = wiring_.clock.now();
  AssetSink image(wiring_.image, asset_, now, stale_after_);
  OrderSink sink(image, orders_, bus_.turn());
  bus_.receive(bytes, now, sink);
  if (modules_.size() > 1) publish_totals(now);
  pump();
}

void PollBatteryDriver::publish_totals(Instant now) {
  const auto modules = static_cast<std::uint8_t>(modules_.size());
  for (const PointSample& total : module_totals(wiring_.image.image(), asset_, modules, now)) {
    wiring_.image.set(total.point, total.value, total.taken_at, total.quality, stale_after_);
  }
}

/// The newest reason is that of the module whose turn it is, or of the first that is not online.
std::optional<Error> PollBatteryDriver::last_error() const {
  for (const protocol::Poller* poller : pollers_) {
    if (poller->health() != protocol::LinkHealth::online) return poller->last_error();
  }
  return pollers_[bus_.turn()]->last_error();
}

void PollBatteryDriver::report() { keeper_.report(bus_.health(), last_error()); }

void PollBatteryDriver::pump() {
  if (!keeper_.running() || !link_->is_open()) return;
  const Instant now = wiring_.clock.now();
  std::array<std::byte, protocol::kRequestSize> request{};
  const Instant orders_at = orders_.advance(now);
  const protocol::PollerAction action = bus_.next(now, request);
  report();
  if (action.size > 0) {
    const Result<void> written = link_->write(Bytes(request).first(action.size));
    if (!written) {
      // Not written is not answered: the poller's own timeout repeats it.
      wiring_.log.warn("event=link_write_failed asset={} what=\"{}\" code={}",
                       to_name(asset_).view(), action.what, to_string(written.error().code));
    }
  }
  wake_.expires_after(wait_of(std::min(action.wake_at, orders_at) - now));
  wake_.async_wait([this](const std::error_code& error) {
    if (!error) pump();
  });
}

Result<void> PollBatteryDriver::order(const protocol::BatteryCommand& command, Duration wait) {
  const Result<void> given = orders_.give(command, wiring_.clock.now(), wait);
  if (given) pump();
  return given;
}

LinkStatus PollBatteryDriver::status() const {
  const std::optional<Error> last = last_error();
  LinkStatus status;
  status.asset = asset_;
  status.link = std::string(link_->name());
  status.online = bus_.health() == protocol::LinkHealth::online;
  for (const protocol::Poller* poller : pollers_) {
    const protocol::PollerCounters& counters = poller->counters();
    status.requests += counters.requests;
    status.timeouts += counters.timeouts;
    status.errors +=
        std::uint64_t{counters.checksum_errors} + counters.device_errors + counters.other_errors;
  }
  if (!keeper_.error().empty()) {
    status.last_error = keeper_.error();
  } else if (!status.online && last) {
    status.last_error = std::string(to_string(last->code)) + ": " + last->what;
  }
  return status;
}

}  // namespace ems::runtime
