// SPDX-License-Identifier: Apache-2.0
// emsctl status, watch, why, setpoint, estop: a person at the agent's unix socket.
#include <memory>
#include <string>
#include <utility>

#include "command.hpp"
#include "ems/core/decimal.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/rpc/site_client.hpp"
#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/status_text.hpp"

namespace ems::cli {
namespace {

struct SiteOptions {
  std::string socket = "agent.sock";
  bool json = false;
  std::string interval_s = "1";
  int count = 0;
  std::string at;
  int power_w = 0;
  std::string lease_s;
  std::string name;
  std::string reason;
  std::string cause;
  bool clear = false;
  bool reset = false;
};

CLI::App* add(CLI::App& app, const char* name, const char* text,
              const std::shared_ptr<SiteOptions>& options) {
  CLI::App* command = app.add_subcommand(name, text);
  command->add_option("--socket", options->socket, "The agent's unix socket")
      ->envname("EMS_SOCKET")
      ->capture_default_str();
  return command;
}

std::unique_ptr<rpc::SiteClient> connect(const SiteOptions& options) {
  Result<std::unique_ptr<rpc::SiteClient>> client = rpc::SiteClient::open(options.socket);
  if (!client) end_with(options.socket, client.error());
  return std::move(*client);
}

/// Ends the command. That nobody listens at the socket is said in a person's words; of gRPC's only
/// the cause, behind the last colon, is of use.
[[noreturn]] void end_call(const SiteOptions& options, const char* what, const Error& error,
                           const std::string& detail) {
  if (error.code != Errc::unavailable || detail.rfind("failed to connect", 0) != 0) {
    end_with(what, error, detail);
  }
  const std::size_t colon = detail.rfind(": ");
  const std::string cause = colon == std::string::npos ? detail : detail.substr(colon + 2);
  end_with(what, error,
           "no agent answers at " + options.socket + " (" + cause +
               "); is ems-agent running, and is this its api socket (--socket or EMS_SOCKET)?");
}

Duration seconds_of(const std::string& text, const char* flag) {
  const Result<std::int64_t> micros = parse_decimal(text, 6);
  if (!micros) end_with(flag, micros.error());
  return microseconds(*micros);
}

void status(const SiteOptions& options) {
  const auto client = connect(options);
  const Result<runtime::SiteStatus> state = client->status();
  if (!state) end_call(options, "status", state.error(), client->detail());
  print(options.json ? runtime::status_json(*state) : runtime::status_text(*state));
}

void watch(const SiteOptions& options) {
  const auto client = connect(options);
  int left = options.count;
  bool head = !options.json;  // Only over a first line.
  const Result<void> ended = client->watch(
      seconds_of(options.interval_s, "--interval-s"), [&](const runtime::SiteStatus& state) {
        if (std::exchange(head, false)) print(runtime::table_head());
        print(options.json ? runtime::status_json(state) : runtime::table_line(state));
        return options.count == 0 || --left > 0;
      });
  if (!ended) end_call(options, "watch", ended.error(), client->detail());
}

void why(const SiteOptions& options) {
  const auto client = connect(options);
  std::optional<UtcInstant> at;
  if (!options.at.empty()) {
    const Result<UtcInstant> parsed = io::parse_utc(options.at);
    if (!parsed) end_with("--at", parsed.error());
    at = *parsed;
  }
  const Result<runtime::Explanation> explanation = client->explain(at);
  if (!explanation) end_call(options, "why", explanation.error(), client->detail());
  print(options.json ? runtime::explanation_json(*explanation) : explanation->text);
}

void setpoint(const SiteOptions& options) {
  const auto client = connect(options);
  if (options.clear) {
    const Result<void> cleared = client->clear_setpoint(options.name);
    if (!cleared) end_call(options, "setpoint --clear", cleared.error(), client->detail());
    return print("set-point cleared");
  }
  const runtime::SetpointRequest request{Watt{options.power_w},
                                         seconds_of(options.lease_s, "--lease-s"), options.name,
                                         runtime::CommandOrigin::local};
  const Result<void> set = client->set_setpoint(request);
  if (!set) end_call(options, "setpoint", set.error(), client->detail());
  print("set-point " + runtime::power_text(request.power) + " for " + options.lease_s + " s");
}

void estop(const SiteOptions& options) {
  const auto client = connect(options);
  if (options.reset) {
    const Result<void> reset = client->reset_emergency_stop({options.name, options.cause});
    if (!reset) end_call(options, "estop --reset", reset.error(), client->detail());
    return print("emergency stop reset by " + options.name);
  }
  const Result<void> stopped = client->emergency_stop(options.name, options.reason);
  if (!stopped) end_call(options, "estop", stopped.error(), client->detail());
  print("emergency stop ordered; it is latched until a technician resets it");
}

}  // namespace

void add_site_commands(CLI::App& app) {
  const auto options = std::make_shared<SiteOptions>();
  CLI::App* one = add(app, "status", "State of the site now", options);
  one->add_flag("--json", options->json, "One JSON object");
  one->callback([options] { status(*options); });

  one = add(app, "watch", "State of the site, again and again", options);
  one->add_flag("--json", options->json, "One JSON object per line");
  one->add_option("--interval-s", options->interval_s, "0.1 .. 3600")->capture_default_str();
  one->add_option("--count", options->count, "Lines to print; 0: until interrupted")
      ->check(CLI::NonNegativeNumber);
  one->callback([options] { watch(*options); });

  one = add(app, "why", "Why the site does what it does", options);
  one->add_option("--at", options->at, "A moment of the past: 2026-11-21T08:15:30Z");
  one->add_flag("--json", options->json, "One JSON object");
  one->callback([options] { why(*options); });

  one = add(app, "setpoint", "Ask for a battery power, for a limited time", options);
  one->add_option("--power-w", options->power_w, "At ac; + discharges");
  one->add_option("--lease-s", options->lease_s, "Seconds until it expires");
  one->add_option("--name", options->name, "Who asks")->required();
  one->add_flag("--clear", options->clear, "Take the set-point back");
  one->callback([options] {
    if (!options->clear && options->lease_s.empty()) {
      throw CLI::RequiredError("--power-w and --lease-s (or --clear)");
    }
    setpoint(*options);
  });

  one = add(app, "estop", "Stop every inverter and latch; --reset takes the latch back", options);
  one->add_flag("--reset", options->reset, "Reset the latch");
  one->add_option("--name", options->name, "Who stops or resets")->required();
  one->add_option("--reason", options->reason, "Why it is stopped");
  one->add_option("--cause", options->cause, "With --reset: what the cause was");
  one->callback([options] {
    if (options->reset && options->cause.empty()) throw CLI::RequiredError("--cause");
    estop(*options);
  });
}

}  // namespace ems::cli
