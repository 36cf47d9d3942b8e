// SPDX-License-Identifier: Apache-2.0
/// @file A telemetry buffer without a disk: one stream's blocks in bounded memory, oldest out
/// first. Pure, heapless, MCU-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/telemetry/block.hpp"

namespace ems::telemetry {

/// Least memory of a ring: the block being filled, and room for one finished block of its size.
inline constexpr std::size_t kBlockRingMin = std::size_t{32} * 1024;
/// Most memory of a ring.
inline constexpr std::size_t kBlockRingMax = (std::size_t{1} << 31) - 1;

/// A block as the ring holds it; valid until the ring changes.
struct HeldBlock {
  Bytes bytes;
  Sequence first = 0;
  Sequence last = 0;
};

/// Rows of one stream: a ring of finished blocks and the block that is being filled.
///
/// Overflow rule: a finished block that needs room pushes the oldest out. The mark is cumulative,
/// so acknowledged blocks go first. Unacknowledged rows of streams telemetry and decisions that go
/// become the gap; rows of stream audit never go: the append fails.
///
/// @memory        About 2.6 KiB and the caller's memory; never allocates.
/// @thread_safety Not synchronised: one strand.
class BlockRing {
 public:
  /// @param memory  kBlockRingMin .. kBlockRingMax bytes; outlives the ring.
  /// @param first   Sequence of the first row; > 0.
  /// @pre           Both, and a known stream; asserted.
  BlockRing(MutableBytes memory, Stream stream, const Epoch& epoch, Sequence first) noexcept;
  BlockRing(const BlockRing&) = delete;
  BlockRing& operator=(const BlockRing&) = delete;

  /// What the rows that follow share; a change closes the block. Default: catalogue_hash(), no
  /// limits, clock unset.
  void set_context(const BlockContext& context) noexcept { context_ = context; }

  /// Appends a row. @return its sequence.
  /// @errors as BlockBuilder::append.
  [[nodiscard]] Result<Sequence> append(const Row& row) noexcept;
  /// Appends a record. @return its sequence.
  /// @errors as BlockBuilder::append; resource_exhausted  stream audit: no room but for rows that
  ///         nobody has acknowledged.
  [[nodiscard]] Result<Sequence> append(const Record& record) noexcept;

  /// Finishes the block that is being filled; without rows nothing happens.
  /// @errors resource_exhausted  as append().
  [[nodiscard]] Result<void> seal() noexcept;

  /// The oldest block with rows above `after`, the one being filled included; nullopt when there
  /// are no such rows. It may begin at or below `after`.
  [[nodiscard]] std::optional<HeldBlock> peek(Sequence after) noexcept;

  /// Everything up to `upto` is stored safely elsewhere; at or below the mark changes nothing.
  /// @errors out_of_range  that sequence was not given out yet; nothing changed.
  [[nodiscard]] Result<void> acknowledge(Sequence upto) noexcept;

  [[nodiscard]] Stream stream() const noexcept { return stream_; }
  [[nodiscard]] Sequence acknowledged() const noexcept { return mark_; }
  [[nodiscard]] Sequence next_sequence() const noexcept { return builder_.next_sequence(); }
  /// Oldest row held; 0: none.
  [[nodiscard]] Sequence first_held() const noexcept;
  /// Rows above the mark that are gone; acknowledge its last to close it.
  [[nodiscard]] std::optional<Gap> gap() const noexcept;
  /// Rows that ever went unacknowledged.
  [[nodiscard]] std::uint64_t rows_lost() const noexcept { return rows_lost_; }
  /// Finished blocks held, their bytes, and the bytes there are for them.
  [[nodiscard]] std::size_t blocks() const noexcept { return count_; }
  [[nodiscard]] std::size_t bytes_used() const noexcept;
  [[nodiscard]] std::size_t bytes_capacity() const noexcept { return ring_.size(); }

 private:
  struct Entry {  ///< In the ring, before the bytes of each block.
    std::uint64_t size = 0;
    Sequence first = 0;
    Sequence last = 0;
    [[nodiscard]] std::size_t room() const noexcept;
  };
  template <class Item>
  [[nodiscard]] Result<Sequence> append_item(const Item& item) noexcept;
  [[nodiscard]] Entry entry_at(std::size_t at) const noexcept;
  [[nodiscard]] std::size_t next_of(std::size_t at) const noexcept;
  [[nodiscard]] std::optional<std::size_t> place_for(std::size_t room) noexcept;
  [[nodiscard]] bool drop_oldest() noexcept;

  MutableBytes ring_;
  BlockBuilder builder_;
  Stream stream_;
  Epoch epoch_;
  BlockContext context_;
  Sequence mark_;
  Sequence lost_upto_ = 0;
  std::uint64_t rows_lost_ = 0;
  // Finished blocks lie in [begin_, end_), or in [begin_, wrap_) and [0, end_) once wrapped_.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t wrap_ = 0;
  std::size_t count_ = 0;
  bool wrapped_ = false;
};

}  // namespace ems::telemetry
