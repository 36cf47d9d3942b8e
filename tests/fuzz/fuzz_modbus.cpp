// SPDX-License-Identifier: Apache-2.0
// Modbus PDUs and both framings, client and server side. Input: size of the request PDU, the
// request PDU, what arrived.
#include <array>
#include <vector>

#include "ems/protocol/modbus/pdu.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/server.hpp"
#include "ems/protocol/modbus/tcp.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::protocol::modbus;
using fuzz::require;

namespace {

/// Whether an error's offset can be a place in the input: with `exception` it is the code.
void check_offset(const Error& error, std::size_t size) {
  if (error.code == Errc::exception) return;
  require(error.offset <= size, "the offset lies within the input");
}

class Registers final : public RegisterAccess {
 public:
  std::optional<ExceptionCode> read(Function, std::uint16_t address,
                                    std::span<std::uint16_t> out) override {
    require(out.size() <= kReadRegistersMax && address + out.size() <= 65536,
            "reads stay in range");
    for (std::uint16_t& word : out) word = address++;
    return std::nullopt;
  }
  std::optional<ExceptionCode> write(std::uint16_t address,
                                     std::span<const std::uint16_t> values) override {
    require(values.size() <= kWriteRegistersMax && address + values.size() <= 65536,
            "writes stay in range");
    return address == 7 ? std::optional(ExceptionCode::illegal_data_address) : std::nullopt;
  }
};

void check_request(Bytes pdu) {
  std::array<std::byte, kPduSize> out{};
  const auto request = decode_request(pdu);
  if (!request) {
    check_offset(request.error(), std::max<std::size_t>(pdu.size(), 4));
  } else {
    Result<std::size_t> size = std::size_t{0};
    if (request->function == Function::write_single_register) {
      size = encode_write_single_request(request->address, request->value(0), out);
    } else if (request->function == Function::write_multiple_registers) {
      std::vector<std::uint16_t> values(request->count);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = request->value(i);
      size = encode_write_multiple_request(request->address, values, out);
    } else {
      size = encode_read_request(request->function, request->address, request->count, out);
    }
    require(size && fuzz::same(pdu, Bytes(out).first(*size)), "a request encodes to itself");
  }

  Registers registers;
  const std::size_t size = serve(pdu, registers, out);
  require(size <= out.size(), "a response fits its room");
  if (!request || size == 0) return;
  const Bytes response = Bytes(out).first(size);
  std::array<std::uint16_t, kReadRegistersMax> words{};
  const bool reads = request->values.empty();
  const Result<void> taken = reads ? [&]() -> Result<void> {
    const auto count = decode_read_response(pdu, response, words);
    if (!count) return fail(count.error());
    require(*count == request->count, "a read gives what was asked for");
    return {};
  }()
      : decode_write_response(pdu, response);
  require(taken || taken.error().code == Errc::exception, "the client takes what the server says");
}

void check_response(Bytes request, Bytes response) {
  std::array<std::uint16_t, kReadRegistersMax> words{};
  if (const auto count = decode_read_response(request, response, words); !count) {
    check_offset(count.error(), response.size());
  }
  if (const auto result = decode_write_response(request, response); !result) {
    check_offset(result.error(), response.size());
  }
}

template <class Scan>
void check_scan(Bytes received, Scan scan) {
  while (!received.empty()) {
    const protocol::FrameScan found = scan(received);
    require(found.noise <= received.size(), "noise is not more than there is");
    if (found.size == 0 || found.size > received.size() - found.noise) break;
    received = received.subspan(found.noise + found.size);
  }
}

void check_framing(Bytes request, Bytes bytes) {
  std::array<std::byte, kTcpFrameSize> out{};
  if (const auto tcp = decode_tcp(bytes)) {
    const auto size = encode_tcp(tcp->transaction, tcp->unit, tcp->pdu, out);
    require(size && fuzz::same(bytes, Bytes(out).first(*size)), "a TCP frame encodes to itself");
  } else {
    check_offset(tcp.error(), std::max<std::size_t>(bytes.size(), kMbapSize));
  }
  if (const auto rtu = decode_rtu(bytes)) {
    const auto size = encode_rtu(rtu->unit, rtu->pdu, out);
    require(size && fuzz::same(bytes, Bytes(out).first(*size)), "an RTU frame encodes to itself");
  } else {
    check_offset(rtu.error(), bytes.size());
  }
  check_scan(bytes, [](Bytes b) { return scan_tcp(b); });
  check_scan(bytes, [](Bytes b) {
    const protocol::FrameScan found = scan_rtu_request(b);
    const bool whole = found.size > 0 && found.size <= b.size() - found.noise;
    require(!whole || decode_rtu(b.subspan(found.noise, found.size)),
            "a request that was found has a good CRC");
    return found;
  });
  if (request.size() >= 2) {
    check_scan(bytes, [request](Bytes b) { return scan_rtu_response(request, b); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  const Bytes request = feed.take(feed.u8());
  const Bytes received = feed.rest();
  check_request(request);
  check_response(request, received);
  check_framing(request, received);
  // The fuzzer cannot guess a CRC: the same bytes once more as a frame with a good one.
  std::array<std::byte, kRtuFrameSize> sealed{};
  if (const auto sealed_size = encode_rtu(1, received, sealed)) {
    check_framing(request, Bytes(sealed).first(*sealed_size));
  }
  return 0;
}
