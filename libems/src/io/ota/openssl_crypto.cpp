// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/openssl_crypto.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <new>

#include "ems/core/assert.hpp"

namespace ems::io {
namespace {

using ota::Scheme;

template <auto F>
struct Free {
  template <class T>
  void operator()(T* pointer) const noexcept {
    F(pointer);
  }
};
void free_bytes(unsigned char* bytes) noexcept { OPENSSL_free(bytes); }
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Encoded = std::unique_ptr<unsigned char, Free<free_bytes>>;

constexpr int kRsaBitsMin = 2048;   // FIPS 186-5, section 5.1.
constexpr int kRsaBitsMax = 16384;  // OPENSSL_RSA_MAX_MODULUS_BITS.
static_assert(kRsaBitsMax == OPENSSL_RSA_MAX_MODULUS_BITS);
constexpr BN_ULONG kRsaExponentMin = 65537;  // FIPS 186-5, appendix A.1.1.

/// What fails here is an answer, not an error of the thread: TLS reads the same queue.
class QuietErrors {
 public:
  QuietErrors() noexcept { ERR_set_mark(); }
  ~QuietErrors() { ERR_pop_to_mark(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

const unsigned char* chars(Bytes bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

bool is_p256(const EVP_PKEY* key) noexcept {
  std::array<char, 32> group{};
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
         std::string_view(group.data()) == SN_X9_62_prime256v1;
}

bool is_rsa(const EVP_PKEY* key) noexcept {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return false;  // RSASSA-PSS keys are another type.
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) return false;
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &read) != 1) return false;
  const Number exponent(read);
  const Number least(BN_new());
  return least != nullptr && BN_set_word(least.get(), kRsaExponentMin) == 1 &&
         BN_is_odd(exponent.get()) == 1 && BN_cmp(exponent.get(), least.get()) >= 0;
}

/// d2i_PUBKEY() takes BER and leaves what follows: only what it would write itself is a key.
Key read_spki(Scheme scheme, Bytes der) noexcept {
  const unsigned char* at = chars(der);
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr || at != chars(der) + der.size()) return nullptr;
  unsigned char* written = nullptr;
  const int size = i2d_PUBKEY(key.get(), &written);
  const Encoded encoded(written);
  if (size < 0 || !std::equal(chars(der), at, written, written + size)) return nullptr;
  const bool fits = scheme == Scheme::ecdsa_sha2_nistp256 ? is_p256(key.get()) : is_rsa(key.get());
  return fits ? std::move(key) : nullptr;
}

Key read_key(Scheme scheme, Bytes key) noexcept {
  if (scheme != Scheme::ed25519) return read_spki(scheme, key);
  return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, chars(key), key.size()));
}

bool use_pss(EVP_PKEY_CTX* context) noexcept {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) == 1;
}

}  // namespace

bool OpenSslCrypto::verify_raw(Scheme scheme, Bytes key, Bytes message,
                               Bytes signature) const noexcept {
  const QuietErrors quiet;
  const Key read = read_key(scheme, key);
  const Context context(EVP_MD_CTX_new());
  if (read == nullptr || context == nullptr) return false;
  EVP_PKEY_CTX* options = nullptr;  // The context owns it.
  const EVP_MD* hash = scheme == Scheme::ed25519 ? nullptr : EVP_sha256();
  if (EVP_DigestVerifyInit(context.get(), &options, hash, nullptr, read.get()) != 1) return false;
  if (scheme == Scheme::rsassa_pss_sha256 && !use_pss(options)) return false;
  return EVP_DigestVerify(context.get(), chars(signature), signature.size(), chars(message),
                          message.size()) == 1;
}

bool OpenSslCrypto::key_is_valid(Scheme scheme, Bytes key) const noexcept {
  const QuietErrors quiet;
  return read_key(scheme, key) != nullptr;
}

ota::Sha256 OpenSslCrypto::sha256(Bytes data) const noexcept {
  ota::Sha256 out{};
  // Fails without memory only, and a hash that was not made must not be compared.
  EMS_ASSERT(SHA256(chars(data), data.size(), reinterpret_cast<unsigned char*>(out.data())) !=
             nullptr);
  return out;
}

ota::Sha512 OpenSslCrypto::sha512(Bytes data) const noexcept {
  ota::Sha512 out{};
  EMS_ASSERT(SHA512(chars(data), data.size(), reinterpret_cast<unsigned char*>(out.data())) !=
             nullptr);
  return out;
}

void OpenSslHasher::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

OpenSslHasher::OpenSslHasher() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr) throw std::bad_alloc();
}

void OpenSslHasher::begin(ota::HashAlgorithm algorithm) noexcept {
  const QuietErrors quiet;
  const EVP_MD* hash = algorithm == ota::HashAlgorithm::sha256 ? EVP_sha256() : EVP_sha512();
  hashing_ = EVP_DigestInit_ex(context_.get(), hash, nullptr) == 1;
}

void OpenSslHasher::update(Bytes data) noexcept {
  const QuietErrors quiet;
  hashing_ = hashing_ && EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1;
}

std::size_t OpenSslHasher::finish(MutableBytes out) noexcept {
  const QuietErrors quiet;
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (!hashing_ || EVP_DigestFinal_ex(context_.get(), hash.data(), &size) != 1) return 0;
  hashing_ = false;
  EMS_ASSERT(out.size() >= size);
  std::ranges::copy(std::as_bytes(std::span(hash).first(size)), out.begin());
  return size;
}

}  // namespace ems::io
