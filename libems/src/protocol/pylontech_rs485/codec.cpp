// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pylontech_rs485/codec.hpp"

#include <array>

#include "protocol/pylontech_rs485/replies.hpp"

namespace ems::protocol::pylontech_rs485 {
namespace {

constexpr std::uint8_t number_of(Command command) noexcept {
  return static_cast<std::uint8_t>(command);
}

constexpr PollItem kModulePlan[] = {
    {"analog values", number_of(Command::analog), 1},
    {"alarms", number_of(Command::status), 1},
    {"limits", number_of(Command::limits), 1},
    {"manufacturer", number_of(Command::maker), 0},
    {"serial number", number_of(Command::serial_number), 0},
    {"firmware", number_of(Command::firmware), 0},
    {"protocol version", number_of(Command::protocol_version), 0},
};
constexpr PollItem kSystemPlan[] = {
    {"system values", number_of(Command::system_analog), 1},
    {"system limits", number_of(Command::system_limits), 1},
    {"system alarms", number_of(Command::system_alarms), 1},
    {"manufacturer", number_of(Command::maker), 0},
    {"protocol version", number_of(Command::protocol_version), 0},
};
constexpr PollItem kConsolePlan[] = {
    {"analog values", number_of(Command::analog), 1},
    {"alarms", number_of(Command::status), 1},
    {"manufacturer", number_of(Command::maker), 0},
    {"protocol version", number_of(Command::protocol_version), 0},
    {"packs", number_of(Command::pack_count), 60},
};

// Addresses: the module in the low nibble, its group in the high one.
constexpr unsigned kMaster = 2;
constexpr unsigned kLastModule = 13;
constexpr unsigned kLastGroup = 7;
constexpr std::uint8_t kFirstPack = 1;  // Console.

constexpr Duration kLimitsLease = seconds(10);

class Codec final : public ascii::AsciiCodec {
 public:
  constexpr explicit Codec(ascii::Settings settings) noexcept : AsciiCodec(settings) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr std::uint32_t kBitRates[] = {115'200, 9'600, 19'200};
    static constexpr std::uint8_t kAddresses[] = {
        2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0x12, 0x22, 0x32, 0x42, 0x52, 0x62, 0x72};
    static constexpr ProtocolInfo kInfo{.name = "pylontech",
                                        .title = "Pylontech US and UP series (RS485, RS232)",
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
    const bool console = *variant == kConsole;
    const std::uint8_t address =
        options.address.value_or(console ? kFirstPack : info().addresses.front());
    const unsigned module = address & 0xFU;
    const bool sound = console ? address >= kFirstPack && address < 0xFF
                               : module >= kMaster && module <= kLastModule &&
                                     unsigned{address} >> 4 <= kLastGroup;
    if (!sound) return fail(Errc::out_of_range, 0, "no Pylontech module has that address");
    return &room.put(Codec({address, static_cast<std::uint8_t>(*variant)}));
  }

  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override {
    switch (settings().variant) {
      case kModule:
        return kModulePlan;
      case kConsole:
        return kConsolePlan;
      default:
        return kSystemPlan;
    }
  }

  [[nodiscard]] Result<std::size_t> encode_limits(const LimitCommand& command,
                                                  MutableBytes out) const noexcept override {
    if (settings().variant == kConsole) {
      return fail(Errc::unimplemented, 0, "the console protocol cannot set limits");
    }
    // Rounded to the safe side: the currents down, the voltages have the wire's step.
    constexpr std::int64_t kCurrentStep = 100;
    const struct {
      std::int64_t value;
      std::int64_t step;
      std::int64_t steps_max;
    } fields[] = {{command.charge_voltage.count(), 1, 0xFFFF},
                  {command.discharge_voltage.count(), 1, 0xFFFF},
                  {command.charge_current.count(), kCurrentStep, 0x7FFF},
                  {command.discharge_current.count(), kCurrentStep, 0x7FFF}};
    std::array<std::byte, 9> info{std::byte{settings().address}};
    std::size_t at = 1;
    for (const auto& field : fields) {
      if (field.value < 0 || field.value / field.step > field.steps_max) {
        return fail(Errc::out_of_range, 0, "a limit that 16 bits of the wire cannot say");
      }
      store_be16(info, at, static_cast<std::uint16_t>(field.value / field.step));
      at += 2;
    }
    return encode_command(number_of(Command::set_limits), info, out);
  }

  [[nodiscard]] Duration limits_lease() const noexcept override { return kLimitsLease; }

  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override {
    return vendor_bit_name(bit);
  }

 protected:
  [[nodiscard]] const ascii::Dialect& dialect() const noexcept override {
    static constexpr std::uint8_t kRefusals[] = {0x90, 0x91};
    static constexpr std::uint8_t kWrites[] = {0x91, 0x94, 0x95, 0x99};
    static constexpr ascii::Dialect kDialect{.refusals = kRefusals, .writes = kWrites};
    return kDialect;
  }

  [[nodiscard]] bool names_pack(std::uint8_t command) const noexcept override {
    switch (static_cast<Command>(command)) {
      case Command::analog:
      case Command::status:
      case Command::limits:
      case Command::serial_number:
      case Command::firmware:
        return true;
      default:
        return false;
    }
  }

  /// The master of one group may answer for the system to another's address.
  [[nodiscard]] bool may_reply(std::uint8_t command, std::uint8_t asked,
                               std::uint8_t replied) const noexcept override {
    const auto master = [](std::uint8_t address) { return (address & 0xFU) == kMaster; };
    switch (static_cast<Command>(command)) {
      case Command::system_analog:
      case Command::system_alarms:
      case Command::system_limits:
        return asked == replied || (master(asked) && master(replied));
      default:
        return asked == replied;
    }
  }

  [[nodiscard]] Result<void> read(const ascii::Exchange& exchange,
                                  ReadingSink& sink) const noexcept override {
    return read_reply(exchange, settings().variant == kSystemFine ? kFineSteps : SystemSteps{},
                      sink);
  }

  [[nodiscard]] std::optional<std::uint8_t> recognise(
      const ascii::Info& info) const noexcept override {
    return recognise_reply(info);
  }

  void read_request(const ascii::Frame& request, ReadingSink& sink) const noexcept override {
    if (request.code != number_of(Command::set_limits) || request.info.size() != 9) return;
    sink.vendor_value("request_pack", request.info.u8(0));
    sink.vendor_value("charge_voltage_limit_mv", request.info.u16(1));
    sink.vendor_value("discharge_voltage_limit_mv", request.info.u16(3));
    sink.vendor_value("charge_current_limit_ma", std::int64_t{request.info.u16(5)} * 100);
    sink.vendor_value("discharge_current_limit_ma", std::int64_t{request.info.u16(7)} * 100);
  }
};

}  // namespace

const PollCodec& codec() noexcept {
  static constexpr Codec kCodec({.address = kMaster, .variant = kModule});
  return kCodec;
}

}  // namespace ems::protocol::pylontech_rs485
