// SPDX-License-Identifier: Apache-2.0
// Replays `replay.log` of QEMU's working directory on the chip and writes `replay.out` there. Ends
// with 0, or 4 when the log is no log, 3 when an assertion failed, 2 after a fault.
#include "tests/replay.hpp"
#include "tests/semihosting.hpp"

namespace {

using namespace ems::firmware::test;

class Semihosted final : public ReplayFiles {
 public:
  [[nodiscard]] bool open() const { return log_.is_open() && out_.is_open(); }
  [[nodiscard]] std::size_t read(ems::MutableBytes out) override { return log_.read(out); }
  [[nodiscard]] bool write(ems::Bytes bytes) override { return out_.write(bytes); }

 private:
  HostFile log_{"replay.log", HostFile::Mode::read};
  HostFile out_{"replay.out", HostFile::Mode::write};
};

}  // namespace

extern "C" {
void ems_uart_irq() {}
void ems_tick_irq() {}
[[noreturn]] void ems_fault() {
  print("fault\n");
  end(2);
}
}

int main() {
  ems::set_assertion_handler(on_assertion);
  Semihosted files;
  const std::optional<Replayed> replayed = files.open() ? replay(files) : std::nullopt;
  if (!replayed) end(4);
  print("digest ");
  print_hex(replayed->digest);
  print("\n");
  end(0);
}
