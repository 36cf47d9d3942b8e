// SPDX-License-Identifier: Apache-2.0
#include "control.hpp"

#include <algorithm>
#include <array>

#include "ems/distribute/distribute.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/runtime/decision_view.hpp"

namespace ems::python {
namespace {

using python::to_dict;  // Beside the overloads of this file.

std::string_view name_of(safety::Direction direction) {
  switch (direction) {
    case safety::Direction::charge:
      return "charge";
    case safety::Direction::discharge:
      return "discharge";
    case safety::Direction::both:
      return "both";
  }
  return "both";
}

std::string_view name_of(safety::Action action) {
  switch (action) {
    case safety::Action::warn:
      return "warn";
    case safety::Action::derate:
      return "derate";
    case safety::Action::inhibit:
      return "inhibit";
    case safety::Action::latch:
      return "latch";
  }
  return "latch";
}

/// Name of a signal, or None for `Signal{}`.
py::object signal_name(Signal signal) {
  const SignalInfo* info = find_signal(signal);
  if (info == nullptr) return py::none();
  return py::str(text(si_name(*info).view()));
}

py::str asset_name(AssetId asset) { return text(to_name(asset).view()); }

py::dict to_dict(const safety::Reason& reason) {
  const int digits = digits_of(reason.signal);
  py::object value = py::none();  // A missing input has none.
  if (reason.cause != safety::Cause::missing) value = py::float_(si_of(reason.value, digits));
  py::dict out;
  out["rule"] = text(to_string(reason.rule));
  out["direction"] = text(name_of(reason.direction));
  out["action"] = text(name_of(reason.action));
  out["cause"] = text(to_string(reason.cause));
  out["signal"] = signal_name(reason.signal);
  out["value"] = value;
  out["limit"] = si_of(reason.limit, digits);
  py::object element = py::none();
  if (reason.element != 0) element = py::int_(reason.element);
  out["element"] = element;
  return out;
}

py::dict to_dict(const safety::BatteryVerdict& verdict) {
  py::list reasons;
  for (const safety::Reason& reason : verdict.reasons) reasons.append(to_dict(reason));
  py::dict out;
  out["asset"] = asset_name(verdict.asset);
  out["state"] = text(to_string(verdict.state));
  out["charge_current_max_a"] = si_of(verdict.charge_current_max.count(), 3);
  out["discharge_current_max_a"] = si_of(verdict.discharge_current_max.count(), 3);
  out["charge_voltage_max_v"] = si_of(verdict.charge_voltage_max.count(), 3);
  out["discharge_voltage_min_v"] = si_of(verdict.discharge_voltage_min.count(), 3);
  out["plausibility_failed"] = verdict.plausibility_failed;
  out["reasons"] = reasons;
  out["reasons_dropped"] = static_cast<int>(verdict.reasons_dropped);
  return out;
}

py::dict to_dict(const safety::InverterVerdict& verdict) {
  py::dict out;
  out["asset"] = asset_name(verdict.asset);
  out["state"] = text(to_string(verdict.state));
  out["command"] = text(to_string(verdict.command));
  out["lo_w"] = verdict.ac.lo.count();
  out["hi_w"] = verdict.ac.hi.count();
  out["apparent_max_va"] = verdict.apparent_max.count();
  out["curtail_pv"] = verdict.curtail_pv;
  out["may_open"] = verdict.may_open;
  return out;
}

/// What the site may move: the verdicts, as the control loop gives them to the decision.
Interval envelope_of(const safety::Output& output) {
  std::array<distribute::Battery, safety::kMaxInverters> stores{};
  std::array<distribute::Inverter, safety::kMaxInverters> inverters{};
  for (std::size_t i = 0; i < output.inverters.size(); ++i) {
    const safety::InverterVerdict& verdict = output.inverters[i];
    if (verdict.command == CommandKind::follow) stores[i].bounds = verdict.ac;
    const Watt rating{verdict.apparent_max.count()};
    inverters[i] = {
        .available = true, .rating = {-rating, rating}, .batteries = std::span(&stores[i], 1)};
  }
  return distribute::site_bounds(std::span(inverters).first(output.inverters.size()));
}

py::tuple pair(const Interval& interval) {
  return py::make_tuple(interval.lo.count(), interval.hi.count());
}

py::object band(const std::optional<decision::Band>& band) {
  if (!band) return py::none();
  return py::make_tuple(watts(band->lo), watts(band->hi));
}

py::list levels_of(const decision::Resolution& resolution) {
  constexpr std::array kLevels = {decision::Level::safety, decision::Level::grid_code,
                                  decision::Level::contractual, decision::Level::economic,
                                  decision::Level::longevity};
  static_assert(kLevels.size() == decision::kLevelCount);
  py::list levels;
  for (const decision::Level level : kLevels) {
    const decision::LevelTrace& trace = resolution.at(level);
    py::dict out;
    out["level"] = text(to_string(level));
    out["before_w"] = pair(trace.before);
    out["after_w"] = pair(trace.after);
    out["lo_by"] = text(to_string(trace.lo_by));
    out["hi_by"] = text(to_string(trace.hi_by));
    levels.append(out);
  }
  return levels;
}

py::dict to_dict(const decision::PolicyOutput& policy) {
  py::dict out;
  out["policy"] = text(to_string(policy.demand.policy));
  out["level"] = text(to_string(policy.demand.level));
  out["status"] = text(to_string(policy.status));
  py::object source = py::none();
  if (policy.source != decision::LimitSource::none)
    source = py::str(text(to_string(policy.source)));
  out["source"] = source;
  out["constraint_w"] = band(policy.demand.constraint);
  out["preference_w"] = band(policy.demand.preference);
  return out;
}

py::dict to_dict(const decision::Conflict& conflict) {
  py::dict out;
  out["policy"] = text(to_string(conflict.policy));
  out["level"] = text(to_string(conflict.level));
  out["kind"] = text(to_string(conflict.kind));
  out["bound_by"] = text(to_string(conflict.bound_by));
  out["shortfall_w"] = conflict.shortfall.count();
  out["against_itself_w"] = conflict.against_itself.count();
  return out;
}

/// Unit of a decision's input as Python shows it.
struct InputUnit {
  int digits = 0;
  std::string_view unit;
};
InputUnit unit_of(decision::Input input) {
  if (input == decision::Input::price) return {6, "per kWh"};
  const UnitInfo& unit = unit_info(runtime::input_unit(to_string(input)));
  return {unit.digits, unit.symbol};
}

template <class Command>
void put_lease(py::dict& out, const Command& command, Instant now) {
  out["age_s"] = seconds_of(now - command.given_at);
  out["lease_left_s"] = seconds_of(command.lease_end - now);
  out["actor"] = text(command.actor.view());
  out["tag"] = command.tag;
}

py::dict to_dict(const decision::InputAge& input) {
  py::object age = py::none();
  if (input.age) age = py::float_(seconds_of(*input.age));
  py::dict out;
  out["policy"] = text(to_string(input.policy));
  out["input"] = text(to_string(input.input));
  const InputUnit what = unit_of(input.input);
  py::object value = py::none();
  if (input.value) value = py::float_(si_of(*input.value, what.digits));
  out["usable"] = input.usable;
  out["age_s"] = age;
  out["quality"] = text(to_string(input.quality));
  out["value"] = value;
  out["unit"] = text(what.unit);
  return out;
}

py::object to_object(const std::optional<decision::SetpointCommand>& command, Instant now) {
  if (!command) return py::none();
  py::dict out;
  out["power_w"] = command->power.count();
  put_lease(out, *command, now);
  return out;
}

py::object to_object(const std::optional<decision::LimitCommand>& command, Instant now) {
  if (!command) return py::none();
  py::dict out;
  out["discharge_max_w"] = watts(command->limits.discharge_max);
  out["charge_max_w"] = watts(command->limits.charge_max);
  put_lease(out, *command, now);
  return out;
}

/// Of the record: seconds since 1970, UTC.
double utc_seconds(UtcInstant utc) { return seconds_of(utc.since_epoch()); }

py::dict to_dict(const decision::DemandWindow& window) {
  py::dict out;
  out["start_utc_s"] = utc_seconds(window.start);
  out["left_s"] = seconds_of(window.left);
  out["energy_wh"] = window.energy.count();
  out["by_counter"] = window.by_counter;
  out["allowed_w"] = window.allowed.count();
  return out;
}

py::dict to_dict(const decision::ScheduleEntry& entry) {
  py::dict out;
  out["start_utc_s"] = utc_seconds(entry.from);
  out["end_utc_s"] = utc_seconds(entry.to);
  out["power_w"] = entry.power.count();
  return out;
}

py::dict plan_slot(const decision::Decision& decision) {
  py::dict out;
  out["plan_id"] = text(decision.plan_id.view());
  out["start_utc_s"] = utc_seconds(decision.plan->start);
  out["end_utc_s"] = utc_seconds(decision.plan->end);
  const bool at_pcc = decision.plan->pcc_target.has_value();
  out["power_w"] = watts(at_pcc ? std::nullopt : std::optional(decision.plan->power));
  out["pcc_target_w"] = watts(decision.plan->pcc_target);
  return out;
}

/// `06:30`.
std::string clock_text(std::uint16_t minute) {
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(minute / 60) + ":" + two(minute % 60);
}

py::dict to_dict(const decision::TimeOfUseWindow& window) {
  py::object stop = py::none();
  if (window.soc_stop) stop = py::float_(si_of(window.soc_stop->count(), 2));
  py::dict out;
  out["start"] = clock_text(window.when.from);
  out["end"] = clock_text(window.when.to);
  out["action"] = text(to_string(window.action));
  out["power_w"] = window.power.count();
  out["soc_stop_pct"] = stop;
  return out;
}

py::dict price_slot(const decision::Decision& decision) {
  py::dict out;
  out["start_utc_s"] = utc_seconds(decision.price->start);
  out["buy_per_kwh"] = si_of(decision.price->buy.count(), 6);
  out["sell_per_kwh"] = si_of(decision.price->sell.count(), 6);
  out["currency"] = text(decision.currency.view());
  return out;
}

/// The dict of what is there, else None.
template <class T>
py::object maybe_dict(const std::optional<T>& value) {
  if (!value) return py::none();
  return to_dict(*value);
}

py::object policy_name(const std::optional<decision::PolicyId>& policy) {
  if (!policy) return py::none();
  return py::str(text(to_string(*policy)));
}

template <class Items>
py::list dicts(const Items& items) {
  py::list out;
  for (const auto& item : items) out.append(to_dict(item));
  return out;
}

// ---- values in
// -----------------------------------------------------------------------------------

/// One sample; None is a sensor that gives nothing.
PointSample sample_of(const Point& point, py::handle value, Instant now) {
  if (value.is_none()) return {point, 0, now, Quality::bad};
  return {point, count_of(value, digits_of(point.signal)), now, Quality::good};
}

bool is_sequence(py::handle value) {
  return PyUnicode_Check(value.ptr()) == 0 && PySequence_Check(value.ptr()) != 0;
}

/// A list for all elements of a signal; None for all that are known so far.
void add_elements(std::vector<PointSample>& samples, const runtime::SiteImage& image, Point point,
                  py::handle value, Instant now) {
  if (value.is_none()) {
    for (const ImageEntry& entry : image.image().elements(point.asset, point.signal)) {
      samples.push_back({entry.sample.point, 0, now, Quality::bad});
    }
    return;
  }
  if (!is_sequence(value)) {
    raise(Errc::wrong_type, 0, "this signal has elements: give a list, or name the element");
  }
  for (const py::handle item : value.cast<py::sequence>()) {
    ++point.element;
    samples.push_back(sample_of(point, item, now));
  }
}

}  // namespace

void put_values(runtime::SiteImage& image, const py::dict& values, Instant now,
                Duration stale_after) {
  std::vector<PointSample> samples;
  for (const auto& [key, value] : values) {
    const auto name = key.cast<std::string>();
    const Point point = parse_point(name);
    try {
      const bool elements =
          find_signal(point.signal)->kind == SignalKind::element && point.element == 0;
      if (elements) {
        add_elements(samples, image, point, value, now);
      } else {
        samples.push_back(sample_of(point, value, now));
      }
    } catch (NativeError& error) {
      raise(error.code, error.offset, name + ": " + error.message);
    }
  }
  const auto is_new = [&image](const PointSample& sample) {
    return image.image().find(sample.point) == nullptr;
  };
  const auto more = static_cast<std::size_t>(std::ranges::count_if(samples, is_new));
  if (image.image().entries().size() + more > runtime::kSitePointsMax) {
    raise(Errc::resource_exhausted, 0, "more points than a site can have");
  }
  for (const PointSample& sample : samples) {
    image.set(sample.point, sample.value, sample.taken_at, sample.quality, stale_after);
  }
}

py::object watts(const std::optional<Watt>& power) {
  if (!power) return py::none();
  return py::int_(power->count());
}

double seconds_of(Duration duration) { return si_of(duration.count(), 6); }

py::dict to_dict(const Event& event) {
  const int digits = digits_of(event.signal);
  const bool has_signal = find_signal(event.signal) != nullptr;
  py::object value = py::none();
  if (has_signal) value = py::float_(si_of(event.value, digits));
  py::dict out;
  out["severity"] = text(to_string(event.severity));
  out["asset"] = asset_name(event.asset);
  out["name"] = event.name;
  out["active"] = event.active;
  out["signal"] = signal_name(event.signal);
  out["value"] = value;
  return out;
}

py::dict to_dict(const safety::Output& output) {
  py::dict out;
  out["state"] = text(to_string(output.site));
  out["envelope_w"] = pair(envelope_of(output));
  out["batteries"] = dicts(output.batteries);
  out["inverters"] = dicts(output.inverters);
  out["events"] = dicts(output.events);
  out["late_ticks"] = output.late_ticks;
  return out;
}

py::dict to_dict(const decision::Decision& decision, Instant now) {
  std::array<char, decision::kExplanationSize> room{};
  std::optional<Watt> net_load;
  if (decision.net_load) net_load = decision.net_load->power;
  py::dict out;
  out["target_w"] = decision.target().count();
  out["winner"] = policy_name(decision.resolution.winner);
  out["runner_up"] = policy_name(decision.resolution.runner_up);
  out["text"] = text(decision::explain(decision, room));
  out["levels"] = levels_of(decision.resolution);
  out["policies"] = dicts(decision.policies);
  out["conflicts"] = dicts(decision.resolution.conflicts);
  out["inputs"] = dicts(decision.inputs);
  out["net_load_w"] = watts(net_load);
  out["import_limit_w"] = watts(decision.import_limit);
  out["export_limit_w"] = watts(decision.export_limit);
  out["droop_start_w"] = watts(decision.droop_start);
  out["demand"] = maybe_dict(decision.demand);
  out["setpoint"] = to_object(decision.setpoint, now);
  out["remote_setpoint"] = to_object(decision.remote_setpoint, now);
  out["active_power_limit"] = to_object(decision.active_power_limit, now);
  out["dimming"] = to_object(decision.dimming, now);
  out["schedule"] = maybe_dict(decision.schedule);
  out["plan"] = decision.plan ? py::object(plan_slot(decision)) : py::object(py::none());
  out["window"] = maybe_dict(decision.window);
  out["price"] = decision.price ? py::object(price_slot(decision)) : py::object(py::none());
  return out;
}

py::list to_list(const safety::Latch& latch) {
  py::list out;
  for (const safety::Trip& trip : latch) {
    out.append(py::make_tuple(asset_name(trip.asset), text(to_string(trip.cause)),
                              seconds_of(trip.since - Instant{})));
  }
  return out;
}

}  // namespace ems::python
