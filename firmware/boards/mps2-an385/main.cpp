// SPDX-License-Identifier: Apache-2.0
// The libems I/O board: one JBD battery of 16 LFP cells behind one inverter of 5 kW.
#include "app/limits.hpp"
#include "app/loop.hpp"
#include "boards/mps2-an385/board.hpp"
#include "ems/core/assert.hpp"
#include "ems/protocol/jbd/codec.hpp"

namespace {

using namespace ems;

constexpr safety::Config kSafety = [] {
  safety::Config config;
  config.batteries.push_back({.asset = battery(1),
                              .chemistry = firmware::kChemistry,
                              .cells_in_series = 16,
                              .limits = firmware::kLimits,
                              .bms_required = static_cast<std::uint8_t>(
                                  safety::bms_bit(safety::BmsSignal::charge_fet_on) |
                                  safety::bms_bit(safety::BmsSignal::discharge_fet_on))});
  config.inverters.push_back({.asset = inverter(1),
                              .batteries = 1,
                              .apparent_max = VoltAmp{5000},
                              .charge_max = Watt{5000},
                              .discharge_max = Watt{5000},
                              .efficiency = BasisPoints{9500}});
  return config;
}();

[[noreturn]] void on_assertion(const AssertionFailure&) { mps2::board().fail_safe(); }

constexpr protocol::jbd::Codec kCodec;

// Not in main(), whose stack frame stays for ever.
[[gnu::noinline]] firmware::Loop& make_loop(mps2::Mps2Board& board) {
  static firmware::Loop loop(board, {.safety = kSafety, .limits_hash = firmware::kLimitsHash},
                             kCodec);
  return loop;
}

}  // namespace

int main() {
  mps2::Mps2Board& board = mps2::board();
  set_assertion_handler(on_assertion);
  board.start();
  firmware::Loop& loop = make_loop(board);
  for (;;) {
    loop.once();
    board.sleep();
  }
}
