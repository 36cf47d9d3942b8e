// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/board_server.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ems::sim {
namespace {

using protocol::BoardState;

constexpr double kMilli = 1e3;
constexpr double kMicro = 1e6;
constexpr double kBasisPoints = 100.0;  // Of a percent.

std::int64_t scaled(double value, double scale) { return std::llround(value * scale); }

struct Named {
  Protection protection;
  Alarm alarm;
};
constexpr Named kProtections[] = {
    {Protection::cell_overvoltage, Alarm::cell_overvoltage},
    {Protection::cell_undervoltage, Alarm::cell_undervoltage},
    {Protection::charge_overtemperature, Alarm::charge_overtemperature},
    {Protection::charge_undertemperature, Alarm::charge_undertemperature},
    {Protection::discharge_overtemperature, Alarm::discharge_overtemperature},
    {Protection::discharge_undertemperature, Alarm::discharge_undertemperature},
    {Protection::charge_overcurrent, Alarm::charge_overcurrent},
    {Protection::discharge_overcurrent, Alarm::discharge_overcurrent},
};

void say_elements(BoardState& state, Signal all, Signal max, Signal min,
                  const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    state.set(all, scaled(values[i], kMilli), static_cast<std::uint16_t>(i + 1));
  }
  state.element_count(all, static_cast<std::uint16_t>(values.size()), 0);
  if (values.empty()) return;
  const auto [low, high] = std::ranges::minmax(values);
  state.set(max, scaled(high, kMilli));
  state.set(min, scaled(low, kMilli));
}

/// What its protections allow.
void say_limits(BoardState& state, const BatteryState& battery, const BmsConfig& bms) {
  const auto cells = static_cast<double>(battery.cell_v.size());
  state.set(Signal::charge_voltage_limit, scaled(cells * bms.cell_overvoltage_v.release, kMilli));
  state.set(Signal::discharge_voltage_limit,
            scaled(cells * bms.cell_undervoltage_v.release, kMilli));
  state.set(Signal::charge_current_limit,
            battery.charge_on ? scaled(bms.charge_overcurrent_a, kMilli) : 0);
  state.set(Signal::discharge_current_limit,
            battery.discharge_on ? scaled(bms.discharge_overcurrent_a, kMilli) : 0);
  state.set(Signal::charge_enable, battery.charge_on ? 1 : 0);
  state.set(Signal::discharge_enable, battery.discharge_on ? 1 : 0);
}

}  // namespace

BoardState board_state_of(const BatteryState& battery, const BatteryConfig& config,
                          std::string_view model) {
  BoardState state;
  say_elements(state, Signal::cell_voltage, Signal::cell_voltage_max, Signal::cell_voltage_min,
               battery.cell_v);
  say_elements(state, Signal::temperature, Signal::cell_temp_max, Signal::cell_temp_min,
               battery.temperature_degc);
  state.set(Signal::cell_count, static_cast<std::int64_t>(battery.cell_v.size()));
  state.set(Signal::module_count, 1);
  state.set(Signal::pack_voltage, scaled(battery.voltage_v, kMilli));
  state.set(Signal::pack_current, scaled(battery.current_a, kMilli));
  state.set(Signal::pack_power, scaled(battery.voltage_v * battery.current_a, 1.0));
  state.set(Signal::soc, scaled(battery.soc_pct, kBasisPoints));
  state.set(Signal::remaining_capacity, scaled(battery.remaining_ah, kMicro));
  state.set(Signal::full_capacity, scaled(battery.full_ah, kMicro));
  state.set(Signal::design_capacity, scaled(config.capacity_ah, kMicro));
  state.set(Signal::cycle_count, battery.cycles);
  state.set(Signal::charge_fet_on, battery.charge_on ? 1 : 0);
  state.set(Signal::discharge_fet_on, battery.discharge_on ? 1 : 0);
  for (const Signal off :
       {Signal::balancing, Signal::heater_on, Signal::force_charge, Signal::full_charge_request}) {
    state.set(off, 0);
  }
  say_limits(state, battery, config.bms);
  std::uint64_t alarms = 0;
  for (const Named& row : kProtections) {
    if ((battery.protection >> static_cast<unsigned>(row.protection) & 1U) != 0) {
      alarms |= alarm_bit(row.alarm);
    }
  }
  state.set(Signal::alarms, static_cast<std::int64_t>(alarms));
  state.set(Signal::warnings, 0);
  state.set(Signal::vendor_alarms, 0);
  state.text(TextField::manufacturer, "libems", 0);
  state.text(TextField::device_model, model, 0);
  return state;
}

std::vector<std::string_view> board_protocols() {
  std::vector<std::string_view> names;
  for (const protocol::Codec* codec : protocol::codecs()) {
    if (protocol::find_board(codec->name()) != nullptr) names.push_back(codec->name());
  }
  return names;
}

Result<BoardServer> BoardServer::make(std::string_view name, const protocol::CodecOptions& options,
                                      Plant& plant, Measured measured, std::string model) {
  const Result<const protocol::Codec*> codec = protocol::find_codec(name);
  if (!codec) return fail(codec.error());
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  protocol::BoardAnswer* board = protocol::find_board(name);
  if (poll == nullptr || board == nullptr) {
    return fail(Errc::unimplemented, 0, "the protocol has no simulator");
  }
  protocol::CodecRoom room;
  const Result<const protocol::PollCodec*> sound = poll->with(options, room);
  if (!sound) return fail(sound.error());
  return BoardServer(*poll, *board, options, plant, std::move(measured), std::move(model));
}

BoardServer::BoardServer(const protocol::PollCodec& codec, protocol::BoardAnswer& board,
                         const protocol::CodecOptions& options, Plant& plant, Measured measured,
                         std::string model)
    : codec_(&codec),
      board_(&board),
      options_(options),
      plant_(&plant),
      measured_(std::move(measured)),
      model_(std::move(model)) {}

protocol::FrameScan BoardServer::scan(Bytes received) const {
  return protocol::scan_request(*codec_, received);
}

ByteVector BoardServer::answer(Bytes request) {
  ByteVector reply(protocol::kReplySize);
  const BoardState state = board_state_of(measured_().battery, plant_->config().battery, model_);
  const protocol::Answer answer = board_(options_, state, request, reply);
  charge_on_ = answer.charge_on.value_or(charge_on_);
  discharge_on_ = answer.discharge_on.value_or(discharge_on_);
  if (answer.charge_on || answer.discharge_on) {
    plant_->command_switches(charge_on_, discharge_on_);
  }
  reply.resize(answer.size);
  return reply;
}

}  // namespace ems::sim
