// SPDX-License-Identifier: Apache-2.0
/// @file Events: what L0-L1 say instead of logging. The runtime logs, stores and streams them.
#pragma once

#include <cstdint>
#include <string_view>

#include "ems/core/time.hpp"
#include "ems/model/point.hpp"

namespace ems {

enum class Severity : std::uint8_t { info = 0, warning = 1, alarm = 2, critical = 3 };

[[nodiscard]] constexpr std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::alarm:
      return "alarm";
    case Severity::critical:
      return "critical";
  }
  return "critical";
}

/// Something a person or the audit must know. Text is static.
struct Event {
  Severity severity = Severity::info;
  AssetId asset{};
  const char* name = "";   ///< snake_case, stable: `cell_overvoltage`.
  bool active = true;      ///< false: the condition has cleared.
  std::int64_t value = 0;  ///< What was compared, in `signal`'s unit; 0 when there is none.
  Signal signal{};         ///< Which signal, or Signal{} when none.
};

}  // namespace ems
