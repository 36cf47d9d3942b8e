// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_lv/codec.hpp"

#include "protocol/can_lv/heard.hpp"

namespace ems::protocol::can_lv {
namespace {

const FrameRow* find_row(const DialectRow& dialect, std::uint32_t id) noexcept {
  for (const std::span<const FrameRow> rows : {dialect.own, dialect.shared}) {
    for (const FrameRow& row : rows) {
      if (static_cast<std::uint32_t>(row.id) == id) return &row;
    }
  }
  return nullptr;
}

}  // namespace

const ProtocolInfo& Codec::info() const noexcept { return row_of(dialect_).info; }

Result<const CanCodec*> Codec::with(const CodecOptions& options, CodecRoom& room) const noexcept {
  const Result<std::size_t> variant = check_options(info(), options);
  if (!variant) return fail(variant.error());
  return &room.put(Codec(dialect_, static_cast<std::uint8_t>(*variant)));
}

std::uint32_t Codec::bit_rate() const noexcept { return info().bit_rates.front(); }

std::span<const CanSend> Codec::send_plan() const noexcept { return row_of(dialect_).sends; }

Duration Codec::quiet_after() const noexcept { return kQuietAfter; }

Result<CanTaken> Codec::decode(const CanFrame& frame, Instant now, CanMailbox& mailbox,
                               ReadingSink& sink) const noexcept {
  EMS_ASSERT(frame.valid());
  if (frame.extended || frame.remote) return CanTaken::ignored;
  const DialectRow& dialect = row_of(dialect_);
  const FrameRow* row = find_row(dialect, frame.id);
  if (row == nullptr) return CanTaken::ignored;
  if (frame.size < row->first_field) {
    return fail(Errc::length, frame.size, "the frame is too short for its first field");
  }
  const Rules& rules = dialect.rules[variant_];
  const Fields in(frame, rules.big_endian);
  if (row->soc_max != 0 && in.u16(row->soc_at).value_or(0) > row->soc_max) {
    return fail(Errc::out_of_range, row->soc_at, "a state of charge above 100 %");
  }
  const CanSlot* before = mailbox.find(frame.id);
  const auto previous = before != nullptr ? std::optional(before->received_at) : std::nullopt;
  CanSlot* slot = mailbox.put(frame, now);
  if (slot == nullptr) return fail(Errc::resource_exhausted, 0, "the CAN mailbox is full");
  if (row->give == nullptr) return CanTaken::ignored;
  row->give({.in = in,
             .sink = sink,
             .out = Publisher(sink),
             .rules = rules,
             .mailbox = mailbox,
             .slot = *slot,
             .previous = previous,
             .now = now});
  return CanTaken::decoded;
}

std::optional<std::string_view> Codec::vendor_alarm_name(unsigned bit) const noexcept {
  if (dialect_ == Dialect::deye) return deye_alarm_name(bit);
  if (bit == kGeneralBit) return "general";
  return std::nullopt;
}

const Codec& codec(Dialect dialect) noexcept {
  static constexpr Codec kCodecs[kDialects] = {Codec{Dialect::pylontech}, Codec{Dialect::victron},
                                               Codec{Dialect::sma},       Codec{Dialect::deye},
                                               Codec{Dialect::discover},  Codec{Dialect::luxpower},
                                               Codec{Dialect::sofar},     Codec{Dialect::sol_ark}};
  return kCodecs[static_cast<std::size_t>(dialect)];
}

}  // namespace ems::protocol::can_lv
