// SPDX-License-Identifier: Apache-2.0
/// @file What the links of a CAN bus have in common: opening once, delivering, being lost. Private
/// to the links.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>
#include <memory>
#include <string>
#include <utility>

#include "ems/io/link/can_link.hpp"
#include "ems/protocol/can_record.hpp"

namespace ems::io::detail {

/// Shared with the handlers of outstanding operations: each holds it, and looks at `generation`
/// before it acts. Every handler of the user may close or destroy the link.
class CanCore : public std::enable_shared_from_this<CanCore> {
 public:
  CanCore(asio::any_io_executor executor, std::string name)
      : executor_(std::move(executor)), name_(std::move(name)) {}
  virtual ~CanCore() = default;
  CanCore(const CanCore&) = delete;
  CanCore& operator=(const CanCore&) = delete;

  void open(CanLink::OpenHandler handler) {
    if (opening_ || open_) {
      asio::post(executor_, [self = shared_from_this(), generation = generation_,
                             handler = std::move(handler)] {
        if (self->generation_ != generation) return;
        const LinkError error = self->error_of(Errc::failed_precondition, "link: open already");
        handler(&error);
      });
      return;
    }
    opening_ = true;
    open_handler_ = std::move(handler);
    start();
  }

  void close() {
    ++generation_;
    if (opening_ || open_) stop();
    opening_ = open_ = false;
    open_handler_ = nullptr;
  }

  Result<void> write(const protocol::CanFrame& frame) {
    if (!open_) return fail(Errc::unavailable, 0, "link: not open");
    if (!frame.valid()) return fail(Errc::out_of_range, 0, "link: not a classic CAN frame");
    const Result<void> sent = send(frame);
    if (sent) ++counters_.frames_out;
    return sent;
  }

  [[nodiscard]] bool is_open() const { return open_; }

  asio::any_io_executor executor_;
  std::string name_;
  CanLinkCounters counters_;
  CanLink::ReceiveHandler on_receive_;
  CanLink::DownHandler on_down_;

 protected:
  /// Begins to open, and ends in opened() or failed(), later.
  virtual void start() = 0;
  /// Closes what start() opened. No handler acts afterwards: the generation has changed.
  virtual void stop() = 0;
  virtual Result<void> send(const protocol::CanFrame& frame) = 0;

  [[nodiscard]] LinkError error_of(Errc code, const char* what) const {
    return {fail(code, 0, what).error, name_ + ": " + what};
  }

  void opened() {
    opening_ = false;
    open_ = true;
    ++counters_.opens;
    if (const auto handler = std::exchange(open_handler_, nullptr)) handler(nullptr);
  }

  /// Opening has failed, or the bus is lost.
  void failed(const LinkError& error) {
    const bool was_open = open_;
    const auto handler = std::exchange(open_handler_, nullptr);
    const auto self = shared_from_this();
    close();
    ++counters_.failures;
    if (was_open && on_down_) on_down_(error);
    if (!was_open && handler) handler(&error);
  }

  /// The same from within start().
  void failed_later(LinkError error) {
    asio::post(executor_,
               [self = shared_from_this(), generation = generation_, error = std::move(error)] {
                 if (self->generation_ == generation) self->failed(error);
               });
  }

  /// Gives a classic frame on; counts any other.
  void deliver(const protocol::CanRecord& record) {
    const Result<protocol::CanFrame> frame = protocol::to_can_frame(record);
    if (!frame) {
      ++counters_.refused;
      return;
    }
    ++counters_.frames_in;
    if (on_receive_) on_receive_(*frame);
  }

  std::uint64_t generation_ = 0;

 private:
  CanLink::OpenHandler open_handler_;
  bool opening_ = false;
  bool open_ = false;
};

/// A CanLink whose work is done by a core.
class CoreCanLink final : public CanLink {
 public:
  explicit CoreCanLink(std::shared_ptr<CanCore> core) : core_(std::move(core)) {}
  ~CoreCanLink() override { core_->close(); }
  CoreCanLink(const CoreCanLink&) = delete;
  CoreCanLink& operator=(const CoreCanLink&) = delete;

  void on_receive(ReceiveHandler handler) override { core_->on_receive_ = std::move(handler); }
  void on_down(DownHandler handler) override { core_->on_down_ = std::move(handler); }
  void open(OpenHandler handler) override { core_->open(std::move(handler)); }
  void close() override { core_->close(); }
  [[nodiscard]] bool is_open() const override { return core_->is_open(); }
  [[nodiscard]] Result<void> write(const protocol::CanFrame& frame) override {
    return core_->write(frame);
  }
  [[nodiscard]] std::string_view name() const override { return core_->name_; }
  [[nodiscard]] CanLinkCounters counters() const override { return core_->counters_; }

 private:
  std::shared_ptr<CanCore> core_;
};

}  // namespace ems::io::detail
