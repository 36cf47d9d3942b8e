// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/decision_view.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "ems/decision/decision.hpp"
#include "ems/runtime/safety_view.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::runtime {
namespace {

using Json = nlohmann::json;

/// Where an input of the decision comes from, and its unit.
struct InputInfo {
  decision::Input input{};
  Unit unit{};
  Signal signal{};  ///< Signal{}: not from a signal.
  bool of_meter = false;
};
constexpr std::array kInputs{
    InputInfo{decision::Input::pcc_power, Unit::watt, Signal::active_power, true},
    InputInfo{decision::Input::battery_power, Unit::watt, Signal::site_battery_power},
    InputInfo{decision::Input::gated, Unit::watt, Signal::setpoint_power},
    InputInfo{decision::Input::setpoint, Unit::watt},
    InputInfo{decision::Input::frequency, Unit::millihertz, Signal::frequency, true},
    InputInfo{decision::Input::active_power_limit, Unit::watt},
    InputInfo{decision::Input::dimming, Unit::watt},
    InputInfo{decision::Input::remote_setpoint, Unit::watt},
    InputInfo{decision::Input::schedule, Unit::watt},
    InputInfo{decision::Input::wall_clock, Unit::second},
    InputInfo{decision::Input::energy_imported, Unit::watt_hour, Signal::energy_imported, true},
    InputInfo{decision::Input::soc, Unit::basis_points, Signal::soc},
    InputInfo{decision::Input::grid_connected, Unit::boolean, Signal::grid_connected},
    InputInfo{decision::Input::soc_min, Unit::basis_points, Signal::soc},
    InputInfo{decision::Input::soc_max, Unit::basis_points, Signal::soc},
    InputInfo{decision::Input::temperature_min, Unit::millicelsius, Signal::cell_temp_min},
    InputInfo{decision::Input::temperature_max, Unit::millicelsius, Signal::cell_temp_max},
    InputInfo{decision::Input::plan, Unit::watt},
    InputInfo{decision::Input::price, Unit::ratio},
    InputInfo{decision::Input::capacity, Unit::watt_hour},
};

const InputInfo* find_input(std::string_view name) noexcept {
  for (const InputInfo& info : kInputs) {
    if (decision::to_string(info.input) == name) return &info;
  }
  return nullptr;
}

void add_input(std::vector<InputView>& inputs, const decision::InputAge& input,
               const ControlConfig& config) {
  InputView seen;
  seen.name = decision::to_string(input.input);
  if (const InputInfo* info = find_input(seen.name); info != nullptr && info->signal != Signal{}) {
    seen.point = {info->of_meter ? config.pcc_meter.value_or(kSite) : kSite, info->signal, 0};
  }
  seen.value = input.value;
  seen.age = input.age;
  seen.quality = input.quality;
  seen.usable = input.usable;
  const std::string policy(decision::to_string(input.policy));
  for (InputView& other : inputs) {
    if (other.name != seen.name || other.usable != seen.usable) continue;
    other.used_by.push_back(policy);
    return;
  }
  seen.used_by.push_back(policy);
  inputs.push_back(std::move(seen));
}

PolicyView view_of(const decision::PolicyOutput& output) {
  PolicyView view;
  view.policy = decision::to_string(output.demand.policy);
  view.level = decision::to_string(output.demand.level);
  view.status = decision::to_string(output.status);
  if (output.source != decision::LimitSource::none) view.source = to_string(output.source);
  if (output.demand.constraint) {
    view.constraint_lo = output.demand.constraint->lo;
    view.constraint_hi = output.demand.constraint->hi;
  }
  if (output.demand.preference) {
    view.preference_lo = output.demand.preference->lo;
    view.preference_hi = output.demand.preference->hi;
  }
  return view;
}

template <class Command>
LeaseView lease_of(std::string policy, const Command& command, Instant now, const CommandIds& ids) {
  LeaseView view;
  view.policy = std::move(policy);
  view.actor = command.actor.view();
  if (ids) view.id = ids(command.tag);
  view.left = command.lease_end - now;
  return view;
}

void add_leases(std::vector<LeaseView>& leases, const decision::Decision& decision, Instant now,
                const CommandIds& ids) {
  const auto set = [&](const char* policy, const std::optional<decision::SetpointCommand>& one) {
    if (!one || one->lease_end <= now) return;
    leases.push_back(lease_of(policy, *one, now, ids));
    leases.back().power = one->power;
  };
  const auto limit = [&](const char* policy, const std::optional<decision::LimitCommand>& one) {
    if (!one || one->lease_end <= now) return;
    leases.push_back(lease_of(policy, *one, now, ids));
    leases.back().discharge_max = one->limits.discharge_max;
    leases.back().charge_max = one->limits.charge_max;
  };
  limit("active_power_limit", decision.active_power_limit);
  limit("dimming", decision.dimming);
  set("setpoint", decision.setpoint);
  set("remote_setpoint", decision.remote_setpoint);
}

}  // namespace

Unit input_unit(std::string_view name) noexcept {
  const InputInfo* info = find_input(name);
  return info == nullptr ? Unit::count : info->unit;
}

DecisionView make_view(const Tick& tick, const ControlConfig& config, const safety::Latch& latch,
                       UtcInstant at, Instant now, const CommandIds& ids) {
  const decision::Decision& decision = tick.decision;
  const decision::Resolution& resolution = decision.resolution;
  DecisionView view;
  view.at = at;
  view.target = resolution.target;
  view.gated = tick.gated;
  if (resolution.winner) view.winner = decision::to_string(*resolution.winner);
  if (resolution.runner_up) view.runner_up = decision::to_string(*resolution.runner_up);
  view.safety = static_cast<SafetyState>(tick.safety.site);
  view.bounds = envelope_bounds(tick, config, latch);
  for (std::size_t i = 0; i < decision::kLevelCount; ++i) {
    const decision::LevelTrace& trace = resolution.levels[i];
    view.levels.push_back({std::string(decision::to_string(static_cast<decision::Level>(i + 1))),
                           trace.before, trace.after, std::string(decision::to_string(trace.lo_by)),
                           std::string(decision::to_string(trace.hi_by))});
  }
  for (const decision::Conflict& conflict : resolution.conflicts) {
    view.conflicts.push_back({std::string(decision::to_string(conflict.level)),
                              std::string(decision::to_string(conflict.policy)),
                              max_of(conflict.shortfall, conflict.against_itself),
                              std::string(decision::to_string(conflict.bound_by))});
  }
  for (const decision::PolicyOutput& output : decision.policies) {
    view.policies.push_back(view_of(output));
  }
  for (const decision::InputAge& input : decision.inputs) add_input(view.inputs, input, config);
  add_leases(view.leases, decision, now, ids);
  for (std::size_t i = 0; i < tick.orders.size(); ++i) {
    if (!tick.orders[i].command) continue;  // Disarmed: nothing is sent.
    view.orders.push_back({config.safety.inverters[i].asset, *tick.orders[i].command});
  }
  std::array<char, decision::kExplanationSize> text{};
  view.summary = decision::explain(decision, text);
  return view;
}

// ---- the stored record -------------------------------------------------------------------------

namespace {

Json to_json(const Interval& interval) {
  return {{"lo_w", interval.lo.count()}, {"hi_w", interval.hi.count()}};
}
Interval interval_from(const Json& json) {
  return {Watt{json.at("lo_w").get<std::int32_t>()}, Watt{json.at("hi_w").get<std::int32_t>()}};
}

constexpr std::array kCommandKinds{CommandKind::stop, CommandKind::follow, CommandKind::form,
                                   CommandKind::standby, CommandKind::open};
constexpr std::array kSafetyStates{safety::SafetyState::init, safety::SafetyState::normal,
                                   safety::SafetyState::derated, safety::SafetyState::safe,
                                   safety::SafetyState::tripped};

/// The enumerator of a name. Throws Json::exception's kind of fault: the caller says corrupt.
template <class All>
auto named(const All& all, const Json& name) {
  const auto text = name.get<std::string>();
  for (const auto one : all) {
    if (to_string(one) == text) return one;
  }
  throw std::out_of_range(text);
}

AssetId asset_from(const Json& json) {
  const Result<AssetId> asset = parse_asset(json.get<std::string>());
  if (!asset) throw std::out_of_range("asset");
  return *asset;
}

template <class T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_arithmetic_v<T>) {
    json[key] = *value;
  } else {
    json[key] = value->count();
  }
}
void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
std::optional<std::int64_t> integer(const Json& json, const char* key) {
  if (!json.contains(key)) return std::nullopt;
  return json[key].get<std::int64_t>();
}
std::optional<Watt> power(const Json& json, const char* key) {
  if (!json.contains(key)) return std::nullopt;
  return Watt{json[key].get<std::int32_t>()};
}
std::string text(const Json& json, const char* key) { return json.value(key, std::string()); }
Json list(const Json& json, const char* key) { return json.value(key, Json::array()); }

Json to_json(const BoundView& bound) {
  const SafetyReason& because = bound.because;
  Json json{{"side", bound.side},
            {"power_w", bound.power.count()},
            {"asset", to_name(because.asset).view()},
            {"name", because.name},
            {"severity", static_cast<unsigned>(because.severity)},
            {"text", because.text}};
  if (because.signal) json["signal"] = static_cast<unsigned>(*because.signal);
  put(json, "value", because.value);
  put(json, "limit", because.limit);
  if (because.element != 0) json["element"] = because.element;
  put(json, "direction", because.direction);
  return json;
}

BoundView bound_from(const Json& json) {
  BoundView bound;
  bound.side = json.at("side").get<std::string>();
  bound.power = Watt{json.at("power_w").get<std::int32_t>()};
  SafetyReason& because = bound.because;
  because.asset = asset_from(json.at("asset"));
  because.name = json.at("name").get<std::string>();
  because.severity = static_cast<Severity>(json.at("severity").get<std::uint8_t>());
  because.text = json.at("text").get<std::string>();
  if (const auto signal = integer(json, "signal")) {
    because.signal = static_cast<Signal>(static_cast<std::uint16_t>(*signal));
  }
  because.value = integer(json, "value");
  because.limit = integer(json, "limit");
  because.element = json.value("element", std::uint16_t{0});
  because.direction = text(json, "direction");
  return bound;
}

Json to_json(const PolicyView& policy) {
  Json json{{"policy", policy.policy}, {"level", policy.level}, {"status", policy.status}};
  put(json, "source", policy.source);
  put(json, "constraint_lo_w", policy.constraint_lo);
  put(json, "constraint_hi_w", policy.constraint_hi);
  put(json, "preference_lo_w", policy.preference_lo);
  put(json, "preference_hi_w", policy.preference_hi);
  return json;
}

Json to_json(const InputView& input) {
  Json json{{"usable", input.usable}};
  put(json, "name", input.name);
  if (input.point.signal != Signal{}) {
    json["asset"] = to_name(input.point.asset).view();
    json["signal"] = static_cast<unsigned>(input.point.signal);
  }
  if (input.quality) json["quality"] = static_cast<unsigned>(*input.quality);
  put(json, "age_us", input.age);
  put(json, "value", input.value);
  if (!input.used_by.empty()) json["used_by"] = input.used_by;
  return json;
}

InputView input_from(const Json& json) {
  InputView input;
  input.name = text(json, "name");
  if (json.contains("asset")) {
    input.point = {asset_from(json["asset"]),
                   static_cast<Signal>(json.at("signal").get<std::uint16_t>()), 0};
  }
  if (const auto quality = integer(json, "quality")) input.quality = static_cast<Quality>(*quality);
  if (const auto age = integer(json, "age_us")) input.age = microseconds(*age);
  input.value = integer(json, "value");
  input.usable = json.at("usable").get<bool>();
  input.used_by = list(json, "used_by").get<std::vector<std::string>>();
  return input;
}

Json to_json(const LeaseView& lease) {
  Json json{{"policy", lease.policy}, {"actor", lease.actor}, {"left_us", lease.left.count()}};
  put(json, "id", lease.id);
  put(json, "power_w", lease.power);
  put(json, "discharge_max_w", lease.discharge_max);
  put(json, "charge_max_w", lease.charge_max);
  return json;
}

/// Names come from outside: one that is no UTF-8, or was cut inside a character, is no fault here.
std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A record holds kRecordSizeMax bytes. What is told elsewhere too goes first: conflicts beyond the
/// first ones, then the policies that asked for nothing; winner, binders and inputs stay.
std::string fitted(Json json) {
  std::string text = dumped(json);
  const auto cut_from = [&](const char* key, const auto& may_go) {
    Json& items = json[key];
    for (std::size_t i = items.size(); i-- > 0 && text.size() > telemetry::kRecordSizeMax;) {
      if (!may_go(items[i])) continue;
      items.erase(i);
      json["cut"] = true;
      text = dumped(json);
    }
  };
  const auto any = [](const Json&) { return true; };
  cut_from("conflicts", any);
  cut_from("policies", [](const Json& policy) { return policy.size() == 3; });
  cut_from("policies", any);
  cut_from("leases", any);
  return text;
}

}  // namespace

std::string to_record(const DecisionView& view) {
  Json json{{"at_us", view.at.since_epoch().count()},
            {"target_w", view.target.count()},
            {"gated_w", view.gated.count()},
            {"winner", view.winner},
            {"runner_up", view.runner_up},
            {"safety", to_string(static_cast<safety::SafetyState>(view.safety))},
            {"summary", view.summary},
            {"bounds", Json::array()},
            {"levels", Json::array()},
            {"conflicts", Json::array()},
            {"policies", Json::array()},
            {"inputs", Json::array()},
            {"leases", Json::array()},
            {"orders", Json::array()}};
  for (const BoundView& bound : view.bounds) json["bounds"].push_back(to_json(bound));
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
                                 {"shortfall_w", conflict.shortfall.count()},
                                 {"bound_by", conflict.bound_by}});
  }
  for (const PolicyView& policy : view.policies) json["policies"].push_back(to_json(policy));
  for (const InputView& input : view.inputs) json["inputs"].push_back(to_json(input));
  for (const LeaseView& lease : view.leases) json["leases"].push_back(to_json(lease));
  for (const OrderView& order : view.orders) {
    json["orders"].push_back({{"asset", to_name(order.inverter).view()},
                              {"kind", to_string(order.command.kind)},
                              {"p_w", order.command.p.count()},
                              {"q_var", order.command.q.count()}});
  }
  return fitted(std::move(json));
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
    if (json.contains("safety")) {
      view.safety = static_cast<SafetyState>(named(kSafetyStates, json["safety"]));
    }
    for (const Json& bound : list(json, "bounds")) view.bounds.push_back(bound_from(bound));
    for (const Json& level : json.at("levels")) {
      view.levels.push_back({level.at("level").get<std::string>(),
                             interval_from(level.at("before")), interval_from(level.at("after")),
                             level.at("lo_by").get<std::string>(),
                             level.at("hi_by").get<std::string>()});
    }
    for (const Json& conflict : json.at("conflicts")) {
      view.conflicts.push_back(
          {conflict.at("level").get<std::string>(), conflict.at("policy").get<std::string>(),
           Watt{conflict.at("shortfall_w").get<std::int32_t>()}, text(conflict, "bound_by")});
    }
    for (const Json& item : list(json, "policies")) {
      view.policies.push_back({item.at("policy").get<std::string>(),
                               item.at("level").get<std::string>(),
                               item.at("status").get<std::string>(), text(item, "source"),
                               power(item, "constraint_lo_w"), power(item, "constraint_hi_w"),
                               power(item, "preference_lo_w"), power(item, "preference_hi_w")});
    }
    for (const Json& input : json.at("inputs")) view.inputs.push_back(input_from(input));
    for (const Json& item : list(json, "leases")) {
      view.leases.push_back(
          {item.at("policy").get<std::string>(), item.at("actor").get<std::string>(),
           text(item, "id"), microseconds(item.at("left_us").get<std::int64_t>()),
           power(item, "power_w"), power(item, "discharge_max_w"), power(item, "charge_max_w")});
    }
    for (const Json& order : json.at("orders")) {
      view.orders.push_back(
          {asset_from(order.at("asset")),
           {named(kCommandKinds, order.at("kind")), Watt{order.at("p_w").get<std::int32_t>()},
            Var{order.at("q_var").get<std::int32_t>()}}});
    }
    return view;
  } catch (const Json::exception&) {
    return fail(Errc::corrupt, 0, "decision record: a field is missing or has another type");
  } catch (const std::out_of_range&) {
    return fail(Errc::corrupt, 0, "decision record: a name that means nothing");
  }
}

}  // namespace ems::runtime
