// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include "decision/line.hpp"
#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

constexpr std::size_t kConflictsTold = 4;  ///< More are counted, not spelled out.
constexpr std::size_t kAbsentTold = 4;  ///< Likewise policies that abstain for want of something.

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

/// "above the 8.0 kW limit: ", "limit 8.0 kW: "
void tell_limit(Line& line, bool above, Watt limit) noexcept {
  line << (above ? ", above the " : ", limit ");
  line.kw(limit) << (above ? " kW limit: " : " kW: ");
}

// ---- why each policy asks: each ends in ": " or says nothing ------------------------------------

void tell_hold(Line& line, PolicyStatus status) noexcept {
  line << "grid power unknown, ";
  line << (status == PolicyStatus::holding ? "last target held: " : "nothing left to hold: ");
}

void tell_import_limit(Line& line, const Decision& decision, const PolicyOutput& output) noexcept {
  if (output.status != PolicyStatus::acting) {
    tell_hold(line, output.status);
  } else if (decision.net_load && decision.import_limit) {
    tell_net_load(line, decision.net_load->power);
    tell_limit(line, decision.net_load->power > *decision.import_limit, *decision.import_limit);
  }
}

void tell_export_limit(Line& line, const Decision& decision, const PolicyOutput& output) noexcept {
  if (output.status != PolicyStatus::acting) {
    line << "grid power unknown: ";
  } else if (decision.net_load && decision.export_limit) {
    tell_net_load(line, decision.net_load->power);
    tell_limit(line, -decision.net_load->power > *decision.export_limit, *decision.export_limit);
  }
}

void tell_demand_limit(Line& line, const Decision& decision, const PolicyOutput& output) noexcept {
  if (output.status != PolicyStatus::acting) return tell_hold(line, output.status);
  if (decision.net_load) tell_net_load(line, decision.net_load->power);
  if (!decision.demand) {
    line << ", the clock is not set: ";
    return;
  }
  const DemandWindow& window = *decision.demand;
  (line << ", ").number(window.energy.count(), 3) << " kWh drawn and ";
  (line.time(window.left) << " left of the demand window allow ").kw(window.allowed) << " kW: ";
}

void tell_backup_reserve(Line& line, const Decision& decision,
                         const PolicyOutput& output) noexcept {
  const auto soc = value_of(decision, PolicyId::backup_reserve, Input::soc);
  if (output.status != PolicyStatus::acting || !soc) {
    line << "state of charge unknown: ";
  } else {
    (line << "state of charge ").number(*soc, 2) << " %, kept for an outage: ";
  }
}

void tell_limit_source(Line& line, const Decision& decision, const PolicyOutput& output,
                       const std::optional<LimitCommand>& command) noexcept {
  switch (output.source) {
    case LimitSource::command:
      if (!command) return;
      line << "limit of " << command->actor.view() << ", ";
      line.time(command->lease_end - decision.at) << " left: ";
      return;
    case LimitSource::fallback:
      line << "nobody commands a limit, fallback: ";
      return;
    case LimitSource::failsafe:
      line << "nobody commands a limit, failsafe: ";
      return;
    case LimitSource::configured:
      line << "limit of the site file: ";
      return;
    case LimitSource::none:
      return;
  }
}

void tell_frequency(Line& line, const Decision& decision) noexcept {
  const auto frequency = value_of(decision, PolicyId::frequency_droop, Input::frequency);
  if (!frequency || !decision.droop_start) return;
  ((line << "grid frequency ").number(*frequency, 3) << " Hz, answered from ")
          .power(*decision.droop_start)
      << ": ";
}

/// "set-point of anna"; "set-point" where nobody said who.
Line& tell_giver(Line& line, std::string_view kind, const SetpointCommand& command) noexcept {
  line << kind;
  if (!command.actor.empty()) line << " of " << command.actor.view();
  return line;
}

void tell_setpoint(Line& line, const Decision& decision, std::string_view kind,
                   const std::optional<SetpointCommand>& command) noexcept {
  if (!command) return;
  tell_giver(line, kind, *command) << ", ";
  line.time(command->lease_end - decision.at) << " left: ";
}

void tell_schedule(Line& line, const Decision& decision) noexcept {
  const auto utc_s = value_of(decision, PolicyId::schedule, Input::wall_clock);
  if (!utc_s || !decision.schedule) return;
  (line << "schedule, ").time(decision.schedule->to.since_epoch() - seconds(*utc_s)) << " left: ";
}

void tell_cause(Line& line, const Decision& decision, const PolicyOutput& output) noexcept {
  switch (output.demand.policy) {
    case PolicyId::active_power_limit:
      return tell_limit_source(line, decision, output, decision.active_power_limit);
    case PolicyId::frequency_droop:
      return tell_frequency(line, decision);
    case PolicyId::ramp:
      line << "power changes no faster: ";
      return;
    case PolicyId::dimming:
      return tell_limit_source(line, decision, output, decision.dimming);
    case PolicyId::import_limit:
      return tell_import_limit(line, decision, output);
    case PolicyId::export_limit:
      return tell_export_limit(line, decision, output);
    case PolicyId::demand_limit:
      return tell_demand_limit(line, decision, output);
    case PolicyId::backup_reserve:
      return tell_backup_reserve(line, decision, output);
    case PolicyId::setpoint:
      return tell_setpoint(line, decision, "set-point", decision.setpoint);
    case PolicyId::remote_setpoint:
      return tell_setpoint(line, decision, "remote set-point", decision.remote_setpoint);
    case PolicyId::schedule:
      return tell_schedule(line, decision);
    default:
      return tell_economic_cause(line, decision, output);
  }
}

// ---- the line, part by part ---------------------------------------------------------------------

/// Who wanted something: "set-point of anna", "self_consumption".
void tell_who(Line& line, const Decision& decision, PolicyId policy) noexcept {
  if (policy == PolicyId::setpoint && decision.setpoint) {
    tell_giver(line, "set-point", *decision.setpoint);
  } else if (policy == PolicyId::remote_setpoint && decision.remote_setpoint) {
    tell_giver(line, "remote set-point", *decision.remote_setpoint);
  } else if (policy == PolicyId::plan && decision.plan) {
    line << "plan " << decision.plan_id.view();
  } else {
    line << policy;
  }
}

/// The conflict of a preference that did not fit; nullptr when it did.
const Conflict* overruled(const Resolution& resolution, PolicyId policy) noexcept {
  for (const Conflict& conflict : resolution.conflicts) {
    if (conflict.policy == policy && conflict.kind == DemandKind::preference &&
        conflict.shortfall != Watt{}) {
      return &conflict;
    }
  }
  return nullptr;
}

/// " wants 5.0 kW discharge, import_limit leaves 3.2 kW discharge". A demand that falls short makes
/// `left` a point, and that is the target.
void tell_overruled(Line& line, const Decision& decision, const Conflict& conflict) noexcept {
  const PolicyOutput* output = decision.find(conflict.policy);
  if (output != nullptr && output->demand.preference) {
    tell_band(line << " wants ", *output->demand.preference);
  }
  line << ", " << conflict.bound_by << " leaves ";
  if (decision.target() == Watt{}) {
    line << "nothing";
  } else {
    line.power(decision.target());
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
  if (const Conflict* conflict = overruled(resolution, *resolution.winner)) {
    const bool a_person =
        *resolution.winner == PolicyId::setpoint || *resolution.winner == PolicyId::remote_setpoint;
    if (!a_person) tell_cause(line, decision, *output);
    tell_who(line, decision, *resolution.winner);
    tell_overruled(line, decision, *conflict);
    return;
  }
  tell_cause(line, decision, *output);
  tell_demand(line, output->demand);
}

void tell_conflicts(Line& line, const Decision& decision) noexcept {
  const Resolution& resolution = decision.resolution;
  const std::size_t told = std::min(resolution.conflicts.size(), kConflictsTold);
  for (const Conflict& conflict : resolution.conflicts.view().first(told)) {
    if (conflict.against_itself != Watt{}) {
      (line << "; " << conflict.policy << " contradicts itself by ").kw(conflict.against_itself)
          << " kW";
    }
    if (conflict.shortfall == Watt{}) continue;
    if (&conflict == overruled(resolution, conflict.policy)) {
      if (conflict.policy == resolution.winner) continue;  // Said first.
      tell_who(line << "; ", decision, conflict.policy);
      tell_overruled(line, decision, conflict);
    } else {
      (line << "; " << conflict.policy << " falls short by ").kw(conflict.shortfall)
          << " kW, bound by " << conflict.bound_by;
    }
  }
  const std::size_t untold = resolution.conflicts.size() - told;
  if (untold > 0) {
    (line << "; and ").number(static_cast<std::int64_t>(untold), 0) << " more conflicts";
  }
}

/// Why a policy that should have something to say abstains; empty when it has nothing to say.
std::string_view want_of(PolicyStatus status) noexcept {
  switch (status) {
    case PolicyStatus::stale:
      return "its input is stale";
    case PolicyStatus::clock_unset:
      return "the clock is not set";
    case PolicyStatus::clock_adrift:
      return "the clock has not been synced for too long";
    case PolicyStatus::too_old:
      return "its data are too old";
    case PolicyStatus::not_covered:
      return "its data do not cover this time";
    default:
      return {};
  }
}

void tell_losers(Line& line, const Decision& decision) noexcept {
  const Resolution& resolution = decision.resolution;
  if (resolution.runner_up && resolution.runner_up != resolution.winner &&
      overruled(resolution, *resolution.runner_up) == nullptr) {
    const PolicyOutput* output = decision.find(*resolution.runner_up);
    EMS_ASSERT(output != nullptr && output->demand.preference);
    tell_who(line << "; ", decision, *resolution.runner_up);
    tell_band(line << " wanted ", *output->demand.preference);
  }
  std::size_t absent = 0;
  for (const PolicyOutput& output : decision.policies) {
    const std::string_view want = want_of(output.status);
    if (want.empty() || ++absent > kAbsentTold) continue;
    line << "; " << output.demand.policy << " abstains, " << want;
  }
  if (absent > kAbsentTold) {
    (line << "; and ").number(static_cast<std::int64_t>(absent - kAbsentTold), 0)
        << " more abstain";
  }
}

}  // namespace

std::string_view explain(const Decision& decision, std::span<char> out) noexcept {
  EMS_ASSERT(out.size() >= kExplanationSize);
  const Resolution& resolution = decision.resolution;

  Line line;
  tell_winner(line, decision);
  (line << "; safety allows ").interval(resolution.envelope().lo, resolution.envelope().hi);
  tell_conflicts(line, decision);
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
