// SPDX-License-Identifier: Apache-2.0
/// @file The durable form of the alarm book: what is stored under kAlarmsKey in the edge store.
#pragma once

#include <string_view>
#include <vector>

#include "ems/alarm/alarm.hpp"
#include "ems/core/bytes.hpp"

namespace ems::runtime {

inline constexpr std::string_view kAlarmsKey = "runtime.alarms";

/// What Book::restore() needs.
struct AlarmMemory {
  std::vector<alarm::Alarm> alarms;
  alarm::Id next_id = 1;
};

/// Version byte, next id (le32), then size (le16) and alarm::encode_change() of each alarm.
/// @thread_safety Pure functions.
[[nodiscard]] std::vector<std::byte> encode_alarms(const alarm::Book& book);

/// @errors corrupt  not what encode_alarms() writes.
[[nodiscard]] Result<AlarmMemory> decode_alarms(Bytes record);

}  // namespace ems::runtime
