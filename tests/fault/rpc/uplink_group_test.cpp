// SPDX-License-Identifier: Apache-2.0
// One edge store and two servers on loopback mTLS.
#include "ems/rpc/uplink_group.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::eventually;
using test::kHomeAgent;

struct Sequences final : io::RowSink {
  bool row(const io::RowId& id, const telemetry::Row&) override {
    rows.push_back(id.sequence);
    return true;
  }
  bool record(const io::RowId&, const telemetry::Record&) override { return true; }
  bool gap(const io::RowId&, const telemetry::Gap&) override {
    ++gaps;
    return true;
  }
  std::vector<telemetry::Sequence> rows;
  int gaps = 0;
};

void expect_exactly(fleet::FleetStore& store, std::uint64_t count) {
  Sequences got;
  ASSERT_TRUE(store.rows(kHomeAgent)->read(telemetry::Stream::telemetry, {}, got));
  ASSERT_EQ(got.rows.size(), count);
  for (std::uint64_t n = 1; n <= count; ++n) ASSERT_EQ(got.rows[n - 1], n);
  EXPECT_EQ(got.gaps, 0);
}

std::uint64_t rows_in(fleet::FleetStore& store, const telemetry::Epoch& epoch) {
  const auto mark = store.mark(kHomeAgent, telemetry::Stream::telemetry, epoch);
  return mark ? *mark : 0;
}

struct TwoServers {
  TwoServers() {
    one.start_server();
    two.start_server();
  }
  std::unique_ptr<UplinkGroup> connect(CommandHandler handler = {}) {
    std::vector<UplinkOptions> servers{one.uplink_options(), two.uplink_options()};
    auto group = std::make_unique<UplinkGroup>(servers, edge->source, handler, one.clock,
                                               system_random(), one.log);
    group->start();
    return group;
  }
  test::RpcWorld one;
  test::RpcWorld two;
  std::unique_ptr<test::LockedEdgeStore> edge =
      std::make_unique<test::LockedEdgeStore>(one.dir / "edge.db");
};

TEST(UplinkGroup, ARowIsAcknowledgedWhenEveryServerHasIt) {
  TwoServers world;
  world.two.stop_server();
  world.edge->commit_rows(1, 100);
  const auto group = world.connect();
  const telemetry::Epoch epoch = world.edge->mark().epoch;
  ASSERT_TRUE(eventually([&] { return rows_in(*world.one.store, epoch) == 100; }))
      << "a server that is away holds up no other";
  ASSERT_TRUE(eventually([&] { return group->views()[0].last_ack_age.has_value(); }));
  EXPECT_EQ(world.edge->mark().acknowledged, 0U) << "the second server has nothing";
  const runtime::UplinkView half = group->view();
  EXPECT_EQ(half.state, runtime::UplinkState::online);
  EXPECT_EQ(half.server, world.two.address());
  EXPECT_FALSE(half.last_error.empty());
  EXPECT_FALSE(half.last_ack_age.has_value());
  world.two.start_server();
  ASSERT_TRUE(eventually([&] { return world.edge->mark().acknowledged == 100; }));
  EXPECT_TRUE(group->view().last_ack_age.has_value());
  for (const UplinkCounters& one : group->counters()) {
    EXPECT_EQ(one.connects, 1U);
    EXPECT_GT(one.blocks_sent, 0U);
    EXPECT_EQ(one.blocks_resent, 0U);
  }
  group->stop();
  expect_exactly(*world.one.store, 100);
  expect_exactly(*world.two.store, 100);
}

TEST(UplinkGroup, AfterARestartEachServerGoesOnFromItsOwnMark) {
  TwoServers world;
  world.edge->commit_rows(1, 50);
  auto group = world.connect();
  ASSERT_TRUE(eventually([&] { return world.edge->mark().acknowledged == 50; }));
  world.two.stop_server();
  world.edge->commit_rows(51, 90);
  group->notify();
  const telemetry::Epoch epoch = world.edge->mark().epoch;
  ASSERT_TRUE(eventually([&] { return rows_in(*world.one.store, epoch) == 90; }));
  group->stop();
  world.edge.reset();  // The agent's process ends; what each server has is forgotten.
  world.edge = std::make_unique<test::LockedEdgeStore>(world.one.dir / "edge.db");
  world.two.start_server();
  group = world.connect();
  ASSERT_TRUE(eventually([&] { return world.edge->mark().acknowledged == 90; }));
  group->stop();
  expect_exactly(*world.one.store, 90);
  expect_exactly(*world.two.store, 90);
  EXPECT_EQ(world.one.store->counters().duplicates, 0U);
}

TEST(UplinkGroup, AServerThatIsNewGetsWhatIsStillHeld) {
  TwoServers world;
  world.edge->commit_rows(1, 80);
  {
    std::vector<UplinkOptions> only{world.one.uplink_options()};
    UplinkGroup group{only,         world.edge->source, {}, world.one.clock, system_random(),
                      world.one.log};
    group.start();
    ASSERT_TRUE(eventually([&] { return world.edge->mark().acknowledged == 80; }));
  }
  const auto group = world.connect();
  const telemetry::Epoch epoch = world.edge->mark().epoch;
  ASSERT_TRUE(eventually([&] { return rows_in(*world.two.store, epoch) == 80; }));
  ASSERT_TRUE(eventually([&] { return world.edge->mark().acknowledged == 80; }));
  group->stop();
  expect_exactly(*world.one.store, 80);
  expect_exactly(*world.two.store, 80);
}

TEST(UplinkGroup, ARollBackOpensOneEpochForAll) {
  TwoServers world;
  world.edge->commit_rows(1, 40);
  auto group = world.connect();
  ASSERT_TRUE(eventually([&] { return world.edge->mark().acknowledged == 40; }));
  group->stop();
  world.edge.reset();
  for (const char* part : {"", "-wal"}) {
    const std::string file = (world.one.dir / "edge.db") + part;
    if (std::filesystem::exists(file)) std::filesystem::copy_file(file, file + ".old");
  }
  world.edge = std::make_unique<test::LockedEdgeStore>(world.one.dir / "edge.db");
  world.edge->commit_rows(41, 60);
  group = world.connect();
  ASSERT_TRUE(eventually([&] { return world.edge->mark().acknowledged == 60; }));
  group->stop();
  world.edge.reset();
  for (const char* part : {"", "-wal", "-shm"}) {
    const std::string file = (world.one.dir / "edge.db") + part;
    std::filesystem::remove(file);
    if (std::filesystem::exists(file + ".old")) std::filesystem::rename(file + ".old", file);
  }
  world.edge = std::make_unique<test::LockedEdgeStore>(world.one.dir / "edge.db");
  const telemetry::Epoch before = world.edge->mark().epoch;
  group = world.connect();
  ASSERT_TRUE(eventually([&] { return world.edge->mark().epoch != before; }));
  const telemetry::Epoch now = world.edge->mark().epoch;
  EXPECT_EQ(now.counter, before.counter + 1);
  world.edge->commit_rows(1, 10);
  group->notify();
  ASSERT_TRUE(eventually([&] {
    return rows_in(*world.one.store, now) >= 10 &&
           rows_in(*world.one.store, now) == rows_in(*world.two.store, now) &&
           world.edge->mark().acknowledged == world.edge->mark().last;
  })) << rows_in(*world.one.store, now)
      << " " << rows_in(*world.two.store, now) << " " << world.edge->mark().acknowledged;
  EXPECT_EQ(world.edge->mark().epoch, now) << "one roll-back, one new epoch";
  group->stop();
}

TEST(UplinkGroup, ACommandIsAnsweredToTheServerThatGaveIt) {
  TwoServers world;
  world.one.pki.issue("urn:ems:user:tess:technician", "technician");
  std::atomic<int> performed{0};
  const auto group = world.connect([&](const RemoteCommand& command) -> Result<CommandStep> {
    ++performed;
    CommandStep step;
    step.id = command.id;
    step.state = CommandState::accepted;
    return step;
  });
  ASSERT_TRUE(eventually([&] {
    return group->views()[0].state == runtime::UplinkState::online &&
           group->views()[1].state == runtime::UplinkState::online;
  }));
  const auto person = world.one.client("operator");
  const auto id = person->send_command(kHomeAgent, seconds(30), ClearSetpointAction{});
  ASSERT_TRUE(id) << person->detail();
  ASSERT_TRUE(eventually([&] { return performed == 1; }));
  CommandStep done;
  done.id = *id;
  done.state = CommandState::done;
  group->report(done);
  bool seen = false;
  const auto watched = person->watch_command(*id, [&](const CommandStep& step) {
    seen = step.state == CommandState::done;
    return !seen;
  });
  EXPECT_TRUE(watched) << person->detail();
  EXPECT_TRUE(seen);
  group->stop();
  const std::vector<UplinkCounters> counters = group->counters();
  EXPECT_EQ(counters[0].commands + counters[1].commands, 1U);
}

}  // namespace
}  // namespace ems::rpc
