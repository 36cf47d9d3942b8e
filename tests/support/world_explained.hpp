// SPDX-License-Identifier: Apache-2.0
/// @file Is a decision explained? The record alone must lead to its target again, by the rule of
/// docs/explanation/decision.md written down a second time, and its words must be there.
#pragma once

#include <array>
#include <string>

#include "ems/decision/decision.hpp"
#include "ems/distribute/distribute.hpp"

namespace ems::test {

/// Narrows `left` from the record's own demands and says what does not agree; empty: nothing.
class Renarrow {
 public:
  explicit Renarrow(const decision::Decision& decision) : decision_(decision) {}

  std::string compare() {
    const decision::Resolution& record = decision_.resolution;
    left_ = record.envelope();
    if (left_.lo > left_.hi) return "an empty envelope";
    for (std::size_t level = 0; level < decision::kLevelCount; ++level) {
      const decision::LevelTrace& trace = record.levels[level];
      if (trace.before != left_) return "a level begins elsewhere than the one above it ended";
      hear(static_cast<decision::Level>(level + 1), false);
      hear(static_cast<decision::Level>(level + 1), true);
      if (trace.after != left_) return "the demands do not lead to what the level left";
      if (trace.lo_by != lo_by_ || trace.hi_by != hi_by_) return "somebody else set the bound";
    }
    const Watt target = clamp_to(Watt{}, left_.lo, left_.hi);
    if (target != record.target) return "the demands do not lead to the target";
    if (!winner_ && target != 0_w) winner_ = target == left_.lo ? lo_by_ : hi_by_;
    if (winner_ != record.winner) return "somebody else won";
    if (conflicts_ != record.conflicts.size()) return "conflicts are missing";
    if (record.winner && *record.winner != decision::PolicyId::safety &&
        decision_.find(*record.winner) == nullptr) {
      return "the winner has no output";
    }
    return inputs();
  }

 private:
  void hear(decision::Level level, bool preference) {
    for (const decision::PolicyOutput& output : decision_.policies) {
      if (output.demand.level != level) continue;
      const auto& wish = preference ? output.demand.preference : output.demand.constraint;
      if (wish) narrow(output.demand.policy, *wish);
    }
  }
  void narrow(decision::PolicyId policy, decision::Band wish) {
    const bool crossed = wish.lo && wish.hi && *wish.lo > *wish.hi;
    if (crossed) {
      const Watt point = clamp_to(Watt{}, *wish.hi, *wish.lo);
      wish = {point, point};
    }
    const Interval before = left_;
    if (wish.lo) left_.lo = clamp_to(*wish.lo, before.lo, before.hi);
    if (wish.hi) left_.hi = clamp_to(*wish.hi, before.lo, before.hi);
    const bool missed = (wish.lo && *wish.lo > before.hi) || (wish.hi && *wish.hi < before.lo);
    if (missed || crossed) ++conflicts_;
    if (left_.lo != before.lo) lo_by_ = policy;
    if (left_.hi != before.hi) hi_by_ = policy;
    if (!before.is_point() && left_.is_point()) winner_ = policy;
  }
  /// Who acts on a measurement, a table or a command says on which.
  [[nodiscard]] std::string inputs() const {
    for (const decision::PolicyOutput& output : decision_.policies) {
      const bool acts = output.demand.constraint || output.demand.preference;
      const bool always = output.source == decision::LimitSource::configured ||
                          output.source == decision::LimitSource::fallback ||
                          output.source == decision::LimitSource::failsafe;
      if (!acts || always) continue;
      bool listed = false;
      for (const decision::InputAge& input : decision_.inputs) {
        listed = listed || input.policy == output.demand.policy;
      }
      if (!listed)
        return std::string("no input of ") + std::string(to_string(output.demand.policy));
    }
    return {};
  }

  const decision::Decision& decision_;
  Interval left_{};
  decision::PolicyId lo_by_ = decision::PolicyId::safety;
  decision::PolicyId hi_by_ = decision::PolicyId::safety;
  std::optional<decision::PolicyId> winner_;
  std::size_t conflicts_ = 0;
};

/// What is not explained about a decision and how it was split; empty: everything is.
inline std::string unexplained(const decision::Decision& decision,
                               const distribute::Distribution& distribution) {
  std::string wrong = Renarrow(decision).compare();
  if (!wrong.empty()) return wrong;
  Watt sum{};
  for (const distribute::Share& share : distribution.shares) sum += share.power;
  if (sum != distribution.target || distribution.asked != decision.target()) {
    return "the shares are not the target";
  }
  return {};
}

/// The same for the words.
inline std::string unworded(const decision::Decision& decision,
                            const distribute::Distribution& distribution) {
  std::array<char, decision::kExplanationSize> room{};
  const std::string_view text = decision::explain(decision, room);
  if (text.empty()) return "no words";
  const std::string_view moves = decision.target() > 0_w   ? "discharging"
                                 : decision.target() < 0_w ? " charging"
                                                           : "";
  if (text.find(moves) == std::string_view::npos) {
    return "the words do not say what happens: " + std::string(text);
  }
  std::array<char, distribute::kExplanationSize> more{};
  if (distribute::explain(distribution, more).empty()) return "no words about the shares";
  return {};
}

}  // namespace ems::test
