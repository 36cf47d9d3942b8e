// SPDX-License-Identifier: Apache-2.0
#include "protocol/lifepower/layout.hpp"

namespace ems::protocol::lifepower {

void sum(Bytes before, MutableBytes checksum) noexcept {
  store_u8(checksum, 0, check_of(load_u8(before, kAddressAt), load_u8(before, kCommandAt)));
}

Result<Asked> parse_request(Bytes request) noexcept {
  constexpr framed::HeaderByte kHeader[] = {{kStart}, framed::kAny, framed::kAny, {0}};
  const Result<Bytes> data = framed::open(kShape, kHeader, request);
  if (!data) return fail(data.error());
  const Asked asked{.address = load_u8(request, kAddressAt),
                    .command = load_u8(request, kCommandAt)};
  if (asked.command == kStatus && load_u8(request, kDataAt) != check_of(asked.address, kStatus)) {
    return fail(Errc::checksum, kDataAt, "LifePower check byte mismatch");
  }
  return asked;
}

}  // namespace ems::protocol::lifepower
