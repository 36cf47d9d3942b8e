// SPDX-License-Identifier: Apache-2.0
#include "ems/io/link/byte_link.hpp"

#include <gtest/gtest.h>

#include "support/modbus_peers.hpp"

namespace ems::test {
namespace {

using io::ByteLink;
using io::LinkError;

// What a link told us.
struct Seen {
  std::optional<std::optional<LinkError>> opened;
  std::optional<LinkError> down;
  std::string received;

  void watch(ByteLink& link) {
    link.on_receive([this](Bytes data) {
      for (const std::byte b : data) received += static_cast<char>(b);
    });
    link.on_down([this](const LinkError& error) { down = error; });
  }
  void open(asio::io_context& io, ByteLink& link) {
    opened.reset();
    link.open([this](const LinkError* error) {
      opened = error != nullptr ? std::optional{*error} : std::nullopt;
    });
    EXPECT_FALSE(opened) << "called from within open()";
    ASSERT_TRUE(run_until(io, [this] { return opened.has_value(); }));
  }
};

Bytes text(std::string_view s) { return std::as_bytes(std::span{s}); }

TEST(SerialLink, CarriesEveryByteBothWaysRaw) {
  PtyPair pty;
  asio::io_context io;
  const auto link = io::make_serial_link(io.get_executor(), {pty.device(), 9600});
  Seen seen;
  seen.watch(*link);
  seen.open(io, *link);
  ASSERT_FALSE(seen.opened->has_value()) << (*seen.opened)->message;
  const std::string all = [] {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    return bytes;
  }();
  ASSERT_EQ(::write(pty.host(), all.data(), all.size()), 256);
  ASSERT_TRUE(run_until(io, [&] { return seen.received.size() >= all.size(); }));
  EXPECT_EQ(seen.received, all);

  ASSERT_TRUE(link->write(text(all)));
  std::string got;
  ASSERT_TRUE(run_until(io, [&] {
    std::array<char, 512> data{};
    while (readable(pty.host(), 0)) {
      const ssize_t size = ::read(pty.host(), data.data(), data.size());
      if (size <= 0) break;
      got.append(data.data(), static_cast<std::size_t>(size));
    }
    return got.size() >= all.size();
  }));
  EXPECT_EQ(got, all);
  EXPECT_EQ(link->counters().bytes_in, 256U);
  EXPECT_TRUE(run_until(io, [&] { return link->counters().bytes_out == 256U; }));
}

TEST(SerialLink, SaysWhyItCannotOpen) {
  asio::io_context io;
  Seen seen;
  const auto gone = io::make_serial_link(io.get_executor(), {"/dev/ems-no-such-line", 9600});
  seen.open(io, *gone);
  ASSERT_TRUE(seen.opened->has_value());
  EXPECT_EQ((*seen.opened)->message, "/dev/ems-no-such-line: No such file or directory");
  EXPECT_EQ((*seen.opened)->error.code, Errc::io);
  EXPECT_FALSE(gone->is_open());
  EXPECT_EQ(gone->write(text("x")).error().code, Errc::unavailable);

  PtyPair pty;
  const auto odd = io::make_serial_link(io.get_executor(), {pty.device(), 9601});
  seen.open(io, *odd);
  EXPECT_EQ((*seen.opened)->error.code, Errc::invalid_argument);
}

TEST(SerialLink, ALineIsTakenByOneOnly) {
  PtyPair pty;
  asio::io_context io;
  const auto first = io::make_serial_link(io.get_executor(), {pty.device(), 9600});
  const auto second = io::make_serial_link(io.get_executor(), {pty.device(), 9600});
  Seen a;
  Seen b;
  a.open(io, *first);
  ASSERT_FALSE(a.opened->has_value());
  b.open(io, *second);
  ASSERT_TRUE(b.opened->has_value());
  EXPECT_EQ((*b.opened)->error.code, Errc::unavailable);
  first->close();
  b.open(io, *second);
  EXPECT_FALSE(b.opened->has_value()) << (*b.opened)->message;
}

TEST(SerialLink, ReportsALostLine) {
  auto pty = std::make_unique<PtyPair>();
  asio::io_context io;
  const auto link = io::make_serial_link(io.get_executor(), {pty->device(), 9600});
  Seen seen;
  seen.watch(*link);
  seen.open(io, *link);
  pty->unplug();
  ASSERT_TRUE(run_until(io, [&] { return seen.down.has_value(); }));
  EXPECT_EQ(seen.down->error.code, Errc::io);
  EXPECT_FALSE(link->is_open());
  EXPECT_EQ(link->counters().failures, 1U);
}

TEST(TcpLink, CarriesBytesAndReportsTheEnd) {
  ScriptedServer server([](Bytes request) -> std::optional<std::vector<std::byte>> {
    if (request[0] == std::byte{'!'}) return std::nullopt;
    return std::vector<std::byte>(request.begin(), request.end());
  });
  asio::io_context io;
  const auto link = io::make_tcp_link(io.get_executor(), "127.0.0.1", server.port());
  Seen seen;
  seen.watch(*link);
  seen.open(io, *link);
  ASSERT_FALSE(seen.opened->has_value());
  ASSERT_TRUE(link->write(text("hello")));
  ASSERT_TRUE(run_until(io, [&] { return seen.received == "hello"; }));
  ASSERT_TRUE(link->write(text("!")));
  ASSERT_TRUE(run_until(io, [&] { return seen.down.has_value(); }));
  EXPECT_NE(seen.down->message.find("closed by the other end"), std::string::npos);
  seen.open(io, *link);
  EXPECT_FALSE(seen.opened->has_value()) << "it may be opened again";
}

TEST(TcpLink, RefusesWhatDoesNotFitItsQueue) {
  ScriptedServer server([](Bytes) { return std::optional{std::vector<std::byte>{}}; });
  asio::io_context io;
  const auto link = io::make_tcp_link(io.get_executor(), "127.0.0.1", server.port());
  Seen seen;
  seen.open(io, *link);
  const std::vector<std::byte> large(io::kLinkWriteQueueSize + 1);
  EXPECT_EQ(link->write(large).error().code, Errc::resource_exhausted);
  EXPECT_TRUE(link->write(Bytes{large}.first(io::kLinkWriteQueueSize)));
}

TEST(TcpLink, ClosingWhileOpeningCallsNobody) {
  asio::io_context io;
  const auto link = io::make_tcp_link(io.get_executor(), "127.0.0.1", 1);
  int calls = 0;
  link->open([&calls](const LinkError*) { ++calls; });
  link->close();
  io.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace ems::test
