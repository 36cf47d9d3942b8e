// SPDX-License-Identifier: Apache-2.0
/// @file Commands on their way from a server to a site. Their structs are the site's.
#pragma once

#include <functional>
#include <optional>

#include "ems/runtime/site_port.hpp"

namespace ems::rpc {

using runtime::AcknowledgeAlarmAction;
using runtime::ActivePowerLimitAction;
using runtime::BatteryBalanceAction;
using runtime::BatteryLimitsAction;
using runtime::BatterySwitchAction;
using runtime::ClearSetpointAction;
using runtime::CommandAction;
using runtime::CommandState;
using runtime::CommandStep;
using runtime::DimmingAction;
using runtime::EmergencyStopAction;
using runtime::SetpointAction;
using runtime::ShelveAlarmAction;
using RemoteCommand = runtime::Command;  ///< Its origin is remote, its id never empty.

/// Does what a command asks and says where it is then; an error: rejected.
using CommandHandler = std::function<Result<CommandStep>(const RemoteCommand&)>;

/// The handler that passes commands to a site.
///
/// @param site  Outlives the handler.
[[nodiscard]] CommandHandler site_command_handler(runtime::SitePort& site);

}  // namespace ems::rpc
