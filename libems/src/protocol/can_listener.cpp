// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_listener.hpp"

namespace ems::protocol {
namespace {

constexpr Error kSilent{Errc::timeout, 0, "no frame arrives from the battery"};
constexpr Error kForeign{Errc::timeout, 0, "frames arrive, but none that this protocol knows"};
constexpr Error kNoLink{Errc::unavailable, 0, "the link is down"};
constexpr Error kBadFrame{Errc::out_of_range, 0, "not a classic CAN frame"};

}  // namespace

CanListener::CanListener(const CanCodec& codec, bool listen_only) noexcept
    : codec_(codec), listen_only_(listen_only) {
  EMS_ASSERT(codec.quiet_after() > Duration::zero());
  EMS_ASSERT(codec.send_plan().size() <= kCanSendsMax);
  for (const CanSend& item : codec.send_plan()) {
    EMS_ASSERT(item.every > Duration::zero() && item.frame.valid());
  }
}

void CanListener::link_up(Instant now) noexcept {
  mailbox_.clear();
  health_ = LinkHealth::recovering;
  fell_silent_ = false;
  heard_at_ = now;
  foreign_before_ = counters_.ignored;
  due_at_.fill(now);
}

void CanListener::link_down(Instant now) noexcept {
  health_ = LinkHealth::offline;
  heard_at_ = now;
  last_error_ = kNoLink;
}

void CanListener::receive(const CanFrame& frame, Instant now, ReadingSink& sink) noexcept {
  if (health_ == LinkHealth::offline) return;
  check_silence(now);
  ++counters_.received;
  if (!frame.valid()) {
    ++counters_.errors;
    last_error_ = kBadFrame;
    return;
  }
  const Result<CanTaken> taken = codec_.decode(frame, now, mailbox_, sink);
  if (!taken) {
    ++counters_.errors;
    last_error_ = taken.error();
    return;
  }
  if (*taken == CanTaken::ignored) {
    ++counters_.ignored;
    return;
  }
  ++counters_.decoded;
  if (fell_silent_) ++counters_.recoveries;
  fell_silent_ = false;
  health_ = LinkHealth::online;
  heard_at_ = now;
  foreign_before_ = counters_.ignored;
}

void CanListener::check_silence(Instant now) noexcept {
  if (now - heard_at_ < codec_.quiet_after()) return;
  last_error_ = counters_.ignored == foreign_before_ ? kSilent : kForeign;
  if (health_ == LinkHealth::online) {
    ++counters_.silences;
    fell_silent_ = true;
  }
  health_ = LinkHealth::recovering;
  heard_at_ = now;  // Judge the next stretch of silence on its own.
  foreign_before_ = counters_.ignored;
}

std::span<const CanSend> CanListener::sends() const noexcept {
  if (listen_only_) return {};
  return codec_.send_plan();
}

CanAction CanListener::next(Instant now) noexcept {
  if (health_ == LinkHealth::offline) return {.wake_at = Instant{Duration::max()}};
  check_silence(now);
  CanAction action{.wake_at = heard_at_ + codec_.quiet_after()};
  const auto plan = sends();
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].until_heard && health_ == LinkHealth::online) {
      if (now >= due_at_[i]) due_at_[i] = now + plan[i].every;
      continue;
    }
    if (!action.frame && now >= due_at_[i]) {
      action.frame = codec_.frame_of(plan[i]);
      action.what = plan[i].name;
      ++counters_.sent;
      // A frame that comes a whole period late starts a new rhythm; missed ones are not made up
      // for.
      const Duration late = now - due_at_[i];
      due_at_[i] = (late < plan[i].every ? due_at_[i] : now) + plan[i].every;
    }
    if (due_at_[i] < action.wake_at) action.wake_at = due_at_[i];
  }
  return action;
}

}  // namespace ems::protocol
