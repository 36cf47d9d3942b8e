// SPDX-License-Identifier: Apache-2.0
// Buckets and ledger through the C ABI: the same figures as in C++ on the same random rows.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "c_site.hpp"
#include "ems/query/downsample.hpp"
#include "ems/query/energy.hpp"
#include "support/query_story.hpp"
#include "support/seed.hpp"

namespace ems::test {
namespace {

constexpr int kRuns = 100;

std::int64_t us_of(UtcInstant at) { return at.since_epoch().count(); }

/// A grid, told to C by its edges.
class Edges {
 public:
  explicit Edges(const query::Grid& grid) {
    for (std::size_t i = 0; i < grid.size(); ++i) edges_.push_back(us_of(grid.begin_of(i)));
    edges_.push_back(us_of(grid.to()));
  }
  [[nodiscard]] ems_time_grid_t c() const { return {0, 0, 0, edges_.data(), edges_.size()}; }

 private:
  std::vector<std::int64_t> edges_;
};

ems_point_t point_to_c(const Point& point) {
  return {{static_cast<std::uint8_t>(point.asset.kind), point.asset.module, point.asset.index},
          static_cast<std::uint16_t>(point.signal),
          point.element};
}

/// A row in the words of C.
struct CRow {
  explicit CRow(const OwnedRow& row) : utc_us(row.utc_us) {
    for (const Point& point : row.points) points.push_back(point_to_c(point));
    for (const telemetry::RowValue& value : row.values) {
      values.push_back({value.value,
                        static_cast<std::uint8_t>(value.valid),
                        static_cast<std::uint8_t>(value.quality),
                        {}});
    }
  }
  std::int64_t utc_us;
  std::vector<ems_point_t> points;
  std::vector<ems_row_value_t> values;
};

/// Both objects as tell() likes them.
struct Buckets {
  explicit Buckets(const ems_downsample_config_t& config) : memory(ems_downsampler_size(&config)) {
    EXPECT_EQ(ems_downsampler_init(memory.data(), memory.size(), &config, &handle), EMS_OK)
        << ems_last_error_message();
  }
  void gap() const { EXPECT_EQ(ems_downsampler_gap(handle), EMS_OK); }
  [[nodiscard]] bool row(const telemetry::Row& row) const {
    OwnedRow owned;
    owned.utc_us = us_of(row.at);
    owned.points.assign(row.points.begin(), row.points.end());
    owned.values.assign(row.values.begin(), row.values.end());
    const CRow c(owned);
    return ems_downsampler_row(handle, c.utc_us, c.points.data(), c.values.data(),
                               c.points.size()) == EMS_OK;
  }
  [[nodiscard]] ems_bucket_t at(std::size_t point, std::size_t bucket) const {
    auto out = sized<ems_bucket_t>();
    EXPECT_EQ(ems_downsampler_bucket_at(handle, point, bucket, &out), EMS_OK);
    return out;
  }
  [[nodiscard]] ems_downsample_status_t status() const {
    auto out = sized<ems_downsample_status_t>();
    EXPECT_EQ(ems_downsampler_get_status(handle, &out), EMS_OK);
    return out;
  }
  Memory memory;
  ems_downsampler_t* handle = nullptr;
};

struct Ledger {
  explicit Ledger(const ems_energy_config_t& config) : memory(ems_energy_size(&config)) {
    EXPECT_EQ(ems_energy_init(memory.data(), memory.size(), &config, &handle), EMS_OK)
        << ems_last_error_message();
  }
  void gap() const { EXPECT_EQ(ems_energy_gap(handle), EMS_OK); }
  [[nodiscard]] bool row(const telemetry::Row& row) const {
    OwnedRow owned;
    owned.utc_us = us_of(row.at);
    owned.points.assign(row.points.begin(), row.points.end());
    owned.values.assign(row.values.begin(), row.values.end());
    const CRow c(owned);
    return ems_energy_row(handle, c.utc_us, c.points.data(), c.values.data(), c.points.size()) ==
           EMS_OK;
  }
  [[nodiscard]] ems_energy_figure_t at(std::size_t account, std::size_t period) const {
    auto out = sized<ems_energy_figure_t>();
    EXPECT_EQ(ems_energy_figure_at(handle, account, period, &out), EMS_OK);
    return out;
  }
  [[nodiscard]] ems_energy_status_t status() const {
    auto out = sized<ems_energy_status_t>();
    EXPECT_EQ(ems_energy_get_status(handle, &out), EMS_OK);
    return out;
  }
  Memory memory;
  ems_energy_t* handle = nullptr;
};

ems_downsample_config_t downsample_config() {
  auto config = sized<ems_downsample_config_t>();
  EXPECT_EQ(ems_downsample_config_default(&config), EMS_OK);
  return config;
}

ems_energy_config_t energy_config() {
  auto config = sized<ems_energy_config_t>();
  EXPECT_EQ(ems_energy_config_default(&config), EMS_OK);
  return config;
}

void expect_same(const ems_bucket_t& c, const query::Bucket& cpp) {
  ASSERT_EQ(c.count, cpp.count);
  ASSERT_EQ(c.doubted, cpp.doubted);
  ASSERT_EQ(c.min, cpp.min);
  ASSERT_EQ(c.max, cpp.max);
  ASSERT_EQ(c.last, cpp.last);
  ASSERT_EQ(c.last_at_us, us_of(cpp.last_at));
  ASSERT_EQ(c.known_us, cpp.known.count());
  ASSERT_EQ(c.weighted_high, cpp.weighted.high());
  ASSERT_EQ(c.weighted_low, cpp.weighted.low());
  ASSERT_NEAR(static_cast<double>(c.mean_milli), cpp.mean().value_or(0) * 1'000, 0.5001);
}

void expect_same(const ems_energy_figure_t& c, const query::EnergyFigure& cpp) {
  ASSERT_EQ(c.source, static_cast<int>(cpp.source()));
  ASSERT_EQ(c.energy_mwh, cpp.energy_mwh().value_or(0));
  ASSERT_EQ(c.counter_mwh, cpp.counter_mwh);
  ASSERT_EQ(c.power_high, cpp.power.high());
  ASSERT_EQ(c.power_low, cpp.power.low());
  ASSERT_EQ(c.known_counter_us, cpp.known_counter.count());
  ASSERT_EQ(c.known_power_us, cpp.known_power.count());
  ASSERT_EQ(c.spread_us, cpp.spread.count());
  ASSERT_EQ(c.resets, cpp.resets);
  ASSERT_EQ(c.wraps, cpp.wraps);
}

TEST(CQueryBesideCpp, BucketsAreThoseOfCpp) {
  const Seed seed(20261122);
  auto random = seed.engine();
  std::uint64_t known = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Story story = story_of(random);
    const query::Grid grid = grid_of(random);
    const std::vector<Point> points{kCounter, kPower};
    const bool all = run % 2 == 0;
    auto cpp = query::Downsampler::create(grid, all ? std::vector<Point>{} : points);
    const Edges edges(grid);
    const std::vector<ems_point_t> wanted{point_to_c(kCounter), point_to_c(kPower)};
    auto config = downsample_config();
    config.grid = edges.c();
    config.point_capacity = 2;
    config.break_capacity = 2'000;
    if (!all) {
      config.points = wanted.data();
      config.point_count = wanted.size();
    }
    const Buckets c(config);
    tell(story, *cpp);
    tell(story, c);
    ASSERT_EQ(c.status().breaks_closed, 0U);
    ASSERT_EQ(c.status().point_count, cpp->points().size());
    ASSERT_EQ(c.status().bucket_count, grid.size());
    for (std::size_t point = 0; point < cpp->points().size(); ++point) {
      ems_point_t which{};
      ASSERT_EQ(ems_downsampler_point_at(c.handle, point, &which), EMS_OK);
      ASSERT_EQ(which.signal, static_cast<std::uint16_t>(cpp->points()[point].signal));
      auto merged = c.at(point, 0);
      query::Bucket merged_cpp = cpp->buckets(point)[0];
      for (std::size_t i = 0; i < grid.size(); ++i) {
        const ems_bucket_t bucket = c.at(point, i);
        ASSERT_NO_FATAL_FAILURE(expect_same(bucket, cpp->buckets(point)[i])) << "run " << run;
        ASSERT_EQ(bucket.begin_us, us_of(grid.begin_of(i)));
        ASSERT_EQ(bucket.end_us, us_of(grid.end_of(i)));
        if (i == 0) continue;
        ASSERT_EQ(ems_bucket_merge(&merged, &bucket), EMS_OK);
        merged_cpp.merge(cpp->buckets(point)[i]);
      }
      ASSERT_NO_FATAL_FAILURE(expect_same(merged, merged_cpp));
      ASSERT_EQ(merged.begin_us, us_of(grid.from()));
      ASSERT_EQ(merged.end_us, us_of(grid.to()));
      known += static_cast<std::uint64_t>(merged.known_us);
    }
  }
  EXPECT_GT(known, 0U);
}

TEST(CQueryBesideCpp, TheLedgerIsThatOfCpp) {
  const Seed seed(20261122);
  auto random = seed.engine();
  std::int64_t energy = 0;
  std::uint32_t resets = 0;
  std::uint32_t wraps = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Story story = story_of(random);
    const query::Grid grid = grid_of(random);
    const query::EnergyOptions options{.bridge_max = seconds(700),
                                       .power_max_w = run % 3 == 0 ? 2'000'000'000 : 20'000'000,
                                       .counter_modulus_wh = run % 3 == 0 ? 2'000'000 : 0,
                                       .grid_meter = meter(1)};
    auto cpp = query::EnergyLedger::create(grid, options);
    const Edges edges(grid);
    auto config = energy_config();
    config.grid = edges.c();
    config.bridge_max_us = options.bridge_max.count();
    config.power_max_w = options.power_max_w;
    config.counter_modulus_wh = options.counter_modulus_wh;
    config.grid_meter = {EMS_ASSET_METER, 0, 1};
    config.account_capacity = 3;
    config.waiting_capacity = config.break_capacity = 2'000;
    const Ledger c(config);
    tell(story, *cpp);
    tell(story, c);
    const UtcInstant until{microseconds(c.status().settled_until_us)};
    ASSERT_EQ(c.status().settled, 1);
    ASSERT_TRUE(cpp->settled(until));
    ASSERT_FALSE(cpp->settled(until + microseconds(1)));
    ASSERT_EQ(c.status().counters_began != 0, cpp->counters_began());
    cpp->finish();
    ASSERT_EQ(ems_energy_finish(c.handle), EMS_OK);
    ASSERT_EQ(c.status().counters_dropped, 0U);
    ASSERT_EQ(c.status().breaks_closed, 0U);
    const std::vector<query::EnergyAccount> accounts = cpp->accounts();
    ASSERT_EQ(c.status().account_count, accounts.size());
    for (std::size_t account = 0; account < accounts.size(); ++account) {
      ems_energy_account_t which{};
      ASSERT_EQ(ems_energy_account_at(c.handle, account, &which), EMS_OK);
      ASSERT_EQ(which.asset.kind, static_cast<std::uint8_t>(accounts[account].asset.kind));
      ASSERT_EQ(which.flow, static_cast<int>(accounts[account].flow));
      auto merged = c.at(account, 0);
      const auto figures = cpp->figures(accounts[account]);
      query::EnergyFigure merged_cpp = figures[0];
      for (std::size_t i = 0; i < grid.size(); ++i) {
        const ems_energy_figure_t figure = c.at(account, i);
        ASSERT_NO_FATAL_FAILURE(expect_same(figure, figures[i])) << "run " << run;
        ASSERT_EQ(figure.begin_us, us_of(grid.begin_of(i)));
        ASSERT_EQ(figure.end_us, us_of(grid.end_of(i)));
        if (i == 0) continue;
        ASSERT_EQ(ems_energy_figure_merge(&merged, &figure), EMS_OK);
        merged_cpp.merge(figures[i]);
      }
      ASSERT_NO_FATAL_FAILURE(expect_same(merged, merged_cpp));
      energy += merged.energy_mwh;
      resets += merged.resets;
      wraps += merged.wraps;
    }
  }
  EXPECT_GT(energy, 1'000'000);
  EXPECT_GT(resets, 50U);
  EXPECT_GT(wraps, 5U);
}

/// Rows whose point table changes, of many assets and a module of one.
Story changing_tables(std::mt19937_64& random) {
  const std::vector<Point> all{{battery(1), Signal::pack_voltage, 0},
                               {battery(1), Signal::pack_current, 0},
                               {battery(1), Signal::pack_power, 0},
                               {inverter(1), Signal::active_power, 0},
                               {inverter(2), Signal::active_power, 0},
                               kPower,
                               kCounter,
                               {{AssetKind::battery, 1, 1}, Signal::pack_power, 0}};
  Story story = story_of(random);
  std::vector<Point> table;
  for (OwnedRow& row : story.rows) {
    if (table.empty() || random() % 20 == 0) {
      table.clear();
      for (const Point& point : all) {
        if (random() % 2 == 0) table.push_back(point);
      }
      if (table.empty()) table.push_back(kPower);
      std::ranges::sort(table);
    }
    const std::int64_t wh = row.values[1].value;
    row.points = table;
    row.values.clear();
    for (const Point& point : table) {
      const auto watts = static_cast<std::int64_t>(random() % 10'000) - 5'000;
      row.values.push_back({point == kCounter ? wh : watts, Quality::good, random() % 10 != 0});
    }
  }
  return story;
}

TEST(CQueryBesideCpp, TablesThatChangeGiveTheSame) {
  const Seed seed(20261122);
  auto random = seed.engine();
  for (int run = 0; run < kRuns; ++run) {
    const Story story = changing_tables(random);
    const query::Grid grid = grid_of(random);
    const Edges edges(grid);
    auto buckets = downsample_config();
    auto energy = energy_config();
    buckets.grid = energy.grid = edges.c();
    buckets.break_capacity = energy.break_capacity = energy.waiting_capacity = 2'000;
    const Buckets down(buckets);
    const Ledger ledger(energy);
    auto cpp_down = query::Downsampler::create(grid);
    auto cpp_ledger = query::EnergyLedger::create(grid);
    tell(story, down);
    tell(story, ledger);
    tell(story, *cpp_down);
    tell(story, *cpp_ledger);
    ASSERT_EQ(ems_energy_finish(ledger.handle), EMS_OK);
    cpp_ledger->finish();
    ASSERT_EQ(down.status().point_count, cpp_down->points().size());
    for (std::size_t point = 0; point < cpp_down->points().size(); ++point) {
      for (std::size_t i = 0; i < grid.size(); ++i) {
        ASSERT_NO_FATAL_FAILURE(expect_same(down.at(point, i), cpp_down->buckets(point)[i]));
      }
    }
    const auto accounts = cpp_ledger->accounts();
    ASSERT_EQ(ledger.status().account_count, accounts.size());
    for (std::size_t account = 0; account < accounts.size(); ++account) {
      ASSERT_EQ(accounts[account].asset.module, 0);  // A module has no account.
      for (std::size_t i = 0; i < grid.size(); ++i) {
        ASSERT_NO_FATAL_FAILURE(
            expect_same(ledger.at(account, i), cpp_ledger->figures(accounts[account])[i]));
      }
    }
  }
}

TEST(CQueryBesideCpp, LittleMemoryKnowsLessAndSaysSo) {
  const Seed seed(20261122);
  auto random = seed.engine();
  std::uint64_t closed = 0;
  std::uint64_t dropped = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Story story = story_of(random);
    const query::Grid grid = *query::Grid::of({at_s(0), at_s(kSpan)});
    const Edges edges(grid);
    auto buckets = downsample_config();
    auto energy = energy_config();
    buckets.grid = energy.grid = edges.c();
    buckets.break_capacity = energy.break_capacity = EMS_QUERY_BREAKS_MIN;
    energy.waiting_capacity = 1;
    auto cpp = query::Downsampler::create(grid);
    const Buckets down(buckets);
    const Ledger ledger(energy);
    tell(story, *cpp);
    tell(story, down);
    tell(story, ledger);
    ASSERT_EQ(ems_energy_finish(ledger.handle), EMS_OK);
    for (std::size_t point = 0; point < cpp->points().size(); ++point) {
      ASSERT_LE(down.at(point, 0).known_us, cpp->buckets(point)[0].known.count());
      ASSERT_EQ(down.at(point, 0).count, cpp->buckets(point)[0].count);
    }
    for (std::size_t account = 0; account < ledger.status().account_count; ++account) {
      const ems_energy_figure_t figure = ledger.at(account, 0);
      ASSERT_LE(figure.known_counter_us + figure.known_power_us, kSpan * 1'000'000);
    }
    closed += down.status().breaks_closed;
    dropped += ledger.status().counters_dropped;
  }
  EXPECT_GT(closed, 100U);
  EXPECT_GT(dropped, 100U);
}

TEST(CQueryBesideCpp, AGridOfOneWidthIsThatOfItsEdges) {
  const Seed seed(20261122);
  auto random = seed.engine();
  const Story story = story_of(random);
  const Edges edges(*query::Grid::uniform(at_s(0), at_s(3'500), seconds(900)));
  auto config = downsample_config();
  config.grid = edges.c();
  const Buckets listed(config);
  config.grid = {us_of(at_s(0)), us_of(at_s(3'500)), 900'000'000, nullptr, 0};
  const Buckets uniform(config);
  tell(story, listed);
  tell(story, uniform);
  ASSERT_EQ(uniform.status().bucket_count, 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const ems_bucket_t a = listed.at(0, i);
    const ems_bucket_t b = uniform.at(0, i);
    EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0);
  }
  EXPECT_EQ(uniform.at(0, 3).end_us, us_of(at_s(3'500)));
}

TEST(CQueryBesideCpp, AConfigurationThatCannotBeIsRefusedWithItsReason) {
  const Edges edges(*query::Grid::uniform(at_s(0), at_s(60), seconds(10)));
  const auto refused = [&](const ems_downsample_config_t& config) {
    std::vector<std::uint64_t> memory(1 << 16);
    ems_downsampler_t* out = nullptr;
    const ems_status_t status =
        ems_downsampler_init(memory.data(), memory.size() * 8, &config, &out);
    EXPECT_EQ(ems_downsampler_size(&config) == 0, status != EMS_OK) << ems_last_error_message();
    EXPECT_EQ(out == nullptr, status != EMS_OK);
    return status;
  };
  auto good = downsample_config();
  good.grid = edges.c();
  EXPECT_EQ(refused(good), EMS_OK);
  auto bad = good;
  bad.gap_max_us = 3'600'000'001;
  EXPECT_EQ(refused(bad), EMS_E_OUT_OF_RANGE);
  bad = good;
  bad.quality_min = 4;
  EXPECT_EQ(refused(bad), EMS_E_OUT_OF_RANGE);
  bad = good;
  bad.break_capacity = 2;
  EXPECT_EQ(refused(bad), EMS_E_OUT_OF_RANGE);
  bad = good;
  bad.grid.width_us = 1;
  EXPECT_EQ(refused(bad), EMS_E_INVALID_ARGUMENT);
  bad = good;
  bad.grid = {0, 100, 0, nullptr, 0};
  EXPECT_EQ(refused(bad), EMS_E_INVALID_ARGUMENT);
  bad.grid = {0, 2'000'000, 1, nullptr, 0};
  EXPECT_EQ(refused(bad), EMS_E_RESOURCE_EXHAUSTED);
  const std::int64_t falls[] = {0, 2, 1};
  bad.grid = {0, 0, 0, falls, 3};
  EXPECT_EQ(refused(bad), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(ems_last_error_offset(), 2);
  const ems_point_t twice[] = {point_to_c(kPower), point_to_c(kPower)};
  bad = good;
  bad.points = twice;
  bad.point_count = 2;
  EXPECT_EQ(refused(bad), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(ems_last_error_offset(), 1);
  // The size is exact, and asking for it is not an error that the thread remembers.
  Memory memory(ems_downsampler_size(&good) - 8);
  ems_downsampler_t* out = nullptr;
  EXPECT_EQ(ems_downsampler_init(memory.data(), memory.size(), &good, &out),
            EMS_E_RESOURCE_EXHAUSTED);
  const std::string why = ems_last_error_message();
  EXPECT_EQ(ems_downsampler_size(&bad), 0U);
  EXPECT_EQ(why, ems_last_error_message());
}

TEST(CQueryBesideCpp, ALedgerThatCannotBeIsRefused) {
  const Edges edges(*query::Grid::uniform(at_s(0), at_s(60), seconds(10)));
  auto good = energy_config();
  good.grid = edges.c();
  EXPECT_GT(ems_energy_size(&good), 0U);
  const auto size_with = [&](auto change) {
    ems_energy_config_t config = good;
    change(config);
    return ems_energy_size(&config);
  };
  using Config = ems_energy_config_t;
  EXPECT_EQ(size_with([](Config& c) { c.account_capacity = 0; }), 0U);
  EXPECT_EQ(size_with([](Config& c) { c.waiting_capacity = 0; }), 0U);
  EXPECT_EQ(size_with([](Config& c) { c.bridge_max_us = c.gap_max_us - 1; }), 0U);
  EXPECT_EQ(size_with([](Config& c) { c.power_max_w = -1; }), 0U);
  EXPECT_EQ(size_with([](Config& c) { c.counter_modulus_wh = 1'000; }), 0U);  // No power_max_w.
  EXPECT_EQ(size_with([](Config& c) { c.counter_modulus_wh = -1; }), 0U);
  EXPECT_EQ(size_with([](Config& c) { c.grid_meter = {EMS_ASSET_METER, 0, 0}; }), 0U);
  EXPECT_EQ(size_with([](Config& c) { c.grid_meter = {EMS_ASSET_LOAD + 1, 0, 1}; }), 0U);
  EXPECT_EQ(size_with([](Config& c) { c.grid.edge_count = 1; }), 0U);
}

TEST(CQueryBesideCpp, ARowThatCannotBeIsRefusedAndCountsForNothing) {
  const Edges edges(*query::Grid::uniform(at_s(0), at_s(60), seconds(60)));
  auto config = downsample_config();
  config.grid = edges.c();
  config.point_capacity = 1;
  const Buckets down(config);
  const CRow row(row_at(1, {{kPower, 5}, {kCounter, 7}}));
  const ems_point_t falling[] = {row.points[1], row.points[0]};
  const auto give = [&](const ems_point_t* points, std::size_t count) {
    return ems_downsampler_row(down.handle, row.utc_us, points, row.values.data(), count);
  };
  EXPECT_EQ(give(falling, 2), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(ems_last_error_offset(), 1);
  EXPECT_EQ(give(row.points.data(), 0), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(give(row.points.data(), EMS_TELEMETRY_POINTS_MAX + 1), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(give(row.points.data(), 2), EMS_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(down.at(0, 0).count, 0U);
  EXPECT_EQ(give(row.points.data(), 1), EMS_OK);
  EXPECT_EQ(down.at(0, 0).count, 1U);
  auto out = sized<ems_bucket_t>();
  EXPECT_EQ(ems_downsampler_bucket_at(down.handle, 1, 0, &out), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(ems_downsampler_bucket_at(down.handle, 0, 1, &out), EMS_E_OUT_OF_RANGE);
}

}  // namespace
}  // namespace ems::test
