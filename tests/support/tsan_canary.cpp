// SPDX-License-Identifier: Apache-2.0
// A data race: ThreadSanitizer must see it, with our suppressions too.
#include <cstdio>
#include <thread>

int main() {
  int shared = 0;
  std::thread other([&shared] { ++shared; });
  ++shared;
  other.join();
  std::printf("%d\n", shared);
}
