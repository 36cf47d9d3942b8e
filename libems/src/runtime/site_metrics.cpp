// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/site_metrics.hpp"

#include <array>

#include "ems/safety/kernel.hpp"

namespace ems::runtime {
namespace {

using io::Metric;
using io::MetricPage;

std::string_view name_of(SafetyState state) {
  return safety::to_string(static_cast<safety::SafetyState>(state));
}

void write_state(AssetId asset, SafetyState now, MetricPage& page) {
  const std::array words{name_of(SafetyState::init), name_of(SafetyState::normal),
                         name_of(SafetyState::derated), name_of(SafetyState::safe),
                         name_of(SafetyState::tripped)};
  page.set_state(Metric::safety_state, {to_name(asset).view()}, words, name_of(now));
}

void write_safety(const SiteMetrics& site, MetricPage& page) {
  const SafetyView& safety = site.status.safety;
  write_state(kSite, safety.state, page);
  for (const BatterySafety& battery : site.batteries) {
    write_state(battery.asset, battery.state, page);
  }
  for (const SafetyReason& reason : safety.reasons) {
    page.set(Metric::safety_reason_active,
             {to_name(reason.asset).view(), reason.name, to_string(reason.severity)}, 1);
  }
  page.set(Metric::control_armed, safety.armed && safety.limits_accepted ? 1 : 0);
  page.set(Metric::emergency_stop, safety.emergency_stop ? 1 : 0);
  if (!site.status.decision) return;  // No tick yet: nothing was allowed and nothing decided.
  page.set(Metric::envelope_watts, {"lower"}, safety.envelope.lo.count());
  page.set(Metric::envelope_watts, {"upper"}, safety.envelope.hi.count());
  page.set(Metric::setpoint_watts, {"target"}, site.status.decision->target.count());
  page.set(Metric::setpoint_watts, {"gated"}, site.status.decision->gated.count());
}

void write_point(const PointStatus& point, MetricPage& page) {
  if (point.stale || point.quality == Quality::bad) return;
  constexpr int kRatioDigits = 4;  // Basis points.
  switch (point.point.signal) {
    case Signal::site_pv_power:
      return page.set(Metric::power_watts, {"pv"}, point.value);
    case Signal::site_load_power:
      return page.set(Metric::power_watts, {"load"}, point.value);
    case Signal::site_battery_power:
      return page.set(Metric::power_watts, {"battery"}, point.value);
    case Signal::site_grid_power:
      return page.set(Metric::power_watts, {"grid"}, point.value);
    case Signal::soc:
      return page.set(Metric::battery_soc_ratio, {to_name(point.point.asset).view()}, point.value,
                      kRatioDigits);
    default:
      return;  // The rest is telemetry: Prometheus is for how the site does, not for its history.
  }
}

void write_alarms(const SiteMetrics& site, MetricPage& page) {
  for (const Severity severity : {Severity::warning, Severity::alarm, Severity::critical}) {
    const alarm::Counts& counts = site.alarms[static_cast<std::size_t>(severity)];
    const MetricPage::Labels label{to_string(severity)};
    page.set_count(Metric::alarms, label, counts.active);
    page.set_count(Metric::alarms_unacknowledged, label, counts.unacknowledged);
    page.set_count(Metric::alarms_shelved, label, counts.shelved);
  }
  page.set_count(Metric::alarms_dropped_total, site.alarms_dropped);
  page.set(Metric::autonomous, site.status.mode == Mode::autonomous ? 1 : 0);
}

}  // namespace

void write_metrics(const SiteMetrics& site, MetricPage& page) {
  page.set(Metric::tick_duration_seconds, {}, site.tick_times);
  page.set(Metric::tick_lateness_seconds, {}, site.tick_lateness);
  page.set_count(Metric::ticks_late_total, site.ticks_late);
  page.set_count(Metric::control_hangs_total, site.hangs);
  page.set_count(Metric::watchdog_stops_total, site.watchdog_stops);
  write_safety(site, page);
  write_alarms(site, page);
  for (const PointStatus& point : site.status.points) write_point(point, page);
  for (const LinkStatus& link : site.status.links) {
    const auto name = to_name(link.asset);
    page.set(Metric::link_online, {name.view()}, link.online ? 1 : 0);
    page.set_count(Metric::link_requests_total, {name.view()}, link.requests);
    page.set_count(Metric::link_timeouts_total, {name.view()}, link.timeouts);
    page.set_count(Metric::link_errors_total, {name.view()}, link.errors);
  }
}

void write_metrics(const StoreView& store, MetricPage& page) {
  for (const telemetry::Stream stream : telemetry::kStreams) {
    const std::size_t i = telemetry::index_of(stream);
    const io::Mark& mark = store.marks[i];
    const MetricPage::Labels labels{telemetry::to_string(stream)};
    page.set_count(Metric::store_rows_total, labels, mark.last);
    page.set_count(Metric::store_rows_acknowledged_total, labels, mark.acknowledged);
    page.set_count(Metric::store_backlog_rows, labels, mark.last - mark.acknowledged);
    page.set_count(Metric::store_gap_rows_total, labels, store.counters.rows_lost[i]);
    page.set_count(Metric::store_gap_rows_ever_total, labels, store.counters.rows_lost_ever[i]);
    page.set_count(Metric::store_evicted_rows_total, labels, store.counters.rows_evicted[i]);
    page.set_count(Metric::store_stream_bytes, labels, store.counters.stream_bytes[i]);
  }
  page.set_count(Metric::store_audit_refused_total, store.counters.audit_refused);
  page.set_count(Metric::store_clock_steps_total, store.counters.clock_steps);
  page.set_count(Metric::store_rows_dropped_total, store.rows_dropped);
  page.set_count(Metric::store_blocks_bytes, store.counters.bytes_held);
  page.set_count(Metric::store_unwritten_bytes, store.counters.bytes_pending);
  page.set(Metric::store_commit_duration_seconds, {}, store.commit_times);
  page.set_count(Metric::store_commit_failures_total, store.counters.commits_failed);
}

}  // namespace ems::runtime
