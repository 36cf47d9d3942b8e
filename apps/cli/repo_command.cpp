// SPDX-License-Identifier: Apache-2.0
#include "repo_command.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/ota/repository_folder.hpp"
#include "ems/io/ota/signing_key.hpp"
#include "ems/io/utc_text.hpp"

namespace {

using ems::cli::end_with;
using ems::io::RepositoryFolder;
using ems::io::RoleState;
using ems::io::SigningKey;
namespace tuf = ems::ota::tuf;
namespace fs = std::filesystem;

constexpr std::int64_t kSecondsPerDay = 86'400;
// How long a role's files are good; docs/how-to/key-ceremony.md has the calendar.
constexpr std::int64_t kOfflineDays = 365;
constexpr std::int64_t kSnapshotDays = 30;
constexpr std::int64_t kTimestampDays = 7;
constexpr std::int64_t kDaysMax = 3650;

struct RoleOptions {
  const char* name;
  std::size_t made;  // Keys that --make-keys makes.
  std::int64_t threshold;
  std::vector<std::string> keys;
};

struct RepoOptions {
  std::string folder;
  std::string file;
  std::string make_keys;
  std::array<RoleOptions, 4> roles{
      {{"root", 3, 2, {}}, {"targets", 3, 2, {}}, {"snapshot", 1, 1, {}}, {"timestamp", 1, 1, {}}}};
  std::string role = "targets";
  std::int64_t days = kOfflineDays;
  std::int64_t targets_days = kOfflineDays;
  std::int64_t snapshot_days = kSnapshotDays;
  std::int64_t timestamp_days = kTimestampDays;
  std::string now;
  std::string path;
  tuf::DeviceTarget device;
  std::int64_t min_from_counter = -1;
  std::vector<std::string> keys;
  std::vector<std::string> paths;
  std::int64_t threshold = 1;
  bool shared = false;
  bool online_only = false;
  std::vector<std::string> add;
  std::vector<std::string> remove;
  std::vector<std::string> thresholds;
};
using Options = std::shared_ptr<RepoOptions>;

ems::UtcInstant now_of(const RepoOptions& options) {
  if (options.now.empty()) return ems::io::SystemClock{}.utc();
  const auto at = ems::io::parse_utc(options.now);
  if (!at) end_with("--now " + options.now, at.error());
  return *at;
}

ems::UtcInstant after(const RepoOptions& options, std::int64_t days) {
  return now_of(options) + ems::seconds(days * kSecondsPerDay);
}

template <class T>
T need(ems::Result<T> result, const std::string& what) {
  if (!result) end_with(what, result.error());
  return *std::move(result);
}

/// Runs one change of the repository; what fails is told with the role or file it is about.
void change(RepositoryFolder& repository, const std::string& what,
            const ems::Result<void>& result) {
  if (!result) end_with(what + ": " + repository.subject(), result.error());
}

RepositoryFolder open(const RepoOptions& options, const std::string& command) {
  return need(RepositoryFolder::open(options.folder), "repo " + command + " " + options.folder);
}

nlohmann::ordered_json to_json(const RoleState& state) {
  auto counts = nlohmann::ordered_json::array();
  for (const tuf::SignatureCount& count : state.signatures) {
    counts.push_back(
        {{"signed_by", count.signed_by}, {"threshold", count.threshold}, {"met", count.met()}});
  }
  std::string expires = ems::io::format_utc(state.expires);
  expires.replace(expires.find('.'), std::string::npos, "Z");  // Metadata has whole seconds.
  return {{"role", state.role},     {"version", state.version}, {"expires", expires},
          {"digest", state.digest}, {"signatures", counts},     {"complete", state.complete()}};
}

nlohmann::ordered_json to_json(const std::vector<RoleState>& states) {
  auto out = nlohmann::ordered_json::array();
  for (const RoleState& state : states) out.push_back(to_json(state));
  return out;
}

/// File names need not be UTF-8.
void print(const nlohmann::ordered_json& json) {
  ems::cli::print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

/// What waits for signatures now.
void print_staged(RepositoryFolder& repository, const std::string& what) {
  const auto states = repository.staged();
  if (!states) end_with(what + ": " + repository.subject(), states.error());
  print(to_json(*states));
}

SigningKey make_key(const fs::path& file) {
  SigningKey key = need(SigningKey::generate(), "repo key " + file.string());
  if (const auto saved = key.save(file); !saved) {
    end_with("repo key " + file.string(), saved.error());
  }
  return key;
}

void key(const RepoOptions& options) {
  const SigningKey made = make_key(options.file);
  const nlohmann::ordered_json json{{"private", options.file},
                                    {"public", options.file + ".pub"},
                                    {"keyid", made.public_key().id}};
  print(json);
}

tuf::PublicKey load_public(const std::string& file) {
  return need(ems::io::load_public_key(file), "repo: " + file);
}

tuf::RoleKeys keys_of(const RepoOptions& options, const RoleOptions& role) {
  tuf::RoleKeys out{{}, role.threshold};
  for (const std::string& file : role.keys) out.keys.push_back(load_public(file));
  if (!role.keys.empty()) return out;
  if (options.make_keys.empty()) {
    end_with(
        "repo init " + options.folder, {ems::Errc::invalid_argument, 0, ""},
        std::string("no key of the role ") + role.name + ": give its .pub files, or --make-keys");
  }
  for (std::size_t i = 1; i <= role.made; ++i) {
    const std::string name = std::string(role.name) + "-" + std::to_string(i) + ".pem";
    out.keys.push_back(make_key(fs::path(options.make_keys) / name).public_key());
  }
  return out;
}

void init(const RepoOptions& options) {
  const std::string what = "repo init " + options.folder;
  if (!options.make_keys.empty()) {
    std::error_code error;
    fs::create_directories(options.make_keys, error);
    fs::permissions(options.make_keys, fs::perms::owner_all, error);
    if (error) end_with(what, {ems::Errc::io, 0, "the folder of the keys cannot be made"});
  }
  const tuf::RootRoles roles{keys_of(options, options.roles[0]), keys_of(options, options.roles[1]),
                             keys_of(options, options.roles[2]),
                             keys_of(options, options.roles[3])};
  auto repository = need(RepositoryFolder::init(options.folder, roles, after(options, options.days),
                                                after(options, options.targets_days)),
                         what);
  print_staged(repository, what);
}

void add(const RepoOptions& options) {
  const std::string what = "repo add " + options.folder;
  auto repository = open(options, "add");
  tuf::Target target;
  target.path = options.path;
  target.role = options.role;
  target.device = options.device;
  target.device->published = now_of(options);
  if (options.min_from_counter >= 0) target.device->min_from_counter = options.min_from_counter;
  change(repository, what, repository.add(options.file, target, after(options, options.days)));
  print_staged(repository, what);
}

void remove(const RepoOptions& options) {
  const std::string what = "repo remove " + options.folder;
  auto repository = open(options, "remove");
  change(repository, what,
         repository.remove(options.role, options.path, after(options, options.days)));
  print_staged(repository, what);
}

void renew(const RepoOptions& options) {
  const std::string what = "repo renew " + options.folder;
  auto repository = open(options, "renew");
  change(repository, what, repository.renew(options.role, after(options, options.days)));
  print_staged(repository, what);
}

void delegate(const RepoOptions& options) {
  const std::string what = "repo delegate " + options.folder;
  auto repository = open(options, "delegate");
  tuf::Delegation delegation{options.role, {{}, options.threshold}, options.paths, !options.shared};
  for (const std::string& file : options.keys) delegation.keys.keys.push_back(load_public(file));
  change(repository, what, repository.delegate(delegation, after(options, options.days)));
  print_staged(repository, what);
}

/// `ROLE=VALUE` apart.
std::pair<std::string, std::string> halves(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
    throw CLI::ValidationError(text, "is not of the form ROLE=VALUE");
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

void rotate(const RepoOptions& options) {
  const std::string what = "repo rotate " + options.folder;
  std::vector<tuf::RootChange> changes;
  const auto of = [&changes](const std::string& role) -> tuf::RootChange& {
    for (tuf::RootChange& each : changes) {
      if (each.role == role) return each;
    }
    changes.push_back({role, {}, {}, {}});
    return changes.back();
  };
  for (const std::string& text : options.add) {
    const auto [role, file] = halves(text);
    of(role).add.push_back(load_public(file));
  }
  for (const std::string& text : options.remove) {
    const auto [role, id] = halves(text);
    of(role).remove.push_back(id);
  }
  for (const std::string& text : options.thresholds) {
    const auto [role, number] = halves(text);
    std::int64_t threshold = 0;
    const char* const last = number.data() + number.size();
    const auto [end, error] = std::from_chars(number.data(), last, threshold);
    if (error != std::errc{} || end != last) throw CLI::ValidationError(text, "is no number");
    of(role).threshold = threshold;
  }
  auto repository = open(options, "rotate");
  change(repository, what, repository.rotate(changes, after(options, options.days)));
  print_staged(repository, what);
}

void sign(const RepoOptions& options) {
  const std::string what = "repo sign " + options.folder;
  const SigningKey key = need(SigningKey::load(options.file), what + ": " + options.file);
  auto repository = open(options, "sign");
  const auto state = repository.sign(options.role, key);
  if (!state) end_with(what + ": " + repository.subject(), state.error());
  print(to_json(*state));
}

void publish(const RepoOptions& options) {
  const std::string what = "repo publish " + options.folder;
  std::vector<SigningKey> keys;
  for (const std::string& file : options.keys) {
    keys.push_back(need(SigningKey::load(file), what + ": " + file));
  }
  auto repository = open(options, "publish");
  change(repository, what,
         repository.publish({keys, now_of(options), after(options, options.snapshot_days),
                             after(options, options.timestamp_days), !options.online_only}));
  const auto states = repository.published();
  if (!states) end_with(what + ": " + repository.subject(), states.error());
  print(to_json(*states));
}

void show(const RepoOptions& options) {
  const std::string what = "repo show " + options.folder;
  auto repository = open(options, "show");
  const auto published = repository.published();
  if (!published) end_with(what + ": " + repository.subject(), published.error());
  const auto staged = repository.staged();
  if (!staged) end_with(what + ": " + repository.subject(), staged.error());
  const nlohmann::ordered_json json{{"published", to_json(*published)},
                                    {"staged", to_json(*staged)}};
  print(json);
}

void add_days(CLI::App& command, const std::string& name, std::int64_t& days,
              const std::string& what) {
  command.add_option(name, days, what)
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, kDaysMax));
}

/// An option that is given again for each value. `[a,b]` is one value.
CLI::Option* add_several(CLI::App& command, const std::string& name,
                         std::vector<std::string>& values, const std::string& what) {
  return command.add_option(name, values, what + "; several times")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

/// What every command of a repository has.
CLI::App* add_command(CLI::App& repo, const std::string& name, const std::string& what,
                      const Options& options, void (*run)(const RepoOptions&)) {
  CLI::App* command = repo.add_subcommand(name, what);
  command->add_option("dir", options->folder, "Folder of the repository")->required();
  command->add_option("--now", options->now,
                      "The time, as 2026-11-22T08:00:00Z, instead of the clock's");
  command->callback([options, run] { run(*options); });
  return command;
}

void add_init(CLI::App& repo) {
  const auto options = std::make_shared<RepoOptions>();
  CLI::App* command = add_command(
      repo, "init", "Make a repository; its root and targets wait for signatures", options, init);
  for (RoleOptions& role : options->roles) {
    const std::string name = role.name;
    add_several(*command, "--" + name + "-key", role.keys, "Public key (.pub) of " + name);
    command
        ->add_option("--" + name + "-threshold", role.threshold,
                     "Signatures that " + name + " needs")
        ->capture_default_str();
  }
  command->add_option(
      "--make-keys", options->make_keys,
      "Folder in which to make keys for roles that were given none: root 3, targets 3, "
      "snapshot 1, timestamp 1");
  add_days(*command, "--root-days", options->days, "Days root is good");
  add_days(*command, "--targets-days", options->targets_days, "Days targets is good");
}

void add_add(CLI::App& repo) {
  const auto options = std::make_shared<RepoOptions>();
  CLI::App* command = add_command(repo, "add", "Stage a target", options, add);
  tuf::DeviceTarget& device = options->device;
  device.payload = "raw";
  command->add_option("file", options->file, "The file")->required();
  command->add_option("--name", options->path, "Its name in the repository: edge/edge-2.4.1.img")
      ->required();
  add_several(*command, "--hardware-id", device.hardware_ids, "Hardware it is for")->required();
  command->add_option("--component", device.component, "What it is: edge, bms, pcs, model, ...")
      ->required();
  command->add_option("--version", device.version, "For people: 2.4.1")->required();
  command
      ->add_option("--release-counter", device.release_counter,
                   "Counts releases; a device never goes back")
      ->required();
  command
      ->add_option("--security-floor", device.security_floor,
                   "Lowest release counter that is still safe")
      ->capture_default_str();
  command->add_option("--min-from-counter", options->min_from_counter,
                      "Lowest release counter that can be updated from");
  command->add_option("--payload", device.payload, "raw, rauc, mcuboot, ...")
      ->capture_default_str();
  command->add_option("--role", options->role, "Role that signs it")->capture_default_str();
  add_days(*command, "--days", options->days, "Days the role's file is good");
}

void add_small(CLI::App& repo) {
  const auto removed = std::make_shared<RepoOptions>();
  CLI::App* command = add_command(repo, "remove", "Stage a role without a target", removed, remove);
  command->add_option("name", removed->path, "The target's name")->required();
  command->add_option("--role", removed->role, "Role that signs it")->capture_default_str();
  add_days(*command, "--days", removed->days, "Days the role's file is good");

  const auto renewed = std::make_shared<RepoOptions>();
  command = add_command(repo, "renew", "Stage a role as it is, good for longer", renewed, renew);
  command->add_option("role", renewed->role, "root, targets or a delegated role")->required();
  add_days(*command, "--days", renewed->days, "Days the role's file is good");

  const auto delegated = std::make_shared<RepoOptions>();
  command = add_command(repo, "delegate", "Stage other hands for some paths", delegated, delegate);
  command->add_option("role", delegated->role, "Name of the role")->required();
  add_several(*command, "--path", delegated->paths, "Targets it may sign: 'bms/*'")->required();
  add_several(*command, "--key", delegated->keys, "Public key (.pub)")->required();
  command->add_option("--threshold", delegated->threshold, "Signatures it needs")
      ->capture_default_str();
  command->add_flag("--shared", delegated->shared, "Roles behind it may sign these paths too");
  add_days(*command, "--days", delegated->days, "Days targets and the role's file are good");

  const auto rotated = std::make_shared<RepoOptions>();
  command = add_command(repo, "rotate", "Stage the next root: other keys, other thresholds",
                        rotated, rotate);
  add_several(*command, "--add", rotated->add, "ROLE=FILE: a public key (.pub) more");
  add_several(*command, "--remove", rotated->remove, "ROLE=KEYID: a key less");
  add_several(*command, "--threshold", rotated->thresholds, "ROLE=N: signatures it needs");
  add_days(*command, "--days", rotated->days, "Days root is good");

  const auto shown = std::make_shared<RepoOptions>();
  add_command(repo, "show", "Print what is published and what waits for signatures, as JSON", shown,
              show);
}

void add_signing(CLI::App& repo) {
  const auto made = std::make_shared<RepoOptions>();
  CLI::App* command = repo.add_subcommand("key", "Make an Ed25519 key: FILE (0600) and FILE.pub");
  command->add_option("file", made->file, "File of the private key; must not be there")->required();
  command->callback([made] { key(*made); });

  const auto signing = std::make_shared<RepoOptions>();
  command = add_command(repo, "sign", "Add one key's signature to a staged role", signing, sign);
  command->add_option("role", signing->role, "root, targets or a delegated role")->required();
  command->add_option("--key", signing->file, "File of the private key (0600)")->required();

  const auto published = std::make_shared<RepoOptions>();
  command = add_command(repo, "publish", "Bring what is staged to the clients", published, publish);
  add_several(*command, "--key", published->keys, "Private keys of snapshot and timestamp")
      ->required();
  add_days(*command, "--snapshot-days", published->snapshot_days, "Days snapshot is good");
  add_days(*command, "--timestamp-days", published->timestamp_days, "Days timestamp is good");
  command->add_flag("--online-only", published->online_only,
                    "Leave what is staged; only renew snapshot and timestamp");
}

}  // namespace

void ems::cli::add_repo_command(CLI::App& app) {
  CLI::App* repo = app.add_subcommand("repo", "Make, sign and publish a repository of updates");
  repo->require_subcommand(1);
  add_init(*repo);
  add_add(*repo);
  add_small(*repo);
  add_signing(*repo);
}
