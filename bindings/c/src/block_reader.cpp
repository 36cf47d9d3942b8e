// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "capi.hpp"
#include "ems/telemetry/block.hpp"

struct ems_block_reader {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::block_reader;
  explicit ems_block_reader(const ems::telemetry::BlockReader& checked) noexcept : reader(checked) {
    if (reader.header().kind() == ems::telemetry::BlockKind::points) {
      rows.emplace(reader);
    } else {
      records.emplace(reader);
    }
  }

  ems::capi::Tag tag = kTag;
  ems::telemetry::BlockReader reader;
  std::optional<ems::telemetry::RowCursor> rows;  ///< One of the two, by the kind of block.
  std::optional<ems::telemetry::RecordCursor> records;
};

namespace ems::capi {
namespace {

static_assert(sizeof(ems_block_reader) <= sizeof(std::uint64_t) * EMS_BLOCK_READER_WORDS);

constexpr const char* kNoReader = "reader is NULL or not a reader";

}  // namespace

extern "C" {

EMS_API std::size_t ems_block_reader_size(void) { return sizeof(ems_block_reader); }

EMS_API ems_status_t ems_block_reader_init(void* memory, std::size_t size, const std::uint8_t* data,
                                           std::size_t length, ems_block_reader_t** out) {
  return guarded([&]() -> ems_status_t {
    if (data == nullptr || out == nullptr) return invalid("data or out is NULL");
    const ems_status_t room = check_memory(memory, size, sizeof(ems_block_reader));
    if (room != EMS_OK) return room;
    const Result<telemetry::BlockReader> reader = telemetry::BlockReader::open(bytes(data, length));
    if (!reader) return failed(reader.error());
    *out = place<ems_block_reader>(memory, *reader);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_block_reader_describe(const ems_block_reader_t* reader,
                                               ems_block_info_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(reader)) return invalid(kNoReader);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    const telemetry::BlockHeader& header = reader->reader.header();
    ems_block_info_t full{};
    full.stream = static_cast<std::int32_t>(header.stream);
    full.first = header.first;
    full.last = header.last;
    std::memcpy(full.epoch_random, header.epoch.random.data(), sizeof full.epoch_random);
    full.epoch_counter = header.epoch.counter;
    full.clock_quality = static_cast<std::int32_t>(header.context.clock_quality);
    full.limits_hash = header.context.limits_hash;
    full.catalogue_hash = header.context.catalogue_hash;
    full.point_count = static_cast<std::uint32_t>(reader->reader.points().size());
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_block_reader_point_at(const ems_block_reader_t* reader, std::size_t index,
                                               ems_point_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(reader)) return invalid(kNoReader);
    if (out == nullptr) return invalid("out is NULL");
    const auto points = reader->reader.points();
    if (index >= points.size()) return failed(EMS_E_OUT_OF_RANGE, "no such point");
    *out = {to_c(points[index].asset), static_cast<std::uint16_t>(points[index].signal),
            points[index].element};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_block_reader_next_row(ems_block_reader_t* reader, ems_row_value_t* values,
                                               std::size_t capacity, ems_row_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(reader)) return invalid(kNoReader);
    if (values == nullptr || out == nullptr) return invalid("values or out is NULL");
    if (!reader->rows) return failed(EMS_E_FAILED_PRECONDITION, "a block of records");
    if (capacity < reader->reader.points().size()) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "capacity is below point_count");
    }
    if (!reader->rows->next()) return failed(EMS_E_NOT_FOUND, "the last row was read already");
    const telemetry::Row row = reader->rows->row();
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      ems_row_value_t value{};
      if (row.values[i].valid) {
        value.value = row.values[i].value;
        value.valid = 1;
        value.quality = static_cast<std::uint8_t>(row.values[i].quality);
      }
      values[i] = value;
    }
    *out = {reader->rows->sequence(), row.at.since_epoch().count()};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_block_reader_next_record(ems_block_reader_t* reader, ems_record_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(reader)) return invalid(kNoReader);
    if (out == nullptr) return invalid("out is NULL");
    if (!reader->records) return failed(EMS_E_FAILED_PRECONDITION, "a block of values");
    if (!reader->records->next()) {
      return failed(EMS_E_NOT_FOUND, "the last record was read already");
    }
    const telemetry::Record& record = reader->records->record();
    *out = {reader->records->sequence(),
            record.at.since_epoch().count(),
            reinterpret_cast<const std::uint8_t*>(record.payload.data()),
            record.payload.size(),
            static_cast<std::int32_t>(record.type),
            0};
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
