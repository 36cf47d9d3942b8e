// SPDX-License-Identifier: Apache-2.0
#include "ems/alarm/record.hpp"

#include <string_view>

namespace ems::alarm {
namespace {

// docs/reference/block-format.md#alarm-payload.
constexpr std::uint8_t kPayloadVersion = 1;
constexpr std::size_t kVersionAt = 0;     // u8
constexpr std::size_t kTransitionAt = 1;  // u8
constexpr std::size_t kSeverityAt = 2;    // u8
constexpr std::size_t kFlagsAt = 3;       // u8, below
constexpr std::size_t kKindAt = 4;        // u8
constexpr std::size_t kModuleAt = 5;      // u8
constexpr std::size_t kIndexAt = 6;       // u16
constexpr std::size_t kSignalAt = 8;      // u16
constexpr std::size_t kValueAt = 10;      // i64
constexpr std::size_t kIdAt = 18;         // u32
constexpr std::size_t kCountAt = 22;      // u32
constexpr std::size_t kAtAt = 26;         // i64, microseconds since 1970
constexpr std::size_t kRaisedAt = 34;     // i64
constexpr std::size_t kChangedAt = 42;    // i64
constexpr std::size_t kShelvedAt = 50;    // i64, 0 when not shelved
static_assert(kShelvedAt + 8 == kRecordFixedSize);

constexpr std::uint8_t kActive = 1U << 0;
constexpr std::uint8_t kLatching = 1U << 1;
constexpr std::uint8_t kLatched = 1U << 2;
constexpr std::uint8_t kSeen = 1U << 3;
constexpr std::uint8_t kShelved = 1U << 4;
constexpr std::uint8_t kFlagsAll = kActive | kLatching | kLatched | kSeen | kShelved;

constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}
constexpr bool is_text_character(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
}

void put_text(Payload& payload, std::string_view text) noexcept {
  payload.push_back(static_cast<std::byte>(text.size()));
  for (const char c : text) payload.push_back(static_cast<std::byte>(c));
}

/// Reads one text and moves `at` behind it.
template <std::size_t N>
Result<FixedString<N>> take_text(Bytes payload, std::size_t& at,
                                 bool (*allowed)(char) noexcept) noexcept {
  if (at >= payload.size()) return fail(Errc::truncated, at, "alarm: text missing");
  const std::size_t size = load_u8(payload, at);
  if (size > N) return fail(Errc::out_of_range, at, "alarm: text too long");
  if (payload.size() - at - 1 < size) return fail(Errc::truncated, at, "alarm: text cut");
  FixedString<N> text;
  for (std::size_t i = 1; i <= size; ++i) {
    const char c = static_cast<char>(load_u8(payload, at + i));
    if (!allowed(c)) return fail(Errc::out_of_range, at + i, "alarm: a character it may not have");
    (void)text.append({&c, 1});  // It fits: size <= N.
  }
  at += 1 + size;
  return text;
}

UtcInstant utc_at(Bytes payload, std::size_t at) noexcept {
  return UtcInstant{microseconds(static_cast<std::int64_t>(load_le64(payload, at)))};
}
std::uint64_t raw(UtcInstant at) noexcept {
  return static_cast<std::uint64_t>(at.since_epoch().count());
}

}  // namespace

Result<Payload> encode_change(const Change& change) noexcept {
  const Alarm& alarm = change.alarm;
  if (alarm.name.empty()) return fail(Errc::out_of_range, kRecordFixedSize, "alarm: no name");
  Payload payload;
  for (std::size_t i = 0; i < kRecordFixedSize; ++i) payload.push_back(std::byte{0});
  const MutableBytes data = payload.view();
  const unsigned flags = (alarm.active ? kActive : 0U) | (alarm.latching ? kLatching : 0U) |
                         (alarm.latched ? kLatched : 0U) | (alarm.seen ? kSeen : 0U) |
                         (alarm.shelved_until ? kShelved : 0U);
  store_u8(data, kVersionAt, kPayloadVersion);
  store_u8(data, kTransitionAt, static_cast<std::uint8_t>(change.transition));
  store_u8(data, kSeverityAt, static_cast<std::uint8_t>(alarm.severity));
  store_u8(data, kFlagsAt, static_cast<std::uint8_t>(flags));
  store_u8(data, kKindAt, static_cast<std::uint8_t>(alarm.asset.kind));
  store_u8(data, kModuleAt, alarm.asset.module);
  store_le16(data, kIndexAt, alarm.asset.index);
  store_le16(data, kSignalAt, static_cast<std::uint16_t>(alarm.signal));
  store_le64(data, kValueAt, static_cast<std::uint64_t>(alarm.value));
  store_le32(data, kIdAt, alarm.id);
  store_le32(data, kCountAt, alarm.count);
  store_le64(data, kAtAt, raw(change.at));
  store_le64(data, kRaisedAt, raw(alarm.raised_at));
  store_le64(data, kChangedAt, raw(alarm.changed_at));
  store_le64(data, kShelvedAt, alarm.shelved_until ? raw(*alarm.shelved_until) : 0);
  put_text(payload, alarm.name.view());
  put_text(payload, alarm.acknowledged_by.view());
  put_text(payload, change.actor.view());
  put_text(payload, change.text.view());
  return payload;
}

Result<Change> decode_change(Bytes payload) noexcept {
  if (payload.size() < kRecordFixedSize) {
    return fail(Errc::truncated, payload.size(), "alarm: shorter than its fixed part");
  }
  if (load_u8(payload, kVersionAt) != kPayloadVersion) {
    return fail(Errc::header, kVersionAt, "alarm: unknown payload version");
  }
  const std::uint8_t transition = load_u8(payload, kTransitionAt);
  if (transition < static_cast<std::uint8_t>(Transition::raised) ||
      transition > static_cast<std::uint8_t>(Transition::dropped)) {
    return fail(Errc::out_of_range, kTransitionAt, "alarm: transition");
  }
  const std::uint8_t severity = load_u8(payload, kSeverityAt);
  if (severity > static_cast<std::uint8_t>(Severity::critical)) {
    return fail(Errc::out_of_range, kSeverityAt, "alarm: severity");
  }
  const std::uint8_t flags = load_u8(payload, kFlagsAt);
  if ((flags & ~kFlagsAll) != 0) return fail(Errc::out_of_range, kFlagsAt, "alarm: flags");
  const std::uint8_t kind = load_u8(payload, kKindAt);
  if (kind > static_cast<std::uint8_t>(AssetKind::load)) {
    return fail(Errc::out_of_range, kKindAt, "alarm: asset kind");
  }
  std::size_t at = kRecordFixedSize;
  const auto name = take_text<kNameMax>(payload, at, is_name_character);
  if (!name) return fail(name.error());
  if (name->empty()) return fail(Errc::out_of_range, kRecordFixedSize, "alarm: no name");
  const auto by = take_text<kActorMax>(payload, at, is_text_character);
  if (!by) return fail(by.error());
  const auto actor = take_text<kActorMax>(payload, at, is_text_character);
  if (!actor) return fail(actor.error());
  const auto text = take_text<kTextMax>(payload, at, is_text_character);
  if (!text) return fail(text.error());
  if (at != payload.size()) return fail(Errc::length, at, "alarm: bytes after the text");
  Change change;
  change.transition = static_cast<Transition>(transition);
  change.at = utc_at(payload, kAtAt);
  change.actor = *actor;
  change.text = *text;
  Alarm& alarm = change.alarm;
  alarm.id = load_le32(payload, kIdAt);
  alarm.severity = static_cast<Severity>(severity);
  alarm.asset = {.kind = static_cast<AssetKind>(kind),
                 .module = load_u8(payload, kModuleAt),
                 .index = load_le16(payload, kIndexAt)};
  alarm.name = *name;
  alarm.signal = static_cast<Signal>(load_le16(payload, kSignalAt));
  alarm.value = static_cast<std::int64_t>(load_le64(payload, kValueAt));
  alarm.active = (flags & kActive) != 0;
  alarm.latching = (flags & kLatching) != 0;
  alarm.latched = (flags & kLatched) != 0;
  alarm.seen = (flags & kSeen) != 0;
  alarm.count = load_le32(payload, kCountAt);
  alarm.raised_at = utc_at(payload, kRaisedAt);
  alarm.changed_at = utc_at(payload, kChangedAt);
  alarm.acknowledged_by = *by;
  if ((flags & kShelved) != 0) alarm.shelved_until = utc_at(payload, kShelvedAt);
  return change;
}

}  // namespace ems::alarm
