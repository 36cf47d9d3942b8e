// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/lifepower/codec.hpp"

#include "protocol/lifepower/layout.hpp"

namespace ems::protocol::lifepower {
namespace {

constexpr PollItem kPollPlan[] = {
    {"status", kStatus, 1},
    {"firmware", kFirmware, 0},
    {"hardware", kHardware, 0},
};

std::array<framed::HeaderByte, kLengthAt> reply_header(const Result<Asked>& asked) noexcept {
  std::array<framed::HeaderByte, kLengthAt> header{{{kStart}, framed::kAny, framed::kAny}};
  if (asked) {
    header[kAddressAt] = {asked->address};
    header[kCommandAt] = {asked->command};
  }
  return header;
}

/// The words of each group; empty: the reply does not have it.
using Groups = std::array<Bytes, kGroups + 1>;

/// @errors length  the data end inside a group, or a group has too few words; offset counts them.
Result<Groups> split(Bytes data) noexcept {
  Groups groups{};
  if (data.empty()) return fail(Errc::length, 0, "LifePower status without a group");
  std::size_t at = 0;
  while (at < data.size()) {
    if (data.size() < at + 2) return fail(Errc::length, data.size(), "LifePower group cut short");
    const std::size_t id = load_u8(data, at);
    const std::size_t words = load_u8(data, at + 1);
    if (words == 0 || (id == kStates && words < kStateWords)) {
      return fail(Errc::length, at + 1, "LifePower group has too few words");
    }
    if (data.size() < at + 2 + 2 * words) {
      return fail(Errc::length, data.size(), "LifePower group cut short");
    }
    if (id < groups.size()) {
      if (!groups[id].empty()) return fail(Errc::length, at, "LifePower group that is there twice");
      groups[id] = data.subspan(at + 2, 2 * words);
    }
    at += 2 + 2 * words;
  }
  return groups;
}

void give_cells(const Publisher& out, Bytes words) noexcept {
  const std::size_t cells = words.size() / 2;
  std::uint64_t marked = 0;
  out.value(Signal::cell_count, static_cast<std::int64_t>(cells));
  out.count(Signal::cell_voltage, cells);
  for (std::size_t i = 0; i < cells; ++i) {
    const std::uint16_t raw = load_be16(words, 2 * i);
    out.cell(Signal::cell_voltage, raw & kMilliVolt, static_cast<std::uint16_t>(i + 1));
    if ((raw & ~unsigned{kMilliVolt}) != 0 && i < 32) marked |= std::uint64_t{1} << i;
  }
  out.vendor("marked_cells", static_cast<std::int64_t>(marked));
}

/// Six sensors: four of the cells, transistors, ambient. Other numbers: of the cells.
void give_sensors(const Publisher& out, Bytes words) noexcept {
  const auto milli_degc = [words](std::size_t i) {
    return (std::int64_t{load_u8(words, 2 * i + 1)} - kDegreesBelow) * 1'000;
  };
  const std::size_t sensors = words.size() / 2;
  const std::size_t listed = sensors == kNamedSensors ? kCellSensors : sensors;
  out.count(Signal::temperature, listed);
  for (std::size_t i = 0; i < listed; ++i) {
    out.sensor(Signal::temperature, milli_degc(i), static_cast<std::uint16_t>(i + 1));
  }
  if (sensors != kNamedSensors) return;
  out.sensor(Signal::mosfet_temperature, milli_degc(kCellSensors));
  out.sensor(Signal::ambient_temperature, milli_degc(kCellSensors + 1));
}

void give_alarms(const Publisher& out, std::uint16_t word) noexcept {
  const std::uint16_t raised = word & static_cast<std::uint16_t>(~(kCharging | kDischarging));
  out.value(Signal::alarms, static_cast<std::int64_t>(common_alarms(raised, kAlarms)));
  out.value(Signal::vendor_alarms, static_cast<std::int64_t>(vendor_bits(raised, kAlarms)));
  out.vendor("state", word & (kCharging | kDischarging));
}

/// Missing when the state says the contrary.
void give_current(const Publisher& out, std::uint16_t raw, std::uint16_t state) noexcept {
  const std::int64_t milliamp = (raw - kZeroCurrent) * kMilliAmpPerStep;
  const bool against = (milliamp > 0 && (state & (kCharging | kDischarging)) == kCharging) ||
                       (milliamp < 0 && (state & (kCharging | kDischarging)) == kDischarging);
  if (against) {
    out.missing(Signal::pack_current);
    out.vendor("current_contradicts_state_ma", milliamp);
  } else {
    out.value(Signal::pack_current, milliamp);
  }
}

Result<void> read_status(Bytes data, ReadingSink& sink) noexcept {
  const Result<Groups> groups = split(data);
  if (!groups) return moved(groups.error(), kDataAt);
  const auto words = [&groups](Group group) { return (*groups)[group]; };
  const Publisher out(sink);
  std::uint16_t state = 0;
  if (!words(kStates).empty()) {
    state = load_be16(words(kStates), 2);
    give_alarms(out, state);
  }
  if (!words(kCells).empty()) give_cells(out, words(kCells));
  if (!words(kCurrent).empty()) give_current(out, load_be16(words(kCurrent), 0), state);
  if (!words(kTemperatures).empty()) give_sensors(out, words(kTemperatures));
  for (const Row& row : kRows) {
    if (!words(row.group).empty()) give(out, row.meaning, load_be16(words(row.group), 0));
  }
  return {};
}

class Codec final : public PollCodec {
 public:
  constexpr explicit Codec(std::uint8_t address) noexcept : address_(address) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600};
    static constexpr std::uint8_t kAddresses[] = {1, 2,  3,  4,  5,  6,  7,  8,
                                                  9, 10, 11, 12, 13, 14, 15, 0};
    static constexpr ProtocolInfo kInfo{.name = "lifepower",
                                        .title = "EG4 LifePower 4 (old firmware)",
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
  /// A source asks every two seconds because faster asking gave errors.
  [[nodiscard]] Duration request_gap() const noexcept override { return milliseconds(100); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    for (const PollItem& item : kPollPlan) {
      if (item.number != number) continue;
      const std::byte header[kDataAt] = {std::byte{kStart}, std::byte{address_}, std::byte{number},
                                         std::byte{0}};
      return framed::seal(kShape, header, {}, sum, out);
    }
    return fail(Errc::invalid_argument, 0, "not a number of the LifePower poll plan");
  }

  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    static_cast<void>(command);
    static_cast<void>(out);
    return fail(Errc::unimplemented, 0, "no write of LifePower batteries is known");
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    return framed::scan(kShape, reply_header(parse_request(request)), request, received);
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    const Result<Asked> asked = parse_request(request);
    if (!asked && !request.empty()) {
      return fail(Errc::invalid_argument, asked.error().offset, "not a sound LifePower request");
    }
    const Result<Bytes> data = framed::open(kShape, reply_header(asked), reply);
    if (!data) return fail(data.error());
    const Publisher out(sink);
    switch (load_u8(reply, kCommandAt)) {
      case kStatus:
        return read_status(*data, sink);
      case kFirmware:
        out.text(TextField::firmware_version, *data);
        return {};
      case kHardware:
        out.text(TextField::hardware_version, *data);
        return {};
      default:
        return fail(Errc::unimplemented, kCommandAt, "libems does not read this LifePower reply");
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
    static constexpr std::string_view kNames[] = {"ambient_undertemperature",
                                                  "ambient_overtemperature", "serious"};
    constexpr unsigned kFirst = 8;
    if (bit < kFirst || bit >= kFirst + std::size(kNames)) return std::nullopt;
    return kNames[bit - kFirst];
  }

 private:
  std::uint8_t address_;
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec(kAddress);
  return kCodec;
}

}  // namespace ems::protocol::lifepower
