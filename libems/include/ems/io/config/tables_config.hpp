// SPDX-License-Identifier: Apache-2.0
/// @file The files that policies follow: a schedule, a plan, a table of prices. YAML, as strict as
/// the site file; their keys are rows of the table in schema.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ems/decision/decision.hpp"
#include "ems/io/config/diagnostic.hpp"

namespace ems::io {

/// `schedule.yaml`, checked by decision::validate().
struct ScheduleFile {
  std::vector<decision::ScheduleEntry> entries;
};

/// `plan.yaml`, checked by decision::validate().
struct PlanFile {
  std::vector<decision::PlanSlot> slots;
  UtcInstant made_at{};
  Duration valid_for{};
  decision::PlanId id;
  /// The plan, borrowing this file's slots.
  [[nodiscard]] decision::Plan plan() const noexcept { return {slots, made_at, valid_for, id}; }
};

/// `price.yaml`, checked by decision::validate().
struct PriceFile {
  std::vector<decision::PriceSlot> slots;
  UtcInstant end{};
  UtcInstant made_at{};
  decision::Currency currency;
  /// The table, borrowing this file's slots.
  [[nodiscard]] decision::PriceTable table() const noexcept {
    return {slots, end, made_at, currency};
  }
};

/// Parses and checks a file's text.
///
/// @param path  The name in error messages.
/// @return      The table, or every fault found, with line and column.
/// @thread_safety Pure functions.
[[nodiscard]] Loaded<ScheduleFile> parse_schedule(std::string_view text,
                                                  const std::filesystem::path& path);
[[nodiscard]] Loaded<PlanFile> parse_plan(std::string_view text, const std::filesystem::path& path);
[[nodiscard]] Loaded<PriceFile> parse_prices(std::string_view text,
                                             const std::filesystem::path& path);

/// The same from a file. @thread_safety Any thread; reads the file once.
[[nodiscard]] Loaded<ScheduleFile> load_schedule(const std::filesystem::path& path);
[[nodiscard]] Loaded<PlanFile> load_plan(const std::filesystem::path& path);
[[nodiscard]] Loaded<PriceFile> load_prices(const std::filesystem::path& path);

}  // namespace ems::io
