// SPDX-License-Identifier: Apache-2.0
// The registers of JK PB boards. An address counts bytes from its base, so a register has two.
#include "ems/protocol/jk_55aa/codec.hpp"
#include "ems/protocol/jk_pb_modbus/codec.hpp"
#include "protocol/jk_pb_modbus/numbers.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::jk_pb_modbus {
namespace {

using namespace register_map;

constexpr PollItem kTriggerPlan[] = {
    {"status", kTriggerStatus, 1},
    {"settings", kTriggerSettings, 0},
    {"about", kTriggerAbout, 0},
};
constexpr PollItem kRegisterPlan[] = {
    {"pack", kPack, 1},         {"cells", kCells, 1},       {"temperatures", kMore, 1},
    {"settings", kSettings, 0}, {"switches", kSwitches, 0}, {"about", kAbout, 0},
};
constexpr std::span<const PollItem> kPlans[] = {kTriggerPlan, kRegisterPlan};
constexpr Block kBlocks[] = {
    {kPack, 3, 0x128A, 36},     {kCells, 3, 0x1200, 37},    {kMore, 3, 0x12FA, 2},
    {kSettings, 3, 0x1000, 40}, {kSwitches, 3, 0x1050, 30}, {kAbout, 3, 0x1400, 28},
};
constexpr std::string_view kVariants[] = {"trigger", "registers"};

constexpr Linear kMilliAmpHours{.scale = 1'000};

constexpr Field kFields[] = {
    cells(0x1200, 32),
    vendor(0x1244, Wire::u16, "cell_average_mv"),
    vendor(0x1246, Wire::u16, "cell_delta_mv"),
    vendor(0x1248, Wire::u8, "cell_max_index"),
    vendor(0x1248, Wire::u8_low, "cell_min_index"),
    value(0x1290, Wire::u32, Signal::pack_voltage),
    vendor(0x1294, Wire::u32, "power_mw"),
    value(0x1298, Wire::s32, Signal::pack_current, {.scale = -1}),  // The wire: + charges.
    vendor(0x12A4, Wire::s16, "balance_current_ma"),
    flag(0x12A6, Signal::balancing, 0xFF, Wire::u8),
    percent(0x12A6, Signal::soc, 100, Wire::u8_low),
    value(0x12A8, Wire::s32, Signal::remaining_capacity, kMilliAmpHours),
    value(0x12AC, Wire::u32, Signal::full_capacity, kMilliAmpHours),
    value(0x12B0, Wire::u32, Signal::cycle_count),
    vendor(0x12B4, Wire::u32, "cycle_capacity_mah"),
    percent(0x12B8, Signal::soh, 100, Wire::u8),
    vendor(0x12B8, Wire::u8_low, "precharging"),
    vendor(0x12BC, Wire::u32, "runtime_s"),
    flag(0x12C0, Signal::charge_fet_on, 0xFF, Wire::u8),
    flag(0x12C0, Signal::discharge_fet_on, 0xFF, Wire::u8_low),
    vendor(0x12D0, Wire::u8, "sensor_mask"),
    flag(0x12D0, Signal::heater_on, 0xFF, Wire::u8_low),
    vendor(0x12FA, Wire::s16, "temperature_3_mdegc", kDeciCelsius),
    vendor(0x12FC, Wire::s16, "temperature_4_mdegc", kDeciCelsius),
    vendor(0x1004, Wire::u32, "cell_undervoltage_mv"),
    vendor(0x1008, Wire::u32, "cell_undervoltage_release_mv"),
    vendor(0x100C, Wire::u32, "cell_overvoltage_mv"),
    vendor(0x1010, Wire::u32, "cell_overvoltage_release_mv"),
    vendor(0x1014, Wire::u32, "balance_difference_mv"),
    vendor(0x1018, Wire::u32, "cell_full_mv"),
    vendor(0x101C, Wire::u32, "cell_empty_mv"),
    vendor(0x1020, Wire::u32, "cell_charge_request_mv"),
    vendor(0x1024, Wire::u32, "cell_float_mv"),
    vendor(0x1028, Wire::u32, "cell_off_mv"),
    vendor(0x102C, Wire::u32, "charge_current_max_ma"),
    vendor(0x1038, Wire::u32, "discharge_current_max_ma"),
    vendor(0x1048, Wire::u32, "balance_current_max_ma"),
    vendor(0x104C, Wire::s32, "charge_overtemperature_mdegc", kDeciCelsius),
    vendor(0x1054, Wire::s32, "discharge_overtemperature_mdegc", kDeciCelsius),
    vendor(0x105C, Wire::s32, "charge_undertemperature_mdegc", kDeciCelsius),
    vendor(0x1064, Wire::s32, "mosfet_overtemperature_mdegc", kDeciCelsius),
    value(0x106C, Wire::u32, Signal::cell_count),
    vendor(0x1070, Wire::u32, "charge_switch"),
    vendor(0x1074, Wire::u32, "discharge_switch"),
    vendor(0x1078, Wire::u32, "balance_switch"),
    value(0x107C, Wire::u32, Signal::design_capacity, kMilliAmpHours),
    vendor(0x1084, Wire::u32, "balance_start_mv"),
    text(0x1400, TextField::device_model, 16),
    text(0x1410, TextField::hardware_version, 8),
    text(0x1418, TextField::software_version, 8),
    vendor(0x1424, Wire::u32, "power_on_count"),
    text(0x1428, TextField::serial_number, 16),
};

/// Sensors that the board's mask does not have are missing: bit 0 the transistors', then 1, 2. Some
/// boards send 10 degC below zero as 110: what says 99 or more is not known.
void give_sensor(const Reply& reply, const Publisher& publish, std::uint16_t at, unsigned bit,
                 Signal signal, std::uint16_t element) {
  const std::optional<std::int64_t> raw = reply.raw(at, Wire::s16);
  if (!raw) return;
  const std::int64_t mask = reply.raw(kSensorMaskAt, Wire::u8).value_or(0);  // 0: it does not tell.
  constexpr std::int64_t kAmbiguous = 990;
  const bool known = *raw < kAmbiguous && (mask == 0 || (mask >> bit & 1) != 0);
  publish.sensor(signal, known ? std::optional(*raw * 100) : std::nullopt, element);
}

bool extra(const Reply& reply, ReadingSink& sink) {
  if (reply.coils()) return false;
  const Publisher publish(sink);
  give_sensor(reply, publish, kMosTemperatureAt, 0, Signal::mosfet_temperature, 0);
  const bool sensors = reply.raw(kTemperaturesAt[1], Wire::s16).has_value();
  if (sensors) publish.count(Signal::temperature, 2);
  give_sensor(reply, publish, kTemperaturesAt[0], 1, Signal::temperature, 1);
  give_sensor(reply, publish, kTemperaturesAt[1], 2, Signal::temperature, 2);
  const std::optional<std::int64_t> word = reply.raw(kAlarmsAt, Wire::u32);
  if (word) {
    const jk_55aa::Alarms split = jk_55aa::split_alarms(static_cast<std::uint32_t>(*word));
    publish.value(Signal::alarms, static_cast<std::int64_t>(split.alarms));
    publish.value(Signal::vendor_alarms, static_cast<std::int64_t>(split.vendor_alarms));
  }
  return word || sensors;
}

constexpr std::uint32_t kBitRates[] = {115200};
constexpr std::uint8_t kAddresses[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

constexpr Map kMap{
    .info = {.name = "jk_pb_modbus",
             .title = "JK (Jikong) PB boards, RS485 Modbus",
             .evidence = Evidence::vendor_document,
             .bit_rates = kBitRates,
             .addresses = kAddresses,
             .variants = kVariants,
             .asks_by_writing = true},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),
    .request_gap = milliseconds(100),
    .address_max = 15,
    .address_bits = 8,
    .registers = kFields,
    .cells_max = 32,
    .temperatures_max = 2,
    .cells = Count{.at = 0x1240, .wire = Wire::u32, .mask = true},
    .balance = Write{.function = 16, .at = 0x1078, .registers = 2},
    .extra = extra,
};

}  // namespace

const MapCodec& registers() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

const Codec& codec() noexcept {
  static constexpr Codec kCodec{MapCodec(kMap)};
  return kCodec;
}

}  // namespace ems::protocol::jk_pb_modbus
