// SPDX-License-Identifier: Apache-2.0
// From the site file and the accepted limits to what the control loop runs with.
#include "ems/runtime/control_config.hpp"

#include <gtest/gtest.h>

#include "ems/io/config/site_config.hpp"

namespace ems::runtime {
namespace {

const io::KnownNames kKnown{{"jbd"}, {"sunspec_pcs"}, {}};

io::SiteConfig site() {
  const io::Loaded<io::SiteConfig> loaded = io::parse_site_config(R"(site: demo
agent: gateway-1
batteries:
  - id: 1
    protocol: jbd
    serial: {device: /dev/ttyUSB0}
    chemistry: lfp
    cells: 16
    capacity_ah: 100
    charge_current_max_a: 50
    discharge_current_max_a: 100
inverters:
  - id: 1
    pack: sunspec_pcs
    modbus_tcp: {address: "127.0.0.1:1502"}
    batteries: [1]
    rated_power_w: 5000
    efficiency_pct: 95
    dead_time_s: 0.5
    ramp_w_per_s: 5000
)",
                                                                  "site.yaml", kKnown);
  EXPECT_TRUE(loaded) << to_text(loaded.errors);
  return *loaded.value;
}

TEST(ControlConfig, TheSiteFileTightensACurrentAndKeepsTheTimeItMayLast) {
  io::LimitsConfig accepted;
  accepted.limits = safety::default_limits(safety::Chemistry::lfp);
  safety::set_current_limits(accepted.limits, 80'000_ma, 80'000_ma);
  accepted.limits.charge_overcurrent.trip_after = 700_ms;
  io::ControlPermission permission;
  permission.limits = accepted;
  const Result<ControlConfig> config = make_control_config(site(), permission);
  ASSERT_TRUE(config) << config.error().what;
  const safety::Limits& limits = config->safety.batteries[0].limits;
  EXPECT_EQ(limits.charge_current_max, 50'000_ma);     // The site file's.
  EXPECT_EQ(limits.discharge_current_max, 80'000_ma);  // The accepted limits'.
  EXPECT_EQ(limits.charge_overcurrent.trip, 60'000_ma);
  EXPECT_EQ(limits.charge_overcurrent.trip_after, 700_ms);
  EXPECT_EQ(limits.discharge_overcurrent.trip_after, Duration::zero());
}

}  // namespace
}  // namespace ems::runtime
