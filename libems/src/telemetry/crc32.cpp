// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/crc32.hpp"

#include <array>
#include <cstddef>

#include "bit_stream.hpp"

namespace ems::telemetry {
namespace {

constexpr std::uint32_t kReflectedPolynomial = 0xEDB88320U;
/// Bytes taken in one step, each by a table of 1 KiB: a small chip has no flash for more than one.
constexpr std::size_t kSlices = sizeof(void*) >= 8 ? 8 : 1;

using detail::load_word;
using Table = std::array<std::uint32_t, 256>;

/// Slice s: what a byte does to the CRC when s more bytes follow it.
constexpr std::array<Table, kSlices> make_tables() noexcept {
  std::array<Table, kSlices> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kReflectedPolynomial : 0U);
    }
    tables[0][i] = crc;
  }
  for (std::size_t s = 1; s < kSlices; ++s) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[s - 1][i];
      tables[s][i] = (before >> 8) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}
constexpr std::array<Table, kSlices> kTables = make_tables();

}  // namespace

std::uint32_t crc32(Bytes data, std::uint32_t previous) noexcept {
  std::uint32_t crc = ~previous;
  std::size_t at = 0;
  if constexpr (kSlices == 8) {
    for (; at + kSlices <= data.size(); at += kSlices) {
      const std::uint64_t word = load_word(data, at) ^ crc;
      crc = 0;
      for (std::size_t s = 0; s < kSlices; ++s) {
        crc ^= kTables[kSlices - 1 - s][(word >> (8 * s)) & 0xFFU];
      }
    }
  }
  for (; at < data.size(); ++at) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ load_u8(data, at)) & 0xFFU];
  }
  return ~crc;
}

}  // namespace ems::telemetry
