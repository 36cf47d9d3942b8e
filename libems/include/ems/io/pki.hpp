// SPDX-License-Identifier: Apache-2.0
/// @file A development certificate authority: identities of DESIGN section 5, one URI SAN each.
/// Keys are ECDSA P-256 and never leave their file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::io {

/// Where an authority and what it issued lie: `ca.crt ca.key`, and per identity `<stem>.crt
/// <stem>.key`. Certificates are 0644, keys 0600, the folder 0700 when it is made here.
struct PkiFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// What a certificate says.
struct CertificateInfo {
  std::string subject;                 ///< Common name.
  std::string issuer;                  ///< Common name.
  std::string serial;                  ///< Lower-case hex.
  std::vector<std::string> uris;       ///< URI SANs; exactly one for our identities.
  std::vector<std::string> dns_names;  ///< DNS SANs.
  std::vector<std::string> addresses;  ///< IP SANs as text.
  UtcInstant not_before{};
  UtcInstant not_after{};
  std::string key_type;  ///< `EC prime256v1`.
  bool authority = false;
};

/// Makes an authority. Serial numbers are 128 random bits.
///
/// @param folder  Made when it is not there.
/// @param name    Common name: 1 .. 64 printable ASCII characters.
/// @param now     Start of validity, minus one hour for clocks that are behind.
/// @param life    At least one day, at most 3650 days.
/// @errors invalid_argument  name or life.
///         already_exists    there is an authority; nothing was touched.
///         io, read_only, disk_full, permission_denied  a file could not be written; none is left.
/// @thread_safety Any thread.
[[nodiscard]] Result<PkiFiles> make_authority(const std::filesystem::path& folder,
                                              std::string_view name, UtcInstant now, Duration life);

/// What to issue.
struct CertificateRequest {
  std::string uri;                     ///< `urn:ems:agent:SITE/NAME` ... exactly one.
  std::vector<std::string> dns_names;  ///< Servers: what clients dial. gRPC checks it.
  std::vector<std::string> addresses;  ///< Servers: IPv4 or IPv6 that clients dial.
  std::string stem;                    ///< File name without ending: [A-Za-z0-9._-]{1,128}.
  Duration life = Duration{};          ///< At least one hour; cut at the authority's end.
};

/// Issues a certificate with a new key.
///
/// @errors invalid_argument  a URI that is none of ours, a malformed SAN, stem or life, or a server
///                           without DNS and IP SAN.
///         expired           the authority has expired.
///         not_found         there is no authority in the folder.
///         corrupt           its files do not parse or do not belong together.
///         already_exists    certificate or key of that stem is there; nothing was touched.
///         io, read_only, disk_full, permission_denied  as make_authority().
/// @thread_safety Any thread.
[[nodiscard]] Result<PkiFiles> issue_certificate(const std::filesystem::path& folder,
                                                 const CertificateRequest& request, UtcInstant now);

/// Reads a certificate file (PEM, the first one in it).
///
/// @errors not_found, io  it cannot be read. syntax  it is not a PEM certificate.
/// @thread_safety Any thread.
[[nodiscard]] Result<CertificateInfo> read_certificate(const std::filesystem::path& file);

}  // namespace ems::io
