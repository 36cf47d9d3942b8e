// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

namespace {

// Ours; see docs/explanation/safety.md.

/// A battery's voltage does not move further than this at a steady current, however many cells it
/// has. Source: REQUIREMENTS A7.
constexpr std::int64_t kPackJumpMax = 50'000;
/// Without a known capacity only a current of at least this share of the maximum tells.
constexpr BasisPoints kLoadShare{500};
constexpr std::size_t kCurrent = PlausibilityState::kValues - 1;

/// One of the state's `values` now, and the largest step of it that a battery may make.
struct Measured {
  Signal signal{};
  std::optional<std::int32_t> value{};
  std::int64_t step_max = std::numeric_limits<std::int64_t>::max();
};
using Measurements = std::array<Measured, PlausibilityState::kValues>;

/// A load step of the whole current, with a cold pack's 2 mOhm per cell of 100 Ah, moves a cell by
/// 0.4 V: less than cell_voltage_jump. The fixed 50 V would forbid that to long strings, so it
/// holds only while the current stays. A current may do as it likes.
Measurements measured(const PlausibilityState& s, const Battery& b) noexcept {
  const PlausibilityLimits& l = b.limits.plausibility;
  const std::optional<std::int32_t> current = b.value(b.in.pack_current);
  const std::int64_t cell = l.cell_voltage_jump.count();
  const std::int64_t cells = cell * b.config.cells_in_series;
  const bool load_step =
      current && magnitude(std::int64_t{*current} - s.values[kCurrent]) > margin(b.limits);
  const std::int64_t pack = load_step ? cells : std::min(cells, kPackJumpMax);
  return {{{Signal::soc, b.value(b.in.soc), l.soc_jump.count()},
           {Signal::temperature, b.value(b.in.temp_max), l.temperature_jump.count()},
           {Signal::temperature, b.value(b.in.temp_min), l.temperature_jump.count()},
           {Signal::pack_voltage, b.value(b.in.pack_voltage), pack},
           {Signal::cell_voltage, b.value(b.in.cell_voltage_max), cell},
           {Signal::cell_voltage, b.value(b.in.cell_voltage_min), cell},
           {Signal::pack_current, current}}};
}

}  // namespace

void observe_values(PlausibilityState& s, const Battery& b) noexcept {
  const Measurements now = measured(s, b);
  bool changed = false;
  s.jumped = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    run(s.ages[i], b.site);
    if (!now[i].value) continue;
    const bool known = (static_cast<unsigned>(s.known) >> i & 1U) != 0;
    const bool fresh = microseconds(s.ages[i]) <= b.limits.stale_after_max;
    const std::int64_t moved = magnitude(std::int64_t{*now[i].value} - s.values[i]);
    if (known && fresh && moved > now[i].step_max && s.jumped == 0) {
      s.jumped = static_cast<std::uint8_t>(i + 1);
      s.jump = narrow(moved);
    }
    changed = changed || !known || moved != 0;
    s.values[i] = *now[i].value;
    s.ages[i] = 0;
    mark(s.known, 1U << i);
  }
  s.unchanged = changed ? Duration::zero() : s.unchanged + max_of(b.site.passed, Duration::zero());
}

Evaluation judge_jump(const PlausibilityState& s, const Battery& b) noexcept {
  Evaluation e{Finding::good, b.limits.plausibility.clear_after};
  const Measurements now = measured(s, b);
  // What is missing has a rule of its own; here it only keeps "steady" from being shown.
  for (const Measured& one : now) {
    if (!one.value) e.finding = Finding::band;
  }
  if (s.jumped != 0) {
    const Measured& jumped = now[s.jumped - 1U];
    e = {Finding::exceeded, e.clear_after, jumped.signal, s.jump, narrow(jumped.step_max)};
  }
  return e;
}

/// A BMS counts the charge that it reports: after 2 % of the capacity its SoC, which has steps of
/// 1 % at the coarsest, must have moved, and a working sensor's noise moves the others long before.
/// While nothing changes the current is one number, so the charge is that number times the time; a
/// gap counts as more of the same, so that losing an input hides nothing. At rest the charge is 0:
/// a quiet battery is not a frozen one.
Evaluation judge_frozen(const PlausibilityState& s, const Battery& b) noexcept {
  constexpr std::int64_t kPerMicroAmpHour = 3'600'000;  // mA * us.
  const PlausibilityLimits& l = b.limits.plausibility;
  const std::int64_t amount = magnitude(s.values[kCurrent]);
  bool frozen = false;
  if (b.config.capacity > MicroAmpHour::zero()) {
    const Duration share = Duration{b.config.capacity.count()} * l.frozen_charge.count();
    frozen = s.unchanged * amount > Duration{share.count() / kWhole} * kPerMicroAmpHour;
  } else {
    const std::int64_t least = largest_current(b.limits) * kLoadShare.count();
    frozen = s.unchanged >= l.frozen_after && amount > 0 && amount * kWhole >= least;
  }
  return {frozen ? Finding::exceeded : Finding::good, l.clear_after, Signal::pack_current,
          s.values[kCurrent]};
}

}  // namespace ems::safety::detail
