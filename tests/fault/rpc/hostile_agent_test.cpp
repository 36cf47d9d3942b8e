// SPDX-License-Identifier: Apache-2.0
// What an agent can do to a server: rubbish, no manners, never reading; and a server without room.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "ems/v1/uplink.grpc.pb.h"
#include "rpc/convert.hpp"
#include "rpc/credentials.hpp"
#include "rpc/status.hpp"
#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::eventually;
using test::kHomeAgent;

const telemetry::Epoch kEpoch = test::epoch(7);

/// A bare stream whose client takes next to nothing before somebody reads.
class BareAgent {
 public:
  explicit BareAgent(const test::RpcWorld& world) {
    grpc::ChannelArguments small;
    small.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 256);
    small.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    const auto credentials = client_credentials(world.pki.files("agent"));
    stub_ =
        v1::UplinkService::NewStub(grpc::CreateCustomChannel(world.address(), *credentials, small));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{60});
    stream_ = stub_->Connect(&context_);
  }
  ~BareAgent() {
    context_.TryCancel();
    if (!finished_) (void)end();
  }
  bool greet() {
    v1::ConnectRequest request;
    request.mutable_hello()->set_protocol_version(1);
    request.mutable_hello()->set_tenant("acme");
    set(*request.mutable_hello()->mutable_epoch(), kEpoch);
    request.mutable_hello()->set_instance(std::string(16, 'h'));
    v1::ConnectResponse response;
    return stream_->Write(request) && stream_->Read(&response) && response.has_welcome();
  }
  bool send(const std::vector<std::byte>& block) {
    v1::ConnectRequest request;
    request.mutable_batch()->set_stream(1);
    set(*request.mutable_batch()->mutable_epoch(), kEpoch);
    request.mutable_batch()->add_blocks(block.data(), block.size());
    return stream_->Write(request);
  }
  bool send(const v1::ConnectRequest& request) { return stream_->Write(request); }
  Error end() {
    v1::ConnectResponse response;
    while (stream_->Read(&response)) {
    }
    finished_ = true;
    return to_error(stream_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::UplinkService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ConnectRequest, v1::ConnectResponse>> stream_;
  bool finished_ = false;
};

std::uint64_t refused(const test::RpcWorld& world, Errc why) {
  const auto counts = world.server->counters().refused;
  return counts.contains(why) ? counts.at(why) : 0;
}

TEST(HostileAgent, RubbishHasANameAndACounterAndStoresNothing) {
  test::RpcWorld world;
  world.start_server();
  std::vector<std::byte> torn = test::numbered_block(kEpoch, 1, 10);
  torn[torn.size() / 2] ^= std::byte{1};
  std::vector<std::byte> cut = test::numbered_block(kEpoch, 1, 10);
  cut.pop_back();
  const struct {
    std::vector<std::byte> block;
    Errc why;
  } cases[] = {{torn, Errc::checksum},
               {cut, Errc::truncated},
               {std::vector<std::byte>(200, std::byte{'x'}), Errc::header},
               {test::numbered_block(kEpoch, 2, 10), Errc::not_next},
               {test::numbered_block(test::epoch(8), 1, 10), Errc::invalid_argument}};
  for (const auto& one : cases) {
    BareAgent agent{world};
    ASSERT_TRUE(agent.greet());
    (void)agent.send(one.block);  // The refusal may come first.
    EXPECT_EQ(agent.end().code, one.why) << to_string(one.why);
    ASSERT_TRUE(eventually([&] { return refused(world, one.why) == 1; })) << to_string(one.why);
  }
  EXPECT_EQ(world.store->counters().blocks_refused, 4U);
  EXPECT_EQ(world.store->counters().holes_refused, 1U);
  EXPECT_EQ(*world.store->mark(kHomeAgent, telemetry::Stream::telemetry, kEpoch), 0U);
}

TEST(HostileAgent, MessagesOutOfOrderEndTheSession) {
  test::RpcWorld world;
  world.start_server();
  {
    BareAgent agent{world};
    (void)agent.send(test::numbered_block(kEpoch, 1, 10));
    EXPECT_EQ(agent.end().code, Errc::invalid_argument) << "rows before Hello";
  }
  BareAgent agent{world};
  ASSERT_TRUE(agent.greet());
  (void)agent.send(v1::ConnectRequest{});
  EXPECT_EQ(agent.end().code, Errc::invalid_argument) << "an empty message";
}

TEST(HostileAgent, EmptyBlocksAreNotMultipliedInMemory) {
  test::RpcWorld world;
  world.start_server();
  BareAgent agent{world};
  ASSERT_TRUE(agent.greet());
  v1::ConnectRequest request;
  request.mutable_batch()->set_stream(1);
  set(*request.mutable_batch()->mutable_epoch(), kEpoch);
  for (int i = 0; i <= 4096; ++i) request.mutable_batch()->add_blocks();
  (void)agent.send(request);
  EXPECT_EQ(agent.end().code, Errc::out_of_range);
}

TEST(HostileAgent, OneThatNeverReadsIsNotReadEitherAndLosesItsSession) {
  test::RpcWorld world;
  FleetServerOptions options = world.options();
  options.session_idle_max = seconds(3);
  auto started =
      FleetServer::start(options, *world.store, world.hub, world.clock, system_random(), world.log);
  ASSERT_TRUE(started.has_value());
  world.server = std::move(*started);
  world.port = world.server->port();
  BareAgent agent{world};
  ASSERT_TRUE(agent.greet());
  std::thread writer{[&] {
    for (std::uint64_t n = 1; agent.send(test::numbered_block(kEpoch, n, n)); ++n) {
    }
  }};
  ASSERT_TRUE(eventually([&] { return world.store->counters().stored > 0; }));
  ASSERT_TRUE(
      eventually([&] { return world.server->counters().sessions == 0; }, std::chrono::seconds{50}));
  writer.join();
  // Acknowledgements of some 60 bytes each filled the little that the client takes unread.
  EXPECT_LT(world.store->counters().stored, 500U);
}

TEST(HostileAgent, AFullServerRefusesAndTheAgentKeepsItsRows) {
  test::RpcWorld world;
  world.store.reset();
  fleet::SqliteFleetOptions small;
  small.pages_max = 16;
  world.store = std::move(*fleet::open_sqlite_fleet_store(world.dir / "small.db", small));
  world.start_server();
  constexpr std::uint64_t kRows = 30'000;
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  edge.commit_rows(1, kRows);
  UplinkOptions uplink = world.uplink_options();
  uplink.batch_bytes = 4'000;
  UplinkClient client{uplink, edge.source, {}, world.clock, system_random(), world.log};
  client.start();
  ASSERT_TRUE(eventually([&] { return refused(world, Errc::disk_full) > 0; }));
  ASSERT_TRUE(eventually([&] {
    return client.view().last_error.find("disk_full") != std::string::npos;
  })) << client.view().last_error;
  EXPECT_LT(edge.mark().acknowledged, kRows);
  const auto stored =
      world.store->mark(kHomeAgent, telemetry::Stream::telemetry, edge.mark().epoch);
  ASSERT_TRUE(stored);
  EXPECT_LE(edge.mark().acknowledged, *stored) << "nothing is acknowledged that is not there";
  world.stop_server();
  world.store.reset();
  world.store = std::move(*fleet::open_sqlite_fleet_store(world.dir / "small.db"));  // Room again.
  world.start_server();
  ASSERT_TRUE(eventually([&] { return edge.mark().acknowledged == kRows; }))
      << client.view().last_error;
  client.stop();
  EXPECT_EQ(world.store->counters().stored, kRows);
}

}  // namespace
}  // namespace ems::rpc
