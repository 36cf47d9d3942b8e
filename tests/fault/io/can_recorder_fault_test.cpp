// SPDX-License-Identifier: Apache-2.0
// A bus that is recorded while it is used: the disk refuses, the file is full, a power cut left
// half a line.
#include "ems/io/link/can_recorder.hpp"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "ems/io/can_recording.hpp"
#include "ems/protocol/candump.hpp"
#include "support/manual_clock.hpp"
#include "support/modbus_peers.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using io::CanLink;
using io::LinkError;

/// A bus in the hands of the test.
class FakeBus final : public CanLink {
 public:
  void on_receive(ReceiveHandler handler) override { receive = std::move(handler); }
  void on_down(DownHandler) override {}
  void open(OpenHandler) override {}
  void close() override {}
  [[nodiscard]] bool is_open() const override { return true; }
  [[nodiscard]] Result<void> write(const protocol::CanFrame&) override {
    if (refuse) return fail(Errc::unavailable, 0, "fake");
    return {};
  }
  [[nodiscard]] std::string_view name() const override { return "fake"; }
  [[nodiscard]] io::CanLinkCounters counters() const override { return {.frames_in = 7}; }
  ReceiveHandler receive;
  bool refuse = false;
};

class CanRecorder : public testing::Test {
 protected:
  void make(std::uint64_t bytes_max = 64'000'000) {
    auto bus = std::make_unique<FakeBus>();
    bus_ = bus.get();
    link_ = io::record_can_link(io_.get_executor(), std::move(bus), clock_,
                                {.file = file_,
                                 .bytes_max = bytes_max,
                                 .interface_name = "can3",
                                 .on_trouble = [this](const LinkError* error) {
                                   told_.push_back(error != nullptr ? error->message : "again");
                                 }});
  }
  void hear(std::string_view text) {
    bus_->receive(protocol::to_can_frame(protocol::parse_can_text(text).value()).value());
  }
  /// Bytes of the file; 0 while it is not there.
  [[nodiscard]] std::uint64_t written() const {
    std::error_code none;
    const std::uint64_t size = std::filesystem::file_size(file_, none);
    return none ? 0 : size;
  }
  static std::string content(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  TempDir folder_;
  std::string file_ = folder_ / "bus.log";
  asio::io_context io_;
  ManualClock clock_;
  FakeBus* bus_ = nullptr;
  std::unique_ptr<CanLink> link_;
  std::vector<std::string> told_;
};

TEST_F(CanRecorder, WritesWhatCameAndWhatWentAsCandumpDoes) {
  make();
  std::vector<std::uint32_t> ids;
  link_->on_receive([&ids](const protocol::CanFrame& frame) { ids.push_back(frame.id); });
  hear("351#1402740E740ECC01");
  clock_.advance(milliseconds(20));
  EXPECT_TRUE(link_->write({.id = 0x305, .size = 2}));
  bus_->refuse = true;
  EXPECT_FALSE(link_->write({.id = 0x306}));
  hear("00000351#R4");
  EXPECT_EQ(ids, (std::vector<std::uint32_t>{0x351, 0x351}));
  EXPECT_EQ(link_->counters().frames_in, 7U);
  link_.reset();  // Writes what waits.
  EXPECT_EQ(content(file_),
            "(1700000000.000000) can3 351#1402740E740ECC01\n"
            "(1700000000.020000) can3 305#0000\n"
            "(1700000000.020000) can3 00000351#R4\n");
  EXPECT_EQ(io::read_can_recording(file_).value().frames.size(), 3U);
  EXPECT_TRUE(told_.empty());
}

TEST_F(CanRecorder, HearsEvenIfNobodyListens) {
  make();
  hear("351#AA");
  link_.reset();
  EXPECT_EQ(content(file_), "(1700000000.000000) can3 351#AA\n");
}

TEST_F(CanRecorder, AppendsAndEndsALineThatWasCut) {
  std::ofstream(file_) << "(1600000000.000000) can3 351#AA\n(1600000000.000000) can3 35";
  make();
  hear("355#BB");
  link_.reset();
  EXPECT_EQ(content(file_),
            "(1600000000.000000) can3 351#AA\n(1600000000.000000) can3 35\n"
            "(1700000000.000000) can3 355#BB\n");
}

TEST_F(CanRecorder, TwoFilesStayWithinTheirBound) {
  constexpr std::uint64_t kBound = 2 * io::kCanRecordQueueSize;
  make(kBound);
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t before = written();
    for (int k = 0; k < 2'000; ++k) hear("351#1402740E740ECC01");
    ASSERT_TRUE(run_until(io_, [&] { return written() != before; }));
  }
  link_.reset();
  const std::string older = file_ + ".1";
  ASSERT_TRUE(std::filesystem::exists(older));
  EXPECT_LE(std::filesystem::file_size(file_) + std::filesystem::file_size(older), kBound);
  for (const std::string& file : {file_, older}) {
    EXPECT_EQ(io::read_can_recording(file).value().refused, 0U) << "whole lines only";
  }
}

TEST_F(CanRecorder, ADiskThatRefusesIsCountedToldOnceAndNeverStopsTheBus) {
  std::filesystem::create_directory(file_);  // Nothing can be written there.
  make();
  hear("351#AA");
  ASSERT_TRUE(run_until(io_, [this] { return told_.size() == 1; }));
  EXPECT_EQ(told_[0], "record:" + file_ + ": Is a directory");
  hear("351#AA");
  ASSERT_TRUE(run_until(io_, [this] { return link_->counters().unrecorded == 2; }));
  std::filesystem::remove(file_);
  hear("355#BB");
  ASSERT_TRUE(run_until(io_, [this] { return told_.size() == 2; }));
  EXPECT_EQ(told_[1], "again");
  EXPECT_EQ(link_->counters().unrecorded, 2U);
  link_.reset();
  EXPECT_EQ(content(file_), "(1700000000.000000) can3 355#BB\n");
}

TEST_F(CanRecorder, AFileOfAnotherKindIsNotWritten) {
  file_ = "/dev/full";
  make();
  hear("351#AA");
  ASSERT_TRUE(run_until(io_, [this] { return told_.size() == 1; }));
  EXPECT_EQ(link_->counters().unrecorded, 1U);
}

}  // namespace
}  // namespace ems::test
