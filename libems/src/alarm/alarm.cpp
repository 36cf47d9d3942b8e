// SPDX-License-Identifier: Apache-2.0
#include "ems/alarm/alarm.hpp"

#include <algorithm>
#include <limits>

#include "ems/core/assert.hpp"

namespace ems::alarm {

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::normal:
      return "normal";
    case State::unacknowledged:
      return "unacknowledged";
    case State::acknowledged:
      return "acknowledged";
    case State::cleared_unacknowledged:
      return "cleared_unacknowledged";
    case State::latched_unacknowledged:
      return "latched_unacknowledged";
    case State::latched_acknowledged:
      return "latched_acknowledged";
  }
  return "unknown";
}

std::string_view to_string(Transition transition) noexcept {
  switch (transition) {
    case Transition::raised:
      return "raised";
    case Transition::cleared:
      return "cleared";
    case Transition::acknowledged:
      return "acknowledged";
    case Transition::reset:
      return "reset";
    case Transition::shelved:
      return "shelved";
    case Transition::unshelved:
      return "unshelved";
    case Transition::repeated:
      return "repeated";
    case Transition::dropped:
      return "dropped";
  }
  return "unknown";
}

std::string_view priority_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::info:
      return "P4";
    case Severity::warning:
      return "P3";
    case Severity::alarm:
      return "P2";
    case Severity::critical:
      return "P1";
  }
  return "P1";
}

namespace {

/// The higher, the sooner a full book gives it up: calm before cleared before active.
constexpr int dispensable(State state) noexcept {
  if (state == State::normal) return 2;
  return state == State::cleared_unacknowledged ? 1 : 0;
}

}  // namespace

Book::Entry* Book::find(AssetId asset, std::string_view name) noexcept {
  for (Entry& entry : entries_) {
    if (entry.alarm.asset == asset && entry.alarm.name.view() == name) return &entry;
  }
  return nullptr;
}

Book::Entry* Book::find_shown(Id id) noexcept {
  for (Entry& entry : entries_) {
    if (entry.alarm.id == id && entry.alarm.state() != State::normal) return &entry;
  }
  return nullptr;
}

const Alarm* Book::find(Id id) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.alarm.id == id) return &entry.alarm;
  }
  return nullptr;
}

/// A place for a new alarm; nullptr: everything in the book is graver, or as grave and newer.
Book::Entry* Book::make(const Event& event, const Moment& at) noexcept {
  if (entries_.size() < kAlarmsMax) return &entries_.push_back({});
  Entry* least = nullptr;
  const auto goes_first = [](const Alarm& a, const Alarm& b) {
    const bool a_calm = a.state() == State::normal;
    const bool b_calm = b.state() == State::normal;
    if (a_calm != b_calm) return a_calm;
    if (a.severity != b.severity) return a.severity < b.severity;
    if (dispensable(a.state()) != dispensable(b.state())) {
      return dispensable(a.state()) > dispensable(b.state());
    }
    return a.raised_at < b.raised_at;
  };
  for (Entry& entry : entries_) {
    if (least == nullptr || goes_first(entry.alarm, least->alarm)) least = &entry;
  }
  const bool calm = least->alarm.state() == State::normal;
  if (!calm && least->alarm.severity > event.severity) return nullptr;
  if (!calm) {
    ++dropped_;
    const Change row = changed(Transition::dropped, *least, {}, {}, at);
    (void)given_up_.try_push_back(row);  // Counted all the same when there is no room for its row.
  }
  *least = Entry{};
  return least;
}

/// Counts a row of this alarm; false: too many in this window, it is only counted.
bool Book::row_allowed(Entry& entry, Instant now) noexcept {
  if (now - entry.window_start >= config_.flood_window && !entry.summary_due) {
    entry.window_start = now;
    entry.rows = 0;
  }
  entry.moved_at = now;
  if (entry.rows >= config_.flood_changes) {
    entry.summary_due = true;
    return false;
  }
  ++entry.rows;
  return true;
}

Change Book::changed(Transition transition, Entry& entry, std::string_view actor,
                     std::string_view text, const Moment& at) noexcept {
  entry.alarm.changed_at = at.utc;
  ++revision_;
  return {transition, at.utc, FixedString<kActorMax>(actor), FixedString<kTextMax>(text),
          entry.alarm};
}

std::optional<Change> Book::take(const Event& event, bool latching, const Moment& at) noexcept {
  if (event.severity == Severity::info) return std::nullopt;
  Entry* entry = find(event.asset, event.name);
  if (!event.active) {
    if (entry == nullptr || !entry->alarm.active) return std::nullopt;
    entry->alarm.active = false;
    entry->alarm.latched = entry->alarm.latching && !entry->was_reset;
    entry->confirm_by.reset();
    const bool row = row_allowed(*entry, at.now);
    const Change change = changed(Transition::cleared, *entry, {}, {}, at);
    return row ? std::optional(change) : std::nullopt;
  }
  if (entry != nullptr && entry->alarm.active && event.severity <= entry->alarm.severity) {
    entry->confirm_by.reset();  // As it was before the restart.
    return std::nullopt;
  }
  if (entry == nullptr) {
    entry = make(event, at);
    if (entry == nullptr) {
      ++dropped_;
      ++revision_;
      return std::nullopt;
    }
    entry->alarm.id = next_id_++;
    if (next_id_ == 0) next_id_ = 1;
    entry->alarm.asset = event.asset;
    entry->alarm.name = FixedString<kNameMax>(event.name);
    entry->window_start = at.now;
  }
  Alarm& alarm = entry->alarm;
  alarm.severity = event.severity;
  alarm.signal = event.signal;
  alarm.value = event.value;
  alarm.active = true;
  alarm.latching = latching;
  alarm.latched = false;
  alarm.seen = false;
  alarm.acknowledged_by.clear();
  alarm.raised_at = at.utc;
  if (alarm.count != std::numeric_limits<std::uint32_t>::max()) ++alarm.count;
  entry->confirm_by.reset();
  entry->was_reset = false;
  const bool row = row_allowed(*entry, at.now);
  const Change change = changed(Transition::raised, *entry, {}, {}, at);
  return row ? std::optional(change) : std::nullopt;
}

Result<std::optional<Change>> Book::acknowledge(Id id, std::string_view actor,
                                                std::string_view comment,
                                                const Moment& at) noexcept {
  Entry* entry = find_shown(id);
  if (entry == nullptr) return fail(Errc::not_found, 0, "no such alarm, or it is normal again");
  if (entry->alarm.seen) return std::optional<Change>{};
  entry->alarm.seen = true;
  entry->alarm.acknowledged_by = FixedString<kActorMax>(actor);
  return std::optional(changed(Transition::acknowledged, *entry, actor, comment, at));
}

Result<std::optional<Change>> Book::shelve(Id id, Duration duration, std::string_view actor,
                                           std::string_view reason, const Moment& at) noexcept {
  Entry* entry = find_shown(id);
  if (entry == nullptr) return fail(Errc::not_found, 0, "no such alarm, or it is normal again");
  if (duration < Duration::zero() || duration > config_.shelve_max) {
    return fail(Errc::out_of_range, 0, "an alarm is shelved for at most 24 h");
  }
  if (duration == Duration::zero()) {
    if (!entry->shelf_end) return std::optional<Change>{};
    entry->shelf_end.reset();
    entry->alarm.shelved_until.reset();
    return std::optional(changed(Transition::unshelved, *entry, actor, reason, at));
  }
  if (reason.empty()) return fail(Errc::invalid_argument, 0, "to shelve an alarm needs a reason");
  entry->shelf_end = at.now + duration;
  entry->alarm.shelved_until = at.utc + duration;
  return std::optional(changed(Transition::shelved, *entry, actor, reason, at));
}

void Book::reset(std::string_view actor) noexcept {
  resetting_ = true;
  reset_by_ = FixedString<kActorMax>(actor);
  for (Entry& entry : entries_) entry.was_reset = entry.was_reset || entry.alarm.active;
}

std::optional<Change> Book::due(Entry& entry, const Moment& at) noexcept {
  Alarm& alarm = entry.alarm;
  if (resetting_ && alarm.latched) {
    alarm.latched = false;
    return changed(Transition::reset, entry, reset_by_.view(), {}, at);
  }
  if (entry.shelf_end && at.now >= *entry.shelf_end) {
    entry.shelf_end.reset();
    alarm.shelved_until.reset();
    return changed(Transition::unshelved, entry, {}, "its time is over", at);
  }
  if (entry.confirm_by && at.now >= *entry.confirm_by) {
    entry.confirm_by.reset();
    alarm.active = false;
    alarm.latched = alarm.latching && !entry.was_reset;
    return changed(Transition::cleared, entry, {}, "not raised again after the restart", at);
  }
  if (entry.summary_due && at.now - entry.window_start >= config_.flood_window) {
    entry.summary_due = false;
    // Still restless: the next window gives a sum only; quiet: rows again.
    const bool quiet = at.now - entry.moved_at >= config_.flood_window;
    entry.window_start = at.now;
    if (quiet) entry.rows = 0;
    return changed(Transition::repeated, entry, {}, {}, at);
  }
  return std::nullopt;
}

std::optional<Change> Book::next(const Moment& at) noexcept {
  if (!given_up_.empty()) {
    const Change first = given_up_[0];
    given_up_.erase_at(0);
    return first;
  }
  for (std::size_t i = 0; i < entries_.size();) {
    if (std::optional<Change> change = due(entries_[i], at)) return change;
    const Entry& entry = entries_[i];
    const bool calm = entry.alarm.state() == State::normal && !entry.summary_due &&
                      at.now - entry.moved_at >= config_.flood_window;
    if (calm) {
      entries_.erase_at(i);
      ++revision_;
    } else {
      ++i;
    }
  }
  resetting_ = false;
  return std::nullopt;
}

void Book::restore(std::span<const Alarm> alarms, Id next_id, const Moment& at) noexcept {
  next_id_ = next_id == 0 ? 1 : next_id;
  for (const Alarm& alarm : alarms) {
    if (entries_.size() == kAlarmsMax || alarm.state() == State::normal) continue;
    Entry& entry = entries_.push_back({});
    entry.alarm = alarm;
    entry.window_start = at.now;
    entry.moved_at = at.now;
    if (alarm.active) entry.confirm_by = at.now + config_.confirm_after;
    if (!alarm.shelved_until) continue;
    // A clock that was set back must not lengthen a shelf.
    const Duration left = *alarm.shelved_until - at.utc;
    entry.shelf_end = at.now + (left > config_.shelve_max ? Duration::zero() : left);
  }
  ++revision_;
}

Counts Book::count(Severity severity) const noexcept {
  Counts counts;
  for (const Entry& entry : entries_) {
    const Alarm& alarm = entry.alarm;
    const State state = alarm.state();
    if (alarm.severity != severity || state == State::normal) continue;
    if (alarm.shelved_until) {
      ++counts.shelved;
      continue;
    }
    if (alarm.active || alarm.latched) ++counts.active;
    if (!alarm.seen) ++counts.unacknowledged;
  }
  return counts;
}

}  // namespace ems::alarm
