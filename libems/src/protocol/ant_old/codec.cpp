// SPDX-License-Identifier: Apache-2.0
// Offsets count bytes of the reply; docs/protocols/ant_old.md.
#include "ems/protocol/ant_old/codec.hpp"

#include <algorithm>

#include "protocol/ant/fets.hpp"
#include "protocol/field.hpp"

namespace ems::protocol::ant_old {
namespace {

// Bit 0: through Bluetooth; bit 1: + charges.
constexpr std::string_view kVariants[] = {"serial", "bluetooth", "serial_plus_charges",
                                          "bluetooth_plus_charges"};

constexpr PollItem kPollPlan[] = {{"status", 0, 1}};

// Request: start twice, register, value(2), sum of the three.
using Request = std::array<std::uint8_t, 6>;
constexpr Request kAsks[] = {{0x5A, 0x5A, 0x00, 0x00, 0x01, 0x01},   // Serial.
                             {0xDB, 0xDB, 0x00, 0x00, 0x00, 0x00}};  // Bluetooth.
constexpr std::uint8_t kWrites = 0xA5;
constexpr std::size_t kRegisterAt = 2;
constexpr std::size_t kValueAt = 3;
constexpr std::size_t kRequestSumAt = 5;

constexpr std::array<std::uint8_t, 4> kStart{0xAA, 0x55, 0xAA, 0xFF};
constexpr std::size_t kStatusSize = 140;
constexpr std::size_t kSumAt = 138;  // u16 of all behind the start.

constexpr std::size_t kFirstCellAt = 6;
constexpr std::size_t kCellsMax = 32;
constexpr std::size_t kCurrentAt = 70;  // s32, 0.1 A
constexpr std::size_t kFirstSensorAt = 91;
constexpr std::uint8_t kSensorsMax = 6;
constexpr std::uint8_t kSensors = 4;  // Unless said: boards come with four.
constexpr std::size_t kChargeFetAt = 103;
constexpr std::size_t kDischargeFetAt = 104;
constexpr std::size_t kPowerAt = 111;  // s32, W
constexpr std::size_t kCellsAt = 123;

struct Row {
  std::uint8_t at = 0;
  FieldWire wire = FieldWire::u16;
  Meaning meaning{};
};
constexpr Row kRows[] = {
    {4, FieldWire::u16, value(Signal::pack_voltage, 100)},
    {74, FieldWire::u8, percent(Signal::soc, 100)},
    {75, FieldWire::u32, value(Signal::full_capacity)},
    {79, FieldWire::u32, value(Signal::remaining_capacity)},
    {83, FieldWire::u32, vendor("cycle_capacity_mah")},
    {87, FieldWire::u32, vendor("runtime_s")},
    {105, FieldWire::u8, vendor("balancer_code")},
    {106, FieldWire::u16, vendor("tire_length_mm")},
    {108, FieldWire::u16, vendor("pulses_per_week")},
    {110, FieldWire::u8, vendor("relay")},
    {115, FieldWire::u8, vendor("cell_max_index")},
    {116, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {118, FieldWire::u8, vendor("cell_min_index")},
    {119, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {121, FieldWire::u16, vendor("cell_average_mv")},
    {kCellsAt, FieldWire::u8, value(Signal::cell_count)},
    {132, FieldWire::u32, flag(Signal::balancing)},
    {132, FieldWire::u32, vendor("balance_mask")},
    {136, FieldWire::u16, vendor("log")},
};

unsigned sum_of(Bytes bytes) noexcept {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  return sum;
}

/// 1 degC; -40 says that there is none.
std::optional<std::int64_t> sensor_at(Bytes reply, std::size_t index) noexcept {
  constexpr std::int64_t kAbsent = -40;
  const std::int64_t degc = load(reply, kFirstSensorAt + 2 * index, FieldWire::s16, ByteOrder::big);
  return degc == kAbsent ? std::nullopt : std::optional(degc * 1'000);
}

Result<void> check_request(Bytes request) noexcept {
  if (request.empty()) return fail(Errc::truncated, 0, "no ANT request");
  const std::uint8_t start = load_u8(request, 0);
  if (start != kAsks[0][0] && start != kAsks[1][0] && start != kWrites) {
    return fail(Errc::header, 0, "ANT request starts with none of 5A, DB, A5");
  }
  if (request.size() > 1 && load_u8(request, 1) != start) {
    return fail(Errc::header, 1, "ANT request does not repeat its start");
  }
  if (request.size() < Request{}.size()) {
    return fail(Errc::truncated, request.size(), "ANT request cut short");
  }
  if (request.size() > Request{}.size()) {
    return fail(Errc::length, Request{}.size(), "bytes behind the ANT request");
  }
  const Bytes summed = request.subspan(kRegisterAt, kRequestSumAt - kRegisterAt);
  if (load_u8(request, kRequestSumAt) != (sum_of(summed) & 0xFFU)) {
    return fail(Errc::checksum, kRequestSumAt, "ANT request checksum mismatch");
  }
  return {};
}

bool is_status_request(Bytes request) noexcept {
  return load_u8(request, 0) != kWrites && load_u8(request, kRegisterAt) == 0;
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
    for (const Row& row : kRows) {
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
