// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/decision_view.hpp"

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "ems/core/decimal.hpp"
#include "ems/decision/decision.hpp"

namespace ems::runtime {
namespace {

using Json = nlohmann::json;

Json to_json(const Interval& interval) {
  return {{"lo_w", interval.lo.count()}, {"hi_w", interval.hi.count()}};
}
Interval interval_from(const Json& json) {
  return {Watt{json.at("lo_w").get<std::int32_t>()}, Watt{json.at("hi_w").get<std::int32_t>()}};
}

/// Point whose sample an input of the decision is.
Point point_of(decision::Input input, const ControlConfig& config) {
  switch (input) {
    case decision::Input::pcc_power:
      return {config.pcc_meter.value_or(kSite), Signal::active_power, 0};
    case decision::Input::battery_power:
      return {kSite, Signal::site_battery_power, 0};
    case decision::Input::gated:
    case decision::Input::setpoint:
      break;
  }
  return {kSite, Signal::setpoint_power, 0};
}

std::string line(std::string_view label, const std::string& text) {
  std::string out = "  ";
  out += label;
  out.append(label.size() < 14 ? 14 - label.size() : 1, ' ');
  return out + text + "\n";
}

std::string interval_text(const Interval& interval) {
  return "[" + power_text(interval.lo) + ", " + power_text(interval.hi) + "]";
}

Result<CommandKind> command_kind(std::string_view name) {
  for (const CommandKind kind : {CommandKind::stop, CommandKind::follow, CommandKind::form,
                                 CommandKind::standby, CommandKind::open}) {
    if (to_string(kind) == name) return kind;
  }
  return fail(Errc::corrupt, 0, "decision record: unknown command");
}

}  // namespace

std::string power_text(Watt power) {
  std::array<char, kDecimalTextSize> buffer{};
  if (std::abs(std::int64_t{power.count()}) < 1000) return std::to_string(power.count()) + " W";
  return std::string(format_decimal(power.count(), 3, buffer)) + " kW";
}

DecisionView make_view(const Tick& tick, const ControlConfig& config, UtcInstant at, Instant now) {
  const decision::Decision& decision = tick.decision;
  const decision::Resolution& resolution = decision.resolution;
  DecisionView view;
  view.at = at;
  view.target = resolution.target;
  view.gated = tick.gated;
  if (resolution.winner) view.winner = decision::to_string(*resolution.winner);
  if (resolution.runner_up) view.runner_up = decision::to_string(*resolution.runner_up);
  for (std::size_t i = 0; i < decision::kLevelCount; ++i) {
    const decision::LevelTrace& trace = resolution.levels[i];
    view.levels.push_back({std::string(decision::to_string(static_cast<decision::Level>(i + 1))),
                           trace.before, trace.after, std::string(decision::to_string(trace.lo_by)),
                           std::string(decision::to_string(trace.hi_by))});
  }
  for (const decision::Conflict& conflict : resolution.conflicts) {
    view.conflicts.push_back({std::string(decision::to_string(conflict.level)),
                              std::string(decision::to_string(conflict.policy)),
                              max_of(conflict.shortfall, conflict.against_itself)});
  }
  for (const decision::InputAge& input : decision.inputs) {
    InputView seen;
    seen.point = point_of(input.input, config);
    seen.age = input.age;
    seen.usable = input.usable;
    view.inputs.push_back(seen);
  }
  for (std::size_t i = 0; i < tick.orders.size(); ++i) {
    if (!tick.orders[i].command) continue;  // Disarmed: nothing is sent.
    view.orders.push_back({config.safety.inverters[i].asset, *tick.orders[i].command});
  }
  if (decision.setpoint && decision.setpoint->lease_end > now) {
    view.setpoint = SetpointView{decision.setpoint->power, decision.setpoint->lease_end - now,
                                 std::string(decision.setpoint->actor.view())};
  }
  std::array<char, decision::kExplanationSize> text{};
  view.summary = decision::explain(decision, text);
  return view;
}

std::string to_record(const DecisionView& view) {
  Json json{{"at_us", view.at.since_epoch().count()},
            {"target_w", view.target.count()},
            {"gated_w", view.gated.count()},
            {"winner", view.winner},
            {"runner_up", view.runner_up},
            {"summary", view.summary},
            {"levels", Json::array()},
            {"conflicts", Json::array()},
            {"inputs", Json::array()},
            {"orders", Json::array()}};
  for (const LevelView& level : view.levels) {
    json["levels"].push_back({{"level", level.level},
                              {"before", to_json(level.before)},
                              {"after", to_json(level.after)},
                              {"lo_by", level.lo_bound_by},
                              {"hi_by", level.hi_bound_by}});
  }
  for (const ConflictView& conflict : view.conflicts) {
    json["conflicts"].push_back({{"level", conflict.level},
                                 {"policy", conflict.policy},
                                 {"shortfall_w", conflict.shortfall.count()}});
  }
  for (const InputView& input : view.inputs) {
    Json item{{"asset", to_name(input.point.asset).view()},
              {"signal", static_cast<unsigned>(input.point.signal)},
              {"usable", input.usable}};
    if (input.quality) item["quality"] = static_cast<unsigned>(*input.quality);
    if (input.age) item["age_us"] = input.age->count();
    if (input.value) item["value"] = *input.value;
    json["inputs"].push_back(std::move(item));
  }
  for (const OrderView& order : view.orders) {
    json["orders"].push_back({{"asset", to_name(order.inverter).view()},
                              {"kind", to_string(order.command.kind)},
                              {"p_w", order.command.p.count()},
                              {"q_var", order.command.q.count()}});
  }
  if (view.setpoint) {
    json["setpoint"] = {{"power_w", view.setpoint->power.count()},
                        {"lease_left_us", view.setpoint->lease_left.count()},
                        {"actor", view.setpoint->actor}};
  }
  return json.dump();
}

Result<DecisionView> from_record(std::string_view record) {
  const Json json = Json::parse(record, nullptr, false);
  if (!json.is_object()) return fail(Errc::corrupt, 0, "decision record: not a JSON object");
  try {
    DecisionView view;
    view.at = UtcInstant{microseconds(json.at("at_us").get<std::int64_t>())};
    view.target = Watt{json.at("target_w").get<std::int32_t>()};
    view.gated = Watt{json.at("gated_w").get<std::int32_t>()};
    view.winner = json.at("winner").get<std::string>();
    view.runner_up = json.at("runner_up").get<std::string>();
    view.summary = json.at("summary").get<std::string>();
    for (const Json& level : json.at("levels")) {
      view.levels.push_back({level.at("level").get<std::string>(),
                             interval_from(level.at("before")), interval_from(level.at("after")),
                             level.at("lo_by").get<std::string>(),
                             level.at("hi_by").get<std::string>()});
    }
    for (const Json& conflict : json.at("conflicts")) {
      view.conflicts.push_back({conflict.at("level").get<std::string>(),
                                conflict.at("policy").get<std::string>(),
                                Watt{conflict.at("shortfall_w").get<std::int32_t>()}});
    }
    for (const Json& input : json.at("inputs")) {
      const Result<AssetId> asset = parse_asset(input.at("asset").get<std::string>());
      if (!asset) return fail(Errc::corrupt, 0, "decision record: bad asset");
      InputView seen;
      seen.point = {*asset, static_cast<Signal>(input.at("signal").get<std::uint16_t>()), 0};
      if (input.contains("quality")) {
        seen.quality = static_cast<Quality>(input["quality"].get<std::uint8_t>());
      }
      seen.usable = input.at("usable").get<bool>();
      if (input.contains("age_us")) seen.age = microseconds(input["age_us"].get<std::int64_t>());
      if (input.contains("value")) seen.value = input["value"].get<std::int64_t>();
      view.inputs.push_back(seen);
    }
    for (const Json& order : json.at("orders")) {
      const Result<AssetId> asset = parse_asset(order.at("asset").get<std::string>());
      const Result<CommandKind> kind = command_kind(order.at("kind").get<std::string>());
      if (!asset || !kind) return fail(Errc::corrupt, 0, "decision record: bad order");
      view.orders.push_back({*asset,
                             {*kind, Watt{order.at("p_w").get<std::int32_t>()},
                              Var{order.at("q_var").get<std::int32_t>()}}});
    }
    if (json.contains("setpoint")) {
      const Json& setpoint = json["setpoint"];
      view.setpoint = SetpointView{Watt{setpoint.at("power_w").get<std::int32_t>()},
                                   microseconds(setpoint.at("lease_left_us").get<std::int64_t>()),
                                   setpoint.at("actor").get<std::string>()};
    }
    return view;
  } catch (const Json::exception&) {
    return fail(Errc::corrupt, 0, "decision record: a field is missing or has another type");
  }
}

std::string explain(const DecisionView& view) {
  std::string text = view.summary + "\n";
  text += line("target", power_text(view.target));
  text += line("sent", power_text(view.gated));
  text += line("winner", view.winner.empty() ? "none (idle)" : view.winner);
  text += line("runner-up", view.runner_up.empty() ? "none" : view.runner_up);
  for (const LevelView& level : view.levels) {
    text += line(level.level, interval_text(level.before) + " -> " + interval_text(level.after) +
                                  ", bound by " + level.lo_bound_by + " / " + level.hi_bound_by);
  }
  for (const ConflictView& conflict : view.conflicts) {
    text += line("conflict", conflict.policy + " (" + conflict.level + ") falls short by " +
                                 power_text(conflict.shortfall));
  }
  for (const InputView& input : view.inputs) {
    const SignalInfo* info = find_signal(input.point.signal);
    std::string words = std::string(to_name(input.point.asset).view()) + " " +
                        std::string(info != nullptr ? info->name : "unknown");
    words += input.age ? ", " + std::to_string(input.age->count() / 1000) + " ms old" : ", absent";
    words += input.usable ? "" : ", not usable";
    text += line("input", words);
  }
  for (const OrderView& order : view.orders) {
    std::string words = std::string(to_name(order.inverter).view()) + " " +
                        std::string(to_string(order.command.kind));
    if (order.command.kind == CommandKind::follow) words += " " + power_text(order.command.p);
    text += line("order", words);
  }
  return text;
}

}  // namespace ems::runtime
