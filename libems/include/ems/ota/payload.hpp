// SPDX-License-Identifier: Apache-2.0
/// @file Which version of a payload (a model, a configuration, limits) is in use: three places for
/// bytes and one record that says what is in them. Rules only: who calls owns the storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/ota/crypto.hpp"

namespace ems::ota {

/// A verified payload. Its bytes are elsewhere.
struct Payload {
  FixedString<32> version;   ///< For people: `2.4.1`.
  Sha256 sha256{};           ///< Of its bytes; what it is known by.
  std::uint64_t size = 0;    ///< Bytes.
  std::int64_t counter = 0;  ///< Its release counter: never less than that of the one in use.
  friend bool operator==(const Payload&, const Payload&) = default;
};

/// One kind's payloads. A change of version is
///
///     place = offer(payload)   write the bytes to that place, durably, then the record
///     load them
///     loaded()                 or failed(); write the record
///
/// so that a power cut at any moment leaves the version in use or, after the last write, the new
/// one. The version before is kept for roll_back(). What failed to load is quarantined by its hash
/// and not offered again; so is what was being loaded when the power went twice: it may be why.
///
/// @memory        Inline, no heap.
/// @thread_safety Like a value.
class PayloadRecord {
 public:
  static constexpr std::uint8_t kPlaces = 3;
  static constexpr std::size_t kQuarantineMax = 8;  ///< The oldest entry gives way.
  static constexpr std::uint8_t kTriesMax = 2;
  static constexpr std::size_t kEncodedSize = 954;

  struct Stored {
    Payload payload;
    std::uint8_t place = 0;  ///< 0 .. kPlaces - 1.
    friend bool operator==(const Stored&, const Stored&) = default;
  };
  struct Trial {
    Stored stored;
    std::uint8_t tries = 0;  ///< Loads that were begun.
    friend bool operator==(const Trial&, const Trial&) = default;
  };
  struct Quarantined {
    Sha256 sha256{};
    FixedString<48> reason;
    friend bool operator==(const Quarantined&, const Quarantined&) = default;
  };

  /// @param kind  What the payloads are: 1 .. 24 of `a-z 0-9 -`, as `custom.ems.component` of a
  ///              target says it. `model`, `configuration` and `limits` are libems' own.
  /// @errors invalid_argument.
  static Result<PayloadRecord> of(std::string_view kind) noexcept;

  [[nodiscard]] std::string_view kind() const noexcept { return kind_.view(); }
  [[nodiscard]] const std::optional<Stored>& current() const noexcept { return current_; }
  [[nodiscard]] const std::optional<Stored>& previous() const noexcept { return previous_; }
  /// What is being loaded; after a restart, what was when the power went.
  [[nodiscard]] const std::optional<Trial>& trial() const noexcept { return trial_; }
  [[nodiscard]] const StaticVector<Quarantined, kQuarantineMax>& quarantine() const noexcept {
    return quarantine_;
  }
  [[nodiscard]] bool is_quarantined(const Sha256& sha256) const noexcept;

  /// Begins to change to another version, in the place of whatever was on trial.
  ///
  /// @param payload  Verified by the caller: signature, hash, size.
  /// @return         The place for its bytes.
  /// @errors invalid_argument     no version, or no bytes.
  ///         already_exists       it is in use.
  ///         failed_precondition  it is quarantined. It may just have become so: write the record.
  ///         rollback             its counter is below that of the version in use.
  Result<std::uint8_t> offer(const Payload& payload) noexcept;
  /// The version on trial is in use now.
  /// @errors failed_precondition  nothing is on trial.
  Result<void> loaded() noexcept;
  /// The version on trial could not be loaded: it is quarantined.
  /// @param reason  Cut after 48 bytes.
  /// @errors failed_precondition  nothing is on trial.
  Result<void> failed(std::string_view reason) noexcept;
  /// Quarantines the version in use and goes back to the one before, or to none.
  /// @errors not_found  none is in use.
  Result<void> roll_back(std::string_view reason) noexcept;
  /// Forgets the version in use because its bytes are damaged: it may be installed again.
  /// @errors not_found  none is in use.
  Result<void> drop_damaged() noexcept;
  /// A person lets a version be offered again.
  /// @errors not_found  it is not quarantined.
  Result<void> release(const Sha256& sha256) noexcept;

  /// The durable form, with a checksum.
  /// @param out  At least kEncodedSize bytes; as many are written.
  /// @errors resource_exhausted.
  Result<void> encode(const Crypto& crypto, MutableBytes out) const noexcept;
  /// @errors corrupt  not what encode() writes, or of another kind.
  static Result<PayloadRecord> decode(std::string_view kind, const Crypto& crypto,
                                      Bytes bytes) noexcept;

  friend bool operator==(const PayloadRecord&, const PayloadRecord&) = default;

 private:
  PayloadRecord() = default;
  [[nodiscard]] std::uint8_t free_place() const noexcept;
  void put_in_quarantine(const Sha256& sha256, std::string_view reason) noexcept;

  FixedString<24> kind_;
  std::optional<Stored> current_;
  std::optional<Stored> previous_;
  std::optional<Trial> trial_;
  StaticVector<Quarantined, kQuarantineMax> quarantine_;
};

}  // namespace ems::ota
