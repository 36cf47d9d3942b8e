// SPDX-License-Identifier: Apache-2.0
/// @file The cryptography that verification stands on, as an interface: OpenSSL on Linux
/// (ems/io/ota/openssl_crypto.hpp), a microcontroller's own library there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"

namespace ems::ota {

/// The signature schemes that libems counts; the key names its scheme, nothing else does.
enum class Scheme : std::uint8_t {
  ed25519,              ///< Key: 32 raw bytes. Signature: 64, R and S.
  ecdsa_sha2_nistp256,  ///< Key: DER SubjectPublicKeyInfo. Signature: DER.
  rsassa_pss_sha256,    ///< Key: DER SubjectPublicKeyInfo. MGF1 with SHA-256, any salt length.
};

/// As in TUF metadata: `ed25519`, `ecdsa-sha2-nistp256`, `rsassa-pss-sha256`.
/// @thread_safety Yes.
/// @source TUF specification 1.0.34, section 4.2.
[[nodiscard]] std::string_view to_text(Scheme scheme) noexcept;
/// @return none: a scheme that libems does not count.
/// @thread_safety Yes.
[[nodiscard]] std::optional<Scheme> scheme_named(std::string_view text) noexcept;

enum class HashAlgorithm : std::uint8_t { sha256, sha512 };

using Sha256 = std::array<std::byte, 32>;
using Sha512 = std::array<std::byte, 64>;

/// One hash over bytes that come in pieces. begin(), update() any number of times, finish().
///
/// @thread_safety One caller.
class Hasher {
 public:
  /// Forgets what came before.
  virtual void begin(HashAlgorithm algorithm) noexcept = 0;
  virtual void update(Bytes data) noexcept = 0;
  /// @param out At least 32 or 64 bytes; written from its start.
  /// @return Bytes written.
  virtual std::size_t finish(MutableBytes out) noexcept = 0;

 protected:
  Hasher() = default;
  Hasher(const Hasher&) = default;
  Hasher& operator=(const Hasher&) = default;
  ~Hasher() = default;
};

/// One-shot verification and hashing.
///
/// @thread_safety Implementations may be called from any thread.
class Crypto {
 public:
  /// The bare arithmetic: callers go through verify() of ems/ota/signature.hpp, which refuses what
  /// the arithmetic of common libraries lets pass.
  /// @return Whether `signature` is one of `message` under `key`; false for anything malformed.
  [[nodiscard]] virtual bool verify_raw(Scheme scheme, Bytes key, Bytes message,
                                        Bytes signature) const noexcept = 0;
  /// The part of a key's check that needs arithmetic: callers go through check_key().
  /// ECDSA: the point is on the curve. RSA: DER of rsaEncryption without a byte to spare, 2048 to
  /// 16384 bits, an odd exponent of 65537 or more. Not asked about Ed25519.
  /// @source FIPS 186-5, section 5.1 and appendix A.1.1.
  [[nodiscard]] virtual bool key_is_valid(Scheme scheme, Bytes key) const noexcept = 0;
  [[nodiscard]] virtual Sha256 sha256(Bytes data) const noexcept = 0;
  [[nodiscard]] virtual Sha512 sha512(Bytes data) const noexcept = 0;

 protected:
  Crypto() = default;
  Crypto(const Crypto&) = default;
  Crypto& operator=(const Crypto&) = default;
  ~Crypto() = default;
};

}  // namespace ems::ota
