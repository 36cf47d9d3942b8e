// SPDX-License-Identifier: Apache-2.0
#include "ems/io/decode_columns.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ems/protocol/poll_codec.hpp"

namespace ems::io {
namespace {

/// Fills the columns while frames are decoded.
///
/// A codec gives nothing of a frame that fails, so every reading may go to its place at once.
/// Frames of one kind give the same signals in the same order: their places are worked out once per
/// kind and then only followed.
class TableBuilder final : public ReadingSink {
 public:
  explicit TableBuilder(std::size_t rows) : rows_(rows), plans_(1) {}

  void begin_row(std::size_t row) noexcept {
    row_ = row;
    rest_.clear();
    follow(plan_);
  }

  void reading(const Reading& reading) override {
    const std::uint64_t key = key_of(reading);
    if (next_ == end_ || next_->key != key) return unforeseen(reading, key);
    put(*next_++, reading);
  }
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}

  /// Takes what the plan did not foresee, and foresees it from now on.
  void end_row() {
    if (rest_.empty()) return;
    const Plan& followed = plans_[plan_];
    Plan plan(followed.begin(), followed.begin() + static_cast<std::ptrdiff_t>(followed_));
    for (const Reading& reading : rest_) {
      plan.push_back({key_of(reading), column_of(reading), nullptr, nullptr, 0});
    }
    plan_ = known(std::move(plan));
    for (std::size_t i = 0; i < rest_.size(); ++i) put(plans_[plan_][followed_ + i], rest_[i]);
  }

  [[nodiscard]] std::vector<FrameColumn> take() {
    std::ranges::sort(columns_, {}, [](const FrameColumn& column) {
      return std::tuple(column.module, column.signal);
    });
    return std::move(columns_);
  }

 private:
  /// Where a reading goes: row r at values[r * stride].
  struct Place {
    std::uint64_t key = 0;  ///< key_of() the reading.
    std::size_t column = 0;
    std::int64_t* values = nullptr;
    std::uint8_t* valid = nullptr;
    std::size_t stride = 0;
  };
  using Plan = std::vector<Place>;
  static constexpr std::size_t kPlansMax = 16;  ///< Kinds of frame that are kept apart.

  /// Signal, module and element in one number, so that one comparison tells them apart.
  [[nodiscard]] static std::uint64_t key_of(const Reading& reading) noexcept {
    return std::uint64_t{static_cast<std::uint16_t>(reading.signal)} << 24U |
           std::uint64_t{reading.module} << 16U | reading.element;
  }
  /// Place of a key's element inside a row of its column.
  [[nodiscard]] static std::size_t within(std::uint64_t key) noexcept {
    const std::size_t element = key & 0xFFFFU;
    return element == 0 ? 0 : element - 1;
  }

  void follow(std::size_t plan) noexcept {
    plan_ = plan;
    next_ = plans_[plan].data();
    end_ = next_ + plans_[plan].size();
  }

  void put(const Place& place, const Reading& reading) const noexcept {
    if (reading.quality == Quality::bad) return;
    place.values[row_ * place.stride] = reading.value;
    place.valid[row_ * place.stride] = 1;
  }

  /// The first reading of a frame chooses another plan that begins with it; any other, and all that
  /// come after it, wait for end_row().
  void unforeseen(const Reading& reading, std::uint64_t key) {
    if (rest_.empty()) {
      followed_ = static_cast<std::size_t>(next_ - plans_[plan_].data());
      const auto begins = [key](const Plan& plan) { return !plan.empty() && plan[0].key == key; };
      const auto found = std::ranges::find_if(plans_, begins);
      if (followed_ == 0 && found != plans_.end()) {
        follow(static_cast<std::size_t>(found - plans_.begin()));
        return put(*next_++, reading);
      }
      next_ = end_;
    }
    rest_.push_back(reading);
  }

  std::size_t column_of(const Reading& reading) {
    const auto found = std::ranges::find_if(columns_, [&reading](const FrameColumn& column) {
      return column.signal == reading.signal && column.module == reading.module;
    });
    const auto index = static_cast<std::size_t>(found - columns_.begin());
    if (index == columns_.size()) columns_.push_back({reading.signal, reading.module, 0, {}, {}});
    return index;
  }

  /// Number of the plan with these keys; a new one when there is none yet.
  std::size_t known(Plan plan) {
    const auto same = [&plan](const Plan& other) {
      return std::ranges::equal(plan, other, {}, &Place::key, &Place::key);
    };
    const auto found = std::ranges::find_if(plans_, same);
    if (found != plans_.end()) return static_cast<std::size_t>(found - plans_.begin());
    if (plans_.size() == kPlansMax) plans_.clear();
    make_room(plan);
    plans_.push_back(std::move(plan));
    return plans_.size() - 1;
  }

  /// Widens the columns to what `plan` needs; then every place is found anew.
  void make_room(Plan& plan) {
    std::vector<std::size_t> widths(columns_.size());
    for (const Place& place : plan) {
      widths[place.column] = std::max(widths[place.column], within(place.key) + 1);
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) widen(columns_[i], widths[i]);
    locate(plan);
    for (Plan& other : plans_) locate(other);
  }

  void locate(Plan& plan) {
    for (Place& place : plan) {
      FrameColumn& column = columns_[place.column];
      place.values = column.values.data() + within(place.key);
      place.valid = column.valid.data() + within(place.key);
      place.stride = column.width;
    }
  }

  void widen(FrameColumn& column, std::size_t width) const {
    if (width <= column.width) return;
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
  std::size_t row_ = 0;
  std::vector<FrameColumn> columns_;
  std::vector<Plan> plans_;  ///< Never empty while a row is taken.
  std::size_t plan_ = 0;     ///< Followed now.
  const Place* next_ = nullptr;
  const Place* end_ = nullptr;
  std::size_t followed_ = 0;   ///< Readings of this row before rest_.
  std::vector<Reading> rest_;  ///< Readings of this row from the first that was not foreseen.
};

}  // namespace

Result<DecodedFrames> decode_columns(std::string_view protocol, Bytes request,
                                     std::span<const Bytes> frames,
                                     const protocol::CodecOptions& options) {
  const Result<const protocol::Codec*> codec = protocol::find_codec(protocol);
  if (!codec) return fail(codec.error());
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  if (poll == nullptr) {
    return fail(Errc::invalid_argument, 0, "the protocol has CAN frames, not replies");
  }
  protocol::CodecRoom room;
  const Result<const protocol::PollCodec*> configured = poll->with(options, room);
  if (!configured) return fail(configured.error());
  DecodedFrames decoded;
  decoded.errors.resize(frames.size());
  decoded.offsets.resize(frames.size());
  TableBuilder table(frames.size());
  for (std::size_t row = 0; row < frames.size(); ++row) {
    table.begin_row(row);
    const Result<void> result = (*configured)->decode(request, frames[row], table);
    if (result) {
      table.end_row();
    } else {
      decoded.errors[row] = static_cast<std::uint16_t>(result.error().code);
      decoded.offsets[row] = result.error().offset;
    }
  }
  decoded.columns = table.take();
  return decoded;
}

}  // namespace ems::io
