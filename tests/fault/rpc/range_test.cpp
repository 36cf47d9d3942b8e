// SPDX-License-Identifier: Apache-2.0
// Range queries: pages, slices, callers that do not read.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "ems/v1/fleet.grpc.pb.h"
#include "rpc/channel.hpp"
#include "rpc/credentials.hpp"
#include "rpc/range_writer.hpp"
#include "rpc/status.hpp"
#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::eventually;
using test::kHomeAgent;

constexpr std::uint64_t kRows = 12'000;  // 200 blocks of 4 points: several pages and slices.

class Range : public ::testing::Test {
 protected:
  void SetUp() override {
    const telemetry::Epoch epoch = test::epoch(7);
    const auto session = world_.store->session_begin({kHomeAgent, epoch, {}});
    ASSERT_TRUE(session);
    for (std::uint64_t first = 1; first <= kRows; first += 60) {
      const auto block = test::numbered_block(epoch, first, first + 59);
      const std::array items{fleet::IngestItem{block, {}}};
      ASSERT_TRUE(world_.store->ingest(*session, telemetry::Stream::telemetry, epoch, items));
    }
    world_.store->session_end(*session);
  }
  void start(const std::function<void(FleetServerOptions&)>& change) {
    FleetServerOptions options = world_.options();
    change(options);
    auto started = FleetServer::start(options, *world_.store, world_.hub, world_.clock,
                                      system_random(), world_.log);
    ASSERT_TRUE(started);
    world_.server = std::move(*started);
    world_.port = world_.server->port();
  }
  Result<void> read(std::vector<UtcInstant>& times, std::size_t& slices) {
    const PointQuery first_cell{battery(1), Signal::cell_voltage, std::uint16_t{1}};
    return world_.client("viewer")->range(kHomeAgent, UtcInstant{}, UtcInstant{Duration::max()},
                                          {first_cell}, [&](const RangeSlice& slice) {
                                            ++slices;
                                            for (const auto& series : slice.series) {
                                              times.insert(times.end(), series.at.begin(),
                                                           series.at.end());
                                            }
                                            return true;
                                          });
  }
  test::RpcWorld world_;
};

TEST_F(Range, PagesGiveEachRowOnceInOrder) {
  start([](FleetServerOptions&) {});
  std::vector<UtcInstant> times;
  std::size_t slices = 0;
  ASSERT_TRUE(read(times, slices));
  std::vector<UtcInstant> expected;
  for (std::uint64_t n = 1; n <= kRows; ++n) {
    const auto row = test::numbered_row(n);
    if (row.values[0].valid) expected.push_back(row.view().at);
  }
  EXPECT_EQ(times, expected);
  EXPECT_GT(slices, 1U) << "a page is sent before the next is read";
}

TEST_F(Range, CallerThatDoesNotReadIsEndedAndItsPlaceIsFree) {
  start([](FleetServerOptions& options) {
    options.ranges_max = 1;
    options.range_time_max = milliseconds(300);
  });
  const auto credentials = client_credentials(world_.pki.files("viewer"));
  grpc::ChannelArguments small_window;  // Else the kernel and gRPC take it all.
  small_window.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  small_window.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64 * 1024);
  const auto stub = v1::FleetService::NewStub(
      grpc::CreateCustomChannel(world_.address(), *credentials, small_window));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{20});
  v1::QueryRangeRequest request;
  request.set_agent("home/gw1");
  set(*request.mutable_from(), UtcInstant{});
  set(*request.mutable_to(), UtcInstant{Duration::max()});
  const auto unread = stub->QueryRange(&context, request);
  v1::QueryRangeResponse response;
  ASSERT_TRUE(unread->Read(&response));  // It runs, and now nobody reads on.
  std::vector<UtcInstant> times;
  std::size_t slices = 0;
  const auto refused = read(times, slices);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_TRUE(eventually([&] {
    times.clear();
    const auto done = read(times, slices);
    return done || done.error().code != Errc::resource_exhausted;
  })) << "the place never becomes free";
  while (unread->Read(&response)) {
  }
  EXPECT_FALSE(unread->Finish().ok()) << "what is incomplete must not look complete";
}

TEST(RangeGatherer, GapsFillSlicesToo) {
  const PointFilters all;
  RangeGatherer gathered{all, {}};
  for (std::uint64_t n = 1; n <= 10'000; ++n) {
    ASSERT_TRUE(gathered.gap({telemetry::Stream::telemetry, test::epoch(1), n},
                             {.first = n, .last = n, .reason = telemetry::GapReason::evicted}));
  }
  const auto slices = gathered.take();
  ASSERT_GT(slices.size(), 1U);
  int gaps = 0;
  for (const auto& slice : slices) gaps += slice.gaps_size();
  EXPECT_EQ(gaps, 10'000);
  EXPECT_TRUE(gathered.take().empty());
}

}  // namespace
}  // namespace ems::rpc
