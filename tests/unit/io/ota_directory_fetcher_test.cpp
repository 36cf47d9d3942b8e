// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/directory_fetcher.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "ems/io/ota/repository_fetcher.hpp"
#include "support/ota_memory.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using test::TempDir;
namespace fs = std::filesystem;

/// The text of a file, or `!class`.
std::string get(ota::tuf::Fetcher& fetcher, const std::string& name, std::size_t size_max = 100) {
  const auto data = fetcher.metadata(name, size_max);
  return data ? std::string{test::ota_text(*data)}
              : "!" + std::string{to_string(data.error().code)};
}
std::string get_target(ota::tuf::Fetcher& fetcher, const std::string& path, std::uint64_t from,
                       std::uint64_t size) {
  test::MemorySink sink;
  const auto done = fetcher.target(path, from, size, sink);
  return done ? std::string{test::ota_text(sink.content)}
              : "!" + std::string{to_string(done.error().code)};
}

void put(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << text;
}

DirectoryFetcher open(const fs::path& folder) {
  auto fetcher = DirectoryFetcher::open(folder);
  EXPECT_TRUE(fetcher);
  return std::move(*fetcher);
}

TEST(OtaDirectoryFetcher, ReadsMetadataAndTargets) {
  const TempDir dir;
  put(dir / "repo/1.root.json", "root");
  put(dir / "repo/fw/edge/a.img", std::string(600'000, 'a') + "end");
  auto fetcher = open(dir / "repo");
  EXPECT_EQ(get(fetcher, "1.root.json"), "root");
  EXPECT_EQ(get(fetcher, "1.root.json", 4), "root");
  EXPECT_EQ(get(fetcher, "1.root.json", 3), "!too_large");
  EXPECT_EQ(get(fetcher, "2.root.json"), "!not_found");
  EXPECT_EQ(get(fetcher, "no/such.json"), "!not_found");
  EXPECT_EQ(get_target(fetcher, "fw/edge/a.img", 0, 600'003), std::string(600'000, 'a') + "end");
  EXPECT_EQ(get_target(fetcher, "fw/edge/a.img", 599'999, 600'003), "aend");
  EXPECT_EQ(get_target(fetcher, "fw/edge/a.img", 600'003, 700'000), "");
  EXPECT_EQ(get_target(fetcher, "fw/edge/a.img", 0, 600'002), "!too_large");
  EXPECT_EQ(get_target(fetcher, "fw/edge/b.img", 0, 5), "!not_found");
}

TEST(OtaDirectoryFetcher, FindsWhatAWebServerWouldFind) {
  const TempDir dir;
  put(dir / "repo/1.\xC3\xB6.json", "decoded");
  put(dir / "repo/2.%C3%B6.json", "as written");
  put(dir / "repo/2.\xC3\xB6.json", "decoded");
  put(dir / "repo/my files/a b.img", "blank");
  auto fetcher = open(dir / "repo");
  EXPECT_EQ(get(fetcher, "1.%C3%B6.json"), "decoded");
  EXPECT_EQ(get(fetcher, "2.%C3%B6.json"), "as written");
  EXPECT_EQ(get(fetcher, "my%20files/a%20b.img"), "blank");
  put(fs::path{dir / "repo"} / std::string(200, ' '), "long");  // Too long when encoded.
  std::string blanks;
  for (int i = 0; i < 200; ++i) blanks += "%20";
  EXPECT_EQ(get(fetcher, blanks), "long");
  EXPECT_EQ(get(fetcher, blanks + "%20"), "!not_found");
  EXPECT_EQ(get(fetcher, std::string(256, 'a')), "!download");
  EXPECT_EQ(get(fetcher, "a%2.json"), "!not_found");
  EXPECT_EQ(get(fetcher, "a%zz.json"), "!not_found");
}

TEST(OtaDirectoryFetcher, NeverLeavesItsFolder) {
  const TempDir dir;
  put(dir / "secret", "secret");
  put(dir / "repo/sub/inside", "inside");
  fs::create_symlink("../secret", dir / "repo/link");
  fs::create_symlink("..", dir / "repo/up");
  fs::create_symlink("sub/inside", dir / "repo/also");
  auto fetcher = open(dir / "repo");
  EXPECT_EQ(get(fetcher, "sub/inside"), "inside");
  for (const char* name : {"../secret", "sub/../../secret", "/etc/passwd", "", ".", "..",
                           "sub//inside", "./sub/inside", "link", "up/secret", "also"}) {
    EXPECT_EQ(get(fetcher, name), "!download") << name;
    EXPECT_EQ(get_target(fetcher, name, 0, 100), "!download") << name;
  }
  for (const char* name :
       {"%2E%2E/secret", "%2e%2e%2fsecret", "..%2Fsecret", "%2Fetc%2Fpasswd", "a%00b"}) {
    EXPECT_EQ(get(fetcher, name), "!not_found") << name;
  }
}

TEST(OtaDirectoryFetcher, RefusesWhatIsNoPlainFile) {
  const TempDir dir;
  fs::create_directories(dir / "repo/folder");
  ASSERT_EQ(::mkfifo((dir / "repo/pipe").c_str(), 0600), 0);
  auto fetcher = open(dir / "repo");
  EXPECT_EQ(get(fetcher, "folder"), "!download");
  EXPECT_EQ(get(fetcher, "pipe"), "!download");  // And does not wait for a writer.
  EXPECT_EQ(get(fetcher, "pipe/under"), "!download");
  const auto none = DirectoryFetcher::open(dir / "nowhere");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::download);
}

TEST(OtaRepositoryFetcher, TakesFoldersAndFileUrls) {
  const TempDir dir;
  put(dir / "my repo/metadata/1.root.json", "root");
  put(dir / "my repo/targets/a.img", "image");
  const std::string base = dir / "my repo";
  std::string url = "file://" + base;
  url.replace(url.find(' '), 1, "%20");
  auto fetcher = RepositoryFetcher::open(url + "/metadata/", base + "/targets");
  ASSERT_TRUE(fetcher);
  EXPECT_EQ(get(*fetcher, "1.root.json"), "root");
  EXPECT_EQ(get_target(*fetcher, "a.img", 0, 5), "image");
  EXPECT_EQ(get(*fetcher, "a.img"), "!not_found");
  EXPECT_EQ(fetcher->last_failure(), "");

  auto metadata_only = RepositoryFetcher::open(base + "/metadata", "");
  ASSERT_TRUE(metadata_only);
  EXPECT_EQ(get_target(*metadata_only, "a.img", 0, 5), "!not_found");
  for (const char* address : {"file://host/repo", "file://", "file:///a%zz", "ftp://host/repo"}) {
    const auto bad = RepositoryFetcher::open(address, "");
    ASSERT_FALSE(bad) << address;
    EXPECT_EQ(bad.error().code, Errc::invalid_argument) << address;
  }
}

}  // namespace
}  // namespace ems::io
