// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/simulated_site.hpp"

#include <cmath>
#include <utility>

#include "ems/core/assert.hpp"
#include "runtime/simulated_device.hpp"

namespace ems::runtime {
namespace {

constexpr std::string_view kBatteryProtocol = "jbd";
constexpr std::string_view kMeterPack = "eastron_sdm630";
constexpr std::string_view kInverterPack = "sunspec_pcs";
/// Nominal voltage of an LFP cell, for the energy that the control loop reckons with.
constexpr double kNominalCellVolt = 3.2;
/// How often run() asks whether to go on.
constexpr Duration kAskPeriod = seconds(60);

std::int32_t rounded(double value) { return static_cast<std::int32_t>(std::lround(value)); }

Result<std::shared_ptr<const io::LoadedPack>> pack_of(std::string_view name) {
  io::PackLoad load = io::find_pack(name);
  if (!load.loaded) return fail(Errc::unknown_protocol, 0, "simulated site: no such device pack");
  return std::move(load.loaded);
}

/// The simulated devices are one battery and one inverter.
bool is_of_the_simulation(const safety::Config& config) {
  return config.batteries.size() == 1 && config.batteries[0].asset == battery(1) &&
         config.inverters.size() == 1 && config.inverters[0].asset == inverter(1);
}

}  // namespace

Result<void> check_plant(const sim::PlantConfig& plant) noexcept {
  const auto within = [](double value, double lo, double hi) { return value >= lo && value <= hi; };
  const sim::BatteryConfig& battery = plant.battery;
  const auto bad = [](const char* what) { return fail(Errc::out_of_range, 0, what); };
  if (battery.cells < 1 || battery.cells > 32) return bad("plant: cells must be 1 .. 32");
  if (!within(battery.capacity_ah, 1.0, 10'000.0)) return bad("plant: capacity 1 .. 10000 Ah");
  if (!within(battery.soc_start, 0.0, 1.0)) return bad("plant: state of charge 0 .. 100 %");
  if (!within(battery.ambient_degc, -60.0, 80.0)) return bad("plant: ambient -60 .. 80 degC");
  if (!within(plant.pcs.rating_w, 1.0, 1e6)) return bad("plant: rating 1 .. 1000000 W");
  if (!within(plant.pcs.efficiency, 0.01, 1.0)) return bad("plant: efficiency 1 .. 100 %");
  return {};
}

Result<ControlConfig> simulated_control(const sim::PlantConfig& plant, const safety::Limits& limits,
                                        const decision::Config& policies, Duration tick) {
  if (const Result<void> valid = check_plant(plant); !valid) return fail(valid.error());
  ControlConfig config;
  config.arming = safety::Arming::armed;
  config.safety.tick_period = tick;
  safety::BatteryConfig battery_config;
  battery_config.asset = battery(1);
  battery_config.cells_in_series = static_cast<std::uint16_t>(plant.battery.cells);
  battery_config.limits = limits;
  battery_config.capacity =
      MicroAmpHour{static_cast<std::int64_t>(std::llround(plant.battery.capacity_ah * 1e6))};
  config.safety.batteries.push_back(battery_config);
  const double nominal_wh =
      plant.battery.capacity_ah * kNominalCellVolt * static_cast<double>(plant.battery.cells);
  config.batteries.push_back({WattHour{rounded(nominal_wh)}});

  const std::int32_t rating = rounded(plant.pcs.rating_w);
  safety::InverterConfig inverter_config;
  inverter_config.asset = inverter(1);
  inverter_config.batteries = 1;
  inverter_config.apparent_max = VoltAmp{rating};
  inverter_config.charge_max = Watt{rating};
  inverter_config.discharge_max = Watt{rating};
  inverter_config.efficiency = BasisPoints{rounded(plant.pcs.efficiency * 10'000)};
  config.safety.inverters.push_back(inverter_config);
  config.inverters.push_back({Watt{rating}});
  if (const Result<void> valid = safety::validate(config.safety); !valid) {
    return fail(valid.error());
  }

  config.decision = policies;
  if (const Result<void> valid = decision::validate(config.decision); !valid) {
    return fail(valid.error());
  }
  config.pcc_meter = meter(1);
  config.pv_meters.push_back(meter(2));
  return config;
}

class SimulatedSite::Impl {
 public:
  Impl(const SimulatedSiteConfig& config, const protocol::PollCodec& codec,
       const std::shared_ptr<const io::LoadedPack>& meter_pack,
       const std::shared_ptr<const io::LoadedPack>& inverter_pack)
      : site(config.sim),
        loop(config.control, safety::State{}),
        wall_(config.wall),
        lease_(config.lease),
        record_period_(config.record_period),
        record_at_(config.record_period),
        meter_port_(site, sim::Device::meter),
        pcs_port_(site, sim::Device::pcs),
        battery_(site, battery(1), codec, tick_period()),
        pcc_(meter_port_, sim::ModbusFraming::rtu, config.sim.meter_unit, meter(1), meter_pack),
        pv_(meter_port_, sim::ModbusFraming::rtu, config.sim.pv_meter_unit, meter(2), meter_pack),
        pcs_(pcs_port_, sim::ModbusFraming::tcp, config.sim.pcs_unit, inverter(1), inverter_pack) {}

  [[nodiscard]] Duration tick_period() const noexcept { return loop.config().safety.tick_period; }

  [[nodiscard]] decision::WallTime wall() const noexcept {
    decision::WallTime now = wall_;
    now.utc = now.utc + (site.now() - Instant{});
    return now;
  }

  void step() {
    site.advance(tick_period());
    const Instant now = site.now();
    battery_.read(image, now);
    pcc_.read(image, now, tick_period());
    pv_.read(image, now, tick_period());
    pcs_.read(image, now, tick_period());

    TickInputs inputs;
    inputs.estop = std::exchange(estop, false);  // Latched by the kernel from here on.
    inputs.setpoint = setpoint;
    inputs.remote_setpoint = remote_setpoint;
    inputs.active_power_limit = active_power_limit;
    inputs.dimming = dimming;
    inputs.wall = wall();
    if (tables.schedule) inputs.schedule = tables.schedule->entries;
    if (tables.plan) inputs.plan = tables.plan->plan();
    if (tables.prices) inputs.prices = tables.prices->table();
    inputs.inverters_ready = pcs_.ready() ? 1 : 0;
    last = loop.tick(image.image(), inputs, now);
    if (const auto& order = last->orders[0]; order.command) {
      pcs_.command(*order.command, now, lease_);
    }
    for (const DerivedValue& derived : last->derived) {
      image.set({kSite, derived.signal, 0}, derived.value, now, derived.quality,
                stale_after(tick_period()));
    }
    for (const Event& event : last->safety.events) events.push_back({now, event});
    if (now >= record_at_) {
      record_at_ = record_at_ + record_period_;
      if (record_at_ <= now) record_at_ = now + record_period_;
      history.add(image.image(), now);
    }
  }

  sim::Site site;
  ControlLoop loop;
  SiteImage image;
  std::optional<Tick> last;
  std::optional<decision::SetpointCommand> setpoint;
  std::optional<decision::SetpointCommand> remote_setpoint;
  std::optional<decision::LimitCommand> active_power_limit;
  std::optional<decision::LimitCommand> dimming;
  Tables tables;
  bool estop = false;
  ImageHistory history;
  std::vector<TimedEvent> events;

 private:
  decision::WallTime wall_;  ///< At the beginning.
  Duration lease_;
  Duration record_period_;
  Instant record_at_;
  sim::Port meter_port_;
  sim::Port pcs_port_;
  SimulatedBattery battery_;
  SimulatedUnit pcc_;
  SimulatedUnit pv_;
  SimulatedUnit pcs_;
};

SimulatedSite::SimulatedSite(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SimulatedSite::~SimulatedSite() = default;

Result<std::unique_ptr<SimulatedSite>> SimulatedSite::create(const SimulatedSiteConfig& config) {
  if (const auto valid = check_plant(config.sim.plant); !valid) return fail(valid.error());
  if (const auto valid = safety::validate(config.control.safety); !valid) {
    return fail(valid.error());
  }
  if (const auto valid = decision::validate(config.control.decision); !valid) {
    return fail(valid.error());
  }
  if (!is_of_the_simulation(config.control.safety)) {
    return fail(Errc::invalid_argument, 0, "control: must be of battery/1 and inverter/1 only");
  }
  if (config.record_period <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "record_period: must be above 0");
  }
  const auto codec = protocol::find_codec(kBatteryProtocol);
  if (!codec) return fail(codec.error());
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  EMS_ASSERT(poll != nullptr);
  const auto meter_pack = pack_of(kMeterPack);
  if (!meter_pack) return fail(meter_pack.error());
  const auto inverter_pack = pack_of(kInverterPack);
  if (!inverter_pack) return fail(inverter_pack.error());
  const device_pack::PowerControl* control = (*inverter_pack)->pack().control;
  EMS_ASSERT(control != nullptr);
  if (config.lease < control->lease_min || config.lease > control->lease_max) {
    return fail(Errc::out_of_range, 0, "lease: outside what the simulated inverter takes");
  }
  return std::unique_ptr<SimulatedSite>(
      new SimulatedSite(std::make_unique<Impl>(config, *poll, *meter_pack, *inverter_pack)));
}

Duration SimulatedSite::run(Duration duration, const std::function<bool()>& go_on) {
  const Instant begin = now();
  Instant ask_at = begin + kAskPeriod;
  while (now() - begin < duration) {
    if (go_on && now() >= ask_at) {
      if (!go_on()) break;
      ask_at = ask_at + kAskPeriod;
    }
    impl_->step();
  }
  return now() - begin;
}

Result<void> SimulatedSite::add_fault(const sim::Fault& fault) {
  return impl_->site.add_fault(fault);
}

void SimulatedSite::clear_faults() { impl_->site.clear_faults(); }

void SimulatedSite::set_setpoint(decision::PolicyId policy, Watt power, Duration lease,
                                 const decision::ActorName& actor) {
  const bool remote = policy == decision::PolicyId::remote_setpoint;
  EMS_ASSERT(remote || policy == decision::PolicyId::setpoint);
  (remote ? impl_->remote_setpoint : impl_->setpoint) =
      decision::SetpointCommand{power, now(), now() + lease, actor};
}

void SimulatedSite::set_limit(decision::PolicyId policy, const decision::PowerLimits& limits,
                              Duration lease, const decision::ActorName& actor) {
  const bool dims = policy == decision::PolicyId::dimming;
  EMS_ASSERT(dims || policy == decision::PolicyId::active_power_limit);
  (dims ? impl_->dimming : impl_->active_power_limit) =
      decision::LimitCommand{limits, now(), now() + lease, actor};
}

void SimulatedSite::set_schedule(std::shared_ptr<const io::ScheduleFile> schedule) noexcept {
  impl_->tables.schedule = std::move(schedule);
}
void SimulatedSite::set_plan(std::shared_ptr<const io::PlanFile> plan) noexcept {
  impl_->tables.plan = std::move(plan);
}
void SimulatedSite::set_prices(std::shared_ptr<const io::PriceFile> prices) noexcept {
  impl_->tables.prices = std::move(prices);
}

void SimulatedSite::emergency_stop() { impl_->estop = true; }

Result<void> SimulatedSite::reset(const safety::ResetRequest& request) {
  return impl_->loop.reset(impl_->image.image(), now(), request);
}

Instant SimulatedSite::now() const noexcept { return impl_->site.now(); }
decision::WallTime SimulatedSite::wall() const noexcept { return impl_->wall(); }
const ProcessImage& SimulatedSite::image() const noexcept { return impl_->image.image(); }
const sim::PlantState& SimulatedSite::truth() const noexcept { return impl_->site.truth(); }
const std::optional<Tick>& SimulatedSite::last() const noexcept { return impl_->last; }
const ControlConfig& SimulatedSite::control() const noexcept { return impl_->loop.config(); }
const safety::Latch& SimulatedSite::latch() const noexcept {
  return impl_->loop.safety_state().latch();
}
const ImageHistory& SimulatedSite::history() const noexcept { return impl_->history; }
const std::vector<TimedEvent>& SimulatedSite::events() const noexcept { return impl_->events; }

}  // namespace ems::runtime
