// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "io/config/policy_keys.hpp"
#include "io/config/tables.hpp"

namespace ems::io {
namespace {

using namespace config;  // NOLINT(google-build-using-namespace): the table's own words
using T = SchemaType;

constexpr std::string_view kKeepDaysDoc =
    "Days that acknowledged rows stay; on a site without `servers`, all rows. Counted while the "
    "clock is synced. 0: as long as there is room.";

// As protocol::kSlcanBitRates has them.
constexpr std::string_view kCanBitRates =
    "10000 20000 50000 100000 125000 250000 500000 800000 1000000";
constexpr std::string_view kCanBitRateDoc = "Bits per second of the bus. Default: the protocol's.";

#define EMS_SERIAL_KEYS(prefix)                                                               \
  {.path = prefix ".device", .type = T::path, .required = true, .doc = "The tty."},           \
      {.path = prefix ".baud",                                                                \
       .type = T::integer,                                                                    \
       .min = 1'200,                                                                          \
       .max = 921'600,                                                                        \
       .default_text = "9600",                                                                \
       .doc = "Bits per second."},                                                            \
      {.path = prefix ".parity",                                                              \
       .type = T::choice,                                                                     \
       .default_text = "none",                                                                \
       .choices = "none even odd",                                                            \
       .doc = "Parity bit."},                                                                 \
  {                                                                                           \
    .path = prefix ".stop_bits", .type = T::integer, .min = 1, .max = 2, .default_text = "1", \
    .doc = "Stop bits."                                                                       \
  }

#define EMS_MODBUS_KEYS(prefix)                                                                  \
  {.path = prefix ".pack",                                                                       \
   .type = T::choice,                                                                            \
   .required = true,                                                                             \
   .choices = kKnownPacks,                                                                       \
   .doc = "The device pack: which registers the device has and what they mean."},                \
      {.path = prefix ".modbus_tcp",                                                             \
       .type = T::section,                                                                       \
       .one_of = "link",                                                                         \
       .doc = "Modbus TCP; several devices may share an address."},                              \
      {.path = prefix ".modbus_tcp.address",                                                     \
       .type = T::address,                                                                       \
       .required = true,                                                                         \
       .doc = "The device, or the gateway in front of it."},                                     \
      {.path = prefix ".modbus_tcp.unit",                                                        \
       .type = T::integer,                                                                       \
       .min = 0,                                                                                 \
       .max = 255,                                                                               \
       .default_text = "1",                                                                      \
       .doc = "Modbus unit identifier."},                                                        \
      {.path = prefix ".modbus_rtu",                                                             \
       .type = T::section,                                                                       \
       .one_of = "link",                                                                         \
       .doc = "Modbus RTU; several units may share a line if its settings are the same."},       \
      EMS_SERIAL_KEYS(prefix ".modbus_rtu"),                                                     \
      {.path = prefix ".modbus_rtu.unit",                                                        \
       .type = T::integer,                                                                       \
       .min = 1,                                                                                 \
       .max = 247,                                                                               \
       .default_text = "1",                                                                      \
       .doc = "Modbus unit identifier."},                                                        \
      {.path = prefix ".poll_period_s",                                                          \
       .type = T::quantity,                                                                      \
       .digits = kSecondDigits,                                                                  \
       .min = millis_us(50),                                                                     \
       .max = seconds_us(60),                                                                    \
       .default_text = "0.5",                                                                    \
       .doc = "Time from one reading of the device to the next."},                               \
  {                                                                                              \
    .path = prefix ".reply_timeout_s", .type = T::quantity, .digits = kSecondDigits,             \
    .min = millis_us(10), .max = seconds_us(10), .default_text = "0.2",                          \
    .doc = "A request without an answer for so long has failed. A stop may have to wait for it." \
  }

// clang-format off
constexpr SchemaKey kSiteKeys[] = {
    {.path = "site", .type = T::name, .required = true,
     .doc = "Name of the site; first part of the agent's identity urn:ems:agent:SITE/AGENT."},
    {.path = "agent", .type = T::name, .required = true,
     .doc = "Name of this agent; second part of its identity."},
    {.path = "tenant", .type = T::name, .default_text = "default",
     .doc = "Under whose name the server stores the data."},
    {.path = "control", .type = T::choice, .default_text = "disarmed", .choices = "disarmed armed",
     .doc = "Nothing is commanded until this says `armed` *and* the limits are accepted "
            "(`emsctl limits accept`)."},
    {.path = "limits", .type = T::path,
     .doc = "The limits file. Absent: the site is only monitored."},
    {.path = "tick_s", .type = T::quantity, .digits = kSecondDigits, .min = millis_us(20),
     .max = seconds_us(1), .default_text = "0.1", .doc = "Period of the control loop."},
    {.path = "telemetry_period_s", .type = T::quantity, .digits = kSecondDigits,
     .min = millis_us(100), .max = seconds_us(60), .default_text = "1",
     .doc = "Period of the stored samples."},
    {.path = "autonomous_after_s", .type = T::quantity, .digits = kSecondDigits,
     .min = seconds_us(1), .max = seconds_us(86'400), .default_text = "900",
     .doc = "So long without the server and the site reports the mode AUTONOMOUS; a site without "
            "servers is AUTONOMOUS at once. It changes no decision."},
    {.path = "watchdog_device", .type = T::path,
     .doc = "Hardware watchdog (`/dev/watchdog`), petted while the control loop runs: it restarts "
            "the machine when the loop hangs. Absent: none."},
    {.path = "realtime", .type = T::flag, .default_text = "false",
     .doc = "Run the control thread under SCHED_FIFO with its memory locked. Where that is not "
            "permitted the agent says so and runs without."},
    {.path = "timezone", .type = T::text, .default_text = "UTC",
     .doc = "The site's time zone, as IANA names it (`Europe/Berlin`): windows of the day are local. Read from this machine's zone database (package tzdata)."},
    {.path = "estop_inputs", .type = T::integer, .min = 0, .max = 8, .default_text = "0",
     .doc = "How many emergency-stop inputs the devices give (signal `estop_pressed`): while one says nothing it counts as pressed."},
    {.path = "grid", .type = T::section, .default_text = "{}", .doc = "The grid."},
    {.path = "grid.profile", .type = T::choice, .default_text = "50hz",
     .choices = "50hz 60hz en50549 ieee1547",
     .doc = "Nominal frequency and the defaults of `frequency_droop`: 50 mHz of deadband at 50 or 60 Hz; EN 50549 (50 Hz, 200 mHz); IEEE 1547 (60 Hz, 36 mHz)."},
    {.path = "store", .type = T::section, .default_text = "{}", .doc = "The durable buffer."},
    {.path = "store.path", .type = T::path, .default_text = "telemetry.db",
     .doc = "SQLite file; made when it is not there."},
    {.path = "store.budget_mb", .type = T::integer, .min = 16, .max = 1'000'000,
     .default_text = "256",
     .doc = "Most the store may take on disk (1 MB is 1 000 000 bytes). Beyond it the oldest "
            "acknowledged rows go first; alarms, commands and audit never."},
    {.path = "store.block_s", .type = T::quantity, .digits = kSecondDigits, .min = seconds_us(1),
     .max = seconds_us(3600),
     .doc = "A block of telemetry closes when its rows span this, or at 60 rows. Its rows are durable and on their way each second all the same. Absent: 60 times `telemetry_period_s`, but at least 60 s (and so at most 3600 s)."},
    {.path = "store.telemetry", .type = T::section, .default_text = "{}",
     .doc = "What telemetry may keep within the budget."},
    {.path = "store.telemetry.budget_mb", .type = T::integer, .min = 0, .max = 1'000'000,
     .default_text = "0", .doc = "Most it may take; beyond, its own oldest rows go. 0: `store.budget_mb` alone."},
    {.path = "store.telemetry.keep_days", .type = T::integer, .min = 0, .max = 36'500,
     .default_text = "0", .doc = kKeepDaysDoc},
    {.path = "store.decisions", .type = T::section, .default_text = "{}",
     .doc = "What decisions may keep within the budget."},
    {.path = "store.decisions.budget_mb", .type = T::integer, .min = 0, .max = 1'000'000,
     .default_text = "0", .doc = "As `store.telemetry.budget_mb`."},
    {.path = "store.decisions.keep_days", .type = T::integer, .min = 0, .max = 36'500,
     .default_text = "0", .doc = "As `store.telemetry.keep_days`."},
    {.path = "store.audit", .type = T::section, .default_text = "{}",
     .doc = "What alarms, commands and audit may keep: they never make room for others."},
    {.path = "store.audit.keep_days", .type = T::integer, .min = 0, .max = 36'500,
     .default_text = "0", .doc = "As `store.telemetry.keep_days`."},
    {.path = "api", .type = T::section, .default_text = "{}", .doc = "The local interface."},
    {.path = "api.socket", .type = T::path, .default_text = "agent.sock",
     .doc = "Unix socket (mode 0660); who can open it has the role technician."},
    {.path = "metrics", .type = T::section, .doc = kMetricsDoc},
    {.path = "metrics.listen", .type = T::address, .required = true, .doc = kMetricsListenDoc},
    {.path = "log", .type = T::section, .default_text = "{}", .doc = "The log."},
    {.path = "log.level", .type = T::choice, .default_text = "info", .choices = kLogLevels,
     .doc = "Least severity that is written."},
    {.path = "servers", .type = T::section_list, .min = 0, .max = 8,
     .doc = "Servers to upload to, over mutual TLS. Each gets every row; a row counts as delivered when all have it."},
    {.path = "servers[].address", .type = T::address, .required = true, .doc = "The server."},
    {.path = "servers[].ca", .type = T::path, .required = true,
     .doc = "Certificate of the authority that signed the server's certificate."},
    {.path = "servers[].certificate", .type = T::path, .required = true,
     .doc = "The agent's certificate."},
    {.path = "servers[].key", .type = T::path, .required = true, .doc = "The agent's private key."},

    {.path = "batteries", .type = T::section_list, .min = 0, .max = 8, .doc = "The batteries."},
    {.path = "batteries[].id", .type = T::integer, .min = kIdMin, .max = kIdMax, .required = true,
     .doc = "The battery is the asset battery/ID."},
    {.path = "batteries[].protocol", .type = T::choice, .required = true,
     .choices = kKnownProtocols, .doc = "The protocol its BMS speaks."},
    {.path = "batteries[].described", .type = T::section,
     .doc = "Of `protocol: described`: a battery on CAN that files describe, so that it needs no code."},
    {.path = "batteries[].described.dbc", .type = T::path, .required = true,
     .doc = "The DBC file of its maker."},
    {.path = "batteries[].described.map", .type = T::path, .required = true,
     .doc = "What its signals mean, in YAML."},
    {.path = "batteries[].variant", .type = T::text,
     .doc = "Which reading of the protocol, where its sources disagree: `emsctl protocols`. Default: the safe one."},
    {.path = "batteries[].address", .type = T::integer, .min = 0, .max = 255,
     .doc = "Address of the BMS on its line, with several modules of the first. Default: the protocol's usual one."},
    {.path = "batteries[].modules", .type = T::integer, .min = 1, .max = 16, .default_text = "1",
     .doc = "Modules in parallel on the line, at addresses that follow each other. Each is an asset battery/ID/module/N; the battery is their sum. They share the line: poll_period_s must leave time for all of them, or values grow stale and power is forbidden."},
    {.path = "batteries[].serial", .type = T::section, .one_of = "link",
     .doc = "The BMS hangs on a tty of its own."},
    EMS_SERIAL_KEYS("batteries[].serial"),
    {.path = "batteries[].tcp", .type = T::section, .one_of = "link",
     .doc = "The BMS hangs on a serial line behind TCP."},
    {.path = "batteries[].tcp.address", .type = T::address, .required = true,
     .doc = "The serial device server."},
    {.path = "batteries[].candump", .type = T::section, .one_of = "link",
     .doc = "No battery but the recording of one, replayed in its own time; for protocols on CAN. Control stays disarmed."},
    {.path = "batteries[].candump.file", .type = T::path, .required = true,
     .doc = "What `candump -L`, PCAN-View (.trc) or Battery-Emulator wrote, of one bus."},
    {.path = "batteries[].candump.at_end", .type = T::choice, .default_text = "stop",
     .choices = "stop repeat",
     .doc = "`stop`: the link is down from then on. `repeat`: from the start again."},
    {.path = "batteries[].socketcan", .type = T::section, .one_of = "link",
     .doc = "The BMS hangs on a CAN interface of this machine (SocketCAN). Its bit rate is set outside: `ip link`."},
    {.path = "batteries[].socketcan.interface", .type = T::text, .required = true,
     .doc = "As `ip link` calls it: `can0`."},
    {.path = "batteries[].slcan", .type = T::section, .one_of = "link",
     .doc = "The BMS hangs on a CAN adapter that speaks slcan on a tty (CANable, CANUSB, USBtin ...)."},
    {.path = "batteries[].slcan.device", .type = T::path, .required = true, .doc = "The tty."},
    {.path = "batteries[].slcan.baud", .type = T::integer, .min = 1'200, .max = 921'600,
     .default_text = "115200", .doc = "Bits per second of the tty; adapters on USB ignore it."},
    {.path = "batteries[].slcan.bit_rate", .type = T::choice, .choices = kCanBitRates,
     .doc = kCanBitRateDoc},
    {.path = "batteries[].slcan_tcp", .type = T::section, .one_of = "link",
     .doc = "The same behind TCP: an adapter on the network, or a serial device server in front of one."},
    {.path = "batteries[].slcan_tcp.address", .type = T::address, .required = true,
     .doc = "The adapter."},
    {.path = "batteries[].slcan_tcp.bit_rate", .type = T::choice, .choices = kCanBitRates,
     .doc = kCanBitRateDoc},
    {.path = "batteries[].socketcand", .type = T::section, .one_of = "link",
     .doc = "The BMS hangs on a CAN interface of another machine, which a socketcand serves."},
    {.path = "batteries[].socketcand.address", .type = T::address, .required = true,
     .doc = "The server; its usual port is 29536."},
    {.path = "batteries[].socketcand.bus", .type = T::text, .default_text = "can0",
     .doc = "The bus, as the server calls it."},
    {.path = "batteries[].cannelloni", .type = T::section, .one_of = "link",
     .doc = "The BMS hangs on a CAN bus that a cannelloni carries over UDP. UDP proves nobody's identity: use it on a network of its own."},
    {.path = "batteries[].cannelloni.address", .type = T::address, .required = true,
     .doc = "The peer; its usual port is 20000."},
    {.path = "batteries[].cannelloni.listen", .type = T::address, .default_text = "0.0.0.0:20000",
     .doc = "Where the peer sends to, on this machine: an address, not a name."},
    {.path = "batteries[].record", .type = T::section,
     .doc = "Writes each frame of the battery's CAN bus to a file, as `candump -L` does."},
    {.path = "batteries[].record.file", .type = T::path, .required = true,
     .doc = "Appended to. When it is full it is renamed to FILE.1, and the FILE.1 before is gone."},
    {.path = "batteries[].record.max_mb", .type = T::integer, .min = 1, .max = 1'000'000,
     .default_text = "64", .doc = "Most both files take together (1 MB is 1 000 000 bytes)."},
    {.path = "batteries[].listen_only", .type = T::flag, .default_text = "false",
     .doc = "On a CAN bus: nothing is sent. For a bus that an inverter shares, whose battery would take us for the inverter."},
    {.path = "batteries[].poll_period_s", .type = T::quantity, .digits = kSecondDigits,
     .min = millis_us(50), .max = seconds_us(60), .default_text = "1",
     .doc = "Time from one reading of the battery to the next. On CAN the battery sends by itself."},
    {.path = "batteries[].reply_timeout_s", .type = T::quantity, .digits = kSecondDigits,
     .min = millis_us(10), .max = seconds_us(10),
     .doc = "A request without an answer for so long has failed. Default: the protocol's."},
    {.path = "batteries[].chemistry", .type = T::choice, .required = true, .choices = kChemistries,
     .doc = "Must be the chemistry of the limits file."},
    {.path = "batteries[].cells", .type = T::integer, .min = 1, .max = 1'000, .required = true,
     .doc = "Cells in series."},
    {.path = "batteries[].capacity_ah", .type = T::quantity, .digits = kAmpHourDigits,
     .min = 1, .max = 100'000'000'000, .required = true, .doc = "Rated capacity."},
    {.path = "batteries[].charge_current_max_a", .type = T::quantity, .digits = kAmpDigits,
     .min = 0, .max = amps_ma(10'000), .required = true,
     .doc = "Most the battery may be charged with, by its data sheet."},
    {.path = "batteries[].discharge_current_max_a", .type = T::quantity, .digits = kAmpDigits,
     .min = 0, .max = amps_ma(10'000), .required = true,
     .doc = "Most it may be discharged with, by its data sheet."},

    {.path = "batteries[].fuse_current_a", .type = T::quantity, .digits = kAmpDigits, .min = 1,
     .max = amps_ma(10'000), .doc = "The fuse at its terminals: neither current maximum may be above it. Absent: none declared."},
    {.path = "batteries[].breaking_current_a", .type = T::quantity, .digits = kAmpDigits, .min = 1,
     .max = amps_ma(10'000),
     .doc = "Its contactors may open below this current. Absent: unknown; then they are told to open 1 s after the stop."},
    {.path = "batteries[].inputs", .type = T::choice_list, .min = 0, .max = 4,
     .choices = "insulation smoke gas contactor",
     .doc = "Hazard inputs that are wired, from the BMS or from a sensor: while one says nothing the battery may not be moved."},

    {.path = "sensors", .type = T::section_list, .min = 0, .max = 8,
     .doc = "I/O boards whose readings (smoke, gas, insulation, contactor, emergency stop) belong to a battery."},
    {.path = "sensors[].battery", .type = T::integer, .min = kIdMin, .max = kIdMax, .required = true,
     .doc = "Id of the battery."},
    EMS_MODBUS_KEYS("sensors[]"),

    {.path = "inverters", .type = T::section_list, .min = 0, .max = 8, .doc = "The inverters."},
    {.path = "inverters[].id", .type = T::integer, .min = kIdMin, .max = kIdMax, .required = true,
     .doc = "The inverter is the asset inverter/ID."},
    EMS_MODBUS_KEYS("inverters[]"),
    {.path = "inverters[].batteries", .type = T::integer_list, .min = 1, .max = 16,
     .required = true, .doc = "Ids of the batteries at its dc terminals."},
    {.path = "inverters[].rated_power_w", .type = T::quantity, .digits = kWattDigits, .min = 1,
     .max = 10'000'000, .required = true, .doc = "Rated power at ac, in both directions."},
    {.path = "inverters[].efficiency_pct", .type = T::quantity, .digits = kPercentDigits,
     .min = percent_bp(50), .max = percent_bp(100), .required = true,
     .doc = "Least efficiency between dc and ac; the ac bounds are derived from it."},
    {.path = "inverters[].lease_s", .type = T::quantity, .digits = kSecondDigits,
     .min = seconds_us(1), .max = seconds_us(3'600), .default_text = "30",
     .doc = "A command ends by itself in the device after this; refreshed at a third."},
    {.path = "inverters[].dead_time_s", .type = T::quantity, .digits = kSecondDigits, .min = 0,
     .max = seconds_us(60), .required = true,
     .doc = "From the arrival of a command to the first change of power."},
    {.path = "inverters[].ramp_w_per_s", .type = T::quantity, .digits = kWattDigits, .min = 1,
     .max = 100'000'000, .required = true, .doc = "How fast its power changes."},
    {.path = "inverters[].dc_pv", .type = T::choice, .default_text = "unknown",
     .choices = "unknown none present",
     .doc = "PV on its dc side. `unknown` is treated like `present`."},

    {.path = "meters", .type = T::section_list, .min = 0, .max = 64, .doc = "The meters."},
    {.path = "meters[].id", .type = T::integer, .min = kIdMin, .max = kIdMax, .required = true,
     .doc = "The meter is the asset meter/ID."},
    {.path = "meters[].role", .type = T::choice, .required = true, .choices = "pcc pv load",
     .doc = "What it measures: the site's connection, PV, or a load. At most one is `pcc`."},
    EMS_MODBUS_KEYS("meters[]"),
};
// clang-format on

/// The site's own keys, then those of its policies.
constexpr auto kKeys = [] {
  std::array<SchemaKey, std::size(kSiteKeys) + std::size(kPolicyKeys)> keys{};
  std::copy(std::begin(kPolicyKeys), std::end(kPolicyKeys),
            std::copy(std::begin(kSiteKeys), std::end(kSiteKeys), keys.begin()));
  return keys;
}();

}  // namespace

const Schema& site_schema() noexcept {
  static constexpr Schema kSchema{"site", "The site file", kKeys};
  return kSchema;
}

}  // namespace ems::io
