// SPDX-License-Identifier: Apache-2.0
#include "app/controller.hpp"

#include "ems/safety/gate.hpp"

namespace ems::firmware {
namespace {

constexpr AssetId kBattery = battery(1);

/// As the host counts: three polls, at least 2 s.
Duration stale_after(Duration period) noexcept { return max_of(seconds(2), period * 3); }

safety::State restored(Bytes stored, Instant now) noexcept {
  const std::optional<safety::Latch> latch = decode_latch(stored);
  return latch ? safety::State::restore_latch(*latch, now) : safety::State::tripped_unreadable(now);
}

template <class Q>
std::optional<Q> usable(const safety::OptionalInput<Q>& input, Duration most,
                        Instant now) noexcept {
  if (!input || !input->usable(now, most)) return std::nullopt;
  return input->sample.value;
}

std::uint16_t bit(BoardAlarm alarm, bool on) noexcept {
  return static_cast<std::uint16_t>(on ? 1U << static_cast<unsigned>(alarm) : 0U);
}

bool estop_latched(const safety::Latch& latch) noexcept {
  for (const safety::Trip& trip : latch) {
    if (trip.cause == safety::TripCause::estop) return true;
  }
  return false;
}

}  // namespace

/// The battery's values into the image, as of the arrival of its answer.
class Controller::BatterySink final : public ReadingSink {
 public:
  BatterySink(Controller& controller, Instant now) noexcept : controller_(controller), now_(now) {}
  void reading(const Reading& reading) override {
    const Point point{
        {AssetKind::battery, reading.module, kBattery.index}, reading.signal, reading.element};
    const Result<void> kept =
        controller_.image_.set({point, reading.value, now_, reading.quality},
                               stale_after(controller_.settings_.poll_period));
    if (!kept) controller_.image_full_ = true;
  }
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}

 private:
  Controller& controller_;
  Instant now_;
};

Controller::Controller(const Settings& settings, const protocol::PollCodec& codec, Bytes stored,
                       Instant now) noexcept
    : settings_(settings),
      poller_(codec, {.period = settings.poll_period}),
      dead_man_(settings.host_timeout),
      registers_(status_, poller_.counters(), settings.limits_hash, dead_man_, command_),
      server_(settings.modbus_unit, registers_) {
  EMS_ASSERT(settings.safety.batteries.size() == 1 && settings.safety.inverters.size() == 1);
  safety_.state = restored(stored, now);
  poller_.link_up(now);
}

void Controller::from_battery(Bytes bytes, Instant now) noexcept {
  BatterySink sink(*this, now);
  poller_.receive(bytes, now, sink);
}

std::size_t Controller::from_host(Bytes bytes, Instant now, MutableBytes out) noexcept {
  registers_.at(now);
  registers_.host_counters(server_.counters());
  return server_.receive(bytes, now, out);
}

void Controller::read_reset_key(const DigitalInputs& inputs, const safety::Inputs& safety_inputs,
                                Instant now) noexcept {
  const bool went_down = inputs.reset_pressed && !reset_was_pressed_;
  reset_was_pressed_ = inputs.reset_pressed;
  if (!went_down) return;
  // Whoever holds the key stands in front of the board: that is its technician. A refusal shows as
  // a latch that stays.
  const Result<void> reset = safety::reset_in_place(
      safety_.state, settings_.safety, safety_inputs, now,
      {safety::Role::technician, "reset key", "put right on site, key turned"});
  latch_changed_ = reset.has_value();
}

const Relays& Controller::tick(const DigitalInputs& inputs, Instant now) noexcept {
  const safety::BatteryInputs battery_inputs = read_battery(now);
  const safety::Inputs safety_inputs{
      .batteries = {&battery_inputs, 1}, .inverters = {}, .estop = !inputs.estop_closed};
  latch_changed_ = false;
  read_reset_key(inputs, safety_inputs, now);
  step_safety(safety_inputs, now);
  apply(inputs, now);
  read_battery_values(battery_inputs, now);
  return status_.relays;
}

safety::BatteryInputs Controller::read_battery(Instant now) const noexcept {
  const safety::BatteryConfig& config = settings_.safety.batteries[0];
  return safety::read_inputs(image_, kBattery, config.cells_in_series, now);
}

void Controller::step_safety(const safety::Inputs& inputs, Instant now) noexcept {
  const std::size_t trips = safety_.state.latch().size();  // A step adds trips and takes none back.
  safety::step_in_place(safety_, settings_.safety, inputs, now);
  latch_changed_ = latch_changed_ || safety_.state.latch().size() != trips;
}

void Controller::apply(const DigitalInputs& inputs, Instant now) noexcept {
  const safety::Output& output = safety_.output;
  const safety::BatteryVerdict& verdict = output.batteries[0];
  const safety::InverterVerdict& inverter = output.inverters[0];
  const bool host_alive = dead_man_.alive(now);
  if (host_was_alive_ && !host_alive) {
    ++status_.host_losses;
    command_.end(now);  // A host that comes back says anew what it wants.
  }
  host_was_alive_ = host_alive;
  const safety::GateResult gated = safety::gate(output, 0, command_.at(now), safety::Arming::armed);

  status_.relays = next_relays(status_.relays, {.battery = verdict,
                                                .site = output.site,
                                                .command = gated.command->kind,
                                                .host_alive = host_alive});
  status_.safety = output.site;
  status_.envelope = inverter.ac;
  // Without its host the board lets no power be moved, whatever the lease says.
  status_.setpoint = host_alive ? gated.command->p : Watt::zero();
  status_.charge_current_max = verdict.charge_current_max;
  status_.discharge_current_max = verdict.discharge_current_max;
  status_.rules = 0;
  for (const safety::Reason& reason : verdict.reasons) {
    status_.rules |= std::uint64_t{1} << static_cast<unsigned>(reason.rule);
  }
  ++status_.ticks;
  status_.late_ticks += static_cast<std::uint32_t>(output.late_ticks);

  const bool tripped = safety_.state.tripped();
  status_.state = tripped                          ? OperatingState::tripped
                  : !status_.relays.main_contactor ? OperatingState::waiting
                  : host_alive                     ? OperatingState::ready
                                                   : OperatingState::host_silent;
  status_.alarms = static_cast<std::uint16_t>(
      bit(BoardAlarm::estop, estop_latched(safety_.state.latch())) |
      bit(BoardAlarm::host_silent, !host_alive) |
      bit(BoardAlarm::battery_silent, poller_.health() != protocol::LinkHealth::online) |
      bit(BoardAlarm::tripped, tripped) | bit(BoardAlarm::estop_loop, !inputs.estop_closed) |
      bit(BoardAlarm::image_full, image_full_));
}

void Controller::read_battery_values(const safety::BatteryInputs& battery, Instant now) noexcept {
  if (safety_.output.batteries[0].plausibility_failed) {  // Nobody knows which of them lies.
    status_.battery = {};
    return;
  }
  const Duration most = settings_.safety.batteries[0].limits.stale_after_max;
  status_.battery = {.pack_voltage = usable(battery.pack_voltage, most, now),
                     .pack_current = usable(battery.pack_current, most, now),
                     .soc = usable(battery.soc, most, now),
                     .cell_voltage_max = usable(battery.cell_voltage_max, most, now),
                     .cell_voltage_min = usable(battery.cell_voltage_min, most, now),
                     .temp_max = usable(battery.temp_max, most, now),
                     .temp_min = usable(battery.temp_min, most, now)};
}

std::optional<LatchRecord> Controller::latch_to_store() const noexcept {
  if (!latch_changed_) return std::nullopt;
  return encode_latch(safety_.state.latch());
}

}  // namespace ems::firmware
