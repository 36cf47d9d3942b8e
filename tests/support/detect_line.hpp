// SPDX-License-Identifier: Apache-2.0
/// @file A line with a scripted board at its end, and a Detector that asks it in a faked time.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ems/protocol/detect.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::test {

/// What a board says to a request at a bit rate; nullopt: it keeps quiet.
using BoardAnswer = std::function<std::optional<Frame>(Bytes request, std::uint32_t bit_rate)>;

/// What happened.
struct DetectRun {
  std::vector<Frame> requests;
  std::vector<std::uint32_t> rates;  ///< The line was opened at.
  std::vector<protocol::DetectTried> tried;
  Duration took{};
  [[nodiscard]] std::vector<std::string> names(const protocol::Detector& detector) const {
    std::vector<std::string> list;
    for (const protocol::Detected& one : detector.found()) {
      list.emplace_back(one.candidate.codec->name());
    }
    return list;
  }
};

/// Runs a Detector to its end.
/// @param unasked  Arrives once per second while it listens.
inline DetectRun run_detector(protocol::Detector& detector, const BoardAnswer& answer,
                              const Frame& unasked = {}) {
  constexpr Duration kAnswersAfter = milliseconds(30);
  DetectRun run;
  Instant now{};
  std::array<std::byte, protocol::kRequestSize> out{};
  for (int calls = 0; detector.verdict() == protocol::DetectVerdict::running; ++calls) {
    if (calls > 100'000) {
      ADD_FAILURE() << "the detector does not end";
      break;
    }
    const protocol::DetectAction action = detector.next(now, out);
    if (action.tried) run.tried.push_back(*action.tried);
    if (action.open_at) {
      run.rates.push_back(*action.open_at);
      detector.line_open(now);
      continue;
    }
    if (action.size > 0) {
      const Frame& request =
          run.requests.emplace_back(out.begin(), out.begin() + static_cast<long>(action.size));
      if (const std::optional<Frame> reply = answer(request, run.rates.back())) {
        now = now + kAnswersAfter;
        const Bytes bytes(*reply);
        detector.receive(bytes.first(bytes.size() / 2), now);  // In two pieces.
        detector.receive(bytes.subspan(bytes.size() / 2), now);
        continue;
      }
    } else if (run.requests.empty() && !unasked.empty() && action.wake_at > now) {
      detector.receive(unasked, now);
    }
    if (action.wake_at > now && detector.verdict() == protocol::DetectVerdict::running) {
      now = action.wake_at;
    }
  }
  run.took = now - Instant{};
  return run;
}

inline std::optional<Frame> nobody(Bytes, std::uint32_t) { return std::nullopt; }

/// A board that gives the replies of a vector file to the requests that its protocol takes them
/// for, at the rate it is usually found at.
class VectorBoard {
 public:
  explicit VectorBoard(const std::string& name)
      : codec_(*protocol::as_poll(**protocol::find_codec(name))) {
    for (const auto& vector : vectors("bms_serial_" + name + ".json")) {
      if (vector.contains("expect") && vector.contains("response_hex") &&
          vector.at("response_hex").is_string()) {
        replies_.push_back(frame(vector.at("response_hex").get<std::string>()));
      }
    }
  }
  std::optional<Frame> operator()(Bytes request, std::uint32_t bit_rate) const {
    RecordingSink said;
    if (bit_rate != codec_.info().bit_rates.front()) return std::nullopt;
    if (!codec_.decode_request(request, said)) return std::nullopt;
    for (const Frame& reply : replies_) {
      RecordingSink values;
      if (codec_.decode(request, reply, values) && !values.readings.empty()) return reply;
    }
    return std::nullopt;
  }

 private:
  const protocol::PollCodec& codec_;
  std::vector<Frame> replies_;
};

/// Whether a request writes, as its own codec says.
inline bool is_write(const protocol::PollCodec& codec, Bytes request) {
  RecordingSink said;
  const bool understood = codec.decode_request(request, said).has_value();
  return !understood || said.vendor["request_write"] != 0;
}

}  // namespace ems::test
