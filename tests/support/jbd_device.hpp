// SPDX-License-Identifier: Apache-2.0
/// @file A small JBD board for tests: answers requests from its registers. Written from the
/// protocol page with arithmetic of its own, so that codec and device do not share a mistake.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ems/core/bytes.hpp"
#include "support/frames.hpp"

namespace ems::test {

struct JbdDevice {
  int pack_centivolt = 5312;
  int charge_centiamp = 0;  ///< Wire sign: + charges.
  int remaining_10mah = 5000;
  int full_10mah = 10000;
  int cycles = 7;
  int soc_percent = 50;
  unsigned protection = 0;
  std::vector<int> cells_mv = std::vector<int>(16, 3320);
  std::vector<int> deci_kelvin = {2981, 2991};
  bool charge_on = true;
  bool discharge_on = true;

  [[nodiscard]] Frame reply(std::uint8_t number, std::uint8_t status, const Frame& data) const {
    unsigned sum = status + static_cast<unsigned>(data.size());
    for (const std::byte b : data) sum += std::to_integer<unsigned>(b);
    const unsigned check = (~sum + 1U) & 0xFFFFU;
    Frame out;
    put(out, {0xDD, number, status, static_cast<unsigned>(data.size())});
    out.insert(out.end(), data.begin(), data.end());
    put(out, {check >> 8, check & 0xFFU, 0x77});
    return out;
  }

  /// What the board says to a request; nothing to a damaged one.
  [[nodiscard]] Frame answer(Bytes request) {
    if (request.size() < 7 || request[0] != std::byte{0xDD} || request.back() != std::byte{0x77}) {
      return {};
    }
    unsigned sum = 0;
    for (std::size_t i = 2; i + 3 < request.size(); ++i) sum += load_u8(request, i);
    if (((sum + load_be16(request, request.size() - 3)) & 0xFFFFU) != 0) return {};
    const std::uint8_t number = load_u8(request, 2);
    if (number == 0xE1 && load_u8(request, 1) == 0x5A) {
      charge_on = (load_u8(request, 5) & 1) == 0;
      discharge_on = (load_u8(request, 5) & 2) == 0;
      return reply(number, 0, {});
    }
    if (number == 0x03) return reply(number, 0, basic_info());
    if (number == 0x04) return reply(number, 0, cells());
    if (number == 0x05) return reply(number, 0, frame("54455354"));
    if (number == 0xAA) return reply(number, 0, Frame(24, std::byte{0}));
    return reply(number, 0x80, {});
  }

  [[nodiscard]] Frame basic_info() const {
    Frame out;
    put16(out, pack_centivolt);
    put16(out, charge_centiamp);
    put16(out, remaining_10mah);
    put16(out, full_10mah);
    put16(out, cycles);
    put16(out, 0x2C7C);
    put16(out, 0);
    put16(out, 0);
    put16(out, static_cast<int>(protection));
    put(out,
        {0x21, static_cast<unsigned>(soc_percent), (charge_on ? 1U : 0U) + (discharge_on ? 2U : 0U),
         static_cast<unsigned>(cells_mv.size()), static_cast<unsigned>(deci_kelvin.size())});
    for (const int raw : deci_kelvin) put16(out, raw);
    return out;
  }
  [[nodiscard]] Frame cells() const {
    Frame out;
    for (const int mv : cells_mv) put16(out, mv);
    return out;
  }

 private:
  static void put(Frame& out, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  }
  static void put16(Frame& out, int value) {
    const auto word = static_cast<unsigned>(value) & 0xFFFFU;
    put(out, {word >> 8, word & 0xFFU});
  }
};

}  // namespace ems::test
