// SPDX-License-Identifier: Apache-2.0
// Alarms of the family: bits of frame 359, events of frame 35A, tables of Deye's 359 and 110.
#include <array>
#include <iterator>

#include "protocol/can_lv/heard.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr AlarmBit kProtections[] = {
    {1, Alarm::pack_overvoltage},      {2, Alarm::pack_undervoltage},
    {3, Alarm::overtemperature},       {4, Alarm::undertemperature},
    {7, Alarm::discharge_overcurrent}, {8, Alarm::charge_overcurrent},
    {11, Alarm::internal_failure},
};

constexpr AlarmBit kWarnings[] = {
    {1, Alarm::pack_overvoltage},       {2, Alarm::pack_undervoltage},
    {3, Alarm::overtemperature},        {4, Alarm::undertemperature},
    {7, Alarm::discharge_overcurrent},  {8, Alarm::charge_overcurrent},
    {11, Alarm::communication_failure},
};

/// "Hybrid": the same as alarm and as warning.
constexpr AlarmBit kHybrid[] = {
    {1, Alarm::pack_overvoltage},      {2, Alarm::pack_undervoltage},
    {3, Alarm::overtemperature},       {4, Alarm::undertemperature},
    {7, Alarm::discharge_overcurrent}, {8, Alarm::charge_overcurrent},
    {11, Alarm::internal_failure},     {12, Alarm::cell_imbalance},
};

/// Pairs of 35A, alarms from pair 0, warnings from pair 16.
constexpr std::optional<Alarm> kPairs[kPairsNamed] = {
    std::nullopt,  // General.
    Alarm::pack_overvoltage,
    Alarm::pack_undervoltage,
    Alarm::overtemperature,
    Alarm::undertemperature,
    Alarm::charge_overtemperature,
    Alarm::charge_undertemperature,
    Alarm::discharge_overcurrent,
    Alarm::charge_overcurrent,
    Alarm::contactor_failure,
    Alarm::short_circuit,
    Alarm::internal_failure,
    Alarm::cell_imbalance,
};

// Deye: byte n of 359 and of 110 is table n; bit numbers are those of the little-endian word.
constexpr AlarmBit kDeyeAlarms[] = {
    // Table 0.
    {0, Alarm::cell_overvoltage},
    {1, Alarm::cell_undervoltage},
    {2, Alarm::pack_overvoltage},
    {3, Alarm::pack_undervoltage},
    {4, Alarm::charge_overcurrent},
    {5, Alarm::discharge_overcurrent},
    {6, Alarm::charge_overtemperature},
    {7, Alarm::charge_undertemperature},
    // Table 1.
    {8, Alarm::discharge_overtemperature},
    {9, Alarm::discharge_undertemperature},
    {10, Alarm::cell_imbalance},
    {12, Alarm::mosfet_overtemperature},
    {14, Alarm::discharge_overcurrent},  // The front end's first stage ...
    {15, Alarm::discharge_overcurrent},  // ... and its second.
    // Table 2: what the front end itself trips on.
    {16, Alarm::cell_undervoltage},
    {17, Alarm::cell_overvoltage},
    {18, Alarm::discharge_overcurrent},
    {19, Alarm::charge_overcurrent},
    {20, Alarm::short_circuit},
    {21, Alarm::undertemperature},
    {22, Alarm::overtemperature},
    {23, Alarm::short_circuit},
    // Table 3.
    {24, Alarm::internal_failure},       // Front end does not answer.
    {25, Alarm::internal_failure},       // Cell voltages are not sampled.
    {26, Alarm::internal_failure},       // Temperatures are not sampled.
    {27, Alarm::contactor_failure},      // A transistor conducts for ever.
    {28, Alarm::internal_failure},       // Memory.
    {29, Alarm::communication_failure},  // Between the packs.
    {30, Alarm::communication_failure},  // With the inverter.
    {31, Alarm::internal_failure},       // Two masters.
    // Table 6.
    {48, Alarm::overtemperature},  // Connector.
    {49, Alarm::precharge_failure},
    {51, Alarm::overtemperature},   // Terminal.
    {53, Alarm::internal_failure},  // Wire of a cell open.
    {54, Alarm::internal_failure},  // Wire of a sensor open.
};

/// Tables 4 and 5, as one word.
constexpr AlarmBit kDeyeWarnings[] = {
    {0, Alarm::cell_overvoltage},          {1, Alarm::cell_undervoltage},
    {2, Alarm::pack_overvoltage},          {3, Alarm::pack_undervoltage},
    {4, Alarm::charge_overcurrent},        {5, Alarm::discharge_overcurrent},
    {6, Alarm::charge_overtemperature},    {7, Alarm::charge_undertemperature},
    {8, Alarm::discharge_overtemperature}, {9, Alarm::discharge_undertemperature},
    {10, Alarm::cell_imbalance},           {12, Alarm::mosfet_overtemperature},
};

constexpr unsigned kDeyeWarningsFrom = 32;
constexpr std::size_t kDeyeTables = 7;
constexpr std::size_t kDeyeWarningTables = 6;  // Bytes that have all warnings.
constexpr std::uint64_t kDeyeWarningMask = 0xFFFF;
constexpr std::uint64_t kDeyeAlarmMask = 0x00FF'0000'FFFF'FFFF;

struct VendorName {
  std::uint8_t bit;
  std::string_view name;
};
constexpr VendorName kDeyeNames[] = {
    {11, "temperature_difference"}, {13, "heating_film_overtemperature"},
    {50, "charger_reversed"},       {52, "fuse_blown"},
    {55, "charge_voltage_low"},     {kDeyeGeneralBit, "general"},
};

/// What the alarm frames say, taken together. A half that no frame had is absent.
struct AlarmState {
  std::optional<std::uint64_t> alarms, warnings;
  std::uint64_t vendor_alarms = 0;
  std::uint64_t vendor_warnings = 0;

  /// @param whole  The frame had all of the half: only then may no bit mean that all is well.
  template <std::size_t N>
  void add_alarms(std::uint64_t word, const AlarmBit (&rows)[N], bool whole) noexcept {
    if (whole || word != 0) alarms = alarms.value_or(0) | common_alarms(word, rows);
    vendor_alarms |= vendor_bits(word, rows);
  }
  template <std::size_t N>
  void add_warnings(std::uint64_t word, const AlarmBit (&rows)[N], bool whole) noexcept {
    if (whole || word != 0) warnings = warnings.value_or(0) | common_alarms(word, rows);
    vendor_warnings |= vendor_bits(word, rows);
  }
};

/// Bytes of the newest frame that still say that all is well: a frame that no longer comes cannot,
/// but an alarm of it stays.
std::size_t fresh_size(const Heard& heard, const CanSlot& slot) noexcept {
  return heard.now - slot.received_at < kQuietAfter ? slot.frame.payload().size() : 0;
}

void add_bits(const Heard& heard, const CanSlot& slot, AlarmState& state) noexcept {
  const std::size_t size = fresh_size(heard, slot);
  const std::uint16_t protections = load_le16(slot.frame.data, 0);
  const std::uint16_t warnings = load_le16(slot.frame.data, 2);
  if (heard.rules.alarms == AlarmLayout::hybrid) {
    state.add_alarms(protections, kHybrid, size >= 2);
    state.add_warnings(warnings, kHybrid, size >= 4);
  } else {
    state.add_alarms(protections, kProtections, size >= 2);
    state.add_warnings(warnings, kWarnings, size >= 4);
  }
}

void add_deye_tables(const Heard& heard, const CanSlot& slot, AlarmState& state) noexcept {
  const std::size_t size = fresh_size(heard, slot);
  const std::uint64_t word = load_le64(slot.frame.data, 0);
  state.add_alarms(word & kDeyeAlarmMask, kDeyeAlarms, size >= kDeyeTables);
  state.add_warnings(word >> kDeyeWarningsFrom & kDeyeWarningMask, kDeyeWarnings,
                     size >= kDeyeWarningTables);
}

/// The note of a 35A slot: active pairs in the low word, pairs ever reported in the high word.
std::uint64_t merge_pairs(std::uint64_t note, Bytes data) noexcept {
  for (unsigned pair = 0; pair < data.size() * 4; ++pair) {
    const std::uint64_t bit = std::uint64_t{1} << pair;
    const unsigned value = load_u8(data, pair / 4) >> (pair % 4 * 2) & 3U;
    if (value == kPairActive) note |= bit;
    if (value == kPairInactive) note &= ~bit;
    if (value == kPairActive || value == kPairInactive) note |= bit << 32U;
  }
  return note;
}

std::uint64_t active_pairs(std::uint64_t note, unsigned first) noexcept {
  std::uint64_t bits = 0;
  for (unsigned pair = 0; pair < std::size(kPairs); ++pair) {
    const bool active = (note >> (first + pair) & 1U) != 0;
    if (active && kPairs[pair]) bits |= alarm_bit(*kPairs[pair]);
  }
  return bits;
}

void add_pairs(const Heard& heard, const CanSlot& slot, AlarmState& state) noexcept {
  const std::size_t size = fresh_size(heard, slot);
  const std::uint64_t alarms = active_pairs(slot.note, 0);
  const std::uint64_t warnings = active_pairs(slot.note, kPairsPerHalf);
  const bool deye = heard.rules.alarms == AlarmLayout::deye;
  const std::uint64_t general = std::uint64_t{1} << (deye ? kDeyeGeneralBit : kGeneralBit);
  const bool general_alarm = (slot.note & 1U) != 0;
  const bool general_warning = (slot.note >> kPairsPerHalf & 1U) != 0;
  if (general_alarm) state.vendor_alarms |= general;
  if (general_warning) state.vendor_warnings |= general;
  if (size >= 4 || alarms != 0 || general_alarm) {
    state.alarms = state.alarms.value_or(0) | alarms;
  }
  if (size == kCanDataSize || warnings != 0 || general_warning) {
    state.warnings = state.warnings.value_or(0) | warnings;
  }
}

/// A frame 359 of Pylontech's layout: its bytes 5 and 6 are letters where others are possible.
bool is_bits(const Heard& heard, const CanSlot& slot) noexcept {
  const AlarmLayout layout = heard.rules.alarms;
  if (layout == AlarmLayout::pylontech || layout == AlarmLayout::hybrid) return true;
  return slot.frame.size >= kDeyeTables && load_u8(slot.frame.data, 5) == 'P' &&
         load_u8(slot.frame.data, 6) == 'N';
}

}  // namespace

// Several alarm frames may be on one bus: what any of them says holds.
void give_alarms(const Heard& heard) {
  AlarmState state;
  if (const CanSlot* slot = heard.find(FrameId::alarms)) {
    if (is_bits(heard, *slot)) {
      add_bits(heard, *slot, state);
    } else if (heard.rules.alarms == AlarmLayout::deye) {
      add_deye_tables(heard, *slot, state);
    }
  }
  if (const CanSlot* slot = heard.find(FrameId::deye_alarms)) add_deye_tables(heard, *slot, state);
  if (const CanSlot* slot = heard.find(FrameId::alarm_pairs)) {
    add_pairs(heard, *slot, state);
    heard.out.vendor("alarm_pairs_known", static_cast<std::int64_t>(slot->note >> 32U));
  }
  if (state.alarms) {
    heard.out.value(Signal::alarms, static_cast<std::int64_t>(*state.alarms));
    heard.out.value(Signal::vendor_alarms, static_cast<std::int64_t>(state.vendor_alarms));
  }
  if (state.warnings) {
    heard.out.value(Signal::warnings, static_cast<std::int64_t>(*state.warnings));
    heard.out.vendor("vendor_warnings", static_cast<std::int64_t>(state.vendor_warnings));
  }
}

void give_alarm_bits(const Heard& heard) {
  const auto modules = heard.in.u8(4);
  if (modules && is_bits(heard, heard.slot)) heard.out.value(Signal::module_count, *modules);
  give_alarms(heard);
}

void give_alarm_pairs(const Heard& heard) {
  heard.slot.note = merge_pairs(heard.slot.note, heard.in.all());
  give_alarms(heard);
}

std::optional<std::string_view> deye_alarm_name(unsigned bit) noexcept {
  for (const VendorName& row : kDeyeNames) {
    if (row.bit == bit) return row.name;
  }
  return std::nullopt;
}

}  // namespace ems::protocol::can_lv
