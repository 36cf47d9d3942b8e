// SPDX-License-Identifier: Apache-2.0
/// @file A web server on the loopback interface that answers as a test says, byte for byte.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ems/core/assert.hpp"

namespace ems::test {

struct HttpReply {
  std::string bytes;  ///< Status line, headers, body: sent as they are.
  bool hang = false;  ///< Then the connection stays open and silent, else it is closed.
};

/// `HTTP/1.1 STATUS` with a Content-Length and the body.
inline HttpReply http_reply(const std::string& status, const std::string& body,
                            const std::string& headers = {}) {
  return {"HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
          headers + "\r\n" + body};
}

/// One request per connection, one connection after another.
class ScriptedHttp {
 public:
  /// @param answer  From a request's bytes, headers included; called on the server's thread.
  explicit ScriptedHttp(std::function<HttpReply(const std::string& request)> answer)
      : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    EMS_ASSERT(listener_ >= 0 && ::bind(listener_, plain, sizeof address) == 0);
    socklen_t size = sizeof address;
    EMS_ASSERT(::getsockname(listener_, plain, &size) == 0 && ::listen(listener_, 16) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedHttp() {
    ::shutdown(listener_, SHUT_RDWR);  // Ends accept().
    thread_.join();
    for (const int held : held_) ::close(held);
    ::close(listener_);
  }
  ScriptedHttp(const ScriptedHttp&) = delete;
  ScriptedHttp& operator=(const ScriptedHttp&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Request lines so far: `GET /a HTTP/1.1`, with ` bytes=5-` where a range was asked for.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    for (;;) {
      const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      const std::string request = read_request(peer);
      if (request.empty()) {
        ::close(peer);
        continue;
      }
      note(request);
      const HttpReply reply = answer_(request);
      std::string_view rest = reply.bytes;
      while (!rest.empty()) {
        const ssize_t n = ::send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (n <= 0) break;  // The client has heard enough.
        rest.remove_prefix(static_cast<std::size_t>(n));
      }
      if (reply.hang) {
        held_.push_back(peer);
      } else {
        ::close(peer);
      }
    }
  }
  static std::string read_request(int peer) {
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t n = ::recv(peer, buffer, sizeof buffer, 0);
      if (n <= 0) return {};
      request.append(buffer, static_cast<std::size_t>(n));
    }
    return request;
  }
  void note(const std::string& request) {
    std::string line = request.substr(0, request.find("\r\n"));
    const std::size_t range = request.find("Range: ");
    if (range != std::string::npos) {
      line += " " + request.substr(range + 7, request.find("\r\n", range) - range - 7);
    }
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(line));
  }

  std::function<HttpReply(const std::string&)> answer_;
  int listener_;
  int port_ = 0;
  std::vector<int> held_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace ems::test
