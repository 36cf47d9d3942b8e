// SPDX-License-Identifier: Apache-2.0
// Writing one site's rows: ems::io::EdgeStore beside SQLite tables of the usual shapes, all with
// WAL and synchronous=FULL; and durable commits of single rows beside bare fdatasync.
//
// bench_edge_store TABLE FOLDER CASE [ROWS_PER_COMMIT]; a case a process, JSON on stdout.
// bench_edge_store --version says with what it was built.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bench/process_time.hpp"
#include "bench/table.hpp"
#include "ems/io/store/edge_store.hpp"

namespace {

using namespace ems;
using bench::die;
using bench::must;
using bench::Table;

struct Written {
  bench::Spent spent{};
  std::uint64_t commits = 0;
  std::uint64_t payload_bytes = 0;  ///< Blocks without their container; 0: does not apply.
};

std::uint64_t bytes_in(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

io::EdgeStore open_store(const std::string& path, const Table& table) {
  io::EdgeStore store = must(io::EdgeStore::open(path, bench::default_options(table)), "open");
  store.set_context(1, ClockQuality::synced);
  return store;
}

Written write_blocks(const Table& table, const std::string& folder, std::size_t group) {
  const bench::Rows rows(table);
  Written out;
  {
    io::EdgeStore store = open_store(folder + "/edge.db", table);
    const bench::Stopwatch watch;
    for (std::size_t row = 0; row < table.rows; ++row) {
      must(store.append(rows.at(0, row)), "append");
      if ((row + 1) % group != 0 && row + 1 != table.rows) continue;
      must(store.commit(), "commit");
      ++out.commits;
    }
    out.spent = watch.spent();
    out.payload_bytes = store.counters().bytes_held;
    if (store.counters().rows_committed[1] != table.rows) die("rows are missing");
  }
  return out;
}

// ---- the peers -----------------------------------------------------------------------------

class Sql {
 public:
  explicit Sql(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) die("sqlite3_open");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
  }
  ~Sql() { sqlite3_close(db_); }
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;
  void run(const std::string& text) {
    if (sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      die(text + ": " + sqlite3_errmsg(db_));
    }
  }
  sqlite3_stmt* prepare(const std::string& text) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, text.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      die(text + ": " + sqlite3_errmsg(db_));
    }
    return statement;
  }
  static void insert(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) die("insert");
    sqlite3_reset(statement);
  }

 private:
  sqlite3* db_ = nullptr;
};

/// SI values, made before the clock starts.
std::vector<double> decimals(const Table& table) {
  const std::size_t n = table.points.size();
  std::vector<double> out(table.rows * n);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<double>(table.values[i]) / std::pow(10.0, table.digits[i % n]);
  }
  return out;
}

/// Inserts the rows in groups; `insert(row)` puts one in.
template <class Insert>
Written write_sql(Sql& db, std::size_t rows, std::size_t group, Insert&& insert) {
  Written out;
  const bench::Stopwatch watch;
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % group == 0) db.run("BEGIN");
    insert(row);
    if ((row + 1) % group != 0 && row + 1 != rows) continue;
    db.run("COMMIT");
    ++out.commits;
  }
  out.spent = watch.spent();
  return out;
}

/// A row for each value: time, name (`named`) or number of the point, value.
Written write_narrow(const Table& table, const std::string& folder, std::size_t group, bool named) {
  const std::vector<double> si = decimals(table);
  const std::size_t n = table.points.size();
  Sql db(folder + "/rows.db");
  db.run(named ? "CREATE TABLE samples(ts INTEGER NOT NULL, signal TEXT NOT NULL, value REAL)"
               : "CREATE TABLE samples(ts INTEGER NOT NULL, signal INTEGER NOT NULL, value)");
  sqlite3_stmt* insert = db.prepare("INSERT INTO samples VALUES(?, ?, ?)");
  const Written out = write_sql(db, table.rows, group, [&](std::size_t row) {
    for (std::size_t p = 0; p < n; ++p) {
      if (table.states[row * n + p] == 0) continue;
      sqlite3_bind_int64(insert, 1, table.utc_us[row]);
      if (named) {
        sqlite3_bind_text(insert, 2, table.names[p].data(), static_cast<int>(table.names[p].size()),
                          SQLITE_STATIC);
        sqlite3_bind_double(insert, 3, si[row * n + p]);
      } else {
        sqlite3_bind_int(insert, 2, static_cast<int>(p));
        sqlite3_bind_int64(insert, 3, table.values[row * n + p]);
      }
      Sql::insert(insert);
    }
  });
  sqlite3_finalize(insert);
  return out;
}

/// A row for each moment, a REAL column for each point.
Written write_wide(const Table& table, const std::string& folder, std::size_t group) {
  const std::vector<double> si = decimals(table);
  const std::size_t n = table.points.size();
  Sql db(folder + "/wide.db");
  std::string columns = "ts INTEGER PRIMARY KEY";
  std::string marks = "?";
  for (std::size_t p = 0; p < n; ++p) {
    columns += ", p" + std::to_string(p) + " REAL";
    marks += ", ?";
  }
  db.run("CREATE TABLE samples(" + columns + ")");
  sqlite3_stmt* insert = db.prepare("INSERT INTO samples VALUES(" + marks + ")");
  const Written out = write_sql(db, table.rows, group, [&](std::size_t row) {
    sqlite3_bind_int64(insert, 1, table.utc_us[row]);
    for (std::size_t p = 0; p < n; ++p) {
      const int place = static_cast<int>(p) + 2;
      if (table.states[row * n + p] == 0) {
        sqlite3_bind_null(insert, place);
      } else {
        sqlite3_bind_double(insert, place, si[row * n + p]);
      }
    }
    Sql::insert(insert);
  });
  sqlite3_finalize(insert);
  return out;
}

// ---- durable commits of one row --------------------------------------------------------------

/// Bytes this process gave to write(), by the kernel's count.
std::uint64_t bytes_given_to_write() {
  std::ifstream io("/proc/self/io");
  std::string key;
  std::uint64_t value = 0;
  while (io >> key >> value) {
    if (key == "wchar:") return value;
  }
  die("/proc/self/io");
}

/// Writes and syncs in a file that is as large as a write-ahead log gets, round and round.
class BareFile {
 public:
  static constexpr std::size_t kSize = std::size_t{4} << 20;
  explicit BareFile(const std::string& path)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)), zeros_(kSize) {
    if (file_ < 0 || ::pwrite(file_, zeros_.data(), kSize, 0) != ssize_t{kSize}) die(path);
    ::fsync(file_);
  }
  ~BareFile() { ::close(file_); }
  BareFile(const BareFile&) = delete;
  BareFile& operator=(const BareFile&) = delete;
  void write_and_sync(std::size_t bytes) {
    if (at_ + bytes > kSize) at_ = 0;
    if (::pwrite(file_, zeros_.data(), bytes, static_cast<off_t>(at_)) !=
        static_cast<ssize_t>(bytes)) {
      die("pwrite");
    }
    if (::fdatasync(file_) != 0) die("fdatasync");
    at_ += bytes;
  }

 private:
  int file_;
  std::size_t at_ = 0;
  std::vector<char> zeros_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Pairs of batches, ours then the disk's, so that a neighbour's noise meets both.
void commits(const Table& table, const std::string& folder) {
  constexpr std::size_t kPairs = 15;
  constexpr std::size_t kBatch = 120;  // Whole blocks: each size of an open block comes as often.
  const bench::Rows rows(table);
  io::EdgeStore store = open_store(folder + "/edge.db", table);
  BareFile bare(folder + "/bare");
  std::vector<double> ours, limit, ratio, cpu;
  std::uint64_t bytes = 0;
  std::size_t row = 0;
  for (std::size_t pair = 0; pair <= kPairs; ++pair) {  // The first pair warms up.
    const std::uint64_t before = bytes_given_to_write();
    const bench::Stopwatch store_watch;
    for (std::size_t i = 0; i < kBatch; ++i, ++row) {
      must(store.append(rows.at(0, row)), "append");
      must(store.commit(), "commit");
    }
    const bench::Spent store_spent = store_watch.spent();
    bytes = (bytes_given_to_write() - before) / kBatch;
    const bench::Stopwatch bare_watch;
    for (std::size_t i = 0; i < kBatch; ++i) bare.write_and_sync(bytes);
    const bench::Spent bare_spent = bare_watch.spent();
    if (pair == 0) continue;
    ours.push_back(kBatch / store_spent.wall_s);
    limit.push_back(kBatch / bare_spent.wall_s);
    ratio.push_back(bare_spent.wall_s / store_spent.wall_s);
    cpu.push_back(store_spent.cpu_s / kBatch * 1e6);
  }
  std::printf(
      "{\"commits_per_s\": %.1f, \"fdatasync_per_s\": %.1f, \"ratio\": %.4f, \"ratio_min\": %.4f, "
      "\"ratio_max\": %.4f, \"bytes_per_commit\": %llu, \"cpu_us_per_commit\": %.1f}\n",
      median(ours), median(limit), median(ratio), *std::min_element(ratio.begin(), ratio.end()),
      *std::max_element(ratio.begin(), ratio.end()), static_cast<unsigned long long>(bytes),
      median(cpu));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--version") {
    std::printf("{\"compiler\": \"%s\", \"flags\": \"%s\"}\n", __VERSION__, EMS_BENCH_FLAGS);
    return 0;
  }
  if (argc < 4) die("usage: bench_edge_store TABLE FOLDER CASE [ROWS_PER_COMMIT]");
  const Table table = bench::read_table(argv[1]);
  const std::string folder = argv[2];
  const std::string name = argv[3];
  const std::size_t group = argc > 4 ? std::stoul(argv[4]) : 60;
  if (name == "commits") {
    commits(table, folder);
    return 0;
  }
  Written done;
  if (name == "blocks") {
    done = write_blocks(table, folder, group);
  } else if (name == "named" || name == "numbered") {
    done = write_narrow(table, folder, group, name == "named");
  } else if (name == "wide") {
    done = write_wide(table, folder, group);
  } else {
    die("no such case: " + name);
  }
  std::uint64_t known = 0;  // Of the first device.
  for (std::size_t i = 0; i < table.rows * table.points.size(); ++i) {
    known += table.states[i] != 0 ? 1U : 0U;
  }
  std::printf(
      "{\"points\": %llu, \"rows\": %zu, \"commits\": %llu, \"wall_s\": %.6f, \"cpu_s\": %.6f, "
      "\"file_bytes\": %llu, \"payload_bytes\": %llu}\n",
      static_cast<unsigned long long>(known), table.rows,
      static_cast<unsigned long long>(done.commits), done.spent.wall_s, done.spent.cpu_s,
      static_cast<unsigned long long>(bytes_in(folder)),
      static_cast<unsigned long long>(done.payload_bytes));
  return 0;
}
