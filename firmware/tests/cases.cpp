// SPDX-License-Identifier: Apache-2.0
#include "tests/cases.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "app/limits.hpp"
#include "ems/core/bytes.hpp"
#include "ems/model/image.hpp"
#include "ems/protocol/jbd/codec.hpp"
#include "ems/safety/gate.hpp"
#include "ems/safety/kernel.hpp"
#include "ems/telemetry/block.hpp"

namespace ems::firmware::test {
namespace {

/// FNV-1a, 64 bits.
class Digest {
 public:
  void add(std::uint64_t value) noexcept {
    for (unsigned shift = 0; shift < 64; shift += 8)
      byte(static_cast<std::uint8_t>(value >> shift));
  }
  void add_signed(std::int64_t value) noexcept { add(static_cast<std::uint64_t>(value)); }
  void add(std::string_view text) noexcept {
    for (const char c : text) byte(static_cast<std::uint8_t>(c));
    add(text.size());
  }
  void add(Bytes bytes) noexcept {
    for (const std::byte b : bytes) byte(std::to_integer<std::uint8_t>(b));
    add(bytes.size());
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  void byte(std::uint8_t b) noexcept { value_ = (value_ ^ b) * 0x0000'0100'0000'01B3ULL; }
  std::uint64_t value_ = 0xCBF2'9CE4'8422'2325ULL;
};

// ---- JBD: every vector, decoded ----------------------------------------------------------------

struct Exchange {
  std::span<const std::uint8_t> request;
  std::span<const std::uint8_t> reply;
};
#include "jbd_vectors.inc"

class DigestSink final : public ReadingSink {
 public:
  explicit DigestSink(Digest& digest) noexcept : digest_(digest) {}
  void reading(const Reading& r) override {
    digest_.add(static_cast<std::uint64_t>(r.signal));
    digest_.add(r.element);
    digest_.add_signed(r.value);
    digest_.add(static_cast<std::uint64_t>(r.quality));
  }
  void text(TextField field, std::string_view text, std::uint8_t) override {
    digest_.add(static_cast<std::uint64_t>(field));
    digest_.add(text);
  }
  void acknowledged() override { digest_.add("acknowledged"); }
  void vendor_value(std::string_view name, std::int64_t value) override {
    digest_.add(name);
    digest_.add_signed(value);
  }

 private:
  Digest& digest_;
};

std::uint64_t jbd_vectors() {
  constexpr protocol::jbd::Codec kCodec;
  Digest digest;
  DigestSink sink(digest);
  for (const Exchange& exchange : kExchanges) {
    const Result<void> decoded =
        kCodec.decode(std::as_bytes(exchange.request), std::as_bytes(exchange.reply), sink);
    digest.add(decoded ? 0 : static_cast<std::uint64_t>(decoded.error().code));
    digest.add(decoded ? 0 : decoded.error().offset);
  }
  return digest.value();
}

// ---- Safety: ten minutes of a battery that is mostly well --------------------------------------

/// Numerical Recipes' generator: the same on every machine.
class Random {
 public:
  [[nodiscard]] std::int32_t below(std::int32_t bound) noexcept {
    state_ = state_ * 1'664'525U + 1'013'904'223U;
    return static_cast<std::int32_t>((state_ >> 8U) % static_cast<std::uint32_t>(bound));
  }

 private:
  std::uint32_t state_ = 1;
};

constexpr std::uint16_t kCells = 16;
constexpr std::int32_t kTicks = 6'000;

safety::Config safety_config() {
  safety::Config config;
  config.batteries.push_back(
      {.asset = battery(1), .chemistry = kChemistry, .cells_in_series = kCells, .limits = kLimits});
  config.inverters.push_back({.asset = inverter(1),
                              .batteries = 1,
                              .apparent_max = VoltAmp{5000},
                              .charge_max = Watt{5000},
                              .discharge_max = Watt{5000},
                              .efficiency = BasisPoints{9500}});
  return config;
}

/// One reading of the whole battery; some of it is sometimes wrong or missing.
void read_battery(ProcessImage& image, Random& random, std::int32_t tick, Instant now) {
  const auto set = [&](Signal signal, std::uint16_t element, std::int64_t value, Quality quality) {
    // A full image refuses, here as on the board.
    (void)image.set({{battery(1), signal, element}, value, now, quality}, seconds(2));
  };
  const std::int32_t hour = tick % 2'000;
  const std::int32_t base = hour < 1'400 ? 3'300 : 3'300 + (hour - 1'400);  // Up to 3.9 V.
  std::int32_t sum = 0;
  for (std::uint16_t cell = 1; cell <= kCells; ++cell) {
    const std::int32_t mv = base + random.below(10);
    sum += mv;
    set(Signal::cell_voltage, cell, mv, random.below(2'000) == 0 ? Quality::bad : Quality::good);
  }
  set(Signal::pack_voltage, 0, sum + random.below(40), Quality::good);
  set(Signal::pack_current, 0, random.below(220'000) - 110'000, Quality::good);
  set(Signal::soc, 0, 4'000 + tick % 6'000, Quality::good);
  set(Signal::temperature, 1, 15'000 + tick * 16 % 32'000, Quality::good);  // Falls at once.
}

void add_output(Digest& digest, const safety::Step& step, const safety::GateResult& gated) {
  digest.add(static_cast<std::uint64_t>(step.output.site));
  digest.add_signed(step.output.late_ticks);
  const safety::BatteryVerdict& verdict = step.output.batteries[0];
  digest.add_signed(verdict.charge_current_max.count());
  digest.add_signed(verdict.discharge_current_max.count());
  digest.add_signed(verdict.charge_voltage_max.count());
  digest.add_signed(verdict.discharge_voltage_min.count());
  // The chip keeps fewer of them, but the strongest is the same.
  digest.add(verdict.reasons.size() + verdict.reasons_dropped);
  const safety::InverterVerdict& inverter = step.output.inverters[0];
  digest.add_signed(inverter.ac.lo.count());
  digest.add_signed(inverter.ac.hi.count());
  digest.add(static_cast<std::uint64_t>(inverter.command));
  digest.add(step.state.latch().size());
  digest.add(static_cast<std::uint64_t>(gated.command->kind));
  digest.add_signed(gated.command->p.count());
  digest.add_signed(gated.command->q.count());
}

std::uint64_t safety_scenario() {
  static std::array<ImageEntry, 40> storage;
  storage = {};
  ProcessImage image(storage);
  const safety::Config config = safety_config();
  safety::State state;
  Random random;
  Digest digest;
  Instant now{seconds(1)};
  for (std::int32_t tick = 0; tick < kTicks; ++tick) {
    now = now + milliseconds(random.below(700) == 0 ? 1'200 : 100);
    const bool silent = tick % 1'100 > 1'060;
    if (tick % 5 == 0 && !silent) read_battery(image, random, tick, now);
    const safety::BatteryInputs battery_inputs =
        safety::read_inputs(image, battery(1), kCells, now);
    const safety::Inputs inputs{.batteries = {&battery_inputs, 1}, .estop = tick == 3'000};
    if (tick % 400 == 0 && state.tripped()) {
      const auto next =
          safety::reset(state, config, inputs, now, {safety::Role::technician, "test", "test"});
      digest.add(next ? 0 : static_cast<std::uint64_t>(next.error().code));
      if (next) state = *next;
    }
    const safety::Step step = safety::step(state, config, inputs, now);
    state = step.state;
    const InverterCommand wanted{CommandKind::follow, Watt{random.below(14'000) - 7'000},
                                 Var{random.below(8'000) - 4'000}};
    add_output(digest, step, safety::gate(step.output, 0, wanted, safety::Arming::armed));
  }
  return digest.value();
}

// ---- Telemetry: blocks of rows -----------------------------------------------------------------

std::uint64_t telemetry_blocks() {
  using namespace telemetry;
  static std::array<std::byte, kBlockBufferMin> buffer;
  static BlockBuilder builder(buffer);
  Digest digest;
  Random random;
  const std::array<Point, 3> points = {Point{battery(1), Signal::pack_voltage, 0},
                                       Point{battery(1), Signal::pack_current, 0},
                                       Point{battery(1), Signal::soc, 0}};
  Sequence sequence = 1;
  for (int block = 0; block < 8; ++block) {
    digest.add(builder.start(Stream::telemetry, Epoch{}, sequence).has_value() ? 1 : 0);
    for (int row = 0; row < 60; ++row, ++sequence) {
      const std::array<RowValue, 3> values = {
          RowValue{52'000 + random.below(2'000), Quality::good, true},
          RowValue{random.below(200'000) - 100'000, Quality::good, random.below(9) != 0},
          RowValue{random.below(10'000), Quality::uncertain, true}};
      const UtcInstant at{seconds(1'700'000'000 + static_cast<std::int64_t>(sequence))};
      const auto kept = builder.append(BlockContext{}, Row{at, points, values});
      digest.add(kept ? static_cast<std::uint64_t>(*kept) : 99);
    }
    digest.add(builder.bytes());
    digest.add(BlockReader::open(builder.bytes()).has_value() ? 1 : 0);
  }
  return digest.value();
}

constexpr Case kCases[] = {
    {"jbd_vectors", jbd_vectors, 0x7790cb0ddf4ade13},
    {"safety_scenario", safety_scenario, 0xbcdbdfd939399a24},
    {"telemetry_blocks", telemetry_blocks, 0xc1c9e4d0dbb53ac5},
};

}  // namespace

std::span<const Case> cases() noexcept { return kCases; }

}  // namespace ems::firmware::test
