// SPDX-License-Identifier: Apache-2.0
// Who may do what, over real mTLS on loopback.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "ems/v1/uplink.grpc.pb.h"
#include "rpc/channel.hpp"
#include "rpc/credentials.hpp"
#include "rpc/status.hpp"
#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::kHomeAgent;

class Access : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that the server closes.
    world_ = std::make_unique<test::RpcWorld>();
    world_->start_server();
  }
  static void TearDownTestSuite() { world_.reset(); }
  static std::unique_ptr<test::RpcWorld> world_;

  // What the server answers to a bare Connect with one first message.
  static grpc::Status status_of(const std::string& stem, const v1::ConnectRequest& first) {
    const auto credentials = client_credentials(world_->pki.files(stem));
    const auto stub = v1::UplinkService::NewStub(
        open_channel(world_->address(), *credentials, seconds(5), seconds(4)));
    grpc::ClientContext context;
    const auto stream = stub->Connect(&context);
    stream->Write(first);
    v1::ConnectResponse response;
    while (stream->Read(&response)) context.TryCancel();  // Welcome: nothing was refused.
    return stream->Finish();
  }
  static Error connect(const std::string& stem, const v1::ConnectRequest& first) {
    return to_error(status_of(stem, first));
  }
  static v1::ConnectRequest hello(const std::string& tenant) {
    v1::ConnectRequest request;
    request.mutable_hello()->set_protocol_version(1);
    request.mutable_hello()->set_tenant(tenant);
    request.mutable_hello()->mutable_epoch()->set_random(std::string(16, 'e'));
    request.mutable_hello()->set_instance(std::string(16, 'i'));
    return request;
  }
};
std::unique_ptr<test::RpcWorld> Access::world_;

TEST_F(Access, ViewerReadsAndMayNotCommand) {
  const auto viewer = world_->client("viewer");
  EXPECT_TRUE(viewer->agents()) << viewer->detail();
  const auto sent = viewer->send_command(kHomeAgent, seconds(10), ClearSetpointAction{});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::permission_denied) << viewer->detail();
  EXPECT_NE(viewer->detail().find("role"), std::string::npos);
}

TEST_F(Access, OperatorPassesTheRoleCheck) {
  const auto user = world_->client("operator");
  const auto sent = user->send_command({"acme", "home/none"}, seconds(10), ClearSetpointAction{});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::not_found) << user->detail();
}

TEST_F(Access, TenantDoesNotExistForUsersItDoesNotList) {
  world_->pki.issue("urn:ems:user:eve:operator", "eve");
  EXPECT_EQ(connect("agent", hello("acme")).code, Errc::cancelled) << "the agent is known now";
  const auto otto = world_->client("operator");
  const auto listed = otto->agents();
  ASSERT_TRUE(listed && listed->size() == 1U);
  const auto id = otto->send_command(kHomeAgent, seconds(10), ClearSetpointAction{});
  ASSERT_TRUE(id) << otto->detail();

  const auto eve = world_->client("eve");
  const auto agents = eve->agents();
  ASSERT_TRUE(agents) << eve->detail();
  EXPECT_TRUE(agents->empty());
  EXPECT_EQ(eve->agents("acme").value().size(), 0U);
  for (const char* tenant : {"acme", ""}) {
    const fleet::AgentKey key{tenant, "home/gw1"};
    const auto none = [](const auto&) { return false; };
    EXPECT_EQ(eve->latest(key).error().code, Errc::not_found);
    EXPECT_EQ(eve->counts(key).error().code, Errc::not_found);
    EXPECT_EQ(eve->range(key, UtcInstant{}, UtcInstant{seconds(1)}, {}, none).error().code,
              Errc::not_found);
    EXPECT_EQ(eve->watch(key, {}, none).error().code, Errc::not_found);
    EXPECT_EQ(eve->send_command(key, seconds(10), ClearSetpointAction{}).error().code,
              Errc::not_found);
  }
  const auto seen = eve->watch_command(*id, [](const CommandStep&) { return false; });
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Errc::not_found);
}

TEST_F(Access, AgentsAndServersMayNotUseFleetService) {
  const auto agents = world_->client("agent")->agents();
  ASSERT_FALSE(agents);
  EXPECT_EQ(agents.error().code, Errc::permission_denied);
  // A server's certificate is no client's: TLS ends it.
  const auto server = world_->client("server")->agents();
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Errc::unavailable);
}

TEST_F(Access, UplinkIsForAgentsOfTheTenant) {
  EXPECT_EQ(status_of("viewer", hello("acme")).error_message(),
            "permission_denied: UplinkService is for agents");
  EXPECT_EQ(connect("agent", hello("other")).code, Errc::permission_denied);
  world_->pki.issue("urn:ems:agent:elsewhere/gw1", "elsewhere");
  EXPECT_EQ(connect("elsewhere", hello("acme")).code, Errc::permission_denied);
  world_->pki.issue("urn:ems:agent:hume/gw1", "hume");  // As long as what is allowed.
  EXPECT_EQ(connect("hume", hello("acme")).code, Errc::permission_denied);
  EXPECT_EQ(connect("agent", v1::ConnectRequest{}).code, Errc::invalid_argument);
  v1::ConnectRequest old = hello("acme");
  old.mutable_hello()->set_protocol_version(2);
  EXPECT_EQ(connect("agent", old).code, Errc::schema);
  v1::ConnectRequest no_epoch = hello("acme");
  no_epoch.mutable_hello()->clear_epoch();
  EXPECT_EQ(connect("agent", no_epoch).code, Errc::invalid_argument);
  EXPECT_EQ(connect("agent", hello("acme")).code, Errc::cancelled) << "we left after Welcome";
}

TEST_F(Access, CertificateOfAnotherAuthorityIsRefusedBothWays) {
  const test::RpcPki other{world_->dir / "other"};
  rpc::TlsFiles mixed = other.files("operator");  // Their certificate, our authority.
  mixed.ca = world_->pki.files("operator").ca;
  auto client = FleetClient::connect({world_->address(), mixed, seconds(10)});
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->agents().error().code, Errc::unavailable);

  mixed = world_->pki.files("operator");  // Our certificate, their authority.
  mixed.ca = other.files("operator").ca;
  client = FleetClient::connect({world_->address(), mixed, seconds(10)});
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->agents().error().code, Errc::unavailable);
}

TEST_F(Access, CertificateWithoutIdentityIsUnauthenticated) {
  const auto nobody = peer_identity(nullptr);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Errc::unauthenticated);
}

TEST_F(Access, ServerRefusesToStartUnderAnotherName) {
  FleetServerOptions options = world_->options();
  options.address = "127.0.0.1:0";
  options.name = "other";
  const auto started = FleetServer::start(options, *world_->store, world_->hub, world_->clock,
                                          system_random(), world_->log);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::permission_denied);
}

// A plain OpenSSL client, so that gRPC does not judge itself.
struct Handshake {
  bool accepted = false;  ///< The server spoke HTTP/2 to us.
  std::string version;
};
Handshake handshake(std::uint16_t port, const TlsFiles* files, int version_max) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free};
  SSL_CTX_set_max_proto_version(context.get(), version_max);
  if (files != nullptr) {
    EXPECT_EQ(
        SSL_CTX_use_certificate_file(context.get(), files->certificate.c_str(), SSL_FILETYPE_PEM),
        1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context.get(), files->key.c_str(), SSL_FILETYPE_PEM), 1);
  }
  constexpr unsigned char kAlpn[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof kAlpn);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl{SSL_new(context.get()), SSL_free};
  SSL_set_fd(ssl.get(), fd);
  Handshake result;
  if (SSL_connect(ssl.get()) == 1) {
    result.version = SSL_get_version(ssl.get());
    // In TLS 1.3 the refusal of a client comes after its handshake: only data proves acceptance.
    constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
    char byte = 0;
    result.accepted =
        SSL_write(ssl.get(), kPreface, sizeof kPreface) > 0 && SSL_read(ssl.get(), &byte, 1) == 1;
  }
  ::close(fd);
  return result;
}

TEST_F(Access, PeersNegotiateTls13) {
  const TlsFiles files = world_->pki.files("viewer");
  const Handshake newest = handshake(world_->port, &files, 0);
  EXPECT_TRUE(newest.accepted);
  EXPECT_EQ(newest.version, "TLSv1.3");
}

TEST_F(Access, NothingBelowTls12AndNobodyWithoutCertificate) {
  const TlsFiles files = world_->pki.files("viewer");
  EXPECT_FALSE(handshake(world_->port, &files, TLS1_1_VERSION).accepted);
  EXPECT_FALSE(handshake(world_->port, nullptr, 0).accepted);
  EXPECT_FALSE(handshake(world_->port, nullptr, TLS1_2_VERSION).accepted);
}

}  // namespace
}  // namespace ems::rpc
