// SPDX-License-Identifier: Apache-2.0
#include "write_back.hpp"

#include <fcntl.h>

#include <system_error>

namespace ems::io {

WriteBack::~WriteBack() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void WriteBack::written(std::uint64_t size) {
  constexpr std::uint64_t kStretch = std::uint64_t{4} << 20;  // Worth waking a thread for.
  if (size - told_ < kStretch) return;
  {
    const std::lock_guard lock(mutex_);
    size_ = size;
  }
  if (thread_.joinable()) {
    changed_.notify_one();
  } else {
    try {
      thread_ = std::thread([this, from = told_] { run(from); });
    } catch (const std::system_error&) {
      return;  // No thread to be had: fsync() does it all.
    }
  }
  told_ = size;
}

void WriteBack::run(std::uint64_t from) {
  for (std::unique_lock lock(mutex_);;) {
    changed_.wait(lock, [&] { return ends_ || size_ > from; });
    if (ends_) return;
    const std::uint64_t to = size_;
    lock.unlock();
    (void)::sync_file_range(fd_, static_cast<off64_t>(from), static_cast<off64_t>(to - from),
                            SYNC_FILE_RANGE_WRITE);
    from = to;
    lock.lock();
  }
}

}  // namespace ems::io
