// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/command.hpp"

namespace ems::rpc {

namespace {

struct Dispatch {
  runtime::SitePort& site;
  const std::string& actor;

  Result<void> operator()(const SetpointAction& action) const {
    return site.set_setpoint({action.power, action.lease, actor, runtime::CommandOrigin::remote});
  }
  Result<void> operator()(const ClearSetpointAction&) const {
    return site.clear_setpoint(actor, runtime::CommandOrigin::remote);
  }
  Result<void> operator()(const EmergencyStopAction& action) const {
    return site.emergency_stop(actor, action.reason);
  }
};

}  // namespace

std::string_view to_string(CommandState state) noexcept {
  switch (state) {
    case CommandState::queued:
      return "queued";
    case CommandState::sent:
      return "sent";
    case CommandState::accepted:
      return "accepted";
    case CommandState::rejected:
      return "rejected";
    case CommandState::expired:
      return "expired";
  }
  return "unknown";
}

CommandHandler site_command_handler(runtime::SitePort& site) {
  return [&site](const RemoteCommand& command) {
    return std::visit(Dispatch{site, command.actor}, command.action);
  };
}

}  // namespace ems::rpc
