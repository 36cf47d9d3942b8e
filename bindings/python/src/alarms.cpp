// SPDX-License-Identifier: Apache-2.0
// The alarm book. Its two clocks are one here: the caller's `now_s`.
#include "ems/alarm/alarm.hpp"

#include <array>

#include "control.hpp"

namespace ems::python {
namespace {

alarm::Moment moment_of(const py::object& now_s) {
  const Duration now = duration_of(now_s);
  return {Instant{now}, UtcInstant{now}};
}

py::object name_or_none(std::string_view name) {
  if (name.empty()) return py::none();
  return py::str(text(name));
}

py::dict to_dict(const alarm::Alarm& one) {
  const SignalInfo* info = find_signal(one.signal);
  py::object signal = py::none();
  py::object value = py::none();
  py::object shelved_until = py::none();
  if (info != nullptr) {
    signal = py::str(text(si_name(*info).view()));
    value = py::float_(si_of(one.value, digits_of(one.signal)));
  }
  if (one.shelved_until) {
    shelved_until = py::float_(seconds_of(one.shelved_until->since_epoch()));
  }
  py::dict out;
  out["id"] = one.id;
  out["state"] = text(to_string(one.state()));
  out["severity"] = text(to_string(one.severity));
  out["priority"] = text(alarm::priority_of(one.severity));
  out["asset"] = text(to_name(one.asset).view());
  out["name"] = text(one.name.view());
  out["signal"] = signal;
  out["value"] = value;
  out["times"] = one.count;
  out["raised_at_s"] = seconds_of(one.raised_at.since_epoch());
  out["changed_at_s"] = seconds_of(one.changed_at.since_epoch());
  out["acknowledged_by"] = name_or_none(one.acknowledged_by.view());
  out["shelved_until_s"] = shelved_until;
  return out;
}

/// (transition, at_s, actor, text, alarm), or None.
py::object to_object(const std::optional<alarm::Change>& change) {
  if (!change) return py::none();
  return py::make_tuple(text(to_string(change->transition)), seconds_of(change->at.since_epoch()),
                        name_or_none(change->actor.view()), name_or_none(change->text.view()),
                        to_dict(change->alarm));
}

Severity severity_of(const std::string& name) {
  for (const Severity severity :
       {Severity::info, Severity::warning, Severity::alarm, Severity::critical}) {
    if (name == to_string(severity)) return severity;
  }
  raise(Errc::invalid_argument, 0, "no such severity: " + name);
}

const std::string& within(const std::string& words, std::size_t max, const char* what) {
  if (words.size() > max) raise(Errc::length, max, std::string(what) + ": too long");
  return words;
}

/// The GIL is its lock.
class AlarmBook {
 public:
  AlarmBook(const py::object& flood_window_s, std::int64_t flood_changes,
            const py::object& shelve_max_s)
      : book_(config_of(flood_window_s, flood_changes, shelve_max_s)) {}

  py::object take_event(const std::string& severity, const std::string& asset,
                        const std::string& name, bool active, const py::object& signal,
                        const py::object& value, bool latching, const py::object& now_s) {
    Event event;
    event.severity = severity_of(severity);
    event.asset = take(parse_asset(asset));
    if (name.empty()) raise(Errc::invalid_argument, 0, "an alarm needs a name");
    event.name = within(name, alarm::kNameMax, "name").c_str();
    event.active = active;
    if (!signal.is_none()) {
      const auto words = signal.cast<std::string>();
      const SignalInfo* info = find_signal(words);
      if (info == nullptr) raise(Errc::not_found, 0, "no such signal: " + words);
      event.signal = info->signal;
      if (!value.is_none()) event.value = count_of(value, digits_of(event.signal));
    }
    return to_object(book_.take(event, latching, moment_at(now_s)));
  }

  py::object acknowledge(alarm::Id id, const std::string& actor, const std::string& comment,
                         const py::object& now_s) {
    return to_object(
        take(book_.acknowledge(id, within(actor, alarm::kActorMax, "actor"),
                               within(comment, alarm::kTextMax, "comment"), moment_at(now_s))));
  }

  py::object shelve(alarm::Id id, const py::object& duration_s, const std::string& actor,
                    const std::string& reason, const py::object& now_s) {
    return to_object(
        take(book_.shelve(id, duration_of(duration_s), within(actor, alarm::kActorMax, "actor"),
                          within(reason, alarm::kTextMax, "reason"), moment_at(now_s))));
  }

  void reset(const std::string& actor) { book_.reset(within(actor, alarm::kActorMax, "actor")); }

  /// Everything that is due by itself.
  py::list due(const py::object& now_s) {
    const alarm::Moment at = moment_at(now_s);
    py::list changes;
    while (const auto change = book_.next(at)) changes.append(to_object(change));
    return changes;
  }

  [[nodiscard]] py::list alarms() const {
    py::list out;
    book_.for_each([&out](const alarm::Alarm& one) {
      if (one.state() != alarm::State::normal) out.append(to_dict(one));
    });
    return out;
  }

  /// severity -> (active, unacknowledged, shelved).
  [[nodiscard]] py::dict counts() const {
    py::dict out;
    for (const Severity severity : {Severity::critical, Severity::alarm, Severity::warning}) {
      const alarm::Counts counts = book_.count(severity);
      out[text(to_string(severity)).c_str()] =
          py::make_tuple(counts.active, counts.unacknowledged, counts.shelved);
    }
    return out;
  }
  [[nodiscard]] std::uint64_t dropped() const { return book_.dropped(); }

 private:
  static alarm::Config config_of(const py::object& flood_window_s, std::int64_t flood_changes,
                                 const py::object& shelve_max_s) {
    alarm::Config config;
    config.flood_window = duration_of(flood_window_s);
    config.shelve_max = duration_of(shelve_max_s);
    if (config.flood_window <= Duration::zero() || config.shelve_max <= Duration::zero()) {
      raise(Errc::out_of_range, 0, "flood_window_s and shelve_max_s: above 0");
    }
    if (flood_changes < 1 || flood_changes > 255) {
      raise(Errc::out_of_range, 0, "flood_changes: 1 .. 255");
    }
    config.flood_changes = static_cast<std::uint8_t>(flood_changes);
    return config;
  }

  alarm::Moment moment_at(const py::object& now_s) {
    const alarm::Moment at = moment_of(now_s);
    if (now_ && at.now < *now_) raise(Errc::invalid_argument, 0, "now_s: must not go backwards");
    now_ = at.now;
    return at;
  }

  alarm::Book book_;
  std::optional<Instant> now_;
};

}  // namespace

void register_alarms(py::module_& module) {
  py::class_<AlarmBook>(module, "AlarmBook")
      .def(py::init<const py::object&, std::int64_t, const py::object&>())
      .def("take", &AlarmBook::take_event)
      .def("acknowledge", &AlarmBook::acknowledge)
      .def("shelve", &AlarmBook::shelve)
      .def("reset", &AlarmBook::reset)
      .def("due", &AlarmBook::due)
      .def("alarms", &AlarmBook::alarms)
      .def("counts", &AlarmBook::counts)
      .def("dropped", &AlarmBook::dropped);
}

}  // namespace ems::python
