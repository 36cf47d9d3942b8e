// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/mode.hpp"

#include "ems/core/assert.hpp"

namespace ems::runtime {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kRecordSize = 18;
constexpr Duration kRecordEvery = seconds(60);

}  // namespace

std::string_view to_string(Mode mode) noexcept {
  return mode == Mode::online ? "online" : "autonomous";
}

ModeKeeper::ModeKeeper(Duration autonomous_after, bool has_servers) noexcept
    : autonomous_after_(autonomous_after), has_servers_(has_servers) {
  EMS_ASSERT(autonomous_after > Duration::zero());
}

void ModeKeeper::restore(const std::optional<ModeRecord>& record,
                         std::optional<UtcInstant> utc) noexcept {
  if (!record || !has_servers_) return;
  silence_ = max_of(record->silence, Duration::zero());
  if (utc && record->written_at != UtcInstant{} && *utc > record->written_at) {
    silence_ = silence_ + (*utc - record->written_at);
  }
  const bool heard = record->mode == Mode::online && silence_ < autonomous_after_;
  mode_ = heard ? Mode::online : Mode::autonomous;
  due_ = mode_ != record->mode;
}

std::optional<Mode> ModeKeeper::step(bool connected, Instant now) noexcept {
  const Duration passed = last_step_ ? now - *last_step_ : Duration::zero();
  last_step_ = now;
  if (!has_servers_) return std::nullopt;
  const Mode before = mode_;
  if (connected) {
    silence_ = Duration::zero();
    mode_ = Mode::online;
  } else {
    silence_ = silence_ + passed;
    if (silence_ >= autonomous_after_) mode_ = Mode::autonomous;
  }
  unrecorded_ = unrecorded_ + passed;
  // AUTONOMOUS needs no count any more; only the server ends it.
  if (mode_ != before || (mode_ == Mode::online && unrecorded_ >= kRecordEvery)) due_ = true;
  if (mode_ == before) return std::nullopt;
  return mode_;
}

ModeRecord ModeKeeper::record(std::optional<UtcInstant> utc) const noexcept {
  return {mode_, silence_, utc.value_or(UtcInstant{})};
}

std::vector<std::byte> encode_mode(const ModeRecord& record) {
  std::vector<std::byte> out(kRecordSize);
  store_u8(out, 0, kVersion);
  store_u8(out, 1, static_cast<std::uint8_t>(record.mode));
  store_le64(out, 2, static_cast<std::uint64_t>(record.silence.count()));
  store_le64(out, 10, static_cast<std::uint64_t>(record.written_at.since_epoch().count()));
  return out;
}

Result<ModeRecord> decode_mode(Bytes record) {
  if (record.size() != kRecordSize || load_u8(record, 0) != kVersion) {
    return fail(Errc::corrupt, 0, "mode record: unknown version or size");
  }
  const std::uint8_t mode = load_u8(record, 1);
  if (mode < static_cast<std::uint8_t>(Mode::online) ||
      mode > static_cast<std::uint8_t>(Mode::autonomous)) {
    return fail(Errc::corrupt, 1, "mode record: unknown mode");
  }
  return ModeRecord{static_cast<Mode>(mode),
                    microseconds(static_cast<std::int64_t>(load_le64(record, 2))),
                    UtcInstant{microseconds(static_cast<std::int64_t>(load_le64(record, 10)))}};
}

}  // namespace ems::runtime
