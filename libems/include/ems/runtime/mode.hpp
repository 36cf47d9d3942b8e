// SPDX-License-Identifier: Apache-2.0
/// @file The operating mode: which leases live. It is reported and changes no decision.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::runtime {

/// Numbers are stored and sent; append-only. SAFE is not among them: it is a state of safety.
enum class Mode : std::uint8_t {
  online = 1,      ///< The server was heard within the configured time.
  autonomous = 2,  ///< It was not, or there is none.
};
[[nodiscard]] std::string_view to_string(Mode mode) noexcept;

/// What survives a restart.
struct ModeRecord {
  Mode mode = Mode::autonomous;
  Duration silence{};       ///< Without the server when this was written.
  UtcInstant written_at{};  ///< 0: the clock was not set.
  friend constexpr bool operator==(const ModeRecord&, const ModeRecord&) noexcept = default;
};

/// Follows the contact with the server.
///
/// ONLINE is a claim that needs a server heard within `autonomous_after`: a site that never heard
/// one is AUTONOMOUS. Silence goes on counting over a restart: what was counted before it, plus the
/// time the clock shows for the restart when it was set before and after.
///
/// @thread_safety Not synchronised: one strand.
class ModeKeeper {
 public:
  /// @param autonomous_after  > 0; asserted.
  /// @param has_servers       false: AUTONOMOUS, for ever.
  ModeKeeper(Duration autonomous_after, bool has_servers) noexcept;

  /// Goes on where the record ended; nullopt: a new site. Before the first step().
  /// @param utc  nullopt: the clock is not set.
  void restore(const std::optional<ModeRecord>& record, std::optional<UtcInstant> utc) noexcept;

  /// Once a tick. @param connected  The server answers now.
  /// @return The mode when it changed.
  [[nodiscard]] std::optional<Mode> step(bool connected, Instant now) noexcept;

  [[nodiscard]] Mode mode() const noexcept { return mode_; }
  /// What to store; due() when the mode changed, and once a minute while ONLINE.
  [[nodiscard]] ModeRecord record(std::optional<UtcInstant> utc) const noexcept;
  [[nodiscard]] bool due() const noexcept { return due_; }
  void stored() noexcept {
    due_ = false;
    unrecorded_ = Duration::zero();
  }

 private:
  Duration autonomous_after_;
  bool has_servers_;
  Mode mode_ = Mode::autonomous;
  Duration silence_{};
  Duration unrecorded_{};  ///< Since stored().
  std::optional<Instant> last_step_;
  bool due_ = false;
};

inline constexpr std::string_view kModeKey = "runtime.mode";
/// Version byte, mode, silence and moment in microseconds.
[[nodiscard]] std::vector<std::byte> encode_mode(const ModeRecord& record);
/// @errors corrupt  not what encode_mode() writes.
[[nodiscard]] Result<ModeRecord> decode_mode(Bytes record);

}  // namespace ems::runtime
