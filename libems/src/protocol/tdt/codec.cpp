// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/tdt/codec.hpp"

#include "protocol/tdt/layout.hpp"

namespace ems::protocol::tdt {

Result<Asked> parse_request(Bytes request) noexcept {
  const bool other = !request.empty() && load_u8(request, 0) == kStarts[1];
  const framed::HeaderByte header[] = {
      {kStarts[other ? 1 : 0]}, {0, kVersionBits}, framed::kAny, {kKind}, {0}};
  const Result<Bytes> data = framed::open(kShape, header, request);
  if (!data) return fail(data.error());
  return Asked{.address = load_u8(request, kAddressAt), .command = load_u8(request, kCommandAt)};
}

namespace {

using framed::Lists;

constexpr PollItem kPollPlan[] = {
    {"telemetry", kTelemetry, 1},
    {"states", kStates, 1},
    {"about", kAbout, 0},
};

/// How the reply begins. Without a request, of any address and command.
std::array<framed::HeaderByte, kLengthAt> reply_header(std::optional<Asked> asked) noexcept {
  std::array<framed::HeaderByte, kLengthAt> header{
      {{kStarts[0]}, {0, kVersionBits}, framed::kAny, {kKind}, framed::kAny, framed::kAny}};
  if (asked) {
    header[kAddressAt] = {asked->address, kAddressBits};
    header[kCommandAt] = {asked->command};
  }
  return header;
}

Result<void> read_telemetry(Bytes data, ReadingSink& sink) noexcept {
  const Result<Lists> lists = framed::read_lists(data, 0, 2);
  if (!lists) return moved(lists.error(), kDataAt);
  const std::size_t at = lists->end;
  if (data.size() < at + kTelemetrySize) {
    return fail(Errc::length, kDataAt + data.size(), "TDT telemetry cut short");
  }
  const Publisher out(sink);
  framed::give_cells(out, data, *lists);
  framed::give_sensors(out, data, *lists);
  if (lists->sensors > kMosfetSensor) {
    out.sensor(Signal::ambient_temperature, framed::sensor_at(data, *lists, kAmbientSensor));
    out.sensor(Signal::mosfet_temperature, framed::sensor_at(data, *lists, kMosfetSensor));
  }
  const std::uint16_t raw = load_be16(data, at + kCurrentAt);
  const std::int64_t milliamp = std::int64_t{raw & kCurrentBits} * 100;
  out.value(Signal::pack_current, (raw & kDischarging) != 0 ? milliamp : -milliamp);
  give(out, data.subspan(at), kTelemetryFields, ByteOrder::big);
  return {};
}

std::int64_t raised(Bytes codes) noexcept {
  std::int64_t count = 0;
  for (const std::byte code : codes) count += code != std::byte{0} ? 1 : 0;
  return count;
}

Result<void> read_states(Bytes data, ReadingSink& sink) noexcept {
  const Result<Lists> lists = framed::read_lists(data, 0, 1);
  if (!lists) return moved(lists.error(), kDataAt);
  const std::size_t at = lists->end;
  if (data.size() < at + kStatesSize) {
    return fail(Errc::length, kDataAt + data.size(), "TDT states cut short");
  }
  const Publisher out(sink);
  give(out, data.subspan(at), kSwitches);
  out.value(Signal::vendor_alarms, load_be16(data, at + kProblemsAt));
  out.vendor("cells_with_code", raised(data.subspan(lists->cells_at, lists->cells)));
  out.vendor("sensors_with_code", raised(data.subspan(lists->sensors_at, lists->sensors)));
  return {};
}

Result<void> read_about(Bytes data, ReadingSink& sink) noexcept {
  if (data.size() < kTextSize * std::size(kTexts)) {
    return fail(Errc::length, kDataAt + data.size(), "TDT texts cut short");
  }
  const Publisher out(sink);
  for (std::size_t i = 0; i < std::size(kTexts); ++i) {
    out.text(kTexts[i], data.subspan(i * kTextSize, kTextSize));
  }
  return {};
}

class Codec final : public PollCodec {
 public:
  constexpr Codec(std::uint8_t start, std::uint8_t address) noexcept
      : start_(start), address_(address) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600, 19'200};
    static constexpr std::uint8_t kAddresses[] = {1};
    static constexpr ProtocolInfo kInfo{.name = "tdt",
                                        .title = "TDT (Bluetooth module, UART)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates,
                                        .addresses = kAddresses,
                                        .variants = kVariants};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<Chosen> chosen = choose(info(), options, kAddressMax);
    if (!chosen) return fail(chosen.error());
    return &room.put(Codec(kStarts[chosen->variant], chosen->address));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }
  [[nodiscard]] Duration reply_timeout() const noexcept override { return milliseconds(500); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    for (const PollItem& item : kPollPlan) {
      if (item.number != number) continue;
      const std::byte header[kDataAt] = {std::byte{start_}, std::byte{0}, std::byte{address_},
                                         std::byte{kKind},  std::byte{0}, std::byte{number},
                                         std::byte{0},      std::byte{0}};
      return framed::seal(kShape, header, {}, sum, out);
    }
    return fail(Errc::invalid_argument, 0, "not a number of the TDT poll plan");
  }

  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "no write of TDT boards is known");
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    const Result<Asked> asked = parse_request(request);
    return framed::scan(kShape, reply_header(asked ? std::optional(*asked) : std::nullopt), request,
                        received);
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    std::optional<Asked> asked;
    if (!request.empty()) {
      const Result<Asked> parsed = parse_request(request);
      if (!parsed) {
        return fail(Errc::invalid_argument, parsed.error().offset, "not a sound TDT request");
      }
      asked = *parsed;
    }
    const Result<Bytes> data = framed::open(kShape, reply_header(asked), reply);
    if (!data) return fail(data.error());
    if (load_u8(reply, kCodeAt) != 0) {
      return fail(Errc::device_error, kCodeAt, "the TDT board refused the request");
    }
    switch (load_u8(reply, kCommandAt)) {
      case kTelemetry:
        return read_telemetry(*data, sink);
      case kStates:
        return read_states(*data, sink);
      case kAbout:
        return read_about(*data, sink);
      default:
        return fail(Errc::unimplemented, kCommandAt, "libems does not read this TDT reply");
    }
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
    static_cast<void>(bit);  // Nobody has published what they mean.
    return std::nullopt;
  }

 private:
  std::uint8_t start_;
  std::uint8_t address_;
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec(kStarts[0], 1);
  return kCodec;
}

}  // namespace ems::protocol::tdt
