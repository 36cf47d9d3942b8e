// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "capi.hpp"
#include "ems/core/assert.hpp"
#include "ems/core/version.hpp"

namespace ems::capi {
#if defined(EMS_FREESTANDING)
LastError last_error;
#else
constinit thread_local LastError last_error;
#endif

namespace {

std::atomic<ems_assertion_handler_t> assertion_handler{nullptr};

void call_assertion_handler(const AssertionFailure& failure) {
  const ems_assertion_handler_t handler = assertion_handler.load();
  if (handler != nullptr) handler(failure.expression, failure.file, failure.line);
}

}  // namespace

extern "C" {

EMS_API std::uint32_t ems_abi_version(void) { return EMS_ABI_VERSION; }

EMS_API const char* ems_version(void) { return kVersion.data(); }

// The texts of errc.def are string literals: each ends with a NUL.
EMS_API const char* ems_status_name(ems_status_t status) {
  if (status == EMS_OK) return "ok";
  return to_string(static_cast<Errc>(status)).data();
}

EMS_API const char* ems_status_meaning(ems_status_t status) {
  for (const ErrcInfo& info : errc_table()) {
    if (static_cast<ems_status_t>(info.code) == status) return info.meaning.data();
  }
  return "";
}

EMS_API const char* ems_last_error_message(void) { return last_error.what; }

EMS_API std::uint16_t ems_last_error_offset(void) { return last_error.offset; }

EMS_API ems_assertion_handler_t ems_set_assertion_handler(ems_assertion_handler_t handler) {
  const ems_assertion_handler_t before = assertion_handler.exchange(handler);
  ems::set_assertion_handler(handler != nullptr ? &call_assertion_handler : nullptr);
  return before;
}

}  // extern "C"

}  // namespace ems::capi
