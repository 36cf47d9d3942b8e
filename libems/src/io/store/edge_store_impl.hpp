// SPDX-License-Identifier: Apache-2.0
/// @file What the parts of EdgeStore share. Not installed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "sqlite.hpp"

namespace ems::io {

/// From version 1: each stream remembers how many rows became gaps.
inline constexpr const char* kEdgeMigrations[] = {R"sql(
ALTER TABLE stream ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
UPDATE stream SET lost=(SELECT ifnull(sum(last-first+1),0) FROM gap WHERE gap.stream=stream.stream);
)sql"};

inline constexpr sqlite::Schema kEdgeSchema{0x454D5345,  // "EMSE"
                                            2,
                                            R"sql(
CREATE TABLE epoch(counter INTEGER PRIMARY KEY, random BLOB NOT NULL);
CREATE TABLE stream(stream INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, last INTEGER NOT NULL,
                    acknowledged INTEGER NOT NULL, lost INTEGER NOT NULL DEFAULT 0);
CREATE TABLE block(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, epoch INTEGER NOT NULL,
                   first INTEGER NOT NULL, last INTEGER NOT NULL, utc_min_us INTEGER NOT NULL,
                   utc_max_us INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE(stream, epoch, first));
CREATE TABLE gap(stream INTEGER NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL,
                 last INTEGER NOT NULL, reason INTEGER NOT NULL, utc_min_us INTEGER,
                 utc_max_us INTEGER, PRIMARY KEY(stream, epoch, first)) WITHOUT ROWID;
CREATE TABLE kv(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
)sql",
                                            kEdgeMigrations, true};

/// Present when key-value pairs were lost in a repair: a key that is missing may have existed.
inline constexpr std::string_view kKvDamagedKey = "";

/// Present from a repair that lost marks until the new epoch it calls for is open: sequences of the
/// old one may have been used for rows that are gone. put() and erase() cannot reach it by
/// accident.
inline constexpr std::string_view kNewEpochKey = "\001new-epoch";
inline constexpr const char* kForgetNewEpochSql = "DELETE FROM kv WHERE key=char(1)||'new-epoch'";
/// A sequence is an SQL integer. Marks beyond are damage.
inline constexpr telemetry::Sequence kSequenceMax = INT64_MAX;

/// Times of the rows of a block.
struct TimeSpan {
  std::int64_t min_us = 0;
  std::int64_t max_us = 0;
};
[[nodiscard]] TimeSpan time_span(const telemetry::BlockReader& reader) noexcept;

/// From columns first, last, reason, utc_min_us, utc_max_us.
[[nodiscard]] telemetry::Gap gap_of_row(const sqlite::Statement& s, int first_column);

/// Opens a stored block and compares it with the key it is stored under.
[[nodiscard]] Result<telemetry::BlockReader> checked_block(Bytes block, telemetry::Stream stream,
                                                           const telemetry::Epoch& epoch,
                                                           telemetry::Sequence first,
                                                           telemetry::Sequence last) noexcept;

struct EdgeStore::Impl {
  using Stream = telemetry::Stream;
  using Sequence = telemetry::Sequence;

  /// A closed block that is not in the file yet, or a gap made of one (bytes empty).
  struct Pending {
    Sequence first = 0;
    Sequence last = 0;
    TimeSpan time{};
    std::vector<std::byte> bytes;
    std::size_t size_in_file = 0;  ///< Of its earlier, shorter form.
  };

  struct Lane {
    Lane() : buffer(kBufferSize), builder(buffer) {}
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    static constexpr std::size_t kBufferSize = std::size_t{64} * 1024;

    Stream stream = Stream::audit;
    std::vector<std::byte> buffer;
    telemetry::BlockBuilder builder;  ///< The open block; its rows may be in the file or not.
    TimeSpan open_time{};
    std::size_t open_size_in_file = 0;
    std::deque<Pending> closed;
    Sequence committed = 0;
    Sequence acknowledged = 0;
    Sequence first_held = 1;
    std::uint64_t lost_before = 0;       ///< Rows lost before open().
    std::int64_t newest_us = INT64_MIN;  ///< Time of the row appended last.
    /// Older blocks have no age: expire() looks at them once, not every minute.
    struct {
      std::uint32_t epoch = 0;
      Sequence first = 0;
    } age_from{};
  };

  /// Something that may fail half way: unless it is kept, the counters and what the lanes hold
  /// become what they were.
  class Attempt {
   public:
    explicit Attempt(Impl& impl) : impl_(impl), before_(impl.counters) {
      for (const Lane& of : impl.lanes) held_[telemetry::index_of(of.stream)] = of.first_held;
    }
    void keep() noexcept { kept_ = true; }
    ~Attempt() {
      if (kept_) return;
      impl_.counters = before_;
      for (Lane& of : impl_.lanes) of.first_held = held_[telemetry::index_of(of.stream)];
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

   private:
    Impl& impl_;
    StoreCounters before_;
    std::array<Sequence, telemetry::kStreamCount> held_{};
    bool kept_ = false;
  };

  /// Highest sequence found, by epoch counter, then stream number.
  using SequencesSeen = std::map<std::int64_t, std::map<std::int64_t, Sequence>>;

  Impl() : scratch_buffer(telemetry::kBlockSizeMax), scratch(scratch_buffer) {}

  // edge_store_open.cpp
  [[nodiscard]] Result<void> open(const std::string& path, const EdgeStoreOptions& options);
  [[nodiscard]] Result<void> create_epoch(std::uint32_t counter);
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> check_blocks();
  [[nodiscard]] Result<void> fill_holes(Lane& lane);
  [[nodiscard]] Result<void> repair(const std::string& path);
  /// Puts a finished repair in the place of the damaged file. After a power cut it goes on.
  [[nodiscard]] Result<void> finish_repair(const std::string& path);
  [[nodiscard]] Result<void> salvage(sqlite::Database& from);
  [[nodiscard]] Result<void> salvage_blocks(sqlite::Database& from, SequencesSeen* seen);
  [[nodiscard]] Result<void> write_marks(const Lane& lane, Sequence last);

  // edge_store_evict.cpp
  /// Frees at least `bytes` by the retention rule, in the transaction that is open.
  /// @param only  Of this stream; nullopt: of telemetry and decisions.
  /// @return bytes freed; 0 when nothing may go.
  [[nodiscard]] Result<std::uint64_t> evict(std::uint64_t bytes,
                                            std::optional<Stream> only = std::nullopt);
  /// Evicts what is beyond a stream's budget or the store's.
  [[nodiscard]] Result<void> keep_budgets();
  /// expire() for one stream, in the transaction that is open. @return blocks removed.
  [[nodiscard]] Result<std::uint64_t> expire(Lane& lane, std::int64_t now_us);
  /// First row of a lane that memory will still write over: blocks from here on stay.
  [[nodiscard]] static Sequence growing_from(const Lane& lane) noexcept;
  /// After SQLITE_FULL: gives the WAL back and evicts. @return false when nothing may go.
  [[nodiscard]] Result<bool> make_room();
  [[nodiscard]] Result<void> insert_gap(Stream stream, std::uint32_t epoch_counter,
                                        const telemetry::Gap& gap);
  /// Turns a block of the file into a gap and counts it.
  [[nodiscard]] Result<void> lose_block(std::int64_t id, Stream stream, std::uint32_t epoch_counter,
                                        const telemetry::Gap& gap, std::size_t size);
  /// lose_block() in a transaction of its own, and in memory too.
  [[nodiscard]] Result<void> lose_damaged(std::int64_t id, Stream stream,
                                          const telemetry::Gap& range, std::size_t size);
  /// A block that turns out damaged on its way to the epoch `next` goes there as a gap.
  [[nodiscard]] Result<void> move_damaged(Lane& lane, std::int64_t id, std::size_t size,
                                          const telemetry::Epoch& next,
                                          const telemetry::Gap& moved);
  /// Acknowledged rows after `mark` that left no trace become gap rows: they are asked for again.
  [[nodiscard]] Result<void> note_not_held(const Lane& lane, Sequence mark);
  /// Rows that nobody took are not found: whether an index was damaged, and now is not.
  [[nodiscard]] Result<bool> index_hides_rows();
  /// The block of `lost`, open or waiting in memory, keeps only its rows after the gap.
  void cut_in_memory(Lane& lane, const telemetry::Gap& lost);
  /// Keeps memory bounded while the disk refuses. @return false: nothing in memory may go.
  [[nodiscard]] bool bound_pending();

  // edge_store.cpp
  [[nodiscard]] Result<void> write_pending();
  [[nodiscard]] Result<void> write_lane(Lane& lane);
  /// A block came (before: 0), grew, or went (after: 0).
  void count_bytes(Stream stream, std::size_t before, std::size_t after) noexcept;
  /// A row at this time does not belong in the lane's open block.
  [[nodiscard]] bool beyond_span(const Lane& lane, std::int64_t at_us) const noexcept;
  [[nodiscard]] Result<void> upsert(Stream stream, Sequence first, Sequence last,
                                    const TimeSpan& time, Bytes bytes);
  [[nodiscard]] Result<void> commit_once();
  void close_block(Lane& lane);
  template <class T>
  [[nodiscard]] Result<Sequence> append(Lane& lane, const T& row);
  [[nodiscard]] Result<void> move_to_epoch(Lane& lane, const telemetry::Epoch& next,
                                           Sequence* last);
  [[nodiscard]] Lane& lane(Stream stream) noexcept { return lanes[telemetry::index_of(stream)]; }
  [[nodiscard]] std::uint64_t pending_bytes() const noexcept;
  /// Keeps SQLite's text and passes the error on.
  template <class R>
  [[nodiscard]] R noted(R result) {
    if (!result) detail = db.message();
    return result;
  }

  EdgeStoreOptions options;
  sqlite::WriterLock lock;
  sqlite::Database db;
  sqlite::Statement upsert_block;  ///< These two run at every commit.
  sqlite::Statement update_marks;
  OpenReport report;
  StoreCounters counters;
  telemetry::Epoch epoch{};
  telemetry::BlockContext context{};
  std::array<Lane, telemetry::kStreamCount> lanes;
  std::vector<std::byte> scratch_buffer;
  telemetry::BlockBuilder scratch;
  bool marks_dirty = false;
  bool index_sound = false;
  std::string detail;
};

}  // namespace ems::io
