// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_listener.hpp"

#include "can.hpp"
#include "codec.hpp"
#include "ems/protocol/candump.hpp"
#include "readings.hpp"

struct ems_can_listener {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::can_listener;
  explicit ems_can_listener(const ems::protocol::CanCodec& codec) noexcept : listener(codec) {}

  ems::capi::Tag tag = kTag;
  std::int64_t last_ms = INT64_MIN;
  ems::protocol::CanListener listener;
};

struct ems_can_mailbox {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::can_mailbox;
  explicit ems_can_mailbox(const ems::protocol::CanCodec& of) noexcept : codec(of) {}

  ems::capi::Tag tag = kTag;
  std::int64_t last_ms = INT64_MIN;
  const ems::protocol::CanCodec& codec;
  ems::protocol::CanMailbox mailbox{};
};

namespace ems::capi {
namespace {

static_assert(sizeof(ems_can_mailbox) <= sizeof(std::uint64_t) * EMS_CAN_MAILBOX_WORDS);
static_assert(EMS_CAN_DECODED == static_cast<int>(protocol::CanTaken::decoded));
static_assert(sizeof(ems_can_listener) <= sizeof(std::uint64_t) * EMS_CAN_LISTENER_WORDS);
static_assert(sizeof(ems_can_frame_t::data) == protocol::kCanDataSize);

constexpr const char* kNoListener = "listener is NULL or not a listener";
constexpr const char* kNoMailbox = "mailbox is NULL or not a mailbox";
constexpr const char* kBackwards = "now_ms went backwards";

/// Gives the CAN codec behind a handle, or says why there is none.
ems_status_t can_codec(const ems_codec_t* handle, const protocol::CanCodec*& out) noexcept {
  const protocol::Codec* codec = from_c(handle);
  if (codec == nullptr) return invalid(kNoCodec);
  out = protocol::as_can(*codec);
  if (out == nullptr) return failed(EMS_E_UNIMPLEMENTED, kNotCan);
  return EMS_OK;
}

/// Checks the handle, and that time did not go backwards.
ems_status_t enter_listener(ems_can_listener_t* listener, std::int64_t now_ms) noexcept {
  if (!is(listener)) return invalid(kNoListener);
  if (now_ms < listener->last_ms) return failed(EMS_E_OUT_OF_RANGE, kBackwards);
  listener->last_ms = now_ms;
  return EMS_OK;
}

}  // namespace

protocol::CanFrame frame_from(const ems_can_frame_t& frame) noexcept {
  protocol::CanFrame into;
  into.id = frame.id;
  into.extended = frame.extended != 0;
  into.remote = frame.remote != 0;
  into.size = frame.size;
  if (!into.remote) {
    std::memcpy(into.data.data(), frame.data, std::min<std::size_t>(frame.size, sizeof frame.data));
  }
  return into;
}

ems_can_frame_t frame_to_c(const protocol::CanFrame& frame) noexcept {
  ems_can_frame_t into{};
  into.id = frame.id;
  into.extended = frame.extended ? 1 : 0;
  into.remote = frame.remote ? 1 : 0;
  into.size = frame.size;
  std::memcpy(into.data, frame.data.data(), sizeof into.data);
  return into;
}

extern "C" {

EMS_API ems_status_t ems_codec_send_item(const ems_codec_t* codec, std::size_t index,
                                         ems_can_send_t* out) {
  return guarded([&]() -> ems_status_t {
    const protocol::CanCodec* can = nullptr;
    if (const ems_status_t status = can_codec(codec, can); status != EMS_OK) return status;
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (index >= can->send_plan().size()) return failed(EMS_E_OUT_OF_RANGE, "no such frame");
    const protocol::CanSend& item = can->send_plan()[index];
    ems_can_send_t full{};
    full.every_ms = ceil_ms(item.every);
    full.name = item.name.data();  // A string literal.
    full.frame = frame_to_c(can->frame_of(item));
    give(out, full);
    return EMS_OK;
  });
}

EMS_API std::size_t ems_can_mailbox_size(void) { return sizeof(ems_can_mailbox); }

EMS_API ems_status_t ems_can_mailbox_init(void* memory, std::size_t size, const ems_codec_t* codec,
                                          ems_can_mailbox_t** out) {
  return guarded([&]() -> ems_status_t {
    const protocol::CanCodec* can = nullptr;
    if (const ems_status_t status = can_codec(codec, can); status != EMS_OK) return status;
    if (out == nullptr) return invalid("out is NULL");
    const ems_status_t room = check_memory(memory, size, sizeof(ems_can_mailbox));
    if (room != EMS_OK) return room;
    *out = place<ems_can_mailbox>(memory, *can);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_mailbox_clear(ems_can_mailbox_t* mailbox) {
  return guarded([&]() -> ems_status_t {
    if (!is(mailbox)) return invalid(kNoMailbox);
    mailbox->last_ms = INT64_MIN;
    mailbox->mailbox.clear();
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_mailbox_decode(ems_can_mailbox_t* mailbox,
                                            const ems_can_frame_t* frame, std::int64_t now_ms,
                                            ems_readings_t* readings, std::int32_t* out_taken) {
  return guarded([&]() -> ems_status_t {
    if (!sized(readings)) return invalid("readings is NULL or its struct_size is too small");
    ReadingsSink sink(*readings);
    if (!is(mailbox)) return invalid(kNoMailbox);
    if (frame == nullptr || out_taken == nullptr) return invalid("frame or out_taken is NULL");
    if (now_ms < mailbox->last_ms) return failed(EMS_E_OUT_OF_RANGE, kBackwards);
    mailbox->last_ms = now_ms;
    const protocol::CanFrame taken = frame_from(*frame);
    if (!taken.valid()) return failed(EMS_E_OUT_OF_RANGE, "not a classic CAN frame");
    const Result<protocol::CanTaken> decoded =
        mailbox->codec.decode(taken, instant(now_ms), mailbox->mailbox, sink);
    if (!decoded) return failed(decoded.error());
    if (const ems_status_t status = sink.status(); status != EMS_OK) return status;
    *out_taken = static_cast<std::int32_t>(*decoded);
    return EMS_OK;
  });
}

EMS_API std::size_t ems_can_listener_size(void) { return sizeof(ems_can_listener); }

EMS_API ems_status_t ems_can_listener_init(void* memory, std::size_t size, const ems_codec_t* codec,
                                           ems_can_listener_t** out) {
  return guarded([&]() -> ems_status_t {
    const protocol::CanCodec* can = nullptr;
    if (const ems_status_t status = can_codec(codec, can); status != EMS_OK) return status;
    if (out == nullptr) return invalid("out is NULL");
    const ems_status_t room = check_memory(memory, size, sizeof(ems_can_listener));
    if (room != EMS_OK) return room;
    *out = place<ems_can_listener>(memory, *can);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_listener_link_up(ems_can_listener_t* listener, std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    const ems_status_t status = enter_listener(listener, now_ms);
    if (status == EMS_OK) listener->listener.link_up(instant(now_ms));
    return status;
  });
}

EMS_API ems_status_t ems_can_listener_link_down(ems_can_listener_t* listener, std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    const ems_status_t status = enter_listener(listener, now_ms);
    if (status == EMS_OK) listener->listener.link_down(instant(now_ms));
    return status;
  });
}

EMS_API ems_status_t ems_can_listener_receive(ems_can_listener_t* listener,
                                              const ems_can_frame_t* frame, std::int64_t now_ms,
                                              ems_readings_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadReadings);
    ReadingsSink sink(*out);
    if (frame == nullptr) return invalid("frame is NULL");
    if (const ems_status_t status = enter_listener(listener, now_ms); status != EMS_OK) {
      return status;
    }
    protocol::CanListener& from = listener->listener;
    if (from.health() == protocol::LinkHealth::offline) {
      return failed(EMS_E_FAILED_PRECONDITION, "the link is down");
    }
    const std::uint32_t errors_before = from.counters().errors;
    from.receive(frame_from(*frame), instant(now_ms), sink);
    if (from.counters().errors != errors_before) return failed(*from.last_error());
    return sink.status();
  });
}

EMS_API ems_status_t ems_can_listener_next(ems_can_listener_t* listener, std::int64_t now_ms,
                                           ems_can_action_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (const ems_status_t status = enter_listener(listener, now_ms); status != EMS_OK) {
      return status;
    }
    const protocol::CanAction action = listener->listener.next(instant(now_ms));
    ems_can_action_t full{};
    full.send = action.frame ? 1 : 0;
    full.wake_at_ms = ceil_ms(action.wake_at);
    full.what = action.what.empty() ? "" : action.what.data();  // A string literal.
    if (action.frame) full.frame = frame_to_c(*action.frame);
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_can_listener_get_status(const ems_can_listener_t* listener,
                                                 ems_can_listener_status_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(listener)) return invalid(kNoListener);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    const protocol::CanListener& from = listener->listener;
    const protocol::CanListenerCounters& counters = from.counters();
    ems_can_listener_status_t full{};
    full.health = static_cast<std::int32_t>(from.health());
    full.last_error_text = "";
    if (const auto error = from.last_error()) {
      full.last_error = static_cast<ems_status_t>(error->code);
      full.last_error_text = error->what;
    }
    full.received = counters.received;
    full.decoded = counters.decoded;
    full.ignored = counters.ignored;
    full.errors = counters.errors;
    full.sent = counters.sent;
    full.silences = counters.silences;
    full.recoveries = counters.recoveries;
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_candump_parse(const char* line, ems_candump_line_t* out) {
  return guarded([&]() -> ems_status_t {
    if (line == nullptr) return invalid("line is NULL");
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    const Result<protocol::CandumpRecord> record = protocol::parse_candump(line);
    if (!record) return failed(record.error());
    const Result<protocol::CanFrame> frame = protocol::to_can_frame(*record);
    if (!frame) return failed(frame.error());
    ems_candump_line_t full{};
    full.has_time = record->time ? 1 : 0;
    full.time_us = record->time.value_or(Duration{}).count();
    full.frame = frame_to_c(*frame);
    (void)copy_text(record->interface_name.view(), full.interface_name, sizeof full.interface_name);
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
