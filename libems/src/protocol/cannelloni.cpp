// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/cannelloni.hpp"

#include "protocol/can_text.hpp"

namespace ems::protocol {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kOpData = 0;

// Layout of the header.
constexpr std::size_t kVersionAt = 0;
constexpr std::size_t kOpAt = 1;
constexpr std::size_t kSequenceAt = 2;
constexpr std::size_t kCountAt = 3;  // u16
static_assert(kCountAt + 2 == kCannelloniHeaderSize);

// The identifier's flags, as SocketCAN has them.
constexpr std::uint32_t kExtendedFlag = 0x80000000;
constexpr std::uint32_t kRemoteFlag = 0x40000000;
constexpr std::uint32_t kErrorFlag = 0x20000000;

constexpr std::uint8_t kFdFlag = 0x80;  // In the length.
constexpr std::uint8_t kSizeMask = 0x7F;
constexpr std::uint8_t kFdFlagsMask = 3;
constexpr std::size_t kFrameHeaderSize = 5;

/// The frame at `at`, which then is behind it.
Result<CanRecord> read_frame(Bytes data, std::size_t& at) noexcept {
  const auto cut = [&data] {
    return fail(Errc::truncated, data.size(), "cannelloni: the datagram ends within a frame");
  };
  if (data.size() - at < kFrameHeaderSize) return cut();
  const std::uint32_t id = load_be32(data, at);
  const std::uint8_t length = load_u8(data, at + 4);
  const std::size_t id_at = at;
  at += kFrameHeaderSize;
  CanRecord record;
  record.extended = (id & kExtendedFlag) != 0;
  record.id = id & kCanExtendedIdMax;
  const bool fd = (length & kFdFlag) != 0;
  if (fd && (id & (kErrorFlag | kRemoteFlag)) != 0) {
    return fail(Errc::length, id_at + 4, "cannelloni: CAN FD has no remote and no error frames");
  }
  if ((id & kErrorFlag) != 0) {
    record.kind = CanRecordKind::error;
    record.extended = false;
  } else if (fd) {
    record.kind = CanRecordKind::fd;
  } else if ((id & kRemoteFlag) != 0) {
    record.kind = CanRecordKind::remote;
  }
  const bool wide = record.extended || record.kind == CanRecordKind::error;
  if (record.id > (wide ? kCanExtendedIdMax : kCanIdMax)) {
    return fail(Errc::out_of_range, id_at, "cannelloni: the identifier does not fit its width");
  }
  const std::size_t size = length & kSizeMask;
  if (fd ? !detail::is_fd_size(size) : size > kCanDataSize) {
    return fail(Errc::length, id_at + 4, "cannelloni: no frame has so many bytes");
  }
  record.size = static_cast<std::uint8_t>(size);
  if (fd) {
    if (at == data.size()) return cut();
    record.fd_flags = load_u8(data, at++) & kFdFlagsMask;
  }
  const std::size_t carried = record.payload().size();
  if (data.size() - at < carried) return cut();
  std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(at), carried, record.data.begin());
  at += carried;
  return record;
}

}  // namespace

Result<CannelloniReader> CannelloniReader::open(Bytes datagram) noexcept {
  if (datagram.size() < kCannelloniHeaderSize) {
    return fail(Errc::truncated, datagram.size(), "cannelloni: the datagram ends in its header");
  }
  if (load_u8(datagram, kVersionAt) != kVersion) {
    return fail(Errc::header, kVersionAt, "cannelloni: not version 2");
  }
  if (load_u8(datagram, kOpAt) != kOpData) {
    return fail(Errc::header, kOpAt, "cannelloni: not a datagram of frames");
  }
  std::size_t at = kCannelloniHeaderSize;
  for (std::size_t i = load_be16(datagram, kCountAt); i > 0; --i) {
    if (const Result<CanRecord> frame = read_frame(datagram, at); !frame) {
      return fail(frame.error());
    }
  }
  if (at != datagram.size()) {
    return fail(Errc::length, at, "cannelloni: bytes behind the last frame");
  }
  return CannelloniReader(datagram);
}

std::uint8_t CannelloniReader::sequence() const noexcept { return load_u8(datagram_, kSequenceAt); }

std::optional<CanRecord> CannelloniReader::next() noexcept {
  if (at_ == datagram_.size()) return std::nullopt;
  Result<CanRecord> frame = read_frame(datagram_, at_);
  EMS_ASSERT(frame);  // open() has read it before.
  return *frame;
}

Result<std::size_t> encode_cannelloni(std::uint8_t sequence, std::span<const CanRecord> records,
                                      MutableBytes out) noexcept {
  const auto full = [](std::size_t record) {
    return fail(Errc::resource_exhausted, record, "cannelloni: the datagram is full");
  };
  if (out.size() < kCannelloniHeaderSize) return full(0);
  if (records.size() > 0xFFFF) return full(0xFFFF);
  store_u8(out, kVersionAt, kVersion);
  store_u8(out, kOpAt, kOpData);
  store_u8(out, kSequenceAt, sequence);
  store_be16(out, kCountAt, static_cast<std::uint16_t>(records.size()));
  std::size_t at = kCannelloniHeaderSize;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const CanRecord& record = records[i];
    const Bytes data = record.payload();
    const bool fd = record.kind == CanRecordKind::fd;
    if (out.size() - at < kFrameHeaderSize + (fd ? 1 : 0) + data.size()) return full(i);
    store_be32(out, at,
               record.id | (record.extended ? kExtendedFlag : 0) |
                   (record.kind == CanRecordKind::remote ? kRemoteFlag : 0) |
                   (record.kind == CanRecordKind::error ? kErrorFlag : 0));
    store_u8(out, at + 4, static_cast<std::uint8_t>(record.size | (fd ? kFdFlag : 0)));
    at += kFrameHeaderSize;
    if (fd) store_u8(out, at++, record.fd_flags);
    std::copy(data.begin(), data.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
    at += data.size();
  }
  return at;
}

bool CannelloniSequence::take(std::uint8_t sequence) noexcept {
  if (newest_) {
    const auto ahead = static_cast<std::uint8_t>(sequence - *newest_);
    const auto behind = static_cast<std::uint8_t>(*newest_ - sequence);
    if (behind <= kLateMax) {
      ++late_;
      return false;
    }
    if (ahead <= 0x80) lost_ += ahead - 1U;
  }
  newest_ = sequence;
  return true;
}

}  // namespace ems::protocol
