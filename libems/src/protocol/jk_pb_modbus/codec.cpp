// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_pb_modbus/codec.hpp"

#include <array>

#include "ems/protocol/jk_55aa/codec.hpp"
#include "ems/protocol/modbus/pdu.hpp"
#include "protocol/jk_pb_modbus/trigger.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::jk_pb_modbus {
namespace {

using register_map::Request;

constexpr std::array<std::uint8_t, 4> kStart = {0x55, 0xAA, 0xEB, 0x90};

/// Bytes of `data` that a 55AA frame can begin with.
std::size_t start_matches(Bytes data) noexcept {
  std::size_t n = 0;
  while (n < kStart.size() && n < data.size() && load_u8(data, n) == kStart[n]) ++n;
  return n;
}

bool begins_frame(Bytes data) noexcept {
  return !data.empty() && start_matches(data) == std::min(data.size(), kStart.size());
}

/// Last byte: the sum of all others, mod 256.
bool sum_good(Bytes frame) noexcept {
  std::uint32_t sum = 0;
  for (const std::byte b : frame.first(frame.size() - 1)) sum += std::to_integer<std::uint32_t>(b);
  return load_u8(frame, frame.size() - 1) == (sum & 0xFFU);
}

/// Everything around the 55AA frame. @param asked  nullptr: not known.
Result<void> check_triggered(const Request* asked, Bytes reply) noexcept {
  if (const std::size_t n = start_matches(reply); n < std::min(reply.size(), kStart.size())) {
    return fail(Errc::header, n, "JK frame does not start with 55 AA EB 90");
  }
  if (reply.size() < kTriggeredSize) {
    return fail(Errc::truncated, reply.size(), "JK answer shorter than 310 bytes");
  }
  if (reply.size() > kTriggeredSize) {
    return fail(Errc::length, kTriggeredSize, "bytes behind the JK answer");
  }
  for (const std::size_t at : {kFirstGapAt, kLastGapAt}) {
    if (load_u8(reply, at) != 0) return fail(Errc::tail, at, "no 00 beside the acknowledgement");
  }
  Request any{.function = register_map::kWriteMany};
  const Bytes ack = reply.subspan(kAckAt, register_map::kShortSize);
  if (asked == nullptr) any.at = load_be16(ack, 2), any.count = load_be16(ack, 4);
  std::optional<std::uint8_t> unit;
  if (asked != nullptr) unit = asked->unit;
  const auto sound = register_map::check_reply(asked != nullptr ? asked : &any, unit, ack);
  if (!sound) return moved(sound.error(), kAckAt);
  return {};
}

Result<void> decode_triggered(const Request* asked, Bytes reply, ReadingSink& sink) noexcept {
  const Result<void> sound = check_triggered(asked, reply);
  if (!sound) return sound;
  const Trigger* trigger = asked != nullptr ? trigger_of(*asked) : nullptr;
  if (trigger != nullptr &&
      load_u8(reply, jk_55aa::kTypeAt) != static_cast<std::uint8_t>(trigger->type)) {
    return fail(Errc::header, jk_55aa::kTypeAt, "another type of JK frame than was asked for");
  }
  return jk_55aa::decode_frame(jk_55aa::Layout::cells_32, reply.first(jk_55aa::kFrameSize), sink);
}

}  // namespace

Result<const PollCodec*> Codec::with(const CodecOptions& options, CodecRoom& room) const noexcept {
  const Result<register_map::MapCodec> made = registers_.configured(options);
  if (!made) return fail(made.error());
  return &room.put(Codec(*made));
}

Result<std::size_t> Codec::encode_poll(std::uint8_t number, MutableBytes out) const noexcept {
  for (const Trigger& trigger : kTriggers) {
    if (trigger.number != number || registers_.variant() != 0) continue;
    constexpr std::array<std::byte, 2> kNothing{};
    return register_map::encode_request({.unit = registers_.address(),
                                         .function = register_map::kWriteMany,
                                         .at = trigger.at,
                                         .count = 1,
                                         .values = kNothing},
                                        out);
  }
  return registers_.encode_poll(number, out);
}

Result<std::size_t> Codec::encode_switch(const SwitchCommand& command,
                                         MutableBytes out) const noexcept {
  return registers_.encode_switch(command, out);
}

Result<std::size_t> Codec::encode_balance(const BalanceCommand& command,
                                          MutableBytes out) const noexcept {
  return registers_.encode_balance(command, out);
}

FrameScan Codec::scan(Bytes request, Bytes received) const noexcept {
  const Result<Request> asked = register_map::parse_request(request);
  if (asked && trigger_of(*asked) == nullptr) return registers_.scan(request, received);
  // As register_map::scan_reply(): what is damaged counts only at the very start.
  std::optional<std::size_t> partial;
  bool bad = false;
  for (std::size_t at = 0; at < received.size(); ++at) {
    const Bytes rest = received.subspan(at);
    if (begins_frame(rest)) {
      if (rest.size() < kTriggeredSize) {
        if (!partial) partial = at;
      } else if (sum_good(rest.first(jk_55aa::kFrameSize))) {
        return {.noise = at, .size = kTriggeredSize};
      } else {
        bad = bad || at == 0;
      }
      continue;
    }
    constexpr std::uint8_t kRefusal = register_map::kWriteMany | modbus::kExceptionFlag;
    if (!asked || rest.size() < register_map::kExceptionSize || load_u8(rest, 1) != kRefusal) {
      continue;
    }
    const FrameScan refusal =
        register_map::scan_reply(&*asked, asked->unit, rest.first(register_map::kExceptionSize));
    if (refusal.noise == 0 && refusal.size != 0) return {.noise = at, .size = refusal.size};
  }
  if (bad) return {.noise = 0, .size = kTriggeredSize};
  return {.noise = partial.value_or(received.size()), .size = 0};
}

Result<void> Codec::decode(Bytes request, Bytes reply, ReadingSink& sink) const noexcept {
  if (request.empty()) {
    return begins_frame(reply) ? decode_triggered(nullptr, reply, sink)
                               : registers_.decode(request, reply, sink);
  }
  const Result<Request> asked = register_map::parse_request(request);
  if (!asked || trigger_of(*asked) == nullptr) return registers_.decode(request, reply, sink);
  const bool refusal = reply.size() > register_map::kFunctionAt && !begins_frame(reply) &&
                       load_u8(reply, register_map::kFunctionAt) ==
                           (register_map::kWriteMany | modbus::kExceptionFlag);
  if (refusal) return registers_.decode(request, reply, sink);
  return decode_triggered(&*asked, reply, sink);
}

Result<void> Codec::decode_request(Bytes request, ReadingSink& sink) const noexcept {
  return registers_.decode_request(request, sink);
}

std::optional<std::string_view> Codec::vendor_alarm_name(unsigned bit) const noexcept {
  return jk_55aa::alarm_name(bit);
}

}  // namespace ems::protocol::jk_pb_modbus
