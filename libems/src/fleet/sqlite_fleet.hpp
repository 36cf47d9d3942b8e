// SPDX-License-Identifier: Apache-2.0
/// @file The SQLite back end's class. Not installed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ems/fleet/fleet_store.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "io/store/sqlite.hpp"
#include "latest.hpp"
#include "sessions.hpp"
#include "witness.hpp"

namespace ems::fleet {

inline constexpr io::sqlite::Schema kFleetSchema{0x454D5346,  // "EMSF"
                                                 1, R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE conflict(tenant TEXT NOT NULL, agent TEXT NOT NULL, PRIMARY KEY(tenant, agent))
  WITHOUT ROWID;
CREATE TABLE mark(tenant TEXT NOT NULL, agent TEXT NOT NULL, stream INTEGER NOT NULL,
  counter INTEGER NOT NULL, epoch BLOB NOT NULL, mark INTEGER NOT NULL, stored INTEGER NOT NULL,
  duplicates INTEGER NOT NULL, gap_rows INTEGER NOT NULL, opened INTEGER NOT NULL,
  updated INTEGER NOT NULL, PRIMARY KEY(tenant, agent, stream, counter, epoch)) WITHOUT ROWID;
CREATE TABLE block(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, agent TEXT NOT NULL,
  stream INTEGER NOT NULL, counter INTEGER NOT NULL, epoch BLOB NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, utc_min_us INTEGER NOT NULL, utc_max_us INTEGER NOT NULL,
  bytes BLOB NOT NULL, UNIQUE(tenant, agent, stream, counter, epoch, first));
CREATE TABLE gap(tenant TEXT NOT NULL, agent TEXT NOT NULL, stream INTEGER NOT NULL,
  counter INTEGER NOT NULL, epoch BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  reason INTEGER NOT NULL, utc_min_us INTEGER, utc_max_us INTEGER,
  PRIMARY KEY(tenant, agent, stream, counter, epoch, first)) WITHOUT ROWID;
)sql"};

/// Totals are for people: at the end of their range they stay there.
[[nodiscard]] constexpr std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/// Binds tenant, agent, stream, counter, epoch to ?1 .. ?5.
io::sqlite::Statement& bind_key(io::sqlite::Statement& s, const AgentKey& key,
                                telemetry::Stream stream, const telemetry::Epoch& epoch);

class SqliteFleetStore final : public FleetStore {
 public:
  SqliteFleetStore();
  [[nodiscard]] Result<void> open(const std::string& path, const SqliteFleetOptions& options);

  [[nodiscard]] Id128 generation() const override;
  [[nodiscard]] Result<Id128> renew_generation() override;
  [[nodiscard]] Result<SessionToken> session_begin(const SessionRequest& request) override;
  void session_end(SessionToken session) override;
  [[nodiscard]] Result<void> clear_conflict(const AgentKey& key) override;
  [[nodiscard]] Result<std::vector<AgentKey>> conflicts() override;
  [[nodiscard]] Result<Ack> ingest(SessionToken session, telemetry::Stream stream,
                                   const telemetry::Epoch& epoch,
                                   std::span<const IngestItem> items) override;
  [[nodiscard]] Result<telemetry::Sequence> mark(const AgentKey& key, telemetry::Stream stream,
                                                 const telemetry::Epoch& epoch) override;
  [[nodiscard]] Result<std::vector<StreamMark>> marks(const AgentKey& key) override;
  [[nodiscard]] Result<std::vector<AgentKey>> agents(const std::string& tenant) override;
  [[nodiscard]] Result<std::vector<LatestValue>> latest(const AgentKey& key,
                                                        std::optional<AssetId> asset) override;
  [[nodiscard]] std::unique_ptr<io::RowSource> rows(const AgentKey& key) override;
  [[nodiscard]] Result<void> read_page(const AgentKey& key, telemetry::Stream stream,
                                       const io::UtcRange& range, std::size_t items_max,
                                       PageCursor& cursor, io::RowSink& sink) override;
  [[nodiscard]] Result<std::vector<std::byte>> newest_block(const AgentKey& key,
                                                            telemetry::Stream stream,
                                                            const telemetry::Epoch& epoch) override;
  [[nodiscard]] FleetCounters counters() const override;

 private:
  /// One call of ingest() on its way through a group.
  struct Job {
    SessionToken session = 0;
    AgentKey key;
    telemetry::Stream stream{};
    telemetry::Epoch epoch{};
    std::span<const IngestItem> items;
    std::vector<std::optional<telemetry::BlockReader>> blocks{};  ///< As items; nullopt: a gap.
    telemetry::Sequence mark_before = 0;
    Result<Ack> result = fail(Errc::internal, 0, "fleet: not processed");
    bool done = false;
  };

  [[nodiscard]] static Result<void> check(Job& job);
  void run_group(std::span<Job* const> jobs);
  [[nodiscard]] Result<void> store_group(std::span<Job* const> jobs);
  [[nodiscard]] Result<Ack> store_job(Job& job);
  [[nodiscard]] Result<void> store_rows(const Job& job, const telemetry::BlockReader& block,
                                        telemetry::Sequence after);
  [[nodiscard]] Result<void> insert_block(const Job& job, Bytes block, telemetry::Sequence first,
                                          telemetry::Sequence last, std::int64_t utc_min_us,
                                          std::int64_t utc_max_us);
  [[nodiscard]] Result<void> insert_gap(const Job& job, const telemetry::Gap& gap);
  [[nodiscard]] Result<std::optional<StreamMark>> load_mark(io::sqlite::Database& db,
                                                            const AgentKey& key,
                                                            telemetry::Stream stream,
                                                            const telemetry::Epoch& epoch);
  [[nodiscard]] Result<void> load_totals();
  /// Makes conflicts durable; what cannot be written is tried again at the next one refused.
  void save_conflicts();
  [[nodiscard]] Result<void> load_generation(bool created);
  [[nodiscard]] Result<void> write_generation(const Id128& generation, std::uint64_t groups);

  std::string path_;
  bool read_only_ = false;
  io::sqlite::WriterLock lock_;
  Sessions sessions_;

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::vector<Job*> queue_;
  bool leader_ = false;

  std::mutex writer_mutex_;  ///< Guards the following.
  io::sqlite::Database writer_;
  Witness witness_;
  std::uint64_t groups_ = 0;
  std::vector<std::byte> scratch_buffer_;
  telemetry::BlockBuilder scratch_;
  std::set<AgentKey> unsaved_conflicts_;  ///< Known, and still to be made durable.

  std::mutex reader_mutex_;  ///< Guards reader_.
  io::sqlite::Database reader_;

  mutable std::mutex state_mutex_;  ///< Guards what follows; taken last.
  Id128 generation_{};
  FleetCounters counters_;
  std::map<AgentKey, Latest> latest_;  ///< Only agents somebody asked for.
};

}  // namespace ems::fleet
