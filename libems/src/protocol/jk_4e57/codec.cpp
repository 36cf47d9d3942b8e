// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_4e57/codec.hpp"

#include <algorithm>

#include "protocol/jk_4e57/frame.hpp"
#include "protocol/jk_4e57/tags.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::jk_4e57 {
namespace {

// What a write of a switch sets; the value is a byte.
constexpr std::uint8_t kSwitches[] = {0x9D, 0xAB, 0xAC};

constexpr PollItem kPollPlan[] = {{"everything", kReadAll, 1}};

/// Boards answer either way of reading everything with either command.
bool answers(const Request& asked, std::uint8_t command) noexcept {
  const bool everything =
      asked.command == kReadAll || (asked.command == kReadOne && !asked.tag().has_value());
  return command == asked.command || (everything && (command == kReadOne || command == kReadAll));
}

/// A reply, as far as its bytes go. @return The first byte that says otherwise.
std::optional<std::size_t> wrong_byte(const Request* asked, Bytes reply) noexcept {
  if (has(reply, kCommandAt) && asked != nullptr && !answers(*asked, load_u8(reply, kCommandAt))) {
    return kCommandAt;
  }
  if (has(reply, kTypeAt)) {
    const std::uint8_t type = load_u8(reply, kTypeAt);
    if (type == kRequest || type > kPushed) return kTypeAt;
  }
  const auto tag = asked != nullptr ? asked->tag() : std::nullopt;
  if (tag && has(reply, kDataAt) && load_u8(reply, kDataAt) != *tag) return kDataAt;
  return std::nullopt;
}

class Codec final : public PollCodec {
 public:
  constexpr Codec() = default;

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {115'200};
    static constexpr ProtocolInfo kInfo{.name = "jk_4e57",
                                        .title = "JK, Jikong (frames 4E 57, boards before PB)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<std::size_t> known = check_options(info(), options);
    if (!known) return fail(known.error());
    return &room.put(*this);
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }
  [[nodiscard]] Duration reply_timeout() const noexcept override { return milliseconds(500); }
  [[nodiscard]] Duration request_gap() const noexcept override { return milliseconds(100); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    if (number != kReadAll) {
      return fail(Errc::invalid_argument, 0, "not a number of the JK poll plan");
    }
    constexpr std::byte kEverything[] = {std::byte{0}};
    return encode({.command = kReadAll, .source = kFromComputer, .type = kRequest}, kEverything,
                  out);
  }

  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "JK boards have to be paired before they are written to");
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    const Result<Request> asked = parse_request(request);
    std::size_t at = 0;
    for (; at < received.size(); ++at) {
      const Bytes rest = received.subspan(at);
      if (!check_start(rest) || wrong_byte(asked ? &*asked : nullptr, rest)) continue;
      if (rest.size() < kLengthAt + 2) break;
      const std::size_t total = kLengthAt + std::size_t{load_be16(rest, kLengthAt)};
      if (total < kOverhead || total > kReplySize) continue;
      return {.noise = at, .size = rest.size() < total ? 0 : total};
    }
    return {.noise = at, .size = 0};
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    std::optional<Request> asked;
    if (!request.empty()) {
      const Result<Request> parsed = parse_request(request);
      if (!parsed) {
        return fail(Errc::invalid_argument, parsed.error().offset, "not a sound JK request");
      }
      asked = *parsed;
    }
    const Result<void> start = check_start(reply);
    if (!start) return fail(start.error());
    if (const auto wrong = wrong_byte(asked ? &*asked : nullptr, reply)) {
      return fail(Errc::header, *wrong, "JK frame that does not answer the request");
    }
    const Result<Bytes> data = check_body(reply);
    if (!data) return fail(data.error());
    const std::uint8_t command = load_u8(reply, kCommandAt);
    if (command != kReadOne && command != kReadAll) {
      return fail(Errc::unimplemented, kCommandAt, "libems reads JK's replies to reads only");
    }
    const Result<void> read = read_tags(*data, sink);
    if (!read) return moved(read.error(), kDataAt);
    return {};
  }

  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override {
    const Result<Request> asked = parse_request(request);
    if (!asked) return fail(asked.error());
    sink.vendor_value("request_command", asked->command);
    sink.vendor_value("request_write", asked->command == kWrite ? 1 : 0);
    const bool tagged = asked->command == kReadOne || asked->command == kWrite;
    if (!tagged || asked->data.empty()) return {};  // A password is nobody's business.
    const std::uint8_t tag = load_u8(asked->data, 0);
    sink.vendor_value("request_register", tag);
    const bool switches =
        std::find(std::begin(kSwitches), std::end(kSwitches), tag) != std::end(kSwitches);
    if (asked->command == kWrite && switches && asked->data.size() == 2) {
      sink.vendor_value("request_value", load_u8(asked->data, 1));
    }
    return {};
  }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    return vendor_bit_name(bit);
  }
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec;
  return kCodec;
}

}  // namespace ems::protocol::jk_4e57
