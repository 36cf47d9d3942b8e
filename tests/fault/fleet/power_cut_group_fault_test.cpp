// SPDX-License-Identifier: Apache-2.0
// The power goes while several agents deliver at once: their ingests share a transaction and its
// fsync, and each was promised its own rows.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
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

constexpr std::size_t kAgents = 3;
constexpr int kRounds = 6;

std::string agent_name(std::size_t i) { return "agent-" + std::to_string(i); }

/// A run of three agents, each in a thread of its own, and a server.
class GroupRun {
 public:
  GroupRun(const TempDir& dir, bool ack_before_sync)
      : folder_(dir / "live"), ack_before_sync_(ack_before_sync) {
    vfs_.before_sync([this] { let_others_come(); });
    fs::create_directories(folder_ + "/server");
    for (std::size_t i = 0; i < kAgents; ++i) {
      pairs_[i].folder = folder_;
      pairs_[i].vfs = vfs_.name();
      pairs_[i].name = agent_name(i);
      fs::create_directories(folder_ + "/" + pairs_[i].name);
    }
  }

  void go(int rounds, std::uint64_t seed) {
    ASSERT_TRUE(pairs_[0].open_server());
    for (std::size_t i = 0; i < kAgents; ++i) {
      pairs_[i].server = pairs_[0].server;
      ASSERT_TRUE(pairs_[i].open_agent());
      ASSERT_TRUE(pairs_[i].begin_session());
    }
    for (int round = 1; round <= rounds; ++round) {
      busy_ = kAgents;
      {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kAgents; ++i) {
          threads.emplace_back([this, i, round, seed] {
            live(i, round, seed + static_cast<std::uint64_t>(round) * kAgents + i);
            --busy_;
          });
        }
      }
      std::ifstream in(pairs_[0].server_path() + ".generation");
      witnesses_.emplace_back(vfs_.now(), std::string{std::istreambuf_iterator<char>(in), {}});
    }
    groups_ = pairs_[0].server->counters().groups;
    for (Pair& pair : pairs_) {
      pair.agent.reset();
      pair.server.reset();
    }
    vfs_.before_sync({});
    vfs_.record(false);
  }

  /// Every sync, and right after every promise.
  [[nodiscard]] std::set<std::size_t> moments() const {
    const std::vector<std::size_t> syncs = sync_moments(vfs_.steps());
    std::set<std::size_t> moments(syncs.begin(), syncs.end());
    for (const std::vector<Promise>& of_agent : promises_) {
      for (const Promise& promise : of_agent) moments.insert(promise.at);
    }
    return moments;
  }

  /// Cuts at each of them and judges every agent.
  void cut(const TempDir& dir, std::mt19937_64& random, std::array<Tally, 3>& tallies,
           bool every_way) const {
    PowerCutReplay replay(vfs_.steps());
    for (const std::size_t moment : moments()) {
      replay.advance(moment);
      std::vector<Kept> ways{Kept::none};
      if (random() % 2 == 0) ways.push_back(kAllKept[1 + random() % (kAllKept.size() - 1)]);
      if (every_way) ways.assign(kAllKept.begin(), kAllKept.end());
      for (const Kept kept : ways) {
        for (std::size_t t = 0; t < kTargets.size(); ++t) {
          const fs::path image = dir / "image";
          fs::remove_all(image);
          leave(replay, image, kTargets[t], kept, random);
          for (const auto& [at, witness] : witnesses_) {
            if (at <= moment) std::ofstream(image / "server/fleet.db.generation") << witness;
          }
          judge_all(image.string(), moment, tallies[t]);
        }
      }
    }
  }

  [[nodiscard]] std::uint64_t ingests() const { return ingests_; }
  [[nodiscard]] std::uint64_t groups() const { return groups_; }
  [[nodiscard]] std::size_t syncs() const { return sync_moments(vfs_.steps()).size(); }

 private:
  /// The fsync of a transaction takes so long that every agent that is not done waits for the next.
  void let_others_come() {
    if (!ingesting_here_) return;
    constexpr int kYieldsMax = 5'000;  // One that does not come, for whatever reason, is not fatal.
    for (int i = 0; i < kYieldsMax && ingesting_ < busy_; ++i) std::this_thread::yield();
  }

  void promise(std::size_t agent, Promise& now, std::size_t at) {
    now.at = at;
    promises_[agent].push_back(now);
  }

  void live(std::size_t agent, int round, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Pair& pair = pairs_[agent];
    Promise& now = now_[agent];
    append_rows(*pair.agent, 1 + random() % 9);
    if (round % 3 == 0) {
      const Sequence n = pair.agent->mark(Stream::audit).last + 1;
      EXPECT_TRUE(pair.agent->append(Stream::audit, numbered_record(n).view()));
    }
    ASSERT_TRUE(pair.agent->commit());
    for (const Stream stream : kSentStreams) {
      now.committed[index_of(stream)] = pair.agent->mark(stream).last;
    }
    promise(agent, now, vfs_.now());
    for (const Stream stream : kSentStreams) {
      const Sequence mark = pair.server->mark(pair.key(), stream, pair.agent->epoch()).value();
      const auto items = pair.agent->peek(stream, mark, kPeekBytes);
      ASSERT_TRUE(items);
      for (const io::StoredItem& item : *items) {
        const std::size_t before = vfs_.now();
        const fleet::IngestItem one{item.block, item.gap};
        ++ingests_;
        ++ingesting_;
        ingesting_here_ = true;
        const auto ack = pair.server->ingest(pair.session, stream, item.epoch, {&one, 1});
        ingesting_here_ = false;
        --ingesting_;
        ASSERT_TRUE(ack) << ack.error().what;
        now.acknowledged[index_of(stream)] = ack->mark;
        promise(agent, now, ack_before_sync_ ? before : vfs_.now());
        ASSERT_TRUE(pair.agent->acknowledge(stream, item.epoch, ack->mark));
      }
    }
  }

  void leave(const PowerCutReplay& replay, const fs::path& image, const Target& hit, Kept kept,
             std::mt19937_64& random) const {
    fs::create_directories(image / "server");
    replay.cut(folder_ + "/server/", image / "server", hit.server ? kept : Kept::all, random);
    for (std::size_t i = 0; i < kAgents; ++i) {
      const std::string name = agent_name(i);
      fs::create_directories(image / name);
      replay.cut(folder_ + "/" + name + "/", image / name, hit.agent ? kept : Kept::all, random);
    }
  }

  void judge_all(const std::string& image, std::size_t moment, Tally& tally) const {
    ++tally.cuts;
    std::shared_ptr<fleet::FleetStore> server;
    for (std::size_t i = 0; i < kAgents; ++i) {
      Pair pair{image, vfs_.name(), agent_name(i), {}, server};
      if (!server && !pair.open_server()) {
        ++tally.unopenable;
        return;
      }
      server = pair.server;
      judge(pair, promised(promises_[i], moment), tally);
    }
  }

  PowerCutVfs vfs_;
  std::string folder_;
  bool ack_before_sync_;
  std::array<Pair, kAgents> pairs_;
  std::array<Promise, kAgents> now_{};
  std::array<std::vector<Promise>, kAgents> promises_;
  std::vector<std::pair<std::size_t, std::string>> witnesses_;
  static inline thread_local bool ingesting_here_ = false;
  std::atomic<std::size_t> busy_{0};       ///< Agents with something to do in this round.
  std::atomic<std::size_t> ingesting_{0};  ///< Of them, those inside ingest().
  std::atomic<std::uint64_t> ingests_{0};
  std::uint64_t groups_ = 0;
};

/// EMS_CASES runs of their own seeds; one when nothing else is asked for.
TEST(PowerCutFault, OfTransactionsThatAgentsShareLosesAndDoublesNoRow) {
  const Seed seed(20261123);
  auto random = seed.engine();
  const int runs = Seed::cases(1);
  std::array<Tally, 3> tallies{};
  std::uint64_t ingests = 0;
  std::uint64_t groups = 0;
  std::uint64_t syncs = 0;
  for (int i = 0; i < runs && !HasFailure(); ++i) {
    const TempDir dir;
    GroupRun run(dir, false);
    run.go(kRounds, random());
    ASSERT_FALSE(HasFailure());
    ingests += run.ingests();
    groups += run.groups();
    syncs += run.syncs();
    run.cut(dir, random, tallies, runs > 1);
  }
  EXPECT_LT(groups, ingests) << "no transaction was shared";
  std::cout << kAgents << " agents at once, " << ingests << " ingests in " << groups
            << " transactions" << std::endl;
  for (std::size_t t = 0; t < kTargets.size(); ++t) {
    std::cout << "power cut of " << kTargets[t].name << ", " << syncs
              << " sync points: " << tallies[t] << std::endl;
    EXPECT_EQ(tallies[t].harm(), 0U) << kTargets[t].name;
    EXPECT_GT(tallies[t].cuts, syncs) << "every sync point, and every promise";
  }
}

TEST(PowerCutFault, FindsAnAcknowledgementBeforeTheSharedSync) {
  std::mt19937_64 random(1);  // Which rows does not matter.
  std::array<Tally, 3> tallies{};
  const TempDir dir;
  GroupRun run(dir, true);
  run.go(1, 1);
  ASSERT_FALSE(HasFailure());
  run.cut(dir, random, tallies, false);
  for (std::size_t t = 0; t < kTargets.size(); ++t) {
    std::cout << kTargets[t].name << ": " << tallies[t] << std::endl;
    if (kTargets[t].server) {
      EXPECT_GT(tallies[t].acknowledged_lost, 0U) << kTargets[t].name;
    }
  }
}

}  // namespace
}  // namespace ems::test
