// SPDX-License-Identifier: Apache-2.0
// One connection, two who write: the strand, and a watchdog that must not cut its frames.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "ems/protocol/modbus/tcp.hpp"
#include "io/link/tcp_writer.hpp"

namespace ems::io::detail {
namespace {

namespace modbus = protocol::modbus;
using Sent = TcpWriter::Sent;

/// A listener on loopback with small buffers, so that a peer that does not read is soon noticed.
class TcpWriterFault : public ::testing::Test {
 protected:
  TcpWriterFault() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int small = 2'048;
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, address(), sizeof address_), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    socklen_t size = sizeof address_;
    ::getsockname(listener_, address(), &size);
    ours_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::setsockopt(ours_, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    EXPECT_EQ(::connect(ours_, address(), sizeof address_), 0);
    theirs_ = ::accept(listener_, nullptr, nullptr);
    ::fcntl(ours_, F_SETFL, O_NONBLOCK);
    writer.attach(ours_);
    writer.set_stop({7, {}, {stop_pdu(1), stop_pdu(2)}});
  }
  ~TcpWriterFault() override {
    writer.end_stop();
    for (const int fd : {listener_, ours_, theirs_}) {
      if (fd >= 0) ::close(fd);
    }
  }
  static constexpr int kPatient = 10'000;
  static constexpr int kAttempts = 5;  // In a row without room: the writer gives the peer up.

  sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

  static std::vector<std::byte> stop_pdu(int step) {
    return {std::byte{16}, std::byte{0}, static_cast<std::byte>(step)};
  }
  /// What the strand sends: 253 bytes of PDU for unit 1.
  static std::vector<std::byte> frame(std::uint16_t transaction) {
    std::vector<std::byte> out(modbus::kTcpFrameSize);
    const std::vector<std::byte> pdu(modbus::kPduSize, std::byte{3});
    EXPECT_TRUE(modbus::encode_tcp(transaction, 1, pdu, out));
    return out;
  }
  /// Fills the connection until it takes no more. @return frames put in.
  int fill() {
    int frames = 0;
    while (writer.put(frame(static_cast<std::uint16_t>(frames))) == Sent::all) ++frames;
    return frames + 1;
  }
  /// Reads to the end, or until nothing came for so long. @return units in order; -1 where a frame
  /// was cut.
  static std::vector<int> units_read(int fd, int patience_ms = 200) {
    std::vector<std::byte> received;
    std::array<std::byte, 4'096> data{};
    for (pollfd item{fd, POLLIN, 0}; ::poll(&item, 1, patience_ms) > 0;) {
      const ssize_t size = ::read(fd, data.data(), data.size());
      if (size <= 0) break;
      received.insert(received.end(), data.begin(), data.begin() + size);
    }
    std::vector<int> units;
    for (std::size_t at = 0; at < received.size();) {
      const auto found = modbus::scan_tcp(Bytes{received}.subspan(at));
      if (found.noise > 0 || found.size == 0) {
        units.push_back(-1);
        break;
      }
      units.push_back(std::to_integer<int>(received[at + 6]));
      at += found.size;
    }
    return units;
  }
  bool advance(int times) {
    for (int i = 0; i < times; ++i) {
      if (writer.advance_stop()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // A connect on loopback.
    }
    return false;
  }
  /// One attempt each time the connection takes bytes again, so that no slow reader is given up.
  bool advance_as_it_takes() {
    pollfd item{ours_, POLLOUT, 0};
    for (int i = 0; i < 1'000 && ::poll(&item, 1, kPatient) > 0; ++i) {
      if (writer.advance_stop()) return true;
    }
    return false;
  }

  sockaddr_in address_{};
  int listener_;
  int ours_ = -1;
  int theirs_ = -1;
  TcpWriter writer;
};

TEST_F(TcpWriterFault, StopGoesOutStepByStepThroughTheStrandsConnection) {
  writer.begin_stop();
  EXPECT_EQ(writer.stops(), 0U);
  EXPECT_FALSE(writer.advance_stop());
  EXPECT_EQ(writer.stops(), 1U);
  EXPECT_EQ(units_read(theirs_), std::vector<int>{7}) << "one step at a time";
  EXPECT_TRUE(writer.advance_stop());
  EXPECT_EQ(units_read(theirs_), std::vector<int>{7});
  EXPECT_TRUE(writer.advance_stop()) << "done stays done";
  EXPECT_TRUE(units_read(theirs_).empty());
}

TEST_F(TcpWriterFault, AFrameThatIsHalfOnTheWireIsFinishedBeforeTheStop) {
  std::vector<int> expected(static_cast<std::size_t>(fill()), 1);
  expected.insert(expected.end(), {7, 7});
  writer.begin_stop();
  EXPECT_FALSE(writer.advance_stop()) << "the peer takes nothing";
  std::vector<int> units;
  std::thread reader([&] { units = units_read(theirs_, kPatient); });  // Now it does.
  EXPECT_TRUE(advance_as_it_takes());
  ::shutdown(ours_, SHUT_WR);
  reader.join();
  EXPECT_EQ(units, expected);
  EXPECT_EQ(writer.stops(), 1U);
}

TEST_F(TcpWriterFault, EveryByteOfBothArrivesInWholeFrames) {
  std::atomic<bool> done{false};
  std::vector<int> units;
  std::thread reader([&] { units = units_read(theirs_, kPatient); });
  std::thread watchdog([&] {
    while (!done) {
      writer.begin_stop();
      // One attempt short of giving the peer up, however slowly this machine lets it read.
      for (int i = 1; i < kAttempts && !writer.advance_stop(); ++i) std::this_thread::yield();
      writer.end_stop();
    }
  });
  int put = 0;
  for (int i = 0; i < 2'000; ++i) {
    if (writer.put(frame(static_cast<std::uint16_t>(i))) == Sent::broken) break;
    while (writer.flush() == Sent::waiting) std::this_thread::yield();
    ++put;
  }
  done = true;
  watchdog.join();
  writer.begin_stop();
  EXPECT_TRUE(advance_as_it_takes());
  ::shutdown(ours_, SHUT_WR);
  reader.join();
  EXPECT_EQ(put, 2'000);
  EXPECT_EQ(std::count(units.begin(), units.end(), -1), 0) << "a frame was cut";
  EXPECT_EQ(std::count(units.begin(), units.end(), 1), 2'000);
  EXPECT_GT(std::count(units.begin(), units.end(), 7), 0);
}

TEST_F(TcpWriterFault, APeerThatTakesNothingIsStoppedThroughASecondConnection) {
  const int frames = fill();
  writer.begin_stop();
  ASSERT_TRUE(advance(200));
  const int second = ::accept(listener_, nullptr, nullptr);
  EXPECT_EQ(units_read(second), (std::vector<int>{7, 7}));
  ::close(second);
  // What the first connection had not delivered is gone with it: it must not come after the stop.
  EXPECT_LT(units_read(theirs_).size(), static_cast<std::size_t>(frames));
  std::array<std::byte, 8> nothing{};
  EXPECT_LE(::read(theirs_, nothing.data(), nothing.size()), 0) << "the first connection has ended";
  EXPECT_EQ(writer.put(frame(1)), Sent::broken) << "the strand connects again";
}

TEST_F(TcpWriterFault, WithoutAConnectionItMakesOneToWhereTheLastOneWent) {
  writer.detach();
  ::close(std::exchange(ours_, -1));
  writer.begin_stop();
  ASSERT_TRUE(advance(200));
  const int second = ::accept(listener_, nullptr, nullptr);
  EXPECT_EQ(units_read(second), (std::vector<int>{7, 7}));
  writer.begin_stop();  // Again, on the same one.
  ASSERT_TRUE(advance(200));
  EXPECT_EQ(units_read(second), (std::vector<int>{7, 7}));
  writer.end_stop();
  std::array<std::byte, 8> nothing{};
  EXPECT_EQ(::read(second, nothing.data(), nothing.size()), 0) << "the strand is back: it closed";
  ::close(second);
}

TEST_F(TcpWriterFault, APeerThatIsGoneIsAskedOnceForEachStop) {
  writer.detach();
  ::close(std::exchange(ours_, -1));
  ::close(std::exchange(listener_, -1));
  writer.begin_stop();
  EXPECT_FALSE(advance(50));
  EXPECT_EQ(writer.stops(), 0U);
}

TEST_F(TcpWriterFault, NothingIsSentToUnitsWithoutAStop) {
  writer.set_stop({7, {}, {}});
  writer.begin_stop();
  EXPECT_TRUE(writer.advance_stop());
  EXPECT_EQ(writer.stops(), 0U);
  EXPECT_TRUE(units_read(theirs_).empty());
}

TEST(TcpWriter, NeverConnectedNeverCommandedNothingToStop) {
  TcpWriter writer;
  writer.set_stop({7, {}, {{std::byte{16}}}});
  writer.begin_stop();
  EXPECT_TRUE(writer.advance_stop());
  EXPECT_EQ(writer.put(Bytes{}), Sent::broken);
}

}  // namespace
}  // namespace ems::io::detail
