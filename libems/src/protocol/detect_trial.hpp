// SPDX-License-Identifier: Apache-2.0
/// @file Private: asking in a protocol that may not be spoken here.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "ems/protocol/detect.hpp"

namespace ems::protocol::detail {

/// Counts what there is, and adds up the cells.
class Taster final : public ReadingSink {
 public:
  void reading(const Reading& reading) override {
    if (reading.quality != Quality::good) return;
    ++values;
    if (reading.module > 1) return;  // One of several modules speaks for all.
    if (reading.signal == Signal::pack_voltage) pack_mv = reading.value;
    if (reading.signal == Signal::cell_voltage) cells_mv = cells_mv.value_or(0) + reading.value;
  }
  void text(TextField, std::string_view, std::uint8_t) override { ++values; }
  void acknowledged() override {}
  void vendor_value(std::string_view name, std::int64_t value) override {
    writes = writes || (name == "request_write" && value != 0);
  }
  unsigned values = 0;
  std::optional<std::int64_t> pack_mv{};
  std::optional<std::int64_t> cells_mv{};
  bool writes = false;
};

using RequestRoom = std::array<std::byte, kRequestSize>;

/// The request of a plan item. Empty: the item has none that the codec itself understands.
inline Bytes request_of(const PollCodec& codec, std::size_t item, RequestRoom& room) noexcept {
  const Result<std::size_t> size = codec.encode_poll(codec.poll_plan()[item].number, room);
  return size ? Bytes(room).first(*size) : Bytes{};
}

/// A request counts as harmless only when its own codec says so.
inline bool writes(const PollCodec& codec, Bytes request) noexcept {
  Taster said;
  const Result<void> understood = codec.decode_request(request, said);
  return !understood || said.writes;
}

inline const PollCodec* make(const DetectCandidate& candidate, CodecRoom& room) noexcept {
  const Result<const PollCodec*> made =
      candidate.codec->with({.address = candidate.address, .variant = candidate.variant}, room);
  return made ? *made : nullptr;
}

inline bool reads(const PollCodec& codec, Bytes request, Bytes reply) noexcept {
  Taster taster;
  return codec.decode(request, reply, taster) && taster.values > 0;
}

inline bool same(Bytes a, Bytes b) noexcept { return std::ranges::equal(a, b); }

template <class T>
bool has(std::span<const T> list, T value) noexcept {
  return std::ranges::find(list, value) != list.end();
}

/// Stable, and without the memory that std::stable_sort may want.
template <class T, class Before>
void sort(std::span<T> items, Before before) noexcept {
  for (std::size_t i = 1; i < items.size(); ++i) {
    for (std::size_t k = i; k > 0 && before(items[k], items[k - 1]); --k) {
      std::swap(items[k], items[k - 1]);
    }
  }
}

inline std::string_view variant_of(const ProtocolInfo& info, std::size_t index) noexcept {
  return info.variants.empty() ? std::string_view{} : info.variants[index];
}
inline std::size_t variants_of(const ProtocolInfo& info) noexcept {
  return std::max<std::size_t>(info.variants.size(), 1);
}

}  // namespace ems::protocol::detail
