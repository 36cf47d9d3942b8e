// SPDX-License-Identifier: Apache-2.0
// Targets of which the disk begins before they are whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "ems/io/ota/file_sink.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

constexpr std::size_t kMib = std::size_t{1} << 20;

std::vector<std::byte> content() {
  std::vector<std::byte> bytes(14 * kMib + 5);
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1'664'525U + 1'013'904'223U;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

ota::tuf::Target target_of(Bytes bytes) {
  ota::tuf::Target target;
  target.path = "fw/a.img";
  target.length = bytes.size();
  target.sha256 = OpenSslCrypto{}.sha256(bytes);
  return target;
}

TEST(OtaWriteBack, ALargeTargetArrivesWholeThroughMovesAndInterruptions) {
  const test::TempDir dir;
  const std::filesystem::path file = dir / "a.img";
  const std::vector<std::byte> bytes = content();
  const ota::tuf::Target target = target_of(bytes);
  const auto give = [&](FileSink& sink, std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < to;) {
      const std::size_t size = std::min(kMib / 2, to - at);
      ASSERT_TRUE(sink.write(Bytes(bytes).subspan(at, size)));
      at += size;
    }
  };
  {
    auto sink = FileSink::open(file, target);
    ASSERT_TRUE(sink);
    give(*sink, 0, 5 * kMib);
    FileSink moved = *std::move(sink);
    give(moved, 5 * kMib, 9 * kMib);
  }  // Interrupted: what was written stays.
  {
    auto dropped = FileSink::open(dir / "b.img", target);
    ASSERT_TRUE(dropped);
    give(*dropped, 0, 9 * kMib);
    dropped->discard();
  }
  auto sink = FileSink::open(file, target);
  ASSERT_TRUE(sink);
  ASSERT_EQ(sink->kept(), 9 * kMib);
  give(*sink, 9 * kMib, bytes.size());
  OpenSslHasher hasher;
  ASSERT_TRUE(sink->commit(&hasher));
  EXPECT_TRUE(holds(file, target, hasher));
  EXPECT_FALSE(std::filesystem::exists(dir / "b.img"));
}

}  // namespace
}  // namespace ems::io
