// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_map/codec.hpp"

#include <algorithm>
#include <bit>

#include "ems/core/static_vector.hpp"
#include "protocol/can_map/lookup.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::can_map {
namespace {

constexpr std::size_t kTextSize = 32;

/// Frame and identifier of the conversation.
struct Heard {
  const CanFrame& frame;
  std::uint32_t id;  ///< Without the address.
  std::int32_t selector = kAnySelector;
};

bool is_ours(const Map& map, std::uint32_t id) noexcept {
  const auto has = [id](const auto& row) { return row.id == id; };
  return std::ranges::any_of(map.rows, has) || std::ranges::any_of(map.series, has) ||
         std::ranges::any_of(map.alarms, has) ||
         std::ranges::find(map.others, id) != map.others.end() ||
         std::ranges::any_of(
             map.texts, [has](const Text& text) { return std::ranges::any_of(text.parts, has); });
}

bool has_part(const Heard& heard, std::uint32_t id, std::int32_t selector) noexcept {
  return heard.id == id && (selector == kAnySelector || selector == heard.selector);
}

bool has_number(const Series& series, Bytes payload) noexcept {
  if (series.number.size == 0) return true;
  const std::optional<std::int64_t> number = read(payload, series.number);
  return number && *number >= series.first && *number <= series.last;
}

/// At least one of the frame's fields is there; a frame without known fields needs a byte.
bool says_something(const Map& map, const Heard& heard) noexcept {
  const Bytes payload = heard.frame.payload();
  bool any = false;
  const auto has = [&any, payload](Bits where) {
    any = true;
    return read(payload, where).has_value();
  };
  for (const Row& row : map.rows) {
    if (has_part(heard, row.id, row.selector) && has(row.where)) return true;
  }
  for (const Series& series : map.series) {
    if (series.id == heard.id && has_number(series, payload) && has(series.where)) return true;
  }
  for (const AlarmRow& row : map.alarms) {
    if (row.id == heard.id && has(row.where)) return true;
  }
  for (const Text& text : map.texts) {
    for (const TextPart& part : text.parts) {
      if (has_part(heard, part.id, part.selector) && has(u8(part.at))) return true;
    }
  }
  return !any && !payload.empty();
}

constexpr std::uint16_t kOtherPart = 0xFFFF;  ///< Of a text, but none of those it is made of.

/// Where in the mailbox: texts of a multiplexed message need all of its parts.
std::uint16_t part_of(const Map& map, const Heard& heard) noexcept {
  if (std::ranges::find(map.kept, heard.selector) != map.kept.end()) {
    return static_cast<std::uint16_t>(heard.selector);
  }
  std::uint16_t other = 0;
  for (const Text& text : map.texts) {
    for (const TextPart& part : text.parts) {
      if (part.selector == kAnySelector || part.id != heard.id) continue;
      if (part.selector == heard.selector) return static_cast<std::uint16_t>(heard.selector);
      other = kOtherPart;
    }
  }
  return other;
}

void give(const Row& row, std::int64_t raw, const Publisher& out) {
  std::optional<std::int64_t> known =
      is_absent(raw, row.where, row.absent) ? std::nullopt : scaled(raw, row.linear);
  if (known && is_too_large(row, *known)) known.reset();
  switch (row.use) {
    case Use::flag:
      return out.flag(row.signal, raw != 0);
    case Use::equals:
      return out.flag(row.signal, raw == row.operand);
    case Use::differs:
      return out.flag(row.signal, raw != row.operand);
    case Use::vendor:
      if (known) out.vendor(row.name, *known);
      return;
    case Use::value:
    case Use::magnitude:
    case Use::amount:
    case Use::cell:
    case Use::sensor:
    case Use::percent:
      break;
  }
  if (!known) return out.missing(row.signal, row.element);
  switch (row.use) {
    case Use::magnitude:
      if (*known == std::numeric_limits<std::int64_t>::min()) {  // It has none.
        return out.missing(row.signal, row.element);
      }
      return out.value(row.signal, *known < 0 ? -*known : *known, row.element);
    case Use::amount:
      return out.within(row.signal, *known, 0, std::numeric_limits<std::int64_t>::max(),
                        row.element);
    case Use::cell:
      return out.cell(row.signal, *known, row.element);
    case Use::sensor:
      return out.sensor(row.signal, known, row.element);
    case Use::percent:
      return out.percent(row.signal, *known);
    default:
      return out.value(row.signal, *known, row.element);
  }
}

/// The row's current flows the other way than the battery says.
/// @param said  The newest frame that says the direction.
bool contradicts(const Row& row, std::int64_t raw, const Direction& direction,
                 const CanSlot& said) noexcept {
  const std::int64_t current = scaled(raw, row.linear).value_or(0);
  const std::optional<std::int64_t> way = read(said.frame.payload(), direction.where);
  return (way == direction.charging && current > kTurningMilliAmp) ||
         (way == direction.discharging && current < -kTurningMilliAmp);
}

/// The flag, if there is one, says that a number is not there; so does a frame without the flag.
bool is_flagged_absent(Bits flag, Bytes payload, bool flag_is_valid = false) noexcept {
  return flag.size != 0 &&
         (read(payload, flag).value_or(flag_is_valid ? 0 : 1) != 0) != flag_is_valid;
}

/// @param cells, sensors  That there are; 0: not known.
void give_series(const Series& series, Bytes payload, std::uint8_t cells, std::uint8_t sensors,
                 const Publisher& out) {
  if (!has_number(series, payload)) return;
  const std::int64_t number =
      series.number.size == 0 ? series.first : read(payload, series.number).value_or(series.first);
  const bool is_cell = series.use == Use::cell;
  const unsigned count = is_cell ? cells : sensors;
  const auto before = static_cast<unsigned>(number - series.first) * series.per_frame;
  for (unsigned i = 0; i < series.per_frame; ++i) {
    const unsigned element = series.element + before + i;
    if (count != 0 && element > count) return;
    const Bits where = following(series.where, i);
    const std::optional<std::int64_t> raw = read(payload, where);
    if (!raw) return;
    const Signal signal = is_cell ? Signal::cell_voltage : Signal::temperature;
    if (is_flagged_absent(following(series.flags, i), payload, series.flag_is_valid)) {
      out.missing(signal, static_cast<std::uint16_t>(element));
      continue;
    }
    // Without a count a slot that nobody filled is no cell.
    if (count == 0 && is_absent(*raw, where, series.absent)) continue;
    give({.where = where,
          .use = series.use,
          .signal = signal,
          .element = static_cast<std::uint16_t>(element),
          .absent = series.absent,
          .linear = series.linear},
         *raw, out);
  }
}

constexpr bool printable(std::byte byte) noexcept {
  return byte >= std::byte{0x20} && byte <= std::byte{0x7E};
}

void give_text(const Text& text, const Map& map, std::uint32_t address_bits,
               const CanMailbox& mailbox, const Publisher& out) {
  FixedString<kTextSize> whole;
  bool ended = false;
  for (const TextPart& part : text.parts) {
    const auto selector = static_cast<std::uint16_t>(std::max<std::int32_t>(part.selector, 0));
    const CanSlot* slot = mailbox.find(part.id | address_bits, is_extended(map, part.id), selector);
    if (slot == nullptr) return;  // The rest may be text too.
    const Bytes payload = slot->frame.payload();
    for (std::size_t i = part.at; i < payload.size() && !ended; ++i) {
      ended = !printable(payload[i]);
      const char c = static_cast<char>(payload[i]);
      if (!ended) whole.append({&c, 1});
    }
    if (ended) break;
  }
  std::string_view known = whole.view();
  while (!known.empty() && known.back() == ' ') known.remove_suffix(1);
  if (!known.empty()) out.text(text.field, known);
}

constexpr unsigned kKnown = 32;  ///< Of a slot's note: pairs ever heard, above those active.

unsigned pair_bit(const AlarmRow& row) noexcept { return row.where.start / 2U; }

/// Pairs begin and end; what is neither changes nothing.
void merge_pairs(const Map& map, const Heard& heard, std::uint64_t& note) noexcept {
  for (const AlarmRow& row : map.alarms) {
    if (row.id != heard.id || row.sense != Sense::pair) continue;
    const std::int64_t raw = read(heard.frame.payload(), row.where).value_or(0);
    const std::uint64_t bit = std::uint64_t{1} << pair_bit(row);
    if (raw == 1) note |= bit;
    if (raw == 2) note &= ~bit;
    if (raw == 1 || raw == 2) note |= bit << kKnown;
  }
}

/// Place of a vendor's name among those of the table.
unsigned vendor_bit(std::span<const AlarmRow> rows, std::string_view name) noexcept {
  unsigned bit = 0;
  for (std::size_t i = 0; i < rows.size() && rows[i].name != name; ++i) {
    const auto same = [&rows, i](const AlarmRow& row) { return row.name == rows[i].name; };
    if (!rows[i].name.empty() && std::ranges::none_of(rows.first(i), same)) ++bit;
  }
  return bit;
}

/// What all alarm frames say together, of one kind.
struct AlarmState {
  std::uint64_t common = 0;
  std::uint64_t vendor = 0;
  bool any_row = false;
  bool any_vendor_row = false;
  bool complete = true;    ///< All frames came lately and have the bits.
  bool any_pair = false;   ///< There are pairs ...
  bool any_known = false;  ///< ... and one of them was heard.

  void raise(const AlarmRow& row, std::span<const AlarmRow> rows) noexcept {
    if (row.alarm) common |= alarm_bit(*row.alarm);
    if (!row.name.empty()) vendor |= std::uint64_t{1} << vendor_bit(rows, row.name);
  }
};

/// Active, not active, or not known.
std::optional<bool> is_active(const AlarmRow& row, const CanSlot& slot) noexcept {
  if (row.sense == Sense::pair) {
    if ((slot.note >> (pair_bit(row) + kKnown) & 1U) == 0) return std::nullopt;
    return (slot.note >> pair_bit(row) & 1U) != 0;
  }
  const std::optional<std::int64_t> raw = read(slot.frame.payload(), row.where);
  if (!raw) return std::nullopt;
  return *raw >= row.level && *raw < row.below;
}

/// What all parts of the row's frame say. @param id  With the address.
void add(AlarmState& state, const AlarmRow& row, const Map& map, std::uint32_t id,
         const CanMailbox& mailbox, Instant now, Duration quiet_after) noexcept {
  const bool pair = row.sense == Sense::pair;
  state.any_row = true;
  state.any_vendor_row = state.any_vendor_row || !row.name.empty();
  state.any_pair = state.any_pair || pair;
  bool well = false;
  for (const CanSlot& slot : mailbox.slots()) {
    if (slot.frame.id != id || slot.frame.extended != is_extended(map, row.id)) continue;
    const std::optional<bool> active = is_active(row, slot);
    state.any_known = state.any_known || (pair && active.has_value());
    // A frame that no longer comes cannot say that all is well; an alarm of it stays.
    well = well || (now - slot.received_at < quiet_after && (pair || active));
    if (active.value_or(false)) state.raise(row, map.alarms);
  }
  if (!well) state.complete = false;
}

bool can_be_said(const AlarmState& state) noexcept {
  if (!state.any_row) return false;
  if ((state.common | state.vendor) != 0) return true;
  return state.complete && (!state.any_pair || state.any_known);
}

void give_alarms(const Map& map, std::uint32_t address_bits, Instant now, Duration quiet_after,
                 const CanMailbox& mailbox, const Publisher& out) {
  AlarmState alarms;
  AlarmState warnings;
  for (const AlarmRow& row : map.alarms) {
    add(row.warns ? warnings : alarms, row, map, row.id | address_bits, mailbox, now, quiet_after);
  }
  if (can_be_said(alarms)) {
    out.value(Signal::alarms, static_cast<std::int64_t>(alarms.common));
    if (alarms.any_vendor_row) {
      out.value(Signal::vendor_alarms, static_cast<std::int64_t>(alarms.vendor));
    }
  }
  if (can_be_said(warnings)) {
    out.value(Signal::warnings, static_cast<std::int64_t>(warnings.common));
    if (warnings.any_vendor_row) {
      out.vendor("vendor_warnings", static_cast<std::int64_t>(warnings.vendor));
    }
  }
}

/// Whose frame it is.
enum class Sender : std::uint8_t {
  ours,     ///< Of the address chosen, or else of the one that is heard.
  another,  ///< Not ours.
  next,     ///< No address is chosen, and the one that was heard has fallen silent.
};

Sender sender_of(const Map& map, const CanFrame& frame, std::optional<std::uint8_t> address,
                 const CanMailbox& mailbox, Instant now, Duration quiet_after) noexcept {
  const std::uint32_t sender = address_in(frame.id, map.address_mask);
  if (sender < map.address_min) return Sender::another;
  if (address) return sender == *address ? Sender::ours : Sender::another;
  Instant heard_at{};
  for (const CanSlot& slot : mailbox.slots()) {
    if (address_in(slot.frame.id, map.address_mask) == sender) return Sender::ours;
    heard_at = std::max(heard_at, slot.received_at);
  }
  if (mailbox.slots().empty()) return Sender::ours;
  return now - heard_at < quiet_after ? Sender::another : Sender::next;
}

}  // namespace

Result<const CanCodec*> MapCodec::with(const CodecOptions& options,
                                       CodecRoom& room) const noexcept {
  const Result<std::size_t> variant = check_options(info(), options);
  if (!variant) return fail(variant.error());
  MapCodec made(*protocol_);
  made.variant_ = static_cast<std::uint8_t>(*variant);
  made.address_ = options.address;
  made.cell_count_ = options.cell_count;
  made.temperature_count_ = options.temperature_count;
  const std::uint32_t mask = made.map().address_mask;
  if (options.address &&
      (*options.address > address_in(mask, mask) || *options.address < made.map().address_min)) {
    return fail(Errc::out_of_range, 0, "the protocol has no such address");
  }
  return &room.put(made);
}

CanFrame MapCodec::frame_of(const CanSend& item) const noexcept {
  CanFrame frame = item.frame;
  const std::uint32_t mask = map().send_address_mask;
  if (mask != 0 && address_) {
    frame.id = (frame.id & ~mask) | (std::uint32_t{*address_} << std::countr_zero(mask) & mask);
  }
  return frame;
}

Result<CanTaken> MapCodec::decode(const CanFrame& frame, Instant now, CanMailbox& mailbox,
                                  ReadingSink& sink) const noexcept {
  EMS_ASSERT(frame.valid());
  const Map& table = map();
  Heard heard{.frame = frame, .id = frame.id & ~table.address_mask};
  if (frame.remote || frame.extended != is_extended(table, heard.id) || !is_ours(table, heard.id)) {
    return CanTaken::ignored;
  }
  const Sender sender = sender_of(table, frame, address_, mailbox, now, protocol_->quiet_after);
  if (sender == Sender::another) return CanTaken::ignored;
  if (const Selector* selector = find_selector(table, heard.id)) {
    const std::optional<std::int64_t> number = read(frame.payload(), selector->where);
    if (!number) return fail(Errc::length, frame.size, "the frame is too short for its number");
    heard.selector = static_cast<std::int32_t>(*number);
  }
  if (!says_something(table, heard)) {
    return fail(Errc::length, frame.size, "the frame is too short for its first field");
  }
  if (sender == Sender::next) mailbox.clear();
  CanSlot* slot = mailbox.put(frame, now, part_of(table, heard));
  if (slot == nullptr) return fail(Errc::resource_exhausted, 0, "the CAN mailbox is full");
  merge_pairs(table, heard, slot->note);

  const Publisher out(sink);
  const Bytes payload = frame.payload();
  const std::uint32_t address_bits = frame.id & table.address_mask;
  const CanSlot* way = nullptr;
  if (table.direction) {
    const std::uint32_t id = table.direction->id;
    way = mailbox.find(id | address_bits, is_extended(table, id));
    if (way != nullptr && now - way->received_at >= protocol_->quiet_after) way = nullptr;
  }
  for (const Row& row : table.rows) {
    if (!has_part(heard, row.id, row.selector)) continue;
    const std::optional<std::int64_t> raw = read(payload, row.where);
    if (!raw) continue;
    if (row.signal == Signal::pack_current && row.use == Use::value && way != nullptr &&
        contradicts(row, *raw, *table.direction, *way)) {
      out.missing(row.signal);
    } else if (is_flagged_absent(row.unless, payload)) {
      if (row.use != Use::vendor) out.missing(row.signal, row.element);
    } else {
      give(row, *raw, out);
    }
  }
  for (const Series& series : table.series) {
    if (series.id == heard.id) {
      give_series(series, payload, cell_count_, temperature_count_, out);
    }
  }
  const auto of_frame = [&heard](const auto& row) { return row.id == heard.id; };
  for (const Text& text : table.texts) {
    if (std::ranges::any_of(text.parts, of_frame)) {
      give_text(text, table, address_bits, mailbox, out);
    }
  }
  if (std::ranges::any_of(table.alarms, of_frame)) {
    give_alarms(table, address_bits, now, protocol_->quiet_after, mailbox, out);
  }
  if (table.extra != nullptr) {
    table.extra({.map = table,
                 .frame = frame,
                 .id = heard.id,
                 .now = now,
                 .mailbox = mailbox,
                 .sink = sink});
  }
  return CanTaken::decoded;
}

std::optional<std::string_view> MapCodec::vendor_alarm_name(unsigned bit) const noexcept {
  for (const AlarmRow& row : map().alarms) {
    if (!row.name.empty() && vendor_bit(map().alarms, row.name) == bit) return row.name;
  }
  return std::nullopt;
}

}  // namespace ems::protocol::can_map
