// SPDX-License-Identifier: Apache-2.0
// Replays `replay.log` of the working directory on the host and writes `replay.out` there.
#include <cinttypes>
#include <cstdio>

#include "tests/replay.hpp"

namespace {

class Files final : public ems::firmware::test::ReplayFiles {
 public:
  Files() : log_(std::fopen("replay.log", "rb")), out_(std::fopen("replay.out", "wb")) {}
  ~Files() {
    if (log_ != nullptr) (void)std::fclose(log_);
    if (out_ != nullptr) (void)std::fclose(out_);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  [[nodiscard]] bool open() const { return log_ != nullptr && out_ != nullptr; }
  [[nodiscard]] std::size_t read(ems::MutableBytes out) override {
    return std::fread(out.data(), 1, out.size(), log_);
  }
  [[nodiscard]] bool write(ems::Bytes bytes) override {
    return std::fwrite(bytes.data(), 1, bytes.size(), out_) == bytes.size();
  }

 private:
  std::FILE* log_;
  std::FILE* out_;
};

}  // namespace

int main() {
  Files files;
  const auto replayed = files.open() ? ems::firmware::test::replay(files) : std::nullopt;
  if (!replayed) return 4;
  std::printf("digest %016" PRIx64 "\nticks %" PRIu32 "\n", replayed->digest, replayed->ticks);
  return 0;
}
