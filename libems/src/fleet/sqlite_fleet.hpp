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
#include "lanes.hpp"
#include "latest.hpp"
#include "sessions.hpp"
#include "sqlite_fleet_schema.hpp"
#include "witness.hpp"

namespace ems::fleet {

/// Totals are for people: at the end of their range they stay there.
[[nodiscard]] constexpr std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/// Binds tenant, agent, stream, counter, epoch to ?1 .. ?5.
io::sqlite::Statement& bind_key(io::sqlite::Statement& s, const AgentKey& key,
                                telemetry::Stream stream, const telemetry::Epoch& epoch);
/// The epoch in two columns. @errors corrupt  it is none.
[[nodiscard]] Result<telemetry::Epoch> epoch_at(const io::sqlite::Statement& s, int counter_column,
                                                int random_column);
/// Rows of one agent, over a connection of its own for each call.
[[nodiscard]] std::unique_ptr<io::RowSource> make_agent_rows(const std::string& path,
                                                             const std::string& vfs,
                                                             const AgentKey& key);
/// FleetStore::read_page() on a file.
[[nodiscard]] Result<void> read_agent_page(const std::string& path, const std::string& vfs,
                                           const AgentKey& key, telemetry::Stream stream,
                                           const io::UtcRange& range, std::size_t items_max,
                                           PageCursor& cursor, io::RowSink& sink);

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
  /// What a check of an item found; the bytes stay the caller's.
  struct Checked {
    telemetry::Sequence first = 0;
    telemetry::Sequence last = 0;
    UtcInstant utc_min{};  ///< Of a block; of its part, when it is cut: never too narrow.
    UtcInstant utc_max{};
  };
  /// One call of ingest() on its way through a group.
  struct Job {
    SessionToken session = 0;
    AgentKey key;
    telemetry::Stream stream{};
    telemetry::Epoch epoch{};
    std::span<const IngestItem> items;
    std::vector<Checked> checked{};  ///< As items.
    telemetry::Sequence mark_before = 0;
    Result<Ack> result = fail(Errc::internal, 0, "fleet: not processed");
    bool refused = false;  ///< The back end refused this one, and would again.
    bool done = false;
    std::condition_variable changed{};  ///< It is done, or it is to lead.
  };
  /// Statements of the writer, prepared once.
  struct Writes {
    io::sqlite::Statement find_lane, add_lane, set_lane, find_tail, tail_bytes, grow_tail;
    io::sqlite::Statement add_block, add_gap, set_groups, mark_place, back_to_place, forget_place;
  };

  [[nodiscard]] static Result<void> check(Job& job);
  void run_group(std::span<Job* const> jobs) noexcept;
  /// Marks, counters and newest values after a group that was stored or was not.
  void settle(std::span<Job* const> jobs, const Result<void>& stored);
  /// One transaction. When a job meets an error of the back end, all of it fails; or, `each_alone`,
  /// that job does, with its error in its result, unless SQLite gave up the transaction itself.
  [[nodiscard]] Result<void> store_group(std::span<Job* const> jobs, bool each_alone);
  [[nodiscard]] Result<void> store_alone(Job& job);
  /// Refuses the job in its result, or stores all of it. @errors of the back end only.
  [[nodiscard]] Result<void> store_job(Job& job);
  [[nodiscard]] static Result<Ack> plan(const Job& job, const StreamMark& mark);
  [[nodiscard]] static LaneKey lane_key(const Job& job);
  [[nodiscard]] Result<Lane*> lane_of(const Job& job);
  [[nodiscard]] Result<void> store_rows(const Job& job, Lane& lane, std::size_t item,
                                        telemetry::Sequence after);
  [[nodiscard]] Result<bool> grow_tail(Lane& lane, Bytes block, const Checked& rows,
                                       telemetry::Sequence after);
  [[nodiscard]] Result<void> add_block(Lane& lane, Bytes block, const Checked& rows);
  [[nodiscard]] Result<void> add_gap(const Lane& lane, const telemetry::Gap& gap);
  [[nodiscard]] Result<void> prepare_writes();
  [[nodiscard]] Result<void> load_totals();
  /// Makes conflicts durable; what cannot be written is tried again at the next one refused.
  void save_conflicts();
  [[nodiscard]] Result<void> load_generation(bool created);
  [[nodiscard]] Result<void> write_generation(const Id128& generation, std::uint64_t groups);

  std::string path_;
  std::string vfs_;
  bool read_only_ = false;
  io::sqlite::WriterLock lock_;
  Sessions sessions_;

  std::mutex queue_mutex_;  ///< Guards the following, and each job's `done`.
  std::vector<Job*> queue_;
  bool leader_ = false;

  std::mutex writer_mutex_;  ///< Guards the following.
  io::sqlite::Database writer_;
  Writes writes_;
  Lanes lanes_{1};  ///< Forgotten when a group failed.
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
  LatestCache latest_{0};
};

}  // namespace ems::fleet
