// SPDX-License-Identifier: Apache-2.0
/// @file The data set of the telemetry benchmarks as a file, so that every program and every peer
/// is fed the same numbers: a text line `emstable 1 DEVICES ROWS POINTS`, a line `KIND MODULE INDEX
/// SIGNAL ELEMENT DIGITS NAME` for each point, then in the machine's byte order, device after
/// device and row after row: times (int64, microseconds of UTC), values (int64, the catalogue's
/// integer unit), states (uint8; 0 absent, else 1 + ems::Quality).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "ems/model/point.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::bench {

/// Ends the program: a benchmark that could not do its work has no figures.
[[noreturn]] inline void die(const std::string& why) {
  std::cerr << "bench: " << why << '\n';
  std::exit(1);
}
/// The value, or die().
template <class T>
T must(Result<T> result, const char* what) {
  if (!result) die(std::string(what) + ": " + result.error().what);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct Table {
  std::size_t devices = 0;
  std::size_t rows = 0;  ///< Of each device.
  std::vector<Point> points;
  std::vector<int> digits;         ///< Of each point: value = integer / 10^digits.
  std::vector<std::string> names;  ///< `battery/1 cell_voltages_v 7`.
  std::vector<std::int64_t> utc_us;
  std::vector<std::int64_t> values;
  std::vector<std::uint8_t> states;

  /// Number of values that are there.
  [[nodiscard]] std::uint64_t known() const {
    std::uint64_t known = 0;
    for (const std::uint8_t state : states) known += state != 0 ? 1U : 0U;
    return known;
  }
};

/// Options of an agent that records at the table's period and says nothing else.
inline io::EdgeStoreOptions default_options(const Table& table) {
  const auto gaps = static_cast<std::int64_t>(std::max<std::size_t>(2, table.rows) - 1);
  io::EdgeStoreOptions options;
  options.block_span =
      io::default_block_span(microseconds((table.utc_us[table.rows - 1] - table.utc_us[0]) / gaps));
  return options;
}

/// A table's rows as the product takes them, made before the clock starts.
class Rows {
 public:
  explicit Rows(const Table& table) : table_(table), values_(table.values.size()) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::uint8_t state = table.states[i];
      if (state != 0) values_[i] = {table.values[i], static_cast<Quality>(state - 1), true};
    }
  }
  /// Row of a device; beyond the table's end its rows come again, later.
  [[nodiscard]] telemetry::Row at(std::size_t device, std::size_t row) const {
    const std::size_t n = table_.points.size();
    const std::size_t lap = row / table_.rows;
    const std::size_t i = device * table_.rows + row % table_.rows;
    const std::int64_t first = table_.utc_us[device * table_.rows];
    const std::int64_t last = table_.utc_us[(device + 1) * table_.rows - 1];
    const std::int64_t later = static_cast<std::int64_t>(lap) * (last - first + 1'000'000);
    return {UtcInstant{microseconds(table_.utc_us[i] + later)}, table_.points,
            std::span(values_).subspan(i * n, n)};
  }

 private:
  const Table& table_;
  std::vector<telemetry::RowValue> values_;
};

template <class T>
void read_array(std::istream& file, std::vector<T>& into, std::size_t count) {
  into.resize(count);
  file.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(count * sizeof(T)));
}
template <class T>
void write_array(std::ostream& file, const std::vector<T>& from) {
  file.write(reinterpret_cast<const char*>(from.data()),
             static_cast<std::streamsize>(from.size() * sizeof(T)));
}

inline Table read_table(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Table table;
  std::string word;
  std::string line;
  int version = 0;
  std::size_t points = 0;
  file >> word >> version >> table.devices >> table.rows >> points;
  if (!file || word != "emstable" || version != 1) die(path + ": not a table");
  std::getline(file, line);
  for (std::size_t i = 0; i < points && std::getline(file, line); ++i) {
    std::istringstream fields(line);
    unsigned kind = 0, module = 0, index = 0, signal = 0, element = 0;
    int digits = 0;
    fields >> kind >> module >> index >> signal >> element >> digits >> std::ws;
    std::string name;
    std::getline(fields, name);
    table.points.push_back({{static_cast<AssetKind>(kind), static_cast<std::uint8_t>(module),
                             static_cast<std::uint16_t>(index)},
                            static_cast<Signal>(signal),
                            static_cast<std::uint16_t>(element)});
    table.digits.push_back(digits);
    table.names.push_back(name);
  }
  const std::size_t moments = table.devices * table.rows;
  read_array(file, table.utc_us, moments);
  read_array(file, table.values, moments * points);
  read_array(file, table.states, moments * points);
  if (!file || moments * points == 0) die(path + ": torn or empty");
  return table;
}

inline void write_table(const std::string& path, const Table& table) {
  std::ofstream file(path, std::ios::binary);
  file << "emstable 1 " << table.devices << ' ' << table.rows << ' ' << table.points.size() << '\n';
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const Point& p = table.points[i];
    file << static_cast<unsigned>(p.asset.kind) << ' ' << static_cast<unsigned>(p.asset.module)
         << ' ' << p.asset.index << ' ' << static_cast<unsigned>(p.signal) << ' ' << p.element
         << ' ' << table.digits[i] << ' ' << table.names[i] << '\n';
  }
  write_array(file, table.utc_us);
  write_array(file, table.values);
  write_array(file, table.states);
  if (!file.flush()) die(path + ": cannot be written");
}

}  // namespace ems::bench
