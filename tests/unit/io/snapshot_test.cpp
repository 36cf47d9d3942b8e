// SPDX-License-Identifier: Apache-2.0
#include "ems/io/store/snapshot.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "ems/io/store/store_reader.hpp"
#include "support/edge_store_calls.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using namespace ems::io;
using namespace ems::telemetry;

/// Files of the copy, half-made ones too. The store's own log may be there when it was read.
std::size_t files_of_copy(const TempDir& dir) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "")) {
    count += entry.path().filename().string().starts_with("copy") ? 1U : 0U;
  }
  return count;
}

TEST(Snapshot, IsTheCommittedStateOfAStoreInUse) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 100);
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.append(numbered_row(101).view()));  // Not committed: not in.
  const Result<std::uint64_t> size = snapshot_store(dir / "s.db", dir / "copy.db");
  ASSERT_TRUE(size) << size.error().what;
  EXPECT_EQ(*size, std::filesystem::file_size(dir / "copy.db"));
  struct stat status {};
  ASSERT_EQ(::stat((dir / "copy.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07U, 0U) << "no others";
  ASSERT_TRUE(store.commit());  // The store goes on.
  EdgeStore copy = must_open(dir / "copy.db");
  EXPECT_FALSE(copy.open_report().created);
  EXPECT_EQ(copy.open_report().corrupt_rows, 0U);
  EXPECT_EQ(copy.epoch(), store.epoch());
  EXPECT_EQ(copy.mark(Stream::telemetry).last, 100U);
  StoreReader reader = std::move(StoreReader::open(dir / "copy.db")).value();
  const auto columns = read_columns(reader, {}, {});
  ASSERT_TRUE(columns);
  EXPECT_EQ(columns->sequences.size(), 100U);
}

TEST(Snapshot, WhileAnotherThreadCommitsIsOneStateOfIt) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  std::atomic<bool> ending{false};
  std::atomic<Sequence> committed{0};
  std::thread writer([&] {
    for (Sequence n = 1; !ending; ++n) {
      if (!store.append(numbered_row(n).view()) || !store.commit()) return;
      committed = n;
    }
  });
  for (int i = 0; i < 5; ++i) {
    const std::string to = dir / ("copy" + std::to_string(i)).c_str();
    const Sequence before = committed;
    EXPECT_TRUE(snapshot_store(dir / "s.db", to));
    const Sequence after = committed;
    EdgeStore copy = must_open(to);
    EXPECT_EQ(copy.open_report().corrupt_rows, 0U);
    EXPECT_GE(copy.mark(Stream::telemetry).last, before);
    EXPECT_LE(copy.mark(Stream::telemetry).last, after + 1);
  }
  ending = true;
  writer.join();
}

TEST(Snapshot, RefusesByNameAndLeavesNothing) {
  const TempDir dir;
  { (void)must_open(dir / "s.db"); }
  std::ofstream(dir / "there.db") << "somebody's";
  std::ofstream(dir / "text") << std::string(5000, 'x');
  EXPECT_EQ(snapshot_store(dir / "none.db", dir / "copy.db").error().code, Errc::not_found);
  EXPECT_EQ(snapshot_store(dir / "s.db", dir / "there.db").error().code, Errc::already_exists);
  EXPECT_EQ(snapshot_store(dir / "text", dir / "copy.db").error().code, Errc::header);
  EXPECT_EQ(snapshot_store(dir / "s.db", dir / "no/such/folder").error().code, Errc::io);
  EXPECT_EQ(files_of_copy(dir), 0U);
}

TEST(Snapshot, TouchesNoFileOfSomebodyElse) {
  const TempDir dir;
  { (void)must_open(dir / "s.db"); }
  const std::array others{std::string("copy.db.partial"), std::string("copy.db.partial-wal"),
                          std::string("copy.db.partial-notes"),
                          "copy.db.partial-" + std::string(32, 'g'),
                          "other.db.partial-" + std::string(32, '0')};
  for (const std::string& name : others) std::ofstream(dir / name.c_str()) << "somebody's";
  ASSERT_TRUE(snapshot_store(dir / "s.db", dir / "copy.db"));
  for (const std::string& name : others) {
    std::string text;
    std::ifstream(dir / name.c_str()) >> text;
    EXPECT_EQ(text, "somebody's") << name;
  }
}

TEST(Snapshot, RemovesWhatACrashOfItsOwnLeftAndNotWhatIsBeingMade) {
  const TempDir dir;
  { (void)must_open(dir / "s.db"); }
  const std::string dead = (dir / "copy.db.partial-") + std::string(32, '0');
  const std::string alive = (dir / "copy.db.partial-") + std::string(32, 'f');
  std::ofstream(dead) << "half a store";
  std::ofstream(dead + "-journal") << "its journal";
  const int fd = ::open(alive.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);  // As another snapshot does.
  ASSERT_TRUE(snapshot_store(dir / "s.db", dir / "copy.db"));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_FALSE(std::filesystem::exists(dead + "-journal"));
  EXPECT_TRUE(std::filesystem::exists(alive));
  ::close(fd);
  EXPECT_EQ(files_of_copy(dir), 2U) << "the copy, and the one that is being made";
}

TEST(Snapshot, OfSeveralAtOnceToOneNameOneTakesIt) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 2'000);
    ASSERT_TRUE(store.commit());
  }
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove(dir / "copy.db");
    std::atomic<int> ready{0};
    std::array<std::optional<Errc>, 4> refused{};
    {
      std::vector<std::jthread> threads;
      for (std::optional<Errc>& why : refused) {
        threads.emplace_back([&] {
          ++ready;
          while (ready < 4) std::this_thread::yield();
          const auto taken = snapshot_store(dir / "s.db", dir / "copy.db");
          if (!taken) why = taken.error().code;
        });
      }
    }
    int taken = 0;
    for (const std::optional<Errc>& why : refused) {
      taken += why ? 0 : 1;
      EXPECT_EQ(why.value_or(Errc::already_exists), Errc::already_exists);
    }
    EXPECT_EQ(taken, 1);
    EXPECT_EQ(files_of_copy(dir), 1U) << "the others left nothing";
    EXPECT_EQ(must_open(dir / "copy.db").mark(Stream::telemetry).last, 2'000U);
    for (const char* part : {"-wal", "-shm", ".lock"}) {
      std::filesystem::remove((dir / "copy.db") + part);
    }
  }
}

TEST(Snapshot, OfADamagedStoreIsRefused) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 6'000);
    ASSERT_TRUE(store.commit());
  }
  {
    std::fstream file(dir / "s.db", std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 3; page < 12; ++page) {
      file.seekp(page * 4096);
      file << std::string(64, '\xff');
    }
  }
  EXPECT_EQ(snapshot_store(dir / "s.db", dir / "copy.db").error().code, Errc::corrupt);
  EXPECT_EQ(files_of_copy(dir), 0U);
}

}  // namespace
}  // namespace ems::test
