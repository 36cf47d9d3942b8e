// SPDX-License-Identifier: Apache-2.0
/// @file Rules 17 and 42 .. 46, each by its own functions; what the kernel makes of them is at the
/// end, through step().
#include "safety/plausibility.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

using detail::Battery;
using detail::Evaluation;
using detail::Finding;

constexpr Duration kTick = 100_ms;

/// One battery of 16 cells and 100 A on one inverter of 10 kVA, cycle by cycle.
struct Bench {
  Config config = World().config;
  StaticVector<BatteryInputs, kMaxBatteries> batteries{};
  StaticVector<InverterInputs, kMaxInverters> inverters{};
  PlausibilityState state{};
  Instant now{1000_s};
  Duration tick = kTick;

  Bench() {
    batteries.push_back(healthy(now));
    inverters.push_back({inverter(1), std::nullopt, std::nullopt});
  }
  BatteryInputs& in() { return batteries[0]; }
  Limits& limits() { return config.batteries[0].limits; }
  [[nodiscard]] Inputs inputs() const { return {batteries.view(), inverters.view(), false}; }
  /// Calls `use` with the context of this cycle.
  template <class Use>
  auto with(const Use& use) {
    const Inputs all = inputs();
    return use(Battery{{config, all, now, tick}});
  }
  void obey(ObedienceState& of, std::size_t inverter, const InverterVerdict& verdict) {
    with([&](const Battery& b) { detail::obey(of, b.site, inverter, verdict); });
  }
  /// One cycle later, every input taken now.
  void cycle() {
    now = now + tick;
    refresh();
    observe();
  }
  void run(int cycles) {
    for (int i = 0; i < cycles; ++i) cycle();
  }
  void observe() {
    with([this](const Battery& c) { detail::observe(state, c); });
  }
  void refresh() {
    World world;
    world.batteries = batteries;
    world.inverters = inverters;
    world.now = now;
    world.refresh();
    batteries = world.batteries;
    inverters = world.inverters;
  }
  [[nodiscard]] Evaluation judge(Rule rule) {
    return with([&](const Battery& c) { return detail::judge(rule, state, c); });
  }
  [[nodiscard]] Finding finding(Rule rule) { return judge(rule).finding; }
};

TEST(SafetyPlausibility, OtherRulesAreNotJudgedHere) {  // SAF-017
  Bench b;
  EXPECT_EQ(b.finding(Rule::cell_overvoltage), Finding::missing);
}

// --- value_jump ---

struct JumpCase {
  const char* name;
  std::function<void(BatteryInputs&, std::int32_t)> move;
  std::int32_t most;  ///< The largest step that is none.
  Signal signal;
};

template <class Q>
void step_by(OptionalInput<Q>& input, std::int32_t by) {
  input->sample.value += Q{by};
}

const JumpCase kJumps[] = {
    {"soc", [](BatteryInputs& in, std::int32_t by) { step_by(in.soc, by); }, 1'000, Signal::soc},
    {"temp_max", [](BatteryInputs& in, std::int32_t by) { step_by(in.temp_max, by); }, 5'000,
     Signal::temperature},
    {"temp_min", [](BatteryInputs& in, std::int32_t by) { step_by(in.temp_min, by); }, 5'000,
     Signal::temperature},
    {"pack_voltage", [](BatteryInputs& in, std::int32_t by) { step_by(in.pack_voltage, by); },
     8'000, Signal::pack_voltage},
    {"cell_max", [](BatteryInputs& in, std::int32_t by) { step_by(in.cell_voltage_max, by); }, 500,
     Signal::cell_voltage},
    {"cell_min", [](BatteryInputs& in, std::int32_t by) { step_by(in.cell_voltage_min, by); }, 500,
     Signal::cell_voltage},
};

TEST(SafetyPlausibility, AStepThatNoBatteryMakesIsAJump) {  // SAF-080
  for (const JumpCase& jump : kJumps) {
    for (const int sign : {1, -1}) {
      SCOPED_TRACE(jump.name);
      Bench b;
      b.cycle();
      EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "a first sample is none";
      jump.move(b.in(), sign * jump.most);
      b.cycle();
      EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "the largest step that is none";
      jump.move(b.in(), -sign * (jump.most + 1));
      b.cycle();
      const Evaluation e = b.judge(Rule::value_jump);
      EXPECT_EQ(e.finding, Finding::exceeded);
      EXPECT_EQ(e.signal, jump.signal);
      EXPECT_EQ(e.value, jump.most + 1);
      EXPECT_EQ(e.limit, jump.most);
      EXPECT_EQ(e.clear_after, b.limits().plausibility.clear_after);
      b.cycle();
      EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "steady again";
    }
  }
}

TEST(SafetyPlausibility, TheFirstOfSeveralJumpsIsNamed) {  // SAF-080
  Bench b;
  b.cycle();
  step_by(b.in().temp_min, 6'000);
  step_by(b.in().cell_voltage_max, 600);
  b.cycle();
  EXPECT_EQ(b.judge(Rule::value_jump).signal, Signal::temperature);
  EXPECT_EQ(b.judge(Rule::value_jump).value, 6'000);
}

TEST(SafetyPlausibility, AJumpIsSeenAcrossAShortGapAndNotAcrossALongOne) {  // SAF-080
  for (const bool too_long : {false, true}) {
    Bench b;
    b.cycle();
    const auto soc = b.in().soc;
    b.in().soc.reset();
    // The gap is the time from the last usable cycle to the next.
    const int cycles = 100 - (too_long ? 0 : 1);
    for (int i = 0; i < cycles; ++i) {
      b.cycle();
      ASSERT_EQ(b.finding(Rule::value_jump), Finding::band) << "steadiness cannot be shown";
    }
    b.in().soc = soc;
    step_by(b.in().soc, 3'000);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), too_long ? Finding::good : Finding::exceeded);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), Finding::good);
  }
}

TEST(SafetyPlausibility, ALongStringJumpsAtFiftyVoltsUnlessItsLoadStepped) {  // SAF-080
  for (const std::int32_t load : {0, 5'000, 5'001, -5'001}) {
    Bench b;
    b.config.batteries[0].cells_in_series = 240;
    b.in().pack_voltage->sample.value = 768'000_mv;
    b.cycle();
    step_by(b.in().pack_voltage, -50'001);
    step_by(b.in().pack_current, load);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump),
              load == 0 || load == 5'000 ? Finding::exceeded : Finding::good)
        << load;
    step_by(b.in().pack_voltage, 50'000);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "exactly 50 V";
    step_by(b.in().pack_voltage, 120'001);
    step_by(b.in().pack_current, 50'000);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), Finding::exceeded) << "no load step does that";
  }
}

TEST(SafetyPlausibility, AnyCurrentIsPossibleFromOneSampleToTheNext) {  // SAF-080
  Bench b;
  b.cycle();
  b.in().pack_current->sample.value = MilliAmp::max();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::value_jump), Finding::good);
  b.in().pack_current->sample.value = MilliAmp::min();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::value_jump), Finding::good);
}

// --- values_frozen ---

/// Cycles of one second until the values count as frozen, at most `most`.
int seconds_until_frozen(Bench& b, int most) {
  b.tick = 1_s;
  b.cycle();  // The first time that these values are seen.
  for (int i = 1; i <= most; ++i) {
    b.cycle();
    if (b.finding(Rule::values_frozen) == Finding::exceeded) return i;
  }
  return -1;
}

TEST(SafetyPlausibility, ChargeThatMovesNothingIsFrozenAtTwoPercentOfTheCapacity) {  // SAF-081
  for (const std::int32_t current : {50'000, -50'000}) {
    Bench b;
    b.config.batteries[0].capacity = MicroAmpHour{100'000'000};  // 100 Ah: 2 Ah at 50 A is 144 s.
    b.in().pack_current->sample.value = MilliAmp{current};
    EXPECT_EQ(seconds_until_frozen(b, 200), 145);
    EXPECT_EQ(b.judge(Rule::values_frozen).value, current);
    EXPECT_EQ(b.judge(Rule::values_frozen).signal, Signal::pack_current);
  }
}

TEST(SafetyPlausibility, AnyChangeOfAnyMeasurementIsLife) {  // SAF-081
  for (std::size_t i = 0; i <= std::size(kJumps); ++i) {
    Bench b;
    b.config.batteries[0].capacity = MicroAmpHour{100'000'000};
    b.in().pack_current->sample.value = 50'000_ma;
    ASSERT_EQ(seconds_until_frozen(b, 145), 145);
    if (i < std::size(kJumps)) {
      kJumps[i].move(b.in(), 1);
    } else {
      step_by(b.in().pack_current, 1);
    }
    b.cycle();
    EXPECT_EQ(b.finding(Rule::values_frozen), Finding::good) << i;
    EXPECT_EQ(b.state.unchanged, Duration::zero());
  }
}

TEST(SafetyPlausibility, AQuietBatteryIsNotFrozen) {  // SAF-081
  for (const std::int64_t capacity : {std::int64_t{0}, std::int64_t{100'000'000}}) {
    Bench b;
    b.config.batteries[0].capacity = MicroAmpHour{capacity};
    EXPECT_EQ(seconds_until_frozen(b, 4'000), -1);
  }
}

TEST(SafetyPlausibility, WithoutAnyCurrentAllowedRestIsStillRest) {  // SAF-081
  Bench b;
  set_current_limits(b.limits(), 0_ma, 0_ma);
  EXPECT_EQ(seconds_until_frozen(b, 3'700), -1);
}

TEST(SafetyPlausibility, WithoutACapacityAnHourUnderLoadDecides) {  // SAF-081
  Bench b;
  b.in().pack_current->sample.value = 5'000_ma;  // 5 % of what is allowed.
  EXPECT_EQ(seconds_until_frozen(b, 4'000), 3'600);
  Bench idle;
  idle.in().pack_current->sample.value = -4'999_ma;
  EXPECT_EQ(seconds_until_frozen(idle, 4'000), -1);
  Bench lopsided;  // The larger maximum counts.
  set_current_limits(lopsided.limits(), 10'000_ma, 100'000_ma);
  lopsided.in().pack_current->sample.value = -4'999_ma;
  EXPECT_EQ(seconds_until_frozen(lopsided, 4'000), -1);
}

TEST(SafetyPlausibility, AMissingInputHidesNoFrozenOne) {  // SAF-081 SAF-040
  Bench b;
  b.config.batteries[0].capacity = MicroAmpHour{100'000'000};
  b.in().pack_current->sample.value = 50'000_ma;
  ASSERT_EQ(seconds_until_frozen(b, 100), -1);
  const BatteryInputs before = b.in();
  b.in().pack_current.reset();
  b.in().soc->sample.quality = Quality::bad;
  b.run(44);
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::good);
  b.cycle();
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::exceeded);
  b.in() = before;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::exceeded);
}

// --- sum_of_cells ---

/// A board that tells its terminals at the beginning of a second and its cells 400 ms later, in a
/// reply of their own. 16 cells of 3.300 V and 1 mOhm; `lie` is added to each cell's reading.
struct TwoReplies : Bench {
  std::int32_t load_ma = 0;
  std::int32_t lie_mv = 0;
  int ticks = 0;

  void next() {
    now = now + kTick;
    const std::int32_t cell_uv = 3'300'000 - load_ma;  // 1 mA over 1 mOhm is 1 uV.
    const MilliVolt terminals{cell_uv * kCells / 1'000};
    if (ticks % 10 == 0) {
      in().pack_voltage = in().cell_sum->terminals = taken(terminals, now);
      in().pack_current = taken(MilliAmp{load_ma}, now);
      in().soc = taken(5000_bp, now);
      in().temp_max = in().temp_min = taken(25'000_mdegc, now);
    }
    if (ticks % 10 == 4) {
      const MilliVolt cell{cell_uv / 1'000 + lie_mv};
      in().cell_voltage_max = in().cell_voltage_min = taken(cell, now);
      in().cell_sum->sum = taken(cell * kCells, now);
    }
    ++ticks;
    observe();
  }
  /// Ticks until the rule trips; -1 when it does not within `most`.
  int until_tripped(int most) {
    for (int i = 1; i <= most; ++i) {
      next();
      if (finding(Rule::sum_of_cells) == Finding::exceeded) return i;
    }
    return -1;
  }
  void settle() {
    for (int i = 0; i < 150; ++i) next();
    ASSERT_EQ(finding(Rule::sum_of_cells), Finding::good);
  }
};

TEST(SafetyPlausibility, ALoadStepBetweenTwoRepliesIsNoLie) {  // SAF-018 SAF-085
  for (int at = 0; at < 10; ++at) {  // Wherever in the second the step falls.
    TwoReplies b;
    b.settle();
    for (int i = 0; i < at; ++i) b.next();
    b.load_ma = 40'000;
    EXPECT_EQ(b.until_tripped(100), -1) << at;
    EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
    b.load_ma = -100'000;
    EXPECT_EQ(b.until_tripped(100), -1) << at;
  }
}

TEST(SafetyPlausibility, CellsThatLieAreCaughtWithinFourteenSecondsAtASteadyLoad) {
  // SAF-018 SAF-085
  for (const std::int32_t lie : {40, -40}) {
    for (int at = 0; at < 20; ++at) {
      TwoReplies b;
      b.load_ma = 30'000;
      b.settle();
      for (int i = 0; i < at; ++i) b.next();
      b.lie_mv = lie;
      const int ticks = b.until_tripped(200);
      EXPECT_GT(ticks, 0) << at;
      EXPECT_LE(ticks, 140) << at;
      EXPECT_EQ(b.judge(Rule::sum_of_cells).value, 640);
    }
  }
}

/// A load that is another one in each tick, up to `swing`, and turns its sign every 700 ms.
struct RestlessLoad {
  std::int32_t swing;
  std::uint32_t noise = 1;
  std::int32_t next(int ticks) {
    noise = noise * 1'664'525U + 1'013'904'223U;
    return static_cast<std::int32_t>(noise >> 8) % swing * (ticks / 7 % 2 == 0 ? 1 : -1);
  }
};

TEST(SafetyPlausibility, CellsThatLieAreCaughtWithinTwentySecondsUnderARestlessLoad) {  // SAF-085
  for (const std::int32_t lie : {80, -80}) {
    for (const std::int32_t swing : {10'000, 40'000}) {
      TwoReplies b;
      RestlessLoad load{swing};
      const auto tick = [&] {
        b.load_ma = load.next(b.ticks);
        b.next();
        return b.finding(Rule::sum_of_cells);
      };
      for (int i = 0; i < 36'000; ++i) {
        ASSERT_NE(tick(), Finding::exceeded) << swing << " mA, tick " << i;
      }
      b.lie_mv = lie;
      int ticks = 1;
      while (tick() != Finding::exceeded && ticks < 1'000) ++ticks;
      EXPECT_LE(ticks, 200) << lie << " mV, " << swing << " mA";
    }
  }
}

TEST(SafetyPlausibility, AWholeCurrentThatNeverRestsIsNoLie) {  // SAF-085
  TwoReplies b;
  RestlessLoad load{100'000};
  for (int i = 0; i < 36'000; ++i) {
    b.load_ma = load.next(b.ticks);
    b.next();
    ASSERT_NE(b.finding(Rule::sum_of_cells), Finding::exceeded) << "tick " << i;
  }
}

TEST(SafetyPlausibility, SlowPollsAreComparedAfterThreeOfThem) {  // SAF-085
  Bench b;
  b.in().cell_sum->sum.stale_after = b.in().cell_sum->terminals.stale_after = 9_s;
  b.run(1);
  ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
  const auto late = [&b](std::int32_t mv) {
    b.in().cell_sum->sum.sample.value = MilliVolt{mv};
    b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
    b.observe();
    b.now = b.now + b.tick;
    b.refresh();
  };
  for (int i = 0; i < 90; ++i) {
    ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::good) << i;
    late(60'000);
  }
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::exceeded);
}

TEST(SafetyPlausibility, ASpreadUpToAQuarterOfTheLimitIsSteady) {  // SAF-085
  for (const std::int32_t spread : {132, 133}) {                   // The limit is 528 mV.
    Bench b;
    b.in().cell_sum->terminals.sample.value = 52'800_mv;
    int ticks = 0;
    while (b.finding(Rule::sum_of_cells) != Finding::exceeded && ticks < 200) {
      ++ticks;
      b.now = b.now + b.tick;
      b.refresh();
      b.in().cell_sum->sum.sample.value = MilliVolt{54'000 + (ticks % 2 == 0 ? spread : 0)};
      b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
      b.observe();
    }
    EXPECT_EQ(ticks, spread == 132 ? 20 : 100);
  }
}

TEST(SafetyPlausibility, AQuarterOfTheSpreadIsAddedToTheLimit) {  // SAF-085
  struct Case {
    std::int32_t low;  ///< Half of the time; 1000 mV above it the other half.
    Finding finding;
  };
  // Limit 528 mV + 250 mV, clears below 400 mV + 250 mV.
  const Case cases[] = {{278, Finding::exceeded},    {277, Finding::band},
                        {150, Finding::band},        {149, Finding::good},
                        {-1'278, Finding::exceeded}, {-1'145, Finding::good}};
  for (const Case& c : cases) {
    Bench b;
    for (int i = 0; i < 100; ++i) {
      b.now = b.now + b.tick;
      b.refresh();
      b.in().cell_sum->terminals.sample.value = 52'800_mv;
      b.in().cell_sum->sum.sample.value = MilliVolt{52'800 + c.low + (i % 2 == 0 ? 1'000 : 0)};
      b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
      // The shares are of the smaller voltage; keep it from moving the limit.
      b.limits().sum_of_cells.trip_per_cell = MilliVolt{33};
      b.limits().sum_of_cells.clear_per_cell = MilliVolt{25};
      b.limits().sum_of_cells.trip_share = b.limits().sum_of_cells.clear_share = 1_bp;
      ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::missing);
      b.observe();
    }
    EXPECT_EQ(b.finding(Rule::sum_of_cells), c.finding) << c.low;
  }
}

TEST(SafetyPlausibility, ReadingsTakenTogetherAreJudgedAtOnceWhateverTheLoad) {  // SAF-018
  Bench b;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
  step_by(b.in().pack_current, 90'000);
  b.in().cell_sum->sum.sample.value = 52'800_mv + 528_mv;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::exceeded);
  EXPECT_EQ(b.judge(Rule::sum_of_cells).value, 528);
  EXPECT_EQ(b.judge(Rule::sum_of_cells).limit, 528);
  b.in().cell_sum->sum.sample.value = 52'800_mv - 521_mv;  // 1 % of the smaller is 522 mV.
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::band);
  b.in().cell_sum->sum.sample.value = 52'800_mv - 522_mv;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::exceeded);
  b.in().cell_sum->sum.sample.value = 52'800_mv + 395_mv;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
}

TEST(SafetyPlausibility, TogetherIsWithinTheSkew) {  // SAF-085
  for (const Duration late : {Duration{0}, Duration{1}}) {
    for (const bool cells_first : {true, false}) {
      Bench b;
      b.in().cell_sum->sum.sample.value = 60'000_mv;
      b.now = b.now + kTick;
      b.refresh();
      auto& older = cells_first ? b.in().cell_sum->sum : b.in().cell_sum->terminals;
      older.sample.taken_at = b.now - b.limits().plausibility.skew_max - late;
      b.observe();
      EXPECT_EQ(b.finding(Rule::sum_of_cells),
                late == Duration{0} ? Finding::exceeded : Finding::missing);
    }
  }
}

TEST(SafetyPlausibility, ASumThatIsGoneIsMissingAndOneThatNeverWasIsNot) {  // SAF-018 SAF-017
  Bench b;
  const auto sum = b.in().cell_sum;
  b.in().cell_sum.reset();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good) << "a BMS that gives only extremes";
  b.in().cell_sum = sum;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
  b.in().cell_sum.reset();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::missing);
  for (int what = 0; what < 5; ++what) {
    b.in().cell_sum = sum;
    b.cycle();
    ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
    b.now = b.now + kTick;
    b.refresh();
    CellSum& now = *b.in().cell_sum;
    if (what == 0) now.cells = 0;
    if (what == 1) now.sum.sample.quality = Quality::bad;
    if (what == 2) now.terminals.sample.quality = Quality::bad;
    if (what == 3) now.sum.sample.taken_at = b.now - kStaleAfter;
    if (what == 4) now.terminals.sample.taken_at = b.now + 1_us;
    b.observe();
    EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::missing) << what;
    EXPECT_EQ(b.judge(Rule::sum_of_cells).value, 0);
  }
}

TEST(SafetyPlausibility, SamplesThatThisCheckMadeUncertainStillCount) {  // SAF-018
  Bench b;
  b.in().cell_sum->sum.sample.quality = Quality::uncertain;
  b.in().cell_sum->terminals.sample.quality = Quality::uncertain;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
}

TEST(SafetyPlausibility, ContradictionIsWhatStandsThereNow) {  // SAF-005 SAF-018
  Bench b;
  CellSum& sum = *b.in().cell_sum;
  const auto contradicts = [&] { return b.with(detail::contradicts); };
  EXPECT_FALSE(contradicts());
  sum.sum.sample.value = 52'800_mv + 527_mv;
  EXPECT_FALSE(contradicts());
  sum.sum.sample.value = 52'800_mv + 528_mv;
  EXPECT_TRUE(contradicts());
  sum.sum.sample.value = 52'277_mv;
  EXPECT_TRUE(contradicts());
  sum.sum.sample.taken_at = b.now - 1_s;  // Not of one moment: still no proof of anything.
  EXPECT_TRUE(contradicts());
  sum.sum.sample.quality = Quality::bad;
  EXPECT_FALSE(contradicts());
}

// --- power_mismatch ---

/// Cycles of a second until the window is finished.
void window(Bench& b) {
  b.tick = 1_s;
  b.run(10);
}

TEST(SafetyPlausibility, ThePowerOfTheBmsMustBeVoltageTimesCurrent) {  // SAF-082
  struct Case {
    std::int32_t pack_w;
    Finding finding;
  };
  // 52.8 V * 100 A = 5280 W; a tenth of the larger of the two is the tolerance.
  const Case cases[] = {
      {5'280, Finding::good},     {4'752, Finding::exceeded},  {4'753, Finding::band},
      {4'884, Finding::band},     {4'885, Finding::good},      {5'865, Finding::band},
      {5'866, Finding::exceeded}, {-5'280, Finding::exceeded}, {0, Finding::exceeded}};
  for (const Case& c : cases) {
    Bench b;
    b.in().pack_current->sample.value = 100'000_ma;
    b.in().pack_power = taken(Watt{c.pack_w}, b.now);
    b.tick = 1_s;
    b.run(9);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good) << "not before the window is over";
    b.cycle();
    EXPECT_EQ(b.finding(Rule::power_mismatch), c.finding) << c.pack_w;
    if (c.finding == Finding::exceeded) {
      EXPECT_EQ(b.judge(Rule::power_mismatch).signal, Signal::pack_power);
      EXPECT_EQ(b.judge(Rule::power_mismatch).value, std::abs(5'280 - c.pack_w));
    }
    b.in().pack_power->sample.value = 5'280_w;
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good) << "agrees again";
  }
}

TEST(SafetyPlausibility, SmallPowersMayDifferByTheFloor) {  // SAF-082
  for (const std::int32_t pack_w : {-199, -200, 199, 200}) {
    Bench b;
    b.in().pack_power = taken(Watt{pack_w}, b.now);
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch),
              std::abs(pack_w) == 200 ? Finding::exceeded : Finding::band);
    EXPECT_EQ(b.judge(Rule::power_mismatch).limit, 200);
  }
}

TEST(SafetyPlausibility, WhatAgreesAtAnyMomentOfTheWindowAgrees) {  // SAF-082
  Bench b;  // A load step whose two samples are seconds apart.
  b.in().pack_power = taken(0_w, b.now);
  b.tick = 1_s;
  b.run(5);
  b.in().pack_power->sample.value = 5'280_w;
  b.run(3);
  b.in().pack_current->sample.value = 100'000_ma;
  b.run(2);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  // And the next window starts from nothing.
  b.in().pack_current->sample.value = 0_ma;
  b.run(10);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
}

TEST(SafetyPlausibility, TheInverterMustDeliverWhatItsBatteryGives) {  // SAF-082
  struct Case {
    std::int32_t current_ma;
    std::int32_t ac_w;
    Finding finding;
  };
  // 52.8 V; efficiency 95 %, 10 kVA: 250 W at idle, or a tenth of the larger power.
  const Case cases[] = {
      {100'000, 5'280, Finding::good},      // Lossless.
      {100'000, 5'016, Finding::good},      // Exactly the declared efficiency.
      {100'000, 4'600, Finding::band},      // 416 W under it.
      {100'000, 4'489, Finding::band},      // 527 W.
      {100'000, 4'488, Finding::exceeded},  // 528 W.
      {100'000, 5'865, Finding::band},
      {100'000, 5'866, Finding::exceeded},
      {100'000, -5'280, Finding::exceeded},  // The sign of one is turned.
      {-95'000, -5'280, Finding::good},      // 5016 W dc: 95 %.
      {-95'000, -5'865, Finding::band},
      {-95'000, -5'866, Finding::exceeded},
      {-95'000, -4'489, Finding::band},
      {-95'000, -4'488, Finding::exceeded},
      {0, 186, Finding::good},
      {0, 187, Finding::band},
      {0, 249, Finding::band},
      {0, 250, Finding::exceeded},
      {0, -250, Finding::exceeded},
  };
  for (const Case& c : cases) {
    Bench b;
    b.in().pack_current->sample.value = MilliAmp{c.current_ma};
    b.inverters[0].active_power = taken(Watt{c.ac_w}, b.now);
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), c.finding) << c.current_ma << " " << c.ac_w;
    if (c.finding == Finding::exceeded) {
      EXPECT_EQ(b.judge(Rule::power_mismatch).signal, Signal::active_power);
    }
  }
}

TEST(SafetyPlausibility, LostSamplesOnlyLeaveLessThatCouldAgree) {  // SAF-082 SAF-040
  for (const bool ac : {true, false}) {
    Bench b;
    b.inverters[0].active_power = taken(0_w, b.now);
    b.tick = 1_s;
    b.run(1);  // Agrees here,
    b.in().pack_current->sample.value = 100'000_ma;
    b.run(9);  // and not any more here.
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
    if (ac) {
      b.inverters[0].active_power->sample.quality = Quality::bad;
    } else {
      b.in().pack_voltage->sample.quality = Quality::bad;
    }
    b.run(9);
    b.inverters[0].active_power = taken(0_w, b.now);
    b.in().pack_voltage = taken(52'800_mv, b.now);
    b.run(1);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
  }
}

TEST(SafetyPlausibility, TheWorseOfTheTwoComparisonsIsKept) {  // SAF-082
  for (const bool pack_lies : {true, false}) {
    Bench b;
    b.in().pack_power = taken(pack_lies ? 5'000_w : 0_w, b.now);
    b.inverters[0].active_power = taken(pack_lies ? 0_w : 5'000_w, b.now);
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
    EXPECT_EQ(b.judge(Rule::power_mismatch).signal,
              pack_lies ? Signal::pack_power : Signal::active_power);
    EXPECT_EQ(b.judge(Rule::power_mismatch).value, 5'000);
  }
}

TEST(SafetyPlausibility, APowerThatWasGivenOnceIsNeverGoodWithoutIt) {  // SAF-082
  for (const bool pack : {true, false}) {
    for (const bool gone : {true, false}) {
      Bench b;
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good) << "never given";
      auto& power = pack ? b.in().pack_power : b.inverters[0].active_power;
      power = taken(0_w, b.now);
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
      if (gone) {
        power.reset();
      } else {
        power->sample.quality = Quality::bad;
      }
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
      power = taken(0_w, b.now);
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
    }
  }
}

TEST(SafetyPlausibility, WithoutVoltageOrCurrentNothingIsCompared) {  // SAF-082
  for (const bool voltage : {true, false}) {
    Bench b;
    b.in().pack_power = taken(5'000_w, b.now);
    b.inverters[0].active_power = taken(5'000_w, b.now);
    if (voltage) {
      b.in().pack_voltage.reset();
    } else {
      b.in().pack_current.reset();
    }
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
  }
}

/// Batteries 1 and 2 on inverter 1, batteries 2 and 3 on inverter 2: one group. Battery 4 alone on
/// inverter 3.
struct Wiring : Bench {
  Wiring() {
    for (std::uint16_t i = 2; i <= 4; ++i) {
      config.batteries.push_back(battery_config(battery(i)));
      batteries.push_back(healthy(now, battery(i)));
    }
    config.inverters.clear();
    inverters.clear();
    const std::uint8_t feeds[] = {0b0011, 0b0110, 0b1000};
    for (std::uint16_t i = 0; i < 3; ++i) {
      config.inverters.push_back(
          inverter_config(feeds[i], inverter(static_cast<std::uint16_t>(i + 1))));
      inverters.push_back(
          {inverter(static_cast<std::uint16_t>(i + 1)), std::nullopt, taken(0_w, now)});
    }
  }
};

TEST(SafetyPlausibility, BatteriesThatShareInvertersAreComparedTogether) {  // SAF-082
  Wiring b;  // 3 * 52.8 V * 50 A = 7920 W.
  for (std::size_t i = 0; i < 3; ++i) b.batteries[i].pack_current->sample.value = 50'000_ma;
  b.inverters[0].active_power->sample.value = 1'000_w;
  b.inverters[1].active_power->sample.value = 6'700_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.inverters[1].active_power->sample.value = 4'000_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
  EXPECT_EQ(b.judge(Rule::power_mismatch).value, 7'524 - 5'000);
  b.inverters[1].active_power->sample.value = 6'700_w;
  b.inverters[2].active_power->sample.value = 9'000_w;  // Another group's.
  b.batteries[3].pack_voltage.reset();
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.batteries[2].pack_voltage.reset();
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band) << "one of the group is missing";
}

TEST(SafetyPlausibility, TheOrderOfTheInvertersDoesNotMatter) {  // SAF-082
  Wiring b;  // Battery 1 is found through inverter 2 only, and battery 3 then through inverter 1.
  std::swap(b.config.inverters[0].batteries, b.config.inverters[1].batteries);
  b.batteries[2].pack_current->sample.value = 100'000_ma;
  b.inverters[0].active_power->sample.value = 5'100_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.inverters[0].active_power->sample.value = 0_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
}

TEST(SafetyPlausibility, AnInputOfAnotherAssetIsNotTheGroups) {  // SAF-082
  for (const bool an_inverter : {true, false}) {
    Wiring b;
    window(b);
    if (an_inverter) {
      b.inverters[1].asset = inverter(9);
    } else {
      b.batteries[1].asset = battery(9);
    }
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
  }
  for (const std::size_t silent : {0U, 1U}) {  // Without every inverter's power it is not judged.
    Wiring never;
    never.inverters[silent].active_power.reset();
    never.inverters[1 - silent].active_power->sample.value = 9'000_w;
    window(never);
    EXPECT_EQ(never.finding(Rule::power_mismatch), Finding::good);
  }
  Bench unwired;
  unwired.config.inverters.clear();
  unwired.inverters.clear();
  window(unwired);
  EXPECT_EQ(unwired.finding(Rule::power_mismatch), Finding::good);
}

TEST(SafetyPlausibility, DcPvCountsOnTheDcSide) {  // SAF-082
  Bench b;
  b.config.inverters[0].has_dc_pv = true;
  b.inverters[0].active_power = taken(4'800_w, b.now);
  b.inverters[0].dc_pv_power = taken(5'000_w, b.now);
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.inverters[0].dc_pv_power->sample.value = 1'000_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
  b.inverters[0].dc_pv_power.reset();
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
}

// --- limit_disobeyed ---

/// A battery (or an inverter) that is allowed [-charge, discharge] and reads `value`.
struct Watched {
  Bench bench;
  BatteryVerdict verdict{};
  Duration age{};  ///< Of the reading.

  Watched() { allow(100'000, 100'000); }
  void allow(std::int32_t charge, std::int32_t discharge) {
    verdict.charge_current_max = MilliAmp{charge};
    verdict.discharge_current_max = MilliAmp{discharge};
  }
  int times() { return bench.state.obedience.times; }
  void run(Duration how_long, std::int32_t value) {
    for (Duration t{}; t < how_long; t += bench.tick) {
      bench.now = bench.now + bench.tick;
      bench.in().pack_current = taken(MilliAmp{value}, bench.now - age);
      bench.with([this](const Battery& c) { detail::obey(bench.state.obedience, c, verdict); });
    }
  }
};

TEST(SafetyPlausibility, EachTimeToObeyBeyondALimitCountsOneAndTheFifthLatches) {  // SAF-083
  for (const std::int32_t sign : {1, -1}) {
    Watched w;
    w.run(10_s, sign * 80'000);
    ASSERT_EQ(w.times(), 0);
    w.allow(20'000, 20'000);
    w.run(3_s, sign * 80'000);
    EXPECT_EQ(w.times(), 0) << "still executing";
    for (int n = 1; n <= 5; ++n) {
      EXPECT_FALSE(detail::latches(w.bench.state.obedience));
      w.run(kTick, sign * 80'000);
      EXPECT_EQ(w.times(), n);
      w.run(3_s - kTick, sign * 80'000);
      EXPECT_EQ(w.times(), n);
    }
    EXPECT_TRUE(detail::latches(w.bench.state.obedience));
    w.run(10_s, sign * 80'000);
    EXPECT_EQ(w.times(), 5);
    const Evaluation e = w.bench.judge(Rule::limit_disobeyed);
    EXPECT_EQ(e.finding, Finding::exceeded);
    EXPECT_EQ(e.value, sign * 80'000);
    EXPECT_EQ(e.limit, sign * 20'000);
    EXPECT_EQ(e.signal, Signal::pack_current);
  }
}

TEST(SafetyPlausibility, TheMarginIsPartOfTheLargestCurrentAndAtLeastTheFloor) {  // SAF-083
  for (const bool small : {false, true}) {
    for (const std::int32_t sign : {1, -1}) {
      Watched w;
      if (small) set_current_limits(w.bench.limits(), 5'000_ma, 4'000_ma);
      const std::int32_t margin = small ? 1'000 : 5'000;
      w.allow(2'000, 3'000);
      const std::int32_t limit = sign > 0 ? 3'000 : -2'000;
      w.run(30_s, limit + sign * margin);
      EXPECT_EQ(w.times(), 0);
      w.run(3_s + kTick, limit + sign * (margin + 1));
      EXPECT_EQ(w.times(), 1);
    }
  }
}

TEST(SafetyPlausibility, AnInverterAtIdleObeysAZero) {  // SAF-083
  Watched w;  // Its own consumption comes from the battery.
  w.allow(0, 0);
  w.run(60_s, 2'000);
  EXPECT_EQ(w.times(), 0);
}

TEST(SafetyPlausibility, ADeviceThatFollowsWithinItsTimeIsNeverCounted) {  // SAF-083
  // A limit that falls all the time, followed with a delay just below the time to obey.
  Watched w;
  constexpr int kDelay = 29;
  for (int i = 0; i < 1'000; ++i) {
    const auto at = [](int tick) { return 100'000 - std::max(0, tick) * 100; };
    w.allow(at(i), at(i));
    w.run(kTick, at(i - kDelay) + 5'000);
    ASSERT_EQ(w.times(), 0) << i;
  }
  // Falling and rising steps.
  for (int i = 0; i < 1'000; ++i) {
    const auto at = [](int tick) { return tick / 37 % 2 == 0 ? 100'000 : 10'000; };
    w.allow(at(i), at(i));
    w.run(kTick, at(std::max(0, i - kDelay)) + 5'000);
    ASSERT_EQ(w.times(), 0) << i;
  }
}

TEST(SafetyPlausibility, ADeviceThatStaysBehindAFallingLimitIsCounted) {  // SAF-083
  Watched w;
  for (int i = 0; i < 200; ++i) {
    w.allow(100'000 - i * 400, 100'000 - i * 400);
    w.run(kTick, 100'000);
  }
  EXPECT_GE(w.times(), 4);
}

TEST(SafetyPlausibility, ASampleFromBeforeTheDeadlineProvesNothing) {  // SAF-083
  Watched w;
  w.age = 1_s;
  w.allow(20'000, 20'000);
  w.run(4_s, 80'000);
  EXPECT_EQ(w.times(), 0) << "the newest sample is of 3 s after the order, not later";
  w.run(kTick, 80'000);
  EXPECT_EQ(w.times(), 1);
}

TEST(SafetyPlausibility, AShortOvershootIsNotDisobedience) {  // SAF-083
  Watched w;
  w.run(10_s, 100'000);
  for (int i = 0; i < 20; ++i) {
    w.run(3_s, 110'000);
    w.run(kTick, 105'000);
  }
  EXPECT_EQ(w.times(), 0);
  w.run(3_s + kTick, 110'000);
  EXPECT_EQ(w.times(), 1);
}

TEST(SafetyPlausibility, WithoutASampleNothingIsCountedOrForgiven) {  // SAF-083
  Watched w;
  w.allow(20'000, 20'000);
  w.run(2_s, 80'000);
  const auto blind = [&w](Duration how_long) {
    for (Duration t{}; t < how_long; t += w.bench.tick) {
      w.bench.in().pack_current.reset();
      w.bench.with([&w](const Battery& c) { detail::obey(w.bench.state.obedience, c, w.verdict); });
    }
  };
  blind(60_s);
  EXPECT_EQ(w.times(), 0);
  w.run(1_s, 80'000);
  EXPECT_EQ(w.times(), 0);
  w.run(kTick, 80'000);
  EXPECT_EQ(w.times(), 1);
  EXPECT_EQ(w.bench.judge(Rule::limit_disobeyed).value, 80'000);
  w.bench.tick = 1_s;
  blind(3'600_s);
  EXPECT_EQ(w.times(), 1);
  EXPECT_EQ(w.bench.judge(Rule::limit_disobeyed).value, 0);
  EXPECT_EQ(w.bench.judge(Rule::limit_disobeyed).limit, 20'000);
}

TEST(SafetyPlausibility, AnHourOfObedienceTakesOneBack) {  // SAF-083
  Watched w;
  w.allow(20'000, 20'000);
  w.run(6_s + kTick, 80'000);
  ASSERT_EQ(w.times(), 2);
  w.bench.tick = 1_s;
  w.run(3'599_s, 20'000);
  EXPECT_EQ(w.times(), 2);
  w.run(1_s, 20'000);
  EXPECT_EQ(w.times(), 1);
  w.run(3'599_s, 20'000);
  EXPECT_EQ(w.times(), 1);
  EXPECT_EQ(w.bench.finding(Rule::limit_disobeyed), Finding::exceeded);
  w.run(1_s, 20'000);
  EXPECT_EQ(w.times(), 0);
  EXPECT_EQ(w.bench.finding(Rule::limit_disobeyed), Finding::good);
  w.run(7'200_s, 20'000);
  EXPECT_EQ(w.times(), 0);
  w.run(4_s, 80'000);
  EXPECT_EQ(w.times(), 1) << "a hour saved up beforehand forgives nothing";
}

TEST(SafetyPlausibility, AnInverterIsHeldToItsOwnVerdict) {  // SAF-083
  Bench b;
  ObedienceState state{};
  InverterVerdict verdict;
  verdict.ac = {-2'000_w, 3'000_w};
  const auto run = [&](int cycles, std::int32_t power, bool there = true) {
    for (int i = 0; i < cycles; ++i) {
      b.now = b.now + kTick;
      b.inverters[0].active_power = taken(Watt{power}, b.now);
      if (!there) b.inverters[0].active_power.reset();
      b.obey(state, 0, verdict);
    }
  };
  run(100, 3'500);  // 5 % of 10 kVA.
  EXPECT_EQ(state.times, 0);
  run(31, 3'501);
  EXPECT_EQ(state.times, 1);
  run(100, -2'500);
  EXPECT_EQ(state.times, 1);
  run(31, -2'501);
  EXPECT_EQ(state.times, 2);
  run(100, -2'501, false);
  EXPECT_EQ(state.times, 2);
  b.config.inverters[0].apparent_max = 3'000_va;  // The floor of 200 W.
  run(100, 3'200);
  EXPECT_EQ(state.times, 2);
  run(31, 3'201);
  EXPECT_EQ(state.times, 3);
}

TEST(SafetyPlausibility, AnInverterIsJudgedByTheLimitsOfItsOwnBattery) {  // SAF-083
  Wiring b;
  for (std::size_t i = 0; i < 3; ++i) b.config.batteries[i].limits.plausibility.obey_after = 1_s;
  ObedienceState state{};
  InverterVerdict verdict;
  for (int i = 0; i < 31; ++i) {
    b.now = b.now + kTick;
    b.inverters[2].active_power = taken(5'000_w, b.now);
    EXPECT_EQ(state.times, 0);
    b.obey(state, 2, verdict);
  }
  EXPECT_EQ(state.times, 1);
}

// --- contactor_disagreement ---

struct Contactor : Bench {
  void set(std::int32_t closed, std::int32_t commanded, std::int32_t current = 0) {
    in().contactor_closed = taken(Flag{closed}, now);
    in().contactor_commanded = taken(Flag{commanded}, now);
    in().pack_current = taken(MilliAmp{current}, now);
  }
  bool latches() { return detail::contactor_latches(state, limits()); }
  auto contradicts() { return with(detail::contactor_contradicts); }
};

TEST(SafetyPlausibility, AContactorThatContradictsItsCommandOrTheCurrentLatchesAfterASecond) {
  // SAF-084
  struct Case {
    std::int32_t closed, commanded, current;
    bool wrong;
  };
  const Case cases[] = {{1, 1, 50'000, false}, {0, 0, 0, false},     {1, 0, 0, true},
                        {0, 1, 0, true},       {0, 0, 1'999, false}, {0, 0, 2'000, true},
                        {0, 0, -2'000, true},  {2, 1, 0, true},      {1, 2, 0, true}};
  for (const Case& c : cases) {
    Contactor b;
    b.set(1, 1);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good);
    b.set(c.closed, c.commanded, c.current);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), c.wrong ? Finding::exceeded : Finding::good)
        << c.closed << c.commanded << c.current;
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).value, c.closed);
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).limit, c.commanded);
    EXPECT_EQ(b.contradicts(), c.wrong);
    b.run(9);
    EXPECT_FALSE(b.latches());
    b.cycle();
    EXPECT_EQ(b.latches(), c.wrong);
    b.set(1, 1);
    b.cycle();
    EXPECT_FALSE(b.latches());
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good);
    b.set(c.closed, c.commanded, c.current);
    b.run(10);
    EXPECT_FALSE(b.latches()) << "the second starts again";
  }
}

TEST(SafetyPlausibility, AContactorThatStaysClosedAgainstSafetysOrderDisagrees) {  // SAF-084
  for (const bool with_command : {true, false}) {
    Contactor b;
    b.set(1, 1);
    if (!with_command) b.in().contactor_commanded.reset();
    b.cycle();
    b.state.open_ordered = true;
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::exceeded);
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).limit, 0);
    b.run(9);
    EXPECT_FALSE(b.latches());
    b.cycle();
    EXPECT_TRUE(b.latches());
    EXPECT_EQ(b.contradicts(), false) << "no reason to refuse the reset that takes the order back";
    b.in().contactor_closed->sample.value = Flag{0};
    if (with_command) b.in().contactor_commanded->sample.value = Flag{0};
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good);
  }
}

TEST(SafetyPlausibility, AnOrderToOpenCountsWithoutTheCommandThatWasGivenOnce) {  // SAF-084
  Contactor b;
  b.set(1, 1);
  b.cycle();
  b.in().contactor_commanded.reset();
  b.state.open_ordered = true;
  b.run(2);
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::exceeded);
  b.in().contactor_commanded = taken(Flag{1}, b.now, Quality::bad);
  b.run(9);
  EXPECT_TRUE(b.latches());
}

TEST(SafetyPlausibility, AFeedbackThatIsNotKnownIsNeverGoodOnceGiven) {  // SAF-084
  Contactor b;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good) << "none is wired";
  EXPECT_EQ(b.contradicts(), std::nullopt);
  b.set(0, 1);
  b.run(5);
  b.in().contactor_closed->sample.quality = Quality::bad;
  b.run(20);
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::exceeded) << "what was known stands";
  EXPECT_FALSE(b.latches()) << "and no time passes";
  b.set(1, 1);
  b.cycle();
  b.in().contactor_closed->sample.quality = Quality::bad;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::band);
  for (const bool gone : {true, false}) {
    b.set(1, 1);
    b.in().contactor_commanded->sample.quality = Quality::bad;
    if (gone) b.in().contactor_commanded.reset();
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::missing);
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).signal, Signal::contactor_commanded);
    EXPECT_TRUE(b.judge(Rule::contactor_disagreement).announce_missing);
  }
  b.set(1, 1);
  b.in().contactor_commanded->sample.quality = Quality::bad;
  EXPECT_EQ(b.contradicts(), std::nullopt);
  b.set(0, 0);
  b.in().pack_current.reset();
  b.cycle();
  EXPECT_EQ(b.contradicts(), std::nullopt) << "an open contactor is shown by its current";
  b.set(1, 1);
  b.cycle();
  EXPECT_EQ(b.contradicts(), false);
}

TEST(SafetyPlausibility, TimesAreExactToTheMicrosecond) {  // SAF-082 SAF-083 SAF-084
  Contactor b;
  b.limits().plausibility.contactor_after = 1_s + 1_us;
  b.tick = 1_s;
  b.set(0, 1);
  b.run(2);
  EXPECT_FALSE(b.latches());
  b.tick = 1_us;
  b.cycle();
  EXPECT_TRUE(b.latches());

  Watched w;
  w.bench.limits().plausibility.obey_after = 3_s + 1_us;
  w.run(1_s, 0);
  w.run(3_s + kTick, 110'000);  // The first of these cycles starts the time.
  EXPECT_EQ(w.times(), 0);
  w.bench.tick = 1_us;
  w.run(1_us, 110'000);
  EXPECT_EQ(w.times(), 1);

  Bench power;
  power.limits().plausibility.power_after = 10_s + 1_us;
  power.in().pack_power = taken(0_w, power.now);
  power.tick = 10_s + 1_us;
  power.cycle();
  power.in().pack_power->sample.value = 5'000_w;
  power.tick = 10_s;
  power.cycle();
  EXPECT_EQ(power.finding(Rule::power_mismatch), Finding::good);
  power.tick = 1_us;
  power.cycle();
  EXPECT_EQ(power.finding(Rule::power_mismatch), Finding::exceeded);
}

// --- proofs for a reset ---

TEST(SafetyPlausibility, ADeviceThatWasToldZeroMayHaveTheMarginOnly) {  // SAF-033 SAF-083
  Bench b;
  const auto flows = [&b] { return b.with([](const Battery& c) { return detail::flows(c); }); };
  for (const std::int32_t sign : {1, -1}) {
    b.in().pack_current->sample.value = MilliAmp{sign * 5'000};
    EXPECT_EQ(flows(), false);
    b.in().pack_current->sample.value = MilliAmp{sign * 5'001};
    EXPECT_EQ(flows(), true);
  }
  b.in().pack_current->sample.quality = Quality::bad;
  EXPECT_EQ(flows(), std::nullopt);

  const auto delivers = [&b] {
    return b.with([](const Battery& c) { return detail::flows(c, 0); });
  };
  EXPECT_EQ(delivers(), std::nullopt);
  b.inverters[0].active_power = taken(500_w, b.now);
  EXPECT_EQ(delivers(), false);
  b.inverters[0].active_power = taken(-501_w, b.now);
  EXPECT_EQ(delivers(), true);
}

// --- what the kernel makes of them ---

/// Cycles until both directions are forbidden; -1 when they are not within `most`.
template <class Act>
int cycles_until_safe(World& w, int most, const Act& act) {
  for (int i = 1; i <= most; ++i) {
    act();
    w.run();
    if (!w.charges() && !w.discharges()) return i;
  }
  return -1;
}

TEST(SafetyPlausibilityKernel, ALoadStepLeavesTheBatteryWorking) {  // SAF-018 SAF-085
  for (int step_at = 300; step_at < 310; ++step_at) {
    World w;
    BatteryInputs& in = w.batteries[0];
    MilliAmp load{};
    for (int tick = 0; tick < 500; ++tick) {
      w.now = w.now + 100_ms;
      if (tick == step_at) load = 40'000_ma;
      const MilliVolt cell{3'300 - load.count() / 1'000};
      if (tick % 10 == 0) {
        in.pack_voltage = in.cell_sum->terminals = taken(cell * kCells, w.now);
        in.pack_current = taken(load, w.now);
        in.soc = taken(5000_bp, w.now);
        in.temp_max = in.temp_min = taken(25'000_mdegc, w.now);
      }
      if (tick % 10 == 4) {
        in.cell_voltage_max = in.cell_voltage_min = taken(cell, w.now);
        in.cell_sum->sum = taken(cell * kCells, w.now);
      }
      w.judge();
      if (tick < 100) continue;  // Health is shown, and cells and terminals compared, by then.
      ASSERT_TRUE(w.charges() && w.discharges()) << "tick " << tick;
      ASSERT_FALSE(w.verdict().plausibility_failed);
    }
  }
}

TEST(SafetyPlausibilityKernel, AJumpIsSafeAndNamedUntilSteadyForClearAfter) {  // SAF-080
  World w;
  w.settle();
  ASSERT_TRUE(w.charges());
  w.batteries[0].soc->sample.value = 6'001_bp;
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
  EXPECT_TRUE(w.verdict().plausibility_failed);
  EXPECT_EQ(w.events("value_jump", true), 1);
  ASSERT_NE(w.reason(Rule::value_jump), nullptr);
  EXPECT_EQ(w.reason(Rule::value_jump)->value, 1'001);
  w.run(50);
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::normal);
  EXPECT_FALSE(w.verdict().plausibility_failed);
  EXPECT_EQ(w.events("value_jump", false), 1);
}

TEST(SafetyPlausibilityKernel, FrozenValuesAreSafeUntilTheyLive) {  // SAF-081
  World w;
  w.config.batteries[0].capacity = MicroAmpHour{10'000'000};
  w.batteries[0].pack_current->sample.value = 20'000_ma;  // 0.2 Ah in 36 s.
  w.settle();
  EXPECT_EQ(cycles_until_safe(w, 400, [] {}), 301);
  EXPECT_NE(w.reason(Rule::values_frozen), nullptr);
  EXPECT_TRUE(w.verdict().plausibility_failed);
  w.batteries[0].pack_current->sample.value = 20'001_ma;
  w.run(52);
  EXPECT_TRUE(w.charges());
}

TEST(SafetyPlausibilityKernel, AClockThatGoesBackTakesNoTimeAway) {  // SAF-029 SAF-081
  World w;
  w.config.batteries[0].capacity = MicroAmpHour{10'000'000};
  w.batteries[0].pack_current->sample.value = 20'000_ma;  // Frozen after 301 cycles, as above.
  w.settle().run(200);
  w.now = w.now - 30_s;
  w.run(101);
  EXPECT_EQ(w.reason(Rule::values_frozen), nullptr);
  w.run();
  EXPECT_NE(w.reason(Rule::values_frozen), nullptr);
}

TEST(SafetyPlausibilityKernel, AMismatchOfPowersIsSafe) {  // SAF-082
  World w;
  w.inverters[0].active_power = taken(0_w, w.now);
  w.settle();
  w.inverters[0].active_power->sample.value = 5'000_w;
  const int cycles = cycles_until_safe(w, 400, [] {});
  EXPECT_GE(cycles, 100);
  EXPECT_LE(cycles, 200);
  EXPECT_NE(w.reason(Rule::power_mismatch), nullptr);
  EXPECT_FALSE(w.state.tripped());
}

TEST(SafetyPlausibilityKernel, TheFifthDisobedienceOfABatteryTripsItAndAResetNeedsItsRest) {
  // SAF-083 SAF-033
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(2)));
  w.inverters.push_back({inverter(2), std::nullopt});
  w.settle();
  BatteryInputs& in = w.batteries[0];
  in.pack_current->sample.value = 50'000_ma;
  in.soc->sample.value = 500_bp;  // Discharging is forbidden from here on.
  int warned_at = 0;
  int cycles = 0;
  while (!w.state.tripped() && cycles < 1'000) {
    in.cell_voltage_min->sample.value = MilliVolt{3'299 + cycles % 2};  // It lives.
    w.run();
    ++cycles;
    if (w.events("limit_disobeyed", true) == 1) warned_at = cycles;
  }
  EXPECT_GT(warned_at, 30);
  EXPECT_LE(warned_at, 33);
  EXPECT_GT(cycles, 150);
  EXPECT_LE(cycles, 153);
  ASSERT_EQ(w.state.latch().size(), 1U);
  EXPECT_EQ(w.state.latch()[0].cause, TripCause::limit_disobeyed);
  EXPECT_EQ(w.state.latch()[0].asset, battery(1));
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  EXPECT_EQ(w.out.inverters[1].command, CommandKind::follow);
  EXPECT_TRUE(w.charges(1));

  const ResetRequest request{Role::technician, "Ada", "inverter replaced"};
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  in.pack_current->sample.value = 5'000_ma;
  w.run();
  const auto after = reset(w.state, w.config, w.inputs(), w.now, request);
  ASSERT_TRUE(after);
  w.state = *after;
  w.run(100);
  EXPECT_FALSE(w.state.tripped()) << "counting starts again";
  EXPECT_TRUE(w.charges());
}

TEST(SafetyPlausibilityKernel, TheFifthDisobedienceOfAnInverterTripsItAndItsBatteries) {
  // SAF-083 SAF-033
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(2)));
  w.inverters.push_back({inverter(2), std::nullopt, taken(0_w, w.now)});
  w.settle();
  ASSERT_EQ(w.out.inverters[1].command, CommandKind::follow);
  w.config.inverters[1].discharge_max = 1'000_w;
  w.inverters[1].active_power->sample.value = 3'000_w;
  w.batteries[1].pack_current->sample.value = 57'000_ma;
  int cycles = 0;
  while (!w.state.tripped() && cycles < 1'000) {
    w.run();
    ++cycles;
  }
  EXPECT_LE(cycles, 153);
  ASSERT_EQ(w.state.latch().size(), 1U);
  EXPECT_EQ(w.state.latch()[0].cause, TripCause::limit_disobeyed);
  EXPECT_EQ(w.state.latch()[0].asset, inverter(2));
  w.run();
  EXPECT_EQ(w.verdict(1).state, SafetyState::tripped);
  EXPECT_EQ(w.out.inverters[1].state, SafetyState::tripped);
  EXPECT_TRUE(w.charges(0));
  const ResetRequest request{Role::technician, "Ada", "firmware of the inverter"};
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  w.inverters[1].active_power->sample.value = 500_w;
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, request));
}

TEST(SafetyPlausibilityKernel, WhileDisarmedNobodyDisobeys) {  // SAF-083 SAF-084
  World w;
  w.batteries[0].contactor_closed = taken(Flag{1}, w.now);
  w.inverters[0].active_power = taken(0_w, w.now);
  w.settle();
  w.batteries[0].soc->sample.value = 500_bp;
  w.batteries[0].pack_current->sample.value = 50'000_ma;
  w.inverters[0].active_power->sample.value = 2'600_w;
  const auto run = [&w](int cycles, bool armed) {
    for (int i = 0; i < cycles; ++i) {
      w.now = w.now + 100_ms;
      w.refresh();
      Inputs inputs = w.inputs();
      inputs.armed = armed;
      const Step next = step(w.state, w.config, inputs, w.now);
      w.state = next.state;
      w.out = next.output;
    }
  };
  run(300, false);
  EXPECT_FALSE(w.state.tripped());
  run(30, true);
  EXPECT_EQ(w.reason(Rule::limit_disobeyed), nullptr) << "what was before arming does not count";
  run(10, false);
  run(155, true);
  EXPECT_TRUE(w.state.tripped());
}

TEST(SafetyPlausibilityKernel, AContactorThatDoesNotFollowForbidsAtOnceAndTripsAfterItsDelay) {
  // SAF-084 SAF-033
  World w;
  w.batteries[0].contactor_closed = taken(Flag{1}, w.now);
  w.batteries[0].contactor_commanded = taken(Flag{1}, w.now);
  w.settle();
  ASSERT_TRUE(w.charges());
  w.batteries[0].contactor_closed->sample.value = Flag{0};
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
  EXPECT_EQ(w.events("contactor_disagreement", true), 1);
  w.run(9);
  EXPECT_FALSE(w.state.tripped());
  w.run();
  ASSERT_TRUE(w.state.tripped());
  EXPECT_EQ(w.state.latch()[0].cause, TripCause::contactor);
  const ResetRequest request{Role::technician, "Ada", "coil replaced"};
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  w.batteries[0].contactor_closed->sample.value = Flag{1};
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, request));
}

TEST(SafetyPlausibilityKernel,
     AContactorThatStaysClosedAfterATripIsNamedAndCanBeReset) {  // SAF-084
  World w;
  w.batteries[0].contactor_closed = taken(Flag{1}, w.now);
  w.settle();
  w.estop = true;
  w.run();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  w.run();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::open);
  w.run(10);
  ASSERT_EQ(w.state.latch().size(), 1U);
  w.run();
  ASSERT_EQ(w.state.latch().size(), 2U);
  EXPECT_EQ(w.state.latch()[1].cause, TripCause::contactor);
  w.estop = false;
  const auto after =
      reset(w.state, w.config, w.inputs(), w.now, {Role::technician, "Ada", "not wired to open"});
  ASSERT_TRUE(after);
  w.state = *after;
  w.run(61);
  EXPECT_FALSE(w.state.tripped());
  EXPECT_TRUE(w.charges());
}

}  // namespace
}  // namespace ems::safety::test
