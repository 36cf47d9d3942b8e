// SPDX-License-Identifier: Apache-2.0
// One agent without its server for hours, and its reconnect:
//   ems_drain pki FOLDER             certificates
//   ems_drain run KEY=VALUE...       before, outage on a manual clock, drain, after; JSON on stdout
//   ems_drain json HOURS             the same rows as JSON lines on stdout, for comparison
// Keys: pki, address (of the uplink), server (of the watcher), store, hours, before, after (s). A
// line `phase NAME` on stdout begins a phase; the run goes on when a line comes on stdin.
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "bench/load/load_parts.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/rpc/edge_store_source.hpp"
#include "ems/rpc/fleet_client.hpp"
#include "ems/rpc/uplink_client.hpp"

namespace {

using namespace ems;
using load::die;
using load::must;
using Steady = std::chrono::steady_clock;
using std::chrono::duration;
using namespace std::chrono_literals;

constexpr std::size_t kPoolRows = 7'200;
constexpr auto kLivePeriod = 10ms;

/// Latencies of live values, by the phase in which they were taken.
class LiveLatency {
 public:
  void phase(const std::string& name) {
    const std::scoped_lock lock{mutex_};
    phase_ = name;
    begun_ = clock_.utc();
  }
  void arrived(UtcInstant taken) {
    const UtcInstant now = clock_.utc();
    const std::scoped_lock lock{mutex_};
    if (phase_.empty() || taken < begun_) return;
    ms_[phase_].push_back(static_cast<double>((now - taken).count()) / 1'000);
  }
  [[nodiscard]] std::string json(const std::string& name) {
    const std::scoped_lock lock{mutex_};
    std::vector<double>& ms = ms_[name];
    std::sort(ms.begin(), ms.end());
    const auto at = [&](double share) {
      return ms.empty() ? -1.0 : ms[static_cast<std::size_t>(share * double(ms.size() - 1))];
    };
    char text[160];
    std::snprintf(text, sizeof text,
                  "{\"count\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}",
                  ms.size(), at(0.5), at(0.99), at(1));
    return text;
  }

 private:
  io::SystemClock clock_;
  std::mutex mutex_;
  std::string phase_;
  UtcInstant begun_{};
  std::map<std::string, std::vector<double>> ms_;
};

class Site {
 public:
  Site(const std::string& path, rpc::UplinkOptions options, spdlog::logger& logger)
      : store_(must(io::EdgeStore::open(path), "open " + path)),
        source_([this](const rpc::StoreWork& work) {
          const std::scoped_lock lock{mutex_};
          work(store_);
          return true;
        }),
        options_(std::move(options)),
        logger_(logger),
        points_(pool_.points(1)) {
    store_.set_context(1, ClockQuality::synced);
  }
  void connect() {
    uplink_ = std::make_unique<rpc::UplinkClient>(options_, source_, rpc::CommandHandler{}, clock_,
                                                  rpc::system_random(), logger_);
    uplink_->start();
  }
  void disconnect() {
    uplink_->stop();
    uplink_.reset();
  }
  [[nodiscard]] bool online() const { return uplink_->counters().connects > 0; }
  void publish() {
    const auto values = pool_.row(next_);
    uplink_->publish({clock_.utc(), points_, {values.begin(), values.end()}});
  }
  /// A row of now, durable and on its way.
  void take_row() {
    append(clock_.utc());
    const std::scoped_lock lock{mutex_};
    must(store_.commit(), "commit");
    uplink_->notify();
  }
  /// Rows of a past of `hours`, one a second, on a clock that does not wait.
  std::uint64_t outage(double hours) {
    const auto rows = static_cast<std::uint64_t>(hours * 3'600);
    const UtcInstant end = clock_.utc();
    for (std::uint64_t n = 0; n < rows; ++n) {
      append(end + seconds(static_cast<std::int64_t>(n) - static_cast<std::int64_t>(rows)));
      if (n % 60 == 59 || n + 1 == rows) {
        const std::scoped_lock lock{mutex_};
        must(store_.commit(), "commit");
      }
    }
    return rows;
  }
  [[nodiscard]] io::Mark mark() {
    const std::scoped_lock lock{mutex_};
    return store_.mark(telemetry::Stream::telemetry);
  }
  [[nodiscard]] rpc::UplinkCounters counters() const { return uplink_->counters(); }
  [[nodiscard]] std::uint64_t bytes_held() {
    const std::scoped_lock lock{mutex_};
    return store_.counters().bytes_held;
  }

 private:
  void append(UtcInstant at) {
    const std::scoped_lock lock{mutex_};
    must(store_.append(telemetry::Row{at, points_, pool_.row(next_++)}), "append");
  }

  io::SystemClock clock_;
  std::mutex mutex_;
  io::EdgeStore store_;
  rpc::EdgeStoreSource source_;
  rpc::UplinkOptions options_;
  spdlog::logger& logger_;
  load::RowPool pool_{kPoolRows, test::kDatasetSignals};
  std::vector<Point> points_;
  std::size_t next_ = 0;
  std::unique_ptr<rpc::UplinkClient> uplink_;
};

void wait(const char* what, std::chrono::seconds at_most, const std::function<bool()>& condition) {
  const auto end = Steady::now() + at_most;
  while (!condition()) {
    if (Steady::now() > end) die(std::string(what) + ": never");
    std::this_thread::sleep_for(1ms);
  }
}

/// Says that a phase begins and waits until the caller has read its counters.
void phase(const char* name) {
  std::cout << "phase " << name << std::endl;
  std::string line;
  if (!std::getline(std::cin, line)) die("nobody answers");
}

int run(std::map<std::string, std::string> given) {
  const double hours = std::stod(given.at("hours"));
  const duration<double> before(std::stod(given.at("before")));
  const duration<double> after(std::stod(given.at("after")));
  const std::string& pki = given.at("pki");
  spdlog::logger logger{"drain", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  rpc::UplinkOptions options;
  options.address = given.at("address");
  options.tls = {pki + "/ca.crt", pki + "/agent-1.crt", pki + "/agent-1.key"};
  options.tenant = "default";
  options.software_version = "drain";
  Site site{given.at("store"), options, logger};

  LiveLatency latency;
  const auto watcher =
      must(rpc::FleetClient::connect(
               {given.at("server"), {pki + "/ca.crt", pki + "/ada.crt", pki + "/ada.key"}}),
           "watcher");
  std::atomic<bool> ending{false};
  std::thread watching{[&] {
    while (!ending) {
      (void)watcher->watch(
          {"default", load::agent_name(0)}, {}, [&](const rpc::LiveUpdate& update) {
            latency.arrived(update.at);  // Ends with the server or with cancel(): then again.
            return !ending;
          });
      std::this_thread::sleep_for(20ms);
    }
  }};
  // Live values 100 times and a row once a second, as long as the condition holds.
  const auto live_while = [&](const std::function<bool()>& condition) {
    auto row_at = Steady::now();
    while (condition()) {
      site.publish();
      if (Steady::now() >= row_at) {
        site.take_row();
        row_at += 1s;
      }
      std::this_thread::sleep_for(kLivePeriod);
    }
  };
  const auto live_for = [&](duration<double> time) {
    const auto end = Steady::now() + time;
    live_while([&] { return Steady::now() < end; });
  };

  site.connect();
  wait("connected", 30s, [&] { return site.online(); });
  live_for(1s);  // The watcher is there too.
  phase("before");
  latency.phase("before");
  live_for(before);
  latency.phase("");
  wait("rows of before", 30s, [&] { return site.mark().acknowledged == site.mark().last; });
  site.disconnect();

  const auto fill_begin = Steady::now();
  const std::uint64_t rows = site.outage(hours);
  const double fill_s = duration<double>(Steady::now() - fill_begin).count();
  const io::Mark full = site.mark();
  const std::uint64_t held = full.last - full.acknowledged;

  phase("drain");
  const auto begin = Steady::now();
  site.connect();
  wait("connected again", 30s, [&] { return site.online(); });
  const double online_s = duration<double>(Steady::now() - begin).count();
  latency.phase("during");
  const auto online_at = Steady::now();
  double first_ack_s = -1;
  live_while([&] {
    const io::Mark now = site.mark();
    if (first_ack_s < 0 && now.acknowledged > full.acknowledged) {
      first_ack_s = duration<double>(Steady::now() - online_at).count();
    }
    if (Steady::now() - begin > 600s) die("the backlog does not drain");
    return now.acknowledged < full.last;
  });
  const double drain_s = duration<double>(Steady::now() - online_at).count();
  const rpc::UplinkCounters counters = site.counters();
  phase("after");
  latency.phase("after");
  live_for(after);
  latency.phase("");
  wait("all rows", 30s, [&] { return site.mark().acknowledged == site.mark().last; });
  ending = true;
  watcher->cancel();
  watching.join();
  const telemetry::Sequence last = site.mark().last;
  site.disconnect();
  std::printf(
      "{\"rows\": %llu, \"held\": %llu, \"fill_s\": %.3f, \"online_s\": %.3f, "
      "\"first_ack_s\": %.3f, \"drain_s\": %.3f, \"blocks\": %llu, \"resent\": %llu, "
      "\"last\": %llu, \"before\": %s, \"during\": %s, \"after\": %s}\n",
      static_cast<unsigned long long>(rows), static_cast<unsigned long long>(held), fill_s,
      online_s, first_ack_s, drain_s, static_cast<unsigned long long>(counters.blocks_sent),
      static_cast<unsigned long long>(counters.blocks_resent),
      static_cast<unsigned long long>(last), latency.json("before").c_str(),
      latency.json("during").c_str(), latency.json("after").c_str());
  return 0;
}

/// `3.301` of 3301 and three digits.
void write_decimal(std::int64_t value, int digits, std::string& out) {
  std::int64_t scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  if (value < 0) out += '-';
  const std::uint64_t magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  out += std::to_string(magnitude / static_cast<std::uint64_t>(scale));
  std::string fraction = std::to_string(magnitude % static_cast<std::uint64_t>(scale));
  fraction.insert(0,
                  static_cast<std::size_t>(digits) -
                      std::min<std::size_t>(static_cast<std::size_t>(digits), fraction.size()),
                  '0');
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (digits > 0 && !fraction.empty()) out += "." + fraction;
}

/// One object a row, elements as arrays: as short as names allow.
int write_json(double hours) {
  const load::RowPool pool(kPoolRows, test::kDatasetSignals);
  const std::vector<Point> points = pool.points(1);
  const auto rows = static_cast<std::uint64_t>(hours * 3'600);
  std::string out;
  for (std::uint64_t n = 0; n < rows; ++n) {
    out = "{\"t\":" + std::to_string(1'760'000'000'000 + n * 1'000);
    const auto values = pool.row(n);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const SignalInfo& info = *find_signal(points[i].signal);
      const int digits = unit_info(info.unit).digits;
      const bool first_of_list = points[i].element == 1;
      if (points[i].element <= 1) {
        out += ",\"";
        out += points[i].asset.kind == AssetKind::battery ? "battery1_" : "inverter1_";
        out += first_of_list ? si_name_of_whole(info).view() : si_name(info).view();
        out += first_of_list ? "\":[" : "\":";
      } else {
        out += ',';
      }
      write_decimal(values[i].value, digits, out);
      const bool last_of_list =
          points[i].element > 0 && (i + 1 == points.size() || points[i + 1].element <= 1);
      if (last_of_list) out += ']';
    }
    out += "}\n";
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) die("stdout");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "pki" && argc == 3) {
    load::make_pki(argv[2], 1);
    return 0;
  }
  if (what == "json" && argc == 3) return write_json(std::stod(argv[2]));
  if (what != "run") die("usage: ems_drain pki FOLDER | run KEY=VALUE... | json HOURS");
  std::map<std::string, std::string> given;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t at = word.find('=');
    if (at == std::string::npos) die("not KEY=VALUE: " + word);
    given[word.substr(0, at)] = word.substr(at + 1);
  }
  for (const char* key : {"pki", "address", "server", "store", "hours", "before", "after"}) {
    if (!given.contains(key)) die(std::string("missing ") + key);
  }
  return run(std::move(given));
}
