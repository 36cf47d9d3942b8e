// SPDX-License-Identifier: Apache-2.0
// CAN buses behind adapters: cut, garbled, refused, gone and returned. SocketCAN runs on a socket
// pair here: this kernel has no CAN.
#include "ems/io/link/can_adapters.hpp"

#include <gtest/gtest.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <sys/socket.h>

#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/write.hpp>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "ems/protocol/candump.hpp"
#include "ems/protocol/cannelloni.hpp"
#include "support/frames.hpp"
#include "support/modbus_peers.hpp"

namespace ems::test {
namespace {

using asio::ip::tcp;
using asio::ip::udp;
using io::CanLink;
using io::LinkError;

protocol::CanFrame can(std::string_view text) {
  return protocol::to_can_frame(protocol::parse_can_text(text).value()).value();
}

/// What a link told us.
struct Seen {
  std::optional<std::optional<LinkError>> opened;
  std::optional<LinkError> down;
  std::vector<std::uint32_t> ids;

  explicit Seen(CanLink& link) {
    link.on_receive([this](const protocol::CanFrame& frame) { ids.push_back(frame.id); });
    link.on_down([this](const LinkError& error) { down = error; });
  }
  void begin(CanLink& link) {
    opened.reset();
    link.open([this](const LinkError* error) {
      opened = error != nullptr ? std::optional{*error} : std::nullopt;
    });
    EXPECT_FALSE(opened) << "called from within open()";
  }
  [[nodiscard]] bool is_up() const { return opened && !opened->has_value(); }
  [[nodiscard]] Errc refusal() const {
    return opened && opened->has_value() ? (*opened)->error.code : Errc::internal;
  }
};

/// A stream in the hands of the test.
class FakeStream final : public io::ByteLink {
 public:
  explicit FakeStream(asio::io_context& io) : io_(io) {}
  void on_receive(ReceiveHandler handler) override { receive_ = std::move(handler); }
  void on_down(DownHandler handler) override { down_ = std::move(handler); }
  void open(OpenHandler handler) override {
    asio::post(io_, [this, handler = std::move(handler)] {
      open_ = true;
      handler(nullptr);
    });
  }
  void close() override { open_ = false; }
  [[nodiscard]] bool is_open() const override { return open_; }
  [[nodiscard]] Result<void> write(Bytes data) override {
    if (full) return fail(Errc::resource_exhausted, 0, "fake: full");
    for (const std::byte byte : data) written += std::to_integer<char>(byte);
    return {};
  }
  [[nodiscard]] std::string_view name() const override { return "fake"; }
  [[nodiscard]] io::LinkCounters counters() const override { return {}; }

  void say(std::string_view text) { receive_(std::as_bytes(std::span(text))); }
  void drop() {
    open_ = false;
    down_({fail(Errc::io, 0, "lost").error, "fake: unplugged"});
  }

  std::string written;
  bool full = false;

 private:
  asio::io_context& io_;
  ReceiveHandler receive_;
  DownHandler down_;
  bool open_ = false;
};

class StreamedCan : public testing::Test {
 protected:
  void make_slcan(const io::SlcanOptions& options = {}) {
    link_ = io::make_slcan_link(io_.get_executor(), take_stream(), options);
    seen_.emplace(*link_);
  }
  void make_socketcand(const std::string& bus = "can0") {
    link_ = io::make_socketcand_link(io_.get_executor(), take_stream(), bus);
    seen_.emplace(*link_);
  }
  void begin() {
    seen_->begin(*link_);
    ASSERT_TRUE(run_until(io_, [this] { return stream_->is_open() || seen_->opened; }));
  }
  /// An adapter that answers each command.
  void open_slcan() {
    make_slcan();
    begin();
    stream_->say("\x07\x07\r\r\r");
    ASSERT_TRUE(seen_->is_up());
  }
  void open_socketcand() {
    make_socketcand();
    begin();
    stream_->say("< hi >< ok >< ok >");
    ASSERT_TRUE(seen_->is_up());
  }

  asio::io_context io_;
  FakeStream* stream_ = nullptr;
  std::unique_ptr<CanLink> link_;
  std::optional<Seen> seen_;

 private:
  std::unique_ptr<io::ByteLink> take_stream() {
    auto stream = std::make_unique<FakeStream>(io_);
    stream_ = stream.get();
    return stream;
  }
};

using SlcanLink = StreamedCan;
using SocketcandLink = StreamedCan;

TEST_F(SlcanLink, OpensAnAdapterThatAnswers) {
  make_slcan();
  begin();
  EXPECT_EQ(stream_->written, "C\rC\rC\rS6\rO\r");
  stream_->say("\x07\x07\rt3511AA\r\r");  // A frame of the time before is not ours.
  EXPECT_FALSE(seen_->opened);
  EXPECT_EQ(link_->write(can("305#")).error().code, Errc::unavailable);
  stream_->say("\rt3552BBCC\r");
  EXPECT_TRUE(seen_->is_up());
  EXPECT_EQ(seen_->ids, std::vector<std::uint32_t>{0x355});
  EXPECT_EQ(link_->counters().opens, 1U);
  EXPECT_EQ(link_->name(), "slcan:fake");
}

TEST_F(SlcanLink, OpensAnAdapterThatNeverAnswers) {
  make_slcan();
  begin();
  ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  EXPECT_TRUE(seen_->is_up());
  EXPECT_TRUE(link_->write(can("305#00")));
  stream_->say("\x07\x07\x07\x07\x07");  // Of what was sent, not of opening.
  EXPECT_TRUE(link_->is_open());
  EXPECT_EQ(link_->counters().unsent, 5U);
}

TEST_F(SlcanLink, AnAdapterThatRefusesIsANamedFailure) {
  make_slcan();
  begin();
  stream_->say("\r\r\r\x07\x07");
  EXPECT_EQ(seen_->refusal(), Errc::device_error);
  EXPECT_EQ((*seen_->opened)->message, "slcan:fake: the adapter refuses to open its channel");
  EXPECT_FALSE(link_->is_open() || stream_->is_open());
  EXPECT_EQ(link_->counters().failures, 1U);
}

TEST_F(SlcanLink, AmongNoiseNothingIsTakenForARefusal) {
  make_slcan();
  begin();
  stream_->say("banner\r\x07\x07\x07\x07\x07\x07");
  EXPECT_FALSE(seen_->opened);
  ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  EXPECT_TRUE(seen_->is_up());
  EXPECT_EQ(link_->counters().refused, 1U);
}

TEST_F(SlcanLink, ABitRateWithoutANameIsRefused) {
  make_slcan({.bit_rate = 83'333});
  begin();
  ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  EXPECT_EQ(seen_->refusal(), Errc::invalid_argument);
}

TEST_F(SlcanLink, AStreamThatTakesNothingIsAFailure) {
  make_slcan();
  stream_->full = true;
  begin();
  ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  EXPECT_EQ(seen_->refusal(), Errc::resource_exhausted);
}

TEST_F(SlcanLink, GarbageIsCountedAndTheNextFrameIsHeard) {
  open_slcan();
  stream_->say("\xff\x01garbage\rt35111\rd1231AA\rt3511");
  stream_->say("A");
  stream_->say("A\r");
  EXPECT_EQ(seen_->ids, std::vector<std::uint32_t>{0x351});
  EXPECT_EQ(link_->counters().refused, 3U) << "garbage, a cut line, CAN FD";
}

TEST_F(SlcanLink, WritesFramesAndCountsRefusals) {
  open_slcan();
  stream_->written.clear();
  EXPECT_TRUE(link_->write(can("305#0102")));
  EXPECT_TRUE(link_->write(can("00000305#R4")));
  EXPECT_EQ(stream_->written, "t30520102\rR000003054\r");
  EXPECT_EQ(link_->write({.id = 0x800}).error().code, Errc::out_of_range);
  stream_->say("z\r\x07");
  EXPECT_EQ(link_->counters().unsent, 1U);
  EXPECT_EQ(link_->counters().frames_out, 2U);
  stream_->full = true;
  EXPECT_EQ(link_->write(can("305#")).error().code, Errc::resource_exhausted);
  EXPECT_EQ(link_->counters().frames_out, 2U);
}

TEST_F(SlcanLink, ListenOnlySendsNothing) {
  make_slcan({.bit_rate = 250'000, .listen_only = true});
  begin();
  EXPECT_EQ(stream_->written, "C\rC\rC\rS5\rL\r");
  stream_->say("\r\r\r\r\r");
  ASSERT_TRUE(seen_->is_up());
  EXPECT_EQ(link_->write(can("305#")).error().code, Errc::failed_precondition);
}

TEST_F(SlcanLink, ClosesTheChannelAndOpensAgain) {
  open_slcan();
  stream_->written.clear();
  stream_->say("t35");
  link_->close();
  EXPECT_EQ(stream_->written, "C\r");
  EXPECT_FALSE(link_->is_open());
  begin();
  stream_->say("\r\r\r\r\rt3551AA\r");
  EXPECT_TRUE(seen_->is_up());
  EXPECT_EQ(seen_->ids, std::vector<std::uint32_t>{0x355}) << "the line of the time before is gone";
}

TEST_F(SlcanLink, IsLostWithItsStreamAndWhileOpening) {
  open_slcan();
  stream_->drop();
  ASSERT_TRUE(seen_->down);
  EXPECT_EQ(seen_->down->message, "fake: unplugged");
  EXPECT_FALSE(link_->is_open());
  begin();
  stream_->drop();
  EXPECT_EQ(seen_->refusal(), Errc::io);
}

TEST_F(SlcanLink, OpeningTwiceIsRefused) {
  open_slcan();
  seen_->begin(*link_);
  ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  EXPECT_EQ(seen_->refusal(), Errc::failed_precondition);
  EXPECT_TRUE(link_->is_open());
}

TEST_F(SlcanLink, MayBeDestroyedByItsOwnHandlers) {
  open_slcan();
  link_->on_receive([this](const protocol::CanFrame&) { link_.reset(); });
  stream_->say("t3511AA\rt3551AA\r");
  EXPECT_EQ(link_, nullptr);
  open_slcan();
  link_->on_down([this](const LinkError&) { link_.reset(); });
  stream_->drop();
  EXPECT_EQ(link_, nullptr);
}

TEST_F(SlcanLink, SpeaksOverAPtyAndSurvivesItsEnd) {
  PtyPair pty;
  link_ = io::make_slcan_link(
      io_.get_executor(), io::make_serial_link(io_.get_executor(), {pty.device(), 115'200}), {});
  seen_.emplace(*link_);
  seen_->begin(*link_);
  ASSERT_TRUE(run_until(io_, [&] { return readable(pty.host(), 0); }));
  for (const char* part : {"\r\r\r", "\r\rt35", "1280011", "\r"}) {
    ASSERT_GT(::write(pty.host(), part, std::strlen(part)), 0);
    run_until(io_, [] { return true; });
  }
  const std::string rest = "t355400112233\r";
  ASSERT_GT(::write(pty.host(), rest.data(), rest.size()), 0);
  ASSERT_TRUE(run_until(io_, [this] { return !seen_->ids.empty(); }));
  EXPECT_EQ(seen_->ids, std::vector<std::uint32_t>{0x355}) << "the first has too few bytes";
  pty.unplug();
  ASSERT_TRUE(run_until(io_, [this] { return seen_->down.has_value(); }));
  EXPECT_EQ(seen_->down->error.code, Errc::io);
}

TEST_F(SocketcandLink, OpensItsBusAndHearsItHoweverItIsCut) {
  make_socketcand("vcan7");
  begin();
  EXPECT_EQ(stream_->written, "");
  stream_->say("< h");
  stream_->say("i >");
  EXPECT_EQ(stream_->written, "< open vcan7 >");
  stream_->say("< ok >");
  EXPECT_EQ(stream_->written, "< open vcan7 >< rawmode >");
  stream_->say("< ok >< frame 351 1.0 AA >< frame 12ABC");
  EXPECT_TRUE(seen_->is_up());
  stream_->say("DEF 1.0 AA55 >< error 20000004 1.0 >< fdframe 1 1.0 0 11 >< frame x >");
  EXPECT_EQ(seen_->ids, (std::vector<std::uint32_t>{0x351, 0x12ABCDEF}));
  EXPECT_EQ(link_->counters().refused, 3U);
  EXPECT_EQ(link_->name(), "socketcand:fake/vcan7");
}

TEST_F(SocketcandLink, ARefusalIsNamedInTheServersWords) {
  make_socketcand();
  begin();
  stream_->say("< hi >< error could not open bus >");
  EXPECT_EQ(seen_->refusal(), Errc::device_error);
  EXPECT_EQ((*seen_->opened)->message,
            "socketcand:fake/can0: the server refuses: could not open bus");
  EXPECT_FALSE(stream_->is_open());
}

TEST_F(SocketcandLink, ABusThatCannotBeIsRefused) {
  make_socketcand("can 0");
  begin();
  ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  EXPECT_EQ(seen_->refusal(), Errc::invalid_argument);
}

TEST_F(SocketcandLink, AServerThatIsSilentIsATimeout) {
  make_socketcand();
  begin();
  stream_->say("SSH-2.0-not_what_you_think\r\n");
  ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  EXPECT_EQ(seen_->refusal(), Errc::timeout);
}

TEST_F(SocketcandLink, WritesDataFramesOnly) {
  open_socketcand();
  stream_->written.clear();
  EXPECT_TRUE(link_->write(can("305#01F1")));
  EXPECT_EQ(stream_->written, "< send 305 2 1 f1 >");
  EXPECT_EQ(link_->write(can("305#R")).error().code, Errc::unimplemented);
  stream_->say("< error unknown command >");
  EXPECT_EQ(link_->counters().unsent, 1U);
  EXPECT_TRUE(link_->is_open());
}

TEST_F(SocketcandLink, SpeaksOverTcpAndSeesTheServerGo) {
  tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  link_ = io::make_socketcand_link(
      io_.get_executor(),
      io::make_tcp_link(io_.get_executor(), "127.0.0.1", acceptor.local_endpoint().port()), "can0");
  seen_.emplace(*link_);
  seen_->begin(*link_);
  tcp::socket server(io_);
  bool accepted = false;
  acceptor.async_accept(server, [&](const std::error_code& error) { accepted = !error; });
  ASSERT_TRUE(run_until(io_, [&] { return accepted; }));
  const std::string all = "< hi >< ok >< ok >< frame 351 1.0 AA >";
  for (const char c : all) asio::write(server, asio::buffer(&c, 1));
  ASSERT_TRUE(run_until(io_, [this] { return !seen_->ids.empty(); }));
  server.close();
  ASSERT_TRUE(run_until(io_, [this] { return seen_->down.has_value(); }));
}

class CannelloniLink : public testing::Test {
 protected:
  CannelloniLink() : peer_(io_, udp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    peer_.non_blocking(true);
  }
  void open(const std::string& host = "127.0.0.1", const std::string& listen = "127.0.0.1") {
    link_ = io::make_cannelloni_link(io_.get_executor(), {.host = host,
                                                          .port = peer_.local_endpoint().port(),
                                                          .listen_host = listen,
                                                          .listen_port = kPort});
    seen_.emplace(*link_);
    seen_->begin(*link_);
    ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  }
  void say(std::uint8_t sequence, const std::string& text) {
    const protocol::CanRecord record = protocol::parse_can_text(text).value();
    std::array<std::byte, 128> room{};
    const std::size_t size = protocol::encode_cannelloni(sequence, {&record, 1}, room).value();
    say(Bytes(room).first(size));
  }
  void say(Bytes datagram) {
    peer_.send_to(asio::buffer(datagram.data(), datagram.size()),
                  udp::endpoint(asio::ip::address_v4::loopback(), kPort));
  }

  static constexpr std::uint16_t kPort = 28'519;
  asio::io_context io_;
  udp::socket peer_;
  std::unique_ptr<CanLink> link_;
  std::optional<Seen> seen_;
};

TEST_F(CannelloniLink, CarriesFramesBothWays) {
  open();
  ASSERT_TRUE(seen_->is_up());
  say(0, "351#AA");
  say(1, "00000355#BB");
  ASSERT_TRUE(run_until(io_, [this] { return seen_->ids.size() == 2; }));
  EXPECT_TRUE(link_->write(can("305#0102")));
  EXPECT_TRUE(link_->write(can("305#R")));
  std::vector<std::string> got;
  std::array<std::byte, 128> room{};
  ASSERT_TRUE(run_until(io_, [&] {
    udp::endpoint from;
    std::error_code error;
    const std::size_t size = peer_.receive_from(asio::buffer(room), from, 0, error);
    if (!error) got.push_back(std::to_string(room[2] == std::byte{1}) + std::to_string(size));
    return got.size() == 2;
  }));
  EXPECT_EQ(got, (std::vector<std::string>{"012", "110"})) << "sequence numbers and sizes";
}

TEST_F(CannelloniLink, CountsWhatIsMissingLateAndDamaged) {
  open();
  say(10, "351#AA");
  say(13, "355#AA");
  say(12, "356#AA");  // Late: what it says is older than what is known.
  say(14, "123##1112233");
  say(test::frame("0100000000"));
  say(test::frame("0200"));
  say(15, "35C#AA");
  ASSERT_TRUE(run_until(io_, [this] { return seen_->ids.size() == 3; }));
  EXPECT_EQ(seen_->ids, (std::vector<std::uint32_t>{0x351, 0x355, 0x35C}));
  EXPECT_EQ(link_->counters().lost, 3U);
  EXPECT_EQ(link_->counters().refused, 3U);
}

TEST_F(CannelloniLink, OthersAreNotHeard) {
  open("127.0.0.2");  // The peer of this test sends from 127.0.0.1.
  say(0, "351#AA");
  ASSERT_TRUE(run_until(io_, [this] { return link_->counters().refused == 1; }));
  EXPECT_TRUE(seen_->ids.empty());
}

TEST_F(CannelloniLink, SaysWhyItCannotOpen) {
  udp::socket taken(io_, udp::endpoint(asio::ip::address_v4::loopback(), kPort));
  open();
  EXPECT_EQ(seen_->refusal(), Errc::io);
  taken.close();
  open("127.0.0.1", "not-an-address");
  EXPECT_EQ(seen_->refusal(), Errc::io);
  open("127.0.0.1", "::1");
  EXPECT_EQ(seen_->refusal(), Errc::io);
  open("host.invalid");
  EXPECT_TRUE(seen_->refusal() == Errc::io || seen_->refusal() == Errc::timeout);
  open();
  EXPECT_TRUE(seen_->is_up());
}

class SocketcanLink : public testing::Test {
 protected:
  SocketcanLink() {
    link_ = io::make_socketcan_link(io_.get_executor(), "can7",
                                    [this](const std::string& name, LinkError& error) {
                                      EXPECT_EQ(name, "can7");
                                      if (!pair_[0]) {
                                        error = {fail(Errc::io, 0, "no").error, "no such device"};
                                        return -1;
                                      }
                                      return *std::exchange(pair_[0], std::nullopt);
                                    });
    seen_.emplace(*link_);
  }
  ~SocketcanLink() override {
    for (const auto& fd : pair_) {
      if (fd) ::close(*fd);
    }
  }
  void plug() {
    int fds[2] = {};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    pair_[0] = fds[0];
    pair_[1] = fds[1];
  }
  void open() {
    seen_->begin(*link_);
    ASSERT_TRUE(run_until(io_, [this] { return seen_->opened.has_value(); }));
  }
  void say(std::uint32_t id, std::uint8_t size) {
    ::can_frame frame{};
    frame.can_id = id;
    frame.can_dlc = size;
    ASSERT_EQ(::write(*pair_[1], &frame, sizeof frame), static_cast<ssize_t>(sizeof frame));
  }

  asio::io_context io_;
  std::optional<int> pair_[2];
  std::unique_ptr<CanLink> link_;
  std::optional<Seen> seen_;
};

TEST_F(SocketcanLink, CarriesFramesBothWays) {
  plug();
  open();
  ASSERT_TRUE(seen_->is_up());
  std::vector<protocol::CanFrame> frames;
  link_->on_receive([&frames](const protocol::CanFrame& frame) { frames.push_back(frame); });
  say(0x351, 8);
  say(0x351 | CAN_EFF_FLAG, 0);
  say(0x7FF | CAN_RTR_FLAG, 4);
  ASSERT_TRUE(run_until(io_, [&frames] { return frames.size() == 3; }));
  EXPECT_EQ(frames[0], can("351#0000000000000000"));
  EXPECT_EQ(frames[1], can("00000351#"));
  EXPECT_EQ(frames[2], can("7FF#R4"));
  EXPECT_TRUE(link_->write(can("1FFFFFFF#0102")));
  EXPECT_TRUE(link_->write(can("305#R2")));
  ::can_frame got{};
  ASSERT_EQ(::read(*pair_[1], &got, sizeof got), static_cast<ssize_t>(sizeof got));
  EXPECT_EQ(got.can_id, 0x1FFFFFFFU | CAN_EFF_FLAG);
  EXPECT_EQ(got.can_dlc, 2);
  EXPECT_EQ(got.data[1], 2);
  ASSERT_EQ(::read(*pair_[1], &got, sizeof got), static_cast<ssize_t>(sizeof got));
  EXPECT_EQ(got.can_id, 0x305U | CAN_RTR_FLAG);
}

TEST_F(SocketcanLink, ErrorFramesAreCountedAndBusOffIsTheEnd) {
  plug();
  open();
  say(CAN_ERR_FLAG | CAN_ERR_CRTL, 8);
  ASSERT_EQ(::write(*pair_[1], "x", 1), 1);
  ASSERT_TRUE(run_until(io_, [this] { return link_->counters().refused == 2; }));
  EXPECT_TRUE(link_->is_open());
  say(CAN_ERR_FLAG | CAN_ERR_BUSOFF, 8);
  ASSERT_TRUE(run_until(io_, [this] { return seen_->down.has_value(); }));
  EXPECT_EQ(seen_->down->message, "socketcan:can7: the controller has left the bus (bus-off)");
  EXPECT_TRUE(seen_->ids.empty());
}

TEST_F(SocketcanLink, AFullQueueIsNamedAndTheInterfaceMayGoAndReturn) {
  plug();
  open();
  Result<void> written{};
  for (int i = 0; i < 100'000 && written; ++i) written = link_->write(can("305#0102"));
  EXPECT_EQ(written.error().code, Errc::resource_exhausted);
  ::close(*std::exchange(pair_[1], std::nullopt));
  ASSERT_TRUE(run_until(io_, [this] { return seen_->down.has_value(); }));
  EXPECT_EQ(link_->write(can("305#")).error().code, Errc::unavailable);
  open();
  EXPECT_EQ(seen_->refusal(), Errc::io);
  EXPECT_EQ((*seen_->opened)->message, "socketcan:can7: no such device");
  plug();
  open();
  EXPECT_TRUE(seen_->is_up());
}

TEST_F(SocketcanLink, TheKernelSaysWhyThereIsNoSuchInterface) {
  LinkError error;
  EXPECT_EQ(io::open_can_socket("ems-no-such-can", error), -1);
  EXPECT_EQ(error.error.code, Errc::io);
  EXPECT_FALSE(error.message.empty());
  EXPECT_EQ(io::open_can_socket("", error), -1);
  EXPECT_EQ(io::open_can_socket("a-name-that-is-too-long", error), -1);
}

}  // namespace
}  // namespace ems::test
