// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/payload_store.hpp"

#include <algorithm>
#include <array>

#include "ems/io/ota/file_store.hpp"
#include "ems/io/ota/openssl_crypto.hpp"

namespace ems::io {
namespace {

using ota::Payload;
using ota::PayloadRecord;

std::string record_name(std::string_view kind) { return std::string(kind) + ".record"; }
std::string place_name(std::string_view kind, std::uint8_t place) {
  return std::string(kind) + "." + std::to_string(place);
}

/// Keeps a target in memory.
class Buffer final : public ota::tuf::Sink {
 public:
  Result<void> write(Bytes data) override {
    content.insert(content.end(), data.begin(), data.end());
    return {};
  }
  std::vector<std::byte> content;
};

}  // namespace

Result<PayloadRecord> PayloadStore::record(std::string_view kind) const {
  auto empty = PayloadRecord::of(kind);
  if (!empty) return empty;
  const auto bytes = files_.read(record_name(kind), PayloadRecord::kEncodedSize);
  if (bytes) return PayloadRecord::decode(kind, crypto_, *bytes);
  switch (bytes.error().code) {
    case Errc::not_found:
      return empty;
    case Errc::too_large:
      return fail(Errc::corrupt, 0, "payload record: damaged");
    default:
      return fail(bytes.error());
  }
}

Result<void> PayloadStore::write(const PayloadRecord& record) {
  std::array<std::byte, PayloadRecord::kEncodedSize> bytes{};
  if (const auto encoded = record.encode(crypto_, bytes); !encoded) return encoded;
  return FileStore(files_).write(record_name(record.kind()), bytes);
}

Result<std::vector<std::byte>> PayloadStore::content(std::string_view kind,
                                                     const PayloadRecord::Stored& stored) const {
  const Payload& payload = stored.payload;
  if (payload.size > size_max_) return fail(Errc::too_large, 0, "payload: larger than allowed");
  auto bytes = files_.read(place_name(kind, stored.place), size_max_);
  if (!bytes && bytes.error().code == Errc::store) return bytes;
  if (!bytes || bytes->size() != payload.size || crypto_.sha256(*bytes) != payload.sha256) {
    return fail(Errc::corrupt, 0, "payload: its bytes are damaged");
  }
  return bytes;
}

Result<std::vector<std::byte>> PayloadStore::read(std::string_view kind) const {
  const auto record = this->record(kind);
  if (!record) return fail(record.error());
  if (!record->current()) return fail(Errc::not_found, 0, "payload: none is in use");
  return content(kind, *record->current());
}

Result<Payload> PayloadStore::verified(std::string_view kind, const ota::tuf::Target& target,
                                       Bytes content) const {
  if (!target.device || target.device->component != kind) {
    return fail(Errc::wrong_hardware, 0, "payload: the target is of another kind");
  }
  Payload payload{.version = FixedString<32>(target.device->version),
                  .sha256 = crypto_.sha256(content),
                  .size = content.size(),
                  .counter = target.device->release_counter};
  if (target.device->version.empty() || payload.version.view() != target.device->version) {
    return fail(Errc::malformed, 0, "payload: a version of no or more than 32 bytes");
  }
  if (content.size() > size_max_) return fail(Errc::too_large, 0, "payload: larger than allowed");
  if (content.empty() || content.size() != target.length) {
    return fail(Errc::length, 0, "payload: not as many bytes as its target");
  }
  if (!target.sha256 && !target.sha512) {
    return fail(Errc::unsupported_hash, 0, "payload: a target without a hash");
  }
  if ((target.sha256 && *target.sha256 != payload.sha256) ||
      (target.sha512 && *target.sha512 != crypto_.sha512(content))) {
    return fail(Errc::hash, 0, "payload: not the bytes of its target");
  }
  return payload;
}

Result<Payload> PayloadStore::install(std::string_view kind, const ota::tuf::Target& target,
                                      Bytes content, const Loader& load) {
  auto record = this->record(kind);
  if (!record && record.error().code == Errc::corrupt) record = PayloadRecord::of(kind);
  if (!record) return fail(record.error());
  const auto payload = verified(kind, target, content);
  if (!payload) return payload;

  const auto before = *record;
  const auto place = record->offer(*payload);
  if (!place) {
    if (place.error().code == Errc::already_exists) return record->current()->payload;
    if (*record != before) {
      if (const auto written = write(*record); !written) return fail(written.error());
    }
    return fail(place.error());
  }
  if (const auto written = FileStore(files_).write(place_name(kind, *place), content); !written) {
    return fail(written.error());
  }
  if (const auto written = write(*record); !written) return fail(written.error());

  const auto stored = this->content(kind, record->trial()->stored);
  if (!stored) {  // It was not loaded: that must not count against it.
    if (const auto undone = write(before); !undone) return fail(undone.error());
    return fail(stored.error());
  }
  const auto result = load(*payload, *stored);
  if (const auto ended = result ? record->loaded() : record->failed(result.error().what); !ended) {
    return fail(ended.error());
  }
  const auto written = write(*record);
  if (!result) return fail(result.error());
  if (!written) return fail(written.error());
  return *payload;
}

Result<Payload> PayloadStore::install_from(ota::tuf::Client& client, std::string_view path,
                                           std::string_view kind, const Loader& load) {
  const auto target = client.find(path);
  if (!target) return fail(target.error());
  if (target->length > size_max_) return fail(Errc::too_large, 0, "payload: larger than allowed");
  Buffer buffer;
  OpenSslHasher sha256;
  OpenSslHasher sha512;
  if (const auto fetched = client.download(*target, sha256, sha512, buffer); !fetched) {
    return fail(fetched.error());
  }
  return install(kind, *target, buffer.content, load);
}

Result<Payload> PayloadStore::load(std::string_view kind, const Loader& load) {
  auto record = this->record(kind);
  if (!record) return fail(record.error());
  Error error{Errc::not_found, 0, "payload: none is in use"};
  while (record->current()) {
    const auto stored = *record->current();
    const auto bytes = content(kind, stored);
    const auto result = bytes ? load(stored.payload, *bytes) : Result<void>(fail(bytes.error()));
    if (result) return stored.payload;
    error = result.error();
    if (!bytes && error.code != Errc::corrupt) break;  // The disk's fault, not the version's.
    const auto gone = bytes ? record->roll_back(error.what) : record->drop_damaged();
    if (!gone) return fail(gone.error());
    if (const auto written = write(*record); !written) return fail(written.error());
  }
  return fail(error);
}

Result<void> PayloadStore::roll_back(std::string_view kind, std::string_view reason) {
  auto record = this->record(kind);
  if (!record) return fail(record.error());
  if (const auto gone = record->roll_back(reason); !gone) return gone;
  return write(*record);
}

Result<void> PayloadStore::release(std::string_view kind, const ota::Sha256& sha256) {
  auto record = this->record(kind);
  if (!record) return fail(record.error());
  if (const auto released = record->release(sha256); !released) return released;
  return write(*record);
}

}  // namespace ems::io
