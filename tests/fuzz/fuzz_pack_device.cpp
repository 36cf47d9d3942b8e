// SPDX-License-Identifier: Apache-2.0
// What a device says through a pack of the library. Input: number of the pack, then per question a
// byte (0: a Modbus exception, 1: cut short) and the registers.
#include <memory>
#include <vector>

#include "ems/device_pack/device.hpp"
#include "ems/io/pack_loader.hpp"
#include "fuzz/fuzz.hpp"
#include "support/recording_sink.hpp"

using namespace ems;
using fuzz::require;

namespace {

std::vector<std::shared_ptr<const io::LoadedPack>> load_all() {
  std::vector<std::shared_ptr<const io::LoadedPack>> packs;
  for (const io::EmbeddedPack& pack : io::embedded_packs()) {
    packs.push_back(io::load_pack(pack.yaml, pack.name).loaded);
    require(packs.back() != nullptr, "the library's packs load");
  }
  return packs;
}

/// Registers as the input has them; the rest of a read is `filler`.
std::vector<std::uint16_t> answer(fuzz::Feed& feed, std::size_t count) {
  std::vector<std::uint16_t> words(count);
  for (std::uint16_t& word : words) word = feed.empty() ? std::uint16_t{0xFFFF} : feed.u16();
  return words;
}

void walk(device_pack::PackDevice& device, fuzz::Feed& feed) {
  for (int steps = 0;; ++steps) {
    const auto request = device.next_discovery();
    if (!request) return;
    require(steps < 1'000, "a walk ends");
    require(request->count >= 1 && request->address + request->count <= 65536,
            "reads stay in range");
    const std::uint8_t how = feed.u8();
    const Result<void> taken =
        how == 0 ? device.discovery_refused({Errc::exception, 2, "refused"})
                 : device.discovered(answer(feed, how == 1 ? request->count - 1U : request->count));
    require(taken || !device.next_discovery(), "a walk that failed is over");
  }
}

void read(device_pack::PackDevice& device, fuzz::Feed& feed) {
  for (const device_pack::BoundBlock& block : device.blocks()) {
    const bool cut = feed.u8() == 1;
    const auto words = answer(feed, cut ? block.request.count - 1U : block.request.count);
    test::RecordingSink sink;
    const Result<void> result = device.decode_block(block, words, sink);
    require(result.has_value() != cut, "a block is taken when it is whole");
    require(result || sink.empty(), "nothing is emitted on error");
  }
}

void write(const device_pack::PackDevice& device, fuzz::Feed& feed) {
  const Watt p{static_cast<std::int32_t>(feed.u16()) * 8 - 0x20000};
  const auto plan = device.encode_setpoint(p, seconds(feed.u16()));
  if (!plan) return;
  std::vector<std::byte> out(protocol::modbus::kPduSize);
  for (const device_pack::BoundWrite& step : plan->view()) {
    require(step.encode(out).has_value(), "a write of the plan has a request");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kPacks = load_all();
  fuzz::Feed feed(data, size);
  device_pack::PackDevice device(kPacks[feed.u8() % kPacks.size()]->pack());
  walk(device, feed);
  require(device.ready() || device.blocks().empty(), "nothing is read before the map is known");
  read(device, feed);
  write(device, feed);
  return 0;
}
