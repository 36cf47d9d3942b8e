// SPDX-License-Identifier: Apache-2.0
#include "rpc/command_book.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace ems::rpc {

namespace {

constexpr std::size_t kEndedMax = 1000;  // Ended commands that WatchCommand still finds.

}  // namespace

Result<std::string> CommandBook::submit(const fleet::AgentKey& key, Duration ttl, std::string actor,
                                        CommandAction action) {
  const std::uint64_t high = random_();
  const std::uint64_t low = random_();
  char id[33];
  (void)std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(high),
                      static_cast<unsigned long long>(low));
  const std::scoped_lock lock{mutex_};
  std::deque<std::string>& open = open_[key];
  if (open.size() >= open_max_) {
    return fail(Errc::resource_exhausted, 0, "too many commands wait for this agent's answer");
  }
  Entry& entry = entries_[id];
  entry = {key, std::move(actor), std::move(action), clock_.now() + ttl, {}};
  open.emplace_back(id);
  add_step(id, entry, CommandState::queued, {});
  return std::string{id};
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
    Entry& entry = entries_.at(id);
    if (entry.state() != CommandState::queued || entry.due <= now) continue;
    add_step(id, entry, CommandState::sent, {});
    return RemoteCommand{id, entry.due - now, entry.actor, entry.action};
  }
  return std::nullopt;
}

void CommandBook::requeue(const fleet::AgentKey& key, const char* why) {
  for (const std::string& id : open_[key]) {
    Entry& entry = entries_.at(id);
    if (entry.state() == CommandState::sent) {
      add_step(id, entry, CommandState::queued, why);
    }
  }
}

void CommandBook::report(const fleet::AgentKey& key, const CommandStep& step) {
  const std::scoped_lock lock{mutex_};
  const auto at = entries_.find(step.id);
  if (at == entries_.end() || at->second.key != key || is_final(at->second.state())) return;
  if (is_final(step.state)) add_step(step.id, at->second, step.state, step.message);
}

void CommandBook::expire() {
  const std::scoped_lock lock{mutex_};
  const Instant now = clock_.now();
  std::vector<std::string> late;
  for (const auto& [key, open] : open_) {
    std::ranges::copy_if(open, std::back_inserter(late),
                         [&](const std::string& id) { return entries_.at(id).due <= now; });
  }
  for (const std::string& id : late) {
    Entry& entry = entries_.at(id);
    add_step(id, entry, CommandState::expired,
             entry.state() == CommandState::sent ? "the agent did not answer in time"
                                                 : "the agent was not connected in time");
  }
}

std::optional<std::string> CommandBook::tenant_of(const std::string& id) {
  const std::scoped_lock lock{mutex_};
  const auto at = entries_.find(id);
  if (at == entries_.end()) return std::nullopt;
  return at->second.key.tenant;
}

Result<std::vector<CommandStep>> CommandBook::steps(const std::string& id, std::size_t seen,
                                                    Duration timeout) {
  std::unique_lock lock{mutex_};
  const auto find = [&] { return entries_.find(id); };
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

void CommandBook::add_step(const std::string& id, Entry& entry, CommandState state,
                           std::string message) {
  entry.steps.push_back({id, state, std::move(message), clock_.utc()});
  if (is_final(state)) {
    std::erase(open_[entry.key], id);
    ended_.push_back(id);
    if (ended_.size() > kEndedMax) {
      entries_.erase(ended_.front());
      ended_.pop_front();
    }
  }
  changed_.notify_all();
}

}  // namespace ems::rpc
