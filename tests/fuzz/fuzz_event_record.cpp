// SPDX-License-Identifier: Apache-2.0
// Event payloads and varints. Input: a payload.
#include <array>
#include <string>

#include "ems/telemetry/event_record.hpp"
#include "ems/telemetry/varint.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes payload = fuzz::Feed(data, size).rest();
  if (const auto event = telemetry::decode_event(payload)) {
    const std::string name(event->name.view());
    const auto back = telemetry::encode_event(
        {event->severity, event->asset, name.c_str(), event->active, event->value, event->signal});
    require(back && fuzz::same(back->view(), payload), "an event encodes to itself");
  } else {
    require(event.error().offset <= payload.size(), "the offset lies within the payload");
  }
  std::size_t at = 0;
  if (const auto number = telemetry::load_varint(payload, at)) {
    std::array<std::byte, telemetry::kVarintSizeMax> out{};
    const std::size_t end = telemetry::store_varint(out, 0, *number);
    require(end == at && fuzz::same(Bytes(out).first(end), payload.first(at)),
            "a varint encodes to itself");
    require(telemetry::zigzag(telemetry::unzigzag(*number)) == *number, "zigzag goes both ways");
  } else {
    require(number.error().offset <= payload.size(), "the offset lies within the payload");
  }
  return 0;
}
