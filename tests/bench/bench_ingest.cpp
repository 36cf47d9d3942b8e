// SPDX-License-Identifier: Apache-2.0
// Taking blocks in, in this process: fleet::FleetStore::ingest() validates, stores data and mark
// in one transaction and returns after its fsync. Every acknowledgement is looked at.
//
// bench_ingest TABLE FOLDER ROWS_PER_CALL CONNECTIONS LAPS; JSON on stdout.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "bench/process_time.hpp"
#include "bench/table.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/telemetry/block.hpp"

namespace {

using namespace ems;
using bench::die;
using bench::must;
using bench::Table;

struct Block {
  std::vector<std::byte> bytes;
  telemetry::Sequence last = 0;  ///< Of its rows.
};

struct Agent {
  fleet::SessionToken session = 0;
  telemetry::Epoch epoch{};
  std::vector<Block> blocks;
};

/// All rows of a device as an edge store would have packed them, made before the clock starts.
std::vector<Block> blocks_of(const bench::Rows& rows, std::size_t device, std::size_t count,
                             const telemetry::Epoch& epoch) {
  std::vector<Block> out;
  std::vector<std::byte> buffer(telemetry::kBlockSizeMax);
  telemetry::BlockBuilder builder(buffer);
  const telemetry::BlockContext context{1, catalogue_hash(), ClockQuality::synced};
  const auto close = [&] {
    const Bytes bytes = builder.bytes();
    out.push_back({{bytes.begin(), bytes.end()}, builder.header().last});
  };
  must(builder.start(telemetry::Stream::telemetry, epoch, 1), "start");
  for (std::size_t row = 0; row < count; ++row) {
    auto appended = must(builder.append(context, rows.at(device, row)), "append");
    if (appended != telemetry::Append::stored) {
      close();
      must(builder.start(telemetry::Stream::telemetry, epoch, row + 1), "start");
      appended = must(builder.append(context, rows.at(device, row)), "append");
      if (appended != telemetry::Append::stored) die("a row fits no block");
    }
  }
  close();
  return out;
}

/// Sends an agent's blocks from `begin` in one call; returns behind the last one.
std::size_t send(fleet::FleetStore& store, const Agent& agent, std::size_t begin,
                 std::size_t blocks) {
  std::vector<fleet::IngestItem> items;
  const std::size_t end = std::min(begin + blocks, agent.blocks.size());
  for (std::size_t i = begin; i < end; ++i) items.push_back({agent.blocks[i].bytes, {}});
  const fleet::Ack ack =
      must(store.ingest(agent.session, telemetry::Stream::telemetry, agent.epoch, items), "ingest");
  if (ack.mark != agent.blocks[end - 1].last || ack.duplicates != 0) die("a wrong answer");
  return end;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) die("usage: bench_ingest TABLE FOLDER ROWS_PER_CALL CONNECTIONS LAPS");
  const Table table = bench::read_table(argv[1]);
  const std::string folder = argv[2];
  const std::size_t blocks_per_call =
      std::max<std::size_t>(1, std::stoul(argv[3]) / telemetry::kBlockRowsMax);
  const std::size_t connections = std::stoul(argv[4]);
  const std::size_t laps = std::stoul(argv[5]);

  auto store = must(fleet::open_sqlite_fleet_store(folder + "/fleet.db"), "open");
  const bench::Rows rows(table);
  std::vector<Agent> agents(table.devices);
  std::uint64_t payload = 0;
  for (std::size_t device = 0; device < agents.size(); ++device) {
    Agent& agent = agents[device];
    agent.epoch.random.fill(static_cast<std::byte>(device + 1));
    agent.epoch.counter = 1;
    agent.blocks = blocks_of(rows, device, table.rows * laps, agent.epoch);
    for (const Block& block : agent.blocks) payload += block.bytes.size();
    const fleet::AgentKey key{"default", "demo/gateway-" + std::to_string(device + 1)};
    agent.session = must(store->session_begin({key, agent.epoch, {}}), "session");
  }

  std::atomic<std::uint64_t> calls = 0;
  const bench::Stopwatch watch;
  std::vector<std::thread> threads;
  for (std::size_t c = 0; c < connections; ++c) {
    threads.emplace_back([&, c] {
      for (std::size_t a = c; a < agents.size(); a += connections) {
        for (std::size_t at = 0; at < agents[a].blocks.size(); ++calls) {
          at = send(*store, agents[a], at, blocks_per_call);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const bench::Spent acknowledged = watch.spent();
  const fleet::FleetCounters counters = store->counters();
  store.reset();
  const bench::Spent closed = watch.spent();  // With the checkpoint of the write-ahead log.

  if (counters.stored != table.devices * table.rows * laps) die("rows are missing");
  std::printf(
      "{\"points\": %llu, \"calls\": %llu, \"transactions\": %llu, \"wall_s\": %.6f, "
      "\"cpu_s\": %.6f, \"cpu_acknowledged_s\": %.6f, \"file_bytes\": %llu, "
      "\"payload_bytes\": %llu}\n",
      static_cast<unsigned long long>(table.known() * laps), static_cast<unsigned long long>(calls),
      static_cast<unsigned long long>(counters.groups), acknowledged.wall_s, closed.cpu_s,
      acknowledged.cpu_s,
      static_cast<unsigned long long>(std::filesystem::file_size(folder + "/fleet.db")),
      static_cast<unsigned long long>(payload));
  return 0;
}
