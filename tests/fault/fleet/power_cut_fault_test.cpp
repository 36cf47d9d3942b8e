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
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/power_cut_pair.hpp"
#include "support/power_cut_vfs.hpp"
#include "support/seed.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

namespace fs = std::filesystem;
using telemetry::Sequence;
using telemetry::Stream;

#ifdef __SANITIZE_THREAD__
constexpr int kRoundsPerLife = 12;  // One thread: nothing to find here, and much slower.
#else
constexpr int kRoundsPerLife = 50;
#endif

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
      for (const Stream stream : kSentStreams) {
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
    for (const Stream stream : kSentStreams) {
      const Sequence mark = pair_.server->mark(pair_.key(), stream, pair_.agent->epoch()).value();
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

/// Moments of a run worth a cut: before every sync, and right after every promise.
std::vector<std::size_t> moments_of(const Recorded& run) {
  const std::vector<std::size_t> syncs = sync_moments(run.disk().steps());
  std::set<std::size_t> moments(syncs.begin(), syncs.end());
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
        ++tallies[t].cuts;
        if (pair.open_server()) {
          judge(pair, before, tallies[t]);
        } else {
          ++tallies[t].unopenable;
        }
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
