// SPDX-License-Identifier: Apache-2.0
/// @file One line of the energy ledger: a counter, a power, and what they filled.
#pragma once

#include <optional>
#include <vector>

#include "ems/query/energy.hpp"

namespace ems::query {

/// Takes the readings of one counter and the powers of one place, in the order they were made.
class EnergyLedger::Account {
 public:
  Account(const Grid& grid, std::int64_t sign) : sign_(sign), figures_(grid.size()) {}

  /// Where the account finds its readings in a row; found anew for each point table.
  struct Places {
    std::optional<std::size_t> counter;
    std::optional<std::size_t> power;
    std::optional<std::size_t> voltage;  ///< Both: power without a point of its own.
    std::optional<std::size_t> current;
  };
  Places places{};

  /// A row: first what the power before it says of the time until now, then its own readings.
  void row(const Grid& grid, const EnergyOptions& options, std::optional<UtcInstant> before,
           const telemetry::Row& row);
  /// Power that waited for the counter counts: no reading will come.
  void settle(const Grid& grid);
  void silence() noexcept { held_uw_.reset(); }

  [[nodiscard]] bool began() const noexcept { return base_ || !places.counter; }
  [[nodiscard]] bool settled(UtcInstant at) const noexcept { return !base_ || base_->at >= at; }
  [[nodiscard]] std::span<const EnergyFigure> figures() const noexcept { return figures_; }

 private:
  struct Reading {
    UtcInstant at{};
    std::int64_t wh = 0;
  };
  struct Segment {
    UtcInstant begin{};
    UtcInstant end{};
    std::int64_t uw = 0;
  };
  void read(const Grid& grid, const EnergyOptions& options, const Reading& reading);
  void strayed(const Grid& grid, const EnergyOptions& options, const Reading& reading);
  void count(const Grid& grid, const EnergyOptions& options, const Reading& from, const Reading& to,
             std::int64_t wh);
  void speak(const Grid& grid, const Segment& segment);
  void note(const Grid& grid, UtcInstant at, std::uint32_t EnergyFigure::*counter);

  std::int64_t sign_;  ///< Of the powers that count.
  std::vector<EnergyFigure> figures_;
  std::optional<Reading> base_;     ///< The last reading believed.
  std::optional<Reading> suspect_;  ///< The last reading that did not go on from it.
  std::optional<std::int64_t> held_uw_;
  std::vector<Segment> waiting_;  ///< Powers since base_: they count if the counter does not.
  Claimed claimed_;
};

}  // namespace ems::query
