// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/command_book.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ems/core/assert.hpp"
#include "ems/core/decimal.hpp"
#include "ems/runtime/decision_view.hpp"

namespace ems::runtime {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kActorMax = alarm::kActorMax;
constexpr std::size_t kReasonMax = 256;

/// Words that go into records and logs: bounded, one line, no quotes.
Result<void> check_words(std::string_view text, std::size_t max, const char* too_long) {
  if (text.size() > max) return fail(Errc::invalid_argument, static_cast<unsigned>(max), too_long);
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '"') {
      return fail(Errc::invalid_argument, 0, "control characters and quotes are not taken");
    }
  }
  return {};
}

Result<void> check_lease(Duration lease) {
  if (lease > Duration::zero()) return {};
  return fail(Errc::invalid_argument, 0, "it needs a lease above 0 s");
}

/// Beyond it limits are no matter of a command.
constexpr Duration kBatteryLeaseMax = seconds(86'400);

struct Check {
  Result<void> operator()(const SetpointAction& action) const { return check_lease(action.lease); }
  Result<void> operator()(const ClearSetpointAction&) const { return {}; }
  Result<void> operator()(const ActivePowerLimitAction& action) const {
    const bool negative = action.discharge_max.value_or(Watt{}) < Watt{} ||
                          action.charge_max.value_or(Watt{}) < Watt{};
    if (negative) return fail(Errc::invalid_argument, 0, "a limit is a magnitude: 0 W or more");
    return check_lease(action.lease);
  }
  Result<void> operator()(const DimmingAction& action) const {
    if (action.charge_max.value_or(Watt{}) < Watt{}) {
      return fail(Errc::invalid_argument, 0, "a limit is a magnitude: 0 W or more");
    }
    return check_lease(action.lease);
  }
  Result<void> operator()(const EmergencyStopAction& action) const {
    return check_words(action.reason, kReasonMax, "the reason is longer than 256 bytes");
  }
  Result<void> operator()(const ResetAction& action) const {
    if (action.cause.empty()) return fail(Errc::invalid_argument, 0, "a reset needs a cause");
    return check_words(action.cause, kReasonMax, "the cause is longer than 256 bytes");
  }
  Result<void> operator()(const AcknowledgeAlarmAction& action) const {
    return check_words(action.comment, alarm::kTextMax, "the comment is longer than 128 bytes");
  }
  Result<void> operator()(const ShelveAlarmAction& action) const {
    return check_words(action.reason, alarm::kTextMax, "the reason is longer than 128 bytes");
  }
  Result<void> operator()(const BatterySwitchAction&) const { return {}; }
  Result<void> operator()(const BatteryLimitsAction& action) const {
    const protocol::LimitCommand& limits = action.limits;
    if (limits.charge_current < MilliAmp{} || limits.discharge_current < MilliAmp{} ||
        limits.discharge_voltage < MilliVolt{}) {
      return fail(Errc::invalid_argument, 0, "a battery's limits are 0 or more");
    }
    if (limits.charge_voltage <= limits.discharge_voltage) {
      return fail(Errc::invalid_argument, 0,
                  "the charge voltage limit has to be above the discharge voltage limit");
    }
    if (action.lease > kBatteryLeaseMax) {
      return fail(Errc::invalid_argument, 0, "a battery's limits last for at most one day");
    }
    return check_lease(action.lease);
  }
  Result<void> operator()(const BatteryBalanceAction&) const { return {}; }
};

std::string seconds_text(Duration duration) {
  return std::to_string(duration.count() / 1'000'000) + " s";
}
std::string limit_text(const std::optional<Watt>& limit) {
  return limit ? power_text(*limit) : std::string("free");
}

std::string milli_text(std::int64_t milli, const char* unit) {
  std::array<char, kDecimalTextSize> buffer{};
  return std::string(format_decimal(milli, 3, buffer)) + unit;
}
std::string battery_text(std::uint16_t id) { return "battery " + std::to_string(id) + ": "; }
const char* on_off(bool on) { return on ? "on" : "off"; }

struct Words {
  std::string operator()(const SetpointAction& action) const {
    return power_text(action.power) + " for " + seconds_text(action.lease);
  }
  std::string operator()(const ClearSetpointAction&) const { return "take it back"; }
  std::string operator()(const ActivePowerLimitAction& action) const {
    return "discharge " + limit_text(action.discharge_max) + ", charge " +
           limit_text(action.charge_max) + " for " + seconds_text(action.lease);
  }
  std::string operator()(const DimmingAction& action) const {
    return "charge " + limit_text(action.charge_max) + " for " + seconds_text(action.lease);
  }
  std::string operator()(const EmergencyStopAction& action) const { return action.reason; }
  std::string operator()(const ResetAction& action) const { return action.cause; }
  std::string operator()(const AcknowledgeAlarmAction& action) const {
    std::string text = "alarm " + std::to_string(action.alarm);
    return action.comment.empty() ? text : text + ": " + action.comment;
  }
  std::string operator()(const ShelveAlarmAction& action) const {
    const std::string text = "alarm " + std::to_string(action.alarm);
    if (action.duration == Duration::zero()) return text + " back into sight";
    return text + " for " + seconds_text(action.duration) + ": " + action.reason;
  }
  std::string operator()(const BatterySwitchAction& action) const {
    return battery_text(action.battery) + "charge " + on_off(action.outputs.charge_on) +
           ", discharge " + on_off(action.outputs.discharge_on);
  }
  std::string operator()(const BatteryLimitsAction& action) const {
    const protocol::LimitCommand& limits = action.limits;
    return battery_text(action.battery) + "charge to " +
           milli_text(limits.charge_voltage.count(), " V with ") +
           milli_text(limits.charge_current.count(), " A, discharge to ") +
           milli_text(limits.discharge_voltage.count(), " V with ") +
           milli_text(limits.discharge_current.count(), " A for ") + seconds_text(action.lease);
  }
  std::string operator()(const BatteryBalanceAction& action) const {
    return battery_text(action.battery) + "balancing " + on_off(action.balancing.on);
  }
};

/// At most `max` bytes, and no half of a UTF-8 character: protobuf refuses a message with one.
std::string cut(std::string text, std::size_t max = kCommandTextMax) {
  if (text.size() <= max) return text;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (max > 0 && continues(text[max])) --max;
  text.resize(max);
  return text;
}

/// Words of an emergency stop, made what check_words() takes.
std::string tidied_words(std::string text, std::size_t max) {
  for (char& c : text) {
    if (c == '"') c = '\'';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return cut(std::move(text), max);
}

Result<void> check_id(std::string_view id) {
  if (id.size() > kCommandIdMax) {
    return fail(Errc::invalid_argument, kCommandIdMax, "a command's id is longer than 64 bytes");
  }
  for (const char c : id) {
    if (c <= 0x20 || c >= 0x7F || c == '"' || c == '\\') {
      return fail(Errc::invalid_argument, 0, "a command's id is of printable characters");
    }
  }
  return {};
}

/// FNV-1a.
std::uint64_t hash_of(std::string_view id) noexcept {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
  return hash;
}

/// What a battery was told stays, also when nobody waits for its answer any more.
bool stays(std::string_view kind) {
  return kind == kind_of(BatterySwitchAction{}) || kind == kind_of(BatteryBalanceAction{});
}

bool is_stop(const Command& command) noexcept {
  return std::holds_alternative<EmergencyStopAction>(command.action);
}

}  // namespace

std::string_view kind_of(const CommandAction& action) noexcept {
  constexpr std::array<std::string_view, std::variant_size_v<CommandAction>> kKinds{
      "set_setpoint",   "clear_setpoint",    "emergency_stop", "active_power_limit",
      "dimming",        "acknowledge_alarm", "shelve_alarm",   "reset",
      "battery_switch", "battery_limits",    "battery_balance"};
  return kKinds[action.index()];
}

std::string_view to_string(CommandState state) noexcept {
  switch (state) {
    case CommandState::queued:
      return "queued";
    case CommandState::sent:
      return "sent";
    case CommandState::accepted:
      return "accepted";
    case CommandState::rejected:
      return "rejected";
    case CommandState::expired:
      return "expired";
    case CommandState::executing:
      return "executing";
    case CommandState::done:
      return "done";
    case CommandState::failed:
      return "failed";
  }
  return "unknown";
}

std::string text_of(const CommandAction& action) { return cut(std::visit(Words{}, action)); }

Command tidied(Command command) {
  auto* stop = std::get_if<EmergencyStopAction>(&command.action);
  if (stop == nullptr) return command;
  if (!check_id(command.id)) command.id.clear();
  command.actor = tidied_words(std::move(command.actor), kActorMax);
  if (command.actor.empty()) command.actor = "unknown";
  command.ttl = min_of(command.ttl, kCommandTtlMax);
  stop->reason = tidied_words(std::move(stop->reason), kReasonMax);
  return command;
}

Result<void> check_command(const Command& command) {
  if (Result<void> id = check_id(command.id); !id) return id;
  if (command.actor.empty()) return fail(Errc::invalid_argument, 0, "a command needs an actor");
  if (const auto actor =
          check_words(command.actor, kActorMax, "the actor's name is longer than 48 bytes");
      !actor) {
    return actor;
  }
  if (command.ttl > kCommandTtlMax) {
    return fail(Errc::invalid_argument, 0, "a command lives for at most one hour");
  }
  return std::visit(Check{}, command.action);
}

const CommandBook::Entry* CommandBook::entry(std::string_view id) const noexcept {
  const auto at =
      std::ranges::find_if(entries_, [id](const Entry& entry) { return entry.view.step.id == id; });
  return at == entries_.end() ? nullptr : &*at;
}

const CommandView* CommandBook::find(std::string_view id) const noexcept {
  const Entry* found = entry(id);
  return found == nullptr ? nullptr : &found->view;
}

Result<std::optional<CommandStep>> CommandBook::known(const Command& command, Instant now) const {
  const Entry* first = entry(command.id);
  if (first == nullptr) {
    const bool acted = std::ranges::any_of(forgotten_, [&](const Forgotten& one) {
      return one.until > now && one.hash == hash_of(command.id);
    });
    if (!acted || is_stop(command)) return std::optional<CommandStep>{};
    return fail(Errc::already_exists, 0, "it came before; what became of it is no longer known");
  }
  if (is_stop(command) && is_final(first->view.step.state) && first->forget_after <= now) {
    return std::optional<CommandStep>{};
  }
  const bool same = first->view.kind == kind_of(command.action) &&
                    first->view.actor == command.actor && first->asked == text_of(command.action);
  if (!same) return fail(Errc::already_exists, 0, "this id belongs to another command");
  if (first->refused) return fail(*first->refused, 0, "it was refused when it first came");
  return std::optional(first->view.step);
}

bool CommandBook::make_room(const Command& command, Instant now) {
  if (entries_.size() < kCommandsMax) return true;
  const auto ended = [](const Entry& entry) { return is_final(entry.view.step.state); };
  auto oldest = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return ended(entry) && entry.forget_after <= now; });
  if (oldest == entries_.end()) {
    oldest = std::ranges::find_if(entries_, ended);
    std::erase_if(forgotten_, [now](const Forgotten& one) { return one.until <= now; });
    const bool room = oldest != entries_.end() && forgotten_.size() < kForgottenMax;
    if (!room && !is_stop(command)) return false;
    if (oldest == entries_.end()) oldest = entries_.begin();
    if (room)
      forgotten_.push_back({hash_of(oldest->view.step.id), oldest->ttl, oldest->forget_after});
  }
  entries_.erase(oldest);
  return true;
}

void CommandBook::add(const Command& command, CommandStep step, std::optional<Errc> refused,
                      Instant now) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.view.step.id == command.id; });
  EMS_ASSERT(entries_.size() < kCommandsMax);
  Entry entry;
  entry.view.kind = kind_of(command.action);
  entry.view.actor = command.actor;
  entry.view.origin = command.origin;
  entry.view.received_at = step.at;
  entry.view.step = std::move(step);
  entry.view.step.message = cut(std::move(entry.view.step.message));
  entry.asked = text_of(command.action);
  entry.refused = refused;
  entry.ttl = max_of(command.ttl, Duration::zero());
  entry.forget_after = now + entry.ttl;
  entries_.push_back(std::move(entry));
}

bool CommandBook::set(const CommandStep& step) {
  const auto at = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry.view.step.id == step.id; });
  if (at == entries_.end() || is_final(at->view.step.state)) return false;
  at->view.step = step;
  at->view.step.message = cut(step.message);
  return true;
}

std::vector<CommandView> CommandBook::newest_first() const {
  std::vector<CommandView> views;
  for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) views.push_back(at->view);
  return views;
}

std::string CommandBook::make_id(UtcInstant utc) {
  std::array<char, kCommandIdMax> id{};
  do {
    (void)std::snprintf(id.data(), id.size(), "site-%llx-%u",
                        static_cast<unsigned long long>(utc.since_epoch().count()), ++made_);
  } while (entry(id.data()) != nullptr);
  return id.data();
}

// ---- the durable form --------------------------------------------------------------------------

std::string CommandBook::to_text() const {
  Json list = Json::array();
  for (const Entry& entry : entries_) {
    const CommandStep& step = entry.view.step;
    Json item{{"id", step.id},
              {"state", static_cast<int>(step.state)},
              {"message", step.message},
              {"at_us", step.at.since_epoch().count()},
              {"kind", entry.view.kind},
              {"actor", entry.view.actor},
              {"origin", static_cast<int>(entry.view.origin)},
              {"received_us", entry.view.received_at.since_epoch().count()},
              {"asked", entry.asked},
              {"ttl_us", entry.ttl.count()}};
    if (entry.refused) item["refused"] = static_cast<int>(*entry.refused);
    list.push_back(std::move(item));
  }
  Json forgotten = Json::array();
  for (const Forgotten& one : forgotten_) forgotten.push_back({one.hash, one.ttl.count()});
  // What a person wrote in another encoding than UTF-8 is replaced, not thrown at.
  return Json{{"version", 1}, {"commands", list}, {"forgotten", forgotten}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<CommandStep>> CommandBook::restore(std::string_view text, Instant now,
                                                      UtcInstant utc) {
  const auto corrupt = [] { return fail(Errc::corrupt, 0, "the book of commands is unreadable"); };
  const Json root = Json::parse(text, nullptr, false);
  if (!root.is_object() || root.value("version", Json()) != Json(1) || !root.contains("commands") ||
      !root["commands"].is_array()) {
    return corrupt();
  }
  std::deque<Entry> entries;
  std::vector<CommandStep> cut_short;
  for (const Json& item : root["commands"]) {
    const auto words = [&item](const char* key) {
      return item.contains(key) && item[key].is_string();
    };
    const auto number = [&item](const char* key) {
      return item.contains(key) && item[key].is_number_integer();
    };
    const bool whole = item.is_object() && words("id") && words("message") && words("kind") &&
                       words("actor") && words("asked") && number("state") && number("at_us") &&
                       number("origin") && number("received_us") && number("ttl_us");
    if (!whole || entries.size() == kCommandsMax) return corrupt();
    Entry entry;
    CommandStep& step = entry.view.step;
    step.id = item["id"];
    step.message = item["message"];
    step.at = UtcInstant{microseconds(item["at_us"].get<std::int64_t>())};
    const int state = item["state"];
    const int origin = item["origin"];
    if (state < static_cast<int>(CommandState::accepted) ||
        state > static_cast<int>(CommandState::failed) || origin < 0 || origin > 1) {
      return corrupt();
    }
    step.state = static_cast<CommandState>(state);
    entry.view.origin = static_cast<CommandOrigin>(origin);
    entry.view.kind = item["kind"];
    entry.view.actor = item["actor"];
    entry.view.received_at = UtcInstant{microseconds(item["received_us"].get<std::int64_t>())};
    entry.asked = item["asked"];
    entry.ttl = microseconds(item["ttl_us"].get<std::int64_t>());
    if (entry.ttl < Duration::zero() || entry.ttl > kCommandTtlMax) return corrupt();
    if (number("refused")) entry.refused = static_cast<Errc>(item["refused"].get<int>());
    entry.forget_after = now + entry.ttl;
    if (!is_final(step.state) && entry.view.kind != kind_of(EmergencyStopAction{})) {
      step.state = CommandState::failed;
      step.message = stays(entry.view.kind)
                         ? "the agent was restarted before the battery confirmed it"
                         : "the agent was restarted; it is no longer in force";
      step.at = utc;
      cut_short.push_back(step);
    }
    entries.push_back(std::move(entry));
  }
  std::deque<Forgotten> forgotten;
  const Json none = Json::array();
  for (const Json& one : root.contains("forgotten") ? root["forgotten"] : none) {
    const bool whole = one.is_array() && one.size() == 2 && one[0].is_number_unsigned() &&
                       one[1].is_number_integer() && forgotten.size() < kForgottenMax;
    if (!whole) return corrupt();
    const Duration ttl = microseconds(one[1].get<std::int64_t>());
    if (ttl < Duration::zero() || ttl > kCommandTtlMax) return corrupt();
    forgotten.push_back({one[0].get<std::uint64_t>(), ttl, now + ttl});
  }
  entries_ = std::move(entries);
  forgotten_ = std::move(forgotten);
  return cut_short;
}

}  // namespace ems::runtime
