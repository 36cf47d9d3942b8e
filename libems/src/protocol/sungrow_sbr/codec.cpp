// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/sungrow_sbr/codec.hpp"

#include "protocol/publish.hpp"

namespace ems::protocol::sungrow_sbr {
namespace {

using namespace can_map;

constexpr std::uint32_t kLimits = 0x701;
constexpr std::uint32_t kCharge = 0x702;
constexpr std::uint32_t kEnergies = 0x703;
constexpr std::uint32_t kMeasured = 0x704;
constexpr std::uint32_t kState = 0x705;
constexpr std::uint32_t kExtremes = 0x706;
constexpr std::uint32_t kNameplate = 0x707;
constexpr std::uint32_t kTemperaturePlaces = 0x713;
constexpr std::uint32_t kVoltagePlaces = 0x714;
constexpr std::uint32_t kFirstModules = 0x715;  // To 718, two modules each.

constexpr Row kRows[] = {
    value(kLimits, u16le(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(2), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(4), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(6), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
    percent(kCharge, u16le(0), Signal::soc, 1),
    percent(kCharge, u16le(2), Signal::soh, 1),
    vendor(kCharge, u16le(4), "remaining_energy_wh"),
    vendor(kCharge, u16le(6), "full_energy_wh"),
    value(kEnergies, u32le(0), Signal::energy_charged, {}, kAllOnes),
    value(kEnergies, u32le(4), Signal::energy_discharged, {}, kAllOnes),
    value(kMeasured, u16le(0), Signal::pack_voltage, {.scale = 100}, kAllOnes),
    value(kMeasured, s16le(2), Signal::pack_current, {.scale = -100}, kLowest),
    vendor(kMeasured, u16le(4), "voltage_rest_mv", {.scale = 100}),
    sensor(kMeasured, s16le(6), Signal::temperature, kDeciCelsius, 0, kLowest),
    vendor(kState, u8(0), "state"),
    vendor(kState, u16le(3), "model_id"),
    sensor(kExtremes, s16le(0), Signal::cell_temp_max, kDeciCelsius, 0, kLowest),
    sensor(kExtremes, s16le(2), Signal::cell_temp_min, kDeciCelsius, 0, kLowest),
    cell(kExtremes, u16le(4), Signal::cell_voltage_max),
    cell(kExtremes, u16le(6), Signal::cell_voltage_min),
    vendor(kNameplate, u16le(4), "capacity_wh"),
    value(kNameplate, u8(6), Signal::module_count, {}, kZero),
    vendor(kTemperaturePlaces, u16le(0), "cell_temp_min_at"),
    vendor(kTemperaturePlaces, u16le(4), "cell_temp_max_at"),
    vendor(kVoltagePlaces, u16le(0), "cell_voltage_max_at"),
    vendor(kVoltagePlaces, u16le(4), "cell_voltage_min_at"),
};

constexpr std::uint32_t kOthers[] = {kFirstModules, kFirstModules + 1, kFirstModules + 2,
                                     kFirstModules + 3};

/// 0: nobody filled it.
void give_extreme(const Publisher& out, Signal signal, std::int64_t raw) {
  if (raw == 0) return out.missing(signal);
  out.cell(signal, raw / 10);
}

/// Lowest and highest cell of one module, 0.1 mV; zeros: there is no such module.
void give_module(const Extra& heard, std::uint8_t at, std::uint8_t module) {
  const std::optional<std::int64_t> low = read(heard.frame.payload(), u16le(at));
  const std::optional<std::int64_t> high =
      read(heard.frame.payload(), u16le(static_cast<std::uint8_t>(at + 2)));
  if (!low || !high || (*low == 0 && *high == 0)) return;
  const Publisher out(heard.sink, module);
  give_extreme(out, Signal::cell_voltage_min, *low);
  give_extreme(out, Signal::cell_voltage_max, *high);
}

void extra(const Extra& heard) noexcept {
  if (heard.id < kFirstModules || heard.id > kFirstModules + 3) return;
  const auto first = static_cast<std::uint8_t>(2 * (heard.id - kFirstModules) + 1);
  give_module(heard, 0, first);
  give_module(heard, 4, static_cast<std::uint8_t>(first + 1));
}

constexpr Map kMaps[] = {{.rows = kRows, .others = kOthers, .extra = extra}};

constexpr Protocol kProtocol{
    .info = {.name = "sungrow-sbr-can",
             .title = "Sungrow SBR",
             .evidence = Evidence::simulator_only,
             .bit_rates = k500kbit},
    .quiet_after = seconds(30),  // Some of it comes every 10 s.
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::sungrow_sbr
