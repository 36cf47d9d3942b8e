// SPDX-License-Identifier: Apache-2.0
// FleetService: ranges, buckets and energy of one agent.
#include <utility>

#include "ems/io/calendar.hpp"
#include "ems/io/store/read_query.hpp"
#include "rpc/convert.hpp"
#include "rpc/fleet_service.hpp"
#include "rpc/query_writer.hpp"
#include "rpc/range_writer.hpp"
#include "rpc/status.hpp"

namespace ems::rpc {

namespace {

// Blocks of one read transaction: 32 x 60 rows, a few MB of responses at most.
constexpr std::size_t kBlocksPerPage = 32;

/// A range query's place among those that run at one time, and the end of its time.
class RangeCall {
 public:
  RangeCall(FleetCore& core, grpc::ServerContext& context)
      : core_(core), context_(context), due_(core.enter_range(context)) {}
  ~RangeCall() {
    if (due_) core_.leave_range(context_);
  }
  RangeCall(const RangeCall&) = delete;
  RangeCall& operator=(const RangeCall&) = delete;
  [[nodiscard]] bool entered() const noexcept { return due_.has_value(); }
  [[nodiscard]] bool late() const { return core_.clock.now() >= *due_; }

 private:
  FleetCore& core_;
  grpc::ServerContext& context_;
  const std::optional<Instant> due_;
};

/// Most buckets or figures that one call makes the server keep: 20 MB.
constexpr std::size_t kCellsMax = 200'000;
/// Most powers that wait for counters: at a row a second six accounts for 24 h, 40 MB at most.
constexpr std::size_t kWaitingMax = 600'000;
/// A longer bridge makes the server read so much more than was asked for.
constexpr Duration kBridgeMax = seconds(7 * 86'400);

/// Rows of an agent page by page: between two pages it holds no lock of the store and looks whether
/// the call goes on.
class PagedRows final : public io::RowSource {
 public:
  PagedRows(FleetCore& core, const grpc::ServerContext& context, const RangeCall& call,
            fleet::AgentKey key)
      : core_(core), context_(context), call_(call), key_(std::move(key)) {}

  Result<void> read(telemetry::Stream stream, const io::UtcRange& range,
                    io::RowSink& sink) override {
    class Stopping final : public io::RowSink {  // Notices that the sink wants no more.
     public:
      explicit Stopping(io::RowSink& to) : to_(to) {}
      bool row(const io::RowId& id, const telemetry::Row& row) override {
        return more = to_.row(id, row);
      }
      bool record(const io::RowId& id, const telemetry::Record& record) override {
        return more = to_.record(id, record);
      }
      bool gap(const io::RowId& id, const telemetry::Gap& gap) override {
        return more = to_.gap(id, gap);
      }
      bool more = true;

     private:
      io::RowSink& to_;
    } stopping(sink);
    fleet::PageCursor cursor;
    while (!cursor.done && stopping.more) {
      const Result<void> read =
          core_.store.read_page(key_, stream, range, kBlocksPerPage, cursor, stopping);
      if (!read) return read;
      if (core_.stopping) return fail(Errc::unavailable, 0, "the server is shutting down");
      if (call_.late()) return fail(Errc::timeout, 0, "the query took too long");
      if (context_.IsCancelled()) return fail(Errc::cancelled, 0, "the caller left");
    }
    return {};
  }

 private:
  FleetCore& core_;
  const grpc::ServerContext& context_;
  const RangeCall& call_;
  fleet::AgentKey key_;
};

/// Sends slices; a peer that does not read blocks here, and the sweep ends it when its time is
/// over.
template <class Slices, class Writer>
grpc::Status send_slices(FleetCore& core, const RangeCall& call, const Slices& slices,
                         Writer& writer) {
  for (const auto& slice : slices) {
    const bool ok = writer.Write(slice);
    if (core.stopping) return to_status(Errc::unavailable, "the server is shutting down");
    if (call.late()) return to_status(Errc::timeout, "the caller read too slowly");
    if (!ok) return to_status(Errc::cancelled, "the caller left");
  }
  return grpc::Status::OK;
}

Result<io::UtcRange> range_of(const auto& request) {
  const io::UtcRange range{from(request.from()), from(request.to())};
  if (!request.has_from() || !request.has_to() || range.to < range.from) {
    return fail(Errc::invalid_argument, 0, "a range has a from and a later to");
  }
  return range;
}

Result<query::DownsampleOptions> downsample_options(const v1::QueryRangeRequest& request,
                                                    const PointFilters& filters) {
  query::DownsampleOptions options;
  options.wanted = [&filters](const Point& point) { return filters.matches(point); };
  options.buckets_max = kCellsMax;
  if (request.has_gap_max()) options.gap_max = from(request.gap_max());
  if (request.quality_min() != v1::QUALITY_UNSPECIFIED) {
    if (!v1::Quality_IsValid(request.quality_min())) {
      return fail(Errc::invalid_argument, 0, "no such quality");
    }
    options.quality_min = from(request.quality_min());
  }
  return options;
}

Result<query::EnergyOptions> energy_options(const v1::QueryEnergyRequest& request) {
  query::EnergyOptions options;
  options.figures_max = kCellsMax;
  options.waiting_max = kWaitingMax;
  if (request.has_gap_max()) options.gap_max = from(request.gap_max());
  if (request.has_bridge_max()) options.bridge_max = from(request.bridge_max());
  if (options.bridge_max > kBridgeMax) {
    return fail(Errc::invalid_argument, 0, "bridge_max is at most 7 d");
  }
  options.power_max_w = request.power_max_w();
  options.counter_modulus_wh = request.counter_modulus_wh();
  if (!request.grid_meter().empty()) {
    const Result<AssetId> meter = parse_asset(request.grid_meter());
    if (!meter) return fail(Errc::invalid_argument, 0, "grid_meter: no asset's name");
    options.grid_meter = *meter;
  }
  return options;
}

Result<io::Period> period_of(v1::EnergyPeriod period) {
  for (const io::Period known : io::kPeriods) {
    if (static_cast<int>(period) == static_cast<int>(known)) return known;
  }
  return fail(Errc::invalid_argument, 0, "a period is needed");
}

}  // namespace

grpc::Status FleetServiceImpl::QueryRange(grpc::ServerContext* context,
                                          const v1::QueryRangeRequest* request,
                                          grpc::ServerWriter<v1::QueryRangeResponse>* writer) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  const auto filters = PointFilters::parse(request->points());
  if (!filters) return to_status(filters.error());
  const auto key = core_.known_agent(*user, request->tenant(), request->agent());
  if (!key) return to_status(key.error());
  const Result<io::UtcRange> range = range_of(*request);
  if (!range) return to_status(range.error());
  const Result<FieldMask> mask =
      request->has_step() ? FieldMask::of_buckets(*request) : FieldMask::of_series(*request);
  if (!mask) return to_status(mask.error());
  const RangeCall call{core_, *context};
  if (!call.entered()) return to_status(Errc::resource_exhausted, "too many range queries");
  if (request->has_step()) {
    const auto options = downsample_options(*request, *filters);
    if (!options) return to_status(options.error());
    auto grid = query::Grid::uniform(range->from, range->to, from(request->step()));
    if (!grid) return to_status(grid.error());
    PagedRows rows{core_, *context, call, *key};
    GapCollector gaps{rows, *range};
    const auto buckets = io::read_buckets(gaps, std::move(*grid), {}, *options);
    if (!buckets) return to_status(buckets.error());
    return send_slices(core_, call, slices_of(*buckets, *mask, gaps.take()), *writer);
  }
  RangeGatherer gathered{*filters, *mask};
  fleet::PageCursor cursor;
  while (!cursor.done) {
    const Result<void> read = core_.store.read_page(*key, telemetry::Stream::telemetry, *range,
                                                    kBlocksPerPage, cursor, gathered);
    if (!read) return to_status(read.error());
    const grpc::Status sent = send_slices(core_, call, gathered.take(), *writer);
    if (!sent.ok()) return sent;
    if (core_.stopping) return to_status(Errc::unavailable, "the server is shutting down");
    if (call.late()) return to_status(Errc::timeout, "the query took too long");
    if (context->IsCancelled()) return to_status(Errc::cancelled, "the caller left");
  }
  return grpc::Status::OK;
}

grpc::Status FleetServiceImpl::QueryEnergy(grpc::ServerContext* context,
                                           const v1::QueryEnergyRequest* request,
                                           grpc::ServerWriter<v1::QueryEnergyResponse>* writer) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  const auto key = core_.known_agent(*user, request->tenant(), request->agent());
  if (!key) return to_status(key.error());
  const Result<io::UtcRange> range = range_of(*request);
  if (!range) return to_status(range.error());
  const Result<io::Period> period = period_of(request->period());
  if (!period) return to_status(period.error());
  const auto options = energy_options(*request);
  if (!options) return to_status(options.error());
  const RangeCall call{core_, *context};
  if (!call.entered()) return to_status(Errc::resource_exhausted, "too many range queries");
  Result<io::TimeZone> zone = io::TimeZone{};
  if (!request->time_zone().empty()) zone = io::TimeZone::load(request->time_zone());
  if (!zone) return to_status(zone.error());
  auto grid = io::calendar_grid(*zone, range->from, range->to, *period);
  if (!grid) return to_status(grid.error());
  PagedRows rows{core_, *context, call, *key};
  const auto ledger = io::read_energy(rows, std::move(*grid), *options);
  if (!ledger) return to_status(ledger.error());
  return send_slices(core_, call, slices_of(*ledger), *writer);
}

}  // namespace ems::rpc
