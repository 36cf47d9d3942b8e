// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/replay_server.hpp"

#include <algorithm>
#include <utility>

namespace ems::sim {
namespace {

bool begins_with(Bytes whole, Bytes start) {
  return whole.size() >= start.size() && std::ranges::equal(whole.first(start.size()), start);
}

}  // namespace

Result<ReplayServer> ReplayServer::make(std::vector<Recording> recordings) {
  if (recordings.empty()) return fail(Errc::invalid_argument, 0, "replay: no recordings");
  ReplayServer server;
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    Recording& recording = recordings[i];
    if (recording.request.empty() || recording.response.empty()) {
      return fail(Errc::invalid_argument, i, "replay: a recording needs request and response");
    }
    const auto slot = std::ranges::find(server.slots_, recording.request, &Slot::request);
    if (slot == server.slots_.end()) {
      server.slots_.push_back({std::move(recording.request), {std::move(recording.response)}});
    } else {
      slot->responses.push_back(std::move(recording.response));
    }
  }
  return server;
}

protocol::FrameScan ReplayServer::scan(Bytes received) const {
  for (std::size_t at = 0; at < received.size(); ++at) {
    const Bytes rest = received.subspan(at);
    for (const Slot& slot : slots_) {
      const bool whole = begins_with(rest, slot.request);
      if (!whole && !begins_with(slot.request, rest)) continue;
      // What lies before it is handed out as a frame of its own: answer() counts it as unknown.
      if (at > 0) return {.noise = 0, .size = at};
      return {.noise = 0, .size = whole ? slot.request.size() : 0};
    }
  }
  return {.noise = 0, .size = received.size()};
}

ByteVector ReplayServer::answer(Bytes request) {
  const auto slot = std::ranges::find_if(
      slots_, [request](const Slot& s) { return std::ranges::equal(s.request, request); });
  if (slot == slots_.end()) {
    ++unknown_;
    return {};
  }
  ++answered_;
  const ByteVector& response = slot->responses[slot->next];
  slot->next = (slot->next + 1) % slot->responses.size();
  return response;
}

}  // namespace ems::sim
