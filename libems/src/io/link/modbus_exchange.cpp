// SPDX-License-Identifier: Apache-2.0
#include "io/link/modbus_exchange.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "ems/protocol/modbus/pdu.hpp"

namespace ems::io::detail {

namespace modbus = protocol::modbus;

namespace {

/// Functions that change something; of those the library does not know nothing is said.
bool is_write(Bytes pdu) noexcept {
  switch (std::to_integer<int>(pdu[0])) {
    case 5:
    case 6:
    case 15:
    case 16:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<Waiting> make_waiting(const ModbusRequest& request, ModbusCallback& callback,
                             std::uint8_t unit_lo, std::uint8_t unit_hi) {
  if (request.unit < unit_lo || request.unit > unit_hi) {
    return fail(Errc::invalid_argument, 0, "modbus: no such unit on this kind of line");
  }
  if (request.pdu.empty() || request.pdu.size() > modbus::kPduSize) {
    return fail(Errc::invalid_argument, 1, "modbus: PDU of 1 to 253 bytes");
  }
  const Duration timeout = request.timeout > Duration{} ? request.timeout : kModbusReplyTimeout;
  return Waiting{request.unit, request.urgent, timeout,
                 std::vector<std::byte>(request.pdu.begin(), request.pdu.end()),
                 std::move(callback)};
}

bool WaitingQueue::push(Waiting&& waiting) {
  const std::size_t room =
      kModbusQueueSize + (waiting.urgent ? kModbusUrgentQueueSize : std::size_t{0});
  if (items_.size() >= room) return false;
  auto before = items_.end();
  if (waiting.urgent) {
    before = std::find_if(items_.begin(), items_.end(), [](const Waiting& w) { return !w.urgent; });
  }
  items_.insert(before, std::move(waiting));
  return true;
}

std::list<Waiting> WaitingQueue::take_writes(std::uint8_t unit) {
  std::list<Waiting> taken;
  for (auto at = items_.begin(); at != items_.end();) {
    const auto next = std::next(at);
    if (at->unit == unit && !at->urgent && is_write(at->pdu)) taken.splice(taken.end(), items_, at);
    at = next;
  }
  return taken;
}

std::list<Waiting> WaitingQueue::take_all() { return std::exchange(items_, {}); }

Result<void> check_answer(Bytes request, Bytes response) noexcept {
  const std::uint8_t function = load_u8(request, 0);
  if (function == static_cast<std::uint8_t>(modbus::Function::read_holding_registers) ||
      function == static_cast<std::uint8_t>(modbus::Function::read_input_registers)) {
    std::array<std::uint16_t, modbus::kReadRegistersMax> registers{};
    const auto decoded = modbus::decode_read_response(request, response, registers);
    if (!decoded) return fail(decoded.error());
    return {};
  }
  if (function == static_cast<std::uint8_t>(modbus::Function::write_single_register) ||
      function == static_cast<std::uint8_t>(modbus::Function::write_multiple_registers)) {
    return modbus::decode_write_response(request, response);
  }
  // Functions that the library does not know pass through: only the head can be checked.
  if (response.empty()) return fail(Errc::truncated, 0, "modbus response: empty");
  const std::uint8_t answered = load_u8(response, 0);
  if (answered == (function | modbus::kExceptionFlag) && response.size() == 2) {
    return fail(Errc::exception, load_u8(response, 1), "modbus exception response");
  }
  if (answered != function) {
    return fail(Errc::header, 0, "modbus response: another function code");
  }
  return {};
}

void judge(modbus::CircuitBreaker& breaker, const std::optional<Error>& error,
           Instant now) noexcept {
  if (!error) return breaker.succeeded();
  switch (error->code) {
    case Errc::exception:
      // A gateway speaks for a unit that it cannot reach: the unit itself is silent.
      if (error->offset == static_cast<int>(modbus::ExceptionCode::gateway_path_unavailable) ||
          error->offset ==
              static_cast<int>(modbus::ExceptionCode::gateway_target_failed_to_respond)) {
        return breaker.failed(now);
      }
      return breaker.succeeded();
    case Errc::unavailable:  // The line was lost, or never there: not the unit's fault.
    case Errc::cancelled:
      return breaker.abandoned(now);
    default:
      return breaker.failed(now);
  }
}

void count(ModbusCounters& counters, const std::optional<Error>& error) noexcept {
  if (!error) {
    ++counters.answers;
    return;
  }
  switch (error->code) {
    case Errc::exception:
      ++counters.exceptions;
      return;
    case Errc::timeout:
      ++counters.timeouts;
      return;
    case Errc::checksum:
      ++counters.checksum_errors;
      return;
    case Errc::unavailable:
      ++counters.unavailable;
      return;
    case Errc::resource_exhausted:
      ++counters.queue_full;
      return;
    case Errc::invalid_argument:
      ++counters.rejected;
      return;
    case Errc::cancelled:
      ++counters.cancelled;
      return;
    default:
      ++counters.frame_errors;
      return;
  }
}

}  // namespace ems::io::detail
