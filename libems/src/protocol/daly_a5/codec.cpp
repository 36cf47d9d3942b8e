// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/daly_a5/codec.hpp"

#include <algorithm>
#include <array>

#include "protocol/daly_a5/layout.hpp"
#include "protocol/daly_a5/values.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::daly_a5 {
namespace {

constexpr PollItem kAlways[] = {
    {"pack", kPack, 1},
    {"switches", kSwitches, 1},
    {"faults", kFaults, 1},
    {"cell extremes", kCellExtremes, 1},
    {"temperature extremes", kTempExtremes, 1},
    {"balancing", kBalancing, 2},
    {"status", kStatus, 2},
    {"rated", kRated, 0},
    {"production date", kDate, 0},
    {"battery code", kCode, 0},
};
constexpr PollItem kCellsItem{"cells", kCells, 1};
constexpr PollItem kTemperaturesItem{"temperatures", kTemperatures, 1};

template <std::size_t N>
constexpr auto plan_with(const std::array<PollItem, N>& more) noexcept {
  std::array<PollItem, std::size(kAlways) + N> plan{};
  const auto rest = std::copy(std::begin(kAlways), std::end(kAlways), plan.begin());
  std::copy(more.begin(), more.end(), rest);
  return plan;
}
constexpr auto kWithCells = plan_with(std::array{kCellsItem});
constexpr auto kWithTemperatures = plan_with(std::array{kTemperaturesItem});
constexpr auto kWithBoth = plan_with(std::array{kCellsItem, kTemperaturesItem});

constexpr std::size_t frames_for(std::size_t count, std::size_t per_frame) noexcept {
  return (count + per_frame - 1) / per_frame;
}

constexpr bool writes(std::uint8_t command) noexcept {
  return is_switch(command) || command == kWriteSoc || command == kRestart;
}

constexpr bool is_address(std::uint8_t address) noexcept {
  return address == kUart || address == kGprs || is_rs485(address);
}

class Codec final : public PollCodec {
 public:
  constexpr Codec(std::uint8_t address, std::uint8_t first_number, std::uint8_t cells,
                  std::uint8_t sensors) noexcept
      : address_(address), first_number_(first_number), cells_(cells), sensors_(sensors) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600};
    static constexpr std::uint8_t kAddresses[] = {0x40, 0x80, 0x20, 0x41, 0x42, 0x43,
                                                  0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
                                                  0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F};
    static constexpr ProtocolInfo kInfo{.name = "daly_a5",
                                        .title = "Daly smart BMS (frames A5)",
                                        .evidence = Evidence::captured_frames,
                                        .bit_rates = kBitRates,
                                        .addresses = kAddresses,
                                        .variants = kVariants};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<std::size_t> variant = check_options(info(), options);
    if (!variant) return fail(variant.error());
    const std::uint8_t address = options.address.value_or(kRs485);
    if (!is_address(address)) {
      return fail(Errc::out_of_range, 0, "Daly addresses are 20, 40 .. 4F and 80 (hexadecimal)");
    }
    if (options.cell_count > kCellsMax) return fail(Errc::out_of_range, 0, "more than 48 cells");
    if (options.temperature_count > kSensorsMax) {
      return fail(Errc::out_of_range, 0, "more than 16 temperature sensors");
    }
    return &room.put(
        Codec(address, *variant == 0 ? 1 : 0, options.cell_count, options.temperature_count));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override {
    if (cells_ != 0 && sensors_ != 0) return kWithBoth;
    if (cells_ != 0) return kWithCells;
    if (sensors_ != 0) return kWithTemperatures;
    return kAlways;
  }

  /// 16 frames take 217 ms at 9600 bit/s.
  [[nodiscard]] Duration reply_timeout() const noexcept override { return milliseconds(500); }

  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override {
    for (const PollItem& item : poll_plan()) {
      if (item.number != number) continue;
      if (out.size() < kFrame) return fail(Errc::resource_exhausted, 0, "no room for Daly");
      write_frame(address_, number, 0, out);
      return kFrame;
    }
    return fail(Errc::invalid_argument, 0, "not a number of the Daly poll plan");
  }

  /// One request per transistor, sent together; both have to be answered.
  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override {
    if (out.size() < 2 * kFrame) return fail(Errc::resource_exhausted, 0, "no room for Daly");
    write_frame(address_, kSetCharge, command.charge_on ? 1 : 0, out);
    write_frame(address_, kSetDischarge, command.discharge_on ? 1 : 0, out.subspan(kFrame));
    return 2 * kFrame;
  }

  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override {
    const Result<Bytes> last = check_request(request);
    if (!last) return scan_reply(nullptr, received);
    Expected expected = answer_to(request, *last);
    if (expected.more && count_of(expected.command) == 0) expected.frames = kFramesMax;
    return scan_reply(&expected, received);
  }

  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override {
    Expected expected;
    if (request.empty()) {
      expected = own_word_of(reply);
    } else {
      const Result<Bytes> last = check_request(request);
      if (!last) {
        return fail(Errc::invalid_argument, last.error().offset, "not a sound Daly request");
      }
      expected = answer_to(request, *last);
    }
    const Result<void> checked = check_reply(expected, reply);
    if (!checked) return checked;
    return give_values(expected.command, reply, cells_, sensors_, sink);
  }

  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override {
    const Result<Bytes> last = check_request(request);
    if (!last) return fail(last.error());
    const std::uint8_t command = load_u8(request, kCommandAt);
    sink.vendor_value("request_address", load_u8(request, kAddressAt));
    sink.vendor_value("request_command", command);
    sink.vendor_value("request_write", writes(command) ? 1 : 0);
    for (std::size_t at = 0; at < request.size(); at += kFrame) {
      const std::uint8_t on = load_u8(request, at + kDataAt);
      switch (load_u8(request, at + kCommandAt)) {
        case kSetCharge:
          sink.vendor_value("charge_on", on);
          break;
        case kSetDischarge:
          sink.vendor_value("discharge_on", on);
          break;
        default:
          break;
      }
    }
    return {};
  }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    return vendor_bit_name(bit);
  }

 private:
  /// Cells or sensors of a numbered reply, as the options say; 0: not known.
  [[nodiscard]] std::size_t count_of(std::uint8_t command) const noexcept {
    return command == kCells ? cells_ : sensors_;
  }

  [[nodiscard]] Expected expected_of(std::uint8_t command) const noexcept {
    Expected expected{.command = command, .last_command = command};
    if (command == kCode) {
      expected.frames = kCodeFrames;
    } else if (is_numbered(command)) {
      const std::size_t per_frame = command == kCells ? kCellsPerFrame : kSensorsPerFrame;
      expected.frames = std::max<std::size_t>(1, frames_for(count_of(command), per_frame));
      expected.first_number = first_number_;
      expected.more = true;
    }
    return expected;
  }

  [[nodiscard]] Expected answer_to(Bytes request, Bytes last) const noexcept {
    Expected expected = expected_of(load_u8(request, kCommandAt));
    expected.last_command = load_u8(last, kCommandAt);
    expected.frames = std::max(expected.frames, request.size() / kFrame);
    expected.board = board_of(load_u8(request, kAddressAt));
    return expected;
  }

  /// What a reply says it is, where no request does.
  [[nodiscard]] Expected own_word_of(Bytes reply) const noexcept {
    const std::uint8_t command =
        reply.size() > kCommandAt ? load_u8(reply, kCommandAt) : std::uint8_t{kPack};
    Expected expected = expected_of(command);
    constexpr std::size_t kSecondAt = kFrame + kCommandAt;
    if (is_switch(command) && reply.size() > kSecondAt && is_switch(load_u8(reply, kSecondAt))) {
      expected.last_command = load_u8(reply, kSecondAt);
      expected.frames = 2;
    }
    return expected;
  }

  std::uint8_t address_;
  std::uint8_t first_number_;
  std::uint8_t cells_;
  std::uint8_t sensors_;
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec(kRs485, 1, 0, 0);
  return kCodec;
}

}  // namespace ems::protocol::daly_a5
