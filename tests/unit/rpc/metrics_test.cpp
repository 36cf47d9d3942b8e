// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "support/temp_dir.hpp"

namespace ems::rpc {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(UplinkMetrics, AnAckNobodyGaveHasNoAge) {
  runtime::UplinkView view;
  view.server = "ems.example:7443";
  view.state = runtime::UplinkState::waiting;
  UplinkCounters counters;
  counters.connects = 3;
  counters.blocks_resent = 2;
  io::MetricPage page;
  write_metrics(view, counters, page);
  const std::string of = "{server=\"ems.example:7443\"} ";
  EXPECT_THAT(page.text(), HasSubstr("ems_uplink_connected" + of + "0\n"));
  EXPECT_THAT(page.text(), HasSubstr("ems_uplink_connects_total" + of + "3\n"));
  EXPECT_THAT(page.text(), HasSubstr("ems_uplink_blocks_resent_total" + of + "2\n"));
  EXPECT_THAT(page.text(), Not(HasSubstr("ack_age")));
  view.state = runtime::UplinkState::online;
  view.last_ack_age = milliseconds(2500);
  write_metrics(view, counters, page);
  EXPECT_THAT(page.text(), HasSubstr("ems_uplink_connected" + of + "1\n"));
  EXPECT_THAT(page.text(), HasSubstr("ems_uplink_last_ack_age_seconds" + of + "2.5\n"));
}

TEST(UplinkMetrics, EachServerHasItsOwnSeries) {
  io::MetricPage page;
  UplinkCounters counters;
  for (const char* server : {"a.example:1", "b.example:2"}) {
    counters.failures += 1;
    runtime::UplinkView view;
    view.server = server;
    if (counters.failures == 2) view.state = runtime::UplinkState::online;
    write_metrics(view, counters, page);
  }
  const std::string text = page.text();
  for (const char* line : {"ems_uplink_connected{server=\"a.example:1\"} 0\n",
                           "ems_uplink_connected{server=\"b.example:2\"} 1\n",
                           "ems_uplink_failures_total{server=\"a.example:1\"} 1\n",
                           "ems_uplink_failures_total{server=\"b.example:2\"} 2\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(ServerMetrics, RowsAreByStreamAndRefusalsByCode) {
  const test::TempDir dir;
  const auto store = fleet::open_sqlite_fleet_store(dir / "fleet.db");
  ASSERT_TRUE(store);
  FleetServerCounters counters;
  counters.sessions = 2;
  counters.rows[0] = {1, 2, 3};
  counters.refused[Errc::identity_conflict] = 4;
  counters.ingest_times.observe(milliseconds(7));
  io::MetricPage page;
  write_metrics(counters, **store, page);
  const std::string text = page.text();
  for (const char* line :
       {"ems_server_agents_connected 2\n", "ems_server_rows_stored_total{stream=\"audit\"} 1\n",
        "ems_server_rows_duplicate_total{stream=\"audit\"} 2\n",
        "ems_server_rows_gap_total{stream=\"audit\"} 3\n",
        "ems_server_rows_gap_total{stream=\"telemetry\"} 0\n",
        "ems_server_refused_total{code=\"identity_conflict\"} 4\n",
        "ems_server_identity_conflicts 0\n",
        "ems_server_ingest_duration_seconds_bucket{le=\"0.01\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("permission_denied")));
}

}  // namespace
}  // namespace ems::rpc
