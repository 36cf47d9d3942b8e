// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/codec.hpp"

#include <algorithm>

#include "protocol/publish.hpp"

namespace ems::protocol::ascii {
namespace {

// Boards answer within a second; the longest reply that the Poller takes is 512 characters, which
// are 0.53 s at 9600 baud.
constexpr Duration kReplyTimeout = milliseconds(1'500);

constexpr std::uint8_t kDone = 0x00;

// What a device that refuses puts where a request has its command. Commands lie between.
constexpr int kRefusalsBelow = 0x40;
constexpr int kRefusalsFrom = 0xE0;

/// What the vendors' documents say of RTN.
const char* refusal_text(std::uint8_t code) noexcept {
  switch (code) {
    case 0x01:
      return "the device refuses: protocol version";
    case 0x02:
      return "the device refuses: checksum of the request";
    case 0x03:
      return "the device refuses: LENGTH of the request";
    case 0x04:
      return "the device refuses: it does not know the command";
    case 0x05:
      return "the device refuses: form of the command";
    case 0x06:
      return "the device refuses: content of the request";
    case 0x07:
      return "the device refuses: it has no such data";
    case 0x09:
      return "the device refuses: operation or write failed";
    case 0x90:
      return "the device refuses: address";
    case 0x91:
      return "the device refuses: its modules do not answer it";
    case 0xE1:
      return "the device refuses: device code";
    case 0xE2:
      return "the device refuses: the command failed";
    case 0xE3:
      return "the device refuses: it has a fault";
    case 0xE4:
      return "the device refuses: permission";
    default:
      return "the device refuses";
  }
}

bool contains(std::span<const std::uint8_t> codes, int code) noexcept {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

Duration AsciiCodec::reply_timeout() const noexcept { return kReplyTimeout; }

Result<std::size_t> AsciiCodec::encode_command(std::uint8_t command, Bytes info,
                                               MutableBytes out) const noexcept {
  return encode({.version = version(),
                 .address = settings_.address,
                 .device = dialect().device,
                 .code = command},
                info, out);
}

Result<std::size_t> AsciiCodec::encode_poll(std::uint8_t number, MutableBytes out) const noexcept {
  for (const PollItem& item : poll_plan()) {
    if (item.number != number) continue;
    const std::byte info[] = {std::byte{pack()}};
    return encode_command(number, names_pack(number) ? Bytes(info) : Bytes(), out);
  }
  return fail(Errc::invalid_argument, 0, "not a number of the poll plan");
}

Result<std::size_t> AsciiCodec::encode_switch(const SwitchCommand& command,
                                              MutableBytes out) const noexcept {
  static_cast<void>(command);
  static_cast<void>(out);
  return fail(Errc::unimplemented, 0,
              "no source says without doubt how the protocol switches the outputs");
}

bool AsciiCodec::is_refusal(int code) const noexcept {
  return (code > kDone && code < kRefusalsBelow) || code >= kRefusalsFrom ||
         contains(dialect().refusals, code);
}

/// False when the frame is sound enough to tell that it answers something else: our own request
/// come back, another master's request, another device's reply. What is damaged may be ours.
bool AsciiCodec::may_answer(Bytes request, Bytes frame) const noexcept {
  if (frame.size() < kLengthAt || std::ranges::equal(request, frame)) return false;
  const auto other = [frame](std::size_t at, int wanted) {
    const int found = peek_u8(frame, at);
    return found >= 0 && found != wanted;
  };
  if (other(kDeviceAt, dialect().device)) return false;
  const int code = peek_u8(frame, kCodeAt);
  if (code > kDone) return is_refusal(code);
  if (request.empty()) return true;
  if (dialect().version_echoed && other(kVersionAt, peek_u8(request, kVersionAt))) return false;
  const int asked = peek_u8(request, kAddressAt);
  const int replied = peek_u8(frame, kAddressAt);
  return asked < 0 || replied < 0 ||
         may_reply(static_cast<std::uint8_t>(peek_u8(request, kCodeAt)),
                   static_cast<std::uint8_t>(asked), static_cast<std::uint8_t>(replied));
}

bool AsciiCodec::may_reply(std::uint8_t command, std::uint8_t asked,
                           std::uint8_t replied) const noexcept {
  static_cast<void>(command);
  return asked == replied;
}

FrameScan AsciiCodec::scan(Bytes request, Bytes received) const noexcept {
  std::size_t start = received.size();
  for (std::size_t at = 0; at < received.size(); ++at) {
    const std::uint8_t c = load_u8(received, at);
    if (c == kStart) {
      start = at;  // A start inside a frame: what came before it was none.
    } else if (c == kEnd && start < at) {
      const Bytes frame = received.subspan(start, at + 1 - start);
      if (may_answer(request, frame)) return {.noise = start, .size = frame.size()};
      start = received.size();
    }
  }
  return {.noise = start, .size = 0};
}

/// The fields that say whether and what a sound frame answers.
Result<void> AsciiCodec::check_reply(Bytes request, const std::optional<Frame>& asked, Bytes reply,
                                     const Frame& frame) const noexcept {
  if (frame.device != dialect().device) {
    return fail(Errc::header, kDeviceAt, "a frame of another kind of device (CID1)");
  }
  const std::uint8_t wanted = asked ? asked->version : dialect().version;
  if (dialect().version_echoed && frame.version != wanted) {
    return fail(Errc::header, kVersionAt, "a frame of another version of the protocol");
  }
  if ((frame.code != kDone && !is_refusal(frame.code)) ||
      (asked && std::ranges::equal(request, reply))) {
    return fail(Errc::header, kCodeAt, "a request, not a reply");
  }
  if (frame.code != kDone) return fail(Errc::device_error, kCodeAt, refusal_text(frame.code));
  if (asked && !may_reply(asked->code, asked->address, frame.address)) {
    return fail(Errc::header, kAddressAt, "the reply of another address");
  }
  return {};
}

Result<void> AsciiCodec::decode(Bytes request, Bytes reply, ReadingSink& sink) const noexcept {
  std::optional<Frame> asked;
  if (!request.empty()) {
    const Result<Frame> parsed = parse(request);
    if (!parsed) return fail(Errc::invalid_argument, parsed.error().offset, parsed.error().what);
    if (parsed->device != dialect().device) {
      return fail(Errc::invalid_argument, kDeviceAt, "a request to another kind of device (CID1)");
    }
    asked = *parsed;
  }
  const Result<Frame> frame = parse(reply);
  if (!frame) return fail(frame.error());
  const Result<void> ours = check_reply(request, asked, reply, *frame);
  if (!ours) return fail(ours.error());
  if (asked) return read({asked->code, asked->info, *frame}, sink);
  const std::optional<std::uint8_t> command = recognise(frame->info);
  if (!command) {
    return fail(Errc::invalid_argument, 0, "the request is needed to tell what this reply says");
  }
  return read({*command, {}, *frame}, sink);
}

Result<void> AsciiCodec::decode_request(Bytes request, ReadingSink& sink) const noexcept {
  const Result<Frame> frame = parse(request);
  if (!frame) return fail(frame.error());
  if (frame->device != dialect().device) {
    return fail(Errc::header, kDeviceAt, "a frame of another kind of device (CID1)");
  }
  sink.vendor_value("request_version", frame->version);
  sink.vendor_value("request_address", frame->address);
  sink.vendor_value("request_command", frame->code);
  sink.vendor_value("request_write", contains(dialect().writes, frame->code) ? 1 : 0);
  if (frame->info.size() == 1) sink.vendor_value("request_pack", frame->info.u8(0));
  read_request(*frame, sink);
  return {};
}

void AsciiCodec::read_request(const Frame& request, ReadingSink& sink) const noexcept {
  static_cast<void>(request);
  static_cast<void>(sink);
}

std::optional<std::uint8_t> only_fit(std::initializer_list<Shape> lists,
                                     std::initializer_list<Shape> sizes) noexcept {
  for (const std::initializer_list<Shape>& shapes : {lists, sizes}) {
    std::optional<std::uint8_t> found;
    for (const Shape& shape : shapes) {
      if (!shape.fits) continue;
      if (found) return std::nullopt;
      found = shape.command;
    }
    if (found) return found;
  }
  return std::nullopt;
}

Failure not_read() noexcept {
  return fail(Errc::unimplemented, kInfoAt, "libems does not read the reply to this command");
}

}  // namespace ems::protocol::ascii
