// SPDX-License-Identifier: Apache-2.0
// emsctl fleet: asks a server, over mTLS. Prints JSON.
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "battery_options.hpp"
#include "command.hpp"
#include "ems/core/decimal.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/rpc/fleet_client.hpp"
#include "ems/runtime/command_text.hpp"
#include "query_command.hpp"

namespace ems::cli {
namespace {

using Json = nlohmann::ordered_json;

struct FleetOptions {
  std::string server = "127.0.0.1:7443";
  std::string ca;
  std::string certificate;
  std::string key;
  std::string tenant;
  std::string agent;
  std::string ttl_s = "60";
  std::string lease_s;
  std::string id;
  std::string reason;
  std::string comment;
  std::optional<unsigned> charge_w;
  std::optional<unsigned> discharge_w;
  BatteryOptions battery;
  std::uint32_t alarm = 0;
  int power_w = 0;
  bool dimming = false;
  bool wait = false;
};

Duration seconds_of(const std::string& text, const char* flag) {
  const Result<std::int64_t> micros = parse_decimal(text, 6);
  if (!micros) end_with(flag, micros.error());
  return microseconds(*micros);
}

std::unique_ptr<rpc::FleetClient> connect(const FleetOptions& options) {
  rpc::FleetClientOptions to{
      options.server, {options.ca, options.certificate, options.key}, seconds(5)};
  Result<std::unique_ptr<rpc::FleetClient>> client = rpc::FleetClient::connect(std::move(to));
  if (!client) end_with(options.server, client.error());
  return std::move(*client);
}

Json marks_json(const std::vector<fleet::StreamMark>& marks) {
  Json list = Json::array();
  for (const fleet::StreamMark& mark : marks) {
    list.push_back({{"stream", telemetry::to_string(mark.stream)},
                    {"epoch", mark.epoch.counter},
                    {"mark", mark.mark},
                    {"stored", mark.stored},
                    {"duplicates", mark.duplicates},
                    {"gap_rows", mark.gap_rows}});
  }
  return list;
}

void agents(const FleetOptions& options) {
  const auto client = connect(options);
  const auto found = client->agents(options.tenant);
  if (!found) end_with("agents", found.error(), client->detail());
  Json list = Json::array();
  for (const rpc::AgentView& agent : *found) {
    Json item{{"tenant", agent.key.tenant},
              {"agent", agent.key.agent},
              {"connected", agent.connected},
              {"identity_conflict", agent.identity_conflict},
              {"software_version", agent.software_version},
              {"streams", Json::array()}};
    for (const fleet::StreamMark& mark : agent.marks) {  // Counts are `fleet counts`' answer.
      item["streams"].push_back({{"stream", telemetry::to_string(mark.stream)},
                                 {"epoch", mark.epoch.counter},
                                 {"mark", mark.mark}});
    }
    item["last_seen"] = agent.last_seen ? Json(io::format_utc(*agent.last_seen)) : Json();
    list.push_back(std::move(item));
  }
  print(list.dump());
}

void latest(const FleetOptions& options) {
  const auto client = connect(options);
  const auto values = client->latest({options.tenant, options.agent});
  if (!values) end_with("latest", values.error(), client->detail());
  Json list = Json::array();
  for (const fleet::LatestValue& value : *values) {
    const SignalInfo* info = find_signal(value.point.signal);
    Json item{
        {"asset", to_name(value.point.asset).view()},
        {"signal", info != nullptr ? std::string(si_name(*info).view())
                                   : std::to_string(static_cast<unsigned>(value.point.signal))}};
    if (value.point.element != 0) item["element"] = value.point.element;
    std::array<char, kDecimalTextSize> text{};
    const int digits = info != nullptr ? unit_info(info->unit).digits : 0;
    item["value"] = Json::parse(format_decimal(value.value, digits, text));
    item["quality"] = to_string(value.quality);
    item["at"] = io::format_utc(value.at);
    list.push_back(std::move(item));
  }
  print(list.dump());
}

void counts(const FleetOptions& options) {
  const auto client = connect(options);
  const auto marks = client->counts({options.tenant, options.agent});
  if (!marks) end_with("counts", marks.error(), client->detail());
  print(marks_json(*marks).dump());
}

/// Follows a command until it ends, one JSON line per state; exit code 1 when it was not done.
void follow(rpc::FleetClient& client, const std::string& id) {
  runtime::CommandState last{};
  const auto ended = client.watch_command(id, [&](const rpc::CommandStep& step) {
    print(runtime::command_json(step));
    last = step.state;
    return true;
  });
  if (!ended) end_with("command " + id, ended.error(), client.detail());
  if (last != runtime::CommandState::done) throw CLI::RuntimeError(kExitFailure);
}

void command(const FleetOptions& options, const runtime::CommandAction& action) {
  const auto client = connect(options);
  const auto id = client->send_command({options.tenant, options.agent},
                                       seconds_of(options.ttl_s, "--ttl-s"), action, options.id);
  if (!id) end_with("command", id.error(), client->detail());
  if (options.wait) return follow(*client, *id);
  print(Json{{"command_id", *id}}.dump());
}

void alarms(const FleetOptions& options) {
  const auto client = connect(options);
  const auto found = client->alarms({options.tenant, options.agent});
  if (!found) end_with("alarms", found.error(), client->detail());
  print(runtime::alarms_json(*found));
}

void acknowledge(const FleetOptions& options) {
  const auto client = connect(options);
  const auto id =
      client->acknowledge_alarm({options.tenant, options.agent}, options.alarm, options.comment);
  if (!id) end_with("ack", id.error(), client->detail());
  follow(*client, *id);
}

/// The subcommands of `fleet command`, one per kind.
void add_commands(CLI::App& fleet, const std::shared_ptr<FleetOptions>& options) {
  CLI::App* all = fleet.add_subcommand("command", "Command a site (operator)");
  all->require_subcommand(1);
  const auto one = [&](const char* name, const char* text) {
    CLI::App* sub = all->add_subcommand(name, text);
    sub->add_option("--agent", options->agent, "SITE/NAME")->required();
    sub->add_option("--ttl-s", options->ttl_s, "Not taken after so long")->capture_default_str();
    sub->add_option("--id", options->id, "Its own id: a repeated id acts once");
    sub->add_flag("--wait", options->wait, "Print each state until it ends");
    return sub;
  };
  const auto lease = [options](CLI::App* sub) {
    sub->add_option("--lease-s", options->lease_s, "Seconds until it ends by itself")->required();
  };
  CLI::App* sub = one("setpoint", "Ask for a battery power, for a limited time");
  sub->add_option("--power-w", options->power_w, "At ac; + discharges")->required();
  lease(sub);
  sub->callback([options] {
    command(*options, runtime::SetpointAction{Watt{options->power_w},
                                              seconds_of(options->lease_s, "--lease-s")});
  });
  sub = one("clear-setpoint", "Take the server's set-point back");
  sub->callback([options] { command(*options, runtime::ClearSetpointAction{}); });
  sub = one("limit", "Limit what the batteries take and deliver");
  sub->add_option("--charge-w", options->charge_w, "Most they may take, at ac");
  sub->add_option("--discharge-w", options->discharge_w, "Most they may deliver, at ac");
  sub->add_flag("--dimming", options->dimming, "The dimming policy's limit: charging only")
      ->excludes("--discharge-w");
  lease(sub);
  sub->callback([options] {
    const auto watt = [](const std::optional<unsigned>& given) {
      return given ? std::optional(Watt{static_cast<std::int32_t>(*given)}) : std::nullopt;
    };
    const Duration time = seconds_of(options->lease_s, "--lease-s");
    if (options->dimming) {
      return command(*options, runtime::DimmingAction{watt(options->charge_w), time});
    }
    command(*options, runtime::ActivePowerLimitAction{watt(options->discharge_w),
                                                      watt(options->charge_w), time});
  });
  sub = one("battery-switch", "Switch the outputs of a battery on or off");
  add_switch_options(sub, options->battery);
  sub->callback([options] { command(*options, switch_action(options->battery)); });
  sub = one("battery-limits", "Limit a battery in its own BMS, for a limited time");
  add_limits_options(sub, options->battery);
  lease(sub);
  sub->callback([options] {
    command(*options, limits_action(options->battery, seconds_of(options->lease_s, "--lease-s")));
  });
  sub = one("battery-balance", "Let a battery balance its cells, or forbid it");
  add_balance_options(sub, options->battery);
  sub->callback([options] { command(*options, balance_action(options->battery)); });
  sub = one("estop", "Stop every inverter and latch; a technician resets it at the site");
  sub->add_option("--reason", options->reason, "Why it is stopped")->required();
  sub->callback([options] { command(*options, runtime::EmergencyStopAction{options->reason}); });
  sub = one("shelve", "Take an alarm out of sight for a time");
  sub->add_option("--alarm", options->alarm, "Number of the alarm")->required();
  sub->add_option("--for-s", options->lease_s, "Seconds, at most 86400; 0: back into sight")
      ->required();
  sub->add_option("--reason", options->reason, "Why");
  sub->callback([options] {
    command(*options,
            runtime::ShelveAlarmAction{options->alarm, seconds_of(options->lease_s, "--for-s"),
                                       options->reason});
  });
}

void clear_conflict(const FleetOptions& options) {
  const auto client = connect(options);
  const auto cleared = client->clear_conflict({options.tenant, options.agent});
  if (!cleared) end_with("clear-conflict", cleared.error(), client->detail());
  print(Json{{"agent", options.agent}, {"identity_conflict", false}}.dump());
}

}  // namespace

void add_fleet_command(CLI::App& app) {
  const auto options = std::make_shared<FleetOptions>();
  CLI::App* fleet = app.add_subcommand("fleet", "Ask a server");
  fleet->require_subcommand(1);
  fleet->add_option("--server", options->server, "HOST:PORT")->capture_default_str();
  fleet->add_option("--ca", options->ca, "Certificate of the authority")->required();
  fleet->add_option("--certificate", options->certificate, "Your certificate")->required();
  fleet->add_option("--key", options->key, "Your private key")->required();
  fleet->add_option("--tenant", options->tenant, "Tenant; may be left out when there is one");
  CLI::App* one = fleet->add_subcommand("agents", "Agents and how far their rows are stored");
  one->callback([options] { agents(*options); });
  one = fleet->add_subcommand("latest", "Newest values of an agent");
  one->add_option("--agent", options->agent, "SITE/NAME")->required();
  one->callback([options] { latest(*options); });
  one = fleet->add_subcommand("counts", "Rows stored, refused as duplicates, lost");
  one->add_option("--agent", options->agent, "SITE/NAME")->required();
  one->callback([options] { counts(*options); });
  add_query_commands(
      *fleet,
      [options] {
        return query_server(connect(*options), {options->tenant, options->agent});
      },
      [options](CLI::App& sub) {
        sub.add_option("--agent", options->agent, "SITE/NAME")->required();
      });
  add_commands(*fleet, options);
  one = fleet->add_subcommand("alarms", "Alarms of an agent that are not normal");
  one->add_option("--agent", options->agent, "SITE/NAME")->required();
  one->callback([options] { alarms(*options); });
  one = fleet->add_subcommand("ack", "Say that you have seen an alarm (operator)");
  one->add_option("--agent", options->agent, "SITE/NAME")->required();
  one->add_option("--alarm", options->alarm, "Number of the alarm")->required();
  one->add_option("--comment", options->comment, "What you know about it");
  one->callback([options] { acknowledge(*options); });
  one = fleet->add_subcommand("clear-conflict",
                              "Let an identity connect again that two agents used (technician)");
  one->add_option("--agent", options->agent, "SITE/NAME")->required();
  one->callback([options] { clear_conflict(*options); });
}

}  // namespace ems::cli
