// SPDX-License-Identifier: Apache-2.0
#include "ems/io/metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>

#include "ems/core/assert.hpp"
#include "ems/core/decimal.hpp"
#include "ems/core/version.hpp"

namespace ems::io {
namespace {

constexpr MetricInfo kCatalogue[] = {
#define EMS_METRIC(name, kind, unit, labels, program, help) \
  {"ems_" #name, MetricKind::kind, #unit, labels, MetricProgram::program, help},
#include "ems/io/metrics.def"
#undef EMS_METRIC
};

constexpr int kMicroDigits = 6;

const MetricInfo& info_of(Metric metric) { return kCatalogue[static_cast<std::size_t>(metric)]; }

std::string_view to_string(MetricKind kind) {
  constexpr std::array<std::string_view, 3> kWords{"counter", "gauge", "histogram"};
  return kWords[static_cast<std::size_t>(kind)];
}

/// Text as HELP and label values carry it; only label values escape the quote.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// `{asset="battery/1",le="0.5"}`; empty without labels.
std::string label_text(const MetricInfo& info, const std::vector<std::string>& values,
                       std::string_view le = {}) {
  std::string out;
  const std::vector<std::string_view> names = words_of(info.labels);
  for (std::size_t i = 0; i < names.size(); ++i) {
    out +=
        (out.empty() ? "" : ",") + std::string(names[i]) + "=\"" + escaped(values[i], true) + '"';
  }
  if (!le.empty()) out += (out.empty() ? "le=\"" : ",le=\"") + std::string(le) + '"';
  return out.empty() ? out : '{' + out + '}';
}

/// 1500000 at 6 digits is `1.5`: no zeros that say nothing.
std::string number(std::int64_t value, int digits) {
  std::array<char, kDecimalTextSize> buffer{};
  std::string text(format_decimal(value, digits, buffer));
  if (digits == 0) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string histogram_text(const MetricInfo& info, const std::vector<std::string>& labels,
                           const DurationHistogram& histogram) {
  const std::string name(info.name);
  std::string out;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
    below += histogram.in_bucket(i);
    const std::string bound = number(DurationHistogram::kBounds[i].count(), kMicroDigits);
    out += name + "_bucket" + label_text(info, labels, bound) + ' ' + std::to_string(below) + '\n';
  }
  const std::string count = ' ' + std::to_string(histogram.count()) + '\n';
  return out + name + "_bucket" + label_text(info, labels, "+Inf") + count + name + "_sum" +
         label_text(info, labels) + ' ' + number(histogram.sum().count(), kMicroDigits) + '\n' +
         name + "_count" + label_text(info, labels) + count;
}

}  // namespace

std::span<const MetricInfo> metric_catalogue() noexcept { return kCatalogue; }

void DurationHistogram::observe(Duration duration) noexcept {
  const Duration time = std::max(duration, Duration::zero());
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), time);
  ++buckets_[static_cast<std::size_t>(bound - kBounds.begin())];
  sum_ = sum_ + time;
}

std::uint64_t DurationHistogram::count() const noexcept {
  std::uint64_t all = 0;
  for (const std::uint64_t bucket : buckets_) all += bucket;
  return all;
}

MetricPage::Value& MetricPage::at(Metric metric, Labels labels) {
  EMS_ASSERT(labels.size() == words_of(info_of(metric).labels).size());
  return values_[metric][{labels.begin(), labels.end()}];
}

void MetricPage::set(Metric metric, Labels labels, std::int64_t value, int digits) {
  EMS_ASSERT(info_of(metric).kind != MetricKind::histogram);
  at(metric, labels) = Number{value, digits};
}

void MetricPage::set_count(Metric metric, Labels labels, std::uint64_t value) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  set(metric, labels, static_cast<std::int64_t>(std::min(value, kMost)));
}

void MetricPage::set(Metric metric, Labels labels, const DurationHistogram& histogram) {
  EMS_ASSERT(info_of(metric).kind == MetricKind::histogram);
  at(metric, labels) = histogram;
}

void MetricPage::set_state(Metric metric, Labels labels, std::span<const std::string_view> words,
                           std::string_view now) {
  for (const std::string_view word : words) {
    std::vector<std::string> all(labels.begin(), labels.end());
    all.emplace_back(word);
    EMS_ASSERT(all.size() == words_of(info_of(metric).labels).size());
    values_[metric][std::move(all)] = Number{word == now ? 1 : 0, 0};
  }
}

std::string MetricPage::text() const {
  std::string out;
  for (const auto& [metric, series] : values_) {
    const MetricInfo& info = info_of(metric);
    const std::string name(info.name);
    out += "# HELP " + name + ' ' + escaped(info.help, false) + "\n# TYPE " + name + ' ' +
           std::string(to_string(info.kind)) + '\n';
    for (const auto& [labels, value] : series) {
      if (const auto* histogram = std::get_if<DurationHistogram>(&value)) {
        out += histogram_text(info, labels, *histogram);
      } else {
        const Number& count = std::get<Number>(value);
        out += name + label_text(info, labels) + ' ' + number(count.value, count.digits) + '\n';
      }
    }
  }
  return out;
}

void write_process_metrics(std::string_view program, UtcInstant started, ClockQuality quality,
                           MetricPage& page) {
  page.set(Metric::build_info, {program, kVersion}, 1);
  page.set(Metric::process_start_time_seconds, started.since_epoch().count(), kMicroDigits);
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    constexpr std::int64_t kMicrosPerSecond = 1'000'000;
    const auto micros = [](const timeval& t) { return t.tv_sec * kMicrosPerSecond + t.tv_usec; };
    page.set(Metric::process_cpu_seconds_total, micros(usage.ru_utime) + micros(usage.ru_stime),
             kMicroDigits);
  }
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages_total = 0;
  std::uint64_t pages_resident = 0;
  if (statm >> pages_total >> pages_resident) {
    page.set_count(Metric::process_resident_memory_bytes,
                   pages_resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  }
  constexpr std::array<std::string_view, 3> kQualities{"unset", "holdover", "synced"};
  page.set_state(Metric::clock_quality, {}, kQualities,
                 kQualities[static_cast<std::size_t>(quality)]);
}

std::optional<std::uint64_t> store_file_bytes(const std::filesystem::path& path) {
  std::error_code error;
  const std::uint64_t file = std::filesystem::file_size(path, error);
  if (error) return std::nullopt;
  const std::uint64_t log = std::filesystem::file_size(path.string() + "-wal", error);
  return file + (error ? 0 : log);  // No log: SQLite has folded it into the file.
}

}  // namespace ems::io
