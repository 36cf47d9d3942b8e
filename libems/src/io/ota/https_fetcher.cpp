// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/https_fetcher.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "ems/core/version.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/metrics_listener.hpp"
#include "https_transfer.hpp"
#include "url.hpp"

namespace ems::io {
namespace {

constexpr int kRedirectionsMax = 5;
constexpr long kRangeNotSatisfiable = 416;

struct EasyCleanUp {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, EasyCleanUp>;

bool curl_is_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

long milliseconds_of(Duration duration) {
  return static_cast<long>(std::max<std::int64_t>(duration.count() / 1'000, 1));
}

/// Plain http may only reach this machine, whatever a name resolves to.
curl_socket_t open_loopback(void*, curlsocktype, curl_sockaddr* address) {
  bool loopback = false;
  if (address->family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address->addr);
    loopback = (ntohl(v4->sin_addr.s_addr) >> 24U) == 127;
  } else if (address->family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address->addr);
    loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
  }
  if (!loopback) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool is_broken_connection(CURLcode code) {
  switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
      return true;
    default:
      return false;
  }
}

bool is_redirection(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

class Collected final : public ota::tuf::Sink {
 public:
  Result<void> write(Bytes piece) override {
    data.insert(data.end(), piece.begin(), piece.end());
    return {};
  }
  std::vector<std::byte> data;
};

}  // namespace

class HttpsFetcher::Impl {
 public:
  Impl(std::string base, Origin origin, HttpsSettings settings, Easy easy)
      : base_(std::move(base)),
        origin_(std::move(origin)),
        settings_(std::move(settings)),
        easy_(std::move(easy)) {
    if (!base_.ends_with('/')) base_ += '/';
  }

  /// A file from byte `from` on, through resumptions and redirections.
  Result<void> get(std::string_view name, std::uint64_t from, std::uint64_t size,
                   ota::tuf::Sink& sink, std::uint32_t resumptions) {
    last_failure_.clear();
    url_ = base_ + std::string{name};
    if (!is_encoded_path(name)) return refuse(Errc::download, "not an encoded path");
    HttpsTransfer transfer{settings_, from, size, sink};
    bool ranges = true;
    for (int redirections = 0;;) {
      const std::uint64_t before = transfer.position();
      if (before == size && before > 0) return {};
      const CURLcode code = perform(transfer, ranges);
      if (const auto& error = transfer.error()) return refuse(*error, transfer.detail());
      const long status = transfer.status();
      if (status == kRangeNotSatisfiable && ranges && before > 0) {
        ranges = false;  // The file there is shorter: let it show that.
        continue;
      }
      if (is_redirection(status)) {
        if (++redirections > kRedirectionsMax) return refuse(Errc::download, "redirected for ever");
        if (const auto moved = follow(); !moved) return moved;
        continue;
      }
      if (is_broken_connection(code) && transfer.position() > before && resumptions > 0) {
        --resumptions;
        continue;
      }
      return outcome(code, status);
    }
  }

  [[nodiscard]] const std::string& last_failure() const noexcept { return last_failure_; }
  [[nodiscard]] std::uint32_t resumptions() const noexcept { return settings_.resumptions; }

 private:
  CURLcode perform(HttpsTransfer& transfer, bool ranges) {
    CURL* easy = easy_.get();
    curl_easy_reset(easy);
    error_text_.fill('\0');
    const bool plain = origin_.scheme == "http";
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
      curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    }
    if (plain) {
      curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
      curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_loopback);
    }
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent_.c_str());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds_of(settings_.connect_deadline));
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
    return transfer.perform(easy, ranges);
  }

  Result<void> follow() {
    char* where = nullptr;
    curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &where);
    if (where == nullptr) return refuse(Errc::download, "redirected to nowhere");
    std::string next{where};
    const auto origin = origin_of(next);
    if (!origin || !(*origin == origin_)) {
      return refuse(Errc::download, "redirected to another host: " + next);
    }
    url_ = std::move(next);
    return {};
  }

  Result<void> outcome(CURLcode code, long status) {
    if (code == CURLE_OPERATION_TIMEDOUT) return refuse(Errc::download, "no connection in time");
    if (status == 404 || status == 403) {
      return refuse(Errc::not_found, "HTTP status " + std::to_string(status));
    }
    if (status != 0 && status != 200 && status != 206) {
      return refuse(Errc::download, "HTTP status " + std::to_string(status));
    }
    if (code == CURLE_OK) return {};
    const std::string text{error_text_.data()};
    return refuse(Errc::download, text.empty() ? curl_easy_strerror(code) : text);
  }

  Failure refuse(const Error& error, const std::string& detail) {
    last_failure_ = url_ + ": " + (detail.empty() ? error.what : detail);
    return fail(error);
  }
  Failure refuse(Errc code, const std::string& detail) {
    const bool missing = code == Errc::not_found;
    return refuse(Error{code, 0, missing ? "web: no such file" : "web: the server gave no file"},
                  detail);
  }

  std::string base_;
  Origin origin_;
  HttpsSettings settings_;
  Easy easy_;
  std::string url_;
  std::string last_failure_;
  std::string user_agent_ = "libems/" + std::string{kVersion};
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

Result<HttpsFetcher> HttpsFetcher::open(const std::string& url, HttpsSettings settings) {
  const auto origin = origin_of(url);
  if (!origin || !has_path_only(url)) {
    return fail(Errc::invalid_argument, 0, "web: not an http or https URL of a folder");
  }
  const bool listed =
      settings.hosts.empty() ||
      std::find(settings.hosts.begin(), settings.hosts.end(), origin->host) != settings.hosts.end();
  if (!listed) return fail(Errc::permission_denied, 0, "web: a host that is not on the list");
  if (origin->scheme == "http" && !is_loopback(origin->host)) {
    return fail(Errc::permission_denied, 0, "web: plain http is for this machine only");
  }
  if (!settings.ca_file.empty() && !std::ifstream{settings.ca_file}) {
    return fail(Errc::io, 0, "web: the file of authorities cannot be read");
  }
  if (!curl_is_ready()) return fail(Errc::internal, 0, "web: curl does not start");
  Easy easy{curl_easy_init()};
  if (!easy) return fail(Errc::internal, 0, "web: curl does not start");
  return HttpsFetcher{std::make_unique<Impl>(url, *origin, std::move(settings), std::move(easy))};
}

HttpsFetcher::HttpsFetcher(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpsFetcher::HttpsFetcher(HttpsFetcher&&) noexcept = default;
HttpsFetcher& HttpsFetcher::operator=(HttpsFetcher&&) noexcept = default;
HttpsFetcher::~HttpsFetcher() = default;

Result<std::vector<std::byte>> HttpsFetcher::metadata(std::string_view name, std::size_t size_max) {
  Collected collected;
  const auto done = impl_->get(name, 0, size_max, collected, 0);
  if (!done) return fail(done.error());
  return std::move(collected.data);
}

Result<void> HttpsFetcher::target(std::string_view path, std::uint64_t from, std::uint64_t size,
                                  ota::tuf::Sink& sink) {
  return impl_->get(path, from, size, sink, impl_->resumptions());
}

const std::string& HttpsFetcher::last_failure() const noexcept { return impl_->last_failure(); }

}  // namespace ems::io
