// SPDX-License-Identifier: Apache-2.0
/// @file What the Modbus masters share: a waiting request, the check of an answer, counting.
/// Private to the links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "ems/io/link/modbus_master.hpp"
#include "ems/protocol/modbus/circuit_breaker.hpp"

namespace ems::io::detail {

/// A request with its own copy of the PDU.
struct Waiting {
  std::uint8_t unit = 0;
  bool urgent = false;
  Duration timeout{};
  std::vector<std::byte> pdu;
  ModbusCallback callback;
};

/// Copies a request. @errors invalid_argument  unit outside [lo, hi], or PDU size.
[[nodiscard]] Result<Waiting> make_waiting(const ModbusRequest& request, ModbusCallback& callback,
                                           std::uint8_t unit_lo, std::uint8_t unit_hi);

/// The bounded queue: FIFO, urgent requests before the others.
class WaitingQueue {
 public:
  /// @return false, and `waiting` untouched, when there is no room.
  [[nodiscard]] bool push(Waiting&& waiting);
  /// Takes out the writes of a unit that are not urgent. Before an urgent one goes in: it overtakes
  /// them, and what they wanted must not be the last word.
  [[nodiscard]] std::list<Waiting> take_writes(std::uint8_t unit);
  /// Takes the first request for which `free(unit)` holds.
  template <class Free>
  [[nodiscard]] std::optional<Waiting> pop(const Free& free) {
    for (auto at = items_.begin(); at != items_.end(); ++at) {
      if (!free(at->unit)) continue;
      std::optional<Waiting> taken{std::move(*at)};
      items_.erase(at);
      return taken;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::list<Waiting> take_all();
  [[nodiscard]] bool empty() const { return items_.empty(); }

 private:
  std::list<Waiting> items_;
};

/// Whether `response` answers `request`: exceptions and disagreements are errors.
/// @errors exception header truncated length out_of_range, as in protocol/modbus/pdu.hpp.
[[nodiscard]] Result<void> check_answer(Bytes request, Bytes response) noexcept;

/// Tells the breaker how a request that was on the wire ended.
void judge(protocol::modbus::CircuitBreaker& breaker, const std::optional<Error>& error,
           Instant now) noexcept;

/// Counts an outcome that was on the wire, or was refused.
void count(ModbusCounters& counters, const std::optional<Error>& error) noexcept;

}  // namespace ems::io::detail
