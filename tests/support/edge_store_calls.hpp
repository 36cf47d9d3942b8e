// SPDX-License-Identifier: Apache-2.0
/// @file What tests do with an edge store: open it, fill it, change its file behind its back, and
/// check every row of it.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "support/telemetry_rows.hpp"

namespace ems::test {

inline io::EdgeStore must_open(const std::string& path, const io::EdgeStoreOptions& options = {}) {
  Result<io::EdgeStore> store = io::EdgeStore::open(path, options);
  EXPECT_TRUE(store.has_value()) << store.error().what;
  return std::move(store).value();
}

/// Changes a store's file behind its back.
inline void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_close(db);
}

/// Rows number `first` to `last`, which are their sequences too.
inline void add_rows(io::EdgeStore& store, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t n = first; n <= last; ++n) {
    ASSERT_TRUE(store.append(numbered_row(n).view()));
  }
}

struct Found {
  std::uint64_t rows = 0;
  std::uint64_t gap_rows = 0;
};

/// Checks that items join from `after` to the mark and that every row is the one of its number.
inline Found check_items(io::EdgeStore& store, telemetry::Sequence after = 0) {
  Found found;
  const telemetry::Sequence last = store.mark(telemetry::Stream::telemetry).last;
  while (after < last) {
    const auto items = store.peek(telemetry::Stream::telemetry, after, 64 * 1024);
    EXPECT_TRUE(items.has_value()) << items.error().what;
    if (!items || items->empty()) return found;
    for (const io::StoredItem& item : *items) {
      EXPECT_EQ(item.first, after + 1);
      after = item.last;
      if (item.gap) {
        found.gap_rows += item.last - item.first + 1;
        continue;
      }
      const std::vector<OwnedRow> rows = rows_of(item.block);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i], numbered_row(item.first + i));
      }
      found.rows += rows.size();
    }
  }
  EXPECT_EQ(after, last);
  return found;
}

}  // namespace ems::test
