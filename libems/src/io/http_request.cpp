// SPDX-License-Identifier: Apache-2.0
#include "io/http_request.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "ems/io/metrics_listener.hpp"

namespace ems::io {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

/// Characters of a method and of a field's name (RFC 9110 section 5.6.2).
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// Takes the text up to `end` off the front; nullopt: `end` is not there.
std::optional<std::string_view> take(std::string_view& text, std::string_view end) noexcept {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return front;
}

/// Every field is `name: value` without control characters, and at most one is the Host.
bool fields_are_sound(std::string_view fields, std::optional<std::string_view>& host) noexcept {
  while (const auto line = take(fields, kLineEnd)) {
    if (line->empty()) return fields.empty();
    std::string_view value = *line;
    const auto name = take(value, ":");
    if (!name || !is_token(*name)) return false;  // Folded lines too.
    const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
      return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7F);
    });
    if (!clean) return false;
    if (!same_word(*name, "host")) continue;
    if (host) return false;
    host = value;
  }
  return false;
}

/// A Host (RFC 9110 section 7.2) that means this machine whatever DNS says: `localhost` or a
/// loopback address, with or without a port.
bool host_is_loopback(std::string_view host) noexcept {
  constexpr std::string_view kBlank = " \t";
  host.remove_prefix(std::min(host.find_first_not_of(kBlank), host.size()));
  host = host.substr(0, host.find_last_not_of(kBlank) + 1);
  const bool bracketed = host.starts_with('[');
  const std::size_t end = bracketed ? host.find(']') : std::min(host.find(':'), host.size());
  if (end == std::string_view::npos) return false;
  const std::string_view name = bracketed ? host.substr(1, end - 1) : host.substr(0, end);
  const std::string_view port = host.substr(bracketed ? end + 1 : end);
  const bool is_port = port.empty() || (port.starts_with(':') &&
                                        port.find_first_not_of("0123456789", 1) == port.npos);
  const bool is_v6 = name.find(':') != name.npos;
  if (!is_port || bracketed != is_v6) return false;
  return same_word(name, "localhost") || is_loopback(std::string(name));
}

struct StatusText {
  std::uint16_t status;
  std::string_view reason;
  std::string_view body;
};
constexpr StatusText kStatuses[] = {
    {200, "OK", ""},
    {400, "Bad Request", "not an HTTP/1.1 request\n"},
    {404, "Not Found", "there is only /metrics\n"},
    {405, "Method Not Allowed", "GET and HEAD only\n"},
    {421, "Misdirected Request", "the Host must be localhost or a loopback address\n"},
    {431, "Request Header Fields Too Large", "the request is too long\n"},
    {505, "HTTP Version Not Supported", "HTTP/1.0 and HTTP/1.1 only\n"},
};

std::string date_text(UtcInstant now) {
  const std::time_t seconds = now.since_epoch().count() / 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};  // Programs keep the locale "C": the names are English.
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return text.data();
}

}  // namespace

HttpReply judge_request(std::string_view head, std::string_view path) noexcept {
  const auto line = take(head, kLineEnd);
  if (!line) return {};
  std::string_view rest = *line;
  const auto method = take(rest, " ");
  if (!method || !is_token(*method)) return {};
  const auto target = take(rest, " ");
  if (!target || target->empty() || !is_visible(*target)) return {};
  const bool is_http = rest.size() == 8 && rest.starts_with("HTTP/") && rest[6] == '.';
  if (!is_http) return {};
  if (rest != "HTTP/1.1" && rest != "HTTP/1.0") return {505, false};
  std::optional<std::string_view> host;
  if (!fields_are_sound(head, host) || (!host && rest == "HTTP/1.1")) return {};
  const bool is_head = *method == "HEAD";
  if (host && !host_is_loopback(*host)) return {421, is_head};
  if (target->substr(0, target->find('?')) != path) return {404, is_head};
  if (!is_head && *method != "GET") return {405, false};
  return {200, is_head};
}

std::string http_response(const HttpReply& reply, std::string_view body, UtcInstant now) {
  const auto* row = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                 [&](const StatusText& s) { return s.status == reply.status; });
  const bool found = reply.status == 200;
  const std::string_view content = found ? body : row->body;
  std::string out = "HTTP/1.1 " + std::to_string(row->status) + ' ' + std::string(row->reason) +
                    "\r\nDate: " + date_text(now) + "\r\nContent-Type: text/plain; " +
                    (found ? "version=0.0.4; " : "") +
                    "charset=utf-8\r\nContent-Length: " + std::to_string(content.size()) +
                    "\r\nConnection: close\r\n";
  if (found) out += "Cache-Control: no-store\r\n";
  if (reply.status == 405) out += "Allow: GET, HEAD\r\n";
  out += kLineEnd;
  if (!reply.head) out += content;
  return out;
}

}  // namespace ems::io
