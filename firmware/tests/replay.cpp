// SPDX-License-Identifier: Apache-2.0
#include "tests/replay.hpp"

#include <array>
#include <string_view>
#include <type_traits>

#include "ems/model/image.hpp"
#include "ems/runtime/control_loop.hpp"
#include "ems/telemetry/varint.hpp"
#include "support/all_policies.hpp"

namespace ems::firmware::test {
namespace {

constexpr std::uint16_t kCells = 16;
constexpr std::uint32_t kExplainEvery = 100;
constexpr UtcInstant kDay{seconds(1'767'225'600)};  // 2026-01-01

runtime::ControlConfig site() {
  runtime::ControlConfig config;
  for (std::uint16_t i = 1; i <= 2; ++i) {
    safety::BatteryConfig battery_config;
    battery_config.asset = battery(i);
    battery_config.cells_in_series = kCells;
    battery_config.limits = safety::default_limits(safety::Chemistry::lfp);
    safety::set_current_limits(battery_config.limits, 100'000_ma, 100'000_ma);
    battery_config.breaking_current_max = 20'000_ma;
    battery_config.fuse_current = 125'000_ma;
    battery_config.capacity = MicroAmpHour{100'000'000};
    battery_config.hazards_wired = safety::hazard_bit(safety::HazardInput::smoke);
    config.safety.batteries.push_back(battery_config);
    config.batteries.push_back({5'000_wh});
    safety::InverterConfig inverter_config;
    inverter_config.asset = inverter(i);
    inverter_config.batteries = static_cast<std::uint8_t>(1U << (i - 1U));
    inverter_config.apparent_max = 5'000_va;
    inverter_config.charge_max = 5'000_w;
    inverter_config.discharge_max = 5'000_w;
    inverter_config.efficiency = 9'500_bp;
    inverter_config.has_dc_pv = i == 2;
    inverter_config.can_curtail_pv = i == 2;
    config.safety.inverters.push_back(inverter_config);
    config.inverters.push_back({5'000_w});
  }
  config.pcc_meter = meter(1);
  config.decision = ems::test::all_policies();
  config.arming = safety::Arming::armed;
  return config;
}

/// Gathers the output, digests it and hands it on in larger pieces.
class Output {
 public:
  explicit Output(ReplayFiles& files) : files_(files) {}

  /// An integer, a boolean or an enumerator, as a zigzag varint.
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void add(T value) {
    if (size_ + telemetry::kVarintSizeMax > buffer_.size()) flush();
    size_ = telemetry::store_varint(buffer_, size_,
                                    telemetry::zigzag(static_cast<std::int64_t>(value)));
  }
  template <class Tag, class Rep>
  void add(Quantity<Tag, Rep> quantity) {
    add(quantity.count());
  }
  void add(Instant at) { add(at.since_zero()); }
  void add(AssetId asset) {
    add(asset.kind);
    add(asset.module);
    add(asset.index);
  }
  void add(Interval interval) {
    add(interval.lo);
    add(interval.hi);
  }
  void add(std::string_view text) {
    add(text.size());
    for (const char c : text) add(static_cast<unsigned char>(c));
  }
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.has_value());
    if (value) add(*value);
  }
  void add(const decision::Band& band) {
    add(band.lo);
    add(band.hi);
  }

  void flush() {
    const Bytes bytes = Bytes(buffer_).first(size_);
    for (const std::byte b : bytes) {
      digest_ = (digest_ ^ std::to_integer<std::uint8_t>(b)) * 0x0000'0100'0000'01B3ULL;
    }
    kept_ = files_.write(bytes) && kept_;
    size_ = 0;
  }
  [[nodiscard]] bool kept() const { return kept_; }
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

 private:
  ReplayFiles& files_;
  std::array<std::byte, 4096> buffer_{};
  std::size_t size_ = 0;
  std::uint64_t digest_ = 0xCBF2'9CE4'8422'2325ULL;
  bool kept_ = true;
};

void add(Output& out, const safety::Output& safety) {
  out.add(safety.site);
  out.add(safety.late_ticks);
  for (const safety::BatteryVerdict& v : safety.batteries) {
    out.add(v.asset);
    out.add(v.state);
    out.add(v.charge_current_max);
    out.add(v.discharge_current_max);
    out.add(v.charge_voltage_max);
    out.add(v.discharge_voltage_min);
    out.add(v.plausibility_failed);
    out.add(v.reasons.size());
    for (const safety::Reason& reason : v.reasons) {
      out.add(reason.rule);
      out.add(reason.direction);
      out.add(reason.action);
      out.add(reason.cause);
      out.add(reason.signal);
      out.add(reason.element);
      out.add(reason.value);
      out.add(reason.limit);
    }
  }
  for (const safety::InverterVerdict& v : safety.inverters) {
    out.add(v.ac);
    out.add(v.command);
    out.add(v.state);
    out.add(v.apparent_max);
    out.add(v.curtail_pv);
    out.add(v.may_open);
  }
  out.add(safety.events.size());
  for (const Event& event : safety.events) {
    out.add(event.severity);
    out.add(event.asset);
    out.add(std::string_view(event.name));
    out.add(event.active);
    out.add(event.value);
    out.add(event.signal);
  }
}

void add(Output& out, const decision::Decision& decision) {
  out.add(decision.target());
  out.add(decision.resolution.winner);
  out.add(decision.resolution.runner_up);
  for (const decision::LevelTrace& level : decision.resolution.levels) {
    out.add(level.before);
    out.add(level.after);
    out.add(level.lo_by);
    out.add(level.hi_by);
  }
  out.add(decision.resolution.conflicts.size());
  for (const decision::Conflict& conflict : decision.resolution.conflicts) {
    out.add(conflict.policy);
    out.add(conflict.kind);
    out.add(conflict.bound_by);
    out.add(conflict.shortfall);
    out.add(conflict.against_itself);
  }
  for (const decision::PolicyOutput& policy : decision.policies) {
    out.add(policy.demand.policy);
    out.add(policy.status);
    out.add(policy.source);
    out.add(policy.demand.constraint);
    out.add(policy.demand.preference);
  }
  for (const decision::InputAge& input : decision.inputs) {
    out.add(input.policy);
    out.add(input.input);
    out.add(input.usable);
    out.add(input.quality);
    out.add(input.age);
    out.add(input.value);
  }
  out.add(decision.import_limit);
  out.add(decision.export_limit);
  out.add(decision.droop_start);
  out.add(decision.net_load.has_value());
  if (decision.net_load) out.add(decision.net_load->power);
}

void add(Output& out, const runtime::Tick& tick, bool explained) {
  add(out, tick.safety);
  add(out, tick.decision);
  for (const distribute::Share& share : tick.distribution.shares) {
    out.add(share.power);
    out.add(share.bounds);
    out.add(share.energy);
    out.add(share.reason);
  }
  for (const safety::GateResult& order : tick.orders) {
    out.add(order.command.has_value());
    if (order.command) {
      out.add(order.command->kind);
      out.add(order.command->p);
      out.add(order.command->q);
    }
    out.add(order.why);
  }
  out.add(tick.gated);
  out.add(tick.latch_changed);
  for (const runtime::DerivedValue& derived : tick.derived) {
    out.add(derived.signal);
    out.add(derived.value);
    out.add(derived.quality);
  }
  if (explained) {
    static std::array<char, decision::kExplanationSize> text;
    out.add(decision::explain(tick.decision, text));
    out.add(distribute::explain(tick.distribution, text));
  }
}

/// One line of the log.
struct Record {
  enum class Kind : std::uint8_t { sample = 1, set = 2, unset = 3, reset = 4, tick = 5 };
  Kind kind{};
  std::uint8_t first = 0;  ///< Quality, which command, or the mask of the inverters that answer.
  std::uint8_t second = 0;
  AssetId asset{};
  Signal signal{};
  std::uint16_t element = 0;
  Duration span{};
  std::int64_t value = 0;
  Duration at{};
};

std::optional<Record> parse(Bytes bytes) {
  const auto byte = [bytes](std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); };
  const bool known = byte(0) >= 1 && byte(0) <= 5 && byte(1) <= 3 && byte(2) <= 5;
  if (!known || load_le16(bytes, 10) != 0) return std::nullopt;
  return Record{.kind = static_cast<Record::Kind>(byte(0)),
                .first = byte(1),
                .second = byte(2),
                .asset = {static_cast<AssetKind>(byte(2)), byte(3), load_le16(bytes, 4)},
                .signal = static_cast<Signal>(load_le16(bytes, 6)),
                .element = load_le16(bytes, 8),
                .span = milliseconds(load_le32(bytes, 12)),
                .value = static_cast<std::int64_t>(load_le64(bytes, 16)),
                .at = Duration{static_cast<std::int64_t>(load_le64(bytes, 24))}};
}

/// Gives a command, or takes it back.
void command(runtime::TickInputs& inputs, const Record& record) {
  const Instant given{record.at};
  const Watt power{static_cast<std::int32_t>(record.value)};
  const auto give = [&](auto& slot, const auto& what) {
    slot.reset();
    if (record.kind == Record::Kind::unset) return;
    slot.emplace();
    what(*slot);
    slot->given_at = given;
    slot->lease_end = given + record.span;
    slot->actor = decision::ActorName("replay");
  };
  const auto setpoint = [power](decision::SetpointCommand& c) { c.power = power; };
  const auto limit = [power](decision::LimitCommand& c) { c.limits = {power, power}; };
  if (record.first == 0) give(inputs.setpoint, setpoint);
  if (record.first == 1) give(inputs.remote_setpoint, setpoint);
  if (record.first == 2) give(inputs.active_power_limit, limit);
  if (record.first == 3) give(inputs.dimming, limit);
}

decision::WallTime wall_time(std::int64_t utc_us) {
  if (utc_us == 0) return {};
  return {.utc = UtcInstant{Duration{utc_us}},
          .utc_offset = seconds(3'600),
          .quality = ClockQuality::synced};
}

}  // namespace

std::optional<Replayed> replay(ReplayFiles& files) {
  static std::array<ImageEntry, 128> storage;
  static runtime::ControlLoop loop(site(), safety::State{});
  static std::array<std::byte, 128 * kRecordSize> block;
  static runtime::Tick tick;
  ProcessImage image(storage);
  Output out(files);
  static const ems::test::DayTables day(kDay);
  runtime::TickInputs inputs;
  inputs.schedule = day.schedule();
  inputs.plan = day.plan();
  inputs.prices = day.prices();
  Replayed replayed;
  for (;;) {
    const std::size_t size = files.read(block);
    if (size % kRecordSize != 0) return std::nullopt;
    for (std::size_t at = 0; at < size; at += kRecordSize) {
      const std::optional<Record> record = parse(Bytes(block).subspan(at, kRecordSize));
      if (!record) return std::nullopt;
      const Instant now{record->at};
      switch (record->kind) {
        case Record::Kind::sample:
          out.add(image
                      .set({{record->asset, record->signal, record->element},
                            record->value,
                            now,
                            static_cast<Quality>(record->first)},
                           record->span)
                      .has_value());
          break;
        case Record::Kind::set:
        case Record::Kind::unset:
          command(inputs, *record);
          break;
        case Record::Kind::reset:
          out.add(
              loop.reset(image, now, {safety::Role::technician, "replay", "replay"}).has_value());
          break;
        case Record::Kind::tick:
          inputs.inverters_ready = record->first;
          inputs.estop = record->second != 0;
          inputs.wall = wall_time(record->value);
          tick = loop.tick(image, inputs, now);
          add(out, tick, ++replayed.ticks % kExplainEvery == 0);
          break;
      }
    }
    if (size < block.size()) break;
  }
  out.flush();
  replayed.digest = out.digest();
  return out.kept() ? std::optional(replayed) : std::nullopt;
}

}  // namespace ems::firmware::test
