// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "ems/model/catalogue.hpp"
#include "ems/model/image.hpp"
#include "ems/model/point.hpp"
#include "ems/model/power.hpp"

namespace ems {
namespace {

TEST(Catalogue, EveryNameFindsItsRow) {
  std::set<std::string> seen;
  for (const SignalInfo& row : signal_table()) {
    EXPECT_EQ(find_signal(row.signal), &row);
    EXPECT_EQ(find_signal(row.name), &row) << row.name;
    EXPECT_EQ(find_signal(integer_name(row).view()), &row) << row.name;
    EXPECT_EQ(find_signal(si_name(row).view()), &row) << row.name;
    EXPECT_TRUE(seen.insert(std::string(si_name(row).view())).second) << row.name;
  }
  EXPECT_EQ(find_signal("no_such_signal"), nullptr);
}

TEST(Catalogue, NamesFollowTheUnit) {
  EXPECT_EQ(si_name(*find_signal(Signal::cell_voltage)).view(), "cell_voltages_v");
  EXPECT_EQ(integer_name(*find_signal(Signal::pack_current)).view(), "pack_current_ma");
  EXPECT_EQ(si_name(*find_signal(Signal::soc)).view(), "soc_pct");
  EXPECT_EQ(si_name(*find_signal(Signal::remaining_capacity)).view(), "remaining_capacity_ah");
}

TEST(Asset, NamesRoundTrip) {
  for (const AssetId asset :
       {kSite, battery(1), AssetId{AssetKind::battery, 3, 65535}, meter(2), inverter(10)}) {
    const Result<AssetId> back = parse_asset(to_name(asset).view());
    ASSERT_TRUE(back) << to_name(asset).view();
    EXPECT_EQ(*back, asset);
  }
  for (const char* wrong : {"", "batt/1", "battery", "battery/0", "battery/01", "battery/65536",
                            "battery/1/module/0", "battery/1x"}) {
    EXPECT_FALSE(parse_asset(wrong)) << wrong;
  }
}

TEST(ProcessImage, KeepsTheNewestOfEachPointInOrder) {
  std::array<ImageEntry, 4> storage;
  ProcessImage image(storage);
  const auto put = [&image](Point point, std::int64_t value) {
    return image.set({point, value, Instant{1_s}, Quality::good}, 2_s);
  };
  EXPECT_TRUE(put({battery(1), Signal::cell_voltage, 2}, 3301));
  EXPECT_TRUE(put({battery(1), Signal::cell_voltage, 1}, 3300));
  EXPECT_TRUE(put({battery(1), Signal::soc, 0}, 5000));
  EXPECT_TRUE(put({battery(1), Signal::soc, 0}, 5100));
  EXPECT_TRUE(put({battery(2), Signal::soc, 0}, 4000));
  EXPECT_EQ(put({battery(2), Signal::soh, 0}, 1).error().code, Errc::resource_exhausted);
  EXPECT_EQ(image.get<BasisPoints>(battery(1), Signal::soc)->value, 5100_bp);
  ASSERT_EQ(image.elements(battery(1), Signal::cell_voltage).size(), 2U);
  EXPECT_EQ(image.elements(battery(1), Signal::cell_voltage)[0].sample.value, 3300);
  EXPECT_FALSE(image.usable<BasisPoints>(battery(1), Signal::soc, Instant{3_s}));
  EXPECT_TRUE(
      image.set({{battery(1), Signal::soc, 0}, 5100, Instant{1_s}, Quality::uncertain}, 2_s));
  EXPECT_FALSE(image.usable<BasisPoints>(battery(1), Signal::soc, Instant{2_s}));
  EXPECT_TRUE(image.usable<BasisPoints>(battery(2), Signal::soc, Instant{2_s}));
}

TEST(ProcessImage, AValueThatDoesNotFitItsTypeIsAbsent) {
  std::array<ImageEntry, 1> storage;
  ProcessImage image(storage);
  EXPECT_TRUE(image.set(
      {{battery(1), Signal::pack_voltage, 0}, std::int64_t{1} << 40, Instant{}, Quality::good},
      2_s));
  EXPECT_FALSE(image.get<MilliVolt>(battery(1), Signal::pack_voltage));
}

TEST(Interval, NearestPointStaysInside) {
  constexpr Interval kBand{Watt{-500}, Watt{200}};
  EXPECT_EQ(kBand.nearest(Watt{-900}), Watt{-500});
  EXPECT_EQ(kBand.nearest(Watt{0}), Watt{0});
  EXPECT_EQ(kBand.nearest(Watt{900}), Watt{200});
}

}  // namespace
}  // namespace ems
