// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/event_record.hpp"

#include <string_view>

namespace ems::telemetry {
namespace {

// docs/reference/block-format.md#event-payload.
constexpr std::uint8_t kPayloadVersion = 1;
constexpr std::size_t kVersionAt = 0;    // u8
constexpr std::size_t kSeverityAt = 1;   // u8
constexpr std::size_t kActiveAt = 2;     // u8: 0 or 1
constexpr std::size_t kKindAt = 3;       // u8
constexpr std::size_t kModuleAt = 4;     // u8
constexpr std::size_t kIndexAt = 5;      // u16
constexpr std::size_t kSignalAt = 7;     // u16
constexpr std::size_t kValueAt = 9;      // i64
constexpr std::size_t kNameSizeAt = 17;  // u8
static_assert(kNameSizeAt + 1 == kEventRecordFixedSize);

constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

Result<EventPayload> encode_event(const Event& event) noexcept {
  const std::string_view name = event.name;
  if (name.empty() || name.size() > kEventNameMax) {
    return fail(Errc::out_of_range, kNameSizeAt, "event: the name is empty or too long");
  }
  EventPayload payload;
  for (std::size_t i = 0; i < kEventRecordFixedSize; ++i) payload.push_back(std::byte{0});
  const MutableBytes data = payload.view();
  store_u8(data, kVersionAt, kPayloadVersion);
  store_u8(data, kSeverityAt, static_cast<std::uint8_t>(event.severity));
  store_u8(data, kActiveAt, event.active ? 1 : 0);
  store_u8(data, kKindAt, static_cast<std::uint8_t>(event.asset.kind));
  store_u8(data, kModuleAt, event.asset.module);
  store_le16(data, kIndexAt, event.asset.index);
  store_le16(data, kSignalAt, static_cast<std::uint16_t>(event.signal));
  store_le64(data, kValueAt, static_cast<std::uint64_t>(event.value));
  store_u8(data, kNameSizeAt, static_cast<std::uint8_t>(name.size()));
  for (const char c : name) {
    if (!is_name_character(c)) {
      return fail(Errc::out_of_range, payload.size(), "event: the name is not snake_case");
    }
    payload.push_back(static_cast<std::byte>(c));
  }
  return payload;
}

Result<EventRecord> decode_event(Bytes payload) noexcept {
  if (payload.size() < kEventRecordFixedSize) {
    return fail(Errc::truncated, payload.size(), "event: shorter than its fixed part");
  }
  if (load_u8(payload, kVersionAt) != kPayloadVersion) {
    return fail(Errc::header, kVersionAt, "event: unknown payload version");
  }
  const std::uint8_t severity = load_u8(payload, kSeverityAt);
  if (severity > static_cast<std::uint8_t>(Severity::critical)) {
    return fail(Errc::out_of_range, kSeverityAt, "event: severity");
  }
  const std::uint8_t active = load_u8(payload, kActiveAt);
  if (active > 1) return fail(Errc::out_of_range, kActiveAt, "event: active is 0 or 1");
  const std::uint8_t kind = load_u8(payload, kKindAt);
  if (kind > static_cast<std::uint8_t>(AssetKind::load)) {
    return fail(Errc::out_of_range, kKindAt, "event: asset kind");
  }
  const std::size_t name_size = load_u8(payload, kNameSizeAt);
  if (name_size == 0 || name_size > kEventNameMax) {
    return fail(Errc::out_of_range, kNameSizeAt, "event: the name is empty or too long");
  }
  const std::size_t size = kEventRecordFixedSize + name_size;
  if (payload.size() < size) return fail(Errc::truncated, payload.size(), "event: name cut");
  if (payload.size() > size) return fail(Errc::length, size, "event: bytes after the name");
  EventRecord event{
      .severity = static_cast<Severity>(severity),
      .asset = {.kind = static_cast<AssetKind>(kind),
                .module = load_u8(payload, kModuleAt),
                .index = load_le16(payload, kIndexAt)},
      .name = {},
      .active = active == 1,
      .value = static_cast<std::int64_t>(load_le64(payload, kValueAt)),
      .signal = static_cast<Signal>(load_le16(payload, kSignalAt)),
  };
  for (std::size_t i = 0; i < name_size; ++i) {
    const char c = static_cast<char>(load_u8(payload, kEventRecordFixedSize + i));
    if (!is_name_character(c)) {
      return fail(Errc::out_of_range, kEventRecordFixedSize + i,
                  "event: the name is not snake_case");
    }
    (void)event.name.append({&c, 1});  // kEventNameMax characters fit.
  }
  return event;
}

}  // namespace ems::telemetry
