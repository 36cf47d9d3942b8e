// SPDX-License-Identifier: Apache-2.0
#include "tuf_command.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "command.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/hex.hpp"
#include "ems/io/ota/file_sink.hpp"
#include "ems/io/ota/file_store.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/ota/repository_fetcher.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/ota/tuf/target_name.hpp"

namespace {

using ems::Error;
using ems::Result;
using ems::ota::tuf::Client;
using ems::ota::tuf::ClientSettings;
using ems::ota::tuf::Event;
using ems::ota::tuf::Target;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::size_t kDeviceSizeMax = std::size_t{64} * 1024;

struct TufOptions {
  std::string metadata_url;
  std::string metadata_dir;
  std::vector<std::string> names;
  std::string target_base_url;
  std::string target_dir;
  std::string now;
  std::string device;
  std::string ca_file;
  std::string root;   // init ROOT
  std::string index;  // cases INDEX
};

[[noreturn]] void end(const Error& error, const std::string& message) {
  ems::cli::print_tuf_error(error, message);
  throw CLI::RuntimeError(ems::cli::kExitFailure);
}

void need(const std::string& value, const char* option) {
  if (value.empty()) throw CLI::RequiredError(option);
}

ems::UtcInstant now_of(const TufOptions& options) {
  if (options.now.empty()) return ems::io::SystemClock{}.utc();
  const auto at = ems::io::parse_utc(options.now);
  if (!at) end(at.error(), "--now " + options.now + ": " + at.error().what);
  return *at;
}

ClientSettings settings_of(const TufOptions& options) {
  if (options.device.empty()) return {};
  const auto file = ems::cli::read_whole(options.device, kDeviceSizeMax);
  if (!file) end(file.error(), options.device + ": " + file.error().what);
  const auto* const text = reinterpret_cast<const char*>(file->data());
  const auto json = nlohmann::json::parse(text, text + file->size(), nullptr, false);
  if (json.is_discarded()) end({ems::Errc::syntax, 0, ""}, options.device + ": not JSON");
  std::string key;
  auto settings = ems::cli::tuf_device(json, fs::path{options.device}.parent_path(), key);
  if (!settings) end(settings.error(), options.device + ": " + key + ": " + settings.error().what);
  return std::move(*settings);
}

/// A client over the store of --metadata-dir, and what it told.
class Session {
 public:
  explicit Session(const TufOptions& options)
      : folder_(open_folder(options.metadata_dir)),
        store_(folder_),
        fetcher_(open_fetcher(options)),
        client_(fetcher_, store_, crypto_, listening(settings_of(options))) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] Client& client() { return client_; }

  /// Ends the program with what failed, why, and what the client had told before.
  [[noreturn]] void end(const Error& error, const std::string& what) {
    if (!events_.empty() && events_.back().error == error) events_.pop_back();
    std::string message = what + ": " + error.what;
    if (!fetcher_.last_failure().empty()) message += " (" + fetcher_.last_failure() + ")";
    for (const Event& event : events_) {
      message += "; before: " + event.file + ": " + event.error.what;
    }
    ::end(error, message);
  }
  [[noreturn]] void end(const Error& error) {
    const auto& event = client_.last_event();
    end(error, event ? event->file : "client");
  }

  /// What was worth a line though it stopped nothing: `[{"file", "code", "message"}]`.
  [[nodiscard]] ordered_json notes() const {
    auto out = ordered_json::array();
    for (const Event& event : events_) {
      out.push_back({{"file", event.file},
                     {"code", ems::cli::tuf_class(event.error)},
                     {"message", event.error.what}});
    }
    return out;
  }

 private:
  static ems::io::Folder open_folder(const std::string& path) {
    auto folder = ems::io::Folder::open(path);
    if (!folder) ::end(folder.error(), path + ": " + folder.error().what);
    return std::move(*folder);
  }
  static ems::io::RepositoryFetcher open_fetcher(const TufOptions& options) {
    ems::io::HttpsSettings settings;
    settings.ca_file = options.ca_file;
    auto fetcher =
        ems::io::RepositoryFetcher::open(options.metadata_url, options.target_base_url, settings);
    if (!fetcher) {
      ::end(fetcher.error(),
            options.metadata_url + " " + options.target_base_url + ": " + fetcher.error().what);
    }
    return std::move(*fetcher);
  }
  ClientSettings listening(ClientSettings settings) {
    settings.on_event = [this](const Event& event) { events_.push_back(event); };
    return settings;
  }

  std::vector<Event> events_;
  ems::io::OpenSslCrypto crypto_;
  ems::io::Folder folder_;
  ems::io::FileStore store_;
  ems::io::RepositoryFetcher fetcher_;
  Client client_;
};

void init(TufOptions options) {
  need(options.metadata_dir, "--metadata-dir");
  options.metadata_url.clear();  // No request is made.
  options.target_base_url.clear();
  const auto root = ems::cli::read_whole(options.root, ems::ota::tuf::Limits{}.root_size);
  if (!root) end(root.error(), options.root + ": " + root.error().what);
  Session session{options};
  if (const auto done = session.client().init(*root); !done)
    session.end(done.error(), options.root);
  ems::cli::print(ordered_json{{"init", "ok"}}.dump());
}

void refresh(Session& session, const TufOptions& options) {
  if (const auto done = session.client().refresh(now_of(options)); !done) {
    session.end(done.error());
  }
}

void refresh(const TufOptions& options) {
  need(options.metadata_dir, "--metadata-dir");
  need(options.metadata_url, "--metadata-url");
  Session session{options};
  refresh(session, options);
  ems::cli::print(ordered_json{{"refresh", "ok"}, {"notes", session.notes()}}.dump());
}

ordered_json to_json(const Target& target, const fs::path& file, bool fetched) {
  ordered_json out{{"target", target.path},
                   {"file", file.string()},
                   {"length", target.length},
                   {"role", target.role},
                   {"fetched", fetched}};
  if (target.sha256) out["sha256"] = ems::io::to_hex(*target.sha256);
  if (target.device) {
    out["version"] = target.device->version;
    out["release_counter"] = target.device->release_counter;
  }
  return out;
}

/// The name of a target's file: its path percent-encoded, or `%sha256-` and the path's hash where
/// that is too long. No encoded path begins so.
std::string file_name_of(const std::string& path) {
  constexpr std::size_t kSizeMax = 255;
  const std::string encoded = ems::ota::tuf::percent_encoded(path);
  if (encoded.size() <= kSizeMax) return encoded;
  const auto hash = ems::io::OpenSslCrypto{}.sha256(std::as_bytes(std::span{path}));
  return "%sha256-" + ems::io::to_hex(hash);
}

void download(const TufOptions& options) {
  need(options.metadata_dir, "--metadata-dir");
  need(options.metadata_url, "--metadata-url");
  need(options.target_base_url, "--target-base-url");
  need(options.target_dir, "--target-dir");
  if (options.names.empty()) throw CLI::RequiredError("--target-name");
  Session session{options};
  refresh(session, options);
  std::error_code problem;
  fs::create_directory(options.target_dir, problem);  // What is there, or cannot be, shows below.
  auto targets = ordered_json::array();
  for (const std::string& name : options.names) {
    const auto target = session.client().find(name);
    if (!target) session.end(target.error());
    const fs::path file = fs::path{options.target_dir} / file_name_of(target->path);
    const auto fetched = ems::io::fetch_to_file(session.client(), *target, file);
    if (!fetched) session.end(fetched.error(), name);
    targets.push_back(to_json(*target, file, *fetched));
  }
  const ordered_json out{{"refresh", "ok"}, {"targets", targets}, {"notes", session.notes()}};
  ems::cli::print(out.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

std::string ems::cli::tuf_class(const Error& error) {
  std::string name{to_string(error.code)};
  for (char& c : name) {
    if (c == '_') c = '-';
  }
  return name;
}

void ems::cli::print_tuf_error(const Error& error, const std::string& message) {
  const ordered_json json{{"error", {{"code", tuf_class(error)}, {"message", message}}}};
  const std::string text = json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  std::fprintf(stderr, "%s\n", text.c_str());
}

void ems::cli::add_tuf_command(CLI::App& app) {
  CLI::App* tuf = app.add_subcommand("tuf", "Fetch and verify updates from a TUF repository");
  tuf->require_subcommand(1);
  const auto options = std::make_shared<TufOptions>();
  tuf->add_option("--metadata-url", options->metadata_url,
                  "Where metadata comes from: https://..., file:///... or a folder");
  tuf->add_option("--metadata-dir", options->metadata_dir, "Folder of the trusted metadata");
  tuf->add_option("--target-name", options->names, "A target; may be given again")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);  // Else `[a,b]` would be two names.
  tuf->add_option("--target-base-url", options->target_base_url, "Where targets come from");
  tuf->add_option("--target-dir", options->target_dir, "Folder that targets go to");
  tuf->add_option("--now", options->now,
                  "Moment to judge expiry by, such as 2027-01-01T00:00:00Z; default: the clock");
  tuf->add_option("--device", options->device, "JSON file that says what the updates are for");
  tuf->add_option("--ca", options->ca_file,
                  "PEM file of the authorities that web servers must show; default: the system's");

  CLI::App* set_root = tuf->add_subcommand("init", "Trust a root, once");
  set_root->add_option("root", options->root, "The file root.json")->required();
  set_root->callback([options] { init(*options); });
  CLI::App* update = tuf->add_subcommand("refresh", "Bring the trusted metadata up to date");
  update->callback([options] { refresh(*options); });
  CLI::App* fetch = tuf->add_subcommand("download", "Refresh, then fetch and verify targets");
  fetch->callback([options] { download(*options); });
  CLI::App* cases = tuf->add_subcommand("cases", "Run client cases from a file");
  cases->add_option("index", options->index, "The file index.json")->required();
  cases->callback([options] {
    if (const int code = run_tuf_cases(options->index); code != 0) throw CLI::RuntimeError(code);
  });
  for (CLI::App* command : {set_root, update, fetch, cases}) command->fallthrough();
}
