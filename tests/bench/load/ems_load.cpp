// SPDX-License-Identifier: Apache-2.0
// Many agents in one process, each with its own certificate, TLS connection and uplink stream:
//   ems_load pki FOLDER AGENTS                  certificates
//   ems_load run KEY=VALUE...                   sends rows; JSON on stdout
//   ems_load verify STORE KEY=VALUE...          reads every row back from the server's file; JSON
// Keys: pki, address, agents, assets (devices behind one agent), rows (of one block), period (s,
// between two blocks of a device), seconds, signals, catch_up (s), server_pid (run: its figures).
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

#include "bench/load/load_parts.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/v1/uplink.grpc.pb.h"
#include "rpc/channel.hpp"
#include "rpc/convert.hpp"
#include "rpc/credentials.hpp"
#include "rpc/uplink_protocol.hpp"

namespace {

using namespace ems;
using load::die;
using load::must;
using Clock = std::chrono::steady_clock;
using std::chrono::duration;

struct Options {
  std::string pki, address;
  std::size_t agents = 1, assets = 1, rows = 1, signals = 50, server_pid = 0;
  double period = 1, seconds = 10, catch_up = 30;
};

Options parse(int argc, char** argv, int from) {
  std::map<std::string, std::string> given;
  for (int i = from; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t at = word.find('=');
    if (at == std::string::npos) die("not KEY=VALUE: " + word);
    given[word.substr(0, at)] = word.substr(at + 1);
  }
  Options options;
  const auto text = [&](const char* key, std::string& to) {
    if (auto node = given.extract(key)) to = node.mapped();
  };
  const auto count = [&](const char* key, std::size_t& to) {
    if (auto node = given.extract(key)) to = std::stoul(node.mapped());
  };
  const auto real = [&](const char* key, double& to) {
    if (auto node = given.extract(key)) to = std::stod(node.mapped());
  };
  text("pki", options.pki);
  text("address", options.address);
  count("agents", options.agents);
  count("assets", options.assets);
  count("rows", options.rows);
  count("signals", options.signals);
  count("server_pid", options.server_pid);
  real("period", options.period);
  real("seconds", options.seconds);
  real("catch_up", options.catch_up);
  if (!given.empty()) die("unknown key " + given.begin()->first);
  if (options.rows < 1 || options.rows > telemetry::kBlockRowsMax) die("rows: 1 .. 60");
  if (options.agents < 1 || options.assets < 1 || options.assets > 65'000) die("agents, assets");
  return options;
}

telemetry::Epoch epoch_of(std::size_t agent) {
  telemetry::Epoch epoch;
  epoch.counter = 1;
  for (std::size_t i = 0; i < epoch.random.size(); ++i) {
    epoch.random[i] = static_cast<std::byte>((agent + 1) >> (8 * (i % 4)));
  }
  return epoch;
}
/// What a row holds is a function of its agent and sequence, so that it can be checked.
std::span<const telemetry::RowValue> values_of(const load::RowPool& pool, std::size_t agent,
                                               std::size_t asset, telemetry::Sequence sequence) {
  return pool.row(agent * 7 + asset * 13 + sequence);
}
constexpr std::size_t kPoolRows = 7'200;

/// CPU time and resident memory of another process.
struct Process {
  double cpu_s = 0, resident_kib = 0;
};
Process look_at(std::size_t pid) {
  Process seen;
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream stat(folder + "/stat");
  std::string text{std::istreambuf_iterator<char>(stat), {}};
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0, total_pages = 0, pages = 0;
  fields >> user >> system;
  std::ifstream statm(folder + "/statm");
  if (!(statm >> total_pages >> pages) || !fields) die("no process " + std::to_string(pid));
  seen.cpu_s = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  seen.resident_kib = pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
  return seen;
}

/// One gateway: makes blocks, sends them in order, keeps what is not acknowledged, connects again.
class Agent {
 public:
  Agent(const Options& options, const load::RowPool& pool, std::size_t number)
      : options_(options), pool_(pool), number_(number) {
    const std::string stem = options.pki + "/agent-" + std::to_string(number + 1);
    credentials_ = must(
        rpc::client_credentials({options.pki + "/ca.crt", stem + ".crt", stem + ".key"}), stem);
    stub_ = v1::UplinkService::NewStub(
        rpc::open_channel(options.address, credentials_, seconds(20), seconds(20)));
    epoch_ = epoch_of(number);
  }

  /// A device's block is due: encodes and sends it.
  void produce(std::size_t asset, Clock::time_point due) {
    std::array<std::byte, 64 * 1024> buffer;
    telemetry::BlockBuilder builder(buffer);
    must(builder.start(telemetry::Stream::telemetry, epoch_, next_), "block");
    const std::vector<Point> points = pool_.points(static_cast<std::uint16_t>(asset + 1));
    const UtcInstant now = clock_.utc();
    for (std::size_t i = 0; i < options_.rows; ++i, ++next_) {
      const auto ago = static_cast<std::int64_t>(1'000 * (options_.rows - 1 - i));
      const telemetry::Row row{now + milliseconds(-ago), points,
                               values_of(pool_, number_, asset, next_)};
      const auto done =
          must(builder.append({1, catalogue_hash(), ClockQuality::synced}, row), "append");
      if (done != telemetry::Append::stored) die("a row did not fit its block");
    }
    const Bytes bytes = builder.bytes();
    const std::scoped_lock lock{mutex_};
    produced_ = next_ - 1;
    bytes_ += bytes.size();
    waiting_.push_back(
        {next_ - 1, due, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
    pump();
  }

  /// Connects when there is no connection and it is time to.
  void look(Clock::time_point now) {
    const std::scoped_lock lock{mutex_};
    if (call_ || now < retry_at_) return;
    call_ = std::make_unique<Call>(*this);
    ++connects_;
    call_->begin(*stub_, hello());
  }
  [[nodiscard]] bool settled() {
    const std::scoped_lock lock{mutex_};
    return acknowledged_ == produced_;
  }
  [[nodiscard]] bool online() {
    const std::scoped_lock lock{mutex_};
    return online_;
  }
  void end() {
    {
      const std::scoped_lock lock{mutex_};
      ending_ = true;
      if (call_) call_->context.TryCancel();
    }
    while (true) {
      {
        const std::scoped_lock lock{mutex_};
        if (!call_) return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
  struct Figures {
    std::uint64_t rows = 0, acknowledged = 0, bytes = 0, connects = 0;
    std::string error;
  };
  [[nodiscard]] Figures figures() {
    const std::scoped_lock lock{mutex_};
    return {produced_, acknowledged_, bytes_, connects_, error_};
  }
  [[nodiscard]] const std::vector<float>& latencies_ms() const { return latencies_ms_; }

 private:
  struct Block {
    telemetry::Sequence last = 0;
    Clock::time_point due;
    std::string bytes;
  };

  /// One connection. Every callback takes the agent's lock.
  class Call final : public grpc::ClientBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
   public:
    explicit Call(Agent& agent) : agent_(agent) {}
    void begin(v1::UplinkService::Stub& stub, v1::ConnectRequest hello) {
      request = std::move(hello);
      writing = true;
      stub.async()->Connect(&context, this);
      StartWrite(&request);
      StartRead(&response);
      StartCall();
    }
    void OnWriteDone(bool ok) override {
      const std::scoped_lock lock{agent_.mutex_};
      writing = false;
      if (ok) agent_.pump();
    }
    void OnReadDone(bool ok) override {
      if (!ok) return;
      {
        const std::scoped_lock lock{agent_.mutex_};
        agent_.take(response);
      }
      StartRead(&response);
    }
    void OnDone(const grpc::Status& status) override { agent_.ended(status); }

    grpc::ClientContext context;
    v1::ConnectRequest request;
    v1::ConnectResponse response;
    bool writing = false;

   private:
    Agent& agent_;
  };

  v1::ConnectRequest hello() {
    v1::ConnectRequest request;
    v1::Hello& hello = *request.mutable_hello();
    hello.set_protocol_version(rpc::kUplinkProtocolVersion);
    hello.set_tenant("default");
    rpc::set(*hello.mutable_epoch(), epoch_);
    hello.set_instance(std::string(12, 'L') + std::string{static_cast<char>(number_ >> 16),
                                                          static_cast<char>(number_ >> 8),
                                                          static_cast<char>(number_), 'x'});
    hello.set_catalogue_hash(catalogue_hash());
    hello.set_software_version("load");
    return request;
  }

  void take(const v1::ConnectResponse& response) {
    if (response.has_welcome()) {
      for (const v1::StreamMark& mark : response.welcome().marks()) {
        if (mark.stream() == 1) acknowledge(mark.mark());
      }
      sent_ = 0;  // What the last connection sent and lost goes again.
      online_ = true;
      pump();
    } else if (response.has_ack() && response.ack().stream() == 1) {
      acknowledge(response.ack().mark());
    }
  }
  void acknowledge(telemetry::Sequence mark) {
    const Clock::time_point now = Clock::now();
    acknowledged_ = std::max(acknowledged_, mark);
    while (!waiting_.empty() && waiting_.front().last <= mark) {
      latencies_ms_.push_back(duration<float, std::milli>(now - waiting_.front().due).count());
      waiting_.pop_front();
      if (sent_ > 0) --sent_;
    }
  }
  /// Sends what waits, up to a message's size.
  void pump() {
    if (!call_ || !online_ || call_->writing || sent_ == waiting_.size()) return;
    constexpr std::size_t kBytesMax = 256 * 1024;
    v1::ConnectRequest& request = call_->request;
    request.Clear();
    v1::Batch& batch = *request.mutable_batch();
    batch.set_stream(1);
    rpc::set(*batch.mutable_epoch(), epoch_);
    for (std::size_t bytes = 0; sent_ < waiting_.size() && bytes < kBytesMax; ++sent_) {
      bytes += waiting_[sent_].bytes.size();
      batch.add_blocks(waiting_[sent_].bytes);
    }
    call_->writing = true;
    call_->StartWrite(&request);
  }
  void ended(const grpc::Status& status) {
    const std::scoped_lock lock{mutex_};
    if (!ending_) error_ = status.error_message();
    online_ = false;
    sent_ = 0;
    retry_at_ = Clock::now() + std::chrono::milliseconds{200 + number_ * 37 % 800};
    done_ = std::move(call_);  // Its own callback: freed at the next end, or with the agent.
  }

  const Options& options_;
  const load::RowPool& pool_;
  const std::size_t number_;
  io::SystemClock clock_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::unique_ptr<v1::UplinkService::Stub> stub_;
  telemetry::Epoch epoch_{};
  telemetry::Sequence next_ = 1;  ///< Of the producing thread only.

  std::mutex mutex_;  ///< Guards the following.
  std::deque<Block> waiting_;
  std::size_t sent_ = 0;  ///< Of these: on their way.
  telemetry::Sequence produced_ = 0, acknowledged_ = 0;
  std::uint64_t bytes_ = 0, connects_ = 0;
  std::vector<float> latencies_ms_;
  bool online_ = false, ending_ = false;
  Clock::time_point retry_at_{};
  std::string error_;
  std::unique_ptr<Call> call_, done_;
};

double percentile(std::vector<float>& sorted, double share) {
  if (sorted.empty()) return -1;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[at];
}

template <class Condition>
bool wait(double at_most_s, Condition&& condition) {
  const auto end = Clock::now() + duration<double>(at_most_s);
  while (!condition()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

int run(const Options& options) {
  const load::RowPool pool(kPoolRows, options.signals);
  const bool watch = options.server_pid != 0;
  const Process empty = watch ? look_at(options.server_pid) : Process{};
  std::vector<std::unique_ptr<Agent>> agents;
  for (std::size_t n = 0; n < options.agents; ++n) {
    agents.push_back(std::make_unique<Agent>(options, pool, n));
  }
  const auto look = [&] {
    const auto now = Clock::now();
    for (const auto& agent : agents) agent->look(now);
  };
  const auto begun = Clock::now();
  const bool all_online = wait(120, [&] {
    look();
    return std::all_of(agents.begin(), agents.end(), [](auto& a) { return a->online(); });
  });
  if (!all_online) die("not every agent could connect: " + agents.front()->figures().error);
  const double connect_s = duration<double>(Clock::now() - begun).count();
  if (watch) std::this_thread::sleep_for(std::chrono::seconds{1});  // Handshakes are over.
  const Process idle = watch ? look_at(options.server_pid) : Process{};
  std::fprintf(stderr, "load: started\n");

  // Every device's block has its moment within the period; the devices are spread over it.
  const std::size_t devices = options.agents * options.assets;
  const double step = options.period / static_cast<double>(devices);
  const auto blocks = static_cast<std::uint64_t>(options.seconds / step);
  const auto start = Clock::now();
  double late_max_ms = 0;
  auto looked = start;
  for (std::uint64_t n = 0; n < blocks; ++n) {
    const auto due = start + std::chrono::duration_cast<Clock::duration>(
                                 duration<double>(step * static_cast<double>(n)));
    if (due > Clock::now()) std::this_thread::sleep_until(due);
    const auto now = Clock::now();
    late_max_ms = std::max(late_max_ms, duration<double, std::milli>(now - due).count());
    const std::size_t device = n % devices;
    agents[device % options.agents]->produce(device / options.agents, due);
    if (now - looked > std::chrono::milliseconds{200}) {
      look();
      looked = now;
    }
  }
  const double run_s = duration<double>(Clock::now() - start).count();
  const bool settled = wait(options.catch_up, [&] {
    look();
    return std::all_of(agents.begin(), agents.end(), [](auto& a) { return a->settled(); });
  });
  const Process loaded = watch ? look_at(options.server_pid) : Process{};
  Agent::Figures sum;
  std::vector<float> latencies;
  for (const auto& agent : agents) {
    agent->end();
    const Agent::Figures one = agent->figures();
    sum.rows += one.rows;
    sum.acknowledged += one.acknowledged;
    sum.bytes += one.bytes;
    sum.connects += one.connects;
    if (!one.error.empty()) sum.error = one.error;
    latencies.insert(latencies.end(), agent->latencies_ms().begin(), agent->latencies_ms().end());
  }
  std::sort(latencies.begin(), latencies.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  std::printf(
      "{\"rows\": %llu, \"acknowledged\": %llu, \"settled\": %s, \"bytes\": %llu, "
      "\"connects\": %llu, \"connect_s\": %.3f, \"run_s\": %.3f, \"p50_ms\": %.3f, "
      "\"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f, \"blocks\": %zu, "
      "\"generator_late_max_ms\": %.3f, \"generator_cpu_s\": %.3f, \"connect_cpu_s\": %.3f, "
      "\"rows_cpu_s\": %.3f, \"idle_agent_kib\": %.3f, \"busy_agent_kib\": %.3f}\n",
      static_cast<unsigned long long>(sum.rows), static_cast<unsigned long long>(sum.acknowledged),
      settled ? "true" : "false", static_cast<unsigned long long>(sum.bytes),
      static_cast<unsigned long long>(sum.connects), connect_s, run_s, percentile(latencies, 0.5),
      percentile(latencies, 0.99), percentile(latencies, 0.999), percentile(latencies, 1),
      latencies.size(), late_max_ms, cpu, idle.cpu_s - empty.cpu_s, loaded.cpu_s - idle.cpu_s,
      (idle.resident_kib - empty.resident_kib) / static_cast<double>(options.agents),
      (loaded.resident_kib - empty.resident_kib) / static_cast<double>(options.agents));
  if (!sum.error.empty()) std::fprintf(stderr, "load: last error: %s\n", sum.error.c_str());
  return 0;
}

/// Reads back what an agent's rows became: 1, 2, 3 ... without a hole and without one twice, and
/// each with the points and values that the agent gave it.
class Checker final : public io::RowSink {
 public:
  Checker(const Options& options, const load::RowPool& pool,
          std::span<const std::vector<Point>> tables, std::size_t agent)
      : options_(options), pool_(pool), tables_(tables), agent_(agent) {}

  bool row(const io::RowId& id, const telemetry::Row& row) override {
    ++rows;
    points += row.points.size();
    if (id.sequence <= last_) {
      ++duplicates;
    } else {
      holes += id.sequence - last_ - 1;
      last_ = id.sequence;
    }
    if (!as_sent(id, row)) ++wrong;
    return true;
  }
  bool record(const io::RowId&, const telemetry::Record&) override { return true; }
  bool gap(const io::RowId&, const telemetry::Gap& gap) override {
    gap_rows += gap.last - gap.first + 1;
    return true;
  }
  std::uint64_t rows = 0, points = 0, duplicates = 0, holes = 0, gap_rows = 0, wrong = 0;

 private:
  [[nodiscard]] bool as_sent(const io::RowId& id, const telemetry::Row& row) const {
    const std::size_t asset = (id.sequence - 1) / options_.rows % options_.assets;
    return id.epoch == epoch_of(agent_) && std::ranges::equal(row.points, tables_[asset]) &&
           std::ranges::equal(row.values, values_of(pool_, agent_, asset, id.sequence));
  }

  const Options& options_;
  const load::RowPool& pool_;
  const std::span<const std::vector<Point>> tables_;  ///< Of each device.
  const std::size_t agent_;
  telemetry::Sequence last_ = 0;
};

int verify(const std::string& file, const Options& options) {
  fleet::SqliteFleetOptions reading;
  reading.create = false;
  reading.read_only = true;
  const auto store = must(fleet::open_sqlite_fleet_store(file, reading), file);
  const load::RowPool pool(kPoolRows, options.signals);
  std::vector<std::vector<Point>> points;
  for (std::size_t i = 0; i < options.assets; ++i) {
    points.push_back(pool.points(static_cast<std::uint16_t>(i + 1)));
  }
  Checker sum(options, pool, points, 0);
  std::uint64_t again = 0;
  for (std::size_t n = 0; n < options.agents; ++n) {
    const fleet::AgentKey key{"default", load::agent_name(n)};
    Checker one(options, pool, points, n);
    must(store->rows(key)->read(telemetry::Stream::telemetry, {}, one), key.agent);
    for (const auto& mark : must(store->marks(key), key.agent)) again += mark.duplicates;
    sum.rows += one.rows;
    sum.points += one.points;
    sum.duplicates += one.duplicates;
    sum.holes += one.holes;
    sum.gap_rows += one.gap_rows;
    sum.wrong += one.wrong;
  }
  std::printf(
      "{\"rows\": %llu, \"points\": %llu, \"twice\": %llu, \"holes\": %llu, \"gap_rows\": %llu, "
      "\"wrong\": %llu, \"resent\": %llu}\n",
      static_cast<unsigned long long>(sum.rows), static_cast<unsigned long long>(sum.points),
      static_cast<unsigned long long>(sum.duplicates), static_cast<unsigned long long>(sum.holes),
      static_cast<unsigned long long>(sum.gap_rows), static_cast<unsigned long long>(sum.wrong),
      static_cast<unsigned long long>(again));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "pki" && argc == 4) {
    load::make_pki(argv[2], std::stoul(argv[3]));
    return 0;
  }
  if (what == "run") return run(parse(argc, argv, 2));
  if (what == "verify" && argc >= 3) return verify(argv[2], parse(argc, argv, 3));
  die("usage: ems_load pki FOLDER AGENTS | run KEY=VALUE... | verify STORE KEY=VALUE...");
}
