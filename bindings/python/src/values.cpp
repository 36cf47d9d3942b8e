// SPDX-License-Identifier: Apache-2.0
// Names and numbers, and the tables that Python's names come from.
#include <cmath>
#include <limits>

#include "ems/core/decimal.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/query/export.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

constexpr double kCountMax = 9.2e18;  ///< Just inside int64.

std::int64_t rounded(double value, int digits) {
  const double count = value * std::pow(10.0, digits);
  if (!std::isfinite(count) || std::abs(count) > kCountMax) {
    raise(Errc::out_of_range, 0, "the number is not finite or too large; None says unknown");
  }
  return std::llround(count);
}

std::int64_t parsed(const std::string& number, int digits) {
  return take(parse_decimal(number, digits));
}

/// A whole number, of Python or numpy; bool counts as 0 and 1.
std::int64_t scaled(py::handle number, int digits) {
  const py::object whole = py::reinterpret_steal<py::object>(PyNumber_Index(number.ptr()));
  if (!whole) throw py::error_already_set();
  int overflow = 0;
  std::int64_t count = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
  for (int i = 0; i < digits && overflow == 0; ++i) {
    overflow = __builtin_mul_overflow(count, std::int64_t{10}, &count) ? 1 : 0;
  }
  if (overflow != 0) raise(Errc::out_of_range, 0, "the number is too large");
  return count;
}

py::list errc_rows() {
  py::list rows;
  for (const ErrcInfo& info : errc_table()) {
    rows.append(py::make_tuple(text(info.name), static_cast<int>(info.code), text(info.python_base),
                               text(info.meaning)));
  }
  return rows;
}

py::list catalogue_rows() {
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
}

/// (integer suffix, SI suffix, digits) of every unit that has a suffix.
py::list unit_rows() {
  py::list rows;
  for (const UnitInfo& unit : unit_table()) {
    if (unit.suffix.empty()) continue;
    rows.append(py::make_tuple(text(unit.suffix), text(unit.si_suffix), unit.digits));
  }
  return rows;
}

}  // namespace

std::string point_name(const Point& point) { return query::point_name(point); }

Point parse_point(std::string_view name) {
  const std::size_t space = name.find(' ');
  const AssetId asset = take(parse_asset(name.substr(0, space)));
  if (space == std::string_view::npos) {
    raise(Errc::syntax, 0, "point: expected \"ASSET SIGNAL [ELEMENT]\"");
  }
  const std::string_view rest = name.substr(space + 1);
  const std::size_t second = rest.find(' ');
  const SignalInfo* info = find_signal(rest.substr(0, second));
  if (info == nullptr) {
    raise(Errc::not_found, space + 1, "point: no such signal: " + text(rest.substr(0, second)));
  }
  Point point{asset, info->signal, 0};
  if (second == std::string_view::npos) return point;
  const auto element = parse_decimal(rest.substr(second + 1), 0);
  if (!element || *element < 1 || *element > std::numeric_limits<std::uint16_t>::max()) {
    raise(Errc::syntax, space + second + 2, "point: bad element number");
  }
  if (info->kind != SignalKind::element) {
    raise(Errc::syntax, space + second + 2, "point: this signal has no elements");
  }
  point.element = static_cast<std::uint16_t>(*element);
  return point;
}

Point parse_one_point(std::string_view name) {
  const Result<Point> point = query::parse_point_name(name);
  if (!point) {
    const Error& error = point.error();
    raise(error.code, error.offset, std::string(error.what) + ": " + text(name));
  }
  return *point;
}

int digits_of(Signal signal) {
  const SignalInfo* info = find_signal(signal);
  return info != nullptr ? unit_info(info->unit).digits : 0;
}

double si_of(std::int64_t count, int digits) {
  return static_cast<double>(count) / std::pow(10.0, digits);
}

std::int64_t count_of(py::handle number, int digits) {
  if (PyFloat_Check(number.ptr()) != 0) return rounded(number.cast<double>(), digits);
  if (PyUnicode_Check(number.ptr()) != 0) return parsed(number.cast<std::string>(), digits);
  if (PyIndex_Check(number.ptr()) != 0) return scaled(number, digits);
  if (py::type::handle_of(number).attr("__name__").cast<std::string>() == "Decimal") {
    return parsed(py::str(number), digits);
  }
  const py::object real = py::reinterpret_steal<py::object>(PyNumber_Float(number.ptr()));
  if (!real) {
    PyErr_Clear();
    raise(Errc::wrong_type, 0, "not a number: " + py::repr(number).cast<std::string>());
  }
  return rounded(real.cast<double>(), digits);
}

std::int32_t count32_of(py::handle number, int digits) {
  const std::int64_t count = count_of(number, digits);
  if (count < std::numeric_limits<std::int32_t>::min() ||
      count > std::numeric_limits<std::int32_t>::max()) {
    raise(Errc::out_of_range, 0, "the number does not fit its unit");
  }
  return static_cast<std::int32_t>(count);
}

void register_values(py::module_& module) {
  module.def("errc_table", &errc_rows);
  module.def("catalogue", &catalogue_rows);
  module.def("units", &unit_rows);
  module.def("count",
             [](const py::object& number, int digits) { return count_of(number, digits); });
}

}  // namespace ems::python
