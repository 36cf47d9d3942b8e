// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/modbus/server.hpp"

#include <array>

namespace ems::protocol::modbus {
namespace {

constexpr std::size_t kAddressOffset = 1;  // Where decode_request() places an address error.

ExceptionCode exception_for(const Error& error) noexcept {
  if (error.code == Errc::header) return ExceptionCode::illegal_function;
  if (error.code == Errc::out_of_range && error.offset == kAddressOffset) {
    return ExceptionCode::illegal_data_address;
  }
  return ExceptionCode::illegal_data_value;
}

std::size_t refuse(Bytes request, ExceptionCode code, MutableBytes response) noexcept {
  return encode_exception(load_u8(request, 0), code, response).value_or(std::size_t{0});
}

}  // namespace

std::size_t serve(Bytes request, RegisterAccess& access, MutableBytes response) noexcept {
  EMS_ASSERT(response.size() >= kPduSize);
  if (request.empty() || load_u8(request, 0) >= kExceptionFlag) return 0;
  const Result<Request> decoded = decode_request(request);
  if (!decoded) return refuse(request, exception_for(decoded.error()), response);

  std::array<std::uint16_t, kReadRegistersMax> registers{};
  const auto window = std::span{registers}.first(decoded->count);
  if (decoded->values.empty()) {
    if (const auto code = access.read(decoded->function, decoded->address, window)) {
      return refuse(request, *code, response);
    }
    return encode_read_response(decoded->function, window, response).value_or(std::size_t{0});
  }
  for (std::size_t i = 0; i < window.size(); ++i) window[i] = decoded->value(i);
  if (const auto code = access.write(decoded->address, window)) {
    return refuse(request, *code, response);
  }
  return encode_write_response(*decoded, response).value_or(std::size_t{0});
}

}  // namespace ems::protocol::modbus
