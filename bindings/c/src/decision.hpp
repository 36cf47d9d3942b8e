// SPDX-License-Identifier: Apache-2.0
/// @file ems_decision_t: a view of the last decision, and the state that makes it.
#pragma once

#include <array>
#include <optional>

#include "capi.hpp"
#include "ems/decision/decision.hpp"

/// What every reading function needs. An ems_control_t shows its own decision through one.
struct ems_decision {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::decision;
  ems::capi::Tag tag = kTag;
  bool owner = false;    ///< It is the first member of an OwnedDecision.
  bool stepped = false;  ///< `last` holds a decision.
  const ems::decision::Decision* last = nullptr;
};

namespace ems::capi {

/// The rows of a caller's tables that are in force now, as one-row tables of the library's: they
/// lead to the same decision, and nothing needs room for the whole.
class TablesOfNow {
 public:
  TablesOfNow() = default;
  TablesOfNow(const TablesOfNow&) = delete;  // The spans look into it.
  TablesOfNow& operator=(const TablesOfNow&) = delete;

  /// Checks all of the tables; NULL: there are none.
  [[nodiscard]] ems_status_t read(const ems_decision_tables_t* given, UtcInstant now) noexcept;

  std::span<const decision::ScheduleEntry> schedule{};
  std::optional<decision::Plan> plan{};
  std::optional<decision::PriceTable> prices{};

 private:
  decision::ScheduleEntry entry_{};
  decision::PlanSlot slot_{};
  decision::PriceSlot price_{};
};

/// Reads a configuration and checks it.
[[nodiscard]] ems_status_t decision_config_from(const ems_decision_config_t* given,
                                                decision::Config& config) noexcept;
/// Reads the inputs of one step and checks them; the tables stay in `tables`.
[[nodiscard]] ems_status_t inputs_from(const ems_decision_inputs_t& given, TablesOfNow& tables,
                                       decision::Inputs& inputs) noexcept;
[[nodiscard]] decision::PowerLimits limits_from(const ems_power_limits_t& given) noexcept;
[[nodiscard]] decision::SetpointCommand setpoint_from(const ems_setpoint_t& given) noexcept;
[[nodiscard]] decision::LimitCommand limit_from(const ems_limit_command_t& given) noexcept;
[[nodiscard]] ems_status_t wall_from(const ems_wall_time_t& given,
                                     decision::WallTime& wall) noexcept;
/// What policies acted on, for C.
[[nodiscard]] ems_in_force_t in_force_to_c(const decision::Decision& decision) noexcept;

inline constexpr const char* kNoDecision = "decision is NULL or not a decision maker";

}  // namespace ems::capi
