// SPDX-License-Identifier: Apache-2.0
// DBC files and what is made of them. Input: the mapping, a line of three dashes, the DBC file;
// without that line only a DBC file.
#include <algorithm>

#include "ems/io/dbc.hpp"
#include "fuzz/fuzz.hpp"
#include "support/recording_sink.hpp"

using namespace ems;
using fuzz::require;

namespace {

void check(const std::vector<io::PackError>& errors, std::string_view text, std::string_view file) {
  const auto lines = std::ranges::count(text, '\n') + 1;
  for (const io::PackError& error : errors) {
    if (error.file != file) continue;
    require(error.line >= 0 && error.line <= lines, "the line lies within the file");
    require(!error.message.empty(), "a mistake says what");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kBreak = "\n---\n";
  const std::string_view text = fuzz::Feed(data, size).text();
  const std::size_t at = text.find(kBreak);
  const std::string_view dbc = at == text.npos ? text : text.substr(at + kBreak.size());
  const io::Dbc parsed = io::parse_dbc(dbc, "f.dbc");
  check(parsed.errors, dbc, "f.dbc");
  for (const io::DbcMessage& message : parsed.messages) {
    require(message.line >= 1, "a message has a line");
    for (const io::DbcSignal& signal : message.signals) {
      require(signal.size >= 1 && signal.size <= 64, "a signal is a number");
      require(!signal.factor || signal.factor->denominator > 0, "a denominator is positive");
    }
  }
  if (at == text.npos) return 0;
  const std::string_view mapping = text.substr(0, at);
  const io::BatteryDescription made = io::describe_battery(dbc, "f.dbc", mapping, "f.yaml");
  require((made.battery != nullptr) == made.errors.empty(), "a battery, or why not");
  check(made.errors, mapping, "f.yaml");
  if (made.battery == nullptr) return 0;
  const protocol::can_map::MapCodec& codec = made.battery->codec();
  protocol::CanMailbox mailbox;
  for (const auto& row : codec.map().rows) {
    require(row.linear.divide > 0, "a divisor is positive");
    for (const std::byte fill : {std::byte{0}, std::byte{0x5A}, std::byte{0xFF}}) {
      protocol::CanFrame frame{.id = row.id,
                               .extended = codec.map().extended || row.id > protocol::kCanIdMax,
                               .size = 8};
      if (!frame.valid()) continue;
      frame.data.fill(fill);
      test::RecordingSink sink;
      require(codec.decode(frame, Instant{}, mailbox, sink).has_value(), "its frames are read");
    }
  }
  return 0;
}
