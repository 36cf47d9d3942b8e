// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/site_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ems::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page_of(const SiteMetrics& site) {
  io::MetricPage page;
  write_metrics(site, page);
  return page.text();
}

PointStatus point(AssetId asset, Signal signal, std::int64_t value) {
  return {{asset, signal, 0}, value, Quality::good, seconds(1), false};
}

TEST(SiteMetrics, BeforeTheFirstTickNothingIsAllowedAndNothingIsClaimed) {
  const std::string text = page_of({});
  EXPECT_THAT(text, HasSubstr("ems_safety_state{asset=\"site\",state=\"init\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ems_control_armed 0\n"));
  for (const char* absent : {"ems_envelope_watts", "ems_setpoint_watts", "ems_power_watts",
                             "ems_battery_soc_ratio", "ems_safety_reason_active"}) {
    EXPECT_THAT(text, Not(HasSubstr(absent)));
  }
}

TEST(SiteMetrics, KnownValuesAreThereInBaseUnits) {
  SiteMetrics site;
  site.status.points = {point(kSite, Signal::site_grid_power, -1500),
                        point(kSite, Signal::site_load_power, 2000),
                        point(battery(1), Signal::soc, 6001)};
  site.status.decision = DecisionView{};
  site.status.decision->target = Watt{-1800};
  site.status.decision->gated = Watt{-1700};
  site.status.safety.envelope = {Watt{-2500}, Watt{5000}};
  const std::string text = page_of(site);
  for (const char* line :
       {"ems_power_watts{place=\"grid\"} -1500\n", "ems_power_watts{place=\"load\"} 2000\n",
        "ems_battery_soc_ratio{asset=\"battery/1\"} 0.6001\n",
        "ems_envelope_watts{bound=\"lower\"} -2500\n", "ems_envelope_watts{bound=\"upper\"} 5000\n",
        "ems_setpoint_watts{stage=\"gated\"} -1700\n",
        "ems_setpoint_watts{stage=\"target\"} -1800\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(SiteMetrics, StaleAndBadValuesHaveNoSeries) {
  SiteMetrics site;
  site.status.points = {point(battery(1), Signal::soc, 5000), point(battery(2), Signal::soc, 5000)};
  site.status.points[0].stale = true;
  site.status.points[1].quality = Quality::bad;
  EXPECT_THAT(page_of(site), Not(HasSubstr("ems_battery_soc_ratio")));
  site.status.points[1].quality = Quality::uncertain;  // Known, if doubtful.
  EXPECT_THAT(page_of(site), HasSubstr("ems_battery_soc_ratio{asset=\"battery/2\"} 0.5\n"));
}

TEST(SiteMetrics, SafetyIsPerBatteryAndNamesItsReasons) {
  SiteMetrics site;
  site.batteries = {{battery(1), SafetyState::safe}, {battery(2), SafetyState::normal}};
  site.status.safety.armed = true;  // But the limits were not accepted.
  site.status.safety.reasons = {
      {battery(1), "cell_overvoltage", Severity::alarm, Signal::cell_voltage, 3700, "exceeded"}};
  const std::string text = page_of(site);
  for (const char* line :
       {"ems_safety_state{asset=\"battery/1\",state=\"safe\"} 1\n",
        "ems_safety_state{asset=\"battery/1\",state=\"normal\"} 0\n",
        "ems_safety_state{asset=\"battery/2\",state=\"normal\"} 1\n",
        "ems_safety_reason_active{asset=\"battery/1\",rule=\"cell_overvoltage\",severity=\"alarm\"}"
        " 1\n",
        "ems_control_armed 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  site.status.safety.limits_accepted = true;
  EXPECT_THAT(page_of(site), HasSubstr("ems_control_armed 1\n"));
}

TEST(SiteMetrics, LinksAndTicksAreCounted) {
  SiteMetrics site;
  site.status.links = {{meter(2), "tcp:x", true, 10, 2, 1, ""}};
  site.ticks_late = 3;
  site.tick_times.observe(milliseconds(1));
  const std::string text = page_of(site);
  for (const char* line :
       {"ems_link_online{asset=\"meter/2\"} 1\n", "ems_link_requests_total{asset=\"meter/2\"} 10\n",
        "ems_link_timeouts_total{asset=\"meter/2\"} 2\n",
        "ems_link_errors_total{asset=\"meter/2\"} 1\n", "ems_ticks_late_total 3\n",
        "ems_tick_duration_seconds_count 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(StoreMetrics, BacklogIsWhatNobodyAcknowledged) {
  StoreView store;
  store.marks[1].last = 100;
  store.marks[1].acknowledged = 60;
  store.counters.rows_lost[1] = 5;
  store.counters.bytes_held = 4096;
  store.counters.stream_bytes[1] = 4000;
  store.counters.rows_lost_ever[1] = 15;
  store.counters.rows_evicted[1] = 7;
  store.counters.audit_refused = 2;
  store.counters.clock_steps = 1;
  store.commit_times.observe(milliseconds(8));
  io::MetricPage page;
  write_metrics(store, page);
  const std::string text = page.text();
  for (const char* line :
       {"ems_store_rows_total{stream=\"telemetry\"} 100\n",
        "ems_store_rows_acknowledged_total{stream=\"telemetry\"} 60\n",
        "ems_store_backlog_rows{stream=\"telemetry\"} 40\n",
        "ems_store_gap_rows_total{stream=\"telemetry\"} 5\n",
        "ems_store_gap_rows_ever_total{stream=\"telemetry\"} 15\n",
        "ems_store_evicted_rows_total{stream=\"telemetry\"} 7\n",
        "ems_store_stream_bytes{stream=\"telemetry\"} 4000\n", "ems_store_audit_refused_total 2\n",
        "ems_store_clock_steps_total 1\n", "ems_store_gap_rows_total{stream=\"audit\"} 0\n",
        "ems_store_blocks_bytes 4096\n",
        "ems_store_commit_duration_seconds_bucket{le=\"0.01\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace ems::runtime
