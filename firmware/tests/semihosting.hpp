// SPDX-License-Identifier: Apache-2.0
/// @file Arm semihosting, as the programs of this folder use it: print, files, and the end.
///
/// @source Arm, "Semihosting for AArch32 and AArch64", operations SYS_OPEN .. SYS_EXIT_EXTENDED.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ems/core/assert.hpp"
#include "ems/core/bytes.hpp"
#include "ems/core/static_vector.hpp"

namespace ems::firmware::test {

inline int semihost(int operation, const void* argument) {
  register int r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

/// Ends QEMU with this exit code.
[[noreturn]] inline void end(int code) {
  constexpr int kExitExtended = 0x20;
  constexpr int kApplicationExit = 0x2'0026;
  const std::array<int, 2> block = {kApplicationExit, code};
  (void)semihost(kExitExtended, block.data());
  for (;;) {
  }
}

inline void print(std::string_view text) {
  constexpr int kWrite0 = 0x04;
  FixedString<80> line(text);
  line.append({"", 1});
  (void)semihost(kWrite0, line.view().data());
}

inline void print_hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  for (std::size_t i = digits.size(); i-- > 0; value >>= 4U) {
    digits[i] = "0123456789abcdef"[value & 0xFU];
  }
  print({digits.data(), digits.size()});
}

[[noreturn]] inline void on_assertion(const AssertionFailure& failure) {
  print("assertion failed: ");
  print(failure.expression);
  print("\n");
  end(3);
}

/// A file of the host, in QEMU's working directory.
class HostFile {
 public:
  enum class Mode : int { read = 1, write = 5 };  ///< fopen's "rb" and "wb".
  HostFile(std::string_view name, Mode mode) {
    constexpr int kOpen = 0x01;
    FixedString<32> path(name);
    path.append({"", 1});
    const std::array<std::intptr_t, 3> block = {reinterpret_cast<std::intptr_t>(path.view().data()),
                                                static_cast<std::intptr_t>(mode),
                                                static_cast<std::intptr_t>(name.size())};
    handle_ = semihost(kOpen, block.data());
  }
  [[nodiscard]] bool is_open() const { return handle_ != -1; }

  /// How many bytes were read; fewer than asked for at the end of the file.
  [[nodiscard]] std::size_t read(MutableBytes out) {
    constexpr int kRead = 0x06;
    return out.size() - static_cast<std::size_t>(transfer(kRead, out.data(), out.size()));
  }
  /// True when all of it was written.
  [[nodiscard]] bool write(Bytes bytes) {
    constexpr int kWrite = 0x05;
    return transfer(kWrite, bytes.data(), bytes.size()) == 0;
  }

 private:
  int transfer(int operation, const void* data, std::size_t size) const {
    const std::array<std::intptr_t, 3> block = {handle_, reinterpret_cast<std::intptr_t>(data),
                                                static_cast<std::intptr_t>(size)};
    return semihost(operation, block.data());
  }
  int handle_;
};

}  // namespace ems::firmware::test
