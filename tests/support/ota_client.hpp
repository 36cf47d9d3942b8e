// SPDX-License-Identifier: Apache-2.0
/// @file A client of an OtaRepository, made anew for each cycle as after a restart.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ems/ota/tuf/client.hpp"
#include "ems/ota/tuf/metadata.hpp"
#include "support/ota_repository.hpp"

namespace ems::test {

/// `wrong-hardware` for Errc::wrong_hardware.
inline std::string ota_class(const Error& error) {
  std::string name(to_string(error.code));
  std::ranges::replace(name, '_', '-');
  return name;
}

struct OtaClient {
  OtaRepository repository;
  MemoryStore store;
  io::OpenSslCrypto crypto;
  ota::tuf::ClientSettings settings;
  std::string now = "2027-01-01T00:00:00Z";
  std::vector<ota::tuf::Event> events;
  std::optional<ota::tuf::Client> client;

  static UtcInstant date(const std::string& text) { return ota::tuf::parse_date(text).value(); }

  ota::tuf::Client& restart() {
    settings.on_event = [this](const ota::tuf::Event& event) { events.push_back(event); };
    client.emplace(repository.fetcher, store, crypto, settings);
    return *client;
  }
  /// `ok`, or `class file`: the class and the file it is about.
  std::string refresh() {
    events.clear();
    repository.fetcher.asked.clear();
    store.changed.clear();
    restart();
    if (!store.files.contains("root.json") && settings.factory_root.empty()) {
      store.files["root.json"] = repository.first_root;
    }
    const Result<void> done = client->refresh(date(now));
    return done ? "ok" : ota_class(done.error()) + " " + client->last_event()->file;
  }
  std::string find(const std::string& path) {
    const Result<ota::tuf::Target> target = client->find(path);
    return target ? "ok" : ota_class(target.error()) + " " + client->last_event()->file;
  }
  /// What a download gave, or its class.
  std::string get(const std::string& path, MemorySink sink = {}) {
    const Result<ota::tuf::Target> target = client->find(path);
    if (!target) return ota_class(target.error());
    io::OpenSslHasher sha256;
    io::OpenSslHasher sha512;
    const Result<void> done = client->download(*target, sha256, sha512, sink);
    return done ? std::string(ota_text(sink.content)) : ota_class(done.error());
  }
  /// `1 1 1 1`: the stored root, timestamp, snapshot and targets; `-` for none.
  [[nodiscard]] std::string stored() const {
    std::string out;
    for (const std::string_view role : ota::tuf::kTopRoles) {
      const auto file = store.files.find(std::string(role) + ".json");
      if (!out.empty()) out += ' ';
      if (file == store.files.end()) {
        out += '-';
      } else {
        const auto json = nlohmann::json::parse(ota_text(file->second), nullptr, false);
        out += json.is_discarded() ? "?" : json["signed"]["version"].dump();
      }
    }
    return out;
  }
};

}  // namespace ems::test
