// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/payload.hpp"

#include <algorithm>

namespace ems::ota {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kNoPlace = 0xFF;
constexpr std::size_t kKindMax = 24;
constexpr std::size_t kVersionMax = 32;
constexpr std::size_t kReasonMax = 48;
constexpr std::size_t kShaSize = std::tuple_size_v<Sha256>;
constexpr std::size_t kStoredSize = 1 + 8 + 8 + kShaSize + 1 + kVersionMax;
constexpr std::size_t kEntrySize = kShaSize + 1 + kReasonMax;
constexpr std::size_t kBodySize =
    1 + 1 + kKindMax + 3 * kStoredSize + 1 + 1 + PayloadRecord::kQuarantineMax * kEntrySize;
static_assert(PayloadRecord::kEncodedSize == kBodySize + kShaSize);

bool is_kind(std::string_view kind) noexcept {
  return !kind.empty() && kind.size() <= kKindMax && std::ranges::all_of(kind, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// Fixed fields one after the other; what a text leaves free is zero.
class Writer {
 public:
  explicit Writer(MutableBytes out) noexcept : out_(out) {}
  void u8(std::uint8_t value) noexcept { store_u8(out_, at_++, value); }
  void u64(std::uint64_t value) noexcept {
    store_be64(out_, at_, value);
    at_ += sizeof value;
  }
  void bytes(Bytes data) noexcept {
    std::ranges::copy(data, out_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += data.size();
  }
  void text(std::string_view text, std::size_t room) noexcept {
    u8(static_cast<std::uint8_t>(text.size()));
    for (std::size_t i = 0; i < room; ++i) {
      u8(i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0});
    }
  }
  void stored(const PayloadRecord::Stored* stored) noexcept {
    constexpr PayloadRecord::Stored kNone{.payload = {}, .place = kNoPlace};
    const PayloadRecord::Stored& from = stored != nullptr ? *stored : kNone;
    u8(from.place);
    u64(static_cast<std::uint64_t>(from.payload.counter));
    u64(from.payload.size);
    bytes(from.payload.sha256);
    text(from.payload.version.view(), kVersionMax);
  }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

 private:
  MutableBytes out_;
  std::size_t at_ = 0;
};

/// The way back; a text longer than its room makes good() false. @pre the bytes are there.
class Reader {
 public:
  explicit Reader(Bytes in) noexcept : in_(in) {}
  std::uint8_t u8() noexcept { return load_u8(in_, at_++); }
  std::uint64_t u64() noexcept {
    at_ += sizeof(std::uint64_t);
    return load_be64(in_, at_ - sizeof(std::uint64_t));
  }
  Sha256 sha256() noexcept {
    Sha256 out{};
    std::ranges::copy(in_.subspan(at_, kShaSize), out.begin());
    at_ += kShaSize;
    return out;
  }
  template <std::size_t kRoom>
  FixedString<kRoom> text() noexcept {
    const std::uint8_t size = u8();
    good_ = good_ && size <= kRoom;
    std::array<char, kRoom> chars{};
    for (char& c : chars) c = static_cast<char>(u8());
    return FixedString<kRoom>({chars.data(), std::min<std::size_t>(size, kRoom)});
  }
  std::optional<PayloadRecord::Stored> stored() noexcept {
    PayloadRecord::Stored out;
    out.place = u8();
    out.payload.counter = static_cast<std::int64_t>(u64());
    out.payload.size = u64();
    out.payload.sha256 = sha256();
    out.payload.version = text<kVersionMax>();
    if (out.place == kNoPlace) return std::nullopt;
    good_ = good_ && out.place < PayloadRecord::kPlaces;
    return out;
  }
  [[nodiscard]] bool good() const noexcept { return good_; }
  void require(bool holds) noexcept { good_ = good_ && holds; }

 private:
  Bytes in_;
  std::size_t at_ = 0;
  bool good_ = true;
};

const PayloadRecord::Stored* pointer(const std::optional<PayloadRecord::Stored>& stored) noexcept {
  return stored ? &*stored : nullptr;
}

}  // namespace

Result<PayloadRecord> PayloadRecord::of(std::string_view kind) noexcept {
  if (!is_kind(kind)) return fail(Errc::invalid_argument, 0, "payload: not the name of a kind");
  PayloadRecord record;
  record.kind_ = FixedString<kKindMax>(kind);
  return record;
}

bool PayloadRecord::is_quarantined(const Sha256& sha256) const noexcept {
  return std::ranges::any_of(quarantine_, [&](const auto& q) { return q.sha256 == sha256; });
}

std::uint8_t PayloadRecord::free_place() const noexcept {
  std::uint8_t place = 0;
  while ((current_ && current_->place == place) || (previous_ && previous_->place == place)) {
    ++place;
  }
  return place;
}

void PayloadRecord::put_in_quarantine(const Sha256& sha256, std::string_view reason) noexcept {
  if (quarantine_.full()) quarantine_.erase_at(0);
  quarantine_.push_back({.sha256 = sha256, .reason = FixedString<kReasonMax>(reason)});
}

Result<std::uint8_t> PayloadRecord::offer(const Payload& payload) noexcept {
  if (payload.version.empty() || payload.size == 0) {
    return fail(Errc::invalid_argument, 0, "payload: no version, or no bytes");
  }
  if (current_ && current_->payload.sha256 == payload.sha256) {
    return fail(Errc::already_exists, 0, "payload: in use already");
  }
  std::uint8_t tries = 0;
  if (trial_ && trial_->stored.payload.sha256 == payload.sha256) {
    tries = trial_->tries;
    if (tries >= kTriesMax) (void)failed("twice, it was being loaded when everything ended");
  }
  if (is_quarantined(payload.sha256)) {
    return fail(Errc::failed_precondition, 0, "payload: it failed before and is quarantined");
  }
  if (current_ && payload.counter < current_->payload.counter) {
    return fail(Errc::rollback, 0, "payload: older than the one in use");
  }
  const std::uint8_t place = free_place();
  trial_ = Trial{.stored = {.payload = payload, .place = place},
                 .tries = static_cast<std::uint8_t>(tries + 1)};
  return place;
}

Result<void> PayloadRecord::loaded() noexcept {
  if (!trial_) return fail(Errc::failed_precondition, 0, "payload: none is on trial");
  if (current_) previous_ = current_;
  current_ = trial_->stored;
  trial_.reset();
  return {};
}

Result<void> PayloadRecord::failed(std::string_view reason) noexcept {
  if (!trial_) return fail(Errc::failed_precondition, 0, "payload: none is on trial");
  put_in_quarantine(trial_->stored.payload.sha256, reason);
  trial_.reset();
  return {};
}

Result<void> PayloadRecord::roll_back(std::string_view reason) noexcept {
  if (!current_) return fail(Errc::not_found, 0, "payload: none is in use");
  put_in_quarantine(current_->payload.sha256, reason);
  return drop_damaged();
}

Result<void> PayloadRecord::drop_damaged() noexcept {
  if (!current_) return fail(Errc::not_found, 0, "payload: none is in use");
  current_ = previous_;
  previous_.reset();
  return {};
}

Result<void> PayloadRecord::release(const Sha256& sha256) noexcept {
  for (std::size_t i = 0; i < quarantine_.size(); ++i) {
    if (quarantine_[i].sha256 != sha256) continue;
    quarantine_.erase_at(i);
    return {};
  }
  return fail(Errc::not_found, 0, "payload: it is not quarantined");
}

Result<void> PayloadRecord::encode(const Crypto& crypto, MutableBytes out) const noexcept {
  if (out.size() < kEncodedSize) {
    return fail(Errc::resource_exhausted, 0, "payload record: no room for it");
  }
  Writer writer(out);
  writer.u8(kFormat);
  writer.text(kind(), kKindMax);
  writer.stored(pointer(current_));
  writer.stored(pointer(previous_));
  writer.stored(trial_ ? &trial_->stored : nullptr);
  writer.u8(trial_ ? trial_->tries : std::uint8_t{0});
  writer.u8(static_cast<std::uint8_t>(quarantine_.size()));
  for (std::size_t i = 0; i < kQuarantineMax; ++i) {
    const Quarantined entry = i < quarantine_.size() ? quarantine_[i] : Quarantined{};
    writer.bytes(entry.sha256);
    writer.text(entry.reason.view(), kReasonMax);
  }
  EMS_ASSERT(writer.at() == kBodySize);
  writer.bytes(crypto.sha256(Bytes(out).first(kBodySize)));
  return {};
}

Result<PayloadRecord> PayloadRecord::decode(std::string_view kind, const Crypto& crypto,
                                            Bytes bytes) noexcept {
  constexpr auto kCorrupt = [] { return fail(Errc::corrupt, 0, "payload record: damaged"); };
  if (bytes.size() != kEncodedSize ||
      !std::ranges::equal(crypto.sha256(bytes.first(kBodySize)), bytes.subspan(kBodySize))) {
    return kCorrupt();
  }
  Reader reader(bytes);
  if (reader.u8() != kFormat) return kCorrupt();
  PayloadRecord record;
  record.kind_ = reader.text<kKindMax>();
  record.current_ = reader.stored();
  record.previous_ = reader.stored();
  const auto trial = reader.stored();
  const std::uint8_t tries = reader.u8();
  if (trial) record.trial_ = Trial{.stored = *trial, .tries = tries};
  const std::uint8_t count = reader.u8();
  for (std::size_t i = 0; i < kQuarantineMax; ++i) {
    Quarantined entry;
    entry.sha256 = reader.sha256();
    entry.reason = reader.text<kReasonMax>();
    if (i < count) record.quarantine_.push_back(entry);
  }
  const auto share = [](const std::optional<Stored>& a, const std::optional<Stored>& b) {
    return a && b && a->place == b->place;
  };
  reader.require(record.kind() == kind && count <= kQuarantineMax && (!trial || tries > 0));
  reader.require(record.current_ || !record.previous_);
  reader.require(!share(record.current_, record.previous_) && !share(record.current_, trial) &&
                 !share(record.previous_, trial));
  if (!reader.good()) return kCorrupt();
  return record;
}

}  // namespace ems::ota
