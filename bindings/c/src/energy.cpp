// SPDX-License-Identifier: Apache-2.0
#include "ems/aggregate/energy_ledger.hpp"
#include "query.hpp"

struct alignas(ems::capi::kAlignment) ems_energy {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::energy;
  explicit ems_energy(const ems::aggregate::EnergyLedger& made) noexcept : core(made) {}

  ems::capi::Tag tag = kTag;
  ems::aggregate::EnergyLedger core;
  ems::capi::RowRoom room;
};

namespace ems::capi {
namespace {

using aggregate::EnergyFigure;
using aggregate::EnergyFlow;
using aggregate::EnergyLedger;
using aggregate::EnergyLine;
using aggregate::EnergySource;

constexpr const char* kNoEnergy = "energy is NULL or not a ledger";
constexpr const char* kBadOut = "out is NULL or its struct_size is too small";

// As the header promises.
static_assert(sizeof(ems_energy) <= 12288 && sizeof(EnergyLedger::Entry) <= 384 &&
              sizeof(EnergyFigure) <= 64 && sizeof(EnergyLine::Segment) <= 24 &&
              sizeof(aggregate::Claimed::Span) <= 16);
static_assert(EMS_ENERGY_FLOW_IMPORTED == static_cast<int>(EnergyFlow::imported) &&
              EMS_ENERGY_FLOW_DISCHARGED == static_cast<int>(EnergyFlow::discharged) &&
              EMS_ENERGY_SOURCE_NONE == static_cast<int>(EnergySource::none) &&
              EMS_ENERGY_SOURCE_MIXED == static_cast<int>(EnergySource::mixed));

ems_energy_config_t energy_defaults() noexcept {
  constexpr aggregate::EnergyOptions kOptions{};
  ems_energy_config_t config{};
  config.account_capacity = 16;
  config.gap_max_us = kOptions.gap_max.count();
  config.bridge_max_us = kOptions.bridge_max.count();
  config.power_max_w = kOptions.power_max_w;
  config.counter_modulus_wh = kOptions.counter_modulus_wh;
  config.quality_min = static_cast<std::int32_t>(kOptions.quality_min);
  config.waiting_capacity = 128;
  config.break_capacity = 64;
  return config;
}

aggregate::EnergyOptions options_of(const ems_energy_config_t& config) noexcept {
  aggregate::EnergyOptions options;
  options.gap_max = microseconds(config.gap_max_us);
  options.bridge_max = microseconds(config.bridge_max_us);
  options.power_max_w = config.power_max_w;
  options.counter_modulus_wh = config.counter_modulus_wh;
  options.quality_min = static_cast<Quality>(config.quality_min);
  if (const AssetId meter = from_c(config.grid_meter); meter != kSite) options.grid_meter = meter;
  return options;
}

/// Takes over what the caller set; everything that does not need memory is checked.
ems_status_t request_of(const ems_energy_config_t* config, ems_energy_config_t& own,
                        GridRequest& grid) noexcept {
  if (!sized(config)) return invalid("config is NULL or its struct_size is too small");
  own = energy_defaults();
  if (!take_over(config, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if (own.account_capacity == 0 || own.account_capacity > EMS_ENERGY_ACCOUNTS_MAX ||
      own.waiting_capacity == 0 || own.waiting_capacity > EMS_QUERY_CAPACITY_MAX ||
      !breaks_fit(own.break_capacity)) {
    return failed(EMS_E_OUT_OF_RANGE, "account_capacity, waiting_capacity or break_capacity");
  }
  if (own.quality_min < EMS_QUALITY_BAD || own.quality_min > EMS_QUALITY_GOOD ||
      !valid(own.grid_meter)) {
    return failed(EMS_E_OUT_OF_RANGE, "quality_min or grid_meter");
  }
  if (const Result<void> sound = aggregate::check(options_of(own)); !sound) {
    return failed(EMS_E_OUT_OF_RANGE, sound.error().what);
  }
  return grid_of(own.grid, grid);
}

std::uint64_t bytes_of(const ems_energy_config_t& config, const GridRequest& grid) noexcept {
  const std::uint64_t accounts = config.account_capacity;
  return sizeof(ems_energy) + Parts::bytes_of<UtcInstant>(grid.edges.size()) +
         Parts::bytes_of<EnergyLedger::Entry>(accounts) +
         Parts::bytes_of<EnergyFigure>(accounts * grid.buckets()) +
         Parts::bytes_of<EnergyLine::Segment>(accounts * config.waiting_capacity) +
         Parts::bytes_of<aggregate::Claimed::Span>(accounts * config.break_capacity);
}

ems_energy_figure_t figure_to_c(const EnergyFigure& figure, std::int64_t begin_us,
                                std::int64_t end_us) noexcept {
  ems_energy_figure_t out{};
  out.source = static_cast<std::int32_t>(figure.source());
  out.begin_us = begin_us;
  out.end_us = end_us;
  out.energy_mwh = figure.energy_mwh().value_or(0);
  out.counter_mwh = figure.counter_mwh;
  out.power_high = figure.power.high();
  out.power_low = figure.power.low();
  out.known_counter_us = figure.known_counter.count();
  out.known_power_us = figure.known_power.count();
  out.spread_us = figure.spread.count();
  out.resets = figure.resets;
  out.wraps = figure.wraps;
  return out;
}

EnergyFigure figure_from_c(const ems_energy_figure_t& figure) noexcept {
  return {.counter_mwh = figure.counter_mwh,
          .power = aggregate::Wide::of_words(figure.power_high, figure.power_low),
          .known_counter = microseconds(figure.known_counter_us),
          .known_power = microseconds(figure.known_power_us),
          .spread = microseconds(figure.spread_us),
          .resets = figure.resets,
          .wraps = figure.wraps};
}

}  // namespace

extern "C" {

EMS_API ems_status_t ems_energy_config_default(ems_energy_config_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadOut);
    give(out, energy_defaults());
    return EMS_OK;
  });
}

EMS_API std::size_t ems_energy_size(const ems_energy_config_t* config) {
  const LastError kept = last_error;  // Not a call that returns a status.
  ems_energy_config_t own;
  GridRequest grid;
  const bool sound = request_of(config, own, grid) == EMS_OK;
  last_error = kept;
  return sound ? possible(bytes_of(own, grid)) : 0;
}

EMS_API ems_status_t ems_energy_init(void* memory, std::size_t size,
                                     const ems_energy_config_t* config, ems_energy_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    ems_energy_config_t own;
    GridRequest grid;
    const ems_status_t sound = request_of(config, own, grid);
    if (sound != EMS_OK) return sound;
    const ems_status_t room = check_memory(memory, size, possible(bytes_of(own, grid)));
    if (room != EMS_OK) return room;
    Parts parts(static_cast<std::byte*>(memory) + sizeof(ems_energy));
    const aggregate::GridView view = parts.take(grid);
    const std::size_t accounts = own.account_capacity;
    const EnergyLedger::Room rooms{
        parts.take<EnergyLedger::Entry>(accounts), parts.take<EnergyFigure>(accounts * view.size()),
        parts.take<EnergyLine::Segment>(accounts * own.waiting_capacity),
        parts.take<aggregate::Claimed::Span>(accounts * own.break_capacity)};
    const Result<EnergyLedger> made = EnergyLedger::create(view, options_of(own), rooms);
    if (!made) return failed(made.error());
    *out = place<ems_energy>(memory, *made);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_energy_row(ems_energy_t* energy, std::int64_t utc_us,
                                    const ems_point_t* points, const ems_row_value_t* values,
                                    std::size_t count) {
  return guarded([&]() -> ems_status_t {
    if (!is(energy)) return invalid(kNoEnergy);
    telemetry::Row row;
    const ems_status_t sound = energy->room.fill(utc_us, points, values, count, row);
    return sound == EMS_OK ? status_of(energy->core.row(row)) : sound;
  });
}

EMS_API ems_status_t ems_energy_gap(ems_energy_t* energy) {
  return guarded([&]() -> ems_status_t {
    if (!is(energy)) return invalid(kNoEnergy);
    energy->core.gap();
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_energy_finish(ems_energy_t* energy) {
  return guarded([&]() -> ems_status_t {
    if (!is(energy)) return invalid(kNoEnergy);
    energy->core.finish();
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_energy_get_status(const ems_energy_t* energy, ems_energy_status_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(energy)) return invalid(kNoEnergy);
    if (!sized(out)) return invalid(kBadOut);
    const EnergyLedger& core = energy->core;
    ems_energy_status_t full{};
    full.account_count = static_cast<std::uint32_t>(core.entries().size());
    full.period_count = core.grid().size();
    for (const EnergyLedger::Entry& entry : core.entries()) {
      full.breaks_closed += entry.line.claimed().forgotten();
      full.counters_dropped += entry.line.given_up();
    }
    if (const auto until = core.settled_until()) {
      full.settled_until_us = to_us(*until);
      full.settled = 1;
    }
    full.counters_began = core.counters_began() ? 1 : 0;
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_energy_account_at(const ems_energy_t* energy, std::size_t index,
                                           ems_energy_account_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(energy)) return invalid(kNoEnergy);
    if (out == nullptr) return invalid("out is NULL");
    const auto entries = energy->core.entries();
    if (index >= entries.size()) return failed(EMS_E_OUT_OF_RANGE, "no such account");
    const aggregate::EnergyAccount& account = entries[index].account;
    *out = {to_c(account.asset), static_cast<std::int32_t>(account.flow)};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_energy_figure_at(const ems_energy_t* energy, std::size_t account,
                                          std::size_t period, ems_energy_figure_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(energy)) return invalid(kNoEnergy);
    if (!sized(out)) return invalid(kBadOut);
    const auto entries = energy->core.entries();
    const aggregate::GridView& grid = energy->core.grid();
    if (account >= entries.size() || period >= grid.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such account or period");
    }
    give(out, figure_to_c(entries[account].line.figures()[period], to_us(grid.begin_of(period)),
                          to_us(grid.end_of(period))));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_energy_figure_merge(ems_energy_figure_t* into,
                                             const ems_energy_figure_t* other) {
  return guarded([&]() -> ems_status_t {
    if (!sized(into) || !sized(other)) {
      return invalid("a figure is NULL or its struct_size is too small");
    }
    ems_energy_figure_t a;
    ems_energy_figure_t b;
    if (!take(into, a) || !take(other, b)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    EnergyFigure both = figure_from_c(a);
    both.merge(figure_from_c(b));
    give(into, figure_to_c(both, std::min(a.begin_us, b.begin_us), std::max(a.end_us, b.end_us)));
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
