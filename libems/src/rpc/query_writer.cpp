// SPDX-License-Identifier: Apache-2.0
#include "rpc/query_writer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ems::rpc {

namespace {

constexpr std::size_t kBucketsPerSlice = 4'000;  // About 200 kB of message.
constexpr std::size_t kFiguresPerSlice = 4'000;
constexpr int kGapsPerSlice = 4'000;

std::int64_t us(UtcInstant at) { return at.since_epoch().count(); }

std::int64_t mean_milli(const query::Bucket& bucket) {
  constexpr double kLimit = 9e18;  // Beyond it no integer has room.
  return std::llround(std::clamp(bucket.mean().value_or(0) * 1'000, -kLimit, kLimit));
}

void add(v1::BucketSeries& to, const query::Grid& grid, std::size_t at, const query::Bucket& bucket,
         const FieldMask& mask) {
  using S = v1::BucketSeries;
  if (mask.has(S::kBeginUsFieldNumber)) to.add_begin_us(us(grid.begin_of(at)));
  if (mask.has(S::kKnownUsFieldNumber)) to.add_known_us(bucket.known.count());
  if (mask.has(S::kCountsFieldNumber)) to.add_counts(bucket.count);
  if (mask.has(S::kDoubtedFieldNumber)) to.add_doubted(bucket.doubted);
  if (mask.has(S::kMinFieldNumber)) to.add_min(bucket.min);
  if (mask.has(S::kMaxFieldNumber)) to.add_max(bucket.max);
  if (mask.has(S::kLastFieldNumber)) to.add_last(bucket.last);
  if (mask.has(S::kLastAtUsFieldNumber)) to.add_last_at_us(us(bucket.last_at));
  if (mask.has(S::kMeanMilliFieldNumber)) to.add_mean_milli(mean_milli(bucket));
}

class GapSink final : public io::RowSink {
 public:
  GapSink(io::RowSink& to, const io::UtcRange& range, std::vector<FoundGap>& gaps)
      : to_(to), range_(range), gaps_(gaps) {}
  bool row(const io::RowId& id, const telemetry::Row& row) override { return to_.row(id, row); }
  bool record(const io::RowId& id, const telemetry::Record& record) override {
    return to_.record(id, record);
  }
  bool gap(const io::RowId& id, const telemetry::Gap& gap) override {
    if (!gap.time_known || (gap.utc_last >= range_.from && gap.utc_first < range_.to)) {
      gaps_.emplace_back(id, gap);
    }
    return to_.gap(id, gap);
  }

 private:
  io::RowSink& to_;
  const io::UtcRange& range_;
  std::vector<FoundGap>& gaps_;
};

}  // namespace

Result<FieldMask> FieldMask::of(const google::protobuf::Descriptor& message,
                                const v1::QueryRangeRequest& request) {
  FieldMask mask;
  if (!request.has_read_mask()) return mask;
  mask.fields_ = 0;
  for (const std::string& path : request.read_mask().paths()) {
    const google::protobuf::FieldDescriptor* field = message.FindFieldByName(path);
    if (field == nullptr) return fail(Errc::invalid_argument, 0, "read_mask: no such field");
    mask.fields_ |= std::uint64_t{1} << static_cast<unsigned>(field->number());
  }
  return mask;
}
Result<FieldMask> FieldMask::of_series(const v1::QueryRangeRequest& request) {
  return of(*v1::Series::descriptor(), request);
}
Result<FieldMask> FieldMask::of_buckets(const v1::QueryRangeRequest& request) {
  return of(*v1::BucketSeries::descriptor(), request);
}

Result<void> GapCollector::read(telemetry::Stream stream, const io::UtcRange& range,
                                io::RowSink& sink) {
  GapSink gaps(sink, range_, gaps_);
  return source_.read(stream, range, gaps);
}

std::deque<v1::QueryRangeResponse> slices_of(const query::Downsampler& buckets,
                                             const FieldMask& mask,
                                             const std::vector<FoundGap>& gaps) {
  std::deque<v1::QueryRangeResponse> slices(1);
  for (const auto& [id, gap] : gaps) {
    if (slices.back().gaps_size() == kGapsPerSlice) slices.emplace_back();
    set(*slices.back().add_gaps(), id.stream, id.epoch, gap);
  }
  std::vector<std::size_t> order(buckets.points().size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return buckets.points()[i]; });
  std::size_t items = 0;
  for (const std::size_t i : order) {
    v1::BucketSeries* series = nullptr;
    for (std::size_t at = 0; at < buckets.grid().size(); ++at) {
      const query::Bucket& bucket = buckets.buckets(i)[at];
      if (bucket.count == 0 && bucket.doubted == 0 && bucket.known == Duration::zero()) continue;
      if (items++ == kBucketsPerSlice) {
        slices.emplace_back();
        series = nullptr;
        items = 1;
      }
      if (series == nullptr) {
        series = slices.back().add_buckets();
        set(*series->mutable_point(), buckets.points()[i]);
      }
      add(*series, buckets.grid(), at, bucket, mask);
    }
  }
  return slices;
}

std::deque<v1::QueryEnergyResponse> slices_of(const query::EnergyLedger& ledger) {
  std::deque<v1::QueryEnergyResponse> slices(1);
  const query::Grid& grid = ledger.grid();
  for (const query::EnergyAccount& account : ledger.accounts()) {
    for (std::size_t at = 0; at < grid.size(); ++at) {
      if (slices.back().figures_size() == static_cast<int>(kFiguresPerSlice)) {
        slices.emplace_back();
      }
      const query::EnergyFigure& figure = ledger.figures(account)[at];
      v1::EnergyFigure& to = *slices.back().add_figures();
      to.set_asset(std::string(to_name(account.asset).view()));
      to.set_flow(static_cast<v1::EnergyFlow>(account.flow));
      to.set_begin_us(us(grid.begin_of(at)));
      to.set_end_us(us(grid.end_of(at)));
      if (const auto energy = figure.energy_mwh()) to.set_energy_mwh(*energy);
      to.set_source(static_cast<v1::EnergySource>(figure.source()));
      to.set_known_us(figure.known().count());
      to.set_spread_us(figure.spread.count());
      to.set_resets(figure.resets);
      to.set_wraps(figure.wraps);
    }
  }
  return slices;
}

}  // namespace ems::rpc
