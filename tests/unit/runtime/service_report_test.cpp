// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/service_report.hpp"

#include <gtest/gtest.h>

namespace ems::runtime {
namespace {

SiteStatus at_tick(std::uint64_t tick) {
  SiteStatus status;
  status.tick = tick;
  status.safety.state = SafetyState::normal;
  status.safety.armed = true;
  status.safety.limits_accepted = true;
  status.links.resize(3);
  status.links[0].online = status.links[2].online = true;
  return status;
}

TEST(ServiceReport, IsReadyAtTheFirstTickAndOnlyOnce) {
  ServiceReport report;
  EXPECT_EQ(report.look(at_tick(0)), "STATUS=starting");
  EXPECT_FALSE(report.ready());
  EXPECT_EQ(report.look(at_tick(1)),
            "READY=1\nWATCHDOG=1\nSTATUS=normal, armed, 2 of 3 devices online");
  EXPECT_TRUE(report.ready());
  EXPECT_EQ(report.look(at_tick(2)), "WATCHDOG=1\nSTATUS=normal, armed, 2 of 3 devices online");
}

TEST(ServiceReport, AStrandThatAnswersWithoutTickingIsNotAlive) {
  ServiceReport report;
  (void)report.look(at_tick(7));
  EXPECT_EQ(report.look(at_tick(7)), "STATUS=the control loop does not tick");
  EXPECT_EQ(report.look(at_tick(8)).substr(0, 10), "WATCHDOG=1");
}

TEST(ServiceReport, AStrandThatDoesNotAnswerIsNotAliveWhateverItDidBefore) {
  ServiceReport report;
  (void)report.look(at_tick(7));
  const Result<SiteStatus> hung = fail(Errc::timeout, 0, "the control strand does not answer");
  EXPECT_EQ(report.look(hung), "STATUS=the control strand does not answer");
  EXPECT_EQ(report.look(at_tick(7)), "STATUS=the control loop does not tick");
}

TEST(ServiceReport, NeverSaysArmedOfASiteThatOnlyWatches) {
  SiteStatus status = at_tick(1);
  status.safety.limits_accepted = false;
  ServiceReport report;
  EXPECT_NE(report.look(status).find("STATUS=normal, monitor only, "), std::string::npos);
  status.tick = 2;
  status.safety.limits_accepted = true;
  status.safety.armed = false;
  EXPECT_NE(report.look(status).find("STATUS=normal, monitor only, "), std::string::npos);
}

TEST(ServiceReport, SaysWhetherTheUplinkIsThere) {
  ServiceReport report;
  SiteStatus status = at_tick(1);
  status.uplink.state = UplinkState::online;
  EXPECT_NE(report.look(status).find("devices online, uplink online"), std::string::npos);
  status.tick = 2;
  status.uplink.state = UplinkState::waiting;
  EXPECT_NE(report.look(status).find("devices online, uplink offline"), std::string::npos);
}

}  // namespace
}  // namespace ems::runtime
