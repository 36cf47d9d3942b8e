// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/file_sink.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ems/io/ota/openssl_crypto.hpp"
#include "support/ota_client.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using ota::tuf::Target;
using test::TempDir;
namespace fs = std::filesystem;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

Target target_of(const std::string& content) {
  Target out;
  out.path = "fw/a.img";
  out.length = content.size();
  out.sha256 = OpenSslCrypto{}.sha256(bytes_of(content));
  return out;
}

std::string content_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return "(none)";
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path().filename());
  return out;
}

std::string code_of(const auto& done) {
  return done ? "ok" : std::string{to_string(done.error().code)};
}

TEST(OtaFileSink, AFileIsInItsPlaceWhenItIsWholeAndNotBefore) {
  const TempDir dir;
  const fs::path file = dir / "a.img";
  std::ofstream{file} << "old";
  auto sink = FileSink::open(file, target_of("0123456789"));
  ASSERT_TRUE(sink);
  EXPECT_EQ(sink->kept(), 0U);
  ASSERT_TRUE(sink->write(bytes_of("01234")));
  EXPECT_EQ(code_of(sink->commit()), "length");
  EXPECT_EQ(content_of(file), "old");
  ASSERT_TRUE(sink->write(bytes_of("56789")));
  OpenSslHasher hasher;
  EXPECT_EQ(code_of(sink->commit(&hasher)), "ok");
  EXPECT_EQ(content_of(file), "0123456789");
  EXPECT_EQ(names_in(dir / ""), std::vector<std::string>{"a.img"});
  EXPECT_EQ(code_of(sink->write(bytes_of("x"))), "failed_precondition");
  EXPECT_EQ(code_of(sink->commit()), "failed_precondition");
}

TEST(OtaFileSink, NotAByteMoreThanTheTargetHas) {
  const TempDir dir;
  auto sink = FileSink::open(dir / "a.img", target_of("01234"));
  ASSERT_TRUE(sink);
  EXPECT_EQ(code_of(sink->write(bytes_of("012345"))), "too_large");
  ASSERT_TRUE(sink->write(bytes_of("01234")));
  EXPECT_EQ(code_of(sink->write(bytes_of("5"))), "too_large");
}

TEST(OtaFileSink, TheRoomIsReservedFirst) {
  const TempDir dir;
  Target target = target_of("0123456789");
  target.length = 300'000;
  auto sink = FileSink::open(dir / "a.img", target);
  ASSERT_TRUE(sink);
  const auto names = names_in(dir / "");
  ASSERT_EQ(names.size(), 1U);
  struct stat info {};
  ASSERT_EQ(::stat((dir / names.front().c_str()).c_str(), &info), 0);
  EXPECT_GE(info.st_blocks * 512, 300'000);
  EXPECT_EQ(info.st_size, 0);  // Nothing of it counts as received.

  target.length = std::uint64_t{1} << 60U;  // No disk of a test machine.
  target.path = "fw/huge.img";
  const auto huge = FileSink::open(dir / "huge.img", target);
  ASSERT_FALSE(huge);
  EXPECT_TRUE(huge.error().code == Errc::disk_full || huge.error().code == Errc::io);
  EXPECT_EQ(names_in(dir / "").size(), 1U);  // And it leaves nothing.
}

TEST(OtaFileSink, AnInterruptedDownloadGoesOnFromWhatWasKept) {
  const TempDir dir;
  {
    auto sink = FileSink::open(dir / "a.img", target_of("0123456789"));
    ASSERT_TRUE(sink && sink->write(bytes_of("012345")));
    const auto second = FileSink::open(dir / "a.img", target_of("0123456789"));
    EXPECT_EQ(code_of(second), "unavailable");  // Two programs never write one file.
  }
  auto sink = FileSink::open(dir / "a.img", target_of("0123456789"));
  ASSERT_TRUE(sink);
  ASSERT_EQ(sink->kept(), 6U);
  std::vector<std::byte> kept(4);
  ASSERT_TRUE(sink->read_kept(2, kept));
  EXPECT_EQ(test::ota_text(kept), "2345");
  EXPECT_EQ(code_of(sink->read_kept(3, kept)), "out_of_range");
  ASSERT_TRUE(sink->write(bytes_of("6789")));
  ASSERT_TRUE(sink->commit());
  EXPECT_EQ(content_of(dir / "a.img"), "0123456789");
}

TEST(OtaFileSink, OnlyTheSameContentGoesOn) {
  const TempDir dir;
  {
    auto old = FileSink::open(dir / "a.img", target_of("0123456789"));
    ASSERT_TRUE(old && old->write(bytes_of("012345")));
    auto other = FileSink::open(dir / "b.img", target_of("0123456789"));
    ASSERT_TRUE(other && other->write(bytes_of("012")));
  }
  auto sink = FileSink::open(dir / "a.img", target_of("abcdefghij"));
  ASSERT_TRUE(sink);
  EXPECT_EQ(sink->kept(), 0U);
  EXPECT_EQ(names_in(dir / "").size(), 2U);  // What was begun of the old a.img is gone.
  sink->discard();
  ASSERT_TRUE(FileSink::open(dir / "b.img", target_of("0123456789")));
  EXPECT_EQ(FileSink::open(dir / "b.img", target_of("0123456789"))->kept(), 3U);
}

TEST(OtaFileSink, EveryNameThatAFolderHoldsGoesOn) {
  for (const std::size_t size : {232U, 233U, 255U}) {
    const TempDir dir;
    const fs::path file = fs::path{dir / ""} / std::string(size, 'n');
    for (const char* const content : {"9876543210", "0123456789"}) {
      auto sink = FileSink::open(file, target_of(content));
      ASSERT_TRUE(sink && sink->write(bytes_of("012"))) << size;
    }
    EXPECT_EQ(names_in(dir / "").size(), 1U) << size;  // Only what was begun last.
    auto sink = FileSink::open(file, target_of("0123456789"));
    ASSERT_TRUE(sink) << size;
    EXPECT_EQ(sink->kept(), 3U) << size;
    ASSERT_TRUE(sink->write(bytes_of("3456789")) && sink->commit()) << size;
    EXPECT_EQ(content_of(file), "0123456789") << size;
  }
}

TEST(OtaFileSink, ASpoiltPartialFileThatComesBackEndsTheDownload) {
  test::OtaClient it;
  ASSERT_EQ(it.refresh(), "ok");
  const auto target = it.client->find("fw/edge.img");
  ASSERT_TRUE(target);
  const TempDir dir;
  const std::string folder = dir / "downloads";
  fs::create_directory(folder);
  {
    auto sink = FileSink::open(folder + "/a.img", *target);
    ASSERT_TRUE(sink && sink->write(bytes_of("?")));
  }
  int asked = 0;
  it.repository.fetcher.fault = [&](std::string_view, test::OtaBytes&) -> Result<void> {
    if (++asked > 4) return fail(Errc::unavailable, 0, "test: asked again and again");
    // The sink will remove the partial file from the folder it has open: that is another now.
    const std::string other = dir / std::to_string(asked).c_str();
    fs::rename(folder, other);
    fs::copy(other, folder);
    return {};
  };
  EXPECT_EQ(code_of(fetch_to_file(*it.client, *target, folder + "/a.img")), "hash");
  EXPECT_EQ(asked, 2);
}

TEST(OtaFileSink, APartialFileOfSomebodyElseIsNotWrittenInto) {
  const TempDir dir;
  const Target target = target_of("0123456789");
  std::string part;
  {
    auto sink = FileSink::open(dir / "a.img", target);
    ASSERT_TRUE(sink && sink->write(bytes_of("012")));
    part = dir / names_in(dir / "").front().c_str();
  }
  fs::create_hard_link(part, dir / "second name");  // Somebody can write to it behind our back.
  EXPECT_EQ(FileSink::open(dir / "a.img", target)->kept(), 0U);
  EXPECT_EQ(content_of(dir / "second name"), "012");

  fs::remove(part);
  fs::create_symlink("second name", part);
  {
    auto sink = FileSink::open(dir / "a.img", target);
    ASSERT_TRUE(sink && sink->write(bytes_of("0123456789")) && sink->commit());
  }
  EXPECT_EQ(content_of(dir / "second name"), "012");
  EXPECT_EQ(content_of(dir / "a.img"), "0123456789");
}

TEST(OtaFileSink, ReadingBackFindsWhatTheDiskDidNotKeep) {
  const TempDir dir;
  auto sink = FileSink::open(dir / "a.img", target_of("0123456789"));
  ASSERT_TRUE(sink && sink->write(bytes_of("0123456780")));  // As if a bit had gone.
  OpenSslHasher hasher;
  EXPECT_EQ(code_of(sink->commit(&hasher)), "hash");
  EXPECT_FALSE(fs::exists(dir / "a.img"));
  sink->discard();
  EXPECT_TRUE(names_in(dir / "").empty());
}

TEST(OtaFileSink, WhereNothingCanBeWrittenItSaysSo) {
  const TempDir dir;
  EXPECT_EQ(code_of(FileSink::open(dir / "no/such/a.img", target_of("x"))), "io");
  EXPECT_EQ(code_of(FileSink::open(dir / "..", target_of("x"))), "invalid_argument");
  EXPECT_EQ(code_of(FileSink::open(dir / std::string(300, 'a').c_str(), target_of("x"))),
            "invalid_argument");
  Target bare = target_of("x");
  bare.sha256.reset();
  EXPECT_EQ(code_of(FileSink::open(dir / "a.img", bare)), "invalid_argument");
  fs::create_directory(dir / "a.img");
  auto sink = FileSink::open(dir / "a.img", target_of("x"));
  ASSERT_TRUE(sink && sink->write(bytes_of("x")));
  EXPECT_EQ(code_of(sink->commit()), "io");
}

TEST(OtaFileSink, HoldsMeansLengthAndEveryHash) {
  const TempDir dir;
  const fs::path file = dir / "a.img";
  OpenSslHasher hasher;
  Target target = target_of("0123456789");
  EXPECT_FALSE(holds(file, target, hasher));
  std::ofstream{file} << "0123456789";
  EXPECT_TRUE(holds(file, target, hasher));
  target.sha512 = OpenSslCrypto{}.sha512(bytes_of("0123456789"));
  EXPECT_TRUE(holds(file, target, hasher));
  target.sha512->back() ^= std::byte{1};
  EXPECT_FALSE(holds(file, target, hasher));
  target.sha512.reset();
  target.sha256.reset();
  EXPECT_FALSE(holds(file, target, hasher));  // Nothing to know it by.
  EXPECT_FALSE(holds(file, target_of("012345678"), hasher));
  fs::create_symlink("a.img", dir / "link");
  EXPECT_FALSE(holds(dir / "link", target_of("0123456789"), hasher));
}

}  // namespace
}  // namespace ems::io
