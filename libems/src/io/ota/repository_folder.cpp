// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/repository_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ems/io/ota/openssl_crypto.hpp"
#include "io/ota/posix_file.hpp"
#include "io/ota/repository_files.hpp"
#include "io/ota/repository_states.hpp"
#include "io/ota/repository_view.hpp"

namespace ems::io {

namespace fs = std::filesystem;
namespace tuf = ota::tuf;
using repository::View;

namespace {

Result<void> make_folder(const fs::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return repository::failed(errno, "the folder cannot be made");
  }
  if (::chmod(path.c_str(), mode) != 0) {
    return repository::failed(errno, "the folder cannot be made");
  }
  return {};
}

Result<int> lock(const fs::path& folder) {
  posix::Fd fd{::open((folder / "staged").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd && errno == ENOENT) return fail(Errc::not_found, 0, "there is no repository");
  if (!fd) return repository::failed(errno, "the repository cannot be opened");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd.release();
  if (errno == EWOULDBLOCK) {
    return fail(Errc::aborted, 0, "another program works on the repository");
  }
  return repository::failed(errno, "the repository cannot be locked");
}

/// `fw/<sha256>.edge.img` for `fw/edge.img`.
fs::path consistent(const std::string& path, const ota::Sha256& sha256) {
  const fs::path plain{path};
  return plain.parent_path() / (repository::hex_text(sha256) + "." + plain.filename().string());
}

/// Only what can be read again is kept. Clients have the same limits.
Result<std::string> readable(const std::string& text) {
  if (const auto head = tuf::read_head(text); !head) return fail(head.error());
  return text;
}

}  // namespace

RepositoryFolder::RepositoryFolder(fs::path folder, int lock) noexcept
    : folder_(std::move(folder)), lock_(lock) {}
RepositoryFolder::RepositoryFolder(RepositoryFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)),
      subject_(std::move(other.subject_)) {}
RepositoryFolder& RepositoryFolder::operator=(RepositoryFolder&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(lock_, other.lock_);
  std::swap(subject_, other.subject_);
  return *this;
}
RepositoryFolder::~RepositoryFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<RepositoryFolder> RepositoryFolder::init(const fs::path& folder, const tuf::RootRoles& roles,
                                                UtcInstant root_expires,
                                                UtcInstant targets_expire) {
  constexpr mode_t kOpen = 0755;
  constexpr mode_t kPrivate = 0700;
  const Result<std::string> root = tuf::make_root(roles, root_expires);
  if (!root) return fail(root.error());
  const std::pair<fs::path, mode_t> folders[] = {{folder, kOpen},
                                                 {folder / "metadata", kOpen},
                                                 {folder / "targets", kOpen},
                                                 {folder / "staged", kPrivate}};
  std::error_code ignored;
  if (fs::exists(folder / "staged", ignored)) {
    return fail(Errc::already_exists, 0, "there is a repository");
  }
  for (const auto& [path, mode] : folders) {
    if (const auto made = make_folder(path, mode); !made) return fail(made.error());
  }
  Result<RepositoryFolder> out = open(folder);
  if (!out) return out;
  const fs::path staged = folder / "staged";
  for (const auto& [name, text] :
       {std::pair{"targets.json", tuf::make_targets(targets_expire)}, {"root.json", *root}}) {
    if (const auto done = repository::write_text(staged, staged, name, text); !done) {
      return fail(done.error());
    }
  }
  return out;
}

Result<RepositoryFolder> RepositoryFolder::open(const fs::path& folder) {
  const Result<int> held = lock(folder);
  if (!held) return fail(held.error());
  return RepositoryFolder(folder, *held);
}

Result<void> RepositoryFolder::stage(std::string_view role, UtcInstant expires,
                                     const Change& change) {
  subject_ = role;
  const Result<View> view = View::read(folder_, true);
  if (!view) return fail(view.error());
  const Result<std::string> now = view->text(role);
  if (!now) return fail(now.error());
  const Result<std::int64_t> version = repository::version_after(view->version_before(role));
  if (!version) return fail(version.error());
  const Result<std::string> next =
      tuf::with_version(*now, *version, expires).and_then(change).and_then(readable);
  if (!next) return fail(next.error());
  const fs::path staged = folder_ / "staged";
  return repository::write_text(staged, staged, std::string(role) + ".json", *next);
}

Result<void> RepositoryFolder::add(const fs::path& file, tuf::Target target, UtcInstant expires) {
  subject_ = target.path;
  Result<repository::Incoming> copy = repository::Incoming::make(folder_ / "staged");
  if (!copy) return fail(copy.error());
  const auto copied = repository::copy(file, *copy);
  if (!copied) return fail(copied.error());
  target.length = copied->length;
  target.sha256 = copied->sha256;
  const std::string role = target.role;
  // The file first: metadata that is staged names nothing that is not there.
  const auto place = [&](const std::string& text) -> Result<std::string> {
    Result<std::string> next = tuf::with_target(text, target).and_then(readable);
    if (!next) return next;
    const fs::path name = consistent(target.path, *target.sha256);
    if (!posix::is_file_name(name.filename().string())) {
      return fail(Errc::bad_name, 0, "the file's name is too long: its hash stands before it");
    }
    if (const auto named = copy->name(folder_ / "targets", name); !named) {
      return fail(named.error());
    }
    return next;
  };
  return stage(role, expires, place);
}

Result<void> RepositoryFolder::remove(std::string_view role, std::string_view path,
                                      UtcInstant expires) {
  return stage(role, expires,
               [path](const std::string& text) { return tuf::without_target(text, path); });
}

Result<void> RepositoryFolder::renew(std::string_view role, UtcInstant expires) {
  return stage(role, expires, [](const std::string& text) -> Result<std::string> { return text; });
}

Result<void> RepositoryFolder::delegate(const tuf::Delegation& delegation, UtcInstant expires) {
  const auto done = stage("targets", expires, [&delegation](const std::string& text) {
    return tuf::with_delegation(text, delegation);
  });
  if (!done) return done;
  subject_ = delegation.role;
  const Result<View> view = View::read(folder_, true);
  if (!view) return fail(view.error());
  if (view->text(delegation.role)) return {};  // Other keys for a role that is there.
  const fs::path staged = folder_ / "staged";
  return repository::write_text(staged, staged, delegation.role + ".json",
                                tuf::make_targets(expires));
}

Result<void> RepositoryFolder::rotate(std::span<const tuf::RootChange> changes,
                                      UtcInstant expires) {
  return stage("root", expires, [changes](const std::string& text) {
    Result<std::string> next = text;
    for (const tuf::RootChange& change : changes) {
      next = next.and_then(
          [&change](const std::string& root) { return tuf::with_change(root, change); });
    }
    return next;
  });
}

Result<RoleState> RepositoryFolder::sign(std::string_view role, const SigningKey& key) {
  subject_ = role;
  const OpenSslCrypto crypto;
  Result<View> view = View::read(folder_, true);
  if (!view) return fail(view.error());
  const auto at = view->staged.find(role);
  if (at == view->staged.end()) {
    return fail(Errc::not_found, 0, "nothing of this role waits for signatures");
  }
  Result<std::vector<tuf::RoleKeys>> asking = view->authorities(crypto, role);
  if (!asking) return fail(asking.error());
  // Of targets also a key of the root before: clients that still trust it lose nothing.
  if (const auto before = tuf::read_role(crypto, view->published.root, role); before) {
    asking->push_back(*before);
  }
  const tuf::PublicKey* known = nullptr;
  for (const tuf::RoleKeys& each : *asking) {
    for (const tuf::PublicKey& candidate : each.keys) {
      if (candidate.bytes == key.public_key().bytes) known = &candidate;
    }
  }
  if (known == nullptr) {
    return fail(Errc::permission_denied, 0, "the key is not one of the role's");
  }
  const Result<std::string> message = tuf::signed_bytes(at->second);
  if (!message) return fail(message.error());
  const auto signature = key.sign(std::as_bytes(std::span(*message)));
  if (!signature) return fail(signature.error());
  Result<std::string> text =
      tuf::with_signature(at->second, known->id, *signature).and_then(readable);
  if (!text) return fail(text.error());
  const fs::path staged = folder_ / "staged";
  const auto written = repository::write_text(staged, staged, std::string(role) + ".json", *text);
  if (!written) return fail(written.error());
  at->second = *std::move(text);
  return repository::state_of(*view, role, at->second);
}

}  // namespace ems::io
