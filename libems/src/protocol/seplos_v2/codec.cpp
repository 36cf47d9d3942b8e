// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/seplos_v2/codec.hpp"

#include "protocol/ascii/codec.hpp"
#include "protocol/seplos_v2/layout.hpp"
#include "protocol/seplos_v2/replies.hpp"

namespace ems::protocol::seplos_v2 {
namespace {

constexpr PollItem kPollPlan[] = {
    {"telemetry", kTelemetry, 1},
    {"alarms", kAlarms, 1},
    {"manufacturer", kMaker, 0},
    {"protocol version", kProtocolVersion, 0},
};

constexpr std::uint8_t kAddressMax = 15;
constexpr std::uint8_t kBoqiangVersion = 0x26;
constexpr std::uint8_t kBoqiangPack = 1;  // Seen with address 0 only.

class Codec final : public ascii::AsciiCodec {
 public:
  constexpr explicit Codec(ascii::Settings settings) noexcept : AsciiCodec(settings) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600, 19'200};
    static constexpr std::uint8_t kAddresses[] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15};
    static constexpr ProtocolInfo kInfo{.name = "seplos_v2",
                                        .title = "Seplos V2, Boqiang (RS485, RS232)",
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
    return &room.put(Codec({chosen->address, chosen->variant}));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    return vendor_bit_name(bit);
  }

 protected:
  [[nodiscard]] const ascii::Dialect& dialect() const noexcept override {
    // Remote control, parameters, time.
    static constexpr std::uint8_t kWrites[] = {0x45, 0x49, 0x4E};
    static constexpr ascii::Dialect kDialect{.writes = kWrites};
    return kDialect;
  }
  [[nodiscard]] std::uint8_t version() const noexcept override {
    return settings().variant == kBoqiang ? kBoqiangVersion : dialect().version;
  }
  [[nodiscard]] std::uint8_t pack() const noexcept override {
    return settings().variant == kBoqiang ? kBoqiangPack : settings().address;
  }
  [[nodiscard]] bool names_pack(std::uint8_t command) const noexcept override {
    return command == kTelemetry || command == kAlarms;
  }
  [[nodiscard]] Result<void> read(const ascii::Exchange& exchange,
                                  ReadingSink& sink) const noexcept override {
    return read_reply(exchange, sink);
  }
  [[nodiscard]] std::optional<std::uint8_t> recognise(
      const ascii::Info& info) const noexcept override {
    return recognise_reply(info);
  }
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec({.address = 0, .variant = kSeplos});
  return kCodec;
}

}  // namespace ems::protocol::seplos_v2
