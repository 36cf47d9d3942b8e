// SPDX-License-Identifier: Apache-2.0
#include "rpc/credentials.hpp"

#include <grpc/grpc_security_constants.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "ems/io/pki.hpp"

namespace ems::rpc {

namespace {

constexpr std::size_t kPemSizeMax = 1024 * 1024;

Result<std::string> read_pem(const std::filesystem::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    if (errno == ENOENT) return fail(Errc::not_found, 0, "a TLS file is not there");
    if (errno == EACCES) return fail(Errc::permission_denied, 0, "a TLS file may not be read");
    return fail(Errc::io, 0, "a TLS file cannot be opened");
  }
  std::string text(kPemSizeMax, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  const bool failed = std::ferror(file) != 0;
  (void)std::fclose(file);  // Read only: nothing can be lost.
  if (failed) return fail(Errc::io, 0, "a TLS file cannot be read");
  if (text.find("-----BEGIN ") == std::string::npos) {
    return fail(Errc::invalid_argument, 0, "a TLS file is not PEM");
  }
  return text;
}

struct Pem {
  std::string ca;
  std::string certificate;
  std::string key;
};

Result<Pem> read_all(const TlsFiles& files) {
  Result<std::string> ca = read_pem(files.ca);
  if (!ca) return fail(ca.error());
  Result<std::string> certificate = read_pem(files.certificate);
  if (!certificate) return fail(certificate.error());
  Result<std::string> key = read_pem(files.key);
  if (!key) return fail(key.error());
  return Pem{std::move(*ca), std::move(*certificate), std::move(*key)};
}

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(const TlsFiles& files) {
  Result<Pem> pem = read_all(files);
  if (!pem) return fail(pem.error());
  grpc::SslServerCredentialsOptions options{
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY};
  options.pem_root_certs = std::move(pem->ca);
  options.pem_key_cert_pairs.push_back({std::move(pem->key), std::move(pem->certificate)});
  return grpc::SslServerCredentials(options);
}

Result<std::shared_ptr<grpc::ChannelCredentials>> client_credentials(const TlsFiles& files) {
  Result<Pem> pem = read_all(files);
  if (!pem) return fail(pem.error());
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = std::move(pem->ca);
  options.pem_private_key = std::move(pem->key);
  options.pem_cert_chain = std::move(pem->certificate);
  return grpc::SslCredentials(options);
}

Result<Identity> peer_identity(const std::shared_ptr<const grpc::AuthContext>& peer) {
  if (peer == nullptr || !peer->IsPeerAuthenticated()) {
    return fail(Errc::unauthenticated, 0, "the peer showed no certificate");
  }
  const auto uris = peer->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME);
  if (uris.size() != 1) {
    return fail(Errc::unauthenticated, 0, "the peer's certificate has not exactly one URI");
  }
  Result<Identity> identity = parse_identity({uris.front().data(), uris.front().size()});
  if (identity) return identity;
  return fail(Errc::unauthenticated, identity.error().offset, identity.error().what);
}

Result<Identity> own_identity(const TlsFiles& files) {
  const Result<io::CertificateInfo> info = io::read_certificate(files.certificate);
  if (!info) return fail(info.error());
  if (info->uris.size() != 1) {
    return fail(Errc::invalid_argument, 0, "the certificate has not exactly one URI");
  }
  const Result<Identity> identity = parse_identity(info->uris.front());
  if (identity) return identity;
  return fail(Errc::invalid_argument, identity.error().offset, identity.error().what);
}

}  // namespace ems::rpc
