// SPDX-License-Identifier: Apache-2.0
/// @file Commands on their way from a server to a site.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "ems/runtime/site_port.hpp"

namespace ems::rpc {

/// Sets the power of the site's batteries until the lease ends.
struct SetpointAction {
  Watt power{};      ///< At ac; + discharges.
  Duration lease{};  ///< Above zero.
};
struct ClearSetpointAction {};
struct EmergencyStopAction {
  std::string reason;  ///< Not empty.
};
using CommandAction = std::variant<SetpointAction, ClearSetpointAction, EmergencyStopAction>;

/// A command as the site receives it.
struct RemoteCommand {
  std::string id;
  Duration ttl{};     ///< Left when it was sent.
  std::string actor;  ///< `user:NAME`, from the sender's certificate.
  CommandAction action;
};

enum class CommandState : std::uint8_t {
  queued = 1,    ///< On the server, waiting for the agent.
  sent = 2,      ///< Written to the agent's stream.
  accepted = 3,  ///< The site acts on it. Final.
  rejected = 4,  ///< The site refused. Final.
  expired = 5,   ///< Its time to live ran out first. Final.
};
[[nodiscard]] std::string_view to_string(CommandState state) noexcept;
[[nodiscard]] constexpr bool is_final(CommandState state) noexcept {
  return state >= CommandState::accepted;
}

/// One step of a command.
struct CommandStep {
  std::string id;
  CommandState state = CommandState::queued;
  std::string message;
  UtcInstant at{};
};

/// Does what a command asks; success: accepted, an error: rejected.
using CommandHandler = std::function<Result<void>(const RemoteCommand&)>;

/// The handler that passes commands to a site, with origin remote.
///
/// @param site  Outlives the handler.
[[nodiscard]] CommandHandler site_command_handler(runtime::SitePort& site);

}  // namespace ems::rpc
