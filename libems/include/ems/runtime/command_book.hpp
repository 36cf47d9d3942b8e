// SPDX-License-Identifier: Apache-2.0
/// @file The commands of a site: each id acts once, its states are remembered, also over a restart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

inline constexpr std::string_view kCommandBookKey = "runtime.commands";
/// Commands remembered with what became of them.
inline constexpr std::size_t kCommandsMax = 128;
/// Beyond these the oldest that has ended gives its place to a new one. Of it only the id is known,
/// so that it does not act again within its time to live, and of so many.
inline constexpr std::size_t kForgottenMax = 1'024;
/// What was kept of them for a message and for what was asked, in the store.
inline constexpr std::size_t kCommandTextMax = 160;

/// In words: `-2.0 kW for 60 s`. @thread_safety Pure function.
[[nodiscard]] std::string text_of(const CommandAction& action);

/// An emergency stop with whatever words, made one that check_command() takes: it is never refused
/// for its form. Any other command is returned as it is. @thread_safety Pure function.
[[nodiscard]] Command tidied(Command command);

/// Checks everything about a command that needs no site: id, words, lease, time to live.
///
/// @errors invalid_argument  what is wrong, in words.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> check_command(const Command& command);

/// @thread_safety Not synchronised: one strand.
class CommandBook {
 public:
  /// What the first command of this id came to; nullopt: the id is new. An emergency stop that has
  /// ended is new again when its time to live is over: somebody presses the button again.
  ///
  /// @errors already_exists  the id belongs to a command that asked for something else, or to one
  ///                         of which only the id is known.
  ///         others          the first one was refused, with this code.
  [[nodiscard]] Result<std::optional<CommandStep>> known(const Command& command, Instant now) const;

  /// Makes room for one more command. Call it before the command acts.
  ///
  /// @return False: none, because so many are within their time to live, or under way. An emergency
  ///         stop is never without room.
  [[nodiscard]] bool make_room(const Command& command, Instant now);

  /// Takes a new command in; room was made. It takes the place of an older one of its id.
  ///
  /// @param refused  Why it was refused; nullopt: it is in `step.state`.
  void add(const Command& command, CommandStep step, std::optional<Errc> refused, Instant now);

  /// A later step of a command that has not ended; anything else is ignored, and false.
  bool set(const CommandStep& step);

  /// nullptr: no such command. Valid until the book changes.
  [[nodiscard]] const CommandView* find(std::string_view id) const noexcept;
  [[nodiscard]] std::vector<CommandView> newest_first() const;
  /// An id nobody has: `site-`, the moment in hex, and a number.
  [[nodiscard]] std::string make_id(UtcInstant utc);

  /// @memory A string below 128 KiB.
  [[nodiscard]] std::string to_text() const;
  /// Puts back what to_text() gave. What had not ended has failed now: the process that held it is
  /// gone. Their steps are returned for the record. An emergency stop goes on: its latch is
  /// durable. Time to live counts anew.
  ///
  /// @errors corrupt  not what to_text() gives; the book stays empty.
  [[nodiscard]] Result<std::vector<CommandStep>> restore(std::string_view text, Instant now,
                                                         UtcInstant utc);

 private:
  struct Entry {
    CommandView view;
    std::string asked;  ///< text_of() its action.
    std::optional<Errc> refused;
    Duration ttl{};
    Instant forget_after{};
  };
  struct Forgotten {
    std::uint64_t hash = 0;  ///< Of the id.
    Duration ttl{};
    Instant until{};
  };
  [[nodiscard]] const Entry* entry(std::string_view id) const noexcept;

  std::deque<Entry> entries_;        ///< Oldest first.
  std::deque<Forgotten> forgotten_;  ///< Oldest first.
  std::uint32_t made_ = 0;
};

}  // namespace ems::runtime
