// SPDX-License-Identifier: Apache-2.0
#include "io/config/site_rules.hpp"

#include <algorithm>
#include <asio/ip/address.hpp>
#include <set>
#include <tuple>

#include "ems/io/metrics_listener.hpp"
#include "ems/io/time_zone.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "ems/protocol/socketcand.hpp"
#include "io/config/policy_config.hpp"

namespace ems::io::config {
namespace {

bool is_address(const std::string& host) {
  std::error_code wrong;
  (void)asio::ip::make_address(host, wrong);
  return !wrong;
}

std::string on_line(const Place& place) { return "; first on line " + std::to_string(place.line); }

/// Ids of one list of assets with their places; reports duplicates.
std::map<std::int64_t, Place> check_ids(const Section& root, const char* list, Reader& reader) {
  std::map<std::int64_t, Place> ids;
  for (const Section& item : root.list(list)) {
    const Value* id = item.find("id");
    if (id == nullptr) continue;
    const auto [first, is_new] = ids.emplace(id->number, id->place);
    if (is_new) continue;
    reader.error(id->place, Errc::already_exists,
                 "duplicate id " + std::to_string(id->number) + " in \"" + list + '"' +
                     on_line(first->second));
  }
  return ids;
}

std::string nearest_id(const std::map<std::int64_t, Place>& ids, std::int64_t id) {
  const auto above = ids.lower_bound(id);
  if (above == ids.begin()) return above == ids.end() ? "" : std::to_string(above->first);
  const auto below = std::prev(above);
  const bool use_above = above != ids.end() && above->first - id < id - below->first;
  return std::to_string(use_above ? above->first : below->first);
}

void check_references(const Section& root, const std::map<std::int64_t, Place>& batteries,
                      Reader& reader) {
  // With a battery whose id cannot be read, nothing can be said about references.
  bool known = root.wrong.count("batteries") == 0;
  for (const Section& battery : root.list("batteries")) {
    known = known && battery.find("id") != nullptr;
  }
  if (!known) return;
  std::map<std::int64_t, Place> used;
  for (const Section& inverter : root.list("inverters")) {
    const Value* references = inverter.find("batteries");
    if (references == nullptr) continue;
    for (const Value& reference : references->list) {
      const std::string id = std::to_string(reference.number);
      if (batteries.count(reference.number) == 0) {
        reader.error(reference.place, Errc::not_found, "no battery with id " + id,
                     nearest_id(batteries, reference.number));
        continue;
      }
      const auto [first, is_new] = used.emplace(reference.number, reference.place);
      if (is_new) continue;
      reader.error(reference.place, Errc::already_exists,
                   "battery " + id + " already hangs on an inverter" + on_line(first->second));
    }
  }
}

/// What is known of a tty so far.
struct Tty {
  Place place;
  bool shared = false;  ///< Modbus: other units may join.
  std::tuple<std::int64_t, std::string, std::int64_t> settings;
};

class Lines {
 public:
  explicit Lines(Reader& reader) : reader_(reader) {}

  void add_tty(const Section& link, bool shared) {
    const Value* device = link.find("device");
    const Value* baud = link.find("baud");
    const Value* parity = link.find("parity");
    const Value* stop_bits = link.find("stop_bits");
    if (device == nullptr || baud == nullptr || parity == nullptr || stop_bits == nullptr) return;
    const Tty tty{device->place, shared, {baud->number, parity->text, stop_bits->number}};
    const auto [first, is_new] = ttys_.emplace(device->text, tty);
    if (is_new) return;
    if (!shared || !first->second.shared) {
      reader_.error(device->place, Errc::already_exists,
                    "line \"" + device->text + "\" is taken" + on_line(first->second.place));
    } else if (first->second.settings != tty.settings) {
      reader_.error(device->place, Errc::invalid_argument,
                    "line \"" + device->text + "\" has other baud, parity or stop_bits" +
                        on_line(first->second.place));
    }
  }

  void add_unit(const std::string& line, const Value* unit) {
    if (unit == nullptr) return;
    // A default unit has no place of its own in the file: point at the link.
    const auto [first, is_new] = units_.emplace(std::pair(line, unit->number), place_);
    if (is_new) return;
    reader_.error(place_, Errc::already_exists,
                  "unit " + std::to_string(unit->number) + " on \"" + line + "\" is taken" +
                      on_line(first->second));
  }

  void add_battery(const Section& battery) {
    if (const Section* serial = battery.section("serial")) add_tty(*serial, false);
    if (const Section* slcan = battery.section("slcan")) add_slcan(*slcan);
    for (const char* link : {"tcp", "slcan_tcp"}) {
      if (const Section* tcp = battery.section(link)) add_stream(tcp->find("address"));
    }
    if (const Section* udp = battery.section("cannelloni")) {
      const Value* listen = udp->find("listen");  // Where the default has no place: the section's.
      add_place(listen, listen != nullptr && listen->place.line > 0 ? listen->place : udp->place);
    }
    if (const Section* record = battery.section("record")) {
      const Value* file = record->find("file");
      if (file != nullptr) add_place(file, file->place);
    }
  }

  void add_modbus(const Section& device) {
    if (const Section* rtu = device.section("modbus_rtu")) {
      add_tty(*rtu, true);
      place_ = rtu->place;
      if (const Value* name = rtu->find("device")) add_unit(name->text, rtu->find("unit"));
    }
    if (const Section* tcp = device.section("modbus_tcp")) {
      place_ = tcp->place;
      if (const Value* name = tcp->find("address")) add_unit(name->text, tcp->find("unit"));
    }
  }

 private:
  void add_slcan(const Section& link) {
    const Value* device = link.find("device");
    if (device == nullptr) return;
    const auto [first, is_new] = ttys_.emplace(device->text, Tty{device->place, false, {}});
    if (!is_new) taken(*device, device->place, first->second.place);
  }

  void add_stream(const Value* address) {
    if (address != nullptr) add_place(address, address->place);
  }

  /// What one battery alone may have: an address, a file.
  void add_place(const Value* value, const Place& place) {
    if (value == nullptr) return;
    const auto [first, is_new] = streams_.emplace(value->text, place);
    if (!is_new) taken(*value, place, first->second);
  }

  void taken(const Value& value, const Place& place, const Place& first) {
    reader_.error(place, Errc::already_exists,
                  "line \"" + value.text + "\" is taken" + on_line(first));
  }

  Reader& reader_;
  Place place_;
  std::map<std::string, Tty> ttys_;
  std::map<std::string, Place> streams_;
  std::map<std::pair<std::string, std::int64_t>, Place> units_;
};

void check_lines(const Section& root, Reader& reader) {
  Lines lines(reader);
  for (const Section& battery : root.list("batteries")) lines.add_battery(battery);
  for (const Section& inverter : root.list("inverters")) lines.add_modbus(inverter);
  for (const Section& meter : root.list("meters")) lines.add_modbus(meter);
  for (const Section& sensor : root.list("sensors")) lines.add_modbus(sensor);
}

/// A server has every row once: two uplinks to one would each take it for their own.
void check_servers(const Section& root, Reader& reader) {
  std::map<std::string, Place> addresses;
  for (const Section& server : root.list("servers")) {
    const Value* address = server.find("address");
    if (address == nullptr) continue;
    const auto [first, is_new] = addresses.emplace(address->text, address->place);
    if (is_new) continue;
    reader.error(address->place, Errc::already_exists,
                 "server \"" + address->text + "\" is there twice" + on_line(first->second));
  }
}

constexpr const char* kCanLinks[] = {"socketcan", "slcan", "slcan_tcp", "socketcand", "cannelloni"};

/// A CAN bus, and not the recording of one.
bool has_live_can(const Section& battery) {
  return std::any_of(std::begin(kCanLinks), std::end(kCanLinks),
                     [&battery](const char* link) { return battery.section(link) != nullptr; });
}

/// A protocol on CAN needs a CAN link, and the other way round.
void check_battery_links(const Section& root, Reader& reader) {
  if (reader.known() == nullptr) return;
  const std::vector<std::string>& on_can = reader.known()->can_protocols;
  for (const Section& battery : root.list("batteries")) {
    const Value* protocol = battery.find("protocol");
    if (protocol == nullptr) continue;
    const bool speaks_can = std::find(on_can.begin(), on_can.end(), protocol->text) != on_can.end();
    const bool has_can = has_live_can(battery) || battery.section("candump") != nullptr;
    const bool has_stream =
        battery.section("serial") != nullptr || battery.section("tcp") != nullptr;
    if (speaks_can && has_stream) {
      reader.error(protocol->place, Errc::invalid_argument,
                   "protocol \"" + protocol->text +
                       "\" is spoken on CAN; its link is \"socketcan\", \"slcan\", \"slcan_tcp\", "
                       "\"socketcand\", \"cannelloni\" or \"candump\"");
    } else if (!speaks_can && has_can) {
      reader.error(protocol->place, Errc::invalid_argument,
                   "protocol \"" + protocol->text +
                       "\" is not spoken on CAN; its link is \"serial\" or \"tcp\"");
    }
  }
}

/// What the keys of CAN links can say and no bus can be.
void check_can_links(const Section& root, Reader& reader) {
  for (const Section& battery : root.list("batteries")) {
    const Section* kernel = battery.section("socketcan");
    const Section* server = battery.section("socketcand");
    const Section* udp = battery.section("cannelloni");
    const Section* record = battery.section("record");
    for (const Value* bus : {kernel != nullptr ? kernel->find("interface") : nullptr,
                             server != nullptr ? server->find("bus") : nullptr}) {
      if (bus == nullptr || protocol::is_socketcand_bus(bus->text)) continue;
      reader.error(bus->place, Errc::invalid_argument,
                   "no CAN interface can be called \"" + bus->text + '"');
    }
    const Value* listen = udp != nullptr ? udp->find("listen") : nullptr;
    if (listen != nullptr && !is_address(listen->endpoint.host)) {
      reader.error(listen->place, Errc::invalid_argument,
                   "\"" + listen->endpoint.host + "\" is not an address of this machine",
                   "0.0.0.0:" + std::to_string(listen->endpoint.port));
    }
    if (record != nullptr && !has_live_can(battery)) {
      reader.error(record->place, Errc::invalid_argument,
                   "\"record\" needs a CAN bus: \"socketcan\", \"slcan\", \"slcan_tcp\", "
                   "\"socketcand\" or \"cannelloni\"");
    }
    const Value* listen_only = battery.find("listen_only");
    if (listen_only != nullptr && listen_only->number != 0 && !has_live_can(battery)) {
      reader.error(listen_only->place, Errc::invalid_argument,
                   "\"listen_only\" needs a CAN bus; on a serial line a battery that is not asked "
                   "says nothing");
    }
  }
}

/// Why the protocol does not take these options; nullopt: it does.
std::optional<Error> refusal(const protocol::Codec& codec, const protocol::CodecOptions& options) {
  const auto error_of = [](const auto& made) {
    return made ? std::nullopt : std::optional<Error>(made.error());
  };
  protocol::CodecRoom room;
  const protocol::PollCodec* poll = protocol::as_poll(codec);
  if (poll != nullptr) return error_of(poll->with(options, room));
  return error_of(protocol::as_can(codec)->with(options, room));
}

/// The protocol has as many cells as the battery is said to have.
bool fits_cells(const protocol::Codec& codec, const Section& battery, Reader& reader) {
  const Value* cells = battery.find("cells");
  if (cells == nullptr || cells->number > 0xFF) return true;
  const std::optional<Error> refused = refusal(
      codec,
      {.address = {}, .variant = {}, .cell_count = static_cast<std::uint8_t>(cells->number)});
  if (!refused) return true;
  reader.error(cells->place, refused->code, refused->what);
  return false;
}

/// Variant, address and modules are such as the protocol has.
void check_battery_codecs(const Section& root, Reader& reader) {
  for (const Section& battery : root.list("batteries")) {
    const Value* name = battery.find("protocol");
    const Value* modules = battery.find("modules");
    if (name == nullptr || modules == nullptr) continue;
    const Result<const protocol::Codec*> codec = protocol::find_codec(name->text);
    if (!codec) continue;  // The choice has been refused already.
    const Value* variant = battery.find("variant");
    const Value* address = battery.find("address");
    const std::span<const std::uint8_t> usual = (*codec)->info().addresses;
    if (modules->number > 1 && usual.empty()) {
      reader.error(modules->place, Errc::invalid_argument,
                   "protocol \"" + name->text + "\" has no addresses: one module on a line");
      continue;
    }
    if (modules->number > 1 && protocol::as_can(**codec) != nullptr) {
      reader.error(modules->place, Errc::invalid_argument,
                   "protocol \"" + name->text + "\" is spoken on CAN: one battery on a bus");
      continue;
    }
    protocol::CodecOptions options;
    if (!fits_cells(**codec, battery, reader)) continue;
    if (variant != nullptr) options.variant = variant->text;
    const std::int64_t first =
        address != nullptr ? address->number : (usual.empty() ? 0 : std::int64_t{usual.front()});
    for (std::int64_t module = 0; module < modules->number; ++module) {
      if (first + module > 0xFF) {
        reader.error(modules->place, Errc::out_of_range, "a module's address would exceed 255");
        break;
      }
      if (address != nullptr || modules->number > 1) {
        options.address = static_cast<std::uint8_t>(first + module);
      }
      const std::optional<Error> refused = refusal(**codec, options);
      if (!refused) continue;
      const Value* at = address != nullptr ? address : modules;
      if (variant != nullptr && refused->code == Errc::invalid_argument) at = variant;
      reader.error(at->place, refused->code, refused->what);
      break;
    }
  }
}

/// A described battery has its files, no other battery has, and files have no options.
void check_described(const Section& root, Reader& reader) {
  for (const Section& battery : root.list("batteries")) {
    const Value* protocol = battery.find("protocol");
    const Section* files = battery.section("described");
    if (protocol == nullptr) continue;
    if (protocol->text != kDescribedProtocol) {
      if (files == nullptr) continue;
      reader.error(files->place, Errc::invalid_argument,
                   "\"described\" needs protocol \"described\", not \"" + protocol->text + '"');
      continue;
    }
    if (files == nullptr) {
      reader.error(protocol->place, Errc::missing_key,
                   "protocol \"described\" needs its files: missing key \"described\"");
    }
    const Value* modules = battery.find("modules");
    for (const char* key : {"variant", "address"}) {
      const Value* option = battery.find(key);
      if (option == nullptr) continue;
      reader.error(option->place, Errc::invalid_argument,
                   "a described battery has no \"" + std::string(key) + '"');
    }
    if (modules != nullptr && modules->number > 1) {
      reader.error(modules->place, Errc::invalid_argument,
                   "a described battery is spoken on CAN: one battery on a bus");
    }
  }
}

/// A recording says what was: no power is moved on its word.
void check_recordings(const Section& root, Reader& reader) {
  const Value* control = root.find("control");
  if (control == nullptr || control->text != "armed") return;
  const std::vector<Section>& batteries = root.list("batteries");
  const bool recorded = std::any_of(batteries.begin(), batteries.end(), [](const Section& b) {
    return b.section("candump") != nullptr;
  });
  if (!recorded) return;
  reader.error(control->place, Errc::invalid_argument,
               "a battery is a recording: nothing may be commanded on its word", "disarmed");
}

void check_pcc(const Section& root, Reader& reader) {
  const Value* first = nullptr;
  bool roles_known = root.wrong.count("meters") == 0;
  for (const Section& meter : root.list("meters")) {
    const Value* role = meter.find("role");
    roles_known = roles_known && role != nullptr;
    if (role == nullptr || role->text != "pcc") continue;
    if (first != nullptr) {
      reader.error(role->place, Errc::already_exists,
                   "a site has one pcc meter" + on_line(first->place));
    } else {
      first = role;
    }
  }
  const Section* policies = root.section("policies");
  if (first != nullptr || !roles_known || policies == nullptr) return;
  for (const char* policy :
       {"import_limit", "export_limit", "demand_limit", "zero_export", "self_consumption"}) {
    const Value* value = policies->find(policy);
    if (value == nullptr) continue;
    reader.error(value->place, Errc::failed_precondition,
                 std::string("policy \"") + policy + "\" needs a meter with \"role: pcc\"");
  }
}

void check_sensors(const Section& root, const std::map<std::int64_t, Place>& batteries,
                   Reader& reader) {
  if (root.wrong.count("batteries") != 0) return;
  for (const Section& sensor : root.list("sensors")) {
    const Value* battery = sensor.find("battery");
    if (battery == nullptr || batteries.count(battery->number) != 0) continue;
    reader.error(battery->place, Errc::not_found,
                 "no battery with id " + std::to_string(battery->number),
                 nearest_id(batteries, battery->number));
  }
}

/// A fuse that a current maximum would blow.
void check_batteries(const Section& root, Reader& reader) {
  for (const Section& battery : root.list("batteries")) {
    const Value* fuse = battery.find("fuse_current_a");
    for (const char* key : {"charge_current_max_a", "discharge_current_max_a"}) {
      const Value* most = battery.find(key);
      if (fuse == nullptr || most == nullptr || most->number <= fuse->number) continue;
      reader.error(most->place, Errc::invalid_argument,
                   "\"" + std::string(key) + "\" is above \"fuse_current_a\"");
    }
  }
}

void check_timezone(const Section& root, Reader& reader) {
  const Value* zone = root.find("timezone");
  if (zone == nullptr) return;
  if (const Result<TimeZone> found = TimeZone::load(zone->text); !found) {
    reader.error(zone->place, found.error().code,
                 "timezone \"" + zone->text + "\": " + found.error().what);
  }
}

}  // namespace

void check_site_rules(const Section& root, Reader& reader) {
  const std::map<std::int64_t, Place> batteries = check_ids(root, "batteries", reader);
  (void)check_ids(root, "inverters", reader);  // Only its errors are wanted.
  (void)check_ids(root, "meters", reader);
  check_references(root, batteries, reader);
  check_lines(root, reader);
  check_servers(root, reader);
  check_battery_links(root, reader);
  check_can_links(root, reader);
  check_battery_codecs(root, reader);
  check_described(root, reader);
  check_recordings(root, reader);
  check_pcc(root, reader);
  check_sensors(root, batteries, reader);
  check_batteries(root, reader);
  check_timezone(root, reader);
  if (const Section* policies = root.section("policies")) check_policies(*policies, reader);
  check_metrics(root, reader);
}

void check_metrics(const Section& root, Reader& reader) {
  const Section* metrics = root.section("metrics");
  const Value* listen = metrics == nullptr ? nullptr : metrics->find("listen");
  if (listen == nullptr || is_loopback(listen->endpoint.host)) return;
  reader.error(listen->place, Errc::permission_denied,
               "metrics are served without authentication: \"" + listen->endpoint.host +
                   "\" is not a loopback address",
               "127.0.0.1:" + std::to_string(listen->endpoint.port));
}

}  // namespace ems::io::config
