// SPDX-License-Identifier: Apache-2.0
#include "protocol/daly_a5/frames.hpp"

#include <algorithm>
#include <optional>

namespace ems::protocol::daly_a5 {
namespace {

constexpr std::uint8_t kStart = 0xA5;
constexpr std::size_t kLengthAt = 3;
constexpr std::size_t kSumAt = kFrame - 1;
constexpr std::uint8_t kInvalid = 0xFF;
static_assert(kFramesMax * kFrame <= kReplySize);

std::uint8_t sum_of(Bytes frame) noexcept {
  unsigned sum = 0;
  for (std::size_t at = 0; at < kSumAt; ++at) sum += load_u8(frame, at);
  return static_cast<std::uint8_t>(sum & 0xFFU);
}

bool sound(Bytes frame) noexcept { return load_u8(frame, kSumAt) == sum_of(frame); }

bool may_answer(const Expected& expected, std::uint8_t board) noexcept {
  if (expected.board == 0) return board >= 1 && board <= kBoardsMax;
  return board == 1 || board == expected.board;
}

/// Frame `index` of the reply in `bytes`, as far as they go: start, board, command, number.
/// @return Offset of the byte that says it is another frame.
std::optional<std::size_t> wrong_byte(const Expected& expected, Bytes bytes,
                                      std::size_t index) noexcept {
  const std::size_t at = index * kFrame;
  const auto differs = [bytes](std::size_t where, std::uint8_t wanted) {
    return where < bytes.size() && load_u8(bytes, where) != wanted;
  };
  if (differs(at, kStart)) return at;
  const std::size_t board_at = at + kAddressAt;
  if (board_at < bytes.size()) {
    const std::uint8_t board = load_u8(bytes, board_at);
    if (!may_answer(expected, board) || load_u8(bytes, kAddressAt) != board) return board_at;
  }
  if (differs(at + kCommandAt, expected.command_of(index))) return at + kCommandAt;
  const std::size_t number_at = at + kDataAt;
  if (is_numbered(expected.command) && number_at < bytes.size() &&
      load_u8(bytes, number_at) != kInvalid) {
    if (differs(number_at, static_cast<std::uint8_t>(expected.first_number + index))) {
      return number_at;
    }
  }
  return std::nullopt;
}

/// The first byte of the first `frames` frames, as far as they go, that is not one of theirs.
std::optional<std::size_t> wrong_byte_of_all(const Expected& expected, Bytes bytes,
                                             std::size_t frames) noexcept {
  for (std::size_t index = 0; index < frames && index * kFrame < bytes.size(); ++index) {
    if (const auto wrong = wrong_byte(expected, bytes, index)) return wrong;
  }
  return std::nullopt;
}

/// The first length byte, of those there are, that is none.
std::optional<std::size_t> wrong_length(Bytes bytes, std::size_t frames) noexcept {
  for (std::size_t at = kLengthAt; at < bytes.size() && at < frames * kFrame; at += kFrame) {
    if (load_u8(bytes, at) != kDataSize) return at;
  }
  return std::nullopt;
}

Result<void> check_sums(Bytes frames) noexcept {
  if (const auto wrong = wrong_length(frames, frames.size() / kFrame)) {
    return fail(Errc::length, *wrong, "Daly frames have 8 bytes of data");
  }
  for (std::size_t at = 0; at < frames.size(); at += kFrame) {
    if (!sound(frames.subspan(at, kFrame))) {
      return fail(Errc::checksum, at + kSumAt, "Daly checksum mismatch");
    }
  }
  return {};
}

}  // namespace

void write_frame(std::uint8_t address, std::uint8_t command, Bytes data,
                 MutableBytes out) noexcept {
  EMS_ASSERT(data.size() <= kDataSize);
  std::fill_n(out.begin(), kFrame, std::byte{0});
  store_u8(out, 0, kStart);
  store_u8(out, kAddressAt, address);
  store_u8(out, kCommandAt, command);
  store_u8(out, kLengthAt, kDataSize);
  std::copy(data.begin(), data.end(), out.begin() + kDataAt);
  store_u8(out, kSumAt, sum_of(out.first(kFrame)));
}

void write_frame(std::uint8_t address, std::uint8_t command, std::uint8_t first_byte,
                 MutableBytes out) noexcept {
  const std::byte data[] = {std::byte{first_byte}};
  write_frame(address, command, Bytes(data), out);
}

Result<Bytes> check_request(Bytes request) noexcept {
  if (request.empty()) return fail(Errc::truncated, 0, "no Daly request");
  if (load_u8(request, 0) != kStart) {
    return fail(Errc::header, 0, "Daly request does not start with A5");
  }
  const bool switches = request.size() > kCommandAt && is_switch(load_u8(request, kCommandAt));
  const bool both = switches && request.size() > kFrame;
  const std::size_t total = both ? 2 * kFrame : kFrame;
  for (const std::size_t at : {kFrame, kFrame + kAddressAt, kFrame + kCommandAt}) {
    if (!both || at >= request.size()) break;
    const std::uint8_t byte = load_u8(request, at);
    if (at == kFrame + kCommandAt ? !is_switch(byte) : byte != load_u8(request, at - kFrame)) {
      return fail(Errc::header, at, "not a second switch of the same Daly board");
    }
  }
  if (request.size() < total)
    return fail(Errc::truncated, request.size(), "Daly request cut short");
  if (request.size() > total) return fail(Errc::length, total, "bytes behind the Daly request");
  const Result<void> sums = check_sums(request);
  if (!sums) return fail(sums.error());
  return request.last(kFrame);
}

Result<void> check_reply(const Expected& expected, Bytes reply) noexcept {
  if (reply.empty()) return fail(Errc::truncated, 0, "no Daly reply");
  const std::size_t most = expected.more ? kFramesMax : expected.frames;
  if (const auto wrong = wrong_byte_of_all(expected, reply, most)) {
    return fail(Errc::header, *wrong, "Daly frame that does not answer the request");
  }
  if (reply.size() > most * kFrame) {
    return fail(Errc::length, most * kFrame, "bytes behind the Daly reply");
  }
  if (reply.size() < expected.frames * kFrame || reply.size() % kFrame != 0) {
    return fail(Errc::truncated, reply.size(), "Daly reply cut short");
  }
  const Result<void> sums = check_sums(reply);
  if (!sums) return sums;
  for (std::size_t at = kDataAt; is_numbered(expected.command) && at < reply.size(); at += kFrame) {
    if (load_u8(reply, at) == kInvalid) {
      return fail(Errc::device_error, at, "the Daly board marks the frame as invalid");
    }
  }
  return {};
}

FrameScan scan_reply(const Expected* expected, Bytes received) noexcept {
  std::size_t at = 0;
  for (; at < received.size(); ++at) {
    const Bytes rest = received.subspan(at);
    Expected any;
    if (expected == nullptr) {
      any.command = any.last_command =
          rest.size() > kCommandAt ? load_u8(rest, kCommandAt) : std::uint8_t{0};
      any.first_number = rest.size() > kDataAt ? load_u8(rest, kDataAt) : std::uint8_t{0};
    }
    const Expected& wanted = expected == nullptr ? any : *expected;
    if (wrong_byte_of_all(wanted, rest, wanted.frames)) continue;
    if (wrong_length(rest, wanted.frames)) continue;
    const std::size_t total = wanted.frames * kFrame;
    return {.noise = at, .size = rest.size() < total ? 0 : total};
  }
  return {.noise = at, .size = 0};
}

}  // namespace ems::protocol::daly_a5
