// SPDX-License-Identifier: Apache-2.0
// Recordings as they are found: cut, mixed, empty, missing; and the link that replays them.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "ems/io/can_recording.hpp"
#include "ems/io/link/can_link.hpp"
#include "support/modbus_peers.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using io::CandumpOptions;
using io::CanLink;
using io::LinkError;

class CandumpFile : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return path_;
  }
  TempDir folder_;
  std::string path_ = folder_ / "battery.log";
};

TEST_F(CandumpFile, IsReadOnOneTimeScale) {
  const auto recording = io::read_can_recording(write("(100.000000) can0 351#01\n"
                                                      "\n"
                                                      "(100.020000) can0 355#02\r\n"
                                                      "(99.000000) can0 356#03\n"
                                                      "(99.500000) can0 359#04\n"
                                                      "  can0  35C   [1]  05\n"
                                                      "  can0  35E   [1]  06"))
                             .value();
  std::vector<std::int64_t> times;
  for (const io::RecordedFrame& frame : recording.frames) times.push_back(frame.at.count());
  // Time that runs back does not count; lines without a time are 20 ms apart.
  EXPECT_EQ(times, (std::vector<std::int64_t>{0, 20'000, 20'000, 520'000, 540'000, 560'000}));
  EXPECT_EQ(recording.frames[5].frame.id, 0x35EU);
  EXPECT_EQ(recording.refused, 0U);
}

TEST_F(CandumpFile, CountsWhatIsNoFrameAndKeepsTheFirstReason) {
  const auto recording = io::read_can_recording(write("(1.000000) can0 351#01\n"
                                                      "(1.000000) can0 123##1112233\n"
                                                      "(1.000000) can0 32345678#11\n"
                                                      "garbage\n"))
                             .value();
  EXPECT_EQ(recording.frames.size(), 1U);
  EXPECT_EQ(recording.refused, 3U);
  EXPECT_EQ(recording.first_refused->line, 2U);
  EXPECT_EQ(recording.first_refused->error.code, Errc::unimplemented);
}

TEST_F(CandumpFile, WithoutAFrameIsAnError) {
  EXPECT_EQ(io::read_can_recording(write("\ngarbage\n")).error(), (Error{Errc::syntax, 2}));
  EXPECT_EQ(io::read_can_recording(write("")).error(), (Error{Errc::syntax, 0}));
  EXPECT_EQ(io::read_can_recording(folder_ / "nowhere").error().code, Errc::io);
  EXPECT_EQ(io::read_can_recording(folder_ / ".").error().code, Errc::io);
  EXPECT_EQ(io::read_can_recording(write(std::string(io::kCanRecordingSize + 1, ' '))).error().code,
            Errc::resource_exhausted);
}

/// What the link told us.
struct Seen {
  std::optional<std::optional<LinkError>> opened;
  std::optional<LinkError> down;
  std::vector<std::uint32_t> ids;

  void watch(CanLink& link) {
    link.on_receive([this](const protocol::CanFrame& frame) { ids.push_back(frame.id); });
    link.on_down([this](const LinkError& error) { down = error; });
  }
  void open(asio::io_context& io, CanLink& link) {
    opened.reset();
    link.open([this](const LinkError* error) {
      opened = error != nullptr ? std::optional{*error} : std::nullopt;
    });
    EXPECT_FALSE(opened) << "called from within open()";
    ASSERT_TRUE(run_until(io, [this] { return opened.has_value(); }));
  }
};

constexpr const char* kThree =
    "(1.000000) can0 351#01\n(1.000000) can0 355#02\n(1.050000) can0 356#03\n";

TEST_F(CandumpFile, IsReplayedInItsOwnTimeAndEndsWithItsReason) {
  asio::io_context io;
  const auto link = io::make_candump_link(io.get_executor(), {.file = write(kThree)});
  Seen seen;
  seen.watch(*link);
  EXPECT_EQ(link->write({.id = 0x305}).error().code, Errc::unavailable);
  seen.open(io, *link);
  ASSERT_FALSE(seen.opened->has_value()) << (*seen.opened)->message;
  const auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(link->write({.id = 0x305}));
  EXPECT_EQ(link->write({.id = 0x800}).error().code, Errc::out_of_range);
  ASSERT_TRUE(run_until(io, [&] { return seen.down.has_value(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(49));
  EXPECT_EQ(seen.ids, (std::vector<std::uint32_t>{0x351, 0x355, 0x356}));
  EXPECT_EQ(seen.down->error.code, Errc::unavailable);
  EXPECT_EQ(seen.down->message, "candump:" + path_ + ": the recording has ended");
  EXPECT_FALSE(link->is_open());
  EXPECT_EQ(link->counters().frames_in, 3U);
  EXPECT_EQ(link->counters().frames_out, 1U);

  seen.open(io, *link);  // Old values do not come to life a second time.
  ASSERT_TRUE(seen.opened->has_value());
  EXPECT_EQ((*seen.opened)->error.code, Errc::failed_precondition);
}

TEST_F(CandumpFile, ManyFramesOfOneMomentLetOthersThrough) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "(1.000000) can0 351#01\n";
  asio::io_context io;
  const auto link = io::make_candump_link(io.get_executor(), {.file = write(text)});
  int frames = 0;
  int others_at = 0;
  link->on_receive([&](const protocol::CanFrame&) {
    if (++frames == 1) asio::post(io, [&] { others_at = frames; });
  });
  Seen seen;
  link->on_down([&](const LinkError& error) { seen.down = error; });
  seen.open(io, *link);
  ASSERT_TRUE(run_until(io, [&] { return seen.down.has_value(); }));
  EXPECT_EQ(frames, 1'000);
  EXPECT_EQ(others_at, 1);
}

TEST_F(CandumpFile, IsRepeatedWhereThatIsWanted) {
  asio::io_context io;
  const auto link = io::make_candump_link(
      io.get_executor(), {.file = write("(1.000000) can0 351#01\n"), .repeat = true});
  Seen seen;
  seen.watch(*link);
  seen.open(io, *link);
  ASSERT_TRUE(run_until(io, [&] { return seen.ids.size() == 2; }));
  EXPECT_FALSE(seen.down);
  EXPECT_TRUE(link->is_open());
}

TEST_F(CandumpFile, ALongSilenceIsCut) {
  asio::io_context io;
  const auto link = io::make_candump_link(
      io.get_executor(), {.file = write("(1.000000) can0 351#01\n(9000.000000) can0 355#02\n"),
                          .gap_max = milliseconds(20)});
  Seen seen;
  seen.watch(*link);
  seen.open(io, *link);
  EXPECT_TRUE(run_until(io, [&] { return seen.down.has_value(); }));
  EXPECT_EQ(seen.ids.size(), 2U);
}

TEST_F(CandumpFile, ThatCannotBeReadSaysWhy) {
  asio::io_context io;
  const auto link = io::make_candump_link(io.get_executor(), {.file = folder_ / "nowhere"});
  Seen seen;
  seen.watch(*link);
  seen.open(io, *link);
  ASSERT_TRUE(seen.opened->has_value());
  EXPECT_EQ((*seen.opened)->error.code, Errc::io);
  EXPECT_EQ(link->counters().failures, 1U);
  EXPECT_FALSE(link->is_open());
}

TEST_F(CandumpFile, APipeThatNobodyWritesToIsRefused) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(io::read_can_recording(path_).error().code, Errc::io);
}

TEST_F(CandumpFile, ItsReadingHoldsNobodyUp) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "(1.000000) can0 351#01\n";
  asio::io_context io;
  const auto link = io::make_candump_link(io.get_executor(), {.file = write(text)});
  bool opened = false;
  bool free_before = false;
  link->open([&](const LinkError*) { opened = true; });
  asio::post(io, [&] { free_before = !opened; });
  ASSERT_TRUE(run_until(io, [&] { return opened; }));
  EXPECT_TRUE(free_before);
}

TEST_F(CandumpFile, ALinkThatGoesWhileItsFileIsReadNeverAnswers) {
  asio::io_context io;
  auto link = io::make_candump_link(io.get_executor(), {.file = write(kThree)});
  bool answered = false;
  link->open([&](const LinkError*) { answered = true; });
  link.reset();
  io.run();
  EXPECT_FALSE(answered);
}

TEST_F(CandumpFile, NothingArrivesAfterClose) {
  asio::io_context io;
  auto link = io::make_candump_link(io.get_executor(), {.file = write(kThree)});
  Seen seen;
  int frames = 0;
  link->on_receive([&](const protocol::CanFrame&) {
    ++frames;
    link.reset();  // From within a callback, frames of the same moment still to come.
  });
  link->on_down([&](const LinkError& error) { seen.down = error; });
  seen.open(io, *link);
  ASSERT_TRUE(run_until(io, [&] { return frames == 1; }));
  io.restart();
  io.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(frames, 1);
  EXPECT_FALSE(seen.down);
}

TEST_F(CandumpFile, IsNotOpenedTwiceAtOnce) {
  asio::io_context io;
  const auto link = io::make_candump_link(io.get_executor(), {.file = write(kThree)});
  Seen seen;
  seen.watch(*link);
  seen.open(io, *link);
  std::optional<Errc> second;
  link->open([&](const LinkError* error) { second = error->error.code; });
  ASSERT_TRUE(run_until(io, [&] { return second.has_value(); }));
  EXPECT_EQ(second, Errc::failed_precondition);
  EXPECT_TRUE(run_until(io, [&] { return seen.ids.size() == 3; }));
}

TEST_F(CandumpFile, AnOpenThatIsClosedNeverAnswers) {
  asio::io_context io;
  const auto link = io::make_candump_link(io.get_executor(), {.file = write(kThree)});
  bool first = false;
  std::optional<Errc> second;
  link->open([&](const LinkError*) { first = true; });
  link->open([&](const LinkError* error) { second = error->error.code; });
  link->close();
  io.restart();
  io.run_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(first);
  EXPECT_EQ(second, std::nullopt);
}

}  // namespace
}  // namespace ems::test
