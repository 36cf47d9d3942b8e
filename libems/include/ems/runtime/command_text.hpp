// SPDX-License-Identifier: Apache-2.0
/// @file Commands and alarms in people's words, and as JSON with SI names; a value is in the unit
/// of its name.
#pragma once

#include <string>
#include <vector>

#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

/// Columns: received, state, kind, actor, what was said. @thread_safety Pure functions, all here.
[[nodiscard]] std::string commands_text(const std::vector<CommandView>& commands);
[[nodiscard]] std::string commands_json(const std::vector<CommandView>& commands);
/// One object: command_id, state, message, at, overruled_by, shortfall_w.
[[nodiscard]] std::string command_json(const CommandStep& step);

/// Columns: id, priority, state, asset, name, value, since, count, who acknowledged it.
[[nodiscard]] std::string alarms_text(const AlarmsView& view);
[[nodiscard]] std::string alarms_json(const std::vector<alarm::Alarm>& alarms);

/// Columns: when, what happened, the alarm as it was after that, by whom.
[[nodiscard]] std::string alarm_history_text(const std::vector<alarm::Change>& changes);
/// An array of objects: at, transition, actor, text, alarm.
[[nodiscard]] std::string alarm_history_json(const std::vector<alarm::Change>& changes);

}  // namespace ems::runtime
