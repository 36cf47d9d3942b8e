// SPDX-License-Identifier: Apache-2.0
#include "io/ota/repository_states.hpp"

#include <algorithm>
#include <utility>

#include "ems/io/ota/openssl_crypto.hpp"
#include "io/ota/repository_files.hpp"

namespace ems::io {

namespace tuf = ota::tuf;
using repository::View;

namespace {

constexpr std::string_view kTopLevel[] = {"root", "targets", "snapshot", "timestamp"};

Result<std::vector<RoleState>> states(const View& view, std::string& subject,
                                      const std::vector<std::pair<std::string, std::string>>& all) {
  std::vector<RoleState> out;
  for (const auto& [role, text] : all) {
    subject = role;
    Result<RoleState> state = repository::state_of(view, role, text);
    if (!state) return fail(state.error());
    out.push_back(*std::move(state));
  }
  return out;
}

}  // namespace

bool RoleState::complete() const noexcept {
  return !signatures.empty() &&
         std::all_of(signatures.begin(), signatures.end(),
                     [](const tuf::SignatureCount& count) { return count.met(); });
}

Result<RoleState> repository::state_of(const View& view, std::string_view role,
                                       const std::string& text) {
  const OpenSslCrypto crypto;
  const auto head = tuf::read_head(text);
  if (!head) return fail(head.error());
  const Result<std::string> message = tuf::signed_bytes(text);
  if (!message) return fail(message.error());
  const auto asking = view.authorities(crypto, role);
  if (!asking) return fail(asking.error());
  const ota::Sha256 digest = crypto.sha256(std::as_bytes(std::span(*message)));
  RoleState out{std::string(role), head->version, head->expires, repository::hex_text(digest), {}};
  for (const tuf::RoleKeys& keys : *asking) {
    const auto count = tuf::count_signatures(crypto, text, keys);
    if (!count) return fail(count.error());
    out.signatures.push_back(*count);
  }
  return out;
}

Result<std::vector<RoleState>> RepositoryFolder::staged() {
  const Result<View> view = View::read(folder_, true);
  if (!view) return fail(view.error());
  std::vector<std::pair<std::string, std::string>> all;
  for (const std::string_view role : kTopLevel) {
    if (const auto at = view->staged.find(role); at != view->staged.end()) all.emplace_back(*at);
  }
  for (const auto& [role, text] : view->staged) {
    if (std::find(std::begin(kTopLevel), std::end(kTopLevel), role) == std::end(kTopLevel)) {
      all.emplace_back(role, text);
    }
  }
  return states(*view, subject_, all);
}

Result<std::vector<RoleState>> RepositoryFolder::published() {
  const Result<View> view = View::read(folder_, false);
  if (!view) return fail(view.error());
  std::vector<std::pair<std::string, std::string>> all;
  if (view->published.root_version == 0) return std::vector<RoleState>{};
  all.emplace_back("root", view->published.root);
  if (!view->published.timestamp.empty()) {
    const auto roles = view->targets_roles();
    if (!roles) return fail(roles.error());
    for (const View::Role& role : *roles) {
      subject_ = role.name;
      const Result<std::string> text = view->text(role.name);
      if (!text) return fail(text.error());
      all.emplace_back(role.name, *text);
    }
    all.emplace_back("snapshot", view->published.snapshot);
    all.emplace_back("timestamp", view->published.timestamp);
  }
  return states(*view, subject_, all);
}

}  // namespace ems::io
