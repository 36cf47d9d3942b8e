// SPDX-License-Identifier: Apache-2.0
#include "ems/io/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricCatalogue, NamesFollowTheConventions) {
  std::set<std::string_view> seen;
  for (const MetricInfo& info : metric_catalogue()) {
    const std::string name(info.name);
    EXPECT_TRUE(seen.insert(info.name).second) << name;
    EXPECT_TRUE(name.starts_with("ems_")) << name;
    EXPECT_EQ(name.ends_with("_total"), info.kind == MetricKind::counter) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos);
    const std::set<std::string_view> units{"none", "seconds", "bytes", "watts", "ratio"};
    EXPECT_EQ(units.count(info.unit), 1U) << name;
    const std::string stem = name.ends_with("_total") ? name.substr(0, name.size() - 6) : name;
    EXPECT_TRUE(info.unit == "none" || stem.ends_with("_" + std::string(info.unit))) << name;
    EXPECT_TRUE(info.kind != MetricKind::histogram || info.unit == "seconds") << name;
    EXPECT_EQ(info.help.find('\n'), std::string::npos) << name;
    EXPECT_FALSE(info.help.empty()) << name;
  }
}

TEST(DurationHistogram, CountsAtOrBelowEachBound) {
  DurationHistogram histogram;
  histogram.observe(microseconds(100));  // At the bound: in the bucket.
  histogram.observe(microseconds(101));
  histogram.observe(seconds(60));       // Beyond the last.
  histogram.observe(microseconds(-5));  // A clock went back: zero.
  EXPECT_EQ(histogram.in_bucket(0), 2U);
  EXPECT_EQ(histogram.in_bucket(1), 1U);
  EXPECT_EQ(histogram.in_bucket(DurationHistogram::kBounds.size()), 1U);
  EXPECT_EQ(histogram.count(), 4U);
  EXPECT_EQ(histogram.sum(), microseconds(60'000'201));
}

TEST(MetricPage, WhatIsNotSetHasNoSeries) { EXPECT_EQ(MetricPage{}.text(), ""); }

TEST(MetricPage, PrintsTheCataloguesOrderThenLabelsWithExactNumbers) {
  MetricPage page;
  page.set(Metric::battery_soc_ratio, {"battery/2"}, 10'000, 4);
  page.set(Metric::battery_soc_ratio, {"battery/1"}, 505, 4);
  page.set(Metric::envelope_watts, {"lower"}, -4800);
  page.set(Metric::process_cpu_seconds_total, 1'500'000, 6);
  page.set_count(Metric::link_requests_total, {"meter/1"}, UINT64_MAX);
  EXPECT_EQ(page.text(),
            "# HELP ems_process_cpu_seconds_total user and system CPU time of the process\n"
            "# TYPE ems_process_cpu_seconds_total counter\n"
            "ems_process_cpu_seconds_total 1.5\n"
            "# HELP ems_envelope_watts what safety allows the site at ac: bound is lower (charging,"
            " negative) or upper (discharging)\n"
            "# TYPE ems_envelope_watts gauge\n"
            "ems_envelope_watts{bound=\"lower\"} -4800\n"
            "# HELP ems_battery_soc_ratio state of charge as the BMS says it, 0 to 1\n"
            "# TYPE ems_battery_soc_ratio gauge\n"
            "ems_battery_soc_ratio{asset=\"battery/1\"} 0.0505\n"
            "ems_battery_soc_ratio{asset=\"battery/2\"} 1\n"
            "# HELP ems_link_requests_total requests sent to the device; on CAN: frames sent\n"
            "# TYPE ems_link_requests_total counter\n"
            "ems_link_requests_total{asset=\"meter/1\"} 9223372036854775807\n");
}

TEST(MetricPage, EscapesLabelValues) {
  MetricPage page;
  page.set(Metric::build_info, {"a\"b\\c\nd", ""}, 1);
  EXPECT_THAT(page.text(), HasSubstr(R"(ems_build_info{program="a\"b\\c\nd",version=""} 1)"
                                     "\n"));
}

TEST(MetricPage, TheSameLabelsReplaceTheValue) {
  MetricPage page;
  page.set(Metric::ticks_late_total, 1);
  page.set(Metric::ticks_late_total, 2);
  EXPECT_THAT(page.text(), HasSubstr("ems_ticks_late_total 2\n"));
  EXPECT_THAT(page.text(), Not(HasSubstr("ems_ticks_late_total 1\n")));
}

TEST(MetricPage, HistogramsAreCumulativeAndEndAtInf) {
  DurationHistogram histogram;
  histogram.observe(microseconds(200));
  histogram.observe(milliseconds(3));
  histogram.observe(seconds(9));
  MetricPage page;
  page.set(Metric::tick_duration_seconds, {}, histogram);
  const std::string text = page.text();
  for (const char* line :
       {"# TYPE ems_tick_duration_seconds histogram\n",
        "ems_tick_duration_seconds_bucket{le=\"0.0001\"} 0\n",
        "ems_tick_duration_seconds_bucket{le=\"0.00025\"} 1\n",
        "ems_tick_duration_seconds_bucket{le=\"0.0025\"} 1\n",
        "ems_tick_duration_seconds_bucket{le=\"0.005\"} 2\n",
        "ems_tick_duration_seconds_bucket{le=\"2.5\"} 2\n",
        "ems_tick_duration_seconds_bucket{le=\"+Inf\"} 3\nems_tick_duration_seconds_sum 9.0032\n"
        "ems_tick_duration_seconds_count 3\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricPage, AStateIsOneSeriesPerWord) {
  constexpr std::array<std::string_view, 2> kWords{"normal", "safe"};
  MetricPage page;
  page.set_state(Metric::safety_state, {"site"}, kWords, "safe");
  EXPECT_THAT(page.text(), HasSubstr("ems_safety_state{asset=\"site\",state=\"normal\"} 0\n"
                                     "ems_safety_state{asset=\"site\",state=\"safe\"} 1\n"));
}

TEST(ProcessMetrics, SayWhatThisProcessIs) {
  MetricPage page;
  write_process_metrics("ems-agent", UtcInstant{seconds(1'700'000'000)}, ClockQuality::holdover,
                        page);
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("ems_build_info{program=\"ems-agent\",version=\""));
  EXPECT_THAT(text, HasSubstr("ems_process_start_time_seconds 1700000000\n"));
  EXPECT_THAT(text, HasSubstr("ems_clock_quality{quality=\"holdover\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ems_clock_quality{quality=\"synced\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("ems_process_cpu_seconds_total "));
  EXPECT_THAT(text, HasSubstr("ems_process_resident_memory_bytes "));
}

TEST(StoreFileBytes, CountsTheLogAndKnowsWhenThereIsNoFile) {
  const test::TempDir dir;
  const std::string file = dir / "x.db";
  EXPECT_EQ(store_file_bytes(file), std::nullopt);
  std::ofstream(file) << "12345";
  EXPECT_EQ(store_file_bytes(file), 5U);
  std::ofstream(file + "-wal") << "678";
  EXPECT_EQ(store_file_bytes(file), 8U);
}

}  // namespace
}  // namespace ems::io
