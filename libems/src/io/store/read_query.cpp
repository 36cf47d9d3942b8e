// SPDX-License-Identifier: Apache-2.0
#include "ems/io/store/read_query.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

#include "ems/query/export.hpp"

namespace ems::io {

using telemetry::Stream;

namespace {

/// A gap: its epoch, whose counter alone says nothing (a store that was replaced counts from 1
/// again), and its first row.
using Lost = std::tuple<std::uint32_t, decltype(telemetry::Epoch::random), telemetry::Sequence>;

/// Gives rows and gaps to a Downsampler or an EnergyLedger; keeps the first refusal.
template <class Query>
class QuerySink final : public RowSink {
 public:
  explicit QuerySink(Query& query) : query_(query) {}
  bool row(const RowId&, const telemetry::Row& row) override {
    any = true;
    if (!ahead_.empty()) query_.gap();
    passed_.merge(ahead_);
    if (const Result<void> taken = query_.row(row); !taken) refused_ = taken.error();
    return !refused_ && !enough(row);
  }
  bool record(const RowId&, const telemetry::Record&) override { return true; }
  bool gap(const RowId& id, const telemetry::Gap& gap) override {
    const Lost lost{id.epoch.counter, id.epoch.random, id.sequence};
    // One of unknown time comes with every range: it breaks the time where it is, and only there.
    if (gap.time_known) {
      query_.gap();
    } else if (!passed_.contains(lost)) {
      ahead_.insert(lost);
    }
    return true;
  }

  /// Gaps of unknown time that rows have followed. @param passed  Of an earlier sink.
  void know(std::set<Lost> passed) { passed_ = std::move(passed); }
  [[nodiscard]] std::set<Lost> passed() && { return std::move(passed_); }

  /// Reads [from, to); `to` may be beyond what is needed: it stops at `stop`, once settled.
  Result<void> read(RowSource& source, UtcInstant from, UtcInstant to,
                    std::optional<UtcInstant> stop = std::nullopt) {
    stop_ = stop;
    if (to <= from) return {};
    const Result<void> done = source.read(Stream::telemetry, {from, to}, *this);
    if (refused_) return fail(*refused_);
    return done;
  }
  bool any = false;  ///< There were rows.

 private:
  bool enough(const telemetry::Row& row) const {
    if constexpr (requires { query_.settled(row.at); }) {
      return stop_ && row.at >= *stop_ && query_.settled(*stop_);
    }
    return false;
  }
  Query& query_;
  std::set<Lost> passed_;
  std::set<Lost> ahead_;  ///< Given, and no row since.
  std::optional<UtcInstant> stop_;
  std::optional<Error> refused_;
};

/// The points of blocks, which need no look at their rows, where a block is in the range as a
/// whole.
class PointsSink final : public RowSink {
 public:
  Result<bool> block(telemetry::BlockScan& block, const UtcRange& range) override {
    if (range != UtcRange{}) return RowSink::block(block, range);
    add(block.points());
    return true;
  }
  bool row(const RowId&, const telemetry::Row& row) override {
    add(row.points);
    return true;
  }
  bool record(const RowId&, const telemetry::Record&) override { return true; }
  bool gap(const RowId&, const telemetry::Gap&) override { return true; }
  std::set<Point> points;

 private:
  void add(std::span<const Point> table) {
    if (std::equal(table.begin(), table.end(), known_.begin(), known_.end())) return;
    known_.assign(table.begin(), table.end());
    points.insert(table.begin(), table.end());
  }
  std::vector<Point> known_;  ///< Point table of the row before.
};

/// Rows as text, in pieces.
template <class Writer>
class TextSink final : public RowSink {
 public:
  TextSink(Writer& writer, const std::function<bool(std::string_view)>& write)
      : writer_(writer), write_(write) {}
  bool row(const RowId&, const telemetry::Row& row) override {
    writer_.row(text, row);
    return text.size() < kPiece || flush();
  }
  bool record(const RowId&, const telemetry::Record&) override { return true; }
  bool gap(const RowId&, const telemetry::Gap&) override { return true; }
  bool flush() {
    wanted = wanted && (text.empty() || write_(text));
    text.clear();
    return wanted;
  }
  std::string text;
  bool wanted = true;

 private:
  static constexpr std::size_t kPiece = 65'536;
  Writer& writer_;
  const std::function<bool(std::string_view)>& write_;
};

template <class Writer>
Result<void> write_rows(RowSource& source, const UtcRange& range, Writer& writer, std::string begin,
                        const std::function<bool(std::string_view)>& write) {
  TextSink sink(writer, write);
  sink.text = std::move(begin);
  const Result<void> read = source.read(Stream::telemetry, range, sink);
  if (!read) return read;
  if (!sink.flush()) return fail(Errc::cancelled, 0, "export: the writer wants no more");
  return {};
}

/// Tags that make no line that InfluxDB takes.
Result<void> check_tags(std::span<const std::pair<std::string, std::string>> tags) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string_view name = tags[i].first;
    if (name.empty()) return fail(Errc::invalid_argument, i, "export: a tag without a name");
    if (name == "asset") {
      return fail(Errc::invalid_argument, i, "export: every line has the tag asset already");
    }
    if (name == "time") return fail(Errc::invalid_argument, i, "export: time can be no tag");
    if (!names.insert(name).second) {
      return fail(Errc::invalid_argument, i, "export: a tag is given twice");
    }
  }
  return {};
}

/// Most energy queries find every reading that they need so close to the range.
constexpr Duration kNear = seconds(120);

}  // namespace

Result<query::Downsampler> read_buckets(RowSource& source, query::Grid grid,
                                        std::span<const Point> points,
                                        const query::DownsampleOptions& options) {
  const UtcInstant from = grid.from() + -options.gap_max;
  const UtcInstant to = grid.to() + options.gap_max + microseconds(1);
  Result<query::Downsampler> down = query::Downsampler::create(std::move(grid), points, options);
  if (!down) return down;
  QuerySink sink(*down);
  if (const Result<void> read = sink.read(source, from, to); !read) return fail(read.error());
  return down;
}

Result<query::EnergyLedger> read_energy(RowSource& source, query::Grid grid,
                                        const query::EnergyOptions& options) {
  const UtcInstant from = grid.from();
  const UtcInstant to = grid.to();
  const Duration near = max_of(options.gap_max, kNear);
  std::set<Lost> passed;
  const auto begin = [&](Duration lead) -> Result<query::EnergyLedger> {
    Result<query::EnergyLedger> ledger = query::EnergyLedger::create(grid, options);
    if (!ledger) return ledger;
    QuerySink sink(*ledger);
    if (const Result<void> r = sink.read(source, from + -lead, from); !r) return fail(r.error());
    if (lead < options.bridge_max && (!sink.any || !ledger->counters_began())) {
      return fail(Errc::not_found, 0, "");  // The readings before the range are further back.
    }
    passed = std::move(sink).passed();
    return ledger;
  };
  Result<query::EnergyLedger> ledger = begin(near);
  if (!ledger && ledger.error().code == Errc::not_found && near < options.bridge_max) {
    ledger = begin(options.bridge_max);
  }
  if (!ledger) return ledger;
  QuerySink sink(*ledger);
  sink.know(std::move(passed));
  const UtcInstant after = to + options.gap_max + microseconds(1);
  if (const Result<void> r = sink.read(source, from, after); !r) return fail(r.error());
  if (!ledger->settled(to)) {
    const Result<void> r = sink.read(source, after, to + options.bridge_max, to);
    if (!r) return fail(r.error());
  }
  ledger->finish();
  return ledger;
}

Result<std::vector<Point>> read_points(RowSource& source, const UtcRange& range) {
  PointsSink sink;
  const Result<void> read = source.read(Stream::telemetry, range, sink);
  if (!read) return fail(read.error());
  return std::vector<Point>{sink.points.begin(), sink.points.end()};
}

Result<void> export_rows(RowSource& source, std::span<const Point> points, const UtcRange& range,
                         const ExportOptions& options,
                         const std::function<bool(std::string_view)>& write) {
  std::vector<Point> wanted{points.begin(), points.end()};
  std::vector<Point> sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return fail(Errc::invalid_argument, 0, "export: a point is given twice");
  }
  if (options.form == ExportOptions::Form::line_protocol) {
    if (const Result<void> sound = check_tags(options.tags); !sound) return sound;
    query::LineProtocolWriter writer(std::move(wanted), options.tags);
    return write_rows(source, range, writer, {}, write);
  }
  if (wanted.empty()) {
    Result<std::vector<Point>> all = read_points(source, range);
    if (!all) return fail(all.error());
    wanted = std::move(*all);
  }
  query::CsvWriter writer(std::move(wanted), {options.qualities});
  std::string header;
  writer.header(header);
  return write_rows(source, range, writer, std::move(header), write);
}

}  // namespace ems::io
