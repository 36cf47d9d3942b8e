// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/command_text.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "ems/core/decimal.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/model/catalogue.hpp"

namespace ems::runtime {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string column(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + " ";
}

Json step_json(const CommandStep& step) {
  Json json{{"command_id", step.id},
            {"state", to_string(step.state)},
            {"message", step.message},
            {"at", io::format_utc(step.at)}};
  if (!step.overruled_by.empty()) json["overruled_by"] = step.overruled_by;
  if (step.shortfall) json["shortfall_w"] = step.shortfall->count();
  return json;
}

/// Digits and symbol of what an alarm compared; nullptr: it compared nothing.
const SignalInfo* signal_of(const alarm::Alarm& alarm) {
  return alarm.signal == Signal{} ? nullptr : find_signal(alarm.signal);
}

std::string value_text(const alarm::Alarm& alarm, const SignalInfo& info) {
  std::array<char, kDecimalTextSize> buffer{};
  return std::string(format_decimal(alarm.value, unit_info(info.unit).digits, buffer));
}

Json alarm_json(const alarm::Alarm& alarm) {
  Json json{{"id", alarm.id},
            {"priority", alarm::priority_of(alarm.severity)},
            {"severity", to_string(alarm.severity)},
            {"asset", to_name(alarm.asset).view()},
            {"name", alarm.name.view()},
            {"state", alarm::to_string(alarm.state())},
            {"count", alarm.count},
            {"raised_at", io::format_utc(alarm.raised_at)},
            {"changed_at", io::format_utc(alarm.changed_at)}};
  if (const SignalInfo* info = signal_of(alarm)) {
    json["signal"] = si_name(*info).view();
    json["value"] = Json::parse(value_text(alarm, *info));
  }
  if (!alarm.acknowledged_by.empty()) json["acknowledged_by"] = alarm.acknowledged_by.view();
  if (alarm.shelved_until) json["shelved_until"] = io::format_utc(*alarm.shelved_until);
  return json;
}

std::string alarm_line(const alarm::Alarm& alarm) {
  std::string line = column(std::to_string(alarm.id), 5) +
                     column(std::string(alarm::priority_of(alarm.severity)), 2) +
                     column(std::string(alarm::to_string(alarm.state())), 22) +
                     column(std::string(to_name(alarm.asset).view()), 12) +
                     std::string(alarm.name.view());
  if (const SignalInfo* info = signal_of(alarm)) {
    line += " " + value_text(alarm, *info);
    const std::string_view symbol = unit_info(info->unit).symbol;
    if (!symbol.empty()) line += " " + std::string(symbol);
  }
  return line;
}

}  // namespace

std::string command_json(const CommandStep& step) { return dump(step_json(step)); }

std::string commands_json(const std::vector<CommandView>& commands) {
  Json list = Json::array();
  for (const CommandView& command : commands) {
    Json item = step_json(command.step);
    item["kind"] = command.kind;
    item["actor"] = command.actor;
    item["origin"] = command.origin == CommandOrigin::local ? "local" : "remote";
    item["received_at"] = io::format_utc(command.received_at);
    list.push_back(std::move(item));
  }
  return dump(list);
}

std::string commands_text(const std::vector<CommandView>& commands) {
  if (commands.empty()) return "no commands yet";
  std::string text;
  for (const CommandView& command : commands) {
    text += column(io::format_utc(command.received_at), 27) +
            column(std::string(to_string(command.step.state)), 9) + column(command.kind, 18) +
            column(command.actor, 16) + command.step.id;
    if (!command.step.message.empty()) text += "  " + command.step.message;
    text += "\n";
  }
  return text;
}

std::string alarms_json(const std::vector<alarm::Alarm>& alarms) {
  Json list = Json::array();
  for (const alarm::Alarm& alarm : alarms) list.push_back(alarm_json(alarm));
  return dump(list);
}

std::string alarms_text(const AlarmsView& view) {
  std::string text;
  for (const alarm::Alarm& alarm : view.alarms) {
    text += alarm_line(alarm) + "  since " + io::format_utc(alarm.raised_at);
    if (alarm.count > 1) text += ", " + std::to_string(alarm.count) + " times";
    if (!alarm.acknowledged_by.empty()) {
      text += ", acknowledged by " + std::string(alarm.acknowledged_by.view());
    }
    if (alarm.shelved_until) text += ", shelved until " + io::format_utc(*alarm.shelved_until);
    text += "\n";
  }
  if (view.dropped != 0) {
    text += std::to_string(view.dropped) + " alarms were given up: the book was full\n";
  }
  return text.empty() ? "no alarms" : text;
}

std::string alarm_history_json(const std::vector<alarm::Change>& changes) {
  Json list = Json::array();
  for (const alarm::Change& change : changes) {
    Json item{{"at", io::format_utc(change.at)},
              {"transition", alarm::to_string(change.transition)}};
    if (!change.actor.empty()) item["actor"] = change.actor.view();
    if (!change.text.empty()) item["text"] = change.text.view();
    item["alarm"] = alarm_json(change.alarm);
    list.push_back(std::move(item));
  }
  return dump(list);
}

std::string alarm_history_text(const std::vector<alarm::Change>& changes) {
  std::string text;
  for (const alarm::Change& change : changes) {
    text += column(io::format_utc(change.at), 27) +
            column(std::string(alarm::to_string(change.transition)), 12) + alarm_line(change.alarm);
    if (!change.actor.empty()) text += "  by " + std::string(change.actor.view());
    if (!change.text.empty()) text += ": " + std::string(change.text.view());
    text += "\n";
  }
  return text.empty() ? "no changes of alarms are stored" : text;
}

}  // namespace ems::runtime
