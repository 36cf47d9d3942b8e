// SPDX-License-Identifier: Apache-2.0
// Has the disk begin with what was written, on a thread of its own: the caller hashes and copies
// the next bytes meanwhile, and fsync() at the end finds little to do.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace ems::io {

/// Only a hint: fsync() says whether the bytes are on the disk.
///
/// @thread_safety One caller.
class WriteBack {
 public:
  /// @param fd   Borrowed: it stays open longer than this.
  /// @param from Bytes of the file that are none of this one's.
  WriteBack(int fd, std::uint64_t from) : fd_(fd), told_(from) {}
  /// Waits for what was begun.
  ~WriteBack();
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  /// The file is written up to here. Returns at once; the thread is made when it is worth it.
  void written(std::uint64_t size);

 private:
  void run(std::uint64_t from);

  const int fd_;
  std::uint64_t told_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t size_ = 0;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace ems::io
