// SPDX-License-Identifier: Apache-2.0
/// @file A private Ed25519 key in a file: what signs a repository's metadata.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/ota/tuf/repository.hpp"

namespace ems::io {

/// A key that can sign. The file is PKCS#8 in PEM, not encrypted, for its owner only.
///
/// @thread_safety Like a container.
class SigningKey {
 public:
  /// @errors internal  OpenSSL made none.
  [[nodiscard]] static Result<SigningKey> generate();
  /// @errors not_found, io. permission_denied  group or others may read the file, or we may not.
  ///         malformed  no plain PEM Ed25519 key.
  [[nodiscard]] static Result<SigningKey> load(const std::filesystem::path& file);

  /// Writes `file` (0600) and `file.pub` (0644), the TUF key object, both or none.
  /// @errors already_exists  one is there; nothing was touched. permission_denied, read_only,
  ///         disk_full, io.
  Result<void> save(const std::filesystem::path& file) const;

  [[nodiscard]] const ota::tuf::PublicKey& public_key() const noexcept { return public_; }
  /// One shot, R and S.
  /// @errors internal.
  [[nodiscard]] Result<std::array<std::byte, 64>> sign(Bytes message) const;

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

 private:
  struct Private;
  SigningKey(std::unique_ptr<Private> key, ota::tuf::PublicKey public_key) noexcept;
  [[nodiscard]] static Result<SigningKey> own(std::unique_ptr<Private> key);
  std::unique_ptr<Private> private_;
  ota::tuf::PublicKey public_;
};

/// Reads a TUF key object: what save() wrote as `.pub`.
/// @errors not_found, io, permission_denied; those of parse_public_key().
/// @thread_safety Yes.
[[nodiscard]] Result<ota::tuf::PublicKey> load_public_key(const std::filesystem::path& file);

}  // namespace ems::io
