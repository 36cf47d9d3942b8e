// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "ems/model/catalogue.hpp"
#include "ems/telemetry/block_ring.hpp"
#include "ems/telemetry/event_record.hpp"
#include "image.hpp"

/// Aligned so that the blocks can follow it.
struct alignas(ems::capi::kAlignment) ems_telemetry {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::telemetry;
  ems_telemetry(ems::MutableBytes memory, ems::telemetry::Stream stream,
                const ems::telemetry::Epoch& epoch, ems::telemetry::Sequence first) noexcept
      : ring(memory, stream, epoch, first) {}

  ems::capi::Tag tag = kTag;
  ems::telemetry::BlockRing ring;
  std::array<ems::Point, ems::telemetry::kPointsMax> points{};  ///< The row being appended.
  std::array<ems::telemetry::RowValue, ems::telemetry::kPointsMax> values{};
};

namespace ems::capi {
namespace {

using telemetry::Stream;

static_assert(sizeof(ems_telemetry) <= 16384 && sizeof(ems_telemetry) % kAlignment == 0);
static_assert(EMS_TELEMETRY_BUFFER_MIN == telemetry::kBlockRingMin);
static_assert(EMS_TELEMETRY_POINTS_MAX == telemetry::kPointsMax);
static_assert(EMS_TELEMETRY_RECORD_MAX == telemetry::kRecordSizeMax);
static_assert(EMS_EVENT_NAME_SIZE == telemetry::kEventNameMax + 1);
static_assert(EMS_EVENT_PAYLOAD_MAX == telemetry::kEventRecordSizeMax);
static_assert(EMS_STREAM_DECISIONS == static_cast<int>(Stream::decisions));
static_assert(EMS_CLOCK_SYNCED == static_cast<int>(ClockQuality::synced));
static_assert(EMS_RECORD_DECISION == static_cast<int>(telemetry::RecordType::decision));

constexpr const char* kNoTelemetry = "telemetry is NULL or not a buffer";
constexpr const char* kNotValues = "a buffer of records: use ems_telemetry_append_record()";
constexpr const char* kBadTelemetryOut = "out is NULL or its struct_size is too small";
// The server refuses sequences from here on; nobody gets there by counting.
constexpr std::uint64_t kFirstSequenceMax = std::uint64_t{1} << 62;

bool known_record(std::int32_t type) noexcept {
  return (type >= EMS_RECORD_EVENT && type <= EMS_RECORD_AUDIT) || type == EMS_RECORD_DECISION;
}

ems_status_t sequence_to_c(const Result<telemetry::Sequence>& appended,
                           std::uint64_t* out_sequence) noexcept {
  if (!appended) return failed(appended.error());
  if (out_sequence != nullptr) *out_sequence = *appended;
  return EMS_OK;
}

telemetry::Row row_of(const ems_telemetry& telemetry, std::int64_t utc_us,
                      std::size_t count) noexcept {
  return {UtcInstant{microseconds(utc_us)}, std::span(telemetry.points).first(count),
          std::span(telemetry.values).first(count)};
}

}  // namespace

extern "C" {

EMS_API std::size_t ems_telemetry_size(std::size_t buffer_bytes) {
  if (buffer_bytes < telemetry::kBlockRingMin || buffer_bytes > telemetry::kBlockRingMax) return 0;
  return sizeof(ems_telemetry) + buffer_bytes;
}

EMS_API ems_status_t ems_telemetry_init(void* memory, std::size_t size,
                                        const ems_telemetry_config_t* config,
                                        ems_telemetry_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    if (!sized(config)) return invalid("config is NULL or its struct_size is too small");
    const ems_status_t room =
        check_memory(memory, size, sizeof(ems_telemetry) + telemetry::kBlockRingMin);
    if (room != EMS_OK) return room;
    ems_telemetry_config_t own;
    if (!take(config, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    if (own.stream < EMS_STREAM_AUDIT || own.stream > EMS_STREAM_DECISIONS) {
      return failed(EMS_E_OUT_OF_RANGE, "stream is no EMS_STREAM_*");
    }
    if (own.first_sequence == 0 || own.first_sequence > kFirstSequenceMax) {
      return failed(EMS_E_OUT_OF_RANGE, "first_sequence is not 1 .. 2^62");
    }
    if (own.epoch_counter == 0) return failed(EMS_E_OUT_OF_RANGE, "epoch_counter is 0");
    telemetry::Epoch epoch;
    std::memcpy(epoch.random.data(), own.epoch_random, sizeof own.epoch_random);
    if (epoch.random == decltype(epoch.random){}) return invalid("epoch_random was never filled");
    epoch.counter = own.epoch_counter;
    const std::size_t buffer = std::min(size - sizeof(ems_telemetry), telemetry::kBlockRingMax);
    const MutableBytes blocks(static_cast<std::byte*>(memory) + sizeof(ems_telemetry), buffer);
    *out = place<ems_telemetry>(memory, blocks, static_cast<Stream>(own.stream), epoch,
                                own.first_sequence);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_telemetry_set_context(ems_telemetry_t* telemetry,
                                               const ems_telemetry_context_t* context) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    if (!sized(context)) return invalid("context is NULL or its struct_size is too small");
    ems_telemetry_context_t own;
    if (!take(context, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    if (own.clock_quality < EMS_CLOCK_UNSET || own.clock_quality > EMS_CLOCK_SYNCED) {
      return failed(EMS_E_OUT_OF_RANGE, "clock_quality is no EMS_CLOCK_*");
    }
    telemetry->ring.set_context({.limits_hash = own.limits_hash,
                                 .catalogue_hash = catalogue_hash(),
                                 .clock_quality = static_cast<ClockQuality>(own.clock_quality)});
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_telemetry_append(ems_telemetry_t* telemetry, std::int64_t utc_us,
                                          const ems_point_t* points, const ems_row_value_t* values,
                                          std::size_t count, std::uint64_t* out_sequence) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    if (points == nullptr || values == nullptr) return invalid("points or values is NULL");
    if (telemetry->ring.stream() != Stream::telemetry) {
      return failed(EMS_E_FAILED_PRECONDITION, kNotValues);
    }
    if (count == 0 || count > telemetry::kPointsMax) {
      return failed(EMS_E_OUT_OF_RANGE, "count is not 1 .. EMS_TELEMETRY_POINTS_MAX");
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (points[i].asset.kind > EMS_ASSET_LOAD || values[i].quality > EMS_QUALITY_GOOD) {
        return failed(EMS_E_OUT_OF_RANGE, "an asset kind or a quality", static_cast<uint16_t>(i));
      }
      telemetry->points[i] = {from_c(points[i].asset), static_cast<Signal>(points[i].signal),
                              points[i].element};
      telemetry->values[i] = {values[i].value, static_cast<Quality>(values[i].quality),
                              values[i].valid != 0};
    }
    return sequence_to_c(telemetry->ring.append(row_of(*telemetry, utc_us, count)), out_sequence);
  });
}

EMS_API ems_status_t ems_telemetry_append_image(ems_telemetry_t* telemetry,
                                                const ems_image_t* image, std::int64_t now_ms,
                                                std::int64_t utc_us, std::uint64_t* out_sequence) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    if (!is(image)) return invalid(kNoImage);
    if (telemetry->ring.stream() != Stream::telemetry) {
      return failed(EMS_E_FAILED_PRECONDITION, kNotValues);
    }
    const Instant now = instant(now_ms);
    std::size_t count = 0;
    for (const ImageEntry& entry : image->image.entries()) {
      if (count == telemetry::kPointsMax) break;
      const PointSample& sample = entry.sample;
      const bool known = sample.quality != Quality::bad && sample.taken_at <= now &&
                         now - sample.taken_at < entry.stale_after;
      telemetry->points[count] = sample.point;
      telemetry->values[count] =
          known ? telemetry::RowValue{sample.value, sample.quality, true} : telemetry::RowValue{};
      ++count;
    }
    if (count == 0) return failed(EMS_E_FAILED_PRECONDITION, "the image is empty");
    return sequence_to_c(telemetry->ring.append(row_of(*telemetry, utc_us, count)), out_sequence);
  });
}

EMS_API ems_status_t ems_telemetry_append_record(ems_telemetry_t* telemetry, std::int64_t utc_us,
                                                 std::int32_t type, const std::uint8_t* payload,
                                                 std::size_t size, std::uint64_t* out_sequence) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    if (payload == nullptr && size > 0) return invalid("payload is NULL");
    if (telemetry->ring.stream() == Stream::telemetry) {
      return failed(EMS_E_FAILED_PRECONDITION, "a buffer of values: use ems_telemetry_append()");
    }
    if (!known_record(type) || size > telemetry::kRecordSizeMax) {
      return failed(EMS_E_OUT_OF_RANGE, "type is no EMS_RECORD_*, or size is above the maximum");
    }
    const telemetry::Record record{UtcInstant{microseconds(utc_us)},
                                   static_cast<telemetry::RecordType>(type), bytes(payload, size)};
    return sequence_to_c(telemetry->ring.append(record), out_sequence);
  });
}

EMS_API ems_status_t ems_telemetry_seal(ems_telemetry_t* telemetry) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    const Result<void> sealed = telemetry->ring.seal();
    return status_of(sealed);
  });
}

EMS_API ems_status_t ems_telemetry_peek(ems_telemetry_t* telemetry, std::uint64_t after,
                                        ems_block_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    if (out == nullptr) return invalid("out is NULL");
    const auto block = telemetry->ring.peek(after);
    if (!block) return failed(EMS_E_NOT_FOUND, "there are no rows above that sequence");
    *out = {reinterpret_cast<const std::uint8_t*>(block->bytes.data()), block->bytes.size(),
            block->first, block->last};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_telemetry_acknowledge(ems_telemetry_t* telemetry, std::uint64_t upto) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    const Result<void> done = telemetry->ring.acknowledge(upto);
    return status_of(done);
  });
}

EMS_API ems_status_t ems_telemetry_get_status(const ems_telemetry_t* telemetry,
                                              ems_telemetry_status_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(telemetry)) return invalid(kNoTelemetry);
    if (!sized(out)) return invalid(kBadTelemetryOut);
    const telemetry::BlockRing& ring = telemetry->ring;
    ems_telemetry_status_t full{};
    full.blocks = static_cast<std::uint32_t>(ring.blocks());
    full.next_sequence = ring.next_sequence();
    full.first_held = ring.first_held();
    full.acknowledged = ring.acknowledged();
    if (const auto gap = ring.gap()) {
      full.gap_first = gap->first;
      full.gap_last = gap->last;
    }
    full.rows_lost = ring.rows_lost();
    full.bytes_used = ring.bytes_used();
    full.bytes_capacity = ring.bytes_capacity();
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_event_encode(const ems_event_t* event, std::uint8_t* buffer,
                                      std::size_t size, std::size_t* out_size) {
  return guarded([&]() -> ems_status_t {
    if (event == nullptr || event->name == nullptr) return invalid("event or its name is NULL");
    if (buffer == nullptr || out_size == nullptr) return invalid("buffer or out_size is NULL");
    if (event->severity > EMS_SEVERITY_CRITICAL || event->asset.kind > EMS_ASSET_LOAD) {
      return failed(EMS_E_OUT_OF_RANGE, "severity or asset.kind");
    }
    const Result<telemetry::EventPayload> payload = telemetry::encode_event(
        {static_cast<Severity>(event->severity), from_c(event->asset), event->name,
         event->active != 0, event->value, static_cast<Signal>(event->signal)});
    if (!payload) return failed(payload.error());
    if (payload->size() > size) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "size is smaller than the payload");
    }
    std::memcpy(buffer, payload->begin(), payload->size());
    *out_size = payload->size();
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_event_decode(const std::uint8_t* payload, std::size_t size,
                                      ems_event_record_t* out) {
  return guarded([&]() -> ems_status_t {
    if (payload == nullptr) return invalid("payload is NULL");
    if (!sized(out)) return invalid(kBadTelemetryOut);
    const Result<telemetry::EventRecord> event = telemetry::decode_event(bytes(payload, size));
    if (!event) return failed(event.error());
    ems_event_record_t full{};
    full.asset = to_c(event->asset);
    full.value = event->value;
    full.signal = static_cast<std::uint16_t>(event->signal);
    full.severity = static_cast<std::uint8_t>(event->severity);
    full.active = event->active ? 1 : 0;
    (void)copy_text(event->name.view(), full.name, sizeof full.name);
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
