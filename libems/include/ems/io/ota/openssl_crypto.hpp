// SPDX-License-Identifier: Apache-2.0
/// @file The cryptography of updates on OpenSSL.
#pragma once

#include <memory>

#include "ems/ota/crypto.hpp"

struct evp_md_ctx_st;

namespace ems::io {

/// Stateless. What OpenSSL lets pass and nobody may trust, verify() of ems/ota/signature.hpp
/// refuses before; leaves the thread's error queue as it was.
///
/// @thread_safety Yes.
class OpenSslCrypto final : public ota::Crypto {
 public:
  [[nodiscard]] bool verify_raw(ota::Scheme scheme, Bytes key, Bytes message,
                                Bytes signature) const noexcept override;
  [[nodiscard]] bool key_is_valid(ota::Scheme scheme, Bytes key) const noexcept override;
  [[nodiscard]] ota::Sha256 sha256(Bytes data) const noexcept override;
  [[nodiscard]] ota::Sha512 sha512(Bytes data) const noexcept override;
};

/// @thread_safety One caller.
/// @memory        One context of OpenSSL, made here and used again by every begin().
class OpenSslHasher final : public ota::Hasher {
 public:
  /// @throws std::bad_alloc
  OpenSslHasher();
  void begin(ota::HashAlgorithm algorithm) noexcept override;
  void update(Bytes data) noexcept override;
  [[nodiscard]] std::size_t finish(MutableBytes out) noexcept override;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool hashing_ = false;
};

}  // namespace ems::io
