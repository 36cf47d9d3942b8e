// SPDX-License-Identifier: Apache-2.0
/// @file JBD behind the interface that the Poller, `emsctl decode`, Python and the firmware use.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::jbd {

/// The protocol `jbd`. Poll numbers are register numbers.
///
/// Vendor values: `balance_mask`, `error_counts.*`, `reboots`; of a request `request_register`,
/// `request_write` (0 or 1) and, for register E1, `charge_on` and `discharge_on`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/jbd.md.
class Codec final : public PollCodec {
 public:
  constexpr Codec() = default;

  [[nodiscard]] const ProtocolInfo& info() const noexcept override;
  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions& options,
                                              CodecRoom& room) const noexcept override;
  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override;
  [[nodiscard]] Duration reply_timeout() const noexcept override;
  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept override;
  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept override;
  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept override;
  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept override;
  [[nodiscard]] Result<void> decode_request(Bytes request,
                                            ReadingSink& sink) const noexcept override;
  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned bit) const noexcept override;
};

/// The one instance; stateless.
[[nodiscard]] const Codec& codec() noexcept;

}  // namespace ems::protocol::jbd
