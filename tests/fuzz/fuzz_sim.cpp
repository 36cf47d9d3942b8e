// SPDX-License-Identifier: Apache-2.0
// The simulator's ears: its texts, and its devices on a line. Input: `fault`, `control`, `scenario`
// or `profile` as the first line, then the text; or `battery`, `meter` or `pcs`, then bytes.
#include <string_view>
#include <vector>

#include "ems/sim/fault.hpp"
#include "ems/sim/profile.hpp"
#include "ems/sim/site.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

namespace {

template <class T>
void check_offset(const Result<T>& result, std::string_view text) {
  require(result || result.error().offset <= text.size() + 1, "the offset lies within the text");
}

/// A device says the same whether its bytes come at once or one by one.
void check_port(sim::Device device, Bytes bytes) {
  const auto run = [&](std::size_t piece) {
    sim::Site site{sim::SiteConfig{}};
    sim::Port port(site, device);
    std::vector<sim::ByteVector> said;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      for (sim::Reply& reply :
           port.receive(bytes.subspan(at, std::min(piece, bytes.size() - at)))) {
        require(!reply.bytes.empty() && reply.delay >= Duration{}, "a reply says something");
        said.push_back(std::move(reply.bytes));
      }
    }
    return said;
  };
  if (bytes.size() <= 1'024) require(run(bytes.size() + 1) == run(1), "pieces do not matter");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  const std::string_view kind = feed.line();
  for (const sim::Device device : sim::kDevices) {
    if (kind == to_string(device)) check_port(device, feed.rest());
  }
  const std::string_view text = feed.text();
  if (kind == "fault") check_offset(sim::parse_fault(text), text);
  if (kind == "control") check_offset(sim::parse_control(text, Instant{}), text);
  if (kind == "scenario") check_offset(sim::parse_scenario(text), text);
  if (kind == "profile") {
    const auto profile = sim::Profile::from_csv(text);
    check_offset(profile, text);
    if (profile) {
      const sim::ProfilePower power = profile->at(Instant{seconds(3'600)});
      require(power.load_w >= 0.0 && power.pv_w >= 0.0, "load and PV are not negative");
    }
  }
  return 0;
}
