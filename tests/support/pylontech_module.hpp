// SPDX-License-Identifier: Apache-2.0
/// @file A Pylontech module as its vendor's document has it: answers requests from what it holds.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "support/ascii_frames.hpp"

namespace ems::test {

struct PylontechModule {
  int address = 2;
  std::vector<int> cells_mv = {3320, 3321, 3319};
  std::vector<int> deci_kelvin = {2981, 2975};
  int charge_deciamp = 0;  ///< + charges, as on the wire.
  int millivolt = 49'800;
  int remaining_mah = 37'000;
  int total_mah = 74'000;
  int cycles = 12;
  unsigned switches = 0x06;  ///< Both transistors on.
  unsigned protections = 0;
  int charge_mv = 53'250;
  int discharge_mv = 45'000;
  int charge_limit = 370;  ///< 0.1 A
  int discharge_limit = 370;

  /// The reply to a request; empty: it is not for this module, or not sound.
  Frame answer(const Frame& request) {
    const std::string text = text_of(request);
    if (text.size() < 18 || text.substr(1, 6) != "20" + hex(address, 2) + "46") return {};
    const std::string command = text.substr(7, 2);
    const std::string info = text.substr(13, text.size() - 18);
    if (ascii_frame(text.substr(1, 8), info) != request) return {};
    if (command == "42") return reply("00", analog());
    if (command == "44") return reply("00", status());
    if (command == "92") return reply("00", limits());
    if (command == "93") return reply("00", hex(address, 2) + digits("HPTBH02240A01235"));
    if (command == "94" && info.size() == 18) {
      charge_mv = std::stoi(info.substr(2, 4), nullptr, 16);
      discharge_mv = std::stoi(info.substr(6, 4), nullptr, 16);
      charge_limit = std::stoi(info.substr(10, 4), nullptr, 16);
      discharge_limit = std::stoi(info.substr(14, 4), nullptr, 16);
      return reply("00", "");
    }
    return reply("04", "");
  }

 private:
  [[nodiscard]] Frame reply(const std::string& code, const std::string& info) const {
    return ascii_frame("20" + hex(address, 2) + "46" + code, info);
  }
  static std::string hex(int value, int width) {
    char text[16];
    std::snprintf(text, sizeof text, "%08X", static_cast<unsigned>(value));
    return std::string(text).substr(static_cast<std::size_t>(8 - width));
  }
  static std::string digits(const std::string& words) {
    std::string out;
    for (const char c : words) out += hex(c, 2);
    return out;
  }
  [[nodiscard]] std::string analog() const {
    std::string info = "00" + hex(address, 2) + hex(static_cast<int>(cells_mv.size()), 2);
    for (const int mv : cells_mv) info += hex(mv, 4);
    info += hex(static_cast<int>(deci_kelvin.size()), 2);
    for (const int raw : deci_kelvin) info += hex(raw, 4);
    const bool wide = total_mah > 65'000;
    info += hex(charge_deciamp, 4) + hex(millivolt, 4);
    info += wide ? "FFFF04FFFF" : hex(remaining_mah, 4) + "02" + hex(total_mah, 4);
    info += hex(cycles, 4);
    return wide ? info + hex(remaining_mah, 6) + hex(total_mah, 6) : info;
  }
  [[nodiscard]] std::string status() const {
    return "00" + hex(address, 2) + hex(static_cast<int>(cells_mv.size()), 2) +
           std::string(2 * cells_mv.size(), '0') + hex(static_cast<int>(deci_kelvin.size()), 2) +
           std::string(2 * deci_kelvin.size(), '0') + "000000" +
           hex(static_cast<int>(protections), 2) + hex(static_cast<int>(switches), 2) + "00000000";
  }
  [[nodiscard]] std::string limits() const {
    return hex(address, 2) + hex(charge_mv, 4) + hex(discharge_mv, 4) + hex(charge_limit, 4) +
           hex(-discharge_limit, 4) + "C0";
  }
};

}  // namespace ems::test
