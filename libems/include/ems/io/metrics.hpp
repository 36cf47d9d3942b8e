// SPDX-License-Identifier: Apache-2.0
/// @file Prometheus metrics: the catalogue (metrics.def), a page of values in the text format
/// 0.0.4, and the values every program has.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ems/core/time.hpp"

namespace ems::io {

enum class MetricKind : std::uint8_t { counter, gauge, histogram };
enum class MetricProgram : std::uint8_t { both, agent, server };

/// A row of metrics.def.
enum class Metric : std::uint8_t {
#define EMS_METRIC(name, kind, unit, labels, program, help) name,
#include "ems/io/metrics.def"
#undef EMS_METRIC
};

/// What metrics.def says of a metric.
struct MetricInfo {
  std::string_view name;  ///< With its prefix: `ems_link_requests_total`.
  MetricKind kind{};
  std::string_view unit;    ///< `seconds bytes watts ratio none`.
  std::string_view labels;  ///< Names, one space between.
  MetricProgram program{};
  std::string_view help;
};

/// The whole catalogue, in the order of the page. @thread_safety Pure function.
[[nodiscard]] std::span<const MetricInfo> metric_catalogue() noexcept;

/// Counts durations by upper bound.
///
/// @memory        Fixed; never allocates.
/// @thread_safety Not synchronised: its owner is.
class DurationHistogram {
 public:
  /// Upper bounds of the buckets, inclusive; one more counts what is beyond.
  static constexpr std::array kBounds{microseconds(100), microseconds(250),  microseconds(500),
                                      milliseconds(1),   microseconds(2500), milliseconds(5),
                                      milliseconds(10),  milliseconds(25),   milliseconds(50),
                                      milliseconds(100), milliseconds(250),  milliseconds(500),
                                      seconds(1),        milliseconds(2500)};

  /// @param duration  Below zero counts as zero: clocks are not to blame the work.
  void observe(Duration duration) noexcept;
  /// How many were at or below kBounds[i] and above the bound before; i == kBounds.size(): beyond.
  [[nodiscard]] std::uint64_t in_bucket(std::size_t i) const noexcept { return buckets_[i]; }
  [[nodiscard]] std::uint64_t count() const noexcept;
  [[nodiscard]] Duration sum() const noexcept { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size() + 1> buckets_{};
  Duration sum_{};
};

/// Values of one scrape. What is not set has no series.
///
/// @thread_safety None; made, filled and printed by one thread.
class MetricPage {
 public:
  using Labels = std::initializer_list<std::string_view>;

  /// @param labels  One value per label of the metric, in the catalogue's order; asserted. The same
  ///                labels again replace the value.
  /// @param value   A count of 10^-digits: (1500, 3) is 1.5.
  void set(Metric metric, Labels labels, std::int64_t value, int digits = 0);
  void set(Metric metric, std::int64_t value, int digits = 0) { set(metric, {}, value, digits); }
  /// Counters. Beyond 2^63 - 1 they stay there.
  void set_count(Metric metric, Labels labels, std::uint64_t value);
  void set_count(Metric metric, std::uint64_t value) { set_count(metric, {}, value); }
  /// @pre The metric is a histogram; asserted.
  void set(Metric metric, Labels labels, const DurationHistogram& histogram);
  /// One series per word of a state: 1 for `now`, 0 for the others.
  /// @param labels  Those before the last label, which is the state.
  void set_state(Metric metric, Labels labels, std::span<const std::string_view> words,
                 std::string_view now);

  /// Exposition format 0.0.4: HELP and TYPE of each metric that has a value, in the order of the
  /// catalogue, series in the order of their labels. Numbers are exact decimals.
  [[nodiscard]] std::string text() const;

 private:
  struct Number {
    std::int64_t value = 0;
    int digits = 0;
  };
  using Value = std::variant<Number, DurationHistogram>;
  [[nodiscard]] Value& at(Metric metric, Labels labels);

  std::map<Metric, std::map<std::vector<std::string>, Value>> values_;
};

/// Version, CPU and memory of this process, and the quality of its clock.
///
/// @param program  `ems-agent` or `ems-server`.
/// @param started  When it started.
/// @thread_safety  Any thread; reads /proc.
void write_process_metrics(std::string_view program, UtcInstant started, ClockQuality quality,
                           MetricPage& page);

/// Bytes of an SQLite file and its write-ahead log. @return nullopt when the file cannot be seen.
/// @thread_safety  Any thread.
[[nodiscard]] std::optional<std::uint64_t> store_file_bytes(const std::filesystem::path& path);

}  // namespace ems::io
