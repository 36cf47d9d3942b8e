// SPDX-License-Identifier: Apache-2.0
/// @file Assertions that stay on in release. Only for what a bug in *our* code can break; bytes,
/// configuration and callers' arguments at the C, Python and gRPC edges are `Error`s instead.
#pragma once

namespace ems {

/// What an assertion handler is told. All text is static.
struct AssertionFailure {
  const char* expression;
  const char* file;
  int line;
};

/// Must not return. The host's default prints and aborts; firmware opens its contactors and resets.
using AssertionHandler = void (*)(const AssertionFailure&);

/// Replaces the handler for the whole process.
///
/// @param handler  New handler, or nullptr for the default one.
/// @return         The handler that was set before.
/// @thread_safety  Any thread; the swap is atomic.
AssertionHandler set_assertion_handler(AssertionHandler handler) noexcept;

/// Calls the handler and traps if it returns. Use EMS_ASSERT.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace ems

/// Evaluates `condition` exactly once, in every build type.
#define EMS_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::ems::assertion_failed(#condition, __FILE__, __LINE__))
