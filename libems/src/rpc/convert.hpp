// SPDX-License-Identifier: Apache-2.0
/// @file Messages that the services share <-> plain values. What comes from a peer is checked here.
#pragma once

#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/fleet/fleet_store.hpp"
#include "ems/model/power.hpp"
#include "ems/rpc/command.hpp"
#include "ems/rpc/fleet_client.hpp"
#include "ems/telemetry/row.hpp"
#include "ems/v1/types.pb.h"

namespace ems::rpc {

void set(google::protobuf::Timestamp& to, UtcInstant at);
void set(google::protobuf::Duration& to, Duration duration);
[[nodiscard]] UtcInstant from(const google::protobuf::Timestamp& at);
[[nodiscard]] Duration from(const google::protobuf::Duration& duration);

void set(v1::Epoch& to, const telemetry::Epoch& epoch);
/// @errors invalid_argument  not 16 random bytes.
[[nodiscard]] Result<telemetry::Epoch> from(const v1::Epoch& epoch);
/// @errors invalid_argument  no such stream.
[[nodiscard]] Result<telemetry::Stream> stream_from(std::uint32_t number);

void set(v1::Point& to, const Point& point);
/// @errors invalid_argument  no asset name, or a number beyond its range.
[[nodiscard]] Result<Point> from(const v1::Point& point);
[[nodiscard]] v1::Quality to_proto(Quality quality);
/// Unknown numbers are bad.
[[nodiscard]] Quality from(v1::Quality quality);
void set(v1::PowerInterval& to, const Interval& interval);
[[nodiscard]] Interval from(const v1::PowerInterval& interval);

void set(v1::Gap& to, telemetry::Stream stream, const telemetry::Epoch& epoch,
         const telemetry::Gap& gap);
/// @errors invalid_argument  unknown reason.
[[nodiscard]] Result<telemetry::Gap> from(const v1::Gap& gap);

void set(v1::CommandAction& to, const CommandAction& action);
/// @errors invalid_argument  no action, a set-point or limit without lease, a stop without reason.
[[nodiscard]] Result<CommandAction> from(const v1::CommandAction& action);
void set(v1::CommandStatus& to, const CommandStep& step);
[[nodiscard]] CommandStep from(const v1::CommandStatus& status);

void set(v1::Alarm& to, const alarm::Alarm& alarm);
/// @errors invalid_argument  no asset name, or a severity or state unknown here.
[[nodiscard]] Result<alarm::Alarm> from(const v1::Alarm& alarm);
/// @errors as above.
template <class Repeated>
[[nodiscard]] Result<std::vector<alarm::Alarm>> alarms_from(const Repeated& messages) {
  std::vector<alarm::Alarm> alarms;
  for (const v1::Alarm& message : messages) {
    const Result<alarm::Alarm> alarm = from(message);
    if (!alarm) return fail(alarm.error());
    alarms.push_back(*alarm);
  }
  return alarms;
}
void set(v1::AlarmRecord& to, const alarm::Change& change);
/// @errors as from(Alarm), and a transition unknown here.
[[nodiscard]] Result<alarm::Change> from(const v1::AlarmRecord& record);

void set(v1::PointValue& to, const fleet::LatestValue& value);
/// @errors as from(Point).
[[nodiscard]] Result<fleet::LatestValue> from(const v1::PointValue& value);

void set(v1::PointFilter& to, const PointQuery& query);

/// Filters of a request, parsed once.
class PointFilters {
 public:
  /// @errors invalid_argument  a filter with an asset name that is none.
  template <class Repeated>
  [[nodiscard]] static Result<PointFilters> parse(const Repeated& filters) {
    PointFilters parsed;
    for (const v1::PointFilter& filter : filters) {
      if (const auto added = parsed.add(filter); !added) return fail(added.error());
    }
    return parsed;
  }
  /// No filter matches everything.
  [[nodiscard]] bool matches(const Point& point) const noexcept;

 private:
  [[nodiscard]] Result<void> add(const v1::PointFilter& filter);
  std::vector<PointQuery> queries_;
};

/// Fills a GetCatalogue response.
template <class Response>
void set_catalogue(Response& response);
void add_signals(google::protobuf::RepeatedPtrField<v1::CatalogueSignal>& to);
template <class Response>
void set_catalogue(Response& response) {
  add_signals(*response.mutable_signals());
  response.set_catalogue_hash(catalogue_hash());
}

}  // namespace ems::rpc
