// SPDX-License-Identifier: Apache-2.0
// emsctl status, watch, why, setpoint, limit, battery, estop, commands, alarms: a person at the
// agent's unix socket.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "battery_options.hpp"
#include "command.hpp"
#include "ems/core/decimal.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/rpc/site_client.hpp"
#include "ems/runtime/command_book.hpp"
#include "ems/runtime/command_text.hpp"
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
  std::string id;
  std::string ttl_s = "0";
  std::optional<unsigned> charge_w;
  std::optional<unsigned> discharge_w;
  BatteryOptions battery;
  std::uint32_t alarm = 0;
  bool dimming = false;
  bool history = false;
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

/// Gives a command and says where it is; ends the program when it was refused.
void give(const SiteOptions& options, const char* what, runtime::CommandAction action,
          const std::string& said) {
  const auto client = connect(options);
  const Result<runtime::CommandStep> step =
      client->command({options.id, seconds_of(options.ttl_s, "--ttl-s"), options.name,
                       runtime::CommandOrigin::local, std::move(action)});
  if (!step) end_call(options, what, step.error(), client->detail());
  if (step->state == runtime::CommandState::expired) {
    end_with(what, {Errc::timeout, 0, "it expired before the site took it"});
  }
  if (options.json) return print(runtime::command_json(*step));
  print(said);
}

/// Where a command is in the agent's book now.
runtime::CommandStep newest_step(rpc::SiteClient& client, const SiteOptions& options,
                                 const char* what, const std::string& id) {
  const auto book = client.commands();
  if (!book) end_call(options, what, book.error(), client.detail());
  const auto found = std::ranges::find_if(
      *book, [&id](const runtime::CommandView& command) { return command.step.id == id; });
  if (found == book->end()) end_with(what, {Errc::not_found, 0, "the agent forgot the command"});
  return found->step;
}

/// Gives a battery an order and waits until it has ended, or limits are in force: the site ends it
/// in time, one way or the other. Exit code 1 when it failed.
void order(const SiteOptions& options, const char* what, const runtime::CommandAction& action,
           const char* afterwards) {
  constexpr std::chrono::milliseconds kLook{200};
  const auto client = connect(options);
  const Result<runtime::CommandStep> given =
      client->command({options.id, seconds_of(options.ttl_s, "--ttl-s"), options.name,
                       runtime::CommandOrigin::local, action});
  if (!given) end_call(options, what, given.error(), client->detail());
  runtime::CommandStep step = *given;
  const auto waits = [&step] {
    const bool in_force = step.state == runtime::CommandState::executing && !step.message.empty();
    return !is_final(step.state) && !in_force;
  };
  while (waits()) {
    std::this_thread::sleep_for(kLook);
    step = newest_step(*client, options, what, given->id);
  }
  const bool failed = is_final(step.state) && step.state != runtime::CommandState::done;
  if (options.json) {
    print(runtime::command_json(step));
  } else if (!failed) {
    print(runtime::text_of(action) + "; " + step.message + "; " + afterwards);
  }
  if (failed && options.json) throw CLI::RuntimeError(kExitFailure);
  if (failed) end_with(what, {Errc::failed_precondition, 0, "failed"}, step.message);
}

void setpoint(const SiteOptions& options) {
  if (options.clear) {
    return give(options, "setpoint --clear", runtime::ClearSetpointAction{}, "set-point cleared");
  }
  const Watt power{options.power_w};
  give(options, "setpoint",
       runtime::SetpointAction{power, seconds_of(options.lease_s, "--lease-s")},
       "set-point " + runtime::power_text(power) + " for " + options.lease_s + " s");
}

void limit(const SiteOptions& options) {
  const Duration lease = seconds_of(options.lease_s, "--lease-s");
  const auto watt = [](const std::optional<unsigned>& given) {
    return given ? std::optional(Watt{static_cast<std::int32_t>(*given)}) : std::nullopt;
  };
  const std::string said = "limit taken for " + options.lease_s + " s";
  if (options.dimming) {
    return give(options, "limit --dimming", runtime::DimmingAction{watt(options.charge_w), lease},
                said);
  }
  give(options, "limit",
       runtime::ActivePowerLimitAction{watt(options.discharge_w), watt(options.charge_w), lease},
       said);
}

void estop(const SiteOptions& options) {
  if (options.reset) {
    return give(options, "estop --reset", runtime::ResetAction{options.cause},
                "emergency stop reset by " + options.name);
  }
  give(options, "estop", runtime::EmergencyStopAction{options.reason},
       "emergency stop ordered; it is latched until a technician resets it");
}

void commands(const SiteOptions& options) {
  const auto client = connect(options);
  const auto list = client->commands();
  if (!list) end_call(options, "commands", list.error(), client->detail());
  print(options.json ? runtime::commands_json(*list) : runtime::commands_text(*list));
}

void alarms(const SiteOptions& options) {
  const auto client = connect(options);
  if (options.history) {
    const auto changes = client->alarm_history(std::nullopt, std::nullopt, 0);
    if (!changes) end_call(options, "alarms --history", changes.error(), client->detail());
    return print(options.json ? runtime::alarm_history_json(*changes)
                              : runtime::alarm_history_text(*changes));
  }
  const auto view = client->alarms();
  if (!view) end_call(options, "alarms", view.error(), client->detail());
  print(options.json ? runtime::alarms_json(view->alarms) : runtime::alarms_text(*view));
}

void add_alarms(CLI::App& app, const std::shared_ptr<SiteOptions>& options) {
  CLI::App* all =
      add(app, "alarms", "Alarms that are not normal; acknowledge and shelve them", options);
  all->require_subcommand(0, 1);
  all->add_flag("--json", options->json, "One JSON array");
  all->add_flag("--history", options->history, "What happened to them, oldest first");
  const auto one = [&](const char* name, const char* text) {
    CLI::App* command = all->add_subcommand(name, text);
    command->add_option("id", options->alarm, "Number of the alarm")->required();
    command->add_option("--name", options->name, "Who")->required();
    return command;
  };
  CLI::App* ack = one("ack", "Say that you have seen an alarm");
  ack->add_option("--comment", options->reason, "What you know about it");
  ack->callback([options] {
    give(*options, "alarms ack", runtime::AcknowledgeAlarmAction{options->alarm, options->reason},
         "alarm " + std::to_string(options->alarm) + " acknowledged by " + options->name);
  });
  CLI::App* shelve = one("shelve", "Take an alarm out of sight for a time");
  shelve->add_option("--for-s", options->lease_s, "Seconds, at most 86400")->required();
  shelve->add_option("--reason", options->reason, "Why")->required();
  shelve->callback([options] {
    give(*options, "alarms shelve",
         runtime::ShelveAlarmAction{options->alarm, seconds_of(options->lease_s, "--for-s"),
                                    options->reason},
         "alarm " + std::to_string(options->alarm) + " shelved for " + options->lease_s + " s");
  });
  one("unshelve", "Take it back into sight")->callback([options] {
    give(*options, "alarms unshelve", runtime::ShelveAlarmAction{options->alarm, {}, {}},
         "alarm " + std::to_string(options->alarm) + " is in sight again");
  });
  all->callback([all, options] {
    if (all->get_subcommands().empty()) alarms(*options);
  });
}

/// What every command may say of itself.
void add_command_options(CLI::App* command, const std::shared_ptr<SiteOptions>& options) {
  command->add_option("--id", options->id, "Its own id: a repeated id acts once");
  command->add_option("--ttl-s", options->ttl_s, "Not taken after so long; 0: the agent's 10 s")
      ->capture_default_str();
}

void add_battery_commands(CLI::App& app, const std::shared_ptr<SiteOptions>& options) {
  CLI::App* all = add(app, "battery", "Command one battery, and see that it obeys", options);
  all->require_subcommand(1);
  const auto one = [&](const char* name, const char* text) {
    CLI::App* command = all->add_subcommand(name, text);
    command->add_option("--name", options->name, "Who asks")->required();
    command->add_flag("--json", options->json, "One JSON object");
    add_command_options(command, options);
    return command;
  };
  constexpr const char* kStays = "it stays so until the next order";
  CLI::App* sub = one("switch", "Switch its outputs (FETs) on or off");
  add_switch_options(sub, options->battery);
  sub->callback([options, kStays] {
    order(*options, "battery switch", switch_action(options->battery), kStays);
  });
  sub = one("limits", "Limit it in its own BMS, for a limited time");
  add_limits_options(sub, options->battery);
  sub->add_option("--lease-s", options->lease_s, "Seconds until it is told no more, at most 86400")
      ->required();
  sub->callback([options] {
    order(*options, "battery limits",
          limits_action(options->battery, seconds_of(options->lease_s, "--lease-s")),
          "afterwards, or without the agent, the battery forgets them");
  });
  sub = one("balance", "Let it balance its cells, or forbid it");
  add_balance_options(sub, options->battery);
  sub->callback([options, kStays] {
    order(*options, "battery balance", balance_action(options->battery), kStays);
  });
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
  add_command_options(one, options);
  one->callback([options] {
    if (!options->clear && options->lease_s.empty()) {
      throw CLI::RequiredError("--power-w and --lease-s (or --clear)");
    }
    setpoint(*options);
  });

  one = add(app, "limit", "Limit what the batteries take and deliver, for a limited time", options);
  one->add_option("--charge-w", options->charge_w, "Most they may take, at ac");
  one->add_option("--discharge-w", options->discharge_w, "Most they may deliver, at ac");
  one->add_flag("--dimming", options->dimming, "The dimming policy's limit: charging only")
      ->excludes("--discharge-w");
  one->add_option("--lease-s", options->lease_s, "Seconds until the configured fallback holds")
      ->required();
  one->add_option("--name", options->name, "Who asks")->required();
  add_command_options(one, options);
  one->callback([options] { limit(*options); });

  add_battery_commands(app, options);

  one = add(app, "commands", "The newest commands and where they are", options);
  one->add_flag("--json", options->json, "One JSON array");
  one->callback([options] { commands(*options); });

  add_alarms(app, options);

  one = add(app, "estop", "Stop every inverter and latch; --reset takes the latch back", options);
  one->add_flag("--reset", options->reset, "Reset the latch");
  one->add_option("--name", options->name, "Who stops or resets")->required();
  one->add_option("--reason", options->reason, "Why it is stopped");
  one->add_option("--cause", options->cause, "With --reset: what the cause was");
  add_command_options(one, options);
  one->callback([options] {
    if (options->reset && options->cause.empty()) throw CLI::RequiredError("--cause");
    estop(*options);
  });
}

}  // namespace ems::cli
