// SPDX-License-Identifier: Apache-2.0
#include "ems/io/can_log.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include "ems/protocol/can_log.hpp"

namespace ems::io {
namespace {

CanLogRow row_of(const protocol::CanRecord& record) {
  CanLogRow row;
  row.time_us = record.time ? record.time->count() : CanLogRow::kNoTime;
  row.id = record.id;
  row.extended = record.extended ? 1 : 0;
  row.remote = record.kind == protocol::CanRecordKind::remote ? 1 : 0;
  row.size = record.size;
  const Bytes data = record.payload();
  std::ranges::transform(data, row.data.begin(),
                         [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  const std::string_view name = record.interface_name.view();
  std::ranges::copy(name, row.interface_name.begin());
  return row;
}

}  // namespace

Result<CanLog> read_can_log(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(Errc::io, 0, "the CAN log cannot be opened");
  CanLog log;
  protocol::CanLogReader reader;
  std::string line;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    const Result<std::optional<protocol::CanRecord>> record = reader.read(line);
    if (record && !*record) continue;
    if (record && protocol::to_can_frame(**record)) {
      log.rows.push_back(row_of(**record));
    } else {
      log.refused.push_back(number);
    }
  }
  if (stream.bad()) return fail(Errc::io, 0, "the CAN log cannot be read");
  if (log.rows.empty() && !log.refused.empty()) {
    return fail(Errc::syntax, log.refused.front(), "no line of the file holds a CAN frame");
  }
  return log;
}

}  // namespace ems::io
