// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/register_map/codec.hpp"

#include <algorithm>

#include "protocol/publish.hpp"
#include "protocol/register_map/exchange.hpp"

namespace ems::protocol::register_map {
namespace {

const Block* find_block(const Map& map, std::uint8_t number) noexcept {
  for (const Block& block : map.blocks) {
    if (block.number == number) return &block;
  }
  return nullptr;
}

Request request_of(const Block& block, std::uint8_t unit) noexcept {
  return {.unit = unit, .function = block.function, .at = block.at, .count = block.count};
}

/// The only block that a reply without its request can be.
const Block* guess_block(const Map& map, std::uint8_t function, std::size_t bytes) noexcept {
  const Block* found = nullptr;
  for (const Block& block : map.blocks) {
    if (block.function != function || request_of(block, 0).reply_bytes() != bytes) continue;
    if (found != nullptr) return nullptr;
    found = &block;
  }
  return found;
}

bool has_variant(const Field& field, std::uint8_t variant) noexcept {
  return field.variants == 0 || (field.variants >> variant & 1U) != 0;
}

bool is_absent(const Field& field, std::int64_t raw) noexcept {
  const std::uint64_t ones = ~std::uint64_t{0} >> (64 - 8 * width(field.wire));
  return ((field.absent & kZero) != 0 && raw == 0) ||
         ((field.absent & kAllOnes) != 0 && (static_cast<std::uint64_t>(raw) & ones) == ones) ||
         ((field.absent & k7fff) != 0 && raw == 0x7FFF);
}

/// The raw number in the catalogue's unit; nullopt: it is not there.
std::optional<std::int64_t> scaled(const Field& field, std::int64_t raw) noexcept {
  if (is_absent(field, raw)) return std::nullopt;
  const std::int64_t known = raw * field.linear.scale / field.linear.divide + field.linear.offset;
  return (field.absent & kMagnitude) != 0 && known < 0 ? -known : known;
}

/// The state register says the contrary of this current.
bool turned(const Map& map, const Reply& reply, std::int64_t discharging) noexcept {
  if (!map.direction || reply.coils()) return false;
  const std::optional<std::int64_t> state = reply.raw(map.direction->at, Wire::u16);
  return (state == map.direction->charging && discharging > 0) ||
         (state == map.direction->discharging && discharging < 0);
}

void give_one(const Field& field, std::int64_t raw, std::uint16_t element,
              const Publisher& publish) {
  const std::optional<std::int64_t> known = scaled(field, raw);
  switch (field.use) {
    case Use::value:
      return publish.maybe(field.signal, known, element);
    case Use::cell:
      return known ? publish.cell(field.signal, *known, element)
                   : publish.missing(field.signal, element);
    case Use::sensor:
      return publish.sensor(field.signal, known, element);
    case Use::percent:
      return known ? publish.percent(field.signal, *known) : publish.missing(field.signal);
    case Use::flag:
      return publish.flag(field.signal, (static_cast<std::uint64_t>(raw) & field.mask) != 0);
    case Use::vendor:
      if (known) publish.vendor(field.name, *known);
      return;
    case Use::text:
      return;  // Not a number: give_text().
  }
}

/// How many elements the battery says it has; nullopt: the reply does not say.
std::optional<std::size_t> counted(const std::optional<Count>& count, const Reply& reply) noexcept {
  if (!count || reply.coils()) return std::nullopt;
  const std::optional<std::int64_t> raw = reply.raw(count->at, count->wire);
  if (!raw) return std::nullopt;
  if (!count->mask) return static_cast<std::size_t>(*raw);
  std::size_t highest = 0;
  for (std::size_t bit = 0; bit < 32; ++bit) {
    if ((*raw >> bit & 1) != 0) highest = bit + 1;
  }
  return highest;
}

/// Elements of a run: what the battery says, what was configured, or what kUnusedZero leaves.
///
/// @return One of the slots is in the reply.
bool give_run(const Field& field, const Reply& reply, std::optional<std::size_t> known,
              std::uint8_t configured, const Publisher& publish) {
  const auto in_reply = [&](std::size_t i) {
    return reply.raw(field.at, field.wire, i).has_value();
  };
  if (!in_reply(0) && !in_reply(field.elements - std::size_t{1})) return false;
  if (!known && configured != 0) known = configured;
  std::size_t size = std::min<std::size_t>(known.value_or(field.elements), field.elements);
  const bool by_zeros = !known && (field.absent & kUnusedZero) != 0;
  if (by_zeros) {
    while (size > 0 && reply.raw(field.at, field.wire, size - 1).value_or(0) == 0) --size;
  }
  if (!by_zeros) publish.count(field.signal, size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::optional<std::int64_t> raw = reply.raw(field.at, field.wire, i);
    if (raw) give_one(field, *raw, static_cast<std::uint16_t>(i + 1), publish);
  }
  return true;
}

bool give_text(const Field& field, const Reply& reply, const Publisher& publish) {
  const std::optional<std::size_t> at = reply.offset(field.at, field.elements);
  if (!at) return false;
  Bytes raw = reply.data().subspan(*at, field.elements);
  const auto end = std::find(raw.begin(), raw.end(), std::byte{0});
  raw = raw.first(static_cast<std::size_t>(end - raw.begin()));
  publish.text(field.text_field, raw);
  return true;
}

std::optional<std::uint16_t> bits_at(const Alarms& alarms, const Reply& reply,
                                     std::uint16_t at) noexcept {
  const std::optional<std::int64_t> raw = reply.raw(at, alarms.coils ? Wire::u8 : Wire::u16);
  if (!raw) return std::nullopt;
  return static_cast<std::uint16_t>(*raw);
}

bool give_alarms(const Alarms& group, const Reply& reply, const Publisher& publish) {
  std::uint64_t alarms = 0;
  std::uint64_t warnings = 0;
  std::uint64_t own = 0;
  bool has_warnings = false;
  for (const Bit& row : group.bits) {
    const std::optional<std::uint16_t> word = bits_at(group, reply, row.at);
    if (!word) return false;
    has_warnings = has_warnings || row.level != Level::alarm;
    if ((*word >> row.bit & 1U) == 0) continue;
    if (row.level != Level::warning) alarms |= alarm_bit(row.alarm);
    if (row.level != Level::alarm) warnings |= alarm_bit(row.alarm);
  }
  for (const VendorWord& row : group.words) {
    const std::optional<std::uint16_t> word = bits_at(group, reply, row.at);
    if (!word) return false;
    own |= std::uint64_t{static_cast<std::uint16_t>(*word & row.mask)} << row.shift;
  }
  if (!group.bits.empty()) publish.value(Signal::alarms, static_cast<std::int64_t>(alarms));
  if (has_warnings) publish.value(Signal::warnings, static_cast<std::int64_t>(warnings));
  if (!group.words.empty()) publish.value(Signal::vendor_alarms, static_cast<std::int64_t>(own));
  return true;
}

}  // namespace

std::optional<std::size_t> Reply::offset(std::uint16_t at, std::size_t bytes) const noexcept {
  if (at < first_) return std::nullopt;
  const std::size_t bits = std::size_t{at - std::size_t{first_}} * address_bits_;
  if (bits % 8 != 0) return std::nullopt;
  const std::size_t from = bits / 8;
  if (from > data_.size() || data_.size() - from < bytes) return std::nullopt;
  return from;
}

std::optional<std::int64_t> Reply::raw(std::uint16_t at, Wire wire,
                                       std::size_t element) const noexcept {
  const std::size_t skip = element * width(wire) + (wire == Wire::u8_low ? 1 : 0);
  const std::optional<std::size_t> from = offset(at, skip + width(wire));
  if (!from) return std::nullopt;
  const std::size_t place = *from + skip;
  const auto swapped = [this, place] {
    return std::uint32_t{load_be16(data_, place + 2)} << 16U | load_be16(data_, place);
  };
  switch (wire) {
    case Wire::u8:
    case Wire::u8_low:
      return load_u8(data_, place);
    case Wire::s8:
      return static_cast<std::int8_t>(load_u8(data_, place));
    case Wire::u16:
      return load_be16(data_, place);
    case Wire::s16:
      return as_signed(load_be16(data_, place));
    case Wire::u32:
      return load_be32(data_, place);
    case Wire::s32:
      return as_signed(load_be32(data_, place));
    case Wire::u32_swapped:
      return swapped();
    case Wire::s32_swapped:
      return as_signed(swapped());
  }
  return std::nullopt;
}

Result<MapCodec> MapCodec::configured(const CodecOptions& options) const noexcept {
  const Result<std::size_t> variant = check_options(map_->info, options);
  if (!variant) return fail(variant.error());
  MapCodec made(*map_);
  made.variant_ = static_cast<std::uint8_t>(*variant);
  if (options.address) {
    const auto known = map_->info.addresses;
    const bool listed = std::find(known.begin(), known.end(), *options.address) != known.end();
    if (!listed && (*options.address < map_->address_min || *options.address > map_->address_max)) {
      return fail(Errc::out_of_range, 0, "the protocol has no such address");
    }
    made.address_ = *options.address;
  }
  // A map without cells has no use for the number that every site file gives.
  const bool cells_fit = map_->cells_max == 0 || options.cell_count <= map_->cells_max;
  if (!cells_fit || options.temperature_count > map_->temperatures_max) {
    return fail(Errc::out_of_range, 0, "more cells or sensors than the protocol can have");
  }
  made.cell_count_ = options.cell_count;
  made.temperature_count_ = options.temperature_count;
  return made;
}

Result<const PollCodec*> MapCodec::with(const CodecOptions& options,
                                        CodecRoom& room) const noexcept {
  const Result<MapCodec> made = configured(options);
  if (!made) return fail(made.error());
  return &room.put(*made);
}

std::span<const PollItem> MapCodec::poll_plan() const noexcept {
  return map_->plans[std::min<std::size_t>(variant_, map_->plans.size() - 1)];
}

Result<std::size_t> MapCodec::encode_poll(std::uint8_t number, MutableBytes out) const noexcept {
  const auto plan = poll_plan();
  const bool planned = std::any_of(
      plan.begin(), plan.end(), [number](const PollItem& item) { return item.number == number; });
  const Block* block = planned ? find_block(*map_, number) : nullptr;
  if (block == nullptr) return fail(Errc::invalid_argument, 0, "not a number of the poll plan");
  return encode_request(request_of(*block, address_), out);
}

Result<std::size_t> MapCodec::encode_switch(const SwitchCommand& command,
                                            MutableBytes out) const noexcept {
  if (!map_->switches) {
    return fail(Errc::unimplemented, 0, "the protocol cannot switch the outputs");
  }
  const std::byte values[] = {std::byte{0}, std::byte{command.charge_on}, std::byte{0},
                              std::byte{command.discharge_on}};
  return encode_request({.unit = address_,
                         .function = kWriteMany,
                         .at = *map_->switches,
                         .count = 2,
                         .values = values},
                        out);
}

Result<std::size_t> MapCodec::encode_balance(const BalanceCommand& command,
                                             MutableBytes out) const noexcept {
  if (!map_->balance) return PollCodec::encode_balance(command, out);
  const Write& write = *map_->balance;
  std::byte values[4] = {};
  const std::size_t size = std::size_t{2} * write.registers;
  values[size - 1] = std::byte{command.on};
  Request request{.unit = address_, .function = write.function, .at = write.at};
  request.count = write.function == kWriteOne ? (command.on ? 1 : 0) : write.registers;
  if (write.function == kWriteMany) request.values = Bytes(values).first(size);
  return encode_request(request, out);
}

FrameScan MapCodec::scan(Bytes request, Bytes received) const noexcept {
  const Result<Request> asked = parse_request(request);
  if (!asked) return scan_reply(nullptr, std::nullopt, received);
  return scan_reply(&*asked, static_cast<std::uint8_t>(asked->unit ^ map_->reply_flip), received);
}

Result<void> MapCodec::decode(Bytes request, Bytes reply, ReadingSink& sink) const noexcept {
  std::optional<Request> asked;
  if (!request.empty()) {
    const Result<Request> parsed = parse_request(request);
    if (!parsed) {
      return fail(Errc::invalid_argument, parsed.error().offset, "not a sound Modbus request");
    }
    asked = *parsed;
  }
  std::optional<std::uint8_t> unit;
  if (asked) unit = static_cast<std::uint8_t>(asked->unit ^ map_->reply_flip);
  const Result<Bytes> data = check_reply(asked ? &*asked : nullptr, unit, reply);
  if (!data) return fail(data.error());
  const std::uint8_t function = load_u8(reply, kFunctionAt);
  if (is_write(function)) {
    sink.acknowledged();
    return {};
  }
  if (!asked) {
    const Block* block = guess_block(*map_, function, data->size());
    if (block == nullptr) {
      return fail(Errc::invalid_argument, 0,
                  "a Modbus reply does not say which registers it has: the request is needed");
    }
    asked = request_of(*block, 0);
  }
  const bool coils = function == kReadCoils;
  const std::uint8_t bits = coils ? std::uint8_t{1} : map_->address_bits;
  return give(Reply(*data, asked->at, bits, coils, variant_), sink);
}

/// What may fail first, then the values.
Result<void> MapCodec::give(const Reply& reply, ReadingSink& sink) const noexcept {
  const std::optional<std::size_t> cells = counted(map_->cells, reply);
  if (cells.value_or(0) > map_->cells_max) {
    return fail(Errc::out_of_range, kDataAt + *reply.offset(map_->cells->at, 1),
                "more cells than the registers have room for");
  }
  const std::optional<std::size_t> sensors = counted(map_->temperatures, reply);
  if (sensors.value_or(0) > map_->temperatures_max) {
    return fail(Errc::out_of_range, kDataAt + *reply.offset(map_->temperatures->at, 1),
                "more temperature sensors than the registers have room for");
  }
  const Publisher publish(sink);
  bool given = false;
  for (const Field& field : reply.coils() ? map_->coils : map_->registers) {
    if (!has_variant(field, variant_)) continue;
    if (field.use == Use::text) {
      given = give_text(field, reply, publish) || given;
      continue;
    }
    if (field.elements != 0) {
      const bool is_cell = field.use == Use::cell;
      given = give_run(field, reply, is_cell ? cells : sensors,
                       is_cell ? cell_count_ : temperature_count_, publish) ||
              given;
      continue;
    }
    const std::optional<std::int64_t> raw = reply.raw(field.at, field.wire);
    if (!raw) continue;
    given = true;
    if (field.signal == Signal::pack_current &&
        turned(*map_, reply, scaled(field, *raw).value_or(0))) {
      publish.computed(field.signal, -*scaled(field, *raw));
      publish.vendor("current_sign_by_state", 1);
    } else {
      give_one(field, *raw, 0, publish);
    }
  }
  for (const Alarms& group : map_->alarms) {
    if (group.coils == reply.coils()) given = give_alarms(group, reply, publish) || given;
  }
  if (map_->extra != nullptr) given = map_->extra(reply, sink) || given;
  if (!given) return fail(Errc::unimplemented, kDataAt, "libems reads none of these registers");
  return {};
}

Result<void> MapCodec::decode_request(Bytes request, ReadingSink& sink) const noexcept {
  const Result<Request> asked = parse_request(request);
  if (!asked) return fail(asked.error());
  tell(*asked, sink);
  return {};
}

std::optional<std::string_view> MapCodec::vendor_alarm_name(unsigned bit) const noexcept {
  for (const Alarms& group : map_->alarms) {
    for (const VendorWord& word : group.words) {
      if (bit < word.shift || bit - word.shift >= word.names.size()) continue;
      const std::string_view name = word.names[bit - word.shift];
      if ((word.mask >> (bit - word.shift) & 1U) != 0 && !name.empty()) return name;
    }
  }
  return std::nullopt;
}

}  // namespace ems::protocol::register_map
