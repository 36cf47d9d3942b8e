// SPDX-License-Identifier: Apache-2.0
#include "https_transfer.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "ems/io/clock.hpp"
#include "url.hpp"

namespace ems::io {
namespace {

constexpr std::size_t kHeaderMax = std::size_t{64} * 1024;
constexpr std::size_t kPageMax = std::size_t{64} * 1024;
constexpr long kOk = 200;
constexpr long kPartial = 206;

Instant now() { return SystemClock{}.now(); }

/// The value of a header line, when it is the one of that name.
std::optional<std::string_view> value_of(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':' ||
      ::strncasecmp(line.data(), name.data(), name.size()) != 0) {
    return std::nullopt;
  }
  line.remove_prefix(name.size() + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) {
    line.remove_suffix(1);
  }
  return line;
}

constexpr Error kTooLarge{Errc::too_large, 0, "web: more bytes than allowed"};
constexpr Error kSlow{Errc::slow_retrieval, 0, "web: slower than the minimum rate"};
constexpr Error kLate{Errc::slow_retrieval, 0, "web: not whole within the deadline"};

}  // namespace

HttpsTransfer::HttpsTransfer(const HttpsSettings& settings, std::uint64_t from, std::uint64_t size,
                             ota::tuf::Sink& sink)
    : settings_(settings), size_(size), sink_(sink), started_(now()), position_(from) {}

CURLcode HttpsTransfer::perform(CURL* easy, bool ranges) {
  easy_ = easy;
  ranged_ = ranges && position_ > 0;
  in_body_ = false;
  status_ = 0;
  header_size_ = 0;
  page_size_ = 0;
  content_range_.clear();
  content_length_.reset();
  window_started_ = now();
  window_bytes_ = 0;
  const std::string range = std::to_string(position_) + "-";
  curl_easy_setopt(easy, CURLOPT_RANGE, ranged_ ? range.c_str() : nullptr);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  const CURLcode code = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status_);
  if (code == CURLE_OK && !in_body_)
    (void)begin_body();  // An empty file has an answer to judge too.
  return code;
}

std::size_t HttpsTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t length = size * count;
  return static_cast<HttpsTransfer*>(self)->header({data, length}) ? length : 0;
}

std::size_t HttpsTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t length = size * count;
  const Bytes bytes = std::as_bytes(std::span{data, length});
  return static_cast<HttpsTransfer*>(self)->body(bytes) ? length : CURL_WRITEFUNC_ERROR;
}

int HttpsTransfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<HttpsTransfer*>(self)->fast_enough() ? 0 : 1;
}

bool HttpsTransfer::end(Error error, std::string detail) {
  if (!error_) {
    error_ = error;
    detail_ = std::move(detail);
  }
  return false;
}

bool HttpsTransfer::header(std::string_view line) {
  header_size_ += line.size();
  if (header_size_ > kHeaderMax) {
    return end({Errc::download, 0, "web: an answer with too many headers"});
  }
  if (line.starts_with("HTTP/")) {  // The final answer comes after any interim one.
    content_range_.clear();
    content_length_.reset();
  } else if (const auto range = value_of(line, "Content-Range")) {
    content_range_ = *range;
  } else if (const auto length = value_of(line, "Content-Length")) {
    std::uint64_t value = 0;
    const auto [rest, problem] =
        std::from_chars(length->data(), length->data() + length->size(), value);
    if (problem == std::errc{}) content_length_ = value;
  }
  return true;
}

/// Where the answer's first byte stands in the file, and whether it can be the file at all.
bool HttpsTransfer::begin_body() {
  in_body_ = true;
  if (status_ == kOk) {
    at_ = 0;  // Also to a Range request: what the sink has already is skipped.
    if (content_length_ && *content_length_ > size_) return end(kTooLarge);
    return true;
  }
  if (status_ != kPartial) return true;
  const auto range = parse_content_range(content_range_);
  if (!ranged_ || !range || range->first != position_) {
    return end({Errc::download, 0, "web: another range than was asked for"},
               "Content-Range \"" + content_range_ + "\" where byte " + std::to_string(position_) +
                   " was asked for");
  }
  if (range->last >= size_ || range->total.value_or(0) > size_) return end(kTooLarge);
  at_ = range->first;
  return true;
}

bool HttpsTransfer::body(Bytes data) {
  if (!in_body_) {
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status_);
    if (!begin_body()) return false;
  }
  if (status_ != kOk && status_ != kPartial) {  // A page for people, that nobody reads here.
    page_size_ += data.size();
    return page_size_ <= kPageMax && fast_enough();
  }
  window_bytes_ += data.size();
  if (at_ < position_) {
    const auto known =
        static_cast<std::size_t>(std::min<std::uint64_t>(position_ - at_, data.size()));
    data = data.subspan(known);
    at_ += known;
  }
  if (data.size() > size_ - std::min(at_, size_)) return end(kTooLarge);
  if (!data.empty()) {
    if (const auto taken = sink_.write(data); !taken) return end(taken.error());
    at_ += data.size();
    position_ = at_;
  }
  return fast_enough();
}

bool HttpsTransfer::fast_enough() {
  const Instant at = now();
  if (at - started_ >= settings_.deadline) return end(kLate);
  const Duration window = at - window_started_;
  if (window < settings_.rate_window) return true;
  const auto needed =
      static_cast<double>(settings_.rate_min) * static_cast<double>(window.count()) / 1'000'000.0;
  if (static_cast<double>(window_bytes_) < needed) return end(kSlow);
  window_started_ = at;
  window_bytes_ = 0;
  return true;
}

}  // namespace ems::io
