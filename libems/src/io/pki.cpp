// SPDX-License-Identifier: Apache-2.0
#include "ems/io/pki.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <span>
#include <system_error>

#include "ems/io/identity.hpp"

namespace ems::io {

namespace fs = std::filesystem;

namespace {

template <auto F>
struct Free {
  template <class T>
  void operator()(T* pointer) const noexcept {
    F(pointer);
  }
};
void free_text(char* text) noexcept { OPENSSL_free(text); }
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
using Octets = std::unique_ptr<ASN1_OCTET_STRING, Free<ASN1_OCTET_STRING_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

constexpr long kVersion3 = 2;    // X.509 v3 is written as 2 (RFC 5280, 4.1.2.1).
constexpr int kSerialSize = 16;  // 128 random bits, the top one 0: positive (RFC 5280, 4.1.2.2).
constexpr std::int64_t kMicro = 1'000'000;
constexpr Duration kClockSlack = seconds(3600);
constexpr Duration kDay = seconds(86'400);
constexpr std::size_t kCommonNameMax = 64;  // ub-common-name, RFC 5280 appendix A.1.

Failure openssl_failed(const char* what) {
  ERR_clear_error();
  return fail(Errc::internal, 0, what);
}

Failure file_failed(int error) {
  switch (error) {
    case EEXIST:
      return fail(Errc::already_exists, 0, "a key or certificate of that name is there already");
    case ENOENT:
      return fail(Errc::not_found, 0, "no such file or folder");
    case EACCES:
    case EPERM:
      return fail(Errc::permission_denied, 0, "the file may not be read or written");
    case EROFS:
      return fail(Errc::read_only, 0, "the file system cannot be written");
    case ENOSPC:
    case EDQUOT:
      return fail(Errc::disk_full, 0, "no room for the file");
    default:
      return fail(Errc::io, 0, "the operating system refused the file");
  }
}

// Writes a file that must not be there yet, and syncs it. Nothing is left after a failure.
Result<void> write_new(const fs::path& path, std::span<const char> data, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return file_failed(errno);
  int error = ::fchmod(fd, mode) == 0 ? 0 : errno;
  std::size_t done = 0;
  while (error == 0 && done < data.size()) {
    const ssize_t n = ::write(fd, data.data() + done, data.size() - done);
    if (n > 0) done += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0) return {};
  (void)::unlink(path.c_str());  // The error that counts is the one before.
  return file_failed(error);
}

std::span<const char> content(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size > 0 ? size : 0)};
}

// Both files or none.
Result<PkiFiles> write_pair(const fs::path& folder, const std::string& stem, X509* certificate,
                            EVP_PKEY* key) {
  const PkiFiles files{folder / (stem + ".crt"), folder / (stem + ".key")};
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(files.certificate, ignored))) return file_failed(EEXIST);
  // Secure memory: the plain key is wiped when the buffer goes.
  const Memory key_text{BIO_new(BIO_s_secmem())};
  const Memory certificate_text{BIO_new(BIO_s_mem())};
  if (!key_text || !certificate_text ||
      PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate) != 1) {
    return openssl_failed("OpenSSL could not write PEM");
  }
  if (const auto written = write_new(files.key, content(key_text.get()), 0600); !written) {
    return fail(written.error());
  }
  if (const auto written = write_new(files.certificate, content(certificate_text.get()), 0644);
      !written) {
    (void)::unlink(files.key.c_str());  // The error that counts is the one before.
    return fail(written.error());
  }
  return files;
}

bool set_common_name(X509_NAME* name, std::string_view text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, kSerialSize> bytes{};
  if (RAND_bytes(bytes.data(), kSerialSize) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7F) | 0x40);  // Positive, never short.
  const Number number{BN_bin2bn(bytes.data(), kSerialSize, nullptr)};
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_time(ASN1_TIME* field, UtcInstant at) {
  return ASN1_TIME_set(field, static_cast<time_t>(at.since_epoch().count() / kMicro)) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Built as values and never as text, so that no name can smuggle in a second one.
bool add_text_name(GENERAL_NAMES* names, int type, std::string_view text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  if (name == nullptr || value == nullptr ||
      ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) != 1) {
    GENERAL_NAME_free(name);
    ASN1_IA5STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) > 0) return true;
  GENERAL_NAME_free(name);
  return false;
}

bool add_address(GENERAL_NAMES* names, const std::string& text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_OCTET_STRING* value = a2i_IPADDRESS(text.c_str());
  if (name == nullptr || value == nullptr) {
    GENERAL_NAME_free(name);
    ASN1_OCTET_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, GEN_IPADD, value);
  if (sk_GENERAL_NAME_push(names, name) > 0) return true;
  GENERAL_NAME_free(name);
  return false;
}

bool add_alternative_names(X509* certificate, const CertificateRequest& request) {
  const Names names{GENERAL_NAMES_new()};
  if (!names || !add_text_name(names.get(), GEN_URI, request.uri)) return false;
  for (const std::string& dns : request.dns_names) {
    if (!add_text_name(names.get(), GEN_DNS, dns)) return false;
  }
  for (const std::string& address : request.addresses) {
    if (!add_address(names.get(), address)) return false;
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) ==
         1;
}

// What every certificate of ours has: version, serial, validity, key.
Certificate new_certificate(EVP_PKEY* key, UtcInstant from, UtcInstant to) {
  Certificate certificate{X509_new()};
  if (!certificate || X509_set_version(certificate.get(), kVersion3) != 1 ||
      !set_serial(certificate.get()) || !set_time(X509_getm_notBefore(certificate.get()), from) ||
      !set_time(X509_getm_notAfter(certificate.get()), to) ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return nullptr;
  }
  return certificate;
}

std::FILE* open_file(const fs::path& path) { return std::fopen(path.c_str(), "rbe"); }
using File = std::unique_ptr<std::FILE, Free<std::fclose>>;

Result<Certificate> load_certificate(const fs::path& path) {
  const File file{open_file(path)};
  if (!file) return file_failed(errno);
  Certificate certificate{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)};
  if (certificate) return certificate;
  ERR_clear_error();
  return fail(Errc::syntax, 0, "the file holds no PEM certificate");
}

// An encrypted key is refused instead of asking at the terminal.
int no_password(char*, int, int, void*) { return -1; }

Result<Key> load_key(const fs::path& path) {
  const File file{open_file(path)};
  if (!file) return file_failed(errno);
  Key key{PEM_read_PrivateKey(file.get(), nullptr, no_password, nullptr)};
  if (key) return key;
  ERR_clear_error();
  return fail(Errc::corrupt, 0, "the file holds no plain PEM private key");
}

UtcInstant to_utc(const ASN1_TIME* field) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(field, &parts) != 1) return UtcInstant{};
  return UtcInstant{seconds(static_cast<std::int64_t>(timegm(&parts)))};
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const ASN1_OCTET_STRING* octets) {
  const unsigned char* data = ASN1_STRING_get0_data(octets);
  const int size = ASN1_STRING_length(octets);
  std::string text;
  std::array<char, 8> part{};
  for (int i = 0; i < size; i += size == 4 ? 1 : 2) {
    const int n = size == 4
                      ? std::snprintf(part.data(), part.size(), i == 0 ? "%d" : ".%d", data[i])
                      : std::snprintf(part.data(), part.size(), i == 0 ? "%x" : ":%x",
                                      i + 1 < size ? data[i] * 256 + data[i + 1] : data[i]);
    text.append(part.data(), static_cast<std::size_t>(n));
  }
  return text;
}

void read_alternative_names(const X509* certificate, CertificateInfo& info) {
  const Names names{static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  if (!names) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    const auto* text = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_IPADD) info.addresses.push_back(address_text(text));
    if (type != GEN_URI && type != GEN_DNS) continue;
    std::string copy{reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text))};
    (type == GEN_URI ? info.uris : info.dns_names).push_back(std::move(copy));
  }
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7E) return false;
  }
  return !text.empty();
}

bool is_stem(std::string_view stem) {
  constexpr std::size_t kStemMax = 128;
  if (stem.empty() || stem.size() > kStemMax || stem.front() == '.') return false;
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return stem.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_dns_name(std::string_view name) {
  constexpr std::size_t kDnsMax = 253;
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
  return !name.empty() && name.size() <= kDnsMax && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_address(const std::string& text) { return Octets{a2i_IPADDRESS(text.c_str())} != nullptr; }

Result<Identity> check_request(const CertificateRequest& request) {
  const Result<Identity> identity = parse_identity(request.uri);
  if (!identity) {
    return fail(Errc::invalid_argument, identity.error().offset, identity.error().what);
  }
  if (!is_stem(request.stem) || request.stem == "ca") {
    return fail(Errc::invalid_argument, 0, "file stem: letters, digits, . _ - and not \"ca\"");
  }
  if (request.life < kClockSlack) {
    return fail(Errc::invalid_argument, 0, "life: at least one hour");
  }
  for (const std::string& dns : request.dns_names) {
    if (!is_dns_name(dns)) return fail(Errc::invalid_argument, 0, "not a DNS name");
  }
  for (const std::string& address : request.addresses) {
    if (!is_address(address)) {
      ERR_clear_error();
      return fail(Errc::invalid_argument, 0, "not an IPv4 or IPv6 address");
    }
  }
  if (identity->kind == PeerKind::server && request.dns_names.empty() &&
      request.addresses.empty()) {
    return fail(Errc::invalid_argument, 0, "a server needs a DNS name or an address");
  }
  return identity;
}

struct Authority {
  Certificate certificate;
  Key key;
};

Result<Authority> load_authority(const fs::path& folder) {
  Result<Certificate> certificate = load_certificate(folder / "ca.crt");
  if (!certificate) {
    if (certificate.error().code != Errc::syntax) return fail(certificate.error());
    return fail(Errc::corrupt, 0, "ca.crt holds no PEM certificate");
  }
  Result<Key> key = load_key(folder / "ca.key");
  if (!key) return fail(key.error());
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    ERR_clear_error();
    return fail(Errc::corrupt, 0, "ca.key does not belong to ca.crt");
  }
  return Authority{std::move(*certificate), std::move(*key)};
}

}  // namespace

Result<PkiFiles> make_authority(const fs::path& folder, std::string_view name, UtcInstant now,
                                Duration life) {
  constexpr std::int64_t kLifeDaysMax = 3650;
  if (!is_printable(name) || name.size() > kCommonNameMax) {
    return fail(Errc::invalid_argument, 0, "name: 1 to 64 printable ASCII characters");
  }
  if (life < kDay || life > kDay * kLifeDaysMax) {
    return fail(Errc::invalid_argument, 0, "life: 1 to 3650 days");
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return file_failed(errno);
  const Key key{EVP_EC_gen("P-256")};
  if (!key) return openssl_failed("OpenSSL could not make a key");
  const Certificate certificate = new_certificate(key.get(), now + (-kClockSlack), now + life);
  X509* const it = certificate.get();
  if (!certificate || !set_common_name(X509_get_subject_name(it), name) ||
      X509_set_issuer_name(it, X509_get_subject_name(it)) != 1 ||
      !add_extension(it, it, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(it, it, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(it, it, NID_subject_key_identifier, "hash") ||
      X509_sign(it, key.get(), EVP_sha256()) == 0) {
    return openssl_failed("OpenSSL could not make the authority's certificate");
  }
  return write_pair(folder, "ca", it, key.get());
}

Result<PkiFiles> issue_certificate(const fs::path& folder, const CertificateRequest& request,
                                   UtcInstant now) {
  const Result<Identity> identity = check_request(request);
  if (!identity) return fail(identity.error());
  const Result<Authority> authority = load_authority(folder);
  if (!authority) return fail(authority.error());
  X509* const ca = authority->certificate.get();

  const UtcInstant authority_end = to_utc(X509_get0_notAfter(ca));
  const UtcInstant end = now + request.life < authority_end ? now + request.life : authority_end;
  if (end <= now) return fail(Errc::expired, 0, "the authority has expired");
  const Key key{EVP_EC_gen("P-256")};
  if (!key) return openssl_failed("OpenSSL could not make a key");
  const Certificate certificate = new_certificate(key.get(), now + (-kClockSlack), end);
  X509* const it = certificate.get();
  const bool server = identity->kind == PeerKind::server;
  const std::string_view subject = std::string_view{identity->name}.substr(0, kCommonNameMax);
  if (!certificate || !set_common_name(X509_get_subject_name(it), subject) ||
      X509_set_issuer_name(it, X509_get_subject_name(ca)) != 1 ||
      !add_extension(it, ca, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(it, ca, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(it, ca, NID_ext_key_usage, server ? "serverAuth" : "clientAuth") ||
      !add_extension(it, ca, NID_subject_key_identifier, "hash") ||
      !add_extension(it, ca, NID_authority_key_identifier, "keyid") ||
      !add_alternative_names(it, request) ||
      X509_sign(it, authority->key.get(), EVP_sha256()) == 0) {
    return openssl_failed("OpenSSL could not make the certificate");
  }
  return write_pair(folder, request.stem, it, key.get());
}

Result<CertificateInfo> read_certificate(const fs::path& file) {
  const Result<Certificate> loaded = load_certificate(file);
  if (!loaded) return fail(loaded.error());
  X509* const it = loaded->get();
  CertificateInfo info;
  info.subject = common_name(X509_get_subject_name(it));
  info.issuer = common_name(X509_get_issuer_name(it));
  const Number number{ASN1_INTEGER_to_BN(X509_get0_serialNumber(it), nullptr)};
  const std::unique_ptr<char, Free<free_text>> hex{number ? BN_bn2hex(number.get()) : nullptr};
  if (!hex) return openssl_failed("OpenSSL could not read the serial number");
  for (const char* c = hex.get(); *c != '\0'; ++c) {
    info.serial.push_back(*c >= 'A' && *c <= 'F' ? static_cast<char>(*c - 'A' + 'a') : *c);
  }
  read_alternative_names(it, info);
  info.not_before = to_utc(X509_get0_notBefore(it));
  info.not_after = to_utc(X509_get0_notAfter(it));
  const EVP_PKEY* key = X509_get0_pubkey(it);
  const char* type = key != nullptr ? EVP_PKEY_get0_type_name(key) : nullptr;
  info.key_type = type != nullptr ? type : "unknown";
  std::array<char, 64> group{};
  if (key != nullptr && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) {
    info.key_type.append(" ").append(group.data());
  }
  info.authority = X509_check_ca(it) == 1;
  return info;
}

}  // namespace ems::io
