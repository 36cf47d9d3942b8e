// SPDX-License-Identifier: Apache-2.0
#include "url.hpp"

#include <curl/curl.h>

#include <charconv>
#include <memory>

namespace ems::io {
namespace {

struct CleanUp {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
  void operator()(char* text) const noexcept { curl_free(text); }
};
using Url = std::unique_ptr<CURLU, CleanUp>;

std::optional<std::string> part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return std::nullopt;
  const std::unique_ptr<char, CleanUp> owner{text};
  return std::string{text};
}

Url parse(const std::string& text) {
  Url url{curl_url()};
  if (url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
    url.reset();
  return url;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool take_number(std::string_view& text, std::uint64_t& out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view word) noexcept {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

}  // namespace

std::optional<Origin> origin_of(const std::string& url) {
  const Url parsed = parse(url);
  if (!parsed) return std::nullopt;
  const auto scheme = part(parsed.get(), CURLUPART_SCHEME);
  auto host = part(parsed.get(), CURLUPART_HOST);
  const auto port = part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || !port || (*scheme != "https" && *scheme != "http")) return std::nullopt;
  if (host->size() > 2 && host->front() == '[') *host = host->substr(1, host->size() - 2);
  return Origin{*scheme, lower(*host), *port};
}

bool has_path_only(const std::string& url) { return url.find_first_of("?#") == std::string::npos; }

bool is_encoded_path(std::string_view path) noexcept {
  constexpr std::string_view kOthers = "-._~%/!$&'()*+,;=:@";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && kOthers.find(c) == std::string_view::npos) return false;
  }
  return !path.empty();
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    unsigned value = 0;
    const char* const end = text.data() + i + 3;
    const auto [rest, problem] = std::from_chars(text.data() + i + 1, end, value, 16);
    if (problem != std::errc{} || rest != end) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::optional<ContentRange> parse_content_range(std::string_view text) noexcept {
  ContentRange range;
  if (!take(text, "bytes ") || !take_number(text, range.first) || !take(text, "-") ||
      !take_number(text, range.last) || !take(text, "/")) {
    return std::nullopt;
  }
  if (text != "*") {
    std::uint64_t total = 0;
    if (!take_number(text, total) || !text.empty() || total <= range.last) return std::nullopt;
    range.total = total;
  }
  if (range.last < range.first) return std::nullopt;
  return range;
}

}  // namespace ems::io
