// SPDX-License-Identifier: Apache-2.0
/// @file A running, armed site with real links to one inverter each, in this process. Its batteries
/// never say anything, so safety lets no power through: what is written are 0 W and stops.
#pragma once

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ems/core/assert.hpp"
#include "ems/io/clock.hpp"
#include "ems/runtime/site.hpp"
#include "support/plain_site.hpp"
#include "support/temp_dir.hpp"
#include "support/timed_inverter.hpp"

namespace ems::test {

inline io::ModbusLink link_to(const TimedInverter& inverter, TimedInverter::Wire wire) {
  if (wire == TimedInverter::Wire::tcp) {
    return io::ModbusTcpEndpoint{{"127.0.0.1", inverter.port()}, 1};
  }
  io::ModbusRtuEndpoint line;
  line.line.device = inverter.device();
  return line;
}

struct LiveOptions {
  Duration tick = milliseconds(20);
  safety::Arming arming = safety::Arming::armed;
  const Clock* clock = nullptr;  ///< The site's; nullptr: the machine's.
  std::vector<io::BatteryConfig>
      batteries{};  ///< What the site file has, beside those that are silent.
};

class LiveSite {
 public:
  LiveSite(std::vector<io::ModbusLink> links, LiveOptions options = {}) {
    io::SiteConfig config;
    config.site = "s";
    config.agent = "a";
    config.control = io::ControlMode::armed;
    config.tick = options.tick;
    config.telemetry_period = milliseconds(100);
    config.autonomous_after = seconds(900);
    config.timezone = "UTC";
    config.store.path = dir_ / "s.db";
    config.batteries = options.batteries;
    runtime::ControlConfig control = plain_config();
    control.arming = options.arming;
    const safety::BatteryConfig battery_config = control.safety.batteries[0];
    const safety::InverterConfig inverter_config = control.safety.inverters[0];
    control.safety.tick_period = options.tick;
    control.safety.batteries.clear();
    control.safety.inverters.clear();
    control.batteries.clear();
    control.inverters.clear();
    for (std::uint16_t i = 0; i < links.size(); ++i) {
      io::InverterConfig inverter;
      inverter.id = static_cast<std::uint16_t>(i + 1);
      inverter.pack = "sunspec_pcs";
      inverter.link = links[i];
      inverter.batteries = {inverter.id};
      inverter.poll_period = milliseconds(100);
      // A starved machine is no silent device: a request that is given up is flushed off the line,
      // and the device never sees it.
      inverter.reply_timeout = seconds(10);
      inverter.rated_power = 5'000_w;
      inverter.lease = seconds(3'600);  // No refresh comes between what a test looks for.
      inverter.dc_pv = io::DcPv::none;
      config.inverters.push_back(inverter);
      control.safety.batteries.push_back(battery_config);
      control.safety.batteries.back().asset = battery(inverter.id);
      control.safety.inverters.push_back(inverter_config);
      control.safety.inverters.back().asset = ems::inverter(inverter.id);
      control.safety.inverters.back().batteries = static_cast<std::uint8_t>(1U << i);
      control.batteries.push_back({5'000_wh});
      control.inverters.push_back({5'000_w});
    }
    auto made = runtime::Site::create({io,
                                       options.clock != nullptr ? *options.clock : clock_,
                                       log_,
                                       config,
                                       {},
                                       control,
                                       worker,
                                       {},
                                       "0",
                                       {},
                                       {},
                                       {},
                                       {},
                                       {}});
    EMS_ASSERT(made.has_value());
    site = std::move(*made);
    site->start();
    thread_ = std::thread([this] { io.run(); });
  }
  ~LiveSite() {
    guard_.reset();
    io.stop();
    thread_.join();
  }
  LiveSite(const LiveSite&) = delete;
  LiveSite& operator=(const LiveSite&) = delete;

  /// The control thread hangs until the returned promise is kept, in a handler as any other.
  [[nodiscard]] std::shared_ptr<std::promise<void>> hang() {
    auto released = std::make_shared<std::promise<void>>();
    std::promise<void> begun;
    asio::post(io, [&begun, future = released->get_future().share()] {
      begun.set_value();
      future.wait();
    });
    begun.get_future().wait();
    return released;
  }

 private:
  TempDir dir_;
  io::SystemClock clock_;
  std::shared_ptr<spdlog::logger> log_ =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());

 public:
  runtime::StoreWorker worker{
      std::move(io::EdgeStore::open(dir_ / "s.db").value()), clock_, log_, {}};
  asio::io_context io;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> guard_{io.get_executor()};
  std::thread thread_;

 public:
  std::unique_ptr<runtime::Site> site;  ///< Last: its timers end before their context.
};

}  // namespace ems::test
