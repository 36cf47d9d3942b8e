// SPDX-License-Identifier: Apache-2.0
#include "ems/io/link/byte_link.hpp"

#include <netinet/tcp.h>

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "io/link/serial_port.hpp"
#include "io/link/stream_core.hpp"

namespace ems::io {
namespace {

using asio::ip::tcp;
constexpr std::chrono::seconds kConnectTimeout{5};

template <class Stream>
class StreamLink : public ByteLink {
 public:
  StreamLink(asio::any_io_executor executor, std::string name)
      : core_(std::make_shared<detail::StreamCore<Stream>>(std::move(executor), std::move(name))) {}
  ~StreamLink() override { core_->close(); }
  StreamLink(const StreamLink&) = delete;
  StreamLink& operator=(const StreamLink&) = delete;

  void on_receive(ReceiveHandler handler) final { core_->on_receive_ = std::move(handler); }
  void on_down(DownHandler handler) final { core_->on_down_ = std::move(handler); }
  void open(OpenHandler handler) final {
    if (core_->busy()) {
      asio::post(core_->executor_, [handler = std::move(handler), name = core_->name_] {
        const LinkError error{fail(Errc::failed_precondition, 0, "link: open already").error,
                              name + ": open already"};
        handler(&error);
      });
      return;
    }
    core_->begin_open(std::move(handler));
    start();
  }
  void close() override { core_->close(); }
  [[nodiscard]] bool is_open() const final { return core_->open_; }
  [[nodiscard]] Result<void> write(Bytes data) final { return core_->write(data); }
  [[nodiscard]] std::string_view name() const final { return core_->name_; }
  [[nodiscard]] LinkCounters counters() const final { return core_->counters_; }

 protected:
  /// Begins to open core_->stream_ and ends in core_->finish_open().
  virtual void start() = 0;
  std::shared_ptr<detail::StreamCore<Stream>> core_;
};

class SerialLink final : public StreamLink<asio::posix::stream_descriptor> {
 public:
  SerialLink(asio::any_io_executor executor, SerialOptions options)
      : StreamLink(std::move(executor), options.device), options_(std::move(options)) {}

 private:
  void start() override {
    auto error = std::make_shared<LinkError>();
    const int fd = detail::open_serial(options_, *error);
    if (fd < 0) return core_->finish_open(std::move(error));
    core_->stream_.assign(fd);
    core_->finish_open(nullptr);
  }
  SerialOptions options_;
};

class TcpLink final : public StreamLink<tcp::socket> {
 public:
  TcpLink(asio::any_io_executor executor, std::string host, std::uint16_t port)
      : StreamLink(executor, "tcp://" + host + ":" + std::to_string(port)),
        attempt_(std::make_shared<Attempt>(executor)),
        host_(std::move(host)),
        port_(std::to_string(port)) {}
  ~TcpLink() override { attempt_->cancel(); }
  TcpLink(const TcpLink&) = delete;
  TcpLink& operator=(const TcpLink&) = delete;
  void close() override {
    attempt_->cancel();
    StreamLink::close();
  }

 private:
  struct Attempt {
    explicit Attempt(const asio::any_io_executor& executor) : resolver(executor), timer(executor) {}
    void cancel() {
      resolver.cancel();
      timer.cancel();
    }
    tcp::resolver resolver;
    asio::steady_timer timer;
  };

  void start() override {
    const auto generation = core_->generation_;
    attempt_->timer.expires_after(kConnectTimeout);
    attempt_->timer.async_wait([core = core_, attempt = attempt_,
                                generation](const std::error_code& cancelled) {
      if (cancelled || core->generation_ != generation || core->open_) return;
      ended(*core, fail(Errc::timeout, 0, "no connection in time").error, "no connection in time");
      attempt->cancel();
    });
    attempt_->resolver.async_resolve(
        host_, port_,
        [core = core_, attempt = attempt_, generation](const std::error_code& error,
                                                       const tcp::resolver::results_type& found) {
          if (core->generation_ != generation) return;
          if (error) return refused(*core, *attempt, error);
          asio::async_connect(
              core->stream_, found,
              [core, attempt, generation](const std::error_code& failed, const tcp::endpoint&) {
                if (core->generation_ != generation) return;
                if (failed) return refused(*core, *attempt, failed);
                attempt->timer.cancel();
                set_options(core->stream_);
                core->finish_open(nullptr);
              });
        });
  }
  // A peer that is gone without a word is noticed after 30 s, even by a link that only listens.
  static void set_options(tcp::socket& socket) {
    using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
    using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
    using Count = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
    std::error_code ignored;  // Options of comfort: the link works without them.
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    socket.set_option(Idle(15), ignored);
    socket.set_option(Interval(5), ignored);
    socket.set_option(Count(3), ignored);
  }
  // Ends an attempt so that nothing of it can arrive later, but its handler still does.
  static void ended(detail::StreamCore<tcp::socket>& core, const Error& code,
                    const std::string& text) {
    std::error_code ignored;  // The socket is thrown away.
    core.stream_.close(ignored);
    ++core.generation_;
    core.finish_open(std::make_shared<LinkError>(LinkError{code, core.name_ + ": " + text}));
  }
  static void refused(detail::StreamCore<tcp::socket>& core, Attempt& attempt,
                      const std::error_code& error) {
    ended(core, fail(Errc::io, 0, "connection refused or host unknown").error, error.message());
    attempt.timer.cancel();
  }

  std::shared_ptr<Attempt> attempt_;
  std::string host_;
  std::string port_;
};

}  // namespace

std::unique_ptr<ByteLink> make_serial_link(asio::any_io_executor executor, SerialOptions options) {
  return std::make_unique<SerialLink>(std::move(executor), std::move(options));
}

std::unique_ptr<ByteLink> make_tcp_link(asio::any_io_executor executor, std::string host,
                                        std::uint16_t port) {
  return std::make_unique<TcpLink>(std::move(executor), std::move(host), port);
}

}  // namespace ems::io
