// SPDX-License-Identifier: Apache-2.0
/// @file Error codes: one flat list, made from errc.def, shared by C++, C, gRPC and Python.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ems {

/// What went wrong. Values are stable and equal the C ABI's status codes; 0 means success there and
/// has no enumerator.
enum class Errc : std::int32_t {
#define EMS_ERRC(name, number, grpc, python, meaning) name = (number),
#include "ems/core/errc.def"
#undef EMS_ERRC
};

/// One row of errc.def. All text is static.
struct ErrcInfo {
  Errc code;
  std::string_view name;         ///< snake_case: C++ enumerator and JSON `code`.
  std::string_view grpc_status;  ///< google.rpc.Code name, e.g. `INVALID_ARGUMENT`.
  std::string_view python_base;  ///< Builtin exception the Python class also derives from.
  std::string_view meaning;      ///< One sentence for people.
};

/// Name of a code, as JSON, logs and Python print it; `"unknown"` for a number outside the table.
///
/// @thread_safety Pure function.
[[nodiscard]] std::string_view to_string(Errc code) noexcept;

/// The whole table in ascending order of number.
///
/// @thread_safety Pure function.
[[nodiscard]] std::span<const ErrcInfo> errc_table() noexcept;

}  // namespace ems
