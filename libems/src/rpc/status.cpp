// SPDX-License-Identifier: Apache-2.0
#include "rpc/status.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ems/v1/types.pb.h"

namespace ems::rpc {

namespace {

using Named = std::pair<std::string_view, grpc::StatusCode>;

// google.rpc.Code names of errc.def (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
constexpr std::array kCodes{
    Named{"CANCELLED", grpc::StatusCode::CANCELLED},
    Named{"INVALID_ARGUMENT", grpc::StatusCode::INVALID_ARGUMENT},
    Named{"DEADLINE_EXCEEDED", grpc::StatusCode::DEADLINE_EXCEEDED},
    Named{"NOT_FOUND", grpc::StatusCode::NOT_FOUND},
    Named{"ALREADY_EXISTS", grpc::StatusCode::ALREADY_EXISTS},
    Named{"PERMISSION_DENIED", grpc::StatusCode::PERMISSION_DENIED},
    Named{"UNAUTHENTICATED", grpc::StatusCode::UNAUTHENTICATED},
    Named{"RESOURCE_EXHAUSTED", grpc::StatusCode::RESOURCE_EXHAUSTED},
    Named{"FAILED_PRECONDITION", grpc::StatusCode::FAILED_PRECONDITION},
    Named{"ABORTED", grpc::StatusCode::ABORTED},
    Named{"OUT_OF_RANGE", grpc::StatusCode::OUT_OF_RANGE},
    Named{"UNIMPLEMENTED", grpc::StatusCode::UNIMPLEMENTED},
    Named{"INTERNAL", grpc::StatusCode::INTERNAL},
    Named{"UNAVAILABLE", grpc::StatusCode::UNAVAILABLE},
    Named{"DATA_LOSS", grpc::StatusCode::DATA_LOSS},
};

const ErrcInfo* find_info(Errc code) {
  const auto table = errc_table();
  const auto at = std::ranges::find(table, code, &ErrcInfo::code);
  return at == table.end() ? nullptr : &*at;
}

grpc::StatusCode code_of(Errc code) {
  const ErrcInfo* info = find_info(code);
  if (info == nullptr) return grpc::StatusCode::INTERNAL;
  const auto at = std::ranges::find(kCodes, info->grpc_status, &Named::first);
  return at == kCodes.end() ? grpc::StatusCode::INTERNAL : at->second;
}

grpc::Status make(Errc errc, std::uint16_t offset, std::string_view what) {
  const grpc::StatusCode code = code_of(errc);
  std::string message{to_string(errc)};
  message.append(": ").append(what);
  v1::ErrorDetail detail;
  detail.set_code(std::string{to_string(errc)});
  detail.set_offset(offset);
  detail.set_what(std::string{what});
  v1::StatusDetails details;
  details.set_code(static_cast<int>(code));
  details.set_message(message);
  details.add_details()->PackFrom(detail);
  return {code, message, details.SerializeAsString()};
}

// The plain code of a status that carries no name: gRPC's own (no connection, deadline).
Errc plain_code(grpc::StatusCode code) {
  const auto at = std::ranges::find(kCodes, code, &Named::second);
  if (at == kCodes.end()) return Errc::internal;
  for (const ErrcInfo& info : errc_table()) {
    if (info.grpc_status == at->first) return info.code;  // The first is the general one.
  }
  return Errc::internal;
}

}  // namespace

grpc::Status to_status(const Error& error) { return make(error.code, error.offset, error.what); }

grpc::Status to_status(Errc code, std::string_view what) { return make(code, 0, what); }

Error to_error(const grpc::Status& status) {
  Errc code = plain_code(status.error_code());
  std::uint16_t offset = 0;
  v1::StatusDetails details;
  v1::ErrorDetail detail;
  if (details.ParseFromString(status.error_details()) && details.details_size() > 0 &&
      details.details(0).UnpackTo(&detail)) {
    const auto table = errc_table();
    const auto at = std::ranges::find(table, detail.code(), &ErrcInfo::name);
    if (at != table.end()) code = at->code;
    offset = static_cast<std::uint16_t>(std::min<std::uint32_t>(detail.offset(), 0xFFFF));
  }
  const ErrcInfo* info = find_info(code);
  return {code, offset, info != nullptr ? info->meaning.data() : "unknown error"};
}

}  // namespace ems::rpc
