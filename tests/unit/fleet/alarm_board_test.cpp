// SPDX-License-Identifier: Apache-2.0
#include "ems/fleet/alarm_board.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "ems/alarm/record.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace ems::fleet {
namespace {

using test::epoch;

const AgentKey kKey{"acme", "site-1"};

/// An agent that records changes of alarms, one block each, as the uplink sends them.
class Agent {
 public:
  explicit Agent(FleetStore& store, std::uint8_t seed = 1) : store_(store), epoch_(epoch(seed)) {
    SessionRequest request{kKey, epoch_, {}};
    request.instance.fill(static_cast<std::byte>(seed));
    session_ = store.session_begin(request).value();
  }
  ~Agent() { store_.session_end(session_); }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  void record(const std::optional<alarm::Change>& change) {
    ASSERT_TRUE(change);
    const alarm::Payload payload = alarm::encode_change(*change).value();
    send({change->at, telemetry::RecordType::alarm, payload.view()});
  }
  void send(const telemetry::Record& record) {
    std::vector<std::byte> buffer(64 * 1024);
    telemetry::BlockBuilder builder(buffer);
    ASSERT_TRUE(builder.start(telemetry::Stream::audit, epoch_, ++sequence_));
    ASSERT_TRUE(builder.append({}, record));
    const IngestItem item{builder.bytes(), {}};
    ASSERT_TRUE(store_.ingest(session_, telemetry::Stream::audit, epoch_, {&item, 1}));
  }

 private:
  FleetStore& store_;
  telemetry::Epoch epoch_;
  SessionToken session_ = 0;
  telemetry::Sequence sequence_ = 0;
};

alarm::Moment at(Duration time) { return {Instant{time}, UtcInstant{1'700'000'000_s + time}}; }
Event event(const char* name, Severity severity, bool active = true) {
  return {severity, battery(1), name, active};
}

TEST(AlarmBoard, FollowsAnAgentRowByRow) {
  const test::TempDir dir;
  const auto store = open_sqlite_fleet_store(dir / "f.db").value();
  AlarmBoard board(*store);
  EXPECT_TRUE(board.alarms(kKey).value().empty());
  alarm::Book book;
  Agent agent(*store);
  agent.record(book.take(event("warm", Severity::warning), false, at(1_s)));
  ASSERT_EQ(board.alarms(kKey).value().size(), 1U);
  agent.record(book.take(event("hot", Severity::critical), false, at(2_s)));
  const std::vector<std::byte> garbage(5);
  agent.send({at(2_s).utc, telemetry::RecordType::alarm, garbage});  // Passed over.
  auto alarms = board.alarms(kKey).value();
  ASSERT_EQ(alarms.size(), 2U);
  EXPECT_EQ(alarms[0].name.view(), "hot") << "gravest first";
  agent.record(book.acknowledge(2, "anna", "", at(3_s)).value());
  EXPECT_EQ(board.alarms(kKey).value()[0].acknowledged_by.view(), "anna");
  agent.record(book.take(event("hot", Severity::critical, false), false, at(4_s)));
  alarms = board.alarms(kKey).value();
  ASSERT_EQ(alarms.size(), 1U) << "seen and gone";
  EXPECT_EQ(alarms[0], *book.find(1));
  // Another server process reads the same from the start; others see nothing of it.
  AlarmBoard fresh(*store);
  EXPECT_EQ(fresh.alarms(kKey).value(), alarms);
  EXPECT_TRUE(fresh.alarms({"other", "site-1"}).value().empty());
}

TEST(AlarmBoard, AStoreMadeAnewBeginsWithoutAlarms) {
  const test::TempDir dir;
  const auto store = open_sqlite_fleet_store(dir / "f.db").value();
  AlarmBoard board(*store);
  alarm::Book book;
  {
    Agent agent(*store);
    agent.record(book.take(event("warm", Severity::warning), false, at(1_s)));
  }
  ASSERT_EQ(board.alarms(kKey).value().size(), 1U);
  Agent anew(*store, 2);
  alarm::Book empty;
  anew.record(empty.take(event("cold", Severity::warning), false, at(5_s)));
  const auto alarms = board.alarms(kKey).value();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].name.view(), "cold");
}

/// A store whose agent "slow" has its marks held back until the test lets them go.
class HoldingStore final : public FleetStore {
 public:
  explicit HoldingStore(FleetStore& store) : store_(store) {}
  Result<std::vector<StreamMark>> marks(const AgentKey& key) override {
    if (key.agent == "slow") {
      asked.set_value();
      released.get_future().wait();
    }
    return store_.marks(key);
  }
  Result<void> read_page(const AgentKey& key, telemetry::Stream stream, const io::UtcRange& range,
                         std::size_t max, PageCursor& cursor, io::RowSink& sink) override {
    return store_.read_page(key, stream, range, max, cursor, sink);
  }
  Id128 generation() const override { return store_.generation(); }
  Result<Id128> renew_generation() override { return store_.renew_generation(); }
  Result<SessionToken> session_begin(const SessionRequest& request) override {
    return store_.session_begin(request);
  }
  void session_end(SessionToken session) override { store_.session_end(session); }
  Result<void> clear_conflict(const AgentKey& key) override { return store_.clear_conflict(key); }
  Result<std::vector<AgentKey>> conflicts() override { return store_.conflicts(); }
  Result<Ack> ingest(SessionToken session, telemetry::Stream stream, const telemetry::Epoch& epoch,
                     std::span<const IngestItem> items) override {
    return store_.ingest(session, stream, epoch, items);
  }
  Result<telemetry::Sequence> mark(const AgentKey& key, telemetry::Stream stream,
                                   const telemetry::Epoch& epoch) override {
    return store_.mark(key, stream, epoch);
  }
  Result<std::vector<AgentKey>> agents(const std::string& tenant) override {
    return store_.agents(tenant);
  }
  Result<std::vector<LatestValue>> latest(const AgentKey& key,
                                          std::optional<AssetId> asset) override {
    return store_.latest(key, asset);
  }
  std::unique_ptr<io::RowSource> rows(const AgentKey& key) override { return store_.rows(key); }
  Result<std::vector<std::byte>> newest_block(const AgentKey& key, telemetry::Stream stream,
                                              const telemetry::Epoch& epoch) override {
    return store_.newest_block(key, stream, epoch);
  }
  FleetCounters counters() const override { return store_.counters(); }

  std::promise<void> asked;
  std::promise<void> released;

 private:
  FleetStore& store_;
};

TEST(AlarmBoard, OneAgentThatIsReadKeepsNoOtherWaiting) {
  const test::TempDir dir;
  const auto store = open_sqlite_fleet_store(dir / "f.db").value();
  HoldingStore holding(*store);
  AlarmBoard board(holding);
  auto slow = std::async(std::launch::async, [&] { return board.alarms({"acme", "slow"}); });
  holding.asked.get_future().wait();
  auto other = std::async(std::launch::async, [&] { return board.alarms(kKey); });
  EXPECT_EQ(other.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(slow.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  holding.released.set_value();
  EXPECT_TRUE(slow.get());
  EXPECT_TRUE(other.get());
}

TEST(AlarmBoard, ForgetsTheOldestBeyondItsBound) {
  const test::TempDir dir;
  const auto store = open_sqlite_fleet_store(dir / "f.db").value();
  AlarmBoard board(*store);
  Agent agent(*store);
  alarm::Change change;
  for (std::size_t i = 0; i <= kBoardAlarmsMax; ++i) {
    change.at = at(seconds(static_cast<std::int64_t>(i))).utc;
    change.alarm.changed_at = change.at;
    change.alarm.name = FixedString<alarm::kNameMax>("a" + std::to_string(i));
    agent.record(change);
  }
  const auto alarms = board.alarms(kKey).value();
  EXPECT_EQ(alarms.size(), kBoardAlarmsMax);
  for (const alarm::Alarm& alarm : alarms) EXPECT_NE(alarm.name.view(), "a0");
}

}  // namespace
}  // namespace ems::fleet
