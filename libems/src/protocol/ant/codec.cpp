// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/ant/codec.hpp"

#include <algorithm>

#include "ems/protocol/modbus/rtu.hpp"
#include "protocol/ant/status.hpp"
#include "protocol/framed.hpp"

namespace ems::protocol::ant {
namespace {

// Bit 0: + charges; bit 1: the discharge transistor comes first.
constexpr std::string_view kVariants[] = {
    "plus_discharges", "plus_charges", "plus_discharges_swapped_fets", "plus_charges_swapped_fets"};

// Frame: 7E A1 function register(2) length data crc(2) AA 55; little-endian.
constexpr std::uint8_t kStart = 0x7E;
constexpr std::uint8_t kSecond = 0xA1;
constexpr std::size_t kFunctionAt = 2;
constexpr std::size_t kRegisterAt = 3;
constexpr std::size_t kLengthAt = 5;
constexpr std::size_t kDataAt = 6;
constexpr std::array<std::uint8_t, 2> kEnd{0xAA, 0x55};

enum Function : std::uint8_t {
  kAskStatus = 0x01,
  kAskRegisters = 0x02,
  kAuthenticate = 0x23,
  kWrite = 0x51,
  kStatus = 0x11,
  kRegisters = 0x12,
  kAuthenticated = 0x43,
  kWritten = 0x61,
};

constexpr std::uint16_t kAboutRegister = 0x026C;
constexpr std::size_t kTextSize = 16;
constexpr std::uint8_t kAboutSize = 2 * kTextSize;
constexpr std::uint8_t kStatusSize = 0xBE;
constexpr PollItem kPollPlan[] = {{"status", kAskStatus, 1}, {"about", kAskRegisters, 0}};

/// Boards put bytes that nothing counts or checks behind the checksum of what they are.
std::size_t spare_of(Bytes frame) noexcept {
  constexpr std::size_t kSpare = 6;
  const bool about =
      load_u8(frame, kFunctionAt) == kRegisters && load_le16(frame, kRegisterAt) == kAboutRegister;
  return about ? kSpare : 0;
}

// The Modbus CRC of all but the start, low byte first.
void sum(Bytes before, MutableBytes checksum) noexcept {
  store_le16(checksum, 0, modbus::crc16(before.subspan(1)));
}
bool sound(Bytes before, Bytes checksum) noexcept {
  return load_le16(checksum, 0) == modbus::crc16(before.subspan(1));
}
constexpr framed::Shape kReply{.length_at = kLengthAt,
                               .data_at = kDataAt,
                               .sound = sound,
                               .end = kEnd,
                               .end_size = kEnd.size(),
                               .spare = spare_of};
/// A request's length byte says how much is asked for, or is part of what is written.
constexpr std::size_t kPlainRequest = kDataAt + 2 + kEnd.size();

struct Asked {
  std::uint8_t function = 0;
  std::uint16_t number = 0;  ///< Of the register.
  std::uint8_t length = 0;
};

constexpr bool is_request(std::uint8_t function) noexcept {
  return function == kAskStatus || function == kAskRegisters || function == kAuthenticate ||
         function == kWrite;
}

Result<Asked> parse_request(Bytes request) noexcept {
  constexpr std::uint8_t kStarts[] = {kStart, kSecond};
  for (std::size_t at = 0; at < std::min(request.size(), std::size(kStarts)); ++at) {
    if (load_u8(request, at) != kStarts[at]) {
      return fail(Errc::header, at, "ANT request does not start with 7E A1");
    }
  }
  if (request.size() > kFunctionAt && !is_request(load_u8(request, kFunctionAt))) {
    return fail(Errc::header, kFunctionAt, "not a function of ANT requests");
  }
  if (request.size() <= kLengthAt) {
    return fail(Errc::truncated, request.size(), "ANT request cut short");
  }
  const Asked asked{.function = load_u8(request, kFunctionAt),
                    .number = load_le16(request, kRegisterAt),
                    .length = load_u8(request, kLengthAt)};
  const std::size_t data = asked.function == kAuthenticate ? asked.length : 0;
  const std::size_t size = kPlainRequest + data;
  if (request.size() < size) {
    return fail(Errc::truncated, request.size(), "ANT request cut short");
  }
  if (request.size() > size) return fail(Errc::length, size, "bytes behind the ANT request");
  for (std::size_t i = 0; i < kEnd.size(); ++i) {
    const std::size_t at = size - kEnd.size() + i;
    if (load_u8(request, at) != kEnd[i]) {
      return fail(Errc::tail, at, "ANT request does not end with AA 55");
    }
  }
  const std::size_t sum_at = kDataAt + data;
  if (!sound(request.first(sum_at), request.subspan(sum_at))) {
    return fail(Errc::checksum, sum_at, "ANT request checksum mismatch");
  }
  return asked;
}

constexpr std::uint8_t answer_to(std::uint8_t function) noexcept {
  switch (function) {
    case kAskStatus:
      return kStatus;
    case kAskRegisters:
      return kRegisters;
    case kAuthenticate:
      return kAuthenticated;
    default:
      return kWritten;
  }
}

/// How the reply begins.
std::array<framed::HeaderByte, kLengthAt> reply_header(const Result<Asked>& asked) noexcept {
  std::array<framed::HeaderByte, kLengthAt> header{
      {{kStart}, {kSecond}, framed::kAny, framed::kAny, framed::kAny}};
  if (!asked) return header;
  header[kFunctionAt] = {answer_to(asked->function)};
  header[kRegisterAt] = {static_cast<std::uint8_t>(asked->number & 0xFFU)};
  // A write has one byte of address, and two of value.
  if (asked->function != kWrite) {
    header[kRegisterAt + 1] = {static_cast<std::uint8_t>(asked->number >> 8)};
  }
  return header;
}

/// Up to the first NUL.
Bytes text_at(Bytes data, std::size_t at) noexcept {
  const Bytes all = data.subspan(at, kTextSize);
  return all.first(
      static_cast<std::size_t>(std::find(all.begin(), all.end(), std::byte{0}) - all.begin()));
}

Result<void> read_registers(std::uint16_t number, Bytes data, ReadingSink& sink) noexcept {
  const Publisher out(sink);
  if (number == kAboutRegister) {
    if (data.size() < kAboutSize) {
      return fail(Errc::length, kDataAt + data.size(), "ANT versions cut short");
    }
    out.text(TextField::hardware_version, text_at(data, 0));
    out.text(TextField::software_version, text_at(data, kTextSize));
    return {};
  }
  if (data.size() != 2 && data.size() != 4) {
    return fail(Errc::unimplemented, kLengthAt, "libems reads one ANT setting at a time");
  }
  out.vendor("register", number);
  out.vendor("value", data.size() == 2 ? std::int64_t{load_le16(data, 0)}
                                       : std::int64_t{load_le32(data, 0)});
  return {};
}

/// Two bytes: what is allowed now, or whether it was written.
Result<void> read_acknowledgement(std::uint8_t function, Bytes data, ReadingSink& sink) noexcept {
  if (data.size() != 2) return fail(Errc::length, kLengthAt, "ANT acknowledgement of another size");
  const std::uint16_t told = load_le16(data, 0);
  if (told == 0) return fail(Errc::device_error, kDataAt, "the ANT board refused the request");
  if (function == kAuthenticated) sink.vendor_value("permission", told);
  sink.acknowledged();
  return {};
}

class Codec final : public PollCodec {
 public:
  constexpr explicit Codec(Dialect dialect) noexcept : dialect_(dialect) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {19'200};
    static constexpr ProtocolInfo kInfo{.name = "ant",
                                        .title = "ANT (7E A1, since 2021)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates,
                                        .variants = kVariants};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<std::size_t> variant = check_options(info(), options);
    if (!variant) return fail(variant.error());
    return &room.put(
        Codec({.plus_charges = (*variant & 1U) != 0, .swapped_fets = (*variant & 2U) != 0}));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }
  [[nodiscard]] Duration reply_timeout() const noexcept override { return milliseconds(500); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    if (number != kAskStatus && number != kAskRegisters) {
      return fail(Errc::invalid_argument, 0, "not a number of the ANT poll plan");
    }
    const bool about = number == kAskRegisters;
    std::array<std::byte, kDataAt> header{std::byte{kStart}, std::byte{kSecond}, std::byte{number}};
    store_le16(header, kRegisterAt, about ? kAboutRegister : std::uint16_t{0});
    store_u8(header, kLengthAt, about ? kAboutSize : kStatusSize);
    return framed::seal(kReply, header, {}, sum, out);
  }

  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "ANT boards want a password before they are written to");
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    return framed::scan(kReply, reply_header(parse_request(request)), request, received);
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    const Result<Asked> asked = parse_request(request);
    if (!asked && !request.empty()) {
      return fail(Errc::invalid_argument, asked.error().offset, "not a sound ANT request");
    }
    if (reply.size() > kFunctionAt && is_request(load_u8(reply, kFunctionAt)) &&
        load_u8(reply, 0) == kStart && load_u8(reply, 1) == kSecond) {
      return fail(Errc::header, kFunctionAt, "an ANT request, not a reply");
    }
    const Result<Bytes> data = framed::open(kReply, reply_header(asked), reply);
    if (!data) return fail(data.error());
    const std::uint8_t function = load_u8(reply, kFunctionAt);
    switch (function) {
      case kStatus:
        return read_status(dialect_, reply, kDataAt + data->size(), sink);
      case kRegisters:
        return read_registers(load_le16(reply, kRegisterAt), *data, sink);
      case kAuthenticated:
      case kWritten:
        return read_acknowledgement(function, *data, sink);
      default:
        return fail(Errc::unimplemented, kFunctionAt, "libems does not read this ANT reply");
    }
  }

  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override {
    const Result<Asked> asked = parse_request(request);
    if (!asked) return fail(asked.error());
    const bool write = asked->function == kWrite;
    sink.vendor_value("request_command", asked->function);
    sink.vendor_value("request_register", write ? asked->number & 0xFFU : asked->number);
    sink.vendor_value("request_write", write || asked->function == kAuthenticate ? 1 : 0);
    if (!write) sink.vendor_value("request_length", asked->length);
    return {};
  }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    static_cast<void>(bit);  // Nobody has published the protection mask.
    return std::nullopt;
  }

 private:
  Dialect dialect_;
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec(Dialect{});
  return kCodec;
}

}  // namespace ems::protocol::ant
