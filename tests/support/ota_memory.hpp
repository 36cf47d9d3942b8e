// SPDX-License-Identifier: Apache-2.0
/// @file The outside world of an update client, in memory: a repository, a store, a sink.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ems/ota/tuf/ports.hpp"

namespace ems::test {

using OtaBytes = std::vector<std::byte>;

inline OtaBytes ota_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}
inline std::string_view ota_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Serves files by the names that the client asks for: `metadata/5.snapshot.json`,
/// `targets/fw/edge.img`.
class MemoryFetcher final : public ota::tuf::Fetcher {
 public:
  std::map<std::string, OtaBytes, std::less<>> files;
  std::vector<std::string> asked;  ///< In order.
  /// Changes what is served, or fails.
  std::function<Result<void>(std::string_view name, OtaBytes& file)> fault;
  std::size_t piece = 1000;  ///< Bytes of a target that the sink gets at once.

  Result<OtaBytes> metadata(std::string_view name, std::size_t size_max) override {
    Result<OtaBytes> file = serve("metadata/" + std::string(name));
    if (file && file->size() > size_max) return fail(Errc::too_large, 0, "memory: too large");
    return file;
  }
  /// Gives all it has, also beyond `size`: the client must not rely on its fetcher.
  Result<void> target(std::string_view path, std::uint64_t from, std::uint64_t,
                      ota::tuf::Sink& sink) override {
    const Result<OtaBytes> file = serve("targets/" + std::string(path));
    if (!file) return fail(file.error());
    for (std::size_t at = from; at < file->size(); at += piece) {
      const Bytes rest = Bytes(*file).subspan(at);
      const Result<void> taken = sink.write(rest.first(std::min(piece, rest.size())));
      if (!taken) return taken;
    }
    return {};
  }

 private:
  Result<OtaBytes> serve(const std::string& name) {
    asked.push_back(name);
    const auto found = files.find(name);
    OtaBytes file = found == files.end() ? OtaBytes{} : found->second;
    if (fault) {
      const Result<void> go_on = fault(name, file);
      if (!go_on) return fail(go_on.error());
    }
    if (found == files.end()) return fail(Errc::not_found, 0, "memory: no such file");
    return file;
  }
};

class MemoryStore final : public ota::tuf::Store {
 public:
  std::map<std::string, OtaBytes, std::less<>> files;
  std::vector<std::string> changed;  ///< Names written and removed, in order.
  /// Before a read (`read root.json`), `write ...`, `remove ...`: an error ends the call.
  std::function<Result<void>(const std::string& call)> fault;

  Result<OtaBytes> read(std::string_view name, std::size_t size_max) override {
    const Result<void> go_on = ask("read ", name);
    if (!go_on) return fail(go_on.error());
    const auto found = files.find(name);
    if (found == files.end()) return fail(Errc::not_found, 0, "memory: no such file");
    if (found->second.size() > size_max) return fail(Errc::too_large, 0, "memory: too large");
    return found->second;
  }
  Result<void> write(std::string_view name, Bytes data) override {
    const Result<void> go_on = ask("write ", name);
    if (!go_on) return go_on;
    changed.emplace_back(name);
    files[std::string(name)] = OtaBytes(data.begin(), data.end());
    return {};
  }
  Result<void> remove(std::string_view name) override {
    const Result<void> go_on = ask("remove ", name);
    if (!go_on) return go_on;
    changed.emplace_back(name);
    if (const auto found = files.find(name); found != files.end()) files.erase(found);
    return {};
  }

 private:
  [[nodiscard]] Result<void> ask(const char* what, std::string_view name) const {
    return fault ? fault(what + std::string(name)) : Result<void>{};
  }
};

class MemorySink final : public ota::tuf::Sink {
 public:
  OtaBytes content;
  std::uint64_t begun = 0;  ///< Bytes of `content` that an earlier download left.
  Result<void> write(Bytes data) override {
    content.insert(content.end(), data.begin(), data.end());
    return {};
  }
  [[nodiscard]] std::uint64_t kept() const noexcept override { return begun; }
  Result<void> read_kept(std::uint64_t at, MutableBytes out) override {
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
    return {};
  }
};

}  // namespace ems::test
