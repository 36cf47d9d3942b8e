// SPDX-License-Identifier: Apache-2.0
// Deye's own frames, and which profile a Deye pack speaks.
//
// One and the same pack can be told to speak "Victron": frames 35A and 35F appear, 359, 361, 363,
// 364 and 371 stop, and the current of frame 356 turns its sign, while that of 150 does not.
#include <algorithm>
#include <iterator>

#include "protocol/can_lv/heard.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr Duration kForget = seconds(10);    // Profile that has not come for so long is none.
constexpr Duration kSettle = seconds(1);     // A profile has to go on for so long on its own.
constexpr std::int64_t kSignCounts = 1'000;  // mA from which on two currents can disagree.
constexpr std::int64_t kNoHeater = -400;     // -40.0 degC: no sensor is fitted.
constexpr std::int64_t kBasisPointsPerPermille = 10;
constexpr std::uint16_t kFullPermille = 1'000;
constexpr std::uint16_t kFullPercent = 100;
constexpr std::size_t kPackNameSize = 5;  // "DY" and the number of the pack.

constexpr FrameId kDeyeEvidence[] = {FrameId::alarms, FrameId::deye_extremes,
                                     FrameId::deye_versions, FrameId::deye_modules, FrameId::name};
constexpr FrameId kVictronEvidence[] = {FrameId::alarm_pairs, FrameId::product};

/// The frames of one profile that were heard lately.
struct Profile {
  bool any = false;
  Instant since{};  ///< From when on they come; never before their first repetition.
  Instant newest{};
};

/// 35A keeps its events where the others keep since when they come.
constexpr bool keeps_start(FrameId id) noexcept { return id != FrameId::alarm_pairs; }

Profile evidence(const Heard& heard, std::span<const FrameId> ids) noexcept {
  Profile found;
  bool started = false;
  for (const FrameId id : ids) {
    const CanSlot* slot = heard.find(id);
    if (slot == nullptr || heard.now - slot->received_at >= kForget) continue;
    found.newest = found.any ? std::max(found.newest, slot->received_at) : slot->received_at;
    found.any = true;
    if (!keeps_start(id)) continue;
    const Instant start{Duration{static_cast<std::int64_t>(slot->note)}};
    found.since = started ? std::min(found.since, start) : start;
    started = true;
  }
  if (!started) found.since = found.newest;
  return found;
}

/// Goes on although `other` does not.
bool settled(const Profile& one, const Profile& other) noexcept {
  if (!one.any) return false;
  const Instant from = other.any ? std::max(one.since, other.newest) : one.since;
  return one.newest - from > kSettle;
}

/// + discharges. nullopt while the profile is not decided.
std::optional<std::int64_t> site_current(const Heard& heard, std::int64_t raw) noexcept {
  const Profile deye = evidence(heard, kDeyeEvidence);
  const Profile victron = evidence(heard, kVictronEvidence);
  std::int64_t current = raw * kMilliPerTenth;
  if (victron.any && !settled(deye, victron)) {
    if (!settled(victron, deye)) return std::nullopt;
    current = -current;
  }
  const CanSlot* pack = heard.fresh(FrameId::deye_pack);
  const std::int64_t other =
      pack != nullptr ? amount(heard.fields(*pack).s16(2)).value_or(0) * kMilliPerTenth : 0;
  const bool opposite = (current >= kSignCounts && other <= -kSignCounts) ||
                        (current <= -kSignCounts && other >= kSignCounts);
  if (opposite) return std::nullopt;
  return current;
}

/// Notes since when the frame comes. @pre keeps_start().
void note_start(const Heard& heard) noexcept {
  if (heard.previous && heard.now - *heard.previous < kForget) return;
  heard.slot.note = static_cast<std::uint64_t>(heard.now.since_zero().count());
}

void give_alarms_359(const Heard& heard) {
  note_start(heard);
  give_alarm_bits(heard);
}

void give_product_35f(const Heard& heard) {
  note_start(heard);
  give_product(heard);
}

void give_mos_switches(const Heard& heard) {
  give_alarms(heard);
  const auto state = heard.in.u8(7);
  if (!state) return;
  heard.out.flag(Signal::charge_fet_on, (*state & kChargeFetClosed) != 0);
  heard.out.flag(Signal::discharge_fet_on, (*state & kDischargeFetClosed) != 0);
  heard.out.vendor("mos_parallel_complete", (*state & kParallelComplete) != 0 ? 1 : 0);
}

/// Short pulses of a charge limit were seen while the charge transistor was open.
void give_limits_351(const Heard& heard) {
  const CanSlot* switches = heard.fresh(FrameId::deye_alarms);
  const auto state =
      switches != nullptr ? heard.fields(*switches).u8(7) : std::optional<std::int64_t>{};
  give_limits(heard, state && (*state & kChargeFetClosed) == 0);
}

/// Frame 150 has tenths: it is heard instead where it comes.
void give_state_355(const Heard& heard) {
  const CanSlot* pack = heard.fresh(FrameId::deye_pack);
  const bool finer = pack != nullptr && heard.fields(*pack).u16(4);
  if (!finer) return give_state(heard);
  heard.out.vendor("soc_355_pct", *heard.in.u16(0));
}

/// Something else that was heard lately speaks for the sign of 356's current, or against it.
bool sign_is_known(const Heard& heard) noexcept {
  return evidence(heard, kDeyeEvidence).any || evidence(heard, kVictronEvidence).any ||
         heard.fresh(FrameId::deye_pack) != nullptr;
}

void give_measured_356(const Heard& heard) {
  const auto raw = amount(heard.in.s16(2));
  const Quality quality = sign_is_known(heard) ? Quality::good : Quality::uncertain;
  give_measured(heard, raw ? site_current(heard, *raw) : std::nullopt, quality);
}

void give_pack(const Heard& heard) {
  if (heard.fresh(FrameId::measured) == nullptr) {
    const std::int64_t voltage = *heard.in.u16(0);
    heard.out.maybe(Signal::pack_voltage,
                    voltage == kUnset ? std::nullopt : std::optional(voltage * kMilliPerTenth));
    if (heard.in.s16(2)) {  // Of the pack's own sign in either profile.
      const auto current = amount(heard.in.s16(2));
      heard.out.maybe(Signal::pack_current,
                      current ? std::optional(*current * kMilliPerTenth) : std::nullopt);
    }
  }
  if (const auto soc = heard.in.u16(4)) {
    heard.out.percent(Signal::soc, *soc * kBasisPointsPerPermille);
  }
  if (const auto soh = heard.in.u16(6)) {
    heard.out.percent(Signal::soh, *soh * kBasisPointsPerPermille);
  }
}

void give_cells(const Heard& heard) {
  give_cell(heard, Signal::cell_voltage_max, heard.in.u16(0));
  give_cell(heard, Signal::cell_voltage_min, heard.in.u16(2));
  give_tenths(heard, Signal::cell_temp_max, heard.in.s16(4));
  give_tenths(heard, Signal::cell_temp_min, heard.in.s16(6));
}

void give_cells_361(const Heard& heard) {
  note_start(heard);
  give_cells(heard);
}

void give_board(const Heard& heard) {
  give_tenths(heard, Signal::mosfet_temperature, heard.in.s16(0));
  if (const auto heater = heard.in.s16(2); heater && *heater != kNoHeater) {
    heard.out.vendor("heating_film_mdegc", *heater * kMilliPerTenth);
  }
  heard.vendor("pack_charge_limit_a", heard.in.u16(4));
  heard.vendor("pack_discharge_limit_a", heard.in.u16(6));
}

void give_requests_35c(const Heard& heard) {
  give_requests(heard);
  heard.out.vendor("heat_request", (*heard.in.u8(0) & kHeatRequest) != 0 ? 1 : 0);
}

/// "DY", three digits, the maker of the cells, the capacity.
void give_manufacturer_35e(const Heard& heard) {
  give_manufacturer(heard);
  const Bytes data = heard.in.all();
  const bool deye =
      data.size() == kCanDataSize && load_u8(data, 0) == 'D' && load_u8(data, 1) == 'Y';
  if (!deye) return;
  heard.vendor("cell_maker", heard.in.u8(kPackNameSize));
  if (const auto tenths = heard.in.u16(6); tenths && *tenths != 0 && *tenths != kUnset) {
    heard.out.value(Signal::design_capacity, *tenths * kMicroPerAmpHour / 10);
  }
}

void give_versions(const Heard& heard) {
  note_start(heard);
  heard.vendor("software_version", heard.in.u16(0));
  heard.vendor("hardware_version", heard.in.u16(2));
}

void give_pack_counts(const Heard& heard) {
  note_start(heard);
  heard.vendor("modules_normal", heard.in.u8(0));
  heard.vendor("modules_charge_disabled", heard.in.u8(1));
  heard.vendor("modules_discharge_disabled", heard.in.u8(2));
  if (const auto parallel = heard.in.u8(4)) heard.out.value(Signal::module_count, *parallel);
}

void give_array_limits(const Heard& heard) {
  note_start(heard);
  heard.vendor("array_charge_limit_ma", heard.in.u16(0), kMilliPerTenth);
  heard.vendor("array_discharge_limit_ma", heard.in.u16(2), kMilliPerTenth);
}

void give_mode(const Heard& heard) {
  heard.vendor("operation_mode", heard.in.u8(0));
  heard.vendor("fault_level", heard.in.u8(1));
  if (const auto cycles = heard.in.u16(2)) heard.out.value(Signal::cycle_count, *cycles);
  if (const auto cells = heard.in.u16(4)) {
    heard.out.flag(Signal::balancing, *cells != 0);
    heard.out.vendor("balance_mask", *cells);
  }
  heard.vendor("sub_state", heard.in.u16(6));
}

void give_version_text(const Heard& heard) {
  heard.out.text(TextField::software_version, heard.in.all());
}

void give_lifetime_energy(const Heard& heard) {
  heard.out.value(Signal::energy_charged, *heard.in.u32(0));
  if (const auto out = heard.in.u32(4)) heard.out.value(Signal::energy_discharged, *out);
}

void give_serial_halves(const Heard& heard) {
  give_text(heard, TextField::serial_number, FrameId::deye_serial, FrameId::deye_serial_rest);
}

}  // namespace

const FrameRow kDeyeFrames[kDeyeFrameCount] = {
    {FrameId::deye_alarms, 1, give_mos_switches},
    {FrameId::deye_pack, 2, give_pack, 4, kFullPermille},
    {FrameId::deye_cells, 2, give_cells},
    {FrameId::deye_board, 2, give_board},
    {FrameId::limits, 2, give_limits_351},
    {FrameId::state, 2, give_state_355, 0, kFullPercent},
    {FrameId::measured, 2, give_measured_356},
    {FrameId::alarms, 1, give_alarms_359},
    {FrameId::alarm_pairs, 1, give_alarm_pairs},
    {FrameId::requests, 1, give_requests_35c},
    {FrameId::manufacturer, 1, give_manufacturer_35e},
    {FrameId::product, 2, give_product_35f},
    {FrameId::deye_extremes, 2, give_cells_361},
    {FrameId::deye_versions, 2, give_versions},
    {FrameId::deye_modules, 1, give_pack_counts},
    {FrameId::name, 2, give_array_limits},
    {FrameId::deye_mode, 1, give_mode},
    {FrameId::deye_version_text, 1, give_version_text},
    {FrameId::deye_energy, 4, give_lifetime_energy},
    {FrameId::deye_serial, 1, give_serial_halves},
    {FrameId::deye_serial_rest, 1, give_serial_halves},
};

bool hears_deye(const Heard& heard) noexcept {
  // 359 and 371 are other dialects' too.
  constexpr FrameId kOnlyDeye[] = {FrameId::deye_extremes, FrameId::deye_versions,
                                   FrameId::deye_modules};
  return evidence(heard, kOnlyDeye).any;
}

}  // namespace ems::protocol::can_lv
