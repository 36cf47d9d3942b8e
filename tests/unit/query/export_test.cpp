// SPDX-License-Identifier: Apache-2.0
// Names, CSV and line protocol, letter by letter.
#include "ems/query/export.hpp"

#include <gtest/gtest.h>

#include "support/query_rows.hpp"

namespace ems::query {
namespace {

constexpr Point kVoltage{battery(1), Signal::pack_voltage, 0};
constexpr Point kCell{battery(1), Signal::cell_voltage, 7};
constexpr Point kPower{meter(2), Signal::active_power, 0};

test::OwnedRow a_row() {
  test::OwnedRow row;
  row.utc_us = 1'790'000'000'250'000;  // 2026-09-21T14:13:20.25Z
  row.points = {kVoltage, kCell, kPower};
  row.values = {{53'250, Quality::good, true}, {3'000, Quality::uncertain, true}, {0, {}, false}};
  return row;
}

TEST(PointName, IsReadBackByEveryFace) {
  EXPECT_EQ(point_name(kVoltage), "battery/1 pack_voltage_v");
  EXPECT_EQ(point_name(kCell), "battery/1 cell_voltages_v 7");
  const Point unknown{kSite, static_cast<Signal>(999), 3};
  EXPECT_EQ(point_name(unknown), "site 999 3");
  for (const Point& point : {kVoltage, kCell, kPower, unknown}) {
    EXPECT_EQ(*parse_point_name(point_name(point)), point);
  }
  EXPECT_EQ(*parse_point_name("battery/1 pack_voltage_mv"), kVoltage);
  EXPECT_EQ(*parse_point_name("battery/1 1"), kVoltage);
}

TEST(PointName, SaysWhereItIsWrong) {
  const auto error = [](std::string_view name) { return parse_point_name(name).error(); };
  EXPECT_EQ(error("batery/1 soc_pct").code, Errc::syntax);
  EXPECT_EQ(error("battery/1"), (Error{Errc::syntax, 9, ""}));
  EXPECT_EQ(error("battery/1 soca"), (Error{Errc::not_found, 10, ""}));
  EXPECT_EQ(error("battery/1 0").code, Errc::not_found);
  EXPECT_EQ(error("battery/1 65536").code, Errc::not_found);
  EXPECT_EQ(error("battery/1 soc_pct 1"), (Error{Errc::syntax, 18, ""}));
  EXPECT_EQ(error("battery/1 cell_voltages_v 0").code, Errc::syntax);
  EXPECT_EQ(error("battery/1 cell_voltages_v"), (Error{Errc::syntax, 25, ""}));
  EXPECT_EQ(error("battery/1 10"), (Error{Errc::syntax, 12, ""}));
  EXPECT_EQ(error("battery/1 cell_voltages_v 65536").code, Errc::syntax);
  EXPECT_EQ(error("battery/1 cell_voltages_v x").code, Errc::syntax);
}

TEST(Csv, WritesExactDecimalsAndLeavesTheUnknownEmpty) {
  CsvWriter csv({kPower, kVoltage, kCell}, {});
  std::string out;
  csv.header(out);
  csv.row(out, a_row().view());
  EXPECT_EQ(out,
            "time,meter/2 active_power_w,battery/1 pack_voltage_v,battery/1 cell_voltages_v 7\r\n"
            "2026-09-21T14:13:20.250000Z,,53.25,3.0\r\n");
}

TEST(Csv, SaysTheQualitiesWhenAsked) {
  CsvWriter csv({kCell, kPower}, {.qualities = true});
  std::string out;
  csv.header(out);
  csv.row(out, a_row().view());
  EXPECT_EQ(out,
            "time,battery/1 cell_voltages_v 7,battery/1 cell_voltages_v 7 quality,"
            "meter/2 active_power_w,meter/2 active_power_w quality\r\n"
            "2026-09-21T14:13:20.250000Z,3.0,uncertain,,\r\n");
}

TEST(Csv, LeavesOutRowsThatHaveNoneOfThePoints) {
  CsvWriter csv({{battery(9), Signal::soc, 0}}, {});
  std::string out;
  csv.row(out, a_row().view());
  EXPECT_EQ(out, "");
}

TEST(Csv, WritesMomentsBefore1970AndLeapDays) {
  const auto time_of = [](std::int64_t micros) {
    test::OwnedRow row = a_row();
    row.utc_us = micros;
    CsvWriter csv({kVoltage}, {});
    std::string out;
    csv.row(out, row.view());
    return out.substr(0, out.find(','));
  };
  EXPECT_EQ(time_of(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(time_of(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(time_of(951'782'400'000'000), "2000-02-29T00:00:00.000000Z");
  EXPECT_EQ(time_of(4'107'542'399'000'001), "2100-02-28T23:59:59.000001Z");
  EXPECT_EQ(time_of(4'107'542'400'000'000), "2100-03-01T00:00:00.000000Z");
  EXPECT_EQ(time_of(std::numeric_limits<std::int64_t>::min()).size(),
            30U);  // A year of seven letters.
}

TEST(LineProtocol, HasALineForEachAssetThatIsKnown) {
  const LineProtocolWriter writer({}, {});
  std::string out;
  writer.row(out, a_row().view());
  EXPECT_EQ(out,
            "battery,asset=battery/1 pack_voltage_v=53.25,cell_voltages_v_7=3.0,"
            "cell_voltages_v_7_quality=\"uncertain\" 1790000000250000000\n");
}

TEST(LineProtocol, WritesWholeUnitsAsIntegersAndUnknownSignalsByNumber) {
  test::OwnedRow row;
  row.utc_us = 0;
  row.points = {{kSite, Signal::site_grid_power, 0}, {kSite, static_cast<Signal>(999), 0}, kPower};
  row.values = {{-5, Quality::good, true}, {1, Quality::good, true}, {7, Quality::good, true}};
  const LineProtocolWriter writer({}, {});
  std::string out;
  writer.row(out, row.view());
  EXPECT_EQ(out,
            "site,asset=site site_grid_power_w=-5i,signal_999=1i 0\n"
            "meter,asset=meter/2 active_power_w=7i 0\n");
}

TEST(LineProtocol, EscapesTagsAndTakesOnlyThePointsAskedFor) {
  const std::vector<std::pair<std::string, std::string>> tags{{"agent", "a b,c=d\\\n"},
                                                              {"tenant", ""}};
  const LineProtocolWriter writer({kVoltage}, tags);
  std::string out;
  writer.row(out, a_row().view());
  EXPECT_EQ(out,
            "battery,asset=battery/1,agent=a\\ b\\,c\\=d__ pack_voltage_v=53.25 "
            "1790000000250000000\n");
}

}  // namespace
}  // namespace ems::query
