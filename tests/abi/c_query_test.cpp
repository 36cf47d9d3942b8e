// SPDX-License-Identifier: Apache-2.0
// Buckets and ledger through the C ABI alone, against figures worked out by hand; that they are
// those of C++ on any rows: beside_query_test.cpp.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include "c_site.hpp"

namespace ems::test {
namespace {

constexpr ems_point_t kMeterPoints[] = {{kMeter, EMS_SIGNAL_ACTIVE_POWER, 0},
                                        {kMeter, EMS_SIGNAL_ENERGY_IMPORTED, 0}};

ems_row_value_t known(std::int64_t value, std::uint8_t quality = EMS_QUALITY_GOOD) {
  return {value, 1, quality, {}};
}

/// Two minutes, each a bucket.
ems_time_grid_t minutes() { return {0, 120'000'000, 60'000'000, nullptr, 0}; }

TEST(CQuery, BucketsOfTwoMinutes) {
  auto config = sized<ems_downsample_config_t>();
  ASSERT_EQ(ems_downsample_config_default(&config), EMS_OK);
  config.grid = minutes();
  Memory memory(ems_downsampler_size(&config));
  ems_downsampler_t* down = nullptr;
  ASSERT_EQ(ems_downsampler_init(memory.data(), memory.size(), &config, &down), EMS_OK);
  const auto give = [&](std::int64_t second, ems_row_value_t value) {
    EXPECT_EQ(ems_downsampler_row(down, second * 1'000'000, kMeterPoints, &value, 1), EMS_OK);
  };
  give(50, known(100));
  give(56, known(-301));
  give(59, known(9'999, EMS_QUALITY_UNCERTAIN));
  give(62, known(7));
  ASSERT_EQ(ems_downsampler_gap(down), EMS_OK);
  give(65, known(8));
  give(80, known(9));  // Too late for the one before: gap_max is 10 s.

  auto first = sized<ems_bucket_t>();
  ASSERT_EQ(ems_downsampler_bucket_at(down, 0, 0, &first), EMS_OK);
  EXPECT_EQ(first.count, 2U);
  EXPECT_EQ(first.doubted, 1U);
  EXPECT_EQ(first.min, -301);
  EXPECT_EQ(first.max, 100);
  EXPECT_EQ(first.last, -301);
  EXPECT_EQ(first.last_at_us, 56'000'000);
  EXPECT_EQ(first.known_us, 9'000'000);
  EXPECT_EQ(first.mean_milli, -33'667);  // (6 x 100 - 3 x 301) / 9 = -33.6667.
  auto second = sized<ems_bucket_t>();
  ASSERT_EQ(ems_downsampler_bucket_at(down, 0, 1, &second), EMS_OK);
  EXPECT_EQ(second.count, 3U);
  EXPECT_EQ(second.known_us, 0);
  ASSERT_EQ(ems_bucket_merge(&first, &second), EMS_OK);
  EXPECT_EQ(first.begin_us, 0);
  EXPECT_EQ(first.end_us, 120'000'000);
  EXPECT_EQ(first.count, 5U);
  EXPECT_EQ(first.last, 9);
  EXPECT_EQ(first.mean_milli, -33'667);
}

TEST(CQuery, ALedgerOfTwoMinutes) {
  auto config = sized<ems_energy_config_t>();
  ASSERT_EQ(ems_energy_config_default(&config), EMS_OK);
  config.grid = minutes();
  Memory memory(ems_energy_size(&config));
  ems_energy_t* energy = nullptr;
  ASSERT_EQ(ems_energy_init(memory.data(), memory.size(), &config, &energy), EMS_OK);
  for (std::int64_t second = 0; second <= 120; second += 10) {
    ems_row_value_t values[] = {known(3'600), {}};
    if (second <= 60) values[1] = known(1'000 + second);  // Then the counter is silent.
    ASSERT_EQ(ems_energy_row(energy, second * 1'000'000, kMeterPoints, values, 2), EMS_OK);
  }
  auto status = sized<ems_energy_status_t>();
  ASSERT_EQ(ems_energy_get_status(energy, &status), EMS_OK);
  EXPECT_EQ(status.settled_until_us, 60'000'000);
  ASSERT_EQ(ems_energy_finish(energy), EMS_OK);
  ASSERT_EQ(status.account_count, 2U);
  ems_energy_account_t account{};
  ASSERT_EQ(ems_energy_account_at(energy, 0, &account), EMS_OK);
  EXPECT_EQ(account.asset.kind, EMS_ASSET_METER);
  EXPECT_EQ(account.flow, EMS_ENERGY_FLOW_IMPORTED);
  auto first = sized<ems_energy_figure_t>();
  auto second = sized<ems_energy_figure_t>();
  ASSERT_EQ(ems_energy_figure_at(energy, 0, 0, &first), EMS_OK);
  ASSERT_EQ(ems_energy_figure_at(energy, 0, 1, &second), EMS_OK);
  EXPECT_EQ(first.source, EMS_ENERGY_SOURCE_COUNTER);
  EXPECT_EQ(first.energy_mwh, 60'000);
  EXPECT_EQ(second.source, EMS_ENERGY_SOURCE_POWER);
  EXPECT_EQ(second.energy_mwh, 60'000);  // 3.6 kW for a minute.
  EXPECT_EQ(second.known_power_us, 60'000'000);
  ASSERT_EQ(ems_energy_figure_merge(&first, &second), EMS_OK);
  EXPECT_EQ(first.source, EMS_ENERGY_SOURCE_MIXED);
  EXPECT_EQ(first.energy_mwh, 120'000);
  EXPECT_EQ(first.counter_mwh, 60'000);
  auto exported = sized<ems_energy_figure_t>();
  ASSERT_EQ(ems_energy_figure_at(energy, 1, 1, &exported), EMS_OK);
  EXPECT_EQ(exported.energy_mwh, 0);
  EXPECT_EQ(exported.source, EMS_ENERGY_SOURCE_POWER);  // Known to be nothing.
}

}  // namespace
}  // namespace ems::test
