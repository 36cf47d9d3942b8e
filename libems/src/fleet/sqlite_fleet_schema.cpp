// SPDX-License-Identifier: Apache-2.0
#include "sqlite_fleet_schema.hpp"

#include <array>

namespace ems::fleet {
namespace {

// Version 1 had tenant, agent, stream, counter and epoch in each row of block and gap.
constexpr const char* kToVersion2 = R"sql(
CREATE TABLE lane(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, agent TEXT NOT NULL,
  stream INTEGER NOT NULL, counter INTEGER NOT NULL, epoch BLOB NOT NULL, mark INTEGER NOT NULL,
  stored INTEGER NOT NULL, duplicates INTEGER NOT NULL, gap_rows INTEGER NOT NULL,
  opened INTEGER NOT NULL, updated INTEGER NOT NULL,
  UNIQUE(tenant, agent, stream, counter, epoch));
INSERT INTO lane(tenant, agent, stream, counter, epoch, mark, stored, duplicates, gap_rows, opened,
    updated)
  SELECT tenant, agent, stream, counter, epoch, mark, stored, duplicates, gap_rows, opened, updated
  FROM mark;
DROP TABLE mark;
ALTER TABLE block RENAME TO block_1;
CREATE TABLE block(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, utc_min_us INTEGER NOT NULL, utc_max_us INTEGER NOT NULL,
  bytes BLOB NOT NULL, UNIQUE(lane, first));
INSERT INTO block SELECT b.id, l.id, first, last, utc_min_us, utc_max_us, bytes
  FROM block_1 b JOIN lane l USING(tenant, agent, stream, counter, epoch) ORDER BY b.id;
DROP TABLE block_1;
CREATE INDEX block_time ON block(lane, utc_max_us, utc_min_us, first);
ALTER TABLE gap RENAME TO gap_1;
CREATE TABLE gap(lane INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  reason INTEGER NOT NULL, utc_min_us INTEGER, utc_max_us INTEGER, PRIMARY KEY(lane, first))
  WITHOUT ROWID;
INSERT INTO gap SELECT l.id, first, last, reason, utc_min_us, utc_max_us
  FROM gap_1 g JOIN lane l USING(tenant, agent, stream, counter, epoch);
DROP TABLE gap_1;
)sql";

constexpr std::array kMigrations{kToVersion2};

constexpr const char* kTables = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE conflict(tenant TEXT NOT NULL, agent TEXT NOT NULL, PRIMARY KEY(tenant, agent))
  WITHOUT ROWID;
CREATE TABLE lane(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, agent TEXT NOT NULL,
  stream INTEGER NOT NULL, counter INTEGER NOT NULL, epoch BLOB NOT NULL, mark INTEGER NOT NULL,
  stored INTEGER NOT NULL, duplicates INTEGER NOT NULL, gap_rows INTEGER NOT NULL,
  opened INTEGER NOT NULL, updated INTEGER NOT NULL,
  UNIQUE(tenant, agent, stream, counter, epoch));
CREATE TABLE block(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, utc_min_us INTEGER NOT NULL, utc_max_us INTEGER NOT NULL,
  bytes BLOB NOT NULL, UNIQUE(lane, first));
CREATE INDEX block_time ON block(lane, utc_max_us, utc_min_us, first);
CREATE TABLE gap(lane INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  reason INTEGER NOT NULL, utc_min_us INTEGER, utc_max_us INTEGER, PRIMARY KEY(lane, first))
  WITHOUT ROWID;
)sql";

}  // namespace

const io::sqlite::Schema kFleetSchema{0x454D5346,  // "EMSF"
                                      2, kTables, kMigrations};

}  // namespace ems::fleet
