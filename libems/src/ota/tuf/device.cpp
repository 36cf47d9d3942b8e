// SPDX-License-Identifier: Apache-2.0
// Whether a target that metadata vouches for is one for this device.
#include <algorithm>
#include <utility>

#include "ota/tuf/metadata_parts.hpp"

namespace ems::ota::tuf {
namespace {

Result<std::string> ascii(JsonValue value) {
  Result<std::string> out = text(value);
  if (!out) return out;
  const bool plain = std::ranges::all_of(*out, [](char c) { return c >= ' ' && c <= '~'; });
  if (!plain) return malformed(value, "custom.ems: text that is not ASCII");
  return out;
}

// Leaves `out` alone where the member is not there.
Result<void> read_text(const JsonObject& ems, std::string_view name, std::string& out) {
  const auto value = ems.find(name);
  if (!value) return {};
  Result<std::string> read = ascii(*value);
  if (!read) return fail(read.error());
  out = std::move(*read);
  return {};
}

bool can_install(const Device& device, std::string_view payload) {
  if (device.payloads)
    return std::ranges::find(*device.payloads, payload) != device.payloads->end();
  return payload == "raw" || payload == "rauc" || payload == "mcuboot";
}

template <class T>
Result<void> read_counter(const JsonObject& ems, std::string_view name, T& out) {
  const auto value = ems.find(name);
  if (!value) return {};
  const Result<std::int64_t> read = integer_from(*value, 0);
  if (!read) return fail(read.error());
  out = *read;
  return {};
}

}  // namespace

Result<DeviceTarget> parse_device_target(JsonValue value) {
  const Result<JsonObject> ems = value.object();
  if (!ems) return fail(ems.error());
  DeviceTarget out;
  out.payload = "raw";
  const Result<JsonArray> ids = value["hardware_ids"].array();
  if (!ids) return fail(ids.error());
  for (const JsonValue id : *ids) {
    Result<std::string> one = ascii(id);
    if (!one) return fail(one.error());
    out.hardware_ids.push_back(std::move(*one));
  }
  const Result<std::int64_t> counter = integer_from(value["release_counter"], 0);
  if (!counter) return fail(counter.error());
  out.release_counter = *counter;
  for (const Result<void>& read :
       {read_text(*ems, "component", out.component), read_text(*ems, "version", out.version),
        read_text(*ems, "payload", out.payload),
        read_counter(*ems, "security_floor", out.security_floor),
        read_counter(*ems, "min_from_counter", out.min_from_counter)}) {
    if (!read) return fail(read.error());
  }
  if (out.security_floor > out.release_counter) {  // Once installed it would refuse itself.
    return malformed(value, "custom.ems: a security floor above its own release counter");
  }
  if (const auto published = ems->find("published")) {
    const Result<std::string_view> date = published->string();
    if (!date) return fail(date.error());
    const Result<UtcInstant> at = parse_date(*date);
    if (!at) return malformed(*published, at.error().what);
    out.published = *at;
  }
  return out;
}

Result<void> check_device(const Device& device, const TargetEntry& target) {
  if (device.hardware_id || device.release_counter || device.security_floor || device.payloads) {
    if (!target.custom) {
      return fail(Errc::wrong_hardware, 0, "target: does not say which device it is for");
    }
    if (!*target.custom) return fail(target.custom->error());
    const DeviceTarget& ems = **target.custom;
    if (device.hardware_id &&
        std::ranges::find(ems.hardware_ids, *device.hardware_id) == ems.hardware_ids.end()) {
      return fail(Errc::wrong_hardware, 0, "target: for other hardware");
    }
    if (device.release_counter && ems.release_counter < *device.release_counter) {
      return fail(Errc::rollback, 0, "target: its release counter is below the installed one");
    }
    if (device.security_floor && ems.release_counter < *device.security_floor) {
      return fail(Errc::rollback, 0, "target: its release counter is below the security floor");
    }
    if (device.release_counter && ems.min_from_counter &&
        *device.release_counter < *ems.min_from_counter) {
      return fail(Errc::wrong_hardware, 0, "target: an update in between must come first");
    }
    if (!can_install(device, ems.payload)) {
      return fail(Errc::wrong_hardware, 0, "target: a payload type that cannot be installed here");
    }
  }
  if (device.capacity && target.length > *device.capacity) {
    return fail(Errc::no_space, 0, "target: larger than the place it is for");
  }
  return {};
}

}  // namespace ems::ota::tuf
