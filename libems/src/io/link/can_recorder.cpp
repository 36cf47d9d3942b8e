// SPDX-License-Identifier: Apache-2.0
#include "ems/io/link/can_recorder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

#include "ems/protocol/candump.hpp"

namespace ems::io {
namespace {

// So that what waits always fits into one file.
constexpr std::uint64_t kBytesMin = 2 * kCanRecordQueueSize;

/// A file of whole lines, and the one before it. One thread uses it.
class LineFile {
 public:
  LineFile(std::filesystem::path file, std::uint64_t bytes_max)
      : file_(std::move(file)), size_max_(std::max(bytes_max, kBytesMin) / 2) {}
  ~LineFile() { close(); }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Appends lines. @return 0, or errno; then none of them is there.
  int append(std::string_view lines) {
    if (fd_ < 0) {
      if (const int number = open(); number != 0) return number;
    }
    if (size_ > 0 && size_ + lines.size() > size_max_) {
      if (const int number = turn_over(); number != 0) return number;
    }
    std::size_t written = 0;
    while (written < lines.size()) {
      const ssize_t count = ::write(fd_, lines.data() + written, lines.size() - written);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        const int number = count < 0 ? errno : EIO;
        // No half a line stays; where even that fails, open() ends it.
        (void)!::ftruncate(fd_, static_cast<off_t>(size_));
        close();
        return number;
      }
      written += static_cast<std::size_t>(count);
    }
    size_ += written;
    return 0;
  }

 private:
  /// Appends from here on; a line that a power cut left by halves is ended first.
  int open() {
    fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);
    if (fd_ < 0) return errno;
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return close_with(errno);
    if (!S_ISREG(status.st_mode)) return close_with(EINVAL);
    size_ = static_cast<std::uint64_t>(status.st_size);
    char last = '\n';
    if (size_ > 0 && ::pread(fd_, &last, 1, status.st_size - 1) != 1) return close_with(EIO);
    if (last == '\n') return 0;
    if (::write(fd_, "\n", 1) != 1) return close_with(errno);
    ++size_;
    return 0;
  }
  int turn_over() {
    close();
    std::error_code error;
    std::filesystem::path old = file_;
    std::filesystem::rename(file_, old += ".1", error);
    return error ? error.value() : open();
  }
  int close_with(int number) {
    close();
    return number;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::filesystem::path file_;
  std::uint64_t size_max_;  ///< Of one file.
  std::uint64_t size_ = 0;
  int fd_ = -1;
};

/// Takes lines on the executor, writes them on a thread of its own.
class Recorder {
 public:
  Recorder(asio::any_io_executor executor, const Clock& clock, CanRecordOptions options)
      : executor_(std::move(executor)),
        clock_(clock),
        interface_name_(options.interface_name),
        name_("record:" + options.file.string()),
        on_trouble_(std::make_shared<Trouble>(std::move(options.on_trouble))),
        file_(std::move(options.file), options.bytes_max) {}
  ~Recorder() {
    on_trouble_->clear();
    thread_.join();  // Its lines are written.
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void add(const protocol::CanFrame& frame) {
    std::array<char, protocol::kCandumpLineSize> room{};
    const std::string_view line = protocol::print_candump(
        protocol::to_can_record(frame, clock_.utc().since_epoch(), interface_name_), room);
    const std::lock_guard lock(mutex_);
    if (queued_.size() + line.size() + 1 > kCanRecordQueueSize) {
      ++lost_;
      return;
    }
    queued_ += line;
    queued_ += '\n';
    ++queued_frames_;
    if (std::exchange(writing_, true)) return;
    asio::post(thread_, [this] { write(); });
  }

  [[nodiscard]] std::uint64_t lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  using Handler = std::function<void(const LinkError*)>;
  /// Outlives the recorder in what was posted; used on the executor only.
  struct Trouble {
    explicit Trouble(Handler handler) : tell(std::move(handler)) {}
    void clear() { tell = nullptr; }
    Handler tell;
  };

  void write() {
    std::string lines;
    std::uint64_t frames = 0;
    {
      const std::lock_guard lock(mutex_);
      lines.swap(queued_);
      frames = std::exchange(queued_frames_, 0);
      writing_ = false;
    }
    const int number = file_.append(lines);
    if (number != 0) {
      const std::lock_guard lock(mutex_);
      lost_ += frames;
    }
    if (number != std::exchange(told_, number)) tell(number);
  }

  void tell(int number) {
    asio::post(executor_, [trouble = on_trouble_, number, name = name_] {
      if (!trouble->tell) return;
      const LinkError error{fail(Errc::io, 0, "the recording cannot be written").error,
                            name + ": " + std::generic_category().message(number)};
      trouble->tell(number != 0 ? &error : nullptr);
    });
  }

  asio::any_io_executor executor_;
  const Clock& clock_;
  std::string interface_name_;
  std::string name_;
  std::shared_ptr<Trouble> on_trouble_;
  mutable std::mutex mutex_;  // Of what both threads use.
  std::string queued_;
  std::uint64_t queued_frames_ = 0;
  std::uint64_t lost_ = 0;
  bool writing_ = false;
  LineFile file_;  // These two are the writing thread's.
  int told_ = 0;
  asio::thread_pool thread_{1};
};

class RecordedCanLink final : public CanLink {
 public:
  RecordedCanLink(asio::any_io_executor executor, std::unique_ptr<CanLink> link, const Clock& clock,
                  CanRecordOptions options)
      : recorder_(std::make_shared<Recorder>(std::move(executor), clock, std::move(options))),
        link_(std::move(link)) {
    RecordedCanLink::on_receive(nullptr);  // Recorded even if nobody listens.
  }

  void on_receive(ReceiveHandler handler) override {
    // The handler may destroy the link, but not what it is called with.
    link_->on_receive(
        [recorder = recorder_, handler = std::move(handler)](const protocol::CanFrame& frame) {
          recorder->add(frame);
          if (handler) handler(frame);
        });
  }
  void on_down(DownHandler handler) override { link_->on_down(std::move(handler)); }
  void open(OpenHandler handler) override { link_->open(std::move(handler)); }
  void close() override { link_->close(); }
  [[nodiscard]] bool is_open() const override { return link_->is_open(); }
  [[nodiscard]] Result<void> write(const protocol::CanFrame& frame) override {
    const Result<void> written = link_->write(frame);
    if (written) recorder_->add(frame);
    return written;
  }
  [[nodiscard]] std::string_view name() const override { return link_->name(); }
  [[nodiscard]] CanLinkCounters counters() const override {
    CanLinkCounters counters = link_->counters();
    counters.unrecorded = recorder_->lost();
    return counters;
  }

 private:
  std::shared_ptr<Recorder> recorder_;
  std::unique_ptr<CanLink> link_;
};

}  // namespace

std::unique_ptr<CanLink> record_can_link(asio::any_io_executor executor,
                                         std::unique_ptr<CanLink> link, const Clock& clock,
                                         CanRecordOptions options) {
  EMS_ASSERT(link != nullptr);
  return std::make_unique<RecordedCanLink>(std::move(executor), std::move(link), clock,
                                           std::move(options));
}

}  // namespace ems::io
