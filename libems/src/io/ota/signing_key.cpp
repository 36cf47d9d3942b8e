// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/signing_key.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "ems/io/ota/openssl_crypto.hpp"
#include "io/ota/posix_file.hpp"
#include "io/ota/repository_files.hpp"

namespace ems::io {

namespace fs = std::filesystem;
namespace tuf = ota::tuf;

struct SigningKey::Private {
  EVP_PKEY* key;
  explicit Private(EVP_PKEY* owned) noexcept : key(owned) {}
  Private(const Private&) = delete;
  Private& operator=(const Private&) = delete;
  ~Private() { EVP_PKEY_free(key); }
};

namespace {

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using Memory = std::unique_ptr<BIO, FreeBio>;

Failure openssl_failed(const char* what) {
  ERR_clear_error();
  return fail(Errc::internal, 0, what);
}

// An encrypted key is refused instead of asking at the terminal.
int no_password(char*, int, int, void*) { return -1; }

/// Writes a file that must not be there. Nothing is left after a failure.
Result<void> write_new(const fs::path& path, Bytes data, mode_t mode) {
  const posix::Fd fd = posix::open_at(AT_FDCWD, path.string(), O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!fd) return repository::failed(errno, "the key file cannot be made");
  int error = ::fchmod(fd.get(), mode) == 0 ? 0 : errno;
  if (error == 0) error = posix::write_all(fd.get(), data);
  if (error == 0) error = posix::sync(fd.get());
  if (error == 0) return {};
  (void)::unlink(path.c_str());  // The error that counts is the one before.
  return repository::failed(error, "the key file cannot be written");
}

}  // namespace

SigningKey::SigningKey(std::unique_ptr<Private> key, tuf::PublicKey public_key) noexcept
    : private_(std::move(key)), public_(std::move(public_key)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::own(std::unique_ptr<Private> key) {
  std::array<unsigned char, 32> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key->key, raw.data(), &size) != 1 || size != raw.size()) {
    return openssl_failed("OpenSSL could not give the public key");
  }
  Result<tuf::PublicKey> public_key =
      tuf::make_public_key(OpenSslCrypto{}, std::as_bytes(std::span(raw)));
  if (!public_key) return fail(public_key.error());
  return SigningKey(std::move(key), *std::move(public_key));
}

Result<SigningKey> SigningKey::generate() {
  auto key = std::make_unique<Private>(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key->key == nullptr) return openssl_failed("OpenSSL could not make a key");
  return own(std::move(key));
}

Result<SigningKey> SigningKey::load(const fs::path& file) {
  constexpr std::int64_t kSizeMax = 4096;
  posix::Fd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return repository::failed(errno, "the key file cannot be read");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > kSizeMax) {
    return fail(Errc::malformed, 0, "the file holds no plain PEM Ed25519 key");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Errc::permission_denied, 0, "group or others have access to the key: chmod 600");
  }
  std::array<std::byte, kSizeMax> text{};
  const std::int64_t size = posix::read_at(fd.get(), 0, text);
  const Memory memory{BIO_new_mem_buf(text.data(), static_cast<int>(size > 0 ? size : 0))};
  std::unique_ptr<Private> key;
  if (memory && size > 0) {
    key = std::make_unique<Private>(
        PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr));
  }
  OPENSSL_cleanse(text.data(), text.size());
  ERR_clear_error();
  if (!key || key->key == nullptr || EVP_PKEY_is_a(key->key, "ED25519") != 1) {
    return fail(Errc::malformed, 0, "the file holds no plain PEM Ed25519 key");
  }
  return own(std::move(key));
}

Result<void> SigningKey::save(const fs::path& file) const {
  fs::path public_file = file;
  public_file += ".pub";
  const std::string object = tuf::to_text(public_) + "\n";
  // Secure memory: the plain key is wiped when the buffer goes.
  const Memory memory{BIO_new(BIO_s_secmem())};
  char* text = nullptr;
  if (!memory || PEM_write_bio_PKCS8PrivateKey(memory.get(), private_->key, nullptr, nullptr, 0,
                                               nullptr, nullptr) != 1) {
    return openssl_failed("OpenSSL could not write PEM");
  }
  const long size = BIO_get_mem_data(memory.get(), &text);
  if (size <= 0) return openssl_failed("OpenSSL could not write PEM");
  const std::string_view pem(text, static_cast<std::size_t>(size));
  if (const auto done = write_new(public_file, std::as_bytes(std::span(object)), 0644); !done) {
    return done;
  }
  const auto done = write_new(file, std::as_bytes(std::span(pem)), 0600);
  if (!done) (void)::unlink(public_file.c_str());  // The error that counts is the one before.
  return done;
}

Result<std::array<std::byte, 64>> SigningKey::sign(Bytes message) const {
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
  std::array<std::byte, 64> out{};
  std::size_t size = out.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, private_->key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1 ||
      size != out.size()) {
    return openssl_failed("OpenSSL could not sign");
  }
  return out;
}

Result<tuf::PublicKey> load_public_key(const fs::path& file) {
  constexpr std::size_t kSizeMax = 4096;
  const Result<std::string> text = repository::read_text(file, kSizeMax);
  if (!text) return fail(text.error());
  return tuf::parse_public_key(OpenSslCrypto{}, *text);
}

}  // namespace ems::io
