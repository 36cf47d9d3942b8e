// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/detect.hpp"

#include <optional>

#include "can.hpp"
#include "codec.hpp"
#include "ems/protocol/can_detect.hpp"

struct ems_detector {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::detector;
  explicit ems_detector(const ems::protocol::DetectSettings& settings) noexcept
      : detector(settings) {}

  ems::capi::Tag tag = kTag;
  std::int64_t last_ms = INT64_MIN;
  ems::protocol::Detector detector;
};

struct ems_can_detector {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::can_detector;

  ems::capi::Tag tag = kTag;
  ems::protocol::CanDetector detector{};
};

namespace ems::capi {
namespace {

static_assert(sizeof(ems_detector) <= sizeof(std::uint64_t) * EMS_DETECTOR_WORDS);
static_assert(sizeof(ems_can_detector) <= sizeof(std::uint64_t) * EMS_CAN_DETECTOR_WORDS);
static_assert(EMS_DETECT_BUSY == static_cast<int>(protocol::DetectVerdict::busy));
static_assert(EMS_DETECT_ANSWERED == static_cast<int>(protocol::DetectOutcome::answered));
static_assert(std::size(ems_detection_t{}.outcomes) == protocol::kDetectOutcomes);

constexpr const char* kNoDetector = "detector is NULL or not a detector";
constexpr const char* kNoOut = "out is NULL or its struct_size is too small";
constexpr const char* kNoPlace = "no such place";
constexpr std::int64_t kWaitMaxMs = std::int64_t{24} * 60 * 60 * 1000;
constexpr std::int32_t kAddressMax = 0xFF;

ems_detect_settings_t default_detect_settings() noexcept {
  const protocol::DetectSettings defaults;
  ems_detect_settings_t settings{};
  settings.struct_size = sizeof settings;
  settings.bit_rate = EMS_DETECT_USUAL;
  settings.address = EMS_DETECT_USUAL;
  settings.attempts = defaults.attempts;
  settings.listen_ms = ceil_ms(defaults.listen);
  settings.settle_ms = ceil_ms(defaults.settle);
  return settings;
}

/// nullptr, or what is wrong with the settings.
const char* wrong_with(const ems_detect_settings_t& settings) noexcept {
  const auto is_wait = [](std::int64_t ms) { return ms >= 0 && ms <= kWaitMaxMs; };
  if (settings.bit_rate < EMS_DETECT_USUAL) return "bit_rate is below -1";
  if (settings.address < EMS_DETECT_USUAL || settings.address > kAddressMax) {
    return "address is not -1 .. 255";
  }
  if (settings.attempts == 0) return "attempts is 0";
  if (!is_wait(settings.listen_ms)) return "listen_ms is not 0 .. 86400000";
  if (!is_wait(settings.settle_ms)) return "settle_ms is not 0 .. 86400000";
  return nullptr;
}

protocol::DetectSettings settings_from(const ems_detect_settings_t& settings) noexcept {
  protocol::DetectSettings into{.all_addresses = settings.all_addresses != 0,
                                .ask_by_writing = settings.ask_by_writing != 0,
                                .even_if_busy = settings.even_if_busy != 0,
                                .listen = milliseconds(settings.listen_ms),
                                .settle = milliseconds(settings.settle_ms),
                                .attempts = settings.attempts};
  if (settings.bit_rate >= 0) into.bit_rate = static_cast<std::uint32_t>(settings.bit_rate);
  if (settings.address >= 0) into.address = static_cast<std::uint8_t>(settings.address);
  return into;
}

ems_detect_candidate_t candidate_to_c(const protocol::DetectCandidate& candidate) noexcept {
  ems_detect_candidate_t into{};
  into.codec = handle_of(candidate.codec);
  into.variant = candidate.variant.empty() ? "" : candidate.variant.data();  // A string literal.
  into.address = EMS_DETECT_USUAL;
  if (candidate.address) into.address = *candidate.address;
  into.bit_rate = candidate.bit_rate;
  return into;
}

ems_detect_tried_t tried_to_c(const protocol::DetectTried& tried) noexcept {
  ems_detect_tried_t into{};
  into.candidate = candidate_to_c(tried.candidate);
  into.outcome = static_cast<std::int32_t>(tried.outcome);
  into.received = tried.bytes;
  into.error_text = tried.error ? tried.error->what : "";
  if (tried.error) into.error = static_cast<ems_status_t>(tried.error->code);
  return into;
}

std::int32_t truth(std::optional<bool> value) noexcept {
  if (!value) return -1;
  return *value ? 1 : 0;
}

/// Checks the handle, and that time did not go backwards.
ems_status_t enter(ems_detector_t* detector, std::int64_t now_ms) noexcept {
  if (!is(detector)) return invalid(kNoDetector);
  if (now_ms < detector->last_ms) return failed(EMS_E_OUT_OF_RANGE, "now_ms went backwards");
  detector->last_ms = now_ms;
  return EMS_OK;
}

}  // namespace

extern "C" {

EMS_API ems_status_t ems_detect_settings_default(ems_detect_settings_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kNoOut);
    give(out, default_detect_settings());
    return EMS_OK;
  });
}

EMS_API std::size_t ems_detector_size(void) { return sizeof(ems_detector); }

EMS_API ems_status_t ems_detector_init(void* memory, std::size_t size,
                                       const ems_detect_settings_t* settings,
                                       ems_detector_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    ems_detect_settings_t own = default_detect_settings();
    if (settings != nullptr) {
      if (!sized(settings)) return invalid("settings->struct_size is too small");
      if (!take(settings, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    }
    if (const char* what = wrong_with(own); what != nullptr) {
      return failed(EMS_E_OUT_OF_RANGE, what);
    }
    const ems_status_t room = check_memory(memory, size, sizeof(ems_detector));
    if (room != EMS_OK) return room;
    *out = place<ems_detector>(memory, settings_from(own));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_detector_longest(const ems_detector_t* detector, std::size_t* out_ways,
                                          std::int64_t* out_ms) {
  return guarded([&]() -> ems_status_t {
    if (!is(detector)) return invalid(kNoDetector);
    if (out_ways == nullptr || out_ms == nullptr) return invalid("out_ways or out_ms is NULL");
    *out_ways = detector->detector.candidate_count();
    *out_ms = ceil_ms(detector->detector.longest());
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_detector_line_open(ems_detector_t* detector, std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    const ems_status_t status = enter(detector, now_ms);
    if (status == EMS_OK) detector->detector.line_open(instant(now_ms));
    return status;
  });
}

EMS_API ems_status_t ems_detector_receive(ems_detector_t* detector, const std::uint8_t* data,
                                          std::size_t size, std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    if (data == nullptr && size > 0) return invalid("data is NULL");
    const ems_status_t status = enter(detector, now_ms);
    if (status == EMS_OK) detector->detector.receive(bytes(data, size), instant(now_ms));
    return status;
  });
}

EMS_API ems_status_t ems_detector_next(ems_detector_t* detector, std::int64_t now_ms,
                                       std::uint8_t* buffer, std::size_t size,
                                       ems_detect_action_t* out) {
  return guarded([&]() -> ems_status_t {
    if (buffer == nullptr) return invalid("buffer is NULL");
    if (!sized(out)) return invalid(kNoOut);
    if (size < EMS_REQUEST_SIZE) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "size is below EMS_REQUEST_SIZE");
    }
    if (const ems_status_t status = enter(detector, now_ms); status != EMS_OK) return status;
    const protocol::DetectAction action =
        detector->detector.next(instant(now_ms), bytes(buffer, size));
    ems_detect_action_t full{};
    full.size = static_cast<std::uint32_t>(action.size);
    full.wake_at_ms = ceil_ms(action.wake_at);
    full.open = action.open_at ? 1 : 0;
    full.bit_rate = action.open_at.value_or(0);
    full.verdict = static_cast<std::int32_t>(detector->detector.verdict());
    if (action.tried) {
      full.has_tried = 1;
      full.tried = tried_to_c(*action.tried);
    }
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_detector_get_result(const ems_detector_t* detector, ems_detection_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(detector)) return invalid(kNoDetector);
    if (!sized(out)) return invalid(kNoOut);
    const protocol::DetectHeard& heard = detector->detector.heard();
    ems_detection_t full{};
    full.verdict = static_cast<std::int32_t>(detector->detector.verdict());
    full.found_count = static_cast<std::uint32_t>(detector->detector.found().size());
    full.unasked_bytes = heard.unasked;
    full.received_bytes = heard.bytes;
    std::copy(heard.outcomes.begin(), heard.outcomes.end(), full.outcomes);
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_detector_found_at(const ems_detector_t* detector, std::size_t index,
                                           ems_detected_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(detector)) return invalid(kNoDetector);
    if (!sized(out)) return invalid(kNoOut);
    if (index >= detector->detector.found().size()) return failed(EMS_E_OUT_OF_RANGE, kNoPlace);
    const protocol::Detected& found = detector->detector.found()[index];
    ems_detected_t full{};
    full.variants = found.variants;
    full.candidate = candidate_to_c(found.candidate);
    full.asked = found.asked;
    full.answered = found.answered;
    full.adds_up = truth(found.adds_up);
    give(out, full);
    return EMS_OK;
  });
}

EMS_API std::size_t ems_can_detector_size(void) { return sizeof(ems_can_detector); }

EMS_API ems_status_t ems_can_detector_init(void* memory, std::size_t size,
                                           ems_can_detector_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    const ems_status_t room = check_memory(memory, size, sizeof(ems_can_detector));
    if (room != EMS_OK) return room;
    *out = place<ems_can_detector>(memory);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_detector_receive(ems_can_detector_t* detector,
                                              const ems_can_frame_t* frame) {
  return guarded([&]() -> ems_status_t {
    if (!is(detector)) return invalid(kNoDetector);
    if (frame == nullptr) return invalid("frame is NULL");
    const protocol::CanFrame into = frame_from(*frame);
    if (!into.valid()) return failed(EMS_E_OUT_OF_RANGE, "no frame of classic CAN");
    detector->detector.receive(into);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_detector_weigh(ems_can_detector_t* detector,
                                            ems_can_detection_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(detector)) return invalid(kNoDetector);
    if (!sized(out)) return invalid(kNoOut);
    ems_can_detection_t full{};
    full.verdict = static_cast<std::int32_t>(detector->detector.weigh());
    full.ranked_count = static_cast<std::uint32_t>(detector->detector.ranked().size());
    full.best_count = static_cast<std::uint32_t>(detector->detector.found().size());
    full.frames = detector->detector.frames();
    full.identifiers = static_cast<std::uint32_t>(detector->detector.identifiers());
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_detector_ranked_at(const ems_can_detector_t* detector,
                                                std::size_t index, ems_can_detected_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(detector)) return invalid(kNoDetector);
    if (!sized(out)) return invalid(kNoOut);
    if (index >= detector->detector.ranked().size()) return failed(EMS_E_OUT_OF_RANGE, kNoPlace);
    const protocol::CanDetected& one = detector->detector.ranked()[index];
    ems_can_detected_t full{};
    full.messages = static_cast<std::uint32_t>(one.messages);
    full.refused = static_cast<std::uint32_t>(one.refused);
    full.telling = one.telling ? 1 : 0;
    full.own = one.own ? 1 : 0;
    full.codec = handle_of(one.codec);
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
