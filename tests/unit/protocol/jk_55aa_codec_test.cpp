// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_55aa/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/summed_frames.hpp"

namespace ems::protocol::jk_55aa {
namespace {

using test::Frame;
using test::frame;
using test::joined;
using test::RecordingSink;

const Frame kAskStatus = frame("AA5590EB96000000000000000000000000000010");
const Frame kAskAbout = frame("AA5590EB97000000000000000000000000000011");
const Frame kReady = frame("AA5590EBC8010100000000000000000000000044");

/// A frame of one's own: little-endian numbers at offsets.
class Made {
 public:
  explicit Made(std::uint8_t type) : bytes_(kFrameSize) {
    constexpr std::uint8_t kBegin[] = {0x55, 0xAA, 0xEB, 0x90};
    for (std::size_t i = 0; i < 4; ++i) bytes_[i] = std::byte{kBegin[i]};
    bytes_[kTypeAt] = std::byte{type};
  }
  Made& u8(std::size_t at, std::uint8_t value) { return put(at, value, 1); }
  Made& u16(std::size_t at, std::uint16_t value) { return put(at, value, 2); }
  Made& s16(std::size_t at, std::int16_t value) {
    return put(at, static_cast<std::uint16_t>(value), 2);
  }
  Made& u32(std::size_t at, std::uint32_t value) { return put(at, value, 4); }
  Made& s32(std::size_t at, std::int32_t value) {
    return put(at, static_cast<std::uint32_t>(value), 4);
  }
  Made& text(std::size_t at, std::string_view value) {
    for (const char c : value) bytes_[at++] = static_cast<std::byte>(c);
    return *this;
  }
  [[nodiscard]] Frame done() const {
    Frame closed(bytes_.begin(), bytes_.end() - 1);
    closed.push_back(static_cast<std::byte>(test::sum_of(closed) & 0xFFU));
    return closed;
  }

 private:
  Made& put(std::size_t at, std::uint32_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      bytes_[at + i] = static_cast<std::byte>(value >> 8 * i & 0xFFU);
    }
    return *this;
  }
  Frame bytes_;
};

/// A status of four cells; where the fields behind the cells stand, `less` bytes are left out.
Made status(std::size_t less = 0) {
  Made made(2);
  for (std::size_t i = 0; i < 4; ++i) {
    made.u16(6 + 2 * i, static_cast<std::uint16_t>(3'300 + i));
  }
  made.u32(70 - less, 0x0F);
  const std::size_t twice = 2 * less;
  made.u32(150 - twice, 13'206).s32(158 - twice, -2'000).u32(154 - twice, 26'412);
  made.s16(162 - twice, 215).s16(164 - twice, 220).u8(173 - twice, 77);
  return made;
}

const PollCodec& narrow() {
  static CodecRoom room;
  return **codec().with({.variant = "24S"}, room);
}

RecordingSink decoded(const PollCodec& from, const Frame& answer, const Frame& request = {}) {
  RecordingSink sink;
  const auto result = from.decode(request, answer, sink);
  EXPECT_TRUE(result) << (result ? "" : result.error().what);
  return sink;
}

Error refused(const PollCodec& from, Bytes answer, Bytes request = {}) {
  RecordingSink sink;
  const auto result = from.decode(request, answer, sink);
  EXPECT_FALSE(result);
  EXPECT_TRUE(sink.empty());
  return result ? Error{} : result.error();
}

TEST(Jk55aaCodec, AsksForStatusAndIdentity) {
  EXPECT_EQ(test::poll_request(codec(), 2), kAskStatus);
  EXPECT_EQ(test::poll_request(codec(), 3), kAskAbout);
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(codec().encode_poll(1, out).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec().encode_poll(2, MutableBytes(out).first(19)).error().code,
            Errc::resource_exhausted);
  EXPECT_EQ(codec().encode_switch({}, out).error().code, Errc::unimplemented);
}

TEST(Jk55aaCodec, BothLayoutsSayTheSame) {
  const RecordingSink wide = decoded(codec(), status().s16(144, 300).done());
  const RecordingSink small = decoded(narrow(), status(16).s16(134, 300).done());
  std::vector<Reading> both = wide.readings;  // Only one of them knows of a heater.
  EXPECT_EQ(std::erase_if(both, [](const Reading& r) { return r.signal == Signal::heater_on; }),
            1u);
  EXPECT_EQ(both, small.readings);
  EXPECT_EQ(wide.value(Signal::cell_voltage, 4), 3'303);
  EXPECT_EQ(wide.value(Signal::cell_count), 4);
  EXPECT_EQ(wide.value(Signal::pack_voltage), 13'206);
  EXPECT_EQ(wide.value(Signal::pack_current), 2'000);  // Discharging is negative on the wire.
  EXPECT_EQ(wide.value(Signal::pack_power), 26);
  EXPECT_EQ(wide.value(Signal::temperature, 2), 22'000);
  EXPECT_EQ(wide.value(Signal::mosfet_temperature), 30'000);
  EXPECT_EQ(wide.value(Signal::soc), 7'700);
}

TEST(Jk55aaCodec, ChargingIsNegative) {
  const RecordingSink sink = decoded(codec(), status().s32(158, 2'000).done());
  EXPECT_EQ(sink.value(Signal::pack_current), -2'000);
  EXPECT_EQ(sink.value(Signal::pack_power), -26);
}

TEST(Jk55aaCodec, AStatusOfTheOtherLayoutIsRefused) {
  EXPECT_EQ(refused(codec(), status(16).done()), (Error{Errc::out_of_range, 70}));
  EXPECT_EQ(refused(narrow(), status().done()), (Error{Errc::out_of_range, 54}));
  EXPECT_EQ(refused(narrow(), status(16).u32(54, 0x0100000F).done()),
            (Error{Errc::out_of_range, 54}));
  for (const auto& vector : test::vectors("bms_serial_jk_55aa.json")) {
    const auto id = vector["id"].get<std::string>();
    if (id.find("status") == std::string::npos) continue;
    const bool wide = vector["context"]["variant"] == "32S";
    const Frame answer = frame(vector["response_hex"].get<std::string>());
    EXPECT_EQ(refused(wide ? narrow() : codec(), answer).code, Errc::out_of_range) << id;
  }
}

TEST(Jk55aaCodec, ACellOutsideTheMaskIsNoCell) {
  const RecordingSink sink =
      decoded(codec(), status().u32(70, 0x1B).u16(10, 40).u16(14, 3'304).done());
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 5);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 5), 3'304);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 3), std::nullopt);
}

TEST(Jk55aaCodec, MissingSensorsAreMissing) {
  const auto missing = [](const RecordingSink& sink) { return sink.missing_points; };
  using Points = std::vector<std::pair<Signal, std::uint16_t>>;
  EXPECT_EQ(missing(decoded(codec(), status().s16(162, -2'000).done())),
            (Points{{Signal::temperature, 1}}));
  // 10 degC below zero, or 110? Nobody can tell.
  EXPECT_EQ(missing(decoded(codec(), status().s16(164, 1'100).s16(144, 990).done())),
            (Points{{Signal::mosfet_temperature, 0}, {Signal::temperature, 2}}));
  EXPECT_EQ(decoded(codec(), status().s16(144, 989).done()).value(Signal::mosfet_temperature),
            98'900);
  EXPECT_EQ(decoded(codec(), status().s16(162, -105).done()).value(Signal::temperature, 1),
            -10'500);
  // The mask of the sensors: the transistors' first, in the other layout last.
  EXPECT_EQ(missing(decoded(codec(), status().u8(214, 0x05).done())),
            (Points{{Signal::temperature, 1}}));
  EXPECT_EQ(missing(decoded(narrow(), status(16).u8(182, 0x03).done())),
            (Points{{Signal::mosfet_temperature, 0}}));
}

TEST(Jk55aaCodec, ImpossibleValuesAreMissing) {
  const RecordingSink sink =
      decoded(codec(), status().u8(173, 101).u8(190, 200).s32(174, -1).u16(6, 6'001).done());
  EXPECT_EQ(sink.missing_points.size(), 4u);
  for (const Signal signal : {Signal::soc, Signal::soh, Signal::remaining_capacity}) {
    EXPECT_EQ(sink.value(signal), std::nullopt);
  }
  EXPECT_EQ(sink.value(Signal::cell_voltage, 1), std::nullopt);
}

TEST(Jk55aaCodec, EveryAlarmBitHasExactlyOneName) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    const RecordingSink sink = decoded(codec(), status().u32(166, 1U << bit).done());
    const bool common = sink.value(Signal::alarms) != 0;
    EXPECT_NE(common, codec().vendor_alarm_name(bit).has_value()) << bit;
    EXPECT_EQ(sink.value(Signal::vendor_alarms), common ? 0 : 1LL << bit) << bit;
  }
  EXPECT_EQ(alarm_name(0), "wire_resistance");
  EXPECT_EQ(alarm_name(32), std::nullopt);
  const RecordingSink small = decoded(narrow(), status(16).u16(136, 0x8010).done());
  EXPECT_EQ(small.value(Signal::alarms),
            alarm_bit(Alarm::cell_overvoltage) | alarm_bit(Alarm::discharge_overtemperature));
}

TEST(Jk55aaCodec, ReadsSettings) {
  const Frame made = Made(1)
                         .u32(10, 2'800)
                         .u32(50, 150'000)
                         .s32(98, -50)
                         .u32(114, 16)
                         .u32(118, 1)
                         .u32(130, 280'000)
                         .u32(270, 3)
                         .done();
  const RecordingSink sink = decoded(codec(), made);
  EXPECT_EQ(sink.value(Signal::cell_count), 16);
  EXPECT_EQ(sink.value(Signal::design_capacity), 280'000'000);
  EXPECT_EQ(sink.vendor.at("cell_undervoltage_mv"), 2'800);
  EXPECT_EQ(sink.vendor.at("charge_overcurrent_ma"), 150'000);
  EXPECT_EQ(sink.vendor.at("charge_undertemperature_mdegc"), -5'000);
  EXPECT_EQ(sink.vendor.at("charge_switch"), 1);
  EXPECT_EQ(sink.vendor.at("device_address"), 3);
  EXPECT_EQ(decoded(narrow(), made).vendor.count("device_address"), 0u);
}

TEST(Jk55aaCodec, SaysWhichLayoutTheSoftwareHas) {
  const auto about = [](std::string_view version) {
    return Made(3).text(6, "JK-B2A24S").text(30, version).text(86, "1234").u32(42, 7).done();
  };
  const RecordingSink old = decoded(codec(), about("10.09"));
  EXPECT_EQ(old.vendor.at("other_variant"), 1);
  EXPECT_EQ(old.vendor.at("power_on_count"), 7);
  EXPECT_EQ(old.texts.at(TextField::serial_number), "1234");
  EXPECT_EQ(decoded(narrow(), about("10.09")).vendor.at("other_variant"), 0);
  EXPECT_EQ(decoded(codec(), about("11.03")).vendor.at("other_variant"), 0);
  EXPECT_EQ(decoded(narrow(), about("11.03")).vendor.at("other_variant"), 1);
  EXPECT_EQ(decoded(codec(), about("V9")).vendor.count("other_variant"), 0u);
}

TEST(Jk55aaCodec, KeepsThePasswordsToItself) {
  for (const auto& vector : test::vectors("bms_serial_jk_55aa.json")) {
    if (vector["id"].get<std::string>().find("about") == std::string::npos) continue;
    const RecordingSink sink =
        decoded(codec(), frame(vector["response_hex"].get<std::string>()), kAskAbout);
    for (const auto& [field, text] : sink.texts) {
      EXPECT_NE(text, "1553");
      EXPECT_NE(text, "1234");
      EXPECT_NE(text, "9227460");
      EXPECT_NE(text, "71203");
    }
    EXPECT_EQ(sink.texts.size(), 4u);
  }
}

TEST(Jk55aaCodec, EachErrorHasItsOffset) {
  const Frame good = status().done();
  Frame bad = good;
  bad[299] ^= std::byte{1};
  EXPECT_EQ(refused(codec(), bad), (Error{Errc::checksum, 299}));
  for (std::size_t at = 0; at < 4; ++at) {
    bad = good;
    bad[at] ^= std::byte{1};
    EXPECT_EQ(refused(codec(), bad), (Error{Errc::header, static_cast<std::uint16_t>(at)}));
  }
  EXPECT_EQ(refused(codec(), joined({good, frame("00")})), (Error{Errc::length, 300}));
  EXPECT_EQ(refused(codec(), joined({good, good})), (Error{Errc::length, 300}));
  EXPECT_EQ(refused(codec(), Made(5).done()), (Error{Errc::unimplemented, 4}));
  EXPECT_EQ(refused(codec(), good, kAskAbout), (Error{Errc::header, 4}));
  EXPECT_EQ(refused(codec(), Made(3).done(), kAskStatus), (Error{Errc::header, 4}));
  EXPECT_EQ(refused(codec(), kAskStatus, kAskStatus), (Error{Errc::header, 0}));  // An echo.
  EXPECT_EQ(refused(codec(), good, good), (Error{Errc::invalid_argument, 0}));
  EXPECT_EQ(decoded(codec(), Made(1).u32(114, 8).done(), kAskStatus).value(Signal::cell_count), 8);
}

TEST(Jk55aaCodec, TheRadioModulesOwnFrameBehindIsLeftAlone) {
  const Frame good = status().done();
  EXPECT_EQ(decoded(codec(), joined({good, kReady})).readings, decoded(codec(), good).readings);
  Frame damaged = kReady;
  damaged[19] ^= std::byte{1};
  EXPECT_EQ(refused(codec(), joined({good, damaged})), (Error{Errc::length, 300}));
}

TEST(Jk55aaCodec, NoDamageGoesUnnoticed) {
  const Frame good = status().done();
  EXPECT_TRUE(test::unnoticed_flips(codec(), kAskStatus, good).empty());
  EXPECT_TRUE(test::unnoticed_flips(codec(), {}, good).empty());
  test::expect_truncations_refused(codec(), kAskStatus, good);
}

TEST(Jk55aaCodec, ScanFindsTheReply) {
  const Frame good = status().done();
  const Frame settings = Made(1).done();
  const struct {
    const char* why;
    Frame received;
    std::size_t noise;
    std::size_t size;
  } cases[] = {
      {"nothing", {}, 0, 0},
      {"noise", frame("AA5590EB41540D0A"), 8, 0},
      {"a start that may become one", frame("0055AA"), 1, 0},
      {"half", Frame(good.begin(), good.begin() + 200), 0, 0},
      {"whole", good, 0, 300},
      {"behind an echo", joined({kAskStatus, good}), 20, 300},
      {"behind the settings", joined({settings, good}), 300, 300},
      {"behind a start that is none", joined({frame("55AA55"), good}), 3, 300},
      {"with more behind", joined({good, kReady}), 0, 300},
  };
  for (const auto& c : cases) {
    const FrameScan found = codec().scan(kAskStatus, c.received);
    EXPECT_EQ(found.noise, c.noise) << c.why;
    EXPECT_EQ(found.size, c.size) << c.why;
  }
  EXPECT_EQ(codec().scan({}, settings).size, 300u);
  EXPECT_EQ(codec().scan(kAskAbout, good).noise, 300u);
}

TEST(Jk55aaCodec, OnlyItsOptionsAreTaken) {
  CodecRoom room;
  EXPECT_EQ(codec().with({.address = 1}, room).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec().with({.variant = "16S"}, room).error().code, Errc::invalid_argument);
  EXPECT_TRUE(codec().with({.variant = "32S", .cell_count = 16}, room));
}

TEST(Jk55aaCodec, ReadsRequests) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode_request(kAskStatus, sink));
  EXPECT_EQ(sink.vendor.at("request_command"), 0x96);
  EXPECT_EQ(sink.vendor.at("request_write"), 0);
  RecordingSink write;
  ASSERT_TRUE(codec().decode_request(frame("AA5590EB1D04010000000000000000000000009C"), write));
  EXPECT_EQ(write.vendor.at("request_write"), 1);
  RecordingSink none;
  Frame bad = kAskStatus;
  bad[19] ^= std::byte{1};
  EXPECT_EQ(codec().decode_request(bad, none).error(), (Error{Errc::checksum, 19}));
  EXPECT_EQ(codec().decode_request(joined({kAskStatus, frame("00")}), none).error(),
            (Error{Errc::length, 20}));
  EXPECT_EQ(codec().decode_request(frame("AA5590"), none).error(), (Error{Errc::truncated, 3}));
  EXPECT_EQ(codec().decode_request(frame("55AA"), none).error(), (Error{Errc::header, 0}));
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace ems::protocol::jk_55aa
