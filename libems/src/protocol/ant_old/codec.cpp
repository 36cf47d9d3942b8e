// SPDX-License-Identifier: Apache-2.0
// Offsets count bytes of the reply; docs/protocols/ant_old.md.
#include "ems/protocol/ant_old/codec.hpp"

#include <algorithm>

#include "protocol/ant/fets.hpp"
#include "protocol/ant_old/layout.hpp"

namespace ems::protocol::ant_old {
namespace {

constexpr PollItem kPollPlan[] = {{"status", 0, 1}};

/// 1 degC; -40 says that there is none.
std::optional<std::int64_t> sensor_at(Bytes reply, std::size_t index) noexcept {
  const std::int64_t degc = load(reply, kFirstSensorAt + 2 * index, FieldWire::s16, ByteOrder::big);
  return degc == kAbsentDegC ? std::nullopt : std::optional(degc * 1'000);
}

/// First byte that is not of a reply's start, among those that are there.
std::optional<std::size_t> start_mismatch(Bytes reply) noexcept {
  for (std::size_t at = 0; at < std::min(reply.size(), kStart.size()); ++at) {
    if (load_u8(reply, at) != kStart[at]) return at;
  }
  return std::nullopt;
}

Result<void> check_reply(Bytes reply) noexcept {
  if (const auto at = start_mismatch(reply)) {
    return fail(Errc::header, *at, "ANT reply does not start with AA 55 AA FF");
  }
  if (reply.size() < kStatusSize) {
    return fail(Errc::truncated, reply.size(), "ANT reply cut short");
  }
  if (reply.size() > kStatusSize) {
    return fail(Errc::length, kStatusSize, "bytes behind the ANT reply");
  }
  if (load_be16(reply, kSumAt) != sum_of(reply.subspan(kStart.size(), kSumAt - kStart.size()))) {
    return fail(Errc::checksum, kSumAt, "ANT checksum mismatch");
  }
  if (load_u8(reply, kCellsAt) > kCellsMax) {
    return fail(Errc::out_of_range, kCellsAt, "ANT boards have up to 32 cells");
  }
  return {};
}

class Codec final : public PollCodec {
 public:
  constexpr Codec(bool bluetooth, bool plus_charges, std::uint8_t sensors) noexcept
      : bluetooth_(bluetooth), plus_charges_(plus_charges), sensors_(sensors) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600};
    static constexpr ProtocolInfo kInfo{.name = "ant_old",
                                        .title = "ANT (AA 55 AA FF, until 2021)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates,
                                        .variants = kVariants};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<std::size_t> variant = check_options(info(), options);
    if (!variant) return fail(variant.error());
    if (options.temperature_count > kSensorsMax) {
      return fail(Errc::out_of_range, 0, "ANT boards have up to 6 temperature sensors");
    }
    const std::uint8_t sensors =
        options.temperature_count == 0 ? kSensors : options.temperature_count;
    return &room.put(Codec((*variant & 1U) != 0, (*variant & 2U) != 0, sensors));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }
  [[nodiscard]] Duration reply_timeout() const noexcept override { return milliseconds(500); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    if (number != 0) return fail(Errc::invalid_argument, 0, "not a number of the ANT poll plan");
    const Request& request = kAsks[bluetooth_ ? 1 : 0];
    if (out.size() < request.size()) return fail(Errc::resource_exhausted, 0, "no room for ANT");
    for (std::size_t at = 0; at < request.size(); ++at) store_u8(out, at, request[at]);
    return request.size();
  }

  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "ANT boards switch in three writes without a reply");
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    static_cast<void>(request);  // There is one reply.
    std::size_t at = 0;
    while (at < received.size() && start_mismatch(received.subspan(at))) ++at;
    return {.noise = at, .size = received.size() - at < kStatusSize ? 0 : kStatusSize};
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    if (!request.empty()) {
      const Result<void> asked = check_request(request);
      if (!asked) {
        return fail(Errc::invalid_argument, asked.error().offset, "not a sound ANT request");
      }
    }
    const Result<void> sound = check_reply(reply);
    if (!sound) return fail(sound.error());
    if (!request.empty() && !is_status_request(request)) {
      return fail(Errc::header, 0, "ANT status was not asked for");
    }
    give(reply, Publisher(sink));
    return {};
  }

  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override {
    const Result<void> sound = check_request(request);
    if (!sound) return fail(sound.error());
    sink.vendor_value("request_register", load_u8(request, kRegisterAt));
    sink.vendor_value("request_value", load_be16(request, kValueAt));
    sink.vendor_value("request_write", load_u8(request, 0) == kWrites ? 1 : 0);
    return {};
  }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    static_cast<void>(bit);  // The boards have no alarm word.
    return std::nullopt;
  }

 private:
  void give(Bytes reply, const Publisher& out) const noexcept {
    const std::int64_t sign = plus_charges_ ? -1 : 1;
    const std::size_t cells = load_u8(reply, kCellsAt);
    out.count(Signal::cell_voltage, cells);
    for (std::size_t i = 0; i < cells; ++i) {
      out.cell(Signal::cell_voltage, load_be16(reply, kFirstCellAt + 2 * i),
               static_cast<std::uint16_t>(i + 1));
    }
    // The transistors' first, the balancer's second: given as transmitted, too.
    out.sensor(Signal::mosfet_temperature, sensor_at(reply, 0));
    out.count(Signal::temperature, sensors_);
    for (std::uint8_t i = 0; i < sensors_; ++i) {
      out.sensor(Signal::temperature, sensor_at(reply, i), static_cast<std::uint16_t>(i + 1));
    }
    out.value(Signal::pack_current,
              sign * 100 * load(reply, kCurrentAt, FieldWire::s32, ByteOrder::big));
    out.value(Signal::pack_power, sign * load(reply, kPowerAt, FieldWire::s32, ByteOrder::big));
    ant::give_fets(out, load_u8(reply, kChargeFetAt), load_u8(reply, kDischargeFetAt), true);
    for (const FrameField& row : kRows) {
      protocol::give(out, row.meaning, load(reply, row.at, row.wire, ByteOrder::big));
    }
  }

  bool bluetooth_;
  bool plus_charges_;
  std::uint8_t sensors_;
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec(false, false, kSensors);
  return kCodec;
}

}  // namespace ems::protocol::ant_old
