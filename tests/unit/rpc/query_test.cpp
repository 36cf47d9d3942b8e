// SPDX-License-Identifier: Apache-2.0
// Buckets, field masks and energy over the wire: the same figures as from the store itself.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "ems/io/store/read_query.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/v1/fleet.grpc.pb.h"
#include "rpc/channel.hpp"
#include "rpc/credentials.hpp"
#include "rpc/query_writer.hpp"
#include "support/query_rows.hpp"
#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

using test::at_s;
using test::kGridPower;
using test::row_at;

constexpr Point kCounter{meter(1), Signal::energy_imported, 0};
const fleet::AgentKey kAgent{"acme", "home/gw1"};
constexpr std::int64_t kRows = 7'200;

/// Two hours of 500 W and a counter; a gap after them.
class Query : public testing::Test {
 protected:
  void SetUp() override {
    world_.start_server();
    const telemetry::Epoch epoch = test::epoch(7);
    const auto session = world_.store->session_begin({kAgent, epoch, {}});
    ASSERT_TRUE(session);
    std::vector<std::byte> buffer(64 * 1024);
    for (std::int64_t first = 1; first <= kRows; first += 60) {
      telemetry::BlockBuilder builder(buffer);
      ASSERT_TRUE(builder.start(telemetry::Stream::telemetry, epoch,
                                static_cast<telemetry::Sequence>(first)));
      for (std::int64_t n = first; n < first + 60; ++n) {
        const auto row =
            row_at(static_cast<double>(n - 1), {{kGridPower, 500}, {kCounter, 1'000 + n / 10}});
        ASSERT_TRUE(builder.append({}, row.view()));
      }
      const std::array items{fleet::IngestItem{builder.bytes(), {}}};
      ASSERT_TRUE(world_.store->ingest(*session, telemetry::Stream::telemetry, epoch, items));
    }
    const telemetry::Gap gap{kRows + 1, kRows + 9,   telemetry::GapReason::evicted,
                             true,      at_s(kRows), at_s(kRows + 8)};
    const std::array items{fleet::IngestItem{{}, gap}};
    ASSERT_TRUE(world_.store->ingest(*session, telemetry::Stream::telemetry, epoch, items));
    world_.store->session_end(*session);
    client_ = world_.client("viewer");
  }
  Result<BucketSlice> buckets(const BucketRequest& request) {
    BucketSlice all;
    const auto done = client_->buckets(kAgent, request, [&](BucketSlice slice) {
      for (auto& series : slice.series) {
        if (all.series.empty() || all.series.back().point != series.point) {
          all.series.push_back(std::move(series));
        } else {
          auto& to = all.series.back().buckets;
          to.insert(to.end(), series.buckets.begin(), series.buckets.end());
        }
      }
      all.gaps.insert(all.gaps.end(), slice.gaps.begin(), slice.gaps.end());
      return true;
    });
    if (!done) return fail(done.error());
    return all;
  }
  test::RpcWorld world_;
  std::unique_ptr<FleetClient> client_;
};

TEST_F(Query, BucketsAreThoseOfTheStore) {
  const auto got = buckets({.from = at_s(-100), .to = at_s(kRows + 100), .step = seconds(1)});
  ASSERT_TRUE(got) << client_->detail();
  const auto grid = query::Grid::uniform(at_s(-100), at_s(kRows + 100), seconds(1));
  const auto rows = world_.store->rows(kAgent);
  const auto expected = io::read_buckets(*rows, *grid, std::vector{kGridPower, kCounter});
  ASSERT_TRUE(expected);
  ASSERT_EQ(got->series.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(got->series[i].point, expected->points()[i]);
    ASSERT_EQ(got->series[i].buckets.size(),
              static_cast<std::size_t>(kRows));  // The empty ones are left out.
    for (std::size_t at = 0; at < got->series[i].buckets.size(); ++at) {
      const BucketView& bucket = got->series[i].buckets[at];
      const query::Bucket& stored = expected->buckets(i)[at + 100];
      ASSERT_EQ(bucket.begin, grid->begin_of(at + 100));
      ASSERT_EQ(bucket.known, stored.known);
      ASSERT_EQ(bucket.count, stored.count);
      ASSERT_EQ(bucket.min, stored.min);
      ASSERT_EQ(bucket.max, stored.max);
      ASSERT_EQ(bucket.last, stored.last);
      ASSERT_EQ(bucket.last_at, stored.last_at);
      ASSERT_EQ(bucket.mean, stored.mean());
    }
  }
  EXPECT_EQ(got->series[0].buckets.back().mean, std::nullopt);  // No row after it says how long.
  ASSERT_EQ(got->gaps.size(), 1U);
  EXPECT_EQ(got->gaps[0].gap.last, static_cast<telemetry::Sequence>(kRows + 9));
}

TEST_F(Query, BucketsTakeFiltersAndOptions) {
  BucketRequest request{.from = at_s(0), .to = at_s(3'600), .step = seconds(900)};
  request.points = {{std::nullopt, Signal::site_grid_power, std::nullopt}};
  auto got = buckets(request);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->series.size(), 1U);
  ASSERT_EQ(got->series[0].buckets.size(), 4U);
  EXPECT_EQ(got->series[0].buckets[0].known, seconds(900));
  EXPECT_EQ(got->series[0].buckets[0].mean, 500.0);
  request.gap_max = milliseconds(999);
  got = buckets(request);
  EXPECT_EQ(got->series[0].buckets[0].known, Duration::zero());
  EXPECT_EQ(got->series[0].buckets[0].mean, std::nullopt);
  EXPECT_EQ(got->series[0].buckets[0].count, 900U);
}

TEST_F(Query, BucketsRefuseWhatMeansNothing) {
  const auto code = [&](const BucketRequest& request) { return buckets(request).error().code; };
  EXPECT_EQ(code({.from = at_s(1), .to = at_s(0), .step = seconds(1)}), Errc::invalid_argument);
  EXPECT_EQ(code({.from = at_s(0), .to = at_s(1), .step = Duration::zero()}),
            Errc::invalid_argument);
  EXPECT_EQ(code({.from = at_s(0), .to = at_s(1), .step = seconds(1), .gap_max = seconds(-1)}),
            Errc::invalid_argument);
  EXPECT_EQ(code({.from = UtcInstant{}, .to = at_s(0), .step = seconds(1)}),
            Errc::resource_exhausted);
  EXPECT_EQ(code({.from = at_s(0), .to = at_s(150'000), .step = seconds(1)}),
            Errc::resource_exhausted);  // Two points of so many.
  EXPECT_EQ(
      client_
          ->buckets({"acme", "home/none"}, {.from = at_s(0), .to = at_s(1), .step = seconds(1)},
                    [](const BucketSlice&) { return true; })
          .error()
          .code,
      Errc::not_found);
}

TEST_F(Query, AReadMaskLeavesFieldsEmpty) {
  const auto credentials = client_credentials(world_.pki.files("viewer"));
  ASSERT_TRUE(credentials);
  const auto stub = v1::FleetService::NewStub(
      open_channel(world_.address(), *credentials, seconds(5), seconds(4)));
  const auto ask = [&](const std::vector<std::string>& paths, bool step,
                       std::vector<v1::QueryRangeResponse>& got) {
    v1::QueryRangeRequest request;
    request.set_agent(kAgent.agent);
    request.mutable_from()->set_seconds(1'790'000'000);
    request.mutable_to()->set_seconds(1'790'000'060);
    for (const std::string& path : paths) request.mutable_read_mask()->add_paths(path);
    if (step) request.mutable_step()->set_seconds(10);
    grpc::ClientContext context;
    const auto stream = stub->QueryRange(&context, request);
    v1::QueryRangeResponse response;
    while (stream->Read(&response)) got.push_back(response);
    return stream->Finish().error_code();
  };
  std::vector<v1::QueryRangeResponse> got;
  ASSERT_EQ(ask({"values"}, false, got), grpc::StatusCode::OK);
  ASSERT_EQ(got.size(), 1U);
  ASSERT_EQ(got[0].series_size(), 2);
  EXPECT_TRUE(got[0].series(0).has_point());
  EXPECT_EQ(got[0].series(0).values_size(), 60);
  EXPECT_EQ(got[0].series(0).taken_at_us_size(), 0);
  EXPECT_EQ(got[0].series(0).qualities_size(), 0);
  got.clear();
  ASSERT_EQ(ask({"mean_milli", "begin_us"}, true, got), grpc::StatusCode::OK);
  ASSERT_EQ(got[0].buckets_size(), 2);
  EXPECT_EQ(got[0].buckets(0).mean_milli_size(), 6);
  EXPECT_EQ(got[0].buckets(0).begin_us_size(), 6);
  EXPECT_EQ(got[0].buckets(0).counts_size(), 0);
  EXPECT_EQ(ask({"mean_milli"}, false, got), grpc::StatusCode::INVALID_ARGUMENT);  // Not of Series.
  EXPECT_EQ(ask({"qualities"}, true, got), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(Query, ManyGapsComeInSlicesOfBoundedSize) {
  const auto none = query::Downsampler::create(*query::Grid::of({at_s(0), at_s(1)}));
  std::vector<FoundGap> gaps;
  for (telemetry::Sequence at = 1; at <= 9'000; ++at) {
    gaps.push_back({{}, {at, at, telemetry::GapReason::corrupt}});
  }
  telemetry::Sequence next = 1;
  for (const v1::QueryRangeResponse& slice : slices_of(*none, FieldMask{}, gaps)) {
    EXPECT_LT(slice.ByteSizeLong(), 300'000U);
    for (const v1::Gap& gap : slice.gaps()) ASSERT_EQ(gap.first(), next++);
  }
  EXPECT_EQ(next, 9'001U);
}

TEST_F(Query, EnergyIsThatOfTheStore) {
  EnergyRequest request{.from = at_s(0), .to = at_s(kRows), .period = io::Period::quarter_hour};
  request.options.grid_meter = meter(1);
  const auto got = client_->energy(kAgent, request);
  ASSERT_TRUE(got) << client_->detail();
  const auto rows = world_.store->rows(kAgent);
  const auto grid = io::calendar_grid({}, request.from, request.to, io::Period::quarter_hour);
  const auto ledger = io::read_energy(*rows, *grid, request.options);
  ASSERT_TRUE(ledger);
  ASSERT_EQ(got->size(), ledger->accounts().size() * grid->size());
  std::size_t at = 0;
  for (const query::EnergyAccount& account : ledger->accounts()) {
    for (std::size_t i = 0; i < grid->size(); ++i, ++at) {
      const EnergyView& view = (*got)[at];
      const query::EnergyFigure& figure = ledger->figures(account)[i];
      ASSERT_EQ(view.account, account);
      ASSERT_EQ(view.begin, grid->begin_of(i));
      ASSERT_EQ(view.end, grid->end_of(i));
      ASSERT_EQ(view.energy_mwh, figure.energy_mwh());
      ASSERT_EQ(view.source, figure.source());
      ASSERT_EQ(view.known, figure.known());
      ASSERT_EQ(view.spread, figure.spread);
    }
  }
  const auto imported = std::ranges::find_if(*got, [](const EnergyView& view) {
    return view.account == query::EnergyAccount{meter(1), query::EnergyFlow::imported} &&
           view.begin > at_s(900);
  });
  ASSERT_NE(imported, got->end());
  EXPECT_EQ(imported->source, query::EnergySource::counter);
  EXPECT_EQ(imported->energy_mwh, 90'000);
}

TEST_F(Query, EnergyIsOfTheLocalCalendar) {
  EnergyRequest request{.from = *io::parse_utc("2026-10-24T22:00:00Z"),
                        .to = *io::parse_utc("2026-10-25T23:00:00Z"),
                        .period = io::Period::day,
                        .time_zone = "Europe/Berlin"};
  const auto got = client_->energy(kAgent, request);
  ASSERT_TRUE(got) << client_->detail();
  EXPECT_TRUE(got->empty());  // No row is near.
  request.from = at_s(-86'400);
  request.to = at_s(86'400);
  const auto days = client_->energy(kAgent, request);
  ASSERT_TRUE(days);
  for (const EnergyView& view : *days) {
    if (view.begin == request.from) continue;
    EXPECT_EQ(io::format_local(view.begin, *io::TimeZone::load("Europe/Berlin")).substr(11, 8),
              "00:00:00");
  }
}

TEST_F(Query, EnergyRefusesWhatMeansNothing) {
  const auto code = [&](const std::function<void(EnergyRequest&)>& change) {
    EnergyRequest request{.from = at_s(0), .to = at_s(60), .period = io::Period::hour};
    change(request);
    const auto got = client_->energy(kAgent, request);
    return got ? std::optional<Errc>{} : got.error().code;
  };
  EXPECT_EQ(code([](EnergyRequest&) {}), std::nullopt);
  EXPECT_EQ(code([](EnergyRequest& r) { r.to = r.from; }), Errc::invalid_argument);
  EXPECT_EQ(code([](EnergyRequest& r) { r.from = UtcInstant{seconds(-1)}; }), Errc::out_of_range);
  EXPECT_EQ(code([](EnergyRequest& r) { r.time_zone = "Europe/Atlantis"; }), Errc::not_found);
  EXPECT_EQ(code([](EnergyRequest& r) { r.time_zone = "../../etc/passwd"; }),
            Errc::invalid_argument);
  EXPECT_EQ(code([](EnergyRequest& r) { r.period = io::Period{}; }), Errc::invalid_argument);
  EXPECT_EQ(code([](EnergyRequest& r) { r.period = static_cast<io::Period>(9); }),
            Errc::invalid_argument);
  EXPECT_EQ(code([](EnergyRequest& r) { r.options.power_max_w = -5; }), Errc::invalid_argument);
  EXPECT_EQ(code([](EnergyRequest& r) { r.options.counter_modulus_wh = 1'000'000; }),
            Errc::invalid_argument);
  EXPECT_EQ(code([](EnergyRequest& r) { r.options.bridge_max = seconds(7 * 86'400); }),
            std::nullopt);
  EXPECT_EQ(code([](EnergyRequest& r) { r.options.bridge_max = seconds(7 * 86'400 + 1); }),
            Errc::invalid_argument);
  EXPECT_EQ(code([](EnergyRequest& r) {
              r.from = UtcInstant{};
              r.period = io::Period::hour;
            }),
            Errc::resource_exhausted);
}

}  // namespace
}  // namespace ems::rpc
