// SPDX-License-Identifier: Apache-2.0
// What the files of the native half share: errors that cross into Python, arrays that own their
// memory, names and numbers. Names, docs and exceptions for people live in ems/*.py.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/errc.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"

namespace ems::python {

namespace py = pybind11;

/// Crosses into Python as ems._ems.NativeError(code, offset, message).
struct NativeError {
  Errc code{};
  std::size_t offset = 0;
  std::string message;
};

[[noreturn]] inline void raise(Errc code, std::size_t offset, std::string message) {
  throw NativeError{code, offset, std::move(message)};
}
[[noreturn]] inline void raise(const Error& error) { raise(error.code, error.offset, error.what); }

/// The value, or the error as an exception.
template <class T>
T take(Result<T> result) {
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

[[nodiscard]] inline std::string text(std::string_view view) { return std::string(view); }

[[nodiscard]] inline Bytes bytes_of(const py::bytes& data) {
  const std::string_view view = data;
  return std::as_bytes(std::span(view));
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

/// The same memory as numpy's bool; every element is 0 or 1.
[[nodiscard]] inline py::array as_bool(const py::array& bytes) {
  return py::array(bytes.attr("view")("bool"));
}

// ---- names and numbers (values.cpp) ------------------------------------------------------------

/// `battery/1 cell_voltages_v 7`, as parse_point() reads it.
[[nodiscard]] std::string point_name(const Point& point);
/// Without an element it stands for all that a signal has.
/// @throws NativeError  syntax, not_found
[[nodiscard]] Point parse_point(std::string_view name);
/// One point: a signal that has elements needs one.
/// @throws NativeError  syntax, not_found
[[nodiscard]] Point parse_one_point(std::string_view name);
/// Decimal digits between the catalogue's integer and SI; 0 for a signal that is not known.
[[nodiscard]] int digits_of(Signal signal);
/// A Python number in counts of 10^-digits: int, str and Decimal exactly, float to the nearest.
/// @throws NativeError  wrong_type, syntax, off_grid, out_of_range (NaN and infinity too)
[[nodiscard]] std::int64_t count_of(py::handle number, int digits);
/// Like count_of(), for quantities of 32 bit.
[[nodiscard]] std::int32_t count32_of(py::handle number, int digits);
/// Seconds to a duration.
[[nodiscard]] inline Duration duration_of(py::handle seconds) {
  return microseconds(count_of(seconds, 6));
}
[[nodiscard]] double si_of(std::int64_t count, int digits);

// ---- one function per file ---------------------------------------------------------------------

void register_values(py::module_& module);
void register_frames(py::module_& module);
void register_can_log(py::module_& module);
void register_commands(py::module_& module);
void register_described(py::module_& module);
void register_emulation(py::module_& module);
void register_detect(py::module_& module);
void register_store(py::module_& module);
void register_arrow(py::module_& module);
void register_safety(py::module_& module);
void register_policies(py::module_& module);
void register_decision(py::module_& module);
void register_alarms(py::module_& module);
void register_ota(py::module_& module);
void register_simulation(py::module_& module);

}  // namespace ems::python
