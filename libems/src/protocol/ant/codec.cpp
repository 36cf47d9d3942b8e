// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/ant/codec.hpp"

#include <algorithm>

#include "protocol/ant/frame.hpp"
#include "protocol/ant/status.hpp"

namespace ems::protocol::ant {
namespace {

constexpr PollItem kPollPlan[] = {{"status", kAskStatus, 1}, {"about", kAskRegisters, 0}};

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
    return &room.put(Codec(dialect_of(*variant)));
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
