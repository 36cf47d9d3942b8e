// SPDX-License-Identifier: Apache-2.0
/// @file What a serial and a TCP ByteLink have in common: reading, the bounded write queue, loss.
/// Private to the links.
#pragma once

#include <array>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ems/io/link/byte_link.hpp"

namespace ems::io::detail {

/// Shared with the handlers of outstanding operations; `generation` makes those of an earlier open
/// void.
template <class Stream>
class StreamCore : public std::enable_shared_from_this<StreamCore<Stream>> {
 public:
  StreamCore(asio::any_io_executor executor, std::string name)
      : executor_(std::move(executor)), stream_(executor_), name_(std::move(name)) {}

  void begin_open(ByteLink::OpenHandler handler) {
    opening_ = true;
    open_handler_ = std::move(handler);
  }
  [[nodiscard]] bool busy() const { return opening_ || open_; }
  /// Calls the handler later, if nobody closes the link before.
  void finish_open(std::shared_ptr<LinkError> error) {
    opening_ = false;
    open_ = error == nullptr;
    ++(open_ ? counters_.opens : counters_.failures);
    asio::post(executor_, [self = this->shared_from_this(), generation = generation_, error] {
      if (self->generation_ != generation) return;
      const auto call = std::exchange(self->open_handler_, nullptr);
      if (call) call(error.get());
      if (self->generation_ == generation && self->open_) self->read();
    });
  }
  void close() {
    ++generation_;
    opening_ = open_ = writing_ = false;
    queued_.clear();
    open_handler_ = nullptr;
    std::error_code ignored;  // Closing a descriptor that is broken already may fail: it is gone.
    stream_.close(ignored);
  }
  Result<void> write(Bytes data) {
    if (!open_) return fail(Errc::unavailable, 0, "link: not open");
    if (queued_.size() + data.size() > kLinkWriteQueueSize) {
      return fail(Errc::resource_exhausted, 0, "link: write queue is full");
    }
    queued_.insert(queued_.end(), data.begin(), data.end());
    if (!writing_) flush();
    return {};
  }
  void lost(const std::error_code& error) {
    LinkError reason{
        fail(Errc::io, 0, "link lost").error,
        name_ + ": " + (error == asio::error::eof ? "closed by the other end" : error.message())};
    close();
    ++counters_.failures;
    if (on_down_) on_down_(reason);  // The core outlives the call: the caller holds it.
  }

  asio::any_io_executor executor_;
  Stream stream_;
  std::string name_;
  LinkCounters counters_;
  ByteLink::ReceiveHandler on_receive_;
  ByteLink::DownHandler on_down_;
  std::uint64_t generation_ = 0;
  bool open_ = false;

 private:
  void read() {
    stream_.async_read_some(asio::buffer(read_buffer_),
                            [self = this->shared_from_this(), generation = generation_](
                                const std::error_code& error, std::size_t size) {
                              if (self->generation_ != generation) return;
                              if (error) return self->lost(error);
                              self->counters_.bytes_in += size;
                              if (self->on_receive_)
                                self->on_receive_(Bytes{self->read_buffer_.data(), size});
                              if (self->generation_ == generation) self->read();
                            });
  }
  void flush() {
    writing_ = true;
    auto data = std::make_shared<std::vector<std::byte>>(std::exchange(queued_, {}));
    asio::async_write(stream_, asio::buffer(*data),
                      [self = this->shared_from_this(), generation = generation_, data](
                          const std::error_code& error, std::size_t size) {
                        if (self->generation_ != generation) return;
                        if (error) return self->lost(error);
                        self->counters_.bytes_out += size;
                        self->writing_ = false;
                        if (!self->queued_.empty()) self->flush();
                      });
  }

  std::array<std::byte, 1024> read_buffer_{};
  std::vector<std::byte> queued_;
  bool opening_ = false;
  bool writing_ = false;
  ByteLink::OpenHandler open_handler_;
};

}  // namespace ems::io::detail
