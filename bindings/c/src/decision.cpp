// SPDX-License-Identifier: Apache-2.0
#include "decision.hpp"

namespace ems::capi {
namespace {

struct OwnedDecision {
  explicit OwnedDecision(const decision::Config& given) noexcept : config(given) {
    handle.owner = true;
    handle.last = &decision;
  }
  ems_decision handle;
  std::int64_t last_ms = INT64_MIN;
  decision::Config config;
  decision::State state;
  decision::Decision decision;
};

static_assert(std::is_standard_layout_v<ems_decision> && offsetof(OwnedDecision, handle) == 0);
static_assert(sizeof(OwnedDecision) <= sizeof(std::uint64_t) * EMS_DECISION_WORDS);
static_assert(EMS_EXPLANATION_SIZE == decision::kExplanationSize + 1);
static_assert(EMS_LEVEL_COUNT == decision::kLevelCount);
static_assert(EMS_LEVEL_LONGEVITY == static_cast<int>(decision::Level::longevity));
static_assert(EMS_POLICY_EXPIRED == static_cast<int>(decision::PolicyStatus::expired));
static_assert(EMS_POLICY_NOT_APPLICABLE ==
              static_cast<int>(decision::PolicyStatus::not_applicable));
static_assert(EMS_INPUT_SETPOINT == static_cast<int>(decision::Input::setpoint));
static_assert(EMS_INPUT_CAPACITY == static_cast<int>(decision::Input::capacity));
#define EMS_POLICY(name, number, level, rank, on_stale, meaning) \
  static_assert((number) >= EMS_POLICY_SAFETY && (number) <= EMS_POLICY_GENTLE_TEMPERATURE);
#include "ems/decision/policies.def"
#undef EMS_POLICY
static_assert(EMS_POLICY_IMPORT_LIMIT == static_cast<int>(decision::PolicyId::import_limit));
static_assert(EMS_POLICY_SETPOINT == static_cast<int>(decision::PolicyId::setpoint));
static_assert(EMS_POLICY_GENTLE_TEMPERATURE ==
              static_cast<int>(decision::PolicyId::gentle_temperature));
static_assert(EMS_POLICY_SELF_CONSUMPTION ==
              static_cast<int>(decision::PolicyId::self_consumption));

OwnedDecision* owned(ems_decision_t* decision) noexcept {
  return reinterpret_cast<OwnedDecision*>(decision);  // The handle is its first member.
}

ems_decision_result_t decision_result(const decision::Decision& from) noexcept {
  ems_decision_result_t result{};
  result.target_w = from.target().count();
  if (from.net_load) {
    result.valid |= EMS_DECISION_HAS_NET_LOAD;
    result.net_load_w = from.net_load->power.count();
  }
  if (from.resolution.winner) {
    result.valid |= EMS_DECISION_HAS_WINNER;
    result.winner = static_cast<std::uint8_t>(*from.resolution.winner);
  }
  if (from.resolution.runner_up) {
    result.valid |= EMS_DECISION_HAS_RUNNER_UP;
    result.runner_up = static_cast<std::uint8_t>(*from.resolution.runner_up);
  }
  result.policy_count = static_cast<std::uint32_t>(from.policies.size());
  result.conflict_count = static_cast<std::uint32_t>(from.resolution.conflicts.size());
  result.input_count = static_cast<std::uint32_t>(from.inputs.size());
  return result;
}

/// Writes the sides that a band has, and sets their bits.
void band_to_c(const std::optional<decision::Band>& band, unsigned lo_bit, unsigned hi_bit,
               std::int32_t& lo_w, std::int32_t& hi_w, std::uint8_t& valid) noexcept {
  if (!band) return;
  if (band->lo) {
    lo_w = band->lo->count();
    valid = static_cast<std::uint8_t>(valid | lo_bit);
  }
  if (band->hi) {
    hi_w = band->hi->count();
    valid = static_cast<std::uint8_t>(valid | hi_bit);
  }
}

}  // namespace

extern "C" {

EMS_API const char* ems_policy_name(std::uint8_t policy) {
  return decision::to_string(static_cast<decision::PolicyId>(policy)).data();  // A literal.
}

EMS_API std::size_t ems_decision_size(void) { return sizeof(OwnedDecision); }

EMS_API ems_status_t ems_decision_init(void* memory, std::size_t size,
                                       const ems_decision_config_t* config, ems_decision_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    const ems_status_t room = check_memory(memory, size, sizeof(OwnedDecision));
    if (room != EMS_OK) return room;
    decision::Config own;
    if (const ems_status_t read = decision_config_from(config, own); read != EMS_OK) return read;
    *out = &place<OwnedDecision>(memory, own)->handle;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_step(ems_decision_t* decision,
                                       const ems_decision_inputs_t* inputs, std::int64_t now_ms,
                                       ems_decision_result_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (!sized(inputs)) return invalid("inputs is NULL or its struct_size is too small");
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (!decision->owner) {
      return failed(EMS_E_FAILED_PRECONDITION,
                    "this decision belongs to an ems_control_t, which steps it");
    }
    ems_decision_inputs_t own_inputs;
    if (!take(inputs, own_inputs)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    decision::Inputs own;
    TablesOfNow tables;
    if (const ems_status_t read = inputs_from(own_inputs, tables, own); read != EMS_OK) return read;
    OwnedDecision& maker = *owned(decision);
    if (now_ms < maker.last_ms) return failed(EMS_E_OUT_OF_RANGE, "now_ms went backwards");
    maker.last_ms = now_ms;
    const decision::Step step = decision::step(maker.state, maker.config, own, instant(now_ms));
    maker.state = step.state;
    maker.decision = step.decision;
    decision->stepped = true;
    give(out, decision_result(maker.decision));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_get_result(const ems_decision_t* decision,
                                             ems_decision_result_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (!decision->stepped) return failed(EMS_E_FAILED_PRECONDITION, "no step yet");
    give(out, decision_result(*decision->last));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_level_at(const ems_decision_t* decision, std::int32_t level,
                                           ems_level_trace_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (out == nullptr) return invalid("out is NULL");
    if (level < EMS_LEVEL_SAFETY || level > EMS_LEVEL_LONGEVITY) {
      return failed(EMS_E_OUT_OF_RANGE, "level is no EMS_LEVEL_*");
    }
    if (!decision->stepped) return failed(EMS_E_FAILED_PRECONDITION, "no step yet");
    const decision::LevelTrace& trace =
        decision->last->resolution.at(static_cast<decision::Level>(level));
    ems_level_trace_t full{};
    full.before = {trace.before.lo.count(), trace.before.hi.count()};
    full.after = {trace.after.lo.count(), trace.after.hi.count()};
    full.level = static_cast<std::uint8_t>(level);
    full.lo_by = static_cast<std::uint8_t>(trace.lo_by);
    full.hi_by = static_cast<std::uint8_t>(trace.hi_by);
    *out = full;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_policy_at(const ems_decision_t* decision, std::size_t index,
                                            ems_policy_output_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (out == nullptr) return invalid("out is NULL");
    if (index >= decision->last->policies.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such policy, or no step yet");
    }
    const decision::PolicyOutput& policy = decision->last->policies[index];
    ems_policy_output_t full{};
    full.policy = static_cast<std::uint8_t>(policy.demand.policy);
    full.level = static_cast<std::uint8_t>(policy.demand.level);
    full.status = static_cast<std::uint8_t>(policy.status);
    band_to_c(policy.demand.constraint, EMS_POLICY_HAS_CONSTRAINT_LO, EMS_POLICY_HAS_CONSTRAINT_HI,
              full.constraint_lo_w, full.constraint_hi_w, full.valid);
    band_to_c(policy.demand.preference, EMS_POLICY_HAS_PREFERENCE_LO, EMS_POLICY_HAS_PREFERENCE_HI,
              full.preference_lo_w, full.preference_hi_w, full.valid);
    *out = full;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_conflict_at(const ems_decision_t* decision, std::size_t index,
                                              ems_conflict_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (out == nullptr) return invalid("out is NULL");
    if (index >= decision->last->resolution.conflicts.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such conflict, or no step yet");
    }
    const decision::Conflict& conflict = decision->last->resolution.conflicts[index];
    ems_conflict_t full{};
    full.policy = static_cast<std::uint8_t>(conflict.policy);
    full.level = static_cast<std::uint8_t>(conflict.level);
    full.is_preference = conflict.kind == decision::DemandKind::preference ? 1 : 0;
    full.bound_by = static_cast<std::uint8_t>(conflict.bound_by);
    full.shortfall_w = conflict.shortfall.count();
    full.against_itself_w = conflict.against_itself.count();
    *out = full;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_input_at(const ems_decision_t* decision, std::size_t index,
                                           ems_input_age_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (out == nullptr) return invalid("out is NULL");
    if (index >= decision->last->inputs.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such input, or no step yet");
    }
    const decision::InputAge& input = decision->last->inputs[index];
    ems_input_age_t full{};
    full.age_ms = ceil_ms(input.age.value_or(Duration{}));
    full.policy = static_cast<std::uint8_t>(input.policy);
    full.input = static_cast<std::uint8_t>(input.input);
    full.usable = input.usable ? 1 : 0;
    full.has_age = input.age ? 1 : 0;
    full.quality = static_cast<std::uint8_t>(input.quality);
    full.has_value = input.value ? 1 : 0;
    *out = full;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_input_value(const ems_decision_t* decision, std::size_t index,
                                              std::int64_t* out_value) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (out_value == nullptr) return invalid("out_value is NULL");
    if (index >= decision->last->inputs.size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such input, or no step yet");
    }
    const std::optional<std::int64_t>& value = decision->last->inputs[index].value;
    if (!value) return failed(EMS_E_NOT_FOUND, "this input had no value");
    *out_value = *value;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_in_force(const ems_decision_t* decision, ems_in_force_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (!decision->stepped) return failed(EMS_E_FAILED_PRECONDITION, "no step yet");
    give(out, in_force_to_c(*decision->last));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_explain(const ems_decision_t* decision, std::size_t size,
                                          char* text) {
  return guarded([&]() -> ems_status_t {
    if (!is(decision)) return invalid(kNoDecision);
    if (text == nullptr) return invalid("text is NULL");
    if (size < EMS_EXPLANATION_SIZE) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "size is below EMS_EXPLANATION_SIZE");
    }
    if (!decision->stepped) return failed(EMS_E_FAILED_PRECONDITION, "no step yet");
    const std::string_view written =
        decision::explain(*decision->last, std::span(text, decision::kExplanationSize));
    if (written.data() != text) std::memmove(text, written.data(), written.size());
    text[written.size()] = '\0';
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
