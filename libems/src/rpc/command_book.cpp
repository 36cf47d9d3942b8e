// SPDX-License-Identifier: Apache-2.0
#include "rpc/command_book.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "ems/runtime/command_book.hpp"

namespace ems::rpc {

namespace {

constexpr std::size_t kEndedMax = 1000;       // Ended commands that WatchCommand still finds.
constexpr std::size_t kRunningMax = 256;      // Accepted commands of one agent that it still finds.
constexpr std::ptrdiff_t kOpenStopsMax = 16;  // Stops that one agent has not answered.

bool is_stop(const CommandAction& action) {
  return std::holds_alternative<EmergencyStopAction>(action);
}

/// Steps never go back; those of one rank but another state are final ones: the first counts.
int rank_of(CommandState state) {
  switch (state) {
    case CommandState::queued:
      return 0;
    case CommandState::sent:
      return 1;
    case CommandState::accepted:
      return 2;
    case CommandState::executing:
      return 3;
    case CommandState::rejected:
    case CommandState::expired:
    case CommandState::done:
    case CommandState::failed:
      break;
  }
  return 4;
}

}  // namespace

std::string CommandBook::make_id() {
  const std::uint64_t high = random_();
  const std::uint64_t low = random_();
  char id[33];
  (void)std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(high),
                      static_cast<unsigned long long>(low));
  return id;
}

Result<std::string> CommandBook::submit(const fleet::AgentKey& key, Duration ttl, std::string actor,
                                        CommandAction action, std::string id) {
  const std::scoped_lock lock{mutex_};
  if (const auto first = entries_.find({id, key.tenant}); first != entries_.end()) {
    const Entry& entry = first->second;
    const bool same = entry.key == key && entry.actor == actor &&
                      runtime::kind_of(entry.action) == runtime::kind_of(action) &&
                      runtime::text_of(entry.action) == runtime::text_of(action);
    if (same && (!is_stop(action) || !is_final(entry.state()))) return id;
    if (!is_stop(action)) {
      return fail(Errc::already_exists, 0, "this id belongs to another command");
    }
    id.clear();  // A stop is never refused: it gets an id of its own.
  }
  std::deque<std::string>& open = open_[key];
  if (is_stop(action)) {
    // One that is on its way may have been carried out, and reset, before this one was asked for.
    const auto stops = [&](const std::string& other) {
      return is_stop(entries_.at({other, key.tenant}).action);
    };
    const bool full = std::ranges::count_if(open, stops) >= kOpenStopsMax;
    const auto waiting = std::ranges::find_if(open, [&](const std::string& other) {
      return stops(other) &&
             (full || entries_.at({other, key.tenant}).state() == CommandState::queued);
    });
    if (waiting != open.end()) return *waiting;
  } else if (open.size() >= open_max_) {
    return fail(Errc::resource_exhausted, 0, "too many commands wait for this agent's answer");
  }
  if (id.empty()) id = make_id();
  Entry& entry = entries_[{id, key.tenant}];
  entry = {key, std::move(actor), std::move(action), clock_.now() + ttl, false, {}};
  if (is_stop(entry.action)) {
    open.push_front(id);
  } else {
    open.push_back(id);
  }
  add_step({id, CommandState::queued, {}, clock_.utc()}, entry);
  return id;
}

void CommandBook::open_session(const fleet::AgentKey& key, fleet::SessionToken session) {
  const std::scoped_lock lock{mutex_};
  fleet::SessionToken& owner = owner_[key];
  if (owner > session) return;  // A newer one was faster; tokens ascend.
  owner = session;
  requeue(key, "the agent connected again");
}

void CommandBook::close_session(const fleet::AgentKey& key, fleet::SessionToken session) {
  const std::scoped_lock lock{mutex_};
  const auto owner = owner_.find(key);
  if (owner == owner_.end() || owner->second != session) return;
  owner_.erase(owner);
  requeue(key, "the connection ended before the agent answered");
}

std::optional<RemoteCommand> CommandBook::take(const fleet::AgentKey& key,
                                               fleet::SessionToken session) {
  const std::scoped_lock lock{mutex_};
  const auto owner = owner_.find(key);
  if (owner == owner_.end() || owner->second != session) return std::nullopt;
  const Instant now = clock_.now();
  for (const std::string& id : open_[key]) {
    Entry& entry = entries_.at({id, key.tenant});
    if (entry.state() != CommandState::queued || entry.due <= now) continue;
    add_step({id, CommandState::sent, {}, clock_.utc()}, entry);
    return RemoteCommand{id, entry.due - now, entry.actor, runtime::CommandOrigin::remote,
                         entry.action};
  }
  for (const std::string& id : running_[key]) {
    Entry& entry = entries_.at({id, key.tenant});
    if (!std::exchange(entry.ask, false)) continue;
    // Without time left: an agent that lost its book must not act on it again.
    return RemoteCommand{id, Duration::zero(), entry.actor, runtime::CommandOrigin::remote,
                         entry.action};
  }
  return std::nullopt;
}

void CommandBook::requeue(const fleet::AgentKey& key, const char* why) {
  for (const std::string& id : open_[key]) {
    Entry& entry = entries_.at({id, key.tenant});
    if (entry.state() == CommandState::sent) {
      add_step({id, CommandState::queued, why, clock_.utc()}, entry);
    }
  }
  for (const std::string& id : running_[key]) entries_.at({id, key.tenant}).ask = true;
}

bool CommandBook::report(const fleet::AgentKey& key, const CommandStep& step) {
  const std::scoped_lock lock{mutex_};
  const auto at = entries_.find({step.id, key.tenant});
  if (at == entries_.end() || at->second.key != key) return false;
  Entry& entry = at->second;
  if (rank_of(step.state) < rank_of(CommandState::accepted) ||
      rank_of(step.state) <= rank_of(entry.state())) {
    return false;
  }
  CommandStep told = step;
  if (step.state == CommandState::expired && rank_of(entry.state()) > rank_of(CommandState::sent)) {
    told.state = CommandState::failed;  // It was taken once.
    told.message = "the agent no longer knows it; it is no longer in force";
  }
  add_step(std::move(told), entry);
  return true;
}

std::vector<std::pair<fleet::AgentKey, CommandStep>> CommandBook::expire() {
  const std::scoped_lock lock{mutex_};
  const Instant now = clock_.now();
  std::vector<Name> late;
  std::vector<std::pair<fleet::AgentKey, CommandStep>> ended;
  for (const auto& [key, open] : open_) {
    for (const std::string& id : open) {
      if (entries_.at({id, key.tenant}).due <= now) late.emplace_back(id, key.tenant);
    }
  }
  for (const Name& name : late) {
    Entry& entry = entries_.at(name);
    const char* why = entry.state() == CommandState::sent ? "the agent did not answer in time"
                                                          : "the agent was not connected in time";
    ended.push_back({entry.key, {name.first, CommandState::expired, why, clock_.utc()}});
    add_step(ended.back().second, entry);
  }
  return ended;
}

std::vector<std::string> CommandBook::tenants_of(const std::string& id) {
  const std::scoped_lock lock{mutex_};
  std::vector<std::string> tenants;
  for (auto at = entries_.lower_bound({id, {}}); at != entries_.end() && at->first.first == id;
       ++at) {
    tenants.push_back(at->first.second);
  }
  return tenants;
}

Result<std::vector<CommandStep>> CommandBook::steps(const std::string& tenant,
                                                    const std::string& id, std::size_t seen,
                                                    Duration timeout) {
  std::unique_lock lock{mutex_};
  const auto find = [&] { return entries_.find({id, tenant}); };
  if (find() == entries_.end()) {
    return fail(Errc::not_found, 0, "no such command, or it ended long ago");
  }
  changed_.wait_for(lock, std::chrono::microseconds{timeout.count()},
                    [&] { return find() == entries_.end() || find()->second.steps.size() > seen; });
  const auto at = find();
  std::vector<CommandStep> result;
  if (at == entries_.end()) return fail(Errc::not_found, 0, "the command ended long ago");
  const std::vector<CommandStep>& all = at->second.steps;
  for (std::size_t i = seen; i < all.size(); ++i) result.push_back(all[i]);
  return result;
}

void CommandBook::add_step(CommandStep step, Entry& entry) {
  const std::string id = step.id;
  const fleet::AgentKey key = entry.key;
  const CommandState state = step.state;
  const bool answered = rank_of(state) >= rank_of(CommandState::accepted);
  const bool first_answer =
      answered && (entry.steps.empty() || rank_of(entry.state()) < rank_of(CommandState::accepted));
  entry.steps.push_back(std::move(step));
  changed_.notify_all();
  if (!answered) return;
  if (first_answer) std::erase(open_[key], id);
  if (is_final(state)) {
    std::erase(running_[key], id);
    ended_.emplace_back(id, key.tenant);
    if (ended_.size() <= kEndedMax) return;
    entries_.erase(ended_.front());
    ended_.pop_front();
  } else if (first_answer) {
    std::deque<std::string>& running = running_[key];
    running.push_back(id);
    if (running.size() <= kRunningMax) return;
    entries_.erase({running.front(), key.tenant});  // Its agent never said how it ended.
    running.pop_front();
  }
}

}  // namespace ems::rpc
