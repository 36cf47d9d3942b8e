// SPDX-License-Identifier: Apache-2.0
/// @file Strict keys and signatures: what common libraries let pass and nobody may trust is refused
/// before their arithmetic is asked. Heapless.
#pragma once

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/ota/crypto.hpp"

namespace ems::ota {

/// Whether a public key may be trusted at all. Every key that passes has one encoding only: two
/// keys are the same exactly when their bytes are.
///
/// Ed25519: 32 bytes, reduced, not of small order (for these anyone can sign; the key of an erased
/// flash page, all zero, is one); one that is off the curve passes and signs nothing. ECDSA: a
/// point of P-256, uncompressed, in the one DER that RFC 5480 gives it. RSA: what
/// Crypto::key_is_valid() asks for.
///
/// @errors        bad_key.
/// @thread_safety Yes.
/// @source        RFC 8032, section 5.1.3; RFC 5480, section 2; tests/vectors/ota/ed25519.
Result<void> check_key(const Crypto& crypto, Scheme scheme, Bytes key) noexcept;

/// Whether `signature` is one of `message` under `key`.
///
/// A key that check_key() refuses signs nothing. Ed25519: 64 bytes, S below the order of the base
/// point, R not of small order. ECDSA: strict DER, r and s positive. The rest is the port's.
///
/// @thread_safety Yes.
/// @source        RFC 8032, section 5.1.7; X.690, section 10.1; tests/vectors/ota/ed25519.
[[nodiscard]] bool verify(const Crypto& crypto, Scheme scheme, Bytes key, Bytes message,
                          Bytes signature) noexcept;

}  // namespace ems::ota
