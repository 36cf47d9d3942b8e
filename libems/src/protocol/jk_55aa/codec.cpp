// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_55aa/codec.hpp"

#include <algorithm>

#include "protocol/jk_55aa/wire.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::jk_55aa {
namespace {

constexpr std::uint8_t number_of(FrameType type) noexcept {
  return static_cast<std::uint8_t>(type);
}

constexpr PollItem kPollPlan[] = {
    {"status", number_of(FrameType::status), 1},
    {"about", number_of(FrameType::about), 0},
};

/// The board sends its settings before the first status.
constexpr bool answers(std::uint8_t command, std::uint8_t type) noexcept {
  if (command == kAskAbout) return type == number_of(FrameType::about);
  return command == kAskStatus &&
         (type == number_of(FrameType::status) || type == number_of(FrameType::settings));
}

/// The frame without a command that the radio module echoes or adds behind it.
Bytes without_echo(Bytes reply) noexcept {
  if (reply.size() != kFrameSize + kCommandSize) return reply;
  return parse_command(reply.subspan(kFrameSize)) ? reply.first(kFrameSize) : reply;
}

/// The received bytes may be a frame's, as far as they go.
bool may_start(Bytes received, std::optional<std::uint8_t> type) noexcept {
  for (std::size_t at = 0; at < std::min(received.size(), kStart.size()); ++at) {
    if (load_u8(received, at) != kStart[at]) return false;
  }
  return !type || received.size() <= kTypeAt || load_u8(received, kTypeAt) == *type;
}

class Codec final : public PollCodec {
 public:
  constexpr explicit Codec(Layout layout) noexcept : layout_(layout) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {115'200};
    static constexpr ProtocolInfo kInfo{.name = "jk_55aa",
                                        .title = "JK, Jikong (frames 55 AA EB 90, radio module)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates,
                                        .variants = kVariants};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<std::size_t> variant = check_options(info(), options);
    if (!variant) return fail(variant.error());
    return &room.put(Codec(static_cast<Layout>(*variant)));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }
  /// The settings may come first.
  [[nodiscard]] Duration reply_timeout() const noexcept override { return seconds(2); }
  [[nodiscard]] Duration request_gap() const noexcept override { return milliseconds(100); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    const bool about = number == number_of(FrameType::about);
    if (!about && number != number_of(FrameType::status)) {
      return fail(Errc::invalid_argument, 0, "not a number of the JK poll plan");
    }
    if (out.size() < kCommandSize) return fail(Errc::resource_exhausted, 0, "no room for JK");
    std::fill_n(out.begin(), kCommandSize, std::byte{0});
    for (std::size_t at = 0; at < kCommandStart.size(); ++at) store_u8(out, at, kCommandStart[at]);
    store_u8(out, kCommandAt, about ? kAskAbout : kAskStatus);
    store_u8(out, kCommandSumAt, sum_of(out.first(kCommandSumAt)));
    return kCommandSize;
  }

  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "libems does not write to JK's radio module");
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    std::optional<std::uint8_t> type;
    if (const auto command = parse_command(request)) {
      type = number_of(*command == kAskAbout ? FrameType::about : FrameType::status);
    }
    std::size_t at = 0;
    while (at < received.size() && !may_start(received.subspan(at), type)) ++at;
    return {.noise = at, .size = received.size() - at < kFrameSize ? 0 : kFrameSize};
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    if (!request.empty()) {
      const Result<std::uint8_t> command = parse_command(request);
      if (!command) {
        return fail(Errc::invalid_argument, command.error().offset, "not a sound JK command");
      }
      if (may_start(reply, std::nullopt) && reply.size() > kTypeAt &&
          !answers(*command, load_u8(reply, kTypeAt))) {
        return fail(Errc::header, kTypeAt, "JK frame of another type than was asked for");
      }
    }
    if (reply.empty()) return fail(Errc::truncated, 0, "no JK frame");
    return decode_frame(layout_, without_echo(reply), sink);
  }

  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override {
    const Result<std::uint8_t> command = parse_command(request);
    if (!command) return fail(command.error());
    sink.vendor_value("request_command", *command);
    sink.vendor_value("request_write", load_u8(request, kValueSizeAt) != 0 ? 1 : 0);
    return {};
  }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    return alarm_name(bit);
  }

 private:
  Layout layout_;
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec(Layout::cells_32);
  return kCodec;
}

}  // namespace ems::protocol::jk_55aa
