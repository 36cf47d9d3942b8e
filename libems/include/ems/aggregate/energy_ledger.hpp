// SPDX-License-Identifier: Apache-2.0
/// @file The energy ledger in memory of the caller. query/energy.hpp is the same with a heap.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "ems/aggregate/energy.hpp"
#include "ems/aggregate/grid.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::aggregate {

/// One line of the ledger: takes the readings of one counter and the powers of one place, in the
/// order they were made.
///
/// @memory        None but its room.
/// @thread_safety Like a value; a copy fills the same figures.
class EnergyLine {
 public:
  /// A power, and the time it spoke for.
  struct Segment {
    UtcInstant begin{};
    UtcInstant end{};
    std::int64_t uw = 0;
  };
  struct Room {
    std::span<EnergyFigure> figures;   ///< One per bucket of the grid, as they begin.
    std::span<Segment> waiting;        ///< Powers since the counter spoke; one or more.
    std::span<Claimed::Span> moments;  ///< Claimed::kRoomMin or more.
  };
  EnergyLine() noexcept = default;
  EnergyLine(std::int64_t sign, const Room& room) noexcept
      : sign_(sign), figures_(room.figures), waiting_(room.waiting), claimed_(room.moments) {}

  EnergyPlaces places{};  ///< In the rows that follow.

  /// A row: first what the power before it says of the time until now, then its own readings.
  ///
  /// When there is no room for a power that waits, the counter is given up as if bridge_max were
  /// over.
  void row(const GridView& grid, const EnergyOptions& options, std::optional<UtcInstant> before,
           const telemetry::Row& row);
  /// Power that waited for the counter counts: no reading will come.
  void settle(const GridView& grid);
  void silence() noexcept { held_uw_.reset(); }

  [[nodiscard]] bool began() const noexcept { return base_ || !places.counter; }
  [[nodiscard]] bool settled(UtcInstant at) const noexcept { return !base_ || base_->at >= at; }
  /// The counter's last reading; nullopt when nobody waits for the next.
  [[nodiscard]] std::optional<UtcInstant> waits_since() const noexcept {
    if (!base_) return std::nullopt;
    return base_->at;
  }
  [[nodiscard]] std::span<const EnergyFigure> figures() const noexcept { return figures_; }
  /// Times the counter was given up for lack of room.
  [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

  /// For an owner whose room grows: before each row one more power may wait, and as many spans may
  /// be claimed as powers wait, and kSpansPerRow more.
  static constexpr std::size_t kSpansPerRow = 3;
  [[nodiscard]] List<Segment>& waiting() noexcept { return waiting_; }
  [[nodiscard]] Claimed& claimed() noexcept { return claimed_; }
  [[nodiscard]] const Claimed& claimed() const noexcept { return claimed_; }

 private:
  struct Reading {
    UtcInstant at{};
    std::int64_t wh = 0;
  };
  void power(const GridView& grid, const Segment& segment);
  void read(const GridView& grid, const EnergyOptions& options, const Reading& reading);
  void strayed(const GridView& grid, const EnergyOptions& options, const Reading& reading);
  void count(const GridView& grid, const EnergyOptions& options, const Reading& from,
             const Reading& to, std::int64_t wh);
  void speak(const GridView& grid, const Segment& segment);
  void note(const GridView& grid, UtcInstant at, std::uint32_t EnergyFigure::*counter);
  void give_up(const GridView& grid);

  std::int64_t sign_ = 1;  ///< Of the powers that count.
  std::span<EnergyFigure> figures_;
  std::optional<Reading> base_;     ///< The last reading believed.
  std::optional<Reading> suspect_;  ///< The last reading that did not go on from it.
  std::optional<std::int64_t> held_uw_;
  List<Segment> waiting_;  ///< Powers since base_: they count if the counter does not.
  Claimed claimed_;
  std::uint64_t given_up_ = 0;
};

/// Fills periods from rows; EnergyFeeds says which accounts there are. A moment counts once, even
/// when a clock was set back over it.
///
/// @memory        None but its room.
/// @thread_safety Like a value; a copy fills the same figures.
class EnergyLedger {
 public:
  struct Entry {
    EnergyAccount account{};
    EnergyLine line;
  };
  /// For n accounts: n entries, and n equal shares of the rest.
  struct Room {
    std::span<Entry> entries;
    std::span<EnergyFigure> figures;         ///< grid.size() per account.
    std::span<EnergyLine::Segment> waiting;  ///< One or more per account.
    std::span<Claimed::Span> moments;        ///< Claimed::kRoomMin or more per account.
  };
  /// @errors invalid_argument  an option outside its range, or a room that does not fit.
  [[nodiscard]] static Result<EnergyLedger> create(const GridView& grid,
                                                   const EnergyOptions& options, const Room& room);

  /// The next row, in the order they were made. Rows beside the grid matter too, as far as
  /// bridge_max.
  ///
  /// @errors resource_exhausted  more accounts than entries; the row counts for nothing.
  [[nodiscard]] Result<void> row(const telemetry::Row& row);
  /// Rows are missing here: no power speaks across; a counter does.
  void gap() noexcept;
  /// The last row was given: power that waited for a counter's next reading counts.
  void finish();
  /// Every counter that rows have a place for has given a reading: a reader need not look further
  /// back.
  [[nodiscard]] bool counters_began() const noexcept;
  /// Every counter that spoke before this moment has spoken at it or later; nullopt before the
  /// first row, and after a gap until the next.
  [[nodiscard]] std::optional<UtcInstant> settled_until() const noexcept;

  [[nodiscard]] const GridView& grid() const noexcept { return grid_; }
  /// The accounts that there are, ascending by asset and flow.
  [[nodiscard]] std::span<const Entry> entries() const noexcept {
    return {entries_.begin(), entries_.size()};
  }

 private:
  EnergyLedger(const GridView& grid, const EnergyOptions& options, const Room& room) noexcept
      : grid_(grid), options_(options), room_(room), entries_(room.entries) {}
  [[nodiscard]] Result<void> learn(std::span<const Point> points);
  [[nodiscard]] Result<void> add(const EnergyFeed& feed);
  [[nodiscard]] Entry* find(const EnergyAccount& account) noexcept;

  GridView grid_;
  EnergyOptions options_;
  Room room_;
  List<Entry> entries_;
  std::array<Point, telemetry::kPointsMax> table_{};  ///< Point table of the row before.
  std::size_t table_size_ = 0;
  std::optional<UtcInstant> before_;
};

}  // namespace ems::aggregate
