// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/policy.hpp"

#include <array>

#include "ems/core/assert.hpp"
#include "ems/decision/engine.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

namespace {

constexpr std::array kTable{
#define EMS_POLICY(name, number, level, rank, on_stale, meaning) \
  PolicyInfo{PolicyId::name, #name, Level::level, (rank), OnStale::on_stale, (meaning)},
#include "ems/decision/policies.def"
#undef EMS_POLICY
};

/// The file is read in the order of precedence: it must be written in it, with libems's numbers.
constexpr bool table_is_sound() noexcept {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::uint8_t>(kTable[i].policy) >= kHostPolicyFirst) return false;
    if (i == 0) continue;
    const PolicyInfo& above = kTable[i - 1];
    if (kTable[i].level < above.level) return false;
    if (kTable[i].level == above.level && kTable[i].rank <= above.rank) return false;
  }
  return true;
}
static_assert(table_is_sound());

}  // namespace

std::span<const PolicyInfo> policy_table() noexcept { return kTable; }

const PolicyInfo* find_policy(PolicyId policy) noexcept {
  for (const PolicyInfo& info : kTable) {
    if (info.policy == policy) return &info;
  }
  return nullptr;
}

std::string_view to_string(PolicyId policy) noexcept {
  if (const PolicyInfo* info = find_policy(policy)) return info->name;
  return static_cast<std::uint8_t>(policy) >= kHostPolicyFirst ? "host" : "unknown";
}

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::safety:
      return "safety";
    case Level::grid_code:
      return "grid_code";
    case Level::contractual:
      return "contractual";
    case Level::economic:
      return "economic";
    case Level::longevity:
      return "longevity";
  }
  return "unknown";
}

std::string_view to_string(OnStale on_stale) noexcept {
  switch (on_stale) {
    case OnStale::envelope:
      return "envelope";
    case OnStale::abstain:
      return "abstain";
    case OnStale::hold_then_zero:
      return "hold_then_zero";
    case OnStale::no_discharge:
      return "no_discharge";
    case OnStale::fallback:
      return "fallback";
  }
  return "unknown";
}

std::string_view to_string(DemandKind kind) noexcept {
  switch (kind) {
    case DemandKind::constraint:
      return "constraint";
    case DemandKind::preference:
      return "preference";
  }
  return "unknown";
}

std::string_view to_string(PolicyStatus status) noexcept {
  switch (status) {
    case PolicyStatus::disabled:
      return "disabled";
    case PolicyStatus::acting:
      return "acting";
    case PolicyStatus::holding:
      return "holding";
    case PolicyStatus::fallback:
      return "fallback";
    case PolicyStatus::stale:
      return "stale";
    case PolicyStatus::no_demand:
      return "no_demand";
    case PolicyStatus::expired:
      return "expired";
    case PolicyStatus::satisfied:
      return "satisfied";
    case PolicyStatus::not_covered:
      return "not_covered";
    case PolicyStatus::too_old:
      return "too_old";
    case PolicyStatus::clock_unset:
      return "clock_unset";
    case PolicyStatus::clock_adrift:
      return "clock_adrift";
    case PolicyStatus::watching:
      return "watching";
    case PolicyStatus::not_applicable:
      return "not_applicable";
  }
  return "unknown";
}

std::string_view to_string(LimitSource source) noexcept {
  switch (source) {
    case LimitSource::none:
      return "none";
    case LimitSource::configured:
      return "configured";
    case LimitSource::command:
      return "command";
    case LimitSource::fallback:
      return "fallback";
    case LimitSource::failsafe:
      return "failsafe";
  }
  return "unknown";
}

}  // namespace ems::decision
