// SPDX-License-Identifier: Apache-2.0
// The power goes at every sync point of a run of agent and server: of the agent, of the server, or
// of both. What was promised is there, once, and whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/store/edge_store.hpp"
#include "support/power_cut_vfs.hpp"
#include "support/seed.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

namespace fs = std::filesystem;
using fleet::AgentKey;
using fleet::FleetStore;
using io::EdgeStore;
using telemetry::Epoch;
using telemetry::Gap;
using telemetry::Sequence;
using telemetry::Stream;

const AgentKey kAgent{"default", "demo/gateway-1"};
constexpr std::array kSent{Stream::audit, Stream::telemetry};
constexpr std::size_t kPeekBytes = std::size_t{16} * 1024;
constexpr std::size_t kPoints = 24;
constexpr std::uint64_t kTelemetryBytes = 2'000;  ///< Three blocks: acknowledged ones are evicted.
#ifdef __SANITIZE_THREAD__
constexpr int kRoundsPerLife = 12;  // One thread: nothing to find here, and much slower.
#else
constexpr int kRoundsPerLife = 50;
#endif

OwnedRecord numbered_record(Sequence n) {
  return text_record(static_cast<std::int64_t>(n), std::to_string(n) + std::string(200, 'a'));
}

/// What had been promised before a moment.
struct Promise {
  std::size_t at = 0;                      ///< Steps of the disk before it was given.
  std::array<Sequence, 3> committed{};     ///< The agent's commit() returned.
  std::array<Sequence, 3> acknowledged{};  ///< The server's ingest() returned.
  std::uint32_t latch = 0;                 ///< put() returned.
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

std::ostream& operator<<(std::ostream& out, const Tally& t) {
  return out << t.cuts << " cuts tried: acknowledged rows lost " << t.acknowledged_lost
             << ", committed rows lost " << t.committed_lost << ", rows duplicated " << t.duplicated
             << ", torn reads " << t.torn << ", stores that do not open " << t.unopenable;
}

/// Rows of one stream and epoch on the server, how often each is there.
class Found final : public io::RowSink {
 public:
  explicit Found(const Epoch& epoch) : epoch_(epoch) {}
  bool row(const io::RowId& id, const telemetry::Row& row) override {
    const OwnedRow whole = numbered_row(id.sequence, kPoints);
    return take(id, row.at.since_epoch().count() == whole.utc_us &&
                        std::equal(row.values.begin(), row.values.end(), whole.values.begin(),
                                   whole.values.end()));
  }
  bool record(const io::RowId& id, const telemetry::Record& record) override {
    const OwnedRecord whole = numbered_record(id.sequence);
    return take(id, std::equal(record.payload.begin(), record.payload.end(), whole.payload.begin(),
                               whole.payload.end()));
  }
  bool gap(const io::RowId&, const Gap& gap) override {
    gap_rows += gap.last - gap.first + 1;
    return true;
  }
  std::map<Sequence, int> rows;
  std::uint64_t wrong = 0;
  std::uint64_t gap_rows = 0;

 private:
  bool take(const io::RowId& id, bool sound) {
    if (id.epoch != epoch_) return true;
    ++rows[id.sequence];
    wrong += sound ? 0U : 1U;
    return true;
  }
  Epoch epoch_;
};

/// Both stores of a run, in two folders below one.
struct Pair {
  std::string folder;
  std::string vfs;
  std::optional<EdgeStore> agent{};
  std::unique_ptr<FleetStore> server{};
  fleet::SessionToken session = 0;

  [[nodiscard]] std::string server_path() const { return folder + "/server/fleet.db"; }

  Result<void> open_agent() {
    io::EdgeStoreOptions options;
    options.vfs = vfs;
    options.retention[1].bytes = kTelemetryBytes;
    Result<EdgeStore> store = EdgeStore::open(folder + "/agent/telemetry.db", options);
    if (!store) return fail(store.error());
    agent.emplace(std::move(*store));
    return {};
  }
  Result<void> open_server() {
    Result<std::unique_ptr<FleetStore>> store =
        fleet::open_sqlite_fleet_store(server_path(), {.vfs = vfs});
    if (!store) return fail(store.error());
    server = std::move(*store);
    return {};
  }
  Result<void> begin_session() {
    const auto begun = server->session_begin({kAgent, agent->epoch(), {}});
    if (!begun) return fail(begun.error());
    session = *begun;
    return {};
  }
};

void append_rows(EdgeStore& agent, Sequence count) {
  for (Sequence i = 0; i < count; ++i) {
    const Sequence n = agent.mark(Stream::telemetry).last + 1 + i;
    EXPECT_EQ(agent.append(numbered_row(n, kPoints).view()).value(), n);
  }
}

/// A run of a pair of stores on a disk that remembers, with what it promised and when.
class Recorded {
 public:
  /// Which lie the run tells, to see that the checks find it.
  enum class Lie : std::uint8_t { none, disk_ignores_syncs, ack_before_sync };

  Recorded(const TempDir& dir, Lie lie) : pair_{dir / "live", vfs_.name()}, lie_(lie) {
    for (const char* part : {"/agent", "/server"}) fs::create_directories(pair_.folder + part);
    vfs_.ignore_syncs(lie == Lie::disk_ignores_syncs);
  }

  /// Several lives of both programs.
  void go(int rounds, std::mt19937_64& random) {
    for (int round = 1; round <= rounds; ++round) {
      if (round % kRoundsPerLife == 1) {
        close();
        ASSERT_TRUE(pair_.open_agent());
        ASSERT_TRUE(pair_.open_server());
        ASSERT_TRUE(pair_.begin_session());
      }
      append_rows(*pair_.agent, 1 + random() % 9);
      if (round % 4 == 0) {
        const Sequence n = pair_.agent->mark(Stream::audit).last + 1;
        ASSERT_TRUE(pair_.agent->append(Stream::audit, numbered_record(n).view()));
      }
      ASSERT_TRUE(pair_.agent->commit());
      for (const Stream stream : kSent) {
        now_.committed[index_of(stream)] = pair_.agent->mark(stream).last;
      }
      promise();
      if (round % 7 == 0) {
        const std::array value{static_cast<std::byte>(round)};
        ASSERT_TRUE(pair_.agent->put("latch", value));
        now_.latch = static_cast<std::uint32_t>(round);
        promise();
      }
      if (random() % 3 != 0) deliver();
      if (round % 20 == 10) {  // Else a log would have to reach 2 MB first.
        checkpoint(pair_.folder + "/agent/telemetry.db");
        checkpoint(pair_.server_path());
      }
    }
    close();
    vfs_.record(false);
  }

  /// It remembers no more: for what a cut left.
  [[nodiscard]] const PowerCutVfs& disk() const { return vfs_; }
  [[nodiscard]] const std::string& folder() const { return pair_.folder; }
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }
  [[nodiscard]] const std::vector<Promise>& promises() const { return promises_; }
  /// The server's witness file, which SQLite does not write, as it was over time.
  [[nodiscard]] const std::vector<std::pair<std::size_t, std::string>>& witnesses() const {
    return witnesses_;
  }

 private:
  void close() {
    if (pair_.agent) evicted_ += pair_.agent->counters().rows_evicted[1];
    pair_.agent.reset();
    pair_.server.reset();
  }
  /// What SQLite does by itself when the write-ahead log is long, and the log starts anew.
  void checkpoint(const std::string& path) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, pair_.vfs.c_str()),
              SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, "PRAGMA wal_checkpoint(RESTART)", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(db);
  }
  void promise() {
    now_.at = vfs_.now();
    promises_.push_back(now_);
    std::ifstream in(pair_.server_path() + ".generation");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!text.empty()) witnesses_.emplace_back(vfs_.now(), text);
  }

  void deliver() {
    for (const Stream stream : kSent) {
      const Sequence mark = pair_.server->mark(kAgent, stream, pair_.agent->epoch()).value();
      const auto items = pair_.agent->peek(stream, mark, kPeekBytes);
      ASSERT_TRUE(items);
      for (const io::StoredItem& item : *items) {
        const std::size_t before = vfs_.now();
        const fleet::IngestItem one{item.block, item.gap};
        const auto ack = pair_.server->ingest(pair_.session, stream, item.epoch, {&one, 1});
        ASSERT_TRUE(ack) << ack.error().what;
        now_.acknowledged[index_of(stream)] = ack->mark;
        promise();
        if (lie_ == Lie::ack_before_sync) promises_.back().at = before;
        ASSERT_TRUE(pair_.agent->acknowledge(stream, item.epoch, ack->mark));
      }
    }
  }

  PowerCutVfs vfs_;
  Pair pair_;
  Lie lie_;
  Promise now_;
  std::vector<Promise> promises_;
  std::vector<std::pair<std::size_t, std::string>> witnesses_;
  std::uint64_t evicted_ = 0;
};

/// What the promises before `moment` add up to.
Promise promised(const std::vector<Promise>& promises, std::size_t moment) {
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
void deliver_all(Pair& pair, Tally& tally) {
  for (const Stream stream : kSent) {
    const Epoch epoch = pair.agent->epoch();
    Sequence mark = pair.server->mark(kAgent, stream, epoch).value();
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

Found found_on(Pair& pair, Stream stream, Tally& tally) {
  Found found(pair.agent->epoch());
  EXPECT_TRUE(pair.server->rows(kAgent)->read(stream, {}, found));
  tally.torn += found.wrong;
  for (const auto& [sequence, times] : found.rows) {
    tally.duplicated += static_cast<std::uint64_t>(times - 1);
  }
  return found;
}

/// Opens what a cut left, compares it with what was promised, and lets both go on.
void judge(Pair& pair, const Promise& before, Tally& tally) {
  ++tally.cuts;
  if (!pair.open_agent() || !pair.open_server() || !pair.begin_session()) {
    ++tally.unopenable;
    return;
  }
  tally.torn +=
      pair.agent->open_report().corrupt_rows + (pair.agent->open_report().repaired ? 1U : 0U);
  for (const Stream stream : kSent) {
    const std::size_t i = index_of(stream);
    const Sequence kept = pair.agent->mark(stream).last;
    tally.committed_lost += before.committed[i] - std::min(kept, before.committed[i]);
    const Sequence mark = pair.server->mark(kAgent, stream, pair.agent->epoch()).value();
    tally.acknowledged_lost += before.acknowledged[i] - std::min(mark, before.acknowledged[i]);
    const Found found = found_on(pair, stream, tally);
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
  for (const Stream stream : kSent) {
    const Found found = found_on(pair, stream, tally);
    const Sequence last = pair.agent->mark(stream).last;
    tally.committed_lost += last - std::min<std::uint64_t>(last, found.rows.size());
    tally.committed_lost += found.gap_rows;
  }
}

struct Target {
  const char* name;
  bool agent;
  bool server;
};
constexpr std::array kTargets{Target{"agent", true, false}, Target{"server", false, true},
                              Target{"agent and server", true, true}};

/// Moments of a run worth a cut: before every sync, and right after every promise.
std::vector<std::size_t> moments_of(const Recorded& run) {
  std::set<std::size_t> moments;
  for (std::size_t i = 0; i < run.disk().now(); ++i) {
    if (run.disk().steps()[i].kind == DiskStep::Kind::sync) moments.insert(i);
  }
  for (const Promise& promise : run.promises()) moments.insert(promise.at);
  return {moments.begin(), moments.end()};
}

/// Cuts at each of the moments: what was not synced is gone; from a promise on also one other way
/// by chance, or every way.
void cut_at(const std::vector<std::size_t>& moments, const Recorded& run, const TempDir& dir,
            std::mt19937_64& random, std::array<Tally, 3>& tallies, bool every_way) {
  PowerCutReplay replay(run.disk().steps());
  for (const std::size_t moment : moments) {
    replay.advance(moment);
    const Promise before = promised(run.promises(), moment);
    std::vector<std::string> witnesses{""};
    for (const auto& [at, text] : run.witnesses()) {
      if (at <= moment) witnesses.push_back(text);
    }
    std::vector<Kept> ways{Kept::none};
    if (random() % 2 == 0) ways.push_back(kAllKept[1 + random() % (kAllKept.size() - 1)]);
    if (every_way) ways.assign(kAllKept.begin(), kAllKept.end());
    for (const Kept kept : ways) {
      for (std::size_t t = 0; t < kTargets.size(); ++t) {
        const fs::path image = dir / "image";
        fs::remove_all(image);
        for (const char* part : {"agent", "server"}) {
          fs::create_directories(image / part);
          const bool hit = part[0] == 'a' ? kTargets[t].agent : kTargets[t].server;
          replay.cut(run.folder() + "/" + part + "/", image / part, hit ? kept : Kept::all, random);
        }
        // Written without a sync: any of its states, or none when its entry was not.
        const std::string& witness =
            kTargets[t].server ? witnesses[random() % witnesses.size()] : witnesses.back();
        if (!witness.empty()) std::ofstream(image / "server/fleet.db.generation") << witness;
        Pair pair{image.string(), run.disk().name()};
        judge(pair, before, tallies[t]);
      }
    }
  }
}

struct Syncs {
  std::uint64_t all = 0;
  std::uint64_t databases = 0;  ///< Of checkpoints; the rest are of write-ahead logs and journals.
};

Syncs syncs_of(const Recorded& run) {
  Syncs syncs;
  std::set<int> databases;
  for (const DiskStep& step : run.disk().steps()) {
    if (step.kind == DiskStep::Kind::create && step.name.ends_with(".db")) {
      databases.insert(step.file);
    }
    if (step.kind != DiskStep::Kind::sync) continue;
    ++syncs.all;
    syncs.databases += databases.contains(step.file) ? 1U : 0U;
  }
  return syncs;
}

/// EMS_CASES runs of their own seeds, each of two lives; one when nothing else is asked for.
TEST(PowerCutFault, AtEverySyncPointOfAgentAndServerLosesAndDoublesNoRow) {
  const Seed seed(20261122);
  auto random = seed.engine();
  const int runs = Seed::cases(1);
  std::array<Tally, 3> tallies{};
  Syncs syncs;
  for (int i = 0; i < runs && !HasFailure(); ++i) {
    const TempDir dir;
    Recorded run(dir, Recorded::Lie::none);
    run.go(2 * kRoundsPerLife, random);
    ASSERT_FALSE(HasFailure());
    const Syncs of_run = syncs_of(run);
    EXPECT_GT(of_run.databases, 6U) << "checkpoints while the stores run, too";
    if (kRoundsPerLife == 50) {
      EXPECT_GT(run.evicted(), 0U) << "retention works while the power goes";
    }
    syncs.all += of_run.all;
    syncs.databases += of_run.databases;
    cut_at(moments_of(run), run, dir, random, tallies, runs > 1);
  }
  for (std::size_t t = 0; t < kTargets.size(); ++t) {
    std::cout << "power cut of " << kTargets[t].name << ", " << syncs.all << " sync points ("
              << syncs.databases << " of checkpoints): " << tallies[t] << std::endl;
    EXPECT_EQ(tallies[t].harm(), 0U) << kTargets[t].name;
    EXPECT_GT(tallies[t].cuts, syncs.all) << "every sync point, and every promise";
  }
}

/// The test of the test: the same run with one promise broken.
void expect_harm(Recorded::Lie lie) {
  std::mt19937_64 random(1);  // Which rows does not matter.
  const TempDir dir;
  Recorded run(dir, lie);
  run.go(8, random);
  std::array<Tally, 3> tallies{};
  cut_at(moments_of(run), run, dir, random, tallies, false);
  for (std::size_t t = 0; t < kTargets.size(); ++t) {
    std::cout << kTargets[t].name << ": " << tallies[t] << std::endl;
    EXPECT_GT(tallies[t].harm(), 0U) << kTargets[t].name;
  }
}

TEST(PowerCutFault, FindsAStoreThatDoesNotSync) { expect_harm(Recorded::Lie::disk_ignores_syncs); }

TEST(PowerCutFault, FindsAnAcknowledgementBeforeTheSync) {
  expect_harm(Recorded::Lie::ack_before_sync);
}

}  // namespace
}  // namespace ems::test
