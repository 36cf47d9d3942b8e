// SPDX-License-Identifier: Apache-2.0
/// @file What the uplink and the server say to Prometheus; the names are those of io/metrics.def.
#pragma once

#include "ems/io/metrics.hpp"
#include "ems/rpc/fleet_server.hpp"
#include "ems/rpc/uplink_client.hpp"

namespace ems::rpc {

/// Of one server, labelled with its address: whether it is there, connections, what was sent.
/// @thread_safety Pure function.
void write_metrics(const runtime::UplinkView& view, const UplinkCounters& counters,
                   io::MetricPage& page);

/// Agents, rows, refusals, ingest times. A code that nobody was refused with has no series, nor
/// have conflicts that the store cannot list.
/// @thread_safety Any thread; reads the store's conflicts and counters.
void write_metrics(const FleetServerCounters& counters, fleet::FleetStore& store,
                   io::MetricPage& page);

}  // namespace ems::rpc
