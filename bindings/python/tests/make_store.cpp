// SPDX-License-Identifier: Apache-2.0
// Makes the stores that the Python tests read: `ems_make_store FOLDER ROWS [energy]` writes edge.db
// and fleet.db with the same rows. Value i of row n is 1000 n + i; each 7th is unknown; battery/2
// is only in the first row; the fleet has a gap of 5 rows after them. `energy`: instead, a meter
// that takes 720 W and counts it.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/store/edge_store.hpp"

using namespace ems;
using namespace ems::telemetry;

int main(int argc, char** argv) {
  std::uint64_t rows = 0;
  if (argc != 3 && argc != 4) return 2;
  const bool energy = argc == 4;
  if (std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), rows).ec != std::errc{}) return 2;
  const std::string folder = argv[1];
  Result<io::EdgeStore> edge = io::EdgeStore::open(folder + "/edge.db");
  if (!edge) return 1;
  for (std::uint64_t n = 1; n <= rows; ++n) {
    std::vector<Point> points;
    std::vector<RowValue> values;
    if (energy) {
      points = {{kSite, Signal::site_grid_power, 0},
                {meter(1), Signal::active_power, 0},
                {meter(1), Signal::energy_imported, 0}};
      values = {{720, Quality::good, true},
                {720, Quality::good, true},
                {static_cast<std::int64_t>(n / 5), Quality::good, true}};
    }
    for (std::uint16_t i = 0; i < 50 && !energy; ++i) {
      points.push_back({battery(1), Signal::cell_voltage, static_cast<std::uint16_t>(i + 1)});
      values.push_back({static_cast<std::int64_t>(n * 1000 + i), Quality::good, (n + i) % 7 != 0});
    }
    if (n == 1 && !energy) {
      points.push_back({battery(2), Signal::cell_voltage, 1});
      values.push_back({42, Quality::good, true});
    }
    const auto at = static_cast<std::int64_t>(1'700'000'000'000'000 + n * 1'000'000);
    if (!edge->append({UtcInstant{microseconds(at)}, points, values})) return 1;
    if (n % 3000 == 0 && !edge->commit()) return 1;
  }
  if (!edge->commit()) return 1;

  auto fleet = fleet::open_sqlite_fleet_store(folder + "/fleet.db");
  if (!fleet) return 1;
  const auto session = (*fleet)->session_begin({{"default", "site/a"}, edge->epoch(), {}});
  if (!session) return 1;
  Sequence after = 0;
  while (after < rows) {
    const auto items = edge->peek(Stream::telemetry, after, 1U << 20);
    if (!items || items->empty()) return 1;
    std::vector<fleet::IngestItem> send;
    for (const io::StoredItem& item : *items) send.push_back({item.block, item.gap});
    const auto ack = (*fleet)->ingest(*session, Stream::telemetry, edge->epoch(), send);
    if (!ack) return 1;
    after = ack->mark;
  }
  const fleet::IngestItem gap{{}, Gap{rows + 1, rows + 5, GapReason::evicted}};
  if (!(*fleet)->ingest(*session, Stream::telemetry, edge->epoch(), {&gap, 1})) return 1;
  return 0;
}
