// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/board.hpp"

#include <algorithm>

#include "ems/protocol/daly_modbus/codec.hpp"
#include "ems/protocol/daly_p81/codec.hpp"
#include "ems/protocol/eg4_ll/codec.hpp"
#include "ems/protocol/pace_modbus/codec.hpp"
#include "ems/protocol/pylontech_rt/codec.hpp"
#include "ems/protocol/renogy/codec.hpp"
#include "ems/protocol/seplos_v3/codec.hpp"
#include "protocol/boards.hpp"
#include "protocol/register_map/board.hpp"

namespace ems::protocol {
namespace {

struct BoardRow {
  std::string_view protocol{};
  BoardAnswer* answer = nullptr;
};

constexpr BoardRow kBoards[] = {
    {"ant", ant::answer},
    {"ant_old", ant_old::answer},
    {"daly_a5", daly_a5::answer},
    {"daly_modbus", register_map::answer_of<daly_modbus::codec>},
    {"daly_p81", register_map::answer_of<daly_p81::codec>},
    {"eg4_ll", register_map::answer_of<eg4_ll::codec>},
    {"jk_4e57", jk_4e57::answer},
    {"jk_55aa", jk_55aa::answer},
    {"jk_pb_modbus", jk_pb_modbus::answer},
    {"lifepower", lifepower::answer},
    {"pace", pace::answer},
    {"pace_eg4", pace_eg4::answer},
    {"pace_modbus", register_map::answer_of<pace_modbus::codec>},
    {"pylontech", pylontech_rs485::answer},
    {"pylontech_rt", register_map::answer_of<pylontech_rt::codec>},
    {"renogy", register_map::answer_of<renogy::codec>},
    {"seplos_v2", seplos_v2::answer},
    {"seplos_v2_bin", seplos_v2_bin::answer},
    {"seplos_v3", register_map::answer_of<seplos_v3::codec>},
    {"tdt", tdt::answer},
};

class NoSink final : public ReadingSink {
 public:
  void reading(const Reading&) override {}
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}
};

}  // namespace

void BoardState::reading(const Reading& reading) {
  for (Reading& known : readings_) {
    if (known.signal == reading.signal && known.element == reading.element &&
        known.module == reading.module) {
      known = reading;
      return;
    }
  }
  if (!readings_.try_push_back(reading)) overflown_ = true;
}

void BoardState::text(TextField field, std::string_view text, std::uint8_t module) {
  for (Text& known : texts_) {
    if (known.field != field || known.module != module) continue;
    known.text = FixedString<64>(text);
    return;
  }
  if (!texts_.try_push_back({field, module, FixedString<64>(text)})) overflown_ = true;
}

void BoardState::element_count(Signal signal, std::uint16_t count, std::uint8_t module) {
  for (Count& known : counts_) {
    if (known.signal != signal || known.module != module) continue;
    known.count = count;
    return;
  }
  if (!counts_.try_push_back({signal, count, module})) overflown_ = true;
}

void BoardState::vendor_value(std::string_view name, std::int64_t value) {
  for (Vendor& known : vendor_) {
    if (known.name != name) continue;
    known.value = value;
    return;
  }
  if (!vendor_.try_push_back({name, value})) overflown_ = true;
}

std::optional<std::int64_t> BoardState::value(Signal signal, std::uint16_t element,
                                              std::uint8_t module) const noexcept {
  for (const Reading& known : readings_) {
    if (known.signal != signal || known.element != element || known.module != module) continue;
    if (known.quality == Quality::bad) return std::nullopt;
    return known.value;
  }
  return std::nullopt;
}

std::size_t BoardState::count(Signal signal, std::uint8_t module) const noexcept {
  for (const Count& known : counts_) {
    if (known.signal == signal && known.module == module) return known.count;
  }
  std::size_t highest = 0;
  for (const Reading& known : readings_) {
    if (known.signal != signal || known.module != module) continue;
    highest = std::max<std::size_t>(highest, known.element);
  }
  return highest;
}

std::string_view BoardState::text(TextField field, std::uint8_t module) const noexcept {
  for (const Text& known : texts_) {
    if (known.field == field && known.module == module) return known.text.view();
  }
  return {};
}

std::optional<std::int64_t> BoardState::vendor(std::string_view name) const noexcept {
  for (const Vendor& known : vendor_) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

BoardAnswer* find_board(std::string_view protocol) noexcept {
  for (const BoardRow& row : kBoards) {
    if (row.protocol == protocol) return row.answer;
  }
  return nullptr;
}

FrameScan scan_request(const PollCodec& codec, Bytes received) noexcept {
  NoSink sink;
  for (std::size_t at = 0; at < received.size(); ++at) {
    const Bytes rest = received.subspan(at);
    const Result<void> whole = codec.decode_request(rest, sink);
    if (whole) return {.noise = at, .size = rest.size()};
    const Error& error = whole.error();
    if (error.code == Errc::truncated) return {.noise = at, .size = 0};
    // What stands behind a request is the next one.
    if (error.code == Errc::length && error.offset > 0 && error.offset < rest.size() &&
        codec.decode_request(rest.first(error.offset), sink)) {
      return {.noise = at, .size = error.offset};
    }
  }
  return {.noise = received.size(), .size = 0};
}

}  // namespace ems::protocol
