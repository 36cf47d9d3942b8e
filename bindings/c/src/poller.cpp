// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/poller.hpp"

#include "codec.hpp"
#include "readings.hpp"

struct ems_poller {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::poller;
  ems_poller(const ems::protocol::PollCodec& codec,
             const ems::protocol::PollerSettings& settings) noexcept
      : poller(codec, settings) {}

  ems::capi::Tag tag = kTag;
  std::int64_t last_ms = INT64_MIN;
  ems::protocol::Poller poller;
};

namespace ems::capi {
namespace {

static_assert(sizeof(ems_poller) <= sizeof(std::uint64_t) * EMS_POLLER_WORDS);
static_assert(EMS_LINK_ONLINE == static_cast<int>(protocol::LinkHealth::online));
static_assert(EMS_COMMAND_STATE_FAILED == static_cast<int>(protocol::CommandState::failed));

constexpr const char* kNoPoller = "poller is NULL or not a poller";
constexpr std::uint32_t kRetriesMax = 255;

ems_poller_settings_t default_settings() noexcept {
  const protocol::PollerSettings defaults;
  ems_poller_settings_t settings{};
  settings.struct_size = sizeof settings;
  settings.retries = defaults.retries;
  settings.period_ms = ceil_ms(defaults.period);
  settings.settle_ms = ceil_ms(defaults.settle);
  for (std::size_t i = 0; i < defaults.recovery_waits.size(); ++i) {
    settings.recovery_wait_ms[i] = ceil_ms(defaults.recovery_waits[i]);
  }
  return settings;
}

/// nullptr, or what is wrong with the settings.
const char* wrong_with(const ems_poller_settings_t& settings) noexcept {
  if (settings.retries > kRetriesMax) return "retries is above 255";
  if (settings.period_ms <= 0) return "period_ms is not above 0";
  if (settings.reply_timeout_ms < 0) return "reply_timeout_ms is below 0";
  if (settings.settle_ms < 0) return "settle_ms is below 0";
  for (const std::int64_t wait : settings.recovery_wait_ms) {
    if (wait <= 0) return "recovery_wait_ms is not above 0";
  }
  return nullptr;
}

protocol::PollerSettings settings_from(const ems_poller_settings_t& settings) noexcept {
  protocol::PollerSettings into;
  into.period = milliseconds(settings.period_ms);
  if (settings.reply_timeout_ms > 0) into.reply_timeout = milliseconds(settings.reply_timeout_ms);
  into.settle = milliseconds(settings.settle_ms);
  into.retries = static_cast<std::uint8_t>(settings.retries);
  for (std::size_t i = 0; i < into.recovery_waits.size(); ++i) {
    into.recovery_waits[i] = milliseconds(settings.recovery_wait_ms[i]);
  }
  return into;
}

/// Checks the handle, and that time did not go backwards.
ems_status_t enter_poller(ems_poller_t* poller, std::int64_t now_ms) noexcept {
  if (!is(poller)) return invalid(kNoPoller);
  if (now_ms < poller->last_ms) return failed(EMS_E_OUT_OF_RANGE, "now_ms went backwards");
  poller->last_ms = now_ms;
  return EMS_OK;
}

}  // namespace

extern "C" {

EMS_API std::size_t ems_poller_size(void) { return sizeof(ems_poller); }

EMS_API ems_status_t ems_poller_settings_default(ems_poller_settings_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    give(out, default_settings());
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_poller_init(void* memory, std::size_t size, const ems_codec_t* codec,
                                     const ems_poller_settings_t* settings, ems_poller_t** out) {
  return guarded([&]() -> ems_status_t {
    const protocol::Codec* known = from_c(codec);
    if (known == nullptr) return invalid(kNoCodec);
    if (out == nullptr) return invalid("out is NULL");
    const protocol::PollCodec* poll = protocol::as_poll(*known);
    if (poll == nullptr) return failed(EMS_E_UNIMPLEMENTED, kNotPoll);
    ems_poller_settings_t own = default_settings();
    if (settings != nullptr) {
      if (!sized(settings)) return invalid("settings->struct_size is too small");
      if (!take(settings, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    }
    if (const char* what = wrong_with(own); what != nullptr) {
      return failed(EMS_E_OUT_OF_RANGE, what);
    }
    const ems_status_t room = check_memory(memory, size, sizeof(ems_poller));
    if (room != EMS_OK) return room;
    *out = place<ems_poller>(memory, *poll, settings_from(own));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_poller_link_up(ems_poller_t* poller, std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    const ems_status_t status = enter_poller(poller, now_ms);
    if (status == EMS_OK) poller->poller.link_up(instant(now_ms));
    return status;
  });
}

EMS_API ems_status_t ems_poller_link_down(ems_poller_t* poller, std::int64_t now_ms) {
  return guarded([&]() -> ems_status_t {
    const ems_status_t status = enter_poller(poller, now_ms);
    if (status == EMS_OK) poller->poller.link_down(instant(now_ms));
    return status;
  });
}

EMS_API ems_status_t ems_poller_next(ems_poller_t* poller, std::int64_t now_ms,
                                     std::uint8_t* buffer, std::size_t size,
                                     ems_poller_action_t* out) {
  return guarded([&]() -> ems_status_t {
    if (buffer == nullptr) return invalid("buffer is NULL");
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (size < EMS_REQUEST_SIZE) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "size is below EMS_REQUEST_SIZE");
    }
    if (const ems_status_t status = enter_poller(poller, now_ms); status != EMS_OK) return status;
    const protocol::PollerAction action = poller->poller.next(instant(now_ms), bytes(buffer, size));
    ems_poller_action_t full{};
    full.size = static_cast<std::uint32_t>(action.size);
    full.wake_at_ms = ceil_ms(action.wake_at);
    full.what = action.what.empty() ? "" : action.what.data();  // A string literal.
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_poller_receive(ems_poller_t* poller, const std::uint8_t* data,
                                        std::size_t size, std::int64_t now_ms,
                                        ems_readings_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadReadings);
    ReadingsSink sink(*out);
    if (data == nullptr && size > 0) return invalid("bytes is NULL");
    if (const ems_status_t status = enter_poller(poller, now_ms); status != EMS_OK) return status;
    poller->poller.receive(bytes(data, size), instant(now_ms), sink);
    return sink.status();
  });
}

EMS_API ems_status_t ems_poller_request_switch(ems_poller_t* poller, bool charge_on,
                                               bool discharge_on) {
  return guarded([&]() -> ems_status_t {
    if (!is(poller)) return invalid(kNoPoller);
    const Result<void> queued =
        poller->poller.request(protocol::SwitchCommand{charge_on, discharge_on});
    return status_of(queued);
  });
}

EMS_API ems_status_t ems_poller_request_limits(ems_poller_t* poller,
                                               const ems_battery_limits_t* limits) {
  return guarded([&]() -> ems_status_t {
    if (!is(poller)) return invalid(kNoPoller);
    protocol::LimitCommand wanted;
    if (const ems_status_t status = take_limits(limits, wanted); status != EMS_OK) return status;
    return status_of(poller->poller.request(wanted));
  });
}

EMS_API ems_status_t ems_poller_request_balance(ems_poller_t* poller, bool on) {
  return guarded([&]() -> ems_status_t {
    if (!is(poller)) return invalid(kNoPoller);
    return status_of(poller->poller.request(protocol::BalanceCommand{on}));
  });
}

EMS_API ems_status_t ems_poller_get_status(const ems_poller_t* poller, ems_poller_status_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(poller)) return invalid(kNoPoller);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    const protocol::Poller& from = poller->poller;
    const protocol::PollerCounters& counters = from.counters();
    ems_poller_status_t full{};
    full.health = static_cast<std::int32_t>(from.health());
    full.command_state = static_cast<std::int32_t>(from.command_state());
    if (const auto error = from.command_error()) {
      full.command_error = static_cast<ems_status_t>(error->code);
    }
    full.last_error_text = "";
    if (const auto error = from.last_error()) {
      full.last_error = static_cast<ems_status_t>(error->code);
      full.last_error_text = error->what;
    }
    full.requests = counters.requests;
    full.replies = counters.replies;
    full.timeouts = counters.timeouts;
    full.checksum_errors = counters.checksum_errors;
    full.device_errors = counters.device_errors;
    full.other_errors = counters.other_errors;
    full.noise_bytes = counters.noise_bytes;
    full.recoveries = counters.recoveries;
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
