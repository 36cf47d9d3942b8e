// SPDX-License-Identifier: Apache-2.0
#include "rpc/command_book.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "support/manual_clock.hpp"

namespace ems::rpc {
namespace {

const fleet::AgentKey kOurs{"ours", "site/agent"};
const fleet::AgentKey kOurOther{"ours", "site-2/agent"};
const fleet::AgentKey kTheirs{"theirs", "site/agent"};

class ServerCommandBook : public testing::Test {
 protected:
  [[nodiscard]] Result<std::string> stop(const fleet::AgentKey& key, const std::string& id) {
    return book_.submit(key, seconds(10), "user:anna", EmergencyStopAction{"smoke"}, id);
  }
  [[nodiscard]] Result<std::string> clear(const fleet::AgentKey& key, const std::string& id) {
    return book_.submit(key, seconds(10), "user:anna", ClearSetpointAction{}, id);
  }

  test::ManualClock clock_;
  std::uint64_t next_ = 0;
  CommandBook book_{clock_, [this] { return ++next_; }, 4};
};

TEST_F(ServerCommandBook, AnIdThatIsTakenKeepsNoStopFromItsWay) {
  ASSERT_TRUE(clear(kOurs, "morning"));
  EXPECT_EQ(clear(kOurOther, "morning").error().code, Errc::already_exists);
  const Result<std::string> stopped = stop(kOurOther, "morning");
  ASSERT_TRUE(stopped);
  EXPECT_NE(*stopped, "morning");
  book_.open_session(kOurOther, 1);
  EXPECT_EQ(book_.take(kOurOther, 1)->id, *stopped);
}

TEST_F(ServerCommandBook, TenantsHearNothingOfEachOthersIds) {
  ASSERT_TRUE(clear(kTheirs, "morning"));
  EXPECT_EQ(*clear(kOurs, "morning"), "morning");
  EXPECT_EQ(book_.tenants_of("morning"), (std::vector<std::string>{"ours", "theirs"}));
  EXPECT_TRUE(book_.tenants_of("mornin").empty());
  book_.open_session(kOurs, 1);
  ASSERT_EQ(book_.take(kOurs, 1)->id, "morning");
  ASSERT_TRUE(book_.report(kOurs, {"morning", CommandState::done, {}, clock_.utc()}));
  EXPECT_EQ(book_.steps("ours", "morning", 0, {}).value().size(), 3U);
  EXPECT_EQ(book_.steps("theirs", "morning", 0, {}).value().size(), 1U) << "theirs waits on";
  clock_.advance(seconds(10));
  const auto ended = book_.expire();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].first, kTheirs);
  EXPECT_EQ(book_.steps("nobody", "morning", 0, {}).error().code, Errc::not_found);
}

TEST_F(ServerCommandBook, AStopThatEndedIsNoAnswerToANewOne) {
  ASSERT_EQ(*stop(kOurs, "panic"), "panic");
  EXPECT_EQ(*stop(kOurs, "panic"), "panic") << "repeated while it is under way";
  book_.open_session(kOurs, 1);
  ASSERT_TRUE(book_.take(kOurs, 1));
  ASSERT_TRUE(book_.report(kOurs, {"panic", CommandState::done, {}, clock_.utc()}));
  const Result<std::string> again = stop(kOurs, "panic");
  ASSERT_TRUE(again);
  EXPECT_EQ(book_.take(kOurs, 1)->id, *again);
}

TEST_F(ServerCommandBook, AStopThatIsOnItsWayIsNoAnswerToANewOne) {
  ASSERT_TRUE(stop(kOurs, ""));
  const Result<std::string> queued = stop(kOurs, "");
  book_.open_session(kOurs, 1);
  EXPECT_EQ(book_.take(kOurs, 1)->id, *queued) << "two that wait are one";
  const Result<std::string> next = stop(kOurs, "");
  EXPECT_NE(*next, *queued) << "the agent may have been reset since";
  EXPECT_EQ(book_.take(kOurs, 1)->id, *next);
}

TEST_F(ServerCommandBook, AnAgentThatNeverAnswersDoesNotFillTheBookWithStops) {
  book_.open_session(kOurs, 1);
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ids.insert(*stop(kOurs, ""));
    (void)book_.take(kOurs, 1);
  }
  EXPECT_EQ(ids.size(), 16U);
}

}  // namespace
}  // namespace ems::rpc
