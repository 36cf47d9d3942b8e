// SPDX-License-Identifier: Apache-2.0
// What the web fetcher must know of a URL before it lets curl near it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ems::io {

struct Origin {
  std::string scheme;
  std::string host;  ///< Lower case; an IPv6 address without its brackets.
  std::string port;
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Of an http or https URL without a user; none: it is no such URL.
[[nodiscard]] std::optional<Origin> origin_of(const std::string& url);

/// Whether a URL ends with its path.
[[nodiscard]] bool has_path_only(const std::string& url);

/// Printable, with nothing that ends a URL's path: what percent-encoding leaves.
[[nodiscard]] bool is_encoded_path(std::string_view path) noexcept;

/// `%41` becomes `A`; none: a percent sign without two digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

/// `bytes FIRST-LAST/TOTAL` of a partial answer.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total;
};
/// @source RFC 9110, section 14.4.
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view text) noexcept;

}  // namespace ems::io
