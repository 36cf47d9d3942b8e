// SPDX-License-Identifier: Apache-2.0
// Telemetry stores, of an agent or of a server.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <mutex>
#include <set>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/calendar.hpp"
#include "ems/io/store/read_query.hpp"
#include "ems/io/store/row_source.hpp"
#include "ems/io/store/snapshot.hpp"
#include "ems/io/store/store_reader.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

/// Every point that occurs, and the last row; only the last block's rows are looked at.
class LatestSink final : public io::RowSink {
 public:
  Result<bool> block(telemetry::BlockScan& block, const io::UtcRange&) override {
    add(block.points());
    last_.assign(block.bytes().begin(), block.bytes().end());
    return true;
  }
  bool row(const io::RowId&, const telemetry::Row& row) override {
    add(row.points);
    values.assign(row.values.begin(), row.values.end());
    return true;
  }
  bool record(const io::RowId&, const telemetry::Record&) override { return true; }
  bool gap(const io::RowId&, const telemetry::Gap&) override { return true; }
  void finish() {
    if (last_.empty()) return;
    const auto block = telemetry::BlockReader::open(last_);
    if (!block) return;  // Its points are told, their values unknown.
    for (telemetry::RowCursor cursor(*block); cursor.next();) (void)row({}, cursor.row());
  }
  std::set<Point> all;
  std::vector<Point> points;                ///< Of the last row.
  std::vector<telemetry::RowValue> values;  ///< Likewise.

 private:
  void add(std::span<const Point> table) {
    if (std::equal(table.begin(), table.end(), points.begin(), points.end())) return;
    points.assign(table.begin(), table.end());
    all.insert(table.begin(), table.end());
  }
  std::vector<std::byte> last_;
};

/// Integers as SI numbers; NaN where not valid.
std::vector<double> si_values(const std::vector<std::int64_t>& values,
                              const std::vector<std::uint8_t>& valid, int digits) {
  const double scale = std::pow(10.0, digits);
  std::vector<double> si(values.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (valid[i] != 0) si[i] = static_cast<double>(values[i]) / scale;
  }
  return si;
}

UtcInstant at_us(std::int64_t us) { return UtcInstant{microseconds(us)}; }

/// The arrays of one point's buckets, in SI.
struct BucketArrays {
  std::vector<double> min, max, mean, last;
  std::vector<std::int64_t> last_at, known;
  std::vector<std::uint64_t> count, doubted;
};

BucketArrays arrays_of(std::span<const query::Bucket> buckets, int digits) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const double scale = std::pow(10.0, digits);
  BucketArrays out;
  for (const query::Bucket& bucket : buckets) {
    const auto si = [&](std::int64_t value) {
      return bucket.count > 0 ? static_cast<double>(value) / scale : kNan;
    };
    out.min.push_back(si(bucket.min));
    out.max.push_back(si(bucket.max));
    out.last.push_back(si(bucket.last));
    out.mean.push_back(bucket.mean() ? *bucket.mean() / scale : kNan);
    out.last_at.push_back(bucket.count > 0 ? bucket.last_at.since_epoch().count()
                                           : std::numeric_limits<std::int64_t>::min());  // NaT.
    out.known.push_back(bucket.known.count());
    out.count.push_back(bucket.count);
    out.doubted.push_back(bucket.doubted);
  }
  return out;
}

struct EnergyArrays {
  query::EnergyAccount account;
  std::vector<double> energy_wh;
  std::vector<std::uint8_t> source;
  std::vector<std::int64_t> known, spread;
  std::vector<std::uint32_t> resets, wraps;
};

EnergyArrays arrays_of(const query::EnergyLedger& ledger, const query::EnergyAccount& account) {
  EnergyArrays out;
  out.account = account;
  for (const query::EnergyFigure& figure : ledger.figures(account)) {
    const auto mwh = figure.energy_mwh();
    out.energy_wh.push_back(mwh ? static_cast<double>(*mwh) / 1'000
                                : std::numeric_limits<double>::quiet_NaN());
    out.source.push_back(static_cast<std::uint8_t>(figure.source()));
    out.known.push_back(figure.known().count());
    out.spread.push_back(figure.spread.count());
    out.resets.push_back(figure.resets);
    out.wraps.push_back(figure.wraps);
  }
  return out;
}

/// Begin of each bucket, and the end of the last.
std::vector<std::int64_t> edges_of(const query::Grid& grid) {
  std::vector<std::int64_t> edges;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    edges.push_back(grid.begin_of(i).since_epoch().count());
  }
  edges.push_back(grid.to().since_epoch().count());
  return edges;
}

struct GapRange {
  telemetry::Stream stream{};
  std::uint32_t epoch = 0;
  telemetry::Sequence first = 0;
  telemetry::Sequence last = 0;
};

class GapSink final : public io::RowSink {
 public:
  bool row(const io::RowId&, const telemetry::Row&) override { return true; }
  bool record(const io::RowId&, const telemetry::Record&) override { return true; }
  bool gap(const io::RowId& id, const telemetry::Gap& gap) override {
    found.push_back({id.stream, id.epoch.counter, gap.first, gap.last});
    return true;
  }
  std::vector<GapRange> found;
};

/// An edge store or one agent's rows of a fleet store, whichever the file is.
///
/// Any thread may call any function: one works at a time, and neither waiting nor working holds the
/// GIL. Python objects are made afterwards, from what was collected.
class Store {
 private:
  /// Runs `work`, which must touch no Python object, without the GIL and with nobody beside it.
  template <class Work>
  auto alone(Work work) {
    const py::gil_scoped_release release;  // First: who waits for the mutex must not hold the GIL.
    const std::lock_guard lock(mutex_);
    return work();
  }

 public:
  /// Called without the GIL.
  Store(const std::string& path, const std::string& agent, const std::string& tenant) {
    Result<io::StoreReader> edge = io::StoreReader::open(path);
    if (edge) {
      auto reader = std::make_unique<io::StoreReader>(std::move(*edge));
      edge_ = reader.get();
      source_ = std::move(reader);
      return;
    }
    if (edge.error().code != Errc::header) raise(edge.error());
    fleet_ = take(fleet::open_sqlite_fleet_store(path, {false, true}));
    key_ = pick(agent, tenant);
    source_ = fleet_->rows(key_);
  }

  std::vector<std::string> points() {
    return alone([&] {
      std::vector<std::string> names;
      for (const Point& point : take(io::read_points(*source_))) {
        names.push_back(point_name(point));
      }
      return names;
    });
  }

  /// (times, sequences, epochs, [(name, SI, raw, valid, qualities)]) of some points, in the
  /// order asked for; of every point when none is named.
  py::tuple columns(const std::vector<std::string>& names, std::int64_t from_us,
                    std::int64_t to_us) {
    const std::vector<Point> points = points_of(names);
    std::vector<std::vector<double>> si;
    io::Columns read = alone([&] {
      io::Columns got = take(io::read_columns(*source_, points, {at_us(from_us), at_us(to_us)}));
      for (const io::Column& column : got.columns) {
        si.push_back(si_values(column.values, column.valid, digits_of(column.point.signal)));
      }
      return got;
    });
    py::list columns;
    for (std::size_t i = 0; i < read.columns.size(); ++i) {
      io::Column& column = read.columns[i];
      columns.append(py::make_tuple(
          point_name(column.point), own(std::move(si[i])), own(std::move(column.values)),
          as_bool(own(std::move(column.valid))), own(std::move(column.qualities))));
    }
    return py::make_tuple(own(std::move(read.utc_us)), own(std::move(read.sequences)),
                          own(std::move(read.epochs)), columns);
  }

  /// (edges, [(name, min, max, mean, last, last_at, count, doubted, known_us)]); a step of 0 takes
  /// the period of the calendar instead.
  py::tuple buckets(const std::vector<std::string>& names, std::int64_t from_us, std::int64_t to_us,
                    std::int64_t step_us, const std::string& period, const std::string& zone,
                    std::int64_t gap_max_us, int quality_min) {
    const std::vector<Point> points = points_of(names);
    query::DownsampleOptions options;
    options.gap_max = microseconds(gap_max_us);
    options.quality_min = static_cast<Quality>(quality_min);
    std::vector<std::int64_t> edges;
    std::vector<std::pair<std::string, BucketArrays>> found;
    alone([&] {
      query::Grid grid =
          step_us > 0
              ? take(query::Grid::uniform(at_us(from_us), at_us(to_us), microseconds(step_us)))
              : calendar(from_us, to_us, period, zone);
      edges = edges_of(grid);
      const auto down = take(io::read_buckets(*source_, std::move(grid), points, options));
      for (std::size_t i = 0; i < down.points().size(); ++i) {
        const Point& point = down.points()[i];
        found.emplace_back(point_name(point), arrays_of(down.buckets(i), digits_of(point.signal)));
      }
    });
    py::list out;
    for (auto& [name, of] : found) {
      out.append(py::make_tuple(name, own(std::move(of.min)), own(std::move(of.max)),
                                own(std::move(of.mean)), own(std::move(of.last)),
                                own(std::move(of.last_at)), own(std::move(of.count)),
                                own(std::move(of.doubted)), own(std::move(of.known))));
    }
    return py::make_tuple(own(std::move(edges)), out);
  }

  /// (edges, [(asset, flow, energy_wh, source, known_us, spread_us, resets, wraps)]).
  py::tuple energy(std::int64_t from_us, std::int64_t to_us, const std::string& period,
                   const std::string& zone, const std::string& grid_meter, std::int64_t gap_max_us,
                   std::int64_t bridge_max_us, std::int64_t power_max_w, std::int64_t modulus_wh) {
    query::EnergyOptions options;
    options.gap_max = microseconds(gap_max_us);
    options.bridge_max = microseconds(bridge_max_us);
    options.power_max_w = power_max_w;
    options.counter_modulus_wh = modulus_wh;
    if (!grid_meter.empty()) options.grid_meter = take(parse_asset(grid_meter));
    std::vector<std::int64_t> edges;
    std::vector<EnergyArrays> found;
    alone([&] {
      query::Grid grid = calendar(from_us, to_us, period, zone);
      edges = edges_of(grid);
      const auto ledger = take(io::read_energy(*source_, std::move(grid), options));
      for (const query::EnergyAccount& account : ledger.accounts()) {
        found.push_back(arrays_of(ledger, account));
      }
    });
    py::list out;
    for (EnergyArrays& of : found) {
      out.append(py::make_tuple(
          text(to_name(of.account.asset).view()), text(to_string(of.account.flow)),
          own(std::move(of.energy_wh)), own(std::move(of.source)), own(std::move(of.known)),
          own(std::move(of.spread)), own(std::move(of.resets)), own(std::move(of.wraps))));
    }
    return py::make_tuple(own(std::move(edges)), out);
  }

  /// Writes rows as text to a new or emptied file.
  void export_rows(const std::string& path, const std::vector<std::string>& names,
                   std::int64_t from_us, std::int64_t to_us, bool line_protocol, bool qualities,
                   const std::vector<std::pair<std::string, std::string>>& tags) {
    const std::vector<Point> points = points_of(names);
    using Form = io::ExportOptions::Form;
    const io::ExportOptions options{line_protocol ? Form::line_protocol : Form::csv, qualities,
                                    tags};
    alone([&] {
      const auto close = [](std::FILE* file) { return std::fclose(file); };
      std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "wb"), close);
      if (file == nullptr) raise(Errc::io, 0, "cannot write " + path);
      const auto write = [&file](std::string_view piece) {
        return std::fwrite(piece.data(), 1, piece.size(), file.get()) == piece.size();
      };
      const Result<void> done =
          io::export_rows(*source_, points, {at_us(from_us), at_us(to_us)}, options, write);
      const bool closed = std::fclose(file.release()) == 0;
      const bool unwritten = !done && done.error().code == Errc::cancelled;
      if (unwritten || !closed) raise(Errc::io, 0, "cannot write " + path);
      take(done);
    });
  }

  /// (name, integer value, digits) of every point; None where the last row does not know it.
  py::list latest() {
    const LatestSink sink = alone([&] {
      LatestSink rows;
      take(source_->read(telemetry::Stream::telemetry, {}, rows));
      rows.finish();
      return rows;
    });
    py::list out;
    for (const Point& point : sink.all) {
      const auto at = std::lower_bound(sink.points.begin(), sink.points.end(), point);
      const bool here = at != sink.points.end() && *at == point;
      const auto place = static_cast<std::size_t>(at - sink.points.begin());
      py::object value = py::none();
      if (here && place < sink.values.size() && sink.values[place].valid)
        value = py::int_(sink.values[place].value);
      out.append(py::make_tuple(point_name(point), value, digits_of(point.signal)));
    }
    return out;
  }

  /// stream -> last committed row (edge), or the mark of the newest epoch (fleet).
  py::dict marks() {
    using Named = std::vector<std::pair<telemetry::Stream, telemetry::Sequence>>;
    const Named marks = alone([&] {
      Named found;
      if (edge_ != nullptr) {
        const auto of = take(edge_->marks());
        for (const telemetry::Stream stream : telemetry::kStreams) {
          found.emplace_back(stream, of[telemetry::index_of(stream)].last);
        }
        return found;
      }
      for (const fleet::StreamMark& mark : take(fleet_->marks(key_))) {
        found.emplace_back(mark.stream, mark.mark);
      }
      return found;
    });
    py::dict out;  // Epochs in order: the newest wins.
    for (const auto& [stream, mark] : marks) out[py::str(text(to_string(stream)))] = mark;
    return out;
  }

  /// (stream, epoch, first, last) of every range that will never come.
  py::list gaps() {
    const std::vector<GapRange> found = alone([&] {
      GapSink sink;
      for (const telemetry::Stream stream : telemetry::kStreams) {
        take(source_->read(stream, {}, sink));
      }
      return std::move(sink.found);
    });
    py::list out;
    for (const GapRange& gap : found) {
      out.append(py::make_tuple(text(to_string(gap.stream)), gap.epoch, gap.first, gap.last));
    }
    return out;
  }

 private:
  static std::vector<Point> points_of(const std::vector<std::string>& names) {
    std::vector<Point> points;
    for (const std::string& name : names) points.push_back(parse_one_point(name));
    return points;
  }
  static query::Grid calendar(std::int64_t from_us, std::int64_t to_us, const std::string& word,
                              const std::string& name) {
    const auto period = io::parse_period(word);
    if (!period) raise(Errc::invalid_argument, 0, "no such period: " + word);
    const io::TimeZone zone = name.empty() ? io::TimeZone{} : take(io::TimeZone::load(name));
    return take(io::calendar_grid(zone, at_us(from_us), at_us(to_us), *period));
  }
  fleet::AgentKey pick(const std::string& agent, const std::string& tenant) {
    const std::vector<fleet::AgentKey> known = take(fleet_->agents(tenant));
    if (!agent.empty()) {
      fleet::AgentKey named{tenant, agent};
      if (std::find(known.begin(), known.end(), named) != known.end()) return named;
      raise(Errc::not_found, 0, "no rows of this agent");
    }
    if (known.empty()) raise(Errc::not_found, 0, "the store has no agent yet");
    if (known.size() > 1) {
      raise(Errc::invalid_argument, 0, "the store has several agents: name one");
    }
    return known.front();
  }

  std::mutex mutex_;                          // Guards what follows.
  std::unique_ptr<fleet::FleetStore> fleet_;  // Outlives source_.
  std::unique_ptr<io::RowSource> source_;
  io::StoreReader* edge_ = nullptr;  // source_, when it is an edge store.
  fleet::AgentKey key_;
};

}  // namespace

void register_store(py::module_& module) {
  module.def(
      "snapshot_store",
      [](const std::string& path, const std::string& to) {
        return take(io::snapshot_store(path, to));
      },
      py::call_guard<py::gil_scoped_release>());
  py::class_<Store>(module, "Store")
      .def(py::init<const std::string&, const std::string&, const std::string&>(),
           py::call_guard<py::gil_scoped_release>())
      .def("points", &Store::points)
      .def("columns", &Store::columns)
      .def("buckets", &Store::buckets)
      .def("energy", &Store::energy)
      .def("export_rows", &Store::export_rows)
      .def("latest", &Store::latest)
      .def("marks", &Store::marks)
      .def("gaps", &Store::gaps);
}

}  // namespace ems::python
