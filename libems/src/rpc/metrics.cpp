// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/metrics.hpp"

namespace ems::rpc {

using io::Metric;

void write_metrics(const runtime::UplinkView& view, const UplinkCounters& counters,
                   io::MetricPage& page) {
  constexpr int kMicroDigits = 6;
  const std::string_view server = view.server;
  page.set(Metric::uplink_connected, {server}, view.state == runtime::UplinkState::online ? 1 : 0);
  page.set_count(Metric::uplink_connects_total, {server}, counters.connects);
  page.set_count(Metric::uplink_failures_total, {server}, counters.failures);
  page.set_count(Metric::uplink_blocks_sent_total, {server}, counters.blocks_sent);
  page.set_count(Metric::uplink_blocks_resent_total, {server}, counters.blocks_resent);
  page.set_count(Metric::uplink_gaps_sent_total, {server}, counters.gaps_sent);
  if (view.last_ack_age) {
    page.set(Metric::uplink_last_ack_age_seconds, {server}, view.last_ack_age->count(),
             kMicroDigits);
  }
}

void write_metrics(const FleetServerCounters& counters, fleet::FleetStore& store,
                   io::MetricPage& page) {
  page.set_count(Metric::server_agents_connected, counters.sessions);
  page.set_count(Metric::server_sessions_total, counters.sessions_total);
  for (const auto& [code, count] : counters.refused) {
    page.set_count(Metric::server_refused_total, {to_string(code)}, count);
  }
  for (const telemetry::Stream stream : telemetry::kStreams) {
    const IngestedRows& rows = counters.rows[telemetry::index_of(stream)];
    const std::string_view name = telemetry::to_string(stream);
    page.set_count(Metric::server_rows_stored_total, {name}, rows.stored);
    page.set_count(Metric::server_rows_duplicate_total, {name}, rows.duplicate);
    page.set_count(Metric::server_rows_gap_total, {name}, rows.gap);
  }
  page.set(Metric::server_ingest_duration_seconds, {}, counters.ingest_times);
  page.set_count(Metric::server_live_messages_total, counters.live_messages);
  page.set_count(Metric::server_blocks_refused_total, store.counters().blocks_refused);
  if (const auto conflicts = store.conflicts()) {
    page.set_count(Metric::server_identity_conflicts, conflicts->size());
  }
}

}  // namespace ems::rpc
