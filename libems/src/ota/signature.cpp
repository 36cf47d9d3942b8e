// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/signature.hpp"

#include <algorithm>

namespace ems::ota {
namespace {

// Curve25519 numbers are 32 bytes, the lowest first.
constexpr std::size_t kNumberSize = 32;
constexpr std::size_t kSignatureSize = 64;
using Number = std::array<std::uint8_t, kNumberSize>;

constexpr std::uint8_t digit(char c) noexcept {
  return static_cast<std::uint8_t>(c >= 'a' ? c - 'a' + 10 : c - '0');
}

/// 64 hexadecimal digits, the highest first, as one writes a number.
consteval Number number(std::string_view digits) {
  Number value{};
  for (std::size_t i = 0; i < kNumberSize; ++i) {
    const std::size_t at = 2 * (kNumberSize - 1 - i);
    value[i] = static_cast<std::uint8_t>(digit(digits[at]) << 4 | digit(digits[at + 1]));
  }
  return value;
}

// RFC 8032, section 5.1: p = 2^255 - 19, L = 2^252 + 27742317777372353535851937790883648493.
constexpr Number kP = number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
constexpr Number kL = number("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");

// The y of all points whose order divides 8: 1 (order 1), p - 1 (2), 0 (4) and the two of order 8;
// p and p + 1 are 0 and 1 once more, not reduced. With either sign of x: 14 encodings.
constexpr std::array<Number, 7> kSmallOrderY{
    number("0000000000000000000000000000000000000000000000000000000000000000"),
    number("0000000000000000000000000000000000000000000000000000000000000001"),
    number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"),
    kP,
    number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffee"),
    number("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"),
    number("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7")};

Number read(Bytes bytes) noexcept {
  Number value{};
  for (std::size_t i = 0; i < kNumberSize; ++i) value[i] = load_u8(bytes, i);
  return value;
}

bool less(const Number& a, const Number& b) noexcept {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

/// An encoded point without the sign of its x.
Number y_of(Bytes point) noexcept {
  Number y = read(point);
  y.back() &= 0x7F;
  return y;
}

/// x = 0 with a sign, the other way to write a point twice, is of small order: y is 1 or p - 1.
bool is_small_order(const Number& y) noexcept {
  return std::ranges::find(kSmallOrderY, y) != kSmallOrderY.end();
}

Result<void> check_ed25519_key(Bytes key) noexcept {
  if (key.size() != kNumberSize) return fail(Errc::bad_key, 0, "Ed25519: a key has 32 bytes");
  const Number y = y_of(key);
  if (is_small_order(y)) return fail(Errc::bad_key, 0, "Ed25519: a key of small order");
  if (!less(y, kP)) return fail(Errc::bad_key, 0, "Ed25519: a key that is not reduced");
  return {};
}

bool is_ed25519_signature(Bytes signature) noexcept {
  if (signature.size() != kSignatureSize) return false;
  const Number y = y_of(signature.first(kNumberSize));
  return !is_small_order(y) && less(y, kP) && less(read(signature.last(kNumberSize)), kL);
}

// SubjectPublicKeyInfo of id-ecPublicKey on secp256r1 up to the point, which is uncompressed (04).
constexpr std::array<std::uint8_t, 27> kP256Prefix{
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06,
    0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
constexpr std::size_t kP256PointSize = 64;

bool is_p256_key(Bytes key) noexcept {
  return key.size() == kP256Prefix.size() + kP256PointSize &&
         std::ranges::equal(key.first(kP256Prefix.size()), std::as_bytes(std::span(kP256Prefix)));
}

/// Takes one INTEGER from the front: positive, not a byte longer than it must be.
bool take_positive(Bytes& der) noexcept {
  constexpr std::size_t kSizeMax = 33;  // 256 bits and the sign.
  if (der.size() < 3 || load_u8(der, 0) != 0x02) return false;
  const std::size_t size = load_u8(der, 1);
  if (size == 0 || size > kSizeMax || der.size() - 2 < size) return false;
  const Bytes content = der.subspan(2, size);
  der = der.subspan(2 + size);
  const std::uint8_t first = load_u8(content, 0);
  if (first != 0) return first < 0x80;
  return size > 1 && load_u8(content, 1) >= 0x80;
}

/// SEQUENCE of r and s.
bool is_ecdsa_signature(Bytes signature) noexcept {
  if (signature.size() < 2 || load_u8(signature, 0) != 0x30) return false;
  if (load_u8(signature, 1) != signature.size() - 2) return false;
  Bytes rest = signature.subspan(2);
  return take_positive(rest) && take_positive(rest) && rest.empty();
}

}  // namespace

Result<void> check_key(const Crypto& crypto, Scheme scheme, Bytes key) noexcept {
  if (scheme == Scheme::ed25519) return check_ed25519_key(key);
  if (scheme == Scheme::ecdsa_sha2_nistp256 && !is_p256_key(key)) {
    return fail(Errc::bad_key, 0, "ECDSA: not an uncompressed point of the named curve P-256");
  }
  if (!crypto.key_is_valid(scheme, key)) {
    return fail(Errc::bad_key, 0, "a key that is not of its scheme, or too weak");
  }
  return {};
}

bool verify(const Crypto& crypto, Scheme scheme, Bytes key, Bytes message,
            Bytes signature) noexcept {
  if (!check_key(crypto, scheme, key)) return false;
  if (scheme == Scheme::ed25519 && !is_ed25519_signature(signature)) return false;
  if (scheme == Scheme::ecdsa_sha2_nistp256 && !is_ecdsa_signature(signature)) return false;
  return crypto.verify_raw(scheme, key, message, signature);
}

}  // namespace ems::ota
