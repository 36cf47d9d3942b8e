// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/alarm_memory.hpp"

#include "ems/alarm/record.hpp"
#include "ems/core/assert.hpp"

namespace ems::runtime {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderSize = 5;

}  // namespace

std::vector<std::byte> encode_alarms(const alarm::Book& book) {
  std::vector<std::byte> out(kHeaderSize);
  store_u8(out, 0, kVersion);
  store_le32(out, 1, book.next_id());
  book.for_each([&out](const alarm::Alarm& alarm) {
    if (alarm.state() == alarm::State::normal) return;
    const Result<alarm::Payload> payload = alarm::encode_change({.alarm = alarm});
    EMS_ASSERT(payload.has_value());  // A book's alarms have names.
    const std::size_t at = out.size();
    out.resize(at + 2);
    store_le16(out, at, static_cast<std::uint16_t>(payload->size()));
    out.insert(out.end(), payload->begin(), payload->end());
  });
  return out;
}

Result<AlarmMemory> decode_alarms(Bytes record) {
  if (record.size() < kHeaderSize || load_u8(record, 0) != kVersion) {
    return fail(Errc::corrupt, 0, "alarm book: unknown version");
  }
  AlarmMemory memory;
  memory.next_id = load_le32(record, 1);
  std::size_t at = kHeaderSize;
  while (at < record.size()) {
    if (record.size() - at < 2) return fail(Errc::corrupt, at, "alarm book: cut");
    const std::size_t size = load_le16(record, at);
    at += 2;
    if (record.size() - at < size) return fail(Errc::corrupt, at, "alarm book: cut");
    const Result<alarm::Change> change = alarm::decode_change(record.subspan(at, size));
    if (!change) return fail(Errc::corrupt, at, "alarm book: an alarm that is none");
    memory.alarms.push_back(change->alarm);
    at += size;
  }
  return memory;
}

}  // namespace ems::runtime
