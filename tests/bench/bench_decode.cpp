// SPDX-License-Identifier: Apache-2.0
// Time of one decode, per protocol. Standard input names the work, a line each, from
// bench_decode.py:
//   PROTOCOL VARIANT,ADDRESS,CELLS,TEMPERATURES REQUEST REPLY     hexadecimal; `-`: none
//   PROTOCOL VARIANT,ADDRESS,CELLS,TEMPERATURES 351#1002... ...   frames of a CAN bus
// Standard output is a JSON array of the same order.
#include <cstdint>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "bench/measure.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/candump.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace {

using namespace ems;

constexpr int kBatches = 100;
constexpr int kPerBatch = 200;

/// Takes what a codec gives, as cheaply as one can.
class CountingSink final : public ReadingSink {
 public:
  void reading(const Reading& reading) override {
    ++count_;
    sum_ += reading.value;
  }
  void text(TextField, std::string_view text, std::uint8_t) override { take(text); }
  void acknowledged() override { ++count_; }
  void vendor_value(std::string_view, std::int64_t value) override {
    ++count_;
    sum_ += value;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t sum() const { return sum_; }

 private:
  void take(std::string_view text) {
    ++count_;
    sum_ += static_cast<std::int64_t>(text.size());
  }
  std::uint64_t count_ = 0;
  std::int64_t sum_ = 0;
};

[[noreturn]] void die(const std::string& why) {
  std::cerr << "bench_decode: " << why << '\n';
  std::exit(1);
}
template <class T>
T must(Result<T> result, const std::string& what) {
  if (!result) die(what + ": " + result.error().what);
  return std::move(*result);
}

std::uint8_t number_of(const std::string& text) {
  return text == "-" ? std::uint8_t{0} : static_cast<std::uint8_t>(std::stoul(text));
}

std::vector<std::byte> bytes_of(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (std::size_t at = 0; hex != "-" && at + 1 < hex.size(); at += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoul(hex.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

struct Measured {
  bench::Figures call;
  std::size_t frames = 1;  ///< Of one call.
  std::size_t bytes = 0;   ///< Of one call.
  std::uint64_t values = 0;
};

Measured of_replies(const protocol::PollCodec& codec, std::istringstream& words,
                    const std::string& name) {
  std::string request_hex;
  std::string reply_hex;
  if (!(words >> request_hex >> reply_hex)) die(name + ": a request and a reply are needed");
  const std::vector<std::byte> request = bytes_of(request_hex);
  const std::vector<std::byte> reply = bytes_of(reply_hex);
  const auto decode = [&](CountingSink& sink) {
    return reply.empty() ? codec.decode_request(request, sink) : codec.decode(request, reply, sink);
  };
  CountingSink once;
  if (const Result<void> done = decode(once); !done) die(name + ": " + done.error().what);
  CountingSink sink;
  const bench::Figures figures =
      bench::measure(kBatches, kPerBatch, [&](std::uint64_t) { bench::keep(decode(sink)); });
  bench::keep(sink.sum());
  return {figures, 1, reply.empty() ? request.size() : reply.size(), once.count()};
}

Measured of_frames(const protocol::CanCodec& codec, std::istringstream& words,
                   const std::string& name) {
  std::vector<protocol::CanFrame> frames;
  std::size_t bytes = 0;
  for (std::string word; words >> word;) {
    frames.push_back(
        must(protocol::to_can_frame(must(protocol::parse_can_text(word), word)), word));
    bytes += frames.back().size;
  }
  if (frames.empty()) die(name + ": frames are needed");
  protocol::CanMailbox mailbox;  // It stays: a codec sees a battery's second burst and all later.
  const auto decode = [&](CountingSink& sink) {
    for (const protocol::CanFrame& frame : frames) {
      if (!codec.decode(frame, Instant{}, mailbox, sink)) die(name + ": a frame is refused");
    }
  };
  CountingSink once;
  decode(once);
  CountingSink sink;
  const bench::Figures figures =
      bench::measure(kBatches, kPerBatch, [&](std::uint64_t) { decode(sink); });
  bench::keep(sink.sum());
  return {figures, frames.size(), bytes, once.count()};
}

Measured measured(std::istringstream& words, const std::string& name, const std::string& told) {
  std::istringstream parts(told);
  std::string variant;
  std::string address;
  std::string cells;
  std::string temperatures;
  std::getline(parts, variant, ',');
  std::getline(parts, address, ',');
  std::getline(parts, cells, ',');
  std::getline(parts, temperatures, ',');
  protocol::CodecOptions options{.cell_count = number_of(cells),
                                 .temperature_count = number_of(temperatures)};
  if (variant != "-") options.variant = variant;
  if (address != "-") options.address = number_of(address);
  const protocol::Codec& plain = *must(protocol::find_codec(name), name);
  protocol::CodecRoom room;
  if (const protocol::PollCodec* poll = protocol::as_poll(plain); poll != nullptr) {
    return of_replies(*must(poll->with(options, room), name), words, name);
  }
  return of_frames(*must(protocol::as_can(plain)->with(options, room), name), words, name);
}

}  // namespace

int main() {
  const char* before = "[";
  for (std::string line; std::getline(std::cin, line); before = ",\n") {
    std::istringstream words(line);
    std::string name;
    std::string told;
    if (!(words >> name >> told)) die("not a line of work: " + line);
    const Measured found = measured(words, name, told);
    std::printf("%s{\"protocol\": \"%s\", \"frames\": %zu, \"bytes\": %zu, \"values\": %llu, ",
                before, name.c_str(), found.frames, found.bytes,
                static_cast<unsigned long long>(found.values));
    bench::print("call", found.call, "}");
  }
  std::printf("]\n");
  return 0;
}
