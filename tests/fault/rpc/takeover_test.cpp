// SPDX-License-Identifier: Apache-2.0
// Connections of one identity among each other, as bare streams.
#include <gtest/gtest.h>
#include <spdlog/sinks/ringbuffer_sink.h>

#include "ems/v1/uplink.grpc.pb.h"
#include "rpc/channel.hpp"
#include "rpc/credentials.hpp"
#include "rpc/status.hpp"
#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::eventually;
using test::kHomeAgent;

/// An agent that does only what a test says. A call that hangs ends after ten seconds.
class BareAgent {
 public:
  explicit BareAgent(const test::RpcWorld& world) {
    const auto credentials = client_credentials(world.pki.files("agent"));
    stub_ = v1::UplinkService::NewStub(
        open_channel(world.address(), *credentials, seconds(5), seconds(4)));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{10});
    stream_ = stub_->Connect(&context_);
  }
  ~BareAgent() {
    if (!finished_) (void)finish();
  }
  bool greet(char instance, char epoch = 'e', const std::string& version = "bare") {
    v1::ConnectRequest request;
    request.mutable_hello()->set_protocol_version(1);
    request.mutable_hello()->set_tenant("acme");
    request.mutable_hello()->mutable_epoch()->set_random(std::string(16, epoch));
    request.mutable_hello()->set_instance(std::string(16, instance));
    request.mutable_hello()->set_software_version(version);
    v1::ConnectResponse response;
    return stream_->Write(request) && stream_->Read(&response) && response.has_welcome();
  }
  /// Id of the next command; empty when the stream ended.
  std::string command() {
    v1::ConnectResponse response;
    while (stream_->Read(&response)) {
      if (response.has_command()) return response.command().id();
    }
    return {};
  }
  bool answer(const std::string& id, const std::string& message = {},
              v1::CommandState state = v1::COMMAND_STATE_DONE) {
    v1::ConnectRequest request;
    request.mutable_command_status()->set_command_id(id);
    request.mutable_command_status()->set_state(state);
    request.mutable_command_status()->set_message(message);
    return stream_->Write(request);
  }
  grpc::Status wait_for_end() {
    v1::ConnectResponse response;
    while (stream_->Read(&response)) {
    }
    finished_ = true;
    return stream_->Finish();
  }
  grpc::Status finish() {
    context_.TryCancel();
    return wait_for_end();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::UplinkService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ConnectRequest, v1::ConnectResponse>> stream_;
  bool finished_ = false;
};

TEST(Takeover, EndsTheOlderSessionAndGivesItsCommandToTheNewer) {
  test::RpcWorld world;
  world.start_server();
  BareAgent older{world};
  ASSERT_TRUE(older.greet('a'));
  const auto user = world.client("operator");
  const auto id = user->send_command(kHomeAgent, seconds(60), ClearSetpointAction{});
  ASSERT_TRUE(id) << user->detail();
  EXPECT_EQ(older.command(), *id);  // And never answers.

  BareAgent newer{world};
  ASSERT_TRUE(newer.greet('b'));
  EXPECT_EQ(older.wait_for_end().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(newer.command(), *id) << "taken by the older one, answered by nobody";
  const auto second = user->send_command(kHomeAgent, seconds(60), ClearSetpointAction{});
  ASSERT_TRUE(second);
  EXPECT_EQ(newer.command(), *second);
  ASSERT_TRUE(newer.answer(*id));
  ASSERT_TRUE(newer.answer(*second));
  for (const std::string& each : {*id, *second}) {
    CommandState last{};
    EXPECT_TRUE(user->watch_command(each, [&](const CommandStep& step) {
      last = step.state;
      return true;
    })) << user->detail();
    EXPECT_EQ(last, CommandState::done);
  }
}

TEST(Takeover, CommandIsQueuedAgainWhenItsSessionEndsUnanswered) {
  test::RpcWorld world;
  world.start_server();
  const auto user = world.client("operator");
  std::string id;
  {
    BareAgent agent{world};
    ASSERT_TRUE(agent.greet('a'));
    const auto sent = user->send_command(kHomeAgent, seconds(60), ClearSetpointAction{});
    ASSERT_TRUE(sent);
    id = *sent;
    EXPECT_EQ(agent.command(), id);
  }
  std::vector<CommandState> states;
  EXPECT_TRUE(user->watch_command(id, [&](const CommandStep& step) {
    states.push_back(step.state);
    return states.size() < 3;
  }));
  EXPECT_EQ(states, (std::vector{CommandState::queued, CommandState::sent, CommandState::queued}));
  BareAgent again{world};
  ASSERT_TRUE(again.greet('b'));
  EXPECT_EQ(again.command(), id);
}

TEST(Takeover, AnAcceptedCommandIsAskedForAgainWithoutTimeToLive) {
  test::RpcWorld world;
  world.start_server();
  const auto user = world.client("operator");
  std::string id;
  {
    BareAgent agent{world};
    ASSERT_TRUE(agent.greet('a'));
    const auto sent =
        user->send_command(kHomeAgent, seconds(60), SetpointAction{Watt{1}, seconds(60)});
    ASSERT_TRUE(sent);
    id = *sent;
    EXPECT_EQ(agent.command(), id);
    ASSERT_TRUE(agent.answer(id, {}, v1::COMMAND_STATE_ACCEPTED));
    EXPECT_TRUE(user->watch_command(
        id, [](const CommandStep& step) { return step.state != CommandState::accepted; }));
  }
  BareAgent again{world};
  ASSERT_TRUE(again.greet('b'));
  EXPECT_EQ(again.command(), id);
  // An agent that lost its book must not act on it, and says so; to the user it has failed.
  ASSERT_TRUE(again.answer(id, {}, v1::COMMAND_STATE_EXPIRED));
  CommandState last{};
  EXPECT_TRUE(user->watch_command(id, [&](const CommandStep& step) {
    last = step.state;
    return true;
  }));
  EXPECT_EQ(last, CommandState::failed);
}

TEST(Takeover, AnEmergencyStopGoesFirstHasNoBoundAndIsNotSentTwice) {
  test::RpcWorld world;
  world.start_server();
  {
    BareAgent agent{world};
    ASSERT_TRUE(agent.greet('a'));
  }
  const auto user = world.client("operator");
  const auto queue = [&] {
    return user->send_command(kHomeAgent, seconds(60), ClearSetpointAction{});
  };
  while (queue()) {
  }
  EXPECT_EQ(queue().error().code, Errc::resource_exhausted);
  const auto stop = user->send_command(kHomeAgent, seconds(60), EmergencyStopAction{"smoke"});
  ASSERT_TRUE(stop) << user->detail();
  const auto twin = user->send_command(kHomeAgent, seconds(60), EmergencyStopAction{"fire"});
  ASSERT_TRUE(twin) << user->detail();
  EXPECT_EQ(*twin, *stop) << "one waits already";
  BareAgent agent{world};
  ASSERT_TRUE(agent.greet('b'));
  EXPECT_EQ(agent.command(), *stop);
}

TEST(Takeover, NoWordsKeepAnEmergencyStopFromItsAgent) {
  test::RpcWorld world;
  world.start_server();
  BareAgent agent{world};
  ASSERT_TRUE(agent.greet('a'));
  const auto user = world.client("operator");
  const auto odd = user->send_command(kHomeAgent, seconds(60), EmergencyStopAction{"\"smoke\"\n"});
  ASSERT_TRUE(odd) << user->detail();
  EXPECT_EQ(agent.command(), *odd);
  ASSERT_TRUE(agent.answer(*odd));
  const auto none = user->send_command(kHomeAgent, seconds(60), EmergencyStopAction{""});
  ASSERT_TRUE(none) << user->detail();
  EXPECT_EQ(agent.command(), *none);
}

TEST(Takeover, WhatNoAgentHeardIsInTheLogOfTheServer) {
  test::RpcWorld world;
  const auto lines = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(100);
  world.log.sinks().push_back(lines);
  world.start_server();
  {
    BareAgent agent{world};
    ASSERT_TRUE(agent.greet('a'));
  }
  const auto user = world.client("operator");
  const auto id = user->send_command(kHomeAgent, milliseconds(50), EmergencyStopAction{"smoke"});
  ASSERT_TRUE(id) << user->detail();
  EXPECT_TRUE(test::eventually([&] {
    for (const std::string& line : lines->last_formatted()) {
      if (line.find(*id) != std::string::npos && line.find("state=expired") != std::string::npos) {
        return true;
      }
    }
    return false;
  }));
}

TEST(Takeover, OneIdentityHasTwoConnectionsAtMostHelloOrNot) {
  test::RpcWorld world;
  world.start_server();
  BareAgent silent{world};
  BareAgent other{world};
  ASSERT_TRUE(eventually([&] { return world.server->counters().sessions == 2; }));
  BareAgent third{world};
  EXPECT_EQ(to_error(third.wait_for_end()).code, Errc::resource_exhausted);
  (void)silent.finish();
  ASSERT_TRUE(eventually([&] { return world.server->counters().sessions == 1; }));
  EXPECT_TRUE(other.greet('a'));
  EXPECT_EQ(world.server->counters().sessions_total, 2U);
}

TEST(Takeover, TechnicianClearsAnIdentityConflict) {
  test::RpcWorld world;
  world.pki.issue("urn:ems:user:tess:technician", "technician");
  world.start_server();
  const auto technician = world.client("technician");
  {
    BareAgent first{world};
    ASSERT_TRUE(first.greet('a', 'e'));
    EXPECT_EQ(technician->clear_conflict(kHomeAgent).error().code, Errc::not_found);
    BareAgent second{world};
    ASSERT_FALSE(second.greet('b', 'f')) << "another store under the same identity";
  }
  const auto agents = world.client("viewer")->agents();
  ASSERT_TRUE(agents && agents->size() == 1U);
  EXPECT_TRUE(agents->front().identity_conflict);
  BareAgent refused{world};
  EXPECT_FALSE(refused.greet('c'));
  const auto denied = world.client("operator")->clear_conflict(kHomeAgent);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, Errc::permission_denied);
  EXPECT_TRUE(technician->clear_conflict(kHomeAgent)) << technician->detail();
  EXPECT_TRUE(eventually([&] {
    BareAgent again{world};
    return again.greet('d');
  }));
}

}  // namespace
}  // namespace ems::rpc
