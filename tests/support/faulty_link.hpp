// SPDX-License-Identifier: Apache-2.0
/// @file One direction of a line in simulated time, with faults by seed: whole writes are dropped,
/// doubled, damaged or late, and the line can be cut. The same seed and calls give the same bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>

#include "ems/core/bytes.hpp"
#include "ems/core/time.hpp"
#include "support/frames.hpp"

namespace ems::test {

/// How often what goes wrong, in permille of the writes. A stream (TCP) can only be late or cut.
struct LinkWeather {
  std::uint32_t drop = 0;
  std::uint32_t duplicate = 0;
  std::uint32_t corrupt = 0;  ///< One byte: what every checksum of a line catches.
  std::uint32_t late = 0;
  Duration late_max{};
};

class FaultyLink {
 public:
  explicit FaultyLink(std::uint64_t seed) : random_(seed) {}

  void set_weather(const LinkWeather& weather) { weather_ = weather; }
  /// What is on the way is lost, and what is sent until `until`.
  void cut(Instant until) {
    line_.clear();
    cut_until_ = until;
  }
  [[nodiscard]] bool up(Instant now) const { return now >= cut_until_; }

  void send(Bytes bytes, Instant now, Duration extra = {}) {
    if (!up(now) || happens(weather_.drop)) return;
    Frame frame(bytes.begin(), bytes.end());
    if (!frame.empty() && happens(weather_.corrupt)) {
      frame[below(frame.size())] ^= static_cast<std::byte>(1 + below(255));
    }
    Instant at = now + extra;
    if (happens(weather_.late)) {
      at = at + microseconds(static_cast<std::int64_t>(
                    below(static_cast<std::uint64_t>(weather_.late_max.count()) + 1)));
    }
    if (!line_.empty()) at = std::max(at, line_.back().at);  // Bytes do not overtake each other.
    line_.push_back({frame, at});
    if (happens(weather_.duplicate)) line_.push_back({frame, at});
  }

  /// What has arrived by `now`.
  [[nodiscard]] Frame receive(Instant now) {
    Frame out;
    while (!line_.empty() && line_.front().at <= now) {
      out.insert(out.end(), line_.front().bytes.begin(), line_.front().bytes.end());
      line_.pop_front();
    }
    return out;
  }

 private:
  struct Flying {
    Frame bytes;
    Instant at;
  };
  // Always draws, so that one world's weather does not shift another's dice.
  bool happens(std::uint32_t permille) { return below(1'000) < permille; }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  std::mt19937_64 random_;
  LinkWeather weather_{};
  Instant cut_until_{};
  std::deque<Flying> line_;
};

}  // namespace ems::test
