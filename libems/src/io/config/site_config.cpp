// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/site_config.hpp"

#include <algorithm>
#include <array>

#include "ems/io/dbc.hpp"
#include "ems/io/store/edge_store.hpp"
#include "ems/protocol/slcan.hpp"
#include "io/config/bind.hpp"
#include "io/config/policy_config.hpp"
#include "io/config/reader.hpp"
#include "io/config/site_rules.hpp"

namespace ems::io {
namespace {

using config::Reader;
using config::Section;
using config::Value;

using config::choice;
using config::flag;
using config::integer;
using config::quantity;

constexpr std::int64_t kBytesPerMb = 1'000'000;

/// Builds the structs from a file without errors.
class Binder {
 public:
  explicit Binder(const std::filesystem::path& file) : file_(file) {}

  SiteConfig site(const Section& root) const {
    SiteConfig out;
    out.file = file_;
    out.site = root.at("site").text;
    out.agent = root.at("agent").text;
    out.tenant = root.at("tenant").text;
    out.control = choice<ControlMode>(root, "control");
    if (root.find("limits") != nullptr) out.limits = path(root, "limits");
    out.tick = quantity<Duration>(root, "tick_s");
    out.telemetry_period = quantity<Duration>(root, "telemetry_period_s");
    out.autonomous_after = quantity<Duration>(root, "autonomous_after_s");
    if (root.find("watchdog_device") != nullptr) {
      out.watchdog_device = path(root, "watchdog_device");
    }
    out.realtime = flag(root, "realtime");
    const Section& store = *root.section("store");
    out.store.path = path(store, "path");
    out.store.budget_bytes = integer<std::int64_t>(store, "budget_mb") * kBytesPerMb;
    out.store.block_span = store.find("block_s") != nullptr
                               ? quantity<Duration>(store, "block_s")
                               : default_block_span(out.telemetry_period);
    const auto keep = [&store](const char* stream, bool has_budget) {
      const Section& of = *store.section(stream);
      const std::int64_t mb = has_budget ? integer<std::int64_t>(of, "budget_mb") : 0;
      return StreamKeep{mb * kBytesPerMb, seconds(86'400 * integer<std::int64_t>(of, "keep_days"))};
    };
    out.store.audit = keep("audit", false);
    out.store.telemetry = keep("telemetry", true);
    out.store.decisions = keep("decisions", true);
    out.api_socket = path(*root.section("api"), "socket");
    if (const Section* metrics = root.section("metrics")) {
      out.metrics_listen = metrics->at("listen").endpoint;
    }
    out.log_level = choice<LogLevel>(*root.section("log"), "level");
    for (const Section& item : root.list("servers")) {
      out.servers.push_back({item.at("address").endpoint, path(item, "ca"),
                             path(item, "certificate"), path(item, "key")});
    }
    for (const Section& item : root.list("batteries")) out.batteries.push_back(battery(item));
    for (const Section& item : root.list("inverters")) out.inverters.push_back(inverter(item));
    for (const Section& item : root.list("meters")) out.meters.push_back(meter(item));
    for (const Section& item : root.list("sensors")) out.sensors.push_back(sensor(item));
    out.timezone = root.at("timezone").text;
    out.estop_inputs = integer<std::uint8_t>(root, "estop_inputs");
    out.grid_profile = choice<GridProfileName>(*root.section("grid"), "profile");
    if (const Section* section = root.section("policies")) {
      out.policies = config::bind_policies(*section, out.grid_profile, file_);
    }
    return out;
  }

 private:
  std::filesystem::path path(const Section& section, std::string_view key) const {
    return config::joined(file_, section.at(key).text);
  }

  SerialEndpoint serial(const Section& section) const {
    return {path(section, "device").string(), integer<std::uint32_t>(section, "baud"),
            choice<Parity>(section, "parity"), integer<std::uint8_t>(section, "stop_bits")};
  }

  ModbusLink modbus(const Section& device) const {
    if (const Section* tcp = device.section("modbus_tcp")) {
      return ModbusTcpEndpoint{tcp->at("address").endpoint, integer<std::uint8_t>(*tcp, "unit")};
    }
    const Section& rtu = *device.section("modbus_rtu");
    return ModbusRtuEndpoint{serial(rtu), integer<std::uint8_t>(rtu, "unit")};
  }

  static std::optional<std::uint32_t> bit_rate(const Section& section) {
    if (section.find("bit_rate") == nullptr) return std::nullopt;
    return protocol::kSlcanBitRates[choice<std::size_t>(section, "bit_rate")];
  }

  BatteryLink battery_link(const Section& item) const {
    if (const Section* line = item.section("serial")) return serial(*line);
    if (const Section* tcp = item.section("tcp")) return tcp->at("address").endpoint;
    if (const Section* recording = item.section("candump")) {
      return CandumpEndpoint{path(*recording, "file"), recording->at("at_end").text == "repeat"};
    }
    if (const Section* can = item.section("socketcan")) {
      return SocketcanEndpoint{can->at("interface").text};
    }
    if (const Section* slcan = item.section("slcan")) {
      return SlcanEndpoint{path(*slcan, "device").string(), integer<std::uint32_t>(*slcan, "baud"),
                           bit_rate(*slcan)};
    }
    if (const Section* slcan = item.section("slcan_tcp")) {
      return SlcanTcpEndpoint{slcan->at("address").endpoint, bit_rate(*slcan)};
    }
    if (const Section* server = item.section("socketcand")) {
      return SocketcandEndpoint{server->at("address").endpoint, server->at("bus").text};
    }
    const Section& udp = *item.section("cannelloni");
    return CannelloniEndpoint{udp.at("address").endpoint, udp.at("listen").endpoint};
  }

  BatteryConfig battery(const Section& item) const {
    BatteryConfig out;
    out.id = integer<std::uint16_t>(item, "id");
    out.protocol = item.at("protocol").text;
    if (const Section* files = item.section("described")) {
      out.described = DescribedConfig{path(*files, "dbc"), path(*files, "map"), nullptr};
    }
    out.link = battery_link(item);
    if (const Section* record = item.section("record")) {
      out.record = CanRecordConfig{path(*record, "file"),
                                   integer<std::int64_t>(*record, "max_mb") * kBytesPerMb};
    }
    out.listen_only = flag(item, "listen_only");
    out.poll_period = quantity<Duration>(item, "poll_period_s");
    if (item.find("reply_timeout_s") != nullptr) {
      out.reply_timeout = quantity<Duration>(item, "reply_timeout_s");
    }
    if (const Value* variant = item.find("variant")) out.variant = variant->text;
    if (item.find("address") != nullptr) {
      out.address = integer<std::uint8_t>(item, "address");
    }
    out.modules = integer<std::uint8_t>(item, "modules");
    out.chemistry = choice<safety::Chemistry>(item, "chemistry");
    out.cells = integer<std::uint16_t>(item, "cells");
    out.capacity = quantity<MicroAmpHour>(item, "capacity_ah");
    out.charge_current_max = quantity<MilliAmp>(item, "charge_current_max_a");
    out.discharge_current_max = quantity<MilliAmp>(item, "discharge_current_max_a");
    if (item.find("fuse_current_a") != nullptr) {
      out.fuse_current = quantity<MilliAmp>(item, "fuse_current_a");
    }
    if (item.find("breaking_current_a") != nullptr) {
      out.breaking_current = quantity<MilliAmp>(item, "breaking_current_a");
    }
    if (const Value* inputs = item.find("inputs")) {
      for (const Value& input : inputs->list) {
        out.inputs.push_back(static_cast<safety::HazardInput>(input.number));
      }
    }
    return out;
  }

  InverterConfig inverter(const Section& item) const {
    InverterConfig out;
    out.id = integer<std::uint16_t>(item, "id");
    out.pack = item.at("pack").text;
    out.link = modbus(item);
    for (const Value& reference : item.at("batteries").list) {
      out.batteries.push_back(static_cast<std::uint16_t>(reference.number));
    }
    out.poll_period = quantity<Duration>(item, "poll_period_s");
    out.reply_timeout = quantity<Duration>(item, "reply_timeout_s");
    out.rated_power = quantity<Watt>(item, "rated_power_w");
    out.efficiency = quantity<BasisPoints>(item, "efficiency_pct");
    out.lease = quantity<Duration>(item, "lease_s");
    out.dead_time = quantity<Duration>(item, "dead_time_s");
    out.ramp_per_s = quantity<Watt>(item, "ramp_w_per_s");
    out.dc_pv = choice<DcPv>(item, "dc_pv");
    return out;
  }

  MeterConfig meter(const Section& item) const {
    MeterConfig out;
    out.id = integer<std::uint16_t>(item, "id");
    out.role = choice<MeterRole>(item, "role");
    out.pack = item.at("pack").text;
    out.link = modbus(item);
    out.poll_period = quantity<Duration>(item, "poll_period_s");
    out.reply_timeout = quantity<Duration>(item, "reply_timeout_s");
    return out;
  }

  SensorConfig sensor(const Section& item) const {
    return {integer<std::uint16_t>(item, "battery"), item.at("pack").text, modbus(item),
            quantity<Duration>(item, "poll_period_s"), quantity<Duration>(item, "reply_timeout_s")};
  }

  const std::filesystem::path& file_;
};

template <class Items>
auto find_id(const Items& items, std::uint16_t id) noexcept -> decltype(items.data()) {
  for (const auto& item : items) {
    if (item.id == id) return &item;
  }
  return nullptr;
}

template <std::size_t N, class E>
std::string_view word_of(const std::array<std::string_view, N>& words, E value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? words[index] : std::string_view{};
}

/// Reads the files of a described battery; what is wrong with them goes to `errors`.
void describe(BatteryConfig& battery, std::vector<ConfigError>& errors) {
  if (!battery.described) return;
  BatteryDescription made = describe_battery(battery.described->dbc, battery.described->map);
  battery.described->battery = std::move(made.battery);
  for (PackError& error : made.errors) {
    errors.push_back({.file = std::move(error.file),
                      .line = static_cast<std::uint32_t>(error.line),
                      .column = static_cast<std::uint32_t>(error.column),
                      .code = error.code,
                      .message = std::move(error.message),
                      .suggestion = {}});
  }
}

}  // namespace

protocol::CodecOptions BatteryConfig::codec_options(std::uint8_t module,
                                                    std::optional<std::uint8_t> usual) const {
  EMS_ASSERT(module >= 1 && module <= modules);
  protocol::CodecOptions options;
  options.variant = variant;
  const std::optional<std::uint8_t> first = address ? address : usual;
  if (first && (address || modules > 1)) {
    options.address = static_cast<std::uint8_t>(*first + module - 1);
  }
  if (cells <= 0xFF) options.cell_count = static_cast<std::uint8_t>(cells);
  return options;
}

std::string_view to_string(Parity parity) noexcept {
  return word_of(std::array<std::string_view, 3>{"none", "even", "odd"}, parity);
}
std::string_view to_string(ControlMode mode) noexcept {
  return word_of(std::array<std::string_view, 2>{"disarmed", "armed"}, mode);
}
std::string_view to_string(MeterRole role) noexcept {
  return word_of(std::array<std::string_view, 3>{"pcc", "pv", "load"}, role);
}
std::string_view to_string(LogLevel level) noexcept {
  return word_of(std::array<std::string_view, 5>{"trace", "debug", "info", "warning", "error"},
                 level);
}
std::string_view to_string(DcPv pv) noexcept {
  return word_of(std::array<std::string_view, 3>{"unknown", "none", "present"}, pv);
}

std::string_view to_string(GridProfileName name) noexcept {
  return word_of(std::array<std::string_view, 4>{"50hz", "60hz", "en50549", "ieee1547"}, name);
}

std::string SiteConfig::identity() const { return "urn:ems:agent:" + site + '/' + agent; }

const BatteryConfig* SiteConfig::find_battery(std::uint16_t id) const noexcept {
  return find_id(batteries, id);
}
const InverterConfig* SiteConfig::find_inverter(std::uint16_t id) const noexcept {
  return find_id(inverters, id);
}
const MeterConfig* SiteConfig::find_meter(std::uint16_t id) const noexcept {
  return find_id(meters, id);
}
const MeterConfig* SiteConfig::pcc_meter() const noexcept {
  for (const MeterConfig& meter : meters) {
    if (meter.role == MeterRole::pcc) return &meter;
  }
  return nullptr;
}

Loaded<SiteConfig> parse_site_config(std::string_view text, const std::filesystem::path& path,
                                     const KnownNames& known) {
  Reader reader(site_schema(), path.string(), &known);
  const Section root = reader.read(text);
  config::check_site_rules(root, reader);
  if (!reader.ok()) return {std::nullopt, reader.take_errors()};
  return {Binder(path).site(root), {}};
}

Loaded<SiteConfig> load_site_config(const std::filesystem::path& path, const KnownNames& known) {
  std::vector<ConfigError> errors;
  const std::optional<std::string> text = config::read_file(path, errors);
  if (!text) return {std::nullopt, std::move(errors)};
  Loaded<SiteConfig> site = parse_site_config(*text, path, known);
  if (!site) return site;
  for (BatteryConfig& battery : site.value->batteries) describe(battery, errors);
  if (!errors.empty()) return {std::nullopt, std::move(errors)};
  return site;
}

}  // namespace ems::io
