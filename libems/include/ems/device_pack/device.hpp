// SPDX-License-Identifier: Apache-2.0
/// @file One device driven by a pack: finds its models, says what to read, turns registers into
/// readings, and set-points into requests. Sans I/O: PDUs in, PDUs out; no clock.
///
/// Use: 1. while next_discovery() gives a request, send it and call discovered() or
/// discovery_refused(). 2. Read blocks() in turn; give each answer to decode_block(). 3. Write
/// what encode_setpoint() gives, step by step.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/units.hpp"
#include "ems/device_pack/pack.hpp"
#include "ems/model/point.hpp"
#include "ems/model/power.hpp"

namespace ems::device_pack {

/// A read to send.
struct ReadRequest {
  Function function{};
  std::uint16_t address = 0;  ///< Absolute, 0-based.
  std::uint16_t count = 0;
  friend constexpr bool operator==(const ReadRequest&, const ReadRequest&) noexcept = default;
};

/// A block of the pack at its absolute place in this device.
struct BoundBlock {
  ReadRequest request;
  std::uint16_t section = 0;  ///< Index into Pack::sections.
  std::uint16_t block = 0;    ///< Index into Section::blocks.
  std::uint16_t every = 1;    ///< Read every n-th round; 0: once after each connect.
};

/// One request of a write group, ready to be encoded.
struct BoundWrite {
  std::uint16_t address = 0;
  StaticVector<std::uint16_t, kWriteStepRegistersMax> values;
  /// Writes the FC 16 PDU, at most kPduSize; as modbus::encode_write_multiple_request().
  [[nodiscard]] Result<std::size_t> encode(MutableBytes out) const noexcept;
};
using WritePlan = StaticVector<BoundWrite, kWriteStepsMax>;

/// What the runtime needs to know of a device's set-point.
struct ControlInfo {
  Duration lease_min{};
  Duration lease_max{};
  bool device_reverts = false;
  bool volatile_registers = false;
  Duration heartbeat_period{};  ///< Zero: the device wants none.
  CommandSupport stop = CommandSupport::none;
  CommandSupport standby = CommandSupport::none;
};

/// State of one device. Begin a new one, or call reset(), after each connect.
///
/// @memory        About 3 KiB; never allocates. The pack must outlive it.
/// @thread_safety None.
class PackDevice {
 public:
  /// @pre the pack keeps the bounds of pack.hpp (the loader checks them).
  explicit PackDevice(const Pack& pack) noexcept;

  [[nodiscard]] const Pack& pack() const noexcept { return *pack_; }
  /// Forgets bindings and scale factors.
  void reset() noexcept;

  // ---- discovery: SunSpec packs only; others are ready at once ---------------------------------
  /// Next read of the walk; nullopt when the walk has ended, well or not.
  [[nodiscard]] std::optional<ReadRequest> next_discovery() const noexcept;
  /// Takes the answer to next_discovery().
  /// @return  Success when the walk may go on or is complete.
  /// @errors  header     no "SunS" at the base; offset 0.
  ///          truncated  fewer registers than asked for.
  ///          not_found  the chain ended without a model of the pack; `what` names the models of a
  ///                     pack as a whole, missing_model() the one.
  ///          out_of_range  the chain runs past register 65535, or has more than 128 models.
  [[nodiscard]] Result<void> discovered(std::span<const std::uint16_t> registers) noexcept;
  /// Takes a Modbus exception in place of an answer: where a header was asked for, some devices
  /// refuse the length register after the end marker, so the id is then asked for alone.
  /// @errors  exception  the walk cannot go on; offset = the code.
  [[nodiscard]] Result<void> discovery_refused(const Error& error) noexcept;
  /// Whether blocks() is complete and set-points may be written.
  [[nodiscard]] bool ready() const noexcept { return state_ == State::ready; }
  /// Model the walk did not find; 0: none is missing.
  [[nodiscard]] std::uint16_t missing_model() const noexcept { return missing_model_; }

  // ---- reading ---------------------------------------------------------------------------------
  /// All blocks, in the pack's order. Empty before ready(). A model shorter than the pack's
  /// definition gives shorter blocks.
  [[nodiscard]] std::span<const BoundBlock> blocks() const noexcept { return blocks_.view(); }
  /// Gives the values of one block to `sink`. A value that is not implemented, or does not fit, or
  /// whose scale factor is not there, makes no call.
  ///
  /// @param registers  Answer to block.request: exactly as many.
  /// @errors           truncated, length  not as many registers; offset = their number.
  [[nodiscard]] Result<void> decode_block(const BoundBlock& block,
                                          std::span<const std::uint16_t> registers,
                                          ReadingSink& sink) noexcept;

  // ---- control ---------------------------------------------------------------------------------
  /// nullopt: the device cannot be controlled.
  [[nodiscard]] std::optional<ControlInfo> control() const noexcept;
  /// Requests that set the active power, in order. Writing 0 W needs no scale factor.
  ///
  /// @param p      + discharges (delivers into the site); rounded towards 0 to the wire's step.
  /// @param lease  Time until the device drops the set-point by itself; rounded up to seconds.
  /// @errors       unimplemented        the pack has no set-point.
  ///               failed_precondition  not ready(), the device's model ends before a register of
  ///                                    the group, or the scale factor was never read.
  ///               out_of_range         p does not fit the wire (offset 0), or the lease is not
  ///                                    within ControlInfo (offset 1).
  [[nodiscard]] Result<WritePlan> encode_setpoint(Watt p, Duration lease) const noexcept;
  /// Requests for any command: follow is encode_setpoint(); stop and standby as the pack says.
  /// @errors  as encode_setpoint(); unimplemented also for form, open, and q != 0.
  [[nodiscard]] Result<WritePlan> encode_command(const InverterCommand& command,
                                                 Duration lease) const noexcept;
  /// The request that shows the device that its host is alive; due every heartbeat_period.
  /// @param beat  How many were made before; a device takes only a changed count for a sign of
  /// life.
  /// @errors  unimplemented        the pack has no heartbeat.
  ///          failed_precondition  not ready().
  [[nodiscard]] Result<BoundWrite> encode_heartbeat(std::uint32_t beat) const noexcept;

 private:
  enum class State : std::uint8_t { marker, header, end_marker, ready, failed };
  struct BoundSection {
    bool found = false;
    std::uint16_t address = 0;
    std::uint32_t registers = 0;  ///< Readable from `address`; 65536 - base when unlimited.
  };
  struct KnownScale {
    bool known = false;
    std::int16_t exponent = 0;
  };

  void bind_fixed() noexcept;
  void bind_model(std::uint16_t model, std::uint16_t address, std::uint32_t registers) noexcept;
  void make_blocks() noexcept;
  [[nodiscard]] Result<void> end_of_chain() noexcept;
  [[nodiscard]] Failure broken(Errc code, std::size_t offset, const char* what) noexcept;
  void learn_scale(const BoundBlock& block, std::span<const std::uint16_t> registers) noexcept;
  /// What the fields of a write group are made of.
  struct WriteValues {
    Watt p{};
    Duration lease{};
    std::uint32_t beat = 0;
  };
  [[nodiscard]] Result<WritePlan> encode_steps(std::span<const WriteStep> steps,
                                               const WriteValues& values) const noexcept;
  [[nodiscard]] Result<WritePlan> encode_leased(std::span<const WriteStep> steps, Watt p,
                                                Duration lease) const noexcept;
  [[nodiscard]] Result<std::int64_t> field_value(const WriteField& field,
                                                 const WriteValues& values) const noexcept;

  const Pack* pack_;
  State state_ = State::marker;
  std::uint16_t missing_model_ = 0;
  std::uint32_t at_ = 0;      ///< Register the walk is at.
  std::uint16_t models_ = 0;  ///< Models walked so far.
  std::array<BoundSection, kSectionsMax> sections_{};
  StaticVector<BoundBlock, kBlocksMax> blocks_;
  KnownScale scale_;  ///< Of the set-point.
};

}  // namespace ems::device_pack
