// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "ems/io/link/can_adapters.hpp"
#include "ems/protocol/cannelloni.hpp"
#include "io/link/can_core.hpp"

namespace ems::io {
namespace {

using asio::ip::udp;
constexpr std::chrono::seconds kResolveTimeout{5};

class CannelloniCore final : public detail::CanCore {
 public:
  CannelloniCore(asio::any_io_executor executor, CannelloniOptions options)
      : CanCore(std::move(executor),
                "cannelloni:" + options.host + ":" + std::to_string(options.port)),
        options_(std::move(options)),
        socket_(executor_),
        resolver_(executor_),
        timer_(executor_) {}

 private:
  std::shared_ptr<CannelloniCore> self() {
    return std::static_pointer_cast<CannelloniCore>(shared_from_this());
  }

  void start() override {
    timer_.expires_after(kResolveTimeout);
    timer_.async_wait([self = self(), generation = generation_](const std::error_code& cancelled) {
      if (cancelled || self->generation_ != generation || self->is_open()) return;
      self->failed(self->error_of(Errc::timeout, "the host's name is not resolved in time"));
    });
    resolver_.async_resolve(
        options_.host, std::to_string(options_.port),
        [self = self(), generation = generation_](const std::error_code& error,
                                                  const udp::resolver::results_type& found) {
          if (self->generation_ == generation) self->resolved(error, found);
        });
  }

  void stop() override {
    timer_.cancel();
    resolver_.cancel();
    std::error_code ignored;  // The socket is thrown away.
    socket_.close(ignored);
  }

  [[nodiscard]] LinkError system_error_of(const std::error_code& error) const {
    return {fail(Errc::io, 0, "the system refused the link").error, name_ + ": " + error.message()};
  }

  void resolved(const std::error_code& error, const udp::resolver::results_type& found) {
    timer_.cancel();
    if (error) return failed(system_error_of(error));
    std::error_code wrong;
    const auto address = asio::ip::make_address(options_.listen_host, wrong);
    if (wrong) return failed(system_error_of(wrong));
    const udp::endpoint local(address, options_.listen_port);
    const auto peer = std::find_if(found.begin(), found.end(), [&local](const auto& entry) {
      return entry.endpoint().protocol() == local.protocol();
    });
    if (peer == found.end()) {
      return failed(error_of(Errc::io, "the host has no address of the kind that is listened on"));
    }
    peer_ = peer->endpoint();
    (void)socket_.open(local.protocol(), wrong);
    if (!wrong) (void)socket_.bind(local, wrong);
    if (!wrong) (void)socket_.non_blocking(true, wrong);
    if (wrong) return failed(system_error_of(wrong));
    sequence_out_ = 0;
    sequence_in_ = {};
    lost_before_ = counters_.lost;
    const std::uint64_t generation = generation_;
    opened();
    if (generation_ == generation) receive();
  }

  void receive() {
    socket_.async_receive_from(
        asio::buffer(datagram_), sender_,
        [self = self(), generation = generation_](const std::error_code& error, std::size_t size) {
          if (self->generation_ != generation) return;
          if (error) return self->failed(self->system_error_of(error));
          self->take(Bytes(self->datagram_).first(size));
          if (self->generation_ == generation) self->receive();
        });
  }

  /// What others send, what is damaged and what comes late is counted and gone.
  void take(Bytes datagram) {
    auto reader = protocol::CannelloniReader::open(datagram);
    if (sender_.address() != peer_.address() || !reader) {
      ++counters_.refused;
      return;
    }
    const bool is_newer = sequence_in_.take(reader->sequence());
    counters_.lost = lost_before_ + sequence_in_.lost() + sequence_in_.late();
    if (!is_newer) return;
    const std::uint64_t generation = generation_;
    while (const auto record = reader->next()) {
      deliver(*record);
      if (generation_ != generation) return;
    }
  }

  Result<void> send(const protocol::CanFrame& frame) override {
    std::array<std::byte, protocol::kCannelloniHeaderSize + protocol::kCannelloniFrameMax> room{};
    const protocol::CanRecord record = protocol::to_can_record(frame);
    const Result<std::size_t> size = protocol::encode_cannelloni(sequence_out_, {&record, 1}, room);
    if (!size) return fail(size.error());
    std::error_code error;
    socket_.send_to(asio::buffer(room.data(), *size), peer_, 0, error);
    if (error) return fail(Errc::resource_exhausted, 0, "link: the network takes no datagram");
    ++sequence_out_;
    return {};
  }

  CannelloniOptions options_;
  udp::socket socket_;
  udp::resolver resolver_;
  asio::steady_timer timer_;
  udp::endpoint peer_;
  udp::endpoint sender_;
  // A datagram that is longer is cut, and refused as such.
  std::array<std::byte, 65'536> datagram_{};
  std::uint8_t sequence_out_ = 0;
  protocol::CannelloniSequence sequence_in_;
  std::uint64_t lost_before_ = 0;
};

}  // namespace

std::unique_ptr<CanLink> make_cannelloni_link(asio::any_io_executor executor,
                                              CannelloniOptions options) {
  return std::make_unique<detail::CoreCanLink>(
      std::make_shared<CannelloniCore>(std::move(executor), std::move(options)));
}

}  // namespace ems::io
