// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_detect.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "ems/core/time.hpp"

namespace ems::protocol {
namespace {

/// Identifiers that tell relatives apart: one of them has to be heard.
/// Source: docs/how-to/find-out-what-a-port-speaks.md#on-a-can-bus.
struct Telling {
  std::string_view protocol;
  std::array<std::uint32_t, 6> any{};  // 11 bit; 0: no more.
};
constexpr Telling kTelling[] = {
    {"pylontech-lv-can", {0x359, 0x35C}}, {"victron-can-bms", {0x35A, 0x35F, 0x372, 0x373, 0x382}},
    {"sma-lv-can", {0x35A, 0x35B}},       {"deye-lv-can", {0x361, 0x363, 0x364, 0x400, 0x550}},
    {"discover-lv-can", {0x354}},         {"sofar-lv-can", {0x30F}},
};

class Nobody final : public ReadingSink {
 public:
  void reading(const Reading&) override {}
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}
};

bool better(const CanDetected& a, const CanDetected& b) noexcept {
  if (a.messages != b.messages) return a.messages > b.messages;
  if (a.telling != b.telling) return a.telling;
  return a.refused < b.refused;
}

}  // namespace

void CanDetector::receive(const CanFrame& frame) noexcept {
  EMS_ASSERT(frame.valid());
  ++frames_;
  std::size_t of_id = 0;
  for (CanFrame& known : heard_) {
    if (known.id != frame.id || known.extended != frame.extended) continue;
    ++of_id;
    if (known.data[0] != frame.data[0] || known.remote != frame.remote) continue;
    known = frame;
    return;
  }
  if (of_id == kCanDetectPerId || !heard_.try_push_back(frame)) return;
  if (of_id == 0) ++identifiers_;
}

bool CanDetector::heard(std::uint32_t id, bool extended) const noexcept {
  for (const CanFrame& frame : heard_) {
    if (frame.id == id && frame.extended == extended) return true;
  }
  return false;
}

CanDetected CanDetector::weigh(const CanCodec& codec) const noexcept {
  CanDetected result{.codec = &codec};
  CanMailbox mailbox;
  Nobody nobody;
  Instant now{};
  std::size_t identifiers = 0;
  for (std::size_t i = 0; i < heard_.size(); ++i) {
    const CanFrame& frame = heard_[i];
    now = now + milliseconds(1);  // A stale frame would not count; all of these are news.
    const Result<CanTaken> taken = codec.decode(frame, now, mailbox, nobody);
    if (!taken) ++result.refused;
    if (!taken || *taken == CanTaken::ignored) continue;
    bool again = false;
    for (std::size_t k = 0; k < i; ++k) {
      again = again || (heard_[k].id == frame.id && heard_[k].extended == frame.extended);
    }
    if (!again) ++identifiers;
  }
  result.messages = std::max(identifiers, mailbox.size());
  for (const Telling& row : kTelling) {
    if (row.protocol != codec.name()) continue;
    for (const std::uint32_t id : row.any) {
      result.telling = result.telling || (id != 0 && heard(id, false));
    }
  }
  return result;
}

DetectVerdict CanDetector::weigh() noexcept {
  ranked_.clear();
  best_ = 0;
  for (const Codec* codec : codecs()) {
    const CanCodec* can = as_can(*codec);
    if (can == nullptr) continue;
    const CanDetected detected = weigh(*can);
    if (detected.messages < kCanEvidenceMin || !ranked_.try_push_back(detected)) continue;
    for (std::size_t i = ranked_.size() - 1; i > 0 && better(ranked_[i], ranked_[i - 1]); --i) {
      std::swap(ranked_[i], ranked_[i - 1]);
    }
  }
  while (best_ < ranked_.size() && !better(ranked_[0], ranked_[best_])) ++best_;
  if (best_ == 0) return DetectVerdict::nothing;
  return best_ == 1 ? DetectVerdict::found : DetectVerdict::several;
}

}  // namespace ems::protocol
