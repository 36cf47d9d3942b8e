// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/fleet_client.hpp"

#include <algorithm>
#include <utility>

#include "ems/v1/fleet.grpc.pb.h"
#include "rpc/caller.hpp"
#include "rpc/channel.hpp"
#include "rpc/convert.hpp"
#include "rpc/credentials.hpp"

namespace ems::rpc {

namespace {

constexpr Duration kKeepaliveInterval = seconds(5);
constexpr Duration kKeepaliveTimeout = seconds(4);

Result<void> check_server(grpc::ClientContext& context) {
  const Result<Identity> peer = peer_identity(context.auth_context());
  if (!peer) return fail(Errc::unavailable, 0, peer.error().what);
  if (peer->kind == PeerKind::server) return {};
  return fail(Errc::unavailable, 0, "the peer's certificate is not that of a server");
}

template <class Repeated>
void set_points(Repeated& to, const std::vector<PointQuery>& points) {
  for (const PointQuery& query : points) set(*to.Add(), query);
}

// A mark with its counts, from messages that have the same first fields.
Result<fleet::StreamMark> mark_from(std::uint32_t number, const v1::Epoch& epoch_message,
                                    std::uint64_t mark) {
  const auto stream = stream_from(number);
  if (!stream) return fail(stream.error());
  const auto epoch = from(epoch_message);
  if (!epoch) return fail(epoch.error());
  fleet::StreamMark result;
  result.stream = *stream;
  result.epoch = *epoch;
  result.mark = mark;
  return result;
}

Result<AgentView> agent_from(const v1::Agent& agent) {
  AgentView view;
  view.key = {agent.tenant(), agent.name()};
  view.connected = agent.connected();
  view.identity_conflict = agent.identity_conflict();
  if (agent.has_last_seen()) view.last_seen = from(agent.last_seen());
  view.software_version = agent.software_version();
  view.catalogue_differs = agent.catalogue_differs();
  for (const v1::StreamMark& message : agent.marks()) {
    auto mark = mark_from(message.stream(), message.epoch(), message.mark());
    if (!mark) return fail(mark.error());
    view.marks.push_back(*mark);
  }
  return view;
}

Result<std::vector<GapView>> gaps_from(const v1::QueryRangeResponse& response) {
  std::vector<GapView> gaps;
  for (const v1::Gap& message : response.gaps()) {
    const auto stream = stream_from(message.stream());
    const auto epoch = from(message.epoch());
    const auto gap = from(message);
    if (!stream) return fail(stream.error());
    if (!epoch) return fail(epoch.error());
    if (!gap) return fail(gap.error());
    gaps.push_back({*stream, *epoch, *gap});
  }
  return gaps;
}

Result<RangeSlice> slice_from(const v1::QueryRangeResponse& response) {
  RangeSlice slice;
  for (const v1::Series& message : response.series()) {
    const auto point = from(message.point());
    if (!point) return fail(point.error());
    if (message.values_size() != message.taken_at_us_size() ||
        message.values_size() != message.qualities_size()) {
      return fail(Errc::length, 0, "series: arrays of different length");
    }
    SeriesView series{*point, {}, {}, {}};
    for (int i = 0; i < message.values_size(); ++i) {
      series.at.emplace_back(Duration{message.taken_at_us(i)});
      series.values.push_back(message.values(i));
      series.qualities.push_back(from(message.qualities(i)));
    }
    slice.series.push_back(std::move(series));
  }
  auto gaps = gaps_from(response);
  if (!gaps) return fail(gaps.error());
  slice.gaps = std::move(*gaps);
  return slice;
}

Result<BucketSeriesView> buckets_from(const v1::BucketSeries& message) {
  const auto point = from(message.point());
  if (!point) return fail(point.error());
  BucketSeriesView series{*point, {}};
  const int size = message.begin_us_size();
  for (const int of : {message.known_us_size(), message.counts_size(), message.doubted_size(),
                       message.min_size(), message.max_size(), message.last_size(),
                       message.last_at_us_size(), message.mean_milli_size()}) {
    if (of != size) return fail(Errc::length, 0, "buckets: arrays of different length");
  }
  for (int i = 0; i < size; ++i) {
    BucketView bucket{.begin = UtcInstant{Duration{message.begin_us(i)}},
                      .known = Duration{message.known_us(i)},
                      .count = message.counts(i),
                      .doubted = message.doubted(i)};
    if (bucket.count > 0) {
      bucket.min = message.min(i);
      bucket.max = message.max(i);
      bucket.last = message.last(i);
      bucket.last_at = UtcInstant{Duration{message.last_at_us(i)}};
    }
    if (bucket.known > Duration::zero())
      bucket.mean = static_cast<double>(message.mean_milli(i)) / 1'000;
    series.buckets.push_back(bucket);
  }
  return series;
}

Result<BucketSlice> bucket_slice_from(const v1::QueryRangeResponse& response) {
  BucketSlice slice;
  for (const v1::BucketSeries& message : response.buckets()) {
    auto series = buckets_from(message);
    if (!series) return fail(series.error());
    slice.series.push_back(std::move(*series));
  }
  auto gaps = gaps_from(response);
  if (!gaps) return fail(gaps.error());
  slice.gaps = std::move(*gaps);
  return slice;
}

Result<EnergyView> energy_from(const v1::EnergyFigure& message) {
  const auto asset = parse_asset(message.asset());
  if (!asset) return fail(asset.error());
  const auto flow = static_cast<query::EnergyFlow>(message.flow());
  if (std::ranges::find(query::kEnergyFlows, flow) == query::kEnergyFlows.end()) {
    return fail(Errc::invalid_argument, 0, "energy: a flow that is not known here");
  }
  if (!v1::EnergySource_IsValid(message.source())) {
    return fail(Errc::invalid_argument, 0, "energy: a source that is not known here");
  }
  EnergyView view{.account = {*asset, flow},
                  .begin = UtcInstant{Duration{message.begin_us()}},
                  .end = UtcInstant{Duration{message.end_us()}},
                  .source = static_cast<query::EnergySource>(message.source()),
                  .known = Duration{message.known_us()},
                  .spread = Duration{message.spread_us()},
                  .resets = message.resets(),
                  .wraps = message.wraps()};
  if (message.has_energy_mwh()) view.energy_mwh = message.energy_mwh();
  return view;
}

}  // namespace

class FleetClient::Impl {
 public:
  Impl(const FleetClientOptions& options,
       const std::shared_ptr<grpc::ChannelCredentials>& credentials)
      : stub(v1::FleetService::NewStub(
            open_channel(options.address, credentials, kKeepaliveInterval, kKeepaliveTimeout))),
        caller(options.timeout, check_server) {}

  std::unique_ptr<v1::FleetService::Stub> stub;
  Caller caller;
};

Result<std::unique_ptr<FleetClient>> FleetClient::connect(FleetClientOptions options) {
  const auto credentials = client_credentials(options.tls);
  if (!credentials) return fail(credentials.error());
  return std::unique_ptr<FleetClient>{
      new FleetClient{std::make_unique<Impl>(options, *credentials)}};
}

FleetClient::FleetClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FleetClient::~FleetClient() = default;
void FleetClient::cancel() { impl_->caller.cancel(); }
const std::string& FleetClient::detail() const noexcept { return impl_->caller.detail(); }

Result<std::vector<AgentView>> FleetClient::agents(const std::string& tenant) {
  v1::ListAgentsRequest request;
  request.set_tenant(tenant);
  v1::ListAgentsResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->ListAgents(&context, request, &response); });
  if (!done) return fail(done.error());
  std::vector<AgentView> agents;
  for (const v1::Agent& message : response.agents()) {
    auto agent = agent_from(message);
    if (!agent) return impl_->caller.bad_answer(agent.error());
    agents.push_back(std::move(*agent));
  }
  return agents;
}

Result<std::vector<fleet::LatestValue>> FleetClient::latest(const fleet::AgentKey& key,
                                                            const std::vector<PointQuery>& points) {
  v1::GetLatestRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  set_points(*request.mutable_points(), points);
  v1::GetLatestResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->GetLatest(&context, request, &response); });
  if (!done) return fail(done.error());
  std::vector<fleet::LatestValue> values;
  for (const v1::PointValue& message : response.values()) {
    const auto value = from(message);
    if (!value) return impl_->caller.bad_answer(value.error());
    values.push_back(*value);
  }
  return values;
}

Result<void> FleetClient::range(const fleet::AgentKey& key, UtcInstant begin, UtcInstant end,
                                const std::vector<PointQuery>& points,
                                const std::function<bool(RangeSlice)>& slice) {
  v1::QueryRangeRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  set(*request.mutable_from(), begin);
  set(*request.mutable_to(), end);
  set_points(*request.mutable_points(), points);
  std::optional<Error> bad;
  const auto done = impl_->caller.stream<v1::QueryRangeResponse>(
      [&](auto& context) { return impl_->stub->QueryRange(&context, request); },
      [&](const v1::QueryRangeResponse& response) {
        auto part = slice_from(response);
        if (!part) bad = part.error();
        return part && slice(std::move(*part));
      });
  if (bad) return impl_->caller.bad_answer(*bad);
  return done;
}

Result<void> FleetClient::buckets(const fleet::AgentKey& key, const BucketRequest& asked,
                                  const std::function<bool(BucketSlice)>& slice) {
  v1::QueryRangeRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  set(*request.mutable_from(), asked.from);
  set(*request.mutable_to(), asked.to);
  set(*request.mutable_step(), asked.step);
  set(*request.mutable_gap_max(), asked.gap_max);
  request.set_quality_min(to_proto(asked.quality_min));
  set_points(*request.mutable_points(), asked.points);
  std::optional<Error> bad;
  const auto done = impl_->caller.stream<v1::QueryRangeResponse>(
      [&](auto& context) { return impl_->stub->QueryRange(&context, request); },
      [&](const v1::QueryRangeResponse& response) {
        auto part = bucket_slice_from(response);
        if (!part) bad = part.error();
        return part && slice(std::move(*part));
      });
  if (bad) return impl_->caller.bad_answer(*bad);
  return done;
}

Result<std::vector<EnergyView>> FleetClient::energy(const fleet::AgentKey& key,
                                                    const EnergyRequest& asked) {
  v1::QueryEnergyRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  set(*request.mutable_from(), asked.from);
  set(*request.mutable_to(), asked.to);
  request.set_period(static_cast<v1::EnergyPeriod>(asked.period));
  request.set_time_zone(asked.time_zone);
  const query::EnergyOptions& options = asked.options;
  if (options.grid_meter) {
    request.set_grid_meter(std::string(to_name(*options.grid_meter).view()));
  }
  set(*request.mutable_gap_max(), options.gap_max);
  set(*request.mutable_bridge_max(), options.bridge_max);
  request.set_power_max_w(options.power_max_w);
  request.set_counter_modulus_wh(options.counter_modulus_wh);
  std::optional<Error> bad;
  std::vector<EnergyView> figures;
  const auto done = impl_->caller.stream<v1::QueryEnergyResponse>(
      [&](auto& context) { return impl_->stub->QueryEnergy(&context, request); },
      [&](const v1::QueryEnergyResponse& response) {
        for (const v1::EnergyFigure& message : response.figures()) {
          auto view = energy_from(message);
          if (!view) bad = view.error();
          if (view) figures.push_back(std::move(*view));
        }
        return !bad;
      });
  if (bad) return impl_->caller.bad_answer(*bad);
  if (!done) return fail(done.error());
  return figures;
}

Result<void> FleetClient::watch(const fleet::AgentKey& key, const std::vector<PointQuery>& points,
                                const std::function<bool(LiveUpdate)>& update) {
  v1::WatchTelemetryRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  set_points(*request.mutable_points(), points);
  std::optional<Error> bad;
  const auto done = impl_->caller.stream<v1::WatchTelemetryResponse>(
      [&](auto& context) { return impl_->stub->WatchTelemetry(&context, request); },
      [&](const v1::WatchTelemetryResponse& response) {
        LiveUpdate live{response.agent(), from(response.at()), {}, response.dropped()};
        for (const v1::PointValue& message : response.values()) {
          const auto value = from(message);
          if (!value) bad = value.error();
          if (value) live.values.push_back(*value);
        }
        return !bad && update(std::move(live));
      });
  if (bad) return impl_->caller.bad_answer(*bad);
  return done;
}

Result<std::vector<fleet::StreamMark>> FleetClient::counts(const fleet::AgentKey& key) {
  v1::GetCountsRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  v1::GetCountsResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->GetCounts(&context, request, &response); });
  if (!done) return fail(done.error());
  std::vector<fleet::StreamMark> counts;
  for (const v1::StreamCounts& message : response.counts()) {
    auto mark = mark_from(message.stream(), message.epoch(), message.mark());
    if (!mark) return impl_->caller.bad_answer(mark.error());
    mark->stored = message.rows_stored();
    mark->duplicates = message.rows_duplicate();
    mark->gap_rows = message.rows_gap();
    counts.push_back(*mark);
  }
  return counts;
}

Result<std::string> FleetClient::send_command(const fleet::AgentKey& key, Duration ttl,
                                              const CommandAction& action, const std::string& id) {
  v1::SendCommandRequest request;
  request.set_command_id(id);
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  set(*request.mutable_ttl(), ttl);
  set(*request.mutable_action(), action);
  v1::SendCommandResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->SendCommand(&context, request, &response); });
  if (!done) return fail(done.error());
  return response.command_id();
}

Result<std::vector<alarm::Alarm>> FleetClient::alarms(const fleet::AgentKey& key) {
  v1::FleetServiceListAlarmsRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  v1::FleetServiceListAlarmsResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->ListAlarms(&context, request, &response); });
  if (!done) return fail(done.error());
  auto alarms = alarms_from(response.alarms());
  if (!alarms) return impl_->caller.bad_answer(alarms.error());
  return alarms;
}

Result<std::string> FleetClient::acknowledge_alarm(const fleet::AgentKey& key, alarm::Id alarm,
                                                   const std::string& comment) {
  v1::FleetServiceAcknowledgeAlarmRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  request.set_alarm_id(alarm);
  request.set_comment(comment);
  v1::FleetServiceAcknowledgeAlarmResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->AcknowledgeAlarm(&context, request, &response); });
  if (!done) return fail(done.error());
  return response.command_id();
}

Result<void> FleetClient::clear_conflict(const fleet::AgentKey& key) {
  v1::ClearIdentityConflictRequest request;
  request.set_tenant(key.tenant);
  request.set_agent(key.agent);
  v1::ClearIdentityConflictResponse response;
  return impl_->caller.once([&](auto& context) {
    return impl_->stub->ClearIdentityConflict(&context, request, &response);
  });
}

Result<void> FleetClient::watch_command(const std::string& id,
                                        const std::function<bool(CommandStep)>& step) {
  v1::WatchCommandRequest request;
  request.set_command_id(id);
  return impl_->caller.stream<v1::WatchCommandResponse>(
      [&](auto& context) { return impl_->stub->WatchCommand(&context, request); },
      [&](const v1::WatchCommandResponse& response) { return step(from(response.status())); });
}

}  // namespace ems::rpc
