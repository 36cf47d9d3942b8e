// SPDX-License-Identifier: Apache-2.0
// The telemetry buffer through the C ABI.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <vector>

#include "c_site.hpp"

namespace ems::test {
namespace {

/// A telemetry buffer of one stream.
struct Buffer {
  explicit Buffer(std::int32_t stream) : memory(ems_telemetry_size(EMS_TELEMETRY_BUFFER_MIN)) {
    auto config = sized<ems_telemetry_config_t>();
    config.stream = stream;
    config.epoch_counter = 3;
    config.epoch_random[0] = 0xAB;
    config.first_sequence = 1;
    EXPECT_EQ(ems_telemetry_init(memory.data(), memory.size(), &config, &telemetry), EMS_OK);
  }
  ems_telemetry_status_t status() const {
    auto out = sized<ems_telemetry_status_t>();
    EXPECT_EQ(ems_telemetry_get_status(telemetry, &out), EMS_OK);
    return out;
  }
  Memory memory;
  ems_telemetry_t* telemetry = nullptr;
};

TEST(CTelemetry, TelemetryComesBackAsItWent) {
  Site site;
  Buffer buffer(EMS_STREAM_TELEMETRY);
  auto context = sized<ems_telemetry_context_t>();
  context.clock_quality = EMS_CLOCK_SYNCED;
  context.limits_hash = 77;
  ASSERT_EQ(ems_telemetry_set_context(buffer.telemetry, &context), EMS_OK);
  for (std::int64_t i = 0; i < 100; ++i) {
    site.measure(i * 1000, i);
    site.set(sample(kBattery, EMS_SIGNAL_SOH, 9900, 0));  // Never renewed: stale after 2 s.
    std::uint64_t sequence = 0;
    ASSERT_EQ(ems_telemetry_append_image(buffer.telemetry, site.image, i * 1000, i * 1'000'000,
                                         &sequence),
              EMS_OK);
    EXPECT_EQ(sequence, static_cast<std::uint64_t>(i + 1));
  }
  std::uint64_t after = 0;
  std::int64_t row = 0;
  ems_block_t block{};
  while (ems_telemetry_peek(buffer.telemetry, after, &block) == EMS_OK) {
    std::uint64_t memory[EMS_BLOCK_READER_WORDS];
    ems_block_reader_t* reader = nullptr;
    ASSERT_EQ(ems_block_reader_init(memory, sizeof memory, block.data, block.size, &reader),
              EMS_OK);
    auto info = sized<ems_block_info_t>();
    ASSERT_EQ(ems_block_reader_describe(reader, &info), EMS_OK);
    EXPECT_EQ(info.first, after + 1);
    EXPECT_EQ(info.limits_hash, 77U);
    EXPECT_EQ(info.clock_quality, EMS_CLOCK_SYNCED);
    EXPECT_EQ(info.epoch_random[0], 0xAB);
    EXPECT_EQ(info.catalogue_hash, ems_catalogue_hash());
    std::vector<ems_row_value_t> values(info.point_count);
    ems_row_t at{};
    EXPECT_EQ(ems_block_reader_next_row(reader, values.data(), info.point_count - 1, &at),
              EMS_E_RESOURCE_EXHAUSTED);
    ems_status_t status;
    while ((status = ems_block_reader_next_row(reader, values.data(), values.size(), &at)) ==
           EMS_OK) {
      EXPECT_EQ(at.utc_us, row * 1'000'000);
      for (std::uint32_t i = 0; i < info.point_count; ++i) {
        ems_point_t point{};
        ASSERT_EQ(ems_block_reader_point_at(reader, i, &point), EMS_OK);
        if (point.signal == EMS_SIGNAL_SOH) {
          EXPECT_EQ(values[i].valid, row < 2 ? 1 : 0);
        }
        if (point.asset.kind == EMS_ASSET_METER) {
          EXPECT_EQ(values[i].value, row);
        }
      }
      ++row;
    }
    EXPECT_EQ(status, EMS_E_NOT_FOUND);
    ems_record_t record{};
    EXPECT_EQ(ems_block_reader_next_record(reader, &record), EMS_E_FAILED_PRECONDITION);
    after = block.last;
  }
  EXPECT_EQ(row, 100);
}

TEST(CTelemetry, AFullBufferCountsWhatItLost) {
  Buffer buffer(EMS_STREAM_TELEMETRY);
  const ems_point_t point{kBattery, EMS_SIGNAL_PACK_VOLTAGE, 0};
  std::uint64_t noise = 1;
  while (buffer.status().rows_lost == 0) {
    noise = noise * 48'271 % 2'147'483'647;
    const auto value = static_cast<std::int64_t>(noise * noise);
    const ems_row_value_t row{value, 1, EMS_QUALITY_GOOD, {}};
    ASSERT_EQ(ems_telemetry_append(buffer.telemetry, value, &point, &row, 1, nullptr), EMS_OK);
    ASSERT_LT(buffer.status().next_sequence, 100'000U);
  }
  ems_telemetry_status_t status = buffer.status();
  EXPECT_EQ(status.gap_first, 1U);
  EXPECT_EQ(status.gap_last, status.first_held - 1);
  EXPECT_EQ(status.rows_lost, status.gap_last);
  EXPECT_LE(status.bytes_used, status.bytes_capacity);
  ASSERT_EQ(ems_telemetry_acknowledge(buffer.telemetry, status.gap_last), EMS_OK);
  EXPECT_EQ(buffer.status().gap_first, 0U);
  EXPECT_EQ(ems_telemetry_acknowledge(buffer.telemetry, status.next_sequence), EMS_E_OUT_OF_RANGE);
}

TEST(CTelemetry, EventsGoIntoTheAuditStreamAndBack) {
  Buffer buffer(EMS_STREAM_AUDIT);
  const ems_event_t event{"cell_overvoltage", 3700, kBattery, EMS_SIGNAL_CELL_VOLTAGE_MAX,
                          EMS_SEVERITY_ALARM, 1};
  std::uint8_t payload[EMS_EVENT_PAYLOAD_MAX];
  std::size_t size = 0;
  ASSERT_EQ(ems_event_encode(&event, payload, sizeof payload, &size), EMS_OK);
  ASSERT_EQ(
      ems_telemetry_append_record(buffer.telemetry, 5, EMS_RECORD_EVENT, payload, size, nullptr),
      EMS_OK);
  ems_block_t block{};
  ASSERT_EQ(ems_telemetry_peek(buffer.telemetry, 0, &block), EMS_OK);
  std::uint64_t memory[EMS_BLOCK_READER_WORDS];
  ems_block_reader_t* reader = nullptr;
  ASSERT_EQ(ems_block_reader_init(memory, sizeof memory, block.data, block.size, &reader), EMS_OK);
  ems_record_t record{};
  ASSERT_EQ(ems_block_reader_next_record(reader, &record), EMS_OK);
  EXPECT_EQ(record.type, EMS_RECORD_EVENT);
  auto read = sized<ems_event_record_t>();
  ASSERT_EQ(ems_event_decode(record.payload, record.size, &read), EMS_OK);
  EXPECT_STREQ(read.name, "cell_overvoltage");
  EXPECT_EQ(read.value, 3700);
  EXPECT_EQ(read.severity, EMS_SEVERITY_ALARM);
  EXPECT_EQ(ems_block_reader_next_record(reader, &record), EMS_E_NOT_FOUND);
  EXPECT_EQ(ems_telemetry_append_image(buffer.telemetry, Site().image, 0, 0, nullptr),
            EMS_E_FAILED_PRECONDITION);
}

}  // namespace
}  // namespace ems::test
