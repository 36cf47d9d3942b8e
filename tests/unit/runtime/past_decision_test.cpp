// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/past_decision.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "ems/io/store/edge_store.hpp"
#include "ems/runtime/decision_view.hpp"
#include "ems/telemetry/event_record.hpp"
#include "support/temp_dir.hpp"

namespace ems::runtime {
namespace {

constexpr std::int64_t kFirst = 1'790'000'000;
UtcInstant at_s(std::int64_t second) { return UtcInstant{seconds(kFirst + second)}; }

class PastDecision : public testing::Test {
 protected:
  void SetUp() override {
    auto store = io::EdgeStore::open(path_);
    ASSERT_TRUE(store);
    store_.emplace(std::move(*store));
  }
  void add(telemetry::Stream stream, std::int64_t second, telemetry::RecordType type,
           const std::string& text) {
    ASSERT_TRUE(store_->append(stream, {at_s(second), type, std::as_bytes(std::span(text))}));
  }
  void decide(std::int64_t second, const std::string& winner) {
    DecisionView view;
    view.at = at_s(second);
    view.winner = winner;
    view.summary = "because of " + winner;
    add(telemetry::Stream::decisions, second, telemetry::RecordType::decision, to_record(view));
  }
  void alarm(std::int64_t second, Severity severity, const char* name) {
    const auto payload = telemetry::encode_event({severity, battery(1), name});
    ASSERT_TRUE(payload);
    ASSERT_TRUE(store_->append(telemetry::Stream::audit,
                               {at_s(second), telemetry::RecordType::event, payload->view()}));
  }
  Result<Explanation> past(std::int64_t second) {
    EXPECT_TRUE(store_->commit());
    return explain_past(path_, at_s(second));
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "store.db";
  std::optional<io::EdgeStore> store_;
};

TEST_F(PastDecision, IsTheOneInForceWithWhatHappenedSince) {
  decide(0, "price");
  decide(10, "schedule");
  decide(100, "plan");
  add(telemetry::Stream::audit, 5, telemetry::RecordType::audit, "too_early\nanna\nbefore it");
  add(telemetry::Stream::audit, 20, telemetry::RecordType::audit, "setpoint_set\nanna\n1 kW");
  alarm(21, Severity::warning, "not_worth_a_word");
  alarm(22, Severity::alarm, "cell_overvoltage");
  add(telemetry::Stream::audit, 31, telemetry::RecordType::audit, "too_late\nanna\n");
  const Result<Explanation> seen = past(30);
  ASSERT_TRUE(seen) << seen.error().what;
  EXPECT_EQ(seen->decision.winner, "schedule");
  EXPECT_EQ(seen->asked, at_s(30));
  ASSERT_EQ(seen->happened.size(), 2U);
  EXPECT_EQ(seen->happened[0].text, "setpoint_set by anna: 1 kW");
  EXPECT_EQ(seen->happened[1].text, "battery/1 cell_overvoltage raised");
  EXPECT_NE(seen->text.find("20.0 s before"), std::string::npos) << seen->text;
}

TEST_F(PastDecision, TellsTheNewestHappeningsAndCountsTheOthers) {
  decide(0, "price");
  for (int i = 1; i <= 5; ++i) {
    add(telemetry::Stream::audit, i, telemetry::RecordType::audit,
        "thing_" + std::to_string(i) + "\nanna\n");
  }
  const Result<Explanation> seen = past(50);
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->happened.size(), 3U);
  EXPECT_EQ(seen->happened[0].text, "thing_3 by anna");
  EXPECT_EQ(seen->happened_before, 2U);
}

TEST_F(PastDecision, BeforeTheFirstThereIsNone) {
  EXPECT_EQ(past(0).error().code, Errc::not_found);
  EXPECT_EQ(*earliest_decision(path_), std::nullopt);
  decide(10, "price");
  EXPECT_EQ(past(9).error().code, Errc::not_found);
  EXPECT_EQ(*earliest_decision(path_), at_s(10));
  EXPECT_EQ(explain_past(folder_ / "none.db", at_s(0)).error().code, Errc::not_found);
}

// What was lost is not answered by what was before it; what is no decision is not explained.
TEST_F(PastDecision, DamageIsSaidNotPapered) {
  decide(0, "price");
  add(telemetry::Stream::decisions, 10, telemetry::RecordType::decision, "{}");
  EXPECT_EQ(past(5)->decision.winner, "price");
  EXPECT_EQ(past(15).error().code, Errc::corrupt);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "UPDATE block SET bytes=zeroblob(length(bytes)) WHERE stream=2",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  ASSERT_GT(sqlite3_changes(db), 0);
  sqlite3_close(db);
  EXPECT_EQ(explain_past(path_, at_s(5)).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace ems::runtime
