// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "ems/sim/site.hpp"
#include "text.hpp"

namespace ems::sim {
namespace {

/// One column of the truth log.
struct Column {
  std::string_view name;
  int digits;
  double (*value)(const PlantState&);
};

double cell_edge(const PlantState& s, bool highest) {
  const auto [low, high] = std::minmax_element(s.battery.cell_v.begin(), s.battery.cell_v.end());
  return highest ? *high : *low;
}

constexpr Column kColumns[] = {
    {"t_s", 2, [](const PlantState& s) { return text::s_of(s.at.since_zero()); }},
    {"load_w", 1, [](const PlantState& s) { return s.load_w; }},
    {"pv_w", 1, [](const PlantState& s) { return s.pv_w; }},
    {"battery_ac_w", 1, [](const PlantState& s) { return s.battery_ac_w; }},
    {"grid_w", 1, [](const PlantState& s) { return s.grid_w; }},
    {"setpoint_w", 1, [](const PlantState& s) { return s.setpoint_w; }},
    {"setpoint_enabled", 0, [](const PlantState& s) { return s.control.enabled ? 1.0 : 0.0; }},
    {"revert_remaining_s", 2, [](const PlantState& s) { return text::s_of(s.revert_remaining); }},
    {"soc_pct", 4, [](const PlantState& s) { return s.battery.soc_pct; }},
    {"pack_v", 3, [](const PlantState& s) { return s.battery.voltage_v; }},
    {"pack_a", 3, [](const PlantState& s) { return s.battery.current_a; }},
    {"cell_max_v", 4, [](const PlantState& s) { return cell_edge(s, true); }},
    {"cell_min_v", 4, [](const PlantState& s) { return cell_edge(s, false); }},
    {"temperature_max_degc", 2,
     [](const PlantState& s) {
       const auto& t = s.battery.temperature_degc;
       return t.empty() ? 0.0 : *std::max_element(t.begin(), t.end());
     }},
    {"charge_on", 0, [](const PlantState& s) { return s.battery.charge_on ? 1.0 : 0.0; }},
    {"discharge_on", 0, [](const PlantState& s) { return s.battery.discharge_on ? 1.0 : 0.0; }},
    {"protection", 0,
     [](const PlantState& s) { return static_cast<double>(s.battery.protection); }},
};

/// The value of a column as text; empty where there is none: no sensor, no temperature.
std::string text_of(const Column& column, const PlantState& truth) {
  if (column.name == "temperature_max_degc" && truth.battery.temperature_degc.empty()) return {};
  std::array<char, 64> buffer{};
  const int size =
      std::snprintf(buffer.data(), buffer.size(), "%.*f", column.digits, column.value(truth));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string truth_csv_header() {
  std::string line;
  for (const Column& column : kColumns) {
    if (!line.empty()) line += ',';
    line += column.name;
  }
  return line + '\n';
}

std::string truth_csv_row(const PlantState& truth) {
  std::string line;
  for (const Column& column : kColumns) {
    if (&column != &kColumns[0]) line += ',';
    line += text_of(column, truth);
  }
  return line + '\n';
}

std::string truth_json(const PlantState& truth) {
  std::string object;
  for (const Column& column : kColumns) {
    const std::string value = text_of(column, truth);
    object += object.empty() ? "{\"" : ", \"";
    object += column.name;
    object += "\": ";
    object += value.empty() ? "null" : value;
  }
  return object + '}';
}

}  // namespace ems::sim
