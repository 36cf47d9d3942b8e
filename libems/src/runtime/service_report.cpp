// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/service_report.hpp"

#include <algorithm>
#include <utility>

#include "ems/safety/kernel.hpp"

namespace ems::runtime {
namespace {

std::string in_words(const SiteStatus& site) {
  const auto online = std::count_if(site.links.begin(), site.links.end(),
                                    [](const LinkStatus& link) { return link.online; });
  std::string text(safety::to_string(static_cast<safety::SafetyState>(site.safety.state)));
  text += site.safety.armed && site.safety.limits_accepted ? ", armed, " : ", monitor only, ";
  text += std::to_string(online) + " of " + std::to_string(site.links.size()) + " devices online";
  if (site.uplink.state == UplinkState::online) text += ", uplink online";
  if (site.uplink.state == UplinkState::connecting || site.uplink.state == UplinkState::waiting) {
    text += ", uplink offline";
  }
  return text;
}

}  // namespace

std::string ServiceReport::look(const Result<SiteStatus>& status) {
  if (!status) return std::string("STATUS=") + status.error().what;
  const bool alive = status->tick > std::exchange(tick_, status->tick);
  if (!alive) {
    return "STATUS=" + std::string(ready_ ? "the control loop does not tick" : "starting");
  }
  return std::string(std::exchange(ready_, true) ? "" : "READY=1\n") +
         "WATCHDOG=1\nSTATUS=" + in_words(*status);
}

}  // namespace ems::runtime
