// SPDX-License-Identifier: Apache-2.0
#include "ems/alarm/alarm.hpp"

#include "capi.hpp"

struct ems_alarms {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::alarms;
  explicit ems_alarms(const ems::alarm::Config& config) noexcept : book(config) {}
  ems::capi::Tag tag = kTag;
  ems::alarm::Book book;
};

namespace ems::capi {
namespace {

static_assert(sizeof(ems_alarms) <= sizeof(std::uint64_t) * EMS_ALARMS_WORDS);
static_assert(EMS_ALARMS_MAX >= alarm::kAlarmsMax);
static_assert(EMS_ALARM_NAME_SIZE == alarm::kNameMax + 1);
static_assert(EMS_ACTOR_SIZE == alarm::kActorMax + 1);
static_assert(EMS_ALARM_TEXT_SIZE == alarm::kTextMax + 1);
static_assert(EMS_ALARM_STATE_LATCHED_ACKNOWLEDGED ==
              static_cast<int>(alarm::State::latched_acknowledged));
static_assert(EMS_ALARM_CHANGE_DROPPED == static_cast<int>(alarm::Transition::dropped));

constexpr const char* kNoAlarms = "alarms is NULL or not a book of alarms";
constexpr const char* kNoChange = "out is NULL or its struct_size is too small";

alarm::Moment moment(std::int64_t now_ms, std::int64_t utc_us) noexcept {
  return {instant(now_ms), utc(utc_us)};
}

ems_alarm_t alarm_to_c(const alarm::Alarm& from) noexcept {
  ems_alarm_t out{};
  out.struct_size = sizeof out;
  out.id = from.id;
  out.asset = to_c(from.asset);
  out.signal = static_cast<std::uint16_t>(from.signal);
  out.severity = static_cast<std::uint8_t>(from.severity);
  out.state = static_cast<std::uint8_t>(from.state());
  out.value = from.value;
  out.raised_at_utc_us = to_us(from.raised_at);
  out.changed_at_utc_us = to_us(from.changed_at);
  out.shelved_until_utc_us = from.shelved_until ? to_us(*from.shelved_until) : 0;
  out.count = from.count;
  out.active = from.active ? 1 : 0;
  out.latching = from.latching ? 1 : 0;
  out.latched = from.latched ? 1 : 0;
  out.seen = from.seen ? 1 : 0;
  out.shelved = from.shelved_until ? 1 : 0;
  (void)copy_text(from.name.view(), out.name, sizeof out.name);
  (void)copy_text(from.acknowledged_by.view(), out.acknowledged_by, sizeof out.acknowledged_by);
  return out;
}

/// False when a book can hold no such alarm.
bool alarm_from(const ems_alarm_t& given, alarm::Alarm& into) noexcept {
  if (given.id == 0 || given.severity > EMS_SEVERITY_CRITICAL || !valid(given.asset) ||
      given.name[0] == '\0') {
    return false;
  }
  into = {.id = given.id,
          .severity = static_cast<Severity>(given.severity),
          .asset = from_c(given.asset),
          .name = FixedString<alarm::kNameMax>(text_of(given.name)),
          .signal = static_cast<Signal>(given.signal),
          .value = given.value,
          .active = given.active != 0,
          .latching = given.latching != 0,
          .latched = given.latched != 0,
          .seen = given.seen != 0,
          .count = given.count,
          .raised_at = utc(given.raised_at_utc_us),
          .changed_at = utc(given.changed_at_utc_us),
          .acknowledged_by = FixedString<alarm::kActorMax>(text_of(given.acknowledged_by))};
  if (given.shelved != 0) into.shelved_until = utc(given.shelved_until_utc_us);
  return true;
}

void give_change(ems_alarm_change_t* out, const std::optional<alarm::Change>& from) noexcept {
  ems_alarm_change_t full{};
  if (from) {
    full.transition = static_cast<std::int32_t>(from->transition);
    full.at_utc_us = to_us(from->at);
    (void)copy_text(from->actor.view(), full.actor, sizeof full.actor);
    (void)copy_text(from->text.view(), full.text, sizeof full.text);
    full.alarm = alarm_to_c(from->alarm);
  }
  give(out, full);
}

ems_status_t give_change(ems_alarm_change_t* out,
                         const Result<std::optional<alarm::Change>>& result) noexcept {
  if (!result) return failed(result.error());
  give_change(out, *result);
  return EMS_OK;
}

ems_status_t config_from(const ems_alarms_config_t& given, alarm::Config& config) noexcept {
  if (given.flood_changes < 1 || given.flood_changes > UINT8_MAX || given.flood_window_ms <= 0) {
    return failed(EMS_E_OUT_OF_RANGE, "flood_changes or flood_window_ms");
  }
  if (given.confirm_after_ms < 0 || given.shelve_max_ms < 0 || given.next_id == 0) {
    return failed(EMS_E_OUT_OF_RANGE, "confirm_after_ms or shelve_max_ms below 0, or next_id is 0");
  }
  if (given.alarm_count > alarm::kAlarmsMax) {
    return failed(EMS_E_OUT_OF_RANGE, "alarm_count is above what this build has room for");
  }
  config = {.flood_window = milliseconds(given.flood_window_ms),
            .flood_changes = static_cast<std::uint8_t>(given.flood_changes),
            .confirm_after = milliseconds(given.confirm_after_ms),
            .shelve_max = milliseconds(given.shelve_max_ms)};
  return EMS_OK;
}

/// Reads the stored alarm at `index`.
ems_status_t stored_at(const ems_alarms_config_t& given, std::uint32_t index,
                       alarm::Alarm& into) noexcept {
  const auto place = static_cast<std::uint16_t>(index);
  const ems_alarm_t* item = item_of(given.alarms, index);
  if (item == nullptr) return invalid("alarms is NULL or a struct_size is wrong");
  ems_alarm_t own;
  if (!take(item, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer, place);
  if (!alarm_from(own, into)) {
    return failed(EMS_E_OUT_OF_RANGE, "alarms: an id, severity, asset or name", place);
  }
  return EMS_OK;
}

}  // namespace

extern "C" {

EMS_API ems_status_t ems_alarms_config_default(ems_alarms_config_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    const alarm::Config defaults;
    ems_alarms_config_t config{};
    config.flood_changes = defaults.flood_changes;
    config.flood_window_ms = ceil_ms(defaults.flood_window);
    config.confirm_after_ms = ceil_ms(defaults.confirm_after);
    config.shelve_max_ms = ceil_ms(defaults.shelve_max);
    config.next_id = 1;
    give(out, config);
    return EMS_OK;
  });
}

EMS_API std::size_t ems_alarms_size(void) { return sizeof(ems_alarms); }

EMS_API ems_status_t ems_alarms_init(void* memory, std::size_t size,
                                     const ems_alarms_config_t* config, ems_alarms_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    if (!sized(config)) return invalid("config is NULL or its struct_size is too small");
    const ems_status_t room = check_memory(memory, size, sizeof(ems_alarms));
    if (room != EMS_OK) return room;
    ems_alarms_config_t given;
    if (!take(config, given)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    alarm::Config own;
    if (const ems_status_t read = config_from(given, own); read != EMS_OK) return read;
    alarm::Alarm stored;
    for (std::uint32_t i = 0; i < given.alarm_count; ++i) {  // All, before anything is written.
      const ems_status_t read = stored_at(given, i, stored);
      if (read != EMS_OK) return read;
    }
    ems_alarms* alarms = place<ems_alarms>(memory, own);
    const alarm::Moment now = moment(given.now_ms, given.utc_us);
    alarms->book.restore({}, given.next_id, now);
    for (std::uint32_t i = 0; i < given.alarm_count; ++i) {
      (void)stored_at(given, i, stored);
      alarms->book.restore(std::span(&stored, 1), given.next_id, now);
    }
    *out = alarms;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_alarms_take(ems_alarms_t* alarms, const ems_event_t* event, bool latching,
                                     std::int64_t now_ms, std::int64_t utc_us,
                                     ems_alarm_change_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(alarms)) return invalid(kNoAlarms);
    if (event == nullptr || event->name == nullptr) return invalid("event or its name is NULL");
    if (!sized(out)) return invalid(kNoChange);
    if (event->severity > EMS_SEVERITY_CRITICAL || !valid(event->asset) || event->name[0] == '\0') {
      return failed(EMS_E_OUT_OF_RANGE, "event: its severity, asset or name");
    }
    const Event own{.severity = static_cast<Severity>(event->severity),
                    .asset = from_c(event->asset),
                    .name = event->name,
                    .active = event->active != 0,
                    .value = event->value,
                    .signal = static_cast<Signal>(event->signal)};
    give_change(out, alarms->book.take(own, latching, moment(now_ms, utc_us)));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_alarms_acknowledge(ems_alarms_t* alarms, std::uint32_t id,
                                            const char* actor, const char* comment,
                                            std::int64_t now_ms, std::int64_t utc_us,
                                            ems_alarm_change_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(alarms)) return invalid(kNoAlarms);
    if (actor == nullptr || comment == nullptr) return invalid("actor or comment is NULL");
    if (!sized(out)) return invalid(kNoChange);
    return give_change(out, alarms->book.acknowledge(id, actor, comment, moment(now_ms, utc_us)));
  });
}

EMS_API ems_status_t ems_alarms_shelve(ems_alarms_t* alarms, std::uint32_t id,
                                       std::int64_t duration_ms, const char* actor,
                                       const char* reason, std::int64_t now_ms, std::int64_t utc_us,
                                       ems_alarm_change_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(alarms)) return invalid(kNoAlarms);
    if (actor == nullptr || reason == nullptr) return invalid("actor or reason is NULL");
    if (!sized(out)) return invalid(kNoChange);
    return give_change(out, alarms->book.shelve(id, milliseconds(duration_ms), actor, reason,
                                                moment(now_ms, utc_us)));
  });
}

EMS_API ems_status_t ems_alarms_reset(ems_alarms_t* alarms, const char* actor) {
  return guarded([&]() -> ems_status_t {
    if (!is(alarms)) return invalid(kNoAlarms);
    if (actor == nullptr) return invalid("actor is NULL");
    alarms->book.reset(actor);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_alarms_next(ems_alarms_t* alarms, std::int64_t now_ms, std::int64_t utc_us,
                                     ems_alarm_change_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(alarms)) return invalid(kNoAlarms);
    if (!sized(out)) return invalid(kNoChange);
    give_change(out, alarms->book.next(moment(now_ms, utc_us)));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_alarms_get_summary(const ems_alarms_t* alarms, ems_alarms_summary_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(alarms)) return invalid(kNoAlarms);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    ems_alarms_summary_t full{};
    alarms->book.for_each([&](const alarm::Alarm&) { ++full.alarm_count; });
    for (int severity = EMS_SEVERITY_INFO; severity <= EMS_SEVERITY_CRITICAL; ++severity) {
      const alarm::Counts counts = alarms->book.count(static_cast<Severity>(severity));
      full.active[severity] = counts.active;
      full.unacknowledged[severity] = counts.unacknowledged;
      full.shelved[severity] = counts.shelved;
    }
    full.revision = alarms->book.revision();
    full.dropped = alarms->book.dropped();
    full.next_id = alarms->book.next_id();
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_alarms_at(const ems_alarms_t* alarms, std::size_t index,
                                   ems_alarm_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(alarms)) return invalid(kNoAlarms);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    std::size_t place = 0;
    const alarm::Alarm* found = nullptr;
    alarms->book.for_each([&](const alarm::Alarm& alarm) {
      if (place++ == index) found = &alarm;
    });
    if (found == nullptr) return failed(EMS_E_OUT_OF_RANGE, "no such place");
    give(out, alarm_to_c(*found));
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
