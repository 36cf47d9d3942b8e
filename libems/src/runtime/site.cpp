// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/site.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <utility>

#include "ems/io/dbc.hpp"
#include "ems/io/pack_loader.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "ems/runtime/can_battery_driver.hpp"
#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/latch_record.hpp"
#include "ems/runtime/poll_battery_driver.hpp"
#include "ems/telemetry/event_record.hpp"
#include "runtime/can_bus.hpp"

namespace ems::runtime {
namespace {

/// A decision is stored at least, and at most, this often.
constexpr Duration kDecisionPeriod = seconds(60);
constexpr Duration kDecisionPause = seconds(1);
/// Values that a tick computes are stale after this.
constexpr Duration kDerivedStaleAfter = seconds(2);

std::chrono::microseconds to_chrono(Duration duration) noexcept {
  return std::chrono::microseconds(duration > Duration::zero() ? duration.count() : 0);
}

std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// Watts below which a changed target is not written to the inverter and not stored as new.
Watt step_of(Watt rated) noexcept { return Watt{std::max(10, rated.count() / 200)}; }

bool stops(CommandKind kind) noexcept {
  return kind == CommandKind::stop || kind == CommandKind::open;
}

/// Watts below which a moved target is no news for the decision stream.
Watt deadband_of(Watt rated) noexcept { return Watt{std::max(50, rated.count() / 50)}; }

}  // namespace

safety::State load_safety_state(StoreWorker& store, const Clock& clock, spdlog::logger& log) {
  using Stored = std::optional<std::vector<std::byte>>;
  const Result<Stored> stored = store.call([](io::EdgeStore& edge) { return edge.get(kLatchKey); });
  if (!stored) {
    log.critical("event=latch_unreadable code={} error=\"{}\" state=tripped",
                 to_string(stored.error().code), stored.error().what);
    return safety::State::tripped_unreadable(clock.now());
  }
  if (!stored->has_value()) return {};
  const Result<safety::Latch> latch = decode_latch(**stored);
  if (!latch) {
    log.critical("event=latch_unreadable code={} error=\"{}\" state=tripped",
                 to_string(latch.error().code), latch.error().what);
    return safety::State::tripped_unreadable(clock.now());
  }
  if (!latch->empty()) log.warn("event=latch_restored trips={}", latch->size());
  return safety::State::restore_latch(*latch, clock.now());
}

Site::Site(SiteParts parts)
    : parts_(std::move(parts)),
      strand_(asio::make_strand(parts_.io)),
      loop_(parts_.control, parts_.safety),
      timer_(strand_),
      stop_timer_(strand_),
      tables_({parts_.config.policies.schedule_file, parts_.config.policies.plan_file,
               parts_.config.policies.price_file},
              parts_.log),
      mode_(parts_.config.autonomous_after, !parts_.config.servers.empty()) {}

Site::~Site() = default;

Result<std::unique_ptr<Site>> Site::create(SiteParts parts) {
  std::unique_ptr<Site> site(new Site(std::move(parts)));
  for (const io::BatteryConfig& config : site->parts_.config.batteries) {
    if (Result<void> added = site->add_battery(config); !added) return fail(added.error());
  }
  for (const io::InverterConfig& config : site->parts_.config.inverters) {
    if (Result<void> added = site->add_inverter(config); !added) return fail(added.error());
  }
  for (const io::MeterConfig& config : site->parts_.config.meters) {
    if (Result<void> added = site->add_meter(config); !added) return fail(added.error());
  }
  for (const io::SensorConfig& config : site->parts_.config.sensors) {
    if (Result<void> added = site->add_sensor(config); !added) return fail(added.error());
  }
  const Result<io::TimeZone> zone = io::TimeZone::load(site->parts_.config.timezone);
  if (!zone) return fail(zone.error());
  site->zone_ = *zone;
  WatchdogSettings watchdog;
  watchdog.tick = site->parts_.config.tick;
  watchdog.realtime = site->parts_.config.realtime;
  if (site->loop_.config().arming == safety::Arming::armed) {  // Disarmed: nothing is ever sent.
    for (const io::InverterConfig& config : site->parts_.config.inverters) {
      std::shared_ptr<io::StopPath> link = site->master_for(config.link);
      if (std::ranges::find(watchdog.links, link) == watchdog.links.end()) {
        watchdog.links.push_back(std::move(link));
      }
    }
  }
  site->watchdog_.emplace(site->parts_.clock, std::move(watchdog));
  return site;
}

namespace {

Result<const protocol::Codec*> codec_of(const io::BatteryConfig& config) {
  if (!config.described) return protocol::find_codec(config.protocol);
  if (config.described->battery == nullptr) {
    return fail(Errc::failed_precondition, config.id, "battery: its files were not read");
  }
  return &config.described->battery->codec();
}

}  // namespace

Result<void> Site::add_battery(const io::BatteryConfig& config) {
  const Result<const protocol::Codec*> codec = codec_of(config);
  if (!codec) return fail(codec.error());
  const DriverWiring wiring{strand_, parts_.clock, image_, *parts_.log};
  const protocol::CanCodec* can = protocol::as_can(**codec);
  if (auto bus = make_can_bus(wiring, config, can != nullptr ? can->bit_rate() : 0)) {
    if (can == nullptr) {
      return fail(Errc::invalid_argument, config.id, "battery: its protocol is not spoken on CAN");
    }
    const protocol::CodecOptions options = config.codec_options(1, std::nullopt);
    protocol::CodecRoom room;
    const Result<const protocol::CanCodec*> made = can->with(options, room);
    if (!made) return fail(made.error().code, config.id, made.error().what);
    batteries_.push_back(std::make_unique<CanBatteryDriver>(
        wiring, battery(config.id), std::move(bus), *can, options, config.listen_only));
    return {};
  }
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  if (poll == nullptr) {
    return fail(Errc::invalid_argument, config.id, "battery: its protocol is spoken on CAN only");
  }
  std::unique_ptr<io::ByteLink> link;
  if (const auto* serial = std::get_if<io::SerialEndpoint>(&config.link)) {
    link = io::make_serial_link(strand_, {serial->device, static_cast<int>(serial->baud)});
  } else {
    const auto& tcp = std::get<io::TcpEndpoint>(config.link);
    link = io::make_tcp_link(strand_, tcp.host, tcp.port);
  }
  protocol::PollerSettings settings;
  settings.period = config.poll_period;
  settings.reply_timeout = config.reply_timeout;
  const std::span<const std::uint8_t> addresses = poll->info().addresses;
  const auto usual = addresses.empty() ? std::nullopt : std::optional(addresses.front());
  std::vector<protocol::CodecOptions> modules;
  for (std::uint8_t module = 1; module <= config.modules; ++module) {
    modules.push_back(config.codec_options(module, usual));
    protocol::CodecRoom room;
    const Result<const protocol::PollCodec*> made = poll->with(modules.back(), room);
    if (!made) return fail(made.error().code, config.id, made.error().what);
  }
  batteries_.push_back(std::make_unique<PollBatteryDriver>(
      wiring, battery(config.id), std::move(link), *poll, modules, settings));
  return {};
}

std::shared_ptr<io::ModbusMaster> Site::master_for(const io::ModbusLink& link) {
  std::string key;
  std::unique_ptr<io::ModbusMaster> made;
  if (const auto* tcp = std::get_if<io::ModbusTcpEndpoint>(&link)) {
    key = "tcp:" + tcp->address.host + ":" + std::to_string(tcp->address.port);
    if (const auto it = masters_.find(key); it != masters_.end()) return it->second;
    io::ModbusTcpOptions options;
    options.host = tcp->address.host;
    options.port = tcp->address.port;
    made = io::make_modbus_tcp_master(strand_, options);
  } else {
    const io::SerialEndpoint& line = std::get<io::ModbusRtuEndpoint>(link).line;
    key = "rtu:" + line.device + ":" + std::to_string(line.baud) + ":" +
          std::string(io::to_string(line.parity)) + ":" + std::to_string(line.stop_bits);
    if (const auto it = masters_.find(key); it != masters_.end()) return it->second;
    io::ModbusRtuOptions options;
    options.device = line.device;
    options.baud = static_cast<int>(line.baud);
    options.parity = line.parity == io::Parity::even  ? 'E'
                     : line.parity == io::Parity::odd ? 'O'
                                                      : 'N';
    options.stop_bits = line.stop_bits;
    made = io::make_modbus_rtu_master(strand_, options);
  }
  return masters_.emplace(key, std::move(made)).first->second;
}

namespace {

std::uint8_t unit_of(const io::ModbusLink& link) {
  return std::visit([](const auto& endpoint) { return endpoint.unit; }, link);
}

}  // namespace

Result<void> Site::add_inverter(const io::InverterConfig& config) {
  const io::PackLoad pack = io::find_pack(config.pack);
  if (!pack.loaded) return fail(pack.errors.front().code, config.id, "inverter: its pack is bad");
  // With PV on the dc bus, 0 W at ac is not safe (DESIGN section 3): safety then orders standby or
  // stop, and the device must have more to offer than a set-point of 0 W.
  const device_pack::PowerControl* control = pack.loaded->pack().control;
  const bool stops = control != nullptr && control->stop == device_pack::CommandSupport::steps &&
                     control->standby == device_pack::CommandSupport::steps;
  if (config.dc_pv != io::DcPv::none && loop_.config().arming == safety::Arming::armed && !stops) {
    return fail(Errc::failed_precondition, config.id,
                "inverter: with `dc_pv` present or unknown, control needs a pack that can stop; "
                "say `dc_pv: none` where that is so, or `control: disarmed`");
  }
  PackDriverSettings settings;
  settings.unit = unit_of(config.link);
  settings.period = config.poll_period;
  settings.reply_timeout = config.reply_timeout;
  settings.lease = config.lease;
  settings.write_step = step_of(config.rated_power);
  settings.watched = loop_.config().arming == safety::Arming::armed;
  inverters_.push_back(std::make_unique<PackDriver>(
      DriverWiring{strand_, parts_.clock, image_, *parts_.log}, inverter(config.id),
      master_for(config.link), pack.loaded, settings));
  return {};
}

Result<void> Site::add_meter(const io::MeterConfig& config) {
  const io::PackLoad pack = io::find_pack(config.pack);
  if (!pack.loaded) return fail(pack.errors.front().code, config.id, "meter: its pack is bad");
  PackDriverSettings settings;
  settings.unit = unit_of(config.link);
  settings.period = config.poll_period;
  settings.reply_timeout = config.reply_timeout;
  meters_.push_back(std::make_unique<PackDriver>(
      DriverWiring{strand_, parts_.clock, image_, *parts_.log}, meter(config.id),
      master_for(config.link), pack.loaded, settings));
  if (config.role == io::MeterRole::pcc) {
    // Net load adds a meter's and the inverters' samples of the same moment: ask them together, and
    // the reaction time has the meter's poll period in it, not both.
    meters_.back()->on_round([this] {
      for (const auto& driver : inverters_) driver->poll_now();
    });
  }
  return {};
}

/// A board at a battery: what it reads is the battery's.
Result<void> Site::add_sensor(const io::SensorConfig& config) {
  const io::PackLoad pack = io::find_pack(config.pack);
  if (!pack.loaded)
    return fail(pack.errors.front().code, config.battery, "sensor: its pack is bad");
  PackDriverSettings settings;
  settings.unit = unit_of(config.link);
  settings.period = config.poll_period;
  settings.reply_timeout = config.reply_timeout;
  meters_.push_back(std::make_unique<PackDriver>(
      DriverWiring{strand_, parts_.clock, image_, *parts_.log}, battery(config.battery),
      master_for(config.link), pack.loaded, settings));
  return {};
}

void Site::start() {
  std::optional<io::WatchdogDevice> device;
  if (const auto& path = parts_.config.watchdog_device) {
    Result<io::WatchdogDevice> opened = io::WatchdogDevice::open(path->string());
    if (opened) {
      device = std::move(*opened);
    } else {
      parts_.log->critical("event=watchdog_device_failed path={} errno={} error=\"{}\"",
                           path->string(), opened.error().offset, opened.error().what);
    }
  }
  const bool device_missing = parts_.config.watchdog_device && !device;
  watchdog_->start(std::move(device));
  asio::post(strand_, [this, device_missing] {
    running_ = true;
    remember(parts_.clock.utc());
    if (device_missing) {
      take_event({Severity::alarm, kSite, "watchdog_device_failed", true, 0, Signal{}}, false);
    }
    clock_quality_ = parts_.clock.quality();
    const std::uint64_t hash = parts_.permission.acceptance && parts_.permission.limits
                                   ? parts_.permission.limits->hash.prefix()
                                   : 0;
    parts_.store.set_context(hash, clock_quality_);
    parts_.log->info("event=site_start site={} agent={} control={} reason=\"{}\"",
                     parts_.config.site, parts_.config.agent,
                     parts_.permission.control ? "armed" : "disarmed", parts_.permission.reason);
    audit("ems-agent", "site_started",
          parts_.permission.control ? "control armed" : parts_.permission.reason);
    for (const auto& driver : batteries_) driver->start();
    for (const auto& driver : inverters_) driver->start();
    for (const auto& driver : meters_) driver->start();
    next_tick_ = parts_.clock.now();
    telemetry_at_ = next_tick_;
    arm_tick();
  });
}

void Site::arm_tick() {
  // Ticks keep their grid; ticks that were missed are not made up for, the kernel counts them.
  const Instant now = parts_.clock.now();
  next_tick_ = next_tick_ + parts_.config.tick;
  if (next_tick_ <= now) next_tick_ = now + parts_.config.tick;
  timer_.expires_after(to_chrono(next_tick_ - now));
  timer_.async_wait([this](const std::error_code& error) {
    if (error || !running_) return;
    tick_lateness_.observe(parts_.clock.now() - next_tick_);
    tick();
    arm_tick();
  });
}

void Site::tick() {
  const Instant now = parts_.clock.now();
  const UtcInstant utc = parts_.clock.utc();
  ++ticks_;
  TickInputs inputs;
  inputs.estop = estop_requested_;
  commands_into(inputs, now);
  inputs.wall = wall_time(utc, now);
  const Tables tables = tables_.newest();  // Held for the tick, which borrows them.
  if (tables.schedule) inputs.schedule = tables.schedule->entries;
  if (tables.plan) inputs.plan = tables.plan->plan();
  if (tables.prices) inputs.prices = tables.prices->table();
  for (std::size_t i = 0; i < inverters_.size(); ++i) {
    if (inverters_[i]->ready()) {
      inputs.inverters_ready = static_cast<std::uint8_t>(inputs.inverters_ready | (1U << i));
    }
  }
  Tick tick = loop_.tick(image_.image(), inputs, now);
  estop_requested_ = false;  // Latched by the kernel now.
  apply(tick, now);          // Output first ...
  if (tick.latch_changed) {  // ... then written.
    parts_.store.put(std::string(kLatchKey), encode_latch(loop_.safety_state().latch()));
  }
  watchdog_->pet();
  last_ = tick;
  last_utc_ = utc;
  last_at_ = now;
  record(tick, utc, now);  // After last_: a row carries the verdict of its own tick.
  follow_commands(tick, now);
  follow_surroundings(now);
  follow_alarms(now);
  ticks_late_ += static_cast<std::uint64_t>(tick.safety.late_ticks);
  tick_times_.observe(parts_.clock.now() - now);
}

/// What the clock on the site's wall shows. How long it has gone without a time source counts from
/// the start where there never was one.
decision::WallTime Site::wall_time(UtcInstant utc, Instant now) noexcept {
  if (!synced_at_ || clock_quality_ == ClockQuality::synced) synced_at_ = now;
  return {utc, zone_.offset_at(utc), clock_quality_, now - *synced_at_};
}

DecisionView Site::view_of(const Tick& tick, UtcInstant utc, Instant now) const {
  const CommandIds id_of = [this](std::uint64_t tag) {
    for (const LiveCommand& live : live_) {
      const bool same =
          (live.setpoint && live.setpoint->tag == tag) || (live.limit && live.limit->tag == tag);
      if (same) return live.id;
    }
    return std::string();
  };
  return make_view(tick, loop_.config(), loop_.safety_state().latch(), utc, now, id_of);
}

/// A tick that was held up knows an old world, and the watchdog may have stopped the inverters
/// since: it stops them too, or says nothing; the next tick knows better. The watchdog makes void
/// what went to the links before its stop, so no order of an old tick comes after one.
void Site::apply(const Tick& tick, Instant now) {
  const bool held_up = watchdog_->expired();
  for (std::size_t i = 0; i < inverters_.size(); ++i) {
    const std::optional<InverterCommand>& order = tick.orders[i].command;
    if (!order || (held_up && !stops(order->kind))) continue;
    inverters_[i]->command(*order, tick.safety.inverters[i].ac);
  }
  for (const DerivedValue& derived : tick.derived) {
    image_.set({kSite, derived.signal, 0}, derived.value, now, derived.quality, kDerivedStaleAfter);
  }
}

/// Only what the kernel has latched waits for the reset: nothing else could be reset.
bool Site::is_trip(const Event& event) const noexcept {
  const safety::Latch& latch = loop_.safety_state().latch();
  return std::any_of(latch.begin(), latch.end(), [&event](const safety::Trip& trip) {
    return trip.asset == event.asset && to_string(trip.cause) == std::string_view(event.name);
  });
}

void Site::record(const Tick& tick, UtcInstant utc, Instant now) {
  for (const Event& event : tick.safety.events) take_event(event, is_trip(event));
  report_writes();
  report_watchdog(tick);

  const Watt deadband = deadband_of(rated_of(loop_.config()));
  const bool due = !stored_decision_ || now - stored_at_ >= kDecisionPeriod ||
                   (now - stored_at_ >= kDecisionPause &&
                    decision::differs(*stored_decision_, tick.decision, deadband));
  if (due) {
    stored_decision_ = tick.decision;
    stored_at_ = now;
    const DecisionView view = view_of(tick, utc, now);
    parts_.store.append(telemetry::Stream::decisions, utc, telemetry::RecordType::decision,
                        to_bytes(to_record(view)));
  }
  if (now >= telemetry_at_) {
    telemetry_at_ = telemetry_at_ + parts_.config.telemetry_period;
    if (telemetry_at_ <= now) telemetry_at_ = now + parts_.config.telemetry_period;
    record_telemetry(utc, now);
  }
}

/// An inverter that refuses what it is told is an alarm, once, and its end too.
void Site::report_writes() {
  write_failing_.resize(inverters_.size());
  for (std::size_t i = 0; i < inverters_.size(); ++i) {
    const bool failing = inverters_[i]->write_error().has_value();
    if (failing == write_failing_[i]) continue;
    write_failing_[i] = failing;
    Event event;
    event.severity = Severity::alarm;
    event.asset = loop_.config().safety.inverters[i].asset;
    event.name = "setpoint_write_failed";
    event.active = failing;
    take_event(event, false);
  }
}

/// A strand that hung, and was stopped for: an event, and its end with the next tick in time.
void Site::report_watchdog(const Tick& tick) {
  const auto report = [&](Severity severity, const char* name, bool active, std::int64_t value) {
    take_event({severity, kSite, name, active, value, Signal{}}, false);
  };
  const std::uint64_t hangs = watchdog_->hangs();
  if (std::exchange(hangs_reported_, hangs) != hangs) {
    hang_active_ = true;
    report(Severity::critical, "control_hung", true, static_cast<std::int64_t>(watchdog_->stops()));
  } else if (hang_active_ && tick.safety.late_ticks == 0) {
    hang_active_ = false;
    report(Severity::critical, "control_hung", false, 0);
  }
  const bool failing = !watchdog_->device_ok();
  if (std::exchange(device_failing_, failing) != failing) {
    report(Severity::alarm, "watchdog_device_failed", failing, 0);
  }
}

/// Ends what a site that ticks no more owes the watchdog: while it tells its inverters their last
/// word it may hang as before.
void Site::pet_until_ended() {
  watchdog_->pet();
  timer_.expires_after(to_chrono(parts_.config.tick));
  timer_.async_wait([this](const std::error_code& error) {
    if (!error && stopped_) pet_until_ended();
  });
}

Quality Site::published(const PointSample& sample) const noexcept {
  if (!last_) return sample.quality;
  for (const safety::BatteryVerdict& verdict : last_->safety.batteries) {
    const bool same = verdict.asset.kind == sample.point.asset.kind &&
                      verdict.asset.index == sample.point.asset.index;
    if (same && verdict.plausibility_failed && sample.quality > Quality::uncertain) {
      return Quality::uncertain;
    }
  }
  return sample.quality;
}

void Site::record_telemetry(UtcInstant utc, Instant now) {
  const ClockQuality quality = parts_.clock.quality();
  if (quality != clock_quality_) {
    clock_quality_ = quality;
    const bool accepted = parts_.permission.acceptance && parts_.permission.limits;
    parts_.store.set_context(accepted ? parts_.permission.limits->hash.prefix() : 0, quality);
  }
  const auto entries = image_.image().entries();
  if (entries.size() > telemetry::kPointsMax && ticks_ < 1000) {
    parts_.log->error("event=telemetry_points_cut points={} max={}", entries.size(),
                      telemetry::kPointsMax);
  }
  std::vector<Point> points;
  std::vector<telemetry::RowValue> values;
  points.reserve(entries.size());
  values.reserve(entries.size());
  for (const ImageEntry& entry : entries) {
    if (points.size() == telemetry::kPointsMax) break;
    const PointSample& sample = entry.sample;
    const bool known = sample.quality != Quality::bad && sample.taken_at <= now &&
                       now - sample.taken_at < entry.stale_after;
    points.push_back(sample.point);
    values.push_back(known ? telemetry::RowValue{sample.value, published(sample), true}
                           : telemetry::RowValue{});
  }
  if (points.empty()) return;
  if (parts_.live) parts_.live(utc, points, values);
  parts_.store.append(utc, std::move(points), std::move(values));
}

void Site::audit(const std::string& who, const std::string& what, const std::string& why) {
  parts_.log->warn("event={} actor=\"{}\" why=\"{}\"", what, who, why);
  const std::string text = what + "\n" + who + "\n" + why;
  parts_.store.append(telemetry::Stream::audit, parts_.clock.utc(), telemetry::RecordType::audit,
                      to_bytes(text));
}

/// Grid-connected SAFE is 0 W with contactors closed; where safety already orders more than that
/// (standby, stop), ending does not take it back. The device's own timer backs it up.
CommandKind Site::last_word(std::size_t inverter) const noexcept {
  if (loop_.safety_state().tripped()) return CommandKind::stop;
  if (!last_ || last_->safety.inverters[inverter].command == CommandKind::follow) {
    return CommandKind::follow;
  }
  return last_->safety.inverters[inverter].command;
}

void Site::stop(Duration deadline, std::function<void(bool)> done) {
  asio::post(strand_, [this, deadline, done = std::move(done)]() mutable {
    if (stopping_) return;
    stopping_ = true;
    running_ = false;
    timer_.cancel();
    audit("ems-agent", "site_stopped", "asked to end");
    stopped_ = std::move(done);
    if (loop_.config().arming != safety::Arming::armed) return end(true);
    pet_until_ended();
    stop_timer_.expires_after(to_chrono(deadline));
    stop_timer_.async_wait([this](const std::error_code& error) {
      if (error) return;
      parts_.log->error("event=stop_unconfirmed inverters={}", finishing_);
      end(false);
    });
    say_last_word();
  });
}

/// Once when the site begins to end, and again for a stop that comes meanwhile.
void Site::say_last_word() {
  finishing_ = 0;
  for (const auto& driver : inverters_) finishing_ += driver->known() ? 1U : 0U;
  if (finishing_ == 0) return end(true);
  for (std::size_t i = 0; i < inverters_.size(); ++i) {
    if (!inverters_[i]->known()) continue;
    inverters_[i]->finish({last_word(i), Watt{}, Var{}}, [this] {
      if (--finishing_ == 0) end(true);
    });
  }
}

void Site::end(bool confirmed) {
  if (!stopped_) return;
  if (!stops_.empty()) follow_stops();
  stop_timer_.cancel();
  timer_.cancel();
  watchdog_->end();
  for (const auto& driver : batteries_) driver->stop();
  for (const auto& driver : inverters_) driver->stop();
  for (const auto& driver : meters_) driver->stop();
  for (const auto& [key, master] : masters_) master->close();
  std::exchange(stopped_, nullptr)(confirmed);
}

}  // namespace ems::runtime
