// SPDX-License-Identifier: Apache-2.0
/// @file Reads an edge store's file while the agent writes it, from another process.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/io/store/edge_store.hpp"
#include "ems/io/store/row_source.hpp"

namespace ems::io {

/// One record of the audit or decision stream, or the range where it was lost.
struct FoundRecord {
  RowId id{};                         ///< With a gap: of its first row.
  std::optional<telemetry::Gap> gap;  ///< Set: evicted or damaged, and the rest is empty.
  UtcInstant at{};
  telemetry::RecordType type{};
  std::vector<std::byte> payload;
};

/// A read-only view of an edge store. Each read sees one committed state (a WAL snapshot).
///
/// @thread_safety None: one thread at a time.
class StoreReader final : public RowSource {
 public:
  /// @errors not_found  no such file.
  ///         header     a file of something else.
  ///         schema     made by a newer version.
  ///         corrupt    damaged. io  the operating system refused.
  [[nodiscard]] static Result<StoreReader> open(const std::string& path);
  StoreReader(StoreReader&&) noexcept;
  StoreReader& operator=(StoreReader&&) noexcept;
  ~StoreReader() override;

  [[nodiscard]] Result<void> read(telemetry::Stream stream, const UtcRange& range,
                                  RowSink& sink) override;

  /// The record written last of those whose time is at or before `at`. Walks backwards from the
  /// newest block and opens one.
  ///
  /// @return nullopt when every record is of a later time.
  /// @errors io, corrupt  the store cannot be read; a damaged block is a gap.
  [[nodiscard]] Result<std::optional<FoundRecord>> newest(telemetry::Stream stream, UtcInstant at);
  /// Time of the oldest row of a stream that is still here; nullopt when none is.
  /// @errors io, corrupt.
  [[nodiscard]] Result<std::optional<UtcInstant>> earliest(telemetry::Stream stream);
  /// Blocks decoded by newest() since open().
  [[nodiscard]] std::uint64_t blocks_opened() const noexcept;

  /// Marks of the three streams as last committed. @errors io, corrupt.
  [[nodiscard]] Result<std::array<Mark, telemetry::kStreamCount>> marks();
  /// Bytes of the blocks of the current epoch that hold rows nobody acknowledged, by stream. Looks
  /// at every block's size, at none's bytes. @errors io, corrupt.
  [[nodiscard]] Result<std::array<std::uint64_t, telemetry::kStreamCount>> backlog_bytes();
  /// Every point in telemetry blocks of the range, ascending. @errors io, corrupt.
  [[nodiscard]] Result<std::vector<Point>> points(const UtcRange& range = {});

 private:
  struct Impl;
  explicit StoreReader(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::io
