// SPDX-License-Identifier: Apache-2.0
#include "ems/io/decode_columns.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ems/protocol/poll_codec.hpp"

namespace ems::io {
namespace {

/// One reading of the frame being decoded.
struct Cell {
  Signal signal{};
  std::uint16_t element = 0;
  std::uint8_t module = 0;
  bool valid = false;
  std::int64_t value = 0;

  [[nodiscard]] bool same_place(const Cell& other) const noexcept {
    return signal == other.signal && element == other.element && module == other.module;
  }
};

/// Takes the readings of one frame; they count only when the whole frame was sound.
class FrameSink final : public ReadingSink {
 public:
  void reading(const Reading& reading) override {
    const bool known = reading.quality != Quality::bad;
    cells.push_back({reading.signal, reading.element, reading.module, known,
                     known ? reading.value : std::int64_t{0}});
  }
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}

  std::vector<Cell> cells;
};

/// Fills the columns row by row. Frames of one kind give the same signals in the same order: where
/// they go is worked out once per kind.
class TableBuilder {
 public:
  explicit TableBuilder(std::size_t rows) : rows_(rows) {}

  void add_row(std::size_t row, const std::vector<Cell>& cells) {
    const Plan& plan = plan_for(cells);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i].valid) continue;
      FrameColumn& column = columns_[plan[i].column];
      const std::size_t at = row * column.width + within(cells[i]);
      column.values[at] = cells[i].value;
      column.valid[at] = 1;
    }
  }

  [[nodiscard]] std::vector<FrameColumn> take() {
    std::ranges::sort(columns_, {}, [](const FrameColumn& column) {
      return std::tuple(column.module, column.signal);
    });
    return std::move(columns_);
  }

 private:
  struct Place {
    Cell cell;
    std::size_t column = 0;
  };
  using Plan = std::vector<Place>;
  static constexpr std::size_t kPlansMax = 16;  ///< Kinds of frame that are kept apart.

  [[nodiscard]] static std::size_t within(const Cell& cell) noexcept {
    return cell.element == 0 ? 0 : cell.element - 1U;
  }

  const Plan& plan_for(const std::vector<Cell>& cells) {
    const auto matches = [&cells](const Plan& plan) {
      return std::ranges::equal(plan, cells, [](const Place& place, const Cell& cell) {
        return place.cell.same_place(cell);
      });
    };
    const auto found = std::ranges::find_if(plans_, matches);
    if (found != plans_.end()) return *found;
    if (plans_.size() == kPlansMax) plans_.clear();
    Plan& plan = plans_.emplace_back();
    for (const Cell& cell : cells) plan.push_back({cell, column_of(cell)});
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      std::size_t width = columns_[index].width;
      for (const Place& place : plan) {
        if (place.column == index) width = std::max(width, within(place.cell) + 1);
      }
      widen(columns_[index], width);
    }
    return plan;
  }

  std::size_t column_of(const Cell& cell) {
    const auto found = std::ranges::find_if(columns_, [&cell](const FrameColumn& column) {
      return column.signal == cell.signal && column.module == cell.module;
    });
    const auto index = static_cast<std::size_t>(found - columns_.begin());
    if (index == columns_.size()) columns_.push_back({cell.signal, cell.module, 0, {}, {}});
    return index;
  }

  void widen(FrameColumn& column, std::size_t width) const {
    if (width == column.width) return;
    std::vector<std::int64_t> values(rows_ * width);
    std::vector<std::uint8_t> valid(rows_ * width);
    for (std::size_t row = 0; column.width > 0 && row < rows_; ++row) {
      const auto from = static_cast<std::ptrdiff_t>(row * column.width);
      const auto to = static_cast<std::ptrdiff_t>(row * width);
      const auto count = static_cast<std::ptrdiff_t>(column.width);
      std::copy_n(column.values.begin() + from, count, values.begin() + to);
      std::copy_n(column.valid.begin() + from, count, valid.begin() + to);
    }
    column.width = width;
    column.values = std::move(values);
    column.valid = std::move(valid);
  }

  std::size_t rows_;
  std::vector<FrameColumn> columns_;
  std::vector<Plan> plans_;
};

}  // namespace

Result<DecodedFrames> decode_columns(std::string_view protocol, Bytes request,
                                     std::span<const Bytes> frames) {
  const Result<const protocol::Codec*> codec = protocol::find_codec(protocol);
  if (!codec) return fail(codec.error());
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  if (poll == nullptr) {
    return fail(Errc::invalid_argument, 0, "the protocol has CAN frames, not replies");
  }
  DecodedFrames decoded;
  decoded.errors.resize(frames.size());
  decoded.offsets.resize(frames.size());
  TableBuilder table(frames.size());
  FrameSink sink;
  for (std::size_t row = 0; row < frames.size(); ++row) {
    sink.cells.clear();
    const Result<void> result = poll->decode(request, frames[row], sink);
    if (result) {
      table.add_row(row, sink.cells);
    } else {
      decoded.errors[row] = static_cast<std::uint16_t>(result.error().code);
      decoded.offsets[row] = result.error().offset;
    }
  }
  decoded.columns = table.take();
  return decoded;
}

}  // namespace ems::io
