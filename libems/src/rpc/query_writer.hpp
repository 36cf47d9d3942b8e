// SPDX-License-Identifier: Apache-2.0
/// @file Answers of QueryRange and QueryEnergy: which fields, and slices of bounded size.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "ems/io/store/row_source.hpp"
#include "ems/query/downsample.hpp"
#include "ems/query/energy.hpp"
#include "ems/v1/fleet.pb.h"
#include "rpc/convert.hpp"

namespace ems::rpc {

/// Which fields of a message a read_mask wants.
class FieldMask {
 public:
  /// All fields.
  FieldMask() = default;
  /// @errors invalid_argument  a path that is no field of Series (of BucketSeries).
  [[nodiscard]] static Result<FieldMask> of_series(const v1::QueryRangeRequest& request);
  [[nodiscard]] static Result<FieldMask> of_buckets(const v1::QueryRangeRequest& request);
  /// @param number  The field's number.
  [[nodiscard]] bool has(int number) const noexcept {
    return (fields_ >> static_cast<unsigned>(number) & 1U) != 0;
  }

 private:
  [[nodiscard]] static Result<FieldMask> of(const google::protobuf::Descriptor& message,
                                            const v1::QueryRangeRequest& request);
  std::uint64_t fields_ = ~std::uint64_t{0};
};

using FoundGap = std::pair<io::RowId, telemetry::Gap>;

/// Rows of a source, and on the way the gaps that are in a range.
class GapCollector final : public io::RowSource {
 public:
  GapCollector(io::RowSource& source, const io::UtcRange& range) : source_(source), range_(range) {}
  Result<void> read(telemetry::Stream stream, const io::UtcRange& range,
                    io::RowSink& sink) override;
  [[nodiscard]] std::vector<FoundGap> take() { return std::move(gaps_); }

 private:
  io::RowSource& source_;
  io::UtcRange range_;
  std::vector<FoundGap> gaps_;
};

/// Buckets in which something is, by point, and the gaps.
[[nodiscard]] std::deque<v1::QueryRangeResponse> slices_of(const query::Downsampler& buckets,
                                                           const FieldMask& mask,
                                                           const std::vector<FoundGap>& gaps);
/// Every figure, by account.
[[nodiscard]] std::deque<v1::QueryEnergyResponse> slices_of(const query::EnergyLedger& ledger);

}  // namespace ems::rpc
