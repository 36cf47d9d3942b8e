// SPDX-License-Identifier: Apache-2.0
/// @file Who is connected, and when two are one too many. Not installed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/fleet/fleet_store.hpp"

namespace ems::fleet {

/// Live sessions of all agents. The rule is at FleetStore::session_begin().
///
/// @thread_safety Any thread.
class Sessions {
 public:
  struct Begun {
    SessionToken token = 0;
    bool conflict = false;      ///< Refused: two agents use one identity.
    bool new_conflict = false;  ///< It was noticed now: make it durable.
    bool took_over = false;     ///< Another session of the agent was live.
  };
  [[nodiscard]] Begun begin(const SessionRequest& request);
  void end(SessionToken session);
  /// @errors unauthenticated, identity_conflict.
  [[nodiscard]] Result<AgentKey> agent_of(SessionToken session) const;
  void add_conflict(const AgentKey& key);
  /// @return false: there was none.
  [[nodiscard]] bool clear_conflict(const AgentKey& key);
  [[nodiscard]] std::vector<AgentKey> conflicts() const;

 private:
  enum class State : std::uint8_t { live, taken_over, conflict };
  struct Session {
    SessionRequest request;
    State state = State::live;
  };
  void refuse_all(const AgentKey& key);

  /// Instances that another one took over from; the oldest is forgotten.
  static constexpr std::size_t kTakenOverMax = 8;

  mutable std::mutex mutex_;
  std::map<SessionToken, Session> sessions_;
  std::map<AgentKey, SessionToken> live_;
  std::map<AgentKey, std::deque<Id128>> taken_over_;
  std::set<AgentKey> conflicts_;
  SessionToken last_ = 0;
};

}  // namespace ems::fleet
