// SPDX-License-Identifier: Apache-2.0
/// @file What the power-cut tests promise, and how what a cut left is judged: an agent's store and
/// the server's, every row that was promised in them, once and whole.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/store/edge_store.hpp"
#include "support/telemetry_rows.hpp"

namespace ems::test {

inline constexpr std::array kSentStreams{telemetry::Stream::audit, telemetry::Stream::telemetry};
inline constexpr std::size_t kPeekBytes = std::size_t{16} * 1024;
inline constexpr std::size_t kCutPoints = 24;            ///< Of a row.
inline constexpr std::uint64_t kTelemetryBytes = 2'000;  ///< Three blocks: then rows are evicted.

inline OwnedRecord numbered_record(telemetry::Sequence n) {
  return text_record(static_cast<std::int64_t>(n), std::to_string(n) + std::string(200, 'a'));
}

/// What had been promised before a moment.
struct Promise {
  std::size_t at = 0;                                 ///< Steps of the disk before it was given.
  std::array<telemetry::Sequence, 3> committed{};     ///< The agent's commit() returned.
  std::array<telemetry::Sequence, 3> acknowledged{};  ///< The server's ingest() returned.
  std::uint32_t latch = 0;                            ///< put() returned.
};

/// What a cut may cost: nothing.
struct Tally {
  std::uint64_t cuts = 0;
  std::uint64_t acknowledged_lost = 0;
  std::uint64_t committed_lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t torn = 0;
  std::uint64_t unopenable = 0;
  [[nodiscard]] std::uint64_t harm() const {
    return acknowledged_lost + committed_lost + duplicated + torn + unopenable;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Tally& t) {
  return out << t.cuts << " cuts tried: acknowledged rows lost " << t.acknowledged_lost
             << ", committed rows lost " << t.committed_lost << ", rows duplicated " << t.duplicated
             << ", torn reads " << t.torn << ", stores that do not open " << t.unopenable;
}

/// Rows of one stream and epoch on the server, how often each is there.
class FoundRows final : public io::RowSink {
 public:
  explicit FoundRows(const telemetry::Epoch& epoch) : epoch_(epoch) {}
  bool row(const io::RowId& id, const telemetry::Row& row) override {
    const OwnedRow whole = numbered_row(id.sequence, kCutPoints);
    return take(id, row.at.since_epoch().count() == whole.utc_us &&
                        std::equal(row.values.begin(), row.values.end(), whole.values.begin(),
                                   whole.values.end()));
  }
  bool record(const io::RowId& id, const telemetry::Record& record) override {
    const OwnedRecord whole = numbered_record(id.sequence);
    return take(id, std::equal(record.payload.begin(), record.payload.end(), whole.payload.begin(),
                               whole.payload.end()));
  }
  bool gap(const io::RowId&, const telemetry::Gap& gap) override {
    gap_rows += gap.last - gap.first + 1;
    return true;
  }
  std::map<telemetry::Sequence, int> rows;
  std::uint64_t wrong = 0;
  std::uint64_t gap_rows = 0;

 private:
  bool take(const io::RowId& id, bool sound) {
    if (id.epoch != epoch_) return true;
    ++rows[id.sequence];
    wrong += sound ? 0U : 1U;
    return true;
  }
  telemetry::Epoch epoch_;
};

/// An agent's store and the server's, which others may share, in two folders below one.
struct Pair {
  std::string folder;
  std::string vfs;
  std::string name = "agent";  ///< Of the agent, and of its folder.
  std::optional<io::EdgeStore> agent{};
  std::shared_ptr<fleet::FleetStore> server{};
  fleet::SessionToken session = 0;

  [[nodiscard]] fleet::AgentKey key() const { return {"default", "demo/" + name}; }

  [[nodiscard]] std::string server_path() const { return folder + "/server/fleet.db"; }

  Result<void> open_agent() {
    io::EdgeStoreOptions options;
    options.vfs = vfs;
    options.retention[1].bytes = kTelemetryBytes;
    Result<io::EdgeStore> store =
        io::EdgeStore::open(folder + "/" + name + "/telemetry.db", options);
    if (!store) return fail(store.error());
    agent.emplace(std::move(*store));
    return {};
  }
  Result<void> open_server() {
    Result<std::unique_ptr<fleet::FleetStore>> store =
        fleet::open_sqlite_fleet_store(server_path(), {.vfs = vfs});
    if (!store) return fail(store.error());
    server = std::move(*store);
    return {};
  }
  Result<void> begin_session() {
    const auto begun = server->session_begin({key(), agent->epoch(), {}});
    if (!begun) return fail(begun.error());
    session = *begun;
    return {};
  }
};

inline void append_rows(io::EdgeStore& agent, telemetry::Sequence count) {
  for (telemetry::Sequence i = 0; i < count; ++i) {
    const telemetry::Sequence n = agent.mark(telemetry::Stream::telemetry).last + 1 + i;
    EXPECT_EQ(agent.append(numbered_row(n, kCutPoints).view()).value(), n);
  }
}

/// What the promises before `moment` add up to.
inline Promise promised(const std::vector<Promise>& promises, std::size_t moment) {
  Promise sum;
  for (const Promise& p : promises) {
    if (p.at > moment) continue;
    for (std::size_t i = 0; i < sum.committed.size(); ++i) {
      sum.committed[i] = std::max(sum.committed[i], p.committed[i]);
      sum.acknowledged[i] = std::max(sum.acknowledged[i], p.acknowledged[i]);
    }
    sum.latch = std::max(sum.latch, p.latch);
  }
  return sum;
}

/// Sends what the agent holds until the server has it, as the uplink does.
inline void deliver_all(Pair& pair, Tally& tally) {
  for (const telemetry::Stream stream : kSentStreams) {
    const telemetry::Epoch epoch = pair.agent->epoch();
    telemetry::Sequence mark = pair.server->mark(pair.key(), stream, epoch).value();
    if (mark < pair.agent->mark(stream).acknowledged) {
      tally.acknowledged_lost += pair.agent->mark(stream).acknowledged - mark;
      (void)pair.agent->rewind(stream, epoch, mark);
    } else if (!pair.agent->acknowledge(stream, epoch, mark)) {
      tally.committed_lost += mark - pair.agent->mark(stream).last;
      return;
    }
    while (mark < pair.agent->mark(stream).last) {
      const auto items = pair.agent->peek(stream, mark, kPeekBytes);
      if (!items) ++tally.torn;
      if (!items || items->empty()) return;
      for (const io::StoredItem& item : *items) {
        const fleet::IngestItem one{item.block, item.gap};
        const auto ack = pair.server->ingest(pair.session, stream, epoch, {&one, 1});
        ASSERT_TRUE(ack) << ack.error().what;
        mark = ack->mark;
        (void)pair.agent->acknowledge(stream, epoch, mark);
      }
    }
  }
}

inline FoundRows found_on(Pair& pair, telemetry::Stream stream, Tally& tally) {
  FoundRows found(pair.agent->epoch());
  EXPECT_TRUE(pair.server->rows(pair.key())->read(stream, {}, found));
  tally.torn += found.wrong;
  for (const auto& [sequence, times] : found.rows) {
    tally.duplicated += static_cast<std::uint64_t>(times - 1);
  }
  return found;
}

/// Opens the agent's store as a cut left it, compares it and the server's, which is open, with what
/// was promised, and lets both go on.
inline void judge(Pair& pair, const Promise& before, Tally& tally) {
  if (!pair.open_agent() || !pair.begin_session()) {
    ++tally.unopenable;
    return;
  }
  tally.torn +=
      pair.agent->open_report().corrupt_rows + (pair.agent->open_report().repaired ? 1U : 0U);
  for (const telemetry::Stream stream : kSentStreams) {
    const std::size_t i = index_of(stream);
    const telemetry::Sequence kept = pair.agent->mark(stream).last;
    tally.committed_lost += before.committed[i] - std::min(kept, before.committed[i]);
    const telemetry::Sequence mark =
        pair.server->mark(pair.key(), stream, pair.agent->epoch()).value();
    tally.acknowledged_lost += before.acknowledged[i] - std::min(mark, before.acknowledged[i]);
    const FoundRows found = found_on(pair, stream, tally);
    tally.torn += mark - std::min<std::uint64_t>(mark, found.rows.size());
  }
  const auto latch = pair.agent->get("latch");
  const bool kept = latch && (before.latch == 0 ||
                              (*latch && (*latch)->size() == 1 &&
                               std::to_integer<std::uint32_t>((**latch)[0]) >= before.latch));
  if (!kept) ++tally.committed_lost;
  // They go on: in the end the server has every row of the agent once, and no gap.
  append_rows(*pair.agent, 4);
  ASSERT_TRUE(pair.agent->commit());
  deliver_all(pair, tally);
  for (const telemetry::Stream stream : kSentStreams) {
    const FoundRows found = found_on(pair, stream, tally);
    const telemetry::Sequence last = pair.agent->mark(stream).last;
    tally.committed_lost += last - std::min<std::uint64_t>(last, found.rows.size());
    tally.committed_lost += found.gap_rows;
  }
}

struct Target {
  const char* name;
  bool agent;
  bool server;
};
inline constexpr std::array kTargets{Target{"agent", true, false}, Target{"server", false, true},
                                     Target{"agent and server", true, true}};

}  // namespace ems::test
