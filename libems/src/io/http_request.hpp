// SPDX-License-Identifier: Apache-2.0
/// @file The head of an HTTP/1.1 request, as far as one read-only page needs it. Not installed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ems/core/time.hpp"

namespace ems::io {

/// What is answered to a request.
struct HttpReply {
  std::uint16_t status = 400;  ///< 200, 400, 404, 405, 421 or 505.
  bool head = false;           ///< HEAD: the headers only.
};

/// Judges a request head (RFC 9112): request line and fields up to and with the empty line.
///
/// A Host that is no loopback name is 421: a web page whose name was made to mean this machine
/// (DNS rebinding) must not read ours through the browser of somebody here.
///
/// @param head  Ends with CR LF CR LF.
/// @param path  The only page there is; a query behind it is ignored.
/// @thread_safety Pure function.
[[nodiscard]] HttpReply judge_request(std::string_view head, std::string_view path) noexcept;

/// A whole response; its text for a status other than 200 says what is wrong.
///
/// @param body  Sent with 200 only.
/// @thread_safety Pure function.
[[nodiscard]] std::string http_response(const HttpReply& reply, std::string_view body,
                                        UtcInstant now);

}  // namespace ems::io
