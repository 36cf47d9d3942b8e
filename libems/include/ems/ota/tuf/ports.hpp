// SPDX-License-Identifier: Apache-2.0
/// @file What the client needs from outside: where files come from, and where trusted ones are
/// kept. `io` implements both; so does a test, in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::ota::tuf {

/// Takes the bytes of a target in order.
///
/// @thread_safety One caller.
class Sink {
 public:
  /// @errors The sink's own, which ends the download: no_space, io, disk_full.
  virtual Result<void> write(Bytes data) = 0;
  /// Bytes that an interrupted download of this target left. The client reads and hashes them
  /// again, asks for the rest, and write() goes on behind them.
  [[nodiscard]] virtual std::uint64_t kept() const noexcept { return 0; }
  /// @param at  `at + out.size()` is at most kept().
  /// @errors io.
  virtual Result<void> read_kept(std::uint64_t at, MutableBytes out) {
    (void)at, (void)out;
    return fail(Errc::out_of_range, 0, "sink: nothing was kept");
  }

 protected:
  Sink() = default;
  Sink(const Sink&) = default;
  Sink& operator=(const Sink&) = default;
  ~Sink() = default;
};

/// Where a repository's files come from: a web server, a folder on a stick. Names are relative,
/// percent-encoded and never leave the repository; the client made them.
///
/// @thread_safety One caller.
class Fetcher {
 public:
  /// A metadata file, whole.
  /// @param name     `2.root.json`.
  /// @param size_max Not a byte more is kept.
  /// @errors not_found (HTTP 404 and 403; no such file), too_large, slow_retrieval, download.
  virtual Result<std::vector<std::byte>> metadata(std::string_view name, std::size_t size_max) = 0;
  /// A target, from byte `from` on, given to `sink` as it comes.
  /// @param path   `fw/edge/<sha256>.edge-2.4.1.img`.
  /// @param from   A download that was interrupted goes on here; 0 is a new one.
  /// @param size   Bytes of the whole target: what comes beyond is too_large.
  /// @errors As metadata(); what `sink` answered.
  virtual Result<void> target(std::string_view path, std::uint64_t from, std::uint64_t size,
                              Sink& sink) = 0;

 protected:
  Fetcher() = default;
  Fetcher(const Fetcher&) = default;
  Fetcher& operator=(const Fetcher&) = default;
  ~Fetcher() = default;
};

/// The trusted files, by name without a version: `root.json`, `root.prev`, `timestamp.json`.
/// A file is replaced whole or not at all, whenever the power goes.
///
/// @thread_safety One caller.
class Store {
 public:
  /// @param size_max A longer file counts as damaged.
  /// @errors not_found, too_large, store.
  virtual Result<std::vector<std::byte>> read(std::string_view name, std::size_t size_max) = 0;
  /// Returns when the file is durable.
  /// @errors store, disk_full, read_only.
  virtual Result<void> write(std::string_view name, Bytes data) = 0;
  /// A file that is not there is no error.
  /// @errors store, read_only.
  virtual Result<void> remove(std::string_view name) = 0;

 protected:
  Store() = default;
  Store(const Store&) = default;
  Store& operator=(const Store&) = default;
  ~Store() = default;
};

}  // namespace ems::ota::tuf
