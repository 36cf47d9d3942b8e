// SPDX-License-Identifier: Apache-2.0
#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "ems/io/can_recording.hpp"
#include "ems/io/link/can_link.hpp"

namespace ems::io {
namespace {

constexpr Duration kRepeatGap = seconds(1);
constexpr const char* kEnded = "the recording has ended";

std::chrono::microseconds to_chrono(Duration duration) {
  return std::chrono::microseconds(duration.count());
}

/// Shared with its outstanding handlers; `generation_` makes those of an earlier open void.
class Replay : public std::enable_shared_from_this<Replay> {
 public:
  Replay(asio::any_io_executor executor, CandumpOptions options)
      : executor_(std::move(executor)),
        timer_(executor_),
        options_(std::move(options)),
        name_("candump:" + options_.file.string()) {
    EMS_ASSERT(options_.gap_max > Duration::zero());
  }

  /// @param reader  Reads the file: on the executor it would hold up everybody else.
  void open(CanLink::OpenHandler handler, asio::thread_pool& reader) {
    if (opening_ || open_) return refuse(std::move(handler), "link: open already");
    if (ended_) {
      ++counters_.failures;
      return refuse(std::move(handler), kEnded);
    }
    opening_ = true;
    asio::post(
        reader, [weak = weak_from_this(), generation = generation_, file = options_.file,
                 executor = asio::prefer(executor_, asio::execution::outstanding_work.tracked),
                 handler = std::move(handler)]() mutable {
          asio::post(executor,
                     [weak = std::move(weak), generation, recording = read_can_recording(file),
                      handler = std::move(handler)]() mutable {
                       const auto self = weak.lock();
                       if (!self || self->generation_ != generation) return;
                       self->finish_open(std::move(recording), handler);
                     });
        });
  }

  void close() {
    ++generation_;
    opening_ = open_ = false;
    timer_.cancel();
    recording_ = {};
  }

  CanLink::ReceiveHandler on_receive_;
  CanLink::DownHandler on_down_;
  CanLinkCounters counters_;

  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  [[nodiscard]] LinkError error_of(const Error& error) const {
    return {error, name_ + ": " + error.what};
  }

  void refuse(CanLink::OpenHandler handler, const char* why) {
    asio::post(executor_, [self = shared_from_this(), generation = generation_, why,
                           handler = std::move(handler)] {
      if (self->generation_ != generation) return;
      const LinkError error = self->error_of(fail(Errc::failed_precondition, 0, why).error);
      handler(&error);
    });
  }

  void finish_open(Result<CanRecording> recording, const CanLink::OpenHandler& handler) {
    opening_ = false;
    if (!recording) {
      ++counters_.failures;
      const LinkError error = error_of(recording.error());
      return handler(&error);
    }
    recording_ = std::move(*recording);
    counters_.refused += recording_.refused;
    ++counters_.opens;
    open_ = true;
    next_ = 0;
    const std::uint64_t generation = generation_;
    handler(nullptr);
    if (generation_ != generation) return;
    timer_.expires_after(std::chrono::microseconds(0));
    wait();
  }

  void wait() {
    timer_.async_wait(
        [self = shared_from_this(), generation = generation_](const std::error_code& error) {
          if (!error && self->generation_ == generation) self->deliver();
        });
  }

  /// Gives the frame that is due. Those of one moment come in turns, so that others get theirs.
  void deliver() {
    if (next_ == recording_.frames.size()) return end();
    const std::uint64_t generation = generation_;
    const RecordedFrame due = recording_.frames[next_++];
    ++counters_.frames_in;
    if (on_receive_) on_receive_(due.frame);
    if (generation_ != generation) return;
    Duration gap = kRepeatGap;
    if (next_ < recording_.frames.size()) {
      gap = min_of(recording_.frames[next_].at - due.at, options_.gap_max);
    } else if (!options_.repeat) {
      gap = Duration::zero();
    } else {
      next_ = 0;
    }
    // From the planned moment, not from now: delays do not add up.
    timer_.expires_at(timer_.expiry() + to_chrono(gap));
    wait();
  }

  void end() {
    ended_ = true;
    ++counters_.failures;
    const auto self = shared_from_this();  // The handler may destroy the link.
    close();
    if (on_down_) on_down_(error_of(fail(Errc::unavailable, 0, kEnded).error));
  }

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  CandumpOptions options_;
  std::string name_;
  CanRecording recording_;
  std::size_t next_ = 0;
  std::uint64_t generation_ = 0;
  bool opening_ = false;
  bool open_ = false;
  bool ended_ = false;
};

class CandumpLink final : public CanLink {
 public:
  CandumpLink(asio::any_io_executor executor, CandumpOptions options)
      : replay_(std::make_shared<Replay>(std::move(executor), std::move(options))) {}
  ~CandumpLink() override { replay_->close(); }
  CandumpLink(const CandumpLink&) = delete;
  CandumpLink& operator=(const CandumpLink&) = delete;

  void on_receive(ReceiveHandler handler) override { replay_->on_receive_ = std::move(handler); }
  void on_down(DownHandler handler) override { replay_->on_down_ = std::move(handler); }
  void open(OpenHandler handler) override { replay_->open(std::move(handler), reader_); }
  void close() override { replay_->close(); }
  [[nodiscard]] bool is_open() const override { return replay_->is_open(); }
  [[nodiscard]] Result<void> write(const protocol::CanFrame& frame) override {
    if (!replay_->is_open()) return fail(Errc::unavailable, 0, "link: not open");
    if (!frame.valid()) return fail(Errc::out_of_range, 0, "link: not a classic CAN frame");
    ++replay_->counters_.frames_out;
    return {};
  }
  [[nodiscard]] std::string_view name() const override { return replay_->name(); }
  [[nodiscard]] CanLinkCounters counters() const override { return replay_->counters_; }

 private:
  std::shared_ptr<Replay> replay_;
  asio::thread_pool reader_{1};  // Last: it ends, its file read, before all else goes.
};

}  // namespace

std::unique_ptr<CanLink> make_candump_link(asio::any_io_executor executor, CandumpOptions options) {
  return std::make_unique<CandumpLink>(std::move(executor), std::move(options));
}

}  // namespace ems::io
