// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/crypto.hpp"

namespace ems::ota {
namespace {

constexpr std::array<std::string_view, 3> kSchemes{"ed25519", "ecdsa-sha2-nistp256",
                                                   "rsassa-pss-sha256"};

}  // namespace

std::string_view to_text(Scheme scheme) noexcept {
  return kSchemes[static_cast<std::size_t>(scheme)];
}

std::optional<Scheme> scheme_named(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kSchemes.size(); ++i) {
    if (kSchemes[i] == text) return static_cast<Scheme>(i);
  }
  return std::nullopt;
}

}  // namespace ems::ota
