// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/client.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "ems/ota/tuf/target_name.hpp"
#include "ems/ota/tuf/trusted_set.hpp"
#include "ota/tuf/download.hpp"
#include "ota/tuf/keyset.hpp"

namespace ems::ota::tuf {
namespace {

using File = std::vector<std::byte>;

constexpr std::size_t kKeySetSizeMax = 64 * 1024;
constexpr std::size_t kFileNameMax = 255;  // NAME_MAX of Linux.

std::string file_of(std::string_view role) { return percent_encoded(std::string(role) + ".json"); }
std::string file_of(std::string_view role, std::int64_t version) {
  return std::to_string(version) + '.' + file_of(role);
}

}  // namespace

struct Client::Impl {
  Impl(Fetcher& f, Store& s, const Crypto& c, ClientSettings given)
      : fetcher(f), store(s), crypto(c), settings(std::move(given)) {}

  Fetcher& fetcher;
  Store& store;
  const Crypto& crypto;
  ClientSettings settings;
  std::optional<TrustedSet> trusted;  ///< Of the last cycle; none: it failed.
  std::optional<Event> last_event;
  std::string at;  ///< The file that is being looked at.

  void tell(const Error& error, std::string_view file) {
    last_event = Event{error, std::string(file)};
    if (settings.on_event) settings.on_event(*last_event);
  }
  /// The one event of a failure, at the file where it happened.
  Failure refuse(const Error& error) {
    tell(error, at);
    return fail(error);
  }

  Result<void> save(std::string_view name, Bytes data) {
    at = name;
    return store.write(name, data);
  }
  /// A metadata file that must be there: a server without it is no repository.
  Result<File> fetch(const std::string& name, std::size_t size_max) {
    at = name;
    Result<File> file = fetcher.metadata(name, size_max);
    if (file && file->size() > size_max) {
      return fail(Errc::too_large, 0, "repository: a file longer than allowed");
    }
    if (!file && file.error().code == Errc::not_found) {
      return fail(Errc::download, 0, "repository: a file it must have is not there");
    }
    return file;
  }
  Result<File> fetch(std::string_view role, const FileMeta& meta, std::size_t size_max) {
    const bool consistent = trusted->root().consistent_snapshot;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(meta.length.value_or(size_max), size_max));
    return fetch(consistent ? file_of(role, meta.version) : file_of(role), size);
  }

  Result<void> load_root();
  /// Whether the store has a root that load_root() would take.
  bool trusts_a_root();
  Result<void> follow_roots();
  Result<void> forget_thieves();
  Result<void> load_timestamp();
  Result<void> load_snapshot(const std::optional<File>& stored);
  Result<void> load_targets();
  Result<void> cycle();
  Result<const Targets*> load_delegated(const Targets& delegator, const DelegatedRole& role);
  Result<Target> find(std::string_view path);

  /// One that the disk does not give now may be newer than what the server shows: no damage.
  Result<void> recall(std::string_view name, std::size_t size_max, std::optional<File>& out) {
    at = name;
    Result<File> file = store.read(name, size_max);
    if (!file && file.error().code == Errc::store) return fail(file.error());
    if (file) out = std::move(*file);
    return {};
  }
  std::optional<File> stored(std::string_view name, std::size_t size_max) {
    Result<File> file = store.read(name, size_max);
    return file ? std::optional<File>(std::move(*file)) : std::nullopt;
  }
};

// Step 2. The newest copy that stands for itself. A damaged or missing root.json is repaired from
// it; one that the disk does not give now may be good, and newer.
Result<void> Client::Impl::load_root() {
  std::optional<Event> damage;
  bool repair = false;
  for (const std::string_view name : {"root.json", "root.prev", "factory"}) {
    at = name;
    if (name == "factory" && settings.factory_root.empty()) break;
    const Result<File> file = name == "factory" ? Result<File>(settings.factory_root)
                                                : store.read(name, settings.limits.root_size);
    const Result<void> good = file ? trusted->trust_root(*file) : fail(file.error());
    if (good) {
      if (damage) tell(damage->error, damage->file);  // Worth a line though this copy helps.
      return repair ? save("root.json", *file) : Result<void>{};
    }
    const Errc code = good.error().code;
    if (name == "root.json") repair = code != Errc::store;
    if (code != Errc::not_found && !damage) damage = Event{good.error(), at};
  }
  at = "root.json";
  return fail(Errc::no_trust_root, 0,
              "no root of trust: neither stored, nor before, nor factory's");
}

bool Client::Impl::trusts_a_root() {
  for (const std::string_view name : {"root.json", "root.prev"}) {
    const Result<File> file = store.read(name, settings.limits.root_size);
    if (!file && file.error().code == Errc::store) return true;  // It may be good.
    TrustedSet trial(crypto, settings.limits, UtcInstant{}, Duration{});
    if (file && trial.trust_root(*file)) return true;
  }
  return false;
}

// Steps 3 to 6.
Result<void> Client::Impl::follow_roots() {
  for (std::uint32_t step = 0; step < settings.limits.root_steps; ++step) {
    if (trusted->root().version == std::numeric_limits<std::int64_t>::max()) break;
    at = file_of("root", trusted->root().version + 1);
    const Result<File> file = fetcher.metadata(at, settings.limits.root_size);
    if (!file && file.error().code == Errc::not_found) break;
    if (!file) return fail(file.error());
    const Result<void> good = trusted->next_root(*file);
    if (!good) return good;
    if (const auto old = stored("root.json", settings.limits.root_size)) {
      const Result<void> kept = save("root.prev", *old);
      if (!kept) return kept;
    }
    Result<void> done = save("root.json", *file);
    if (done) done = forget_thieves();
    if (!done) return done;
  }
  at = "root.json";
  return trusted->end_root_chain();
}

// Step 7. The files go before the new keys are written down, so a power cut repeats it.
Result<void> Client::Impl::forget_thieves() {
  at = "keyset.sha256";
  const KeySet now = keyset_of(trusted->root(), crypto);
  const std::optional<File> file = stored(at, kKeySetSizeMax);
  const KeySet before = file ? keyset_from(*file) : KeySet{};
  if (file && before == now) return {};
  // An older copy stands in for a damaged root.json: the chain leads to its successors first.
  if (now.root_version < before.root_version) return {};
  if (lost_a_key(before, now)) {
    for (const char* name : {"timestamp.json", "snapshot.json"}) {
      const Result<void> gone = store.remove(name);
      if (!gone) return gone;
    }
  }
  const std::string text = to_text(now);
  return save(at, std::as_bytes(std::span(text)));
}

// Steps 9 and 10.
Result<void> Client::Impl::load_timestamp() {
  const Result<File> file = fetch("timestamp.json", settings.limits.timestamp_size);
  if (!file) return fail(file.error());
  const Result<bool> is_new = trusted->timestamp(*file);
  if (!is_new) return fail(is_new.error());
  return *is_new ? save("timestamp.json", *file) : Result<void>{};
}

// Step 11.
Result<void> Client::Impl::load_snapshot(const std::optional<File>& stored) {
  at = "snapshot.json";
  if (stored && trusted->snapshot(*stored)) return {};
  const Result<File> file =
      fetch("snapshot", trusted->snapshot_meta(), settings.limits.snapshot_size);
  if (!file) return fail(file.error());
  const Result<void> good = trusted->snapshot(*file);
  return good ? save("snapshot.json", *file) : good;
}

// Step 12.
Result<void> Client::Impl::load_targets() {
  at = "targets.json";
  const auto old = stored(at, settings.limits.targets_size);
  if (old && trusted->targets(*old)) return {};
  const Result<FileMeta> meta = trusted->targets_meta("targets");
  if (!meta) return fail(meta.error());
  const Result<File> file = fetch("targets", *meta, settings.limits.targets_size);
  if (!file) return fail(file.error());
  const Result<void> good = trusted->targets(*file);
  return good ? save("targets.json", *file) : good;
}

Result<void> Client::Impl::cycle() {
  Result<void> done = load_root();
  if (done) done = forget_thieves();
  if (done) done = follow_roots();
  std::optional<File> timestamp;
  std::optional<File> snapshot;
  if (done) done = recall("timestamp.json", settings.limits.timestamp_size, timestamp);
  if (done) done = recall("snapshot.json", settings.limits.snapshot_size, snapshot);
  if (!done) return done;
  if (timestamp) trusted->recall_timestamp(*timestamp);
  if (snapshot) trusted->recall_snapshot(*snapshot);
  done = load_timestamp();
  if (done) done = load_snapshot(snapshot);
  if (done) done = load_targets();
  return done;
}

Result<const Targets*> Client::Impl::load_delegated(const Targets& delegator,
                                                    const DelegatedRole& role) {
  const std::string name = file_of(role.name);
  at = name;
  const Result<const Targets*> known = std::as_const(*trusted).delegated(delegator, role);
  if (!known || *known != nullptr) return known;
  const Result<FileMeta> meta = trusted->targets_meta(role.name);
  if (!meta) return fail(meta.error());
  if (const auto old = stored(name, settings.limits.targets_size)) {
    const Result<const Targets*> good = trusted->delegated(delegator, role, *old);
    if (good) return good;
  }
  const Result<File> file = fetch(role.name, *meta, settings.limits.targets_size);
  if (!file) return fail(file.error());
  const Result<const Targets*> good = trusted->delegated(delegator, role, *file);
  if (!good) return good;
  if (name.size() > kFileNameMax) return good;  // No disk takes it: it is fetched each time.
  const Result<void> saved = save(name, *file);
  return saved ? good : Result<const Targets*>(fail(saved.error()));
}

// Steps 13 and 14.
Result<Target> Client::Impl::find(std::string_view path) {
  at = path;
  const Result<void> safe = check_target_name(path);
  if (!safe) return fail(safe.error());
  if (!trusted) return fail(Errc::failed_precondition, 0, "find: no refresh() has succeeded yet");
  const Result<Found> found =
      find_target(trusted->targets(), path, settings.limits.delegated_roles, crypto,
                  [this](const Targets& from, const DelegatedRole& role) {
                    return load_delegated(from, role);
                  });
  if (!found && found.error().code == Errc::not_found) at = path;  // Else the role's file.
  if (!found) return fail(found.error());
  at = path;
  const TargetEntry& entry = *found->target;
  const Result<void> fits = check_device(settings.device, entry);
  if (!fits) return fail(fits.error());
  if (!entry.hashes.known()) {
    return fail(Errc::unsupported_hash, 0, "target: only hashes of unknown algorithms");
  }
  Target out{.path = std::string(path),
             .length = entry.length,
             .sha256 = entry.hashes.sha256,
             .sha512 = entry.hashes.sha512,
             .device = std::nullopt,
             .role = found->role};
  if (entry.custom && *entry.custom) out.device = **entry.custom;
  return out;
}

Client::Client(Fetcher& fetcher, Store& store, const Crypto& crypto, ClientSettings settings)
    : impl_(std::make_unique<Impl>(fetcher, store, crypto, std::move(settings))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<void> Client::init(Bytes root) {
  Impl& my = *impl_;
  my.at = "root.json";
  const auto set = [&]() -> Result<void> {
    TrustedSet trusted(my.crypto, my.settings.limits, UtcInstant{}, Duration{});
    const Result<void> good = trusted.trust_root(root);
    if (!good) return good;
    const Result<File> old = my.store.read("root.json", my.settings.limits.root_size);
    if (!old && old.error().code == Errc::not_found) return my.save("root.json", root);
    if (old && std::ranges::equal(*old, root)) return {};
    if (my.trusts_a_root()) {
      return fail(Errc::already_exists, 0, "root: another one is trusted already");
    }
    return my.save("root.json", root);  // What was there is damaged, and so is its predecessor.
  };
  const Result<void> done = set();
  return done ? done : my.refuse(done.error());
}

Result<void> Client::refresh(UtcInstant now) {
  Impl& my = *impl_;
  const std::optional<UtcInstant>& floor = my.settings.time_floor;
  if (floor && now < *floor) {  // Step 1.
    my.tell({Errc::rollback, 0, "the clock is before the time floor, which counts instead"},
            "clock");
    now = *floor;
  }
  my.trusted.emplace(my.crypto, my.settings.limits, now, my.settings.offline_grace);
  const Result<void> done = my.cycle();
  if (done) return done;
  my.trusted.reset();
  return my.refuse(done.error());
}

Result<Target> Client::find(std::string_view path) {
  Result<Target> found = impl_->find(path);
  return found ? found : Result<Target>(impl_->refuse(found.error()));
}

Result<void> Client::download(const Target& target, Hasher& sha256, Hasher& sha512, Sink& sink) {
  Impl& my = *impl_;
  my.at = target.path;
  const bool consistent = my.trusted && my.trusted->root().consistent_snapshot;
  const Result<void> done =
      my.trusted ? fetch_target(my.fetcher, target, consistent, sha256, sha512, sink)
                 : fail(Errc::failed_precondition, 0, "download: no refresh() has succeeded yet");
  return done ? done : my.refuse(done.error());
}

const std::optional<Event>& Client::last_event() const noexcept { return impl_->last_event; }

}  // namespace ems::ota::tuf
