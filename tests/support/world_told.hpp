// SPDX-License-Identifier: Apache-2.0
/// @file What a fleet world's agent is told: frames of one battery at a time, made from the truth
/// by sensors that may lie, carried by links that may fail, and kept beside the process image in
/// the plainest form for the judge.
#pragma once

#include <array>
#include <cmath>
#include <deque>
#include <optional>

#include "ems/model/image.hpp"
#include "ems/runtime/site_image.hpp"
#include "support/world_plant.hpp"

namespace ems::test {

/// Fields of a battery's frame.
enum BatteryField : std::uint8_t {
  kCell1 = 0,
  kTemp1 = kWorldCells,
  kTemp2,
  kPackVoltage,
  kPackCurrent,
  kPackPower,
  kSoc,
  kChargeLimit,
  kDischargeLimit,
  kChargeFet,
  kDischargeFet,
  kSmoke,
  kGas,
  kInsulation,
  kContactorClosed,
  kContactorCommanded,
  kBatteryFields,
};
enum InverterField : std::uint8_t { kActivePower, kDcPv, kGridConnected, kInverterFields };
enum MeterField : std::uint8_t { kGridPower, kFrequency, kImported, kMeterFields };

inline Point battery_point(AssetId asset, std::size_t field) {
  if (field < kTemp1) {
    return {asset, Signal::cell_voltage, static_cast<std::uint16_t>(field + 1)};
  }
  if (field <= kTemp2) {
    return {asset, Signal::temperature, static_cast<std::uint16_t>(field - kTemp1 + 1)};
  }
  constexpr std::array kSignals{Signal::pack_voltage,
                                Signal::pack_current,
                                Signal::pack_power,
                                Signal::soc,
                                Signal::charge_current_limit,
                                Signal::discharge_current_limit,
                                Signal::charge_fet_on,
                                Signal::discharge_fet_on,
                                Signal::smoke_detected,
                                Signal::gas_detected,
                                Signal::insulation_resistance,
                                Signal::contactor_closed,
                                Signal::contactor_commanded};
  return {asset, kSignals[field - kPackVoltage], 0};
}

/// One value as the agent last heard it.
struct Heard {
  std::int64_t value = 0;
  Instant at{};
  Quality quality = Quality::bad;
  Duration stale_after{};
  bool there = false;
  [[nodiscard]] bool usable(Instant now, Duration most) const {
    if (!there || (quality != Quality::good && quality != Quality::substituted)) return false;
    return at <= now && now - at < stale_after && now - at < most;
  }
};

/// What a device says at one moment. Absent: it does not give this value now.
template <std::size_t N>
struct WorldFrame {
  struct Value {
    std::int64_t value = 0;
    Quality quality = Quality::good;
  };
  std::array<std::optional<Value>, N> values{};
};
using BatteryFrame = WorldFrame<kBatteryFields>;
using InverterFrame = WorldFrame<kInverterFields>;
using MeterFrame = WorldFrame<kMeterFields>;

/// What can be wrong with a battery's measurements.
enum class Lie : std::uint8_t {
  none,
  stuck,     ///< One value stays what it is.
  jump,      ///< One value is far away.
  drift,     ///< One value walks away.
  nonsense,  ///< Anything, ends of the type included.
  missing,   ///< One value is not given any more.
  sum,       ///< A cell says something else than the terminals.
  frozen,    ///< The whole frame repeats.
  doubtful,  ///< The device itself marks a value.
  hazard     ///< Smoke, gas or insulation: true or not, the detector says so.
};
inline constexpr std::size_t kLies = 10;

/// A battery's sensors.
class WorldSensors {
 public:
  /// What this BMS gives besides the basic measurements.
  struct Extras {
    bool limits = false;
    bool switches = false;
    bool hazards = false;
    bool contactor = false;
    bool power = false;
  };
  explicit WorldSensors(Extras extras) : extras_(extras) {}

  void lie(Lie kind, std::size_t field, std::int64_t amount, Instant from, Instant until) {
    lie_ = kind;
    field_ = field;
    amount_ = amount;
    from_ = from;
    until_ = until;
    kept_.reset();
    kept_value_.reset();
  }
  [[nodiscard]] bool honest() const { return lie_ == Lie::none; }
  [[nodiscard]] const Extras& extras() const { return extras_; }

  BatteryFrame measure(const sim::BatteryState& truth, bool contactor, std::int32_t most_ma,
                       Instant now) {
    if (lie_ != Lie::none && now >= until_) lie_ = Lie::none;
    BatteryFrame frame = honest_frame(truth, contactor, most_ma);
    if (lie_ != Lie::none) twist(frame, now);
    return frame;
  }

 private:
  static std::int64_t whole(double value) { return std::llround(value); }

  [[nodiscard]] BatteryFrame honest_frame(const sim::BatteryState& truth, bool contactor,
                                          std::int32_t most_ma) const {
    BatteryFrame frame;
    const auto set = [&frame](std::size_t field, std::int64_t value) {
      frame.values[field] = BatteryFrame::Value{value, Quality::good};
    };
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < kWorldCells; ++i) {
      const std::int64_t cell = whole(truth.cell_v[i] * 1'000.0);
      sum += cell;
      set(kCell1 + i, cell);
    }
    set(kTemp1, whole(truth.temperature_degc[0] * 1'000.0));
    set(kTemp2, whole(truth.temperature_degc[1] * 1'000.0));
    set(kPackVoltage, sum);
    set(kPackCurrent, whole(truth.current_a * 1'000.0));
    if (extras_.power) set(kPackPower, whole(truth.voltage_v * truth.current_a));
    set(kSoc, whole(truth.soc_pct * 100.0));
    if (extras_.limits) {
      const auto cut = [most_ma](bool near, bool there) {
        return there ? 0 : near ? most_ma / 4 : most_ma;
      };
      set(kChargeLimit, cut(truth.soc_pct > 85.0, truth.soc_pct > 92.0));
      set(kDischargeLimit, cut(truth.soc_pct < 20.0, truth.soc_pct < 12.0));
    }
    if (extras_.switches) {
      set(kChargeFet, truth.charge_on ? 1 : 0);
      set(kDischargeFet, truth.discharge_on ? 1 : 0);
    }
    if (extras_.hazards) {
      set(kSmoke, 0);
      set(kGas, 0);
      set(kInsulation, 5'000);
    }
    if (extras_.contactor) {
      set(kContactorClosed, contactor ? 1 : 0);
      set(kContactorCommanded, contactor ? 1 : 0);
    }
    return frame;
  }

  void twist(BatteryFrame& frame, Instant now) {
    auto& value = frame.values[field_];
    switch (lie_) {
      case Lie::none:
        break;
      case Lie::stuck:
        if (!kept_value_ && value) kept_value_ = value->value;
        if (value) value->value = *kept_value_;
        break;
      case Lie::jump:
        if (value) value->value += amount_;
        break;
      case Lie::drift:
        if (value) value->value += amount_ * ((now - from_).count() / 1'000) / 100'000;
        break;
      case Lie::nonsense: {
        constexpr std::array<std::int64_t, 6> kNonsense{
            0, -1, 0xFFFF, std::int64_t{1} << 31, std::int64_t{-1} << 31, std::int64_t{1} << 40};
        const auto pick = static_cast<std::uint64_t>(amount_ + (now - from_).count() / 1'000'000);
        if (value) value->value = kNonsense[pick % kNonsense.size()];
        break;
      }
      case Lie::missing:
        value.reset();
        break;
      case Lie::sum:
        frame.values[kCell1 + field_ % kWorldCells]->value += amount_;
        break;
      case Lie::frozen:
        if (!kept_) kept_ = frame;
        frame = *kept_;
        break;
      case Lie::doubtful:
        if (value) value->quality = amount_ % 2 == 0 ? Quality::bad : Quality::uncertain;
        break;
      case Lie::hazard:
        if (!extras_.hazards) break;
        frame.values[kSmoke]->value = amount_ % 3 == 0 ? 1 : 0;
        frame.values[kGas]->value = amount_ % 3 == 1 ? 1 : 0;
        if (amount_ % 3 == 2) frame.values[kInsulation]->value = 50;
    }
  }

  Extras extras_;
  Lie lie_ = Lie::none;
  std::size_t field_ = 0;
  std::int64_t amount_ = 0;
  Instant from_{};
  Instant until_{};
  std::optional<std::int64_t> kept_value_;
  std::optional<BatteryFrame> kept_;
};

/// One direction of a link: frames in order, late, lost, or cut.
template <class Frame>
class WorldLink {
 public:
  void cut(Instant until) {
    cut_until_ = until;
    queue_.clear();
  }
  void storm(Instant until) { storm_until_ = until; }
  [[nodiscard]] bool up(Instant now) const { return now >= cut_until_; }
  [[nodiscard]] bool calm(Instant now) const { return up(now) && now >= storm_until_; }

  void send(const Frame& frame, Instant now, Dice& dice) {
    if (!up(now)) return;
    Duration delay = milliseconds(dice.between(20, 90));
    if (now < storm_until_) {
      if (dice.one_in(3)) return;
      delay = milliseconds(dice.between(20, 2'000));
    }
    Instant at = now + delay;
    if (!queue_.empty() && at < queue_.back().first) at = queue_.back().first;
    queue_.emplace_back(at, frame);
  }
  std::optional<Frame> receive(Instant now) {
    if (queue_.empty() || queue_.front().first > now) return std::nullopt;
    Frame frame = queue_.front().second;
    queue_.pop_front();
    return frame;
  }

 private:
  std::deque<std::pair<Instant, Frame>> queue_;
  Instant cut_until_{};
  Instant storm_until_{};
};

/// The process image, and the same for the judge.
class WorldTold {
 public:
  WorldTold() : storage_(256), image_(storage_) {}
  WorldTold(const WorldTold&) = delete;
  WorldTold& operator=(const WorldTold&) = delete;

  void forget() {
    image_ = ProcessImage(storage_);
    batteries_ = {};
    inverters_ = {};
    estop_ = {};
  }
  void battery_frame(std::size_t b, const BatteryFrame& frame, Instant at, Duration stale_after) {
    const AssetId asset = battery(static_cast<std::uint16_t>(b + 1));
    for (std::size_t f = 0; f < kBatteryFields; ++f) {
      if (frame.values[f]) {
        tell(battery_point(asset, f), batteries_[b][f], *frame.values[f], at, stale_after);
      }
    }
  }
  void inverter_frame(std::size_t i, const InverterFrame& frame, Instant at, Duration stale_after) {
    constexpr std::array kSignals{Signal::active_power, Signal::dc_pv_power,
                                  Signal::grid_connected};
    const AssetId asset = inverter(static_cast<std::uint16_t>(i + 1));
    for (std::size_t f = 0; f < kInverterFields; ++f) {
      if (frame.values[f]) {
        tell({asset, kSignals[f], 0}, inverters_[i][f], *frame.values[f], at, stale_after);
      }
    }
  }
  void meter_frame(const MeterFrame& frame, Instant at, Duration stale_after) {
    constexpr std::array kSignals{Signal::active_power, Signal::frequency, Signal::energy_imported};
    Heard nobody;
    for (std::size_t f = 0; f < kMeterFields; ++f) {
      if (frame.values[f]) {
        tell({meter(1), kSignals[f], 0}, nobody, *frame.values[f], at, stale_after);
      }
    }
  }
  void estop_input(bool pressed, Instant at, Duration stale_after) {
    tell({kSite, Signal::estop_pressed, 0}, estop_, BatteryFrame::Value{pressed ? 1 : 0}, at,
         stale_after);
  }

  [[nodiscard]] const ProcessImage& image() const { return image_; }
  [[nodiscard]] const std::array<Heard, kBatteryFields>& battery_heard(std::size_t b) const {
    return batteries_[b];
  }
  [[nodiscard]] const std::array<Heard, kInverterFields>& inverter_heard(std::size_t i) const {
    return inverters_[i];
  }
  [[nodiscard]] const Heard& estop_heard() const { return estop_; }

 private:
  template <class Value>
  void tell(const Point& point, Heard& heard, const Value& value, Instant at,
            Duration stale_after) {
    heard = {value.value, at, value.quality, stale_after, true};
    EMS_ASSERT(image_.set({point, value.value, at, value.quality}, stale_after).has_value());
  }

  std::vector<ImageEntry> storage_;
  ProcessImage image_;
  std::array<std::array<Heard, kBatteryFields>, 3> batteries_{};
  std::array<std::array<Heard, kInverterFields>, 3> inverters_{};
  Heard estop_{};
};

}  // namespace ems::test
