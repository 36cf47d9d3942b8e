// SPDX-License-Identifier: Apache-2.0
/// @file Calls of a FleetStore as an agent and a reader make them, on numbered rows.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "ems/fleet/fleet_store.hpp"
#include "support/telemetry_rows.hpp"

namespace ems::test {

using namespace ems::fleet;
using namespace ems::telemetry;

inline const AgentKey kKey{"acme", "site-1"};
inline const AgentKey kOther{"other", "site-1"};

inline Id128 id(std::uint8_t seed) {
  Id128 out{};
  out.fill(static_cast<std::byte>(seed));
  return out;
}

inline SessionToken begin(FleetStore& store, const AgentKey& key = kKey, const Epoch& of = epoch(1),
                          std::uint8_t instance = 1) {
  const auto token = store.session_begin({key, of, id(instance)});
  EXPECT_TRUE(token.has_value()) << token.error().what;
  return token.value_or(0);
}

inline Result<Ack> send(FleetStore& store, SessionToken session, Sequence first, Sequence last,
                        const Epoch& of = epoch(1), const BlockContext& context = {}) {
  const std::vector<std::byte> block = numbered_block(of, first, last, context);
  const IngestItem item{block, {}};
  return store.ingest(session, Stream::telemetry, of, {&item, 1});
}

inline Result<Ack> send_gap(FleetStore& store, SessionToken session, const Gap& gap,
                            const Epoch& of = epoch(1)) {
  const IngestItem item{{}, gap};
  return store.ingest(session, Stream::telemetry, of, {&item, 1});
}

/// Everything stored of an agent, with how many blocks it would take is not asked.
struct Collected final : io::RowSink {
  bool row(const io::RowId& id, const Row& row) override {
    sequences.push_back(id.sequence);
    rows.push_back({row.at.since_epoch().count(),
                    {row.points.begin(), row.points.end()},
                    {row.values.begin(), row.values.end()}});
    return true;
  }
  bool record(const io::RowId& id, const Record&) override {
    sequences.push_back(id.sequence);
    return true;
  }
  bool gap(const io::RowId&, const Gap& gap) override {
    gaps.push_back(gap);
    return true;
  }
  std::vector<Sequence> sequences;
  std::vector<OwnedRow> rows;
  std::vector<Gap> gaps;
};

inline Collected all(FleetStore& store, const AgentKey& key = kKey) {
  Collected collected;
  const auto done = store.rows(key)->read(Stream::telemetry, {}, collected);
  EXPECT_TRUE(done.has_value()) << done.error().what;
  return collected;
}

inline void expect_numbered(const Collected& collected, Sequence first, Sequence last) {
  ASSERT_EQ(collected.rows.size(), last - first + 1);
  for (std::size_t i = 0; i < collected.rows.size(); ++i) {
    ASSERT_EQ(collected.sequences[i], first + i);
    ASSERT_EQ(collected.rows[i], numbered_row(first + i));
  }
}

}  // namespace ems::test
