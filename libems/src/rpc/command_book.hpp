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
#include <utility>
#include <vector>

#include "ems/fleet/fleet_store.hpp"
#include "ems/model/clock.hpp"
#include "ems/rpc/backoff.hpp"
#include "ems/rpc/command.hpp"

namespace ems::rpc {

/// An id is its tenant's: two tenants may use the same one and hear nothing of each other.
///
/// @thread_safety Any thread.
class CommandBook {
 public:
  CommandBook(const Clock& clock, RandomSource random, std::size_t open_max)
      : clock_(clock), random_(std::move(random)), open_max_(open_max) {}

  /// Queues a command. A repeated id is answered with itself and queues nothing. An emergency stop
  /// goes before everything else and is never refused; while one of the agent is queued, or 16 have
  /// no answer yet, another is answered with the id of one of them. A stop whose id is taken, or
  /// has ended, gets another one.
  ///
  /// @param id  Empty: one is made, 32 hex digits.
  /// @return    Its id.
  /// @errors already_exists      the id belongs to another command of the tenant.
  ///         resource_exhausted  so many commands of that agent wait for an answer already.
  [[nodiscard]] Result<std::string> submit(const fleet::AgentKey& key, Duration ttl,
                                           std::string actor, CommandAction action,
                                           std::string id = {});
  /// From now on only this session of the agent takes commands. What was sent and not answered is
  /// queued again; what was accepted and has not ended is sent again, so that the agent says where
  /// it is: agents know repeated ids.
  void open_session(const fleet::AgentKey& key, fleet::SessionToken session);
  /// Queues again what the session took and did not answer, when no newer one has it already.
  void close_session(const fleet::AgentKey& key, fleet::SessionToken session);
  /// Next queued command of an agent with the time it has left; it counts as sent. nullopt: there
  /// is none, or another session takes this agent's commands.
  [[nodiscard]] std::optional<RemoteCommand> take(const fleet::AgentKey& key,
                                                  fleet::SessionToken session);
  /// A step the agent reports. Of another agent's command, an unknown one or one that is farther
  /// already: ignored, and false.
  bool report(const fleet::AgentKey& key, const CommandStep& step);
  /// Ends what ran out of time. @return Whose it was, and how it ended; for the audit.
  [[nodiscard]] std::vector<std::pair<fleet::AgentKey, CommandStep>> expire();

  /// Tenants with a command of that id, in order; none: no such command, or it ended long ago.
  [[nodiscard]] std::vector<std::string> tenants_of(const std::string& id);
  /// Steps of a command after the first `seen`; waits up to `timeout` for one.
  ///
  /// @errors not_found  no such command, or it ended long ago.
  [[nodiscard]] Result<std::vector<CommandStep>> steps(const std::string& tenant,
                                                       const std::string& id, std::size_t seen,
                                                       Duration timeout);

 private:
  using Name = std::pair<std::string, std::string>;  ///< Id and tenant.
  struct Entry {
    fleet::AgentKey key;
    std::string actor;
    CommandAction action;
    Instant due{};     ///< End of its time to live.
    bool ask = false;  ///< Accepted in an earlier session: to be sent again.
    std::vector<CommandStep> steps;
    [[nodiscard]] CommandState state() const { return steps.back().state; }
  };
  void requeue(const fleet::AgentKey& key, const char* why);
  [[nodiscard]] std::string make_id();
  void add_step(CommandStep step, Entry& entry);

  const Clock& clock_;
  const RandomSource random_;
  const std::size_t open_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Name, Entry> entries_;
  std::map<fleet::AgentKey, std::deque<std::string>> open_;     ///< Not answered, oldest first.
  std::map<fleet::AgentKey, std::deque<std::string>> running_;  ///< Accepted, oldest first.
  std::map<fleet::AgentKey, fleet::SessionToken> owner_;  ///< Session that takes the commands.
  std::deque<Name> ended_;                                ///< Oldest first.
};

}  // namespace ems::rpc
