// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/site_check.hpp"

#include <algorithm>

#include "ems/io/link/stop_path.hpp"
#include "ems/io/pack_loader.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "io/config/reader.hpp"

namespace ems::io {
namespace {

constexpr int kSecondDigits = 6;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
/// Largest RTU frame, and the silence that ends one, in characters.
/// @source Modbus over Serial Line V1.02, 2.3 (256 bytes) and 2.5.1.1 (3.5 characters; 1.75 ms
///         above 19200 baud, which 4 characters at that rate exceed).
constexpr std::int64_t kRtuCharacters = 256 + 4;

std::string seconds_text(Duration duration) {
  return config::decimal_text(duration.count(), kSecondDigits) + " s";
}

/// Time of so many characters, rounded up.
Duration line_time(const SerialEndpoint& line, std::int64_t characters) {
  const std::int64_t bits = 1 + 8 + (line.parity == Parity::none ? 0 : 1) + line.stop_bits;
  const std::int64_t baud = line.baud;
  return Duration{(characters * bits * kMicrosPerSecond + baud - 1) / baud};
}

/// How long one request of a battery may keep its line.
Duration reply_timeout(const BatteryConfig& battery) {
  if (battery.reply_timeout) return *battery.reply_timeout;
  const Result<const protocol::Codec*> codec = protocol::find_codec(battery.protocol);
  const protocol::PollCodec* poll = codec ? protocol::as_poll(**codec) : nullptr;
  return poll == nullptr ? Duration::zero() : poll->reply_timeout();
}

/// What a line of CAN is called; empty for any other.
std::string can_place(const BatteryLink& link) {
  if (const auto* recording = std::get_if<CandumpEndpoint>(&link)) return recording->file.string();
  if (const auto* kernel = std::get_if<SocketcanEndpoint>(&link)) return kernel->interface_name;
  if (const auto* slcan = std::get_if<SlcanEndpoint>(&link)) return slcan->device;
  if (const auto* slcan = std::get_if<SlcanTcpEndpoint>(&link)) return to_address(slcan->address);
  if (const auto* server = std::get_if<SocketcandEndpoint>(&link)) {
    return to_address(server->address) + "/" + server->bus;
  }
  const auto* udp = std::get_if<CannelloniEndpoint>(&link);
  return udp != nullptr ? to_address(udp->address) : std::string{};
}

/// Collects devices by line, in the order of the file.
class LineTable {
 public:
  void add(const std::string& name, std::string device, bool controlled, Duration wait) {
    auto line = std::find_if(lines_.begin(), lines_.end(),
                             [&](const LineReport& report) { return report.line == name; });
    if (line == lines_.end()) line = lines_.insert(lines_.end(), LineReport{name, {}, false, {}});
    line->devices.push_back(std::move(device));
    line->controlled = line->controlled || controlled;
    line->stop_latency = max_of(line->stop_latency, wait);
  }

  void add(const BatteryConfig& battery) {
    const std::string device = "battery/" + std::to_string(battery.id);
    if (const auto* serial = std::get_if<SerialEndpoint>(&battery.link)) {
      add(serial->device, device, false,
          reply_timeout(battery) +
              line_time(*serial, static_cast<std::int64_t>(protocol::kReplySize)));
    } else if (const auto* tcp = std::get_if<TcpEndpoint>(&battery.link)) {
      add(to_address(*tcp), device, false, reply_timeout(battery));
    } else {  // Nothing is asked on CAN, so nothing waits for an answer.
      add(can_place(battery.link), device, false, Duration::zero());
    }
  }

  void add(const ModbusLink& link, std::string device, bool controlled, Duration timeout) {
    if (const auto* rtu = std::get_if<ModbusRtuEndpoint>(&link)) {
      add(rtu->line.device, std::move(device), controlled,
          timeout + line_time(rtu->line, kRtuCharacters));
    } else {
      // Units behind one address have a request each outstanding: only its own makes a unit wait.
      const bool waits = controlled;
      add(to_address(std::get<ModbusTcpEndpoint>(link).address), std::move(device), controlled,
          waits ? timeout : Duration::zero());
    }
  }

  [[nodiscard]] std::vector<LineReport> take() { return std::move(lines_); }

 private:
  std::vector<LineReport> lines_;
};

/// Time of a full swing at a rate, rounded up.
Duration swing_time(std::int64_t rated_w, std::int64_t ramp_w_per_s) {
  return Duration{(2 * rated_w * kMicrosPerSecond + ramp_w_per_s - 1) / ramp_w_per_s};
}

/// How long policy `ramp` takes for a full swing of the site; zero without it.
Duration policy_ramp(const SiteConfig& site) {
  if (!site.policies.ramp) return Duration::zero();
  std::int64_t rated = 0;
  for (const InverterConfig& inverter : site.inverters) rated += inverter.rated_power.count();
  const decision::RampConfig& ramp = *site.policies.ramp;
  return swing_time(rated, min_of(ramp.up_per_s, ramp.down_per_s).count());
}

ReactionReport reaction_of(const InverterConfig& inverter, const MeterConfig& meter, Duration tick,
                           Duration by_policy) {
  ReactionReport out;
  out.inverter = "inverter/" + std::to_string(inverter.id);
  out.meter_poll = meter.poll_period;
  out.dead_time = inverter.dead_time;
  out.ramp = swing_time(inverter.rated_power.count(), inverter.ramp_per_s.count());
  out.by_policy = by_policy > out.ramp;
  out.ramp = max_of(out.ramp, by_policy);
  out.ticks = tick * 2;
  out.total = out.meter_poll + out.dead_time + out.ramp + out.ticks;
  return out;
}

/// A beat goes out in the first tick after its period, so it is late by one tick at most: half a
/// period is what it may be late.
void check_heartbeat(const SiteConfig& site, const InverterConfig& inverter,
                     std::vector<ConfigError>& errors) {
  const PackLoad load = find_pack(inverter.pack);
  if (!load.loaded || load.loaded->pack().control == nullptr) return;
  const Duration period = load.loaded->pack().control->heartbeat_period;
  if (period == Duration::zero() || site.tick * 2 <= period) return;
  errors.push_back({site.file.string(),
                    0,
                    0,
                    Errc::out_of_range,
                    "tick_s of " + seconds_text(site.tick) +
                        " is too slow for the heartbeat of inverter/" +
                        std::to_string(inverter.id) + ", every " + seconds_text(period) +
                        "; at most half of that",
                    {}});
}

/// Between two samples the frequency would be too old to act on, and the answer come and go.
void check_droop(const SiteConfig& site, std::vector<ConfigError>& errors) {
  if (!site.policies.frequency_droop) return;
  Duration fastest = Duration::max();
  if (const MeterConfig* pcc = site.pcc_meter()) fastest = pcc->poll_period;
  for (const InverterConfig& inverter : site.inverters) {
    fastest = min_of(fastest, inverter.poll_period);
  }
  const Duration response = site.policies.frequency_droop->grid.response;
  if (fastest == Duration::max() || fastest < response) return;
  errors.push_back(
      {site.file.string(),
       0,
       0,
       Errc::out_of_range,
       "policy \"frequency_droop\" acts on a frequency of at most " + seconds_text(response) +
           " (response_s), but every device that could measure it is read only every " +
           seconds_text(fastest) + "; shorten poll_period_s",
       {}});
}

}  // namespace

SiteReport report_site(const SiteConfig& site) {
  SiteReport out;
  LineTable table;
  for (const BatteryConfig& battery : site.batteries) table.add(battery);
  for (const InverterConfig& inverter : site.inverters) {
    table.add(inverter.link, "inverter/" + std::to_string(inverter.id), true,
              inverter.reply_timeout);
  }
  for (const MeterConfig& meter : site.meters) {
    table.add(meter.link, "meter/" + std::to_string(meter.id), false, meter.reply_timeout);
  }
  for (const SensorConfig& sensor : site.sensors) {
    table.add(sensor.link, "sensor of battery/" + std::to_string(sensor.battery), false,
              sensor.reply_timeout);
  }
  out.lines = table.take();
  for (const LineReport& line : out.lines) {
    if (!line.controlled || line.stop_latency <= kStopLatencyMax) continue;
    out.errors.push_back(
        {site.file.string(),
         0,
         0,
         Errc::out_of_range,
         "line " + line.line + " carries a controlled device and a stop may wait " +
             seconds_text(line.stop_latency) + ", more than " + seconds_text(kStopLatencyMax) +
             "; shorten reply_timeout_s or raise baud",
         {}});
  }
  for (const InverterConfig& inverter : site.inverters) {
    check_heartbeat(site, inverter, out.errors);
  }
  check_droop(site, out.errors);
  if (!site.inverters.empty()) out.watchdog = watchdog_silence(site.tick) + site.tick;
  if (const MeterConfig* pcc = site.pcc_meter()) {
    for (const InverterConfig& inverter : site.inverters) {
      out.reactions.push_back(reaction_of(inverter, *pcc, site.tick, policy_ramp(site)));
      out.reaction = max_of(out.reaction, out.reactions.back().total);
    }
  }
  return out;
}

std::string SiteReport::text() const {
  std::string out;
  for (const LineReport& line : lines) {
    out += "line " + line.line + ':';
    for (const std::string& device : line.devices) out += ' ' + device;
    out +=
        line.controlled ? "; a stop waits at most " : "; not controlled; a request waits at most ";
    out += seconds_text(line.stop_latency) + '\n';
  }
  if (watchdog > Duration::zero()) {
    out += "control loop: when it hangs, the watchdog stops the inverters within " +
           seconds_text(watchdog) + ", and as long as their line lets a stop wait\n";
  }
  for (const ReactionReport& r : reactions) {
    out += r.inverter + ": reacts within " + seconds_text(r.total) + " (meter poll " +
           seconds_text(r.meter_poll) + ", dead time " + seconds_text(r.dead_time) +
           (r.by_policy ? ", policy ramp " : ", ramp ") + seconds_text(r.ramp) + ", two ticks " +
           seconds_text(r.ticks) + ")\n";
  }
  if (!reactions.empty()) out += "declared reaction time: " + seconds_text(reaction) + '\n';
  return out;
}

}  // namespace ems::io
