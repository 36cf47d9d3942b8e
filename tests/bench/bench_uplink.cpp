// SPDX-License-Identifier: Apache-2.0
// Agents that have rows for a server: each an edge store and the product's UplinkClient over
// gRPC and TLS. Who runs this measures the server's process between the two lines it prints.
//
// bench_uplink TABLE FOLDER PKI HOST:PORT LAPS. PKI holds ca.crt and gateway-N.{crt,key}. Prints
// `ready` when all agents are connected and their rows wait, starts to send at a line on stdin, and
// prints JSON when the server has acknowledged every row.
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

#include "bench/process_time.hpp"
#include "bench/table.hpp"
#include "ems/io/clock.hpp"
#include "ems/rpc/edge_store_source.hpp"
#include "ems/rpc/uplink_client.hpp"

namespace {

using namespace ems;
using bench::die;
using bench::must;
using bench::Table;
using namespace std::chrono_literals;

constexpr auto kDeadline = 120s;

/// Returns when the condition holds.
template <class Condition>
void wait(const char* what, Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) die(std::string(what) + ": never");
    std::this_thread::sleep_for(1ms);
  }
}

class Agent {
 public:
  Agent(const std::string& path, const io::EdgeStoreOptions& store, rpc::UplinkOptions options,
        const Clock& clock, spdlog::logger& logger)
      : store_(must(io::EdgeStore::open(path, store), "open")),
        source_([this](const rpc::StoreWork& work) {
          const std::scoped_lock lock{mutex_};
          work(store_);
          return true;
        }),
        uplink_(std::move(options), source_, {}, clock, rpc::system_random(), logger) {
    store_.set_context(1, ClockQuality::synced);
    uplink_.start();
  }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  [[nodiscard]] bool connected() const { return uplink_.counters().connects > 0; }
  /// The uplink sees nothing of the rows until open().
  void fill(const bench::Rows& rows, std::size_t device, std::size_t count) {
    mutex_.lock();
    for (std::size_t row = 0; row < count; ++row) {
      must(store_.append(rows.at(device, row)), "append");
      if (row % 3'600 == 3'599) must(store_.commit(), "commit");
    }
    must(store_.commit(), "commit");
  }
  void open() {
    mutex_.unlock();
    uplink_.notify();
  }
  [[nodiscard]] bool delivered() {
    const std::scoped_lock lock{mutex_};
    const io::Mark mark = store_.mark(telemetry::Stream::telemetry);
    return mark.acknowledged == mark.last;
  }
  void stop() { uplink_.stop(); }

 private:
  std::mutex mutex_;
  io::EdgeStore store_;
  rpc::EdgeStoreSource source_;
  rpc::UplinkClient uplink_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) die("usage: bench_uplink TABLE FOLDER PKI HOST:PORT LAPS");
  const Table table = bench::read_table(argv[1]);
  const bench::Rows rows(table);
  const std::size_t laps = std::stoul(argv[5]);
  const std::string pki = argv[3];
  io::SystemClock clock;
  spdlog::logger logger("bench", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger.set_level(spdlog::level::err);
  const io::EdgeStoreOptions store = bench::default_options(table);
  std::vector<std::unique_ptr<Agent>> agents;
  for (std::size_t device = 0; device < table.devices; ++device) {
    const std::string name = "gateway-" + std::to_string(device + 1);
    rpc::UplinkOptions options;
    options.address = argv[4];
    options.tls = {pki + "/ca.crt", pki + "/" + name + ".crt", pki + "/" + name + ".key"};
    options.tenant = "default";
    options.software_version = "bench";
    agents.push_back(std::make_unique<Agent>(std::string(argv[2]) + "/" + name + ".db", store,
                                             options, clock, logger));
  }
  wait("connected", [&] {
    return std::all_of(agents.begin(), agents.end(), [](auto& a) { return a->connected(); });
  });
  for (std::size_t device = 0; device < agents.size(); ++device) {
    agents[device]->fill(rows, device, table.rows * laps);
  }
  std::puts("ready");
  std::fflush(stdout);
  std::string line;
  if (!std::getline(std::cin, line)) return 1;

  const bench::Stopwatch watch;
  for (const auto& agent : agents) agent->open();
  wait("delivered", [&] {
    return std::all_of(agents.begin(), agents.end(), [](auto& a) { return a->delivered(); });
  });
  const bench::Spent spent = watch.spent();
  std::printf("{\"points\": %llu, \"wall_s\": %.6f, \"client_cpu_s\": %.6f}\n",
              static_cast<unsigned long long>(table.known() * laps), spent.wall_s, spent.cpu_s);
  std::fflush(stdout);
  if (!std::getline(std::cin, line)) return 1;  // The server's figures are taken now.
  for (const auto& agent : agents) agent->stop();
  return 0;
}
