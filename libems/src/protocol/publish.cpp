// SPDX-License-Identifier: Apache-2.0
#include "protocol/publish.hpp"

namespace ems::protocol {

Result<std::size_t> check_options(const ProtocolInfo& info, const CodecOptions& options) noexcept {
  if (options.address && info.addresses.empty()) {
    return fail(Errc::invalid_argument, 0, "the protocol has no addresses");
  }
  if (options.variant.empty()) return std::size_t{0};
  for (std::size_t i = 0; i < info.variants.size(); ++i) {
    if (info.variants[i] == options.variant) return i;
  }
  return fail(Errc::invalid_argument, 0, "the protocol has no variant of that name");
}

Result<Chosen> choose(const ProtocolInfo& info, const CodecOptions& options,
                      std::uint8_t address_max) noexcept {
  const Result<std::size_t> variant = check_options(info, options);
  if (!variant) return fail(variant.error());
  const std::uint8_t address = options.address.value_or(info.addresses.front());
  if (address > address_max) return fail(Errc::out_of_range, 0, "the protocol has no such address");
  return Chosen{static_cast<std::uint8_t>(*variant), address};
}

void Publisher::text(TextField field, Bytes raw) const {
  std::size_t size = raw.size();
  while (size > 0 && (load_u8(raw, size - 1) == 0 || load_u8(raw, size - 1) == ' ')) --size;
  if (size == 0) return;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t c = load_u8(raw, i);
    if (c < 0x20 || c > 0x7E) return;
  }
  sink_.text(field, {reinterpret_cast<const char*>(raw.data()), size}, module_);
}

}  // namespace ems::protocol
