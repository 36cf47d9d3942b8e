// SPDX-License-Identifier: Apache-2.0
// The dialects: which frames each has, and how its variants read them.
#include "protocol/can_lv/heard.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr unsigned kStatusPair = 29;  // Byte 7, bits 2 and 3: 01 is offline, 10 online.

// Victron.

/// The pack of this port may have been told to speak Deye's own profile: then the sign of 356 is
/// another one.
void give_measured_unless_deye(const Heard& heard) {
  if (!hears_deye(heard)) return give_measured(heard);
  give_measured(heard, std::nullopt, Quality::good);
}

void give_pairs_and_status(const Heard& heard) {
  give_alarm_pairs(heard);
  const std::uint64_t note = heard.slot.note;
  if ((note >> (32U + kStatusPair) & 1U) == 0) return;
  heard.out.vendor("system_online", (note >> kStatusPair & 1U) == 0 ? 1 : 0);
}

void give_events(const Heard& heard) {
  heard.vendor("event_pairs_0", heard.in.u32(0));
  heard.vendor("event_pairs_1", heard.in.u32(4));
}

void give_charge_now(const Heard& heard) {
  heard.out.flag(Signal::force_charge, *heard.in.u8(0) != 0);
}

void give_modules(const Heard& heard) {
  heard.out.value(Signal::module_count, *heard.in.u16(0));
  heard.vendor("modules_blocking_charge", heard.in.u16(2));
  heard.vendor("modules_blocking_discharge", heard.in.u16(4));
  heard.vendor("modules_offline", heard.in.u16(6));
}

void give_energy(const Heard& heard) {
  constexpr std::int64_t kWattHours = 100;
  heard.out.value(Signal::energy_charged, *heard.in.u32(0) * kWattHours);
  if (const auto out = heard.in.u32(4)) {
    heard.out.value(Signal::energy_discharged, *out * kWattHours);
  }
}

void give_serial(const Heard& heard) {
  give_text(heard, TextField::serial_number, FrameId::serial, FrameId::serial_rest);
}

void give_product_name(const Heard& heard) {
  give_text(heard, TextField::device_model, FrameId::product_name, FrameId::product_name);
}

// Luxpower: room that others leave free has the extremes.

void give_state_and_cells(const Heard& heard) {
  heard.out.percent(Signal::soc, *heard.in.u16(0) * kMilliPerTenth);
  if (const auto soh = heard.in.u16(2)) heard.out.percent(Signal::soh, *soh * kMilliPerTenth);
  give_cell(heard, Signal::cell_voltage_max, heard.in.u16(4));
  give_cell(heard, Signal::cell_voltage_min, heard.in.u16(6));
}

void give_measured_and_extremes(const Heard& heard) {
  give_measured(heard);
  give_tenths(heard, Signal::cell_temp_max, heard.in.s16(4));
  give_tenths(heard, Signal::cell_temp_min, heard.in.s16(6));
}

void give_requests_and_cycles(const Heard& heard) {
  give_requests(heard);
  if (const auto cycles = heard.in.u16(2)) heard.out.value(Signal::cycle_count, *cycles);
}

// Sofar.

void give_array(const Heard& heard) {
  heard.out.value(Signal::module_count, *heard.in.u8(0));
  heard.vendor("modules_in_series", heard.in.u8(1));
  heard.vendor("can_version", heard.in.u8(2));
  heard.vendor("cells_in_series", heard.in.u8(3));
}

void give_switches(const Heard& heard) {
  const auto bits = static_cast<std::uint8_t>(*heard.in.u8(1));
  heard.out.flag(Signal::discharge_enable, has(bits, 0));
  heard.out.flag(Signal::charge_enable, has(bits, 1));
}

void give_type_and_version(const Heard& heard) {
  heard.vendor("battery_type", heard.in.u8(0));
  heard.vendor("version.major", heard.in.u8(1));
  heard.vendor("version.minor", heard.in.u8(2));
  heard.vendor("version.patch", heard.in.u8(3));
  heard.vendor("capacity_ah", heard.in.u16(4));
}

// Identifiers.

constexpr FrameRow kBase[] = {
    {FrameId::limits, 2, give_limits},
    {FrameId::state, 2, give_state},
    {FrameId::measured, 2, give_measured},
    {FrameId::alarm_pairs, 1, give_alarm_pairs},
    {FrameId::manufacturer, 1, give_manufacturer},
};

constexpr FrameRow kPylontech[] = {
    {FrameId::alarms, 1, give_alarm_bits}, {FrameId::requests, 1, give_requests},
    {FrameId::product, 2, give_product},   {FrameId::extremes, 2, give_extremes},
    {FrameId::name, 1, give_name},         {FrameId::cell_extremes, 2, give_cell_extremes},
    {FrameId::capacity, 2, give_capacity},
};

constexpr FrameRow kVictron[] = {
    {FrameId::measured, 2, give_measured_unless_deye},
    {FrameId::alarms, 1, give_alarm_bits},
    {FrameId::requests, 1, give_requests},
    {FrameId::charge_left, 2, give_charge_left},
    {FrameId::alarm_pairs, 1, give_pairs_and_status},
    {FrameId::event_pairs, 4, give_events},
    {FrameId::product, 2, give_product},
    {FrameId::charge_now, 1, give_charge_now},
    {FrameId::deye_extremes},
    {FrameId::deye_versions},
    {FrameId::deye_modules},
    {FrameId::extremes, 2, give_extremes},
    {FrameId::name, 1, give_name},
    {FrameId::modules, 2, give_modules},
    {FrameId::cell_extremes, 2, give_cell_extremes},
    {FrameId::energy, 4, give_energy},
    {FrameId::capacity, 2, give_capacity},
    {FrameId::serial, 1, give_serial},
    {FrameId::serial_rest, 1, give_serial},
    {FrameId::product_name, 1, give_product_name},
};

constexpr FrameRow kSma[] = {
    {FrameId::event_pairs, 4, give_events},
    {FrameId::product, 2, give_product},
};

constexpr FrameRow kDiscover[] = {
    {FrameId::charge_left, 2, give_charge_left},
    {FrameId::extremes, 2, give_extremes},
    {FrameId::name, 1, give_name},
};

constexpr FrameRow kLuxpower[] = {
    {FrameId::charge_left, 2, give_charge_left},        {FrameId::state, 2, give_state_and_cells},
    {FrameId::measured, 2, give_measured_and_extremes}, {FrameId::alarms, 1, give_alarm_bits},
    {FrameId::requests, 1, give_requests_and_cycles},
};

constexpr FrameRow kSofar[] = {
    {FrameId::sofar_switches, 2, give_switches},
    {FrameId::alarms, 1, give_array},
    {FrameId::product, 1, give_type_and_version},
};

constexpr FrameRow kSolArk[] = {
    {FrameId::charge_left, 2, give_charge_left},
    {FrameId::alarms, 1, give_alarm_bits},
    {FrameId::requests, 1, give_requests},
};

// Variants.

constexpr Rules kPlain{};
constexpr Rules kPylontechRules[] = {
    kPlain, {.voltage = VoltageStep::by_ceiling, .alarms = AlarmLayout::hybrid}};
constexpr std::string_view kPylontechVariants[] = {"standard", "hybrid"};
constexpr Rules kVictronRules[] = {{.alarms = AlarmLayout::marked, .invalid_marks = true}};
constexpr Rules kSmaRules[] = {{.invalid_marks = true},
                               {.big_endian = true, .invalid_marks = true}};
constexpr std::string_view kSmaVariants[] = {"little_endian", "big_endian"};
constexpr Rules kDeyeRules[] = {{.current = CurrentSign::by_profile, .alarms = AlarmLayout::deye}};
constexpr Rules kTenthsRules[] = {{.voltage = VoltageStep::by_ceiling}};
constexpr Rules kLuxpowerRules[] = {kPlain, {.voltage = VoltageStep::by_ceiling}};
constexpr std::string_view kLuxpowerVariants[] = {"low_voltage", "high_voltage"};
constexpr Rules kSolArkRules[] = {
    {.voltage = VoltageStep::by_ceiling, .current = CurrentSign::unproven},
    {.voltage = VoltageStep::by_ceiling, .current = CurrentSign::charging},
    {.voltage = VoltageStep::by_ceiling, .current = CurrentSign::discharging},
};
constexpr std::string_view kSolArkVariants[] = {"sign_unproven", "charging_positive",
                                                "discharging_positive"};

constexpr std::uint32_t kBitRates[] = {500'000};
constexpr CanSend kKeepAlive[] = {
    {"keep-alive",
     {.id = static_cast<std::uint32_t>(FrameId::keep_alive), .size = kCanDataSize},
     seconds(1)},
};

}  // namespace

const DialectRow& row_of(Dialect dialect) noexcept {
  static constexpr DialectRow kRows[kDialects] = {
      {.info = {.name = "pylontech-lv-can",
                .title = "Pylontech low voltage and what imitates it",
                .evidence = Evidence::captured_frames,
                .bit_rates = kBitRates,
                .variants = kPylontechVariants},
       .rules = kPylontechRules,
       .own = kPylontech,
       .shared = kBase,
       .sends = kKeepAlive},
      {.info = {.name = "victron-can-bms",
                .title = "Batteries for Victron (CAN-bms), BYD LVS",
                .evidence = Evidence::captured_frames,
                .bit_rates = kBitRates},
       .rules = kVictronRules,
       .own = kVictron,
       .shared = kBase,
       .sends = kKeepAlive},
      // The host's 305 carries what an SMA inverter measures: zeros would be a lie.
      {.info = {.name = "sma-lv-can",
                .title = "Batteries for SMA Sunny Island (48 V)",
                .evidence = Evidence::vendor_document,
                .bit_rates = kBitRates,
                .variants = kSmaVariants},
       .rules = kSmaRules,
       .own = kSma,
       .shared = kBase,
       .sends = {}},
      {.info = {.name = "deye-lv-can",
                .title = "Deye, Sunsynk (own profile, V3.3)",
                .evidence = Evidence::captured_frames,
                .bit_rates = kBitRates},
       .rules = kDeyeRules,
       .own = kDeyeFrames,
       .shared = {},
       .sends = kKeepAlive},
      {.info = {.name = "discover-lv-can",
                .title = "Discover AES",
                .evidence = Evidence::captured_frames,
                .bit_rates = kBitRates},
       .rules = kTenthsRules,
       .own = kDiscover,
       .shared = kBase,
       .sends = kKeepAlive},
      {.info = {.name = "luxpower-lv-can",
                .title = "Batteries for Luxpower (V04.2)",
                .evidence = Evidence::vendor_document,
                .bit_rates = kBitRates,
                .variants = kLuxpowerVariants},
       .rules = kLuxpowerRules,
       .own = kLuxpower,
       .shared = kBase,
       .sends = kKeepAlive},
      {.info = {.name = "sofar-lv-can",
                .title = "Batteries for Sofar",
                .evidence = Evidence::simulator_only,
                .bit_rates = kBitRates},
       .rules = kTenthsRules,
       .own = kSofar,
       .shared = kBase,
       .sends = {}},
      {.info = {.name = "sol-ark-lv-can",
                .title = "Batteries for Sol-Ark (V1.3)",
                .evidence = Evidence::vendor_document,
                .bit_rates = kBitRates,
                .variants = kSolArkVariants},
       .rules = kSolArkRules,
       .own = kSolArk,
       .shared = kBase,
       .sends = kKeepAlive},
  };
  return kRows[static_cast<std::size_t>(dialect)];
}

}  // namespace ems::protocol::can_lv
