// SPDX-License-Identifier: Apache-2.0
#include "decision.hpp"

namespace ems::capi {
namespace {

static_assert(EMS_LIMIT_FAILSAFE == static_cast<int>(decision::LimitSource::failsafe));
static_assert(EMS_ACTOR_SIZE == sizeof(ems_setpoint_t::actor));

/// Texts of the library are never longer than their field.
template <std::size_t N, std::size_t Room>
void put_text(const FixedString<N>& text, char (&field)[Room]) noexcept {
  static_assert(Room > N);
  (void)copy_text(text.view(), field, Room);
}

ems_setpoint_t setpoint_to_c(const decision::SetpointCommand& command) noexcept {
  ems_setpoint_t out{};
  out.given_at_ms = ceil_ms(command.given_at);
  out.lease_end_ms = ceil_ms(command.lease_end);
  out.power_w = command.power.count();
  put_text(command.actor, out.actor);
  return out;
}

ems_limit_command_t limit_to_c(const decision::LimitCommand& command) noexcept {
  ems_limit_command_t out{};
  out.given_at_ms = ceil_ms(command.given_at);
  out.lease_end_ms = ceil_ms(command.lease_end);
  out.limits.has_discharge_max = command.limits.discharge_max ? 1 : 0;
  out.limits.has_charge_max = command.limits.charge_max ? 1 : 0;
  out.limits.discharge_max_w = command.limits.discharge_max.value_or(Watt{}).count();
  out.limits.charge_max_w = command.limits.charge_max.value_or(Watt{}).count();
  put_text(command.actor, out.actor);
  return out;
}

std::uint8_t source_of(const decision::Decision& decision, decision::PolicyId policy) noexcept {
  const decision::PolicyOutput* output = decision.find(policy);
  return static_cast<std::uint8_t>(output == nullptr ? decision::LimitSource::none
                                                     : output->source);
}

void commands_to_c(const decision::Decision& from, ems_in_force_t& out) noexcept {
  if (from.setpoint) {
    out.valid |= EMS_IN_FORCE_SETPOINT;
    out.setpoint = setpoint_to_c(*from.setpoint);
  }
  if (from.remote_setpoint) {
    out.valid |= EMS_IN_FORCE_REMOTE_SETPOINT;
    out.remote_setpoint = setpoint_to_c(*from.remote_setpoint);
  }
  if (from.active_power_limit) {
    out.valid |= EMS_IN_FORCE_ACTIVE_POWER_LIMIT;
    out.active_power_limit = limit_to_c(*from.active_power_limit);
  }
  if (from.dimming) {
    out.valid |= EMS_IN_FORCE_DIMMING;
    out.dimming = limit_to_c(*from.dimming);
  }
  out.active_power_limit_source = source_of(from, decision::PolicyId::active_power_limit);
  out.dimming_source = source_of(from, decision::PolicyId::dimming);
}

void limits_to_c(const decision::Decision& from, ems_in_force_t& out) noexcept {
  if (from.import_limit) {
    out.valid |= EMS_IN_FORCE_IMPORT_LIMIT;
    out.import_limit_w = from.import_limit->count();
  }
  if (from.export_limit) {
    out.valid |= EMS_IN_FORCE_EXPORT_LIMIT;
    out.export_limit_w = from.export_limit->count();
  }
  if (from.droop_start) {
    out.valid |= EMS_IN_FORCE_DROOP;
    out.droop_start_w = from.droop_start->count();
  }
  if (from.demand) {
    out.valid |= EMS_IN_FORCE_DEMAND_WINDOW;
    out.demand_start_utc_us = to_us(from.demand->start);
    out.demand_left_ms = ceil_ms(from.demand->left);
    out.demand_energy_wh = from.demand->energy.count();
    out.demand_allowed_w = from.demand->allowed.count();
    out.demand_by_counter = from.demand->by_counter ? 1 : 0;
  }
}

void slots_to_c(const decision::Decision& from, ems_in_force_t& out) noexcept {
  if (from.schedule) {
    out.valid |= EMS_IN_FORCE_SCHEDULE;
    out.schedule = {to_us(from.schedule->from), to_us(from.schedule->to),
                    from.schedule->power.count(), 0};
  }
  if (from.plan) {
    out.valid |= EMS_IN_FORCE_PLAN;
    out.plan = {to_us(from.plan->start),         to_us(from.plan->end),
                from.plan->power.count(),        from.plan->pcc_target.value_or(Watt{}).count(),
                from.plan->pcc_target ? 1U : 0U, 0};
    put_text(from.plan_id, out.plan_id);
  }
  if (from.window) {
    out.valid |= EMS_IN_FORCE_TIME_OF_USE;
    out.window.from_minute = from.window->when.from;
    out.window.to_minute = from.window->when.to;
    out.window.days = from.window->when.days;
    out.window.action = static_cast<std::uint8_t>(from.window->action);
    out.window.has_soc_stop = from.window->soc_stop ? 1 : 0;
    out.window.power_w = from.window->power.count();
    out.window.soc_stop_bp = from.window->soc_stop.value_or(BasisPoints{}).count();
  }
  if (from.price) {
    out.valid |= EMS_IN_FORCE_PRICE;
    out.price = {to_us(from.price->start), from.price->buy.count(), from.price->sell.count()};
    put_text(from.currency, out.price_currency);
  }
}

}  // namespace

ems_in_force_t in_force_to_c(const decision::Decision& from) noexcept {
  ems_in_force_t out{};
  limits_to_c(from, out);
  commands_to_c(from, out);
  slots_to_c(from, out);
  return out;
}

}  // namespace ems::capi
