// SPDX-License-Identifier: Apache-2.0
// A server that says what it must not: the agent keeps its rows and its senses.
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "ems/v1/uplink.grpc.pb.h"
#include "rpc/credentials.hpp"
#include "rpc/text.hpp"
#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::eventually;

/// Welcomes, then sends one response and waits for the end.
class HostileServer final : public v1::UplinkService::Service {
 public:
  HostileServer(const test::RpcWorld& world, v1::ConnectResponse response, int times)
      : response_(std::move(response)), times_(times) {
    const auto credentials = server_credentials(world.pki.files("server"));
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", *credentials, &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~HostileServer() override { server_->Shutdown(std::chrono::system_clock::now()); }
  grpc::Status Connect(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::ConnectResponse, v1::ConnectRequest>* stream) override {
    v1::ConnectRequest request;
    if (!stream->Read(&request)) return grpc::Status::CANCELLED;
    v1::ConnectResponse welcome;
    welcome.mutable_welcome()->set_protocol_version(1);
    for (std::uint32_t number = 0; number < telemetry::kStreamCount; ++number) {
      v1::StreamMark& mark = *welcome.mutable_welcome()->add_marks();
      mark.set_stream(number);
      *mark.mutable_epoch() = request.hello().epoch();
    }
    stream->Write(welcome);
    if (response_.has_ack()) *response_.mutable_ack()->mutable_epoch() = request.hello().epoch();
    for (int n = 0; n < times_; ++n) stream->Write(response_);
    while (stream->Read(&request)) {
    }
    return grpc::Status::OK;
  }
  int port = 0;

 private:
  v1::ConnectResponse response_;
  const int times_;
  std::unique_ptr<grpc::Server> server_;
};

struct Outcome {
  std::string error;
  telemetry::Epoch before;
  io::Mark after;
};

Outcome outcome_of(const v1::ConnectResponse& response, int times, const CommandHandler& handler) {
  test::RpcWorld world;
  const HostileServer server{world, response, times};
  test::LockedEdgeStore edge{world.dir / "edge.db"};
  edge.commit_rows(1, 10);
  Outcome outcome{{}, edge.mark().epoch, {}};
  UplinkOptions options = world.uplink_options();
  options.address = "127.0.0.1:" + std::to_string(server.port);
  UplinkClient client{options, edge.source, handler, world.clock, system_random(), world.log};
  client.start();
  EXPECT_TRUE(eventually([&] { return client.counters().failures > 0; }));
  outcome.error = client.view().last_error;
  client.stop();
  outcome.after = edge.mark();
  return outcome;
}

TEST(HostileServer, AckOfRowsThatWereNotSentIsAProtocolError) {
  v1::ConnectResponse response;
  response.mutable_ack()->set_stream(1);
  response.mutable_ack()->set_mark(1'000);
  const Outcome outcome = outcome_of(response, 1, {});
  EXPECT_NE(outcome.error.find("rows that were not sent"), std::string::npos) << outcome.error;
  EXPECT_EQ(outcome.after.epoch, outcome.before) << "a lie is no reason to renumber rows";
  EXPECT_EQ(outcome.after.acknowledged, 0U);
}

TEST(HostileServer, CommandsBeyondTheBoundEndTheConnection) {
  v1::ConnectResponse response;
  response.mutable_command()->set_id(std::string(200, 'x'));
  const auto refuse = [](const RemoteCommand&) -> Result<CommandStep> {
    ADD_FAILURE() << "an id beyond its bound reached the site";
    return fail(Errc::internal, 0, "");
  };
  const Outcome outcome = outcome_of(response, 1, refuse);
  EXPECT_NE(outcome.error.find("too long"), std::string::npos) << outcome.error;
}

TEST(Printable, CutsAndReplaces) {
  EXPECT_EQ(printable("plain", 64), "plain");
  EXPECT_EQ(printable("a\nb\x1b[2J\"\x7f", 64), "a?b?[2J??");
  EXPECT_EQ(printable("abcdef", 3), "abc");
  EXPECT_EQ(printable("a\xc3\xa9z", 2), "a") << "not inside a character";
  EXPECT_EQ(printable("a\xc3\xa9z", 3), "a\xc3\xa9");
  EXPECT_EQ(printable("", 0), "");
}

}  // namespace
}  // namespace ems::rpc
