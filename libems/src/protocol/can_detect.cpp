// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_detect.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "ems/core/time.hpp"

namespace ems::protocol {
namespace {

/// Identifiers (11 bit; 0: no more) that tell relatives apart, the most usual relative first.
/// Source: docs/how-to/find-out-what-a-port-speaks.md#on-a-can-bus.
struct Relative {
  std::string_view protocol;
  std::array<std::uint32_t, 5> telling{};  ///< One of them is heard where this one is spoken.
  std::array<std::uint32_t, 4> own{};      ///< None of the others sends it.
};
constexpr Relative kRelatives[] = {
    {"pylontech-lv-can", {0x359, 0x35A, 0x35C}},
    {"victron-can-bms", {0x35A, 0x35F, 0x372, 0x373, 0x382}},
    {"sma-lv-can", {0x35A, 0x35B}},
    {"deye-lv-can", {}, {0x361, 0x363, 0x364, 0x550}},
    {"discover-lv-can", {0x35A}, {0x354}},
    {"sofar-lv-can", {0x359, 0x35A}, {0x30F}},
    {"sol-ark-lv-can", {0x359, 0x35A, 0x35C}},
    {"luxpower-lv-can", {0x359, 0x35C}},
};

/// Place in kRelatives; behind the last: none of them.
std::size_t place_of(std::string_view protocol) noexcept {
  std::size_t place = 0;
  while (place < std::size(kRelatives) && kRelatives[place].protocol != protocol) ++place;
  return place;
}

class Nobody final : public ReadingSink {
 public:
  void reading(const Reading&) override {}
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}
};

/// More messages, unless the other has an identifier that is its own.
bool better(const CanDetected& a, const CanDetected& b) noexcept {
  if (b.own && !a.own) return false;
  if (a.messages != b.messages) return a.messages > b.messages;
  if (a.own != b.own) return a.own;
  if (a.telling != b.telling) return a.telling;
  return a.refused < b.refused;
}

/// Of equal evidence, the more usual first.
bool before(const CanDetected& a, const CanDetected& b) noexcept {
  if (a.messages != b.messages) return a.messages > b.messages;
  if (better(a, b) || better(b, a)) return better(a, b);
  return place_of(a.codec->name()) < place_of(b.codec->name());
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
  std::size_t parts = 0;  ///< That it keeps of what it reads; it may keep what it ignores, too.
  for (std::size_t i = 0; i < heard_.size(); ++i) {
    const CanFrame& frame = heard_[i];
    now = now + milliseconds(1);  // A stale frame would not count; all of these are news.
    const std::size_t kept = mailbox.size();
    const Result<CanTaken> taken = codec.decode(frame, now, mailbox, nobody);
    if (!taken) ++result.refused;
    if (!taken || *taken == CanTaken::ignored) continue;
    if (mailbox.size() > kept) ++parts;
    bool again = false;
    for (std::size_t k = 0; k < i; ++k) {
      again = again || (heard_[k].id == frame.id && heard_[k].extended == frame.extended);
    }
    if (!again) ++identifiers;
  }
  result.messages = std::max(identifiers, parts);
  if (const std::size_t place = place_of(codec.name()); place < std::size(kRelatives)) {
    const auto is_heard = [this](std::uint32_t id) { return id != 0 && heard(id, false); };
    result.own = std::ranges::any_of(kRelatives[place].own, is_heard);
    result.telling = result.own || std::ranges::any_of(kRelatives[place].telling, is_heard);
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
    for (std::size_t i = ranked_.size() - 1; i > 0 && before(ranked_[i], ranked_[i - 1]); --i) {
      std::swap(ranked_[i], ranked_[i - 1]);
    }
  }
  for (std::size_t i = 0; i < ranked_.size(); ++i) {  // What nothing is better than, to the front.
    const auto beaten = [&](const CanDetected& other) { return better(other, ranked_[i]); };
    if (std::ranges::any_of(ranked_, beaten)) continue;
    const auto first = ranked_.begin();
    std::rotate(first + best_, first + i, first + i + 1);
    ++best_;
  }
  if (best_ == 0) return DetectVerdict::nothing;
  return best_ == 1 ? DetectVerdict::found : DetectVerdict::several;
}

}  // namespace ems::protocol
