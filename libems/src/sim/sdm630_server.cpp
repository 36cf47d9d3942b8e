// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/sdm630_server.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <numeric>

namespace ems::sim {
namespace {

// Input registers of the Eastron SDM630; "per phase" values follow at +2 and +4.
constexpr std::size_t kVoltage = 0;
constexpr std::size_t kCurrent = 6;
constexpr std::size_t kPower = 12;
constexpr std::size_t kApparent = 18;
constexpr std::size_t kPowerFactor = 30;
constexpr std::size_t kPowerTotal = 52;
constexpr std::size_t kApparentTotal = 56;
constexpr std::size_t kPowerFactorTotal = 62;
constexpr std::size_t kFrequency = 70;
constexpr std::size_t kImportTotal = 72;
constexpr std::size_t kExportTotal = 74;
constexpr std::size_t kEnergyTotal = 342;
constexpr std::size_t kImport = 346;
constexpr std::size_t kExport = 352;
constexpr double kJoulePerKwh = 3.6e6;

using Image = std::array<std::uint16_t, kSdm630Registers>;

void put(Image& image, std::size_t at, double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  image[at] = static_cast<std::uint16_t>(bits >> 16);
  image[at + 1] = static_cast<std::uint16_t>(bits & 0xFFFF);
}

/// No reactive power is simulated: |P| = S, and the factor is 1 with the sign of P.
Image image_of(const PlantState& state) {
  Image image{};
  double apparent_total = 0.0;
  for (std::size_t i = 0; i < kPhases; ++i) {
    const double apparent = std::abs(state.phase_w[i]);
    apparent_total += apparent;
    put(image, kVoltage + 2 * i, state.phase_v[i]);
    put(image, kCurrent + 2 * i, apparent / state.phase_v[i]);
    put(image, kPower + 2 * i, state.phase_w[i]);
    put(image, kApparent + 2 * i, apparent);
    put(image, kPowerFactor + 2 * i, state.phase_w[i] < 0.0 ? -1.0 : 1.0);
    put(image, kImport + 2 * i, state.books.phase_import_j[i] / kJoulePerKwh);
    put(image, kExport + 2 * i, state.books.phase_export_j[i] / kJoulePerKwh);
  }
  put(image, kPowerTotal, state.grid_w);
  put(image, kApparentTotal, apparent_total);
  put(image, kPowerFactorTotal, state.grid_w < 0.0 ? -1.0 : 1.0);
  put(image, kFrequency, state.frequency_hz);
  const double import_kwh = state.books.grid_import_j / kJoulePerKwh;
  const double export_kwh = state.books.grid_export_j / kJoulePerKwh;
  put(image, kImportTotal, import_kwh);
  put(image, kExportTotal, export_kwh);
  put(image, kEnergyTotal, import_kwh + export_kwh);
  return image;
}

}  // namespace

std::optional<protocol::modbus::ExceptionCode> Sdm630Server::read(
    protocol::modbus::Function function, std::uint16_t address, std::span<std::uint16_t> out) {
  using enum protocol::modbus::ExceptionCode;
  if (function != protocol::modbus::Function::read_input_registers) return illegal_function;
  if (address % 2 != 0 || out.size() % 2 != 0) return illegal_data_value;
  if (address + out.size() > kSdm630Registers) return illegal_data_address;
  const Image image = image_of(measured_());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = image[address + i];
  return std::nullopt;
}

std::optional<protocol::modbus::ExceptionCode> Sdm630Server::write(std::uint16_t,
                                                                   std::span<const std::uint16_t>) {
  return protocol::modbus::ExceptionCode::illegal_function;
}

}  // namespace ems::sim
