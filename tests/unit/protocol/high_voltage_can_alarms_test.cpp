// SPDX-License-Identifier: Apache-2.0
// Every alarm bit of the CAN batteries that are tables, one by one, against the tables of their
// pages.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "ems/protocol/afore/codec.hpp"
#include "ems/protocol/growatt_hv/codec.hpp"
#include "ems/protocol/growatt_lv/codec.hpp"
#include "ems/protocol/pylontech_hv/codec.hpp"
#include "ems/protocol/schneider/codec.hpp"
#include "ems/protocol/sma_byd_hv/codec.hpp"
#include "ems/protocol/solax_hv/codec.hpp"
#include "support/can_talk.hpp"

namespace ems::protocol {
namespace {

using test::RecordingSink;

std::string names(const CanCodec& codec, std::uint64_t common, std::uint64_t own) {
  std::string all;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((own >> bit & 1U) != 0) all += std::string(codec.vendor_alarm_name(bit).value()) + " ";
  }
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((common >> bit & 1U) != 0) all += std::string(alarm_name(bit).value()) + " ";
  }
  return all;
}

/// What one frame says: its alarms, `|`, its warnings; each name with a blank behind it.
std::string said(const CanCodec& codec, std::uint32_t id, const std::array<std::byte, 8>& data) {
  CanMailbox mailbox;
  RecordingSink sink;
  const CanFrame frame =
      make_can_frame(id, id > kCanIdMax || &codec == &schneider::codec(), data).value();
  EXPECT_TRUE(codec.decode(frame, Instant{}, mailbox, sink)) << codec.name();
  const auto bits = [](std::optional<std::int64_t> value) {
    return static_cast<std::uint64_t>(value.value_or(0));
  };
  return names(codec, bits(sink.value(Signal::alarms)), bits(sink.value(Signal::vendor_alarms))) +
         "|" +
         names(codec, bits(sink.value(Signal::warnings)),
               static_cast<std::uint64_t>(sink.vendor["vendor_warnings"]));
}

struct Place {
  unsigned byte;
  unsigned first;  ///< Bit of the first name.
  bool warns;
  std::vector<std::string> names;  ///< Of bits one after another; empty: none.
};

void expect_bits(const CanCodec& codec, std::uint32_t id, const std::vector<Place>& places) {
  for (const Place& place : places) {
    for (unsigned i = 0; i < place.names.size(); ++i) {
      std::array<std::byte, 8> data{};
      const unsigned bit = place.first + i;
      data[place.byte + bit / 8] = static_cast<std::byte>(1U << (bit % 8));
      const std::string name = place.names[i].empty() ? "" : place.names[i] + " ";
      EXPECT_EQ(said(codec, id, data), place.warns ? "|" + name : name + "|")
          << codec.name() << " byte " << place.byte << " bit " << bit;
    }
  }
}

TEST(HighVoltageCanAlarms, PylontechBits) {
  const std::vector<std::string> limits = {
      "cell_undervoltage",          "cell_overvoltage",          "pack_undervoltage",
      "pack_overvoltage",           "charge_undertemperature",   "charge_overtemperature",
      "discharge_undertemperature", "discharge_overtemperature", "charge_overcurrent",
      "discharge_overcurrent",      "module_undervoltage",       "module_overvoltage"};
  expect_bits(
      pylontech_hv::codec(), 0x4250,
      {{3,
        0,
        false,
        {"voltage_sensor internal_failure", "temperature_sensor internal_failure",
         "communication_failure", "dc_overvoltage pack_overvoltage", "reversed internal_failure",
         "contactor_failure", "damaged internal_failure", "internal_failure"}},
       {6, 0, false, std::vector(limits.begin(), limits.end() - 2)},
       {7,
        2,
        false,
        {"module_undervoltage pack_undervoltage", "module_overvoltage pack_overvoltage"}},
       {4, 0, true, limits}});
}

TEST(HighVoltageCanAlarms, GrowattBits) {
  const std::vector<std::string> limits = {"precharge_failure",
                                           "pack_undervoltage",
                                           "pack_overvoltage",
                                           "cell_undervoltage",
                                           "cell_overvoltage",
                                           "short_circuit",
                                           "charge_overcurrent",
                                           "discharge_overcurrent",
                                           "",
                                           "",
                                           "cell_imbalance",
                                           "internal_failure",
                                           "charge_undertemperature",
                                           "discharge_undertemperature",
                                           "charge_overtemperature",
                                           "discharge_overtemperature"};
  expect_bits(growatt_lv::codec(), 0x312, {{0, 0, false, limits}, {2, 0, true, limits}});
  expect_bits(growatt_lv::codec(), 0x311,
              {{7, 0, false, {"", "", "error internal_failure", "", "", "", "", ""}}});
  expect_bits(growatt_lv::codec(), 0x313, {{7, 6, true, {"", "soh_unsafe"}}});
  expect_bits(growatt_hv::codec(), 0x3110,
              {{7, 0, false, {"", "", "fault internal_failure", "", "", "", "", ""}}});
  expect_bits(growatt_hv::codec(), 0x3120,
              {{0, 0, false, std::vector<std::string>(64, "protection_bits internal_failure")}});
  expect_bits(growatt_hv::codec(), 0x3130, {{7, 6, true, {"", "soh_unsafe"}}});
  expect_bits(growatt_hv::codec(), 0x3160,
              {{0, 0, false, std::vector<std::string>(16, "fault_flags internal_failure")},
               {2, 0, false, {"", ""}}});
  CodecRoom room;
  const CanCodec& warns =
      *growatt_hv::codec().with({.variant = "charge_positive_bits_warn"}, room).value();
  expect_bits(warns, 0x3120, {{0, 0, true, std::vector<std::string>(64, "protection_bits")}});
  expect_bits(warns, 0x3160, {{0, 0, true, std::vector<std::string>(16, "fault_flags")}});
}

TEST(HighVoltageCanAlarms, AforeBits) {
  expect_bits(afore::codec(), 0x353,
              {{0,
                0,
                false,
                {"cell_overvoltage", "cell_undervoltage", "pack_overvoltage", "pack_undervoltage",
                 "overtemperature", "undertemperature", "isolation_failure", "charge_overcurrent",
                 "discharge_overcurrent", "soc_low", "communication_failure",
                 "supply_overvoltage internal_failure", "supply_undervoltage internal_failure",
                 "contactor_failure", "precharge_failure", "interlock_open internal_failure"}},
               {2, 0, false, std::vector<std::string>(8, "fault_unnamed internal_failure")},
               {3,
                0,
                false,
                {"interlock_short_circuit internal_failure", "internal_failure",
                 "charge_reference_overvoltage internal_failure",
                 "charge_transistor_damaged internal_failure",
                 "discharge_transistor_damaged internal_failure", "overtemperature",
                 "undertemperature", "cell_imbalance"}},
               {4, 0, false, {"", ""}}});
  expect_bits(afore::codec(), 0x357,
              {{0,
                0,
                true,
                {"cell_overvoltage", "cell_undervoltage", "pack_overvoltage", "pack_undervoltage",
                 "overtemperature", "undertemperature", "overtemperature", "undertemperature",
                 "charge_overcurrent", "soc_low", "soc_low", ""}}});
}

TEST(HighVoltageCanAlarms, SchneiderBits) {
  const std::vector<std::string> low = {
      "charge_overcurrent", "discharge_overcurrent", "overtemperature", "undertemperature",
      "pack_overvoltage",   "pack_undervoltage",     "cell_imbalance",  "communication_failure"};
  expect_bits(schneider::codec(), 0x325,
              {{5, 0, false, low},
               {4, 0, false, {"internal_failure"}},
               {4, 1, false, std::vector<std::string>(7, "fault_unnamed internal_failure")},
               {3, 0, true, low},
               {2, 0, true, {"internal_failure"}},
               {2, 1, true, std::vector<std::string>(7, "warning_unnamed")}});
}

TEST(HighVoltageCanAlarms, AStateOfFaultIsAFailureForEverybody) {
  const auto in_state = [](unsigned byte, unsigned value) {
    std::array<std::byte, 8> data{};
    data[byte] = static_cast<std::byte>(value);
    return data;
  };
  EXPECT_EQ(said(afore::codec(), 0x351, in_state(4, 4U << 5U)), "state_fault internal_failure |");
  EXPECT_EQ(said(afore::codec(), 0x351, in_state(4, 3U << 5U)), "|state_warning ");
  EXPECT_EQ(said(schneider::codec(), 0x326, in_state(1, 4)), "state_faulted internal_failure |");
  EXPECT_EQ(said(schneider::codec(), 0x326, in_state(1, 3)), "|");
  EXPECT_EQ(said(solax_hv::codec(), 0x1877, in_state(1, 1)), "error internal_failure |");
}

TEST(HighVoltageCanAlarms, SmaPairs) {
  const char* const order[] = {
      "internal_failure ",        "cell_overvoltage ",  "cell_undervoltage ",
      "overtemperature ",         "undertemperature ",  "charge_overtemperature ",
      "charge_undertemperature ", "overload ",          "overload ",
      "contactor_failure ",       "short_circuit ",     "internal_failure ",
      "cell_imbalance ",          "service_life_over ", "thermal_management ",
      "internal_failure "};
  for (unsigned pair = 0; pair < 32; ++pair) {
    std::array<std::byte, 8> data;
    data.fill(std::byte{0xAA});
    data[pair / 4] ^= static_cast<std::byte>(3U << (pair % 4 * 2));
    const bool warns = pair >= 16;
    std::string name = order[pair % 16];
    if (warns && name == "overload ") name = "self_diagnosis ";
    if (!warns && (name == "overload " || name == "thermal_management ")) {
      name += "internal_failure ";
    }
    EXPECT_EQ(said(sma_byd_hv::codec(), 0x158, data), warns ? "|" + name : name + "|") << pair;
  }
}

}  // namespace
}  // namespace ems::protocol
