// SPDX-License-Identifier: Apache-2.0
// The native half of the Python package: thin calls into libems. Names, docs and exceptions live in
// ems/*.py.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ems/core/errc.hpp"
#include "ems/core/version.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/decode.hpp"
#include "ems/io/store/row_source.hpp"
#include "ems/io/store/store_reader.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/codec.hpp"

namespace py = pybind11;

namespace {

using namespace ems;

/// Crosses into Python as ems._ems.NativeError(code, offset, message).
struct NativeError {
  Error error;
};

template <class T>
T take(Result<T> result) {
  if (!result) throw NativeError{result.error()};
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Bytes bytes_of(const py::bytes& data) {
  const std::string_view view = data;
  return std::as_bytes(std::span(view));
}

std::string decode(const std::string& protocol, const py::bytes& request,
                   const std::optional<py::bytes>& response) {
  if (!response) return take(io::decode_to_json(protocol, bytes_of(request), {}));
  return take(io::decode_reply_to_json(protocol, bytes_of(request), bytes_of(*response)));
}

std::string text(std::string_view view) { return std::string(view); }

std::string point_name(const Point& point) {
  const SignalInfo* info = find_signal(point.signal);
  std::string name = text(to_name(point.asset).view()) + " " +
                     (info != nullptr ? text(si_name(*info).view())
                                      : std::to_string(static_cast<unsigned>(point.signal)));
  if (point.element != 0) name += " " + std::to_string(point.element);
  return name;
}

/// Parses what point_name() writes.
Point parse_point(const std::string& name) {
  const std::size_t space = name.find(' ');
  const std::size_t second = space == std::string::npos ? space : name.find(' ', space + 1);
  const Result<AssetId> asset = parse_asset(std::string_view(name).substr(0, space));
  if (!asset) throw NativeError{asset.error()};
  if (space == std::string::npos) {
    throw NativeError{{Errc::syntax, 0, "point: expected \"ASSET SIGNAL [ELEMENT]\""}};
  }
  const SignalInfo* info = find_signal(std::string_view(name).substr(
      space + 1, second == std::string::npos ? second : second - space - 1));
  if (info == nullptr) throw NativeError{{Errc::not_found, 0, "point: no such signal"}};
  Point point{*asset, info->signal, 0};
  if (second != std::string::npos) {
    unsigned element = 0;
    for (const char c : name.substr(second + 1)) {
      if (c < '0' || c > '9' || element > 6'000) {
        throw NativeError{{Errc::syntax, 0, "point: bad element number"}};
      }
      element = element * 10 + static_cast<unsigned>(c - '0');
    }
    point.element = static_cast<std::uint16_t>(element);
  }
  return point;
}

/// Moves a vector into a numpy array that owns it.
template <class T>
py::array_t<T> own(std::vector<T> values) {
  auto held = std::make_unique<std::vector<T>>(std::move(values));
  const auto size = static_cast<py::ssize_t>(held->size());
  T* data = held->data();
  const py::capsule owner(held.release(), [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<T>(size, data, owner);
}

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

int digits_of(const Point& point) {
  const SignalInfo* info = find_signal(point.signal);
  return info != nullptr ? unit_info(info->unit).digits : 0;
}

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
    if (edge.error().code != Errc::header) throw NativeError{edge.error()};
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

  py::tuple column(const std::string& name, std::int64_t from_us, std::int64_t to_us) {
    const Point point = parse_point(name);
    const io::UtcRange range{UtcInstant{microseconds(from_us)}, UtcInstant{microseconds(to_us)}};
    io::Columns read = alone([&] { return take(io::read_columns(*source_, {&point, 1}, range)); });
    io::Column& column = read.columns.front();
    py::array valid = own(std::move(column.valid)).attr("astype")("bool");
    return py::make_tuple(own(std::move(read.utc_us)), own(std::move(column.values)), valid,
                          own(std::move(column.qualities)), own(std::move(read.sequences)),
                          own(std::move(read.epochs)), digits_of(point));
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
      out.append(py::make_tuple(point_name(point), value, digits_of(point)));
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
    if (known.empty()) throw NativeError{{Errc::not_found, 0, "the store has no agent yet"}};
    if (known.size() > 1) {
      throw NativeError{{Errc::invalid_argument, 0, "the store has several agents: name one"}};
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

PYBIND11_MODULE(_ems, module) {
  module.doc() = "Native half of the ems package; use the package.";
  module.attr("version") = text(kVersion);
  static PyObject* native_error = PyErr_NewException("ems._ems.NativeError", nullptr, nullptr);
  module.attr("NativeError") = py::reinterpret_borrow<py::object>(native_error);
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const NativeError& native) {
      const py::tuple arguments = py::make_tuple(text(to_string(native.error.code)),
                                                 native.error.offset, text(native.error.what));
      PyErr_SetObject(native_error, arguments.ptr());
    }
  });

  module.def("errc_table", [] {
    py::list rows;
    for (const ErrcInfo& info : errc_table()) {
      rows.append(py::make_tuple(text(info.name), text(info.python_base), text(info.meaning)));
    }
    return rows;
  });
  module.def("protocols", [] {
    std::vector<std::string> names;
    for (const protocol::Codec* codec : protocol::codecs()) names.push_back(text(codec->name()));
    return names;
  });
  module.def("catalogue", [] {
    py::list rows;
    for (const SignalInfo& info : signal_table()) {
      const UnitInfo& unit = unit_info(info.unit);
      py::dict row;
      row["signal"] = static_cast<unsigned>(info.signal);
      row["name"] = text(si_name(info).view());
      row["integer_name"] = text(integer_name(info).view());
      row["symbol"] = text(unit.symbol);
      row["digits"] = unit.digits;
      row["element"] = info.kind == SignalKind::element;
      row["meaning"] = text(info.meaning);
      rows.append(row);
    }
    return rows;
  });
  module.def("decode", &decode);
  py::class_<Store>(module, "Store")
      .def(py::init<const std::string&, const std::string&, const std::string&>(),
           py::call_guard<py::gil_scoped_release>())
      .def("points", &Store::points)
      .def("column", &Store::column)
      .def("latest", &Store::latest)
      .def("marks", &Store::marks)
      .def("gaps", &Store::gaps);
}
