// SPDX-License-Identifier: Apache-2.0
// libems inside somebody else's program: the program owns the UART, the clock and the loop; libems
// gets bytes and the time. Only ems::ems is linked: no thread, no socket, no file, no third-party
// library.
#include <array>
#include <cmath>
#include <cstdio>

#include "ems/decision/decision.hpp"
#include "ems/model/image.hpp"
#include "ems/protocol/jbd/codec.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/safety/gate.hpp"
#include "ems/safety/kernel.hpp"
#include "uart.hpp"

using namespace ems;

namespace {

constexpr Duration kStep = milliseconds(10);
constexpr Duration kTick = milliseconds(100);
constexpr Duration kStaleAfter = seconds(3);
constexpr std::uint16_t kCells = 16;

/// Where the poller's values go: the newest sample of every point, in memory of our own.
class ImageSink final : public ReadingSink {
 public:
  ImageSink(ProcessImage& image, AssetId asset, Instant now)
      : image_(image), asset_(asset), now_(now) {}
  void reading(const Reading& reading) override {
    const AssetId asset{asset_.kind, reading.module, asset_.index};
    const PointSample sample{
        {asset, reading.signal, reading.element}, reading.value, now_, reading.quality};
    if (!image_.set(sample, kStaleAfter)) std::puts("the image is too small");
  }
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}

 private:
  ProcessImage& image_;
  AssetId asset_;
  Instant now_;
};

/// One battery behind one inverter, controlled.
class Control {
 public:
  Control() {
    safety::BatteryConfig pack{.asset = battery(1), .cells_in_series = kCells};
    pack.limits = safety::default_limits(safety::Chemistry::lfp);
    safety::set_current_limits(pack.limits, MilliAmp{100'000}, MilliAmp{100'000});
    pack.limits.cell_voltage_max = {MilliVolt{3600}, MilliVolt{3500}, seconds(5)};  // Tighter.
    limits_.batteries.push_back(pack);
    limits_.inverters.push_back({.asset = inverter(1),
                                 .batteries = 1,
                                 .apparent_max = 5000_va,
                                 .charge_max = 5000_w,
                                 .discharge_max = 5000_w,
                                 .efficiency = 9500_bp});
    limits_.tick_period = kTick;
    policies_.self_consumption = decision::SelfConsumptionConfig{.deadband = 50_w};
  }
  [[nodiscard]] bool valid() const {
    return safety::validate(limits_) && decision::validate(policies_);
  }

  /// Safety opens the tick, the decision narrows what is left, safety closes it.
  InverterCommand tick(const ProcessImage& image, const decision::MeasuredPower& grid,
                       const decision::MeasuredPower& battery_ac, Instant now) {
    const safety::BatteryInputs pack = safety::read_inputs(image, battery(1), kCells, now);
    const safety::InverterInputs pcs = safety::read_inverter_inputs(image, inverter(1));
    safety::Step safe = safety::step(safety_state_, limits_,
                                     {.batteries = {&pack, 1}, .inverters = {&pcs, 1}}, now);
    safety_state_ = safe.state;
    safe_ = safe.output;

    decision::Inputs inputs;
    inputs.envelope = safe_.inverters[0].ac;
    inputs.pcc_power = grid;
    inputs.battery_power = battery_ac;
    inputs.gated = gated_;
    const decision::Step decided = decision::step(decision_state_, policies_, inputs, now);
    decision_state_ = decided.state;

    const InverterCommand wanted{CommandKind::follow, decided.decision.target(), Var{}};
    const InverterCommand command = *safety::gate(safe_, 0, wanted, safety::Arming::armed).command;
    gated_ = Sample<Watt>{command.p, now, Quality::substituted};
    return command;
  }
  [[nodiscard]] const safety::Output& safe() const { return safe_; }

 private:
  safety::Config limits_;
  decision::Config policies_;
  safety::State safety_state_;
  decision::State decision_state_;
  safety::Output safe_;
  std::optional<Sample<Watt>> gated_;
};

/// Our own power meters, read from the simulated plant.
decision::MeasuredPower measured(double watts, Instant now) {
  return {Sample<Watt>{Watt{static_cast<std::int32_t>(std::lround(watts))}, now}, kStaleAfter};
}

/// One line: state, envelope, what goes to the inverter, and the first rule that holds it back now.
void print(Instant now, const safety::Output& safe, const InverterCommand& command) {
  const Interval envelope = safe.inverters[0].ac;
  std::printf("%2d s  %-8s envelope %5d .. %4d W  command %s %5d W",
              static_cast<int>(now.since_zero().count() / 1'000'000), to_string(safe.site).data(),
              envelope.lo.count(), envelope.hi.count(), to_string(command.kind).data(),
              command.p.count());
  for (const safety::Reason& reason : safe.batteries[0].reasons) {
    if (reason.cause == safety::Cause::waiting) continue;
    std::printf("  %s (%s)", to_string(reason.rule).data(), to_string(reason.cause).data());
    break;
  }
  std::puts("");
}

}  // namespace

int main() {
  // The simulated world: 2 kW of load, 3.5 kW of PV from 15 s on, one battery.
  sim::PlantConfig plant_config;
  plant_config.profile = *sim::Profile::from_csv("t_s,load_w,pv_w\n0,2000,0\n15,2000,3500\n");
  plant_config.pcs.ramp_w_per_s = 1000.0;
  sim::Plant plant(plant_config, 1);
  sim::JbdServer jbd(plant, [&plant] { return plant.state(); });
  Uart uart;
  SimulatedWire wire(uart, jbd);

  // libems, all of it in this function's frame.
  protocol::Poller poller(protocol::jbd::codec(), {});
  std::array<ImageEntry, 64> storage{};
  ProcessImage image(storage);
  Control control;
  if (!control.valid()) return 1;

  poller.link_up(Instant{});
  for (Instant now{}; now <= Instant{seconds(42)}; now = now + kStep) {
    const std::int64_t elapsed_us = now.since_zero().count();

    // Your transport: bytes of the UART in, a request out.
    ImageSink sink(image, battery(1), now);
    for (std::byte byte{}; uart.received.take(byte);) {
      poller.receive(Bytes(&byte, 1), now, sink);
    }
    std::array<std::byte, protocol::kRequestSize> request{};
    const protocol::PollerAction action = poller.next(now, request);
    for (std::size_t i = 0; i < action.size; ++i) uart.sent.put(request[i]);

    if (elapsed_us % kTick.count() == 0) {
      const sim::PlantState& truth = plant.state();
      const InverterCommand command =
          control.tick(image, measured(truth.grid_w, now), measured(truth.battery_ac_w, now), now);
      plant.write_pcs({.enabled = command.kind == CommandKind::follow,
                       .watts = static_cast<double>(command.p.count())},
                      true);
      if (elapsed_us % seconds(6).count() == 0) print(now, control.safe(), command);
    }

    // The world goes on; at 20 s a cell reads 285 mV high, at 32 s someone cuts the wire.
    if (now == Instant{seconds(20)}) plant.offset_cell(6, 0.285);
    if (now == Instant{seconds(32)}) wire.cut();
    plant.step(kStep);
    wire.run_10ms();
  }
  const protocol::PollerCounters& counters = poller.counters();
  std::printf("requests %u, replies %u, timeouts %u; the device is %s\n", counters.requests,
              counters.replies, counters.timeouts, to_string(poller.health()).data());
}
