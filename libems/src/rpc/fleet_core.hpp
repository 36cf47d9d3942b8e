// SPDX-License-Identifier: Apache-2.0
/// @file What the services of one FleetServer share.
#pragma once

#include <grpcpp/server_context.h>
#include <spdlog/logger.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "ems/fleet/alarm_board.hpp"
#include "ems/rpc/fleet_server.hpp"
#include "rpc/command_book.hpp"
#include "rpc/credentials.hpp"

namespace ems::rpc {

/// An agent's live connection as others see it.
struct AgentSession {
  grpc::ServerContext* context = nullptr;  ///< Valid while it is registered.
  std::mutex mutex;
  std::condition_variable wake;
  fleet::SessionToken token = 0;  ///< Guarded by FleetCore's mutex; 0: before Hello.
  bool command_waiting = false;   ///< Guarded by mutex.
  bool ended = false;             ///< Guarded by mutex.
  std::atomic<std::int64_t> last_read_us{0};
};

/// What is known of an agent since the server started.
struct Presence {
  std::optional<UtcInstant> last_seen;
  std::string software_version;
  bool catalogue_differs = false;
  std::uint32_t sessions = 0;
};

/// @thread_safety Any thread.
class FleetCore {
 public:
  FleetCore(FleetServerOptions o, fleet::FleetStore& s, fleet::LiveHub& h, const Clock& c,
            RandomSource r, spdlog::logger& l)
      : options(std::move(o)),
        store(s),
        hub(h),
        clock(c),
        logger(l),
        book(c, std::move(r), options.commands_per_agent_max),
        alarms(s) {}

  const FleetServerOptions options;
  fleet::FleetStore& store;
  fleet::LiveHub& hub;
  const Clock& clock;
  spdlog::logger& logger;
  CommandBook book;
  fleet::AlarmBoard alarms;
  std::atomic<bool> stopping{false};

  /// The peer, when it is a user of at least that role.
  /// @errors unauthenticated, permission_denied.
  [[nodiscard]] Result<Identity> authorize(const grpc::ServerContext& context, Role role) const;
  /// True when that tenant exists and lists the user. To all others it does not exist.
  [[nodiscard]] bool sees(const Identity& user, const std::string& tenant) const;
  /// @errors not_found         no such tenant for this user.
  ///         invalid_argument  empty, and the user sees several.
  [[nodiscard]] Result<std::string> tenant(const Identity& user, const std::string& asked) const;
  /// True when the tenant exists and that agent may write under its name.
  [[nodiscard]] bool allows(const std::string& tenant, const std::string& agent) const;
  /// @errors as tenant(); not_found  the agent never connected.
  [[nodiscard]] Result<fleet::AgentKey> known_agent(const Identity& user, const std::string& tenant,
                                                    const std::string& agent);

  /// Registers a connection, before its Hello: the tenant is still empty.
  /// @errors resource_exhausted  too many at all, or of this identity. unavailable  stopping.
  [[nodiscard]] Result<void> add(const fleet::AgentKey& key,
                                 const std::shared_ptr<AgentSession>& session);
  /// Its Hello was good: it goes under its full key, and older sessions of that key are ended.
  void admit(const fleet::AgentKey& from, const fleet::AgentKey& to,
             const std::shared_ptr<AgentSession>& session, fleet::SessionToken token);
  void remove(const fleet::AgentKey& key, const std::shared_ptr<AgentSession>& session);
  void wake(const fleet::AgentKey& key);
  void set_presence(const fleet::AgentKey& key, std::string software_version, bool differs);
  [[nodiscard]] std::map<fleet::AgentKey, Presence> presence();
  /// Ends sessions that were silent too long and commands that ran out. Called once a second.
  void sweep();
  /// Ends every session.
  void cancel_all();

  /// One of `max` places; false: none is left.
  [[nodiscard]] bool enter_watch();
  void leave_watch() { --watchers_; }

  /// A place for a range query; nullopt: none is left. The sweep ends the call when it is due.
  [[nodiscard]] std::optional<Instant> enter_range(grpc::ServerContext& context);
  void leave_range(grpc::ServerContext& context);

  [[nodiscard]] FleetServerCounters counters();
  void add_rows(const fleet::Ack& ack, Duration time);
  void count_refused(Errc why);
  void count_live();

 private:
  std::mutex mutex_;
  std::multimap<fleet::AgentKey, std::shared_ptr<AgentSession>> sessions_;
  std::map<std::string, std::uint32_t> connections_;  ///< By identity, Hello or not.
  std::map<grpc::ServerContext*, Instant> ranges_;    ///< Range queries and when they are due.
  std::map<fleet::AgentKey, Presence> presence_;
  FleetServerCounters counters_;
  std::atomic<std::uint32_t> watchers_{0};
};

}  // namespace ems::rpc
