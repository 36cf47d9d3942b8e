// SPDX-License-Identifier: Apache-2.0
#include "ems/io/store/store_reader.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "block_rows.hpp"
#include "edge_store_impl.hpp"

namespace ems::io {

using namespace telemetry;

struct StoreReader::Impl {
  sqlite::Database db;
  std::uint64_t blocks_opened = 0;

  [[nodiscard]] Result<std::vector<Epoch>> epochs();
};

StoreReader::StoreReader(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
StoreReader::StoreReader(StoreReader&&) noexcept = default;
StoreReader& StoreReader::operator=(StoreReader&&) noexcept = default;
StoreReader::~StoreReader() = default;

Result<StoreReader> StoreReader::open(const std::string& path) {
  Result<sqlite::Database> db = sqlite::open_store_read_only(path, kEdgeSchema);
  if (!db) return fail(db.error());
  auto impl = std::make_unique<Impl>();
  impl->db = std::move(*db);
  return StoreReader{std::move(impl)};
}

Result<std::vector<Epoch>> StoreReader::Impl::epochs() {
  Result<sqlite::Statement> s = db.prepare("SELECT counter, random FROM epoch ORDER BY counter");
  if (!s) return fail(s.error());
  std::vector<Epoch> epochs;
  while (true) {
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (!*row) return epochs;
    Epoch epoch;
    epoch.counter = static_cast<std::uint32_t>(s->integer(0));
    const Bytes random = s->blob(1);
    if (random.size() != epoch.random.size()) return fail(Errc::corrupt, 0, "store: an epoch");
    std::copy(random.begin(), random.end(), epoch.random.begin());
    epochs.push_back(epoch);
  }
}

Result<void> StoreReader::read(Stream stream, const UtcRange& range, RowSink& sink) {
  const Result<void> begun = impl_->db.run("BEGIN");  // One snapshot for everything below.
  if (!begun) return begun;
  sqlite::Transaction snapshot(impl_->db);
  const Result<std::vector<Epoch>> epochs = impl_->epochs();
  if (!epochs) return fail(epochs.error());
  Result<sqlite::Statement> rows = impl_->db.prepare(
      "SELECT 0, first, last, 0, utc_min_us, utc_max_us, bytes FROM block "
      "WHERE stream=?1 AND epoch=?2 AND utc_max_us>=?3 AND utc_min_us<?4 "
      "UNION ALL SELECT 1, first, last, reason, utc_min_us, utc_max_us, NULL FROM gap "
      "WHERE stream=?1 AND epoch=?2 AND (utc_max_us IS NULL OR (utc_max_us>=?3 AND "
      "utc_min_us<?4)) ORDER BY 2");
  if (!rows) return fail(rows.error());
  for (const Epoch& epoch : *epochs) {
    rows->bind(1, std::int64_t{static_cast<std::uint8_t>(stream)});
    rows->bind(2, std::int64_t{epoch.counter});
    rows->bind(3, range.from.since_epoch().count()).bind(4, range.to.since_epoch().count());
    const Result<bool> more = give_items(*rows, stream, epoch, range, sink);
    if (!more) return fail(more.error());
    if (!*more) break;
  }
  return {};
}

namespace {

/// Keeps the last record of a block that is not later than `until`.
class LastRecord final : public RowSink {
 public:
  explicit LastRecord(FoundRecord& found) : found_(found) {}
  bool row(const RowId&, const Row&) override { return true; }
  bool record(const RowId& id, const Record& record) override {
    found_.id = id;
    found_.at = record.at;
    found_.type = record.type;
    found_.payload.assign(record.payload.begin(), record.payload.end());
    return true;
  }
  bool gap(const RowId& id, const Gap& gap) override {
    found_.id = id;
    found_.gap = gap;
    return true;
  }

 private:
  FoundRecord& found_;
};

}  // namespace

Result<std::optional<FoundRecord>> StoreReader::newest(Stream stream, UtcInstant at) {
  const Result<void> begun = impl_->db.run("BEGIN");
  if (!begun) return fail(begun.error());
  sqlite::Transaction snapshot(impl_->db);
  Result<std::vector<Epoch>> epochs = impl_->epochs();
  if (!epochs) return fail(epochs.error());
  // A block has a row at or before `at` exactly when its first is: the newest such block answers. A
  // gap of unknown time may hold the answer, so it is the answer.
  Result<sqlite::Statement> newest = impl_->db.prepare(
      "SELECT * FROM (SELECT 0, first, last, 0, utc_min_us, utc_max_us, bytes FROM block "
      "WHERE stream=?1 AND epoch=?2 AND utc_min_us<=?3 ORDER BY first DESC LIMIT 1) "
      "UNION ALL SELECT * FROM (SELECT 1, first, last, reason, utc_min_us, utc_max_us, NULL FROM "
      "gap WHERE stream=?1 AND epoch=?2 AND (utc_min_us IS NULL OR utc_min_us<=?3) "
      "ORDER BY first DESC LIMIT 1) ORDER BY 2 DESC LIMIT 1");
  if (!newest) return fail(newest.error());
  const UtcRange until{UtcInstant{Duration::min()}, at + microseconds(1)};
  for (auto epoch = epochs->rbegin(); epoch != epochs->rend(); ++epoch) {
    newest->bind(1, std::int64_t{static_cast<std::uint8_t>(stream)});
    newest->bind(2, std::int64_t{epoch->counter}).bind(3, at.since_epoch().count());
    FoundRecord found;
    LastRecord sink(found);
    const Result<bool> given = give_items(*newest, stream, *epoch, until, sink);
    if (!given) return fail(given.error());
    if (found.id.sequence == 0) continue;
    ++impl_->blocks_opened;
    return std::optional(std::move(found));
  }
  return std::optional<FoundRecord>{};
}

Result<std::optional<UtcInstant>> StoreReader::earliest(Stream stream) {
  Result<sqlite::Statement> s =
      impl_->db.prepare("SELECT min(utc_min_us) FROM block WHERE stream=?1");
  if (!s) return fail(s.error());
  const Result<bool> row = s->bind(1, std::int64_t{static_cast<std::uint8_t>(stream)}).next();
  if (!row) return fail(row.error());
  if (!*row || s->is_null(0)) return std::optional<UtcInstant>{};
  return std::optional(UtcInstant{microseconds(s->integer(0))});
}

std::uint64_t StoreReader::blocks_opened() const noexcept { return impl_->blocks_opened; }

Result<std::array<Mark, kStreamCount>> StoreReader::marks() {
  const Result<std::vector<Epoch>> epochs = impl_->epochs();
  if (!epochs) return fail(epochs.error());
  std::array<Mark, kStreamCount> marks{};
  Result<sqlite::Statement> s = impl_->db.prepare(
      "SELECT stream, epoch, last, acknowledged, (SELECT min(first) FROM block b WHERE "
      "b.stream=s.stream AND b.epoch=s.epoch) FROM stream s");
  if (!s) return fail(s.error());
  while (true) {
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (!*row) return marks;
    const auto at = static_cast<std::size_t>(s->integer(0));
    if (at >= marks.size()) return fail(Errc::corrupt, 0, "store: a stream number");
    Mark& mark = marks[at];
    for (const Epoch& epoch : *epochs) {
      if (epoch.counter == s->integer(1)) mark.epoch = epoch;
    }
    mark.last = s->unsigned_integer(2);
    mark.acknowledged = s->unsigned_integer(3);
    mark.first_held = s->is_null(4) ? mark.last + 1 : s->unsigned_integer(4);
  }
}

Result<std::array<std::uint64_t, kStreamCount>> StoreReader::backlog_bytes() {
  Result<sqlite::Statement> s = impl_->db.prepare(
      "SELECT s.stream, sum(length(b.bytes)) FROM stream s JOIN block b ON b.stream=s.stream AND "
      "b.epoch=s.epoch AND b.last>s.acknowledged GROUP BY s.stream");
  if (!s) return fail(s.error());
  std::array<std::uint64_t, kStreamCount> bytes{};
  while (true) {
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (!*row) return bytes;
    const auto at = static_cast<std::size_t>(s->integer(0));
    if (at >= bytes.size()) return fail(Errc::corrupt, 0, "store: a stream number");
    bytes[at] = s->unsigned_integer(1);
  }
}

Result<std::vector<Point>> StoreReader::points(const UtcRange& range) {
  Result<sqlite::Statement> s = impl_->db.prepare(
      "SELECT bytes FROM block WHERE stream=1 AND utc_max_us>=?1 AND utc_min_us<?2");
  if (!s) return fail(s.error());
  s->bind(1, range.from.since_epoch().count()).bind(2, range.to.since_epoch().count());
  std::set<Point> points;
  while (true) {
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (!*row) return std::vector<Point>{points.begin(), points.end()};
    const Result<BlockScan> block = BlockScan::open(s->blob(0));
    if (!block) continue;  // The writer turns it into a gap when it next opens the store.
    points.insert(block->points().begin(), block->points().end());
  }
}

}  // namespace ems::io
