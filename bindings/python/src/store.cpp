// SPDX-License-Identifier: Apache-2.0
// Telemetry stores, of an agent or of a server.
#include <algorithm>
#include <mutex>
#include <set>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/store/row_source.hpp"
#include "ems/io/store/store_reader.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

/// Takes in rows; what it keeps is the subclass's. Records and gaps are passed over.
class RowsOnly : public io::RowSink {
 public:
  bool record(const io::RowId&, const telemetry::Record&) override { return true; }
  bool gap(const io::RowId&, const telemetry::Gap&) override { return true; }

 protected:
  ~RowsOnly() = default;
};

/// Every point that occurs.
class PointSink final : public RowsOnly {
 public:
  bool row(const io::RowId&, const telemetry::Row& row) override {
    if (!std::equal(row.points.begin(), row.points.end(), known_.begin(), known_.end())) {
      known_.assign(row.points.begin(), row.points.end());
      points.insert(known_.begin(), known_.end());
    }
    return true;
  }
  std::set<Point> points;

 private:
  std::vector<Point> known_;  ///< Point table of the row before.
};

/// The last row, and every point that occurs.
class LastRowSink final : public RowsOnly {
 public:
  bool row(const io::RowId& id, const telemetry::Row& row) override {
    values.assign(row.values.begin(), row.values.end());
    points.assign(row.points.begin(), row.points.end());
    return all.row(id, row);
  }
  std::vector<Point> points;
  std::vector<telemetry::RowValue> values;
  PointSink all;
};

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
      if (edge_ != nullptr) {
        for (const Point& point : take(edge_->points())) names.push_back(point_name(point));
        return names;
      }
      PointSink sink;
      take(source_->read(telemetry::Stream::telemetry, {}, sink));
      for (const Point& point : sink.points) names.push_back(point_name(point));
      return names;
    });
  }

  /// (times, sequences, epochs, [(name, values, valid, qualities, digits)]) of some points, in the
  /// order asked for; of every point when none is named.
  py::tuple columns(const std::vector<std::string>& names, std::int64_t from_us,
                    std::int64_t to_us) {
    std::vector<Point> points;
    for (const std::string& name : names) points.push_back(parse_point(name));
    const io::UtcRange range{UtcInstant{microseconds(from_us)}, UtcInstant{microseconds(to_us)}};
    io::Columns read = alone([&] { return take(io::read_columns(*source_, points, range)); });
    py::list columns;
    for (io::Column& column : read.columns) {
      columns.append(py::make_tuple(point_name(column.point), own(std::move(column.values)),
                                    as_bool(own(std::move(column.valid))),
                                    own(std::move(column.qualities)),
                                    digits_of(column.point.signal)));
    }
    return py::make_tuple(own(std::move(read.utc_us)), own(std::move(read.sequences)),
                          own(std::move(read.epochs)), columns);
  }

  /// (name, integer value, digits) of every point; None where the last row does not know it.
  py::list latest() {
    const LastRowSink sink = alone([&] {
      LastRowSink rows;
      take(source_->read(telemetry::Stream::telemetry, {}, rows));
      return rows;
    });
    py::list out;
    for (const Point& point : sink.all.points) {
      const auto at = std::lower_bound(sink.points.begin(), sink.points.end(), point);
      const bool here = at != sink.points.end() && *at == point;
      const auto place = static_cast<std::size_t>(at - sink.points.begin());
      py::object value = py::none();
      if (here && sink.values[place].valid) value = py::int_(sink.values[place].value);
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
  fleet::AgentKey pick(const std::string& agent, const std::string& tenant) {
    if (!agent.empty()) return {tenant, agent};
    const std::vector<fleet::AgentKey> known = take(fleet_->agents(tenant));
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
  py::class_<Store>(module, "Store")
      .def(py::init<const std::string&, const std::string&, const std::string&>(),
           py::call_guard<py::gil_scoped_release>())
      .def("points", &Store::points)
      .def("columns", &Store::columns)
      .def("latest", &Store::latest)
      .def("marks", &Store::marks)
      .def("gaps", &Store::gaps);
}

}  // namespace ems::python
