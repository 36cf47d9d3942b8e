// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include "ems/core/assert.hpp"
#include "ems/core/decimal.hpp"
#include "ems/decision/decision.hpp"

namespace ems::decision {

namespace {

constexpr std::size_t kConflictsTold = 4;  ///< More are counted, not spelled out.

/// The line being written. Watts become kW with all their digits.
class Line {
 public:
  Line& operator<<(std::string_view text) noexcept {
    text_.append(text);
    return *this;
  }
  Line& operator<<(PolicyId policy) noexcept {
    if (static_cast<std::uint8_t>(policy) < kHostPolicyFirst) return *this << to_string(policy);
    return (*this << "host policy ").number(static_cast<std::uint8_t>(policy), 0);
  }
  Line& number(std::int64_t count, int digits) noexcept {
    char room[kDecimalTextSize];
    return *this << format_decimal(count, digits, room);
  }
  /// "-1.4"
  Line& kw(Watt power) noexcept { return number(power.count(), 3); }
  /// "1.4 kW discharge"
  Line& power(Watt power) noexcept {
    magnitude(power) << " kW";
    if (power > Watt{}) *this << " discharge";
    if (power < Watt{}) *this << " charge";
    return *this;
  }
  Line& magnitude(Watt power) noexcept {
    const std::int64_t count = power.count();
    return number(count < 0 ? -count : count, 3);
  }
  Line& interval(Watt lo, Watt hi) noexcept {
    return ((*this << "[").kw(lo) << ", ").kw(hi) << "] kW";
  }
  [[nodiscard]] std::string_view view() const noexcept { return text_.view(); }

 private:
  FixedString<kExplanationSize> text_;
};

/// "at least 1.4 kW discharge", "no charging", "5.0 kW charge".
void tell_band(Line& line, const Band& asked) noexcept {
  const Band band = asked.effective();
  if (band.lo && band.hi) {
    if (*band.lo == *band.hi) {
      line.power(*band.lo);
    } else {
      line.interval(*band.lo, *band.hi);
    }
  } else if (band.lo) {
    if (*band.lo == Watt{}) {
      line << "no charging";
    } else {
      (line << (*band.lo > Watt{} ? ">= " : "<= ")).power(*band.lo);
    }
  } else if (band.hi) {
    if (*band.hi == Watt{}) {
      line << "no discharging";
    } else {
      (line << (*band.hi > Watt{} ? "<= " : ">= ")).power(*band.hi);
    }
  } else {
    line << "nothing";
  }
}

/// "import_limit asks >= 1.4 kW discharge"
void tell_demand(Line& line, const Demand& demand) noexcept {
  line << demand.policy;
  if (demand.constraint) tell_band(line << " asks ", *demand.constraint);
  if (demand.constraint && demand.preference) line << " and";
  if (demand.preference) {
    tell_band(line << (demand.constraint ? " prefers " : " asks "), *demand.preference);
  }
}

/// "grid import would be 9.4 kW": what the meter would show without the battery.
void tell_net_load(Line& line, Watt power) noexcept {
  line << (power < Watt{} ? "grid export would be " : "grid import would be ");
  line.magnitude(power) << " kW";
}

void tell_import_limit(Line& line, const Decision& decision, const PolicyOutput& output) noexcept {
  if (output.status == PolicyStatus::holding) {
    line << "grid power unknown, last target held: ";
  } else if (output.status == PolicyStatus::fallback) {
    line << "grid power unknown, nothing left to hold: ";
  } else if (decision.net_load && decision.import_limit) {
    const Watt limit = *decision.import_limit;
    tell_net_load(line, decision.net_load->power);
    line << (decision.net_load->power > limit ? ", above the " : ", limit ");
    line.kw(limit) << (decision.net_load->power > limit ? " kW limit: " : " kW: ");
  }
}

void tell_winner(Line& line, const Decision& decision) noexcept {
  const Resolution& resolution = decision.resolution;
  if (!resolution.winner) {
    if (resolution.envelope().is_point()) {
      line << "safety leaves no room";
    } else {
      line << "nobody needs the battery to move";
    }
    return;
  }
  if (*resolution.winner == PolicyId::safety) {
    (line << "safety asks ").power(resolution.target) << " at least";
    return;
  }
  const PolicyOutput* output = decision.find(*resolution.winner);
  EMS_ASSERT(output != nullptr);
  if (*resolution.winner == PolicyId::import_limit) {
    tell_import_limit(line, decision, *output);
  } else if (*resolution.winner == PolicyId::setpoint && decision.setpoint) {
    line << "set-point of " << decision.setpoint->actor.view() << ", ";
    line.number((decision.setpoint->lease_end - decision.at).count() / 100'000, 1) << " s left: ";
  } else if (*resolution.winner == PolicyId::self_consumption && decision.net_load) {
    tell_net_load(line, decision.net_load->power);
    line << ": ";
  }
  tell_demand(line, output->demand);
}

void tell_conflicts(Line& line, const Resolution& resolution) noexcept {
  const std::size_t told = std::min(resolution.conflicts.size(), kConflictsTold);
  for (const Conflict& conflict : resolution.conflicts.view().first(told)) {
    if (conflict.against_itself != Watt{}) {
      (line << "; " << conflict.policy << " contradicts itself by ").kw(conflict.against_itself)
          << " kW";
    }
    if (conflict.shortfall != Watt{}) {
      (line << "; " << conflict.policy << " falls short by ").kw(conflict.shortfall)
          << " kW, bound by " << conflict.bound_by;
    }
  }
  const std::size_t untold = resolution.conflicts.size() - told;
  if (untold > 0) {
    (line << "; and ").number(static_cast<std::int64_t>(untold), 0) << " more conflicts";
  }
}

void tell_losers(Line& line, const Decision& decision) noexcept {
  const Resolution& resolution = decision.resolution;
  if (resolution.runner_up && resolution.runner_up != resolution.winner) {
    const PolicyOutput* output = decision.find(*resolution.runner_up);
    EMS_ASSERT(output != nullptr && output->demand.preference);
    line << "; " << *resolution.runner_up << " wanted ";
    tell_band(line, *output->demand.preference);
  }
  for (const PolicyOutput& output : decision.policies) {
    if (output.status != PolicyStatus::stale) continue;
    line << "; " << output.demand.policy << " abstains, its input is stale";
  }
}

}  // namespace

std::string_view explain(const Decision& decision, std::span<char> out) noexcept {
  EMS_ASSERT(out.size() >= kExplanationSize);
  const Resolution& resolution = decision.resolution;

  Line line;
  tell_winner(line, decision);
  (line << "; safety allows ").interval(resolution.envelope().lo, resolution.envelope().hi);
  tell_conflicts(line, resolution);
  tell_losers(line, decision);
  if (resolution.target == Watt{}) {
    line << "; idle";
  } else {
    line << (resolution.target > Watt{} ? "; discharging " : "; charging ");
    line.magnitude(resolution.target) << " kW";
  }

  const std::string_view text = line.view();
  std::copy(text.begin(), text.end(), out.begin());
  return {out.data(), text.size()};
}

}  // namespace ems::decision
