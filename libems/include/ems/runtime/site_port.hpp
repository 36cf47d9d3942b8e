// SPDX-License-Identifier: Apache-2.0
/// @file What a person's interface may ask of a running site: plain values, no protobuf. The
/// runtime implements SitePort; rpc::SiteServer serves it and rpc::SiteClient returns the same
/// structs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/model/event.hpp"
#include "ems/model/point.hpp"
#include "ems/model/power.hpp"

namespace ems::runtime {

/// Newest value of one point.
struct PointStatus {
  Point point{};
  std::int64_t value = 0;  ///< Catalogue unit.
  Quality quality = Quality::bad;
  Duration age{};     ///< Since it was taken, at SiteStatus::at.
  bool stale = true;  ///< Too old for a rule to use.
};

/// What a device says of itself in words.
struct TextStatus {
  AssetId asset{};
  TextField field{};
  std::string text;
};

/// How a device's link does.
struct LinkStatus {
  AssetId asset{};
  std::string link;  ///< `tcp:10.0.0.5:502`, `serial:/dev/ttyUSB0`.
  bool online = false;
  std::uint64_t requests = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t errors = 0;  ///< Answers that did not decode.
  std::string last_error;
};

/// State of the safety core; the values are those of the signal `safety_state`.
enum class SafetyState : std::uint8_t { init = 0, normal = 1, derated = 2, safe = 3, tripped = 4 };

/// One thing that safety holds against the site now.
struct SafetyReason {
  AssetId asset{};
  std::string name;  ///< Stable: `cell_overvoltage`.
  Severity severity = Severity::critical;
  std::optional<Signal> signal;       ///< What was compared.
  std::optional<std::int64_t> value;  ///< In that signal's unit.
  std::string text;                   ///< For people; may be empty.
};

/// What safety allows and why. The default is the safe one: nothing is known, nothing is allowed.
struct SafetyView {
  SafetyState state = SafetyState::init;
  Interval envelope{};  ///< At ac, the whole site.
  std::vector<SafetyReason> reasons;
  bool armed = false;
  bool limits_accepted = false;
  std::string limits_hash;  ///< Lower-case hex.
  bool emergency_stop = false;
};

/// What one level of the decision left.
struct LevelView {
  std::string level;  ///< `safety grid_code contractual economic longevity`.
  Interval before{};
  Interval after{};
  std::string lo_bound_by;  ///< Policy; empty: no policy of this level.
  std::string hi_bound_by;
};

/// A demand that could not be met.
struct ConflictView {
  std::string level;
  std::string policy;
  Watt shortfall{};  ///< Magnitude.
};

/// An input of the decision.
struct InputView {
  Point point{};
  std::optional<std::int64_t> value;  ///< nullopt: there was none, or it was not recorded.
  std::optional<Duration> age;        ///< nullopt: there was no sample.
  std::optional<Quality> quality;     ///< nullopt: not recorded; `usable` is what the policy saw.
  bool usable = false;
};

/// What one inverter was told, after the gate.
struct OrderView {
  AssetId inverter{};
  InverterCommand command{};
};

/// A set-point that is alive.
struct SetpointView {
  Watt power{};
  Duration lease_left{};
  std::string actor;
};

/// One explained decision.
struct DecisionView {
  UtcInstant at{};
  Watt target{};          ///< At ac; + discharges.
  Watt gated{};           ///< What the safety gate let through.
  std::string winner;     ///< Empty: none (idle).
  std::string runner_up;  ///< Empty: none.
  std::vector<LevelView> levels;
  std::vector<ConflictView> conflicts;
  std::vector<InputView> inputs;
  std::vector<OrderView> orders;
  std::optional<SetpointView> setpoint;
  std::string summary;  ///< One line for people.
};

enum class UplinkState : std::uint8_t {
  disabled = 0,    ///< No server is configured.
  connecting = 1,  ///< An attempt is on its way.
  online = 2,      ///< Welcome received.
  waiting = 3,     ///< The last attempt failed; waits before the next.
};

/// Where the connection to the server stands.
struct UplinkView {
  UplinkState state = UplinkState::disabled;
  std::string server;
  std::string last_error;      ///< Empty when online.
  std::uint64_t attempts = 0;  ///< Since the last time online.
  std::optional<Duration> last_ack_age;
};

/// Rows of one stream at the edge.
struct RowCountersView {
  std::uint32_t stream = 0;
  std::uint64_t made = 0;          ///< Committed since the store was made.
  std::uint64_t acknowledged = 0;  ///< Stored by the server.
  std::uint64_t pending = 0;       ///< Committed, not acknowledged.
  std::uint64_t evicted = 0;       ///< Given up for room: gaps.
};

/// The site as of one tick.
struct SiteStatus {
  std::string site;
  std::string agent;
  std::string software_version;
  UtcInstant at{};
  std::uint64_t tick = 0;
  std::vector<PointStatus> points;  ///< Ascending by point.
  std::vector<TextStatus> texts;
  std::vector<LinkStatus> links;
  SafetyView safety;
  std::optional<DecisionView> decision;  ///< nullopt before the first decision.
  UplinkView uplink;
  std::vector<RowCountersView> rows;
};

/// A stored decision and the same in words.
struct Explanation {
  DecisionView decision;
  std::string text;  ///< Several lines.
};

/// Who asks.
enum class CommandOrigin : std::uint8_t {
  local = 0,   ///< A person at the unix socket.
  remote = 1,  ///< The server.
};

/// A set-point with its lease.
struct SetpointRequest {
  Watt power{};      ///< At ac; + discharges.
  Duration lease{};  ///< Above zero.
  std::string actor;
  CommandOrigin origin = CommandOrigin::local;
};

/// Clears a latched stop or trip.
struct ResetRequest {
  std::string name;   ///< Who.
  std::string cause;  ///< What it was.
};

/// The running site as its interfaces see it.
///
/// @thread_safety Every function is called from any thread, several at once. An implementation
/// posts
///                to the site's strand and waits for at most a second; it answers `timeout` when
///                the strand does not answer.
class SitePort {
 public:
  /// State as of the newest tick.
  ///
  /// @errors timeout      the strand does not answer.
  ///         unavailable  the site is ending.
  [[nodiscard]] virtual Result<SiteStatus> status() = 0;

  /// The decision in force at `at` (nullopt: the newest), explained.
  ///
  /// @errors not_found  none is stored at or before `at`.
  ///         corrupt    the stored record fails its check.
  ///         timeout, unavailable  as status().
  [[nodiscard]] virtual Result<Explanation> explain(std::optional<UtcInstant> at) = 0;

  /// Makes a set-point live until its lease ends.
  ///
  /// @errors invalid_argument  no lease or no actor.
  ///         out_of_range      a power beyond the site, or a lease longer than configured.
  ///         disarmed          control is not armed, or its limits are not accepted.
  ///         latched           a trip is latched.
  ///         timeout, unavailable  as status().
  [[nodiscard]] virtual Result<void> set_setpoint(const SetpointRequest& request) = 0;

  /// Takes a set-point of that origin back; success when there is none.
  ///
  /// @errors invalid_argument  no actor. timeout, unavailable as status().
  [[nodiscard]] virtual Result<void> clear_setpoint(const std::string& actor,
                                                    CommandOrigin origin) = 0;

  /// Latches, and orders every inverter to stop; while control is disarmed nothing is sent. Returns
  /// when the stop is ordered; whether a device took it shows in status() and its alarms.
  ///
  /// @errors invalid_argument  no actor. timeout, unavailable as status().
  [[nodiscard]] virtual Result<void> emergency_stop(const std::string& actor,
                                                    const std::string& reason) = 0;

  /// Clears a latched stop or trip when its cause is gone.
  ///
  /// @errors invalid_argument     no name or no cause.
  ///         failed_precondition  the cause is still there.
  ///         timeout, unavailable  as status().
  [[nodiscard]] virtual Result<void> reset_emergency_stop(const ResetRequest& request) = 0;

 protected:
  SitePort() = default;
  SitePort(const SitePort&) = default;
  SitePort& operator=(const SitePort&) = default;
  ~SitePort() = default;
};

}  // namespace ems::runtime
