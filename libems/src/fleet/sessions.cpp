// SPDX-License-Identifier: Apache-2.0
#include "sessions.hpp"

#include <algorithm>

namespace ems::fleet {

namespace {
bool told(const Id128& instance) { return instance != Id128{}; }
}  // namespace

Sessions::Begun Sessions::begin(const SessionRequest& request) {
  const std::lock_guard lock(mutex_);
  const AgentKey& key = request.key;
  if (conflicts_.contains(key)) return {.conflict = true};
  std::deque<Id128>& ended = taken_over_[key];
  const bool came_back = told(request.instance) &&
                         std::find(ended.begin(), ended.end(), request.instance) != ended.end();
  const auto live = live_.find(key);
  bool conflict = came_back;
  if (live != live_.end()) {
    Session& before = sessions_.at(live->second);
    const bool same_process = told(request.instance) && before.request.instance == request.instance;
    const bool same_store = before.request.epoch == request.epoch;
    conflict = conflict || (!same_process && !same_store);
    if (!conflict) {
      before.state = State::taken_over;
      if (!same_process && told(before.request.instance)) {
        ended.push_back(before.request.instance);
        if (ended.size() > kTakenOverMax) ended.pop_front();
      }
    }
  }
  if (conflict) {
    conflicts_.insert(key);
    refuse_all(key);
    return {.conflict = true, .new_conflict = true};
  }
  const SessionToken token = ++last_;
  sessions_[token] = {request, State::live};
  live_[key] = token;
  return {.token = token, .took_over = live != live_.end()};
}

void Sessions::refuse_all(const AgentKey& key) {
  live_.erase(key);
  for (auto& [token, session] : sessions_) {
    if (session.request.key == key) session.state = State::conflict;
  }
}

void Sessions::end(SessionToken session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  const auto live = live_.find(found->second.request.key);
  if (live != live_.end() && live->second == session) live_.erase(live);
  sessions_.erase(found);
}

Result<AgentKey> Sessions::agent_of(SessionToken session) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.state == State::taken_over) {
    return fail(Errc::unauthenticated, 0, "fleet: no such session, or it was taken over");
  }
  if (found->second.state == State::conflict) {
    return fail(Errc::identity_conflict, 0, "fleet: two agents use this identity");
  }
  return found->second.request.key;
}

void Sessions::add_conflict(const AgentKey& key) {
  const std::lock_guard lock(mutex_);
  conflicts_.insert(key);
}

bool Sessions::clear_conflict(const AgentKey& key) {
  const std::lock_guard lock(mutex_);
  taken_over_.erase(key);
  return conflicts_.erase(key) > 0;
}

std::vector<AgentKey> Sessions::conflicts() const {
  const std::lock_guard lock(mutex_);
  return {conflicts_.begin(), conflicts_.end()};
}

}  // namespace ems::fleet
