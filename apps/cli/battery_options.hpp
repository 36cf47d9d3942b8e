// SPDX-License-Identifier: Apache-2.0
// The words of a command to one battery, the same at the site and over a server.
#pragma once

#include <cstdint>
#include <string>

#include "command.hpp"
#include "ems/core/decimal.hpp"
#include "ems/runtime/site_port.hpp"

namespace ems::cli {

struct BatteryOptions {
  std::uint16_t battery = 0;
  std::string charge;
  std::string discharge;
  std::string balancing;
  std::string charge_voltage_v;
  std::string discharge_voltage_v;
  std::string charge_current_a;
  std::string discharge_current_a;
};

inline void add_battery(CLI::App* command, BatteryOptions& options) {
  command->add_option("battery", options.battery, "Its id in the site file")->required();
}

inline void add_on_off(CLI::App* command, const char* flag, std::string& value, const char* text) {
  command->add_option(flag, value, text)->required()->check(CLI::IsMember({"on", "off"}));
}

inline void add_switch_options(CLI::App* command, BatteryOptions& options) {
  add_battery(command, options);
  add_on_off(command, "--charge", options.charge, "The charge output: on or off");
  add_on_off(command, "--discharge", options.discharge, "The discharge output: on or off");
}

inline void add_limits_options(CLI::App* command, BatteryOptions& options) {
  add_battery(command, options);
  const auto one = [&](const char* flag, std::string& value, const char* text) {
    command->add_option(flag, value, text)->required();
  };
  one("--charge-voltage-v", options.charge_voltage_v, "Highest voltage of the battery");
  one("--discharge-voltage-v", options.discharge_voltage_v, "Lowest voltage of the battery");
  one("--charge-current-a", options.charge_current_a, "Most it takes, all modules together");
  one("--discharge-current-a", options.discharge_current_a,
      "Most it delivers, all modules together");
}

inline void add_balance_options(CLI::App* command, BatteryOptions& options) {
  add_battery(command, options);
  add_on_off(command, "balancing", options.balancing, "on or off");
}

[[nodiscard]] inline runtime::CommandAction switch_action(const BatteryOptions& options) {
  return runtime::BatterySwitchAction{options.battery,
                                      {options.charge == "on", options.discharge == "on"}};
}

[[nodiscard]] inline runtime::CommandAction limits_action(const BatteryOptions& options,
                                                          Duration lease) {
  const auto milli = [](const std::string& text, const char* flag) {
    const Result<std::int64_t> value = parse_decimal(text, 3);
    if (!value) end_with(flag, value.error());
    if (*value < 0 || *value > INT32_MAX) {
      end_with(flag, {Errc::out_of_range, 0, "a limit that no battery has"});
    }
    return static_cast<std::int32_t>(*value);
  };
  return runtime::BatteryLimitsAction{
      options.battery,
      {MilliVolt{milli(options.charge_voltage_v, "--charge-voltage-v")},
       MilliVolt{milli(options.discharge_voltage_v, "--discharge-voltage-v")},
       MilliAmp{milli(options.charge_current_a, "--charge-current-a")},
       MilliAmp{milli(options.discharge_current_a, "--discharge-current-a")}},
      lease};
}

[[nodiscard]] inline runtime::CommandAction balance_action(const BatteryOptions& options) {
  return runtime::BatteryBalanceAction{options.battery, {options.balancing == "on"}};
}

}  // namespace ems::cli
