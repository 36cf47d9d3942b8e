// SPDX-License-Identifier: Apache-2.0
#include "codec.hpp"

#include <array>

#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "readings.hpp"

/// A codec with options. A codec without is the library's own object behind the same pointer type.
struct ems_codec {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::codec;

  ems::capi::Tag tag = kTag;
  const ems::protocol::Codec* codec = nullptr;  ///< In room.
  ems::protocol::CodecRoom room{};
};

namespace ems::capi {

const protocol::Codec* from_c(const ems_codec_t* codec) noexcept {
  for (const protocol::Codec* known : protocol::codecs()) {
    if (static_cast<const void*>(known) == static_cast<const void*>(codec)) return known;
  }
  return is(codec) ? codec->codec : nullptr;
}

const ems_codec_t* handle_of(const protocol::Codec* codec) noexcept {
  return static_cast<const ems_codec_t*>(static_cast<const void*>(codec));
}

ems_status_t take_limits(const ems_battery_limits_t* limits,
                         protocol::LimitCommand& into) noexcept {
  if (!sized(limits)) return invalid("limits is NULL or its struct_size is too small");
  ems_battery_limits_t own{};
  if (!take(limits, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  into = {.charge_voltage = MilliVolt{own.charge_voltage_mv},
          .discharge_voltage = MilliVolt{own.discharge_voltage_mv},
          .charge_current = MilliAmp{own.charge_current_ma},
          .discharge_current = MilliAmp{own.discharge_current_ma}};
  return EMS_OK;
}

namespace {

static_assert(EMS_REQUEST_SIZE == protocol::kRequestSize);
static_assert(EMS_REPLY_SIZE == protocol::kReplySize);
static_assert(sizeof(ems_codec) <= sizeof(std::uint64_t) * EMS_CODEC_WORDS);
static_assert(EMS_EVIDENCE_SIMULATOR_ONLY == static_cast<int>(protocol::Evidence::simulator_only));
static_assert(EMS_EVIDENCE_VENDOR_DOCUMENT ==
              static_cast<int>(protocol::Evidence::vendor_document));

/// Gives the poll codec behind a handle, or says why there is none.
ems_status_t poll_codec(const ems_codec_t* handle, const protocol::PollCodec*& out) noexcept {
  const protocol::Codec* codec = from_c(handle);
  if (codec == nullptr) return invalid(kNoCodec);
  out = protocol::as_poll(*codec);
  if (out == nullptr) return failed(EMS_E_UNIMPLEMENTED, kNotPoll);
  return EMS_OK;
}

/// The protocol of `codec` with options, in `room`.
Result<const protocol::Codec*> with(const protocol::Codec& codec,
                                    const protocol::CodecOptions& options,
                                    protocol::CodecRoom& room) noexcept {
  const auto chosen = [](const auto& made) -> Result<const protocol::Codec*> {
    if (!made) return fail(made.error());
    return *made;
  };
  if (const protocol::PollCodec* poll = protocol::as_poll(codec); poll != nullptr) {
    return chosen(poll->with(options, room));
  }
  return chosen(protocol::as_can(codec)->with(options, room));
}

ems_codec_info_t info_of(const protocol::Codec& codec) noexcept {
  const protocol::ProtocolInfo& from = codec.info();
  ems_codec_info_t info{};
  info.name = from.name.data();  // A string literal.
  info.title = from.title.data();
  info.bit_rates = from.bit_rates.data();
  info.addresses = from.addresses.data();
  info.bit_rate_count = static_cast<std::uint32_t>(from.bit_rates.size());
  info.address_count = static_cast<std::uint32_t>(from.addresses.size());
  info.variant_count = static_cast<std::uint32_t>(from.variants.size());
  info.evidence = static_cast<std::int32_t>(from.evidence);
  info.asks_by_writing = from.asks_by_writing ? 1 : 0;
  if (const protocol::PollCodec* poll = protocol::as_poll(codec); poll != nullptr) {
    info.kind = EMS_CODEC_POLL;
    info.poll_count = static_cast<std::uint32_t>(poll->poll_plan().size());
    info.reply_timeout_ms = ceil_ms(poll->reply_timeout());
    info.request_gap_ms = ceil_ms(poll->request_gap());
    info.limits_lease_ms = ceil_ms(poll->limits_lease());
  }
  if (const protocol::CanCodec* can = protocol::as_can(codec); can != nullptr) {
    info.kind = EMS_CODEC_CAN;
    info.bit_rate = can->bit_rate();
    info.send_count = static_cast<std::uint32_t>(can->send_plan().size());
    info.quiet_after_ms = ceil_ms(can->quiet_after());
  }
  return info;
}

/// Encodes into room of its own first: the caller's buffer is untouched on failure.
template <class Encode>
ems_status_t encode(std::uint8_t* buffer, std::size_t size, std::size_t* out_size,
                    Encode&& encode_into) noexcept {
  std::array<std::byte, protocol::kRequestSize> request{};
  const Result<std::size_t> written = encode_into(MutableBytes(request));
  if (!written) return failed(written.error());
  if (*written > size) return failed(EMS_E_RESOURCE_EXHAUSTED, "size is smaller than the request");
  std::memcpy(buffer, request.data(), *written);
  *out_size = *written;
  return EMS_OK;
}

}  // namespace

extern "C" {

EMS_API std::size_t ems_codec_count(void) { return protocol::codecs().size(); }

EMS_API ems_status_t ems_codec_at(std::size_t index, const ems_codec_t** out) {
  return guarded([&]() -> ems_status_t {
    if (out == nullptr) return invalid("out is NULL");
    if (index >= protocol::codecs().size()) {
      return failed(EMS_E_OUT_OF_RANGE, "no such codec");
    }
    *out = handle_of(protocol::codecs()[index]);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_codec_find(const char* name, const ems_codec_t** out) {
  return guarded([&]() -> ems_status_t {
    if (name == nullptr || out == nullptr) return invalid("name or out is NULL");
    const Result<const protocol::Codec*> codec = protocol::find_codec(name);
    if (!codec) return failed(codec.error());
    *out = handle_of(*codec);
    return EMS_OK;
  });
}

EMS_API std::size_t ems_codec_size(void) { return sizeof(ems_codec); }

EMS_API ems_status_t ems_codec_init(void* memory, std::size_t size, const ems_codec_t* codec,
                                    const ems_codec_options_t* options, const ems_codec_t** out) {
  return guarded([&]() -> ems_status_t {
    const protocol::Codec* known = from_c(codec);
    if (known == nullptr) return invalid(kNoCodec);
    if (out == nullptr) return invalid("out is NULL");
    ems_codec_options_t own{};
    if (options != nullptr) {
      if (!sized(options)) return invalid("options->struct_size is too small");
      if (!take(options, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
    }
    const ems_status_t room = check_memory(memory, size, sizeof(ems_codec));
    if (room != EMS_OK) return room;
    protocol::CodecOptions wanted{.cell_count = own.cell_count,
                                  .temperature_count = own.temperature_count};
    if (own.variant != nullptr) wanted.variant = own.variant;
    if (own.has_address != 0) wanted.address = own.address;
    // The library's own, and tried beside `memory` first: that may be where `codec` itself lives.
    const Result<const protocol::Codec*> plain = protocol::find_codec(known->name());
    if (!plain) return failed(plain.error());
    protocol::CodecRoom trial;
    const Result<const protocol::Codec*> tried = with(**plain, wanted, trial);
    if (!tried) return failed(tried.error());
    ems_codec* made = place<ems_codec>(memory);
    made->codec = *with(**plain, wanted, made->room);
    *out = made;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_codec_variant(const ems_codec_t* codec, std::size_t index,
                                       const char** out) {
  return guarded([&]() -> ems_status_t {
    const protocol::Codec* known = from_c(codec);
    if (known == nullptr) return invalid(kNoCodec);
    if (out == nullptr) return invalid("out is NULL");
    const auto variants = known->info().variants;
    if (index >= variants.size()) return failed(EMS_E_OUT_OF_RANGE, "no such variant");
    *out = variants[index].data();  // A string literal.
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_codec_describe(const ems_codec_t* codec, ems_codec_info_t* out) {
  return guarded([&]() -> ems_status_t {
    const protocol::Codec* known = from_c(codec);
    if (known == nullptr) return invalid(kNoCodec);
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    give(out, info_of(*known));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_codec_vendor_alarm_name(const ems_codec_t* codec, std::uint32_t bit,
                                                 const char** out) {
  return guarded([&]() -> ems_status_t {
    const protocol::Codec* known = from_c(codec);
    if (known == nullptr) return invalid(kNoCodec);
    if (out == nullptr) return invalid("out is NULL");
    const auto name = known->vendor_alarm_name(bit);
    if (!name) return failed(EMS_E_NOT_FOUND, "the vendor does not define that bit");
    *out = name->data();  // A string literal.
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_codec_poll_item(const ems_codec_t* codec, std::size_t index,
                                         ems_poll_item_t* out) {
  return guarded([&]() -> ems_status_t {
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    if (index >= poll->poll_plan().size()) return failed(EMS_E_OUT_OF_RANGE, "no such item");
    const protocol::PollItem& item = poll->poll_plan()[index];
    ems_poll_item_t full{};
    full.number = item.number;
    full.every = item.every;
    full.name = item.name.data();  // A string literal.
    give(out, full);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_codec_encode_poll(const ems_codec_t* codec, std::uint8_t number,
                                           std::uint8_t* buffer, std::size_t size,
                                           std::size_t* out_size) {
  return guarded([&]() -> ems_status_t {
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if (buffer == nullptr || out_size == nullptr) return invalid("buffer or out_size is NULL");
    return encode(buffer, size, out_size,
                  [&](MutableBytes into) { return poll->encode_poll(number, into); });
  });
}

EMS_API ems_status_t ems_codec_encode_switch(const ems_codec_t* codec, bool charge_on,
                                             bool discharge_on, std::uint8_t* buffer,
                                             std::size_t size, std::size_t* out_size) {
  return guarded([&]() -> ems_status_t {
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if (buffer == nullptr || out_size == nullptr) return invalid("buffer or out_size is NULL");
    return encode(buffer, size, out_size, [&](MutableBytes into) {
      return poll->encode_switch({charge_on, discharge_on}, into);
    });
  });
}

EMS_API ems_status_t ems_codec_encode_limits(const ems_codec_t* codec,
                                             const ems_battery_limits_t* limits,
                                             std::uint8_t* buffer, std::size_t size,
                                             std::size_t* out_size) {
  return guarded([&]() -> ems_status_t {
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if (buffer == nullptr || out_size == nullptr) return invalid("buffer or out_size is NULL");
    protocol::LimitCommand wanted;
    if (const ems_status_t status = take_limits(limits, wanted); status != EMS_OK) return status;
    return encode(buffer, size, out_size,
                  [&](MutableBytes into) { return poll->encode_limits(wanted, into); });
  });
}

EMS_API ems_status_t ems_codec_encode_balance(const ems_codec_t* codec, bool on,
                                              std::uint8_t* buffer, std::size_t size,
                                              std::size_t* out_size) {
  return guarded([&]() -> ems_status_t {
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if (buffer == nullptr || out_size == nullptr) return invalid("buffer or out_size is NULL");
    return encode(buffer, size, out_size,
                  [&](MutableBytes into) { return poll->encode_balance({on}, into); });
  });
}

EMS_API ems_status_t ems_codec_scan(const ems_codec_t* codec, const std::uint8_t* request,
                                    std::size_t request_size, const std::uint8_t* received,
                                    std::size_t received_size, ems_frame_scan_t* out) {
  return guarded([&]() -> ems_status_t {
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if ((request == nullptr && request_size > 0) || (received == nullptr && received_size > 0) ||
        out == nullptr) {
      return invalid("request, received or out is NULL");
    }
    const protocol::FrameScan found =
        poll->scan(bytes(request, request_size), bytes(received, received_size));
    *out = {found.noise, found.size};
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_codec_decode(const ems_codec_t* codec, const std::uint8_t* request,
                                      std::size_t request_size, const std::uint8_t* reply,
                                      std::size_t reply_size, ems_readings_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadReadings);
    ReadingsSink sink(*out);
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if ((request == nullptr && request_size > 0) || reply == nullptr) {
      return invalid("request or reply is NULL");
    }
    const Result<void> decoded =
        poll->decode(bytes(request, request_size), bytes(reply, reply_size), sink);
    return decoded ? sink.status() : failed(decoded.error());
  });
}

EMS_API ems_status_t ems_codec_decode_request(const ems_codec_t* codec, const std::uint8_t* request,
                                              std::size_t size, ems_readings_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadReadings);
    ReadingsSink sink(*out);
    const protocol::PollCodec* poll = nullptr;
    if (const ems_status_t status = poll_codec(codec, poll); status != EMS_OK) return status;
    if (request == nullptr) return invalid("request is NULL");
    const Result<void> decoded = poll->decode_request(bytes(request, size), sink);
    return decoded ? sink.status() : failed(decoded.error());
  });
}

}  // extern "C"

}  // namespace ems::capi
