// SPDX-License-Identifier: Apache-2.0
#include "can.hpp"
#include "ems/protocol/can_lv/emulator.hpp"

namespace ems::capi {
namespace {

using protocol::can_lv::EmulatedBattery;

constexpr std::size_t kBurstFrames = sizeof(ems_can_burst_t::frames) / sizeof(ems_can_frame_t);

/// Makes the typed sample; a value that does not fit its type stays unknown. @return true.
template <class Q>
bool set_sample(std::optional<Sample<Q>>& into, const ems_sample_t& given) noexcept {
  const auto narrow = static_cast<typename Q::Rep>(given.value);
  if (narrow != given.value) return true;
  into = Sample<Q>{Q{narrow}, instant(given.taken_at_ms), static_cast<Quality>(given.quality)};
  return true;
}
bool set_sample(std::optional<Sample<bool>>& into, const ems_sample_t& given) noexcept {
  into = Sample<bool>{given.value == 1, instant(given.taken_at_ms),
                      static_cast<Quality>(given.quality)};
  return true;
}
bool set_sample(std::optional<Sample<std::uint64_t>>& into, const ems_sample_t& given) noexcept {
  into = Sample<std::uint64_t>{static_cast<std::uint64_t>(given.value), instant(given.taken_at_ms),
                               static_cast<Quality>(given.quality)};
  return true;
}

/// False when the protocol does not carry the signal.
bool set_signal(EmulatedBattery& battery, const ems_sample_t& given) noexcept {
  switch (static_cast<Signal>(given.signal)) {
    case Signal::soc:
      return set_sample(battery.soc, given);
    case Signal::soh:
      return set_sample(battery.soh, given);
    case Signal::pack_voltage:
      return set_sample(battery.pack_voltage, given);
    case Signal::pack_current:
      return set_sample(battery.pack_current, given);
    case Signal::temperature:
      return set_sample(battery.temperature, given);
    case Signal::charge_voltage_limit:
      return set_sample(battery.charge_voltage_limit, given);
    case Signal::discharge_voltage_limit:
      return set_sample(battery.discharge_voltage_limit, given);
    case Signal::charge_current_limit:
      return set_sample(battery.charge_current_limit, given);
    case Signal::discharge_current_limit:
      return set_sample(battery.discharge_current_limit, given);
    case Signal::charge_enable:
      return set_sample(battery.charge_enable, given);
    case Signal::discharge_enable:
      return set_sample(battery.discharge_enable, given);
    case Signal::alarms:
      return set_sample(battery.alarms, given);
    case Signal::warnings:
      return set_sample(battery.warnings, given);
    case Signal::module_count:
      battery.module_count =
          static_cast<std::uint8_t>(std::clamp<std::int64_t>(given.value, 1, UINT8_MAX));
      return true;
    default:
      return false;
  }
}

}  // namespace

extern "C" {

EMS_API ems_status_t ems_pylontech_encode(const ems_sample_t* samples, std::size_t count,
                                          std::int64_t now_ms, std::int64_t max_age_ms,
                                          ems_can_burst_t* out) {
  return guarded([&]() -> ems_status_t {
    if (samples == nullptr && count > 0) return invalid("samples is NULL");
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (max_age_ms <= 0) return failed(EMS_E_OUT_OF_RANGE, "max_age_ms is not above 0");
    EmulatedBattery battery;
    for (std::size_t i = 0; i < count; ++i) {
      const auto place = static_cast<std::uint16_t>(std::min<std::size_t>(i, UINT16_MAX));
      if (samples[i].quality > EMS_QUALITY_GOOD) {
        return failed(EMS_E_OUT_OF_RANGE, "quality is no EMS_QUALITY_*", place);
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (samples[j].signal == samples[i].signal) {
          return failed(EMS_E_ALREADY_EXISTS, "a signal is there twice", place);
        }
      }
      if (!set_signal(battery, samples[i])) {
        return failed(EMS_E_NOT_FOUND, "the protocol does not carry that signal", place);
      }
    }
    const protocol::can_lv::Burst burst = protocol::can_lv::encode_burst(
        battery, protocol::can_lv::Dialect::pylontech, instant(now_ms), milliseconds(max_age_ms));
    EMS_ASSERT(burst.size() <= kBurstFrames);
    ems_can_burst_t full{};
    for (const protocol::CanFrame& frame : burst) full.frames[full.count++] = frame_to_c(frame);
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
