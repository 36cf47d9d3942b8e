// SPDX-License-Identifier: Apache-2.0
// What ems/decision.py describes, as C++ takes it: policies, commands, the wall clock, tables.
#include <algorithm>
#include <array>

#include "control.hpp"

namespace ems::python {
namespace {

/// Digits between a quantity's count and SI.
template <class Q>
constexpr int kDigits = 0;
template <>
constexpr int kDigits<MilliHertz> = 3;
template <>
constexpr int kDigits<MilliCelsius> = 3;
template <>
constexpr int kDigits<BasisPoints> = 2;
template <>
constexpr int kDigits<Ratio> = 6;
template <>
constexpr int kDigits<Duration> = 6;
template <>
constexpr int kDigits<decision::Price> = 6;

template <class Q>
Q quantity_of(py::handle number) {
  if constexpr (sizeof(typename Q::Rep) == sizeof(std::int32_t)) {
    return Q{count32_of(number, kDigits<Q>)};
  } else {
    return Q{count_of(number, kDigits<Q>)};
  }
}

template <class Q>
std::optional<Q> maybe_of(py::handle number) {
  if (number.is_none()) return std::nullopt;
  return quantity_of<Q>(number);
}

UtcInstant utc_of(py::handle microseconds_of_utc) {
  return UtcInstant{microseconds(count_of(microseconds_of_utc, 0))};
}

template <std::size_t N>
FixedString<N> words_of(py::handle words, const char* what) {
  const auto given = words.cast<std::string>();
  if (given.size() > N) raise(Errc::length, 0, std::string(what) + ": too long");
  return FixedString<N>(given);
}
constexpr std::size_t kNameMax = 48;  ///< Bytes that ActorName and PlanId hold.

/// Fields of one policy; an error names the field.
class Fields {
 public:
  Fields(std::string policy, py::dict numbers)
      : policy_(std::move(policy)), numbers_(std::move(numbers)) {}

  template <class Read>
  auto with(const char* key, Read read) const {
    try {
      return read(numbers_[key]);
    } catch (const NativeError& error) {
      raise(error.code, error.offset, policy_ + "." + key + ": " + error.message);
    }
  }
  /// The field into `out`, whose type says the unit.
  template <class Q>
  void into(Q& out, const char* key) const {
    out = with(key, [](py::handle number) { return quantity_of<Q>(number); });
  }
  template <class Q>
  void into(std::optional<Q>& out, const char* key) const {
    out = with(key, [](py::handle number) { return maybe_of<Q>(number); });
  }
  [[nodiscard]] py::object object(const char* key) const { return numbers_[key]; }

 private:
  std::string policy_;
  py::dict numbers_;
};

void active_power_limit(decision::Config& config, const Fields& fields) {
  auto& out = config.active_power_limit.emplace();
  fields.into(out.configured.discharge_max, "discharge_max_w");
  fields.into(out.configured.charge_max, "charge_max_w");
  fields.into(out.fallback.discharge_max, "fallback_discharge_max_w");
  fields.into(out.fallback.charge_max, "fallback_charge_max_w");
  fields.into(out.lease_max, "lease_max_s");
}

void frequency_droop(decision::Config& config, const Fields& fields) {
  auto& out = config.frequency_droop.emplace();
  fields.into(out.reference, "reference_w");
  fields.into(out.grid.f_nom, "nominal_hz");
  fields.into(out.grid.deadband_over, "deadband_over_hz");
  fields.into(out.grid.deadband_under, "deadband_under_hz");
  fields.into(out.grid.droop, "droop_pct");
  fields.into(out.grid.release_after, "release_after_s");
  fields.into(out.grid.response, "response_s");
}

void ramp(decision::Config& config, const Fields& fields) {
  auto& out = config.ramp.emplace();
  fields.into(out.up_per_s, "up_w_per_s");
  fields.into(out.down_per_s, "down_w_per_s");
  fields.into(out.step_max, "step_max_s");
}

void dimming(decision::Config& config, const Fields& fields) {
  auto& out = config.dimming.emplace();
  fields.into(out.failsafe, "failsafe_w");
  fields.into(out.failsafe_min, "failsafe_min_s");
  fields.into(out.protective, "protective_w");
  fields.into(out.lease_max, "lease_max_s");
}

void import_limit(decision::Config& config, const Fields& fields) {
  auto& out = config.import_limit.emplace();
  fields.into(out.limit, "limit_w");
  fields.into(out.hold, "hold_s");
}

void export_limit(decision::Config& config, const Fields& fields) {
  fields.into(config.export_limit.emplace().limit, "limit_w");
}

void demand_limit(decision::Config& config, const Fields& fields) {
  auto& out = config.demand_limit.emplace();
  fields.into(out.limit, "limit_w");
  fields.into(out.import_max, "import_max_w");
  fields.into(out.window, "window_s");
  fields.into(out.offset, "offset_s");
  fields.into(out.hold, "hold_s");
  fields.into(out.glide, "glide_s");
}

void backup_reserve(decision::Config& config, const Fields& fields) {
  auto& out = config.backup_reserve.emplace();
  fields.into(out.reserve, "soc_pct");
  fields.into(out.hysteresis, "hysteresis_pct");
}

void setpoint(decision::Config& config, const Fields& fields) {
  fields.into(config.setpoint.emplace().lease_max, "lease_max_s");
}

void remote_setpoint(decision::Config& config, const Fields& fields) {
  fields.into(config.remote_setpoint.emplace().lease_max, "lease_max_s");
}

void schedule(decision::Config& config, const Fields& /*none*/) { config.schedule.emplace(); }

void zero_export(decision::Config& config, const Fields& fields) {
  fields.into(config.zero_export.emplace().tolerance, "tolerance_w");
}

void plan(decision::Config& config, const Fields& fields) {
  auto& out = config.plan.emplace();
  fields.into(out.age_max, "age_max_s");
  fields.into(out.adrift_max, "adrift_max_s");
}

decision::WindowAction action_of(const std::string& name) {
  for (const auto action : {decision::WindowAction::charge, decision::WindowAction::discharge,
                            decision::WindowAction::hold}) {
    if (name == to_string(action)) return action;
  }
  raise(Errc::invalid_argument, 0, "no such action: " + name);
}

/// days (bits), from and to (minutes), action, power_w, soc_stop_pct.
decision::TimeOfUseWindow window_of(py::handle item) {
  const auto row = item.cast<py::tuple>();
  decision::TimeOfUseWindow out;
  out.when.days = row[0].cast<std::uint8_t>();
  out.when.from = row[1].cast<std::uint16_t>();
  out.when.to = row[2].cast<std::uint16_t>();
  out.action = action_of(row[3].cast<std::string>());
  out.power = quantity_of<Watt>(row[4]);
  out.soc_stop = maybe_of<BasisPoints>(row[5]);
  return out;
}

void time_of_use(decision::Config& config, const Fields& fields) {
  auto& out = config.time_of_use.emplace();
  fields.with("windows", [&out](py::handle windows) {
    for (const py::handle item : windows.cast<py::sequence>()) {
      if (!out.windows.try_push_back(window_of(item))) {
        raise(Errc::out_of_range, decision::kTimeOfUseWindowsMax, "more windows than fit");
      }
    }
  });
  fields.into(out.soc_hysteresis, "soc_hysteresis_pct");
  out.only_without_prices = fields.object("only_without_prices").cast<bool>();
}

void price(decision::Config& config, const Fields& fields) {
  auto& out = config.price.emplace();
  out.currency = fields.with(
      "currency", [](py::handle words) { return words_of<3>(words, "ISO 4217, three letters"); });
  fields.into(out.buy_below, "buy_below_per_kwh");
  fields.into(out.sell_above, "sell_above_per_kwh");
  fields.into(out.power, "power_w");
  fields.into(out.share_at_threshold, "share_at_threshold_pct");
  fields.into(out.soc_buy_max, "soc_buy_max_pct");
  fields.into(out.soc_sell_min, "soc_sell_min_pct");
  fields.into(out.soc_hysteresis, "soc_hysteresis_pct");
  fields.into(out.age_max, "age_max_s");
}

void self_consumption(decision::Config& config, const Fields& fields) {
  auto& out = config.self_consumption.emplace();
  fields.into(out.pcc_target, "target_w");
  fields.into(out.deadband, "deadband_w");
  fields.into(out.surplus_start, "surplus_start_w");
  fields.into(out.surplus_stop, "surplus_stop_w");
  fields.into(out.soc_store_max, "soc_store_max_pct");
  fields.into(out.soc_feed_min, "soc_feed_min_pct");
  fields.into(out.soc_hysteresis, "soc_hysteresis_pct");
}

void comfort_band(decision::Config& config, const Fields& fields) {
  auto& out = config.comfort_band.emplace();
  fields.into(out.power, "power_w");
  fields.into(out.soc_min, "soc_min_pct");
  fields.into(out.soc_max, "soc_max_pct");
  fields.into(out.taper, "taper_pct");
  fields.into(out.restore, "restore_w");
}

void gentle_current(decision::Config& config, const Fields& fields) {
  auto& out = config.gentle_current.emplace();
  fields.into(out.charge_rate, "charge_rate");
  fields.into(out.discharge_rate, "discharge_rate");
}

void gentle_temperature(decision::Config& config, const Fields& fields) {
  auto& out = config.gentle_temperature.emplace();
  fields.into(out.power, "power_w");
  fields.into(out.cold_zero, "cold_zero_degc");
  fields.into(out.cold_full, "cold_full_degc");
  fields.into(out.hot_full, "hot_full_degc");
  fields.into(out.hot_zero, "hot_zero_degc");
}

struct Reader {
  decision::PolicyId policy{};
  void (*read)(decision::Config&, const Fields&) = nullptr;
};
using decision::PolicyId;
constexpr std::array kReaders = {
    Reader{PolicyId::active_power_limit, &active_power_limit},
    Reader{PolicyId::frequency_droop, &frequency_droop},
    Reader{PolicyId::ramp, &ramp},
    Reader{PolicyId::dimming, &dimming},
    Reader{PolicyId::import_limit, &import_limit},
    Reader{PolicyId::export_limit, &export_limit},
    Reader{PolicyId::demand_limit, &demand_limit},
    Reader{PolicyId::backup_reserve, &backup_reserve},
    Reader{PolicyId::setpoint, &setpoint},
    Reader{PolicyId::remote_setpoint, &remote_setpoint},
    Reader{PolicyId::schedule, &schedule},
    Reader{PolicyId::zero_export, &zero_export},
    Reader{PolicyId::plan, &plan},
    Reader{PolicyId::time_of_use, &time_of_use},
    Reader{PolicyId::price, &price},
    Reader{PolicyId::self_consumption, &self_consumption},
    Reader{PolicyId::comfort_band, &comfort_band},
    Reader{PolicyId::gentle_current, &gentle_current},
    Reader{PolicyId::gentle_temperature, &gentle_temperature},
};

/// (name, level) of every policy that can be configured, strongest first.
py::list policy_rows() {
  py::list rows;
  for (const decision::PolicyInfo& info : decision::policy_table()) {
    if (info.policy == PolicyId::safety) continue;
    rows.append(py::make_tuple(text(info.name), text(to_string(info.level)), text(info.meaning)));
  }
  return rows;
}

/// The frequency fields of a published profile, by its name.
py::dict grid_profiles() {
  const auto fields = [](const decision::GridProfile& grid) {
    py::dict out;
    out["nominal_hz"] = si_of(grid.f_nom.count(), 3);
    out["deadband_over_hz"] = si_of(grid.deadband_over.count(), 3);
    out["deadband_under_hz"] = si_of(grid.deadband_under.count(), 3);
    out["droop_pct"] = si_of(grid.droop.count(), 2);
    out["release_after_s"] = seconds_of(grid.release_after);
    out["response_s"] = seconds_of(grid.response);
    return out;
  };
  py::dict out;
  out["en50549"] = fields(decision::kEn50549);
  out["ieee1547"] = fields(decision::kIeee1547);
  return out;
}

// ---- tables ------------------------------------------------------------------------------------

/// start, end (us of UTC), power_w.
std::shared_ptr<const io::ScheduleFile> schedule_of(const py::list& rows) {
  auto out = std::make_shared<io::ScheduleFile>();
  for (const py::handle item : rows) {
    const auto row = item.cast<py::tuple>();
    out->entries.push_back({utc_of(row[0]), utc_of(row[1]), quantity_of<Watt>(row[2])});
  }
  take(decision::validate(out->entries));
  return out;
}

/// start, end (us of UTC), power_w or None, pcc_target_w or None: one of the two.
std::shared_ptr<const io::PlanFile> plan_of(const py::list& rows, const py::object& made_at,
                                            const py::object& valid_for_s, const std::string& id) {
  auto out = std::make_shared<io::PlanFile>();
  for (const py::handle item : rows) {
    const auto row = item.cast<py::tuple>();
    const auto power = maybe_of<Watt>(row[2]);
    const auto pcc_target = maybe_of<Watt>(row[3]);
    if (power.has_value() == pcc_target.has_value()) {
      raise(Errc::invalid_argument, out->slots.size(),
            "plan: a slot has a power_w or a pcc_target_w, not both");
    }
    out->slots.push_back({utc_of(row[0]), utc_of(row[1]), power.value_or(Watt{}), pcc_target});
  }
  out->made_at = utc_of(made_at);
  out->valid_for = duration_of(valid_for_s);
  out->id = words_of<kNameMax>(py::str(id), "plan_id");
  take(decision::validate(out->plan()));
  return out;
}

/// start (us of UTC), buy_per_kwh, sell_per_kwh.
std::shared_ptr<const io::PriceFile> prices_of(const py::list& rows, const py::object& end,
                                               const py::object& made_at,
                                               const std::string& currency) {
  auto out = std::make_shared<io::PriceFile>();
  for (const py::handle item : rows) {
    const auto row = item.cast<py::tuple>();
    out->slots.push_back({utc_of(row[0]), quantity_of<decision::Price>(row[1]),
                          quantity_of<decision::Price>(row[2])});
  }
  out->end = utc_of(end);
  out->made_at = utc_of(made_at);
  out->currency = words_of<3>(py::str(currency), "currency");
  take(decision::validate(out->table()));
  return out;
}

}  // namespace

decision::Config policies_of(const py::dict& policies) {
  decision::Config config;
  for (const auto& [key, value] : policies) {
    const auto name = key.cast<std::string>();
    const auto reader = std::ranges::find_if(
        kReaders, [&name](const Reader& one) { return to_string(one.policy) == name; });
    if (reader == kReaders.end()) raise(Errc::not_found, 0, "no such policy: " + name);
    reader->read(config, Fields(name, value.cast<py::dict>()));
  }
  take(decision::validate(config));
  return config;
}

decision::ActorName actor_of(py::handle actor) { return words_of<kNameMax>(actor, "actor"); }

std::uint64_t tag_of(py::handle tag) {
  const std::int64_t count = count_of(tag, 0);
  if (count < 0) raise(Errc::out_of_range, 0, "tag: must be >= 0");
  return static_cast<std::uint64_t>(count);
}

decision::SetpointCommand setpoint_of(py::handle command) {
  const auto row = command.cast<py::tuple>();  // power_w, given_at_s, lease_s, actor, tag
  const Instant given_at{duration_of(row[1])};
  return {quantity_of<Watt>(row[0]), given_at, given_at + duration_of(row[2]), actor_of(row[3]),
          tag_of(row[4])};
}

decision::PowerLimits limits_of(py::handle discharge_max_w, py::handle charge_max_w) {
  const decision::PowerLimits limits{maybe_of<Watt>(discharge_max_w), maybe_of<Watt>(charge_max_w)};
  for (const auto& side : {limits.discharge_max, limits.charge_max}) {
    if (side && *side < Watt{}) raise(Errc::out_of_range, 0, "a limit is a magnitude: >= 0");
  }
  return limits;
}

decision::LimitCommand limit_of(py::handle command) {
  // given_at_s, lease_s, discharge_max_w, charge_max_w, actor, tag
  const auto row = command.cast<py::tuple>();
  const Instant given_at{duration_of(row[0])};
  return {limits_of(row[2], row[3]), given_at, given_at + duration_of(row[1]), actor_of(row[4]),
          tag_of(row[5])};
}

decision::WallTime wall_of(const py::tuple& row) {
  decision::WallTime wall;  // utc_us, utc_offset_s, quality, unsynced_s
  wall.utc = utc_of(row[0]);
  wall.utc_offset = duration_of(row[1]);
  const auto quality = row[2].cast<std::string>();
  constexpr std::array kNames = {"unset", "holdover", "synced"};
  const auto name = std::ranges::find(kNames, quality);
  if (name == kNames.end()) raise(Errc::invalid_argument, 0, "no such clock quality: " + quality);
  wall.quality = static_cast<ClockQuality>(name - kNames.begin());
  wall.unsynced = duration_of(row[3]);
  constexpr Duration kDay = seconds(86'400);
  if (wall.utc_offset < -kDay || wall.utc_offset > kDay) {
    raise(Errc::out_of_range, 0, "utc_offset_s: within a day");
  }
  if (wall.unsynced < Duration::zero()) raise(Errc::out_of_range, 0, "unsynced_s: must be >= 0");
  return wall;
}

void register_policies(py::module_& module) {
  module.def("policies", &policy_rows);
  module.def("grid_profiles", &grid_profiles);
  py::class_<ScheduleHandle>(module, "ScheduleTable").def(py::init([](const py::list& rows) {
    return ScheduleHandle{schedule_of(rows)};
  }));
  py::class_<PlanHandle>(module, "PlanTable")
      .def(py::init([](const py::list& rows, const py::object& made_at,
                       const py::object& valid_for_s, const std::string& id) {
        return PlanHandle{plan_of(rows, made_at, valid_for_s, id)};
      }));
  py::class_<PriceHandle>(module, "PriceTable")
      .def(py::init([](const py::list& rows, const py::object& end, const py::object& made_at,
                       const std::string& currency) {
        return PriceHandle{prices_of(rows, end, made_at, currency)};
      }));
}

}  // namespace ems::python
