// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_lv/codec.hpp"

#include <iterator>

#include "ems/core/units.hpp"
#include "ems/protocol/can_lv/frames.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr CanSend kSendPlan[] = {
    {"keep-alive",
     {.id = static_cast<std::uint32_t>(FrameId::keep_alive), .size = kCanDataSize},
     seconds(1)},
};

// Batteries send every second; gaps of 2.5 s were measured on healthy buses.
constexpr Duration kQuietAfter = seconds(5);

constexpr std::uint32_t kBitRate = 500'000;
constexpr std::int64_t kMilliPerTenth = 100;
constexpr std::int64_t kBasisPointsPerPercent = 100;
constexpr std::int64_t kFull = 10'000;            // Basis points.
constexpr std::int64_t kAbsoluteZero = -273'150;  // Millicelsius.
constexpr std::int64_t kKelvinAtZero = 273;       // These senders count whole kelvins so.
constexpr std::int64_t kMilliPerDegree = 1'000;
constexpr std::int64_t kUnset = 0xFFFF;  // A u16 that its sender never filled.

/// Fields of one frame, each there or not: short frames are legal.
class Fields {
 public:
  explicit Fields(const CanFrame& frame) noexcept : data_(frame.payload()) {}
  [[nodiscard]] bool has(std::size_t at, std::size_t size) const noexcept {
    return at + size <= data_.size();
  }
  [[nodiscard]] std::optional<std::int64_t> u8(std::size_t at) const noexcept {
    if (!has(at, 1)) return std::nullopt;
    return load_u8(data_, at);
  }
  [[nodiscard]] std::optional<std::int64_t> u16(std::size_t at) const noexcept {
    if (!has(at, 2)) return std::nullopt;
    return load_le16(data_, at);
  }
  [[nodiscard]] std::optional<std::int64_t> s16(std::size_t at) const noexcept {
    if (!has(at, 2)) return std::nullopt;
    return static_cast<std::int16_t>(load_le16(data_, at));
  }
  [[nodiscard]] Bytes all() const noexcept { return data_; }

 private:
  Bytes data_;
};

void give(ReadingSink& sink, Signal signal, std::int64_t value) {
  sink.reading({.signal = signal, .value = value});
}

void give_vendor(ReadingSink& sink, std::string_view name, std::optional<std::int64_t> value) {
  if (value) sink.vendor_value(name, *value);
}

void give_celsius(ReadingSink& sink, Signal signal, std::int64_t millicelsius) {
  if (millicelsius < kAbsoluteZero) return sink.missing(signal, 0, 0);
  give(sink, signal, millicelsius);
}

constexpr bool printable(std::byte byte) noexcept {
  return byte >= std::byte{0x20} && byte <= std::byte{0x7E};
}

/// Up to the first byte that is not printable: senders append binary.
template <std::size_t N>
void append_name(FixedString<N>& text, Bytes data) noexcept {
  for (const std::byte byte : data) {
    if (!printable(byte)) return;
    const char c = static_cast<char>(byte);
    text.append({&c, 1});
  }
}

template <std::size_t N>
void give_name(ReadingSink& sink, TextField field, const FixedString<N>& name) {
  std::string_view text = name.view();
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (!text.empty()) sink.text(field, text, 0);
}

void give_limits(const Fields& in, ReadingSink& sink) {
  if (const auto limit = in.u16(0); limit == kUnset) {
    sink.missing(Signal::charge_voltage_limit, 0, 0);
  } else if (limit) {
    give(sink, Signal::charge_voltage_limit, *limit * kMilliPerTenth);
  }
  // A negative charge limit contradicts the wire's own sign: nothing may be charged on its word.
  if (const auto limit = in.s16(2)) {
    give(sink, Signal::charge_current_limit, *limit < 0 ? 0 : *limit * kMilliPerTenth);
  }
  // Some senders give the discharge limit the sign of a discharge current: the magnitude is meant.
  if (const auto limit = in.s16(4)) {
    give(sink, Signal::discharge_current_limit, (*limit < 0 ? -*limit : *limit) * kMilliPerTenth);
  }
  // The 2018 paper leaves these bytes blank: 0 is no limit that a pack could mean.
  if (const auto limit = in.u16(6); limit == kUnset) {
    sink.missing(Signal::discharge_voltage_limit, 0, 0);
  } else if (limit && *limit != 0) {
    give(sink, Signal::discharge_voltage_limit, *limit * kMilliPerTenth);
  }
}

void give_percent(ReadingSink& sink, Signal signal, std::int64_t basis_points) {
  if (basis_points > kFull) return sink.missing(signal, 0, 0);
  give(sink, signal, basis_points);
}

void give_state(const Fields& in, ReadingSink& sink) {
  const std::int64_t coarse = *in.u16(0) * kBasisPointsPerPercent;
  // Bytes 4 and 5 are the same in 0.01 %, or 0, or something else altogether.
  const std::int64_t fine = in.u16(4).value_or(0);
  const std::int64_t apart = fine < coarse ? coarse - fine : fine - coarse;
  const bool agree = fine != 0 && fine <= kFull && apart <= kBasisPointsPerPercent;
  give_percent(sink, Signal::soc, agree && coarse <= kFull ? fine : coarse);
  if (const auto soh = in.u16(2)) give_percent(sink, Signal::soh, *soh * kBasisPointsPerPercent);
}

void give_measured(const Fields& in, ReadingSink& sink) {
  const std::int64_t voltage = *in.s16(0);
  if (voltage < 0) {
    sink.missing(Signal::pack_voltage, 0, 0);
  } else {
    give(sink, Signal::pack_voltage, voltage * 10);
  }
  if (const auto current = in.s16(2)) {  // The wire counts charging positive.
    give(sink, Signal::pack_current, -*current * kMilliPerTenth);
  }
  if (const auto temperature = in.s16(4)) {
    give_celsius(sink, Signal::temperature, *temperature * kMilliPerTenth);
  }
}

struct BitAlarm {
  std::uint16_t bit;
  Alarm alarm;
};

constexpr BitAlarm kProtections[] = {
    {kOvervoltage, Alarm::pack_overvoltage},
    {kUndervoltage, Alarm::pack_undervoltage},
    {kOvertemperature, Alarm::overtemperature},
    {kUndertemperature, Alarm::undertemperature},
    {kDischargeOvercurrent, Alarm::discharge_overcurrent},
    {kChargeOvercurrent, Alarm::charge_overcurrent},
    {kSystemError, Alarm::internal_failure},
};

constexpr BitAlarm kWarnings[] = {
    {kOvervoltage, Alarm::pack_overvoltage},
    {kUndervoltage, Alarm::pack_undervoltage},
    {kOvertemperature, Alarm::overtemperature},
    {kUndertemperature, Alarm::undertemperature},
    {kDischargeOvercurrent, Alarm::discharge_overcurrent},
    {kChargeOvercurrent, Alarm::charge_overcurrent},
    {kSystemError, Alarm::communication_failure},
};

/// Pairs of 35A, alarms from pair 0, warnings from pair 16, two bits each from bit 0 of byte 0.
constexpr std::optional<Alarm> kPairs[] = {
    std::nullopt,  // General.
    Alarm::pack_overvoltage,
    Alarm::pack_undervoltage,
    Alarm::overtemperature,
    Alarm::undertemperature,
    Alarm::charge_overtemperature,
    Alarm::charge_undertemperature,
    Alarm::discharge_overcurrent,
    Alarm::charge_overcurrent,
    Alarm::contactor_failure,
    Alarm::short_circuit,
    Alarm::internal_failure,
    Alarm::cell_imbalance,
};
constexpr unsigned kPairsPerHalf = 16;
constexpr unsigned kPairActive = 1;
constexpr unsigned kPairInactive = 2;
constexpr unsigned kVendorGeneral = 16;  // Bits of `vendor_alarms`: 0 .. 15 are 359's, then 35A's.

/// What the alarm frames say, taken together. A half that no frame had is absent.
struct AlarmState {
  std::optional<std::uint64_t> alarms, warnings;
  std::uint64_t vendor_alarms = 0;
  std::uint64_t vendor_warnings = 0;

  void add(std::optional<std::uint64_t>& mask, std::uint64_t bits) noexcept {
    mask = mask.value_or(0) | bits;
  }
};

/// Splits the bits of half a frame 359 into those with a name for everybody and the others.
std::uint64_t split(std::uint16_t word, std::span<const BitAlarm> table,
                    std::uint64_t& others) noexcept {
  std::uint64_t named = 0;
  for (const BitAlarm& row : table) {
    if ((word & row.bit) == 0) continue;
    named |= alarm_bit(row.alarm);
    word = static_cast<std::uint16_t>(word & ~row.bit);
  }
  others |= word;
  return named;
}

/// A frame that no longer comes cannot say that all is well; an alarm of it stays.
bool fresh(const CanSlot& slot, Instant now) noexcept {
  return now - slot.received_at < kQuietAfter;
}

void add_alarm_bits(const CanSlot& slot, Instant now, AlarmState& state) noexcept {
  const Bytes data = slot.frame.payload();
  const std::size_t size = fresh(slot, now) ? data.size() : 0;
  const auto byte = [data](std::size_t at) { return at < data.size() ? load_u8(data, at) : 0U; };
  const auto protections = static_cast<std::uint16_t>(byte(0) | byte(1) << 8U);
  const auto warnings = static_cast<std::uint16_t>(byte(2) | byte(3) << 8U);
  const std::uint64_t alarms = split(protections, kProtections, state.vendor_alarms);
  // Half of the bits cannot say that all is well; they can say that something is not.
  if (size >= 2 || protections != 0) state.add(state.alarms, alarms);
  const std::uint64_t warned = split(warnings, kWarnings, state.vendor_warnings);
  if (size >= 4 || warnings != 0) state.add(state.warnings, warned);
}

/// The note of a 35A slot: active pairs in the low word, pairs ever reported in the high word.
std::uint64_t merge_pairs(std::uint64_t note, Bytes data) noexcept {
  for (unsigned pair = 0; pair < data.size() * 4; ++pair) {
    const std::uint64_t bit = std::uint64_t{1} << pair;
    const unsigned value = load_u8(data, pair / 4) >> (pair % 4 * 2) & 3U;
    if (value == kPairActive) note |= bit;
    if (value == kPairInactive) note &= ~bit;
    if (value == kPairActive || value == kPairInactive) note |= bit << 32U;
  }
  return note;
}

void add_alarm_pairs(const CanSlot& slot, Instant now, AlarmState& state) noexcept {
  const auto half = [&slot](unsigned first) {
    std::uint64_t bits = 0;
    for (unsigned pair = 0; pair < std::size(kPairs); ++pair) {
      const bool active = (slot.note >> (first + pair) & 1U) != 0;
      if (active && kPairs[pair]) bits |= alarm_bit(*kPairs[pair]);
    }
    return bits;
  };
  const std::size_t size = fresh(slot, now) ? slot.frame.payload().size() : 0;
  const std::uint64_t alarms = half(0);
  const std::uint64_t warnings = half(kPairsPerHalf);
  if ((slot.note & 1U) != 0) state.vendor_alarms |= std::uint64_t{1} << kVendorGeneral;
  if ((slot.note >> kPairsPerHalf & 1U) != 0) {
    state.vendor_warnings |= std::uint64_t{1} << kVendorGeneral;
  }
  if (size >= 4 || alarms != 0) state.add(state.alarms, alarms);
  if (size == kCanDataSize || warnings != 0) state.add(state.warnings, warnings);
}

const CanSlot* find(const CanMailbox& mailbox, FrameId id) noexcept {
  return mailbox.find(static_cast<std::uint32_t>(id));
}

/// Both alarm frames may be on one bus: what either says holds.
void give_alarms(const CanMailbox& mailbox, Instant now, ReadingSink& sink) {
  AlarmState state;
  if (const CanSlot* slot = find(mailbox, FrameId::alarms)) add_alarm_bits(*slot, now, state);
  if (const CanSlot* slot = find(mailbox, FrameId::alarm_pairs)) {
    add_alarm_pairs(*slot, now, state);
    sink.vendor_value("alarm_pairs_known", static_cast<std::int64_t>(slot->note >> 32U));
  }
  if (state.alarms) {
    give(sink, Signal::alarms, static_cast<std::int64_t>(*state.alarms));
    give(sink, Signal::vendor_alarms, static_cast<std::int64_t>(state.vendor_alarms));
  }
  if (state.warnings) {
    give(sink, Signal::warnings, static_cast<std::int64_t>(*state.warnings));
    sink.vendor_value("vendor_warnings", static_cast<std::int64_t>(state.vendor_warnings));
  }
}

void give_requests(const Fields& in, ReadingSink& sink) {
  const auto bits = static_cast<unsigned>(*in.u8(0));
  const auto flag = [&sink, bits](Signal signal, unsigned mask) {
    give(sink, signal, (bits & mask) != 0 ? 1 : 0);
  };
  flag(Signal::charge_enable, kChargeEnable);
  flag(Signal::discharge_enable, kDischargeEnable);
  flag(Signal::force_charge, kForceChargeEarly | kForceChargeLate);
  flag(Signal::full_charge_request, kFullChargeRequest);
}

/// Frames 370 and 371 are half a name each when all of 370 is text; else 370 has the extremes.
bool is_text(Bytes data) noexcept {
  for (const std::byte byte : data) {
    if (!printable(byte) && byte != std::byte{0}) return false;
  }
  return true;
}

void give_model(const CanMailbox& mailbox, ReadingSink& sink) {
  const CanSlot* first = find(mailbox, FrameId::extremes);
  if (first == nullptr || !is_text(first->frame.payload())) return;
  FixedString<2 * kCanDataSize> name;
  append_name(name, first->frame.payload());
  const bool full = name.view().size() == kCanDataSize;  // Else the name ends in its first half.
  const CanSlot* second = find(mailbox, FrameId::name);
  if (full && second != nullptr) append_name(name, second->frame.payload());
  give_name(sink, TextField::device_model, name);
}

/// A cell of 0 mV cannot be told from bytes that nobody filled.
void give_cell(ReadingSink& sink, Signal signal, std::optional<std::int64_t> millivolts) {
  if (!millivolts) return;
  if (*millivolts == 0 || *millivolts == kUnset) return sink.missing(signal, 0, 0);
  give(sink, signal, *millivolts);
}

void give_extremes(const Fields& in, ReadingSink& sink) {
  give_celsius(sink, Signal::cell_temp_max, *in.s16(0) * kMilliPerTenth);
  if (const auto value = in.s16(2)) {
    give_celsius(sink, Signal::cell_temp_min, *value * kMilliPerTenth);
  }
  give_cell(sink, Signal::cell_voltage_max, in.u16(4));
  give_cell(sink, Signal::cell_voltage_min, in.u16(6));
}

void give_cell_extremes(const Fields& in, const CanMailbox& mailbox, ReadingSink& sink) {
  give_cell(sink, Signal::cell_voltage_min, in.u16(0));
  give_cell(sink, Signal::cell_voltage_max, in.u16(2));
  const auto coldest = in.u16(4);
  const auto warmest = in.u16(6);
  give_vendor(sink, "cell_temp_min_k", coldest);
  give_vendor(sink, "cell_temp_max_k", warmest);
  // Whole kelvins only stand in where frame 370 does not give tenths of a degree.
  const CanSlot* finer = find(mailbox, FrameId::extremes);
  if (finer != nullptr && !is_text(finer->frame.payload())) return;
  const auto celsius = [&sink](Signal signal, std::optional<std::int64_t> kelvin) {
    if (!kelvin) return;
    if (*kelvin == 0) return sink.missing(signal, 0, 0);
    give(sink, signal, (*kelvin - kKelvinAtZero) * kMilliPerDegree);
  };
  celsius(Signal::cell_temp_min, coldest);
  celsius(Signal::cell_temp_max, warmest);
}

void give_product(const Fields& in, ReadingSink& sink) {
  give_vendor(sink, "battery_type", in.u16(0));
  give_vendor(sink, "bms_version", in.u16(2));
  give_vendor(sink, "capacity_ah", in.u16(4));
  give_vendor(sink, "manufacturer_id", in.u16(6));
}

/// Bytes of the first field: what a frame must have to say anything.
std::size_t first_field_size(FrameId id) noexcept {
  switch (id) {
    case FrameId::alarms:
    case FrameId::alarm_pairs:
    case FrameId::requests:
    case FrameId::manufacturer:
    case FrameId::name:
      return 1;
    case FrameId::limits:
    case FrameId::state:
    case FrameId::measured:
    case FrameId::product:
    case FrameId::extremes:
    case FrameId::cell_extremes:
    case FrameId::capacity:
      return 2;
    case FrameId::keep_alive:
      return 0;
  }
  return 0;
}

void give_frame(FrameId id, const Fields& in, Instant now, const CanMailbox& mailbox,
                ReadingSink& sink) {
  switch (id) {
    case FrameId::limits:
      return give_limits(in, sink);
    case FrameId::state:
      return give_state(in, sink);
    case FrameId::measured:
      return give_measured(in, sink);
    case FrameId::alarms:
      if (const auto modules = in.u8(4)) give(sink, Signal::module_count, *modules);
      return give_alarms(mailbox, now, sink);
    case FrameId::alarm_pairs:
      return give_alarms(mailbox, now, sink);
    case FrameId::requests:
      return give_requests(in, sink);
    case FrameId::manufacturer: {
      FixedString<kCanDataSize> name;
      append_name(name, in.all());
      return give_name(sink, TextField::manufacturer, name);
    }
    case FrameId::product:
      return give_product(in, sink);
    case FrameId::extremes:
      if (is_text(in.all())) return give_model(mailbox, sink);
      return give_extremes(in, sink);
    case FrameId::name:
      return give_model(mailbox, sink);
    case FrameId::cell_extremes:
      return give_cell_extremes(in, mailbox, sink);
    case FrameId::capacity:
      return give_vendor(sink, "capacity_ah", in.u16(0));
    case FrameId::keep_alive:
      return;
  }
}

}  // namespace

const ProtocolInfo& Codec::info() const noexcept {
  static constexpr std::uint32_t kBitRates[] = {kBitRate};
  static constexpr ProtocolInfo kInfo{.name = "pylontech-lv-can",
                                      .title = "Pylontech low voltage and what imitates it",
                                      .evidence = Evidence::captured_frames,
                                      .bit_rates = kBitRates};
  return kInfo;
}

Result<const CanCodec*> Codec::with(const CodecOptions& options, CodecRoom& room) const noexcept {
  const Result<std::size_t> known = check_options(info(), options);
  if (!known) return fail(known.error());
  return &room.put(*this);
}

std::uint32_t Codec::bit_rate() const noexcept { return kBitRate; }

std::span<const CanSend> Codec::send_plan() const noexcept { return kSendPlan; }

Duration Codec::quiet_after() const noexcept { return kQuietAfter; }

Result<CanTaken> Codec::decode(const CanFrame& frame, Instant now, CanMailbox& mailbox,
                               ReadingSink& sink) const noexcept {
  EMS_ASSERT(frame.valid());
  const auto id = static_cast<FrameId>(frame.id);
  const std::size_t needed = frame.extended || frame.remote ? 0 : first_field_size(id);
  if (needed == 0) return CanTaken::ignored;
  if (frame.size < needed) {
    return fail(Errc::length, frame.size, "the frame is too short for its first field");
  }
  CanSlot* slot = mailbox.put(frame, now);
  if (slot == nullptr) return fail(Errc::resource_exhausted, 0, "the CAN mailbox is full");
  if (id == FrameId::alarm_pairs) slot->note = merge_pairs(slot->note, frame.payload());
  give_frame(id, Fields(frame), now, mailbox, sink);
  return CanTaken::decoded;
}

std::optional<std::string_view> Codec::vendor_alarm_name(unsigned bit) const noexcept {
  if (bit == kVendorGeneral) return "general";
  return std::nullopt;
}

const Codec& codec() noexcept {
  static constexpr Codec kCodec;
  return kCodec;
}

}  // namespace ems::protocol::can_lv
