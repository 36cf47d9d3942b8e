// SPDX-License-Identifier: Apache-2.0
// Boards against captured replies: told what a capture says, a board answers the captured request
// with a reply of the same length that says the same.
#include <gtest/gtest.h>

#include <set>

#include "support/board_talk.hpp"

namespace ems::protocol {
namespace {

using test::BoardTalk;
using test::Frame;
using test::RecordingSink;

struct Capture {
  const PollCodec* codec = nullptr;
  std::string id;
  CodecOptions options{};
  Frame request{};
  Frame reply{};
};
void PrintTo(const Capture& capture, std::ostream* out) { *out << capture.id; }

/// Address in a request.
class AddressSink final : public ReadingSink {
 public:
  void reading(const Reading&) override {}
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}
  void vendor_value(std::string_view name, std::int64_t value) override {
    if (name == "request_address") address = static_cast<std::uint8_t>(value);
  }
  std::optional<std::uint8_t> address;
};

std::string_view static_name(const ProtocolInfo& info, const std::string& variant) {
  for (const std::string_view name : info.variants) {
    if (name == variant) return name;
  }
  return {};
}

/// Whether the protocol has such a board, in the variant said or in any: takes the first that fits.
bool may_be(const PollCodec& codec, CodecOptions& options) {
  CodecRoom room;
  if (codec.with(options, room)) return true;
  for (const std::string_view variant : codec.info().variants) {
    options.variant = variant;
    if (codec.with(options, room)) return true;
  }
  return false;
}

/// Vectors of a protocol that have a request and a sound reply.
void append(std::vector<Capture>& captures, const PollCodec& codec) {
  for (const auto& vector : test::vectors("bms_serial_" + std::string(codec.name()) + ".json")) {
    if (!vector.contains("expect") || !vector.contains("request_hex")) continue;
    // Constructed of a few tags: a board says all of them, and the current in the new format.
    if (vector["id"].get<std::string>().starts_with("jk4e57-own-")) continue;
    Capture capture{.codec = &codec, .id = vector["id"]};
    const auto options = vector.value("options", nlohmann::json::object());
    capture.options.variant = static_name(codec.info(), options.value("variant", ""));
    capture.options.cell_count = options.value("cell_count", std::uint8_t{0});
    capture.options.temperature_count = options.value("temperature_count", std::uint8_t{0});
    capture.request = test::frame(vector["request_hex"].get<std::string>());
    capture.reply = test::frame(vector["response_hex"].get<std::string>());
    AddressSink sink;
    if (!codec.decode_request(capture.request, sink)) continue;
    capture.options.address = sink.address;
    if (!may_be(codec, capture.options)) continue;
    captures.push_back(std::move(capture));
  }
}

std::vector<Capture> captures() {
  std::vector<Capture> all;
  for (const PollCodec* codec : test::codecs_with_frames()) append(all, *codec);
  return all;
}

/// What a reply of states alone does not say: how many cells and sensors there are. As many as make
/// the reply as long as the captured one.
bool counts_that_fit(const BoardTalk& talk, const Capture& capture, BoardState& state) {
  const auto fits = [&] {
    return talk.reply(state, capture.request).size() == capture.reply.size();
  };
  const bool cells_known =
      state.count(Signal::cell_voltage) != 0 || state.value(Signal::cell_count).has_value();
  const bool sensors_known = state.count(Signal::temperature) != 0;
  for (std::uint16_t cells = 1; cells <= (cells_known ? 1 : 32); ++cells) {
    if (!cells_known) state.element_count(Signal::cell_voltage, cells, 0);
    for (std::uint16_t sensors = 0; sensors <= (sensors_known ? 0 : 8); ++sensors) {
      if (!sensors_known) state.element_count(Signal::temperature, sensors, 0);
      if (fits()) return true;
    }
  }
  return false;
}

/// Captures of which a decoder keeps everything. The others have filling, flags or bytes behind the
/// values that no source explains.
const std::set<std::string> kSameBytes = {
    "daly-93-a",
    "daly-96",
    "daly-90-b",
    "daly-own-90-charging",
    "daly-own-98-levels",
    "daly-own-switch",
    "pace25-product",
    "pace25-status",
    "pace25-analog",
    "pace20-eg4-status",
    "pylontech-mgmt-us3000c",
    "pylontech-sn-3",
    "pylontech-sn-2",
    "pylontech-analog-us3000c",
    "pylontech-fw",
    "pylontech-alarm-us3000c",
    "pylontech-mgmt-up2500",
    "seplosv2-tele-2",
    "seplosv2-tele-1",
    "seplosv2-vendor-sofar",
    "seplosv2-boqiang",
    "seplosv2-vendor-boqiang",
    "tdt-16s-92",
};

class BoardsOnCaptures : public testing::TestWithParam<Capture> {};

TEST_P(BoardsOnCaptures, SayTheSameInAReplyOfTheSameLength) {
  const Capture& capture = GetParam();
  const BoardTalk talk(*capture.codec, capture.options);
  RecordingSink captured;
  BoardState state;
  ASSERT_TRUE(talk.codec().decode(capture.request, capture.reply, captured));
  ASSERT_TRUE(talk.codec().decode(capture.request, capture.reply, state));
  ASSERT_FALSE(state.overflown());
  EXPECT_TRUE(counts_that_fit(talk, capture, state))
      << talk.reply(state, capture.request).size() << " of " << capture.reply.size();
  const Frame reply = talk.reply(state, capture.request);
  ASSERT_FALSE(reply.empty());
  RecordingSink answered;
  const Result<void> decoded = talk.codec().decode(capture.request, reply, answered);
  ASSERT_TRUE(decoded) << decoded.error().what << " at " << decoded.error().offset;
  test::expect_same(captured, answered, capture.id);
  if (kSameBytes.contains(capture.id)) {
    EXPECT_EQ(reply, capture.reply);
  }
  RecordProperty("same_bytes", reply == capture.reply ? "yes" : "no");
}

INSTANTIATE_TEST_SUITE_P(All, BoardsOnCaptures, testing::ValuesIn(captures()));

}  // namespace
}  // namespace ems::protocol
