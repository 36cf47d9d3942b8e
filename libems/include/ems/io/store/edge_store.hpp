// SPDX-License-Identifier: Apache-2.0
/// @file The site's durable buffer: rows in, blocks out until they are acknowledged. One SQLite
/// file, one SQLite row per block, WAL, synchronous=FULL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/model/event.hpp"
#include "ems/telemetry/block.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::io {

/// Span of a block of telemetry where nobody says another: that of 60 rows, because a block of few
/// is mostly header. How long a block may stay open changes neither when its rows are durable nor
/// when they are sent: both at each commit.
///
/// @param period  Time from row to row.
/// @return        60 periods, but at least 60 s and at most 3,600 s.
/// @thread_safety Pure function.
[[nodiscard]] constexpr Duration default_block_span(Duration period) noexcept {
  constexpr auto kRows = static_cast<std::int64_t>(telemetry::kBlockRowsMax);
  return clamp_to(period, seconds(1), seconds(60)) * kRows;
}

/// What a stream may keep within the store's budget.
struct Retention {
  /// Bytes of its blocks; beyond, its own oldest go, on commit(). 0: the store's budget only.
  /// Audit has none: it never makes room.
  std::uint64_t bytes = 0;
  /// How long acknowledged rows stay; zero: as long as there is room. See expire().
  Duration age{};
};

/// How to open a store.
struct EdgeStoreOptions {
  /// Bytes of blocks to keep, open blocks and audit included. Retention works on commit().
  std::uint64_t budget_bytes = std::uint64_t{512} * 1024 * 1024;
  std::array<Retention, telemetry::kStreamCount> retention{};  ///< By stream.
  /// There is no server: age takes rows that nobody acknowledged, too, as gap rows.
  bool expire_undelivered = false;
  /// A block of telemetry closes when its rows span this.
  Duration block_span = default_block_span(seconds(1));
  /// Bytes of rows held in memory while the disk refuses them; beyond, the oldest telemetry, then
  /// decisions, become gaps. Audit is refused, never dropped.
  std::size_t pending_bytes = std::size_t{4} * 1024 * 1024;
  bool create = true;  ///< Make the file when it is not there.
  bool repair = true;  ///< Salvage a damaged file into a new one; false: refuse with `corrupt`.
  /// Hard limit of the file in SQLite pages of 4 KiB; 0: none. A quota, and how tests fill a disk.
  std::uint32_t pages_max = 0;
  std::string vfs;  ///< Name of a registered SQLite VFS; empty: the default one.
};

/// What open() found and did.
struct OpenReport {
  bool created = false;
  bool repaired = false;   ///< The file was damaged; readable blocks were salvaged.
  bool reindexed = false;  ///< An index was damaged and made anew from its table: no row was lost.
  std::uint64_t corrupt_blocks = 0;  ///< Blocks that failed their check and became gap rows.
  std::uint64_t corrupt_rows = 0;    ///< Rows in them, and in holes between blocks.
  std::string damaged_copy;          ///< Where the damaged file was moved; empty when it was not.
};

/// Names of the alarms that go with a store; ems::Event::name. The runtime raises the last three
/// when commit() or acknowledge() says so.
inline constexpr const char* kAlarmStoreCorrupt = "store_corrupt";
inline constexpr const char* kAlarmStoreRepaired = "store_repaired";
inline constexpr const char* kAlarmStoreDiskFull = "store_disk_full";
inline constexpr const char* kAlarmStoreReadOnly = "store_read_only";
inline constexpr const char* kAlarmStoreRolledBack = "store_rolled_back";

/// Alarms that a person must see after open(); `value` is the number of rows lost.
[[nodiscard]] std::vector<Event> alarms_of(const OpenReport& report);

/// Where a stream stands in the current epoch.
struct Mark {
  telemetry::Epoch epoch{};
  telemetry::Sequence last = 0;          ///< Last committed row.
  telemetry::Sequence acknowledged = 0;  ///< The server has everything up to here.
  telemetry::Sequence first_held = 0;    ///< Oldest row still here; last + 1 when none.
};

/// One thing to send: a block, or a range that will never come.
struct StoredItem {
  telemetry::Stream stream = telemetry::Stream::telemetry;
  telemetry::Epoch epoch{};
  telemetry::Sequence first = 0;
  telemetry::Sequence last = 0;
  std::optional<telemetry::Gap> gap;  ///< Set: a gap, and `block` is empty.
  std::vector<std::byte> block;
};

/// Counts since open(), except where said. Rows are per stream.
struct StoreCounters {
  std::array<std::uint64_t, telemetry::kStreamCount> rows_appended{};
  std::array<std::uint64_t, telemetry::kStreamCount> rows_committed{};
  std::array<std::uint64_t, telemetry::kStreamCount> rows_acknowledged{};
  std::array<std::uint64_t, telemetry::kStreamCount> rows_evicted{};  ///< Acknowledged ones.
  std::array<std::uint64_t, telemetry::kStreamCount> rows_lost{};     ///< Became gap rows.
  /// Rows that became gap rows since the store was made, in every epoch. It never shrinks, except
  /// that a crash forgets gaps of rows that were never committed, as it does the rows, and that a
  /// repair which cannot read the count begins with the gaps that it finds.
  std::array<std::uint64_t, telemetry::kStreamCount> rows_lost_ever{};
  std::uint64_t commits = 0;
  std::uint64_t commits_failed = 0;
  std::uint64_t audit_refused = 0;
  std::uint64_t clock_steps = 0;  ///< Rows of telemetry earlier than the row before them.
  std::uint64_t blocks_held = 0;  ///< Now, in the file.
  std::uint64_t bytes_held = 0;   ///< Now, in the file: bytes of blocks.
  std::array<std::uint64_t, telemetry::kStreamCount> stream_bytes{};  ///< bytes_held by stream.
  std::uint64_t bytes_pending = 0;                                    ///< Now, in memory only.
};

/// The buffer between the control loop and the uplink.
///
/// What append() took and commit() confirmed is delivered, once, or reported as a gap. What was
/// appended since the last successful commit() is the *loss window*: the caller commits every
/// second, and at once after an alarm or a command.
///
/// When room runs out (budget or disk): the oldest acknowledged blocks of telemetry and decisions
/// go first, then the oldest telemetry, then the oldest decisions, both as gap rows. Audit stays.
/// A stream beyond its own budget loses its own oldest.
///
/// A block closes at 60 rows, when its rows span EdgeStoreOptions::block_span (records: an hour;
/// so also when the clock jumps, in either direction), and when the context changes.
///
/// @thread_safety None: one thread owns it (the runtime's store thread). Other processes read the
///                same file through StoreReader; a second writer is refused.
class EdgeStore {
 public:
  /// Opens, creates or repairs the store at `path` and checks every block in it.
  ///
  /// @errors not_found    there is no file and options.create is false.
  ///         header       a file of something else; it is left alone.
  ///         schema       made by a newer version.
  ///         corrupt      damaged and options.repair is false.
  ///         read_only    the file or its folder cannot be written.
  ///         disk_full    no room to create or repair it.
  ///         unavailable  another process has it open for writing.
  ///         io           the operating system refused.
  [[nodiscard]] static Result<EdgeStore> open(const std::string& path,
                                              const EdgeStoreOptions& options = {});
  EdgeStore(EdgeStore&&) noexcept;
  EdgeStore& operator=(EdgeStore&&) noexcept;
  /// Closes without committing: what was not committed is not kept.
  ~EdgeStore();

  [[nodiscard]] const OpenReport& open_report() const noexcept;  ///< What open() found.

  /// Limits hash and clock quality of the rows that follow; the catalogue hash is set by the store.
  void set_context(std::uint64_t limits_hash, ClockQuality clock_quality) noexcept;

  /// Takes a row of telemetry into the open block.
  ///
  /// @return Its sequence.
  /// @errors invalid_argument  see BlockBuilder::append; nothing was taken.
  [[nodiscard]] Result<telemetry::Sequence> append(const telemetry::Row& row);

  /// Takes a record of the audit or decision stream.
  ///
  /// @return Its sequence.
  /// @errors invalid_argument  the telemetry stream, or a payload above kRecordSizeMax.
  ///         disk_full         audit only: memory for rows that the disk refuses is used up.
  [[nodiscard]] Result<telemetry::Sequence> append(telemetry::Stream stream,
                                                   const telemetry::Record& record);

  /// Makes everything appended and acknowledged so far durable (one transaction, one fsync), then
  /// keeps the budget.
  ///
  /// @errors disk_full  no room, even after eviction; rows stay pending in memory, call again.
  ///         read_only  the file system became read-only; the same.
  ///         io, corrupt  SQLite refused; the same.
  [[nodiscard]] Result<void> commit();

  /// Removes what is older than the retention of its stream: acknowledged rows, and gap rows of
  /// them; a bounded part per call, the oldest first. Call it every minute with a clock that is
  /// right. What is dated after `now`, or before kEarliestPlausible (the clock was not set when it
  /// was made), has no age: it goes for room only.
  ///
  /// @return Blocks removed; when not 0, there may be more.
  /// @errors as commit(); nothing changed then.
  [[nodiscard]] Result<std::uint64_t> expire(UtcInstant now);

  /// Committed rows of the current epoch after `after`, oldest first, cut at `after`; ranges that
  /// are gone come as gaps, so that the items always join without a hole.
  ///
  /// @param bytes_max  Stops before the block that would exceed it, but gives at least one item.
  /// @errors corrupt   a block failed its check now and became a gap row, or a damaged index was
  ///                   made anew: call again.
  ///         io        SQLite refused.
  [[nodiscard]] Result<std::vector<StoredItem>> peek(telemetry::Stream stream,
                                                     telemetry::Sequence after,
                                                     std::size_t bytes_max);

  /// The server has stored everything up to `up_to`. Durable with the next commit(); forgetting it
  /// only sends rows again, which the server counts as duplicates.
  ///
  /// @errors aborted              another epoch than the current one: too late, ignored.
  ///         failed_precondition  beyond the last committed row: this store was rolled back; call
  ///                              open_new_epoch() and raise an alarm.
  [[nodiscard]] Result<void> acknowledge(telemetry::Stream stream, const telemetry::Epoch& epoch,
                                         telemetry::Sequence up_to);

  /// A restored server has only rows up to `mark`: what is held above it counts as undelivered.
  ///
  /// @errors as acknowledge().
  [[nodiscard]] Result<void> rewind(telemetry::Stream stream, const telemetry::Epoch& epoch,
                                    telemetry::Sequence mark);

  /// Starts a new epoch (the store was found rolled back): what is unacknowledged is numbered anew
  /// from 1, what is acknowledged keeps its old identity. Commits.
  ///
  /// @errors as commit(); nothing changed then.
  [[nodiscard]] Result<telemetry::Epoch> open_new_epoch();

  [[nodiscard]] Mark mark(telemetry::Stream stream) const noexcept;
  [[nodiscard]] const telemetry::Epoch& epoch() const noexcept;
  [[nodiscard]] StoreCounters counters() const noexcept;

  /// Writes a small durable value (latch, mode) at once, in its own transaction.
  ///
  /// @errors invalid_argument  an empty key, or a value above 64 KiB.
  ///         disk_full, read_only, io  as commit(); the old value stands.
  [[nodiscard]] Result<void> put(std::string_view key, Bytes value);
  /// Removes a key; no error when it is not there. @errors io, disk_full, read_only.
  [[nodiscard]] Result<void> erase(std::string_view key);
  /// @return nullopt when the key was never written.
  /// @errors io, corrupt  it cannot be read: the caller must assume the worst.
  [[nodiscard]] Result<std::optional<std::vector<std::byte>>> get(std::string_view key);

  /// What SQLite said last, for the log.
  [[nodiscard]] const std::string& detail() const noexcept;

 private:
  struct Impl;
  explicit EdgeStore(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::io
