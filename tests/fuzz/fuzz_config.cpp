// SPDX-License-Identifier: Apache-2.0
// The three configuration files. Input: `site`, `limits` or `server` as the first line, then the
// file.
#include <algorithm>
#include <string_view>

#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/server_config.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/known_names.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

namespace {

template <class T>
void check(const io::Loaded<T>& loaded, std::string_view text) {
  require(loaded.value.has_value() == loaded.errors.empty(), "a value, or why not");
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  for (const io::ConfigError& error : loaded.errors) {
    require(error.line <= lines, "the line lies within the file");
    require(!error.message.empty() && error.file == "f.yaml", "a fault says what and where");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const io::KnownNames kKnown = io::known_names();
  fuzz::Feed feed(data, size);
  const std::string_view kind = feed.line();
  const std::string_view text = feed.text();
  if (kind == "site") {
    check(io::parse_site_config(text, "f.yaml", kKnown), text);
  } else if (kind == "server") {
    check(io::parse_server_config(text, "f.yaml"), text);
  } else if (kind == "limits") {
    const auto loaded = io::parse_limits_config(text, "f.yaml");
    check(loaded, text);
    if (loaded) {
      require(safety::validate(loaded.value->limits, loaded.value->chemistry).has_value(),
              "limits that were loaded are within the absolute ones");
      require(loaded.value->hash == io::limits_hash(loaded.value->chemistry, loaded.value->limits),
              "the hash is that of the effective limits");
    }
  }
  return 0;
}
