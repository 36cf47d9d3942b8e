// SPDX-License-Identifier: Apache-2.0
// The bound over all agents. What one agent's values are is tests/conformance/fleet.
#include "fleet/latest.hpp"

#include <gtest/gtest.h>

#include "support/telemetry_rows.hpp"

namespace ems::fleet {
namespace {

AgentKey agent(int n) { return {"acme", "site-" + std::to_string(n)}; }

std::vector<std::byte> block_of(std::size_t points, telemetry::Sequence sequence = 1) {
  std::vector<std::byte> buffer(64 * 1024);
  telemetry::BlockBuilder builder(buffer);
  EXPECT_TRUE(builder.start(telemetry::Stream::telemetry, test::epoch(1), sequence));
  test::OwnedRow row = test::numbered_row(sequence, points);
  for (telemetry::RowValue& value : row.values) value.valid = true;
  EXPECT_TRUE(builder.append({}, row.view()));
  return test::to_vector(builder.bytes());
}

Latest latest_of(std::size_t points) {
  Latest latest;
  const std::vector<std::byte> block = block_of(points);
  EXPECT_EQ(latest.note(*telemetry::BlockReader::open(block), 0), 0U);
  return latest;
}

constexpr std::size_t kPoints = 10;
constexpr std::size_t kEach = kPoints + LatestCache::kAgentPoints;

TEST(LatestCache, KeepsTheAgentsAskedForLast) {
  LatestCache cache(3 * kEach);
  for (int n = 0; n < 3; ++n) cache.keep(agent(n), latest_of(kPoints));
  EXPECT_EQ(cache.values(agent(0), std::nullopt)->size(), kPoints);
  cache.keep(agent(3), latest_of(kPoints));
  EXPECT_EQ(cache.points(), 3 * kEach);
  EXPECT_FALSE(cache.keeps(agent(1))) << "nobody asked for it longest";
  EXPECT_FALSE(cache.values(agent(1), std::nullopt));
  for (const int n : {0, 2, 3}) EXPECT_TRUE(cache.keeps(agent(n)));
}

TEST(LatestCache, AnAgentWhosePointsGrowTakesThePlaceOfOthers) {
  LatestCache cache(3 * kEach);
  for (int n = 0; n < 3; ++n) cache.keep(agent(n), latest_of(kPoints));
  const std::vector<std::byte> more = block_of(kPoints + 1, 2);
  cache.note(agent(2), *telemetry::BlockReader::open(more), 1);
  EXPECT_FALSE(cache.keeps(agent(0)));
  EXPECT_EQ(cache.points(), 2 * kEach + 1);
  EXPECT_EQ(cache.values(agent(2), std::nullopt)->size(), kPoints + 1);
  cache.note(agent(0), *telemetry::BlockReader::open(more), 1);
  EXPECT_FALSE(cache.keeps(agent(0)))
      << "one block is not all its points: the store has to be read";
}

TEST(LatestCache, OneThatIsKeptAgainCountsOnce) {
  LatestCache cache(3 * kEach);
  for (int n = 0; n < 10; ++n) cache.keep(agent(1), latest_of(kPoints));
  EXPECT_EQ(cache.points(), kEach);
}

TEST(LatestCache, ManyAgentsWithoutPointsAreBoundedToo) {
  LatestCache cache(3 * kEach);
  for (int n = 0; n < 1000; ++n) cache.keep(agent(n), Latest{});
  EXPECT_EQ(cache.points(), (3 * kEach) / LatestCache::kAgentPoints * LatestCache::kAgentPoints);
  EXPECT_TRUE(cache.keeps(agent(999)));
  EXPECT_FALSE(cache.keeps(agent(0)));
}

TEST(LatestCache, OneBeyondTheBoundIsNotKept) {
  LatestCache cache(kEach);
  cache.keep(agent(1), latest_of(kPoints + 1));
  EXPECT_FALSE(cache.keeps(agent(1)));
  EXPECT_EQ(cache.points(), 0U);
}

}  // namespace
}  // namespace ems::fleet
