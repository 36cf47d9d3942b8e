// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/file_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "support/power_cut_folder.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using test::PowerCutFolder;
using test::TempDir;
using test::Unsynced;
namespace fs = std::filesystem;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

std::string text_of(const Result<std::vector<std::byte>>& data) {
  if (!data) return "error: " + std::string{to_string(data.error().code)};
  return {reinterpret_cast<const char*>(data->data()), data->size()};
}

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

TEST(OtaFileStore, KeepsFilesByNameAndReplacesThemWhole) {
  const TempDir dir;
  auto folder = Folder::open(dir / "trusted");
  ASSERT_TRUE(folder);
  FileStore store{*folder};
  ASSERT_TRUE(store.write("root.json", bytes_of("one")));
  ASSERT_TRUE(store.write("..%2Fodd.json", bytes_of("odd")));  // A role's name, percent-encoded.
  ASSERT_TRUE(store.write("root.json", bytes_of("")));
  EXPECT_EQ(text_of(store.read("root.json", 10)), "");
  ASSERT_TRUE(store.write("root.json", bytes_of("three")));
  EXPECT_EQ(text_of(store.read("root.json", 5)), "three");
  EXPECT_EQ(text_of(store.read("root.json", 4)), "error: too_large");
  EXPECT_EQ(text_of(store.read("..%2Fodd.json", 5)), "odd");
  EXPECT_EQ(text_of(store.read("snapshot.json", 5)), "error: not_found");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir / "trusted")) {
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names, (std::set<std::string>{"root.json", "..%2Fodd.json"}));
  ASSERT_TRUE(store.remove("root.json"));
  ASSERT_TRUE(store.remove("root.json"));  // Not there is no error.
  EXPECT_EQ(text_of(store.read("root.json", 5)), "error: not_found");
}

TEST(OtaFileStore, KeepsItsFolderFromOthersAndToItself) {
  const TempDir dir;
  fs::create_directory(dir / "trusted");
  fs::permissions(dir / "trusted", fs::perms::all);
  auto folder = Folder::open(dir / "trusted");
  ASSERT_TRUE(folder);
  FileStore store{*folder};
  ASSERT_TRUE(store.write("root.json", bytes_of("one")));
  EXPECT_EQ(mode_of(dir / "trusted"), 0700U);
  EXPECT_EQ(mode_of(dir / "trusted/root.json"), 0600U);
  const auto second = Folder::open(dir / "trusted");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::store);
}

TEST(OtaFileStore, AFolderThatOthersShareStaysAsItIs) {
  const TempDir dir;
  fs::create_directory(dir / "tmp");
  fs::permissions(dir / "tmp", fs::perms::all | fs::perms::sticky_bit);
  const auto folder = Folder::open(dir / "tmp");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, Errc::store);
  EXPECT_EQ(mode_of(dir / "tmp"), 01777U);
}

TEST(OtaFileStore, NeverLeavesItsFolder) {
  const TempDir dir;
  std::ofstream{dir / "outside"} << "secret";
  auto folder = Folder::open(dir / "trusted");
  ASSERT_TRUE(folder);
  FileStore store{*folder};
  fs::create_symlink("../outside", dir / "trusted/root.json");
  EXPECT_EQ(text_of(store.read("root.json", 100)), "error: store");
  const std::string zero{"a\0b", 3};
  for (const std::string& name :
       {std::string{}, std::string{"."}, std::string{".."}, std::string{"../outside"},
        std::string{"/etc/passwd"}, std::string{"a/b"}, zero, std::string(256, 'a')}) {
    EXPECT_EQ(text_of(store.read(name, 100)), "error: store") << name;
    const auto written = store.write(name, bytes_of("x"));
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().code, Errc::store) << name;
  }
  EXPECT_FALSE(store.write(".incoming", bytes_of("x")));    // Its own temporary file.
  ASSERT_TRUE(store.write("root.json", bytes_of("ours")));  // Replaces the link, not its end.
  EXPECT_EQ(text_of(store.read("root.json", 100)), "ours");
  std::string outside;
  std::ifstream{dir / "outside"} >> outside;
  EXPECT_EQ(outside, "secret");
}

TEST(OtaFileStore, RefusesWhatIsNoFile) {
  const TempDir dir;
  auto folder = Folder::open(dir / "trusted");
  ASSERT_TRUE(folder);
  FileStore store{*folder};
  fs::create_directory(dir / "trusted/root.json");
  EXPECT_EQ(text_of(store.read("root.json", 100)), "error: store");
  ASSERT_EQ(::mkfifo((dir / "trusted/pipe").c_str(), 0600), 0);
  EXPECT_EQ(text_of(store.read("pipe", 100)), "error: store");  // And does not wait for a writer.
  EXPECT_FALSE(Folder::open(dir / "no/such/parent"));
  std::ofstream{dir / "file"} << "x";
  EXPECT_FALSE(Folder::open(dir / "file"));
}

TEST(OtaFileStore, WhatAnInterruptedWriteLeftIsNoObstacle) {
  const TempDir dir;
  auto folder = Folder::open(dir / "trusted");
  ASSERT_TRUE(folder);
  std::ofstream{dir / "trusted/.incoming"} << "half of a fi";
  FileStore store{*folder};
  ASSERT_TRUE(store.write("root.json", bytes_of("whole")));
  EXPECT_EQ(text_of(store.read("root.json", 100)), "whole");
  EXPECT_FALSE(fs::exists(dir / "trusted/.incoming"));
}

/// A folder that answers one operation with an error and lives on.
class FailingFolder final : public FileSystem {
 public:
  std::string fails;
  Errc code = Errc::disk_full;
  PowerCutFolder inner;

  Result<std::vector<std::byte>> read(std::string_view n, std::size_t m) override {
    return inner.read(n, m);
  }
  Result<int> create(std::string_view n) override {
    if (fails == "create") return fail(code, 0, "as told");
    return inner.create(n);
  }
  Result<void> write(int f, Bytes d) override {
    if (fails == "write") return fail(code, 0, "as told");
    return inner.write(f, d);
  }
  Result<void> sync(int f) override {
    if (fails == "sync") return fail(code, 0, "as told");
    return inner.sync(f);
  }
  void close(int f) noexcept override { inner.close(f); }
  Result<void> rename(std::string_view a, std::string_view b) override {
    if (fails == "rename") return fail(code, 0, "as told");
    return inner.rename(a, b);
  }
  Result<void> remove(std::string_view n) override { return inner.remove(n); }
  Result<void> sync_folder() override {
    if (fails == "sync_folder") return fail(code, 0, "as told");
    return inner.sync_folder();
  }
};

TEST(OtaFileStore, AnErrorKeepsTheOldFileAndItsClass) {
  for (const char* step : {"create", "write", "sync", "rename"}) {
    for (const Errc code : {Errc::disk_full, Errc::read_only, Errc::store}) {
      FailingFolder folder;
      FileStore store{folder};
      ASSERT_TRUE(store.write("root.json", bytes_of("old")));
      folder.fails = step;
      folder.code = code;
      const auto written = store.write("root.json", bytes_of("new"));
      ASSERT_FALSE(written) << step;
      EXPECT_EQ(written.error().code, code) << step;
      EXPECT_EQ(text_of(store.read("root.json", 10)), "old") << step;
      EXPECT_EQ(text_of(store.read(".incoming", 10)), "error: not_found") << step;
      folder.fails.clear();
      ASSERT_TRUE(store.write("root.json", bytes_of("new")));
    }
  }
  FailingFolder folder;
  FileStore store{folder};
  folder.fails = "sync_folder";
  EXPECT_FALSE(store.write("root.json", bytes_of("new")));  // Never "done" before it is durable.
  ASSERT_FALSE(store.remove("root.json"));
}

// ---- The power goes ----------------------------------------------------------------------------

TEST(OtaFileStore, APowerCutLeavesTheOldContentOrTheNew) {
  std::uint64_t cuts = 0;
  for (const Unsynced unsynced : test::kAllUnsynced) {
    for (std::uint64_t at = 1;; ++at) {
      PowerCutFolder folder;
      FileStore store{folder};
      ASSERT_TRUE(store.write("a", bytes_of("old a")));
      ASSERT_TRUE(store.write("b", bytes_of("old b")));
      folder.cut_at(at);
      const bool a_done = store.write("a", bytes_of("new content of a")).has_value();
      const bool b_gone = a_done && store.remove("b").has_value();
      const bool cut = folder.is_cut();
      folder.restart(unsynced);
      const std::string a = text_of(store.read("a", 100));
      const std::string b = text_of(store.read("b", 100));
      if (a_done) {
        EXPECT_EQ(a, "new content of a") << at;  // What was promised stays.
      } else {
        EXPECT_TRUE(a == "old a" || a == "new content of a") << a << " at " << at;
      }
      if (b_gone) {
        EXPECT_EQ(b, "error: not_found") << at;
      } else {
        EXPECT_TRUE(b == "old b" || b == "error: not_found") << b << " at " << at;
      }
      ASSERT_TRUE(store.write("a", bytes_of("after")));
      EXPECT_EQ(text_of(store.read("a", 100)), "after");
      if (!cut) break;
      ++cuts;
    }
  }
  std::printf("cuts tried: %llu\n", static_cast<unsigned long long>(cuts));
  EXPECT_EQ(cuts, 4U * 7U);  // create, write, sync, rename, sync_folder; remove, sync_folder.
}

TEST(OtaFileStore, TheSimulatedDiskLosesWhatWasNotSynced) {  // Or the tests above prove nothing.
  PowerCutFolder folder;
  const auto file = folder.create("a");
  ASSERT_TRUE(file);
  ASSERT_TRUE(folder.write(*file, bytes_of("12345678")));
  folder.restart(Unsynced::lost);
  EXPECT_EQ(text_of(folder.read("a", 100)), "error: not_found");
}

TEST(OtaFileStore, TheSimulatedDiskKeepsNamesApartFromContents) {
  for (const auto& [unsynced, text] :
       {std::pair{Unsynced::kept, "12345678"}, std::pair{Unsynced::renamed, ""},
        std::pair{Unsynced::torn, "1234"}, std::pair{Unsynced::lost, "error: not_found"}}) {
    PowerCutFolder folder;
    const auto file = folder.create("a");
    ASSERT_TRUE(file);
    ASSERT_TRUE(folder.write(*file, bytes_of("12345678")));
    ASSERT_TRUE(folder.rename("a", "b"));
    folder.restart(unsynced);
    EXPECT_EQ(text_of(folder.read("b", 100)), text);
  }
}

}  // namespace
}  // namespace ems::io
