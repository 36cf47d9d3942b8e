// SPDX-License-Identifier: Apache-2.0
#include "rpc/fleet_core.hpp"

#include <algorithm>
#include <utility>

#include "ems/core/assert.hpp"

namespace ems::rpc {

namespace {

// A connection, and the one that takes over when the first one's network is gone.
constexpr std::uint32_t kConnectionsPerIdentity = 2;

// `*` stands for any run of characters other than `/`.
bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && pattern.front() == text.front() &&
           glob(pattern.substr(1), text.substr(1));
  }
  for (std::size_t n = 0;; ++n) {
    if (glob(pattern.substr(1), text.substr(n))) return true;
    if (n == text.size() || text[n] == '/') return false;
  }
}

}  // namespace

Result<Identity> FleetCore::authorize(const grpc::ServerContext& context, Role role) const {
  Result<Identity> peer = peer_identity(context.auth_context());
  if (!peer) return peer;
  if (peer->kind != PeerKind::user) {
    return fail(Errc::permission_denied, 0, "FleetService is for users");
  }
  if (peer->role < role) {
    return fail(Errc::permission_denied, 0, "the role of this certificate may not do this");
  }
  return peer;
}

bool FleetCore::sees(const Identity& user, const std::string& tenant) const {
  const auto at = std::ranges::find(options.tenants, tenant, &Tenant::name);
  return at != options.tenants.end() &&
         std::ranges::any_of(at->users,
                             [&](const std::string& pattern) { return glob(pattern, user.name); });
}

Result<std::string> FleetCore::tenant(const Identity& user, const std::string& asked) const {
  if (!asked.empty()) {
    if (sees(user, asked)) return asked;
    return fail(Errc::not_found, 0, "no such tenant, or it is not this user's");
  }
  const std::string* only = nullptr;
  for (const Tenant& tenant : options.tenants) {
    if (!sees(user, tenant.name)) continue;
    if (only != nullptr) {
      return fail(Errc::invalid_argument, 0, "this user has several tenants: name one");
    }
    only = &tenant.name;
  }
  if (only == nullptr) return fail(Errc::not_found, 0, "no tenant lists this user");
  return *only;
}

bool FleetCore::allows(const std::string& tenant, const std::string& agent) const {
  const auto at = std::ranges::find(options.tenants, tenant, &Tenant::name);
  return at != options.tenants.end() &&
         std::ranges::any_of(at->agents,
                             [&](const std::string& pattern) { return glob(pattern, agent); });
}

Result<fleet::AgentKey> FleetCore::known_agent(const Identity& user, const std::string& asked,
                                               const std::string& agent) {
  const Result<std::string> name = tenant(user, asked);
  if (!name) return fail(name.error());
  const fleet::AgentKey key{*name, agent};
  {
    const std::scoped_lock lock{mutex_};
    if (presence_.contains(key)) return key;
  }
  const auto stored = store.agents(*name);
  if (!stored) return fail(stored.error());
  if (std::ranges::find(*stored, key) != stored->end()) return key;
  const auto conflicts = store.conflicts();  // Refused before it stored a row.
  if (!conflicts) return fail(conflicts.error());
  if (std::ranges::find(*conflicts, key) != conflicts->end()) return key;
  return fail(Errc::not_found, 0, "no such agent");
}

Result<void> FleetCore::add(const fleet::AgentKey& key,
                            const std::shared_ptr<AgentSession>& session) {
  const std::scoped_lock lock{mutex_};
  if (stopping) return fail(Errc::unavailable, 0, "the server is shutting down");
  if (sessions_.size() >= options.sessions_max) {
    return fail(Errc::resource_exhausted, 0, "too many agents are connected");
  }
  std::uint32_t& of_identity = connections_[key.agent];
  if (of_identity >= kConnectionsPerIdentity) {
    return fail(Errc::resource_exhausted, 0, "this identity is connected too often");
  }
  ++of_identity;
  sessions_.emplace(key, session);
  ++counters_.sessions_total;
  return {};
}

void FleetCore::admit(const fleet::AgentKey& from, const fleet::AgentKey& to,
                      const std::shared_ptr<AgentSession>& session, fleet::SessionToken token) {
  const std::scoped_lock lock{mutex_};
  session->token = token;
  const auto [first, last] = sessions_.equal_range(from);
  const auto at =
      std::find_if(first, last, [&](const auto& entry) { return entry.second == session; });
  EMS_ASSERT(at != last);
  auto node = sessions_.extract(at);
  node.key() = to;
  const auto [older, end] = sessions_.equal_range(to);
  for (auto other = older; other != end; ++other) {
    if (other->second->token > token) continue;  // Newer; it ends this one.
    logger.info("session taken over tenant={} agent={}", to.tenant, to.agent);
    other->second->context->TryCancel();
  }
  sessions_.insert(std::move(node));
}

void FleetCore::remove(const fleet::AgentKey& key, const std::shared_ptr<AgentSession>& session) {
  const std::scoped_lock lock{mutex_};
  const auto [first, last] = sessions_.equal_range(key);
  const auto at =
      std::find_if(first, last, [&](const auto& entry) { return entry.second == session; });
  if (at == last) return;
  sessions_.erase(at);
  const auto connections = connections_.find(key.agent);
  if (--connections->second == 0) connections_.erase(connections);
  if (const auto seen = presence_.find(key); seen != presence_.end()) {
    seen->second.last_seen = clock.utc();
  }
}

void FleetCore::wake(const fleet::AgentKey& key) {
  const std::scoped_lock lock{mutex_};
  const auto [first, last] = sessions_.equal_range(key);
  for (auto at = first; at != last; ++at) {
    const std::scoped_lock session_lock{at->second->mutex};
    at->second->command_waiting = true;
    at->second->wake.notify_all();
  }
}

void FleetCore::set_presence(const fleet::AgentKey& key, std::string software_version,
                             bool differs) {
  const std::scoped_lock lock{mutex_};
  Presence& presence = presence_[key];
  presence.software_version = std::move(software_version);
  presence.catalogue_differs = differs;
  presence.last_seen = clock.utc();
}

std::map<fleet::AgentKey, Presence> FleetCore::presence() {
  const std::scoped_lock lock{mutex_};
  std::map<fleet::AgentKey, Presence> result = presence_;
  for (const auto& [key, session] : sessions_) {
    const auto at = result.find(key);
    if (at == result.end()) continue;  // Before its Hello.
    ++at->second.sessions;
    at->second.last_seen =
        clock.utc() + (Duration{session->last_read_us} - clock.now().since_zero());
  }
  return result;
}

void FleetCore::sweep() {
  for (const auto& [key, step] : book.expire()) {  // A stop nobody heard, perhaps.
    logger.warn("command id={} tenant={} agent={} state={} message=\"{}\"", step.id, key.tenant,
                key.agent, to_string(step.state), step.message);
  }
  const Duration now = clock.now().since_zero();
  const std::scoped_lock lock{mutex_};
  for (const auto& [key, session] : sessions_) {
    if (now - Duration{session->last_read_us} < options.session_idle_max) continue;
    logger.warn("session idle agent={}: closing", key.agent);
    session->context->TryCancel();
  }
  for (const auto& [context, due] : ranges_) {
    if (clock.now() >= due) context->TryCancel();  // It may be blocked in a write.
  }
}

void FleetCore::cancel_all() {
  const std::scoped_lock lock{mutex_};
  for (const auto& [context, due] : ranges_) context->TryCancel();
  for (const auto& [key, session] : sessions_) session->context->TryCancel();
}

bool FleetCore::enter_watch() {
  if (++watchers_ <= options.watchers_max) return true;
  --watchers_;
  return false;
}

std::optional<Instant> FleetCore::enter_range(grpc::ServerContext& context) {
  const std::scoped_lock lock{mutex_};
  if (ranges_.size() >= options.ranges_max) return std::nullopt;
  return ranges_.emplace(&context, clock.now() + options.range_time_max).first->second;
}

void FleetCore::leave_range(grpc::ServerContext& context) {
  const std::scoped_lock lock{mutex_};
  ranges_.erase(&context);
}

FleetServerCounters FleetCore::counters() {
  const std::scoped_lock lock{mutex_};
  FleetServerCounters result = counters_;
  result.sessions = sessions_.size();
  return result;
}

void FleetCore::add_rows(const fleet::Ack& ack, Duration time) {
  const std::scoped_lock lock{mutex_};
  IngestedRows& rows = counters_.rows[telemetry::index_of(ack.stream)];
  rows.stored += ack.stored;
  rows.duplicate += ack.duplicates;
  rows.gap += ack.gap_rows;
  counters_.ingest_times.observe(time);
}

void FleetCore::count_refused(Errc why) {
  const std::scoped_lock lock{mutex_};
  ++counters_.refused[why];
}

void FleetCore::count_live() {
  const std::scoped_lock lock{mutex_};
  ++counters_.live_messages;
}

}  // namespace ems::rpc
