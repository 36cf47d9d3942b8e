// SPDX-License-Identifier: Apache-2.0
// The uplink end to end on loopback mTLS: servers that die, agents that come back, commands.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::eventually;
using test::kHomeAgent;

/// Sequences that the store gives back, in order, of the telemetry stream.
class Collector final : public io::RowSink {
 public:
  bool row(const io::RowId& id, const telemetry::Row& row) override {
    sequences.push_back(id.sequence);
    const test::OwnedRow expected = test::numbered_row(id.sequence);
    const test::OwnedRow got{row.at.since_epoch().count(),
                             {row.points.begin(), row.points.end()},
                             {row.values.begin(), row.values.end()}};
    if (!(got == expected)) ++different;
    return true;
  }
  bool record(const io::RowId&, const telemetry::Record&) override { return true; }
  bool gap(const io::RowId&, const telemetry::Gap&) override {
    ++gaps;
    return true;
  }
  std::vector<telemetry::Sequence> sequences;
  int different = 0;
  int gaps = 0;
};

void expect_exactly(fleet::FleetStore& store, std::uint64_t rows) {
  Collector collector;
  ASSERT_TRUE(
      store.rows(kHomeAgent)->read(telemetry::Stream::telemetry, io::UtcRange{}, collector));
  ASSERT_EQ(collector.sequences.size(), rows);
  for (std::uint64_t n = 1; n <= rows; ++n) ASSERT_EQ(collector.sequences[n - 1], n);
  EXPECT_EQ(collector.different, 0);
  EXPECT_EQ(collector.gaps, 0);
}

CommandHandler no_commands() {
  return [](const RemoteCommand&) -> Result<CommandStep> {
    return fail(Errc::disarmed, 0, "control is not armed");
  };
}

TEST(UplinkFault, EveryRowArrivesOnceThoughTheServerDiesAgainAndAgain) {
  test::RpcWorld world;
  world.start_server();
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  UplinkOptions options = world.uplink_options();
  options.batch_bytes = 2000;  // Many messages, so that deaths come between them.
  options.window_bytes = 8000;
  UplinkClient client{options, edge.source, no_commands(), world.clock, system_random(), world.log};
  client.start();
  constexpr std::uint64_t kRounds = 8;
  constexpr std::uint64_t kRows = 400;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    edge.commit_rows(round * kRows + 1, (round + 1) * kRows);
    client.notify();
    // Dies as soon as something of this round has arrived, mostly in the middle of it.
    ASSERT_TRUE(eventually([&] { return edge.mark().acknowledged > round * kRows; }))
        << client.view().last_error;
    world.stop_server();
    world.start_server();
  }
  ASSERT_TRUE(eventually([&] { return edge.mark().acknowledged == kRounds * kRows; }))
      << client.view().last_error;
  client.stop();
  EXPECT_GT(client.counters().connects, 1U);
  expect_exactly(*world.store, kRounds * kRows);
}

/// A store whose file is damaged where its rows are.
struct DamagedFile final : runtime::UplinkSource {
  explicit DamagedFile(runtime::UplinkSource& store) : sound(store) {}
  Result<std::array<io::Mark, telemetry::kStreamCount>> marks() override { return sound.marks(); }
  Result<std::vector<io::StoredItem>> peek(telemetry::Stream, telemetry::Sequence,
                                           std::size_t) override {
    ++looks;
    return fail(Errc::corrupt, 0, "store: the file is damaged");
  }
  Result<void> acknowledge(telemetry::Stream stream, const telemetry::Epoch& epoch,
                           telemetry::Sequence up_to) override {
    return sound.acknowledge(stream, epoch, up_to);
  }
  Result<void> rewind(telemetry::Stream stream, const telemetry::Epoch& epoch,
                      telemetry::Sequence mark) override {
    return sound.rewind(stream, epoch, mark);
  }
  Result<telemetry::Epoch> open_new_epoch() override { return sound.open_new_epoch(); }
  runtime::UplinkSource& sound;
  std::atomic<int> looks{0};
};

TEST(UplinkFault, ADamagedFileIsSaidAndNotReadWithoutEnd) {
  test::RpcWorld world;
  world.start_server();
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  edge.commit_rows(1, 10);
  DamagedFile damaged{edge.source};
  UplinkOptions options = world.uplink_options();
  options.backoff_min = seconds(60);  // One connection, or two.
  options.backoff_max = seconds(60);
  UplinkClient client{options, damaged, no_commands(), world.clock, system_random(), world.log};
  client.start();
  ASSERT_TRUE(eventually([&] { return client.counters().failures > 0; }));
  EXPECT_EQ(client.view().last_error, "corrupt: store: the file is damaged");
  client.stop();
  EXPECT_LT(damaged.looks, 1000);
}

TEST(UplinkFault, RowsWaitWhileThereIsNoServer) {
  test::RpcWorld world;
  world.start_server();
  world.stop_server();  // The port is known now.
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  edge.commit_rows(1, 100);
  UplinkClient client{world.uplink_options(), edge.source, no_commands(), world.clock,
                      system_random(),        world.log};
  client.start();
  ASSERT_TRUE(eventually([&] { return client.counters().failures >= 3; }));
  EXPECT_EQ(client.view().state == runtime::UplinkState::online, false);
  EXPECT_FALSE(client.view().last_error.empty());
  EXPECT_EQ(edge.mark().acknowledged, 0U);
  world.start_server();
  ASSERT_TRUE(eventually([&] { return edge.mark().acknowledged == 100; }));
  EXPECT_TRUE(client.view().last_ack_age.has_value());
  client.stop();
  EXPECT_EQ(client.counters().blocks_resent, 0U) << "nothing had been sent before";
  expect_exactly(*world.store, 100);
}

/// Passes everything on and counts what must happen at least once.
class CountingSource final : public runtime::UplinkSource {
 public:
  explicit CountingSource(runtime::UplinkSource& source) : source_(source) {}
  Result<std::array<io::Mark, telemetry::kStreamCount>> marks() override { return source_.marks(); }
  Result<std::vector<io::StoredItem>> peek(telemetry::Stream stream, telemetry::Sequence after,
                                           std::size_t bytes_max) override {
    return source_.peek(stream, after, bytes_max);
  }
  Result<void> acknowledge(telemetry::Stream stream, const telemetry::Epoch& epoch,
                           telemetry::Sequence up_to) override {
    const std::scoped_lock lock{mutex_};
    ++acknowledged_[epoch.counter];
    return source_.acknowledge(stream, epoch, up_to);
  }
  Result<void> rewind(telemetry::Stream stream, const telemetry::Epoch& epoch,
                      telemetry::Sequence mark) override {
    ++rewinds;
    return source_.rewind(stream, epoch, mark);
  }
  Result<telemetry::Epoch> open_new_epoch() override { return source_.open_new_epoch(); }
  std::atomic<int> rewinds{0};
  int acknowledged_of(const telemetry::Epoch& epoch) {
    const std::scoped_lock lock{mutex_};
    return acknowledged_[epoch.counter];
  }

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, int> acknowledged_;  ///< Calls, by epoch counter.
  runtime::UplinkSource& source_;
};

TEST(UplinkFault, RestoredServerGetsAgainWhatItLost) {
  test::RpcWorld world;
  world.start_server();
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  edge.commit_rows(1, 100);
  CountingSource source{edge.source};
  UplinkClient client{world.uplink_options(), source,   no_commands(), world.clock,
                      system_random(),        world.log};
  client.start();
  ASSERT_TRUE(eventually([&] { return edge.mark().acknowledged == 100; }));
  world.stop_server();
  auto empty = fleet::open_sqlite_fleet_store(world.dir / "restored.db");
  ASSERT_TRUE(empty);
  world.store = std::move(*empty);
  world.start_server();
  const auto all_there = [&] {
    const auto mark =
        world.store->mark(kHomeAgent, telemetry::Stream::telemetry, edge.mark().epoch);
    return mark && *mark == 100;
  };
  ASSERT_TRUE(eventually(all_there)) << client.view().last_error;
  client.stop();
  EXPECT_EQ(source.rewinds, 1) << "what is sent again counts as undelivered";
  const UplinkCounters counters = client.counters();
  EXPECT_GT(counters.blocks_resent, 0U);
  EXPECT_LT(counters.blocks_resent, counters.blocks_sent) << "the first time is no repetition";
  expect_exactly(*world.store, 100);
}

TEST(UplinkFault, StoreBehindTheServerBeginsANewEpoch) {
  test::RpcWorld world;
  world.start_server();
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  const telemetry::Epoch before = edge.mark().epoch;
  {  // The server has rows of this epoch that the store, rolled back, does not know.
    const auto session = world.store->session_begin({kHomeAgent, before, {}});
    ASSERT_TRUE(session);
    const auto block = test::numbered_block(before, 1, 20);
    const std::array items{fleet::IngestItem{block, {}}};
    ASSERT_TRUE(world.store->ingest(*session, telemetry::Stream::telemetry, before, items));
    world.store->session_end(*session);
  }
  edge.commit_rows(1, 5);
  UplinkClient client{world.uplink_options(), edge.source, no_commands(), world.clock,
                      system_random(),        world.log};
  client.start();
  ASSERT_TRUE(eventually([&] {
    return !(edge.mark().epoch == before) && edge.mark().acknowledged == 5;
  })) << client.view().last_error;
  client.stop();
}

// A snapshot of the store at row 100 is put back when the server has 200 rows; then the site makes
// 150 more rows without a connection, so that its last row is above the server's mark.
TEST(UplinkFault, RolledBackStoreThatGrewBeyondTheServerLosesNothing) {
  test::RpcWorld world;
  world.start_server();
  const std::string now = world.dir / "edge.db";
  const std::string before = world.dir / "before.db";
  telemetry::Epoch old_epoch;
  const auto deliver = [&](test::LockedEdgeStore& edge, std::uint64_t rows) {
    UplinkClient client{world.uplink_options(), edge.source, no_commands(), world.clock,
                        system_random(),        world.log};
    client.start();
    EXPECT_TRUE(eventually([&] {
      const io::Mark mark = edge.mark();
      return mark.last == rows && mark.acknowledged == rows;
    })) << client.view().last_error;
    client.stop();
  };
  {
    test::LockedEdgeStore edge{now};
    edge.commit_rows(1, 100);
    deliver(edge, 100);
    old_epoch = edge.mark().epoch;
    edge.commit();
  }
  std::filesystem::copy_file(now, before);
  {
    test::LockedEdgeStore edge{now};
    edge.commit_rows(101, 200);
    deliver(edge, 200);
  }
  for (const char* tail : {"-wal", "-shm"}) std::filesystem::remove(now + tail);
  std::filesystem::copy_file(before, now, std::filesystem::copy_options::overwrite_existing);
  test::LockedEdgeStore edge{now};
  ASSERT_EQ(edge.mark().last, 100U);
  edge.commit_rows(1101, 1250);
  EXPECT_EQ(edge.mark().last, 250U);
  deliver(edge, 150);
  EXPECT_FALSE(edge.mark().epoch == old_epoch);

  class Times final : public io::RowSink {
   public:
    bool row(const io::RowId&, const telemetry::Row& row) override {
      return seen.insert(row.at.since_epoch().count()).second;
    }
    bool record(const io::RowId&, const telemetry::Record&) override { return true; }
    bool gap(const io::RowId&, const telemetry::Gap&) override { return true; }
    std::set<std::int64_t> seen;
  } times;
  ASSERT_TRUE(world.store->rows(kHomeAgent)->read(telemetry::Stream::telemetry, {}, times));
  EXPECT_EQ(times.seen.size(), 350U);
  for (std::uint64_t n = 1101; n <= 1250; ++n) {
    EXPECT_TRUE(times.seen.contains(test::numbered_row(n).utc_us)) << n;
  }
}

// One stream shows that the store was rolled back: no other stream may be acknowledged before the
// new epoch begins, else its rows count as delivered and stay behind.
TEST(UplinkFault, NothingIsAcknowledgedBeforeEveryStreamWasChecked) {
  test::RpcWorld world;
  world.start_server();
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  const telemetry::Epoch epoch = edge.mark().epoch;
  edge.commit_records(telemetry::Stream::audit, 1, 30);
  {
    const auto session = world.store->session_begin({kHomeAgent, epoch, {}});
    ASSERT_TRUE(session);
    const auto rows = test::numbered_block(epoch, 1, 20);
    const std::array telemetry_items{fleet::IngestItem{rows, {}}};
    ASSERT_TRUE(
        world.store->ingest(*session, telemetry::Stream::telemetry, epoch, telemetry_items));
    // Audit looks fine: the same first row, and fewer than we have.
    const auto held = edge.source.peek(telemetry::Stream::audit, 0, 1);
    ASSERT_TRUE(held && !held->empty());
    const std::array audit_items{fleet::IngestItem{held->front().block, {}}};
    ASSERT_TRUE(world.store->ingest(*session, telemetry::Stream::audit, epoch, audit_items));
    world.store->session_end(*session);
  }
  CountingSource source{edge.source};
  UplinkClient client{world.uplink_options(), source,   no_commands(), world.clock,
                      system_random(),        world.log};
  client.start();
  ASSERT_TRUE(eventually([&] { return !(edge.mark().epoch == epoch); }));
  client.stop();
  EXPECT_EQ(source.acknowledged_of(epoch), 0);
}

TEST(UplinkFault, CommandReachesTheSiteOnceAndItsStateComesBack) {
  test::RpcWorld world;
  world.start_server();
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  std::atomic<int> calls{0};
  std::atomic<std::int32_t> power{0};
  const CommandHandler handler = [&](const RemoteCommand& command) -> Result<CommandStep> {
    ++calls;
    if (const auto* setpoint = std::get_if<SetpointAction>(&command.action)) {
      power = setpoint->power.count();
      EXPECT_EQ(command.actor, "user:otto");
      EXPECT_EQ(command.origin, runtime::CommandOrigin::remote);
      return CommandStep{command.id, CommandState::accepted, {}, world.clock.utc()};
    }
    return fail(Errc::latched, 0, "a trip is latched");
  };
  UplinkClient client{world.uplink_options(), edge.source, handler, world.clock,
                      system_random(),        world.log};
  client.start();
  ASSERT_TRUE(eventually([&] { return client.view().state == runtime::UplinkState::online; }));
  const auto user = world.client("operator");
  const auto run = [&](const CommandAction& action) {
    const auto id = user->send_command(kHomeAgent, seconds(30), action);
    EXPECT_TRUE(id) << user->detail();
    std::vector<CommandStep> steps;
    EXPECT_TRUE(user->watch_command(*id, [&](CommandStep step) {
      steps.push_back(std::move(step));
      return true;
    })) << user->detail();
    return steps;
  };
  const auto id_given = user->send_command(kHomeAgent, seconds(30),
                                           SetpointAction{Watt{-1500}, seconds(60)}, "my-id-1");
  ASSERT_TRUE(id_given) << user->detail();
  EXPECT_EQ(*id_given, "my-id-1");
  std::vector<CommandState> states;
  EXPECT_TRUE(user->watch_command("my-id-1", [&](const CommandStep& step) {
    states.push_back(step.state);
    using S = CommandState;
    // The site's later steps; one that comes too late or twice changes nothing.
    if (step.state == S::accepted) {
      client.report({"my-id-1",
                     S::executing,
                     "import_limit leaves 1 kW less",
                     {},
                     "import_limit",
                     Watt{1000}});
      client.report({"my-id-1", S::accepted, {}, {}});
    }
    if (step.state == S::executing) {
      EXPECT_EQ(step.overruled_by, "import_limit");
      EXPECT_EQ(step.shortfall, Watt{1000});
      client.report({"my-id-1", S::done, "its lease ended", {}});
    }
    return true;
  })) << user->detail();
  EXPECT_EQ(states, (std::vector{CommandState::queued, CommandState::sent, CommandState::accepted,
                                 CommandState::executing, CommandState::done}));
  EXPECT_EQ(power, -1500);
  // The same again: the answer is the first one's, and nothing is sent.
  ASSERT_TRUE(user->send_command(kHomeAgent, seconds(30), SetpointAction{Watt{-1500}, seconds(60)},
                                 "my-id-1"));
  const auto other = user->send_command(kHomeAgent, seconds(30), ClearSetpointAction{}, "my-id-1");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::already_exists);
  const auto rejected = run(ClearSetpointAction{});
  ASSERT_FALSE(rejected.empty());
  EXPECT_EQ(rejected.back().state, CommandState::rejected);
  EXPECT_EQ(rejected.back().message, "latched: a trip is latched");
  EXPECT_EQ(calls, 2);
  client.stop();

  // Nobody is there any more: it ends by itself.
  const auto id = user->send_command(kHomeAgent, milliseconds(1), ClearSetpointAction{});
  ASSERT_TRUE(id);
  CommandState last{};
  EXPECT_TRUE(user->watch_command(*id, [&](const CommandStep& step) {
    last = step.state;
    return true;
  }));
  EXPECT_EQ(last, CommandState::expired);
  EXPECT_EQ(calls, 2);
}

TEST(UplinkFault, LiveValuesReachAWatcherAndQueriesFindTheRows) {
  test::RpcWorld world;
  world.start_server();
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  edge.commit_rows(1, 10);
  UplinkClient client{world.uplink_options(), edge.source, no_commands(), world.clock,
                      system_random(),        world.log};
  client.start();
  ASSERT_TRUE(eventually([&] { return edge.mark().acknowledged == 10; }));

  const auto user = world.client("viewer");
  std::atomic<bool> seen{false};
  std::thread publisher{[&] {
    while (!seen) {
      const auto row = test::numbered_row(3);
      client.publish({UtcInstant{microseconds(row.utc_us)}, row.points, row.values});
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }};
  LiveUpdate live;
  const auto watched = user->watch(kHomeAgent, {}, [&](LiveUpdate update) {
    live = std::move(update);
    return false;
  });
  seen = true;
  publisher.join();
  EXPECT_TRUE(watched) << user->detail();
  EXPECT_EQ(live.agent, "home/gw1");
  ASSERT_FALSE(live.values.empty());
  EXPECT_EQ(live.values.front().value, 3000);

  std::size_t values = 0;
  const PointQuery first_cell{battery(1), Signal::cell_voltage, std::uint16_t{1}};
  EXPECT_TRUE(user->range(kHomeAgent, UtcInstant{}, UtcInstant{Duration::max()}, {first_cell},
                          [&](RangeSlice slice) {
                            for (const auto& series : slice.series) {
                              EXPECT_EQ(series.point.element, 1);
                              values += series.values.size();
                            }
                            return true;
                          }))
      << user->detail();
  EXPECT_EQ(values, 9U) << "row 7 has no value there";
  const auto counts = user->counts(kHomeAgent);
  ASSERT_TRUE(counts) << user->detail();
  ASSERT_EQ(counts->size(), 1U);
  EXPECT_EQ(counts->front().stored, 10U);
  const auto agents = user->agents();
  ASSERT_TRUE(agents);
  ASSERT_EQ(agents->size(), 1U);
  EXPECT_TRUE(agents->front().connected);
  EXPECT_EQ(agents->front().software_version, "test");
  EXPECT_FALSE(agents->front().catalogue_differs);
  EXPECT_TRUE(user->latest(kHomeAgent));
  client.stop();
}

}  // namespace
}  // namespace ems::rpc
