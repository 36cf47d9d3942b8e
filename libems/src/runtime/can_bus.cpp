// SPDX-License-Identifier: Apache-2.0
#include "runtime/can_bus.hpp"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "ems/io/link/can_endpoint.hpp"
#include "ems/io/link/can_recorder.hpp"
#include "ems/model/catalogue.hpp"

namespace ems::runtime {
namespace {

/// What a recording calls the bus.
std::string bus_name(const io::BatteryLink& link) {
  if (const auto* kernel = std::get_if<io::SocketcanEndpoint>(&link)) return kernel->interface_name;
  if (const auto* server = std::get_if<io::SocketcandEndpoint>(&link)) return server->bus;
  return "can0";
}

}  // namespace

std::unique_ptr<io::CanLink> make_can_bus(const DriverWiring& wiring,
                                          const io::BatteryConfig& battery,
                                          std::uint32_t bit_rate) {
  std::unique_ptr<io::CanLink> link =
      io::make_can_link(wiring.executor, battery.link, {.bit_rate = bit_rate});
  if (link == nullptr || !battery.record) return link;
  io::CanRecordOptions options;
  options.file = battery.record->file;
  options.bytes_max = static_cast<std::uint64_t>(battery.record->bytes_max);
  options.interface_name = bus_name(battery.link);
  options.on_trouble = [&log = wiring.log, id = battery.id](const io::LinkError* error) {
    if (error != nullptr) {
      log.warn("event=can_recording_failed asset=battery/{} error=\"{}\"", id, error->message);
    } else {
      log.info("event=can_recording_resumed asset=battery/{}", id);
    }
  };
  return io::record_can_link(wiring.executor, std::move(link), wiring.clock, std::move(options));
}

}  // namespace ems::runtime
