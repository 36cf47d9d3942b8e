// SPDX-License-Identifier: Apache-2.0
// One file over as many requests as it takes: where it stands, what is too much, what is too slow.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ems/core/time.hpp"
#include "ems/io/ota/https_fetcher.hpp"

namespace ems::io {

class HttpsTransfer {
 public:
  HttpsTransfer(const HttpsSettings& settings, std::uint64_t from, std::uint64_t size,
                ota::tuf::Sink& sink);
  HttpsTransfer(const HttpsTransfer&) = delete;
  HttpsTransfer& operator=(const HttpsTransfer&) = delete;

  /// One request on a handle that has its URL.
  /// @param ranges Ask for what is still missing only.
  CURLcode perform(CURL* easy, bool ranges);

  /// Bytes of the file that the sink has.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  /// Status of the last answer; 0: there was none.
  [[nodiscard]] long status() const noexcept { return status_; }
  /// Why this side ended the transfer.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  bool header(std::string_view line);
  bool begin_body();
  bool body(Bytes data);
  bool fast_enough();
  bool end(Error error, std::string detail = {});

  const HttpsSettings& settings_;
  const std::uint64_t size_;
  ota::tuf::Sink& sink_;
  const Instant started_;

  std::uint64_t position_;
  std::optional<Error> error_;
  std::string detail_;

  // Of the answer that is coming.
  CURL* easy_ = nullptr;
  bool ranged_ = false;
  bool in_body_ = false;
  std::uint64_t at_ = 0;  ///< Of the next byte, in the file.
  long status_ = 0;
  std::size_t header_size_ = 0;
  std::size_t page_size_ = 0;
  std::string content_range_;
  std::optional<std::uint64_t> content_length_;
  Instant window_started_;
  std::uint64_t window_bytes_ = 0;
};

}  // namespace ems::io
