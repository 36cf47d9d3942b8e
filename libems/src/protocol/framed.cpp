// SPDX-License-Identifier: Apache-2.0
#include "protocol/framed.hpp"

#include <algorithm>

namespace ems::protocol::framed {
namespace {

/// First byte that is not as it has to be; nullopt: none of those that are there.
std::optional<std::size_t> mismatch(Header header, Bytes frame) noexcept {
  for (std::size_t at = 0; at < std::min(header.size(), frame.size()); ++at) {
    if ((load_u8(frame, at) & header[at].mask) != (header[at].value & header[at].mask)) return at;
  }
  return std::nullopt;
}

std::size_t length_of(const Shape& shape, Bytes frame) noexcept {
  return shape.length_size == 2 ? load_be16(frame, shape.length_at)
                                : load_u8(frame, shape.length_at);
}

bool ends_at(const Shape& shape, Bytes frame, std::size_t end) noexcept {
  for (std::size_t i = 0; i < shape.end_size; ++i) {
    if (load_u8(frame, end - shape.end_size + i) != shape.end[i]) return false;
  }
  return true;
}

/// Bytes of the frame that `frame` begins with; nullopt: its length has not come yet.
std::optional<std::size_t> size_of(const Shape& shape, Bytes frame) noexcept {
  if (frame.size() < shape.data_at) return std::nullopt;
  const std::size_t size =
      shape.data_at + length_of(shape, frame) + shape.checksum_size + shape.end_size;
  const std::size_t spare = shape.spare == nullptr ? 0 : shape.spare(frame);
  if (spare == 0 || frame.size() < size || ends_at(shape, frame, size)) return size;
  return size + spare;
}

}  // namespace

Result<Bytes> open(const Shape& shape, Header header, Bytes frame) noexcept {
  if (const auto at = mismatch(header, frame)) {
    return fail(Errc::header, *at, "not the frame that is awaited");
  }
  const std::optional<std::size_t> size = size_of(shape, frame);
  if (!size || frame.size() < *size) return fail(Errc::truncated, frame.size(), "frame cut short");
  if (frame.size() > *size) return fail(Errc::length, *size, "bytes behind the frame");
  for (std::size_t i = 0; i < shape.end_size; ++i) {
    const std::size_t at = *size - shape.end_size + i;
    if (load_u8(frame, at) != shape.end[i]) return fail(Errc::tail, at, "frame has a wrong end");
  }
  const std::size_t sum_at = shape.data_at + length_of(shape, frame);
  if (shape.sound != nullptr &&
      !shape.sound(frame.first(sum_at), frame.subspan(sum_at, shape.checksum_size))) {
    return fail(Errc::checksum, sum_at, "checksum mismatch");
  }
  return frame.subspan(shape.data_at, sum_at - shape.data_at);
}

FrameScan scan(const Shape& shape, Header header, Bytes echo, Bytes received) noexcept {
  std::size_t at = 0;
  while (at < received.size()) {
    const Bytes rest = received.subspan(at);
    if (mismatch(header, rest)) {
      ++at;
      continue;
    }
    const std::optional<std::size_t> size = size_of(shape, rest);
    if (!size) break;
    if (*size > kReplySize) {
      ++at;
      continue;
    }
    if (rest.size() < *size) break;
    if (!same(rest.first(*size), echo)) return {.noise = at, .size = *size};
    at += *size;
  }
  return {.noise = at, .size = 0};
}

Result<std::size_t> seal(const Shape& shape, Bytes header, Bytes data, Sum sum,
                         MutableBytes out) noexcept {
  EMS_ASSERT(header.size() == shape.data_at);
  const std::size_t sum_at = header.size() + data.size();
  const std::size_t size = sum_at + shape.checksum_size + shape.end_size;
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "no room for the frame");
  std::copy(header.begin(), header.end(), out.begin());
  std::copy(data.begin(), data.end(), out.begin() + static_cast<std::ptrdiff_t>(header.size()));
  sum(out.first(sum_at), out.subspan(sum_at, shape.checksum_size));
  for (std::size_t i = 0; i < shape.end_size; ++i) {
    store_u8(out, sum_at + shape.checksum_size + i, shape.end[i]);
  }
  return size;
}

bool same(Bytes a, Bytes b) noexcept { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

Result<Lists> read_lists(Bytes data, std::size_t at, std::size_t width) noexcept {
  constexpr const char* kShort = "data end inside a list";
  Lists lists;
  if (at >= data.size()) return fail(Errc::length, data.size(), kShort);
  lists.cells = load_u8(data, at);
  lists.cells_at = at + 1;
  if (lists.cells == 0) return fail(Errc::length, at, "no cell");
  const std::size_t sensors_at = lists.cells_at + lists.cells * width;
  if (sensors_at >= data.size()) return fail(Errc::length, data.size(), kShort);
  lists.sensors = load_u8(data, sensors_at);
  lists.sensors_at = sensors_at + 1;
  lists.end = lists.sensors_at + lists.sensors * width;
  if (lists.end > data.size()) return fail(Errc::length, data.size(), kShort);
  return lists;
}

void give_cells(const Publisher& out, Bytes data, const Lists& lists) noexcept {
  out.value(Signal::cell_count, static_cast<std::int64_t>(lists.cells));
  out.count(Signal::cell_voltage, lists.cells);
  for (std::size_t i = 0; i < lists.cells; ++i) {
    out.cell(Signal::cell_voltage, load_be16(data, lists.cells_at + 2 * i),
             static_cast<std::uint16_t>(i + 1));
  }
}

std::optional<std::int64_t> sensor_at(Bytes data, const Lists& lists, std::size_t index) noexcept {
  return from_decikelvin(load_be16(data, lists.sensors_at + 2 * index));
}

void give_sensors(const Publisher& out, Bytes data, const Lists& lists) noexcept {
  out.count(Signal::temperature, lists.sensors);
  for (std::size_t i = 0; i < lists.sensors; ++i) {
    out.sensor(Signal::temperature, sensor_at(data, lists, i), static_cast<std::uint16_t>(i + 1));
  }
}

}  // namespace ems::protocol::framed
