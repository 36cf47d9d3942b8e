// SPDX-License-Identifier: Apache-2.0
// The native half of the Python package: thin calls into libems. This file only registers.
#include "ems/core/version.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

void register_errors(py::module_& module) {
  static PyObject* native_error = PyErr_NewException("ems._ems.NativeError", nullptr, nullptr);
  module.attr("NativeError") = py::reinterpret_borrow<py::object>(native_error);
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const NativeError& native) {
      const py::tuple arguments =
          py::make_tuple(text(to_string(native.code)), native.offset, native.message);
      PyErr_SetObject(native_error, arguments.ptr());
    }
  });
  // Of this module only: other modules' casts are not ours to name.
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const py::cast_error& wrong) {
      const py::tuple arguments =
          py::make_tuple(text(to_string(Errc::wrong_type)), 0, std::string(wrong.what()));
      PyErr_SetObject(native_error, arguments.ptr());
    }
  });
}

}  // namespace
}  // namespace ems::python

PYBIND11_MODULE(_ems, module) {
  using namespace ems::python;
  module.doc() = "Native half of the ems package; use the package.";
  module.attr("version") = text(ems::kVersion);
  register_errors(module);
  register_values(module);
  register_frames(module);
  register_can_log(module);
  register_commands(module);
  register_described(module);
  register_emulation(module);
  register_detect(module);
  register_store(module);
  register_arrow(module);
  register_safety(module);
  register_policies(module);
  register_decision(module);
  register_alarms(module);
  register_ota(module);
  register_simulation(module);
}
