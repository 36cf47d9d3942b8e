// SPDX-License-Identifier: Apache-2.0
// The metrics page against clients of every kind, over real sockets.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ems/io/metrics_listener.hpp"

namespace ems::io {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kPage = "# TYPE ems_x gauge\nems_x 1\n";
constexpr std::chrono::seconds kPatience{10};  // Then the listener hangs.

/// A client with a blocking socket.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{kPatience.count(), 0};
    (void)::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() { (void)::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view text) {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// Everything until the server closes; "(timeout)" at the end when it does not.
  std::string read_all() {
    std::string out;
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (n > 0) {
        out.append(buffer.data(), static_cast<std::size_t>(n));
        continue;
      }
      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) out += "(timeout)";
      return out;
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

class Listener {
 public:
  explicit Listener(MetricsListenerOptions options = {}) {
    options.address = {"127.0.0.1", 0};
    auto started = MetricsListener::start(std::move(options), [this] {
      ++pages;
      return std::string(kPage);
    });
    listener_ = std::move(started.value());
  }
  std::string ask(std::string_view request) {
    Client client(port());
    EXPECT_TRUE(client.send(request));
    return client.read_all();
  }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

  std::atomic<int> pages{0};

 private:
  std::unique_ptr<MetricsListener> listener_;
};

constexpr const char* kGet = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(MetricsListener, GivesThePageAndCloses) {
  Listener listener;
  const std::string answer = listener.ask(kGet);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr(" GMT\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                                "Content-Length: 27\r\nConnection: close\r\n"));
  EXPECT_TRUE(answer.ends_with(std::string("\r\n\r\n") + kPage)) << answer;
}

TEST(MetricsListener, AnswersEachRequestWithItsStatus) {
  Listener listener;
  const struct {
    const char* request;
    const char* status;
  } cases[] = {
      {"GET /metrics?x=1 HTTP/1.1\r\nhost: localhost\r\n\r\n", "200 OK"},
      {"GET /metrics HTTP/1.0\r\n\r\n", "200 OK"},
      {"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: \xC3\xA9\r\n\r\n", "200 OK"},
      {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 Not Found"},
      {"GET /metricsx HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 Not Found"},
      {"POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 Method Not Allowed"},
      {"get /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 Method Not Allowed"},
      {"GET /metrics HTTP/1.1\r\n\r\n", "400 Bad Request"},  // No Host.
      {"GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n", "400 Bad Request"},
      {"GET /metrics HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", "400 Bad Request"},
      {"GET /metrics HTTP/1.1\r\nHost : a\r\n\r\n", "400 Bad Request"},
      {"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX Y: b\r\n\r\n", "400 Bad Request"},
      {"GET /metrics HTTP/1.1\r\nHost: localhost\r\n: b\r\n\r\n", "400 Bad Request"},
      {"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: \x01\r\n\r\n", "400 Bad Request"},
      {"GET  /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"},
      {"GET /metrics\r\n\r\n", "400 Bad Request"},
      {"GET /met\trics HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"},
      {"GET /metrics http/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"},
      {"\r\n\r\n", "400 Bad Request"},
      {"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9464\r\n\r\n", "200 OK"},
      {"GET /metrics HTTP/1.1\r\nHost: LocalHost:80 \r\n\r\n", "200 OK"},
      {"GET /metrics HTTP/1.1\r\nHost:[::1]\r\n\r\n", "200 OK"},
      {"GET /metrics HTTP/1.1\r\nHost: [::1]:9464\r\n\r\n", "200 OK"},
      {"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.0\r\nHost: evil.example:9464\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: localhost:80.evil.example\r\n\r\n",
       "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: [::1\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: [::1]evil.example\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: [localhost]\r\n\r\n", "421 Misdirected Request"},
      {"GET /metrics HTTP/1.1\r\nHost: \r\n\r\n", "421 Misdirected Request"},
      {"PRI * HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(listener.ask(c.request), StartsWith("HTTP/1.1 " + std::string(c.status) + "\r\n"))
        << c.request;
  }
}

TEST(MetricsListener, HeadHasTheHeadersOfGetAndNoBody) {
  Listener listener;
  const std::string answer = listener.ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 27\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(MetricsListener, NamesTheMethodsItTakes) {
  Listener listener;
  EXPECT_THAT(listener.ask("PUT /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST(MetricsListener, ALongRequestIsRefusedAndTheAnswerArrives) {
  Listener listener({.request_bytes_max = 1024});
  std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ";
  request.append(8'000'000, 'a');  // More than buffers hold: it must be read to its end.
  EXPECT_THAT(listener.ask(request), StartsWith("HTTP/1.1 431 "));
}

TEST(MetricsListener, SurvivesGarbage) {
  Listener listener({.connection_time_max = milliseconds(300)});
  std::mt19937 random(20261121);
  for (int round = 0; round < 20; ++round) {
    std::string bytes(1 + random() % 3000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string answer = listener.ask(bytes + (round % 2 == 0 ? "\r\n\r\n" : ""));
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 400 ")) << round << answer;
  }
  EXPECT_THAT(listener.ask(kGet), StartsWith("HTTP/1.1 200 OK"));
}

TEST(MetricsListener, ASlowClientIsEndedByTheDeadlineOfItsConnection) {
  Listener listener({.connection_time_max = milliseconds(300)});
  Client slow(listener.port());
  ASSERT_TRUE(slow.connected());
  const auto begin = steady_clock::now();
  ASSERT_TRUE(slow.send("GET /metrics HT"));  // Never goes on; each byte would be in time.
  EXPECT_EQ(slow.read_all(), "");
  EXPECT_GE(steady_clock::now() - begin, std::chrono::milliseconds(250));
  EXPECT_LT(steady_clock::now() - begin, kPatience);
}

TEST(MetricsListener, AClientThatNeverReadsIsEndedToo) {
  Listener listener({.connection_time_max = milliseconds(300)});
  Client lazy(listener.port());
  ASSERT_TRUE(lazy.send(kGet));
  EXPECT_THAT(listener.ask(kGet), StartsWith("HTTP/1.1 200 OK"));
  const auto begin = steady_clock::now();
  while (lazy.send("x") && steady_clock::now() - begin < kPatience) {  // Taken until it is closed.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_LT(steady_clock::now() - begin, kPatience);
}

TEST(MetricsListener, ManySlowClientsDoNotKeepAnHonestOneOut) {
  Listener listener({.connections_max = 4, .connection_time_max = seconds(60)});
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::make_unique<Client>(listener.port()));
    ASSERT_TRUE(slow.back()->connected());
    (void)slow.back()->send("GET");  // The listener may have closed it already.
  }
  EXPECT_THAT(listener.ask(kGet), StartsWith("HTTP/1.1 200 OK"));
  for (int i = 0; i < 36; ++i) EXPECT_EQ(slow[static_cast<std::size_t>(i)]->read_all(), "") << i;
}

TEST(MetricsListener, ScrapesInARowShareAPage) {
  Listener shared({.page_age_max = seconds(60)});
  for (int i = 0; i < 5; ++i) EXPECT_THAT(shared.ask(kGet), HasSubstr(kPage));
  EXPECT_EQ(shared.pages, 1);
  Listener fresh({.page_age_max = Duration::zero()});
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fresh.ask(kGet), HasSubstr(kPage));
  EXPECT_EQ(fresh.pages, 5);
}

TEST(MetricsListener, OnlyAGoodRequestMakesAPage) {
  Listener listener;
  (void)listener.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  (void)listener.ask("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  (void)listener.ask("nonsense\r\n\r\n");
  EXPECT_EQ(listener.pages, 0);
}

TEST(MetricsListener, EndsWithConnectionsOpen) {
  auto listener = std::make_unique<Listener>();
  Client waiting(listener->port());
  ASSERT_TRUE(waiting.send("GET /"));
  EXPECT_THAT(listener->ask(kGet), StartsWith("HTTP/1.1 200 OK"));  // Both were accepted.
  listener.reset();
  EXPECT_EQ(waiting.read_all(), "");
}

TEST(MetricsListener, TheSameAddressTwiceIsAnError) {
  Listener first;
  const auto second =
      MetricsListener::start({.address = {"127.0.0.1", first.port()}}, [] { return ""; });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace ems::io
