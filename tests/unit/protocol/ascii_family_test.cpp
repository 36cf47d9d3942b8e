// SPDX-License-Identifier: Apache-2.0
// What Pylontech, Seplos V2, PACE and EG4 have in common: the envelope, the search in a stream.
#include <gtest/gtest.h>

#include <array>
#include <cctype>

#include "ems/protocol/pace/codec.hpp"
#include "ems/protocol/pace_eg4/codec.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/protocol/pylontech_rs485/codec.hpp"
#include "ems/protocol/seplos_v2/codec.hpp"
#include "support/ascii_frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol {
namespace {

using test::ascii_closed;
using test::ascii_frame;
using test::bytes_of;
using test::Frame;
using test::frame;
using test::RecordingSink;
using test::text_of;

const PollCodec& codec_of(const std::string& name) { return *as_poll(*find_codec(name).value()); }

Frame operator+(Frame a, const Frame& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Case {
  std::string name;
  std::uint8_t address_max = 0;
  std::uint8_t address_bad = 0;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class AsciiFamily : public testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] const PollCodec& codec() const { return codec_of(GetParam().name); }
  /// Exchanges that decode.
  [[nodiscard]] std::vector<std::pair<Frame, Frame>> exchanges() const {
    std::vector<std::pair<Frame, Frame>> good;
    for (const auto& vector : test::vectors("bms_serial_" + GetParam().name + ".json")) {
      if (!vector.contains("expect")) continue;
      good.emplace_back(frame(vector["request_hex"].get<std::string>()),
                        frame(vector["response_hex"].get<std::string>()));
    }
    return good;
  }
};

TEST_P(AsciiFamily, EverySingleBitFlipIsRefusedOrSaysTheSame) {
  int flips = 0;
  for (const auto& [request, reply] : exchanges()) {
    RecordingSink good;
    ASSERT_TRUE(codec().decode(request, reply, good));
    for (std::size_t bit = 0; bit < reply.size() * 8; ++bit) {
      Frame flipped = reply;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      RecordingSink sink;
      ++flips;
      const Result<void> result = codec().decode(request, flipped, sink);
      if (!result) {
        EXPECT_TRUE(sink.empty());
        EXPECT_LE(result.error().offset, flipped.size());
        continue;
      }
      // The hole: a digit of the checksum itself in lower case.
      EXPECT_GE(bit / 8, reply.size() - 5);
      EXPECT_EQ(std::toupper(std::to_integer<int>(flipped[bit / 8])),
                std::to_integer<int>(reply[bit / 8]));
      EXPECT_EQ(sink.readings, good.readings);
    }
  }
  EXPECT_GT(flips, 1'000);
}

TEST_P(AsciiFamily, EveryCutIsTruncated) {
  for (const auto& [request, reply] : exchanges()) {
    for (std::size_t size = 0; size < reply.size(); ++size) {
      RecordingSink sink;
      EXPECT_EQ(codec().decode(request, Bytes(reply).first(size), sink).error(),
                (Error{Errc::truncated, static_cast<std::uint16_t>(size)}));
      EXPECT_TRUE(sink.empty());
    }
  }
}

TEST_P(AsciiFamily, EveryCutInsideTheContentIsLength) {
  for (const auto& [request, reply] : exchanges()) {
    const std::string text = text_of(reply);
    const std::string info = text.substr(13, text.size() - 18);
    for (std::size_t size = 0; size < info.size(); size += 2) {
      RecordingSink sink;
      const Frame cut = ascii_frame(text.substr(1, 8), info.substr(0, size));
      const Result<void> result = codec().decode(request, cut, sink);
      if (result) continue;  // Spare bytes; a long name may be a short one.
      EXPECT_EQ(result.error().code, Errc::length) << size;
      EXPECT_LE(result.error().offset, cut.size());
      EXPECT_TRUE(sink.empty());
    }
  }
}

TEST_P(AsciiFamily, DamageHasItsNameAndPlace) {
  const auto [request, reply] = exchanges().front();
  const std::string text = text_of(reply);
  const std::string head = text.substr(1, 8);
  const std::string body = text.substr(1, text.size() - 6);
  const auto u16 = [](std::size_t value) { return static_cast<std::uint16_t>(value); };
  std::string odd_length = body;
  odd_length[8] = odd_length[8] == 'F' ? 'E' : 'F';
  std::string no_digit = body;
  no_digit[14] = 'G';
  std::string no_address = body;
  no_address[2] = 'x';
  std::string other_device = body;
  other_device[5] = '0';
  std::string no_end = text;
  no_end.back() = '\n';
  const struct {
    const char* why;
    Frame reply;
    Error error;
  } cases[] = {
      {"no start", bytes_of(text.substr(1)), {Errc::header, 0}},
      {"noise before it", bytes_of("\n" + text), {Errc::header, 0}},
      {"no end", bytes_of(no_end), {Errc::tail, u16(text.size() - 1)}},
      {"bytes behind it", bytes_of(text + "~"), {Errc::length, u16(text.size())}},
      {"two frames", bytes_of(text + text), {Errc::length, u16(text.size())}},
      {"ends early", bytes_of("~2002460\r"), {Errc::truncated, 9}},
      {"checksum", bytes_of("~" + body + "0000\r"), {Errc::checksum, u16(text.size() - 5)}},
      {"checksum no number",
       bytes_of("~" + body + "zzzz\r"),
       {Errc::checksum, u16(text.size() - 5)}},
      {"check nibble of LENGTH", ascii_closed(odd_length), {Errc::length, 9}},
      {"content of another size", ascii_closed(body + "00"), {Errc::length, 9}},
      {"an odd number of digits", ascii_closed(head + "F001" + "0"), {Errc::length, 9}},
      {"no digit in the content", ascii_closed(no_digit), {Errc::out_of_range, 15}},
      {"no digit in the address", ascii_closed(no_address), {Errc::header, 3}},
      {"another kind of device", ascii_closed(other_device), {Errc::header, 5}},
      {"our own request", request, {Errc::header, 7}},
      {"content of nothing", ascii_frame(head, "00"), {Errc::length, 15}},
      {"refused", ascii_frame(head.substr(0, 6) + "04"), {Errc::device_error, 7}},
      {"refused with E2", ascii_frame(head.substr(0, 6) + "E2"), {Errc::device_error, 7}},
      {"another master's request", ascii_frame(head.substr(0, 6) + "42", "01"), {Errc::header, 7}},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    const Result<void> result = codec().decode(request, c.reply, sink);
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error(), c.error) << c.why << ": " << result.error().what;
    EXPECT_TRUE(sink.empty()) << c.why;
  }
}

TEST_P(AsciiFamily, TheReplyOfAnotherAddressIsNotOurs) {
  const auto [request, reply] = exchanges().front();
  std::string body = text_of(reply).substr(1, reply.size() - 6);
  body[3] = body[3] == '9' ? '8' : '9';
  RecordingSink sink;
  EXPECT_EQ(codec().decode(request, ascii_closed(body), sink).error(), (Error{Errc::header, 3}));
  EXPECT_EQ(codec().scan(request, ascii_closed(body)).size, 0U);
  EXPECT_EQ(codec().scan({}, ascii_closed(body)).size, reply.size());
}

TEST_P(AsciiFamily, LowerCaseIsTaken) {
  for (const auto& [request, reply] : exchanges()) {
    const std::string text = text_of(reply);
    std::string body = text.substr(1, text.size() - 6);
    for (char& c : body) c = static_cast<char>(std::tolower(c));
    RecordingSink upper;
    RecordingSink lower;
    ASSERT_TRUE(codec().decode(request, reply, upper));
    ASSERT_TRUE(codec().decode(request, ascii_closed(body), lower));
    EXPECT_EQ(upper.readings, lower.readings);
  }
}

TEST_P(AsciiFamily, ABadRequestIsTheCallersFault) {
  const auto [request, reply] = exchanges().front();
  Frame bad = request;
  bad[5] ^= std::byte{1};
  RecordingSink sink;
  EXPECT_EQ(codec().decode(bad, reply, sink).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec().decode(ascii_frame("20015542"), reply, sink).error(),
            (Error{Errc::invalid_argument, 5}));
  const std::string head = text_of(request).substr(1, 6);
  EXPECT_EQ(codec().decode(ascii_frame(head + "4D"), reply, sink).error().code,
            Errc::unimplemented);
  EXPECT_TRUE(sink.empty());
}

TEST_P(AsciiFamily, ScanFindsTheReplyWhateverIsAroundIt) {
  const auto [request, reply] = exchanges().front();
  std::string other = text_of(reply).substr(1, reply.size() - 6);
  other[3] = other[3] == '9' ? '8' : '9';
  std::string alien = other;
  alien[5] = '0';
  const Frame noise = frame("00FF0D7E20417E");  // With starts that are none, and an end.
  const Frame half(reply.begin(), reply.begin() + 20);
  const struct {
    const char* why;
    Frame before;
  } cases[] = {
      {"nothing", {}},
      {"noise", noise},
      {"our own request come back", request},
      {"half a frame", half},
      {"another address's reply", ascii_closed(other)},
      {"a frame of another device", ascii_closed(alien)},
      {"an inverter's request to us", ascii_frame(text_of(request).substr(1, 6) + "92", "02")},
      {"an end alone", bytes_of("\r\r")},
      {"all of it", request + noise + half + ascii_closed(other) + half},
  };
  for (const auto& c : cases) {
    const Frame stream = c.before + reply;
    for (std::size_t size = 0; size <= stream.size(); ++size) {
      const FrameScan found = codec().scan(request, Bytes(stream).first(size));
      ASSERT_LE(found.noise + found.size, size) << c.why;
      EXPECT_EQ(found.size, size < stream.size() ? 0 : reply.size()) << c.why << ' ' << size;
      if (size == stream.size()) {
        EXPECT_EQ(found.noise, c.before.size()) << c.why;
      }
    }
  }
}

TEST_P(AsciiFamily, ADamagedReplyIsDelimitedSoThatItIsAskedAgainAtOnce) {
  const auto [request, reply] = exchanges().front();
  Frame damaged = reply;
  damaged[15] = std::byte{0xFF};
  EXPECT_EQ(codec().scan(request, damaged).size, reply.size());
  damaged = reply;
  damaged[3] = std::byte{0xFF};  // The address cannot be read: it may be ours.
  EXPECT_EQ(codec().scan(request, damaged).size, reply.size());
}

TEST_P(AsciiFamily, EveryPlanItemHasARequestThatSaysWhatItAsks) {
  std::vector<std::string_view> variants(codec().info().variants.begin(),
                                         codec().info().variants.end());
  if (variants.empty()) variants.emplace_back();
  for (const std::string_view variant : variants) {
    CodecRoom room;
    const PollCodec& made = *codec().with({.variant = variant}, room).value();
    std::array<std::byte, kRequestSize> out{};
    for (const PollItem& item : made.poll_plan()) {
      const std::size_t size = made.encode_poll(item.number, out).value();
      RecordingSink sink;
      ASSERT_TRUE(made.decode_request(Bytes(out).first(size), sink)) << item.name;
      EXPECT_EQ(sink.vendor["request_command"], item.number);
      EXPECT_EQ(sink.vendor["request_write"], 0) << item.name;
      EXPECT_EQ(made.encode_poll(item.number, MutableBytes(out).first(size - 1)).error().code,
                Errc::resource_exhausted);
    }
    EXPECT_LE(made.poll_plan().size(), 32U);
    EXPECT_EQ(made.poll_plan().front().every, 1);
    EXPECT_EQ(made.encode_poll(0x95, out).error().code, Errc::invalid_argument);
  }
}

TEST_P(AsciiFamily, OptionsAreChecked) {
  CodecRoom room;
  CodecOptions options{.address = GetParam().address_bad};
  EXPECT_EQ(codec().with(options, room).error().code, Errc::out_of_range);
  options = {.address = {}, .variant = "of another maker"};
  EXPECT_EQ(codec().with(options, room).error().code, Errc::invalid_argument);
  options = {.address = GetParam().address_max};
  const PollCodec& made = *codec().with(options, room).value();
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = made.encode_poll(made.poll_plan().front().number, out).value();
  RecordingSink sink;
  ASSERT_TRUE(made.decode_request(Bytes(out).first(size), sink));
  EXPECT_EQ(sink.vendor["request_address"], GetParam().address_max);
  // Every address that is said to be usual can be had.
  for (const std::uint8_t address : codec().info().addresses) {
    options.address = address;
    EXPECT_TRUE(codec().with(options, room)) << int{address};
  }
}

TEST_P(AsciiFamily, NeverSwitchesOutputsOrBalancing) {
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(codec().encode_switch({}, out).error().code, Errc::unimplemented);
  EXPECT_EQ(codec().encode_balance({}, out).error().code, Errc::unimplemented);
}

TEST_P(AsciiFamily, APollerReadsThroughNoise) {
  const auto [request, reply] = exchanges().front();
  Poller poller(codec(), {});
  RecordingSink sink;
  Instant now{};
  poller.link_up(now);
  std::array<std::byte, kRequestSize> out{};
  // Answer whatever is asked with a refusal, but once its echo and noise came.
  for (int i = 0; i < 4; ++i) {
    const PollerAction action = poller.next(now, out);
    if (action.size == 0) {
      now = action.wake_at;
      continue;
    }
    const Frame asked(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(action.size));
    poller.receive(asked + frame("7E00FF") + ascii_frame(text_of(asked).substr(1, 6) + "04"),
                   now + milliseconds(10), sink);
    EXPECT_FALSE(poller.awaiting());
  }
  EXPECT_GT(poller.counters().device_errors, 0U);
  EXPECT_EQ(poller.health(), LinkHealth::online);
  EXPECT_TRUE(sink.empty());
}

INSTANTIATE_TEST_SUITE_P(Protocols, AsciiFamily,
                         testing::Values(Case{"pylontech", 0x7D, 0x0E}, Case{"seplos_v2", 15, 16},
                                         Case{"pace", 15, 16}, Case{"pace_eg4", 15, 16}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace ems::protocol
