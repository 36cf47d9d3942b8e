// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/register_map/device.hpp"

#include "ems/protocol/modbus/pdu.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "protocol/register_map/exchange.hpp"

namespace ems::protocol::register_map {
namespace {

constexpr std::size_t kDataMax = 250;

struct Range {
  std::int64_t low;
  std::int64_t high;
};

constexpr Range range_of(Wire wire) noexcept {
  switch (wire) {
    case Wire::u8:
    case Wire::u8_low:
      return {0, 0xFF};
    case Wire::s8:
      return {-0x80, 0x7F};
    case Wire::u16:
      return {0, 0xFFFF};
    case Wire::s16:
      return {-0x8000, 0x7FFF};
    case Wire::u32:
    case Wire::u32_swapped:
      return {0, 0xFFFF'FFFF};
    case Wire::s32:
    case Wire::s32_swapped:
      return {-0x8000'0000LL, 0x7FFF'FFFF};
  }
  return {0, 0};
}

}  // namespace

std::uint16_t Device::raw(bool coils, std::uint16_t at) const noexcept {
  for (const Word& word : words_) {
    if (word.coils == coils && word.at == at) return word.value;
  }
  return 0;
}

bool Device::set_raw(bool coils, std::uint16_t at, std::uint16_t value) noexcept {
  for (Word& word : words_) {
    if (word.coils == coils && word.at == at) {
      word.value = value;
      return true;
    }
  }
  return value == 0 || words_.try_push_back({.at = at, .value = value, .coils = coils});
}

// A register is two bytes from its address on, which are one address or (address_bits 8) two;
// coils are kept eight at a time.
bool Device::write_byte(bool coils, std::uint16_t at, std::size_t skip,
                        std::uint8_t byte) noexcept {
  if (coils) return set_raw(true, static_cast<std::uint16_t>(at + 8 * skip), byte);
  const std::size_t step = 16U / codec_.map().address_bits;
  const auto word_at = static_cast<std::uint16_t>(at + skip / 2 * step);
  const unsigned old = raw(false, word_at);
  const bool low = skip % 2 != 0;
  const unsigned made = low ? (old & 0xFF00U) | byte : (old & 0x00FFU) | unsigned{byte} << 8U;
  return set_raw(false, word_at, static_cast<std::uint16_t>(made));
}

std::uint8_t Device::read_byte(bool coils, std::uint16_t at, std::size_t skip) const noexcept {
  if (coils) {
    return static_cast<std::uint8_t>(raw(true, static_cast<std::uint16_t>(at + 8 * skip)));
  }
  const std::size_t step = 16U / codec_.map().address_bits;
  const unsigned word = raw(false, static_cast<std::uint16_t>(at + skip / 2 * step));
  return static_cast<std::uint8_t>(skip % 2 != 0 ? word : word >> 8U);
}

bool Device::write_number(bool coils, std::uint16_t at, Wire wire, std::size_t element,
                          std::uint32_t number) noexcept {
  const std::size_t size = width(wire);
  if (wire == Wire::u32_swapped || wire == Wire::s32_swapped) {
    number = number << 16U | number >> 16U;
  }
  const std::size_t skip = element * size + (wire == Wire::u8_low ? 1 : 0);
  bool written = true;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<std::uint8_t>(number >> 8U * (size - 1 - i));
    written = write_byte(coils, at, skip + i, byte) && written;
  }
  return written;
}

bool Device::write_field(bool coils, const Field& field, std::int64_t value,
                         std::uint16_t element) noexcept {
  const std::size_t place = element == 0 ? 0 : element - 1U;
  if (field.use == Use::flag) {
    const auto old = static_cast<std::uint32_t>(read_byte(coils, field.at, 0)) << 8U |
                     read_byte(coils, field.at, 1);
    const std::uint32_t now = width(field.wire) == 1 ? old >> 8U : old;
    const std::uint32_t bits = field.mask == 0xFFFF ? 1U : field.mask;
    return write_number(coils, field.at, field.wire, 0,
                        value != 0 ? now | bits : now & ~field.mask);
  }
  const std::int64_t number =
      (value - field.linear.offset) * field.linear.divide / field.linear.scale;
  const Range range = range_of(field.wire);
  if (number < range.low || number > range.high) return false;
  return write_number(coils, field.at, field.wire, place, static_cast<std::uint32_t>(number));
}

bool Device::write_alarms(Signal signal, std::uint64_t alarms) noexcept {
  const Level unwanted = signal == Signal::alarms ? Level::warning : Level::alarm;
  bool any = false;
  for (const Alarms& group : codec_.map().alarms) {
    for (const Bit& row : group.bits) {
      if (row.level == unwanted) continue;
      any = true;
      const unsigned old = raw(group.coils, row.at);
      const unsigned bit = 1U << row.bit;
      const unsigned now = (alarms & alarm_bit(row.alarm)) != 0 ? old | bit : old & ~bit;
      if (!set_raw(group.coils, row.at, static_cast<std::uint16_t>(now))) return false;
    }
  }
  return any;
}

bool Device::set(Signal signal, std::int64_t value, std::uint16_t element) noexcept {
  if (signal == Signal::alarms || signal == Signal::warnings) {
    return write_alarms(signal, static_cast<std::uint64_t>(value));
  }
  bool any = false;
  for (const bool coils : {false, true}) {
    for (const Field& field : coils ? codec_.map().coils : codec_.map().registers) {
      const bool mine = field.variants == 0 || (field.variants >> codec_.variant() & 1U) != 0;
      const bool slot = element == 0 ? field.elements == 0 : element <= field.elements;
      if (!mine || !slot || field.signal != signal || field.use == Use::vendor ||
          field.use == Use::text) {
        continue;
      }
      if (!write_field(coils, field, value, element)) return false;
      any = true;
    }
  }
  return any;
}

bool Device::set_count(Signal signal, std::uint8_t count) noexcept {
  const std::optional<Count>& where =
      signal == Signal::cell_voltage ? codec_.map().cells : codec_.map().temperatures;
  if (!where) return false;
  const std::uint32_t mask = count >= 32 ? 0xFFFF'FFFFU : (std::uint32_t{1} << count) - 1;
  return write_number(false, where->at, where->wire, 0, where->mask ? mask : count);
}

bool Device::readable(bool coils, std::uint16_t at, std::size_t bytes) const noexcept {
  const std::size_t bits = coils ? 1U : codec_.map().address_bits;
  for (const Block& block : codec_.map().blocks) {
    const bool is_coils = block.function == kReadCoils;
    if (is_coils != coils || at < block.at) continue;
    const std::size_t from = (at - std::size_t{block.at}) * bits / 8;
    const std::size_t size = coils ? (block.count + 7U) / 8 : std::size_t{2} * block.count;
    if (from + bytes <= size) return true;
  }
  return false;
}

std::size_t Device::answer(Bytes request, MutableBytes out) noexcept {
  const Result<Request> asked = parse_request(request);
  if (!asked || asked->unit != codec_.address()) return 0;
  const auto unit = static_cast<std::uint8_t>(asked->unit ^ codec_.map().reply_flip);
  std::array<std::byte, modbus::kPduSize> pdu{};
  std::size_t size = 0;
  store_u8(pdu, 0, asked->function);
  const std::size_t step = 16U / codec_.map().address_bits;
  if (asked->function == kWriteOne) {
    store_be16(pdu, 1, asked->at);
    store_be16(pdu, 3, asked->count);
    if (set_raw(false, asked->at, asked->count)) size = 5;
  } else if (asked->function == kWriteMany) {
    store_be16(pdu, 1, asked->at);
    store_be16(pdu, 3, asked->count);
    bool written = true;
    for (std::size_t i = 0; i < asked->count; ++i) {
      const auto at = static_cast<std::uint16_t>(asked->at + i * step);
      written = set_raw(false, at, load_be16(asked->values, 2 * i)) && written;
    }
    if (written) size = 5;
  } else if (const auto bytes = asked->reply_bytes();
             bytes && *bytes <= kDataMax &&
             readable(asked->function == kReadCoils, asked->at, *bytes)) {
    store_u8(pdu, 1, static_cast<std::uint8_t>(*bytes));
    for (std::size_t i = 0; i < *bytes; ++i) {
      store_u8(pdu, 2 + i, read_byte(asked->function == kReadCoils, asked->at, i));
    }
    size = 2 + *bytes;
  }
  if (size == 0) {
    store_u8(pdu, 0, static_cast<std::uint8_t>(asked->function | modbus::kExceptionFlag));
    store_u8(pdu, 1, static_cast<std::uint8_t>(modbus::ExceptionCode::illegal_data_address));
    size = 2;
  }
  const Result<std::size_t> framed = modbus::encode_rtu(unit, Bytes(pdu).first(size), out);
  return framed ? *framed : 0;
}

}  // namespace ems::protocol::register_map
