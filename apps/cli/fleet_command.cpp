// SPDX-License-Identifier: Apache-2.0
// emsctl fleet: asks a server, over mTLS. Prints JSON.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "command.hpp"
#include "ems/core/decimal.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/rpc/fleet_client.hpp"

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
};

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
  one = fleet->add_subcommand("clear-conflict",
                              "Let an identity connect again that two agents used (technician)");
  one->add_option("--agent", options->agent, "SITE/NAME")->required();
  one->callback([options] { clear_conflict(*options); });
}

}  // namespace ems::cli
