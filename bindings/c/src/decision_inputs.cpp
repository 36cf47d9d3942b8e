// SPDX-License-Identifier: Apache-2.0
#include "decision.hpp"

namespace ems::capi {
namespace {

constexpr std::int32_t kDayS = 86'400;

bool sound(const ems_power_sample_t& sample) noexcept {
  return sample.quality <= EMS_QUALITY_GOOD && sample.stale_after_ms > 0;
}

Sample<Watt> sample_from(const ems_power_sample_t& given) noexcept {
  return {Watt{given.power_w}, instant(given.taken_at_ms), static_cast<Quality>(given.quality)};
}

/// Reads a measurement when its bit is set; false when it is none.
template <class Q>
bool measured_from(const ems_decision_inputs_t& inputs, unsigned bit,
                   const ems_measurement_t& given, decision::Measured<Q>& into) noexcept {
  if ((inputs.valid & bit) == 0) return true;
  if (given.quality > EMS_QUALITY_GOOD || given.stale_after_ms <= 0) return false;
  Q value{};
  if constexpr (std::is_same_v<Q, bool>) {
    value = given.value != 0;
  } else {
    if (!std::in_range<typename Q::Rep>(given.value)) return false;
    value = Q{static_cast<typename Q::Rep>(given.value)};
  }
  into = {Sample<Q>{value, instant(given.taken_at_ms), static_cast<Quality>(given.quality)},
          milliseconds(given.stale_after_ms)};
  return true;
}

/// The values that are no power; false when one is none.
bool measurements_from(const ems_decision_inputs_t& given, decision::Inputs& inputs) noexcept {
  decision::BatterySummary& all = inputs.batteries;
  all.capacity = WattHour{given.capacity_wh};
  return given.capacity_wh >= 0 &&
         measured_from(given, EMS_DECISION_HAS_FREQUENCY, given.frequency_mhz, inputs.frequency) &&
         measured_from(given, EMS_DECISION_HAS_GRID_CONNECTED, given.grid_connected,
                       inputs.grid_connected) &&
         measured_from(given, EMS_DECISION_HAS_ENERGY_IMPORTED, given.energy_imported_wh,
                       inputs.energy_imported) &&
         measured_from(given, EMS_DECISION_HAS_SOC, given.soc_bp, all.soc) &&
         measured_from(given, EMS_DECISION_HAS_SOC_MIN, given.soc_min_bp, all.soc_min) &&
         measured_from(given, EMS_DECISION_HAS_SOC_MAX, given.soc_max_bp, all.soc_max) &&
         measured_from(given, EMS_DECISION_HAS_TEMPERATURE_MIN, given.temperature_min_mdegc,
                       all.temperature_min) &&
         measured_from(given, EMS_DECISION_HAS_TEMPERATURE_MAX, given.temperature_max_mdegc,
                       all.temperature_max);
}

// ---- tables ------------------------------------------------------------------------------------

decision::ScheduleEntry row_from(const ems_schedule_entry_t& given) noexcept {
  return {utc(given.from_utc_us), utc(given.to_utc_us), Watt{given.power_w}};
}
decision::PlanSlot row_from(const ems_plan_slot_t& given) noexcept {
  decision::PlanSlot slot{
      .start = utc(given.start_utc_us), .end = utc(given.end_utc_us), .power = Watt{given.power_w}};
  if (given.has_pcc_target != 0) slot.pcc_target = Watt{given.pcc_target_w};
  return slot;
}
decision::PriceSlot row_from(const ems_price_slot_t& given) noexcept {
  return {utc(given.start_utc_us), decision::Price{given.buy}, decision::Price{given.sell}};
}
UtcInstant start_of(const decision::ScheduleEntry& entry) noexcept { return entry.from; }
template <class Slot>
UtcInstant start_of(const Slot& slot) noexcept {
  return slot.start;
}

/// Place of the row of `now`: the last that starts at or before it, else the first.
template <class Row>
std::uint32_t row_of(const Row* rows, std::uint32_t count, UtcInstant now) noexcept {
  std::uint32_t found = 0;
  for (std::uint32_t i = 1; i < count && start_of(row_from(rows[i])) <= now; ++i) found = i;
  return found;
}

/// Checks a table two rows at a time: `check(span of one or two)` sees each with its neighbour.
template <class Row, class Check>
ems_status_t check_rows(const Row* rows, std::uint32_t count, Check&& check) noexcept {
  using Slot = decltype(row_from(*rows));
  std::array<Slot, 2> pair{};
  for (std::uint32_t i = 0; i < count; ++i) {
    pair[0] = pair[1];
    pair[1] = row_from(rows[i]);
    const std::size_t known = i == 0 ? 1 : 2;
    const Result<void> checked = check(std::span<const Slot>(pair).last(known));
    if (!checked) {
      const auto place = static_cast<std::uint16_t>(std::min<std::uint32_t>(i, UINT16_MAX));
      return failed(static_cast<ems_status_t>(checked.error().code), checked.error().what, place);
    }
  }
  return EMS_OK;
}

/// A plan without its slots.
decision::Plan plan_from(const ems_decision_tables_t& given) noexcept {
  return {.slots = {},
          .made_at = utc(given.plan_made_at_utc_us),
          .valid_for = milliseconds(given.plan_valid_for_ms),
          .id = decision::PlanId(text_of(given.plan_id))};
}
decision::PriceTable prices_from(const ems_decision_tables_t& given, UtcInstant end) noexcept {
  return {.slots = {},
          .end = end,
          .made_at = utc(given.price_made_at_utc_us),
          .currency = decision::Currency(text_of(given.price_currency))};
}

ems_status_t check_prices(const ems_decision_tables_t& given) noexcept {
  if (given.price_count == 0) return EMS_OK;
  if (given.price_currency[3] != '\0') {
    return failed(EMS_E_OUT_OF_RANGE, "price_currency is not three letters and a NUL");
  }
  std::uint32_t seen = 0;
  return check_rows(given.prices, given.price_count,
                    [&](std::span<const decision::PriceSlot> slots) {
                      const bool last = ++seen == given.price_count;
                      const UtcInstant end = last ? utc(given.price_end_utc_us) : utc(INT64_MAX);
                      decision::PriceTable table = prices_from(given, end);
                      table.slots = slots;
                      return decision::validate(table);
                    });
}

ems_status_t check_tables(const ems_decision_tables_t& given) noexcept {
  if (given.schedule == nullptr && given.schedule_count > 0) return invalid("schedule is NULL");
  if (given.plan == nullptr && given.plan_count > 0) return invalid("plan is NULL");
  if (given.prices == nullptr && given.price_count > 0) return invalid("prices is NULL");
  ems_status_t checked = check_rows(
      given.schedule, given.schedule_count,
      [](std::span<const decision::ScheduleEntry> rows) { return decision::validate(rows); });
  if (checked != EMS_OK) return checked;
  checked = check_rows(given.plan, given.plan_count, [&](std::span<const decision::PlanSlot> rows) {
    decision::Plan plan = plan_from(given);
    plan.slots = rows;
    return decision::validate(plan);
  });
  return checked != EMS_OK ? checked : check_prices(given);
}

ems_status_t read_tables(const ems_decision_tables_t* given, ems_decision_tables_t& own) noexcept {
  if (!sized(given)) return invalid("tables is NULL or its struct_size is too small");
  if (!take(given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  return check_tables(own);
}

}  // namespace

decision::PowerLimits limits_from(const ems_power_limits_t& given) noexcept {
  decision::PowerLimits limits;
  if (given.has_discharge_max != 0) limits.discharge_max = Watt{given.discharge_max_w};
  if (given.has_charge_max != 0) limits.charge_max = Watt{given.charge_max_w};
  return limits;
}

decision::SetpointCommand setpoint_from(const ems_setpoint_t& given) noexcept {
  return {.power = Watt{given.power_w},
          .given_at = instant(given.given_at_ms),
          .lease_end = instant(given.lease_end_ms),
          .actor = decision::ActorName(text_of(given.actor))};
}

decision::LimitCommand limit_from(const ems_limit_command_t& given) noexcept {
  return {.limits = limits_from(given.limits),
          .given_at = instant(given.given_at_ms),
          .lease_end = instant(given.lease_end_ms),
          .actor = decision::ActorName(text_of(given.actor))};
}

ems_status_t wall_from(const ems_wall_time_t& given, decision::WallTime& wall) noexcept {
  if (given.quality < EMS_CLOCK_UNSET || given.quality > EMS_CLOCK_SYNCED ||
      given.unsynced_ms < 0 || given.utc_offset_s < -kDayS || given.utc_offset_s > kDayS) {
    return failed(EMS_E_OUT_OF_RANGE, "wall: its quality, unsynced_ms or utc_offset_s");
  }
  wall = {.utc = utc(given.utc_us),
          .utc_offset = seconds(given.utc_offset_s),
          .quality = static_cast<ClockQuality>(given.quality),
          .unsynced = milliseconds(given.unsynced_ms)};
  return EMS_OK;
}

ems_status_t TablesOfNow::read(const ems_decision_tables_t* given, UtcInstant now) noexcept {
  if (given == nullptr) return EMS_OK;
  ems_decision_tables_t own;
  if (const ems_status_t status = read_tables(given, own); status != EMS_OK) return status;
  if (own.schedule_count > 0) {
    entry_ = row_from(own.schedule[row_of(own.schedule, own.schedule_count, now)]);
    schedule = std::span(&entry_, 1);
  }
  if (own.plan_count > 0) {
    slot_ = row_from(own.plan[row_of(own.plan, own.plan_count, now)]);
    plan = plan_from(own);
    plan->slots = std::span(&slot_, 1);
  }
  if (own.price_count > 0) {
    price_ = row_from(own.prices[row_of(own.prices, own.price_count, now)]);
    prices = prices_from(own, utc(own.price_end_utc_us));
    prices->slots = std::span(&price_, 1);
  }
  return EMS_OK;
}

ems_status_t inputs_from(const ems_decision_inputs_t& given, TablesOfNow& tables,
                         decision::Inputs& inputs) noexcept {
  if (given.envelope.lo_w > given.envelope.hi_w) {
    return failed(EMS_E_OUT_OF_RANGE, "envelope: lo_w is above hi_w");
  }
  inputs.envelope = {Watt{given.envelope.lo_w}, Watt{given.envelope.hi_w}};
  constexpr const char* kBadSample = "a power sample: its quality or stale_after_ms";
  if ((given.valid & EMS_DECISION_HAS_PCC_POWER) != 0) {
    if (!sound(given.pcc_power)) return failed(EMS_E_OUT_OF_RANGE, kBadSample);
    inputs.pcc_power = {sample_from(given.pcc_power), milliseconds(given.pcc_power.stale_after_ms)};
  }
  if ((given.valid & EMS_DECISION_HAS_BATTERY_POWER) != 0) {
    if (!sound(given.battery_power)) return failed(EMS_E_OUT_OF_RANGE, kBadSample);
    inputs.battery_power = {sample_from(given.battery_power),
                            milliseconds(given.battery_power.stale_after_ms)};
  }
  if ((given.valid & EMS_DECISION_HAS_GATED_POWER) != 0) {
    if (!sound(given.gated_power)) return failed(EMS_E_OUT_OF_RANGE, kBadSample);
    inputs.gated = sample_from(given.gated_power);
  }
  if (!measurements_from(given, inputs)) {
    return failed(EMS_E_OUT_OF_RANGE,
                  "a measurement: its value, quality or stale_after_ms, or capacity_wh below 0");
  }
  if ((given.valid & EMS_DECISION_HAS_SETPOINT) != 0) {
    inputs.setpoint = setpoint_from(given.setpoint);
  }
  if ((given.valid & EMS_DECISION_HAS_REMOTE_SETPOINT) != 0) {
    inputs.remote_setpoint = setpoint_from(given.remote_setpoint);
  }
  if ((given.valid & EMS_DECISION_HAS_ACTIVE_POWER_LIMIT) != 0) {
    inputs.active_power_limit = limit_from(given.active_power_limit);
  }
  if ((given.valid & EMS_DECISION_HAS_DIMMING) != 0) inputs.dimming = limit_from(given.dimming);
  ems_status_t read = wall_from(given.wall, inputs.wall);
  if (read != EMS_OK) return read;
  read = tables.read(given.tables, inputs.wall.utc);
  if (read != EMS_OK) return read;
  inputs.schedule = tables.schedule;
  inputs.plan = tables.plan;
  inputs.prices = tables.prices;
  return EMS_OK;
}

extern "C" {

EMS_API ems_status_t ems_decision_tables_validate(const ems_decision_tables_t* tables) {
  return guarded([&]() -> ems_status_t {
    ems_decision_tables_t own;
    return read_tables(tables, own);
  });
}

}  // extern "C"

}  // namespace ems::capi
