// SPDX-License-Identifier: Apache-2.0
// Client cases as data: what a repository serves, what a device trusts, what must come of it.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "command.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/utc_text.hpp"
#include "tuf_command.hpp"

namespace {

using ems::Bytes;
using ems::Errc;
using ems::Error;
using ems::fail;
using ems::Result;
using ems::ota::tuf::Client;
using ems::ota::tuf::ClientSettings;
using ems::ota::tuf::Sink;
using ems::ota::tuf::Target;
using nlohmann::json;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

using File = std::vector<std::byte>;

constexpr std::size_t kIndexSizeMax = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kBlobSizeMax = std::size_t{64} * 1024 * 1024;

/// A file that a case names: `count` times what `once` holds.
struct Blob {
  File once;
  std::uint64_t count = 1;
  [[nodiscard]] bool longer_than(std::uint64_t size) const {
    return !once.empty() && count > size / once.size();
  }
  [[nodiscard]] File all() const {
    File out;
    for (std::uint64_t i = 0; i < count; ++i) out.insert(out.end(), once.begin(), once.end());
    return out;
  }
};
using Blobs = std::map<std::string, Blob, std::less<>>;

class CaseFetcher final : public ems::ota::tuf::Fetcher {
 public:
  explicit CaseFetcher(const Blobs& files) : files_(files) {}
  Result<File> metadata(std::string_view name, std::size_t size_max) override {
    const auto found = files_.find("metadata/" + std::string{name});
    if (found == files_.end()) return fail(Errc::not_found, 0, "case: no such file");
    if (found->second.longer_than(size_max)) return fail(Errc::too_large, 0, "case: too large");
    return found->second.all();
  }
  Result<void> target(std::string_view path, std::uint64_t from, std::uint64_t,
                      Sink& sink) override {
    const auto found = files_.find("targets/" + std::string{path});
    if (found == files_.end()) return fail(Errc::not_found, 0, "case: no such file");
    if (from != 0) return fail(Errc::download, 0, "case: nothing was kept");
    const Blob& blob = found->second;
    if (blob.once.empty()) return {};
    for (std::uint64_t i = 0; i < blob.count; ++i) {
      if (const auto taken = sink.write(blob.once); !taken) return taken;
    }
    return {};
  }

 private:
  const Blobs& files_;
};

class CaseStore final : public ems::ota::tuf::Store {
 public:
  std::map<std::string, File, std::less<>> files;
  Result<File> read(std::string_view name, std::size_t size_max) override {
    const auto found = files.find(name);
    if (found == files.end()) return fail(Errc::not_found, 0, "case: no such file");
    if (found->second.size() > size_max) return fail(Errc::too_large, 0, "case: too large");
    return found->second;
  }
  Result<void> write(std::string_view name, Bytes data) override {
    files.insert_or_assign(std::string{name}, File{data.begin(), data.end()});
    return {};
  }
  Result<void> remove(std::string_view name) override {
    if (const auto found = files.find(name); found != files.end()) files.erase(found);
    return {};
  }
};

class NoSink final : public Sink {
 public:
  Result<void> write(Bytes) override { return {}; }
};

/// Why a case cannot be run at all: its file is not of the form.
struct BadCase {
  Error error;
  std::string what;
};

const json& member(const json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) throw BadCase{{Errc::missing_key, 0, ""}, key};
  return object.at(key);
}
std::string text_of(const json& value, const char* what) {
  if (!value.is_string()) throw BadCase{{Errc::wrong_type, 0, ""}, what};
  return value.get<std::string>();
}

class Case {
 public:
  Case(const json& given, const fs::path& folder) : folder_(folder) {
    for (const auto& [name, from] : object(given, "urls")) add(served_, name, blob(from));
    Blobs state;
    for (const auto& [name, from] : object(given, "state")) add(state, name, blob(from));
    for (const auto& [name, file] : state) {
      if (file.longer_than(kBlobSizeMax)) throw BadCase{{Errc::too_large, 0, ""}, name};
      store_.files[name] = file.all();
    }
    root_ = blob(member(given, "trusted_root")).value_or(Blob{}).all();
    const std::string now = text_of(member(given, "now"), "now");
    const auto at = ems::io::parse_utc(now);
    if (!at) throw BadCase{at.error(), "now: " + now};
    now_ = *at;
    for (const json& path : member(given, "wanted")) wanted_.push_back(text_of(path, "wanted"));
    json device = member(given, "device");
    // The factory's root is the case's own, whatever its name there.
    const bool factory = device.is_object() && device.erase("factory_root") > 0;
    std::string key;
    const auto settings = ems::cli::tuf_device(device, folder, key);
    if (!settings) throw BadCase{settings.error(), "device: " + key};
    settings_ = *settings;
    if (factory) settings_.factory_root = root_;
  }

  ordered_json run() {
    CaseFetcher fetcher{served_};
    Client client{fetcher, store_, crypto_, settings_};
    auto done = store_.files.contains("root.json") ? Result<void>{} : client.init(root_);
    if (done) done = client.refresh(now_);
    ordered_json targets = ordered_json::object();
    if (done) {
      for (const std::string& path : wanted_) targets[path] = result(get(client, path));
    }
    return {{"refresh", result(done)}, {"targets", targets}};
  }

 private:
  using Members = std::vector<std::pair<std::string, json>>;
  static Members object(const json& given, const char* key) {
    const json& value = member(given, key);
    if (value.is_null()) return {};
    if (!value.is_object()) throw BadCase{{Errc::wrong_type, 0, ""}, key};
    Members out;
    for (const auto& [name, one] : value.items()) out.emplace_back(name, one);
    return out;
  }
  static void add(Blobs& blobs, const std::string& name, std::optional<Blob> blob) {
    if (blob) blobs.insert_or_assign(name, std::move(*blob));
  }
  /// null is no file: the server answers 404.
  [[nodiscard]] std::optional<Blob> blob(const json& from) const {
    if (from.is_null()) return std::nullopt;
    if (from.is_object()) {
      const std::string once = text_of(member(from, "repeat"), "repeat");
      const json& count = member(from, "count");
      if (!count.is_number_unsigned()) throw BadCase{{Errc::wrong_type, 0, ""}, "count"};
      const auto bytes = std::as_bytes(std::span{once});
      return Blob{{bytes.begin(), bytes.end()}, count.get<std::uint64_t>()};
    }
    const std::string name = text_of(from, "a blob");
    auto file = ems::cli::read_whole(folder_ / name, kBlobSizeMax);
    if (!file) throw BadCase{file.error(), name};
    return Blob{std::move(*file)};
  }
  static std::string result(const Result<void>& done) {
    return done ? "ok" : ems::cli::tuf_class(done.error());
  }
  static Result<void> get(Client& client, const std::string& path) {
    const auto target = client.find(path);
    if (!target) return fail(target.error());
    ems::io::OpenSslHasher sha256;
    ems::io::OpenSslHasher sha512;
    NoSink sink;
    return client.download(*target, sha256, sha512, sink);
  }

  fs::path folder_;
  ems::io::OpenSslCrypto crypto_;
  Blobs served_;
  CaseStore store_;
  File root_;
  ems::UtcInstant now_;
  std::vector<std::string> wanted_;
  ClientSettings settings_;
};

}  // namespace

int ems::cli::run_tuf_cases(const fs::path& index) {
  const auto file = read_whole(index, kIndexSizeMax);
  const auto* const text = file ? reinterpret_cast<const char*>(file->data()) : nullptr;
  const json cases = file ? json::parse(text, text + file->size(), nullptr, false) : json();
  if (!cases.is_array()) {
    const Error error = file ? Error{Errc::syntax, 0, "not a JSON array"} : file.error();
    print_tuf_error(error, index.string() + ": " + error.what);
    return kExitFailure;
  }
  int code = 0;
  auto out = ordered_json::array();
  for (const json& one : cases) {
    ordered_json line{{"id", one.is_object() ? one.value("id", json{}) : json{}}};
    try {
      line.update(Case{one, index.parent_path()}.run());
    } catch (const BadCase& bad) {  // It cannot be run; the others can.
      line["error"] = {{"code", tuf_class(bad.error)},
                       {"message", bad.what + ": " + bad.error.what}};
      code = kExitFailure;
    }
    out.push_back(line);
  }
  print(out.dump(1, ' ', false, ordered_json::error_handler_t::replace));
  return code;
}
