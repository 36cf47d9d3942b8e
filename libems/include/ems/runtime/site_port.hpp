// SPDX-License-Identifier: Apache-2.0
/// @file What a person's interface may ask of a running site: plain values, no protobuf. The
/// runtime implements SitePort; rpc::SiteServer serves it and rpc::SiteClient returns the same
/// structs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ems/alarm/alarm.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/model/event.hpp"
#include "ems/model/point.hpp"
#include "ems/model/power.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "ems/runtime/explanation.hpp"
#include "ems/runtime/mode.hpp"

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
  Mode mode = Mode::autonomous;
  std::uint32_t alarms_active = 0;          ///< Not shelved; latched ones too.
  std::uint32_t alarms_unacknowledged = 0;  ///< Not shelved.
};

/// Who asks.
enum class CommandOrigin : std::uint8_t {
  local = 0,   ///< A person at the unix socket.
  remote = 1,  ///< The server.
};

/// Sets the power of the site's batteries until the lease ends; then it abstains.
struct SetpointAction {
  Watt power{};      ///< At ac; + discharges.
  Duration lease{};  ///< Above zero.
};
struct ClearSetpointAction {};
/// Limits what the plant may deliver and take; when the lease ends the configured fallback holds.
/// With both sides absent it is a release for the time of its lease.
struct ActivePowerLimitAction {
  std::optional<Watt> discharge_max;  ///< At ac; absent: not limited by this command.
  std::optional<Watt> charge_max;     ///< Magnitude.
  Duration lease{};                   ///< Above zero.
};
/// Dims charging; when the lease ends the configured failsafe value holds.
struct DimmingAction {
  std::optional<Watt> charge_max;  ///< Magnitude; absent: dims nothing while the lease lives.
  Duration lease{};                ///< Above zero.
};
struct EmergencyStopAction {
  std::string reason;  ///< For the record; a stop needs no words.
};
/// Clears a latched stop or trip; at the site only.
struct ResetAction {
  std::string cause;  ///< What it was; not empty.
};
struct AcknowledgeAlarmAction {
  alarm::Id alarm = 0;
  std::string comment;
};
struct ShelveAlarmAction {
  alarm::Id alarm = 0;
  Duration duration{};  ///< At most a day; 0 takes it back into sight.
  std::string reason;   ///< Not empty, except to take it back.
};
/// Switches the outputs of one battery, in all its modules. They stay until the next order.
struct BatterySwitchAction {
  std::uint16_t battery = 0;  ///< Its id.
  protocol::SwitchCommand outputs;
};
/// Limits one battery, in its own BMS, until the lease ends; then it is not told any more, and
/// forgets them by itself.
struct BatteryLimitsAction {
  std::uint16_t battery = 0;      ///< Its id.
  protocol::LimitCommand limits;  ///< Of the whole battery; each module gets its part.
  Duration lease{};               ///< Above zero, at most a day.
};
/// Lets one battery balance its cells, or forbids it, until the next order.
struct BatteryBalanceAction {
  std::uint16_t battery = 0;  ///< Its id.
  protocol::BalanceCommand balancing;
};
using CommandAction =
    std::variant<SetpointAction, ClearSetpointAction, EmergencyStopAction, ActivePowerLimitAction,
                 DimmingAction, AcknowledgeAlarmAction, ShelveAlarmAction, ResetAction,
                 BatterySwitchAction, BatteryLimitsAction, BatteryBalanceAction>;
/// `set_setpoint`, ...: the names of the wire contract.
[[nodiscard]] std::string_view kind_of(const CommandAction& action) noexcept;

inline constexpr std::size_t kCommandIdMax = 64;
inline constexpr Duration kCommandTtlMax = seconds(3600);
/// What a command gets that does not say its time to live.
inline constexpr Duration kCommandTtlDefault = seconds(10);

/// A command as the site receives it.
struct Command {
  std::string id;     ///< Unique, 1 to 64 printable characters; empty: the site makes one.
  Duration ttl{};     ///< Left when it arrived; counted by the site's monotonic clock.
  std::string actor;  ///< `user:NAME` from the sender's certificate, or what a person said.
  CommandOrigin origin = CommandOrigin::local;
  CommandAction action;
};

/// Where a command is. Numbers are stored and sent; append-only.
enum class CommandState : std::uint8_t {
  queued = 1,     ///< On the server, waiting for the agent.
  sent = 2,       ///< Written to the agent's stream.
  accepted = 3,   ///< The site has taken it and its lease runs.
  rejected = 4,   ///< Refused before it was taken. Final.
  expired = 5,    ///< Its time to live ran out before the site took it. Final.
  executing = 6,  ///< The first order that carries it left the safety gate, or went to a battery.
  done = 7,       ///< Its lease ended in order, or what it asked for is so. Final.
  failed = 8,     ///< Taken, and never in force, cut short, or refused by a device. Final.
};
[[nodiscard]] std::string_view to_string(CommandState state) noexcept;
[[nodiscard]] constexpr bool is_final(CommandState state) noexcept {
  return state == CommandState::rejected || state == CommandState::expired ||
         state == CommandState::done || state == CommandState::failed;
}

/// One step of a command.
struct CommandStep {
  std::string id;
  CommandState state = CommandState::queued;
  std::string message;
  UtcInstant at{};
  std::string overruled_by{};       ///< Policy, or `safety`; empty: nobody.
  std::optional<Watt> shortfall{};  ///< How much less than asked for; magnitude.
};

/// A command as the site's book has it.
struct CommandView {
  CommandStep step;  ///< The newest.
  std::string kind;
  std::string actor;
  CommandOrigin origin = CommandOrigin::local;
  UtcInstant received_at{};
};

/// The alarms that are not normal, gravest first; of one severity the newest first.
struct AlarmsView {
  std::vector<alarm::Alarm> alarms;
  std::uint64_t dropped = 0;   ///< Given up by a full book since the start.
  std::uint64_t revision = 0;  ///< Another number: something changed.
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
  /// @errors not_found  none is stored at or before `at`; see earliest_decision().
  ///         corrupt    the stored record is damaged or was evicted.
  ///         timeout, unavailable  as status().
  [[nodiscard]] virtual Result<Explanation> explain(std::optional<UtcInstant> at) = 0;
  /// When the oldest stored decision was made; nullopt when none is stored.
  /// @errors corrupt, io  the store cannot be read.
  [[nodiscard]] virtual Result<std::optional<UtcInstant>> earliest_decision() = 0;

  /// Takes a command, or says where the first one of its id is. A repeated id never acts twice,
  /// also after a restart. An emergency stop latches, and orders every inverter to stop before this
  /// returns, however many commands wait; while control is disarmed nothing is sent.
  ///
  /// @return Its newest step; `expired` when its time to live is over.
  /// @errors A refusal; a repeated id of a refused command is refused alike.
  ///         invalid_argument     no actor, no lease, no reason, an id or words that are not taken.
  ///         already_exists       the id belongs to a command of another kind or actor.
  ///         resource_exhausted   too many commands within their time to live.
  ///         out_of_range         a power beyond the site, or a lease longer than configured.
  ///         disarmed             control is not armed, or its limits are not accepted.
  ///         latched              a trip is latched.
  ///         failed_precondition  no such policy is configured; the cause of a trip is still there.
  ///         permission_denied    a reset that is not from the site.
  ///         not_found            no such alarm, no such battery.
  ///         unimplemented        the battery's protocol has no such command.
  ///         timeout, unavailable  as status().
  [[nodiscard]] virtual Result<CommandStep> command(const Command& command) = 0;

  /// The newest commands, newest first. @errors timeout, unavailable as status().
  [[nodiscard]] virtual Result<std::vector<CommandView>> commands() = 0;

  /// @errors timeout, unavailable as status().
  [[nodiscard]] virtual Result<AlarmsView> alarms() = 0;

  /// Stored changes of alarms in [from, to), oldest first, the newest `max` of them. A record that
  /// does not decode is passed over; the agent logs how many there were.
  ///
  /// @errors invalid_argument  to < from. corrupt, io  the store cannot be read.
  [[nodiscard]] virtual Result<std::vector<alarm::Change>> alarm_history(UtcInstant from,
                                                                         UtcInstant to,
                                                                         std::size_t max) = 0;

 protected:
  SitePort() = default;
  SitePort(const SitePort&) = default;
  SitePort& operator=(const SitePort&) = default;
  ~SitePort() = default;
};

}  // namespace ems::runtime
