// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/seplos_v2_bin/codec.hpp"

#include "protocol/seplos_v2/replies.hpp"
#include "protocol/seplos_v2_bin/frame.hpp"
#include "protocol/seplos_v2_bin/replies.hpp"

namespace ems::protocol::seplos_v2_bin {
namespace {

constexpr PollItem kPollPlan[] = {{"pack", kPack, 1}, {"manufacturer", kMaker, 0}};

/// How the reply begins. Boards answer to address 0 with their own.
std::array<framed::HeaderByte, kCodeAt> reply_header(const Result<Asked>& asked) noexcept {
  std::array<framed::HeaderByte, kCodeAt> header{
      {{kStart}, {kReplies}, framed::kAny, framed::kAny}};
  if (asked) {
    if (asked->address != 0) header[kAddressAt] = {asked->address};
    header[kEchoAt] = {asked->command};
  }
  return header;
}

Result<void> read(std::uint8_t command, Bytes data, ReadingSink& sink) noexcept {
  switch (command) {
    case kMaker:
      return read_maker(data, sink);
    case kPack:
      return read_pack(data, sink);
    default:
      return read_system(data, sink);
  }
}

class Codec final : public PollCodec {
 public:
  constexpr explicit Codec(std::uint8_t address) noexcept : address_(address) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600, 19'200};
    static constexpr std::uint8_t kAddresses[] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15};
    static constexpr ProtocolInfo kInfo{.name = "seplos_v2_bin",
                                        .title = "Seplos V2 (binary, Bluetooth module)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates,
                                        .addresses = kAddresses};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<Chosen> chosen = choose(info(), options, kAddressMax);
    if (!chosen) return fail(chosen.error());
    return &room.put(Codec(chosen->address));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }
  [[nodiscard]] Duration reply_timeout() const noexcept override { return milliseconds(500); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    if (number != kPack && number != kMaker) {
      return fail(Errc::invalid_argument, 0, "not a number of the Seplos poll plan");
    }
    const std::size_t size = number == kPack ? 1 : 0;
    const std::byte header[kDataAt] = {
        std::byte{kStart}, std::byte{kAsks}, std::byte{address_},         std::byte{kDevice},
        std::byte{number}, std::byte{0},     static_cast<std::byte>(size)};
    const std::byte pack[] = {std::byte{address_}};
    return framed::seal(kShape, header, Bytes(pack).first(size), sum, out);
  }

  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "no write of Seplos's binary frames is known");
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    return framed::scan(kShape, reply_header(parse_request(request)), request, received);
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    const Result<Asked> asked = parse_request(request);
    if (!asked && !request.empty()) {
      return fail(Errc::invalid_argument, asked.error().offset, "not a sound Seplos request");
    }
    const Result<Bytes> data = framed::open(kShape, reply_header(asked), reply);
    if (!data) return fail(data.error());
    if (load_u8(reply, kCodeAt) != 0) {
      return fail(Errc::device_error, kCodeAt, "the Seplos board refused the request");
    }
    const std::uint8_t command = load_u8(reply, kEchoAt);
    if (command != kMaker && command != kPack && command != kSystem) {
      return fail(Errc::unimplemented, kEchoAt, "libems does not read this Seplos reply");
    }
    const Result<void> done = read(command, *data, sink);
    if (!done) return moved(done.error(), kDataAt);
    return {};
  }

  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override {
    const Result<Asked> asked = parse_request(request);
    if (!asked) return fail(asked.error());
    sink.vendor_value("request_command", asked->command);
    sink.vendor_value("request_address", asked->address);
    return {};
  }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    return seplos_v2::vendor_bit_name(bit);
  }

 private:
  std::uint8_t address_;
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec(0);
  return kCodec;
}

}  // namespace ems::protocol::seplos_v2_bin
