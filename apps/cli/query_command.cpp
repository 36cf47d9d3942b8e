// SPDX-License-Identifier: Apache-2.0
// emsctl store|fleet query, energy, export: what people ask of stored rows.
#include "query_command.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "command.hpp"
#include "ems/core/decimal.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/store/store_reader.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/query/export.hpp"

namespace ems::cli {
namespace {

using Json = nlohmann::ordered_json;

struct QueryOptions {
  std::vector<std::string> points;
  std::string from;
  std::string to;
  std::string zone;
  std::string step_s = "60";
  std::string every = "day";
  std::string gap_max_s = "10";
  std::string grid_meter;
  std::string form = "csv";
  std::string out;
  std::vector<std::string> tags;
  std::int64_t power_max_w = 0;
  std::int64_t counter_modulus_wh = 0;
  bool qualities = false;
};

template <class T>
T take(const std::string& what, Result<T> result) {
  if (!result) end_with(what, result.error());
  return std::move(*result);
}

Duration seconds_of(const std::string& text, const char* flag) {
  return microseconds(take(flag, parse_decimal(text, 6)));
}

io::TimeZone zone_of(const QueryOptions& options) {
  if (options.zone.empty()) return {};
  return take("--zone " + options.zone, io::TimeZone::load(options.zone));
}

/// A UTC moment, or a date: its first hour on the zone's clock.
UtcInstant moment_of(const std::string& text, const char* flag, const io::TimeZone& zone) {
  constexpr std::size_t kDateSize = 10;
  if (text.size() != kDateSize) return take(flag, io::parse_utc(text));
  const UtcInstant midnight = take(flag, io::parse_utc(text + "T00:00:00Z"));
  const UtcInstant near = midnight + -zone.offset_at(midnight);
  const UtcInstant moment = midnight + -zone.offset_at(near);
  const bool there = moment + zone.offset_at(moment) >= midnight;
  return there ? moment : near;  // No midnight: summer time begins at it.
}

io::UtcRange range_of(const QueryOptions& options, const io::TimeZone& zone) {
  return {moment_of(options.from, "--from", zone), moment_of(options.to, "--to", zone)};
}

std::vector<Point> points_of(const QueryOptions& options) {
  std::vector<Point> points;
  for (const std::string& name : options.points) {
    points.push_back(take("--point " + name, query::parse_point_name(name)));
  }
  return points;
}

int digits_of(Signal signal) {
  const SignalInfo* info = find_signal(signal);
  return info != nullptr ? unit_info(info->unit).digits : 0;
}

Json decimal(const std::optional<std::int64_t>& value, int digits) {
  std::array<char, kDecimalTextSize> text{};
  return value ? Json::parse(format_decimal(*value, digits, text)) : Json();
}

/// Digits of a second that tell moments so far apart: none, milli- or microseconds.
int digits_of(Duration step) {
  if (step.count() % 1'000'000 == 0) return 0;
  return step.count() % 1'000 == 0 ? 3 : 6;
}

double seconds_in(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

void run_query(QuerySource& source, const QueryOptions& options) {
  const io::TimeZone zone = zone_of(options);
  const io::UtcRange range = range_of(options, zone);
  rpc::BucketRequest request{.from = range.from,
                             .to = range.to,
                             .step = seconds_of(options.step_s, "--step-s"),
                             .points = {},
                             .gap_max = seconds_of(options.gap_max_s, "--gap-max-s")};
  const int begin_digits = std::max(digits_of(request.from.since_epoch()), digits_of(request.step));
  const char* before = "[";  // One array, printed as it comes: there may be millions.
  source.buckets(request, points_of(options), [&](const rpc::BucketSeriesView& series) {
    const int digits = digits_of(series.point.signal);
    for (const rpc::BucketView& bucket : series.buckets) {
      const Json one{{"point", query::point_name(series.point)},
                     {"begin", io::format_local(bucket.begin, zone, begin_digits)},
                     {"min", decimal(bucket.min, digits)},
                     {"max", decimal(bucket.max, digits)},
                     {"mean", bucket.mean ? Json(*bucket.mean / std::pow(10.0, digits)) : Json()},
                     {"last", decimal(bucket.last, digits)},
                     {"count", bucket.count},
                     {"doubted", bucket.doubted},
                     {"known_s", seconds_in(bucket.known)}};
      std::fputs(std::exchange(before, ","), stdout);
      std::fputs(one.dump().c_str(), stdout);
    }
  });
  print(*before == '[' ? "[]" : "]");
}

void run_energy(QuerySource& source, const QueryOptions& options) {
  const io::TimeZone zone = zone_of(options);
  const io::UtcRange range = range_of(options, zone);
  const auto period = io::parse_period(options.every);
  if (!period) end_with("--every " + options.every, {Errc::invalid_argument, 0, "no such period"});
  rpc::EnergyRequest request{
      .from = range.from, .to = range.to, .period = *period, .time_zone = options.zone};
  request.options.gap_max = seconds_of(options.gap_max_s, "--gap-max-s");
  request.options.power_max_w = options.power_max_w;
  request.options.counter_modulus_wh = options.counter_modulus_wh;
  if (!options.grid_meter.empty()) {
    request.options.grid_meter =
        take("--grid-meter " + options.grid_meter, parse_asset(options.grid_meter));
  }
  Json list = Json::array();
  for (const rpc::EnergyView& view : source.energy(request)) {
    const double width = seconds_in(view.end - view.begin);
    list.push_back({{"asset", to_name(view.account.asset).view()},
                    {"flow", to_string(view.account.flow)},
                    {"begin", io::format_local(view.begin, zone)},
                    {"end", io::format_local(view.end, zone)},
                    {"energy_wh", decimal(view.energy_mwh, 3)},
                    {"source", to_string(view.source)},
                    {"known", seconds_in(view.known) / width},
                    {"spread", seconds_in(view.spread) / width},
                    {"resets", view.resets},
                    {"wraps", view.wraps}});
  }
  print(list.dump());
}

void run_export(QuerySource& source, const QueryOptions& options) {
  const io::TimeZone zone = zone_of(options);
  io::ExportOptions form;
  if (options.form == "influx") form.form = io::ExportOptions::Form::line_protocol;
  form.qualities = options.qualities;
  for (const std::string& tag : options.tags) {
    const std::size_t at = tag.find('=');
    if (at == std::string::npos || at == 0) {
      end_with("--tag " + tag, {Errc::syntax, 0, "expected NAME=VALUE"});
    }
    form.tags.emplace_back(tag.substr(0, at), tag.substr(at + 1));
  }
  const bool to_file = !options.out.empty();
  std::FILE* file = to_file ? nullptr : stdout;
  const auto open = [&] {  // Not before there is something to write: a slip leaves a file alone.
    if (file == nullptr) file = std::fopen(options.out.c_str(), "wb");
    if (file == nullptr) end_with(options.out, {Errc::io, 0, "cannot write"});
  };
  bool good = true;
  source.export_rows(points_of(options), range_of(options, zone), form,
                     [&](std::string_view piece) {
                       open();
                       good = std::fwrite(piece.data(), 1, piece.size(), file) == piece.size();
                       return good;
                     });
  open();
  good = (to_file ? std::fclose(file) : std::fflush(file)) == 0 && good;
  if (!good) end_with(to_file ? options.out : "standard output", {Errc::io, 0, "cannot write"});
}

/// Rows of a store's file.
class StoreSource final : public QuerySource {
 public:
  StoreSource(const std::string& path, fleet::AgentKey whose) : path_(path) {
    Result<io::StoreReader> edge = io::StoreReader::open(path);
    if (edge) {
      rows_ = std::make_unique<io::StoreReader>(std::move(*edge));
      return;
    }
    if (edge.error().code != Errc::header) end_with(path, edge.error());
    fleet_ = take(path, fleet::open_sqlite_fleet_store(path, {false, true}));
    const auto agents = take(path, fleet_->agents(whose.tenant));
    if (whose.agent.empty()) {
      if (agents.size() != 1) {
        end_with(path, {Errc::invalid_argument, 0, "a server's store: name the agent, --agent"});
      }
      whose = agents.front();
    }
    if (std::ranges::find(agents, whose.agent, &fleet::AgentKey::agent) == agents.end()) {
      end_with(path, {Errc::not_found, 0, "no rows of this agent"});
    }
    rows_ = fleet_->rows(whose);
  }

  void buckets(const rpc::BucketRequest& request, const std::vector<Point>& points,
               const std::function<void(const rpc::BucketSeriesView&)>& take_series) override {
    const auto whole = take(path_, query::Grid::uniform(request.from, request.to, request.step));
    const io::UtcRange range{request.from + -request.gap_max, request.to + request.gap_max};
    const std::vector<Point> wanted =
        points.empty() ? take(path_, io::read_points(*rows_, range)) : points;
    const std::size_t part =
        std::max<std::size_t>(kCellsKept / std::max<std::size_t>(wanted.size(), 1), 1);
    for (std::size_t at = 0; at < whole.size(); at += part) {
      const UtcInstant begin = whole.begin_of(at);
      const UtcInstant end = whole.end_of(std::min(at + part, whole.size()) - 1);
      auto grid = take(path_, query::Grid::uniform(begin, end, request.step));
      give_buckets(take(path_, io::read_buckets(*rows_, std::move(grid), wanted,
                                                {.gap_max = request.gap_max})),
                   take_series);
    }
  }

  std::vector<rpc::EnergyView> energy(const rpc::EnergyRequest& request) override {
    io::TimeZone zone;
    if (!request.time_zone.empty()) zone = take("--zone", io::TimeZone::load(request.time_zone));
    const auto grid =
        take(path_, io::calendar_grid(zone, request.from, request.to, request.period));
    const auto ledger = take(path_, io::read_energy(*rows_, grid, request.options));
    std::vector<rpc::EnergyView> all;
    for (const query::EnergyAccount& account : ledger.accounts()) {
      for (std::size_t at = 0; at < grid.size(); ++at) {
        const query::EnergyFigure& of = ledger.figures(account)[at];
        all.push_back({account, grid.begin_of(at), grid.end_of(at), of.energy_mwh(), of.source(),
                       of.known(), of.spread, of.resets, of.wraps});
      }
    }
    return all;
  }
  void export_rows(const std::vector<Point>& points, const io::UtcRange& range,
                   const io::ExportOptions& options,
                   const std::function<bool(std::string_view)>& write) override {
    const Result<void> done = io::export_rows(*rows_, points, range, options, write);
    if (!done && done.error().code != Errc::cancelled) end_with(path_, done.error());
  }
  [[nodiscard]] std::vector<Point> points() { return take(path_, io::read_points(*rows_)); }

 private:
  static constexpr std::size_t kCellsKept = 200'000;  ///< Buckets in memory: some 20 MB.

  static void give_buckets(const query::Downsampler& down,
                           const std::function<void(const rpc::BucketSeriesView&)>& take_series) {
    for (std::size_t i = 0; i < down.points().size(); ++i) {
      rpc::BucketSeriesView series{down.points()[i], {}};
      for (std::size_t at = 0; at < down.grid().size(); ++at) {
        const query::Bucket& of = down.buckets(i)[at];
        if (of.count == 0 && of.doubted == 0 && of.known == Duration::zero()) continue;
        rpc::BucketView view{.begin = down.grid().begin_of(at),
                             .known = of.known,
                             .count = of.count,
                             .doubted = of.doubted};
        if (of.count > 0) {
          view.min = of.min;
          view.max = of.max;
          view.last = of.last;
          view.last_at = of.last_at;
        }
        view.mean = of.mean();
        series.buckets.push_back(view);
      }
      take_series(series);
    }
  }

  std::string path_;
  std::unique_ptr<fleet::FleetStore> fleet_;  // Outlives rows_.
  std::unique_ptr<io::RowSource> rows_;
};

/// Rows of an agent, from a server.
class ServerSource final : public QuerySource {
 public:
  ServerSource(std::unique_ptr<rpc::FleetClient> client, fleet::AgentKey whose)
      : client_(std::move(client)), whose_(std::move(whose)) {}

  void buckets(const rpc::BucketRequest& request, const std::vector<Point>& points,
               const std::function<void(const rpc::BucketSeriesView&)>& take_series) override {
    rpc::BucketRequest asked = request;
    asked.points = filters(points);
    // Kept until the server is done, see SliceRows; it gives no more than 200,000.
    std::vector<rpc::BucketSeriesView> all;
    check("query", client_->buckets(whose_, asked, [&](rpc::BucketSlice slice) {
      for (rpc::BucketSeriesView& series : slice.series) all.push_back(std::move(series));
      return true;
    }));
    for (const rpc::BucketSeriesView& series : all) take_series(series);
  }
  std::vector<rpc::EnergyView> energy(const rpc::EnergyRequest& request) override {
    auto figures = client_->energy(whose_, request);
    if (!figures) end_with("energy", figures.error(), client_->detail());
    return std::move(*figures);
  }
  void export_rows(const std::vector<Point>& points, const io::UtcRange& range,
                   const io::ExportOptions& options,
                   const std::function<bool(std::string_view)>& write) override {
    SliceRows rows(*this, points);
    const bool all = points.empty() && options.form == io::ExportOptions::Form::csv;
    const std::vector<Point> columns = all ? points_in(range) : points;
    bool refused = false;
    const Result<void> done =
        io::export_rows(rows, columns, range, options, [&](std::string_view piece) {
          refused = !write(piece);
          return !refused;
        });
    // A server whose time for a query is over cancels, too: that is no end of the rows.
    if (!done && !refused) end_with("export", done.error(), client_->detail());
  }

 private:
  /// A long range hour by hour, because a server ends a query after 60 s.
  template <class Part>
  static Result<void> in_parts(const io::UtcRange& range, Part&& part) {
    constexpr Duration kPart = seconds(3'600);
    UtcInstant begin = range.from;
    do {
      const UtcInstant end = std::min(begin + kPart, range.to);
      if (const Result<void> done = part(io::UtcRange{begin, end}); !done) return done;
      begin = end;
    } while (begin < range.to);
    return {};
  }
  /// The points that have values in a range.
  std::vector<Point> points_in(const io::UtcRange& range) {
    std::set<Point> found;
    const auto note = [&](const rpc::BucketSlice& slice) {
      for (const rpc::BucketSeriesView& series : slice.series) {
        const bool has = std::ranges::any_of(series.buckets, [](const rpc::BucketView& bucket) {
          return bucket.count + bucket.doubted > 0;
        });
        if (has) found.insert(series.point);
      }
      return true;
    };
    check("export", in_parts(range, [&](const io::UtcRange& part) {
            const Duration whole = part.to - part.from;
            return client_->buckets(
                whose_, {.from = part.from, .to = part.to, .step = whole, .points = {}}, note);
          }));
    return {found.begin(), found.end()};
  }
  static std::vector<rpc::PointQuery> filters(const std::vector<Point>& points) {
    std::vector<rpc::PointQuery> queries;
    for (const Point& point : points) {
      queries.push_back({point.asset, point.signal, point.element});
    }
    return queries;
  }
  void check(const char* what, const Result<void>& done) {
    if (!done) end_with(what, done.error(), client_->detail());
  }

  /// Slices of a range as rows again: the server cuts between rows, never within one. A row of
  /// which nothing is known does not come.
  class SliceRows final : public io::RowSource {
   public:
    SliceRows(ServerSource& server, const std::vector<Point>& points)
        : server_(server), queries_(filters(points)) {}
    Result<void> read(telemetry::Stream, const io::UtcRange& range, io::RowSink& sink) override {
      bool more = true;
      return in_parts(range, [&](const io::UtcRange& part) -> Result<void> {
        if (!more) return {};
        // Kept until the server is done: it drops a caller that does not read for some seconds, and
        // who reads our text may take any time.
        std::vector<rpc::RangeSlice> slices;
        const auto ask = [&] {
          slices.clear();
          return server_.client_->range(server_.whose_, part.from, part.to, queries_,
                                        [&](rpc::RangeSlice slice) {
                                          slices.push_back(std::move(slice));
                                          return true;
                                        });
        };
        Result<void> done = ask();
        // The connection may have died while our reader paused: once more, on a new one.
        if (!done && done.error().code == Errc::unavailable) done = ask();
        for (const rpc::RangeSlice& slice : slices) more = more && give(slice, sink);
        return done;
      });
    }

   private:
    static bool give(const rpc::RangeSlice& slice, io::RowSink& sink) {
      // Two rows of one moment (a clock that was set back) are told apart by their turn.
      std::map<std::pair<UtcInstant, std::size_t>, std::map<Point, telemetry::RowValue>> rows;
      for (const rpc::SeriesView& series : slice.series) {
        std::map<UtcInstant, std::size_t> turns;
        for (std::size_t i = 0; i < series.at.size(); ++i) {
          rows[{series.at[i], turns[series.at[i]]++}][series.point] = {series.values[i],
                                                                       series.qualities[i], true};
        }
      }
      for (const auto& [when, values] : rows) {
        std::vector<Point> points;
        std::vector<telemetry::RowValue> known;
        for (const auto& [point, value] : values) {
          points.push_back(point);
          known.push_back(value);
        }
        if (!sink.row({}, {when.first, points, known})) return false;
      }
      return true;
    }
    ServerSource& server_;
    std::vector<rpc::PointQuery> queries_;
  };

  std::unique_ptr<rpc::FleetClient> client_;
  fleet::AgentKey whose_;
};

}  // namespace

void add_query_commands(CLI::App& parent, const std::function<std::unique_ptr<QuerySource>()>& open,
                        const std::function<void(CLI::App&)>& extra) {
  const auto options = std::make_shared<QueryOptions>();
  const auto one = [&](const char* name, const char* text, auto run) {
    CLI::App* sub = parent.add_subcommand(name, text);
    extra(*sub);
    sub->add_option("--from", options->from, "UTC (2026-11-01T00:00:00Z), or a date of --zone")
        ->required();
    sub->add_option("--to", options->to, "Likewise; the first moment that is not wanted")
        ->required();
    sub->add_option("--zone", options->zone, "Time zone, Europe/Berlin; else UTC");
    sub->callback([options, open, run] { run(*open(), *options); });
    return sub;
  };
  const auto points = [&](CLI::App* sub) {
    sub->add_option("--point", options->points,
                    "ASSET SIGNAL [ELEMENT], in quotes; may be repeated; else all")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  const auto gap = [&](CLI::App* sub) {
    sub->add_option("--gap-max-s", options->gap_max_s,
                    "A value speaks to the next row, if that comes so soon")
        ->capture_default_str();
  };
  CLI::App* sub = one("query", "Points in buckets of time: min, max, mean, last, count", run_query);
  points(sub);
  sub->add_option("--step-s", options->step_s, "Seconds of a bucket")->capture_default_str();
  gap(sub);
  sub = one("energy", "Energy of each asset by period, with source and coverage", run_energy);
  sub->add_option("--every", options->every, "quarter_hour, hour, day or month")
      ->capture_default_str();
  sub->add_option("--grid-meter", options->grid_meter,
                  "Whose counters are the site's import and export: meter/1");
  sub->add_option("--power-max-w", options->power_max_w,
                  "More than any asset can: a counter that rises faster was replaced");
  sub->add_option("--counter-modulus-wh", options->counter_modulus_wh,
                  "The counters count modulo this; takes --power-max-w");
  gap(sub);
  sub = one("export", "Rows as CSV or InfluxDB line protocol", run_export);
  points(sub);
  sub->add_option("--form", options->form, "csv or influx")
      ->check(CLI::IsMember({"csv", "influx"}))
      ->capture_default_str();
  sub->add_option("--out", options->out, "File, written anew; else standard output");
  sub->add_option("--tag", options->tags, "NAME=VALUE, added to each line of influx")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  sub->add_flag("--qualities", options->qualities, "CSV: a column of quality behind each");
}

void add_store_queries(CLI::App& store) {
  struct Which {
    std::string path;
    fleet::AgentKey whose{"default", ""};
  };
  const auto which = std::make_shared<Which>();
  const auto extra = [which](CLI::App& sub) {
    sub.add_option("STORE", which->path, "The store's file")->required();
    sub.add_option("--agent", which->whose.agent, "SITE/NAME, of a server's store");
    sub.add_option("--tenant", which->whose.tenant, "Of a server's store")->capture_default_str();
  };
  CLI::App* points = store.add_subcommand("points", "Every point that has rows");
  extra(*points);
  points->callback([which] {
    for (const Point& point : StoreSource(which->path, which->whose).points()) {
      print(query::point_name(point));
    }
  });
  add_query_commands(
      store, [which] { return std::make_unique<StoreSource>(which->path, which->whose); }, extra);
}

std::unique_ptr<QuerySource> query_server(std::unique_ptr<rpc::FleetClient> client,
                                          fleet::AgentKey whose) {
  return std::make_unique<ServerSource>(std::move(client), std::move(whose));
}

}  // namespace ems::cli
