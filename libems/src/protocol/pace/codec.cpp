// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pace/codec.hpp"

#include "protocol/ascii/codec.hpp"
#include "protocol/pace/replies.hpp"

namespace ems::protocol::pace {
namespace {

constexpr PollItem kPollPlan[] = {
    {"analog values", kAnalog, 1}, {"status", kStatus, 1},   {"software version", kSoftware, 0},
    {"product", kProduct, 0},      {"packs", kPackCount, 0},
};

constexpr std::uint8_t kAddressMax = 15;

class Codec final : public ascii::AsciiCodec {
 public:
  constexpr explicit Codec(ascii::Settings settings) noexcept : AsciiCodec(settings) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {9'600};
    static constexpr std::uint8_t kAddresses[] = {1, 2,  3,  4,  5,  6,  7,  8,
                                                  9, 10, 11, 12, 13, 14, 15, 0};
    static constexpr ProtocolInfo kInfo{
        .name = "pace",
        .title = "PACE, Gobel, SOK, Jakiper and others (RS232, RS485, version 25)",
        .evidence = Evidence::captured_frames,
        .bit_rates = kBitRates,
        .addresses = kAddresses};
    return kInfo;
  }

  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override {
    const Result<Chosen> chosen = choose(info(), options, kAddressMax);
    if (!chosen) return fail(chosen.error());
    return &room.put(Codec({.address = chosen->address}));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override { return kPollPlan; }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    return vendor_bit_name(bit);
  }

 protected:
  [[nodiscard]] const ascii::Dialect& dialect() const noexcept override {
    static constexpr std::uint8_t kWrites[] = {0x99, 0x9A, 0x9B, 0x9C, 0xB2};
    static constexpr ascii::Dialect kDialect{
        .version = 0x25, .version_echoed = true, .writes = kWrites};
    return kDialect;
  }
  [[nodiscard]] bool names_pack(std::uint8_t command) const noexcept override {
    return command == kAnalog || command == kStatus;
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
  static constexpr Codec kCodec({.address = 1});
  return kCodec;
}

}  // namespace ems::protocol::pace
