// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <variant>

#include "ems/io/config/site_check.hpp"
#include "ems/io/config/site_config.hpp"

namespace ems::io {
namespace {

const KnownNames kKnown{{"jbd", "pylontech"}, {"eastron_sdm630", "sunspec_pcs"}, {"pylontech"}};

// The whole file, one key per line, so that every place below can be counted.
constexpr const char* kGood = R"(site: demo
agent: gateway-1
batteries:
  - id: 1
    protocol: jbd
    serial:
      device: /dev/ttyUSB0
      baud: 9600
    chemistry: lfp
    cells: 16
    capacity_ah: 100.0
    charge_current_max_a: 50.0
    discharge_current_max_a: 100.0
inverters:
  - id: 1
    pack: sunspec_pcs
    modbus_tcp: {address: "127.0.0.1:1502", unit: 1}
    batteries: [1]
    rated_power_w: 5000
    efficiency_pct: 95.0
    dead_time_s: 0.5
    ramp_w_per_s: 5000
meters:
  - id: 1
    role: pcc
    pack: eastron_sdm630
    modbus_rtu: {device: /dev/ttyUSB1, unit: 1}
policies:
  import_limit: {limit_w: 8000}
)";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string errors_of(const std::string& text) {
  const Loaded<SiteConfig> loaded = parse_site_config(text, "site.yaml", kKnown);
  EXPECT_EQ(loaded.value.has_value(), loaded.errors.empty());
  return to_text(loaded.errors);
}

std::string with_candump(const std::string& protocol, const std::string& candump) {
  std::string text = changed("    serial:\n      device: /dev/ttyUSB0\n      baud: 9600\n",
                             "    candump: " + candump + "\n");
  return text.replace(text.find("jbd"), 3, protocol);
}

TEST(ConfigSite, BindsARecordedCanBus) {
  const auto link = [](const std::string& candump) {
    const auto loaded =
        parse_site_config(with_candump("pylontech", candump), "dir/site.yaml", kKnown);
    EXPECT_TRUE(loaded) << to_text(loaded.errors);
    return std::get<CandumpEndpoint>(loaded.value->batteries.at(0).link);
  };
  EXPECT_EQ(link("{file: b.log}"), (CandumpEndpoint{"dir/b.log", false}));
  EXPECT_EQ(link("{file: /b.log, at_end: repeat}"), (CandumpEndpoint{"/b.log", true}));
  EXPECT_EQ(link("{file: b.log, at_end: stop}"), (CandumpEndpoint{"dir/b.log", false}));
}

TEST(ConfigSite, AProtocolNeedsALinkOfItsOwnKind) {
  EXPECT_EQ(errors_of(changed("protocol: jbd", "protocol: pylontech")),
            "site.yaml:5:15: protocol \"pylontech\" is spoken on CAN; its link is \"socketcan\", "
            "\"slcan\", \"slcan_tcp\", \"socketcand\", \"cannelloni\" or \"candump\"\n");
  EXPECT_EQ(errors_of(with_candump("jbd", "{file: b.log}")),
            "site.yaml:5:15: protocol \"jbd\" is not spoken on CAN; its link is \"serial\" or "
            "\"tcp\"\n");
}

/// kGood with a battery on CAN behind `link`.
std::string with_can(const std::string& link, const std::string& more = "") {
  std::string text = changed("    serial:\n      device: /dev/ttyUSB0\n      baud: 9600\n",
                             "    " + link + "\n" + (more.empty() ? "" : "    " + more + "\n"));
  return text.replace(text.find("jbd"), 3, "pylontech");
}

TEST(ConfigSite, BindsEveryCanLink) {
  const auto link = [](const std::string& text) {
    const auto loaded = parse_site_config(with_can(text), "dir/site.yaml", kKnown);
    EXPECT_TRUE(loaded) << to_text(loaded.errors);
    return loaded ? loaded.value->batteries.at(0).link : BatteryLink{};
  };
  EXPECT_EQ(link("socketcan: {interface: can0}"), BatteryLink(SocketcanEndpoint{"can0"}));
  EXPECT_EQ(link("slcan: {device: /dev/ttyACM0}"),
            BatteryLink(SlcanEndpoint{"/dev/ttyACM0", 115'200, {}}));
  EXPECT_EQ(link("slcan: {device: ttyACM0, baud: 921600, bit_rate: 250000}"),
            BatteryLink(SlcanEndpoint{"dir/ttyACM0", 921'600, 250'000}));
  EXPECT_EQ(link("slcan_tcp: {address: \"10.0.0.5:3333\"}"),
            BatteryLink(SlcanTcpEndpoint{{"10.0.0.5", 3333}, {}}));
  EXPECT_EQ(link("slcan_tcp: {address: \"h:1\", bit_rate: 1000000}"),
            BatteryLink(SlcanTcpEndpoint{{"h", 1}, 1'000'000}));
  EXPECT_EQ(link("socketcand: {address: \"pi:29536\"}"),
            BatteryLink(SocketcandEndpoint{{"pi", 29536}, "can0"}));
  EXPECT_EQ(link("socketcand: {address: \"pi:29536\", bus: vcan1}"),
            BatteryLink(SocketcandEndpoint{{"pi", 29536}, "vcan1"}));
  EXPECT_EQ(link("cannelloni: {address: \"pi:20000\"}"),
            BatteryLink(CannelloniEndpoint{{"pi", 20000}, {"0.0.0.0", 20000}}));
  EXPECT_EQ(link("cannelloni: {address: \"pi:20000\", listen: \"[::]:20001\"}"),
            BatteryLink(CannelloniEndpoint{{"pi", 20000}, {"::", 20001}}));
}

TEST(ConfigSite, BindsTheRecordingOfABus) {
  const auto record = [](const std::string& text) {
    const auto loaded =
        parse_site_config(with_can("socketcan: {interface: can0}", text), "dir/site.yaml", kKnown);
    EXPECT_TRUE(loaded) << to_text(loaded.errors);
    return loaded ? loaded.value->batteries.at(0).record : std::nullopt;
  };
  EXPECT_EQ(record(""), std::nullopt);
  EXPECT_EQ(record("record: {file: b.log}"), (CanRecordConfig{"dir/b.log", 64'000'000}));
  EXPECT_EQ(record("record: {file: /b.log, max_mb: 1}"), (CanRecordConfig{"/b.log", 1'000'000}));
}

TEST(ConfigSite, CanLinksMayBeArmed) {
  EXPECT_EQ(errors_of(with_can("socketcan: {interface: can0}") + "control: armed\n"), "");
}

TEST(ConfigSite, RefusesCanLinksThatCannotBe) {
  const struct {
    const char* link;
    const char* expected;
  } cases[] = {
      {"socketcan: {interface: \"can 0\"}",
       "site.yaml:6:28: no CAN interface can be called \"can 0\"\n"},
      {"socketcan: {interface: sixteenletters16}",
       "site.yaml:6:28: no CAN interface can be called \"sixteenletters16\"\n"},
      {"socketcand: {address: \"h:1\", bus: \"a>b\"}",
       "site.yaml:6:39: no CAN interface can be called \"a>b\"\n"},
      {"cannelloni: {address: \"h:1\", listen: \"localhost:20000\"}",
       "site.yaml:6:42: \"localhost\" is not an address of this machine; did you mean "
       "\"0.0.0.0:20000\"?\n"},
      {"slcan: {device: /dev/ttyUSB1}",
       "site.yaml:25:26: line \"/dev/ttyUSB1\" is taken; first on line 6\n"},
      {"candump: {file: b.log}\n    record: {file: c.log}",
       "site.yaml:7:13: \"record\" needs a CAN bus: \"socketcan\", \"slcan\", \"slcan_tcp\", "
       "\"socketcand\" or \"cannelloni\"\n"},
      {"candump: {file: b.log}\n    listen_only: true",
       "site.yaml:7:18: \"listen_only\" needs a CAN bus; on a serial line a battery that is not "
       "asked says nothing\n"},
      {"socketcan: {interface: can0}\n    listen_only: true", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(errors_of(with_can(c.link)), c.expected) << c.link;
  EXPECT_NE(errors_of(with_can("slcan: {device: x, bit_rate: 300000}")).find("bit_rate"),
            std::string::npos);
}

TEST(ConfigSite, TwoBatteriesDoNotShareWhatOneAloneMayHave) {
  const auto both = [](const std::string& first, const std::string& second) {
    std::string text = with_can(first);
    const std::size_t at = text.find("  - id: 1");
    std::string other = text.substr(at, text.find("inverters:") - at);
    other.replace(other.find("id: 1"), 5, "id: 2");
    other.replace(other.find(first), first.size(), second);
    return errors_of(text.insert(text.find("inverters:"), other));
  };
  const std::string server = "socketcand: {address: \"h:1\"}";
  EXPECT_EQ(both(server, server), "") << "a bus may have several batteries";
  EXPECT_EQ(both("socketcan: {interface: can0}", "socketcan: {interface: can0}"), "");
  for (const std::string link : {"slcan: {device: /dev/ttyACM0}", "slcan_tcp: {address: \"h:1\"}",
                                 "cannelloni: {address: \"h:1\"}"}) {
    EXPECT_NE(both(link, link).find("is taken; first on line 6"), std::string::npos) << link;
  }
  EXPECT_EQ(both("cannelloni: {address: \"h:1\"}",
                 "cannelloni: {address: \"h:1\", listen: \"0.0.0.0:20001\"}"),
            "");
  EXPECT_NE(both("socketcan: {interface: can0}\n    record: {file: a.log}",
                 "socketcan: {interface: can1}\n    record: {file: a.log}")
                .find("\"a.log\" is taken"),
            std::string::npos);
}

TEST(ConfigSite, ARecordingCommandsNothing) {
  const std::string recorded = with_candump("pylontech", "{file: b.log}");
  EXPECT_EQ(errors_of(recorded + "control: disarmed\n"), "");
  EXPECT_EQ(errors_of(recorded + "control: armed\n"),
            "site.yaml:28:10: a battery is a recording: nothing may be commanded on its word; did "
            "you mean \"disarmed\"?\n");
}

TEST(ConfigSite, BindsEveryValueInIntegerUnits) {
  const Loaded<SiteConfig> loaded = parse_site_config(kGood, "dir/site.yaml", kKnown);
  ASSERT_TRUE(loaded) << to_text(loaded.errors);
  const SiteConfig& site = *loaded.value;
  EXPECT_EQ(site.identity(), "urn:ems:agent:demo/gateway-1");
  EXPECT_EQ(std::get<SerialEndpoint>(site.batteries.at(0).link),
            (SerialEndpoint{"/dev/ttyUSB0", 9600, Parity::none, 1}));
  EXPECT_EQ(site.batteries[0].capacity, MicroAmpHour{100'000'000});
  EXPECT_EQ(site.batteries[0].charge_current_max, MilliAmp{50'000});
  EXPECT_EQ(site.batteries[0].cells, 16);
  EXPECT_EQ(std::get<ModbusTcpEndpoint>(site.inverters.at(0).link),
            (ModbusTcpEndpoint{{"127.0.0.1", 1502}, 1}));
  EXPECT_EQ(site.inverters[0].batteries, std::vector<std::uint16_t>{1});
  EXPECT_EQ(site.inverters[0].efficiency, BasisPoints{9500});
  EXPECT_EQ(site.inverters[0].dead_time, milliseconds(500));
  EXPECT_EQ(std::get<ModbusRtuEndpoint>(site.meters.at(0).link).line.device, "/dev/ttyUSB1");
  ASSERT_NE(site.pcc_meter(), nullptr);
  EXPECT_EQ(site.policies.import_limit->limit, Watt{8000});
  EXPECT_FALSE(site.policies.self_consumption);
}

TEST(ConfigSite, FillsDefaultsAndJoinsPathsToTheFilesFolder) {
  const Loaded<SiteConfig> loaded = parse_site_config(kGood, "dir/site.yaml", kKnown);
  ASSERT_TRUE(loaded);
  const SiteConfig& site = *loaded.value;
  EXPECT_EQ(site.tenant, "default");
  EXPECT_EQ(site.control, ControlMode::disarmed);
  EXPECT_FALSE(site.limits);
  EXPECT_EQ(site.tick, milliseconds(100));
  EXPECT_EQ(site.telemetry_period, seconds(1));
  EXPECT_EQ(site.store.path, "dir/telemetry.db");
  EXPECT_EQ(site.store.budget_bytes, 256'000'000);
  EXPECT_EQ(site.store.block_span, seconds(60));
  for (const StreamKeep& keep : {site.store.audit, site.store.telemetry, site.store.decisions}) {
    EXPECT_EQ(keep.budget_bytes, 0);
    EXPECT_EQ(keep.age, Duration::zero());
  }
  EXPECT_EQ(site.api_socket, "dir/agent.sock");
  EXPECT_EQ(site.log_level, LogLevel::info);
  EXPECT_EQ(site.inverters[0].lease, seconds(30));
  EXPECT_EQ(site.inverters[0].dc_pv, DcPv::unknown);
  EXPECT_EQ(site.batteries[0].poll_period, seconds(1));
}

TEST(ConfigSite, EachStreamOfTheStoreHasItsOwnRetention) {
  const std::string text = std::string(kGood) +
                           "\nstore: {block_s: 10, telemetry: {budget_mb: 100, keep_days: 30}, "
                           "decisions: {budget_mb: 20}, audit: {keep_days: 400}}\n";
  const Loaded<SiteConfig> loaded = parse_site_config(text, "site.yaml", kKnown);
  ASSERT_TRUE(loaded) << to_text(loaded.errors);
  const StoreConfig& store = loaded.value->store;
  EXPECT_EQ(store.block_span, seconds(10));
  EXPECT_EQ(store.telemetry.budget_bytes, 100'000'000);
  EXPECT_EQ(store.telemetry.age, seconds(30 * 86'400));
  EXPECT_EQ(store.decisions.budget_bytes, 20'000'000);
  EXPECT_EQ(store.decisions.age, Duration::zero());
  EXPECT_EQ(store.audit.age, seconds(400 * 86'400));
  const Loaded<SiteConfig> wrong = parse_site_config(
      std::string(kGood) + "\nstore: {audit: {budget_mb: 5}}\n", "site.yaml", kKnown);
  EXPECT_FALSE(wrong) << "audit never makes room";
}

TEST(ConfigSite, ABlockSpansSixtyTelemetryPeriodsUnlessTheFileSaysAnother) {
  const auto span_of = [](const std::string& keys) {
    const Loaded<SiteConfig> loaded = parse_site_config(kGood + keys, "site.yaml", kKnown);
    EXPECT_TRUE(loaded) << to_text(loaded.errors);
    return loaded ? loaded.value->store.block_span : Duration{};
  };
  EXPECT_EQ(span_of("\ntelemetry_period_s: 0.1\n"), seconds(60)) << "at least";
  EXPECT_EQ(span_of("\ntelemetry_period_s: 1.5\n"), seconds(90));
  EXPECT_EQ(span_of("\ntelemetry_period_s: 60\n"), seconds(3600));
  EXPECT_EQ(span_of("\ntelemetry_period_s: 60\nstore: {block_s: 60}\n"), seconds(60));
  EXPECT_EQ(span_of("\nstore: {block_s: 3600}\n"), seconds(3600));
}

TEST(ConfigSite, NamesEachFaultWithPlaceAndSuggestion) {
  const struct {
    const char* from;
    const char* to;
    const char* expected;
  } cases[] = {
      {"      baud: 9600", "      baudrate: 9600",
       "site.yaml:8:7: unknown key \"baudrate\"; did you mean \"baud\"?\n"},
      {"capacity_ah", "capacity",
       "site.yaml:11:5: unknown key \"capacity\"; did you mean \"capacity_ah\"?\n"},
      {"agent: gateway-1", "agent: gateway-1\nzzzzzzzz: 1",
       "site.yaml:3:1: unknown key \"zzzzzzzz\"\n"},
      {"agent: gateway-1", "site: again\nagent: gateway-1",
       "site.yaml:2:1: duplicate key \"site\"; first on line 1\n"},
      {"agent: gateway-1\n", "", "site.yaml:1:1: missing key \"agent\"\n"},
      {"    cells: 16\n", "", "site.yaml:4:5: missing key \"cells\"\n"},
      {"cells: 16", "cells: many", "site.yaml:10:12: \"cells\" must be a number, not \"many\"\n"},
      {"cells: 16", "cells: \"16\"",
       "site.yaml:10:12: \"cells\" must be a number, not a quoted text\n"},
      {"cells: 16", "cells: [16]", "site.yaml:10:12: \"cells\" must be a number, not a list\n"},
      {"cells: 16", "cells: .nan", "site.yaml:10:12: \"cells\" must be a number, not \".nan\"\n"},
      {"cells: 16", "cells: 16.5", "site.yaml:10:12: \"cells\": 16.5 is not a whole number\n"},
      {"rated_power_w: 5000", "rated_power_w: 5000.5",
       "site.yaml:19:20: \"rated_power_w\": 5000.5 is not a whole number of W\n"},
      {"50.0", "50.0005",
       "site.yaml:12:27: \"charge_current_max_a\": 50.0005 has more than 3 decimal places\n"},
      {"efficiency_pct: 95.0", "efficiency_pct: 100.01",
       "site.yaml:20:21: \"efficiency_pct\": 100.01 is out of range; allowed are 50 .. 100 %\n"},
      {"cells: 16", "cells: 99999999999999999999",
       "site.yaml:10:12: \"cells\": 99999999999999999999 is out of range; allowed are 1 .. 1000\n"},
      {"site: demo", "site: Demo",
       "site.yaml:1:7: \"site\": \"Demo\" is not a name: 1 to 63 of a-z, 0-9 and -\n"},
      {"127.0.0.1:1502", "127.0.0.1",
       "site.yaml:17:27: \"address\": \"127.0.0.1\" is not an address: HOST:PORT\n"},
      {"127.0.0.1:1502", "127.0.0.1:65536",
       "site.yaml:17:27: \"address\": \"127.0.0.1:65536\" is not an address: HOST:PORT\n"},
      {"protocol: jbd", "protocol: jdb",
       "site.yaml:5:15: unknown protocol \"jdb\"; known are \"jbd\", \"pylontech\"; did you mean "
       "\"jbd\"?\n"},
      {"pack: sunspec_pcs", "pack: sunspec",
       "site.yaml:16:11: unknown pack \"sunspec\"; known are \"eastron_sdm630\", "
       "\"sunspec_pcs\"; did you mean \"sunspec_pcs\"?\n"},
      {"role: pcc", "role: pc",
       "site.yaml:25:11: unknown role \"pc\"; known are \"pcc\", \"pv\", \"load\"; did you mean "
       "\"pcc\"?\n"},
      {"batteries: [1]", "batteries: [1, 2]",
       "site.yaml:18:20: no battery with id 2; did you mean \"1\"?\n"},
      {"batteries: [1]", "batteries: [1, 1]",
       "site.yaml:18:20: battery 1 already hangs on an inverter; first on line 18\n"},
      {"batteries: [1]", "batteries: []",
       "site.yaml:18:16: \"batteries\" has 0 items; allowed are 1 .. 16\n"},
      {"    serial:\n      device: /dev/ttyUSB0\n      baud: 9600\n", "",
       "site.yaml:4:5: missing key: one of \"serial\", \"tcp\", \"candump\", \"socketcan\", "
       "\"slcan\", \"slcan_tcp\", \"socketcand\", \"cannelloni\"\n"},
      {"    chemistry: lfp", "    tcp: {address: \"h:1\"}\n    chemistry: lfp",
       "site.yaml:4:5: only one of \"serial\", \"tcp\" may be there\n"},
      {"role: pcc", "role: load",
       "site.yaml:29:17: policy \"import_limit\" needs a meter with \"role: pcc\"\n"},
      {"device: /dev/ttyUSB1", "device: /dev/ttyUSB0",
       "site.yaml:27:26: line \"/dev/ttyUSB0\" is taken; first on line 7\n"},
      {"site: demo", "site: &anchor demo",
       "site.yaml:1:7: anchors are not allowed; write the value out\n"},
      {"site: demo", "site: !!str demo", "site.yaml:1:7: tags are not allowed\n"},
      {"site: demo", "site: demo\n<<: {}", "site.yaml:2:1: unknown key \"<<\"\n"},
      {"batteries:\n", "batteries:\n  - nothing\n",
       "site.yaml:4:5: an item of \"batteries\" must be a map of keys, not a single value\n"},
      {"policies:", "tick_s:\npolicies:",
       "site.yaml:28:1: \"tick_s\" must be a number, not nothing\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(errors_of(changed(c.from, c.to)), c.expected) << c.to;
}

TEST(ConfigSite, ReportsAllErrorsAtOnceInTheOrderOfTheFile) {
  std::string text = changed("site: demo", "site: DEMO");
  text.replace(text.find("cells: 16"), 9, "cells: -1");
  text.replace(text.find("batteries: [1]"), 14, "batteries: [7]");
  text.replace(text.find("ramp_w_per_s"), 12, "ramp_w_per_h");
  EXPECT_EQ(errors_of(text),
            "site.yaml:1:7: \"site\": \"DEMO\" is not a name: 1 to 63 of a-z, 0-9 and -\n"
            "site.yaml:10:12: \"cells\": -1 is out of range; allowed are 1 .. 1000\n"
            "site.yaml:18:17: no battery with id 7; did you mean \"1\"?\n"
            "site.yaml:22:5: unknown key \"ramp_w_per_h\"; did you mean \"ramp_w_per_s\"?\n");
}

TEST(ConfigSite, SuggestsTheNearestIdOnEitherSide) {
  std::string text = changed("batteries: [1]", "batteries: [9]");
  const std::size_t battery = text.find("  - id: 1");
  std::string second = text.substr(battery, text.find("inverters:") - battery);
  second.replace(second.find("id: 1"), 5, "id: 10");
  second.replace(second.find("ttyUSB0"), 7, "ttyUSB5");
  text.insert(text.find("inverters:"), second);
  EXPECT_EQ(errors_of(text), "site.yaml:28:17: no battery with id 9; did you mean \"10\"?\n");
}

TEST(ConfigSite, RefusesDuplicateIdsSecondPccAndSharedUnits) {
  const std::string meter =
      "meters:\n"
      "  - id: 1\n"
      "    role: pcc\n"
      "    pack: eastron_sdm630\n"
      "    modbus_rtu: {device: /dev/ttyUSB1, baud: 19200}\n";
  EXPECT_EQ(errors_of(changed("meters:\n", meter)),
            "site.yaml:28:9: duplicate id 1 in \"meters\"; first on line 24\n"
            "site.yaml:29:11: a site has one pcc meter; first on line 25\n"
            "site.yaml:31:17: unit 1 on \"/dev/ttyUSB1\" is taken; first on line 27\n"
            "site.yaml:31:26: line \"/dev/ttyUSB1\" has other baud, parity or stop_bits; first on "
            "line 27\n");
}

TEST(ConfigSite, RefusesWhatIsNotOnePlainDocument) {
  EXPECT_EQ(errors_of("- 1\n"), "site.yaml:1:1: the file must be a map of keys, not a list\n");
  EXPECT_EQ(errors_of(""),
            "site.yaml:1:1: missing key \"site\"\nsite.yaml:1:1: missing key \"agent\"\n");
  EXPECT_EQ(errors_of(std::string(kGood) + "---\nsite: other\n"),
            "site.yaml: more than one YAML document; only one is allowed\n");
  EXPECT_EQ(errors_of("site: [1, 2\n"), "site.yaml:2:1: end of sequence flow not found\n");
  EXPECT_EQ(errors_of("a: &a [x]\nb: *a\n"),
            "site.yaml:1:4: anchors are not allowed; write the value out\n");
  EXPECT_EQ(errors_of("site: " + std::string(40, '[') + std::string(40, ']')),
            "site.yaml:1:22: nested too deeply\n");
  EXPECT_EQ(errors_of(std::string(300'000, '#')), "site.yaml: file is larger than 256 KiB\n");
  EXPECT_EQ(errors_of(std::string("site: a\0b", 9)), "site.yaml: file contains a NUL byte\n");
}

TEST(ConfigSite, AbsentFileIsOneErrorWithoutALine) {
  const Loaded<SiteConfig> loaded = load_site_config("no/such/site.yaml", kKnown);
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_EQ(loaded.errors[0].code, Errc::not_found);
  EXPECT_EQ(loaded.errors[0].text(),
            "no/such/site.yaml: cannot read the file: No such file or directory");
}

TEST(ConfigSite, CarriesAnErrorCodePerKindOfFault) {
  const struct {
    const char* from;
    const char* to;
    Errc code;
  } cases[] = {
      {"cells:", "cell:", Errc::unknown_key},        {"cells: 16", "cells: x", Errc::wrong_type},
      {"agent: gateway-1\n", "", Errc::missing_key}, {"50.0", "50.0001", Errc::off_grid},
      {"cells: 16", "cells: 0", Errc::out_of_range}, {"site: demo", "site: [", Errc::syntax},
  };
  for (const auto& c : cases) {
    const auto loaded = parse_site_config(changed(c.from, c.to), "site.yaml", kKnown);
    ASSERT_FALSE(loaded.errors.empty()) << c.to;
    EXPECT_EQ(loaded.errors[0].code, c.code) << c.to;
  }
}

TEST(ConfigSite, ReportsStopLatencyAndReactionTime) {
  const Loaded<SiteConfig> loaded = parse_site_config(kGood, "site.yaml", kKnown);
  ASSERT_TRUE(loaded);
  const SiteReport report = report_site(*loaded.value);
  ASSERT_EQ(report.lines.size(), 3U);
  EXPECT_EQ(report.lines[1].line, "127.0.0.1:1502");
  EXPECT_TRUE(report.lines[1].controlled);
  EXPECT_EQ(report.lines[1].stop_latency, milliseconds(200));
  EXPECT_FALSE(report.lines[2].controlled);
  // 0.2 s and 260 characters of 10 bits at 9600 baud.
  EXPECT_EQ(report.lines[2].stop_latency, Duration{200'000 + 270'834});
  // Meter poll 0.5, dead time 0.5, 10 kW at 5 kW/s, two ticks of 0.1.
  EXPECT_EQ(report.reaction, milliseconds(3'200));
  // Ten ticks of silence, at least a second, and the tick in which it is noticed.
  EXPECT_EQ(report.watchdog, milliseconds(1'100));
  EXPECT_NE(report.text().find("when it hangs, the watchdog stops the inverters within 1.1 s"),
            std::string::npos);
  EXPECT_TRUE(report.errors.empty());
}

TEST(ConfigSite, RefusesMoreCellsThanTheProtocolHas) {
  KnownNames known = kKnown;
  known.protocols = {"renogy", "pylontech_rt"};
  const auto errors = [&known](const std::string& protocol, const std::string& cells) {
    std::string text = changed("protocol: jbd", "protocol: " + protocol);
    text.replace(text.find("cells: 16"), 9, "cells: " + cells);
    return to_text(parse_site_config(text, "site.yaml", known).errors);
  };
  EXPECT_EQ(errors("renogy", "16"), "");
  EXPECT_EQ(errors("renogy", "24"),
            "site.yaml:10:12: more cells or sensors than the protocol can have\n");
  EXPECT_EQ(errors("pylontech_rt", "16"), "");  // Says nothing of single cells.
}

TEST(ConfigSite, RefusesModulesVariantsAndAddressesThatTheProtocolHasNot) {
  KnownNames known = kKnown;
  known.protocols = {"pylontech", "jbd"};
  known.can_protocols = {};
  const auto errors = [&known](const std::string& more) {
    return to_text(parse_site_config(changed("protocol: jbd", more), "site.yaml", known).errors);
  };
  EXPECT_EQ(errors("protocol: pylontech\n    modules: 4\n    address: 2"), "");
  EXPECT_NE(errors("protocol: pylontech\n    variant: nonesuch"), "");
  EXPECT_NE(errors("protocol: pylontech\n    address: 200"), "");
  EXPECT_NE(errors("protocol: pylontech\n    modules: 16\n    address: 250"), "");
  EXPECT_NE(errors("protocol: jbd\n    modules: 2"), "");
  EXPECT_NE(errors("protocol: jbd\n    address: 1"), "");
}

TEST(ConfigSite, RefusesTheSameServerTwice) {
  const std::string server =
      "  - {address: \"example.org:7443\", ca: ca.crt, certificate: a.crt, key: a.key}\n";
  const std::string agent = "agent: gateway-1\n";
  EXPECT_EQ(errors_of(changed(agent, agent + "servers:\n" + server)), "");
  EXPECT_EQ(errors_of(changed(agent, agent + "servers:\n" + server + server)),
            "site.yaml:5:15: server \"example.org:7443\" is there twice; first on line 4\n");
}

TEST(ConfigSite, RefusesASlowLineOnlyWhereADeviceIsControlled) {
  const auto errors = [](const std::string& text) {
    const Loaded<SiteConfig> loaded = parse_site_config(text, "site.yaml", kKnown);
    EXPECT_TRUE(loaded) << to_text(loaded.errors);
    return to_text(report_site(*loaded.value).errors);
  };
  const std::string tcp = "modbus_tcp: {address: \"127.0.0.1:1502\", unit: 1}\n";
  EXPECT_EQ(errors(changed(tcp, tcp + "    reply_timeout_s: 0.5\n")), "");
  EXPECT_EQ(errors(changed(tcp, tcp + "    reply_timeout_s: 0.500001\n")),
            "site.yaml: line 127.0.0.1:1502 carries a controlled device and a stop may wait "
            "0.500001 s, more than 0.5 s; shorten reply_timeout_s or raise baud\n");
  const std::string rtu = "modbus_rtu: {device: /dev/ttyUSB2, baud: 4800}\n";
  EXPECT_NE(errors(changed(tcp, rtu)), "");
  // The meter's timeout counts where it shares the inverter's line.
  std::string shared = changed(tcp, "modbus_rtu: {device: /dev/ttyUSB1, unit: 2}\n");
  EXPECT_EQ(errors(shared), "");
  shared.replace(shared.find("policies:"), 0, "    reply_timeout_s: 0.4\n");
  EXPECT_NE(errors(shared), "");
}

TEST(ConfigSite, RefusesATickTooSlowForTheHeartbeatOfAPack) {
  const KnownNames known{{"jbd"}, {"eastron_sdm630", "libems_io", "sunspec_pcs"}, {}};
  const auto errors = [&](const std::string& pack, const std::string& tick_s) {
    std::string text = changed("pack: sunspec_pcs", "pack: " + pack);
    text.insert(text.find("site: demo"), "tick_s: " + tick_s + "\n");
    const Loaded<SiteConfig> loaded = parse_site_config(text, "site.yaml", known);
    EXPECT_TRUE(loaded) << to_text(loaded.errors);
    return loaded ? to_text(report_site(*loaded.value).errors) : std::string{};
  };
  EXPECT_EQ(errors("sunspec_pcs", "1"), "");
  EXPECT_EQ(errors("libems_io", "0.2"), "");
  EXPECT_EQ(errors("libems_io", "0.200001"),
            "site.yaml: tick_s of 0.200001 s is too slow for the heartbeat of inverter/1, every "
            "0.4 s; at most half of that\n");
}

}  // namespace
}  // namespace ems::io
