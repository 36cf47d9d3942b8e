// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <system_error>
#include <utility>

#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/ota/repository_folder.hpp"
#include "io/ota/repository_files.hpp"
#include "io/ota/repository_states.hpp"
#include "io/ota/repository_view.hpp"

namespace ems::io {

namespace fs = std::filesystem;
namespace tuf = ota::tuf;
using repository::version_after;
using repository::versioned;
using repository::View;
using repository::write_text;

namespace {

/// Whether `text` would be taken under the keys that `root` gives to `role`.
Result<bool> accepted(const std::string& root, std::string_view role, const std::string& text) {
  const OpenSslCrypto crypto;
  const auto keys = tuf::read_role(crypto, root, role);
  if (!keys) return fail(keys.error());
  const auto count = tuf::count_signatures(crypto, text, *keys);
  if (!count) return fail(count.error());
  return count->met();
}

/// One publish(), from what the folder holds to the files that are to be written.
class Publication {
 public:
  Publication(const View& view, const RepositoryFolder::Online& online, std::string& subject)
      : view_(view), online_(online), subject_(subject) {}

  Result<void> make() {
    subject_ = "root";
    Result<std::string> root = view_.text("root");
    if (!root) return fail(root.error());
    root_ = *std::move(root);
    if (const auto fine = check("root", "root", root_); !fine) return fine;
    if (const auto fine = check_keys(); !fine) return fine;
    if (const auto fine = check_targets(); !fine) return fine;
    if (const auto done = make_snapshot(); !done) return done;
    return make_timestamp();
  }

  Result<void> write(const fs::path& folder) {
    const fs::path staged = folder / "staged";
    const auto put = [&](const std::string& name, const std::string& text) {
      subject_ = name;
      return write_text(staged, view_.metadata, name, text);
    };
    Result<bool> root_last = old_root_accepts();
    if (!root_last) return fail(root_last.error());
    for (const auto& [role, text] : view_.staged) {
      if (role == "root") continue;
      const std::string name = versioned(view_.version_before(role) + 1, role);
      if (const auto done = put(name, text); !done) return done;
    }
    if (const auto done = put(versioned(snapshot_.version, "snapshot"), snapshot_text_); !done) {
      return done;
    }
    const auto put_root = [&]() -> Result<void> {
      if (!view_.staged.contains("root")) return {};
      return put(versioned(view_.published.root_version + 1, "root"), root_);
    };
    if (!*root_last) {
      if (const auto done = put_root(); !done) return done;
    }
    if (const auto done = put("timestamp.json", timestamp_text_); !done) return done;
    return *root_last ? put_root() : Result<void>{};
  }

 private:
  /// A file as a client would: its type, that it follows, signatures, expiry.
  Result<void> check(std::string_view role, std::string_view type, const std::string& text) {
    subject_ = role;
    const auto head = tuf::read_head(text);
    if (!head) return fail(head.error());
    if (head->type != type) return fail(Errc::malformed, 0, "a file of another type");
    if (view_.staged.contains(role) && head->version - 1 != view_.version_before(role)) {
      return fail(Errc::version, 0, "the staged file does not follow the published one");
    }
    const auto state = repository::state_of(view_, role, text);
    if (!state) return fail(state.error());
    if (!state->complete()) {
      return fail(Errc::signature, 0, "fewer signatures than the threshold asks for");
    }
    // A delegated role that is out already and has lapsed harms its own paths only.
    const bool counts = role == "root" || role == "targets" || view_.staged.contains(role);
    if (counts && head->expires <= online_.now) {
      return fail(Errc::expired, 0, "the file has expired");
    }
    return {};
  }

  /// A key that signs nothing is a mistake that is better told.
  Result<void> check_keys() {
    for (const SigningKey& key : online_.keys) {
      const auto is_in = [&](std::string_view role) {
        const auto signers = signers_of(role);
        return std::any_of(signers.begin(), signers.end(),
                           [&](const Signer& signer) { return signer.key == &key; });
      };
      if (!is_in("snapshot") && !is_in("timestamp")) {
        subject_ = key.public_key().id;
        return fail(Errc::permission_denied, 0, "a key of neither snapshot nor timestamp");
      }
    }
    return {};
  }

  Result<void> check_targets() {
    const auto roles = view_.targets_roles();
    if (!roles) return fail(roles.error());
    for (const auto& [role, text] : view_.staged) {
      subject_ = role;
      const bool known =
          std::any_of(roles->begin(), roles->end(),
                      [&name = role](const View::Role& each) { return each.name == name; });
      if (role != "root" && !known) {
        return fail(Errc::not_found, 0, "nobody delegates to this role");
      }
    }
    for (const View::Role& role : *roles) {
      subject_ = role.name;
      const Result<std::string> text = view_.text(role.name);
      if (!text) return fail(text.error());
      if (const auto fine = check(role.name, "targets", *text); !fine) return fine;
    }
    return {};
  }

  struct Signer {
    const SigningKey* key;
    std::string id;  ///< As the root calls it.
  };
  /// Keys at hand that the new or the old root gives to the role.
  [[nodiscard]] std::vector<Signer> signers_of(std::string_view role) const {
    std::vector<Signer> out;
    const OpenSslCrypto crypto;
    for (const std::string* root : {&root_, &view_.published.root}) {
      const auto keys = tuf::read_role(crypto, *root, role);
      if (!keys) continue;  // The first time there is no old root.
      for (const tuf::PublicKey& known : keys->keys) {
        for (const SigningKey& key : online_.keys) {
          if (key.public_key().bytes == known.bytes) out.push_back({&key, known.id});
        }
      }
    }
    return out;
  }

  Result<std::string> sign(std::string_view role, std::string text) {
    subject_ = role;
    const Result<std::string> message = tuf::signed_bytes(text);
    if (!message) return fail(message.error());
    for (const Signer& signer : signers_of(role)) {
      const auto signature = signer.key->sign(std::as_bytes(std::span(*message)));
      if (!signature) return fail(signature.error());
      Result<std::string> with = tuf::with_signature(text, signer.id, *signature);
      if (!with) return fail(with.error());
      text = *std::move(with);
    }
    const auto enough = accepted(root_, role, text);
    if (!enough) return fail(enough.error());
    if (!*enough) return fail(Errc::signature, 0, "fewer keys at hand than the threshold asks for");
    return text;
  }

  [[nodiscard]] static tuf::FileReference reference(std::string name, std::int64_t version,
                                                    const std::string& text) {
    return {std::move(name), version, text.size(),
            OpenSslCrypto{}.sha256(std::as_bytes(std::span(text)))};
  }

  /// Whether the published snapshot goes on as it is.
  [[nodiscard]] bool snapshot_stays() const {
    const std::string& text = view_.published.snapshot;
    if (text.empty() || !view_.staged.empty() || !signers_of("snapshot").empty()) return false;
    const auto enough = accepted(root_, "snapshot", text);
    const auto head = tuf::read_head(text);
    return enough && *enough && head && head->expires > online_.now;
  }

  Result<void> make_snapshot() {
    subject_ = "snapshot";
    if (snapshot_stays()) {
      snapshot_text_ = view_.published.snapshot;
      snapshot_ = reference("snapshot.json", view_.published.snapshot_version, snapshot_text_);
      return {};
    }
    if (online_.snapshot_expires <= online_.now) {
      return fail(Errc::expired, 0, "the file would be expired already");
    }
    const Result<std::int64_t> next = version_after(view_.published.snapshot_version);
    if (!next) return fail(next.error());
    std::vector<tuf::FileReference> files;
    for (const auto& [name, version] : view_.published.files) {
      const std::string role = name.substr(0, name.size() - std::string_view(".json").size());
      if (view_.staged.contains(role)) continue;
      // A role that nobody delegates to any more stays listed: no listed file may vanish.
      const Result<std::string> text = view_.text(role);
      if (!text) return fail(text.error());
      files.push_back(reference(name, version, *text));
    }
    for (const auto& [role, text] : view_.staged) {
      if (role == "root") continue;
      files.push_back(reference(role + ".json", view_.version_before(role) + 1, text));
    }
    Result<std::string> text =
        sign("snapshot", tuf::make_snapshot(*next, online_.snapshot_expires, files));
    if (!text) return fail(text.error());
    snapshot_text_ = *std::move(text);
    snapshot_ = reference("snapshot.json", *next, snapshot_text_);
    return {};
  }

  Result<void> make_timestamp() {
    subject_ = "timestamp";
    if (online_.timestamp_expires <= online_.now) {
      return fail(Errc::expired, 0, "the file would be expired already");
    }
    const Result<std::int64_t> next = version_after(view_.published.timestamp_version);
    if (!next) return fail(next.error());
    Result<std::string> text =
        sign("timestamp", tuf::make_timestamp(*next, online_.timestamp_expires, snapshot_));
    if (!text) return fail(text.error());
    timestamp_text_ = *std::move(text);
    return {};
  }

  /// Whether a client of the root before takes all that comes with the new one.
  [[nodiscard]] Result<bool> old_root_accepts() const {
    if (!view_.staged.contains("root") || view_.published.root_version == 0) return false;
    const Result<std::string> targets = view_.text("targets");
    if (!targets) return fail(targets.error());
    const std::pair<std::string_view, const std::string*> all[] = {
        {"targets", &*targets}, {"snapshot", &snapshot_text_}, {"timestamp", &timestamp_text_}};
    for (const auto& [role, text] : all) {
      const auto enough = accepted(view_.published.root, role, *text);
      if (!enough || !*enough) return enough;
    }
    return true;
  }

  const View& view_;
  const RepositoryFolder::Online& online_;
  std::string& subject_;
  std::string root_;
  std::string snapshot_text_;
  tuf::FileReference snapshot_;
  std::string timestamp_text_;
};

}  // namespace

Result<void> RepositoryFolder::publish(const Online& online) {
  subject_ = "repository";
  const Result<View> view = View::read(folder_, online.staged);
  if (!view) return fail(view.error());
  Publication publication(*view, online, subject_);
  if (const auto made = publication.make(); !made) return made;
  if (const auto written = publication.write(folder_); !written) return written;
  if (!online.staged) return {};
  std::error_code error;
  std::vector<fs::path> done;
  for (fs::directory_iterator entry{folder_ / "staged", error}, end; !error && entry != end;
       entry.increment(error)) {
    done.push_back(entry->path());
  }
  if (error) return repository::failed(error.value(), "the folder cannot be read");
  for (const fs::path& file : done) {
    if (const auto gone = repository::remove(file); !gone) return gone;
  }
  return {};
}

}  // namespace ems::io
