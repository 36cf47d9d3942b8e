// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/sunspec_server.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "ems/core/assert.hpp"

namespace ems::sim {
namespace {

using protocol::modbus::ExceptionCode;
using protocol::modbus::Function;

constexpr SunSpecType type_uint16 = SunSpecType::uint16;
constexpr SunSpecType type_int16 = SunSpecType::int16;
constexpr SunSpecType type_enum16 = SunSpecType::enum16;
constexpr SunSpecType type_uint32 = SunSpecType::uint32;
constexpr SunSpecType type_int32 = SunSpecType::int32;
constexpr SunSpecType type_bitfield32 = SunSpecType::bitfield32;
constexpr SunSpecType type_uint64 = SunSpecType::uint64;
constexpr SunSpecType type_string = SunSpecType::string;
constexpr SunSpecType type_pad = SunSpecType::pad;
constexpr SunSpecType type_sunssf = SunSpecType::sunssf;

constexpr SunSpecPoint kPoints[] = {
#define EMS_SUNSPEC_POINT(model, offset, name, type, registers, writable) \
  {model, offset, #name, type_##type, registers, (writable) != 0},
#include "sunspec_points.def"
#undef EMS_SUNSPEC_POINT
};

constexpr std::uint16_t kHeaderRegisters = 2;  // "SunS"
constexpr std::uint16_t kEndRegisters = 2;     // Model 0xFFFF, length 0.
constexpr std::uint16_t kModelOverhead = 2;    // ID and L.

constexpr std::uint16_t end_of(const SunSpecPoint& point) {
  return static_cast<std::uint16_t>(point.offset + point.registers);
}

/// Registers of a model, ID and L included; 0 when the device does not have it.
constexpr std::uint16_t size_of(std::uint16_t model) {
  std::uint16_t size = 0;
  for (const SunSpecPoint& point : kPoints) {
    if (point.model == model) size = end_of(point);
  }
  return size;
}

constexpr std::array<std::uint16_t, 3> kModels{1, 701, 704};
constexpr std::uint16_t image_size() {
  unsigned size = kHeaderRegisters + kEndRegisters;
  for (const std::uint16_t model : kModels) size += size_of(model);
  return static_cast<std::uint16_t>(size);
}
constexpr std::uint16_t kImageRegisters = image_size();

constexpr std::array<std::uint16_t, kModels.size()> model_addresses() {
  std::array<std::uint16_t, kModels.size()> addresses{};
  unsigned address = kSunSpecBase + kHeaderRegisters;
  for (std::size_t i = 0; i < kModels.size(); ++i) {
    addresses[i] = static_cast<std::uint16_t>(address);
    address += size_of(kModels[i]);
  }
  return addresses;
}
constexpr auto kModelAddresses = model_addresses();

constexpr std::uint64_t not_implemented(SunSpecType type) {
  switch (type) {
    case SunSpecType::uint16:
    case SunSpecType::enum16:
      return 0xFFFF;
    case SunSpecType::int16:
    case SunSpecType::sunssf:
    case SunSpecType::pad:
      return 0x8000;
    case SunSpecType::uint32:
    case SunSpecType::bitfield32:
      return 0xFFFFFFFF;
    case SunSpecType::int32:
      return 0x80000000;
    case SunSpecType::uint64:
      return 0xFFFFFFFFFFFFFFFF;
    case SunSpecType::string:
      return 0;
  }
  return 0;
}

const SunSpecPoint& point_of(std::uint16_t model, std::string_view name) {
  const auto* found = std::find_if(std::begin(kPoints), std::end(kPoints), [&](const auto& p) {
    return p.model == model && p.name == name;
  });
  EMS_ASSERT(found != std::end(kPoints));
  return *found;
}

/// The registers under construction.
class Image {
 public:
  Image() : registers_(kImageRegisters) {
    registers_[0] = 0x5375;  // "Su"
    registers_[1] = 0x6E53;  // "nS"
    registers_[kImageRegisters - 2] = 0xFFFF;
    registers_[kImageRegisters - 1] = 0;
    for (const SunSpecPoint& point : kPoints) {
      if (point.type != SunSpecType::string) store(point, not_implemented(point.type));
    }
    for (const std::uint16_t model : kModels) {
      set(model, "ID", model);
      set(model, "L", size_of(model) - kModelOverhead);
    }
  }

  void set(std::uint16_t model, std::string_view name, std::int64_t value) {
    store(point_of(model, name), static_cast<std::uint64_t>(value));
  }
  /// Scaled by 10^-sf, nearest; what does not fit the type reads as not implemented.
  void set_scaled(std::uint16_t model, std::string_view name, double value, int sf) {
    const SunSpecPoint& point = point_of(model, name);
    const double raw = std::round(value * std::pow(10.0, -sf));
    const int bits = 16 * point.registers;
    const bool is_signed = point.type == SunSpecType::int16 || point.type == SunSpecType::int32;
    const double span = std::pow(2.0, is_signed ? bits - 1 : bits) - 1.0;  // All but the N/I code.
    const bool fits = is_signed ? std::abs(raw) <= span : raw >= 0.0 && raw < span;
    store(point, fits ? static_cast<std::uint64_t>(static_cast<std::int64_t>(raw))
                      : not_implemented(point.type));
  }
  void set_text(std::uint16_t model, std::string_view name, std::string_view text) {
    const SunSpecPoint& point = point_of(model, name);
    const std::size_t at = index_of(point);
    EMS_ASSERT(text.size() <= 2u * point.registers);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const unsigned byte = static_cast<unsigned char>(text[i]);
      auto& reg = registers_[at + i / 2];
      reg = static_cast<std::uint16_t>(reg | (i % 2 == 0 ? byte << 8 : byte));
    }
  }
  [[nodiscard]] std::vector<std::uint16_t> take() && { return std::move(registers_); }

 private:
  static std::size_t index_of(const SunSpecPoint& point) {
    return static_cast<std::size_t>(*sunspec_model_address(point.model) - kSunSpecBase) +
           point.offset;
  }
  void store(const SunSpecPoint& point, std::uint64_t value) {
    const std::size_t at = index_of(point);
    for (std::size_t i = 0; i < point.registers; ++i) {
      const unsigned shift = static_cast<unsigned>(16 * (point.registers - 1 - i));
      registers_[at + i] = static_cast<std::uint16_t>((value >> shift) & 0xFFFF);
    }
  }
  std::vector<std::uint16_t> registers_;
};

constexpr std::uint16_t kCommon = 1;
constexpr std::uint16_t kMeasure = 701;
constexpr std::uint16_t kControl = 704;
constexpr int kAmpSf = -2;
constexpr int kVoltSf = -1;
constexpr int kHertzSf = -3;
constexpr int kFactorSf = -3;
constexpr int kPercentSf = -2;
constexpr double kJoulePerWh = 3600.0;

/// Scale of model 701's int16 watts: 0 as long as the rating fits with room for overshoot.
int power_sf(double rating_w) {
  int sf = 0;
  for (double largest = 30'000.0; rating_w > largest; largest *= 10.0) ++sf;
  return sf;
}

void put_measurements(Image& image, const PlantState& state, double rating_w) {
  constexpr int kRunning = 3, kThrottled = 4, kStandby = 7;
  const int w_sf = power_sf(rating_w);
  const double w = state.battery_ac_w;
  image.set(kMeasure, "ACType", 2);  // Three phases.
  image.set(kMeasure, "St", 1);
  image.set(kMeasure, "InvSt",
            state.throttled ? kThrottled : (state.control.enabled ? kRunning : kStandby));
  image.set(kMeasure, "ConnSt", 1);
  image.set(kMeasure, "Alrm", 0);
  image.set(kMeasure, "DERMode", 1);  // Bit 0: grid following.
  image.set(kMeasure, "A_SF", kAmpSf);
  image.set(kMeasure, "V_SF", kVoltSf);
  image.set(kMeasure, "Hz_SF", kHertzSf);
  image.set(kMeasure, "W_SF", w_sf);
  image.set(kMeasure, "PF_SF", kFactorSf);
  image.set(kMeasure, "VA_SF", w_sf);
  image.set(kMeasure, "Var_SF", w_sf);
  image.set(kMeasure, "TotWh_SF", 0);
  image.set_scaled(kMeasure, "W", w, w_sf);
  image.set_scaled(kMeasure, "VA", std::abs(w), w_sf);
  image.set_scaled(kMeasure, "Var", 0.0, w_sf);
  image.set_scaled(kMeasure, "PF", w < 0.0 ? -1.0 : 1.0, kFactorSf);
  image.set_scaled(kMeasure, "Hz", state.frequency_hz, kHertzSf);
  image.set_scaled(kMeasure, "TotWhInj", state.books.battery_discharge_j / kJoulePerWh, 0);
  image.set_scaled(kMeasure, "TotWhAbs", state.books.battery_charge_j / kJoulePerWh, 0);
  double mean_v = 0.0;
  double total_a = 0.0;
  constexpr std::string_view kW[] = {"WL1", "WL2", "WL3"};
  constexpr std::string_view kVa[] = {"VAL1", "VAL2", "VAL3"};
  constexpr std::string_view kA[] = {"AL1", "AL2", "AL3"};
  constexpr std::string_view kV[] = {"VL1", "VL2", "VL3"};
  for (std::size_t i = 0; i < kPhases; ++i) {
    const double phase_w = w / static_cast<double>(kPhases);
    const double phase_a = std::abs(phase_w) / state.phase_v[i];
    image.set_scaled(kMeasure, kW[i], phase_w, w_sf);
    image.set_scaled(kMeasure, kVa[i], std::abs(phase_w), w_sf);
    image.set_scaled(kMeasure, kA[i], phase_a, kAmpSf);
    image.set_scaled(kMeasure, kV[i], state.phase_v[i], kVoltSf);
    mean_v += state.phase_v[i] / static_cast<double>(kPhases);
    total_a += phase_a;
  }
  image.set_scaled(kMeasure, "A", total_a, kAmpSf);
  image.set_scaled(kMeasure, "LNV", mean_v, kVoltSf);
  image.set_scaled(kMeasure, "LLV", mean_v * std::sqrt(3.0), kVoltSf);
}

void put_controls(Image& image, const PlantState& state) {
  const PcsControl& control = state.control;
  image.set(kControl, "WSetEna", control.enabled ? 1 : 0);
  image.set(kControl, "WSetMod", control.percent ? 0 : 1);
  image.set(kControl, "WSetEnaRvrt", control.enabled_revert ? 1 : 0);
  image.set(kControl, "WSet_SF", 0);
  image.set(kControl, "WSetPct_SF", kPercentSf);
  image.set_scaled(kControl, "WSet", control.watts, 0);
  image.set_scaled(kControl, "WSetRvrt", control.watts_revert, 0);
  image.set_scaled(kControl, "WSetPct", control.share_pct, kPercentSf);
  image.set_scaled(kControl, "WSetPctRvrt", control.share_revert_pct, kPercentSf);
  constexpr std::int64_t kMicros = 1'000'000;
  image.set(kControl, "WSetRvrtTms", control.revert_after.count() / kMicros);
  // Counts down to 0: rounded up, so that 0 means that no timer runs.
  image.set(kControl, "WSetRvrtRem", (state.revert_remaining.count() + kMicros - 1) / kMicros);
}

/// Puts one written point into the control; false when its value is out of range.
bool take(PcsControl& control, std::string_view name, std::uint32_t raw, double rating_w) {
  const auto flag = [raw](bool& out, std::uint32_t when_set) {
    out = raw == when_set;
    return raw <= 1;
  };
  const auto watts = [raw, rating_w](double& out) {
    out = static_cast<std::int32_t>(raw);
    return std::abs(out) <= rating_w;
  };
  const auto percent = [raw](double& out) {
    constexpr double kWhole_pct = 100.0;
    out = static_cast<std::int16_t>(raw) * std::pow(10.0, kPercentSf);
    return std::abs(out) <= kWhole_pct;
  };
  if (name == "WSetEna") return flag(control.enabled, 1);
  if (name == "WSetMod") return flag(control.percent, 0);
  if (name == "WSetEnaRvrt") return flag(control.enabled_revert, 1);
  if (name == "WSet") return watts(control.watts);
  if (name == "WSetRvrt") return watts(control.watts_revert);
  if (name == "WSetPct") return percent(control.share_pct);
  if (name == "WSetPctRvrt") return percent(control.share_revert_pct);
  EMS_ASSERT(name == "WSetRvrtTms");
  control.revert_after = seconds(raw);
  return raw != not_implemented(SunSpecType::uint32);
}

constexpr std::string_view kTaken[] = {"WSetEna", "WSetMod",     "WSet",        "WSetRvrt",
                                       "WSetPct", "WSetPctRvrt", "WSetEnaRvrt", "WSetRvrtTms"};

}  // namespace

std::span<const SunSpecPoint> sunspec_points() noexcept { return kPoints; }

std::optional<std::uint16_t> sunspec_model_address(std::uint16_t model) noexcept {
  for (std::size_t i = 0; i < kModels.size(); ++i) {
    if (kModels[i] == model) return kModelAddresses[i];
  }
  return std::nullopt;
}

SunSpecServer::SunSpecServer(Plant& plant, Measured measured)
    : plant_(plant), measured_(std::move(measured)) {}

std::vector<std::uint16_t> SunSpecServer::image() const {
  Image image;
  image.set_text(kCommon, "Mn", "libems");
  image.set_text(kCommon, "Md", "Simulated PCS");
  image.set_text(kCommon, "Vr", "1.0");
  image.set_text(kCommon, "SN", "SIM-PCS-1");
  image.set(kCommon, "DA", 1);
  const PlantState state = measured_();
  put_measurements(image, state, plant_.config().pcs.rating_w);
  put_controls(image, state);
  return std::move(image).take();
}

std::optional<ExceptionCode> SunSpecServer::read(Function function, std::uint16_t address,
                                                 std::span<std::uint16_t> out) {
  if (function != Function::read_holding_registers) return ExceptionCode::illegal_function;
  if (address < kSunSpecBase || address + out.size() > kSunSpecBase + kImageRegisters) {
    return ExceptionCode::illegal_data_address;
  }
  const std::vector<std::uint16_t> registers = image();
  const auto first = registers.begin() + (address - kSunSpecBase);
  std::copy_n(first, out.size(), out.begin());
  return std::nullopt;
}

std::optional<ExceptionCode> SunSpecServer::write(std::uint16_t address,
                                                  std::span<const std::uint16_t> values) {
  PcsControl control = plant_.pcs().control();
  const std::size_t model_at = *sunspec_model_address(kControl);
  bool restart_timer = false;
  std::size_t done = 0;
  while (done < values.size()) {
    const auto* point = std::find_if(std::begin(kPoints), std::end(kPoints), [&](const auto& p) {
      return p.model == kControl && model_at + p.offset == address + done;
    });
    if (point == std::end(kPoints) || done + point->registers > values.size() ||
        std::find(std::begin(kTaken), std::end(kTaken), point->name) == std::end(kTaken)) {
      return ExceptionCode::illegal_data_address;
    }
    std::uint32_t raw = 0;
    for (std::size_t i = 0; i < point->registers; ++i) raw = raw << 16 | values[done + i];
    if (!take(control, point->name, raw, plant_.config().pcs.rating_w)) {
      return ExceptionCode::illegal_data_value;
    }
    restart_timer = restart_timer || point->name == "WSetEna" || point->name == "WSetRvrtTms";
    done += point->registers;
  }
  plant_.write_pcs(control, restart_timer);
  return std::nullopt;
}

}  // namespace ems::sim
