// SPDX-License-Identifier: Apache-2.0
#include "protocol/jk_4e57/frame.hpp"

#include <algorithm>

namespace ems::protocol::jk_4e57 {
namespace {

std::uint16_t sum_of(Bytes frame) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at + kUnsummed < frame.size(); ++at) sum += load_u8(frame, at);
  return static_cast<std::uint16_t>(sum & 0xFFFFU);
}

}  // namespace

Result<void> check_start(Bytes frame) noexcept {
  if (frame.empty()) return fail(Errc::truncated, 0, "no JK frame");
  for (std::size_t at = 0; at < std::min(frame.size(), std::size(kStart)); ++at) {
    if (load_u8(frame, at) != kStart[at]) {
      return fail(Errc::header, at, "JK frame does not start with 4E 57");
    }
  }
  return {};
}

Result<Bytes> check_body(Bytes frame) noexcept {
  if (frame.size() < kLengthAt + 2)
    return fail(Errc::truncated, frame.size(), "JK frame cut short");
  const std::size_t total = kLengthAt + std::size_t{load_be16(frame, kLengthAt)};
  if (total < kOverhead) return fail(Errc::length, kLengthAt, "JK length is too small");
  if (frame.size() < total) return fail(Errc::truncated, frame.size(), "JK frame cut short");
  if (frame.size() > total) return fail(Errc::length, total, "bytes behind the JK frame");
  if (load_u8(frame, total - kEndFromBack) != kEnd) {
    return fail(Errc::tail, total - kEndFromBack, "JK frame without 68 before its checksum");
  }
  if (load_be16(frame, total - kSumFromBack) != sum_of(frame)) {
    return fail(Errc::checksum, total - kSumFromBack, "JK checksum mismatch");
  }
  return frame.subspan(kDataAt, total - kOverhead);
}

Result<std::size_t> encode(const Header& header, Bytes data, MutableBytes out) noexcept {
  const std::size_t size = kOverhead + data.size();
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "no room for the JK frame");
  const MutableBytes frame = out.first(size);
  std::fill(frame.begin(), frame.end(), std::byte{0});
  for (std::size_t at = 0; at < std::size(kStart); ++at) store_u8(frame, at, kStart[at]);
  store_be16(frame, kLengthAt, static_cast<std::uint16_t>(size - kLengthAt));
  store_u8(frame, kCommandAt, header.command);
  store_u8(frame, kSourceAt, header.source);
  store_u8(frame, kTypeAt, header.type);
  std::copy(data.begin(), data.end(), frame.begin() + kDataAt);
  store_u8(frame, size - kEndFromBack, kEnd);
  store_be16(frame, size - kSumFromBack, sum_of(frame));
  return size;
}

Result<Request> parse_request(Bytes request) noexcept {
  const Result<void> start = check_start(request);
  if (!start) return fail(start.error());
  if (has(request, kTypeAt) && load_u8(request, kTypeAt) != kRequest) {
    return fail(Errc::header, kTypeAt, "not a JK request");
  }
  const Result<Bytes> data = check_body(request);
  if (!data) return fail(data.error());
  return Request{load_u8(request, kCommandAt), *data};
}

}  // namespace ems::protocol::jk_4e57
