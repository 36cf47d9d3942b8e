// SPDX-License-Identifier: Apache-2.0
#include "can.hpp"
#include "codec.hpp"
#include "ems/protocol/can_lv/emulator.hpp"

namespace ems::capi {
namespace {

using protocol::can_lv::Dialect;
using protocol::can_lv::EmulatedBattery;

static_assert(protocol::can_lv::Burst::capacity() <= EMS_CAN_SPEAK_FRAMES);
constexpr std::size_t kBurstFrames = sizeof(ems_can_burst_t::frames) / sizeof(ems_can_frame_t);

/// What only the dialects beside Pylontech's can say.
bool is_further(Signal signal) noexcept {
  return signal == Signal::cell_voltage_max || signal == Signal::cell_voltage_min ||
         signal == Signal::cell_temp_max || signal == Signal::cell_temp_min ||
         signal == Signal::design_capacity;
}

/// Reads what the caller knows of the battery, or says what is wrong with it.
ems_status_t take_battery(const ems_sample_t* samples, std::size_t count, std::int64_t max_age_ms,
                          bool pylontech_only, EmulatedBattery& into) noexcept {
  if (max_age_ms <= 0) return failed(EMS_E_OUT_OF_RANGE, "max_age_ms is not above 0");
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
    const auto signal = static_cast<Signal>(samples[i].signal);
    const auto quality = static_cast<Quality>(samples[i].quality);
    if ((pylontech_only && is_further(signal)) ||
        !set(into, signal, samples[i].value, instant(samples[i].taken_at_ms), quality)) {
      return failed(EMS_E_NOT_FOUND, "the protocol does not carry that signal", place);
    }
  }
  return EMS_OK;
}

}  // namespace

extern "C" {

EMS_API ems_status_t ems_pylontech_encode(const ems_sample_t* samples, std::size_t count,
                                          std::int64_t now_ms, std::int64_t max_age_ms,
                                          ems_can_burst_t* out) {
  return guarded([&]() -> ems_status_t {
    if (samples == nullptr && count > 0) return invalid("samples is NULL");
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    EmulatedBattery battery;
    const ems_status_t taken = take_battery(samples, count, max_age_ms, true, battery);
    if (taken != EMS_OK) return taken;
    const protocol::can_lv::Burst burst = protocol::can_lv::encode_burst(
        battery, Dialect::pylontech, instant(now_ms), milliseconds(max_age_ms));
    EMS_ASSERT(burst.size() <= kBurstFrames);
    ems_can_burst_t full{};
    for (const protocol::CanFrame& frame : burst) full.frames[full.count++] = frame_to_c(frame);
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_speak(const ems_codec_t* codec, const ems_sample_t* samples,
                                   std::size_t count, std::int64_t now_ms, std::int64_t max_age_ms,
                                   ems_can_frame_t* frames, std::size_t frames_capacity,
                                   std::size_t* out_count) {
  return guarded([&]() -> ems_status_t {
    const protocol::Codec* known = from_c(codec);
    if (known == nullptr) return invalid(kNoCodec);
    if (samples == nullptr && count > 0) return invalid("samples is NULL");
    if (frames == nullptr || out_count == nullptr) return invalid("frames or out_count is NULL");
    const std::optional<Dialect> dialect = protocol::can_lv::spoken_dialect(*known);
    if (!dialect) return failed(EMS_E_UNIMPLEMENTED, "no battery of this protocol is spoken for");
    EmulatedBattery battery;
    const ems_status_t taken = take_battery(samples, count, max_age_ms, false, battery);
    if (taken != EMS_OK) return taken;
    const protocol::can_lv::Burst burst = protocol::can_lv::encode_burst(
        battery, *dialect, instant(now_ms), milliseconds(max_age_ms));
    if (burst.size() > frames_capacity) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "more frames than frames_capacity");
    }
    std::size_t made = 0;
    for (const protocol::CanFrame& frame : burst) frames[made++] = frame_to_c(frame);
    *out_count = made;
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
