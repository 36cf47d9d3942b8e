// SPDX-License-Identifier: Apache-2.0
// A simulated site. No value in it was ever measured.
#include "ems/runtime/simulated_site.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

#include "control.hpp"
#include "ems/runtime/decision_view.hpp"

namespace ems::python {
namespace {

template <class T>
T setting(const py::dict& settings, const char* key) {
  try {
    return settings[key].cast<T>();
  } catch (const py::cast_error&) {
    raise(Errc::wrong_type, 0,
          std::string(key) + ": this will not do: " + py::repr(settings[key]).cast<std::string>());
  }
}
double number(const py::dict& settings, const char* key) { return setting<double>(settings, key); }

sim::Profile profile_of(const py::dict& settings, std::uint64_t seed) {
  if (!settings["profile_csv"].is_none()) {
    return take(sim::Profile::from_csv(setting<std::string>(settings, "profile_csv")));
  }
  sim::ShapeConfig shape;
  shape.start_hour = number(settings, "start_hour");
  shape.load_base_w = number(settings, "load_base_w");
  shape.load_evening_w = number(settings, "load_evening_w");
  shape.load_step_w = number(settings, "load_step_w");
  shape.pv_peak_w = number(settings, "pv_peak_w");
  shape.cloud_depth = number(settings, "cloud_pct") / 100.0;
  return sim::Profile::shaped(shape, seed);
}

runtime::SimulatedSiteConfig config_of(const py::dict& settings, const LimitsHandle& limits,
                                       const py::dict& policies) {
  runtime::SimulatedSiteConfig config;
  config.sim.seed = setting<std::uint64_t>(settings, "seed");
  sim::PlantConfig& plant = config.sim.plant;
  plant.profile = profile_of(settings, config.sim.seed);
  plant.battery.cells = setting<std::size_t>(settings, "cells");
  plant.battery.capacity_ah = number(settings, "capacity_ah");
  plant.battery.soc_start = number(settings, "soc_pct") / 100.0;
  plant.battery.ambient_degc = number(settings, "ambient_degc");
  plant.pcs.rating_w = number(settings, "rated_power_w");
  plant.pcs.efficiency = number(settings, "efficiency_pct") / 100.0;
  take(runtime::check_plant(plant));
  config.record_period = duration_of(settings["record_period_s"]);
  config.control = take(runtime::simulated_control(plant, limits.limits, policies_of(policies),
                                                   duration_of(settings["tick_s"])));
  config.wall = wall_of(setting<py::tuple>(settings, "wall"));
  if (!setting<bool>(settings, "armed")) config.control.arming = safety::Arming::disarmed;
  return config;
}

/// Any thread may call any function: one works at a time, and neither waiting nor running holds the
/// GIL. Python objects are made afterwards, from what was copied.
class SimulatedSite {
 private:
  /// Runs `work`, which must touch no Python object, without the GIL and with nobody beside it.
  template <class Work>
  auto alone(Work work) {
    const py::gil_scoped_release release;  // First: who waits for the mutex must not hold the GIL.
    const std::lock_guard lock(mutex_);
    return work();
  }

 public:
  SimulatedSite(const py::dict& settings, const LimitsHandle& limits, const py::dict& policies)
      : site_(take(runtime::SimulatedSite::create(config_of(settings, limits, policies)))) {}

  /// @return seconds that passed. A signal that Python raises for (Ctrl-C) ends it between ticks.
  double run(const py::object& seconds) {
    const Duration duration = duration_of(seconds);
    if (duration < Duration::zero()) raise(Errc::out_of_range, 0, "run: seconds must be >= 0");
    bool interrupted = false;
    const auto go_on = [&interrupted] {
      const py::gil_scoped_acquire gil;
      interrupted = PyErr_CheckSignals() != 0;
      return !interrupted;
    };
    const Duration passed = alone([&] { return site_->run(duration, go_on); });
    if (interrupted) throw py::error_already_set();
    return seconds_of(passed);
  }

  double now_s() {
    return seconds_of(alone([&] { return site_->now() - Instant{}; }));
  }

  /// (name, integer value, digits) of every point; None where it is stale, bad or missing.
  py::list values() {
    struct Value {
      Point point;
      std::optional<std::int64_t> value;
    };
    const std::vector<Value> values = alone([&] {
      std::vector<Value> found;
      for (const ImageEntry& entry : site_->image().entries()) {
        const PointSample& sample = entry.sample;
        const bool known =
            sample.quality != Quality::bad && site_->now() - sample.taken_at < entry.stale_after;
        found.push_back({sample.point, known ? std::optional(sample.value) : std::nullopt});
      }
      return found;
    });
    py::list out;
    for (const Value& value : values) {
      out.append(
          py::make_tuple(point_name(value.point), value.value, digits_of(value.point.signal)));
    }
    return out;
  }

  std::string truth() {
    return alone([&] { return sim::truth_json(site_->truth()); });
  }

  /// The newest tick's safety, as Safety.step gives it; None before the first.
  py::object safety() {
    const std::optional<runtime::Tick> tick = last();
    if (!tick) return py::none();
    return to_dict(tick->safety);
  }
  /// The newest tick's decision, as Decision.step gives it; None before the first.
  py::object decision() {
    const std::optional<runtime::Tick> tick = last();
    if (!tick) return py::none();
    return to_dict(tick->decision, tick->decision.at);
  }
  /// Several lines for people about the newest tick.
  std::string explain() {
    return alone([&] {
      if (!site_->last()) return std::string();
      return runtime::explain(runtime::make_view(*site_->last(), site_->control(), site_->latch(),
                                                 site_->wall().utc, site_->now()));
    });
  }

  /// Times of the rows of the history in microseconds, and (name, values, valid, qualities, digits)
  /// of some points, in the order asked for; of every point when none is named.
  py::tuple columns(const std::vector<std::string>& names) {
    std::vector<Point> points;
    for (const std::string& name : names) points.push_back(parse_one_point(name));
    std::vector<std::int64_t> times;
    std::vector<std::pair<Point, runtime::Track>> tracks;
    alone([&] {
      const runtime::ImageHistory& history = site_->history();
      for (const Instant time : history.times()) times.push_back((time - Instant{}).count());
      if (points.empty()) {
        for (const auto& [point, track] : history.tracks()) points.push_back(point);
      }
      for (const Point& point : points) tracks.emplace_back(point, whole(history, point));
    });
    py::list columns;
    for (auto& [point, track] : tracks) {
      columns.append(py::make_tuple(point_name(point), own(std::move(track.values)),
                                    as_bool(own(std::move(track.valid))),
                                    own(std::move(track.qualities)), digits_of(point.signal)));
    }
    return py::make_tuple(own(std::move(times)), columns);
  }

  std::vector<std::string> points() {
    return alone([&] {
      std::vector<std::string> names;
      for (const auto& [point, track] : site_->history().tracks())
        names.push_back(point_name(point));
      return names;
    });
  }

  /// (seconds, event) of everything safety said so far.
  py::list events() {
    const std::vector<runtime::TimedEvent> events = alone([&] { return site_->events(); });
    py::list out;
    for (const runtime::TimedEvent& timed : events) {
      out.append(py::make_tuple(seconds_of(timed.at - Instant{}), to_dict(timed.event)));
    }
    return out;
  }

  /// @param words  As sim::parse_fault() reads them; times count from now.
  void add_fault(const std::string& words) {
    alone([&] { take(site_->add_fault(take(sim::parse_fault(words, site_->now())))); });
  }
  void clear_faults() {
    alone([&] { site_->clear_faults(); });
  }
  void set_setpoint(bool remote, const py::object& power_w, const py::object& lease_s,
                    const py::object& actor) {
    const Watt power{count32_of(power_w, 0)};
    const Duration lease = lease_of(lease_s);
    const decision::ActorName name = actor_of(actor);
    const auto policy = remote ? decision::PolicyId::remote_setpoint : decision::PolicyId::setpoint;
    alone([&] { site_->set_setpoint(policy, power, lease, name); });
  }
  void set_limit(bool dims, const py::object& discharge_max_w, const py::object& charge_max_w,
                 const py::object& lease_s, const py::object& actor) {
    const decision::PowerLimits limits = limits_of(discharge_max_w, charge_max_w);
    const Duration lease = lease_of(lease_s);
    const decision::ActorName name = actor_of(actor);
    const auto policy = dims ? decision::PolicyId::dimming : decision::PolicyId::active_power_limit;
    alone([&] { site_->set_limit(policy, limits, lease, name); });
  }
  /// None: none.
  void set_schedule(const ScheduleHandle* table) {
    auto held = table == nullptr ? nullptr : table->table;
    alone([&] { site_->set_schedule(std::move(held)); });
  }
  void set_plan(const PlanHandle* table) {
    auto held = table == nullptr ? nullptr : table->table;
    alone([&] { site_->set_plan(std::move(held)); });
  }
  void set_prices(const PriceHandle* table) {
    auto held = table == nullptr ? nullptr : table->table;
    alone([&] { site_->set_prices(std::move(held)); });
  }
  void emergency_stop() {
    alone([&] { site_->emergency_stop(); });
  }
  void reset(const std::string& name, const std::string& cause) {
    alone([&] { take(site_->reset({safety::Role::technician, name, cause})); });
  }

 private:
  static Duration lease_of(const py::object& lease_s) {
    const Duration lease = duration_of(lease_s);
    if (lease <= Duration::zero()) raise(Errc::out_of_range, 0, "the lease must be above 0");
    return lease;
  }
  std::optional<runtime::Tick> last() {
    return alone([&] { return site_->last(); });
  }

  /// The track of a point with the rows before it was known.
  static runtime::Track whole(const runtime::ImageHistory& history, const Point& point) {
    const std::size_t rows = history.times().size();
    runtime::Track out{0, std::vector<std::int64_t>(rows), std::vector<std::uint8_t>(rows),
                       std::vector<std::uint8_t>(rows)};
    const auto found = history.tracks().find(point);
    if (found == history.tracks().end()) return out;
    const auto& [first, values, valid, qualities] = found->second;
    const auto offset = static_cast<std::ptrdiff_t>(first);
    std::copy(values.begin(), values.end(), out.values.begin() + offset);
    std::copy(valid.begin(), valid.end(), out.valid.begin() + offset);
    std::copy(qualities.begin(), qualities.end(), out.qualities.begin() + offset);
    return out;
  }

  std::recursive_mutex mutex_;  ///< Recursive: a signal handler of run()'s thread may look in.
  std::unique_ptr<runtime::SimulatedSite> site_;
};

}  // namespace

void register_simulation(py::module_& module) {
  py::class_<SimulatedSite>(module, "SimulatedSite")
      .def(py::init<const py::dict&, const LimitsHandle&, const py::dict&>())
      .def("run", &SimulatedSite::run)
      .def("now_s", &SimulatedSite::now_s)
      .def("values", &SimulatedSite::values)
      .def("truth", &SimulatedSite::truth)
      .def("safety", &SimulatedSite::safety)
      .def("decision", &SimulatedSite::decision)
      .def("explain", &SimulatedSite::explain)
      .def("columns", &SimulatedSite::columns)
      .def("points", &SimulatedSite::points)
      .def("events", &SimulatedSite::events)
      .def("add_fault", &SimulatedSite::add_fault)
      .def("clear_faults", &SimulatedSite::clear_faults)
      .def("set_setpoint", &SimulatedSite::set_setpoint)
      .def("set_limit", &SimulatedSite::set_limit)
      .def("set_schedule", &SimulatedSite::set_schedule)
      .def("set_plan", &SimulatedSite::set_plan)
      .def("set_prices", &SimulatedSite::set_prices)
      .def("emergency_stop", &SimulatedSite::emergency_stop)
      .def("reset", &SimulatedSite::reset);
}

}  // namespace ems::python
