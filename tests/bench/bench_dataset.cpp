// SPDX-License-Identifier: Apache-2.0
// Writes the made data set (support/telemetry_dataset.hpp) as a table: bench_dataset FILE DEVICES
// ROWS.
#include "bench/table.hpp"
#include "support/telemetry_dataset.hpp"

int main(int argc, char** argv) {
  using namespace ems;
  if (argc != 4) bench::die("usage: bench_dataset FILE DEVICES ROWS");
  bench::Table table;
  table.devices = std::stoul(argv[2]);
  table.rows = std::stoul(argv[3]);
  for (const Point& point : test::dataset_points()) {
    const SignalInfo& info = *find_signal(point.signal);
    std::string name = std::string(to_name(point.asset).view()) + " ";
    name += si_name(info).view();
    if (point.element != 0) name += " " + std::to_string(point.element);
    table.points.push_back(point);
    table.digits.push_back(unit_info(info.unit).digits);
    table.names.push_back(name);
  }
  for (std::size_t device = 0; device < table.devices; ++device) {
    test::Dataset data(device + 1);
    for (std::size_t row = 0; row < table.rows; ++row) {
      const test::DatasetRow& made = data.next();
      table.utc_us.push_back(made.utc_us);
      table.values.insert(table.values.end(), made.values.begin(), made.values.end());
    }
  }
  constexpr auto kGood = static_cast<std::uint8_t>(1 + static_cast<unsigned>(Quality::good));
  table.states.assign(table.values.size(), kGood);
  bench::write_table(argv[1], table);
  return 0;
}
