// SPDX-License-Identifier: Apache-2.0
/// @file JK (Jikong) PB boards on RS485: Modbus RTU, asked by a write that triggers a 55AA frame,
/// or register by register.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::jk_pb_modbus {

/// Bytes of the answer to a trigger: a 55AA frame (jk_55aa), 00, the acknowledgement, 00.
inline constexpr std::size_t kTriggeredSize = 310;

/// The protocol `jk_pb_modbus`. Variant `trigger` asks as the vendor's software does; the plan of
/// `registers` only reads, which boards without other traffic stop answering.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/jk_pb_modbus.md.
class Codec final : public PollCodec {
 public:
  constexpr explicit Codec(const register_map::MapCodec& registers) noexcept
      : registers_(registers) {}

  [[nodiscard]] const ProtocolInfo& info() const noexcept override { return registers_.info(); }
  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override;
  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override {
    return registers_.poll_plan();
  }
  [[nodiscard]] Duration reply_timeout() const noexcept override {
    return registers_.reply_timeout();
  }
  [[nodiscard]] Duration request_gap() const noexcept override { return registers_.request_gap(); }
  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override;
  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override;
  [[nodiscard]] Result<std::size_t> encode_balance(const BalanceCommand& command,
                                                   MutableBytes out) const noexcept override;
  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override;
  /// Without a request a reply that begins with 55 AA EB 90 answers a trigger.
  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override;
  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override;
  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override;

 private:
  register_map::MapCodec registers_;
};

/// The one with CodecOptions{}.
[[nodiscard]] const Codec& codec() noexcept;
/// Its registers alone, for a simulated board (register_map::Device).
[[nodiscard]] const register_map::MapCodec& registers() noexcept;

}  // namespace ems::protocol::jk_pb_modbus
