// SPDX-License-Identifier: Apache-2.0
// Update cycles over whatever a repository serves, with signatures that are all believed, so that
// the search gets behind them. Input: a target's path, then files, each after a line of three
// dashes: its name, a line's end, its bytes. `root.json` is the root that is trusted at first.
#include <string>

#include "ems/ota/tuf/client.hpp"
#include "ems/ota/tuf/metadata.hpp"
#include "fuzz/fuzz.hpp"
#include "support/ota_memory.hpp"

using namespace ems;
using fuzz::require;

namespace {

class Credulous final : public ota::Crypto {
 public:
  bool verify_raw(ota::Scheme, Bytes, Bytes, Bytes) const noexcept override { return true; }
  bool key_is_valid(ota::Scheme, Bytes) const noexcept override { return true; }
  ota::Sha256 sha256(Bytes) const noexcept override { return {}; }
  ota::Sha512 sha512(Bytes) const noexcept override { return {}; }
};

class NoHasher final : public ota::Hasher {
 public:
  void begin(ota::HashAlgorithm algorithm) noexcept override {
    size_ = algorithm == ota::HashAlgorithm::sha256 ? 32 : 64;
  }
  void update(Bytes) noexcept override {}
  std::size_t finish(MutableBytes out) noexcept override {
    std::ranges::fill(out.first(size_), std::byte{0});
    return size_;
  }

 private:
  std::size_t size_ = 0;
};

struct World {
  test::MemoryFetcher fetcher;
  test::MemoryStore store;
  std::string path;
};

World read(std::string_view text) {
  constexpr std::string_view kBreak = "\n---\n";
  World out;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(kBreak), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + kBreak.size(), text.size()));
    const std::size_t line = std::min(part.find('\n'), part.size());
    const std::string name(part.substr(0, line));
    const test::OtaBytes file = test::ota_bytes(part.substr(std::min(line + 1, part.size())));
    if (first) {
      out.path = name;
    } else if (name == "root.json") {
      out.store.files[name] = file;
    } else {
      out.fetcher.files[name.starts_with("targets/") ? name : "metadata/" + name] = file;
    }
    first = false;
  }
  return out;
}

void check_search(ota::tuf::Client& client, const World& world) {
  const Result<ota::tuf::Target> target = client.find(world.path);
  if (!target) return;
  require(target->path == world.path && !target->role.empty(), "what was asked for");
  require(target->sha256 || target->sha512, "a hash that is known");
  NoHasher sha256;
  NoHasher sha512;
  test::MemorySink sink;
  if (client.download(*target, sha256, sha512, sink)) {
    require(sink.content.size() == target->length, "exactly its length");
  } else {
    require(sink.content.size() <= target->length, "never more than its length");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world = read(fuzz::Feed(data, size).text());
  const Credulous crypto;
  const UtcInstant now{seconds(1'800'000'000)};
  int events = 0;
  ota::tuf::ClientSettings settings;
  settings.device.release_counter = 1;
  settings.on_event = [&events](const ota::tuf::Event& event) {
    require(!event.file.empty() || event.error.code == Errc::bad_name, "an event names its file");
    ++events;
  };
  ota::tuf::Client client(world.fetcher, world.store, crypto, settings);
  const Result<void> first = client.refresh(now);
  require(first.has_value() == (events == 0), "a failure is one event");
  require(events <= 1, "and no more");
  if (first) check_search(client, world);

  const auto kept = world.store.files;
  ota::tuf::Client again(world.fetcher, world.store, crypto, {});
  const Result<void> second = again.refresh(now);
  require(first.has_value() == second.has_value(), "the same repository, the same result");
  require(!first || kept == world.store.files, "and nothing to change");
  for (const auto& [name, file] : kept) {
    if (name == "timestamp.json") {
      require(ota::tuf::parse_timestamp(file, file.size()).has_value(), "only what can be read");
    } else if (name == "snapshot.json") {
      require(ota::tuf::parse_snapshot(file, file.size()).has_value(), "only what can be read");
    }
  }
  return 0;
}
