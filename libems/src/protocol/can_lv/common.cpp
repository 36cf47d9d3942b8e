// SPDX-License-Identifier: Apache-2.0
// Frames that most dialects of the family share.
#include <array>

#include "protocol/can_lv/heard.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr std::int64_t kBasisPointsPerPercent = 100;
constexpr std::int64_t kKelvinAtZero = 273;  // These senders count whole kelvins so.
constexpr std::int64_t kMilliPerDegree = 1'000;

constexpr bool printable(std::byte byte) noexcept {
  return byte >= std::byte{0x20} && byte <= std::byte{0x7E};
}

/// Up to the first byte that is not printable: senders append binary.
template <std::size_t N>
void append_text(FixedString<N>& text, Bytes data) noexcept {
  for (const std::byte byte : data) {
    if (!printable(byte)) return;
    const char c = static_cast<char>(byte);
    text.append({&c, 1});
  }
}

void give_text(const Heard& heard, TextField field, std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (!text.empty()) heard.out.text(field, text);
}

/// Frames 370 and 371 are half a name each when all of 370 is text; else 370 has the extremes.
bool is_text(Bytes data) noexcept {
  for (const std::byte byte : data) {
    if (!printable(byte) && byte != std::byte{0}) return false;
  }
  return true;
}

/// The charge voltage limit in mV; nullopt while it is not known.
std::optional<std::int64_t> ceiling(const Heard& heard) noexcept {
  const CanSlot* limits = heard.fresh(FrameId::limits);
  if (limits == nullptr) return std::nullopt;
  const std::int64_t raw = heard.fields(*limits).u16(0).value_or(0);
  if (raw == 0 || raw == kUnset) return std::nullopt;
  return raw * kMilliPerTenth;
}

/// A battery is never below half of its charge voltage limit, nor a quarter above it.
constexpr bool near(std::int64_t millivolts, std::int64_t ceiling) noexcept {
  return millivolts * 2 >= ceiling && millivolts * 4 <= ceiling * 5;
}

void give_voltage(const Heard& heard, std::int64_t raw) {
  const std::int64_t fine = raw * 10;
  const std::int64_t coarse = raw * kMilliPerTenth;
  const std::optional<std::int64_t> limit = ceiling(heard);
  if (raw < 0) {
    heard.out.missing(Signal::pack_voltage);
  } else if (heard.rules.voltage == VoltageStep::hundredth || raw == 0) {
    heard.out.value(Signal::pack_voltage, fine);
  } else if (limit && near(coarse, *limit)) {
    heard.out.value(Signal::pack_voltage, coarse);
  } else if (limit && near(fine, *limit)) {
    heard.out.value(Signal::pack_voltage, fine);
  } else if (limit) {
    heard.out.missing(Signal::pack_voltage);
  }
}

/// True for SMA's "invalid", whichever of the two a sender takes for a signed field.
bool invalid(const Heard& heard, std::int64_t raw) noexcept {
  return heard.rules.invalid_marks && (raw == kInvalid || raw == -1);
}

void give_current_limit(const Heard& heard, Signal signal, std::optional<std::int64_t> raw,
                        std::int64_t when_negative) {
  if (!raw) return;
  const std::int64_t amount = *raw < 0 ? *raw * when_negative : *raw;
  // 8000 has no magnitude, in no dialect.
  if (invalid(heard, *raw) || amount == -kInvalid) return heard.out.missing(signal);
  heard.out.value(signal, amount * kMilliPerTenth);
}

}  // namespace

void give_tenths(const Heard& heard, Signal signal, std::optional<std::int64_t> tenths) {
  if (tenths) heard.out.sensor(signal, *tenths * kMilliPerTenth);
}

void give_cell(const Heard& heard, Signal signal, std::optional<std::int64_t> millivolts) {
  if (!millivolts) return;
  if (*millivolts == 0) return heard.out.missing(signal);
  heard.out.cell(signal, *millivolts);
}

void give_text(const Heard& heard, TextField field, FrameId first, FrameId second) {
  const CanSlot* head = heard.find(first);
  if (head == nullptr || !is_text(head->frame.payload())) return;
  FixedString<2 * kCanDataSize> text;
  append_text(text, head->frame.payload());
  const bool full = text.view().size() == kCanDataSize;  // Else it ends in its first half.
  const CanSlot* tail = heard.find(second);
  if (full && tail != nullptr) append_text(text, tail->frame.payload());
  give_text(heard, field, text.view());
}

void give_limits(const Heard& heard) { give_limits(heard, false); }

void give_limits(const Heard& heard, bool charge_open) {
  const Fields& in = heard.in;
  const auto volts = [&heard](Signal signal, std::int64_t raw) {
    heard.out.maybe(signal, raw == kUnset ? std::nullopt : std::optional(raw * kMilliPerTenth));
  };
  volts(Signal::charge_voltage_limit, *in.u16(0));
  // A negative charge limit contradicts the wire's own sign: nothing may be charged on its word.
  auto charge = in.s16(2);
  if (charge && charge_open) charge = 0;
  give_current_limit(heard, Signal::charge_current_limit, charge, 0);
  // Some senders give the discharge limit the sign of a discharge current: the magnitude is meant.
  give_current_limit(heard, Signal::discharge_current_limit, in.s16(4), -1);
  // The 2018 paper leaves these bytes blank: 0 is no limit that a pack could mean.
  if (const auto floor = in.u16(6); floor && *floor != 0) {
    volts(Signal::discharge_voltage_limit, *floor);
  }
  // The voltage of a frame 356 that came before its step could be told.
  if (heard.rules.voltage != VoltageStep::by_ceiling || heard.previous) return;
  const CanSlot* measured = heard.fresh(FrameId::measured);
  if (measured != nullptr) give_voltage(heard, *heard.fields(*measured).s16(0));
}

std::int64_t state_of_charge(const Fields& in) noexcept {
  const std::int64_t coarse = *in.u16(0) * kBasisPointsPerPercent;
  // Bytes 4 and 5 are the same in 0.01 %, or 0, or something else altogether.
  const std::int64_t fine = in.u16(4).value_or(0);
  const std::int64_t apart = fine < coarse ? coarse - fine : fine - coarse;
  const bool agree = fine != 0 && fine <= kFullBasisPoints && apart <= kBasisPointsPerPercent;
  return agree && coarse <= kFullBasisPoints ? fine : coarse;
}

void give_state(const Heard& heard) {
  heard.out.percent(Signal::soc, state_of_charge(heard.in));
  if (const auto soh = heard.in.u16(2)) {
    heard.out.percent(Signal::soh, *soh * kBasisPointsPerPercent);
  }
}

void give_measured(const Heard& heard) {
  const auto raw = amount(heard.in.s16(2));
  const CurrentSign sign = heard.rules.current;
  std::optional<std::int64_t> current;
  if (raw && !invalid(heard, *raw)) {
    current = *raw * kMilliPerTenth * (sign == CurrentSign::discharging ? 1 : -1);
  }
  give_measured(heard, current, sign == CurrentSign::unproven ? Quality::uncertain : Quality::good);
}

void give_measured(const Heard& heard, std::optional<std::int64_t> current, Quality quality) {
  give_voltage(heard, *heard.in.s16(0));
  if (current) {
    heard.sink.reading({.signal = Signal::pack_current, .value = *current, .quality = quality});
  } else if (heard.in.s16(2)) {
    heard.out.missing(Signal::pack_current);
  }
  give_tenths(heard, Signal::temperature, heard.in.s16(4));
}

void give_requests(const Heard& heard) {
  const auto bits = static_cast<unsigned>(*heard.in.u8(0));
  const auto flag = [&heard, bits](Signal signal, unsigned mask) {
    heard.out.flag(signal, (bits & mask) != 0);
  };
  flag(Signal::charge_enable, kChargeEnable);
  flag(Signal::discharge_enable, kDischargeEnable);
  flag(Signal::force_charge, kForceChargeEarly | kForceChargeLate);
  flag(Signal::full_charge_request, kFullChargeRequest);
}

void give_manufacturer(const Heard& heard) {
  FixedString<kCanDataSize> name;
  append_text(name, heard.in.all());
  give_text(heard, TextField::manufacturer, name.view());
}

void give_product(const Heard& heard) {
  heard.vendor("battery_type", heard.in.u16(0));
  heard.vendor("bms_version", heard.in.u16(2));
  heard.vendor("capacity_ah", heard.in.u16(4));
  heard.vendor("manufacturer_id", heard.in.u16(6));
}

void give_name(const Heard& heard) {
  if (heard.find(FrameId::product_name) != nullptr) return;  // A product's name says more.
  give_text(heard, TextField::device_model, FrameId::extremes, FrameId::name);
}

void give_extremes(const Heard& heard) {
  if (is_text(heard.in.all())) return give_name(heard);
  give_tenths(heard, Signal::cell_temp_max, heard.in.s16(0));
  give_tenths(heard, Signal::cell_temp_min, heard.in.s16(2));
  give_cell(heard, Signal::cell_voltage_max, heard.in.u16(4));
  give_cell(heard, Signal::cell_voltage_min, heard.in.u16(6));
}

void give_cell_extremes(const Heard& heard) {
  give_cell(heard, Signal::cell_voltage_min, heard.in.u16(0));
  give_cell(heard, Signal::cell_voltage_max, heard.in.u16(2));
  const auto coldest = heard.in.u16(4);
  const auto warmest = heard.in.u16(6);
  heard.vendor("cell_temp_min_k", coldest);
  heard.vendor("cell_temp_max_k", warmest);
  // Whole kelvins only stand in where frame 370 does not give tenths of a degree.
  const CanSlot* finer = heard.find(FrameId::extremes);
  if (finer != nullptr && !is_text(finer->frame.payload())) return;
  const auto celsius = [&heard](Signal signal, std::optional<std::int64_t> kelvin) {
    if (!kelvin) return;
    heard.out.sensor(signal, (*kelvin - kKelvinAtZero) * kMilliPerDegree);
  };
  celsius(Signal::cell_temp_min, coldest);
  celsius(Signal::cell_temp_max, warmest);
}

void give_capacity(const Heard& heard) {
  const std::int64_t amp_hours = *heard.in.u16(0);
  heard.out.vendor("capacity_ah", amp_hours);
  if (amp_hours != 0 && amp_hours != kUnset) {
    heard.out.value(Signal::design_capacity, amp_hours * kMicroPerAmpHour);
  }
}

void give_charge_left(const Heard& heard) {
  give_capacity(heard);
  if (const auto left = heard.in.u16(2)) {
    heard.out.maybe(Signal::remaining_capacity,
                    *left == kUnset ? std::nullopt : std::optional(*left * kMicroPerAmpHour));
  }
}

}  // namespace ems::protocol::can_lv
