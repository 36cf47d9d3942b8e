// SPDX-License-Identifier: Apache-2.0
// SiteServer and SiteClient over a real unix socket, with a site that is not there.
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "ems/rpc/site_client.hpp"
#include "ems/rpc/site_server.hpp"
#include "support/temp_dir.hpp"

namespace ems::rpc {
namespace {

using runtime::CommandOrigin;

/// A site whose every field is set, so that one lost on the way is seen.
runtime::SiteStatus full_status() {
  runtime::SiteStatus status;
  status.site = "home";
  status.agent = "gw1";
  status.software_version = "1.2.3";
  status.at = UtcInstant{microseconds(1'700'000'000'123'456)};
  status.tick = 77;
  status.points = {{{battery(1), Signal::pack_voltage, 0}, 51'234, Quality::good, 250_ms, false},
                   {{battery(1), Signal::cell_voltage, 7}, -5, Quality::uncertain, 3_s, true}};
  status.texts = {{battery(1), TextField::serial_number, "S/N 1"}};
  status.links = {{inverter(1), "tcp:10.0.0.5:502", true, 10, 2, 1, "timeout"}};
  status.safety.state = runtime::SafetyState::tripped;
  status.safety.envelope = {Watt{-10}, Watt{20}};
  status.safety.reasons = {
      {battery(1), "cell_overvoltage", Severity::critical, Signal::cell_voltage, 3650, "too high"},
      {kSite, "monitor_only", Severity::info, {}, {}, ""}};
  status.safety.armed = true;
  status.safety.limits_accepted = true;
  status.safety.limits_hash = "abcd";
  status.safety.emergency_stop = true;
  runtime::DecisionView decision;
  decision.at = status.at;
  decision.target = Watt{-1500};
  decision.gated = Watt{-1400};
  decision.winner = "import_limit";
  decision.runner_up = "self_consumption";
  decision.levels = {{"contractual", {Watt{-5}, Watt{5}}, {Watt{1}, Watt{1}}, "a", "b"}};
  decision.conflicts = {{"contractual", "import_limit", Watt{300}}};
  decision.inputs = {{{meter(1), Signal::active_power, 0}, 42, 100_ms, Quality::good, true},
                     {{meter(2), Signal::active_power, 0}, {}, {}, Quality::bad, false}};
  decision.orders = {{inverter(1), {CommandKind::follow, Watt{-1400}, Var{7}}}};
  decision.setpoint = runtime::SetpointView{Watt{9}, 60_s, "ada"};
  decision.summary = "charges";
  status.decision = decision;
  status.uplink = {runtime::UplinkState::waiting, "s:1", "refused", 3, 5_s};
  status.rows = {{1, 100, 90, 10, 2}};
  return status;
}

class FakeSite final : public runtime::SitePort {
 public:
  Result<runtime::SiteStatus> status() override { return full_status(); }
  Result<runtime::Explanation> explain(std::optional<UtcInstant> at) override {
    if (at && *at < UtcInstant{1_s}) return fail(Errc::not_found, 0, "no decision that early");
    return runtime::Explanation{*full_status().decision, "because"};
  }
  Result<void> set_setpoint(const runtime::SetpointRequest& request) override {
    setpoint = request;
    if (disarmed) return fail(Errc::disarmed, 0, "control is not armed");
    return {};
  }
  Result<void> clear_setpoint(const std::string& actor, CommandOrigin origin) override {
    log = "clear " + actor + (origin == CommandOrigin::local ? " local" : " remote");
    return {};
  }
  Result<void> emergency_stop(const std::string& actor, const std::string& reason) override {
    log = "stop " + actor + " " + reason;
    return {};
  }
  Result<void> reset_emergency_stop(const runtime::ResetRequest& request) override {
    log = "reset " + request.name + " " + request.cause;
    return {};
  }
  runtime::SetpointRequest setpoint;
  bool disarmed = false;
  std::string log;
};

class SiteApi : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = SiteServer::start({path, 1}, site, log);
    ASSERT_TRUE(started) << started.error().what;
    server = std::move(*started);
    client = std::move(*SiteClient::open(path));
  }
  test::TempDir dir;
  std::string path = dir / "site.sock";
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
  FakeSite site;
  std::unique_ptr<SiteServer> server;
  std::unique_ptr<SiteClient> client;
};

TEST_F(SiteApi, StatusArrivesWhole) {
  const auto got = client->status();
  ASSERT_TRUE(got) << client->detail();
  const runtime::SiteStatus want = full_status();
  EXPECT_EQ(got->site + got->agent + got->software_version, "homegw11.2.3");
  EXPECT_EQ(got->at, want.at);
  EXPECT_EQ(got->tick, 77U);
  ASSERT_EQ(got->points.size(), 2U);
  EXPECT_EQ(got->points[1].point, want.points[1].point);
  EXPECT_EQ(got->points[1].value, -5);
  EXPECT_EQ(got->points[1].quality, Quality::uncertain);
  EXPECT_EQ(got->points[1].age, 3_s);
  EXPECT_TRUE(got->points[1].stale);
  EXPECT_FALSE(got->points[0].stale);
  ASSERT_EQ(got->texts.size(), 1U);
  EXPECT_EQ(got->texts[0].field, TextField::serial_number);
  EXPECT_EQ(got->texts[0].text, "S/N 1");
  ASSERT_EQ(got->links.size(), 1U);
  EXPECT_EQ(got->links[0].asset, inverter(1));
  EXPECT_EQ(got->links[0].timeouts, 2U);
  EXPECT_EQ(got->safety.state, runtime::SafetyState::tripped);
  EXPECT_EQ(got->safety.envelope, want.safety.envelope);
  ASSERT_EQ(got->safety.reasons.size(), 2U);
  EXPECT_EQ(got->safety.reasons[0].value, 3650);
  EXPECT_EQ(got->safety.reasons[0].severity, Severity::critical);
  EXPECT_FALSE(got->safety.reasons[1].signal.has_value());
  EXPECT_TRUE(got->safety.armed && got->safety.limits_accepted && got->safety.emergency_stop);
  EXPECT_EQ(got->uplink.state, runtime::UplinkState::waiting);
  EXPECT_EQ(got->uplink.last_ack_age, 5_s);
  ASSERT_EQ(got->rows.size(), 1U);
  EXPECT_EQ(got->rows[0].pending, 10U);
}

TEST_F(SiteApi, DecisionArrivesWhole) {
  const auto got = client->explain();
  ASSERT_TRUE(got) << client->detail();
  const runtime::DecisionView& decision = got->decision;
  EXPECT_EQ(got->text, "because");
  EXPECT_EQ(decision.target, Watt{-1500});
  EXPECT_EQ(decision.gated, Watt{-1400});
  EXPECT_EQ(decision.winner + "/" + decision.runner_up, "import_limit/self_consumption");
  ASSERT_EQ(decision.levels.size(), 1U);
  EXPECT_EQ(decision.levels[0].after, (Interval{Watt{1}, Watt{1}}));
  EXPECT_EQ(decision.levels[0].hi_bound_by, "b");
  ASSERT_EQ(decision.conflicts.size(), 1U);
  EXPECT_EQ(decision.conflicts[0].shortfall, Watt{300});
  ASSERT_EQ(decision.inputs.size(), 2U);
  EXPECT_EQ(decision.inputs[0].age, 100_ms);
  EXPECT_FALSE(decision.inputs[1].value.has_value());
  ASSERT_EQ(decision.orders.size(), 1U);
  EXPECT_EQ(decision.orders[0].command,
            (InverterCommand{CommandKind::follow, Watt{-1400}, Var{7}}));
  ASSERT_TRUE(decision.setpoint.has_value());
  EXPECT_EQ(decision.setpoint->lease_left, 60_s);
  EXPECT_EQ(client->explain(UtcInstant{}).error().code, Errc::not_found);
}

TEST_F(SiteApi, CommandsReachTheSiteAsLocal) {
  EXPECT_TRUE(client->set_setpoint({Watt{-700}, 30_s, "ada", CommandOrigin::remote}));
  EXPECT_EQ(site.setpoint.power, Watt{-700});
  EXPECT_EQ(site.setpoint.lease, 30_s);
  EXPECT_EQ(site.setpoint.origin, CommandOrigin::local);
  EXPECT_TRUE(client->clear_setpoint("ada"));
  EXPECT_EQ(site.log, "clear ada local");
  EXPECT_TRUE(client->emergency_stop("ada", "smoke"));
  EXPECT_EQ(site.log, "stop ada smoke");
  EXPECT_TRUE(client->reset_emergency_stop({"ada", "sensor"}));
  EXPECT_EQ(site.log, "reset ada sensor");
}

TEST_F(SiteApi, RefusalsKeepTheirName) {
  site.disarmed = true;
  const auto refused = client->set_setpoint({Watt{1}, 30_s, "ada"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::disarmed);
  EXPECT_EQ(client->detail(), "disarmed: control is not armed");
  site.setpoint = {};
  EXPECT_EQ(client->set_setpoint({Watt{1}, 0_s, "ada"}).error().code, Errc::invalid_argument);
  EXPECT_EQ(client->set_setpoint({Watt{1}, 1_s, ""}).error().code, Errc::invalid_argument);
  EXPECT_TRUE(site.setpoint.actor.empty()) << "refused before the site";
  EXPECT_EQ(client->emergency_stop("", "x").error().code, Errc::invalid_argument);
  EXPECT_EQ(client->reset_emergency_stop({"ada", ""}).error().code, Errc::invalid_argument);
  EXPECT_EQ(client->watch(99_ms, [](auto) { return true; }).error().code, Errc::invalid_argument);
}

TEST_F(SiteApi, WatchGivesStatesUntilTheCallerHasEnough) {
  int states = 0;
  EXPECT_TRUE(client->watch(100_ms, [&](const runtime::SiteStatus& status) {
    EXPECT_EQ(status.tick, 77U);
    return ++states < 2;
  }));
  EXPECT_EQ(states, 2);
}

TEST_F(SiteApi, SocketIsClosedToOthersAndGoneAfterStop) {
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0660U);
  const auto entries =
      std::filesystem::directory_iterator{std::filesystem::path{path}.parent_path()};
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "only the socket";
  server->stop(1_s);
  EXPECT_NE(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(client->status().error().code, Errc::unavailable);
}

// The mask belongs to the process: other threads make files while a server starts.
TEST_F(SiteApi, StartLeavesTheMaskOfTheProcessAlone) {
  const auto mask = [] {
    std::ifstream status{"/proc/self/status"};
    std::string line;
    while (std::getline(status, line) && !line.starts_with("Umask:")) {
    }
    return line;
  };
  const std::string before = mask();
  ASSERT_FALSE(before.empty());
  std::atomic<bool> done{false};
  std::atomic<bool> changed{false};
  std::thread watcher{[&] {
    while (!done) changed = changed || mask() != before;
  }};
  for (int n = 0; n < 20; ++n) {
    server->stop(1_s);
    auto started = SiteServer::start({path, 1}, site, log);
    EXPECT_TRUE(started);
    if (started) server = std::move(*started);
  }
  done = true;
  watcher.join();
  EXPECT_FALSE(changed);
}

TEST_F(SiteApi, NameInUseIsRefusedAndADeadSocketIsReplaced) {
  EXPECT_EQ(SiteServer::start({path, 1}, site, log).error().code, Errc::already_exists);
  EXPECT_TRUE(client->status()) << "the first one still serves";
  const std::string file = dir / "file";
  std::ofstream(file) << "not a socket";
  EXPECT_EQ(SiteServer::start({file, 1}, site, log).error().code, Errc::already_exists);
  EXPECT_EQ(SiteServer::start({std::string(108, 'x'), 1}, site, log).error().code,
            Errc::invalid_argument);

  const std::string dead = dir / "dead.sock";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, dead.data(), dead.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  EXPECT_TRUE(SiteServer::start({dead, 1}, site, log));
}

}  // namespace
}  // namespace ems::rpc
