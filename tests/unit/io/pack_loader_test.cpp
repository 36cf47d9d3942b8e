// SPDX-License-Identifier: Apache-2.0
#include "ems/io/pack_loader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "ems/device_pack/device.hpp"

namespace ems::io {
namespace {

using device_pack::Pack;

std::string with(std::string_view points, std::string_view tail = "") {
  return "pack: p\ntitle: t\nsource: s\nkind: inverter\naddressing: fixed\n"
         "reply_timeout_s: 0.3\nsections:\n  - name: a\n    base: 100\n    function: holding\n"
         "    points:\n" +
         std::string(points) + std::string(tail);
}
constexpr std::string_view kPoint =
    "      - {name: W, at: 0, type: s16, unit: W, signal: active_power}\n";

TEST(PackLoader, EveryEmbeddedPackLoadsUnderItsName) {
  ASSERT_EQ(embedded_packs().size(), 3U);
  for (const EmbeddedPack& embedded : embedded_packs()) {
    const PackLoad load = find_pack(embedded.name);
    for (const PackError& error : load.errors) ADD_FAILURE() << to_string(error);
    ASSERT_NE(load.loaded, nullptr);
    EXPECT_EQ(load.loaded->pack().name, embedded.name);
    EXPECT_FALSE(load.loaded->pack().source.empty());
  }
}

TEST(PackLoader, TheMeterReadsTwoBlocksOfFloats) {
  const PackLoad load = find_pack("eastron_sdm630");
  ASSERT_NE(load.loaded, nullptr);
  const Pack& pack = load.loaded->pack();
  ASSERT_EQ(pack.sections.size(), 1U);
  EXPECT_EQ(pack.sections[0].function, device_pack::Function::read_input_registers);
  ASSERT_EQ(pack.sections[0].blocks.size(), 2U);
  EXPECT_EQ(pack.sections[0].blocks[0].offset, 0);
  EXPECT_EQ(pack.sections[0].blocks[0].count, 18);
  EXPECT_EQ(pack.sections[0].blocks[1].offset, 52);
  EXPECT_EQ(pack.sections[0].blocks[1].count, 24);
  EXPECT_EQ(pack.control, nullptr);
}

TEST(PackLoader, ThePcsReadsEachModelInOneBlockAndReverts) {
  const PackLoad load = find_pack("sunspec_pcs");
  ASSERT_NE(load.loaded, nullptr);
  const Pack& pack = load.loaded->pack();
  EXPECT_EQ(pack.sunspec_base, 40000);
  ASSERT_EQ(pack.sections.size(), 3U);
  for (const auto& section : pack.sections) EXPECT_EQ(section.blocks.size(), 1U) << section.name;
  ASSERT_NE(pack.control, nullptr);
  EXPECT_TRUE(pack.control->device_reverts);
  ASSERT_EQ(pack.control->setpoint.size(), 3U);
  EXPECT_EQ(pack.control->setpoint.back().fields.back().name, "WSetEna") << "written last";
}

TEST(PackLoader, NamesEachMistakeWithItsPlace) {
  const struct {
    const char* why;
    std::string yaml;
    Errc code;
    int line;
    const char* message;
  } cases[] = {
      {"not YAML", "pack: [", Errc::syntax, 1, ""},
      {"not a map", "- 1\n", Errc::wrong_type, 1, "expected a map"},
      {"unknown key", with(kPoint, "contol: 1\n"), Errc::unknown_key, 13, "did you mean 'control'"},
      {"key twice", with(kPoint, "pack: q\n"), Errc::already_exists, 13, "stands twice"},
      {"missing unit", with("      - {name: W, at: 0, type: s16, signal: active_power}\n"),
       Errc::missing_key, 12, "unit"},
      {"wrong unit", with("      - {name: W, at: 0, type: s16, unit: V, signal: active_power}\n"),
       Errc::wrong_type, 12, "watt"},
      {"unknown signal",
       with("      - {name: W, at: 0, type: s16, unit: W, signal: activ_power}\n"), Errc::not_found,
       12, "did you mean 'active_power'"},
      {"unknown type", with("      - {name: W, at: 0, type: i16, unit: W, signal: active_power}\n"),
       Errc::not_found, 12, "type"},
      {"address not a number",
       with("      - {name: W, at: x, type: s16, unit: W, signal: active_power}\n"),
       Errc::wrong_type, 12, "at: expected an integer"},
      {"element missing",
       with("      - {name: V, at: 0, type: u16, unit: V, signal: phase_voltage}\n"),
       Errc::missing_key, 12, "element"},
      {"scale too fine",
       with("      - {name: W, at: 0, type: s16, unit: W, scale: 0.0000000001, signal: "
            "active_power}\n"),
       Errc::off_grid, 12, "scale"},
      {"float with an odd scale",
       with("      - {name: W, at: 0, type: f32, unit: W, scale: 2, signal: active_power}\n"),
       Errc::out_of_range, 12, "power of ten"},
      {"the same value twice",
       with(std::string(kPoint) +
            "      - {name: X, at: 1, type: s16, unit: W, signal: active_power}\n"),
       Errc::already_exists, 13, "give the same value"},
      {"beyond the address space",
       with("      - {name: W, at: 65500, type: s16, unit: W, signal: active_power}\n"),
       Errc::out_of_range, 12, "beyond the section"},
  };
  for (const auto& c : cases) {
    const PackLoad load = load_pack(c.yaml, "p.yaml");
    ASSERT_EQ(load.loaded, nullptr) << c.why;
    ASSERT_FALSE(load.errors.empty()) << c.why;
    const PackError& error = load.errors.front();
    EXPECT_EQ(error.code, c.code) << c.why << ": " << to_string(error);
    EXPECT_EQ(error.line, c.line) << c.why << ": " << to_string(error);
    EXPECT_GT(error.column, 0) << c.why;
    EXPECT_NE(error.message.find(c.message), std::string::npos) << c.why << to_string(error);
  }
}

TEST(PackLoader, ReportsAllMistakesAtOnceInTheOrderOfTheText) {
  const PackLoad load = load_pack("pack: p\ntitel: t\nkind: metre\naddressing: fixed\n", "p.yaml");
  ASSERT_GE(load.errors.size(), 4U);
  EXPECT_TRUE(std::is_sorted(load.errors.begin(), load.errors.end(),
                             [](const auto& a, const auto& b) { return a.line < b.line; }));
}

TEST(PackLoader, ScaleUnitAndSignBecomeOneExactFactor) {
  const PackLoad load = load_pack(
      with("      - {name: V, at: 0, type: u16, unit: V, scale: 0.1, signal: line_voltage}\n"
           "      - {name: W, at: 1, type: s32, order: low_high, unit: kW, scale: 0.01, invert: "
           "true, "
           "signal: active_power}\n"
           "      - {name: E, at: 3, type: u32, unit: Wh, scale: 0.25, absent: 0xFFFFFFFF, "
           "signal: energy_imported}\n"
           "      - {name: C, at: 5, type: u16, mask: 0x4, signal: grid_connected}\n"),
      "p.yaml");
  for (const PackError& error : load.errors) ADD_FAILURE() << to_string(error);
  ASSERT_NE(load.loaded, nullptr);
  const auto points = load.loaded->pack().sections[0].points;
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].multiplier, 100);
  EXPECT_EQ(points[0].divisor, 1);
  EXPECT_EQ(points[1].multiplier, -10);
  EXPECT_EQ(points[1].order, device_pack::WordOrder::low_high);
  EXPECT_EQ(points[2].multiplier, 1);
  EXPECT_EQ(points[2].divisor, 4);
  EXPECT_EQ(points[2].absent, 0xFFFFFFFFU);
  EXPECT_EQ(points[3].mask, 4U);
}

TEST(PackLoader, AControlMustBeCompleteAndContiguous) {
  const std::string points =
      "      - {name: W, at: 0, type: s16, unit: W, signal: power_setpoint}\n"
      "      - {name: T, at: 1, type: u16, unit: s}\n"
      "      - {name: X, at: 5, type: u16}\n";
  const auto control = [&points](std::string_view setpoint) {
    return with(points, "control:\n  section: a\n  setpoint: " + std::string(setpoint) +
                            "\n  lease: {min_s: 1, max_s: 60, device_reverts: true, after: stops}\n"
                            "  volatile: true\n  stop: none\n  standby: none\n");
  };
  const PackLoad good =
      load_pack(control("[[{point: W, value: setpoint}, {point: T, value: lease_s}]]"), "p.yaml");
  for (const PackError& error : good.errors) ADD_FAILURE() << to_string(error);
  for (const char* bad :
       {"[[{point: W, value: setpoint}]]",                                // No lease.
        "[[{point: T, value: lease_s}]]",                                 // No set-point.
        "[[{point: W, value: setpoint}, {point: X, constant: 1}]]",       // A gap.
        "[[{point: W, value: setpoint, constant: 1}]]",                   // Both.
        "[[{point: X, value: setpoint}], [{point: T, value: lease_s}]]",  // No unit W.
        "[[{point: Y, value: setpoint}], [{point: T, value: lease_s}]]",  // No such point.
        "[[{point: W, value: setpoint}], [{point: T, value: lease_s}], [{point: X, constant: "
        "-1}]]"}) {
    EXPECT_EQ(load_pack(control(bad), "p.yaml").loaded, nullptr) << bad;
  }
}

TEST(PackLoader, AHeartbeatCountsAndNothingElseDoes) {
  const std::string points =
      "      - {name: W, at: 0, type: s16, unit: W, signal: power_setpoint}\n"
      "      - {name: T, at: 1, type: u16, unit: s}\n"
      "      - {name: H, at: 2, type: u16}\n"
      "      - {name: X, at: 5, type: u16}\n";
  const auto control = [&points](std::string_view heartbeat, std::string_view lease = "lease_s") {
    return with(points,
                "control:\n  section: a\n"
                "  setpoint: [[{point: W, value: setpoint}, {point: T, value: " +
                    std::string(lease) +
                    "}]]\n  lease: {min_s: 1, max_s: 60, device_reverts: true, after: stops}\n"
                    "  heartbeat: " +
                    std::string(heartbeat) + "\n  volatile: true\n  stop: none\n  standby: none\n");
  };
  constexpr std::string_view kGood = "{period_s: 0.4, request: [{point: H, value: counter}]}";
  const PackLoad good = load_pack(control(kGood), "p.yaml");
  for (const PackError& error : good.errors) ADD_FAILURE() << to_string(error);
  ASSERT_NE(good.loaded, nullptr);
  device_pack::PackDevice device(good.loaded->pack());
  EXPECT_EQ(device.control()->heartbeat_period, milliseconds(400));
  const auto beat = device.encode_heartbeat(0x8005);
  ASSERT_TRUE(beat);
  EXPECT_EQ(beat->address, good.loaded->pack().sections[0].base + 2);
  ASSERT_EQ(beat->values.size(), 1U);
  EXPECT_EQ(beat->values[0], 5) << "goes round";
  for (const char* bad :
       {"{period_s: 0.4, request: [{point: H, constant: 1}]}",     // Never changes.
        "{period_s: 0.4, request: [{point: H, value: lease_s}]}",  // Not its value.
        "{period_s: 0.4, request: [{point: Y, value: counter}]}",  // No such point.
        "{period_s: 0, request: [{point: H, value: counter}]}",    // No time.
        "{request: [{point: H, value: counter}]}",                 // No time.
        "{period_s: 0.4}",                                         // No request.
        "{period_s: 0.4, request: [{point: H, value: counter}, {point: X, "
        "constant: 1}]}"}) {  // A gap.
    EXPECT_EQ(load_pack(control(bad), "p.yaml").loaded, nullptr) << bad;
  }
  EXPECT_EQ(load_pack(control(kGood, "counter"), "p.yaml").loaded, nullptr)
      << "only in a heartbeat";
  const PackLoad none = find_pack("sunspec_pcs");
  EXPECT_EQ(device_pack::PackDevice(none.loaded->pack()).encode_heartbeat(0).error().code,
            Errc::unimplemented);
}

TEST(PackLoader, ADirectoryComesBeforeTheEmbeddedPacksAndNamesAreNoPaths) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "ems_pack_loader_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "p.yaml") << with(kPoint);
  std::ofstream(folder / "q.yaml") << with(kPoint);
  EXPECT_NE(find_pack("p", folder.string()).loaded, nullptr);
  EXPECT_NE(find_pack("sunspec_pcs", folder.string()).loaded, nullptr);
  EXPECT_EQ(find_pack("q", folder.string()).errors.at(0).code, Errc::invalid_argument);
  for (const char* name : {"", "../p", "nope", "a/b"}) {
    const PackLoad load = find_pack(name, folder.string());
    ASSERT_EQ(load.errors.size(), 1U) << name;
    EXPECT_EQ(load.errors[0].code, Errc::unknown_protocol) << name;
  }
  EXPECT_NE(find_pack("nope", folder.string()).errors[0].message.find("eastron_sdm630"),
            std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ems::io
