// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/modbus/circuit_breaker.hpp"

#include <array>

namespace ems::protocol::modbus {
namespace {

constexpr std::array<Duration, 3> kPauses = {seconds(5), seconds(15), seconds(60)};

}  // namespace

bool CircuitBreaker::allow(Instant now) noexcept {
  if (state_ == State::closed) return true;
  if (state_ == State::trial || now < retry_at_) return false;
  state_ = State::trial;
  return true;
}

void CircuitBreaker::succeeded() noexcept { *this = CircuitBreaker{}; }

void CircuitBreaker::failed(Instant now) noexcept {
  failures_ = ems::detail::saturating_add(failures_, std::uint32_t{1});
  if (state_ == State::closed && failures_ < kBreakerFailures) return;
  // A failure that ends while open (an urgent request that went through) does not lengthen it.
  if (state_ == State::open) return;
  state_ = State::open;
  retry_at_ = now + kPauses[step_];
  if (step_ + 1U < kPauses.size()) ++step_;
}

void CircuitBreaker::abandoned(Instant now) noexcept {
  if (state_ != State::trial) return;
  state_ = State::open;
  retry_at_ = now;
}

}  // namespace ems::protocol::modbus
