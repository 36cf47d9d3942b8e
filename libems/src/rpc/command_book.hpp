// SPDX-License-Identifier: Apache-2.0
/// @file Commands of a server: queued per agent, sent once per connection, answered once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ems/fleet/fleet_store.hpp"
#include "ems/model/clock.hpp"
#include "ems/rpc/backoff.hpp"
#include "ems/rpc/command.hpp"

namespace ems::rpc {

/// @thread_safety Any thread.
class CommandBook {
 public:
  CommandBook(const Clock& clock, RandomSource random, std::size_t open_max)
      : clock_(clock), random_(std::move(random)), open_max_(open_max) {}

  /// Queues a command.
  ///
  /// @return Its id: 32 hex digits.
  /// @errors resource_exhausted  so many commands of that agent wait for an answer already.
  [[nodiscard]] Result<std::string> submit(const fleet::AgentKey& key, Duration ttl,
                                           std::string actor, CommandAction action);
  /// From now on only this session of the agent takes commands. What was sent and not answered is
  /// queued again; agents know repeated ids.
  void open_session(const fleet::AgentKey& key, fleet::SessionToken session);
  /// Queues again what the session took and did not answer, when no newer one has it already.
  void close_session(const fleet::AgentKey& key, fleet::SessionToken session);
  /// Next queued command of an agent with the time it has left; it counts as sent. nullopt: there
  /// is none, or another session takes this agent's commands.
  [[nodiscard]] std::optional<RemoteCommand> take(const fleet::AgentKey& key,
                                                  fleet::SessionToken session);
  /// An agent's answer. Of another agent's command, an unknown one or one that has ended: ignored.
  void report(const fleet::AgentKey& key, const CommandStep& step);
  /// Ends what ran out of time.
  void expire();

  /// Tenant of a command; nullopt: no such command, or it ended long ago.
  [[nodiscard]] std::optional<std::string> tenant_of(const std::string& id);
  /// Steps of a command after the first `seen`; waits up to `timeout` for one.
  ///
  /// @errors not_found  no such command, or it ended long ago.
  [[nodiscard]] Result<std::vector<CommandStep>> steps(const std::string& id, std::size_t seen,
                                                       Duration timeout);

 private:
  struct Entry {
    fleet::AgentKey key;
    std::string actor;
    CommandAction action;
    Instant due{};  ///< End of its time to live.
    std::vector<CommandStep> steps;
    [[nodiscard]] CommandState state() const { return steps.back().state; }
  };
  void requeue(const fleet::AgentKey& key, const char* why);
  void add_step(const std::string& id, Entry& entry, CommandState state, std::string message);

  const Clock& clock_;
  const RandomSource random_;
  const std::size_t open_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Entry> entries_;
  std::map<fleet::AgentKey, std::deque<std::string>> open_;  ///< Not final, oldest first.
  std::map<fleet::AgentKey, fleet::SessionToken> owner_;     ///< Session that takes the commands.
  std::deque<std::string> ended_;                            ///< Oldest first.
};

}  // namespace ems::rpc
