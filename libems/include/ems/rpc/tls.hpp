// SPDX-License-Identifier: Apache-2.0
/// @file Files of an mTLS identity. There is no way to listen or connect over TCP without one.
#pragma once

#include <filesystem>

namespace ems::rpc {

/// PEM files: the authority that peers are checked against, and our own certificate and key.
struct TlsFiles {
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

}  // namespace ems::rpc
