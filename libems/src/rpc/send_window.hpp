// SPDX-License-Identifier: Apache-2.0
/// @file How many bytes a backlog may have on its way, so that what is live is not behind them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "ems/core/time.hpp"

namespace ems::rpc {

/// Grows by what was acknowledged while acknowledgements come nearly as fast as the fastest one
/// did, and halves when they wait: then bytes queue somewhere on the way, and a live value sent now
/// would wait behind them. Once per window, as halving takes that long to be seen.
///
/// The fastest is that of the last one to two kRemember: a way that became longer for good is not
/// taken for a queue for longer than that. A queue of our own does not become "the way": halving
/// empties it below the bound, and that is remembered.
///
/// @source the delay-based rule of LEDBAT, RFC 6817 section 2.4.2 (base delays of past intervals),
///         with multiplicative decrease.
class SendWindow {
 public:
  static constexpr std::size_t kLeast = std::size_t{16} * 1024;
  static constexpr std::size_t kFirst = std::size_t{128} * 1024;
  static constexpr Duration kQueueMax = milliseconds(50);  ///< Beyond the fastest acknowledgement.
  static constexpr Duration kRemember = seconds(60);

  /// @param most  Never more than this; below kLeast: always this.
  explicit SendWindow(std::size_t most) noexcept
      : most_(most), least_(std::min(kLeast, most)), size_(std::min(kFirst, most)) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes of one message: several fit, so that acknowledgements keep coming.
  [[nodiscard]] std::size_t message(std::size_t most) const noexcept {
    return std::min(most, std::max<std::size_t>(size_ / 4, 1));
  }
  /// @param waited  From the sending of the newest message acknowledged now.
  /// @param bytes   Acknowledged now.
  void acknowledged(Duration waited, std::size_t bytes, Instant now) noexcept {
    if (waited - fastest(waited, now) <= kQueueMax) {
      size_ = std::min(most_, size_ + bytes);
    } else if (now - halved_ >= waited) {
      size_ = std::max(least_, size_ / 2);
      halved_ = now;
    }
  }

 private:
  Duration fastest(Duration waited, Instant now) noexcept {
    const std::int64_t interval = now.since_zero().count() / kRemember.count();
    if (interval != interval_) {
      before_ = interval == interval_ + 1 ? fastest_ : waited;  // Nothing is known of a silence.
      fastest_ = waited;
      interval_ = interval;
    }
    fastest_ = std::min(fastest_, waited);
    return std::min(before_, fastest_);
  }

  std::size_t most_;
  std::size_t least_;
  std::size_t size_;
  std::int64_t interval_ = std::numeric_limits<std::int64_t>::min();
  Duration fastest_{};  ///< In the interval under way.
  Duration before_{};   ///< In the one before.
  Instant halved_{Duration{std::numeric_limits<std::int64_t>::min()}};
};

}  // namespace ems::rpc
