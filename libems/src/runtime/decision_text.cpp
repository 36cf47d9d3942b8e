// SPDX-License-Identifier: Apache-2.0
// A decision in words and in the JSON for people.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "ems/core/decimal.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/safety_view.hpp"
#include "runtime/reason_json.hpp"

namespace ems::runtime {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
/// Decisions are stored at least this often; a longer silence is worth a word.
constexpr Duration kStoredAtLeast = seconds(65);

std::string line(std::string_view label, const std::string& text) {
  std::string out = "  ";
  out += label;
  out.append(label.size() < 12 ? 12 - label.size() : 1, ' ');
  return out + text + "\n";
}

std::string interval_text(const Interval& interval) {
  return "[" + power_text(interval.lo) + ", " + power_text(interval.hi) + "]";
}

/// "charging 2 kW", "discharging 950 W", "idle".
std::string movement(Watt power) {
  if (power == Watt{}) return "idle";
  const bool out = power > Watt{};
  return (out ? "discharging " : "charging ") + power_text(out ? power : -power);
}

/// Tenths of a second below a minute; else minutes, or hours and minutes.
std::string span_text(Duration span) {
  const std::int64_t total = span.count() / kMicrosPerSecond;
  if (total < 60) {
    std::array<char, kDecimalTextSize> buffer{};
    return std::string(format_decimal(span.count() / (kMicrosPerSecond / 10), 1, buffer)) + " s";
  }
  if (total < 3600) {
    return std::to_string(total / 60) + " min " + std::to_string(total % 60) + " s";
  }
  return std::to_string(total / 3600) + " h " + std::to_string(total / 60 % 60) + " min";
}

std::string headline(const DecisionView& view) {
  std::string text = io::format_utc(view.at) + ": " + movement(view.target);
  if (!view.winner.empty()) text += ", decided by " + view.winner;
  if (view.orders.empty()) {
    text += "; nothing is sent (control is disarmed, or there is no inverter)";
  } else if (view.gated != view.target) {
    text += "; sent: " + movement(view.gated) + " (what safety lets through)";
  }
  return text + "\n";
}

std::string safety_lines(const DecisionView& view) {
  std::string state(safety::to_string(static_cast<safety::SafetyState>(view.safety)));
  std::string text = line("safety", state);
  for (const BoundView& bound : view.bounds) {
    const Watt power = bound.power < Watt{} ? -bound.power : bound.power;
    const bool forced = bound.side == "charge" ? bound.power > Watt{} : bound.power < Watt{};
    const std::string limit = forced ? "at least " + power_text(power) +
                                           (bound.side == "charge" ? " discharge" : " charge")
                                     : "at most " + power_text(power) + " " + bound.side;
    text += line("", "allows " + limit + ": " + reason_text(bound.because));
  }
  return text;
}

/// What each level that moved something left, and by whom.
std::string narrowed(const DecisionView& view) {
  std::string text;
  for (const LevelView& level : view.levels) {
    if (level.before == level.after) continue;
    if (!text.empty()) text += "; ";
    text += level.level + " leaves " + interval_text(level.after) + " (" + level.lo_bound_by;
    if (level.hi_bound_by != level.lo_bound_by) text += " / " + level.hi_bound_by;
    text += ")";
  }
  return text.empty() ? "nobody narrowed what safety allows" : text;
}

std::string number_text(Unit unit, std::int64_t value) {
  if (unit == Unit::watt && std::abs(value) < std::int64_t{1} << 31) {
    return power_text(Watt{static_cast<std::int32_t>(value)});
  }
  if (unit == Unit::boolean) return value != 0 ? "yes" : "no";
  std::array<char, kDecimalTextSize> buffer{};
  const UnitInfo& info = unit_info(unit);
  std::string text(format_decimal(value, info.digits, buffer));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  if (!info.symbol.empty()) text += (info.symbol == "%" ? "" : " ") + std::string(info.symbol);
  return text;
}

std::string name_of(const InputView& input) {
  if (!input.name.empty()) return input.name;
  const SignalInfo* info = find_signal(input.point.signal);
  return info == nullptr ? "unknown" : std::string(info->name);
}

Unit unit_of(const InputView& input) {
  if (!input.name.empty()) return input_unit(input.name);
  const SignalInfo* info = find_signal(input.point.signal);
  return info == nullptr ? Unit::count : info->unit;
}

/// How a person calls an input.
std::string words_of(const InputView& input) {
  std::string name = name_of(input);
  if (name == "pcc_power") return "grid power";
  if (name == "gated") return "last sent";
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

/// Usable ones with value and age; then the others. What nobody gave is not told.
std::string inputs(const DecisionView& view) {
  std::string usable;
  std::string lost;
  for (const InputView& input : view.inputs) {
    if (input.usable) {
      usable += (usable.empty() ? "" : "; ") + words_of(input);
      if (input.name == "wall_clock") continue;
      if (input.value) usable += " " + number_text(unit_of(input), *input.value);
      if (input.age) usable += ", " + span_text(*input.age) + " old";
    } else if (input.age || input.point.signal != Signal{}) {
      lost += (lost.empty() ? "" : ", ") + words_of(input);
      if (input.age) lost += " (" + span_text(*input.age) + " old)";
    }
  }
  if (usable.empty()) usable = "none";
  return lost.empty() ? usable : usable + "; not usable: " + lost;
}

std::string leases(const DecisionView& view) {
  std::string text;
  for (const LeaseView& lease : view.leases) {
    if (!text.empty()) text += "; ";
    text += lease.policy;
    if (lease.power) text += " " + movement(*lease.power);
    if (lease.discharge_max) text += " <= " + power_text(*lease.discharge_max) + " discharge";
    if (lease.charge_max) text += " <= " + power_text(*lease.charge_max) + " charge";
    text += " of " + lease.actor + ", " + span_text(lease.left) + " left";
    if (!lease.id.empty()) text += ", id " + lease.id;
  }
  return text;
}

std::string orders(const DecisionView& view) {
  std::string text;
  for (const OrderView& order : view.orders) {
    if (!text.empty()) text += "; ";
    text += std::string(to_name(order.inverter).view()) + " " +
            std::string(to_string(order.command.kind));
    if (order.command.kind == CommandKind::follow) text += " " + power_text(order.command.p);
  }
  return text;
}

// ---- JSON --------------------------------------------------------------------------------------

/// An exact number: the double nearest to a short decimal prints as that decimal again.
Json number(std::int64_t value, int digits) {
  if (digits == 0) return value;
  std::array<char, kDecimalTextSize> buffer{};
  return Json::parse(format_decimal(value, digits, buffer));
}

Json in_unit(Unit unit, std::int64_t value) {
  if (unit == Unit::boolean) return value != 0;
  return number(value, unit_info(unit).digits);
}

Json seconds_json(Duration span) { return number(span.count(), 6); }

Json interval_json(const Interval& interval) {
  return {{"lo_w", interval.lo.count()}, {"hi_w", interval.hi.count()}};
}

Json word(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

void put_power(Json& json, const char* key, const std::optional<Watt>& power) {
  if (power) json[key] = power->count();
}

Json bound_json(const BoundView& bound) {
  Json json{{"side", bound.side}, {"power_w", bound.power.count()}};
  json.update(reason_json(bound.because));
  return json;
}

Json policy_json(const PolicyView& policy) {
  Json json{{"policy", policy.policy}, {"level", policy.level}, {"status", policy.status}};
  if (!policy.source.empty()) json["source"] = policy.source;
  const auto band = [&json](const char* key, const std::optional<Watt>& lo,
                            const std::optional<Watt>& hi) {
    if (!lo && !hi) return;
    Json& one = json[key] = Json::object();
    put_power(one, "lo_w", lo);
    put_power(one, "hi_w", hi);
  };
  band("constraint", policy.constraint_lo, policy.constraint_hi);
  band("preference", policy.preference_lo, policy.preference_hi);
  return json;
}

Json input_json(const InputView& input) {
  const Unit unit = unit_of(input);
  Json json{{"name", name_of(input)}, {"usable", input.usable}};
  if (input.point.signal != Signal{}) json["asset"] = to_name(input.point.asset).view();
  const std::string key = "value" + std::string(unit_info(unit).si_suffix);
  json[key] = input.value ? in_unit(unit, *input.value) : Json(nullptr);
  json["age_s"] = input.age ? seconds_json(*input.age) : Json(nullptr);
  if (input.quality) json["quality"] = to_string(*input.quality);
  json["used_by"] = input.used_by;
  return json;
}

Json lease_json(const LeaseView& lease) {
  Json json{{"policy", lease.policy},
            {"actor", lease.actor},
            {"id", word(lease.id)},
            {"left_s", seconds_json(lease.left)}};
  put_power(json, "power_w", lease.power);
  put_power(json, "discharge_max_w", lease.discharge_max);
  put_power(json, "charge_max_w", lease.charge_max);
  return json;
}

Json view_json(const DecisionView& view) {
  Json json{{"at", io::format_utc(view.at)},
            {"target_w", view.target.count()},
            {"gated_w", view.gated.count()},
            {"winner", word(view.winner)},
            {"runner_up", word(view.runner_up)},
            {"summary", view.summary},
            {"safety", safety::to_string(static_cast<safety::SafetyState>(view.safety))},
            {"bounds", Json::array()},
            {"levels", Json::array()},
            {"conflicts", Json::array()},
            {"policies", Json::array()},
            {"inputs", Json::array()},
            {"commands", Json::array()},
            {"orders", Json::array()}};
  for (const BoundView& bound : view.bounds) json["bounds"].push_back(bound_json(bound));
  for (const LevelView& level : view.levels) {
    json["levels"].push_back({{"level", level.level},
                              {"before", interval_json(level.before)},
                              {"after", interval_json(level.after)},
                              {"lo_by", level.lo_bound_by},
                              {"hi_by", level.hi_bound_by}});
  }
  for (const ConflictView& conflict : view.conflicts) {
    json["conflicts"].push_back({{"level", conflict.level},
                                 {"policy", conflict.policy},
                                 {"shortfall_w", conflict.shortfall.count()},
                                 {"bound_by", word(conflict.bound_by)}});
  }
  for (const PolicyView& policy : view.policies) json["policies"].push_back(policy_json(policy));
  for (const InputView& input : view.inputs) json["inputs"].push_back(input_json(input));
  for (const LeaseView& lease : view.leases) json["commands"].push_back(lease_json(lease));
  for (const OrderView& order : view.orders) {
    json["orders"].push_back({{"asset", to_name(order.inverter).view()},
                              {"kind", to_string(order.command.kind)},
                              {"p_w", order.command.p.count()},
                              {"q_var", order.command.q.count()}});
  }
  return json;
}

std::string past(const Explanation& explanation) {
  const UtcInstant stored = explanation.decision.at;
  const Duration since = *explanation.asked - stored;
  std::string text = span_text(since) + " before " + io::format_utc(*explanation.asked);
  if (since > kStoredAtLeast) {
    text += "; nothing is stored after it, so the agent did not run for most of that time";
  } else {
    text += "; in force until then";
  }
  std::string lines = line("stored", text);
  std::string events;
  if (explanation.happened_before > 0) {
    events = std::to_string(explanation.happened_before) + " earlier; ";
  }
  for (const Happening& one : explanation.happened) {
    if (&one != &explanation.happened.front()) events += "; ";
    events += io::format_utc(one.at) + " " + one.text;
  }
  return explanation.happened.empty() ? lines : lines + line("meanwhile", events);
}

}  // namespace

std::string power_text(Watt power) {
  std::array<char, kDecimalTextSize> buffer{};
  if (std::abs(std::int64_t{power.count()}) < 1000) return std::to_string(power.count()) + " W";
  return std::string(format_decimal(power.count(), 3, buffer)) + " kW";
}

std::string explain(const DecisionView& view) {
  std::string text = headline(view) + line("because", view.summary) + safety_lines(view);
  text += line("narrowed", narrowed(view));
  text += line("inputs", inputs(view));
  if (!view.leases.empty()) text += line("commands", leases(view));
  if (!view.orders.empty()) text += line("orders", orders(view));
  return text;
}

std::string explain(const Explanation& explanation) {
  return explain(explanation.decision) + (explanation.asked ? past(explanation) : "");
}

std::string decision_json(const DecisionView& view) {
  return view_json(view).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string explanation_json(const Explanation& explanation) {
  Json json = view_json(explanation.decision);
  if (explanation.asked) {
    json["asked"] = io::format_utc(*explanation.asked);
    json["happened"] = Json::array();
    for (const Happening& one : explanation.happened) {
      json["happened"].push_back({{"at", io::format_utc(one.at)}, {"text", one.text}});
    }
    json["happened_before"] = explanation.happened_before;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ems::runtime
