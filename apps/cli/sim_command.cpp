// SPDX-License-Identifier: Apache-2.0
#include "sim_command.hpp"

#include <unistd.h>

#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "command.hpp"
#include "sim_devices.hpp"

namespace {

using ems::Errc;
using ems::Error;
using ems::Result;
using ems::cli::end_with;
using Json = nlohmann::ordered_json;

/// Everything the command line says.
struct Options {
  std::string dir;
  std::uint64_t seed = 1;
  double speed = 1.0;
  std::string battery = "jbd";
  std::string battery_variant;
  std::optional<unsigned> battery_address;
  std::uint16_t pcs_port = 0;
  unsigned pcs_unit = 1;
  unsigned meter_unit = 1;
  unsigned pv_meter_unit = 2;
  double for_s = 0.0;
  std::string log, script, profile, replay;
  std::vector<std::string> faults, ids;
  bool only_battery = false;
  unsigned cells = 16;
  double capacity_ah = 100.0, soc_pct = 60.0;
  double pcs_w = 5000.0, ramp_w_per_s = 10'000.0, efficiency_pct = 95.0, dead_time_s = 0.2;
  double load_w = 400.0, load_evening_w = 1500.0, load_step_w = 800.0, pv_w = 4000.0;
  double start_hour = 10.0, day_s = 86'400.0;
};

[[noreturn]] void refuse(const std::string& what, Errc code, const std::string& detail) {
  end_with("sim: " + what, Error{code, 0, ""}, detail);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) refuse(path, Errc::io, "cannot be read");
  return text;
}

ems::Duration duration_of_s(double s) {
  constexpr double kMicros = 1e6;
  return ems::microseconds(static_cast<std::int64_t>(s * kMicros + 0.5));
}

ems::sim::SiteConfig site_config(const Options& options) {
  constexpr double kPercent = 100.0;
  ems::sim::SiteConfig config;
  config.seed = options.seed;
  config.meter_unit = static_cast<std::uint8_t>(options.meter_unit);
  config.pv_meter_unit = static_cast<std::uint8_t>(options.pv_meter_unit);
  config.pcs_unit = static_cast<std::uint8_t>(options.pcs_unit);
  ems::sim::PlantConfig& plant = config.plant;
  plant.battery.cells = options.cells;
  plant.battery.capacity_ah = options.capacity_ah;
  plant.battery.soc_start = options.soc_pct / kPercent;
  plant.pcs.rating_w = options.pcs_w;
  plant.pcs.ramp_w_per_s = options.ramp_w_per_s;
  plant.pcs.efficiency = options.efficiency_pct / kPercent;
  plant.pcs.dead_time = duration_of_s(options.dead_time_s);
  if (options.profile.empty()) {
    ems::sim::ShapeConfig shape;
    shape.load_base_w = options.load_w;
    shape.load_evening_w = options.load_evening_w;
    shape.load_step_w = options.load_step_w;
    shape.pv_peak_w = options.pv_w;
    shape.start_hour = options.start_hour;
    shape.day = duration_of_s(options.day_s);
    plant.profile = ems::sim::Profile::shaped(shape, options.seed);
  } else {
    const auto profile = ems::sim::Profile::from_csv(read_file(options.profile));
    if (!profile) {
      refuse(options.profile + ":" + std::to_string(profile.error().offset), profile.error().code,
             profile.error().what);
    }
    plant.profile = profile.value();
  }
  return config;
}

void add_faults(ems::sim::Site& site, const Options& options) {
  const auto add = [&site](const ems::sim::Fault& fault, const std::string& where) {
    const Result<void> added = site.add_fault(fault);
    if (!added) refuse(where, added.error().code, added.error().what);
  };
  for (const std::string& text : options.faults) {
    const Result<ems::sim::Fault> fault = ems::sim::parse_fault(text);
    if (!fault) {
      refuse("--fault " + text, fault.error().code,
             std::string(fault.error().what) + " (character " +
                 std::to_string(fault.error().offset) + ")");
    }
    add(fault.value(), "--fault " + text);
  }
  if (options.script.empty()) return;
  const auto script = ems::sim::parse_scenario(read_file(options.script));
  if (!script) {
    refuse(options.script + ":" + std::to_string(script.error().offset), script.error().code,
           script.error().what);
  }
  for (const ems::sim::Fault& fault : script.value()) add(fault, options.script);
}

ems::sim::ByteVector bytes_of(const std::string& hex, const std::string& id) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  ems::sim::ByteVector out;
  for (std::size_t i = 0; i + 1 < hex.size() && digit(hex[i]) >= 0 && digit(hex[i + 1]) >= 0;
       i += 2) {
    out.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  if (2 * out.size() != hex.size()) refuse("--ids " + id, Errc::syntax, "not hexadecimal");
  return out;
}

ems::sim::ReplayServer replay_of(const Options& options) {
  const Json vectors = Json::parse(read_file(options.replay), nullptr, false);
  if (!vectors.is_array()) {
    refuse(options.replay, Errc::syntax, "not a JSON array of vectors");
  }
  std::vector<ems::sim::Recording> recordings;
  for (const std::string& id : options.ids) {
    const Json* found = nullptr;
    for (const Json& vector : vectors) {
      if (vector.is_object() && vector.value("id", "") == id) found = &vector;
    }
    if (found == nullptr) refuse("--ids " + id, Errc::not_found, "no vector of that id");
    const auto text = [&](const char* key) {
      const auto it = found->find(key);
      if (it == found->end() || !it->is_string()) {
        refuse("--ids " + id, Errc::missing_key, std::string("the vector has no ") + key);
      }
      return bytes_of(it->get<std::string>(), id);
    };
    recordings.push_back({text("request_hex"), text("response_hex")});
  }
  auto replay = ems::sim::ReplayServer::make(std::move(recordings));
  if (!replay) refuse("--ids", replay.error().code, replay.error().what);
  return std::move(replay.value());
}

/// Symbolic links with names that stay, to terminals whose names do not. Gone when the command
/// ends.
class StableLinks {
 public:
  explicit StableLinks(std::string dir) : dir_(std::move(dir)) {
    if (dir_.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(dir_, error);
    if (error) refuse("--dir " + dir_, Errc::io, error.message());
  }
  ~StableLinks() {
    for (const auto& [link, target] : made_) {
      std::error_code error;
      // Another simulator may have taken the name over.
      if (std::filesystem::read_symlink(link, error) == target && !error) {
        std::filesystem::remove(link, error);
      }
    }
  }
  StableLinks(const StableLinks&) = delete;
  StableLinks& operator=(const StableLinks&) = delete;

  /// Path to give out for `target`. An old link is replaced in one step; a file is not.
  std::string make(const std::string& name, const std::string& target) {
    if (dir_.empty()) return target;
    const auto link = std::filesystem::absolute(dir_) / name;
    std::error_code error;
    const auto old = std::filesystem::symlink_status(link, error);
    if (std::filesystem::exists(old) && !std::filesystem::is_symlink(old)) {
      refuse(link.string(), Errc::already_exists, "is there and is no symbolic link");
    }
    const auto fresh = link.string() + "." + std::to_string(getpid());
    std::filesystem::create_symlink(target, fresh, error);
    if (!error) std::filesystem::rename(fresh, link, error);
    if (error) refuse(link.string(), Errc::io, error.message());
    made_.emplace_back(link.string(), target);
    return link.string();
  }

 private:
  std::string dir_;
  std::vector<std::pair<std::string, std::string>> made_;
};

/// The truth log: one row per 100 ms of simulated time.
class TruthLog {
 public:
  explicit TruthLog(const std::string& path) {
    if (path.empty()) return;
    file_.open(path, std::ios::trunc);
    if (!file_) refuse("--log " + path, Errc::io, "cannot be written");
    file_ << ems::sim::truth_csv_header() << std::flush;
  }
  void row(const ems::sim::PlantState& truth) {
    if (!file_.is_open()) return;
    file_ << ems::sim::truth_csv_row(truth) << std::flush;
    if (!file_) refuse("--log", Errc::io, "cannot be written");
  }

 private:
  std::ofstream file_;
};

class Runner {
 public:
  explicit Runner(const Options& options)
      : options_(options),
        site_(site_config(options)),
        links_(options.dir),
        log_(options.log),
        timer_(io_),
        signals_(io_, SIGINT, SIGTERM),
        control_(io_, [this](const std::string& line) { control(line); }) {
    add_faults(site_, options);
    speak_battery();
    if (!options.replay.empty()) site_.replay_battery(replay_of(options));
    open_devices();
  }

  void run() {
    std::signal(SIGPIPE, SIG_IGN);  // Whoever started it may be gone before it ends.
    signals_.async_wait([this](const asio::error_code& error, int) {
      if (!error) io_.stop();
    });
    log_.row(site_.truth());
    started_ = last_ = std::chrono::steady_clock::now();
    tick_after(started_);
    io_.run();
    ems::cli::print(summary().dump());
  }

 private:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr auto kTick = std::chrono::milliseconds(20);
  static constexpr ems::Duration kLogPeriod = ems::milliseconds(100);

  void speak_battery() {
    ems::protocol::CodecOptions codec{.variant = options_.battery_variant};
    if (options_.battery_address) {
      codec.address = static_cast<std::uint8_t>(*options_.battery_address);
    }
    const Result<void> speaks = site_.speak_battery(options_.battery, codec);
    if (!speaks) refuse("--battery " + options_.battery, speaks.error().code, speaks.error().what);
  }

  void open_devices() {
    const auto pty = [this](ems::sim::Device device) {
      auto opened = ems::cli::PtyDevice::open(io_, site_, device);
      if (!opened) refuse("pty", opened.error().code, opened.error().what);
      return std::move(opened.value());
    };
    Json ready;
    battery_ = pty(ems::sim::Device::battery);
    ready["battery_pty"] = links_.make("battery.tty", battery_->path());
    if (!options_.only_battery) {
      meter_ = pty(ems::sim::Device::meter);
      ready["meter_pty"] = links_.make("meter.tty", meter_->path());
      auto opened = ems::cli::TcpDevice::open(io_, site_, ems::sim::Device::pcs, options_.pcs_port);
      if (!opened) refuse("--pcs-port", opened.error().code, opened.error().what);
      pcs_ = std::move(opened.value());
      ready["pcs_port"] = pcs_->port();
    }
    ready["pid"] = getpid();
    ready["seed"] = options_.seed;
    ready["speed"] = options_.speed;
    ems::cli::print(ready.dump());
  }

  void tick_after(Time from) {
    timer_.expires_at(from + kTick);
    timer_.async_wait([this](const asio::error_code& error) {
      if (error) return;
      const Time now = std::chrono::steady_clock::now();
      const double real_s = std::chrono::duration<double>(now - last_).count();
      last_ = now;
      advance(duration_of_s(real_s * options_.speed));
      const double ran_s = std::chrono::duration<double>(now - started_).count();
      if (options_.for_s > 0.0 && ran_s >= options_.for_s) {
        io_.stop();
        return;
      }
      tick_after(now);
    });
  }

  /// Lets simulated time pass in parts that end at the rows of the log.
  void advance(ems::Duration dt) {
    while (dt > ems::Duration::zero()) {
      const ems::Duration part = min_of(dt, next_row_ - simulated_);
      site_.advance(part);
      simulated_ += part;
      dt -= part;
      if (simulated_ < next_row_) continue;
      log_.row(site_.truth());
      next_row_ += kLogPeriod;
    }
  }

  void control(const std::string& line) {
    const auto command = ems::sim::parse_control(line, site_.now());
    if (!command) return complain(line, command.error());
    using Verb = ems::sim::ControlCommand::Verb;
    switch (command->verb) {
      case Verb::quit:
        io_.stop();
        return;
      case Verb::status:
        ems::cli::print(ems::sim::truth_json(site_.truth()));
        return;
      case Verb::clear:
        site_.clear_faults();
        break;
      case Verb::fault:
        if (const Result<void> added = site_.add_fault(command->fault); !added) {
          return complain(line, added.error());
        }
        break;
    }
    ems::cli::print(Json{{"ok", line}, {"t_s", seconds_now()}}.dump());
  }

  void complain(const std::string& line, const Error& error) const {
    const Json details{{"code", std::string(to_string(error.code))},
                       {"offset", error.offset},
                       {"message", error.what}};
    ems::cli::print(Json{{"error", details}, {"line", line}}.dump(-1, ' ', false,
                                                                  Json::error_handler_t::replace));
  }

  [[nodiscard]] double seconds_now() const {
    return static_cast<double>(site_.now().since_zero().count()) / 1e6;
  }

  [[nodiscard]] Json summary() const {
    Json end{{"ended", true}, {"t_s", seconds_now()}};
    end["reverts"] = const_cast<ems::sim::Site&>(site_).plant().pcs().reverts();
    if (site_.replay()) {
      end["replay_answered"] = site_.replay()->answered();
      end["replay_unknown"] = site_.replay()->unknown();
    }
    return end;
  }

  const Options& options_;
  asio::io_context io_{1};
  ems::sim::Site site_;
  StableLinks links_;
  TruthLog log_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
  ems::cli::ControlLines control_;
  std::unique_ptr<ems::cli::PtyDevice> battery_, meter_;
  std::unique_ptr<ems::cli::TcpDevice> pcs_;
  Time started_, last_;
  ems::Duration simulated_{};
  ems::Duration next_row_ = kLogPeriod;
};

void add_site_options(CLI::App& sim, Options& o) {
  constexpr double kMost = 1e6;
  sim.add_option("--battery", o.battery, "Battery protocol")
      ->check(CLI::IsMember(ems::sim::battery_protocols()))
      ->capture_default_str();
  sim.add_option("--battery-variant", o.battery_variant, "Variant of the battery protocol");
  sim.add_option("--battery-address", o.battery_address, "Address of the battery")
      ->check(CLI::Range(0, 255));
  sim.add_option("--cells", o.cells, "Cells in series")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  sim.add_option("--capacity-ah", o.capacity_ah, "Capacity of the battery, Ah")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  sim.add_option("--soc-pct", o.soc_pct, "State of charge at the start, %")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  sim.add_option("--pcs-w", o.pcs_w, "Rating of the PCS, W")
      ->check(CLI::Range(1.0, kMost))
      ->capture_default_str();
  sim.add_option("--ramp-w-per-s", o.ramp_w_per_s, "Ramp of the PCS, W/s")
      ->check(CLI::Range(1.0, kMost))
      ->capture_default_str();
  sim.add_option("--dead-time-s", o.dead_time_s, "Dead time of the PCS, s")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  sim.add_option("--efficiency-pct", o.efficiency_pct, "Efficiency of the PCS, each way, %")
      ->check(CLI::Range(1.0, 100.0))
      ->capture_default_str();
  auto* csv = sim.add_option("--profile", o.profile, "CSV t_s,load_w,pv_w instead of shapes");
  const auto shape = [&sim, csv, kMost](const char* name, double& value, const char* help) {
    sim.add_option(name, value, help)
        ->check(CLI::Range(0.0, kMost))
        ->capture_default_str()
        ->excludes(csv);
  };
  shape("--load-w", o.load_w, "Load that is always there, W");
  shape("--load-evening-w", o.load_evening_w, "Height of the evening's load, W");
  shape("--load-step-w", o.load_step_w, "Largest random appliance, W");
  shape("--pv-w", o.pv_w, "PV at noon without clouds, W");
  sim.add_option("--start-hour", o.start_hour, "Time of day at the start, h")
      ->check(CLI::Range(0.0, 24.0))
      ->capture_default_str()
      ->excludes(csv);
  sim.add_option("--day-s", o.day_s, "Length of a simulated day, s: less compresses the shapes")
      ->check(CLI::Range(60.0, 86'400.0))
      ->capture_default_str()
      ->excludes(csv);
}

}  // namespace

void ems::cli::add_sim_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Options& o = *options;
  CLI::App* sim = app.add_subcommand(
      "sim", "Simulates a site: battery, PCS and meter on real links, with faults on demand.");
  sim->add_option("--dir", o.dir, "Folder for the stable links battery.tty and meter.tty");
  sim->add_option("--seed", o.seed, "Seed of everything random")->capture_default_str();
  sim->add_option("--speed", o.speed, "Simulated seconds per second")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
  sim->add_option("--for", o.for_s, "End after this many seconds of wall time, s")
      ->check(CLI::Range(0.0, 1e9));
  sim->add_option("--pcs-port", o.pcs_port, "TCP port of the PCS on 127.0.0.1; 0: any")
      ->capture_default_str();
  sim->add_option("--pcs-unit", o.pcs_unit, "Modbus unit of the PCS")
      ->check(CLI::Range(1, 247))
      ->capture_default_str();
  sim->add_option("--meter-unit", o.meter_unit, "Modbus unit of the meter")
      ->check(CLI::Range(1, 247))
      ->capture_default_str();
  sim->add_option("--pv-meter-unit", o.pv_meter_unit,
                  "Modbus unit of the PV meter on the meter line")
      ->check(CLI::Range(1, 247))
      ->capture_default_str();
  add_site_options(*sim, o);
  sim->add_option("--fault", o.faults, "A fault, e.g. at=20,for=8,kind=load_peak,w=6000")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  sim->add_option("--script", o.script, "File with one fault a line");
  sim->add_option("--log", o.log, "Truth log to write: CSV, a row per 100 ms simulated");
  auto* replay = sim->add_option("--replay", o.replay, "Vector file to answer from as battery");
  auto* ids = sim->add_option("--ids", o.ids, "Vectors to serve: A,B")->delimiter(',');
  replay->needs(ids);
  ids->needs(replay);
  sim->add_flag("--only-battery", o.only_battery, "No meter and no PCS");
  sim->callback([options] {
    Runner runner(*options);
    runner.run();
  });
}
