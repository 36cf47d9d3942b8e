// SPDX-License-Identifier: Apache-2.0
/// @file How many bytes a backlog may have on its way, so that what is live is not behind them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "ems/core/time.hpp"

namespace ems::rpc {

/// Grows by what was acknowledged while acknowledgements come nearly as fast as the fastest one
/// did, and halves when they wait: then bytes queue somewhere on the way, and a live value sent now
/// would wait behind them. Once per window, as halving takes that long to be seen.
///
/// @source the delay-based rule of LEDBAT, RFC 6817 section 2.4.2, with multiplicative decrease.
class SendWindow {
 public:
  static constexpr std::size_t kLeast = std::size_t{16} * 1024;
  static constexpr std::size_t kFirst = std::size_t{128} * 1024;
  static constexpr Duration kQueueMax = milliseconds(50);  ///< Beyond the fastest acknowledgement.

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
    fastest_ = fastest_ ? std::min(*fastest_, waited) : waited;
    if (waited - *fastest_ <= kQueueMax) {
      size_ = std::min(most_, size_ + bytes);
    } else if (!halved_ || now - *halved_ >= waited) {
      size_ = std::max(least_, size_ / 2);
      halved_ = now;
    }
  }

 private:
  std::size_t most_;
  std::size_t least_;
  std::size_t size_;
  std::optional<Duration> fastest_;
  std::optional<Instant> halved_;
};

}  // namespace ems::rpc
