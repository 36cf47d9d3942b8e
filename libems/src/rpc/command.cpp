// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/command.hpp"

namespace ems::rpc {

CommandHandler site_command_handler(runtime::SitePort& site) {
  return [&site](const RemoteCommand& command) { return site.command(command); };
}

}  // namespace ems::rpc
