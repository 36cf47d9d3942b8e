// SPDX-License-Identifier: Apache-2.0
// detect_can() on a pty behind which an slcan adapter is played, and on a socketcand's TCP. The
// peer is played from within `cancelled`, in the one thread of the test: no load can hurry it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "ems/io/detect.hpp"
#include "ems/io/link/can_endpoint.hpp"
#include "support/modbus_peers.hpp"

namespace ems::test {
namespace {

using io::CanDetection;
using protocol::DetectVerdict;

constexpr std::string_view kPylontechWithDeyeExtras =
    "t35181402740E740ECC01\rt35541A006400\rt35684E13020304050000\rt35980000000001504E00\r"
    "t35C2C000\rt3618E40CE40C00000000\rt363401000100\r";
constexpr Duration kShort = milliseconds(200);

/// An adapter at the host side of a pty.
class SlcanPeer {
 public:
  /// @param speaks_at  The command whose bus has traffic, e.g. `S6`.
  /// @param mode       `L` or `O`: the way to open in which it hears it.
  SlcanPeer(std::string speaks_at, char mode) : speaks_at_(std::move(speaks_at)), mode_(mode) {
    ::fcntl(pty_.host(), F_SETFL, O_NONBLOCK);
  }
  [[nodiscard]] io::BatteryLink link() const {
    return io::SlcanEndpoint{pty_.device(), 115'200, {}};
  }
  /// Answers what has come; each command at once, frames with the answer to the last.
  bool play() {
    char byte = 0;
    while (::read(pty_.host(), &byte, 1) == 1) {
      said += byte;
      command_ += byte;
      if (byte == '\r') answer();
    }
    return false;
  }

  std::string said;
  bool refuses = false;
  bool unplugs = false;

 private:
  void answer() {
    const std::string command = std::exchange(command_, "");
    if (command.starts_with('S')) rate_ = command.substr(0, 2);
    std::string reply = "\r";
    const bool opens = command.starts_with('O') || command.starts_with('L');
    if (opens && refuses) reply = "\a";
    if (opens && !refuses && rate_ == speaks_at_ && command.front() == mode_) {
      reply += kPylontechWithDeyeExtras;
    }
    EXPECT_EQ(::write(pty_.host(), reply.data(), reply.size()), static_cast<ssize_t>(reply.size()));
    if (opens && unplugs) pty_.unplug();
  }

  PtyPair pty_;
  std::string speaks_at_;
  char mode_;
  std::string rate_;
  std::string command_;
};

CanDetection run(SlcanPeer& peer, const io::CanListening& listening) {
  return io::detect_can(peer.link(), listening, [&peer] { return peer.play(); });
}

TEST(DetectCan, HearsAnSlcanAdapterAndSendsNothingButItsOpening) {
  SlcanPeer peer("S6", 'L');
  const CanDetection detection = run(peer, {.listen = kShort});
  ASSERT_FALSE(detection.failed) << detection.failed->message;
  EXPECT_EQ(detection.verdict, DetectVerdict::found);
  EXPECT_EQ(detection.frames, 7U);
  ASSERT_FALSE(detection.ranked.empty());
  EXPECT_EQ(detection.ranked.front().codec->name(), "deye-lv-can");
  EXPECT_EQ(detection.bit_rate, 500'000U);
  peer.play();
  EXPECT_EQ(peer.said, "C\rC\rC\rS6\rL\rC\r") << "opened listen-only, closed, no frame sent";
  EXPECT_EQ(io::site_lines(peer.link(), detection, detection.ranked.front()),
            "batteries:\n  - id: 1\n    protocol: deye-lv-can\n    slcan: {device: " +
                std::get<io::SlcanEndpoint>(peer.link()).device + "}\n");
}

TEST(DetectCan, TriesTheOtherBitRatesWhileNothingIsHeard) {
  SlcanPeer peer("S5", 'L');
  const CanDetection detection = run(peer, {.listen = kShort});
  EXPECT_EQ(detection.verdict, DetectVerdict::found);
  EXPECT_EQ(detection.bit_rate, 250'000U);
  peer.play();
  EXPECT_TRUE(peer.said.starts_with("C\rC\rC\rS6\rL\r")) << peer.said;
  EXPECT_TRUE(peer.said.ends_with("C\rC\rC\rS5\rL\rC\r")) << peer.said;
  EXPECT_NE(
      io::site_lines(peer.link(), detection, detection.ranked.front()).find(", bit_rate: 250000}"),
      std::string::npos)
      << "it is not the protocol's usual one";
}

TEST(DetectCan, StaysAtTheBitRateThatIsSaid) {
  SlcanPeer peer("S5", 'L');
  const CanDetection detection = run(peer, {.listen = kShort, .bit_rate = 500'000});
  EXPECT_EQ(detection.verdict, DetectVerdict::nothing);
  EXPECT_EQ(detection.frames, 0U);
  EXPECT_EQ(peer.said.find("S5"), std::string::npos);
}

TEST(DetectCan, AcknowledgesOnDemandAndOnlyAtAKnownRate) {
  SlcanPeer peer("S6", 'O');
  EXPECT_EQ(run(peer, {.listen = kShort, .bit_rate = 500'000}).frames, 0U);
  EXPECT_EQ(run(peer, {.listen = kShort, .bit_rate = 500'000, .acknowledge = true}).verdict,
            DetectVerdict::found);
  peer.play();  // The end of the run before.
  peer.said.clear();
  const CanDetection blind = run(peer, {.listen = kShort, .acknowledge = true});
  ASSERT_TRUE(blind.failed);
  EXPECT_EQ(blind.failed->error.code, Errc::invalid_argument);
  peer.play();
  EXPECT_EQ(peer.said, "");
}

TEST(DetectCan, ABusThatIsRefusedLostOrMissingIsNamed) {
  SlcanPeer refusing("S6", 'L');
  refusing.refuses = true;
  const CanDetection refused = run(refusing, {.listen = kShort});
  ASSERT_TRUE(refused.failed);
  EXPECT_EQ(refused.failed->error.code, Errc::device_error);

  SlcanPeer lost("S6", 'L');
  lost.unplugs = true;
  const CanDetection gone = run(lost, {.listen = seconds(60)});
  ASSERT_TRUE(gone.failed);
  EXPECT_EQ(gone.failed->error.code, Errc::io);

  const CanDetection missing = io::detect_can(io::SocketcanEndpoint{"nocan9"}, {.listen = kShort});
  ASSERT_TRUE(missing.failed);
  EXPECT_EQ(missing.failed->error.code, Errc::io);
  const CanDetection not_ours =
      io::detect_can(io::SocketcanEndpoint{"nocan9"}, {.listen = kShort, .bit_rate = 500'000});
  ASSERT_TRUE(not_ours.failed);
  EXPECT_EQ(not_ours.failed->error.code, Errc::invalid_argument);
  const CanDetection no_bus = io::detect_can(io::BatteryLink{}, {.listen = kShort});
  ASSERT_TRUE(no_bus.failed);
  EXPECT_EQ(no_bus.failed->error.code, Errc::invalid_argument);
}

TEST(DetectCan, CanBeCancelled) {
  SlcanPeer peer("S6", 'L');
  int asked = 0;
  const CanDetection detection =
      io::detect_can(peer.link(), {.listen = seconds(600)}, [&] { return ++asked > 3; });
  EXPECT_TRUE(detection.cancelled);
  EXPECT_FALSE(detection.failed);
}

TEST(DetectCan, HearsASocketcandOverTcp) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<::sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<::sockaddr*>(&address), &size), 0);
  const io::BatteryLink bus =
      *io::parse_can_endpoint("socketcand:127.0.0.1:" + std::to_string(::ntohs(address.sin_port)));

  int peer = -1;
  std::string said;
  const auto say = [&peer](std::string_view text) {
    EXPECT_EQ(::send(peer, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  };
  const auto play = [&] {
    if (peer < 0) {
      peer = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      if (peer >= 0) say("< hi >");
      return false;
    }
    char byte = 0;
    while (::recv(peer, &byte, 1, 0) == 1) {
      said += byte;
      if (said.ends_with("< open can0 >")) say("< ok >");
      if (said.ends_with("< rawmode >")) {
        say("< ok >< frame 351 1.0 1402740E740ECC01 >< frame 355 1.0 1A006400 >"
            "< frame 359 1.0 0000000001504E00 >< frame 361 1.0 E40CE40C >< frame x >");
      }
    }
    return false;
  };
  const CanDetection detection = io::detect_can(bus, {.listen = kShort}, play);
  ASSERT_FALSE(detection.failed) << detection.failed->message;
  EXPECT_EQ(detection.verdict, DetectVerdict::found);
  EXPECT_EQ(detection.frames, 4U);
  EXPECT_EQ(detection.refused, 1U);
  EXPECT_FALSE(detection.bit_rate) << "the server's business";
  EXPECT_EQ(said, "< open can0 >< rawmode >");
  ::close(peer);
  ::close(listener);
}

}  // namespace
}  // namespace ems::test
