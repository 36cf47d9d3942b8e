// SPDX-License-Identifier: Apache-2.0
/// @file The alarms of every agent as a server knows them: read from what agents recorded in stream
/// 0, never asked for.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ems/alarm/alarm.hpp"
#include "ems/fleet/fleet_store.hpp"

namespace ems::fleet {

/// Alarms of one agent that a server remembers; beyond, the oldest changed one is forgotten.
inline constexpr std::size_t kBoardAlarmsMax = 1024;

/// Follows stream 0 of each agent that somebody asks for, from where it read last. A store that was
/// made anew (another epoch's random part) begins with no alarm.
///
/// @thread_safety Any thread.
class AlarmBoard {
 public:
  /// @param store  Outlives the board.
  explicit AlarmBoard(FleetStore& store) : store_(store) {}

  /// Alarms of an agent that are not normal, gravest first; of one severity the newest first. A
  /// record that does not decode is passed over.
  ///
  /// @errors io, corrupt  the store cannot be read.
  [[nodiscard]] Result<std::vector<alarm::Alarm>> alarms(const AgentKey& key);

 private:
  struct Board {
    std::mutex mutex;  ///< An agent's first look reads its whole stream 0: nobody else waits.
    std::map<std::pair<std::uint32_t, std::string>, alarm::Alarm> alarms;  ///< By asset and name.
    telemetry::Epoch epoch{};  ///< Of the newest row read ...
    telemetry::Sequence after = 0;
    /// Where the page with that row begins: rows are added to the newest block.
    telemetry::Sequence page_after = 0;
  };
  class Reader;
  [[nodiscard]] Result<void> read_on(const AgentKey& key, Board& board);

  FleetStore& store_;
  std::mutex mutex_;  ///< Guards the map; never held while a store is read.
  std::map<AgentKey, Board> boards_;
};

}  // namespace ems::fleet
