// SPDX-License-Identifier: Apache-2.0
/// @file A deterministic world: a simulated site behind faulty lines, controlled by poller, device
/// packs, safety, decision and gate, for as long as one likes and without a clock.
///
/// Everything that goes wrong comes from one seed: the weather of each line (faulty_link.hpp), cut
/// lines, devices that are silent, talk nonsense, turn a sign or freeze, cells that go over,
/// set-points, emergency stops, and an agent that is killed and started again.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>

#include "ems/io/pack_loader.hpp"
#include "ems/protocol/jbd/codec.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/runtime/control_loop.hpp"
#include "ems/runtime/site_image.hpp"
#include "ems/sim/site.hpp"
#include "support/faulty_link.hpp"
#include "support/modbus_unit.hpp"
#include "support/plain_site.hpp"

namespace ems::test {

/// A device of the site at the end of two faulty lines.
struct Wire {
  Wire(sim::Site& site, sim::Device device, std::uint64_t seed)
      : port(site, device), out(seed), back(seed + 1) {}

  /// Carries what is under way; returns what arrived at our end.
  Frame carry(Instant now) {
    for (const sim::Reply& reply : port.receive(out.receive(now))) {
      back.send(reply.bytes, now, reply.delay);
    }
    return back.receive(now);
  }
  void set_weather(const LinkWeather& weather) {
    out.set_weather(weather);
    back.set_weather(weather);
  }
  void cut(Instant until) {
    port.idle();
    out.cut(until);
    back.cut(until);
  }

  sim::Port port;
  FaultyLink out;
  FaultyLink back;
};

class World {
 public:
  static constexpr Duration kStep = milliseconds(100);     ///< A control tick.
  static constexpr Duration kLease = seconds(15);          ///< Of a set-point at the inverter.
  static constexpr Duration kLateMax = seconds(2);         ///< Of bytes on a line.
  static constexpr Duration kSlowMax = milliseconds(500);  ///< Of a slow device, beside that.
  static constexpr Duration kPeriod = seconds(1);          ///< Of the battery's polls.

  explicit World(std::uint64_t seed)
      : random_(seed), site_(site_config(random_)), loop_(plain_config(), safety::State{}) {
    start_agent();
  }

  /// Lets one tick pass.
  const runtime::Tick& step() {
    site_.advance(kStep);
    const Instant now = site_.now();
    if (now >= next_mischief_) mischief(now);
    read_battery(now);
    read_meter(now);
    runtime::AssetSink pcs_sink(*image_, inverter(1), now, runtime::stale_after(milliseconds(500)));
    pcs_.out.send(pcs_unit_.step(pcs_.carry(now), now, pcs_sink), now);

    runtime::TickInputs inputs;
    inputs.estop = std::exchange(estop_, false);
    inputs.inverters_ready = pcs_unit_.ready() ? 1 : 0;
    if (setpoint_ && setpoint_->lease_end > now) inputs.setpoint = setpoint_;
    tick_ = loop_.tick(image_->image(), inputs, now);
    if (const auto& order = tick_.orders[0].command) pcs_unit_.command(*order, kLease, now);
    digest();
    return tick_;
  }

  [[nodiscard]] Instant now() const { return site_.now(); }
  [[nodiscard]] const sim::PlantState& truth() const { return site_.truth(); }
  [[nodiscard]] const runtime::ControlLoop& loop() const { return loop_; }
  /// The battery's measurements are what its cells are.
  [[nodiscard]] bool battery_honest() const {
    return site_.active(sim::FaultKind::stuck, sim::Device::battery) == nullptr;
  }
  /// When a sound answer last brought the cells, and the terminals; the start before the first.
  [[nodiscard]] Instant cells_heard_at() const { return cells_heard_at_; }
  [[nodiscard]] Instant terminals_heard_at() const { return terminals_heard_at_; }
  /// Hash of every order, verdict and state of the plant so far.
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  enum class Mischief : std::uint8_t {
    quiet,
    weather,
    cut,
    device,
    setpoint,
    trap,
    restart,
    estop
  };
  static constexpr Duration kMischiefPeriod = seconds(30);

  /// Gives the battery's readings to the image, and remembers what came.
  class Witness final : public ReadingSink {
   public:
    Witness(World& world, Instant now)
        : world_(world),
          now_(now),
          sink_(*world.image_, battery(1), now, runtime::stale_after(kPeriod)) {}
    void reading(const Reading& reading) override {
      if (reading.signal == Signal::cell_voltage) world_.cells_heard_at_ = now_;
      if (reading.signal == Signal::pack_voltage) world_.terminals_heard_at_ = now_;
      sink_.reading(reading);
    }
    void text(TextField field, std::string_view text, std::uint8_t module) override {
      sink_.text(field, text, module);
    }
    void acknowledged() override {}

   private:
    World& world_;
    Instant now_;
    runtime::AssetSink sink_;
  };

  static sim::SiteConfig site_config(std::mt19937_64& random) {
    sim::SiteConfig config;
    config.seed = random();
    config.plant.battery.cells = kCells;
    config.plant.battery.soc_start = 0.05 + 0.93 * static_cast<double>(random() % 1'000) / 1'000.0;
    config.plant.profile = sim::Profile::shaped(
        {.load_step_w = 4'000.0, .pv_peak_w = 9'000.0, .day = seconds(7'200)}, config.seed);
    return config;
  }
  static std::shared_ptr<const io::LoadedPack> pack(std::string_view name) {
    const auto loaded = io::find_pack(name).loaded;
    EMS_ASSERT(loaded != nullptr);
    return loaded;
  }

  /// What a process that starts knows: its files. The latch is one of them.
  void start_agent() {
    image_ = std::make_unique<runtime::SiteImage>();
    loop_ = runtime::ControlLoop(plain_config(),
                                 safety::State::restore_latch(loop_.safety_state().latch(), now()));
    poller_.emplace(protocol::jbd::codec(), protocol::PollerSettings{.period = kPeriod});
    poller_->link_up(now());
    pcs_unit_.reset();
    meter_unit_.reset();
    setpoint_.reset();
    cells_heard_at_ = terminals_heard_at_ = now();
  }

  void read_battery(Instant now) {
    Witness witness(*this, now);
    poller_->receive(battery_.carry(now), now, witness);
    std::array<std::byte, protocol::kRequestSize> out{};
    const protocol::PollerAction action = poller_->next(now, out);
    if (action.size > 0) battery_.out.send(Bytes(out).first(action.size), now);
  }
  void read_meter(Instant now) {
    runtime::AssetSink sink(*image_, meter(1), now, runtime::stale_after(milliseconds(500)));
    meter_.out.send(meter_unit_.step(meter_.carry(now), now, sink), now);
  }

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  Duration up_to(std::uint64_t seconds_max) {
    return milliseconds(static_cast<std::int64_t>(1 + below(seconds_max * 1'000)));
  }

  void mischief(Instant now) {
    using enum Mischief;
    constexpr std::array kCards{quiet,    quiet,    quiet,    quiet,    weather,  weather,
                                weather,  cut,      cut,      device,   device,   device,
                                device,   setpoint, setpoint, setpoint, setpoint, setpoint,
                                setpoint, setpoint, trap,     trap,     restart,  estop};
    next_mischief_ = now + kMischiefPeriod;
    if (std::exchange(trapped_, false)) {
      spring_trap(now);
      return;
    }
    switch (kCards[below(kCards.size())]) {
      case quiet:
        break;
      case weather:
        change_weather();
        break;
      case cut:
        wire(below(kWires)).cut(now + up_to(30));
        break;
      case device:
        break_device(now);
        break;
      case setpoint: {
        const Watt power{static_cast<std::int32_t>(below(14'000)) - 7'000};
        setpoint_ = decision::SetpointCommand{power, now, now + up_to(120), {}};
        break;
      }
      case trap:  // Charge first; at the next turn the reason not to appears.
        setpoint_ = decision::SetpointCommand{Watt{-3'000}, now, now + seconds(120), {}};
        trapped_ = true;
        break;
      case restart:
        start_agent();
        break;
      case estop:
        estop_ = true;
    }
    // A person looks after whatever latched; refused while the cause is there.
    if (loop_.safety_state().tripped()) {
      (void)loop_.reset(image_->image(), now, {safety::Role::technician, "Ada", "looked at it"});
    }
  }

  /// A cell is full while somebody wants to charge, and perhaps nobody can tell the inverter.
  void spring_trap(Instant now) {
    if (below(2) == 0) wire(kPcs).cut(now + seconds(40));
    sim::Fault fault;
    fault.kind = sim::FaultKind::cell_voltage;
    fault.at = now;
    fault.lasts = seconds(40);
    fault.cell = 1 + below(kCells);
    fault.cell_to_v = 3.66 + 0.001 * static_cast<double>(below(60));
    EMS_ASSERT(site_.add_fault(fault).has_value());
  }

  void change_weather() {
    constexpr LinkWeather kCalm{};
    constexpr LinkWeather kNoise{10, 10, 10, 20, kLateMax};
    constexpr LinkWeather kStorm{300, 50, 200, 300, kLateMax};
    const std::uint64_t how = below(8);
    const LinkWeather& serial = how < 5 ? kCalm : how < 7 ? kNoise : kStorm;
    const std::size_t which = below(kWires);
    wire(which).set_weather(which == kPcs ? LinkWeather{0, 0, 0, serial.late, kLateMax} : serial);
  }

  void break_device(Instant now) {
    constexpr std::array kKinds{sim::FaultKind::silence,      sim::FaultKind::garbage,
                                sim::FaultKind::wrong_sign,   sim::FaultKind::stuck,
                                sim::FaultKind::slow,         sim::FaultKind::load_peak,
                                sim::FaultKind::cell_voltage, sim::FaultKind::cell_voltage};
    sim::Fault fault;
    fault.kind = kKinds[below(kKinds.size())];
    fault.device = sim::kDevices[below(sim::kDevices.size())];
    fault.at = now;
    fault.lasts = up_to(30);
    fault.extra_load_w = static_cast<double>(below(12'000));
    fault.cell = 1 + below(kCells);
    const double to_v = below(2) == 0 ? 2.4 : 3.55;  // Too low, or at the edge of too high.
    fault.cell_to_v = to_v + 0.001 * static_cast<double>(below(200));
    fault.delay = milliseconds(
        static_cast<std::int64_t>(below(static_cast<std::uint64_t>(kSlowMax.count()) / 1'000)));
    EMS_ASSERT(site_.add_fault(fault).has_value());
  }

  void digest() {
    const sim::PlantState& truth = site_.truth();
    mix(truth.grid_w);
    mix(truth.battery_ac_w);
    mix(truth.battery.voltage_v);
    mix(truth.setpoint_w);
    mix(static_cast<std::uint64_t>(tick_.safety.site));
    mix(static_cast<std::uint64_t>(tick_.safety.batteries[0].charge_current_max.count()));
    mix(static_cast<std::uint64_t>(tick_.safety.batteries[0].discharge_current_max.count()));
    if (const auto& order = tick_.orders[0].command) {
      mix(static_cast<std::uint64_t>(order->kind));
      mix(static_cast<std::uint64_t>(order->p.count()));
    }
  }
  template <class T>
  void mix(T value) {
    std::array<unsigned char, sizeof(T)> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    for (const unsigned char byte : bytes) fingerprint_ = (fingerprint_ ^ byte) * 0x100000001B3ULL;
  }

  static constexpr std::size_t kPcs = 2;  ///< Index of its wire.
  static constexpr std::size_t kWires = 3;
  Wire& wire(std::size_t index) { return index == 0 ? battery_ : index == 1 ? meter_ : pcs_; }

  std::mt19937_64 random_;
  sim::Site site_;
  Wire battery_{site_, sim::Device::battery, random_()};
  Wire meter_{site_, sim::Device::meter, random_()};
  Wire pcs_{site_, sim::Device::pcs, random_()};
  std::unique_ptr<runtime::SiteImage> image_;
  runtime::ControlLoop loop_;
  std::optional<protocol::Poller> poller_;
  ModbusUnit meter_unit_{sim::ModbusFraming::rtu, 1, pack("eastron_sdm630"), milliseconds(500)};
  ModbusUnit pcs_unit_{sim::ModbusFraming::tcp, 1, pack("sunspec_pcs"), milliseconds(500)};
  std::optional<decision::SetpointCommand> setpoint_;
  bool estop_ = false;
  bool trapped_ = false;
  runtime::Tick tick_;
  Instant next_mischief_ = Instant{} + kMischiefPeriod * 3;  ///< Health is shown first.
  Instant cells_heard_at_{};
  Instant terminals_heard_at_{};
  std::uint64_t fingerprint_ = 0xCBF29CE484222325ULL;
};

}  // namespace ems::test
