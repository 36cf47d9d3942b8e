// SPDX-License-Identifier: Apache-2.0
/// @file What logs and adapters tell of a CAN bus: frames of classic CAN, CAN FD, and what the
/// controller reports. Battery protocols use classic frames only (can_frame.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/can_frame.hpp"

namespace ems::protocol {

inline constexpr std::size_t kCanFdDataSize = 64;

enum class CanRecordKind : std::uint8_t {
  data = 0,    ///< A data frame of classic CAN.
  remote = 1,  ///< A remote frame.
  fd = 2,      ///< CAN FD.
  error = 3,   ///< What the controller reports of the bus: no frame that anybody sent.
};

/// One line of a log, one message of an adapter.
struct CanRecord {
  std::optional<Duration> time{};    ///< As it is stated: since 1970, or since the start.
  FixedString<16> interface_name{};  ///< `can0`; empty where none is stated.
  CanRecordKind kind = CanRecordKind::data;
  std::uint32_t id = 0;       ///< Of an error frame: the error class.
  bool extended = false;      ///< A 29-bit identifier; never of an error frame.
  std::uint8_t size = 0;      ///< Data bytes; of a remote frame the number asked for.
  std::uint8_t raw_dlc = 0;   ///< 9 .. 15 where an 8-byte frame says so (`_9`); else 0.
  std::uint8_t fd_flags = 0;  ///< Bit 0 bit-rate switch, bit 1 error state.
  std::array<std::byte, kCanFdDataSize> data{};

  [[nodiscard]] constexpr Bytes payload() const noexcept {
    return Bytes(data).first(kind == CanRecordKind::remote ? 0U : size);
  }
  friend constexpr bool operator==(const CanRecord&, const CanRecord&) noexcept = default;
};

/// The record as a classic frame.
/// @errors        unimplemented  a CAN FD frame, or an error frame; `what` says which.
/// @thread_safety Pure function.
[[nodiscard]] Result<CanFrame> to_can_frame(const CanRecord& record) noexcept;

/// A classic frame as a record. @pre frame.valid().
/// @thread_safety Pure function.
[[nodiscard]] CanRecord to_can_record(const CanFrame& frame, std::optional<Duration> time = {},
                                      std::string_view interface_name = {}) noexcept;

}  // namespace ems::protocol
