// SPDX-License-Identifier: Apache-2.0
/// @file Alarms in the shape of ISA-18.2: raised, acknowledged, cleared, latched, shelved. A fixed
/// book of them, fed by events. Pure state machine; time is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/model/event.hpp"

#ifndef EMS_MAX_ALARMS
#define EMS_MAX_ALARMS 128
#endif

namespace ems::alarm {

inline constexpr std::size_t kAlarmsMax = EMS_MAX_ALARMS;
inline constexpr std::size_t kNameMax = 48;   ///< Of an alarm.
inline constexpr std::size_t kActorMax = 48;  ///< Of who acknowledged, shelved or reset.
inline constexpr std::size_t kTextMax = 128;  ///< Of a comment or reason.

/// Ascends within one store; never 0.
using Id = std::uint32_t;

/// Numbers are stored and sent; append-only.
enum class State : std::uint8_t {
  normal = 1,
  unacknowledged = 2,          ///< The condition holds; nobody has seen it.
  acknowledged = 3,            ///< The condition holds; somebody has seen it.
  cleared_unacknowledged = 4,  ///< The condition is gone; nobody has seen it.
  latched_unacknowledged = 5,  ///< The condition is gone; it waits for the reset.
  latched_acknowledged = 6,    ///< The same, seen.
};
[[nodiscard]] std::string_view to_string(State state) noexcept;

/// What happened. Numbers are stored and sent; append-only.
enum class Transition : std::uint8_t {
  raised = 1,
  cleared = 2,
  acknowledged = 3,
  reset = 4,
  shelved = 5,
  unshelved = 6,
  repeated = 7,  ///< It came and went so often that only `count` was kept.
  dropped = 8,   ///< The book was full; it is no longer watched.
};
[[nodiscard]] std::string_view to_string(Transition transition) noexcept;

/// `P1` critical, `P2` alarm, `P3` warning, `P4` info.
[[nodiscard]] std::string_view priority_of(Severity severity) noexcept;

/// The two clocks of one moment: control goes by the first, records by the second.
struct Moment {
  Instant now{};
  UtcInstant utc{};
};

/// One alarm. (asset, name) is what it is about; the id is what people call it.
struct Alarm {
  Id id = 0;
  Severity severity = Severity::alarm;
  AssetId asset{};
  FixedString<kNameMax> name{};
  Signal signal{};          ///< What was compared; Signal{} when nothing was.
  std::int64_t value = 0;   ///< In that signal's unit.
  bool active = false;      ///< The condition holds.
  bool latching = false;    ///< When the condition is gone it waits for the reset.
  bool latched = false;     ///< It waits for the reset.
  bool seen = false;        ///< Acknowledged since it was last raised.
  std::uint32_t count = 0;  ///< Times it was raised; saturates.
  UtcInstant raised_at{};   ///< The newest time.
  UtcInstant changed_at{};
  FixedString<kActorMax> acknowledged_by{};
  std::optional<UtcInstant> shelved_until{};

  /// Where it is; the flags above say the same in parts.
  [[nodiscard]] constexpr State state() const noexcept {
    if (active) return seen ? State::acknowledged : State::unacknowledged;
    if (latched) return seen ? State::latched_acknowledged : State::latched_unacknowledged;
    return seen ? State::normal : State::cleared_unacknowledged;
  }
  friend constexpr bool operator==(const Alarm&, const Alarm&) noexcept = default;
};

/// One row of the history.
struct Change {
  Transition transition = Transition::raised;
  UtcInstant at{};
  FixedString<kActorMax> actor{};  ///< Empty: the site itself.
  FixedString<kTextMax> text{};    ///< Comment or reason.
  Alarm alarm{};                   ///< As it is after that.
  friend constexpr bool operator==(const Change&, const Change&) noexcept = default;
};

/// The defaults are the product's.
struct Config {
  Duration flood_window = seconds(60);    ///< So long quiet, and an alarm is calm again; > 0.
  std::uint8_t flood_changes = 6;         ///< Rows of one alarm in a window; the rest is counted.
  Duration confirm_after = seconds(120);  ///< Restored, and not raised again in time: cleared.
  Duration shelve_max = seconds(86'400);
};

/// How many alarms of one severity. Shelved ones are in `shelved` only.
struct Counts {
  std::uint32_t active = 0;          ///< The condition holds, or it is latched.
  std::uint32_t unacknowledged = 0;  ///< Nobody has seen them, active or not.
  std::uint32_t shelved = 0;
};

/// The alarms of a site.
///
/// A full book gives up the least: calm alarms first, then the lowest severity, of these cleared
/// before active, then the oldest; it never gives up one for a less grave one, and a critical one
/// only when every other is critical, too. What is given up is a Change and is counted.
///
/// An alarm that comes and goes more than `flood_changes` times within `flood_window` gives no more
/// rows until next() sums them up once a window; its state and count stay true.
///
/// @memory        Fixed: kAlarmsMax alarms; never allocates.
/// @thread_safety Not synchronised: one strand.
class Book {
 public:
  /// An empty book. @param config  Every duration above 0.
  explicit Book(const Config& config = {}) noexcept : config_(config) {}

  /// Takes an event. Severity info is no alarm and changes nothing.
  ///
  /// @param latching  When the condition is gone it waits for reset().
  /// @return          What changed; nullopt: nothing, or only a count. An alarm given up for room
  ///                  comes from next().
  [[nodiscard]] std::optional<Change> take(const Event& event, bool latching,
                                           const Moment& at) noexcept;

  /// A person has seen an alarm. @return nullopt when it was seen before.
  /// @errors not_found  no such alarm, or it is normal.
  [[nodiscard]] Result<std::optional<Change>> acknowledge(Id id, std::string_view actor,
                                                          std::string_view comment,
                                                          const Moment& at) noexcept;

  /// Takes an alarm out of sight for `duration`, whatever it does meanwhile; 0 takes it back.
  ///
  /// @return nullopt when it was not shelved and is not to be.
  /// @errors not_found         no such alarm, or it is normal.
  ///         out_of_range      a duration below 0 or above Config::shelve_max.
  ///         invalid_argument  to shelve needs a reason.
  [[nodiscard]] Result<std::optional<Change>> shelve(Id id, Duration duration,
                                                     std::string_view actor,
                                                     std::string_view reason,
                                                     const Moment& at) noexcept;

  /// The latch was reset at the site: latched alarms end, and those whose condition still holds no
  /// longer latch when it is gone. The changes come from next().
  void reset(std::string_view actor) noexcept;

  /// The next change that is due by itself: given up for room, reset, a shelf that ends, a flood
  /// summed up, a restored alarm nobody raised again. Call until nullopt, once a tick.
  [[nodiscard]] std::optional<Change> next(const Moment& at) noexcept;

  /// Puts back what a store kept. Active ones must be raised again within Config::confirm_after.
  /// Before the first take(); more calls put back more.
  ///
  /// @param alarms   At most kAlarmsMax; more are left out.
  /// @param next_id  First id to give.
  void restore(std::span<const Alarm> alarms, Id next_id, const Moment& at) noexcept;

  /// Alarms in the order they came, and those that are normal again and still calming down.
  template <class F>
  void for_each(F visit) const {
    for (const Entry& entry : entries_) visit(entry.alarm);
  }
  /// nullptr: no such alarm. Valid until the book changes.
  [[nodiscard]] const Alarm* find(Id id) const noexcept;
  [[nodiscard]] Counts count(Severity severity) const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  [[nodiscard]] Id next_id() const noexcept { return next_id_; }
  /// Changes with every change, rows or not: store and watchers look at it.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

 private:
  struct Entry {
    Alarm alarm{};
    std::optional<Instant> shelf_end{};
    std::optional<Instant> confirm_by{};  ///< Restored; not raised since.
    Instant window_start{};
    Instant moved_at{};        ///< Newest raise or clear.
    std::uint8_t rows = 0;     ///< In this window.
    bool was_reset = false;    ///< Since it was raised: it latches no more.
    bool summary_due = false;  ///< Something was only counted.
    friend constexpr bool operator==(const Entry&, const Entry&) noexcept = default;
  };

  [[nodiscard]] Entry* find(AssetId asset, std::string_view name) noexcept;
  [[nodiscard]] Entry* find_shown(Id id) noexcept;
  [[nodiscard]] Entry* make(const Event& event, const Moment& at) noexcept;
  [[nodiscard]] bool row_allowed(Entry& entry, Instant now) noexcept;
  [[nodiscard]] Change changed(Transition transition, Entry& entry, std::string_view actor,
                               std::string_view text, const Moment& at) noexcept;
  [[nodiscard]] std::optional<Change> due(Entry& entry, const Moment& at) noexcept;

  Config config_;
  StaticVector<Entry, kAlarmsMax> entries_;
  StaticVector<Change, 8> given_up_;  ///< Rows of alarms dropped since the last next().
  FixedString<kActorMax> reset_by_{};
  bool resetting_ = false;
  std::uint64_t dropped_ = 0;
  std::uint64_t revision_ = 0;
  Id next_id_ = 1;
};

}  // namespace ems::alarm
