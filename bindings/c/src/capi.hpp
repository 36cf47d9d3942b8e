// SPDX-License-Identifier: Apache-2.0
/// @file What every function of the C layer does: remember the last error, check arguments, copy
/// growable structs, place objects in memory of the caller.
#pragma once

#include <ems/ems.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"

namespace ems::capi {

/// Why the last call of this thread failed. All text is static.
struct LastError {
  const char* what = "";
  std::uint16_t offset = 0;
};
#if defined(EMS_FREESTANDING)
extern LastError last_error;  // One thread, no TLS.
#else
extern constinit thread_local LastError last_error;
#endif

/// Runs the body of a function that returns a status. Nothing in L0-L1 throws; should a body ever
/// do, noexcept ends the process rather than let an exception cross into C.
template <class Body>
[[nodiscard]] ems_status_t guarded(Body&& body) noexcept {
  last_error = {};
  return std::forward<Body>(body)();
}

[[nodiscard]] inline ems_status_t failed(ems_status_t status, const char* what,
                                         std::uint16_t offset = 0) noexcept {
  last_error = {what, offset};
  return status;
}
[[nodiscard]] inline ems_status_t failed(const Error& error) noexcept {
  return failed(static_cast<ems_status_t>(error.code), error.what, error.offset);
}
template <class T>
[[nodiscard]] ems_status_t status_of(const Result<T>& result) noexcept {
  if (result) return EMS_OK;
  return failed(result.error());
}
[[nodiscard]] inline ems_status_t invalid(const char* what) noexcept {
  return failed(EMS_E_INVALID_ARGUMENT, what);
}

// ---- growable structs --------------------------------------------------------------------------

/// Size of a struct when it first was there. When a struct grows, its old size is frozen here by a
/// specialisation; tests/abi pins every layout.
template <class T>
inline constexpr std::uint32_t kFirstSize = sizeof(T);
template <>
inline constexpr std::uint32_t kFirstSize<ems_codec_info_t> = offsetof(ems_codec_info_t, title);
template <>
inline constexpr std::uint32_t kFirstSize<ems_safety_limits_t> =
    offsetof(ems_safety_limits_t, cell_voltage_max_trip_after_ms);
template <>
inline constexpr std::uint32_t kFirstSize<ems_safety_battery_t> = offsetof(ems_safety_battery_t,
                                                                           capacity_uah);
template <>
inline constexpr std::uint32_t kFirstSize<ems_safety_config_t> = offsetof(ems_safety_config_t,
                                                                          estop_inputs);
template <>
inline constexpr std::uint32_t kFirstSize<ems_battery_verdict_t> = offsetof(ems_battery_verdict_t,
                                                                            reasons_dropped);
template <>
inline constexpr std::uint32_t kFirstSize<ems_decision_config_t> =
    offsetof(ems_decision_config_t, active_power_limit_lease_max_ms);
template <>
inline constexpr std::uint32_t kFirstSize<ems_decision_inputs_t> = offsetof(ems_decision_inputs_t,
                                                                            reserved);
template <>
inline constexpr std::uint32_t kFirstSize<ems_control_config_t> = offsetof(ems_control_config_t,
                                                                           phase_limits);
template <>
inline constexpr std::uint32_t kFirstSize<ems_control_inputs_t> = offsetof(ems_control_inputs_t,
                                                                           valid);

/// No struct of this ABI is larger; a struct_size beyond it was never set.
inline constexpr std::uint32_t kStructSizeMax = 4096;

/// True when the struct is there and its struct_size can be one of a release.
template <class T>
[[nodiscard]] bool sized(const T* given) noexcept {
  static_assert(sizeof(T) <= kStructSizeMax && offsetof(T, struct_size) == 0);
  return given != nullptr && given->struct_size >= kFirstSize<T> &&
         given->struct_size <= kStructSizeMax && given->struct_size % alignof(T) == 0;
}

/// Copies the fields that caller and library both know over those of `into`. @pre sized(given).
/// @return  False when the caller's newer struct asks for something this library does not know.
template <class T>
[[nodiscard]] bool take_over(const T* given, T& into) noexcept {
  const std::uint32_t size = given->struct_size;
  std::memcpy(&into, given, std::min<std::size_t>(size, sizeof into));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof into; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}
/// The same; what the caller does not know is 0.
template <class T>
[[nodiscard]] bool take(const T* given, T& into) noexcept {
  into = T{};
  return take_over(given, into);
}
inline constexpr const char* kNewer =
    "a struct of newer headers asks for what this library has not";

/// Gives the caller the prefix it knows. @pre sized(out).
template <class T>
void give(T* out, T full) noexcept {
  full.struct_size = std::min(out->struct_size, static_cast<std::uint32_t>(sizeof full));
  std::memcpy(out, &full, full.struct_size);
}

/// The item of an array whose items begin with struct_size, all of the same size and aligned;
/// nullptr when this one is not so.
template <class T>
[[nodiscard]] const T* item_of(const T* items, std::size_t index) noexcept {
  if (!sized(items) || items->struct_size % alignof(T) != 0) return nullptr;
  const auto* first = reinterpret_cast<const unsigned char*>(items);
  const auto* item = reinterpret_cast<const T*>(first + index * items->struct_size);
  return item->struct_size == items->struct_size ? item : nullptr;
}

// ---- handles -----------------------------------------------------------------------------------

/// First member of every object: a handle of another kind is told apart.
enum class Tag : std::uint32_t {
  poller = 0x454D5001,
  can_listener = 0x454D5002,
  image = 0x454D5003,
  safety = 0x454D5004,
  decision = 0x454D5005,
  control = 0x454D5006,
  telemetry = 0x454D5007,
  block_reader = 0x454D5008,
  alarms = 0x454D5009,
  downsampler = 0x454D500A,
  energy = 0x454D500B,
  codec = 0x454D500C,
  can_mailbox = 0x454D500D,
  detector = 0x454D500E,
  can_detector = 0x454D500F,
  payloads = 0x454D5010,
};

inline constexpr std::size_t kAlignment = 8;

template <class T>
[[nodiscard]] bool is(const T* handle) noexcept {
  if (handle == nullptr || reinterpret_cast<std::uintptr_t>(handle) % kAlignment != 0) return false;
  Tag tag{};
  std::memcpy(&tag, handle, sizeof tag);
  return tag == T::kTag;
}

/// Checks that memory of the caller can hold `needed` bytes.
[[nodiscard]] inline ems_status_t check_memory(const void* memory, std::size_t size,
                                               std::size_t needed) noexcept {
  if (memory == nullptr || reinterpret_cast<std::uintptr_t>(memory) % kAlignment != 0) {
    return invalid("memory is NULL or not aligned to 8");
  }
  if (size < needed) return failed(EMS_E_RESOURCE_EXHAUSTED, "memory is smaller than needed");
  return EMS_OK;
}

/// Makes an object at the start of memory that check_memory() accepted. Nobody destroys it: the
/// caller just stops using it.
template <class T, class... Args>
T* place(void* memory, Args&&... args) noexcept {
  static_assert(alignof(T) <= kAlignment && std::is_trivially_destructible_v<T>);
  return ::new (memory) T(std::forward<Args>(args)...);
}

// ---- words -------------------------------------------------------------------------------------

[[nodiscard]] constexpr Instant instant(std::int64_t ms) noexcept {
  return Instant{milliseconds(ms)};
}
/// Whole milliseconds, rounded up: a wake-up time is never early.
[[nodiscard]] constexpr std::int64_t ceil_ms(Duration time) noexcept {
  const std::int64_t us = time.count();
  return us / 1000 + (us % 1000 > 0 ? 1 : 0);
}
[[nodiscard]] constexpr std::int64_t ceil_ms(Instant time) noexcept {
  return ceil_ms(time.since_zero());
}
[[nodiscard]] constexpr UtcInstant utc(std::int64_t us) noexcept {
  return UtcInstant{microseconds(us)};
}
[[nodiscard]] constexpr std::int64_t to_us(UtcInstant time) noexcept {
  return time.since_epoch().count();
}

[[nodiscard]] inline Bytes bytes(const std::uint8_t* data, std::size_t size) noexcept {
  return std::as_bytes(std::span(data, size));
}
[[nodiscard]] inline MutableBytes bytes(std::uint8_t* data, std::size_t size) noexcept {
  return std::as_writable_bytes(std::span(data, size));
}

/// An asset a site can have: a known kind, and an index exactly where the kind counts.
[[nodiscard]] constexpr bool valid(ems_asset_t asset) noexcept {
  return asset.kind <= EMS_ASSET_LOAD &&
         (asset.kind == EMS_ASSET_SITE ? asset.index == 0 && asset.module == 0 : asset.index != 0);
}
[[nodiscard]] constexpr AssetId from_c(ems_asset_t asset) noexcept {
  return {static_cast<AssetKind>(asset.kind), asset.module, asset.index};
}
[[nodiscard]] constexpr ems_asset_t to_c(AssetId asset) noexcept {
  return {static_cast<std::uint8_t>(asset.kind), asset.module, asset.index};
}

/// Text of a field, up to its NUL or its end.
template <std::size_t N>
[[nodiscard]] std::string_view text_of(const char (&field)[N]) noexcept {
  const char* end = std::find(field, field + N, '\0');
  return {field, static_cast<std::size_t>(end - field)};
}

/// Copies text that fits `room` with its NUL; false when it was cut.
[[nodiscard]] inline bool copy_text(std::string_view text, char* out, std::size_t room) noexcept {
  const std::size_t size = std::min(text.size(), room - 1);
  if (size > 0) std::memcpy(out, text.data(), size);
  std::memset(out + size, 0, room - size);
  return size == text.size();
}

}  // namespace ems::capi
