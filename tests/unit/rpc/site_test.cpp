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

#include "ems/io/store/row_source.hpp"
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
  decision.conflicts = {{"contractual", "import_limit", Watt{300}, "safety"}};
  decision.inputs = {
      {"pcc_power", {meter(1), Signal::active_power, 0}, 42, 100_ms, Quality::good, true, {"p"}},
      {"soc", {meter(2), Signal::active_power, 0}, {}, {}, Quality::bad, false, {}}};
  decision.orders = {{inverter(1), {CommandKind::follow, Watt{-1400}, Var{7}}}};
  decision.leases = {{"setpoint", "ada", "id-1", 60_s, Watt{9}, {}, {}}};
  decision.summary = "charges";
  status.decision = decision;
  status.uplink = {runtime::UplinkState::waiting, "s:1", "refused", 3, 5_s};
  status.rows = {{1, 100, 90, 10, 2}};
  status.mode = runtime::Mode::online;
  status.alarms_active = 3;
  status.alarms_unacknowledged = 2;
  return status;
}

alarm::Alarm full_alarm() {
  alarm::Alarm alarm;
  alarm.id = 17;
  alarm.severity = Severity::critical;
  alarm.asset = battery(1);
  alarm.name = FixedString<alarm::kNameMax>("cell_overvoltage");
  alarm.signal = Signal::cell_voltage;
  alarm.value = 3651;
  alarm.latched = true;
  alarm.seen = true;
  alarm.count = 4;
  alarm.raised_at = UtcInstant{1_s};
  alarm.changed_at = UtcInstant{2_s};
  alarm.acknowledged_by = FixedString<alarm::kActorMax>("ada");
  alarm.shelved_until = UtcInstant{99_s};
  return alarm;
}

class FakeSite final : public runtime::SitePort {
 public:
  Result<runtime::SiteStatus> status() override { return full_status(); }
  Result<runtime::Explanation> explain(std::optional<UtcInstant> at) override {
    if (at && *at < UtcInstant{1_s}) return fail(Errc::not_found, 0, "no decision that early");
    return runtime::Explanation{*full_status().decision, "because"};
  }
  Result<std::optional<UtcInstant>> earliest_decision() override {
    return std::optional(UtcInstant{1_s});
  }
  Result<runtime::CommandStep> command(const runtime::Command& command) override {
    given = command;
    if (disarmed) return fail(Errc::disarmed, 0, "control is not armed");
    return runtime::CommandStep{command.id.empty() ? "made" : command.id,
                                runtime::CommandState::executing,
                                "on its way",
                                UtcInstant{5_s},
                                "import_limit",
                                Watt{300}};
  }
  Result<std::vector<runtime::CommandView>> commands() override {
    return std::vector<runtime::CommandView>{{{"c1", runtime::CommandState::done, "ok", {}},
                                              "dimming",
                                              "ada",
                                              CommandOrigin::remote,
                                              UtcInstant{7_s}}};
  }
  Result<runtime::AlarmsView> alarms() override {
    ++looks;
    return runtime::AlarmsView{{full_alarm()}, 3, looks};
  }
  Result<std::vector<alarm::Change>> alarm_history(UtcInstant from, UtcInstant to,
                                                   std::size_t max) override {
    range = {from, to};
    history_max = max;
    return std::vector<alarm::Change>{{alarm::Transition::shelved, UtcInstant{9_s},
                                       FixedString<alarm::kActorMax>("ada"),
                                       FixedString<alarm::kTextMax>("noisy"), full_alarm()}};
  }
  runtime::Command given;
  std::uint64_t looks = 0;
  io::UtcRange range;
  std::size_t history_max = 0;
  bool disarmed = false;
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
  EXPECT_EQ(got->mode, runtime::Mode::online);
  EXPECT_EQ(got->alarms_active, 3U);
  EXPECT_EQ(got->alarms_unacknowledged, 2U);
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
  ASSERT_EQ(decision.leases.size(), 1U);
  EXPECT_EQ(decision.leases[0].left, 60_s);
  EXPECT_EQ(decision.leases[0].id, "id-1");
  EXPECT_EQ(decision.leases[0].power, Watt{9});
  EXPECT_EQ(client->explain(UtcInstant{}).error().code, Errc::not_found);
}

TEST_F(SiteApi, CommandsReachTheSiteAsLocalWithEveryField) {
  const auto step = client->command(
      {"id-1", 7_s, "ada", CommandOrigin::remote, runtime::SetpointAction{Watt{-700}, 30_s}});
  ASSERT_TRUE(step) << client->detail();
  EXPECT_EQ(step->id, "id-1");
  EXPECT_EQ(step->state, runtime::CommandState::executing);
  EXPECT_EQ(step->message, "on its way");
  EXPECT_EQ(step->at, UtcInstant{5_s});
  EXPECT_EQ(step->overruled_by, "import_limit");
  EXPECT_EQ(step->shortfall, Watt{300});
  EXPECT_EQ(site.given.origin, CommandOrigin::local);
  EXPECT_EQ(site.given.ttl, 7_s);
  EXPECT_EQ(site.given.actor, "ada");
  EXPECT_EQ(std::get<runtime::SetpointAction>(site.given.action).power, Watt{-700});
  EXPECT_EQ(std::get<runtime::SetpointAction>(site.given.action).lease, 30_s);
  const auto give = [this](runtime::CommandAction action) {
    EXPECT_TRUE(client->command({{}, {}, "ada", CommandOrigin::local, std::move(action)}))
        << client->detail();
    return site.given.action;
  };
  EXPECT_EQ(kind_of(give(runtime::ClearSetpointAction{})), "clear_setpoint");
  EXPECT_EQ(site.given.ttl, runtime::kCommandTtlDefault);
  EXPECT_EQ(std::get<runtime::EmergencyStopAction>(give(runtime::EmergencyStopAction{})).reason, "")
      << "a stop is never refused for want of a reason";
  EXPECT_EQ(std::get<runtime::ResetAction>(give(runtime::ResetAction{"sensor"})).cause, "sensor");
  const auto limit = std::get<runtime::ActivePowerLimitAction>(
      give(runtime::ActivePowerLimitAction{std::nullopt, Watt{2000}, 9_s}));
  EXPECT_FALSE(limit.discharge_max);
  EXPECT_EQ(limit.charge_max, Watt{2000});
  EXPECT_EQ(limit.lease, 9_s);
  EXPECT_EQ(
      std::get<runtime::DimmingAction>(give(runtime::DimmingAction{Watt{4200}, 9_s})).charge_max,
      Watt{4200});
  const auto ack =
      std::get<runtime::AcknowledgeAlarmAction>(give(runtime::AcknowledgeAlarmAction{17, "seen"}));
  EXPECT_EQ(ack.alarm, 17U);
  EXPECT_EQ(ack.comment, "seen");
  const auto shelf =
      std::get<runtime::ShelveAlarmAction>(give(runtime::ShelveAlarmAction{17, 60_s, "noisy"}));
  EXPECT_EQ(shelf.duration, 60_s);
  EXPECT_EQ(shelf.reason, "noisy");
  const auto outputs = std::get<runtime::BatterySwitchAction>(
      give(runtime::BatterySwitchAction{3, {.charge_on = false, .discharge_on = true}}));
  EXPECT_EQ(outputs.battery, 3U);
  EXPECT_FALSE(outputs.outputs.charge_on);
  EXPECT_TRUE(outputs.outputs.discharge_on);
  const auto limits = std::get<runtime::BatteryLimitsAction>(
      give(runtime::BatteryLimitsAction{4, {56'400_mv, 48'000_mv, 50'500_ma, 60'000_ma}, 9_s}));
  EXPECT_EQ(limits.battery, 4U);
  EXPECT_EQ(limits.limits.charge_voltage, 56'400_mv);
  EXPECT_EQ(limits.limits.discharge_voltage, 48'000_mv);
  EXPECT_EQ(limits.limits.charge_current, 50'500_ma);
  EXPECT_EQ(limits.limits.discharge_current, 60'000_ma);
  EXPECT_EQ(limits.lease, 9_s);
  const auto balance =
      std::get<runtime::BatteryBalanceAction>(give(runtime::BatteryBalanceAction{5, {false}}));
  EXPECT_EQ(balance.battery, 5U);
  EXPECT_FALSE(balance.balancing.on);
}

TEST_F(SiteApi, CommandsAndAlarmsComeBackWhole) {
  const auto commands = client->commands();
  ASSERT_TRUE(commands) << client->detail();
  ASSERT_EQ(commands->size(), 1U);
  EXPECT_EQ(commands->front().kind, "dimming");
  EXPECT_EQ(commands->front().origin, CommandOrigin::remote);
  EXPECT_EQ(commands->front().received_at, UtcInstant{7_s});
  EXPECT_EQ(commands->front().step.state, runtime::CommandState::done);
  const auto alarms = client->alarms();
  ASSERT_TRUE(alarms) << client->detail();
  EXPECT_EQ(alarms->dropped, 3U);
  ASSERT_EQ(alarms->alarms.size(), 1U);
  EXPECT_EQ(alarms->alarms[0], full_alarm());
  const auto history = client->alarm_history(UtcInstant{1_s}, UtcInstant{2_s}, 5);
  ASSERT_TRUE(history) << client->detail();
  EXPECT_EQ(site.range.from, UtcInstant{1_s});
  EXPECT_EQ(site.range.to, UtcInstant{2_s});
  EXPECT_EQ(site.history_max, 5U);
  ASSERT_EQ(history->size(), 1U);
  EXPECT_EQ(history->front().transition, alarm::Transition::shelved);
  EXPECT_EQ(history->front().actor.view(), "ada");
  EXPECT_EQ(history->front().text.view(), "noisy");
  int changes = 0;
  EXPECT_TRUE(client->watch_alarms([&](const std::vector<alarm::Alarm>& list) {
    EXPECT_EQ(list.size(), 1U);
    return ++changes < 2;
  })) << client->detail();
  EXPECT_EQ(changes, 2);
}

TEST_F(SiteApi, RefusalsKeepTheirName) {
  site.disarmed = true;
  const auto give = [this](runtime::CommandAction action, const std::string& actor) {
    return client->command({{}, {}, actor, CommandOrigin::local, std::move(action)});
  };
  const auto refused = give(runtime::SetpointAction{Watt{1}, 30_s}, "ada");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::disarmed);
  EXPECT_EQ(client->detail(), "disarmed: control is not armed");
  EXPECT_EQ(give(runtime::SetpointAction{Watt{1}, 0_s}, "ada").error().code,
            Errc::invalid_argument);
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
