// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "ems/io/config/limits_config.hpp"

namespace ems::io {
namespace {

constexpr const char* kHead =
    "chemistry: lfp\ncharge_current_max_a: 50\ndischarge_current_max_a: 100\n";

Loaded<LimitsConfig> parse(const std::string& rest) {
  return parse_limits_config(kHead + rest, "limits.yaml");
}
std::string errors_of(const std::string& rest) { return to_text(parse(rest).errors); }

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}
std::string read(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

class LimitsFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "ems-limits-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    site_.limits = folder_ / "limits.yaml";
    site_.control = ControlMode::armed;
    site_.batteries.resize(1);
    write(*site_.limits, kHead);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void accept() {
    const Loaded<LimitsConfig> limits = load_limits_config(*site_.limits);
    ASSERT_TRUE(limits);
    ASSERT_TRUE(accept_limits(*limits.value, "Ada Lovelace", UtcInstant{seconds(1'790'000'000)}));
  }
  [[nodiscard]] std::filesystem::path accepted() const { return acceptance_path(*site_.limits); }

  std::filesystem::path folder_;
  SiteConfig site_;
};

TEST(ConfigLimits, StartsFromTheChemistrysDefaults) {
  const Loaded<LimitsConfig> loaded = parse("");
  ASSERT_TRUE(loaded) << to_text(loaded.errors);
  safety::Limits expected = safety::default_limits(safety::Chemistry::lfp);
  safety::set_current_limits(expected, MilliAmp{50'000}, MilliAmp{100'000});
  EXPECT_EQ(loaded.value->limits, expected);
}

TEST(ConfigLimits, TakesEveryKeyAndShiftsAClearWithItsTrip) {
  const Loaded<LimitsConfig> loaded = parse(
      "cell_voltage_max: {trip_v: 3.601}\n"
      "cell_voltage_min: {trip_v: 2.7, clear_v: 2.95, clear_after_s: 7.5}\n"
      "temp_latch_min_degc: -15.5\n"
      "soc_min: {trip_pct: 12.25}\n"
      "sum_of_cells: {trip_share_pct: 0.9}\n");
  ASSERT_TRUE(loaded) << to_text(loaded.errors);
  const safety::Limits& limits = loaded.value->limits;
  EXPECT_EQ(limits.cell_voltage_max.trip, MilliVolt{3601});
  EXPECT_EQ(limits.cell_voltage_max.clear, MilliVolt{3501});
  EXPECT_EQ(limits.cell_voltage_min.clear, MilliVolt{2950});
  EXPECT_EQ(limits.cell_voltage_min.clear_after, milliseconds(7'500));
  EXPECT_EQ(limits.temp_latch_min, MilliCelsius{-15'500});
  EXPECT_EQ(limits.soc_min.trip, BasisPoints{1225});
  EXPECT_EQ(limits.soc_min.clear, BasisPoints{1725});
  EXPECT_EQ(limits.sum_of_cells.trip_share, BasisPoints{90});
}

TEST(ConfigLimits, TakesDelaysCurvesOverloadsAndChecks) {
  const Loaded<LimitsConfig> loaded = parse(
      "cell_voltage_max: {trip_after_s: 0.5}\n"
      "charge_voltage_derate_v: [[3.4, 100], [3.5, 50.25], [3.6, 0]]\n"
      "discharge_temp_derate_degc: [[-10, 0], [0, 100], [40, 100], [50, 0]]\n"
      "charge_overload: {factor_pct: 105, time_s: 2}\n"
      "cell_imbalance_warning: {trip_v: 0.025}\n"
      "insulation_low: {trip_kohm: 800}\n"
      "insulation_latch_min_kohm: 200\n"
      "latch_after_s: 0.25\n"
      "plausibility: {soc_jump_pct: 5, obey_after_s: 2, power_floor_w: 100}\n");
  ASSERT_TRUE(loaded) << to_text(loaded.errors);
  const safety::Limits& limits = loaded.value->limits;
  EXPECT_EQ(limits.cell_voltage_max.trip_after, milliseconds(500));
  EXPECT_EQ(limits.charge_voltage_derate,
            safety::derate_curve<MilliVolt>({{MilliVolt{3400}, BasisPoints{10'000}},
                                             {MilliVolt{3500}, BasisPoints{5025}},
                                             {MilliVolt{3600}, BasisPoints{0}}}));
  EXPECT_EQ(limits.discharge_temp_derate.size(), 4U);
  EXPECT_EQ(limits.discharge_temp_derate[0].x, MilliCelsius{-10'000});
  EXPECT_EQ(limits.charge_overload.factor, BasisPoints{10'500});
  EXPECT_EQ(limits.charge_overload.time, seconds(2));
  EXPECT_EQ(limits.charge_overload.clear_after, seconds(5));
  EXPECT_EQ(limits.cell_imbalance_warning.trip, MilliVolt{25});
  EXPECT_EQ(limits.insulation_low.trip, KiloOhm{800});
  EXPECT_EQ(limits.insulation_low.clear, KiloOhm{850});  // As far from the trip as by default.
  EXPECT_EQ(limits.insulation_latch_min, KiloOhm{200});
  EXPECT_EQ(limits.latch_after, milliseconds(250));
  EXPECT_EQ(limits.plausibility.soc_jump, BasisPoints{500});
  EXPECT_EQ(limits.plausibility.obey_after, seconds(2));
  EXPECT_EQ(limits.plausibility.power_floor, Watt{100});
}

// Every limit: the canonical text changes with it, its header line too, and it reads back what was
// written. A field that one of the three forgets is a limit that nobody accepts.
TEST(ConfigLimits, EveryLimitIsReadHashedAndPrinted) {
  const std::string before = canonical_limits(safety::Chemistry::lfp, parse("").value->limits);
  const struct {
    const char* rest;
    const char* canonical;
    const char* header;
  } cases[] = {
      {"soc_max: {trip_after_s: 1}\n", "soc_max.trip_after_us=1000000\n",
       "limits.soc_max.trip_after = Duration{1000000};"},
      {"charge_temp_derate_degc: [[5, 0], [10, 100], [40, 100], [45, 0]]\n",
       "charge_temp_derate_mdegc_bp=5000:0,10000:10000,40000:10000,45000:0\n",
       "limits.charge_temp_derate = safety::derate_curve<MilliCelsius>({{MilliCelsius{5000}, "
       "BasisPoints{0}}, {MilliCelsius{10000}, BasisPoints{10000}}, {MilliCelsius{40000}, "
       "BasisPoints{10000}}, {MilliCelsius{45000}, BasisPoints{0}}});"},
      {"discharge_overload: {time_s: 1.5}\n", "discharge_overload.time_us=1500000\n",
       "limits.discharge_overload.time = Duration{1500000};"},
      {"insulation_latch_min_kohm: 300\n", "insulation_latch_min_kohm=300\n",
       "limits.insulation_latch_min = KiloOhm{300};"},
      {"plausibility: {power_floor_w: 50}\n", "plausibility.power_floor_w=50\n",
       "limits.plausibility.power_floor = Watt{50};"},
  };
  for (const auto& c : cases) {
    const Loaded<LimitsConfig> loaded = parse(c.rest);
    ASSERT_TRUE(loaded) << to_text(loaded.errors);
    const std::string after = canonical_limits(safety::Chemistry::lfp, loaded.value->limits);
    EXPECT_NE(after.find(c.canonical), std::string::npos) << c.rest << after;
    EXPECT_EQ(before.find(c.canonical), std::string::npos) << c.rest;
    EXPECT_NE(print_limits_header(*loaded.value).find(c.header), std::string::npos) << c.rest;
  }
}

TEST(ConfigLimits, NamesEachFaultWithItsLine) {
  const struct {
    const char* rest;
    const char* expected;
  } cases[] = {
      {"cell_voltage_max: {trip_v: 3.6505}\n",
       "limits.yaml:4:28: \"trip_v\": 3.6505 has more than 3 decimal places\n"},
      {"cell_voltage_max: {trip_v: 3.7}\n",
       "limits.yaml:4:28: \"cell_voltage_max.trip_v\" is 3.7 V: above the absolute limit\n"},
      {"cell_voltage_max: {trip_v: 3.5, clear_v: 3.49}\n",
       "limits.yaml:4:42: \"cell_voltage_max.clear_v\" is 3.49 V: too near to trip\n"},
      {"cell_voltage_max: {trip_after_s: 6}\n",
       "limits.yaml:4:34: \"cell_voltage_max.trip_after_s\" is 6 s: too long\n"},
      {"latch_after_s: 1.5\n", "limits.yaml:4:16: \"latch_after_s\" is 1.5 s: too long\n"},
      {"charge_voltage_derate_v: [[3.4, 100], [3.65, 50]]\n",
       "limits.yaml:4:26: \"charge_voltage_derate_v\": above the absolute limit\n"},
      {"charge_voltage_derate_v: [[3.5, 100], [3.4, 0]]\n",
       "limits.yaml:4:26: \"charge_voltage_derate_v\": not a curve that rises and then falls\n"},
      {"charge_voltage_derate_v: [[3.4, 101], [3.6], 5, [3.6005, 0]]\n",
       "limits.yaml:4:33: \"share_pct\": 101 is out of range; allowed are 0 .. 100 %\n"
       "limits.yaml:4:39: a point of \"charge_voltage_derate_v\" must be [x, share in %]\n"
       "limits.yaml:4:46: a point of \"charge_voltage_derate_v\" must be [x, share in %]\n"
       "limits.yaml:4:50: \"charge_voltage_derate_v\": 3.6005 has more than 3 decimal places\n"},
      {"charge_voltage_derate_v: 3.5\n",
       "limits.yaml:4:26: \"charge_voltage_derate_v\" must be a list of [x, share], not a single "
       "value\n"},
      {"charge_voltage_derate_v: []\n",
       "limits.yaml:4:26: \"charge_voltage_derate_v\" has 0 points; allowed are 1 .. 6\n"},
      {"plausibility: {frozen_after_s: 7200, soc_jmp_pct: 1}\n",
       "limits.yaml:4:32: \"plausibility.frozen_after_s\" is 7200 s: above the absolute "
       "limit\n"
       "limits.yaml:4:38: unknown key \"soc_jmp_pct\"; did you mean \"soc_jump_pct\"?\n"},
      {"discharge_temp_derate: {trip_degc: 40}\n",
       "limits.yaml:4:1: unknown key \"discharge_temp_derate\"; did you mean "
       "\"discharge_temp_derate_degc\"?\n"},
      {"cell_voltage_maximum: {trip_v: 3.5}\n",
       "limits.yaml:4:1: unknown key \"cell_voltage_maximum\"; did you mean "
       "\"cell_voltage_max\"?\n"},
      {"temp_latch_max_degc: 61\nstale_after_max_s: 60\nsoc_max: {trip_pct: 99}\n",
       "limits.yaml:4:22: \"temp_latch_max_degc\" is 61 °C: above the absolute limit\n"
       "limits.yaml:5:20: \"stale_after_max_s\" is 60 s: above the absolute limit\n"
       "limits.yaml:6:21: \"soc_max.trip_pct\" is 99 %: above the absolute limit\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(errors_of(c.rest), c.expected) << c.rest;
  EXPECT_EQ(parse("stale_after_max_s: 60\n").errors.at(0).code, Errc::too_wide);
}

TEST(ConfigLimits, WantsBothCurrentsAndReportsOnlyTheWrittenOne) {
  EXPECT_EQ(to_text(parse_limits_config("chemistry: lfp\n", "limits.yaml").errors),
            "limits.yaml:1:1: missing key \"charge_current_max_a\"\n"
            "limits.yaml:1:1: missing key \"discharge_current_max_a\"\n");
  EXPECT_EQ(to_text(parse_limits_config("chemistry: lfp\ncharge_current_max_a: 5000\n"
                                        "discharge_current_max_a: 1\n",
                                        "limits.yaml")
                        .errors),
            "limits.yaml:2:23: \"charge_current_max_a\" is 5000 A: above the absolute limit\n");
}

TEST(ConfigLimits, HashIsOfTheEffectiveValuesNotOfTheBytes) {
  const LimitsHash plain = parse("").value->hash;
  EXPECT_EQ(parse("# a comment\ncell_voltage_max: {trip_v: 3.650}\n").value->hash, plain);
  EXPECT_NE(parse("cell_voltage_max: {trip_v: 3.649}\n").value->hash, plain);
  EXPECT_NE(parse("input_clear_after_s: 5.000001\n").value->hash, plain);
  EXPECT_EQ(plain.hex().size(), 64U);
  EXPECT_EQ(std::stoull(plain.hex().substr(0, 16), nullptr, 16), plain.prefix());
}

TEST(ConfigLimits, EveryLineOfTheCanonicalTextIsALimitOfItsOwn) {
  const safety::Limits limits = safety::default_limits(safety::Chemistry::lfp);
  std::istringstream text(canonical_limits(safety::Chemistry::lfp, limits));
  std::set<std::string> keys;
  std::string line;
  std::size_t lines = 0;
  while (std::getline(text, line)) {
    ++lines;
    keys.insert(line.substr(0, line.find('=')));
  }
  EXPECT_EQ(keys.size(), lines);
  // Thresholds of four, curves, overloads of three, single limits, five of sum_of_cells, the checks
  // of plausibility; two head lines.
  EXPECT_EQ(lines, 2U + 20 * 4 + 5 + 2 * 3 + 10 + 5 + 15);
}

TEST_F(LimitsFile, ControlNeedsAnAcceptanceOfExactlyTheseLimits) {
  EXPECT_FALSE(control_permission(site_).control);
  EXPECT_EQ(control_permission(site_).reason,
            "the limits were never accepted; a person accepts them with `emsctl limits accept "
            "--name NAME`");
  accept();
  const ControlPermission permission = control_permission(site_);
  EXPECT_TRUE(permission.control) << permission.reason;
  EXPECT_EQ(permission.acceptance->name, "Ada Lovelace");
  EXPECT_EQ(permission.acceptance->accepted_at, UtcInstant{seconds(1'790'000'000)});

  write(*site_.limits, std::string(kHead) + "# only a comment\n");
  EXPECT_TRUE(control_permission(site_).control);
  write(*site_.limits, std::string(kHead) + "soc_min: {trip_pct: 20}\n");  // Tighter, but changed.
  EXPECT_FALSE(control_permission(site_).control);
  EXPECT_NE(control_permission(site_).reason.find("changed since Ada Lovelace accepted them"),
            std::string::npos);
  accept();
  EXPECT_TRUE(control_permission(site_).control);
}

TEST_F(LimitsFile, MonitorsOnlyInEveryOtherCase) {
  accept();
  SiteConfig disarmed = site_;
  disarmed.control = ControlMode::disarmed;
  EXPECT_EQ(control_permission(disarmed).reason, "the site file says `control: disarmed`");
  SiteConfig other = site_;
  other.batteries[0].id = 3;
  other.batteries[0].chemistry = static_cast<safety::Chemistry>(1);  // One that is not compiled in.
  EXPECT_EQ(control_permission(other).reason,
            "the limits are for another chemistry than battery 3");
  SiteConfig without = site_;
  without.limits.reset();
  EXPECT_EQ(control_permission(without).reason, "the site file names no limits file");
  SiteConfig absent = site_;
  absent.limits = folder_ / "none.yaml";
  EXPECT_FALSE(control_permission(absent).control);
  write(*site_.limits, std::string(kHead) + "cell_voltage_max: {trip_v: 4.2}\n");
  const ControlPermission wide = control_permission(site_);
  EXPECT_FALSE(wide.control);
  EXPECT_FALSE(wide.limits);
  ASSERT_EQ(wide.errors.size(), 1U);
  EXPECT_EQ(wide.errors[0].code, Errc::too_wide);
}

TEST_F(LimitsFile, EveryTornOrEditedAcceptanceIsRefused) {
  accept();
  const std::string whole = read(accepted());
  ASSERT_TRUE(read_acceptance(accepted()));
  // The last two bytes are the closing brace and the end of the line; without only the latter
  // nothing is lost.
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    write(accepted(), whole.substr(0, size));
    EXPECT_FALSE(control_permission(site_).control) << size;
  }
  std::string edited = whole;
  const std::size_t digit = edited.find("\"hash\": \"") + 9;
  edited[digit] = edited[digit] == '0' ? '1' : '0';
  write(accepted(), edited);
  EXPECT_FALSE(control_permission(site_).control);
  edited[digit] = 'G';
  write(accepted(), edited);
  EXPECT_EQ(read_acceptance(accepted()).error().code, Errc::corrupt);
  std::string unquoted = whole;
  unquoted.replace(unquoted.find("\"Ada Lovelace\""), 14, "Ada Lovelace");
  write(accepted(), unquoted);
  EXPECT_EQ(read_acceptance(accepted()).error().code, Errc::corrupt);
  std::filesystem::remove(accepted());
  EXPECT_EQ(read_acceptance(accepted()).error().code, Errc::not_found);
}

TEST_F(LimitsFile, AcceptingLeavesOneFileAndAFailureLeavesTheOldOne) {
  accept();
  accept();
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++files;
  EXPECT_EQ(files, 2U);
  const std::string before = read(accepted());
  const LimitsConfig limits = *load_limits_config(*site_.limits).value;
  for (const std::string& name :
       {std::string(), std::string(129, 'a'), std::string("a\"b"), std::string("a\nb"),
        std::string("\xC0\xAF"), std::string("\xE2\x82"), std::string(" a")}) {
    const Result<void> result = accept_limits(limits, name, UtcInstant{});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
  }
  EXPECT_EQ(read(accepted()), before);
  EXPECT_TRUE(accept_limits(limits, "Zoë Ångström", UtcInstant{seconds(-1)}));
  EXPECT_EQ(read_acceptance(accepted())->name, "Zoë Ångström");
  EXPECT_EQ(read_acceptance(accepted())->accepted_at, UtcInstant{seconds(-1)});
  LimitsConfig nowhere = limits;
  nowhere.file = folder_ / "none" / "limits.yaml";
  EXPECT_EQ(accept_limits(nowhere, "a", UtcInstant{}).error().code, Errc::io);
}

}  // namespace
}  // namespace ems::io
