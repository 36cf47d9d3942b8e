// SPDX-License-Identifier: Apache-2.0
/// @file The energy ledger: what each asset took and gave in each period, from its counters where
/// they are there and from power otherwise. Pure: rows in the order they were made go in.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ems/aggregate/energy.hpp"
#include "ems/core/result.hpp"
#include "ems/query/grid.hpp"
#include "ems/query/wide.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::query {

using aggregate::EnergyAccount;
using aggregate::EnergyFigure;
using aggregate::EnergyFlow;
using aggregate::EnergyOptions;
using aggregate::EnergySource;
using aggregate::kEnergyFlows;
using aggregate::to_string;

/// Fills periods from rows. Accounts appear with the points that feed them; aggregate::EnergyFeeds
/// says which.
///
/// A moment counts once, even when a clock was set back over it.
///
/// @memory        sizeof(EnergyFigure), 56 bytes, per account and period, at most figures_max of
/// them; while a
///                counter that was there is silent, 24 to 80 bytes per account for each row with
///                another power, at most bridge_max long and waiting_max of them.
/// @thread_safety Like a value.
class EnergyLedger {
 public:
  /// @errors invalid_argument  an option outside its range; a modulus without power_max_w.
  [[nodiscard]] static Result<EnergyLedger> create(Grid grid, const EnergyOptions& options = {});
  EnergyLedger(EnergyLedger&&) noexcept;
  EnergyLedger& operator=(EnergyLedger&&) noexcept;
  ~EnergyLedger();

  /// The next row, in the order they were made. Rows beside the grid matter too, as far as
  /// bridge_max.
  ///
  /// @errors resource_exhausted  more than figures_max with the accounts of this row, or more than
  ///                             waiting_max powers wait; the ledger is of no more use.
  [[nodiscard]] Result<void> row(const telemetry::Row& row);
  /// Rows are missing here: no power speaks across; a counter does.
  void gap() noexcept;
  /// The last row was given: power that waited for a counter's next reading counts.
  void finish();
  /// Every counter that rows have a place for has given a reading: a reader need not look further
  /// back.
  [[nodiscard]] bool counters_began() const noexcept;
  /// Every counter that spoke before `at` has spoken at `at` or later: a reader may stop.
  [[nodiscard]] bool settled(UtcInstant at) const noexcept;

  [[nodiscard]] const Grid& grid() const noexcept { return grid_; }
  /// The accounts, ascending by asset and flow.
  [[nodiscard]] std::vector<EnergyAccount> accounts() const;
  /// One figure per period of the grid; empty for an account that is not there.
  [[nodiscard]] std::span<const EnergyFigure> figures(const EnergyAccount& account) const noexcept;

 private:
  struct Account;
  EnergyLedger(Grid grid, const EnergyOptions& options);
  [[nodiscard]] Result<void> learn(std::span<const Point> points);

  Grid grid_;
  EnergyOptions options_;
  std::map<EnergyAccount, Account> accounts_;
  std::vector<Point> table_;  ///< Point table of the row before.
  std::optional<UtcInstant> before_;
};

}  // namespace ems::query
