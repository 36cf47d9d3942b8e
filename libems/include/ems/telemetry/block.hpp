// SPDX-License-Identifier: Apache-2.0
/// @file Telemetry blocks: up to 60 rows of one stream, packed, each block decodable alone. Pure,
/// heapless, MCU-safe. The bytes are described in docs/reference/block-format.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::telemetry {

/// How the rows of a block are packed. Numbers are append-only.
enum class BlockKind : std::uint8_t {
  points = 0,   ///< Rows of the point table: streams of values.
  records = 1,  ///< Opaque records: audit and decisions.
};
/// Which kind a stream carries.
[[nodiscard]] constexpr BlockKind kind_of(Stream stream) noexcept {
  return stream == Stream::telemetry ? BlockKind::points : BlockKind::records;
}

inline constexpr std::uint8_t kBlockFormatVersion = 2;
inline constexpr std::size_t kBlockRowsMax = 60;
/// Bytes before the point table, bytes of the CRC.
inline constexpr std::size_t kBlockHeaderSize = 68;
inline constexpr std::size_t kBlockCrcSize = 4;
/// A block is never larger; a reader refuses more.
inline constexpr std::size_t kBlockSizeMax = std::size_t{256} * 1024;
/// Buffer that holds at least one row of any shape, every value incompressible, or one record.
/// A typical block (60 rows, 50 points) takes 1 KiB.
inline constexpr std::size_t kBlockBufferMin = std::size_t{12} * 1024;

/// What all rows of a block share beside their identity; a change closes the block.
struct BlockContext {
  std::uint64_t limits_hash = 0;     ///< Hash of the safety limits in force; 0: none accepted.
  std::uint64_t catalogue_hash = 0;  ///< ems::catalogue_hash() of the writer.
  ClockQuality clock_quality = ClockQuality::unset;
  friend constexpr bool operator==(const BlockContext&, const BlockContext&) noexcept = default;
};

/// The fixed part of a block.
struct BlockHeader {
  Stream stream = Stream::telemetry;
  Epoch epoch{};
  Sequence first = 1;  ///< Sequence of the first row.
  Sequence last = 0;   ///< Sequence of the last row; rows() is last - first + 1.
  BlockContext context{};
  [[nodiscard]] constexpr BlockKind kind() const noexcept { return kind_of(stream); }
  [[nodiscard]] constexpr std::size_t rows() const noexcept {
    return static_cast<std::size_t>(last - first + 1);
  }
  friend constexpr bool operator==(const BlockHeader&, const BlockHeader&) noexcept = default;
};

/// What became of a row that was offered to an open block.
enum class Append : std::uint8_t {
  stored,  ///< In the block.
  closed,  ///< Not in: context or point table differ. Start a new block for it.
  full,    ///< Not in: no room or 60 rows. Start a new block for it.
};

namespace detail {
/// What the code knows of one column: the time, or a point. Zero is how it begins.
struct Column {
  std::int64_t last = 0;     ///< Last value, or what the slope made of it since.
  std::int32_t slope = 0;    ///< Expected step from row to row.
  std::int32_t turn = 0;     ///< Last surprise that was not 0.
  std::uint32_t mean = 0;    ///< Size of surprises, in grid steps, times 8.
  std::uint8_t grid = 0;     ///< 0 no value yet, 1 no change yet, else 10^(grid - 2).
  std::uint8_t run = 0;      ///< Times that `turn` came in succession.
  std::uint8_t changed = 0;  ///< Row of the last surprise.
  bool restless = false;     ///< Was quiet once and moved soon: needs longer to be quiet again.
};
/// One bit per column.
struct ColumnSet {
  std::array<std::uint64_t, kPointsMax / 64 + 1> words{};
};
/// What packing a row needs to know of the rows before. Same in encoder and decoder.
struct PackState {
  std::array<Column, kPointsMax + 1> columns{};   ///< The time, then the points.
  std::array<std::uint8_t, kPointsMax> states{};  ///< 0 absent, else 1 + Quality.
  ColumnSet present{};                            ///< Columns that have a value.
  ColumnSet quiet{};                              ///< Columns where no surprise is expected.
  ColumnSet sloped{};                             ///< Columns whose slope is not 0.
  ColumnSet akin{};                               ///< Points with the signal of the point before.
  std::size_t column_count = 0;
  std::uint8_t row = 0;
};
}  // namespace detail

/// Packs rows into a buffer of the caller, one at a time. After each append bytes() is a complete
/// block, so an open block can be stored every second and go on growing.
///
/// @memory        About 9 KiB (32 B per possible point); never allocates. The buffer outlives it.
/// @thread_safety Like a value.
class BlockBuilder {
 public:
  /// @param buffer  At least kBlockBufferMin bytes; more than kBlockSizeMax is not used.
  explicit BlockBuilder(MutableBytes buffer) noexcept;

  /// Forgets everything and opens an empty block whose first row will be `first`.
  ///
  /// The first row brings the context.
  ///
  /// @errors invalid_argument  an unknown stream, or first is 0.
  [[nodiscard]] Result<void> start(Stream stream, const Epoch& epoch, Sequence first) noexcept;

  /// Opens with the rows of a finished block in it; rows that follow append to them.
  ///
  /// @errors as BlockReader::open; resource_exhausted  it does not fit the buffer.
  [[nodiscard]] Result<void> resume(Bytes block) noexcept;

  /// Offers a row of values; the first row of a block brings its point table.
  ///
  /// @errors failed_precondition  no block was started, or it is a block of records.
  ///         invalid_argument     points not strictly ascending, more than kPointsMax or none,
  ///                              values of another number, or a quality that is none; offset =
  ///                              the point.
  [[nodiscard]] Result<Append> append(const BlockContext& context, const Row& row) noexcept;

  /// Offers a record.
  ///
  /// @errors failed_precondition  no block was started, or it is a block of points.
  ///         invalid_argument     payload above kRecordSizeMax.
  [[nodiscard]] Result<Append> append(const BlockContext& context, const Record& record) noexcept;

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] std::size_t rows() const noexcept { return started_ ? header_.rows() : 0; }
  [[nodiscard]] const BlockHeader& header() const noexcept { return header_; }
  /// The sequence that the next row appended gets.
  [[nodiscard]] Sequence next_sequence() const noexcept { return header_.last + 1; }

  /// The block as it stands, sealed with its CRC; empty when it has no rows. Valid until the next
  /// call that changes the builder.
  [[nodiscard]] Bytes bytes() noexcept;

 private:
  [[nodiscard]] bool same_points(std::span<const Point> points) const noexcept;
  [[nodiscard]] bool fits(std::size_t more) const noexcept;
  [[nodiscard]] std::size_t body_end() const noexcept { return (end_bit_ + 7) / 8; }

  MutableBytes buffer_;
  BlockHeader header_{};
  StaticVector<Point, kPointsMax> points_{};
  std::size_t end_bit_ = 0;  ///< First bit behind the body.
  bool started_ = false;
  detail::PackState state_{};
};

/// A checked block. Whatever open() accepts is sound to the last byte: cursors cannot fail.
///
/// @memory        About 2.2 KiB; open() uses 9 KiB of stack. Borrows the block.
/// @thread_safety Const functions: any thread.
class BlockReader {
 public:
  /// Checks header, point table, CRC and every packed row.
  ///
  /// @param block   Exactly one block; borrowed for the reader's life.
  /// @errors        header        wrong magic, kind, stream, clock quality or sequences.
  ///                schema        a format version this build does not know; offset 4.
  ///                truncated     shorter than it says.
  ///                length        longer than it says, or above kBlockSizeMax.
  ///                checksum      CRC mismatch; offset = the CRC.
  ///                out_of_range  a table or row that no encoder writes.
  ///                `offset` is the first wrong byte.
  /// @thread_safety Pure function.
  [[nodiscard]] static Result<BlockReader> open(Bytes block) noexcept;

  [[nodiscard]] const BlockHeader& header() const noexcept { return header_; }
  /// The point table; empty for records.
  [[nodiscard]] std::span<const Point> points() const noexcept { return points_.view(); }
  [[nodiscard]] Bytes bytes() const noexcept { return block_; }
  /// Earliest and latest time of its rows, found while open() checked them: a clock can go back.
  [[nodiscard]] UtcInstant utc_min() const noexcept { return utc_min_; }
  [[nodiscard]] UtcInstant utc_max() const noexcept { return utc_max_; }
  /// Column of a point; nullopt when the block has none.
  [[nodiscard]] std::optional<std::size_t> column(const Point& point) const noexcept;

 private:
  friend class BlockScan;
  friend class RowCursor;
  friend class RecordCursor;
  friend class BlockBuilder;
  BlockReader() noexcept = default;
  [[nodiscard]] static Result<BlockReader> open_frame(Bytes block) noexcept;
  [[nodiscard]] Result<void> read_header() noexcept;
  [[nodiscard]] Result<void> read_table() noexcept;
  [[nodiscard]] Result<void> check_body() noexcept;
  [[nodiscard]] Result<void> check_rows() noexcept;
  [[nodiscard]] Result<void> check_records() noexcept;
  void saw(std::int64_t time_us) noexcept;
  [[nodiscard]] std::size_t body_end() const noexcept { return block_.size() - kBlockCrcSize; }

  Bytes block_;
  BlockHeader header_{};
  UtcInstant utc_min_{microseconds(std::numeric_limits<std::int64_t>::max())};
  UtcInstant utc_max_{microseconds(std::numeric_limits<std::int64_t>::min())};
  std::size_t body_begin_ = kBlockHeaderSize;
  StaticVector<Point, kPointsMax> points_{};
};

/// Checks and unpacks the rows of a block of points in one pass: half the work of BlockReader::open
/// and a RowCursor. Only the end tells whether the block is sound: until then what it gave is not
/// to be used.
///
/// @memory        About 11 KiB. Borrows the block.
/// @thread_safety Like a value.
class BlockScan {
 public:
  /// Checks header, CRC and point table.
  ///
  /// @param block   Exactly one block; borrowed for the scan's life.
  /// @errors        as BlockReader::open, but for the rows; header  records, which have no points.
  /// @thread_safety Pure function.
  [[nodiscard]] static Result<BlockScan> open(Bytes block) noexcept;

  [[nodiscard]] const BlockHeader& header() const noexcept { return frame_.header(); }
  [[nodiscard]] std::span<const Point> points() const noexcept { return frame_.points(); }
  [[nodiscard]] Bytes bytes() const noexcept { return frame_.bytes(); }

  /// Moves to the next row; false after the last, when the block is sound.
  ///
  /// @errors  as BlockReader::open for rows; the same again when called again.
  [[nodiscard]] Result<bool> next() noexcept;

  [[nodiscard]] Sequence sequence() const noexcept { return sequence_; }
  /// Time of the current row.
  [[nodiscard]] UtcInstant at() const noexcept {
    return UtcInstant{microseconds(state_.columns[0].last)};
  }
  /// Value of points()[column] in the current row. @pre next() was true; column < points().size().
  [[nodiscard]] RowValue value(std::size_t column) const noexcept {
    const std::uint8_t state = state_.states[column];  // 0 absent, else 1 + Quality.
    if (state == 0) return {};
    return {state_.columns[column + 1].last, static_cast<Quality>(state - 1), true};
  }

 private:
  explicit BlockScan(const BlockReader& frame) noexcept;
  [[nodiscard]] Result<bool> give_up(const Error& error) noexcept;

  BlockReader frame_;  ///< Its rows are not checked.
  std::size_t bit_;
  Sequence sequence_;
  std::optional<Error> wrong_;
  detail::PackState state_{};
};

/// Walks the rows of a block of points, in order.
///
/// @memory        About 11 KiB. The reader outlives it.
/// @thread_safety Like a value.
class RowCursor {
 public:
  /// @pre reader.header().kind() == BlockKind::points.
  explicit RowCursor(const BlockReader& reader) noexcept;
  /// Moves to the next row; false after the last.
  [[nodiscard]] bool next() noexcept;
  /// Sequence and content of the current row; the spans live until the next next().
  [[nodiscard]] Sequence sequence() const noexcept { return sequence_; }
  [[nodiscard]] Row row() const noexcept;

 private:
  friend class BlockBuilder;

  const BlockReader* reader_;
  std::size_t bit_;
  Sequence sequence_;
  detail::PackState state_{};
  std::array<RowValue, kPointsMax> values_{};
};

/// Walks the records of a block, in order.
///
/// @thread_safety Like a value.
class RecordCursor {
 public:
  /// @pre reader.header().kind() == BlockKind::records.
  explicit RecordCursor(const BlockReader& reader) noexcept;
  /// Moves to the next record; false after the last.
  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] Sequence sequence() const noexcept { return sequence_; }
  /// The payload lies inside the block.
  [[nodiscard]] const Record& record() const noexcept { return record_; }

 private:
  friend class BlockBuilder;

  const BlockReader* reader_;
  std::size_t at_;
  Sequence sequence_;
  std::int64_t time_ = 0;
  Record record_{};
};

/// Appends the rows of `reader` that come after `after` to `builder` until one does not fit.
///
/// @param after  Rows up to this sequence are left out; also cuts a straddling block.
/// @param upto   Rows beyond this sequence are left out.
/// @return       Sequence of the last row now in the builder (at least max(after, first - 1)).
/// @pre builder.next_sequence() is the first row taken. @thread_safety Pure but for `builder`.
[[nodiscard]] Sequence append_rows(BlockBuilder& builder, const BlockReader& reader, Sequence after,
                                   Sequence upto = ~Sequence{0}) noexcept;

/// Gives a sound block another identity in place: epoch and first sequence, then the CRC.
///
/// For a store that opens a new epoch with rows it had not delivered.
/// @pre BlockReader::open(block) succeeds.
void relabel(MutableBytes block, const Epoch& epoch, Sequence first) noexcept;

}  // namespace ems::telemetry
