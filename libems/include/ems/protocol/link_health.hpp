// SPDX-License-Identifier: Apache-2.0
/// @file How the conversation with a device goes, whatever the kind of protocol.
#pragma once

#include <cstdint>
#include <string_view>

namespace ems::protocol {

enum class LinkHealth : std::uint8_t {
  offline = 0,     ///< The link is down.
  recovering = 1,  ///< The link is up; the device has not spoken yet, or no longer does.
  online = 2,      ///< The device speaks.
};

/// `offline`, `recovering`, `online`. @thread_safety Pure function.
[[nodiscard]] constexpr std::string_view to_string(LinkHealth health) noexcept {
  switch (health) {
    case LinkHealth::offline:
      return "offline";
    case LinkHealth::recovering:
      return "recovering";
    case LinkHealth::online:
      return "online";
  }
  return "offline";
}

}  // namespace ems::protocol
