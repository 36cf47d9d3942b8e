// SPDX-License-Identifier: Apache-2.0
// What interfaces ask of a running site: status, explanations, commands. Every call crosses to the
// strand here, and nowhere else.
#include <algorithm>
#include <utility>

#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/past_decision.hpp"
#include "ems/runtime/safety_view.hpp"
#include "ems/runtime/site.hpp"
#include "runtime/on_strand.hpp"

namespace ems::runtime {

Result<SiteStatus> Site::status() {
  return on_strand([this]() -> Result<SiteStatus> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    return make_status();
  });
}

Result<SiteMetrics> Site::metrics() {
  return on_strand([this]() -> Result<SiteMetrics> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    SiteMetrics metrics{make_status(), {}, tick_times_, ticks_late_, {}, alarms_.dropped()};
    metrics.tick_lateness = tick_lateness_;
    metrics.hangs = watchdog_->hangs();
    metrics.watchdog_stops = watchdog_->stops();
    for (std::size_t i = 0; i < metrics.alarms.size(); ++i) {
      metrics.alarms[i] = alarms_.count(static_cast<Severity>(i));
    }
    if (!last_) return metrics;
    for (const safety::BatteryVerdict& verdict : last_->safety.batteries) {
      metrics.batteries.push_back({verdict.asset, static_cast<SafetyState>(verdict.state)});
    }
    return metrics;
  });
}

SafetyView Site::make_safety_view() const {
  SafetyView view;
  view.armed = parts_.config.control == io::ControlMode::armed;
  view.limits_accepted = parts_.permission.acceptance.has_value();
  if (parts_.permission.limits) view.limits_hash = parts_.permission.limits->hash.hex();
  const safety::Latch& latch = loop_.safety_state().latch();
  for (const safety::Trip& trip : latch) {
    view.emergency_stop = view.emergency_stop || trip.cause == safety::TripCause::estop;
  }
  view.reasons = safety_reasons(last_ ? last_->safety : safety::Output{}, latch);
  if (!last_) return view;
  view.state = static_cast<SafetyState>(last_->safety.site);
  view.envelope = last_->decision.resolution.envelope();
  return view;
}

DecisionView Site::newest_view() const { return view_of(*last_, last_utc_, last_at_); }

SiteStatus Site::make_status() const {
  SiteStatus status;
  status.site = parts_.config.site;
  status.agent = parts_.config.agent;
  status.software_version = parts_.software_version;
  status.at = parts_.clock.utc();
  status.tick = ticks_;
  const Instant now = parts_.clock.now();
  for (const ImageEntry& entry : image_.image().entries()) {
    const PointSample& sample = entry.sample;
    const Duration age = now - sample.taken_at;
    status.points.push_back(
        {sample.point, sample.value, published(sample), age, age >= entry.stale_after});
  }
  for (const auto& [key, text] : image_.texts()) {
    status.texts.push_back({key.first, key.second, text});
  }
  for (const auto& driver : batteries_) status.links.push_back(driver->status());
  for (const auto& driver : inverters_) status.links.push_back(driver->status());
  for (const auto& driver : meters_) status.links.push_back(driver->status());
  status.safety = make_safety_view();
  if (last_) status.decision = newest_view();
  if (parts_.uplink) status.uplink = parts_.uplink();
  const StoreView store = parts_.store.view();
  for (const telemetry::Stream stream : telemetry::kStreams) {
    const std::size_t i = telemetry::index_of(stream);
    const io::Mark& mark = store.marks[i];
    status.rows.push_back({static_cast<std::uint32_t>(i), mark.last, mark.acknowledged,
                           mark.last - mark.acknowledged, store.counters.rows_lost[i]});
  }
  status.mode = mode_.mode();
  for (const Severity severity : {Severity::warning, Severity::alarm, Severity::critical}) {
    const alarm::Counts counts = alarms_.count(severity);
    status.alarms_active += counts.active;
    status.alarms_unacknowledged += counts.unacknowledged;
  }
  return status;
}

Result<Explanation> Site::explain(std::optional<UtcInstant> at) {
  if (!at) {
    return on_strand([this]() -> Result<Explanation> {
      if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
      if (!last_) return fail(Errc::not_found, 0, "no decision has been made yet");
      const DecisionView view = newest_view();
      return Explanation{view, runtime::explain(view)};
    });
  }
  // The past is read from the store's file, on the caller's thread: the strand never waits for it.
  return explain_past(parts_.config.store.path.string(), *at);
}

Result<std::optional<UtcInstant>> Site::earliest_decision() {
  return runtime::earliest_decision(parts_.config.store.path.string());
}

}  // namespace ems::runtime
