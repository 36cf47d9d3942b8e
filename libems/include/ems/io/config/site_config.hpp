// SPDX-License-Identifier: Apache-2.0
/// @file The site file (site.yaml): what ems-agent reads, controls and talks to. Keys, units,
/// ranges and defaults are rows of the table in schema.hpp; docs/reference/configuration.md is
/// printed from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "ems/decision/decision.hpp"
#include "ems/io/config/diagnostic.hpp"
#include "ems/protocol/codec.hpp"
#include "ems/safety/kernel.hpp"
#include "ems/safety/limits.hpp"

namespace ems::io {

class DescribedBattery;

/// The protocol of a battery on CAN that a DBC file and a mapping describe.
inline constexpr std::string_view kDescribedProtocol = "described";

/// Words that the file may use but this module must not know: given by whoever links them.
struct KnownNames {
  std::vector<std::string> protocols;  ///< Codecs compiled in, e.g. `jbd`.
  std::vector<std::string> packs;      ///< Device packs, e.g. `sunspec_pcs`.
  /// Those of `protocols` that are spoken on a CAN bus, e.g. `pylontech-lv-can`.
  std::vector<std::string> can_protocols{};
};

/// HOST:PORT of a TCP peer; an IPv6 host is written in brackets and kept here without them.
struct TcpEndpoint {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const TcpEndpoint&, const TcpEndpoint&) = default;
};

/// HOST:PORT as it is dialled and listened on: an IPv6 host gets its brackets back.
///
/// @thread_safety Pure function.
[[nodiscard]] std::string to_address(const TcpEndpoint& endpoint);

enum class Parity : std::uint8_t { none, even, odd };

/// A serial line: 8 data bits.
struct SerialEndpoint {
  std::string device;
  std::uint32_t baud = 9600;
  Parity parity = Parity::none;
  std::uint8_t stop_bits = 1;
  friend bool operator==(const SerialEndpoint&, const SerialEndpoint&) = default;
};

struct ModbusTcpEndpoint {
  TcpEndpoint address;
  std::uint8_t unit = 1;
  friend bool operator==(const ModbusTcpEndpoint&, const ModbusTcpEndpoint&) = default;
};
struct ModbusRtuEndpoint {
  SerialEndpoint line;
  std::uint8_t unit = 1;
  friend bool operator==(const ModbusRtuEndpoint&, const ModbusRtuEndpoint&) = default;
};

/// A recorded CAN bus.
struct CandumpEndpoint {
  std::filesystem::path file;
  bool repeat = false;  ///< Start again at the end.
  friend bool operator==(const CandumpEndpoint&, const CandumpEndpoint&) = default;
};

/// A CAN interface of the kernel.
struct SocketcanEndpoint {
  std::string interface_name;
  friend bool operator==(const SocketcanEndpoint&, const SocketcanEndpoint&) = default;
};
/// A CAN adapter that speaks slcan, on a tty.
struct SlcanEndpoint {
  std::string device;
  std::uint32_t baud = 115'200;           ///< Of the tty.
  std::optional<std::uint32_t> bit_rate;  ///< Of the bus; nullopt: the protocol's.
  friend bool operator==(const SlcanEndpoint&, const SlcanEndpoint&) = default;
};
/// The same behind TCP.
struct SlcanTcpEndpoint {
  TcpEndpoint address;
  std::optional<std::uint32_t> bit_rate;  ///< Of the bus; nullopt: the protocol's.
  friend bool operator==(const SlcanTcpEndpoint&, const SlcanTcpEndpoint&) = default;
};
/// A bus that a socketcand serves.
struct SocketcandEndpoint {
  TcpEndpoint address;
  std::string bus;
  friend bool operator==(const SocketcandEndpoint&, const SocketcandEndpoint&) = default;
};
/// A bus that a cannelloni carries over UDP.
struct CannelloniEndpoint {
  TcpEndpoint address;  ///< The peer.
  TcpEndpoint listen;   ///< Of this machine.
  friend bool operator==(const CannelloniEndpoint&, const CannelloniEndpoint&) = default;
};

using BatteryLink =
    std::variant<SerialEndpoint, TcpEndpoint, CandumpEndpoint, SocketcanEndpoint, SlcanEndpoint,
                 SlcanTcpEndpoint, SocketcandEndpoint, CannelloniEndpoint>;

/// Files that describe a battery on CAN: ems/io/dbc.hpp.
struct DescribedConfig {
  std::filesystem::path dbc;
  std::filesystem::path map;
  std::shared_ptr<const DescribedBattery> battery;  ///< Set by load_site_config().
};

/// Each frame of a battery's bus goes to a file.
struct CanRecordConfig {
  std::filesystem::path file;
  std::int64_t bytes_max = 0;  ///< Of the file and the one before it.
  friend bool operator==(const CanRecordConfig&, const CanRecordConfig&) = default;
};
using ModbusLink = std::variant<ModbusTcpEndpoint, ModbusRtuEndpoint>;

enum class ControlMode : std::uint8_t { disarmed, armed };
enum class MeterRole : std::uint8_t { pcc, pv, load };
enum class LogLevel : std::uint8_t { trace, debug, info, warning, error };
/// PV on the dc side of an inverter. Unknown is treated like present wherever that is the safe way.
enum class DcPv : std::uint8_t { unknown, none, present };

[[nodiscard]] std::string_view to_string(Parity parity) noexcept;
[[nodiscard]] std::string_view to_string(ControlMode mode) noexcept;
[[nodiscard]] std::string_view to_string(MeterRole role) noexcept;
[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;
[[nodiscard]] std::string_view to_string(DcPv pv) noexcept;

/// What a stream may keep in the store. Zero: no limit of its own.
struct StreamKeep {
  std::int64_t budget_bytes = 0;
  Duration age{};
};

struct StoreConfig {
  std::filesystem::path path;
  std::int64_t budget_bytes = 0;
  Duration block_span{};  ///< Unless the file says: default_block_span() of telemetry_period.
  StreamKeep audit;
  StreamKeep telemetry;
  StreamKeep decisions;
};

/// One server the agent uploads to, over mTLS.
struct UplinkConfig {
  TcpEndpoint address;
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

struct BatteryConfig {
  std::uint16_t id = 0;                      ///< Asset battery/<id>.
  std::string protocol;                      ///< One of KnownNames::protocols.
  std::optional<DescribedConfig> described;  ///< Exactly of kDescribedProtocol.
  std::string variant;                       ///< Empty: the protocol's first.
  std::optional<std::uint8_t> address;  ///< Of the first module; nullopt: the protocol's usual one.
  std::uint8_t modules = 1;             ///< In parallel on the line, at consecutive addresses.
  BatteryLink link;
  std::optional<CanRecordConfig> record;  ///< Only on CAN.
  bool listen_only = false;               ///< Only on CAN: nothing is sent.
  Duration poll_period{};
  std::optional<Duration> reply_timeout;  ///< nullopt: the protocol's.
  safety::Chemistry chemistry{};
  std::uint16_t cells = 0;  ///< In series.
  MicroAmpHour capacity{};
  MilliAmp charge_current_max{};            ///< Magnitude.
  MilliAmp discharge_current_max{};         ///< Magnitude.
  MilliAmp fuse_current{};                  ///< 0: none declared.
  MilliAmp breaking_current{};              ///< 0: unknown.
  std::vector<safety::HazardInput> inputs;  ///< Wired.

  /// What the codec of one module has to know.
  /// @param module  1 .. modules.
  /// @param usual   The protocol's usual address; nullopt: it has none.
  /// @return        variant borrows from this.
  [[nodiscard]] protocol::CodecOptions codec_options(std::uint8_t module,
                                                     std::optional<std::uint8_t> usual) const;
};

struct InverterConfig {
  std::uint16_t id = 0;  ///< Asset inverter/<id>.
  std::string pack;      ///< One of KnownNames::packs.
  ModbusLink link;
  std::vector<std::uint16_t> batteries;  ///< Ids of the batteries at its dc terminals; at least 1.
  Duration poll_period{};
  Duration reply_timeout{};
  Watt rated_power{};
  BasisPoints efficiency{};
  Duration lease{};      ///< Device-side revert timer; refreshed at a third.
  Duration dead_time{};  ///< From a command's arrival to the first change of power.
  Watt ramp_per_s{};     ///< Change of power per second.
  DcPv dc_pv = DcPv::unknown;
};

struct MeterConfig {
  std::uint16_t id = 0;  ///< Asset meter/<id>.
  MeterRole role{};
  std::string pack;  ///< One of KnownNames::packs.
  ModbusLink link;
  Duration poll_period{};
  Duration reply_timeout{};
};

/// An I/O board whose readings belong to a battery.
struct SensorConfig {
  std::uint16_t battery = 0;  ///< Asset battery/<battery>.
  std::string pack;           ///< One of KnownNames::packs.
  ModbusLink link;
  Duration poll_period{};
  Duration reply_timeout{};
};

enum class GridProfileName : std::uint8_t { hz50, hz60, en50549, ieee1547 };
[[nodiscard]] std::string_view to_string(GridProfileName name) noexcept;

/// A policy that is absent in the file does not run. What the file does not say (a hold, a rated
/// power where it is absent) is 0 here; whoever knows the site's inverters fills it in.
struct PoliciesConfig {
  std::optional<decision::ActivePowerLimitConfig> active_power_limit;
  std::optional<decision::FrequencyDroopConfig> frequency_droop;
  std::optional<decision::RampConfig> ramp;
  std::optional<decision::DimmingConfig> dimming;
  std::optional<decision::ImportLimitConfig> import_limit;
  std::optional<decision::ExportLimitConfig> export_limit;
  std::optional<decision::DemandLimitConfig> demand_limit;
  std::optional<decision::BackupReserveConfig> backup_reserve;
  std::optional<decision::SetpointConfig> setpoint;
  std::optional<decision::SetpointConfig> remote_setpoint;
  std::optional<decision::ZeroExportConfig> zero_export;
  std::optional<decision::PlanConfig> plan;
  std::optional<decision::TimeOfUseConfig> time_of_use;
  std::optional<decision::PriceConfig> price;
  std::optional<decision::SelfConsumptionConfig> self_consumption;
  std::optional<decision::ComfortBandConfig> comfort_band;
  std::optional<decision::GentleCurrentConfig> gentle_current;
  std::optional<decision::GentleTemperatureConfig> gentle_temperature;
  std::optional<std::filesystem::path> schedule_file;  ///< Present: policy `schedule` runs.
  std::optional<std::filesystem::path> plan_file;      ///< Present with `plan`.
  std::optional<std::filesystem::path> price_file;     ///< Present with `price`.
};

/// A whole site file, checked. Relative paths in it are already joined to the file's folder.
struct SiteConfig {
  std::filesystem::path file;  ///< Where it was read from.
  std::string site;
  std::string agent;
  std::string tenant;
  ControlMode control = ControlMode::disarmed;
  std::optional<std::filesystem::path> limits;  ///< Absent: monitor only.
  Duration tick{};
  Duration telemetry_period{};
  Duration autonomous_after{};  ///< Without a server for so long: mode AUTONOMOUS.
  std::optional<std::filesystem::path> watchdog_device;  ///< Absent: no hardware watchdog.
  bool realtime = false;                                 ///< Control thread under SCHED_FIFO.
  StoreConfig store;
  std::filesystem::path api_socket;
  std::optional<TcpEndpoint> metrics_listen;  ///< Loopback; nullopt: no metrics.
  LogLevel log_level = LogLevel::info;
  std::vector<UplinkConfig> servers;
  std::vector<BatteryConfig> batteries;
  std::vector<InverterConfig> inverters;
  std::vector<MeterConfig> meters;
  std::vector<SensorConfig> sensors;
  std::string timezone;           ///< IANA name; in this machine's zone database.
  std::uint8_t estop_inputs = 0;  ///< Emergency-stop inputs that devices give.
  GridProfileName grid_profile = GridProfileName::hz50;
  PoliciesConfig policies;

  /// `urn:ems:agent:<site>/<agent>`: what the agent's certificate must say.
  [[nodiscard]] std::string identity() const;
  [[nodiscard]] const BatteryConfig* find_battery(std::uint16_t id) const noexcept;
  [[nodiscard]] const InverterConfig* find_inverter(std::uint16_t id) const noexcept;
  [[nodiscard]] const MeterConfig* find_meter(std::uint16_t id) const noexcept;
  /// The meter at the site's connection; nullptr when none is declared.
  [[nodiscard]] const MeterConfig* pcc_meter() const noexcept;
};

/// Reads and checks a site file.
///
/// @param path   The file; also the name in error messages and the base of relative paths.
/// @param known  Protocols and packs that `protocol` and `pack` may name.
/// @return       The configuration, or every fault found. A file that cannot be read is one fault
///               with line 0. Batteries that files describe are read too, and their faults named.
/// @thread_safety Any thread; reads each file once.
[[nodiscard]] Loaded<SiteConfig> load_site_config(const std::filesystem::path& path,
                                                  const KnownNames& known);

/// Like load_site_config(), from text that was read already. No other file is read.
///
/// @thread_safety Pure function.
[[nodiscard]] Loaded<SiteConfig> parse_site_config(std::string_view text,
                                                   const std::filesystem::path& path,
                                                   const KnownNames& known);

}  // namespace ems::io
