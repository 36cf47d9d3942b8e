// SPDX-License-Identifier: Apache-2.0
// Commands to the batteries themselves: given to a battery's driver, followed until the battery
// says that it is so. docs/how-to/switch-a-battery.md.
#include <algorithm>
#include <utility>

#include "ems/runtime/site.hpp"

namespace ems::runtime {
namespace {

constexpr const char* kTripped = "a trip was latched meanwhile";

/// It closes a transistor, or moves charge between cells.
bool is_energising(const protocol::BatteryCommand& order) {
  if (const auto* outputs = std::get_if<protocol::SwitchCommand>(&order)) {
    return outputs->charge_on || outputs->discharge_on;
  }
  const auto* balance = std::get_if<protocol::BalanceCommand>(&order);
  return balance != nullptr && balance->on;
}

/// A battery follows an order even while nothing else may act on it: so none is given whose limits
/// lie beyond those at which safety trips.
Result<void> check_range(const io::BatteryConfig& config, const safety::BatteryConfig& guard,
                         const protocol::BatteryCommand& order) {
  const auto* limits = std::get_if<protocol::LimitCommand>(&order);
  if (limits == nullptr) return {};
  if (limits->charge_current > config.charge_current_max) {
    return fail(Errc::out_of_range, 0, "beyond the battery's charge_current_max_a");
  }
  if (limits->discharge_current > config.discharge_current_max) {
    return fail(Errc::out_of_range, 0, "beyond the battery's discharge_current_max_a");
  }
  const auto pack = [&guard](MilliVolt cell) {
    return std::int64_t{cell.count()} * guard.cells_in_series;
  };
  if (limits->charge_voltage.count() > pack(guard.limits.cell_voltage_max.trip) ||
      limits->discharge_voltage.count() < pack(guard.limits.cell_voltage_min.trip)) {
    return fail(Errc::out_of_range, 0, "beyond the voltage limits of the battery's cells");
  }
  return {};
}

}  // namespace

Result<void> Site::give_order(const Command& command, std::uint16_t battery,
                              const protocol::BatteryCommand& order, std::optional<Duration> lease,
                              Instant now) {
  const auto& configs = parts_.config.batteries;
  const auto config = std::ranges::find(configs, battery, &io::BatteryConfig::id);
  if (config == configs.end())
    return fail(Errc::not_found, battery, "the site has no such battery");
  if (std::holds_alternative<io::CandumpEndpoint>(config->link)) {
    return fail(Errc::failed_precondition, battery,
                "the battery is a recording: nobody would hear");
  }
  if (loop_.config().arming != safety::Arming::armed) {
    return fail(Errc::disarmed, 0, "control is not armed, or its limits are not accepted");
  }
  const bool energises = is_energising(order);
  if (energises && loop_.safety_state().tripped()) {
    return fail(Errc::latched, 0, "a trip is latched: until it is reset only off is taken");
  }
  const auto place = static_cast<std::size_t>(config - configs.begin());
  const safety::BatteryConfig& guard = loop_.config().safety.batteries[place];
  EMS_ASSERT(guard.asset == ems::battery(battery));
  if (const Result<void> range = check_range(*config, guard, order); !range) return range;
  if (const Result<void> given = batteries_[place]->order(order, command.ttl); !given) return given;
  const OrderKind kind = kind_of(order);
  const auto before = std::ranges::find_if(
      orders_, [&](const LiveOrder& live) { return live.battery == place && live.kind == kind; });
  if (before != orders_.end()) {
    const bool in_force = before->lease_end && before->told >= OrderStage::acknowledged;
    step_command({before->id, in_force ? CommandState::done : CommandState::failed,
                  "replaced by " + command.id, parts_.clock.utc()});
    orders_.erase(before);
  }
  orders_.push_back({.id = command.id,
                     .battery = place,
                     .kind = kind,
                     .energises = energises,
                     .lease_end = lease ? std::optional(now + *lease) : std::nullopt});
  return {};
}

/// Tells the book what became of the orders since the last tick.
void Site::follow_orders(Instant now) {
  const bool tripped = loop_.safety_state().tripped();
  std::erase_if(orders_, [&](LiveOrder& live) {
    BatteryDriver& driver = *batteries_[live.battery];
    const auto step = [&](CommandState state, std::string message) {
      step_command({live.id, state, std::move(message), parts_.clock.utc()});
    };
    const auto end = [&](CommandState state, std::string message) {
      driver.end_order(live.kind, "ended");
      step(state, std::move(message));
      return true;
    };
    const OrderProgress progress = driver.order_progress(live.kind);
    const OrderStage stage = progress.stage;
    if (stage == OrderStage::failed) return end(CommandState::failed, progress.message);
    const bool settled = stage == OrderStage::read_back || stage == OrderStage::unread;
    if (tripped && live.energises && !settled) return end(CommandState::failed, kTripped);
    if (live.told == OrderStage::waiting && stage >= OrderStage::sent) {
      step(CommandState::executing, {});
      live.told = OrderStage::sent;
    }
    const char* confirmed =
        stage == OrderStage::read_back ? "read back" : "acknowledged, not read back";
    if (!live.lease_end) return settled && end(CommandState::done, confirmed);
    if (now >= *live.lease_end) {
      if (live.told < OrderStage::acknowledged) {
        return end(CommandState::failed, "its lease ended before the battery confirmed it");
      }
      return end(CommandState::done, "its lease ended; the battery forgets the limits by itself");
    }
    if (settled && live.told < OrderStage::acknowledged) {
      step(CommandState::executing, confirmed);
      live.told = stage;
    }
    return false;
  });
}

}  // namespace ems::runtime
