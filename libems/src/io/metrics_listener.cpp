// SPDX-License-Identifier: Apache-2.0
#include "ems/io/metrics_listener.hpp"

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "ems/io/clock.hpp"
#include "io/http_request.hpp"

namespace ems::io {
namespace {

using asio::ip::tcp;

constexpr std::string_view kPath = "/metrics";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
/// After the system refused a connection (no descriptors left), this long until the next try.
constexpr std::chrono::seconds kAcceptPause{1};

std::optional<asio::ip::address> loopback(const std::string& host) noexcept {
  if (host == "localhost") return asio::ip::address_v4::loopback();
  std::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  return !error && address.is_loopback() ? std::optional(address) : std::nullopt;
}

/// The page, made again when it is too old. Of the listener's thread.
class CachedPage {
 public:
  CachedPage(std::function<std::string()> make, Duration age_max)
      : make_(std::move(make)), age_max_(age_max) {}

  const std::string& get() {
    const Instant now = clock_.now();
    if (!made_at_ || now - *made_at_ >= age_max_) {
      text_ = make_();
      made_at_ = clock_.now();
    }
    return text_;
  }
  [[nodiscard]] UtcInstant utc() const { return clock_.utc(); }

 private:
  std::function<std::string()> make_;
  Duration age_max_;
  SystemClock clock_;
  std::optional<Instant> made_at_;
  std::string text_;
};

/// One request and its answer. Keeps itself alive while something is under way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::size_t request_bytes_max, CachedPage& page)
      : socket_(std::move(socket)),
        deadline_(socket_.get_executor()),
        request_bytes_max_(request_bytes_max),
        page_(page) {}

  void start(Duration time_max, std::function<void()> ended) {
    ended_ = std::move(ended);
    deadline_.expires_after(std::chrono::microseconds(time_max.count()));
    deadline_.async_wait([self = shared_from_this()](const std::error_code& error) {
      if (!error) self->close();
    });
    asio::async_read_until(
        socket_, asio::dynamic_buffer(request_, request_bytes_max_), kHeadEnd,
        [self = shared_from_this()](const std::error_code& error, std::size_t size) {
          if (error == asio::error::not_found) return self->answer({431, false});  // It is full.
          if (error) return self->close();
          self->answer(judge_request(std::string_view(self->request_).substr(0, size), kPath));
        });
  }

  void close() {
    if (!ended_) return;
    deadline_.cancel();
    std::error_code ignored;  // It is closed either way.
    (void)socket_.close(ignored);
    std::exchange(ended_, nullptr)();
  }

 private:
  void answer(const HttpReply& reply) {
    response_ =
        http_response(reply, reply.status == 200 ? page_.get() : std::string{}, page_.utc());
    asio::async_write(socket_, asio::buffer(response_),
                      [self = shared_from_this()](const std::error_code& error, std::size_t) {
                        if (error) return self->close();
                        std::error_code ignored;  // The peer is gone: the next read says so.
                        (void)self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
                        self->drain();
                      });
  }

  /// Closing on unread bytes would reset the connection, and the client might lose the answer.
  void drain() {
    socket_.async_read_some(asio::buffer(rest_),
                            [self = shared_from_this()](const std::error_code& error, std::size_t) {
                              error ? self->close() : self->drain();
                            });
  }

  tcp::socket socket_;
  asio::steady_timer deadline_;
  const std::size_t request_bytes_max_;
  CachedPage& page_;
  std::string request_;
  std::string response_;
  std::array<char, 512> rest_{};
  std::function<void()> ended_;
};

}  // namespace

bool is_loopback(const std::string& host) noexcept { return loopback(host).has_value(); }

class MetricsListener::Impl {
 public:
  Impl(MetricsListenerOptions options, std::function<std::string()> page)
      : options_(std::move(options)), page_(std::move(page), options_.page_age_max) {}

  ~Impl() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      stopping_ = true;
      std::error_code ignored;
      (void)acceptor_.close(ignored);
      pause_.cancel();
      while (!open_.empty()) open_.front()->close();
    });
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> listen() {
    const auto address = loopback(options_.address.host);
    if (!address) {
      return fail(Errc::permission_denied, 0, "metrics: not a loopback address; no authentication");
    }
    const tcp::endpoint endpoint(*address, options_.address.port);
    std::error_code error;
    (void)acceptor_.open(endpoint.protocol(), error);
    if (!error) (void)acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) (void)acceptor_.bind(endpoint, error);
    if (!error) (void)acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) return fail(Errc::unavailable, 0, "metrics: the address cannot be listened on");
    accept();
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](const std::error_code& error, tcp::socket socket) {
      if (stopping_) return;
      if (error) {
        pause_.expires_after(kAcceptPause);
        pause_.async_wait([this](const std::error_code& cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      // A full house is slow clients, an honest one is gone in milliseconds: the oldest leaves.
      if (open_.size() >= options_.connections_max) open_.front()->close();
      open_.push_back(
          std::make_shared<Connection>(std::move(socket), options_.request_bytes_max, page_));
      const auto at = std::prev(open_.end());
      (*at)->start(options_.connection_time_max, [this, at] { open_.erase(at); });
      accept();
    });
  }

  const MetricsListenerOptions options_;
  CachedPage page_;
  bool stopping_ = false;
  std::uint16_t port_ = 0;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::list<std::shared_ptr<Connection>> open_;  ///< Oldest first.
  std::thread thread_;
};

Result<std::unique_ptr<MetricsListener>> MetricsListener::start(MetricsListenerOptions options,
                                                                std::function<std::string()> page) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(page));
  if (const Result<void> done = impl->listen(); !done) return fail(done.error());
  return std::unique_ptr<MetricsListener>(new MetricsListener(std::move(impl)));
}

MetricsListener::MetricsListener(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
MetricsListener::~MetricsListener() = default;
std::uint16_t MetricsListener::port() const noexcept { return impl_->port(); }

}  // namespace ems::io
