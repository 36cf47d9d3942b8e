// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/block_ring.hpp"

#include <algorithm>
#include <cstring>

#include "ems/model/catalogue.hpp"

namespace ems::telemetry {
namespace {

constexpr std::size_t kAlign = alignof(std::uint64_t);

}  // namespace

std::size_t BlockRing::Entry::room() const noexcept {
  return (sizeof(Entry) + static_cast<std::size_t>(size) + kAlign - 1) / kAlign * kAlign;
}

BlockRing::BlockRing(MutableBytes memory, Stream stream, const Epoch& epoch,
                     Sequence first) noexcept
    : ring_(memory.subspan(std::min(memory.size(), kBlockBufferMin))),
      builder_(memory.first(std::min(memory.size(), kBlockBufferMin))),
      stream_(stream),
      epoch_(epoch),
      context_{.catalogue_hash = catalogue_hash()},
      mark_(first - 1) {
  static_assert(kBlockRingMin >= 2 * kBlockBufferMin + sizeof(Entry) + kAlign);
  EMS_ASSERT(memory.size() >= kBlockRingMin && memory.size() <= kBlockRingMax);
  const Result<void> started = builder_.start(stream, epoch, first);
  EMS_ASSERT(started.has_value() && "BlockRing: unknown stream, or sequence 0");
}

Result<Sequence> BlockRing::append(const Row& row) noexcept { return append_item(row); }
Result<Sequence> BlockRing::append(const Record& record) noexcept { return append_item(record); }

template <class Item>
Result<Sequence> BlockRing::append_item(const Item& item) noexcept {
  Result<Append> appended = builder_.append(context_, item);
  if (appended && *appended != Append::stored) {
    if (const Result<void> sealed = seal(); !sealed) return fail(sealed.error());
    appended = builder_.append(context_, item);
    EMS_ASSERT(!appended || *appended == Append::stored);  // kBlockBufferMin holds any one row.
  }
  if (!appended) return fail(appended.error());
  return builder_.header().last;
}

Result<void> BlockRing::seal() noexcept {
  const Bytes block = builder_.bytes();
  if (block.empty()) return {};
  const Entry entry{block.size(), builder_.header().first, builder_.header().last};
  std::optional<std::size_t> place = place_for(entry.room());
  while (!place) {
    if (!drop_oldest()) {
      return fail(Errc::resource_exhausted, 0,
                  "telemetry ring: full of rows that nobody has acknowledged");
    }
    place = place_for(entry.room());
  }
  std::memcpy(ring_.data() + *place, &entry, sizeof entry);
  std::memcpy(ring_.data() + *place + sizeof entry, block.data(), block.size());
  end_ = *place + entry.room();
  ++count_;
  const Result<void> started = builder_.start(stream_, epoch_, entry.last + 1);
  EMS_ASSERT(started.has_value());
  return {};
}

/// Where a block of `room` bytes can lie now; nullopt when the oldest is in the way.
std::optional<std::size_t> BlockRing::place_for(std::size_t room) noexcept {
  if (wrapped_) return begin_ - end_ >= room ? std::optional(end_) : std::nullopt;
  if (ring_.size() - end_ >= room) return end_;
  if (begin_ < room) return std::nullopt;
  wrap_ = end_;
  wrapped_ = true;
  return 0;
}

/// False when the oldest block may not go.
bool BlockRing::drop_oldest() noexcept {
  EMS_ASSERT(count_ > 0);  // The ring holds a whole builder's block, so an empty one has room.
  const Entry oldest = entry_at(begin_);
  if (oldest.last > mark_) {
    if (stream_ == Stream::audit) return false;
    rows_lost_ += oldest.last - std::max(mark_, oldest.first - 1);
    lost_upto_ = oldest.last;
  }
  const std::size_t next = next_of(begin_);
  if (next < begin_) wrapped_ = false;
  begin_ = next;
  if (--count_ == 0) {
    begin_ = end_ = 0;
    wrapped_ = false;
  }
  return true;
}

BlockRing::Entry BlockRing::entry_at(std::size_t at) const noexcept {
  Entry entry;
  std::memcpy(&entry, ring_.data() + at, sizeof entry);
  return entry;
}

std::size_t BlockRing::next_of(std::size_t at) const noexcept {
  const std::size_t next = at + entry_at(at).room();
  return wrapped_ && next == wrap_ ? 0 : next;
}

std::optional<HeldBlock> BlockRing::peek(Sequence after) noexcept {
  std::size_t at = begin_;
  for (std::size_t i = 0; i < count_; ++i, at = next_of(at)) {
    const Entry entry = entry_at(at);
    if (entry.last > after) {
      const Bytes bytes =
          Bytes(ring_).subspan(at + sizeof entry, static_cast<std::size_t>(entry.size));
      return HeldBlock{bytes, entry.first, entry.last};
    }
  }
  const BlockHeader& header = builder_.header();
  if (builder_.rows() == 0 || header.last <= after) return std::nullopt;
  return HeldBlock{builder_.bytes(), header.first, header.last};
}

Result<void> BlockRing::acknowledge(Sequence upto) noexcept {
  if (upto >= next_sequence()) {
    return fail(Errc::out_of_range, 0, "telemetry ring: that sequence was not given out yet");
  }
  mark_ = std::max(mark_, upto);
  return {};
}

Sequence BlockRing::first_held() const noexcept {
  if (count_ > 0) return entry_at(begin_).first;
  return builder_.rows() > 0 ? builder_.header().first : 0;
}

std::optional<Gap> BlockRing::gap() const noexcept {
  if (lost_upto_ <= mark_) return std::nullopt;
  return Gap{.first = mark_ + 1, .last = lost_upto_, .reason = GapReason::evicted};
}

std::size_t BlockRing::bytes_used() const noexcept {
  if (count_ == 0) return 0;
  return wrapped_ ? wrap_ - begin_ + end_ : end_ - begin_;
}

}  // namespace ems::telemetry
