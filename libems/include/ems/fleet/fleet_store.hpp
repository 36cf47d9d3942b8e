// SPDX-License-Identifier: Apache-2.0
/// @file The fleet's store: takes each agent's rows exactly once and answers for them. An
/// interface; sqlite_fleet_store.hpp is the embedded back end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/io/store/row_source.hpp"
#include "ems/telemetry/block.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::fleet {

/// An agent within its tenant. Both names come from the client certificate, never from a message.
struct AgentKey {
  std::string tenant;
  std::string agent;
  friend auto operator<=>(const AgentKey&, const AgentKey&) = default;
};

/// 128 random bits.
using Id128 = std::array<std::byte, 16>;

/// What an agent shows when it connects.
struct SessionRequest {
  AgentKey key;
  telemetry::Epoch epoch{};  ///< Current epoch of its store.
  Id128 instance{};          ///< Random per *process start* of the agent; all zero: not told.
};

/// A live session; 0 is none.
using SessionToken = std::uint64_t;

/// One thing to store: a block, or a range that will never come.
struct IngestItem {
  Bytes block;                        ///< Borrowed for the call; empty for a gap.
  std::optional<telemetry::Gap> gap;  ///< Set: a gap.
};

/// Cumulative acknowledgement: everything up to `mark` of (stream, epoch) is stored and synced.
struct Ack {
  telemetry::Stream stream = telemetry::Stream::telemetry;
  telemetry::Epoch epoch{};
  telemetry::Sequence mark = 0;
  std::uint64_t stored = 0;      ///< Rows stored by this call.
  std::uint64_t duplicates = 0;  ///< Rows of this call that were here already.
  std::uint64_t gap_rows = 0;    ///< Rows this call said will never come.
};

/// Where one stream of one epoch stands.
struct StreamMark {
  telemetry::Stream stream = telemetry::Stream::telemetry;
  telemetry::Epoch epoch{};
  telemetry::Sequence mark = 0;
  std::uint64_t stored = 0;      ///< Rows stored.
  std::uint64_t duplicates = 0;  ///< Rows that came again, were refused and acknowledged.
  std::uint64_t gap_rows = 0;    ///< Rows that will never come.
};

/// Where a page of rows goes on; start with the default.
struct PageCursor {
  std::size_t epochs_done = 0;
  telemetry::Sequence after = 0;  ///< Of the epoch under way.
  bool done = false;              ///< There is nothing more.
};

/// Newest known value of a point.
struct LatestValue {
  Point point{};
  std::int64_t value = 0;
  Quality quality = Quality::bad;
  UtcInstant at{};
};

/// Totals of a store since it was created, and refusals since it was opened.
struct FleetCounters {
  std::uint64_t stored = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t gap_rows = 0;
  std::uint64_t blocks_refused = 0;  ///< Failed their check.
  std::uint64_t holes_refused = 0;   ///< not_next.
  std::uint64_t conflicts = 0;       ///< Identity conflicts raised.
  std::uint64_t groups = 0;          ///< Transactions; several ingests share one.
  std::uint64_t latest_dropped = 0;  ///< Points forgotten by latest() to keep to its limit.
};

/// Storage of a fleet. `io::RowSource` answers range queries for one agent, gaps included.
///
/// @thread_safety Any thread, all functions.
class FleetStore {
 public:
  virtual ~FleetStore() = default;
  FleetStore(const FleetStore&) = delete;
  FleetStore& operator=(const FleetStore&) = delete;

  /// Announced to agents. A new one means "restored": agents resend what they hold above its marks.
  [[nodiscard]] virtual Id128 generation() const = 0;
  /// After restoring a backup in a way the store cannot notice itself.
  /// @errors as ingest().
  [[nodiscard]] virtual Result<Id128> renew_generation() = 0;

  /// Registers a live session.
  ///
  /// The same instance again, or another process on the same epoch (the agent restarted), takes
  /// over and ends the session before. A live session of *another* epoch, or an instance that had
  /// been taken over and comes back, is a second agent: both are refused, durably, until
  /// clear_conflict().
  ///
  /// @errors identity_conflict  see above. invalid_argument  an empty name.
  [[nodiscard]] virtual Result<SessionToken> session_begin(const SessionRequest& request) = 0;
  /// Ends a session; unknown tokens are ignored.
  virtual void session_end(SessionToken session) = 0;
  /// A person decided who the agent is.
  /// @errors not_found  there was no conflict.
  [[nodiscard]] virtual Result<void> clear_conflict(const AgentKey& key) = 0;
  [[nodiscard]] virtual Result<std::vector<AgentKey>> conflicts() = 0;

  /// Stores items of one stream and epoch, in order, data and mark in one transaction, and returns
  /// after its fsync. Calls from several threads share a transaction. Rows up to the mark are
  /// counted and acknowledged, a block across the mark is cut. All items or none.
  ///
  /// @errors identity_conflict  the session's identity is in conflict.
  ///         unauthenticated    no such session (ended or taken over).
  ///         not_next           a hole before an item; mark() says what is expected: mark + 1.
  ///         invalid_argument   stream or epoch of a block differ from the call's, or a gap whose
  ///                            last < first or first is 0.
  ///         out_of_range       a sequence above 2^63 - 1, or a gap of more than 2^40 rows.
  ///         header, schema, truncated, length, checksum, out_of_range  a block failed its check.
  ///         disk_full, read_only, io, corrupt  the back end refused; nothing was stored.
  [[nodiscard]] virtual Result<Ack> ingest(SessionToken session, telemetry::Stream stream,
                                           const telemetry::Epoch& epoch,
                                           std::span<const IngestItem> items) = 0;

  /// Highest row stored or known lost; 0 for an epoch never seen. @errors io, corrupt.
  [[nodiscard]] virtual Result<telemetry::Sequence> mark(const AgentKey& key,
                                                         telemetry::Stream stream,
                                                         const telemetry::Epoch& epoch) = 0;
  /// All streams and epochs of an agent, epochs in order; all agents. @errors io, corrupt.
  [[nodiscard]] virtual Result<std::vector<StreamMark>> marks(const AgentKey& key) = 0;
  [[nodiscard]] virtual Result<std::vector<AgentKey>> agents(const std::string& tenant) = 0;

  /// Newest value of each point of an agent, ascending; only of `asset` (and its modules) if given.
  ///
  /// A point whose newest value is more than an hour older than the agent's newest row is not
  /// given: its asset is gone, or nobody knows its value any more. At most 4096 points per agent
  /// are kept, those that stayed away longest are dropped and counted. After a restart, and of an
  /// agent that nobody asked for while memory was short, only the newest blocks are read, so a
  /// value older than those is not given either. @errors io, corrupt.
  [[nodiscard]] virtual Result<std::vector<LatestValue>> latest(
      const AgentKey& key, std::optional<AssetId> asset = std::nullopt) = 0;
  /// Rows of one agent; the store outlives it. Use io::read_columns() on it for ranges of points.
  [[nodiscard]] virtual std::unique_ptr<io::RowSource> rows(const AgentKey& key) = 0;
  /// Like rows()->read(), one bounded page per call and per read transaction, so that a reader that
  /// takes its time between pages holds nothing. Each row and gap comes once; what is stored while
  /// the reader pauses may still be given.
  ///
  /// @param items_max  Blocks and gaps of this page, at least 1.
  /// @param cursor     Moved behind the page; not moved when the sink stopped it.
  /// @errors           as io::RowSource::read().
  [[nodiscard]] virtual Result<void> read_page(const AgentKey& key, telemetry::Stream stream,
                                               const io::UtcRange& range, std::size_t items_max,
                                               PageCursor& cursor, io::RowSink& sink) = 0;
  /// Block that holds the newest *stored* row of a stream and epoch; empty when no row of it is
  /// stored. Its last row shows whether an agent's rows are still those that were stored.
  /// @errors io, corrupt  the store cannot be read.
  [[nodiscard]] virtual Result<std::vector<std::byte>> newest_block(
      const AgentKey& key, telemetry::Stream stream, const telemetry::Epoch& epoch) = 0;

  [[nodiscard]] virtual FleetCounters counters() const = 0;

 protected:
  FleetStore() = default;
};

}  // namespace ems::fleet
